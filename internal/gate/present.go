package gate

import (
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Presentation says how an index shows a file that is refused. Its own request is
// answered with the reason in all of them.
type Presentation int

// The presentations. Soft is the zero value.
const (
	Soft Presentation = iota // marked in the ecosystem's own way: ranges pass over it
	Hide                     // left out
	Hard                     // like any other: a build that picks it fails with the reason
)

// Presents is how the index of a view shows its i-th file, which is refused.
//
// Known malware is marked under Hard too. Hard is for teams that would rather
// have a build fail than take another version in silence; nobody is served by a
// build that tries to fetch malware, and a client that is refused the file here
// may have another index to ask. A file that the upstream took away is marked too:
// an index that lists it like any other would not be true.
func (v *View) Presents(i int) Presentation {
	if v.present == Hard && (isMalware(v.Decisions[i]) || v.gone[v.Index.Files[i].Name]) {
		return Soft
	}
	return v.present
}

func isMalware(d verdict.Decision) bool {
	return slices.ContainsFunc(d.Reasons, func(r verdict.Reason) bool { return r.Class == finding.Malware && blocks(r) })
}
