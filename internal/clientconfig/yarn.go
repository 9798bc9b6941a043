package clientconfig

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// yarnFile is the user's .yarnrc.yml. yarn 1 reads none of it, but the .npmrc.
func (m Machine) yarnFile() string { return filepath.Join(m.Home, ".yarnrc.yml") }

func (m Machine) setupYarn(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: base}
	c, err := change(m.yarnFile(), func(t text, _ bool) (*edit, error) { return editYarn(t, base, token) })
	if err != nil {
		return p, err
	}
	c.Private = !c.Existed || !token.IsZero()
	p.add(c)
	p.Notes = []string{"this is for yarn 2 and later; yarn 1 reads what \"gatehouse client setup npm\" writes"}
	if t, err := parseText(c.New); err == nil {
		if all, err := readYarn(t); err == nil && all["npmScopes"] != nil {
			p.Warnings = append(p.Warnings, c.Path+": npmScopes may send scopes around the gate; look at its npmRegistryServer lines")
		}
	}
	if v := m.Getenv("YARN_NPM_REGISTRY_SERVER"); v != "" && v != base {
		p.Warnings = append(p.Warnings, "the environment variable YARN_NPM_REGISTRY_SERVER goes around the gate; unset it")
	}
	if plainHTTP(base) {
		p.Warnings = append(p.Warnings, "packages and tokens cross the network in plain HTTP; let the gate serve TLS (tls_cert, tls_key)")
	}
	return p, nil
}

func readYarn(t text) (map[string]any, error) {
	all := map[string]any{}
	if err := yaml.Unmarshal([]byte(t.String()), &all); err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return all, nil
}

var (
	yarnServer    = lazy.Regexp(`^npmRegistryServer[ \t]*:`)
	yarnPublisher = lazy.Regexp(`^npmAuthToken[ \t]*:`)
)

// editYarn makes npmRegistryServer the gate. yarn speaks plain HTTP only with
// hosts that it was told of.
func editYarn(t text, base string, token secretref.Secret) (*edit, error) {
	before, err := readYarn(t)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	hosts, _ := before["unsafeHttpWhitelist"].([]any)
	allowed := u.Scheme == "https"
	for _, h := range hosts {
		allowed = allowed || h == u.Hostname()
	}
	if before["npmRegistryServer"] == base && allowed && token.IsZero() {
		return nil, nil
	}
	if !allowed && len(hosts) > 0 {
		return nil, fmt.Errorf("its unsafeHttpWhitelist lacks %s, with which yarn would speak plain HTTP; add it by hand", u.Hostname())
	}
	e := edit{blocks: map[int][]string{}, aside: map[int]bool{}}
	lines := []string{`npmRegistryServer: "` + base + `"`}
	ours := []string{"npmRegistryServer", "unsafeHttpWhitelist"}
	if !allowed {
		lines = append(lines, "unsafeHttpWhitelist:", `  - "`+u.Hostname()+`"`)
	}
	keys := []func() *regexp.Regexp{yarnServer}
	if !token.IsZero() {
		lines = append(lines, `npmAuthToken: "`+token.Reveal()+`"`, "npmAlwaysAuth: true")
		keys, ours = append(keys, yarnPublisher), append(ours, "npmAuthToken", "npmAlwaysAuth")
		if before["npmAlwaysAuth"] != nil {
			return nil, errors.New("it sets npmAlwaysAuth itself; remove that line, or leave --token out")
		}
	}
	for i, line := range t {
		for _, k := range keys {
			if k().MatchString(line) {
				e.aside[i] = true
			}
		}
	}
	e.blocks[len(t)] = lines
	after, err := readYarn(t.apply(e))
	if err != nil || after["npmRegistryServer"] != base || !reflect.DeepEqual(without(before, ours), without(after, ours)) {
		return nil, errors.New("npmRegistryServer cannot be set without changing another setting; add it by hand")
	}
	return &e, nil
}

// without is a configuration without some of its keys.
func without(all map[string]any, keys []string) map[string]any {
	out := map[string]any{}
	for k, v := range all {
		out[k] = v
	}
	for _, k := range keys {
		delete(out, k)
	}
	return out
}
