package budget_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/budget"
)

var begin = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time         { return begin.Add(time.Duration(c.at.Load())) }
func (c *clock) later(by time.Duration) { c.at.Add(int64(by)) }

// all gives every kind the same limit.
func all(n int64) budget.Limits {
	return budget.Limits{Names: n, Unknown: n, Files: n, Bytes: n, ScanTime: time.Duration(n), Waits: int(n)}
}

func book(c *clock, change ...func(*budget.Config)) *budget.Book {
	cfg := budget.Config{Reader: all(3), Address: all(2), Anonymous: all(5), Waits: 100, Now: c.now}
	for _, f := range change {
		f(&cfg)
	}
	return budget.NewBook(cfg)
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// spend takes one at a time until it is refused.
func spend(a *budget.Account, k budget.Kind) int {
	for n := 0; ; n++ {
		if n > 1000 || a.Take(k, 1) != nil {
			return n
		}
	}
}

// TestPurses: who shares a purse with whom.
func TestPurses(t *testing.T) {
	for _, tc := range []struct {
		why    string
		first  func(*budget.Book) *budget.Account
		then   func(*budget.Book) *budget.Account
		n, got int
	}{
		{"two holders have one each", reader("ann"), reader("bob"), 3, 3},
		{"one holder has one, however many accounts", reader("ann"), reader("ann"), 3, 0},
		{"two addresses have one each", address("192.0.2.1"), address("192.0.2.2"), 2, 2},
		{"an IPv4 address written as IPv6 is the same", address("192.0.2.1"), address("::ffff:192.0.2.1"), 2, 0},
		{"a customer's IPv6 /64 is one", address("2001:db8::1"), address("2001:db8::ffff:2"), 2, 0},
		{"another /64 is another", address("2001:db8::1"), address("2001:db8:0:1::1"), 2, 2},
		{"a zone makes no other reader", address("fe80::1%eth0"), address("fe80::1%eth1"), 2, 0},
		{"a holder named as an address is no address", reader("192.0.2.1"), address("192.0.2.1"), 3, 2},
		{"an address that is not known has one too", address(""), address(""), 2, 0},
	} {
		b := book(&clock{})
		if n := spend(tc.first(b), budget.Files); n != tc.n {
			t.Errorf("%s: the first took %d, want %d", tc.why, n, tc.n)
		}
		if n := spend(tc.then(b), budget.Files); n != tc.got {
			t.Errorf("%s: the second took %d, want %d", tc.why, n, tc.got)
		}
	}
}

func reader(name string) func(*budget.Book) *budget.Account {
	return func(b *budget.Book) *budget.Account { return b.Reader(name) }
}

func address(s string) func(*budget.Book) *budget.Account {
	return func(b *budget.Book) *budget.Account {
		if s == "" {
			return b.Address(netip.Addr{})
		}
		return b.Address(ip(s))
	}
}

// TestAllStrangersTogether: many addresses have no more than their total, and
// holders do not pay for it.
func TestAllStrangersTogether(t *testing.T) {
	b := book(&clock{})
	got := 0
	for i := range 20 {
		got += spend(b.Address(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})), budget.Names)
	}
	if got != 5 {
		t.Errorf("20 addresses took %d, want the 5 for all together", got)
	}
	err := b.Address(ip("198.51.100.1")).Take(budget.Names, 1)
	if e, ok := errors.AsType[*budget.Exhausted](err); !ok || e.Key != "anonymous" {
		t.Errorf("a newcomer: %v, want the budget for all", err)
	}
	if n := spend(b.Reader("ann"), budget.Names); n != 3 {
		t.Errorf("a holder took %d, want 3", n)
	}
}

// TestRefusedTakesNothing: what one purse refuses is not taken from the other.
func TestRefusedTakesNothing(t *testing.T) {
	b := book(&clock{})
	first := b.Address(ip("192.0.2.1"))
	for range 10 {
		spend(first, budget.Names) // 2 of its own; the rest is refused
	}
	if n := spend(b.Address(ip("192.0.2.2")), budget.Names) + spend(b.Address(ip("192.0.2.3")), budget.Names); n != 3 {
		t.Errorf("the others took %d of the total, want the 3 that are left", n)
	}
}

// TestDay: a purse is full again a day after its first coin, and the error says
// when that is.
func TestDay(t *testing.T) {
	c := &clock{}
	a := book(c).Reader("ann")
	c.later(time.Hour)
	spend(a, budget.Files)
	c.later(5 * time.Hour)
	e, ok := errors.AsType[*budget.Exhausted](a.Take(budget.Files, 1))
	if want := begin.Add(25 * time.Hour); !ok || !e.Opens.Equal(want) || e.After != 19*time.Hour {
		t.Fatalf("%+v, want it to open at %s, in 19 hours", e, want)
	}
	c.later(e.After - 1)
	if n := spend(a, budget.Files); n != 0 {
		t.Errorf("just before: %d", n)
	}
	c.later(1)
	if n := spend(a, budget.Files); n != 3 {
		t.Errorf("when it opens: %d, want 3", n)
	}
}

// TestOverdraw: the last coin may be a large one; what is charged afterwards
// counts too, and what is given back is there again.
func TestOverdraw(t *testing.T) {
	a := book(&clock{}).Reader("ann")
	if err := a.Take(budget.Bytes, 1000); err != nil {
		t.Errorf("one large file: %v", err)
	}
	if a.Take(budget.Bytes, 0) == nil {
		t.Error("something is left")
	}
	a.Charge(budget.ScanTime, 3)
	if a.Take(budget.ScanTime, 0) == nil {
		t.Error("a charge did not count")
	}
	a.Charge(budget.ScanTime, -1)
	if err := a.Take(budget.ScanTime, 0); err != nil {
		t.Errorf("given back: %v", err)
	}
	a.Charge(budget.ScanTime, -1000)
	if n := spend(a, budget.ScanTime); n != 3 {
		t.Errorf("more was given back than taken: %d, want 3", n)
	}
}

// TestZeroAllowsNothing: a limit that nobody set is the small one.
func TestZeroAllowsNothing(t *testing.T) {
	a := budget.NewBook(budget.Config{}).Reader("ann")
	if a.Take(budget.Names, 1) == nil {
		t.Error("took from an empty purse")
	}
	if _, ok := a.Wait(); ok {
		t.Error("waits where there is no place")
	}
}

// TestWaits: places are bounded for each and for all, and given back once.
func TestWaits(t *testing.T) {
	b := book(&clock{}, func(c *budget.Config) { c.Waits = 4 })
	ann, bob, stranger := b.Reader("ann"), b.Reader("bob"), b.Address(ip("192.0.2.1"))
	var ends []func()
	wait := func(a *budget.Account, want bool) {
		t.Helper()
		done, ok := a.Wait()
		if ok != want {
			t.Errorf("%d wait: another may %t, want %t", len(ends), ok, want)
		}
		if ok {
			ends = append(ends, done)
		}
	}
	wait(stranger, true)
	wait(stranger, true)
	wait(stranger, false) // two of one address
	wait(ann, true)
	wait(ann, true)
	wait(bob, false) // four in all
	ends[0]()
	ends[0]() // twice is once
	wait(bob, true)
	wait(ann, false)
}

// TestTrackedIsBounded: strangers from more addresses than are tracked share one
// purse, do not push out those that are, and are tracked again another day.
func TestTrackedIsBounded(t *testing.T) {
	c := &clock{}
	b := book(c, func(cfg *budget.Config) { cfg.Tracked, cfg.Anonymous = 10, all(1000) })
	nth := func(i int) *budget.Account {
		return b.Address(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	for i := range 10 {
		spend(nth(i), budget.Names)
	}
	rest := 0
	for i := 10; i < 500; i++ {
		rest += spend(nth(i), budget.Names)
	}
	if rest != 2 {
		t.Errorf("490 newcomers took %d, want the 2 of the purse that they share", rest)
	}
	if n := spend(nth(0), budget.Names); n != 0 {
		t.Errorf("one that is tracked took %d more", n)
	}
	if n := spend(b.Reader("ann"), budget.Names); n != 3 {
		t.Errorf("a holder took %d, want 3: addresses take no room of theirs", n)
	}
	c.later(25 * time.Hour)
	if n := spend(nth(777), budget.Names); n != 2 {
		t.Errorf("a newcomer the next day took %d, want 2", n)
	}
	if n := spend(nth(778), budget.Names); n != 2 {
		t.Errorf("another took %d, want a purse of its own: the old ones are gone", n)
	}
}

// TestNobody: no book, no account and no context count nothing.
func TestNobody(t *testing.T) {
	var none *budget.Book
	for _, a := range []*budget.Account{nil, none.Reader("ann"), none.Address(ip("192.0.2.1")), budget.From(context.Background())} {
		a.Charge(budget.Bytes, 1<<60)
		if err := a.Take(budget.Bytes, 1<<60); err != nil {
			t.Error(err)
		}
		if done, ok := a.Wait(); !ok {
			t.Error("may not wait")
		} else {
			done()
		}
	}
	a := book(&clock{}).Reader("ann")
	if budget.From(budget.With(t.Context(), a)) != a {
		t.Error("the account is not found again")
	}
}

// TestSentences say which budget, when it opens and what to do, briefly enough
// for a status line.
func TestSentences(t *testing.T) {
	b := book(&clock{})
	for _, tc := range []struct {
		a    *budget.Account
		k    budget.Kind
		want string
	}{
		{b.Reader("ci"), budget.Names, "budgets.reader.names spent until 2026-05-03 12:00 UTC; ask an admin to raise it: 3 new names asked upstream a day for ci"},
		{b.Address(ip("2001:db8::7")), budget.ScanTime, "budgets.address.scan_time spent until 2026-05-03 12:00 UTC; read with a token, or ask an admin to raise it: 2ns of scanning a day for 2001:db8::/64"},
	} {
		spend(tc.a, tc.k)
		if err := tc.a.Take(tc.k, 1); err == nil || err.Error() != tc.want {
			t.Errorf("got  %v\nwant %s", err, tc.want)
		}
	}
	for k := budget.Names; k <= budget.ScanTime; k++ {
		if s := (&budget.Exhausted{Kind: k}).Error(); strings.Contains(s, "!") {
			t.Errorf("kind %d: %s", k, s)
		}
	}
}

// TestConcurrent takers never get more than there is.
func TestConcurrent(t *testing.T) {
	b := book(&clock{}, func(c *budget.Config) { c.Reader, c.Address, c.Anonymous = all(100), all(50), all(70) })
	var took [2]atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 50 {
				if b.Reader("ann").Take(budget.Files, 1) == nil {
					took[0].Add(1)
				}
				if b.Address(ip(fmt.Sprintf("192.0.2.%d", i%2))).Take(budget.Files, 1) == nil {
					took[1].Add(1)
				}
			}
		})
	}
	wg.Wait()
	if took[0].Load() != 100 || took[1].Load() != 70 {
		t.Errorf("took %d and %d, want 100 and 70", took[0].Load(), took[1].Load())
	}
}
