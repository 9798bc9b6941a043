package ecosystemtest

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/server"
)

func (s Suite) parse(t *testing.T, f File) *ecosystem.Manifest {
	t.Helper()
	if s.Adapter.ManifestFormat(f.Name) == "" {
		t.Errorf("%s is no manifest by its name", f.Name)
	}
	m, err := s.Adapter.ParseManifest(fstest.MapFS{f.Name: {Data: []byte(f.Body)}}, f.Name)
	if err != nil {
		t.Fatalf("%s: %v\n%s", f.Name, err, f.Body)
	}
	for _, p := range m.Problems {
		if p.Fatal || p.Effect != "note" {
			t.Errorf("%s: %+v", f.Name, p)
		}
	}
	return m
}

// standsAt says whether a requirement's place is where its package's name stands,
// or at most a few lines above it: a lock's entry begins before its name.
func standsAt(t *testing.T, f File, r ecosystem.Requirement, neutral string) {
	t.Helper()
	lines := strings.Split(f.Body, "\n")
	if r.At.File != f.Name || r.At.Line < 1 || r.At.Line > len(lines) {
		t.Errorf("%s stands at %+v, which is not in %s", r.Package, r.At, f.Name)
		return
	}
	near := strings.Join(lines[r.At.Line-1:min(len(lines), r.At.Line+3)], "\n")
	if !strings.Contains(near, neutral) {
		t.Errorf("%s stands at line %d of %s, which is %q", r.Package, r.At.Line, f.Name, near)
	}
}

func testManifest(t *testing.T, s Suite) {
	f := s.Manifest([]Need{{s.Name("demo"), s.Number("1.0.0")}, {s.Name("left"), s.Number("1.1.0")}})
	m := s.parse(t, f)
	if m.Locked {
		t.Errorf("%s is no lock", f.Name)
	}
	for neutral, least := range map[string]string{"demo": "1.0.0", "left": "1.1.0"} {
		i := slices.IndexFunc(m.Requirements, func(r ecosystem.Requirement) bool { return r.Package == s.identity(t, s.Name(neutral)) })
		if i < 0 {
			t.Errorf("%s is not asked for: %+v", neutral, m.Requirements)
			continue
		}
		r := m.Requirements[i]
		standsAt(t, f, r, neutral)
		if r.Spec == "" && r.Number == "" {
			continue // the ecosystem says elsewhere which versions it takes
		}
		if in, err := s.Adapter.InRange(s.Number(least), r.Spec); err != nil || !in {
			t.Errorf("%s asks for %q, which has no %s: %v", neutral, r.Spec, least, err)
		}
		if in, err := s.Adapter.InRange(s.Number("0.1.0"), r.Spec); err != nil || in {
			t.Errorf("%s asks for %q, which has 0.1.0: %v", neutral, r.Spec, err)
		}
	}
	if len(m.Requirements) != 2 {
		t.Errorf("%d requirements, want 2: %+v", len(m.Requirements), m.Requirements)
	}
	for _, bad := range []string{strings.Repeat("\x00", 100), "{", strings.Repeat("[", 100_000)} {
		m, err := s.Adapter.ParseManifest(fstest.MapFS{f.Name: {Data: []byte(bad)}}, f.Name)
		if err == nil && len(m.Problems) == 0 && len(m.Requirements) == 0 {
			t.Errorf("%s that holds %.20q has neither requirements nor problems", f.Name, bad)
		}
	}
	if m, err := s.Adapter.ParseManifest(fstest.MapFS{}, f.Name); err == nil {
		t.Errorf("a manifest that is not there was read: %+v", m)
	}
}

func testLock(t *testing.T, s Suite) {
	f := s.Lock(t, []Release{s.release("demo", "1.0.0"), s.release("left", "1.1.0")})
	m := s.parse(t, f)
	if !m.Locked {
		t.Errorf("%s is a lock", f.Name)
	}
	for neutral, number := range map[string]string{"demo": "1.0.0", "left": "1.1.0"} {
		i := slices.IndexFunc(m.Requirements, func(r ecosystem.Requirement) bool { return r.Package == s.identity(t, s.Name(neutral)) })
		if i < 0 {
			t.Errorf("%s is not in it: %+v", neutral, m.Requirements)
			continue
		}
		r := m.Requirements[i]
		standsAt(t, f, r, neutral)
		if r.Number != s.Number(number) {
			t.Errorf("%s is locked at %q, want %s", neutral, r.Number, s.Number(number))
		}
		if len(r.Hashes) == 0 && len(r.Files) == 0 {
			t.Errorf("%s is locked without a hash: %+v", neutral, r)
		}
	}
}

// Graph is the small world of the closure: demo 1.0.0 needs left and right from
// 1.0.0, left 1.1.0 needs base from 1.0.0, left 1.0.0 and right 1.0.0 need base from
// 1.1.0; base has 1.0.0, 1.1.0 and 1.2.0, and nobody needs other.
func (s Suite) graph() []Package {
	return []Package{
		{Name: s.Name("demo"), Releases: []Release{s.release("demo", "1.0.0", Need{"left", "1.0.0"}, Need{"right", "1.0.0"})}},
		{Name: s.Name("left"), Releases: []Release{s.release("left", "1.0.0", Need{"base", "1.1.0"}), s.release("left", "1.1.0", Need{"base", "1.0.0"})}},
		{Name: s.Name("right"), Releases: []Release{s.release("right", "1.0.0", Need{"base", "1.1.0"})}},
		s.pkg("base", "1.0.0", "1.1.0", "1.2.0"),
		s.pkg("other", "1.0.0"),
	}
}

func testClosure(t *testing.T, s Suite) {
	v := open(t, s, s.graph()...)
	m := s.parse(t, s.Manifest([]Need{{s.Name("demo"), s.Number("1.0.0")}}))
	resolved, err := s.Adapter.Resolve(t.Context(), v.Gate.Peers[s.Adapter.ID()].Upstream, []*ecosystem.Manifest{m}, v.Gate.Registries[server.MainRegistry].Targets)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, r := range resolved {
		got = append(got, r.Version.Package.Name+" "+r.Version.Number)
		if demo := r.Version.Package == s.identity(t, s.Name("demo")); r.Direct != demo || (len(r.Via) == 0) != demo {
			t.Errorf("%s: direct %t, by way of %v", r.Version, r.Direct, r.Via)
		}
	}
	for _, row := range s.Closure {
		name, number, _ := strings.Cut(row, " ")
		want = append(want, s.identity(t, s.Name(name)).Name+" "+s.Number(number))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("closure %q, want %q", got, want)
	}
	if n := v.shop.askedFor("other"); n != 0 {
		t.Errorf("a package that nobody needs was asked for %d times", n)
	}
}
