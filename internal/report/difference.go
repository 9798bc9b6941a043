package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	source "github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// How much of a difference is shown to a person at once; JSON has all of it.
const (
	differenceFacts = 20  // in text
	differenceFiles = 15  // in text, of each kind
	pageFacts       = 100 // on a page
	pageFiles       = 500 // on a page, of each kind
)

// DifferenceSentence sums up a difference.
func DifferenceSentence(d gate.Difference) string {
	switch d.Verdict {
	case verdict.Reject:
		return "What is new in it does what malware does"
	case verdict.Admit:
		switch {
		case len(d.Capabilities.Added) > 0:
			return "It can do more than before, and nothing of that stands against it"
		case len(d.Hooks.Added) > 0:
			return "What runs by itself has changed, and nothing of that stands against it"
		}
		return "Nothing new that matters"
	}
	return "Something new in it needs a person's look"
}

// DifferenceNext says what whoever has read a difference can do. It decides nothing.
func DifferenceNext(d gate.Difference) string {
	if !strings.HasPrefix(d.To, "pkg:") {
		switch d.Verdict {
		case verdict.Admit:
			return ""
		case verdict.Reject:
			return "Do not use it before somebody has read the code below"
		}
		return "Read the code below before you use it"
	}
	switch d.Verdict {
	case verdict.Reject:
		return "Stay with " + d.From + ", or take a version that does not do this"
	case verdict.Admit:
		return "To let it in: gatehouse admit " + d.To
	}
	return "Read the code below. If there is a good reason for it: gatehouse admit " + d.To + " and have the hold approved: gatehouse approve --help"
}

// NotCompared names the files of the later version that were not looked at, and
// what looks at them; "" where there are none.
func NotCompared(d gate.Difference) string {
	const named = 3
	n := len(d.NotCompared)
	if n == 0 {
		return ""
	}
	names := strings.Join(d.NotCompared[:min(n, named)], ", ")
	if n > named {
		names += fmt.Sprintf(" and %d more", n-named)
	}
	return safe(names + "; to look at all:  gatehouse scan --baseline " + d.From + " " + d.To)
}

// Difference writes what changed between two versions for a person.
func Difference(w io.Writer, d gate.Difference) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n        compared with %s\n%s.\n", strings.ToUpper(d.Verdict.String()), safe(d.To), safe(d.From), DifferenceSentence(d))
	flow(&b, "", "", safe(DifferenceNext(d)))
	for _, pair := range d.Archives {
		flow(&b, "  compared: ", "    ", safe(pair.To)+" with "+safe(pair.From))
	}
	flow(&b, "  not looked at: ", "    ", NotCompared(d))
	for _, p := range d.Problems {
		flow(&b, "  not compared: ", "    ", safe(p))
	}
	section(&b, "New that stands against it", each(d.Findings, func(f gate.DifferenceFinding) string {
		if f.Effect == verdict.EffectNote || f.Effect == verdict.EffectAdmit {
			return ""
		}
		var l strings.Builder
		flow(&l, fmt.Sprintf("  %-7s ", effective(f.Effect)), "          ", safe(f.Text)+" ("+safe(f.Rule)+")")
		return strings.TrimSuffix(l.String(), "\n")
	}))
	section(&b, "It can now", each(d.Capabilities.Evidence, func(c verdict.Capability) string {
		return fmt.Sprintf("  %-14s %s", safe(c.Word), safe(evidence(c)))
	}))
	section(&b, "It can no longer", each(d.Capabilities.Removed, func(word string) string { return "  " + safe(word) }))
	section(&b, "Runs without being called", hookLines(d.Hooks))
	section(&b, "New in the code", factLines(d.Facts))
	section(&b, "Says of itself", each(d.Metadata, func(c gate.WordChange) string { return "  " + changeWords(c) }))
	section(&b, "Publisher and provenance", each(d.Provenance, func(c gate.WordChange) string { return "  " + changeWords(c) }))
	for _, of := range filesOf(d.Files, differenceFiles) {
		lines := each(of.Rows, func(f gate.ArchivedFile) string { return "  " + f.SHA256.Short() + "  " + safe(f.Path) })
		if of.More > 0 {
			lines = append(lines, fmt.Sprintf("  and %d more; --format json lists them, and each sha256 in full", of.More))
		}
		section(&b, of.Title, lines)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// section writes lines below a title, where there are any.
func section(b *strings.Builder, title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n%s:\n%s\n", title, strings.Join(lines, "\n"))
	}
}

// each makes a line of each item; "" leaves it out.
func each[T any](items []T, line func(T) string) []string {
	var out []string
	for _, x := range items {
		if l := line(x); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func factLines(d gate.FactsDifference) []string {
	var out []string
	shown := map[string]bool{}
	for _, f := range d.Added[:min(len(d.Added), differenceFacts)] {
		at := fmt.Sprintf("%s:%d", safe(f.Path), f.Line)
		out = append(out, "  "+at+"  "+factWords(f))
		if shown[at] {
			continue // the code that stands there
		}
		shown[at] = true
		for _, l := range f.Excerpt {
			mark := " "
			if l.Number == f.Line {
				mark = ">"
			}
			out = append(out, fmt.Sprintf("    %s %4d  %s", mark, l.Number, cut(safe(l.Text), 110)))
		}
	}
	if more := d.More + max(0, len(d.Added)-differenceFacts); more > 0 {
		out = append(out, fmt.Sprintf("  and %d more; --format json lists them", more))
	}
	return out
}

// factWords says a fact in a line.
func factWords(f gate.AddedFact) string {
	words := []string{string(f.Kind)}
	if f.Name != "" {
		words = append(words, f.Name)
	}
	if args := strings.Join(f.Args, " "); strings.TrimSpace(args) != "" {
		words = append(words, "("+cut(args, 80)+")")
	}
	if len(f.From) > 0 {
		words = append(words, "of "+strings.Join(f.From, ", "))
	}
	if f.Disguised {
		words = append(words, "in disguise")
	}
	if f.Layer > 0 {
		words = append(words, fmt.Sprintf("decoded %s", Count(f.Layer, "time", "times")))
	}
	switch {
	case f.Role == source.Install || f.Role == source.Startup:
		words = append(words, "- "+when(f.Role))
	case f.NewFile:
		words = append(words, "- in a new file")
	}
	return safe(strings.Join(words, " "))
}

// hookLines lists what runs by itself, what is started before what that imports.
func hookLines(h gate.HooksDifference) []string {
	added := direct(h.Added)
	out := each(added[:min(len(added), differenceFiles)], func(f gate.HookFile) string {
		return fmt.Sprintf("  %s: %s%s  %s", when(f.Role), safe(f.Path), by(f.RunBy), f.SHA256.Short())
	})
	if more := len(added) - differenceFiles; more > 0 {
		out = append(out, fmt.Sprintf("  and %d more; --format json lists them", more))
	}
	return out
}

// direct puts what is started before what is only imported by that.
func direct(files []gate.HookFile) []gate.HookFile {
	files = slices.Clone(files)
	slices.SortStableFunc(files, func(x, y gate.HookFile) int {
		imported := func(f gate.HookFile) int {
			if strings.HasPrefix(f.RunBy, "imported by ") {
				return 1
			}
			return 0
		}
		return cmp.Compare(imported(x), imported(y))
	})
	return files
}

func when(r source.Role) string {
	switch r {
	case source.Install:
		return "at installation"
	case source.Startup:
		return "at every start"
	}
	return string(r)
}

func by(who string) string {
	switch {
	case who == "":
		return ""
	case strings.HasPrefix(who, "run by "), strings.HasPrefix(who, "imported by "):
		return ", " + safe(who)
	}
	return ", run by " + safe(who)
}

func changeWords(c gate.WordChange) string {
	switch {
	case c.From == "":
		return safe(c.What) + ": now also " + safe(c.To)
	case c.To == "":
		return safe(c.What) + ": no longer " + safe(c.From)
	}
	return safe(c.What) + ": " + safe(c.From) + " -> " + safe(c.To)
}

var differencePage = sync.OnceValue(func() *template.Template {
	return template.Must(Pieces().Funcs(template.FuncMap{
		"when": when, "by": by, "fact": factWords, "change": changeWords, "effect": effective, "notCompared": NotCompared, "bytes": func(n int64) int { return int(n) },
		"here": func(l scan.ExcerptLine, f gate.AddedFact) bool { return l.Number == f.Line },
	}).ParseFS(web, "web/difference.html"))
})

// DifferenceHTML writes a difference as one page that needs nothing else, like HTML.
func DifferenceHTML(w io.Writer, d gate.Difference, generator string) error {
	data := struct {
		gate.Difference
		Class, Word, Sentence, Next, Policy, Generator string
		Blocking                                       []gate.DifferenceFinding
		Notes                                          []gate.DifferenceFinding
		MoreFacts                                      int
		Kinds                                          []listedFiles
		Style                                          template.CSS
		Script                                         template.JS
	}{Difference: d, Class: d.Verdict.String(), Word: cmp.Or(map[verdict.Verdict]string{verdict.Reject: "Reject", verdict.Admit: "Nothing against it"}[d.Verdict], "Hold"), Sentence: DifferenceSentence(d), Next: DifferenceNext(d), Policy: pagePolicy, Generator: generator,
		Style: template.CSS(Style), Script: template.JS(Script)}
	for _, f := range d.Findings {
		if f.Effect == verdict.EffectNote || f.Effect == verdict.EffectAdmit {
			data.Notes = append(data.Notes, f)
		} else {
			if strings.Contains(f.Remedy, "gatehouse diff ") {
				f.Remedy = "" // this is what it shows
			}
			data.Blocking = append(data.Blocking, f)
		}
	}
	data.Hooks.Added = direct(d.Hooks.Added)
	data.MoreFacts = d.Facts.More + max(0, len(d.Facts.Added)-pageFacts)
	data.Facts.Added = d.Facts.Added[:min(len(d.Facts.Added), pageFacts)]
	data.Kinds = filesOf(d.Files, pageFiles)
	var b bytes.Buffer
	if err := differencePage().ExecuteTemplate(&b, "difference.html", data); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// listedFiles is one list of files, cut to a length.
type listedFiles struct {
	Title string
	Rows  []gate.ArchivedFile
	More  int
}

func filesOf(f gate.FilesDifference, most int) []listedFiles {
	changed := make([]gate.ArchivedFile, 0, len(f.Changed))
	for _, c := range f.Changed {
		changed = append(changed, gate.ArchivedFile{Path: c.Path, SHA256: c.To, Size: c.Size})
	}
	var out []listedFiles
	for _, of := range []struct {
		word string
		rows []gate.ArchivedFile
	}{{"added", f.Added}, {"changed", changed}, {"removed", f.Removed}} {
		if n := len(of.rows); n > 0 {
			out = append(out, listedFiles{Count(n, "file", "files") + " " + of.word, of.rows[:min(n, most)], max(0, n-most)})
		}
	}
	return out
}
