package shell

import (
	"path"
	"strings"
	"sync"
	"unicode"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// wrappers are programs that start another one, which is what counts. Each gives
// the words of that one.
var wrappers = map[string]func([]word) []word{
	"sudo": afterOptions("-u", "-g", "-C", "-h", "-p"), "doas": afterOptions("-u", "-C"), "nohup": afterOptions(), "setsid": afterOptions(),
	"exec": afterOptions("-a"), "command": ask, "builtin": afterOptions(), "time": afterOptions("-f", "-o"), "nice": afterOptions("-n"),
	"ionice": afterOptions("-c", "-n"), "stdbuf": afterOptions("-i", "-o", "-e"), "env": afterEnv, "busybox": afterOptions(), "unbuffer": afterOptions(),
	"timeout": afterOne("-s", "-k"), "xargs": afterOptions("-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s"), "chroot": afterOne(), "flock": afterOne("-w"),
	"caffeinate": afterOptions(), "npx": none, "start": afterStart, "call": afterOptions(), "disown": none, "script": none, "arch": afterOptions(),
	"cross-env": afterEnv, "dotenv": afterEnv,
}

func none([]word) []word { return nil }

// ask: "command -v x" asks, "command x" starts.
func ask(words []word) []word {
	if len(words) > 0 && (words[0].text == "-v" || words[0].text == "-V") {
		return nil
	}
	return afterOptions()(words)
}

// afterOptions skips options; those named take a value of their own.
func afterOptions(valued ...string) func([]word) []word {
	return func(words []word) []word {
		for len(words) > 0 && strings.HasPrefix(words[0].text, "-") {
			skip := 1
			for _, v := range valued {
				if words[0].text == v {
					skip = 2
				}
			}
			if words[0].text == "--" {
				return words[1:]
			}
			words = words[min(skip, len(words)):]
		}
		return words
	}
}

// afterOne skips options and one operand.
func afterOne(valued ...string) func([]word) []word {
	return func(words []word) []word {
		words = afterOptions(valued...)(words)
		return words[min(1, len(words)):]
	}
}

// afterEnv skips options and NAME=value.
func afterEnv(words []word) []word {
	words = afterOptions("-u", "-C", "-S", "-e")(words)
	for len(words) > 0 && strings.Contains(words[0].text, "=") {
		words = words[1:]
	}
	return words
}

// afterStart is cmd.exe's: switches, and a title in quotes.
func afterStart(words []word) []word {
	for len(words) > 0 && (strings.HasPrefix(words[0].text, "/") || words[0].quoted && len(words) > 1) {
		words = words[1:]
	}
	return words
}

// programs are those that are more than a started process, made at first use: a
// literal would refer to itself by way of the commands that run others.
var programs struct {
	once sync.Once
	all  map[string]func(*call) value
}

// program gives what is to be made of a call of this program, and what it prints.
func program(base string) (func(*call) value, bool) {
	programs.once.Do(func() { programs.all = listPrograms() })
	do, ok := programs.all[base]
	return do, ok
}

func listPrograms() map[string]func(*call) value {
	all := map[string]func(*call) value{}
	for names, do := range map[string]func(*call) value{
		"curl":                   (*call).curl,
		"wget wget2 aria2c axel": (*call).wget,
		"fetch lwp-request http https httpie xh lynx w3m iwr irm invoke-webrequest invoke-restmethod": (*call).fetch,
		"nc ncat netcat socat telnet": (*call).netcat,
		"ssh scp rsync sftp ftp":      (*call).remote,
		"echo":                        (*call).echo,
		"printf":                      (*call).printf,
		"cat bat tac head tail more less strings nl type":                        (*call).cat,
		"base64 base32 openssl xxd gunzip zcat gzip bunzip2 uudecode gpg rev tr": (*call).decode,
		"env printenv export set declare":                                        (*call).environ,
		"eval":                                                                   (*call).eval,
		"source .":                                                               (*call).source,
		"crontab":                                                                (*call).crontab,
		"systemctl launchctl update-rc.d chkconfig schtasks at batch": (*call).persist,
		"chmod":                              (*call).chmod,
		"rm rmdir unlink shred del erase rd": (*call).remove,
		"npm pnpm yarn bun":                  (*call).npm,
		"pip pip3 pipx uv easy_install conda poetry": (*call).pip,
		"gem cargo go":                     (*call).otherPackages,
		"twine flit hatch":                 (*call).twine,
		"git hub gh":                       (*call).git,
		"tee dd":                           (*call).tee,
		"cp mv ln install copy move xcopy": (*call).copy,
		"tar unzip":                        (*call).unpack,
		"zip":                              (*call).pass,
		"sed grep awk gawk egrep cut sort uniq jq column paste fold wc": (*call).pass,
		"history unset": (*call).history,
		"whoami hostname uname id ifconfig ip ipconfig systeminfo sw_vers lscpu ps tasklist w who last arp route netstat wmic": (*call).sysinfo,
		"find ls dir tree locate": (*call).list,
		"nslookup dig host drill kdig resolvectl getent resolve-dnsname": (*call).dns,
		"ping ping6 traceroute tracert":                                  (*call).ping,
		"sleep":                                                          (*call).sleep,
		"security secret-tool cmdkey":                                    (*call).keychain,
		"certutil":                                                       (*call).certutil,
		"bitsadmin":                                                      (*call).fetch,
		"mshta regsvr32 rundll32 msiexec wscript cscript": (*call).lolbin,
		"reg":                        (*call).registry,
		"pkill killall taskkill":     (*call).kill,
		"screencapture scrot import": (*call).screen,
		"xclip xsel pbpaste pbcopy wl-paste wl-copy clip get-clipboard set-clipboard termux-clipboard-get termux-clipboard-set":                                                                             (*call).clipboard,
		"xmrig xmrig-notls xmr-stak xmr-stak-rx cpuminer minerd ethminer nbminer trex phoenixminer lolminer teamredminer gminer bminer nanominer wildrig srbminer-multi ccminer bfgminer cgminer nheqminer": (*call).mine,
		"read": (*call).readVar,
	} {
		for name := range strings.FieldsSeq(names) {
			all[name] = do
		}
	}
	for name := range strings.FieldsSeq(nothing) {
		all[name] = (*call).nothing
	}
	return all
}

// nothing are builtins and programs that say nothing about a script.
const nothing = ": true false cd pushd popd test [ [[ ]] exit return shift local readonly trap wait break continue let getopts umask alias shopt " +
	"mkdir touch basename dirname pwd date seq expr which command hash dirs ulimit exit rem @echo echo. pause title setlocal endlocal goto if for not exist cls color chcp tput stty clear" +
	" esac else then fi do done in typeset realpath readlink mktemp"

func (c *call) nothing() value {
	if c.name == "mktemp" {
		return value{text: "/tmp/mktemp", from: 0}
	}
	return value{}
}

// interpreter gives the language that a program runs.
func interpreter(base string) (code.Language, bool) {
	base = strings.TrimRight(base, "0123456789.")
	switch base {
	case "sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash":
		return code.Shell, true
	case "python", "pypy", "py", "pythonw", "ipython":
		return code.Python, true
	case "node", "nodejs", "deno", "bun", "tsx", "ts-node", "electron":
		return code.JavaScript, true
	case "perl":
		return "", true
	case "ruby":
		return code.Ruby, true
	case "php":
		return code.PHP, true
	case "powershell", "pwsh":
		return code.PowerShell, true
	case "cmd":
		return code.Batch, true
	case "osascript", "lua", "awk":
		return "", true
	}
	return "", false
}

// interpret: the program runs the text or the file it is given.
func (c *call) interpret(l code.Language) value {
	c.exec()
	text, has := c.inline(l)
	switch {
	case has:
		c.runText(l, text)
		if l == code.Shell {
			return value{from: text.from}
		}
	case c.name == "osascript" && strings.Contains(strings.Join(texts(c.words), " "), "the clipboard"):
		return c.clipboard()
	case len(c.operands()) > 0 && !(c.has("-") || c.flag("-s") && l == code.Shell):
		file := c.operands()[0]
		if l == code.Python && len(c.words) > 1 && c.words[0].text == "-m" {
			c.module(c.words[1].text)
			return value{}
		}
		from := c.holds(file.text) | file.from
		if strings.HasPrefix(file.text, "/dev/fd") || !file.known && from != 0 {
			c.runText(l, file.value)
		} else if from != 0 {
			c.fact(code.Eval, from, file.text)
		} else if file.from == 0 && file.known && strings.ContainsAny(file.text, "\n;") { // <( echo ... )
			c.runText(l, file.value)
		}
	case c.piped:
		c.runText(l, c.in)
	}
	return value{from: c.in.from | c.from}
}

// runText: text is code of the language.
func (c *call) runText(l code.Language, text value) {
	from := text.from
	if text.disguised {
		c.disguised = true
	}
	f := code.Fact{Kind: code.Eval, Name: c.name, From: from.Words(), Args: []string{text.text}, Disguised: c.disguised}
	c.add(c.at, f)
	if text.text != "" {
		c.embed(c.at, l, text.text, f)
	}
}

// inline finds the text that is given on the command line.
func (c *call) inline(l code.Language) (value, bool) {
	switch l {
	case code.PowerShell:
		return c.powershell()
	case code.Batch:
		for i, w := range c.words {
			if strings.EqualFold(w.text, "/c") || strings.EqualFold(w.text, "/k") {
				return join(c.words[i+1:]), true
			}
		}
		return value{}, false
	case code.PHP:
		w, ok := c.option("-r")
		return w.value, ok
	case code.Shell, code.Python:
		for i, w := range c.words {
			if len(w.text) > 1 && w.text[0] == '-' && w.text[1] != '-' && strings.HasSuffix(w.text, "c") && i+1 < len(c.words) {
				return c.words[i+1].value, true
			}
			if !strings.HasPrefix(w.text, "-") && l == code.Python {
				break
			}
		}
		return value{}, false
	}
	for i, w := range c.words { // -e, -pe, --eval of perl, ruby and node
		if i+1 < len(c.words) && (w.text == "--eval" || w.text == "--print" || w.text == "eval" ||
			len(w.text) > 1 && len(w.text) < 6 && w.text[0] == '-' && w.text[1] != '-' && strings.ContainsAny(w.text, "eEp")) {
			return c.words[i+1].value, true
		}
		if rest, ok := strings.CutPrefix(w.text, "--eval="); ok {
			w.value.text = rest
			return w.value, true
		}
		if !strings.HasPrefix(w.text, "-") {
			break
		}
	}
	return value{}, false
}

// powershell reads its command line, whose options may be shortened at will.
func (c *call) powershell() (value, bool) {
	for i, w := range c.words {
		o, ok := strings.CutPrefix(strings.ToLower(strings.Replace(w.text, "/", "-", 1)), "-")
		if !ok {
			if i == 0 || !strings.HasPrefix(c.words[i-1].text, "-") || powershellFlag(c.words[i-1].text) {
				return join(c.words[i:]), true
			}
			continue
		}
		switch {
		case i+1 >= len(c.words) || o == "":
		case strings.HasPrefix("windowstyle", o) && strings.HasPrefix(strings.ToLower(c.words[i+1].text), "h"):
			c.fact(code.Silence, 0, "-WindowStyle Hidden")
		case strings.HasPrefix("encodedcommand", o) || o == "ec":
			v := c.words[i+1].value
			v.from |= flow.Of(code.Decode)
			v.disguised = true
			raw, ok := c.budget.Base64([]byte(v.text))
			if ok {
				v.text, ok = c.budget.UTF16(raw, false)
			}
			if !ok {
				v.text, v.known = "", false
			}
			return v, true
		case strings.HasPrefix("command", o):
			return join(c.words[i+1:]), true
		case strings.HasPrefix("file", o):
			return value{}, false
		}
	}
	return value{}, false
}

// powershellFlag: the option takes no value.
func powershellFlag(o string) bool {
	o = strings.ToLower(strings.TrimLeft(o, "-/"))
	for _, f := range []string{"noprofile", "nop", "noninteractive", "noni", "nologo", "noexit", "sta", "mta"} {
		if f == o {
			return true
		}
	}
	return false
}

func join(words []word) value {
	var b builder
	for i, w := range words {
		if i > 0 {
			b.text = append(b.text, ' ')
		}
		b.add(w.value)
	}
	return b.take()
}

// module is "python -m name".
func (c *call) module(name string) {
	inner := *c
	inner.words = c.words[2:]
	inner.name = name
	switch name {
	case "pip", "ensurepip", "uv":
		inner.pip()
	case "twine", "flit", "hatch":
		inner.twine()
	}
}

func (c *call) eval() value {
	c.runText(code.Shell, join(c.words))
	return value{}
}

func (c *call) source() value {
	if len(c.words) == 0 {
		return value{}
	}
	w := c.words[0]
	if from := w.from | c.holds(w.text); from != 0 || strings.ContainsAny(w.text, "\n;") {
		w.value.from = from
		c.runText(code.Shell, w.value)
	}
	return value{}
}

func (c *call) echo() value {
	words, escapes := c.words, false
	for len(words) > 0 && (words[0].text == "-n" || words[0].text == "-e" || words[0].text == "-ne" || words[0].text == "-en") {
		escapes = escapes || strings.Contains(words[0].text, "e")
		words = words[1:]
	}
	v := join(words)
	if escapes {
		v.disguised = v.disguised || strings.Contains(v.text, "\\x") || octal(v.text)
		v.text = unescape(v.text)
	}
	return v
}

func (c *call) printf() value {
	if len(c.words) == 0 {
		return value{}
	}
	format := c.words[0]
	v := value{text: unescape(format.text), known: format.known, from: c.from, disguised: c.disguised || strings.Contains(format.text, "\\x") || octal(format.text)}
	args := c.words[1:]
	if !strings.Contains(v.text, "%") {
		return v
	}
	var b strings.Builder
	for round := 0; round == 0 || len(args) > 0 && round < 1000; round++ {
		before := len(args)
		for i := 0; i < len(v.text); i++ {
			if v.text[i] != '%' || i+1 == len(v.text) {
				b.WriteByte(v.text[i])
				continue
			}
			i++
			if v.text[i] == '%' {
				b.WriteByte('%')
				continue
			}
			if len(args) > 0 {
				b.WriteString(unescapeIf(v.text[i] == 'b', args[0].text))
				v.known = v.known && args[0].known
				args = args[1:]
			}
			if b.Len() > mostValue {
				return value{from: v.from}
			}
		}
		if len(args) == before {
			break
		}
	}
	v.text = b.String()
	return v
}

func unescapeIf(do bool, s string) string {
	if do {
		return unescape(s)
	}
	return s
}

func (c *call) cat() value {
	ops := c.operands()
	if len(ops) == 0 {
		return c.in
	}
	var out value
	for _, w := range ops {
		v := c.read(w)
		out.from |= v.from
		if len(ops) == 1 && v.known {
			out = v
		}
	}
	return out
}

// decode is a program that may decode what it is given; most also encode.
func (c *call) decode() value {
	in := c.in
	if ops := c.operands(); len(ops) > 0 && c.name != "tr" && c.name != "openssl" && !c.piped {
		in = c.read(ops[0])
	}
	undo := c.flag("-d", "-D", "--decode", "-di", "-r", "-dc", "-cd") || c.name == "gunzip" || c.name == "zcat" || c.name == "bunzip2" || c.name == "uudecode" || c.name == "rev"
	if c.name == "tr" {
		return c.tr(in)
	}
	if !undo {
		return value{from: in.from | c.from}
	}
	out := value{from: in.from | c.from | flow.Of(code.Decode), disguised: true}
	if c.name == "openssl" && c.has("enc") && !c.flag("-base64", "-a") || c.name == "gpg" {
		out.from |= flow.Of(code.Decrypt)
		c.fact(code.Decrypt, in.from)
		return out
	}
	c.fact(code.Decode, in.from, in.text)
	if !in.known {
		return out
	}
	text := []byte(strings.TrimSpace(in.text))
	var raw []byte
	ok := false
	switch c.name {
	case "base64", "openssl":
		raw, ok = c.budget.Base64(text)
	case "base32":
		raw, ok = c.budget.Base32(text)
	case "xxd":
		raw, ok = c.budget.Hex(text)
	case "rev":
		var s string
		s, ok = c.budget.Reverse(string(text))
		raw = []byte(s)
	case "gunzip", "zcat", "gzip":
		raw, ok = c.budget.Gzip([]byte(in.text))
	case "bunzip2":
		raw, ok = c.budget.Bzip2([]byte(in.text))
	}
	if ok {
		out.text, out.known = string(raw), true
	}
	return out
}

// tr undoes rot13 and other letters for letters, and deletes.
func (c *call) tr(in value) value {
	out := value{from: in.from | c.from, disguised: in.disguised}
	ops := c.operands()
	if c.flag("-d") && len(ops) > 0 && in.known {
		set := expandRange(unescape(ops[0].text))
		out.text = strings.Map(func(r rune) rune {
			if strings.ContainsRune(set, r) {
				return -1
			}
			return r
		}, in.text)
		out.known = true
		return out
	}
	if len(ops) != 2 || !in.known || len(c.words) != 2 || !c.budget.Take(len(in.text)) {
		return out
	}
	from, to := []rune(expandRange(unescape(ops[0].text))), []rune(expandRange(unescape(ops[1].text)))
	if len(from) == 0 || len(to) == 0 {
		return out
	}
	table := map[rune]rune{}
	for i, r := range from {
		table[r] = to[min(i, len(to)-1)]
	}
	letters := false
	out.text = strings.Map(func(r rune) rune {
		if n, ok := table[r]; ok {
			letters = letters || n != r && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsLetter(n) || unicode.IsDigit(n))
			return n
		}
		return r
	}, in.text)
	out.known = true
	if !letters {
		return out // blanks for the ends of lines: the words are as they were written
	}
	out.disguised = true
	out.from |= flow.Of(code.Decode)
	c.fact(code.Decode, in.from, in.text)
	return out
}

func expandRange(s string) string {
	var b strings.Builder
	r := []byte(s)
	for i := 0; i < len(r); i++ {
		if i+2 < len(r) && r[i+1] == '-' && r[i] <= r[i+2] {
			for ch := int(r[i]); ch <= int(r[i+2]); ch++ {
				b.WriteByte(byte(ch))
			}
			i += 2
			continue
		}
		b.WriteByte(r[i])
	}
	return b.String()
}

func (c *call) environ() value {
	ops := c.operands()
	for _, w := range ops {
		if name, v, ok := assignment(w); ok {
			c.set(name, v)
		}
	}
	if len(ops) > 0 || c.name != "printenv" && len(c.words) > 0 && c.words[0].text != "-p" {
		if c.name == "printenv" && len(ops) > 0 {
			c.fact(code.Env, 0, texts(ops)...)
			return value{from: flow.Of(code.Env)}
		}
		return value{}
	}
	c.fact(code.EnvAll, 0)
	return value{from: flow.Of(code.EnvAll)}
}

// url gives the word that is an address.
func (c *call) url() word {
	for _, w := range c.operands() {
		if strings.Contains(w.text, "://") {
			return w
		}
	}
	if w, ok := c.option("--url"); ok {
		return w
	}
	for _, w := range c.operands() {
		if strings.Contains(w.text, ".") || strings.HasPrefix(w.text, "$") || !w.known {
			return w
		}
	}
	return word{}
}

func (c *call) curl() value {
	c.exec()
	var body flow.Set
	has := false
	for _, o := range [][]string{{"-d", "--data", "--data-binary", "--data-raw", "--data-urlencode", "--data-ascii", "--json"}, {"-F", "--form", "--form-string"}, {"-T", "--upload-file"}} {
		w, ok := c.option(o...)
		if !ok {
			continue
		}
		has = true
		body |= w.from
		path, isFile := strings.CutPrefix(w.text, "@")
		if _, after, found := strings.Cut(w.text, "=@"); found {
			path, isFile = after, true
		}
		if o[0] == "-T" {
			path, isFile = w.text, true
		}
		if isFile && (path == "-" || path == "/dev/stdin") {
			body |= c.in.from
		} else if isFile {
			w.text = path
			body |= c.read(w).from
		}
	}
	for _, flag := range []string{"-H", "--header", "-u", "--user", "-b"} {
		if w, ok := c.option(flag); ok && w.from != 0 {
			body, has = body|w.from, true
		}
	}
	u := c.url()
	if u.from != 0 { // data in the address itself
		body, has = body|u.from, true
	}
	if has {
		c.fact(code.Send, body, u.text)
	}
	if c.flag("-k", "--insecure") {
		c.fact(code.Silence, 0, "--insecure")
	}
	return c.received(u, "-o", "--output")
}

func (c *call) wget() value {
	c.exec()
	var body flow.Set
	has := false
	for _, flag := range []string{"--post-data", "--body-data", "--header"} {
		if w, ok := c.option(flag); ok && (flag != "--header" || w.from != 0) {
			body, has = body|w.from, true
		}
	}
	for _, flag := range []string{"--post-file", "--body-file"} {
		if w, ok := c.option(flag); ok {
			body, has = body|c.read(w).from, true
		}
	}
	u := c.url()
	if body |= u.from; has || u.from != 0 {
		c.fact(code.Send, body, u.text)
	}
	if c.flag("--no-check-certificate") {
		c.fact(code.Silence, 0, "--no-check-certificate")
	}
	out := c.received(u, "-O", "--output-document", "-o")
	if w, ok := c.option("-O", "--output-document"); ok && w.text != "-" || strings.Contains(out.text, "x") {
		return value{}
	}
	if c.stdout() {
		return out
	}
	// Without -O the file is named after the address.
	if len(c.files) < mostVars && u.text != "" {
		c.files[fileKey(path.Base(u.text))] |= flow.Of(code.Fetch).ViaFile()
	}
	return value{}
}

// stdout: wget was told to print, in any of the ways to write that.
func (c *call) stdout() bool {
	for i, w := range c.words {
		if strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--") && (strings.HasSuffix(w.text, "O-") || strings.HasSuffix(w.text, "O") && i+1 < len(c.words) && c.words[i+1].text == "-") {
			return true
		}
	}
	w, ok := c.option("--output-document")
	return ok && w.text == "-"
}

func (c *call) fetch() value {
	c.exec()
	u := c.url()
	if c.flag("-body", "-Body", "-infile", "-InFile") {
		c.fact(code.Send, c.from|c.in.from, u.text)
	}
	return c.received(u, "-outfile", "-OutFile", "-o", "--output")
}

// received is what a download prints, or where it goes.
func (c *call) received(u word, outs ...string) value {
	got := flow.Of(code.Fetch)
	c.fact(code.Fetch, u.from, u.text)
	if flow.Secret(u.text) {
		c.fact(code.Secret, 0, u.text)
		got |= flow.Of(code.Secret)
	}
	if w, ok := c.option(outs...); ok && w.text != "-" {
		if w.text != "/dev/null" {
			c.written(w, c.name, value{from: got})
		}
		return value{}
	}
	if c.name == "curl" && c.flag("-O", "--remote-name") && len(c.files) < mostVars {
		c.files[fileKey(path.Base(u.text))] |= got.ViaFile()
		return value{}
	}
	if c.name == "bitsadmin" {
		if ops := c.operands(); len(ops) > 0 {
			c.written(ops[len(ops)-1], c.name, value{from: got})
		}
	}
	return value{from: got}
}

func (c *call) netcat() value {
	c.exec()
	ops := texts(c.operands())
	c.fact(code.Socket, c.in.from, ops...)
	if c.piped && c.in.from != 0 {
		c.fact(code.Send, c.in.from, ops...)
	}
	if c.flag("-e", "-c", "--exec", "--sh-exec") || strings.Contains(strings.ToLower(strings.Join(texts(c.words), " ")), "exec:") {
		c.fact(code.Eval, flow.Of(code.Socket), texts(c.words)...)
	}
	return value{from: flow.Of(code.Fetch, code.Socket)}
}

func (c *call) remote() value {
	c.exec()
	var from flow.Set
	for _, w := range c.operands() {
		if flow.Secret(w.text) {
			from |= c.read(w).from
		}
	}
	if from |= c.in.from; from != 0 {
		c.fact(code.Send, from, texts(c.operands())...)
	}
	return value{from: flow.Of(code.Fetch)}
}

func (c *call) crontab() value {
	if c.flag("-l") {
		return value{}
	}
	c.exec()
	c.fact(code.Persist, c.in.from|c.from, append([]string{"crontab"}, texts(c.words)...)...)
	return value{}
}

func (c *call) persist() value {
	c.exec()
	line := strings.ToLower(strings.Join(texts(c.words), " "))
	for _, w := range []string{"enable", "load", "bootstrap", "submit", "defaults", "/create", " on"} {
		if strings.Contains(line, w) {
			c.fact(code.Persist, c.from|c.in.from, append([]string{c.name}, texts(c.words)...)...)
			break
		}
	}
	if c.name == "at" || c.name == "batch" {
		c.fact(code.Persist, c.from|c.in.from, c.name)
	}
	return value{}
}

func (c *call) chmod() value {
	if len(c.words) < 2 {
		return value{}
	}
	mode := c.words[0].text
	if !strings.Contains(mode, "x") && !oddDigit(mode) {
		return value{}
	}
	for _, w := range c.words[1:] {
		if !strings.HasPrefix(w.text, "-") {
			c.fact(code.WriteExec, c.files[fileKey(w.text)]|w.from, w.text)
		}
	}
	return value{}
}

func oddDigit(mode string) bool {
	return strings.Trim(mode, "01234567") == "" && strings.ContainsAny(mode, "1357")
}

func (c *call) remove() value {
	c.fact(code.Delete, 0, texts(c.words)...)
	return value{}
}

func (c *call) npm() value {
	c.exec()
	ops := c.operands()
	if len(ops) == 0 {
		return value{}
	}
	switch ops[0].text {
	case "publish":
		c.fact(code.Publish, c.from, texts(c.words)...)
	case "install", "i", "add":
		if len(ops) > 1 {
			c.fact(code.AddPkg, c.from, texts(ops[1:])...)
		}
	case "whoami", "token":
		c.fact(code.SysInfo, 0, texts(c.words)...)
		return value{from: flow.Of(code.SysInfo)}
	case "config", "c", "get":
		if strings.Contains(strings.ToLower(strings.Join(texts(c.words), " ")), "_auth") {
			c.fact(code.Secret, 0, texts(c.words)...)
			return value{from: flow.Of(code.Secret)}
		}
	}
	return value{}
}

func (c *call) pip() value {
	c.exec()
	ops := c.operands()
	for len(ops) > 0 && ops[0].text == "pip" {
		ops = ops[1:]
	}
	if len(ops) == 0 {
		return value{}
	}
	switch ops[0].text {
	case "install", "add":
		if len(ops) > 1 && !c.has("-r", "--requirement", "-e") && ops[1].text != "." {
			c.fact(code.AddPkg, c.from, texts(ops[1:])...)
		}
	case "publish":
		c.fact(code.Publish, c.from, texts(c.words)...)
	default:
		if c.name == "easy_install" {
			c.fact(code.AddPkg, c.from, texts(ops)...)
		}
	}
	return value{}
}

func (c *call) otherPackages() value {
	c.exec()
	ops := c.operands()
	if len(ops) == 0 {
		return value{}
	}
	switch {
	case ops[0].text == "publish" || c.name == "gem" && ops[0].text == "push":
		c.fact(code.Publish, c.from, texts(c.words)...)
	case ops[0].text == "install" && len(ops) > 1:
		c.fact(code.AddPkg, c.from, texts(ops[1:])...)
	}
	return value{}
}

func (c *call) twine() value {
	c.exec()
	if c.has("upload", "publish") {
		c.fact(code.Publish, c.from, texts(c.words)...)
	}
	return value{}
}

// setsHooksPath says whether git is told where hooks lie, not asked.
func setsHooksPath(words []string) bool {
	for i, w := range words {
		name, value, given := strings.Cut(w, "=")
		if strings.EqualFold(name, "core.hooksPath") {
			return given && value != "" || i+1 < len(words)
		}
	}
	return false
}

func (c *call) git() value {
	c.exec()
	line := strings.Join(texts(c.words), " ")
	switch {
	case c.has("push"), c.name != "git" && (strings.Contains(line, "repo create") || strings.Contains(line, "release create")):
		c.fact(code.Publish, c.from, texts(c.words)...)
	case setsHooksPath(texts(c.words)):
		c.fact(code.Persist, c.from, texts(c.words)...)
	case strings.Contains(line, "auth token"), strings.Contains(line, "credential fill"):
		c.fact(code.Secret, 0, texts(c.words)...)
		return value{from: flow.Of(code.Secret)}
	case c.has("clone"):
		c.fact(code.Fetch, 0, c.url().text)
		if dir := flow.Saved(append([]string{c.name}, texts(c.words)...)); dir != "" && len(c.files) < mostVars {
			c.files[fileKey(dir)+"/"] |= flow.Of(code.Fetch).ViaFile()
		}
	}
	return value{}
}

func (c *call) tee() value {
	for _, w := range c.operands() {
		if rest, ok := strings.CutPrefix(w.text, "of="); ok {
			w.text = rest
		} else if c.name == "dd" {
			continue
		}
		c.written(w, c.name, c.in)
	}
	return c.in
}

func (c *call) copy() value {
	ops := c.operands()
	if len(ops) < 2 {
		return value{}
	}
	to := ops[len(ops)-1]
	var from flow.Set
	for _, w := range ops[:len(ops)-1] {
		from |= c.read(w).from &^ flow.Of(code.ReadFile)
	}
	if len(c.files) < mostVars {
		c.files[fileKey(to.text)] |= from.ViaFile()
	}
	c.placed(c.at, c.name, to.text, value{from: from})
	return value{}
}

// unpack: what comes out of an archive came from where it came from.
func (c *call) unpack() value {
	out := value{from: c.in.from}
	for _, w := range c.operands() {
		out.from |= c.files[fileKey(w.text)]
		if flow.Secret(w.text) {
			out.from |= c.read(w).from
		}
	}
	return out
}

// pass: what comes in goes out in part.
func (c *call) pass() value {
	out := value{from: c.in.from | c.from}
	for _, w := range c.operands() {
		if flow.Secret(w.text) || c.files[fileKey(w.text)] != 0 {
			out.from |= c.read(w).from
		}
	}
	if c.name == "sed" && c.flag("-i") {
		for _, w := range c.operands() {
			c.placed(c.at, c.name, w.text, out)
		}
	}
	return out
}

func (c *call) history() value {
	line := strings.Join(append([]string{c.name}, texts(c.words)...), " ")
	if line == "history -c" || strings.HasPrefix(line, "unset HIST") || strings.HasPrefix(line, "history -cw") {
		c.fact(code.Tamper, 0, line)
	}
	return value{}
}

func (c *call) sysinfo() value {
	c.fact(code.SysInfo, 0, texts(c.words)...)
	return value{from: flow.Of(code.SysInfo)}
}

func (c *call) list() value {
	from := flow.Of(code.ListDir)
	for _, w := range c.words {
		if flow.Secret(w.text) {
			from |= c.read(w).from
		}
	}
	for i, w := range c.words {
		if (w.text == "-exec" || w.text == "-execdir") && i+1 < len(c.words) {
			c.simple(&command{at: c.at}, c.words[i+1:], value{from: from}, false)
		}
	}
	if c.name != "ls" && c.name != "dir" {
		c.fact(code.ListDir, 0, texts(c.words)...)
	}
	return value{from: from}
}

func (c *call) dns() value {
	c.exec()
	c.fact(code.DNS, c.from, texts(c.operands())...)
	return value{from: flow.Of(code.DNS)}
}

// ping asks for a name as well: with data in it, that is all that it is there for.
func (c *call) ping() value {
	c.exec()
	if c.from != 0 {
		c.fact(code.DNS, c.from, texts(c.operands())...)
	}
	return value{}
}

func (c *call) sleep() value {
	if len(c.words) > 0 {
		n, _ := number(strings.TrimRight(c.words[0].text, "smhd"))
		if n > 60 || n > 0 && strings.ContainsAny(c.words[0].text, "mhd") {
			c.fact(code.Sleep, 0, c.words[0].text)
		}
	}
	return value{}
}

func (c *call) keychain() value {
	c.exec()
	line := strings.Join(texts(c.words), " ")
	for _, w := range []string{"find-", "dump-", "lookup", "search", "/list"} {
		if strings.Contains(line, w) {
			c.fact(code.Secret, 0, c.name+" "+line)
			return value{from: flow.Of(code.Secret)}
		}
	}
	return value{}
}

func (c *call) certutil() value {
	c.exec()
	line := strings.ToLower(strings.Join(texts(c.words), " "))
	ops := c.operands()
	switch {
	case strings.Contains(line, "urlcache"), strings.Contains(line, "verifyctl"):
		c.fact(code.Fetch, c.from, c.url().text)
		if len(ops) > 0 {
			c.written(ops[len(ops)-1], c.name, value{from: flow.Of(code.Fetch)})
		}
	case strings.Contains(line, "decode") && len(ops) > 1:
		from := c.files[fileKey(ops[len(ops)-2].text)]
		c.fact(code.Decode, from)
		c.written(ops[len(ops)-1], c.name, value{from: from | flow.Of(code.Decode)})
	}
	return value{}
}

// lolbin is a Windows program that runs what an address or file holds.
func (c *call) lolbin() value {
	c.exec()
	for _, w := range c.words {
		t := strings.ToLower(w.text)
		switch {
		case strings.Contains(t, "://"), strings.HasPrefix(t, `\\\\`) && strings.Count(t, `\`) > 3:
			c.fact(code.Fetch, 0, w.text)
			c.fact(code.Eval, flow.Of(code.Fetch), w.text)
		case strings.HasPrefix(t, "javascript:"), strings.HasPrefix(t, "vbscript:"):
			c.fact(code.Eval, w.from, w.text)
		case c.files[fileKey(w.text)] != 0:
			c.fact(code.Eval, c.files[fileKey(w.text)], w.text)
		}
	}
	return value{}
}

func (c *call) registry() value {
	c.exec()
	line := strings.Join(texts(c.words), " ")
	for _, m := range indicator.Marks(line) {
		switch {
		case m == "autostart" && len(c.words) > 0 && strings.EqualFold(c.words[0].text, "add"):
			c.fact(code.Persist, c.from, line)
		case m == "defender":
			c.fact(code.Tamper, c.from, line)
		}
	}
	return value{}
}

func (c *call) kill() value {
	c.exec()
	c.fact(code.Tamper, c.from, texts(c.words)...)
	return value{}
}

func (c *call) screen() value {
	if c.name == "import" && !c.has("root") {
		return value{}
	}
	c.exec()
	c.fact(code.Screen, 0, texts(c.words)...)
	return value{from: flow.Of(code.Screen)}
}

func (c *call) clipboard() value {
	if (c.name == "xclip" || c.name == "xsel") && flow.Output(c.name+" "+strings.Join(texts(c.words), " ")) != 0 {
		c.name += " -o" // which shows what the other way of calling it replaces
	}
	args := texts(c.words)
	if c.in.known && c.in.text != "" {
		args = append(args, c.in.text)
	}
	c.fact(code.Clipboard, c.in.from, args...)
	return value{from: flow.Of(code.Clipboard)}
}

func (c *call) mine() value {
	c.exec()
	c.fact(code.Mine, 0, texts(c.words)...)
	return value{}
}

// readVar is "read x": the data goes into a variable.
func (c *call) readVar() value {
	for _, w := range c.operands() {
		c.set(w.text, value{text: "$" + w.text, from: c.in.from})
	}
	return value{}
}

// other is any program without a place in the tables.
func (c *call) other() value {
	from := c.holds(c.path)
	if !plausible(c.path) && from == 0 && c.from == 0 {
		return value{}
	}
	c.exec()
	if flow.Mines(texts(c.words)) {
		c.fact(code.Mine, c.from, texts(c.words)...)
	}
	if c.path == "/dev/fd" || from != 0 && from.Has(flow.Of(code.Fetch, code.Decode)) {
		c.fact(code.Eval, from|c.from, c.path)
	}
	return value{from: c.in.from | c.from}
}

// plausible: a command's name, not the rubble of something that is no shell.
func plausible(name string) bool {
	if name == "" || len(name) > 256 {
		return false
	}
	for _, r := range name {
		if r < 0x20 || strings.ContainsRune("\"'`<>{}()=,;*?!", r) {
			return false
		}
	}
	return name[0] != '-' && name[0] != '#' && name != "$"
}
