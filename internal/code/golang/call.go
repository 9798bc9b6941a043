package golang

import (
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

const table = `exec: os/exec.Command os/exec.CommandContext os.StartProcess syscall.Exec syscall.ForkExec syscall.StartProcess golang.org/x/sys/unix.Exec
eval: github.com/traefik/yaegi/interp.New .EvalPath
fetch: net/http.Get net/http.DefaultClient.Get net/http.Client.Get net/http.NewRequest net/http.NewRequestWithContext github.com/go-resty/resty.New
send: net/http.Post net/http.PostForm net/http.Client.Post net/http.Client.PostForm net/http.DefaultClient.Post net/smtp.SendMail
socket: net.Dial net.DialTimeout net.DialTCP net.DialUDP net.Listen net.ListenTCP crypto/tls.Dial golang.org/x/crypto/ssh.Dial net.Dialer.Dial
dns: net.LookupHost net.LookupTXT net.LookupIP net.LookupCNAME net.LookupAddr net.LookupMX net.LookupNS
env: os.Getenv os.LookupEnv syscall.Getenv
env-all: os.Environ syscall.Environ
read-file: os.ReadFile io/ioutil.ReadFile os.Open os.OpenFile
write-file: os.WriteFile io/ioutil.WriteFile os.Create os.Rename os.Link os.Symlink
write-exec: os.Chmod
delete: os.Remove os.RemoveAll
list-dir: path/filepath.Walk path/filepath.WalkDir path/filepath.Glob os.ReadDir io/ioutil.ReadDir io/fs.WalkDir
sysinfo: os.Hostname os/user.Current net.Interfaces net.InterfaceAddrs syscall.Uname
decode: encoding/base64.StdEncoding.DecodeString encoding/base64.URLEncoding.DecodeString encoding/base64.RawStdEncoding.DecodeString encoding/base64.RawURLEncoding.DecodeString encoding/hex.DecodeString encoding/base32.StdEncoding.DecodeString compress/gzip.NewReader compress/zlib.NewReader compress/flate.NewReader encoding/base64.NewDecoder
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
		return v.typ + "." + f.Sel.Name, v
	}
	return "", a.eval(fun)
}

// call judges one call.
func (a *analysis) call(x *ast.CallExpr) value {
	switch x.Fun.(type) {
	case *ast.ArrayType, *ast.InterfaceType, *ast.FuncType: // a conversion
		if len(x.Args) == 1 {
			return a.eval(x.Args[0])
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
	if a.functions[name] || a.pieces && !strings.Contains(name, ".") {
		a.calling(name)
	}
	a.memory(x.Pos(), name, recv, args)
	a.elsewhere(x)
	if v, ok := a.looked(x.Pos(), name[strings.LastIndexByte(name, '.')+1:], args); ok {
		return v
	}
	if k, ok := kinds()[name]; ok {
		return a.sink(x.Pos(), k, name, recv, args, from, disguised)
	}
	return a.passes(x.Pos(), name, recv, args, from|recv.from)
}

// passes is a call of no kind: some carry constants, the rest carries data on.
func (a *analysis) passes(pos token.Pos, name string, recv value, args []value, from flow.Set) value {
	method := name[strings.LastIndexByte(name, '.')+1:]
	v := value{from: from}
	switch {
	case name == "string" && len(args) == 1:
		return args[0]
	case name == "path/filepath.Join" || name == "path.Join":
		v = value{known: true}
		for i, p := range args {
			if i > 0 {
				v = a.join(v, value{text: "/", known: true})
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
	case (method == "Write" || method == "WriteString") && recv.typ == "net.Conn":
		a.add(pos, code.Fact{Kind: code.Send, Name: "net.Conn." + method, From: from.Words()})
	case recv.typ == "net.Conn" && (method == "Addr" || method == "LocalAddr" || method == "Close"):
		return value{} // what this end is called was not received
	case method == "Addr" && strings.HasPrefix(recv.typ, proc):
		return recv
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
	case code.Decode:
		out.disguised = true
		a.decoded(pos, name, args, f, &out)
	case code.Socket:
		out.typ = "net.Conn"
	case code.ReadFile:
		out.from |= a.files[first]
		out.path = first
		f.Args = texts[:min(1, len(texts))]
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
