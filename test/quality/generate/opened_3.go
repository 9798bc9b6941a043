package generate

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
)

// What the files opened_3*.go hold was the third sealed half. It was run and its
// figures were told, and all of it is in the tune half since.

// thirdDisguises were worn in the third half only: by its own shapes and by older
// ones.
var thirdDisguises = []disguise{
	{name: "lookup-table", callee: "table", honest: true, opened: true, grown: true},
	{name: "default-argument", callee: "default", opened: true, grown: true},
	{name: "comma", callee: "comma", honest: true, opened: true, grown: true},
	{name: "name-search", callee: "search", opened: true, grown: true},
	{name: "class-holder", callee: "holder", honest: true, opened: true, grown: true},
	{name: "loader-modules", callee: "loader", opened: true, grown: true},
	{name: "globals-entry", callee: "globals", text: "mapping", opened: true, grown: true},
	{name: "name-hashes", callee: "hashes", opened: true, grown: true},
	{name: "substituted", text: "translate", opened: true, grown: true},
	{name: "base32-strings", text: "base32", opened: true, grown: true},
	{name: "running-sums", text: "deltas", callee: "alias", opened: true, grown: true},
	{name: "entities", text: "entities", opened: true, grown: true},
	{name: "cut-from-a-text", text: "lorem", opened: true, grown: true},
	{name: "shifted-bytes", text: "shifted", opened: true, grown: true},
	{name: "packed-integers", text: "packed", constants: true, opened: true, grown: true},
	{name: "templates", text: "template", honest: true, opened: true, grown: true},
	{name: "mapping-values", text: "mapping", callee: "holder", opened: true, grown: true},
	{name: "layer-keyed", layers: []string{"keyed"}, opened: true, grown: true},
	{name: "layer-quoted", layers: []string{"quoted"}, opened: true, grown: true},
	{name: "layer-lines", layers: []string{"lines"}, opened: true, grown: true},
	{name: "layer-docstring", layers: []string{"docstring"}, opened: true, grown: true},
	{name: "layer-written-out", layers: []string{"written"}, opened: true, grown: true},
	{name: "conversion", wrap: "conversion", opened: true, grown: true},
	{name: "map-call", wrap: "map-call", opened: true, grown: true},
	{name: "match", wrap: "match", honest: true, opened: true, grown: true},
	{name: "date-guard", wrap: "date-guard", opened: true, grown: true},
	{name: "finaliser", wrap: "finaliser", opened: true, grown: true},
	{name: "loop-once", wrap: "loop-once", honest: true, opened: true, grown: true},
	{name: "async-main", wrap: "async-main", honest: true, opened: true, grown: true},
	{name: "assertion", wrap: "assertion", opened: true, grown: true},
	{name: "long-header", more: "long-header", honest: true, opened: true, grown: true},
	{name: "crowded-imports", more: "crowded", honest: true, opened: true, grown: true},
	{name: "json-file", constants: true, more: "json-file", honest: true, opened: true, grown: true},
}

// thirdWears names older disguises that the shapes of the third half wear too. It is
// a list of its own, so that the half stays the same when the tune half gets
// another disguise.
var thirdWears = []string{
	"alias", "from-import", "concat", "escapes", "hex-strings", "layers-3", "comments", "one-line", "guard", "timer", "constants", "two-files",
	"file-bare", "vars", "layer-base85", "inner-archive", "namespace", "resolved-names", "letters", "json-strings", "layer-chunks", "imports-elsewhere", "dispatch", "local-imports",
}

// How many disguises a shape wears in the third half: older ones and new ones, for a
// shape of this half, and new ones for older shapes.
const (
	thirdKnown = 4
	thirdNew   = 11
	thirdByOld = 2
)

// thirdSamples describes the samples of the third half.
func thirdSamples(seed uint64) []Sample {
	var out []Sample
	add := func(s shape, d disguise) {
		bad, good := pair(seed, s, d, 0)
		out = append(out, bad)
		if good.make != nil {
			out = append(out, good)
		}
	}
	for _, s := range thirdShapes() {
		add(thirdShape(s, disguises[0]), disguises[0])
		for _, d := range thirdDrawn(seed, s, knownThird(), thirdKnown) {
			add(thirdShape(s, d), d)
		}
		for _, d := range thirdDrawn(seed, s, thirdDisguises, thirdNew) {
			add(thirdShape(s, d), d)
		}
	}
	for _, s := range shapes() {
		if s.places != nil && s.places[0] == "shell-hook" {
			continue
		}
		for _, d := range thirdDrawn(seed, s, thirdDisguises, thirdByOld) {
			add(s, d)
		}
	}
	for _, s := range slices.Concat(secondPython, secondPythonMore, secondScripts) {
		for _, d := range thirdDrawn(seed, s, thirdDisguises, 1) {
			add(secondShape(s, d), d)
		}
	}
	out = append(out, thirdOtherSamples(seed)...)
	return append(out, thirdHonestSamples(seed)...)
}

// thirdShapes are this half's own in Python and JavaScript.
func thirdShapes() []shape { return slices.Concat(thirdPython, thirdPythonMore, thirdScripts) }

// knownThird are the older disguises that the shapes of the third half wear too.
func knownThird() []disguise {
	var out []disguise
	for _, d := range slices.Concat(disguises, firstDisguises, secondDisguises) {
		if slices.Contains(thirdWears, d.name) {
			out = append(out, d)
		}
	}
	return out
}

// thirdDrawn are n of the disguises that a shape can wear, drawn by its name.
func thirdDrawn(seed uint64, s shape, of []disguise, n int) []disguise {
	fixed := s.fixed
	var can []disguise
	for _, d := range of {
		switch {
		case fixed && (len(d.layers) > 0 || d.around == "one-line" || d.text != "" || d.callee == "concat" || d.constants):
		case s.places != nil && d.place != "":
		case s.places != nil && s.places[0] == "pth" && (d.files > 1 || d.more != "" || d.around != ""):
		case s.places != nil && s.places[0] == "sitecustomize" && d.more == "shim":
		default:
			can = append(can, d)
		}
	}
	rng := source(seed, "sealed", s.lang, s.family, s.name, len(of))
	rng.Shuffle(len(can), func(i, j int) { can[i], can[j] = can[j], can[i] })
	return can[:min(n, len(can))]
}

// thirdPythonName writes a name of a module, or a built-in where the module is empty.
func (d *dress) thirdPythonName(module, attr string) (string, bool) {
	value, holder := attr, "builtins"
	if module != "" {
		value, holder = module+"."+attr, module
	}
	need := func(modules ...string) {
		for _, m := range modules {
			if m != "" {
				d.addImport("import " + m)
			}
		}
	}
	switch d.callee {
	case "table":
		need(module)
		a := d.alias(value)
		d.addBefore(a + " = {\"run\": " + value + ", \"name\": " + pyQuote(a) + "}")
		return a + "[\"run\"]", true
	case "default":
		need(module)
		return "(lambda it=" + value + ": it)()", true
	case "comma":
		need(module)
		return "(None, " + value + ")[-1]", true
	case "search":
		need(holder)
		return "next(getattr(" + holder + ", n) for n in dir(" + holder + ") if n[::-1] == " + pyQuote(reversed(attr)) + ")", true
	case "holder":
		need(module)
		a := d.alias(value)
		d.addBefore("class " + a + ":\n    it = staticmethod(" + value + ")")
		return a + ".it", true
	case "loader":
		need("importlib")
		return "importlib.__import__(" + d.literals(holder, pyQuote, " + ") + ", fromlist=(\"_\",))." + attr, true
	case "globals":
		need(module)
		a := d.alias(value)
		d.addBefore("globals()[" + pyQuote(a) + "] = " + value)
		return "globals()[" + pyQuote(a) + "]", true
	case "hashes":
		need(holder, "zlib")
		return fmt.Sprintf("next(getattr(%s, n) for n in dir(%s) if zlib.crc32(n.encode()) == %d)", holder, holder, crc32.ChecksumIEEE([]byte(attr))), true
	}
	return "", false
}

// thirdText writes what both languages need of a string.
type thirdText struct{ cipher, key string }

const lowercase = "abcdefghijklmnopqrstuvwxyz"

// substituted replaces each small letter by another one.
func substituted(rng *rand.Rand, s string) thirdText {
	key := []byte(lowercase)
	rng.Shuffle(len(key), func(i, j int) { key[i], key[j] = key[j], key[i] })
	return thirdText{strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return rune(key[r-'a'])
		}
		return r
	}, s), string(key)}
}

func base32ed(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) }

// sums are the differences between one character and the next.
func sums(s string) string {
	before := rune(0)
	return codes(s, func(r rune) rune { r, before = r-before, r; return r })
}

func entities(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}

// shifted writes the bytes of a text, each a little greater, as escapes.
func shifted(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] += 3
	}
	return escaped(string(b))
}

// words32 are the bytes of a text in numbers of four bytes, the lowest first.
func words32(s string) (list string, count int) {
	b := []byte(s)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	var out []string
	for i := 0; i < len(b); i += 4 {
		out = append(out, fmt.Sprint(binary.LittleEndian.Uint32(b[i:])))
	}
	return strings.Join(out, ", "), len(out)
}

// among hides the pieces of a string in a longer text and says where they are.
func among(rng *rand.Rand, parts []string) (text string, at [][2]int) {
	for _, p := range parts {
		text += pick(rng, firstWords...) + " " + pick(rng, secondWords...) + " "
		from := len([]rune(text))
		text += p
		at = append(at, [2]int{from, from + len([]rune(p))})
		text += " "
	}
	return text + pick(rng, thirdWords...), at
}

// named writes pieces as pairs of a letter and a piece.
func named(parts []string, quote func(string) string, format string) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = fmt.Sprintf(format, string(rune('a'+i)), quote(p))
	}
	return out
}

func (d *dress) thirdPythonString(s, mode string) (string, bool) {
	switch mode {
	case "translate":
		t := substituted(d.rng, s)
		return pyQuote(t.cipher) + ".translate(str.maketrans(" + pyQuote(t.key) + ", " + pyQuote(lowercase) + "))", true
	case "base32":
		d.addImport("import base64")
		return "base64.b32decode(" + pyQuote(base32ed(s)) + ").decode()", true
	case "deltas":
		d.addImport("import itertools")
		return `"".join(map(chr, itertools.accumulate((` + sums(s) + ",))))", true
	case "entities":
		d.addImport("import html")
		return "html.unescape(" + pyQuote(entities(s)) + ")", true
	case "lorem":
		text, at := among(d.rng, d.parts(s))
		a := d.alias("text of " + s)
		d.addBefore(a + " = " + pyQuote(text))
		var out []string
		for _, p := range at {
			out = append(out, fmt.Sprintf("%s[%d:%d]", a, p[0], p[1]))
		}
		return "(" + strings.Join(out, " + ") + ")", true
	case "shifted":
		return `bytes(b - 3 for b in b"` + shifted(s) + `").decode()`, true
	case "packed":
		d.addImport("import struct")
		list, n := words32(s)
		return fmt.Sprintf(`struct.pack("<%dI", %s).rstrip(b"\0").decode()`, n, list), true
	case "template":
		d.addImport("import string")
		parts := d.parts(s)
		names := strings.Join(named(parts, func(string) string { return "" }, "${%[1]s}"), "")
		return "string.Template(" + pyQuote(names) + ").substitute(" + strings.Join(named(parts, pyQuote, "%s=%s"), ", ") + ")", true
	case "mapping":
		return `"".join({` + strings.Join(named(d.parts(s), pyQuote, "\"%s\": %s"), ", ") + "}.values())", true
	}
	return "", false
}

func (d *dress) thirdPythonLayer(code, layer, run string, need func(string) string) (string, bool) {
	switch layer {
	case "keyed":
		key := pick(d.rng, firstWords...)
		return fmt.Sprintf("%s(bytes(b ^ %s[i %% %d] for i, b in enumerate(%s.b64decode(%s))))\n", run, "b"+pyQuote(key), len(key), need("base64"), pyQuote(b64(xored(code, key)))), true
	case "quoted":
		return fmt.Sprintf("%s(%s.decodestring(%s))\n", run, need("quopri"), pyQuote(strings.ToUpper(strings.ReplaceAll(percented(code), "%", "=")))), true
	case "lines":
		var lines []string
		for _, l := range strings.Split(code, "\n") {
			lines = append(lines, "    "+pyQuote(l)+",\n")
		}
		return "_lines = (\n" + strings.Join(lines, "") + ")\n" + run + "(\"\\n\".join(_lines))\n", true
	case "docstring":
		return "def _notes():\n    " + pyQuote(b64(code)) + "\n\n\n" + fmt.Sprintf("%s(%s.b64decode(_notes.__doc__))\n", run, need("base64")), true
	case "written":
		return fmt.Sprintf("with %s.NamedTemporaryFile(suffix=\".py\", delete=False) as _out:\n    _out.write(%s.b64decode(%s))\n%s.run_path(_out.name)\n", need("tempfile"), need("base64"), pyQuote(b64(code)), need("runpy")), true
	}
	return "", false
}

// xored hides a text by a key that is repeated.
func xored(s, key string) string {
	b := []byte(s)
	for i := range b {
		b[i] ^= key[i%len(key)]
	}
	return string(b)
}

// folded is the hash that scripts find a name by.
func folded(s string) uint32 {
	h := uint32(7)
	for _, c := range []byte(s) {
		h = h*31 + uint32(c)
	}
	return h
}

const foldedScript = "[...k].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, 7)"

func (d *dress) thirdScriptName(module, member string) (string, bool) {
	switch d.callee {
	case "loader":
		if d.style == "cjs" {
			return "require.main.require(" + d.literals(module, jsQuote, " + ") + ")." + member, true
		}
		return d.require() + "(" + d.literals(module, jsQuote, " + ") + ")." + member, true
	case "table", "default", "comma", "search", "holder", "globals", "hashes":
		return d.thirdMember(d.scriptModule(module), member, "Object.keys")
	}
	return "", false
}

func (d *dress) thirdScriptGlobal(object, member string) (string, bool) {
	switch d.callee {
	case "loader":
		value := object
		if member != "" {
			value += "." + member
		}
		return "Function(" + jsQuote("return "+value) + ")()", true
	case "search", "hashes":
		if member == "" {
			return d.thirdMember("globalThis", object, "Object.getOwnPropertyNames")
		}
		return d.thirdMember(object, member, "Object.getOwnPropertyNames")
	case "table", "default", "comma", "holder", "globals":
		return d.thirdMember(object, member, "")
	}
	return "", false
}

// thirdMember is a member of an object, or the object where the member is empty.
func (d *dress) thirdMember(object, member, keys string) (string, bool) {
	value := object
	if member != "" {
		value += "." + member
	}
	switch d.callee {
	case "table":
		a := d.alias(value)
		d.addBefore("const " + a + " = { run: " + value + ", name: " + jsQuote(a) + " };")
		return a + "['run']", true
	case "default":
		return "((it = " + value + ") => it)()", true
	case "comma":
		return "(0, " + value + ")", true
	case "search":
		return object + "[" + keys + "(" + object + ").find((k) => [...k].reverse().join('') === " + jsQuote(reversed(member)) + ")]", true
	case "holder":
		a := d.alias(value)
		d.addBefore("class " + a + " {\n  static it = " + value + ";\n}")
		return a + ".it", true
	case "globals":
		a := d.alias(value)
		d.addBefore("globalThis." + a + " = " + value + ";")
		return "globalThis." + a, true
	case "hashes":
		return fmt.Sprintf("%s[%s(%s).find((k) => %s === %d)]", object, keys, object, foldedScript, folded(member)), true
	}
	return "", false
}

func (d *dress) thirdScriptString(s, mode string) (string, bool) {
	switch mode {
	case "translate":
		t := substituted(d.rng, s)
		return jsQuote(t.cipher) + ".replace(/[a-z]/g, (c) => " + jsQuote(lowercase) + "[" + jsQuote(t.key) + ".indexOf(c)])", true
	case "base32":
		return "Buffer.from(" + jsQuote(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(b64(s)), "=")) + ", 'base64url').toString('utf8')", true
	case "deltas":
		return "[" + sums(s) + "].map(((sum) => (n) => String.fromCharCode((sum += n)))(0)).join('')", true
	case "entities":
		return jsQuote(entities(s)) + ".replace(/&#(\\d+);/g, (_, n) => String.fromCharCode(n))", true
	case "lorem":
		text, at := among(d.rng, d.parts(s))
		a := d.alias("text of " + s)
		d.addBefore("const " + a + " = " + jsQuote(text) + ";")
		var out []string
		for _, p := range at {
			out = append(out, fmt.Sprintf("%s.slice(%d, %d)", a, p[0], p[1]))
		}
		return "(" + strings.Join(out, " + ") + ")", true
	case "shifted":
		return "Buffer.from('" + shifted(s) + "', 'latin1').map((b) => b - 3).toString()", true
	case "packed":
		list, _ := words32(s)
		return "Buffer.from(new Uint32Array([" + list + "]).buffer).toString().replace(/\\0+$/, '')", true
	case "template":
		return "String.raw({ raw: [" + d.literals(s, jsQuote, ", ") + "] })", true
	case "mapping":
		return "Object.values({ " + strings.Join(named(d.parts(s), jsQuote, "%s: %s"), ", ") + " }).join('')", true
	}
	return "", false
}

// thirdScriptLayer is a whole layer of a script: what decodes a text and runs it.
func (d *dress) thirdScriptLayer(code, layer string) (string, bool) {
	call := "(require, module, __dirname);\n"
	switch layer {
	case "keyed":
		key := pick(d.rng, firstWords...)
		return "new Function('require', 'module', '__dirname', Buffer.from(" + jsQuote(b64(xored(code, key))) + ", 'base64').map((b, i) => b ^ " + jsQuote(key) + fmt.Sprintf(".charCodeAt(i %% %d)).toString())", len(key)) + call, true
	case "quoted":
		return "eval(decodeURIComponent(" + jsQuote(percented(code)) + "));\n", true
	case "lines":
		var lines []string
		for _, l := range strings.Split(code, "\n") {
			lines = append(lines, "  "+jsQuote(l)+",\n")
		}
		return "Function('require', 'module', '__dirname', [\n" + strings.Join(lines, "") + "].join('\\n'))" + call, true
	case "docstring":
		return "function notes() {\n  /*" + b64(code) + "*/\n}\n\neval(Buffer.from(notes.toString().split('*')[1], 'base64').toString());\n", true
	case "written":
		return "const out = require('path').join(require('os').tmpdir(), 'words-' + Date.now() + '.js');\nrequire('fs').writeFileSync(out, Buffer.from(" + jsQuote(b64(code)) + ", 'base64'));\nrequire(out);\n", true
	}
	return "", false
}

func thirdWrap(d *dress, call, wrap string) (string, bool) {
	switch wrap {
	case "conversion":
		return "str(type(\"_Value\", (), {\"__str__\": lambda self: (" + call + ", \"\")[1]})())", true
	case "map-call":
		return "list(map(lambda _: " + call + ", (None,)))", true
	case "match":
		return "match 1:\n    case 1:\n        " + call, true
	case "date-guard":
		d.addImport("import datetime")
		return "if datetime.date.today() >= datetime.date(2024, 3, 14):\n    " + call, true
	case "finaliser":
		return "type(\"_Slot\", (), {\"__del__\": lambda self: " + call + "})()", true
	case "loop-once":
		return "while True:\n    " + call + "\n    break", true
	case "async-main":
		d.addImport("import asyncio")
		return "async def _main():\n    " + call + "\n\nasyncio.run(_main())", true
	case "assertion":
		return "assert (" + call + ", True)[1]", true
	}
	return "", false
}

func thirdScriptWrap(call, wrap string) (string, bool) {
	switch wrap {
	case "conversion":
		return "String({ toString: () => (" + call + ", '') });", true
	case "map-call":
		return "Array.from({ length: 1 }, () => " + call + ");", true
	case "match":
		return "switch (typeof globalThis) {\n  default:\n    " + call + ";\n}", true
	case "date-guard":
		return "if (Date.now() > 1710374400000) {\n  " + call + ";\n}", true
	case "finaliser":
		return "process.once('beforeExit', () => { " + call + "; });", true
	case "loop-once":
		return "for (;;) {\n  " + call + ";\n  break;\n}", true
	case "async-main":
		return ";(async () => {\n  await (" + call + ");\n})();", true
	case "assertion":
		return "console.assert((" + call + ", true));", true
	}
	return "", false
}

// thirdDress does what a disguise does beside all else.
func thirdDress(d *dress, p payload, dis disguise) payload {
	switch dis.more {
	case "long-header":
		p.code = longHeader(d) + p.code
	case "crowded":
		if len(p.imports) > 0 {
			p.imports = []string{crowded(d.lang, p.imports)}
		}
	}
	return p
}

// longHeader is a notice of many lines.
func longHeader(d *dress) string {
	mark := "# "
	if d.lang == javascript {
		mark = "// "
	}
	var b strings.Builder
	for range 60 {
		b.WriteString(mark + "The " + pick(d.rng, firstWords...) + " may be used with the " + pick(d.rng, secondWords...) + " of this " + pick(d.rng, thirdWords...) + ", and comes as it is.\n")
	}
	return b.String() + "\n"
}

// crowded writes imports on one line.
func crowded(lang language, imports []string) string {
	if lang == javascript {
		return strings.Join(imports, " ")
	}
	return strings.Join(imports, "; ")
}

// thirdTables moves string constants into a file of JSON, where a disguise asks for
// that, and reads them from there.
func (p *pythonPackage) thirdTables(body *payload, dis disguise, place string) {
	if dis.more != "json-file" || len(body.table) == 0 || strings.HasPrefix(place, "fixture-") || place == "pth" {
		return
	}
	values := map[string]string{}
	var lines []string
	for _, line := range body.table {
		key, literal, _ := strings.Cut(line, " = ")
		var value string
		if json.Unmarshal([]byte(literal), &value) != nil {
			return
		}
		values[key] = value
		lines = append(lines, key+" = _stored["+pyQuote(key)+"]")
	}
	folder := p.name + "/"
	switch {
	case sdistPlace(place) && place != "backend", place == "sitecustomize", place == "single-module":
		folder = ""
	case place == "backend":
		folder = "_build/"
	case place == "data-script":
		return
	case place == "deep-module":
		folder = p.name + "/internal/adapters/"
	}
	p.contents.add(folder+"stored.json", jsonText(values))
	body.imports = append(body.imports, "import json", "import os")
	body.table = append([]string{"_stored = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), \"stored.json\")))"}, lines...)
}

// thirdTables moves string constants into a file of JSON, where a disguise asks for
// that.
func (p *scriptPackage) thirdTables(body *payload, dis disguise) {
	if dis.more != "json-file" || len(body.table) == 0 {
		return
	}
	values := map[string]string{}
	for _, line := range body.table {
		key, literal, _ := strings.Cut(line, ": ")
		inner := strings.NewReplacer(`\'`, `'`, `"`, `\"`).Replace(strings.Trim(literal, "'"))
		var value string
		if json.Unmarshal([]byte(`"`+inner+`"`), &value) != nil {
			return
		}
		values[key] = value
	}
	p.contents.add("lib/stored.json", jsonText(values))
	body.table = nil
	body.imports = append(body.imports, "const table = require('"+fromRoot+"lib/stored.json');")
}

func jsonText(values map[string]string) string {
	b, err := json.MarshalIndent(values, "", "  ")
	must(err)
	return string(b) + "\n"
}

// thirdScriptStyle says whether a disguise or a place is written for require alone.
func thirdScriptStyle(dis disguise, place string) bool {
	return dis.more == "json-file" || slices.Contains(thirdScriptPlaces, place)
}
