package ecosystemtest

import (
	"bytes"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// testSingleFlight: a hundred clients at once cost one request for the index and one
// for the file, and one look at it.
func testSingleFlight(t *testing.T, s Suite) {
	const clients = 100
	p := s.pkg("demo", "1.0.0")
	r := p.Releases[0]
	v := open(t, s, p)
	all := func(ask func() Got, whole func(Got) bool) {
		t.Helper()
		hold := make(chan struct{})
		v.shop.change(func() { v.shop.hold = hold })
		var arrived atomic.Int32
		count := func() {
			if arrived.Add(1) == clients {
				close(hold)
			}
		}
		v.arrived.Store(&count)
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				if got := ask(); !whole(got) {
					t.Errorf("%s: %.200s", got.Status, got.Body)
				}
			})
		}
		wg.Wait()
		v.arrived.Store(nil)
		v.shop.change(func() { v.shop.hold = nil })
	}
	index := s.Pages(p.Name)[0]
	all(func() Got { return v.page(http.MethodGet, index) }, func(g Got) bool { return g.Code == http.StatusOK && len(g.Body) > 0 })
	all(func() Got { return v.download(r) }, func(g Got) bool { return g.Code == http.StatusOK && bytes.Equal(g.Body, s.Archive(t, r)) })
	v.shop.mu.Lock()
	defer v.shop.mu.Unlock()
	for path, times := range v.shop.asked {
		if times > 1 {
			t.Errorf("%s was asked for %d times", path, times)
		}
	}
	for _, path := range []string{s.UpstreamIndex(p.Name), s.UpstreamFile(r)} {
		if v.shop.asked[path] != 1 {
			t.Errorf("%s was asked for %d times, want once: %v", path, v.shop.asked[path], v.shop.asked)
		}
	}
	if n := v.Inspects.Load(); n != 1 {
		t.Errorf("the file was looked at %d times", n)
	}
}

// testDown: what is known goes on, what was admitted is served, and what is new is
// "not now", which is not "not there".
func testDown(t *testing.T, s Suite) {
	p, unseen := s.pkg("demo", "1.0.0", "1.1.0"), s.pkg("left", "1.0.0")
	v := open(t, s, p, unseen)
	v.admitted(p.Releases[0])
	before := v.seen(p.Name)
	v.shop.change(func() { v.shop.down = true })
	for _, wait := range []time.Duration{0, indexcache.DefaultTTL, time.Hour} {
		v.Later(wait)
		if after := v.seen(p.Name); len(after) != len(before) || shown(after, p.Releases[0].Number) != Plain {
			t.Errorf("%s after it went down: %v, before %v", wait, after, before)
		}
		v.admitted(p.Releases[0])
	}
	for _, path := range []string{s.Download(p.Releases[1]), s.Pages(unseen.Name)[0], s.Download(unseen.Releases[0])} {
		got := v.page(http.MethodGet, path)
		if got.Code != http.StatusServiceUnavailable || len(got.Body) > 4<<10 || bytes.Contains(got.Body, []byte("127.0.0.1")) {
			t.Errorf("%s, which is new: %s %.200s", path, got.Status, got.Body)
		}
	}
	v.shop.change(func() { v.shop.down = false })
	v.Later(time.Hour)
	v.admitted(p.Releases[1])
	v.admitted(unseen.Releases[0])
}
