package ecosystem

import (
	"context"
	"io"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
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
	// of that name exists; anything else is a fault. The caller closes Body.
	File(ctx context.Context, p artifact.Package, name string) (*Served, error)
	// Metadata gives a file's metadata as data, also for files not looked at yet.
	Metadata(ctx context.Context, p artifact.Package, name string) ([]byte, error)
}

// Listing is a package's index as a registry shows it.
type Listing struct {
	Index *Index
	Marks []Mark // one for each of Index.Files, same order
	Until time.Time
	Tag   string // another one whenever the listing differs
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
	After   time.Duration
	URL     string // where to see how far it is
}

// Error implements error.
func (p *Pending) Error() string { return p.Version.String() + " is still being looked at; ask again" }
