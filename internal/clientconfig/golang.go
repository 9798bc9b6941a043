package clientconfig

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// goFile is the file that `go env -w` writes.
func (m Machine) goFile() (string, error) {
	switch f := m.Getenv("GOENV"); {
	case f == "off":
		return "", errors.New("GOENV=off tells go to read no configuration at all; unset it first")
	case filepath.IsAbs(f):
		return f, nil
	case f != "":
		return "", errors.New("GOENV is a relative path: which file go reads depends on where it starts; make it absolute")
	}
	switch m.OS {
	case "windows":
		return filepath.Join(m.appData(), "go", "env"), nil
	case "darwin":
		return filepath.Join(m.Home, "Library", "Application Support", "go", "env"), nil
	}
	return filepath.Join(m.config(), "go", "env"), nil
}

// setupGo makes the gate the only entry of GOPROXY: with a second one go goes on
// there after a 404, and after a "|" whatever the answer was. The checksum database
// is asked through the gate, so GONOSUMDB and GOFLAGS stay as they are.
func (m Machine) setupGo(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: strings.TrimSuffix(base, "/")}
	path, err := m.goFile()
	if err != nil {
		return p, err
	}
	c, err := change(path, func(t text, _ bool) (*edit, error) { return editGo(t, p.URL) })
	if err != nil {
		return p, err
	}
	p.add(c)
	p.Notes = []string{
		"for your own modules:  go env -w GONOSUMDB=PATTERN GONOPROXY=none  (GOPRIVATE would go around the gate)",
		// It has no setting of its own, and the go command refuses to keep one for it.
		"vulnerabilities as this registry sees them:  govulncheck -db " + strings.TrimSuffix(base, "go/") + "govulndb ./...",
	}
	p.Warnings = goBypasses(c)
	for _, name := range []string{"GOPROXY", "GOPRIVATE", "GONOPROXY"} {
		if v := m.Getenv(name); v != "" && v != p.URL && !(name == "GONOPROXY" && v == "none") {
			p.Warnings = append(p.Warnings, "the environment variable "+name+" goes around the gate; unset it")
		}
	}
	if !token.IsZero() && strings.HasPrefix(base, "http://") {
		p.Warnings = append(p.Warnings, "go sends a token over https only; let the gate serve TLS (tls_cert, tls_key)")
	}
	return m.withNetrc(p, "go", base, token)
}

func (m Machine) undoGo() (Plan, error) {
	path, err := m.goFile()
	if err != nil {
		return Plan{}, err
	}
	return m.undoIn(path, "go")
}

// goSettings reads the file as go does: NAME=VALUE at the start of a line.
func goSettings(t text) map[string][]int {
	out := map[string][]int{}
	for i, line := range t {
		if name, _, ok := strings.Cut(bare(line), "="); ok && name != "" && name[0] != '#' {
			out[name] = append(out[name], i)
		}
	}
	return out
}

func editGo(t text, address string) (*edit, error) {
	line := "GOPROXY=" + address
	had := goSettings(t)["GOPROXY"]
	if len(had) == 1 && bare(t[had[0]]) == line {
		return nil, nil
	}
	e := edit{blocks: map[int][]string{len(t): {line}}, aside: map[int]bool{}}
	for _, i := range had {
		e.aside[i] = true
	}
	return &e, nil
}

func goBypasses(c Change) []string {
	t, err := parseText(c.New)
	if err != nil {
		return nil // nothing was planned in such a file
	}
	var out []string
	for _, name := range []string{"GOPRIVATE", "GONOPROXY"} {
		for _, i := range goSettings(t)[name] {
			if _, v, _ := strings.Cut(bare(t[i]), "="); v != "" && v != "none" {
				out = append(out, c.Path+": "+name+" goes around the gate; write GONOSUMDB and GONOPROXY=none instead")
			}
		}
	}
	return out
}
