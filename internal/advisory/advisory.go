// Package advisory keeps published advisories on this machine and says which of
// them cover a version. It has three parts:
//
//   - Sync reads records in the OSV schema (https://ossf.github.io/osv-schema/)
//     from sources laid out like OSV's public export
//     (https://google.github.io/osv.dev/data/), checks each snapshot before
//     believing it, and keeps it in a folder;
//   - an index file, built from all sources together, immutable and mapped into
//     memory, whose look-ups compare sortable version keys;
//   - Snapshot, which answers from that file.
//
// What it promises never to do: replace a snapshot by one that lost records
// without a person's word (Accept), leave a half-written file where a reader
// looks, take a file's or a record's time as proof of freshness, or answer "no
// advisory" where it has no data: that is ErrNoData.
//
// The order of versions and the normal form of names belong to the ecosystems;
// they come in through Names.
package advisory

import (
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// DefaultSource is OSV's public export, the source used when none is
// configured. It holds advisories, never packages.
const DefaultSource = "https://osv-vulnerabilities.storage.googleapis.com"

var (
	// ErrNoData says that no source was ever taken in for an ecosystem: whether a
	// version is affected is not known.
	ErrNoData = errors.New("no advisory data")
	// ErrBusy says that another process is changing the same folder.
	ErrBusy = errors.New("another advisories sync is running")
	// ErrCorrupt says that an index file is not what was written.
	ErrCorrupt = errors.New("advisory index is damaged; run gatehouse advisories sync")
	// ErrNothingHeld says that no snapshot waits for a person.
	ErrNothingHeld = errors.New("no advisory snapshot is waiting to be accepted")
)

// Names knows the ecosystems' names and versions. Implementations are safe for
// concurrent use. For an ecosystem that they do not know both methods give an
// error that is errors.ErrUnsupported; any other error means that the text is
// no name or no version there.
type Names interface {
	// Normalize gives the identity of a name (artifact.Package.Name).
	Normalize(eco artifact.Ecosystem, name string) (string, error)
	// Key gives bytes that sort as the ecosystem orders versions; equal versions
	// have equal keys, and no key is empty.
	Key(eco artifact.Ecosystem, version string) ([]byte, error)
}

// Match is one known bug or malware that covers a version: all the records that
// name each other as aliases, as one.
type Match struct {
	// ID is the name to use: the malware record's, else the one of the ecosystem's
	// own database (PYSEC, GO, RUSTSEC, GHSA for npm and Maven), else GHSA, any
	// other database, and CVE last.
	ID       string
	Aliases  []string // all other ids, sorted
	Severity finding.Severity
	Score    float64 // the CVSS score behind Severity, 0 when there is none
	Summary  artifact.Untrusted
	// Fixed lists versions said to hold a fix and not covered themselves, above the
	// version asked about, ascending: usually one a branch.
	Fixed     []string
	Malware   bool      // a malware record covers this very version
	Published time.Time // earliest of the records
	Modified  time.Time // latest of the records
}

// Advisory is what is known under an id, whatever the version.
type Advisory struct {
	Match                       // Fixed lists all; Malware: a malware record is among them
	Packages []artifact.Package // the packages it is about, sorted
}

// An osvFolder pairs an ecosystem with the name that OSV gives it, in records
// and as a folder of the export.
type osvFolder struct {
	name string
	eco  artifact.Ecosystem
	home string // id prefix of the database nearest to the ecosystem
	lead string // what versions begin with there, and what OSV leaves out
}

var osvFolders = []osvFolder{
	{"PyPI", artifact.PyPI, "PYSEC-", ""},
	{"npm", artifact.NPM, "GHSA-", ""},
	{"Go", artifact.Golang, "GO-", "v"},
	{"crates.io", artifact.Cargo, "RUSTSEC-", ""},
	{"Maven", artifact.Maven, "GHSA-", ""},
}

func folderOf(eco artifact.Ecosystem) (osvFolder, error) {
	for _, f := range osvFolders {
		if f.eco == eco {
			return f, nil
		}
	}
	return osvFolder{}, fmt.Errorf("ecosystem %q has no folder in OSV's layout that this gate reads", eco)
}
