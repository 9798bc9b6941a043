package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Marker is the first line of every Markdown report, for ever the same: a bot
// finds the comment that it wrote before by it, and updates that one.
const Marker = "<!-- gatehouse-report -->"

// What one comment may be. Forges refuse comments of more than 65,536
// characters, and nobody reads one that fills the screen twice.
const (
	markdownLines  = 60   // all of the parts below together stay under it
	markdownRows   = 8    // of the table
	markdownFolded = 9    // lines of a folded list
	markdownWaived = 2    // lines about waivers
	markdownNames  = 6000 // bytes of the names of what was admitted
)

// Markdown writes a report as a comment for a pull request: the marker, the
// verdict in a sentence, a table of what is refused or held with what to do,
// and the details folded. It has at most 60 lines. Nothing that came from
// outside can mention somebody, link, embed an image or end the table.
func Markdown(w io.Writer, r Report) error {
	v := NewView(r, r.At)
	m := &markdown{}
	m.line(Marker)
	m.line("### %s %s: %s", sign(v.Class), v.Word, v.Sentence)
	m.line("")
	if v.Next != "" {
		m.line("%s", v.Next) // our own words
		m.line("")
	}
	m.problems(v.Problems)
	m.table(v)
	m.commands(v)
	m.advisories(v)
	m.capabilities(v)
	m.waived(v.Waived)
	m.admitted(v)
	m.foot(r)
	text := strings.Join(m.lines[:min(len(m.lines), markdownLines)], "\n") + "\n"
	_, err := io.WriteString(w, text)
	return err
}

type markdown struct{ lines []string }

func (m *markdown) line(format string, args ...any) {
	m.lines = append(m.lines, fmt.Sprintf(format, args...))
}

func sign(class string) string {
	return map[string]string{"admit": "✅", "reject": "❌", "hold": "⏸️"}[class]
}

func md(s string) string { return artifact.Untrusted(s).Markdown() }

// code is text from outside in a code span, which no forge looks into. A
// backtick would end it, a bar the table's cell, and our own marker belongs to the
// first line alone.
func code(s string) string {
	s = inCode.Replace(cut(safe(s), 120))
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "`" + s + "`"
}

func (m *markdown) problems(ps []ProblemView) {
	const most = 4
	for i, p := range ps {
		if i == most {
			m.line("- and %d more", len(ps)-most)
			break
		}
		first, _, _ := strings.Cut(p.Text, "\n")
		m.line("- %s%s: %s", place(p.File, p.Line), p.Word, md(cut(safe(first), 240)))
	}
	if len(ps) > 0 {
		m.line("")
	}
}

var inCode = strings.NewReplacer("`", "ˋ", "|", "¦", "<!--", "<! --")

// place names a line of a manifest, with a gap behind it.
func place(file string, line int) string {
	switch {
	case !inManifest(file):
		return ""
	case line == 0:
		return code(file) + " "
	}
	return fmt.Sprintf("%s line %d ", code(file), line)
}

func (m *markdown) table(v View) {
	if len(v.Changes) == 0 {
		return
	}
	m.line("| | Where | What | Why | What to do |")
	m.line("|---|---|---|---|---|")
	for i, c := range v.Changes {
		if i == markdownRows {
			m.line("| | | and %s | | see the full report |", Count(len(v.Changes)-i, "more line", "more lines"))
			break
		}
		m.line("| %s | %s | %s | %s | %s |", c.Word, strings.TrimSpace(place(c.File, c.Line)), code(c.Title), md(cut(safe(c.said().Text), 200)), c.todo())
	}
	m.line("")
}

// todo is what to do about a change, in a cell.
func (c Change) todo() string {
	switch {
	case c.Write != "":
		return "write " + code(c.Write)
	case c.Remedy != nil && c.Remedy.Command != "":
		return "run " + code(c.Remedy.Command)
	case c.Remedy != nil:
		return md(cut(safe(c.Remedy.Text), 160))
	case c.Opens != "":
		return "opens by itself on " + day(c.OpensAt)
	}
	return md(cut(safe(c.Do), 160))
}

func (m *markdown) commands(v View) {
	if v.Apply != "" {
		m.line("Let the gate write the changes: %s", code(v.Apply))
		m.line("")
	}
	if v.Report.Outcome.Install != "" {
		m.line("Install it: %s", code(v.Report.Outcome.Install))
		m.line("")
	}
}

// fold writes lines that stay folded until somebody asks, the first of all that
// there are.
func (m *markdown) fold(title string, lines []string, all int, more string) {
	if len(lines) == 0 {
		return
	}
	m.line("<details><summary>%s</summary>", title)
	m.line("")
	for i, l := range lines {
		if i == markdownFolded-1 && len(lines) > markdownFolded {
			m.line("- and %d more %s", all-i, more)
			break
		}
		m.line("%s", l)
	}
	m.line("</details>")
	m.line("")
}

func (m *markdown) advisories(v View) {
	var lines []string
	all := 0
	for _, c := range v.Changes {
		for _, x := range c.Versions {
			if all += len(x.Advisories) + len(x.Others); len(lines) > markdownFolded {
				continue // they are only counted
			}
			for _, a := range x.Advisories {
				fixed := "no fix is known"
				if len(a.Fixed) > 0 {
					fixed = "fixed in " + md(strings.Join(a.Fixed, ", "))
				}
				lines = append(lines, fmt.Sprintf("- %s %s %s, %s: %s", code(x.Name), a.Severity, code(a.IDs[0]), cut(fixed, 120), md(cut(safe(a.Says), 160))))
			}
			for _, a := range x.Others {
				lines = append(lines, fmt.Sprintf("- %s %s by rule %s: %s", code(x.Name), a.Word, code(a.Rule), md(cut(safe(a.Text), 200))))
			}
		}
	}
	m.fold(Count(all, "reason", "reasons"), lines, all, "in the full report")
}

// capabilities lists what versions can do that are held for it, or can do more than
// before.
func (m *markdown) capabilities(v View) {
	const most = 2
	var lines []string
	all := 0
	for _, o := range v.Report.Outcome.Versions {
		if canDo(o) == "" || !changedPowers(o) {
			continue
		}
		if all++; all > most {
			continue
		}
		var words []string
		for _, c := range o.Capabilities {
			word := md(c.Word)
			if c.New {
				word = "**" + word + "** (new since " + md(o.ComparedWith) + ", " + code(c.Place.String()) + ")"
			}
			words = append(words, word)
		}
		lines = append(lines, fmt.Sprintf("- %s can: %s", code(name(o)), cut(strings.Join(words, ", "), 600)))
	}
	if all > most {
		lines = append(lines, fmt.Sprintf("- and %d more in the full report", all-most))
	}
	m.fold("what "+Count(all, "version", "versions")+" can do", lines, len(lines), "")
}

func (m *markdown) waived(ws []WaivedView) {
	const most = markdownWaived
	var lines []string
	for i, w := range ws {
		if i == most {
			lines = append(lines, fmt.Sprintf("- and %d more", len(ws)-most))
			break
		}
		lines = append(lines, fmt.Sprintf("- %s %s", code(w.Name), md(cut(safe(w.Text), 200))))
	}
	m.fold(Count(len(ws), "accepted by a waiver", "accepted by waivers"), lines, len(lines), "")
}

func (m *markdown) admitted(v View) {
	if len(v.Listed) == 0 {
		return
	}
	var b strings.Builder
	for i, x := range v.Listed {
		if b.Len() > markdownNames {
			fmt.Fprintf(&b, " and %d more", len(v.Listed)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(code(x.Name))
	}
	word := "admitted"
	if v.Report.Audit != nil {
		word = "with nothing known against"
	}
	m.fold(fmt.Sprintf("%d %s", len(v.Listed), word), []string{b.String()}, 1, "")
}

func (m *markdown) foot(r Report) {
	o := r.Outcome
	parts := []string{}
	if url := r.DecisionURL(); url != "" {
		parts = append(parts, fmt.Sprintf("[the full report](<%s>)", url))
	}
	if o.Request != "" {
		parts = append(parts, "request "+code(o.Request))
	}
	if r.Request.Project != "" {
		parts = append(parts, "project "+code(r.Request.Project))
	}
	if r.Request.Registry != "" {
		parts = append(parts, "registry "+code(r.Request.Registry))
	}
	if ask := r.Ask(); ask != "" && o.Verdict != verdict.Admit {
		parts = append(parts, "cannot change it today? "+code(ask))
	}
	parts = append(parts, "gatehouse "+md(r.Generator))
	m.line("<sub>%s</sub>", strings.Join(parts, " · "))
}
