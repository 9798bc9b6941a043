package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// django is the README's case: an old pin, advisories, a fixed patch release.
func django(t *testing.T) *world {
	w := newWorld(t, "pytz 2026.1", "django 2.2.0 -> pytz", "django 2.2.28 -> pytz", "django 3.2.25 -> pytz", "django 5.2.1 -> pytz")
	w.vuln("PYSEC-2020-35", "django 2.2.0", finding.Critical, "2.2.28", "3.2.25")
	w.vuln("PYSEC-2019-1", "django 2.2.0", finding.High, "2.2.2")
	return w
}

func TestAdmit(t *testing.T) {
	old := func(t *testing.T) *world { return django(t) }
	for _, tc := range []struct {
		name, lines, want, why string
		with                   func(*world)
	}{
		{name: "pinned and good", lines: "django==3.2.25", want: "admit: django 3.2.25 admit, pytz 2026.1 admit", why: "nothing stands against it"},
		{name: "pinned and bad", lines: "django==2.2.0", want: "reject: django 2.2.0 reject, pytz 2026.1 admit", why: "a fix exists; what it needs is good all the same"},
		{name: "a range passes over what is refused", lines: "django<3", want: "admit: django 2.2.28 admit, pytz 2026.1 admit", why: "a client would take 2.2.28"},
		{name: "newest young", lines: "django", want: "admit: django 5.2.1 admit, pytz 2026.1 admit", why: "on the day of a release a range takes the newest that is old enough",
			with: func(w *world) { w.releases("django 6.0 age=1h -> pytz") }},
		{name: "pinned and young", lines: "django==6.0", want: "hold: django 6.0 hold, pytz 2026.1 admit", why: "a pin asks for exactly that",
			with: func(w *world) { w.releases("django 6.0 age=1h -> pytz") }},
		{name: "mixed: a refused pin does not spoil another line", lines: "django==2.2.0\nflask", want: "reject: django 2.2.0 reject, flask 1.0 admit, pytz 2026.1 admit",
			why: "B must still take its newest good one", with: func(w *world) {
				w.releases("flask 1.0", "flask 2.0")
				w.vuln("PYSEC-F", "flask 2.0", finding.High, "3.0")
			}},
		{name: "mixed: a range with nothing good does not spoil another line", lines: "django<2.2.20\nflask", want: "reject: django 2.2.0 reject, flask 1.0 admit, pytz 2026.1 admit",
			why: "only the line that has nothing good shows its refused versions", with: func(w *world) {
				w.releases("flask 1.0", "flask 2.0")
				w.vuln("PYSEC-F", "flask 2.0", finding.High, "3.0")
			}},
		{name: "mixed: a transitive range with nothing good", lines: "app==1\nflask", want: "reject: app 1 admit, django 2.2.0 reject, flask 1.0 admit, pytz 2026.1 admit",
			why: "as above, one step down", with: func(w *world) {
				w.releases("flask 1.0", "flask 2.0", "app 1 -> django<2.2.20")
				w.vuln("PYSEC-F", "flask 2.0", finding.High, "3.0")
			}},
		{name: "no such package", lines: "nothing-of-that-name==1", want: "hold: ", why: "a person must mend the line"},
		{name: "conflict", lines: "pytz==1\ndjango==3.2.25", want: "hold: ", why: "no closure: nothing to look at"},
		{name: "unknowable", lines: "legacy==1", want: "hold: ", why: "what it needs cannot be known without running it", with: func(w *world) { w.releases("legacy 1 dynamic") }},
		{name: "malware", lines: "pytz==2026.1", want: "reject: pytz 2026.1 reject", why: "known bad", with: func(w *world) { w.malware("MAL-2026-1", "pytz 2026.1") }},
		{name: "no fix", lines: "pytz==2026.1", want: "hold: pytz 2026.1 hold", why: "a person decides", with: func(w *world) { w.vuln("PYSEC-P", "pytz 2026.1", finding.Critical) }},
		{name: "severity unknown", lines: "pytz==2026.1", want: "reject: pytz 2026.1 reject", why: "unknown counts as high", with: func(w *world) { w.vuln("PYSEC-P", "pytz 2026.1", finding.Unknown, "2026.2") }},
		{name: "minor", lines: "pytz==2026.1", want: "admit: pytz 2026.1 admit", why: "a note", with: func(w *world) { w.vuln("PYSEC-P", "pytz 2026.1", finding.Medium, "2026.2") }},
		{name: "no date", lines: "undated==1", want: "hold: undated 1 hold", why: "a missing date holds", with: func(w *world) { w.releases("undated 1 nodate") }},
		{name: "unreadable archive", lines: "broken==1", want: "hold: broken 1 hold", why: "what could not be read holds", with: func(w *world) { w.releases("broken 1 bad") }},
		{name: "empty manifest", lines: "# nothing", want: "admit: ", why: "nothing new is nothing to refuse"},
		{name: "an index line", lines: "--extra-index-url http://other.invalid/simple\npytz==2026.1", want: "reject: pytz 2026.1 admit", why: "Manifests that name indexes are rejected, and the host is never asked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := old(t)
			if tc.with != nil {
				tc.with(w)
			}
			out := w.requirements(strings.Split(tc.lines, "\n")...)
			if got := said(out); got != tc.want {
				t.Errorf("got  %s\nwant %s (%s)\nproblems %+v", got, tc.want, tc.why, out.Problems)
			}
		})
	}
}

// From the list: what a rejected Django 2.2.0 must look like.
func TestRejectedOnFactsFetchesNoFileOfIt(t *testing.T) {
	w := django(t)
	s := &steps{}
	s.hook = func() {
		if n := w.fetch.total(); n != 0 {
			t.Errorf("%d files were fetched before the first verdict", n)
		}
	}
	out, err := w.Admit(t.Context(), request("requirements.txt", "Django==2.2.0\n"), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := said(verdict.Outcome{Verdict: verdict.Reject, Status: verdict.Done, Versions: s.first}); got != "reject: django 2.2.0 reject, pytz 2026.1 admit" {
		t.Errorf("first verdict: %s; what is still to be looked at is no reason", got)
	}
	if n := w.fetch.of("django-2.2.0-py3-none-any.whl"); n != 0 {
		t.Errorf("the rejected file was fetched %d times", n)
	}
	d := outcomeOf(t, out, "django 2.2.0")
	if len(d.Reasons) != 2 || d.Reasons[0].IDs[0] != "PYSEC-2020-35" || d.Reasons[1].IDs[0] != "PYSEC-2019-1" {
		t.Errorf("reasons %+v: want both advisories, the worst first", d.Reasons)
	}
	if d.Asked != "Django==2.2.0" || d.Line != 1 || d.File != "requirements.txt" || !d.Direct || d.Until != nil {
		t.Errorf("outcome %+v", d)
	}
	if r := d.Remedy; r == nil || r.New != "Django==2.2.28" || !r.Proved || r.Command != "gatehouse admit --fix requirements.txt" {
		t.Errorf("remedy %+v", r)
	}
	if _, err := w.db.Decision(t.Context(), d.Decision); err != nil {
		t.Errorf("the decision that the report names: %v", err)
	}
}

func TestSecondRunIsInstantAndAsksNothingAgain(t *testing.T) {
	w := django(t)
	first := w.requirements("django==3.2.25")
	fetched, looked := w.fetch.total(), w.look.total()
	if fetched != 2 || looked != 2 {
		t.Fatalf("the first run fetched %d and looked at %d files, want 2 and 2", fetched, looked)
	}
	second := w.requirements("django==3.2.25")
	if w.fetch.total() != fetched || w.look.total() != looked {
		t.Errorf("the second run fetched %d and looked at %d more", w.fetch.total()-fetched, w.look.total()-looked)
	}
	if said(first) != said(second) {
		t.Errorf("first %s, second %s", said(first), said(second))
	}
	for _, v := range second.Versions {
		if v.New {
			t.Errorf("%s is new in the second run", v.Version)
		}
	}
	ds, err := w.db.DecisionsOf(t.Context(), "main", vers("django 3.2.25"), 10)
	if err != nil || len(ds) != 1 {
		t.Errorf("%d decisions are recorded, want 1: asking again writes nothing new (%v)", len(ds), err)
	}
}

func TestEachFileIsFetchedAndScannedOnceByTwentyAtOnce(t *testing.T) {
	w := django(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			out, err := w.Admit(t.Context(), request("requirements.txt", "django==3.2.25\n"), gate.Silent{})
			if err != nil || out.Verdict != verdict.Admit {
				t.Errorf("admission %d: %s, %v", i, said(out), err)
			}
		})
	}
	all.Wait()
	if w.fetch.total() != 2 || w.look.total() != 2 {
		t.Errorf("fetched %d and looked at %d files, want 2 and 2", w.fetch.total(), w.look.total())
	}
}

func TestUnreachableUpstreamGivesNoAnswer(t *testing.T) {
	w := django(t)
	w.up.fails("", fmt.Errorf("dial: %w", ecosystem.ErrUnreachable))
	out := w.requirements("django==3.2.25")
	if out.Status != verdict.Failed || out.Verdict == verdict.Admit || len(out.Problems) != 1 || !out.Problems[0].Fatal {
		t.Errorf("outcome %s, problems %+v", said(out), out.Problems)
	}
}

func TestAFaultNeverAdmits(t *testing.T) {
	crash := finding.Finding{Rule: "archive-unreadable", Class: finding.Fault, Text: "the worker died"}
	for _, tc := range []struct {
		name, want, why string
		with            func(*world)
	}{
		{"worker crash", "hold: pytz 2026.1 hold", "nobody knows what is in it", func(w *world) { w.look.sees("pytz-2026.1-py3-none-any.whl", crash) }},
		{"no worker", "hold: pytz 2026.1 hold", "it was not looked at", func(w *world) { w.look.fails = errors.New("fork: no") }},
		{"fetch fails", "hold: pytz 2026.1 hold", "it was not looked at", func(w *world) { w.fetch.failing("pytz-2026.1-py3-none-any.whl", errors.New("reset")) }},
		{"digest mismatch", "reject: pytz 2026.1 reject", "other bytes than the index promises", func(w *world) {
			w.fetch.failing("pytz-2026.1-py3-none-any.whl", &gate.BadBytesError{Rule: "digest-mismatch", File: "pytz-2026.1-py3-none-any.whl", Want: artifact.DigestOf(nil)})
		}},
		{"a check fails", "hold: pytz 2026.1 hold", "what it would have said is not known", func(w *world) { w.known.failing(errors.New("index damaged")) }},
		{"advisories unusable", "hold: pytz 2026.1 hold", "new admissions wait", func(w *world) { w.advisoryState(gate.AdvisoryState{Problem: "too old"}) }},
		{"policy cannot be evaluated", "hold: pytz 2026.1 hold", "nothing was decided", func(w *world) {
			w.policy("version: 1\nextends: default\nrules:\n  - id: broken\n    on: file\n    class: licence\n    effect: note\n    when: file.age > duration(\"1h\") && [1][int(file.size)] == 1\n    why: never\n    examples: {finds: [], spares: []}\n")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, "pytz 2026.1")
			tc.with(w)
			out := w.requirements("pytz==2026.1")
			if got := said(out); got != tc.want {
				t.Errorf("got %s, want %s (%s)", got, tc.want, tc.why)
			}
			if d := w.decision("pytz-2026.1-py3-none-any.whl"); gate.Serves(d) {
				t.Errorf("and the registry serves it: %+v", d)
			}
			w.observe()
			if d := w.decision("pytz-2026.1-py3-none-any.whl"); gate.Serves(d) {
				t.Errorf("an observing registry serves it: %+v", d)
			}
		})
	}
}

// brokenStore fails in one method.
type brokenStore struct {
	gate.Store
	method string
}

var errDisk = errors.New("disk I/O error")

func (s brokenStore) State(ctx context.Context, r string, p artifact.Package) (gate.PackageState, error) {
	if s.method == "State" {
		return gate.PackageState{}, errDisk
	}
	return s.Store.State(ctx, r, p)
}

func (s brokenStore) Publish(ctx context.Context, ds []verdict.Decision) error {
	if s.method == "Publish" {
		return errDisk
	}
	return s.Store.Publish(ctx, ds)
}

func (s brokenStore) Generation(ctx context.Context, p artifact.Package) (int64, error) {
	if s.method == "Generation" {
		return 0, errDisk
	}
	return s.Store.Generation(ctx, p)
}

func (s brokenStore) PutFile(ctx context.Context, f artifact.File, at time.Time) error {
	if s.method == "PutFile" {
		return errDisk
	}
	return s.Store.PutFile(ctx, f, at)
}

func TestAStoreFaultNeverAdmits(t *testing.T) {
	for _, method := range []string{"State", "Publish", "Generation", "PutFile"} {
		t.Run(method, func(t *testing.T) {
			w := newWorld(t, "pytz 2026.1")
			w.Store = brokenStore{w.db, method}
			r := request("requirements.txt", "pytz==2026.1\n")
			out, err := w.Admit(t.Context(), r, gate.Silent{})
			if err == nil && out.Status == verdict.Done && out.Verdict == verdict.Admit || out.Verdict == verdict.Admit {
				t.Errorf("got %s, %v", said(out), err)
			}
			_, s, kept, rerr := w.db.Request(t.Context(), r.ID)
			if rerr != nil || kept.Verdict == verdict.Admit || (s != verdict.Failed && s != verdict.Done) {
				t.Errorf("recorded: status %s, %s, %v", s, said(kept), rerr)
			}
			w.Store = w.db
			if d := w.decision("pytz-2026.1-py3-none-any.whl"); method != "PutFile" && gate.Serves(d) && method != "Publish" {
				t.Errorf("served all the same: %+v", d)
			}
			if names, err := w.db.AdmittedNames(t.Context(), "main", artifact.PyPI); err != nil || len(names) != 0 {
				t.Errorf("recorded as admitted: %v, %v", names, err)
			}
		})
	}
}

func TestACancelledAdmissionLeavesNoHalfState(t *testing.T) {
	for _, when := range []string{"before", "while fetching"} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t, "pytz 2026.1")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if when == "before" {
				cancel()
			} else {
				w.fetch.hook = func(context.Context, string) { cancel() }
			}
			r := request("requirements.txt", "pytz==2026.1\n")
			out, err := w.Admit(ctx, r, gate.Silent{})
			if err == nil || out.Verdict == verdict.Admit {
				t.Fatalf("got %s, %v", said(out), err)
			}
			ds, err := w.db.DecisionsOf(t.Context(), "main", vers("pytz 2026.1"), 10)
			if err != nil || len(ds) != 0 {
				t.Errorf("%d decisions were written (%v)", len(ds), err)
			}
			if _, s, _, err := w.db.Request(t.Context(), r.ID); !errors.Is(err, verdict.ErrNotFound) && (err != nil || s != verdict.Cancelled) {
				t.Errorf("the request is %s (%v), want cancelled or not there", s, err)
			}
			w.fetch.mu.Lock()
			w.fetch.hook = nil
			w.fetch.mu.Unlock()
			if got := said(w.requirements("pytz==2026.1")); got != "admit: pytz 2026.1 admit" {
				t.Errorf("asked again: %s", got)
			}
		})
	}
}

func TestPurls(t *testing.T) {
	for _, tc := range []struct {
		purls []string
		want  string
		why   string
	}{
		{[]string{"pkg:pypi/Django@3.2.25"}, "admit: django 3.2.25 admit, pytz 2026.1 admit", "names are normalised"},
		{[]string{"pkg:pypi/django@2.2.28", "pkg:pypi/django@3.2.25"}, "admit: django 2.2.28 admit, django 3.2.25 admit, pytz 2026.1 admit", "two versions of one package are no conflict"},
		{[]string{"pkg:pypi/pytz"}, "admit: pytz 2026.1 admit", "no version: what a client would take"},
		{[]string{"pkg:npm/left-pad@1.0.0"}, "failed hold: ", "not served here"},
		{[]string{"pkg:pypi/pytz@2026.1", "no purl"}, "failed hold: pytz 2026.1 admit", "one bad purl is unusable input"},
		{[]string{"pkg:pypi/pytz@not-a-version!"}, "failed hold: ", "no version number"},
	} {
		out := django(t).admit(purls(tc.purls...))
		if got := said(out); got != tc.want {
			t.Errorf("%q: got %s, want %s (%s); problems %+v", tc.purls, got, tc.want, tc.why, out.Problems)
		}
	}
}

func TestInternalNamesAreNeverAskedForOutside(t *testing.T) {
	w := newWorld(t, "pytz 2026.1", "acme-billing 1.0", "trick 1 -> acme-billing")
	for _, lines := range []string{"acme-billing==1.0", "trick==1", "pytz\nacme-billing"} {
		out := w.requirements(strings.Split(lines, "\n")...)
		if out.Verdict == verdict.Admit {
			t.Errorf("%q: %s", lines, said(out))
		}
	}
	if out := w.admit(purls("pkg:pypi/acme-billing@1.0")); out.Verdict == verdict.Admit {
		t.Errorf("purl: %s", said(out))
	}
	if _, err := w.View(t.Context(), "main", pkg("acme-billing")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("view: %v, want ErrNoPackage", err)
	}
	if n := w.up.asked["acme-billing"]; n != 0 {
		t.Errorf("the upstream was asked %d times for an internal name", n)
	}
}

func TestProblemsSayFileAndLine(t *testing.T) {
	w := django(t)
	r := request("requirements.txt", "-r base.txt\n")
	r.Include = []verdict.Source{{Path: "base.txt", Content: []byte("# one\ngone-from-here==1\n")}}
	out := w.admit(r)
	if len(out.Problems) != 1 || out.Problems[0].File != "base.txt" || out.Problems[0].Line != 2 || out.Problems[0].Fatal {
		t.Errorf("problems %+v, want one at base.txt:2", out.Problems)
	}
	out = w.admit(request("requirements.txt", "pytz=2026.1\n"))
	if out.Status != verdict.Failed || out.Problems[0].Line != 1 {
		t.Errorf("syntax: %s, %+v", said(out), out.Problems)
	}
	r = request("requirements.txt", "pytz==2026.1\n")
	r.Problems = []verdict.Problem{{Class: finding.Manifest, Effect: verdict.EffectNote, Fatal: true, Text: "a manifest behind a link"}}
	if out := w.admit(r); out.Status != verdict.Failed || out.Verdict == verdict.Admit {
		t.Errorf("a fatal problem of the door: %s: what failed never admits", said(out))
	}
	out = w.admit(request("Makefile", "all:\n"))
	if out.Status != verdict.Failed || out.Verdict == verdict.Admit {
		t.Errorf("no manifest: %s, %+v", said(out), out.Problems)
	}
	if _, err := w.Admit(t.Context(), verdict.Request{ID: "r1", Registry: "elsewhere", Door: "cli", Created: today}, gate.Silent{}); err == nil {
		t.Error("a registry that is not configured was no error")
	}
}
