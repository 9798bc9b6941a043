//go:build quality

package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkPython compiles each of the files that it is given and runs none.
const checkPython = `
import sys
bad = 0
names = [n for n in sys.stdin.read().split("\0") if n]
for name in names:
    try:
        with open(name, encoding="utf-8") as handle:
            text = handle.read()
        if name.endswith(".pth"):
            for line in text.splitlines():
                if line.startswith(("import ", "import\t")):
                    compile(line, name, "exec", dont_inherit=True)
        else:
            compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        bad += 1
        print(name, error)
print(len(names), "files")
sys.exit(bad > 0)
`

// TestCodeIsCode: what the disguises made of the shapes is still Python for
// CPython, JavaScript for node, Go for go/parser and shell for sh, and so could be
// run. All of them only read it.
func TestCodeIsCode(t *testing.T) {
	dir := t.TempDir()
	var python, script, shell []string
	m := All(Seed)
	if half := os.Getenv("GATEHOUSE_TEST_QUALITY_HALF"); half != "" {
		m = m.Half(half)
	}
	goes, objects := 0, 0
	keep := func(id string, b built) {
		files, err := open(b)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		for name, text := range files {
			isPython := strings.HasSuffix(name, ".py") && !strings.HasSuffix(name, "/tools.py") || strings.HasSuffix(name, ".pth") || strings.HasSuffix(b.file, ".tar.gz") && oddNames.MatchString(name)
			isScript := strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".mjs") || strings.HasSuffix(name, ".cjs") || strings.Contains(name, "/bin/") && strings.HasPrefix(text, "#!/usr/bin/env node")
			switch {
			case strings.Contains(name, ".data/scripts/") && strings.HasPrefix(text, "#!python"):
				isPython = true
			case strings.HasSuffix(name, ".go"):
				goes++
				if _, err := parser.ParseFile(token.NewFileSet(), name, text, 0); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			case strings.HasSuffix(name, ".json"):
				objects++
				if !json.Valid([]byte(text)) {
					t.Errorf("%s: %s is no JSON:\n%s", id, name, text)
				}
			}
			lines := []string{}
			if strings.HasSuffix(name, "/package.json") && strings.Contains(id, "-install-hook-") {
				lines = hookLines(t, text)
			}
			if strings.HasPrefix(text, "#!/bin/sh") || strings.HasPrefix(text, "#!/usr/bin/env bash") {
				lines = append(lines, text)
			}
			for n, line := range lines {
				path := filepath.Join(dir, id+fmt.Sprint("-", filepath.Base(name), n)+".sh")
				if err := os.WriteFile(path, []byte(line+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				shell = append(shell, path)
			}
			if !isPython && !isScript {
				continue
			}
			path := filepath.Join(dir, id, strings.ReplaceAll(strings.TrimPrefix(name, "package/"), "/", "_"))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if isScript && !strings.HasSuffix(path, ".mjs") && !strings.HasSuffix(path, ".cjs") {
				path = strings.TrimSuffix(path, ".js") + ".cjs"
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if isPython {
				python = append(python, path)
			} else {
				script = append(script, path)
			}
		}
	}
	for _, s := range m.Samples {
		keep(s.ID, s.make())
	}
	for _, s := range m.Scenarios {
		for i, f := range s.make {
			keep(id(s.ID, i), f())
		}
	}
	t.Logf("%d Python files, %d scripts, %d Go files, %d JSON files, %d pieces of shell", len(python), len(script), goes, objects, len(shell))
	if len(python) == 0 || len(script) == 0 || goes == 0 || objects == 0 || len(shell) == 0 {
		t.Error("of one kind there is nothing to check")
	}
	c := exec.Command("python3", "-I", "-c", checkPython)
	c.Stdin = strings.NewReader(strings.Join(python, "\x00"))
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("python: %v\n%s", err, tail(out))
	}
	c = exec.Command("sh", "-c", `bad=0; while IFS= read -r name; do bash -n "$name" || bad=1; done; exit $bad`)
	c.Stdin = strings.NewReader(strings.Join(shell, "\n") + "\n")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("sh: %v\n%s", err, tail(out))
	}
	c = exec.Command("node", "-e", checkScript)
	c.Stdin = strings.NewReader(strings.Join(script, "\x00"))
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("node: %v\n%s", err, tail(out))
	}
}

// checkScript compiles scripts as functions, as node's loader does, and modules
// by vm.SourceTextModule's rules through a child only when there are few of them.
const checkScript = `
const fs = require('fs');
const vm = require('vm');
const names = fs.readFileSync(0, 'utf8').split('\0').filter(Boolean);
let bad = 0;
for (const name of names) {
  let text = fs.readFileSync(name, 'utf8').replace(/^#!.*/, '');
  if (name.endsWith('.mjs')) {
    text = text.replace(/^import .*? from .*;$/gm, '').replace(/^import '.*';$/gm, '').replace(/^export \{.*\};$/gm, '').replace(/import\.meta\.url/g, '""').replace(/^import \{.*?\} from '[^']*'; ?/gm, '');
  }
  try {
    vm.compileFunction(text, ['require', 'module', 'exports', '__filename', '__dirname'], { filename: name });
  } catch (error) {
    bad += 1;
    console.log(name, error.message);
  }
}
console.log(names.length, 'files');
process.exit(bad > 0 ? 1 : 0);
`

// hookLines are the scripts of a manifest.
func hookLines(t *testing.T, manifest string) []string {
	t.Helper()
	var m struct {
		Scripts map[string]string `json:"scripts"`
	}
	if err := json.Unmarshal([]byte(manifest), &m); err != nil {
		t.Errorf("%v in:\n%s", err, manifest)
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m.Scripts)) {
		out = append(out, m.Scripts[name])
	}
	return out
}

// oddNames are the files of no known kind that a hook runs.
var oddNames = regexp.MustCompile(`/(sample\.txt|logo\.jpg|LOCALE)$`)

func tail(out []byte) []byte {
	lines := bytes.Split(out, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-25):], []byte("\n"))
}

// TestCodeIsCodeOfTheSameValue puts the disguises of the sealed half around harmless text,
// names and a call: CPython and node say the same with them as without.
func TestCodeIsCodeOfTheSameValue(t *testing.T) {
	harmless := []snippet{
		python: {`
def <%n told%>(rows):
    said = <%c os.path.basename%>(<%s /words/a-b c.txt%>) + <%s = "quoted" & it's \ done%>
    return said + str(<%b len%>(rows)) + <%c json.dumps%>({<%s key%>: <%c math.floor%>(2.5)})
`, "print(<%n told%>([1, 2]))"},
		javascript: {`
function <%n told%>(rows) {
  const said = <%c path.basename%>(<%s /words/a-b c.txt%>) + <%s = "quoted" & it's \ done%>;
  return said + rows.length + <%g JSON.stringify%>({ [<%s key%>]: <%g Math.floor%>(2.5) }) + <%b encodeURIComponent%>(<%s a b%>);
}
`, "console.log(<%n told%>([1, 2]))"},
	}
	dir := t.TempDir()
	n := 0
	for lang, s := range harmless {
		want := ""
		for _, d := range append([]disguise{disguises[0]}, sealedDisguises...) {
			if d.more == "json-file" { // it is a second file
				continue
			}
			dressed := newDress(language(lang), "cjs", source(Seed, "harmless", lang, d.name), d)
			body := written(dressed, s, d, strings.NewReplacer())
			if language(lang) == javascript {
				(&scriptPackage{}).tables(&body, d)
			}
			body = dressUp(dressed, body, d)
			text := moduleText(body.imports, append(slices.Clone(body.table), body.before...), body.code, body.call) + "\n"
			program, name := "python3", fmt.Sprintf("%s.py", d.name)
			if language(lang) == javascript {
				program, name = "node", fmt.Sprintf("%s.cjs", d.name)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			c := exec.Command(program, name)
			c.Dir, c.Env = dir, append(os.Environ(), "TMPDIR="+dir)
			got, err := c.CombinedOutput()
			if d.name == "none" {
				want = string(got)
			}
			if n++; err != nil || string(got) != want || want == "" {
				t.Errorf("%s %s: %v: it says %q, want %q:\n%s", program, d.name, err, tail(got), want, text)
			}
		}
	}
	if n < 36 {
		t.Errorf("%d disguises were tried, want at least 36", n)
	}
}
