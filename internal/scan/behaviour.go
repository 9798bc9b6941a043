package scan

import (
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

// Strength is what one match of a rule counts for. It orders them.
type Strength int8

// Strengths. The zero value is Weak: a note.
const (
	Weak   Strength = iota // of interest beside others; a note
	Strong                 // holds by itself; two that are independent of each other reject
	Proof                  // known bad: rejects by itself
)

// Match is one rule of behaviour that an archive meets. It says what the archive
// does, whatever earlier versions did.
type Match struct {
	Rule     string           `json:"rule"`
	Group    string           `json:"group"` // family of rules; two matches of one group are not independent
	Title    string           `json:"title"`
	Strength Strength         `json:"strength,omitempty"`
	Severity finding.Severity `json:"severity"`
	Score    int              `json:"score"` // 0 to 10
	// WhenNew is what it counts for in a version of which an earlier one is admitted
	// that does not meet the rule at such a moment: more than Strength, or Weak for the
	// same. It says that a package began to do what some packages honestly always did.
	WhenNew Strength `json:"when_new,omitempty"`
	Attack  []string `json:"attack,omitempty"` // MITRE ATT&CK technique ids
	Where   string   `json:"where,omitempty"`  // when it runs: install, startup, import, command, call, test
	Path    string   `json:"path,omitempty"`
	Line    int      `json:"line,omitempty"`
	Text    string   `json:"text"` // one sentence for a developer, safe to print
	// Facts name the facts it rests on, sorted: the same words for the same fact in
	// another version of the package, whatever line it moved to. What every one of
	// them was in an earlier version is not new.
	Facts []string `json:"facts"`
	// Places are those facts' places, "path:line" or "path:line in decoded KIND", in the same order, so that it can be seen whether two matches rest on the same evidence.
	Places []string `json:"places"`
	// Digests are those of the files they stand in, sorted.
	Digests []artifact.Digest `json:"digests,omitempty"`
}

// Capability is something that an archive's code can do, with one place as evidence.
type Capability struct {
	Word string `json:"word"` // net, dns, exec, eval, native, sensitive-read, ...
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text,omitempty"`
}

// Behaviour is what the rules make of the facts of one archive. It follows from
// Report.Code and the rules alone, so that new rules need no unpacking.
type Behaviour struct {
	Rules        string       `json:"rules"` // digest of the rules that were asked
	Matches      []Match      `json:"matches,omitempty"`
	Capabilities []Capability `json:"capabilities,omitempty"` // sorted by word, one each
}

// Baseline is an earlier version of the package that may subtract from what a new
// one is judged by (THREATS.md, Difference laundering): admitted in this registry
// now, never recalled.
type Baseline struct {
	Version    artifact.Version
	Behaviours []*Behaviour // of its files that were looked at
	// Waived are rules that somebody waived for it: what they matched is not subtracted.
	Waived map[string]bool
	// Attested is what was verified of those of its files that are attested, by name,
	// and AttestedIn its number; of an earlier version where somebody waived that its own
	// provenance is another.
	Attested   map[string]provenance.Answer
	AttestedIn string
	// Repositories are those that its metadata names (provenance.Repository), sorted.
	Repositories []string
	// Digest names all of the above, for the decision's record.
	Digest artifact.Digest
}
