package fetch

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// TestEveryKnownDigestHolds: bytes that meet one promise of an index and break
// another are kept nowhere.
func TestEveryKnownDigestHolds(t *testing.T) {
	content := strings.Repeat("tarball ", 10_000)
	sum1, sum384, sum512 := sha1.Sum([]byte(content)), sha512.Sum384([]byte(content)), sha512.Sum512([]byte(content))
	right := []string{"sha1:" + hex.EncodeToString(sum1[:]), "sha384:" + hex.EncodeToString(sum384[:]), "sha512:" + hex.EncodeToString(sum512[:]),
		"sha256:" + string(artifact.DigestOf([]byte(content)))}
	for _, tc := range []struct {
		digests []string
		sha     artifact.Digest
		good    bool
		why     string
	}{
		{right, "", true, "all agree"},
		{right, artifact.DigestOf([]byte(content)), true, "and the one that it is stored under"},
		{[]string{"sha1:" + strings.Repeat("0", 40)}, "", false, "another sha1"},
		{[]string{right[2], "sha1:" + strings.Repeat("0", 40)}, "", false, "one agrees, the other not"},
		{[]string{"sha384:" + strings.Repeat("0", 96)}, "", false, "another sha384"},
		{[]string{"sha512:" + strings.Repeat("0", 128)}, artifact.DigestOf([]byte(content)), false, "the sha256 agrees"},
		{[]string{"sha512:"}, "", false, "no digest at all"},
		{[]string{"sha512:" + right[2][7:60]}, "", false, "half of one"},
		{[]string{"whirlpool:00"}, "", true, "an algorithm that nobody here knows"},
	} {
		up := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) })
		store := diskStore(t)
		q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: store})
		f := ecosystem.IndexFile{Name: "a-1.tgz", URL: up.URL + "/a", SHA256: tc.sha, Digests: tc.digests}
		d, _, err := q.Fetch(t.Context(), f, "npm")
		if tc.good && (err != nil || d != artifact.DigestOf([]byte(content))) {
			t.Errorf("%s: %s, %v", tc.why, d, err)
		}
		if !tc.good && (!errors.Is(err, ErrDigestMismatch) || d != "" || count(t, store) != 0) {
			t.Errorf("%s: %s, %v with %d kept; want a mismatch and nothing", tc.why, d, err, count(t, store))
		}
	}
}

// TestDigestsOfWhatIsHere: bytes that are stored already are not fetched, and held
// against what the index says now.
func TestDigestsOfWhatIsHere(t *testing.T) {
	content := "bytes"
	sum := sha512.Sum512([]byte(content))
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) })
	q := NewQuarantine(QuarantineConfig{Client: mustNew(t, testConfig(up)), Store: diskStore(t)})
	f := ecosystem.IndexFile{Name: "a", URL: up.URL, SHA256: artifact.DigestOf([]byte(content))}
	for _, tc := range []struct {
		digest string
		want   error
	}{{"", nil}, {"sha512:" + hex.EncodeToString(sum[:]), nil}, {"sha512:" + strings.Repeat("0", 128), ErrDigestMismatch}} {
		f.Digests = nil
		if tc.digest != "" {
			f.Digests = []string{tc.digest}
		}
		if _, _, err := q.Fetch(t.Context(), f, "npm"); !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
			t.Errorf("%.20s: %v, want %v", tc.digest, err, tc.want)
		}
	}
}

// TestTrust: an upstream that is found later is reached as if it had been
// configured, and nothing else is.
func TestTrust(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "index") })
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "secret") })
	c := mustNew(t, Config{Attempts: 1})
	if _, err := c.Get(t.Context(), Request{URL: up.URL}); !errors.Is(err, ErrBlockedAddress) {
		t.Fatalf("before: %v", err)
	}
	if err := c.Trust("no port", false); err == nil {
		t.Error("an address without a port is taken")
	}
	hostPort, err := HostPort(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Trust(hostPort, false); err != nil {
		t.Fatal(err)
	}
	r, err := c.Get(t.Context(), Request{URL: up.URL})
	if err != nil {
		t.Fatalf("after: %v", err)
	}
	r.Body.Close()
	if _, err := c.Get(t.Context(), Request{URL: other.URL}); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("another address: %v", err)
	}
}
