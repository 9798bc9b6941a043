//go:build live

// Package npm_test holds the resolver to the locks that npm writes, against the
// registry that the installed npm is configured for. It needs the network, node and
// npm, and takes minutes: give it -timeout 30m.
//
// Answers of the registry are kept under the system's temporary folder for the
// next run. For each project it prints how many versions agree and each difference.
package npm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// share is how much of npm's lock has to be the same.
const share = 0.995

var projects = []struct {
	name string
	json map[string]map[string]string
}{
	{"server", map[string]map[string]string{
		"dependencies": {"express": "^4.18.0", "lodash": "^4.17.0", "axios": "^1.6.0", "winston": "^3.0.0", "pg": "^8.11.0", "dotenv": "^16.0.0", "jsonwebtoken": "^9.0.0"},
	}},
	{"library", map[string]map[string]string{
		"dependencies":         {"commander": "^11.0.0", "glob": "^10.0.0", "chalk": "^4.1.0"},
		"devDependencies":      {"eslint": "^8.50.0", "jest": "^29.0.0", "typescript": "~5.4.0", "ts-jest": "^29.1.0", "webpack": "^5.90.0", "@types/node": "^20.0.0"},
		"optionalDependencies": {"fsevents": "^2.3.0"},
	}},
	{"application", map[string]map[string]string{
		"dependencies":    {"react": "^18.2.0", "react-dom": "^18.2.0", "react-scripts": "5.0.1", "@mui/material": "^5.15.0", "@emotion/react": "^11.11.0", "@emotion/styled": "^11.11.0", "react-router-dom": "^6.20.0"},
		"devDependencies": {"cypress": "^13.6.0", "lerna": "^8.0.0"},
	}},
}

func TestSameAsNPM(t *testing.T) {
	up := openUpstream(t)
	node := ecosystem.Target{Node: strings.TrimPrefix(output(t, "node", "--version"), "v")}
	for _, p := range projects {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, p.json)
			began := time.Now()
			run(t, dir, "npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
			theirs := time.Since(began)
			lock := versions(read(t, dir, "package-lock.json"))
			began = time.Now()
			rs, err := npm.Ecosystem{}.Resolve(t.Context(), up, []*ecosystem.Manifest{read(t, dir, "package.json")}, []ecosystem.Target{node})
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			var ours []string
			for _, r := range rs {
				ours = append(ours, r.Version.String())
				if len(r.Files) != 1 || r.At.Line == 0 || !r.Direct && len(r.Via) == 0 {
					t.Errorf("half a version: %+v", r)
				}
			}
			slices.Sort(ours)
			compare(t, ours, lock)
			t.Logf("%d versions here in %v, npm %v", len(ours), took, theirs)
		})
	}
}

// compare prints what one has and the other has not.
func compare(t *testing.T, ours, lock []string) {
	same := 0
	for _, v := range lock {
		if _, ok := slices.BinarySearch(ours, v); ok {
			same++
			continue
		}
		t.Logf("only npm: %s", v)
	}
	for _, v := range ours {
		if _, ok := slices.BinarySearch(lock, v); !ok {
			t.Logf("only here: %s", v)
		}
	}
	equal := float64(same) / float64(max(len(ours), len(lock)))
	t.Logf("%d of %d are npm's, %.2f%%", same, len(lock), 100*equal)
	if equal < share {
		t.Errorf("%.2f%% are npm's, want %.1f%%", 100*equal, 100*share)
	}
}

func versions(m *ecosystem.Manifest) []string {
	var out []string
	for _, r := range m.Requirements {
		out = append(out, r.Package.Name+" "+r.Number)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func read(t *testing.T, dir, file string) *ecosystem.Manifest {
	t.Helper()
	m, err := npm.Ecosystem{}.ParseManifest(os.DirFS(dir), file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Problems {
		if p.Fatal {
			t.Fatal(p.Text)
		}
	}
	return m
}

func write(t *testing.T, dir string, sections map[string]map[string]string) {
	t.Helper()
	all := map[string]any{"name": "demo", "version": "1.0.0", "private": true}
	for k, v := range sections {
		all[k] = v
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a client in a home of its own, with the configuration that npm has here.
func run(t *testing.T, dir string, command ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "npm_config_registry="+registry(t))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func output(t *testing.T, command ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Dir = t.TempDir()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return strings.TrimSpace(string(out))
}

func registry(t *testing.T) string { return output(t, "npm", "config", "get", "registry") }

func openUpstream(t *testing.T) ecosystem.Upstream {
	t.Helper()
	base := registry(t)
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-live-npm-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	host, err := fetch.HostPort(base)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{UserAgent: "gatehouse/test", Upstreams: []string{host}, Mirrors: []string{host}})
	if err != nil {
		t.Fatal(err)
	}
	up, err := npm.OpenUpstream(adapter.UpstreamConfig{Name: "live", BaseURL: strings.TrimRight(base, "/") + "/", Client: client, CacheDir: dir, TTL: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return up
}
