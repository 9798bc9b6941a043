package clientconfig

import (
	"path/filepath"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

func (m Machine) cargoHome() string {
	if d := m.Getenv("CARGO_HOME"); filepath.IsAbs(d) {
		return d
	}
	return filepath.Join(m.Home, ".cargo")
}

// cargoFiles are the configuration, in a file without an extension where there is
// one, which cargo then prefers, and the credentials.
func (m Machine) cargoFiles() (config, credentials string) {
	home := m.cargoHome()
	config = filepath.Join(home, "config.toml")
	if old := filepath.Join(home, "config"); isFile(old) {
		config = old
	}
	return config, filepath.Join(home, "credentials.toml")
}

// setupCargo puts the gate in the place of the default registry (source
// replacement), under a name that `cargo publish --registry gatehouse` takes too.
func (m Machine) setupCargo(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: "sparse+" + base}
	config, credentials := m.cargoFiles()
	settings := []tomlSetting{
		{[]string{"source", "crates-io"}, "replace-with", quoted(sourceName)},
		{[]string{"registries", sourceName}, "index", quoted(p.URL)},
	}
	if !token.IsZero() {
		// Without it cargo sends a token to no registry that it did not publish to.
		settings = append(settings, tomlSetting{[]string{"registry"}, "global-credential-providers", `["cargo:token"]`})
	}
	c, err := change(config, func(t text, _ bool) (*edit, error) { return setTOML(t, settings) })
	if err != nil {
		return p, err
	}
	p.add(c)
	p.Warnings = cargoBypasses(c)
	p.Notes = []string{"your own crates are published with:  cargo publish --registry " + sourceName}
	if token.IsZero() {
		return p, nil
	}
	s, err := change(credentials, func(t text, _ bool) (*edit, error) {
		return setTOML(t, []tomlSetting{{[]string{"registries", sourceName}, "token", quoted(token.Reveal())}})
	})
	if err != nil {
		return p, err
	}
	s.Private = true
	p.add(s)
	p.Notes = append(p.Notes, "the token stands in "+s.Path)
	return p, nil
}

func (m Machine) undoCargo() (Plan, error) {
	config, credentials := m.cargoFiles()
	p, err := m.undoIn(config, "")
	if err != nil {
		return p, err
	}
	more, err := m.undoIn(credentials, "")
	p.Changes = append(p.Changes, more.Changes...)
	return p, err
}

// cargoBypasses names the other places that crates come from.
func cargoBypasses(c Change) []string {
	all, err := readTOML(c.New)
	if err != nil {
		return nil // nothing was planned in such a file
	}
	var out []string
	if all["paths"] != nil {
		out = append(out, c.Path+": paths overrides packages with folders of this machine, around the gate; remove it")
	}
	if patch, ok := all["patch"].(map[string]any); ok && len(patch) > 0 {
		out = append(out, c.Path+": [patch] puts other packages in the place of those of the gate; remove it")
	}
	return out
}
