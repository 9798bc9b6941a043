package generate

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A shape's code is written once, with marks where a disguise may act:
//
//	<%c os.system%>    a name of a module, by its full path
//	<%m node-fetch%>   a module itself (JavaScript)
//	<%b exec%>         a built-in or global function
//	<%g process.env%>  a member of a global object (JavaScript)
//	<%s text%>         a string constant
//	<%n report%>       an identifier of the shape's own
//	<%t : string%>     a type, kept in TypeScript only
//
// $HOST, $URL, $ADDRESS and the like are filled in first (see places.go).
const (
	opening = "<%"
	closing = "%>"
)

// dress is one way to write a shape's marks, and what that way needs around it.
type dress struct {
	lang    language
	style   string // JavaScript: cjs, esm or ts
	rng     *rand.Rand
	callee  string
	text    string
	shared  bool // constants stand in a table of their own
	imports []string
	before  []string // statements between the imports and the code
	table   []string // string constants taken out of the code
	names   map[string]string
	aliases map[string]string
}

func newDress(lang language, style string, rng *rand.Rand, d disguise) *dress {
	return &dress{
		lang: lang, style: style, rng: rng, callee: d.callee, text: d.text, shared: d.constants,
		names: map[string]string{}, aliases: map[string]string{},
	}
}

// expand writes every mark of a piece of code.
func (d *dress) expand(code string) string {
	var b strings.Builder
	for {
		at := strings.Index(code, opening)
		if at < 0 {
			b.WriteString(code)
			return b.String()
		}
		end := strings.Index(code[at:], closing)
		if end < 0 {
			panic("generate: a mark without an end in: " + code)
		}
		b.WriteString(code[:at])
		mark := code[at+len(opening) : at+end]
		b.WriteString(d.mark(mark[:1], mark[2:]))
		code = code[at+end+len(closing):]
	}
}

func (d *dress) mark(kind, what string) string {
	switch kind {
	case "n":
		return d.name(what)
	case "s":
		return d.constant(what)
	case "t":
		if d.style == "ts" {
			return what
		}
		return ""
	}
	if d.lang == python {
		return d.pythonName(kind, what)
	}
	return d.scriptName(kind, what)
}

func (d *dress) addImport(line string) {
	for _, have := range d.imports {
		if have == line {
			return
		}
	}
	d.imports = append(d.imports, line)
}

// name gives an identifier of the shape a spelling that stays the same in it.
func (d *dress) name(what string) string {
	if have, ok := d.names[what]; ok {
		return have
	}
	spelling := what
	switch d.rng.IntN(3) {
	case 0:
		spelling = fmt.Sprintf("_%c%d", 'a'+d.rng.IntN(26), d.rng.IntN(90)+10)
	case 1:
		spelling = what + "_" + pick(d.rng, "state", "value", "task", "entry", "job", "part")
		if d.lang == javascript {
			spelling = what + pick(d.rng, "State", "Value", "Task", "Entry", "Job", "Part")
		}
	}
	for _, used := range d.names {
		if used == spelling {
			spelling += strconv.Itoa(len(d.names))
		}
	}
	d.names[what] = spelling
	return spelling
}

// alias is a short name for a module or member.
func (d *dress) alias(of string) string {
	if have, ok := d.aliases[of]; ok {
		return have
	}
	a := fmt.Sprintf("_%s%d", pick(d.rng, "m", "q", "lib", "impl", "k"), len(d.aliases)+d.rng.IntN(9)*10)
	d.aliases[of] = a
	return a
}

// constant writes a string, or a reference to it in the table.
func (d *dress) constant(s string) string {
	written := d.write(s, d.text)
	if !d.shared {
		return written
	}
	key := fmt.Sprintf("%s%d", pick(d.rng, "OPTION_", "FIELD_", "DEFAULT_", "KEY_"), len(d.table)+1)
	if d.lang == python {
		d.table = append(d.table, key+" = "+written)
	} else {
		d.table = append(d.table, key+": "+written)
	}
	if d.lang == javascript {
		return "table." + key
	}
	return key
}

// write spells a string constant.
func (d *dress) write(s, mode string) string {
	if d.lang == python {
		return d.pythonString(s, mode)
	}
	return d.scriptString(s, mode)
}

// parts cuts a string into two to six pieces.
func (d *dress) parts(s string) []string {
	r := []rune(s)
	n := min(len(r), 2+d.rng.IntN(5))
	if n < 2 {
		return []string{s}
	}
	var out []string
	for i := range n {
		out = append(out, string(r[i*len(r)/n:(i+1)*len(r)/n]))
	}
	return out
}

func quotedAll(parts []string, quote func(string) string) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = quote(p)
	}
	return out
}

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func codes(s string, change func(rune) rune) string {
	var out []string
	for _, r := range s {
		out = append(out, strconv.Itoa(int(change(r))))
	}
	return strings.Join(out, ", ")
}

func same(r rune) rune { return r }

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

// spaced puts a filler after each character.
func spaced(s string, filler rune) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
		b.WriteRune(filler)
	}
	return b.String()
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func hexed(s string) string { return hex.EncodeToString([]byte(s)) }

func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// moduleText puts the parts of a source file together.
func moduleText(imports, before []string, parts ...string) string {
	var b strings.Builder
	for _, i := range imports {
		b.WriteString(i + "\n")
	}
	if len(before) > 0 {
		b.WriteString("\n" + strings.Join(before, "\n") + "\n")
	}
	for _, p := range parts {
		if p = strings.Trim(p, "\n"); p != "" {
			b.WriteString("\n" + p + "\n")
		}
	}
	return b.String()
}

// indent moves code to the right by a number of blanks.
func indent(code string, by int) string {
	pad := strings.Repeat(" ", by)
	lines := strings.Split(strings.TrimRight(code, "\n"), "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = pad + l
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
