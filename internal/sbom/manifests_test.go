package sbom

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
)

var python = map[artifact.Ecosystem]ecosystem.Ecosystem{artifact.PyPI: pypi.Ecosystem{}}

// listOf writes a CycloneDX of purls, each on a line of its own.
func listOf(purls ...string) []byte {
	var b strings.Builder
	b.WriteString("{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [\n")
	for i, p := range purls {
		fmt.Fprintf(&b, "{\"purl\": %q},\n", p)
		if i == len(purls)-1 {
			b.WriteString("{\"name\": \"no purl\"}")
		}
	}
	return append([]byte(b.String()), "]}"...)
}

func TestManifests(t *testing.T) {
	for _, tc := range []struct {
		purl, number, rule, effect, says, why string
	}{
		{"pkg:pypi/Zope.Interface@6.0", "6.0", "", "", "", "a name in its normal form"},
		{"pkg:pypi/a@1.0?repository_url=https://u:canary@other.invalid/canary", "1.0", RuleElsewhere, "hold", "repository of its own", "from another index"},
		{"pkg:pypi/a@1.0?repository_url=other.invalid/simple", "1.0", RuleElsewhere, "hold", "repository of its own", "without a scheme"},
		{"pkg:pypi/a@1.0?vcs_url=git%2Bhttps://git.invalid/a", "1.0", RuleAddress, "hold", "vcs_url", "from git"},
		{"pkg:pypi/a@1.0?download_url=https://files.invalid/canary.whl", "1.0", RuleAddress, "hold", "download_url", "from an address"},
		{"pkg:pypi/a@1.0?file_name=a-1.0.tar.gz", "1.0", "", "", "", "a qualifier that leads nowhere"},
		{"pkg:pypi/a", "", RuleUnusable, "hold", "no version", "which one is not said"},
		{"pkg:pypi/a@unknown", "", RuleUnusable, "hold", "a version that is none", "no PEP 440"},
		{"pkg:pypi/-a-@1", "", RuleUnusable, "hold", "a name that is none", "no PEP 503"},
		{"alpha 1.0", "", RuleUnusable, "hold", "cannot be read", "no purl"},
		{"pkg:npm/left@1", "", RuleNotLookedAt, "note", "not served here", "another world"},
		{"pkg:generic/openssl@3", "", RuleNotLookedAt, "note", "not served here", "no world"},
	} {
		ms, err := Manifests("bom.json", listOf(tc.purl), python)
		if err != nil || len(ms) != 1 {
			t.Errorf("%s: %v, %v", tc.purl, ms, err)
			continue
		}
		m := ms[0].Manifest
		numbers := ""
		for _, r := range m.Requirements {
			numbers += r.Number
			if r.At.Line != 2 || r.Package.Name != strings.ToLower(strings.ReplaceAll(r.Package.Name, ".", "-")) {
				t.Errorf("%s: %+v", tc.purl, r)
			}
		}
		if numbers != tc.number || !m.Locked || m.Format != Format {
			t.Errorf("%s (%s): %+v, want version %q", tc.purl, tc.why, m, tc.number)
		}
		unnamed := slices.IndexFunc(m.Problems, func(p ecosystem.Problem) bool { return strings.Contains(p.Text, "without a package URL") })
		if unnamed < 0 || m.Problems[unnamed].Effect != "note" || m.Problems[unnamed].At.Line != 3 {
			t.Errorf("%s: the part without a purl is not counted: %+v", tc.purl, m.Problems)
			continue
		}
		m.Problems = slices.Delete(m.Problems, unnamed, unnamed+1)
		switch {
		case tc.rule == "" && len(m.Problems) > 0:
			t.Errorf("%s (%s): %+v", tc.purl, tc.why, m.Problems)
		case tc.rule != "" && (len(m.Problems) != 1 || m.Problems[0].Rule != tc.rule || m.Problems[0].Effect != tc.effect || !strings.Contains(m.Problems[0].Text, tc.says) || m.Problems[0].At.Line != 2):
			t.Errorf("%s (%s): %+v, want %s at line 2 saying %q", tc.purl, tc.why, m.Problems, tc.rule, tc.says)
		}
		if strings.Contains(fmt.Sprintf("%+v", m), "canary") {
			t.Errorf("%s: an address is shown: %+v", tc.purl, m)
		}
	}
}

// TestOneVersionOnce: parts of the same version are one requirement, two versions
// of a name are two, and edges lead from name to name.
func TestOneVersionOnce(t *testing.T) {
	content := []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
{"bom-ref": "1", "purl": "pkg:pypi/a@1", "hashes": [{"alg": "SHA-256", "content": "` + alphaHash + `"}]},
{"bom-ref": "2", "purl": "pkg:pypi/A@1", "hashes": [{"alg": "SHA-256", "content": "` + betaHash + `"}]},
{"bom-ref": "3", "purl": "pkg:pypi/a@2"}, {"bom-ref": "4", "purl": "pkg:pypi/b@1"}],
"dependencies": [{"ref": "2", "dependsOn": ["4"]}]}`)
	ms, err := Manifests("bom.json", content, python)
	if err != nil {
		t.Fatal(err)
	}
	rs := ms[0].Manifest.Requirements
	if len(rs) != 3 || rs[0].Number != "1" || rs[1].Number != "2" || rs[2].Package.Name != "b" {
		t.Fatalf("got %+v", rs)
	}
	if len(rs[0].Hashes) != 2 || len(rs[0].Needs) != 1 || rs[0].Needs[0] != rs[2].Package || rs[2].Direct || !rs[0].Direct {
		t.Errorf("got %+v", rs)
	}
}

// TestManyProblems: a list of nothing but strangers stays short.
func TestManyProblems(t *testing.T) {
	var purls []string
	for i := range 3000 {
		purls = append(purls, fmt.Sprintf("pkg:pypi/a%d@1?vcs_url=x", i), fmt.Sprintf("pkg:t%d/a@1", i))
	}
	ms, err := Manifests("bom.json", listOf(purls...), python)
	if err != nil {
		t.Fatal(err)
	}
	m := ms[0].Manifest
	if len(m.Requirements) != 3000 || len(m.Problems) > maxProblems+maxKinds+5 {
		t.Errorf("%d requirements, %d problems", len(m.Requirements), len(m.Problems))
	}
	held := slices.ContainsFunc(m.Problems, func(p ecosystem.Problem) bool { return strings.HasPrefix(p.Text, "more than") && p.Effect == "hold" })
	if !held {
		t.Error("that there are more is not said")
	}
}
