package golang

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// knowledge is what was learned of modules beyond their version lists. It is kept on
// disk for ever, one file a module below versions/: what a version once was it
// stays, and a version without a tag stands in no list.
type knowledge struct {
	dir string

	writing [64]sync.Mutex // by module: one reads, changes and writes at a time

	mu      sync.Mutex
	modules map[string]*known
	weight  int // versions in memory
}

// Limits of what is kept of modules.
const (
	versionsInMemory = 50_000   // of all modules together, some 400 bytes each
	maxKnownBytes    = 32 << 20 // of one file
	maxGuessed       = 10_000   // versions without a tag of one module
)

// known is what was learned of one module. It does not change once it is shared.
type known struct {
	Versions map[string]record.Version `json:"versions"`
	Guessed  []string                  `json:"guessed,omitempty"`  // versions that were asked for by name and stand in no list
	Database string                    `json:"database,omitempty"` // whose words the sums are
	// Author is the version whose go.mod says what follows.
	Author     string      `json:"author,omitempty"`
	Retracted  []retracted `json:"retracted,omitempty"`
	Deprecated string      `json:"deprecated,omitempty"`

	digest artifact.Digest // of all of it

	mu        sync.Mutex
	from      *ecosystem.Index // what was described last, with what came of it
	standing  standing
	described *ecosystem.Index
}

type retracted struct {
	Low  string `json:"low"`
	High string `json:"high"`
	Why  string `json:"why,omitempty"`
}

func newKnowledge(cacheDir string) *knowledge {
	return &knowledge{dir: filepath.Join(cacheDir, "versions"), modules: map[string]*known{}}
}

func (n *knowledge) path(folder string) string { return filepath.Join(n.dir, folder+".json") }

// of gives what is known of a module; nothing is known of one whose file is damaged.
func (n *knowledge) of(p artifact.Package) *known {
	folder := indexcache.FolderOf(p.Name)
	n.mu.Lock()
	k := n.modules[folder]
	n.mu.Unlock()
	if k != nil {
		return k
	}
	k, err := n.read(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("what was known of a module is lost", "module", p.Name, "err", err)
	}
	return n.keep(folder, k, false)
}

func (n *knowledge) read(folder string) (*known, error) {
	k := &known{Versions: map[string]record.Version{}}
	f, err := os.Open(n.path(folder))
	if err != nil {
		return k.sealed(), err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKnownBytes+1))
	if err == nil && len(b) > maxKnownBytes {
		err = errors.New("its file is too large")
	}
	if err == nil {
		err = json.Unmarshal(b, k)
	}
	if err != nil || k.Versions == nil {
		return (&known{Versions: map[string]record.Version{}}).sealed(), err
	}
	return k.sealed(), nil
}

// sealed names the content.
func (k *known) sealed() *known {
	b, err := json.Marshal(k)
	if err != nil {
		panic(err) // it came from JSON
	}
	k.digest = artifact.DigestOf(b)
	return k
}

// keep puts it in memory, in place of what is there where newer says so.
func (n *knowledge) keep(folder string, k *known, newer bool) *known {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.modules[folder]
	if old != nil && !newer {
		return old
	}
	if old != nil {
		n.weight -= len(old.Versions) + 1
	}
	if n.weight += len(k.Versions) + 1; n.weight > versionsInMemory {
		clear(n.modules) // it is all on disk
		n.weight = len(k.Versions) + 1
	}
	n.modules[folder] = k
	return k
}

// learn changes what is known of a module, in memory and on disk. A full disk must
// not stop what needs no disk.
func (n *knowledge) learn(p artifact.Package, change func(*known)) {
	folder := indexcache.FolderOf(p.Name)
	lock := &n.writing[int(artifact.DigestOf([]byte(folder))[0])%len(n.writing)]
	lock.Lock()
	defer lock.Unlock()
	now := n.of(p)
	next := &known{Versions: maps.Clone(now.Versions), Guessed: slices.Clone(now.Guessed), Database: now.Database,
		Author: now.Author, Retracted: now.Retracted, Deprecated: now.Deprecated}
	change(next)
	slices.Sort(next.Guessed)
	next.Guessed = slices.Compact(next.Guessed)
	if len(next.Guessed) > maxGuessed {
		return // nobody builds from so many commits; they go on without a date
	}
	if next.sealed().digest == now.digest {
		return
	}
	if err := n.write(folder, next); err != nil {
		slog.Warn("what was learned of a module is not on disk", "module", p.Name, "err", err)
	}
	n.keep(folder, next, true)
}

func (n *knowledge) write(folder string, k *known) error {
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(n.dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), n.path(folder))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func (k *known) guessed(number string) bool {
	_, ok := slices.BinarySearch(k.Guessed, number)
	return ok
}

// asked says whether the author's notes were read from the newest version of x.
func (k *known) asked(x *ecosystem.Index) bool { return k.Author != "" && k.Author == newestOf(x) }

// author takes over what a go.mod says of its module.
func (k *known) author(number string, f *modfile.File) {
	k.Author, k.Retracted, k.Deprecated = number, nil, ""
	if f.Module != nil {
		k.Deprecated = cut(f.Module.Deprecated)
	}
	for _, r := range f.Retract[:min(len(f.Retract), maxRetracted)] {
		k.Retracted = append(k.Retracted, retracted{r.Low, r.High, cut(r.Rationale)})
	}
}

const (
	maxRetracted = 1_000 // intervals of one go.mod
	maxNote      = 1_000 // bytes of what an author says about one
)

func cut(s string) string { return s[:min(len(s), maxNote)] }

// sum is what is known of a version's hashes, where the words are database's.
func (k *known) sum(v record.Version, database string) record.Sum {
	if k.Database != database {
		return record.Sum{}
	}
	return v.Sum
}

// describe gives x with what is known, and under another digest whenever that says
// something else. state is what stands for a version of which the database was not
// asked.
func (k *known) describe(x *ecosystem.Index, s standing, file func(number string) ecosystem.IndexFile) *ecosystem.Index {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.from == x && k.standing == s && k.described != nil {
		return k.described
	}
	out := *x
	out.Files = slices.Clone(x.Files)
	listed := map[string]bool{}
	for _, f := range x.Files {
		listed[f.Number] = true
	}
	for _, number := range slices.Sorted(maps.Keys(k.Versions)) {
		if !listed[number] && (k.guessed(number) || len(x.Files) == 0) && !k.Versions[number].Time.IsZero() {
			out.Files = append(out.Files, file(number))
		}
	}
	for i := range out.Files {
		k.describeFile(&out.Files[i], s)
	}
	if k.Deprecated != "" {
		out.Status, out.Reason = "deprecated", artifact.Untrusted(k.Deprecated)
	}
	out.Digest = artifact.DigestOf(fmt.Appendf(nil, "%s %s %s %s", x.Digest, k.digest, s.state, s.database))
	k.from, k.standing, k.described = x, s, &out
	return &out
}

func (k *known) describeFile(f *ecosystem.IndexFile, s standing) {
	v := k.Versions[f.Number]
	v.Version = f.Number
	if s.state != record.Unknown {
		v.Sum = record.Sum{State: s.state}
	} else {
		v.Sum = k.sum(v, s.database)
	}
	f.Uploaded, f.Record, f.Digests = v.Uploaded(), v.Bytes(), nil
	if v.Sum.State == record.Verified {
		f.Digests = []string{v.Sum.Zip}
	}
	for _, r := range k.Retracted {
		if semver.Compare(r.Low, f.Number) <= 0 && semver.Compare(f.Number, r.High) <= 0 {
			f.Yanked, f.YankedReason = true, artifact.Untrusted(r.Why)
		}
	}
}

// describe is known.describe of the module that x is of.
func (n *knowledge) describe(x *ecosystem.Index, s standing, file func(number string) ecosystem.IndexFile) *ecosystem.Index {
	return n.of(x.Package).describe(x, s, file)
}
