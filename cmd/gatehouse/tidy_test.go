package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWhatAKilledProcessLeftGoes: the next one to have the data folder removes
// half-made blobs, backups and sockets, and nothing else.
func TestWhatAKilledProcessLeftGoes(t *testing.T) {
	data, conf := exampleWorld(t, "")
	write := func(name string) string {
		t.Helper()
		name = filepath.Join(data, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	var gone []string
	for _, name := range []string{"blobs/tmp/put-1", ".backup-1/gatehouse.db", ".canary-1/x", ".new-1", ".s-1/s", ".writable-1"} {
		gone = append(gone, write(name))
	}
	kept := []string{write("blobs/damaged/x"), write("notes"), write(".s3-credentials")}
	if code, _, errs := command(t, data, conf, "requests"); code != 0 {
		t.Fatal(errs)
	}
	for _, name := range gone {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range kept {
		if _, err := os.Lstat(name); err != nil {
			t.Error(err)
		}
	}
}
