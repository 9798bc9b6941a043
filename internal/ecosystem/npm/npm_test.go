package npm

import (
	"bytes"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

func TestEcosystem(t *testing.T) {
	e := Ecosystem{}
	p, err := e.ParseName("@Scope/Name")
	if err != nil || p != (artifact.Package{Ecosystem: artifact.NPM, Name: "@Scope/Name"}) || p.Purl() != "pkg:npm/%40Scope/Name" {
		t.Errorf("a name is its own identity: %+v, %v, %s", p, err, p.Purl())
	}
	if _, err := e.ParseName("../x"); err == nil {
		t.Error("a path was taken for a name")
	}
	low, err1 := e.VersionKey("1.2.0-rc.1")
	high, err2 := e.VersionKey("v1.2.0")
	if err1 != nil || err2 != nil || bytes.Compare(low, high) >= 0 {
		t.Errorf("keys: %x, %x", low, high)
	}
	for number, want := range map[string]bool{"1.0.0": false, "1.0.0-a": true, "1.0": true} {
		if got := e.PreRelease(number); got != want {
			t.Errorf("PreRelease(%s) = %t", number, got)
		}
	}
	for _, tc := range []struct {
		number, rng string
		in, bad     bool
	}{
		{"1.2.3", "^1.0.0", true, false}, {"2.0.0", "^1.0.0", false, false}, {"1.0.0-a", "", true, false}, {"1.0.0-a", "*", false, false},
		{"1.2.3", e.Exact("1.2.3"), true, false}, {"1.2.4", e.Exact("1.2.3"), false, false}, {"1.0.0", "latest", false, true}, {"x", "*", false, true},
	} {
		in, err := e.InRange(tc.number, tc.rng)
		if in != tc.in || (err != nil) != tc.bad {
			t.Errorf("InRange(%q, %q) = %t, %v", tc.number, tc.rng, in, err)
		}
	}
}

func TestDependencies(t *testing.T) {
	lines := []string{"react@^18", "@s/p@1 || 2", "any@", "old@npm:new@^1", "g@git+https://h.invalid/x.git", "f@file:../x", "bare"}
	want := []struct{ name, spec string }{{"react", "^18"}, {"@s/p", "1 || 2"}, {"any", ""}, {"new", "^1"}, {"", ""}, {"", ""}, {"", ""}}
	for i, r := range (Ecosystem{}).Dependencies(ecosystem.Metadata{RequiresDist: lines}) {
		if r.Package.Name != want[i].name || r.Spec != want[i].spec || r.Written != lines[i] {
			t.Errorf("%s: got %+v, want %v", lines[i], r, want[i])
		}
	}
}

func TestInstallCommand(t *testing.T) {
	for format, want := range map[string]string{
		"package.json": "npm install --registry http://g.invalid/npm/", "package-lock.json": "npm ci --registry http://g.invalid/npm/",
		"pnpm-lock.yaml": "pnpm install --frozen-lockfile --registry http://g.invalid/npm/", "yarn.lock": "",
	} {
		if got := (Ecosystem{}).InstallCommand("http://g.invalid/npm", format, format); got != want {
			t.Errorf("%s: %q", format, got)
		}
	}
}
