package scan

import (
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Again is a Pass that may see entries a second time: what a file is for can
// come out only after it went by (a hook in package.json names a .txt file that
// came before it). It is asked between the last Entry and End, once; what it
// learns in Again cannot ask for more.
type Again interface {
	Pass
	// Wants says whether the pass wants the entry at path again. It is asked
	// once for every regular file that Entry was given.
	Wants(path string) bool
	// Again is Entry for such an entry. One whose Path two entries share comes
	// twice.
	Again(e Entry) []finding.Finding
}

// asked is which passes may ask, and what for.
type asked struct {
	passes []Again
	seen   []string          // paths of the first walk; not kept when nobody may ask
	want   []map[string]bool // by pass
	left   int               // entries still to come
}

func newAsked(passes []Pass) *asked {
	a := &asked{}
	for _, p := range passes {
		if again, ok := p.(Again); ok {
			a.passes = append(a.passes, again)
		}
	}
	return a
}

// isFile says whether an entry has content of its own.
func isFile(e archive.Entry) bool { return e.Mode.IsRegular() && e.Link == "" }

// note remembers an entry of the first walk.
func (a *asked) note(e archive.Entry) {
	if len(a.passes) > 0 && isFile(e) {
		a.seen = append(a.seen, e.Path)
	}
}

// ask asks every pass about every entry.
func (a *asked) ask() {
	for _, p := range a.passes {
		want := map[string]bool{}
		for _, path := range a.seen {
			if p.Wants(path) {
				want[path] = true
			}
		}
		a.want = append(a.want, want)
	}
	for _, path := range a.seen {
		if a.wanted(path) {
			a.left++
		}
	}
}

func (a *asked) wanted(path string) bool {
	for _, want := range a.want {
		if want[path] {
			return true
		}
	}
	return false
}

// errSeen ends the second walk after the last entry that somebody wanted.
var errSeen = errors.New("everything asked for was seen")

// walk reads the archive once more, when somebody wants something of it, and
// shows that.
func (a *asked) walk(walk walker, keep func([]finding.Finding) error) error {
	if a.ask(); a.left == 0 {
		return nil
	}
	_, err := walk(func(e archive.Entry) error {
		if !isFile(e) || !a.wanted(e.Path) {
			return nil
		}
		for i, p := range a.passes {
			if !a.want[i][e.Path] {
				continue
			}
			if err := keep(p.Again(Entry(e))); err != nil {
				return err
			}
		}
		if a.left--; a.left == 0 {
			return errSeen
		}
		return nil
	})
	switch {
	case errors.Is(err, errSeen):
		return nil
	case err == nil:
		return fmt.Errorf("reading the archive again: %d of its files were not there any more", a.left)
	}
	return err
}
