package archive

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// rawEntry is one zip entry, built header by header so that a test can lie.
type rawEntry struct {
	name    string
	body    string
	method  uint16
	flags   uint16
	packed  []byte // instead of what follows from body and method
	extra   string // of the local header
	cextra  string // of the central one
	attr    uint32 // external attributes, made by Unix
	local   func(h []byte)
	central func(h []byte)
	noLocal bool // only in the central directory, pointing at the first entry
	hidden  bool // only as a local entry
	after   string
}

// rawZip is a whole archive.
type rawZip struct {
	before  string
	entries []rawEntry
	gap     string         // between the last entry and the central directory
	dir     string         // after the central directory, counted in its size
	end64   func(h []byte) // changes the zip64 end record (56 bytes) and locator; nil: there are none
	end     func(h []byte)
	comment string
	after   string
}

func store(name, body string) rawEntry { return rawEntry{name: name, body: body, method: methodStore} }

func deflated(s string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

func (e rawEntry) content() []byte {
	switch {
	case e.packed != nil:
		return e.packed
	case e.method == methodDeflate:
		return deflated(e.body)
	}
	return []byte(e.body)
}

// common are the fields both headers share, from the version needed on.
func (e rawEntry) common(extra string) []byte {
	h := le.AppendUint16(nil, 20)
	h = le.AppendUint16(h, e.flags)
	h = le.AppendUint16(h, e.method)
	h = le.AppendUint32(h, 0x00210000)
	h = le.AppendUint32(h, crc32.ChecksumIEEE([]byte(e.body)))
	h = le.AppendUint32(h, uint32(len(e.content())))
	h = le.AppendUint32(h, uint32(len(e.body)))
	h = le.AppendUint16(h, uint16(len(e.name)))
	return le.AppendUint16(h, uint16(len(extra)))
}

func (z rawZip) build() []byte {
	out := []byte(z.before)
	var dir []byte
	count := 0
	for _, e := range z.entries {
		at := len(out)
		if e.noLocal {
			at = len(z.before)
		} else {
			h := append(le.AppendUint32(nil, sigLocal), e.common(e.extra)...)
			h = append(append(h, e.name...), e.extra...)
			if e.local != nil {
				e.local(h)
			}
			out = append(append(append(out, h...), e.content()...), e.after...)
		}
		if e.hidden {
			continue
		}
		count++
		c := append(le.AppendUint16(le.AppendUint32(nil, sigCentral), 3<<8|20), e.common(e.cextra)...)
		c = append(c, make([]byte, 6)...)
		c = le.AppendUint32(c, e.attr)
		c = le.AppendUint32(c, uint32(at))
		c = append(append(c, e.name...), e.cextra...)
		if e.central != nil {
			e.central(c)
		}
		dir = append(dir, c...)
	}
	out = append(out, z.gap...)
	at := len(out)
	dir = append(dir, z.dir...)
	out = append(out, dir...)
	if z.end64 != nil {
		out = append(out, z.records64(len(out), count, len(dir), at)...)
	}
	h := le.AppendUint32(nil, sigEnd)
	h = append(h, 0, 0, 0, 0)
	h = le.AppendUint16(le.AppendUint16(h, uint16(count)), uint16(count))
	h = le.AppendUint32(le.AppendUint32(h, uint32(len(dir))), uint32(at))
	h = le.AppendUint16(h, uint16(len(z.comment)))
	if z.end != nil {
		z.end(h)
	}
	return append(append(append(out, h...), z.comment...), z.after...)
}

// records64 are the zip64 end record, which stands at own, and its locator.
func (z rawZip) records64(own, count, size, at int) []byte {
	h := le.AppendUint64(le.AppendUint32(nil, sigEnd64), lenEnd64-12)
	h = le.AppendUint32(le.AppendUint16(le.AppendUint16(h, 45), 45), 0)
	h = le.AppendUint64(le.AppendUint64(le.AppendUint32(h, 0), uint64(count)), uint64(count))
	h = le.AppendUint64(le.AppendUint64(h, uint64(size)), uint64(at))
	h = le.AppendUint32(le.AppendUint32(h, sigLocator64), 0)
	h = le.AppendUint32(le.AppendUint64(h, uint64(own)), 1)
	z.end64(h)
	return h
}

// saturated makes an end record point to the zip64 one.
func saturated(h []byte) {
	put16(8, 0xffff)(h)
	put16(10, 0xffff)(h)
	put32(12, 0xffffffff)(h)
	put32(16, 0xffffffff)(h)
}

func same([]byte) {}

func zipOf(entries ...rawEntry) []byte { return rawZip{entries: entries}.build() }

// zip64Field is an extra field with 64-bit values.
func zip64Field(values ...uint64) string {
	b := le.AppendUint16(le.AppendUint16(nil, extraZip64), uint16(8*len(values)))
	for _, v := range values {
		b = le.AppendUint64(b, v)
	}
	return string(b)
}

func put16(at int, v uint16) func([]byte) { return func(h []byte) { le.PutUint16(h[at:], v) } }
func put32(at int, v uint32) func([]byte) { return func(h []byte) { le.PutUint32(h[at:], v) } }

func unicodeField(name string) string {
	b := le.AppendUint16(le.AppendUint16(nil, extraUnicode), uint16(5+len(name)))
	return string(b) + "\x01\x00\x00\x00\x00" + name
}

func wantRefusal(t *testing.T, err error, want Reason, why string) {
	t.Helper()
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("got error %v, want a refusal for %q (%s)", err, want, why)
	}
	if r.Reason != want {
		t.Errorf("refused for %q (%s), want %q (%s)", r.Reason, r, want, why)
	}
}

// shown is what a test keeps of an entry.
type shown struct {
	path, content, link string
	dir                 bool
}

func walkAll(in []byte, f Format, lim Limits) ([]shown, error) {
	var got []shown
	_, err := Walk(bytes.NewReader(in), int64(len(in)), f, lim, func(e Entry) error {
		got = append(got, shown{e.Path, string(e.Body), e.Link, e.Mode.IsDir()})
		return nil
	})
	return got, err
}

func TestHonestZips(t *testing.T) {
	x := store("a", "x")
	descriptor := "PK\x07\x08" + string(le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, crc32.ChecksumIEEE([]byte("x"))), 1), 1))
	for _, tc := range []struct {
		name string
		in   []byte
		why  string
	}{
		{"plain", zipOf(x), ""},
		{"deflated", zipOf(rawEntry{name: "a", body: "x", method: methodDeflate, flags: 2}), "with the level bits"},
		{"comment", rawZip{entries: []rawEntry{x}, comment: "hello"}.build(), "a comment is no second archive"},
		{"signature in content", zipOf(store("a", "x"), store("b", "PK\x05\x06PK\x03\x04PK\x01\x02")), "Django's wheel has such bytes by chance"},
		{"mode", zipOf(rawEntry{name: "a", body: "x", attr: 0o100755 << 16}), "executable"},
		{"folder", zipOf(rawEntry{name: "d/", attr: 0o040755 << 16}, x), ""},
		{"folder packed", zipOf(rawEntry{name: "d/", method: methodDeflate, packed: []byte("\x03\x00")}, x), "Python deflates empty folders so"},
		{"UTF-8", zipOf(rawEntry{name: "ä", body: "x", flags: flagUTF8}), "declared"},
		{"same name twice told", zipOf(rawEntry{name: "a", body: "x", cextra: unicodeField("a")}), "says the same"},
		{"descriptor", zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor, after: descriptor}), "sizes told twice"},
		{"descriptor, sizes later", zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor, after: descriptor, local: func(h []byte) { clear(h[14:26]) }}), "as streaming writers do"},
		{"descriptor without signature", zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor, after: descriptor[4:]}), "old writers"},
		{"zip64 repeated", zipOf(rawEntry{name: "a", body: "x", extra: zip64Field(1, 1)}), "Python's force_zip64"},
		{"zip64 in use", zipOf(rawEntry{name: "a", body: "x", extra: zip64Field(1, 1), cextra: zip64Field(1), local: func(h []byte) { put32(18, 0xffffffff)(h); put32(22, 0xffffffff)(h) }, central: put32(24, 0xffffffff)}), "resolved"},
		{"zip64 end in use", rawZip{entries: []rawEntry{x}, end64: same, end: saturated}.build(), "as large archives have it"},
		{"zip64 end repeated", rawZip{entries: []rawEntry{x}, end64: same}.build(), "some writers always write it"},
		{"extra padding", zipOf(rawEntry{name: "a", body: "x", extra: "\x00\x00"}), "zipalign"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := walkAll(tc.in, Zip, Limits{})
			if err != nil {
				t.Fatalf("refused: %v (%s)", err, tc.why)
			}
			found := false
			for _, e := range got {
				found = found || e.content == "x"
			}
			if !found {
				t.Errorf("the entry was not shown: %+v", got)
			}
		})
	}
}

func TestUnreadableZips(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []byte
	}{
		{"empty", nil},
		{"not a zip", []byte(strings.Repeat("not a zip ", 100))},
		{"checksum", zipOf(rawEntry{name: "a", body: "x", local: put32(14, 1), central: put32(16, 1)})},
		{"broken deflate", zipOf(rawEntry{name: "a", body: "xyz", method: methodDeflate, packed: []byte("\xff\xff\xff")})},
		{"short deflate", zipOf(rawEntry{name: "a", body: "xyz", method: methodDeflate, packed: deflated("x")})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := walkAll(tc.in, Zip, Limits{})
			if _, refused := errors.AsType[*Refusal](err); err == nil || refused {
				t.Errorf("got %v, want an error that is no refusal", err)
			}
		})
	}
}

// FuzzZip holds the walk to what archive/zip reads: whatever is let through,
// both see the same entries with the same content.
func FuzzZip(f *testing.F) {
	f.Add(zipOf(store("a", "x"), rawEntry{name: "b/c", body: "yyyyyy", method: methodDeflate}))
	f.Add(zipOf(rawEntry{name: "a", body: "x", extra: zip64Field(1, 1)}, store("d/", "")))
	f.Add(rawZip{entries: []rawEntry{store("a", "x")}, comment: "c"}.build())
	f.Add(rawZip{entries: []rawEntry{store("a", "x")}, end64: same, end: saturated}.build())
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := walkAll(in, Zip, Limits{Unpacked: 1 << 20, RatioFloor: 1 << 20})
		if err != nil {
			return
		}
		z, err := zip.NewReader(bytes.NewReader(in), int64(len(in)))
		if err != nil {
			t.Fatalf("let through what archive/zip cannot read: %v", err)
		}
		want := map[string]string{}
		for _, e := range z.File {
			r, err := e.Open()
			if err != nil {
				t.Fatalf("let through %q that archive/zip cannot open: %v", e.Name, err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatalf("let through %q that archive/zip cannot read: %v", e.Name, err)
			}
			want[strings.TrimSuffix(e.Name, "/")] = string(b)
		}
		compare(t, got, want)
	})
}

func compare(t *testing.T, got []shown, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("shows %d entries, the standard library %d", len(got), len(want))
	}
	for _, e := range got {
		if content, ok := want[e.path]; !ok || content != e.content {
			t.Fatalf("shows %q with %q, the standard library with %q (%t)", e.path, e.content, content, ok)
		}
	}
}

// storedLater is a stored entry whose sizes only its descriptor tells.
func storedLater(name, body string) rawEntry {
	sizes := le.AppendUint32(le.AppendUint32(nil, uint32(len(body))), uint32(len(body)))
	after := append(le.AppendUint32([]byte("PK\x07\x08"), crc32.ChecksumIEEE([]byte(body))), sizes...)
	return rawEntry{name: name, body: body, flags: flagDescriptor, after: string(after), local: func(h []byte) { clear(h[14:26]) }}
}
