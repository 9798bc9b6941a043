package policy

import (
	"regexp"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// A Batch evaluates a policy for many files, one after the other. What the rules
// say of a finding that several files of one version share is worked out once:
// an index of ten thousand files with the same twenty advisories each would
// otherwise ask two hundred thousand times. It gives exactly what Evaluate gives
// and is not safe for concurrent use.
type Batch struct {
	policy *Policy
	about  common
	said   map[findingKey]verdict.Reason
}

// Batch starts one.
func (p *Policy) Batch() *Batch { return &Batch{policy: p} }

// Digest names the policy.
func (b *Batch) Digest() string { return b.policy.Digest() }

// Evaluate is Policy.Evaluate.
func (b *Batch) Evaluate(in Input) ([]verdict.Reason, error) {
	if c := commonOf(in); b.said == nil || b.about != c {
		b.about, b.said = c, map[findingKey]verdict.Reason{}
	}
	return b.policy.evaluate(in, b.said)
}

// common is all of an input that a rule about findings can see beside the
// finding, the file and the time.
type common struct {
	registry, origin, licence string
	version                   artifact.Version
	internal, yanked          bool
	reason                    artifact.Untrusted
	can, added, baseline      string
}

func commonOf(in Input) common {
	return common{in.Registry, in.Origin, in.Licence, in.Version, in.Internal, in.Yanked, in.YankedReason,
		strings.Join(in.Capabilities, " "), strings.Join(in.Added, " "), in.Baseline}
}

// findingKey is all of a finding.
type findingKey struct {
	rule, text, file, path, ids, fixed, facts string
	class                                     finding.Class
	severity                                  finding.Severity
	line                                      int
}

func keyOf(f *finding.Finding) findingKey {
	return findingKey{f.Rule, f.Text, f.File, f.Path, strings.Join(f.IDs, "\x00"), strings.Join(f.Fixed, "\x00"), strings.Join(f.Facts, "\x00"), f.Class, f.Severity, f.Line}
}

var (
	quoted         = lazy.Regexp(`"[^"]*"|'[^']*'`)
	fileOrTime     = lazy.Regexp(`\b(file|now|provenance)\b`)
	provenanceWord = lazy.Regexp(`\bprovenance\b`)
)

// fileFree says that nothing in a rule can depend on the file or the time. It
// goes by words, so it may say no where it could say yes, never the other way:
// words in plain quotes do not count, but where quotes may be escaped, and in
// sentences between placeholders, every word does.
func (r *Rule) fileFree() bool { return !r.reads(fileOrTime()) }

// reads says whether one of the words stands in what a rule evaluates.
func (r *Rule) reads(words *regexp.Regexp) bool {
	for _, expr := range []string{r.When, r.Until} {
		if !strings.Contains(expr, `\`) && !strings.Contains(expr, `"""`) && !strings.Contains(expr, `'''`) {
			expr = quoted().ReplaceAllString(expr, " ")
		}
		if words.MatchString(expr) {
			return true
		}
	}
	return words.MatchString(placeholders(r.Why)) || words.MatchString(placeholders(r.Remedy))
}

// placeholders is a sentence from its first placeholder to its last.
func placeholders(s string) string {
	from, to := strings.IndexByte(s, '{'), strings.LastIndexByte(s, '}')
	if from < 0 || to < from {
		return ""
	}
	return s[from : to+1]
}
