package generate

// honestShapes do honestly, and where it counts, what malware does: at install, at
// import, with the same interfaces. They are nobody's twins. Each shape is in one
// half as a whole, so that the sealed half has honest code that nobody tuned on;
// that of the second half is in opened_2_honest.go.
var honestShapes = []shape{
	{name: "version-exec", places: []string{"setup"}, good: snippet{`
<%n about%> = {}
with open(here / "about.py", encoding="utf-8") as handle:
    exec(handle.read(), <%n about%>)
`, "print(<%n about%>.get(\"__version__\"))"}},
	{name: "version-regex", places: []string{"setup"}, good: snippet{`
def <%n version%>():
    text = (here / "CHANGES").read_text()
    return <%c re.search%>(r"^(\d+\.\d+\.\d+)", text, <%c re.M%>).group(1)
`, "print(<%n version%>.__name__)"}},
	{name: "compiler-probe", places: []string{"setup", "backend"}, good: snippet{`
def <%n has_flag%>(flag):
    with <%c tempfile.NamedTemporaryFile%>("w", suffix=".c") as source:
        source.write("int main(void) { return 0; }")
        source.flush()
        return <%c subprocess.call%>([<%c os.environ%>.get("CC", "cc"), flag, "-c", source.name, "-o", <%c os.devnull%>]) == 0


<%n flags%> = [f for f in ("-O3", "-fvisibility=hidden")]
`, "print(<%n has_flag%>(\"-O3\"), <%n flags%>)"}},
	{name: "build-ext-pkg-config", places: []string{"cmdclass"}, good: snippet{`
def <%n configure%>():
    try:
        return <%c subprocess.check_output%>(["pkg-config", "--cflags", "zlib"], text=True).split()
    except (OSError, <%c subprocess.CalledProcessError%>):
        return []
`, "print(<%n configure%>())"}},
	{name: "compile-translations", places: []string{"cmdclass"}, good: snippet{`
def <%n translate%>():
    for source in <%c pathlib.Path%>("locale").rglob("*.po"):
        <%c subprocess.check_call%>(["msgfmt", "-o", str(source.with_suffix(".mo")), str(source)])
`, "<%n translate%>()"}},
	{name: "template-engine", good: snippet{`
class <%n Template%>:
    """Compiles a template into a function, once."""

    def __init__(self, source):
        body = "\n".join("    out.append(" + repr(line) + ".format(**values))" for line in source.splitlines())
        namespace = {}
        exec(compile("def render(out, **values):\n" + body, "<template>", "exec"), namespace)
        self._render = namespace["render"]

    def render(self, **values):
        out = []
        self._render(out, **values)
        return "\n".join(out)
`, "<%n Template%>(\"hello {name}\").render(name=\"you\")"}},
	{name: "shell-runner", good: snippet{`
def <%n run%>(command, cwd=None):
    """Runs a command of the user's and shows what it prints as it comes."""
    process = <%c subprocess.Popen%>(command, shell=True, cwd=cwd, stdout=<%c subprocess.PIPE%>, stderr=<%c subprocess.STDOUT%>, text=True)
    for line in process.stdout:
        print(line, end="")
    return process.wait()
`, "<%n run%>.__doc__"}},
	{name: "indicator-lists", good: snippet{`
# What a scanner of repositories looks for; nothing of it is opened here.
<%n wanted%> = {
    <%s .aws/credentials%>: "cloud keys",
    <%s .ssh/id_rsa%>: "a private key",
    <%s .npmrc%>: "a token of a package index",
    <%s wallet.dat%>: "a wallet",
    <%s Login Data%>: "a browser's passwords",
}


def <%n audit%>(names):
    return [(n, why) for n in names for end, why in <%n wanted%>.items() if n.endswith(end)]
`, "<%n audit%>([\"readme.md\"])"}},
	{name: "aws-client", good: snippet{`
class <%n Credentials%>:
    """Where the cloud's own client looks for keys: environment, file, instance."""

    def __init__(self, profile="default"):
        self.profile = profile

    def load(self):
        key = <%c os.environ%>.get("CLOUD_ACCESS_KEY_ID")
        if key:
            return key, <%c os.environ%>.get("CLOUD_SECRET_ACCESS_KEY")
        conf = <%c configparser.ConfigParser%>()
        conf.read(<%c os.path.expanduser%>(<%s ~/.aws/credentials%>))
        return conf[self.profile]["aws_access_key_id"], conf[self.profile]["aws_secret_access_key"]
`, "<%n Credentials%>()"}},
	{name: "ssh-client", good: snippet{`
def <%n connect%>(host, user=None, key=None):
    """Opens a session with the user's own key, as ssh does."""
    client = <%c paramiko.SSHClient%>()
    client.load_host_keys(<%c os.path.expanduser%>(<%s ~/.ssh/known_hosts%>))
    client.connect(host, username=user or <%c getpass.getuser%>(), key_filename=key or <%c os.path.expanduser%>(<%s ~/.ssh/id_ed25519%>))
    return client
`, "<%n connect%>.__doc__"}},
	{name: "crash-reporter", good: snippet{`
class <%n Reporter%>:
    """Sends a crash to the server that the application names; off until it does."""

    def __init__(self, dsn=None):
        self.dsn = dsn or <%c os.environ%>.get("CRASH_DSN")

    def report(self, error):
        if not self.dsn:
            return
        body = <%c json.dumps%>({"type": type(error).__name__, "value": str(error), "host": <%c socket.gethostname%>()}).encode()
        <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(self.dsn, data=body), timeout=2)
`, "<%n Reporter%>(\"\")"}},
	{name: "pinned-download", places: []string{"function"}, good: snippet{`
<%n pins%> = {"linux": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}


def <%n install_tool%>(folder, system="linux"):
    """Fetches our compiler when the user asks for it, and takes no other."""
    data = <%c urllib.request.urlopen%>(<%s https://releases.example.invalid/tool-1.4.0-linux.tar.gz%>).read()
    if <%c hashlib.sha256%>(data).hexdigest() != <%n pins%>[system]:
        raise RuntimeError("the archive is not the pinned one")
    with <%c tarfile.open%>(fileobj=<%c io.BytesIO%>(data)) as archive:
        archive.extractall(folder, filter="data")
`, "<%n install_tool%>.__doc__"}},
	{name: "daemon", good: snippet{`
def <%n daemonize%>(pidfile):
    """Detaches from the terminal, the old way."""
    if <%c os.fork%>() > 0:
        <%c os._exit%>(0)
    <%c os.setsid%>()
    with open(<%c os.devnull%>) as null:
        <%c os.dup2%>(null.fileno(), 0)
    with open(pidfile, "w") as handle:
        handle.write(str(<%c os.getpid%>()))
`, "<%n daemonize%>.__doc__"}},
	{name: "embedded-assets", good: snippet{`
<%n font%> = <%c base64.b64decode%>(<%s d09GMgABAAAAAAjwAA0AAAAAEoAAAAicAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABmAAgkIRCAqWUJECCxgAATYCJAMsBCAFhTMHWRudD1GUTlJK9sVhbFh1Z2gsixVhZ1h7q0wqrXNWeTvx%>)
<%n table%> = <%c zlib.decompress%>(<%c base64.b64decode%>(<%s ` + b64(string(deflate("monday,tuesday,wednesday,thursday,friday,saturday,sunday"))) + `%>)).decode().split(",")
`, "len(<%n table%>)"}},
	{name: "lazy-imports", good: snippet{`
<%n lazy%> = {"tools": ".tools"}


def __getattr__(name):
    if name in <%n lazy%>:
        module = <%c importlib.import_module%>(<%n lazy%>[name], __name__)
        globals()[name] = module
        return module
    raise AttributeError(name)
`, "sorted(<%n lazy%>)"}},
	{name: "serializer", good: snippet{`
def <%n dump%>(value, file):
    <%c pickle.dump%>(value, file, protocol=4)


def <%n load%>(file):
    """Only for files that this program wrote."""
    return <%c pickle.load%>(file)
`, "<%n load%>.__doc__"}},

	{name: "node-version-check", lang: javascript, places: []string{"preinstall"}, good: snippet{`
const major = Number(<%g process.versions%>.node.split('.')[0]);

function <%n check%>() {
  if (major < 18) {
    console.error('node 18 or newer is needed, this is ' + major);
    process.exitCode = 1;
  }
}
`, "<%n check%>()"}},
	{name: "thanks-message", lang: javascript, places: []string{"postinstall"}, good: snippet{`
function <%n thank%>() {
  if (<%g process.env%>.CI || <%g process.env%>.DISABLE_THANKS) return;
  console.log('Thank you for using this package! Its manual: https://docs.example.invalid/');
}
`, "<%n thank%>()"}},
	{name: "native-fallback", lang: javascript, places: []string{"install"}, good: snippet{`
function <%n build%>() {
  try {
    require('./build/Release/addon.node');
  } catch (error) {
    <%c child_process.spawnSync%>('node-gyp', ['rebuild'], { stdio: 'inherit', shell: process.platform === 'win32' });
  }
}
`, "<%n build%>()"}},
	{name: "copy-binary", lang: javascript, places: []string{"postinstall"}, good: snippet{`
function <%n place%>() {
  const name = '@demo/' + <%g process.platform%> + '-' + <%g process.arch%>;
  try {
    const from = require.resolve(name + '/bin/tool');
    <%c fs.copyFileSync%>(from, <%c path.join%>(__dirname, 'tool'));
    <%c fs.chmodSync%>(<%c path.join%>(__dirname, 'tool'), 0o755);
  } catch (error) {
    console.warn('no prebuilt tool for ' + name);
  }
}
`, "<%n place%>()"}},
	{name: "git-hooks-installer", lang: javascript, places: []string{"bin"}, good: snippet{`
function <%n install%>(folder = '.hooks') {
  const found = <%c child_process.spawnSync%>('git', ['config', 'core.hooksPath', folder]);
  <%c fs.mkdirSync%>(folder, { recursive: true });
  <%c fs.writeFileSync%>(<%c path.join%>(folder, 'pre-commit'), 'npm test\n', { mode: 0o755 });
  return found.status === 0;
}
`, "<%n install%>()"}},
	{name: "template-compiler", lang: javascript, good: snippet{`
function <%n compile%>(source) {
  const body = source.replace(/'/g, "\\'").replace(/\{(\w+)\}/g, "' + (it.$1 ?? '') + '");
  return new Function('it', "return '" + body + "';");
}
`, "void <%n compile%>('hello {name}')({ name: 'you' })"}},
	{name: "npm-client", lang: javascript, good: snippet{`
async function <%n whoami%>(registry) {
  const rc = <%c path.join%>(<%c os.homedir%>(), <%s .npmrc%>);
  const line = <%c fs.existsSync%>(rc) ? <%c fs.readFileSync%>(rc, 'utf8').split('\n').find((l) => l.startsWith(registry.replace('https:', ''))) : null;
  const token = line ? line.split('=')[1] : '';
  const reply = await <%b fetch%>(registry + '-/whoami', { headers: { authorization: 'Bearer ' + token } });
  return (await reply.json()).username;
}
`, "void <%n whoami%>"}},
	{name: "env-config", lang: javascript, good: snippet{`
const <%n settings%> = Object.fromEntries(
  Object.entries(<%g process.env%>)
    .filter(([key]) => key.startsWith('DEMO_'))
    .map(([key, value]) => [key.slice(5).toLowerCase(), value]),
);
`, "void <%n settings%>"}},
	{name: "dev-server", lang: javascript, good: snippet{`
function <%n serve%>(folder, port = 8080) {
  return <%c http.createServer%>((request, reply) => {
    const file = <%c path.join%>(folder, <%c path.normalize%>(new URL(request.url, 'http://localhost').pathname));
    <%c fs.createReadStream%>(file).on('error', () => { reply.statusCode = 404; reply.end(); }).pipe(reply);
  }).listen(port, '127.0.0.1');
}
`, "void <%n serve%>"}},
	{name: "worker-pool", lang: javascript, good: snippet{`
function <%n pool%>(file, size = <%c os.cpus%>().length) {
  return Array.from({ length: size }, () => <%c child_process.fork%>(file, [], { env: { ...process.env, WORKER: '1' } }));
}
`, "void <%n pool%>"}},
	{name: "wasm-loader", lang: javascript, good: snippet{`
const <%n bytes%> = Buffer.from(<%s AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=%>, 'base64');

async function <%n load%>() {
  const { instance } = await WebAssembly.instantiate(<%n bytes%>);
  return instance.exports.add;
}
`, "void <%n load%>"}},
}

// aloneFamily is what honest samples without a malicious sibling are counted under.
const aloneFamily = "(honest alone)"

// honest describes the samples of these shapes, in the disguises that honest code
// wears.
func honest(seed uint64) []Sample {
	var out []Sample
	for _, s := range honestShapes {
		for _, d := range disguises {
			if !d.honest {
				continue
			}
			place := placeFor(s, d, source(seed, "honest", s.name, d.name))
			if s.places == nil { // what is not about a hook stands in no hook
				place = []string{"init", "main"}[s.lang]
			}
			out = append(out, Sample{
				ID: id("twin", s.lang.ecosystem(), "honest", s.name, d.name), Ecosystem: s.lang.ecosystem(), Family: aloneFamily, Shape: s.name,
				Disguise: d.name, Placement: place, Label: Benign, Split: Tune, Opened: opened("honest", s.lang, s.name),
				make: func() built {
					return assemble(source(seed, "honest", s.name, d.name, "build"), s.lang, s.good, d, place, true)
				},
			})
		}
	}
	return out
}
