package external

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// preset is a known tool: how to run it so that nothing in a package steers it,
// and how to tell an answer from an excuse.
type preset struct {
	config.Scanner
	// asks says what a person has to add, because the gate does not choose it.
	asks func(config.Scanner) error
}

const day = config.Duration(24 * time.Hour)

var onlyPython = []string{string(artifact.PyPI)}

var presets = map[string]preset{
	// Bandit reads .bandit from the folder that it looks at, and there a package
	// can say that nothing in it is to be looked at: --ini names an empty file
	// instead. Comments are ignored, and so is the list of folders that it leaves
	// out by itself (.git, .tox, *.egg). It speaks of carelessness more than of
	// malice, hence the severities: what it calls high is a note by default.
	"bandit": {Scanner: config.Scanner{
		Command:        []string{"bandit", "-q", "-r", "--ignore-nosec", "--ini", "{empty}", "-x", "/nothing", "-f", "json", "{folder}"},
		VersionCommand: []string{"bandit", "--version"},
		Gets:           getsFolder, Ecosystems: onlyPython, Reads: readsJSON, ExitCodes: []int{0, 1}, Class: string(finding.Honesty),
		Severity: map[string]string{"HIGH": "medium", "MEDIUM": "low", "LOW": "low", "UNDEFINED": "low"},
		JSON: &config.ScannerJSON{
			Complete: `has(out.errors) && has(out.metrics._totals) && out.metrics._totals.nosec == 0.0 && out.metrics._totals.skipped_tests == 0.0`,
			Faults:   `out.errors.map(e, e.filename + ": " + e.reason)`,
			Items:    `out.results`, Rule: `item.test_id`, Text: `item.issue_text`, Severity: `item.issue_severity`,
			Path: `item.filename`, Line: `int(item.line_number)`,
		},
	}},
	"guarddog":        guarddog("pypi", artifact.PyPI),
	"guarddog-npm":    guarddog("npm", artifact.NPM),
	"guarddog-go":     guarddog("go", artifact.Golang),
	"guarddog-crates": guarddog("crates", artifact.Cargo),
	// --disable-pip and --no-deps: nothing is resolved, so nothing is built. It
	// knows no severities; unknown counts as high.
	"pip-audit": {Scanner: config.Scanner{
		Command:        []string{"pip-audit", "--disable-pip", "--no-deps", "--strict", "--progress-spinner", "off", "-s", "osv", "-f", "json", "-r", "{requirements}"},
		VersionCommand: []string{"pip-audit", "--version"},
		Gets:           getsRequirements, Ecosystems: onlyPython, Reads: readsJSON, ExitCodes: []int{0, 1}, Class: string(finding.Vulnerability), Refresh: day,
		JSON: &config.ScannerJSON{
			Complete: `size(out.dependencies) == 1 && out.dependencies[0].name == name && out.dependencies[0].version == version && has(out.dependencies[0].vulns)`,
			Faults:   `out.dependencies.filter(d, has(d.skip_reason)).map(d, d.name + " was skipped: " + d.skip_reason)`,
			Items:    `out.dependencies[0].vulns`, Rule: `"known-vulnerability"`,
			Text: `name + " " + version + " is affected by " + item.id + (item.description == "" ? "" : ": " + item.description)`,
			IDs:  `[item.id] + item.aliases`, Fixed: `item.fix_versions`,
		},
	}, asks: asksNetwork("the host of its vulnerability service, for example `network: [api.osv.dev:443]`")},
	// An empty configuration: none is read from beside what it looks at. With
	// --all-packages it names what it looked at, also when nothing is known.
	"osv-scanner": {Scanner: config.Scanner{
		Command:        []string{"osv-scanner", "scan", "source", "--config", "{empty}", "--format", "json", "--all-packages", "--all-vulns", "--lockfile", "{sbom}"},
		VersionCommand: []string{"osv-scanner", "--version"},
		Gets:           getsSBOM, Reads: readsOSV, ExitCodes: []int{0, 1}, Class: string(finding.Vulnerability), Refresh: day,
	}, asks: asksDatabase},
	// It asks Snyk about the version by its purl. Whether it looked at it is seen
	// from the number of dependencies that it counted.
	"snyk": {Scanner: config.Scanner{
		Command:        []string{"snyk", "sbom", "test", "--json", "--file={sbom}"},
		VersionCommand: []string{"snyk", "--version"},
		Environment:    map[string]string{"SNYK_DISABLE_ANALYTICS": "1", "SNYK_CFG_DISABLE_SUGGESTIONS": "true", "CI": "1"},
		Gets:           getsSBOM, Reads: readsJSON, ExitCodes: []int{0, 1}, Class: string(finding.Vulnerability), Refresh: day,
		JSON: &config.ScannerJSON{
			Complete: `!has(out.error) && out.dependencyCount >= 1.0 && out.ok == (size(out.vulnerabilities) == 0)`,
			Faults:   `has(out.error) ? [string(out.error)] : []`,
			Items:    `out.vulnerabilities`, Rule: `"known-vulnerability"`,
			Text: `name + " " + version + " is affected by " + item.id + ": " + item.title`, Severity: `item.severity`,
			IDs:   `[item.id] + (has(item.identifiers.CVE) ? item.identifiers.CVE : [])`,
			Fixed: `has(item.fixedIn) ? item.fixedIn : []`,
		},
	}, asks: asksSnyk},
}

// GuardDog gets the folder: its own reader of archives refuses good wheels
// (3.2.0 takes a zip file inside Django's for a forgery), and every rule works
// on a folder too. It has a sandbox of its own, which it insists on; it works
// inside ours. Without a network it does without the rules that ask registries,
// and says so aside. Its findings are risks that it made out of several signs;
// they hold, for some are in the best of packages, and a company that trusts
// them more says `class: malware`. It has a command of its own for each ecosystem.
func guarddog(command string, of artifact.Ecosystem) preset {
	return preset{Scanner: config.Scanner{
		Command:        []string{"guarddog", command, "scan", "--output-format", "json", "{folder}"},
		VersionCommand: []string{"guarddog", "--version"},
		Gets:           getsFolder, Ecosystems: []string{string(of)}, Reads: readsJSON, Class: string(finding.Honesty),
		JSON: &config.ScannerJSON{
			Complete: `out.package == input && size(out.results) > 0 && has(out.errors) && has(out.risks)`,
			Faults:   `out.errors.map(k, k + ": " + string(out.errors[k]))`,
			Items:    `out.risks`, Rule: `item.threat_rule`, Text: `item.threat_description`, Severity: `item.severity`, Path: `item.file_path`,
			Line: `item.threat_location.matches(":[0-9]{1,9}$") ? int(item.threat_location.substring(item.threat_location.lastIndexOf(":") + 1)) : 0`,
		},
	}}
}

// Presets lists the names of the known tools.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

func asksNetwork(what string) func(config.Scanner) error {
	return func(c config.Scanner) error {
		if len(c.Network) == 0 {
			return fmt.Errorf("network: this tool asks elsewhere; name %s", what)
		}
		return nil
	}
}

func asksSnyk(c config.Scanner) error {
	if c.Secrets["SNYK_TOKEN"] == "" {
		return fmt.Errorf("secrets: this tool needs an account; write `secrets: {SNYK_TOKEN: env:SNYK_TOKEN}`")
	}
	return asksNetwork("the host of its API, for example `network: [api.snyk.io:443]`")(c)
}

// asksDatabase: OSV-Scanner asks its service, or looks into a folder.
func asksDatabase(c config.Scanner) error {
	offline := slices.ContainsFunc(c.Arguments, func(a string) bool { return strings.HasPrefix(a, "--offline") })
	if len(c.Network) == 0 && !offline {
		return fmt.Errorf("network: name the host of its service (`network: [api.osv.dev:443]`), or give it a database: " +
			"`arguments: [--offline]`, `folders: [/path]` and `environment: {OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY: /path}`")
	}
	return nil
}

// withPreset fills in what the settings leave out.
func withPreset(c config.Scanner) (config.Scanner, error) {
	if c.Preset == "" {
		return c, nil
	}
	p, ok := presets[c.Preset]
	if !ok {
		return c, fmt.Errorf("preset: %q is none of %s", c.Preset, strings.Join(Presets(), ", "))
	}
	d := p.Scanner
	if len(c.Command) == 0 {
		c.Command = d.Command
	}
	if len(c.VersionCommand) == 0 && c.Command[0] == d.Command[0] {
		c.VersionCommand = d.VersionCommand
	}
	c.Gets, c.Reads, c.Class = first(c.Gets, d.Gets), first(c.Reads, d.Reads), first(c.Class, d.Class)
	if len(c.Ecosystems) == 0 {
		c.Ecosystems = d.Ecosystems
	}
	if len(c.ExitCodes) == 0 {
		c.ExitCodes = d.ExitCodes
	}
	if c.Refresh == 0 {
		c.Refresh = d.Refresh
	}
	c.Environment, c.Severity = over(d.Environment, c.Environment), over(d.Severity, c.Severity)
	if c.Reads == readsJSON && d.JSON != nil {
		c.JSON = overJSON(*d.JSON, c.JSON)
	}
	if p.asks != nil {
		return c, p.asks(c)
	}
	return c, nil
}

// over lays the settings over the preset's, key by key.
func over(preset, settings map[string]string) map[string]string {
	out := maps.Clone(preset)
	if out == nil {
		return settings
	}
	maps.Copy(out, settings)
	return out
}

func overJSON(d config.ScannerJSON, c *config.ScannerJSON) *config.ScannerJSON {
	if c == nil {
		return &d
	}
	return &config.ScannerJSON{
		Complete: first(c.Complete, d.Complete), Faults: first(c.Faults, d.Faults), Items: first(c.Items, d.Items), Rule: first(c.Rule, d.Rule),
		Text: first(c.Text, d.Text), Severity: first(c.Severity, d.Severity), IDs: first(c.IDs, d.IDs), Fixed: first(c.Fixed, d.Fixed),
		Path: first(c.Path, d.Path), Line: first(c.Line, d.Line),
	}
}
