package flow

import (
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// Secret reports whether a path, or an address, is one where credentials lie.
func Secret(path string) bool {
	for _, m := range indicator.Marks(path) {
		switch m {
		case "secret-path", "browser-store", "messenger-store", "wallet", "password-manager", "keychain", "cloud-metadata":
			return true
		}
	}
	return false
}

// Placed gives the kinds of facts that a path stands for when somebody writes to it,
// beside WriteFile: something that starts again, a file that tools obey, a program.
func Placed(path string) []code.Kind {
	var kinds []code.Kind
	for _, m := range indicator.Marks(path) {
		switch m {
		case "autostart":
			kinds = append(kinds, code.Persist)
		case "agent-file", "workflow-path", "package-manifest":
			kinds = append(kinds, code.Manifest)
		case "program-path":
			kinds = append(kinds, code.WriteExec)
		}
	}
	return kinds
}
