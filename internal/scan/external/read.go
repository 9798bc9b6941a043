package external

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
)

// Forms of answers.
const (
	readsSARIF     = "sarif"
	readsCycloneDX = "cyclonedx"
	readsOSV       = "osv"
	readsJSON      = "json"
)

// question is what a scanner was asked about, for its answer to be held against.
type question struct {
	file  artifact.File
	input string // the path that it got
	newer func(numbers []string) []string
}

// answer is what a tool said, in one form for all tools.
type answer struct {
	items  []item
	faults []string // what it could not do
}

// item is one thing that a tool found. Every text is untrusted.
type item struct {
	rule, text string
	severity   string // the tool's word, or a CVSS score
	ids, fixed []string
	path       string
	line       int
}

// read takes an answer apart. An error says why it is none.
func (s *Scanner) read(r Result, q question) (answer, error) {
	if !slices.Contains(s.ExitCodes, r.Exit) {
		return answer{}, fmt.Errorf("exit code %d: %s", r.Exit, lastLine(r.Stderr))
	}
	if len(bytes.TrimSpace(r.Answer)) == 0 {
		return answer{}, fmt.Errorf("it gave no answer: %s", lastLine(r.Stderr))
	}
	switch s.Reads {
	case readsSARIF:
		return readSARIF(r.Answer)
	case readsCycloneDX:
		return readCycloneDX(r.Answer, q)
	case readsOSV:
		return readOSV(r.Answer, q)
	}
	return s.expressions.read(r.Answer, q)
}

// lastLine is where most programs say what went wrong.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// decode reads exactly one JSON value: what is cut short, or followed by
// something else, is no answer.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("its answer is no whole JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("its answer goes on after the JSON")
	}
	return nil
}

type sarif struct {
	Version string `json:"version"`
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string `json:"name"`
				Rules []struct {
					ID         string `json:"id"`
					Properties struct {
						Severity string `json:"security-severity"`
					} `json:"properties"`
					Default struct {
						Level string `json:"level"`
					} `json:"defaultConfiguration"`
				} `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		Invocations []struct {
			Successful    *bool               `json:"executionSuccessful"`
			Notifications []sarifNotification `json:"toolExecutionNotifications"`
			Configuration []sarifNotification `json:"toolConfigurationNotifications"`
		} `json:"invocations"`
		Results *[]struct {
			RuleID    string       `json:"ruleId"`
			Kind      string       `json:"kind"`
			Level     string       `json:"level"`
			Message   sarifMessage `json:"message"`
			Locations []struct {
				Physical struct {
					Artifact struct {
						URI string `json:"uri"`
					} `json:"artifactLocation"`
					Region struct {
						Line int `json:"startLine"`
					} `json:"region"`
				} `json:"physicalLocation"`
			} `json:"locations"`
		} `json:"results"`
	} `json:"runs"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifNotification struct {
	Level   string       `json:"level"`
	Message sarifMessage `json:"message"`
}

// readSARIF reads every result, also one that the tool says is suppressed: what
// suppresses is in the package, and its author wrote it.
func readSARIF(b []byte) (a answer, err error) {
	var doc sarif
	if err := decode(b, &doc); err != nil {
		return a, err
	}
	if doc.Version != "2.1.0" || len(doc.Runs) == 0 {
		return a, errors.New("its answer is no SARIF 2.1.0 with a run")
	}
	for _, run := range doc.Runs {
		if run.Tool.Driver.Name == "" || run.Results == nil {
			return a, errors.New("a run of its SARIF names no tool or has no results")
		}
		for _, i := range run.Invocations {
			if i.Successful != nil && !*i.Successful {
				a.faults = append(a.faults, "it says that it did not run well")
			}
			for _, n := range append(i.Notifications, i.Configuration...) {
				if n.Level == "error" {
					a.faults = append(a.faults, n.Message.Text)
				}
			}
		}
		severity, level := map[string]string{}, map[string]string{}
		for _, r := range run.Tool.Driver.Rules {
			severity[r.ID], level[r.ID] = r.Properties.Severity, r.Default.Level
		}
		for _, r := range *run.Results {
			if slices.Contains([]string{"pass", "notApplicable", "informational"}, r.Kind) {
				continue
			}
			x := item{rule: r.RuleID, text: r.Message.Text, severity: first(severity[r.RuleID], r.Level, level[r.RuleID], "warning")}
			if len(r.Locations) > 0 {
				p := r.Locations[0].Physical
				x.path, x.line = p.Artifact.URI, p.Region.Line
			}
			a.items = append(a.items, x)
		}
	}
	return a, nil
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

type cycloneDX struct {
	Format     string               `json:"bomFormat"`
	Components []cycloneDXComponent `json:"components"`
	Metadata   struct {
		Component cycloneDXComponent `json:"component"`
	} `json:"metadata"`
	Vulnerabilities []struct {
		ID          string `json:"id"`
		Description string `json:"description"`
		References  []struct {
			ID string `json:"id"`
		} `json:"references"`
		Ratings []struct {
			Severity string   `json:"severity"`
			Score    *float64 `json:"score"`
		} `json:"ratings"`
		Affects []struct {
			Ref string `json:"ref"`
		} `json:"affects"`
	} `json:"vulnerabilities"`
}

type cycloneDXComponent struct {
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Purl    string `json:"purl"`
}

// readCycloneDX reads the vulnerabilities of the version that was asked about,
// also those that an analysis in the same document explains away.
func readCycloneDX(b []byte, q question) (a answer, err error) {
	var doc cycloneDX
	if err := decode(b, &doc); err != nil {
		return a, err
	}
	if doc.Format != "CycloneDX" {
		return a, errors.New("its answer is no CycloneDX document")
	}
	v := q.file.Version
	var refs []string
	for _, c := range append(doc.Components, doc.Metadata.Component) {
		purl, _, _ := strings.Cut(c.Purl, "?")
		if purl == v.Purl() || c.Purl == "" && strings.EqualFold(c.Name, v.Package.Name) && c.Version == v.Number {
			refs = append(refs, c.Ref, c.Purl)
		}
	}
	if len(refs) == 0 {
		return a, fmt.Errorf("its answer does not mention %s", v)
	}
	for _, vulnerability := range doc.Vulnerabilities {
		ours := len(vulnerability.Affects) == 0
		for _, x := range vulnerability.Affects {
			ours = ours || x.Ref != "" && slices.Contains(refs, x.Ref)
		}
		if !ours {
			continue
		}
		x := vulnerable(v, vulnerability.ID, vulnerability.Description)
		for _, r := range vulnerability.References {
			x.ids = append(x.ids, r.ID)
		}
		worst := finding.Severity(-1)
		for _, r := range vulnerability.Ratings {
			word := r.Severity
			if word == "" && r.Score != nil {
				word = strconv.FormatFloat(*r.Score, 'f', 1, 64)
			}
			if s := severityOf(word, nil); s.Weight() > worst {
				worst, x.severity = s.Weight(), word
			}
		}
		a.items = append(a.items, x)
	}
	return a, nil
}

// vulnerable is an item about an advisory.
func vulnerable(v artifact.Version, id, summary string) item {
	text := v.String() + " is affected by " + id
	if summary != "" {
		text += ": " + summary
	}
	return item{rule: "known-vulnerability", text: text, ids: []string{id}}
}

type osvResults struct {
	Results *[]struct {
		Packages []struct {
			Package struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"package"`
			Vulnerabilities []osvRecord `json:"vulnerabilities"`
			Groups          []struct {
				IDs      []string `json:"ids"`
				Aliases  []string `json:"aliases"`
				Severity string   `json:"max_severity"`
			} `json:"groups"`
		} `json:"packages"`
	} `json:"results"`
}

type osvRecord struct {
	ID       string `json:"id"`
	Summary  string `json:"summary"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Events []struct {
				Fixed string `json:"fixed"`
			} `json:"events"`
		} `json:"ranges"`
	} `json:"affected"`
}

// readOSV reads OSV-Scanner's JSON with every package in it: one item for each
// group of aliases, as that tool counts.
func readOSV(b []byte, q question) (a answer, err error) {
	var doc osvResults
	if err := decode(b, &doc); err != nil {
		return a, err
	}
	if doc.Results == nil {
		return a, errors.New("its answer has no results")
	}
	v, mentioned := q.file.Version, false
	for _, r := range *doc.Results {
		for _, p := range r.Packages {
			if !strings.EqualFold(p.Package.Name, v.Package.Name) || p.Package.Version != v.Number {
				continue
			}
			mentioned = true
			grouped := map[string]bool{}
			for _, g := range p.Groups {
				for _, id := range g.IDs {
					grouped[id] = true
				}
			}
			for _, record := range p.Vulnerabilities {
				if !grouped[record.ID] {
					return a, fmt.Errorf("its answer has %s in no group", record.ID)
				}
			}
			for _, g := range p.Groups {
				if len(g.IDs) == 0 {
					continue
				}
				x := vulnerable(v, g.IDs[0], "")
				x.ids, x.severity = append(x.ids, append(g.IDs[1:], g.Aliases...)...), g.Severity
				for _, record := range p.Vulnerabilities {
					if slices.Contains(g.IDs, record.ID) {
						x.fixed = append(x.fixed, record.fixed(v.Package.Name)...)
						if record.ID == g.IDs[0] && record.Summary != "" {
							x.text += ": " + record.Summary
						}
					}
				}
				x.fixed = q.newer(x.fixed)
				a.items = append(a.items, x)
			}
		}
	}
	if !mentioned {
		return a, fmt.Errorf("its answer does not mention %s", v)
	}
	return a, nil
}

func (r osvRecord) fixed(name string) (out []string) {
	for _, x := range r.Affected {
		if !strings.EqualFold(x.Package.Name, name) {
			continue
		}
		for _, rng := range x.Ranges {
			for _, e := range rng.Events {
				if e.Fixed != "" {
					out = append(out, e.Fixed)
				}
			}
		}
	}
	return out
}

// levels are SARIF's words for severity.
var levels = map[string]finding.Severity{"error": finding.High, "warning": finding.Medium, "note": finding.Low}

// severityOf reads a tool's word: as the settings say, as one of ours or SARIF's,
// or as a CVSS score. What does not read is unknown, which counts as high.
func severityOf(word string, settings map[string]string) finding.Severity {
	if ours, ok := settings[word]; ok {
		word = ours
	}
	if s, ok := levels[strings.ToLower(word)]; ok {
		return s
	}
	if score, err := strconv.ParseFloat(word, 64); err == nil {
		switch { // https://www.first.org/cvss/v3-1/specification-document#Qualitative-Severity-Rating-Scale
		case score >= 9 && score <= 10:
			return finding.Critical
		case score >= 7 && score < 9:
			return finding.High
		case score >= 4 && score < 7:
			return finding.Medium
		case score > 0 && score < 4:
			return finding.Low
		}
		return finding.Unknown // 0 stands for "not rated" as often as for "none"
	}
	s, err := finding.ParseSeverity(word)
	if err != nil {
		return finding.Unknown
	}
	return s
}

// What is kept of an answer. Every rule that it names is there, so that a policy
// that speaks of a rule sees it; of each only so many.
const (
	mostOfARule = 20
	mostRules   = 200
	mostIDs     = 30
)

// findings turns an answer into findings, worst first.
func (s *Scanner) findings(a answer) []finding.Finding {
	all := make([]finding.Finding, 0, len(a.items))
	for _, x := range a.items {
		all = append(all, s.finding(x))
	}
	slices.SortStableFunc(all, func(a, b finding.Finding) int { return int(b.Severity.Weight()) - int(a.Severity.Weight()) })
	of := map[string]int{}
	out := []finding.Finding{}
	for _, f := range all {
		if len(of) == mostRules && of[f.Rule] == 0 {
			return append(out, s.fault(fmt.Sprintf("it names more than %d rules", mostRules)))
		}
		if of[f.Rule]++; of[f.Rule] <= mostOfARule {
			out = append(out, f)
		}
	}
	for i := range out {
		if n := of[out[i].Rule]; n > mostOfARule {
			out[i].Text += fmt.Sprintf(" (%d times, %d of them listed)", n, mostOfARule)
		}
	}
	return out
}

func (s *Scanner) finding(x item) finding.Finding {
	f := finding.Finding{
		Rule: s.Name + ":" + ruleWord(x.rule), Class: finding.Class(s.Class), Severity: severityOf(x.severity, s.Severity),
		Text: s.Name + ": " + artifact.Untrusted(x.text).String(),
		Path: artifact.Untrusted(s.inArchive(x.path)).String(), Line: max(0, x.line),
	}
	for _, id := range x.ids {
		if id = artifact.Untrusted(id).String(); id != "" && len(id) <= 100 && !slices.Contains(f.IDs, id) && len(f.IDs) < mostIDs {
			f.IDs = append(f.IDs, id)
		}
	}
	for _, n := range x.fixed {
		if len(n) <= 100 && len(f.Fixed) < mostIDs {
			f.Fixed = append(f.Fixed, artifact.Untrusted(n).String())
		}
	}
	return f
}

// inArchive turns a path as the tool saw it into one inside the archive.
func (s *Scanner) inArchive(p string) string {
	if u, err := url.Parse(p); err == nil && u.Scheme == "file" {
		p = u.Path
	}
	p = strings.TrimPrefix(p, path.Join(sandbox.ToolInput, folderName)+"/")
	return strings.TrimPrefix(p, "./")
}

// ruleWord makes a tool's rule fit for a rule's id: policies and waivers name it.
func ruleWord(s string) string {
	word := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r) {
			return r
		}
		return '-'
	}, s)
	if word == "" {
		return "unnamed"
	}
	return word[:min(len(word), 80)]
}
