package server_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// TestStartPageNamesThisGate reads what the start page tells people to type on
// their own machines: it has to name this gate, and the registry that is not main.
func TestStartPageNamesThisGate(t *testing.T) {
	_, h := start(t, servertest.New(t))
	for path, want := range map[string]string{
		"/":                    "<code>gatehouse client setup pip --server " + servertest.PublicURL + "</code>",
		"/?registry=observing": "<code>gatehouse client setup pip --server " + servertest.PublicURL + " --registry observing</code>",
	} {
		r := send(t, h, "GET", path, "", nil, "Accept", "text/html")
		if r.StatusCode != 200 || !strings.Contains(string(r.body), want) {
			t.Errorf("%s: %s, without %s", path, r.Status, want)
		}
	}
}
