package policy

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// example is one input that stands beside a rule, with what is expected of it.
type example struct {
	line    int
	input   Input
	verdict string // what the whole policy must say; "" asks the rule alone
}

// exampleNow is the clock of examples that do not say one.
var exampleNow = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// unknownUpload is how an example says that a file has no upload time.
const unknownUpload = "unknown"

func (r *reader) examples(rule *Rule, n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.entries(n, "examples", "finds", "spares")
	rule.finds = r.exampleList(rule, m["finds"])
	rule.spares = r.exampleList(rule, m["spares"])
}

func (r *reader) exampleList(rule *Rule, n *yaml.Node) (out []example) {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxExamples {
		r.wrong(n, "examples are a list of at most %d", maxExamples)
		return nil
	}
	for _, c := range n.Content {
		out = append(out, r.example(rule, c))
	}
	return out
}

func (r *reader) example(rule *Rule, n *yaml.Node) example {
	keys := []string{"now", "registry", "version", "file", "verdict"}
	if rule.On == OnFinding {
		keys = append(keys, "finding")
	}
	if rule.On != OnVersion {
		keys = append(keys, "provenance")
	}
	m := r.entries(n, "an example of this rule", keys...)
	e := example{line: n.Line, verdict: r.text(m, "verdict")}
	if e.verdict != "" && !slices.Contains([]string{"admit", "hold", "reject"}, e.verdict) {
		r.wrong(n, "verdict is admit, hold or reject, not %q", safe(e.verdict))
	}
	in := &e.input
	in.Now = r.time(m, "now", exampleNow)
	if in.Registry = r.text(m, "registry"); in.Registry == "" {
		in.Registry = "main"
	}
	in.Version = artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "left-pad"}, Number: "1.4.0"}
	if v := m["version"]; v != nil {
		r.exampleVersion(in, v)
	}
	if f := m["file"]; f != nil || rule.On == OnFile {
		in.File = r.exampleFile(in.Now, f)
	}
	in.Provenance = r.exampleProvenance(m["provenance"])
	switch f := m["finding"]; {
	case f != nil:
		in.Findings = []finding.Finding{r.exampleFinding(rule, f)}
	case rule.On == OnFinding:
		r.wrong(n, "an example of a finding rule needs a finding")
	}
	return e
}

func (r *reader) exampleVersion(in *Input, n *yaml.Node) {
	m := r.entries(n, "version", "name", "number", "ecosystem", "origin", "internal", "yanked", "yanked_reason", "licence", "can", "can_now", "baseline")
	for key, into := range map[string]*string{"name": &in.Version.Package.Name, "number": &in.Version.Number} {
		if s := r.text(m, key); s != "" {
			*into = s
		}
	}
	if s := r.text(m, "ecosystem"); s != "" {
		in.Version.Package.Ecosystem = artifact.Ecosystem(s)
	}
	in.Origin = r.text(m, "origin")
	in.Internal = r.bool(m, "internal")
	in.Yanked = r.bool(m, "yanked")
	in.YankedReason = artifact.Untrusted(r.text(m, "yanked_reason"))
	in.Licence = r.text(m, "licence")
	in.Capabilities, in.Added = r.list(m, "can"), r.list(m, "can_now")
	in.Baseline = r.text(m, "baseline")
}

// exampleFile gives the file of an example; one that says no date is 30 days old.
func (r *reader) exampleFile(now time.Time, n *yaml.Node) *File {
	f := &File{Name: "left_pad-1.4.0-py3-none-any.whl", Kind: artifact.Wheel, Size: 10_000, Uploaded: now.AddDate(0, 0, -30)}
	if n == nil {
		return f
	}
	m := r.entries(n, "file", "name", "kind", "size", "uploaded", "age")
	if s := r.text(m, "name"); s != "" {
		f.Name = s
	}
	if s := r.text(m, "kind"); s != "" {
		f.Kind = artifact.Kind(s)
	}
	if s := r.text(m, "size"); s != "" {
		size, err := strconv.ParseInt(s, 10, 64)
		if err != nil || size < 0 {
			r.wrong(m["size"], "size is a number of bytes, not %q", safe(s))
		}
		f.Size = size
	}
	switch age, uploaded := r.text(m, "age"), r.text(m, "uploaded"); {
	case age != "" && uploaded != "":
		r.wrong(n, "say uploaded or age, not both")
	case age != "":
		d, err := ParseDuration(age)
		if err != nil {
			r.wrong(m["age"], "%v", err)
		}
		f.Uploaded = now.Add(-d)
	case uploaded == unknownUpload:
		f.Uploaded = time.Time{}
	default:
		f.Uploaded = r.time(m, "uploaded", f.Uploaded)
	}
	return f
}

// exampleProvenance gives who made the file of an example: nobody who is named, where
// it does not say.
func (r *reader) exampleProvenance(n *yaml.Node) *Provenance {
	p := &Provenance{}
	if n == nil {
		return p
	}
	m := r.entries(n, "provenance", "verified", "kind", "issuer", "identity", "repository", "workflow", "ref", "commit", "builder", "runner")
	p.Verified = r.bool(m, "verified")
	for key, into := range map[string]*string{
		"kind": &p.Kind, "issuer": &p.Issuer, "identity": &p.Identity, "repository": &p.Repository, "workflow": &p.Workflow,
		"ref": &p.Ref, "commit": &p.Commit, "builder": &p.Builder, "runner": &p.Runner,
	} {
		*into = r.text(m, key)
	}
	return p
}

func (r *reader) exampleFinding(rule *Rule, n *yaml.Node) finding.Finding {
	m := r.entries(n, "finding", "rule", "class", "severity", "text", "ids", "fixed", "path")
	f := finding.Finding{Rule: r.text(m, "rule"), Class: finding.Class(r.text(m, "class")), Text: r.text(m, "text"), Path: r.text(m, "path")}
	if f.Class == "" {
		f.Class = rule.Class
	}
	if !knownClass(f.Class) {
		r.wrong(n, "the finding's class %q is none of %s", safe(string(f.Class)), classWords())
	}
	if s := r.text(m, "severity"); s != "" {
		sev, err := finding.ParseSeverity(s)
		if err != nil {
			r.wrong(m["severity"], "%s", safe(err.Error()))
		}
		f.Severity = sev
	}
	f.IDs, f.Fixed = r.list(m, "ids"), r.list(m, "fixed")
	return f
}

// list reads a list of texts; nothing where the key is not there.
func (r *reader) list(m map[string]*yaml.Node, key string) []string {
	if m[key] == nil {
		return nil
	}
	list, err := texts(m[key])
	if err != nil {
		r.wrong(m[key], "%s %v", key, err)
	}
	return list
}

func (r *reader) bool(m map[string]*yaml.Node, key string) bool {
	n := m[key]
	if n == nil {
		return false
	}
	if n.Tag != "!!bool" {
		r.wrong(n, "%s is true or false", key)
	}
	return n.Value == "true"
}

func (r *reader) time(m map[string]*yaml.Node, key string, otherwise time.Time) time.Time {
	s := r.text(m, key)
	if s == "" {
		return otherwise
	}
	t, err := parseTime(s)
	if err != nil {
		r.wrong(m[key], "%s is %s, not %q", key, kindTime, safe(s))
		return otherwise
	}
	return t
}

// Check reads a policy file as `gatehouse policy check` does: everything that
// Parse refuses, and every rule of the file itself that has no example which it
// finds or none which it spares. Inherited rules bring examples of their own.
func Check(b []byte) []Problem {
	p, problems := load(b)
	if len(problems) > 0 {
		return problems
	}
	for _, r := range p.rules {
		if r.Inherited {
			continue
		}
		if len(r.finds) == 0 {
			problems = append(problems, Problem{r.Line, fmt.Sprintf("rule %s has no example that it finds: add one under examples, finds", r.ID)})
		}
		if len(r.spares) == 0 {
			problems = append(problems, Problem{r.Line, fmt.Sprintf("rule %s has no counter-example: add one under examples, spares", r.ID)})
		}
	}
	return problems
}

// Result is what became of one example.
type Result struct {
	Rule string
	Line int    // of the example
	OK   bool   // as expected
	Text string // what was expected, or what came instead; for a rule that matched also what it says
}

// Test runs the examples of the policy's own rules, in order. A rule must match
// what it finds and must not match what it spares, asked alone; an example with
// a verdict asks the whole policy too. Examples of inherited rules are tested
// where they are written: their numbers fit the default's settings.
func Test(p *Policy) []Result {
	var out []Result
	for _, r := range p.rules {
		if r.Inherited {
			continue
		}
		for _, e := range r.finds {
			out = append(out, p.try(r, e, true))
		}
		for _, e := range r.spares {
			out = append(out, p.try(r, e, false))
		}
	}
	return out
}

func (p *Policy) try(r *Rule, e example, want bool) Result {
	res := Result{Rule: r.ID, Line: e.line}
	got, text, err := r.alone(e.input)
	switch {
	case err != nil:
		res.Text = err.Error()
	case got && !want:
		res.Text = "must be spared, but the rule says: " + text
	case !got && want:
		res.Text = "must be found, but the rule does not match"
	case got:
		res.OK, res.Text = true, string(r.Effect)+": "+text
	default:
		res.OK, res.Text = true, "spared"
	}
	if !res.OK || e.verdict == "" {
		return res
	}
	reasons, err := p.Evaluate(e.input)
	if err != nil {
		return Result{Rule: r.ID, Line: e.line, Text: err.Error()}
	}
	if v := verdict.Sum(reasons).String(); v != e.verdict {
		return Result{Rule: r.ID, Line: e.line, Text: fmt.Sprintf("the whole policy must say %s, but says %s", e.verdict, v)}
	}
	return res
}

// alone asks one rule about one input.
func (r *Rule) alone(in Input) (matched bool, text string, err error) {
	f := newFacts(&in)
	if r.On == OnFinding {
		x := &in.Findings[0]
		if r.Class != "" && r.Class != x.Class || weaker(r.Effect, floor(x.Class)) {
			return false, "", nil
		}
		f.finding.finding = x
	}
	if ok, err := r.holds(f); err != nil || !ok {
		if err != nil {
			err = r.fault("when", err)
		}
		return false, "", err
	}
	reason, err := r.reason(f)
	return true, reason.Text, err
}
