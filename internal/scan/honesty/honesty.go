// Package honesty is the file scanner that compares an archive with what is said
// about it: by its file name, by its own metadata and lists, and by the index. It
// also notes what an archive holds that its kind should not, and what would run
// without being called.
//
// What is promised differs in each ecosystem: each has a file here (python.go, ...)
// with what it looks at, and one line in worlds. An archive of an ecosystem without
// one passes, with nothing said. What an index says of a version beyond the fields
// that all ecosystems share comes in FileTarget.Record and Digests.
//
// It states facts with a severity; nothing here admits or refuses, and a text in
// the archive never switches a check off. Kinds of native code are told by content,
// never by extension.
package honesty

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// Rules that more than one ecosystem has, stable words. The first group is of class
// integrity (somebody's promise about the bytes is broken), the second of class
// honesty.
const (
	RuleMetadataMissing = "metadata-missing"
	RuleNameMismatch    = "metadata-name-mismatch"
	RuleVersionMismatch = "metadata-version-mismatch"
	RuleIndexMismatch   = "metadata-index-mismatch"

	RuleInstallHook = "install-hook"
	RuleAddedLater  = "file-added-later"
)

// mostOfRule bounds how often one rule is reported for one archive; what comes
// after is counted in one more finding.
const mostOfRule = 20

// Scanner implements scan.FileScanner. The zero value is ready.
type Scanner struct{}

// Name implements scan.FileScanner.
func (Scanner) Name() string { return "honesty" }

// Revision implements scan.FileScanner; it goes up with every change of what is
// found.
func (Scanner) Revision() string { return "6" }

// world is what is promised about archives in one ecosystem.
type world struct {
	ecosystem artifact.Ecosystem
	// begin opens a pass over an archive of the ecosystem.
	begin func(t scan.FileTarget) scan.Pass
	// guess opens one over an archive that nobody said the package of, where its name
	// is one that the ecosystem's archives have; nil is "it is none of ours". Such a
	// pass says nothing where the archive turns out to be none either.
	guess func(t scan.FileTarget) scan.Pass
}

// worlds lists them, in the order in which they are asked for a guess.
var worlds = []world{
	{artifact.Golang, beginGo, guessGo},
	{artifact.NPM, beginNPM, guessNPM},
	{artifact.Cargo, beginCargo, guessCargo},
	{artifact.PyPI, beginPython, guessPython},
	{artifact.Maven, beginMaven, guessMaven},
}

// Begin implements scan.FileScanner.
func (Scanner) Begin(t scan.FileTarget) scan.Pass {
	eco := t.File.Version.Package.Ecosystem
	for _, w := range worlds {
		if w.ecosystem == eco {
			return w.begin(t)
		}
		if eco != "" {
			continue
		}
		if p := w.guess(t); p != nil {
			return p
		}
	}
	return elsewhere{}
}

// elsewhere is the pass over an archive that nothing is known to be promised about.
type elsewhere struct{}

func (elsewhere) Entry(scan.Entry) []finding.Finding { return nil }
func (elsewhere) End() []finding.Finding             { return nil }

// told collects what a pass has to say. The zero value is ready.
type told struct {
	found []finding.Finding
	count map[string]int
	worst map[string]finding.Finding // of those not listed, by rule
}

// add records a finding about an entry, or about the archive where is "".
func (t *told) add(rule string, class finding.Class, severity finding.Severity, where, format string, args ...any) {
	t.keep(finding.Finding{Rule: rule, Class: class, Severity: severity, Path: where, Text: fmt.Sprintf(format, args...)})
}

// keep lists a finding, up to mostOfRule of a rule.
func (t *told) keep(f finding.Finding) {
	if t.count == nil {
		t.count, t.worst = map[string]int{}, map[string]finding.Finding{}
	}
	if t.count[f.Rule]++; t.count[f.Rule] <= mostOfRule {
		t.found = append(t.found, f)
		return
	}
	if w, ok := t.worst[f.Rule]; !ok || w.Severity < f.Severity {
		t.worst[f.Rule] = f
	}
}

// all is what was found, with a line for each rule that was found too often.
func (t *told) all() []finding.Finding {
	out := t.found
	for _, rule := range slices.Sorted(maps.Keys(t.worst)) {
		f := t.worst[rule]
		f.Text = fmt.Sprintf("%s is found %d times more", rule, t.count[rule]-mostOfRule)
		f.Path, f.Line = "", 0
		out = append(out, f)
	}
	return out
}

func safe(s string) string { return artifact.Untrusted(s).String() }
