// Package budget bounds what one reader can make the gate do in a day: names
// asked upstream, files looked at, bytes fetched, time spent scanning. Without
// it whoever may read can fill the disk and keep every core busy by asking for
// what nobody has asked for yet.
//
// A Book keeps a purse for each token's holder, for each address that reads
// without a token (an IPv4 address, or an IPv6 /64, which is what one customer
// gets), and one for all addresses together. The purses are in memory only: a
// restart fills them again. Their number is bounded; past it, newcomers share
// one. What is done for nobody in particular (a request at the command line, an
// admission) has no account and is not counted.
//
// It promises never to write anything down, and that a Take which fails has taken
// nothing from anybody.
package budget

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Kind is one of the things that are counted.
type Kind int

// The kinds. Bytes are counted as they arrive, ScanTime in nanoseconds when a
// scan ends.
const (
	Names    Kind = iota // names asked upstream that nothing was known of
	Unknown              // those of them that the upstream does not know
	Files                // files looked at
	Bytes                // bytes fetched
	ScanTime             // time spent scanning
	kinds
)

// key is the kind's name in the configuration, and what says it in a sentence.
func (k Kind) key() string {
	return [kinds]string{"names", "unknown", "files", "bytes", "scan_time"}[k]
}

func (k Kind) words() string {
	return [kinds]string{"new names asked upstream", "names unknown upstream", "new files looked at", "bytes fetched", "of scanning"}[k]
}

func (k Kind) amount(n int64) string {
	if k == ScanTime {
		return time.Duration(n).String()
	}
	return fmt.Sprint(n)
}

// Limits are what one purse allows in a day. A limit of 0 allows nothing.
type Limits struct {
	Names, Unknown, Files, Bytes int64
	ScanTime                     time.Duration
	Waits                        int // clients kept waiting at once
}

func (l Limits) of(k Kind) int64 {
	return [kinds]int64{l.Names, l.Unknown, l.Files, l.Bytes, int64(l.ScanTime)}[k]
}

// Config sets up a Book. Tracked and Now have defaults.
type Config struct {
	Reader    Limits // each token's holder
	Address   Limits // each address without a token
	Anonymous Limits // all addresses without a token together
	Waits     int    // clients kept waiting at once, whoever they are
	Tracked   int    // purses kept of holders, and of addresses
	Now       func() time.Time
	// Refused is told the kind of each Take that failed, for whoever counts; it
	// shall return at once. Nil: nobody counts.
	Refused func(kind string)
}

// DefaultTracked is how many purses of one sort are kept: about 200 bytes each.
const DefaultTracked = 20_000

// day is how long a purse lasts from its first coin on. It is not the calendar's:
// not everybody's shall open at midnight.
const day = 24 * time.Hour

// Book keeps the purses. It is safe for concurrent use; a nil Book counts
// nothing.
type Book struct {
	cfg Config

	mu        sync.Mutex
	readers   shelf
	addresses shelf
	anonymous purse
	waits     int
}

// NewBook makes a Book with every purse full.
func NewBook(cfg Config) *Book {
	if cfg.Tracked <= 0 {
		cfg.Tracked = DefaultTracked
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Book{cfg: cfg}
}

// purse is what was spent since it was begun.
type purse struct {
	began time.Time
	spent [kinds]int64
	waits int
}

// shelf holds purses of one sort. overflow is shared by those that have no room.
type shelf struct {
	rows     map[string]*purse
	overflow purse
	swept    time.Time
}

// sweepEvery bounds the work that a flood of newcomers causes.
const sweepEvery = time.Minute

// purse finds a purse, of today.
func (s *shelf) purse(key string, most int, now time.Time) *purse {
	p := s.rows[key]
	if p == nil {
		p = s.begin(key, most, now)
	}
	p.renew(now)
	return p
}

func (s *shelf) begin(key string, most int, now time.Time) *purse {
	if len(s.rows) >= most && now.Sub(s.swept) >= sweepEvery {
		s.swept = now
		for k, p := range s.rows {
			if p.over(now) && p.waits == 0 {
				delete(s.rows, k)
			}
		}
	}
	if len(s.rows) >= most {
		return &s.overflow
	}
	if s.rows == nil {
		s.rows = map[string]*purse{}
	}
	p := &purse{}
	s.rows[key] = p
	return p
}

func (p *purse) over(now time.Time) bool { return now.Sub(p.began) >= day }

func (p *purse) renew(now time.Time) {
	if p.over(now) {
		p.began, p.spent = now, [kinds]int64{}
	}
}

// Account is one reader's part of a Book. Making one costs nothing: its purse is
// begun when something is taken. A nil Account may do anything. Accounts are safe
// for concurrent use.
type Account struct {
	book   *Book
	holder string     // a token's holder, or
	addr   netip.Addr // who reads without one; the invalid address for one that is not known
}

// Reader is the account of a token's holder.
func (b *Book) Reader(holder string) *Account {
	if b == nil {
		return nil
	}
	return &Account{book: b, holder: holder}
}

// Address is the account of somebody without a token.
func (b *Book) Address(a netip.Addr) *Account {
	if b == nil {
		return nil
	}
	return &Account{book: b, addr: network(a)}
}

// network is the part of an address that one customer cannot choose.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// Whose names the account: a token's holder, or an address with its network's
// length; "" for nobody's.
func (a *Account) Whose() string {
	switch {
	case a == nil:
		return ""
	case a.holder != "":
		return a.holder
	case a.addr.Is6():
		return a.addr.String() + "/64"
	}
	return a.addr.String()
}

// pocket is a purse with what it allows and whose it is.
type pocket struct {
	*purse
	limits Limits
	whose  string // for people
	key    string // in the configuration
}

// pockets lists the purses that pay for a. The Book is locked.
func (a *Account) pockets(now time.Time) []pocket {
	b := a.book
	if a.holder != "" {
		return []pocket{{b.readers.purse(a.holder, b.cfg.Tracked, now), b.cfg.Reader, a.holder, "reader"}}
	}
	b.anonymous.renew(now)
	whose := a.Whose()
	return []pocket{
		{b.addresses.purse(whose, b.cfg.Tracked, now), b.cfg.Address, whose, "address"},
		{&b.anonymous, b.cfg.Anonymous, "all readers without a token together", "anonymous"},
	}
}

// Take spends n of a kind where something of it is left in every purse that pays;
// the last of it may be overdrawn, so that one large file passes. Else the error
// is an *Exhausted and nothing was spent. n may be 0: is anything left?
func (a *Account) Take(k Kind, n int64) error {
	if a == nil {
		return nil
	}
	b := a.book
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	pockets := a.pockets(now)
	for _, p := range pockets {
		if p.spent[k] >= p.limits.of(k) {
			if b.cfg.Refused != nil {
				b.cfg.Refused(k.key())
			}
			return &Exhausted{Kind: k, Whose: p.whose, Limit: p.limits.of(k), Key: p.key, Opens: p.began.Add(day), After: p.began.Add(day).Sub(now)}
		}
	}
	for _, p := range pockets {
		p.spent[k] += n
	}
	return nil
}

// Charge spends what was used already, whatever is left; a negative n gives back
// what was taken.
func (a *Account) Charge(k Kind, n int64) {
	if a == nil || n == 0 {
		return
	}
	a.book.mu.Lock()
	defer a.book.mu.Unlock()
	for _, p := range a.pockets(a.book.cfg.Now()) {
		p.spent[k] = max(0, p.spent[k]+n)
	}
}

// Wait takes one of the places for clients that wait with their connection open;
// done gives it back. Where every place is taken, ok is false.
func (a *Account) Wait() (done func(), ok bool) {
	if a == nil {
		return func() {}, true
	}
	b := a.book
	b.mu.Lock()
	defer b.mu.Unlock()
	pockets := a.pockets(b.cfg.Now())
	if b.waits >= b.cfg.Waits {
		return nil, false
	}
	for _, p := range pockets {
		if p.waits >= p.limits.Waits {
			return nil, false
		}
	}
	b.waits++
	for _, p := range pockets {
		p.waits++
	}
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waits--
		for _, p := range pockets {
			p.waits--
		}
	}), true
}

// Exhausted says that a purse is empty, and when it is filled again.
type Exhausted struct {
	Kind  Kind
	Whose string
	Limit int64 // as Limits count it
	Key   string
	Opens time.Time
	After time.Duration // until then, from the asking on
}

// Error is a sentence for whoever asked: which budget, when it opens, what to do.
// Status lines have room for as much of it; how much the budget is comes after.
func (e *Exhausted) Error() string {
	do := "ask an admin to raise it"
	if e.Key != "reader" {
		do = "read with a token, or " + do
	}
	return fmt.Sprintf("budgets.%s.%s spent until %s; %s: %s %s a day for %s",
		e.Key, e.Kind.key(), e.Opens.UTC().Format("2006-01-02 15:04 UTC"), do, e.Kind.amount(e.Limit), e.Kind.words(), e.Whose)
}

type key struct{}

// With gives work done under ctx an account to pay for it.
func With(ctx context.Context, a *Account) context.Context {
	return context.WithValue(ctx, key{}, a)
}

// From gives the account of ctx, nil where nobody in particular asked.
func From(ctx context.Context) *Account {
	a, _ := ctx.Value(key{}).(*Account)
	return a
}
