package indexcache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// NotesConfig says what notes are of. T is written as JSON; its zero value says that
// nothing is known.
type NotesConfig[T any] struct {
	Dir       string       // where they are kept, one file a package
	Of        string       // what a package is called in the log: "module"
	MaxBytes  int64        // of one file
	Weight    func(*T) int // how much of MaxWeight a package's take
	MaxWeight int          // of those in memory
	// Copy gives a copy that may be changed: nothing in it that changes is shared with
	// the original, and its maps are there.
	Copy func(*T) T
}

// Notes is what was learned of packages beyond their indexes. It is kept on disk for
// ever, because it cannot be asked for again or not in one request: what a version
// once was it stays. Notes of a package whose file is damaged are lost, and learned
// again; a full disk stops nothing that needs no disk. It is safe for concurrent use.
type Notes[T any] struct {
	cfg     NotesConfig[T]
	writing [64]sync.Mutex // by package: one reads, changes and writes at a time

	mu     sync.Mutex
	kept   map[string]*Note[T] // by folder
	weight int                 // of all that is kept
}

// Note is what is known of one package. It does not change once it was given.
type Note[T any] struct {
	Known  T
	Digest artifact.Digest // of Known

	mu        sync.Mutex
	of        any // what was described last, with what came of it
	described *ecosystem.Index
}

// NewNotes makes notes; nothing is read before it is asked for.
func NewNotes[T any](cfg NotesConfig[T]) *Notes[T] {
	return &Notes[T]{cfg: cfg, kept: map[string]*Note[T]{}}
}

func (n *Notes[T]) path(folder string) string { return filepath.Join(n.cfg.Dir, folder+".json") }

// Note gives what is known of a package.
func (n *Notes[T]) Note(p artifact.Package) *Note[T] {
	folder := FolderOf(p.Name)
	n.mu.Lock()
	k := n.kept[folder]
	n.mu.Unlock()
	if k != nil {
		return k
	}
	known, err := n.read(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("what was known of a "+n.cfg.Of+" is lost", n.cfg.Of, p.Name, "err", err)
	}
	return n.keep(folder, noteOf(known), false)
}

// read gives the empty notes with any error.
func (n *Notes[T]) read(folder string) (T, error) {
	var known, nothing T
	b, err := readCapped(n.path(folder), n.cfg.MaxBytes)
	if err == nil {
		err = json.Unmarshal(b, &known)
	}
	if err != nil {
		return n.cfg.Copy(&nothing), err
	}
	return n.cfg.Copy(&known), nil
}

// noteOf names the content.
func noteOf[T any](known T) *Note[T] {
	b, err := json.Marshal(known)
	if err != nil {
		panic(fmt.Sprintf("notes that are no JSON: %v", err)) // T is plain values
	}
	return &Note[T]{Known: known, Digest: artifact.DigestOf(b)}
}

// keep puts it in memory, in place of what is there where newer says so.
func (n *Notes[T]) keep(folder string, k *Note[T], newer bool) *Note[T] {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.kept[folder]
	if old != nil && !newer {
		return old
	}
	if old != nil {
		n.weight -= n.cfg.Weight(&old.Known)
	}
	weight := n.cfg.Weight(&k.Known)
	if n.weight += weight; n.weight > n.cfg.MaxWeight {
		clear(n.kept) // it is all on disk
		n.weight = weight
	}
	n.kept[folder] = k
	return k
}

// Learn changes what is known of a package, in memory and on disk; where change says
// false it stays as it is.
func (n *Notes[T]) Learn(p artifact.Package, change func(*T) bool) {
	folder := FolderOf(p.Name)
	lock := &n.writing[int(artifact.DigestOf([]byte(folder))[0])%len(n.writing)]
	lock.Lock()
	defer lock.Unlock()
	now := n.Note(p)
	known := n.cfg.Copy(&now.Known)
	if !change(&known) {
		return
	}
	next := noteOf(known)
	if next.Digest == now.Digest {
		return
	}
	b, err := json.Marshal(known)
	if err == nil {
		err = ReplaceFile(n.path(folder), b)
	}
	if err != nil {
		slog.Warn("what was learned of a "+n.cfg.Of+" is not on disk", n.cfg.Of, p.Name, "err", err)
	}
	n.keep(folder, next, true)
}

// Described gives what describe makes of an index by this note; of is that index and
// whatever else describe goes by, and while it is equal the last answer is given again.
func (k *Note[T]) Described(of any, describe func() *ecosystem.Index) *ecosystem.Index {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.described == nil || k.of != of {
		k.of, k.described = of, describe()
	}
	return k.described
}
