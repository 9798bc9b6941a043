package clientconfig

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// npmFile is the user's .npmrc, which npm, pnpm and bun read and yarn 1 too.
func (m Machine) npmFile() (string, error) {
	for _, name := range []string{"npm_config_userconfig", "NPM_CONFIG_USERCONFIG"} {
		switch f := m.Getenv(name); {
		case filepath.IsAbs(f):
			return f, nil
		case f != "":
			return "", fmt.Errorf("%s is a relative path: which file is read depends on where the client starts; make it absolute", name)
		}
	}
	return filepath.Join(m.Home, ".npmrc"), nil
}

func (m Machine) setupNpm(client, base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: base}
	path, err := m.npmFile()
	if err != nil {
		return p, err
	}
	c, err := change(path, func(t text, _ bool) (*edit, error) { return editNpm(t, base, token) })
	if err != nil {
		return p, err
	}
	c.Private = !c.Existed || !token.IsZero()
	p.add(c)
	p.Notes = []string{"npm, pnpm and bun read this file alike: setting one of them up, or taking it back, does it for all"}
	if plainHTTP(base) && !token.IsZero() {
		p.Warnings = append(p.Warnings, "the token crosses the network in plain HTTP; let the gate serve TLS (tls_cert, tls_key)")
	}
	p.Warnings = append(p.Warnings, npmBypasses(c)...)
	for _, name := range []string{"npm_config_registry", "NPM_CONFIG_REGISTRY"} {
		if v := m.Getenv(name); v != "" && v != base {
			p.Warnings = append(p.Warnings, "the environment variable "+name+" goes around the gate; unset it")
		}
	}
	return p, nil
}

func (m Machine) undoNpm() (Plan, error) {
	path, err := m.npmFile()
	if err != nil {
		return Plan{}, err
	}
	return m.undoIn(path, "")
}

// npmrcLine is one setting of an .npmrc.
type npmrcLine struct {
	at         int
	key, value string
}

// readNpmrc reads an .npmrc: lines of "key = value" and comments; what stands
// below a [section] belongs to it and is no setting.
func readNpmrc(t text) []npmrcLine {
	var out []npmrcLine
	for i, line := range t {
		s := strings.TrimSpace(line)
		if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
			break
		}
		key, value, ok := strings.Cut(s, "=")
		if !ok || s[0] == '#' || s[0] == ';' {
			continue
		}
		out = append(out, npmrcLine{i, strings.Trim(strings.TrimSpace(key), `"'`), strings.Trim(strings.TrimSpace(value), `"'`)})
	}
	return out
}

// editNpm makes registry the gate, at the top of the file, where no section can
// swallow it.
func editNpm(t text, base string, token secretref.Secret) (*edit, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	auth := "//" + u.Host + u.Path + ":_authToken"
	e := edit{blocks: map[int][]string{}, aside: map[int]bool{}}
	said := false
	for _, l := range readNpmrc(t) {
		switch {
		case l.key == "registry":
			said = l.value == base // the last one wins
			e.aside[l.at] = true
		case l.key == auth && !token.IsZero():
			return nil, fmt.Errorf("line %d has a token for this gate already; remove it, or leave --token out", l.at+1)
		}
	}
	if said && len(e.aside) == 1 && token.IsZero() {
		return nil, nil
	}
	lines := []string{"registry=" + base}
	if !token.IsZero() {
		lines = append(lines, auth+"="+token.Reveal())
	}
	e.blocks[0] = lines
	got := ""
	for _, l := range readNpmrc(t.apply(e)) {
		if l.key == "registry" {
			got = l.value
		}
	}
	if got != base {
		return nil, errors.New("registry cannot be set without changing another setting; add it by hand: registry=" + base)
	}
	return &e, nil
}

// npmBypasses lists what still goes elsewhere. Values are not shown.
func npmBypasses(c Change) []string {
	t, err := parseText(c.New)
	if err != nil {
		return nil // nothing was planned in such a file
	}
	var out []string
	for _, l := range readNpmrc(t) {
		if strings.HasPrefix(l.key, "@") && strings.HasSuffix(l.key, ":registry") {
			out = append(out, fmt.Sprintf("%s:%d: %s goes around the gate; remove it", c.Path, l.at+1, l.key))
		}
		if l.key == "strict-ssl" && l.value == "false" {
			out = append(out, fmt.Sprintf("%s:%d: strict-ssl=false turns off the check of certificates; remove it", c.Path, l.at+1))
		}
	}
	return out
}
