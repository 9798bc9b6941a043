package generate

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// What the files opened_2*.go hold was the second sealed half. It was run and its
// figures were told, so it is tuned on now.

// secondDisguises are worn by the shapes of the second half, and by some of those that
// were there before it.
var secondDisguises = []disguise{
	{name: "closure-names", callee: "closure", opened: true},
	{name: "namespace", callee: "namespace", text: "adjacent", honest: true, opened: true},
	{name: "reduce-names", callee: "reduce", text: "cut", opened: true},
	{name: "own-attribute", callee: "attribute", text: "percent", opened: true},
	{name: "resolved-names", callee: "resolve", text: "interleaved", opened: true},
	{name: "letters", callee: "letters", opened: true},
	{name: "gaps", callee: "gaps", honest: true, opened: true},
	{name: "numbers", text: "number", opened: true},
	{name: "alphabet", text: "alphabet", constants: true, opened: true},
	{name: "json-strings", text: "json", callee: "alias", opened: true},
	{name: "layers-gzip-reversed", layers: []string{"gzip", "reversed"}, opened: true},
	{name: "layer-utf16", layers: []string{"utf16"}, opened: true},
	{name: "layer-chunks", layers: []string{"chunks"}, opened: true},
	{name: "local-imports", more: "local", honest: true, opened: true},
	{name: "imports-elsewhere", more: "shim", honest: true, opened: true},
	{name: "dispatch", wrap: "dispatch", honest: true, opened: true},
	{name: "finally", wrap: "finally", honest: true, opened: true},
	{name: "protocol", wrap: "protocol", opened: true},
	{name: "executor", wrap: "executor", honest: true, opened: true},
	{name: "cleanup", wrap: "cleanup", callee: "from", opened: true},
	{name: "line-ends", more: "line-ends", honest: true, opened: true},
}

// secondWears names the older disguises that the shapes of the second half wear too.
var secondWears = []string{
	"alias", "from-import", "getattr", "concat", "join", "chars", "base64-strings", "layer-base64", "layers-2", "decoy-quotes", "suppressions",
	"whitespace", "try", "thread", "lambda", "constants", "two-files", "file-txt", "sys-modules", "layer-xor", "decorator", "three-files",
}

// How many disguises a shape wears in the second half: of those above, and of its
// own ones, for a shape of this half and for an older one.
const (
	wornKnown = 6
	wornNew   = 14
	wornByOld = 5
)

// secondSamples describes the samples of the second half.
func secondSamples(seed uint64) []Sample {
	var out []Sample
	add := func(s shape, d disguise) {
		bad, good := pair(seed, secondShape(s, d), d, 0)
		out = append(out, bad)
		if good.make != nil {
			out = append(out, good)
		}
	}
	for _, s := range slices.Concat(secondPython, secondPythonMore, secondScripts) {
		add(s, disguises[0])
		for _, d := range drawn(seed, s, known(secondWears), wornKnown) {
			add(s, d)
		}
		for _, d := range drawn(seed, s, secondDisguises, wornNew) {
			add(s, d)
		}
	}
	for _, s := range shapes() {
		if s.places != nil && s.places[0] == "shell-hook" {
			continue
		}
		for _, d := range drawn(seed, s, secondDisguises, wornByOld) {
			bad, good := pair(seed, s, d, 0)
			out = append(out, bad)
			if good.make != nil {
				out = append(out, good)
			}
		}
	}
	out = append(out, secondOtherSamples(seed)...)
	return append(out, secondHonestSamples(seed)...)
}

// drawn are n of the disguises that a shape can wear, drawn by its name.
func drawn(seed uint64, s shape, of []disguise, n int) []disguise {
	var can []disguise
	for _, d := range of {
		switch {
		case s.fixed && (len(d.layers) > 0 || d.around == "one-line" || d.around == "whitespace" || d.text != "" || d.callee == "concat"):
		case s.places != nil && d.place != "":
		case s.places != nil && s.places[0] == "pth" && (d.files > 1 || d.more == "shim" || d.around == "suppressions"):
		default:
			can = append(can, d)
		}
	}
	rng := source(seed, "drawn", s.lang, s.family, s.name, len(of))
	rng.Shuffle(len(can), func(i, j int) { can[i], can[j] = can[j], can[i] })
	return can[:min(n, len(can))]
}

func known(names []string) []disguise {
	var out []disguise
	for _, d := range slices.Concat(disguises, firstDisguises) {
		if slices.Contains(names, d.name) {
			out = append(out, d)
		}
	}
	return out
}

// literals writes the pieces of a string as constants that stand side by side.
func (d *dress) literals(s string, quote func(string) string, between string) string {
	return strings.Join(quotedAll(d.parts(s), quote), between)
}

// secondPythonName writes a name of a module, or a built-in where the module is empty.
func (d *dress) secondPythonName(module, attr string) (string, bool) {
	value, holder := attr, "builtins"
	if module != "" {
		value, holder = module+"."+attr, module
	}
	need := func(modules ...string) {
		for _, m := range modules {
			d.addImport("import " + m)
		}
	}
	owned := func() {
		if module != "" {
			need(module)
		}
	}
	switch d.callee {
	case "closure":
		owned()
		a := d.alias(value)
		d.addBefore("def " + a + "():\n    return " + value)
		return a + "()", true
	case "namespace":
		owned()
		need("types")
		a := d.alias(value)
		d.addBefore(a + " = types.SimpleNamespace(impl=" + value + ")")
		return a + ".impl", true
	case "reduce":
		need("functools", holder)
		return "functools.reduce(getattr, (" + d.literals(attr, pyQuote, " + ") + ",), " + holder + ")", true
	case "attribute":
		need(holder)
		return holder + ".__getattribute__(" + d.literals(attr, pyQuote, " ") + ")", true
	case "resolve":
		need("pkgutil")
		return "pkgutil.resolve_name(" + d.literals(holder+":"+attr, pyQuote, " + ") + ")", true
	case "letters":
		owned()
		if module == "" {
			return styled(d.rng, attr), true
		}
		return module + "." + styled(d.rng, attr), true
	case "gaps":
		owned()
		if module == "" {
			return "(\n        " + attr + "  # as ever\n    )", true
		}
		return "(\n        " + module + "  # the usual one\n        ." + attr + "\n    )", true
	}
	return "", false
}

// styled writes the letters of a name as mathematical ones, which Python reads as
// the plain ones (https://docs.python.org/3/reference/lexical_analysis.html#identifiers).
func styled(rng *rand.Rand, name string) string {
	first := pick(rng, [2]rune{0x1D5BA, 0x1D5A0}, [2]rune{0x1D5EE, 0x1D5D4}, [2]rune{0x1D622, 0x1D608})
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return first[0] + r - 'a'
		case r >= 'A' && r <= 'Z':
			return first[1] + r - 'A'
		}
		return r
	}, name)
}

// halves are the characters at even and at odd places.
func halves(s string) (even, odd string) {
	for i, r := range []rune(s) {
		if i%2 == 0 {
			even += string(r)
		} else {
			odd += string(r)
		}
	}
	return even, odd
}

// letters lists the different characters of a string, and where each one of the
// string stands in that list.
func letters(rng *rand.Rand, s string) (list, places string) {
	var set []rune
	for _, r := range s {
		if !slices.Contains(set, r) {
			set = append(set, r)
		}
	}
	rng.Shuffle(len(set), func(i, j int) { set[i], set[j] = set[j], set[i] })
	var at []string
	for _, r := range s {
		at = append(at, fmt.Sprint(slices.Index(set, r)))
	}
	return string(set), strings.Join(at, ", ")
}

func percented(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

// jsonEscaped is a JSON string with every character as an escape.
func jsonEscaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return `"` + b.String() + `"`
}

func number(s string) string { return "0x" + new(big.Int).SetBytes([]byte(s)).Text(16) }

func (d *dress) secondPythonString(s, mode string) (string, bool) {
	switch mode {
	case "adjacent":
		return "(" + d.literals(s, pyQuote, " ") + ")", true
	case "cut":
		return pyQuote("//"+s+"//") + "[2:-2]", true
	case "percent":
		d.addImport("import urllib.parse")
		return "urllib.parse.unquote(" + pyQuote(percented(s)) + ")", true
	case "interleaved":
		even, odd := halves(s)
		d.addImport("import itertools")
		return `"".join(a + b for a, b in itertools.zip_longest(` + pyQuote(even) + ", " + pyQuote(odd) + `, fillvalue=""))`, true
	case "number":
		return fmt.Sprintf("(%s).to_bytes(%d, \"big\").decode()", number(s), len(s)), true
	case "alphabet":
		list, places := letters(d.rng, s)
		return `"".join(map(` + pyQuote(list) + ".__getitem__, (" + places + ",)))", true
	case "json":
		d.addImport("import json")
		return "json.loads(" + pyQuote(jsonEscaped(s)) + ")", true
	}
	return "", false
}

func (d *dress) secondPythonLayer(code, layer, run string, need func(string) string) (string, bool) {
	switch layer {
	case "gzip":
		return fmt.Sprintf("%s(%s.decompress(%s.b64decode(%s)))\n", run, need("gzip"), need("base64"), pyQuote(b64(gzipped(code)))), true
	case "reversed":
		return fmt.Sprintf("%s(%s.b64decode(%s[::-1]))\n", run, need("base64"), pyQuote(reversed(b64(code)))), true
	case "utf16":
		return fmt.Sprintf("%s.FunctionType(compile(bytes.fromhex(%s).decode(\"utf-16-le\"), \"<text>\", \"exec\"), globals())()\n", need("types"), pyQuote(hexed(wide(code)))), true
	case "chunks":
		var parts []string
		for part := range slices.Chunk([]byte(b64(code)), 64) {
			parts = append(parts, "    "+pyQuote(string(part))+",\n")
		}
		return "_parts = (\n" + strings.Join(parts, "") + ")\n" + need("code") + ".InteractiveInterpreter(globals()).runcode(compile(" + need("base64") + ".b64decode(\"\".join(_parts)), \"<text>\", \"exec\"))\n", true
	}
	return "", false
}

// wide is text in two bytes a character, the lower one first.
func wide(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func (d *dress) secondScriptName(module, member string) (string, bool) {
	split := func(s string) string { return d.literals(s, jsQuote, " + ") }
	switch d.callee {
	case "closure":
		m := d.scriptModule(module)
		a := d.alias(module + "." + member)
		d.addBefore("const " + a + " = () => " + m + "." + member + ";")
		return a + "()", true
	case "namespace":
		m := d.scriptModule(module)
		a := d.alias(module + "." + member)
		d.addBefore("const " + a + " = Object.freeze({ impl: " + m + "." + member + " });")
		return a + ".impl", true
	case "reduce":
		return "[" + split(member) + "].reduce((at, key) => at[key], " + d.scriptModule(module) + ")", true
	case "attribute":
		return "Object.getOwnPropertyDescriptors(" + d.scriptModule(module) + ")[" + split(member) + "].value", true
	case "resolve":
		if d.style == "cjs" {
			return "module.constructor._load(" + split(module) + ")." + member, true
		}
		return d.require() + "(" + split(module) + ")." + member, true
	case "letters":
		return d.scriptModule(module) + "." + unicodeEscaped(d.rng, member), true
	case "gaps":
		return d.scriptModule(module) + " /* the usual one */ . /* as ever */ " + member, true
	}
	return "", false
}

func (d *dress) secondScriptGlobal(object, member string) (string, bool) {
	split := func(s string) string { return d.literals(s, jsQuote, " + ") }
	value := object
	if member != "" {
		value += "." + member
	}
	switch d.callee {
	case "closure":
		a := d.alias(value)
		d.addBefore("const " + a + " = () => " + value + ";")
		return a + "()", true
	case "namespace":
		a := d.alias(value)
		d.addBefore("const " + a + " = Object.freeze({ impl: " + value + " });")
		return a + ".impl", true
	case "reduce":
		if member == "" {
			return "[" + split(object) + "].reduce((at, key) => at[key], globalThis)", true
		}
		return "[" + split(object) + ", " + split(member) + "].reduce((at, key) => at[key], globalThis)", true
	case "attribute":
		if member == "" {
			return "({ it: " + object + " }).it", true
		}
		return "Object.getOwnPropertyDescriptors(" + object + ")[" + split(member) + "].value", true
	case "resolve":
		if member == "" {
			return "global[" + split(object) + "]", true
		}
		return "global[" + split(object) + "]." + member, true
	case "letters":
		if member == "" {
			return unicodeEscaped(d.rng, object), true
		}
		return unicodeEscaped(d.rng, object) + "." + unicodeEscaped(d.rng, member), true
	case "gaps":
		if member == "" {
			return "(/* as ever */ " + object + ")", true
		}
		return object + " /* as ever */ . " + member, true
	}
	return "", false
}

// unicodeEscaped writes one letter of an identifier as an escape, which JavaScript
// reads as the letter (https://tc39.es/ecma262/#sec-names-and-keywords).
func unicodeEscaped(rng *rand.Rand, name string) string {
	at := rng.IntN(len(name))
	return fmt.Sprintf(`%s\u%04x%s`, name[:at], name[at], name[at+1:])
}

func (d *dress) secondScriptString(s, mode string) (string, bool) {
	switch mode {
	case "adjacent":
		parts := quotedAll(d.parts(s), jsQuote)
		if len(parts) == 1 {
			return parts[0], true
		}
		return parts[0] + ".concat(" + strings.Join(parts[1:], ", ") + ")", true
	case "cut":
		return jsQuote("//"+s+"//") + ".slice(2, -2)", true
	case "percent":
		return "decodeURIComponent(" + jsQuote(percented(s)) + ")", true
	case "interleaved":
		even, odd := halves(s)
		return "[..." + jsQuote(even) + "].map((c, i) => c + (" + jsQuote(odd) + "[i] || '')).join('')", true
	case "number":
		return fmt.Sprintf("Buffer.from((%sn).toString(16).padStart(%d, '0'), 'hex').toString()", number(s), 2*len(s)), true
	case "alphabet":
		list, places := letters(d.rng, s)
		return "[" + places + "].map((i) => " + jsQuote(list) + "[i]).join('')", true
	case "json":
		return "JSON.parse(" + jsQuote(jsonEscaped(s)) + ")", true
	}
	return "", false
}

func secondDecoded(code, layer string) (string, bool) {
	switch layer {
	case "gzip":
		return "require('zlib').gunzipSync(Buffer.from(" + jsQuote(b64(gzipped(code))) + ", 'base64')).toString()", true
	case "reversed":
		return "Buffer.from([..." + jsQuote(reversed(b64(code))) + "].reverse().join(''), 'base64').toString()", true
	case "utf16":
		return "Buffer.from(" + jsQuote(hexed(wide(code))) + ", 'hex').toString('utf16le')", true
	case "chunks":
		var parts []string
		for part := range slices.Chunk([]byte(b64(code)), 64) {
			parts = append(parts, jsQuote(string(part)))
		}
		return "[" + strings.Join(parts, ", ") + "].map((part) => Buffer.from(part, 'base64').toString('latin1')).join('')", true
	}
	return "", false
}

// secondRun evaluates a text in a way that goes with its layer.
func secondRun(text, layer string) string {
	switch layer {
	case "utf16":
		return "new (require('vm').Script)(" + text + ").runInThisContext();\n"
	case "chunks":
		return "Object.getPrototypeOf(async function () {}).constructor('require', 'module', '__dirname', " + text + ")(require, module, __dirname);\n"
	}
	return "eval(" + text + ");\n"
}

func secondWrap(d *dress, call, wrap string) (string, bool) {
	switch wrap {
	case "dispatch":
		return "{\"ready\": lambda: " + call + "}[\"ready\"]()", true
	case "finally":
		return "try:\n    pass\nfinally:\n    " + call, true
	case "protocol":
		return "type(\"_Field\", (), {\"slot\": type(\"_Slot\", (), {\"__set_name__\": lambda *_: " + call + "})()})", true
	case "executor":
		d.addImport("import concurrent.futures")
		return "concurrent.futures.ThreadPoolExecutor(1).submit(lambda: " + call + ")", true
	case "cleanup":
		d.addImport("import contextlib")
		return "with contextlib.ExitStack() as _stack:\n    _stack.callback(lambda: " + call + ")", true
	}
	return "", false
}

func secondScriptWrap(call, wrap string) (string, bool) {
	switch wrap {
	case "dispatch":
		return "({ ready: () => " + call + " }).ready();", true
	case "finally":
		return "try {\n  void 0;\n} finally {\n  " + call + ";\n}", true
	case "protocol":
		return "new Proxy(() => {}, { apply: () => " + call + " })();", true
	case "executor":
		return "process.nextTick(() => { " + call + "; });", true
	case "cleanup":
		return "Promise.resolve().finally(() => { " + call + "; });", true
	}
	return "", false
}

// secondDress does what a disguise does beside all else.
func secondDress(d *dress, p payload, dis disguise) payload {
	switch dis.more {
	case "local":
		return inFunction(d, p)
	case "line-ends":
		p.code = strings.ReplaceAll(p.code, "\n", "\r\n")
	}
	return p
}

// inFunction moves imports and code into a function.
func inFunction(d *dress, p payload) payload {
	text := moduleText(p.imports, p.before, p.code, p.call)
	if d.lang == javascript {
		return payload{table: p.table, code: "function bootstrap() {\n" + indent(strings.TrimLeft(text, "\n"), 2) + "}\n", call: "bootstrap();"}
	}
	return payload{table: p.table, code: "def _bootstrap():\n" + indent(strings.TrimLeft(text, "\n"), 4), call: "_bootstrap()"}
}

var (
	pythonImport = regexp.MustCompile(`^(?:from \S+ import \S+|import (\w+)\S*)(?: as (\w+))?$`)
	scriptImport = regexp.MustCompile(`^const (?:(\w+)|\{ \w+: (\w+) \}) = require\(.*\);$`)
)

// bound splits imports into those whose names are known, the names, and the rest.
func bound(imports []string, pattern *regexp.Regexp) (lines, names, rest []string) {
	for _, line := range imports {
		m := pattern.FindStringSubmatch(line)
		if m == nil || m[1]+m[2] == "" {
			rest = append(rest, line)
			continue
		}
		name := m[1]
		if m[2] != "" {
			name = m[2]
		}
		lines = append(lines, line)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return lines, names, rest
}

// secondDress moves the imports of a payload into a file of their own, where a
// disguise asks for that.
func (p *pythonPackage) secondDress(body *payload, dis disguise, place string) {
	if dis.more != "shim" {
		return
	}
	lines, names, rest := bound(body.imports, pythonImport)
	if len(names) == 0 || strings.HasPrefix(place, "fixture-") || place == "pth" {
		return
	}
	from, where := "from ._deps import ", p.name+"/_deps.py"
	switch place {
	case "setup", "cmdclass", "setup-helper", "distclass", "extension-class":
		from, where = "import os\nimport sys\n\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\nfrom _deps import ", "_deps.py"
	case "backend":
		from, where = "from _deps import ", "_build/_deps.py"
	case "hatch-hook", "sitecustomize", "data-script":
		from, where = "from "+p.name+"._deps import ", p.name+"/_deps.py"
	}
	p.contents.add(where, "\"\"\"What the rest of the package imports.\"\"\"\n\n"+strings.Join(lines, "\n")+"\n")
	body.imports = append(rest, from+strings.Join(names, ", "))
}

// secondCommonJS says whether a disguise or a place of the second half is written for
// require alone.
func secondCommonJS(dis disguise, place string) bool {
	return dis.more == "shim" || dis.more == "local" || slices.Contains(secondScriptPlaces, place)
}

// secondDress moves what a payload requires into a file of its own, where a disguise
// asks for that.
func (p *scriptPackage) secondDress(body *payload, dis disguise) {
	if dis.more != "shim" {
		return
	}
	lines, names, rest := bound(body.imports, scriptImport)
	if len(names) == 0 {
		return
	}
	list := "{ " + strings.Join(names, ", ") + " }"
	p.contents.add("lib/deps.js", strings.Join(lines, "\n")+"\n\nmodule.exports = "+list+";\n")
	body.imports = append(rest, "const "+list+" = require('"+fromRoot+"lib/deps.js');")
}
