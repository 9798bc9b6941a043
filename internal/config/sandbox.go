package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/sandbox"
)

// Sandbox is about the processes that open archives.
type Sandbox struct {
	// Require lists layers of isolation without which nothing is opened: "serve"
	// does not start, and any other command fails at the first archive. `gatehouse
	// doctor` says which layers this system has. Default: none, and the log says
	// which are missing.
	Require []string `yaml:"require"`
}

func (s Sandbox) check() error {
	names := sandbox.LayerNames()
	for _, name := range s.Require {
		if slices.Contains(names, name) {
			continue
		}
		hint := "there are " + strings.Join(names, ", ")
		if near := nearest(name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return fmt.Errorf("sandbox.require: there is no layer %.60q; %s", name, hint)
	}
	return nil
}
