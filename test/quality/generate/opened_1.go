package generate

// What this file and opened_1_shapes.go hold was the first sealed half's own. That
// half was run and its figures were told, so it is tuned on now.

// firstDisguises are worn by every shape of the tune half.
var firstDisguises = []disguise{
	{name: "sys-modules", callee: "modules", opened: true},
	{name: "vars", callee: "vars", text: "step", opened: true},
	{name: "attrgetter", callee: "attrgetter", text: "replace", opened: true},
	{name: "rot13-strings", text: "rot13", opened: true},
	{name: "xor-strings", text: "xor", callee: "from", opened: true},
	{name: "layer-rot13", layers: []string{"rot13"}, opened: true},
	{name: "layer-xor", layers: []string{"xor"}, opened: true},
	{name: "layer-base85", layers: []string{"base85"}, opened: true},
	{name: "layer-codes-loop", layers: []string{"codes-loop"}, opened: true},
	{name: "layers-mixed-3", layers: []string{"zlib", "chars", "base64"}, callee: "alias", opened: true},
	{name: "decorator", wrap: "decorator", opened: true},
	{name: "comprehension", wrap: "comprehension", opened: true},
	{name: "key-function", wrap: "key", opened: true},
	{name: "at-exit", wrap: "exit", opened: true},
	{name: "subclass-hook", wrap: "subclass", opened: true},
	{name: "property", wrap: "property", opened: true},
	{name: "walrus", wrap: "walrus", opened: true},
	{name: "three-files", constants: true, files: 3, callee: "alias", opened: true},
	{name: "tabs", around: "tabs", opened: true},
	{name: "inner-archive", place: "inner-archive", opened: true},
	{name: "split-and-stray", callee: "dunder", text: "mixed", around: "stray", constants: true, opened: true},
}

func firstWrap(d *dress, call, wrap string) (string, bool) {
	switch wrap {
	case "decorator":
		return "@(lambda f: (" + call + ", f)[1])\ndef _ready():\n    return True", true
	case "comprehension":
		return "_ = [" + call + " for _once in (None,)]", true
	case "key":
		return "sorted([1, 0], key=lambda _item: (" + call + ", 0)[1])", true
	case "exit":
		d.addImport("import atexit")
		return "atexit.register(lambda: " + call + ")", true
	case "subclass":
		return "type(\"_Ready\", (type(\"_Base\", (), {\"__init_subclass__\": classmethod(lambda cls, **kw: " + call + ")}),), {})", true
	case "property":
		return "_ = type(\"_Lazy\", (), {\"value\": property(lambda self: " + call + ")})().value", true
	case "walrus":
		return "if (_state := (" + call + ")) is None:\n    del _state", true
	}
	return "", false
}

func firstScriptWrap(call, wrap string) (string, bool) {
	switch wrap {
	case "decorator":
		return "Reflect.apply(() => " + call + ", null, []);", true
	case "comprehension":
		return "[0].forEach(() => { " + call + "; });", true
	case "key":
		return "Promise.resolve().then(() => " + call + ");", true
	case "exit":
		return "process.once('exit', () => { " + call + "; });", true
	case "subclass":
		return "(class { static { " + call + "; } });", true
	case "property":
		return "void ({ get ready() { return " + call + "; } }).ready;", true
	case "walrus":
		return "queueMicrotask(() => { " + call + "; });", true
	}
	return "", false
}

// innerArchive puts a payload into an archive inside the package, and loads it.
func (p *pythonPackage) innerArchive(body payload) {
	var inner contents
	inner.add("_vendored.py", moduleText(body.imports, append(append([]string{}, body.table...), body.before...), body.code, body.call))
	p.contents.add(p.name+"/vendor.zip", string(zipped(inner, "")))
	p.module(p.name+"/__init__.py", payload{
		imports: []string{"import os", "import sys"},
		call:    "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), \"vendor.zip\"))\nimport _vendored",
	})
}

// innerArchive puts a payload into an archive that a hook unpacks and runs.
func (p *scriptPackage) innerArchive(body payload) {
	var inner contents
	inner.add("run.js", moduleText(body.imports, body.before, body.code, body.call)+"\n")
	p.contents.add("vendor.tgz", string(tarball(inner, "vendor/")))
	p.module("index.js", payload{})
	p.scripts = append(p.scripts, [2]string{"postinstall", "tar xzf vendor.tgz && node vendor/run.js"})
}
