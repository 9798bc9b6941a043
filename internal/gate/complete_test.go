package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// sparse is an upstream whose index tells no dates: each costs a request. It
// implements ecosystem.Completer.
type sparse struct {
	*memory
	mu      sync.Mutex
	learned map[string]bool
	asked   []string // what was asked for, one entry a call
	fails   error
}

// sparsely makes the world's upstream sparse.
func (w *world) sparsely() *sparse {
	s := &sparse{memory: w.up, learned: map[string]bool{}}
	w.Peers[artifact.PyPI] = gate.Peer{Ecosystem: w.Peers[artifact.PyPI].Ecosystem, Upstream: s}
	return s
}

func (s *sparse) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	x, err := s.memory.Index(ctx, p)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known(x), nil
}

// known is the index with what was learned so far. s.mu is held.
func (s *sparse) known(x *ecosystem.Index) *ecosystem.Index {
	out := *x
	out.Files = slices.Clone(x.Files)
	for i, f := range out.Files {
		if !s.learned[f.Name] {
			out.Files[i].Uploaded = time.Time{}
		}
	}
	out.Digest = artifact.DigestOf([]byte(fmt.Sprint(x.Digest, slices.Sorted(maps.Keys(s.learned)))))
	return &out
}

func (s *sparse) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	full, err := s.memory.Index(ctx, x.Package)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return nil, s.fails
	}
	s.asked = append(s.asked, strings.Join(files, " "))
	for _, f := range full.Files {
		if len(files) == 0 || slices.Contains(files, f.Name) {
			s.learned[f.Name] = true
		}
	}
	return s.known(full), nil
}

func (s *sparse) wasAsked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Compact(slices.Sorted(slices.Values(s.asked)))
	s.asked = nil
	return out
}

// TestOnlyWhatIsWantedIsCompleted: a list asks about every file, a file about
// itself, and a pin about the version that it names.
func TestOnlyWhatIsWantedIsCompleted(t *testing.T) {
	w := newWorld(t, "lib 1.0", "lib 2.0", "lib 3.0")
	s := w.sparsely()
	if v := w.view("lib"); v.Decisions[0].Verdict != verdict.Hold || len(s.wasAsked()) != 0 {
		t.Errorf("without a date: %s", v.Decisions[0].Verdict)
	}
	v, err := w.FileView(t.Context(), "main", pkg("lib"), "lib-1.0-py3-none-any.whl")
	if err != nil || v.Index.Files[0].Uploaded.IsZero() || !v.Index.Files[1].Uploaded.IsZero() {
		t.Errorf("one file: %+v, %v", v, err)
	}
	if got := s.wasAsked(); !slices.Equal(got, []string{"lib-1.0-py3-none-any.whl"}) {
		t.Errorf("for one file was asked %q", got)
	}
	if out := w.admit(purls("pkg:pypi/lib@2.0")); said(out) != "admit: lib 2.0 admit" {
		t.Errorf("a pin: %s, %v", said(out), out.Versions)
	}
	if got := s.wasAsked(); !slices.Equal(got, []string{"lib-2.0-py3-none-any.whl"}) {
		t.Errorf("for a pin was asked %q", got)
	}
	if v, err := w.VersionView(t.Context(), "main", vers("lib 3.0")); err != nil || v.Index.Files[2].Uploaded.IsZero() {
		t.Errorf("a version: %v", err)
	}
	s.wasAsked()
	if v, err = w.FullView(t.Context(), "main", pkg("lib")); err != nil || slices.ContainsFunc(v.Index.Files, func(f ecosystem.IndexFile) bool { return f.Uploaded.IsZero() }) {
		t.Errorf("the list: %v", err)
	}
	if got := s.wasAsked(); !slices.Equal(got, []string{""}) {
		t.Errorf("for a list was asked %q, want once for all", got)
	}
}

// TestCompletingFails: what was admitted is decided about by what was recorded; who
// wants what nobody fetched hears of the fault.
func TestCompletingFails(t *testing.T) {
	w := newWorld(t, "lib 1.0", "lib 2.0")
	s := w.sparsely()
	if out := w.admit(purls("pkg:pypi/lib@1.0")); out.Verdict != verdict.Admit {
		t.Fatal(said(out))
	}
	s.mu.Lock()
	s.learned, s.fails = map[string]bool{}, ecosystem.ErrUnreachable
	s.mu.Unlock()
	w.newSnapshot()
	v, err := w.FileView(t.Context(), "main", pkg("lib"), "lib-1.0-py3-none-any.whl")
	if err != nil || !gate.Serves(v.Decisions[0]) {
		t.Errorf("what was admitted: %+v, %v", v, err)
	}
	if _, err := w.FileView(t.Context(), "main", pkg("lib"), "lib-2.0-py3-none-any.whl"); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("what nobody fetched: %v", err)
	}
	if v, err = w.FullView(t.Context(), "main", pkg("lib")); err != nil || gate.Offers(v.Decisions[1]) {
		t.Errorf("the list: %v; a file without a date is offered", err)
	}
	if out := w.admit(purls("pkg:pypi/lib@2.0")); out.Verdict == verdict.Admit {
		t.Errorf("admitted without a date: %s", said(out))
	}
}

// TestOffHoldsAndSaysWhatToWrite: an ecosystem without an upstream, and one that a
// registry does not hold.
func TestOffHoldsAndSaysWhatToWrite(t *testing.T) {
	const todo = "write its upstream into the configuration"
	w := newWorld(t, "lib 1.0")
	w.Peers[artifact.PyPI] = gate.Peer{Ecosystem: w.Peers[artifact.PyPI].Ecosystem, Open: func(context.Context) (ecosystem.Upstream, error) {
		return nil, &gate.Off{Ecosystem: artifact.PyPI, Why: todo}
	}}
	for _, change := range []func(){
		func() {},
		func() {
			r := w.Registries["main"]
			r.Holds = []artifact.Ecosystem{artifact.NPM}
			w.Registries["main"] = r
		},
	} {
		change()
		out := w.requirements("lib")
		if out.Status != verdict.Done || out.Verdict != verdict.Hold || len(out.Problems) != 1 || !strings.Contains(out.Problems[0].Text, "configuration") {
			t.Errorf("%s, problems %+v", said(out), out.Problems)
		}
		_, err := w.View(t.Context(), "main", pkg("lib"))
		if _, off := errors.AsType[*gate.Off](err); !off {
			t.Errorf("a view: %v", err)
		}
	}
}

// TestEvidenceKeys: what an index says of a version beside the shared fields is part
// of what a look was for; where it says nothing the key is what it always was, so
// that an upgrade does not look at everything again.
func TestEvidenceKeys(t *testing.T) {
	w := newWorld(t, "lib 1.0", "lib 2.0", "lib 3.0")
	file := func(n string) string { return "lib-" + n + "-py3-none-any.whl" }
	w.up.edit("lib", file("2.0"), func(f *ecosystem.IndexFile) { f.Record = []byte("one") })
	w.up.edit("lib", file("3.0"), func(f *ecosystem.IndexFile) { f.Digests = []string{"sha512:one"} })
	key := func(n string) string {
		t.Helper()
		w.admit(purls("pkg:pypi/lib@" + n))
		return w.decision(file(n)).Inputs.FileEvidence
	}
	plain := w.view("lib").Index.Files[0]
	got := key("1.0")
	b, err := json.Marshal([]any{plain.SHA256, w.Inspect.Revision(), "pkg:pypi/lib@1.0", plain.Name, plain.Kind, plain.RequiresPython, plain.MetadataSHA256})
	if err != nil || got != string(artifact.DigestOf(b)) {
		t.Errorf("the key of a file of which the index says no more changed: %s, %v", got, err)
	}
	record, digests := key("2.0"), key("3.0")
	w.up.edit("lib", file("2.0"), func(f *ecosystem.IndexFile) { f.Record = []byte("two") })
	w.up.edit("lib", file("3.0"), func(f *ecosystem.IndexFile) { f.Digests = []string{"sha512:two"} })
	if key("2.0") == record || key("3.0") == digests {
		t.Error("another record or digest is looked at as if it were the same")
	}
}

// TestTagsAndYanksOfOurOwn, as npm's publishers move them.
func TestTagsAndYanksOfOurOwn(t *testing.T) {
	w, d := hosting(t)
	for _, n := range []string{"1.0", "2.0"} {
		u := w.wheelOf(d, "acme-billing "+n)
		u.Tags, u.Record, u.Digests = []string{"latest"}, []byte(`{"n":"`+n+`"}`), []string{"h1:ab"}
		wantAnswer(t, publish(t, d, u, ci), "published", n)
	}
	tags := func() map[string]string { t.Helper(); return w.view("acme-billing").Index.Tags }
	if got := tags(); !maps.Equal(got, map[string]string{"latest": "2.0"}) {
		t.Errorf("after two uploads: %v", got)
	}
	if f := w.view("acme-billing").Index.Files[1]; string(f.Record) != `{"n":"2.0"}` || len(f.Digests) != 1 {
		t.Errorf("our index lists %+v", f)
	}
	p := pkg("acme-billing")
	narrow := ecosystem.Publisher{Name: "team", Names: []string{"acme-team-*"}}
	for _, tc := range []struct {
		tag, number string
		by          ecosystem.Publisher
		want        string
	}{
		{"beta", "1.0", ci, ""},
		{"latest", "1.0", ci, ""},
		{"next", "9.0", ci, "not found"},
		{"gone", "", ci, "not found"},
		{"", "1.0", ci, "a tag has 1 to"},
		{strings.Repeat("x", 200), "1.0", ci, "a tag has 1 to"},
		{"latest", "2.0", narrow, "this token is for the names"},
	} {
		err := d.Tag(t.Context(), p, tc.tag, tc.number, tc.by)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) && !errors.Is(err, verdict.ErrNotFound)) {
			t.Errorf("tag %.20q %s by %s: %v, want %q", tc.tag, tc.number, tc.by.Name, err, tc.want)
		}
	}
	if got := tags(); !maps.Equal(got, map[string]string{"latest": "1.0", "beta": "1.0"}) {
		t.Errorf("moved: %v", got)
	}
	if err := d.Tag(t.Context(), p, "beta", "", ci); err != nil {
		t.Error(err)
	}
	if err := d.Yank(t.Context(), vers("acme-billing 1.0"), "broken", false, ci); err != nil {
		t.Error(err)
	}
	if f := w.view("acme-billing").Index.Files[0]; !f.Yanked || f.YankedReason != "broken" {
		t.Errorf("yanked: %+v", f)
	}
	if err := d.Yank(t.Context(), vers("acme-billing 1.0"), "", true, ci); err != nil || w.view("acme-billing").Index.Files[0].Yanked {
		t.Errorf("taking it back: %v", err)
	}
	if err := d.Yank(t.Context(), vers("acme-billing 7.0"), "x", false, ci); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("a version that is not there: %v", err)
	}
	if wrong, ok := errors.AsType[*ecosystem.UploadError](d.Yank(t.Context(), vers("acme-billing 1.0"), "x", false, narrow)); !ok || wrong.Fault != ecosystem.UploadForbidden {
		t.Errorf("somebody else's name: %v", wrong)
	}
	if _, err := w.Delete(t.Context(), gate.Act{Registry: "main", Version: vers("acme-billing 1.0"), Reason: "test", By: "ada"}); err != nil {
		t.Fatal(err)
	}
	if got := tags(); len(got) != 0 {
		t.Errorf("a tag of a deleted version is listed: %v", got)
	}
}
