package groups

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// key stands for an ecosystem's: no separators, digits as the letters they look like.
func key(p artifact.Package) string {
	return strings.NewReplacer("-", "", "_", "", ".", "", "/", "", "@", "", "1", "l", "0", "o", "rn", "m").Replace(strings.ToLower(p.Name))
}

// group reads "npm:@acme/* publish=allow external=block".
func group(text string) Group {
	words := strings.Fields(text)
	g := Group{Pattern: words[0], From: "test", Ecosystems: map[artifact.Ecosystem][]string{}}
	eco, glob, named := strings.Cut(words[0], ":")
	g.Named = named
	if named {
		g.Ecosystems[artifact.Ecosystem(eco)] = []string{glob}
	} else {
		for _, e := range []artifact.Ecosystem{artifact.PyPI, artifact.NPM, artifact.Golang, artifact.Maven} {
			g.Ecosystems[e] = []string{words[0]}
		}
	}
	for _, w := range words[1:] {
		way, rule, _ := strings.Cut(w, "=")
		for x := range ways {
			if x.String() == way {
				g.Rules[x] = Rule(rule)
			}
		}
	}
	return g
}

func declare(t testing.TB, texts ...string) *Groups {
	t.Helper()
	var list []Group
	for _, s := range texts {
		list = append(list, group(s))
	}
	g, err := New(list, key)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func pkg(purl string) artifact.Package {
	eco, name, _ := strings.Cut(purl, ":")
	return artifact.Package{Ecosystem: artifact.Ecosystem(eco), Name: name}
}

// TestTheMostSpecificDecides: the name itself, the longest pattern, the ecosystem's,
// the root, each way by itself.
func TestTheMostSpecificDecides(t *testing.T) {
	g := declare(t,
		"* publish=block",
		"npm:* internal=block",
		"acme-* external=block publish=allow",
		"npm:acme-* external=allow",
		"acme-public-* external=allow",
		"acme-public-secret external=block publish=inherit",
		"npm:@acme/* external=block internal=allow",
		"a* external=allow",
	)
	for _, tc := range []struct{ name, want, why string }{
		{"pypi:requests", "block * allow * allow *", "the root alone"},
		{"npm:left-pad", "block * allow npm:* block npm:*", "the ecosystem's root has no word on external: nobody has"},
		{"pypi:acme-billing", "allow acme-* block acme-* allow *", "a pattern"},
		{"npm:acme-billing", "allow acme-* allow npm:acme-* block npm:*", "one ecosystem before all, and what it does not say is inherited"},
		{"pypi:acme-public-site", "allow acme-* allow acme-public-* allow *", "the longer pattern"},
		{"pypi:acme-public-secret", "allow acme-* block acme-public-secret allow *", "the name itself"},
		{"pypi:acme-public-secretly", "allow acme-* allow acme-public-* allow *", "a longer name is another"},
		{"npm:@acme/core", "block * block npm:@acme/* allow npm:@acme/*", "a scope"},
		{"pypi:abacus", "block * allow a* allow *", "a short pattern"},
	} {
		c := g.Of(pkg(tc.name))
		var got []string
		for w := range ways {
			s := c.Of(w)
			by := s.Group
			if by == Root && w != Publish && strings.HasPrefix(tc.name, "npm:left") {
				by = "npm:*"
			}
			got = append(got, string(s.Rule), by)
			if !strings.Contains(s.Why, w.String()) {
				t.Errorf("%s: %q does not say which way it is about", tc.name, s.Why)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s (%s)", tc.name, got, tc.want, tc.why)
		}
		if last := c.Chain[len(c.Chain)-1]; last.Pattern != Root {
			t.Errorf("%s: the chain %v does not end at the root", tc.name, c.Chain)
		}
	}
}

// TestNamesInAnySpelling are the forms that names of ours take, and what only looks
// like them.
func TestNamesInAnySpelling(t *testing.T) {
	g := declare(t, "acme-* external=block", "npm:@acme/* external=block", "npm:exact external=block", "*-corp external=block",
		"Corp.example/* external=block", "git.example/own/lib external=block", "maven:com.acme/* external=block", "c++.*[x] external=block")
	for _, tc := range []struct {
		name string
		want string
		why  string
	}{
		{"pypi:acme-billing", "ours", "of every ecosystem"},
		{"npm:acme-billing", "ours", "of every ecosystem"},
		{"npm:@acme/x", "ours", "of its own"},
		{"npm:@acme/x/y", "ours", "a star stands for slashes too"},
		{"npm:@ACME/x", "ours", "another letter case is the same name to people, and to some registries"},
		{"pypi:@other/x", "", "another"},
		{"npm:exact", "ours", "no star"},
		{"npm:exactly", "", "no star"},
		{"pypi:our-corp", "ours", "a star first"},
		{"pypi:corp", "", "nothing before the hyphen"},
		{"pypi:acme", "", "nothing after it"},
		{"pypi:xacme-y", "", "from the beginning"},
		{"golang:corp.example/team", "ours", "a pattern in capitals"},
		{"golang:corp.example/team/lib/v2/internal/x", "ours", "the go command asks for every folder below a module"},
		{"golang:corp.example", "ours", "and for those above: /* says that nothing there is anybody else's"},
		{"golang:corp.examples/x", "", "the slash is part of it"},
		{"golang:git.example/own/lib/sub", "ours", "below an exact name"},
		{"golang:git.example/own", "", "above one there may be others"},
		{"golang:git.example/own/library", "", "beside one"},
		{"maven:com.acme/core", "ours", "a group"},
		{"maven:com.acmex/core", "", "another group"},
		{"pypi:acme_billing", "alike", "another separator"},
		{"npm:Acme_Billing", "alike", "and capitals"},
		{"npm:acrne-billing", "alike", "rn for m"},
		{"npm:acme.billing", "alike", "a dot"},
		{"npm:acme-x", "ours", "matched by acme-*"},
		{"npm:exact_", "", "a separator at the end is no spelling of it"},
		{"npm:ex-act", "alike", "a separator"},
		{"golang:git-example/own/lib", "alike", "a dash for a dot"},
		{"pypi:acmeology", "", "no separator where the pattern has one"},
		{"npm:" + strings.Repeat("acme_", 60), "", "very long"},
		{"pypi:c++.a[x]", "ours", "nothing but the star means more than itself"},
		{"pypi:cc.ax", "", "and not what it would in a regular expression"},
	} {
		p := pkg(tc.name)
		s := g.Of(p).External
		got := ""
		if s.Rule == Block {
			got = "ours"
			if s.Alike {
				got = "alike"
			}
		}
		if got != tc.want || g.Ours(p) != (tc.want != "") {
			t.Errorf("%s: %q (%s), want %q (%s)", tc.name, got, s.Why, tc.want, tc.why)
		}
	}
}

// TestWhoIsWrittenOutIsMeant: a public name that looks like ours is opened by a group
// of its own name, and by nothing less.
func TestWhoIsWrittenOutIsMeant(t *testing.T) {
	for _, tc := range []struct{ opens, want string }{
		{"npm:acme_x external=allow", "allow"}, {"npm:acme_x* external=allow", "allow"}, {"npm:ac* external=allow", "block"}, {"npm:* external=allow", "block"},
	} {
		g := declare(t, "acme-* external=block", tc.opens)
		if got := g.Of(pkg("npm:acme_x")).External; string(got.Rule) != tc.want {
			t.Errorf("%s: %s, want %s: %s", tc.opens, got.Rule, tc.want, got.Why)
		}
	}
}

func TestEquallySpecificOnesBlock(t *testing.T) {
	for _, list := range [][]string{{"x-ac* external=allow", "*acme external=block"}, {"*acme external=block", "x-ac* external=allow"}} {
		g := declare(t, list...)
		if s := g.Of(pkg("npm:x-acme")).External; s.Rule != Block {
			t.Errorf("%v: %s", list, s.Why)
		}
	}
}

func TestARootThatBlocksIsNobodysName(t *testing.T) {
	g := declare(t, "* external=block", "npm:left-* external=allow")
	for name, want := range map[string]Rule{"npm:left-pad": Allow, "npm:right-pad": Block} {
		if s := g.Of(pkg(name)).External; s.Rule != want || g.Ours(pkg(name)) {
			t.Errorf("%s: %+v, ours %t", name, s, g.Ours(pkg(name)))
		}
	}
	var none *Groups
	if c := none.Of(pkg("npm:left-pad")); c.Publish.Rule != Allow || c.External.Rule != Allow || c.Internal.Rule != Allow || none.Ours(pkg("npm:x")) || none.Digest() != "" {
		t.Errorf("without any groups: %+v", c)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		list []Group
		want string
	}{
		{[]Group{group("acme-* external=block"), group("ACME-* publish=block")}, "declared twice"},
		{[]Group{group("a*b*c*d external=block")}, "stars"},
		{[]Group{group(strings.Repeat("a", MaxPattern+1) + " external=block")}, "longer than"},
		{[]Group{{Pattern: "x", From: "test"}}, "no ecosystem"},
		{[]Group{{Pattern: "npm:", From: "test", Ecosystems: map[artifact.Ecosystem][]string{artifact.NPM: {""}}}}, "no pattern"},
		{make([]Group, MaxGroups+1), "at most"},
	} {
		if _, err := New(tc.list, key); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%.60s: %v, want %q", fmt.Sprint(tc.list), err, tc.want)
		}
	}
	if _, err := New([]Group{group("acme-* external=block"), group("npm:acme-* external=allow")}, key); err != nil {
		t.Errorf("one for all and one for an ecosystem: %v", err)
	}
}

func TestDigestFollowsTheGroups(t *testing.T) {
	if declare(t, "a-* external=block").Digest() == declare(t, "a-* external=allow").Digest() {
		t.Error("other rules must give another digest")
	}
}

// FuzzOf: whatever a name holds, it has an answer, the same whether it was asked
// before or not, and what belongs to a name that blocks is not let out.
func FuzzOf(f *testing.F) {
	for _, s := range []string{"acme-x", "ACME-X", "acme_x", "@acme/x", "a/b/c", "", "*", "acme-*", "acme-\x00", "\u212acme-x", strings.Repeat("a-", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		g := declare(t, "acme-* external=block", "npm:@acme/* external=block", "*-corp-* external=block")
		p := artifact.Package{Ecosystem: artifact.NPM, Name: name}
		a, b := g.Of(p), g.Of(p)
		if fmt.Sprint(a) != fmt.Sprint(b) || a.External.Rule != Allow && a.External.Rule != Block || a.Publish.Why == "" {
			t.Errorf("%q: %+v then %+v", name, a, b)
		}
		if lower := strings.ToLower(name); (strings.HasPrefix(lower, "acme-") || strings.HasPrefix(lower, "@acme/")) && a.External.Rule != Block {
			t.Errorf("%q got out: %s", name, a.External.Why)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf("team%d-* external=block", i))
	}
	g := declare(b, list...)
	i := 0
	for b.Loop() {
		i++
		g.Of(artifact.Package{Ecosystem: artifact.NPM, Name: fmt.Sprint("opentelemetry-instrumentation-", i)})
	}
}
