package git

import (
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"unicode"
)

// includable says whether a path may be part of a manifest, or include others,
// by its name: what pip's -r and -c name in practice. A manifest that includes a
// file of another name is refused when it is read, because that file is not
// handed on; so a change of such a file cannot go unseen.
func includable(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".txt", ".in", ".pip", ".req", ".reqs", "":
		return true
	}
	return false
}

// tree is the manifests of one commit and what may be part of them. It is the fs.FS
// that Manifests.Reads looks at, see tree.go.
type tree struct {
	files     map[string]string // path to blob id
	objects   *objects
	manifests Manifests
	direct    map[string][]string // what each file looked at includes itself
	opened    map[string][]string // what reading each manifest opened
	folders   map[string][]string // path to the names in it, sorted; nil until somebody asks
	err       error               // the first fault of objects while the tree was read
}

func newTree(files map[string]string, o *objects, m Manifests) *tree {
	return &tree{files: files, objects: o, manifests: m, direct: map[string][]string{}, opened: map[string][]string{}}
}

// content gives a file's bytes; false for one above the cap.
func (t *tree) content(p string) ([]byte, bool, error) {
	b, ok, err := t.objects.blob(t.files[p])
	if err != nil {
		err = fmt.Errorf("reading %q: %w", p, err)
	}
	return b, ok, err
}

// reads lists every path that a manifest is read with: what reading it opens, and what
// it names.
func (t *tree) reads(root string) ([]string, error) {
	opened, err := t.opens(root)
	if err != nil {
		return nil, err
	}
	named, err := t.names(root)
	return append(opened, named...), err
}

// names lists all that the options of a requirements file name, through any number of
// files, whether it is there or not and whether the file could be read as a whole or
// not: a file that was made unreadable must not hide what it includes.
func (t *tree) names(root string) ([]string, error) {
	if !includable(root) {
		return nil, nil
	}
	var all []string
	seen := map[string]bool{root: true}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		direct, err := t.includes(queue[0])
		if err != nil {
			return nil, err
		}
		for _, p := range direct {
			if !seen[p] {
				seen[p] = true
				all, queue = append(all, p), append(queue, p)
			}
		}
	}
	return all, nil
}

// opens lists what reading a manifest opens, itself aside.
func (t *tree) opens(root string) ([]string, error) {
	if found, ok := t.opened[root]; ok || t.manifests.Reads == nil || t.files[root] == "" {
		return slices.Clone(found), nil
	}
	t.opened[root] = []string{}
	for _, p := range t.manifests.Reads(t, root) {
		if p != root && t.files[p] != "" {
			t.opened[root] = append(t.opened[root], p)
		}
	}
	return slices.Clone(t.opened[root]), t.err
}

func (t *tree) includes(p string) ([]string, error) {
	if found, ok := t.direct[p]; ok || t.files[p] == "" {
		return found, nil
	}
	b, _, err := t.content(p)
	if err != nil {
		return nil, err
	}
	t.direct[p] = included(path.Dir(p), string(b))
	return t.direct[p], nil
}

// included lists the paths in folder dir that the options of a requirements file
// may mean: every word of a line that starts with a dash, in each way that pip
// takes a value (-r FILE, -rFILE, --requirement=FILE). Too many do no harm.
func included(dir, content string) []string {
	var out []string
	for line := range logicalLines(content) {
		if line = strings.TrimFunc(line, isBlank); !strings.HasPrefix(line, "-") {
			continue
		}
		for _, w := range shellWords(line) {
			names := []string{w}
			if len(w) > 2 && w[0] == '-' && w[1] != '-' {
				names = append(names, w[2:])
			}
			if _, value, ok := strings.Cut(w, "="); ok {
				names = append(names, value)
			}
			for _, n := range names {
				if p := path.Join(dir, n); n != "" && !path.IsAbs(n) && fs.ValidPath(p) && includable(p) {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// logicalLines splits as pip does: at what Python's str.splitlines takes for a
// line break, and a backslash at the end goes on unless the line is a comment.
// Zero bytes are dropped, so that UTF-16 reads as what it says.
func logicalLines(content string) iter.Seq[string] {
	breaks := func(r rune) rune {
		switch r {
		case '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
			return '\n'
		}
		return r
	}
	content = strings.Map(breaks, strings.ReplaceAll(strings.ReplaceAll(content, "\x00", ""), "\r\n", "\n"))
	return func(yield func(string) bool) {
		var joined strings.Builder
		for line := range strings.SplitSeq(content, "\n") {
			if strings.HasSuffix(line, `\`) && !strings.HasPrefix(strings.TrimFunc(line, isBlank), "#") {
				joined.WriteString(strings.Trim(line, `\`))
				continue
			}
			joined.WriteString(line)
			if !yield(joined.String()) {
				return
			}
			joined.Reset()
		}
		yield(joined.String())
	}
}

func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\ufeff' || r == 0x1f || r == unicode.ReplacementChar
}

// shellWords splits as a shell does, with its quotes and backslashes; a quote
// that nothing closes reaches to the end.
func shellWords(s string) []string {
	var words []string
	var w strings.Builder
	inside, quote := false, byte(0)
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case quote == 0 && (b == ' ' || b == '\t'):
			if inside {
				words = append(words, w.String())
				w.Reset()
			}
			inside = false
			continue
		case b == quote:
			quote = 0
		case quote == 0 && (b == '\'' || b == '"'):
			quote = b
		case b == '\\' && quote != '\'' && i+1 < len(s):
			i++
			w.WriteByte(s[i])
		default:
			w.WriteByte(b)
		}
		inside = true
	}
	if inside {
		words = append(words, w.String())
	}
	return words
}
