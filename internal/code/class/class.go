// Package class gives the facts of compiled Java (The Java Virtual Machine
// Specification, chapters 4 and 6: https://docs.oracle.com/javase/specs/jvms/se25/html/),
// whatever language it was compiled from: nobody reads a class in a review.
//
// It follows the bytecode of each method in its own small machine: constants, texts
// that are put together (StringBuilder, makeConcatWithConstants, arrays of bytes and
// characters, loops over them, methods of the class itself), data from what it comes
// out of to where it goes, and methods that are looked up by name. Static
// initialisers and what they call are code.Top, as are premain and agentmain, which
// the machine calls before anything else; main is code.OnMain. What stands in the
// constant pool and no method uses counts as used by one method all together.
//
// It loads no class and runs none: its machine has integers, texts and arrays, a
// limit of steps, and nothing outside of it. What is cut short gives the facts of
// what came before. It never panics and is safe for concurrent use.
//
// Special names: a callee is its class, a point and its name
// ("java.lang.Runtime.exec"); a constructor is the class alone.
package class

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// analysis is the state of one class.
type analysis struct {
	f       *file
	out     *code.Collector
	budget  *decode.Budget
	fields  map[string]*value
	files   map[string]flow.Set
	used    []bool // constants that a method uses
	ran     map[*method]bool
	pending int
	steps   int
	calls   int
	scope   string
	reach   code.Reach
}

// Analyze gives the facts of one class, and texts that it runs.
func Analyze(src []byte) code.Facts {
	a := &analysis{f: parse(src), out: code.NewCollector(code.Binary, nil), budget: decode.NewBudget(),
		fields: map[string]*value{}, files: map[string]flow.Set{}, ran: map[*method]bool{}, steps: mostSteps}
	a.used = make([]bool, len(a.f.pool))
	if a.f.broken {
		a.out.Unread("the class is cut short or not of its format")
	}
	if a.f.cut {
		a.out.Cut("the class is larger than is read")
	}
	if a.acts() {
		a.methods()
		a.unused()
	}
	a.strings()
	return a.out.Facts()
}

// acts says whether the class names anything that is a fact: most do not, and their
// methods need not be followed.
func (a *analysis) acts() bool {
	for i := range a.f.pool {
		switch a.f.pool[i].tag {
		case tagMethod, tagInterface:
			owner, name, desc := a.f.member(i)
			if len(a.f.methods) == 0 {
				desc = anyDescriptor
			}
			if c, ok := calleeOf(owner, name, desc); ok && c.acts() {
				return true
			}
		}
	}
	return false
}

// methods follows each method: first what sets fields.
func (a *analysis) methods() {
	for name, i := range a.f.statics {
		r := run{analysis: a}
		a.fields[name] = r.constant(i)
	}
	order := []func(*method) bool{
		func(m *method) bool { return m.name == "<clinit>" },
		func(m *method) bool { return m.name == "<init>" },
		func(m *method) bool { return m.name != "<clinit>" && m.name != "<init>" },
	}
	for _, of := range order {
		for i := range a.f.methods {
			m := &a.f.methods[i]
			if !of(m) || a.ran[m] && strings.HasPrefix(m.name, "lambda$") { // followed where it was made
				continue
			}
			a.reach = code.OnCall
			switch m.name {
			case "<clinit>", "premain", "agentmain":
				a.reach = code.Top
			case "main":
				if m.static {
					a.reach = code.OnMain
				}
			}
			a.run(m, nil)
		}
	}
}

// strings are the constants that are indicators. Where they are used is said by
// other facts.
func (a *analysis) strings() {
	for i := range a.f.pool {
		if k := &a.f.pool[i]; k.tag == tagString {
			text := a.f.utf8(k.a)
			if marks := indicator.Marks(text); len(marks) > 0 {
				a.out.Add(code.Fact{Kind: code.String, Line: 1, Reach: code.OnCall, Args: []string{text}, Marks: marks, Text: text})
			}
		}
	}
}

func (a *analysis) use(i int) {
	if i > 0 && i < len(a.used) {
		a.used[i] = true
	}
}

// anyDescriptor is that of a method of which only the name counts.
const anyDescriptor = "()L[B"

// unused judges the texts and methods of the pool that no method was seen to use, as
// if one did: a compiler writes none, so that either they are for somebody who reads
// the pool or their use was hidden from us.
func (a *analysis) unused() {
	if a.steps <= 0 {
		return // not seen because nobody looked
	}
	var texts []*value
	all := &value{}
	for i := range a.f.pool {
		if k := &a.f.pool[i]; k.tag == tagString && !a.used[i] {
			v := &value{text: a.f.utf8(k.a), known: true}
			texts = append(texts, v)
			if flow.Secret(v.text) {
				all.from |= flow.Of(code.Secret)
			}
		}
	}
	a.reach, a.scope = code.OnCall, ""
	type ref struct{ owner, name string }
	var refs []ref
	for i := range a.f.pool {
		if k := a.f.pool[i].tag; (k == tagMethod || k == tagInterface) && !a.used[i] {
			owner, name, _ := a.f.member(i)
			refs = append(refs, ref{owner, name})
		}
	}
	// Twice: what comes out of one may go into another that stands before it.
	for range 2 {
		for _, r := range refs {
			c, ok := calleeOf(r.owner, r.name, anyDescriptor)
			if ok && (c.kind != "" || c.does == "sink") {
				a.apart(c, all, texts)
			}
		}
	}
}

// apart judges a method that is used nobody knows where.
func (a *analysis) apart(c callee, all *value, texts []*value) {
	f := code.Fact{Kind: c.kind, Name: c.name, From: all.from.Words()}
	for _, v := range texts {
		f.Args = append(f.Args, v.text)
	}
	switch c.kind {
	case code.Env, code.EnvAll, code.Fetch, code.Decode, code.Decrypt, code.ReadFile, code.SysInfo, code.Clipboard, code.Screen, code.Keyboard, code.Socket, code.ReadOwn:
		all.from |= flow.Of(c.kind)
	case code.Exec:
		for _, v := range texts {
			if strings.ContainsAny(v.text, " \t") {
				a.out.Embed(code.Embedded{Language: code.Shell, Text: []byte(v.text), In: a.placed(f)})
			}
		}
		f.Args = slices.DeleteFunc(f.Args, func(s string) bool { return strings.Contains(s, "://") && !strings.Contains(s, " ") })
	}
	switch c.does {
	case "sink":
		f.Kind = code.Send
	case "loader":
		if !slices.ContainsFunc(f.Args, remote) {
			return
		}
		f.From = (all.from | flow.Of(code.Fetch)).Words()
	}
	a.add(f)
}

func (a *analysis) placed(f code.Fact) code.Fact {
	f.Line, f.Reach, f.Scope = 1, a.reach, a.scope
	for _, arg := range f.Args {
		f.Marks = append(f.Marks, indicator.Marks(arg)...)
	}
	if f.Text == "" {
		f.Text = f.Name
		if args := strings.Join(f.Args, ", "); args != "" {
			f.Text += "(" + args + ")"
		}
		if a.scope != "" {
			f.Text = a.scope + ": " + f.Text
		}
	}
	return f
}

func (a *analysis) add(f code.Fact) {
	if a.pending++; a.pending > mostPending {
		a.out.Drop(1)
		return
	}
	a.out.Add(a.placed(f))
}
