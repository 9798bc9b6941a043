package npm_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/ecosystemtest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

// TestSuite runs the suite that every ecosystem passes.
func TestSuite(t *testing.T) {
	ecosystemtest.Run(t, ecosystemtest.Suite{
		Adapter: npm.Adapter(),
		Names: []ecosystemtest.Name{
			{Written: "demo", Want: "demo", Why: "as it is"},
			{Written: "@s/demo", Want: "@s/demo", Why: "with a scope"},
			{Written: "Demo", Want: "Demo", Why: "old names have capitals, and they count"},
			{Written: "@s", Want: "", Why: "a scope alone"},
			{Written: "../demo", Want: "", Why: "a path"},
			{Written: ".demo", Want: "", Why: "a hidden file"},
			{Written: "de mo", Want: "", Why: "a URL would escape it"},
			{Written: strings.Repeat("a", 300), Want: "", Why: "longer than the registry takes"},
		},
		LookLike: [][2]string{{"left-pad", "leftpad"}, {"Demo", "demo"}, {"@types/node", "types-node"}},
		Differ:   [][2]string{{"demo", "demos"}, {"left", "right"}},
		Scalibr:  "npm", Version: semverVersion,
		ExactHolds:    func(exact, other string) bool { return strings.Contains(exact+other, "+") },
		Archive:       func(t testing.TB, r ecosystemtest.Release) []byte { return tarballOf(r).Build(t) },
		File:          func(r ecosystemtest.Release) string { return tarballOf(r).FileName() },
		Upstream:      packuments,
		UpstreamIndex: func(name string) string { return "/" + strings.ReplaceAll(name, "/", "%2f") },
		UpstreamFile:  func(r ecosystemtest.Release) string { return tarballPath(r) },
		Pages:         func(name string) []string { return []string{"/" + name, "/" + name + "/latest"} },
		Accept:        "application/vnd.npm.install-v1+json",
		Download:      func(r ecosystemtest.Release) string { return tarballPath(r) },
		Read:          readPackument,
		Manifest: func(needs []ecosystemtest.Need) ecosystemtest.File {
			b, err := json.MarshalIndent(map[string]any{"name": "app", "version": "1.0.0", "dependencies": ranges(needs)}, "", "  ")
			if err != nil {
				panic(err) // plain values
			}
			return ecosystemtest.File{Name: "package.json", Body: string(b) + "\n"}
		},
		Lock:    packageLock,
		Closure: []string{"demo 1.0.0", "left 1.1.0", "right 1.0.0", "base 1.2.0"},
		Publish: publishBody,
		Inside: func(r ecosystemtest.Release) (ecosystem.Metadata, []byte) {
			raw := tarballOf(r).MetadataBytes()
			m, err := packument.ReadManifest(raw)
			if err != nil {
				panic(err) // it was built here
			}
			return m.Metadata(), raw
		},
		Other: 403,
	})
}

func ranges(needs []ecosystemtest.Need) map[string]string {
	out := map[string]string{}
	for _, n := range needs {
		out[n.Name] = ">=" + n.Least
	}
	return out
}

func tarballOf(r ecosystemtest.Release) scantest.Tarball {
	p := scantest.Tarball{Name: r.Name, Version: r.Number, Files: map[string]string{"index.js": "module.exports = '" + r.Salt + "'\n"}}
	if len(r.Needs) > 0 {
		p.Manifest = map[string]any{"dependencies": ranges(r.Needs)}
	}
	return p
}

func tarballPath(r ecosystemtest.Release) string {
	return "/" + r.Name + "/-/" + url.PathEscape(tarballOf(r).FileName())
}

// packuments is a registry.
func packuments(t testing.TB, have []ecosystemtest.Package, base, path string) (ecosystemtest.Reply, bool) {
	for _, p := range have {
		if path == "/"+strings.ReplaceAll(p.Name, "/", "%2f") || path == "/"+p.Name {
			versions, dates, latest := map[string]any{}, map[string]string{}, ""
			for _, r := range p.Releases {
				versions[r.Number] = tarballOf(r).Registry(t, base+tarballPath(r))
				dates[r.Number] = r.At.UTC().Format(time.RFC3339)
				latest = r.Number
			}
			b, err := json.Marshal(map[string]any{"name": p.Name, "dist-tags": map[string]string{"latest": latest}, "versions": versions, "time": dates,
				"readme": strings.Repeat("x", p.Padding)})
			if err != nil {
				t.Fatal(err)
			}
			return ecosystemtest.Reply{ContentType: "application/json", Body: b}, true
		}
		for _, r := range p.Releases {
			if path == tarballPath(r) {
				return ecosystemtest.Reply{ContentType: "application/octet-stream", Body: tarballOf(r).Build(t)}, true
			}
		}
	}
	return ecosystemtest.Reply{}, false
}

func readPackument(t testing.TB, get func(string) ecosystemtest.Got, name string) []ecosystemtest.Seen {
	t.Helper()
	got := get("/" + name)
	var doc struct {
		Versions map[string]struct{ Deprecated string }
		Time     map[string]time.Time
	}
	if err := json.Unmarshal(got.Body, &doc); err != nil {
		t.Fatalf("%s: %v: %.200s", got.Status, err, got.Body)
	}
	var out []ecosystemtest.Seen
	for number, v := range doc.Versions {
		row := ecosystemtest.Seen{Number: number, Shown: ecosystemtest.Plain, At: doc.Time[number]}
		if v.Deprecated != "" {
			row.Shown, row.Why = ecosystemtest.Marked, v.Deprecated
		}
		out = append(out, row)
	}
	return out
}

// packageLock is a lock of npm 7 and later.
func packageLock(t testing.TB, rs []ecosystemtest.Release) ecosystemtest.File {
	wants := map[string]string{}
	packages := map[string]any{"": map[string]any{"name": "app", "version": "1.0.0", "dependencies": wants}}
	for _, r := range rs {
		wants[r.Name] = r.Number
		dist := tarballOf(r).Registry(t, "")["dist"].(map[string]any)
		entry := map[string]any{"version": r.Number, "integrity": dist["integrity"]}
		if len(r.Needs) > 0 {
			entry["dependencies"] = ranges(r.Needs)
		}
		packages["node_modules/"+r.Name] = entry
	}
	b, err := json.MarshalIndent(map[string]any{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": packages}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return ecosystemtest.File{Name: "package-lock.json", Body: string(b) + "\n"}
}

// publishBody is what npm publish sends.
func publishBody(t testing.TB, r ecosystemtest.Release) ecosystemtest.Request {
	t.Helper()
	p := tarballOf(r)
	data := p.Build(t)
	b, err := json.Marshal(map[string]any{
		"_id": r.Name, "name": r.Name, "dist-tags": map[string]string{"latest": r.Number}, "access": nil,
		"versions": map[string]any{r.Number: p.Registry(t, "http://registry.invalid/x.tgz")},
		"_attachments": map[string]any{r.Name + "-" + r.Number + ".tgz": map[string]any{
			"content_type": "application/octet-stream", "data": base64.StdEncoding.EncodeToString(data), "length": len(data)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ecosystemtest.Request{Method: "PUT", Path: "/" + strings.ReplaceAll(r.Name, "/", "%2f"), Header: map[string]string{"Content-Type": "application/json"}, Body: b}
}

// semverVersion makes up a version as Semantic Versioning has them.
func semverVersion(r *rand.Rand) string {
	number := func() string { return []string{"0", "1", "2", "9", "10", "2026"}[r.IntN(6)] }
	s := fmt.Sprintf("%s.%s.%s", number(), number(), number())
	if r.IntN(2) == 0 {
		s += "-" + []string{"alpha", "beta", "rc", "0", "1", "10", "x-y", "a1"}[r.IntN(8)]
		for range r.IntN(3) {
			s += "." + []string{"0", "1", "2", "10", "alpha", "beta", "a-b"}[r.IntN(7)]
		}
	}
	if r.IntN(8) == 0 {
		s += "+build." + number()
	}
	return s
}
