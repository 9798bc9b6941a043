package generate

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// pyQuote is a Python string constant.
func pyQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, `"`, `\"`, "\x00", `\x00`, "\x1b", `\x1b`).Replace(s)
	return `"` + s + `"`
}

func (d *dress) pythonName(kind, what string) string {
	if kind == "b" {
		return d.pythonBuiltin(what)
	}
	at := strings.LastIndexByte(what, '.')
	if at < 0 || kind != "c" {
		panic("generate: no name of a Python module: " + what)
	}
	module, attr := what[:at], what[at+1:]
	split := func(s string) string { return strings.Join(quotedAll(d.parts(s), pyQuote), " + ") }
	switch d.callee {
	case "alias":
		a := d.alias(module)
		d.addImport("import " + module + " as " + a)
		return a + "." + attr
	case "from":
		a := d.alias(what)
		d.addImport("from " + module + " import " + attr + " as " + a)
		return a
	case "assign":
		a := d.alias(what)
		d.addImport("import " + module)
		d.addBefore(a + " = " + what)
		return a
	case "getattr":
		d.addImport("import " + module)
		return "getattr(" + module + ", " + split(attr) + ")"
	case "concat":
		d.addImport("import importlib")
		return "getattr(importlib.import_module(" + split(module) + "), " + split(attr) + ")"
	case "dunder":
		return "__import__(" + split(module) + `, fromlist=["_"]).` + attr
	case "modules":
		d.addImport("import sys")
		d.addImport("import " + module)
		return "getattr(sys.modules[" + split(module) + "], " + split(attr) + ")"
	case "vars":
		d.addImport("import " + module)
		return "vars(" + module + ")[" + split(attr) + "]"
	case "attrgetter":
		d.addImport("import operator")
		d.addImport("import " + module)
		return "operator.attrgetter(" + split(attr) + ")(" + module + ")"
	}
	if written, ok := d.secondPythonName(module, attr); ok {
		return written
	}
	if written, ok := d.thirdPythonName(module, attr); ok {
		return written
	}
	if written, ok := d.sealedPythonName(module, attr); ok {
		return written
	}
	d.addImport("import " + module)
	return what
}

func (d *dress) addBefore(line string) {
	for _, have := range d.before {
		if have == line {
			return
		}
	}
	d.before = append(d.before, line)
}

func (d *dress) pythonBuiltin(name string) string {
	switch d.callee {
	case "alias", "assign", "from":
		a := d.alias(name)
		d.addBefore(a + " = " + name)
		return a
	case "getattr", "vars", "attrgetter":
		d.addImport("import builtins")
		return "getattr(builtins, " + strings.Join(quotedAll(d.parts(name), pyQuote), " + ") + ")"
	case "concat", "dunder", "modules":
		return `getattr(__import__("built" + "ins"), ` + strings.Join(quotedAll(d.parts(name), pyQuote), " + ") + ")"
	}
	if written, ok := d.secondPythonName("", name); ok {
		return written
	}
	if written, ok := d.thirdPythonName("", name); ok {
		return written
	}
	if written, ok := d.sealedPythonName("", name); ok {
		return written
	}
	return name
}

func (d *dress) pythonString(s, mode string) string {
	parts := d.parts(s)
	switch mode {
	case "concat":
		return "(" + strings.Join(quotedAll(parts, pyQuote), " + ") + ")"
	case "format":
		way := d.rng.IntN(3)
		if strings.ContainsAny(s, "'\"\\\n\t{}") { // before 3.12 no backslash may stand in an f-string's braces
			way = d.rng.IntN(2)
		}
		switch way {
		case 0:
			return pyQuote(strings.Repeat("{}", len(parts))) + ".format(" + strings.Join(quotedAll(parts, pyQuote), ", ") + ")"
		case 1:
			return "(" + pyQuote(strings.Repeat("%s", len(parts))) + " % (" + strings.Join(quotedAll(parts, pyQuote), ", ") + ",))"
		}
		return `f"{'` + strings.Join(parts, "'}{'") + `'}"`
	case "join":
		return `"".join([` + strings.Join(quotedAll(parts, pyQuote), ", ") + "])"
	case "reverse":
		return pyQuote(reversed(s)) + "[::-1]"
	case "chars":
		if d.rng.IntN(2) == 0 {
			return "bytes([" + codes(s, same) + "]).decode()"
		}
		return `"".join(chr(c) for c in [` + codes(s, same) + "])"
	case "base64":
		d.addImport("import base64")
		return "base64.b64decode(" + pyQuote(b64(s)) + ").decode()"
	case "hex":
		return "bytes.fromhex(" + pyQuote(hexed(s)) + ").decode()"
	case "escapes":
		return `"` + escaped(s) + `"`
	case "rot13":
		d.addImport("import codecs")
		return "codecs.decode(" + pyQuote(rot13(s)) + `, "rot13")`
	case "xor":
		key := rune(d.rng.IntN(60) + 3)
		return fmt.Sprintf(`"".join(chr(c ^ %d) for c in (%s,))`, key, codes(s, func(r rune) rune { return r ^ key }))
	case "step":
		return pyQuote(spaced(s, 'z')) + "[::2]"
	case "replace":
		return pyQuote(spaced(s, '`')) + ".replace(\"`\", \"\")"
	case "mixed":
		return d.pythonString(s, pick(d.rng, "concat", "join", "reverse", "chars", "hex"))
	}
	if written, ok := d.secondPythonString(s, mode); ok {
		return written
	}
	if written, ok := d.thirdPythonString(s, mode); ok {
		return written
	}
	if written, ok := d.sealedPythonString(s, mode); ok {
		return written
	}
	return pyQuote(s)
}

// pythonLayers wraps a module's text into decoded layers, innermost first. Each
// layer is one of base64, hex, zlib, rot13, chars, xor and base85.
func (d *dress) pythonLayers(code string, layers []string) string {
	for i, layer := range layers {
		run := d.pythonBuiltin("exec")
		if i < len(layers)-1 {
			run = "exec"
		}
		code = d.pythonLayer(code, layer, run, i < len(layers)-1)
	}
	return code
}

// pythonLayer is one layer; an inner one brings its imports with it.
func (d *dress) pythonLayer(code, layer, run string, inner bool) string {
	need := func(module string) string {
		if inner {
			return "__import__(" + pyQuote(module) + ")"
		}
		d.addImport("import " + module)
		return module
	}
	switch layer {
	case "hex":
		if d.rng.IntN(2) == 0 {
			return fmt.Sprintf("%s(%s.unhexlify(%s))\n", run, need("binascii"), pyQuote(hexed(code)))
		}
		return fmt.Sprintf("%s(bytes.fromhex(%s).decode())\n", run, pyQuote(hexed(code)))
	case "zlib":
		return fmt.Sprintf("%s(%s.decompress(%s.b64decode(%s)))\n", run, need("zlib"), need("base64"), pyQuote(base64.StdEncoding.EncodeToString(deflate(code))))
	case "rot13":
		return fmt.Sprintf("%s(%s.decode(%s, %s))\n", run, need("codecs"), pyQuote(rot13(code)), pyQuote("rot13"))
	case "chars":
		return fmt.Sprintf("%s(\"\".join(map(chr, [%s])))\n", run, codes(code, same))
	case "xor":
		key := byte(d.rng.IntN(200) + 5)
		b := []byte(code)
		for i := range b {
			b[i] ^= key
		}
		return fmt.Sprintf("%s(bytes(b ^ %d for b in bytes.fromhex(%s)).decode())\n", run, key, pyQuote(hex.EncodeToString(b)))
	case "base85":
		var out bytes.Buffer
		w := ascii85.NewEncoder(&out)
		w.Write(deflate(code))
		w.Close()
		return fmt.Sprintf("%s(%s.decompress(%s.a85decode(%s)))\n", run, need("zlib"), need("base64"), pyQuote(out.String()))
	case "codes-loop":
		return fmt.Sprintf("_out = \"\"\nfor _c in [%s]:\n    _out += chr(_c - 3)\n%s(_out)\n", codes(code, func(r rune) rune { return r + 3 }), run)
	}
	if written, ok := d.secondPythonLayer(code, layer, run, need); ok {
		return written
	}
	if written, ok := d.thirdPythonLayer(code, layer, run, need); ok {
		return written
	}
	if written, ok := d.sealedPythonLayer(code, layer, run, need); ok {
		return written
	}
	return fmt.Sprintf("%s(%s.b64decode(%s))\n", run, need("base64"), pyQuote(b64(code)))
}

// deflate compresses with a zlib header.
func deflate(s string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}
