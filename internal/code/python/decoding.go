package python

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code/decode"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// decoders undo what a function outside undoes, by its full name.
var decoders = map[string]func(*decode.Budget, []byte) ([]byte, bool){
	"base64.b64decode":         (*decode.Budget).Base64,
	"base64.urlsafe_b64decode": (*decode.Budget).Base64, "base64.standard_b64decode": (*decode.Budget).Base64,
	"base64.decodebytes": (*decode.Budget).Base64, "pybase64.b64decode": (*decode.Budget).Base64, "binascii.a2b_base64": (*decode.Budget).Base64,
	"base64.b32decode": (*decode.Budget).Base32,
	"base64.b16decode": (*decode.Budget).Hex, "binascii.unhexlify": (*decode.Budget).Hex, "binascii.a2b_hex": (*decode.Budget).Hex,
	"builtins.bytes.fromhex": (*decode.Budget).Hex, "builtins.bytearray.fromhex": (*decode.Budget).Hex,
	"base64.b85decode": (*decode.Budget).Base85, "base64.a85decode": (*decode.Budget).ASCII85,
	"zlib.decompress": inflate, "zlib.decompressobj.decompress": inflate, "gzip.decompress": (*decode.Budget).Gzip,
	"bz2.decompress": (*decode.Budget).Bzip2, "bz2.BZ2Decompressor.decompress": (*decode.Budget).Bzip2,
	"marshal.loads": constantsOfMarshal,
}

// inflate reads what zlib.decompress reads with any of its window settings.
func inflate(b *decode.Budget, s []byte) ([]byte, bool) {
	if out, ok := b.Zlib(s); ok {
		return out, true
	}
	if out, ok := b.Gzip(s); ok {
		return out, true
	}
	return b.Deflate(s)
}

// constantsOfMarshal stands for a code object: the text in it, a line each.
func constantsOfMarshal(b *decode.Budget, s []byte) ([]byte, bool) {
	found := b.MarshalStrings(s, 2000)
	return []byte(strings.Join(found, "\n")), len(found) > 0
}

// decodeBy gives what a decoder gives for v. The result carries that it was decoded.
func (a *analysis) decodeBy(full string, v *value, id syntax.ID) *value {
	if v.isText() {
		if how := decoders[full]; how != nil {
			if out, ok := a.decoded(full, v.s, how); ok {
				r := a.make(value{kind: binary, s: out, flags: odd, from: v.from | fromDecode, marks: v.marks})
				if full == "marshal.loads" { // not text that is run: the constants of a code object
					r = a.make(value{from: v.from | fromDecode, marks: v.marks | a.textMarks(out), id: id})
				}
				return a.noteDecoded(r, out, id)
			}
		}
		return a.unknown(v.from|fromDecode, v.marks, id)
	}
	f, m := v.reaches()
	return a.unknown(f|fromDecode, m, id)
}

// decoded decodes a constant once however often it is asked for.
func (a *analysis) decoded(how, s string, by func(*decode.Budget, []byte) ([]byte, bool)) (string, bool) {
	key := how + "\x00" + s
	if out, ok := a.decodings[key]; ok {
		return out.text, out.ok
	}
	b, ok := by(a.budget, []byte(s))
	a.decodings[key] = decoding{string(b), ok}
	return string(b), ok
}

// harmful are the functions that honest data has no reason to name.
var harmful = []string{"system", "popen", "exec", "eval", "execv", "execve", "spawnl", "spawnv", "Popen", "check_output", "check_call", "getoutput", "__import__", "compile", "run", "call", "runsource"}

// pickledCall gives the function that a constant pickle would call, when it is one
// that runs something; "" otherwise.
func pickledCall(v *value) string {
	if !v.isText() {
		return ""
	}
	for _, module := range []string{"os", "posix", "nt", "subprocess", "builtins", "__builtin__", "pty", "runpy", "code", "importlib", "timeit", "commands"} {
		for _, f := range harmful {
			if strings.Contains(v.s, "c"+module+"\n"+f+"\n") || // GLOBAL
				strings.Contains(v.s, string(rune(len(module)))+module) && strings.Contains(v.s, string(rune(len(f)))+f) && strings.Contains(v.s, "\x93") { // STACK_GLOBAL
				return module + "." + f
			}
		}
	}
	return ""
}

type decoding struct {
	text string
	ok   bool
}

// decodeNamed is codecs.decode and the methods encode and decode with the codecs
// that change more than the encoding of characters; nil for the others.
func (a *analysis) decodeNamed(v *value, codec string, encoding bool) *value {
	var out string
	var ok bool
	switch strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(codec)) {
	case "rot13", "rot_13":
		out, ok = a.decoded("rot13", v.s, (*decode.Budget).Rot13)
	case "hex", "hex_codec":
		if encoding {
			return nil
		}
		out, ok = a.decoded("hex", v.s, (*decode.Budget).Hex)
	case "base64", "base64_codec", "base_64":
		if encoding {
			return nil
		}
		out, ok = a.decoded("base64", v.s, (*decode.Budget).Base64)
	case "zlib", "zip", "zlib_codec":
		if encoding {
			return nil
		}
		out, ok = a.decoded("zlib", v.s, inflate)
	case "bz2", "bz2_codec":
		if encoding {
			return nil
		}
		out, ok = a.decoded("bz2", v.s, (*decode.Budget).Bzip2)
	case "utf_16", "utf_16_le", "utf16", "utf_16_be":
		if encoding || v.kind != binary {
			return nil
		}
		big := strings.HasSuffix(strings.ToLower(codec), "be")
		out, ok = a.decoded("utf16"+codec, v.s, func(b *decode.Budget, s []byte) ([]byte, bool) {
			t, ok := b.UTF16(s, big)
			return []byte(t), ok
		})
	case "unicode_escape", "string_escape", "raw_unicode_escape":
		if encoding {
			return nil
		}
		out, ok = unescape(v.s), true
	case "utf_7", "utf7", "punycode", "idna", "quopri", "quopri_codec", "quotedprintable", "uu", "uu_codec", "cp037", "cp273", "cp424", "cp500", "cp1026", "cp1140":
		if encoding {
			return nil
		}
	default:
		return nil
	}
	if !ok {
		return a.unknown(v.from|fromDecode, v.marks, 0)
	}
	from := v.from | fromDecode
	return a.noteDecoded(a.make(value{kind: text, s: out, flags: odd, from: from, marks: v.marks}), out, 0)
}

// unescape reads \x41, \u0041, \101 and the short escapes of Python's literals.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		digits, base, skip := 0, rune(16), 0
		switch s[i] {
		case 'x':
			digits, skip = 2, 1
		case 'u':
			digits, skip = 4, 1
		case 'U':
			digits, skip = 8, 1
		case '0', '1', '2', '3', '4', '5', '6', '7':
			digits, base = 3, 8
		case 'n':
			b.WriteByte('\n')
			continue
		case 't':
			b.WriteByte('\t')
			continue
		default:
			b.WriteByte(s[i])
			continue
		}
		r, n := rune(0), 0
		for j := i + skip; j < len(s) && n < digits; j++ {
			d := strings.IndexByte("0123456789abcdef", lower(s[j]))
			if d < 0 || rune(d) >= base {
				break
			}
			r = r*base + rune(d)
			n++
		}
		b.WriteRune(r)
		i += skip + n - 1
	}
	return b.String()
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// noteDecoded gives a value the marks of what came out.
func (a *analysis) noteDecoded(v *value, out string, id syntax.ID) *value {
	m := a.textMarks(out)
	if m != 0 && id != 0 {
		a.noteString(out, m, id, true)
	}
	return a.tainted(v, 0, m)
}
