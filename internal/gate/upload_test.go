package gate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// ci may publish every name.
var ci = ecosystem.Publisher{Name: "ci"}

// hosting is a world with packages of its own, and the desk of its registry.
func hosting(t testing.TB, lines ...string) (*world, *gate.Desk) {
	t.Helper()
	w := newWorld(t, lines...)
	var err error
	if w.Hosted, err = gate.OpenHosted(t.Context(), w.db, artifact.PyPI); err != nil {
		t.Fatal(err)
	}
	return w, w.desk("main")
}

func (w *world) desk(registry string) *gate.Desk {
	return &gate.Desk{
		Registry: registry, Gate: w.Gate, Put: w.blobs.Put, MaxFile: 1 << 20,
		Outside: func(p artifact.Package) (string, error) {
			if p.Name == "famous" {
				return "is a public package's name", nil
			}
			return "", nil
		},
		Key: func(p artifact.Package) string { return strings.ReplaceAll(p.Name, "-", "") },
	}
}

// built is something that has bytes and a file name.
type built interface {
	FileName() string
	Build(testing.TB) []byte
}

// sent is an upload as the form's reader makes it of an archive.
func (w *world) sent(d *gate.Desk, v string, kind artifact.Kind, b built) ecosystem.Upload {
	w.t.Helper()
	content := b.Build(w.t)
	sha, size, err := d.Keep(w.t.Context(), bytes.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	slot := string(kind)
	if kind == artifact.Wheel {
		slot += b.FileName()[strings.LastIndex(b.FileName(), "-py"):]
	}
	return ecosystem.Upload{Version: vers(v), Name: b.FileName(), Kind: kind, SHA256: sha, Size: size, Slot: slot}
}

func (w *world) wheelOf(d *gate.Desk, v string, requires ...string) ecosystem.Upload {
	name, number, _ := strings.Cut(v, " ")
	return w.sent(d, v, artifact.Wheel, scantest.Wheel{Name: name, Version: number, Requires: requires})
}

// publish uploads and says in one word what came of it.
func publish(t testing.TB, d *gate.Desk, u ecosystem.Upload, by ecosystem.Publisher) string {
	t.Helper()
	r, err := d.Publish(t.Context(), u, by)
	return answerOf(t, r, err)
}

func answerOf(t testing.TB, r ecosystem.Receipt, err error) string {
	t.Helper()
	var no *verdict.Refusal
	var wrong *ecosystem.UploadError
	switch {
	case err == nil && r.Again:
		return "again"
	case err == nil:
		return "published"
	case errors.As(err, &no):
		return no.Verdict.String() + ": " + no.Public
	case errors.As(err, &wrong):
		return []string{"bad", "exists", "forbidden", "large"}[wrong.Fault] + ": " + wrong.Text
	}
	t.Fatal(err)
	return ""
}

func wantAnswer(t testing.TB, got, want, why string) {
	t.Helper()
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s: got %q, want %q", why, got, want)
	}
}

func TestUploadIsServedAtOnce(t *testing.T) {
	w, d := hosting(t)
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 1.0"), ci), "published", "a good wheel")
	name := "acme_billing-1.0-py3-none-any.whl"
	v := w.view("acme-billing")
	if len(v.Index.Files) != 1 || v.Decisions[0].Verdict != verdict.Admit || v.Decisions[0].Inputs.Origin != artifact.Internal {
		t.Fatalf("the view has %+v, decided %+v", v.Index.Files, v.Decisions)
	}
	f := v.Index.Files[0]
	if f.Name != name || f.MetadataSHA256 == "" || !f.Uploaded.Equal(today) || f.Kind != artifact.Wheel {
		t.Errorf("the index lists %+v", f)
	}
	if st, err := w.db.State(t.Context(), "main", pkg("acme-billing")); err != nil || !st.AdmittedSince[name].Equal(today) {
		t.Errorf("it is not recorded as admitted: %+v, %v", st, err)
	}
	raw, err := w.Metadata(t.Context(), "main", v.Index, f)
	if err != nil || artifact.DigestOf(raw) != f.MetadataSHA256 {
		t.Errorf("its metadata is %q (%v)", raw, err)
	}
	if o := w.requirements("acme-billing>=1"); said(o) != "admit: acme-billing 1.0 admit" {
		t.Errorf("a project that needs it: %s; %v", said(o), o.Problems)
	}
	w.up.mu.Lock()
	defer w.up.mu.Unlock()
	if n := w.up.asked["acme-billing"]; n != 0 {
		t.Errorf("the upstream was asked for a name of ours %d times", n)
	}
}

// TestUploadAgain: the same bytes are answered by today's verdict, others never
// replace them, however the name is spelled.
func TestUploadAgain(t *testing.T) {
	w, d := hosting(t)
	first := w.wheelOf(d, "acme-billing 1.0")
	wantAnswer(t, publish(t, d, first, ci), "published", "first")
	wantAnswer(t, publish(t, d, first, ci), "again", "the same bytes")
	other := w.sent(d, "acme-billing 1.0", artifact.Wheel, scantest.Wheel{Name: "acme-billing", Version: "1.0", Summary: "other"})
	wantAnswer(t, publish(t, d, other, ci), "exists: File already exists: acme_billing-1.0-py3-none-any.whl is here with other bytes", "other bytes")
	spelled := w.sent(d, "acme-billing 1.0.0", artifact.Wheel, scantest.Wheel{Name: "acme-billing", Version: "1.0.0"})
	wantAnswer(t, publish(t, d, spelled, ci), "exists: File already exists", "the same version in another spelling")
	sdist := w.sent(d, "acme-billing 1.0.0", artifact.Sdist, scantest.Sdist{Name: "acme-billing", Version: "1.0.0"})
	wantAnswer(t, publish(t, d, sdist, ci), "bad: version 1.0.0 is published here as 1.0", "a second spelling of one version")
	wantAnswer(t, publish(t, d, w.sent(d, "acme-billing 1.0", artifact.Sdist, scantest.Sdist{Name: "acme-billing", Version: "1.0"}), ci), "published", "its sdist")
	w.malware("MAL-1", "acme-billing 1.0")
	wantAnswer(t, publish(t, d, first, ci), "reject: malware MAL-1", "the same bytes, known better by now")
}

func TestWhoMayPublishWhat(t *testing.T) {
	w, d := hosting(t, "outsider 1.0")
	if o := w.requirements("outsider"); o.Verdict != verdict.Admit {
		t.Fatal(said(o))
	}
	declared := w.Groups
	w.Groups = nil
	wantAnswer(t, publish(t, d, w.wheelOf(d, "unknown-thing 1.0"), ci), "published", "a name that nobody has")
	narrow := ecosystem.Publisher{Name: "team", Names: []string{"acme-team-*", "acme-one"}}
	admin := ecosystem.Publisher{Name: "ada", Admin: true}
	for _, tc := range []struct {
		groups *groups.Groups
		name   string
		by     ecosystem.Publisher
		want   string
	}{
		{declared, "acme-billing", ci, ""},
		{declared, "unknown-thing", ci, "unknown-thing matches none of the internal_names"},
		{declared, "unknown-thing", admin, "unknown-thing matches none of the internal_names"},
		{declared, "outsider", admin, "outsider comes from the upstream up here, and a name has one origin for ever"},
		{declared, "acme-billing", narrow, "team may publish acme-team-*, acme-one only"},
		{declared, "acme-one", narrow, ""},
		{declared, "acme-team-tools", narrow, ""},
		{nil, "unknown-thing", ci, ""}, // ours already
		{nil, "famous", ci, "famous is new here and is a public package's name"},
		{nil, "famous", admin, ""},
		{nil, "out-sider", ci, "out-sider is new here and can be mistaken for outsider"},
		{nil, "unknownthing", ci, "unknownthing is new here and can be mistaken for unknown-thing"},
		{nil, "outsider", admin, "outsider comes from the upstream"},
	} {
		w.Groups = tc.groups
		err := d.MayPublish(t.Context(), pkg(tc.name), tc.by)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
			t.Errorf("%s by %s, patterns %t: %v, want %q", tc.name, tc.by.Name, tc.groups != nil, err, tc.want)
		}
	}
}

// TestUploadsThatDoNotAgree: what the archive says of itself is what its name
// says, or nothing is kept.
func TestUploadsThatDoNotAgree(t *testing.T) {
	w, d := hosting(t)
	honest := scantest.Wheel{Name: "acme-billing", Version: "1.0"}
	text := func(s string) scantest.Wheel { h := honest; h.Metadata = s; return h }
	none := honest
	none.Without = []string{"METADATA"}
	for _, tc := range []struct {
		wheel  scantest.Wheel
		python string
		want   string
	}{
		{text("Metadata-Version: 2.1\nName: acme-other\nVersion: 1.0\n"), "", "bad: acme_billing-1.0-py3-none-any.whl says inside that it is acme-other"},
		{text("Metadata-Version: 2.1\nName: acme-billing\nVersion: 1.1\n"), "", "bad: acme_billing-1.0-py3-none-any.whl says inside that it is version 1.1"},
		{text("nonsense"), "", "bad: acme_billing-1.0-py3-none-any.whl cannot be taken: acme_billing-1.0.dist-info/METADATA cannot be read"},
		{none, "", "bad: acme_billing-1.0-py3-none-any.whl cannot be taken"},
		{honest, ">=3.8", "bad: acme_billing-1.0-py3-none-any.whl says inside that it needs Python"},
	} {
		u := w.sent(d, "acme-billing 1.0", artifact.Wheel, tc.wheel)
		u.RequiresPython = tc.python
		wantAnswer(t, publish(t, d, u, ci), tc.want, tc.want)
		nothingOf(t, w, "acme-billing")
	}
}

// nothingOf asks that a name is nobody's.
func nothingOf(t *testing.T, w *world, name string) {
	t.Helper()
	if o, err := w.db.Origin(t.Context(), pkg(name)); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("%s has the origin %q (%v)", name, o, err)
	}
	if us, err := w.db.UploadsOf(t.Context(), "main", pkg(name)); err != nil || len(us) != 0 {
		t.Errorf("%s has uploads %+v (%v)", name, us, err)
	}
	if st, err := w.db.State(t.Context(), "main", pkg(name)); err != nil || len(st.Files) != 0 {
		t.Errorf("%s has files %+v (%v)", name, st.Files, err)
	}
	if _, err := w.View(t.Context(), "main", pkg(name)); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("the view of %s: %v", name, err)
	}
}

func TestRejectedUploadLeavesItsDecisionOnly(t *testing.T) {
	w, d := hosting(t)
	w.malware("MAL-1", "acme-billing 1.0")
	u := w.wheelOf(d, "acme-billing 1.0")
	_, err := d.Publish(t.Context(), u, ci)
	no, ok := errors.AsType[*verdict.Refusal](err)
	if !ok || no.Verdict != verdict.Reject || no.Public != "malware MAL-1" {
		t.Fatalf("got %v", err)
	}
	if dec, err := w.db.Decision(t.Context(), no.Decision); err != nil || dec.Inputs.FileSHA256 != u.SHA256 {
		t.Errorf("its decision: %+v (%v)", dec, err)
	}
	nothingOf(t, w, "acme-billing")
	log, err := w.db.AuditLog(t.Context(), 10)
	if err != nil || len(log) != 1 || log[0].Act != "publish-refused" || log[0].By != "ci" {
		t.Errorf("audit log %+v (%v)", log, err)
	}
	w.known.mu.Lock()
	clear(w.known.about)
	w.known.mu.Unlock()
	w.newSnapshot()
	other := w.sent(d, "acme-billing 1.0", artifact.Wheel, scantest.Wheel{Name: "acme-billing", Version: "1.0", Summary: "mended"})
	wantAnswer(t, publish(t, d, other, ci), "published", "the name was not used up")
}

func TestHeldUploadIsKeptAndApproved(t *testing.T) {
	w, d := hosting(t)
	w.vuln("ADV-1", "acme-billing 1.0", finding.High)
	u := w.wheelOf(d, "acme-billing 1.0")
	_, err := d.Publish(t.Context(), u, ci)
	no, ok := errors.AsType[*verdict.Refusal](err)
	if !ok || no.Verdict != verdict.Hold || !strings.HasPrefix(no.Public, "kept, not served: ADV-1") || no.Next == "" {
		t.Fatalf("got %v", err)
	}
	if gate.Serves(w.view("acme-billing").Decisions[0]) {
		t.Fatal("a held upload is served")
	}
	wantAnswer(t, publish(t, d, u, ci), "hold: kept, not served", "the same again")
	if _, err := w.Approve(t.Context(), no.Decision, "known", "ada"); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, publish(t, d, u, ci), "again", "once approved")

	w.advisoryState(gate.AdvisoryState{Snapshot: "s2", Problem: "the data is old"})
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-other 1.0"), ci), "hold: kept, not served: the data is old", "a fault holds what is new")
}

// TestDependenciesOfAnUpload: what the gate found about them on the day goes on
// counting, also where the policy makes it hold.
func TestDependenciesOfAnUpload(t *testing.T) {
	w, d := hosting(t, "lib 1.0", "bad 1.0", "wide 3.0")
	w.malware("MAL-1", "bad 1.0")
	needs := []string{"lib>=1", "lib>=2", "bad", "acme-core", "ghost[x]>1; python_version < '3'", "odd @ https://odd.invalid/odd-1.whl", "wide>=1,<4"}
	r, err := d.Publish(t.Context(), w.wheelOf(d, "acme-billing 1.0", needs...), ci)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"of the dependency lib>=2 this registry offers no version",
		"of the dependency bad this registry offers no version",
		"the dependency acme-core is neither here nor upstream",
		"the dependency ghost[x]>1; python_version < '3' is neither here nor upstream",
		"the dependency odd @ https://odd.invalid/odd-1.whl names a URL or cannot be read; the gate follows neither",
	}
	if !slices.Equal(r.Notes, want) {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(r.Notes, "\n"), strings.Join(want, "\n"))
	}
	w.policy("version: 1\nextends: default\nrules:\n  - {id: dependency-not-offered, on: finding, when: 'finding.rule == \"dependency-missing\"', effect: hold, why: '{finding.text}'}\n")
	if dec := w.view("acme-billing").Decisions[0]; dec.Verdict != verdict.Hold {
		t.Errorf("under the stricter policy: %s %s", dec.Verdict, rules(dec.Reasons))
	}
	_, err = d.Publish(t.Context(), w.wheelOf(d, "acme-billing 1.1", "acme-core"), ci)
	no, ok := errors.AsType[*verdict.Refusal](err)
	if !ok || no.Verdict != verdict.Hold {
		t.Fatalf("got %v", err)
	}
	if _, err := w.Approve(t.Context(), no.Decision, "it follows", "ada"); err != nil {
		t.Fatal(err)
	}
	if dec := w.view("acme-billing").Decisions[1]; dec.Verdict != verdict.Admit {
		t.Errorf("approved: %s %s", dec.Verdict, rules(dec.Reasons))
	}
}

func TestYankUnyankDelete(t *testing.T) {
	w, d := hosting(t)
	for _, v := range []string{"acme-billing 1.0", "acme-billing 1.1", "acme-billing 2.0"} {
		wantAnswer(t, publish(t, d, w.wheelOf(d, v), ci), "published", v)
	}
	act := func(v, file, reason string) gate.Act {
		return gate.Act{Registry: "main", Version: vers(v), File: file, Reason: reason, By: "ada"}
	}
	if n, err := w.Yank(t.Context(), act("acme-billing 1.1.0", "", "broken")); err != nil || n != 1 {
		t.Fatalf("yanking in another spelling: %d, %v", n, err)
	}
	if f := w.view("acme-billing").Index.Files[1]; !f.Yanked || f.YankedReason != "broken" {
		t.Errorf("yanked: %+v", f)
	}
	if n, err := w.Unyank(t.Context(), act("acme-billing 1.1", "", "")); err != nil || n != 1 || w.view("acme-billing").Index.Files[1].Yanked {
		t.Errorf("unyanking: %d, %v", n, err)
	}
	for _, tc := range []struct {
		do   func(context.Context, gate.Act) (int, error)
		act  gate.Act
		want string
	}{
		{w.Yank, act("acme-billing 9", "", ""), "nothing of acme-billing 9 was published"},
		{w.Yank, act("acme-billing", "", ""), "name a version"},
		{w.Yank, act("acme-billing 1.0", "x.whl", ""), "a version is yanked with all its files"},
		{w.Yank, act("acme-billing 1.0", "", strings.Repeat("x", 501)), "a reason has at most 500 bytes"},
		{w.Delete, act("acme-billing 1.0", "", " "), "say why"},
		{w.Delete, act("acme-billing 7", "", "r"), "nothing such is published"},
		{w.Delete, gate.Act{Registry: "nowhere", Version: vers("acme-billing 1.0"), Reason: "r", By: "ada"}, "no registry named"},
		{w.Delete, gate.Act{Registry: "main", Version: vers("acme-billing 1.0"), Reason: "r"}, "it is not known who you are"},
		{w.Yank, gate.Act{Registry: "main", Version: vers("acme-billing 1.0"), By: "team", Names: []string{"acme-team-*"}}, "not allowed"},
	} {
		if n, err := tc.do(t.Context(), tc.act); err == nil || n != 0 || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%+v: %d, %v; want %q", tc.act, n, err, tc.want)
		}
	}

	gone := w.wheelOf(d, "acme-billing 1.1")
	if n, err := w.Delete(t.Context(), act("acme-billing 1.1", "", "secret inside")); err != nil || n != 1 {
		t.Fatalf("deleting: %d, %v", n, err)
	}
	if got := w.view("acme-billing").Index; len(got.Files) != 2 {
		t.Errorf("after deleting: %+v", got.Files)
	}
	if free, err := w.db.Unreferenced(t.Context(), []artifact.Digest{gone.SHA256}); err != nil || len(free) != 1 {
		t.Errorf("the bytes are still kept: %v, %v", free, err)
	}
	wantAnswer(t, publish(t, d, gone, ci), "forbidden: acme_billing-1.1-py3-none-any.whl of acme-billing 1.1 was deleted here", "the deleted bytes")
	sdist := w.sent(d, "acme-billing 1.1.0", artifact.Sdist, scantest.Sdist{Name: "acme-billing", Version: "1.1.0"})
	wantAnswer(t, publish(t, d, sdist, ci), "forbidden", "another file of the deleted version, in another spelling")
	file := "acme_billing-2.0-py3-none-any.whl"
	if n, err := w.Delete(t.Context(), act("acme-billing 2.0", file, "wrong build")); err != nil || n != 1 {
		t.Fatalf("deleting a file: %d, %v", n, err)
	}
	wantAnswer(t, publish(t, d, w.sent(d, "acme-billing 2.0", artifact.Sdist, scantest.Sdist{Name: "acme-billing", Version: "2.0"}), ci), "published", "the version goes on")
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 2.0"), ci), "forbidden", "the file's name does not")
	if n, err := w.Delete(t.Context(), act("acme-billing", "", "no more")); err != nil || n != 2 {
		t.Fatalf("deleting the name: %d, %v", n, err)
	}
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 3.0"), ci), "forbidden", "a deleted name")
	if names, err := w.db.AdmittedNames(t.Context(), "main", artifact.PyPI); err != nil || len(names) != 0 {
		t.Errorf("names %v, %v", names, err)
	}
	list, err := w.Packages(t.Context(), "main", pkg("acme-billing"))
	if err != nil || len(list) != 1 || len(list[0].Files) != 4 || list[0].Files[0].Deleted.IsZero() || list[0].Files[0].SHA256 == "" {
		t.Errorf("the list is %+v, %v", list, err)
	}
	log, err := w.db.AuditLog(t.Context(), 3)
	if err != nil || log[0].Act != "delete" || log[0].Object != "pkg:pypi/acme-billing" || log[0].Detail != "in main: no more" {
		t.Errorf("the audit log says %+v, %v", log, err)
	}
}

// TestRegistriesOfOurOwn: a file of one registry is none of another's, and one
// name has one digest in all.
func TestRegistriesOfOurOwn(t *testing.T) {
	w, d := hosting(t)
	w.Registries["team"] = gate.Registry{Name: "team", Policy: w.Registries["main"].Policy, Targets: w.Registries["main"].Targets}
	team := w.desk("team")
	u := w.wheelOf(d, "acme-billing 1.0")
	wantAnswer(t, publish(t, d, u, ci), "published", "in main")
	if _, err := w.View(t.Context(), "team", pkg("acme-billing")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("another registry has it: %v", err)
	}
	other := w.sent(d, "acme-billing 1.0", artifact.Wheel, scantest.Wheel{Name: "acme-billing", Version: "1.0", Summary: "other"})
	wantAnswer(t, publish(t, team, other, ci), "exists: File already exists: another registry of this gate has", "other bytes in another registry")
	wantAnswer(t, publish(t, team, u, ci), "published", "the same bytes in another registry")
	act := gate.Act{Registry: "main", Version: vers("acme-billing 1.0"), Reason: "r", By: "ada"}
	if n, err := w.Delete(t.Context(), act); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if free, err := w.db.Unreferenced(t.Context(), []artifact.Digest{u.SHA256}); err != nil || len(free) != 0 {
		t.Errorf("bytes that another registry serves are free: %v, %v", free, err)
	}
	v, err := w.View(t.Context(), "team", pkg("acme-billing"))
	if err != nil || !gate.Serves(v.Decisions[0]) {
		t.Errorf("in the other registry: %+v, %v", v, err)
	}
}

// TestUploadsAtOnce: of many that send a file at the same moment one publishes it,
// and those with the same bytes all hear of success.
func TestUploadsAtOnce(t *testing.T) {
	w, d := hosting(t)
	same := w.wheelOf(d, "acme-billing 1.0")
	other := w.sent(d, "acme-billing 1.0", artifact.Wheel, scantest.Wheel{Name: "acme-billing", Version: "1.0", Summary: "other"})
	counts := map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 12 {
		u := same
		if i%2 == 1 {
			u = other
		}
		wg.Go(func() {
			r, err := d.Publish(t.Context(), u, ci)
			word, _, _ := strings.Cut(answerOf(t, r, err), ":")
			mu.Lock()
			defer mu.Unlock()
			counts[word]++
		})
	}
	wg.Wait()
	if counts["published"] != 1 || counts["again"] != 5 || counts["exists"] != 6 {
		t.Errorf("answers %v, want one published, five again, six exists", counts)
	}
	if v := w.view("acme-billing"); len(v.Index.Files) != 1 {
		t.Errorf("the index has %d files", len(v.Index.Files))
	}
}

// meanwhile runs something once, between the look at what is there and the record.
type meanwhile struct {
	gate.Uploads
	run func()
}

func (m *meanwhile) Burnt(ctx context.Context, p artifact.Package, key string) (bool, error) {
	if run := m.run; run != nil {
		m.run = nil
		run()
	}
	return m.Uploads.Burnt(ctx, p, key)
}

// TestAVersionIsSpelledOneWay, also where two files of it come at the same moment.
func TestAVersionIsSpelledOneWay(t *testing.T) {
	w, d := hosting(t)
	sdist := w.sent(d, "acme-billing 1.0.0", artifact.Sdist, scantest.Sdist{Name: "acme-billing", Version: "1.0.0"})
	rows := &meanwhile{Uploads: w.db}
	rows.run = func() { wantAnswer(t, publish(t, d, sdist, ci), "published", "the quicker one") }
	var err error
	if w.Hosted, err = gate.OpenHosted(t.Context(), rows, artifact.PyPI); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 1.0"), ci), "bad: version 1.0 is published here as 1.0.0", "the slower one")
	if v := w.view("acme-billing"); len(v.Index.Files) != 1 {
		t.Errorf("the index has %+v", v.Index.Files)
	}
}

// failingUploads cannot record.
type failingUploads struct{ gate.Uploads }

var errDead = errors.New("the disk is gone")

func (failingUploads) PutUpload(context.Context, gate.Upload, []byte, []json.RawMessage, verdict.Decision, gate.AuditEntry) error {
	return errDead
}

// TestAFaultPublishesNothing: not the file, and not the name.
func TestAFaultPublishesNothing(t *testing.T) {
	w, d := hosting(t, "unknown-thing 1.0")
	w.Groups = nil
	var err error
	if w.Hosted, err = gate.OpenHosted(t.Context(), failingUploads{w.db}, artifact.PyPI); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Publish(t.Context(), w.wheelOf(d, "unknown-thing 2.0"), ci); !errors.Is(err, errDead) {
		t.Fatalf("got %v", err)
	}
	if v := w.view("unknown-thing"); v.Index.Upstream != "up" || len(v.Index.Files) != 1 {
		t.Errorf("the upstream's package became ours: %+v", v.Index)
	}
	w.look.mu.Lock()
	w.look.fails = errDead
	w.look.mu.Unlock()
	if _, err := d.Publish(t.Context(), w.wheelOf(d, "acme-billing 1.0"), ci); !errors.Is(err, errDead) {
		t.Errorf("without a worker: %v", err)
	}
	nothingOf(t, w, "acme-billing")
}

// TestOursAreOursAfterARestart: a name that no pattern covers is still not asked
// for outside.
func TestOursAreOursAfterARestart(t *testing.T) {
	w, d := hosting(t)
	w.Groups = nil
	wantAnswer(t, publish(t, d, w.wheelOf(d, "quiet-name 1.0"), ci), "published", "without patterns")
	var err error
	if w.Hosted, err = gate.OpenHosted(t.Context(), w.db, artifact.PyPI); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	w.up.release(t, "quiet-name 9.0")
	if v := w.view("quiet-name"); v.Index.Upstream != artifact.Internal || len(v.Index.Files) != 1 || !gate.Serves(v.Decisions[0]) {
		t.Errorf("after a restart: %+v %+v", v.Index, v.Decisions)
	}
	if n := w.up.asked["quiet-name"]; n != 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
}

// TestUploadIsComparedWithTheVersionBefore: our own packages are judged by their
// difference, too, and looked at again after an upgrade of the gate.
func TestUploadIsComparedWithTheVersionBefore(t *testing.T) {
	w, d := hosting(t)
	rules := &behaveRules{rules: map[string]finding.Severity{"exec": finding.High, "steal": finding.Critical}}
	w.Behave, w.Checks = rules, append(w.Checks, behaveCheck{rules})
	t.Cleanup(w.Close)
	file := func(number string) string { return "acme_billing-" + number + "-py3-none-any.whl" }
	w.look.does(file("1.0"), "exec")
	w.look.does(file("1.1"), "exec")
	w.look.does(file("1.2"), "exec", "steal")
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 1.0"), ci), "hold: kept, not served", "kept for an approver")
	decided := func(number string) verdict.Decision {
		t.Helper()
		v := w.view("acme-billing")
		for i, f := range v.Index.Files {
			if f.Name == file(number) {
				return v.Decisions[i]
			}
		}
		t.Fatalf("no file of %s", number)
		return verdict.Decision{}
	}
	held := decided("1.0")
	want(t, "the first", strings.Join(blocking(held.Reasons), " "), "exec-rule")
	if _, err := w.Approve(t.Context(), held.ID, "ours", "bob"); err != nil {
		t.Fatal(err)
	}
	v := w.view("acme-billing")
	if err := w.Record(t.Context(), v, 0); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 1.1"), ci), "published", "the same as before")
	if now := decided("1.1"); !gate.Serves(now) || !strings.HasPrefix(now.Inputs.Baseline, "1.0@") {
		t.Errorf("1.1: %s, %s, compared with %q", now.Verdict, reasonsOf(now), now.Inputs.Baseline)
	}
	wantAnswer(t, publish(t, d, w.wheelOf(d, "acme-billing 1.2"), ci), "reject", "something new")

	w.upgrade()
	looks := w.look.total()
	if err := w.LookAgain(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if n := w.look.total() - looks; n != 2 || !gate.Serves(decided("1.0")) || !gate.Serves(decided("1.1")) {
		t.Errorf("%d archives looked at again, want two; 1.0 %s, 1.1 %s", n, reasonsOf(decided("1.0")), reasonsOf(decided("1.1")))
	}
}

func reasonsOf(d verdict.Decision) string { return saidOf(d.Reasons) }
