// Package shell reads command lines and scripts of sh, bash and zsh (POSIX.1-2024
// Shell Command Language, and bash's additions that matter here), and Windows
// batch files, and gives their facts.
//
// It is lexical and forgiving: whatever the text is, commands come out. Quotes,
// backslashes, $'..' and ${IFS} are taken away, variables that were given a
// constant are filled in, and so is the output of echo, printf and base64 -d over
// constants, so that every command stands there as the system would see it. Data is
// followed through pipes, variables and files. Nothing is run or opened.
//
// Special names: an Exec fact's Name is the program's base name and Args its words.
// Eval has the interpreter as Name. Silence has "background", "/dev/null" or the
// wrapper (nohup, setsid, disown). Env has the variable in Args[0], and stands only
// for variables whose name says that they hold a secret. A function's facts have
// its name as Scope, and Reach code.OnCall when the script itself never calls it.
package shell

import (
	"slices"
	"sort"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

const (
	mostSource   = 2 << 20 // bytes that are read: no honest script comes near
	mostWords    = 20000   // of one command
	mostPipe     = 1000    // commands of one pipeline
	mostDepth    = 24      // of substitutions and groups inside each other
	mostCommands = 1 << 16 // of one script
	mostVars     = 4096
	mostValue    = 1 << 18 // bytes of one folded word
	mostSpent    = 1 << 23 // bytes that expansions of one file put together
)

// Analyze reads a POSIX-like script or one command line.
func Analyze(src []byte) code.Facts {
	a := newAnalysis(code.Shell, src)
	a.script(a.start(src))
	return a.facts()
}

// AnalyzeBatch reads a Windows batch file or a command line of cmd.exe.
func AnalyzeBatch(src []byte) code.Facts {
	a := newAnalysis(code.Batch, src)
	a.batch(a.start(src))
	return a.facts()
}

// analysis is the state of one file.
type analysis struct {
	out       *code.Collector
	budget    *decode.Budget
	lines     []int // where each line starts
	vars      map[string]value
	files     map[string]flow.Set // what a path was written with
	connected map[string]string   // connections, by the descriptor that a script gave them
	spent     int                 // bytes put together by expansions
	scope     string
	called    map[string]bool // functions, by whether somebody called them
	pending   []code.Fact
	embeds    []code.Embedded
	commands  int
	fold      bool // cmd.exe: names without case
}

func newAnalysis(l code.Language, src []byte) *analysis {
	a := &analysis{
		out: code.NewCollector(l, src), budget: decode.NewBudget(), vars: map[string]value{}, files: map[string]flow.Set{},
		called: map[string]bool{}, lines: []int{0}, connected: map[string]string{},
	}
	for i, c := range src {
		if c == '\n' {
			a.lines = append(a.lines, i+1)
		}
	}
	return a
}

// start is as much of the source as is read.
func (a *analysis) start(src []byte) string {
	if len(src) > mostSource {
		a.out.Cut("the script is longer than is read")
		src = src[:mostSource]
	}
	return string(src)
}

// facts gives those of functions that nobody in the script calls their reach.
func (a *analysis) facts() code.Facts {
	for _, f := range a.pending {
		f.Reach = a.reach(f.Scope)
		a.out.Add(f)
	}
	for _, e := range a.embeds {
		e.In.Reach = a.reach(e.In.Scope)
		a.out.Embed(e)
	}
	return a.out.Facts()
}

func (a *analysis) reach(scope string) code.Reach {
	if scope == "" || a.called[scope] {
		return code.Top
	}
	return code.OnCall
}

const mostPending = 4 * code.MostFacts

func (a *analysis) add(at int, f code.Fact) {
	if len(a.pending) >= mostPending {
		a.out.Cut("the script does more than is followed")
		a.out.Drop(1)
		return
	}
	a.pending = append(a.pending, a.place(at, f))
}

func (a *analysis) place(at int, f code.Fact) code.Fact {
	line := sort.SearchInts(a.lines, at+1)
	f.Line, f.Column, f.Scope = line, at-a.lines[line-1]+1, a.scope
	for _, arg := range f.Args {
		f.Marks = append(f.Marks, indicator.Marks(arg)...)
	}
	slices.Sort(f.Marks)
	f.Marks = slices.Compact(f.Marks)
	return f
}

// embed hands on text that is run as another language, or as shell again.
func (a *analysis) embed(at int, l code.Language, text string, f code.Fact) {
	if len(a.embeds) < code.MostFacts {
		a.embeds = append(a.embeds, code.Embedded{Language: l, Text: []byte(text), In: a.place(at, f)})
	}
}

// value is a word, or what a command prints: its text as far as it is known, and
// the sources whose data is in it.
type value struct {
	text string
	// known: text is what the word is at run time. Otherwise text is as written:
	// "$HOME/.npmrc" tells a reader and the indicators what it is about.
	known     bool
	from      flow.Set
	disguised bool
}

func (v value) and(o value) value {
	return value{text: v.text + o.text, known: v.known && o.known, from: v.from | o.from, disguised: v.disguised || o.disguised}
}

// word is one word of a command.
type word struct {
	value
	at     int
	quoted bool
}

// redirect is one of a command: >, >>, <, <<<, with the words it names.
type redirect struct {
	op     string
	fd     string
	target word
}

// command is a simple command with what is given to it.
type command struct {
	at        int
	words     []word
	redirects []redirect
	input     *value // of a here-document
	group     *value // the output of ( )
}

// grow accounts for text that expansions put together, so that a=$a$a stays small.
func (a *analysis) grow(n int) bool {
	a.spent += n
	if a.spent > mostSpent {
		a.out.Cut("the script puts together more text than is followed")
		return false
	}
	return true
}

// builder puts a word together from its parts.
type builder struct {
	text      []byte
	unknown   bool
	from      flow.Set
	disguised bool
	any       bool // something was added, and be it ""
}

func (b *builder) add(v value) {
	b.any = true
	b.unknown = b.unknown || !v.known
	b.from |= v.from
	b.disguised = b.disguised || v.disguised
	if len(b.text)+len(v.text) > mostValue {
		b.unknown = true
		return
	}
	b.text = append(b.text, v.text...)
}

// take gives what was built and starts anew.
func (b *builder) take() value {
	v := value{text: string(b.text), known: !b.unknown, from: b.from, disguised: b.disguised}
	*b = builder{text: b.text[:0]}
	return v
}

func (a *analysis) set(name string, v value) {
	if _, ok := a.vars[name]; ok || len(a.vars) < mostVars {
		a.vars[name] = v
	}
}
