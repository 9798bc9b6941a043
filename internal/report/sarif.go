package report

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// SARIF writes a report in the Static Analysis Results Interchange Format 2.1.0
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code
// scanning reads it: each advisory and each policy rule is a rule with its help,
// each reason a result at the manifest line that can be changed. What a waiver
// accepted is there, suppressed.
//
// The types below are the part of the format that is written. They are ours
// because the rest of it, which the libraries bring, is thirty times as much.
func SARIF(w io.Writer, r Report) error {
	s := &sarif{report: r, rules: map[string]int{}, seen: map[string]int{}}
	for _, p := range r.Outcome.Problems {
		s.problem(p)
	}
	for _, v := range r.Outcome.Versions {
		for _, reason := range v.Reasons {
			s.reason(v, reason)
		}
	}
	return writeJSON(w, s.log())
}

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool               sarifTool                `json:"tool"`
		AutomationDetails  *sarifAutomation         `json:"automationDetails,omitempty"`
		Invocations        []sarifInvocation        `json:"invocations"`
		OriginalURIBaseIDs map[string]sarifArtifact `json:"originalUriBaseIds"`
		Results            []sarifResult            `json:"results"`
		ColumnKind         string                   `json:"columnKind"`
		Properties         map[string]any           `json:"properties,omitempty"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string         `json:"id"`
		Name             string         `json:"name"`
		ShortDescription sarifText      `json:"shortDescription"`
		FullDescription  sarifText      `json:"fullDescription"`
		Help             sarifText      `json:"help"`
		Default          sarifDefault   `json:"defaultConfiguration"`
		Properties       map[string]any `json:"properties"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool   `json:"executionSuccessful"`
		EndTimeUTC          string `json:"endTimeUtc,omitempty"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Related      []sarifRelated     `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifRelated struct {
		Message  sarifText      `json:"message"`
		Physical *sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI         string     `json:"uri,omitempty"`
		URIBaseID   string     `json:"uriBaseId,omitempty"`
		Description *sarifText `json:"description,omitempty"`
	}
	sarifRegion struct {
		StartLine int        `json:"startLine"`
		Snippet   *sarifText `json:"snippet,omitempty"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification,omitempty"`
	}
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceRoot  = "%SRCROOT%"
	packageRoot = "PACKAGE" // where a version's files would lie unpacked
	fingerprint = "gatehouse/v1"
)

// sarif gathers rules and results.
type sarif struct {
	report  Report
	list    []sarifRule
	rules   map[string]int // place in list, by id
	results []sarifResult
	seen    map[string]int // how often a fingerprint was given
	inside  bool           // a place in a package is named
}

func (s *sarif) log() sarifLog {
	o := s.report.Outcome
	run := sarifRun{
		Tool:               sarifTool{sarifDriver{Name: "gatehouse", Version: safe(s.report.Generator), Rules: notNull(s.list)}},
		Invocations:        []sarifInvocation{{ExecutionSuccessful: o.Status == verdict.Done}},
		OriginalURIBaseIDs: map[string]sarifArtifact{sourceRoot: {Description: &sarifText{Text: "the root of the source tree"}}},
		Results:            notNull(s.results), ColumnKind: "unicodeCodePoints",
		Properties: map[string]any{"verdict": o.Verdict.String()},
	}
	if s.inside {
		run.OriginalURIBaseIDs[packageRoot] = sarifArtifact{Description: &sarifText{Text: "a folder with a folder for each archive of a package, which holds what is in the archive"}}
	}
	if !s.report.At.IsZero() {
		run.Invocations[0].EndTimeUTC = s.report.At.UTC().Format("2006-01-02T15:04:05Z")
	}
	if o.Request != "" {
		run.Properties["request"] = safe(o.Request)
	}
	if url := s.report.DecisionURL(); url != "" {
		run.Properties["url"] = url
	}
	// One category of results for each project: another project's upload does not
	// close these.
	category := "gatehouse/"
	if p := s.report.Request.Project; p != "" {
		category += safe(p) + "/"
	}
	run.AutomationDetails = &sarifAutomation{category}
	return sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}
}

func (s *sarif) problem(p verdict.Problem) {
	r := verdict.Reason{Rule: "input-" + string(cmp.Or(p.Class, finding.Fault)), Class: p.Class, Effect: p.Effect, Severity: finding.Medium, Text: p.Text}
	s.add(r, "", p.File, p.Line)
}

func (s *sarif) reason(v verdict.VersionOutcome, r verdict.Reason) {
	if r.Effect == verdict.EffectAdmit {
		return // it settles something that was found harmless
	}
	s.add(r, v.Purl, v.File, v.Line)
}

func (s *sarif) add(r verdict.Reason, purl, file string, line int) {
	at := s.rule(r)
	text := safe(r.Text)
	if purl != "" {
		text = safe(nameOf(purl)) + ": " + text
	}
	if r.Remedy != "" {
		text += " " + safe(r.Remedy)
	}
	res := sarifResult{
		RuleID: s.list[at].ID, RuleIndex: at, Level: level(r), Message: sarifText{Text: message(text)},
		Locations:  []sarifLocation{s.location(purl, file, line)},
		Properties: map[string]any{"effect": string(r.Effect), "rule": safe(r.Rule), "severity": r.Severity.String()},
	}
	if purl != "" {
		res.Properties["purl"] = safe(purl)
	}
	if r.Class == finding.Behaviour {
		res.Properties["score"] = Score(r.Severity)
	}
	if at := r.Seen; at.Path != "" {
		s.inside = true
		res.Related = []sarifRelated{{Message: sarifText{Text: message("in the package: " + safe(at.String()))}, Physical: insidePackage(at)}}
	}
	if r.Waiver != "" {
		// The gate's own store says so, not the source: "external".
		res.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: message("waiver " + safe(r.Waiver) + ": " + safe(r.Text))}}
	}
	res.Fingerprints = map[string]string{fingerprint: s.fingerprint(res.RuleID, purl, file)}
	s.results = append(s.results, res)
}

// fingerprint names a result so that the next run finds it again: line numbers,
// wording and the version within the package may change meanwhile.
func (s *sarif) fingerprint(rule, purl, file string) string {
	pkg := purl
	if v, err := artifact.ParsePurl(purl); err == nil {
		pkg = v.Package.Purl()
	}
	b, err := json.Marshal([]string{rule, pkg, file})
	if err != nil {
		panic(err) // strings only
	}
	d := string(artifact.DigestOf(b)[:32])
	s.seen[d]++
	return fmt.Sprintf("%s:%d", d, s.seen[d])
}

// rule gives the place of a reason's rule in the list, adding it when it is new.
// An advisory is a rule of its own, so that it can be searched for and has its
// own severity.
func (s *sarif) rule(r verdict.Reason) int {
	id, short := ruleID(r.Rule), "Rule "+safe(r.Rule)+" of the policy"
	if r.Class == finding.Behaviour && r.Source != "" {
		id, short = ruleID(r.Source), "Behaviour "+safe(r.Source)
	}
	advisory := len(r.IDs) > 0
	if advisory {
		id = ruleID(r.IDs[0])
		short = safe(r.IDs[0]) + ": " + classOf(r.Class)
	}
	if i, ok := s.rules[id]; ok {
		return i
	}
	rule := sarifRule{
		ID: id, Name: id, ShortDescription: sarifText{Text: message(short)}, FullDescription: sarifText{Text: message(classOf(r.Class))},
		Help: help(r), Default: sarifDefault{level(r)},
		Properties: map[string]any{"tags": []string{"security", "supply-chain", string(cmp.Or(r.Class, finding.Fault))}, "precision": "very-high"},
	}
	if advisory {
		rule.FullDescription.Text = message(safe(r.Text))
	}
	if score := Score(r.Severity); r.Class != finding.Fault && r.Class != finding.Manifest && score > 0 {
		rule.Properties["security-severity"] = fmt.Sprintf("%.1f", score)
	}
	s.rules[id] = len(s.list)
	s.list = append(s.list, rule)
	return s.rules[id]
}

// notID is what an id may not have in it: viewers build addresses from ids.
var notID = lazy.Regexp(`[^A-Za-z0-9._+-]+`)

func ruleID(s string) string {
	s = strings.Trim(notID().ReplaceAllString(s, "-"), "-")
	return cmp.Or(s[:min(len(s), 100)], "unnamed")
}

// help tells what to do about a rule's results.
func help(r verdict.Reason) sarifText {
	var text, mark []string
	add := func(t, m string) { text, mark = append(text, t), append(mark, m) }
	add(safe(r.Text), md(r.Text))
	if len(r.IDs) > 1 {
		add("Also known as "+safe(strings.Join(r.IDs[1:], ", "))+".", "Also known as "+md(strings.Join(r.IDs[1:], ", "))+".")
	}
	switch {
	case len(r.Fixed) > 0:
		add("Fixed in "+safe(strings.Join(r.Fixed, ", "))+".", "**Fixed in** "+md(strings.Join(r.Fixed, ", "))+".")
	case len(r.IDs) > 0:
		add("No fixed version is known.", "No fixed version is known.")
	}
	if r.Remedy != "" {
		add(safe(r.Remedy), md(r.Remedy))
	}
	add("Change the requirement at the line, or ask for an exception: gatehouse ask ID --reason TEXT", "Change the requirement at the line, or ask for an exception: `gatehouse ask ID --reason TEXT`")
	return sarifText{Text: message(strings.Join(text, "\n\n")), Markdown: strings.Join(mark, "\n\n")}
}

func classOf(c finding.Class) string {
	switch c {
	case finding.Vulnerability:
		return "a published advisory covers this version"
	case finding.Malware:
		return "known malware"
	case finding.Behaviour:
		return "its code does what malware does"
	case finding.Name:
		return "the name looks like another one"
	case finding.Origin:
		return "the name comes from the wrong place"
	case finding.Integrity:
		return "the bytes are not what was promised"
	case finding.Honesty:
		return "the archive and what is said about it differ"
	case finding.Licence:
		return "the licence is not one that the policy accepts as it is"
	case finding.Yanked:
		return "the upstream took this version back"
	case finding.Age:
		return "the version is younger than the policy asks"
	case finding.Provenance:
		return "where it comes from is not fully known"
	case finding.Manifest:
		return "the manifest asks for something that the gate does not follow"
	}
	return "something could not be known, which holds"
}

// level is SARIF's word for what a reason does. What was waived keeps the level
// that its severity gives: the suppression says the rest.
func level(r verdict.Reason) string {
	switch {
	case r.Waiver != "" && r.Severity.Weight() >= finding.High:
		return "error"
	case r.Waiver != "":
		return "warning"
	case r.Effect == verdict.EffectReject:
		return "error"
	case r.Effect == verdict.EffectNote:
		return "note"
	}
	return "warning"
}

// Score is a severity as a number on the CVSS scale, where only a number will
// do: the middle of the band that the word names. Unknown counts as high.
func Score(s finding.Severity) float64 {
	switch s.Weight() {
	case finding.Critical:
		return 9.5
	case finding.High:
		return 8
	case finding.Medium:
		return 5.5
	case finding.Low:
		return 2
	}
	return 0
}

func (s *sarif) location(purl, file string, line int) sarifLocation {
	var l sarifLocation
	if purl != "" {
		l.Logical = []sarifLogical{{FullyQualifiedName: safe(purl), Kind: "package"}}
	}
	if uri, ok := relativeURI(file); ok {
		l.Physical = &sarifPhysical{Artifact: sarifArtifact{URI: uri, URIBaseID: sourceRoot}}
		if line > 0 {
			l.Physical.Region = &sarifRegion{StartLine: line}
			if text, ok := s.text(file, line); ok {
				l.Physical.Region.Snippet = &sarifText{Text: text}
			}
		}
	}
	if l.Physical == nil && l.Logical == nil {
		l.Logical = []sarifLogical{{FullyQualifiedName: "request", Kind: "resource"}}
	}
	return l
}

// text is a line of a manifest.
func (s *sarif) text(file string, line int) (string, bool) {
	content, ok := s.report.content(file)
	if !ok {
		return "", false
	}
	for l := range strings.Lines(string(content)) {
		if line--; line == 0 {
			return safe(withoutSecrets(strings.TrimRight(l, "\r\n"))), true
		}
	}
	return "", false
}

// insidePackage is a place in a package's file, below a folder of that file's name:
// it is in no repository, so nothing says where that folder is.
func insidePackage(at verdict.Place) *sarifPhysical {
	uri, ok := relativeURI(strings.TrimPrefix(at.Archive+"/"+at.Path, "/"))
	if !ok {
		uri = "package"
	}
	p := &sarifPhysical{Artifact: sarifArtifact{URI: uri, URIBaseID: packageRoot}}
	if at.Line > 0 {
		p.Region = &sarifRegion{StartLine: at.Line}
	}
	return p
}

// maxPath is the longest path that is written as an address, in bytes.
const maxPath = 2048

// relativeURI is a manifest's path as a URI below the root, which it cannot
// leave.
func relativeURI(file string) (string, bool) {
	if !inManifest(file) || len(file) > maxPath {
		return "", false
	}
	clean := strings.TrimPrefix(path.Clean("/"+file), "/")
	if clean == "" {
		return "", false
	}
	parts := strings.Split(clean, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(strings.ToValidUTF8(p, "\ufffd"))
	}
	// A colon in the first part would make it a scheme.
	parts[0] = strings.ReplaceAll(parts[0], ":", "%3A")
	return strings.Join(parts, "/"), true
}

var placeholder = lazy.Regexp(`\{\d+\}`)

// message is text that no viewer takes for a link (section 3.11.6 of the
// standard) or for a place to fill in (3.11.5).
func message(s string) string {
	if strings.Contains(s, "](") {
		s = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(s)
	}
	return placeholder().ReplaceAllStringFunc(s, func(m string) string { return "{" + m + "}" })
}

// uuid is an identifier made of a digest (RFC 9562, version 8), for formats that
// ask for one: the same report has the same.
func uuid(parts ...string) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings only
	}
	sum, err := hex.DecodeString(string(artifact.DigestOf(b)[:32]))
	if err != nil {
		panic(err) // a digest is hex
	}
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
