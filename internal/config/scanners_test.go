package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/config"
)

func loadScanners(t *testing.T, yaml string) (config.Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	if err := os.WriteFile(file, []byte("scanners:\n"+yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(file, "pypi", "npm")
}

func TestScanners(t *testing.T) {
	c, err := loadScanners(t, `
  - name: acme
    command: [/opt/acme, --file, "{sbom}"]
    gets: sbom
    network: ["api.invalid:443", "[::1]:8080"]
    secrets: {ACME_TOKEN: env:ACME_TOKEN}
    environment: {ACME_REGION: eu}
    limits: {time: 2m, memory: 1073741824, files: 100}
    reads: json
    json: {complete: "true", items: out.items}
    exit_codes: [0, 1]
    severity: {P1: critical}
    refresh: 24h
`)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Scanners[0]
	if s.Name != "acme" || len(s.Network) != 2 || s.JSON.Items != "out.items" || time.Duration(s.Limits.Time) != 2*time.Minute || time.Duration(s.Refresh) != 24*time.Hour || s.ExitCodes[1] != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestScannersThatAreWrong(t *testing.T) {
	canary := strings.Repeat("can", 4) + "ary"
	for _, tc := range []struct{ yaml, err, why string }{
		{"  - {name: a, retries: 3}", "retries", "an unknown key"},
		{"  - {name: a, limits: {cpu: 3}}", "cpu", "an unknown key below"},
		{"  - {name: a, json: {rules: x}}", "rules", "an unknown key below"},
		{"  - {name: Big Name}", "a name of its own", "a name that is no word"},
		{"  - {preset: bandit}", "a name of its own", "no name"},
		{"  - {name: a}\n  - {name: a}", "a name of its own", "twice"},
		{"  - {name: a, network: [h.invalid]}", "host:port", "no port"},
		{"  - {name: a, network: ['*.invalid:443']}", "host:port", "a pattern"},
		{"  - {name: a, network: ['https://h.invalid:443']}", "host:port", "a URL"},
		{"  - {name: a, network: ['h.invalid:70000']}", "host:port", "a port that is none"},
		{"  - {name: a, secrets: {TOKEN: " + canary + "}}", "never the value itself", "a pasted value"},
		{"  - {name: a, secrets: {LD_PRELOAD: env:X}}", "no variable to set", "what starts with a program"},
		{"  - {name: a, environment: {HTTPS_PROXY: x}}", "no variable to set", "around the proxy"},
		{"  - {name: a, environment: {NO_PROXY: x}}", "no variable to set", "around the proxy"},
		{"  - {name: a, environment: {home: x}}", "no variable to set", "in small letters"},
		{"  - {name: a, environment: {T: x}, secrets: {T: env:X}}", "no variable to set", "twice"},
		{"  - {name: a, limits: {memory: -1}}", "below 0", "a negative limit"},
		{"  - {name: a, limits: {time: soon}}", "no time span", "no time"},
		{"  - {name: a, refresh: 1s}", "at least 1m", "too often"},
	} {
		_, err := loadScanners(t, tc.yaml)
		if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s (%s): got %v, want an error with %q", tc.yaml, tc.why, err, tc.err)
		}
	}
	many := strings.Repeat("  - {name: a}\n", 21)
	if _, err := loadScanners(t, many); err == nil || !strings.Contains(err.Error(), "at most 20") {
		t.Errorf("21 scanners: %v", err)
	}
}
