package javascript

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

func TestMangled(t *testing.T) {
	line := func(format string, n int) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, "var "+format+" = %d;\n", 0x1a2b+i, i)
		}
		return out.String()
	}
	for _, row := range []struct{ why, src, want string }{
		{"an obfuscator's names", line("_0x%x", 30), "_0x"},
		{"with a prefix", line("a0_0x%x", 30), "_0x"},
		{"a minifier's names", "var a=1,b=2,c=3,d,e,f,g,h,i,j,Ea,Fb,$t,_e,t1,t2;function k(l,m){return l+m}", ""},
		{"a few such names among many", line("_0x%x", 9) + line("name%d", 60), ""},
		{"letters that look alike", "var IlIlIl,lIlIlI,IIllII,llIIll,IlIIlI,lIIlIl,IIlIlI,llIllI,IllIll,lIllII;", "look-alike"},
		{"hexadecimal numbers are no names", "var a = [" + strings.Repeat("0x1a2b, ", 50) + "]", ""},
	} {
		got := ""
		for _, f := range Analyze([]byte(row.src)).Facts {
			if f.Kind == code.Mangled {
				got = f.Name
			}
		}
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.why, got, row.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, row := range []struct {
		why, src string
		line     int
		column   int
	}{
		{"the first line", "eval('x')", 1, 1},
		{"a later line", "\n\n  eval('x')", 3, 3},
		{"lines end in carriage returns and line feeds", "a\r\nb\rc\n eval('x')", 4, 2},
		{"behind a template of several lines", "`a\nb`;\neval('x')", 3, 1},
		{"behind a comment", "/*\n*/ eval('x')", 2, 4},
	} {
		for _, f := range Analyze([]byte(row.src)).Facts {
			if f.Kind == code.Eval && (f.Line != row.line || f.Column != row.column) {
				t.Errorf("%s: got %d:%d, want %d:%d", row.why, f.Line, f.Column, row.line, row.column)
			}
		}
	}
}

// TestTypeScript reads what only TypeScript, JSX and components have around one call.
func TestTypeScript(t *testing.T) {
	for _, src := range []string{
		"type A<T extends string = 'x'> = { [K in keyof T]?: T[K] } | ((a: number) => void)[]; CALL",
		"interface A extends B<C>, D { (x: number): string; new (): A; readonly [k: string]: any; m?(): void }\nCALL",
		"enum A { B = 'b', C = 1 << 2, D }; declare const enum E { F }; CALL",
		"namespace A.B { export function f() { CALL } f() }",
		"declare module 'x' { export function f(): void }\ndeclare global { interface Window { a: any } }\nCALL",
		"abstract class A<T> extends B<T> implements C, D { private readonly a: string = 'x'; constructor(public b?: number, private c = 1) { super() } abstract m(): void; static #p?: T; declare q: U; override get r(): string { return this.a } @dec() s!: string }\nCALL",
		"@Component({ selector: 'x' }) export class A { @Input() a: string; @Output('b') c = new E<string>(); m(@Inject(X) x: Y) {} }\nCALL",
		"const f = <T,>(a: T, ...b: T[]): a is string => { return true }; async <T>(x: T): Promise<T> => x; CALL",
		"const a = b as unknown as C<D>, e = <F>g, h = i!, j = k satisfies L; m!.n!(); CALL",
		"function f(this: A, x: string): x is B; function f(x: any): asserts x is C { } CALL",
		"import type { A } from 'a'; import { type B, C } from 'c'; export type { D } from 'd'; import x = require('y'); CALL",
		"export = x; CALL",
		"let x: typeof import('y') = f<A, B>(c), y = new Map<string, Array<number>>(), z: [a: string, b?: number] = g; CALL",
		"for (const [a, b] of x as [string, number][]) { } CALL",
		"const x = a < b, y = c > (d); const z = a < b || c > d; CALL",
		"function f<const T extends readonly unknown[]>(x: T) { return x ? (y) : (z: string) => 1 } CALL",
		"let a = <div className=\"it's\" {...b} on={() => c}>don't {d} <E.F g='h' /> <></> {/* x */}</div>; CALL",
		"const A = () => <><b>{x ? <i>y</i> : null}</b></>; CALL",
		"export default <T extends object>({ a }: Props<T>) => <div>{a}</div>; CALL",
		"<script setup lang=\"ts\">\nconst a: number = 1; CALL\n</script>\n<template><div>it's {{ a }}</div></template>",
		"let x: A extends B ? C : D; type U = `a${string}`; let v: unique symbol; CALL",
		"class A<in out T> { accessor a = 1; static { } [k: string]: any; get b() { return 1 } } CALL",
		"abstract class A { abstract get x(): string; protected abstract m<T>(a: T): void } CALL",
	} {
		f := AnalyzeTypeScript([]byte(strings.ReplaceAll(src, "CALL", "require('child_process').exec('true')")))
		found := slices.ContainsFunc(f.Facts, func(x code.Fact) bool { return x.Kind == code.Exec && x.Reach == code.Top })
		if !found || f.Unread != "" {
			t.Errorf("%s: exec found %v, unread %q, facts %q", src, found, f.Unread, compact(f))
		}
	}
}

// TestBounds gives what is made to exhaust a reader: each must end soon.
func TestBounds(t *testing.T) {
	const n = 60_000
	for why, src := range map[string]string{
		"parentheses":             strings.Repeat("(", n),
		"brackets closed":         strings.Repeat("[", n) + strings.Repeat("]", n),
		"braces":                  strings.Repeat("{", n),
		"objects":                 strings.Repeat("({a:", n),
		"functions":               strings.Repeat("function f(){", n),
		"arrows":                  strings.Repeat("a=>", n),
		"assignments":             strings.Repeat("a=", n),
		"signs":                   strings.Repeat("!", n),
		"new":                     strings.Repeat("new ", n),
		"conditions":              strings.Repeat("a?", n),
		"conditional chain":       strings.Repeat("a?b:", n),
		"else if":                 strings.Repeat("if(a)b;else ", n),
		"additions":               "x='a'" + strings.Repeat("+'a'", n),
		"members":                 "a" + strings.Repeat(".a", n),
		"calls":                   "a" + strings.Repeat("()", n),
		"templates":               strings.Repeat("`${", n),
		"tags":                    strings.Repeat("<a>", n),
		"type arguments":          strings.Repeat("f<", n),
		"generic arrows":          strings.Repeat("<T>(", n),
		"parameters that are not": strings.Repeat("(a,", n),
		"typed parameters":        strings.Repeat("(a:", n),
		"regular expressions":     strings.Repeat("/[", n),
		"commas":                  strings.Repeat(",", n),
		"numbers":                 "[" + strings.Repeat("1,", 5*n) + "]",
		"names":                   strings.Repeat("a\n", n),
		"loops that do not end":   strings.Repeat("for(let i=0;;i++){}\n", 2000),
		"loops in loops":          strings.Repeat("for(let i=0;i<1e9;i++)", 400) + "x()",
		"growing texts":           "let a='aaaaaaaaaa';" + strings.Repeat("a=a+a;", 2000),
		"growing arrays":          "let a=[1,2];" + strings.Repeat("a=a.concat(a);", 500),
		"recursion":               "function f(a){return f(a+1)+f(a+2)}f(1)",
		"callbacks":               strings.Repeat("f(()=>{", 5000),
		"zip bomb":                "require('zlib').inflateSync(Buffer.from('" + strings.Repeat("eJzt", 5000) + "','base64'))",
		"long names":              strings.Repeat("a", 10*n),
		"zero bytes":              strings.Repeat("\x00", n),
		"backslashes":             strings.Repeat("\\", n),
		"surrogates":              "'" + strings.Repeat(`\ud800`, n) + "'",
		"statements":              strings.Repeat("a=1;", 5*n),
		"patterns":                strings.Repeat("var [", n),
		"classes":                 strings.Repeat("class A{a(){", n),
		"casts":                   strings.Repeat("a as ", n),
		"conditional logic":       "return " + strings.Repeat("a!==b&&", n) + "c",
	} {
		for _, analyze := range []func([]byte) code.Facts{Analyze, AnalyzeTypeScript} {
			start := time.Now()
			analyze([]byte(src))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s: %v for %d bytes", why, took, len(src))
			}
		}
	}
}

// TestUnread says what could not be read, and reads the rest.
func TestUnread(t *testing.T) {
	f := Analyze([]byte("const const = ] ;\n) + #\nrequire('child_process').exec('true')\n"))
	if f.Unread == "" {
		t.Error("nothing is said of what is no JavaScript")
	}
	if !slices.ContainsFunc(f.Facts, func(x code.Fact) bool { return x.Kind == code.Exec }) {
		t.Errorf("what stands behind it is not read: %q", compact(f))
	}
	f = Analyze([]byte(strings.Repeat("(", 2*mostDepth) + "x" + strings.Repeat(")", 2*mostDepth) + ";require('child_process').exec('true')"))
	if f.Unread == "" || !slices.ContainsFunc(f.Facts, func(x code.Fact) bool { return x.Kind == code.Exec }) {
		t.Errorf("behind deep nesting: unread %q, facts %q", f.Unread, compact(f))
	}
	if f := Analyze(bytes.Repeat([]byte(" \n"), code.MostSource/2+10)); f.Unread == "" {
		t.Error("nothing is said of a file that is too large")
	}
}

// TestSourceIsNotKept changes the bytes after the analysis: no fact may change with them.
func TestSourceIsNotKept(t *testing.T) {
	src := []byte("require('child_process').exec('true'); eval('x()')")
	f := Analyze(src)
	want := compact(f)
	for i := range src {
		src[i] = 'z'
	}
	if got := compact(f); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, file := range []string{"testdata/facts.txt", "testdata/syntax.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			f.Add([]byte(line))
		}
	}
	f.Add([]byte("let a = <b c='d'>{e}</b>; type F<G> = H; @i class J<K> { l!: M }"))
	f.Fuzz(func(t *testing.T, src []byte) {
		start := time.Now()
		a := Analyze(src)
		b := Analyze(src)
		if x, y := compact(a), compact(b); !slices.Equal(x, y) {
			t.Fatalf("twice the same bytes: %q and %q", x, y)
		}
		AnalyzeTypeScript(src)
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%v for %d bytes", took, len(src))
		}
		for _, fact := range a.Facts {
			if fact.Line < 1 || fact.Column < 1 {
				t.Fatalf("a fact without a place: %+v", fact)
			}
		}
	})
}

func BenchmarkAnalyze(b *testing.B) {
	src := bytes.Repeat([]byte("function f(a, b) { const c = { a, b: [1, 2, 'x'] }; if (a.list.length > 2) { return `${b} y` } return /[/]\\/'/.test(a) ? c.b.map(x => x + 1) : b / 2 }\nmodule.exports.f = f;\n"), 4000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		Analyze(src)
	}
}

// TestBorrowedMethods: an object that has a method of the language as its own is
// followed once.
func TestBorrowedMethods(t *testing.T) {
	src := `const l = { slice: Array.prototype.slice, length: 1 }
l.slice(1)
require("child_process").exec("true")
`
	found := false
	for _, f := range Analyze([]byte(src)).Facts {
		found = found || f.Kind == code.Exec
	}
	if !found {
		t.Error("what stands behind the call is not followed")
	}
}
