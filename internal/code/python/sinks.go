package python

import (
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// The marks that make another fact of one.
var (
	credentialMarks = sync.OnceValue(func() marks {
		return markSet("secret-path", "browser-store", "messenger-store", "wallet", "password-manager", "keychain")
	})
	metadataMark  = sync.OnceValue(func() marks { return markSet("cloud-metadata") })
	autostartMark = sync.OnceValue(func() marks { return markSet("autostart") })
	manifestMarks = sync.OnceValue(func() marks { return markSet("agent-file", "workflow-path", "package-manifest") })
	publishMark   = sync.OnceValue(func() marks { return markSet("publish-command") })
	secretName    = sync.OnceValue(func() marks { return markSet("secret-name") })
	walletMark    = sync.OnceValue(func() marks { return markSet("wallet") })
	minerMark     = sync.OnceValue(func() marks { return markSet("miner-pool") })
	tamperMark    = sync.OnceValue(func() marks { return markSet("defender") })
)

// known is a call of a function of the table.
func (a *analysis) known(f *value, args *arguments, id syntax.ID) *value {
	s := f.ref.spec
	c := sink{f: f, kind: s.kind, name: f.ref.name, args: args, id: id, odd: f.flags&odd != 0}
	switch s.shape {
	case command, shell, spawn:
		return a.starts(c, s.shape)
	case runs:
		return a.runs(c)
	case requests, posts:
		return a.requests(c, 0, s.shape == posts)
	case requestOf:
		verb := strings.ToUpper(args.named("method", 0).s)
		return a.requests(c, 1, verb == "POST" || verb == "PUT" || verb == "PATCH")
	case opens:
		return a.opens(c)
	case reads:
		return a.reads(c)
	case writes:
		return a.writes(c)
	case copies:
		return a.copies(c)
	case modes:
		return a.modes(c)
	case env:
		return a.readVariable(c.name, args.at(0), id)
	case allEnv:
		return a.environment(f, c.name, id)
	case decodes:
		return a.decodes(c)
	case imports:
		return a.imports(c)
	case sleeps:
		if n := args.at(0); n.kind == integer && n.n > 60 {
			a.emit(c, 0, 0, n)
		}
		return nothing
	case threads:
		return a.threads(c)
	case callsBack:
		a.callbacks(args, id)
		return args.at(0)
	case forgets:
		return nothing
	case downloads:
		return a.downloads(c)
	case sends:
		from, m := args.reaches()
		if f.recv != nil {
			m |= f.recv.marks
		}
		if c.name == "pycurl.Curl.setopt" { // one of many options
			a.fills(args, id)
			if from&^fromLong == 0 {
				return nothing
			}
		}
		for _, v := range args.pos { // a file that is given by its name
			from |= a.pathSources(v)
		}
		a.emit(c, from, m, args.pos...)
		return nothing
	case resolves:
		return a.resolves(c)
	case foreign:
		return a.foreign(c)
	case registry:
		from, m := args.reaches()
		if f.recv != nil {
			m |= f.recv.marks
		}
		if m&autostartMark() != 0 || c.name == "win32serviceutil.InstallService" {
			a.emit(c, from, m, args.pos...)
		}
		return nothing
	case setup:
		return a.setup(c)
	case installs:
		return a.installs(c)
	case prompts:
		from, m := args.reaches()
		a.emit(c, from&^fromLong, m, args.pos...)
		return a.unknown(fromSecret|from, m, id)
	case database:
		return a.opensDatabase(c)
	case listens:
		from, m := args.reaches()
		a.emit(c, 0, m, args.pos...)
		a.hears(args, bit(s.kind), id)
		// As a decorator it is called once more, with the function.
		return a.make(value{kind: inst, ref: f.ref, recv: nothing, from: bit(s.kind) | from, marks: m, id: id})
	case pixels:
		if v := args.at(0); strings.HasPrefix(c.name, "numpy.") && !(v.kind == inst && isPicture(v.ref.name)) {
			return a.union(args, nothing, id)
		}
	}
	return a.plain(c)
}

// isPicture says whether a name gives a picture that was opened.
func isPicture(full string) bool {
	return strings.HasPrefix(full, "PIL.Image.open") || full == "cv2.imread" || full == "imageio.imread" || full == "skimage.io.imread"
}

// sink is a call that is a fact.
type sink struct {
	f    *value
	kind code.Kind
	name string
	args *arguments
	id   syntax.ID
	odd  bool
}

// emit adds the fact of a call.
func (a *analysis) emit(c sink, from sources, m marks, args ...*value) {
	if c.kind == code.Eval || c.kind == code.Exec || c.kind == code.WriteFile {
		for _, v := range args {
			if v.isText() && v.flags&odd != 0 { // out of character codes, backwards, by arithmetic
				from |= fromDecode
			}
		}
	}
	a.add(fact{kind: c.kind, name: c.name, at: c.id, from: from, marks: m, args: args, odd: c.odd})
	if c.kind == code.Eval || c.kind == code.Exec || c.kind == code.Send {
		for _, v := range args {
			a.crosses(c, v)
		}
	}
}

// plain is a call whose result is data of its kind.
func (a *analysis) plain(c sink) *value {
	from, m := c.args.reaches()
	if c.f.recv != nil {
		f, n := c.f.recv.reaches()
		from |= f
		m |= n
	}
	if c.kind == code.Socket || c.kind == code.Native {
		from |= a.pathSources(c.args.at(0))
	}
	if c.kind == code.Socket {
		a.asksFor(c, c.args.at(0))
	}
	if strings.HasPrefix(c.name, "ftplib.") {
		a.fills(c.args, c.id)
	}
	if strings.Contains(c.name, "extract") || c.name == "shutil.unpack_archive" {
		a.unpacked(c)
	}
	a.emit(c, from&^fromLong, m, c.args.pos...)
	is := bit(c.kind)
	if kindOfMachine[c.name] {
		is = 0
	}
	keep := from &^ fromLong
	if c.kind == code.SysInfo || c.kind == code.ListDir {
		keep = 0
	}
	if c.kind == code.WriteFile || c.kind == code.Socket {
		return a.make(value{kind: inst, ref: c.f.ref, from: from, marks: m, id: c.id})
	}
	if p := c.f.recv; c.kind == code.ListDir && p != nil && isPath(p) {
		each := a.pathJoin([]*value{p, a.unknown(is, m, c.id)}, c.id) // paths below it
		return a.make(value{kind: list, items: []*value{each}, n: 1, from: is, marks: m})
	}
	return a.make(value{kind: inst, ref: c.f.ref, from: is | keep, marks: m, id: c.id})
}

// kindOfMachine are functions that tell for what kind of machine a program is
// wanted, which every download of one says; they tell no machine from another.
var kindOfMachine = map[string]bool{"platform.machine": true, "platform.architecture": true, "platform.system": true, "platform.processor": true, "platform.python_version": true}

// readVariable reads one variable of the environment. Those that hold a usual
// folder stand for it in paths.
func (a *analysis) readVariable(called string, key *value, id syntax.ID) *value {
	if called == "os.environ.keys" {
		return nothing
	}
	m := key.marks
	if key.isText() {
		m |= a.textMarks(key.s)
	}
	a.add(fact{kind: code.Env, name: called, at: id, marks: m, args: []*value{key}, odd: key.flags&(odd|parts) != 0})
	if key.isText() {
		switch strings.ToUpper(key.s) {
		case "HOME", "USERPROFILE", "HOMEPATH":
			return a.textOf("~")
		case "APPDATA", "LOCALAPPDATA", "TEMP", "TMP", "TMPDIR", "PROGRAMDATA", "WINDIR", "SYSTEMROOT", "PROGRAMFILES", "XDG_CONFIG_HOME":
			return a.textOf("%" + strings.ToUpper(key.s) + "%")
		}
	}
	if key.isText() {
		return a.unknown(fromEnv|a.keyHolds("env:"+key.s), m, id)
	}
	return a.unknown(fromEnv, m, id)
}

// runs is text run as code.
func (a *analysis) runs(c sink) *value {
	v := c.args.at(0)
	if c.args.count() == 0 && len(c.args.kw) > 0 {
		v = c.args.kw[0].value
	}
	from, m := v.reaches()
	switch c.name {
	case "timeit.timeit", "timeit.Timer":
		if !v.isText() {
			a.callbacks(c.args, c.id)
			return nothing
		}
	case "runpy.run_path":
		from |= a.pathSources(v)
	case "runpy.run_module", "types.FunctionType", "new.function":
	case "builtins.compile":
		if v.kind == inst && strings.HasPrefix(v.ref.name, "ast.") {
			return v
		}
	case "pandas.eval", "numexpr.evaluate":
		return nothing
	}
	from |= told(v)
	if readsCode(v) {
		from &^= fromOwn
	}
	a.emit(c, from, m|a.marksOfValue(v), v)
	if !strings.HasPrefix(c.name, "runpy.") {
		a.embed(code.Python, v, c)
	}
	if c.name == "builtins.compile" || c.name == "types.CodeType" {
		return v
	}
	if v.isText() && c.name == "builtins.eval" {
		return nothing
	}
	return a.tainted(nothing, from&^fromLong, m)
}

// readsCode says that v is what one file holds, as it stands there, and that the file is
// Python by its name: setup.py runs the version file that way, and reads its README beside.
func readsCode(v *value) bool {
	for v.kind == inst && v.recv != nil && asItStands[v.ref.name] {
		v = v.recv
	}
	var where *value
	switch {
	case v.kind == inst && v.ref.name == "builtins.open" && len(v.items) > 0:
		where = v.items[0]
	case v.kind == unknown && v.recv != nil:
		where = v.recv
	default:
		return false
	}
	end := where.tail
	if where.isText() {
		end = where.s
	}
	return path.Ext(end) == ".py"
}

// asItStands are the ways from an open file to its text that change nothing of what
// runs.
var asItStands = map[string]bool{"builtins.open.read": true, "builtins.open.read.decode": true, "builtins.open.read.strip": true}

// embed hands text on that is code by what is done with it.
func (a *analysis) embed(as code.Language, v *value, c sink) {
	if !v.isText() || len(v.s) < 4 || a.silent > 0 {
		return
	}
	a.embedded = append(a.embedded, embedded{as, v.s, a.here(fact{kind: c.kind, name: c.name, at: c.id})})
}

// requests receives from a URL and sends what the other arguments hold.
func (a *analysis) requests(c sink, at int, always bool) *value {
	url := c.args.named("url", at)
	if u := c.args.keyword("fullurl", "uri"); u != nothing {
		url = u
	}
	body := []*value{c.args.keyword("data"), c.args.keyword("json"), c.args.keyword("files"), c.args.keyword("content"), c.args.keyword("body"), c.args.keyword("fields")}
	soft := []*value{c.args.keyword("params"), c.args.keyword("headers"), c.args.keyword("cookies"), c.args.keyword("auth")}
	switch {
	case url.kind == inst && url.ref.name == "urllib.request.Request" && len(url.items) == 3:
		body = append(body, url.items[1])
		soft = append(soft, url.items[2])
		url = url.items[0]
	case at == 0 && c.name != "requests.get" && c.args.count() > 1 || at == 1 && c.args.count() > 2:
		body = append(body, c.args.at(at+1))
	case c.args.count() > 1 && at == 0:
		soft = append(soft, c.args.at(1))
	}
	m := url.marks | a.marksOfValue(url)
	for _, v := range soft {
		_, n := v.reaches()
		m |= n
	}
	from := dataInURL(url)
	sent := from != 0
	for _, v := range body {
		if v == nothing || v.kind == none {
			continue
		}
		f, n := v.reaches()
		from |= f
		m |= n
		sent = true
		given := c
		given.kind = code.Send
		a.crosses(given, v)
	}
	for _, v := range soft {
		f, _ := v.reaches()
		switch {
		case v == c.args.keyword("auth"):
			f = proves(v)
		case v.kind == dict:
			f = provesIn(v)
		}
		if f&^fromLong != 0 {
			from |= f
			sent = true
		}
	}
	if c.f.recv != nil {
		m |= c.f.recv.marks
	}
	host := a.hostOf(c)
	if url.kind == partial && strings.HasSuffix(url.s, "://") {
		domain, _, _ := strings.Cut(url.tail, "/")
		named := *url
		named.s, named.tail = "", domain
		if strings.HasPrefix(domain, ".") {
			a.asksFor(c, a.make(named))
		}
	}
	if sent || always {
		send := c
		send.kind = code.Send
		a.emit(send, from&^fromLong, m, url, host)
	}
	fetched := fromFetch
	uf, _ := url.reaches()
	if !always {
		fetch := c
		fetch.kind = code.Fetch
		a.emit(fetch, uf&^fromLong, m, url, host)
	}
	if m&metadataMark() != 0 {
		a.add(fact{kind: code.Secret, name: c.name, at: c.id, marks: m, args: []*value{url}, odd: c.odd})
		fetched |= fromSecret
	}
	return a.make(value{kind: inst, ref: c.f.ref, from: fetched, marks: 0, id: c.id})
}

// provingHeaders are the headers that say who asks.
var provingHeaders = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "x-api-key": true, "api-key": true, "apikey": true, "x-auth-token": true,
	"private-token": true, "x-vault-token": true, "x-access-token": true, "x-token": true, "token": true, "x-auth-key": true,
}

// proves gives the sources of what a request says of who asks. One variable, the
// file of a configuration, or a key that was asked for is what an API's client shows
// its API; credentials of a known program, or more than that, are data like any other.
func proves(v *value) sources {
	from, m := v.reaches()
	if from&^(fromEnv|fromRead|fromSecret|fromFetch|fromLong) != 0 || m&credentialMarks() != 0 {
		return from
	}
	out := from & fromFetch
	for _, as := range []struct{ is, becomes sources }{{fromEnv, authEnv}, {fromRead, authRead}, {fromSecret, authSecret}} {
		if from&as.is != 0 {
			out |= as.becomes
		}
	}
	return out
}

// provesIn is proves for those of the headers that are for it.
func provesIn(headers *value) sources {
	var out sources
	for i := 0; i+1 < len(headers.items); i += 2 {
		key, v := headers.items[i], headers.items[i+1]
		if key.isText() && provingHeaders[strings.ToLower(key.s)] {
			out |= proves(v)
			continue
		}
		from, _ := v.reaches()
		out |= from
	}
	return out | headers.from
}

// hostOf gives the host that a connection was made with.
func (a *analysis) hostOf(c sink) *value {
	if c.f.recv != nil && len(c.f.recv.items) > 0 {
		return c.f.recv.items[0]
	}
	return nothing
}

// dataInURL gives the sources of what stands behind the host of a URL. A host out
// of the environment is configuration; a whole environment in it is not.
func dataInURL(v *value) sources {
	if v.kind != partial {
		return 0
	}
	from := v.from &^ fromLong
	_, rest, ok := strings.Cut(v.s, "://")
	switch {
	case ok && strings.ContainsAny(rest, "/?#"):
		return from &^ fromFetch &^ fromListDir
	case ok:
		from &^= fromFetch | fromComputed | fromRead
		if v.marks&secretName() == 0 {
			from &^= fromEnv
		}
		return from
	}
	return 0
}

// asksFor notes that a connection looks up a name with data in front of its domain:
// who answers for that domain reads the data, even if nobody ever answers.
func (a *analysis) asksFor(c sink, host *value) {
	if host.kind == list && len(host.items) > 0 {
		host = host.items[0]
	}
	if host.kind != partial || !strings.Contains(host.tail, ".") {
		return
	}
	if from, m := host.reaches(); from&^fromLong != 0 {
		if m&secretName() == 0 {
			from &^= fromEnv | fromRead // what a service is called where
		}
		if from&^(fromLong|fromFetch|fromComputed) != 0 {
			a.add(fact{kind: code.DNS, name: c.name, at: c.id, from: from &^ fromLong, marks: m, args: []*value{host}, odd: c.odd})
		}
	}
}

func (a *analysis) downloads(c sink) *value {
	url := c.args.named("url", 0)
	where := c.args.named("filename", 1)
	if o := c.args.keyword("out", "output", "dst"); o != nothing {
		where = o
	}
	uf, m := url.reaches()
	a.emit(c, uf&^fromLong, m|a.marksOfValue(url), url)
	if where == nothing { // a name of its own choice
		return a.make(value{kind: list, items: []*value{a.unknown(fromFetch, 0, c.id), nothing}})
	}
	a.written(where, fromFetch, m, c, nil)
	return a.make(value{kind: list, items: []*value{a.tainted(a.pathText(where), 0, 0), nothing}, from: 0})
}

// resolves is a look-up. Only a name that is put together around data carries it.
func (a *analysis) resolves(c sink) *value {
	host := c.args.at(0)
	if n := c.args.keyword("qname", "name", "host", "hostname", "query"); n != nothing {
		host = n
	}
	from, m := host.reaches()
	carried := from &^ fromLong
	if host.kind != partial || !strings.Contains(host.tail, ".") {
		carried &= fromEnvAll | bit(code.Clipboard) // which is no name, whatever stands behind it
	}
	a.emit(c, carried, m|a.marksOfValue(host), host)
	a.crossesIn(c, host)
	out := bit(code.DNS)
	if strings.HasPrefix(c.name, "socket.") {
		out = 0 // an address is nothing that can be run; the texts of other records are
	}
	if from&bit(code.SysInfo) != 0 {
		out = bit(code.SysInfo)
	}
	return a.make(value{kind: inst, ref: c.f.ref, from: out, id: c.id})
}

// foreign loads native code.
func (a *analysis) foreign(c sink) *value {
	v := a.pathText(c.args.at(0))
	from, m := c.args.reaches()
	if strings.HasSuffix(c.name, "FUNCTYPE") || c.name == "ctypes.util.find_library" {
		if from&^fromLong == 0 {
			return nothing
		}
	}
	a.emit(c, from|a.pathSources(v), m|a.marksOfValue(v), v)
	if v.isText() {
		lib := strings.TrimSuffix(strings.ToLower(path.Base(v.s)), ".dll")
		switch lib {
		case "kernel32", "user32", "ntdll", "crypt32", "shell32", "advapi32":
			return &a.outside("ctypes.windll." + lib).value
		}
	}
	return a.make(value{kind: inst, ref: c.f.ref, from: 0, id: c.id})
}

func (a *analysis) decodes(c sink) *value {
	v := c.args.at(0)
	if c.args.count() == 0 {
		v = c.args.keyword("s", "data", "input")
	}
	switch c.name {
	case "codecs.decode", "codecs.encode": // rot13 is its own inverse
		encoding := c.name == "codecs.encode"
		if codec := c.args.named("encoding", 1); codec.kind == text {
			out := a.decodeNamed(v, codec.s, encoding)
			if encoding && out == nil {
				return a.asBytes(v)
			}
			if !v.isText() {
				from, m := v.reaches()
				out = a.unknown(from|fromDecode, m, c.id)
			}
			if out == nil {
				return a.asText(v)
			}
			from, m := v.reaches()
			a.emit(c, from, m|out.marks, v, codec)
			return a.settleDecoded(out, c.id)
		}
		return a.union(c.args, nothing, c.id)
	case "pickle.loads", "pickle.load", "pickle.Unpickler.load", "dill.loads", "dill.load", "cloudpickle.loads", "cloudpickle.load", "joblib.load":
		from, m := v.reaches()
		if called := pickledCall(v); called != "" {
			a.add(fact{kind: code.Eval, name: called, at: c.id, from: from | fromDecode, marks: m, args: []*value{a.textOf(called + "(")}, odd: true})
		}
		if from&(fromFetch|fromDecode|bit(code.Decrypt)|fromFetch<<viaFile) != 0 {
			a.add(fact{kind: code.Eval, name: c.name, at: c.id, from: from, marks: m, odd: c.odd})
		}
		return a.unknown(from, m, c.id)
	case "marshal.load":
		from, m := v.reaches()
		a.emit(c, from, m, v)
		return a.unknown(from|fromDecode, m, c.id)
	}
	out := a.decodeBy(c.name, v, c.id)
	from, m := v.reaches()
	a.emit(c, from, m|out.marks, v)
	return out
}

func (a *analysis) settleDecoded(v *value, id syntax.ID) *value {
	if v.isText() {
		if m := a.textMarks(v.s); m != 0 {
			a.noteString(v.s, m, id, true)
			return a.tainted(v, 0, m)
		}
	}
	return v
}

// imports is a module asked for by text.
func (a *analysis) imports(c sink) *value {
	v := c.args.at(0)
	if v == nothing {
		v = c.args.keyword("name")
	}
	switch c.name {
	case "importlib.reload", "builtins.reload", "importlib.util.module_from_spec":
		if v.kind == getter && v.s == "spec" {
			return a.loaded(v, c.id)
		}
		return v
	case "importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader", "imp.load_source", "importlib.machinery.SourcelessFileLoader", "zipimport.zipimporter":
		where := c.args.named("location", 1)
		if p := c.args.keyword("path", "pathname"); p != nothing {
			where = p
		}
		if c.name == "zipimport.zipimporter" {
			where = v
		}
		if from := a.pathSources(where); from != 0 {
			a.add(fact{kind: code.Eval, name: c.name, at: c.id, from: from, args: []*value{a.pathText(where)}, odd: c.odd})
		}
		if file := argument(a.pathText(where)); strings.Contains(file, ".") && !strings.HasPrefix(file, "/") { // a file that is loaded by its path
			a.add(fact{kind: code.Import, name: "./" + strings.TrimPrefix(strings.TrimPrefix(file, "…"), "/"), at: c.id, odd: c.odd})
		}
		return a.make(value{kind: inst, ref: c.f.ref, id: c.id})
	case "importlib.util.find_spec", "imp.find_module":
		return nothing
	}
	if v.kind != text || v.s == "" {
		from, m := v.reaches()
		a.add(fact{kind: code.Lookup, name: c.name, at: c.id, from: from, marks: m, odd: c.odd || from&(fromComputed|fromDecode) != 0})
		return a.unknown(from&^fromLong, m, c.id)
	}
	if strings.Trim(v.s, ".") == "" {
		return nothing
	}
	if resolvers[c.name] {
		return a.resolved(v, c.id, c.odd)
	}
	if level := c.args.at(4); level.kind == integer && level.n > 0 && level.n < 16 && strings.HasSuffix(c.name, "__import__") {
		v = a.textOf(strings.Repeat(".", int(level.n))+v.s, v)
	}
	disguised := c.odd || v.flags&(odd|parts) != 0
	a.addImport(v.s, c.id, disguised)
	module := v
	if strings.HasSuffix(c.name, "__import__") && c.args.keyword("fromlist") == nothing && c.args.count() < 4 {
		if head, _, dotted := strings.Cut(v.s, "."); dotted && head != "" {
			module = a.textOf(head, v)
		}
	}
	out := a.moduleByName(module)
	if c.odd {
		out = a.withFlags(out, odd)
	}
	return out
}

// threads calls what it is given, now or in another thread.
func (a *analysis) threads(c sink) *value {
	args := c.args
	target := args.keyword("target", "function", "func", "fn")
	at := 0
	if target == nothing {
		for at < args.count() && !args.pos[at].callable() {
			at++
		}
		target = args.at(at)
	}
	with := &arguments{a: a}
	if list := args.keyword("args"); list != nothing {
		with.pos = list.items
	}
	switch c.name {
	case "builtins.map", "builtins.filter", "itertools.starmap", "functools.reduce", "itertools.accumulate":
		return a.maps(c, target, args)
	}
	if with.pos == nil && at+1 < args.count() {
		with.pos = args.pos[at+1:]
		if c.name == "threading.Timer" || strings.HasSuffix(c.name, "start_new_thread") {
			with.pos = args.at(at + 1).items
		}
		if strings.HasSuffix(c.name, "map") || strings.HasSuffix(c.name, "map_async") {
			with.pos = []*value{a.element(args.at(at + 1))}
		}
	}
	if !target.callable() {
		return a.union(args, nothing, c.id)
	}
	if target.kind == inst || target.kind == object {
		return target // a coroutine that was called already
	}
	out := a.apply(target, with, c.id)
	if strings.HasPrefix(c.name, "threading.") || strings.HasPrefix(c.name, "multiprocessing.Process") {
		return &c.f.ref.made
	}
	return out
}

// maps is map and its kin: over a constant list member by member.
func (a *analysis) maps(c sink, target *value, args *arguments) *value {
	over := args.at(1)
	if !target.callable() {
		return a.union(args, nothing, c.id)
	}
	members := a.members(over)
	if rows := a.argumentRows(args); c.name == "builtins.map" && len(rows) > 0 && a.computes(target) && a.fold(turn*len(rows)) {
		a.silent++
		items := make([]*value, 0, len(rows))
		for _, row := range rows {
			v := a.apply(target, &arguments{a: a, pos: row}, c.id)
			if !v.constant() && !v.names() {
				items = nil
				break
			}
			items = append(items, v)
		}
		a.silent--
		if items != nil {
			if target.kind == function {
				a.apply(target, &arguments{a: a, pos: rows[0]}, c.id)
			}
			return a.make(value{kind: list, items: items, from: over.from})
		}
	}
	for i := 1; i < len(members) && i < 8 && target.kind != function; i++ { // each text that is run is one
		a.apply(target, &arguments{a: a, pos: []*value{members[i]}}, c.id)
	}
	first := a.element(over)
	if len(members) > 0 && target.kind != function {
		first = members[0]
	}
	out := a.apply(target, &arguments{a: a, pos: []*value{first, first}}, c.id)
	if target.kind == name && (target.ref.name == "builtins.chr" || target.ref.name == "builtins.unichr") {
		f, m := args.reaches()
		return a.unknown(f|fromComputed, m, c.id)
	}
	return a.make(value{kind: list, items: []*value{out}, n: 1})
}

// argumentRows are the arguments of each call that map makes; nil when they are not
// known in full.
func (a *analysis) argumentRows(args *arguments) [][]*value {
	if args.count() < 2 || args.rest != nil {
		return nil
	}
	columns := make([][]*value, args.count()-1)
	shortest := mostItems
	for i := range columns {
		v := args.at(i + 1)
		items, ok := a.iterates(v)
		if !ok && v.kind == list && (v.n == endless || v.n == counting) && len(v.items) > 0 && i > 0 {
			for j := range len(columns[0]) {
				items = append(items, v.items[j%len(v.items)])
			}
			ok = a.fold(8 * len(items))
		}
		if !ok {
			return nil
		}
		columns[i] = items
		shortest = min(shortest, len(items))
	}
	rows := make([][]*value, shortest)
	for i := range rows {
		for _, c := range columns {
			rows[i] = append(rows[i], c[i])
		}
	}
	return rows
}

// computes says that calling it over constants may give constants.
func (a *analysis) computes(target *value) bool {
	switch target.kind {
	case name:
		return target.ref.fold != nil || strings.HasPrefix(target.ref.name, "builtins.str.") || strings.HasPrefix(target.ref.name, "builtins.bytes.") || decoders[target.ref.name] != nil
	case function, method, applied, getter:
		return true
	case object:
		return target.cls.attribute("__call__", 4) != nil
	}
	return false
}

// hears gives what callbacks are called with.
func (a *analysis) hears(args *arguments, from sources, id syntax.ID) {
	event := a.unknown(from, 0, id)
	call := func(v *value) {
		if v.kind == function {
			a.apply(v, &arguments{a: a, pos: []*value{event, event, event, event}}, id)
		}
	}
	for _, v := range args.pos {
		call(v)
	}
	for _, k := range args.kw {
		call(k.value)
	}
}

// setup is setuptools.setup: classes of cmdclass run when somebody installs.
func (a *analysis) setup(c sink) *value {
	classes := c.args.keyword("cmdclass")
	if classes.kind == dict {
		for i := 0; i+1 < len(classes.items); i += 2 {
			key, v := classes.items[i], classes.items[i+1]
			what := ""
			switch v.kind {
			case classOf:
				what = v.cls.name
				a.hookClass(v.cls)
			case name:
				what = v.ref.name
				for _, m := range hookMethods {
					a.edgeAway(a.below(v.ref, m), code.OnHook)
				}
			case function:
				a.hookUnit(v.fn.unit)
			}
			a.add(fact{kind: code.Hook, name: key.s, at: c.id, args: []*value{a.textOf(what)}, odd: key.flags&(odd|parts) != 0})
		}
	}
	if classes.kind == unknown && classes != nothing {
		a.add(fact{kind: code.Hook, name: "cmdclass", at: c.id, from: classes.from})
	}
	return nothing
}

func (a *analysis) installs(c sink) *value {
	var words []string
	for _, v := range c.args.at(0).items {
		words = append(words, v.show())
	}
	if len(words) > 0 && words[0] != "install" {
		return nothing
	}
	from, m := c.args.reaches()
	a.addPackages(words, 1, c, from, m)
	return nothing
}

// addPackages notes what an installer's command line adds.
func (a *analysis) addPackages(words []string, at int, c sink, from sources, m marks) {
	var names []*value
	for i := at; i < len(words); i++ {
		w := words[i]
		if strings.HasPrefix(w, "-") {
			if w == "-r" || w == "-c" || w == "-i" || w == "--index-url" || w == "--extra-index-url" || w == "-t" || w == "--target" {
				i++
			}
			continue
		}
		if strings.ContainsAny(w, "&|;><") {
			break
		}
		if w != "" {
			names = append(names, a.textOf(w))
		}
	}
	a.add(fact{kind: code.AddPkg, name: c.name, at: c.id, from: from &^ fromLong, marks: m, args: names, odd: c.odd})
}

func (a *analysis) opensDatabase(c sink) *value {
	where := a.pathText(c.args.at(0))
	from, m := where.reaches()
	m |= a.marksOfValue(where)
	is := sources(0)
	if m&credentialMarks() != 0 {
		a.add(fact{kind: code.Secret, name: c.name, at: c.id, from: from &^ fromLong, marks: m, args: []*value{where}, odd: c.odd})
		is = fromSecret
	}
	is |= a.pathSources(where)
	return a.make(value{kind: inst, ref: c.f.ref, from: is, marks: m, id: c.id})
}

func octal(n int64) string { return "0o" + strconv.FormatInt(n, 8) }
