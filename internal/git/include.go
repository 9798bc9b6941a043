package git

import (
	"fmt"
	"io/fs"
	"iter"
	"path"
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

// tree is the manifests of one commit and what may be part of them.
type tree struct {
	files   map[string]string // path to blob id
	objects *objects
	direct  map[string][]string // what each file looked at includes itself
}

func newTree(files map[string]string, o *objects) *tree {
	return &tree{files: files, objects: o, direct: map[string][]string{}}
}

// content gives a file's bytes; false for one above the cap.
func (t *tree) content(p string) ([]byte, bool, error) {
	b, ok, err := t.objects.blob(t.files[p])
	if err != nil {
		err = fmt.Errorf("reading %q: %w", p, err)
	}
	return b, ok, err
}

// reads lists every path that a manifest includes, through any number of files;
// paths that are not there too, since they may have been.
func (t *tree) reads(root string) ([]string, error) {
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
