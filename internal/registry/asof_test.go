package registry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func numbers(l *ecosystem.Listing) []string {
	var out []string
	for _, f := range l.Index.Files {
		out = append(out, f.Number)
	}
	return out
}

// TestAsOf: of a moment only what was there then, judged by today.
func TestAsOf(t *testing.T) {
	w := servertest.New(t)
	first := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"}, servertest.Age(30*24*time.Hour))
	second := w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"}, servertest.Age(20*24*time.Hour))
	undated := w.Wheel(scantest.Wheel{Name: "demo", Version: "3.0"}, func(f *ecosystem.IndexFile) { f.Uploaded = time.Time{} })
	today := w.Shelf("main")
	then := today.AsOf(w.Now().AddDate(0, 0, -25))
	l, err := then.Listing(t.Context(), demo)
	if err != nil {
		t.Fatal(err)
	}
	if got := numbers(l); len(got) != 1 || got[0] != "1.0" || len(l.Marks) != 1 || l.Marks[0].Refused {
		t.Fatalf("25 days ago: %v, marks %+v", got, l.Marks)
	}
	now, err := today.Listing(t.Context(), demo)
	if err != nil || len(now.Index.Files) != 3 {
		t.Fatalf("today: %v, %v; the past changed it", now, err)
	}
	later, err := today.AsOf(w.Now().AddDate(0, 0, -24)).Listing(t.Context(), demo)
	if err != nil || later.Tag == l.Tag || later.Tag == now.Tag {
		t.Errorf("two moments and today have the tags %q, %q, %q; %v", l.Tag, later.Tag, now.Tag, err)
	}
	if f, err := then.File(t.Context(), demo, first); err != nil {
		t.Errorf("what was there: %v", err)
	} else {
		f.Body.Close()
	}
	for _, name := range []string{second, undated} {
		if _, err := then.File(t.Context(), demo, name); !errors.Is(err, verdict.ErrNotFound) {
			t.Errorf("%s, which was not there: %v", name, err)
		}
		if _, err := then.Metadata(t.Context(), demo, name); !errors.Is(err, verdict.ErrNotFound) {
			t.Errorf("metadata of %s: %v", name, err)
		}
	}
	if _, err := today.AsOf(w.Now().AddDate(-5, 0, 0)).Listing(t.Context(), demo); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("before its first version: %v", err)
	}
	if got, want := then.Base(artifact.PyPI), servertest.PublicURL+"/asof/"+w.Now().AddDate(0, 0, -25).Format(time.RFC3339Nano)+"/pypi"; got != want {
		t.Errorf("its address is %s, want %s", got, want)
	}
	// Recalled since: listed as it was, and refused.
	w.Know("pkg:pypi/demo@1.0", finding.Finding{Rule: "known-malware", Class: finding.Malware, Severity: finding.Critical, Text: "known malware", IDs: []string{"MAL-2026-1"}})
	if l, err = then.Listing(t.Context(), demo); err != nil || !l.Marks[0].Refused {
		t.Errorf("after the recall: %+v, %v", l, err)
	}
	if _, err := then.File(t.Context(), demo, first); err == nil {
		t.Error("a recalled file is served out of the past")
	} else if _, refused := errors.AsType[*verdict.Refusal](err); !refused {
		t.Errorf("a recalled file: %v, want a refusal", err)
	}
}
