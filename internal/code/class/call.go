package class

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// What a type says of something that was looked up by name.
const (
	ofClass  = "class:"
	ofMethod = "method:"
)

// invoke is all instructions that call.
func (r *run) invoke(op, ref int) {
	r.use(ref)
	owner, name, desc := r.f.member(ref)
	places, gives := described(desc)
	args := make([]*value, len(places))
	for i := len(places) - 1; i >= 0; i-- {
		if places[i] == 2 {
			r.pop()
		}
		args[i] = r.pop()
	}
	var recv *value
	if op != 184 && op != 186 { // not static, not dynamic
		recv = r.pop()
	}
	switch {
	case op == 186:
		r.pushes(r.dynamic(ref, desc, args), gives)
		return
	case owner == r.f.this:
		if m := r.own(name, desc); m != nil {
			r.pushes(r.inside(m, places, recv, args), gives)
			return
		}
	}
	r.pushes(r.call(owner, name, desc, recv, args), gives)
}

// own is a method of the class.
func (a *analysis) own(name, desc string) *method {
	for i := range a.f.methods {
		if m := &a.f.methods[i]; m.name == name && m.desc == desc {
			return m
		}
	}
	return nil
}

// inside runs a method of the class with these values.
func (r *run) inside(m *method, places []int, recv *value, args []*value) *value {
	var params []*value
	if !m.static {
		params = append(params, recv)
	}
	for i, v := range args {
		params = append(params, v)
		if i < len(places) && places[i] == 2 {
			params = append(params, nil)
		}
	}
	v := r.run(m, params)
	if !v.known && len(v.parts) == 0 && !v.isNum {
		for _, x := range args { // what is not understood carries data on
			if x.from&^v.from != 0 {
				both := *v
				both.from |= x.from
				v = &both
			}
		}
	}
	return v
}

// dynamic is a call site that is made at run time: a text that is put together, or
// an object that calls a method of the class.
func (r *run) dynamic(ref int, desc string, args []*value) *value {
	i := r.f.get(ref).a
	if i >= len(r.f.boots) {
		return joinedFrom(args)
	}
	boot := r.f.boots[i]
	handle := r.f.get(boot.handle)
	_, maker, _ := r.f.member(handle.b)
	if maker == "makeConcatWithConstants" || maker == "makeConcat" {
		recipe := strings.Repeat("\x01", len(args))
		var constants []*value
		for n, c := range boot.args {
			v := r.constant(c)
			if n == 0 && maker == "makeConcatWithConstants" {
				recipe = v.text
				continue
			}
			constants = append(constants, v)
		}
		return r.recipe(recipe, args, constants)
	}
	v := joinedFrom(args)
	for _, c := range boot.args {
		h := r.f.get(c)
		if h.tag != tagHandle {
			continue
		}
		r.use(h.b)
		owner, name, d := r.f.member(h.b)
		if m := r.own(name, d); m != nil && owner == r.f.this {
			places, _ := described(d)
			params := args
			var recv *value
			if !m.static && len(args) > 0 {
				recv, params = args[0], args[1:]
			}
			for len(params) < len(places) {
				params = append(params[:len(params):len(params)], &value{from: v.from})
			}
			got := r.inside(m, places, recv, params)
			v.from |= got.from
		} else if owner != "" {
			places, _ := described(d)
			params := args
			for len(params) < len(places) {
				params = append(params[:len(params):len(params)], &value{})
			}
			v.typ = ofMethod + owner + "." + name
			r.call(owner, name, d, &value{}, params)
		}
	}
	return v
}

func joinedFrom(args []*value) *value {
	v := &value{}
	for _, x := range args {
		v.from |= x.from
		v.odd = v.odd || x.odd
	}
	return v
}

// recipe puts a text together: \x01 is an argument, \x02 a constant.
func (r *run) recipe(recipe string, args, constants []*value) *value {
	v := &value{known: true, typ: "java.lang.String"}
	take := func(from *[]*value) *value {
		if len(*from) == 0 {
			return &value{}
		}
		x := (*from)[0]
		*from = (*from)[1:]
		return x
	}
	for len(recipe) > 0 {
		switch recipe[0] {
		case 1:
			v = r.join(v, take(&args))
			recipe = recipe[1:]
		case 2:
			v = r.join(v, take(&constants))
			recipe = recipe[1:]
		default:
			n := strings.IndexAny(recipe, "\x01\x02")
			if n < 0 {
				n = len(recipe)
			}
			v = r.join(v, &value{text: recipe[:n], known: true})
			recipe = recipe[n:]
		}
	}
	return v
}

// mostSingle characters are added to a text one by one before that is no honest way to
// write it.
const mostSingle = 4

// join puts two texts together. What is known of one that is not known in full stays.
func (a *analysis) join(x, y *value) *value {
	s, ok := x.string()
	t, too := y.string()
	v := &value{known: ok && too, from: x.from | y.from, odd: x.odd || y.odd, typ: x.typ}
	if !ok {
		s = x.text
	}
	if !too {
		t = y.text
	}
	if len(s)+len(t) > mostText || !a.budget.Take(len(s)+len(t)) {
		v.known = false
		return v
	}
	v.text = s + t
	if v.single = x.single; ok && too && len(t) == 1 {
		v.single++
		v.odd = v.odd || v.single >= mostSingle
	}
	return v
}

// call judges a method of another class, and gives its value.
func (r *run) call(owner, name, desc string, recv *value, args []*value) *value {
	c, ok := calleeOf(owner, name, desc)
	if recv == nil {
		recv = &value{}
	}
	if !ok {
		v := joinedFrom(args)
		v.from |= recv.from
		v.typ = recv.typ
		if recv.data != 0 || len(recv.parts) > 0 && recv.typ == commandType { // a builder gives itself
			return recv
		}
		for _, x := range args { // a stream around a stream
			if name == "<init>" && (strings.HasPrefix(x.typ, sinkType) || x.typ == fileType) {
				recv.typ, recv.text, recv.from = x.typ, x.text, recv.from|x.from
			}
		}
		if name == "<init>" {
			recv.from |= v.from
			recv.odd = recv.odd || v.odd
			if len(args) == 1 && !recv.known {
				recv.text, recv.known, recv.parts, recv.elem = args[0].text, args[0].known, args[0].parts, args[0].elem
			}
		}
		return v
	}
	if v, ok := r.carried(c, name, recv, args); ok {
		return v
	}
	return r.sink(c, recv, args)
}

// Types of values that the machine itself has.
const (
	sinkType    = "sink:" // data given to it leaves the machine
	fileType    = "file"  // a file that is written
	commandType = "command"
)

// sink gives the facts of a call that the table knows.
func (r *run) sink(c callee, recv *value, args []*value) *value {
	all := joinedFrom(args)
	all.from |= recv.from
	f := code.Fact{Kind: c.kind, Name: c.name, Args: texts(args), From: all.from.Words(), Disguised: all.odd || recv.odd}
	out := &value{from: all.from | flow.Of(c.kind)}
	if c.name[strings.LastIndexByte(c.name, '.')+1:][0] <= 'Z' { // a constructor, whose object it is
		recv.from |= out.from
		out = recv
	}
	path := ""
	if len(args) > 0 {
		path = args[0].text
	}
	switch c.kind {
	case code.Exec:
		r.started(c, f, recv, args)
		return &value{from: all.from, typ: "java.lang.Process"}
	case code.Eval:
		return r.evaluated(c, f, recv, args, all)
	case code.Fetch:
		return r.fetched(c, f, recv, args, all)
	case code.Send:
		return r.sent(c, f, recv, args, all)
	case code.Socket:
		out.typ = "java.net.Socket"
		out.text = path
	case code.Decode:
		return r.decoded(c, f, recv, args, out)
	case code.ReadFile:
		f.Args = f.Args[:min(1, len(f.Args))]
		out.from |= r.files[path]
		if flow.Secret(path) {
			r.add(code.Fact{Kind: code.Secret, Name: c.name, Args: []string{path}})
			out.from |= flow.Of(code.Secret)
		}
	case code.WriteFile:
		return r.wrote(c, f, recv, args, all)
	case code.EnvAll, code.Env:
		out.text = ""
	}
	r.add(f)
	return out
}

func texts(args []*value) []string {
	var out []string
	for _, v := range args[:min(len(args), code.MostArgs)] {
		t, _ := v.string()
		if t == "" {
			t = v.text
		}
		if t == "" && len(v.parts) > 0 && v.elem == 'L' {
			for _, p := range v.parts[:min(len(v.parts), code.MostArgs)] {
				if p != nil {
					out = append(out, p.text)
				} else {
					out = append(out, "")
				}
			}
			continue
		}
		out = append(out, t)
	}
	return out
}

// words are the parts of a command: those of a list, or each value.
func words(v *value) []*value {
	if len(v.parts) > 0 {
		return v.parts
	}
	return []*value{v}
}

// started is a process; its line is read as a shell's.
func (r *run) started(c callee, f code.Fact, recv *value, args []*value) {
	var list []*value
	if c.does == "start" || len(recv.parts) > 0 && recv.typ == commandType {
		list = recv.parts
		f.Disguised = recv.odd
	} else if len(args) > 0 {
		list = words(args[0])
	}
	from := recv.from
	line := ""
	f.Args = nil
	for i, v := range list {
		if v == nil {
			v = &value{}
		}
		from |= v.from | r.files[v.text]
		f.Disguised = f.Disguised || v.odd
		if len(list) == 1 {
			line = v.text
			for w := range strings.FieldsSeq(v.text[:min(len(v.text), 4096)]) {
				from |= r.files[strings.Trim(w, `"'`)]
			}
		} else {
			if i > 0 {
				line += " "
			}
			if len(line) < 4096 {
				line += "'" + strings.ReplaceAll(v.text, "'", `'\''`) + "'"
			}
		}
		if len(f.Args) < code.MostArgs {
			f.Args = append(f.Args, v.text)
		}
	}
	f.From = from.Words()
	r.add(f)
	if flow.Mines(f.Args) {
		r.add(code.Fact{Kind: code.Mine, Name: f.Name, Args: f.Args})
	}
	if strings.Trim(line, "' ") != "" {
		r.out.Embed(code.Embedded{Language: code.Shell, Text: []byte(line), In: r.placed(f)})
	}
}

// evaluated is code that is made of data.
func (r *run) evaluated(c callee, f code.Fact, recv *value, args []*value, all *value) *value {
	if c.does == "loader" { // a loader of classes from an address
		from := all.from
		away := false
		for _, v := range args {
			for _, w := range words(v) {
				if w == nil {
					continue
				}
				from |= w.from | r.files[w.text]
				away = away || remote(w.text)
			}
		}
		recv.typ = "java.net.URLClassLoader"
		if away {
			from |= flow.Of(code.Fetch)
			r.add(code.Fact{Kind: code.Fetch, Name: c.name, Args: f.Args})
		}
		if away || from.Has(flow.Of(code.Fetch, code.Decode, code.Decrypt)) {
			f.From = from.Words()
			r.add(f)
		}
		return &value{from: from, typ: recv.typ}
	}
	r.add(f)
	if len(args) > 0 && args[0].known && strings.HasSuffix(c.name, "ScriptEngine.eval") && len(args[0].text) > 2 {
		r.out.Embed(code.Embedded{Language: code.JavaScript, Text: []byte(args[0].text), In: r.placed(f)})
	}
	return &value{from: all.from}
}

// remote says whether an address is another machine's.
func remote(address string) bool {
	address = strings.TrimPrefix(address, "jar:")
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "ftp://")
}

// address is what a request is for.
func address(recv *value, args []*value) string {
	for _, v := range append([]*value{recv}, args...) {
		if v.text != "" {
			return v.text
		}
	}
	return ""
}

func (r *run) fetched(c callee, f code.Fact, recv *value, args []*value, all *value) *value {
	f.Args = []string{address(recv, args)}
	if recv.typ == "java.io.File" || strings.HasPrefix(f.Args[0], "file:") || strings.HasPrefix(f.Args[0], "jar:file") {
		return &value{from: all.from | flow.Of(code.ReadFile)}
	}
	got := all.from&^recv.data | flow.Of(code.Fetch)
	if all.from.Has(flow.Of(code.ReadOwn)) { // the address of an own file
		return &value{from: all.from}
	}
	if flow.Secret(f.Args[0]) {
		r.add(code.Fact{Kind: code.Secret, Name: c.name, Args: f.Args})
		got |= flow.Of(code.Secret)
	}
	if data := (recv.data | all.from) &^ flow.Word(code.LongLiteral); data != 0 {
		r.add(code.Fact{Kind: code.Send, Name: c.name, Args: f.Args, From: data.Words()})
	}
	f.From = nil
	r.add(f)
	if c.does == "file" && len(args) > 1 {
		r.written(c.name, args[1].text, got)
	}
	return &value{from: got}
}

// sent is a request that was built before, or a message.
func (r *run) sent(c callee, f code.Fact, recv *value, args []*value, all *value) *value {
	data := all.from | recv.data
	post := recv.post || c.does == "posts" || c.does == "given"
	for _, v := range args {
		data |= v.data
		post = post || v.post
	}
	to := ""
	if len(args) > 0 {
		to = args[0].text
	}
	if to == "" {
		to = address(recv, args)
	}
	f.Args, f.From = []string{to}, data.Words()
	if post || data&^flow.Word(code.LongLiteral) != 0 {
		r.add(f)
	}
	got := flow.Of(code.Fetch)
	if c.does != "given" {
		g := f
		g.Kind, g.From = code.Fetch, nil
		r.add(g)
	}
	return &value{from: got}
}

// decoded folds constants.
func (r *run) decoded(c callee, f code.Fact, recv *value, args []*value, out *value) *value {
	r.add(f)
	out.odd = true
	if len(args) == 0 {
		return out
	}
	text, ok := args[0].string()
	if !ok {
		return out
	}
	var raw []byte
	b := []byte(text)
	switch c.does {
	case "base64":
		raw, ok = r.budget.Base64(b)
	case "hex":
		raw, ok = r.budget.Hex(b)
	case "gzip":
		raw, ok = r.budget.Gzip(b)
	case "zlib":
		raw, ok = r.budget.Zlib(b)
	case "percent":
		raw, ok = r.budget.Percent(b, true)
		out.odd = false
	}
	if ok && len(raw) > 0 {
		out.text, out.known = string(raw), true
		if len(raw) > 8 {
			r.out.Embed(code.Embedded{Text: raw, In: r.placed(f)})
		}
	}
	return out
}

// wrote opens a file to write it, or writes one as a whole.
func (r *run) wrote(c callee, f code.Fact, recv *value, args []*value, all *value) *value {
	if len(args) == 0 {
		return &value{}
	}
	path := args[0].text
	data := joinedFrom(args[1:]).from
	if c.does == "copy" && len(args) > 1 && (args[1].text != "" || args[0].from != 0) { // what is copied stands first
		path, data = args[1].text, args[0].from|r.files[args[0].text]
	}
	out := &value{typ: fileType, text: path}
	if c.name[strings.LastIndexByte(c.name, '.')+1:][0] <= 'Z' {
		recv.typ, recv.text = fileType, path
		out = recv
	}
	r.written(c.name, path, data)
	return out
}

func (r *run) written(name, path string, data flow.Set) {
	if path != "" && (len(r.files) < mostLocals || r.files[path] != 0) {
		r.files[path] |= data.ViaFile()
	}
	r.add(code.Fact{Kind: code.WriteFile, Name: name, Args: []string{path}, From: data.Words()})
	for _, k := range flow.Placed(path) {
		r.add(code.Fact{Kind: k, Name: name, Args: []string{path}, From: data.Words()})
	}
}
