// Package finding holds what a scanner or check says it saw. A finding is a
// fact with a place; what follows from it is the policy's work (see policy and
// gate), so nothing here says admit or reject. It is a leaf.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Class says which kind of fact a finding is. Policies and waivers speak of
// classes: known malware, integrity, origin and faults can never be waived.
type Class string

// The classes, in the words of reports.
const (
	Vulnerability Class = "vulnerability" // a published advisory covers this version
	Malware       Class = "malware"       // a known-bad record: the version, a digest or a host is on a list
	Behaviour     Class = "behaviour"     // what the code does, by the rules of scan/malware
	Name          Class = "name"          // looks like another name
	Origin        Class = "origin"        // an internal name seen outside, two upstreams for one name
	Integrity     Class = "integrity"     // bytes are not what somebody promised
	Honesty       Class = "honesty"       // the archive and what is said about it differ, or it holds what it should not
	Licence       Class = "licence"
	Yanked        Class = "yanked" // the upstream took it back
	Age           Class = "age"
	Provenance    Class = "provenance"
	Manifest      Class = "manifest" // a line of a manifest that the gate does not follow
	Fault         Class = "fault"    // something could not be read or known; holds, never admits
)

// Waivable says whether a person may accept a finding of this class by a waiver.
func (c Class) Waivable() bool {
	switch c {
	case Malware, Integrity, Origin, Fault, "":
		return false
	}
	return true
}

// Severity orders findings. The zero value is Unknown, which policies treat as
// High (THREATS.md, Decisions).
type Severity int8

// Severities, from the CVSS qualitative scale.
const (
	Unknown Severity = iota
	None
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"unknown", "none", "low", "medium", "high", "critical"}

// String gives the lower-case word.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return severityNames[Unknown]
	}
	return severityNames[s]
}

// Weight is the severity to compare by: unknown counts as high.
func (s Severity) Weight() Severity {
	if s <= Unknown || s > Critical {
		return High
	}
	return s
}

// ParseSeverity reads a severity's word; "moderate" is medium.
func ParseSeverity(w string) (Severity, error) {
	w = strings.ToLower(w)
	if w == "moderate" {
		return Medium, nil
	}
	for i, n := range severityNames {
		if n == w {
			return Severity(i), nil
		}
	}
	return Unknown, fmt.Errorf("severity %q is none of %s", w, strings.Join(severityNames[:], ", "))
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *Severity) UnmarshalText(b []byte) error {
	v, err := ParseSeverity(string(b))
	if err == nil {
		*s = v
	}
	return err
}

// Location is a place in a file a person can open. Line and Column count from
// 1; 0 means the whole file.
type Location struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String gives "requirements.txt:3".
func (l Location) String() string {
	if l.Line == 0 {
		return l.File
	}
	return fmt.Sprintf("%s:%d", l.File, l.Line)
}

// Finding is one thing that was seen. Text is one sentence for a developer and
// may quote outside text only through artifact.Untrusted's String.
type Finding struct {
	Rule     string   `json:"rule"` // stable id: "known-vulnerability", "record-mismatch"
	Class    Class    `json:"class"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
	IDs      []string `json:"ids,omitempty"`   // advisory ids, one alias group, preferred id first
	Fixed    []string `json:"fixed,omitempty"` // versions known to be fixed, ascending; only those above the version looked at
	// File is the version's file (wheel, sdist, ...) that it is about, where a check
	// of a version says so; "" for all of them. A scanner of one archive leaves it out.
	File string `json:"file,omitempty"`
	Path string `json:"path,omitempty"` // inside the archive
	Line int    `json:"line,omitempty"` // inside Path
	// Facts name what the finding rests on in the same words in every version of a
	// package, sorted: what an earlier version that was admitted had as well is not new.
	Facts []string `json:"facts,omitempty"`
}

// Fingerprint names the finding independently of severity and wording, so that
// a waiver given for it still means it after a text was improved, and what rests on
// other facts is another finding.
func (f Finding) Fingerprint() string {
	about := []any{f.Rule, f.Class, f.IDs, f.Path}
	if len(f.Facts) > 0 {
		about = append(about, f.Facts)
	}
	b, err := json.Marshal(about)
	if err != nil {
		panic(err) // strings only: cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
