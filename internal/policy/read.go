package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// What a policy file may hold at most.
const (
	maxFile     = 1 << 20 // bytes
	maxRules    = 500
	maxSettings = 100
	maxExamples = 50 // finds and spares of one rule, each
	maxProblems = 50 // reported; a file with more is wrong as a whole
)

// Problem is something wrong with a policy file.
type Problem struct {
	Line int // from 1
	Text string
}

// document is a policy file as it was written, before anything is inherited.
type document struct {
	extends  bool
	disabled map[string]int // id to line
	settings []setting
	rules    []*Rule
}

// reader collects everything that is wrong with a file instead of stopping at
// the first.
type reader struct{ problems []Problem }

func (r *reader) wrong(n *yaml.Node, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{max(n.Line, 1), fmt.Sprintf(format, args...)})
	}
}

// read gives the document, or what is wrong with it.
func read(b []byte) (*document, []Problem) {
	root, err := parseYAML(b)
	if err != nil {
		return nil, []Problem{*err}
	}
	r := &reader{}
	doc := r.document(root)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, r.problems
	}
	return doc, nil
}

var yamlLine = lazy.Regexp(`^(?:yaml: )?line ([0-9]+): `)

// parseYAML reads exactly one YAML document without anchors: a policy is read by
// people, and an alias says something that its line does not show.
func parseYAML(b []byte) (*yaml.Node, *Problem) {
	if len(b) > maxFile {
		return nil, &Problem{1, fmt.Sprintf("the file is larger than %d bytes", maxFile)}
	}
	if !utf8.Valid(b) {
		return nil, &Problem{1, "the file is not UTF-8"}
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	var root yaml.Node
	if err := d.Decode(&root); errors.Is(err, io.EOF) {
		return nil, &Problem{1, "the file is empty; a policy starts with `version: 1`"}
	} else if err != nil {
		return nil, yamlProblem(err)
	}
	var more yaml.Node
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Problem{max(more.Line, 1), "one file holds one policy: remove what follows ---"}
	}
	if n := aliased(&root); n != nil {
		return nil, &Problem{n.Line, "anchors and aliases are not used in policies: write the value out"}
	}
	if len(root.Content) != 1 {
		return nil, &Problem{1, "the file is empty; a policy starts with `version: 1`"}
	}
	return root.Content[0], nil
}

func yamlProblem(err error) *Problem {
	line, text := 1, err.Error()
	if m := yamlLine().FindStringSubmatch(text); m != nil {
		fmt.Sscan(m[1], &line)
		text = text[len(m[0]):]
	}
	return &Problem{max(line, 1), "this is not YAML: " + safe(strings.TrimPrefix(text, "yaml: "))}
}

func aliased(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return n
	}
	for _, c := range n.Content {
		if a := aliased(c); a != nil {
			return a
		}
	}
	return nil
}

// entries gives a mapping's values by key and reports keys that are unknown or
// said twice. allowed nil allows every key.
func (r *reader) entries(n *yaml.Node, what string, allowed ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "%s must be a mapping", what)
		return nil
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.wrong(k, "a key of %s is not a word", what)
		case allowed != nil && !slices.Contains(allowed, k.Value):
			r.wrong(k, "unknown key %q in %s; it may have %s", safe(k.Value), what, strings.Join(allowed, ", "))
		case out[k.Value] != nil:
			r.wrong(k, "%q stands twice in %s", safe(k.Value), what)
		default:
			out[k.Value] = v
		}
	}
	return out
}

// text gives a scalar's text; "" when the key is not there.
func (r *reader) text(m map[string]*yaml.Node, key string) string {
	n := m[key]
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.wrong(n, "%s must be a text", key)
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// texts reads a list of texts.
func texts(n *yaml.Node) ([]string, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, errors.New("must be a list of texts")
	}
	out := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode || c.Tag == "!!null" {
			return nil, errors.New("must be a list of texts")
		}
		out = append(out, c.Value)
	}
	return out, nil
}

func (r *reader) document(n *yaml.Node) *document {
	doc := &document{disabled: map[string]int{}}
	m := r.entries(n, "the policy", "version", "extends", "disable", "settings", "rules")
	if m == nil {
		return doc
	}
	if r.text(m, "version") != "1" {
		r.wrong(n, "the policy must say `version: 1`, the only version there is")
	}
	switch s := r.text(m, "extends"); s {
	case "", "default":
		doc.extends = s != ""
	default:
		r.wrong(m["extends"], "extends can only be default, not %q", safe(s))
	}
	r.disable(doc, m["disable"])
	r.settings(doc, m["settings"])
	r.rules(doc, m["rules"])
	if !doc.extends && len(doc.rules) == 0 {
		r.wrong(n, "the policy has no rules; write some, or `extends: default`")
	}
	return doc
}

func (r *reader) disable(doc *document, n *yaml.Node) {
	if n == nil {
		return
	}
	ids, err := texts(n)
	if err != nil {
		r.wrong(n, "disable %v", err)
	}
	if !doc.extends {
		r.wrong(n, "disable needs `extends: default`: there is nothing else to switch off")
	}
	for i, id := range ids {
		doc.disabled[safe(id)] = n.Content[i].Line
	}
}

func (r *reader) settings(doc *document, n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.entries(n, "settings")
	if len(m) > maxSettings {
		r.wrong(n, "more than %d settings", maxSettings)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if m[name] != n.Content[i+1] {
			continue // said twice, already reported
		}
		s, err := readSetting(name, m[name])
		if err != nil {
			r.wrong(m[name], "%s", safe(err.Error()))
		}
		doc.settings = append(doc.settings, s)
	}
}

func (r *reader) rules(doc *document, n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxRules {
		r.wrong(n, "rules must be a list of at most %d rules", maxRules)
		return
	}
	seen := map[string]int{}
	for _, c := range n.Content {
		rule := r.rule(c)
		if rule == nil {
			continue
		}
		if line := seen[rule.ID]; line > 0 && rule.ID != "" {
			r.wrong(c, "rule %s is already there, in line %d; ids are used once", rule.ID, line)
		}
		seen[rule.ID] = rule.Line
		doc.rules = append(doc.rules, rule)
	}
}

var ruleID = lazy.Regexp(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (r *reader) rule(n *yaml.Node) *Rule {
	m := r.entries(n, "a rule", "id", "on", "class", "when", "effect", "why", "remedy", "until", "examples")
	if m == nil {
		return nil
	}
	rule := &Rule{
		Line: n.Line, ID: r.text(m, "id"), On: On(r.text(m, "on")), Class: finding.Class(r.text(m, "class")), When: r.text(m, "when"),
		Effect: verdict.Effect(r.text(m, "effect")), Why: r.text(m, "why"), Remedy: r.text(m, "remedy"), Until: r.text(m, "until"),
	}
	at := func(key string) *yaml.Node {
		if m[key] != nil {
			return m[key]
		}
		return n
	}
	if !ruleID().MatchString(rule.ID) || len(rule.ID) > 60 {
		r.wrong(at("id"), "a rule's id is lower-case words joined by hyphens, at most 60 characters, not %q", safe(rule.ID))
		rule.ID = ""
	}
	if !slices.Contains([]On{OnFinding, OnFile, OnVersion}, rule.On) {
		r.wrong(at("on"), "on is finding, file or version, not %q", safe(string(rule.On)))
	}
	r.class(rule, at("class"))
	if rule.When == "" && (rule.On != OnFinding || rule.Class == "") {
		r.wrong(at("when"), "when is missing; only a finding rule with a class can do without")
	}
	r.effect(rule, at("effect"))
	if rule.Why == "" {
		r.wrong(at("why"), "why is missing: say in a sentence what the developer should know")
	}
	r.examples(rule, m["examples"])
	return rule
}

func (r *reader) class(rule *Rule, n *yaml.Node) {
	switch {
	case rule.Class != "" && !knownClass(rule.Class):
		r.wrong(n, "class %q is none of %s", safe(string(rule.Class)), classWords())
	case rule.Class == "" && rule.On != OnFinding:
		r.wrong(n, "class is missing: a rule about a file or version says what its reason is about, one of %s", classWords())
	}
}

func (r *reader) effect(rule *Rule, n *yaml.Node) {
	switch rule.Effect {
	case verdict.EffectAdmit, verdict.EffectReject, verdict.EffectHold, verdict.EffectNote:
	default:
		r.wrong(n, "effect is admit, reject, hold or note, not %q", safe(string(rule.Effect)))
		return
	}
	if least := floor(rule.Class); knownClass(rule.Class) && weaker(rule.Effect, least) {
		r.wrong(n, "effect %s is too weak: findings of class %s are never waived, and this rule must %s", rule.Effect, rule.Class, least)
	}
}

func classWords() string {
	words := make([]string, len(classes))
	for i, c := range classes {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}
