package analyze

import (
	"bytes"
	"encoding/binary"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// headSize is how much of a file its language is told by.
const headSize = 8 << 10

// byName gives the language that a file's name promises. A promise that the bytes
// do not keep is not believed.
var byName = map[string]code.Language{
	".py": code.Python, ".pyw": code.Python, ".pyi": code.Python, ".pyx": code.Python, ".ipynb": code.Python, ".pth": code.Pth,
	".js": code.JavaScript, ".cjs": code.JavaScript, ".mjs": code.JavaScript,
	".ts": code.TypeScript, ".tsx": code.TypeScript, ".jsx": code.TypeScript, ".mts": code.TypeScript, ".cts": code.TypeScript, ".vue": code.TypeScript, ".svelte": code.TypeScript,
	".html": code.JavaScript, ".htm": code.JavaScript, ".svg": code.JavaScript, ".xhtml": code.JavaScript,
	".sh": code.Shell, ".bash": code.Shell, ".zsh": code.Shell, ".command": code.Shell, ".ksh": code.Shell,
	".ps1": code.PowerShell, ".psm1": code.PowerShell, ".psd1": code.PowerShell, ".bat": code.Batch, ".cmd": code.Batch,
	".rb": code.Ruby, ".gemspec": code.Ruby, ".rake": code.Ruby, ".rs": code.Rust, ".php": code.PHP, ".phtml": code.PHP, ".phar": code.PHP,
	".go": code.Go, ".java": code.Java,
}

// documents are names whose text is for people, or data for programs, and may well
// quote code. They are read as code only when somebody runs them (As).
var documents = map[string]bool{
	".md": true, ".rst": true, ".json": true, ".yaml": true, ".yml": true, ".toml": true, ".css": true, ".scss": true, ".less": true, ".xml": true,
	".csv": true, ".tsv": true, ".map": true, ".lock": true, ".po": true, ".pot": true, ".tex": true, ".c": true, ".h": true, ".cc": true, ".cpp": true,
	".hpp": true, ".f90": true, ".pxd": true, ".adoc": true, ".markdown": true, ".ini": true, ".proto": true, ".sql": true, ".swift": true, ".kt": true, ".cs": true, ".scala": true, ".lua": true, ".m": true, ".r": true, ".jl": true, ".diff": true, ".patch": true,
}

// media are names of data that no interpreter should find code in.
var media = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".bmp": true, ".ico": true, ".webp": true, ".tif": true, ".tiff": true, ".avif": true,
	".woff": true, ".woff2": true, ".ttf": true, ".otf": true, ".eot": true, ".mp3": true, ".wav": true, ".ogg": true, ".flac": true, ".mp4": true, ".webm": true,
	".avi": true, ".mov": true, ".pdf": true,
}

// Language tells what a file is to be read as, from its first bytes (8 KiB are
// enough) and its path. Bytes count for more than the name: a program under any
// name is Binary, and code under the name of data is code.
func Language(name string, head []byte) code.Language {
	head = head[:min(len(head), headSize)]
	ext := strings.ToLower(path.Ext(name))
	if workflowPath(name) {
		return code.Workflow
	}
	if program(head) != "" {
		return code.Binary
	}
	if l, ok := byName[ext]; ok {
		if binaryBytes(head) && ext != ".pth" {
			return code.Binary
		}
		if l, ok := shebang(head); ok {
			return l
		}
		return l
	}
	switch strings.ToLower(path.Base(name)) {
	case "rakefile", "gemfile", "podfile", "vagrantfile":
		return code.Ruby
	case "metadata", "pkg-info", "record", "license", "licence", "copying", "notice", "readme", "changelog", "changes", "history", "news", "authors":
		if !binaryBytes(head) {
			return code.Text
		}
	case "wscript", "sconstruct", "sconscript":
		return code.Python
	}
	if l, ok := shebang(head); ok {
		return l
	}
	if binaryBytes(head) {
		return code.Binary
	}
	if documents[ext] {
		return code.Text
	}
	if l, sure := sniff(head); sure {
		return l
	}
	return code.Text
}

// workflowPath: GitHub reads the file as a workflow or an action.
func workflowPath(name string) bool {
	name = strings.ToLower(name)
	ext := path.Ext(name)
	if ext != ".yml" && ext != ".yaml" {
		return false
	}
	base := path.Base(name)
	return strings.Contains(name, ".github/workflows/") || base == "action.yml" || base == "action.yaml"
}

// program names the format of a program by its first bytes, "" when it is none.
// Archives are opened elsewhere.
func program(b []byte) string {
	switch {
	case len(b) < 8:
		return ""
	case bytes.HasPrefix(b, []byte("\x7fELF")):
		return "elf"
	case bytes.HasPrefix(b, []byte("MZ")) && portable(b):
		return "pe"
	case bytes.HasPrefix(b, []byte("\xfe\xed\xfa\xce")), bytes.HasPrefix(b, []byte("\xfe\xed\xfa\xcf")),
		bytes.HasPrefix(b, []byte("\xce\xfa\xed\xfe")), bytes.HasPrefix(b, []byte("\xcf\xfa\xed\xfe")):
		return "macho"
	case bytes.HasPrefix(b, []byte("\xca\xfe\xba\xbe")), bytes.HasPrefix(b, []byte("\xca\xfe\xba\xbf")):
		// A fat Mach-O counts its parts where a class has its version, which began at 45.
		if n := binary.BigEndian.Uint32(b[4:]); n > 0 && n < 45 {
			return "macho"
		}
		return "java-class"
	case bytes.HasPrefix(b, []byte("\xbe\xba\xfe\xca")), bytes.HasPrefix(b, []byte("\xbf\xba\xfe\xca")):
		return "macho"
	case bytes.HasPrefix(b, []byte("\x00asm")):
		return "wasm"
	case bytes.HasPrefix(b, []byte("dex\n0")):
		return "dex"
	case bytes.HasPrefix(b, []byte("BC\xc0\xde")):
		return "bitcode"
	case bytes.HasPrefix(b, []byte("!<arch>\n")):
		return "static-library"
	case bytes.HasPrefix(b, []byte("\x1bLua")):
		return "lua-bytecode"
	case bytes.HasPrefix(b, []byte("\x4c\x00\x00\x00\x01\x14\x02\x00")):
		return "shortcut"
	case compiledPython(b):
		return "pyc"
	}
	return ""
}

// portable: MZ begins a text too, so the header it points at has to be one, or the
// stub has to look like one where the header lies behind the head.
func portable(b []byte) bool {
	if len(b) < 64 {
		return binaryBytes(b)
	}
	at := int(binary.LittleEndian.Uint32(b[60:]))
	if at >= 0 && at+4 <= len(b) {
		return bytes.HasPrefix(b[at:], []byte("PE\x00\x00")) || bytes.HasPrefix(b[at:], []byte("NE")) || bytes.HasPrefix(b[at:], []byte("LE")) || binaryBytes(b)
	}
	return binaryBytes(b)
}

// compiledPython knows the magic numbers of CPython (Lib/importlib/_bootstrap_external.py):
// a number, then CR LF, then flags that have few bits.
func compiledPython(b []byte) bool {
	if len(b) < 16 || b[2] != '\r' || b[3] != '\n' {
		return false
	}
	n := binary.LittleEndian.Uint16(b)
	return n >= 3000 && n < 4000 && binary.LittleEndian.Uint32(b[4:]) <= 3 || n >= 3000 && n < 3390 && binaryBytes(b) || n >= 50428 && n <= 62300 && binaryBytes(b)
}

// binaryBytes: no text in any encoding that an interpreter reads.
func binaryBytes(b []byte) bool {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return false // UTF-16, which PowerShell reads
	}
	controls := 0
	for _, c := range b {
		if c == 0 {
			return true
		}
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b && c != '\v' {
			controls++
		}
	}
	return controls*20 > len(b)
}

// shebang reads the first line.
func shebang(b []byte) (code.Language, bool) {
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	if !bytes.HasPrefix(b, []byte("#!")) {
		return "", false
	}
	line, _, _ := bytes.Cut(b[2:min(len(b), 256)], []byte("\n"))
	for _, f := range strings.Fields(string(line)) {
		base := strings.TrimRight(path.Base(f), "0123456789.")
		switch base {
		case "python", "pypy", "pythonw":
			return code.Python, true
		case "node", "nodejs", "bun":
			return code.JavaScript, true
		case "deno", "tsx", "ts-node":
			return code.TypeScript, true
		case "sh", "bash", "zsh", "dash", "ksh", "ash":
			return code.Shell, true
		case "ruby":
			return code.Ruby, true
		case "php":
			return code.PHP, true
		case "pwsh", "powershell":
			return code.PowerShell, true
		}
	}
	return "", false
}

// signs are what lines of a language look like. One that holds for prose too would
// make every text code, so each is a whole shape.
var signs = sync.OnceValue(func() []sign {
	return []sign{
		{code.Python, words(`import |from |def |class |if |exec(|eval(|print(|@|try|else|finally|for |while |elif |with |except |__import__(`), words(`__import__|lambda|getattr`), lazy.Regexp(`^\s*(import [\w.]+( as \w+)?(, ?[\w.]+)*\s*(;|#|$)|from [\w.]+ import |def \w+\(.*\).*:|class \w+(\(.*\))?:|if __name__ ?==|exec\(|eval\(|print\(|@\w[\w.]*(\(|$)|(try|else|finally):\s*$|(for \w+ in|while|if|elif|with|except) .*:\s*$|\w+(\.\w+)* ?= ?(__import__|lambda|getattr)\b|__import__\()`)},
		{code.JavaScript, words(`'use strict|"use strict|const |let |var |function|async function|module.exports|exports.|import |export |(|})(|if(|if (|globalThis.|process.|window.|document.`), words(`require(|=>|eval(`), lazy.Regexp(`^\s*(['"]use strict['"]|(const|let|var) [\w$\s{},:\[\]]+=|(async )?function\b ?\*?[\w$]*\s?\(|module\.exports|exports\.\w|import .* from ['"]|import ['"]|export (default|const|function|class)|.*\brequire\(['"]|.*=>\s*[{(]|\(?\(?(async )?function|\(\(?\)? ?=>|\}\)\(\)|.*\beval\(|if ?\(.*\) ?\{|(globalThis|process|window|document)\.)`)},
		{code.PHP, words(`<?`), words(""), lazy.Regexp(`^\s*<\?(php|=)`)},
		{code.PowerShell, words(`$|invoke-|iex|iwr|irm|new-object |start-process |set-executionpolicy|add-mppreference|param`), words(""), lazy.Regexp(`(?i)^\s*(\$[\w:]+ ?= ?(new-object|\[|get-|invoke-|"|')|invoke-(expression|webrequest|restmethod)\b|iex\b[\s(]|iwr\s|irm\s|new-object |start-process |set-executionpolicy|add-mppreference|param ?\()`)},
		{code.Batch, words(`@echo off|setlocal|set |if not exist |goto `), words(""), lazy.Regexp(`(?i)^\s*(@echo off|setlocal\b|set \w+=|if not exist |goto :?\w+\s*$)`)},
		{code.Shell, words(`set -|export |if [|fi|done|sudo |curl |wget |bash |sh |zsh |python|node |chmod |nohup |eval |echo |printf |nc -|rm -rf |env|printenv|cat `), words(""), lazy.Regexp(`^\s*(set -[eux]+|export \w+=|if \[|fi\s*$|done\s*$|(sudo )?(curl|wget) .*(https?://|\$)|(bash|sh|zsh|python3?|node) -c |chmod \+?[0-7xu]|nohup |eval "?\$\(|(echo|printf) .*\| ?(base64|sh|bash|xxd)|nc -|rm -rf |bash -i|(env|printenv|cat [~/].*) ?\|)`)},
		{code.Ruby, words(`require |require_relative|module |class |def |end`), words(""), lazy.Regexp(`^\s*(require ['"][\w/]+['"]\s*$|require_relative|module [A-Z]\w*\s*$|class [A-Z]\w*( < [A-Z]\w*)?\s*$|def \w+[?!]?(\(.*\))?\s*$|end\s*$)`)},
		{code.Go, words(`package |func `), words(""), lazy.Regexp(`^package \w+\s*$|^func (\(\w+ \*?\w+\) )?\w+\(`)},
	}
})

type sign struct {
	language code.Language
	// begins are what a line that matches begins with, blanks aside and in lower case,
	// unless it holds one of words. Nearly every line is told by them alone: a regular
	// expression costs a hundred times as much.
	begins, words [][]byte
	sign          func() *regexp.Regexp
}

// words splits at bars.
func words(list string) (out [][]byte) {
	for w := range strings.SplitSeq(list, "|") {
		if w != "" {
			out = append(out, []byte(w))
		}
	}
	return out
}

// matches says whether part is a line of the language.
func (s *sign) matches(part []byte) bool { return s.may(part) && s.sign().Match(part) }

// may is false only for what the expression does not match.
func (s *sign) may(part []byte) bool {
	trimmed := bytes.TrimLeft(part, "\t\n\f\r ")
	for _, b := range s.begins {
		if len(trimmed) >= len(b) && lower(trimmed[0]) == lower(b[0]) && bytes.EqualFold(trimmed[:len(b)], b) {
			return true
		}
	}
	return slices.ContainsFunc(s.words, func(w []byte) bool { return bytes.Contains(part, w) })
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// sniff tells a text's language by its lines. It is sure when most of them look like
// code and enough of them like that language: a sentence with "import" in it is none.
func sniff(b []byte) (code.Language, bool) {
	b = bytes.TrimPrefix(b[:min(len(b), headSize)], []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(b) && !utf8.Valid(b[:max(0, len(b)-3)]) && binaryBytes(b) {
		return "", false
	}
	if l, ok := shebang(b); ok {
		return l, true
	}
	all := signs()
	hits := make([]int, len(all))
	lines, prose := 0, 0
	for line := range bytes.Lines(b) {
		t := bytes.TrimSpace(line)
		if len(t) == 0 || t[0] == '#' || bytes.HasPrefix(t, []byte("//")) {
			continue
		}
		if lines++; lines > 80 {
			break
		}
		line = bytes.TrimRight(line[:min(len(line), 400)], "\r\n")
		hit := false
		for i := range all {
			for part := range bytes.SplitSeq(line, []byte(";")) {
				if all[i].matches(part) {
					hits[i]++
					hit = true
					break
				}
			}
		}
		if !hit && sentence(t) {
			prose++
		}
	}
	best := 0
	for i := range all {
		if hits[i] > hits[best] {
			best = i
		}
	}
	if hits[best] == 0 || prose*3 > lines {
		return "", false
	}
	return all[best].language, hits[best]*10 >= lines && (hits[best] > 1 || lines <= 6)
}

// sentence: words with nothing of code among them.
func sentence(t []byte) bool {
	return bytes.Count(t, []byte(" ")) >= 3 && !bytes.ContainsAny(t, "=({[;$|") || len(t) > 0 && t[len(t)-1] == '.'
}
