package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TextOptions shapes the text report. The zero value fits git's remote lines.
type TextOptions struct {
	Lines int  // most lines; 0 is 25, less than 5 is 5
	Width int  // columns; 0 is 80, less than 40 is 40
	All   bool // every version, reason and note, however long
	NoAll bool // the reader has no flag --all to ask for more with
}

// Text writes an outcome for a person: the verdict first, then each line of a
// manifest that has to change with what to change it to, then what was admitted
// and where to turn. A command or an address is never broken over two lines.
func Text(w io.Writer, o verdict.Outcome, opt TextOptions) error {
	if opt.Lines == 0 {
		opt.Lines = 25
	}
	if opt.Width == 0 {
		opt.Width = 80
	}
	opt.Lines, opt.Width = max(opt.Lines, 5), max(opt.Width, 40)
	t := &textReport{o: o, opt: opt}
	_, err := io.WriteString(w, t.render())
	return err
}

type textReport struct {
	o   verdict.Outcome
	opt TextOptions
	// offered are the commands that were shown: one mends every line.
	offered []string
}

func (t *textReport) render() string {
	body := t.problemLines()
	for _, g := range t.groups() {
		body = append(body, t.groupLines(g)...)
	}
	if t.opt.All {
		body = append(body, t.admittedLines()...)
	}
	tail := t.tail()
	if room := t.opt.Lines - 1 - len(tail); !t.opt.All && len(body) > room {
		hidden := len(body) - (room - 1)
		body = append(body[:room-1], fmt.Sprintf("  … %d more lines: %s", hidden, t.o.DecisionURL))
	}
	lines := slices.Concat([]string{t.headline()}, body, tail)
	return strings.Join(lines, "\n") + "\n"
}

// flow puts the words of a text behind head and breaks lines at words; further
// lines begin with indent. What does not fit a line of its own is cut. At most
// three lines are written, unless everything was asked for.
func (t *textReport) flow(head, indent, text string) []string {
	const most = 3
	line, room := cut(head, t.opt.Width), t.opt.Width
	began := strings.TrimSpace(line) == ""
	var out []string
	for _, word := range strings.Fields(text) {
		gap := " "
		if began || strings.HasSuffix(line, " ") {
			gap = ""
		}
		if !began && width(line)+len(gap)+width(word) > room {
			out = append(out, strings.TrimRight(line, " "))
			line, gap = indent, ""
		}
		line += gap + cut(word, max(room-width(line)-len(gap), 8))
		began = false
	}
	out = append(out, strings.TrimRight(line, " "))
	if len(out) > most && !t.opt.All {
		out = append(out[:most-1], cut(out[most-1]+" …", room))
	}
	return out
}

func width(s string) int { return len([]rune(s)) }

func (t *textReport) groups() []group { return groupsOf(t.o.Versions) }

// observing counts, for the headline, what is handed out all the same.
func (t *textReport) observing() string {
	refused, held := 0, 0
	for _, v := range t.o.Versions {
		switch {
		case !observed(v):
		case verdict.Sum(v.Reasons) == verdict.Reject:
			refused++
		default:
			held++
		}
	}
	switch {
	case refused > 0 && held > 0:
		return fmt.Sprintf(" (observing: %d would be refused, %d held)", refused, held)
	case refused > 0:
		return fmt.Sprintf(" (observing: %d would be refused)", refused)
	case held > 0:
		return fmt.Sprintf(" (observing: %d would be held)", held)
	}
	return ""
}

func (t *textReport) headline() string {
	news, refused, held := 0, 0, 0
	for _, v := range t.o.Versions {
		if v.New {
			news++
		}
		switch v.Verdict {
		case verdict.Reject:
			refused++
		case verdict.Hold:
			held++
		}
	}
	of := Count(news, "new version", "new versions")
	if news == 0 || refused+held > news {
		of = Count(len(t.o.Versions), "version", "versions")
	}
	word, observing := strings.ToUpper(t.o.Verdict.String()), t.observing()
	var what string
	switch {
	case t.o.Status == verdict.Cancelled:
		word, what = "CANCELLED", "nothing was decided"
	case t.o.Status == verdict.Failed:
		word, what = "NO ANSWER", "not everything could be decided"
		if len(t.o.Versions) == 0 {
			what = "nothing was decided"
		}
	case refused > 0 && held > 0:
		what = fmt.Sprintf("%d refused and %d held of %s", refused, held, of)
	case refused > 0:
		what = fmt.Sprintf("%d of %s refused", refused, of)
	case held > 0:
		what = fmt.Sprintf("%d of %s held", held, of)
	case t.o.Verdict != verdict.Admit:
		what = "see below"
	case news == 0:
		what = "nothing new" + observing
	case observing != "":
		what = of + observing
	default:
		what = of + " admitted, ready to install"
	}
	rest := what + " (" + seconds(t.o.Took) + ")"
	head := word + "  "
	if files := t.files(); len(files) > 0 {
		more := ""
		if len(files) > 1 {
			more = fmt.Sprintf(" and %d more", len(files)-1)
		}
		if room := t.opt.Width - width(head) - width(more) - width(rest) - 2; room >= 12 {
			head += cut(safe(files[0]), room) + more + ": "
		}
	}
	return head + rest
}

func seconds(ms verdict.Milliseconds) string {
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}

// files are the manifests that the outcome speaks of, those to change first.
func (t *textReport) files() []string {
	var files []string
	add := func(f string) {
		if f != "" && !strings.HasPrefix(f, "pkg:") && !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	for _, v := range t.o.Versions {
		if objected(v) {
			add(v.File)
		}
	}
	for _, p := range t.o.Problems {
		add(p.File)
	}
	for _, v := range t.o.Versions {
		add(v.File)
	}
	return files
}

// place names a line: its file, too, where there are several.
func (t *textReport) place(file string, line int) string {
	switch {
	case file == "" || strings.HasPrefix(file, "pkg:"):
		return ""
	case len(t.files()) > 1:
		return cut(safe(finding.Location{File: file, Line: line}.String()), t.opt.Width/2) + "  "
	case line == 0:
		return ""
	}
	return fmt.Sprintf("line %d  ", line)
}

// indent is where what belongs to a line of a manifest begins.
func (t *textReport) indent(place string) string {
	if len(t.files()) > 1 {
		return "    "
	}
	return strings.Repeat(" ", width(place)+2)
}

func (t *textReport) problemLines() []string {
	var out []string
	for _, p := range t.o.Problems {
		word := map[verdict.Effect]string{verdict.EffectReject: "refused: ", verdict.EffectNote: "note: "}[p.Effect]
		lines := strings.Split(strings.TrimRight(p.Text, "\n"), "\n")
		place := t.place(p.File, p.Line)
		indent := t.indent(place)
		out = append(out, t.flow("  "+place, indent, word+safe(lines[0]))...)
		for _, l := range lines[1:] {
			deeper := strings.Repeat(" ", min(len(l)-len(strings.TrimLeft(l, " ")), 8))
			out = append(out, t.flow(indent+deeper, indent+deeper+"  ", safe(l))...)
		}
	}
	return out
}

// groupLines says what one manifest line brings that is not admitted, and what
// to do about it.
func (t *textReport) groupLines(g group) []string {
	place := t.place(g.file, g.line)
	indent := t.indent(place)
	var out []string
	for i, v := range g.versions {
		head, called := indent, safe(name(v))+forBuild(v)
		if i == 0 {
			head = "  " + place
			if g.asked != "" && !strings.HasPrefix(g.asked, "pkg:") {
				head += cut(safe(g.asked), t.opt.Width*2/3)
				called = "-> " + called
				if v.Direct {
					called = ""
				}
				head += " "
			}
		} else if !v.Direct {
			called = "-> " + called
		}
		head = strings.TrimRight(head+called, " ")
		if i > 0 || strings.TrimSpace(head) == "" {
			head = indent + called
		}
		if why := t.why(v); len(why) == 1 && width(head) <= t.opt.Width*3/4 {
			out = append(out, t.flow(head+"   ", indent+"  ", why[0])...)
		} else {
			out = append(out, cut(head, t.opt.Width))
			for _, w := range why {
				out = append(out, t.flow(indent+"  ", indent+"    ", w)...)
			}
		}
		if can := canDo(v); can != "" && (t.opt.All || changedPowers(v)) {
			out = append(out, t.flow(indent+"  can: ", indent+"    ", safe(can))...)
		}
	}
	return append(out, t.next(g, indent)...)
}

// next is what to do about a group: its remedy, when it opens, or the policy's
// advice.
func (t *textReport) next(g group, indent string) []string {
	for _, v := range g.versions {
		if v.Remedy != nil {
			return t.remedyLines(*v.Remedy, indent)
		}
	}
	if until := opens(g); until != "" && !says(g.versions[0], until) {
		return t.flow(indent, indent, "opens by itself on "+until)
	}
	for _, v := range g.versions {
		for _, r := range v.Reasons {
			if r.Remedy != "" && blocks(r) {
				return t.flow(indent, indent, safe(r.Remedy))
			}
		}
	}
	return nil
}

func (t *textReport) remedyLines(r verdict.Remedy, indent string) []string {
	text, command := safe(r.Text), safe(r.Command)
	if command != "" && strings.Contains(text, command) {
		return []string{indent + text} // to be copied whole
	}
	out := t.flow(indent, indent+"  ", text)
	if command == "" || slices.Contains(t.offered, command) {
		return out
	}
	t.offered = append(t.offered, command)
	or := "(or: " + command + ")"
	last := out[len(out)-1]
	if gap := t.opt.Width - width(last) - width(or); gap > 0 {
		out[len(out)-1] = last + strings.Repeat(" ", min(gap, 3)) + or
		return out
	}
	return append(out, indent+or)
}

// opens is when all of a group opens by itself; "" when it does not.
func opens(g group) string {
	var last time.Time
	for _, v := range g.versions {
		if v.Verdict != verdict.Hold || v.Until == nil {
			return ""
		}
		if v.Until.After(last) {
			last = *v.Until
		}
	}
	if last.IsZero() {
		return ""
	}
	return last.UTC().Format("2 January 2006, 15:04 UTC")
}

// says is whether the reason that stands in the report names the date already.
func says(v verdict.VersionOutcome, date string) bool {
	return len(v.Reasons) > 0 && strings.Contains(v.Reasons[0].Text, date)
}

// why folds the reasons of one version into one sentence, unless all of them
// were asked for.
func (t *textReport) why(v verdict.VersionOutcome) []string {
	var advisories []verdict.Reason
	var others []string
	would := ""
	if observed(v) {
		would = wouldBe(verdict.Sum(v.Reasons))
	}
	for _, r := range v.Reasons {
		switch {
		case !blocks(r):
		case r.Class == finding.Vulnerability && !t.opt.All:
			advisories = append(advisories, r)
		case would != "" && t.opt.All:
			others = append(others, wouldBe(verdict.Sum([]verdict.Reason{r}))+safe(r.Text))
		default:
			others = append(others, safe(r.Text))
		}
	}
	if len(advisories) > 0 {
		others = append([]string{advisoryLine(advisories)}, others...)
	}
	if t.opt.All || len(others) == 0 {
		return others
	}
	first := would + others[0]
	if len(others) > 1 {
		first += fmt.Sprintf(" (and %s)", Count(len(others)-1, "more reason", "more reasons"))
	}
	return []string{first}
}

// wouldBe begins what a registry that only observes has against a version.
func wouldBe(v verdict.Verdict) string {
	if v == verdict.Reject {
		return "would be refused: "
	}
	return "would be held: "
}

// advisoryLine says how many, how bad, and names the first: reasons come with
// the worst in front.
func advisoryLine(rs []verdict.Reason) string {
	worst, count, unknown := finding.Unknown, 0, 0
	for _, r := range rs {
		switch s := r.Severity; {
		case s <= finding.Unknown || s > finding.Critical:
			unknown++
		case s > worst:
			worst, count = s, 1
		case s == worst:
			count++
		}
	}
	var how string
	switch {
	case unknown == len(rs):
		how = "severity unknown"
	case unknown > 0:
		how = fmt.Sprintf("%d %s, %d of unknown severity", count, worst, unknown)
	case count == len(rs) && count == 1:
		how = worst.String()
	case count == len(rs):
		how = "all " + worst.String()
	default:
		how = fmt.Sprintf("%d %s", count, worst)
	}
	text := Count(len(rs), "advisory", "advisories") + ", " + how
	switch ids := rs[0].IDs; {
	case len(ids) == 0:
		return text
	case len(rs) > 1:
		return text + " (" + safe(ids[0]) + ", …)"
	default:
		return text + " (" + safe(ids[0]) + ")"
	}
}

// admittedLines lists what was admitted, with the notes about it.
func (t *textReport) admittedLines() []string {
	var out []string
	for _, v := range t.o.Versions {
		if v.Verdict == verdict.Admit {
			out = append(out, "  admitted  "+safe(nameOf(v.Purl)))
			if can := canDo(v); can != "" {
				out = append(out, t.flow("            can: ", "              ", safe(can))...)
			}
		}
		for _, r := range v.Reasons {
			if !blocks(r) {
				out = append(out, t.flow("  note      ", "            ", safe(nameOf(v.Purl))+": "+safe(r.Text))...)
			}
		}
	}
	return out
}

// tail says what was admitted and where to turn.
func (t *textReport) tail() []string {
	var out []string
	admitted, notes := 0, 0
	for _, v := range t.o.Versions {
		if v.Verdict == verdict.Admit {
			admitted++
		}
		for _, r := range v.Reasons {
			if !blocks(r) {
				notes++
			}
		}
	}
	noted := ""
	if notes > 0 && !t.opt.All {
		noted = Count(notes, "note", "notes")
		if !t.opt.NoAll {
			noted += " (--all lists them)"
		}
	}
	switch {
	case admitted > 0 && t.o.Verdict != verdict.Admit && noted != "":
		out = append(out, fmt.Sprintf("  %d admitted, ready to install; %s", admitted, noted))
	case admitted > 0 && t.o.Verdict != verdict.Admit:
		out = append(out, fmt.Sprintf("  %d admitted, ready to install", admitted))
	case noted != "":
		out = append(out, "  "+noted)
	}
	if t.o.Verdict != verdict.Admit && t.o.Status == verdict.Done {
		ask := fmt.Sprintf("Cannot change it today?  gatehouse ask %s --reason \"...\"", t.o.Request)
		if line := ask + "     " + t.o.DecisionURL; width(line) <= t.opt.Width {
			return append(out, line)
		}
		out = append(out, ask, "  "+t.o.DecisionURL)
	}
	if t.o.Verdict == verdict.Admit && t.o.Install != "" {
		out = append(out, "Install it:  "+t.o.Install)
	}
	return out
}

func safe(s string) string { return artifact.Untrusted(s).String() }

func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

// Count is a number with its noun: "1 version", "3 versions".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
