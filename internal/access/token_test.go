package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// memory is Rows in a map.
type memory struct {
	mu      sync.Mutex
	rows    []Token
	touches int
	fault   error // when set, every call fails with it
}

func (m *memory) PutToken(_ context.Context, t Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = append(m.rows, t)
	return m.fault
}

func (m *memory) TokenByHash(_ context.Context, hash string) (Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.rows {
		if t.Hash == hash && m.fault == nil {
			return t, nil
		}
	}
	if m.fault != nil {
		return Token{}, m.fault
	}
	return Token{}, verdict.ErrNotFound
}

func (m *memory) Tokens(context.Context) ([]Token, error) { return m.rows, m.fault }

func (m *memory) RevokeToken(_ context.Context, id, by string, at time.Time) error {
	return m.change(id, func(t *Token) { t.Revoked, t.RevokedBy = at, by })
}

func (m *memory) TouchToken(_ context.Context, id string, at time.Time) error {
	return m.change(id, func(t *Token) { t.LastUsed = at; m.touches++ })
}

func (m *memory) change(id string, f func(*Token)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.rows {
		if m.rows[i].ID == id {
			f(&m.rows[i])
			return m.fault
		}
	}
	return verdict.ErrNotFound
}

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newTokens() (*Tokens, *memory, *clock) {
	m, c := &memory{}, &clock{time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)}
	return NewTokens(m, c.now), m, c
}

func TestTokenLife(t *testing.T) {
	ctx := context.Background()
	tokens, rows, clock := newTokens()
	secret, row, err := tokens.Create(ctx, "ci", Publisher, []string{"main"}, 24*time.Hour, "ada")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", row, rows.rows), secret.Reveal()) {
		t.Error("the row holds the secret")
	}
	if shown := fmt.Sprint(secret); strings.Contains(shown, Prefix) {
		t.Errorf("printing the secret shows it: %s", shown)
	}
	p, err := tokens.Verify(ctx, secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	want := Principal{Kind: Holder, Name: "ci", Token: row.ID, Role: Publisher, Registries: []string{"main"}}
	if fmt.Sprint(p) != fmt.Sprint(want) || p.Registries[0] != "main" {
		t.Errorf("principal %+v, want %+v", p, want)
	}

	clock.t = row.Expires.Add(-time.Millisecond)
	if _, err := tokens.Verify(ctx, secret.Reveal()); err != nil {
		t.Errorf("a moment before its end: %v", err)
	}
	clock.t = row.Expires
	refused(t, tokens, secret.Reveal(), "expired on 2026-05-04", "its end is exclusive")

	clock.t = row.Created
	if err := tokens.Revoke(ctx, row.ID, "ada"); err != nil {
		t.Fatal(err)
	}
	refused(t, tokens, secret.Reveal(), "revoked on 2026-05-03", "a revocation holds at once")
	if err := tokens.Revoke(ctx, "tok_none", "ada"); !errors.Is(err, verdict.ErrNotFound) {
		t.Errorf("revoking an unknown token: %v, want ErrNotFound", err)
	}
}

func TestVerifyTellsATypoFromAnUnknownToken(t *testing.T) {
	tokens, _, _ := newTokens()
	good := newSecret()
	last := good[len(good)-1]
	other := byte('a')
	if last == other {
		other = 'b'
	}
	for _, tc := range []struct{ secret, want, why string }{
		{good, "does not know", "well formed but never given out here"},
		{good[:len(good)-1] + string(other), "checksum", "a wrong last character"},
		{strings.ToUpper(good[:4]) + good[4:], "start with", "an upper-case prefix"},
		{good[:20], "cut", "half of it"},
		{good + "x", "characters", "one too many"},
		{good[:10] + "-" + good[11:], "character", "outside base62"},
		{good[:10] + "\x00" + good[11:], "character", "a zero byte"},
		{"", "start with", "nothing"},
	} {
		refused(t, tokens, tc.secret, tc.want, tc.why)
	}
	swapped := []byte(good)
	for i := 5; i < 30; i++ {
		if swapped[i] != swapped[i+1] {
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			break
		}
	}
	refused(t, tokens, string(swapped), "checksum", "two characters swapped")
}

// refused checks that a secret does not work, why, and that the error does not
// repeat it.
func refused(t *testing.T, tokens *Tokens, secret, want, why string) {
	t.Helper()
	p, err := tokens.Verify(context.Background(), secret)
	if !errors.Is(err, ErrUnauthenticated) || !strings.Contains(err.Error(), want) {
		t.Errorf("Verify: %v, want ErrUnauthenticated with %q (%s)", err, want, why)
	}
	if p.Kind != Nobody || p.Role != "" {
		t.Errorf("Verify gave %v beside its error (%s)", p, why)
	}
	if len(secret) > 10 && err != nil && strings.Contains(err.Error(), secret[4:10]) {
		t.Errorf("the error repeats the secret: %v (%s)", err, why)
	}
}

func TestVerifyFaultIsNoRefusal(t *testing.T) {
	tokens, rows, _ := newTokens()
	secret, _, err := tokens.Create(context.Background(), "ci", Reader, []string{All}, 0, "ada")
	if err != nil {
		t.Fatal(err)
	}
	rows.fault = errors.New("disk gone")
	if _, err := tokens.Verify(context.Background(), secret.Reveal()); err == nil || errors.Is(err, ErrUnauthenticated) {
		t.Errorf("error %v, want a fault that is not ErrUnauthenticated: the client must not throw its token away", err)
	}
}

func TestLastUseIsWrittenOnceAnHour(t *testing.T) {
	ctx := context.Background()
	tokens, rows, clock := newTokens()
	secret, _, err := tokens.Create(ctx, "ci", Reader, []string{All}, 0, "ada")
	if err != nil {
		t.Fatal(err)
	}
	for hour := range 3 {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := tokens.Verify(ctx, secret.Reveal()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if rows.touches != hour+1 {
			t.Fatalf("hour %d: %d writes, want %d", hour, rows.touches, hour+1)
		}
		clock.t = clock.t.Add(time.Hour)
	}
	again := NewTokens(rows, func() time.Time { return clock.t.Add(-30 * time.Minute) })
	if _, err := again.Verify(ctx, secret.Reveal()); err != nil || rows.touches != 3 {
		t.Errorf("after a restart within the hour: %d writes, error %v; want 3, none", rows.touches, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	all := []string{All}
	for _, tc := range []struct {
		name       string
		role       Role
		registries []string
		ttl        time.Duration
		ok         bool
		why        string
	}{
		{"ci", Reader, all, 0, true, "defaults"},
		{"ada@example.invalid", Admin, []string{"main", "team-a"}, MaxTTL, true, "an address and two registries"},
		{"", Reader, all, 0, false, "no name"},
		{"-x", Reader, all, 0, false, "a leading dash reads as an option"},
		{"a b", Reader, all, 0, false, "a blank"},
		{"a\nb", Reader, all, 0, false, "a line break would forge a log line"},
		{"аda", Reader, all, 0, false, "a Cyrillic letter that looks like a Latin one"},
		{strings.Repeat("a", maxName+1), Reader, all, 0, false, "too long"},
		{"ci", "", all, 0, false, "no role"},
		{"ci", "root", all, 0, false, "an unknown role"},
		{"ci", Reader, nil, 0, false, "no scope is not every scope"},
		{"ci", Reader, []string{""}, 0, false, "an empty registry name"},
		{"ci", Reader, []string{"main", All}, 0, false, "all stands alone"},
		{"ci", Reader, make([]string, maxRegistries+1), 0, false, "too many"},
		{"ci", Reader, all, -time.Second, false, "already over"},
		{"ci", Reader, all, MaxTTL + 1, false, "longer than the longest"},
	} {
		tokens, rows, _ := newTokens()
		secret, _, err := tokens.Create(context.Background(), tc.name, tc.role, tc.registries, tc.ttl, "ada")
		if (err == nil) != tc.ok || secret.IsZero() == tc.ok || (len(rows.rows) == 1) != tc.ok {
			t.Errorf("Create(%q, %q, %d registries, %s): error %v, %d rows; want ok %v (%s)",
				tc.name, tc.role, len(tc.registries), tc.ttl, err, len(rows.rows), tc.ok, tc.why)
		}
	}
}

func TestSecretForm(t *testing.T) {
	pattern := regexp.MustCompile("^" + Pattern + "$")
	seen, letters := map[string]bool{}, map[rune]int{}
	const n = 2000
	for range n {
		s := newSecret()
		if !pattern.MatchString(s) || checkSecret(s) != nil || seen[s] {
			t.Fatalf("a made token is not well formed or came twice: length %d", len(s))
		}
		seen[s] = true
		for _, r := range s[len(Prefix) : len(Prefix)+randomLen] {
			letters[r]++
		}
	}
	// 60,000 draws over 62 letters: 968 each, standard deviation 31. A biased
	// modulo would lift eight letters by a quarter.
	for _, r := range base62 {
		if letters[r] < 968-6*31 || letters[r] > 968+6*31 {
			t.Errorf("letter %q came %d times, want about 968", r, letters[r])
		}
	}
}

func FuzzCheckSecret(f *testing.F) {
	f.Add(newSecret())
	f.Add(Prefix)
	f.Add("")
	f.Add(Prefix + strings.Repeat("0", 36))
	f.Add(Prefix + strings.Repeat("\xff", 36))
	pattern := regexp.MustCompile("^" + Pattern + "$")
	f.Fuzz(func(t *testing.T, s string) {
		err := checkSecret(s)
		valid := pattern.MatchString(s) && checksum(s[:secretLen-checksumLen]) == s[secretLen-checksumLen:]
		if (err == nil) != valid {
			t.Errorf("checkSecret(%q) = %v, want valid %v", s, err, valid)
		}
		if err != nil && len(s) > 12 && strings.Contains(err.Error(), s) {
			t.Errorf("the error repeats %q", s)
		}
	})
}
