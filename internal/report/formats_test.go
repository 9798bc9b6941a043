package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func render(t *testing.T, f report.Format, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Render(&b, f, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// small is the part of the sample that a person can read in a golden file.
func small() report.Report {
	r := sample()
	var vs []verdict.VersionOutcome
	for _, v := range r.Outcome.Versions {
		if slices.Contains([]string{"django", "left-pad", "libtransitive", "celery", "kombu", "vine", "deepdep", "oldtool", "numpy"}, v.Version.Package.Name) {
			v.Reasons = v.Reasons[:min(len(v.Reasons), 7)]
			switch v.Version.Package.Name {
			case "left-pad":
				v = behaving(v)
			case "numpy":
				v.Capabilities, v.ComparedWith = []verdict.Capability{{Word: "native", Place: verdict.Place{Archive: "numpy-1.26.4.whl", Path: "numpy/core/_multiarray.so"}}}, "1.26.3"
			}
			vs = append(vs, v)
		}
	}
	r.Outcome.Versions = vs
	return r
}

// behaving adds to a version what its code does and the version before did not.
func behaving(v verdict.VersionOutcome) verdict.VersionOutcome {
	at := verdict.Place{Archive: "left_pad-1.4.0-py3-none-any.whl", Path: "left_pad/__init__.py", Line: 3}
	v.Reasons = append([]verdict.Reason{{
		Rule: "suspicious-behaviour", Class: finding.Behaviour, Effect: verdict.EffectHold, Severity: finding.High, Source: "environment-sent", Finding: "f0e1d2c3b4a59687",
		Text:   "left_pad/__init__.py:3: sends the whole environment to a host; not in 1.3.0, which is admitted",
		Remedy: "Look at what changed: gatehouse diff OLD NEW.", File: reqs, Line: 5, Seen: at,
	}}, v.Reasons...)
	v.ComparedWith, v.Until = "1.3.0", nil
	v.Capabilities = []verdict.Capability{
		{Word: "env", Place: at, Text: "requests.post(HOST, json=dict(os.environ))", New: true},
		{Word: "net", Place: verdict.Place{Archive: at.Archive, Path: "left_pad/http.py", Line: 12}, Text: "urlopen(url)"},
	}
	return v
}

func TestFormatsGolden(t *testing.T) {
	for _, f := range report.Formats() {
		out := render(t, f, small())
		if f == report.FormatHTML { // these two are looked at in a browser
			out = strings.Replace(strings.Replace(out, report.Style, "STYLE", 1), report.Script, "SCRIPT", 1)
			policy := report.PagePolicy([]byte(out))
			out = strings.ReplaceAll(out, strings.NewReplacer("'", "&#39;", "+", "&#43;").Replace(policy), "POLICY")
		}
		golden(t, "small."+string(f)+".golden", []byte(out))
	}
	audit := report.NewAudit(report.Audit{Packages: []report.AuditedPackage{
		{Purl: "pkg:pypi/django@2.2", File: reqs, Line: 1, Asked: "Django==2.2.0", Advisories: []report.AuditedAdvisory{{ID: "PYSEC-2020-35", Aliases: []string{"CVE-2020-9402"}, Severity: finding.Critical, Fixed: []string{"2.2.11"}, Summary: "a hole"}, {ID: "PYSEC-2019-1", Severity: finding.Low, Summary: "a small hole"}}},
		{Purl: "pkg:pypi/loose", File: reqs, Line: 2, Asked: "loose", NotLookedAt: "it names no exact version"}, {Purl: "pkg:pypi/fine@1", File: reqs, Line: 3, Asked: "fine==1"},
	}}, verdict.Request{Files: []verdict.Source{{Path: reqs, Content: []byte("Django==2.2.0\nloose\nfine==1\n")}}}, finding.High, "1.4.0", time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC))
	for _, f := range []report.Format{report.FormatMarkdown, report.FormatSARIF, report.FormatCycloneDX} {
		golden(t, "audit."+string(f)+".golden", []byte(render(t, f, audit)))
	}
}

// The same report has the same bytes: what is kept under a digest is kept once.
func TestRenderingIsRepeatable(t *testing.T) {
	for _, f := range report.Formats() {
		if render(t, f, sample()) != render(t, f, sample()) {
			t.Errorf("%s differs from itself", f)
		}
	}
}

func TestFormatNames(t *testing.T) {
	for _, f := range report.Formats() {
		if got, err := report.ParseFormat(string(f)); err != nil || got != f || f.ContentType() == "" || f.Is() == "" {
			t.Errorf("%s: %s, %v", f, got, err)
		}
	}
	if _, err := report.ParseFormat("pdf"); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("pdf: %v", err)
	}
	if err := report.Render(&bytes.Buffer{}, "pdf", sample()); err == nil {
		t.Error("rendered as pdf")
	}
	if got := report.FormatCycloneDX.FileName("r5k\"\r\n../x"); got != "gatehouse-r5kx.cdx.json" {
		t.Errorf("file name %q", got)
	}
}

// No report shows a credential that a manifest holds.
func TestNoReportShowsACredential(t *testing.T) {
	r := sample()
	planted := " x @ https://deploy:" + "hunter2@h.invalid/x?key=abc"
	o := r.Outcome
	o.Problems[0].Text += planted
	o.Versions[0].Asked += planted
	o.Versions[0].Reasons[0].Text += planted
	o.Versions[0].Remedy.Old, o.Versions[0].Remedy.New, o.Versions[0].Remedy.Text = planted, planted, planted
	r = report.New(r.Request, o, "1.4.0")
	if !strings.Contains(o.Versions[0].Asked+o.Versions[0].Remedy.New, "hunter"+"2") {
		t.Error("the outcome itself was changed")
	}
	for _, f := range report.Formats() {
		out := render(t, f, r)
		for _, canary := range []string{"hunter" + "2", "key=abc", "deploy:"} {
			if strings.Contains(out, canary) {
				t.Errorf("%s shows %s", f, canary)
			}
		}
	}
	for _, tc := range []struct{ line, want, why string }{
		{"-i https://u:p@h.invalid/x", "-i https://…@h.invalid/x", "user and password"},
		{"-i https://tok@h.invalid", "-i https://…@h.invalid", "a token alone"},
		{"-i https://a@b@h.invalid/", "-i https://…@h.invalid/", "an @ in the password"},
		{"x @ https://h.invalid/x.whl?sig=1#sha256=ab", "x @ https://h.invalid/x.whl?…#sha256=ab", "a signed address; the digest is none"},
		{"git+ssh://git:p@h.invalid/r@v1", "git+ssh://…@h.invalid/r@v1", "a revision is no credential"},
		{"a ; https://u:p@h https://v:q@i", "a ; https://…@h https://…@i", "two on a line"},
		{"plain==1 # me@example.invalid", "plain==1 # me@example.invalid", "an address of a person is no credential"},
	} {
		r.Request.Files[0].Content = []byte("#\n" + tc.line + "\n")
		if out := render(t, report.FormatSARIF, r); !strings.Contains(out, `"text": "`+tc.want+`"`) {
			t.Errorf("%s: %s is not shown as %s", tc.why, tc.line, tc.want)
		}
	}
}

// "at most 60 lines whatever the size", and the verdict in the first of them.
func TestMarkdownIsShort(t *testing.T) {
	for _, n := range []int{0, 1, 10, 11, 500} {
		var vs []verdict.VersionOutcome
		for i := range n {
			v := version(fmt.Sprintf("bad%d", i), "1.0", i+1, holes(30, finding.High)...)
			if i%3 == 0 {
				v = version(fmt.Sprintf("fine%d", i), "1.0", i+1, verdict.Reason{Effect: verdict.EffectNote, Waiver: "w1", Text: "waived"})
			}
			vs = append(vs, v)
		}
		o := with(outcome(vs...), slices.Repeat([]verdict.Problem{{Class: finding.Manifest, Effect: verdict.EffectHold, File: reqs, Line: 1, Text: "odd\nmore"}}, n)...)
		out := render(t, report.FormatMarkdown, report.New(sample().Request, o, "1.4.0"))
		if lines := strings.Count(out, "\n"); lines > 60 || len(out) > 60000 {
			t.Errorf("%d versions: %d lines, %d bytes", n, lines, len(out))
		}
		lines := strings.Split(out, "\n")
		if lines[0] != report.Marker || !strings.HasPrefix(lines[1], "### ") {
			t.Errorf("%d versions begin with %q", n, lines[:2])
		}
		if a, b := strings.Count(out, "<details>"), strings.Count(out, "</details>"); a != b {
			t.Errorf("%d versions: %d are folded and %d end", n, a, b)
		}
		if !strings.Contains(lines[len(lines)-2], "the full report") {
			t.Errorf("%d versions: the last line is %q", n, lines[len(lines)-2])
		}
	}
}

type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					Help       struct{ Text, Markdown string }
					Properties map[string]any
				}
			}
		}
		Invocations []struct{ ExecutionSuccessful bool }
		Results     []struct {
			RuleID       string
			RuleIndex    int
			Level        string
			Message      struct{ Text string }
			Fingerprints map[string]string `json:"partialFingerprints"`
			Suppressions []struct{ Kind, Status, Justification string }
			Locations    []struct {
				Physical struct {
					Artifact struct{ URI string } `json:"artifactLocation"`
					Region   struct{ StartLine int }
				} `json:"physicalLocation"`
			}
			Properties map[string]any
		}
	}
}

func readSARIF(t *testing.T, r report.Report) sarifLog {
	t.Helper()
	text := render(t, report.FormatSARIF, r)
	valid(t, sarifSchema(t), text)
	var log sarifLog
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestSARIF(t *testing.T) {
	run := readSARIF(t, sample()).Runs[0]
	prints := map[string]bool{}
	levels := map[string]int{}
	for _, r := range run.Results {
		rule := run.Tool.Driver.Rules[r.RuleIndex]
		if rule.ID != r.RuleID || rule.Help.Text == "" || rule.Help.Markdown == "" {
			t.Errorf("%s: rule %+v", r.RuleID, rule)
		}
		if loc := r.Locations[0].Physical; loc.Artifact.URI != reqs || loc.Region.StartLine == 0 {
			t.Errorf("%s is at %+v", r.RuleID, loc)
		}
		f := r.Fingerprints["gatehouse/v1"]
		if f == "" || prints[f] {
			t.Errorf("%s: fingerprint %q again", r.RuleID, f)
		}
		prints[f] = true
		levels[r.Level]++
		switch {
		case r.Properties["purl"] == "pkg:pypi/oldtool@0.9" && strings.HasPrefix(r.RuleID, "GHSA"):
			if len(r.Suppressions) != 1 || r.Suppressions[0].Status != "accepted" || !strings.Contains(r.Suppressions[0].Justification, "w4k2m9xq71pz") || r.Level != "error" {
				t.Errorf("what was waived: %+v", r)
			}
		case len(r.Suppressions) > 0:
			t.Errorf("%s is suppressed", r.RuleID)
		}
	}
	// 28 advisories, the malware, the index line and the waived one; the young file; the licence.
	if levels["error"] != 31 || levels["warning"] != 1 || levels["note"] != 1 {
		t.Errorf("levels %v", levels)
	}
	for _, rule := range run.Tool.Driver.Rules {
		score, _ := rule.Properties["security-severity"].(string)
		want := map[string]string{"PYSEC-2020-31": "9.5", "PYSEC-2020-34": "8.0", "PYSEC-2020-42": "8.0", "PYSEC-2020-58": "5.5", "MAL-2026-1187": "9.5"}[rule.ID]
		if want != "" && score != want {
			t.Errorf("%s has the score %q, want %s", rule.ID, score, want)
		}
	}
	if !run.Invocations[0].ExecutionSuccessful {
		t.Error("the run did not succeed")
	}
	failed := readSARIF(t, report.New(verdict.Request{}, goldens()["failed"], "1"))
	if failed.Runs[0].Invocations[0].ExecutionSuccessful || len(failed.Runs[0].Results) != 1 {
		t.Errorf("a request that failed: %+v", failed.Runs[0])
	}
}

// A result is the same one in the next run: also when lines moved, words changed
// and the version was raised to another bad one.
func TestSARIFFingerprintsAreStable(t *testing.T) {
	a, b := sample(), sample()
	for i := range b.Outcome.Versions {
		v := &b.Outcome.Versions[i]
		v.Line += 7
		v.Purl = strings.Replace(v.Purl, "django@2.2", "django@2.2.1", 1)
		for j := range v.Reasons {
			v.Reasons[j].Text, v.Reasons[j].Line = "in other words", v.Line
		}
	}
	collect := func(r report.Report) []string {
		var out []string
		for _, x := range readSARIF(t, r).Runs[0].Results {
			out = append(out, x.Fingerprints["gatehouse/v1"])
		}
		slices.Sort(out)
		return out
	}
	if one, two := collect(a), collect(b); !slices.Equal(one, two) {
		t.Errorf("before %v\nafter %v", one, two)
	}
}

func TestSARIFMakesNoLinks(t *testing.T) {
	r := small()
	r.Outcome.Versions[0].Reasons[0].Text = `see [here](http://a.example.invalid) and {0}, extras[a]`
	for _, x := range readSARIF(t, r).Runs[0].Results {
		if strings.Contains(strings.ReplaceAll(x.Message.Text, `\]`, ""), "](") || strings.Contains(strings.ReplaceAll(x.Message.Text, "{{0}}", ""), "{0}") {
			t.Errorf("%s", x.Message.Text)
		}
	}
	for file, want := range map[string]string{"a b/c#d.txt": "a%20b/c%23d.txt", "../../etc/x": "etc/x", "c:/x": "c%3A/x", "/abs/r.txt": "abs/r.txt", "é.txt": "%C3%A9.txt"} {
		r.Outcome.Versions[0].File = file
		found := false
		for _, x := range readSARIF(t, r).Runs[0].Results {
			found = found || len(x.Locations) > 0 && x.Locations[0].Physical.Artifact.URI == want
		}
		if !found {
			t.Errorf("%s is not written as %s", file, want)
		}
	}
}

func TestCycloneDX(t *testing.T) {
	text := render(t, report.FormatCycloneDX, sample())
	valid(t, cycloneDXSchema(t), text)
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	byRef := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		byRef[c.BOMRef] = c
	}
	if len(byRef) != len(sample().Outcome.Versions) {
		t.Errorf("%d components", len(byRef))
	}
	celery := byRef["pkg:pypi/celery@5.4.0"]
	if celery.PackageURL != "pkg:pypi/celery@5.4.0" || celery.Hashes == nil || (*celery.Hashes)[0].Value != string(artifact.DigestOf([]byte("celery"))) || property(celery.Properties, "verdict") != "admit" {
		t.Errorf("celery: %+v", celery)
	}
	if l := byRef["pkg:pypi/oldtool@0.9"].Licenses; l == nil || (*l)[0].License == nil || (*l)[0].License.Name != "Do what you like, but be kind" {
		t.Errorf("words that are no expression: %+v", l)
	}
	expressions := map[string]bool{}
	for _, c := range *bom.Components {
		if c.Licenses != nil {
			expressions[(*c.Licenses)[0].Expression] = true
		}
	}
	if !expressions["Apache-2.0 OR MIT"] || !expressions["MIT"] {
		t.Errorf("licences %v", expressions)
	}
	needs := map[string][]string{}
	for _, d := range *bom.Dependencies {
		if d.Dependencies != nil {
			needs[d.Ref] = *d.Dependencies
		}
	}
	for parent, child := range map[string]string{"root": "pkg:pypi/celery@5.4.0", "pkg:pypi/celery@5.4.0": "pkg:pypi/kombu@5.3.7", "pkg:pypi/vine@5.1.0": "pkg:pypi/deepdep@1.2.0", "pkg:pypi/deepdep@1.2.0": "pkg:pypi/libtransitive@0.3.1"} {
		if !slices.Contains(needs[parent], child) {
			t.Errorf("%s needs %v, not %s", parent, needs[parent], child)
		}
	}
	if slices.Contains(needs["root"], "pkg:pypi/kombu@5.3.7") {
		t.Error("what is pulled in is asked for")
	}
	for _, v := range *bom.Vulnerabilities {
		states := map[string]cdx.ImpactAnalysisState{"PYSEC-2020-31": cdx.IASExploitable, "MAL-2026-1187": cdx.IASExploitable, "GHSA-1234-5678-9abc": cdx.IASExploitable}
		if want, ok := states[v.ID]; ok && v.Analysis.State != want {
			t.Errorf("%s: %s", v.ID, v.Analysis.State)
		}
		if v.Analysis.State == cdx.IASNotAffected || v.Analysis.State == cdx.IASFalsePositive {
			t.Errorf("%s is said to be no danger, which nobody looked into", v.ID)
		}
		for _, a := range *v.Affects {
			if _, ok := byRef[a.Ref]; !ok {
				t.Errorf("%s affects %s, which is not there", v.ID, a.Ref)
			}
		}
		waived := v.ID == "GHSA-1234-5678-9abc"
		if response := v.Analysis.Response; waived && (response == nil || (*response)[0] != cdx.IARWillNotFix || !strings.Contains(v.Analysis.Detail, "w4k2m9xq71pz")) || !waived && response != nil && (*response)[0] != cdx.IARUpdate {
			t.Errorf("%s: %+v", v.ID, v.Analysis)
		}
	}
	if n := len(*bom.Vulnerabilities); n != 30 {
		t.Errorf("%d vulnerabilities", n)
	}
}

func property(ps *[]cdx.Property, name string) string {
	for _, p := range *ps {
		if p.Name == "gatehouse:"+name {
			return p.Value
		}
	}
	return ""
}

// An advisory that a person has to decide about is being looked into; one about
// two versions is one entry.
func TestCycloneDXStates(t *testing.T) {
	hold := hole("PYSEC-1", finding.High)
	hold.Effect = verdict.EffectHold
	two := hole("PYSEC-2", finding.Low)
	o := outcome(version("a", "1", 1, hold, two), version("b", "1", 2, two))
	text := render(t, report.FormatCycloneDX, report.New(verdict.Request{}, o, "1"))
	valid(t, cycloneDXSchema(t), text)
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	vs := *bom.Vulnerabilities
	if len(vs) != 2 || vs[0].Analysis.State != cdx.IASInTriage || len(*vs[1].Affects) != 2 {
		t.Errorf("%s", text)
	}
}

// Every outcome that there is validates, also those that say little.
func TestEveryOutcomeValidates(t *testing.T) {
	for name, o := range goldens() {
		t.Run(name, func(t *testing.T) {
			r := report.New(verdict.Request{Files: []verdict.Source{{Path: reqs, Content: []byte("a\nb\nc\n")}}}, o, "1.4.0")
			valid(t, sarifSchema(t), render(t, report.FormatSARIF, r))
			valid(t, cycloneDXSchema(t), render(t, report.FormatCycloneDX, r))
			render(t, report.FormatHTML, r)
			render(t, report.FormatMarkdown, r)
		})
	}
}

// The page brings its own policy, and only what stands in front of everything
// foreign is taken for it.
func TestPagePolicy(t *testing.T) {
	page := []byte(render(t, report.FormatHTML, sample()))
	policy := report.PagePolicy(page)
	if !strings.Contains(policy, "script-src "+report.ScriptHash) || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %s", policy)
	}
	foreign := `<meta http-equiv="Content-Security-Policy" content="script-src *">`
	for _, page := range []string{"", "<html>", strings.Repeat("x", 600) + foreign} {
		if got := report.PagePolicy([]byte(page)); got != "default-src 'none'" {
			t.Errorf("%.20q: %s", page, got)
		}
	}
}

// Requirements that go in circles, or very deep, are shown once each.
func TestClosureIsATree(t *testing.T) {
	var vs []verdict.VersionOutcome
	var via []string
	for i := range 300 {
		v := version(fmt.Sprintf("deep%d", i), "1", 1)
		if i > 0 {
			v = below(v, "deep0==1", slices.Clone(via)...)
		}
		via = append(via, fmt.Sprintf("pkg:pypi/deep%d", i))
		vs = append(vs, v)
	}
	vs = append(vs, below(version("x", "1", 1), "x", "pkg:pypi/y"), below(version("y", "1", 1), "x", "pkg:pypi/x"), below(version("self", "1", 1), "self", "pkg:pypi/self"))
	view := report.NewView(report.New(verdict.Request{}, outcome(vs...), "1"), time.Time{})
	count, deepest := 0, 0
	var walk func([]*report.Node, int)
	walk = func(ns []*report.Node, depth int) {
		deepest = max(deepest, depth)
		for _, n := range ns {
			count++
			walk(n.Needs, depth+1)
		}
	}
	walk(view.Tree, 0)
	if count != len(vs) || deepest > 50 {
		t.Errorf("%d of %d versions, %d deep", count, len(vs), deepest)
	}
}

// What a manifest shows is what is spoken of, with little around it.
func TestSourcesShowOnlyWhatIsSpokenOf(t *testing.T) {
	lines := slices.Repeat([]string{"secret-project==1"}, 1000)
	lines[499] = "bad==1"
	r := report.New(verdict.Request{Files: []verdict.Source{{Path: reqs, Content: []byte(strings.Join(lines, "\n"))}}}, outcome(version("bad", "1", 500, hole("PYSEC-1", finding.High))), "1")
	view := report.NewView(r, time.Time{})
	if len(view.Sources) != 1 || len(view.Sources[0].Rows) != 7 || view.Sources[0].Rows[0].Gap != 497 || view.Sources[0].Rows[3].Text != "bad==1" || view.Sources[0].Rows[6].Gap != 498 {
		t.Errorf("%+v", view.Sources)
	}
	r.Outcome.Versions[0].Line = 5000 // a line that is not there
	if view := report.NewView(r, time.Time{}); len(view.Sources) != 0 {
		t.Errorf("%+v", view.Sources)
	}
}
