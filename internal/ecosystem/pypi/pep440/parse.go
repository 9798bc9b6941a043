package pep440

// A parser reads one version, part by part, building the normal form and the
// key side by side. The grammar needs no looking back: each part is recognised
// by what it starts with.
type parser struct {
	rest string
	text []byte
	key  []byte
}

func (p *parser) version() (Version, bool) {
	// Each number takes one byte more in the key, and the ends of its places a few.
	p.text = make([]byte, 0, len(p.rest)+8)
	p.key = make([]byte, 0, 2*len(p.rest)+8)
	p.skipAny("vV")
	if !p.epochAndRelease() {
		return Version{}, false
	}
	v := Version{base: uint16(len(p.text)), release: uint16(len(p.key))}
	p.preRelease(&v)
	v.pre = uint16(len(p.key))
	p.postRelease(&v)
	p.devRelease(&v)
	v.public = uint16(len(p.key))
	if !p.local() || p.rest != "" {
		return Version{}, false
	}
	if v.isDev && !v.isPre && !v.isPost {
		p.key[v.release] = preDevOnly
	}
	v.text, v.key = string(p.text), string(p.key)
	return v, true
}

func (p *parser) epochAndRelease() bool {
	first, ok := p.number()
	if !ok {
		return false
	}
	if p.skipAny("!") {
		p.key = appendNumber(p.key, first)
		if first != "0" {
			p.text = append(append(p.text, first...), '!')
		}
		if first, ok = p.number(); !ok {
			return false
		}
	} else {
		p.key = append(p.key, zeroNumber...)
	}
	p.text = append(p.text, first...)
	p.key = appendNumber(p.key, first)
	significant := len(p.key)
	if first == "0" {
		significant -= len(zeroNumber)
	}
	for len(p.rest) > 1 && p.rest[0] == '.' && isDigit(p.rest[1]) {
		p.rest = p.rest[1:]
		n, _ := p.number()
		p.text = append(append(p.text, '.'), n...)
		p.key = appendNumber(p.key, n)
		if n != "0" {
			significant = len(p.key)
		}
	}
	p.key = append(p.key[:significant], endOfRelease)
	return true
}

// Alternative spellings, longest first where one begins another.
var preNames = []struct {
	word, normal string
	key          byte
}{
	{"alpha", "a", preAlpha}, {"a", "a", preAlpha},
	{"beta", "b", preBeta}, {"b", "b", preBeta},
	{"preview", "rc", preRC}, {"pre", "rc", preRC}, {"rc", "rc", preRC}, {"c", "rc", preRC},
}

func (p *parser) preRelease(v *Version) {
	for _, name := range preNames {
		if !p.word(name.word) {
			continue
		}
		n := p.optionalNumber()
		v.isPre = true
		p.text = append(append(p.text, name.normal...), n...)
		p.key = appendNumber(append(p.key, name.key), n)
		return
	}
	p.key = append(p.key, preNone)
}

func (p *parser) postRelease(v *Version) {
	n, ok := "", false
	if len(p.rest) > 1 && p.rest[0] == '-' && isDigit(p.rest[1]) { // the implicit form, 1.0-1
		p.rest = p.rest[1:]
		n, ok = p.number()
	} else if p.word("post") || p.word("rev") || p.word("r") {
		n, ok = p.optionalNumber(), true
	}
	if !ok {
		p.key = append(p.key, postNone)
		return
	}
	v.isPost = true
	p.text = append(append(p.text, ".post"...), n...)
	p.key = appendNumber(append(p.key, postSome), n)
}

func (p *parser) devRelease(v *Version) {
	if !p.word("dev") {
		p.key = append(p.key, devNone)
		return
	}
	n := p.optionalNumber()
	v.isDev = true
	p.text = append(append(p.text, ".dev"...), n...)
	p.key = appendNumber(append(p.key, devSome), n)
}

// local reads the label after a plus. Numeric parts sort after alphabetic ones.
func (p *parser) local() bool {
	if !p.skipAny("+") {
		return true
	}
	separator := byte('+')
	for {
		part := p.takeLocalPart()
		if part == "" {
			return false
		}
		p.text = append(p.text, separator)
		separator = '.'
		if n, ok := allDigits(part); ok {
			p.text = append(p.text, n...)
			p.key = appendNumber(append(p.key, localNumber), n)
		} else {
			start := len(p.text)
			p.text = appendLower(p.text, part)
			p.key = append(p.key, localText)
			p.key = append(p.key, p.text[start:]...)
			p.key = append(p.key, localTextEnd)
		}
		if !p.skipAny("._-") {
			return true
		}
	}
}

func (p *parser) takeLocalPart() string {
	i := 0
	for i < len(p.rest) && (isDigit(p.rest[i]) || isLetter(p.rest[i])) {
		i++
	}
	part := p.rest[:i]
	p.rest = p.rest[i:]
	return part
}

// number takes a run of digits and gives it without leading zeros.
func (p *parser) number() (string, bool) {
	i := 0
	for i < len(p.rest) && isDigit(p.rest[i]) {
		i++
	}
	if i == 0 {
		return "", false
	}
	digits := p.rest[:i]
	p.rest = p.rest[i:]
	return trimZeros(digits), true
}

// optionalNumber takes what may follow the name of a part: a separator and a
// number. Without a number it is zero, and the separator still belongs here.
func (p *parser) optionalNumber() string {
	p.skipAny("._-")
	if n, ok := p.number(); ok {
		return n
	}
	return "0"
}

// word takes an optional separator and then w, in any case; nothing when w does
// not follow.
func (p *parser) word(w string) bool {
	rest := p.rest
	if rest != "" && isSeparator(rest[0]) {
		rest = rest[1:]
	}
	if len(rest) < len(w) {
		return false
	}
	for i := 0; i < len(w); i++ {
		if lower(rest[i]) != w[i] {
			return false
		}
	}
	p.rest = rest[len(w):]
	return true
}

func (p *parser) skipAny(set string) bool {
	if p.rest == "" {
		return false
	}
	for i := 0; i < len(set); i++ {
		if p.rest[0] == set[i] {
			p.rest = p.rest[1:]
			return true
		}
	}
	return false
}

func allDigits(s string) (string, bool) {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return "", false
		}
	}
	return trimZeros(s), true
}

func trimZeros(digits string) string {
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return digits
}

func appendLower(to []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		to = append(to, lower(s[i]))
	}
	return to
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isLetter(c byte) bool    { return 'a' <= lower(c) && lower(c) <= 'z' }
func isSeparator(c byte) bool { return c == '.' || c == '_' || c == '-' }
