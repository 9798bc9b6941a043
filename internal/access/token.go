package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Limits of what a token may be.
const (
	DefaultTTL    = 90 * 24 * time.Hour  // when nobody says how long
	MaxTTL        = 366 * 24 * time.Hour // the longest life of a token
	maxName       = 64                   // characters of a name
	maxRegistries = 100
	maxNames      = 100       // patterns of one token
	maxPattern    = 200       // bytes of one
	touchEvery    = time.Hour // last use is written at most this often
)

// ErrUnauthenticated says that there is no valid credential; the answer is 401
// with a challenge (see Challenge). Its text is public.
var ErrUnauthenticated = errors.New("a valid gatehouse token is needed")

// Token is what is kept about a token; the secret itself is not.
type Token struct {
	ID         string // public, "tok_" and eight characters
	Hash       string // SHA-256 of the secret, hex
	Name       string // who acts with it
	Role       Role
	Registries []string // names, or All
	Names      []string // patterns of the names it may publish; none: every name
	CreatedBy  string
	Created    time.Time
	Expires    time.Time
	Revoked    time.Time // zero: not revoked
	RevokedBy  string
	LastUsed   time.Time // zero: never; right to the hour
}

// Rows keeps tokens. Not found is verdict.ErrNotFound.
type Rows interface {
	// PutToken adds a token; an id or hash that is there already is verdict.ErrConflict.
	PutToken(ctx context.Context, t Token) error
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// Tokens lists all ever created, newest first.
	Tokens(ctx context.Context) ([]Token, error)
	// RevokeToken ends a token; the first revocation stays.
	RevokeToken(ctx context.Context, id, by string, at time.Time) error
	// TouchToken notes a use.
	TouchToken(ctx context.Context, id string, at time.Time) error
}

// Tokens creates, verifies and revokes tokens. Safe for concurrent use.
type Tokens struct {
	rows    Rows
	now     func() time.Time
	touched sync.Map // token id -> unix ms of the last use written by this process
}

// NewTokens uses rows, and now as its clock.
func NewTokens(rows Rows, now func() time.Time) *Tokens { return &Tokens{rows: rows, now: now} }

// Create makes a token and gives its secret, which is shown this once and kept
// nowhere. name is who acts with it: people who hold several tokens keep one
// name, so that nobody approves their own request with another token. registries
// are names, or All alone; ttl 0 is DefaultTTL. by is written beside it. publishes
// are patterns such as "acme-*" of the names that a publisher's token may publish;
// none are all names.
func (t *Tokens) Create(ctx context.Context, name string, role Role, registries []string, ttl time.Duration, by string, publishes ...string) (secretref.Secret, Token, error) {
	if ttl == 0 {
		ttl = DefaultTTL
	}
	if err := errors.Join(checkNew(name, role, registries, ttl), checkPatterns(role, publishes)); err != nil {
		return secretref.Secret{}, Token{}, fmt.Errorf("creating token: %w", err)
	}
	secret, now := newSecret(), t.now()
	row := Token{
		ID: "tok_" + randomText(8), Hash: hashSecret(secret),
		Name: name, Role: role, Registries: slices.Clone(registries), Names: slices.Clone(publishes),
		CreatedBy: by, Created: now, Expires: now.Add(ttl),
	}
	if err := t.rows.PutToken(ctx, row); err != nil {
		return secretref.Secret{}, Token{}, fmt.Errorf("creating token %s: %w", name, err)
	}
	return secretref.New(secret), row, nil
}

// Verify gives the principal behind a secret. A secret that nobody may use any
// more, or never could, is ErrUnauthenticated with the reason; any other error
// is a fault of ours. It reads the store each time: a revocation holds at once.
func (t *Tokens) Verify(ctx context.Context, secret string) (Principal, error) {
	if err := checkSecret(secret); err != nil {
		return Principal{}, fmt.Errorf("%w: what was sent %w", ErrUnauthenticated, err)
	}
	// Looking a hash up takes a time that depends on how much of it exists; who
	// measures that learns about hashes they chose, not about the secrets.
	hash := hashSecret(secret)
	row, err := t.rows.TokenByHash(ctx, hash)
	if errors.Is(err, verdict.ErrNotFound) {
		return Principal{}, fmt.Errorf("%w: this gate does not know the one that was sent", ErrUnauthenticated)
	}
	if err != nil {
		return Principal{}, fmt.Errorf("verifying token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(row.Hash), []byte(hash)) != 1 {
		return Principal{}, fmt.Errorf("verifying token %s: the store answered with another one", row.ID)
	}
	now := t.now()
	if err := row.usable(now); err != nil {
		return Principal{}, err
	}
	t.touch(ctx, row, now)
	return Principal{Kind: Holder, Name: row.Name, Token: row.ID, Role: row.Role, Registries: row.Registries, Names: row.Names}, nil
}

// List gives all tokens ever created, newest first.
func (t *Tokens) List(ctx context.Context) ([]Token, error) { return t.rows.Tokens(ctx) }

// Revoke ends a token now. Revoking again changes nothing; an unknown id is
// verdict.ErrNotFound.
func (t *Tokens) Revoke(ctx context.Context, id, by string) error {
	return t.rows.RevokeToken(ctx, id, by, t.now())
}

// usable says why a token no longer works. Its end is exclusive.
func (row Token) usable(now time.Time) error {
	if !row.Revoked.IsZero() {
		return fmt.Errorf("%w: token %s (%s) was revoked on %s; ask an admin for another",
			ErrUnauthenticated, row.ID, row.Name, row.Revoked.UTC().Format(time.DateOnly))
	}
	if !now.Before(row.Expires) {
		return fmt.Errorf("%w: token %s (%s) expired on %s; ask an admin for another",
			ErrUnauthenticated, row.ID, row.Name, row.Expires.UTC().Format(time.DateOnly))
	}
	return nil
}

// touch writes the last use, at most once an hour for each token however many
// requests come at once. A store that cannot write (a full disk) must not stop
// readers, so that is a line in the log and no error.
func (t *Tokens) touch(ctx context.Context, row Token, now time.Time) {
	if now.Sub(row.LastUsed) < touchEvery {
		return
	}
	last, seen := t.touched.LoadOrStore(row.ID, now.UnixMilli())
	if seen {
		recent := now.UnixMilli()-last.(int64) < touchEvery.Milliseconds()
		if recent || !t.touched.CompareAndSwap(row.ID, last, now.UnixMilli()) {
			return // written, or being written, by another request
		}
	}
	if err := t.rows.TouchToken(ctx, row.ID, now); err != nil {
		slog.WarnContext(ctx, "cannot write a token's last use", "token", row.ID, "err", err)
	}
}

func checkNew(name string, role Role, registries []string, ttl time.Duration) error {
	if !plainName(name) {
		return fmt.Errorf("name %.80q: use 1 to %d of a-z A-Z 0-9 . _ @ + -, a letter or digit first", name, maxName)
	}
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	if ttl < 0 || ttl > MaxTTL {
		return fmt.Errorf("a life of %s: use more than 0 and at most %d days", ttl, MaxTTL/(24*time.Hour))
	}
	return checkScope(registries)
}

// checkPatterns refuses patterns that would not mean what they seem to: only a star
// stands for other characters, and a role that publishes nothing has no names.
func checkPatterns(role Role, patterns []string) error {
	if len(patterns) > 0 && role != Publisher {
		return fmt.Errorf("name patterns are for role %s, and this token is %s", Publisher, role)
	}
	if len(patterns) > maxNames {
		return fmt.Errorf("%d name patterns: at most %d", len(patterns), maxNames)
	}
	for _, p := range patterns {
		plain := p != "" && len(p) <= maxPattern
		for i := range len(p) {
			c := p[i]
			plain = plain && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '*')
		}
		if !plain || strings.Trim(p, "*") == "" {
			return fmt.Errorf("name pattern %.80q: write a name in lower case with '-' between its words, and * for what may differ, such as acme-*", p)
		}
	}
	return nil
}

func checkScope(registries []string) error {
	if len(registries) == 0 || len(registries) > maxRegistries {
		return fmt.Errorf("%d registries: name 1 to %d, or %q for all", len(registries), maxRegistries, All)
	}
	if len(registries) == 1 && registries[0] == All {
		return nil
	}
	for _, r := range registries {
		if !plainName(r) {
			return fmt.Errorf("registry %.80q is no registry name; %q stands alone", r, All)
		}
	}
	return nil
}

func plainName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		inside := c == '.' || c == '_' || c == '@' || c == '+' || c == '-'
		if !alnum && (i == 0 || !inside) {
			return false
		}
	}
	return true
}
