package golang

import (
	"cmp"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// kinds maps functions, by their full name, to what they do.
var kinds = sync.OnceValue(func() map[string]code.Kind {
	all := map[string]code.Kind{}
	for line := range strings.Lines(table) {
		kind, names, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for n := range strings.FieldsSeq(names) {
			all[n] = code.Kind(kind)
		}
	}
	return all
})

const table = `exec: os/exec.Command os/exec.CommandContext golang.org/x/sys/execabs.Command os.StartProcess syscall.Exec syscall.ForkExec syscall.StartProcess golang.org/x/sys/unix.Exec
eval: github.com/traefik/yaegi/interp.Interpreter.Eval github.com/robertkrimen/otto.Otto.Run github.com/dop251/goja.Runtime.RunString github.com/yuin/gopher-lua.LState.DoString go.starlark.net/starlark.ExecFile github.com/traefik/yaegi/interp.New .EvalPath
fetch: net/http.Get net/http.DefaultClient.Get net/http.Client.Get net/http.NewRequest net/http.NewRequestWithContext github.com/go-resty/resty.New
send: net/http.Client.Head github.com/go-resty/resty.Request.Post net/http.Post net/http.PostForm net/http.Client.Post net/http.Client.PostForm net/http.DefaultClient.Post net/smtp.SendMail
socket: net.Dialer.DialContext crypto/tls.DialWithDialer crypto/tls.Client github.com/gorilla/websocket.DefaultDialer.Dial github.com/gorilla/websocket.Dialer.Dial golang.org/x/net/websocket.Dial nhooyr.io/websocket.Dial net.DialUnix net.DialIP syscall.Socket net.Dial net.DialTimeout net.DialTCP net.DialUDP net.Listen net.ListenTCP crypto/tls.Dial golang.org/x/crypto/ssh.Dial net.Dialer.Dial
dns: net.Resolver.LookupHost net.Resolver.LookupTXT net.Resolver.LookupIPAddr net.DefaultResolver.LookupHost net.DefaultResolver.LookupTXT net.DefaultResolver.LookupIPAddr net.ResolveIPAddr net.LookupHost net.LookupTXT net.LookupIP net.LookupCNAME net.LookupAddr net.LookupMX net.LookupNS
env: os.Getenv os.LookupEnv syscall.Getenv
env-all: os.Environ syscall.Environ
read-file: os.DirFS io/fs.ReadFile os.ReadFile io/ioutil.ReadFile os.Open os.OpenFile
write-file: os.WriteFile io/ioutil.WriteFile os.Create os.Rename os.Link os.Symlink
write-exec: os.Chmod
delete: os.Remove os.RemoveAll
list-dir: path/filepath.Walk path/filepath.WalkDir path/filepath.Glob os.ReadDir io/ioutil.ReadDir io/fs.WalkDir
sysinfo: os.Hostname os/user.Current net.Interfaces net.InterfaceAddrs syscall.Uname
decode: encoding/base64.StdEncoding.DecodeString encoding/base64.URLEncoding.DecodeString encoding/base64.RawStdEncoding.DecodeString encoding/base64.RawURLEncoding.DecodeString encoding/hex.DecodeString encoding/base32.StdEncoding.DecodeString compress/gzip.NewReader compress/zlib.NewReader compress/flate.NewReader encoding/base64.NewDecoder encoding/hex.NewDecoder encoding/ascii85.Decode encoding/hex.Decode encoding/base64.StdEncoding.Decode compress/bzip2.NewReader
decrypt: crypto/aes.NewCipher crypto/rc4.NewCipher crypto/des.NewCipher crypto/cipher.NewGCM crypto/cipher.NewCBCDecrypter crypto/cipher.NewCTR golang.org/x/crypto/chacha20poly1305.New
native: plugin.Open syscall.NewLazyDLL syscall.LoadLibrary syscall.LoadDLL syscall.MustLoadDLL golang.org/x/sys/windows.NewLazyDLL golang.org/x/sys/windows.NewLazySystemDLL golang.org/x/sys/windows.LoadLibrary syscall.Syscall syscall.SyscallN syscall.Mmap syscall.Mprotect
inject: syscall.PtraceAttach syscall.PtracePokeText golang.org/x/sys/windows.WriteProcessMemory golang.org/x/sys/windows.VirtualAllocEx golang.org/x/sys/windows.CreateRemoteThread
clipboard: github.com/atotto/clipboard.ReadAll github.com/atotto/clipboard.WriteAll golang.design/x/clipboard.Read
screen: github.com/kbinani/screenshot.CaptureDisplay github.com/kbinani/screenshot.CaptureRect
keyboard: github.com/robotn/gohook.Start
secret: github.com/zalando/go-keyring.Get github.com/keybase/go-keychain.QueryItem`

// callee gives the full name of what is called, and the value it is called on.
func (a *analysis) callee(fun ast.Expr) (string, value) {
	switch f := fun.(type) {
	case *ast.Ident:
		for _, p := range a.dots {
			if _, ok := kinds()[p+"."+f.Name]; ok {
				return p + "." + f.Name, value{}
			}
		}
		if v, ok := a.vars[f.Name]; ok && v.typ != "" { // run := exec.Command
			return v.typ, value{}
		}
		return f.Name, value{}
	case *ast.SelectorExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			if p, ok := a.imports[id.Name]; ok && a.vars[id.Name].typ == "" {
				return p + "." + f.Sel.Name, value{}
			}
		}
		v := a.eval(f.X)
		if held, ok := v.fields[f.Sel.Name]; ok && a.decls[held.typ] != nil {
			return held.typ, v
		}
		return v.typ + "." + f.Sel.Name, v
	}
	v := a.eval(fun) // of a table
	if a.decls[v.typ] != nil {
		return v.typ, v
	}
	return "", v
}

// call judges one call.
func (a *analysis) call(x *ast.CallExpr) value {
	switch x.Fun.(type) {
	case *ast.ArrayType, *ast.InterfaceType, *ast.FuncType: // a conversion
		if len(x.Args) == 1 {
			v := a.eval(x.Args[0])
			v.of = ""
			return v
		}
	}
	name, recv := a.callee(x.Fun)
	args := make([]value, len(x.Args))
	var from flow.Set
	disguised := recv.disguised
	for i, e := range x.Args {
		args[i] = a.eval(e)
		from |= args[i].from
		disguised = disguised || args[i].disguised
	}
	own := a.own(name)
	if own != "" || a.pieces && !strings.Contains(name, ".") {
		a.calling(cmp.Or(own, name))
	}
	if callers[name] { // it calls what it is given
		for _, v := range args {
			if a.decls[v.typ] != nil {
				a.calling(v.typ)
			}
		}
	}
	a.memory(x.Pos(), name, recv, args)
	a.elsewhere(x)
	if v, ok := a.looked(x.Pos(), name[strings.LastIndexByte(name, '.')+1:], args); ok {
		return v
	}
	if k, ok := kinds()[name]; ok {
		return a.sink(x.Pos(), k, name, recv, args, from, disguised)
	}
	if own != "" {
		if v, ok := a.inside(own, recv, args); ok {
			return v
		}
		return value{from: from}
	}
	if v, ok := a.folded(name, recv, args); ok {
		return v
	}
	a.moved(x, name, recv, args, from)
	return a.passes(x.Pos(), name, recv, args, from|recv.from)
}

// callers call the functions that they are given without being asked again.
var callers = map[string]bool{
	"sync.Once.Do": true, "sync.OnceFunc": true, "sync.OnceValue": true, "time.AfterFunc": true, "strings.Map": true, "slices.SortFunc": true,
	"path/filepath.Walk": true, "path/filepath.WalkDir": true, "runtime.SetFinalizer": true, "sync.WaitGroup.Go": true,
}

// moved notes what a call puts where: in its receiver, or in its first argument.
func (a *analysis) moved(x *ast.CallExpr, name string, recv value, args []value, from flow.Set) {
	method := name[strings.LastIndexByte(name, '.')+1:]
	a.writes(x.Fun, method, recv, args, from)
	switch name {
	case "io.Copy", "io.WriteString", "fmt.Fprintf", "fmt.Fprint", "fmt.Fprintln", "io.CopyN", "copy", "slices.Reverse", "io.CopyBuffer":
		if len(args) == 0 {
			return
		}
		var data flow.Set
		for _, v := range args[1:] {
			data |= v.from
		}
		a.grow(x.Args[0], data)
		to := args[0]
		switch {
		case name == "slices.Reverse":
			if id, ok := x.Args[0].(*ast.Ident); ok && to.known {
				if s, ok := a.budget.Reverse(to.text); ok {
					to.text, to.disguised = s, true
					a.vars[id.Name] = to
				}
			}
		case to.typ == "net.Conn" && name != "copy":
			a.add(x.Pos(), code.Fact{Kind: code.Send, Name: name, Args: []string{to.text}, From: data.Words()})
		case to.typ == pipe && data != 0:
			a.add(x.Pos(), code.Fact{Kind: code.Exec, Name: "os/exec.Cmd.StdinPipe", From: data.Words()})
		case to.path != "" && name != "copy" && name != "io.Copy":
			a.written(x.Pos(), name, to.path, data)
		}
	case "encoding/json.NewEncoder", "encoding/gob.NewEncoder", "bufio.NewWriter", "compress/gzip.NewWriter", "encoding/base64.NewEncoder":
	case "encoding/json.Unmarshal":
		if len(args) == 2 {
			a.grow(x.Args[1], args[0].from)
		}
	}
	switch method {
	case "Read", "Decode", "Scan":
		if len(args) > 0 && recv.from != 0 {
			a.grow(x.Args[0], recv.from)
		}
	case "Set", "Add", "SetBasicAuth":
		if recv.typ == "net/http.Header" && from&^flow.Word(code.LongLiteral) != 0 && len(args) > 1 && !strings.EqualFold(args[0].text, "authorization") {
			a.add(x.Pos(), code.Fact{Kind: code.Send, Name: "net/http.Header." + method, From: from.Words()})
		}
	}
}

// pipe is the type of the input of a program that is to be started.
const pipe = "os/exec.Pipe"

// passes is a call of no kind: some carry constants, the rest carries data on.
func (a *analysis) passes(pos token.Pos, name string, recv value, args []value, from flow.Set) value {
	method := name[strings.LastIndexByte(name, '.')+1:]
	v := value{from: from}
	switch {
	case name == "string" && len(args) == 1:
		v := args[0]
		if v.num {
			v.text, v.num, v.disguised = string(rune(atoi(v.text))), false, true
		}
		v.of = ""
		return v
	case name == "path/filepath.Join" || name == "path.Join":
		v = value{known: true}
		for i, p := range args {
			if i > 0 {
				v = a.join(v, value{text: "/", known: true})
			}
			if i > 0 && p.text == "" && !p.known {
				p.text = "_" // of a name that is not known
			}
			v = a.join(v, p)
		}
		return v
	case name == "strings.Join" && len(args) == 2 && args[1].known && len(args[0].parts) > 0:
		v.known = true
		for i, p := range args[0].parts {
			if i > 0 {
				v = a.join(v, args[1])
			}
			v = a.join(v, p)
		}
		v.disguised = v.disguised || v.known && args[1].text == ""
		return v
	case name == "strings.Join" || name == "strings.Replace" || name == "strings.ReplaceAll":
		v.from |= flow.Word(code.Unfolded)
		return v
	case name == "strings.TrimSpace" || name == "bytes.NewReader" || name == "strings.NewReader" || name == "bytes.NewBufferString" || name == "fmt.Sprint":
		if len(args) == 1 {
			return args[0]
		}
	case name == "io.Copy" && len(args) == 2:
		a.written(pos, name, args[0].path, args[1].from)
	case (method == "Write" || method == "WriteString") && recv.path != "":
		a.written(pos, "os.File."+method, recv.path, from)
	case (method == "Write" || method == "WriteString") && recv.typ == pipe && from != 0:
		a.add(pos, code.Fact{Kind: code.Exec, Name: "os/exec.Cmd.StdinPipe", From: from.Words()})
	case (method == "Write" || method == "WriteString") && recv.typ == "net.Conn":
		a.add(pos, code.Fact{Kind: code.Send, Name: "net.Conn." + method, From: from.Words()})
	case recv.typ == "net.Conn" && (method == "Addr" || method == "LocalAddr" || method == "Close"):
		return value{} // what this end is called was not received
	case method == "Addr" && strings.HasPrefix(recv.typ, proc):
		return recv
	case recv.typ == "os/exec.Cmd" && method == "StdinPipe":
		return value{typ: pipe}
	case method == "Do" && len(args) == 1 && args[0].typ == "net/http.Request":
		return value{from: flow.Of(code.Fetch), typ: "net/http.Response"} // what comes back is not what was sent
	case recv.typ != "" && strings.HasPrefix(recv.typ, "net/http."):
		v.typ = recv.typ
	}
	if recv.typ == "os/exec.Cmd" {
		v.typ = recv.typ
	}
	return v
}

// sink gives the facts of a call that the table knows.
func (a *analysis) sink(pos token.Pos, k code.Kind, name string, recv value, args []value, from flow.Set, disguised bool) value {
	texts := make([]string, 0, len(args))
	for _, v := range args[:min(len(args), code.MostArgs)] {
		texts = append(texts, v.text)
	}
	if strings.HasSuffix(name, "CommandContext") || name == "net/http.NewRequestWithContext" {
		texts, args = texts[min(1, len(texts)):], args[min(1, len(args)):]
	}
	f := code.Fact{Kind: k, Name: name, Args: texts, From: from.Words(), Disguised: disguised}
	out := value{from: from | flow.Of(k)}
	first := ""
	if len(texts) > 0 {
		first = texts[0]
	}
	switch k {
	case code.Exec:
		return a.exec(pos, f, args, from)
	case code.Fetch:
		out.typ = "net/http.Response"
		if strings.Contains(name, ".NewRequest") && len(args) > 1 {
			f.Args = texts[1:2]
			out.typ = "net/http.Request"
			if m := strings.ToUpper(first); m != "GET" && m != "HEAD" && m != "" || len(args) > 2 && args[2].from != 0 {
				f.Kind = code.Send
			}
			first = texts[1]
		}
		if from&^flow.Word(code.LongLiteral) != 0 && f.Kind == code.Fetch { // data in the address
			a.add(pos, code.Fact{Kind: code.Send, Name: name, Args: f.Args, From: f.From})
		}
		a.secret(pos, name, first, &out)
	case code.Env:
		switch first {
		case "HOME", "USERPROFILE":
			a.add(pos, f)
			return value{text: "~", known: true}
		case "TMPDIR", "TEMP", "TMP":
			a.add(pos, f)
			return value{text: "/tmp", known: true}
		}
	case code.Send:
		out.typ = "net/http.Response"
		out.from = flow.Of(code.Fetch)
	case code.Decode:
		out.disguised = true
		a.decoded(pos, name, args, f, &out)
	case code.Socket:
		out.typ = "net.Conn"
	case code.ReadFile:
		out.from |= a.files[first]
		out.path = first
		f.Args = texts[:min(1, len(texts))]
		if name == "os.OpenFile" && len(args) > 1 && args[1].typ == writing {
			a.written(pos, name, first, 0)
			return value{path: first, typ: "os.File"}
		}
		a.secret(pos, name, first, &out)
	case code.WriteFile:
		var data flow.Set
		if len(args) > 1 {
			data = args[1].from
		}
		if strings.HasSuffix(name, "WriteFile") && len(texts) > 2 && executable(texts[2]) {
			a.add(pos, code.Fact{Kind: code.WriteExec, Name: name, Args: texts[:1], From: data.Words()})
		}
		a.written(pos, name, first, data)
		return value{path: first}
	}
	a.add(pos, f)
	return out
}

// executable: the mode lets somebody run the file.
func executable(mode string) bool {
	n, err := strconv.ParseUint(strings.Replace(mode, "0o", "0", 1), 0, 32)
	return err == nil && n&0o111 != 0
}

func (a *analysis) secret(pos token.Pos, name, path string, out *value) {
	if flow.Secret(path) {
		a.add(pos, code.Fact{Kind: code.Secret, Name: name, Args: []string{path}})
		out.from |= flow.Of(code.Secret)
	}
}

// decoded folds constants.
func (a *analysis) decoded(pos token.Pos, name string, args []value, f code.Fact, out *value) {
	if len(args) != 1 || !args[0].known {
		return
	}
	var raw []byte
	ok := false
	b := []byte(args[0].text)
	switch {
	case strings.Contains(name, "base64"):
		raw, ok = a.budget.Base64(b)
	case strings.Contains(name, "base32"):
		raw, ok = a.budget.Base32(b)
	case strings.Contains(name, "hex"):
		raw, ok = a.budget.Hex(b)
	case strings.Contains(name, "gzip"):
		raw, ok = a.budget.Gzip(b)
	case strings.Contains(name, "zlib"):
		raw, ok = a.budget.Zlib(b)
	}
	if ok {
		out.text, out.known = string(raw), true
		if len(raw) > 8 {
			a.embed(pos, "", out.text, f)
		}
	}
}

// exec is a started program; its words are read as a command line.
func (a *analysis) exec(pos token.Pos, f code.Fact, args []value, from flow.Set) value {
	var line strings.Builder
	var words []value
	for _, v := range args {
		if len(v.parts) > 0 {
			words = append(words, v.parts...)
		} else {
			words = append(words, v)
		}
	}
	if len(words) != len(args) {
		f.Args = nil
		for _, v := range words[:min(len(words), code.MostArgs)] {
			f.Args = append(f.Args, v.text)
		}
		args = words
	}
	if strings.HasPrefix(f.Name, "syscall.") && len(args) > 1 { // the program, then what it is called and its arguments
		args = args[1:]
	}
	for i, v := range args {
		from |= a.files[v.text]
		if i > 0 {
			line.WriteByte(' ')
		}
		line.WriteString("'" + strings.ReplaceAll(v.text, "'", `'\''`) + "'")
	}
	f.From = from.Words()
	a.add(pos, f)
	if len(args) > 1 && args[0].text != "" {
		a.embed(pos, code.Shell, line.String(), f)
	}
	return value{from: from, typ: "os/exec.Cmd"}
}

// written: a file gets data.
func (a *analysis) written(pos token.Pos, name, path string, data flow.Set) {
	if path != "" {
		a.files[path] |= data.ViaFile()
	}
	a.add(pos, code.Fact{Kind: code.WriteFile, Name: name, Args: []string{path}, From: data.Words()})
	for _, k := range flow.Placed(path) {
		a.add(pos, code.Fact{Kind: k, Name: name, Args: []string{path}, From: data.Words()})
	}
}
