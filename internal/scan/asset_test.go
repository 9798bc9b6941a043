package scan_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// onlySeen remembers what it is shown.
type onlySeen struct{ seen *[]string }

func (onlySeen) Name() string                      { return "seen" }
func (onlySeen) Revision() string                  { return "1" }
func (s onlySeen) Begin(scan.FileTarget) scan.Pass { return s }
func (s onlySeen) Entry(e scan.Entry) []finding.Finding {
	*s.seen = append(*s.seen, e.Path+" "+string(e.Body))
	return nil
}
func (onlySeen) End() []finding.Finding { return nil }

// TestInspectAsset: a file that is no archive is seen as the one that it is, and what is
// an archive after all is refused, as is a file of a kind that is not read.
func TestInspectAsset(t *testing.T) {
	for _, tc := range []struct {
		why, name, body string
		kind            artifact.Kind
		seen, rule      string
		class           finding.Class
	}{
		{"a pom", "demo-1.0.pom", "<project/>", artifact.Asset, "demo-1.0.pom <project/>", "", ""},
		{"a zip that is called a pom", "demo-1.0.pom", "PK\x03\x04" + strings.Repeat("\x00", 40), artifact.Asset, "", scan.RuleUnsafe, finding.Integrity},
		{"a pom that is called a jar", "demo-1.0.jar", "<project/>", artifact.Jar, "", scan.RuleUnreadable, finding.Fault},
		{"a program", "demo-1.0.exe", "MZ", artifact.Jar, "", scan.RuleUnreadable, finding.Fault},
	} {
		var seen []string
		target := scan.FileTarget{File: artifact.File{Name: tc.name, Kind: tc.kind, SHA256: artifact.DigestOf([]byte(tc.body)), Size: int64(len(tc.body))}}
		r := scan.Inspect(strings.NewReader(tc.body), int64(len(tc.body)), target, []scan.FileScanner{onlySeen{&seen}}, archive.Limits{})
		if strings.Join(seen, "|") != tc.seen {
			t.Errorf("%s: seen %q", tc.why, seen)
		}
		if tc.rule == "" && len(r.Findings) == 0 {
			continue
		}
		if len(r.Findings) != 1 || r.Findings[0].Rule != tc.rule || r.Findings[0].Class != tc.class {
			t.Errorf("%s: %+v", tc.why, r.Findings)
		}
	}
}
