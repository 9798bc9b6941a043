package lexical

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// grammars are the languages, made at first use.
var grammars = sync.OnceValue(func() map[code.Language]*grammar {
	return map[code.Language]*grammar{
		code.Ruby: {
			language: code.Ruby, comments: []string{"#"}, raw: "'", escaped: `"`, escape: '\\', fills: "#{", runs: "`", extra: "$@?!", concat: "+",
			newlines: true, bare: true, symbols: true, percents: true, heredoc: "<<", function: []string{"def"}, ends: true, callees: table(ruby),
		},
		code.Rust: {
			language: code.Rust, comments: []string{"//"}, blocks: [][2]string{{"/*", "*/"}}, escaped: `"`, escape: '\\', concat: "+", function: []string{"fn"},
			imports: rustUse, callees: table(rust),
		},
		code.PHP: {
			language: code.PHP, comments: []string{"//", "#"}, blocks: [][2]string{{"/*", "*/"}}, raw: "'", escaped: `"`, escape: '\\', fills: "$", runs: "`",
			extra: `$\`, concat: ".", foldCase: true, heredoc: "<<<", function: []string{"function"}, bare: false, callees: table(php), imports: phpInclude,
		},
		code.PowerShell: {
			language: code.PowerShell, comments: []string{"#"}, blocks: [][2]string{{"<#", "#>"}}, raw: "'", escaped: `"`, escape: '`', fills: "$",
			extra: `$-.:\/~%?*` + "`", concat: "+", foldCase: true, newlines: true, function: []string{"function", "filter"}, callees: table(powerShell),
		},
		code.Java: {
			language: code.Java, comments: []string{"//"}, blocks: [][2]string{{"/*", "*/"}}, escaped: `"`, escape: '\\', extra: "$", concat: "+",
			imports: javaImport, callees: table(java),
		},
	}
})

// rustUse reads "use a::b::{c, d as e};".
func rustUse(a *analysis, i int) int {
	if !a.is(i, "use") {
		return i
	}
	var prefixes []string
	path := ""
	k := i + 1
	name := func() {
		if path != "" && len(a.aliases) < mostVars {
			a.aliases[lastName(path)] = strings.TrimSuffix(path, "::self")
		}
	}
	for ; k < len(a.tokens) && !(a.tokens[k].kind == nl && a.tokens[k].text == ";") && k < i+4096; k++ {
		t := &a.tokens[k]
		switch {
		case t.kind == ident && t.text == "as" && a.kindAt(k+1) == ident:
			if len(a.aliases) < mostVars {
				a.aliases[a.tokens[k+1].text] = path
			}
			path = ""
			k++
		case t.kind == ident, t.text == "::":
			if path += t.text; len(path) > 512 {
				path = ""
			}
		case t.text == "{":
			prefixes = append(prefixes, path)
		case t.text == ",", t.text == "}":
			name()
			path = ""
			if n := len(prefixes); n > 0 {
				path = prefixes[n-1]
				if t.text == "}" {
					prefixes = prefixes[:n-1]
					path = ""
				}
			}
		}
	}
	name()
	return k
}

// javaImport reads "import a.b.C;".
func javaImport(a *analysis, i int) int {
	if !a.is(i, "import") {
		return i
	}
	var b strings.Builder
	k := i + 1
	for ; k < len(a.tokens) && a.tokens[k].kind != nl && k < i+64; k++ {
		if a.tokens[k].text != "static" {
			b.WriteString(a.tokens[k].text)
		}
	}
	if full := b.String(); !strings.HasSuffix(full, "*") && len(a.aliases) < mostVars {
		a.aliases[lastName(full)] = full
		a.add(a.tokens[i].at, code.Fact{Kind: code.Import, Name: full})
	}
	return k
}

// phpInclude reads "include expr", which runs a file or what an address gives.
func phpInclude(a *analysis, i int) int {
	t := &a.tokens[i]
	switch t.text {
	case "include", "include_once", "require", "require_once":
	default:
		return i
	}
	end := a.statementEnd(i)
	v := a.eval(i+1, end)
	if v.from != 0 || strings.Contains(v.text, "://") || a.files[v.text] != 0 {
		f := code.Fact{Kind: code.Eval, Name: t.text, Args: []string{v.text}, From: (v.from | a.files[v.text]).Words(), Disguised: v.disguised}
		a.add(t.at, f)
	}
	return end
}

const ruby = `
exec: .system_command Process.exec system exec spawn Kernel.system Kernel.exec Kernel.spawn IO.popen Open3.popen3 Open3.popen2 Open3.popen2e Open3.capture2 Open3.capture2e Open3.capture3 Open3.pipeline PTY.spawn Process.spawn POSIX::Spawn.spawn
eval: instance_exec class_exec binding.irb Kernel.binding.eval RubyVM::InstructionSequence.load_from_binary Object.class_eval eval instance_eval class_eval module_eval Kernel.eval RubyVM::InstructionSequence.compile RubyVM::InstructionSequence.eval Marshal.load .instance_eval .class_eval .module_eval binding.eval TOPLEVEL_BINDING.eval
eval file: load Kernel.load require_relative
fold send: send public_send __send__ method Kernel.send Kernel.public_send Object.send .send .public_send .__send__
lookup: const_get Object.const_get Kernel.const_get .const_get
import: require
fetch: url.open url.read HTTPX.get HTTPClient.get_content HTTPClient.get Curl.get Net::HTTP.get Net::HTTP.get_response Net::HTTP.get_print Net::HTTP.start Net::HTTP.new Net::HTTP::Get.new URI.open OpenURI.open_uri HTTParty.get HTTP.get Faraday.get RestClient.get Typhoeus.get Excon.get Mechanize.get .open_uri Down.download Net::FTP.open Net::FTP.new
send: Net::HTTP.put HTTParty.put HTTPX.post HTTPClient.post Curl.post RestClient.put Faraday.put Excon.put Net::HTTP.post Net::HTTP.post_form Net::HTTP::Post.new Net::HTTP::Put.new HTTParty.post HTTP.post Faraday.post RestClient.post Typhoeus.post Excon.post Net::SMTP.start Mail.deliver
send data: .send_data .sendmsg
socket: TCPSocket.new TCPSocket.open TCPServer.new UDPSocket.new Socket.tcp Socket.new UNIXSocket.new OpenSSL::SSL::SSLSocket.new
dns: Resolv.getaddress Resolv.getaddresses Resolv::DNS.new Socket.getaddrinfo Addrinfo.getaddrinfo
decode base64: Base64.decode64 Base64.strict_decode64 Base64.urlsafe_decode64
decode unpack: .unpack .unpack1
decode pack: .pack
decode zlib: Zlib::Inflate.inflate Zlib.inflate
decode gzip: Zlib.gunzip Zlib::GzipReader.new
decode percent: CGI.unescape URI.decode_www_form_component URI.unescape
decrypt: OpenSSL::Cipher.new OpenSSL::Cipher::AES.new
env: ENV.fetch ENV[] ENV.dig
env-all: ENV.values ENV.entries ENV.each_with_object ENV.filter_map ENV.values_at ENV.to_h ENV.to_hash ENV.each ENV.map ENV.inspect ENV.to_a ENV.select ENV.filter ENV.collect ENV.each_pair ENV.to_json ENV.sort ENV.reject ENV
read-file: File.read IO.read File.binread File.readlines IO.readlines IO.binread File.foreach
read-file mode: File.open File.new open Kernel.open IO.open
write-file: File.write IO.write File.binwrite IO.binwrite FileUtils.touch
write-file data: .write .puts .print .syswrite
write-file copied: IO.copy_stream FileUtils.cp FileUtils.copy FileUtils.mv FileUtils.copy_file File.rename
write-exec: FileUtils.chmod File.chmod FileUtils.chmod_R .chmod
delete: File.delete File.unlink FileUtils.rm FileUtils.rm_rf FileUtils.rm_r FileUtils.remove_dir FileUtils.remove_entry Dir.rmdir
list-dir: Dir.glob Dir.entries Dir.children Dir.each_child Find.find
sysinfo: Etc.passwd Socket.gethostname Etc.getlogin Etc.getpwuid Etc.uname Socket.ip_address_list Etc.nprocessors
native: Fiddle.dlopen Fiddle::Handle.new DL.dlopen
clipboard: Clipboard.paste Clipboard.copy Clipboard.data
sleep: sleep
decode tr: .tr .tr_s
fold url: URI URI.parse URI() Addressable::URI.parse
fold same: String Shellwords.escape .to_s .strip .chomp .chop .to_str .force_encoding .freeze .b .dup .to_sym .encode .compact .uniq .flatten .to_a .lazy .first .last .intern .unicode_normalize .itself .rstrip .lstrip .scrub
fold delete: .delete .delete!
fold squeeze: .squeeze
fold replace: .gsub .gsub! .sub .sub! .delete_prefix .delete_suffix
fold chars: .chars .each_char
fold bytes: .bytes .each_byte .codepoints
fold scan: .scan
fold slices: .each_slice
fold split: .split
fold hexnum: .hex
fold number: .to_i Integer
fold ord: .ord
fold lower: .downcase
fold upper: .upcase
fold swapcase: .swapcase
fold printf: format sprintf Kernel.format Kernel.sprintf
fold path: File.join Pathname.new Pathname .join_path
fold located: File.expand_path File.absolute_path File.realpath
fold home: Dir.home
fold temp: Dir.tmpdir Dir.mktmpdir
fold opened: .path .to_path
fold temporary: Tempfile.new Tempfile.create Tempfile.open
fold add: .push .append .concat
fold reverse: .reverse
fold chr: .chr
fold join: .join
`

const rust = `
exec build: std::process::Command::new tokio::process::Command::new async_process::Command::new duct::cmd Command::new
exec arg: .arg .args .current_dir .env .stdin .stdout .stderr
exec run: .spawn .output .status .exec
fetch: ureq::request ureq::Agent::new ureq::builder reqwest::ClientBuilder::new reqwest::blocking::ClientBuilder::new reqwest::Client::builder reqwest::blocking::Client::builder http_req::request::get curl::easy::Easy2::new reqwest::get reqwest::blocking::get reqwest::Client::new reqwest::blocking::Client::new ureq::get ureq::agent curl::easy::Easy::new isahc::get minreq::get attohttpc::get hyper::Client::new surf::get
send: ureq::post isahc::post minreq::post attohttpc::post surf::post
send data: .send_to
send: ureq::put attohttpc::put minreq::put ureq::patch isahc::put
socket: std::net::TcpStream::connect_timeout native_tls::TlsConnector::connect std::net::TcpStream::connect std::net::UdpSocket::bind std::net::TcpListener::bind tokio::net::TcpStream::connect std::os::unix::net::UnixStream::connect
dns: std::net::ToSocketAddrs .to_socket_addrs dns_lookup::lookup_host hickory_resolver::Resolver::new trust_dns_resolver::Resolver::new
decode base64: base64::decode .decode
decode hex: hex::decode hex::decode_to_slice
env: std::env::var std::env::var_os env! option_env! dotenv::var dotenvy::var
env-all: std::env::vars std::env::vars_os
read-file: std::fs::read std::fs::read_to_string std::fs::File::open tokio::fs::read tokio::fs::read_to_string std::fs::read_link
read-file own: include_bytes! include_str!
write-file copied: std::fs::copy std::fs::rename std::io::copy std::fs::hard_link std::os::unix::fs::symlink
write-file: std::fs::write std::fs::File::create tokio::fs::write std::fs::File::create_new
write-file data: .write_all .write
write-exec: std::fs::set_permissions
delete: std::fs::remove_file std::fs::remove_dir_all std::fs::remove_dir
list-dir: std::fs::read_dir walkdir::WalkDir::new glob::glob
sysinfo: hostname::get whoami::username whoami::hostname whoami::fallible::hostname sysinfo::System::new_all gethostname::gethostname
clipboard: arboard::Clipboard::new copypasta::ClipboardContext::new clipboard::ClipboardProvider::new clipboard::ClipboardContext::new cli_clipboard::get_contents cli_clipboard::set_contents clipboard_win::get_clipboard_string clipboard_win::set_clipboard_string .get_text .set_text
eval: rhai::Engine::eval rhai::Engine::run mlua::Lua::load rquickjs::Ctx::eval
native: libloading::os::unix::Library::new libloading::Library::new libc::dlopen libc::dlsym
inject: libc::ptrace
write-file opens: .open
write-file printed: write! writeln!
fold home: dirs::home_dir home::home_dir std::env::home_dir dirs_next::home_dir directories::BaseDirs::new .home_dir
fold temp: std::env::temp_dir
fold temporary: tempfile::NamedTempFile::new tempfile::tempfile
fold replace: .replace .replacen
fold chars: .chars
fold bytes: .bytes
fold reverse: .rev
fold collect: .collect .concat String::from_iter
fold list: .iter .into_iter .copied .cloned .iter_mut .to_vec .as_slice Vec::from vec! .enumerate
fold split: .split
fold slices: .chunks
fold lower: .to_lowercase .to_ascii_lowercase
fold upper: .to_uppercase .to_ascii_uppercase
fold repeat: .repeat
fold chr: char::from char::from_u32 std::char::from_u32
fold number: .parse u8::from u32::from usize::from
fold add: .push .push_str .extend .extend_from_slice .append
fold same: String::from .to_string .to_owned .into .as_str .as_bytes .trim .unwrap .expect .unwrap_or_default .clone .as_ref Path::new std::path::Path::new std::path::PathBuf::from PathBuf::from .to_str .to_string_lossy String::from_utf8 String::from_utf8_lossy std::str::from_utf8 std::borrow::Cow::from .unwrap_or .unwrap_or_else .ok .as_deref .into_owned .to_path_buf .as_path .as_os_str .display .into_bytes .as_mut .by_ref String::from_utf8_unchecked core::str::from_utf8 std::str::from_utf8_unchecked std::ffi::OsString::from .as_c_str .lines .flatten .into_boxed_str std::path::PathBuf::new .context .map_err .and_then std::fs::canonicalize
fold format: format!
fold concat: concat!
fold join: .join
`

const php = `
exec: system exec shell_exec passthru popen proc_open pcntl_exec symfony\component\process\process::fromshellcommandline
eval: eval assert create_function
fold send: call_user_func call_user_func_array
decode base64: base64_decode
decode hex: hex2bin
decode zlib: gzuncompress zlib_decode
decode deflate: gzinflate
decode gzip: gzdecode
decode rot13: str_rot13
decode percent: urldecode rawurldecode
decode: convert_uudecode unserialize
decrypt: openssl_decrypt mcrypt_decrypt
fetch: curl_init curl_exec fopen_url get_headers
send: mail curl_setopt_postfields
send: curl_setopt_array
socket: fsockopen pfsockopen socket_connect stream_socket_client socket_create
dns: gethostbyname dns_get_record checkdnsrr
env: getenv $_env[] $_server[]
env-all: $_env phpinfo
read-file: file_get_contents file readfile parse_ini_file show_source highlight_file
read-file mode: fopen
write-file: file_put_contents copy rename move_uploaded_file
write-file data: fwrite fputs
write-exec: chmod
delete: unlink rmdir
list-dir: scandir glob opendir
sysinfo: php_uname gethostname get_current_user posix_getpwuid
native: ffi::cdef dl
silence: error_reporting ini_set
sleep: sleep
fold replaced: str_replace str_ireplace
fold translate: strtr
fold printf: sprintf vsprintf
fold substring: substr mb_substr
fold repeat: str_repeat
fold split: .explode
fold ord: ord
fold number: hexdec intval
fold chars: str_split mb_str_split
fold lower: strtolower
fold upper: strtoupper
fold temp: sys_get_temp_dir
fold temporary: tempnam tmpfile
fold pack: .pack
fold same: trim array_reverse_keep dirname realpath ltrim rtrim strval escapeshellarg escapeshellcmd stripslashes
fold reverse: strrev
fold chr: chr
fold join: implode join
`

const powerShell = `
exec: start-process saps start invoke-wmimethod [diagnostics.process]::start [system.diagnostics.process]::start invoke-command icm start-job
eval: invoke-expression iex [scriptblock]::create [reflection.assembly]::load [system.reflection.assembly]::load add-type .invokescript
fetch: invoke-webrequest iwr invoke-restmethod irm curl wget start-bitstransfer .downloadstring .downloaddata .openread
fetch file: .downloadfile
send: .uploadstring .uploaddata .uploadfile .uploadvalues send-mailmessage
socket: net.sockets.tcpclient system.net.sockets.tcpclient
dns: resolve-dnsname [net.dns]::gethostaddresses
decode base64: [convert]::frombase64string [system.convert]::frombase64string
env-all: get-childitem-env [environment]::getenvironmentvariables
env: [environment]::getenvironmentvariable [system.environment]::getenvironmentvariable
read-file: get-content gc [io.file]::readalltext [system.io.file]::readalltext [io.file]::readallbytes [system.io.file]::readallbytes cat type
write-file: set-content add-content out-file sc [io.file]::writeallbytes [system.io.file]::writeallbytes [io.file]::writealltext [system.io.file]::writealltext
delete: remove-item ri rm del erase
sysinfo: get-computerinfo get-wmiobject get-ciminstance gwmi whoami hostname get-process systeminfo
clipboard: get-clipboard set-clipboard
persist: register-scheduledtask new-scheduledtask new-scheduledtaskaction new-service set-scheduledtask
tamper: add-mppreference set-mppreference stop-service stop-process clear-eventlog set-executionpolicy
sleep: start-sleep
native: [runtime.interopservices.marshal]::getdelegateforfunctionpointer
inject: virtualalloc createremotethread
fold same: [text.encoding]::utf8 .tostring .trim .replace
decode utf16: .getstring
fold join: -join
`

const java = `
exec: .exec java.lang.ProcessBuilder ProcessBuilder .command
eval: .defineClass .loadClass java.net.URLClassLoader.newInstance javax.script.ScriptEngineManager .eval
eval file: java.net.URLClassLoader
fetch: .openStream .openConnection java.net.http.HttpClient.newHttpClient .getInputStream
socket: java.net.Socket java.net.ServerSocket
dns: java.net.InetAddress.getByName InetAddress.getByName
decode base64: .decode Base64.getDecoder.decode java.util.Base64.getDecoder.decode
decrypt: javax.crypto.Cipher.getInstance Cipher.getInstance
env: System.getenv
read-file: java.nio.file.Files.readAllBytes Files.readAllBytes java.nio.file.Files.readString Files.readString java.io.FileInputStream java.io.FileReader Files.readAllLines java.nio.file.Files.readAllLines
write-file: java.nio.file.Files.write Files.write java.io.FileOutputStream java.io.FileWriter java.nio.file.Files.copy Files.copy
write-exec: .setExecutable
delete: java.nio.file.Files.delete Files.delete Files.deleteIfExists
native: System.load System.loadLibrary
sysinfo: InetAddress.getLocalHost java.net.InetAddress.getLocalHost
lookup: Class.forName .getMethod .getDeclaredMethod
fold same: java.nio.file.Paths.get Paths.get java.nio.file.Path.of Path.of java.net.URI.create URI.create .trim .toString .getBytes
`
