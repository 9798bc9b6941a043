// Package verdict holds the gate's answers: a verdict with its reasons, the
// decision that records it with every input, the request that asked, and what
// people may add to it (waivers, approvals). It is a leaf: values only, no I/O.
package verdict

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Verdict is the gate's answer. The zero value holds.
type Verdict int8

// The three answers.
const (
	Hold Verdict = iota
	Admit
	Reject
)

// String gives "hold", "admit" or "reject"; anything else reads as hold.
func (v Verdict) String() string {
	switch v {
	case Admit:
		return "admit"
	case Reject:
		return "reject"
	}
	return "hold"
}

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word; an unknown word is an error and leaves Hold.
func (v *Verdict) UnmarshalText(b []byte) error {
	switch string(b) {
	case "admit":
		*v = Admit
	case "reject":
		*v = Reject
	case "hold":
		*v = Hold
	default:
		*v = Hold
		return fmt.Errorf("verdict %.20q is none of admit, reject, hold", b)
	}
	return nil
}

// Worse gives the stricter of two: reject, then hold, then admit.
func Worse(a, b Verdict) Verdict {
	switch {
	case a == Reject || b == Reject:
		return Reject
	case a == Admit && b == Admit:
		return Admit
	}
	return Hold
}

// Effect is what one reason does to the verdict. The zero value holds.
type Effect string

// Effects of a policy rule.
const (
	EffectHold   Effect = "hold"
	EffectAdmit  Effect = "admit" // settles the finding it matched: later rules do not see it
	EffectReject Effect = "reject"
	EffectNote   Effect = "note"
)

// Reason is one line of a decision: the policy rule that spoke, about what, and
// what to do. Text and Remedy are for people and already safe on a terminal.
type Reason struct {
	Rule     string           `json:"rule"` // the policy rule's id
	Class    finding.Class    `json:"class"`
	Effect   Effect           `json:"effect"`
	IDs      []string         `json:"ids,omitempty"`   // advisory ids
	Fixed    []string         `json:"fixed,omitempty"` // fixed versions, ascending
	Severity finding.Severity `json:"severity"`
	Text     string           `json:"text"`
	Remedy   string           `json:"remedy,omitempty"`
	Finding  string           `json:"finding,omitempty"` // fingerprint of the finding, empty for a rule about the file itself
	Source   string           `json:"source,omitempty"`  // the finding's own rule: "known-vulnerability", "record-mismatch"
	Until    time.Time        `json:"until,omitzero"`    // when the reason ends by itself; zero: it does not
	Waiver   string           `json:"waiver,omitempty"`  // id of the waiver that turned it into a note
	File     string           `json:"file,omitempty"`    // the manifest line that asked
	Line     int              `json:"line,omitempty"`
	Seen     Place            `json:"seen,omitzero"` // where in the package it was seen
}

// Place is a place in one of a version's files.
type Place struct {
	Archive string `json:"archive,omitempty"` // the wheel or sdist; "" where it may be any of them
	Path    string `json:"path"`
	Line    int    `json:"line,omitempty"` // from 1; 0: all of it
}

// String gives "demo/setup.py:3".
func (p Place) String() string { return finding.Location{File: p.Path, Line: p.Line}.String() }

// Capability is something that the code of a version can do, with one place as
// evidence.
type Capability struct {
	Word string `json:"word"` // net, exec, eval, ...
	Place
	Text string `json:"text,omitempty"` // the line of source, shortened
	New  bool   `json:"new,omitempty"`  // what the version is compared with cannot
}

// Sum is the verdict that reasons add up to: any reject rejects, else any hold
// holds, else admit. An effect it does not know holds.
func Sum(reasons []Reason) Verdict {
	v := Admit
	for _, r := range reasons {
		switch r.Effect {
		case EffectNote, EffectAdmit:
		case EffectReject:
			v = Worse(v, Reject)
		default:
			v = Worse(v, Hold)
		}
	}
	return v
}

// Inputs are all that a decision was computed from (DESIGN.md, invariant 5), so
// that anybody can compute it again.
type Inputs struct {
	FileSHA256       artifact.Digest `json:"file_sha256,omitempty"`
	FileEvidence     string          `json:"file_evidence,omitempty"`     // evidence key: content, engine, rules, role
	VersionEvidence  string          `json:"version_evidence,omitempty"`  // digest of the version checks' findings and their revisions
	UpstreamMetadata artifact.Digest `json:"upstream_metadata,omitempty"` // digest of the index answer looked at
	Baseline         string          `json:"baseline,omitempty"`
	Policy           string          `json:"policy"`
	Waivers          []string        `json:"waivers,omitempty"`
	Approvals        []string        `json:"approvals,omitempty"`
	Origin           string          `json:"origin,omitempty"`
	Above            string          `json:"above,omitempty"` // the decision in the registry that this one takes the file from, by id
	AdvisorySnapshot string          `json:"advisory_snapshot,omitempty"`
	AdvisoriesStale  bool            `json:"advisories_stale,omitempty"`
	At               time.Time       `json:"at"`
}

// Decision is a verdict about one file (or, before any file was fetched, about
// a version on facts alone: File is then empty) in one registry. Decisions are
// appended and never rewritten.
type Decision struct {
	ID       string           `json:"id"`
	Registry string           `json:"registry"`
	Version  artifact.Version `json:"-"`
	Purl     string           `json:"purl"`
	File     string           `json:"file,omitempty"`
	Verdict  Verdict          `json:"verdict"`
	Reasons  []Reason         `json:"reasons"`
	Until    time.Time        `json:"until,omitzero"` // the decision must be taken again from here on; zero: no end of its own
	Observed bool             `json:"observed,omitempty"`
	Inputs   Inputs           `json:"inputs"`
}

// TakesBack says whether the decision ends an earlier admission: it rejects, or
// holds for something that was found. A hold for faults only (an upstream that
// does not answer, data that is missing) does not: when the fault is mended, what
// was admitted is so still.
func (d Decision) TakesBack() bool {
	if d.Verdict != Hold {
		return d.Verdict == Reject
	}
	faults := 0
	for _, r := range d.Reasons {
		switch {
		case r.Effect == EffectNote || r.Effect == EffectAdmit:
		case r.Class != finding.Fault:
			return true
		default:
			faults++
		}
	}
	return faults == 0 // a hold that gives no reason is no fault
}

// DecisionID is the id a decision gets: the same answer for the same reasons
// has the same id however often it is computed, so that asking again writes
// nothing new. What changes without changing the reasons is left out: the time
// of asking, the ids of the advisory snapshot and of the index answer.
func DecisionID(d Decision) string {
	in := d.Inputs
	in.At, in.AdvisorySnapshot, in.UpstreamMetadata, in.VersionEvidence = time.Time{}, "", "", ""
	b, err := json.Marshal([]any{d.Registry, d.Purl, d.File, d.Verdict, d.Reasons, d.Until, d.Observed, in})
	if err != nil {
		panic(err) // plain values only
	}
	return strings.Clone(string(artifact.DigestOf(b)[:12])) // many are kept, and not with the rest of the digest
}

// A Refusal says why the gate will not hand something out. It is an answer, not
// a fault: Public may be shown to whoever asked, Cause is for the log only.
type Refusal struct {
	Version  artifact.Version
	File     string
	Verdict  Verdict // Reject or Hold
	Rule     string
	Decision string    // id, for /d/ID
	Public   string    // one sentence: why
	Next     string    // what to do: "use 2.2.28"; may be empty
	Until    time.Time // when it opens by itself; zero: it does not
	Cause    error
}

// Error implements error.
func (r *Refusal) Error() string {
	s := fmt.Sprintf("%s: %s: %s", r.Version, r.Verdict, r.Public)
	if r.Cause != nil {
		s += ": " + r.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// Waiver is a person's acceptance of one rule for one package's versions known
// on that day, with a reason and an end. It binds to advisory ids or to a
// finding's fingerprint: a new advisory is not covered.
type Waiver struct {
	ID           string           `json:"id"`
	Registry     string           `json:"registry"` // "*" for all
	Package      artifact.Package `json:"-"`
	Purl         string           `json:"purl"`
	Versions     []string         `json:"versions"` // the versions it covers, listed when it was given
	Rule         string           `json:"rule"`     // the policy rule's id, or the finding's rule
	Advisories   []string         `json:"advisories,omitempty"`
	Fingerprints []string         `json:"fingerprints,omitempty"`
	Reason       string           `json:"reason"`
	Owner        string           `json:"owner"`    // who asked
	Approver     string           `json:"approver"` // who gave it; empty: still waits for a person, has no effect
	Created      time.Time        `json:"created"`
	Until        time.Time        `json:"until"`
	Revoked      time.Time        `json:"revoked,omitzero"`
}

// Approval turns the holds of one decision into admit. It binds to the evidence
// looked at and lapses when that changes.
type Approval struct {
	ID       string           `json:"id"`
	Registry string           `json:"registry"`
	Version  artifact.Version `json:"-"`
	Purl     string           `json:"purl"`
	File     string           `json:"file,omitempty"` // empty: every file of the version with the same evidence
	Decision string           `json:"decision"`
	Evidence string           `json:"evidence"` // verdict.EvidenceDigest of the holds approved
	Reason   string           `json:"reason"`
	Approver string           `json:"approver"`
	Created  time.Time        `json:"created"`
	Revoked  time.Time        `json:"revoked,omitzero"`
}

// EvidenceDigest names what an approval was given for: the holding reasons (by
// rule, class, ids and fingerprint) and the file's bytes. Anything new makes
// another digest.
func EvidenceDigest(sha artifact.Digest, reasons []Reason) string {
	type bound struct {
		Rule, Finding string
		Class         finding.Class
		IDs           []string
	}
	var holds []bound
	for _, r := range reasons {
		if r.Effect != EffectNote && r.Effect != EffectAdmit {
			holds = append(holds, bound{r.Rule, r.Finding, r.Class, r.IDs})
		}
	}
	b, err := json.Marshal([]any{sha, holds})
	if err != nil {
		panic(err) // plain values only
	}
	return string(artifact.DigestOf(b))
}

// Errors that people act on; test with errors.Is.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("conflict")
	ErrForbidden = errors.New("not allowed")
)
