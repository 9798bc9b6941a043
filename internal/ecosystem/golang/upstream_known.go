package golang

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// knowledge is what was learned of modules beyond their version lists: what a version
// once was it stays, and a version without a tag stands in no list.
type knowledge struct{ *indexcache.Notes[known] }

// Limits of what is kept of modules.
const (
	versionsInMemory = 50_000   // of all modules together, some 400 bytes each
	maxKnownBytes    = 32 << 20 // of one module, on disk
	maxGuessed       = 10_000   // versions without a tag of one module
)

// known is what was learned of one module.
type known struct {
	Versions map[string]record.Version `json:"versions"`
	Guessed  []string                  `json:"guessed,omitempty"`  // versions that were asked for by name and stand in no list
	Database string                    `json:"database,omitempty"` // whose words the sums are
	// Author is the version whose go.mod says what follows.
	Author     string      `json:"author,omitempty"`
	Retracted  []retracted `json:"retracted,omitempty"`
	Deprecated string      `json:"deprecated,omitempty"`
}

type retracted struct {
	Low  string `json:"low"`
	High string `json:"high"`
	Why  string `json:"why,omitempty"`
}

func newKnowledge(cacheDir string) knowledge {
	return knowledge{indexcache.NewNotes(indexcache.NotesConfig[known]{
		Dir: filepath.Join(cacheDir, "versions"), Of: "module", MaxBytes: maxKnownBytes,
		Weight: func(k *known) int { return len(k.Versions) + 1 }, MaxWeight: versionsInMemory,
		Copy: (*known).copy,
	})}
}

func (k *known) copy() known {
	c := *k
	c.Versions, c.Guessed = map[string]record.Version{}, slices.Clone(k.Guessed)
	maps.Copy(c.Versions, k.Versions)
	return c
}

// of gives what is known of a module.
func (n knowledge) of(p artifact.Package) *known { return &n.Note(p).Known }

// learn changes what is known of a module.
func (n knowledge) learn(p artifact.Package, change func(*known)) {
	n.Learn(p, func(k *known) bool {
		change(k)
		slices.Sort(k.Guessed)
		k.Guessed = slices.Compact(k.Guessed)
		return len(k.Guessed) <= maxGuessed // nobody builds from so many commits; they go on without a date
	})
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

// describe gives x with what is known of its module, and under another digest whenever
// that says something else. s is what stands for a version of which the database was not
// asked.
func (n knowledge) describe(x *ecosystem.Index, s standing, file func(number string) ecosystem.IndexFile) *ecosystem.Index {
	type of struct {
		index    *ecosystem.Index
		standing standing
	}
	note := n.Note(x.Package)
	return note.Described(of{x, s}, func() *ecosystem.Index {
		out := note.Known.describe(x, s, file)
		out.Digest = artifact.DigestOf(fmt.Appendf(nil, "%s %s %s %s", x.Digest, note.Digest, s.state, s.database))
		return out
	})
}

func (k *known) describe(x *ecosystem.Index, s standing, file func(number string) ecosystem.IndexFile) *ecosystem.Index {
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
