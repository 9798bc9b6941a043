package report

import (
	"fmt"
	"slices"
	"strings"
)

// Source is a manifest as far as there is something to say about it: the lines
// that are spoken of, with a few around them.
type Source struct {
	Path string
	Rows []SourceRow
}

// SourceRow is one line of a manifest, with what is said about it, or a gap.
type SourceRow struct {
	Line  int // 0: lines left out
	Text  string
	Class string // reject, hold, note, "" for a line that is only there for context
	Gap   int    // lines left out here
	Said  []Said
}

// Said is one remark at a line.
type Said struct {
	Class, Word string
	Text        string
	Anchor      string // of the change that says more; may be empty
	Write       string // the line to write instead
	Do          string // or the command
}

// How much of manifests a report shows. They may hold what is not everybody's
// business, so it is only what is spoken of.
const (
	linesAround = 2
	maxRows     = 400 // of one manifest
	maxSources  = 50
)

// sources gathers what is said about lines of manifests and shows it there.
func (r Report) sources(v View) []Source {
	said := map[string]map[int][]Said{}
	var order []string
	add := func(file string, line int, s Said) {
		if !inManifest(file) || line <= 0 {
			return
		}
		if said[file] == nil {
			said[file] = map[int][]Said{}
			order = append(order, file)
		}
		said[file][line] = append(said[file][line], s)
	}
	for _, c := range v.Changes {
		add(c.File, c.Line, c.said())
	}
	for _, p := range v.Problems {
		first, _, _ := strings.Cut(p.Text, "\n")
		word := map[string]string{"reject": "Refused", "hold": "Held", "note": "Note"}[p.Class]
		add(p.File, p.Line, Said{Class: p.Class, Word: word, Text: strings.TrimRight(first, ". ")})
	}
	var out []Source
	for _, file := range order[:min(len(order), maxSources)] {
		content, _ := r.content(file)
		if rows := rowsOf(content, said[file]); len(rows) > 0 {
			out = append(out, Source{Path: file, Rows: rows})
		}
	}
	return out
}

// said folds a change into one remark.
func (c Change) said() Said {
	s := Said{Class: c.Class, Word: c.Word, Anchor: c.Anchor, Write: c.Write}
	if len(c.Versions) == 1 {
		s.Text = c.Versions[0].gist()
	} else {
		var names []string
		for _, v := range c.Versions[:min(3, len(c.Versions))] {
			names = append(names, v.Name)
		}
		if len(c.Versions) > 3 {
			names = append(names, fmt.Sprintf("%d more", len(c.Versions)-3))
		}
		s.Text = "brings in " + strings.Join(names, ", ")
	}
	switch {
	case c.Opens != "" && !strings.Contains(s.Text, day(c.OpensAt)):
		s.Text += ". Opens by itself on " + day(c.OpensAt)
	case c.Remedy != nil && c.Write == "":
		s.Do = c.Remedy.Command
	}
	s.Text = strings.TrimRight(s.Text, ". ")
	return s
}

// gist is a version's reasons in a few words.
func (v VersionView) gist() string {
	text := ""
	switch {
	case v.Tally != "":
		text = v.Tally
	case len(v.Advisories) == 1:
		text = v.Advisories[0].IDs[0] + ", " + v.Advisories[0].Severity.String()
	case len(v.Others) > 0:
		text = v.Others[0].Text
	}
	if more := len(v.Others); more > 0 && len(v.Advisories) > 0 {
		text += fmt.Sprintf(", and %s", Count(more, "more reason", "more reasons"))
	}
	if !v.Direct {
		text = v.Name + forBuild(v.VersionOutcome) + ": " + text
	}
	return text
}

func (r Report) content(file string) ([]byte, bool) {
	for _, s := range slices.Concat(r.Request.Files, r.Request.Include) {
		if s.Path == file {
			return s.Content, true
		}
	}
	return nil, false
}

func rowsOf(content []byte, said map[int][]Said) []SourceRow {
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	var out []SourceRow
	last := 0 // the last line shown
	for i, text := range lines {
		n := i + 1
		if !near(said, n) {
			continue
		}
		if len(out) >= maxRows {
			break
		}
		if n > last+1 {
			out = append(out, SourceRow{Gap: n - last - 1})
		}
		row := SourceRow{Line: n, Text: withoutSecrets(strings.TrimRight(text, "\r")), Said: said[n]}
		for _, s := range said[n] {
			row.Class = worse(row.Class, s.Class)
		}
		out, last = append(out, row), n
	}
	if last < len(lines) && len(out) > 0 {
		out = append(out, SourceRow{Gap: len(lines) - last})
	}
	return out
}

func near(said map[int][]Said, line int) bool {
	for d := -linesAround; d <= linesAround; d++ {
		if len(said[line+d]) > 0 {
			return true
		}
	}
	return false
}

func worse(a, b string) string {
	rank := map[string]int{"": 0, "note": 1, "hold": 2, "reject": 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}
