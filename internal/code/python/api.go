package python

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// shape says how the arguments of a function are to be read.
type shape uint8

const (
	plain     shape = iota // a fact of the kind with its constant arguments; the result is data of that kind where the kind is a source
	taking                 // as plain, and the fact says what its arguments carry; the result is nothing
	command                // starts a process from a command line or a list
	shell                  // as command, and the text is a shell's
	spawn                  // as command, but the first argument is a mode (os.spawnl)
	runs                   // runs its first argument as code
	requests               // receives from the URL in the first argument; sends what the others hold
	requestOf              // the same with the method first, then the URL
	posts                  // the same, and says so even when the body is constant
	opens                  // opens a file, the mode decides
	reads                  // the path of the first argument, or of the receiver, is read
	writes                 // the receiver's path, or the first argument, is written with the second
	copies                 // reads the first path and writes the second
	modes                  // changes the mode of a path
	env                    // reads one variable
	allEnv                 // takes the environment
	decodes                // gives its first argument decoded
	imports                // gives the module that its first argument names
	sleeps                 // seconds
	threads                // calls its argument now or soon
	callsBack              // calls its argument at the end of the program
	forgets                // gives nothing of what its arguments carry: a length, a truth
	downloads              // receives a URL and writes it to a path
	sends                  // gives its arguments to the network
	resolves               // a name given to the resolver
	foreign                // native code by the name of a library
	registry               // writes a value of the Windows registry
	setup                  // setuptools.setup
	pixels                 // samples of an image
	installs               // pip's main with a list
	prompts                // a secret typed or kept: keyring
	database               // opens a database file
	listens                // gives events to a callback
)

// spec is what is known of one function.
type spec struct {
	kind  code.Kind
	shape shape
}

// apis are the functions that are facts, by full name. In names, a word with a
// colon at its end is what the following ones stand below. A name with a class
// in it is a method of what that class makes.
var apis = []struct {
	kind  code.Kind
	shape shape
	names string
}{
	{code.Exec, shell, `os: system popen popen3 popen4 startfile
		subprocess: getoutput getstatusoutput asyncio: create_subprocess_shell asyncio.subprocess: create_subprocess_shell
		commands: getoutput getstatusoutput popen2: popen2 popen3 popen4 Popen3 platform: popen
		win32api: ShellExecute WinExec distutils.spawn: spawn`},
	{code.Exec, command, `subprocess: run call check_call check_output Popen asyncio: create_subprocess_exec
		asyncio.subprocess: create_subprocess_exec os: execl execle execlp execlpe execv execve execvp execvpe posix_spawn posix_spawnp
		_posixsubprocess: fork_exec win32process: CreateProcess _winapi: CreateProcess pexpect: run runu spawn spawnu
		pexpect.popen_spawn: PopenSpawn sh: bash sh curl wget sudo plumbum.cmd: bash sh curl wget plumbum.local: __getitem__
		invoke: run fabric: local fabric.api: local envoy: run psutil: Popen pty: spawn delegator: run webbrowser: GenericBrowser BackgroundBrowser trio: run_process
		anyio: run_process open_process wexpect: spawn ctypes.windll.kernel32: WinExec CreateProcessA CreateProcessW
		ctypes.windll.shell32: ShellExecuteA ShellExecuteW setuptools._distutils.spawn: spawn distutils.cmd.Command: spawn`},
	{code.Exec, spawn, `os: spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe`},

	{code.Eval, runs, `builtins: exec eval execfile compile code: InteractiveInterpreter.runsource InteractiveConsole.push InteractiveInterpreter.runcode
		types: CodeType FunctionType new: code function runpy: run_path run_module timeit: timeit Timer
		cProfile: run runctx profile: run runctx doctest: debug_src typing: ForwardRef pdb: run runeval bdb: Bdb.run trace: Trace.run
		marshal.loads: exec IPython: get_ipython.run_cell get_ipython.ex numexpr: evaluate pandas: eval`},

	{code.Fetch, requests, `urllib.request: urlopen OpenerDirector.open build_opener.open URLopener.open FancyURLopener.open
		requests: get head options delete urllib3: PoolManager.urlopen
		requests.Session: get head options delete httpx: get head options delete stream httpx.Client: get head options delete stream
		httpx.AsyncClient: get head options delete stream aiohttp: ClientSession.get ClientSession.head ClientSession.ws_connect ClientSession.options ClientSession.delete
		urllib: URLopener.open  grequests: get requests_html: HTMLSession.get cloudscraper: create_scraper.get
		httplib2: Http.request requests_futures.sessions: FuturesSession.get treq: get asks: get websocket: create_connection WebSocketApp
		websockets: connect websockets.client: connect websockets.sync.client: connect pandas: read_html tornado.httpclient: AsyncHTTPClient.fetch HTTPClient.fetch
		git: Repo.clone_from pygit2: clone_repository curl_cffi.requests: get tls_client: Session.get primp: Client.get socketio: Client.connect
		webbrowser: open open_new open_new_tab xmlrpc.client: ServerProxy mechanize: Browser.open twill: browser.go`},
	{code.Send, posts, `requests: post put patch requests.Session: post put patch httpx: post put patch httpx.Client: post put patch
		httpx.AsyncClient: post put patch aiohttp: ClientSession.post ClientSession.put ClientSession.patch grequests: post
		treq: post put curl_cffi.requests: post put tls_client: Session.post primp: Client.post cloudscraper: create_scraper.post asks: post
		requests_futures.sessions: FuturesSession.post requests_html: HTMLSession.post`},
	{code.Fetch, requestOf, `requests: request requests.Session: request httpx: request httpx.Client: request httpx.AsyncClient: request
		aiohttp: request ClientSession.request urllib3: request PoolManager.request PoolManager.request_encode_body PoolManager.request_encode_url ProxyManager.request HTTPConnectionPool.request HTTPSConnectionPool.request
		http.client: HTTPConnection.request HTTPSConnection.request curl_cffi.requests: request treq: request tls_client: Session.execute_request`},
	{code.Fetch, downloads, `urllib.request: urlretrieve URLopener.retrieve wget: download
		paramiko: SFTPClient.get SFTPClient.from_transport.get SSHClient.open_sftp.get scp: SCPClient.get pysftp: Connection.get torch.hub: download_url_to_file distutils.file_util: download gdown: download pySmartDL: SmartDL`},
	{code.Send, sends, `smtplib: SMTP.sendmail SMTP.send_message SMTP_SSL.sendmail SMTP_SSL.send_message
		ftplib: FTP.storbinary FTP.storlines FTP_TLS.storbinary FTP_TLS.storlines paramiko: SFTPClient.put SFTPClient.putfo SFTPClient.from_transport.put SSHClient.open_sftp.put
		telegram: Bot.send_message Bot.send_document Bot.send_photo Bot.sendMessage Bot.sendDocument telebot: TeleBot.send_message TeleBot.send_document TeleBot.send_photo
		telepot: Bot.sendMessage Bot.sendDocument Bot.sendPhoto aiogram: Bot.send_message Bot.send_document
		discord: Webhook.from_url.send SyncWebhook.from_url.send Webhook.send SyncWebhook.send discord_webhook: DiscordWebhook DiscordWebhook.add_file DiscordEmbed dhooks: Webhook.send Webhook
		slack_sdk: WebClient.chat_postMessage WebClient.files_upload slack_sdk.webhook: WebhookClient.send slack: WebClient.chat_postMessage
		socket: socket.send socket.sendall socket.sendto socket.sendmsg socket.sendfile create_connection.send create_connection.sendall socket.makefile.write
		ssl: SSLSocket.send SSLSocket.sendall SSLContext.wrap_socket.send SSLContext.wrap_socket.sendall create_default_context.wrap_socket.send create_default_context.wrap_socket.sendall wrap_socket.send wrap_socket.sendall
		websocket: create_connection.send WebSocket.send websockets: connect.send websockets.sync.client: connect.send
		http.client: HTTPConnection.send HTTPSConnection.send asyncio: StreamWriter.write open_connection.write paho.mqtt.client: Client.publish paho.mqtt.publish: single multiple
		boto3: client.put_object client.upload_file client.upload_fileobj client.send_message resource.Bucket.upload_file dropbox: Dropbox.files_upload
		pusher: Pusher.trigger yagmail: SMTP.send logging.handlers: HTTPHandler irc.client: Reactor.server.privmsg socketio: Client.emit Client.send xmlrpc.client: ServerProxy.send
		telnetlib: Telnet.write redis: Redis.set Redis.publish Redis.rpush Redis.lpush Redis.hset Redis.xadd
		pika: BlockingConnection.channel.basic_publish kafka: KafkaProducer.send nats: connect.publish stomp: Connection.send zmq: Context.socket.send scapy.all: send sr1 sr syslog: syslog sentry_sdk: capture_message`},
	{code.Send, sends, `pycurl: Curl.setopt Curl.setopt_string`},
	{code.Fetch, plain, `socket: socket.recv socket.recvfrom socket.recv_into socket.recvmsg socket.makefile.read socket.makefile.readline socket.makefile.readlines create_connection.recv
		ftplib: FTP.retrbinary FTP.retrlines FTP_TLS.retrbinary websocket: create_connection.recv WebSocket.recv
		asyncio: StreamReader.read open_connection.read open_connection.readline
		imaplib: IMAP4.fetch IMAP4_SSL.fetch poplib: POP3.retr telnetlib: Telnet.read_until telegram: Bot.get_updates
		http.client: HTTPConnection.getresponse HTTPSConnection.getresponse huggingface_hub: hf_hub_download boto3: client.get_object client.download_file`},
	{code.Socket, plain, `socket: socket.connect socket.connect_ex socket.bind socket.listen create_connection create_server
		asyncio: open_connection start_server telnetlib: Telnet paramiko: SSHClient.connect Transport smtplib: SMTP SMTP_SSL ftplib: FTP FTP_TLS
		paho.mqtt.client: Client.connect imaplib: IMAP4 IMAP4_SSL socketserver: TCPServer ThreadingTCPServer zmq: Context.socket.connect`},
	{code.DNS, resolves, `socket: gethostbyname gethostbyname_ex getaddrinfo gethostbyaddr getfqdn
		dns.resolver: resolve query Resolver.resolve Resolver.query resolve_name Resolver.resolve_name dns.message: make_query aiodns: DNSResolver.query DNSResolver.gethostbyname DNSResolver.query_dns
		dns.asyncresolver: resolve Resolver.resolve nslookup: Nslookup.dns_lookup dnspython: query pydig: query dnslib: DNSRecord.question DNSQuestion scapy.all: DNSQR
		scapy.layers.dns: DNSQR dns.name: from_text asyncio: get_running_loop.getaddrinfo get_event_loop.getaddrinfo new_event_loop.getaddrinfo anyio: getaddrinfo
		trio.socket: getaddrinfo gevent.socket: gethostbyname pycares: Channel.query Channel.getaddrinfo Channel.gethostbyname async_dns.resolver: ProxyResolver.query dohc: query`},
	{code.DNS, plain, `dns.query: udp tcp https tls`},

	{code.Env, env, `os: getenv getenvb os.environ: get __getitem__ pop setdefault os.environb: get __getitem__ decouple: config`},
	{code.EnvAll, allEnv, `os.environ: copy items values keys __iter__ os.environb: copy items dotenv: dotenv_values`},

	{code.ReadFile, opens, `builtins: open file os: fdopen gzip: open bz2: open lzma: open aiofiles: open pathlib: Path.open tarfile: open zipfile: ZipFile
		tempfile: NamedTemporaryFile TemporaryFile SpooledTemporaryFile os.fdopen: open`},
	{code.ReadFile, reads, `pathlib: Path.read_text Path.read_bytes fileinput: input mmap: mmap
		tomllib: load numpy: load fromfile pandas: read_csv read_json configparser: ConfigParser.read RawConfigParser.read netrc: netrc
		os: read sendfile readlink`},
	{code.ReadOwn, plain, `linecache: getlines getline inspect: getsource getsourcelines pkgutil: get_data pkg_resources: resource_string resource_stream resource_filename
		importlib.resources: read_text read_binary open_text open_binary files path importlib.resources.files: joinpath importlib_resources: files read_text`},
	{code.WriteFile, writes, `pathlib: Path.write_text Path.write_bytes Path.touch os: write mkfifo`},
	{code.WriteFile, copies, `shutil: copy copyfile copy2 copyfileobj copytree move make_archive os: rename replace link symlink
		pathlib: Path.rename Path.replace Path.symlink_to Path.hardlink_to`},
	{code.WriteFile, plain, `zipfile: ZipFile.extractall ZipFile.extract tarfile: TarFile.extractall open.extractall open.extract shutil: unpack_archive
		zipfile: ZipFile.writestr`},
	{code.WriteExec, taking, `os: memfd_create`},
	{code.WriteExec, modes, `os: chmod fchmod lchmod pathlib: Path.chmod`},
	{code.Delete, taking, `os: remove unlink rmdir removedirs truncate shutil: rmtree pathlib: Path.unlink Path.rmdir send2trash: send2trash`},
	{code.ListDir, plain, `os: walk listdir scandir fwalk glob: glob iglob pathlib: Path.glob Path.rglob Path.iterdir Path.walk`},

	{code.SysInfo, plain, `platform: node uname platform processor machine release version architecture win32_ver mac_ver freedesktop_os_release
		socket: gethostname getfqdn getpass: getuser os: getlogin uname cpu_count getuid geteuid uuid: getnode uuid1 pwd: getpwuid getpwall getpwnam getpwnam_r
		psutil: cpu_count cpu_percent virtual_memory disk_usage disk_partitions net_if_addrs net_connections process_iter users boot_time pids net_io_counters cpu_freq
		GPUtil: getGPUs cpuinfo: get_cpu_info wmi: WMI.Win32_ComputerSystem WMI.Win32_BaseBoard WMI.Win32_Processor WMI.Win32_BIOS WMI.Win32_OperatingSystem WMI.Win32_DiskDrive WMI.Win32_LogicalDisk WMI.Win32_NetworkAdapterConfiguration
		WMI.Win32_UserAccount WMI.Win32_VideoController WMI.Win32_Product WMI.Win32_Process WMI.query os: getgrouplist getgroups grp: getgrall spwd: getspall distro: info name id machineid: id hashed_id
		browserhistory: get_browserhistory netifaces: interfaces ifaddresses gateways
		win32api: GetComputerName GetUserName GetVolumeInformation locale: getlocale getdefaultlocale geocoder: ip py_cpuinfo: get_cpu_info
		screeninfo: get_monitors getmac: get_mac_address importlib.metadata: distributions packages_distributions pkg_resources: working_set`},
	{code.Secret, prompts, `keyring: get_password get_credential browser_cookie3: chrome firefox edge opera brave load chromium safari
		browsercookie: chrome firefox rookiepy: chrome firefox load pycookiecheat: chrome_cookies win32crypt: CryptUnprotectData
		secretstorage: get_default_collection Collection.get_all_items ctypes.windll.crypt32: CryptUnprotectData keyring.backends.Windows: WinVaultKeyring
		boto3: Session.get_credentials boto3.session: Session.get_credentials botocore.session: get_session.get_credentials google.auth: default
		azure.identity: DefaultAzureCredential.get_token ManagedIdentityCredential.get_token AzureCliCredential.get_token google.auth: default.refresh
		botocore.utils: InstanceMetadataFetcher.retrieve_iam_role_credentials ContainerMetadataFetcher.retrieve_uri botocore.credentials: InstanceMetadataProvider.load
		boto3.session: Session.get_credentials.get_frozen_credentials boto3: Session.get_credentials.get_frozen_credentials ec2_metadata: ec2_metadata.iam_security_credentials
		win32cred: CredEnumerate CredRead credman: read win32vault: enumerate keyring: get_keyring.get_password psutil: Process.environ`},
	{code.ReadFile, database, `sqlite3: connect apsw: Connection aiosqlite: connect`},

	{code.Clipboard, plain, `pyperclip: copy paste waitForPaste waitForNewPaste clipboard: copy paste win32clipboard: GetClipboardData SetClipboardData OpenClipboard SetClipboardText
		tkinter: Tk.clipboard_get Tk.clipboard_append Tk.selection_get pandas: read_clipboard pandas.io.clipboard: paste copy clipboard_get clipboard_set pandas.io.clipboards: read_clipboard
		AppKit: NSPasteboard.generalPasteboard NSPasteboard.generalPasteboard.stringForType_ NSPasteboard.generalPasteboard.setString_forType_ Cocoa: NSPasteboard.generalPasteboard
		xerox: paste copy jaraco.clipboard: paste copy paste_text copy_text paste_html klembord: get_text set_text get get_with_rich_text klembord.Selection: get_text set_text
		clipman: get set copy paste pyclip: paste copy richxerox: paste copy copykitten: copy paste clr_clipboard: GetText SetText
		kivy.core.clipboard: Clipboard.paste Clipboard.copy Clipboard.get Clipboard.put wx: TheClipboard.GetData TheClipboard.SetData Clipboard.GetData Clipboard.SetData
		PyQt5.QtWidgets: QApplication.clipboard.text QApplication.clipboard.setText QApplication.clipboard.image QApplication.clipboard.mimeData QApplication.clipboard.setMimeData
		gi.repository.Gtk: Clipboard.get.wait_for_text Clipboard.get.set_text Clipboard.get.wait_for_image Clipboard.get.request_text
		gi.repository.Gdk: Display.get_default.get_clipboard.read_text_async Display.get_default.get_clipboard.set
		System.Windows.Forms: Clipboard.GetText Clipboard.SetText System.Windows: Clipboard.GetText Clipboard.SetText
		ctypes.windll.user32: OpenClipboard GetClipboardData SetClipboardData AddClipboardFormatListener PIL.ImageGrab: grabclipboard`},
	{code.Screen, plain, `PIL.ImageGrab: grab pyautogui: screenshot mss: mss mss.grab mss.shot mss.mss: grab shot save mss.mss.__enter__: grab shot pyscreenshot: grab
		pyscreeze: screenshot d3dshot: create dxcam: create win32gui: GetDC GetWindowDC desktopmagic.screengrab_win32: getDisplaysAsImages autopy.bitmap: capture_screen ctypes.windll.gdi32: BitBlt StretchBlt GetBitmapBits GetDIBits ctypes.windll.user32: PrintWindow
		win32ui: CreateBitmap.GetBitmapBits CreateBitmap.SaveBitmapFile CreateDCFromHandle.BitBlt CreateDCFromHandle.CreateCompatibleDC.BitBlt
		Quartz: CGWindowListCreateImage CGDisplayCreateImage CGWindowListCreateImageFromArray Quartz.CoreGraphics: CGWindowListCreateImage CGDisplayCreateImage
		PyQt5.QtWidgets: QApplication.primaryScreen.grabWindow QApplication.screens.grabWindow PyQt5.QtGui: QScreen.grabWindow QPixmap.grabWindow PyQt6.QtGui: QScreen.grabWindow PySide6.QtGui: QScreen.grabWindow
		gi.repository.Gdk: pixbuf_get_from_window wx: ScreenDC Xlib.display: Display.screen.root.get_image bettercam: create windows_capture: WindowsCapture`},
	{code.Keyboard, listens, `pynput.keyboard: Listener GlobalHotKeys Events pynput.mouse: Listener Events keyboard: on_press on_release hook record read_event read_key add_hotkey start_recording
		mouse: hook on_click record pyHook: HookManager PyHook3: HookManager pyxhook: HookManager ctypes.windll.user32: SetWindowsHookExA SetWindowsHookExW GetAsyncKeyState GetKeyState
		win32api: GetAsyncKeyState evdev: InputDevice.read_loop InputDevice.read InputDevice.read_one InputDevice.async_read_loop ctypes.windll.user32: GetKeyboardState GetRawInputData RegisterRawInputDevices
		win32api: GetKeyState GetKeyboardState Xlib.display: Display.record_enable_context pynput: keyboard.Listener.run inputs: get_key devices.keyboards
		libinput: LibInput.events keylogger: Keylogger.start usb.core: find.read hid: device.read`},
	{code.Camera, plain, `cv2: VideoCapture VideoCapture.read pyaudio: PyAudio.open sounddevice: rec InputStream pygame.camera: Camera Camera.start
		speech_recognition: Microphone imageio: get_reader soundcard: default_microphone picamera: PiCamera`},

	{code.Native, foreign, `ctypes: CDLL WinDLL OleDLL PyDLL cdll.LoadLibrary windll.LoadLibrary LibraryLoader.LoadLibrary CFUNCTYPE WINFUNCTYPE cffi: FFI.dlopen FFI.verify FFI.cdef
		ctypes.util: find_library _ctypes: dlopen imp: load_dynamic importlib.machinery: ExtensionFileLoader wasmtime: Module.from_file wasmer: Module
		clr: AddReference jpype: startJVM ctypes: string_at memmove frida: attach spawn`},
	{code.Inject, taking, `ctypes.windll.kernel32: WriteProcessMemory CreateRemoteThread VirtualAllocEx VirtualAlloc VirtualProtect RtlMoveMemory CreateThread OpenProcess QueueUserAPC SetThreadContext NtUnmapViewOfSection HeapCreate HeapAlloc
		ctypes.windll.ntdll: NtCreateThreadEx NtWriteVirtualMemory RtlCreateUserThread NtUnmapViewOfSection win32process: CreateRemoteThread WriteProcessMemory
		pymem: Pymem.inject_python_shellcode Pymem.write_bytes pymem.process: inject_dll inject_dll_from_path pyinjector: inject memorpy: MemWorker ptrace.debugger: PtraceDebugger.addProcess
		win32process: VirtualAllocEx win32api: WriteProcessMemory ReadWriteMemory: ReadWriteMemory.get_process_by_name.write`},

	{code.Decode, decodes, `base64: b64decode urlsafe_b64decode standard_b64decode decodebytes b32decode b32hexdecode b16decode b85decode a85decode z85decode decode
		binascii: a2b_base64 unhexlify a2b_hex a2b_uu a2b_qp rledecode_hqx codecs: decode encode zlib: decompress decompressobj.decompress gzip: decompress bz2: decompress BZ2Decompressor.decompress lzma: decompress LZMADecompressor.decompress
		builtins.bytes: fromhex builtins.bytearray: fromhex marshal: loads load pickle: loads load Unpickler.load dill: loads load cloudpickle: loads load joblib: load
		email.base64mime: decode body_decode decodestring email.quoprimime: decode body_decode header_decode email.utils: decode_rfc2231 brotli: decompress zstandard: ZstdDecompressor.decompress compression.zstd: decompress quopri: decodestring uu: decode base58: b58decode pybase64: b64decode lz4.frame: decompress`},
	{code.Decrypt, plain, `cryptography.fernet: Fernet.decrypt MultiFernet.decrypt Crypto.Cipher.AES: new.decrypt new.decrypt_and_verify Crypto.Cipher.ARC4: new.decrypt Crypto.Cipher.DES: new.decrypt Crypto.Cipher.DES3: new.decrypt
		Crypto.Cipher.ChaCha20: new.decrypt Crypto.Cipher.ChaCha20_Poly1305: new.decrypt_and_verify Crypto.Cipher.Blowfish: new.decrypt Crypto.Cipher.Salsa20: new.decrypt Crypto.Cipher.PKCS1_OAEP: new.decrypt
		nacl.secret: SecretBox.decrypt Aead.decrypt nacl.public: SealedBox.decrypt Box.decrypt cryptography.hazmat.primitives.ciphers: Cipher.decryptor.update cryptography.hazmat.primitives.ciphers.aead: AESGCM.decrypt ChaCha20Poly1305.decrypt
		rsa: decrypt pyaes: AESModeOfOperationCTR.decrypt AESModeOfOperationCBC.decrypt AESModeOfOperationECB.decrypt simplecrypt: decrypt pyAesCrypt: decryptFile decryptStream`},

	{code.Silence, plain, `logging: disable warnings: filterwarnings simplefilter contextlib: redirect_stderr redirect_stdout
		ssl: _create_unverified_context urllib3: disable_warnings requests.packages.urllib3: disable_warnings ctypes.windll.user32: ShowWindow win32gui: ShowWindow
		ctypes.windll.kernel32: FreeConsole SetConsoleTitleW GetConsoleWindow`},
	{code.Tamper, taking, `ctypes.windll.kernel32: IsDebuggerPresent CheckRemoteDebuggerPresent TerminateProcess
		ctypes.windll.ntdll: RtlAdjustPrivilege NtRaiseHardError NtQueryInformationProcess win32api: TerminateProcess`},
	{code.Sleep, sleeps, `time: sleep asyncio: sleep`},
	{code.Persist, registry, `winreg: SetValueEx SetValue CreateKey CreateKeyEx winshell: CreateShortcut win32serviceutil: InstallService
		win32com.client: Dispatch.CreateShortCut pythoncom: CoCreateInstance.SetPath`},
	{code.Persist, taking, `crontab: CronTab.new CronTab.append CronTabs.new win32com.client: Dispatch.RegisterTask Dispatch.RegisterTaskDefinition Dispatch.GetFolder.RegisterTask
		Dispatch.GetFolder.RegisterTaskDefinition gencache.EnsureDispatch.GetFolder.RegisterTaskDefinition win32service: CreateService launchd: LaunchdJob.load
		comtypes.client: CreateObject.GetFolder.RegisterTaskDefinition wmi: WMI.Win32_ScheduledJob.Create WMI.Win32_StartupCommand.Create schedule_windows: create`},
	{code.AddPkg, installs, `pip: main pip._internal: main pip._internal.cli.main: main pip._internal.main: main setuptools.command.easy_install: main easy_install: main
		ensurepip: bootstrap micropip: install conda.cli: main uv: main`},
	{code.Publish, taking, `twine.commands.upload: main upload twine.cli: dispatch twine.repository: Repository.upload git: Repo.remote.push Remote.push huggingface_hub: upload_file HfApi.upload_file
		github: Github.get_repo.create_file Github.get_repo.update_file Github.get_user.get_repos.create_file Github.get_user.get_repos.update_file Github.get_user.get_repo.create_file
		Github.get_user.create_repo Github.get_organization.get_repos.create_file Github.get_repo.create_secret Github.get_user.get_repos.create_secret gitlab: Gitlab.projects.list.files.create
		dulwich.porcelain: push pygit2: Repository.remotes.push Remote.push poetry.publishing: Publisher.publish flit_core: upload flit.upload: main hatch.publish: publish`},
	{code.Mine, taking, `pyrx: get_rx_hash pycryptonight: cn_slow_hash randomx: RandomX.calculate_hash VM.calculate_hash py_cryptonight: cn_slow_hash pycryptonight: cn_fast_hash pyminer: start duinocoin: mine`},
	{code.Pixels, pixels, `PIL.Image: open.getdata open.getpixel open.load open.tobytes open.convert.getdata open.convert.getpixel open.convert.load Image.getdata Image.getpixel
		stegano.lsb: reveal stegano.lsbset: reveal stegano.exifHeader: reveal lsb: reveal judyb: judyb imageio: imread cv2: imread wave: open.readframes stepic: decode numpy: array asarray frombuffer PIL.Image: open.getexif open._getexif open.getxmp open.split open.getchannel open.getbands
		piexif: load exifread: process_file mutagen: File eyed3: load soundfile: read scipy.io.wavfile: read audioop: getsample pydub: AudioSegment.from_file AudioSegment.from_wav
		matplotlib.image: imread skimage.io: imread png: Reader.read`},
	{code.Import, imports, `builtins: __import__ importlib: import_module __import__ reload importlib.util: find_spec module_from_spec spec_from_file_location imp: load_source load_module find_module
		importlib.machinery: SourceFileLoader SourcelessFileLoader pydoc: locate pkgutil: resolve_name zipimport: zipimporter werkzeug.utils: import_string django.utils.module_loading: import_string`},
	{code.Hook, setup, `setuptools: setup skbuild: setup numpy.distutils.core: setup`},

	{"", threads, `threading: Thread Timer multiprocessing: Process Pool.map Pool.apply Pool.apply_async concurrent.futures: ThreadPoolExecutor.submit ProcessPoolExecutor.submit ThreadPoolExecutor.map ProcessPoolExecutor.map
		_thread: start_new_thread start_new thread: start_new_thread builtins: map filter sorted asyncio: run create_task ensure_future get_event_loop.run_until_complete new_event_loop.run_until_complete get_event_loop.run_in_executor gather to_thread
		functools: reduce itertools: starmap accumulate multiprocessing.pool: ThreadPool.map ThreadPool.apply_async gevent: spawn trio: run anyio: run contextvars: Context.run
		multiprocessing: Pool.starmap Pool.imap eventlet: spawn curio: run`},
	{"", callsBack, `atexit: register weakref: finalize signal: signal sys: addaudithook threading: setprofile settrace sched: scheduler.enter asyncio: get_event_loop.call_later get_event_loop.call_soon`},
	{"", forgets, `builtins: isinstance issubclass hasattr callable id hash print bool any all abs round sum property classmethod object
		os.path: exists isfile isdir getsize getmtime islink ismount isabs os: access stat makedirs mkdir getpid getcwd pathlib: Path.exists Path.is_file Path.is_dir Path.mkdir Path.stat
		time: time monotonic perf_counter random: random randint re: compile logging: info debug warning error getLogger argparse: ArgumentParser shutil: which
		builtins.open: close flush seek fileno tell subprocess.Popen: wait poll kill terminate`},
}

// renames give the full name for what is the same thing under another: older
// names, private modules behind public ones, parts of a library that re-export.
// A row renames a module or function and what stands below it.
var renames = map[string]string{
	"urllib2": "urllib.request", "six.moves.urllib.request": "urllib.request", "six.moves.urllib": "urllib", "future.moves.urllib.request": "urllib.request",
	"six.moves.builtins": "builtins", "six.moves.cPickle": "pickle", "cPickle": "pickle", "_pickle": "pickle", "six.exec_": "builtins.exec",
	"six.moves.http_client": "http.client", "httplib": "http.client", "xmlrpclib": "xmlrpc.client", "six.moves.xmlrpc_client": "xmlrpc.client",
	"ctypes.pythonapi.PyRun_SimpleString": "builtins.exec", "ctypes.pythonapi.PyRun_SimpleStringFlags": "builtins.exec", "ctypes.pythonapi.PyRun_String": "builtins.exec", "ctypes.pythonapi.Py_CompileString": "builtins.exec",
	"__builtin__": "builtins", "__builtins__": "builtins", "past.builtins": "builtins",
	"posix": "os", "nt": "os", "_io.open": "builtins.open", "io.open": "builtins.open", "codecs.open": "builtins.open", "io.FileIO": "builtins.open", "io.open_code": "builtins.open",
	"os.open": "builtins.open", "posix.environ": "os.environ", "os.fdopen.write": "builtins.open.write", "pathlib.Path.open.write": "builtins.open.write",
	"PyQt4.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "PyQt4.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PyQt5.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "PyQt5.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PyQt6.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "PyQt6.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PyQt6.QtWidgets.QApplication": "PyQt5.QtWidgets.QApplication", "PyQt6.QtWidgets.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PySide2.QtWidgets.QApplication": "PyQt5.QtWidgets.QApplication", "PySide2.QtWidgets.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PySide2.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "PySide2.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication",
	"PySide6.QtWidgets.QApplication": "PyQt5.QtWidgets.QApplication", "PySide6.QtWidgets.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PySide6.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "PySide6.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PySide.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "PySide.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication", "qtpy.QtWidgets.QApplication": "PyQt5.QtWidgets.QApplication", "qtpy.QtWidgets.QGuiApplication": "PyQt5.QtWidgets.QApplication", "qtpy.QtGui.QApplication": "PyQt5.QtWidgets.QApplication", "qtpy.QtGui.QGuiApplication": "PyQt5.QtWidgets.QApplication", "AnyQt.QtWidgets.QApplication": "PyQt5.QtWidgets.QApplication", "AnyQt.QtWidgets.QGuiApplication": "PyQt5.QtWidgets.QApplication", "PyQt5.QtWidgets.QApplication.instance": "PyQt5.QtWidgets.QApplication",
	"Tkinter": "tkinter", "tkinter.Misc.clipboard_get": "tkinter.Tk.clipboard_get",
	"ssl.create_default_context.wrap_socket": "socket.socket", "ssl.SSLContext.wrap_socket": "socket.socket", "ssl.wrap_socket": "socket.socket", "ssl.SSLSocket": "socket.socket",
	"ssl._create_unverified_context.wrap_socket": "socket.socket", "redis.StrictRedis": "redis.Redis", "redis.from_url": "redis.Redis", "redis.Redis.from_url": "redis.Redis",
	"_socket": "socket", "_winreg": "winreg", "_subprocess": "subprocess", "_ctypes.LoadLibrary": "ctypes.CDLL", "posixpath": "os.path", "ntpath": "os.path", "macpath": "os.path",
	"socket.SocketType": "socket.socket", "subprocess32": "subprocess", "gevent.subprocess": "subprocess", "gevent.socket": "socket", "eventlet.green.subprocess": "subprocess", "eventlet.green.socket": "socket",
	"eventlet.green.urllib.request": "urllib.request", "curl_cffi.requests.Session": "requests.Session", "cloudscraper.create_scraper": "requests.Session", "cloudscraper.CloudScraper": "requests.Session",
	"requests.api": "requests", "requests.sessions": "requests", "requests.session": "requests.Session", "pip._vendor.requests": "requests", "pip._vendor.urllib3": "urllib3", "requests.packages.urllib3": "urllib3",
	"requests_html.HTMLSession": "requests.Session", "aiohttp.client": "aiohttp", "aiohttp.ClientSession.__aenter__": "aiohttp.ClientSession", "httpx._api": "httpx", "httpx.Client.__enter__": "httpx.Client",
	"Cryptodome": "Crypto", "builtins.unicode": "builtins.str", "os.popen2": "os.popen", "pathlib.PosixPath": "pathlib.Path", "pathlib.WindowsPath": "pathlib.Path", "pathlib.PurePath": "pathlib.Path", "pathlib2.Path": "pathlib.Path", "pathlib.PurePosixPath": "pathlib.Path",
	"os.environ.__dict__": "os.environ", "os.environ._data": "os.environ", "ctypes.cdll.kernel32": "ctypes.windll.kernel32", "ctypes.oledll": "ctypes.windll", "ctypes.wintypes.windll": "ctypes.windll",
	"importlib._bootstrap.__import__": "importlib.__import__", "mss.MSS": "mss.mss", "mss.tools.mss": "mss.mss", "PIL.Image.Image": "PIL.Image.open", "Image.open": "PIL.Image.open", "ImageGrab": "PIL.ImageGrab",
	"telegram.ext.Updater.bot": "telegram.Bot", "distutils.core.setup": "setuptools.setup", "distutils.core": "setuptools", "winreg.OpenKey.SetValueEx": "winreg.SetValueEx",
	"tempfile.mkstemp.write": "builtins.open.write", "multiprocessing.dummy": "multiprocessing", "multiprocessing.context.Process": "multiprocessing.Process",
	"builtins.raw_input": "builtins.input", "string.letters": "string.ascii_letters", "smtplib.SMTP.__enter__": "smtplib.SMTP", "urllib.urlopen": "urllib.request.urlopen", "urllib.urlretrieve": "urllib.request.urlretrieve", "urllib.quote": "urllib.parse.quote", "urllib.unquote": "urllib.parse.unquote", "urllib.urlencode": "urllib.parse.urlencode", "six.moves.urllib.parse": "urllib.parse", "urlparse": "urllib.parse",
	"ctypes.util.cdll": "ctypes.cdll", "concurrent.futures.thread.ThreadPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
	"builtins.io.open": "builtins.open", "os.os": "os", "sys.sys": "sys", "threading._start_new_thread": "_thread.start_new_thread",
	"requests.models": "requests", "gzip.GzipFile": "gzip.open", "setuptools._distutils.core": "setuptools", "setuptools.distutils": "distutils",
	"marshal._loads": "marshal.loads", "base64.decodestring": "base64.decodebytes", "_codecs.decode": "codecs.decode", "_codecs.encode": "codecs.encode", "_imp": "imp",
	"subprocess.os": "os", "shutil.os": "os", "glob.os": "os", "tempfile._os": "os", "random._os": "os", "logging.os": "os", "platform.os": "os", "inspect.os": "os", "zipfile.os": "os", "webbrowser.os": "os", "linecache.os": "os", "site.os": "os", "pathlib.os": "os", "codecs.sys": "sys", "codecs.builtins": "builtins", "platform.subprocess": "subprocess", "webbrowser.subprocess": "subprocess", "ctypes._os": "os", "threading._os": "os", "uuid.os": "os", "socket.os": "os", "http.client.socket": "socket", "urllib.request.os": "os", "urllib.request.socket": "socket", "shutil.sys": "sys", "os.sys": "sys", "types.sys": "sys", "enum.sys": "sys", "cgi.os": "os", "posixpath.os": "os", "fileinput.os": "os", "getpass.os": "os", "mimetypes.os": "os", "tarfile.os": "os", "setuptools.os": "os", "asyncio.subprocess.subprocess": "subprocess", "os.subprocess": "subprocess",
}

// stars are modules whose names come in by "from x import *" with an idea of which.
var stars = map[string]bool{
	"os": true, "subprocess": true, "ctypes": true, "socket": true, "base64": true, "requests": true, "urllib.request": true, "zlib": true, "marshal": true,
	"shutil": true, "tkinter": true, "winreg": true, "win32api": true, "sys": true, "setuptools": true, "urllib.parse": true, "codecs": true, "builtins": true,
	"platform": true, "getpass": true, "time": true, "threading": true, "smtplib": true, "importlib": true, "binascii": true, "pathlib": true, "tempfile": true,
}

// table is apis by name.
var table = sync.OnceValue(func() map[string]spec {
	out := map[string]spec{}
	for _, row := range apis {
		prefix := ""
		for _, word := range strings.Fields(row.names) {
			if p, ok := strings.CutSuffix(word, ":"); ok {
				prefix = p + "."
				continue
			}
			out[prefix+word] = spec{row.kind, row.shape}
		}
	}
	return out
})
