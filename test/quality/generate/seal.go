package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// SealedRound counts the sealed halves there have been: the first three were run, their
// figures were told, and their shapes and disguises stand in the tune half since
// (opened_1*.go, opened_2*.go, opened_3*.go).
const SealedRound = 4

// SealedDigest is the digest of the sealed half that Seed makes, all its packages in
// their order. It is written down before the half is first run and only changes with
// SealedRound: a half whose packages were changed after somebody saw its figures is
// not that half any more. The shapes of the tune half are in it too, in disguises of
// this half: they stay as they are, and new ones are added in a file that is not read
// here. Go's compress packages are part of it as well. Where a new Go compresses
// otherwise, look at the half with the Go before it, and then write the new digest
// down.
const SealedDigest = "400c27ff811b28f7987295c390d61dde516258f24a781087e07fc33475d88c3e"

// Digest is the digest of all packages of a manifest, with what they are called. It
// makes every one of them.
func (m Manifest) Digest() string {
	all := sha256.New()
	add := func(parts ...string) {
		for _, p := range parts {
			all.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
		}
	}
	for _, s := range m.Samples {
		b := s.make()
		add(s.ID, s.Family, s.Shape, s.Disguise, s.Label, s.TwinOf, fmt.Sprint(s.Weak), b.file, string(b.body))
	}
	for _, s := range m.Scenarios {
		add(s.ID, s.Kind, s.Family, s.Label, fmt.Sprint(s.Payload))
		for _, f := range s.make {
			b := f()
			add(b.file, string(b.body))
		}
	}
	return hex.EncodeToString(all.Sum(nil))
}
