package gate

import "testing"

// TestDemandedHashes: a hash counts where the bytes have a digest of its algorithm.
func TestDemandedHashes(t *testing.T) {
	for _, tc := range []struct {
		want, have []string
		known      bool
		wrong      string
		why        string
	}{
		{[]string{"sha256:a"}, []string{"sha256:a"}, true, "", "the same"},
		{[]string{"sha256:b", "sha256:a"}, []string{"sha256:a"}, true, "", "one of several files"},
		{[]string{"sha256:b"}, []string{"sha256:a"}, true, "sha256:a", "other bytes"},
		{[]string{"sha512:x"}, []string{"sha256:a", "sha512:x"}, true, "", "npm locks name sha512 alone"},
		{[]string{"sha512:y"}, []string{"sha256:a", "sha512:x"}, true, "sha512:x", "other bytes by sha512"},
		{[]string{"sha1:s", "sha512:y"}, []string{"sha256:a", "sha1:s", "sha512:x"}, true, "sha512:x", "a forged sha1 is not enough"},
		{[]string{"md5:m"}, []string{"sha256:a"}, false, "", "nothing to compare with"},
		{[]string{"h1:z="}, []string{"sha256:a", "h1:z="}, true, "", "Go's hash of a module"},
	} {
		if known, wrong := demanded(tc.want, tc.have); known != tc.known || wrong != tc.wrong {
			t.Errorf("demanded(%v, %v) = %t %q, want %t %q (%s)", tc.want, tc.have, known, wrong, tc.known, tc.wrong, tc.why)
		}
	}
}
