// Package licence says under which licence a version may be used, as far as it
// declares one: an SPDX expression (PEP 639), or the words and classifiers that
// older packages carry. It reads declarations only; licence texts inside the
// archive are not compared with them.
package licence

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

// The rules of this check.
const (
	RuleUnknown        = "licence-unknown"         // nothing declared, or not understood
	RuleStrongCopyleft = "licence-strong-copyleft" // no reading avoids a licence that asks for the source of the whole work
)

// strongCopyleft asks whoever passes on, or for some of them serves, the whole
// work for its source.
var strongCopyleft = []string{"GPL-*", "AGPL-*", "SSPL-*", "OSL-*", "EUPL-*", "RPL-*", "CPAL-*", "CECILL-2.*", "QPL-*", "Sleepycat"}

// linking exceptions take the demand back for programs that only use the work.
var linking = map[string]bool{
	"classpath-exception-2.0": true, "gcc-exception-2.0": true, "gcc-exception-3.1": true,
	"bootloader-exception": true, "linux-syscall-note": true, "llvm-exception": true,
	"openjdk-assembly-exception-1.0": true, "font-exception-2.0": true, "universal-foss-exception-1.0": true,
}

// Check is the licence check. Its zero value is ready and it has no state.
type Check struct{}

var _ scan.VersionCheck = Check{}

// New gives the check.
func New() Check { return Check{} }

// Name implements scan.VersionCheck.
func (Check) Name() string { return "licence" }

// Revision implements scan.VersionCheck.
func (Check) Revision() string { return "1" }

// Check gives at most one finding. It says nothing while the version's metadata
// has not been read: that is not the same as no licence.
func (Check) Check(_ context.Context, t scan.VersionTarget) ([]finding.Finding, error) {
	if t.Metadata == nil {
		return nil, nil
	}
	declared := Of(t.Metadata)
	e, err := spdx.Parse(declared)
	if err != nil {
		return []finding.Finding{unknown(t.Version, declared)}, nil
	}
	if !e.Satisfied(func(l spdx.Licence) bool { return !strong(l) }) {
		return []finding.Finding{{
			Rule: RuleStrongCopyleft, Class: finding.Licence, Severity: finding.Medium,
			Text: fmt.Sprintf("%s is under %s, which asks for the source of the whole work", t.Version, artifact.Untrusted(e.String())),
		}}, nil
	}
	return nil, nil
}

func unknown(v artifact.Version, declared string) finding.Finding {
	text := v.String() + " declares no licence"
	if declared != "" {
		text = fmt.Sprintf("%s declares a licence that is not a known one: %.80s", v, artifact.Untrusted(declared))
	}
	return finding.Finding{Rule: RuleUnknown, Class: finding.Licence, Severity: finding.Low, Text: text}
}

func strong(l spdx.Licence) bool {
	return l.In(strongCopyleft) && !linking[strings.ToLower(l.Exception)]
}

// Of gives what a version declares as an SPDX expression where it can be read
// as one, else the declared words on one line, cut at 200 bytes, else "". It is
// what policies see as version.licence.
func Of(m *ecosystem.Metadata) string {
	if m == nil {
		return ""
	}
	if e, err := spdx.Parse(m.LicenceSPDX); err == nil {
		return e.String()
	}
	words := strings.Join(strings.Fields(string(m.Licence)), " ")
	if e, ok := fromWords(words); ok {
		return e
	}
	return cut(words, 200)
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
