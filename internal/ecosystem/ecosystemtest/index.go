package ecosystemtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// testPages: HEAD is GET without the body, a page that the client has is not sent
// again, and its compressed form is the same page.
func testPages(t *testing.T, s Suite) {
	p := s.pkg("demo")
	for i := range 60 {
		p.Releases = append(p.Releases, s.release("demo", fmt.Sprintf("1.%d.0", i)))
	}
	v := open(t, s, p)
	compressed := 0
	for _, path := range s.Pages(p.Name) {
		get := v.page(http.MethodGet, path)
		if get.Code != http.StatusOK || len(get.Body) == 0 {
			t.Errorf("%s: %s %.200s", path, get.Status, get.Body)
			continue
		}
		tag := get.Header.Get("ETag")
		if tag == "" || get.Header.Get("Content-Type") == "" || get.Header.Get("Content-Length") != strconv.Itoa(len(get.Body)) {
			t.Errorf("%s: %v for %d bytes", path, get.Header, len(get.Body))
		}
		if cache := get.Header.Get("Cache-Control"); !strings.Contains(cache, "no-cache") || strings.Contains(cache, "public") {
			t.Errorf("%s: Cache-Control %q; a verdict may change at any moment", path, cache)
		}
		head := v.page(http.MethodHead, path)
		if head.Code != get.Code || len(head.Body) != 0 {
			t.Errorf("HEAD %s: %s with %d bytes", path, head.Status, len(head.Body))
		}
		for _, name := range []string{"ETag", "Content-Type", "Content-Length", "Cache-Control", "Vary"} {
			if head.Header.Get(name) != get.Header.Get(name) {
				t.Errorf("HEAD %s: %s %q, GET %q", path, name, head.Header.Get(name), get.Header.Get(name))
			}
		}
		if again := v.page(http.MethodGet, path, "If-None-Match", tag); again.Code != http.StatusNotModified || len(again.Body) != 0 || again.Header.Get("ETag") != tag {
			t.Errorf("%s as the client has it: %s with %d bytes", path, again.Status, len(again.Body))
		}
		if other := v.page(http.MethodGet, path, "If-None-Match", `"other"`); other.Code != http.StatusOK || !bytes.Equal(other.Body, get.Body) {
			t.Errorf("%s as the client has not: %s with %d bytes", path, other.Status, len(other.Body))
		}
		zipped := v.page(http.MethodGet, path, "Accept-Encoding", "gzip")
		if zipped.Header.Get("Content-Encoding") == "gzip" {
			compressed++
			if plain := gunzip(t, zipped.Body); !bytes.Equal(plain, get.Body) {
				t.Errorf("%s compressed is another page", path)
			}
			if zipped.Header.Get("ETag") == tag || !strings.Contains(zipped.Header.Get("Vary"), "Accept-Encoding") {
				t.Errorf("%s compressed: %v", path, zipped.Header)
			}
		} else if !bytes.Equal(zipped.Body, get.Body) {
			t.Errorf("%s is another page for who takes gzip", path)
		}
	}
	if compressed == 0 {
		t.Error("no page is compressed")
	}
	v.Know(s.version(t, p.Releases[3]).Purl(), servertest.Vulnerable("TEST-2026-1", finding.Critical))
	index := s.Pages(p.Name)[0]
	if s.Soft == Marked || len(s.Pages(p.Name)) == 1 {
		before := v.page(http.MethodHead, index)
		v.Know(s.version(t, p.Releases[4]).Purl(), servertest.Vulnerable("TEST-2026-2", finding.Critical))
		if after := v.page(http.MethodGet, index, "If-None-Match", before.Header.Get("ETag")); after.Code != http.StatusOK {
			t.Errorf("%s after another verdict: %s; what a client has is not true any more", index, after.Status)
		}
	}
	for _, name := range []string{s.Name("nothing"), "..", "%00", "%2e%2e%2fetc"} {
		for _, path := range s.Pages(name) {
			if got := v.page(http.MethodGet, path); got.Code < 300 || got.Code >= 500 {
				t.Errorf("%s: %s %.100s", path, got.Status, got.Body)
			}
		}
	}
}

func gunzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// testDates: what is published when, so that clients with a cooldown of their own can
// keep it; and what is too young is refused until its day.
func testDates(t *testing.T, s Suite) {
	old, young := s.release("demo", "1.0.0"), s.release("demo", "1.1.0")
	young.At = servertest.Start.Add(-time.Hour)
	v := open(t, s, Package{Name: old.Name, Releases: []Release{old, young}})
	seen := v.seen(old.Name)
	for _, r := range []Release{old, young} {
		row, ok := seen[r.Number]
		switch {
		case !ok && (r.Number == old.Number || s.Soft != Gone):
			t.Errorf("%s is not listed: %v", r.Number, seen)
		case ok && !s.Undated && !row.At.Truncate(time.Second).Equal(r.At):
			t.Errorf("%s is dated %s, want %s", r.Number, row.At, r.At)
		}
	}
	if got := shown(seen, young.Number); got != s.Soft {
		t.Errorf("what is an hour old is %s, want %s", got, s.Soft)
	}
	if got := v.download(young); got.Code != http.StatusForbidden {
		t.Errorf("what is an hour old: %s", got.Status)
	}
	v.Later(30 * 24 * time.Hour)
	if got := shown(v.seen(old.Name), young.Number); got != Plain {
		t.Errorf("a month later it is %s", got)
	}
	v.admitted(young)
}

// testRefusal: 403, and the sentence with its address wherever a client looks.
func testRefusal(t *testing.T, s Suite) {
	p := s.pkg("demo", "1.0.0", "1.1.0")
	good, bad := p.Releases[0], p.Releases[1]
	v := open(t, s, p)
	v.admitted(bad)
	v.Know(s.version(t, bad).Purl(), servertest.Vulnerable("TEST-2026-7", finding.Critical, good.Number))
	got := v.download(bad)
	id := got.Header.Get("X-Gatehouse-Decision")
	page := servertest.PublicURL + "/d/" + id
	if got.Code != http.StatusForbidden || id == "" {
		t.Fatalf("what was admitted and is refused now: %s %v", got.Status, got.Header)
	}
	if !strings.Contains(got.Status, "blocked by gatehouse: ") || !strings.Contains(got.Status, page) {
		t.Errorf("the reason phrase is %q, want the sentence and %s", got.Status, page)
	}
	if !strings.Contains(string(got.Body), "TEST-2026-7") || !strings.Contains(string(got.Body), page) {
		t.Errorf("the body is %s, want the sentence and %s", got.Body, page)
	}
	if plain := strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain"); plain != s.OwnReason {
		t.Errorf("the body is %s", got.Header.Get("Content-Type"))
	}
	if bytes.Contains(got.Body, s.Archive(t, bad)) || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a refusal with %v", got.Header)
	}
	for _, q := range []Request{
		{Method: http.MethodHead, Path: s.Download(bad)},
		{Method: http.MethodGet, Path: s.Download(bad), Header: map[string]string{"Range": "bytes=0-3"}},
		{Method: http.MethodGet, Path: s.Download(bad), Header: map[string]string{"If-None-Match": `"` + string(artifact.DigestOf(s.Archive(t, bad))) + `"`}},
	} {
		if got := v.send(q, ""); got.Code != http.StatusForbidden {
			t.Errorf("%s with %v: %s", q.Method, q.Header, got.Status)
		}
	}
	v.admitted(good)
	part := v.send(Request{Method: http.MethodGet, Path: s.Download(good), Header: map[string]string{"Range": "bytes=2-5"}}, "")
	if part.Code != http.StatusPartialContent || !bytes.Equal(part.Body, s.Archive(t, good)[2:6]) {
		t.Errorf("a part of what is admitted: %s, %q", part.Status, part.Body)
	}
	head := v.send(Request{Method: http.MethodHead, Path: s.Download(good)}, "")
	if head.Code != http.StatusOK || head.Header.Get("Content-Length") != strconv.Itoa(len(s.Archive(t, good))) || head.Header.Get("X-Gatehouse-Decision") == "" {
		t.Errorf("HEAD of what is admitted: %s %v", head.Status, head.Header)
	}
}

// testPresentations: the same verdicts, shown in the registry's way; the file's own
// request is refused in all of them.
func testPresentations(t *testing.T, s Suite) {
	p := s.pkg("demo", "1.0.0", "1.1.0", "1.2.0")
	good, bad, malware := p.Releases[0], p.Releases[1], p.Releases[2]
	for _, tc := range []struct {
		name         string
		present      gate.Presentation
		bad, malware Shown
	}{
		{"soft", gate.Soft, s.Soft, s.Soft},
		{"hide", gate.Hide, Gone, Gone},
		{"hard", gate.Hard, Plain, s.Soft},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := open(t, s, p)
			v.present(tc.present)
			v.Know(s.version(t, bad).Purl(), servertest.Vulnerable("TEST-2026-7", finding.Critical))
			v.Know(s.version(t, malware).Purl(), finding.Finding{Rule: "known-malware", Class: finding.Malware, Severity: finding.Critical, Text: "known malware", IDs: []string{"MAL-2026-1"}})
			seen := v.seen(p.Name)
			for _, want := range []struct {
				r     Release
				shown Shown
			}{{good, Plain}, {bad, tc.bad}, {malware, tc.malware}} {
				if got := shown(seen, want.r.Number); got != want.shown {
					t.Errorf("%s is %s, want %s", want.r.Number, got, want.shown)
				}
			}
			if row, ok := seen[bad.Number]; ok && row.Shown == Marked && !strings.Contains(row.Why, "TEST-2026-7") {
				t.Errorf("%s is marked with %q, which does not say why", bad.Number, row.Why)
			}
			for _, r := range []Release{bad, malware} {
				if got := v.download(r); got.Code != http.StatusForbidden {
					t.Errorf("%s as of an old lock: %s", r.Number, got.Status)
				}
			}
			v.admitted(good)
		})
	}
}
