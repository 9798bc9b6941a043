package main

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
)

// localGroup is one archive, folder or source file of this machine.
func (s *scanner) localGroup(name string, dir bool) group {
	return group{
		name: name, checks: []scan.VersionCheck{malware.NewCheck(s.rules)},
		open: func(context.Context) ([]openFile, error) {
			f, err := s.openLocal(name, dir)
			return []openFile{f}, err
		},
	}
}

func (s *scanner) openLocal(name string, dir bool) (openFile, error) {
	if _, err := archive.FormatOf(name); err == nil && !dir {
		opened, err := os.Open(name)
		if err != nil {
			return openFile{close: func() error { return nil }}, err
		}
		return identified(openFile{opened: opened, shown: filepath.ToSlash(name), close: opened.Close}, filepath.Base(name))
	}
	return packed(name, dir)
}

// identified fills in what a file is called and the digest of its bytes.
func identified(f openFile, base string) (openFile, error) {
	h := sha256.New()
	n, err := io.Copy(h, f.opened)
	f.Name, f.Size, f.SHA256 = base, n, artifact.Digest(hex.EncodeToString(h.Sum(nil)))
	return f, err
}

// packRoot is the folder that what is packed lies below, as in an sdist.
const packRoot = "scanned/"

// packed puts a folder or one file into an archive without a name of its own, so
// that the worker gets one open file whatever is scanned. Links, devices and the
// folders of version control are left out: what they lead to is somebody else's.
func packed(name string, dir bool) (_ openFile, err error) {
	none := openFile{close: func() error { return nil }}
	f, err := os.CreateTemp("", "gatehouse-scan-*.tar")
	if err != nil {
		return none, err
	}
	// Where a file that is open can be removed nothing is left behind, however this ends.
	removed := os.Remove(f.Name()) == nil
	out := openFile{opened: f, shown: filepath.ToSlash(name), root: packRoot, close: func() error {
		err := f.Close()
		if !removed {
			err = errors.Join(err, os.Remove(f.Name()))
		}
		return err
	}}
	w := tar.NewWriter(f)
	if dir {
		err = packFolder(w, name)
	} else {
		err = packFile(w, name, filepath.Base(name))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return out, fmt.Errorf("reading %s: %w", name, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	return identified(out, "scanned.tar")
}

// versionControl are folders that hold history, not source.
var versionControl = []string{".git", ".hg", ".svn", ".bzr"}

func packFolder(w *tar.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && slices.Contains(versionControl, d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return packFile(w, path, filepath.ToSlash(rel))
	})
}

func packFile(w *tar.Writer, path, as string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	// No times or owners: the same content gives the same digest.
	h := &tar.Header{Name: packRoot + as, Mode: int64(st.Mode().Perm()), Size: st.Size(), Format: tar.FormatPAX}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.CopyN(w, f, st.Size())
	return err
}
