package server_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// withPast gives every registry its past, and counts the handlers that are made.
func withPast(w *servertest.World, made *atomic.Int32) func(*server.Config) {
	return func(c *server.Config) {
		for i := range c.Registries {
			name := c.Registries[i].Name
			c.Registries[i].AsOf = func(at time.Time) map[string]http.Handler {
				made.Add(1)
				return map[string]http.Handler{"pypi": pypi.Adapter().Serve(adapter.Registry{Shelf: w.Shelf(name).AsOf(at), Decision: w.Gate.DecisionURL, Log: w.Log})}
			}
		}
	}
}

func TestPast(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"}, servertest.Age(30*24*time.Hour))
	w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"}, servertest.Age(20*24*time.Hour))
	var made atomic.Int32
	_, h := start(t, w, withPast(w, &made))
	at := func(days int) string { return w.Now().AddDate(0, 0, days).UTC().Format(time.RFC3339) }
	escaped := strings.ReplaceAll(at(-25), ":", "%3A")
	tags := map[string]bool{}
	for _, tc := range []struct {
		path       string
		status     int
		has, hides string
		why        string
	}{
		{"/pypi/simple/demo/", 200, "demo-2.0", "", "today has both"},
		{"/asof/" + at(-25) + "/pypi/simple/demo/", 200, "demo-1.0", "demo-2.0", "the main registry 25 days ago"},
		{"/asof/" + escaped + "/pypi/simple/demo/", 200, "demo-1.0", "demo-2.0", "the moment with its colons escaped"},
		{"/asof/" + at(-25) + "/registry/observing/pypi/simple/demo/", 200, "demo-1.0", "demo-2.0", "a registry by its name"},
		{"/asof/" + at(-10) + "/pypi/simple/demo/", 200, "demo-2.0", "", "another moment"},
		{"/asof/" + at(-400) + "/pypi/simple/demo/", 404, "here or upstream", "", "before its first version"},
		{"/asof/" + at(-25) + "/pypi/files/demo/demo-1.0-py3-none-any.whl", 200, "", "", "a file that was there"},
		{"/asof/" + at(-25) + "/pypi/files/demo/demo-2.0-py3-none-any.whl", 404, "", "", "a file that came later"},
		{"/asof/" + at(1) + "/pypi/simple/demo/", 400, "is not over yet", "", "the future"},
		{"/asof/yesterday/pypi/simple/demo/", 400, "write one as 2026-05-03T12:00:00Z", "", "no moment"},
		{"/asof/" + at(-25) + "/npm/demo", 404, "", "", "an ecosystem that is not served"},
		{"/asof/" + at(-25) + "/registry/none/pypi/simple/demo/", 404, "", "", "a registry that is not there"},
		{"/asof/" + at(-25) + "/registry/observing", 404, "", "", "nothing below it"},
		{"/asof/" + at(-25) + "/pypi", 404, "", "", "no slash behind it"},
		{"/asof/" + at(-25) + "/%70ypi/simple/demo/", 404, "", "", "needless escapes"},
	} {
		r := send(t, h, "GET", tc.path, "", nil)
		body := string(r.body)
		if r.StatusCode != tc.status || !strings.Contains(body, tc.has) || tc.hides != "" && strings.Contains(body, tc.hides) {
			t.Errorf("%s: %s %.300q, want %d with %q and without %q (%s)", tc.path, r.Status, body, tc.status, tc.has, tc.hides, tc.why)
		}
		if tag := r.Header.Get("ETag"); strings.HasSuffix(tc.path, "/simple/demo/") && tc.status == 200 && tag != "" {
			tags[tag] = true
		}
	}
	if len(tags) < 2 {
		t.Errorf("pages that differ have %d ETags", len(tags))
	}
	before := made.Load()
	for range 3 {
		send(t, h, "GET", "/asof/"+at(-25)+"/pypi/simple/demo/", "", nil)
	}
	if now := made.Load(); now != before {
		t.Errorf("%d handlers were made again for a moment that is kept", now-before)
	}
	for day := range 40 {
		send(t, h, "GET", "/asof/"+at(-100-day)+"/pypi/simple/demo/", "", nil)
	}
	before = made.Load()
	send(t, h, "GET", "/asof/"+at(-25)+"/pypi/simple/demo/", "", nil)
	if made.Load() != before+1 {
		t.Error("a moment that was not asked for in long is kept")
	}
}

// TestPastNeedsTheSameRight: the past of a registry is read by who reads it.
func TestPastNeedsTheSameRight(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"}, servertest.Age(30*24*time.Hour))
	var made atomic.Int32
	_, h := start(t, w, withPast(w, &made), func(c *server.Config) { c.AnonymousRead = false })
	moment := w.Now().AddDate(0, 0, -1).UTC().Format(time.RFC3339)
	elsewhere := w.Token("eve", access.Reader, "observing")
	for path, want := range map[string]int{
		"/asof/" + moment + "/pypi/simple/demo/":                    403,
		"/asof/" + moment + "/registry/main/pypi/simple/demo/":      403,
		"/asof/" + moment + "/registry/observing/pypi/simple/demo/": 200,
	} {
		if r := send(t, h, "GET", path, elsewhere, nil); r.StatusCode != want {
			t.Errorf("%s with a token for another registry: %s, want %d", path, r.Status, want)
		}
		if r := send(t, h, "GET", path, "", nil); r.StatusCode != 401 {
			t.Errorf("%s without a token: %s", path, r.Status)
		}
	}
}

// TestWhatIsOffSaysSo, at every address where it would be. It is no absence: after 404
// the go command goes on to the next proxy of its list, around the gate.
func TestWhatIsOffSaysSo(t *testing.T) {
	w := servertest.New(t)
	const why = "npm is off here: write its upstream into the configuration"
	var made atomic.Int32
	_, h := start(t, w, withPast(w, &made), func(c *server.Config) { c.Registries[0].Off = map[string]string{"npm": why} })
	for _, path := range []string{"/npm/lodash", "/registry/main/npm/lodash", "/asof/2020-01-01T00:00:00Z/npm/lodash"} {
		if r := send(t, h, "GET", path, "", nil); r.StatusCode != 403 || !strings.Contains(string(r.body), why) {
			t.Errorf("%s: %s %s", path, r.Status, r.body)
		}
	}
}

// TestReceiversNameTheirRoutes: one that takes its uploads elsewhere is given them
// there, without the prefix.
func TestReceiversNameTheirRoutes(t *testing.T) {
	w := servertest.New(t)
	_, h := start(t, w, func(c *server.Config) {
		c.Registries[0].Uploads = map[string]adapter.Receiver{"npm": pathReceiver{}}
	})
	token := w.Token("ci", access.Publisher)
	for path, want := range map[string]string{"/npm/@acme%2fx": "PUT /@acme%2fx by ci", "/registry/main/npm/y": "PUT /y by ci"} {
		if r := send(t, h, "PUT", path, token, map[string]string{}); string(r.body) != want {
			t.Errorf("%s: %s %q, want %q", path, r.Status, r.body, want)
		}
	}
	if r := send(t, h, "PUT", "/npm/y", w.Token("eve", access.Reader), map[string]string{}); r.StatusCode != 403 {
		t.Errorf("a reader: %s", r.Status)
	}
}
