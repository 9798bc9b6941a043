package class

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// carried is a call whose value is what matters: texts, arrays, builders, names that
// are looked up. ok is false for one that is a fact.
func (r *run) carried(c callee, name string, recv *value, args []*value) (v *value, ok bool) {
	if c.kind != "" {
		return nil, false
	}
	all := joinedFrom(args)
	all.from |= recv.from
	all.odd = all.odd || recv.odd
	first := &value{}
	if len(args) > 0 {
		first = args[0]
	}
	constructor := name == "<init>"
	switch c.does {
	case "same":
		return r.same(recv, args, all, constructor), true
	case "text": // new String(..)
		s, known := first.string()
		*recv = value{text: s, known: known, from: all.from, odd: all.odd || first.elem != 0 && known, typ: "java.lang.String", parts: nil}
		if len(s) >= 200 {
			recv.from |= flow.Word(code.LongLiteral)
		}
		return recv, true
	case "append":
		return r.appended(recv, args, constructor), true
	case "insert":
		if len(args) == 2 && first.isNum && first.num == 0 {
			joined := r.join(args[1], recv)
			*recv = *joined
			recv.odd = true
			return recv, true
		}
		recv.known = false
		return recv, true
	case "path":
		return r.joinedPath(recv, args, all, constructor), true
	case "property":
		switch first.text {
		case "user.home":
			return &value{text: "~", known: true}, true
		case "java.io.tmpdir":
			return &value{text: "/tmp", known: true}, true
		case "user.name":
			r.add(code.Fact{Kind: code.SysInfo, Name: c.name, Args: []string{first.text}})
			return &value{from: flow.Of(code.SysInfo)}, true
		}
		return &value{}, true
	case "command":
		if constructor || strings.HasSuffix(c.name, ".parse") || len(args) > 0 {
			if recv.typ != commandType {
				recv.parts = nil
			}
			for _, v := range args {
				recv.parts = append(recv.parts, words(v)...)
				recv.odd = recv.odd || v.odd
				recv.from |= v.from
			}
			recv.typ = commandType
		}
		return recv, true
	case "connect":
		v := *recv
		v.typ = "connection"
		return &v, true
	case "connection":
		recv.post = recv.post || first.text == "POST" || first.text == "PUT"
		return recv, true
	case "give":
		recv.data |= all.from &^ recv.from
		return recv, true
	case "sink":
		switch {
		case constructor: // a packet
			recv.from |= all.from
			recv.data |= all.from
			return recv, true
		case strings.HasSuffix(c.name, "Process.getOutputStream"):
			return &value{typ: "java.lang.Process.in", from: recv.from}, true
		}
		return &value{typ: sinkType + c.name, text: recv.text}, true
	case "write":
		r.writes(c, name, recv, args)
		return recv, true
	case "received":
		return &value{from: flow.Of(code.Socket) | recv.from, typ: "stream"}, true
	case "build", "body":
		return r.built(c, recv, args, all, constructor), true
	case "class":
		if c.name == "java.lang.ClassLoader.loadClass" || first.text == "" {
			v := &value{from: all.from, typ: ofClass + first.text, odd: true}
			return v, true
		}
		return &value{typ: ofClass + first.text, odd: true, from: first.from}, true
	case "method":
		of, is := strings.CutPrefix(recv.typ, ofClass)
		if strings.HasSuffix(c.name, "findVirtual") || strings.HasSuffix(c.name, "findStatic") {
			of, is = strings.CutPrefix(first.typ, ofClass)
			if len(args) > 1 {
				first = args[1]
			}
		}
		if is && first.text != "" {
			return &value{typ: ofMethod + of + "." + first.text, from: all.from, odd: true}, true
		}
		return &value{from: all.from}, true
	case "invoke":
		return r.invoked(recv, args, all), true
	case "list":
		v := &value{elem: 'L', from: all.from, odd: all.odd}
		for _, x := range args {
			v.parts = append(v.parts, words(x)...)
		}
		return v, true
	case "add":
		if len(recv.parts) < mostParts {
			recv.parts = append(recv.parts, args[max(0, len(args)-1):]...)
		}
		if recv.elem == 0 {
			recv.elem = 'L'
		}
		recv.from |= all.from
		return &value{}, true
	case "tested":
		return &value{}, true
	}
	return r.folded(c.does, recv, args, all), true
}

// same is a call that gives its object, or its first argument, in another form.
func (r *run) same(recv *value, args []*value, all *value, constructor bool) *value {
	if constructor {
		typ := recv.typ
		if len(args) > 0 {
			in := args[len(args)-1]
			if in.text == "" {
				in = args[0]
			}
			*recv = *in
		}
		recv.from |= all.from
		recv.typ = typ
		return recv
	}
	in := recv
	if len(args) > 0 && (!recv.known && len(recv.parts) == 0) {
		in = args[0]
	}
	v := *in
	if len(args) > 1 && args[0].known && strings.Contains(args[0].text, "%") { // String.format
		v = *r.formatted(args[0].text, args[1:])
	} else if recv.known && len(args) == 1 && strings.Contains(recv.text, "%") && args[0].elem == 'L' {
		v = *r.formatted(recv.text, args)
	}
	v.from |= all.from
	v.odd = v.odd || all.odd
	return &v
}

// formatted is String.format with %s, %d and %c.
func (r *run) formatted(format string, args []*value) *value {
	if len(args) == 1 && len(args[0].parts) > 0 {
		args = args[0].parts
	}
	v := &value{known: true}
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 || i+1 >= len(format) {
			return r.join(v, &value{text: format, known: true})
		}
		v = r.join(v, &value{text: format[:i], known: true})
		end := i + 1 + strings.IndexAny(format[i+1:], "abcdefghnosx%ABCDEFGHNOSX")
		if end <= i {
			return r.join(v, &value{text: format[i:], known: true})
		}
		switch c := format[end]; {
		case c == '%', c == 'n':
			v = r.join(v, &value{text: strings.ReplaceAll(string(c), "n", "\n"), known: true})
		case len(args) > 0 && args[0] != nil:
			x := args[0]
			if c == 'c' && x.isNum {
				x = &value{text: string(rune(x.num)), known: true, from: x.from}
			}
			v = r.join(v, x)
			args = args[1:]
		default:
			v.known = false
		}
		format = format[end+1:]
	}
}

// appended adds to a builder, which is changed.
func (r *run) appended(recv *value, args []*value, constructor bool) *value {
	if constructor {
		typ := recv.typ
		*recv = value{known: true, typ: typ}
		if len(args) == 1 && !args[0].isNum {
			s, known := args[0].string()
			*recv = value{text: s, known: known, from: args[0].from, odd: args[0].odd, typ: typ}
		}
		return recv
	}
	if len(args) == 0 {
		return recv
	}
	x := args[0]
	if len(args) == 2 && recv.typ == "" { // static: of two texts
		recv, x = args[0], args[1]
	}
	if x.isNum && !x.known && strings.HasPrefix(recv.typ, "java.lang.String") { // a character, most often
		if x.num >= 0x20 && x.num < 0x10FFFF {
			x = &value{text: string(rune(x.num)), known: true, from: x.from, odd: x.odd}
		}
	} else if x.isNum && recv.typ == "java.io.ByteArrayOutputStream" {
		x = &value{text: string([]byte{byte(x.num)}), known: true, from: x.from}
	}
	joined := r.join(recv, x)
	joined.typ = recv.typ
	if recv.typ == "java.lang.String" || recv.typ == "" {
		return joined
	}
	*recv = *joined
	return recv
}

// joinedPath joins the parts of a path.
func (r *run) joinedPath(recv *value, args []*value, all *value, constructor bool) *value {
	v := &value{known: true, typ: "java.io.File"}
	started := false
	take := func(x *value) {
		if x == nil {
			return
		}
		if started {
			v = r.join(v, &value{text: "/", known: true})
		}
		started = true
		if x.text == "" && !x.known {
			x = &value{text: "_", from: x.from} // of a name that is not known
		}
		v = r.join(v, x)
	}
	if !constructor && (recv.known || recv.text != "") {
		take(recv)
	}
	for _, x := range args {
		if x.elem == 'L' {
			for _, p := range x.parts {
				take(p)
			}
			continue
		}
		take(x)
	}
	v.from, v.typ = all.from, "java.io.File"
	if constructor {
		*recv = *v
		return recv
	}
	return v
}

// built adds to a request. Its address is its text, what it carries its data.
func (r *run) built(c callee, recv *value, args []*value, all *value, constructor bool) *value {
	req := recv
	if recv.typ == "" && !constructor {
		req = &value{}
	}
	req.typ = "request"
	for _, x := range args {
		if req.text == "" && (strings.Contains(x.text, "://") || c.does == "build" && len(args) == 1) {
			req.text, req.known = x.text, x.known
			req.from |= x.from
			continue
		}
		req.data |= x.from
	}
	if c.does == "body" {
		req.post = true
	}
	_ = all
	return req
}

// writes puts data into a stream.
func (r *run) writes(c callee, name string, recv *value, args []*value) {
	data := joinedFrom(args).from
	to := recv
	if name == "transferTo" && len(args) > 0 {
		to, data = args[0], recv.from
	}
	switch {
	case strings.HasPrefix(to.typ, sinkType):
		r.add(code.Fact{Kind: code.Send, Name: c.name, Args: []string{to.text}, From: data.Words()})
	case to.typ == fileType:
		if data != 0 {
			r.written(c.name, to.text, data)
		}
	case to.typ == "java.lang.Process.in":
		if data != 0 {
			r.add(code.Fact{Kind: code.Exec, Name: c.name, From: data.Words()})
		}
	case to.typ == "java.net.Socket":
		r.add(code.Fact{Kind: code.Send, Name: c.name, Args: []string{to.text}, From: data.Words()})
	default:
		to.from |= data // a buffer
	}
}

// invoked calls what was looked up by name.
func (r *run) invoked(recv *value, args []*value, all *value) *value {
	full, ok := strings.CutPrefix(recv.typ, ofMethod)
	if !ok {
		if all.from.Has(flow.Of(code.Fetch, code.Decode, code.Decrypt)) && recv.from.Has(flow.Of(code.Fetch, code.Decode, code.Decrypt)) {
			r.add(code.Fact{Kind: code.Eval, Name: "java.lang.reflect.Method.invoke", From: recv.from.Words()})
		}
		return &value{from: all.from}
	}
	at := strings.LastIndexByte(full, '.')
	on, params := &value{}, args
	if len(args) > 0 {
		on, params = args[0], args[1:]
	}
	if len(params) == 1 && params[0].elem == 'L' {
		params = params[0].parts
	}
	list := make([]*value, 0, len(params))
	for _, p := range params {
		if p == nil {
			p = &value{}
		}
		list = append(list, p)
	}
	object := *on
	object.odd = true
	return r.call(full[:at], full[at+1:], "([B)", &object, list)
}

// mostLetters bounds the texts that are read letter by letter.
const mostLetters = 1 << 12

// folded are functions of texts.
func (r *run) folded(does string, recv *value, args []*value, all *value) *value {
	out := &value{from: all.from, odd: all.odd, typ: "java.lang.String"}
	s, known := recv.string()
	number := func(i int) (int, bool) {
		if i < len(args) && args[i].isNum {
			return int(args[i].num), true
		}
		return 0, false
	}
	switch does {
	case "reverse":
		if t, ok := r.budget.Reverse(s); ok && known {
			recv.text, recv.odd = t, true
		}
		return recv
	case "charAt":
		if i, ok := number(0); ok && known && len(s) <= mostLetters {
			if units := []rune(s); i >= 0 && i < len(units) {
				return &value{num: int64(units[i]), isNum: true, from: all.from}
			}
		}
	case "length":
		if known && len(s) <= mostLetters {
			return &value{num: int64(len([]rune(s))), isNum: true, from: all.from}
		}
	case "substring":
		from, ok := number(0)
		to, two := number(1)
		if !two {
			to = len(s)
		}
		if ok && known && from >= 0 && to <= len(s) && from <= to && (two || len(args) == 1) {
			out.text, out.known = s[from:to], true
		}
	case "lower":
		out.text, out.known = strings.ToLower(s), known
	case "upper":
		out.text, out.known = strings.ToUpper(s), known
	case "replace":
		if len(args) == 2 && known {
			x, ok := letter(args[0])
			y, too := letter(args[1])
			if ok && too && len(s)+strings.Count(s, x)*len(y) <= mostText && r.budget.Take(len(s)) {
				out.text, out.known, out.odd = strings.ReplaceAll(s, x, y), true, true
			}
		}
	case "split":
		if len(args) > 0 && known && args[0].known && args[0].text != "" {
			out.elem, out.typ = 'L', ""
			for _, p := range strings.Split(s, strings.TrimPrefix(args[0].text, `\`)) {
				if len(out.parts) < mostParts {
					out.parts = append(out.parts, &value{text: p, known: true})
				}
			}
		}
	case "join":
		if len(args) > 1 {
			out.known = true
			list := args[1:]
			if len(list) == 1 {
				list = words(list[0])
			}
			for i, p := range list {
				if p == nil {
					p = &value{}
				}
				if i > 0 {
					out = r.join(out, args[0])
				}
				out = r.join(out, p)
			}
			out.odd = out.odd || out.known && args[0].text == ""
		}
	}
	return out
}

// letter is an argument that is a text or a character.
func letter(v *value) (string, bool) {
	if v.isNum && !v.known {
		return string(rune(v.num)), true
	}
	return v.text, v.known
}
