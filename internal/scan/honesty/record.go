package honesty

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// checkRecord compares RECORD with the archive in both directions.
func (p *pass) checkRecord() {
	if p.contents.Record == nil {
		return // missing or unreadable, and said already
	}
	listed := map[string]dist.RecordLine{}
	for _, l := range p.contents.Record {
		if first, twice := listed[l.Path]; twice && (first.Algorithm != l.Algorithm || first.SHA256 != l.SHA256 || first.Size != l.Size) {
			p.mismatch(l, "RECORD has two different lines for it")
			continue
		}
		listed[l.Path] = l
		p.checkRecordLine(l)
	}
	for _, path := range slices.Sorted(maps.Keys(p.entries)) {
		if _, ok := listed[path]; !ok && !p.recordItself(path) {
			p.add(RuleRecordMismatch, finding.Integrity, finding.High, path, "%s is in the wheel and not in RECORD", safe(path))
		}
	}
}

// checkRecordLine compares one line with its file.
func (p *pass) checkRecordLine(l dist.RecordLine) {
	e, ok := p.entries[l.Path]
	if !ok {
		if !strings.HasSuffix(l.Path, "/") { // some writers list folders
			p.mismatch(l, "it is not in the wheel")
		}
		return
	}
	if p.recordItself(l.Path) {
		return
	}
	if l.Size >= 0 && l.Size != e.size {
		p.mismatch(l, "its size differs")
		return
	}
	switch l.Algorithm {
	case "sha256":
		if l.SHA256 != e.digest {
			p.mismatch(l, "its hash differs")
		}
	case "":
		p.mismatch(l, "RECORD gives no hash")
	case "sha384", "sha512":
		p.addAt(l, RuleUnverified, finding.Fault, finding.Unknown, "RECORD gives a "+l.Algorithm+" hash, which the gate does not compute")
	default:
		p.mismatch(l, "RECORD gives a hash that the format does not allow ("+safe(l.Algorithm)+")")
	}
}

// recordItself says whether a file is RECORD or its signature, which cannot
// have their own hash inside.
func (p *pass) recordItself(path string) bool {
	return path == p.contents.RecordPath || path == p.contents.RecordPath+".jws" || path == p.contents.RecordPath+".p7s"
}

func (p *pass) mismatch(l dist.RecordLine, why string) {
	p.addAt(l, RuleRecordMismatch, finding.Integrity, finding.High, why)
}

func (p *pass) addAt(l dist.RecordLine, rule string, class finding.Class, severity finding.Severity, why string) {
	p.add(rule, class, severity, l.Path, "%s, line %d of RECORD: %s", safe(l.Path), l.Line, why)
}
