package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TestReports: the client gives the bytes that the gate keeps, and the errors that
// the gate itself gives.
func TestReports(t *testing.T) {
	w := world(t)
	c := running(t, w, access.Reader)
	out, err := c.Admit(t.Context(), verdict.Request{ID: gate.NewID('r'), Door: "cli", Registry: "main", Purls: []string{"pkg:pypi/demo@1.1"}}, gate.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := c.Reports(t.Context(), out.Request)
	if err != nil || len(kept) != len(report.Formats()) {
		t.Fatalf("%+v, %v", kept, err)
	}
	for _, k := range kept {
		b, err := c.Report(t.Context(), out.Request, k.Format)
		if err != nil || artifact.DigestOf(b) != k.SHA256 || int64(len(b)) != k.Size {
			t.Errorf("%s: %d bytes, %v", k.Format, len(b), err)
		}
	}
	for _, ask := range [][2]string{{"rnothing", "html"}, {out.Request, "../../../healthz"}, {out.Request, "pdf"}} {
		if _, err := c.Report(t.Context(), ask[0], ask[1]); !errors.Is(err, verdict.ErrNotFound) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%q: %v", ask, err)
		}
	}
}
