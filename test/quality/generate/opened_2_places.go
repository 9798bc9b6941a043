package generate

import (
	"fmt"
	"slices"
)

// Where the code of the second half's own shapes stands.
var (
	secondPythonPlaces = []string{
		"init", "module", "nested", "function", "setup", "cmdclass", "backend", "pth", "main-module", "console-script", "data-script",
		"hatch-hook", "distclass", "extension-class", "setup-helper", "test-plugin", "lazy-attribute",
	}
	secondScriptPlaces = []string{"bin-bare", "chained-hook", "npm-run-hook", "hook-dot", "worker-file", "exports-subpath", "pnpm-file"}
	knownScriptPlaces  = []string{"main", "nested", "dist", "function", "preinstall", "postinstall", "install", "prepare", "gyp", "inline"}
)

// secondShape is a shape of the second half with the places where it can stand in a
// disguise.
func secondShape(s shape, d disguise) shape {
	s.opened = true
	if s.places != nil || d.place != "" {
		return s
	}
	all := secondPythonPlaces
	if s.lang == javascript {
		all = slices.Concat(knownScriptPlaces, secondScriptPlaces)
	}
	for _, p := range all {
		if fits(p, s, d) {
			s.places = append(s.places, p)
		}
	}
	return s
}

// secondHonestPlace is where the twin of a payload stands, of the places that no
// honest package has.
func secondHonestPlace(place string) string {
	switch place {
	case "hook-dot", "pnpm-file":
		return "main"
	}
	return place
}

// secondFits says whether a disguise can be worn in a place.
func secondFits(place string, d disguise) bool {
	switch place {
	case "pth", "inline", "dist":
		return d.more != "shim" && d.more != "line-ends"
	case "data-script", "hatch-hook", "distclass", "extension-class", "setup-helper", "main-module", "console-script", "test-plugin", "lazy-attribute":
		return d.files < 2
	case "pnpm-file", "bin-bare":
		return d.files < 2 && d.more != "shim"
	}
	return true
}

// secondPlace writes the package with a payload in one of the places of the second
// half.
func (p *pythonPackage) secondPlace(body payload, place string) (built, bool) {
	text := moduleText(body.imports, append(append([]string{}, body.table...), body.before...), body.code, body.call)
	open := moduleText(body.imports, append(append([]string{}, body.table...), body.before...), body.code)
	info := p.name + "-" + p.version + ".dist-info/"
	switch place {
	case "main-module":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add(p.name+"/__main__.py", "\"\"\"python -m "+p.name+"\"\"\"\n\n"+text+"\nfrom . import tools\n\nprint(tools.__doc__)\n")
		return p.wheel(), true
	case "console-script":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add(p.name+"/cli.py", "\"\"\"The command line.\"\"\"\n\n"+open+"\n\ndef main(args=None):\n    \"\"\"Entry point of the command.\"\"\"\n"+indent(body.call+"\n", 4)+"    print(args or \"done\")\n    return 0\n")
		p.contents.add(info+"entry_points.txt", fmt.Sprintf("[console_scripts]\n%s = %s.cli:main\n", p.name, p.name))
		return p.wheel(), true
	case "data-script":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.put(entry{p.name + "-" + p.version + ".data/scripts/" + p.name, "#!python\n" + text + "\nprint(\"done\")\n", true})
		return p.wheel(), true
	case "test-plugin":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add(p.name+"/plugin.py", "\"\"\"Fixtures for tests.\"\"\"\n\n"+text+"\n\ndef pytest_configure(config):\n    config.addinivalue_line(\"markers\", \"slow: takes a while\")\n")
		p.contents.add(info+"entry_points.txt", fmt.Sprintf("[pytest11]\n%s = %s.plugin\n", p.name, p.name))
		return p.wheel(), true
	case "lazy-attribute":
		body.code += "\n\ndef __getattr__(name):\n    if name == \"version\":\n" + indent(body.call+"\n", 8) + "        return __version__\n    raise AttributeError(name)\n"
		body.call = ""
		p.module(p.name+"/__init__.py", body)
		return p.wheel(), true
	case "hatch-hook":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add("pyproject.toml", fmt.Sprintf("[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n[project]\nname = %q\nversion = %q\n\n[tool.hatch.build.hooks.custom]\npath = \"hatch_build.py\"\n", p.name, p.version))
		p.contents.add("hatch_build.py", "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"+open+"\n\nclass CustomBuildHook(BuildHookInterface):\n    def initialize(self, version, build_data):\n        build_data[\"pure_python\"] = True\n"+indent(body.call+"\n", 8))
		return p.sdist(), true
	case "distclass":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add("setup.py", "from setuptools import Distribution, find_packages, setup\n"+open+fmt.Sprintf("\n\nclass OwnDistribution(Distribution):\n    def finalize_options(self):\n        super().finalize_options()\n%s\n\nsetup(name=%q, version=%q, packages=find_packages(), distclass=OwnDistribution)\n", indent(body.call+"\n", 8), p.name, p.version))
		return p.sdist(), true
	case "extension-class":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add("src/words.c", "int words(void) { return 42; }\n")
		p.contents.add("setup.py", "from setuptools import Extension, find_packages, setup\nfrom setuptools.command.build_ext import build_ext\n"+open+fmt.Sprintf("\n\nclass OwnBuild(build_ext):\n    def build_extension(self, ext):\n%s        super().build_extension(ext)\n\n\nsetup(name=%q, version=%q, packages=find_packages(), ext_modules=[Extension(%q, [\"src/words.c\"])], cmdclass={\"build_ext\": OwnBuild})\n", indent(body.call+"\n", 8), p.name, p.version, p.name+"._words"))
		return p.sdist(), true
	case "setup-helper":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add("_setup_helpers.py", "\"\"\"Steps of the build.\"\"\"\n\n"+open+"\n\ndef prepare():\n"+indent(body.call+"\n", 4)+"    return {\"zip_safe\": False}\n")
		p.contents.add("setup.py", p.setup(payload{imports: []string{"import sys"}, code: "sys.path.insert(0, str(here))\n\nfrom _setup_helpers import prepare\n\noptions = prepare()"}, ""))
		return p.sdist(), true
	}
	return built{}, false
}

// secondPlace writes the package with a payload in one of the places of the second
// half, and says whether it knows the place.
func (p *scriptPackage) secondPlace(body payload, place string) bool {
	text := "'use strict';\n\n" + moduleText(body.imports, body.before, body.code, body.call) + "\n"
	switch place {
	case "bin-bare":
		p.module("index.js", payload{})
		p.bin = "bin/" + p.name
		p.contents.put(entry{p.bin, "#!/usr/bin/env node\n" + text + "console.log('done');\n", true})
	case "chained-hook":
		p.module("index.js", payload{})
		p.contents.add("scripts/postinstall.js", "'use strict';\n\nconst steps = [require('./steps/first'), require('./steps/second')];\n\nfor (const step of steps) if (typeof step.run === 'function') step.run();\n")
		p.contents.add("scripts/steps/first.js", "'use strict';\n\nexports.run = () => console.log('ready');\n")
		p.contents.add("scripts/steps/second.js", text)
		p.scripts = append(p.scripts, [2]string{"postinstall", "node scripts/postinstall.js"})
	case "npm-run-hook":
		p.module("index.js", payload{})
		p.contents.add("tools/build.js", text)
		p.scripts = append(p.scripts, [2]string{"install", "npm run build:native --silent"}, [2]string{"build:native", "node ./tools/build"})
	case "hook-dot":
		p.module("index.js", body)
		p.scripts = append(p.scripts, [2]string{"preinstall", "node ."})
	case "worker-file":
		p.contents.add("lib/worker.js", text)
		p.module("index.js", payload{imports: []string{"const { Worker } = require('worker_threads');", "const path = require('path');"}, call: "new Worker(path.join(__dirname, 'lib', 'worker.js')).unref();"})
	case "exports-subpath":
		p.module("lib/node.js", body)
		p.contents.add("index.js", "'use strict';\n\nmodule.exports = { ...require('./lib/node') };\n")
	case "pnpm-file":
		p.module("index.js", payload{})
		p.contents.add(".pnpmfile.cjs", text+"module.exports = { hooks: { readPackage: (manifest) => manifest } };\n")
		p.contents.add("tools/link.js", "'use strict';\n\nrequire('../.pnpmfile.cjs');\n")
		p.scripts = append(p.scripts, [2]string{"prepare", "node tools/link.js"})
	default:
		return false
	}
	return true
}
