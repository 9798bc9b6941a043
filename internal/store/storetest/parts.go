package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// is checks the kind of an error.
func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func files(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	wheel := file(v, "wheel")
	sdist := file(v, "sdist")
	sdist.Name, sdist.Kind, sdist.Uploaded = "Django-2.2.tar.gz", artifact.Sdist, time.Time{}
	other := file(version(django, "2.2.1"), "other")
	for _, f := range []artifact.File{wheel, sdist, other} {
		ok(t, s.PutFile(ctx, f, day))
	}
	same(t, "FileNamed", must(s.FileNamed(ctx, django, wheel.Name))(t), wheel)
	same(t, "a file without upload time", must(s.FileNamed(ctx, django, sdist.Name))(t), sdist)
	_, err := s.FileNamed(ctx, artifact.Package{Ecosystem: "npm", Name: "django"}, wheel.Name)
	is(t, "the same name in another ecosystem", err, verdict.ErrNotFound)
}

func fileKeepsItsDigest(t *testing.T, s Store) {
	ctx := t.Context()
	f := file(version(django, "2.2"), "bytes")
	ok(t, s.PutFile(ctx, f, day))
	ok(t, s.PutFile(ctx, f, day.Add(time.Hour)))
	for why, change := range map[string]func(*artifact.File){
		"other bytes":   func(f *artifact.File) { f.SHA256 = artifact.DigestOf([]byte("evil")) },
		"another size":  func(f *artifact.File) { f.Size++ },
		"other version": func(f *artifact.File) { f.Version.Number = "2.3" },
	} {
		g := f
		change(&g)
		is(t, why, s.PutFile(ctx, g, day), verdict.ErrConflict)
	}
	later := f
	later.Uploaded = day
	ok(t, s.PutFile(ctx, later, day))
	same(t, "what was recorded first", must(s.FileNamed(ctx, django, f.Name))(t), f)
	for why, sha := range map[string]artifact.Digest{"no digest": "", "half a digest": "abc"} {
		g := f
		g.Name, g.SHA256 = "new-"+f.Name, sha
		if s.PutFile(ctx, g, day) == nil {
			t.Errorf("a file with %s was recorded", why)
		}
	}
}

func filesFollowTheOrigin(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	good, evil := file(v, "good"), file(v, "evil")
	evil.Origin = "other-upstream"
	ok(t, s.PutFile(ctx, good, day))
	ok(t, s.PutFile(ctx, evil, day)) // within its own origin it breaks no promise
	_, err := s.FileNamed(ctx, django, good.Name)
	is(t, "two origins and none recorded", err, verdict.ErrConflict)
	_, err = s.State(ctx, "main", django)
	is(t, "State with two origins and none recorded", err, verdict.ErrConflict)
	ok(t, s.SetOrigin(ctx, django, good.Origin, day))
	same(t, "FileNamed", must(s.FileNamed(ctx, django, good.Name))(t), good)
	same(t, "State", must(s.State(ctx, "main", django))(t).Files, map[string]artifact.File{good.Name: good})
}

func evidence(t *testing.T, s Store) {
	ctx := t.Context()
	sha := artifact.DigestOf([]byte("x"))
	r := scan.Report{
		Findings: []finding.Finding{{Rule: "record-mismatch", Class: finding.Integrity, Severity: finding.High, Text: "<&>\u2028 no", Path: "a/b", Line: 3}},
		Entries:  7, Unpacked: 1 << 40, RawMetadata: []byte{0, 0xff, 'x'}, Scanners: []string{"honesty@1"},
		Metadata: &ecosystem.Metadata{Name: "Django", Version: "2.2", RequiresDist: []string{"pytz"}},
	}
	ok(t, s.PutEvidence(ctx, "k1", sha, r, day))
	same(t, "Evidence", must(s.Evidence(ctx, "k1"))(t), r)
	ok(t, s.PutEvidence(ctx, "k1", sha, scan.Report{Entries: 1}, day))
	same(t, "after a second write", must(s.Evidence(ctx, "k1"))(t), r)
	ok(t, s.PutEvidence(ctx, "k2", sha, scan.Report{}, day))
	same(t, "an empty report", must(s.Evidence(ctx, "k2"))(t), scan.Report{})
}

// codeOf is what an analyser said of files.
func codeOf(files ...string) []code.File {
	var out []code.File
	for _, name := range files {
		out = append(out, code.File{Path: name, SHA256: artifact.DigestOf([]byte(name)), Size: 7, Role: code.Install, RunBy: "setup.py",
			Facts: code.Facts{Language: code.Python, Unread: "line 3", Dropped: 2, Facts: []code.Fact{
				{Kind: code.Exec, Name: "os.system", Line: 3, Args: []string{"tr\u202eue"}, From: []string{"fetch"}, Disguised: true, Layer: 2}}}})
	}
	return out
}

// facts are kept apart from reports, and what rules made of them can be replaced.
func facts(t *testing.T, s Store) {
	ctx := t.Context()
	files := append(codeOf("a/setup.py", "a/b.py"), code.File{Path: "a/data", Facts: code.Facts{Language: code.Text}})
	ok(t, s.PutEvidence(ctx, "k1", "s1", scan.Report{Entries: 3, Code: files}, day))
	same(t, "Evidence", must(s.Evidence(ctx, "k1"))(t), scan.Report{Entries: 3})
	same(t, "Code", must(s.Code(ctx, "k1"))(t), files)
	ok(t, s.PutEvidence(ctx, "k1", "s1", scan.Report{Code: codeOf("other")}, day))
	same(t, "Code, after a second write", must(s.Code(ctx, "k1"))(t), files)
	ok(t, s.PutEvidence(ctx, "k2", "s2", scan.Report{Code: files[1:]}, day))
	same(t, "Code, where another archive has the same files", must(s.Code(ctx, "k2"))(t), files[1:])
	ok(t, s.PutEvidence(ctx, "k3", "s3", scan.Report{}, day))
	same(t, "Code of an archive without files", must(s.Code(ctx, "k3"))(t), []code.File{})

	same(t, "Behaviour, before rules were asked", must(s.Behaviour(ctx, "k1"))(t), scan.Behaviour{})
	same(t, "Unevaluated", must(s.Unevaluated(ctx, "r1", "", 10))(t), []string{"k1", "k2", "k3"})
	b := scan.Behaviour{Rules: "r1", Matches: []scan.Match{{Rule: "x", Strength: scan.Strong, Severity: finding.High, Text: "<&> no", Facts: []string{"f"}, Places: []string{"a/b.py:3"}}},
		Capabilities: []scan.Capability{{Word: "exec", Path: "a/b.py", Line: 3}}}
	ok(t, s.PutBehaviours(ctx, []gate.EvidencedBehaviour{{Evidence: "k1", Behaviour: b}, {Evidence: "k3", Behaviour: scan.Behaviour{Rules: "r1"}}}, day))
	same(t, "Behaviour", must(s.Behaviour(ctx, "k1"))(t), b)
	same(t, "Unevaluated by them", must(s.Unevaluated(ctx, "r1", "", 10))(t), []string{"k2"})
	same(t, "Unevaluated by others", must(s.Unevaluated(ctx, "r2", "", 2))(t), []string{"k1", "k2"})
	same(t, "Unevaluated, the rest", must(s.Unevaluated(ctx, "r2", "k2", 2))(t), []string{"k3"})
	b.Rules, b.Matches = "r2", nil
	ok(t, s.PutBehaviours(ctx, []gate.EvidencedBehaviour{{Evidence: "k1", Behaviour: b}}, day))
	same(t, "Behaviour by other rules", must(s.Behaviour(ctx, "k1"))(t), b)
	ok(t, s.PutBehaviours(ctx, nil, day))

	if s.PutBehaviours(ctx, []gate.EvidencedBehaviour{{Evidence: "k2", Behaviour: b}, {Evidence: "nothing", Behaviour: b}}, day) == nil {
		t.Error("the behaviour of evidence that is not there was recorded")
	}
	same(t, "the good half of a refused batch", must(s.Behaviour(ctx, "k2"))(t), scan.Behaviour{})
	_, err := s.Code(ctx, "nothing")
	is(t, "Code of nothing", err, verdict.ErrNotFound)
	_, err = s.Behaviour(ctx, "nothing")
	is(t, "Behaviour of nothing", err, verdict.ErrNotFound)
}

// recalled: a version of which an admission was ever taken back is known for it, in
// that registry, also when it is admitted again.
func recalled(t *testing.T, s Store) {
	ctx := t.Context()
	v, w := version(django, "2.2"), version(django, "2.3")
	known := func() map[string]bool { return must(s.State(ctx, "main", django))(t).Recalled }
	publish := func(v artifact.Version, a verdict.Verdict, note string) {
		t.Helper()
		ok(t, s.Publish(ctx, []verdict.Decision{decision(v, "f.whl", a, note, day)}))
	}
	publish(v, verdict.Hold, "1")
	publish(v, verdict.Admit, "2")
	same(t, "held first, then admitted", known(), map[string]bool{})
	ok(t, s.Publish(ctx, []verdict.Decision{faulty(decision(v, "f.whl", verdict.Hold, "3", day))}))
	same(t, "held for a fault", known(), map[string]bool{})
	ok(t, s.PutDecisions(ctx, []verdict.Decision{decision(v, "f.whl", verdict.Reject, "4", day)}))
	same(t, "a refusal that one request met", known(), map[string]bool{})
	publish(v, verdict.Reject, "5")
	same(t, "taken back", known(), map[string]bool{"2.2": true})
	publish(v, verdict.Admit, "6")
	publish(w, verdict.Admit, "7")
	same(t, "admitted again", known(), map[string]bool{"2.2": true})
	same(t, "in another registry", must(s.State(ctx, "other", django))(t).Recalled, map[string]bool{})
}

func origins(t *testing.T, s Store) {
	ctx := t.Context()
	ok(t, s.SetOrigin(ctx, django, "internal", day))
	ok(t, s.SetOrigin(ctx, django, "internal", day))
	is(t, "another origin", s.SetOrigin(ctx, django, "main-upstream", day), verdict.ErrConflict)
	same(t, "Origin", must(s.Origin(ctx, django))(t), "internal")
	if s.SetOrigin(ctx, artifact.Package{Ecosystem: artifact.PyPI, Name: "x"}, "", day) == nil {
		t.Error("an empty origin was recorded")
	}
}

func decisions(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	berlin := time.FixedZone("", 2*60*60)
	first := decision(v, "f.whl", verdict.Hold, "first", day.In(berlin))
	second := decision(v, "f.whl", verdict.Admit, "second", day.Add(time.Second))
	facts := decision(v, "", verdict.Hold, "facts alone", day.Add(2*time.Second))
	ok(t, s.Publish(ctx, []verdict.Decision{first}))
	ok(t, s.Publish(ctx, []verdict.Decision{second, facts}))
	ok(t, s.Publish(ctx, nil))

	got := must(s.Decision(ctx, first.ID))(t)
	if verdict.DecisionID(got) != first.ID {
		t.Error("a decision read back does not give its own id: it cannot be computed again")
	}
	if !got.Inputs.At.Equal(first.Inputs.At) || !got.Until.Equal(first.Until) {
		t.Errorf("times changed: %v %v, want %v %v", got.Inputs.At, got.Until, first.Inputs.At, first.Until)
	}
	got.Inputs.At = first.Inputs.At // its zone has another pointer
	same(t, "Decision", got, first)

	same(t, "DecisionsOf", ids(must(s.DecisionsOf(ctx, "main", v, 10))(t)), []string{facts.ID, second.ID, first.ID})
	same(t, "DecisionsOf, limited", ids(must(s.DecisionsOf(ctx, "main", v, 2))(t)), []string{facts.ID, second.ID})
	same(t, "DecisionsOf in another registry", len(must(s.DecisionsOf(ctx, "other", v, 10))(t)), 0)

	changed := first
	changed.Reasons = []verdict.Reason{{Rule: "forged"}}
	changed.Verdict = verdict.Admit
	ok(t, s.Publish(ctx, []verdict.Decision{changed}))
	same(t, "a row under the same id", must(s.Decision(ctx, first.ID))(t).Reasons, first.Reasons)

	for why, spoil := range map[string]func(*verdict.Decision){
		"no id":       func(d *verdict.Decision) { d.ID = "" },
		"no registry": func(d *verdict.Decision) { d.Registry = "" },
		"no version":  func(d *verdict.Decision) { d.Version = artifact.Version{} },
		"no time":     func(d *verdict.Decision) { d.Inputs.At = time.Time{} },
	} {
		d := decision(v, "g.whl", verdict.Admit, why, day)
		spoil(&d)
		if s.Publish(ctx, []verdict.Decision{d}) == nil {
			t.Errorf("a decision with %s was published", why)
		}
	}
}

func ids(ds []verdict.Decision) []string {
	out := make([]string, len(ds))
	for i, d := range ds {
		out[i] = d.ID
	}
	return out
}

// decisionComesBack: an advisory comes and goes, and the old answer is right again.
func decisionComesBack(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	admit := decision(v, "f.whl", verdict.Admit, "clean", day)
	reject := decision(v, "f.whl", verdict.Reject, "advisory", day.Add(time.Hour))
	again := admit
	again.Inputs.At = day.Add(2 * time.Hour)
	for _, d := range []verdict.Decision{admit, reject, again} {
		ok(t, s.Publish(ctx, []verdict.Decision{d}))
	}
	same(t, "newest first", ids(must(s.DecisionsOf(ctx, "main", v, 10))(t)), []string{admit.ID, reject.ID})
	same(t, "AdmittedSince", admitted(t, s, django)["f.whl"], day.Add(2*time.Hour))
	same(t, "the row itself", must(s.Decision(ctx, admit.ID))(t).Inputs.At.Equal(day), true)

	other := decision(v, "f.whl", verdict.Admit, "clean, by other data", day.Add(3*time.Hour))
	reject.Inputs.At = day.Add(4 * time.Hour)
	for _, d := range []verdict.Decision{other, again, reject} {
		ok(t, s.Publish(ctx, []verdict.Decision{d}))
	}
	same(t, "LastAdmission", must(s.LastAdmission(ctx, "main", v, "f.whl"))(t).ID, admit.ID)
	_, err := s.LastAdmission(ctx, "main", v, "g.whl")
	is(t, "LastAdmission of another file", err, verdict.ErrNotFound)
	_, err = s.LastAdmission(ctx, "other", v, "f.whl")
	is(t, "LastAdmission in another registry", err, verdict.ErrNotFound)
}

// admitted says since when the files of a package are admitted.
func admitted(t testing.TB, s Store, p artifact.Package) map[string]time.Time {
	t.Helper()
	return must(s.State(t.Context(), "main", p))(t).AdmittedSince
}

func admission(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	publish := func(v artifact.Version, file string, answer verdict.Verdict, note string, at time.Time) {
		t.Helper()
		ok(t, s.Publish(ctx, []verdict.Decision{decision(v, file, answer, note, at)}))
	}
	since := func(want time.Time, why string) {
		t.Helper()
		if got := admitted(t, s, django)["f.whl"]; !got.Equal(want) {
			t.Errorf("%s: admitted since %v; want %v", why, got, want)
		}
	}
	publish(v, "f.whl", verdict.Hold, "0", day)
	since(time.Time{}, "a hold admits nothing")
	publish(v, "f.whl", verdict.Admit, "1", day.Add(1*time.Hour))
	since(day.Add(time.Hour), "admitted")
	publish(v, "f.whl", verdict.Admit, "2", day.Add(2*time.Hour))
	since(day.Add(time.Hour), "the first time is kept")
	publish(v, "", verdict.Hold, "3", day.Add(3*time.Hour))
	since(day.Add(time.Hour), "a decision about the version as such takes no file back")
	publish(version(django, "2.3"), "g.whl", verdict.Admit, "4", day)
	same(t, "admitted", len(admitted(t, s, django)), 2)
	publish(version(artifact.Package{Ecosystem: artifact.PyPI, Name: "Zope"}, "1"), "z.whl", verdict.Admit, "z", day)
	publish(version(artifact.Package{Ecosystem: artifact.PyPI, Name: "held"}, "1"), "h.whl", verdict.Hold, "h", day)
	publish(version(artifact.Package{Ecosystem: "npm", Name: "left-pad"}, "1"), "l.tgz", verdict.Admit, "l", day)
	same(t, "AdmittedNames", must(s.AdmittedNames(ctx, "main", artifact.PyPI))(t), []string{"Zope", "django"})
	same(t, "admitted elsewhere", len(must(s.State(ctx, "other", django))(t).AdmittedSince), 0)
	publish(v, "f.whl", verdict.Reject, "5", day.Add(4*time.Hour))
	since(time.Time{}, "a reject takes it back")
	same(t, "admitted after a recall", admitted(t, s, django), map[string]time.Time{"g.whl": day})
	publish(v, "f.whl", verdict.Admit, "6", day.Add(5*time.Hour))
	since(day.Add(5*time.Hour), "admitted again counts from then on")
	publish(v, "f.whl", verdict.Hold, "7", day.Add(6*time.Hour))
	since(time.Time{}, "a hold for something that was found takes it back as well")
	publish(v, "f.whl", verdict.Admit, "9", day.Add(7*time.Hour))
	ok(t, s.Publish(ctx, []verdict.Decision{faulty(decision(v, "f.whl", verdict.Hold, "10", day.Add(8*time.Hour)))}))
	since(day.Add(7*time.Hour), "a hold for a fault does not: the fault passes")
	publish(version(django, "2.4"), "", verdict.Admit, "8", day)
	same(t, "a version without a file is not admitted", len(admitted(t, s, django)), 2)
}

func publishIsAtomic(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	good := decision(v, "f.whl", verdict.Admit, "good", day)
	bad := decision(v, "bad\x00.whl", verdict.Admit, "bad", day)
	before := must(s.Generation(ctx, django))(t)
	if s.Publish(ctx, []verdict.Decision{good, bad}) == nil {
		t.Error("a file name with a zero byte was published")
	}
	_, err := s.Decision(ctx, good.ID)
	is(t, "the good half of a refused batch", err, verdict.ErrNotFound)
	same(t, "Generation", must(s.Generation(ctx, django))(t), before)
}

func state(t *testing.T, s Store) {
	ctx := t.Context()
	empty := must(s.State(ctx, "main", django))(t)
	if empty.Origin != "" || len(empty.Files)+len(empty.AdmittedSince)+len(empty.Waivers)+len(empty.Approvals) > 0 || empty.Files == nil || empty.AdmittedSince == nil || empty.Approvals == nil {
		t.Errorf("an unknown package's state: %+v, want empty maps", empty)
	}
	v, w := version(django, "2.2"), version(django, "2.3")
	f, g := file(v, "f"), file(w, "g")
	other := artifact.Package{Ecosystem: artifact.PyPI, Name: "other"}
	ok(t, s.SetOrigin(ctx, django, f.Origin, day))
	for _, x := range []artifact.File{f, g, file(version(other, "1"), "o")} {
		ok(t, s.PutFile(ctx, x, day))
	}
	ok(t, s.Publish(ctx, []verdict.Decision{
		decision(v, f.Name, verdict.Admit, "a", day), decision(w, g.Name, verdict.Hold, "b", day), decision(version(other, "1"), "o", verdict.Admit, "c", day),
	}))
	here, all, elsewhere := waiver("w1", django), waiver("w2", django), waiver("w3", django)
	all.Registry, elsewhere.Registry = "*", "other"
	for _, x := range []verdict.Waiver{here, all, elsewhere, waiver("w4", other)} {
		ok(t, s.PutWaiver(ctx, x))
	}
	ok(t, s.RevokeWaiver(ctx, "w1", "bob", day.Add(time.Hour)))
	here.Revoked = day.Add(time.Hour)
	a, b := approval("p1", v), approval("p2", w)
	ok(t, s.PutApproval(ctx, a))
	ok(t, s.PutApproval(ctx, b))
	ok(t, s.PutApproval(ctx, approval("p3", version(other, "1"))))
	attested := provenance.Answer{Roots: "r", Attestations: []provenance.Attestation{{Kind: provenance.Build, Repository: "https://forge.invalid/acme/demo", At: day}}}
	before := must(s.Generation(ctx, django))(t)
	for i, row := range []struct {
		f       artifact.File
		claims  artifact.Digest
		a       provenance.Answer
		changes bool
	}{
		{f, "c1", provenance.Answer{Roots: "q"}, true}, {f, "c2", attested, true}, {f, "c2", attested, false}, {g, "c1", attested, true},
		{file(version(other, "1"), "o"), "c1", attested, false},
	} {
		ok(t, s.PutProvenance(ctx, row.f, row.claims, row.a, day))
		after := must(s.Generation(ctx, django))(t)
		if (after != before) != row.changes {
			t.Errorf("provenance %d: generation %d after %d", i, after, before)
		}
		before = after
	}
	same(t, "State", must(s.State(ctx, "main", django))(t), gate.PackageState{
		Origin:        f.Origin,
		Files:         map[string]artifact.File{f.Name: f, g.Name: g},
		AdmittedSince: map[string]time.Time{f.Name: day},
		Waivers:       []verdict.Waiver{all, here},
		Approvals:     map[string][]verdict.Approval{"2.2": {a}, "2.3": {b}},
		Recalled:      map[string]bool{},
		Attested:      map[string]gate.Attested{f.Name: {SHA256: f.SHA256, Claims: "c2", Answer: attested}, g.Name: {SHA256: g.SHA256, Claims: "c1", Answer: attested}},
	})
	same(t, "State elsewhere", must(s.State(ctx, "other", django))(t).Waivers, []verdict.Waiver{elsewhere, all})
}

func request(id string) verdict.Request {
	return verdict.Request{
		ID: id, Door: "cli", Registry: "main", Project: "shop", By: "ada", Created: day,
		Files:  []verdict.Source{{Path: "requirements.txt", Content: []byte("django==2.2\n\x00\xff")}},
		Before: []verdict.Source{{Path: "requirements.txt", Content: []byte{}}}, Purls: []string{"pkg:pypi/django@2.2"},
	}
}

func outcome() verdict.Outcome {
	until := day.Add(time.Hour)
	return verdict.Outcome{
		Verdict: verdict.Reject, DecisionURL: "http://127.0.0.1/d/1", Took: 12,
		Problems: []verdict.Problem{{Class: finding.Manifest, Text: "x", File: "requirements.txt", Line: 1, Effect: verdict.EffectNote}},
		Versions: []verdict.VersionOutcome{{
			Purl: "pkg:pypi/django@2.2", Version: version(django, "2.2"), Verdict: verdict.Reject, Until: &until, Via: []string{},
			Remedy: &verdict.Remedy{File: "requirements.txt", Line: 1, Old: "django==2.2", New: "django==2.2.28", Proved: true},
			Files:  []verdict.FileOutcome{{Name: "f.whl", SHA256: artifact.DigestOf(nil), Size: 3}},
		}},
	}
}

// waiting is a job about a request, and held one that its maker does at once.
func waiting(id string) jobs.New {
	return jobs.New{ID: "j" + id, Kind: gate.RequestJob, Subject: id, Share: "shop", Priority: jobs.Person, Created: day}
}

func held(id string) jobs.New {
	j := waiting(id)
	j.Lease = day.Add(time.Minute)
	return j
}

// first is the hold on a job of its first attempt.
func first(id string) jobs.Held { return jobs.Held{Job: "j" + id, Attempt: 1} }

// ended is an outcome of a request.
func ended(id string, s verdict.Status) verdict.Outcome {
	o := outcome()
	o.Request, o.Status = id, s
	return o
}

func statusOf(t testing.TB, s Store, id string) verdict.Status {
	t.Helper()
	_, status, _, err := s.Request(t.Context(), id)
	ok(t, err)
	return status
}

func requests(t *testing.T, s Store) {
	ctx := t.Context()
	for i, id := range []string{"r1", "r2", "r3"} {
		r := request(id)
		if i == 1 {
			r.Registry = "other"
		}
		ok(t, s.Submit(ctx, r, waiting(id)))
	}
	is(t, "the same id again", s.Submit(ctx, request("r1"), waiting("r1")), verdict.ErrConflict)
	got, status, o, err := s.Request(ctx, "r1")
	ok(t, err)
	same(t, "Request", got, request("r1"))
	same(t, "its status", status, verdict.Queued)
	same(t, "its outcome so far", o, verdict.Outcome{Request: "r1", Status: verdict.Queued})
	ok(t, s.Submit(ctx, request("r4"), held("r4")))
	same(t, "held by its maker", statusOf(t, s, "r4"), verdict.Running)
	ok(t, s.FinishRequest(ctx, first("r4"), ended("r4", verdict.Done), day))
	_, status, o, err = s.Request(ctx, "r4")
	ok(t, err)
	same(t, "finished", status, verdict.Done)
	same(t, "its outcome", o, ended("r4", verdict.Done))
	o, registry, err := s.Outcome(ctx, "r4")
	ok(t, err)
	same(t, "its outcome alone", o, ended("r4", verdict.Done))
	same(t, "its registry", registry, "main")
	o, registry, err = s.Outcome(ctx, "r2")
	ok(t, err)
	same(t, "none yet, in another registry", fmt.Sprint(o.Status, " ", registry), "queued other")

	listed := func(registry string, limit int) (out []string) {
		for _, o := range must(s.Requests(ctx, registry, limit))(t) {
			out = append(out, o.Request+" "+string(o.Status))
		}
		return out
	}
	same(t, "Requests", listed("main", 10), []string{"r4 done", "r3 queued", "r1 queued"})
	same(t, "Requests of all", listed("", 3), []string{"r4 done", "r3 queued", "r2 queued"})
	for i := range 60 {
		id := fmt.Sprint("more", i)
		ok(t, s.Submit(ctx, request(id), waiting(id)))
	}
	if n := len(listed("", 0)); n != 50 {
		t.Errorf("without a limit %d requests are listed, want 50", n)
	}
}

// requestAndJob: what is asked and the work on it are one row or none, one end or
// none.
func requestAndJob(t *testing.T, s Store) {
	ctx := t.Context()
	if s.Submit(ctx, request("r1"), waiting("r2")) == nil {
		t.Error("a request was taken in with a job about another one")
	}
	full := waiting("r1")
	full.Room = jobs.Room{Total: 1}
	ok(t, s.Submit(ctx, request("r0"), waiting("r0")))
	is(t, "a full queue", s.Submit(ctx, request("r1"), full), jobs.ErrFull)
	_, _, _, err := s.Request(ctx, "r1")
	is(t, "a request that found no room", err, verdict.ErrNotFound)
	taken := waiting("r1")
	taken.ID = "jr0"
	is(t, "a job whose id is taken", s.Submit(ctx, request("r1"), taken), verdict.ErrConflict)
	_, _, _, err = s.Request(ctx, "r1")
	is(t, "a request whose job was refused", err, verdict.ErrNotFound)

	ok(t, s.Submit(ctx, request("r1"), held("r1")))
	for what, h := range map[string]jobs.Held{
		"an older attempt": {Job: "jr1", Attempt: 0}, "one to come": {Job: "jr1", Attempt: 2}, "another job": {Job: "jr0", Attempt: 0}, "no job": {Job: "x", Attempt: 1},
	} {
		is(t, what, s.FinishRequest(ctx, h, ended("r1", verdict.Done), day), jobs.ErrLost)
	}
	is(t, "the holder of another request's job", s.FinishRequest(ctx, first("r1"), ended("r0", verdict.Done), day), jobs.ErrLost)
	same(t, "after all these", statusOf(t, s, "r1"), verdict.Running)
	ok(t, s.FinishRequest(ctx, first("r1"), ended("r1", verdict.Failed), day))
	is(t, "finishing twice", s.FinishRequest(ctx, first("r1"), ended("r1", verdict.Done), day), jobs.ErrLost)
	same(t, "what was recorded first", statusOf(t, s, "r1"), verdict.Failed)
}

func requestFinality(t *testing.T, s Store) {
	ctx := t.Context()
	ok(t, s.Submit(ctx, request("r1"), held("r1")))
	for _, no := range []verdict.Status{verdict.Running, verdict.Queued, "paused", ""} {
		if s.FinishRequest(ctx, first("r1"), ended("r1", no), day) == nil {
			t.Errorf("%q is no end", no)
		}
	}
	ok(t, s.CancelRequest(ctx, ended("r1", ""), day))
	is(t, "finishing what was cancelled", s.FinishRequest(ctx, first("r1"), ended("r1", verdict.Done), day), jobs.ErrLost)
	is(t, "cancelling again", s.CancelRequest(ctx, ended("r1", ""), day), verdict.ErrConflict)
	same(t, "cancelled", statusOf(t, s, "r1"), verdict.Cancelled)

	ok(t, s.Submit(ctx, request("r2"), waiting("r2")))
	ok(t, s.CancelRequest(ctx, ended("r2", ""), day))
	same(t, "cancelled while waiting", statusOf(t, s, "r2"), verdict.Cancelled)
	ok(t, s.Submit(ctx, request("r3"), held("r3")))
	ok(t, s.FinishRequest(ctx, first("r3"), ended("r3", verdict.Done), day))
	is(t, "cancelling what is done", s.CancelRequest(ctx, ended("r3", ""), day), verdict.ErrConflict)
	same(t, "done", statusOf(t, s, "r3"), verdict.Done)
}

func waivers(t *testing.T, s Store) {
	ctx := t.Context()
	w := waiver("w1", django)
	ok(t, s.PutWaiver(ctx, w))
	same(t, "waits for a person", must(s.Waiver(ctx, "w1"))(t), w)
	is(t, "the same id again", s.PutWaiver(ctx, w), verdict.ErrConflict)
	ok(t, s.ApproveWaiver(ctx, "w1", "bob", day))
	w.Approver = "bob"
	same(t, "approved", must(s.Waiver(ctx, "w1"))(t), w)
	is(t, "approving again", s.ApproveWaiver(ctx, "w1", "eve", day), verdict.ErrConflict)
	ok(t, s.RevokeWaiver(ctx, "w1", "bob", day.Add(time.Hour)))
	ok(t, s.RevokeWaiver(ctx, "w1", "eve", day.Add(2*time.Hour)))
	w.Revoked = day.Add(time.Hour)
	same(t, "revoked, the first time kept", must(s.Waiver(ctx, "w1"))(t), w)

	given := waiver("w2", django)
	given.Approver, given.Registry, given.Advisories = "bob", "*", nil
	ok(t, s.PutWaiver(ctx, given))
	same(t, "given by its approver", must(s.Waiver(ctx, "w2"))(t), given)
	waits := waiver("w3", artifact.Package{Ecosystem: artifact.PyPI, Name: "other"})
	ok(t, s.PutWaiver(ctx, waits))
	ok(t, s.RevokeWaiver(ctx, "w3", "bob", day))
	waits.Revoked = day
	is(t, "approving a revoked one", s.ApproveWaiver(ctx, "w3", "bob", day), verdict.ErrConflict)

	same(t, "Waivers of a package", must(s.Waivers(ctx, "main", django))(t), []verdict.Waiver{given, w})
	same(t, "Waivers of a registry", must(s.Waivers(ctx, "main", artifact.Package{}))(t), []verdict.Waiver{waits, given, w})
	same(t, "Waivers elsewhere", must(s.Waivers(ctx, "other", django))(t), []verdict.Waiver{given})
	same(t, "all Waivers", len(must(s.Waivers(ctx, "", artifact.Package{}))(t)), 3)

	if s.ApproveWaiver(ctx, "w1", "", day) == nil {
		t.Error("nobody approved a waiver")
	}
	for why, spoil := range map[string]func(*verdict.Waiver){
		"no reason":             func(w *verdict.Waiver) { w.Reason = "" },
		"no rule":               func(w *verdict.Waiver) { w.Rule = "" },
		"no package":            func(w *verdict.Waiver) { w.Package.Name = "" },
		"no registry":           func(w *verdict.Waiver) { w.Registry = "" },
		"no end":                func(w *verdict.Waiver) { w.Until = time.Time{} },
		"an end in the past":    func(w *verdict.Waiver) { w.Until = w.Created },
		"a revocation of old":   func(w *verdict.Waiver) { w.Revoked = day },
		"a zero byte in a list": func(w *verdict.Waiver) { w.Versions = []string{"2.2\x00"} },
	} {
		w := waiver("bad", django)
		spoil(&w)
		if s.PutWaiver(ctx, w) == nil {
			t.Errorf("a waiver with %s was recorded", why)
		}
	}
}

func approvals(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	a, b := approval("p1", v), approval("p2", v)
	b.File = ""
	ok(t, s.PutApproval(ctx, a))
	ok(t, s.PutApproval(ctx, b))
	is(t, "the same id again", s.PutApproval(ctx, a), verdict.ErrConflict)
	ok(t, s.RevokeApproval(ctx, "p1", "eve", day.Add(time.Hour)))
	ok(t, s.RevokeApproval(ctx, "p1", "bob", day.Add(2*time.Hour)))
	a.Revoked = day.Add(time.Hour)
	same(t, "Approvals", must(s.Approvals(ctx, "main", v))(t), []verdict.Approval{b, a})
	same(t, "Approvals elsewhere", len(must(s.Approvals(ctx, "other", v))(t)), 0)
	for why, spoil := range map[string]func(*verdict.Approval){
		"no approver": func(a *verdict.Approval) { a.Approver = "" },
		"no evidence": func(a *verdict.Approval) { a.Evidence = "" },
		"no version":  func(a *verdict.Approval) { a.Version = artifact.Version{} },
	} {
		a := approval("bad", v)
		spoil(&a)
		if s.PutApproval(ctx, a) == nil {
			t.Errorf("an approval with %s was recorded", why)
		}
	}
}

func asks(t *testing.T, s Store) {
	ctx := t.Context()
	a := gate.Ask{ID: "a1", Registry: "main", Decision: "d1", Purl: "pkg:pypi/django@2.2", Reason: "demo tomorrow", By: "ada", Created: day}
	b := a
	b.ID, b.Registry = "a2", "other"
	ok(t, s.PutAsk(ctx, a))
	ok(t, s.PutAsk(ctx, b))
	is(t, "the same id again", s.PutAsk(ctx, a), verdict.ErrConflict)
	same(t, "open ones", must(s.Asks(ctx, "", true))(t), []gate.Ask{b, a})
	ok(t, s.CloseAsk(ctx, "a1", "bob", "approved", day.Add(time.Hour)))
	is(t, "closing again", s.CloseAsk(ctx, "a1", "eve", "refused", day), verdict.ErrConflict)
	a.Closed, a.ClosedBy, a.How = day.Add(time.Hour), "bob", "approved"
	same(t, "open ones after closing", len(must(s.Asks(ctx, "main", true))(t)), 0)
	same(t, "all of a registry", must(s.Asks(ctx, "main", false))(t), []gate.Ask{a})
	a.ID = "a3"
	if s.PutAsk(ctx, a) == nil {
		t.Error("an ask began closed")
	}
}

func audit(t *testing.T, s Store) {
	ctx := t.Context()
	var want []gate.AuditEntry
	for i := range 5 {
		e := gate.AuditEntry{At: day, By: "ada", Act: "waive", Object: fmt.Sprint("w", i), Detail: "why"}
		ok(t, s.Audit(ctx, e))
		want = append(want, e)
	}
	slices.Reverse(want)
	same(t, "AuditLog", must(s.AuditLog(ctx, 10))(t), want)
	same(t, "AuditLog, limited", must(s.AuditLog(ctx, 2))(t), want[:2])
}

func generation(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	other := artifact.Package{Ecosystem: artifact.PyPI, Name: "other"}
	sha := artifact.DigestOf([]byte("x"))
	d := decision(v, "f.whl", verdict.Admit, "a", day)
	later := d
	later.Inputs.At = day.Add(time.Hour)
	put := func(ds ...verdict.Decision) func() error { return func() error { return s.Publish(ctx, ds) } }
	for _, step := range []struct {
		what  string
		do    func() error
		bumps bool
	}{
		{"evidence about bytes nobody has", func() error { return s.PutEvidence(ctx, "k0", sha, scan.Report{}, day) }, false},
		{"a file", func() error { return s.PutFile(ctx, file(v, "x"), day) }, true},
		{"the same file", func() error { return s.PutFile(ctx, file(v, "x"), day) }, false},
		{"evidence about it", func() error { return s.PutEvidence(ctx, "k1", sha, scan.Report{}, day) }, true},
		{"evidence again", func() error { return s.PutEvidence(ctx, "k1", sha, scan.Report{}, day) }, false},
		{"what rules made of it", func() error {
			return s.PutBehaviours(ctx, []gate.EvidencedBehaviour{{Evidence: "k1", Behaviour: scan.Behaviour{Rules: "r"}}}, day)
		}, true},
		{"the same again", func() error {
			return s.PutBehaviours(ctx, []gate.EvidencedBehaviour{{Evidence: "k1", Behaviour: scan.Behaviour{Rules: "r"}}}, day.Add(time.Hour))
		}, false},
		{"what other rules made of it", func() error {
			return s.PutBehaviours(ctx, []gate.EvidencedBehaviour{{Evidence: "k1", Behaviour: scan.Behaviour{Rules: "q"}}}, day)
		}, true},
		{"an origin", func() error { return s.SetOrigin(ctx, django, "main-upstream", day) }, true},
		{"the same origin", func() error { return s.SetOrigin(ctx, django, "main-upstream", day) }, false},
		{"an admission", put(d), true},
		{"the same answer later", put(later), false},
		{"nothing", put(), false},
		{"a refusal only shown", func() error {
			return s.PutDecisions(ctx, []verdict.Decision{decision(v, "g.whl", verdict.Reject, "shown", day)})
		}, false},
		{"a recall", put(decision(v, "f.whl", verdict.Reject, "b", day)), true},
		{"a waiver", func() error { return s.PutWaiver(ctx, waiver("w1", django)) }, true},
		{"its approval", func() error { return s.ApproveWaiver(ctx, "w1", "bob", day) }, true},
		{"its revocation", func() error { return s.RevokeWaiver(ctx, "w1", "bob", day) }, true},
		{"a second revocation", func() error { return s.RevokeWaiver(ctx, "w1", "bob", day) }, false},
		{"an approval", func() error { return s.PutApproval(ctx, approval("p1", v)) }, true},
		{"the approval's revocation", func() error { return s.RevokeApproval(ctx, "p1", "bob", day) }, true},
		{"its second revocation", func() error { return s.RevokeApproval(ctx, "p1", "bob", day) }, false},
		{"an audit line", func() error { return s.Audit(ctx, gate.AuditEntry{At: day, By: "a", Act: "b"}) }, false},
	} {
		before := must(s.Generation(ctx, django))(t)
		ok(t, step.do())
		if after := must(s.Generation(ctx, django))(t); (after > before) != step.bumps || after < before {
			t.Errorf("%s: generation %d, then %d; want a change: %v", step.what, before, after, step.bumps)
		}
	}
	same(t, "the generation of another package", must(s.Generation(ctx, other))(t), int64(0))
	twin := file(version(other, "1"), "x")
	ok(t, s.PutFile(ctx, twin, day))
	before := must(s.Generation(ctx, other))(t)
	ok(t, s.PutEvidence(ctx, "k2", sha, scan.Report{}, day))
	if after := must(s.Generation(ctx, other))(t); after <= before {
		t.Errorf("evidence about bytes that two packages have: generation %d, then %d", before, after)
	}
}

// shownDecisions are those that an index shows as refused: kept, and nothing is
// admitted or taken back by them.
func shownDecisions(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	admit := decision(v, "f.whl", verdict.Admit, "admitted", day)
	shown := decision(v, "f.whl", verdict.Reject, "shown", day.Add(time.Hour))
	unseen := decision(v, "g.whl", verdict.Admit, "only shown", day)
	ok(t, s.Publish(ctx, []verdict.Decision{admit}))
	ok(t, s.PutDecisions(ctx, []verdict.Decision{shown, unseen}))
	ok(t, s.PutDecisions(ctx, []verdict.Decision{shown, unseen, admit}))
	ok(t, s.PutDecisions(ctx, nil))
	same(t, "Decision", must(s.Decision(ctx, shown.ID))(t), shown)
	same(t, "DecisionsOf", ids(must(s.DecisionsOf(ctx, "main", v, 10))(t)), []string{unseen.ID, shown.ID, admit.ID})
	same(t, "AdmittedSince", admitted(t, s, django)["f.whl"], day)
	same(t, "a file that was only shown as admissible", admitted(t, s, django)["g.whl"].IsZero(), true)
	ok(t, s.Publish(ctx, []verdict.Decision{shown}))
	same(t, "the same decision, published", len(admitted(t, s, django)), 0)
	bad := unseen
	bad.ID = ""
	if s.PutDecisions(ctx, []verdict.Decision{bad}) == nil {
		t.Error("a decision without an id was recorded")
	}
}

// hostile are texts that somebody outside could choose.
var hostile = []string{
	"'; DROP TABLE decision; --", `"quoted" \ and $1 %s`, "ü 漢字 🦊", "e\u0301 is not \u00e9", "\u202egnp.exe", "a\nb\r\n\tc",
	"\u2028\ufeff\U000e0041", " leading and trailing ", strings.Repeat("long", 5000), "NULL", "0", "-1", "\x7f\x01",
}

func hostileText(t *testing.T, s Store) {
	ctx := t.Context()
	for i, h := range hostile {
		p := artifact.Package{Ecosystem: artifact.PyPI, Name: h}
		v := version(p, h)
		f := file(v, "x")
		f.Name, f.Origin = h, h
		ok(t, s.PutFile(ctx, f, day))
		same(t, "file", must(s.FileNamed(ctx, p, h))(t), f)
		ok(t, s.SetOrigin(ctx, p, h, day))
		same(t, "origin", must(s.Origin(ctx, p))(t), h)
		d := decision(v, h, verdict.Admit, h, day)
		ok(t, s.Publish(ctx, []verdict.Decision{d}))
		same(t, "decision", must(s.Decision(ctx, d.ID))(t), d)
		w := waiver(fmt.Sprint("w", i), p)
		w.Reason, w.Versions, w.Owner = h, []string{h, h}, h
		ok(t, s.PutWaiver(ctx, w))
		same(t, "waiver", must(s.Waivers(ctx, "main", p))(t), []verdict.Waiver{w})
		e := gate.AuditEntry{At: day, By: h, Act: h, Object: h, Detail: h}
		ok(t, s.Audit(ctx, e))
		same(t, "audit", must(s.AuditLog(ctx, 1))(t), []gate.AuditEntry{e})
		same(t, "admitted", admitted(t, s, p), map[string]time.Time{h: day})
	}
	for _, bad := range []string{"a\x00b", "a\xff", "\xed\xa0\x80"} {
		p := artifact.Package{Ecosystem: artifact.PyPI, Name: bad}
		if s.PutFile(ctx, file(version(p, "1"), "x"), day) == nil || s.SetOrigin(ctx, p, "o", day) == nil ||
			s.PutPull(ctx, "main", artifact.DigestOf(nil), bad, day) == nil || s.Audit(ctx, gate.AuditEntry{At: day, By: bad}) == nil {
			t.Errorf("%q was stored, although not every engine keeps it unchanged", bad)
		}
	}
}

func notFound(t *testing.T, s Store) {
	ctx := t.Context()
	v := version(django, "2.2")
	errs := map[string]error{
		"FinishRequest":  s.FinishRequest(ctx, first("x"), ended("x", verdict.Done), day),
		"CancelRequest":  s.CancelRequest(ctx, ended("x", ""), day),
		"ApproveWaiver":  s.ApproveWaiver(ctx, "x", "bob", day),
		"RevokeWaiver":   s.RevokeWaiver(ctx, "x", "bob", day),
		"RevokeApproval": s.RevokeApproval(ctx, "x", "bob", day),
		"CloseAsk":       s.CloseAsk(ctx, "x", "bob", "", day),
	}
	_, errs["FileNamed"] = s.FileNamed(ctx, django, "x")
	_, errs["Evidence"] = s.Evidence(ctx, "x")
	_, errs["Origin"] = s.Origin(ctx, django)
	_, errs["Decision"] = s.Decision(ctx, "x")
	_, _, _, errs["Request"] = s.Request(ctx, "x")
	_, _, errs["Outcome"] = s.Outcome(ctx, "x")
	_, errs["Waiver"] = s.Waiver(ctx, "x")
	for method, err := range errs {
		is(t, method, err, verdict.ErrNotFound)
	}
	for what, n := range map[string]int{
		"AdmittedNames": len(must(s.AdmittedNames(ctx, "main", artifact.PyPI))(t)),
		"DecisionsOf":   len(must(s.DecisionsOf(ctx, "main", v, 1))(t)),
		"Requests":      len(must(s.Requests(ctx, "", 1))(t)),
		"Waivers":       len(must(s.Waivers(ctx, "", django))(t)),
		"Approvals":     len(must(s.Approvals(ctx, "main", v))(t)),
		"Asks":          len(must(s.Asks(ctx, "", false))(t)),
		"AuditLog":      len(must(s.AuditLog(ctx, 1))(t)),
	} {
		if n != 0 {
			t.Errorf("%s of an empty store lists %d", what, n)
		}
	}
}

func cancelled(t *testing.T, s Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s.Publish(ctx, []verdict.Decision{decision(version(django, "2.2"), "f", verdict.Admit, "a", day)}) == nil {
		t.Error("Publish went on with a cancelled context")
	}
	if _, err := s.State(ctx, "main", django); err == nil {
		t.Error("State answered a cancelled context")
	}
	same(t, "admitted", len(admitted(t, s, django)), 0)
	ok(t, s.Publish(t.Context(), []verdict.Decision{decision(version(django, "2.2"), "f", verdict.Admit, "a", day)}))
}

// concurrency: writers and readers at once; what a reader sees is whole, and the
// same work done by several at once is done once.
func concurrency(t *testing.T, s Store) {
	const workers, rounds = 8, 15
	ctx := t.Context()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				// Two files of one version, always admitted or refused together.
				v := version(django, fmt.Sprint("1.", w))
				answer := []verdict.Verdict{verdict.Admit, verdict.Reject}[i%2]
				note := fmt.Sprint(w, i)
				err := s.Publish(ctx, []verdict.Decision{decision(v, fmt.Sprint(w, "a"), answer, note, day), decision(v, fmt.Sprint(w, "b"), answer, note, day)})
				shared := file(version(django, "9"), "shared")
				shared.Name = fmt.Sprint("shared-", i)
				err = errors.Join(err, s.PutFile(ctx, shared, day), s.PutPull(ctx, "main", shared.SHA256, fmt.Sprint(w), day))
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
		wg.Go(func() {
			for range rounds * 2 {
				st, err := s.State(ctx, "main", django)
				if err != nil {
					t.Error(err)
					return
				}
				if _, a := st.AdmittedSince[fmt.Sprint(w, "a")]; a {
					if _, b := st.AdmittedSince[fmt.Sprint(w, "b")]; !b {
						t.Errorf("half of a publish was seen: %v", st.AdmittedSince)
					}
				}
			}
		})
	}
	wg.Wait()
	st := must(s.State(ctx, "main", django))(t)
	if len(st.AdmittedSince) != 2*workers || len(st.Files) != rounds {
		t.Errorf("%d admissions and %d files, want %d and %d", len(st.AdmittedSince), len(st.Files), 2*workers, rounds)
	}
	if g := must(s.Generation(ctx, django))(t); g != workers*rounds+rounds {
		t.Errorf("generation %d after %d publishes and %d new files", g, workers*rounds, rounds)
	}
}

func reopen(t *testing.T, open Open) {
	ctx, dir := t.Context(), t.TempDir()
	s := must(open(ctx, dir))(t)
	f := file(version(django, "2.2"), "x")
	d := decision(f.Version, f.Name, verdict.Admit, "a", day)
	ok(t, s.PutFile(ctx, f, day))
	ok(t, s.Publish(ctx, []verdict.Decision{d}))
	ok(t, s.PutWaiver(ctx, waiver("w1", django)))
	before := must(s.Generation(ctx, django))(t)
	ok(t, s.Close())
	if s.Audit(ctx, gate.AuditEntry{At: day, By: "a"}) == nil || s.PutPull(ctx, "main", f.SHA256, "a", day) == nil {
		t.Error("a closed store took a row")
	}

	s = must(open(ctx, dir))(t)
	same(t, "file", must(s.FileNamed(ctx, django, f.Name))(t), f)
	same(t, "decision", must(s.Decision(ctx, d.ID))(t), d)
	same(t, "waiver", must(s.Waiver(ctx, "w1"))(t), waiver("w1", django))
	same(t, "generation", must(s.Generation(ctx, django))(t), before)
	ok(t, s.Close())
}
