package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// spread is how large the files of an ecosystem are, packed: bytes at the 10th, 50th,
// 90th and 99th percent.
type spread [4]float64

// Measured on real projects: what `npm install` of express, webpack, eslint, jest and
// axios fetched (451 tarballs); what `cargo fetch` of tokio, reqwest, clap, axum and
// sqlx did (268 crates); the modules that this repository needs (241 zips), whose
// largest, the clients of clouds, are left out; what Maven needs for its own goals (75
// jars).
var (
	npmSpread   = spread{2_200, 6_300, 60_000, 630_000}
	cargoSpread = spread{9_300, 31_000, 420_000, 2_600_000}
	goSpread    = spread{9_600, 61_000, 600_000, 1_200_000}
	mavenSpread = spread{12_000, 79_000, 480_000, 5_900_000}
)

// sizes gives n sizes that are spread so, the same in every run, in no order.
func (s spread) sizes(n int) []int {
	at, of := [...]float64{0, 0.1, 0.5, 0.9, 0.99, 1}, [...]float64{s[0] / 2, s[0], s[1], s[2], s[3], s[3]}
	out := make([]int, n)
	for i := range out {
		q := (float64(i) + 0.5) / float64(n)
		k := 1
		for q > at[k] {
			k++
		}
		part := (q - at[k-1]) / (at[k] - at[k-1])
		out[i] = int(math.Exp(math.Log(of[k-1])*(1-part) + math.Log(of[k])*part))
	}
	rand.New(rand.NewPCG(uint64(n), 1)).Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// tongue is a language to make up sources in.
type tongue struct {
	suffix, head string
	function     string // takes a name, a number, another name and a text
	code         int    // of ten files, how many are code; the others are prose
}

// How much of a package is code was measured on the packages of test/quality (of
// npm's 42 MB of each 70) and on the modules that this repository needs.
var (
	javascript = tongue{".js", "'use strict'\n", "function %[1]s(value, other) {\n  const %[3]s = value.length + %[2]d;\n  return other.%[3]s(%[3]s, '%[4]s');\n}\nexports.%[1]s = %[1]s;\n", 6}
	rust       = tongue{".rs", "//! Made up.\n", "/// Counts %[4]s from %[2]d.\npub fn %[1]s(value: usize, %[3]s: usize) -> usize {\n    value.wrapping_mul(%[2]d) + %[3]s\n}\n", 8}
	golang     = tongue{".go", "package made\n", "\n// %[1]s counts %[4]s from %[2]d.\nfunc %[1]s(value, %[3]s int) int {\n\treturn value*%[2]d + %[3]s\n}\n", 5}
	class      = tongue{".class", "\xca\xfe\xba\xbe\x00\x00\x00\x41", "\x01\x00%[1]s\x0c\x00%[2]d\x07\x00%[3]s\x01\x00%[4]s\xb6", 9}
	prose      = tongue{".md", "# Made up\n", "## %[1]s\n\nThe %[3]s of %[2]d words, which are %[4]s and nothing more, goes on here.\n\n", 10}
)

// packs is how many bytes of such text come to one, packed: real packages have four.
const packs = 4.1

// aFile is how long a file is.
const aFile = 12_000

var words = strings.Fields("parse render merge split encode decode buffer stream client server token header value index table record query filter window layer module target option handle resolve request answer folder channel number vector string")

// sources makes up the files of a package that is packed bytes large. seed makes them
// those of one package.
func (l tongue) sources(packed int, seed uint64) map[string]string {
	r := rand.New(rand.NewPCG(seed, 7))
	word := func() string { return words[r.IntN(len(words))] }
	out := map[string]string{}
	for left := int(packs * float64(packed)); left > 0; left -= aFile {
		in := l
		if len(out)%10 >= l.code {
			in = prose
		}
		var s strings.Builder
		s.WriteString(in.head)
		for s.Len() < min(left, aFile) {
			text := fmt.Sprintf("%s %s %x", word(), word(), r.Uint64()>>(8*r.IntN(5)))
			fmt.Fprintf(&s, in.function, fmt.Sprintf("%s_%s%d", word(), word(), r.IntN(1_000_000)), r.IntN(100_000), word(), text)
		}
		out[fmt.Sprintf("%s%d%s", word(), len(out), in.suffix)] = s.String()
	}
	return out
}
