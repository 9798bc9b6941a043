// Package flow is the set of sources whose data a value was made of. The lighter
// analysers carry one with each value, and say it as the From of a sink's fact.
package flow

import (
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// Set is a set of words of code.Fact.From. The zero Set is the empty one.
type Set uint64

// order gives each source its bit. Sources beyond it are no words of From.
var order = []string{
	string(code.Fetch), string(code.Decode), string(code.Decrypt), string(code.Env), string(code.EnvAll), string(code.ReadFile),
	string(code.ReadOwn), string(code.Secret), string(code.SysInfo), string(code.ListDir), string(code.Clipboard), string(code.Screen),
	string(code.Keyboard), string(code.Camera), string(code.Socket), string(code.DNS), string(code.Pixels), code.Unfolded, code.LongLiteral,
}

const viaFile = 32 // what went through a file stands this many bits higher

// Of is the set of these kinds; a kind that is no source adds nothing.
func Of(kinds ...code.Kind) Set {
	var s Set
	for _, k := range kinds {
		s |= Word(string(k))
	}
	return s
}

// Word is the set of one word of From that is not ViaFile; empty for another word.
func Word(w string) Set {
	if i := slices.Index(order, w); i >= 0 {
		return 1 << i
	}
	return 0
}

// ViaFile is what a file holds that was written with data of s.
func (s Set) ViaFile() Set {
	const low = 1<<viaFile - 1
	return (s | s>>viaFile) & low << viaFile
}

// Has reports whether any source of o is in s, whichever way its data came.
func (s Set) Has(o Set) bool { return s&(o|o<<viaFile) != 0 }

// Words are the set as Fact.From wants it; nil when it is empty.
func (s Set) Words() []string {
	var words []string
	for i, w := range order {
		if s&(1<<i) != 0 {
			words = append(words, w)
		}
		if s&(1<<(i+viaFile)) != 0 {
			words = append(words, code.ViaFile+w)
		}
	}
	slices.Sort(words)
	return words
}
