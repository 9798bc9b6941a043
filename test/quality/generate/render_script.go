package generate

import (
	"fmt"
	"regexp"
	"strings"
)

// jsQuote is a JavaScript string constant in single quotes.
func jsQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, `'`, `\'`, "\x00", `\x00`, "\x1b", `\x1b`, "\u2028", `\u2028`, "\u2029", `\u2029`).Replace(s)
	return "'" + s + "'"
}

var notIdentifier = regexp.MustCompile(`[^A-Za-z0-9]+`)

// local is the variable that a module usually has.
func local(module string) string {
	words := notIdentifier.Split(strings.Trim(module, "@"), -1)
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

func (d *dress) scriptName(kind, what string) string {
	switch kind {
	case "b":
		return d.scriptGlobal(what, "")
	case "g":
		object, member, _ := strings.Cut(what, ".")
		return d.scriptGlobal(object, member)
	case "m":
		return d.scriptModule(what)
	}
	at := strings.LastIndexByte(what, '.')
	if at < 0 {
		panic("generate: no member of a module: " + what)
	}
	module, member := what[:at], what[at+1:]
	split := func(s string) string { return strings.Join(quotedAll(d.parts(s), jsQuote), " + ") }
	switch d.callee {
	case "from", "alias":
		a := d.alias(what)
		if d.style == "cjs" {
			d.addImport("const { " + member + ": " + a + " } = require(" + jsQuote(module) + ");")
		} else {
			d.addImport("import { " + member + " as " + a + " } from " + jsQuote("node:"+module) + ";")
		}
		return a
	case "assign":
		a := d.alias(what)
		m := d.scriptModule(module)
		d.addBefore("const " + a + " = " + m + "." + member + ";")
		return a
	case "getattr":
		return d.scriptModule(module) + "[" + split(member) + "]"
	case "concat", "dunder":
		return d.require() + "(" + split(module) + ")[" + split(member) + "]"
	case "modules":
		return "Reflect.get(" + d.require() + "(" + split(module) + "), " + split(member) + ")"
	case "vars":
		return "Object.entries(" + d.require() + "(" + jsQuote(module) + ")).find(([key]) => key === " + split(member) + ")[1]"
	case "attrgetter":
		return "(({ [" + split(member) + "]: it }) => it)(" + d.scriptModule(module) + ")"
	}
	if written, ok := d.secondScriptName(module, member); ok {
		return written
	}
	if written, ok := d.thirdScriptName(module, member); ok {
		return written
	}
	if written, ok := d.sealedScriptName(module, member); ok {
		return written
	}
	return d.scriptModule(module) + "." + member
}

// require is the function that loads modules, made first in an ES module.
func (d *dress) require() string {
	if d.style == "cjs" {
		if d.callee == "dunder" {
			return "module.require"
		}
		return "require"
	}
	d.addImport("import { createRequire } from 'node:module';")
	d.addBefore("const load = createRequire(import.meta.url);")
	return "load"
}

// scriptModule imports a module whole and gives its variable.
func (d *dress) scriptModule(module string) string {
	v := local(module)
	switch d.callee {
	case "alias", "from", "assign":
		v = d.alias(module)
	case "concat", "dunder", "modules":
		return d.require() + "(" + strings.Join(quotedAll(d.parts(module), jsQuote), " + ") + ")"
	}
	if d.style == "cjs" {
		d.addImport("const " + v + " = require(" + jsQuote(module) + ");")
	} else {
		d.addImport("import " + v + " from " + jsQuote(module) + ";")
	}
	return v
}

// scriptGlobal is a global function, or a member of a global object.
func (d *dress) scriptGlobal(object, member string) string {
	split := func(s string) string { return strings.Join(quotedAll(d.parts(s), jsQuote), " + ") }
	dot := ""
	if member != "" {
		dot = "." + member
	}
	switch d.callee {
	case "alias", "assign", "from":
		a := d.alias(object)
		d.addBefore("const " + a + " = " + object + ";")
		return a + dot
	case "getattr", "vars", "attrgetter":
		if member != "" {
			return object + "[" + split(member) + "]"
		}
		return "globalThis[" + split(object) + "]"
	case "concat", "dunder", "modules":
		if member != "" {
			return "globalThis[" + split(object) + "][" + split(member) + "]"
		}
		return "globalThis[" + split(object) + "]"
	}
	if written, ok := d.secondScriptGlobal(object, member); ok {
		return written
	}
	if written, ok := d.thirdScriptGlobal(object, member); ok {
		return written
	}
	if written, ok := d.sealedScriptGlobal(object, member); ok {
		return written
	}
	return object + dot
}

func (d *dress) scriptString(s, mode string) string {
	parts := d.parts(s)
	switch mode {
	case "concat":
		return "(" + strings.Join(quotedAll(parts, jsQuote), " + ") + ")"
	case "format":
		return "`${" + strings.Join(quotedAll(parts, jsQuote), "}${") + "}`"
	case "join":
		return "[" + strings.Join(quotedAll(parts, jsQuote), ", ") + "].join('')"
	case "reverse":
		return jsQuote(reversed(s)) + ".split('').reverse().join('')"
	case "chars":
		return "String.fromCharCode(" + codes(s, same) + ")"
	case "base64":
		if d.rng.IntN(2) == 0 {
			return "atob(" + jsQuote(b64(s)) + ")"
		}
		return "Buffer.from(" + jsQuote(b64(s)) + ", 'base64').toString()"
	case "hex":
		return "Buffer.from(" + jsQuote(hexed(s)) + ", 'hex').toString('utf8')"
	case "escapes":
		return "'" + escaped(s) + "'"
	case "rot13":
		return jsQuote(rot13(s)) + ".replace(/[a-zA-Z]/g, (c) => String.fromCharCode((c <= 'Z' ? 90 : 122) >= (c = c.charCodeAt(0) + 13) ? c : c - 26))"
	case "xor":
		key := rune(d.rng.IntN(60) + 3)
		return fmt.Sprintf("[%s].map((c) => String.fromCharCode(c ^ %d)).join('')", codes(s, func(r rune) rune { return r ^ key }), key)
	case "step":
		return jsQuote(spaced(s, 'z')) + ".split('').filter((_, i) => i % 2 === 0).join('')"
	case "replace":
		return jsQuote(spaced(s, '`')) + ".replace(/`/g, '')"
	case "mixed":
		return d.scriptString(s, pick(d.rng, "concat", "join", "reverse", "chars", "hex"))
	}
	if written, ok := d.secondScriptString(s, mode); ok {
		return written
	}
	if written, ok := d.thirdScriptString(s, mode); ok {
		return written
	}
	if written, ok := d.sealedScriptString(s, mode); ok {
		return written
	}
	return jsQuote(s)
}

// scriptLayers wraps CommonJS text into decoded layers, innermost first.
func (d *dress) scriptLayers(code string, layers []string) string {
	for i, layer := range layers {
		if text, ok := secondDecoded(code, layer); ok {
			code = secondRun(text, layer)
			continue
		}
		if text, ok := d.thirdScriptLayer(code, layer); ok {
			code = text
			continue
		}
		if text, ok := d.sealedScriptLayer(code, layer); ok {
			code = text
			continue
		}
		inner := i < len(layers)-1
		code = d.run(d.decoded(code, layer), inner)
	}
	return code
}

func (d *dress) decoded(code, layer string) string {
	switch layer {
	case "hex":
		return "Buffer.from(" + jsQuote(hexed(code)) + ", 'hex').toString()"
	case "zlib", "base85":
		return "require('zlib').inflateSync(Buffer.from(" + jsQuote(b64(string(deflate(code)))) + ", 'base64')).toString()"
	case "rot13":
		return d.scriptString(code, "rot13")
	case "chars":
		return "String.fromCharCode(" + codes(code, same) + ")"
	case "xor":
		return d.scriptString(code, "xor")
	case "codes-loop":
		return "[" + codes(code, func(r rune) rune { return r + 3 }) + "].reduce((out, c) => out + String.fromCharCode(c - 3), '')"
	}
	return pick(d.rng, "Buffer.from("+jsQuote(b64(code))+", 'base64').toString()", "atob("+jsQuote(b64(code))+")")
}

// run evaluates a text in one of the ways there are.
func (d *dress) run(text string, inner bool) string {
	if inner || d.style != "cjs" {
		return "eval(" + text + ");\n"
	}
	switch d.rng.IntN(4) {
	case 0:
		return "new Function('require', 'process', " + text + ")(require, process);\n"
	case 1:
		return "(0, " + d.scriptGlobal("eval", "") + ")(" + text + ");\n"
	case 2:
		return "require('vm').runInThisContext(" + text + ");\n"
	}
	return "module._compile(" + text + ", __filename);\n"
}
