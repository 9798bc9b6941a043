package gate_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func TestDifferenceOfTwoVersions(t *testing.T) {
	w, _ := behaving(t, "demo 1 -> left", "demo 1.1 -> left", "demo 2 -> left & right", "other 1")
	w.does("demo 1", "exec")
	w.does("demo 1.1", "exec")
	w.does("demo 2", "exec", "steal", "socket")
	var asked []scan.Spot
	w.Excerpts = func(_ context.Context, f artifact.File, spots []scan.Spot) ([]scan.Excerpt, error) {
		asked = append(asked, spots...)
		return []scan.Excerpt{{Spot: spots[0], Lines: []scan.ExcerptLine{{Number: 2, Text: "the line in " + f.Name}}}}, nil
	}
	w.up.edit("demo", wheelOf("demo 1"), func(f *ecosystem.IndexFile) { f.Provenance = "https://attested.invalid/1" })
	diff := func(from, to string) gate.Difference {
		t.Helper()
		d, err := w.Difference(t.Context(), "main", vers(from), vers(to))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}

	d := diff("demo 1", "demo 1.1")
	if d.Verdict != verdict.Admit || len(d.Facts.Added) != 0 || len(d.Capabilities.Added) != 0 {
		t.Errorf("the same code: %s, facts %v, capabilities %v", d.Verdict, d.Facts.Added, d.Capabilities)
	}
	d = diff("demo 1", "demo 2")
	if d.From != "pkg:pypi/demo@1" || d.To != "pkg:pypi/demo@2" || d.Verdict != verdict.Reject {
		t.Errorf("%s to %s: %s", d.From, d.To, d.Verdict)
	}
	if !slices.Equal(d.Capabilities.Added, []string{"socket", "steal"}) || len(d.Capabilities.Evidence) != 2 || len(d.Capabilities.Removed) != 0 {
		t.Errorf("capabilities %+v", d.Capabilities)
	}
	if len(d.Facts.Added) != 2 || d.Facts.Added[0].Kind != "socket" || len(d.Facts.Added[0].Excerpt) != 1 || d.Facts.Added[1].Path != "demo.py" {
		t.Errorf("facts %+v", d.Facts)
	}
	if !slices.ContainsFunc(d.Findings, func(f gate.DifferenceFinding) bool {
		return f.Rule == "steal-rule" && f.Effect == verdict.EffectReject && f.Path == "demo.py" && f.Line == 2
	}) {
		t.Errorf("findings %+v", d.Findings)
	}
	if !slices.Equal(d.Metadata, []gate.WordChange{{What: "requires", To: "right"}}) || !slices.Equal(d.Provenance, []gate.WordChange{{What: "who built it", From: "attested", To: "not attested"}}) {
		t.Errorf("metadata %v, provenance %v", d.Metadata, d.Provenance)
	}
	if len(d.Files.Changed) != 1 || d.Files.Changed[0].From == d.Files.Changed[0].To {
		t.Errorf("files %+v", d.Files)
	}
	back := diff("demo 2", "demo 1")
	if back.Verdict != verdict.Admit || !slices.Equal(back.Capabilities.Removed, []string{"socket", "steal"}) {
		t.Errorf("the way back: %s, %v", back.Verdict, back.Capabilities)
	}
	state, err := w.db.State(t.Context(), "main", pkg("demo"))
	if err != nil || len(state.AdmittedSince) != 0 {
		t.Errorf("comparing admitted %v, %v", state.AdmittedSince, err)
	}
	if _, err := w.Difference(t.Context(), "main", vers("demo 1"), vers("other 1")); !errors.Is(err, gate.ErrTwoPackages) || !strings.Contains(err.Error(), "gatehouse scan --baseline pkg:pypi/demo@1 pkg:pypi/other@1") {
		t.Errorf("two packages: %v", err)
	}
	if _, err := w.Difference(t.Context(), "main", vers("demo 1"), vers("demo 9")); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("a version that is not there: %v", err)
	}
}

// TestDifferenceOfSpelling: what two versions say in other words is no difference.
func TestDifferenceOfSpelling(t *testing.T) {
	side := func(requires, address string) gate.Side {
		return gate.Side{Name: "demo", Files: []gate.SideFile{{Report: scan.Report{Metadata: &ecosystem.Metadata{RequiresDist: []string{requires}, HomePages: []artifact.Untrusted{artifact.Untrusted(address)}}}}}}
	}
	for _, tc := range []struct {
		from, to string
		same     bool
		why      string
	}{
		{"left>=1,<2", "Left (<2, >=1)", true, "brackets, blanks, case and order"},
		{"a_b.c", "a-b-c", true, "one name"},
		{"a; extra == 'x'", `a ;  extra == "x"`, true, "quotes"},
		{"a>=1", "a>=2", false, "another version"},
		{"a>=1", "a>1", false, "another operator"},
		{"a[x]", "a[y]", false, "another extra"},
		{"a", "b", false, "another name"},
		{"a; extra == 'x'", "a; extra == 'y'", false, "another marker"},
		{"a @ https://h.invalid/A", "a @ https://h.invalid/a", false, "another address"},
	} {
		d, err := gate.Differ(t.Context(), side(tc.from, "https://h.invalid/"), side(tc.to, "https://h.invalid"), nil, policy.Default(), today)
		if err != nil {
			t.Fatal(err)
		}
		if same := len(d.Metadata) == 0; same != tc.same {
			t.Errorf("%q and %q: %v, want the same: %t (%s)", tc.from, tc.to, d.Metadata, tc.same, tc.why)
		}
	}
}

// TestDifferOfArchives: the paths, roles and facts of two archives.
func TestDifferOfArchives(t *testing.T) {
	file := func(path, content string, role code.Role, kinds ...code.Kind) code.File {
		f := code.File{Path: path, SHA256: artifact.DigestOf([]byte(content)), Size: int64(len(content)), Role: role}
		for n, k := range kinds {
			f.Facts.Facts = append(f.Facts.Facts, code.Fact{Kind: k, Line: n + 1})
		}
		return f
	}
	side := func(name string, files ...code.File) gate.Side {
		return gate.Side{Name: name, Files: []gate.SideFile{{File: artifact.File{Name: name}, Report: scan.Report{Code: files}}}}
	}
	for _, tc := range []struct {
		name     string
		from, to gate.Side
		added    []string
		removed  []string
		changed  []string
		hooks    []string
		facts    []string
		why      string
	}{
		{"sdist", side("demo-1.0.tar.gz", file("demo-1.0/a.py", "a", "")), side("demo-1.1.tar.gz", file("demo-1.1/a.py", "a", "")), nil, nil, nil, nil, nil, "the root folder is another one each time"},
		{"wheel", side("demo-1.0-py3-none-any.whl", file("demo-1.0.dist-info/METADATA", "a", code.Data), file("demo/a.py", "a", "")),
			side("demo-1.1-py3-none-any.whl", file("demo-1.1.dist-info/METADATA", "b", code.Data), file("demo/b.py", "b", "")),
			[]string{"demo/b.py"}, []string{"demo/a.py"}, []string{"demo.dist-info/METADATA"}, nil, nil, "its own folder as well"},
		{"moved", side("d-1.tar.gz", file("d-1/a.py", "a", "", code.Exec, code.Fetch)), side("d-2.tar.gz", file("d-2/b.py", "b", "", code.Fetch, code.Exec)),
			[]string{"b.py"}, []string{"a.py"}, nil, nil, nil, "code that moved does nothing new"},
		{"hook", side("d-1.tar.gz", file("d-1/a.py", "a", "", code.Exec)), side("d-2.tar.gz", file("d-2/a.py", "a", "", code.Exec), file("d-2/setup.py", "s", code.Install, code.Exec)),
			[]string{"setup.py"}, nil, nil, []string{"setup.py"}, []string{"exec setup.py"}, "what ran when somebody called it runs at installation now"},
		{"order", side("d-1.tar.gz"), side("d-2.tar.gz", file("d-2/t.py", "t", code.Test, code.Exec), file("d-2/m.py", "m", "", code.Env, code.Exec), file("d-2/x.pth", "x", code.Startup, code.SysInfo)),
			[]string{"m.py", "t.py", "x.pth"}, nil, nil, []string{"x.pth"}, []string{"sysinfo x.pth", "exec m.py", "env m.py", "exec t.py"}, "what tells most comes first"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := gate.Differ(t.Context(), tc.from, tc.to, nil, policy.Default(), today)
			if err != nil {
				t.Fatal(err)
			}
			var added, removed, changed, hooks, facts []string
			for _, f := range d.Files.Added {
				added = append(added, f.Path)
			}
			for _, f := range d.Files.Removed {
				removed = append(removed, f.Path)
			}
			for _, f := range d.Files.Changed {
				changed = append(changed, f.Path)
			}
			for _, f := range d.Hooks.Added {
				hooks = append(hooks, f.Path)
			}
			for _, f := range d.Facts.Added {
				facts = append(facts, string(f.Kind)+" "+f.Path)
			}
			for what, pair := range map[string][2][]string{"added": {added, tc.added}, "removed": {removed, tc.removed}, "changed": {changed, tc.changed}, "hooks": {hooks, tc.hooks}, "facts": {facts, tc.facts}} {
				if !slices.Equal(pair[0], pair[1]) {
					t.Errorf("%s %q, want %q (%s)", what, pair[0], pair[1], tc.why)
				}
			}
		})
	}
}

// TestDifferenceSaysWhatItDoesNotKnow: an archive that could not be read holds.
func TestDifferenceSaysWhatItDoesNotKnow(t *testing.T) {
	from := gate.Side{Name: "a.whl", Files: []gate.SideFile{{File: artifact.File{Name: "a-1-py3-none-any.whl"}}}}
	to := from
	to.Files = []gate.SideFile{{File: artifact.File{Name: "a-2-py3-none-any.whl"}, Report: scan.Report{
		Findings: []finding.Finding{{Rule: "archive-unreadable", Class: finding.Fault, Text: "the archive could not be read"}},
		Code:     []code.File{{Path: "a.py", Facts: code.Facts{Facts: []code.Fact{{Kind: code.Exec, Line: 1}}}}},
	}, Excerpts: func(context.Context, []scan.Spot) ([]scan.Excerpt, error) {
		return nil, errors.New("a broken\x1b[31m disk")
	}}}
	d, err := gate.Differ(t.Context(), from, to, nil, policy.Default(), today)
	if err != nil || d.Verdict != verdict.Hold || len(d.Problems) != 2 || strings.Contains(d.Problems[1], "\x1b") {
		t.Errorf("%s, problems %q, %v; want a hold, and both told", d.Verdict, d.Problems, err)
	}
}
