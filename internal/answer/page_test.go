package answer_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-project/gatehouse/internal/answer"
)

// text is about n bytes that compress as an index does.
func text(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "<a href=\"../../files/demo/demo-1.%d.tar.gz#sha256=%064x\">demo-1.%d.tar.gz</a><br>\n", i, i*i*7919, i)
	}
	return b.Bytes()
}

// unpacked undoes an answer's encoding.
func unpacked(t *testing.T, rec *httptest.ResponseRecorder) []byte {
	t.Helper()
	var r io.Reader = rec.Body
	var err error
	switch rec.Header().Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(rec.Body)
	case "zstd":
		r, err = zstd.NewReader(rec.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ask(t *testing.T, p *answer.Page, method, accepts string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "/x", nil)
	r.Header.Set("Accept-Encoding", accepts)
	rec := httptest.NewRecorder()
	if err := p.Serve(rec, r); err != nil {
		t.Fatal(err)
	}
	return rec
}

// TestPageIsTheSameInEveryEncoding, whether a form is kept or made for a request.
func TestPageIsTheSameInEveryEncoding(t *testing.T) {
	for _, tc := range []struct {
		size int
		why  string
	}{{100, "too small to compress"}, {5_000, "kept in every form"}, {3_000_000, "larger than zstd looks back, and not kept plain"}} {
		body := text(tc.size)
		p, err := answer.NewPage("text/html", "Accept", body)
		if err != nil {
			t.Fatal(err)
		}
		tags := map[string]string{}
		for accepts, encoding := range map[string]string{"": "", "gzip": "gzip", "gzip, zstd": "zstd", "br": ""} {
			if tc.size < 512 {
				encoding = ""
			}
			rec := ask(t, p, "GET", accepts)
			h, length := rec.Header(), rec.Body.Len()
			if h.Get("Content-Encoding") != encoding || h.Get("Content-Length") != fmt.Sprint(length) || h.Get("Vary") != "Accept, Accept-Encoding" {
				t.Errorf("%d bytes (%s), Accept-Encoding %q: %d bytes with %v", len(body), tc.why, accepts, length, h)
			}
			if got := unpacked(t, rec); !bytes.Equal(got, body) {
				t.Errorf("%d bytes (%s), Accept-Encoding %q: other bytes came back", len(body), tc.why, accepts)
			}
			if old, seen := tags[encoding]; seen && old != h.Get("ETag") {
				t.Errorf("%q has two ETags, %s and %s", encoding, old, h.Get("ETag"))
			}
			tags[encoding] = h.Get("ETag")
			head := ask(t, p, "HEAD", accepts)
			if head.Body.Len() != 0 || head.Header().Get("Content-Length") != h.Get("Content-Length") || head.Header().Get("ETag") != h.Get("ETag") {
				t.Errorf("%d bytes, HEAD with Accept-Encoding %q: %v", len(body), accepts, head.Header())
			}
		}
		if p.Size() > len(body)*2 || tc.size > 64<<10 && p.Size() > len(body) {
			t.Errorf("a page of %d bytes holds %d (%s)", len(body), p.Size(), tc.why)
		}
	}
}

// TestPageDoesNotFollowItsMaker: what it was rendered into is used again.
func TestPageDoesNotFollowItsMaker(t *testing.T) {
	for _, size := range []int{100, 5_000} {
		body := text(size)
		want := bytes.Clone(body)
		p, err := answer.NewPage("text/html", "", body)
		if err != nil {
			t.Fatal(err)
		}
		copy(body, strings.Repeat("x", len(body)))
		if got := unpacked(t, ask(t, p, "GET", "")); !bytes.Equal(got, want) {
			t.Errorf("a page of %d bytes changed after it was made", size)
		}
	}
}

// TestPagesAreMadeAndUnpackedAtOnce: what compresses is shared by all of them.
func TestPagesAreMadeAndUnpackedAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			body := text(100_000 + i*10_000)
			p, err := answer.NewPage("text/html", "", body)
			if err != nil {
				t.Error(err)
				return
			}
			for _, accepts := range []string{"", "gzip", "zstd"} {
				r := httptest.NewRequest("GET", "/x", nil)
				r.Header.Set("Accept-Encoding", accepts)
				rec := httptest.NewRecorder()
				if err := p.Serve(rec, r); err != nil {
					t.Error(err)
				}
				if accepts == "" && !bytes.Equal(rec.Body.Bytes(), body) {
					t.Errorf("page %d came back as another", i)
				}
			}
		})
	}
	wg.Wait()
}
