package python

import (
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// FuzzAnalyze holds what every analyser promises: no panic, facts inside the
// limits, in order, as valid text.
func FuzzAnalyze(f *testing.F) {
	for _, r := range rows(f) {
		f.Add([]byte(r.src))
	}
	for _, p := range payloads {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		fs := Analyze(src)
		if len(fs.Facts) > code.MostFacts {
			t.Errorf("%d facts", len(fs.Facts))
		}
		line := 0
		for _, x := range fs.Facts {
			if x.Line < line || x.Line < 1 {
				t.Errorf("line %d after %d", x.Line, line)
			}
			line = x.Line
			if len(x.Args) > code.MostArgs || len(x.Text) > code.MostText || !utf8.ValidString(x.Text) || !utf8.ValidString(x.Name) {
				t.Errorf("fact beyond its limits: %+v", x)
			}
			for _, a := range x.Args {
				if len(a) > code.MostArg || !utf8.ValidString(a) {
					t.Errorf("argument beyond its limits: %q", a)
				}
			}
		}
	})
}

// hostile are sources that would cost more than their length if anything were
// followed without a budget.
var hostile = map[string]func(n int) string{
	"a string that doubles":    func(n int) string { return "s = 'ab'\n" + strings.Repeat("s = s + s\n", n) + "exec(s)\n" },
	"repetition of repetition": func(n int) string { return strings.Repeat("s = 'a' * 1000000 * 1000\n", n) },
	"powers":                   func(n int) string { return strings.Repeat("x = 9 ** 9 ** 9 ** 9\nx = 1 << 10 ** 9\n", n) },
	"a list that doubles":      func(n int) string { return "s = [1, 2]\n" + strings.Repeat("s = s + s\n", n) },
	"ranges":                   func(n int) string { return strings.Repeat("[chr(i) for i in range(10 ** 9)]\n", n) },
	"comprehensions in each other": func(n int) string {
		return strings.Repeat("["+strings.Repeat("[", 8)+"a"+strings.Repeat(" for x in range(99)]", 9)+"\n", n)
	},
	"loops in each other": func(n int) string { return strings.Repeat(nested("for i in [1, 2, 3, 4, 5, 6, 7, 8]:", 20), n/20+1) },
	"functions that call each other": func(n int) string {
		return strings.Repeat("def f(x):\n    return g(x) + g(x)\ndef g(x):\n    return f(x) + f('a')\nf('a')\n", n)
	},
	"recursion":            func(n int) string { return "def f(x):\n    return f(f(x))\n" + strings.Repeat("f('a')\n", n) },
	"chains of attributes": func(n int) string { return "import a\n" + "a" + strings.Repeat(".b", n) + "\n" },
	"chains of calls":      func(n int) string { return "import a\n" + "a" + strings.Repeat(".b()", n) + "\n" },
	"nested calls":         func(n int) string { return strings.Repeat("f(", n) + strings.Repeat(")", n) + "\n" },
	"nested lists":         func(n int) string { return "x = " + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n" },
	"one long constant in vain": func(n int) string {
		return "import base64\nx = '" + strings.Repeat("A", n) + "!'\n" + strings.Repeat("base64.b64decode(x + 'a')\n", n/30)
	},
	"partial text that grows": func(n int) string {
		return "import os\ns = os.environ['A']\n" + strings.Repeat("s = 'abcdefgh' + s + 'x'\n", n)
	},
	"alternatives": func(n int) string { return strings.Repeat("if a:\n    f = exec\nelse:\n    f = eval\nf(f)\n", n) },
	"many names of one thing": func(n int) string {
		return "import os\n" + strings.Repeat("a, b = os.system, os.popen\nb, a = a, b\na('true')\n", n)
	},
	"decorators":     func(n int) string { return strings.Repeat("@exec\n", n) + "def f(): pass\n" },
	"one dictionary": func(n int) string { return "d = {}\n" + strings.Repeat("d['a'] = d\n", n) },
	"many dictionary keys": func(n int) string {
		return "d = {" + strings.Repeat("'a': 1, ", n) + "}\n" + strings.Repeat("d['b']\n", n/8)
	},
	"format fields":      func(n int) string { return "'" + strings.Repeat("{}", n) + "'.format(1)\n" },
	"classes of classes": func(n int) string { return strings.Repeat("class A(A):\n    x = 1\nA().y\n", n) },
	"zip bombs": func(n int) string {
		return "import zlib\n" + strings.Repeat("zlib.decompress(bytes.fromhex('789c030000000001'))\n", n)
	},
}

func nested(head string, depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + head + "\n")
	}
	b.WriteString(strings.Repeat(" ", depth) + "exec(i)\n")
	return b.String()
}

// TestHostileSourcesCostTheirLength reads hostile sources of about 100 kB; the
// time is only a guard against work that is not linear, by a wide margin.
func TestHostileSourcesCostTheirLength(t *testing.T) {
	for name, make := range hostile {
		t.Run(name, func(t *testing.T) {
			src := make(1)
			n := 100_000 / max(len(src)/2, 4)
			src = make(n)
			if len(src) > 400_000 {
				src = src[:400_000]
			}
			start := time.Now()
			Analyze([]byte(src))
			if spent := time.Since(start); spent > 20*time.Second {
				t.Errorf("%d bytes took %v", len(src), spent)
			} else {
				t.Logf("%d bytes took %v", len(src), spent)
			}
		})
	}
}

// TestSpreadingIsBounded spreads a list, a table and arguments into themselves: what
// grows to billions of members when it is run costs little to read.
func TestSpreadingIsBounded(t *testing.T) {
	const most = 64 << 20
	for name, src := range map[string]string{
		"a list":            "a = [1, 2]\n" + strings.Repeat("a = [*a, *a, *a]\n", 15),
		"a table":           "a = {'x': 1}\n" + strings.Repeat("a = {**a, **a, **a}\n", 15),
		"arguments":         "def f(*a, **k):\n    return f(*a, *a, *a, **k, x=a)\nf(1, 2, x=3)\n",
		"a lambda's":        "f = lambda *a: f(*a, *a)\nf(1, 2)\n",
		"a list into calls": "a = [1, 2]\n" + strings.Repeat("a = (*a, *a, *a)\nprint(*a, *a)\n", 14),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			Analyze([]byte(src))
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > most {
				t.Errorf("%d bytes of source took %d MB", len(src), spent>>20)
			}
		})
	}
}
