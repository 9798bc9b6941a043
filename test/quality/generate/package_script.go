package generate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// scriptPackage is an npm package under construction.
type scriptPackage struct {
	rng           *rand.Rand
	name, version string
	contents      contents
	style         string
	scripts       [][2]string
	main          string
	bin           string
	dependencies  [][2]string
}

func (p *scriptPackage) build(s snippet, dis disguise, place string, honest bool) built {
	if place == "shell-hook" {
		p.style, p.main = "cjs", "index.js"
		p.module("index.js", payload{})
		p.scripts = append(p.scripts, [2]string{"postinstall", values(p.rng, p.name).Replace(s.code)})
		return p.tgz()
	}
	p.style = pick(p.rng, "cjs", "cjs", "cjs", "esm", "ts")
	if dis.around == "one-line" || dis.around == "whitespace" {
		p.style = pick(p.rng, "cjs", "esm")
	}
	if len(dis.layers) > 0 || slices.Contains([]string{"inline", "dist", "bin", "gyp", "fixture-txt", "fixture-jpg", "fixture-bare", "inner-archive"}, place) || dis.files > 1 || secondCommonJS(dis, place) || thirdScriptStyle(dis, place) {
		p.style = "cjs"
	}
	d := newDress(javascript, p.style, apart(p.rng), dis)
	body := written(d, s, dis, values(p.rng, p.name))
	p.thirdTables(&body, dis)
	p.tables(&body, dis)
	p.secondDress(&body, dis)
	body = dressUp(d, body, dis)
	ext := map[string]string{"cjs": ".js", "esm": ".mjs", "ts": ".ts"}[p.style]
	runner := map[string]string{"cjs": "node ", "esm": "node ", "ts": "tsx "}[p.style]
	p.main = "index" + ext
	if dis.grown {
		p.surround()
	}
	switch place {
	case "main":
		p.module("index"+ext, body)
	case "function", "data":
		body.code += "\nfunction configure(options = {}) {\n  options.ready = true;\n" + indent(body.call, 2) + "  return options;\n}\n"
		body.call = ""
		p.module("index"+ext, body, "configure")
	case "nested":
		p.module("lib/internal/compat"+ext, body)
		load := "require('./lib/internal/compat');"
		if p.style != "cjs" {
			load = "import './lib/internal/compat" + ext + "';"
		}
		p.module("index"+ext, payload{imports: []string{load}})
	case "dist":
		p.main = "dist/index.js"
		p.module("dist/index.js", body)
		p.minify("dist/index.js")
		p.module("src/index.js", payload{})
	case "bin":
		p.module("index.js", payload{})
		p.bin = "bin/cli.js"
		p.contents.put(entry{p.bin, "#!/usr/bin/env node\n'use strict';\n" + moduleText(body.imports, body.before, body.code, body.call) + "\nconsole.log('done');\n", true})
	case "preinstall", "install", "postinstall", "prepare":
		p.module("index"+ext, payload{})
		file := pick(p.rng, "scripts/", "lib/", "") + pick(p.rng, "setup", "postbuild", "check", "install") + ext
		p.contents.add(file, header(p.style)+moduleText(body.imports, body.before, body.code, body.call)+"\n")
		p.scripts = append(p.scripts, [2]string{place, runner + file})
	case "inline":
		p.module("index.js", payload{})
		text := strings.Join(strings.Fields(moduleText(body.imports, body.before, body.code, body.call)), " ")
		p.scripts = append(p.scripts, [2]string{pick(p.rng, "postinstall", "preinstall"), `node -e "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(text) + `"`})
	case "gyp":
		p.module("index.js", payload{})
		p.contents.add("lib/probe.js", moduleText(body.imports, body.before, body.code, body.call)+"\n")
		p.contents.add("binding.gyp", "{\n  \"targets\": [\n    {\n      \"target_name\": \"addon\",\n      \"sources\": [ \"<!(node lib/probe.js)\" ]\n    }\n  ]\n}\n")
	case "fixture-txt", "fixture-jpg", "fixture-bare":
		p.module("index.js", payload{})
		file := map[string]string{"fixture-txt": "test/fixtures/input.txt", "fixture-jpg": "assets/banner.jpg", "fixture-bare": "lib/LICENSES"}[place]
		p.contents.add(file, moduleText(body.imports, body.before, body.code, body.call)+"\n")
		p.fixture(file)
	case "inner-archive":
		p.innerArchive(body)
	default:
		if !p.secondPlace(body, place) && !p.thirdPlace(body, place) {
			panic("generate: no such place: " + place)
		}
	}
	return p.tgz()
}

// fixture runs a file that does not look like code.
func (p *scriptPackage) fixture(file string) {
	switch p.rng.IntN(3) {
	case 0:
		p.scripts = append(p.scripts, [2]string{"postinstall", "node " + file})
	case 1:
		p.contents.add("scripts/prepare.js", "const fs = require('fs');\nconst path = require('path');\n\neval(fs.readFileSync(path.join(__dirname, '..', "+jsQuote(file)+"), 'utf8'));\n")
		p.scripts = append(p.scripts, [2]string{"postinstall", "node scripts/prepare.js"})
	default:
		p.contents.add("scripts/prepare.js", "const { spawnSync } = require('child_process');\n\nspawnSync(process.execPath, ["+jsQuote(file)+"], { stdio: 'ignore' });\n")
		p.scripts = append(p.scripts, [2]string{"install", "node scripts/prepare.js"})
	}
}

func header(style string) string {
	if style == "cjs" {
		return "'use strict';\n\n"
	}
	return ""
}

// tables puts the string constants into an object, here or in another file.
func (p *scriptPackage) tables(body *payload, dis disguise) {
	if len(body.table) == 0 {
		return
	}
	object := "{\n  " + strings.Join(body.table, ",\n  ") + ",\n};"
	body.table = nil
	if dis.files < 2 {
		body.before = append([]string{"const table = " + object}, body.before...)
		return
	}
	p.contents.add("lib/table.js", "module.exports = "+object+"\n")
	load := "const table = require('" + fromRoot + "lib/table.js');"
	if dis.files > 2 && body.code != "" {
		p.contents.add("lib/steps.js", moduleText(append(append([]string{}, body.imports...), "const table = require('./table.js');"), body.before, body.code, "module.exports = () => {\n"+indent(body.call, 2)+"};"))
		*body = payload{imports: []string{"const steps = require('" + fromRoot + "lib/steps.js');"}, call: "steps();"}
		return
	}
	body.imports = append(body.imports, load)
}

// module writes a module of ordinary code with a payload in it, and exports
// what the code has and the names given.
func (p *scriptPackage) module(name string, body payload, exports ...string) {
	blocks := some(p.rng, scriptBlocks, 3+p.rng.IntN(3))
	var code []string
	for _, b := range blocks {
		code = append(code, strings.Trim(b.code, "\n"))
		exports = append(exports, b.imports...)
	}
	at := len(code) / 2
	end := "module.exports = { " + strings.Join(exports, ", ") + " };"
	style := p.style
	if strings.HasSuffix(name, ".js") {
		style = "cjs"
	}
	if style != "cjs" {
		end = "export { " + strings.Join(exports, ", ") + " };"
	}
	p.contents.add(name, header(style)+moduleText(body.imports, body.before, strings.Join(code[:at], "\n\n"), body.code, strings.Join(code[at:], "\n\n"), end, body.call))
}

// minify takes the line breaks out of a file.
func (p *scriptPackage) minify(name string) {
	for i, e := range p.contents.entries {
		if e.name == name {
			p.contents.entries[i].body = strings.Join(strings.Fields(strings.ReplaceAll(e.body, "\n", " ")), " ") + "\n"
		}
	}
}

// fromRoot stands for the way from a file to the package's root until it is known
// where the file is.
const fromRoot = "\x00/"

func (p *scriptPackage) tgz() built {
	for i, e := range p.contents.entries {
		root := strings.Repeat("../", strings.Count(e.name, "/"))
		if root == "" {
			root = "./"
		}
		p.contents.entries[i].body = strings.ReplaceAll(e.body, "'"+fromRoot, "'"+root)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"name\": %q,\n  \"version\": %q,\n  \"description\": %q,\n  \"license\": \"MIT\",\n  \"main\": %q,\n", p.name, p.version, pick(p.rng, purposes...), p.main)
	if p.bin != "" {
		fmt.Fprintf(&b, "  \"bin\": {\n    %q: %q\n  },\n", p.name, p.bin)
	}
	object(&b, "scripts", append([][2]string{{"test", "node --test"}}, p.scripts...))
	object(&b, "dependencies", p.dependencies)
	fmt.Fprintf(&b, "  \"author\": \"%s <%s@example.invalid>\"\n}\n", pick(p.rng, firstWords...), pick(p.rng, secondWords...))
	var c contents
	c.add("package.json", b.String())
	c.add("README.md", "# "+p.name+"\n\n"+pick(p.rng, purposes...)+".\n")
	c.entries = append(c.entries, p.contents.entries...)
	return built{p.name + "-" + p.version + ".tgz", tarball(c, "package/")}
}

func object(b *strings.Builder, name string, pairs [][2]string) {
	if len(pairs) == 0 {
		return
	}
	var lines []string
	for _, kv := range pairs {
		lines = append(lines, fmt.Sprintf("    %s: %s", jsonQuote(kv[0]), jsonQuote(kv[1])))
	}
	fmt.Fprintf(b, "  %q: {\n%s\n  },\n", name, strings.Join(lines, ",\n"))
}

func jsonQuote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	must(e.Encode(s))
	return strings.TrimSpace(b.String())
}
