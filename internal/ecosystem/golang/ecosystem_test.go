package golang_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/ecosystemtest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestEcosystem runs the suite that every ecosystem passes.
func TestEcosystem(t *testing.T) {
	ecosystemtest.Run(t, ecosystemtest.Suite{
		Adapter: golang.Adapter(),
		Options: map[string]string{"sumdb": "off"}, // upstream_test.go has the checksum database
		Name:    func(s string) string { return "example.invalid/" + s },
		Number: func(s string) string {
			if s[0] > '1' { // a path without /v2 has no other such versions
				return "v" + s + "+incompatible"
			}
			return "v" + s
		},
		Names: []ecosystemtest.Name{
			{Written: "example.invalid/demo", Want: "example.invalid/demo", Why: "as it is"},
			{Written: "example.invalid/Demo", Want: "example.invalid/Demo", Why: "capitals count"},
			{Written: "example.invalid/demo/v2", Want: "example.invalid/demo/v2", Why: "a major version is another module"},
			{Written: "gopkg.invalid", Want: "gopkg.invalid", Why: "a host alone"},
			{Written: "demo", Want: "", Why: "nobody can fetch what has no host"},
			{Written: "example.invalid/demo/v1", Want: "", Why: "v1 stands in no path"},
			{Written: "example.invalid/../demo", Want: "", Why: "it climbs out"},
			{Written: "example.invalid//demo", Want: "", Why: "an empty element"},
			{Written: "example.invalid/demo@v1.0.0", Want: "", Why: "a version is no name"},
			{Written: "example.invalid/d\u00e9mo", Want: "", Why: "ASCII alone"},
		},
		LookLike: [][2]string{{"example.invalid/Demo", "example.invalid/demo"}, {"example.invalid/my-mod", "example.invalid/my_mod"}, {"example.invalid/demo/v2", "example.invalid/demo"}},
		Differ:   [][2]string{{"example.invalid/demo", "example.invalid/demos"}, {"example.invalid/a/b", "example.invalid/a"}},
		Scalibr:  "Go", Version: semanticVersion,
		Archive:       func(t testing.TB, r ecosystemtest.Release) []byte { return moduleOf(r).Zip(t) },
		File:          func(r ecosystemtest.Release) string { return r.Number + ".zip" },
		Upstream:      moduleProxy,
		UpstreamIndex: func(name string) string { return "/" + name + "/@v/list" },
		UpstreamFile:  func(r ecosystemtest.Release) string { return "/" + r.Name + "/@v/" + r.Number + ".zip" },
		Pages:         func(name string) []string { return []string{"/" + name + "/@v/list", "/" + name + "/@v/v1.0.0.mod"} },
		Download:      func(r ecosystemtest.Release) string { return "/" + r.Name + "/@v/" + r.Number + ".zip" },
		Read:          readList,
		Soft:          ecosystemtest.Gone,
		OwnReason:     true,
		Manifest: func(needs []ecosystemtest.Need) ecosystemtest.File {
			return ecosystemtest.File{Name: "go.mod", Body: "module example.invalid/own\n\ngo 1.16\n\n" + requires(needs)}
		},
		Lock: func(t testing.TB, rs []ecosystemtest.Release) ecosystemtest.File {
			var text string
			for _, r := range rs {
				text += moduleOf(r).Sums(t)
			}
			return ecosystemtest.File{Name: "go.sum", Body: text}
		},
		// The least versions that anything asks for, not the newest there are.
		Closure: []string{"demo 1.0.0", "left 1.0.0", "right 1.0.0", "base 1.1.0"},
		Publish: func(t testing.TB, r ecosystemtest.Release) ecosystemtest.Request {
			return ecosystemtest.Request{Method: "PUT", Path: "/" + r.Name + "/@v/" + r.Number + ".zip", Body: moduleOf(r).Zip(t)}
		},
		Inside: func(r ecosystemtest.Release) (ecosystem.Metadata, []byte) {
			raw, err := json.Marshal(record.Metadata{Mod: moduleOf(r).GoMod, Info: fmt.Appendf(nil, `{"Version":%q,"Time":"2026-05-02T12:00:00Z"}`, r.Number)})
			if err != nil {
				panic(err) // plain text
			}
			return ecosystem.Metadata{Name: r.Name, Version: r.Number}, raw
		},
	})
}

func requires(needs []ecosystemtest.Need) string {
	var b strings.Builder
	for _, n := range needs {
		b.WriteString("require " + n.Name + " " + n.Least + "\n")
	}
	return b.String()
}

func moduleOf(r ecosystemtest.Release) stub.GoModule {
	return stub.GoModule{Path: r.Name, Version: r.Number, GoMod: "module " + r.Name + "\n\ngo 1.16\n\n" + requires(r.Needs) + strings.Repeat("// long enough to be worth compressing\n", 20), Files: map[string]string{"module.go": "package module\n\nconst Salt = \"" + r.Salt + "\"\n"}}
}

// moduleProxy answers what a module proxy answers.
func moduleProxy(t testing.TB, have []ecosystemtest.Package, _, path string) (ecosystemtest.Reply, bool) {
	for _, p := range have {
		what, ok := strings.CutPrefix(path, "/"+p.Name+"/@v/")
		if !ok {
			continue
		}
		if what == "list" {
			return versionList(p), true
		}
		for _, r := range p.Releases {
			switch what {
			case r.Number + ".info":
				return ecosystemtest.Reply{ContentType: "application/json", Body: fmt.Appendf(nil, `{"Version":%q,"Time":%q}`, r.Number, r.At.UTC().Format(time.RFC3339))}, true
			case r.Number + ".mod":
				return ecosystemtest.Reply{ContentType: "text/plain", Body: []byte(moduleOf(r).GoMod)}, true
			case r.Number + ".zip":
				return ecosystemtest.Reply{ContentType: "application/zip", Body: moduleOf(r).Zip(t)}, true
			}
		}
	}
	return ecosystemtest.Reply{}, false
}

func versionList(p ecosystemtest.Package) ecosystemtest.Reply {
	var b strings.Builder
	for _, r := range p.Releases {
		b.WriteString(r.Number + "\n")
	}
	b.WriteString(strings.Repeat("\n", p.Padding))
	return ecosystemtest.Reply{ContentType: "text/plain", Body: []byte(b.String())}
}

// readList reads a version list and the .info of each, as `go list -m` does.
func readList(t testing.TB, get func(string) ecosystemtest.Got, name string) []ecosystemtest.Seen {
	t.Helper()
	var out []ecosystemtest.Seen
	for number := range strings.FieldsSeq(string(get("/" + name + "/@v/list").Body)) {
		row := ecosystemtest.Seen{Number: number, Shown: ecosystemtest.Plain}
		var info struct{ Time time.Time }
		if err := json.Unmarshal(get("/"+name+"/@v/"+number+".info").Body, &info); err != nil {
			t.Fatal(err)
		}
		row.At = info.Time
		out = append(out, row)
	}
	return out
}

func semanticVersion(r *rand.Rand) string {
	v := fmt.Sprintf("v%d.%d.%d", r.IntN(2), r.IntN(3), r.IntN(12))
	switch r.IntN(4) {
	case 0:
		v += fmt.Sprintf("-rc.%d", r.IntN(12))
	case 1:
		v += []string{"-alpha", "-0.20260503120000-0123456789ab", "-beta.2.x", "-0"}[r.IntN(4)]
	}
	return v
}
