package config

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Scanner is somebody else's program that looks at each new file beside the
// gate's own scanners. docs/scanners.md explains the settings by example. Where
// Preset is named, a setting that is left out is the preset's. What the settings
// ask of this machine and of each other is checked when the gate starts.
type Scanner struct {
	// Name stands before the rules of its findings: "bandit:B602".
	Name string `yaml:"name"`
	// Preset is a known tool: snyk, guarddog, pip-audit, osv-scanner, bandit.
	Preset string `yaml:"preset"`
	// Program replaces the first word of the command and of the version command:
	// an absolute path, or a name to look for on PATH when the gate starts.
	Program string `yaml:"program"`
	// Command is the program and its arguments; no shell sees it. In arguments
	// {archive}, {folder}, {sbom} and {requirements} stand for the path of what it
	// gets, {output} for a file to write the answer to (default: standard output),
	// {empty} for an empty file.
	Command []string `yaml:"command"`
	// Arguments are added at the end of the command.
	Arguments []string `yaml:"arguments"`
	// VersionCommand prints the tool's version, which belongs to what is kept of
	// its answers: another version is asked again.
	VersionCommand []string `yaml:"version_command"`
	// Gets is what it looks at: "archive" (the file), "folder" (the file unpacked),
	// "sbom" (a CycloneDX document that names the version), "requirements" (one
	// line with the version and the file's hash). Never a project to build.
	Gets string `yaml:"gets"`
	// Ecosystems that it knows. Default: all.
	Ecosystems []string `yaml:"ecosystems"`
	// Network lists the host:port places that it may reach. Default: none.
	Network []string `yaml:"network"`
	// Secrets are environment variables by reference (env:NAME, file:PATH). With
	// secrets or network a scanner never gets a package's bytes.
	Secrets map[string]string `yaml:"secrets"`
	// Environment are further variables, for all to see.
	Environment map[string]string `yaml:"environment"`
	// Folders of this machine that it may read beside system software and its own.
	Folders []string      `yaml:"folders"`
	Limits  ScannerLimits `yaml:"limits"`
	// Reads is the form of its answer: sarif, cyclonedx, osv or json.
	Reads string `yaml:"reads"`
	// JSON says where in a JSON answer the findings are.
	JSON *ScannerJSON `yaml:"json"`
	// ExitCodes are those of a run that went well. Default: 0.
	ExitCodes []int `yaml:"exit_codes"`
	// Class of its findings: vulnerability, honesty, malware, licence, provenance.
	Class string `yaml:"class"`
	// Severity translates its words for severity to ours; those that are left out
	// are read as they are, and what does not read counts as unknown.
	Severity map[string]string `yaml:"severity"`
	// Refresh is how long an answer may be used that depends on data elsewhere.
	// Default: for ever.
	Refresh Duration `yaml:"refresh"`
}

// ScannerLimits cap one run.
type ScannerLimits struct {
	Time      Duration `yaml:"time"`      // from its start to its end; default 5m
	Memory    int64    `yaml:"memory"`    // bytes resident in all its processes; default 2 GiB
	Output    int64    `yaml:"output"`    // bytes of its answer; default 16 MiB
	Files     int      `yaml:"files"`     // that it may make; default 10,000
	Disk      int64    `yaml:"disk"`      // bytes that it may write, in memory; default 256 MiB
	Processes int      `yaml:"processes"` // and threads at once; default 256
	Unpacked  int64    `yaml:"unpacked"`  // bytes of a folder, default 1 GiB; a larger archive is a fault
}

// ScannerJSON are CEL expressions over a JSON answer, `out`. In those about one
// finding the finding is `item`. `name`, `version` and `file` are what was asked
// about, `input` the path that the scanner got.
type ScannerJSON struct {
	// Complete is true for an answer of a scanner that looked at what it was asked
	// to. Anything else is a fault.
	Complete string `yaml:"complete"`
	// Faults is a list of texts: what it could not do. Each is a fault.
	Faults string `yaml:"faults"`
	// Items is the list of findings.
	Items    string `yaml:"items"`
	Rule     string `yaml:"rule"`     // the tool's own id for what it found
	Text     string `yaml:"text"`     // one sentence
	Severity string `yaml:"severity"` // a word
	IDs      string `yaml:"ids"`      // a list of advisory ids, preferred first
	Fixed    string `yaml:"fixed"`    // a list of versions
	Path     string `yaml:"path"`     // of the file in the archive
	Line     string `yaml:"line"`     // in that file, from 1
}

var (
	scannerName  = lazy.Regexp(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	variableName = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// mostScanners bounds what each new file costs.
const mostScanners = 20

// ours are variables that the sandbox sets itself, or that change what a program
// is before it starts.
func ours(name string) bool {
	upper := strings.ToUpper(name)
	return slices.Contains([]string{"HOME", "TMPDIR", "PATH", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}, upper) ||
		strings.HasPrefix(upper, "LD_")
}

// checkScanners refuses what is wrong with a scanner whatever its preset says.
func (c Config) checkScanners() error {
	if len(c.Scanners) > mostScanners {
		return fmt.Errorf("scanners: %d of them; at most %d are run on each new file", len(c.Scanners), mostScanners)
	}
	seen := map[string]bool{}
	for _, s := range c.Scanners {
		if !scannerName().MatchString(s.Name) || len(s.Name) > 40 || seen[s.Name] {
			return fmt.Errorf("scanners: every one needs a name of its own, lower-case words joined by hyphens (%q)", s.Name)
		}
		seen[s.Name] = true
		if err := s.check(); err != nil {
			return fmt.Errorf("scanners.%s.%w", s.Name, err)
		}
	}
	return nil
}

func (s Scanner) check() error {
	for _, place := range s.Network {
		host, port, err := net.SplitHostPort(place)
		n, numberErr := strconv.Atoi(port)
		if err != nil || numberErr != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, "*/@ ") {
			return fmt.Errorf("network: %q is no host:port such as api.example.invalid:443", place)
		}
	}
	for name := range s.Environment {
		if _, both := s.Secrets[name]; both || !variableName().MatchString(name) || ours(name) {
			return fmt.Errorf("environment: %q is no variable to set; HOME, PATH, proxies and LD_* are the gate's, and secrets have their own list", name)
		}
	}
	for name, ref := range s.Secrets {
		if !variableName().MatchString(name) || ours(name) {
			return fmt.Errorf("secrets: %q is no variable to set; HOME, PATH, proxies and LD_* are the gate's", name)
		}
		if !strings.HasPrefix(ref, "env:") && !strings.HasPrefix(ref, "file:") {
			return fmt.Errorf("secrets.%s: write env:NAME or file:/path, never the value itself", name)
		}
	}
	l := s.Limits
	if min(l.Memory, l.Output, int64(l.Files), l.Disk, int64(l.Processes), l.Unpacked) < 0 {
		return fmt.Errorf("limits: none can be below 0")
	}
	if s.Refresh != 0 && time.Duration(s.Refresh) < time.Minute {
		return fmt.Errorf("refresh: every file is looked at again that often; at least 1m")
	}
	return nil
}
