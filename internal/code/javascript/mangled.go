package javascript

import (
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// fewestMangled is the least number of names of an obfuscator's kind that say something.
const fewestMangled = 8

// mangled says whether over a fifth of the distinct identifiers are an
// obfuscator's. What minifiers make (a, b, c, Ea, $t) is not.
func (a *analysis) mangled() {
	names := a.atoms.names[aFirstFree:]
	styles := map[string]int{}
	for _, s := range names {
		if style := mangledStyle(s); style != "" {
			styles[style]++
		}
	}
	for _, style := range [...]string{"_0x", "look-alike", "underscores", "binary"} {
		if n := styles[style]; n >= fewestMangled && n*5 > len(names) {
			a.c.Add(code.Fact{Kind: code.Mangled, Name: style, Line: 1, Column: 1, Args: []string{strconv.Itoa(n), strconv.Itoa(len(names))}})
		}
	}
}

func mangledStyle(s string) string {
	if i := strings.Index(s, "_0x"); i >= 0 && i <= 3 && len(s) > i+4 {
		for _, c := range []byte(s[i+3:]) {
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
				return ""
			}
		}
		return "_0x"
	}
	if len(s) < 6 {
		return ""
	}
	switch {
	case strings.Trim(s, "Il1i|") == "", strings.Trim(s, "O0oQ") == "":
		return "look-alike"
	case strings.Trim(s, "_$") == "":
		return "underscores"
	case strings.Trim(strings.TrimLeft(s, "_$"), "01") == "":
		return "binary"
	}
	return ""
}
