package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

const h1 = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, content := range files {
		out[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return out
}

func parse(t *testing.T, p string, files map[string]string) *ecosystem.Manifest {
	t.Helper()
	m, err := manifest.Parse(tree(files), p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// show is a manifest's content in one line for each requirement and problem.
func show(m *ecosystem.Manifest) string {
	var b strings.Builder
	for _, q := range m.Requirements {
		kind := "indirect"
		switch {
		case q.Constraint:
			kind = "constraint to " + q.Source + "@" + q.Number
		case q.Direct:
			kind = "direct"
		}
		fmt.Fprintf(&b, "%s %s %s %s %s %d\n", q.At, q.Package.Name, q.Spec, kind, q.Marker, len(q.Hashes))
	}
	for _, p := range m.Problems {
		fmt.Fprintf(&b, "%s %s %s\n", p.At, p.Rule, p.Effect)
	}
	return b.String()
}

func TestManifests(t *testing.T) {
	for _, tc := range []struct {
		why, path string
		files     map[string]string
		locked    bool
		want      string
	}{
		{"since 1.17 it is the closure", "go.mod", map[string]string{"go.mod": "module example.invalid/own\n\ngo 1.22\n\ntoolchain go1.26.1\n\nrequire (\n\texample.invalid/a v1.2.3\n\texample.invalid/B/v2 v2.0.0 // indirect\n)\n\nrequire example.invalid/c v0.1.0\n\ntool example.invalid/a/cmd\n",
			"go.sum": "example.invalid/a v1.2.3 " + h1 + "\nexample.invalid/a v1.2.3/go.mod " + h1 + "\nexample.invalid/B/v2 v2.0.0/go.mod " + h1 + "\n"}, true,
			"go.mod:8 example.invalid/a =v1.2.3 direct  1\ngo.mod:9 example.invalid/B/v2 =v2.0.0 indirect  0\ngo.mod:12 example.invalid/c =v0.1.0 direct  0\n" +
				"go.mod:12 lock-file-without-hash hold\n"},
		{"an older one is resolved", "sub/go.mod", map[string]string{"sub/go.mod": "module example.invalid/own\n\ngo 1.16\n\nrequire example.invalid/a v1.2.3\nexclude example.invalid/a v1.3.0\n"}, false,
			"sub/go.mod:5 example.invalid/a >=v1.2.3 direct unpruned 0\nsub/go.mod:6 example.invalid/a !=v1.3.0 constraint to @  0\n"},
		{"replacements", "go.mod", map[string]string{"go.mod": "module example.invalid/own\n\ngo 1.22\n\nrequire example.invalid/a v1.0.0\nrequire example.invalid/b v1.0.0\nrequire example.invalid/c v1.0.0\n\nreplace example.invalid/a => example.invalid/fork v1.0.1\nreplace example.invalid/b v1.0.0 => ./b\nreplace example.invalid/c => ../c\n"}, true,
			"go.mod:9 example.invalid/a  constraint to example.invalid/fork@v1.0.1  0\ngo.mod:10 example.invalid/b =v1.0.0 constraint to ./b@  0\ngo.mod:11 example.invalid/c  constraint to ../c@  0\n" +
				"go.mod:5 example.invalid/fork =v1.0.1 direct  0\ngo.mod:9 go-replace note\ngo.mod:10 manifest-path-requirement note\ngo.mod:11 manifest-path-requirement hold\n"},
		{"a vendor folder that is another's", "go.mod", map[string]string{"go.mod": "module example.invalid/own\n\ngo 1.22\n\nrequire example.invalid/a v1.0.0\n",
			"vendor/modules.txt": "# example.invalid/a v1.1.0\n## explicit; go 1.20\nexample.invalid/a\n# example.invalid/z v1.0.0\n## explicit\n"}, true,
			"go.mod:5 example.invalid/a =v1.0.0 direct  0\nvendor/modules.txt:1 go-vendor-disagrees hold\nvendor/modules.txt:4 go-vendor-disagrees hold\nvendor/modules.txt go-vendored note\n"},
		{"vendor/modules.txt by itself", "vendor/modules.txt", map[string]string{"vendor/modules.txt": "# example.invalid/a v1.1.0 => example.invalid/fork v1.2.0\n## explicit\nexample.invalid/a\n# example.invalid/b v1.0.0 => ./b\n# example.invalid/a => example.invalid/fork v1.2.0\n"}, true,
			"vendor/modules.txt:1 example.invalid/fork =v1.2.0 direct  0\nvendor/modules.txt:4 manifest-path-requirement note\n"},
		{"go.sum by itself", "go.sum", map[string]string{"go.sum": "example.invalid/a v1.0.0 " + h1 + "\nexample.invalid/a v1.0.0/go.mod " + h1 + "\nexample.invalid/b v1.0.0/go.mod " + h1 + "\n"}, true,
			"go.sum:1 example.invalid/a =v1.0.0 direct  1\ngo.sum go-sum-without-go-mod note\n"},
		{"go.sum beside its go.mod is that one's", "go.sum", map[string]string{"go.mod": "module example.invalid/own\n\ngo 1.22\n\nrequire example.invalid/a v1.0.0\n",
			"go.sum": "example.invalid/a v1.0.0 " + h1 + "\nexample.invalid/old v0.1.0 " + h1 + "\n"}, true, "go.mod:5 example.invalid/a =v1.0.0 direct  1\n"},
		{"a go.sum that contradicts itself", "go.sum", map[string]string{"go.sum": "example.invalid/a v1.0.0 " + h1 + "\nexample.invalid/a v1.0.0 h1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"}, true,
			"go.sum:1 example.invalid/a =v1.0.0 direct  2\ngo.sum:2 lock-hash-contradiction hold\ngo.sum go-sum-without-go-mod note\n"},
		{"a workspace", "go.work", map[string]string{"go.work": "go 1.22\n\nuse (\n\t./one\n\t./two\n)\n\nreplace example.invalid/x => example.invalid/y v1.0.0\n",
			"one/go.mod": "module example.invalid/one\n\ngo 1.22\n\nrequire example.invalid/a v1.0.0\nrequire example.invalid/two v0.0.0\n",
			"two/go.mod": "module example.invalid/two\n\ngo 1.16\n\nrequire example.invalid/a v1.1.0\n\nreplace example.invalid/x => ../elsewhere\n"}, false,
			"go.work:8 example.invalid/x  constraint to example.invalid/y@v1.0.0  0\none/go.mod:5 example.invalid/a >=v1.0.0 direct  0\ntwo/go.mod:5 example.invalid/a >=v1.1.0 direct unpruned 0\n" +
				"go.work example.invalid/one  constraint to .@  0\ngo.work example.invalid/two  constraint to .@  0\ngo.work:8 go-replace note\n"},
		{"a workspace of what was not handed in", "go.work", map[string]string{"go.work": "go 1.22\n\nuse ./one\n"}, false, "go.work:3 manifest-include hold\n"},
		{"a workspace that climbs out", "w/go.work", map[string]string{"w/go.work": "go 1.22\n\nuse ../../one\n"}, false, "w/go.work:3 manifest-include hold\n"},
		{"no go.mod", "go.mod", map[string]string{"go.mod": "hello\n"}, false, "go.mod:1 manifest-syntax hold\n"},
		{"a branch in it", "go.mod", map[string]string{"go.mod": "module example.invalid/own\n\nrequire example.invalid/a master\n"}, false, "go.mod:3 manifest-syntax hold\n"},
		{"an empty file", "go.mod", map[string]string{"go.mod": ""}, false, "go.mod manifest-syntax hold\n"},
		{"a path that nobody can fetch", "go.mod", map[string]string{"go.mod": "module own\n\ngo 1.22\n\nrequire nodot v1.0.0\n"}, true, "go.mod:5 manifest-syntax hold\n"},
		{"half a hash", "go.sum", map[string]string{"go.sum": "example.invalid/a v1.0.0 h1:AAA\n"}, true, "go.sum:1 manifest-syntax hold\n"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			m := parse(t, tc.path, tc.files)
			want := strings.ReplaceAll(tc.want, "@  0", "@  0")
			if got := show(m); got != want || m.Locked != tc.locked {
				t.Errorf("locked %t, got\n%swant\n%s", m.Locked, got, want)
			}
			if len(m.Requirements) > 0 && slices.ContainsFunc(m.Problems, func(p ecosystem.Problem) bool { return p.Fatal }) {
				t.Error("half a manifest is given out")
			}
		})
	}
}

func TestFormat(t *testing.T) {
	for p, want := range map[string]string{"go.mod": "go.mod", "a/b/go.sum": "go.sum", "go.work": "go.work", "go.work.sum": "go.sum", "x/vendor/modules.txt": "vendor/modules.txt", "modules.txt": "", "go.mod.bak": "", "GO.MOD": ""} {
		if got := manifest.Format(p); got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
	if _, err := manifest.Parse(tree(nil), "requirements.txt"); err == nil {
		t.Error("another ecosystem's manifest was read")
	}
	if _, err := manifest.Parse(tree(nil), "go.mod"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	link := fstest.MapFS{"go.mod": &fstest.MapFile{Data: []byte("other"), Mode: fs.ModeSymlink | 0o777}, "other": &fstest.MapFile{Data: []byte("module example.invalid/own\n")}}
	if _, err := manifest.Parse(link, "go.mod"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a symbolic link: %v", err)
	}
}

func TestPruned(t *testing.T) {
	for v, want := range map[string]bool{"1.16": false, "1.17": true, "1.9": false, "1.21.0": true, "1.21rc2": true, "2.0": true, "": false, "1": false, "x": false} {
		if got := manifest.Pruned(v); got != want {
			t.Errorf("go %s: pruned %t, want %t", v, got, want)
		}
	}
}

func TestReplaceRequirement(t *testing.T) {
	const before = "// kept\nmodule example.invalid/own\n\ngo 1.22\n\nrequire (\n\texample.invalid/a   v1.2.3 // a note, v1.2.3\n\t\"example.invalid/b\" v1.0.0 // indirect\n)\r\nrequire example.invalid/c v1.0.0\n"
	m := parse(t, "go.mod", map[string]string{"go.mod": before})
	for i, tc := range []struct{ spec, want string }{
		{">=v1.2.4", strings.Replace(before, "a   v1.2.3", "a   v1.2.4", 1)},
		{"v1.0.1", strings.Replace(before, "b\" v1.0.0", "b\" v1.0.1", 1)},
		{"=v1.9.0-rc.1", strings.Replace(before, "c v1.0.0", "c v1.9.0-rc.1", 1)},
	} {
		got, note, err := manifest.ReplaceRequirement([]byte(before), m.Requirements[i], tc.spec)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %v\n%q\nwant\n%q", tc.spec, err, got, tc.want)
		}
		if !strings.Contains(note, "go get "+m.Requirements[i].Package.Name+"@v1") {
			t.Errorf("the note says %q", note)
		}
	}
	for _, spec := range []string{"<v2", ">=v1,<v2", "", "^1.0", "v2.0.0"} {
		if got, _, err := manifest.ReplaceRequirement([]byte(before), m.Requirements[0], spec); err == nil {
			t.Errorf("%q gave\n%s", spec, got)
		}
	}
	if _, _, err := manifest.ReplaceRequirement([]byte("module example.invalid/own\n"), m.Requirements[0], "v1.2.4"); err == nil {
		t.Error("a line that is not there any more was changed")
	}
	sum := parse(t, "go.sum", map[string]string{"go.sum": "example.invalid/a v1.0.0 " + h1 + "\n"})
	_, _, err := manifest.ReplaceRequirement(nil, sum.Requirements[0], "v1.0.1")
	if relock, ok := errors.AsType[*ecosystem.Relock](err); !ok || relock.Command != "go get example.invalid/a@v1.0.1" {
		t.Errorf("a go.sum: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	big := "module example.invalid/own\n" + strings.Repeat("// "+strings.Repeat("x", 1000)+"\n", 11<<10)
	m := parse(t, "go.mod", map[string]string{"go.mod": big})
	if len(m.Problems) != 1 || m.Problems[0].Rule != manifestfile.RuleTooLarge || !m.Problems[0].Fatal {
		t.Errorf("%+v", m.Problems)
	}
}

func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		m, err := manifest.Parse(tree(map[string]string{name: content}), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range m.Requirements {
			if q.Package.Name == "" || q.At.File == "" || m.Locked && !q.Constraint && q.Number == "" {
				t.Fatalf("%+v", q)
			}
			if edited, _, err := manifest.ReplaceRequirement([]byte(content), q, "v1.99.0"); err == nil {
				if _, err := manifest.Parse(tree(map[string]string{name: string(edited)}), name); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func FuzzGoMod(f *testing.F) {
	fuzz(f, "go.mod", "module example.invalid/own\n\ngo 1.22\n\nrequire (\n\texample.invalid/a v1.2.3\n\texample.invalid/b v2.0.0+incompatible // indirect\n)\nreplace example.invalid/a => ./a\nexclude example.invalid/a v1.0.0\nretract [v1.0.0, v1.1.0] // why\n", "require(", "module \"x.y\"\nrequire x.z v1.0.0 // c")
}

func FuzzGoSum(f *testing.F) {
	fuzz(f, "go.sum", "example.invalid/a v1.0.0 "+h1+"\nexample.invalid/a v1.0.0/go.mod "+h1+"\n", "a b c", "x.y v1.0.0 h2:x")
}

func FuzzModulesTxt(f *testing.F) {
	fuzz(f, "vendor/modules.txt", "# example.invalid/a v1.1.0 => example.invalid/fork v1.2.0\n## explicit; go 1.20\nexample.invalid/a\n# x.y => ./z\n", "## explicit", "# a", "# a b c")
}
