package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Scan is the answer of `gatehouse scan`, in its JSON shape: what was seen in
// each file, without anything being admitted.
type Scan struct {
	Files    []ScannedFile     `json:"files"`
	Problems []verdict.Problem `json:"problems,omitempty"` // what could not be scanned, and why
}

// ScannedFile is one archive, folder or source file.
type ScannedFile struct {
	File         string              `json:"file"` // as it was named, or as its version calls it
	Purl         string              `json:"purl,omitempty"`
	SHA256       artifact.Digest     `json:"sha256"` // of a folder: of its content, packed
	Verdict      verdict.Verdict     `json:"verdict"`
	Score        int                 `json:"score"` // of its behaviour: 0 nothing of interest, 40 and more a hold, 80 to 100 a reject
	Findings     []ScannedFinding    `json:"findings"`
	Capabilities []string            `json:"capabilities"` // sorted words: exec, net, ...
	Evidence     []ScannedCapability `json:"evidence,omitempty"`
	Baseline     string              `json:"baseline,omitempty"` // what it was compared with
}

// ScannedFinding is one thing that was seen, and what the policy makes of it.
type ScannedFinding struct {
	Rule     string           `json:"rule"`
	Path     string           `json:"path"` // inside the file; "" for all of it
	Line     int              `json:"line"` // 0: the whole of Path
	Severity finding.Severity `json:"severity"`
	Text     string           `json:"text"`
	Class    finding.Class    `json:"class"`
	Effect   verdict.Effect   `json:"effect"`
	IDs      []string         `json:"ids,omitempty"`
	Remedy   string           `json:"remedy,omitempty"`
}

// ScannedCapability is one place that shows a capability.
type ScannedCapability struct {
	Word string `json:"word"`
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
}

// Worst is the verdict over all files; what could not be scanned holds.
func (s Scan) Worst() verdict.Verdict {
	worst := verdict.Admit
	if len(s.Problems) > 0 {
		worst = verdict.Hold
	}
	for _, f := range s.Files {
		if f.Verdict == verdict.Reject {
			return verdict.Reject
		} else if f.Verdict != verdict.Admit {
			worst = verdict.Hold
		}
	}
	return worst
}

// notesShown bounds the notes of one file in text; JSON has all of them.
const notesShown = 5

// ScanText writes a scan for a person: what is refused first, each finding with
// its place, and last one line that sums up.
func ScanText(w io.Writer, s Scan) error {
	var b strings.Builder
	counts := map[verdict.Verdict]int{}
	files := slices.Clone(s.Files)
	slices.SortStableFunc(files, func(x, y ScannedFile) int { return cmp.Compare(rank(x.Verdict), rank(y.Verdict)) })
	for _, f := range files {
		counts[f.Verdict]++
		scannedText(&b, f)
	}
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "%s  not scanned: %s\n", safe(finding.Location{File: p.File, Line: p.Line}.String()), safe(p.Text))
	}
	fmt.Fprintf(&b, "%s: %d to reject, %d to hold, %d clean", Count(len(files), "file scanned", "files scanned"),
		counts[verdict.Reject], counts[verdict.Hold], counts[verdict.Admit])
	if n := len(s.Problems); n > 0 {
		fmt.Fprintf(&b, ", %d not scanned", n)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func rank(v verdict.Verdict) int {
	switch v {
	case verdict.Reject:
		return 0
	case verdict.Admit:
		return 2
	}
	return 1
}

func scannedText(b *strings.Builder, f ScannedFile) {
	word := strings.ToUpper(f.Verdict.String())
	if f.Verdict == verdict.Admit {
		word = "clean"
	}
	fmt.Fprintf(b, "%-6s  %s  score %d\n", word, safe(f.File), f.Score)
	if f.Baseline != "" {
		fmt.Fprintf(b, "        compared with %s\n", safe(f.Baseline))
	}
	findings := slices.Clone(f.Findings)
	slices.SortStableFunc(findings, func(x, y ScannedFinding) int { return cmp.Compare(effectRank(x.Effect), effectRank(y.Effect)) })
	notes := 0
	type heading struct {
		effect           verdict.Effect
		rule, path, text string
		line             int
	}
	said := map[heading]bool{} // several facts of one line read the same
	advice := ""               // the one that stands above
	for _, x := range findings {
		h := heading{x.Effect, x.Rule, x.Path, x.Text, x.Line}
		if said[h] {
			continue
		}
		said[h] = true
		if effectRank(x.Effect) == 2 {
			if notes++; notes > notesShown {
				continue
			}
		}
		if effectRank(x.Effect) == 2 || x.Remedy == advice {
			x.Remedy = ""
		} else {
			advice = x.Remedy
		}
		scannedFinding(b, x)
	}
	if notes > notesShown {
		fmt.Fprintf(b, "  and %s; --format json lists them\n", Count(notes-notesShown, "more note", "more notes"))
	}
	if len(f.Capabilities) > 0 {
		flow(b, "  can: ", "       ", safe(strings.Join(f.Capabilities, ", ")))
	}
}

func effectRank(e verdict.Effect) int {
	switch e {
	case verdict.EffectReject:
		return 0
	case verdict.EffectNote, verdict.EffectAdmit:
		return 2
	}
	return 1
}

// scannedFinding writes one finding, and what to do about it where that is not said
// above.
func scannedFinding(b *strings.Builder, x ScannedFinding) {
	place := safe(finding.Location{File: x.Path, Line: x.Line}.String())
	text := safe(x.Text)
	if place != "" {
		text = strings.TrimPrefix(text, place+": ") // it stands in the line above
		place += "  "
	}
	const indent = "          "
	fmt.Fprintf(b, "  %-6s  %s%s\n", x.Effect, place, safe(x.Rule))
	flow(b, indent, indent, text)
	if x.Remedy != "" {
		flow(b, indent, indent, safe(x.Remedy))
	}
}

// columns is how wide the text for a terminal is.
const columns = 80

// flow writes words in lines of at most columns. A word that is longer stays
// whole: it is a path or a command's argument, and there to be copied.
func flow(b *strings.Builder, head, indent, text string) {
	line, began := head, false
	for _, word := range strings.Fields(text) {
		switch {
		case !began:
			line += word
		case width(line)+1+width(word) > columns:
			b.WriteString(line + "\n")
			line = indent + word
		default:
			line += " " + word
		}
		began = true
	}
	if began {
		b.WriteString(line + "\n")
	}
}

// ScanSARIF writes a scan in the same form as SARIF, each result with the line
// it is about and the score of its file.
func ScanSARIF(w io.Writer, s Scan, generator string) error {
	out := &sarif{report: Report{Generator: generator, Outcome: verdict.Outcome{Status: verdict.Done, Verdict: s.Worst()}}, rules: map[string]int{}, seen: map[string]int{}}
	for _, p := range s.Problems {
		out.problem(p)
	}
	for _, f := range s.Files {
		for _, x := range f.Findings {
			out.scanned(f, x)
		}
	}
	return writeJSON(w, out.log())
}

func (s *sarif) scanned(f ScannedFile, x ScannedFinding) {
	file := f.File
	if x.Path != "" {
		file = strings.TrimSuffix(file, "/") + "/" + x.Path
	}
	s.add(verdict.Reason{Rule: x.Rule, Class: x.Class, Effect: x.Effect, Severity: x.Severity, Text: x.Text, Remedy: x.Remedy, IDs: x.IDs}, f.Purl, strings.TrimLeft(file, "/"), x.Line)
	p := s.results[len(s.results)-1].Properties
	p["score"], p["verdict"], p["archive"], p["sha256"] = f.Score, f.Verdict.String(), safe(f.File), f.SHA256
}
