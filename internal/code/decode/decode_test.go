package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

func TestDecoders(t *testing.T) {
	for _, row := range []struct {
		why, in, want string
		by            func(*Budget, []byte) ([]byte, bool)
		ok            bool
	}{
		{"padding", "aW5lcnQ=", "inert", (*Budget).Base64, true},
		{"no padding", "aW5lcnQ", "inert", (*Budget).Base64, true},
		{"blanks and lines", "aW5l\n cnQ=\n", "inert", (*Budget).Base64, true},
		{"the URL alphabet", "_-8", "\xff\xef", (*Budget).Base64, true},
		{"nothing in it", "!!!!", "", (*Budget).Base64, false},
		{"base32", "NFXGK4TU", "inert", (*Budget).Base32, true},
		{"base32 in lower case", "nfxgk4tu", "inert", (*Budget).Base32, true},
		{"base85, as Python's b85encode gives it", "X>Mh5bRY", "inert ", (*Budget).Base85, true},
		{"base85 of another alphabet", "a\"b", "", (*Budget).Base85, false},
		{"ascii85, as Python's a85encode gives it", "<~Bl7L&F<C~>", "inert ", (*Budget).ASCII85, true},
		{"ascii85 without its marks", "Bl7L&F<C", "inert ", (*Budget).ASCII85, true},
		{"hex", "696e657274", "inert", (*Budget).Hex, true},
		{"hex with blanks", "69 6E 65\n72 74", "inert", (*Budget).Hex, true},
		{"hex of an odd length", "696", "", (*Budget).Hex, false},
		{"rot13", "varEg", "ineRt", (*Budget).Rot13, true},
		{"no zlib", "inert", "", (*Budget).Zlib, false},
		{"no bzip2", "inert", "", (*Budget).Bzip2, false},
	} {
		got, ok := row.by(NewBudget(), []byte(row.in))
		if ok != row.ok || ok && string(got) != row.want {
			t.Errorf("%s: %q gives %q, %v; want %q, %v", row.why, row.in, got, ok, row.want, row.ok)
		}
	}
}

func TestPercent(t *testing.T) {
	if got, _ := NewBudget().Percent([]byte("a%20b+%zz%4"), true); string(got) != "a b %zz%4" {
		t.Errorf("got %q", got)
	}
}

func TestXORReverseCodesUTF16(t *testing.T) {
	b := NewBudget()
	if got, _ := b.XOR([]byte("hodqs"), []byte{1}); string(got) != "inepr" {
		t.Errorf("xor gives %q", got)
	}
	if _, ok := b.XOR([]byte("x"), nil); ok {
		t.Error("xor takes no key")
	}
	if got, _ := b.Reverse("aä€"); got != "€äa" {
		t.Errorf("reverse gives %q", got)
	}
	if got, _ := b.Codes([]int64{105, 0x20AC}); got != "i€" {
		t.Errorf("codes give %q", got)
	}
	if _, ok := b.Codes([]int64{-1}); ok {
		t.Error("a code below zero is no character")
	}
	if got, _ := b.UTF16([]byte("\xff\xfei\x00"), true); got != "i" {
		t.Errorf("a byte order mark gives %q", got)
	}
}

func deflated(t *testing.T, s []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(s)
	w.Close()
	return b.Bytes()
}

func TestABombEndsAtTheBudget(t *testing.T) {
	bomb := deflated(t, make([]byte, 8<<20))
	b := NewBudget()
	out, ok := b.Zlib(bomb)
	if !ok || len(out) != code.MostDecoded || b.Left() != 0 {
		t.Errorf("got %d bytes, %v, %d left", len(out), ok, b.Left())
	}
	if _, ok := b.Hex([]byte("00")); ok {
		t.Error("something is decoded beyond the budget")
	}
}

func TestWorkInVainIsBounded(t *testing.T) {
	b := NewBudget()
	in := []byte(strings.Repeat("zz", 1<<19))
	n := 0
	for ; n < 1000; n++ {
		if !b.Read(len(in)) {
			break
		}
	}
	if n > workFactor {
		t.Errorf("%d times a megabyte was read", n)
	}
}

func TestGuess(t *testing.T) {
	text := "import os  # inert text of some length\n"
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte(text))
	w.Close()
	for _, row := range []struct {
		why, in string
		how     []string
		want    string
	}{
		{"base64", base64.StdEncoding.EncodeToString([]byte(text)), []string{"base64"}, text},
		{"hex", hex.EncodeToString([]byte(text)), []string{"hex"}, text},
		{"base64 of base64", base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(text)))), []string{"base64", "base64"}, text},
		{"base64 of gzip", base64.StdEncoding.EncodeToString(zipped.Bytes()), []string{"base64", "gzip"}, text},
		{"hex of zlib", hex.EncodeToString(deflated(t, []byte(text))), []string{"hex", "zlib"}, text},
		{"a word", "internationalisationOfEverything", nil, ""},
		{"a path", "/usr/share/doc/Some/Package/README", nil, ""},
		{"a digest", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", nil, ""},
		{"prose", "This is a sentence of a document, and a long one.", nil, ""},
		{"short", "aW5lcnQ=", nil, ""},
	} {
		out, how, ok := NewBudget().Guess([]byte(row.in))
		if ok != (row.how != nil) || !slices.Equal(how, row.how) || ok && string(out) != row.want {
			t.Errorf("%s: got %q by %v, want %q by %v", row.why, out, how, row.want, row.how)
		}
	}
}

func TestMarshalStrings(t *testing.T) {
	data := "\xe3\x00\x00\x00\x00" + "\xda\x0bimport os, " + "s\x05\x00\x00\x00inert" + "z\x02ab" + "u\xff\xff\xff\x7fnone"
	if got := NewBudget().MarshalStrings([]byte(data), 10); !slices.Equal(got, []string{"import os, ", "inert"}) {
		t.Errorf("got %q", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("aW5lcnQ="))
	f.Add([]byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))
	f.Add([]byte("\xda\x05inert"))
	f.Fuzz(func(t *testing.T, s []byte) {
		b := NewBudget()
		total := 0
		for _, by := range []func(*Budget, []byte) ([]byte, bool){
			(*Budget).Base64, (*Budget).Base32, (*Budget).Base85, (*Budget).ASCII85, (*Budget).Hex, (*Budget).Zlib, (*Budget).Gzip,
			(*Budget).Deflate, (*Budget).Bzip2, (*Budget).Rot13,
		} {
			out, _ := by(b, s)
			total += len(out)
		}
		b.UTF16(s, false)
		b.Reverse(string(s))
		b.MarshalStrings(s, 100)
		b.Guess(s)
		if total > code.MostDecoded {
			t.Errorf("%d bytes came out of one budget", total)
		}
	})
}
