package manifest

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
)

// fuzzFormat fuzzes one format: no panic, the promises of Parse, and for what
// can be edited, that an edit changes one requirement only.
func fuzzFormat(f *testing.F, format string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := ParseAs(fstest.MapFS{format: {Data: content}}, format, format)
		if err != nil {
			t.Fatalf("a readable file gave an error: %v", err)
		}
		fatal := 0
		for _, p := range m.Problems {
			if p.Rule == "" || p.Class == "" || p.Text == "" || p.Effect != manifestfile.Reject && p.Effect != manifestfile.Hold && p.Effect != manifestfile.Note {
				t.Errorf("half a problem: %+v", p)
			}
			if p.Fatal {
				fatal++
			}
		}
		if fatal > 1 || fatal == 1 && len(m.Requirements) > 0 {
			t.Errorf("%d fatal problems beside %d requirements", fatal, len(m.Requirements))
		}
		for i, r := range m.Requirements {
			if !name.Valid(r.Package.Name) || r.At.Line < 1 || r.At.Column < 1 || r.At.File != format {
				t.Errorf("half a requirement: %+v", r)
			}
			if _, err := semver.Parse(r.Number); m.Locked && err != nil {
				t.Errorf("a locked requirement without a version: %+v", r)
			}
			if i < 4 {
				fuzzEdit(t, format, content, m, i)
			}
		}
	})
}

// pastedSafely is a command in which a shell reads nothing but words.
var pastedSafely = regexp.MustCompile(`^(?:[A-Za-z0-9@/=._+^, -]|'[ -&(-~]*')+(?:# after writing (?:overrides|resolutions) to [0-9.]+ for [A-Za-z0-9@/._~!'()*-]+ in (?:package\.json|pnpm-workspace\.yaml))?$`)

func fuzzEdit(t *testing.T, format string, content []byte, m *ecosystem.Manifest, i int) {
	edited, _, err := ReplaceRequirement(content, m.Requirements[i], "9.9.9")
	if relock, ok := errors.AsType[*ecosystem.Relock](err); ok && !pastedSafely.MatchString(relock.Command) {
		t.Errorf("a command that is not safe to paste: %q", relock.Command)
	}
	if err != nil {
		return
	}
	again, err := ParseAs(fstest.MapFS{format: {Data: edited}}, format, format)
	if err != nil || len(again.Requirements) != len(m.Requirements) {
		t.Fatalf("edited to %q: %+v, %v", edited, again, err)
	}
	for j, r := range again.Requirements {
		was := m.Requirements[j]
		if j == i {
			was.Spec = "9.9.9"
		}
		if r.Package != was.Package || r.Spec != was.Spec || !slices.Equal(r.Groups, was.Groups) || !reflect.DeepEqual(r.Constraint, was.Constraint) {
			t.Errorf("edited to %q: %+v became %+v", edited, was, r)
		}
	}
}

func FuzzPackageJSON(f *testing.F) {
	fuzzFormat(f, PackageJSON, `{"dependencies":{"a":"x/y","b":"https://x.invalid/a.tgz","c":"catalog:","d":"workspace:*","e":"npm:@s/x@1"},"peerDependencies":{"p":"1"},"resolutions":{"a/**/b":"1"},"packageManager":"x@1"}`, `{"dependencies":{"a":"^1","b":"npm:c@2"},"overrides":{"a":"1","b":{"c":"2"}},"workspaces":["*"]}`)
}

func FuzzPackageLock(f *testing.F) {
	fuzzFormat(f, PackageLock,
		`{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},"node_modules/a":{"version":"1.0.0","resolved":"https://r.invalid/a/-/a-1.0.0.tgz","integrity":"sha1-iQ==","bundleDependencies":["b"]},"node_modules/a/node_modules/b":{"version":"1.0.0","inBundle":true},"node_modules/l":{"link":true,"resolved":"p"},"p":{}}}`,
		`{"lockfileVersion":2,"packages":{"node_modules/a":{"version":"1.0.0","name":"b"}},"dependencies":{"a":{"version":"npm:b@1.0.0","dependencies":{"c":{"version":"file:c"}}}}}`,
		`{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","requires":{"b":"1"},"dev":true},"b":{"version":"git+ssh://x.invalid/y#z"}}}`)
}

func FuzzPNPMLock(f *testing.F) {
	fuzzFormat(f, PNPMLock,
		"lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1, version: 1.0.0(b@2.0.0)}\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-AA==}\nsnapshots:\n  a@1.0.0(b@2.0.0):\n    dependencies: {c: a@1.0.0}\n",
		"lockfileVersion: 5.4\nspecifiers: {a: 1}\ndependencies: {a: 1.0.0_b@1}\npackages:\n  /a/1.0.0_b@1:\n    resolution: {tarball: https://x.invalid/a.tgz}\n",
		"lockfileVersion: '6.0'\npackages:\n  /@s/a@1.0.0(x@1.0.0):\n    resolution: {type: git, repo: x}\n---\nlockfileVersion: '9.0'\n")
}

func FuzzYarnClassic(f *testing.F) {
	fuzzFormat(f, YarnLock, "a@^1, \"b@npm:a@1\":\n  version \"1.0.0\"\n  resolved \"https://x.invalid/a/-/a-1.0.0.tgz#"+"0123456789012345678901234567890123456789"+"\"\n  dependencies:\n    c \"1\"\n\"c@1\":\n  version \"1.0.0\"\n")
}

func FuzzYarnBerry(f *testing.F) {
	fuzzFormat(f, YarnLock, "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fx.invalid\"\n  dependencies:\n    b: ^1\n\"b@patch:b@npm%3A1#./x\":\n  version: 1.0.0\n  resolution: \"b@patch:b@npm%3A1#./x::v\"\n\"r@workspace:.\":\n  resolution: \"r@workspace:.\"\n  dependencies: {a: \"npm:^1\"}\n")
}

func FuzzBunLock(f *testing.F) {
	fuzzFormat(f, BunLock, "{\"lockfileVersion\":1,// c\n\"workspaces\":{\"\":{\"dependencies\":{\"a\":\"1\"}}},\"packages\":{\"a\":[\"a@1.0.0\",\"\",{\"dependencies\":{\"b\":\"1\"},},\"sha512-AA==\"],\"a/b\":[\"b@git+ssh://x.invalid\",{},\"x\"],},}")
}

func FuzzConfiguration(f *testing.F) {
	for _, s := range []string{"registry=https://x.invalid\n@s:registry = ${X}\n", "registry \"https://x.invalid\"\n", "npmScopes:\n  a: {npmRegistryServer: x}\n", "[install]\nregistry = 1\n[install.scopes]\na = \"x\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		fsys := fstest.MapFS{"package.json": {Data: []byte("{}")}}
		for _, name := range []string{".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "pnpm-workspace.yaml"} {
			fsys[name] = &fstest.MapFile{Data: content}
		}
		if _, err := Parse(fsys, "package.json"); err != nil {
			t.Fatal(err)
		}
	})
}
