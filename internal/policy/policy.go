package policy

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// On says what a rule looks at.
type On string

// What a rule can be about.
const (
	OnFinding On = "finding" // asked once for each finding
	OnFile    On = "file"    // asked once, when a file is decided about
	OnVersion On = "version" // asked once
)

// Rule is one rule of a policy, as its file says it.
type Rule struct {
	ID     string
	On     On
	Class  finding.Class // for a finding rule the only class it looks at, "" for all
	When   string        // a CEL condition; "" for a finding rule that takes its whole class
	Effect verdict.Effect
	Why    string // text with {CEL} placeholders
	Remedy string
	Until  string // a CEL timestamp, or ""
	// Inherited is true for a rule that came with `extends: default`.
	Inherited bool
	Line      int // in the file it came from

	finds, spares []example
	program       compiled
	// waits: it reads who made a file, so it is not asked while that is to be found out.
	waits bool
}

// Policy is a set of rules ready to be asked. It is immutable and safe for
// concurrent use.
type Policy struct {
	rules    []*Rule
	settings []setting
	digest   string

	// The rules that can speak about each kind of subject, in order.
	byClass   map[finding.Class][]*Rule
	onFile    []*Rule
	onVersion []*Rule
	// shared marks the classes whose rules depend on neither file nor time.
	shared map[finding.Class]bool
}

//go:embed default.yaml
var defaultYAML []byte

var embedded struct {
	once   sync.Once
	policy *Policy
}

// Default gives the policy that is in force where none is configured.
func Default() *Policy {
	embedded.once.Do(func() {
		p, problems := assemble(defaultYAML)
		if len(problems) > 0 {
			panic("the embedded policy: " + problems[0].Text) // held by a test, as is that all of it compiles
		}
		embedded.policy = p
	})
	return embedded.policy
}

// Parse reads a policy file. name is for messages. The error lists everything
// that is wrong with the file, each with its line.
func Parse(name string, b []byte) (*Policy, error) {
	p, problems := load(b)
	if len(problems) == 0 {
		return p, nil
	}
	errs := make([]error, len(problems))
	for i, pr := range problems {
		errs[i] = fmt.Errorf("%s:%d: %s", name, pr.Line, pr.Text)
	}
	return nil, errors.Join(errs...)
}

// load is assemble with everything compiled.
func load(b []byte) (*Policy, []Problem) {
	p, problems := assemble(b)
	if p != nil {
		problems = append(problems, p.check()...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return p, nil
}

// assemble reads and merges with the default where asked. It gives no policy when
// the file cannot be read at all. What cannot be compiled is an error of the
// evaluation that asks for it.
func assemble(b []byte) (*Policy, []Problem) {
	doc, problems := read(b)
	if len(problems) > 0 {
		return nil, problems
	}
	p := &Policy{rules: doc.rules, settings: doc.settings}
	if doc.extends {
		problems = p.inherit(doc)
	}
	if err := p.prepare(); err != nil {
		return nil, append(problems, Problem{1, err.Error()})
	}
	p.arrange()
	p.digest = p.computeDigest()
	return p, problems
}

// inherit puts the default's rules after the file's own. A rule with a default
// rule's id takes that rule's place.
func (p *Policy) inherit(doc *document) (problems []Problem) {
	def := Default()
	own := map[string]*Rule{}
	for _, r := range doc.rules {
		own[r.ID] = r
	}
	defaults := map[string]bool{}
	var inherited []*Rule
	for _, d := range def.rules {
		defaults[d.ID] = true
		replaced, line := own[d.ID] != nil, doc.disabled[d.ID]
		switch {
		case (replaced || line > 0) && floor(d.Class) != "":
			if replaced {
				line = own[d.ID].Line
			}
			problems = append(problems, Problem{line, fmt.Sprintf("rule %s cannot be replaced or disabled: findings of class %s are never waived; add a stricter rule with an id of its own instead", d.ID, d.Class)})
		case replaced && line > 0:
			problems = append(problems, Problem{line, fmt.Sprintf("rule %s is both written here and disabled: keep one of the two", d.ID)})
		case replaced:
			inherited = append(inherited, own[d.ID])
		case line > 0:
		default:
			r := *d
			r.Inherited = true
			inherited = append(inherited, &r)
		}
	}
	for id, line := range doc.disabled {
		if !defaults[id] {
			problems = append(problems, Problem{line, fmt.Sprintf("there is no default rule %s to disable; `gatehouse policy show` lists them", id)})
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
	p.rules = append(slices.DeleteFunc(slices.Clone(doc.rules), func(r *Rule) bool { return defaults[r.ID] }), inherited...)
	var more []Problem
	p.settings, more = mergeSettings(def.settings, doc.settings)
	return append(problems, more...)
}

// prepare makes every condition and text ready to be compiled.
func (p *Policy) prepare() error {
	c, err := newCompiler(p.settings)
	if err != nil {
		return err
	}
	for _, r := range p.rules {
		r.program = c.rule(r)
	}
	return nil
}

// check compiles every condition and text.
func (p *Policy) check() (problems []Problem) {
	for _, r := range p.rules {
		for _, err := range r.program.check() {
			problems = append(problems, Problem{r.Line, fmt.Sprintf("rule %s: %v", r.ID, err)})
		}
	}
	return problems
}

func (p *Policy) arrange() {
	p.byClass, p.shared = map[finding.Class][]*Rule{}, map[finding.Class]bool{}
	for _, class := range append(slices.Clone(classes), otherClass) {
		p.shared[class] = true
		for _, r := range p.rules {
			if r.On == OnFinding && (r.Class == "" || r.Class == class) && !weaker(r.Effect, floor(class)) {
				p.byClass[class] = append(p.byClass[class], r)
				p.shared[class] = p.shared[class] && r.fileFree()
			}
		}
	}
	for _, r := range p.rules {
		r.waits = r.reads(provenanceWord())
		switch r.On {
		case OnFile:
			p.onFile = append(p.onFile, r)
		case OnVersion:
			p.onVersion = append(p.onVersion, r)
		}
	}
}

// engine changes when the same file could give other reasons.
const engine = "policy/1"

func (p *Policy) computeDigest() string {
	type said struct {
		ID, On, Class, When, Effect, Why, Remedy, Until string
	}
	var rules []said
	for _, r := range p.rules {
		rules = append(rules, said{r.ID, string(r.On), string(r.Class), r.When, string(r.Effect), r.Why, r.Remedy, r.Until})
	}
	settings := map[string]string{}
	for _, s := range p.settings {
		settings[s.name] = s.kind + " " + s.written
	}
	b, err := json.Marshal([]any{engine, rules, settings})
	if err != nil {
		panic(err) // strings only
	}
	return string(artifact.DigestOf(b))
}

// Digest names what the policy says: its rules and settings with all that they
// inherit, not its comments and examples.
func (p *Policy) Digest() string { return p.digest }

// Rules lists the rules in the order in which they are asked.
func (p *Policy) Rules() []Rule {
	out := make([]Rule, len(p.rules))
	for i, r := range p.rules {
		out[i] = *r
	}
	return out
}

// Explain shows the rules as a table, in the order in which they are asked, and
// the settings they use.
func (p *Policy) Explain() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "EFFECT\tRULE\tABOUT\tWHEN")
	for _, r := range p.rules {
		about := string(r.On)
		if r.Class != "" {
			about += " (" + string(r.Class) + ")"
		}
		when := strings.Join(strings.Fields(r.When), " ")
		if when == "" {
			when = "always"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Effect, r.ID, about, when)
	}
	fmt.Fprintln(w, "note\tthe finding's own\tfinding\tno rule above matched")
	w.Flush()
	for i, s := range p.settings {
		if i == 0 {
			b.WriteString("\nSETTINGS\n")
		}
		fmt.Fprintf(&b, "%s: %s\n", s.name, s.written)
	}
	return b.String()
}

// classes are the classes that findings have. Another one is treated as a fault.
var classes = []finding.Class{
	finding.Vulnerability, finding.Malware, finding.Behaviour, finding.Name, finding.Origin, finding.Integrity, finding.Honesty,
	finding.Licence, finding.Yanked, finding.Age, finding.Provenance, finding.Manifest, finding.Fault,
}

// otherClass stands for every class that is not in classes.
const otherClass finding.Class = "?"

func knownClass(c finding.Class) bool { return slices.Contains(classes, c) }

// floor is the least that a finding of a class that nobody may waive does,
// whatever the policy says; "" for the other classes.
func floor(c finding.Class) verdict.Effect {
	switch {
	case c == "":
		return "" // a finding rule for all classes
	case !knownClass(c):
		return verdict.EffectHold
	case c.Waivable():
		return ""
	case c == finding.Fault:
		return verdict.EffectHold
	}
	return verdict.EffectReject
}

// weaker says whether effect e does less than the floor f.
func weaker(e, f verdict.Effect) bool { return strength(e) < strength(f) }

func strength(e verdict.Effect) int {
	switch e {
	case verdict.EffectReject:
		return 2
	case verdict.EffectHold:
		return 1
	}
	return 0
}
