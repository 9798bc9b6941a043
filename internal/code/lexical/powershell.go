package lexical

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// command reads a command of PowerShell: its name stands before k, its words go to the
// end of the pipeline's part, in is what the pipe gives it, how says how its name was made.
func (a *analysis) command(k, end int, name string, how, in value) (value, int) {
	at := a.tokens[max(0, k-1)].at
	name = strings.ToLower(strings.TrimSuffix(name, ".exe"))
	var args []value
	var line strings.Builder
	flags := map[string]value{}
	flag := ""
	stop := k
	for stop < end && !(a.is(stop, "|")) {
		t := &a.tokens[stop]
		var v value
		next := stop + 1
		switch {
		case t.kind == nl, a.is(stop, ","), a.is(stop, "@"):
			stop++
			continue
		case t.kind == ident && strings.HasPrefix(t.text, "-"):
			flag = strings.ToLower(t.text)
			if len(flags) < 64 {
				flags[flag] = value{}
			}
			line.WriteString(" " + t.text)
			stop++
			continue
		case t.kind == ident:
			v, next = a.primary(stop, end, false, value{})
		case t.kind == op && a.match[stop] > stop && a.match[stop] < end && t.text != "[":
			v = a.eval(stop+1, a.match[stop])
			v, next = a.postfix(a.match[stop]+1, end, "", v, true)
		case t.kind == str:
			v = a.text(t)
		case t.kind == op && t.text == "[":
			v, next, _ = a.operator(stop, end, &value{}, new(bool), false)
		default:
			v = value{text: t.text, known: true}
		}
		if line.Len() < code.MostDecoded {
			line.WriteString(" " + v.text)
		}
		if len(args) < 64 {
			args = append(args, v)
		}
		if flag != "" && len(flags) < 64 {
			flags[flag] = v
		}
		flag = ""
		stop = max(next, stop+1)
	}
	out := a.commanded(name, at, args, flags, strings.TrimSpace(name+line.String()), how, in)
	return out, stop
}

// commanded judges it.
func (a *analysis) commanded(name string, at int, args []value, flags map[string]value, line string, how, in value) value {
	if name == "new-object" && len(args) > 0 {
		typ := strings.ToLower(args[0].text)
		if c, ok := a.callees[typ]; ok {
			return a.sink(c, typ, at, how, args[1:])
		}
		return value{typ: typ, from: from(args)}
	}
	for f, v := range flags {
		if len(f) > 1 && strings.HasPrefix("-windowstyle", f) && strings.HasPrefix(strings.ToLower(v.text), "h") && (name == "start-process" || name == "powershell") {
			a.add(at, code.Fact{Kind: code.Silence, Name: name, Args: []string{"-WindowStyle Hidden"}})
		}
	}
	for _, m := range indicator.Marks(line) {
		switch {
		case m == "autostart" && strings.Contains(name, "-item"):
			a.add(at, code.Fact{Kind: code.Persist, Name: name, Args: []string{line}})
		case name == "get-childitem" || name == "gci" || name == "dir" || name == "ls":
			continue
		}
	}
	switch name {
	case "get-childitem", "gci", "dir", "ls":
		if len(args) > 0 && strings.HasPrefix(strings.ToLower(args[0].text), "env:") {
			a.add(at, code.Fact{Kind: code.EnvAll, Name: name})
			return value{from: flow.Of(code.EnvAll)}
		}
		a.add(at, code.Fact{Kind: code.ListDir, Name: name, Args: texts(args)})
		return value{from: flow.Of(code.ListDir)}
	case "join-path":
		if len(args) > 1 {
			return a.join(a.join(args[0], value{text: `\`, known: true}), args[1])
		}
	case "%", "foreach-object", "?", "where-object", "out-null", "select-object", "out-string", "convertto-json", "select", "sort-object", "write-output", "echo":
		return value{text: in.text, known: in.known && len(args) == 0, from: in.from | from(args)}
	}
	if in.from != 0 || in.known && in.text != "" {
		args = append([]value{in}, args...)
	}
	if target, ok := flags["-uri"]; ok && len(args) > 0 {
		args[0] = target
	}
	c, ok := a.callees[name]
	if !ok {
		return a.external(name, at, args, line, how)
	}
	if c.kind == code.Exec && len(args) > 0 && flags["-filepath"].text != "" {
		args[0] = flags["-filepath"]
	}
	if c.kind == code.WriteFile {
		data := in
		if v, ok := flags["-value"]; ok {
			data = v
		}
		path := args
		if v, ok := flags["-path"]; ok {
			path = []value{v}
		} else if v, ok := flags["-filepath"]; ok {
			path = []value{v}
		} else if len(args) > 0 && (in.from != 0 || in.known) {
			path = args[1:]
		}
		if len(path) > 0 {
			a.wrote(path[0].text, at, name, data.from)
		}
		return value{}
	}
	out := a.sink(c, name, at, how, args)
	if body, ok := flags["-body"]; ok || flags["-infile"].text != "" {
		a.add(at, code.Fact{Kind: code.Send, Name: name, Args: texts(args), From: (body.from | flags["-infile"].from).Words()})
	}
	if file, ok := flags["-outfile"]; ok && c.kind == code.Fetch {
		a.wrote(file.text, at, name, flow.Of(code.Fetch))
	}
	return out
}

// external is another program, or a function of this file.
func (a *analysis) external(name string, at int, args []value, line string, how value) value {
	if len(a.called) < mostVars {
		a.called[name] = true
	}
	switch name {
	case "powershell", "pwsh", "cmd", "certutil", "bitsadmin", "reg", "schtasks", "mshta", "regsvr32", "rundll32", "wscript", "cscript", "net", "sc", "netsh", "curl.exe", "node", "python", "bash":
		f := code.Fact{Kind: code.Exec, Name: name, Args: []string{line}, From: from(args).Words(), Disguised: how.disguised}
		a.add(at, f)
		a.embed(code.Batch, line, at, f)
		return value{from: from(args)}
	}
	if via := a.files[name]; via != 0 || how.disguised {
		a.add(at, code.Fact{Kind: code.Exec, Name: name, Args: append([]string{name}, texts(args)...), From: (via | from(args) | how.from).Words(), Disguised: how.disguised})
	}
	return value{from: from(args)}
}
