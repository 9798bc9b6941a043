//go:build unix

package upkeep

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRestoreWaitsForNoPipe: a pipe in a folder of strangers would be waited for.
func TestRestoreWaitsForNoPipe(t *testing.T) {
	w := newWorld(t)
	d := w.putFile(t, "x")
	dir := filepath.Join(t.TempDir(), "b")
	_, err := w.Backup(t.Context(), BackupOptions{To: dir, Copy: true}, Silent)
	ok(t, err)
	name := filepath.Join(dir, filepath.FromSlash(blobPath(d)))
	ok(t, os.Remove(name))
	ok(t, syscall.Mkfifo(name, 0o600))
	if _, err := Restore(t.Context(), dir, filepath.Join(t.TempDir(), "data"), Silent); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a pipe: %v", err)
	}
}
