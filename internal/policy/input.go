// Package policy turns facts into reasons by named rules in one YAML file with
// CEL conditions. It is pure: no I/O, no clock of its own; the same input gives
// the same reasons.
package policy

import (
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Input is all that a policy may speak about: one version (File nil) or one of
// its files.
type Input struct {
	Now          time.Time
	Registry     string
	Version      artifact.Version
	Origin       string // recorded origin of the name, "" when it has none yet
	Internal     bool   // the name matches a declared internal pattern
	Yanked       bool
	YankedReason artifact.Untrusted
	Licence      string // SPDX expression or the declared words; "" when unknown
	// Capabilities are what the code of the version's files that were looked at can
	// do, sorted words; Added those of them that the version it is compared with does
	// not have, and Baseline is that version's number: "", and nothing added, where
	// there is none.
	Capabilities []string
	Added        []string
	Baseline     string
	File         *File
	// Provenance is what was verified of who made the file; nil while the file is to be
	// looked at first: rules that read it are not asked then, and nothing is served that
	// was not looked at.
	Provenance *Provenance
	Findings   []finding.Finding
}

// Provenance is what was verified of who made a file; all empty where nothing was.
type Provenance struct {
	Verified   bool
	Kind       string // "build", "publish"
	Issuer     string // who vouches for the identity
	Identity   string // the certificate's subject
	Repository string // "https://forge.example/acme/demo"
	Workflow   string // the file in the repository
	Ref        string
	Commit     string
	Builder    string
	Runner     string // "github-hosted", "self-hosted"
}

// File is the file a policy speaks about.
type File struct {
	Name     string
	Kind     artifact.Kind
	Size     int64     // bytes
	Uploaded time.Time // the file's own upload time; zero: not known
}
