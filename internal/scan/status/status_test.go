package status

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

func TestCheck(t *testing.T) {
	yanked := ecosystem.IndexFile{Number: "1.4.0", Yanked: true, YankedReason: "broken\x1b[31m metadata"}
	good := ecosystem.IndexFile{Number: "1.4.0"}
	for _, tc := range []struct {
		why   string
		index *ecosystem.Index
		files []ecosystem.IndexFile
		want  []string // rule, severity, text
	}{
		{"nothing known", nil, nil, nil},
		{"active", &ecosystem.Index{Status: "active"}, []ecosystem.IndexFile{good}, nil},
		{"no status", &ecosystem.Index{}, []ecosystem.IndexFile{good}, nil},
		{"quarantined", &ecosystem.Index{Status: "quarantined", Reason: "reported"}, nil, []string{"upstream-quarantined high the upstream has put left-pad in quarantine: reported"}},
		{"npm's quarantine", &ecosystem.Index{Status: "security-placeholder", Reason: "its newest version is 0.0.1-security"}, nil,
			[]string{"upstream-quarantined high the upstream has taken left-pad away for security and holds its name with an empty version: its newest version is 0.0.1-security"}},
		{"unpublished", &ecosystem.Index{Status: "unpublished", Reason: "on 2 January 2026"}, nil, []string{"upstream-quarantined medium left-pad was unpublished upstream: on 2 January 2026"}},
		{"archived", &ecosystem.Index{Status: "archived"}, nil, []string{"upstream-archived low left-pad is archived upstream: no updates are expected"}},
		{"deprecated", &ecosystem.Index{Status: "deprecated"}, nil, []string{"upstream-deprecated low left-pad is deprecated upstream"}},
		{"a status of tomorrow", &ecosystem.Index{Status: "embargoed\n"}, nil, []string{"upstream-status-unknown medium the upstream gives left-pad the status embargoed\ufffd, which this gate does not know"}},
		{"yanked", &ecosystem.Index{}, []ecosystem.IndexFile{yanked, yanked}, []string{"upstream-yanked low left-pad 1.4.0 was yanked upstream: broken\ufffd[31m metadata"}},
		{"yanked in part", &ecosystem.Index{}, []ecosystem.IndexFile{good, yanked}, []string{"upstream-yanked low 1 of 2 files of left-pad 1.4.0 was yanked upstream: broken\ufffd[31m metadata"}},
		{"both", &ecosystem.Index{Status: "deprecated"}, []ecosystem.IndexFile{{Yanked: true}}, []string{"upstream-deprecated low left-pad is deprecated upstream", "upstream-yanked low left-pad 1.4.0 was yanked upstream"}},
	} {
		v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "left-pad"}, Number: "1.4.0"}
		fs, err := New().Check(t.Context(), scan.VersionTarget{Version: v, Index: tc.index, Files: tc.files})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range fs {
			if f.Class != finding.Yanked {
				t.Errorf("%s: class %s", tc.why, f.Class)
			}
			got = append(got, f.Rule+" "+f.Severity.String()+" "+f.Text)
		}
		if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%s: got %q, want %q", tc.why, got, tc.want)
		}
	}
}

// TestDeprecatedVersion: npm has another word for it.
func TestDeprecatedVersion(t *testing.T) {
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.NPM, Name: "left-pad"}, Number: "1.4.0"}
	fs, err := New().Check(t.Context(), scan.VersionTarget{Version: v, Index: &ecosystem.Index{}, Files: []ecosystem.IndexFile{{Yanked: true, YankedReason: "use 2"}}})
	if err != nil || len(fs) != 1 || fs[0].Text != "left-pad 1.4.0 was deprecated upstream: use 2" {
		t.Errorf("%+v, %v", fs, err)
	}
}
