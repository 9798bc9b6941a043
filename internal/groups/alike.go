package groups

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// alike lists the groups whose names a name can be mistaken for, the most specific
// first. A name that a pattern matches is none of them: it belongs to it.
func (g *Groups) alike(p artifact.Package) []match {
	if len(p.Name) > maxAlike || g.key == nil {
		return nil
	}
	same := &lookalikes{eco: p.Ecosystem, of: g.key, keys: map[string]string{}}
	all := same.key(p.Name)
	var out []match
	for _, m := range g.by[p.Ecosystem] {
		if !slices.Contains(m.Rules[:], Block) || !m.literal() {
			continue
		}
		best := -1
		for i, glob := range m.globs {
			// Most names hold nothing like it, which one look tells.
			has := func(part string) bool { return strings.Contains(all, same.key(part)) }
			if !slices.ContainsFunc(m.parts[i], func(part string) bool { return part != "" && !has(part) }) && mistaken(m.parts[i], p.Name, same.alike) {
				// A little less specific than the pattern is about names that match it, so that
				// a pattern of the same length which does match is what was meant.
				best = max(best, 2*len(separators.Replace(glob)))
			}
		}
		if best >= 0 {
			out = append(out, match{m, best})
		}
	}
	slices.SortStableFunc(out, func(a, b match) int { return b.rank - a.rank })
	return out
}

// mistaken says whether a name, or a folder that it lies in, looks like those of a
// pattern.
func mistaken(parts []string, name string, same func(part, piece string) bool) bool {
	for {
		if inOrder(parts, name, same) {
			return true
		}
		i := strings.LastIndexByte(name, '/')
		if i <= 0 {
			return false
		}
		name = name[:i]
	}
}

// lookalikes compares by collision key, for one name.
type lookalikes struct {
	eco  artifact.Ecosystem
	of   func(artifact.Package) string
	keys map[string]string
}

func (l *lookalikes) key(s string) string {
	k, ok := l.keys[s]
	if !ok {
		k = l.of(artifact.Package{Ecosystem: l.eco, Name: s})
		l.keys[s] = k
	}
	return k
}

// alike says whether a piece of a name looks like a literal part of a pattern. Where
// the part begins or ends with a separator the name must have one there as well: keys
// drop them, and without this "data-*" would claim every name that begins with "data".
func (l *lookalikes) alike(part, text string) bool {
	if text == "" || separated(part[0]) != separated(text[0]) || separated(part[len(part)-1]) != separated(text[len(text)-1]) {
		return false
	}
	return l.key(part) == l.key(text)
}

// separators are what the ends of names of one kind may differ in.
var separators = strings.NewReplacer("-", "", "_", "", ".", "", "/", "", "@", "", "*", "")

func separated(c byte) bool { return c == '-' || c == '_' || c == '.' || c == '/' }

// inOrder says whether text is the parts in order with anything between them,
// where same compares a part with a piece of the text. A piece that looks like a
// part may be a little longer or shorter than it.
func inOrder(parts []string, text string, same func(part, piece string) bool) bool {
	part := parts[0]
	if len(parts) == 1 {
		return part == "" || same(part, text)
	}
	if part == "" {
		return anywhere(parts[1:], text, same)
	}
	for end := 1; end <= min(len(text), 2*len(part)); end++ {
		if same(part, text[:end]) && anywhere(parts[1:], text[end:], same) {
			return true
		}
	}
	return false
}

// anywhere is inOrder behind a star: the parts may begin at any place.
func anywhere(parts []string, text string, same func(part, piece string) bool) bool {
	for start := range len(text) + 1 {
		if inOrder(parts, text[start:], same) {
			return true
		}
	}
	return false
}
