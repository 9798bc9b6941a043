//go:build unix

package advisory

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestATruncatedFileIsAnErrorNotACrash: the file is cut while it is mapped, as a
// careless copy or a failing disk does.
func TestATruncatedFileIsAnErrorNotACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(path, indexBytes(t, said("PYSEC-1", "", `{"introduced":"0"}`)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := openIndex(path, pythonNames{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Match(pypi("p"), "1.0"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Match = %v, want ErrCorrupt", err)
	}
	if _, err := s.Lookup("PYSEC-1"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Lookup = %v, want ErrCorrupt", err)
	}
}
