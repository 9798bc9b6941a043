package archive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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
	counts    *counts
	nodes     map[string]kind
	folded    map[string]string // path as the most forgetful file system sees it, to the path
	dropsRoot bool              // unpackers drop the first folder of each name
	below     map[string]string // path without its first folder, to the path
	odd       []Odd
}

func newTree(lim Limits, c *counts) *tree {
	return &tree{lim: lim, counts: c, nodes: map[string]kind{}, folded: map[string]string{}, below: map[string]string{}}
}

// add records a path (already without a trailing slash). again allows a
// directory to be named twice.
func (t *tree) add(path string, k kind, again bool) error {
	if t.counts.entries++; t.counts.entries > t.lim.Entries {
		return refuse("", TooLarge, "it has more than %d entries", t.lim.Entries)
	}
	if t.counts.nameBytes += len(path); t.counts.nameBytes > mostNameBytes {
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
	t.noteOddName(path)
	if err := t.checkBelow(path, k); err != nil {
		return err
	}
	return t.checkCollision(path, k)
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
		if err := t.checkCollision(path[:i], implied); err != nil {
			return err
		}
	}
	return nil
}

// checkBelow compares names as unpackers see them that drop the first folder.
func (t *tree) checkBelow(path string, k kind) error {
	if !t.dropsRoot || k == dir {
		return nil
	}
	_, rest, found := strings.Cut(path, "/")
	if !found {
		t.note(path, "it lies in no folder, where unpackers drop the first one")
		return nil
	}
	key := fold(rest)
	first, taken := t.below[key]
	if !taken {
		t.below[key] = path
		return nil
	}
	if _, other, _ := strings.Cut(first, "/"); other == rest || governs(path) {
		return refuse(path, Duplicate, "without its first folder it is the same as %.100q", first)
	}
	return nil
}

// checkCollision compares names as file systems see them that know no case, one
// Unicode form only, or no dots and spaces at a name's end. Letter case alone is
// common among ordinary files, and noted; in what says what a package is, and
// where a link could be followed, the first or the last wins.
func (t *tree) checkCollision(path string, k kind) error {
	key := fold(path)
	first, taken := t.folded[key]
	if !taken {
		t.folded[key] = path
		return nil
	}
	folders := isFolder(k) && isFolder(t.nodes[first])
	switch {
	case first == path:
		return nil
	case k == link || t.nodes[first] == link:
		return refuse(path, BadLink, "some file systems take it for %.100q, and one of them is a link", first)
	case folders && !governs(path):
	case upper(path) != upper(first):
		return refuse(path, Duplicate, "some file systems take it for %.100q", first)
	case governs(path):
		return refuse(path, Duplicate, "it differs in letter case only from %.100q, and says what the package is", first)
	}
	t.note(path, "the name differs only in letter case from another entry")
	return nil
}

func isFolder(k kind) bool { return k == dir || k == implied }

func (t *tree) note(path, text string) {
	if len(t.odd) < mostOdd {
		t.odd = append(t.odd, Odd{path, text})
	}
}

// noteOddName tells of names that some systems cannot have or show.
func (t *tree) noteOddName(path string) {
	for e := range strings.SplitSeq(path, "/") {
		switch base, _, _ := strings.Cut(e, "."); {
		case strings.HasSuffix(e, ".") || strings.HasSuffix(e, " "):
			t.note(path, "the name has trailing dots or spaces, which Windows drops")
		case strings.Contains(e, ":"):
			t.note(path, "the name has a colon, which Windows takes for something else")
		case reserved[strings.ToLower(base)]:
			t.note(path, "the name is a device's on Windows")
		case strings.IndexFunc(e, isFormat) >= 0:
			t.note(path, "the name has characters that do not show")
		default:
			continue
		}
		return
	}
}

func isFormat(r rune) bool { return r >= 0x80 && unicode.Is(unicode.Cf, r) }

// reserved are the names of devices on Windows, whatever ending follows.
var reserved = map[string]bool{
	"con": true, "prn": true, "aux": true, "nul": true,
	"com1": true, "com2": true, "com3": true, "com4": true, "com5": true, "com6": true, "com7": true, "com8": true, "com9": true,
	"lpt1": true, "lpt2": true, "lpt3": true, "lpt4": true, "lpt5": true, "lpt6": true, "lpt7": true, "lpt8": true, "lpt9": true,
}

// governing are files by whose content installers go, lower case.
var governing = map[string]bool{
	"pkg-info": true, "pyproject.toml": true, "setup.py": true, "setup.cfg": true,
	"package.json": true, "binding.gyp": true, "npm-shrinkwrap.json": true,
	"go.mod": true, "cargo.toml": true, "build.rs": true, "manifest.mf": true,
}

// governs says whether path, or a folder of it, is one by which installers or
// interpreters go.
func governs(path string) bool {
	path = fold(path)
	for folder := path; ; {
		i := strings.LastIndexByte(folder, '/')
		base := folder[i+1:]
		if folder == path && (governing[base] || strings.HasSuffix(base, ".pth")) || strings.HasSuffix(base, ".dist-info") || strings.HasSuffix(base, ".egg-info") {
			return true
		}
		if i < 0 {
			return false
		}
		folder = folder[:i]
	}
}

// fold gives what the most forgetful file systems would take a path for: Unicode
// in one form, letters in one case, no dots and spaces at a name's end.
func fold(path string) string {
	path = upper(norm.NFC.String(upper(path)))
	if !strings.Contains(path, "./") && !strings.Contains(path, " /") && !strings.HasSuffix(path, ".") && !strings.HasSuffix(path, " ") {
		return path
	}
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = strings.TrimRight(e, ". ")
	}
	return strings.Join(elements, "/")
}

// upper puts letters into one case, by way of the upper one as file systems do
// it: a long s is an s to them.
func upper(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return strings.ToLower(strings.ToUpper(s))
		}
	}
	return strings.ToLower(s)
}

// legible gives a name of unknown encoding letters, byte by byte, so that it can
// be shown.
func legible(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	runes := make([]rune, len(name))
	for i := range len(name) {
		runes[i] = rune(name[i])
	}
	return string(runes)
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
