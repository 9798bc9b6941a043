package maven

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
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// knowledge is what was learned of packages' files. It is kept on disk for ever, one
// file a package below files/: a repository lists no files, and one that was fetched
// must not seem to be gone.
type knowledge struct {
	dir string

	writing [64]sync.Mutex // by package: one reads, changes and writes at a time

	mu       sync.Mutex
	packages map[string]*known
	weight   int // files in memory
}

// Limits of what is kept of packages.
const (
	filesInMemory = 50_000   // of all packages together, some 400 bytes each
	maxKnownBytes = 64 << 20 // of one file
	maxKnownFiles = 100_000  // of one package
)

// fileFacts is what a repository says of one file.
type fileFacts struct {
	Uploaded time.Time       `json:"uploaded,omitzero"`
	SHA256   artifact.Digest `json:"sha256,omitempty"`
	Digests  []string        `json:"digests,omitempty"`
	Pom      artifact.Digest `json:"pom,omitempty"`    // of the version's pom; "": it has none
	Absent   bool            `json:"absent,omitempty"` // a pom that is listed, and is not there
	Dated    bool            `json:"dated,omitempty"`  // nobody asked for its checksums yet
}

// known is what was learned of one package. It does not change once it is shared.
type known struct {
	learned
	digest artifact.Digest // of all of it

	mu        sync.Mutex
	from      *ecosystem.Index // what was described last, with what came of it
	described *ecosystem.Index
}

// learned is what the file of a package holds.
type learned struct {
	Files map[string]fileFacts `json:"files,omitempty"` // by name
	// Listed is, by version, what the upstream called the date of its list when that
	// first had the version here: no version is younger than the list that it stands in.
	Listed map[string]time.Time `json:"listed,omitempty"`
}

func newKnowledge(cacheDir string) *knowledge {
	return &knowledge{dir: filepath.Join(cacheDir, "files"), packages: map[string]*known{}}
}

func (n *knowledge) path(folder string) string { return filepath.Join(n.dir, folder+".json") }

// of gives what is known of a package; nothing is known of one whose file is damaged.
func (n *knowledge) of(p artifact.Package) *known {
	folder := indexcache.FolderOf(p.Name)
	n.mu.Lock()
	k := n.packages[folder]
	n.mu.Unlock()
	if k != nil {
		return k
	}
	l, err := n.read(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("what was known of a package's files is lost", "package", p.Name, "err", err)
	}
	return n.keep(folder, seal(l), false)
}

func (n *knowledge) read(folder string) (learned, error) {
	f, err := os.Open(n.path(folder))
	if err != nil {
		return learned{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKnownBytes+1))
	if err == nil && len(b) > maxKnownBytes {
		err = errors.New("its file is too large")
	}
	var l learned
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err != nil {
		return learned{}, err
	}
	return l, nil
}

// seal names the content.
func seal(l learned) *known {
	b, err := json.Marshal(l)
	if err != nil {
		panic(err) // plain values
	}
	return &known{learned: l, digest: artifact.DigestOf(b)}
}

func (l learned) weight() int { return len(l.Files) + len(l.Listed)/4 + 1 }

// keep puts it in memory, in place of what is there where newer says so.
func (n *knowledge) keep(folder string, k *known, newer bool) *known {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.packages[folder]
	if old != nil && !newer {
		return old
	}
	if old != nil {
		n.weight -= old.weight()
	}
	if n.weight += k.weight(); n.weight > filesInMemory {
		clear(n.packages) // it is all on disk
		n.weight = k.weight()
	}
	n.packages[folder] = k
	return k
}

// learn changes what is known of a package, in memory and on disk. A full disk must
// not stop what needs no disk.
func (n *knowledge) learn(p artifact.Package, change func(learned)) {
	folder := indexcache.FolderOf(p.Name)
	lock := &n.writing[int(artifact.DigestOf([]byte(folder))[0])%len(n.writing)]
	lock.Lock()
	defer lock.Unlock()
	now := n.of(p)
	l := learned{Files: map[string]fileFacts{}, Listed: map[string]time.Time{}}
	maps.Copy(l.Files, now.Files)
	maps.Copy(l.Listed, now.Listed)
	change(l)
	next := seal(l)
	if next.digest == now.digest || len(l.Files) > maxKnownFiles {
		return
	}
	if err := n.write(folder, l); err != nil {
		slog.Warn("what was learned of a package's files is not on disk", "package", p.Name, "err", err)
	}
	n.keep(folder, next, true)
}

func (n *knowledge) write(folder string, l learned) error {
	b, err := json.Marshal(l)
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

// asked says whether the repository was asked about a file, and had it.
func (k *known) asked(name string) bool {
	_, ok := k.Files[name]
	return ok
}

// list remembers since when a package's versions are listed.
func (n *knowledge) list(x *ecosystem.Index) {
	now := n.of(x.Package)
	isNew := func(f ecosystem.IndexFile) bool { return now.Listed[f.Number].IsZero() && !f.Uploaded.IsZero() }
	if !slices.ContainsFunc(x.Files, isNew) {
		return
	}
	n.learn(x.Package, func(l learned) {
		for _, f := range x.Files {
			if isNew(f) {
				l.Listed[f.Number] = f.Uploaded
			}
		}
	})
}

// describe gives x with what is known, and under another digest whenever that says
// something else. at is the URL of a file.
func (k *known) describe(x *ecosystem.Index, at func(number, name string) string) *ecosystem.Index {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.from == x && k.described != nil {
		return k.described
	}
	n, err := coordinate.Of(x.Package)
	if err != nil {
		return x // the cache has none of those
	}
	of := map[string][]string{} // further files, by version
	versions := map[string]bool{}
	for _, f := range x.Files {
		versions[f.Number] = true
	}
	for _, name := range slices.Sorted(maps.Keys(k.Files)) {
		if number, ok := fileOf(n, name, versions); ok && name != n.File(number, "", pomExt) {
			of[number] = append(of[number], name)
		}
	}
	out := *x
	out.Files = make([]ecosystem.IndexFile, 0, len(x.Files)+len(k.Files))
	settled := 0
	for _, f := range x.Files {
		listed := k.Listed[f.Number]
		facts, asked := k.Files[f.Name]
		if f.Uploaded = (time.Time{}); !listed.IsZero() && x.Fetched.Sub(listed) >= settledAfter {
			f.Uploaded = listed
			settled++
		}
		if facts.Absent {
			out.Dropped++
			continue
		}
		if asked {
			facts.describe(&f, listed)
		}
		f.URL = at(f.Number, f.Name)
		out.Files = append(out.Files, f)
		for _, name := range of[f.Number] {
			more := ecosystem.IndexFile{Name: name, Number: f.Number, Kind: kindOf(name), URL: at(f.Number, name)}
			k.Files[name].describe(&more, listed)
			more.HasMetadata = more.MetadataSHA256 != ""
			out.Files = append(out.Files, more)
		}
	}
	out.Digest = artifact.DigestOf(fmt.Appendf(nil, "%s %s %d", x.Digest, k.digest, settled))
	k.from, k.described = x, &out
	return &out
}

// describe fills in what is known of a file. Where nobody dates it, it is as old as the
// first list that had its version.
func (a fileFacts) describe(f *ecosystem.IndexFile, listed time.Time) {
	f.Uploaded, f.SHA256, f.Digests, f.MetadataSHA256 = a.Uploaded, a.SHA256, a.Digests, a.Pom
	if a.Uploaded.IsZero() {
		f.Uploaded = listed
	}
}
