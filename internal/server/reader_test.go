package server_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// TestWhoPays: whose budget a request for a new file comes out of, by token and by
// address. Each reader may have one file looked at.
func TestWhoPays(t *testing.T) {
	one := budget.Limits{Names: 100, Unknown: 100, Files: 1, Bytes: 1 << 30, ScanTime: time.Hour, Waits: 10}
	total := one
	total.Files = 6
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}
	w := servertest.New(t)
	ann, bob := w.Token("ann", access.Reader), w.Token("bob", access.Reader)
	again := w.Token("ann", access.Reader) // a second token of the same holder
	_, proxied := start(t, w, func(c *server.Config) {
		c.Proxies = loopback
		c.Budgets = budget.NewBook(budget.Config{Reader: one, Address: one, Anonymous: total, Waits: 100, Now: w.Now})
	})
	_, direct := start(t, w, func(c *server.Config) {
		c.Budgets = budget.NewBook(budget.Config{Reader: one, Address: one, Anonymous: total, Waits: 100, Now: w.Now})
	})
	version := 0
	for _, tc := range []struct {
		why, token, forwarded string
		proxy                 bool
		status                int
	}{
		{"a holder", ann, "", true, 200},
		{"the same with another token, from elsewhere", again, "192.0.2.9", true, 429},
		{"another holder", bob, "", true, 200},
		{"a stranger behind the proxy", "", "192.0.2.1", true, 200},
		{"the same once more", "", "192.0.2.1", true, 429},
		{"who claims to be somebody else in front", "", "198.51.100.7, 192.0.2.1", true, 429},
		{"who claims it with another proxy of ours behind", "", "198.51.100.7, 192.0.2.1, 10.1.2.3", true, 429},
		{"with a port, as some proxies write it", "", "192.0.2.1:5555", true, 429},
		{"another stranger", "", "192.0.2.2", true, 200},
		{"an IPv6 stranger", "", "2001:db8::1", true, 200},
		{"its neighbour in the same network", "", "[2001:db8::2]:5555", true, 429},
		{"another network", "", "2001:db8:0:1::1", true, 200},
		{"no address: the proxy itself pays", "", "", true, 200},
		{"nonsense: the proxy too", "", "192.0.2.77, unknown", true, 429},
		{"one more, the last that all strangers have", "", "192.0.2.3", true, 200},
		{"all strangers together had enough", "", "192.0.2.4", true, 429},
		{"without a proxy the header is anybody's word", "", "192.0.2.50", false, 200},
		{"so another address in it is the same reader", "", "192.0.2.51", false, 429},
	} {
		version++
		file := w.Wheel(scantest.Wheel{Name: "demo", Version: fmt.Sprint(version)})
		h := direct
		if tc.proxy {
			h = proxied
		}
		var header []string
		if tc.forwarded != "" {
			header = []string{"X-Forwarded-For", tc.forwarded}
		}
		r := send(t, h, "GET", "/pypi/files/demo/"+file, tc.token, nil, header...)
		if r.StatusCode != tc.status {
			t.Errorf("%s: %s, want %d: %s", tc.why, r.Status, tc.status, r.body)
		}
	}
}

// TestSpentBudget: what a client and a program are told, in the status line, the
// body and the headers.
func TestSpentBudget(t *testing.T) {
	w := servertest.New(t)
	file := w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	_, h := start(t, w, func(c *server.Config) { c.Budgets = budget.NewBook(budget.Config{Waits: 1, Now: w.Now}) })
	r := send(t, h, "GET", "/pypi/files/demo/"+file, "", nil)
	const want = "budgets.address.bytes spent until 2026-05-03 12:00 UTC; read with a token, or ask an admin to raise it: 0 bytes fetched a day for 127.0.0.1"
	if r.StatusCode != 429 || strings.TrimSpace(string(r.body)) != want || !strings.HasPrefix(r.Status, "429 budgets.address.bytes spent until 2026-05-03") {
		t.Errorf("%s: %s", r.Status, r.body)
	}
	if after := r.Header.Get("Retry-After"); after != "" {
		t.Errorf("Retry-After: %s: pip would stand still until then", after)
	}
	if w.Fetches.Load() != 0 {
		t.Error("fetched all the same")
	}
	// Soon enough to wait for.
	w.Later(24*time.Hour - 30*time.Second)
	if r := send(t, h, "GET", "/pypi/files/demo/"+file, "", nil); r.Header.Get("Retry-After") != "30" {
		t.Errorf("30 seconds before it opens: Retry-After %q", r.Header.Get("Retry-After"))
	}
	var index struct{ Files []any }
	r = send(t, h, "GET", "/pypi/simple/demo/", "", nil, "Accept", "application/vnd.pypi.simple.v1+json")
	if err := json.Unmarshal(r.body, &index); err != nil || len(index.Files) != 1 {
		t.Errorf("the index: %s %s", r.Status, r.body)
	}
}
