package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// running serves a world over TCP and gives a client with a token of the role.
func running(t *testing.T, w *servertest.World, role access.Role) *client.Client {
	t.Helper()
	h := httptest.NewUnstartedServer(nil)
	s := server.New(server.Config{
		Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, Hosts: []string{h.Listener.Addr().String()},
		MaxRequest: 1 << 20, Version: "test", Log: w.Log,
	})
	h.Config = server.HTTP(s, w.Log)
	h.Start()
	t.Cleanup(func() {
		h.Close()
		s.Close(context.Background())
	})
	token := secretref.Secret{}
	if role != "" {
		token = secretref.New(w.Token("ann", role))
	}
	c, err := client.New(h.URL, token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func world(t *testing.T) *servertest.World {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.1"})
	held := w.Wheel(scantest.Wheel{Name: "held", Version: "1.0"})
	w.See(held, finding.Finding{Rule: "file-added-later", Class: finding.Honesty, Severity: finding.Medium, Text: "added later"})
	w.Know("pkg:pypi/demo@1.1", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "1.2"))
	return w
}

// heard collects what a Progress is told.
type heard struct {
	mu    sync.Mutex
	steps []string
	first int
}

func (h *heard) Step(what string, _, _ int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steps = append(h.steps, what)
}

func (h *heard) First(vs []verdict.VersionOutcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.first += len(vs)
}

// TestSameAsTheGate asks everything that gate.Service has, and compares with
// what the gate in this process says.
func TestSameAsTheGate(t *testing.T) {
	ctx := t.Context()
	w := world(t)
	c := running(t, w, access.Admin)
	req := verdict.Request{Door: "cli", Registry: "main", Files: []verdict.Source{{Path: "requirements.txt", Content: []byte("demo==1.1\n")}}}
	out, err := c.Admit(ctx, req, &heard{})
	if err != nil || out.Verdict != verdict.Reject || len(out.Versions) != 1 {
		t.Fatalf("admit: %+v, %v", out, err)
	}
	if v := out.Versions[0].Version; v.Package.Name != "demo" || v.Number != "1.1" {
		t.Errorf("the version lost its name: %+v", v)
	}
	if r := out.Versions[0].Remedy; r == nil || r.Command != "gatehouse admit --fix requirements.txt" {
		t.Errorf("remedy %+v", r)
	}
	if fixed, err := c.Fixed(ctx, req, out); err != nil || len(fixed) != 1 || string(fixed[0].Content) != "demo==1.0\n" {
		t.Errorf("fixed: %v, %v", fixed, err)
	}
	there, err := w.Gate.Outcome(ctx, out.Request)
	if here, herr := c.Outcome(ctx, out.Request); herr != nil || err != nil || here.Verdict != there.Verdict || here.Took != there.Took || here.Versions[0].Version != there.Versions[0].Version {
		t.Errorf("outcome: %+v (%v), the gate has %+v (%v)", here, herr, there, err)
	}
	if list, err := c.Outcomes(ctx, "main", 5); err != nil || len(list) != 1 || list[0].Request != out.Request {
		t.Errorf("outcomes: %v, %v", list, err)
	}
	demo := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1.1"}
	if e, err := c.Explain(ctx, "main", demo); err != nil || len(e.Now) != 1 || e.Now[0].Version != demo || len(e.History) == 0 {
		t.Errorf("explain: %+v, %v", e, err)
	}
	old := artifact.Version{Package: demo.Package, Number: "1.0"}
	if d, err := c.Difference(ctx, "main", old, demo); err != nil || d.From != "pkg:pypi/demo@1.0" || d.To != "pkg:pypi/demo@1.1" || len(d.Archives) != 1 {
		t.Errorf("difference: %+v, %v", d, err)
	}
	wish := gate.WaiverWish{Registry: "main", Package: demo.Package, Range: "==1.1", Rule: "vulnerability-fixed", Until: w.Now().Add(time.Hour), Reason: "r", By: "somebody else"}
	waiver, err := c.Waive(ctx, wish)
	if err != nil || waiver.Owner != "ann" || waiver.Package != demo.Package {
		t.Errorf("waive: %+v, %v", waiver, err)
	}
	if ws, err := c.Waivers(ctx, "main"); err != nil || len(ws) != 1 || ws[0].Package != demo.Package {
		t.Errorf("waivers: %v, %v", ws, err)
	}
	if err := c.Revoke(ctx, waiver.ID, ""); err != nil {
		t.Errorf("revoke: %v", err)
	}
	held, err := c.Admit(ctx, verdict.Request{Registry: "main", Purls: []string{"pkg:pypi/held@1.0"}}, &heard{})
	if err != nil || held.Verdict != verdict.Hold {
		t.Fatalf("admit: %+v, %v", held, err)
	}
	ask, err := c.AskFor(ctx, "main", held.Versions[0].Decision, "please", "")
	if err != nil || ask.By != "ann" {
		t.Errorf("ask: %+v, %v", ask, err)
	}
	if asks, err := c.OpenAsks(ctx, "main"); err != nil || len(asks) != 1 {
		t.Errorf("asks: %v, %v", asks, err)
	}
	if as, err := c.Approve(ctx, ask.ID, "looked at it", ""); err != nil || len(as) != 1 || as[0].Version.Number != "1.0" {
		t.Errorf("approve: %v, %v", as, err)
	}
	if _, err := c.Cancel(ctx, out.Request, ""); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("cancelling what is done: %v", err)
	}
	if js, err := c.Jobs(ctx, jobs.Done, 10); err != nil || len(js) != 2 || js[1].Subject != out.Request || js[1].Share != "by ann" {
		t.Errorf("jobs: %+v, %v", js, err)
	} else if _, err := c.RestartJob(ctx, js[0].ID, ""); !errors.Is(err, verdict.ErrConflict) {
		t.Errorf("starting again what is done: %v", err)
	}
	secret, row, err := c.Create(ctx, "ci", access.Reader, []string{"main"}, time.Hour, "")
	if err != nil || secret.IsZero() || row.Name != "ci" {
		t.Errorf("token: %v, %v", row, err)
	}
	if err := c.RevokeToken(ctx, row.ID); err != nil {
		t.Errorf("revoking a token: %v", err)
	}
	if rows, err := c.List(ctx); err != nil || len(rows) != 2 || rows[0].Revoked.IsZero() {
		t.Errorf("tokens: %v, %v", rows, err)
	}
}

// TestProgressIsTold while a request is under way.
func TestProgressIsTold(t *testing.T) {
	w := world(t)
	w.Hold = make(chan struct{})
	c := running(t, w, access.Reader)
	var h heard
	ended := make(chan error, 1)
	go func() {
		_, err := c.Admit(t.Context(), verdict.Request{Registry: "main", Purls: []string{"pkg:pypi/demo@1.0"}}, &h)
		ended <- err
	}()
	<-w.Fetching
	for told := false; !told; {
		h.mu.Lock()
		told = h.first == 1
		h.mu.Unlock()
	}
	close(w.Hold)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(h.steps) == 0 || h.steps[0] != "fetching and scanning" {
		t.Errorf("steps %q", h.steps)
	}
}

// TestGivingUpWaiting: the gate goes on, and the error says where to look.
func TestGivingUpWaiting(t *testing.T) {
	w := world(t)
	w.Hold = make(chan struct{})
	defer close(w.Hold)
	c := running(t, w, access.Reader)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-w.Fetching; cancel() }()
	_, err := c.Admit(ctx, verdict.Request{Registry: "main", Purls: []string{"pkg:pypi/demo@1.0"}}, &heard{})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "still looking; see "+servertest.PublicURL+"/d/r") {
		t.Errorf("error %v", err)
	}
}

func TestErrors(t *testing.T) {
	w := world(t)
	ctx := t.Context()
	none, reader := running(t, w, ""), running(t, w, access.Reader)
	_, err := none.AskFor(ctx, "main", "x", "y", "")
	if !errors.Is(err, client.ErrUnauthenticated) || !strings.Contains(err.Error(), "token missing or not valid here: ") || !strings.Contains(err.Error(), "--token") {
		t.Errorf("without a token: %v", err)
	}
	if _, err := reader.Approve(ctx, "x", "y", ""); !errors.Is(err, verdict.ErrForbidden) {
		t.Errorf("a reader approves: %v", err)
	}
	if _, err := reader.Outcome(ctx, "rnone"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("no such request: %v", err)
	}
	if _, err := reader.Admit(ctx, verdict.Request{Registry: "main"}, &heard{}); err == nil || !strings.Contains(err.Error(), "name files or purls") {
		t.Errorf("an empty request: %v", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	gone, err := client.New("http://"+ln.Addr().String(), secretref.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Outcome(ctx, "r"); err == nil || !strings.Contains(err.Error(), "gatehouse serve") {
		t.Errorf("nobody there: %v", err)
	}
	if gone.Answers(ctx) {
		t.Error("nobody answers")
	}
}

func TestNewRefuses(t *testing.T) {
	token := secretref.New("x")
	for at, says := range map[string]string{
		"gate.example":                          "no URL",
		"ftp://gate.example":                    "no URL",
		"https://user:pw@gate.example":          "leave user",
		"https://gate.example?token=x":          "leave user",
		"http://gate.example.invalid:8484":      "in the clear",
		"http://127.0.0.1.evil.example.invalid": "in the clear",
	} {
		if _, err := client.New(at, token); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", at, err, says)
		}
	}
	for _, at := range []string{"http://127.0.0.1:8484", "http://localhost:8484", "http://[::1]:8484", "https://gate.example.invalid/"} {
		if _, err := client.New(at, token); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// TestTokenStaysHere: a redirect is not followed, and hostile answers come out
// clean.
func TestTokenStaysHere(t *testing.T) {
	var leaked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Add(1) }))
	defer other.Close()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/requests/redirect" {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
			return
		}
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("\x1b[2Jgo away\u202e\r\n"))
	}))
	defer h.Close()
	c, err := client.New(h.URL, secretref.New("secret-token"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Outcome(t.Context(), "redirect"); err == nil || leaked.Load() != 0 {
		t.Errorf("redirected: %v, %d requests elsewhere", err, leaked.Load())
	}
	_, err = c.Outcome(t.Context(), "x")
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\u202e\r\n") || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("error %q", err)
	}
}

// TestRetries: a busy gate is asked again, a person's act is not done twice.
func TestRetries(t *testing.T) {
	var asked atomic.Int64
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(`{"request":"r1","status":"done"}`))
	}))
	defer h.Close()
	c, err := client.New(h.URL, secretref.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := c.Outcome(t.Context(), "r1"); err != nil || o.Status != verdict.Done || asked.Load() != 3 {
		t.Errorf("%+v, %v after %d", o, err, asked.Load())
	}
	asked.Store(0)
	if _, err := c.Approve(t.Context(), "x", "y", ""); err == nil || asked.Load() != 1 {
		t.Errorf("an approval was sent %d times: %v", asked.Load(), err)
	}
}

// TestSocket speaks to the gate in a data folder.
func TestSocket(t *testing.T) {
	w := world(t)
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	at := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(server.Config{Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, MaxRequest: 1 << 20, Log: w.Log})
	h := server.HTTP(s.Local("local:ann"), w.Log)
	go h.Serve(ln)
	defer h.Close()
	c, err := client.New(at, secretref.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Answers(t.Context()) {
		t.Fatal("the socket does not answer")
	}
	out, err := c.Admit(t.Context(), verdict.Request{Registry: "main", Purls: []string{"pkg:pypi/demo@1.0"}}, &heard{})
	if err != nil || out.Verdict != verdict.Admit {
		t.Errorf("%+v, %v", out, err)
	}
	s.Close(t.Context())
}

// local serves a world at a socket, as the gate in a data folder does; stop ends
// it as SIGTERM does.
func local(t *testing.T, w *servertest.World, at string) (stop func()) {
	t.Helper()
	ln, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(server.Config{Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, MaxRequest: 1 << 20, Log: w.Log})
	h := server.HTTP(s.Local("local:ann"), w.Log)
	go h.Serve(ln)
	return sync.OnceFunc(func() {
		s.EndWaits()
		h.Shutdown(context.Background())
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		s.Close(ended)
	})
}

// TestOverARestart: who waits for an answer when the gate stops gets it from the
// one that follows.
func TestOverARestart(t *testing.T) {
	w := world(t)
	w.Hold = make(chan struct{})
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	at := filepath.Join(dir, "s")
	stop := local(t, w, at)
	c, err := client.New(at, secretref.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	req := verdict.Request{ID: gate.NewID('r'), Registry: "main", Purls: []string{"pkg:pypi/demo@1.0"}}
	waits := &waiting{back: make(chan struct{})}
	type answer struct {
		out verdict.Outcome
		err error
	}
	ended := make(chan answer, 1)
	go func() {
		out, err := c.Admit(t.Context(), req, waits)
		ended <- answer{out, err}
	}()
	<-w.Fetching
	stop()
	<-waits.back // it has noticed
	close(w.Hold)
	defer local(t, w, at)()
	if a := <-ended; a.err != nil || a.out.Request != req.ID || a.out.Verdict != verdict.Admit {
		t.Errorf("%+v, %v", a.out, a.err)
	}
	if list, err := w.Store.Requests(t.Context(), "main", 10); err != nil || len(list) != 1 {
		t.Errorf("%d requests (%v), want the one", len(list), err)
	}
}

// waiting is a Progress that says when the gate has gone.
type waiting struct {
	once sync.Once
	back chan struct{}
}

func (w *waiting) Step(what string, _, _ int) {
	if strings.Contains(what, "come back") {
		w.once.Do(func() { close(w.back) })
	}
}

func (*waiting) First([]verdict.VersionOutcome) {}

// TestAGateThatDoesNotComeBack: the error says where the answer will be.
func TestAGateThatDoesNotComeBack(t *testing.T) {
	w := world(t)
	w.Hold = make(chan struct{})
	defer close(w.Hold)
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	at := filepath.Join(dir, "s")
	stop := local(t, w, at)
	c, err := client.New(at, secretref.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	c.SetPatience(time.Millisecond)
	req := verdict.Request{ID: gate.NewID('r'), Registry: "main", Purls: []string{"pkg:pypi/demo@1.0"}}
	ended := make(chan error, 1)
	go func() {
		_, err := c.Admit(t.Context(), req, &heard{})
		ended <- err
	}()
	<-w.Fetching
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "gatehouse requests show "+req.ID) {
		t.Errorf("error %v", err)
	}
}

// TestAnAnswerLostOnTheWay: a request whose answer was cut off is sent again and
// asked once.
func TestAnAnswerLostOnTheWay(t *testing.T) {
	w := world(t)
	s := server.New(server.Config{Gate: w.Gate, Tokens: w.Tokens, PublicURL: servertest.PublicURL, MaxRequest: 1 << 20, Log: w.Log})
	defer s.Close(t.Context())
	inner := s.Local("local:ann")
	var cut atomic.Bool
	h := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && cut.CompareAndSwap(false, true) {
			inner.ServeHTTP(httptest.NewRecorder(), r) // it is taken in, and nobody hears of it
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(rw, r)
	}))
	defer h.Close()
	c, err := client.New(h.URL, secretref.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	req := verdict.Request{ID: gate.NewID('r'), Registry: "main", Purls: []string{"pkg:pypi/demo@1.0"}}
	if out, err := c.Admit(t.Context(), req, &heard{}); err != nil || out.Request != req.ID || !cut.Load() {
		t.Errorf("%+v, %v", out, err)
	}
	if list, err := w.Store.Requests(t.Context(), "main", 10); err != nil || len(list) != 1 {
		t.Errorf("%d requests (%v), want one", len(list), err)
	}
}
