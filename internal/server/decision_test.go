package server

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// The page says "served" only of what is served.
func TestLeadOfAnObservingRegistry(t *testing.T) {
	hole := verdict.Reason{Rule: "vulnerability-fixed", Class: finding.Vulnerability, Effect: verdict.EffectReject}
	unseen := verdict.Reason{Rule: notLookedAt, Class: finding.Fault, Effect: verdict.EffectHold}
	for _, tc := range []struct {
		why     string
		reasons []verdict.Reason
		served  bool
	}{
		{"it was looked at", []verdict.Reason{hole}, true},
		{"what nobody looked at is never served", []verdict.Reason{hole, unseen}, false},
		{"nothing but the look is missing", []verdict.Reason{unseen}, false},
	} {
		d := verdict.Decision{Purl: "pkg:pypi/a@1", File: "a-1.whl", Verdict: verdict.Sum(tc.reasons), Reasons: tc.reasons, Observed: true, Registry: MainRegistry}
		got := lead(d)
		if served := strings.Contains(got, "this is served"); served != tc.served {
			t.Errorf("%s: %q", tc.why, got)
		}
		p := &decisionPage{Decision: d}
		p.commands()
		looks := len(p.Do) == 1 && p.Do[0].Line == "gatehouse admit pkg:pypi/a@1"
		if looks == tc.served {
			t.Errorf("%s: what to do is %+v", tc.why, p.Do)
		}
	}
}

// manifests reads one kind of file.
type manifests struct {
	ecosystem.Ecosystem
	name string
}

func (m manifests) ManifestFormat(path string) string {
	if path == m.name {
		return path
	}
	return ""
}

// TestTheFileToChange: the command for a mend names the file that people of the
// package's ecosystem have.
func TestTheFileToChange(t *testing.T) {
	s := &Server{gate: &gate.Gate{Peers: map[artifact.Ecosystem]gate.Peer{
		"one": {Ecosystem: manifests{name: "requirements.txt"}}, "two": {Ecosystem: manifests{name: "pom.xml"}}, "three": {Ecosystem: manifests{name: "odd"}},
	}}}
	for purl, want := range map[string]string{
		"pkg:one/a@1": "requirements.txt", "pkg:two/g/a@1": "pom.xml", "pkg:three/a@1": "FILE", "pkg:gone/a@1": "FILE", "no purl": "FILE",
	} {
		if got := s.manifestOf(verdict.Decision{Purl: purl}); got != want {
			t.Errorf("%s: %s, want %s", purl, got, want)
		}
	}
}
