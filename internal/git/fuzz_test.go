package git

import (
	"bufio"
	"bytes"
	"io/fs"
	"strings"
	"testing"
)

// FuzzIncluded: whatever a manifest holds, what it includes are paths inside the
// tree, and a plain -r at its end is found.
func FuzzIncluded(f *testing.F) {
	for _, s := range []string{"-r x.txt\n", "-c 'a b.in' # c\n", "a \\\n-rx\\\r\n\\y.pip", "--requirement=\"..\\\"/x\"\f-c\u2028", "\xff\xfe-\x00r\x00 \x00x\x00", "\\\\\n# \\\n-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, p := range included("a/b", content) {
			if !fs.ValidPath(p) || !includable(p) {
				t.Errorf("included gave %q", p)
			}
		}
		found := included(".", content+"\n\n-r base.txt")
		if len(found) == 0 || found[len(found)-1] != "base.txt" {
			t.Errorf("a last line -r base.txt is not found: %q", found)
		}
	})
}

// FuzzReadBlob: an answer is either the blob that was asked for, whole, or an
// error.
func FuzzReadBlob(f *testing.F) {
	id := strings.Repeat("a", 40)
	for _, s := range []string{id + " blob 3\nabc\n", id + " missing\n", id + " blob -1\n", id + " tree 0\n\n", id + " blob 9999999999999999999\n", id + " blob 3\nab"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		b, err := readBlob(bufio.NewReader(bytes.NewReader(answer)), id)
		if err == nil && b != nil && !bytes.Contains(answer, b) {
			t.Errorf("%q gave %q", answer, b)
		}
		if err == nil && !bytes.HasPrefix(answer, []byte(id+" blob ")) {
			t.Errorf("%q gave %q and no error", answer, b)
		}
	})
}
