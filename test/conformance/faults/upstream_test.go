//go:build conformance

package faults_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestUpstreamMisbehaves: one package whose upstream drips, lies or breaks off is
// answered so that its client knows what is wrong, leaves nothing behind, and
// costs nobody else anything.
func TestUpstreamMisbehaves(t *testing.T) {
	h := newHouse(t, "limits: {pull_wait: 2s}\n")
	wheel := func(name string) string {
		return h.upstream.Add(scantest.Wheel{Name: name, Version: "1.0"}, stub.About{})
	}
	cases := []struct {
		name, why string
		fault     func(size int64) stub.Fault
		status    int
		says      string // in the reason phrase or the body
		heals     bool   // once the upstream is well, the file is handed out
	}{
		{"drips", "a byte a second is not a download: the client is told to ask again", func(int64) stub.Fault { return stub.Fault{Drip: time.Second} }, http.StatusServiceUnavailable, "ask again", false},
		{"promises-more", "the body ends before its Content-Length", func(n int64) stub.Fault { return stub.Fault{Length: n + 1000} }, http.StatusForbidden, "not what was promised", false},
		{"promises-less", "the body is cut at its Content-Length: not the promised digest", func(n int64) stub.Fault { return stub.Fault{Length: n - 10} }, http.StatusForbidden, "not what was promised", false},
		{"changed", "other bytes than the index says", func(int64) stub.Fault { return stub.Fault{Body: []byte("other")} }, http.StatusForbidden, "", false},
		{"fails", "500 for the file", func(int64) stub.Fault { return stub.Fault{Status: http.StatusInternalServerError} }, http.StatusForbidden, "", true},
		{"hangs", "no answer at all", func(int64) stub.Fault { return stub.Fault{Delay: time.Hour} }, http.StatusServiceUnavailable, "ask again", false},
	}
	t.Cleanup(func() {
		h.up().stop() // what the first one left half done is garbage to the second
		if left, err := filepath.Glob(filepath.Join(h.data, "blobs", "tmp", "*")); err != nil || len(left) > 0 {
			t.Errorf("%d scratch files are left behind (%v)", len(left), err)
		}
	})
	p := h.up()
	t.Cleanup(p.stop)
	client := &http.Client{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := wheel(c.name)
			h.upstream.Fault(stub.FilePath(file), c.fault(h.upstream.Size(file)))
			url := p.url + "/pypi/files/" + c.name + "/" + file
			resp, body := fetch(t, client, url)
			if resp.StatusCode != c.status || !strings.Contains(resp.Status+body, c.says) {
				t.Errorf("%s: %s\n%.400s\nwant %d with %q (%s)", c.name, resp.Status, body, c.status, c.says, c.why)
			}
			if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
				t.Errorf("%s: 503 without Retry-After: clients would not ask again", c.name)
			}
			// Nobody else waits for it.
			other := wheel("beside-" + c.name)
			if resp, body := fetch(t, client, p.url+"/pypi/files/beside-"+c.name+"/"+other); resp.StatusCode != http.StatusOK {
				t.Errorf("a package beside %s: %s\n%.400s", c.name, resp.Status, body)
			}
			if !c.heals {
				return
			}
			h.upstream.Fault(stub.FilePath(file), stub.Fault{})
			if resp, body := fetch(t, client, url); resp.StatusCode != http.StatusOK || stub.Digest([]byte(body)) != h.upstream.DigestOf(file) {
				t.Errorf("%s, once the upstream is well: %s\n%.400s", c.name, resp.Status, body)
			}
		})
	}
}

// fetch asks for a URL and reads the answer to its end.
func fetch(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}
