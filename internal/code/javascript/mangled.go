package javascript

import (
	"bytes"
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
	if style := a.withoutNames(); style != "" {
		a.c.Add(code.Fact{Kind: code.Mangled, Name: style, Line: 1, Column: 1})
	}
	if n := styles["signs"]; n >= fewestSigns && n*2 > len(names) {
		a.c.Add(code.Fact{Kind: code.Mangled, Name: "underscores", Line: 1, Column: 1, Args: []string{strconv.Itoa(n), strconv.Itoa(len(names))}})
	}
	for _, style := range [...]string{"_0x", "look-alike", "underscores", "binary"} {
		if n := styles[style]; n >= fewestMangled && n*5 > len(names) {
			a.c.Add(code.Fact{Kind: code.Mangled, Name: style, Line: 1, Column: 1, Args: []string{strconv.Itoa(n), strconv.Itoa(len(names))}})
		}
	}
}

// Code that gets along without letters says what it means by the types of brackets:
// https://jsfuck.com. Other encoders of the kind write faces.
const (
	fewestSigns    = 12  // names of nothing but _ and $
	shortestOfType = 150 // bytes of nothing but brackets, signs and digits, one after the other
	fewestOfType   = 30  // of them brackets, and again signs
	fewestFaces    = 40
)

// withoutNames says whether the file holds a stretch of code without letters.
func (a *analysis) withoutNames() string {
	if bytes.Count(a.src, []byte("\uff9f")) >= fewestFaces {
		return "faces"
	}
	if !bytes.Contains(a.src, []byte("![]")) && !bytes.Contains(a.src, []byte("+[]")) {
		return ""
	}
	run, brackets, signs, types := 0, 0, 0, 0
	for i, c := range a.src {
		switch c {
		case '[', '(':
			brackets++
			if c == '[' && i+1 < len(a.src) && a.src[i+1] == ']' && i > 0 && (a.src[i-1] == '!' || a.src[i-1] == '+' || a.src[i-1] == '(') {
				types++
			}
		case '!', '+':
			signs++
		case ']', ')', '{', '}', ' ', '\n', '\t', '_', '$', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		default:
			run, brackets, signs, types = 0, 0, 0, 0
			continue
		}
		if run++; run >= shortestOfType && brackets >= fewestOfType && signs >= fewestOfType && types >= fewestOfType/6 {
			return "brackets"
		}
	}
	return ""
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
	if len(s) > 1 && len(s) < 6 && strings.Trim(s, "_$") == "" {
		return "signs"
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
