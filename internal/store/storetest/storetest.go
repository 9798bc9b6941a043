// Package storetest is the suite that every implementation of gate.Store passes.
// An engine's test calls Run, and Child from TestMain:
//
//	func TestMain(m *testing.M) { storetest.Child(open); os.Exit(m.Run()) }
//	func TestStore(t *testing.T) { storetest.Run(t, open) }
package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Store is an open implementation.
type Store interface {
	gate.Store
	// Check reports damage to the data.
	Check(ctx context.Context) error
	Close() error
}

// Open opens the store that belongs to dir, makes it the first time, and finds
// what an earlier one left there.
type Open func(ctx context.Context, dir string) (Store, error)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, part := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"files", files},
		{"file keeps its digest", fileKeepsItsDigest},
		{"files follow the origin", filesFollowTheOrigin},
		{"evidence", evidence},
		{"facts and behaviours", facts},
		{"recalls", recalled},
		{"origins", origins},
		{"decisions", decisions},
		{"decision that comes back", decisionComesBack},
		{"decisions that are only shown", shownDecisions},
		{"admission", admission},
		{"publish is all or nothing", publishIsAtomic},
		{"state", state},
		{"requests", requests},
		{"a request and its job are one", requestAndJob},
		{"finished request is final", requestFinality},
		{"waivers", waivers},
		{"approvals", approvals},
		{"asks", asks},
		{"audit", audit},
		{"generation", generation},
		{"hostile text", hostileText},
		{"not found", notFound},
		{"cancelled context", cancelled},
		{"concurrency", concurrency},
	} {
		t.Run(part.name, func(t *testing.T) {
			s := must(open(t.Context(), t.TempDir()))(t)
			part.run(t, s)
			ok(t, s.Check(t.Context()))
			ok(t, s.Close())
		})
	}
	t.Run("reopen", func(t *testing.T) { reopen(t, open) })
	t.Run("kill", func(t *testing.T) { kill(t, open) })
}

// day is the moment that tests count from.
var day = time.Date(2026, 5, 3, 10, 30, 0, 123e6, time.UTC)

var django = artifact.Package{Ecosystem: artifact.PyPI, Name: "django"}

func version(p artifact.Package, number string) artifact.Version {
	return artifact.Version{Package: p, Number: number}
}

// file makes a wheel whose bytes are content.
func file(v artifact.Version, content string) artifact.File {
	return artifact.File{
		Version: v, Name: v.Package.Name + "-" + v.Number + "-py3-none-any.whl", Kind: artifact.Wheel,
		SHA256: artifact.DigestOf([]byte(content)), Size: int64(len(content)), Uploaded: day.Add(-time.Hour), Origin: "main-upstream",
	}
}

// decision makes one with its proper id. note sets apart what is otherwise equal.
func decision(v artifact.Version, file string, answer verdict.Verdict, note string, at time.Time) verdict.Decision {
	d := verdict.Decision{
		Registry: "main", Version: v, Purl: v.Purl(), File: file, Verdict: answer,
		Reasons: []verdict.Reason{{Rule: "rule", Effect: verdict.EffectNote, Text: note, IDs: []string{"MADE-UP-1"}, Until: day.Add(time.Hour)}},
		Until:   day.Add(72*time.Hour + 456789),
		Inputs:  verdict.Inputs{Policy: "p1", Waivers: []string{"w1"}, AdvisorySnapshot: "s1", At: at},
	}
	d.ID = verdict.DecisionID(d)
	return d
}

// faulty is d, held for a fault only.
func faulty(d verdict.Decision) verdict.Decision {
	d.Reasons = append(d.Reasons, verdict.Reason{Rule: "unreadable", Class: finding.Fault, Effect: verdict.EffectHold})
	d.ID = verdict.DecisionID(d)
	return d
}

func waiver(id string, p artifact.Package) verdict.Waiver {
	return verdict.Waiver{
		ID: id, Registry: "main", Package: p, Purl: p.Purl(), Versions: []string{"2.2", "2.2.1"}, Rule: "vulnerable",
		Advisories: []string{"MADE-UP-1"}, Fingerprints: []string{"f1"}, Reason: "because", Owner: "ada",
		Created: day, Until: day.Add(24 * time.Hour),
	}
}

func approval(id string, v artifact.Version) verdict.Approval {
	return verdict.Approval{
		ID: id, Registry: "main", Version: v, Purl: v.Purl(), File: "f.whl", Decision: "d1", Evidence: "e1",
		Reason: "looked at it", Approver: "bob", Created: day,
	}
}

// ok stops the test at an error.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must gives a call's value or stops the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

// same compares two values field by field, times by their instant and location.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, show(got), show(want))
	}
}

func show(v any) string { return fmt.Sprintf("%.3000q", fmt.Sprintf("%+v", v)) }
