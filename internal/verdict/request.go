package verdict

import (
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// Source is one manifest or lockfile as handed in at a door.
type Source struct {
	Path    string `json:"path"`         // slash-separated, relative, inside the tree that came with it
	As      string `json:"as,omitempty"` // the manifest name to read it as, where a person named a file whose own name says nothing
	Content []byte `json:"content"`      // base64 in JSON; at most the door's cap
}

// Request is what came in at a door: manifests to read, or versions by purl.
type Request struct {
	ID       string    `json:"id"`
	Door     string    `json:"door"` // cli, push, api, pull
	Registry string    `json:"registry"`
	Project  string    `json:"project,omitempty"`
	By       string    `json:"by,omitempty"` // principal
	Files    []Source  `json:"files,omitempty"`
	Include  []Source  `json:"include,omitempty"` // readable through -r and -c, not roots themselves
	Before   []Source  `json:"before,omitempty"`  // the same paths before the change; what they held is not new
	Purls    []string  `json:"purls,omitempty"`
	Groups   []string  `json:"groups,omitempty"` // the dependency groups and extras to look at, "main" for the project's own; none: all
	Created  time.Time `json:"created"`
	// Problems are what the door itself found, such as a manifest behind a link.
	Problems []Problem `json:"problems,omitempty"`
}

// Status says where a request is.
type Status string

// The states of a request; Done and Cancelled are final. Failed is, unless the
// gate itself gave up and somebody starts it again.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Done      Status = "done"
	Failed    Status = "failed"    // a fault or unusable input: Problems say which; never an admission
	Cancelled Status = "cancelled" // somebody took it back before there was an answer
)

// Ended says whether there is nothing to wait for any more.
func (s Status) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Outcome is the answer to a request, in the JSON shape of `admit --format json`.
type Outcome struct {
	Request     string           `json:"request"`
	Status      Status           `json:"status"`
	Verdict     Verdict          `json:"verdict"`
	DecisionURL string           `json:"decision_url"`
	Problems    []Problem        `json:"problems"`
	Versions    []VersionOutcome `json:"versions"`
	Took        Milliseconds     `json:"took_ms"`
	// Install is the command that installs what was admitted from the gate; empty
	// where there is no one command.
	Install string `json:"install,omitempty"`
	// What the answer rests on, beside the inputs that each decision records.
	Policy           string    `json:"policy,omitempty"`            // digest of the registry's policy
	AdvisorySnapshot string    `json:"advisory_snapshot,omitempty"` // id of the advisory data looked at
	Ended            time.Time `json:"ended,omitzero"`
}

// Milliseconds is a duration as JSON shows it.
type Milliseconds int64

// Problem is something about the input as a whole or one line of it.
type Problem struct {
	Class finding.Class `json:"class"`
	Text  string        `json:"text"`
	File  string        `json:"file,omitempty"`
	Line  int           `json:"line,omitempty"`
	// Effect is what the problem does to the verdict: note, hold or reject.
	Effect Effect `json:"effect"`
	// Fatal problems stop the request: nothing was decided, exit code 3.
	Fatal bool `json:"fatal,omitempty"`
}

// VersionOutcome is the answer for one version of the closure.
type VersionOutcome struct {
	Purl     string        `json:"purl"`
	Verdict  Verdict       `json:"verdict"`
	Direct   bool          `json:"direct"`
	Build    bool          `json:"build,omitempty"` // needed only to build the sdist that Via leads through
	New      bool          `json:"new"`             // false: already admitted here before this request
	Via      []string      `json:"via"`             // purls from the direct requirement down to the one that pulls it in; empty for direct ones
	Until    *time.Time    `json:"until"`
	Remedy   *Remedy       `json:"remedy"`
	Reasons  []Reason      `json:"reasons"`
	Files    []FileOutcome `json:"files"`
	Decision string        `json:"decision,omitempty"`
	File     string        `json:"file,omitempty"` // the manifest line that asks for it, or for the direct one that pulls it in
	Line     int           `json:"line,omitempty"`
	Asked    string        `json:"asked,omitempty"` // that line's requirement as written
	// Licence is what the version says of itself: an SPDX expression, or its own
	// words; empty where nothing was read.
	Licence string `json:"licence,omitempty"`
	// Capabilities are what the code of the files looked at can do, in order of word;
	// ComparedWith is the number of the earlier version that says which are new, ""
	// where there is none.
	Capabilities []Capability `json:"capabilities,omitempty"`
	ComparedWith string       `json:"compared_with,omitempty"`

	Version artifact.Version `json:"-"`
}

// FileOutcome is one file that was looked at.
type FileOutcome struct {
	Name     string          `json:"name"`
	SHA256   artifact.Digest `json:"sha256"`
	Size     int64           `json:"size"`
	Verdict  Verdict         `json:"verdict"`
	Decision string          `json:"decision,omitempty"`
	// Provenance is who made the file, where somebody who is named attested it and that
	// was verified.
	Provenance *provenance.Attestation `json:"provenance,omitempty"`
}

// Remedy is the smallest change of one manifest line that clears every reject
// below it, proved by resolving and deciding again.
type Remedy struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Old     string `json:"old"`               // the line's requirement now
	New     string `json:"new"`               // what to write instead
	Spec    string `json:"spec,omitempty"`    // the version specifier in New: "==2.2.28"; empty for a lock
	Text    string `json:"text"`              // "change to: Django==2.2.28"
	Command string `json:"command,omitempty"` // the command that applies it
	Proved  bool   `json:"proved"`            // the changed manifest was resolved and decided again: no reject left
}
