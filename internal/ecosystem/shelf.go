package ecosystem

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Shelf is one registry as the handlers of an ecosystem see it. It decides
// nothing: every answer comes from the gate's one Decide, at the moment of
// asking.
type Shelf interface {
	// Name is the registry's name.
	Name() string
	// Names lists the packages that something was admitted of, sorted.
	Names(ctx context.Context, e artifact.Ecosystem) ([]string, error)
	// Listing gives a package's index with what stands against each file.
	// ErrNoPackage and ErrUnreachable are told apart.
	Listing(ctx context.Context, p artifact.Package) (*Listing, error)
	// File opens an admitted file. A *verdict.Refusal says why it is not handed
	// out, a *Pending that it is still being looked at, ErrNoPackage that nothing
	// of that name exists, a *budget.Exhausted that whoever asks has had enough for
	// today; anything else is a fault. The caller closes Body.
	File(ctx context.Context, p artifact.Package, name string) (*Served, error)
	// Metadata gives a file's metadata as data, also for files not looked at yet;
	// errors as of File.
	Metadata(ctx context.Context, p artifact.Package, name string) ([]byte, error)
	// Document reads what the upstream has beside its packages (Documents), by a path
	// that the ecosystem chose. p is the package that it is about, without a name where
	// it is about none. ErrNoPackage where there is no such document,
	// verdict.ErrForbidden where p is a name of our own, which is asked about nowhere
	// outside.
	Document(ctx context.Context, p artifact.Package, path string) ([]byte, error)
	// Vulnerabilities lists what is published against a version and was not waived
	// here, as the decisions about its files have it; of a version that the index
	// does not have too. An error says that nothing can be said now, which is not
	// "none".
	Vulnerabilities(ctx context.Context, v artifact.Version) ([]Vulnerability, error)
	// Base is the registry's own address for an ecosystem's clients, without a slash
	// at the end.
	Base(e artifact.Ecosystem) string
}

// Vulnerability is one published record that covers a version, or several that
// are about the same.
type Vulnerability struct {
	ID       string
	Aliases  []string
	Fixed    []string // versions that hold a fix, ascending
	Severity finding.Severity
	Malware  bool
	Text     artifact.Untrusted // one line
	URL      string             // of the decision that says so
}

// Listing is a package's index as a registry shows it.
type Listing struct {
	Index  *Index // without the files that the registry leaves out
	Marks  []Mark // one for each of Index.Files, same order
	Until  time.Time
	Hidden int    // files that the registry leaves out
	Tag    string // another one whenever the listing differs
}

// Mark says what stands against one file. The zero Mark offers it.
type Mark struct {
	Refused  bool
	Why      string // one line: what clients show as the yank reason
	Decision string // id
}

// Served is an admitted file on its way out.
type Served struct {
	File     artifact.File
	Decision string
	Body     io.ReadSeekCloser
}

// Pending says that a file is being looked at: ask again later.
type Pending struct {
	Version artifact.Version
	Step    string // how far it is: "being fetched"
	After   time.Duration
	URL     string // of the decision that stands until then
}

// Error implements error.
func (p *Pending) Error() string {
	return p.Version.String() + " is " + cmp.Or(p.Step, "being looked at") + "; ask again"
}
