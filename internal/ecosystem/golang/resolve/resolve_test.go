package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/resolve"
)

// universe is what modules need: "a@v1.0.0" to its go directive and its
// requirements, separated by blanks. Names stand for example.invalid/NAME.
type universe map[string]string

func full(name string) string { return "example.invalid/" + name }

func (u universe) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	x := &ecosystem.Index{Package: p}
	for key := range u {
		name, number, _ := strings.Cut(key, "@")
		if full(name) == p.Name {
			x.Files = append(x.Files, ecosystem.IndexFile{Name: number + ".zip", Number: number, Kind: artifact.ModuleZip, Digests: []string{"h1:" + key}})
		}
	}
	if len(x.Files) == 0 {
		return nil, ecosystem.ErrNoPackage
	}
	return x, nil
}

func (u universe) Metadata(_ context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	text, ok := u[strings.TrimPrefix(x.Package.Name, full(""))+"@"+f.Number]
	if !ok {
		return ecosystem.Metadata{}, nil, ecosystem.ErrNoPackage
	}
	words := strings.Fields(text)
	m := ecosystem.Metadata{Name: x.Package.Name, Version: f.Number, MetadataFormat: words[0]}
	for _, w := range words[1:] {
		name, number, _ := strings.Cut(w, "@")
		m.RequiresDist = append(m.RequiresDist, full(name)+" "+number)
	}
	return m, nil, nil
}

func parse(t *testing.T, p string, files map[string]string) *ecosystem.Manifest {
	t.Helper()
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	m, err := manifest.Parse(tree, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Problems {
		if p.Fatal {
			t.Fatal(p)
		}
	}
	return m
}

// goMod writes a go.mod of "name@version" words; a trailing "i" line is not needed.
func goMod(version string, lines ...string) string {
	out := "module example.invalid/own\n\ngo " + version + "\n\n"
	for _, l := range lines {
		out += strings.NewReplacer("require ", "require example.invalid/", "replace ", "replace example.invalid/", "exclude ", "exclude example.invalid/", "=> ", "=> example.invalid/", "@", " ").Replace(l) + "\n"
	}
	return strings.ReplaceAll(out, "=> example.invalid/./", "=> ./")
}

func show(rs []ecosystem.Resolved) string {
	var out []string
	for _, r := range rs {
		s := strings.TrimPrefix(r.Version.Package.Name, full("")) + "@" + r.Version.Number
		for _, p := range r.Via {
			s += "<" + strings.TrimPrefix(p.Name, full(""))
		}
		if r.Direct {
			s += "!"
		}
		if len(r.Files) != 1 {
			s += "?"
		}
		for _, f := range r.Findings {
			s += " " + f.Rule
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestResolve(t *testing.T) {
	all := universe{
		"a@v1.0.0": "1.16 b@v1.1.0 c@v1.2.0", "b@v1.1.0": "1.16 d@v1.3.0", "b@v1.2.0": "1.16 d@v1.1.0 e@v1.0.0",
		"c@v1.2.0": "1.16 d@v1.4.0", "d@v1.1.0": "1.16", "d@v1.3.0": "1.16", "d@v1.4.0": "1.16 a@v1.0.0", "d@v1.9.0": "1.16", "e@v1.0.0": "1.16",
		"new@v1.0.0": "1.20 mid@v1.0.0 e@v1.0.0", "mid@v1.0.0": "1.20 deep@v1.0.0", "deep@v1.0.0": "1.20", "old@v1.0.0": "1.16 mid@v1.0.0",
		"fork@v1.0.0": "1.16 e@v1.0.0", "lost@v1.0.0": "1.16 gone@v1.0.0",
	}
	for _, tc := range []struct{ why, mod, want string }{
		{"the highest that anything asks for, and none higher", goMod("1.16", "require a@v1.0.0", "require b@v1.2.0"),
			"a@v1.0.0! b@v1.2.0! c@v1.2.0<a d@v1.4.0<b e@v1.0.0<b"},
		{"an excluded version is passed over", goMod("1.16", "require c@v1.2.0", "require d@v1.3.0", "exclude d@v1.4.0"), "c@v1.2.0! d@v1.3.0!"},
		{"what replaces another is asked what it needs", goMod("1.16", "require b@v1.1.0", "replace b => fork@v1.0.0"), "e@v1.0.0<b fork@v1.0.0!"},
		{"a folder is the project's own", goMod("1.16", "require b@v1.1.0", "require e@v1.0.0", "replace b => ./b"), "e@v1.0.0!"},
		{"of an old module all that it leads to", goMod("1.16", "require old@v1.0.0"), "deep@v1.0.0<old<mid mid@v1.0.0<old old@v1.0.0!"},
		{"since 1.17 the file is the closure", goMod("1.22", "require new@v1.0.0", "require e@v1.0.0"), "e@v1.0.0! new@v1.0.0!"},
		{"a lock of what the upstream does not have", goMod("1.22", "require a@v9.9.9"), ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if tc.want == "" {
				m := parse(t, "go.mod", map[string]string{"go.mod": strings.ReplaceAll(tc.mod, "v9.9.9", "v1.9.9")})
				rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m})
				if err != nil || show(rs) != "a@v1.9.9!? lock-file-missing" {
					t.Errorf("%s, %v", show(rs), err)
				}
				return
			}
			rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{parse(t, "go.mod", map[string]string{"go.mod": tc.mod})})
			if err != nil || show(rs) != tc.want {
				t.Errorf("got  %s, %v\nwant %s", show(rs), err, tc.want)
			}
		})
	}
	lost := parse(t, "go.mod", map[string]string{"go.mod": goMod("1.16", "require lost@v1.0.0")})
	if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{lost}); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("half a closure: %s, %v", show(rs), err)
	}
}

// TestPruning: a purl stands for a project of today's Go that requires it.
func TestPruning(t *testing.T) {
	all := universe{"new@v1.0.0": "1.20 mid@v1.0.0", "mid@v1.0.0": "1.20 deep@v1.0.0", "deep@v1.0.0": "1.20", "new@v1.1.0-rc.1": "1.20"}
	for spec, want := range map[string]string{"=v1.0.0": "mid@v1.0.0<new new@v1.0.0!", "": "mid@v1.0.0<new new@v1.0.0!"} {
		m := &ecosystem.Manifest{Format: "purl", Requirements: []ecosystem.Requirement{{Package: artifact.Package{Ecosystem: artifact.Golang, Name: full("new")}, Spec: spec, Direct: true}}}
		rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m})
		if err != nil || show(rs) != want {
			t.Errorf("%q: %s, %v", spec, show(rs), err)
		}
	}
}

func TestWorkspace(t *testing.T) {
	all := universe{"a@v1.0.0": "1.20 b@v1.0.0", "b@v1.0.0": "1.20 c@v1.0.0", "c@v1.0.0": "1.20", "a@v1.1.0": "1.20 b@v1.0.0 x@v1.0.0", "x@v1.0.0": "1.20 y@v1.0.0", "y@v1.0.0": "1.20"}
	m := parse(t, "go.work", map[string]string{"go.work": "go 1.22\n\nuse (\n\t./one\n\t./two\n)\n",
		"one/go.mod": strings.Replace(goMod("1.22", "require a@v1.0.0", "require b@v1.0.0"), "own", "one", 1),
		"two/go.mod": strings.Replace(goMod("1.22", "require a@v1.1.0", "require one@v0.0.0"), "own", "two", 1)})
	rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m})
	// a 1.1.0 is selected over what one asks for, so what it leads to is read too.
	if want := "a@v1.1.0! b@v1.0.0! c@v1.0.0<b x@v1.0.0<a y@v1.0.0<a<x"; err != nil || show(rs) != want {
		t.Errorf("got  %s, %v\nwant %s", show(rs), err, want)
	}
}

// TestHashes: a go.sum that the checksum database contradicts.
func TestHashes(t *testing.T) {
	all := universe{"a@v1.0.0": "1.20"}
	sum := func(h string) string { return "example.invalid/a v1.0.0 " + h + "\n" }
	const other = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	m := parse(t, "go.mod", map[string]string{"go.mod": goMod("1.22", "require a@v1.0.0"), "go.sum": sum(other)})
	rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m})
	if err != nil || show(rs) != "a@v1.0.0! lock-hash-mismatch" || fmt.Sprint(rs[0].Hashes) != "["+other+"]" {
		t.Errorf("%s, %v", show(rs), err)
	}
}
