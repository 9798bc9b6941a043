package gate_test

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TestOtherBytesArePromisedLater: an index that names another digest than the bytes
// have which were fetched is found out, whatever the algorithm, before and after the
// file was admitted, and a lock that demands the new digest is not met by it.
func TestOtherBytesArePromisedLater(t *testing.T) {
	const wheel, later = "lib-1.0-py3-none-any.whl", "sha512:" + "00"
	for _, admitted := range []bool{false, true} {
		w := newWorld(t, "lib 1.0")
		sum := sha512.Sum512(w.up.bytes[wheel])
		w.up.edit("lib", wheel, func(f *ecosystem.IndexFile) {
			f.SHA256, f.Digests = "", []string{"sha512:" + hex.EncodeToString(sum[:])}
		})
		if !admitted {
			w.up.edit("lib", wheel, func(f *ecosystem.IndexFile) { f.Uploaded = today.Add(-time.Hour) })
		}
		out := w.admit(purls("pkg:pypi/lib@1.0"))
		if (out.Verdict == verdict.Admit) != admitted {
			t.Fatalf("admitted %t: %s", admitted, said(out))
		}
		w.up.edit("lib", wheel, func(f *ecosystem.IndexFile) { f.Digests = []string{later} })
		for _, look := range []string{"before", "after"} {
			v := w.view("lib")
			if d := v.Decisions[0]; gate.Serves(d) || !strings.Contains(rules(d.Reasons), "integrity-mismatch") && look == "after" {
				t.Errorf("admitted %t, %s another look: %s by %s", admitted, look, d.Verdict, rules(d.Reasons))
			}
			if look == "before" {
				w.admit(purls("pkg:pypi/lib@1.0"))
			}
		}
		if out := w.requirements(fmt.Sprintf("lib==1.0 --hash=%s", later)); out.Verdict == verdict.Admit {
			t.Errorf("admitted %t: a lock that demands other bytes is met", admitted)
		}
	}
}
