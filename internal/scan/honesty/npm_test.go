package honesty

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

var demoNPM = artifact.Version{Package: artifact.Package{Ecosystem: artifact.NPM, Name: "demo"}, Number: "1.0.0"}

// inspectNPM runs the scanner over a tarball as the worker does, with what the
// registry says of it.
func inspectNPM(t *testing.T, p scantest.Tarball, v artifact.Version) scan.Report {
	t.Helper()
	b := p.Build(t)
	record, err := json.Marshal(p.Registry(t, "https://r.invalid/x.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	target := scan.FileTarget{File: artifact.File{Version: v, Name: "demo-1.0.0.tgz", Kind: artifact.Tarball, SHA256: artifact.DigestOf(b)}, Record: record}
	if v.Package.Name == "" {
		target.Record = nil
	}
	return scan.Inspect(bytes.NewReader(b), int64(len(b)), target, []scan.FileScanner{Scanner{}}, archive.Limits{})
}

func TestTarballs(t *testing.T) {
	type m = map[string]any
	deps := m{"left": "^1", "right": "2"}
	const at = "package/package.json"
	for _, tc := range []struct {
		p    scantest.Tarball
		want []string
		why  string
	}{
		{scantest.Tarball{Manifest: m{"dependencies": deps, "bin": "cli.js", "scripts": m{"postinstall": "true", "test": "x"}}}, nil, "honest"},
		{scantest.Tarball{Root: "demo", Manifest: m{"bin": m{"demo": "./cli.js"}}, Inside: m{"bin": "cli.js"}}, nil, "another root, a command in another spelling"},
		{scantest.Tarball{Manifest: m{"dependencies": m{"left": "^1", "opt": "3"}, "optionalDependencies": m{"opt": "3"}}, Inside: m{"dependencies": m{"left": " ^1"}}}, nil, "optional ones merged by one side"},
		{scantest.Tarball{Inside: m{"scripts": m{"test": "mocha", "prepare": "build"}, "devDependencies": m{"x": "1"}}}, nil, "what clients do not run"},
		{scantest.Tarball{Inside: m{"scripts": m{"postinstall": "true"}}}, []string{"manifest-confusion honesty high " + at}, "a hidden script"},
		{scantest.Tarball{Manifest: m{"scripts": m{"install": "a"}}, Inside: m{"scripts": m{"install": "b"}}}, []string{"manifest-confusion honesty high " + at}, "another script"},
		{scantest.Tarball{Manifest: m{"scripts": m{"postinstall": "true"}}, Inside: m{"scripts": nil}}, []string{"manifest-confusion honesty low " + at}, "a script that never runs"},
		{scantest.Tarball{Inside: m{"dependencies": deps}}, []string{"manifest-confusion honesty high " + at}, "hidden dependencies"},
		{scantest.Tarball{Manifest: m{"dependencies": deps}, Inside: m{"dependencies": m{"left": "^2", "right": "2"}}}, []string{"manifest-confusion honesty medium " + at}, "another range"},
		{scantest.Tarball{Manifest: m{"dependencies": deps}, Inside: m{"dependencies": nil}}, []string{"manifest-confusion honesty medium " + at}, "dependencies that only the registry knows"},
		{scantest.Tarball{Inside: m{"peerDependencies": deps}}, []string{"manifest-confusion honesty high " + at}, "hidden peers, which npm installs too"},
		{scantest.Tarball{Inside: m{"peerDependencies": deps, "peerDependenciesMeta": m{"left": m{"optional": true}, "right": m{"optional": true}}}}, nil, "optional peers are not installed"},
		{scantest.Tarball{Manifest: m{"dependencies": m{"left": "https://c.invalid/left.tgz"}}, Inside: m{"dependencies": nil}},
			[]string{"manifest-confusion honesty high " + at, "manifest-confusion honesty medium " + at}, "the registry's manifest alone leads around the gate"},
		{scantest.Tarball{Manifest: m{"optionalDependencies": m{"left": "git+ssh://c.invalid/left"}}}, []string{"manifest-confusion honesty high " + at}, "both do"},
		{scantest.Tarball{Manifest: m{"dependencies": m{"left": "npm:@s/other@^1 || 2", "mid": "npm:other", "right": "next"}}}, nil, "an alias and a tag are the registry's"},
		{scantest.Tarball{Manifest: m{"scripts": m{"postinstall": "node run.js"}}, More: map[string]string{"other/run.js": "1"}}, []string{"manifest-confusion honesty high package/index.js"}, "a file that comes to lie beside package.json"},
		{scantest.Tarball{More: map[string]string{"./run.js": "1"}}, []string{"archive-odd honesty none run.js", "manifest-confusion honesty high run.js"}, "a folder that is a dot"},
		{scantest.Tarball{More: map[string]string{"./package.json": `{"name":"demo","version":"1.0.0","scripts":{"postinstall":"true"}}`}}, []string{"archive-odd honesty none package.json", "manifest-confusion honesty high package.json"}, "another package.json for clients"},
		{scantest.Tarball{Files: map[string]string{"npm-shrinkwrap.json": "{}"}}, []string{"manifest-confusion honesty medium package/npm-shrinkwrap.json"}, "a lock that leads elsewhere"},
		{scantest.Tarball{Inside: m{"bin": m{"ls": "evil.js"}}}, []string{"manifest-confusion honesty medium " + at}, "a hidden command"},
		{scantest.Tarball{Inside: m{"Dependencies": deps, "SCRIPTS": m{"install": "x"}}}, nil, "keys that no client reads"},
		{scantest.Tarball{Files: map[string]string{"binding.gyp": "{}"}, Manifest: m{"scripts": m{"install": "node-gyp rebuild"}}, Inside: m{"scripts": nil}}, nil, "npm publish says for a binding.gyp what npm does"},
		{scantest.Tarball{Files: map[string]string{"binding.gyp": "{}"}}, []string{"install-hook honesty medium " + at}, "a build that nobody announced"},
		{scantest.Tarball{Files: map[string]string{"binding.gyp": "{}"}, Manifest: m{"gypfile": false}}, nil, "and one that is switched off"},
		{scantest.Tarball{Inside: m{"name": "other"}}, []string{"metadata-name-mismatch integrity high " + at}, "another package"},
		{scantest.Tarball{Inside: m{"version": "1.0.1"}}, []string{"metadata-version-mismatch integrity high " + at}, "another version"},
		{scantest.Tarball{Inside: m{"version": " v1.0.0+build"}}, nil, "the version as npm publish cleans it"},
		{scantest.Tarball{Without: true}, []string{"metadata-missing integrity high"}, "no package.json"},
		{scantest.Tarball{More: map[string]string{"other/package.json": "{}"}}, []string{"archive-unsafe integrity high " + at}, "the same file from two roots"},
		{scantest.Tarball{More: map[string]string{"package/Package.JSON": "{}"}}, []string{"archive-unsafe integrity high " + at}, "the same file where case is folded"},
		{scantest.Tarball{JSON: "{"}, []string{"archive-unreadable fault unknown " + at}, "unreadable"},
		{scantest.Tarball{Files: map[string]string{"lib/package.json": `{"type":"module"}`, "node_modules/x/package.json": `{"name":"x"}`}}, nil, "package.json of others inside"},
	} {
		r := inspectNPM(t, tc.p, demoNPM)
		wantFindings(t, r.Findings, tc.want, tc.why)
	}
}

func TestFromRegistry(t *testing.T) {
	for spec, want := range map[string]bool{
		"": true, "*": true, "^1 || >=2 <3": true, "1.2.3-rc.1+b": true, "next": true, "npm:@s/p@1": true, "npm:p": true,
		"https://c.invalid/x.tgz": false, "HTTP://c.invalid/x": false, "c/x": false, "github:c/x": false, "git@c.invalid:x": false, "git+ssh://c.invalid/x": false,
		"file:x": false, "./x": false, "..": false, `..\x`: false, "x.tgz": false, "npm:@s/p@file:x": false, "npm:p@c/x": false, "workspace:*": false,
	} {
		if got := fromRegistry(spec); got != want {
			t.Errorf("%q comes from a registry: %t", spec, got)
		}
	}
}

func TestTarballDescribes(t *testing.T) {
	p := scantest.Tarball{Manifest: map[string]any{"license": "MIT", "dependencies": map[string]string{"left": "^1"}}}
	r := inspectNPM(t, p, demoNPM)
	if r.Metadata == nil || r.Metadata.Name != "demo" || r.Metadata.Version != "1.0.0" || r.Metadata.LicenceSPDX != "MIT" || !slices.Equal(r.Metadata.RequiresDist, []string{"left@^1"}) {
		t.Errorf("metadata: %+v", r.Metadata)
	}
	if string(r.RawMetadata) != string(p.MetadataBytes()) {
		t.Errorf("raw metadata: %s", r.RawMetadata)
	}
}

func TestTarballThatNobodyNamed(t *testing.T) {
	if r := inspectNPM(t, scantest.Tarball{}, artifact.Version{}); len(r.Findings) != 0 || r.Metadata == nil {
		t.Errorf("a tarball: %v, %+v", brief(r.Findings), r.Metadata)
	}
	if r := inspectNPM(t, scantest.Tarball{Without: true}, artifact.Version{}); len(r.Findings) != 0 || r.Metadata != nil {
		t.Errorf("no npm package at all: %v, %+v", brief(r.Findings), r.Metadata)
	}
}

func TestManyHiddenDependencies(t *testing.T) {
	many := map[string]any{}
	for i := range 30 {
		many["d"+strings.Repeat("x", i)] = "1"
	}
	r := inspectNPM(t, scantest.Tarball{Inside: map[string]any{"dependencies": many}}, demoNPM)
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Text, "and 20 more") {
		t.Errorf("got %+v", r.Findings)
	}
}
