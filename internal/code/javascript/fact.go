package javascript

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// Reaches as they are worked out: the lower, the sooner.
const (
	reachUnset uint8 = iota
	reachTop
	reachMain
	reachCall
)

// fact completes a fact with its place and when it runs.
func (a *analysis) fact(f code.Fact, pos int32, marks uint64, from flow.Set) code.Fact {
	f.Line, f.Column = a.place(pos)
	f.Scope = a.cur.title
	if a.standsIn != nil { // followed in its caller; it says the same as where it stands
		f.Scope = a.standsIn.title
	}
	f.Units = []int32{a.unitOf(a.cur)}
	f.From = from.Words()
	f.Marks = a.markWords(marks)
	switch reach := a.cur.real().reach; {
	case a.nowhere > 0:
		f.Reach = code.Nowhere
	case reach == reachTop && a.main == 0:
		f.Reach = code.Top
	case reach == reachTop, reach == reachMain:
		f.Reach = code.OnMain
	default:
		f.Reach = code.OnCall
	}
	return f
}

// emit gives a fact in the last pass.
func (a *analysis) emit(f code.Fact, pos int32, marks uint64, from flow.Set) {
	switch f.Kind {
	case code.Import, code.String, code.Env, code.Lookup:
	default:
		a.sinks = true
	}
	if !a.last || a.quiet > 0 {
		return
	}
	a.c.Add(a.fact(f, pos, marks, from))
}

// embed hands on text that is run.
func (a *analysis) embed(lang code.Language, s string, f code.Fact, pos int32, marks uint64, from flow.Set) {
	if !a.last || a.quiet > 0 || strings.TrimSpace(s) == "" {
		return
	}
	a.c.Embed(code.Embedded{Language: lang, Text: []byte(s), In: a.fact(f, pos, marks, from)})
}

// reaches works out when each function runs, from who calls it.
func (a *analysis) reaches(program *fun) {
	type target struct {
		f    *fun
		main bool
	}
	next := map[*fun][]target{}
	for _, f := range a.funs {
		for _, e := range f.calls {
			next[e.from] = append(next[e.from], target{f, e.main})
		}
	}
	spread := func(start []*fun, reach uint8) (main []*fun) {
		for len(start) > 0 {
			f := start[len(start)-1]
			start = start[:len(start)-1]
			for _, t := range next[f] {
				switch {
				case t.main && reach == reachTop:
					main = append(main, t.f)
				case t.f.reach == reachUnset || t.f.reach > reach:
					t.f.reach = reach
					start = append(start, t.f)
				}
			}
		}
		return main
	}
	program.reach = reachTop
	main := spread([]*fun{program}, reachTop)
	var start []*fun
	for _, f := range main {
		if f.reach != reachTop {
			f.reach = reachMain
			start = append(start, f)
		}
	}
	spread(start, reachMain)
}

// environment says that the whole environment is taken.
func (a *analysis) environment(pos int32, how string) {
	if a.envName > 0 {
		return
	}
	a.emit(code.Fact{Kind: code.EnvAll, Name: "process.env", Args: []string{how}}, pos, 0, 0)
}

// environmentName says that one variable of the environment is read.
func (a *analysis) environmentName(key *value, pos int32) *value {
	if key == nil {
		a.emit(code.Fact{Kind: code.Env, Name: "process.env"}, pos, 0, 0)
		return tainted(fromEnv)
	}
	marks := a.marksOf(key.s)
	a.emit(code.Fact{Kind: code.Env, Name: "process.env", Args: []string{key.s}}, pos, marks, 0)
	v := &value{from: fromEnv | a.held["env:"+key.s], marks: marks}
	switch key.s {
	case "HOME", "USERPROFILE":
		return &value{kind: vString, s: "~", marks: marks} // where it is, not what it says
	case "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "TEMP", "TMP", "TMPDIR", "windir", "SystemRoot", "XDG_CONFIG_HOME":
		return &value{approx: "%" + key.s + "%"}
	}
	return v
}

// ---- files

// pathKeys give what names a file: its path, or the variables that hold it.
func pathKeys(v *value) []string {
	if v.kind == vString && !v.bytes {
		return []string{v.s}
	}
	return v.keys
}

// written notes what a file holds from now on.
func (a *analysis) written(path *value, from flow.Set) {
	from &^= fromLong
	if from == 0 {
		return
	}
	for _, k := range pathKeys(path) {
		if len(k) < 2 || len(a.files) > 2000 {
			continue
		}
		if _, ok := a.files[k]; !ok {
			a.filePaths = append(a.filePaths, k)
		}
		a.files[k] |= from
	}
}

// fileFrom gives what the files hold that a text names.
func (a *analysis) fileFrom(v *value) flow.Set {
	if len(a.files) == 0 {
		return 0
	}
	var from flow.Set
	for _, k := range pathKeys(v) {
		from |= a.files[k]
	}
	s := v.approx
	if v.kind == vString {
		s = v.s
	}
	if len(s) > 4 {
		for i, p := range a.filePaths {
			if i > 100 {
				break
			}
			if len(p) > 3 && strings.IndexByte(p, '#') < 0 && strings.Contains(s, strings.TrimPrefix(p, "./")) {
				from |= a.files[p]
			}
		}
	}
	return from.ViaFile()
}

// flowInto follows data into a stream: into the file that it writes.
func (a *analysis) flowInto(dest *value, from flow.Set) {
	dest.each(func(d *value) {
		if d.kind == vName && strings.HasPrefix(d.s, "fs.WriteStream()") {
			a.written(d, from)
		}
	})
}

// ---- replaced functions

// patch follows an assignment to a member of a module or of the language.
func (a *analysis) patch(obj *value, key string, known bool, v *value, pos int32) {
	if !known {
		if v.kind == vFunc && obj.s != "" && ofKeys(obj.s) { // one of several names
			a.emit(code.Fact{Kind: code.Patch, Name: obj.s + ".*", Disguised: obj.disguised}, pos, a.keyMarks(obj.s), v.from)
			a.escape(v)
		}
		return
	}
	path := key
	if obj.s != "" {
		path = canonical(obj.s, key)
	}
	if v.rare().behind != nil && ofKeys(path) || pageWallets()[path] && v.kind != vString && v.kind != vNull && v.kind != vObject && v.kind != vFunc && !(v.kind == vName && v.s == path) { // a wallet with somebody in front of it
		a.emit(code.Fact{Kind: code.Patch, Name: path, Disguised: obj.disguised}, pos, a.keyMarks(path), v.from)
	}
	switch {
	case strings.HasPrefix(path, "module.exports") || strings.HasPrefix(path, "exports"):
		a.exported(path, v)
		return
	case obj.s == "process.env":
		if s, ok := v.str(); ok && key == "NODE_TLS_REJECT_UNAUTHORIZED" && s == "0" {
			a.emit(code.Fact{Kind: code.Silence, Name: "process.env." + key, Args: []string{"0"}}, pos, 0, 0)
		}
		a.hold("env:"+key, v)
		return
	case (obj.s == "Image()" || obj.s == "document.createElement()") && (key == "src" || key == "href" || key == "action") && v.from&fromData != 0:
		f := code.Fact{Kind: code.Send, Name: strings.TrimSuffix(obj.s, "()") + "." + key} // a picture that is asked for carries it away
		if v.approx != "" {
			f.Args = []string{v.approx}
		}
		a.emit(f, pos, v.marks, v.from)
		return
	case obj.s == "" && v.kind != vFunc && (v.kind != vName || v.from != 0):
		a.hold(key, v)
		return
	case strings.HasPrefix(path, "console.") && v.kind == vFunc && a.emptyBody(v.fn):
		a.emit(code.Fact{Kind: code.Silence, Name: path}, pos, 0, 0)
		return
	case obj.s == "WScript.Shell()":
		return
	case strings.HasPrefix(path, "XMLHttpRequest().") || strings.HasPrefix(path, "WebSocket().") || strings.HasSuffix(obj.s, ")"):
		return
	case obj.s == "" && v.kind != vFunc && v.kind != vName && v.kind != vUnknown:
		return
	case path == "document.cookie":
		return
	}
	if patched(path) && (v.kind == vFunc || v.kind == vUnknown || v.kind == vUnion || v.kind == vName && v.s != path) {
		if v.kind == vUnknown && v != unknown && v.from == 0 && v.approx != "" {
			return
		}
		a.emit(code.Fact{Kind: code.Patch, Name: path, Disguised: obj.disguised}, pos, a.keyMarks(path), v.from)
	}
	if v.kind == vFunc {
		a.escapePatched(v, path)
	}
}

// escapePatched lets a function that took another's place be called by others.
func (a *analysis) escapePatched(v *value, path string) {
	if patched(path) {
		a.escape(v)
	}
}

func (a *analysis) emptyBody(f *fun) bool {
	if f.gen != a.gen || f.node == 0 {
		return false
	}
	b := a.at(a.at(f.node).b)
	return b.op == nBlock && b.a == 0
}

// assignGlobal follows an assignment to a name that nothing declares.
func (a *analysis) assignGlobal(atom int32, v *value, pos int32) {
	s := a.atoms.names[atom]
	if patched(s) && !a.concrete {
		a.patch(name(""), s, true, v, pos)
		return
	}
	if s == "exports" || s == "module" {
		return
	}
	top := a.scope
	for top.parent != nil {
		top = top.parent
	}
	if a.concrete {
		a.aborted = true
		return
	}
	a.write(top.declare(atom), top, v)
}

// handler follows an assignment to obj.on...: the function gets what obj brings.
func (a *analysis) handler(obj *value, f *fun) {
	if obj.kind != vName {
		return
	}
	var from flow.Set
	switch {
	case strings.HasPrefix(obj.s, "XMLHttpRequest()"):
		from = fromFetch
	case strings.HasPrefix(obj.s, "WebSocket()"), strings.HasPrefix(obj.s, "ws"):
		from = fromSocket
	}
	a.callback(&value{kind: vFunc, fn: f}, []*value{{from: from | obj.from}}, true)
}
