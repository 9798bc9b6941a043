package golang

import (
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
)

const plainText = "text/plain; charset=utf-8"

// offered lists the versions that a listing offers, ascending. Go's lists have no
// mark for a version that is refused, so it is left out of them; its .info and .mod
// stay readable, which minimal version selection needs, and its zip says why.
func offered(l *ecosystem.Listing) []ecosystem.IndexFile {
	var out []ecosystem.IndexFile
	for i, f := range l.Index.Files {
		if !l.Marks[i].Refused {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b ecosystem.IndexFile) int { return semver.Compare(a.Number, b.Number) })
	return out
}

// renderList writes the version list. Pseudo-versions stand in none.
func renderList(l *ecosystem.Listing) (*answer.Page, error) {
	var b strings.Builder
	for _, f := range offered(l) {
		if !goversion.Pseudo(f.Number) {
			b.WriteString(f.Number + "\n")
		}
	}
	return answer.NewPage(plainText, "", []byte(b.String()))
}

// latest is what the go command gets where it names no version: the highest release,
// else the highest pre-release, else the commit with the latest date. Versions that
// their author retracted come last. False where nothing is offered.
func latest(l *ecosystem.Listing) (ecosystem.IndexFile, bool) {
	fs := offered(l)
	rank := func(f ecosystem.IndexFile) int {
		r := 0
		switch {
		case goversion.Pseudo(f.Number):
		case goversion.Pre(f.Number):
			r = 1
		default:
			r = 2
		}
		if !f.Yanked {
			r += 3
		}
		return r
	}
	if len(fs) == 0 {
		return ecosystem.IndexFile{}, false
	}
	return slices.MaxFunc(fs, func(a, b ecosystem.IndexFile) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		if goversion.Pseudo(a.Number) {
			return a.Uploaded.Compare(b.Uploaded)
		}
		return semver.Compare(a.Number, b.Number)
	}), true
}
