package archive

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a path of the archive is.
type kind uint8

const (
	implied kind = iota + 1 // a directory that only other paths speak of
	dir
	file
	link
)

// tree knows every path of an archive and refuses those that leave the root or
// that two unpackers would lay out differently.
type tree struct {
	lim       Limits
	nodes     map[string]kind
	folded    map[string]string // path as a case-insensitive file system sees it, to the path
	nameBytes int
	entries   int
	odd       []Odd
}

func newTree(lim Limits) *tree {
	return &tree{lim: lim, nodes: map[string]kind{}, folded: map[string]string{}}
}

// add records a path (already without a trailing slash). again allows a
// directory to be named twice.
func (t *tree) add(path string, k kind, again bool) error {
	if t.entries++; t.entries > t.lim.Entries {
		return refuse("", TooLarge, "it has more than %d entries", t.lim.Entries)
	}
	if t.nameBytes += len(path); t.nameBytes > mostNameBytes {
		return refuse("", TooLarge, "its names take more than %d bytes", mostNameBytes)
	}
	if err := checkPath(path, t.lim); err != nil {
		return err
	}
	if err := t.addParents(path); err != nil {
		return err
	}
	switch old := t.nodes[path]; {
	case old == 0, old == implied && k == dir, old == dir && k == dir && again:
		t.nodes[path] = k
	case old == implied:
		return refuse(path, Duplicate, "it is a file or link where other entries need a directory")
	default:
		return refuse(path, Duplicate, "the name is in the archive twice")
	}
	t.noteCollision(path)
	return nil
}

func (t *tree) addParents(path string) error {
	for i := strings.LastIndexByte(path, '/'); i > 0; i = strings.LastIndexByte(path[:i], '/') {
		switch t.nodes[path[:i]] {
		case implied, dir:
			return nil // its own parents are known already
		case file:
			return refuse(path, Duplicate, "its folder is a file elsewhere in the archive")
		case link:
			return refuse(path, BadLink, "its folder is a link elsewhere in the archive")
		}
		if len(t.nodes) > 2*t.lim.Entries {
			return refuse("", TooLarge, "it has more than %d files and folders", 2*t.lim.Entries)
		}
		t.nodes[path[:i]] = implied
	}
	return nil
}

func (t *tree) noteCollision(path string) {
	key := fold(path)
	if first, ok := t.folded[key]; ok && first != path && len(t.odd) < mostOdd {
		t.odd = append(t.odd, Odd{path, "the name differs only in letter case or trailing dots from another entry"})
		return
	}
	t.folded[key] = path
}

// fold gives what a case-insensitive file system, and Windows with its dropped
// trailing dots and spaces, would take a path for.
func fold(path string) string {
	path = strings.ToLower(path)
	if !strings.Contains(path, "./") && !strings.Contains(path, " /") && !strings.HasSuffix(path, ".") && !strings.HasSuffix(path, " ") {
		return path
	}
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = strings.TrimRight(e, ". ")
	}
	return strings.Join(elements, "/")
}

// checkPath refuses a name that leaves the root or that is not one clean,
// portable spelling.
func checkPath(path string, lim Limits) error {
	switch {
	case path == "":
		return refuse(path, BadName, "an entry has no name")
	case len(path) > lim.Path:
		return refuse(path, TooLarge, "the name is longer than %d bytes", lim.Path)
	case !utf8.ValidString(path):
		return refuse(path, BadName, "the name is not UTF-8")
	case path[0] == '/':
		return refuse(path, BadName, "the name is absolute")
	case strings.ContainsRune(path, '\\'):
		return refuse(path, BadName, "the name has a backslash, which some systems take for a separator")
	case len(path) > 1 && path[1] == ':' && isLetter(path[0]):
		return refuse(path, BadName, "the name begins with a drive letter")
	case strings.IndexFunc(path, unicode.IsControl) >= 0:
		return refuse(path, BadName, "the name has a control character")
	case strings.Count(path, "/") >= lim.Depth:
		return refuse(path, TooLarge, "the name is deeper than %d folders", lim.Depth)
	}
	for e := range strings.SplitSeq(path, "/") {
		switch e {
		case "..":
			return refuse(path, BadName, "the name climbs out of its folder")
		case ".", "":
			return refuse(path, BadName, "the name has an empty or dot element, which unpackers spell differently")
		}
	}
	return nil
}

// checkSymlink refuses a target that could leave the root. Parents of path are
// real directories (the tree allows nothing below a link), so leading ".." climb
// for certain; one after a name might climb from wherever that name links to.
func checkSymlink(path, target string) error {
	switch {
	case target == "":
		return refuse(path, BadLink, "it links to nothing")
	case !utf8.ValidString(target), strings.IndexFunc(target, unicode.IsControl) >= 0, strings.ContainsRune(target, '\\'):
		return refuse(path, BadLink, "its link target has characters that systems read differently")
	case target[0] == '/', len(target) > 1 && target[1] == ':' && isLetter(target[0]):
		return refuse(path, BadLink, "it links to an absolute path")
	}
	depth, named := strings.Count(path, "/"), false
	for e := range strings.SplitSeq(target, "/") {
		switch e {
		case "..":
			if depth--; depth < 0 || named {
				return refuse(path, BadLink, "it links outside the archive's root")
			}
		case ".", "":
		default:
			named = true
		}
	}
	return nil
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
