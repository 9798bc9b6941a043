package text_test

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
	"github.com/gatehouse-project/gatehouse/internal/code/text"
)

func random(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

var cases = []struct {
	why  string
	lang code.Language
	src  string
	want []string
}{
	{"bytes in variation selectors", code.JavaScript, "const s = '" + strings.Repeat("\U000E0110", 12) + "'", []string{"invisible variation-selectors [12|12]"}},
	{"the same in a text that a hook reads", code.Text, "x" + strings.Repeat("\uFE01", 12), []string{"invisible variation-selectors [12|12]", "no bidi"}},
	{"an emoji's selector", code.JavaScript, "const s = '❤️ ☎️ 1️⃣ ©️'", []string{"no invisible"}},
	{"tags", code.Python, "s = 'a" + strings.Repeat("\U000E0061", 6) + "'", []string{"invisible tags [6|6]"}},
	{"the flag of Scotland", code.Python, "s = '\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F'", []string{"no invisible"}},
	{"a name that is a filler", code.JavaScript, "const { timeout,\u3164} = req.query;", []string{"invisible fillers [1|1]"}},
	{"Korean text", code.JavaScript, "const s = '가나다\u3164라';", []string{"no invisible"}},
	{"private use in code", code.JavaScript, "s = '" + strings.Repeat("\uE001\uE002", 10) + "'", []string{"invisible private-use [20|20]"}},
	{"one icon", code.JavaScript, "s = '\uE001'", []string{"no invisible"}},
	{"joined pictures", code.JavaScript, "x = ['" + strings.Repeat("\U0001F468\u200d\U0001F469\u200d\u2764\ufe0f\u200d\U0001F466 ", 40) + "']", []string{"no invisible"}},
	{"joiners after letters", code.JavaScript, "x = '" + strings.Repeat("a\u200db", 70) + "'", []string{"invisible zero-width [70|1]"}},
	{"one and the same", code.JavaScript, "x = '" + strings.Repeat("\u200b", 8) + "'", []string{"no invisible"}},
	{"very often the same", code.JavaScript, "x = '" + strings.Repeat("\u200b", 40) + "'", []string{"invisible zero-width [40|40]"}},
	{"zero-width bits", code.Python, "s = 'a" + strings.Repeat("\u200b\u200c", 8) + "'", []string{"invisible zero-width [16|16]"}},
	{"Persian with a joiner", code.Python, "s = 'می\u200cخواهم'", []string{"no invisible"}},
	{"an override", code.Python, "# \u202e } if x", []string{"bidi override"}},
	{"balanced isolates", code.JavaScript, "s = '\u2066abc\u2069'", []string{"no bidi"}},
	{"an isolate left open", code.JavaScript, "s = '\u2066abc'", []string{"bidi unbalanced"}},
	{"overrides in a text", code.Text, "\u202eabc\u202c", []string{"no bidi"}},
	{"Cyrillic letters in a Latin name", code.Python, "def рrint_x(): pass", []string{"mixed-script рrint_x"}},
	{"a Russian word and a Greek symbol", code.Python, "x = 'сookie'  # Привет httpзапрос\nΔt = 1\nслово = 2", []string{"no mixed-script"}},
	{"code behind blanks", code.JavaScript, "var a = 1;" + strings.Repeat(" ", 200) + "eval(b);", []string{"hidden-right [200]"}},
	{"fewer blanks in a narrow file", code.Python, strings.Repeat("x = 1\n", 50) + "x = 1;" + strings.Repeat("\t", 90) + "exec(y)\n", []string{"hidden-right [90]"}},
	{"a table in a comment", code.Python, "# a" + strings.Repeat(" ", 200) + "b = c()\n", []string{"no hidden-right"}},
	{"a table of numbers as characters", code.JavaScript, "var t = `" + strings.Repeat("\t", 200) + strings.Repeat("\x02\t\t(", 40) + "`;", []string{"no hidden-right"}},
	{"code behind a control character", code.JavaScript, "var a = \"" + strings.Repeat(" ", 200) + "\x02\"; eval(b);", []string{"hidden-right [200]"}},
	{"a column of words", code.Python, "\"a" + strings.Repeat(" ", 200) + "b\"\n", []string{"no hidden-right"}},
	{"ciphertext", code.JavaScript, "const s = \"" + random(2048) + "\";", []string{"entropy [2732|6.0]"}},
	{"ciphertext over many lines", code.Python, "s = '''\n" + wrap(random(2048), 76) + "'''\n", []string{"entropy [2724|6.0]"}},
	{"an image says what it is", code.JavaScript, "const s = \"data:image/png;base64," + random(2048) + "\";", []string{"entropy [2754|6.0|image]"}},
	{"prose", code.Python, "s = \"" + strings.Repeat("the quick brown fox ", 100) + "\"", []string{"no entropy"}},
	{"a machine wrote it", code.JavaScript, "!" + strings.Repeat("function(a){return a+1}(2),", 400) + "0", []string{"minified [10802]"}},
	{"a person wrote it", code.JavaScript, strings.Repeat("function a() { return 1 }\n", 400), []string{"no minified"}},
}

func wrap(s string, n int) string {
	var b strings.Builder
	for len(s) > 0 {
		k := min(n, len(s))
		b.WriteString(s[:k] + "\n")
		s = s[k:]
	}
	return b.String()
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		got := codetest.Show(code.Facts{Facts: text.Analyze(c.lang, []byte(c.src))})
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s: lacks %s\ngot\n%s", c.why, w, strings.Join(got, "\n"))
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		text.Analyze(code.JavaScript, src)
		text.Analyze(code.Text, src)
	})
}

func BenchmarkAnalyze(b *testing.B) {
	src := []byte(strings.Repeat("    if (a.length > 0) { return find(a, \"b\", function (x) { return x + 1; }); }\n\n  // and then\n", 20000))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		text.Analyze(code.JavaScript, src)
	}
}
