// Package examples holds what `gatehouse demo` needs in the binary itself: the
// manifest that it takes through the gate, and a few hand-written advisories for
// when no source of real ones can be reached. It says nothing about what is
// vulnerable today and is not used by any other command.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed advisories/PyPI/*.json
var advisories embed.FS

// Requirements is examples/python/requirements.txt.
//
//go:embed python/requirements.txt
var Requirements []byte

// Advisories is the folder examples/advisories: one folder an ecosystem, with
// plain OSV records.
func Advisories() (fs.FS, error) { return fs.Sub(advisories, "advisories") }
