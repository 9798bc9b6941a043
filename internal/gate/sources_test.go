package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// called is an upstream that goes by another name.
type called struct {
	*memory
	name string
}

func (c called) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	x, err := c.memory.Index(ctx, p)
	if err != nil {
		return nil, err
	}
	own := *x
	own.Upstream = c.name
	return &own, nil
}

// chains is a world with two upstreams, own and up, and the registries main (own, then
// up), outer (up alone) and team (main).
func chains(t *testing.T, own []string, up ...string) (*world, *memory) {
	t.Helper()
	w, _ := hosting(t, up...)
	inside := newMemory()
	for _, l := range own {
		inside.release(t, l)
	}
	for name, b := range inside.bytes {
		if have, ok := w.up.bytes[name]; ok && string(have) != string(b) {
			t.Fatalf("%s is two files", name)
		}
		w.up.bytes[name] = b
	}
	open := func(u ecosystem.Upstream) func(context.Context) (ecosystem.Upstream, error) {
		return func(context.Context) (ecosystem.Upstream, error) { return u, nil }
	}
	w.Peers[artifact.PyPI] = gate.Peer{Ecosystem: w.Peers[artifact.PyPI].Ecosystem, Open: open(called{inside, "own"}), Named: map[string]func(context.Context) (ecosystem.Upstream, error){
		"own": open(called{inside, "own"}), "up": open(w.up),
	}}
	w.also("outer")
	w.also("team")
	w.sources("main", gate.Source{Upstream: "own"}, gate.Source{Upstream: "up"})
	w.sources("outer", gate.Source{Upstream: "up"})
	w.sources("team", gate.Source{Registry: "main"})
	return w, inside
}

func (w *world) sources(registry string, s ...gate.Source) {
	r := w.Registries[registry]
	r.Sources = map[artifact.Ecosystem][]gate.Source{artifact.PyPI: s}
	w.Registries[registry] = r
}

// versionsIn are those that a registry lists, "own: 1.0, 2.0", or why it lists none.
func (w *world) versionsIn(registry, name string) string {
	w.t.Helper()
	v, err := w.View(w.t.Context(), registry, pkg(name))
	if err != nil {
		return err.Error()
	}
	var out []string
	for i, f := range v.Index.Files {
		number := f.Number
		if gate.Serves(v.Decisions[i]) {
			number += " served"
		}
		out = append(out, number)
	}
	return v.Index.Upstream + ": " + strings.Join(out, ", ")
}

// TestTheFirstUpstreamThatHasANameIsItsOrigin, whatever the others offer, and from
// then on also when it has the name no more.
func TestTheFirstUpstreamThatHasANameIsItsOrigin(t *testing.T) {
	w, own := chains(t, []string{"lib 1.0"}, "lib 9.0", "public 1.0")
	want(t, "lib", w.versionsIn("main", "lib"), "own: 1.0")
	want(t, "public", w.versionsIn("main", "public"), "up: 1.0")
	if origin, err := w.Store.Origin(t.Context(), pkg("lib")); origin != "own" {
		t.Errorf("the origin of lib is %q, %v", origin, err)
	}
	if w.up.asked["lib"] != 0 || own.asked["public"] != 1 {
		t.Errorf("asked: up %v, own %v", w.up.asked, own.asked)
	}
	want(t, "another registry", w.versionsIn("outer", "lib"), "registry outer asks nobody for lib: lib comes from own, and a name has one origin for ever")
	own.mu.Lock()
	delete(own.indexes, "lib")
	own.mu.Unlock()
	w.pass(day)
	if got := w.versionsIn("main", "lib"); !strings.Contains(got, "no such package") {
		t.Errorf("gone from its origin: %s", got)
	}
	if n := w.up.asked["lib"]; n != 0 {
		t.Errorf("the next upstream was asked %d times about a name that is another's", n)
	}
}

// TestASilentUpstreamIsNeverPassedOver: the next might have somebody else's package.
func TestASilentUpstreamIsNeverPassedOver(t *testing.T) {
	w, own := chains(t, nil, "lib 9.0")
	own.fails("", ecosystem.ErrUnreachable)
	if _, err := w.View(t.Context(), "main", pkg("lib")); !errors.Is(err, ecosystem.ErrUnreachable) || errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
	if _, err := w.View(t.Context(), "team", pkg("lib")); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("through another registry: %v", err)
	}
	if n := w.up.asked["lib"]; n != 0 {
		t.Errorf("the next one was asked %d times", n)
	}
	own.fails("", nil)
	want(t, "when it answers", w.versionsIn("main", "lib"), "up: 9.0")
}

// TestClaimedNames are asked for where they belong and nowhere else.
func TestClaimedNames(t *testing.T) {
	w, own := chains(t, []string{"house-lib 1.0", "stray 1.0"}, "house-lib 9.0", "house-other 9.0", "stray 9.0")
	w.sources("main", gate.Source{Upstream: "up"}, gate.Source{Upstream: "own", Claims: func(p artifact.Package) bool { return groups.Matches("house-*", p.Name) }})
	want(t, "claimed", w.versionsIn("main", "house-lib"), "own: 1.0")
	want(t, "another", w.versionsIn("main", "stray"), "up: 9.0")
	if got := w.versionsIn("main", "house-other"); !strings.Contains(got, "no such package") {
		t.Errorf("claimed, and not there: %s", got)
	}
	if got := w.versionsIn("outer", "house-lib"); !strings.Contains(got, "belong to another upstream") {
		t.Errorf("in a registry that does not read its upstream: %s", got)
	}
	d := w.desk("main")
	w.grouped()
	wantAnswer(t, publish(t, d, w.wheelOf(d, "house-made 1.0"), ci), "published", "one of the claimed names")
	want(t, "published here, and claimed", w.versionsIn("team", "house-made"), "internal: 1.0 served")
	if w.up.asked["house-lib"]+w.up.asked["house-other"]+own.asked["house-made"] != 0 || own.asked["stray"] != 0 {
		t.Errorf("asked: up %v, own %v", w.up.asked, own.asked)
	}
}

// group is a package group for Python.
func group(pattern string, rules [3]groups.Rule) groups.Group {
	return groups.Group{Pattern: pattern, From: "package_groups[0]", Rules: rules, Ecosystems: map[artifact.Ecosystem][]string{artifact.PyPI: {pattern}}}
}

func (w *world) grouped(list ...groups.Group) {
	w.t.Helper()
	var err error
	w.Groups, err = groups.New(list, func(p artifact.Package) string { return strings.NewReplacer("-", "", "1", "l").Replace(p.Name) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestGroupsSayWhoIsAsked: external is for upstreams outside, internal for those that
// are the company's own and for other registries.
func TestGroupsSayWhoIsAsked(t *testing.T) {
	const allow, block = groups.Allow, groups.Block
	for _, tc := range []struct {
		rules      [3]groups.Rule // publish, external, internal
		main, team string
	}{
		{[3]groups.Rule{"", block, ""}, "own: 1.0", "own: 1.0"},
		{[3]groups.Rule{"", "", block}, "up: 9.0", "none"},
		{[3]groups.Rule{"", block, block}, "none", "none"},
		{[3]groups.Rule{"", allow, allow}, "own: 1.0", "own: 1.0"},
	} {
		for _, name := range []string{"acme-lib", "acme-1ib"} {
			w, own := chains(t, []string{name + " 1.0"}, name+" 9.0")
			w.sources("main", gate.Source{Upstream: "own", Own: true}, gate.Source{Upstream: "up"})
			w.grouped(group("acme-lib*", tc.rules))
			for registry, wanted := range map[string]string{"main": tc.main, "team": tc.team} {
				got := w.versionsIn(registry, name)
				if wanted == "none" && strings.Contains(got, "asks nobody") {
					continue
				}
				want(t, fmt.Sprint(registry, name, tc.rules), got, wanted)
			}
			if tc.rules[1] == block && w.up.asked[name] != 0 || tc.rules[2] == block && own.asked[name] != 0 {
				t.Errorf("%v %s: asked up %v, own %v", tc.rules, name, w.up.asked, own.asked)
			}
		}
	}
}

// TestLookalikesOfOurPackages are nobody's: once a name is published here, others that
// can be mistaken for it are not asked for outside, unless a group names them.
func TestLookalikesOfOurPackages(t *testing.T) {
	w, d := hosting(t, "quietname 9.0", "quiet-name-x 9.0", "o1d 1.0")
	w.grouped()
	want(t, "before", w.versionsIn("main", "o1d"), "up: 1.0")
	want(t, "admitted", w.in("main", "o1d 1.0"), "admit")
	wantAnswer(t, publish(t, d, w.wheelOf(d, "quiet-name 1.0"), ci), "published", "without patterns")
	if got := w.versionsIn("main", "quietname"); !strings.Contains(got, "can be mistaken for quiet-name") {
		t.Errorf("a lookalike: %s", got)
	}
	if n := w.up.asked["quietname"]; n != 0 {
		t.Errorf("asked for %d times", n)
	}
	want(t, "another name", w.versionsIn("main", "quiet-name-x"), "up: 9.0")
	wantAnswer(t, publish(t, d, w.wheelOf(d, "ol-d 1.0"), ecosystem.Publisher{Name: "ada", Admin: true}), "published", "by an admin")
	want(t, "what was here before", w.versionsIn("main", "o1d"), "up: 1.0 served")
	w.grouped(group("quietname", [3]groups.Rule{"", groups.Allow, ""}))
	want(t, "named", w.versionsIn("main", "quietname"), "up: 9.0")
}

// TestAChainOfRegistries: team gives what main would, by its own policy too, with one
// fetch, and what main takes back is gone at once.
func TestAChainOfRegistries(t *testing.T) {
	w, _ := chains(t, nil, "lib 1.0", "lib 2.0 age=1h")
	lax, err := policy.Parse("lax.yaml", []byte("version: 1\nrules:\n  - {id: all, on: finding, when: 'true', effect: note, why: because, examples: {finds: [{finding: {class: honesty}}], spares: []}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := w.Registries["team"]
	r.Policy = lax
	w.Registries["team"] = r

	want(t, "in team", w.in("team", "lib 1.0"), "admit")
	if state, err := w.Store.State(t.Context(), "main", pkg("lib")); err != nil || state.AdmittedSince[wheelOf("lib 1.0")].IsZero() {
		t.Errorf("main's decision, on whose word team's was taken, does not stand: %+v %v", state, err)
	}
	want(t, "in main", w.versionsIn("main", "lib"), "up: 1.0 served, 2.0")
	want(t, "in team", w.versionsIn("team", "lib"), "up: 1.0 served, 2.0")
	if n := w.fetch.of(wheelOf("lib 1.0")); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	want(t, "too young for main", w.in("team", "lib 2.0"), "hold")
	if r := decisionIn(t, w, "team", "lib", wheelOf("lib 2.0")).Reasons; rules(r) != "file-too-young hold" || !strings.HasPrefix(r[0].Text, "registry main, which this one reads, does not hand it out: ") {
		t.Errorf("too young for main: %+v", r)
	}
	w.vuln("PYSEC-1", "lib 1.0", finding.Critical, "2.0")
	want(t, "refused in main", w.versionsIn("team", "lib"), "up: 1.0, 2.0")
	if d := decisionIn(t, w, "team", "lib", wheelOf("lib 1.0")); d.Verdict != verdict.Reject || d.Inputs.Above == "" {
		t.Errorf("in team: %+v", d)
	}
	// Who may decide there decides; here nobody waives what main says.
	wish := gate.WaiverWish{Registry: "team", Package: pkg("lib"), Rule: "vulnerability-fixed", Until: w.Now().Add(30 * day), Reason: "known", By: "ann"}
	if _, err := w.Waive(t.Context(), wish); err != nil {
		t.Fatal(err)
	}
	want(t, "waived in team", w.versionsIn("team", "lib"), "up: 1.0, 2.0")
	wish.Registry = "main"
	if _, err := w.Waive(t.Context(), wish); err != nil {
		t.Fatal(err)
	}
	want(t, "waived in main", w.versionsIn("team", "lib"), "up: 1.0 served, 2.0")
	// The other way round: what only team refuses main goes on serving.
	w.Registries["team"] = gate.Registry{Name: "team", Policy: policy.Default(), Targets: r.Targets, Sources: r.Sources, Observe: true}
	w.malware("MAL-1", "lib 1.0")
	want(t, "malware in main", w.versionsIn("team", "lib"), "up: 1.0, 2.0")
}

func decisionIn(t *testing.T, w *world, registry, name, file string) verdict.Decision {
	t.Helper()
	v, err := w.View(t.Context(), registry, pkg(name))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range v.Index.Files {
		if f.Name == file {
			return v.Decisions[i]
		}
	}
	t.Fatalf("%s has no %s", registry, file)
	return verdict.Decision{}
}

// TestARegistryThatOnlyObserves does not hand out what the one that it reads refuses.
func TestARegistryThatOnlyObserves(t *testing.T) {
	w, _ := chains(t, nil, "lib 1.0")
	r := w.Registries["team"]
	r.Observe = true
	w.Registries["team"] = r
	want(t, "in main", w.in("main", "lib 1.0"), "admit")
	w.vuln("PYSEC-1", "lib 1.0", finding.Critical, "2.0")
	want(t, "team", w.versionsIn("team", "lib"), "up: 1.0")
}

// TestOurPackagesThroughAChain: what was published in main is in team, with its
// metadata, and gone there as soon as it is deleted in main.
func TestOurPackagesThroughAChain(t *testing.T) {
	w, _ := chains(t, nil, "dep 1.0")
	d := w.desk("main")
	w.grouped()
	u := w.wheelOf(d, "billing 1.0", "dep")
	wantAnswer(t, publish(t, d, u, ci), "published", "in main")
	want(t, "in team", w.versionsIn("team", "billing"), "internal: 1.0 served")
	if got := w.versionsIn("outer", "billing"); !strings.Contains(got, "nothing of it is in registry outer") {
		t.Errorf("outer does not read main: %s", got)
	}
	v, err := w.View(t.Context(), "team", pkg("billing"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := w.Metadata(t.Context(), "team", v.Index, v.Index.Files[0]); err != nil || !strings.Contains(string(b), "Requires-Dist: dep") {
		t.Errorf("metadata: %q %v", b, err)
	}
	out := w.admit(func() verdict.Request { r := request("requirements.txt", "billing\n"); r.Registry = "team"; return r }())
	want(t, "resolved in team", said(out), "admit: billing 1.0 admit, dep 1.0 admit")
	if n := w.up.asked["billing"]; n != 0 {
		t.Errorf("asked outside %d times", n)
	}
	if _, err := w.Delete(t.Context(), gate.Act{Registry: "main", Version: vers("billing 1.0"), Reason: "wrong", By: "ada"}); err != nil {
		t.Fatal(err)
	}
	if got := w.versionsIn("team", "billing"); strings.Contains(got, "served") {
		t.Errorf("deleted in main: %s", got)
	}
	// Team's own come before main's.
	team := w.desk("team")
	wantAnswer(t, publish(t, team, w.wheelOf(team, "billing 2.0"), ci), "published", "in team")
	want(t, "in team", w.versionsIn("team", "billing"), "internal: 2.0 served")
}

// TestNoWayOutForNamesOfOurs: however a name of ours comes in, no upstream hears it.
func TestNoWayOutForNamesOfOurs(t *testing.T) {
	w, own := chains(t, nil, "acme-billing 9.0", "trick 1.0 -> acme-billing", "sdist-trick 1.0 built=acme-build", "acme-build 1.0")
	for _, registry := range []string{"main", "team"} {
		for _, r := range []verdict.Request{
			request("requirements.txt", "acme-billing\n"), request("requirements.txt", "Acme_Billing==9.0\n"), request("requirements.txt", "ACME.billing>1\n"),
			request("requirements.txt", "trick\n"), request("requirements.txt", "sdist-trick\n"), purls("pkg:pypi/acme-billing@9.0"), purls("pkg:pypi/acme%5Fbilling"), purls("pkg:pypi/%41cme-billing"),
		} {
			r.Registry = registry
			if out := w.admit(r); out.Verdict == verdict.Admit {
				t.Errorf("%s: %s", registry, said(out))
			}
		}
		for _, name := range []string{"acme-billing", "acme-build", "acme-never-seen"} {
			if _, err := w.View(t.Context(), registry, pkg(name)); !errors.Is(err, ecosystem.ErrNoPackage) {
				t.Errorf("%s %s: %v", registry, name, err)
			}
			if _, err := w.Document(t.Context(), registry, pkg(name), "any"); !errors.Is(err, verdict.ErrForbidden) {
				t.Errorf("%s document of %s: %v", registry, name, err)
			}
			if _, err := w.Explain(t.Context(), registry, vers(name+" 1.0")); err != nil {
				t.Errorf("%s explain %s: %v", registry, name, err)
			}
			if _, err := w.Attestations(t.Context(), registry, pkg(name), "x.whl"); err == nil {
				t.Errorf("%s attestations of %s", registry, name)
			}
			if _, err := w.Heard(t.Context(), pkg(name)); err != nil {
				t.Errorf("%s heard of %s: %v", registry, name, err)
			}
		}
	}
	for _, up := range []*memory{w.up, own} {
		for name := range up.asked {
			if strings.Contains(name, "acme") {
				t.Errorf("an upstream was asked for %s", name)
			}
		}
	}
}

// TestExplainNames: of a name alone, and of one that nobody has seen, nobody is asked.
func TestExplainNames(t *testing.T) {
	w, _ := chains(t, []string{"lib 1.0"}, "lib 9.0")
	w.Bulk = func(p artifact.Package) (string, error) { return "malware outside is called " + p.Name, nil }
	e, err := w.Explain(t.Context(), "team", artifact.Version{Package: pkg("acme-new")})
	if err != nil {
		t.Fatal(err)
	}
	if c := e.Control; !e.Internal || e.Missing != "" || c.External.Rule != groups.Block || c.External.Group != "acme-*" || c.Publish.Rule != groups.Allow || c.Outside == "" ||
		len(c.Chain) != 2 || len(c.Sources) != 1 || c.Sources[0].Source != "registry main" || !c.Sources[0].Asked {
		t.Errorf("a name of ours: %+v", e)
	}
	if e, err = w.Explain(t.Context(), "main", artifact.Version{Package: pkg("lib")}); err != nil || e.Origin != "" || len(e.Control.Sources) != 2 || e.Control.Outside != "" {
		t.Errorf("another: %+v %v", e, err)
	}
	if n := w.up.asked["lib"]; n != 0 || w.up.asked["acme-new"] != 0 {
		t.Errorf("asked outside: %v", w.up.asked)
	}
	w.versionsIn("main", "lib")
	if e, err = w.Explain(t.Context(), "main", vers("lib 1.0")); err != nil || e.Origin != "own" || e.Control.Sources[1].Asked || !strings.Contains(e.Control.Sources[1].Why, "one origin") || len(e.Now) != 1 {
		t.Errorf("bound: %+v %v", e, err)
	}
}

// TestPublishUnderAGroup: what a group blocks nobody publishes, and the answer names it.
func TestPublishUnderAGroup(t *testing.T) {
	w, d := hosting(t, "taken 1.0")
	w.grouped(group("reserved-*", [3]groups.Rule{groups.Block, "", ""}), group("acme-*", [3]groups.Rule{groups.Allow, groups.Block, ""}))
	want(t, "taken", w.in("main", "taken 1.0"), "admit")
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-mine 1.0"), ci), "published", "allowed by name")
	for _, tc := range []struct{ name, want string }{
		{"reserved-name", "reserved-name may not be published here: reserved-name belongs to the package group reserved-* (package_groups[0]), which says publish: block"},
		{"reserved-1ib", "reserved-1ib may not be published here: reserved-1ib belongs to"},
		{"re-served-x", "re-served-x may not be published here: re-served-x can be mistaken for a name of the package group reserved-*"},
		{"ta-ken", "ta-ken is new here and can be mistaken for taken"},
		{"acme-other", ""},
		{"acmemine", "acmemine is new here and can be mistaken for acme-mine"},
	} {
		err := d.MayPublish(t.Context(), pkg(tc.name), ci)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}
