package config

import (
	"fmt"
	"path/filepath"
)

// Provenance names the keys that attestations are verified with, in place of those
// that the program brings. What cannot be read is an error when the gate starts.
type Provenance struct {
	// TrustedRoot is a trusted root of Sigstore (trusted_root.json); docs/provenance.md
	// says where one is had. Default: the one in the program.
	TrustedRoot string `yaml:"trusted_root"`
	// NPMKeys are the keys of an npm registry, as it serves them at /-/npm/v1/keys or as
	// Sigstore's trust repository keeps them. Default: those of the public registry.
	NPMKeys string `yaml:"npm_keys"`
}

func (p Provenance) check() error {
	for _, s := range []struct{ key, file string }{{"trusted_root", p.TrustedRoot}, {"npm_keys", p.NPMKeys}} {
		if s.file != "" && !filepath.IsAbs(s.file) {
			return fmt.Errorf("provenance.%s: %.200q depends on where gatehouse is started; write the whole path", s.key, s.file)
		}
	}
	return nil
}
