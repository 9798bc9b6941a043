package flow

import (
	"strings"

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

// Output is what a command line of a shell prints, as far as its words tell: files
// in which credentials lie, the whole environment, what the machine is called.
func Output(line string) Set {
	var out Set
	for part := range strings.FieldsFuncSeq(line[:min(len(line), 4096)], func(r rune) bool { return strings.ContainsRune(";&|\n()", r) }) {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		switch words[0][strings.LastIndexByte(words[0], '/')+1:] {
		case "cat", "type", "head", "tail", "less", "more", "base64", "xxd", "tac", "strings", "tar", "zip":
			for _, w := range words[1:] {
				if Secret(strings.Trim(w, `"'`)) {
					out |= Of(code.Secret)
				}
			}
		case "env", "printenv", "export", "set":
			if len(words) == 1 || words[1] == "-0" || words[1] == "-p" || words[1][0] == '>' {
				out |= Of(code.EnvAll)
			}
		}
	}
	return out
}
