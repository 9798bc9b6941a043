package generate

import (
	"fmt"
	"strings"
)

// disguise is a way to write a shape so that it looks like something else.
type disguise struct {
	name      string
	callee    string   // how names of modules are written
	text      string   // how string constants are written
	wrap      string   // how the call is reached
	layers    []string // the code is decoded and evaluated, innermost first
	constants bool     // string constants stand in a table
	files     int      // 2: the table, 3: the functions too stand in files of their own
	around    string   // what is written around the code
	place     string   // the placement that the disguise is about
	honest    bool     // honest code is written this way too
	more      string   // what a half of a later round does beside all this
	opened    bool     // it was worn in one of the halves that are opened alone
	sealed    bool
	grown     bool // it is worn by a package of many files
}

// disguises are those that the tune half had from the start; firstDisguises adds
// more, and so does secondDisguises for some shapes.
var disguises = []disguise{
	{name: "none", honest: true},
	{name: "alias", callee: "alias", honest: true},
	{name: "from-import", callee: "from", honest: true},
	{name: "assign", callee: "assign", honest: true},
	{name: "getattr", callee: "getattr"},
	{name: "concat", callee: "concat", text: "concat"},
	{name: "dunder", callee: "dunder", text: "plain"},
	{name: "format", text: "format", honest: true},
	{name: "join", text: "join"},
	{name: "reverse", callee: "getattr", text: "reverse"},
	{name: "chars", text: "chars"},
	{name: "base64-strings", text: "base64"},
	{name: "hex-strings", callee: "alias", text: "hex"},
	{name: "escapes", text: "escapes"},
	{name: "layer-base64", layers: []string{"base64"}},
	{name: "layer-hex", layers: []string{"hex"}},
	{name: "layers-2", layers: []string{"base64", "zlib"}},
	{name: "layers-3", callee: "alias", layers: []string{"hex", "base64", "base64"}},
	{name: "decoy-quotes", around: "quotes", honest: true},
	{name: "stray-quote", around: "stray", honest: true},
	{name: "comments", around: "comments", honest: true},
	{name: "suppressions", around: "suppressions", honest: true},
	{name: "whitespace", around: "whitespace"},
	{name: "blank-lines", around: "blank"},
	{name: "one-line", around: "one-line"},
	{name: "try", wrap: "try", honest: true},
	{name: "thread", wrap: "thread", honest: true},
	{name: "timer", wrap: "timer"},
	{name: "guard", wrap: "guard", honest: true},
	{name: "dead-looking", wrap: "dead"},
	{name: "lambda", wrap: "lambda"},
	{name: "constants", constants: true, honest: true},
	{name: "two-files", constants: true, files: 2, honest: true},
	{name: "file-txt", place: "fixture-txt"},
	{name: "file-jpg", place: "fixture-jpg"},
	{name: "file-bare", place: "fixture-bare"},
	{name: "all-of-it", callee: "concat", text: "mixed", around: "quotes", wrap: "try"},
}

// disguisesOf are those that a shape can wear.
func disguisesOf(s shape) []disguise {
	var out []disguise
	for _, d := range append(append([]disguise{}, disguises...), firstDisguises...) {
		switch {
		case s.fixed && (len(d.layers) > 0 || d.around == "one-line" || d.around == "whitespace" || d.text != "" || d.callee == "concat"):
			// what these shapes are would be gone
		case s.places != nil && d.place != "":
		case s.places != nil && s.places[0] == "shell-hook" && d.name != "none":
			// a line of shell has its own disguises, see others.go
		case s.places != nil && s.places[0] == "pth" && (d.files > 1 || d.around == "comments" || d.around == "suppressions" || d.around == "blank" || d.around == "crlf"):
			// a .pth is one line
		default:
			out = append(out, d)
		}
	}
	return out
}

// payload is a shape's code written out.
type payload struct {
	imports, before []string
	table           []string
	code, call      string
}

func written(d *dress, s snippet, dis disguise, values *strings.Replacer) payload {
	p := payload{code: d.expand(strings.Trim(values.Replace(s.code), "\n") + "\n"), call: strings.TrimSpace(d.expand(values.Replace(s.call)))}
	if s.code == "" {
		p.code = ""
	}
	p.call = wrapped(d, p.call, dis.wrap)
	p.imports, p.before, p.table = d.imports, d.before, d.table
	return p
}

// wrapped is the statement that reaches the payload.
func wrapped(d *dress, call, wrap string) string {
	if call == "" {
		return ""
	}
	if d.lang == javascript {
		return wrappedScript(call, wrap)
	}
	need := func(module string) { d.addImport("import " + module) }
	switch wrap {
	case "try":
		return "try:\n    " + call + "\nexcept Exception:\n    pass"
	case "thread":
		need("threading")
		return "threading.Thread(target=lambda: " + call + ", daemon=True).start()"
	case "timer":
		need("threading")
		return "threading.Timer(0.5, lambda: " + call + ").start()"
	case "guard":
		need("sys")
		return "if sys.platform not in (\"os2\", \"riscos\"):\n    " + call
	case "dead":
		need("sys")
		return "if not hasattr(sys, \"getrefcountmax\") or False:\n    " + call
	case "lambda":
		return "(lambda: " + call + ")()"
	}
	if s, ok := firstWrap(d, call, wrap); ok {
		return s
	}
	if s, ok := secondWrap(d, call, wrap); ok {
		return s
	}
	if s, ok := thirdWrap(d, call, wrap); ok {
		return s
	}
	if s, ok := sealedWrap(d, call, wrap); ok {
		return s
	}
	return call
}

func wrappedScript(call, wrap string) string {
	switch wrap {
	case "try":
		return "try {\n  " + call + ";\n} catch (error) {\n  void error;\n}"
	case "thread":
		return "setImmediate(() => { " + call + "; });"
	case "timer":
		return "setTimeout(() => { " + call + "; }, 250);"
	case "guard":
		return "if (process.platform !== 'aix') {\n  " + call + ";\n}"
	case "dead":
		return "if (typeof process.versions.rhino === 'undefined' || false) {\n  " + call + ";\n}"
	case "lambda":
		return "(() => " + call + ")();"
	}
	if s, ok := firstScriptWrap(call, wrap); ok {
		return s
	}
	if s, ok := secondScriptWrap(call, wrap); ok {
		return s
	}
	if s, ok := thirdScriptWrap(call, wrap); ok {
		return s
	}
	if s, ok := sealedScriptWrap(call, wrap); ok {
		return s
	}
	return call + ";"
}

// dressUp applies what a disguise does to written code as a whole.
func dressUp(d *dress, p payload, dis disguise) payload {
	if len(dis.layers) > 0 {
		p = layered(d, p, dis.layers)
	}
	switch dis.around {
	case "quotes":
		p.code = quotesBefore(d) + p.code
	case "stray":
		p.code = strayQuote(d) + p.code
	case "comments", "suppressions":
		p.code = commented(d.lang, p.code, dis.around)
	case "blank":
		p.code = strings.Repeat("\n", 320) + p.code
	case "whitespace", "one-line":
		p = onOneLine(d, p, dis.around == "whitespace")
	case "tabs":
		p.code = strings.ReplaceAll(p.code, "    ", "\t")
	}
	return thirdDress(d, secondDress(d, p, dis), dis)
}

func layered(d *dress, p payload, layers []string) payload {
	text := moduleText(p.imports, append(append([]string{}, p.table...), p.before...), p.code, p.call)
	wrap := newDress(d.lang, d.style, d.rng, disguise{callee: d.callee})
	if d.lang == javascript {
		wrap.callee = ""
		return payload{call: strings.TrimSpace(wrap.scriptLayers(text, layers))}
	}
	call := strings.TrimSpace(wrap.pythonLayers(text, layers))
	return payload{imports: wrap.imports, before: wrap.before, call: call}
}

// quotesBefore are constants and comments full of quotes that end nothing.
func quotesBefore(d *dress) string {
	if d.lang == javascript {
		return "// it's \"quoted\" `here` and '''there''' /* not a comment\nconst notes = ['\"', \"'\", '`', '// none', \"/* neither */\", /[\"'`]/.source];\nvoid notes;\n\n"
	}
	return "# it's \"\"\" only a remark, isn't it? '''\nNOTES = ('\"\"\"', \"'''\", '# none', \"it's\", r'\\d', \"\"\"a ' and a \" and a # too\"\"\")\n\n\n"
}

// strayQuote leaves one quote open for readers that do not know comments,
// strings or regular expressions.
func strayQuote(d *dress) string {
	if d.lang == javascript {
		return pick(d.rng, "// don't close this\n", "/* a lone \" here */\n", "const quote = /\"/;\nvoid quote;\n", "const tick = '`';\nvoid tick;\n")
	}
	return pick(d.rng, "# don't close this\n", "# a lone \"\"\" here\n", "QUOTE = '\"'\n", "TRIPLE = \"'''\"\n") + "\n"
}

func commented(lang language, code, kind string) string {
	mark, marks := "#", []string{"nosec", "noqa: S603,S607", "type: ignore", "pragma: no cover", "nosemgrep", "skipcq", "gatehouse: ignore"}
	if lang == javascript {
		mark, marks = "//", []string{"eslint-disable-line", "nosemgrep", "@ts-ignore", "istanbul ignore next", "lgtm [js/command-line-injection]", "gatehouse: ignore"}
	}
	lines := strings.Split(strings.TrimRight(code, "\n"), "\n")
	var out []string
	for i, l := range lines {
		bare := strings.TrimSpace(l)
		switch {
		case bare == "":
			out = append(out, l)
		case kind == "suppressions":
			out = append(out, l+"  "+mark+" "+marks[i%len(marks)])
		default:
			pad := l[:len(l)-len(strings.TrimLeft(l, " "))]
			out = append(out, l, pad+mark+" step "+fmt.Sprint(i+1)+": "+[]string{"see the manual, chapter 3", "for older systems", "kept for compatibility", "faster than before"}[i%4])
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// onOneLine writes the whole payload as a single line, far to the right when
// hidden.
func onOneLine(d *dress, p payload, hidden bool) payload {
	text := moduleText(p.imports, append(append([]string{}, p.table...), p.before...), p.code, p.call)
	var line string
	if d.lang == javascript {
		if d.style != "cjs" { // imports stay where they have to
			text = moduleText(nil, p.before, p.code, p.call)
		} else {
			p.imports = nil
		}
		line = strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", " ")), " ")
		// Two blanks in a constant would be lost; the shapes have none.
		if hidden {
			line = "const releaseDay = 20260314;" + strings.Repeat(" ", 240) + line
		}
		return payload{imports: p.imports, call: line}
	}
	line = "exec(" + pyQuote(text) + ")"
	if hidden {
		line = "RELEASE_DAY = 20260314" + strings.Repeat(" ", 240) + "; " + line
	}
	return payload{call: line}
}
