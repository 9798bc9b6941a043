package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// CycloneDX writes a report as a parts list, CycloneDX 1.6
// (https://cyclonedx.org/docs/1.6/json/): every version of the closure with its
// digests, licence and the gate's verdict, who pulls in whom, and the advisories
// with what the gate makes of them.
//
// About the states (VEX): the gate knows which versions an advisory covers. It
// does not know how a project uses a package, so it never writes not_affected or
// false_positive: a scanner further on would then be silent about something that
// nobody looked into.
//
//   - refused: exploitable, as far as is known; with a fixed version the response
//     is update
//   - held: in_triage; a person or a date decides
//   - waived: exploitable, and the response is will_not_fix, because that is what
//     a waiver says: the risk is known and accepted until its end. detail names
//     the waiver, the person and the reason
//   - noted: exploitable; the policy lets it pass
func CycloneDX(w io.Writer, r Report) error {
	b := &bom{report: r, refs: map[string]string{}, vulns: map[string]int{}}
	return writeJSON(w, b.build())
}

type bom struct {
	report Report
	refs   map[string]string // bom-ref of a package, by its purl without version
	vulns  map[string]int    // place in list, by id and what is made of it
	list   []cdx.Vulnerability
}

func (b *bom) build() *cdx.BOM {
	r := b.report
	out := cdx.NewBOM()
	out.JSONSchema, out.SpecVersion = "http://cyclonedx.org/schema/bom-1.6.schema.json", cdx.SpecVersion1_6
	out.SerialNumber = "urn:uuid:" + uuid("gatehouse", r.Outcome.Request, r.At.UTC().Format(time.RFC3339Nano), r.Request.Project)
	root := b.root()
	out.Metadata = &cdx.Metadata{
		Tools:      &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "gatehouse", Version: safe(r.Generator)}}},
		Component:  &root,
		Properties: properties("verdict", r.Outcome.Verdict.String(), "request", r.Outcome.Request, "url", r.DecisionURL(), "registry", r.Request.Registry, "policy", r.Outcome.Policy, "advisory-snapshot", r.Outcome.AdvisorySnapshot),
	}
	if !r.At.IsZero() {
		out.Metadata.Timestamp = r.At.UTC().Format(time.RFC3339)
	}
	components, refs := b.components()
	out.Components = &components
	dependencies := b.dependencies(root.BOMRef, refs)
	out.Dependencies = &dependencies
	// Of the ways in which a version is pulled in one is known, not all.
	known := make([]cdx.BOMReference, 0, len(dependencies))
	for _, d := range dependencies {
		known = append(known, cdx.BOMReference(d.Ref))
	}
	out.Compositions = &[]cdx.Composition{{Aggregate: cdx.CompositionAggregateIncomplete, Dependencies: &known}}
	for i, v := range r.Outcome.Versions {
		for _, reason := range v.Reasons {
			b.vulnerability(refs[i], reason)
		}
	}
	if len(b.list) > 0 {
		out.Vulnerabilities = &b.list
	}
	return out
}

// root is what the closure belongs to.
func (b *bom) root() cdx.Component {
	name := b.report.Request.Project
	if name == "" && len(b.report.Request.Files) == 1 {
		name = b.report.Request.Files[0].Path
	}
	return cdx.Component{Type: cdx.ComponentTypeApplication, BOMRef: "root", Name: cmp.Or(safe(name), "request")}
}

// properties makes named values; what is empty is left out.
func properties(pairs ...string) *[]cdx.Property {
	out := []cdx.Property{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, cdx.Property{Name: "gatehouse:" + pairs[i], Value: safe(pairs[i+1])})
		}
	}
	return &out
}

func (b *bom) components() (out []cdx.Component, refs []string) {
	out = []cdx.Component{}
	used := map[string]int{"root": 1}
	for _, v := range b.report.Outcome.Versions {
		ref := cmp.Or(safe(v.Purl), "unnamed")
		if used[ref]++; used[ref] > 1 {
			ref = fmt.Sprintf("%s#%d", ref, used[ref])
		}
		refs = append(refs, ref)
		if p := packagePurl(v); b.refs[p] == "" {
			b.refs[p] = ref
		}
		out = append(out, b.component(v, ref))
	}
	return out, refs
}

func (b *bom) component(v verdict.VersionOutcome, ref string) cdx.Component {
	pkg, number, _ := strings.Cut(name(v), " ")
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: ref, Name: cmp.Or(safe(pkg), "unnamed"), Version: safe(number), Licenses: licences(v.Licence)}
	if _, number := purlParts(v.Purl); number != "" {
		c.PackageURL = v.Purl
	}
	until := ""
	if v.Until != nil {
		until = v.Until.UTC().Format(time.RFC3339)
	}
	at := ""
	if inManifest(v.File) {
		at = finding.Location{File: v.File, Line: v.Line}.String()
	}
	c.Properties = properties("verdict", v.Verdict.String(), "decision", v.Decision, "decision-url", b.report.decisionURL(v.Decision), "until", until,
		"direct", fmt.Sprint(v.Direct), "new", fmt.Sprint(v.New), "asked-at", at, "asked", v.Asked, "compared-with", v.ComparedWith)
	for _, x := range v.Capabilities {
		*c.Properties = append(*c.Properties, *properties("capability:"+safe(x.Word), evidence(x))...)
		if x.New {
			*c.Properties = append(*c.Properties, *properties("new-capability", x.Word)...)
		}
	}
	if len(v.Files) == 1 {
		c.Hashes = hashes(v.Files[0])
	}
	if len(v.Files) > 0 {
		files := []cdx.Component{}
		for i, f := range v.Files {
			files = append(files, cdx.Component{
				Type: cdx.ComponentTypeFile, BOMRef: fmt.Sprintf("%s/file-%d", ref, i+1), Name: cmp.Or(safe(f.Name), "unnamed"), Hashes: hashes(f),
				Properties: properties(append([]string{"verdict", f.Verdict.String(), "decision", f.Decision}, provenanceProperties(f)...)...),
			})
		}
		c.Components = &files
	}
	return c
}

// purlParts tells a purl that can be read from one that cannot, which would make
// the whole list unreadable to strict tools.
func purlParts(purl string) (pkg, number string) {
	pkg, number, _ = strings.Cut(nameOf(purl), " ")
	if nameOf(purl) == purl {
		return "", ""
	}
	return pkg, number
}

func hashes(f verdict.FileOutcome) *[]cdx.Hash {
	if f.SHA256 == "" {
		return nil // it was never fetched
	}
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: string(f.SHA256)}}
}

// licences is what a version says of itself: an SPDX expression where it is one,
// otherwise its own words as a name.
func licences(words string) *cdx.Licenses {
	if strings.TrimSpace(words) == "" {
		return nil
	}
	e, err := spdx.Parse(words)
	if err == nil && !slices.ContainsFunc(e.Licences(), func(l spdx.Licence) bool { return !spdx.Known(l.ID) }) {
		return &cdx.Licenses{{Expression: e.String()}}
	}
	return &cdx.Licenses{{License: &cdx.License{Name: safe(words)}}}
}

func (b *bom) dependencies(root string, refs []string) []cdx.Dependency {
	needs := map[string][]string{root: {}}
	for i, v := range b.report.Outcome.Versions {
		parent := root
		if !v.Direct && len(v.Via) > 0 {
			if p := b.refs[v.Via[len(v.Via)-1]]; p != "" && p != refs[i] {
				parent = p
			}
		}
		if !slices.Contains(needs[parent], refs[i]) {
			needs[parent] = append(needs[parent], refs[i])
		}
	}
	out := make([]cdx.Dependency, 0, len(refs)+1)
	for _, ref := range slices.Concat([]string{root}, refs) {
		d := cdx.Dependency{Ref: ref}
		if on := needs[ref]; len(on) > 0 {
			slices.Sort(on)
			d.Dependencies = &on
		}
		out = append(out, d)
	}
	return out
}

// vulnerability adds what an advisory says of a component. One advisory about
// several components is one entry while the same is made of it.
func (b *bom) vulnerability(ref string, r verdict.Reason) {
	if len(r.IDs) == 0 || (r.Class != finding.Vulnerability && r.Class != finding.Malware) {
		return
	}
	analysis := analysisOf(r)
	key := r.IDs[0] + "\x00" + string(analysis.State) + "\x00" + analysis.Detail
	at, ok := b.vulns[key]
	if !ok {
		at = len(b.list)
		b.vulns[key] = at
		b.list = append(b.list, newVulnerability(at, r, analysis))
	}
	affects := b.list[at].Affects
	if !slices.ContainsFunc(*affects, func(a cdx.Affects) bool { return a.Ref == ref }) {
		*affects = append(*affects, cdx.Affects{Ref: ref})
	}
}

func newVulnerability(at int, r verdict.Reason, analysis *cdx.VulnerabilityAnalysis) cdx.Vulnerability {
	v := cdx.Vulnerability{
		BOMRef: fmt.Sprintf("advisory-%d", at+1), ID: cmp.Or(safe(r.IDs[0]), "unnamed"), Source: sourceOf(r.IDs[0]), Description: safe(r.Text), Analysis: analysis, Affects: &[]cdx.Affects{},
		// The word is known, the vector is not: a score would be made up.
		Ratings:    &[]cdx.VulnerabilityRating{{Severity: severityOf(r.Severity), Method: cdx.ScoringMethodOther}},
		Properties: properties("rule", r.Rule, "effect", string(r.Effect), "class", string(r.Class), "waiver", r.Waiver),
	}
	if len(r.Fixed) > 0 {
		v.Recommendation = "Update to " + safe(strings.Join(r.Fixed, ", ")) + "."
	} else if r.Remedy != "" {
		v.Recommendation = safe(r.Remedy)
	}
	refs := []cdx.VulnerabilityReference{}
	for _, id := range r.IDs[1:] {
		if id != "" {
			refs = append(refs, cdx.VulnerabilityReference{ID: safe(id), Source: sourceOf(id)})
		}
	}
	if len(refs) > 0 {
		v.References = &refs
	}
	return v
}

// analysisOf says what the gate makes of an advisory; see CycloneDX.
func analysisOf(r verdict.Reason) *cdx.VulnerabilityAnalysis {
	a := &cdx.VulnerabilityAnalysis{State: cdx.IASExploitable}
	switch {
	case r.Waiver != "":
		a.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARWillNotFix}
		a.Detail = "Accepted, not fixed: waiver " + safe(r.Waiver)
		if !r.Until.IsZero() {
			a.Detail += ", until " + day(r.Until)
		}
		a.Detail += ". " + safe(r.Text)
	case r.Effect == verdict.EffectReject:
		a.Detail = "Refused by rule " + safe(r.Rule) + ". How the project uses the package was not looked at."
	case r.Effect == verdict.EffectNote:
		a.Detail = "Noted by rule " + safe(r.Rule) + ", which lets it pass. How the project uses the package was not looked at."
	default:
		a.State = cdx.IASInTriage
		a.Detail = "Held by rule " + safe(r.Rule) + " until a person or a date decides."
	}
	if r.Waiver == "" && len(r.Fixed) > 0 {
		a.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARUpdate}
	}
	return a
}

func severityOf(s finding.Severity) cdx.Severity {
	switch s {
	case finding.None:
		return cdx.SeverityNone
	case finding.Low:
		return cdx.SeverityLow
	case finding.Medium:
		return cdx.SeverityMedium
	case finding.High:
		return cdx.SeverityHigh
	case finding.Critical:
		return cdx.SeverityCritical
	}
	return cdx.SeverityUnknown
}

// sourceOf names the database whose ids look like this.
func sourceOf(id string) *cdx.Source {
	prefix, _, _ := strings.Cut(id, "-")
	known := map[string]string{"CVE": "CVE", "GHSA": "GitHub Advisory Database", "PYSEC": "Python Packaging Advisory Database", "MAL": "OpenSSF Malicious Packages"}
	return &cdx.Source{Name: cmp.Or(known[prefix], "OSV")}
}
