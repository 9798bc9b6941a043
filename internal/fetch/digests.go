package fetch

import (
	"crypto/sha1" // what npm's and Maven's older indexes promise; never the only proof where there is a better one
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

// hashes are the algorithms that an index may promise a file's bytes by.
var hashes = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}

// promise is one digest that an index names.
type promise struct {
	text string // "sha512:…", as the index has it
	want string // lower-case hex
	got  hash.Hash
}

// promises are those of ecosystem.IndexFile.Digests whose algorithm is known here.
// One that is no digest of its algorithm stays, and is met by nothing.
type promises []promise

func promisesOf(digests []string) promises {
	var out promises
	for _, d := range digests {
		algorithm, want, _ := strings.Cut(d, ":")
		if h, ok := hashes[algorithm]; ok {
			out = append(out, promise{d, want, h()})
		}
	}
	return out
}

// Write implements io.Writer; it never fails.
func (ps promises) Write(b []byte) (int, error) {
	for _, p := range ps {
		p.got.Write(b)
	}
	return len(b), nil
}

// kept says, once all bytes were written, whether every promise was.
func (ps promises) kept() error {
	for _, p := range ps {
		if got := hex.EncodeToString(p.got.Sum(nil)); got != p.want {
			algorithm, _, _ := strings.Cut(p.text, ":")
			return fmt.Errorf("%w: the index says %.160s, the bytes have %s:%s", ErrDigestMismatch, p.text, algorithm, got)
		}
	}
	return nil
}

// check reads r to its end and holds it against the promises.
func (ps promises) check(r io.Reader) error {
	if len(ps) == 0 {
		return nil
	}
	if _, err := io.Copy(ps, r); err != nil {
		return err
	}
	return ps.kept()
}
