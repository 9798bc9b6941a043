package generate

// sealedHonest do honestly what malware does, and are nobody's twins; as honestShapes,
// in the sealed half.
var sealedHonest = []shape{
	{name: "secret-scanner", good: snippet{`
<%n RULES%> = {"a cloud key": <%c re.compile%>(r"AKIA[0-9A-Z]{16}"), "a private key": <%c re.compile%>("-----BEGIN [A-Z ]*PRIVATE KEY-----")}


def <%n scan%>(folder):
    """Says where in a project something secret was committed, not what it is."""
    for path in <%c pathlib.Path%>(folder).rglob("*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            yield from ((path, name) for name, rule in <%n RULES%>.items() if rule.search(text))
`, "<%n scan%>.__doc__"}},
	{name: "container-client", good: snippet{`
class <%n Registry%>:
    """Logs in to a registry of images with what the user's own client stored."""

    def __init__(self, host):
        self.host = host
        file = <%c pathlib.Path%>.home() / ".docker" / "config.json"
        auths = <%c json.loads%>(file.read_text())["auths"] if file.exists() else {}
        self.auth = auths.get(host, {}).get("auth", "")

    def tags(self, image):
        reply = <%c requests.get%>("https://%s/v2/%s/tags/list" % (self.host, image), headers={"Authorization": "Basic " + self.auth})
        return reply.json()["tags"]
`, "<%n Registry%>.__doc__"}},
	{name: "live-reloader", good: snippet{`
def <%n reloading%>(words, folder, pause=1.0):
    """Starts a program again whenever a file of its folder has changed."""
    before, process = None, None
    while True:
        now = max(p.stat().st_mtime for p in <%c pathlib.Path%>(folder).rglob("*.py"))
        if now != before:
            if process is not None:
                process.terminate()
            process, before = <%c subprocess.Popen%>([<%c sys.executable%>, *words]), now
        <%c time.sleep%>(pause)
`, "<%n reloading%>.__doc__"}},
	{name: "desktop-screenshot-test", good: snippet{`
def <%n assert_same%>(window, expected):
    """Compares a window with a picture that is kept beside the test."""
    picture = <%c PIL.ImageGrab.grab%>(bbox=window.box)
    target = <%c pathlib.Path%>(expected)
    if not target.exists():
        picture.save(target)
    assert picture.tobytes() == <%c PIL.Image.open%>(target).tobytes()
`, "<%n assert_same%>.__doc__"}},
	{name: "signed-cookies", good: snippet{`
class <%n Signer%>:
    """Keeps a value in a cookie and sees when somebody changed it."""

    def __init__(self, key):
        self.key = key

    def pack(self, value):
        body = <%c base64.urlsafe_b64encode%>(<%c json.dumps%>(value).encode())
        return body + b"." + <%c hmac.new%>(self.key, body, "sha256").hexdigest().encode()

    def unpack(self, text):
        body, mark = text.rsplit(b".", 1)
        if not <%c hmac.compare_digest%>(mark, <%c hmac.new%>(self.key, body, "sha256").hexdigest().encode()):
            raise ValueError("it was changed")
        return <%c json.loads%>(<%c base64.urlsafe_b64decode%>(body))
`, "<%n Signer%>(b'k').unpack(<%n Signer%>(b'k').pack(1))"}},
	{name: "job-environment", good: snippet{`
def <%n job%>(words, extra):
    """Runs a step with a small environment, so that nothing leaks into it."""
    keep = {k: v for k, v in <%c os.environ%>.items() if k in ("PATH", "HOME", "LANG")}
    keep.update(extra)
    return <%c subprocess.run%>(words, env=keep, check=True, capture_output=True, text=True).stdout
`, "<%n job%>.__doc__"}},
	{name: "expression-language", good: snippet{`
class <%n Expression%>:
    """Arithmetic out of a settings file: numbers, names and operators alone."""

    allowed = (<%c ast.Expression%>, <%c ast.BinOp%>, <%c ast.Constant%>, <%c ast.Name%>, <%c ast.Load%>, <%c ast.operator%>)

    def __init__(self, text):
        tree = <%c ast.parse%>(text, mode="eval")
        if not all(isinstance(node, self.allowed) for node in <%c ast.walk%>(tree)):
            raise ValueError("not arithmetic")
        self.code = <%b compile%>(tree, "<expression>", "eval")

    def value(self, **names):
        return <%b eval%>(self.code, {"__builtins__": {}}, names)
`, "<%n Expression%>('a + 1').value(a=2)"}},
	{name: "name-server-check", good: snippet{`
def <%n records%>(domain, kind="TXT"):
    """What a domain says about its mail, for a report of its owner."""
    found = <%c dns.resolver.resolve%>(domain, kind)
    return [part.to_text().strip('"') for part in found if "v=spf1" in part.to_text()]
`, "<%n records%>.__doc__"}},
	{name: "release-updater", good: snippet{`
def <%n newer%>(current, url="https://releases.example.invalid/words.json"):
    """words update --check: says whether there is a newer version, and brings nothing."""
    with <%c urllib.request.urlopen%>(url, timeout=3) as reply:
        latest = <%c json.load%>(reply)["version"]
    return latest if latest != current else None
`, "<%n newer%>.__doc__"}},
	{name: "shell-completion", good: snippet{`
<%n LINE%> = 'eval "$(words completion bash)"'


def <%n completion%>(shell):
    """words completion: prints what a person may put into a start file."""
    names = {"bash": "~/.bashrc", "zsh": "~/.zshrc"}
    print("# add this to %s:" % <%c os.path.expanduser%>(names[shell]))
    print(<%n LINE%>)
`, "<%n completion%>.__doc__"}},
	{name: "clipboard-of-a-table", good: snippet{`
def <%n copied%>(rows):
    """Puts a table on the clipboard, as a person asked for with a button."""
    text = "\n".join("\t".join(map(str, row)) for row in rows)
    <%c pyperclip.copy%>(text)
    return len(text)
`, "<%n copied%>.__doc__"}},
	{name: "generated-parser", places: []string{"cmdclass", "setup"}, good: snippet{`
def <%n tables%>():
    """Makes the tables of the parser before the package is built."""
    source = <%c pathlib.Path%>("grammar.txt")
    rules = source.read_text().split() if source.exists() else []
    out = <%c pathlib.Path%>("build") / "tables.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(<%c json.dumps%>(rules))
`, "<%n tables%>()"}},

	{name: "folder-server", lang: javascript, good: snippet{`
function <%n serve%>(folder, port = 3000) {
  return <%c http.createServer%>((request, reply) => {
    const file = <%c path.join%>(folder, <%c path.normalize%>(request.url));
    if (!<%c fs.existsSync%>(file)) return reply.writeHead(404).end();
    <%c fs.createReadStream%>(file).pipe(reply);
  }).listen(port, '127.0.0.1');
}
`, "void <%n serve%>"}},
	{name: "dotenv-reader", lang: javascript, good: snippet{`
function <%n load%>(file = '.env', target = <%g process.env%>) {
  if (!<%c fs.existsSync%>(file)) return target;
  for (const line of <%c fs.readFileSync%>(file, 'utf8').split('\n')) {
    const [, key, value] = /^\s*([A-Z_]+)\s*=\s*(.*)$/.exec(line) || [];
    if (key && !(key in target)) target[key] = value;
  }
  return target;
}
`, "void <%n load%>"}},
	{name: "browser-opener", lang: javascript, good: snippet{`
const <%n programs%> = { darwin: 'open', win32: 'explorer', linux: 'xdg-open' };

function <%n open%>(url) {
  if (!/^https?:/.test(url)) throw new TypeError('no address of a page');
  const child = <%c child_process.spawn%>(<%n programs%>[<%g process.platform%>], [url], { detached: true, stdio: 'ignore' });
  child.unref();
  return child;
}
`, "void <%n open%>"}},
	{name: "template-functions", lang: javascript, good: snippet{`
function <%n compile%>(text) {
  const parts = text.split(/{{(.*?)}}/);
  const body = parts.map((part, i) => (i % 2 ? '(data[' + JSON.stringify(part.trim()) + '])' : JSON.stringify(part))).join(' + ');
  return <%b Function%>('data', 'return ' + body);
}
`, "void <%n compile%>('hello {{ name }}')({ name: 'you' })"}},
	{name: "wallet-button", lang: javascript, good: snippet{`
async function <%n connect%>(provider, onChange) {
  if (!provider) throw new Error('there is no wallet');
  const [account] = await provider.request({ method: 'eth_requestAccounts' });
  provider.on('accountsChanged', ([next]) => onChange(next));
  return account;
}
`, "void <%n connect%>"}},
	{name: "error-report", lang: javascript, good: snippet{`
class <%n Reports%> {
  constructor({ address, environment = 'production' }) {
    Object.assign(this, { address, environment });
  }

  async send(error) {
    const body = JSON.stringify({ message: error.message, stack: error.stack, host: <%c os.hostname%>(), environment: this.environment });
    await <%b fetch%>(this.address, { method: 'POST', body });
  }
}
`, "void <%n Reports%>"}},
	{name: "workspace-runner", lang: javascript, good: snippet{`
function <%n each%>(root, script) {
  const folders = <%c fs.readdirSync%>(<%c path.join%>(root, 'packages'));
  for (const name of folders) {
    const cwd = <%c path.join%>(root, 'packages', name);
    const done = <%c child_process.spawnSync%>('npm', ['run', script], { cwd, stdio: 'inherit', shell: true });
    if (done.status) return done.status;
  }
  return 0;
}
`, "void <%n each%>"}},
	{name: "login-in-browser", lang: javascript, good: snippet{`
function <%n login%>(client, show) {
  return new Promise((done) => {
    const server = <%c http.createServer%>((request, reply) => {
      reply.end('You may close this page.');
      server.close();
      done(new URL(request.url, 'http://localhost').searchParams.get('code'));
    });
    server.listen(0, '127.0.0.1', () => show('https://login.example.invalid/?client=' + client + '&port=' + server.address().port));
  });
}
`, "void <%n login%>"}},
	{name: "cached-downloads", lang: javascript, good: snippet{`
async function <%n fetched%>(url, digest, folder) {
  const file = <%c path.join%>(folder, digest);
  if (<%c fs.existsSync%>(file)) return file;
  const data = Buffer.from(await (await <%b fetch%>(url)).arrayBuffer());
  if (<%c crypto.createHash%>('sha256').update(data).digest('hex') !== digest) throw new Error('not what was pinned');
  <%c fs.writeFileSync%>(file, data);
  return file;
}
`, "void <%n fetched%>"}},
	{name: "masked-output", lang: javascript, good: snippet{`
function <%n masked%>(stream, env = <%g process.env%>) {
  const secrets = Object.entries(env).filter(([k, v]) => /TOKEN|SECRET/.test(k) && v).map(([, v]) => v);
  const write = stream.write.bind(stream);
  stream.write = (text, ...rest) => write(secrets.reduce((t, s) => t.split(s).join('***'), String(text)), ...rest);
}
`, "void <%n masked%>"}},
	{name: "types-copied", lang: javascript, places: []string{"prepare", "postinstall"}, good: snippet{`
function <%n types%>(from, to) {
  if (!<%c fs.existsSync%>(from)) return;
  <%c fs.mkdirSync%>(<%c path.dirname%>(to), { recursive: true });
  <%c fs.copyFileSync%>(from, to);
}
`, "<%n types%>('src/words.d.ts', 'dist/words.d.ts')"}},
	{name: "peer-warning", lang: javascript, places: []string{"postinstall"}, good: snippet{`
function <%n warn%>() {
  try {
    require.resolve('react');
  } catch {
    console.warn('words wants react beside it: npm install react');
  }
}
`, "<%n warn%>()"}},
}

// sealedHonestSamples describes the samples of these shapes, in disguises that honest
// code wears.
func sealedHonestSamples(seed uint64) []Sample {
	out := grownHonest(seed, sealedHonest, sealedWorn())
	for i := range out {
		out[i].Split, out[i].Opened = Sealed, false
	}
	return out
}

// sealedWorn are all disguises that shapes of the sealed half wear.
func sealedWorn() []disguise { return append(knownSealed(), sealedDisguises...) }
