package gate

import (
	"context"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Store keeps rows. Every method is one transaction, durable when it returns.
// Not found is verdict.ErrNotFound, a broken promise (a file name that would
// change its digest, a second origin) is verdict.ErrConflict. Bytes never go
// here: they are in Blobs, durable before a row names them.
type Store interface {
	// PutFile records a file whose bytes are in the blob store. Within (origin,
	// package, file name) the digest is for ever: another one is ErrConflict.
	// Recording the same again is no error.
	PutFile(ctx context.Context, f artifact.File, firstSeen time.Time) error
	// FileNamed finds a recorded file.
	FileNamed(ctx context.Context, p artifact.Package, name string) (artifact.File, error)
	// State reads, at one moment, all that decisions about a package's files in a
	// registry need. A package that nothing is known of has an empty state.
	State(ctx context.Context, registry string, p artifact.Package) (PackageState, error)

	// Evidence and PutEvidence keep a worker's report under its key. Appended:
	// a key is written once, a second write is ignored. Evidence gives the report
	// without its Code, which is large and needed only when rules change.
	Evidence(ctx context.Context, key string) (scan.Report, error)
	PutEvidence(ctx context.Context, key string, sha artifact.Digest, r scan.Report, at time.Time) error
	// Code gives the facts of the files of an archive, as the report had them; not
	// found where the evidence is older than facts are kept.
	Code(ctx context.Context, evidence string) ([]code.File, error)
	// Behaviour is what rules made of those facts when they were last asked; its
	// Rules says which, and is empty when none were. Not found where there are no
	// facts to ask about. PutBehaviours replaces it, all of bs or none.
	Behaviour(ctx context.Context, evidence string) (scan.Behaviour, error)
	PutBehaviours(ctx context.Context, bs []EvidencedBehaviour, at time.Time) error
	// Unevaluated lists, in order of key and from the one after a given key on,
	// evidence with facts that these rules were not asked about.
	Unevaluated(ctx context.Context, rules, after string, limit int) ([]string, error)

	// PutProvenance appends what became of the claims about a file, which State gives
	// from then on. Writing what the newest one says already changes nothing.
	PutProvenance(ctx context.Context, f artifact.File, claims artifact.Digest, a provenance.Answer, at time.Time) error

	// Origin and SetOrigin keep where a name comes from: "internal" or an
	// upstream's name. The first one stays: setting another is ErrConflict.
	Origin(ctx context.Context, p artifact.Package) (string, error)
	SetOrigin(ctx context.Context, p artifact.Package, origin string, at time.Time) error

	// Publish appends decisions, and records each admitted file as admitted in
	// its registry (first time kept) and each that is taken back
	// (verdict.Decision.TakesBack) as no longer so. Decisions already there (by id)
	// are left alone.
	Publish(ctx context.Context, ds []verdict.Decision) error
	// PutDecisions appends decisions without touching what is admitted: those
	// that an index shows as refused. Decisions already there are left alone.
	PutDecisions(ctx context.Context, ds []verdict.Decision) error
	Decision(ctx context.Context, id string) (verdict.Decision, error)
	// DecisionsOf lists the decisions about a version in a registry, newest first.
	DecisionsOf(ctx context.Context, registry string, v artifact.Version, limit int) ([]verdict.Decision, error)
	// LastAdmission gives the newest decision that admitted a file in a registry,
	// whatever was decided since.
	LastAdmission(ctx context.Context, registry string, v artifact.Version, file string) (verdict.Decision, error)
	// AdmittedNames lists the names of packages with at least one admitted file,
	// sorted.
	AdmittedNames(ctx context.Context, registry string, e artifact.Ecosystem) ([]string, error)

	// Submit records a request and the job that will look at it, in one
	// transaction. An id that exists is ErrConflict, a queue without room for one
	// more a *jobs.FullError.
	Submit(ctx context.Context, r verdict.Request, j jobs.New) error
	// FinishRequest records the outcome of a request and ends its job, in one
	// transaction, for the attempt that holds the job; any other is jobs.ErrLost.
	// o.Request says which, o.Status how. What is recorded stays.
	FinishRequest(ctx context.Context, h jobs.Held, o verdict.Outcome, at time.Time) error
	// CancelRequest records that a request was taken back and cancels its job,
	// whoever holds it, in one transaction. One that has an outcome is ErrConflict.
	CancelRequest(ctx context.Context, o verdict.Outcome, at time.Time) error
	// Request reads a request with how far it is: Queued or Running as its job says,
	// Failed without an outcome when its job is dead.
	Request(ctx context.Context, id string) (verdict.Request, verdict.Status, verdict.Outcome, error)
	// Outcome is Request without what was asked, and the registry it is for.
	Outcome(ctx context.Context, id string) (verdict.Outcome, string, error)
	Requests(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error)

	PutWaiver(ctx context.Context, w verdict.Waiver) error
	// ApproveWaiver sets who approved a waiver that waits for a person.
	ApproveWaiver(ctx context.Context, id, approver string, at time.Time) error
	RevokeWaiver(ctx context.Context, id, by string, at time.Time) error
	Waiver(ctx context.Context, id string) (verdict.Waiver, error)
	// Waivers lists what was ever given, newest first; package "" for all.
	Waivers(ctx context.Context, registry string, p artifact.Package) ([]verdict.Waiver, error)

	PutApproval(ctx context.Context, a verdict.Approval) error
	RevokeApproval(ctx context.Context, id, by string, at time.Time) error
	Approvals(ctx context.Context, registry string, v artifact.Version) ([]verdict.Approval, error)

	// PutAsk records that somebody asked for an exception to a decision.
	PutAsk(ctx context.Context, a Ask) error
	Asks(ctx context.Context, registry string, open bool) ([]Ask, error)
	CloseAsk(ctx context.Context, id, by, how string, at time.Time) error

	// Audit appends one line of who did what.
	Audit(ctx context.Context, e AuditEntry) error
	AuditLog(ctx context.Context, limit int) ([]AuditEntry, error)
	// PutPull records that a file was handed out.
	PutPull(ctx context.Context, registry string, sha artifact.Digest, by string, at time.Time) error

	// Generation is a number that grows whenever something was written that a
	// decision about the package's files may depend on: its files, their evidence
	// (by digest) and behaviours, what was verified of them, its origin, admissions, waivers and approvals. What was decided
	// under an older one must be decided again.
	Generation(ctx context.Context, p artifact.Package) (int64, error)
}

// PackageState is what the store knows about one package for one registry.
type PackageState struct {
	Origin        string                        // "" when none is recorded
	Files         map[string]artifact.File      // every recorded file, by name
	AdmittedSince map[string]time.Time          // by file name: those recorded as admitted in the registry
	Waivers       []verdict.Waiver              // of the package, in the registry or "*", also ended and revoked ones
	Approvals     map[string][]verdict.Approval // by version number, in the registry
	Recalled      map[string]bool               // by version number: an admission of one of its files was ever taken back in the registry
	Attested      map[string]Attested           // by file name: what was last verified of its attestations
}

// Attested is what became of the attestations of a file.
type Attested struct {
	SHA256 artifact.Digest // of the file's bytes then
	Claims artifact.Digest // of what its upstream offered then
	Answer provenance.Answer
}

// EvidencedBehaviour is what rules made of the facts of one archive, with the key
// of its evidence.
type EvidencedBehaviour struct {
	Evidence string
	scan.Behaviour
}

// Behave are the rules of behaviour. Implementations are safe for concurrent use.
type Behave interface {
	// Digest names the rules: it changes whenever the same facts could be judged
	// otherwise.
	Digest() string
	// Behaviour judges the facts of one archive by them. It reads nothing else.
	Behaviour(files []code.File) scan.Behaviour
}

// Ask is a developer's request for an exception.
type Ask struct {
	ID       string    `json:"id"`
	Registry string    `json:"registry"`
	Decision string    `json:"decision"` // or the request's id
	Purl     string    `json:"purl"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	Created  time.Time `json:"created"`
	Closed   time.Time `json:"closed,omitzero"`
	ClosedBy string    `json:"closed_by,omitempty"`
	How      string    `json:"how,omitempty"`
}

// AuditEntry is one act of a principal.
type AuditEntry struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Act    string    `json:"act"`    // "waive", "approve", "revoke", "token-create", ...
	Object string    `json:"object"` // id or purl
	Detail string    `json:"detail,omitempty"`
}

// Fetcher brings one file into quarantine and gives its digest and size. The
// bytes are durable in the blob store when it returns; nothing serves them
// before a decision admits them. want is checked when it is not empty. Many
// callers asking for one URL cause one fetch.
type Fetcher interface {
	Fetch(ctx context.Context, f ecosystem.IndexFile, up string) (artifact.Digest, int64, error)
}

// Keeper is a Fetcher that takes bytes too which an upstream has read already
// (ecosystem.Holder). What it promises of them is what Fetch does.
type Keeper interface {
	Keep(ctx context.Context, f ecosystem.IndexFile, b []byte, up string) (artifact.Digest, int64, error)
}

// Inspector opens an archive in the worker process and runs the file scanners.
// A crash, a time-out or an unreadable archive is a finding of class fault in
// the report, not an error; an error means that the worker could not be run.
type Inspector interface {
	Inspect(ctx context.Context, f artifact.File, x ecosystem.IndexFile, indexMetadata []byte) (scan.Report, error)
	// Revision names the engine and all file scanners with their revisions.
	Revision() string
}
