package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

type reportList struct {
	Request string
	Reports []struct {
		Format, URL, SHA256 string
		Size                int64
		ContentType         string `json:"content_type"`
	}
}

// TestReportsOfARequest: every format is kept when a request ends, listed, served
// as what it is, and found from the pages.
func TestReportsOfARequest(t *testing.T) {
	w := refused(t)
	_, h := start(t, w)
	token := w.Token("dev", access.Reader)
	out := admit(t, h, token, "pkg:pypi/demo@1.1")
	kept, err := w.Store.Reports(t.Context(), out.Request)
	if err != nil || len(kept) != len(report.Formats()) {
		t.Fatalf("%d reports are kept when the request has ended (%v)", len(kept), err)
	}
	list := decode[reportList](t, send(t, h, "GET", "/api/v1/requests/"+out.Request+"/reports", token, nil))
	if list.Request != out.Request || len(list.Reports) != len(kept) {
		t.Fatalf("listed: %+v", list)
	}
	for _, row := range list.Reports {
		path, ok := strings.CutPrefix(row.URL, servertest.PublicURL)
		if !ok {
			t.Errorf("%s is not below the public address", row.URL)
		}
		r := send(t, h, "GET", path, token, nil)
		if r.StatusCode != 200 || int64(len(r.body)) != row.Size || string(artifact.DigestOf(r.body)) != row.SHA256 || r.Header.Get("Content-Type") != row.ContentType {
			t.Errorf("%s: %s, %d bytes, %v", row.Format, r.Status, len(r.body), r.Header)
		}
		csp, as := r.Header.Get("Content-Security-Policy"), r.Header.Get("Content-Disposition")
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %v", row.Format, r.Header)
		}
		if row.Format == "html" {
			if !strings.HasPrefix(as, "inline") || !strings.Contains(csp, "script-src "+report.ScriptHash) || !strings.Contains(csp, "sandbox allow-scripts") {
				t.Errorf("the page: %s; %s", as, csp)
			}
		} else if !strings.HasPrefix(as, "attachment") || strings.Contains(csp, "script") {
			t.Errorf("%s: %s; %s", row.Format, as, csp)
		}
		if head := send(t, h, "HEAD", path, token, nil); head.StatusCode != 200 || len(head.body) != 0 {
			t.Errorf("HEAD %s: %s", row.Format, head.Status)
		}
		for _, page := range []string{"/d/" + out.Request, "/"} {
			if row.Format != "html" && page == "/" {
				continue
			}
			if r := send(t, h, "GET", page, token, nil, "Accept", "text/html"); !strings.Contains(string(r.body), `href="`+path+`"`) {
				t.Errorf("%s does not link %s", page, path)
			}
		}
	}
	for path, want := range map[string]int{
		"/api/v1/requests/" + out.Request + "/reports/exe": 404, "/api/v1/requests/rnothing/reports": 404, "/api/v1/requests/rnothing/reports/html": 404,
	} {
		if r := send(t, h, "GET", path, token, nil); r.StatusCode != want {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

// A report is as much somebody's business as its request.
func TestReportsAreForThoseWhoMayRead(t *testing.T) {
	w := refused(t)
	_, h := start(t, w, func(c *server.Config) { c.AnonymousRead = false })
	out := admit(t, h, w.Token("dev", access.Reader), "pkg:pypi/demo@1.1")
	other := w.Token("other", access.Reader, "observing")
	for _, path := range []string{"/api/v1/requests/" + out.Request + "/reports", "/api/v1/requests/" + out.Request + "/reports/html"} {
		if r := send(t, h, "GET", path, "", nil); r.StatusCode != 401 {
			t.Errorf("%s without a token: %s", path, r.Status)
		}
		if r := send(t, h, "GET", path, other, nil); r.StatusCode != 403 {
			t.Errorf("%s for another registry's reader: %s", path, r.Status)
		}
	}
}

// fullBlobs has no room while full is set.
type fullBlobs struct {
	blob.Store
	full bool
}

func (b *fullBlobs) Put(ctx context.Context, r io.Reader, limit int64, want artifact.Digest) (artifact.Digest, int64, error) {
	if b.full {
		return "", 0, blob.ErrFull
	}
	return b.Store.Put(ctx, r, limit, want)
}

// TestReportsThatCannotBeKept: the outcome stands, the fault is logged and shown,
// and the reports are there once there is room.
func TestReportsThatCannotBeKept(t *testing.T) {
	w := refused(t)
	blobs := &fullBlobs{Store: w.Blobs, full: true}
	w.Gate.Reporter = report.Keeper{Rows: w.Store, Blobs: blobs, Generator: "test", Now: w.Now}
	_, h := start(t, w)
	token := w.Token("dev", access.Reader)
	out := admit(t, h, token, "pkg:pypi/demo@1.1")
	if out.Status != verdict.Done || out.Verdict != verdict.Reject {
		t.Fatalf("the outcome: %s %s", out.Status, out.Verdict)
	}
	if len(w.Lines.With("keeping reports", out.Request, "level=ERROR")) == 0 {
		t.Error("the fault is not in the log")
	}
	page := send(t, h, "GET", "/d/"+out.Request, token, nil, "Accept", "text/html")
	if page.StatusCode != 200 || !strings.Contains(string(page.body), "could not be written or read just now") {
		t.Errorf("the page does not say so: %s", page.Status)
	}
	path := "/api/v1/requests/" + out.Request + "/reports/html"
	if r := send(t, h, "GET", path, token, nil); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while there is no room: %s", r.Status)
	}
	blobs.full = false
	if r := send(t, h, "GET", path, token, nil); r.StatusCode != 200 || !strings.Contains(string(r.body), "demo") {
		t.Errorf("once there is room: %s", r.Status)
	}
}

// collectedRows has the garbage collector take the bytes the first time.
type collectedRows struct {
	report.Rows
	times int
}

func (r *collectedRows) PutReports(ctx context.Context, id string, rs []gate.KeptReport) error {
	if r.times++; r.times == 1 {
		return blob.ErrCollected
	}
	return r.Rows.PutReports(ctx, id, rs)
}

// TestKeeper: rendered once, again only what is missing; bytes that were collected
// meanwhile or lost are written again; bytes that are not what was kept are a fault.
func TestKeeper(t *testing.T) {
	w := refused(t)
	rows := &collectedRows{Rows: w.Store}
	k := report.Keeper{Rows: rows, Blobs: w.Blobs, Generator: "1", Now: w.Now}
	w.Gate.Reporter = k
	out, err := w.Gate.Admit(t.Context(), verdict.Request{ID: gate.NewID('r'), Door: "cli", Registry: "main", Purls: []string{"pkg:pypi/demo@1.1"}, Created: w.Now()}, gate.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	if rows.times != 2 {
		t.Errorf("the rows were written %d times", rows.times)
	}
	first, err := w.Gate.Report(t.Context(), out.Request, "html")
	if err != nil || !strings.Contains(string(first), "gatehouse 1") {
		t.Fatalf("%v: %.200s", err, first)
	}
	k.Generator = "2"
	w.Gate.Reporter = k
	if again, err := w.Gate.Report(t.Context(), out.Request, "html"); err != nil || string(again) != string(first) {
		t.Errorf("another version rendered it again (%v)", err)
	}
	if _, err := w.Gate.Report(t.Context(), out.Request, "exe"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("a format that is not there: %v", err)
	}
	if _, err := w.Gate.Report(t.Context(), "rnothing", "html"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("a request that is not there: %v", err)
	}
	kept, err := w.Gate.Reports(t.Context(), out.Request)
	if err != nil || kept[0].Format != "html" || !slices.IsSortedFunc(kept, func(a, b gate.KeptReport) int {
		return slices.Index(report.FormatNames(), a.Format) - slices.Index(report.FormatNames(), b.Format)
	}) {
		t.Errorf("%+v, %v", kept, err)
	}
	if err := w.Blobs.Delete(t.Context(), kept[0].SHA256); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it is kept again
		if again, err := w.Gate.Report(t.Context(), out.Request, "html"); err != nil || !strings.Contains(string(again), "gatehouse 2") {
			t.Errorf("bytes that are gone: %v, want them made again", err)
		}
	}
	w.Gate.Reporter = nil
	if _, err := w.Gate.Report(t.Context(), out.Request, "html"); !errors.Is(err, gate.ErrNoReports) {
		t.Errorf("a gate that keeps none: %v", err)
	}
}
