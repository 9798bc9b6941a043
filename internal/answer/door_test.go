package answer_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func door(log *strings.Builder, plain bool) answer.Door {
	return answer.Door{Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.NewTextHandler(log, nil)), Plain: plain}
}

// TestDoorRefuses: every error of a shelf has an answer, and only a fault is logged.
func TestDoorRefuses(t *testing.T) {
	for _, tc := range []struct {
		err         error
		code        int
		says, retry string
		logged      bool
		why         string
	}{
		{refusal(verdict.Reject, "malware MAL-1", "", "").Refusal, 403, "http://gate.invalid/d/8f3a2b1c9d0e", "", false, "a refusal"},
		{&ecosystem.Pending{Step: "being fetched", After: 3 * time.Second, URL: "http://gate.invalid/d/p"}, 503, "http://gate.invalid/d/p", "3", false, "not looked at yet"},
		{&budget.Exhausted{After: time.Hour}, 429, "", "", false, "no Retry-After that a build would sleep for"},
		{blob.ErrFull, 503, "tell an admin", "", false, "a person has to make room first"},
		{ecosystem.ErrNoPackage, 404, "nothing of that name", "", false, "no package"},
		{verdict.ErrNotFound, 404, "nothing of that name", "", false, "no file"},
		{ecosystem.ErrUnreachable, 503, "try again", "5", true, "404 would send the client to another index"},
		{errors.New("the store is gone"), 503, "try again", "5", true, "a fault"},
	} {
		var log strings.Builder
		w := httptest.NewRecorder()
		door(&log, false).Refuse(w, httptest.NewRequest("GET", "/demo", nil), "serve demo", fmt.Errorf("reading: %w", tc.err))
		if w.Code != tc.code || !strings.Contains(w.Body.String(), tc.says) || w.Header().Get("Retry-After") != tc.retry {
			t.Errorf("%s: %d %v %s", tc.why, w.Code, w.Header(), w.Body)
		}
		if strings.Contains(w.Body.String(), "store") || strings.Contains(log.String(), "serve demo") != tc.logged {
			t.Errorf("%s: logged %q, answered %q", tc.why, log.String(), w.Body)
		}
	}
}

// TestPlainRefusal is what go prints as it is.
func TestPlainRefusal(t *testing.T) {
	var log strings.Builder
	for _, public := range []string{"malware MAL-1\x1b[2J", strings.Repeat("long ", 2000)} {
		w := httptest.NewRecorder()
		door(&log, true).Refuse(w, httptest.NewRequest("GET", "/demo", nil), "serve demo", refusal(verdict.Reject, public, "use 1.0", "").Refusal)
		got := w.Body.String()
		if w.Code != 403 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || strings.ContainsAny(got, "{\x1b") || strings.Count(got, "\n") != 1 ||
			len(got) > answer.MaxBody || !strings.Contains(got, "http://gate.invalid/d/8f3a2b1c9d0e") || w.Header().Get("X-Gatehouse-Decision") != "8f3a2b1c9d0e" {
			t.Errorf("%d %v %q", w.Code, w.Header(), got)
		}
	}
}

type closed struct {
	*strings.Reader
	closed bool
}

func (c *closed) Close() error { c.closed = true; return nil }

func TestDoorServes(t *testing.T) {
	var log strings.Builder
	d := door(&log, false)
	body := &closed{Reader: strings.NewReader("0123456789")}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/f", nil)
	r.Header.Set("Range", "bytes=2-4")
	d.File(w, r, &ecosystem.Served{File: artifact.File{Name: "f.zip", SHA256: "abc"}, Decision: "d1", Body: body})
	if w.Code != http.StatusPartialContent || w.Body.String() != "234" || w.Header().Get("X-Gatehouse-Decision") != "d1" || w.Header().Get("ETag") != `"abc"` || !body.closed {
		t.Errorf("file: %d %v %q, closed %t", w.Code, w.Header(), w.Body, body.closed)
	}
	w = httptest.NewRecorder()
	d.Data(w, httptest.NewRequest("GET", "/m", nil), "text/plain", []byte("<script>"))
	if h := w.Header(); w.Code != 200 || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "sandbox" || h.Get("ETag") == "" || w.Body.String() != "<script>" {
		t.Errorf("data: %d %v %q", w.Code, h, w.Body)
	}
}
