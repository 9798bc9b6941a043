package clientconfig

import (
	"path/filepath"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// bunFile is the user's bunfig: in the XDG folder where there is one, else at home.
func (m Machine) bunFile() string {
	if d := m.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, ".bunfig.toml")
	}
	return filepath.Join(m.Home, ".bunfig.toml")
}

func (m Machine) setupBun(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: base}
	value := quoted(base)
	if !token.IsZero() {
		value = "{ url = " + value + ", token = " + quoted(token.Reveal()) + " }"
	}
	c, err := change(m.bunFile(), func(t text, _ bool) (*edit, error) {
		return setTOML(t, []tomlSetting{{[]string{"install"}, "registry", value}})
	})
	if err != nil {
		return p, err
	}
	c.Private = !c.Existed || !token.IsZero()
	p.add(c)
	if all, err := readTOML(c.New); err == nil {
		if install, ok := all["install"].(map[string]any); ok && install["scopes"] != nil {
			p.Warnings = append(p.Warnings, c.Path+": [install.scopes] goes around the gate; remove it")
		}
	}
	for _, name := range []string{"BUN_CONFIG_REGISTRY", "npm_config_registry", "NPM_CONFIG_REGISTRY"} {
		if v := m.Getenv(name); v != "" && v != base {
			p.Warnings = append(p.Warnings, "the environment variable "+name+" goes around the gate; unset it")
		}
	}
	return p, nil
}
