package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// rawTar is one tar header with its content, built by hand.
type rawTar struct {
	name, link string
	kind       byte // '0' when zero
	body       string
	magic      string // ustar when empty
	prefix     string
	size       string // the size field instead of the body's length
	mode       string // the mode field, 0644 when empty
	badSum     bool
}

func (e rawTar) bytes() []byte {
	h := make([]byte, block)
	copy(h, e.name)
	copy(h[100:], "0000644\x00")
	copy(h[100:], e.mode)
	copy(h[108:], "0000000\x000000000\x00")
	size := e.size
	if size == "" {
		size = fmt.Sprintf("%011o\x00", len(e.body))
	}
	copy(h[124:136], size)
	copy(h[136:], "00000000000\x00")
	h[156] = e.kind
	if e.kind == 0 {
		h[156] = '0'
	}
	copy(h[157:], e.link)
	magic := e.magic
	if magic == "" {
		magic = "ustar\x0000"
	}
	copy(h[257:], magic)
	copy(h[345:], e.prefix)
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	if e.badSum {
		sum++
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	h = append(h, e.body...)
	return append(h, make([]byte, (block-len(e.body)%block)%block)...)
}

// record is one pax record.
func record(key, value string) string {
	n := len(key) + len(value) + 3
	for {
		s := fmt.Sprintf("%d %s=%s\n", n, key, value)
		if len(s) == n {
			return s
		}
		n = len(s)
	}
}

func pax(records ...string) rawTar {
	return rawTar{name: "PaxHeader", kind: 'x', body: strings.Join(records, "")}
}

func plainTar(entries ...rawTar) []byte {
	var out []byte
	for _, e := range entries {
		out = append(out, e.bytes()...)
	}
	return append(out, make([]byte, 2*block)...)
}

func tgz(entries ...rawTar) []byte { return gzipped(plainTar(entries...)) }

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	g := gzip.NewWriter(&out)
	g.Write(b)
	g.Close()
	return out.Bytes()
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestHonestTars(t *testing.T) {
	a := rawTar{name: "p/a", body: "x"}
	long := "p/" + strings.Repeat("long/", 30) + "a"
	for _, tc := range []struct {
		name string
		in   []byte
		path string // of the file with content x
		why  string
	}{
		{"plain", tgz(rawTar{name: "p/", kind: '5'}, a), "p/a", ""},
		{"folder twice", tgz(rawTar{name: "p/", kind: '5'}, rawTar{name: "p", kind: '5'}, a), "p/a", "harmless, and tar -r does it"},
		{"dot root", tgz(rawTar{name: "./", kind: '5'}, rawTar{name: "./p/a", body: "x"}), "p/a", "tar -C"},
		{"prefix", tgz(rawTar{name: "a", prefix: "p/q", body: "x"}), "p/q/a", "ustar's long names"},
		{"GNU magic", tgz(rawTar{name: "p/a", magic: "ustar  \x00", body: "x"}), "p/a", ""},
		{"v7", tgz(rawTar{name: "p/a", magic: "\x00\x00\x00\x00\x00\x00\x00\x00", body: "x"}), "p/a", "the oldest format"},
		{"pax path", tgz(pax(record("path", long), record("mtime", "1.5")), a), long, "Python's own"},
		{"pax size repeated", tgz(pax(record("size", "1")), a), "p/a", "says the same"},
		{"GNU long name", tgz(rawTar{name: "././@LongLink", kind: 'L', body: long + "\x00"}, a), long, "GNU's own"},
		{"global comment", tgz(rawTar{kind: 'g', body: record("comment", "0123")}, a), "p/a", "git archive"},
		{"symlink inside", tgz(a, rawTar{name: "p/q/l", link: "../a", kind: '2'}), "p/a", "real sdists have them"},
		{"symlink to the root", tgz(a, rawTar{name: "p/l", link: "..", kind: '2'}), "p/a", "stays inside"},
		{"hard link inside", tgz(a, rawTar{name: "p/h", link: "p/a", kind: '1'}), "p/a", "names a file before it"},
		{"padding", gzipped(join(plainTar(a), make([]byte, 20*block))), "p/a", "tar pads to records"},
		{"no end mark", gzipped(a.bytes()), "p/a", "read by all, noted"},
		{"several members", join(gzipped(a.bytes()), gzipped(make([]byte, 2*block))), "p/a", "parallel compressors"},
		{"zeros after gzip", append(tgz(a), 0, 0, 0), "p/a", "noted"},
		{"case collision", tgz(a, rawTar{name: "p/A"}), "p/a", "noted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := walkAll(tc.in, TarGz, Limits{})
			if err != nil {
				t.Fatalf("refused: %v (%s)", err, tc.why)
			}
			for _, e := range got {
				if e.path == tc.path && e.content == "x" {
					return
				}
			}
			t.Errorf("%q was not shown: %+v", tc.path, got)
		})
	}
}

// bzipped is a tar.bz2 with one file p/a that holds x; the standard library
// writes no bzip2.
const bzipped = "QlpoOTFBWSZTWYfun2IAAG5bgMmAYADtAAACYABeQAgIIABURqaANADQJJCaZBkwTf1mOQg1AEIo16yKdzigQwMX9eJ7CLOBHdNIZueNd3tVX0gARfF3JFOFCQh+6fYg"

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTarBz2(t *testing.T) {
	in := unbase64(t, bzipped)
	got, err := walkAll(in, TarBz2, Limits{})
	if err != nil || len(got) != 1 || got[0].path != "p/a" || got[0].content != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range [][]byte{in[:len(in)-10], append(in[:len(in):len(in)], "more"...), nil} {
		if got, err := walkAll(bad, TarBz2, Limits{}); err == nil {
			t.Errorf("let through: %+v", got)
		}
	}
}

func TestOddIsNoted(t *testing.T) {
	a := rawTar{name: "p/a", body: "x"}
	for _, tc := range []struct {
		in   []byte
		want string
	}{
		{tgz(a, rawTar{name: "p/A"}), "letter case"},
		{tgz(a, rawTar{name: "p/b."}), "trailing dots"},
		{tgz(a, rawTar{name: "p/b "}), "trailing dots or spaces"},
		{tgz(rawTar{name: "p/d/a"}, rawTar{name: "p/D/b"}), "letter case"},
		{tgz(a, rawTar{name: "p/a:b"}), "colon"},
		{tgz(a, rawTar{name: "p/Aux.c"}), "a device's on Windows"},
		{tgz(a, rawTar{name: "p/a\u202eyp.exe"}), "do not show"},
		{tgz(rawTar{name: "p/a", mode: "0004755\x00"}), "its mode"},
		{tgz(a, rawTar{name: "p/l", link: "a", kind: '2'}), "symbolic link"},
		{tgz(a, rawTar{name: "p/h", link: "p/a", kind: '1'}), "hard link"},
		{gzipped(a.bytes()), "not marked"},
		{append(tgz(a), 0), "zeros follow"},
		{gzipped(join(plainTar(a), make([]byte, 40*block))), "zero bytes follow"},
		{join(gzipped(a.bytes()), gzipped(make([]byte, 2*block))), "2 gzip members"},
	} {
		stats, err := Walk(bytes.NewReader(tc.in), int64(len(tc.in)), TarGz, Limits{}, func(Entry) error { return nil })
		if err != nil || len(stats.Odd) != 1 || !strings.Contains(stats.Odd[0].Text, tc.want) {
			t.Errorf("odd %+v, %v; want one about %q", stats.Odd, err, tc.want)
		}
	}
}

func TestUnreadableTars(t *testing.T) {
	a := rawTar{name: "p/a", body: "x"}
	whole := tgz(a)
	for _, tc := range []struct {
		name string
		in   []byte
	}{
		{"empty", nil},
		{"not gzip", []byte("not gzip at all, just text")},
		{"gzip cut", whole[:len(whole)-6]},
		{"gzip checksum", append(append([]byte{}, whole[:len(whole)-8]...), make([]byte, 8)...)},
		{"tar cut", gzipped(a.bytes()[:block+1])},
		{"header cut", gzipped(a.bytes()[:100])},
		{"header checksum", tgz(rawTar{name: "p/a", badSum: true})},
		{"not a tar", gzipped([]byte(strings.Repeat("not a tar ", 100)))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := walkAll(tc.in, TarGz, Limits{})
			if _, refused := errors.AsType[*Refusal](err); err == nil || refused {
				t.Errorf("got %v, want an error that is no refusal", err)
			}
		})
	}
}

// FuzzTar holds the walk to what archive/tar reads.
func FuzzTar(f *testing.F) {
	a := rawTar{name: "p/a", body: "x"}
	f.Add(plainTar(rawTar{name: "p/", kind: '5'}, a))
	f.Add(plainTar(pax(record("path", "p/b"), record("mtime", "1.5")), a))
	f.Add(plainTar(rawTar{name: "././@LongLink", kind: 'L', body: "p/c\x00", magic: "ustar  \x00"}, a))
	f.Add(plainTar(a, rawTar{name: "p/l", link: "a", kind: '2'}, rawTar{name: "p/h", link: "p/a", kind: '1'}))
	f.Fuzz(func(t *testing.T, in []byte) {
		packed := gzipped(in)
		got, err := walkAll(packed, TarGz, Limits{Unpacked: 1 << 20, RatioFloor: 1 << 20})
		if err != nil {
			return
		}
		want := map[string]string{}
		r := tar.NewReader(bytes.NewReader(in))
		for {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("let through what archive/tar cannot read: %v", err)
			}
			if h.Typeflag == tar.TypeXGlobalHeader {
				continue
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatalf("let through %q that archive/tar cannot read: %v", h.Name, err)
			}
			name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
			if name != "" && name != "." {
				want[name] = string(b)
			}
		}
		seen := map[string]bool{} // a folder may be told twice
		distinct := got[:0]
		for _, e := range got {
			if !seen[e.path] {
				distinct = append(distinct, e)
			}
			seen[e.path] = true
		}
		compare(t, distinct, want)
	})
}
