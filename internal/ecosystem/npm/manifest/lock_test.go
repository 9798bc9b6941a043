package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// problems writes what is wrong with a manifest, "line effect rule", in order.
func problems(m *ecosystem.Manifest) string {
	var out []string
	for _, p := range m.Problems {
		out = append(out, fmt.Sprintf("%d %s %s", p.At.Line, p.Effect, p.Rule))
	}
	return strings.Join(out, ", ")
}

func parse(t *testing.T, files ...string) *ecosystem.Manifest {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	m, err := Parse(fsys, files[0])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const (
	good = `"integrity":"` + sri + `"`
	at   = `"resolved":"https://r.invalid/a/-/a-1.0.0.tgz"`
)

func TestPackageLockProblems(t *testing.T) {
	for _, tc := range []struct{ packages, want, why string }{
		{`"node_modules/a":{"version":"1.0.0",` + at + `,` + good + `}`, "2 note lock-names-index", "as npm writes it"},
		{`"node_modules/a":{"version":"1.0.0",` + good + `}`, "", "without addresses"},
		{`"node_modules/a":{"version":"1.0.0",` + at + `}`, "2 note lock-names-index, 2 hold lock-file-without-hash", "nothing vouches"},
		{`"node_modules/a":{"version":"1.0.0","integrity":"sha1-iiiiiiiiiiiiiiiiiiiiiiiiiiI="}`, "2 note lock-weak-hash", "sha1 alone"},
		{`"node_modules/a":{"version":"1.0.0","integrity":"sha512-AAAA"}`, "2 hold lock-file-without-hash", "a digest of another length"},
		{`"node_modules/a":{"version":"1.0.0","resolved":"https://r.invalid/evil/-/evil-1.0.0.tgz",` + good + `}`, "2 reject lock-source", "another package's tarball"},
		{`"node_modules/a":{"version":"1.0.0","resolved":"https://r.invalid/a/-/a-1.0.1.tgz",` + good + `}`, "2 reject lock-source", "another version's tarball"},
		{`"node_modules/a":{"version":"1.0.0","resolved":"https://codeload.invalid/x/tar.gz/main",` + good + `}`, "2 reject lock-source", "an address of no registry"},
		{`"node_modules/a":{"version":"1.0.0","resolved":"https://user:canary@r.invalid/a/-/a-1.0.0.tgz?canary",` + good + `}`, "2 note lock-names-index", "a password in it is not shown"},
		{`"node_modules/@s/a":{"version":"1.0.0","resolved":"https://r.invalid/x/@s%2fa/-/a-1.0.0.tgz",` + good + `}`, "2 note lock-names-index", "an escaped scope"},
		{`"node_modules/a":{"version":"1.0.0","resolved":"git+ssh://git@h.invalid/x.git#0"}`, "2 hold lock-source", "git"},
		{`"node_modules/a":{"version":"1.0.0","resolved":"file:../x.tgz"}`, "2 hold lock-source", "a file"},
		{`"node_modules/a":{"link":true,"resolved":"../x"}`, "2 hold lock-source", "a link out of the project"},
		{`"node_modules/a":{"link":true,"resolved":"w"},"w":{}`, "", "a workspace"},
		{`"node_modules/a":{"name":"evil","version":"1.0.0",` + good + `}`, "2 reject manifest-alias", "another package under the name"},
		{`"":{"dependencies":{"a":"npm:b@1"}},"node_modules/a":{"name":"b","version":"1.0.0",` + good + `}`, "", "an alias that is asked for"},
		{`"node_modules/a":{"version":"1.0.0",` + good + `},"node_modules/a/node_modules/b":{"version":"1.0.0","inBundle":true}`, "2 hold lock-file-without-hash", "a bundled one that nobody bundles"},
		{`"node_modules/a":{"version":"1.0.0","bundleDependencies":["b"],` + good + `},"node_modules/a/node_modules/b":{"version":"1.0.0","inBundle":true}`, "", "a bundled one"},
		{`"node_modules/a":{"version":"x",` + good + `}`, "2 hold manifest-syntax", "no version"},
		{`"node_modules/../a":{"version":"1.0.0"}`, "2 hold manifest-syntax", "a path that climbs"},
		{`"node_modules/A b":{"version":"1.0.0"}`, "2 hold manifest-syntax", "no name"},
		{`"node_modules/a":{"version":"1.0.0"},"node_modules/a":{"version":"1.0.1"}`, "2 hold manifest-syntax", "written twice"},
		{`"node_modules/a":7`, "2 hold manifest-syntax", "no object"},
	} {
		m := parse(t, "package-lock.json", "{\"lockfileVersion\":3,\n\"packages\":{"+tc.packages+"}}")
		if got := problems(m); got != tc.want {
			t.Errorf("%s: got %q, want %q (%s)", tc.packages, got, tc.want, tc.why)
		}
		if strings.Contains(render(m), "canary") {
			t.Errorf("a secret is shown: %s", render(m))
		}
	}
	for _, tc := range []struct{ lock, want, why string }{
		{`{}`, "1 hold manifest-syntax", "no version"},
		{`{"lockfileVersion":4,"packages":{}}`, "1 hold manifest-syntax", "a version from the future"},
		{`{"lockfileVersion":3}`, "1 hold manifest-syntax", "no packages"},
		{`[]`, "1 hold manifest-syntax", "no object"},
		{`{"lockfileVersion":3,"packages":{}} x`, "1 hold manifest-syntax", "something behind"},
		{"{\"lockfileVersion\":3,//c\n\"packages\":{}}", "1 hold manifest-syntax", "a comment"},
		{`{"lockfileVersion":3,"packages":{},}`, "1 hold manifest-syntax", "a comma too many"},
		{strings.Repeat(`{"a":`, 500), "1 hold manifest-syntax", "nested too deep"},
		{`{"lockfileVersion":2,"packages":{"node_modules/a":{"version":"1.0.0",` + good + `}},"dependencies":{"a":{"version":"1.0.1",` + good + `}}}`, "1 reject lock-disagrees", "npm 6 would install another version"},
		{`{"lockfileVersion":2,"packages":{},"dependencies":{"a":{"version":"1.0.1",` + good + `}}}`, "1 reject lock-disagrees", "npm 6 would install one more"},
		{`{"lockfileVersion":1,"dependencies":{"a":{"version":"github:x/y#0"},"b":{"version":"npm:c@1.0.0",` + good + `}}}`, "1 hold lock-source", "the first version's forms"},
	} {
		if got := problems(parse(t, "package-lock.json", tc.lock)); got != tc.want {
			t.Errorf("%.80s: got %q, want %q (%s)", tc.lock, got, tc.want, tc.why)
		}
	}
}

func TestOtherLockProblems(t *testing.T) {
	const pnpm = "lockfileVersion: '9.0'\n"
	for _, tc := range []struct{ file, lock, want, why string }{
		{"pnpm-lock.yaml", pnpm + "packages:\n  a@1.0.0:\n    resolution: {tarball: 'https://h.invalid/x.tgz'}\n", "3 reject lock-source", "a tarball of no registry"},
		{"pnpm-lock.yaml", pnpm + "packages:\n  a@1.0.0:\n    resolution: {integrity: " + sri + ", tarball: 'https://h.invalid/a/-/a-1.0.0.tgz'}\n", "3 note lock-names-index", "a registry's"},
		{"pnpm-lock.yaml", pnpm + "packages:\n  a@1.0.0:\n    resolution: {}\n", "3 hold lock-file-without-hash", "nothing vouches"},
		{"pnpm-lock.yaml", pnpm + "packages:\n  a@https://codeload.invalid/x:\n    resolution: {tarball: 'https://codeload.invalid/x'}\n    version: 1.0.0\n", "3 reject lock-source", "an address for a version"},
		{"pnpm-lock.yaml", pnpm + "packages:\n  a@git+https://h.invalid/x:\n    resolution: {type: git, repo: x, commit: y}\n", "3 hold lock-source", "git"},
		{"pnpm-lock.yaml", pnpm + "importers:\n  .:\n    dependencies:\n      a: {specifier: ^1.0.0, version: evil@1.0.0}\npackages:\n  evil@1.0.0:\n    resolution: {integrity: " + sri + "}\n", "5 reject manifest-alias", "another package for the name"},
		{"pnpm-lock.yaml", pnpm + "importers:\n  .:\n    dependencies:\n      a: {specifier: ^1.0.0, version: 1.0.0}\n", "5 hold manifest-syntax", "a package that is not there"},
		{"pnpm-lock.yaml", pnpm + "importers:\n  w/a:\n    dependencies:\n      b: {specifier: 'workspace:*', version: 'link:../b'}\n      c: {specifier: 'link:../../../c', version: 'link:../../../c'}\n", "6 hold lock-source", "links in and out of the project"},
		{"pnpm-lock.yaml", pnpm + "packages: &a {}\nsnapshots: *a\n", "2 hold manifest-syntax", "an anchor"},
		{"pnpm-lock.yaml", "lockfileVersion: '10.0'\n", "1 hold manifest-syntax", "a version from the future"},
		{"pnpm-lock.yaml", pnpm + "patchedDependencies:\n  a@1.0.0: {hash: x, path: p}\n", "3 note lock-patch", "a patch"},
		{"pnpm-lock.yaml", "a: 1\na: 2\n", "2 hold manifest-syntax", "a key twice"},
		{"yarn.lock", "a@^1:\n  version \"1.0.0\"\n  resolved \"https://h.invalid/evil/-/evil-1.0.0.tgz#0\"\n  integrity " + sri + "\n", "1 reject lock-source", "another package's tarball"},
		{"yarn.lock", "a@^1:\n  version \"1.0.0\"\n  resolved \"https://h.invalid/a/-/a-1.0.0.tgz\"\n", "1 note lock-names-index, 1 hold lock-file-without-hash", "nothing vouches"},
		{"yarn.lock", "\"a@git+ssh://h.invalid/x\":\n  version \"1.0.0\"\n", "1 hold lock-source", "git"},
		{"yarn.lock", "a@1, b@1:\n  version \"1.0.0\"\n", "1 reject lock-disagrees, 1 hold lock-file-without-hash", "one entry for two packages"},
		{"yarn.lock", "a@1:\n  version \"1.0.0\"\na@1:\n  version \"1.0.1\"\n", "1 hold lock-file-without-hash, 3 hold manifest-syntax", "a descriptor twice"},
		{"yarn.lock", "<<<<<<< ours\na@1:\n", "1 hold manifest-syntax", "a merge that is not finished"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"evil@npm:1.0.0\"\n", "3 reject manifest-alias, 2 note lock-weak-hash", "another package for the name"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fh.invalid%2Fx.tgz\"\n", "3 reject lock-source, 2 note lock-weak-hash", "an address of no registry"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@https://h.invalid/a.tgz\":\n  version: 1.0.0\n  resolution: \"a@https://h.invalid/a.tgz\"\n", "3 reject lock-source, 2 note lock-weak-hash", "a tarball"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@patch:a@npm%3A1.0.0#./p.patch\":\n  version: 1.0.0\n  resolution: \"a@patch:a@npm%3A1.0.0#./p.patch::version=1.0.0&hash=0\"\n", "3 note lock-patch, 2 note lock-weak-hash", "a patch"},
		{"bun.lock", "{\"lockfileVersion\":1,\n\"packages\":{\"a\":[\"a@1.0.0\",\"https://h.invalid/x.tgz\",{},\"" + sri + "\"],}}", "2 reject lock-source", "an address of no registry"},
		{"bun.lock", "{\"lockfileVersion\":1,\n\"packages\":{\"a\":[\"a@1.0.0\",\"\",{},\"\"]}}", "2 hold lock-file-without-hash", "nothing vouches"},
		{"bun.lock", "{\"lockfileVersion\":1,\n\"packages\":{\"a\":[\"a@github:x/y#0\",{},\"x\"]}}", "2 hold lock-source", "git"},
		{"bun.lock", "{\"lockfileVersion\":1,\"workspaces\":{\"\":{\"dependencies\":{\"a\":\"1\"}}},\n\"packages\":{\"a\":[\"evil@1.0.0\",\"\",{},\"" + sri + "\"]}}", "2 reject manifest-alias", "another package for the name"},
		{"bun.lock", "{\"lockfileVersion\":9}", "1 hold manifest-syntax", "a version from the future"},
		{"bun.lockb", "#!/usr/bin/env bun\n", "0 hold manifest-syntax", "the binary lock"},
	} {
		if got := problems(parse(t, tc.file, tc.lock)); got != tc.want {
			t.Errorf("%s %.200q: got %q, want %q (%s)", tc.file, tc.lock, got, tc.want, tc.why)
		}
	}
}

// TestLimits: a file beyond a limit is refused whole and soon.
func TestLimits(t *testing.T) {
	entries := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"lockfileVersion":3,"packages":{`)
		for i := range n {
			fmt.Fprintf(&b, `"node_modules/p%d":{"version":"1.0.0",%s},`, i, good)
		}
		return strings.TrimSuffix(b.String(), ",") + "}}"
	}
	for _, tc := range []struct{ file, content, rule, why string }{
		{"package-lock.json", entries(90_000), "", "a large lock on one line"},
		{"package-lock.json", entries(manifestfile.MaxRequirements + 1), manifestfile.RuleTooLarge, "too many packages"},
		{"package-lock.json", `{"lockfileVersion":3,"packages":{}}` + strings.Repeat(" ", maxFileBytes), manifestfile.RuleTooLarge, "too many bytes"},
		{"package-lock.json", `{"a":[` + strings.Repeat("1,", maxValues) + `1]}`, manifestfile.RuleTooLarge, "too many values"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\na: " + strings.Repeat("[", 5000), manifestfile.RuleSyntax, "brackets"},
		{"package.json", `{"dependencies":{"a":"1"},"b":` + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1) + `}`, manifestfile.RuleSyntax, "too deep"},
	} {
		m := parse(t, tc.file, tc.content)
		rule := ""
		if len(m.Problems) > 0 {
			rule = m.Problems[0].Rule
		}
		if rule != tc.rule || rule != "" && (!m.Problems[0].Fatal || len(m.Requirements) > 0) {
			t.Errorf("%s (%s): got %q, want %q", tc.file, tc.why, rule, tc.rule)
		}
	}
}

func TestFormat(t *testing.T) {
	for p, want := range map[string]string{
		"package.json": PackageJSON, "a/b/package-lock.json": PackageLock, "npm-shrinkwrap.json": Shrinkwrap, "pnpm-lock.yaml": PNPMLock,
		"yarn.lock": YarnLock, "bun.lock": BunLock, "bun.lockb": BunBinary, "node_modules/a/package.json": "", "x/node_modules/a/yarn.lock": "",
		"package.json5": "", "Package.json": "", "requirements.txt": "",
	} {
		if got := Format(p); got != want {
			t.Errorf("Format(%q) = %q, want %q", p, got, want)
		}
	}
	if _, err := Parse(fstest.MapFS{}, "x.txt"); err == nil {
		t.Error("a file that is no manifest was read")
	}
	if _, err := Parse(fstest.MapFS{}, "package.json"); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestEdit(t *testing.T) {
	const before = "{\r\n\t\"dependencies\": {\"a\" :  \"^1.0.0\", \"b\":\"npm:c@~1\"},\n  \"devDependencies\": { \"@s/d\": \"1.x\" }, \"overrides\":{\"e\":\"1\"}, \"x\": \"^1.0.0\" }\n"
	for i, want := range []string{
		strings.Replace(before, `"a" :  "^1.0.0"`, `"a" :  ">=2 <3"`, 1),
		strings.Replace(before, `npm:c@~1`, `npm:c@>=2 <3`, 1),
		strings.Replace(before, `"1.x"`, `">=2 <3"`, 1),
		strings.Replace(before, `"e":"1"`, `"e":">=2 <3"`, 1),
	} {
		m := parse(t, "package.json", before)
		got, note, err := ReplaceRequirement([]byte(before), m.Requirements[i], ">=2 <3")
		if err != nil || string(got) != want || note == "" {
			t.Errorf("%s: got %q, %v; want %q", m.Requirements[i].Written, got, err, want)
		}
	}
	m := parse(t, "package.json", before)
	moved := m.Requirements[0]
	moved.At.Line++
	if _, _, err := ReplaceRequirement([]byte(before), moved, "2"); err == nil {
		t.Error("a requirement that stands elsewhere was changed")
	}
	if _, _, err := ReplaceRequirement([]byte(before), m.Requirements[0], "git+ssh://x"); err == nil {
		t.Error("a range that is none was written")
	}
}

func TestRelock(t *testing.T) {
	direct := func(groups ...string) ecosystem.Requirement {
		return ecosystem.Requirement{Package: pkg("@s/a"), Direct: true, Groups: groups}
	}
	for _, tc := range []struct {
		file, content string
		r             ecosystem.Requirement
		want          string
	}{
		{"package-lock.json", "", direct(""), "npm install --package-lock-only --ignore-scripts @s/a@2.0.0"},
		{"w/package-lock.json", "", direct("dev"), "npm install --package-lock-only --ignore-scripts --save-dev @s/a@2.0.0"},
		{"package-lock.json", "", ecosystem.Requirement{Package: pkg("a")}, "npm install --package-lock-only --ignore-scripts  # after writing overrides to 2.0.0 for a in package.json"},
		{"pnpm-lock.yaml", "", direct(""), "pnpm update --lockfile-only @s/a@2.0.0"},
		{"yarn.lock", "__metadata:\n", direct(""), "yarn up --mode=update-lockfile @s/a@2.0.0"},
		{"yarn.lock", "", direct(""), "yarn install --ignore-scripts  # after writing resolutions to 2.0.0 for @s/a in package.json"},
		{"bun.lock", "", direct("optional"), "bun add --lockfile-only --optional @s/a@2.0.0"},
	} {
		tc.r.At.File = tc.file
		_, _, err := ReplaceRequirement([]byte(tc.content), tc.r, "2.0.0")
		relock, ok := errors.AsType[*ecosystem.Relock](err)
		if !ok || relock.Command != tc.want {
			t.Errorf("%s: got %v, want %q", tc.file, err, tc.want)
		}
	}
}
