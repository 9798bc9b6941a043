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
	badSum     bool
}

func (e rawTar) bytes() []byte {
	h := make([]byte, block)
	copy(h, e.name)
	copy(h[100:], "0000644\x00")
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

func TestHostileTars(t *testing.T) {
	a := rawTar{name: "p/a", body: "x"}
	symlink := func(name, target string) rawTar { return rawTar{name: name, link: target, kind: '2'} }
	for _, tc := range []struct {
		name string
		in   []byte
		want Reason
		why  string
	}{
		{"absolute", tgz(rawTar{name: "/etc/passwd"}), BadName, "some unpackers write there"},
		{"dot dot", tgz(rawTar{name: "p/../../x"}), BadName, "leaves the root"},
		{"dot dot after ./", tgz(rawTar{name: "./../x"}), BadName, "leaves the root"},
		{"double slash", tgz(rawTar{name: "p//x"}), BadName, "another spelling"},
		{"backslash", tgz(rawTar{name: `p\..\..\x`}), BadName, "leaves the root on Windows"},
		{"control character", tgz(rawTar{name: "p/\r"}), BadName, "hides in a terminal"},
		{"not UTF-8", tgz(rawTar{name: "p/\xff"}), BadName, "spelled differently everywhere"},
		{"file with a slash", tgz(rawTar{name: "p/"}), BadName, "a folder to some"},
		{"prefix climbs", tgz(rawTar{name: "x", prefix: ".."}), BadName, "the name is in two fields"},
		{"prefix in GNU", tgz(rawTar{name: "x", prefix: "evil", magic: "ustar  \x00"}), Mismatch, "Python reads it, GNU tar does not"},
		{"symlink out", tgz(symlink("p/l", "../../etc")), BadLink, "leaves the root"},
		{"symlink absolute", tgz(symlink("p/l", "/etc/passwd")), BadLink, "leaves the root"},
		{"symlink drive", tgz(symlink("p/l", "C:x")), BadLink, "leaves the root"},
		{"symlink backslash", tgz(symlink("p/l", `..\..\x`)), BadLink, "leaves the root on Windows"},
		{"symlink through a link", tgz(symlink("p/q/s", "../.."), symlink("p/e", "q/s/../x")), BadLink, "climbs from where s points"},
		{"symlink to nothing", tgz(symlink("p/l", "")), BadLink, "cannot be"},
		{"write through a link", tgz(symlink("p/l", "q"), rawTar{name: "p/l/x"}), BadLink, "the oldest trick"},
		{"link over a folder", tgz(rawTar{name: "p/l/x"}, symlink("p/l", "q")), Duplicate, "the oldest trick backwards"},
		{"hard link out", tgz(rawTar{name: "p/h", link: "/etc/passwd", kind: '1'}), BadLink, "content from this machine"},
		{"hard link forward", tgz(rawTar{name: "p/h", link: "p/a", kind: '1'}, a), BadLink, "not there yet"},
		{"hard link to a symlink", tgz(symlink("p/s", "a"), rawTar{name: "p/h", link: "p/s", kind: '1'}), BadLink, "no file"},
		{"character device", tgz(rawTar{name: "p/d", kind: '3'}), Special, "a device"},
		{"block device", tgz(rawTar{name: "p/d", kind: '4'}), Special, "a device"},
		{"fifo", tgz(rawTar{name: "p/d", kind: '6'}), Special, "a reader waits for ever"},
		{"contiguous", tgz(rawTar{name: "p/d", kind: '7'}), Special, "skipped by some"},
		{"GNU sparse", tgz(rawTar{name: "p/d", kind: 'S'}), Special, "put together differently"},
		{"unknown kind", tgz(rawTar{name: "p/d", kind: 'Z'}), Special, "a file to some"},
		{"pax sparse", tgz(pax(record("GNU.sparse.major", "1")), a), Special, "put together differently"},
		{"folder with content", tgz(rawTar{name: "p/", kind: '5', body: "x"}), Mismatch, "the content is a header to some"},
		{"link with content", tgz(rawTar{name: "p/l", kind: '2', link: "a", body: "x"}), Mismatch, "the content is a header to some"},
		{"file with a target", tgz(rawTar{name: "p/a", link: "b"}), Mismatch, "two things at once"},
		{"duplicate", tgz(a, a), Duplicate, "first or last wins"},
		{"duplicate by ./", tgz(a, rawTar{name: "./p/a"}), Duplicate, "one path, two spellings"},
		{"below a file", tgz(a, rawTar{name: "p/a/b"}), Duplicate, "a file where a folder must be"},
		{"pax size", tgz(pax(record("size", "0")), a), Mismatch, "readers that ignore it take content for headers"},
		{"pax path climbs", tgz(pax(record("path", "../x")), a), BadName, "leaves the root"},
		{"pax path with NUL", tgz(pax(record("path", "p/a\x00b")), a), BadName, "C readers stop there"},
		{"pax path empty", tgz(pax(record("path", "")), a), BadName, "removes the name"},
		{"pax path twice", tgz(pax(record("path", "p/b"), record("path", "p/c")), a), Mismatch, "first or last wins"},
		{"pax linkpath out", tgz(pax(record("linkpath", "/etc")), symlink("p/l", "a")), BadLink, "leaves the root"},
		{"pax twice", tgz(pax(record("path", "p/b")), pax(record("path", "p/c")), a), Mismatch, "first, last or both"},
		{"pax and GNU", tgz(pax(record("path", "p/b")), rawTar{kind: 'L', body: "p/c\x00"}, a), Mismatch, "either wins"},
		{"GNU twice", tgz(rawTar{kind: 'L', body: "p/b\x00"}, rawTar{kind: 'L', body: "p/c\x00"}, a), Mismatch, "either wins"},
		{"GNU with NUL", tgz(rawTar{kind: 'L', body: "p/b\x00c\x00"}, a), BadName, "cut by some"},
		{"pax length lies", tgz(rawTar{kind: 'x', body: "30 path=p/b\n"}, a), Mismatch, "read in two ways"},
		{"pax character set", tgz(pax(record("hdrcharset", "BINARY")), a), Unsupported, "names spelled differently"},
		{"global path", tgz(rawTar{kind: 'g', body: record("path", "p/b")}, a), Mismatch, "renames everything in some"},
		{"pax at the end", tgz(a, pax(record("path", "p/b"))), Mismatch, "describes nothing"},
		{"huge extended header", tgz(rawTar{kind: 'x', size: "00010000000\x00"}), TooLarge, "over a megabyte"},
		{"base-256 size", tgz(rawTar{name: "p/a", size: "\x80" + strings.Repeat("\x00", 10) + "\x01", body: "x"}), Unsupported, "only for giants"},
		{"data after the end", gzipped(join(plainTar(a), plainTar(rawTar{name: "p/evil"}))), Hidden, "GNU tar -i and others read on"},
		{"data after one zero block", gzipped(join(a.bytes(), make([]byte, block), rawTar{name: "p/evil"}.bytes())), Hidden, "some stop at one block"},
		{"data after gzip", append(tgz(a), "more"...), Hidden, "nobody shows it"},
		{"data after padding", append(tgz(a), "\x00\x00more"...), Hidden, "nobody shows it"},
		{"gzip after padding", join(tgz(a), []byte{0}, gzipped([]byte("x"))), Hidden, "read by some"},
		{"second member with a tar", join(tgz(a), tgz(rawTar{name: "p/evil"})), Hidden, "after the end mark"},
		{"bomb", gzipped(join(rawTar{name: "p/a", size: "07777777777\x00"}.bytes(), make([]byte, 3<<20))), Bomb, "out of proportion"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := walkAll(tc.in, TarGz, Limits{RatioFloor: 1 << 20})
			wantRefusal(t, err, tc.want, tc.why)
		})
	}
}

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

func TestTarBz2(t *testing.T) {
	in, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
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
		{tgz(a, rawTar{name: "p/a."}), "trailing dots"},
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
