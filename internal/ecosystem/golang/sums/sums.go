// Package sums asks a Go checksum database about module versions and believes only
// what it can prove (https://go.dev/ref/mod#checksum-database): every record is
// checked against the database's signed, append-only log with
// golang.org/x/mod/sumdb, over a cache of our own.
//
// It also keeps the signed checkpoints that the gate has seen, with the time when it
// saw them. A version's publisher writes the time in its .info and can forge it; the
// log's numbers cannot be forged. A record whose number is not below a checkpoint's
// tree size was not in the log when the gate saw that checkpoint: the version is
// not older than that. A replayed old checkpoint is never kept, since only larger
// trees than all seen before are; it could otherwise make versions look younger, and
// never older.
//
// The package asks through the function it is given, writes below its folder alone,
// and never takes a failure for "no record". It is safe for concurrent use, in one
// process per folder.
package sums

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// Limits.
const (
	// MaxBytes is the most that one answer of a database may have: a full tile of
	// records is the largest.
	MaxBytes       = 4 << 20
	askFor         = time.Minute      // one request, retries included
	lookupsAClient = 500              // x/mod's client keeps all it has seen; then it is made anew
	absentFor      = 10 * time.Minute // how long "no record" is believed
	absentKept     = 4096
	latestEvery    = time.Hour // how old the newest checkpoint may be before the log is asked for another
)

// Errors; test with errors.Is.
var (
	// ErrAbsent: the database answered and has no such thing.
	ErrAbsent = errors.New("the checksum database has no record of it")
	// ErrSecurity: the database contradicts itself or its own log.
	ErrSecurity = errors.New("the checksum database contradicts its own log")
)

// Database is one checksum database. Make it with Open.
type Database struct {
	name     string
	key      string
	verifier note.Verifiers
	dir      string
	get      func(ctx context.Context, path string) ([]byte, error)
	now      func() time.Time
	seen     *checkpoints

	asking sync.Mutex // one request for the newest checkpoint at a time

	mu      sync.Mutex
	client  *sumdb.Client
	lookups int
	absent  map[string]time.Time // lookups by path, until when they are believed to be absent
	fork    string               // what the database was caught at; it is believed nothing after
}

// Config sets up a Database; all but Now and Seen are needed.
type Config struct {
	Key string // the verifier key, "name+hash+key"
	Dir string // a folder for this database alone
	// Get reads what the database serves at a path that begins with "/lookup/",
	// "/tile/" or "/latest". ErrAbsent says that it has no such thing.
	Get  func(ctx context.Context, path string) ([]byte, error)
	Now  func() time.Time
	Seen string // a file with checkpoints that another gate has seen; "" for none
}

// Open reads the key and the checkpoints that are known; it asks nobody.
func Open(cfg Config) (*Database, error) {
	v, err := note.NewVerifier(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the checksum database's key: %w; write it as NAME+HASH+KEY", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the checksum database's folder: %w", err)
	}
	d := &Database{name: v.Name(), key: cfg.Key, verifier: note.VerifierList(v), dir: cfg.Dir, get: cfg.Get, now: cfg.Now, absent: map[string]time.Time{}}
	if d.seen, err = openCheckpoints(filepath.Join(cfg.Dir, "checkpoints"), cfg.Seen, d.verifier); err != nil {
		return nil, err
	}
	return d, nil
}

// Name is the database's name, as its key says it.
func (d *Database) Name() string { return d.name }

// Lookup gives the database's proved word about a version. Errors: ErrAbsent,
// ErrSecurity; anything else says that it could not be asked.
func (d *Database) Lookup(ctx context.Context, v module.Version) (record.Sum, error) {
	path, err := lookupPath(v)
	if err != nil {
		return record.Sum{}, err
	}
	if d.isAbsent(path) {
		return record.Sum{}, fmt.Errorf("%s: %w", v, ErrAbsent)
	}
	d.newest(ctx) // before asking, so that what is recorded because it is asked for counts as new
	sum, err := d.lookup(v, path)
	switch {
	case err == nil:
		return sum, nil
	case d.caught() != "":
		return record.Sum{}, fmt.Errorf("looking up %s: %w", v, ErrSecurity)
	case d.isAbsent(path):
		return record.Sum{}, fmt.Errorf("%s: %w", v, ErrAbsent)
	case ctx.Err() != nil:
		return record.Sum{}, context.Cause(ctx)
	}
	return record.Sum{}, fmt.Errorf("looking up: %w", err)
}

func (d *Database) lookup(v module.Version, path string) (record.Sum, error) {
	c := d.borrow()
	zip, err := one(c.Lookup(v.Path, v.Version))
	if err != nil {
		d.drop(c)
		return record.Sum{}, err
	}
	mod, err := one(c.Lookup(v.Path, v.Version+"/go.mod"))
	if err != nil {
		d.drop(c)
		return record.Sum{}, err
	}
	b, err := d.ReadCache(d.name + path)
	if err != nil {
		return record.Sum{}, fmt.Errorf("reading the record back: %w", err)
	}
	id, _, _, err := tlog.ParseRecord(b)
	if err != nil {
		return record.Sum{}, fmt.Errorf("reading the record back: %w", err)
	}
	return record.Sum{State: record.Verified, Zip: zip, Mod: mod, Record: id, NotBefore: d.seen.notBefore(id)}, nil
}

// one takes the h1 hash out of the lines of a record. Another kind of hash came
// later than this program, and two of one kind contradict each other.
func one(lines []string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var found string
	for _, l := range lines {
		f := strings.Fields(l)
		if len(f) != 3 || !strings.HasPrefix(f[2], "h1:") {
			continue
		}
		if found != "" && found != f[2] {
			return "", errors.New("the record has two hashes of one kind")
		}
		found = f[2]
	}
	if found == "" {
		return "", errors.New("the record has no h1 hash")
	}
	return found, nil
}

func lookupPath(v module.Version) (string, error) {
	if err := module.Check(v.Path, v.Version); err != nil {
		return "", err
	}
	path, err := module.EscapePath(v.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(v.Version)
	if err != nil {
		return "", err
	}
	return "/lookup/" + path + "@" + version, nil
}

// borrow gives x/mod's client. It keeps in memory all that it has seen, errors
// too, so a new one is made now and then, and after every error; what was proved is
// on disk.
func (d *Database) borrow() *sumdb.Client {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client == nil || d.lookups >= lookupsAClient {
		d.client, d.lookups = sumdb.NewClient(d), 0
	}
	d.lookups++
	return d.client
}

func (d *Database) drop(c *sumdb.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client == c {
		d.client = nil
	}
}

func (d *Database) isAbsent(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	until, ok := d.absent[path]
	return ok && d.now().Before(until)
}

func (d *Database) caught() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fork
}

// newest asks for the log's newest checkpoint where the last one is old. That it
// cannot be had now is no fault: older ones say less, and never too much.
func (d *Database) newest(ctx context.Context) {
	d.asking.Lock()
	defer d.asking.Unlock()
	if d.now().Sub(d.seen.last()) < latestEvery {
		return
	}
	b, err := d.get(ctx, "/latest")
	if err == nil {
		err = d.seen.add(b, d.now())
	}
	if err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "no checkpoint of the checksum database", "database", d.name, "err", err)
	}
}

// What follows implements sumdb.ClientOps.
var _ sumdb.ClientOps = (*Database)(nil)

// ReadRemote implements sumdb.ClientOps. It knows no context, since several callers
// share what it reads.
func (d *Database) ReadRemote(path string) ([]byte, error) {
	if why := d.caught(); why != "" {
		return nil, ErrSecurity
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	b, err := d.get(ctx, path)
	if errors.Is(err, ErrAbsent) && strings.HasPrefix(path, "/lookup/") {
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.absent) >= absentKept {
			clear(d.absent)
		}
		d.absent[path] = d.now().Add(absentFor)
	}
	return b, err
}

// ReadConfig implements sumdb.ClientOps.
func (d *Database) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(d.key), nil
	}
	b, err := os.ReadFile(filepath.Join(d.dir, "latest"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// WriteConfig implements sumdb.ClientOps: the log has grown.
func (d *Database) WriteConfig(_ string, old, new []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(d.dir, "latest")
	now, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !bytes.Equal(now, old) {
		return sumdb.ErrWriteConflict
	}
	if err := indexcache.ReplaceFile(path, new); err != nil {
		return err
	}
	return d.seen.add(new, d.now())
}

// ReadCache implements sumdb.ClientOps. The client proves what it reads here once
// more against the log.
func (d *Database) ReadCache(file string) ([]byte, error) {
	path, err := d.cached(file)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// WriteCache implements sumdb.ClientOps. What cannot be kept is read again.
func (d *Database) WriteCache(file string, data []byte) {
	path, err := d.cached(file)
	if err == nil {
		err = indexcache.ReplaceFile(path, data)
	}
	if err != nil {
		slog.Warn("checksum database cache", "database", d.name, "err", err)
	}
}

// cached is where a file of the client's is kept: it is made of escaped module paths
// and tile numbers, and stays below the folder whatever it says.
func (d *Database) cached(file string) (string, error) {
	rest, ok := strings.CutPrefix(file, d.name+"/")
	if !ok || !filepath.IsLocal(filepath.FromSlash(rest)) || strings.ContainsAny(rest, `\:`) {
		return "", fmt.Errorf("%.100q is no file of the checksum database", file)
	}
	// A version's record and a folder of longer module paths may have one name.
	if strings.HasPrefix(rest, "lookup/") {
		return filepath.Join(d.dir, "lookup", string(artifact.DigestOf([]byte(rest)))), nil
	}
	return filepath.Join(d.dir, filepath.FromSlash(rest)), nil
}

// Log implements sumdb.ClientOps.
func (d *Database) Log(msg string) {
	slog.Debug("checksum database", "database", d.name, "says", artifact.Untrusted(msg).String())
}

// SecurityError implements sumdb.ClientOps. A log that was forked is believed
// nothing more, until somebody has looked and started the gate again.
func (d *Database) SecurityError(msg string) {
	d.mu.Lock()
	d.fork = msg
	d.mu.Unlock()
	slog.Error("the checksum database contradicts its own log", "database", d.name, "proof", msg)
}
