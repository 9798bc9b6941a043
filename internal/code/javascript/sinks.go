package javascript

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// specCall follows a call of a function that is a fact.
func (a *analysis) specCall(s spec, f, this *value, args []*value, pos int32, construct, disguised bool, folded *value) *value {
	path := f.s
	c := sink{
		a: a, spec: s, path: path, args: args, pos: pos, construct: construct, this: this,
		fact: code.Fact{Kind: s.kind, Name: strings.ReplaceAll(path, "()", ""), Disguised: disguised},
	}
	out := c.follow()
	a.callbacks(path, args, out)
	if folded != nil {
		return folded
	}
	return out
}

// callbacks follows the functions that a known function is given.
func (a *analysis) callbacks(path string, args []*value, out *value) {
	param := &value{from: out.from, marks: out.marks}
	switch {
	case strings.HasPrefix(path, "http") && (strings.HasSuffix(path, ".request") || strings.HasSuffix(path, ".get")), strings.HasPrefix(path, "follow-redirects"):
		param = &value{kind: vName, s: "http.response()", from: out.from}
	case strings.HasSuffix(path, "createServer"):
		param = &value{kind: vName, s: "net.Socket()", from: fromSocket}
		if strings.HasPrefix(path, "http") {
			param = &value{from: fromSocket}
		}
	case out.kind == vName && out.from == 0 && out.s == "net.Socket()":
		param = out
	}
	for i, arg := range args {
		if arg.kind != vFunc {
			if i > 0 || arg.kind == vName {
				a.handOver(arg, !laterCalls[path])
			}
			continue
		}
		a.callback(arg, []*value{param, param, param}, !laterCalls[path])
	}
}

// sink is one call that is being looked at.
type sink struct {
	a         *analysis
	spec      spec
	fact      code.Fact
	path      string
	this      *value
	args      []*value
	pos       int32
	construct bool
}

func (c *sink) arg(i int) *value {
	if i < len(c.args) {
		return c.args[i]
	}
	return undefined
}

// emit gives the fact with these arguments.
func (c *sink) emit(kind code.Kind, args []*value, extra flow.Set) {
	f, marks, from := c.build(kind, args)
	c.a.emit(f, c.pos, marks, from|extra)
}

func (c *sink) build(kind code.Kind, args []*value) (code.Fact, uint64, flow.Set) {
	f := c.fact
	f.Kind = kind
	f.Args = nil
	var marks uint64
	var from flow.Set
	for i, v := range args {
		if i >= code.MostArgs {
			break
		}
		s, ok := "", v.isConst() && v.kind != vNull
		if ok {
			s, _ = v.str()
		}
		f.Args = append(f.Args, s)
		d := v.deep(2)
		marks |= d.marks
		from |= d.from
		f.Disguised = f.Disguised || d.disguised && v.isConst()
	}
	return f, marks, from
}

// result is what the call gives: a thing of its own name with sources.
func (c *sink) result(from flow.Set) *value {
	out := &value{kind: vName, s: c.path + "()", from: from}
	if m, ok := made[c.path]; ok {
		out.s = m
	}
	if len(out.s) > mostPath {
		out.kind, out.s = vUnknown, ""
	}
	return out
}

func (c *sink) follow() *value {
	switch c.spec.do {
	case doShell:
		return c.shell()
	case doSpawn, doFork:
		return c.spawn()
	case doEval, doVM:
		return c.eval()
	case doTimer:
		return c.timer()
	case doWorker:
		return c.worker()
	case doFetch, doGive:
		return c.fetch()
	case doRequest:
		return c.request()
	case doSend, doSendNote:
		return c.send()
	case doRead:
		return c.read()
	case doWrite:
		return c.write()
	case doWriteMore:
		return c.writeMore()
	case doCopy:
		return c.copy()
	case doOpen:
		out := c.result(c.a.fileFrom(c.arg(0)))
		out.marks, out.approx = c.arg(0).marks, ""
		out.addKeys(pathKeys(c.arg(0)))
		return out
	case doChmod:
		return c.chmod()
	case doDecode:
		return c.decode()
	case doBrowserDB:
		return c.database()
	case doExtract:
		data := c.arg(0)
		if c.this != nil && c.this.from != 0 {
			data = c.this
		}
		c.emit(code.WriteFile, c.args[:min(1, len(c.args))], data.from)
		for _, v := range c.args {
			if v.kind == vString || v.kind == vUnknown {
				c.a.written(v, data.from)
			} else if to := v.field("cwd"); to != nil {
				c.a.written(to, data.from)
			}
		}
		return c.result(0)
	case doPack:
		out := c.read()
		if c.this != nil {
			c.this.from |= out.from
			c.this.marks |= out.marks
			return c.this
		}
		return out
	case doReflect:
		return c.reflect()
	case doRoute:
		return c.route()
	case doLibrary:
		return c.library()
	case doLookDNS:
		host := c.arg(0)
		f, marks, from := c.build(c.spec.kind, []*value{host})
		if host.kind != vString && host.approx != "" {
			f.Args = []string{host.approx}
		}
		c.a.emit(f, c.pos, marks, from)
		c.a.crosses(code.DNS, c.fact.Name, host, c.pos, f.Args...)
		return c.result(c.spec.from)
	case doDelete, doList, doEnvRead:
		c.emit(c.spec.kind, c.args[:min(1, len(c.args))], 0)
		return c.result(c.spec.from)
	}
	return c.plain()
}

func (c *sink) plain() *value {
	var shown []*value
	for _, v := range c.args {
		if v.kind != vFunc {
			shown = append(shown, v)
		}
	}
	if strings.HasPrefix(c.path, "process.binding()") {
		c.fact.Disguised = true // Node has a plain way to start a process
	}
	if c.spec.kind != noKind {
		c.emit(c.spec.kind, shown, 0)
	}
	from := c.spec.from
	if c.spec.kind == code.Decrypt {
		for _, v := range c.args {
			d := v.deep(1)
			from |= d.from &^ fromLong
		}
	}
	out := c.result(from)
	for _, v := range c.args {
		out.marks |= v.marks
		if c.spec.kind != code.Socket {
			continue
		}
		u := c.address(v)
		if u.kind == vString && strings.Contains(u.s, ".") {
			out.approx = u.s // where what is written to it goes
		}
		c.asksFor(u)
	}
	return out
}

// asksFor notes that a connection looks up a name with data in front of its domain:
// who answers for that domain reads the data, even if nobody ever answers.
func (c *sink) asksFor(address *value) {
	host := address.approx
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	if address.kind == vString || !strings.Contains(host, "$_.") || address.from == 0 {
		return
	}
	from := address.from & fromData
	if !c.a.hasMark(address.marks, "secret-name") {
		from &^= fromEnv | fromFile // what a service is called where
	}
	if from != 0 {
		c.a.emit(code.Fact{Kind: code.DNS, Name: c.fact.Name, Args: []string{host}, Disguised: c.fact.Disguised}, c.pos, address.marks, from)
	}
}

// alternatives calls f for each thing that v may be.
func alternatives(v *value, f func(*value)) {
	if v.kind != vUnion {
		f(v)
		return
	}
	for _, it := range v.items {
		if it.kind == vString && it.s == "" { // where it starts to grow
			continue
		}
		f(it.with(&value{from: v.from, disguised: v.disguised}))
	}
}

// scriptOf gives the text of a command for whom it is handed on, with $_ for what
// is not known.
func scriptOf(v *value) string {
	if v.kind == vString {
		return v.s
	}
	if strings.Trim(strings.ReplaceAll(v.approx, "$_", ""), " ") == "" {
		return ""
	}
	return v.approx
}

func (c *sink) shell() *value {
	var prints flow.Set
	alternatives(c.arg(0), func(cmd *value) {
		if cmd.kind == vNull || cmd.kind == vFunc {
			return
		}
		prints |= flow.Output(scriptOf(cmd))
		file := c.a.fileFrom(cmd)
		c.a.crosses(code.Exec, c.fact.Name, cmd, c.pos)
		f, marks, from := c.build(code.Exec, []*value{cmd})
		if len(f.Args) == 1 && f.Args[0] == "" {
			f.Args[0] = scriptOf(cmd)
		}
		c.a.emit(f, c.pos, marks, from|file)
		if s := scriptOf(cmd); s != "" {
			c.a.embed(code.Shell, s, f, c.pos, marks, from|file)
		}
	})
	c.silent()
	program, _ := c.arg(0).str()
	c.input(program)
	switch strings.TrimSpace(program) {
	case "env", "printenv", "export", "set", "export -p", "printenv -0", "env -0":
		c.a.environment(c.pos, c.fact.Name)
		return c.result(fromEnvAll)
	}
	if prints.Has(fromEnvAll) {
		c.a.environment(c.pos, c.fact.Name)
	}
	out := c.running(program)
	out.from |= prints
	return out
}

// input looks at what a program that runs its input is given by an option.
func (c *sink) input(program string) {
	word, rest, _ := strings.Cut(program, " ")
	switch word {
	case "curl", "wget", "nc", "ncat", "netcat", "socat":
		for _, v := range c.args[min(1, len(c.args)):] {
			if in := v.field("input"); in != nil {
				c.emit(code.Send, []*value{text(rest), in}, 0)
			}
		}
	}
	if _, is := shells[program]; !is {
		return
	}
	for _, v := range c.args[1:] {
		if in := v.field("input"); in != nil {
			c.emit(code.Exec, []*value{in}, 0)
		}
	}
}

// running is a process; of one that runs its input, under a name of its own.
func (c *sink) running(program string) *value {
	out := c.result(0)
	if _, is := shells[program]; is {
		out.s = "child_process.shell()"
	}
	return out
}

// talking is a process; of one that gives what it reads to the network, under a name
// of its own.
func (c *sink) talking(program string, from flow.Set) *value {
	out := c.result(from)
	switch program[strings.LastIndexAny(program, "/\\")+1:] {
	case "curl", "wget", "nc", "ncat", "netcat", "socat", "ssh", "telnet", "openssl":
		out.s = "child_process.client()"
	}
	return out
}

var shells = map[string]code.Language{
	"sh": code.Shell, "bash": code.Shell, "zsh": code.Shell, "dash": code.Shell, "ash": code.Shell, "cmd": code.Batch, "cmd.exe": code.Batch,
	"powershell": code.PowerShell, "powershell.exe": code.PowerShell, "pwsh": code.PowerShell, "node": code.JavaScript, "python": code.Python,
	"python3": code.Python, "ruby": code.Ruby, "php": code.PHP,
}

var scriptOptions = map[string]bool{"-c": true, "-e": true, "-p": true, "--eval": true, "/c": true, "/C": true, "-Command": true, "-command": true, "-lc": true, "-ic": true, "-r": true}

func (c *sink) spawn() *value {
	list := []*value{c.arg(0)}
	if v := c.arg(0); v.kind == vArray { // Bun.spawn, Deno.run
		list = v.items
	}
	rest := c.arg(1)
	switch rest.kind {
	case vArray:
		list = append(list[:len(list):len(list)], rest.items...)
		if rest.dirty {
			d := rest.deep(1)
			list = append(list, plain(&value{from: d.from, marks: d.marks}))
		}
	case vObject:
		for _, k := range [2]string{"args", "cmd"} {
			if v := rest.field(k); v != nil && v.kind == vArray {
				list = append(list[:len(list):len(list)], v.items...)
			}
		}
	case vUnknown, vUnion, vName:
		if rest.from != 0 {
			list = append(list[:len(list):len(list)], rest)
		}
	}
	if len(list) == 0 {
		list = []*value{unknown}
	}
	if v := list[0]; v.kind == vName && (v.s == "process.execPath" || v.s == "process.argv0" || v.s == "process.argv.0") { // what runs this
		list = append([]*value{text("node")}, list[1:]...)
	}
	alternatives(list[0], func(program *value) {
		if program.kind == vNull {
			return
		}
		all := append([]*value{program}, list[1:]...)
		var file flow.Set
		for _, v := range all {
			file |= c.a.fileFrom(v)
		}
		f, marks, from := c.build(code.Exec, all)
		for i, v := range all {
			// A file of the package, a command that names what it is about, or a name
			// with data in front of its domain.
			if i < len(f.Args) && f.Args[i] == "" && (v.own || i > 0 && (isCommandText(v.approx) || strings.HasPrefix(v.approx, "$_."))) {
				f.Args[i] = v.approx
			}
		}
		c.a.emit(f, c.pos, marks, from|file)
		c.embedSpawn(all, f, marks, from|file)
	})
	c.silent()
	c.execArgv()
	c.onSocket(list)
	program, _ := list[0].str()
	var line []string
	for _, v := range list[:min(len(list), 16)] {
		s, _ := v.str()
		line = append(line, s)
	}
	prints := flow.Output(strings.Join(line, " "))
	if prints.Has(fromEnvAll) {
		c.a.environment(c.pos, c.fact.Name)
	}
	if len(list) > 2 || len(list) == 2 && rest.kind == vArray && len(rest.items) > 0 && !sayStdin(rest.items[0]) {
		return c.talking(program, prints)
	}
	if prints != 0 {
		return c.talking(program, prints)
	}
	c.input(program)
	return c.running(program)
}

// isCommandText says whether text that is known in part begins with a word that is
// known, as in `Expand-Archive ${file}`.
func isCommandText(s string) bool {
	word, _, more := strings.Cut(s, " ")
	return more && word != "" && !strings.Contains(word, "$")
}

func sayStdin(v *value) bool {
	s, _ := v.str()
	return s == "-" || s == "-s" || s == "-i"
}

// onSocket looks at whether what is started reads and writes on a connection.
func (c *sink) onSocket(list []*value) {
	for _, v := range c.args {
		if io := v.field("stdio"); io != nil && io.kind == vArray && slices.ContainsFunc(io.items, func(it *value) bool { return it.kind == vName && it.s == "net.Socket()" }) {
			c.emit(code.Exec, list, fromSocket)
			return
		}
	}
}

// execArgv looks at the options that Node itself is started with.
func (c *sink) execArgv() {
	for _, v := range c.args {
		list := v.field("execArgv")
		if list == nil || list.kind != vArray {
			continue
		}
		f, marks, from := c.build(code.Exec, list.items)
		c.a.emit(f, c.pos, marks, from)
		for i := 0; i+1 < len(list.items); i++ {
			if o, _ := list.items[i].str(); scriptOptions[o] {
				c.a.evalFact(list.items[i+1], c.fact, c.pos, 0)
			}
		}
	}
}

// embedSpawn hands on what a program that runs text is given, or else the whole
// as a line of the shell.
func (c *sink) embedSpawn(all []*value, f code.Fact, marks uint64, from flow.Set) {
	if c.spec.do == doFork {
		return
	}
	program, ok := all[0].str()
	if !ok || all[0].kind != vString {
		return
	}
	base := program[strings.LastIndexAny(program, "/\\")+1:]
	if lang, is := shells[base]; is {
		for i := 1; i+1 < len(all); i++ {
			opt, _ := all[i].str()
			if scriptOptions[opt] {
				if lang == code.Batch {
					var parts []string
					for _, v := range all[i+1:] {
						parts = append(parts, scriptOf(v))
					}
					c.a.embed(code.Shell, strings.Join(parts, " "), f, c.pos, marks, from)
					return
				}
				c.a.embed(lang, scriptOf(all[i+1]), f, c.pos, marks, from)
				return
			}
		}
	}
	var line strings.Builder
	line.WriteString(program)
	for _, v := range all[1:] {
		line.WriteByte(' ')
		s := scriptOf(v)
		if s == "" {
			s = "$_"
		}
		if strings.ContainsAny(s, " \t\n\"'|;&<>()") {
			s = "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		}
		line.WriteString(s)
	}
	c.a.embed(code.Shell, line.String(), f, c.pos, marks, from)
}

// silent says whether the options hide what is started.
func (c *sink) silent() {
	for _, v := range c.args {
		if v.kind != vObject {
			continue
		}
		isTrue := func(k string) bool {
			f := v.field(k)
			return f != nil && f.kind == vBool && f.n == 1
		}
		if isTrue("windowsHide") {
			c.a.emit(code.Fact{Kind: code.Silence, Name: c.fact.Name, Args: []string{"windowsHide"}}, c.pos, 0, 0)
		}
		if io := v.field("stdio"); isTrue("detached") && io != nil && io.kind == vString && io.s == "ignore" {
			c.a.emit(code.Fact{Kind: code.Silence, Name: c.fact.Name, Args: []string{"detached"}}, c.pos, 0, 0)
		}
	}
}

func (c *sink) eval() *value {
	if len(c.args) == 0 {
		return unknown
	}
	body := c.arg(0)
	function := strings.HasSuffix(c.path, "Function")
	if function {
		body = c.args[len(c.args)-1]
	}
	if body.kind == vFunc || c.path == "eval" && (body.kind == vNumber || body.kind == vBool || body.kind == vNull || body.kind == vObject) {
		return unknown
	}
	out := c.result(body.from &^ fromLong)
	alternatives(body, func(v *value) {
		if s, ok := v.str(); ok && function && strings.Contains(s, "return this") {
			out.approx = "this"
		}
		if s, ok := v.str(); ok && strings.TrimSpace(s) == "debugger" {
			c.emit(code.Tamper, nil, 0)
		}
		if c.path == "eval" {
			if g := globalText(v); g != nil {
				out = g
			}
		}
		c.a.evalFact(v, c.fact, c.pos, c.a.fileFrom(v))
	})
	return out
}

// globalText gives what eval of a name gives: eval("require").
func globalText(v *value) *value {
	if v.kind != vString || len(v.s) > 64 || !isWord(v.s) || v.s == "" || v.s == "this" {
		return nil
	}
	switch v.s {
	case "require", "process", "global", "globalThis", "module", "fetch", "Function":
		if globalObjects[v.s] {
			return name("")
		}
		g := name(v.s)
		g.disguised = true
		return g
	}
	return nil
}

// evalFact says that v is run as code.
func (a *analysis) evalFact(v *value, f code.Fact, pos int32, extra flow.Set) {
	if v.kind == vString && v.s == "" {
		return
	}
	f.Kind = code.Eval
	a.crosses(code.Eval, f.Name, v, pos)
	d := v.deep(2)
	if s, ok := v.str(); ok && v.kind == vString {
		f.Args = []string{s}
		f.Disguised = f.Disguised || v.disguised
		a.embed(code.JavaScript, s, f, pos, d.marks, d.from|extra)
	} else if len(v.approx) >= 40 {
		a.embed(code.JavaScript, v.approx, f, pos, d.marks, d.from|extra)
	}
	a.emit(f, pos, d.marks, d.from|extra)
}

func (a *analysis) evalText(v *value, how string, pos int32, disguised bool) {
	c := *v
	if _, data, ok := strings.Cut(v.s, ","); ok {
		c.s = data
		if strings.Contains(v.s[:len(v.s)-len(data)], "base64") {
			if out, done := a.budget.Base64([]byte(data)); done {
				c.s = string(out)
				c.from |= fromDecode
			}
		}
	}
	a.evalFact(&c, code.Fact{Name: how, Disguised: disguised}, pos, 0)
}

func (c *sink) timer() *value {
	v := c.arg(0)
	if v.kind == vString || v.kind == vUnknown && v.from&(fromFetch|fromDecode|fromDecrypt|fromSocket) != 0 || v.kind == vUnknown && v.approx != "" {
		c.a.evalFact(v, c.fact, c.pos, 0)
	}
	if ms, ok := c.arg(1).num(); ok && ms > 60_000 && ms < 1<<31 && c.path == "setTimeout" && c.arg(1).kind == vNumber {
		c.a.emit(code.Fact{Kind: code.Sleep, Name: c.path, Args: []string{formatNumber(ms)}}, c.pos, 0, 0)
	}
	return unknown
}

func (c *sink) worker() *value {
	opts := c.arg(1)
	isText := false
	if e := opts.field("eval"); e != nil && e.kind == vBool && e.n == 1 {
		isText = true
	}
	v := c.arg(0)
	switch {
	case isText:
		c.a.evalFact(v, c.fact, c.pos, 0)
	case v.kind == vString && strings.HasPrefix(v.s, "data:"):
		c.a.evalText(v, c.fact.Name, c.pos, v.disguised)
	default:
		if s, ok := v.str(); ok && v.kind == vString || v.own {
			if !ok {
				s = v.approx
			}
			f := c.fact
			f.Kind, f.Name = code.Import, s
			c.a.emit(f, c.pos, v.marks, v.from)
		}
		if from := c.a.fileFrom(v) | v.from&(fromFetch|fromDecode|fromDecrypt); from != 0 {
			c.emit(code.Eval, []*value{v}, from)
		}
	}
	return c.result(0)
}

// address gives the text of a URL or of the options that make one.
func (c *sink) address(v *value) *value {
	if v.kind != vObject {
		if v.kind == vName && strings.HasSuffix(v.s, "URL()") {
			return v
		}
		return v
	}
	if u := v.field("url"); u != nil {
		if base := v.field("baseURL"); base != nil {
			return c.a.concatAll([]*value{base, u})
		}
		return u
	}
	if u := v.field("uri"); u != nil {
		return u
	}
	host := v.field("hostname")
	if host == nil {
		host = v.field("host")
	}
	if host == nil {
		return unknown
	}
	scheme := text("https://")
	if strings.HasPrefix(c.path, "http.") {
		scheme = text("http://")
	}
	parts := []*value{scheme, host}
	if p := v.field("port"); p != nil {
		if s, ok := p.str(); ok && s != "443" && s != "80" && p.kind != vNull {
			parts = append(parts, text(":"), p)
		}
	}
	if p := v.field("path"); p != nil {
		parts = append(parts, p)
	} else if p := v.field("pathname"); p != nil {
		parts = append(parts, p)
	}
	u := c.a.concatAll(parts)
	return c.a.joinedText(u, parts, c.pos)
}

// given are the options of a request that hold what is given away.
var given = []string{"body", "data", "json", "form", "formData", "searchParams", "qs", "query", "params", "payload", "multipart", "auth"}

// fetch follows a request by address: it fetches, and sends when it is given data.
func (c *sink) fetch() *value {
	gives := c.spec.do == doGive
	if s, ok := c.arg(0).str(); ok && len(c.args) > 1 { // needle("post", address, data)
		switch strings.ToLower(s) {
		case "post", "put", "patch":
			gives = true
			c.args = c.args[1:]
		case "get", "head":
			c.args = c.args[1:]
		}
	}
	url := c.address(c.arg(0))
	optsAt := 1
	if c.arg(0).kind == vObject {
		optsAt = 0
	}
	var data value
	var bodies []*value
	if gives && len(c.args) > 1 {
		data = c.arg(1).deep(4)
		bodies = append(bodies, c.arg(1))
		data.env = data.env || envInside(c.arg(1))
	}
	write := false
	for _, v := range c.args[min(optsAt, len(c.args)):] {
		if v.kind == vUnion {
			d := v.deep(2)
			data.from |= d.from & fromData
		}
		if v.kind != vObject {
			continue
		}
		if m := v.field("method"); m != nil {
			if s, ok := m.str(); ok {
				switch strings.ToUpper(s) {
				case "POST", "PUT", "PATCH":
					write = true
				}
			}
		}
		for _, k := range given {
			if b := v.field(k); b != nil {
				d := b.deep(4)
				data.carry(&d)
				data.env = data.env || envInside(b)
				bodies = append(bodies, b)
				write = write || k == "body" || k == "form" || k == "formData" || k == "multipart" || k == "data" || k == "json" && b.kind != vBool
			}
		}
		if h := v.field("headers"); h != nil {
			d := h.deep(2)
			data.from |= d.from
			data.marks |= d.marks
		}
	}
	if gives && len(c.args) == 1 {
		write = true
	}
	u := url.deep(1)
	if configured(url) {
		u.from &^= fromEnv
	}
	c.a.keysSent = c.a.keysSent || (data.from|u.from)&(fromKeys|fromClip) != 0
	sends := gives || write || (data.from|u.from)&fromData != 0
	data.env = data.env || u.env
	if data.env {
		c.a.environment(c.pos, c.fact.Name)
		data.from |= fromEnvAll
	}
	kind := code.Fetch
	if sends {
		kind = code.Send
	}
	alternatives(url, func(v *value) {
		f, marks, from := c.build(kind, []*value{v})
		if v.kind != vString && v.approx != "" {
			f.Args = []string{v.approx}
		}
		if configured(v) {
			from &^= fromEnv
		}
		marks |= data.marks
		from |= data.from
		c.asksFor(v)
		for _, b := range bodies {
			c.a.crosses(code.Send, c.fact.Name, b, c.pos, f.Args...)
		}
		c.a.emit(f, c.pos, marks, from)
		c.metadata(f, marks, from)
	})
	out := c.result(fromFetch)
	if c.a.hasMark(u.marks, "cloud-metadata") {
		out.from |= fromSecret
	}
	if sends {
		out.marks = u.marks
	}
	return out
}

// configured says whether an address is taken as a whole from somewhere, or is one of
// several that are: what the environment says of it is where to, and not what.
func configured(v *value) bool {
	if v.kind == vUnion {
		return !slices.ContainsFunc(v.items, func(it *value) bool { return !configured(it) })
	}
	return v.kind == vString || v.kind == vNull || v.kind == vUnknown && v.approx == "" && v.marks == 0
}

// metadata says that the cloud's metadata address gives credentials.
func (c *sink) metadata(f code.Fact, marks uint64, from flow.Set) {
	if c.a.hasMark(marks, "cloud-metadata") {
		f.Kind = code.Secret
		c.a.emit(f, c.pos, marks, from)
	}
	if c.a.hasMark(marks, "registry-write") && f.Kind == code.Send {
		f.Kind = code.Publish
		c.a.emit(f, c.pos, marks, from)
	}
}

// request follows a request whose body is written later.
func (c *sink) request() *value {
	first := c.arg(0)
	if strings.HasPrefix(c.path, "XMLHttpRequest") {
		first = c.arg(1)
	}
	url := c.address(first)
	opts := first
	if o := c.arg(1); o.kind == vObject {
		opts = o
		if url == unknown || url.kind == vUnknown && url.approx == "" {
			if alt := c.address(o); alt != unknown {
				url = alt
			}
		} else if h := c.address(o); h.kind == vString && url.kind == vUnknown {
			url = h
		}
	}
	method := ""
	if m := opts.field("method"); m != nil {
		method, _ = m.str()
	}
	if strings.HasPrefix(c.path, "XMLHttpRequest") {
		method, _ = c.arg(0).str()
	}
	u := url.deep(1)
	var headers value
	if h := opts.field("headers"); h != nil {
		headers = h.deep(2)
	}
	if u.env {
		c.a.environment(c.pos, c.fact.Name)
		u.from |= fromEnvAll
	}
	kind := code.Fetch
	method = strings.ToUpper(method)
	if method == "POST" || method == "PUT" || method == "PATCH" || (u.from|headers.from)&fromData != 0 {
		kind = code.Send
	}
	alternatives(url, func(v *value) {
		f, marks, from := c.build(kind, []*value{v})
		if v.kind != vString && v.approx != "" {
			f.Args = []string{v.approx}
		}
		from |= headers.from | u.from&fromEnvAll
		marks |= headers.marks
		c.a.emit(f, c.pos, marks, from)
		c.metadata(f, marks, from)
	})
	out := c.result(fromFetch)
	out.marks = u.marks
	out.approx = url.approx
	if url.kind == vString {
		out.approx = url.s
	}
	if c.a.hasMark(u.marks, "cloud-metadata") {
		out.from |= fromSecret
	}
	if strings.HasPrefix(c.path, "XMLHttpRequest") && c.this != nil && c.this.kind == vName {
		// What is sent later goes there, and what comes back came from there.
		c.this.marks |= u.marks
		c.this.from |= fromFetch
		if len(out.approx) > 0 {
			c.this.approx = out.approx
		}
	}
	return out
}

// send follows what gives its arguments away.
func (c *sink) send() *value {
	var data value
	for _, v := range c.args {
		if v.kind == vFunc {
			continue
		}
		d := v.deep(4)
		data.carry(&d)
		data.env = data.env || envInside(v)
	}
	if c.spec.do == doSendNote && strings.HasSuffix(c.path, ".end") && (len(c.args) == 0 || c.arg(0).kind == vFunc) {
		return unknown
	}
	if c.spec.do == doSendNote && strings.HasPrefix(c.path, "XMLHttpRequest") && (len(c.args) == 0 || c.arg(0).kind == vNull) {
		return unknown
	}
	if data.env {
		c.a.environment(c.pos, c.fact.Name)
		data.from |= fromEnvAll
	}
	c.a.keysSent = c.a.keysSent || data.from&(fromKeys|fromClip) != 0
	var marks uint64
	address := text("")
	if c.this != nil {
		marks = c.this.marks
		if c.this.approx != "" {
			address = text(c.this.approx)
			if strings.Contains(c.this.approx, "$_") {
				address = &value{approx: c.this.approx}
			}
		}
	}
	shown := []*value{address}
	if c.spec.do == doSend {
		shown = nil
		for _, v := range c.args {
			if v.kind != vFunc {
				shown = append(shown, v)
			}
		}
	}
	f, more, _ := c.build(code.Send, shown)
	for _, v := range c.args {
		c.a.crosses(code.Send, c.fact.Name, v, c.pos, f.Args...)
	}
	c.a.emit(f, c.pos, marks|more|data.marks, data.from)
	from := flow.Set(0)
	if c.this != nil {
		from = c.this.from
	}
	return plain(&value{from: from})
}

// read follows what reads a file.
func (c *sink) read() *value {
	from := fromFile
	path := c.arg(0)
	alternatives(path, func(v *value) {
		kind := code.ReadFile
		switch {
		case c.a.hasMark(v.marks, secretWords...):
			kind, from = code.Secret, from|fromSecret
		case v.ownFile, v.own && v.kind != vString && v.approx != "" && !strings.Contains(v.approx, ".."):
			kind, from = code.ReadOwn, from|fromOwn
		}
		f, marks, src := c.build(kind, []*value{v})
		if v.kind != vString && v.approx != "" && v.approx != "$_" {
			f.Args = []string{v.approx}
		}
		c.a.emit(f, c.pos, marks, src&^fromEnv)
	})
	from |= c.a.fileFrom(path)
	out := c.result(from)
	out.marks = path.marks
	out.s = "fs.read()"
	return out
}

// write follows what writes a file, and remembers what it holds.
func (c *sink) write() *value {
	path, data := c.arg(0), c.arg(1)
	stream := strings.HasSuffix(c.path, "createWriteStream")
	opts := c.arg(2)
	if stream {
		data, opts = undefined, c.arg(1)
	}
	d := data.deep(3)
	if envInside(data) {
		c.a.environment(c.pos, c.fact.Name)
		d.from |= fromEnvAll
	}
	alternatives(path, func(p *value) {
		c.writeOne(p, data, &d, opts)
	})
	c.a.written(path, d.from)
	out := c.result(0)
	if stream {
		out.addKeys(pathKeys(path))
	}
	out.marks = path.marks
	return out
}

func (c *sink) writeOne(p, data, d *value, opts *value) {
	f, marks, from := c.build(code.WriteFile, []*value{p})
	where := p.approx
	if p.kind == vString {
		where = p.s
	}
	if p.kind != vString && where != "" && where != "$_" {
		f.Args = []string{where}
	}
	from = from&^fromLong | d.from
	all := marks | d.marks
	c.a.emit(f, c.pos, all, from)
	also := func(kind code.Kind) {
		g := f
		g.Kind = kind
		c.a.emit(g, c.pos, all, from)
	}
	if c.a.hasMark(marks, "autostart") {
		also(code.Persist)
	}
	if c.a.hasMark(marks, "agent-file", "workflow-path", "package-manifest") {
		also(code.Manifest)
	}
	if isProgram(where) || executable(opts.field("mode")) {
		also(code.WriteExec)
	}
	if s, ok := data.str(); ok && data.kind == vString {
		if lang, is := scriptLanguage(where); is {
			c.a.embed(lang, s, f, c.pos, all, from)
		}
	}
}

func isProgram(path string) bool {
	path = strings.ToLower(path)
	for _, s := range programSuffixes {
		if strings.HasSuffix(path, s) {
			return true
		}
	}
	return false
}

func scriptLanguage(path string) (code.Language, bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", false
	}
	switch path[i:] {
	case ".js", ".cjs", ".mjs":
		return code.JavaScript, true
	case ".ts":
		return code.TypeScript, true
	case ".sh":
		return code.Shell, true
	case ".py":
		return code.Python, true
	case ".ps1":
		return code.PowerShell, true
	case ".bat", ".cmd":
		return code.Batch, true
	case ".rb":
		return code.Ruby, true
	}
	return "", false
}

// executable says whether a mode lets a file be run.
func executable(mode *value) bool {
	if mode == nil {
		return false
	}
	if mode.kind == vString {
		if strings.Contains(mode.s, "x") {
			return true
		}
		n, err := strconv.ParseInt(mode.s, 8, 32)
		return err == nil && n&0o111 != 0
	}
	n, ok := mode.num()
	return ok && mode.kind == vNumber && toInt32(n)&0o111 != 0
}

func (c *sink) writeMore() *value {
	data := c.arg(0)
	target := c.this
	if c.path == "fs.write" || c.path == "fs.writeSync" {
		target, data = c.arg(0), c.arg(1)
	}
	if target != nil {
		d := data.deep(2)
		c.a.written(target, d.from)
		if strings.HasPrefix(c.path, "fs.write") && d.from != 0 {
			f, marks, _ := c.build(code.WriteFile, nil)
			c.a.emit(f, c.pos, marks|target.marks|d.marks, d.from)
		}
	}
	return unknown
}

func (c *sink) copy() *value {
	src, dst := c.arg(0), c.arg(1)
	from := c.a.fileFrom(src)
	if c.a.hasMark(src.marks, secretWords...) {
		f, marks, more := c.build(code.Secret, []*value{src})
		c.a.emit(f, c.pos, marks, more)
		from |= fromSecret
	}
	c.a.written(dst, from)
	data := &value{from: from}
	c.writeOne(dst, unknown, data, undefined)
	return c.result(0)
}

func (c *sink) chmod() *value {
	path, mode := c.arg(0), c.arg(1)
	if strings.HasPrefix(c.path, "shelljs") {
		path, mode = c.arg(1), c.arg(0)
		if s, ok := mode.str(); ok && strings.HasPrefix(s, "+x") {
			mode = number(0o755)
		}
	}
	if executable(mode) || !mode.isConst() {
		c.emit(code.WriteExec, []*value{path}, c.a.fileFrom(path))
	}
	return unknown
}

func (c *sink) decode() *value {
	first := c.arg(0)
	d := first.deep(2)
	from := d.from &^ fromLong
	plainURL := c.path == "unescape" && first.kind != vString
	if !plainURL {
		f := c.fact
		f.Kind = code.Decode
		c.a.emit(f, c.pos, 0, d.from)
		from |= fromDecode
	}
	if len(c.args) == 0 {
		from = fromDecode
	}
	out := c.result(from)
	out.marks = d.marks
	return out
}

// database opens a database file; a browser's is a secret.
func (c *sink) database() *value {
	path := c.arg(0)
	out := c.result(0)
	if c.a.hasMark(path.marks, secretWords...) {
		c.emit(code.Secret, []*value{path}, 0)
		out.from = fromSecret
	} else if file := c.a.fileFrom(path); file.Has(fromSecret) {
		c.emit(code.Secret, []*value{path}, file)
		out.from = fromSecret | file
	}
	return out
}

// reflect follows Reflect.get, apply and construct.
func (c *sink) reflect() *value {
	a := c.a
	switch c.path {
	case "Reflect.get":
		k := c.arg(1)
		if s, ok := k.str(); ok && k.kind == vString {
			return a.member(c.arg(0), s, c.pos, c.arg(0).kind == vName)
		}
		return a.indexed(c.arg(0), k, c.pos)
	case "Reflect.apply":
		return a.callMethod(c.arg(0), "apply", c.args[min(1, len(c.args)):], c.pos, false, true)
	}
	list := []*value{unknown}
	if v := c.arg(1); v.kind == vArray && !v.dirty {
		list = v.items
	}
	return a.callValue(c.arg(0), nil, list, c.pos, true, true)
}
