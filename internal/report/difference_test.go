package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/artifact/hostiletest"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// difference is one with everything in it; x stands for what a package says.
func difference(x string) gate.Difference {
	sha := artifact.DigestOf([]byte("x"))
	return gate.Difference{
		From: "pkg:pypi/" + x + "@1.3.0", To: "pkg:pypi/" + x + "@1.4.0", Verdict: verdict.Reject,
		Archives:    []gate.ArchivePair{{From: x + "-1.3.0.tar.gz", To: x + "-1.4.0.tar.gz"}},
		NotCompared: []string{x + "-1.4.0-a.whl", x + "-1.4.0-b.whl", x + "-1.4.0-c.whl", x + "-1.4.0-d.whl"},
		Capabilities: gate.CapabilitiesDifference{Added: []string{"exec"}, Removed: []string{"dns"},
			Evidence: []verdict.Capability{{Word: "exec", New: true, Text: x, Place: verdict.Place{Archive: x + "-1.4.0.tar.gz", Path: x + "/setup.py", Line: 3}}}},
		Hooks: gate.HooksDifference{Added: []gate.HookFile{{Path: x + "/setup.py", Role: code.Install, RunBy: x, SHA256: sha}}, Removed: []gate.HookFile{{Path: x, Role: code.Startup}}},
		Files: gate.FilesDifference{Added: []gate.ArchivedFile{{Path: x, SHA256: sha, Size: 1}}, Removed: []gate.ArchivedFile{{Path: x + "/old.py", SHA256: sha}},
			Changed: []gate.ChangedFile{{Path: x + "/same.py", From: sha, To: artifact.DigestOf(nil), Size: 20}}},
		Facts: gate.FactsDifference{More: 3, Added: []gate.AddedFact{{
			Kind: code.Exec, Name: x, Path: x + "/setup.py", Line: 3, Role: code.Install, Args: []string{x}, From: []string{"fetch"}, Disguised: true, Layer: 1, Text: x, NewFile: true,
			Excerpt: []scan.ExcerptLine{{Number: 2, Text: "def run():"}, {Number: 3, Text: x}},
		}}},
		Metadata:   []gate.WordChange{{What: "requires", To: x}, {What: "licence", From: x, To: "MIT"}},
		Provenance: []gate.WordChange{{What: "who built it", From: "attested", To: "not attested"}},
		Findings: []gate.DifferenceFinding{
			{Rule: "setup-download-exec", Class: finding.Behaviour, Severity: finding.Critical, Path: x + "/setup.py", Line: 3, Text: "setup.py fetches and runs " + x, Effect: verdict.EffectReject, Remedy: "Do not install it."},
			{Rule: "licence-unknown", Class: finding.Licence, Severity: finding.Low, Text: x, Effect: verdict.EffectNote},
		},
		Problems: []string{x + ": the code around what is new is not shown"},
	}
}

func TestDifferenceGolden(t *testing.T) {
	d := difference("left-pad")
	var text, page, js bytes.Buffer
	for _, err := range []error{report.Difference(&text, d), report.DifferenceHTML(&page, d, "1.4.0"), report.JSON(&js, d)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "difference.text.golden", text.Bytes())
	golden(t, "difference.json.golden", js.Bytes())
	out := strings.Replace(strings.Replace(page.String(), report.Style, "STYLE", 1), report.Script, "SCRIPT", 1)
	policy := report.PagePolicy([]byte(out))
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("the page's policy is %q", policy)
	}
	golden(t, "difference.html.golden", []byte(strings.ReplaceAll(out, strings.NewReplacer("'", "&#39;", "+", "&#43;").Replace(policy), "POLICY")))
}

// TestNoDifference: nothing is said where nothing changed.
func TestNoDifference(t *testing.T) {
	var text bytes.Buffer
	if err := report.Difference(&text, gate.Difference{From: "a", To: "b", Verdict: verdict.Admit}); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); got != "ADMIT  b\n        compared with a\nNothing new that matters.\n" {
		t.Errorf("%q", got)
	}
}

// TestDifferenceOfHooks: what is started comes before what that imports, said in words.
func TestDifferenceOfHooks(t *testing.T) {
	d := gate.Difference{From: "pkg:pypi/demo@1.0", To: "pkg:pypi/demo@1.1", Verdict: verdict.Admit, Hooks: gate.HooksDifference{Added: []gate.HookFile{
		{Path: "a.py", Role: code.Install, RunBy: "imported by setup.py", SHA256: artifact.DigestOf(nil)},
		{Path: "b.py", Role: code.Install, RunBy: "run by setup.py", SHA256: artifact.DigestOf(nil)},
		{Path: "setup.py", Role: code.Install, RunBy: "the build of the package", SHA256: artifact.DigestOf(nil)},
	}}}
	var text bytes.Buffer
	if err := report.Difference(&text, d); err != nil {
		t.Fatal(err)
	}
	want := `ADMIT  pkg:pypi/demo@1.1
        compared with pkg:pypi/demo@1.0
What runs by itself has changed, and nothing of that stands against it.
To let it in: gatehouse admit pkg:pypi/demo@1.1

Runs without being called:
  at installation: b.py, run by setup.py  e3b0c44298fc
  at installation: setup.py, run by the build of the package  e3b0c44298fc
  at installation: a.py, imported by setup.py  e3b0c44298fc
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}

func TestHostileTextInDifferences(t *testing.T) {
	for _, text := range hostiletest.Texts {
		t.Run(text.Name, func(t *testing.T) {
			var b bytes.Buffer
			d := difference(text.Text)
			if err := report.Difference(&b, d); err != nil {
				t.Fatal(err)
			}
			hostiletest.Terminal(t, "text", b.String())
			b.Reset()
			if err := report.DifferenceHTML(&b, d, text.Text); err != nil {
				t.Fatal(err)
			}
			hostiletest.HTML(t, "html", b.String(), report.Style, report.Script)
			b.Reset()
			if err := report.JSON(&b, d); err != nil {
				t.Fatal(err)
			}
			hostiletest.JSON(t, "json", b.Bytes())
		})
	}
}
