package generate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// What the files sealed*.go hold is in the sealed half alone. Who writes or tunes
// rules does not read them.

// sealedDisguises are worn in the sealed half only: by its own shapes and by older
// ones.
var sealedDisguises = []disguise{
	{name: "partial-call", callee: "partial", honest: true, sealed: true},
	{name: "unpacked-pair", callee: "pair", honest: true, sealed: true},
	{name: "property-holder", callee: "property", sealed: true},
	{name: "first-match", callee: "match", sealed: true},
	{name: "every-third", text: "thirds", sealed: true},
	{name: "complement", text: "complement", sealed: true},
	{name: "split-list", text: "split", honest: true, sealed: true},
	{name: "sorted-pairs", text: "pairs", sealed: true},
	{name: "turned-round", text: "rotated", honest: true, sealed: true},
	{name: "padded-text", text: "padded", sealed: true},
	{name: "byte-list", text: "bytelist", callee: "pair", sealed: true},
	{name: "layer-reversed-hex", layers: []string{"reversed-hex"}, sealed: true},
	{name: "layer-number-lines", layers: []string{"number-lines"}, sealed: true},
	{name: "layer-table-of-pieces", layers: []string{"pieces"}, sealed: true},
	{name: "suppressed", wrap: "suppressed", honest: true, sealed: true},
	{name: "generator-step", wrap: "generator", sealed: true},
	{name: "else-branch", wrap: "else", honest: true, sealed: true},
	{name: "unless-ci", wrap: "unless-ci", sealed: true},
	{name: "kept-result", wrap: "kept", honest: true, sealed: true},
	{name: "task-list", wrap: "tasks", honest: true, sealed: true},
}

// sealedWears names older disguises that the shapes of the sealed half wear too. It is
// a list of its own, so that the sealed half stays the same when the tune half gets
// another disguise.
var sealedWears = []string{
	"alias", "from-import", "concat", "base64-strings", "join", "layer-base64", "layers-2", "try", "thread", "constants", "two-files", "getattr",
	"lookup-table", "class-holder", "templates", "json-file", "async-main", "match", "long-header", "crowded-imports", "local-imports", "layer-keyed", "date-guard", "base32-strings",
}

// How many disguises a shape wears in the sealed half: older ones and new ones, for a
// shape of this half, and new ones for older shapes.
const (
	sealedKnown = 4
	sealedNew   = 10
	sealedByOld = 2
)

// sealedSamples describes the samples of the sealed half.
func sealedSamples(seed uint64) []Sample {
	var out []Sample
	add := func(s shape, d disguise) {
		bad, good := pair(seed, s, d, 0)
		out = append(out, bad)
		if good.make != nil {
			out = append(out, good)
		}
	}
	for _, s := range sealedShapes() {
		for _, d := range slices.Concat(disguises[:1], sealedDrawn(seed, s, knownSealed(), sealedKnown), sealedDrawn(seed, s, sealedDisguises, sealedNew)) {
			add(sealedShape(s, d), d)
		}
	}
	for _, s := range shapes() {
		if s.places != nil && s.places[0] == "shell-hook" {
			continue
		}
		for _, d := range sealedDrawn(seed, s, sealedDisguises, sealedByOld) {
			add(s, d)
		}
	}
	for _, s := range slices.Concat(secondPython, secondPythonMore, secondScripts) {
		for _, d := range sealedDrawn(seed, s, sealedDisguises, 1) {
			s := secondShape(s, d)
			s.opened = false
			add(s, d)
		}
	}
	for _, s := range thirdShapes() {
		for _, d := range sealedDrawn(seed, s, sealedDisguises, sealedByOld) {
			s := sealedShape(s, d)
			s.sealed = false // its disguise alone is new
			add(s, d)
		}
	}
	for _, o := range sealedOthers {
		o.sealed = true
		n := variants
		if len(o.spellings) == 1 {
			n = 5
		}
		for _, how := range o.spellings {
			for v := range n {
				bad, good := otherPair(seed, o, how, v)
				out = append(out, bad, good)
			}
		}
	}
	return append(out, sealedHonestSamples(seed)...)
}

// sealedShapes are this half's own in Python and JavaScript.
func sealedShapes() []shape {
	return slices.Concat(sealedPython, sealedPythonMore, sealedPythonRest, sealedScripts, sealedScriptsMore)
}

// sealedShape is a shape of the sealed half with the places where it can stand in a
// disguise.
func sealedShape(s shape, d disguise) shape {
	s = thirdShape(s, d)
	s.opened, s.sealed = false, true
	return s
}

// knownSealed are the older disguises that the shapes of the sealed half wear too.
func knownSealed() []disguise {
	var out []disguise
	for _, d := range slices.Concat(disguises, firstDisguises, secondDisguises, thirdDisguises) {
		if slices.Contains(sealedWears, d.name) {
			out = append(out, d)
		}
	}
	return out
}

// sealedDrawn are n of the disguises that a shape can wear, drawn by its name.
func sealedDrawn(seed uint64, s shape, of []disguise, n int) []disguise {
	can := thirdDrawn(seed, s, of, len(of))
	rng := source(seed, "fourth", s.lang, s.family, s.name, len(of))
	rng.Shuffle(len(can), func(i, j int) { can[i], can[j] = can[j], can[i] })
	return can[:min(n, len(can))]
}

// sealedPythonName writes a name of a module, or a built-in where the module is empty.
func (d *dress) sealedPythonName(module, attr string) (string, bool) {
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
	if !slices.Contains([]string{"partial", "pair", "property", "match"}, d.callee) {
		return "", false
	}
	a := d.alias(value)
	switch d.callee {
	case "partial":
		need(module)
		d.addBefore("def " + a + "_():\n    return " + value)
		return a + "_()", true
	case "pair":
		need(module)
		d.addBefore(a + ", " + a + "_at = " + value + ", 0")
		return a, true
	case "property":
		need(module)
		d.addBefore("class " + a + ":\n    @property\n    def it(self):\n        return " + value)
		return a + "().it", true
	case "match":
		need(holder, "re")
		return fmt.Sprintf("getattr(%s, next(filter(re.compile(%s).fullmatch, dir(%s))))", holder, pyQuote("["+attr[:1]+"]"+attr[1:]), holder), true
	}
	return "", false
}

// thirds writes each character before two others.
func thirds(rng *rand.Rand, s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
		b.WriteString(string(lowercase[rng.IntN(26)]) + string(lowercase[rng.IntN(26)]))
	}
	return b.String()
}

// turnedBy is how much of the end of a text comes first in it when it is turned round.
func turnedBy(s string) int { return len([]rune(s)) / 3 }

// turned is a text with that many of its last characters first.
func turned(s string, at int) string {
	r := []rune(s)
	return string(r[len(r)-at:]) + string(r[:len(r)-at])
}

// padding stands before and behind a text.
const padding = "words/"

// shuffledPairs are the pieces of a text with their places, in another order.
func shuffledPairs(rng *rand.Rand, parts []string, format string, quote func(string) string) string {
	var out []string
	for i, p := range parts {
		out = append(out, fmt.Sprintf(format, i, quote(p)))
	}
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return strings.Join(out, ", ")
}

// numbersOf are the bytes of a text.
func numbersOf(s string, change func(byte) byte) string {
	out := make([]string, len(s))
	for i := range len(s) {
		out[i] = fmt.Sprint(change(s[i]))
	}
	return strings.Join(out, ", ")
}

func itself(b byte) byte     { return b }
func complement(b byte) byte { return 255 - b }

func (d *dress) sealedPythonString(s, mode string) (string, bool) {
	switch mode {
	case "thirds":
		return pyQuote(thirds(d.rng, s)) + "[::3]", true
	case "rotated":
		at := turnedBy(s)
		return fmt.Sprintf("(lambda t: t[%[1]d:] + t[:%[1]d])(%[2]s)", at, pyQuote(turned(s, at))), true
	case "padded":
		return pyQuote(padding+s+padding) + fmt.Sprintf("[%[1]d:-%[1]d]", len(padding)), true
	case "complement":
		return "bytes(255 - n for n in (" + numbersOf(s, complement) + ",)).decode()", true
	case "split":
		return `"".join(` + pyQuote(strings.Join(d.parts(s), "\x1f")) + `.split("\x1f"))`, true
	case "pairs":
		return `"".join(p for _, p in sorted([` + shuffledPairs(d.rng, d.parts(s), "(%d, %s)", pyQuote) + "]))", true
	case "bytelist":
		return "bytearray([" + numbersOf(s, itself) + "]).decode()", true
	}
	return "", false
}

func (d *dress) sealedScriptString(s, mode string) (string, bool) {
	switch mode {
	case "thirds":
		return jsQuote(thirds(d.rng, s)) + ".replace(/([^])[^][^]/g, '$1')", true
	case "rotated":
		at := turnedBy(s)
		return jsQuote(turned(s, at)) + fmt.Sprintf(".replace(/^([^]{%d})([^]*)$/u, '$2$1')", at), true
	case "padded":
		return jsQuote(padding+s+padding) + fmt.Sprintf(".slice(%[1]d, -%[1]d)", len(padding)), true
	case "complement":
		return "Buffer.from([" + numbersOf(s, complement) + "].map((n) => 255 - n)).toString()", true
	case "split":
		return jsQuote(strings.Join(d.parts(s), "\x1f")) + `.split('\x1f').join('')`, true
	case "pairs":
		return "[" + shuffledPairs(d.rng, d.parts(s), "[%d, %s]", jsQuote) + "].sort((a, b) => a[0] - b[0]).map((p) => p[1]).join('')", true
	case "bytelist":
		return "new TextDecoder().decode(Uint8Array.of(" + numbersOf(s, itself) + "))", true
	}
	return "", false
}

// numberLines are the bytes of a text, so many on each line.
func numberLines(s string) string {
	all := strings.Split(numbersOf(s, itself), ", ")
	var b strings.Builder
	for part := range slices.Chunk(all, 24) {
		b.WriteString("    " + strings.Join(part, ", ") + ",\n")
	}
	return b.String()
}

// pieces are the parts of a text under keys, and the keys in their order.
func pieces(rng *rand.Rand, s string, quote func(string) string) (table, order string) {
	var rows, keys []string
	for i, part := range slices.Collect(slices.Chunk([]byte(s), 40)) {
		key := quote(fmt.Sprintf("k%02d", (i*37+11)%97) + string(lowercase[i%26]) + fmt.Sprint(i))
		rows, keys = append(rows, "    "+key+": "+quote(string(part))+",\n"), append(keys, key)
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return strings.Join(rows, ""), strings.Join(keys, ", ")
}

func (d *dress) sealedPythonLayer(code, layer, run string, need func(string) string) (string, bool) {
	switch layer {
	case "reversed-hex":
		return fmt.Sprintf("%s(bytes.fromhex(%s[::-1]))\n", run, pyQuote(reversed(hexed(code)))), true
	case "number-lines":
		return "_rows = [\n" + numberLines(code) + "]\n" + run + "(bytes(_rows))\n", true
	case "pieces":
		table, order := pieces(d.rng, b64(code), pyQuote)
		return "_pieces = {\n" + table + "}\n" + run + "(" + need("base64") + ".b64decode(\"\".join(map(_pieces.get, [" + order + "]))))\n", true
	}
	return "", false
}

// sealedScriptLayer is a whole layer of a script: what decodes a text and runs it.
func (d *dress) sealedScriptLayer(code, layer string) (string, bool) {
	run := func(text string) (string, bool) {
		return "new Function('require', 'module', '__dirname', " + text + ")(require, module, __dirname);\n", true
	}
	switch layer {
	case "reversed-hex":
		return run("Buffer.from([..." + jsQuote(reversed(hexed(code))) + "].reverse().join(''), 'hex').toString()")
	case "number-lines":
		return run("Buffer.from([\n" + numberLines(code) + "]).toString()")
	case "pieces":
		table, order := pieces(d.rng, b64(code), jsQuote)
		return run("Buffer.from([" + order + "].map((k) => ({\n" + table + "})[k]).join(''), 'base64').toString()")
	}
	return "", false
}

func (d *dress) sealedScriptName(module, member string) (string, bool) {
	if slices.Contains([]string{"partial", "pair", "property", "match"}, d.callee) {
		return d.fourthMember(d.scriptModule(module), member)
	}
	return "", false
}

func (d *dress) sealedScriptGlobal(object, member string) (string, bool) {
	if slices.Contains([]string{"partial", "pair", "property", "match"}, d.callee) {
		if d.callee == "match" && member == "" {
			return d.fourthMember("globalThis", object)
		}
		return d.fourthMember(object, member)
	}
	return "", false
}

// fourthMember is a member of an object, or the object where the member is empty.
func (d *dress) fourthMember(object, member string) (string, bool) {
	value := object
	if member != "" {
		value += "." + member
	}
	a := d.alias(value)
	switch d.callee {
	case "partial":
		d.addBefore("function " + a + "Of() {\n  return " + value + ";\n}")
		return a + "Of()", true
	case "pair":
		d.addBefore("const [" + a + "] = [" + value + ", 0];")
		return a, true
	case "property":
		d.addBefore("const " + a + " = {\n  get it() {\n    return " + value + ";\n  },\n};")
		return a + ".it", true
	}
	return object + "[Object.getOwnPropertyNames(" + object + ").find((k) => /^[" + member[:1] + "]" + member[1:] + "$/.test(k))]", true
}

func sealedWrap(d *dress, call, wrap string) (string, bool) {
	switch wrap {
	case "suppressed":
		d.addImport("import contextlib")
		return "with contextlib.suppress(Exception):\n    " + call, true
	case "generator":
		return "next((lambda: (yield " + call + "))(), None)", true
	case "else":
		return "try:\n    _ready = True\nexcept ImportError:\n    _ready = False\nelse:\n    " + call, true
	case "unless-ci":
		d.addImport("import os")
		return "if not os.environ.get(\"CI_WORDS\"):\n    " + call, true
	case "kept":
		return "_result = " + call, true
	case "tasks":
		return "_tasks = [lambda: " + call + "]\nfor _task in _tasks:\n    _task()", true
	}
	return "", false
}

func sealedScriptWrap(call, wrap string) (string, bool) {
	switch wrap {
	case "suppressed":
		return "Promise.resolve()\n  .then(() => " + call + ")\n  .catch(() => {});", true
	case "generator":
		return "(function* () {\n  yield " + call + ";\n})().next();", true
	case "else":
		return "if (typeof process === 'undefined') {\n  void 0;\n} else {\n  " + call + ";\n}", true
	case "unless-ci":
		return "if (!process.env.CI_WORDS) {\n  " + call + ";\n}", true
	case "kept":
		return "const result = " + call + ";\nvoid result;", true
	case "tasks":
		return "const tasks = [() => " + call + "];\ntasks.forEach((task) => task());", true
	}
	return "", false
}
