package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// group is what one requirement of a manifest is refused or held for.
type group struct {
	file, asked string
	line        int
	versions    []verdict.VersionOutcome
}

func groupsOf(vs []verdict.VersionOutcome) []group {
	var out []group
	for _, v := range vs {
		if !objected(v) {
			continue
		}
		i := slices.IndexFunc(out, func(g group) bool { return g.file == v.File && g.line == v.Line && g.asked == v.Asked })
		if i < 0 {
			out = append(out, group{file: v.File, line: v.Line, asked: v.Asked})
			i = len(out) - 1
		}
		out[i].versions = append(out[i].versions, v)
	}
	return out
}

// objected says whether a version is refused or held, or would be if its
// registry did more than observe.
func objected(v verdict.VersionOutcome) bool { return v.Verdict != verdict.Admit || observed(v) }

// observed says whether a version is handed out only because its registry
// observes: reasons against it are left.
func observed(v verdict.VersionOutcome) bool {
	return v.Verdict == verdict.Admit && verdict.Sum(v.Reasons) != verdict.Admit
}

// blocks says whether a reason stands in the way.
func blocks(r verdict.Reason) bool {
	return r.Effect != verdict.EffectNote && r.Effect != verdict.EffectAdmit
}

// name is what people call a version. It may have come as JSON, which has the
// purl only.
func name(v verdict.VersionOutcome) string {
	if v.Version.Number != "" {
		return v.Version.Package.Name + " " + v.Version.Number
	}
	return nameOf(v.Purl)
}

// forBuild says behind a name that nothing needs it when the closure runs.
func forBuild(v verdict.VersionOutcome) string {
	if v.Build {
		return " (build)"
	}
	return ""
}

func nameOf(purl string) string {
	v, err := artifact.ParsePurl(purl)
	if err != nil {
		return purl
	}
	return strings.TrimSpace(v.String())
}

// inManifest says whether a file is one that a person can open, not the purl
// that was asked for by name.
func inManifest(file string) bool { return file != "" && !strings.HasPrefix(file, "pkg:") }

// View is what the HTML report shows, and the page of a request with it. Build
// it with NewView.
type View struct {
	Summary
	Report   Report
	Changes  []Change
	Problems []ProblemView
	Sources  []Source
	Tree     []*Node
	Bar      []Bar
	Listed   []VersionView // what may be installed
	Waived   []WaivedView
	Notes    []NotedView
	Apply    string // the one command that writes every proved change
	Facts    []Fact
}

// ProblemView is something about the files themselves.
type ProblemView struct {
	verdict.Problem
	Class string // reject, hold, note
	Word  string
}

// Change is one line of a manifest that cannot stay as it is, with the versions
// that it pulls in and that are refused or held.
type Change struct {
	File, Asked string
	Line        int
	Class, Word string
	Anchor      string // id of the element
	Title       string
	Remedy      *verdict.Remedy
	Write       string // the line to write instead; "" where the remedy is a command
	Opens       string // in words; "" when it does not open by itself
	OpensAt     time.Time
	Do          string // what the policy advises where there is no remedy
	Said        bool   // a reason below gives that advice already
	Versions    []VersionView
}

// VersionView is a version with its reasons in order.
type VersionView struct {
	verdict.VersionOutcome
	Name, URL  string
	Class      string
	Word       string
	Path       []string // what pulls it in, from the direct requirement down
	Advisories []ReasonView
	Tally      string // "28 advisories: 3 critical, 12 high"
	Others     []ReasonView
	Decisions  []string
	Maker      string // who made its files, as it was verified; "" where nobody is named
}

// ReasonView is one reason for people.
type ReasonView struct {
	verdict.Reason
	Word  string // "refuses", "holds", "note"
	Badge string // severity, "" where it says nothing
	Says  string // the text without the ids and versions that follow it
}

// WaivedView is a reason that a person's waiver turned into a note.
type WaivedView struct {
	ReasonView
	Name string
}

// NotedView is a remark about a version.
type NotedView struct {
	ReasonView
	Name string
}

// Fact is one line of what a report was made from.
type Fact struct{ Name, Value string }

// NewView arranges a report for people; now is the moment that "in 3 days"
// counts from.
func NewView(r Report, now time.Time) View {
	v := View{Summary: r.summarise(), Report: r}
	for _, p := range r.Outcome.Problems {
		v.Problems = append(v.Problems, problemView(p))
	}
	for i, g := range groupsOf(r.Outcome.Versions) {
		v.Changes = append(v.Changes, r.change(i, g, now))
	}
	for _, o := range r.Outcome.Versions {
		vv := r.versionView(o)
		if !objected(o) && !notLookedUp(o) {
			v.Listed = append(v.Listed, vv)
		}
		for _, reason := range o.Reasons {
			switch {
			case blocks(reason):
			case reason.Waiver != "":
				v.Waived = append(v.Waived, WaivedView{reasonView(reason), vv.Name})
			default:
				v.Notes = append(v.Notes, NotedView{reasonView(reason), vv.Name})
			}
		}
		if m := o.Remedy; m != nil && m.Proved && v.Apply == "" && inManifest(m.File) {
			v.Apply = m.Command
		}
	}
	v.Sources = r.sources(v)
	if r.Audit == nil { // an audit resolves nothing
		v.Tree = r.closure()
	}
	v.Bar = v.bar()
	v.Facts = r.facts()
	return v
}

func problemView(p verdict.Problem) ProblemView {
	v := ProblemView{Problem: p, Class: "hold", Word: "holds"}
	switch {
	case p.Fatal:
		v.Word = "stops the request"
	case p.Effect == verdict.EffectReject:
		v.Class, v.Word = "reject", "refuses"
	case p.Effect == verdict.EffectNote:
		v.Class, v.Word = "note", "note"
	}
	return v
}

func (r Report) change(i int, g group, now time.Time) Change {
	c := Change{File: g.file, Asked: g.asked, Line: g.line, Class: "hold", Word: "Held", Anchor: fmt.Sprintf("change-%d", i+1), Remedy: remedyOf(g.versions)}
	if !inManifest(c.File) {
		c.File, c.Line = "", 0
	}
	only := true
	for _, v := range g.versions {
		c.Versions = append(c.Versions, r.versionView(v))
		only = only && observed(v)
		if v.Verdict == verdict.Reject {
			c.Class, c.Word = "reject", "Refused"
		}
	}
	if only {
		c.Word = "Would be held"
		for _, v := range g.versions {
			if verdict.Sum(v.Reasons) == verdict.Reject {
				c.Word = "Would be refused"
			}
		}
	}
	if r.Audit != nil {
		c.Word = "Affected"
	}
	c.Title = g.asked
	if c.Title == "" || !inManifest(g.asked) {
		c.Title = c.Versions[0].Name
	}
	if c.Remedy != nil && c.Remedy.Spec != "" {
		c.Write = c.Remedy.New
	}
	c.opens(now)
	if r.Audit != nil {
		c.Do = auditAdvice(g)
	} else if c.Remedy == nil && c.Opens == "" {
		c.Do = advice(g)
		c.Said = slices.ContainsFunc(c.Versions, func(v VersionView) bool {
			return slices.ContainsFunc(v.Others, func(r ReasonView) bool { return r.Remedy == c.Do })
		})
	}
	return c
}

// advice is the policy's own word on what to do.
func advice(g group) string {
	for _, v := range g.versions {
		for _, r := range v.Reasons {
			if r.Remedy != "" && blocks(r) {
				return r.Remedy
			}
		}
	}
	return ""
}

// opens works out when all of a change opens by itself.
func (c *Change) opens(now time.Time) {
	var last time.Time
	for _, v := range c.Versions {
		if v.Verdict != verdict.Hold || v.Until == nil {
			return
		}
		if v.Until.After(last) {
			last = *v.Until
		}
	}
	if last.After(now) {
		c.OpensAt, c.Opens = last, OpensIn(now, last)
	}
}

func (r Report) versionView(o verdict.VersionOutcome) VersionView {
	v := VersionView{VersionOutcome: o, Name: name(o), URL: r.decisionURL(o.Decision), Class: o.Verdict.String(), Word: Word(o.Verdict), Maker: maker(o)}
	if observed(o) {
		v.Class, v.Word = "hold", "Served, observed"
	}
	if r.Audit != nil {
		v.Word = auditWord(o)
	}
	for _, p := range o.Via {
		v.Path = append(v.Path, nameOf(p))
	}
	blocking, _ := Reasons(o.Reasons)
	var advisories []verdict.Reason
	for _, b := range blocking {
		if b.Class == finding.Vulnerability && len(b.IDs) > 0 {
			v.Advisories = append(v.Advisories, b)
			advisories = append(advisories, b.Reason)
		} else {
			v.Others = append(v.Others, b)
		}
	}
	if len(advisories) > 1 {
		v.Tally = tally(advisories)
	}
	for _, f := range o.Files {
		if f.Decision != "" && f.Decision != o.Decision && !slices.Contains(v.Decisions, f.Decision) {
			v.Decisions = append(v.Decisions, f.Decision)
		}
	}
	return v
}

// tally counts advisories by severity, the worst first.
func tally(rs []verdict.Reason) string {
	count := map[finding.Severity]int{}
	for _, r := range rs {
		count[min(max(r.Severity, finding.Unknown), finding.Critical)]++
	}
	all := Count(len(rs), "advisory", "advisories")
	if count[finding.Unknown] == len(rs) {
		return all + " of unknown severity, which counts as high"
	}
	var parts []string
	for _, s := range []finding.Severity{finding.Critical, finding.High, finding.Unknown, finding.Medium, finding.Low, finding.None} {
		switch n := count[s]; {
		case n == 0:
		case s == finding.Unknown:
			parts = append(parts, fmt.Sprintf("%d of unknown severity, which counts as high", n))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return all + ": " + strings.Join(parts, ", ")
}

// reasonView is a reason with the words that people read.
func reasonView(r verdict.Reason) ReasonView {
	v := ReasonView{Reason: r}
	if r.Class == finding.Vulnerability || r.Severity.Weight() >= finding.High && r.Severity != finding.Unknown {
		v.Badge = r.Severity.String()
	}
	if r.Class == finding.Vulnerability && len(r.Fixed) > 0 {
		v.Remedy = "" // which versions are fixed is said beside it
	}
	v.Says = r.Text
	if len(r.IDs) > 0 { // which stand beside it, too
		if i := strings.LastIndex(r.Text, ": "+r.IDs[0]); i > 0 {
			v.Says = r.Text[:i]
		}
	}
	switch r.Effect {
	case verdict.EffectNote, verdict.EffectAdmit:
		v.Word = "note"
	case verdict.EffectReject:
		v.Word = "refuses"
	default:
		v.Word = "holds"
	}
	return v
}

// Reasons splits reasons into those that stand in the way, the worst first, and
// notes.
func Reasons(rs []verdict.Reason) (blocking, notes []ReasonView) {
	for _, r := range rs {
		if blocks(r) {
			blocking = append(blocking, reasonView(r))
		} else {
			notes = append(notes, reasonView(r))
		}
	}
	slices.SortStableFunc(blocking, func(a, b ReasonView) int {
		return cmp.Or(strings.Compare(b.Word, a.Word), cmp.Compare(b.Severity.Weight(), a.Severity.Weight()))
	})
	return blocking, notes
}

// Word is a verdict for people.
func Word(v verdict.Verdict) string {
	switch v {
	case verdict.Admit:
		return "Admitted"
	case verdict.Reject:
		return "Refused"
	}
	return "Held"
}

// OpensIn says how far ahead a moment is, for people.
func OpensIn(now, t time.Time) string {
	d := t.Sub(now)
	switch {
	case d < time.Minute:
		return "in less than a minute"
	case d < 2*time.Hour:
		return "in " + Count(int(d.Round(time.Minute)/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return "in " + Count(int(d.Round(time.Hour)/time.Hour), "hour", "hours")
	}
	return "in " + Count(int(d.Round(24*time.Hour)/(24*time.Hour)), "day", "days")
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// Bar is one part of the picture of how many of what there are.
type Bar struct {
	Class    string
	Word     string
	Count    int
	From, To float64 // per cent of the width
}

// bar gives every kind that there is at least two per cent, so that one refused
// version of a thousand is still seen.
func (v View) bar() []Bar {
	const least = 2.0
	parts := []Bar{
		{Class: "reject", Word: "refused", Count: v.Refused}, {Class: "hold", Word: "held", Count: v.Held},
		{Class: "observed", Word: "served because the registry observes", Count: v.Observed}, {Class: "admit", Word: "admitted", Count: v.Admitted},
	}
	if v.Report.Audit != nil {
		parts[0].Word, parts[1].Word, parts[3].Word = "affected", "not looked up", "nothing known against"
	}
	parts = slices.DeleteFunc(parts, func(b Bar) bool { return b.Count == 0 })
	all, at := 0.0, 0.0
	widths := make([]float64, len(parts))
	total := max(1, v.Refused+v.Held+v.Observed+v.Admitted)
	for i, p := range parts {
		widths[i] = max(least, 100*float64(p.Count)/float64(total))
		all += widths[i]
	}
	for i := range parts {
		parts[i].From, at = at, at+100*widths[i]/all
		parts[i].To = at
	}
	return parts
}

// Width is how much of the bar the part takes, in per cent.
func (b Bar) Width() string { return fmt.Sprintf("%.2f", b.To-b.From) }

// Start is where it begins, in per cent.
func (b Bar) Start() string { return fmt.Sprintf("%.2f", b.From) }

// facts lists what the report was made from.
func (r Report) facts() []Fact {
	o, q := r.Outcome, r.Request
	all := []Fact{
		{"Request", o.Request}, {"Registry", q.Registry}, {"Project", q.Project}, {"Came in by", q.Door}, {"Asked by", q.By},
	}
	if !q.Created.IsZero() {
		all = append(all, Fact{"Asked", day(q.Created)})
	}
	if !r.At.IsZero() {
		all = append(all, Fact{"Answered", day(r.At)})
	}
	if o.Took > 0 {
		all = append(all, Fact{"Took", seconds(o.Took)})
	}
	all = append(all, Fact{"Policy (digest)", o.Policy}, Fact{"Advisory data", o.AdvisorySnapshot})
	for _, f := range q.Files[:min(len(q.Files), maxSources)] {
		all = append(all, Fact{f.Path + " (sha256)", string(artifact.DigestOf(f.Content))})
	}
	all = append(all, Fact{"Made by", "gatehouse " + r.Generator})
	return slices.DeleteFunc(all, func(f Fact) bool { return f.Value == "" })
}
