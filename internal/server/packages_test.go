package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// receiver takes every upload and notes whose it was.
type receiver struct{ by chan ecosystem.Publisher }

func (r receiver) Receive(w http.ResponseWriter, q *http.Request, by ecosystem.Publisher) {
	answer.Drain(q)
	r.by <- by
	io.WriteString(w, "taken")
}

func (receiver) Patterns() []string {
	return []string{"POST /legacy", "POST /legacy/{$}", "PUT /{package}"}
}

func (receiver) ReadPatterns() []string {
	return []string{"GET /integrity/{name}/{number}/{file}/provenance"}
}

func (receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }

func receiving(to adapter.Receiver) func(*server.Config) {
	return func(c *server.Config) {
		for i := range c.Registries {
			c.Registries[i].Uploads = map[string]adapter.Receiver{"pypi": to}
		}
	}
}

// TestWhoMayUpload: the answer stands in the status line, where the clients look,
// after they have sent everything.
func TestWhoMayUpload(t *testing.T) {
	w := servertest.New(t)
	to := receiver{make(chan ecosystem.Publisher, 1)}
	_, h := start(t, w, receiving(to))
	narrow, _, err := w.Tokens.Create(t.Context(), "team", access.Publisher, []string{"main"}, 0, "test", "acme-team-*")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		who, token, path string
		status           string
		by               ecosystem.Publisher
	}{
		{"nobody", "", "/pypi/legacy/", "401 gatehouse: a valid gatehouse token is needed: publish needs one of role publisher or admin", ecosystem.Publisher{}},
		{"a stranger", "ght_x", "/pypi/legacy/", "401 gatehouse: a valid gatehouse token is needed: what was sent does not read as", ecosystem.Publisher{}},
		{"a reader", w.Token("eve", access.Reader), "/pypi/legacy/", "403 gatehouse: not allowed: publish needs role publisher or admin", ecosystem.Publisher{}},
		{"an approver", w.Token("ann", access.Approver), "/pypi/legacy/", "403 gatehouse: not allowed: publish needs", ecosystem.Publisher{}},
		{"a publisher elsewhere", w.Token("ed", access.Publisher, "observing"), "/pypi/legacy/", "403 gatehouse: not allowed: publish in registry main", ecosystem.Publisher{}},
		{"a publisher", w.Token("ci", access.Publisher), "/pypi/legacy/", "200 OK", ecosystem.Publisher{Name: "ci"}},
		{"a publisher without the slash", w.Token("ci", access.Publisher), "/pypi/legacy", "200 OK", ecosystem.Publisher{Name: "ci"}},
		{"a publisher of that registry", w.Token("ed", access.Publisher, "observing"), "/registry/observing/pypi/legacy/", "200 OK", ecosystem.Publisher{Name: "ed"}},
		{"a publisher of some names", narrow.Reveal(), "/pypi/legacy/", "200 OK", ecosystem.Publisher{Name: "team", Names: []string{"acme-team-*"}}},
		{"an admin", w.Token("ada", access.Admin), "/pypi/legacy/", "200 OK", ecosystem.Publisher{Name: "ada", Admin: true}},
	} {
		conn, err := net.Dial("tcp", h.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		credential := ""
		if tc.token != "" {
			credential = "Authorization: Bearer " + tc.token + "\r\n"
		}
		const size = 2 << 20
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: multipart/form-data; boundary=x\r\n%sContent-Length: %d\r\n\r\n", tc.path, ourHost, credential, size)
		if _, err := io.WriteString(conn, strings.Repeat("x", size)); err != nil {
			t.Errorf("%s: sending: %v", tc.who, err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", tc.who, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || !strings.HasPrefix(res.Status, tc.status) {
			t.Errorf("%s: %q %q %v, want %q", tc.who, res.Status, body, err, tc.status)
		}
		if (res.StatusCode == http.StatusUnauthorized) != (res.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: a challenge %q with %s", tc.who, res.Header.Get("WWW-Authenticate"), res.Status)
		}
		if res.StatusCode == http.StatusOK {
			if by := <-to.by; fmt.Sprint(by) != fmt.Sprint(tc.by) {
				t.Errorf("%s: uploads as %+v, want %+v", tc.who, by, tc.by)
			}
		}
		conn.Close()
	}
	if r := send(t, h, "GET", "/pypi/integrity/acme/1.0/a.whl/provenance", "", nil); string(r.body) != "/integrity/acme/1.0/a.whl/provenance" {
		t.Errorf("provenance: %s %s", r.Status, r.body)
	}
	w.Wheel(scantest.Wheel{Name: "integrity", Version: "1.0"})
	if r := send(t, h, "GET", "/pypi/integrity/json", "", nil); !strings.Contains(string(r.body), `"last_serial"`) {
		t.Errorf("a project of the name integrity: %s %s", r.Status, r.body)
	}
	if r := send(t, h, "GET", "/_/oidc/audience", "", nil); r.StatusCode != http.StatusNotFound || !strings.Contains(string(r.body), "no trusted publishing") {
		t.Errorf("trusted publishing: %s %s", r.Status, r.body)
	}
}

// put records an upload of ours.
func put(t *testing.T, w *servertest.World, name, number string) {
	t.Helper()
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number}
	key, err := w.Gate.Peers[artifact.PyPI].VersionKey(number)
	if err != nil {
		t.Fatal(err)
	}
	file := strings.ReplaceAll(name, "-", "_") + "-" + number + ".tar.gz"
	sha, size, err := w.Blobs.Put(context.Background(), strings.NewReader(file), 1<<20, "")
	if err != nil {
		t.Fatal(err)
	}
	u := gate.Upload{
		Registry: "main", VersionKey: fmt.Sprintf("%x", key), Slot: "sdist", Publisher: "ci",
		File:   artifact.File{Version: v, Name: file, Kind: artifact.Sdist, SHA256: sha, Size: size, Uploaded: w.Now(), Origin: artifact.Internal},
		Listed: gate.Listed{Kind: artifact.Sdist, SHA256: sha, Size: size},
	}
	d := verdict.Decision{Registry: "main", Version: v, Purl: v.Purl(), File: file, Verdict: verdict.Admit, Inputs: verdict.Inputs{FileSHA256: sha, At: w.Now()}}
	d.ID = verdict.DecisionID(d)
	if err := w.Store.PutUpload(t.Context(), u, nil, nil, d, gate.AuditEntry{At: w.Now(), By: "ci", Act: "publish"}); err != nil {
		t.Fatal(err)
	}
}

func TestPackagesAPI(t *testing.T) {
	w := servertest.New(t)
	for _, number := range []string{"1.0", "1.1"} {
		put(t, w, "acme-billing", number)
		put(t, w, "acme-team", number)
	}
	var err error
	if w.Gate.Hosted, err = gate.OpenHosted(t.Context(), w.Store, artifact.PyPI); err != nil {
		t.Fatal(err)
	}
	_, h := start(t, w)
	narrow, _, err := w.Tokens.Create(t.Context(), "team", access.Publisher, []string{access.All}, 0, "test", "acme-team")
	if err != nil {
		t.Fatal(err)
	}
	reader, publisher, admin := w.Token("eve", access.Reader), w.Token("ci", access.Publisher), w.Token("ada", access.Admin)
	act := func(purl string, more ...string) map[string]string {
		m := map[string]string{"purl": purl, "reason": "because"}
		for i := 0; i+1 < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	billing, team := "pkg:pypi/acme-billing@1.0", "pkg:pypi/acme-team@1.0"
	for _, tc := range []struct {
		token, what string
		in          map[string]string
		status      int
		says        string
	}{
		{"", "yank", act(billing), 401, ""},
		{reader, "yank", act(billing), 403, "yank needs role publisher"},
		{narrow.Reveal(), "yank", act(billing), 403, "this token is for the names acme-team only"},
		{narrow.Reveal(), "yank", act(team), 200, `"files":1`},
		{narrow.Reveal(), "unyank", act(team), 200, `"files":1`},
		{publisher, "yank", act(billing), 200, `"files":1`},
		{publisher, "yank", act("pkg:pypi/acme-billing"), 400, "name a version"},
		{publisher, "yank", act("pkg:pypi/acme-billing@9"), 404, "nothing of acme-billing 9"},
		{publisher, "yank", act(billing, "file", "x"), 400, "leave the file out"},
		{publisher, "yank", act(billing, "reason", strings.Repeat("x", 600)), 400, "at most 500 bytes"},
		{publisher, "yank", act(billing, "registry", "nowhere"), 404, "no registry named"},
		{publisher, "yank", act("acme-billing==1.0"), 400, "purl"},
		{publisher, "yank", act(billing, "colour", "red"), 400, "unknown field"},
		{publisher, "delete", act(billing), 403, "delete needs role admin"},
		{admin, "delete", act(billing, "reason", " "), 400, "say why"},
		{admin, "delete", act(billing, "file", "nothing.whl"), 404, "nothing such"},
		{admin, "delete", act(billing), 200, `"files":1`},
		{admin, "delete", act(billing), 404, "nothing such"},
	} {
		r := send(t, h, "POST", "/api/v1/packages/"+tc.what, tc.token, tc.in)
		if r.StatusCode != tc.status || !strings.Contains(string(r.body), tc.says) {
			t.Errorf("%s %v: %s %s, want %d %s", tc.what, tc.in, r.Status, r.body, tc.status, tc.says)
		}
	}
	var list struct{ Packages []gate.HostedPackage }
	r := send(t, h, "GET", "/api/v1/packages?purl=pkg:pypi/acme-billing", reader, nil)
	if err := json.Unmarshal(r.body, &list); err != nil || len(list.Packages) != 1 || len(list.Packages[0].Files) != 2 || list.Packages[0].Files[0].Deleted.IsZero() || list.Packages[0].Files[1].Verdict == "" {
		t.Errorf("listed %s (%v)", r.body, err)
	}
	if r := send(t, h, "GET", "/api/v1/packages", reader, nil); strings.Count(string(r.body), `"registry":"main"`) != 2 {
		t.Errorf("all: %s", r.body)
	}
	log, err := w.Store.AuditLog(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		if e.Act != "publish" {
			acts = append(acts, e.By+" "+e.Act+" "+e.Object)
		}
	}
	if got, want := strings.Join(acts, "; "), "ada delete "+billing+"; ci yank "+billing+"; team unyank "+team+"; team yank "+team; got != want {
		t.Errorf("audit log: %s\nwant %s", got, want)
	}
}

// pathReceiver says what it was asked.
type pathReceiver struct{ receiver }

func (pathReceiver) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	answer.Drain(r)
	fmt.Fprintf(w, "%s %s by %s", r.Method, r.URL.EscapedPath(), by.Name)
}
