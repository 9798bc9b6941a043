package clientconfig

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// pipNames that let an installation come from elsewhere, or trust it blindly.
var pipNames = []string{"index-url", "pypi-url", "extra-index-url", "find-links", "trusted-host"}

// foldPip is how pip compares option names.
func foldPip(s string) string {
	return strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(s), "_", "-"), "--")
}

// pipFile is the one that `pip config --user set` would write, or the one that
// PIP_CONFIG_FILE names, because pip then reads no other of the user's.
func (m Machine) pipFile() (string, error) {
	switch f := m.Getenv("PIP_CONFIG_FILE"); {
	case f == "/dev/null" || strings.EqualFold(f, "nul"):
		return "", errors.New("PIP_CONFIG_FILE tells pip to read no configuration at all; unset it first")
	case filepath.IsAbs(f):
		return f, nil
	case f != "":
		return "", errors.New("PIP_CONFIG_FILE is a relative path: which file pip reads depends on where it starts; make it absolute")
	}
	switch m.OS {
	case "windows":
		return filepath.Join(m.appData(), "pip", "pip.ini"), nil
	case "darwin":
		if dir := filepath.Join(m.Home, "Library", "Application Support", "pip"); isDir(dir) {
			return filepath.Join(dir, "pip.conf"), nil
		}
		return filepath.Join(m.Home, ".config", "pip", "pip.conf"), nil
	}
	return filepath.Join(m.config(), "pip", "pip.conf"), nil
}

// pipOthers are the files that pip reads besides.
func (m Machine) pipOthers() (below, above []string) {
	switch m.OS {
	case "windows":
		below = []string{filepath.Join(m.Root, `C:\ProgramData`, "pip", "pip.ini"), filepath.Join(m.Home, "pip", "pip.ini")}
	case "darwin":
		below = []string{filepath.Join(m.Root, "/Library", "Application Support", "pip", "pip.conf"), filepath.Join(m.Home, ".pip", "pip.conf")}
	default:
		for _, d := range m.systemConfigs() {
			below = append(below, filepath.Join(d, "pip", "pip.conf"))
		}
		below = append(below, filepath.Join(m.Root, "/etc", "pip.conf"), filepath.Join(m.Home, ".pip", "pip.conf"))
	}
	if venv := m.Getenv("VIRTUAL_ENV"); venv != "" {
		name := "pip.conf"
		if m.OS == "windows" {
			name = "pip.ini"
		}
		above = []string{filepath.Join(venv, name)}
	}
	return below, above
}

func (m Machine) setupPip(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: base + "simple/"}
	path, err := m.pipFile()
	if err != nil {
		return p, err
	}
	c, err := change(path, func(t text, _ bool) (*edit, error) { return editPip(t, p.URL) })
	if err != nil {
		return p, err
	}
	p.add(c)
	if plainHTTP(base) {
		p.Warnings = append(p.Warnings, "pip installs nothing over plain HTTP from another machine; let the gate serve TLS (tls_cert, tls_key)")
	}
	p.Warnings = append(p.Warnings, m.pipWarnings(c, p.URL)...)
	return m.withNetrc(p, "pip", base, token)
}

func (m Machine) undoPip() (Plan, error) {
	path, err := m.pipFile()
	if err != nil {
		return Plan{}, err
	}
	return m.undoIn(path, "pip")
}

// editPip makes [global] index-url the gate and sets another one aside.
func editPip(t text, address string) (*edit, error) {
	before, err := parseINI(t, foldPip)
	if err != nil {
		return nil, err
	}
	e := edit{blocks: map[int][]string{}, aside: map[int]bool{}}
	for _, name := range []string{"index-url", "pypi-url"} {
		old, had := before.find("global", name)
		if had && name == "index-url" && old.value == address {
			return nil, nil
		}
		for i := old.from; i < old.to; i++ {
			e.aside[i] = true
		}
	}
	if s, ok := before.section("global"); ok {
		e.blocks[s.line+1] = []string{indentAfter(t, s.line) + "index-url = " + address}
	} else {
		e.blocks[len(t)] = []string{"[global]", "index-url = " + address}
	}
	return &e, checkPip(before, t.apply(e), address)
}

// checkPip reads the result as pip will: ours is there and nothing else moved.
func checkPip(before ini, result text, address string) error {
	after, err := parseINI(result, foldPip)
	if err != nil {
		return fmt.Errorf("the result cannot be read: %w", err)
	}
	index := func(o iniOption) bool {
		return o.section == "global" && (o.name == "index-url" || o.name == "pypi-url")
	}
	o, _ := after.find("global", "index-url")
	if o.value != address || !reflect.DeepEqual(before.without(index), after.without(index)) {
		return errors.New("index-url cannot be added without changing another setting; add it by hand")
	}
	return nil
}

// pipWarnings lists what would still go around the gate. Values are not shown:
// they may hold credentials.
func (m Machine) pipWarnings(c Change, address string) []string {
	var out []string
	below, above := m.pipOthers()
	out = append(out, pipBypasses(c.Path, c.New, func(o iniOption) bool {
		return o.section == "global" && o.name == "index-url"
	})...)
	for _, f := range below {
		if other, err := read(f); err == nil && other.Path != c.Path {
			// A lower file's [global] index-url is overridden by ours.
			out = append(out, pipBypasses(other.Path, other.Old, func(o iniOption) bool {
				return o.section == "global" && o.name == "index-url"
			})...)
		}
	}
	for _, f := range above {
		if other, err := read(f); err == nil {
			out = append(out, pipBypasses(other.Path, other.Old, func(o iniOption) bool { return o.value == address })...)
		}
	}
	for _, name := range pipNames {
		env := "PIP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if v := m.Getenv(env); v != "" && v != address {
			out = append(out, "the environment variable "+env+" goes around the gate; unset it")
		}
	}
	return out
}

func pipBypasses(path string, content []byte, fine func(iniOption) bool) []string {
	if len(content) == 0 {
		return nil
	}
	t, err := parseText(content)
	if err != nil {
		return []string{path + " cannot be read: " + err.Error()}
	}
	f, err := parseINI(t, foldPip)
	if err != nil {
		return []string{path + " cannot be read: " + err.Error()}
	}
	var out []string
	for _, o := range f.options {
		if !slices.Contains(pipNames, o.name) || fine(o) {
			continue
		}
		what := "goes around the gate"
		if o.name == "trusted-host" {
			what = "turns off the check of certificates for its hosts"
		}
		out = append(out, fmt.Sprintf("%s:%d: %s in [%s] %s; remove it", path, o.from+1, o.name, o.section, what))
	}
	return out
}
