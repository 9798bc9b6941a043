package cargo_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/ecosystemtest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestEcosystem runs the suite that every ecosystem passes.
func TestEcosystem(t *testing.T) {
	ecosystemtest.Run(t, ecosystemtest.Suite{
		Adapter: cargo.Adapter(),
		Names: []ecosystemtest.Name{
			{Written: "serde", Want: "serde", Why: "as it is"},
			{Written: "serde_json", Want: "serde_json", Why: "an underscore"},
			{Written: "serde-json", Want: "serde-json", Why: "a dash is another name"},
			{Written: "Inflector", Want: "inflector", Why: "an index has one file for all spellings"},
			{Written: "_x", Want: "_x", Why: "an underscore may come first"},
			{Written: strings.Repeat("a", 64), Want: strings.Repeat("a", 64), Why: "the longest"},
			{Written: strings.Repeat("a", 65), Want: "", Why: "too long"},
			{Written: "1x", Want: "", Why: "a digit may not come first"},
			{Written: "-x", Want: "", Why: "it reads as an option"},
			{Written: "a.b", Want: "", Why: "no dots"},
			{Written: "a::b", Want: "", Why: "a path in code"},
			{Written: "d\u00e9mo", Want: "", Why: "ASCII alone"},
		},
		LookLike: [][2]string{{"serde_json", "serde-json"}, {"Serde", "serde"}},
		Differ:   [][2]string{{"serde", "serd"}, {"a-b", "ab"}},
		Scalibr:  "crates.io", Version: semanticVersion,
		Archive:       func(t testing.TB, r ecosystemtest.Release) []byte { return crateOf(r).Archive(t) },
		File:          func(r ecosystemtest.Release) string { return r.Name + "-" + r.Number + ".crate" },
		Upstream:      sparseIndex,
		UpstreamIndex: func(name string) string { return "/" + stub.CratePath(name) },
		UpstreamFile:  func(r ecosystemtest.Release) string { return "/crates/" + r.Name + "/" + r.Number + "/download" },
		Pages:         func(name string) []string { return []string{pagePath(name)} },
		Download: func(r ecosystemtest.Release) string {
			return "/api/v1/crates/" + r.Name + "/" + r.Number + "/download"
		},
		Read: readIndex,
		Manifest: func(needs []ecosystemtest.Need) ecosystemtest.File {
			text := "[package]\nname = \"own\"\nversion = \"0.1.0\"\n\n[dependencies]\n"
			for _, n := range needs {
				text += n.Name + " = \"" + n.Least + "\"\n"
			}
			return ecosystemtest.File{Name: "Cargo.toml", Body: text}
		},
		Lock: func(t testing.TB, rs []ecosystemtest.Release) ecosystemtest.File {
			text := "version = 4\n"
			for _, r := range rs {
				text += fmt.Sprintf("\n[[package]]\nname = %q\nversion = %q\nsource = %q\nchecksum = %q\n", r.Name, r.Number, "registry+"+manifest.PublicIndex, artifact.DigestOf(crateOf(r).Archive(t)))
			}
			return ecosystemtest.File{Name: "Cargo.lock", Body: text}
		},
		Closure: []string{"demo 1.0.0", "left 1.1.0", "right 1.0.0", "base 1.2.0"},
		Publish: func(t testing.TB, r ecosystemtest.Release) ecosystemtest.Request {
			form, err := json.Marshal(map[string]any{"name": r.Name, "vers": r.Number, "deps": []any{}, "features": map[string]any{}, "authors": []string{}})
			if err != nil {
				t.Fatal(err)
			}
			archive := crateOf(r).Archive(t)
			body := binary.LittleEndian.AppendUint32(nil, uint32(len(form)))
			body = append(body, form...)
			body = binary.LittleEndian.AppendUint32(body, uint32(len(archive)))
			return ecosystemtest.Request{Method: http.MethodPut, Path: "/api/v1/crates/new", Body: append(body, archive...)}
		},
	})
}

func crateOf(r ecosystemtest.Release) stub.Crate {
	c := stub.Crate{Name: r.Name, Version: r.Number, Published: r.At, Files: map[string]string{"src/lib.rs": "// " + r.Salt + "\n"}}
	for _, n := range r.Needs {
		c.Needs = append(c.Needs, stub.CrateNeed{Name: n.Name, Req: "^" + n.Least})
	}
	return c
}

// sparseIndex answers what a sparse index answers.
func sparseIndex(t testing.TB, have []ecosystemtest.Package, base, path string) (ecosystemtest.Reply, bool) {
	if path == "/config.json" {
		return ecosystemtest.Reply{ContentType: "application/json", Body: []byte(`{"dl":"` + base + `/crates","api":"` + base + `"}`)}, true
	}
	for _, p := range have {
		if path == "/"+stub.CratePath(p.Name) {
			var b strings.Builder
			for _, r := range p.Releases {
				b.WriteString(lineOf(t, r) + "\n")
			}
			b.WriteString(strings.Repeat("\n", p.Padding))
			return ecosystemtest.Reply{ContentType: "text/plain", Body: []byte(b.String())}, true
		}
		for _, r := range p.Releases {
			if path == "/crates/"+r.Name+"/"+r.Number+"/download" {
				return ecosystemtest.Reply{ContentType: "application/gzip", Body: crateOf(r).Archive(t)}, true
			}
		}
	}
	return ecosystemtest.Reply{}, false
}

// lineOf is a release's line, also of one whose number is none.
func lineOf(t testing.TB, r ecosystemtest.Release) string {
	if !strings.Contains(r.Number, "evil") {
		return crateOf(r).Line(t)
	}
	good := r
	good.Number = "1.0.0"
	number, err := json.Marshal(r.Number)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(crateOf(good).Line(t), `"vers":"1.0.0"`, `"vers":`+string(number), 1)
}

// pagePath is where a client asks for a name, or for what is none.
func pagePath(name string) string {
	if strings.ContainsAny(name, "%.") {
		return "/na/me/" + name
	}
	return "/" + stub.CratePath(name)
}

// readIndex reads a crate's file as cargo does.
func readIndex(t testing.TB, get func(string) ecosystemtest.Got, name string) []ecosystemtest.Seen {
	t.Helper()
	var out []ecosystemtest.Seen
	for line := range strings.Lines(string(get("/" + stub.CratePath(name)).Body)) {
		var l struct {
			Vers    string
			Yanked  bool
			Message string    `json:"yank_message"`
			At      time.Time `json:"pubtime"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			continue // cargo passes over it too
		}
		row := ecosystemtest.Seen{Number: l.Vers, At: l.At, Shown: ecosystemtest.Plain}
		if l.Yanked {
			row.Shown, row.Why = ecosystemtest.Marked, l.Message
		}
		out = append(out, row)
	}
	return out
}

func semanticVersion(r *rand.Rand) string {
	v := fmt.Sprintf("%d.%d.%d", r.IntN(2), r.IntN(3), r.IntN(12))
	switch r.IntN(4) {
	case 0:
		v += fmt.Sprintf("-rc.%d", r.IntN(12))
	case 1:
		v += []string{"-alpha", "-alpha.1", "-beta.2.x", "-0", "-x-y", "-10a"}[r.IntN(6)]
	}
	return v + []string{"", "", "", "+b1", "+b2"}[r.IntN(5)]
}
