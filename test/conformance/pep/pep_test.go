//go:build conformance

// Package pep compares the PEP packages with Python's reference library
// (packaging, version 26.3 or newer) over a large seeded set of vectors that
// vectors.py prints. Run it with
//
//	GATEHOUSE_TEST_PYTHON=/path/to/python go test -tags conformance ./test/conformance/pep/
//
// where that Python has the library. Without it the test fails.
package pep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// A vector is one line of vectors.py; each kind uses some of the fields.
type vector struct {
	Kind, Text, Normal string
	OK                 bool

	Pre, Post           bool
	Local, Public, Base string
	Release             []string

	A, B  string
	Order int

	Clauses  []string
	Contains map[string]bool

	Answers []*bool // null where the library refuses to answer

	Name, URL, Build string
	Extras           json.RawMessage
	Undefined        bool

	Python, Platform string
	Tags             []string

	Environments []environment
	Locks        []lock
}

type lock struct{ Extras, Groups []string }

type environment struct {
	ImplementationName           string `json:"implementation_name"`
	ImplementationVersion        string `json:"implementation_version"`
	OSName                       string `json:"os_name"`
	PlatformMachine              string `json:"platform_machine"`
	PlatformPythonImplementation string `json:"platform_python_implementation"`
	PlatformRelease              string `json:"platform_release"`
	PlatformSystem               string `json:"platform_system"`
	PlatformVersion              string `json:"platform_version"`
	PythonFullVersion            string `json:"python_full_version"`
	PythonVersion                string `json:"python_version"`
	SysPlatform                  string `json:"sys_platform"`
}

// stricter are the reasons for which this project refuses, on purpose, what the
// library reads: forms outside the specification's grammar, and markers that
// the library reads and then cannot evaluate.
var stricter = []string{
	"a backslash cannot stand in a marker",
	"one side must be a marker variable",
	"one side must be a quoted text",
	"~= and === compare versions",
	"a set of names takes only",
	"starts and ends with a letter or digit",
	"starts and ends with an ASCII letter or digit",
	"no distribution's name has the character",
	"a build tag has only letters",
	"a tag has letters, digits and '_'",
}

// arbitrary matches where the library's reader takes a comma or an opening
// parenthesis after === for a part of the version. In the specification's
// grammar they end it, as they do here; either reader may then go on or fail.
var arbitrary = regexp.MustCompile(`===[^;)]*[,(]`)

type comparer struct {
	t        *testing.T
	setup    vector
	extras   []string
	compared map[string]int
	stricter map[string]int // refused on purpose, by reason
	grammar  int            // arbitrary
	wrong    int
}

func TestAgainstReferenceLibrary(t *testing.T) {
	python := os.Getenv("GATEHOUSE_TEST_PYTHON")
	if python == "" {
		t.Fatal("GATEHOUSE_TEST_PYTHON is not set: name a Python that has packaging 26.3 or newer")
	}
	cmd := exec.Command(python, "vectors.py")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running vectors.py: %v", err)
	}
	c := comparer{t: t, compared: map[string]int{}, stricter: map[string]int{}}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("reading %.200s: %v", lines.Text(), err)
		}
		c.compare(v)
	}
	c.report()
}

func (c *comparer) report() {
	total := 0
	for _, kind := range sortedKeys(c.compared) {
		total += c.compared[kind]
		c.t.Logf("%-12s %7d answers compared", kind, c.compared[kind])
	}
	for _, reason := range sortedKeys(c.stricter) {
		c.t.Logf("refused on purpose, %d times: %s", c.stricter[reason], reason)
	}
	c.t.Logf("read by the grammar, %d times: what ends the version after ===", c.grammar)
	c.t.Logf("%d answers compared, %d differ", total, c.wrong)
	if total < 200000 {
		c.t.Errorf("only %d answers were compared; vectors.py prints more than that", total)
	}
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// same counts one answer and reports it when it differs.
func (c *comparer) same(kind, text, what string, got, want any) {
	c.compared[kind]++
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		c.wrong++
		if c.wrong <= 50 {
			c.t.Errorf("%s %q: %s: got %s, the library says %s", kind, text, what, g, w)
		}
	}
}

// accepted compares whether the text can be read, and says whether to go on.
func (c *comparer) accepted(v vector, err error) bool {
	if err != nil && v.OK {
		for _, reason := range stricter {
			if strings.Contains(err.Error(), reason) {
				c.stricter[reason]++
				return false
			}
		}
	}
	if (err == nil) != v.OK && v.Kind == "requirement" && arbitrary.MatchString(v.Text) {
		c.grammar++
		return false
	}
	c.same(v.Kind, v.Text, fmt.Sprintf("readable (%v)", err), err == nil, v.OK)
	return err == nil && v.OK
}

func (c *comparer) compare(v vector) {
	switch v.Kind {
	case "setup":
		c.setup = v
		if err := json.Unmarshal(v.Extras, &c.extras); err != nil {
			c.t.Fatal(err)
		}
	case "version":
		c.version(v)
	case "order":
		c.order(v)
	case "specifier":
		c.specifier(v)
	case "marker", "lockmarker":
		c.marker(v)
	case "requirement":
		c.requirement(v)
	case "wheel":
		c.wheel(v)
	case "sdist":
		c.sdist(v)
	case "name":
		got, err := pep503.Parse(v.Text)
		if c.accepted(v, err) {
			c.same(v.Kind, v.Text, "normal form", got, v.Normal)
		}
	case "metadata":
		c.metadata(v)
	case "tags":
		c.tags(v)
	default:
		c.t.Fatalf("vectors.py printed an unknown kind %q", v.Kind)
	}
}

func (c *comparer) version(v vector) {
	got, err := pep440.Parse(v.Text)
	if !c.accepted(v, err) {
		return
	}
	c.same(v.Kind, v.Text, "normal form", got, v.Normal)
	c.same(v.Kind, v.Text, "pre", got.Pre(), v.Pre)
	c.same(v.Kind, v.Text, "post", got.Post(), v.Post)
	c.same(v.Kind, v.Text, "local", got.Local(), v.Local)
	c.same(v.Kind, v.Text, "public", got.Public(), v.Public)
	c.same(v.Kind, v.Text, "base", got.Base(), v.Base)
	for i, want := range v.Release {
		if len(want) < 19 {
			c.same(v.Kind, v.Text, "release", got.Release(i), want)
		}
	}
	for what, part := range map[string]pep440.Version{"public": got.Public(), "base": got.Base()} {
		again, err := pep440.Parse(part.String())
		c.same(v.Kind, v.Text, what+" is what its text parses to", err == nil && again == part, true)
	}
}

func (c *comparer) order(v vector) {
	a, errA := pep440.Parse(v.A)
	b, errB := pep440.Parse(v.B)
	if errA != nil || errB != nil {
		c.t.Fatalf("%q, %q: %v, %v", v.A, v.B, errA, errB)
	}
	c.same(v.Kind, v.A+" | "+v.B, "Compare", pep440.Compare(a, b), v.Order)
	c.same(v.Kind, v.A+" | "+v.B, "Key", bytes.Compare(a.Key(), b.Key()), v.Order)
}

func (c *comparer) specifier(v vector) {
	got, err := pep440.ParseSpecifiers(v.Text)
	if !c.accepted(v, err) {
		return
	}
	c.same(v.Kind, v.Text, "clauses", clauses(got), v.Clauses)
	c.same(v.Kind, v.Text, "pre-releases allowed", got.AllowsPre(), v.Pre)
	for text, want := range v.Contains {
		candidate, err := pep440.Parse(text)
		if err != nil {
			c.t.Fatal(err)
		}
		c.same(v.Kind, v.Text, "contains "+text, got.Contains(candidate), want)
	}
}

// clauses gives a set as the library does: sorted, each once.
func clauses(s pep440.Specifiers) []string {
	if s.Empty() {
		return []string{}
	}
	out := strings.Split(s.String(), ",")
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *comparer) marker(v vector) {
	got, err := pep508.ParseMarker(v.Text)
	if !c.accepted(v, err) {
		return
	}
	c.same(v.Kind, v.Text, "normal form", got, v.Normal)
	i := 0
	next := func(answer bool, where any) {
		if want := v.Answers[i]; want != nil {
			c.same(v.Kind, v.Text, fmt.Sprintf("holds in %v", where), answer, *want)
		}
		i++
	}
	for _, e := range c.setup.Environments {
		env := pep508.Environment(e)
		if v.Kind == "lockmarker" {
			for _, l := range c.setup.Locks {
				next(got.EvalLock(env, l.Extras, l.Groups), l)
			}
			continue
		}
		for _, extra := range c.extras {
			next(got.Eval(env, extra), []any{env, extra})
		}
	}
}

func (c *comparer) requirement(v vector) {
	got, err := pep508.ParseRequirement(v.Text)
	if !c.accepted(v, err) {
		return
	}
	var extras []string
	if err := json.Unmarshal(v.Extras, &extras); err != nil {
		c.t.Fatal(err)
	}
	asked := slices.Sorted(slices.Values(got.Extras))
	c.same(v.Kind, v.Text, "name", got.Name, v.Name)
	c.same(v.Kind, v.Text, "extras", slices.Compact(asked), extras)
	c.same(v.Kind, v.Text, "clauses", clauses(got.Specifiers), v.Clauses)
	c.same(v.Kind, v.Text, "URL", got.URL, v.URL)
	c.same(v.Kind, v.Text, "marker", got.Marker, v.Normal)
	_, err = pep508.ParseRequirement(got.String())
	c.same(v.Kind, v.Text, "its own text can be read", err, nil)
}

func (c *comparer) wheel(v vector) {
	got, err := pep425.ParseWheelName(v.Text)
	if !c.accepted(v, err) {
		return
	}
	c.same(v.Kind, v.Text, "name", got.Distribution, v.Name)
	c.same(v.Kind, v.Text, "version", got.Number, v.Normal)
	c.same(v.Kind, v.Text, "build", strings.TrimLeft(got.Build, "0"), strings.TrimLeft(v.Build, "0"))
	tags := texts(got.Tags)
	slices.Sort(tags)
	c.same(v.Kind, v.Text, "tags", slices.Compact(tags), v.Tags)
}

func (c *comparer) sdist(v vector) {
	if !v.OK {
		// The library splits at the last '-' and knows no project; without its answer
		// there is no project to ask for.
		return
	}
	got, err := pep425.ParseSdistName(v.Text, v.Name)
	if c.accepted(v, err) {
		c.same(v.Kind, v.Text, "version", got, v.Normal)
	}
}

// metadata compares with the standard library's header reader: Clauses are the
// Requires-Dist, Tags the extras, Release the dynamic fields and Normal the Pythons.
func (c *comparer) metadata(v vector) {
	got, err := metadata.Parse([]byte(v.Text))
	if !c.accepted(v, err) {
		return
	}
	for i, r := range got.RequiresDist {
		got.RequiresDist[i] = strings.Join(strings.Fields(r), " ")
	}
	c.same(v.Kind, v.Text, "Requires-Dist", got.RequiresDist, v.Clauses)
	c.same(v.Kind, v.Text, "Provides-Extra", got.Extras, v.Tags)
	c.same(v.Kind, v.Text, "Dynamic", got.Dynamic, v.Release)
	c.same(v.Kind, v.Text, "Requires-Python", got.RequiresPython, v.Normal)
}

func (c *comparer) tags(v vector) {
	got, err := pep425.Supported(ecosystem.Target{Python: v.Python, Platform: v.Platform})
	if err != nil {
		c.t.Fatalf("%s on %s: %v", v.Python, v.Platform, err)
	}
	found := texts(got)
	for i, want := range v.Tags {
		if i >= len(found) {
			break
		}
		c.same(v.Kind, v.Python+" on "+v.Platform, fmt.Sprintf("tag %d", i), found[i], want)
	}
	c.same(v.Kind, v.Python+" on "+v.Platform, "number of tags", len(found), len(v.Tags))
}

func texts(tags []pep425.Tag) []string {
	out := make([]string, len(tags))
	for i, t := range tags {
		out[i] = t.String()
	}
	return out
}
