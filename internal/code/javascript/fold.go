package javascript

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What the methods of texts and arrays give for constants.

// utf16Of gives a text's units as JavaScript counts them; a Buffer's bytes.
func utf16Of(v *value) []uint16 {
	if v.bytes || isASCII(v.s) {
		out := make([]uint16, len(v.s))
		for i := range len(v.s) {
			out[i] = uint16(v.s[i])
		}
		return out
	}
	return utf16.Encode([]rune(v.s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func charAt(v *value, i int) *value {
	if v.bytes {
		if i < 0 || i >= len(v.s) {
			return undefined
		}
		return number(float64(v.s[i])).with(v)
	}
	out := &value{kind: vString, joined: true}
	switch {
	case i < 0:
		return undefined
	case i < len(v.s) && i < 64<<10 && isASCII(v.s[:i+1]):
		out.s = v.s[i : i+1]
	default:
		u := utf16Of(v)
		if i >= len(u) {
			return undefined
		}
		out.s = string(utf16.Decode(u[i : i+1]))
	}
	out.from = v.from &^ fromLong
	out.disguised = v.disguised
	return out
}

func characters(v *value) []*value {
	var out []*value
	if v.bytes {
		for i := range len(v.s) {
			if len(out) >= mostItems {
				break
			}
			out = append(out, number(float64(v.s[i])))
		}
		return out
	}
	for _, r := range v.s {
		if len(out) >= mostItems {
			break
		}
		out = append(out, &value{kind: vString, s: string(r), from: v.from &^ fromLong, joined: true})
	}
	return out
}

// index gives the n-th argument as a whole number, or what is given as default.
func intArg(args []*value, n, otherwise int) (int, bool) {
	if n >= len(args) || args[n].kind == vNull {
		return otherwise, true
	}
	f, ok := args[n].num()
	if !ok {
		return 0, false
	}
	if math.IsNaN(f) {
		return 0, true
	}
	return int(max(min(f, 1<<30), -1<<30)), true
}

func strArg(args []*value, n int) (string, bool) {
	if n >= len(args) {
		return "", false
	}
	return args[n].str()
}

// foldText gives s.method(args), or nil when it is not known.
func (a *analysis) foldText(v *value, method string, args []*value) *value {
	if v.bytes {
		return a.foldBytes(v, method, args)
	}
	give := func(s string) *value {
		if len(s) > 64 && !a.budget.Take(len(s)) {
			return nil
		}
		out := &value{kind: vString, s: s, joined: true}
		out.carry(v)
		for _, arg := range args {
			out.carry(arg)
		}
		if len(s) < longLiteral {
			out.from &^= fromLong
		}
		return out
	}
	if len(args) > 0 && args[0].kind == vRegex {
		return a.matchText(v, method, args)
	}
	switch method {
	case "toString", "valueOf", "normalize":
		return v
	case "trim", "trimStart", "trimEnd":
		return give(strings.TrimSpace(v.s))
	case "toLowerCase", "toLocaleLowerCase":
		return give(strings.ToLower(v.s))
	case "toUpperCase", "toLocaleUpperCase":
		return give(strings.ToUpper(v.s))
	case "charAt", "at":
		if i, ok := intArg(args, 0, 0); ok {
			if i < 0 && method == "at" {
				i += len(utf16Of(v))
			}
			return charAt(v, i)
		}
	case "charCodeAt", "codePointAt":
		if i, ok := intArg(args, 0, 0); ok {
			var out *value
			if i >= 0 && i < len(v.s) && (isASCII(v.s[:i+1]) && i < 64<<10) {
				out = number(float64(v.s[i]))
			} else if u := utf16Of(v); i >= 0 && i < len(u) {
				out = number(float64(u[i]))
			} else {
				out = number(math.NaN())
			}
			out.from = v.from &^ fromLong
			return out
		}
	case "concat":
		return a.concatAll(append([]*value{v}, args...))
	case "slice", "substring", "substr":
		u := utf16Of(v)
		i, ok := intArg(args, 0, 0)
		j, ok2 := intArg(args, 1, len(u))
		if !ok || !ok2 {
			return nil
		}
		switch method {
		case "slice":
			i, j = fromEnd(i, len(u)), fromEnd(j, len(u))
		case "substring":
			i, j = clamp(i, len(u)), clamp(j, len(u))
			if i > j {
				i, j = j, i
			}
		case "substr":
			i = fromEnd(i, len(u))
			if len(args) < 2 {
				j = len(u)
			} else {
				j = clamp(i+max(j, 0), len(u))
			}
		}
		if i >= j {
			return give("")
		}
		return give(string(utf16.Decode(u[i:j])))
	case "repeat":
		if n, ok := intArg(args, 0, 0); ok && n >= 0 && n*len(v.s) <= mostText && n <= mostText {
			return give(strings.Repeat(v.s, n))
		}
	case "padStart", "padEnd":
		n, ok := intArg(args, 0, 0)
		fill, ok2 := " ", true
		if len(args) > 1 {
			fill, ok2 = strArg(args, 1)
		}
		n -= len(utf16Of(v))
		switch {
		case !ok || !ok2 || n > mostText || !isASCII(fill):
			return nil
		case n <= 0 || fill == "":
			return v
		}
		pad := strings.Repeat(fill, n/len(fill)+1)[:n]
		if method == "padStart" {
			return give(pad + v.s)
		}
		return give(v.s + pad)
	case "indexOf", "lastIndexOf", "search":
		if s, ok := strArg(args, 0); ok && len(args) == 1 && isASCII(v.s) {
			if method == "indexOf" {
				return number(float64(strings.Index(v.s, s)))
			}
			if method == "lastIndexOf" {
				return number(float64(strings.LastIndex(v.s, s)))
			}
		}
	case "includes", "startsWith", "endsWith":
		if s, ok := strArg(args, 0); ok && len(args) == 1 {
			switch method {
			case "includes":
				return boolean(strings.Contains(v.s, s))
			case "startsWith":
				return boolean(strings.HasPrefix(v.s, s))
			}
			return boolean(strings.HasSuffix(v.s, s))
		}
	case "split":
		if len(args) == 0 || args[0].kind == vNull {
			return &value{kind: vArray, items: []*value{v}}
		}
		sep, ok := strArg(args, 0)
		if !ok || args[0].kind != vString || strings.Count(v.s, sep) > mostItems {
			return nil
		}
		out := &value{kind: vArray, born: a.born()}
		if sep == "" {
			out.items = characters(v)
			return out
		}
		for s := range strings.SplitSeq(v.s, sep) {
			out.items = append(out.items, &value{kind: vString, s: s, from: v.from &^ fromLong, disguised: v.disguised, joined: true})
		}
		return out
	case "replace", "replaceAll":
		if len(args) == 2 && args[0].kind == vString && args[1].kind != vString {
			quoted := expression{re: regexp.MustCompile(regexp.QuoteMeta(args[0].s)), all: method == "replaceAll"}
			return a.replaced(v, quoted, args[1])
		}
		if len(args) != 2 || args[1].kind != vString {
			return nil
		}
		if args[0].kind == vString {
			n := 1
			if method == "replaceAll" {
				n = -1
			}
			if strings.Contains(args[1].s, "$") && !strings.Contains(v.s, args[0].s) {
				return v
			}
			if strings.Contains(args[1].s, "$") || len(v.s)*(len(args[1].s)+1) > mostText {
				return nil
			}
			return give(strings.Replace(v.s, args[0].s, args[1].s, n))
		}
	}
	return nil
}

func fromEnd(i, n int) int {
	if i < 0 {
		return max(i+n, 0)
	}
	return min(i, n)
}

func clamp(i, n int) int { return max(0, min(i, n)) }

// foldBytes gives buffer.method(args).
func (a *analysis) foldBytes(v *value, method string, args []*value) *value {
	switch method {
	case "toString":
		enc, ok := "utf8", true
		if len(args) > 0 && args[0].kind != vNull {
			enc, ok = args[0].str()
		}
		if !ok || !a.budget.Take(len(v.s)) {
			return nil
		}
		s := v.s
		switch strings.ToLower(enc) {
		case "utf8", "utf-8":
			s = strings.ToValidUTF8(s, "\uFFFD")
		case "ascii", "latin1", "binary":
			s = latin1(s)
		case "base64":
			s = base64.StdEncoding.EncodeToString([]byte(s))
		case "hex":
			s = hex.EncodeToString([]byte(s))
		case "utf16le", "ucs2", "utf-16le", "ucs-2":
			t, ok := a.budget.UTF16([]byte(s), false)
			if !ok {
				return nil
			}
			s = t
		default:
			return nil
		}
		out := &value{kind: vString, s: s, joined: true}
		out.carry(v)
		out.marks |= a.marksOf(s)
		return out
	case "slice", "subarray":
		i, ok := intArg(args, 0, 0)
		j, ok2 := intArg(args, 1, len(v.s))
		if ok && ok2 {
			i, j = fromEnd(i, len(v.s)), fromEnd(j, len(v.s))
			c := *v
			c.s = v.s[i:max(i, j)]
			return &c
		}
	case "reverse":
		b := []byte(v.s)
		slices.Reverse(b)
		c := *v
		c.s = string(b)
		return &c
	case "map":
		return a.foldArray(&value{kind: vArray, items: characters(v), from: v.from}, method, args)
	}
	return nil
}

// latin1 makes a text of bytes that are characters each.
func latin1(s string) string {
	if isASCII(s) {
		return s
	}
	r := make([]rune, len(s))
	for i := range len(s) {
		r[i] = rune(s[i])
	}
	return string(r)
}

// fromLatin1 gives the bytes of such a text.
func fromLatin1(s string) []byte {
	if isASCII(s) {
		return []byte(s)
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r))
	}
	return out
}

// foldArray gives array.method(args), or nil.
func (a *analysis) foldArray(v *value, method string, args []*value) *value {
	if v.dirty {
		return nil
	}
	switch method {
	case "join":
		sep := ","
		if len(args) > 0 && args[0].kind != vNull {
			s, ok := args[0].str()
			if !ok {
				return nil
			}
			sep = s
		}
		parts := make([]*value, 0, 2*len(v.items))
		for i, it := range v.items {
			if i > 0 && sep != "" {
				parts = append(parts, text(sep))
			}
			if it.kind == vNull {
				it = text("")
			}
			parts = append(parts, it)
		}
		out := a.concatAll(parts)
		out.from |= v.from
		if len(out.s) < longLiteral {
			out.from &^= fromLong
		}
		return out
	case "reverse":
		c := *v
		c.items = slices.Clone(v.items)
		slices.Reverse(c.items)
		return &c
	case "slice":
		i, ok := intArg(args, 0, 0)
		j, ok2 := intArg(args, 1, len(v.items))
		if ok && ok2 {
			i, j = fromEnd(i, len(v.items)), fromEnd(j, len(v.items))
			c := *v
			c.items = v.items[i:max(i, j):max(i, j)]
			return &c
		}
	case "concat":
		c := *v
		c.items = slices.Clone(v.items)
		for _, arg := range args {
			if arg.kind == vArray {
				if arg.dirty {
					return nil
				}
				c.items = append(c.items, arg.items...)
				c.carry(arg)
			} else {
				c.items = append(c.items, arg)
			}
		}
		if len(c.items) <= mostItems {
			return &c
		}
	case "at":
		if i, ok := intArg(args, 0, 0); ok {
			if i < 0 {
				i += len(v.items)
			}
			if i >= 0 && i < len(v.items) {
				return v.items[i]
			}
		}
	case "indexOf":
		if len(args) == 1 && args[0].isConst() {
			for i, it := range v.items {
				if !it.isConst() {
					return nil
				}
				if same(it, args[0]) {
					return number(float64(i))
				}
			}
			return number(-1)
		}
	}
	if eachMethod[method] {
		return a.foldEach(v, method, args)
	}
	return a.foldList(v, method, args)
}

// charCodes gives String.fromCharCode(...) of constants.
func (a *analysis) charCodes(args []*value) *value {
	var out strings.Builder
	var units []uint16
	x := &value{kind: vString, joined: true}
	for _, v := range args {
		f, ok := v.num()
		if !ok || math.IsNaN(f) {
			return nil
		}
		x.carry(v)
		if f > 0xffff {
			units = append(units, utf16.Encode([]rune{rune(f)})...)
			continue
		}
		units = append(units, uint16(toInt32(f)))
	}
	for _, r := range utf16.Decode(units) {
		out.WriteRune(r)
	}
	x.s = out.String()
	if x.codes = int8(min(len(units), fewestCodes)); x.xor || x.codes >= fewestCodes {
		x.from |= fromDecode
		x.disguised = true
	}
	if len(x.s) > 1 && !a.budget.Take(len(x.s)) {
		return nil
	}
	return x
}

// pure gives what a function of the language or of node's modules that only
// computes gives for constants, or nil. Decoders mark what they give.
func (a *analysis) pure(fn string, args []*value, _ bool) *value {
	if len(args) == 0 {
		switch fn {
		case "os.homedir":
			return text("~")
		case "os.tmpdir":
			return text("/tmp")
		case "process.cwd":
			return &value{approx: "."}
		}
		return nil
	}
	first := args[0]
	s, ok := "", false
	if first.kind != vNull && (first.kind != vArray || fn == "String") {
		s, ok = first.str()
	}
	give := func(s string, decoded bool) *value {
		out := &value{kind: vString, s: s, joined: true}
		out.carry(first)
		if decoded {
			out.from |= fromDecode
			out.disguised = true
			out.marks |= a.marksOf(s)
		}
		return out
	}
	if v := a.pureMore(fn, args); v != nil {
		return v
	}
	switch fn {
	case "String.fromCharCode", "String.fromCodePoint":
		return a.charCodes(args)
	case "String":
		if ok && !first.bytes {
			return give(s, false)
		}
	case "Number", "parseFloat":
		if f, ok := first.num(); ok {
			if fn == "parseFloat" {
				f = leadingNumber(s, 10)
			}
			return number(f)
		}
	case "parseInt", "Number.parseInt":
		base, known := intArg(args, 1, 10)
		if ok && known && base >= 2 && base <= 36 {
			return number(leadingNumber(s, base))
		}
	case "Math.floor", "Math.ceil", "Math.round", "Math.abs", "Math.trunc":
		if f, ok := first.num(); ok {
			switch fn[5:] {
			case "floor":
				f = math.Floor(f)
			case "ceil":
				f = math.Ceil(f)
			case "round":
				f = math.Floor(f + 0.5)
			case "abs":
				f = math.Abs(f)
			case "trunc":
				f = math.Trunc(f)
			}
			return number(f)
		}
	case "atob", "buffer.atob":
		if ok {
			if out, done := a.budget.Base64([]byte(s)); done {
				return give(latin1(string(out)), true)
			}
		}
	case "btoa":
		if ok {
			return give(base64.StdEncoding.EncodeToString(fromLatin1(s)), false)
		}
	case "Buffer.from", "Buffer", "buffer.Buffer.from", "buffer.Buffer":
		return a.buffer(args)
	case "decodeURIComponent", "decodeURI", "unescape", "querystring.unescape":
		if ok && a.budget.Take(len(s)) {
			if fn == "unescape" {
				return give(unescapePercent(s), strings.Contains(s, "%"))
			}
			if t, err := url.PathUnescape(s); err == nil {
				return give(t, strings.Count(s, "%")*3 > len(s)/2)
			}
		}
	case "encodeURIComponent", "encodeURI", "escape":
		if ok && isWord(s) {
			return give(s, false)
		}
	case "JSON.parse":
		if ok {
			return a.parseJSON(s, first)
		}
	case "Object.getPrototypeOf":
		if first.kind == vFunc {
			return first
		}
	case "Array.from":
		switch {
		case first.kind == vArray && len(args) == 1:
			return first
		case first.kind == vArray:
			return a.foldEach(first, "map", args[1:])
		case first.kind == vString && len(args) == 1:
			return &value{kind: vArray, items: characters(first), born: a.born()}
		case first.kind == vString:
			return a.foldEach(&value{kind: vArray, items: characters(first)}, "map", args[1:])
		}
	case "Array.of", "Array":
		if fn == "Array.of" || len(args) > 1 {
			return &value{kind: vArray, items: args, born: a.born()}
		}
	case "Uint8Array", "Uint8Array.from", "Uint8Array.of", "Uint16Array", "Uint16Array.from", "Int8Array":
		if first.kind == vArray {
			return first
		}
		if first.kind == vString && first.bytes {
			return first
		}
	case "TextDecoder().decode", "util.TextDecoder().decode":
		if first.kind == vArray {
			if b := a.buffer(args[:1]); b != nil {
				return a.foldBytes(b, "toString", nil)
			}
		}
		if first.bytes {
			return a.foldBytes(first, "toString", nil)
		}
	case "path.join", "path.resolve", "path.posix.join", "path.win32.join", "path.normalize":
		return a.pathJoin(args)
	case "path.basename":
		if ok && len(args) == 1 {
			return give(path.Base(s), false)
		}
	case "path.dirname":
		if ok {
			return give(path.Dir(s), false)
		}
	case "zlib.gunzipSync", "zlib.unzipSync", "zlib.inflateSync", "zlib.inflateRawSync":
		if first.kind == vString && first.bytes {
			var out []byte
			var done bool
			switch fn {
			case "zlib.inflateSync":
				out, done = a.budget.Zlib([]byte(s))
			case "zlib.inflateRawSync":
				out, done = a.budget.Deflate([]byte(s))
			default:
				out, done = a.budget.Gzip([]byte(s))
				if !done {
					out, done = a.budget.Zlib([]byte(s))
				}
			}
			if done {
				v := give(string(out), true)
				v.bytes = true
				return v
			}
		}
	}
	return nil
}

func isWord(s string) bool {
	for i := range len(s) {
		if !identByte[s[i]] || s[i] >= 0x80 || s[i] == '\\' || s[i] == '$' {
			return false
		}
	}
	return true
}

// leadingNumber reads the number a text starts with, as parseInt does.
func leadingNumber(s string, base int) float64 {
	s = strings.TrimSpace(s)
	sign := 1.0
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if (base == 16 || base == 10) && (strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X")) {
		s, base = s[2:], 16
	}
	n := 0
	for n < len(s) && n < 15 {
		if _, err := strconv.ParseUint(s[n:n+1], base, 64); err != nil {
			break
		}
		n++
	}
	if n == 0 {
		return math.NaN()
	}
	v, err := strconv.ParseInt(s[:n], base, 64)
	if err != nil {
		return math.NaN()
	}
	return sign * float64(v)
}

// buffer gives Buffer.from(x, encoding).
func (a *analysis) buffer(args []*value) *value {
	first := args[0]
	out := &value{kind: vString, bytes: true, joined: true}
	out.carry(first)
	if first.kind == vArray && !first.dirty {
		b := make([]byte, 0, len(first.items))
		for _, it := range first.items {
			f, ok := it.num()
			if !ok {
				return nil
			}
			out.carry(it)
			b = append(b, byte(toInt32(f)))
		}
		if !a.budget.Take(len(b)) {
			return nil
		}
		out.s = string(b)
		if len(b) >= fewestCodes && utf8.Valid(b) {
			out.from |= fromDecode
			out.disguised = true
		}
		return out
	}
	if first.kind != vString {
		return nil
	}
	if first.bytes {
		return first
	}
	enc := "utf8"
	if len(args) > 1 && args[1].kind != vNull {
		e, ok := args[1].str()
		if !ok {
			return nil
		}
		enc = strings.ToLower(e)
	}
	var b []byte
	done := true
	switch enc {
	case "base64", "base64url":
		b, done = a.budget.Base64([]byte(first.s))
	case "hex":
		b, done = a.budget.Hex([]byte(first.s))
	case "utf8", "utf-8":
		b = []byte(first.s)
	case "ascii", "latin1", "binary":
		b = fromLatin1(first.s)
	default:
		done = false
	}
	if !done {
		return nil
	}
	if enc == "hex" || strings.HasPrefix(enc, "base64") {
		out.from |= fromDecode
		out.disguised = true
		out.marks |= a.marksOf(string(b))
	}
	out.s = string(b)
	return out
}

func unescapePercent(s string) string {
	var out strings.Builder
	var units []uint16
	flush := func() {
		for _, r := range utf16.Decode(units) {
			out.WriteRune(r)
		}
		units = units[:0]
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if r, ok := hexRune([]byte(s[i:min(len(s), i+6)]), 2, 4); ok && i+1 < len(s) && s[i+1] == 'u' {
				units = append(units, uint16(r))
				i += 5
				continue
			}
			if r, ok := hexRune([]byte(s[i:min(len(s), i+3)]), 1, 2); ok {
				units = append(units, uint16(r))
				i += 2
				continue
			}
		}
		flush()
		out.WriteByte(s[i])
	}
	flush()
	return out.String()
}

// pathJoin gives path.join(...), with what is unknown left open.
func (a *analysis) pathJoin(args []*value) *value {
	var parts []*value
	for i, v := range args {
		if i > 0 {
			parts = append(parts, text("/"))
		}
		parts = append(parts, v)
	}
	v := a.concatAll(parts)
	for _, p := range args {
		v.own = v.own || p.own
	}
	v.joined = false
	clean := func(s string) string {
		if s == "" || strings.Contains(s, "://") {
			return s
		}
		return path.Clean(s)
	}
	if v.kind == vString {
		v.s = clean(v.s)
		v.marks |= a.marksOf(v.s)
	} else {
		v.approx = clean(v.approx)
		v.marks |= a.marksOf(v.approx)
		if v.own {
			for _, p := range args[1:] {
				if s, ok := p.str(); ok {
					v.addKeys([]string{s})
				}
			}
		}
	}
	if len(args) > 0 {
		last := args[len(args)-1]
		if s, ok := last.str(); ok && len(v.keys) < mostKeys && s != "" && v.kind != vString {
			v.addKeys([]string{"/" + path.Base(s)})
		}
	}
	return v
}
