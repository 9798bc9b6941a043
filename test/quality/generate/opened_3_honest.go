package generate

// thirdHonest do honestly what malware does, and are nobody's twins; as honestShapes,
// in the third half.
var thirdHonest = []shape{
	{name: "plugin-folder", good: snippet{`
def <%n plugins%>(folder):
    """Loads the plugins that a person put into a folder."""
    for path in sorted(<%c pathlib.Path%>(folder).glob("*.py")):
        spec = <%c importlib.util.spec_from_file_location%>(path.stem, path)
        module = <%c importlib.util.module_from_spec%>(spec)
        spec.loader.exec_module(module)
        yield module
`, "<%n plugins%>"}},
	{name: "migration-runner", good: snippet{`
class <%n Migrations%>:
    """Runs the migrations of a project, each once."""

    def __init__(self, folder):
        self.folder = <%c pathlib.Path%>(folder)

    def run(self, done):
        for path in sorted(self.folder.glob("[0-9]*.py")):
            if path.name not in done:
                scope = {"__name__": "migration"}
                <%b exec%>(<%b compile%>(path.read_text(), str(path), "exec"), scope)
                scope["forward"]()
                done.add(path.name)
`, "<%n Migrations%>"}},
	{name: "device-login", good: snippet{`
def <%n login%>(server, client, store):
    """Logs a person in through the browser and keeps the token."""
    start = <%c requests.post%>(server + "/device/code", data={"client_id": client}).json()
    print("open %s and enter %s" % (start["verification_uri"], start["user_code"]))
    while True:
        <%c time.sleep%>(start["interval"])
        reply = <%c requests.post%>(server + "/token", data={"client_id": client, "device_code": start["device_code"]}).json()
        if "access_token" in reply:
            store.write_text(<%c json.dumps%>(reply))
            <%c os.chmod%>(store, 0o600)
            return reply["access_token"]
`, "<%n login%>.__doc__"}},
	{name: "ssh-tunnel", good: snippet{`
class <%n Tunnel%>:
    """A tunnel to a database, as long as the block lasts."""

    def __init__(self, host, port, key="~/.ssh/id_ed25519"):
        self.words = ["ssh", "-N", "-L", "%d:localhost:%d" % (port, port), "-i", <%c os.path.expanduser%>(key), host]

    def __enter__(self):
        self.process = <%c subprocess.Popen%>(self.words, stdin=<%c subprocess.DEVNULL%>)
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()
`, "<%n Tunnel%>"}},
	{name: "masked-environment", good: snippet{`
<%n SECRET%> = <%c re.compile%>("(?i)token|secret|password|key")


def <%n shown%>():
    """The environment for a report, with what is secret left out."""
    return {k: "***" if <%n SECRET%>.search(k) else v for k, v in sorted(<%c os.environ%>.items())}


def <%n print_report%>():
    print(<%c json.dumps%>(<%n shown%>(), indent=2))
`, "<%n print_report%>"}},
	{name: "webhook-library", good: snippet{`
class <%n Webhook%>:
    """Posts messages to a webhook whose address the caller has."""

    def __init__(self, url, username=None):
        self.url, self.username, self.embeds = url, username, []

    def add_embed(self, title, description, color=0):
        self.embeds.append({"title": title, "description": description, "color": color})

    def execute(self, content=""):
        reply = <%c requests.post%>(self.url, json={"content": content, "username": self.username, "embeds": self.embeds})
        if reply.status_code == 429:
            <%c time.sleep%>(reply.json()["retry_after"])
            return self.execute(content)
        return reply
`, "<%n Webhook%>"}},
	{name: "remote-protocol-server", good: snippet{`
class <%n Server%>(<%c socketserver.StreamRequestHandler%>):
    """Answers the questions of an editor."""

    def handle(self):
        for line in self.rfile:
            question = <%c json.loads%>(line)
            method = getattr(self, "do_" + question["method"], None)
            answer = method(**question.get("params", {})) if method else None
            self.wfile.write(<%c json.dumps%>({"id": question["id"], "result": answer}).encode() + b"\n")

    def do_complete(self, text):
        return sorted(w for w in ("alpha", "beta") if w.startswith(text))


def <%n serve%>(port):
    with <%c socketserver.TCPServer%>(("127.0.0.1", port), <%n Server%>) as server:
        server.serve_forever()
`, "<%n serve%>"}},
	{name: "supervisor", good: snippet{`
class <%n Supervisor%>:
    """Keeps a program running and starts it again when it ends."""

    def __init__(self, words, most=5):
        self.words, self.most, self.count = words, most, 0

    def run(self):
        while self.count < self.most:
            process = <%c subprocess.Popen%>(self.words, start_new_session=True)
            <%c signal.signal%>(<%c signal.SIGTERM%>, lambda *_: process.terminate())
            if process.wait() == 0:
                return 0
            self.count += 1
            <%c time.sleep%>(2 ** self.count)
        return 1
`, "<%n Supervisor%>"}},
	{name: "bytecode-reader", good: snippet{`
def <%n code_of%>(path):
    """The code object in a .pyc file, for a listing."""
    with open(path, "rb") as handle:
        handle.read(16)
        return <%c marshal.loads%>(handle.read())


def <%n listing%>(path):
    <%c dis.dis%>(<%n code_of%>(path))
`, "<%n listing%>"}},
	{name: "unit-writer", good: snippet{`
<%n UNIT%> = """[Unit]
Description=words

[Service]
ExecStart={python} -m words.server

[Install]
WantedBy=default.target
"""


def <%n install%>(user=True):
    """words service install: writes the unit and says how to start it."""
    folder = <%c pathlib.Path%>.home() / ".config/systemd/user"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "words.service").write_text(<%n UNIT%>.format(python=<%c sys.executable%>))
    print("now run: systemctl --user enable --now words")
`, "<%n install%>.__doc__"}},
	{name: "pinned-fonts", good: snippet{`
<%n FONTS%> = {"sans.woff2": "0" * 64}


def <%n fetch%>(folder):
    """Brings the fonts of the documents, each by its digest."""
    for name, digest in <%n FONTS%>.items():
        with <%c urllib.request.urlopen%>("https://fonts.example.invalid/" + name) as reply:
            data = reply.read()
        if <%c hashlib.sha256%>(data).hexdigest() != digest:
            raise RuntimeError("%s is not what was pinned" % name)
        (<%c pathlib.Path%>(folder) / name).write_bytes(data)
`, "<%n fetch%>.__doc__"}},
	{name: "kernel-starter", good: snippet{`
def <%n kernel%>(connection):
    """Starts a kernel in another process and gives its process."""
    words = [<%c sys.executable%>, "-m", "words.kernel", "-f", connection]
    environment = dict(<%c os.environ%>, PYTHONUNBUFFERED="1")
    flags = 0x08000000 if <%c os.name%> == "nt" else 0
    return <%c subprocess.Popen%>(words, env=environment, creationflags=flags, stdout=<%c subprocess.PIPE%>)
`, "<%n kernel%>"}},
	{name: "grammar-compiler", good: snippet{`
def <%n compiled%>(rules):
    """Makes a parser function out of rules, once."""
    lines = ["def parse(text):", "    at = 0"]
    for name, pattern in rules:
        lines.append("    m = re.compile(%r).match(text, at)" % pattern)
        lines.append("    if m: return (%r, m.group())" % name)
    lines.append("    return None")
    scope = {"re": <%c sys.modules%>["re"]}
    <%b exec%>("\n".join(lines), scope)
    return scope["parse"]
`, "<%n compiled%>"}},
	{name: "token-cache", good: snippet{`
def <%n cached%>(server, refresh):
    """A token for a server: from the keyring, or a new one."""
    token = <%c keyring.get_password%>("words", server)
    if token is None:
        token = refresh(server)
        <%c keyring.set_password%>("words", server, token)
    return <%c requests.get%>(server, headers={"Authorization": "Bearer " + token})
`, "<%n cached%>"}},
	{name: "gui-shortcuts", good: snippet{`
class <%n Recorder%>:
    """Lets a person choose a shortcut in the settings."""

    def __init__(self, done):
        self.done, self.keys = done, []

    def on_press(self, key):
        self.keys.append(str(key))
        if str(key) == "Key.enter":
            self.done("+".join(self.keys[:-1]))
            return False

    def run(self):
        with <%c pynput.keyboard.Listener%>(on_press=self.on_press) as listener:
            listener.join()
`, "<%n Recorder%>"}},
	{name: "upload-of-coverage", good: snippet{`
def <%n upload%>(report):
    """Sends a coverage report from a build service to the project's server."""
    environment = <%c os.environ%>
    facts = {k: environment.get(k, "") for k in ("GITHUB_SHA", "GITHUB_REF", "GITHUB_REPOSITORY")}
    with open(report, "rb") as handle:
        <%c requests.post%>("https://coverage.example.invalid/upload", params=facts, data=handle, headers={"Authorization": environment["COVERAGE_TOKEN"]})
`, "<%n upload%>.__doc__"}},
	{name: "generated-version", places: []string{"setup", "cmdclass"}, good: snippet{`
def <%n version%>():
    text = <%c subprocess.check_output%>(["git", "describe", "--tags", "--always"], text=True).strip()
    with open("version.txt", "w") as handle:
        handle.write(text)
    return text
`, "print(<%n version%>())"}},
	{name: "cmake-build", places: []string{"cmdclass", "setup"}, good: snippet{`
def <%n build%>():
    folder = <%c pathlib.Path%>("build/cmake")
    folder.mkdir(parents=True, exist_ok=True)
    jobs = <%c os.environ%>.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(<%c os.cpu_count%>() or 1)
    <%c subprocess.check_call%>(["cmake", "../..", "-DCMAKE_BUILD_TYPE=Release"], cwd=folder)
    <%c subprocess.check_call%>(["cmake", "--build", ".", "-j", jobs], cwd=folder)
`, "<%n build%>()"}},
	{name: "notebook-display", good: snippet{`
<%n SCRIPT%> = <%c base64.b64encode%>(b"document.querySelectorAll('.words').forEach(function (e) { e.hidden = false; });").decode()


def <%n html%>(values):
    """A table for a notebook, with its script inside."""
    rows = "".join("<tr><td>%s</td></tr>" % <%c html.escape%>(str(v)) for v in values)
    return "<table class=words>%s</table><script src='data:text/javascript;base64,%s'></script>" % (rows, <%n SCRIPT%>)
`, "<%n html%>([1])"}},

	{name: "request-recorder", lang: javascript, good: snippet{`
function <%n record%>(scope, tape) {
  const original = scope.fetch;
  scope.fetch = async (input, init) => {
    const reply = await original(input, init);
    tape.push({ url: String(input), method: (init && init.method) || 'GET', status: reply.status });
    return reply;
  };
  return () => {
    scope.fetch = original;
  };
}
`, "void <%n record%>"}},
	{name: "xhr-timing", lang: javascript, good: snippet{`
function <%n instrument%>(scope, report) {
  const { open, send } = scope.XMLHttpRequest.prototype;
  scope.XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.words = { method, url, start: 0 };
    return open.call(this, method, url, ...rest);
  };
  scope.XMLHttpRequest.prototype.send = function (body) {
    this.words.start = Date.now();
    this.addEventListener('loadend', () => report({ ...this.words, took: Date.now() - this.words.start }));
    return send.call(this, body);
  };
}
`, "void <%n instrument%>"}},
	{name: "optional-binary", lang: javascript, good: snippet{`
const <%n names%> = { 'linux x64': '@words/linux-x64', 'darwin arm64': '@words/darwin-arm64', 'win32 x64': '@words/win32-x64' };

function <%n binary%>() {
  const name = <%n names%>[<%g process.platform%> + ' ' + <%g process.arch%>];
  if (!name) throw new Error('words does not run here');
  return <%c path.join%>(name, 'bin', <%g process.platform%> === 'win32' ? 'words.exe' : 'words');
}

function <%n run%>(words) {
  return <%c child_process.spawnSync%>(<%n binary%>(), words, { stdio: 'inherit' }).status;
}
`, "void <%n run%>"}},
	{name: "transpiling-require", lang: javascript, good: snippet{`
async function <%n hook%>(transform) {
  const { default: Module } = await import('node:module');
  const before = Module._extensions['.words'];
  Module._extensions['.words'] = (module, file) => {
    module._compile(transform(<%c fs.readFileSync%>(file, 'utf8')), file);
  };
  return () => {
    Module._extensions['.words'] = before;
  };
}
`, "void <%n hook%>"}},
	{name: "console-of-a-project", lang: javascript, good: snippet{`
function <%n console%>(values) {
  const session = <%c repl.start%>({ prompt: 'words> ', useGlobal: false });
  Object.assign(session.context, values);
  session.setupHistory(<%c path.join%>(<%c os.homedir%>(), '.words_history'), (error) => {
    if (error) console.error(error.message);
  });
  return session;
}
`, "void <%n console%>"}},
	{name: "config-in-vm", lang: javascript, good: snippet{`
function <%n load%>(file) {
  const code = <%c fs.readFileSync%>(file, 'utf8');
  const scope = { module: { exports: {} }, __dirname: <%c path.dirname%>(file) };
  <%c vm.runInNewContext%>(code, scope, { filename: file, timeout: 1000 });
  return scope.module.exports;
}
`, "void <%n load%>"}},
	{name: "release-of-own", lang: javascript, good: snippet{`
function <%n release%>(kind) {
  const git = (...words) => <%c child_process.execFileSync%>('git', words, { encoding: 'utf8' }).trim();
  if (git('status', '--porcelain')) throw new Error('commit first');
  <%c child_process.execFileSync%>('npm', ['version', kind], { stdio: 'inherit' });
  <%c child_process.execFileSync%>('npm', ['publish', '--provenance'], { stdio: 'inherit' });
  git('push', '--follow-tags');
}
`, "void <%n release%>"}},
	{name: "cluster-config", lang: javascript, good: snippet{`
async function <%n client%>(context) {
  const { default: YAML } = await import('yaml');
  const file = <%g process.env%>.KUBECONFIG || <%c path.join%>(<%c os.homedir%>(), '.kube', 'config');
  const config = YAML.parse(<%c fs.readFileSync%>(file, 'utf8'));
  const chosen = config.contexts.find((c) => c.name === (context || config['current-context'])).context;
  const cluster = config.clusters.find((c) => c.name === chosen.cluster).cluster;
  const user = config.users.find((u) => u.name === chosen.user).user;
  return (path) => <%b fetch%>(cluster.server + path, { headers: { authorization: 'Bearer ' + user.token } });
}
`, "void <%n client%>"}},
	{name: "profile-of-a-cloud", lang: javascript, good: snippet{`
function <%n profile%>(name = <%g process.env%>.AWS_PROFILE || 'default') {
  const text = <%c fs.readFileSync%>(<%c path.join%>(<%c os.homedir%>(), '.aws', 'credentials'), 'utf8');
  const part = text.split('[' + name + ']')[1] || '';
  const value = (key) => (new RegExp(key + '\\s*=\\s*(\\S+)').exec(part.split('[')[0]) || [])[1];
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}

async function <%n bucket%>(name) {
  const { S3Client, ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  return new S3Client({ credentials: <%n profile%>() }).send(new ListObjectsV2Command({ Bucket: name }));
}
`, "void <%n bucket%>"}},
	{name: "proof-of-address", lang: javascript, good: snippet{`
const <%n kinds%> = { bitcoin: /^(bc1|[13])[a-zA-HJ-NP-Z0-9]{25,62}$/, ethereum: /^0x[a-fA-F0-9]{40}$/ };

function <%n valid%>(kind, address) {
  if (!<%n kinds%>[kind]) throw new TypeError('unknown coin: ' + kind);
  return <%n kinds%>[kind].test(address);
}

async function <%n pay%>(wallet, kind, address, amount) {
  if (!<%n valid%>(kind, address)) throw new TypeError('no address');
  return wallet.request({ method: 'send', params: [{ to: address, value: amount }] });
}
`, "void <%n pay%>"}},
	{name: "http-over-names", lang: javascript, good: snippet{`
async function <%n resolve%>(name, kind = 'A', server = 'https://dns.example.invalid/dns-query') {
  const reply = await <%b fetch%>(server + '?name=' + encodeURIComponent(name) + '&type=' + kind, { headers: { accept: 'application/dns-json' } });
  const { Answer = [] } = await reply.json();
  return Answer.map((a) => a.data);
}
`, "void <%n resolve%>"}},
	{name: "project-template", lang: javascript, good: snippet{`
const <%n files%> = {
  '.github/workflows/test.yml': 'on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci && npm test\n',
  '.gitignore': 'node_modules\n',
  'index.js': 'module.exports = {};\n',
};

function <%n create%>(folder) {
  for (const [name, text] of Object.entries(<%n files%>)) {
    const file = <%c path.join%>(folder, name);
    <%c fs.mkdirSync%>(<%c path.dirname%>(file), { recursive: true });
    if (!<%c fs.existsSync%>(file)) <%c fs.writeFileSync%>(file, text);
  }
  <%c child_process.spawnSync%>('npm', ['install'], { cwd: folder, stdio: 'inherit' });
}
`, "void <%n create%>"}},
	{name: "thanks-and-version", lang: javascript, places: []string{"postinstall"}, good: snippet{`
function <%n greet%>(env) {
  if (env.CI || env.WORDS_QUIET) return;
  const major = Number(<%g process.versions%>.node.split('.')[0]);
  if (major < 18) console.warn('node 18 or newer is better');
  console.log('Thank you for words. Docs: https://words.example.invalid');
}
`, "<%n greet%>(<%g process.env%>)"}},
	{name: "copied-assets", lang: javascript, places: []string{"postinstall", "prepare"}, good: snippet{`
function <%n copy%>(from, to) {
  <%c fs.mkdirSync%>(to, { recursive: true });
  for (const name of <%c fs.readdirSync%>(from)) {
    if (name.endsWith('.svg')) <%c fs.copyFileSync%>(<%c path.join%>(from, name), <%c path.join%>(to, name));
  }
}
`, "<%c fs.existsSync%>('assets') && <%n copy%>('assets', 'dist/assets')"}},
	{name: "worker-of-text", lang: javascript, good: snippet{`
const <%n source%> = 'onmessage = (e) => postMessage(e.data.split(/\\s+/).length);';

function <%n counter%>() {
  const url = URL.createObjectURL(new Blob([<%n source%>], { type: 'text/javascript' }));
  const worker = new Worker(url);
  return (text) => new Promise((done) => {
    worker.onmessage = (e) => done(e.data);
    worker.postMessage(text);
  });
}
`, "void <%n counter%>"}},
	{name: "terminal-over-socket", lang: javascript, good: snippet{`
async function <%n serve%>(server) {
  const { WebSocketServer } = await import('ws');
  const { spawn } = await import('node-pty');
  new WebSocketServer({ server, verifyClient: ({ req }) => req.headers.cookie === server.session }).on('connection', (link) => {
    const shell = spawn(<%g process.env%>.SHELL || 'bash', [], { name: 'xterm', cols: 80, rows: 24 });
    shell.onData((text) => link.send(text));
    link.on('close', () => shell.kill());
  });
}
`, "void <%n serve%>"}},
}

// thirdHonestSamples describes the samples of these shapes, in disguises that honest
// code wears.
func thirdHonestSamples(seed uint64) []Sample {
	return grownHonest(seed, thirdHonest, append(knownThird(), thirdDisguises...))
}

// grownHonest describes samples of honest shapes in grown packages, in those of
// some disguises that honest code wears.
func grownHonest(seed uint64, shapes []shape, of []disguise) []Sample {
	var wears []disguise
	for _, d := range of {
		if d.honest {
			wears = append(wears, d)
		}
	}
	var out []Sample
	for _, s := range shapes {
		for _, d := range append([]disguise{disguises[0]}, thirdDrawn(seed, s, wears, 6)...) {
			place := []string{"init", "main"}[s.lang]
			if s.places != nil {
				place = placeFor(s, d, source(seed, "honest", s.name, d.name))
			}
			if !fits(place, s, d) {
				continue
			}
			d.grown = true
			out = append(out, Sample{
				ID: id("twin", s.lang.ecosystem(), "honest", s.name, d.name), Ecosystem: s.lang.ecosystem(), Family: aloneFamily, Shape: s.name,
				Disguise: d.name, Placement: place, Label: Benign, Split: Tune, Opened: true,
				make: func() built {
					return assemble(source(seed, "honest", s.name, d.name, "build"), s.lang, s.good, d, place, true)
				},
			})
		}
	}
	return out
}
