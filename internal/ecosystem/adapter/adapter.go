// Package adapter is what an ecosystem's folder gives to the program beside the
// nouns and rules of ecosystem.Ecosystem: how its upstream is opened, how a
// registry is served to its clients and where they publish. Package all lists one
// Adapter for each ecosystem; nothing else in the program names one.
package adapter

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// Adapter is one ecosystem as the program wires it. All fields are needed unless
// said otherwise.
type Adapter struct {
	ecosystem.Ecosystem
	// Path is the element of a registry's address that its clients use: "pypi",
	// "npm", "go", "cargo", "maven". It is served below /PATH/ and
	// /registry/NAME/PATH/.
	Path string
	// Title is what people call it: "PyPI", "npm", "Go", "Cargo", "Maven".
	Title string
	// OpenUpstream opens an outside index. It asks nobody anything yet.
	OpenUpstream func(UpstreamConfig) (ecosystem.Upstream, error)
	// Serve makes the handler of one registry for this ecosystem's clients. The
	// handler is mounted with its prefix stripped and answers GET, HEAD and the POSTs
	// that only read (audits).
	Serve func(Registry) http.Handler
	// Receive makes the door where publishers of one registry send their packages;
	// nil: nothing of this ecosystem is published here.
	Receive func(Registry, ecosystem.Desk) Receiver
	// Beside are further doors of a registry that this ecosystem's clients use; none is
	// fine.
	Beside []Door
	// CollisionKey folds names that people, and file systems, mistake for one
	// another: coarser than ParseName.
	CollisionKey func(name string) string
	// Discover finds the default upstream on this machine: its URL without user and
	// password, and in words how it was found. See package upstream, which does the
	// asking; Program is the client that it asks.
	Discover Discovery
}

// Door is what a registry answers at a path of its own, beside the one that its
// packages are read from: /PATH/ and /registry/NAME/PATH/.
type Door struct {
	Path string
	// Serve makes the handler; it is mounted as that of Adapter.Serve is.
	Serve func(Registry) http.Handler
}

// UpstreamConfig sets up an upstream. All but TTL, Memory, Now, Refuses and Options are
// needed.
type UpstreamConfig struct {
	Name     string           // the configured name
	BaseURL  string           // of the index
	Client   *fetch.Client    // names BaseURL among its upstreams when it is not public
	CacheDir string           // a folder for this upstream alone
	TTL      time.Duration    // how long an answer is used without asking; 0: DefaultTTL of package indexcache
	Memory   int              // bytes of parsed indexes kept, estimated; 0: its default
	Now      func() time.Time // nil: time.Now
	// Refuses says why the upstream is never asked for a name, as an error that is
	// ecosystem.ErrNoPackage; nil: it may be asked for all.
	Refuses func(artifact.Package) error
	Options map[string]string // the ecosystem's own settings, as "sumdb" for Go; each folder says which it knows and refuses others
}

// Registry is one registry as a handler sees it.
type Registry struct {
	Shelf    ecosystem.Shelf
	Decision func(id string) string // the address of a decision's page
	Log      *slog.Logger
	// Reader is the name of whoever asks, "" for nobody known; nil where nobody says.
	Reader func(context.Context) string
	// Snapshots is how many builds of one snapshot of ours are kept, where an ecosystem
	// has such; 0 takes none.
	Snapshots int
	// Advisories gives what is published about the ecosystem's packages, as this
	// registry has it. nil where nobody says.
	Advisories func(context.Context) (*Advisories, error)
}

// Advisories is what is published about an ecosystem's packages, and what of it a
// registry has waived. It does not change.
type Advisories struct {
	*advisory.Export
	Waived []Waived  // by package and number
	Since  time.Time // when a waiver last began or ended to hold; zero: none ever did
	Tag    string    // another one whenever anything here differs
}

// Waived is a version that a waiver speaks of.
type Waived struct {
	artifact.Version
	Stands []string // ids of all records that stand against it all the same, their aliases too
}

// Receiver takes packages from publishers for one registry. Who may publish was
// settled before; what may be published the desk decides.
type Receiver interface {
	// Patterns are the routes, as http.ServeMux writes them without the prefix, that
	// need a publisher: "POST /legacy/", "PUT /{path...}".
	Patterns() []string
	Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher)
	// ReadPatterns are further routes that any reader may ask and ServeHTTP answers,
	// as what publishers attested; none is fine.
	ReadPatterns() []string
	http.Handler
}

// Discovery is how an ecosystem's default upstream is found where nothing is
// configured, in the order of its fields. No host name is written in this program.
type Discovery struct {
	// Environment lists the variables that the ordinary clients read, the first set
	// one wins. Read turns a value into a URL, "" for one that says nothing
	// (GOPROXY=off); nil takes it as it is.
	Environment []string
	Read        func(value string) string
	// Commands are asked in order for the first that is installed and answers: a
	// program with arguments that prints the URL, run in an empty folder.
	Commands [][]string
	// Builtin are further commands, asked after those: they print what the client is
	// built with, whatever is configured here.
	Builtin [][]string
	// ReadAnswer turns what a command printed into a URL; nil takes its first line
	// through Read.
	ReadAnswer func(output string) string
	// Library gives the default that a library knows; nil: none does.
	Library func(ctx context.Context) (string, error)
}
