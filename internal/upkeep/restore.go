package upkeep

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

// Restored says what a restore put in place.
type Restored struct {
	From     string   `json:"from"`
	Data     string   `json:"data"`
	Manifest Manifest `json:"manifest"`
	Blobs    int      `json:"blobs"`
	// Config is the folder with the configuration and policies as they were; "" when
	// the backup has none. They are not in force until a person puts them there.
	Config string `json:"config,omitempty"`
}

// Restore makes a data folder from a backup. Everything is copied beside it and
// verified, each file and blob by its digest, the database page by page, every
// row that names a blob against the blobs, but for those that were lost before the
// backup was made; then the folder gets its name. A folder that holds anything is
// refused.
func Restore(ctx context.Context, from, data string, p Progress) (Restored, error) {
	r := Restored{From: from, Data: data}
	if err := restore(ctx, from, data, &r, p); err != nil {
		return r, fmt.Errorf("restoring %s: %w", from, err)
	}
	return r, nil
}

func restore(ctx context.Context, from, data string, r *Restored, p Progress) error {
	data, err := filepath.Abs(data)
	if err != nil {
		return err
	}
	if err := empty(data); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return err
	}
	stage, err := os.MkdirTemp(filepath.Dir(data), ".restoring-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage) // after the rename there is none
	blobs, err := disk.Open(filepath.Join(stage, blobFolder))
	if err != nil {
		return err
	}
	u := &unpacking{stage: stage, blobs: blobs, files: map[string]Entry{}, tell: p}
	if info, err := os.Stat(from); err != nil {
		return err
	} else if info.IsDir() {
		err = u.fromFolder(ctx, from)
		if err != nil {
			return err
		}
	} else if err := u.fromTar(ctx, from); err != nil {
		return err
	}
	if err := u.whole(ctx); err != nil {
		return err
	}
	r.Manifest, r.Blobs = u.manifest, u.put
	if _, err := os.Stat(filepath.Join(stage, configFolder)); err == nil {
		r.Config = filepath.Join(data, configFolder)
	}
	if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(stage, data); err != nil {
		return err
	}
	return syncDir(filepath.Dir(data))
}

// empty refuses a folder with anything in it.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; name another folder with --data, or move that one away", dir)
	}
	return err
}

// unpacking is a data folder that is being made from a backup.
type unpacking struct {
	stage    string
	blobs    *disk.Store
	manifest Manifest
	files    map[string]Entry // still to come, by their path in the backup
	put      int              // blobs
	tell     Progress
}

// read takes the manifest, which comes before everything else.
func (u *unpacking) read(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err == nil && len(b) > maxManifest {
		err = fmt.Errorf("more than %d bytes", maxManifest)
	}
	if err == nil {
		err = json.Unmarshal(b, &u.manifest)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", manifestName, err)
	}
	m := u.manifest
	if m.Format != backupFormat {
		return fmt.Errorf("reading %s: format %d, and this program reads %d; use the gatehouse that made it (%s)", manifestName, m.Format, backupFormat, artifact.Untrusted(m.Gatehouse))
	}
	if !fs.ValidPath(m.Folder) || strings.Contains(m.Folder, "/") || len(m.Files) > maxFiles {
		return fmt.Errorf("reading %s: it was not written by gatehouse", manifestName)
	}
	if !slices.IsSorted(m.Lost) {
		return fmt.Errorf("reading %s: it was not written by gatehouse", manifestName)
	}
	for _, f := range m.Files {
		if _, err := artifact.ParseDigest(string(f.SHA256)); err != nil || !safe(f.Path) {
			return fmt.Errorf("reading %s: file %q is no file of a data folder", manifestName, artifact.Untrusted(f.Path))
		}
		u.files[m.Folder+"/"+f.Path] = f
	}
	if _, ok := u.files[m.Folder+"/"+DatabaseName]; !ok {
		return fmt.Errorf("reading %s: it names no database", manifestName)
	}
	return nil
}

// safe says whether a path of a manifest stays inside the data folder and is one
// that a backup has. What SQLite keeps beside the database (-wal, -journal) would
// be folded into it at the first start, after everything was verified.
func safe(p string) bool {
	top, _, _ := strings.Cut(p, "/")
	return fs.ValidPath(p) && filepath.IsLocal(filepath.FromSlash(p)) && (p == DatabaseName || backedUp(top))
}

// file puts one file of the manifest in its place.
func (u *unpacking) file(name string, r io.Reader) error {
	f := u.files[name]
	// One byte more than announced is found by the digest.
	err := place(io.LimitReader(r, f.Size+1), filepath.Join(u.stage, filepath.FromSlash(f.Path)), f.SHA256)
	delete(u.files, name)
	return err
}

func (u *unpacking) blob(ctx context.Context, d artifact.Digest, r io.Reader) error {
	u.put++
	u.tell("copying blobs", int64(u.put), int64(u.manifest.Blobs))
	_, _, err := u.blobs.Put(ctx, r, math.MaxInt64-1, d)
	return err
}

func (u *unpacking) fromFolder(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir) // links in a backup lead nowhere
	if err != nil {
		return err
	}
	defer root.Close()
	open := func(name string, use func(io.Reader) error) error {
		// Opening a pipe would wait for ever.
		if info, err := root.Lstat(filepath.FromSlash(name)); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%q is no plain file", artifact.Untrusted(name))
		}
		f, err := root.Open(filepath.FromSlash(name))
		if errors.Is(err, fs.ErrNotExist) && name == manifestName {
			return fmt.Errorf("there is no %s: it is no backup, or one that never ended", manifestName)
		} else if err != nil {
			return err
		}
		return errors.Join(use(f), f.Close())
	}
	if err := open(manifestName, u.read); err != nil {
		return err
	}
	for _, f := range u.manifest.Files {
		name := u.manifest.Folder + "/" + f.Path
		if err := open(name, func(r io.Reader) error { return u.file(name, r) }); err != nil {
			return err
		}
	}
	copied, err := sqlite.OpenCopy(ctx, filepath.Join(u.stage, DatabaseName))
	if err != nil {
		return err
	}
	defer copied.Close()
	return u.manifest.eachBlob(ctx, copied, func(d artifact.Digest) error {
		if _, err := artifact.ParseDigest(string(d)); err != nil {
			return err
		}
		return open(blobPath(d), func(r io.Reader) error { return u.blob(ctx, d, r) })
	})
}

func (u *unpacking) fromTar(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	t := tar.NewReader(f)
	for first := true; ; first = false {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && !first {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w; is it a backup that gatehouse made?", err)
		}
		if first {
			if h.Name != manifestName {
				return fmt.Errorf("reading the archive: it begins with %q and not with %s: it is no backup", artifact.Untrusted(h.Name), manifestName)
			}
			err = u.read(t)
		} else {
			err = u.entry(ctx, h, t)
		}
		if err != nil {
			return err
		}
	}
}

// entry takes one entry of an archive: a file that the manifest names, or a blob.
func (u *unpacking) entry(ctx context.Context, h *tar.Header, r io.Reader) error {
	if h.Typeflag != tar.TypeReg || sparse(h) {
		return fmt.Errorf("reading the archive: %q is no plain file", artifact.Untrusted(h.Name))
	}
	if _, ok := u.files[h.Name]; ok {
		return u.file(h.Name, r)
	}
	text, ok := strings.CutPrefix(h.Name, blobFolder+"/sha256/")
	d, err := artifact.ParseDigest(strings.Replace(text, "/", "", 1))
	if !ok || err != nil || blobPath(d) != h.Name {
		return fmt.Errorf("reading the archive: %q is nothing that the manifest names", artifact.Untrusted(h.Name))
	}
	if u.put >= u.manifest.Blobs {
		return fmt.Errorf("reading the archive: more blobs than the manifest says (%d)", u.manifest.Blobs)
	}
	return u.blob(ctx, d, r)
}

// sparse says whether an entry is longer than what the archive holds of it: a few
// bytes that unpack to a full disk.
func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// whole checks that nothing is missing and that every row has its blob.
func (u *unpacking) whole(ctx context.Context) error {
	for name := range u.files {
		return fmt.Errorf("%s is missing", artifact.Untrusted(name))
	}
	u.tell("comparing rows and blobs", 0, 0)
	copied, err := sqlite.OpenCopy(ctx, filepath.Join(u.stage, DatabaseName))
	if err != nil {
		return err
	}
	defer copied.Close()
	each := func(ctx context.Context, f func(artifact.Digest) error) error {
		return u.manifest.eachBlob(ctx, copied, f)
	}
	r, err := reconcile(ctx, each, func(ctx context.Context, d artifact.Digest) error {
		_, err := u.blobs.Stat(ctx, d)
		return err
	})
	if err != nil {
		return err
	}
	if r.Lost > 0 {
		return fmt.Errorf("%d blobs that its rows name are missing, the first is %s; use another backup", r.Lost, r.Missing[0])
	}
	return nil
}
