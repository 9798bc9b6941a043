package server_test

import (
	"net/http"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// TestPackagesAreAskedBelowTheirPrefix, as written: with the path's own escapes,
// and without needless ones in the prefix.
func TestPackagesAreAskedBelowTheirPrefix(t *testing.T) {
	_, h := start(t, servertest.New(t), func(c *server.Config) {
		c.Registries[0].Handlers["pypi"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Asked", r.URL.Path+" "+r.URL.EscapedPath()+"?"+r.URL.RawQuery)
		})
	})
	for _, tc := range []struct{ path, want, why string }{
		{"/pypi/simple/demo/?a=b", "/simple/demo/ /simple/demo/?a=b", "the ordinary one"},
		{"/registry/main/pypi/simple/demo/", "/simple/demo/ /simple/demo/?", "by the registry's name"},
		{"/pypi/files/demo/a%2Fb", "/files/demo/a/b /files/demo/a%2Fb?", "a slash that is none stays one"},
		{"/%70ypi/simple/demo/", "", "no client writes this, and what stands in front must not read it otherwise"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = ourHost
		resp, err := h.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("X-Asked"); got != tc.want || (resp.StatusCode == http.StatusNotFound) != (tc.want == "") {
			t.Errorf("%s: %d, asked for %q, want %q (%s)", tc.path, resp.StatusCode, got, tc.want, tc.why)
		}
	}
}
