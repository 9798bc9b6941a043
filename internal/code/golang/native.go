package golang

import (
	"go/ast"
	"go/token"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// proc begins value.typ of a function of Windows that was looked up by name.
const proc = "proc:"

// memoryFunctions of Windows write memory that is then run, their own or another's.
// What Go code does with one of these is a fact; that it knows the name is none.
var memoryFunctions = map[string]bool{
	"VirtualAlloc": true, "VirtualAllocEx": true, "VirtualProtect": true, "WriteProcessMemory": true, "NtWriteVirtualMemory": true,
	"CreateThread": true, "CreateRemoteThread": true, "CreateRemoteThreadEx": true, "NtCreateThreadEx": true, "RtlCreateUserThread": true,
	"QueueUserAPC": true, "NtUnmapViewOfSection": true, "RtlMoveMemory": true, "RtlCopyMemory": true, "SetThreadContext": true,
}

// looked gives the function that a call looks up.
func (a *analysis) looked(pos token.Pos, method string, args []value) (value, bool) {
	switch method {
	case "NewProc", "FindProc", "MustFindProc", "GetProcAddress":
	default:
		return value{}, false
	}
	for _, v := range args {
		if !memoryFunctions[v.text] {
			continue
		}
		if _, ok := a.procs[v.text]; !ok {
			a.procs[v.text] = a.place(pos, code.Fact{Kind: code.Inject, Name: v.text, Disguised: v.disguised})
		}
		return value{typ: proc + v.text, disguised: v.disguised}, true
	}
	return value{}, false
}

// memory notes the functions of Windows that a call runs or gives to what runs them.
func (a *analysis) memory(pos token.Pos, name string, recv value, args []value) {
	method := name[strings.LastIndexByte(name, '.')+1:]
	if f, ok := strings.CutPrefix(recv.typ, proc); ok && method == "Call" {
		a.inject(pos, f, recv, args)
	}
	for _, v := range args {
		if f, ok := strings.CutPrefix(v.typ, proc); ok {
			a.inject(pos, f, v, args)
		}
	}
	if memoryFunctions[method] && kinds()[name] == "" && (method != "CreateThread" || a.low) {
		a.inject(pos, method, value{}, args)
	}
}

func (a *analysis) inject(pos token.Pos, function string, by value, args []value) {
	a.used[function] = true
	texts := make([]string, 0, len(args))
	for _, v := range args[:min(len(args), code.MostArgs)] {
		texts = append(texts, v.text)
	}
	a.add(pos, code.Fact{Kind: code.Inject, Name: function, Args: texts, Disguised: by.disguised})
}

// binds says whether a fact is that a function hands its own arguments to the function
// of Windows whose name it has: whoever calls it is who writes memory.
func binds(f *code.Fact) bool {
	return f.Kind == code.Inject && f.Reach == code.OnCall &&
		strings.EqualFold(strings.TrimLeft(f.Scope, "_"), f.Name[strings.LastIndexByte(f.Name, '.')+1:])
}

// elsewhere names the fact that a function is called on import by what another file of
// the package may have looked up.
const elsewhere = "elsewhere.Call"

// elsewhere notes the method Call of a name that this file does not declare.
func (a *analysis) elsewhere(x *ast.CallExpr) {
	called, ok := x.Fun.(*ast.SelectorExpr)
	if !ok || called.Sel.Name != "Call" && called.Sel.Name != "Addr" {
		return
	}
	on, ok := called.X.(*ast.Ident)
	if !ok || a.imports[on.Name] != "" {
		return
	}
	if _, ok := a.vars[on.Name]; ok {
		return
	}
	if _, ok := a.consts[on.Name]; ok {
		return
	}
	a.add(x.Pos(), code.Fact{Kind: code.Native, Name: elsewhere})
}
