package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// What stands around a payload of the third half: packages of many files, by authors
// of several habits. The words ALPHA, BRAVO, CHARLIE and NUMBER are filled in.

var aroundPython = []string{
	"from __future__ import annotations\n\nfrom collections.abc import Iterable, Iterator\nfrom dataclasses import dataclass, field\n\n\n@dataclass(frozen=True, slots=True)\nclass ALPHATITLE:\n    \"\"\"One BRAVO of a CHARLIE.\"\"\"\n\n    name: str\n    weight: float = NUMBER.5\n    tags: tuple[str, ...] = field(default_factory=tuple)\n\n    def heavier(self, other: ALPHATITLE) -> bool:\n        return self.weight > other.weight\n\n\ndef by_weight(items: Iterable[ALPHATITLE], /, *, least: float = 0.0) -> Iterator[ALPHATITLE]:\n    yield from sorted((i for i in items if i.weight >= least), key=lambda i: -i.weight)\n",
	"# -*- coding: utf-8 -*-\nimport os\nimport sys\n\nif sys.version_info[0] < 3:\n    text_type = unicode  # noqa: F821\nelse:\n    text_type = str\n\n\nclass ALPHATITLEReader(object):\n    def __init__(self, path, encoding=\"utf-8\"):\n        super(ALPHATITLEReader, self).__init__()\n        self.path = path\n        self.encoding = encoding\n\n    def BRAVO(self):\n        result = []\n        handle = open(self.path, \"rb\")\n        try:\n            for line in handle:\n                result.append(line.decode(self.encoding).rstrip(u\"\\r\\n\"))\n        finally:\n            handle.close()\n        return result\n\n    def exists(self):\n        return os.path.exists(self.path)\n",
	"import re\nimport typing as t\n\nALPHA_PATTERN = re.compile(r\"(?P<key>[a-z_]+)\\s*[:=]\\s*(?P<value>[^\\n#]*)\")\n\n\ndef parse_BRAVO(text: str) -> t.Dict[str, str]:\n    \"\"\"Pairs of a BRAVO file.\n\n    :param text: what the file has\n    :returns: keys and values, in their order\n    \"\"\"\n    return {m[\"key\"]: m[\"value\"].strip() for m in ALPHA_PATTERN.finditer(text)}\n\n\ndef format_BRAVO(pairs: t.Mapping[str, str], width: int = NUMBER) -> str:\n    return \"\\n\".join(f\"{k:<{width}}= {v}\" for k, v in pairs.items())\n",
	"import abc\nimport threading\n\n\nclass ALPHATITLEBase(abc.ABC):\n    \"\"\"What every CHARLIE does.\"\"\"\n\n    registry: dict = {}\n\n    def __init_subclass__(cls, **kwargs):\n        super().__init_subclass__(**kwargs)\n        ALPHATITLEBase.registry[cls.__name__.lower()] = cls\n\n    @abc.abstractmethod\n    def BRAVO(self, value):\n        raise NotImplementedError\n\n\nclass ALPHATITLELocked(ALPHATITLEBase):\n    def __init__(self):\n        self._lock = threading.Lock()\n        self._seen = set()\n\n    def BRAVO(self, value):\n        with self._lock:\n            fresh = value not in self._seen\n            self._seen.add(value)\n        return fresh\n",
	"import argparse\nimport json\nimport logging\nimport pathlib\n\nlog = logging.getLogger(__name__)\n\n\ndef build_parser():\n    parser = argparse.ArgumentParser(description=\"ALPHA and BRAVO\")\n    parser.add_argument(\"files\", nargs=\"*\", type=pathlib.Path)\n    parser.add_argument(\"--CHARLIE\", type=int, default=NUMBER)\n    parser.add_argument(\"-v\", \"--verbose\", action=\"count\", default=0)\n    return parser\n\n\ndef run(argv=None):\n    options = build_parser().parse_args(argv)\n    logging.basicConfig(level=max(10, 30 - 10 * options.verbose))\n    for file in options.files:\n        log.info(\"reading %s\", file)\n        print(json.dumps({\"file\": str(file), \"size\": file.stat().st_size}))\n    return 0\n",
	"import functools\nimport math\n\nALPHA = tuple(round(math.sin(n / NUMBER), 6) for n in range(64))\n\n\n@functools.lru_cache(maxsize=None)\ndef BRAVO(n):\n    return 1 if n < 2 else BRAVO(n - 1) + BRAVO(n - 2)\n\n\ncompose = lambda *fs: functools.reduce(lambda f, g: lambda x: f(g(x)), fs)  # noqa: E731\ntwice = lambda x: 2 * x  # noqa: E731\nCHARLIE = compose(twice, abs, round)\n",
	"import sqlite3\nfrom contextlib import closing\n\nSCHEMA = \"\"\"\ncreate table if not exists ALPHA (\n    id integer primary key,\n    BRAVO text not null,\n    made real default (julianday('now'))\n);\n\"\"\"\n\n\nclass ALPHATITLEStore:\n    def __init__(self, path=\":memory:\"):\n        self.db = sqlite3.connect(path)\n        self.db.executescript(SCHEMA)\n\n    def add(self, *values):\n        with self.db:\n            self.db.executemany(\"insert into ALPHA (BRAVO) values (?)\", [(v,) for v in values])\n\n    def __len__(self):\n        with closing(self.db.execute(\"select count(*) from ALPHA\")) as rows:\n            return rows.fetchone()[0]\n",
	"import asyncio\nimport time\n\n\nclass ALPHATITLEBucket:\n    \"\"\"Lets NUMBER calls a second pass.\"\"\"\n\n    def __init__(self, rate: float = NUMBER.0) -> None:\n        self.rate, self.level, self.last = rate, rate, time.monotonic()\n\n    async def BRAVO(self) -> None:\n        while True:\n            now = time.monotonic()\n            self.level = min(self.rate, self.level + (now - self.last) * self.rate)\n            self.last = now\n            if self.level >= 1:\n                self.level -= 1\n                return\n            await asyncio.sleep((1 - self.level) / self.rate)\n",
	"import urllib.parse\nimport urllib.request\n\nDEFAULT = \"https://ALPHA.example.invalid/api/\"\n\n\nclass ALPHATITLEClient:\n    \"\"\"Speaks to the server of ALPHA.\"\"\"\n\n    def __init__(self, base=DEFAULT, token=None, timeout=NUMBER):\n        self.base, self.token, self.timeout = base, token, timeout\n\n    def get(self, path, **query):\n        url = urllib.parse.urljoin(self.base, path) + \"?\" + urllib.parse.urlencode(query)\n        headers = {\"Accept\": \"application/json\"}\n        if self.token:\n            headers[\"Authorization\"] = \"Bearer \" + self.token\n        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=self.timeout) as reply:\n            return reply.read()\n",
	"import os\nimport subprocess\n\n\ndef BRAVO_version(program=\"git\"):\n    \"\"\"The version of a program, or None when it is not there.\"\"\"\n    try:\n        text = subprocess.check_output([program, \"--version\"], text=True)\n    except (OSError, subprocess.CalledProcessError):\n        return None\n    return text.split()[-1]\n\n\ndef ALPHA_home():\n    return os.environ.get(\"ALPHAUPPER_HOME\") or os.path.join(os.path.expanduser(\"~\"), \".ALPHA\")\n",
	"\"\"\"Tables.\"\"\"\n\nALPHA = {\n    \"BRAVO\": NUMBER,\n    \"CHARLIE\": [1, 2, 3, 5, 8, 13],\n    \"names\": \"one two three four five six seven\".split(),\n}\n\nUNITS = [(\"B\", 1), (\"KiB\", 1 << 10), (\"MiB\", 1 << 20), (\"GiB\", 1 << 30)]\n\n\ndef unit(size):\n    for name, value in reversed(UNITS):\n        if size >= value:\n            return \"%.1f %s\" % (size / value, name)\n    return \"0 B\"\n",
	"import base64\nimport hashlib\nimport hmac\n\n\ndef sign_ALPHA(key: bytes, text: str) -> str:\n    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()\n    return base64.urlsafe_b64encode(digest).rstrip(b\"=\").decode()\n\n\ndef check_ALPHA(key: bytes, text: str, BRAVO: str) -> bool:\n    return hmac.compare_digest(sign_ALPHA(key, text), BRAVO)\n",
}

var aroundScript = []string{
	"'use strict';\n\nclass ALPHATITLE extends Map {\n  constructor(limit = NUMBER) {\n    super();\n    this.limit = limit;\n  }\n\n  set(key, value) {\n    this.delete(key);\n    super.set(key, value);\n    if (this.size > this.limit) this.delete(this.keys().next().value);\n    return this;\n  }\n\n  BRAVO(key, make) {\n    if (!this.has(key)) this.set(key, make(key));\n    return this.get(key);\n  }\n}\n\nmodule.exports = ALPHATITLE;\n",
	"'use strict';\n\nconst compose = (...fs) => (x) => fs.reduceRight((v, f) => f(v), x);\nconst BRAVO = (list) => [...new Set(list)];\nconst CHARLIE = (n) => (list) => list.slice(0, n);\n\nexports.ALPHA = compose(CHARLIE(NUMBER), BRAVO);\nexports.compose = compose;\n",
	"var __extends = (this && this.__extends) || (function () {\n  var extend = function (d, b) { for (var p in b) if (Object.prototype.hasOwnProperty.call(b, p)) d[p] = b[p]; };\n  return function (d, b) { extend(d, b); function Own() { this.constructor = d; } Own.prototype = b.prototype; d.prototype = new Own(); };\n})();\nObject.defineProperty(exports, '__esModule', { value: true });\nexports.ALPHATITLE = void 0;\nvar ALPHATITLE = /** @class */ (function (_super) {\n  __extends(ALPHATITLE, _super);\n  function ALPHATITLE(BRAVO) {\n    var _this = _super.call(this, BRAVO) || this;\n    _this.name = 'ALPHATITLE';\n    _this.code = NUMBER;\n    return _this;\n  }\n  return ALPHATITLE;\n}(Error));\nexports.ALPHATITLE = ALPHATITLE;\n",
	"'use strict';\n\nconst fs = require('fs');\nconst path = require('path');\n\n/**\n * Files of a folder, with those of the folders in it.\n * @param {string} folder\n * @returns {string[]}\n */\nfunction BRAVO(folder) {\n  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {\n    const full = path.join(folder, entry.name);\n    return entry.isDirectory() ? BRAVO(full) : [full];\n  });\n}\n\nmodule.exports = { BRAVO, ALPHA: (folder) => BRAVO(folder).filter((f) => f.endsWith('.ALPHA')) };\n",
	"'use strict';\n\nconst { EventEmitter } = require('events');\n\nclass ALPHATITLE extends EventEmitter {\n  #BRAVO = 0;\n\n  get CHARLIE() {\n    return this.#BRAVO;\n  }\n\n  async step(work) {\n    this.emit('begin', ++this.#BRAVO);\n    try {\n      return await work(this.#BRAVO);\n    } finally {\n      this.emit('end', this.#BRAVO);\n    }\n  }\n}\n\nexports.ALPHATITLE = ALPHATITLE;\n",
	"!function(e,t){\"object\"==typeof exports&&\"undefined\"!=typeof module?module.exports=t():(e=e||self).ALPHA=t()}(this,function(){\"use strict\";function e(e,t){for(var n=0,r=[];n<e.length;n++)t(e[n],n)&&r.push(e[n]);return r}function t(e){return e.reduce(function(e,t){return e+t},NUMBER)}var n=/^[a-z]+(-[a-z]+)*$/;return{BRAVO:e,CHARLIE:t,test:function(e){return n.test(e)}}});\n",
	"'use strict';\n\nconst LEVELS = { debug: 10, info: 20, warn: 30, error: 40 };\n\nmodule.exports = function ALPHA(options = {}) {\n  const { level = 'info', stream = process.stderr } = options;\n  const write = (name) => (message, extra = {}) => {\n    if (LEVELS[name] < LEVELS[level]) return;\n    stream.write(JSON.stringify({ time: new Date().toISOString(), level: name, message, ...extra }) + '\\n');\n  };\n  return Object.fromEntries(Object.keys(LEVELS).map((name) => [name, write(name)]));\n};\n",
	"'use strict';\n\nasync function BRAVO(url, { tries = NUMBER, timeout = 5000, ...options } = {}) {\n  for (let n = 1; ; n++) {\n    try {\n      const reply = await fetch(url, { ...options, signal: AbortSignal.timeout(timeout) });\n      if (reply.status < 500) return reply;\n    } catch (error) {\n      if (n >= tries) throw error;\n    }\n    await new Promise((next) => setTimeout(next, 100 * 2 ** n));\n  }\n}\n\nmodule.exports = { BRAVO, base: 'https://ALPHA.example.invalid/' };\n",
	"'use strict';\n\nconst ALPHA = { BRAVO: NUMBER, CHARLIE: ['one', 'two', 'three'] };\n\nfunction get(object, dotted, fallback) {\n  const found = dotted.split('.').reduce((at, key) => (at == null ? undefined : at[key]), object);\n  return found === undefined ? fallback : found;\n}\n\nfunction set(object, dotted, value) {\n  const keys = dotted.split('.');\n  const last = keys.pop();\n  let at = object;\n  for (const key of keys) {\n    if (key === '__proto__' || key === 'constructor') throw new TypeError('no such key');\n    at = at[key] ??= {};\n  }\n  at[last] = value;\n  return object;\n}\n\nmodule.exports = { ALPHA, get, set };\n",
	"'use strict';\n\nconst { createHash } = require('crypto');\n\nconst cache = new WeakMap();\n\nexports.ALPHA = function (value) {\n  if (!cache.has(value)) cache.set(value, createHash('sha256').update(JSON.stringify(value)).digest('base64url'));\n  return cache.get(value);\n};\n\nexports.BRAVO = (a, b) => exports.ALPHA(a) === exports.ALPHA(b);\n",
}

var aroundTyped = []string{
	"export interface ALPHATITLE {\n  readonly name: string;\n  weight?: number;\n}\n\nexport type BRAVO<T> = (value: T) => boolean;\n\nexport function CHARLIE<T extends ALPHATITLE>(items: readonly T[], keep: BRAVO<T>): T[] {\n  return items.filter(keep).sort((a, b) => (b.weight ?? NUMBER) - (a.weight ?? NUMBER));\n}\n",
	"import type { ALPHATITLE } from './types.js';\n\nexport enum State {\n  Idle = 'idle',\n  Busy = 'busy',\n}\n\nexport abstract class Base<T> {\n  protected state: State = State.Idle;\n\n  constructor(private readonly limit: number = NUMBER) {}\n\n  abstract BRAVO(value: T): Promise<void>;\n\n  get room(): number {\n    return this.limit;\n  }\n}\n\nexport type { ALPHATITLE };\n",
}

// filled writes a text of those above with words of its own.
func filled(rng *rand.Rand, text string) string {
	a, b, c := pick(rng, firstWords...), pick(rng, secondWords...), pick(rng, thirdWords...)
	title := strings.ToUpper(a[:1]) + a[1:] + strings.ToUpper(c[:1]) + c[1:]
	return strings.NewReplacer("ALPHATITLE", title, "ALPHAUPPER", strings.ToUpper(a), "ALPHA", a, "BRAVO", b, "CHARLIE", c, "NUMBER", fmt.Sprint(rng.IntN(90)+2)).Replace(text)
}

// manyFiles is how many modules a package has beside the one with the payload.
func manyFiles(rng *rand.Rand) int { return pick(rng, 4, 5, 5, 6, 6, 7, 8, 9, 10, 12, 16, 26) }

// moduleNames are different names for n modules.
func moduleNames(rng *rand.Rand, n int) []string {
	var out []string
	seen := map[string]bool{}
	for len(out) < n {
		name := pick(rng, firstWords...)
		if seen[name] {
			name += "_" + pick(rng, thirdWords...)
		}
		if !seen[name] {
			out = append(out, name)
		}
		seen[name] = true
	}
	return out
}

// licence is a text of permission in words of our own.
const licence = "Anybody may use, change and pass on this package, with or without a charge, as long as this text stays with it.\nIt comes as it is; nobody answers for what it does.\n"

// readme is a page about a package.
func readme(rng *rand.Rand, name, install, use string) string {
	return fmt.Sprintf("# %s\n\n%s.\n\n## Install\n\n    %s %s\n\n## Use\n\n%s\n\nSee https://%s.example.invalid/docs for more. Changes are in CHANGELOG.md.\n", name, pick(rng, purposes...), install, name, use, name)
}

// surround adds the files that a grown package has.
func (p *pythonPackage) surround() {
	rng := apart(p.rng)
	names := moduleNames(rng, manyFiles(rng))
	for i, n := range names {
		folder := p.name + "/"
		if i%5 == 4 {
			folder += "extras/"
			p.contents.add(folder+"__init__.py", "")
		}
		if p.contents.has(folder + n + ".py") {
			continue
		}
		p.contents.add(folder+n+".py", filled(rng, pick(rng, aroundPython...)))
	}
	p.contents.add(p.name+"/py.typed", "")
	p.contents.add(p.name+"/tests/__init__.py", "")
	for _, n := range names[:2] {
		p.contents.add(p.name+"/tests/test_"+n+".py", "import unittest\n\nfrom .. import "+n+"\n\n\nclass Test"+strings.ToUpper(n[:1])+n[1:]+"(unittest.TestCase):\n    def test_there(self):\n        self.assertTrue("+n+".__name__)\n")
	}
	if rng.IntN(2) == 0 {
		p.contents.add(p.name+"/"+names[0]+".pyi", "from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n")
	}
}

// surroundSource adds what an sdist has beside the modules.
func (p *pythonPackage) surroundSource() {
	rng := apart(p.rng)
	p.contents.add("LICENSE", licence)
	p.contents.add("CHANGELOG.md", "# Changes\n\n## "+p.version+"\n\n- "+pick(rng, purposes...)+".\n")
	p.contents.add("docs/index.md", readme(rng, p.name, "pip install", "    import "+p.name))
	p.contents.add("tox.ini", "[tox]\nenvlist = py39, py312\n\n[testenv]\ncommands = python -m unittest\n")
}

// surround adds the files that a grown package has.
func (p *scriptPackage) surround() {
	rng := apart(p.rng)
	names := moduleNames(rng, manyFiles(rng))
	folder := pick(rng, "lib/", "lib/", "src/", "internal/")
	for i, n := range names {
		file := folder + n + ".js"
		if i%4 == 3 {
			file = folder + "util/" + n + ".js"
		}
		if !p.contents.has(file) {
			p.contents.add(file, filled(rng, pick(rng, aroundScript...)))
		}
	}
	if rng.IntN(2) == 0 {
		p.contents.add("types/types.ts", filled(rng, aroundTyped[0]))
		p.contents.add("types/base.ts", filled(rng, aroundTyped[1]))
		p.contents.add("types/index.d.ts", "export * from './types.js';\nexport * from './base.js';\n")
	}
	p.contents.add("LICENSE", licence)
	p.contents.add("CHANGELOG.md", "# Changes\n\n## "+p.version+"\n\n- "+pick(rng, purposes...)+".\n")
	p.contents.add("docs/usage.md", readme(rng, p.name, "npm install", "    const words = require('"+p.name+"');"))
	p.contents.add("test/"+names[0]+".test.js", "'use strict';\n\nconst test = require('node:test');\nconst assert = require('node:assert');\n\ntest('"+names[0]+"', () => {\n  assert.ok(require('../"+folder+names[0]+".js'));\n});\n")
	if rng.IntN(3) == 0 {
		p.contents.add(".eslintrc.json", "{\n  \"root\": true,\n  \"extends\": \"eslint:recommended\"\n}\n")
	}
}

// surround adds files of the package's own language.
func (o *otherPackage) surround() {
	rng := apart(o.rng)
	switch o.ecosystem {
	case "npm":
		p := scriptPackage{rng: rng, name: o.name, version: o.version, contents: o.contents}
		p.surround()
		o.contents = p.contents
	case "pypi":
		p := pythonPackage{rng: rng, name: o.name, version: o.version, contents: o.contents}
		p.surround()
		o.contents = p.contents
	case "go":
		for _, n := range moduleNames(rng, 2+rng.IntN(4)) {
			title := strings.ToUpper(n[:1]) + strings.ReplaceAll(n[1:], "_", "")
			o.contents.add(n+"_words.go", fmt.Sprintf("package %s\n\n// %s counts the words of a kind.\ntype %s struct{ counts map[string]int }\n\n// Add counts a word.\nfunc (c *%s) Add(word string) {\n\tif c.counts == nil {\n\t\tc.counts = map[string]int{}\n\t}\n\tc.counts[word] += %d\n}\n\n// Count says how often a word was added.\nfunc (c *%s) Count(word string) int { return c.counts[word] }\n", o.name, title, title, title, rng.IntN(3)+1, title))
		}
		o.contents.add("README.md", "# "+o.name+"\n\nWords for Go.\n")
		o.contents.add("LICENSE", licence)
	case "cargo":
		var mods string
		for _, n := range moduleNames(rng, 2+rng.IntN(4)) {
			mods += "pub mod " + n + ";\n"
			o.contents.add("src/"+n+".rs", fmt.Sprintf("//! Words of a kind.\n\n/// Cuts a list after some words.\npub fn first<'a>(words: &[&'a str]) -> Vec<&'a str> {\n    words.iter().take(%d).copied().collect()\n}\n", rng.IntN(9)+1))
		}
		if !o.contents.has("src/lib.rs") {
			o.contents.add("src/lib.rs", rustLib+"\n"+mods)
		}
		o.contents.add("LICENSE", licence)
	case "ruby":
		for _, n := range moduleNames(rng, 2+rng.IntN(4)) {
			o.contents.add("lib/words/"+n+".rb", fmt.Sprintf("# frozen_string_literal: true\n\nmodule Words\n  # Cuts a list after some words.\n  def self.first_%s(words)\n    words.take(%d)\n  end\nend\n", n, rng.IntN(9)+1))
		}
		o.contents.add("LICENSE", licence)
	case "maven":
		for _, n := range moduleNames(rng, 2+rng.IntN(4)) {
			title := strings.ToUpper(n[:1]) + n[1:]
			o.contents.add("org/inert/words/"+title+".class", classWith("org/inert/words/"+title, [][2]string{{"java/util/ArrayList", "add"}, {"java/lang/StringBuilder", "append"}}, n, "%s, %s"))
		}
	}
}
