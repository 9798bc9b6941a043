package answer_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const page = "http://gate.example.invalid:8484/d/8f3a2b1c9d0e"

func refusal(v verdict.Verdict, public, next, url string) answer.Refusal {
	version := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1.1"}
	return answer.Refusal{Refusal: &verdict.Refusal{Version: version, File: "demo-1.1.tar.gz", Verdict: v, Rule: "r", Decision: "8f3a2b1c9d0e", Public: public, Next: next}, URL: url}
}

func TestPhrase(t *testing.T) {
	for _, tc := range []struct{ public, next, url, want, why string }{
		{"malware MAL-2026-123", "use 1.0.0", page, "blocked by gatehouse: malware MAL-2026-123; use 1.0.0; " + page, "all of it"},
		{"PYSEC-2026-1", "", page, "blocked by gatehouse: PYSEC-2026-1; " + page, "nothing to use instead"},
		{strings.Repeat("long ", 50), "use 1.0.0", page, "blocked by gatehouse: " + strings.Repeat("long ", 7) + "...; use 1.0.0; " + page, "the words are cut, what to do is not"},
		{strings.Repeat("long ", 50), "use " + strings.Repeat("1.", 60), page, "blocked by gatehouse: " + strings.Repeat("long ", 9) + "l...; " + page, "an endless version is left out"},
		{"two\r\nX-Evil: lines", "", page, "blocked by gatehouse: two??X-Evil: lines; " + page, "no line breaks"},
		{"caf\u00e9 \u202e\U0001f600", "", page, "blocked by gatehouse: caf? ??; " + page, "ASCII only"},
	} {
		got := refusal(verdict.Reject, tc.public, tc.next, tc.url).Phrase()
		if got != tc.want || len(got) > answer.MaxPhrase {
			t.Errorf("phrase of %q (%d bytes):\n got %q\nwant %q (%s)", tc.public, len(got), got, tc.want, tc.why)
		}
	}
	if got := refusal(verdict.Hold, "x", "", page).Phrase(); got != "held by gatehouse: x; "+page {
		t.Errorf("a hold says %q", got)
	}
}

// TestPhraseKeepsTheAddress however long it is: it is the one way to all the rest.
func TestPhraseKeepsTheAddress(t *testing.T) {
	for n := range 300 {
		url := "http://" + strings.Repeat("g", n) + ".invalid/d/8f3a"
		got := refusal(verdict.Reject, "a reason", "use 1.0", url).Phrase()
		if !strings.HasSuffix(got, url) || len(got) > max(answer.MaxPhrase, len(url)) {
			t.Fatalf("an address of %d bytes: %q", len(url), got)
		}
	}
}

func FuzzPhrase(f *testing.F) {
	f.Add("reason", "use 1.0", page)
	f.Add("\r\n\x00\u202e", strings.Repeat("x", 200), "http://x/d/1")
	f.Fuzz(func(t *testing.T, public, next, url string) {
		got := refusal(verdict.Reject, public, next, url).Phrase()
		if len(got) > max(answer.MaxPhrase, len(url)) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		for i := range len(got) {
			if got[i] < 0x20 || got[i] > 0x7e {
				t.Fatalf("byte %#x in %q", got[i], got)
			}
		}
	})
}

// TestRefuseWithoutAConnectionToTake is what HTTP/2 and tests see: the same
// answer without the phrase.
func TestRefuseWithoutAConnectionToTake(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "PUT"} {
		rec := httptest.NewRecorder()
		no := refusal(verdict.Reject, "PYSEC-2026-1", "use 1.0.0", page)
		no.Until = time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)
		if err := answer.Refuse(rec, httptest.NewRequest(method, "/x", nil), no); err != nil {
			t.Fatal(err)
		}
		if rec.Code != 403 || rec.Header().Get("Npm-Notice") != no.Phrase() || rec.Header().Get("X-Gatehouse-Decision") != no.Decision {
			t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
		}
		if method == "HEAD" {
			if rec.Body.Len() != 0 {
				t.Errorf("HEAD has a body: %s", rec.Body)
			}
			continue
		}
		var b struct {
			Status              int
			Detail, Error, Purl string
			Errors              []struct{ Detail string }
			Decision, Verdict   string
			Expires             time.Time
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		want := "PYSEC-2026-1; use 1.0.0 (" + page + ")"
		if b.Status != 403 || b.Detail != want || b.Error != want || b.Errors[0].Detail != want || b.Purl != "pkg:pypi/demo@1.1" || b.Verdict != "reject" || !b.Expires.Equal(no.Until) {
			t.Errorf("%s: body %s", method, rec.Body)
		}
	}
}

// TestRefusalIsSmall: poetry asks five times for a refused file.
func TestRefusalIsSmall(t *testing.T) {
	rec := httptest.NewRecorder()
	no := refusal(verdict.Reject, strings.Repeat("<&>", 1000), "", page)
	no.Rule = strings.Repeat("rule", 2000)
	if err := answer.Refuse(rec, httptest.NewRequest("GET", "/x", nil), no); err != nil {
		t.Fatal(err)
	}
	if rec.Body.Len() > answer.MaxBody || !strings.Contains(rec.Body.String(), page) || !json.Valid(rec.Body.Bytes()) || rec.Code != 403 {
		t.Errorf("%d: %d bytes", rec.Code, rec.Body.Len())
	}
}

func TestWait(t *testing.T) {
	for after, want := range map[time.Duration]string{0: "1", 400 * time.Millisecond: "1", 3 * time.Second: "3", 90 * time.Second: "90"} {
		rec := httptest.NewRecorder()
		if err := answer.Wait(rec, httptest.NewRequest("GET", "/x", nil), after, "still looking\r\nX: y"); err != nil {
			t.Fatal(err)
		}
		if rec.Code != 503 || rec.Header().Get("Retry-After") != want || rec.Header().Get("Cache-Control") != "no-store" || strings.Count(rec.Body.String(), "\n") != 1 {
			t.Errorf("wait %s: %d %v %q", after, rec.Code, rec.Header(), rec.Body)
		}
	}
}

func TestAccepts(t *testing.T) {
	for _, tc := range []struct {
		header, coding string
		want           bool
		why            string
	}{
		{"gzip", "gzip", true, "named"}, {"GZIP", "gzip", true, "case"}, {"", "gzip", false, "nothing said: plain is always right"},
		{"gzip;q=0", "gzip", false, "zero means no"}, {"gzip;q=0.000", "gzip", false, "zero in any spelling"}, {"gzip; q=0.5", "gzip", true, "spaces"},
		{"*", "gzip", true, "all"}, {"*;q=0", "gzip", false, "none"}, {"gzip;q=0, *", "gzip", false, "named beats all"}, {"*, gzip;q=0", "gzip", false, "named beats all, in any order"},
		{"gzip;q=x", "gzip", false, "what cannot be read is not taken"}, {"x-gzip, br", "gzip", false, "others"},
	} {
		if got := answer.Accepts(tc.header, tc.coding); got != tc.want {
			t.Errorf("Accepts(%q, %s) = %v, want %v (%s)", tc.header, tc.coding, got, tc.want, tc.why)
		}
	}
}

func TestPageConditions(t *testing.T) {
	p, err := answer.NewPage("text/plain", "Accept", bytes.Repeat([]byte("text "), 500))
	if err != nil {
		t.Fatal(err)
	}
	serve := func(header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/x", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		if err := p.Serve(rec, r); err != nil {
			t.Fatal(err)
		}
		return rec
	}
	tag := serve().Header().Get("ETag")
	for _, tc := range []struct {
		match string
		want  int
	}{
		{tag, 304}, {"W/" + tag, 304}, {"*", 304}, {`"a", ` + tag, 304}, {`"a"`, 200}, {strings.Trim(tag, `"`), 200}, {"", 200},
	} {
		if rec := serve("If-None-Match", tc.match); rec.Code != tc.want || (tc.want == 304) != (rec.Body.Len() == 0) {
			t.Errorf("If-None-Match %s: %d with %d bytes, want %d", tc.match, rec.Code, rec.Body.Len(), tc.want)
		}
	}
	if rec := serve("If-None-Match", `"a"`, "If-None-Match", tag); rec.Code != 304 {
		t.Errorf("two headers: %d", rec.Code)
	}
	if gz := serve("Accept-Encoding", "gzip").Header().Get("ETag"); gz == tag {
		t.Error("two encodings share an ETag")
	}
	small, err := answer.NewPage("text/plain", "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	rec := httptest.NewRecorder()
	if err := small.Serve(rec, r); err != nil || rec.Header().Get("Content-Encoding") != "" || rec.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("a small page: %v %v", rec.Header(), err)
	}
}

// TestFileNames: a name from outside cannot add to the header.
func TestFileNames(t *testing.T) {
	for name, want := range map[string]string{
		"demo-1.0.tar.gz":        `attachment; filename="demo-1.0.tar.gz"`,
		"a\"; x=\"b":             `attachment; filename="a_; x=_b"`,
		"a\r\nX-Evil: y":         `attachment; filename="a??X-Evil: y"`,
		`back\slash`:             `attachment; filename="back_slash"`,
		"\u202egnp.exe":          `attachment; filename="?gnp.exe"`,
		strings.Repeat("n", 999): `attachment; filename="` + strings.Repeat("n", 255) + `"`,
	} {
		rec := httptest.NewRecorder()
		answer.File(rec, httptest.NewRequest("GET", "/x", nil), name, "sha", bytes.NewReader(nil))
		if got := rec.Header().Get("Content-Disposition"); got != want || rec.Code != http.StatusOK {
			t.Errorf("%q: %d %q, want %q", name, rec.Code, got, want)
		}
	}
}
