package generate

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// pythonPackage is a Python package under construction.
type pythonPackage struct {
	rng           *rand.Rand
	name, version string
	contents      contents
	entryPoint    bool
	requires      []string
}

// build writes the package around the snippet.
func (p *pythonPackage) build(s snippet, dis disguise, place string, honest bool) built {
	d := newDress(python, "", apart(p.rng), dis)
	body := written(d, s, dis, values(p.rng, p.name))
	p.thirdTables(&body, dis, place)
	p.tables(&body, dis, place)
	p.secondDress(&body, dis, place)
	body = dressUp(d, body, dis)
	p.ordinary()
	if dis.grown {
		p.surround()
	}
	switch place {
	case "init":
		p.module(p.name+"/__init__.py", body)
	case "module":
		p.contents.add(p.name+"/__init__.py", p.initText("from . import "+"_compat")+"\n")
		p.module(p.name+"/_compat.py", body)
	case "nested":
		body.call = strings.TrimSpace(body.call)
		inner := strings.Join(body.before, "\n") + "\n" + body.code + "\n" + body.call
		body = payload{imports: body.imports, table: body.table, code: "def _configure():\n" + indent(inner, 4), call: "_configure()"}
		p.module(p.name+"/__init__.py", body)
	case "class-body":
		body.code += "\n\nclass Defaults:\n    timeout = 30\n    verbose = False\n" + indent(body.call, 4)
		body.call = ""
		p.module(p.name+"/__init__.py", body)
	case "function", "data":
		body.code += "\n\ndef configure(*names, **options):\n    \"\"\"Make the package ready; call it once.\"\"\"\n    options.setdefault(\"names\", names)\n" + indent(body.call, 4) + "    return options\n"
		body.call = ""
		p.module(p.name+"/__init__.py", body)
	case "setup":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add("setup.py", p.setup(body, ""))
		return p.sdist()
	case "cmdclass":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add("setup.py", p.setup(body, pick(p.rng, "install", "develop", "egg_info", "build_py")))
		return p.sdist()
	case "backend":
		p.module(p.name+"/__init__.py", payload{})
		p.backend(body)
		return p.sdist()
	case "fixture-txt", "fixture-jpg", "fixture-bare":
		p.module(p.name+"/__init__.py", payload{})
		p.fixture(body, place)
		return p.sdist()
	case "inner-archive":
		p.innerArchive(body)
	case "pth":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add(pick(p.rng, "zz_"+p.name, p.name+"-init", "distutils_"+p.name)+".pth", pthLine(body))
	case "sitecustomize":
		p.module(p.name+"/__init__.py", payload{})
		p.contents.add(pick(p.rng, "sitecustomize.py", "usercustomize.py"), moduleText(body.imports, append(body.table, body.before...), body.code, body.call))
	default:
		if b, ok := p.secondPlace(body, place); ok {
			return b
		}
		if b, ok := p.thirdPlace(body, place); ok {
			return b
		}
		panic("generate: no such place: " + place)
	}
	if honest && p.rng.IntN(3) == 0 {
		p.contents.add(p.name+"-paths.pth", p.name+"\n")
	}
	return p.wheel()
}

// tables puts the string constants where the disguise wants them.
func (p *pythonPackage) tables(body *payload, dis disguise, place string) {
	if len(body.table) == 0 || dis.files < 2 || place == "pth" || strings.HasPrefix(place, "fixture-") || place == "inner-archive" || len(dis.layers) > 0 {
		return
	}
	from, where := "from ._options import *", p.name+"/_options.py"
	switch place {
	case "setup", "cmdclass":
		from, where = "import os\nimport sys\n\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\nfrom _options import *", "_options.py"
	case "backend":
		from, where = "from _options import *", "_build/_options.py"
	case "sitecustomize":
		from, where = "from _options import *", "_options.py"
	}
	p.contents.add(where, "\"\"\"Defaults.\"\"\"\n\n"+strings.Join(body.table, "\n")+"\n")
	body.table = nil
	if dis.files > 2 && body.code != "" {
		p.contents.add(strings.Replace(where, "_options.py", "_steps.py", 1), moduleText(append(append([]string{}, body.imports...), from), body.before, body.code))
		from = strings.Replace(from, "_options import *", "_steps import "+strings.Join(defined(body.code), ", "), 1)
		body.code = ""
	}
	body.imports = append(body.imports, from)
}

var definition = regexp.MustCompile(`(?m)^(?:(?:async )?def |class )?(\w+)(?: = |\(|:)`)

// defined lists what Python code defines at its top; a star would leave out what
// begins with an underscore.
func defined(code string) []string {
	var out []string
	for _, m := range definition.FindAllStringSubmatch(code, -1) {
		out = append(out, m[1])
	}
	return out
}

func pthLine(body payload) string {
	if body.code == "" && len(body.before) == 0 && !strings.Contains(body.call, "\n") && len(body.imports) <= 3 {
		imports := "import sys"
		for _, i := range body.imports {
			imports += "; " + i
		}
		return imports + "; " + body.call + "\n"
	}
	text := moduleText(body.imports, append(append([]string{}, body.table...), body.before...), body.code, body.call)
	return "import sys; exec(" + pyQuote(text) + ")\n"
}

func (p *pythonPackage) initText(more string) string {
	return fmt.Sprintf("\"\"\"%s.\"\"\"\n\n__version__ = %q\n\n%s\n", pick(p.rng, purposes...), p.version, more)
}

// module writes a module of ordinary code with a payload in it.
func (p *pythonPackage) module(name string, body payload) {
	imports, code := joined(some(p.rng, pythonBlocks, 3+p.rng.IntN(3)))
	blocks := strings.Split(code, "\n\n\n")
	at := len(blocks) / 2
	before := append(append([]string{fmt.Sprintf("__version__ = %q", p.version)}, body.table...), body.before...)
	text := moduleText(union(imports, body.imports), before, strings.Join(blocks[:at], "\n\n\n"), body.code, strings.Join(blocks[at:], "\n\n\n"))
	// A hidden line keeps its place at the left margin.
	if body.call != "" {
		text += "\n\n" + body.call + "\n"
	}
	p.contents.add(name, "\"\"\""+pick(p.rng, purposes...)+".\"\"\"\n\n"+text)
}

// ordinary adds what every package has.
func (p *pythonPackage) ordinary() {
	imports, code := joined(some(p.rng, pythonBlocks, 2))
	p.contents.add(p.name+"/tools.py", "\"\"\"More of the same.\"\"\"\n\n"+moduleText(imports, nil, code))
}

func (p *pythonPackage) setup(body payload, command string) string {
	keywords := fmt.Sprintf("    name=%q,\n    version=%q,\n    description=%q,\n    packages=find_packages(exclude=[\"tests\"]),\n    python_requires=\">=3.8\",\n", p.name, p.version, pick(p.rng, purposes...))
	imports := []string{"import pathlib", "", "from setuptools import find_packages, setup"}
	top := []string{`here = pathlib.Path(__file__).parent`, `long_description = (here / "README.md").read_text(encoding="utf-8") if (here / "README.md").exists() else ""`}
	if command == "" {
		return moduleText(append(imports, body.imports...), append(append(top, body.table...), body.before...), body.code, body.call, "setup(\n"+keywords+"    long_description=long_description,\n)")
	}
	class := strings.ToUpper(command[:1]) + command[1:] + "Command"
	class = strings.ReplaceAll(class, "_", "")
	original := "_" + command
	imports = append(imports, "from setuptools.command."+command+" import "+command+" as "+original)
	run := fmt.Sprintf("class %s(%s):\n    \"\"\"The usual command, and our own step.\"\"\"\n\n    def run(self):\n        %s.run(self)\n%s", class, original, original, indent(body.call, 8))
	return moduleText(append(imports, body.imports...), append(append(top, body.table...), body.before...), body.code, run, "setup(\n"+keywords+fmt.Sprintf("    long_description=long_description,\n    cmdclass={%q: %s},\n)", command, class))
}

// backend is a build system inside the sdist (PEP 517).
func (p *pythonPackage) backend(body payload) {
	p.contents.add("pyproject.toml", fmt.Sprintf("[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"backend\"\nbackend-path = [\"_build\"]\n\n[project]\nname = %q\nversion = %q\n", p.name, p.version))
	hook := "def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):\n" + indent(body.call, 4) +
		"    return _orig.build_wheel(wheel_directory, config_settings, metadata_directory)"
	p.contents.add("_build/backend.py", moduleText(append([]string{"from setuptools import build_meta as _orig", "from setuptools.build_meta import *"}, body.imports...), append(append([]string{}, body.table...), body.before...), body.code, hook))
}

// fixture is a file that does not look like code and is run by a hook.
func (p *pythonPackage) fixture(body payload, place string) {
	name := map[string]string{"fixture-txt": "tests/fixtures/sample.txt", "fixture-jpg": p.name + "/static/logo.jpg", "fixture-bare": "tests/data/LOCALE"}[place]
	p.contents.add(name, moduleText(body.imports, append(append([]string{}, body.table...), body.before...), body.code, body.call))
	run := []payload{
		{code: fmt.Sprintf("with open(here / %q, encoding=\"utf-8\") as fixture:\n    exec(fixture.read())", name)},
		{code: fmt.Sprintf("exec(compile((here / %q).read_text(), \"setup\", \"exec\"))", name)},
		{imports: []string{"import subprocess", "import sys"}, code: fmt.Sprintf("subprocess.run([sys.executable, %q], check=False)", name)},
		{imports: []string{"import runpy"}, code: fmt.Sprintf("runpy.run_path(%q)", name)},
	}
	p.contents.add("setup.py", p.setup(pick(p.rng, run...), ""))
}

func (p *pythonPackage) metadata() string {
	text := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\nSummary: %s\nAuthor-email: %s@example.invalid\nLicense: MIT\nRequires-Python: >=3.8\n", p.name, p.version, pick(p.rng, purposes...), pick(p.rng, firstWords...))
	for _, r := range p.requires {
		text += "Requires-Dist: " + r + "\n"
	}
	return text + "Description-Content-Type: text/markdown\n\n# " + p.name + "\n\n" + pick(p.rng, purposes...) + ". Install it, import it, use it.\n"
}

func (p *pythonPackage) wheel() built {
	info := p.name + "-" + p.version + ".dist-info/"
	p.contents.add(info+"METADATA", p.metadata())
	p.contents.add(info+"WHEEL", "Wheel-Version: 1.0\nGenerator: flit 3.12.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	return built{p.name + "-" + p.version + "-py3-none-any.whl", wheel(p.contents, p.name, p.version)}
}

func (p *pythonPackage) sdist() built {
	p.contents.add("PKG-INFO", p.metadata())
	p.contents.add("README.md", "# "+p.name+"\n\n"+pick(p.rng, purposes...)+".\n")
	if p.contents.has(p.name + "/py.typed") {
		p.surroundSource()
	}
	if !p.contents.has("pyproject.toml") {
		p.contents.add("pyproject.toml", "[build-system]\nrequires = [\"setuptools>=61\"]\nbuild-backend = \"setuptools.build_meta\"\n")
	}
	p.contents.add("tests/test_tools.py", "from "+p.name+" import tools\n\n\ndef test_there():\n    assert tools.__doc__\n")
	return built{p.name + "-" + p.version + ".tar.gz", tarball(p.contents, p.name+"-"+p.version+"/")}
}
