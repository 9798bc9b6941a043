package answer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func uploads() *Uploads {
	return NewUploads(Door{Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler)})
}

// TestUploadOutcomes: each has the status and the words that clients act on, in each
// form of body.
func TestUploadOutcomes(t *testing.T) {
	refusal := func(v verdict.Verdict, why string) error {
		return &verdict.Refusal{Verdict: v, Decision: "d2", Public: why}
	}
	hostile := "x\r\nSet-Cookie: a\u202e" + strings.Repeat("y", 1000)
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{nil, 200, "published acme.zip\nnote: a note\nhttp://gate.invalid/d/d1\n"},
		{refusal(verdict.Reject, "malware MAL-1"), 403, "blocked by gatehouse: malware MAL-1; http://gate.invalid/d/d2"},
		{refusal(verdict.Hold, "kept, not served: x"), 403, "held by gatehouse: kept, not served: x; http://gate.invalid/d/d2"},
		{refusal(verdict.Reject, hostile), 403, "blocked by gatehouse: x??Set-Cookie: a?yyy"},
		{ecosystem.RefuseUpload(ecosystem.UploadExists, "File already exists: y"), 400, "File already exists: y"},
		{ecosystem.RefuseUpload(ecosystem.UploadForbidden, "not yours"), 403, "not yours"},
		{ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "too much"), 413, "too much"},
		{blob.ErrFull, 507, "no room"},
		{errors.New("the store is gone"), 503, "cannot take uploads now"},
	} {
		for _, asJSON := range []bool{false, true} {
			u := uploads()
			u.JSON = asJSON
			w := httptest.NewRecorder()
			r := httptest.NewRequest("POST", "/", strings.NewReader("all of it"))
			u.Take(w, r, func() (ecosystem.Receipt, error) {
				return ecosystem.Receipt{File: "acme.zip", Decision: "d1", Notes: []string{"a note"}}, tc.err
			}, nil)
			if got := w.Body.String(); w.Code != tc.code || !strings.Contains(got, tc.says) || strings.ContainsAny(got, "\r\u202e") || r.Body != http.NoBody {
				t.Errorf("%v (JSON %t): %d %q", tc.err, asJSON, w.Code, got)
			}
			if isJSON := strings.HasPrefix(w.Body.String(), "{"); isJSON != (asJSON && tc.err != nil) {
				t.Errorf("%v (JSON %t): %s", tc.err, asJSON, w.Body)
			}
		}
	}
}

// TestUploadsInAnEcosystemsOwnWords: its statuses, its answer to what was published.
func TestUploadsInAnEcosystemsOwnWords(t *testing.T) {
	u := uploads()
	u.Status = func(ecosystem.UploadFault) int { return http.StatusConflict }
	var err error
	take := func(w http.ResponseWriter) {
		u.Take(w, httptest.NewRequest("PUT", "/", nil), func() (ecosystem.Receipt, error) {
			return ecosystem.Receipt{Decision: "d1"}, err
		}, func(r ecosystem.Receipt) error {
			_, err := io.WriteString(w, `{"ok":true}`)
			return err
		})
	}
	w := httptest.NewRecorder()
	if take(w); w.Code != 200 || w.Body.String() != `{"ok":true}` || w.Header().Get("X-Gatehouse-Decision") != "d1" {
		t.Errorf("published: %d %v %s", w.Code, w.Header(), w.Body)
	}
	err = ecosystem.RefuseUpload(ecosystem.UploadExists, "there")
	w = httptest.NewRecorder()
	if take(w); w.Code != http.StatusConflict {
		t.Errorf("exists: %d %s", w.Code, w.Body)
	}
}

func TestEncodedUploadsAreNotRead(t *testing.T) {
	u := uploads()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
	r.Header.Set("Content-Encoding", "gzip")
	u.Take(w, r, func() (ecosystem.Receipt, error) {
		t.Error("it was read")
		return ecosystem.Receipt{}, nil
	}, nil)
	if w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestUploadsHaveABound(t *testing.T) {
	u := uploads()
	for range uploadsAtOnce {
		u.slots <- struct{}{}
	}
	w := httptest.NewRecorder()
	u.Take(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")), nil, nil)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one more than can be taken: %d", w.Code)
	}
}

// TestAClientThatWaitsIsToldSo: poetry gives up after 15 seconds of silence.
func TestAClientThatWaitsIsToldSo(t *testing.T) {
	decide := make(chan struct{})
	u := uploads()
	u.alive = time.Millisecond
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.Take(w, r, func() (ecosystem.Receipt, error) {
			return u.Waiting(w, r, func(context.Context) (ecosystem.Receipt, error) {
				<-decide
				return ecosystem.Receipt{File: "acme.zip"}, nil
			})
		}, nil)
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
	lines := bufio.NewReader(conn)
	for alive := 0; alive < 3; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "HTTP/1.1 ") && line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("answered %q before there was an answer", line)
		}
		if line == "HTTP/1.1 100 Continue\r\n" {
			alive++
		}
	}
	close(decide)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	closes := false
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF && closes {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if line == "Connection: close\r\n" {
			closes = true // nginx 1.22 takes what comes after a sign of life for one answer without an end
		}
	}
}

// signs counts the signs of life that a client gets.
type signs struct {
	*httptest.ResponseRecorder
	n int
}

func (s *signs) WriteHeader(status int) {
	if status == http.StatusContinue {
		s.n++
		return
	}
	s.ResponseRecorder.WriteHeader(status)
}

// TestSignsOfLifeAreForThoseWhoKnowThem: HTTP/1.0 has none, and nginx speaks that
// to what is behind it unless it is told otherwise.
func TestSignsOfLifeAreForThoseWhoKnowThem(t *testing.T) {
	for minor, want := range []int{0, 11} {
		synctest.Test(t, func(t *testing.T) {
			u := uploads()
			r := httptest.NewRequest("POST", "/", nil)
			r.Proto, r.ProtoMinor = fmt.Sprintf("HTTP/1.%d", minor), minor
			w := &signs{ResponseRecorder: httptest.NewRecorder()}
			u.Take(w, r, func() (ecosystem.Receipt, error) {
				return u.Waiting(w, r, func(context.Context) (ecosystem.Receipt, error) {
					time.Sleep(time.Minute)
					return ecosystem.Receipt{File: "acme.zip"}, nil
				})
			}, nil)
			if w.n < want || want == 0 && w.n > 0 || w.Code != http.StatusOK {
				t.Errorf("%s: %d signs of life and %d, want %d and 200", r.Proto, w.n, w.Code, want)
			}
			if closes := w.Header().Get("Connection") == "close"; closes != (want > 0) {
				t.Errorf("%s: the connection is closed: %t", r.Proto, closes)
			}
		})
	}
}

// TestAPanicIsAFault: what publishes runs beside the handler, where nobody else
// would catch it.
func TestAPanicIsAFault(t *testing.T) {
	u := uploads()
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)
	u.Take(w, r, func() (ecosystem.Receipt, error) {
		return u.Waiting(w, r, func(context.Context) (ecosystem.Receipt, error) { panic("no") })
	}, nil)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
