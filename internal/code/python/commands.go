package python

import (
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// interpreters run text that stands on their command line, or start what does.
var interpreters = wordSet(`sh bash zsh dash ksh cmd powershell pwsh python python3 python2 node perl ruby php osascript pythonw sudo env nohup xargs mshta curl wget crontab schtasks reg certutil nc chmod`)

// telling are programs whose command line the shell's reader has more to say about
// than that it was started.
var telling = wordSet(`xclip xsel pbpaste pbcopy wl-paste wl-copy clip nslookup dig host drill kdig ping ping6 resolvectl printenv set rundll32 regsvr32 msiexec
		bitsadmin wscript cscript openssl base64 xxd tar unzip gh twine poetry hatch flit security secret-tool cmdkey screencapture scrot launchctl systemctl
		ncat netcat socat docker podman wmic rsync scp gnome-screenshot import spectacle maim flameshot grim xwd ffmpeg nircmd xinput evtest showkey
		gcloud aws az npm kubectl op vault heroku git doas runuser su ssh autossh at batch launchd`)

// wordSet gives the set of the words of a text, made when it is first asked for.
func wordSet(s string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		out := map[string]bool{}
		for w := range strings.FieldsSeq(s) {
			out[w] = true
		}
		return out
	})
}

// starts is a process started.
func (a *analysis) starts(c sink, how shape) *value {
	args, skip := c.args, 0
	if how == spawn {
		skip = 1
	}
	first := args.named("args", skip)
	switch {
	case strings.Contains(c.name, "ShellExecute"): // window, verb, program, its words
		first = a.make(value{kind: list, items: []*value{args.at(2), args.at(3)}})
	case strings.Contains(c.name, "CreateProcess") && args.at(1).isText():
		first = args.at(1)
	}
	if k := args.keyword("cmd", "command", "commandLine", "lpCommandLine"); k != nothing {
		first = k
	}
	var words []*value
	lists := !(first.kind == list) && (how == spawn || strings.HasPrefix(c.name, "os.exec") || strings.HasPrefix(c.name, "os.posix_spawn") || strings.HasPrefix(c.name, "asyncio.") || strings.HasPrefix(c.name, "sh.") || strings.Contains(c.name, "plumbum"))
	switch {
	case first.kind == list:
		words = first.items
	case lists:
		end := args.count()
		if (strings.HasPrefix(c.name, "os.exec") || strings.HasPrefix(c.name, "os.spawn")) && strings.HasSuffix(c.name, "e") && end > skip+2 {
			end-- // the last is the environment, which is not run
		}
		for i := skip; i < end; i++ {
			if v := args.at(i); v.kind == list {
				words = append(words, v.items...)
			} else {
				words = append(words, v)
			}
		}
	default:
		words = []*value{first}
	}
	if e := args.keyword("executable"); e != nothing {
		words = append([]*value{e}, words...)
	}
	if strings.HasPrefix(c.name, "sh.") || strings.HasPrefix(c.name, "plumbum.cmd.") {
		words = append([]*value{a.textOf(c.name[strings.LastIndexByte(c.name, '.')+1:])}, words...)
	}
	from, m := first.reaches()
	line := make([]string, 0, len(words))
	for _, w := range words {
		w = a.pathText(w)
		f, n := w.reaches()
		from |= f | a.pathSources(w)
		m |= n
		line = append(line, w.show())
	}
	joined := strings.Join(line, " ")
	for _, w := range strings.Fields(joined) {
		if len(w) < 512 && len(line) < 1024 {
			from |= a.pathSources(&value{kind: text, s: strings.Trim(w, `"';&|()`)})
		}
	}
	for _, in := range []*value{args.keyword("input"), args.keyword("stdin")} {
		f, n := in.reaches()
		from |= f
		m |= n
	}
	m |= a.textMarks(joined)
	yes, _ := truthOf(args.keyword("shell"))
	isShell := how == shell || yes
	if c.name == "os.startfile" {
		isShell = false
	}
	a.emit(c, from&^fromLong, m, words...)
	fields := strings.Fields(joined)
	a.embedCommand(c, isShell, joined, fields, line)
	a.consequences(c, fields, from, m)
	a.hides(c)
	out := fromExec
	if asksAboutHost(fields) {
		a.add(fact{kind: code.SysInfo, name: c.name, at: c.id, args: words, odd: c.odd})
		out |= bit(code.SysInfo)
	}
	if m&credentialMarks() != 0 {
		out |= fromSecret
	}
	out |= a.prints(joined, c)
	made := value{kind: inst, ref: c.f.ref, from: out, id: c.id}
	if len(fields) > 0 && len(fields) < 3 && (len(fields) == 1 || fields[1] == "-" || fields[1] == "-s") && isInterpreter(fields[0]) {
		made.s = runsInput
		if f, n := args.keyword("input").reaches(); f&^fromLong != 0 { // what it is given to read is code
			a.add(fact{kind: code.Eval, name: c.name, at: c.id, from: f, marks: n, args: []*value{args.keyword("input")}, odd: c.odd})
		}
	}
	return a.make(made)
}

// prints is what a command line gives who reads its output.
func (a *analysis) prints(line string, c sink) sources {
	var out sources
	for _, w := range flow.Output(line).Words() {
		if w == string(code.EnvAll) {
			a.add(fact{kind: code.EnvAll, name: c.name, at: c.id, odd: c.odd})
		}
		out |= bit(code.Kind(w))
	}
	return out
}

// runsInput, as the text of a process, says that it runs what it is given to read.
const runsInput = "\x00runs its input"

func isInterpreter(program string) bool {
	switch strings.TrimRight(strings.TrimSuffix(lastPart(program), ".exe"), "0123456789.") {
	case "sh", "bash", "zsh", "dash", "ksh", "ash", "python", "node", "perl", "ruby", "php", "powershell", "pwsh", "cmd":
		return true
	}
	return false
}

// embedCommand hands on a command line that is code of a shell.
func (a *analysis) embedCommand(c sink, isShell bool, joined string, fields, words []string) {
	if len(fields) == 0 {
		return
	}
	known := interpreters()[programName(fields[0])]
	if !isShell && !known && !telling()[programName(fields[0])] {
		return
	}
	if !isShell && len(words) > 1 { // a list: what holds blanks is one word
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = w
			if strings.ContainsAny(w, " \t\n;&|<>()$`\"'") {
				quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
			}
		}
		joined = strings.Join(quoted, " ")
	}
	a.embed(code.Shell, &value{kind: text, s: joined}, c)
}

// programName gives the program of a command's first word.
func programName(w string) string {
	w = strings.ToLower(lastPart(strings.Trim(w, `"'`)))
	return strings.TrimSuffix(w, ".exe")
}

// consequences are the facts that a command line tells beside being one.
func (a *analysis) consequences(c sink, fields []string, from sources, m marks) {
	other := func(k code.Kind, args ...string) {
		f := fact{kind: k, name: c.name, at: c.id, from: from &^ fromLong, marks: m, odd: c.odd}
		for _, s := range args {
			f.args = append(f.args, a.textOf(s))
		}
		a.add(f)
	}
	line := ""
	if m != 0 {
		line = strings.Join(fields, " ")
	}
	if file := flow.Saved(fields); file != "" {
		a.wrote(a.textOf(file), fromFetch)
	}
	if m&autostartMark() != 0 {
		other(code.Persist, line)
	}
	if m&publishMark() != 0 {
		other(code.Publish, line)
	}
	if m&minerMark() != 0 || flow.Mines(fields) {
		other(code.Mine, strings.Join(fields, " "))
	}
	if m&tamperMark() != 0 {
		other(code.Tamper, line)
	}
	for i := 0; i+1 < len(fields) && i < 24; i++ {
		word, next := programName(fields[i]), fields[i+1]
		switch {
		case (strings.HasPrefix(word, "pip") || word == "uv" || word == "conda" || word == "gem" || word == "cargo" || word == "pipx") && next == "install",
			(word == "npm" || word == "pnpm" || word == "yarn" || word == "bun") && (next == "install" || next == "i" || next == "add"),
			(word == "apt-get" || word == "apt" || word == "brew" || word == "yum" || word == "dnf") && next == "install":
			a.addPackages(fields, i+2, c, from, m)
			return
		case word == "easy_install":
			a.addPackages(fields, i+1, c, from, m)
			return
		case word == "taskkill" || word == "pkill" || word == "killall":
			other(code.Tamper, strings.Join(fields, " "))
			return
		case word == "chmod" && (strings.Contains(next, "x") || strings.ContainsAny(next, "1357") && strings.Trim(next, "01234567") == ""):
			path := ""
			if i+2 < len(fields) {
				path = fields[i+2]
			}
			other(code.WriteExec, path, next)
			return
		}
	}
}

// asksAboutHost says that a command prints who and where it runs.
func asksAboutHost(fields []string) bool {
	if len(fields) == 0 {
		return false
	}
	switch programName(fields[0]) {
	case "whoami", "hostname", "ifconfig", "ipconfig", "uname", "systeminfo", "tasklist", "id", "arp", "netstat", "wmic", "getmac", "lsb_release", "dmidecode":
		return true
	case "ip":
		return len(fields) > 1 && strings.HasPrefix(fields[1], "a")
	}
	return false
}

// hides notes what keeps a process out of sight.
func (a *analysis) hides(c sink) {
	const noWindow = 0x08000000
	note := func(how string) {
		a.add(fact{kind: code.Silence, name: how, at: c.id, odd: c.odd})
	}
	if flags := c.args.keyword("creationflags"); flags.kind == integer && flags.n&noWindow != 0 {
		note("subprocess.CREATE_NO_WINDOW")
	}
	if c.args.keyword("startupinfo") != nothing {
		if k := c.args.keyword("startupinfo"); k.kind == inst {
			note("subprocess.STARTUPINFO")
		}
	}
	if a.quiet(c.args.keyword("stdout")) && a.quiet(c.args.keyword("stderr")) {
		note("subprocess.DEVNULL")
	}
}

// quiet says that what is written there is lost.
func (a *analysis) quiet(v *value) bool {
	switch v.kind {
	case name:
		return v.ref.name == "subprocess.DEVNULL" || v.ref.name == "subprocess.STDOUT"
	case inst:
		return v.ref.name == "builtins.open" && (v.s == "/dev/null" || v.s == "nul")
	}
	return false
}
