package generate

// secondHonest do honestly what malware does, and are nobody's twins; as
// honestShapes, in the second half.
var secondHonest = []shape{
	{name: "native-fetcher", places: []string{"console-script"}, good: snippet{`
<%n pins%> = {"linux": "a3f5" + "0" * 60, "darwin": "b4e6" + "0" * 60}


def <%n fetch%>(system=None):
    """Downloads our native library when the user runs this command, and takes only the pinned one."""
    system = system or <%c platform.system%>().lower()
    data = <%c urllib.request.urlopen%>(<%s https://releases.example.invalid/words/libwords-3.1-%> + system + ".tar.gz").read()
    if <%c hashlib.sha256%>(data).hexdigest() != <%n pins%>[system]:
        raise RuntimeError("not the library that this version was made for")
    folder = <%c pathlib.Path%>(__file__).parent / "native"
    folder.mkdir(exist_ok=True)
    (folder / "libwords.tar.gz").write_bytes(data)
    return folder
`, "print(<%n fetch%>.__doc__)"}},
	{name: "clipboard-library", good: snippet{`
class <%n Clipboard%>:
    """Copies and pastes text with the program that the system has for it."""

    programs = {"darwin": (["pbcopy"], ["pbpaste"]), "linux": (["xclip", "-selection", "c"], ["xclip", "-selection", "c", "-o"])}

    def __init__(self, system=None):
        self.copying, self.pasting = self.programs[system or <%c sys.platform%>]

    def copy(self, text):
        <%c subprocess.run%>(self.copying, input=text, text=True, check=True)

    def paste(self):
        return <%c subprocess.run%>(self.pasting, stdout=<%c subprocess.PIPE%>, text=True, check=True).stdout
`, "<%n Clipboard%>.__doc__"}},
	{name: "dns-client", good: snippet{`
class <%n Resolver%>:
    """A stub resolver over UDP."""

    def __init__(self, server="127.0.0.53", timeout=2.0):
        self.server, self.timeout = server, timeout

    def question(self, name, kind=1):
        labels = b"".join(bytes([len(part)]) + part for part in name.encode("idna").split(b"."))
        return <%c struct.pack%>(">HHHHHH", <%c random.getrandbits%>(16), 0x0100, 1, 0, 0, 0) + labels + <%c struct.pack%>(">BHH", 0, kind, 1)

    def ask(self, name, kind=1):
        with <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_DGRAM%>) as wire:
            wire.settimeout(self.timeout)
            wire.sendto(self.question(name, kind), (self.server, 53))
            return wire.recv(4096)
`, "<%n Resolver%>()"}},
	{name: "env-settings", good: snippet{`
class <%n Settings%>:
    """Settings from the environment: DEMO_TIMEOUT=3 becomes timeout=3."""

    prefix = "DEMO_"

    def __init__(self, environ=None):
        source = <%c os.environ%> if environ is None else environ
        self.values = {k[len(self.prefix):].lower(): v for k, v in source.items() if k.startswith(self.prefix)}

    def __getattr__(self, name):
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name)

    def dump(self):
        return <%c json.dumps%>(self.values, indent=2)
`, "<%n Settings%>({}).dump()"}},
	{name: "opt-in-telemetry", good: snippet{`
class <%n Usage%>:
    """Counts of commands, sent only when the user said yes in the settings."""

    def __init__(self, settings):
        self.enabled = bool(settings.get("telemetry")) and "DO_NOT_TRACK" not in <%c os.environ%>
        self.counts = {}

    def count(self, command):
        self.counts[command] = self.counts.get(command, 0) + 1

    def flush(self):
        if self.enabled:
            body = <%c json.dumps%>({"counts": self.counts, "python": <%c platform.python_version%>()}).encode()
            <%c urllib.request.urlopen%>(<%s https://usage.example.invalid/v1%>, data=body, timeout=2)
`, "<%n Usage%>({}).flush()"}},
	{name: "netrc-auth", good: snippet{`
class <%n NetrcAuth%>:
    """Adds the user's own login to requests to the host that it belongs to."""

    def __init__(self, path=None):
        self.path = path or <%c os.environ%>.get("NETRC") or <%c os.path.expanduser%>(<%s ~/.netrc%>)

    def header(self, url):
        host = <%c urllib.parse.urlsplit%>(url).hostname
        found = <%c netrc.netrc%>(self.path).authenticators(host)
        if not found:
            return {}
        return {"Authorization": "Basic " + <%c base64.b64encode%>(("%s:%s" % (found[0], found[2])).encode()).decode()}
`, "<%n NetrcAuth%>(\"netrc\")"}},
	{name: "record-maker", good: snippet{`
def <%n record%>(name, fields):
    """A class with the given fields; its constructor is written as code so that it is fast."""
    lines = ["def __init__(self, %s):" % ", ".join(fields)]
    lines += ["    self.%s = %s" % (f, f) for f in fields] or ["    pass"]
    scope = {}
    exec("\n".join(lines), scope)
    return type(name, (), {"__slots__": tuple(fields), "__init__": scope["__init__"]})
`, "<%n record%>(\"Point\", [\"x\", \"y\"])(1, 2)"}},
	{name: "python-console", places: []string{"console-script"}, good: snippet{`
class <%n Console%>(<%c code.InteractiveConsole%>):
    """A Python prompt with this package's names in it."""

    def __init__(self, names=()):
        super().__init__(locals={n: __import__(n) for n in names})

    def start(self, file):
        if <%c os.path.exists%>(file):
            with open(file) as handle:
                self.runcode(compile(handle.read(), file, "exec"))
        self.interact("demo")
`, "print(<%n Console%>.__doc__)"}},
	{name: "hook-installer", places: []string{"console-script"}, good: snippet{`
<%n text%> = """#!/bin/sh
exec python -m $NAME check --staged
"""


def <%n install%>(root="."):
    """Sets up the check before each commit of the repository that the user is in."""
    folder = <%c pathlib.Path%>(<%c subprocess.check_output%>(["git", "-C", root, "rev-parse", "--git-path", "hooks"], text=True).strip())
    file = folder / "pre-commit"
    if file.exists():
        raise SystemExit("there is a hook already: %s" % file)
    file.write_text(<%n text%>)
    file.chmod(0o755)
`, "print(<%n install%>.__doc__)"}},
	{name: "runner-with-env", good: snippet{`
def <%n run%>(command, **extra):
    """Runs a command of the user's with a few more variables, and times it."""
    began = <%c time.monotonic%>()
    done = <%c subprocess.run%>(command, env={**<%c os.environ%>, **extra}, capture_output=True, text=True)
    return done.returncode, done.stdout, <%c time.monotonic%>() - began
`, "<%n run%>.__doc__"}},
	{name: "cloud-region", good: snippet{`
def <%n region%>(timeout=0.3):
    """Where this machine runs, so that our client talks to the nearest endpoint."""
    if "CLOUD_REGION" in <%c os.environ%>:
        return <%c os.environ%>["CLOUD_REGION"]
    try:
        with <%c urllib.request.urlopen%>(<%s http://$METADATA/latest/meta-data/placement/region%>, timeout=timeout) as reply:
            return reply.read().decode()
    except OSError:
        return "local"
`, "<%n region%>.__doc__"}},
	{name: "instrumenting-importer", good: snippet{`
class <%n Counting%>(<%c importlib.abc.Loader%>):
    """Loads a module with a counter in front of each function, for coverage."""

    def __init__(self, path):
        self.path = path
        self.counts = {}

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        with open(self.path, encoding="utf-8") as handle:
            tree = <%c ast.parse%>(handle.read(), self.path)
        for node in <%c ast.walk%>(tree):
            if isinstance(node, <%c ast.FunctionDef%>):
                self.counts[node.name] = 0
        exec(compile(tree, self.path, "exec"), module.__dict__)
`, "<%n Counting%>(\"x.py\")"}},
	{name: "release-check", good: snippet{`
def <%n newest%>(current):
    """The newest release when there is a newer one; asked at most once a day."""
    stamp = <%c os.path.join%>(<%c tempfile.gettempdir%>(), "$NAME-checked")
    if <%c os.path.exists%>(stamp) and <%c time.time%>() - <%c os.path.getmtime%>(stamp) < 86400:
        return None
    open(stamp, "w").close()
    found = <%c json.load%>(<%c urllib.request.urlopen%>(<%s https://releases.example.invalid/latest.json%>, timeout=1))["version"]
    return found if found != current else None
`, "<%n newest%>.__doc__"}},
	{name: "service-command", places: []string{"console-script"}, good: snippet{`
def <%n unit%>(program):
    return "[Unit]\nDescription=$NAME\n\n[Service]\nExecStart=%s serve\n\n[Install]\nWantedBy=default.target\n" % program


def <%n show%>():
    """Prints a unit for systemd; where it belongs is in the manual."""
    print(<%n unit%>(<%c shutil.which%>("$NAME") or "$NAME"))
`, "<%n show%>()"}},
	{name: "pipe-colours", places: []string{"setup", "cmdclass"}, good: snippet{`
def <%n libraries%>(name="libwebp"):
    """Flags of a library that is installed; the build goes on without it."""
    program = <%c os.environ%>.get("PKG_CONFIG", "pkg-config")
    if <%c shutil.which%>(program) is None:
        return []
    done = <%c subprocess.run%>([program, "--libs", name], capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else []
`, "print(<%n libraries%>())"}},

	{name: "dotenv", lang: javascript, good: snippet{`
function <%n load%>(file = '.env') {
  if (!<%c fs.existsSync%>(file)) return {};
  const found = {};
  for (const line of <%c fs.readFileSync%>(file, 'utf8').split('\n')) {
    const match = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match && !(match[1] in <%g process.env%>)) <%g process.env%>[match[1]] = found[match[1]] = match[2];
  }
  return found;
}
`, "void <%n load%>"}},
	{name: "spawn-wrapper", lang: javascript, good: snippet{`
function <%n run%>(command, args = [], options = {}) {
  const child = <%c child_process.spawn%>(command, args, { stdio: 'inherit', shell: process.platform === 'win32', ...options, env: { ...<%g process.env%>, ...options.env } });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(command + ' ended with ' + code))));
  });
}
`, "void <%n run%>"}},
	{name: "prebuild-check", lang: javascript, places: []string{"install", "postinstall"}, good: snippet{`
function <%n prebuilt%>() {
  const folder = <%c path.join%>(__dirname, 'prebuilds', <%g process.platform%> + '-' + <%g process.arch%>);
  return <%c fs.existsSync%>(folder) && <%c fs.readdirSync%>(folder).some((name) => name.endsWith('.node'));
}

function <%n build%>() {
  if (<%n prebuilt%>()) return;
  const done = <%c child_process.spawnSync%>('node-gyp', ['rebuild'], { stdio: 'inherit', shell: true });
  process.exitCode = done.status || 0;
}
`, "<%n build%>()"}},
	{name: "update-notifier", lang: javascript, good: snippet{`
function <%n notify%>(name, version) {
  if (<%g process.env%>.NO_UPDATE_NOTIFIER || <%g process.env%>.CI) return;
  const script = <%c path.join%>(__dirname, 'check.js');
  <%c child_process.spawn%>(<%g process.execPath%>, [script, JSON.stringify({ name, version })], { detached: true, stdio: 'ignore' }).unref();
}
`, "void <%n notify%>"}},
	{name: "sandboxed-expression", lang: javascript, good: snippet{`
function <%n evaluate%>(expression, values) {
  const context = <%c vm.createContext%>(Object.assign(Object.create(null), values));
  return <%c vm.runInContext%>('(' + expression + ')', context, { timeout: 50 });
}
`, "void <%n evaluate%>('a + b', { a: 1, b: 2 })"}},
	{name: "registry-token", lang: javascript, good: snippet{`
function <%n tokenFor%>(registry) {
  const file = <%g process.env%>.NPM_CONFIG_USERCONFIG || <%c path.join%>(<%c os.homedir%>(), <%s .npmrc%>);
  if (!<%c fs.existsSync%>(file)) return null;
  const start = '//' + new URL(registry).host + '/:_authToken=';
  const line = <%c fs.readFileSync%>(file, 'utf8').split('\n').find((one) => one.startsWith(start));
  return line ? line.slice(start.length).replace(/^\$\{(\w+)\}$/, (_, key) => <%g process.env%>[key] || '') : null;
}
`, "void <%n tokenFor%>"}},
	{name: "inline-source-map", lang: javascript, good: snippet{`
function <%n mapOf%>(text) {
  const match = /sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,([\w+\/=]+)/.exec(text);
  return match ? JSON.parse(Buffer.from(match[1], 'base64').toString()) : null;
}
`, "void <%n mapOf%>('')"}},
	{name: "proxy-agent", lang: javascript, good: snippet{`
function <%n proxyFor%>(url) {
  const name = new URL(url).protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const skip = (<%g process.env%>.NO_PROXY || '').split(',').filter(Boolean);
  if (skip.some((end) => new URL(url).hostname.endsWith(end))) return null;
  return <%g process.env%>[name] || <%g process.env%>[name.toLowerCase()] || null;
}

function <%n tunnel%>(proxy, host, port, done) {
  const request = <%c http.request%>({ host: new URL(proxy).hostname, port: new URL(proxy).port, method: 'CONNECT', path: host + ':' + port });
  request.on('connect', (reply, socket) => done(socket));
  request.end();
}
`, "void <%n proxyFor%>"}},
	{name: "crash-handler", lang: javascript, good: snippet{`
function <%n watch%>(dsn = <%g process.env%>.CRASH_DSN) {
  if (!dsn) return;
  process.on('uncaughtExceptionMonitor', (error) => {
    const request = <%c https.request%>(dsn, { method: 'POST', headers: { 'content-type': 'application/json' } });
    request.end(JSON.stringify({ name: error.name, stack: error.stack, node: process.version }));
  });
}
`, "void <%n watch%>"}},
	{name: "open-page", lang: javascript, good: snippet{`
function <%n open%>(page) {
  const programs = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''], linux: ['xdg-open'] };
  const [program, ...words] = programs[<%g process.platform%>] || programs.linux;
  return <%c child_process.spawn%>(program, [...words, page], { detached: true, stdio: 'ignore' });
}
`, "void <%n open%>"}},
}

// secondHonestSamples describes the samples of these shapes, in disguises that honest
// code wears.
func secondHonestSamples(seed uint64) []Sample {
	var out []Sample
	for _, s := range secondHonest {
		var wears []disguise
		for _, d := range append(known(secondWears), secondDisguises...) {
			if d.honest {
				wears = append(wears, d)
			}
		}
		for _, d := range append([]disguise{disguises[0]}, drawn(seed, s, wears, 7)...) {
			place := []string{"init", "main"}[s.lang]
			if s.places != nil {
				place = placeFor(s, d, source(seed, "honest", s.name, d.name))
			}
			if !secondFits(place, d) {
				continue
			}
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
