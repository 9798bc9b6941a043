package fetch

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// TestKeep: bytes that are here already pass what fetched ones pass.
func TestKeep(t *testing.T) {
	body := []byte("<project/>")
	const sha1 = "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709" // of nothing
	for _, tc := range []struct {
		why  string
		f    ecosystem.IndexFile
		want error
	}{
		{"nothing is said of them", ecosystem.IndexFile{}, nil},
		{"their digest", ecosystem.IndexFile{SHA256: artifact.DigestOf(body), Size: int64(len(body))}, nil},
		{"another digest", ecosystem.IndexFile{SHA256: artifact.DigestOf(nil)}, ErrDigestMismatch},
		{"another weak digest", ecosystem.IndexFile{Digests: []string{sha1}}, ErrDigestMismatch},
		{"another size", ecosystem.IndexFile{Size: 3}, ErrDigestMismatch},
	} {
		store := diskStore(t)
		q := NewQuarantine(QuarantineConfig{Client: mustNew(t, Config{}), Store: store})
		tc.f.Name = "demo-1.0.pom"
		d, n, err := q.Keep(t.Context(), tc.f, body, "up")
		if !errors.Is(err, tc.want) || tc.want == nil && (d != artifact.DigestOf(body) || n != int64(len(body))) {
			t.Errorf("%s: %s %d %v", tc.why, d, n, err)
		}
		if _, err := store.Stat(t.Context(), artifact.DigestOf(body)); errors.Is(err, fs.ErrNotExist) != (tc.want != nil) {
			t.Errorf("%s: in the store: %v", tc.why, err)
		}
	}
}
