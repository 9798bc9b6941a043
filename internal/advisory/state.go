package advisory

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// The folder of a snapshot:
//
//	state.json        what is current, replaced by rename; all else is named in it
//	index-<sha256>    the index of all sources together
//	batch-<sha256>    a zip of records of one ecosystem from one source
//	ids-<sha256>      the ids and times of the batch of that name (see manifest)
//	lock              held by Sync and Accept
//	tmp-*             being written; swept by the next sync
//
// Everything but state.json is named after its content and never changed.
const (
	stateFile    = "state.json"
	stateVersion = 1
	lockFile     = "lock"
	maxState     = 1 << 20
)

func indexName(digest string) string    { return "index-" + digest }
func batchName(digest string) string    { return "batch-" + digest }
func manifestName(digest string) string { return "ids-" + digest }

type state struct {
	Version int    `json:"version"`
	Index   string `json:"index"` // digest; "" when nothing was taken in yet
	Feeds   []feed `json:"feeds"` // in the order of the configured sources
}

// A feed is one ecosystem of one source. It stays in use until a sync without
// its source, which counts as losing all its records.
type feed struct {
	Source    string             `json:"source"`
	Ecosystem artifact.Ecosystem `json:"ecosystem"`
	content
	Confirmed time.Time `json:"confirmed,omitzero"`
	Held      *held     `json:"held,omitempty"`
}

// content says what was last taken from a feed.
type content struct {
	ETag    string `json:"etag,omitempty"`    // of modified_id.csv
	List    string `json:"list,omitempty"`    // SHA-256 of modified_id.csv, or of all records of a folder without one
	Batch   string `json:"batch,omitempty"`   // digest; "" when nothing was taken in
	Records int    `json:"records,omitempty"` // all in the batch
}

// held is content that waits for a person. An empty Batch means that the source
// is configured no more.
type held struct {
	content
	Reason    string    `json:"reason"`
	Disagree  bool      `json:"disagree,omitempty"` // list and records differ: look again each time
	Since     time.Time `json:"since"`
	Confirmed time.Time `json:"confirmed"`
}

func (f feed) info() FeedInfo {
	i := FeedInfo{Source: f.Source, Ecosystem: f.Ecosystem, Records: f.Records, Confirmed: f.Confirmed}
	if h := f.Held; h != nil {
		i.Held = &HeldInfo{Since: h.Since, Records: h.Records, Reason: h.Reason}
	}
	return i
}

// readState reads the state of a folder; fs.ErrNotExist when there is none.
func readState(dir string) (state, error) {
	f, err := os.Open(filepath.Join(dir, stateFile))
	if err != nil {
		return state{}, err
	}
	defer f.Close()
	b, err := readAll(f, maxState)
	if err != nil {
		return state{}, fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	var st state
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&st); err != nil {
		return state{}, fmt.Errorf("reading %s: %w; remove the folder and sync again", f.Name(), err)
	}
	if st.Version != stateVersion {
		return state{}, fmt.Errorf("reading %s: version %d, this program knows %d", f.Name(), st.Version, stateVersion)
	}
	return st, st.check()
}

// check refuses digests that would lead out of the folder.
func (st state) check() error {
	digests := []string{st.Index}
	for _, f := range st.Feeds {
		digests = append(digests, f.Batch)
		if f.Held != nil {
			digests = append(digests, f.Held.Batch)
		}
	}
	for _, d := range digests {
		if _, err := artifact.ParseDigest(d); d != "" && err != nil {
			return fmt.Errorf("reading %s: %w", stateFile, err)
		}
	}
	return nil
}

// A disk writes into the folder of a snapshot, locked against others.
type disk struct {
	dir  string
	lock *os.File
	// crash is asked before each step that touches the folder; an error stops the
	// work there as a crash would. Tests set it.
	crash func(step string) error
}

func openDisk(dir string, crash func(string) error) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return &disk{dir: dir, lock: f, crash: crash}, nil
}

func (d *disk) close() error { return d.lock.Close() }

func (d *disk) step(what string) error {
	if d.crash == nil {
		return nil
	}
	return d.crash(what)
}

func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

// temp opens a file that nobody looks at until it is kept.
func (d *disk) temp() (*temp, error) {
	if err := d.step("create"); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(d.dir, "tmp-")
	if err != nil {
		return nil, err
	}
	return &temp{File: f, disk: d}, nil
}

type temp struct {
	*os.File
	disk *disk
}

func (t *temp) Write(p []byte) (int, error) {
	if err := t.disk.step("write"); err != nil {
		return 0, err
	}
	return t.File.Write(p)
}

// keep makes the file durable under a name: bytes first, then the name.
func (t *temp) keep(name string) error {
	if err := t.disk.step("sync"); err != nil {
		return err
	}
	if err := t.Sync(); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	if err := t.disk.step("rename"); err != nil {
		return err
	}
	if err := os.Rename(t.Name(), t.disk.path(name)); err != nil {
		return err
	}
	return t.disk.syncDir()
}

// drop removes a file that was not kept; after keep it does nothing.
func (t *temp) drop() {
	t.Close()
	os.Remove(t.Name())
}

// digestOf is the SHA-256 of a whole file, in hex.
func digestOf(f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// syncDir makes renames durable. Not every system can sync a folder.
func (d *disk) syncDir() error {
	if err := d.step("sync folder"); err != nil {
		return err
	}
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

// put writes a whole file durably and atomically.
func (d *disk) put(name string, b []byte) error {
	t, err := d.temp()
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer t.drop()
	if _, err = t.Write(b); err == nil {
		err = t.keep(name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (d *disk) putState(st state) error {
	st.Version = stateVersion
	b, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	return d.put(stateFile, append(b, '\n'))
}

// sweep removes files that the state does not name: leftovers of a crash and
// what was replaced. A reader that has one of them open keeps it.
func (d *disk) sweep(st state) error {
	keep := map[string]bool{indexName(st.Index): true}
	for _, f := range st.Feeds {
		keep[batchName(f.Batch)], keep[manifestName(f.Batch)] = true, true
		if f.Held != nil {
			keep[batchName(f.Held.Batch)], keep[manifestName(f.Held.Batch)] = true, true
		}
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		prefix, _, ok := strings.Cut(e.Name(), "-")
		ours := ok && (prefix == "tmp" || prefix == "index" || prefix == "batch" || prefix == "ids")
		if !ours || keep[e.Name()] {
			continue
		}
		if err := d.step("remove"); err != nil {
			return err
		}
		if err := os.Remove(d.path(e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads at most most bytes; more is an error.
func readAll(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	return b, err
}
