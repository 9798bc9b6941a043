package lexical

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// callee is what a table says of a function: the kind of its fact, "" for none, and
// how its value folds.
type callee struct {
	kind code.Kind
	fold string
}

// table reads lines of "kind: names" and "kind fold: names".
func table(text string) map[string]callee {
	all := map[string]callee{}
	for line := range strings.Lines(text) {
		head, names, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		k, fold, _ := strings.Cut(head, " ")
		c := callee{kind: code.Kind(k), fold: fold}
		if k == "fold" {
			c.kind = ""
		}
		for n := range strings.FieldsSeq(names) {
			all[n] = c
		}
	}
	return all
}

// lookup finds a callee by its full name, or by its last part when the receiver is a value.
func (a *analysis) lookup(name string, has bool) (callee, bool) {
	if c, ok := a.callees[a.resolve(name)]; ok {
		return c, true
	}
	if i := strings.LastIndexAny(name, ".:>"); i > 0 || has && i == 0 {
		if c, ok := a.callees["."+name[i+1:]]; ok {
			return c, true
		}
	}
	return callee{}, false
}

// resolve replaces a name's first part by what an import says it stands for.
func (a *analysis) resolve(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "::"), `\`)
	if i := strings.IndexAny(name, ".:"); i > 0 {
		if full, ok := a.aliases[name[:i]]; ok {
			return full + name[i:]
		}
	}
	if full, ok := a.aliases[name]; ok {
		return full
	}
	return name
}

// call judges one call and gives its value.
func (a *analysis) call(name string, at int, recv value, has bool, args []value) value {
	place := 0
	if at >= 0 && at < len(a.tokens) {
		place = a.tokens[at].at
	}
	if len(a.called) < mostVars {
		a.called[lastName(name)] = true
	}
	name = a.resolve(name)
	a.last = name
	c, ok := a.lookup(name, has)
	if has || recv.typ != "" {
		if v, is := a.requested(name, place, recv, args); is {
			return v
		}
	}
	if v, is := a.piped(name, place, recv, args); is {
		return v
	}
	if ok && c.fold == "send" && len(args) > 0 { // the callee is named by a text
		if args[0].known && args[0].text != "" {
			target := args[0].text
			if a.foldCase {
				target = strings.ToLower(target)
			}
			return a.call(target, at, value{disguised: true}, false, args[1:])
		}
		a.add(place, code.Fact{Kind: code.Lookup, Name: name, From: from(args).Words()})
		return value{from: from(args)}
	}
	if !ok || c.kind != "" && a.defines(name) {
		if v, is := a.inside(name, args, place); is {
			return v
		}
	}
	if !ok {
		return value{typ: name, from: from(args) | recv.from, disguised: recv.disguised, exec: recv.exec, path: recv.path, text: builderText(recv)}
	}
	if _, full := a.callees[name]; !full {
		name = "." + lastName(name)
	}
	return a.sink(c, name, place, recv, args)
}

// builderText is what a value that is under way keeps: a path, an address.
func builderText(recv value) string {
	if recv.typ != "" && !recv.known {
		return recv.text
	}
	return ""
}

// defines says whether a bare name is that of a function of the file itself.
func (a *analysis) defines(name string) bool {
	_, ok := a.bodiesOf[name]
	return ok
}

// piped is data that is written to a program that was started: its commands.
func (a *analysis) piped(name string, at int, recv value, args []value) (value, bool) {
	if !strings.HasPrefix(recv.typ, process) {
		return value{}, false
	}
	switch lastName(name) {
	case "write_all", "write", "puts", "print", "syswrite", "<<":
		data := from(args)
		if data != 0 {
			a.add(at, code.Fact{Kind: code.Exec, Name: lastName(name), From: data.Words()})
		} else if len(args) > 0 && args[0].text != "" {
			a.embed(code.Shell, args[0].text, at, code.Fact{Kind: code.Exec, Name: lastName(name)})
		}
		return value{}, true
	}
	return value{}, false
}

// process begins value.typ of a program that was started.
const process = "process"

// flat are arguments with the elements of lists in their place.
func flat(args []value) []value {
	var out []value
	for _, v := range args {
		if len(v.items) > 0 && !v.known && len(out)+len(v.items) <= 4*code.MostArgs {
			out = append(out, v.items...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

func from(args []value) flow.Set {
	var s flow.Set
	for _, v := range args {
		s |= v.from
	}
	return s
}

// texts are the arguments of a fact; what is not known is "".
func texts(args []value) []string {
	var out []string
	for _, v := range args[:min(len(args), code.MostArgs)] {
		out = append(out, v.text)
	}
	return out
}

func disguised(recv value, args []value) bool {
	for _, v := range args {
		if v.disguised {
			return true
		}
	}
	return recv.disguised
}

// sink gives the facts of a call that a table knows.
func (a *analysis) sink(c callee, name string, at int, recv value, args []value) value {
	reached := from(args) | recv.from
	f := code.Fact{Kind: c.kind, Name: name, Args: texts(args), From: reached.Words(), Disguised: disguised(recv, args)}
	first := value{}
	if len(args) > 0 {
		first = args[0]
	}
	switch c.kind {
	case "":
		return a.folded(c.fold, recv, args, reached)
	case code.Exec:
		if c.fold == "arg" || c.fold == "run" {
			return a.building(c.fold, at, recv, args)
		}
		v := a.started(name, at, recv, flat(args), reached)
		v.typ = strings.TrimSuffix(name, "::new")
		if c.fold != "build" {
			v.typ = process + "." + lastName(name)
		}
		if c.fold == "build" {
			v.exec = len(a.pending)
		}
		return v
	case code.Eval:
		a.add(at, f)
		if c.fold == "file" {
			if via := a.files[first.text]; via != 0 {
				f.From = (reached | via).Words()
				a.add(at, f)
			}
			return value{from: reached}
		}
		if first.known && first.text != "" && len(first.text) > 2 {
			a.embed(a.language, first.text, at, f)
		}
		return value{from: reached, typ: name}
	case code.Decode:
		v := a.folded(c.fold, recv, args, reached)
		v.from |= flow.Of(code.Decode)
		v.disguised = true
		a.add(at, f)
		if v.known && len(v.text) > 8 {
			a.embed("", v.text, at, f)
		}
		return v
	case code.Env, code.EnvAll:
		if c.kind == code.Env && len(args) == 0 {
			f.Kind = code.EnvAll
		}
		a.add(at, f)
		if place, ok := placeOf(first.text); ok && f.Kind == code.Env {
			return place
		}
		return value{from: reached | flow.Of(f.Kind)}
	case code.ReadFile:
		return a.opens(c, f, at, args, reached)
	case code.WriteFile:
		return a.writes(c, f, at, recv, args, reached)
	case code.Fetch:
		a.add(at, f)
		got := reached | flow.Of(code.Fetch)
		if flow.Secret(first.text) {
			a.add(at, code.Fact{Kind: code.Secret, Name: name, Args: []string{first.text}})
			got |= flow.Of(code.Secret)
		}
		if reached&^flow.Word(code.LongLiteral) != 0 { // data in the address
			a.add(at, code.Fact{Kind: code.Send, Name: name, Args: f.Args, From: f.From})
		}
		if c.fold == "file" && len(args) > 1 {
			a.wrote(args[1].text, at, name, got)
		}
		return value{from: got, typ: name, to: first.text}
	case code.Import:
		a.add(at, f)
		return value{from: reached}
	}
	if c.kind == code.Send && c.fold == "data" && recv.from&flow.Of(code.Socket) == 0 {
		return value{}
	}
	a.add(at, f)
	return value{from: reached | flow.Of(c.kind), typ: name, to: first.text}
}

// started is a process; a command line is read as shell.
func (a *analysis) started(name string, at int, recv value, args []value, reached flow.Set) value {
	for _, v := range args {
		for w := range strings.FieldsSeq(v.text[:min(len(v.text), 4096)]) {
			reached |= a.files[strings.Trim(w, `"'`)]
		}
	}
	f := code.Fact{Kind: code.Exec, Name: name, Args: texts(args), From: reached.Words(), Disguised: disguised(recv, args)}
	a.add(at, f)
	if flow.Mines(f.Args) {
		a.add(at, code.Fact{Kind: code.Mine, Name: name, Args: f.Args})
	}
	if name != "std::process::Command::new" && len(args) > 0 && args[0].text != "" {
		a.embedLine(at, f, args)
	}
	return value{from: reached}
}

// embedLine hands a command on to the shell's reader.
func (a *analysis) embedLine(at int, f code.Fact, args []value) {
	line := args[0].text
	if len(args) > 1 {
		var b strings.Builder
		for i, v := range args {
			if i > 0 {
				b.WriteByte(' ')
			}
			if v.text == "" { // not known
				b.WriteString("$_")
				continue
			}
			b.WriteString("'" + strings.ReplaceAll(v.text, "'", `'\''`) + "'")
		}
		line = b.String()
	}
	l := code.Shell
	if a.language == code.PowerShell {
		l = code.Batch
	}
	a.embed(l, line, at, f)
}

// building adds to a command that is put together call by call, or starts it.
func (a *analysis) building(fold string, at int, recv value, args []value) value {
	if recv.exec == 0 || recv.exec > len(a.pending) {
		return value{from: recv.from | from(args), typ: recv.typ}
	}
	f := &a.pending[recv.exec-1]
	if f.Kind != code.Exec {
		return recv
	}
	if fold == "arg" {
		if len(args) == 1 && len(args[0].items) > 0 {
			args = args[0].items
		}
		recv.from |= from(args)
		for _, v := range args {
			recv.from |= a.files[v.text]
		}
		f.Args = append(f.Args, texts(args)...)
		f.From = recv.from.Words()
		f.Disguised = f.Disguised || disguised(recv, args)
		for _, v := range args {
			f.Marks = append(f.Marks, indicator.Marks(v.text)...)
		}
		return recv
	}
	words := make([]value, len(f.Args))
	for i, t := range f.Args {
		words[i] = value{text: t, known: true}
	}
	if len(words) > 0 {
		a.embedLine(at, *f, words)
	}
	return value{from: recv.from, typ: process}
}

// opens reads a file, or opens one to write.
func (a *analysis) opens(c callee, f code.Fact, at int, args []value, reached flow.Set) value {
	path := ""
	if len(args) > 0 {
		path = args[0].text
	}
	if len(args) > 1 && c.fold == "mode" && strings.ContainsAny(args[1].text, "wax+") {
		f.Kind = code.WriteFile
		a.wrote(path, at, f.Name, 0)
		a.opened = path
		return value{typ: "file", path: path}
	}
	if strings.Contains(path, "://") || len(args) > 0 && args[0].typ == "url" {
		f.Kind = code.Fetch
		a.add(at, f)
		return value{from: reached | flow.Of(code.Fetch)}
	}
	got := reached | flow.Of(code.ReadFile) | a.files[path]
	f.Args = f.Args[:min(1, len(f.Args))]
	if c.fold == "own" {
		f.Kind = code.ReadOwn
		got = got&^flow.Of(code.ReadFile) | flow.Of(code.ReadOwn)
	}
	a.add(at, f)
	if flow.Secret(path) {
		f.Kind = code.Secret
		a.add(at, f)
		got |= flow.Of(code.Secret)
	}
	return value{from: got, typ: f.Name}
}

// writes puts data in a file.
func (a *analysis) writes(c callee, f code.Fact, at int, recv value, args []value, reached flow.Set) value {
	switch {
	case c.fold == "printed": // writeln!(file, "..", data)
		if len(args) == 0 || args[0].path == "" {
			return value{}
		}
		a.wrote(args[0].path, at, f.Name, from(args[1:]))
	case c.fold == "opens": // OpenOptions, by what it is told
		if len(args) > 0 {
			a.opened = args[0].text
			a.wrote(a.opened, at, f.Name, 0)
			return value{typ: "file", path: a.opened}
		}
	case c.fold == "copied": // from, to: of another file, or of a stream
		if len(args) > 1 {
			data := args[0].from | a.files[args[0].text]
			to := args[1].text
			if args[1].path != "" {
				to = args[1].path
			}
			a.wrote(to, at, f.Name, data)
			return value{}
		}
	case c.fold == "data" && recv.path != "":
		a.wrote(recv.path, at, f.Name, from(args)|recv.from)
		return recv
	case c.fold == "data": // on what was opened
		if reached == 0 && recv.typ != "file" {
			return value{}
		}
		if recv.from&flow.Of(code.Socket) != 0 {
			a.add(at, code.Fact{Kind: code.Send, Name: f.Name, From: reached.Words()})
			return value{}
		}
		a.wrote(a.opened, at, f.Name, reached)
	case len(args) > 0:
		if len(args) == 1 {
			a.opened = args[0].text
		}
		a.wrote(args[0].text, at, f.Name, from(args[1:])|recv.from)
		return value{typ: "file", path: args[0].text}
	}
	return value{typ: "file"}
}

// wrote gives the facts of a path that gets data.
func (a *analysis) wrote(path string, at int, name string, data flow.Set) {
	if path != "" && (len(a.files) < mostVars || a.files[path] != 0) {
		a.files[path] |= data.ViaFile()
	}
	a.add(at, code.Fact{Kind: code.WriteFile, Name: name, Args: []string{path}, From: data.Words()})
	for _, k := range flow.Placed(path) {
		a.add(at, code.Fact{Kind: k, Name: name, Args: []string{path}, From: data.Words()})
	}
}

// index is name[key], which reads the environment for some names.
func (a *analysis) index(name string, at int, recv, key value) value {
	if c, ok := a.callees[a.resolve(name)+"[]"]; ok && name != "" {
		if place, is := placeOf(key.text); is && c.kind == code.Env {
			return place
		}
		a.add(a.tokens[max(at, 0)].at, code.Fact{Kind: c.kind, Name: name, Args: []string{key.text}})
		return value{from: flow.Of(c.kind) | key.from}
	}
	if n, ok := key.integer(); ok && key.num {
		if n >= 0 && n < int64(len(recv.items)) {
			v := recv.items[n]
			v.from |= recv.from
			return v
		}
		if recv.known && !recv.num && n >= 0 && n < int64(len(recv.text)) {
			return value{text: recv.text[n : n+1], known: true, disguised: true, from: recv.from}
		}
	}
	return value{from: recv.from | key.from}
}

// folded gives the value of a call whose arguments are constants.
func (a *analysis) folded(fold string, recv value, args []value, reached flow.Set) value {
	if v, ok := a.words(fold, recv, args, reached); ok {
		return v
	}
	in := recv
	if len(args) > 0 && (fold != "join" && fold != "reverse" || recv.text == "") {
		in = args[0]
	}
	out := value{from: reached, disguised: disguised(recv, args), typ: recv.typ, exec: recv.exec}
	switch fold {
	case "url", "same":
		if recv.known && recv.text != "" || len(args) == 0 {
			in = recv
		}
		out.text, out.known, out.num, out.items, out.path, out.of = in.text, in.known, in.num, in.items, in.path, in.of
		if out.typ == "" {
			out.typ = in.typ
		}
		if fold == "url" {
			out.typ = "url"
		}
		return out
	case "unpack": // Ruby's "..".unpack("m")
		if len(args) > 0 && recv.known {
			switch {
			case strings.HasPrefix(args[0].text, "m"):
				fold = "base64"
			case strings.HasPrefix(args[0].text, "H"):
				return out
			case strings.HasPrefix(args[0].text, "C"), strings.HasPrefix(args[0].text, "c"), strings.HasPrefix(args[0].text, "U"):
				list := a.characters(recv, true)
				list.from |= out.from
				return list
			}
			in = recv
		}
	case "tr": // letters for letters: "..".tr("A-Za-z", "N-ZA-Mn-za-m")
		if len(args) != 2 || !recv.known || !args[0].known || !args[1].known || !a.budget.Take(len(recv.text)) {
			return out
		}
		out.text, out.known = translated(recv.text, args[0].text, args[1].text), true
		out.disguised = true
		return out
	case "pack": // ["..."].pack("H*")
		if len(args) > 0 && recv.known {
			if strings.HasPrefix(args[0].text, "H") {
				fold = "hex"
			}
			in = recv
		}
		if len(args) > 0 && len(recv.items) > 0 && (strings.HasPrefix(args[0].text, "c") || strings.HasPrefix(args[0].text, "C") || strings.HasPrefix(args[0].text, "U")) {
			if s, ok := a.spelled(recv.items, strings.HasPrefix(args[0].text, "U")); ok {
				out.text, out.known, out.disguised = s, true, true
			}
			return out
		}
	case "chr":
		if recv.text != "" {
			in = recv
		}
		if in.known && in.text != "" {
			out.text, out.known, out.disguised = character(plainNumber(in.text)), true, true
		}
		return out
	case "concat":
		out.text, out.known = "", true
		for _, v := range args {
			out = a.joined(out, v)
		}
		return out
	case "format":
		if len(args) > 0 && args[0].known {
			out.text, out.known = "", true
			rest := args[1:]
			for i, part := range a.inlined(args[0].text, &out) {
				switch {
				case i == 0:
				case len(rest) > 0 && rest[0].known:
					out = a.joined(out, rest[0])
				default:
					out = a.joined(out, value{text: "{}", known: true})
				}
				if i > 0 && len(rest) > 0 {
					rest = rest[1:]
				}
				out = a.joined(out, value{text: part, known: true})
			}
		}
		return out
	case "join":
		sep := ""
		if len(args) > 0 {
			sep = args[0].text
		}
		if len(recv.items) > 1 && (len(args) == 0 || args[0].known) {
			out.text, out.known = "", true
			for i, v := range recv.items {
				if i > 0 && sep != "" {
					out = a.joined(out, value{text: sep, known: true})
				}
				out = a.joined(out, v)
			}
			out.from |= recv.from
			if out.known {
				return out
			}
		}
		if a.language == code.PHP && len(args) == 2 && len(args[1].items) > 0 {
			return a.folded("join", value{items: args[1].items}, args[:1], reached)
		}
		if a.language == code.Rust && len(args) == 1 && (recv.text != "" || recv.typ == "path") && len(recv.items) == 0 {
			v := a.path([]value{recv, args[0]})
			v.from |= reached
			return v
		}
		out.text, out.known = recv.text, recv.known && sep == ""
		out.from |= flow.Word(code.Unfolded)
		return out
	}
	if !in.known {
		return out
	}
	b := []byte(in.text)
	var raw []byte
	ok := false
	switch fold {
	case "base64":
		raw, ok = a.budget.Base64(b)
	case "hex":
		raw, ok = a.budget.Hex(b)
	case "zlib":
		raw, ok = a.budget.Zlib(b)
	case "gzip":
		raw, ok = a.budget.Gzip(b)
	case "deflate":
		raw, ok = a.budget.Deflate(b)
	case "rot13":
		raw, ok = a.budget.Rot13(b)
	case "percent":
		raw, ok = a.budget.Percent(b, true)
	case "reverse":
		var s string
		s, ok = a.budget.Reverse(in.text)
		raw = []byte(s)
		out.disguised = true
	case "utf16":
		var s string
		s, ok = a.budget.UTF16(b, false)
		raw = []byte(s)
	}
	if ok {
		out.text, out.known = string(raw), true
	}
	return out
}

// inlined splits a format of Rust at its places: those with a name get what that
// stands for first.
func (a *analysis) inlined(format string, out *value) []string {
	for i := 0; i < len(format) && i < mostText; i++ {
		if format[i] != '{' {
			continue
		}
		end := strings.IndexByte(format[i:], '}')
		if end < 0 {
			break
		}
		name, _, _ := strings.Cut(format[i+1:i+end], ":")
		v, ok := a.vars[name]
		switch {
		case name == "":
			if end > 1 { // {:?}
				format = format[:i] + "{}" + format[i+end+1:]
			}
		case ok:
			out.from |= v.from
			text := v.text
			if len(format)+len(text) > mostText {
				text = ""
			}
			format = format[:i] + text + format[i+end+1:]
			i += len(text) - 1
		}
	}
	return strings.Split(format, "{}")
}

// joined is join for a value that is more than its text.
func (a *analysis) joined(x, y value) value {
	v := a.join(x, y)
	v.typ, v.exec = x.typ, x.exec
	v.disguised = v.disguised || v.known && y.known && len(y.text) < 12 && len(x.text) > 0
	return v
}

// character is the text of a character's number.
func character(n string) string {
	v, err := strconv.ParseInt(n, 0, 32)
	if err != nil || v < 0 || v > utf8.MaxRune {
		return ""
	}
	return string(rune(v))
}

// translated is a text with each character of from replaced by that of to in its place.
func translated(s, from, to string) string {
	a, b := []rune(expanded(from)), []rune(expanded(to))
	if len(a) == 0 || len(b) == 0 {
		return s
	}
	table := make(map[rune]rune, len(a))
	for i, r := range a {
		table[r] = b[min(i, len(b)-1)]
	}
	return strings.Map(func(r rune) rune {
		if to, ok := table[r]; ok {
			return to
		}
		return r
	}, s)
}

// expanded writes out the ranges of a set of characters.
func expanded(set string) string {
	var out strings.Builder
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' && set[i] <= set[i+2] {
			for c := int(set[i]); c <= int(set[i+2]); c++ {
				out.WriteByte(byte(c))
			}
			i += 2
			continue
		}
		out.WriteByte(set[i])
	}
	return out.String()
}
