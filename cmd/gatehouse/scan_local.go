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
	"syscall"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
)

// localGroup is one archive, folder or source file of this machine.
func (s *scanner) localGroup(name string, dir bool) group {
	return group{
		name: name, checks: []scan.VersionCheck{malware.NewCheck(s.rules)},
		open: func(ctx context.Context) ([]openFile, error) {
			f, err := s.openLocal(ctx, name, dir)
			return []openFile{f}, err
		},
	}
}

func (s *scanner) openLocal(ctx context.Context, name string, dir bool) (openFile, error) {
	if _, err := archive.FormatOf(name); err == nil && !dir {
		opened, err := os.Open(name)
		if err != nil {
			return openFile{close: func() error { return nil }}, err
		}
		return identified(openFile{opened: opened, shown: filepath.ToSlash(name), close: opened.Close}, filepath.Base(name))
	}
	return packed(ctx, name, dir, func(files int) {
		s.app.progress().Step(fmt.Sprintf("reading %s: %d files", artifact.Untrusted(name), files), files, 0)
	})
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
// far hears how many files of a folder are in.
func packed(ctx context.Context, name string, dir bool, far func(files int)) (_ openFile, err error) {
	none := openFile{close: func() error { return nil }}
	f, err := os.CreateTemp("", "gatehouse-scan-*.tar")
	if err != nil {
		return none, fmt.Errorf("packing %s into the temporary folder: %w; name another in TMPDIR", name, err)
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
		err = packFolder(ctx, w, name, far)
	} else {
		err = packFile(w, name, filepath.Base(name))
	}
	if err == nil {
		err = w.Close()
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return out, fmt.Errorf("packing %s into the temporary folder: %w; name one with more room in TMPDIR", name, err)
	case err != nil:
		return out, fmt.Errorf("reading %s: %w", name, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	return identified(out, "scanned.tar")
}

// versionControl are folders that hold history, not source.
var versionControl = []string{".git", ".hg", ".svn", ".bzr"}

// errNoFiles keeps an empty folder from being called clean.
var errNoFiles = errors.New("there is no file in it to look at (links are not followed)")

func packFolder(ctx context.Context, w *tar.Writer, name string, far func(files int)) error {
	root, err := filepath.EvalSymlinks(name) // WalkDir does not go into a link, not even the one that was named
	if err != nil {
		return err
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() && path != root && slices.Contains(versionControl, d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files++
		far(files)
		return packFile(w, path, filepath.ToSlash(rel))
	})
	if err == nil && files == 0 {
		return errNoFiles
	}
	return err
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
