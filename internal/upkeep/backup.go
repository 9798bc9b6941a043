package upkeep

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
)

// A backup is a folder, or a tar file of the same names:
//
//	manifest.json           what is in it; written last, so that a backup is whole or was never there
//	at-20260503T103000Z-…/  the database at that moment, advisories, configuration, small files
//	blobs/sha256/ab/cdef…   every blob that the database names
//
// A folder is brought up to date by the next backup into it: blobs that are there
// already are not copied again.
const (
	manifestName = "manifest.json"
	blobFolder   = "blobs"
	backupFormat = 1
	configFolder = "config" // below the moment's folder, and in a restored data folder
	maxManifest  = 16 << 20
	maxFiles     = 100_000 // small files of one backup
	copiesKept   = "at-"
)

// Manifest says what a backup holds.
type Manifest struct {
	Format    int       `json:"format"`
	Gatehouse string    `json:"gatehouse"` // the version that made it
	Schema    int       `json:"schema"`
	Created   time.Time `json:"created"`
	Folder    string    `json:"folder"` // of the files
	Files     []Entry   `json:"files"`
	Blobs     int       `json:"blobs"`
	BlobBytes int64     `json:"blob_bytes"`
	// Lost are blobs that the database names and the gate no longer had. A restored
	// gate is without them too: public ones it fetches again.
	Lost []artifact.Digest `json:"lost,omitempty"`
}

// Entry is a file of a backup: its path below the folder of the files,
// slash-separated.
type Entry struct {
	Path   string          `json:"path"`
	SHA256 artifact.Digest `json:"sha256"`
	Size   int64           `json:"size"`
}

// BackedUp says what a backup did.
type BackedUp struct {
	To      string    `json:"to"`
	Created time.Time `json:"created"`
	Files   int       `json:"files"`
	Blobs   int       `json:"blobs"`
	Bytes   int64     `json:"bytes"`  // of the blobs
	Copied  int       `json:"copied"` // blobs that were not there yet
	Linked  int       `json:"linked"` // of those, how many share the disk with the gate
	Removed int       `json:"removed"`
	Lost    int       `json:"lost,omitempty"` // blobs that rows name and that are nowhere
}

// BackupOptions say where a backup goes and how.
type BackupOptions struct {
	To     string // a folder; or a file, when it ends in .tar
	Copy   bool   // never hard-link: the backup then shares no file with the gate
	Config string // the configuration file to take along; "" for none
}

// Backup makes one while everything goes on. First the database is copied as it
// is at one moment, then every blob that the copy names, each verified on the
// way; the manifest comes last. Collections wait meanwhile.
func (k *Keeper) Backup(ctx context.Context, o BackupOptions, p Progress) (BackedUp, error) {
	var b BackedUp
	err := k.alone(func() (err error) { b, err = k.backup(ctx, o, p); return err })
	if err != nil {
		return b, fmt.Errorf("backing up to %s: %w", o.To, err)
	}
	return b, nil
}

func (k *Keeper) backup(ctx context.Context, o BackupOptions, p Progress) (BackedUp, error) {
	if err := k.outside(o.To); err != nil {
		return BackedUp{}, err
	}
	if err := k.roomForCopy(); err != nil {
		return BackedUp{}, err
	}
	p("copying the database", 0, 0)
	stage, err := os.MkdirTemp(k.Config.Data, ".backup-*")
	if err != nil {
		return BackedUp{}, err
	}
	defer os.RemoveAll(stage)
	m := Manifest{Format: backupFormat, Gatehouse: k.Version, Created: k.Now().UTC().Truncate(time.Second)}
	if err := k.Store.CopyTo(ctx, filepath.Join(stage, DatabaseName)); err != nil {
		return BackedUp{}, err
	}
	copied, err := sqlite.OpenCopy(ctx, filepath.Join(stage, DatabaseName))
	if err != nil {
		return BackedUp{}, err
	}
	defer copied.Close()
	m.Schema = copied.Schema
	files, err := k.smallFiles(stage, o.Config)
	if err != nil {
		return BackedUp{}, err
	}
	if err := m.measure(files); err != nil {
		return BackedUp{}, err
	}
	// Two backups in one second must not share a folder: the manifest of the first
	// stands until the second is whole.
	contents, err := json.Marshal(m.Files)
	if err != nil {
		return BackedUp{}, err
	}
	m.Folder = copiesKept + m.Created.Format("20060102T150405Z") + "-" + string(artifact.DigestOf(contents)[:8])
	if err := k.sum(ctx, copied, &m); err != nil {
		return BackedUp{}, err
	}
	b := BackedUp{To: o.To, Created: m.Created, Files: len(files), Blobs: m.Blobs, Bytes: m.BlobBytes, Lost: len(m.Lost)}
	if strings.HasSuffix(o.To, ".tar") {
		return b, k.backupTar(ctx, o.To, m, files, copied, &b, p)
	}
	return b, k.backupFolder(ctx, o, m, files, copied, &b, p)
}

// roomForCopy refuses a copy of the database that would take the room which the
// gate itself needs.
func (k *Keeper) roomForCopy() error {
	info, err := os.Stat(filepath.Join(k.Config.Data, DatabaseName))
	if err != nil {
		return err
	}
	room, err := disk.Space(k.Config.Data)
	if err != nil {
		return err
	}
	if room.Free-info.Size() < k.Config.Storage.FreeFloor {
		return fmt.Errorf("%w: the database is copied first, which takes %d MB; %d MB are free and %d MB are kept free; make room: gatehouse gc, a larger disk",
			blob.ErrFull, info.Size()>>20, room.Free>>20, k.Config.Storage.FreeFloor>>20)
	}
	return nil
}

// outside refuses a target inside the data folder, which would be backed up too.
func (k *Keeper) outside(to string) error {
	if !filepath.IsAbs(to) {
		return errors.New("name an absolute path")
	}
	data, err := filepath.Abs(k.Config.Data)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(data, to); err == nil && (rel == "." || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))) {
		return fmt.Errorf("it is inside the data folder %s; name a place outside, on another disk if there is one", data)
	}
	return nil
}

// sum counts the blobs that the copy names. Those that are not there are listed: one
// lost file must not end all backups.
func (k *Keeper) sum(ctx context.Context, c *sqlite.Copy, m *Manifest) error {
	return c.EachReferenced(ctx, func(d artifact.Digest) error {
		size, err := k.Blobs.Stat(ctx, d)
		if errors.Is(err, fs.ErrNotExist) {
			k.Log.ErrorContext(ctx, "a blob that a row names is lost; only an earlier backup can have it", "sha256", d)
			m.Lost = append(m.Lost, d)
			return nil
		}
		m.Blobs, m.BlobBytes = m.Blobs+1, m.BlobBytes+size
		return err
	})
}

// find gives the lost blobs that an earlier backup has whole, and counts them as
// backed up: they may be the last copies.
func (m *Manifest) find(ctx context.Context, in *disk.Store) map[artifact.Digest]bool {
	found := map[artifact.Digest]bool{}
	m.Lost = slices.DeleteFunc(m.Lost, func(d artifact.Digest) bool {
		size, err := in.Stat(ctx, d)
		if err != nil || blob.Verify(ctx, in, d) != nil {
			return false
		}
		found[d] = true
		m.Blobs, m.BlobBytes = m.Blobs+1, m.BlobBytes+size
		return true
	})
	return found
}

// eachBlob calls f with every blob that the backup has, in the order of its digest.
func (m *Manifest) eachBlob(ctx context.Context, c *sqlite.Copy, f func(artifact.Digest) error) error {
	return c.EachReferenced(ctx, func(d artifact.Digest) error {
		if _, lost := slices.BinarySearch(m.Lost, d); lost {
			return nil
		}
		return f(d)
	})
}

// source is a file to back up and its place in the moment's folder.
type source struct{ path, name string }

// notBackedUp are entries of a data folder that are made again, belong to the
// running process, or are taken in another way.
var notBackedUp = []string{"blobs", "cache", "lock", "gatehouse.sock", "scratch", scrubFile}

// backedUp says whether an entry of a data folder is a small file of a backup, or a
// folder of such. The database is copied in its own way, and so are the blobs.
func backedUp(top string) bool {
	return !slices.Contains(notBackedUp, top) && !strings.HasPrefix(top, ".") && !strings.HasPrefix(top, DatabaseName)
}

// smallFiles lists what is backed up beside the blobs: the database's copy, the
// configuration with the policies that it names, and what else is in the folder but
// for the secrets that the configuration refers to.
func (k *Keeper) smallFiles(stage, configFile string) ([]source, error) {
	files := []source{{filepath.Join(stage, DatabaseName), DatabaseName}}
	secrets, err := k.secretFiles()
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(k.Config.Data, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(k.Config.Data, p)
		if err != nil || rel == "." {
			return err
		}
		rel = filepath.ToSlash(rel)
		top, _, _ := strings.Cut(rel, "/")
		if !backedUp(top) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if base := path.Base(rel); !d.Type().IsRegular() || base == "lock" || strings.HasPrefix(base, "tmp-") {
			return nil
		}
		if info, err := d.Info(); err != nil {
			return err
		} else if slices.ContainsFunc(secrets, func(s fs.FileInfo) bool { return os.SameFile(s, info) }) {
			return nil
		}
		if files = append(files, source{p, rel}); len(files) > maxFiles {
			return fmt.Errorf("more than %d files in %s beside the blobs", maxFiles, k.Config.Data)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if configFile != "" {
		files = append(files, source{configFile, configFolder + "/gatehouse.yaml"})
	}
	for name, r := range k.Config.Registries {
		if r.Policy != "" {
			files = append(files, source{r.Policy, configFolder + "/policy-" + name + ".yaml"})
		}
	}
	return files, nil
}

// secretFiles are the files that hold secrets by the configuration. One that is not
// there is in no backup either.
func (k *Keeper) secretFiles() ([]fs.FileInfo, error) {
	names := []string{k.Config.TLSKey}
	refer := func(ref string) {
		if name, ok := strings.CutPrefix(ref, "file:"); ok {
			names = append(names, name)
		}
	}
	for _, u := range k.Config.Upstreams {
		refer(u.Credential)
	}
	for _, s := range k.Config.Scanners {
		for _, ref := range s.Secrets {
			refer(ref)
		}
	}
	var out []fs.FileInfo
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "" || errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("finding the secrets that stay out: %w", err)
		}
		out = append(out, info)
	}
	return out, nil
}

// measure writes the files with their digests into the manifest.
func (m *Manifest) measure(files []source) error {
	for _, f := range files {
		d, n, err := hashFile(f.path)
		if err != nil {
			return fmt.Errorf("%w (did advisories change meanwhile? try again)", err)
		}
		m.Files = append(m.Files, Entry{f.name, d, n})
	}
	return nil
}

func hashFile(name string) (artifact.Digest, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return artifact.Digest(hex.EncodeToString(h.Sum(nil))), n, err
}

// backupFolder brings a folder up to date. Until the manifest is replaced the
// last backup in it stays as it was: blobs are only added, and files of this
// moment have a folder of their own.
func (k *Keeper) backupFolder(ctx context.Context, o BackupOptions, m Manifest, files []source, c *sqlite.Copy, b *BackedUp, p Progress) error {
	if err := readyFolder(o.To); err != nil {
		return err
	}
	target, err := disk.Open(filepath.Join(o.To, blobFolder))
	if err != nil {
		return err
	}
	found := m.find(ctx, target)
	b.Blobs, b.Bytes, b.Lost = m.Blobs, m.BlobBytes, len(m.Lost)
	named := map[artifact.Digest]bool{}
	err = m.eachBlob(ctx, c, func(d artifact.Digest) error {
		named[d] = true
		p("copying blobs", int64(len(named)), int64(m.Blobs))
		if found[d] {
			return nil
		}
		return k.copyBlob(ctx, target, d, o.Copy, b)
	})
	if err != nil {
		return err
	}
	p("copying files", 0, int64(len(files)))
	for i, f := range files {
		if err := copyFile(f.path, filepath.Join(o.To, m.Folder, filepath.FromSlash(f.name)), m.Files[i].SHA256); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(o.To, manifestName), append(text, '\n')); err != nil {
		return err
	}
	return tidy(ctx, o.To, target, m.Folder, named, b)
}

// readyFolder makes the folder, or sees that it holds a backup already.
func readyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		ours := e.Name() == manifestName || e.Name() == blobFolder || strings.HasPrefix(e.Name(), copiesKept) || strings.HasPrefix(e.Name(), ".new-")
		if !ours {
			return fmt.Errorf("%s holds %s, which is no part of a backup; name an empty folder, one that holds a backup, or a file that ends in .tar", dir, artifact.Untrusted(e.Name()))
		}
	}
	return nil
}

// copyBlob brings one blob over, verified. One that is there with the right size
// was verified when it came.
func (k *Keeper) copyBlob(ctx context.Context, target *disk.Store, d artifact.Digest, copyOnly bool, b *BackedUp) error {
	body, size, err := k.Blobs.Open(ctx, d)
	if err != nil {
		return err
	}
	defer body.Close()
	if have, err := target.Stat(ctx, d); err == nil && have == size {
		return nil
	}
	b.Copied++
	if !copyOnly && target.Link(ctx, k.Blobs, d) == nil {
		b.Linked++
		if err := blob.Verify(ctx, target, d); err != nil {
			return errors.Join(fmt.Errorf("%w; scrub repairs it: gatehouse scrub", err), target.Delete(ctx, d))
		}
		return nil
	}
	if _, _, err := target.Put(ctx, body, size, d); err != nil {
		if errors.Is(err, blob.ErrWrongDigest) {
			return fmt.Errorf("blob %s is damaged; gatehouse scrub moves it aside, so that it is fetched again: %w", d, err)
		}
		return err
	}
	return nil
}

// copyFile copies a file of known digest, durably.
func copyFile(from, to string, want artifact.Digest) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return place(in, to, want)
}

// place writes a file of known digest, durably, whole or not at all.
func place(r io.Reader, to string, want artifact.Digest) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is none
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("copying %s: %w", filepath.Base(to), err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != string(want) {
		return fmt.Errorf("copying %s: %w: got %s, want %s", filepath.Base(to), blob.ErrWrongDigest, got, want)
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// tidy removes what only older backups in the folder named.
func tidy(ctx context.Context, dir string, target *disk.Store, now string, named map[artifact.Digest]bool, b *BackedUp) error {
	old, err := filepath.Glob(filepath.Join(dir, copiesKept+"*"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if filepath.Base(name) == now {
			continue
		}
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	for info, err := range target.List(ctx) {
		if err != nil {
			return err
		}
		if named[info.Digest] {
			continue
		}
		if err := target.Delete(ctx, info.Digest); err != nil {
			return err
		}
		b.Removed++
	}
	_, err = target.CleanScratch(time.Now())
	return err
}

// backupTar writes everything into one new file, the manifest first so that
// whoever reads it knows what has to come. It appears under its name when it is
// whole.
func (k *Keeper) backupTar(ctx context.Context, to string, m Manifest, files []source, c *sqlite.Copy, b *BackedUp, p Progress) error {
	if _, err := os.Lstat(to); err == nil {
		return errors.New("there is a file of that name; choose another")
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".gatehouse-backup-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is none
	defer f.Close()
	t := &tarBackup{w: tar.NewWriter(f), at: m.Created}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := t.add(manifestName, strings.NewReader(string(text)), int64(len(text)), artifact.DigestOf(text)); err != nil {
		return err
	}
	p("copying files", 0, int64(len(files)))
	for i, src := range files {
		in, err := os.Open(src.path)
		if err != nil {
			return err
		}
		err = errors.Join(t.add(m.Folder+"/"+src.name, in, m.Files[i].Size, m.Files[i].SHA256), in.Close())
		if err != nil {
			return err
		}
	}
	err = m.eachBlob(ctx, c, func(d artifact.Digest) error {
		b.Copied++
		p("copying blobs", int64(b.Copied), int64(m.Blobs))
		body, size, err := k.Blobs.Open(ctx, d)
		if err != nil {
			return err
		}
		return errors.Join(t.add(blobPath(d), blob.ContextReader(ctx, body), size, d), body.Close())
	})
	if err != nil {
		return err
	}
	if err := errors.Join(t.w.Close(), f.Sync()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func blobPath(d artifact.Digest) string {
	return blobFolder + "/sha256/" + string(d[:2]) + "/" + string(d[2:])
}

type tarBackup struct {
	w  *tar.Writer
	at time.Time
}

// add writes one entry and checks its bytes on the way.
func (t *tarBackup) add(name string, r io.Reader, size int64, want artifact.Digest) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: t.at, Format: tar.FormatPAX}
	if err := t.w.WriteHeader(header); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(t.w, h), r); err != nil {
		return fmt.Errorf("copying %s: %w", name, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != string(want) {
		return fmt.Errorf("copying %s: %w: got %s, want %s", name, blob.ErrWrongDigest, got, want)
	}
	return nil
}
