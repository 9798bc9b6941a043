package generate

import (
	"fmt"
	"slices"
	"strings"
)

// Where code stands in the third half alone.
var (
	thirdPythonPlaces = []string{"deep-module", "version-file", "single-module", "version-attribute"}
	thirdScriptPlaces = []string{"bundle", "built-only", "barrel", "cli-command"}
)

// thirdShape is a shape of the third half with the places where it can stand in a
// disguise.
func thirdShape(s shape, d disguise) shape {
	s.opened, s.grown = true, true
	if s.places != nil || d.place != "" {
		return s
	}
	all := slices.Concat(secondPythonPlaces, thirdPythonPlaces, thirdPythonPlaces)
	if s.lang == javascript {
		all = slices.Concat(knownScriptPlaces, secondScriptPlaces, thirdScriptPlaces, thirdScriptPlaces)
	}
	for _, p := range all {
		if fits(p, s, d) && !(p == "bundle" && s.fixed) { // a bundle is one line
			s.places = append(s.places, p)
		}
	}
	return s
}

// thirdFits says whether a disguise can be worn in a place.
func thirdFits(place string, d disguise) bool {
	switch place {
	case "pth", "inline", "dist", "bundle":
		return d.more == "" && d.around == ""
	case "deep-module", "version-file", "single-module", "version-attribute", "cli-command":
		return d.files < 2 && d.more != "shim"
	}
	return true
}

// thirdPlace writes the package with a payload in one of the places of the third
// half.
func (p *pythonPackage) thirdPlace(body payload, place string) (built, bool) {
	text := moduleText(body.imports, append(slices.Clone(body.table), body.before...), body.code, body.call)
	switch place {
	case "deep-module":
		p.contents.add(p.name+"/__init__.py", p.initText("from .internal import ready"))
		p.contents.add(p.name+"/internal/__init__.py", "from .adapters import ready\n\n__all__ = [\"ready\"]\n")
		p.contents.add(p.name+"/internal/adapters/__init__.py", "from . import _native\n\nready = bool(_native)\n")
		p.module(p.name+"/internal/adapters/_native.py", body)
		return p.wheel(), true
	case "version-file":
		p.contents.add(p.name+"/__init__.py", p.initText("from ._version import version"))
		p.contents.add(p.name+"/_version.py", "# written by the build\n"+text+fmt.Sprintf("\nversion = %q\nversion_tuple = (%s)\n", p.version, strings.ReplaceAll(p.version, ".", ", ")))
		return p.wheel(), true
	case "single-module":
		p.contents.entries = nil
		p.requires = nil
		p.module(p.name+".py", body)
		return p.wheel(), true
	case "version-attribute":
		p.module(p.name+"/__init__.py", body)
		p.contents.add("setup.cfg", fmt.Sprintf("[metadata]\nname = %s\nversion = attr: %s.__version__\n\n[options]\npackages = find:\n", p.name, p.name))
		p.contents.add("setup.py", "from setuptools import setup\n\nsetup()\n")
		return p.sdist(), true
	}
	return built{}, false
}

// thirdPlace writes the package with a payload in one of the places of the third
// half, and says whether it knows the place.
func (p *scriptPackage) thirdPlace(body payload, place string) bool {
	text := "'use strict';\n\n" + moduleText(body.imports, body.before, body.code, body.call) + "\n"
	switch place {
	case "bundle":
		p.main = "dist/index.js"
		p.module("src/entry.js", body)
		last := &p.contents.entries[len(p.contents.entries)-1]
		code := strings.Join(strings.Fields(strings.ReplaceAll(last.body, "\n", " ")), " ")
		last.name, last.body = "dist/index.js", "(()=>{var __webpack_modules__={41:(module,exports,__webpack_require__)=>{"+code+"},57:(module)=>{module.exports=(a,b)=>a-b}};var cache={};function __webpack_require__(id){var hit=cache[id];if(hit!==undefined)return hit.exports;var module=cache[id]={exports:{}};__webpack_modules__[id](module,module.exports,__webpack_require__);return module.exports}module.exports=__webpack_require__(41)})();\n"
	case "built-only":
		p.main = "dist/index.js"
		p.module("src/index.js", payload{})
		p.module("dist/index.js", body)
		p.contents.add("dist/index.d.ts", "export declare function slugify(text: string, limit?: number): string;\nexport declare function parseDuration(text: string): number;\n")
		p.contents.add("tsconfig.json", "{\n  \"compilerOptions\": { \"target\": \"ES2020\", \"outDir\": \"dist\", \"rootDir\": \"src\", \"strict\": true }\n}\n")
	case "barrel":
		p.module("lib/core/transport.js", body)
		p.contents.add("lib/core/index.js", "'use strict';\n\nmodule.exports = { transport: require('./transport') };\n")
		p.contents.add("lib/index.js", "'use strict';\n\nmodule.exports = { ...require('./core') };\n")
		p.contents.add("index.js", "'use strict';\n\nmodule.exports = require('./lib');\n")
	case "cli-command":
		p.module("index.js", payload{})
		p.bin = "bin/run.js"
		p.contents.add("lib/commands/init.js", text)
		p.contents.put(entry{"bin/run.js", "#!/usr/bin/env node\n'use strict';\n\nconst path = require('path');\n\nconst name = process.argv[2] || 'init';\nif (/^[a-z]+$/.test(name)) require(path.join(__dirname, '..', 'lib', 'commands', name + '.js'));\n", true})
		p.contents.add("lib/commands/help.js", "'use strict';\n\nconsole.log('init, help');\n")
	default:
		return false
	}
	return true
}
