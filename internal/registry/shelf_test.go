package registry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

var demo = artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}

func one(t *testing.T) (*servertest.World, string) {
	w := servertest.New(t)
	return w, w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
}

func open(t *testing.T, s *registry.Shelf, name string) ([]byte, error) {
	t.Helper()
	f, err := s.File(t.Context(), demo, name)
	if err != nil {
		return nil, err
	}
	defer f.Body.Close()
	b, err := io.ReadAll(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b, nil
}

// TestPullModes: what the index says of a file that nobody looked at, and what a
// request for it and for its metadata does.
func TestPullModes(t *testing.T) {
	for _, tc := range []struct {
		pull                   registry.Pull
		listed, marked, served bool
	}{
		{registry.PullAdmit, true, false, true},
		{registry.PullHold, true, true, false},
		{registry.PullOff, false, false, false},
		{"", true, true, false},
	} {
		w, name := one(t)
		s := w.Shelf("main")
		s.Pull = tc.pull
		l, err := s.Listing(t.Context(), demo)
		if err != nil {
			t.Fatal(err)
		}
		if listed := len(l.Index.Files) == 1; listed != tc.listed || len(l.Marks) != len(l.Index.Files) {
			t.Errorf("pull %q: the index has %d files and %d marks", tc.pull, len(l.Index.Files), len(l.Marks))
		} else if listed && l.Marks[0].Refused != tc.marked {
			t.Errorf("pull %q: the index marks it %v", tc.pull, l.Marks[0].Refused)
		}
		if b, err := s.Metadata(t.Context(), demo, name); err != nil || len(b) == 0 {
			t.Errorf("pull %q: metadata: %d bytes, %v", tc.pull, len(b), err)
		}
		_, err = open(t, s, name)
		no, refused := errors.AsType[*verdict.Refusal](err)
		if refused == tc.served || tc.served != (w.Inspects.Load() == 1) {
			t.Errorf("pull %q: %v after %d looks", tc.pull, err, w.Inspects.Load())
		}
		if refused && (no.Verdict != verdict.Hold || no.Decision == "" || w.Fetches.Load() != 0) {
			t.Errorf("pull %q: %+v after %d fetches", tc.pull, no, w.Fetches.Load())
		}
	}
}

// TestMarksCanBeRead: each mark names a decision that is recorded, also where
// only nobody looked yet.
func TestMarksCanBeRead(t *testing.T) {
	w, _ := one(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"}, servertest.Age(time.Hour))
	for _, pull := range []registry.Pull{registry.PullAdmit, registry.PullHold} {
		s := w.Shelf("main")
		s.Pull = pull
		l, err := s.Listing(t.Context(), demo)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range l.Marks {
			if !m.Refused {
				continue
			}
			if _, err := w.Store.Decision(t.Context(), m.Decision); err != nil {
				t.Errorf("pull %s: %s is marked with decision %s: %v", pull, l.Index.Files[i].Name, m.Decision, err)
			}
		}
	}
}

// TestTagFollowsTheListing: another tag exactly when the listing differs.
func TestTagFollowsTheListing(t *testing.T) {
	w, _ := one(t)
	s := w.Shelf("main")
	tag := func() string {
		l, err := s.Listing(t.Context(), demo)
		if err != nil {
			t.Fatal(err)
		}
		return l.Tag
	}
	first := tag()
	w.Know("pkg:pypi/other@1.0")
	if tag() != first {
		t.Error("an advisory about another package changed the tag")
	}
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical))
	second := tag()
	if second == first {
		t.Error("a refusal did not change the tag")
	}
	w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"})
	if tag() == second {
		t.Error("a new file did not change the tag")
	}
}

// damaged opens other bytes than were admitted, or none.
type damaged struct{ err error }

func (d damaged) Open(context.Context, artifact.Digest) (io.ReadSeekCloser, error) { return nil, d.err }

// TestFaultsDoNotServe: a blob that is gone, a scanner that does not run, an
// upstream that is silent are faults or refusals, never bytes.
func TestFaultsDoNotServe(t *testing.T) {
	w, name := one(t)
	s := w.Shelf("main")
	if b, err := open(t, s, name); err != nil || !bytes.Equal(b, w.Bytes(name)) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	s.Blobs = damaged{os.ErrNotExist}
	_, err := open(t, s, name)
	if _, refused := errors.AsType[*verdict.Refusal](err); err == nil || refused || errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("a lost blob: %v, want a fault", err)
	}

	w, name = one(t)
	w.InspectErr = errors.New("no worker")
	s = w.Shelf("main")
	if _, err := open(t, s, name); err == nil {
		t.Error("served although no scanner ran")
	}
	w.InspectErr = nil
	if _, err := open(t, s, name); err != nil {
		t.Errorf("once the scanner runs again: %v", err)
	}

	w.Down(ecosystem.ErrUnreachable)
	if _, err := open(t, s, name); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("a silent upstream: %v", err)
	}
}

// TestWhoPulled is recorded for the day somebody asks who has it.
func TestWhoPulled(t *testing.T) {
	w, name := one(t)
	f, err := w.Shelf("main").File(registry.WithPuller(t.Context(), "ci"), demo, name)
	if err != nil {
		t.Fatal(err)
	}
	f.Body.Close()
	pulls, err := w.Store.Pulls(t.Context(), f.File.SHA256)
	if err != nil || len(pulls) != 1 || pulls[0].By != "ci" || pulls[0].Registry != "main" || pulls[0].Times != 1 {
		t.Errorf("pulls %+v, %v", pulls, err)
	}
}

// TestRegistriesDecideForThemselves: a waiver of one is none of another's.
func TestRegistriesDecideForThemselves(t *testing.T) {
	w, name := one(t)
	w.Gate.Registries["other"] = gate.Registry{Name: "other", Policy: w.Gate.Registries["main"].Policy, Targets: w.Gate.Registries["main"].Targets}
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "2.0"))
	_, err := w.Gate.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: demo, Rule: "vulnerability-fixed", Until: w.Now().Add(time.Hour), Reason: "r", By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, w.Shelf("main"), name); err != nil {
		t.Errorf("waived here: %v", err)
	}
	if _, err := open(t, w.Shelf("other"), name); err == nil {
		t.Error("the waiver reaches another registry")
	}
	names, err := w.Shelf("other").Names(t.Context(), artifact.PyPI)
	if err != nil || len(names) != 0 {
		t.Errorf("the other registry lists %v (%v)", names, err)
	}
}

// altered gives other bytes than were stored.
type altered struct{ bytes []byte }

func (a altered) Open(context.Context, artifact.Digest) (io.ReadSeekCloser, error) {
	return nopCloser{bytes.NewReader(a.bytes)}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// TestDamagedBytesAreNotServed: a disk that rots, an editor, a truncated file.
func TestDamagedBytesAreNotServed(t *testing.T) {
	w, name := one(t)
	s := w.Shelf("main")
	if _, err := open(t, s, name); err != nil {
		t.Fatal(err)
	}
	good := w.Bytes(name)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	whole := s.Blobs
	for why, b := range map[string][]byte{"a flipped bit": flipped, "truncated": good[:len(good)-1], "empty": nil, "longer": append(bytes.Clone(good), 0)} {
		s.Blobs = altered{b}
		if _, err := open(t, s, name); !errors.Is(err, registry.ErrDamaged) {
			t.Errorf("%s: %v, want ErrDamaged", why, err)
		}
	}
	s.Blobs = whole
	if _, err := open(t, s, name); err != nil {
		t.Errorf("sound again: %v", err)
	}
}

// TestLostBytesAreFetchedAgain, and only those that were looked at.
func TestLostBytesAreFetchedAgain(t *testing.T) {
	w, name := one(t)
	s := w.Shelf("main")
	if _, err := open(t, s, name); err != nil {
		t.Fatal(err)
	}
	if err := w.Blobs.Delete(t.Context(), artifact.DigestOf(w.Bytes(name))); err != nil {
		t.Fatal(err)
	}
	if b, err := open(t, s, name); err != nil || !bytes.Equal(b, w.Bytes(name)) {
		t.Errorf("%d bytes, %v; want them fetched again", len(b), err)
	}
}
