// Package scan says what a scanner is. There are two kinds, cached differently
// (DESIGN.md, Evidence): a FileScanner sees the bytes of an archive, inside the
// worker process; a VersionCheck sees what is known about a version without its
// bytes. Scanners state facts as findings; the policy decides. Concrete
// scanners live in the folders below and are listed in package all.
package scan

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// VersionTarget is all that a VersionCheck may look at.
type VersionTarget struct {
	Version  artifact.Version
	Index    *ecosystem.Index      // nil when the upstream is not known to have it
	Files    []ecosystem.IndexFile // the version's files in Index
	Metadata *ecosystem.Metadata   // nil when not read
	Internal bool                  // the name matches a declared internal pattern
	// Reports are what the worker saw in the version's files so far, by file
	// name; empty before anything was fetched.
	Reports map[string]*Report
	// Behaviours are what the rules of behaviour made of those reports, by file name.
	Behaviours map[string]*Behaviour
	// Attested is what was verified of the attestations of its files, by file name; of
	// a file that was looked at and is not here nothing was.
	Attested map[string]provenance.Answer
	// Baseline is the nearest lower version that may subtract; nil when there is none.
	Baseline *Baseline
	// Drift is what was admitted 90 days ago and is so still; nil when there is none,
	// or when it is Baseline.
	Drift  *Baseline
	Origin string // recorded origin of the name; "" when it has none yet
	Now    time.Time
}

// ErrNoData is what a check wraps when it has no data at all to look in. The gate
// knows by other means whether its data may be relied on (gate.AdvisoryState),
// and says so once instead of for each version.
var ErrNoData = errors.New("there is no data to look in")

// VersionCheck looks at facts about a version before a byte of it is fetched.
// It is safe for concurrent use, does no I/O beyond data already on this
// machine, and answers in microseconds: it is asked again at every decision.
type VersionCheck interface {
	// Name is a stable word, "advisory", for evidence keys and logs.
	Name() string
	// Revision changes whenever the same target could get another answer: rule
	// versions, data snapshots.
	Revision() string
	// Check gives findings. One whose File (or, where that is empty, Path) is the name
	// of one of t.Files is about that file only; the others are about every file. An
	// error is a fault: it holds.
	Check(ctx context.Context, t VersionTarget) ([]finding.Finding, error)
}

// Entry is one file inside an archive.
type Entry struct {
	Path   string // as in the archive, slash-separated, already checked to stay inside
	Mode   fs.FileMode
	Size   int64
	SHA256 artifact.Digest
	Head   []byte // the first 64 KiB at most
	Body   []byte // the whole content, or nil when larger than the worker keeps
	Link   string // target of a symbolic or hard link, else ""
	// Inside is the path of the archive among the entries that this one lies in,
	// "" for the package's own. Such a Path is that archive's, "!" and the path
	// inside it. Nothing installs it by itself: it is no file of the package.
	Inside string
}

// FileTarget is what a file scanner is told before the entries come.
type FileTarget struct {
	File artifact.File
	// Index facts that the archive is compared with.
	RequiresPython string
	IndexMetadata  []byte   // the index's PEP 658 bytes, nil when not served
	Digests        []string // ecosystem.IndexFile.Digests; who reads the report compares them with its Digests
	Record         []byte   // ecosystem.IndexFile.Record: what the index says of the version, in the ecosystem's own form
}

// FileScanner opens a pass over each archive.
type FileScanner interface {
	Name() string
	Revision() string
	Begin(t FileTarget) Pass
}

// Pass sees one archive, entry by entry in archive order, on one goroutine.
// Body and Head are valid during the call only.
type Pass interface {
	Entry(e Entry) []finding.Finding
	End() []finding.Finding
}

// Report is what the worker sends back about one archive.
type Report struct {
	Findings    []finding.Finding   `json:"findings"`
	Entries     int                 `json:"entries"`
	Unpacked    int64               `json:"unpacked"`     // bytes
	Metadata    *ecosystem.Metadata `json:"metadata"`     // as in the archive; nil when it has none
	RawMetadata []byte              `json:"raw_metadata"` // METADATA or PKG-INFO bytes, capped
	Scanners    []string            `json:"scanners"`     // name@revision, in order
	// Digests are what the bytes have, as "algorithm:hex", where the index names any
	// beside SHA-256.
	Digests []string `json:"digests,omitempty"`

	// Code is the facts of every file, and facts about the package as a whole under
	// the path of the file that says them. In order of path.
	Code []code.File `json:"code,omitempty"`

	// Sources are the digests of the Python files: for a wheel by the path they
	// are installed at, for an sdist by the path below its root folder.
	Sources        map[string]artifact.Digest `json:"sources,omitempty"`
	SourcesPartial bool                       `json:"sources_partial,omitempty"` // there are more than are listed
}
