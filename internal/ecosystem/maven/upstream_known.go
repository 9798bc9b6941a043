package maven

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// knowledge is what was learned of packages' files: a repository lists none, and one
// that was fetched must not seem to be gone.
type knowledge struct{ *indexcache.Notes[known] }

// Limits of what is kept of packages.
const (
	filesInMemory = 50_000   // of all packages together, some 400 bytes each
	maxKnownBytes = 64 << 20 // of one package, on disk
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

// known is what was learned of one package.
type known struct {
	Files map[string]fileFacts `json:"files,omitempty"` // by name
	// Listed is, by version, what the upstream called the date of its list when that
	// first had the version here: no version is younger than the list that it stands in.
	Listed map[string]time.Time `json:"listed,omitempty"`
}

func newKnowledge(cacheDir string) knowledge {
	return knowledge{indexcache.NewNotes(indexcache.NotesConfig[known]{
		Dir: filepath.Join(cacheDir, "files"), Of: "package", MaxBytes: maxKnownBytes,
		Weight: func(k *known) int { return len(k.Files) + len(k.Listed)/4 + 1 }, MaxWeight: filesInMemory,
		Copy: (*known).copy,
	})}
}

func (k *known) copy() known {
	c := known{Files: map[string]fileFacts{}, Listed: map[string]time.Time{}}
	maps.Copy(c.Files, k.Files)
	maps.Copy(c.Listed, k.Listed)
	return c
}

// of gives what is known of a package.
func (n knowledge) of(p artifact.Package) *known { return &n.Note(p).Known }

// learn changes what is known of a package.
func (n knowledge) learn(p artifact.Package, change func(*known)) {
	n.Learn(p, func(k *known) bool {
		change(k)
		return len(k.Files) <= maxKnownFiles
	})
}

// asked says whether the repository was asked about a file, and had it.
func (k *known) asked(name string) bool {
	_, ok := k.Files[name]
	return ok
}

// list remembers since when a package's versions are listed.
func (n knowledge) list(x *ecosystem.Index) {
	now := n.of(x.Package)
	isNew := func(f ecosystem.IndexFile) bool { return now.Listed[f.Number].IsZero() && !f.Uploaded.IsZero() }
	if !slices.ContainsFunc(x.Files, isNew) {
		return
	}
	n.learn(x.Package, func(k *known) {
		for _, f := range x.Files {
			if isNew(f) {
				k.Listed[f.Number] = f.Uploaded
			}
		}
	})
}

// describe gives x with what is known of its package, and under another digest whenever
// that says something else. at is the URL of a file.
func (n knowledge) describe(name coordinate.Name, x *ecosystem.Index, at func(number, name string) string) *ecosystem.Index {
	note := n.Note(x.Package)
	return note.Described(x, func() *ecosystem.Index {
		out, settled := note.Known.describe(name, x, at)
		out.Digest = artifact.DigestOf(fmt.Appendf(nil, "%s %s %d", x.Digest, note.Digest, settled))
		return out
	})
}

// describe gives x with what is known, and how many versions go by their list's date.
func (k *known) describe(n coordinate.Name, x *ecosystem.Index, at func(number, name string) string) (*ecosystem.Index, int) {
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
	return &out, settled
}

// describe fills in what is known of a file. Where nobody dates it, it is as old as the
// first list that had its version.
func (a fileFacts) describe(f *ecosystem.IndexFile, listed time.Time) {
	f.Uploaded, f.SHA256, f.Digests, f.MetadataSHA256 = a.Uploaded, a.SHA256, a.Digests, a.Pom
	if a.Uploaded.IsZero() {
		f.Uploaded = listed
	}
}
