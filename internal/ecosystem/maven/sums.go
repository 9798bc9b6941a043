package maven

import (
	"crypto/md5"  // what old clients compare; nothing here trusts it
	"crypto/sha1" // the same
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// algorithms are the checksums that lie beside every file of a repository, by the
// ending of their names.
var algorithms = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// sumsOf are all checksums of b, by algorithm, in lower-case hex.
func sumsOf(b []byte) map[string]string {
	h := newHashes()
	_, _ = h.Write(b)
	return h.sums()
}

// hashes computes every checksum at once.
type hashes map[string]hash.Hash

func newHashes() hashes {
	h := hashes{}
	for name, make := range algorithms {
		h[name] = make()
	}
	return h
}

// Write implements io.Writer; it never fails.
func (h hashes) Write(b []byte) (int, error) {
	for _, one := range h {
		one.Write(b)
	}
	return len(b), nil
}

func (h hashes) sums() map[string]string {
	out := make(map[string]string, len(h))
	for name, one := range h {
		out[name] = hex.EncodeToString(one.Sum(nil))
	}
	return out
}

// sumCache keeps the checksums of files by their bytes' digest. The zero value is
// ready; it is safe for concurrent use.
type sumCache struct {
	mu   sync.Mutex
	rows map[artifact.Digest]map[string]string
}

// maxSums is of how many files checksums are kept, some 400 bytes each.
const maxSums = 20_000

// of gives the checksums of a body of that digest, which is at its start before and
// after.
func (c *sumCache) of(d artifact.Digest, body io.ReadSeeker) (map[string]string, error) {
	c.mu.Lock()
	have := c.rows[d]
	c.mu.Unlock()
	if have != nil {
		return have, nil
	}
	h := newHashes()
	if _, err := io.Copy(h, body); err != nil {
		return nil, err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	sums := h.sums()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil || len(c.rows) >= maxSums {
		c.rows = map[artifact.Digest]map[string]string{}
	}
	c.rows[d] = sums
	return sums, nil
}
