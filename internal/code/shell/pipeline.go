package shell

import (
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// pipeline judges commands that feed each other, and returns what the last prints.
func (a *analysis) pipeline(pipe []*command, background bool) value {
	in := value{known: true}
	piped := false
	for _, c := range pipe {
		if a.commands++; a.commands > mostCommands {
			a.out.Cut("the script has more commands than are read")
			a.out.Drop(1)
			return value{}
		}
		in = a.run(c, in, piped)
		piped = true
		if background && a.quiet(c) {
			a.add(c.at, code.Fact{Kind: code.Silence, Name: "background", From: in.from.Words()})
		}
	}
	return in
}

// quiet: the command's output goes nowhere.
func (a *analysis) quiet(c *command) bool {
	for _, r := range c.redirects {
		if strings.HasPrefix(r.op, ">") && (r.target.text == "/dev/null" || strings.EqualFold(r.target.text, "nul")) {
			return true
		}
	}
	return false
}

// run judges one command: its redirections, then what it does with its input.
func (a *analysis) run(c *command, in value, piped bool) value {
	for _, r := range c.redirects {
		switch r.op {
		case "<":
			in = a.read(r.target)
			piped = true
		case "<<<":
			in, piped = r.target.value, true
		case "<&":
			if to, ok := a.connected[r.target.text]; ok {
				r.target.text = to
				in, piped = a.read(r.target), true
			}
		}
	}
	if c.input != nil {
		in, piped = *c.input, true
	}
	var out value
	switch {
	case c.group != nil:
		out = *c.group
		out.from |= in.from
	default:
		out = a.simple(c, c.words, in, piped)
	}
	for _, r := range c.redirects {
		a.redirected(r, out)
	}
	if silenced(c) && len(c.words) > 0 && !asksOnly(c.words[0].text) {
		a.add(c.at, code.Fact{Kind: code.Silence, Name: "/dev/null", Args: texts(c.words)})
	}
	return out
}

// silenced: both output and errors go to /dev/null.
func silenced(c *command) bool {
	null, both := false, false
	for _, r := range c.redirects {
		isNull := r.target.text == "/dev/null" || strings.EqualFold(r.target.text, "nul")
		null = null || isNull && r.fd != "2"
		both = both || isNull && (r.fd == "&" || r.fd == "2") || r.op == ">&" && r.fd == "2"
	}
	return null && both
}

// asksOnly are commands whose output is thrown away because only their answer counts.
func asksOnly(name string) bool {
	switch path.Base(name) {
	case "command", "which", "type", "hash", "test", "[", "[[", "grep", "egrep", "where", "cmp", "diff", "id", "pushd", "popd", "cd", "kill", "read", "trap", "echo", "unset", "git", "wait", "true":
		return true
	}
	return false
}

func (a *analysis) redirected(r redirect, out value) {
	if device := strings.HasPrefix(r.target.text, "/dev/tcp/") || strings.HasPrefix(r.target.text, "/dev/udp/"); device && r.fd != "" && len(a.connected) < mostVars {
		a.connected[r.fd] = r.target.text
		if r.op == "<>" {
			a.add(r.target.at, code.Fact{Kind: code.Socket, Name: r.target.text[:8], Args: []string{r.target.text}})
		}
	}
	if to, ok := a.connected[r.target.text]; ok && r.op == ">&" {
		r.op, r.target.text = ">", to
	}
	if !strings.HasPrefix(r.op, ">") || r.op == ">&" || r.target.text == "" {
		return
	}
	switch t := r.target.text; {
	case t == "/dev/null", t == "/dev/stderr", t == "/dev/stdout", strings.EqualFold(t, "nul"), strings.HasPrefix(t, "&"):
	case strings.HasPrefix(t, "/dev/tcp/"), strings.HasPrefix(t, "/dev/udp/"):
		a.add(r.target.at, code.Fact{Kind: code.Socket, Name: t[:8], Args: []string{t}, From: out.from.Words()})
		if out.from != 0 {
			a.add(r.target.at, code.Fact{Kind: code.Send, Name: t[:8], Args: []string{t}, From: out.from.Words()})
		}
	case r.fd == "2":
	default:
		a.written(r.target, "redirect", out)
	}
}

// written: a file gets data, and may be one that starts things or tells tools what to do.
func (a *analysis) written(to word, name string, v value) {
	if len(a.files) < mostVars {
		a.files[fileKey(to.text)] |= v.from.ViaFile()
	}
	f := code.Fact{Kind: code.WriteFile, Name: name, Args: []string{to.text}, From: v.from.Words()}
	if len(v.text) <= mostValue {
		f.Marks = indicator.Marks(v.text)
	}
	a.add(to.at, f)
	a.placed(to.at, name, to.text, v)
}

// placed gives the facts of a path that somebody writes to, by what the path is.
func (a *analysis) placed(at int, name, to string, v value) {
	for _, k := range flow.Placed(to) {
		a.add(at, code.Fact{Kind: k, Name: name, Args: []string{to}, From: v.from.Words()})
	}
}

// fileKey is a path as it is compared: "./x" and "x" are one file.
func fileKey(p string) string { return strings.TrimPrefix(path.Clean("/"+p), "/") }

// holds are the sources of what a file holds, or of what the folders hold that it
// lies in.
func (a *analysis) holds(name string) flow.Set {
	key := fileKey(name)
	from := a.files[key]
	for i := range key {
		if key[i] == '/' {
			from |= a.files[key[:i+1]]
		}
	}
	return from
}

// read gives what is in a file, and the fact when it is one to be told.
func (a *analysis) read(w word) value {
	v := value{text: "", from: flow.Of(code.ReadFile) | w.from | a.files[fileKey(w.text)]}
	switch {
	case strings.HasPrefix(w.text, "/dev/fd"):
		return w.value
	case strings.HasPrefix(w.text, "/dev/tcp/"), strings.HasPrefix(w.text, "/dev/udp/"):
		a.add(w.at, code.Fact{Kind: code.Socket, Name: w.text[:8], Args: []string{w.text}})
		return value{from: flow.Of(code.Fetch, code.Socket)}
	case strings.HasSuffix(w.text, "/environ"):
		a.add(w.at, code.Fact{Kind: code.EnvAll, Name: w.text})
		v.from |= flow.Of(code.EnvAll)
	case flow.Secret(w.text):
		a.add(w.at, code.Fact{Kind: code.Secret, Name: "read", Args: []string{w.text}})
		v.from |= flow.Of(code.Secret)
	}
	return v
}

// texts are the words as Args.
func texts(words []word) []string {
	var out []string
	for _, w := range words[:min(len(words), code.MostArgs)] {
		out = append(out, w.text)
	}
	return out
}

func sources(words []word) (from flow.Set, disguised bool) {
	for _, w := range words {
		from |= w.from
		disguised = disguised || w.disguised
	}
	return from, disguised
}

// assignment splits NAME=value, as it may stand before a command.
func assignment(w word) (name string, v value, ok bool) {
	n := 0
	for n < len(w.text) && wordByte(w.text[n]) {
		n++
	}
	if n == 0 || w.text[0] >= '0' && w.text[0] <= '9' {
		return "", value{}, false
	}
	rest, ok := strings.CutPrefix(w.text[n:], "+=")
	if !ok {
		if rest, ok = strings.CutPrefix(w.text[n:], "="); !ok {
			return "", value{}, false
		}
	}
	v = w.value
	v.text = rest
	return w.text[:n], v, true
}

// simple judges a command without its redirections.
func (a *analysis) simple(c *command, words []word, in value, piped bool) value {
	for len(words) > 0 {
		name, v, ok := assignment(words[0])
		if !ok {
			break
		}
		if strings.HasPrefix(words[0].text[len(name):], "+=") {
			if old := a.vars[name]; a.grow(len(old.text)) && len(old.text) < mostValue {
				v = old.and(v)
			}
		}
		a.set(name, v)
		words = words[1:]
	}
	if len(words) == 0 {
		return value{known: true}
	}
	name := words[0].text
	if _, ok := a.called[name]; ok {
		a.called[name] = true
	}
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	if a.fold {
		base = strings.ToLower(base)
	}
	base = strings.TrimSuffix(base, ".exe")
	words[0].disguised = words[0].disguised || strings.Contains(path.Base(name), "$") && !words[0].known
	if run, ok := wrappers[base]; ok {
		if base == "nohup" || base == "setsid" || base == "disown" {
			a.add(c.at, code.Fact{Kind: code.Silence, Name: base, Args: texts(words[1:])})
		}
		if inner := run(words[1:]); len(inner) > 0 {
			return a.simple(c, inner, in, piped)
		}
		if base == "env" { // alone it prints them all
			a.add(c.at, code.Fact{Kind: code.EnvAll, Name: base})
			return value{from: flow.Of(code.EnvAll)}
		}
		return in
	}
	call := &call{analysis: a, at: words[0].at, name: base, path: name, words: words[1:], in: in, piped: piped}
	call.from, call.disguised = sources(words)
	if do, ok := program(base); ok {
		return do(call)
	}
	if l, ok := interpreter(base); ok {
		return call.interpret(l)
	}
	return call.other()
}

// call is one started program with everything that reaches it.
type call struct {
	*analysis
	at        int
	name      string // base name
	path      string // as written
	words     []word // without the name
	in        value
	piped     bool
	from      flow.Set // of its words
	disguised bool
}

// fact adds one of this call.
func (c *call) fact(k code.Kind, from flow.Set, args ...string) {
	c.add(c.at, code.Fact{Kind: k, Name: c.name, Args: args, From: from.Words(), Disguised: c.disguised})
}

// exec says that the program was started, with all its words.
func (c *call) exec() {
	args := append([]string{c.path}, texts(c.words)...)
	c.fact(code.Exec, c.from|c.files[fileKey(c.path)], args...)
}

// option gives the word after any of the flags, or attached to it; the last one wins.
func (c *call) option(flags ...string) (word, bool) {
	var found word
	ok := false
	for i, w := range c.words {
		for _, f := range flags {
			switch {
			case w.text == f && i+1 < len(c.words):
				found, ok = c.words[i+1], true
			case strings.HasPrefix(f, "--") && strings.HasPrefix(w.text, f+"="):
				found, ok = w, true
				found.text = w.text[len(f)+1:]
			case len(f) == 2 && f[0] == '-' && f[1] != '-' && len(w.text) > 2 && strings.HasPrefix(w.text, f) && !strings.HasPrefix(w.text, "--"):
				found, ok = w, true
				found.text = w.text[2:]
			}
		}
	}
	return found, ok
}

// flag reports whether one of the flags stands there, also among bundled letters.
func (c *call) flag(flags ...string) bool {
	for _, w := range c.words {
		for _, f := range flags {
			if w.text == f || len(f) == 2 && len(w.text) > 2 && w.text[0] == '-' && w.text[1] != '-' && strings.IndexByte(w.text[1:], f[1]) >= 0 && !strings.ContainsAny(w.text, "=/:.") {
				return true
			}
		}
	}
	return false
}

// operands are the words that are no flags.
func (c *call) operands() []word {
	return slices.DeleteFunc(slices.Clone(c.words), func(w word) bool { return strings.HasPrefix(w.text, "-") && len(w.text) > 1 })
}

// has reports whether the word stands among the operands.
func (c *call) has(texts ...string) bool {
	for _, w := range c.words {
		if slices.Contains(texts, w.text) {
			return true
		}
	}
	return false
}
