package origin

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// key stands for an ecosystem's: no separators, 1 and 0 as the letters they look like.
func key(p artifact.Package) string {
	return strings.NewReplacer("-", "", "1", "l", "0", "o", "rn", "m").Replace(p.Name)
}

func check(t testing.TB, globs ...string) *Check {
	t.Helper()
	var declared []groups.Group
	for _, glob := range globs {
		declared = append(declared, groups.Group{Pattern: glob, From: "test", Ecosystems: map[artifact.Ecosystem][]string{artifact.PyPI: {glob}}, Rules: [...]groups.Rule{groups.External: groups.Block, groups.Internal: groups.Inherit}})
	}
	g, err := groups.New(declared, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(g, []string{"devpi"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func target(name, upstream string) scan.VersionTarget {
	p := artifact.Package{Ecosystem: artifact.PyPI, Name: name}
	return scan.VersionTarget{Version: artifact.Version{Package: p, Number: "1"}, Index: &ecosystem.Index{Package: p, Upstream: upstream}}
}

func rules(t *testing.T, c *Check, target scan.VersionTarget) string {
	t.Helper()
	fs, err := c.Check(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range fs {
		if f.Class != finding.Origin || f.Text == "" {
			t.Errorf("a finding without its class or text: %+v", f)
		}
		out = append(out, f.Rule)
	}
	return strings.Join(out, " ")
}

func TestInternalNames(t *testing.T) {
	c := check(t, "acme-*", "billing", "*-acme", "data-*", "x-*-corp")
	for _, tc := range []struct{ name, want, why string }{
		{"acme-tools", RuleInternalOutside, "a pattern"},
		{"billing", RuleInternalOutside, "a name"},
		{"tools-acme", RuleInternalOutside, "a star in front"},
		{"x-y-corp", RuleInternalOutside, "a star in the middle"},
		{"acrne-tools", RuleInternalLookalike, "rn for m"},
		{"bi11ing", RuleInternalLookalike, "digits for letters"},
		{"bill-ing", RuleInternalLookalike, "a separator"},
		{"tools-acrne", RuleInternalLookalike, "at the end"},
		{"x-y-c0rp", RuleInternalLookalike, "after the middle"},
		{"datasette", "", "shares letters with data-* and no separator"},
		{"acmetools", "", "the pattern ends with a separator, the name has none"},
		{"toolsacme", "", "the same at its beginning"},
		{"requests", "", "another name"},
		{"billings", "", "a longer name"},
		{strings.Repeat("a", 5000), "", "very long"},
	} {
		if got := rules(t, c, target(tc.name, "public")); got != tc.want {
			t.Errorf("%s: got %q, want %q (%s)", tc.name, got, tc.want, tc.why)
		}
		if got := rules(t, c, target(tc.name, "devpi")); got != "" {
			t.Errorf("%s from the company's own upstream: got %q, want nothing", tc.name, got)
		}
	}
	other := target("acme-tools", "public")
	other.Version.Package.Ecosystem = "npm"
	if got := rules(t, c, other); got != "" {
		t.Errorf("a pattern of another ecosystem: got %q, want nothing", got)
	}
}

func TestOrigin(t *testing.T) {
	c := check(t)
	internal := target("tools", "public")
	internal.Internal = true
	moved, same, published, nowhere := target("left-pad", "public"), target("left-pad", "public"), target("left-pad", "public"), target("left-pad", "public")
	moved.Origin, same.Origin, published.Origin = "mirror", "public", "internal"
	nowhere.Index, nowhere.Internal, nowhere.Origin = nil, true, "internal"
	for _, tc := range []struct {
		why    string
		target scan.VersionTarget
		want   string
	}{
		{"declared internal elsewhere", internal, RuleInternalOutside},
		{"new name", target("left-pad", "public"), ""},
		{"another upstream than before", moved, RuleChanged},
		{"the same upstream", same, ""},
		{"published here before", published, RuleChanged},
		{"nobody outside has it", nowhere, ""},
	} {
		if got := rules(t, c, tc.target); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.why, got, tc.want)
		}
	}
}

// TestABlockedRoot: what came from outside before nothing may any more.
func TestABlockedRoot(t *testing.T) {
	c := check(t, "*")
	if got := rules(t, c, target("requests", "public")); got != RuleBlocked {
		t.Errorf("got %q, want %q", got, RuleBlocked)
	}
	if got := rules(t, c, target("requests", "devpi")); got != "" {
		t.Errorf("from the company's own upstream: got %q, want nothing", got)
	}
}

func TestRevisionFollowsThePatterns(t *testing.T) {
	if check(t, "a-*").Revision() == check(t, "b-*").Revision() {
		t.Error("other patterns must give another revision")
	}
}

func BenchmarkCheck(b *testing.B) {
	c := check(b, "acme-*", "*-acme", "billing")
	x := target("opentelemetry-instrumentation-requests", "public")
	for b.Loop() {
		if _, err := c.Check(b.Context(), x); err != nil {
			b.Fatal(err)
		}
	}
}
