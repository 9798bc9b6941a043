package archive

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// hostileLimits keep each row small; the defaults are larger and work the same.
// An archive that makes the walk do more than they allow fails its row.
var hostileLimits = Limits{RatioFloor: 1 << 20, Nested: UsualNested}

// mostAllocated is what walking one row may allocate, bytes.
const mostAllocated = 8 << 20

// TestHostileArchives is the table of archives that are refused: wherever two
// unpackers could come to different files, or a name leaves the root.
func TestHostileArchives(t *testing.T) {
	z := store("a", "content of a")
	a := rawTar{name: "p/a", body: "x"}
	symlink := func(name, target string) rawTar { return rawTar{name: name, link: target, kind: '2'} }
	for _, tc := range []struct {
		name   string
		format Format
		in     []byte
		want   Reason
		entry  string // that the refusal names, "" for the archive
		why    string
	}{
		{"zip: absolute", Zip, zipOf(store("/etc/passwd", "x")), BadName, "/etc/passwd", "some unpackers write there"},
		{"zip: dot dot", Zip, zipOf(store("a/../../b", "x")), BadName, "a/../../b", "leaves the root"},
		{"zip: dot dot alone", Zip, zipOf(store("..", "x")), BadName, "..", "leaves the root"},
		{"zip: dot", Zip, zipOf(store("a/./b", "x")), BadName, "a/./b", "another spelling of a/b"},
		{"zip: double slash", Zip, zipOf(store("a//b", "x")), BadName, "a//b", "another spelling of a/b"},
		{"zip: drive letter", Zip, zipOf(store("C:evil", "x")), BadName, "C:evil", "leaves the root on Windows"},
		{"zip: backslash", Zip, zipOf(store(`..\evil`, "x")), BadName, "..\\evil", "leaves the root on Windows"},
		{"zip: NUL", Zip, zipOf(store("a.py\x00.txt", "x")), BadName, "a.py\x00.txt", "C readers stop there"},
		{"zip: control character", Zip, zipOf(store("a\x1b[2J", "x")), BadName, "a\x1b[2J", "rewrites a terminal"},
		{"zip: not UTF-8", Zip, zipOf(rawEntry{name: "\xff\xfe", body: "x", flags: flagUTF8}), BadName, "\xff\xfe", "declared and untrue"},
		{"zip: undeclared encoding", Zip, zipOf(store("ä.py", "x")), BadName, "ä.py", "cp437 to some, UTF-8 to others"},
		{"zip: empty name", Zip, zipOf(store("", "x")), BadName, "", "nowhere to go"},
		{"zip: long name", Zip, zipOf(store(strings.Repeat("a", 1025), "x")), TooLarge, strings.Repeat("a", 1025), "over the limit"},
		{"zip: deep name", Zip, zipOf(store(strings.Repeat("a/", 64)+"a", "x")), TooLarge, strings.Repeat("a/", 64) + "a", "over the limit"},
		{"zip: duplicate", Zip, zipOf(z, z), Duplicate, "a", "first or last wins"},
		{"zip: duplicate folder", Zip, zipOf(store("d/", ""), store("d/", "")), Duplicate, "d", "exact repeats are never needed"},
		{"zip: file and folder", Zip, zipOf(store("d", "x"), store("d/", "")), Duplicate, "d", "one path, two kinds"},
		{"zip: file, then below it", Zip, zipOf(store("d", "x"), store("d/e", "x")), Duplicate, "d/e", "a file where a folder must be"},
		{"zip: below it, then file", Zip, zipOf(store("d/e", "x"), store("d", "x")), Duplicate, "d", "a file where a folder must be"},
		{"zip: symbolic link", Zip, zipOf(rawEntry{name: "l", body: "/etc", attr: 0o120777 << 16}), BadLink, "l", "Python writes text, others link"},
		{"zip: device", Zip, zipOf(rawEntry{name: "d", attr: 0o020600 << 16}), Special, "d", "no business in a package"},
		{"zip: folder by attribute only", Zip, zipOf(rawEntry{name: "d", attr: 0o040755 << 16}), Mismatch, "d", "name and attribute disagree"},
		{"zip: folder with content", Zip, zipOf(store("d/", "x")), Mismatch, "d/", "dropped by some"},
		{"zip: encrypted", Zip, zipOf(rawEntry{name: "a", body: "x", flags: flagEncrypted}), Encrypted, "a", "cannot be looked at"},
		{"zip: patch data flag", Zip, zipOf(rawEntry{name: "a", body: "x", flags: 1 << 5}), Unsupported, "a", "no reader agrees"},
		{"zip: unknown method", Zip, zipOf(rawEntry{name: "a", body: "x", method: 12}), Unsupported, "a", "bzip2 inside zip"},
		{"zip: stored with two sizes", Zip, zipOf(rawEntry{name: "a", body: "xx", packed: []byte("x")}), Mismatch, "a", "cannot be"},
		{"zip: local name", Zip, zipOf(rawEntry{name: "a", body: "x", local: func(h []byte) { h[lenLocal] = 'b' }}), Mismatch, "a", "a streaming reader sees b"},
		{"zip: local size", Zip, zipOf(rawEntry{name: "a", body: "x", local: put32(22, 7)}), Mismatch, "a", "a streaming reader sees 7 bytes"},
		{"zip: local packed size", Zip, zipOf(rawEntry{name: "a", body: "x", local: put32(18, 0)}), Mismatch, "a", "a streaming reader sees none"},
		{"zip: local method", Zip, zipOf(rawEntry{name: "a", body: "x", local: put16(8, methodDeflate)}), Mismatch, "a", "read differently"},
		{"zip: local flags", Zip, zipOf(rawEntry{name: "a", body: "x", local: put16(6, flagUTF8)}), Mismatch, "a", "read differently"},
		{"zip: local checksum", Zip, zipOf(rawEntry{name: "a", body: "x", local: put32(14, 1)}), Mismatch, "a", "fails in one reader only"},
		{"zip: local signature", Zip, zipOf(rawEntry{name: "a", body: "x", local: put32(0, 1)}), Mismatch, "a", "no entry there"},
		{"zip: local-only entry", Zip, zipOf(z, rawEntry{name: "evil", body: "x", hidden: true}), Hidden, "", "a streaming reader sees it"},
		{"zip: local-only entry first", Zip, zipOf(rawEntry{name: "evil", body: "x", hidden: true}, z), Hidden, "a", "a streaming reader sees it"},
		{"zip: overlap", Zip, zipOf(z, rawEntry{name: "a", body: "content of a", noLocal: true, central: func(h []byte) { h[lenCentral] = 'b' }}), Hidden, "a", "one content many times: a bomb without ratio"},
		{"zip: data before", Zip, rawZip{before: "#!/bin/sh\n", entries: []rawEntry{z}}.build(), Hidden, "a", "a script in front"},
		{"zip: data between", Zip, zipOf(rawEntry{name: "a", body: "x", after: "gap"}, store("b", "x")), Hidden, "b", "belongs to nobody"},
		{"zip: data before the directory", Zip, rawZip{entries: []rawEntry{z}, gap: "gap"}.build(), Hidden, "", "belongs to nobody"},
		{"zip: data in the directory", Zip, rawZip{entries: []rawEntry{z}, dir: strings.Repeat("x", lenCentral)}.build(), Hidden, "", "belongs to nobody"},
		{"zip: short data in the directory", Zip, rawZip{entries: []rawEntry{z}, dir: "xyz"}.build(), Hidden, "", "belongs to nobody"},
		{"zip: data after", Zip, rawZip{entries: []rawEntry{z}, after: "more"}.build(), Hidden, "", "after the end"},
		{"zip: two archives", Zip, append(zipOf(z), zipOf(store("b", "x"))...), Hidden, "", "the first is only data to some"},
		{"zip: two end records", Zip, rawZip{entries: []rawEntry{z}, comment: string(zipOf()[:lenEnd])}.build(), Hidden, "", "the comment is an archive"},
		{"zip: count too small", Zip, rawZip{entries: []rawEntry{z}, end: func(h []byte) { put16(8, 0)(h); put16(10, 0)(h) }}.build(), Mismatch, "", "counters and walkers differ"},
		{"zip: several disks", Zip, rawZip{entries: []rawEntry{z}, end: put16(4, 1)}.build(), Unsupported, "", "one part"},
		{"zip: directory offset", Zip, rawZip{entries: []rawEntry{z}, end: put32(16, 1)}.build(), Hidden, "", "two places for one directory"},
		{"zip: zip64 asked for", Zip, rawZip{entries: []rawEntry{z}, end: put32(16, 0xffffffff)}.build(), Mismatch, "", "no zip64 record"},
		{"zip: zip64 end differs", Zip, rawZip{entries: []rawEntry{z}, end64: put32(48, 7)}.build(), Mismatch, "", "two directories"},
		{"zip: zip64 end counts less", Zip, rawZip{entries: []rawEntry{z, store("b", "x")}, end64: func(h []byte) { put32(24, 1)(h); put32(32, 1)(h) }, end: saturated}.build(), Mismatch, "", "readers stop at one or read both"},
		{"zip: zip64 locator elsewhere", Zip, rawZip{entries: []rawEntry{z}, end64: put32(lenEnd64+8, 0), end: saturated}.build(), Mismatch, "", "some follow it, some look before it"},
		{"zip: zip64 record too long", Zip, rawZip{entries: []rawEntry{z}, end64: put32(4, 100), end: saturated}.build(), Mismatch, "", "room for something else"},
		{"zip: zip64 several disks", Zip, rawZip{entries: []rawEntry{z}, end64: put32(16, 1), end: saturated}.build(), Unsupported, "", "one part"},
		{"zip: zip64 directory far away", Zip, rawZip{entries: []rawEntry{z}, end64: put32(52, 0xffffffff), end: saturated}.build(), Mismatch, "", "beyond everything"},
		{"zip: zip64 size missing", Zip, zipOf(rawEntry{name: "a", body: "x", central: put32(24, 0xffffffff)}), Mismatch, "a", "the field says so, the extra is not there"},
		{"zip: zip64 conflict", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: zip64Field(9)}), Mismatch, "a", "32 and 64 bits differ"},
		{"zip: zip64 conflict local", Zip, zipOf(rawEntry{name: "a", body: "x", extra: zip64Field(9, 1)}), Mismatch, "a", "32 and 64 bits differ"},
		{"zip: zip64 short local", Zip, zipOf(rawEntry{name: "a", body: "x", extra: zip64Field(1)}), Mismatch, "a", "must have both"},
		{"zip: zip64 twice", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: zip64Field(1) + zip64Field(1)}), Mismatch, "a", "first or last"},
		{"zip: zip64 odd length", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: "\x01\x00\x03\x00abc"}), Mismatch, "a", "cannot be"},
		{"zip: extra too long", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: "\x99\x99\xff\x00abc"}), Mismatch, "a", "goes beyond"},
		{"zip: second name", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: unicodeField("evil")}), Mismatch, "a", "Info-ZIP and newer Pythons take the other"},
		{"zip: second name local", Zip, zipOf(rawEntry{name: "a", body: "x", extra: unicodeField("evil")}), Mismatch, "a", "a streaming reader takes the other"},
		{"zip: unpacks to more", Zip, zipOf(rawEntry{name: "a", body: "x", method: methodDeflate, packed: deflated("xy")}), Mismatch, "a", "lies about its size"},
		{"zip: bytes after deflate", Zip, zipOf(rawEntry{name: "a", body: "x", method: methodDeflate, packed: append(deflated("x"), "hidden"...)}), Hidden, "a", "nobody shows them"},
		{"zip: descriptor differs", Zip, zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor, after: "PK\x07\x08" + strings.Repeat("\x00", 12)}), Mismatch, "a", "a streaming reader believes it"},
		{"zip: descriptor missing", Zip, zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor}), Hidden, "a", "a streaming reader looks for it"},
		{"zip: beyond the directory", Zip, zipOf(rawEntry{name: "a", body: "x", local: put32(18, 9999), central: put32(20, 9999)}), Mismatch, "a", "stored, and two sizes"},
		{"zip: too many bytes", Zip, zipOf(rawEntry{name: "a", method: methodDeflate, local: put32(22, 1<<31), central: put32(24, 1<<31)}, rawEntry{name: "b", method: methodDeflate, central: put32(24, 1<<31)}, rawEntry{name: "c", body: "x"}), TooLarge, "", "over 4 GiB in all"},
		{"zip: bomb", Zip, zipOf(rawEntry{name: "a", method: methodDeflate, central: put32(24, 1<<30)}), Bomb, "", "a gigabyte out of a hundred bytes"},
		{"zip: metadata in two cases", Zip, zipOf(store("a-1.dist-info/METADATA", "x"), store("a-1.dist-info/metadata", "y")), Duplicate, "a-1.dist-info/metadata", "one file where case counts for nothing: which of them wins is chance"},
		{"zip: two dist-info folders in two cases", Zip, zipOf(store("A-1.dist-info/METADATA", "x"), store("a-1.dist-info/RECORD", "y")), Duplicate, "a-1.dist-info", "one folder or two"},
		{"zip: dist-info folder in two cases, told", Zip, zipOf(store("A-1.dist-info/", ""), store("a-1.dist-info/", "")), Duplicate, "a-1.dist-info", "one folder or two"},
		{"zip: egg-info in two cases", Zip, zipOf(store("a.egg-info/PKG-INFO", "x"), store("a.egg-info/pkg-info", "y")), Duplicate, "a.egg-info/pkg-info", "which one wins is chance"},
		{"zip: setup.py in two cases", Zip, zipOf(store("a-1/setup.py", "x"), store("a-1/Setup.py", "y")), Duplicate, "a-1/Setup.py", "which one is run is chance"},
		{"zip: pyproject in two cases", Zip, zipOf(store("a-1/pyproject.toml", "x"), store("a-1/PyProject.toml", "y")), Duplicate, "a-1/PyProject.toml", "which one is read is chance"},
		{"zip: go.mod in two cases", Zip, zipOf(store("m@v1/go.mod", "x"), store("m@v1/GO.MOD", "y")), Duplicate, "m@v1/GO.MOD", "which one is read is chance"},
		{"zip: manifest in two cases", Zip, zipOf(store("META-INF/MANIFEST.MF", "x"), store("META-INF/Manifest.mf", "y")), Duplicate, "META-INF/Manifest.mf", "Java does not mind the case"},
		{"zip: pth in two cases", Zip, zipOf(store("a.pth", "x"), store("A.pth", "y")), Duplicate, "A.pth", "which one is run is chance"},
		{"zip: long s", Zip, zipOf(rawEntry{name: "\u017fetup.py", body: "x", flags: flagUTF8}, store("setup.py", "y")), Duplicate, "setup.py", "an s in upper case"},
		{"zip: Unicode in two forms", Zip, zipOf(rawEntry{name: "caf\u00e9.py", body: "x", flags: flagUTF8}, rawEntry{name: "cafe\u0301.py", body: "y", flags: flagUTF8}), Duplicate, "café.py", "one name to macOS"},
		{"zip: Unicode in two forms, in a folder", Zip, zipOf(rawEntry{name: "\u00e9/x.py", body: "x", flags: flagUTF8}, rawEntry{name: "e\u0301/x.py", body: "y", flags: flagUTF8}), Duplicate, "é/x.py", "one name to macOS"},
		{"zip: dropped dot", Zip, zipOf(store("a.py", "x"), store("a.py.", "y")), Duplicate, "a.py.", "one name to Windows"},
		{"zip: dropped space", Zip, zipOf(store("a.py", "x"), store("a.py ", "y")), Duplicate, "a.py ", "one name to Windows"},
		{"zip: dropped dots in a folder", Zip, zipOf(store("d/a.py", "x"), store("d.../a.py", "y")), Duplicate, "d.../a.py", "one name to Windows"},
		{"zip: control character beyond ASCII", Zip, zipOf(rawEntry{name: "a\u0085b", body: "x", flags: flagUTF8}), BadName, "a\u0085b", "a line's end to some"},
		{"zip: UNC path", Zip, zipOf(store(`\\host\share`, "x")), BadName, "\\\\host\\share", "another machine"},
		{"zip: home", Zip, zipOf(store("../.ssh/authorized_keys", "x")), BadName, "../.ssh/authorized_keys", "leaves the root"},
		{"zip: only dots", Zip, zipOf(store("a/..", "x")), BadName, "a/..", "the folder above"},
		{"zip: folder named by DOS attribute", Zip, zipOf(rawEntry{name: "d", central: func(h []byte) { h[5] = 0; h[38] = 0x10 }}), Mismatch, "d", "libarchive makes a folder"},
		{"zip: symbolic link on DOS", Zip, zipOf(rawEntry{name: "l", body: "/etc", attr: 0o120777 << 16, central: func(h []byte) { h[5] = 0 }}), BadLink, "l", "Info-ZIP believes the upper half"},
		{"zip: symbolic link on NTFS", Zip, zipOf(rawEntry{name: "l", body: "/etc", attr: 0o120777 << 16, central: func(h []byte) { h[5] = 10 }}), BadLink, "l", "libarchive believes the upper half"},
		{"zip: symbolic link to inside", Zip, zipOf(rawEntry{name: "l", body: "a", attr: 0o120777 << 16}, store("a", "x")), BadLink, "l", "Python writes text, others link"},
		{"zip: fifo", Zip, zipOf(rawEntry{name: "p", attr: 0o010600 << 16}), Special, "p", "a reader waits for ever"},
		{"zip: socket", Zip, zipOf(rawEntry{name: "p", attr: 0o140600 << 16}), Special, "p", "no business in a package"},
		{"zip: strongly encrypted", Zip, zipOf(rawEntry{name: "a", body: "x", flags: flagEncrypted | 1<<6}), Encrypted, "a", "cannot be looked at"},
		{"zip: headers masked", Zip, zipOf(rawEntry{name: "a", body: "x", flags: 1 << 13}), Encrypted, "a", "the local header says nothing"},
		{"zip: encrypted in the local header only", Zip, zipOf(rawEntry{name: "a", body: "x", local: put16(6, flagEncrypted)}), Mismatch, "a", "a streaming reader asks for a password"},
		{"zip: LZMA", Zip, zipOf(rawEntry{name: "a", body: "x", method: 14}), Unsupported, "a", "Python reads it, many do not"},
		{"zip: deflate64", Zip, zipOf(rawEntry{name: "a", body: "x", method: 9}), Unsupported, "a", "Windows reads it, Python does not"},
		{"zip: zstd", Zip, zipOf(rawEntry{name: "a", body: "x", method: 93}), Unsupported, "a", "only the newest read it"},
		{"zip: AES", Zip, zipOf(rawEntry{name: "a", body: "x", method: 99}), Unsupported, "a", "cannot be looked at"},
		{"zip: descriptor inside", Zip, zipOf(rawEntry{name: "a", body: "PK\x07\x08" + strings.Repeat("\x00", 12), flags: flagDescriptor, local: func(h []byte) { clear(h[14:26]) }, after: "PK\x07\x08" + "\x00\x00\x00\x00"}), Mismatch, "a", "a streaming reader ends there"},
		{"zip: descriptor's signature in stored content", Zip, zipOf(storedLater("a", "xPK\x07\x08y")), Mismatch, "a", "a streaming reader ends there"},
		{"zip: descriptor of another size", Zip, zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor, after: strings.Repeat("\x00", 13)}), Hidden, "a", "no descriptor has 13 bytes"},
		{"zip: wide descriptor without zip64", Zip, zipOf(rawEntry{name: "a", body: "x", flags: flagDescriptor, after: strings.Repeat("\x00", 24)}), Hidden, "a", "streaming readers take 16 bytes"},
		{"zip: directory before its entries", Zip, rawZip{entries: []rawEntry{z}, end: put32(16, 0)}.build(), Hidden, "", "the directory must be last"},
		{"zip: directory too small", Zip, rawZip{entries: []rawEntry{z}, end: put32(12, 10)}.build(), Hidden, "", "ends before its end"},
		{"zip: comment too long", Zip, rawZip{entries: []rawEntry{z}, end: put16(20, 5)}.build(), Hidden, "", "some search on, some fail"},
		{"zip: offset beyond the directory", Zip, zipOf(rawEntry{name: "a", body: "x", central: put32(42, 0x00ffffff)}), Hidden, "a", "points nowhere"},
		{"zip: zip64 offset conflict", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: zip64Field(1, 1, 99)}), Mismatch, "a", "two places for one entry"},
		{"zip: short second name", Zip, zipOf(rawEntry{name: "a", body: "x", cextra: "\x75\x70\x01\x00\x01"}), Mismatch, "a", "read differently"},
		{"zip: name longer than the directory", Zip, zipOf(rawEntry{name: "a", body: "x", central: put16(28, 500)}), Mismatch, "", "goes beyond"},
		{"tgz: absolute", TarGz, tgz(rawTar{name: "/etc/passwd"}), BadName, "/etc/passwd", "some unpackers write there"},
		{"tgz: dot dot", TarGz, tgz(rawTar{name: "p/../../x"}), BadName, "p/../../x", "leaves the root"},
		{"tgz: dot dot after ./", TarGz, tgz(rawTar{name: "./../x"}), BadName, "../x", "leaves the root"},
		{"tgz: double slash", TarGz, tgz(rawTar{name: "p//x"}), BadName, "p//x", "another spelling"},
		{"tgz: backslash", TarGz, tgz(rawTar{name: `p\..\..\x`}), BadName, "p\\..\\..\\x", "leaves the root on Windows"},
		{"tgz: control character", TarGz, tgz(rawTar{name: "p/\r"}), BadName, "p/\r", "hides in a terminal"},
		{"tgz: not UTF-8", TarGz, tgz(rawTar{name: "p/\xff"}), BadName, "p/\xff", "spelled differently everywhere"},
		{"tgz: file with a slash", TarGz, tgz(rawTar{name: "p/"}), BadName, "p/", "a folder to some"},
		{"tgz: prefix climbs", TarGz, tgz(rawTar{name: "x", prefix: ".."}), BadName, "../x", "the name is in two fields"},
		{"tgz: prefix in GNU", TarGz, tgz(rawTar{name: "x", prefix: "evil", magic: "ustar  \x00"}), Mismatch, "x", "Python reads it, GNU tar does not"},
		{"tgz: symlink out", TarGz, tgz(symlink("p/l", "../../etc")), BadLink, "p/l", "leaves the root"},
		{"tgz: symlink absolute", TarGz, tgz(symlink("p/l", "/etc/passwd")), BadLink, "p/l", "leaves the root"},
		{"tgz: symlink drive", TarGz, tgz(symlink("p/l", "C:x")), BadLink, "p/l", "leaves the root"},
		{"tgz: symlink backslash", TarGz, tgz(symlink("p/l", `..\..\x`)), BadLink, "p/l", "leaves the root on Windows"},
		{"tgz: symlink through a link", TarGz, tgz(symlink("p/q/s", "../.."), symlink("p/e", "q/s/../x")), BadLink, "p/e", "climbs from where s points"},
		{"tgz: symlink to nothing", TarGz, tgz(symlink("p/l", "")), BadLink, "p/l", "cannot be"},
		{"tgz: write through a link", TarGz, tgz(symlink("p/l", "q"), rawTar{name: "p/l/x"}), BadLink, "p/l/x", "the oldest trick"},
		{"tgz: link over a folder", TarGz, tgz(rawTar{name: "p/l/x"}, symlink("p/l", "q")), Duplicate, "p/l", "the oldest trick backwards"},
		{"tgz: hard link out", TarGz, tgz(rawTar{name: "p/h", link: "/etc/passwd", kind: '1'}), BadLink, "p/h", "content from this machine"},
		{"tgz: hard link forward", TarGz, tgz(rawTar{name: "p/h", link: "p/a", kind: '1'}, a), BadLink, "p/h", "not there yet"},
		{"tgz: hard link to a symlink", TarGz, tgz(symlink("p/s", "a"), rawTar{name: "p/h", link: "p/s", kind: '1'}), BadLink, "p/h", "no file"},
		{"tgz: character device", TarGz, tgz(rawTar{name: "p/d", kind: '3'}), Special, "p/d", "a device"},
		{"tgz: block device", TarGz, tgz(rawTar{name: "p/d", kind: '4'}), Special, "p/d", "a device"},
		{"tgz: fifo", TarGz, tgz(rawTar{name: "p/d", kind: '6'}), Special, "p/d", "a reader waits for ever"},
		{"tgz: contiguous", TarGz, tgz(rawTar{name: "p/d", kind: '7'}), Special, "p/d", "skipped by some"},
		{"tgz: GNU sparse", TarGz, tgz(rawTar{name: "p/d", kind: 'S'}), Special, "p/d", "put together differently"},
		{"tgz: unknown kind", TarGz, tgz(rawTar{name: "p/d", kind: 'Z'}), Special, "p/d", "a file to some"},
		{"tgz: pax sparse", TarGz, tgz(pax(record("GNU.sparse.major", "1")), a), Special, "", "put together differently"},
		{"tgz: folder with content", TarGz, tgz(rawTar{name: "p/", kind: '5', body: "x"}), Mismatch, "p/", "the content is a header to some"},
		{"tgz: link with content", TarGz, tgz(rawTar{name: "p/l", kind: '2', link: "a", body: "x"}), Mismatch, "p/l", "the content is a header to some"},
		{"tgz: file with a target", TarGz, tgz(rawTar{name: "p/a", link: "b"}), Mismatch, "p/a", "two things at once"},
		{"tgz: duplicate", TarGz, tgz(a, a), Duplicate, "p/a", "first or last wins"},
		{"tgz: duplicate by ./", TarGz, tgz(a, rawTar{name: "./p/a"}), Duplicate, "p/a", "one path, two spellings"},
		{"tgz: below a file", TarGz, tgz(a, rawTar{name: "p/a/b"}), Duplicate, "p/a/b", "a file where a folder must be"},
		{"tgz: pax size", TarGz, tgz(pax(record("size", "0")), a), Mismatch, "p/a", "readers that ignore it take content for headers"},
		{"tgz: pax path climbs", TarGz, tgz(pax(record("path", "../x")), a), BadName, "../x", "leaves the root"},
		{"tgz: pax path with NUL", TarGz, tgz(pax(record("path", "p/a\x00b")), a), BadName, "p/a\x00b", "C readers stop there"},
		{"tgz: pax path empty", TarGz, tgz(pax(record("path", "")), a), BadName, "", "removes the name"},
		{"tgz: pax path twice", TarGz, tgz(pax(record("path", "p/b"), record("path", "p/c")), a), Mismatch, "", "first or last wins"},
		{"tgz: pax linkpath out", TarGz, tgz(pax(record("linkpath", "/etc")), symlink("p/l", "a")), BadLink, "p/l", "leaves the root"},
		{"tgz: pax twice", TarGz, tgz(pax(record("path", "p/b")), pax(record("path", "p/c")), a), Mismatch, "", "first, last or both"},
		{"tgz: pax and GNU", TarGz, tgz(pax(record("path", "p/b")), rawTar{kind: 'L', body: "p/c\x00"}, a), Mismatch, "p/a", "either wins"},
		{"tgz: GNU twice", TarGz, tgz(rawTar{kind: 'L', body: "p/b\x00"}, rawTar{kind: 'L', body: "p/c\x00"}, a), Mismatch, "p/c", "either wins"},
		{"tgz: GNU with NUL", TarGz, tgz(rawTar{kind: 'L', body: "p/b\x00c\x00"}, a), BadName, "p/b\x00c", "cut by some"},
		{"tgz: pax length lies", TarGz, tgz(rawTar{kind: 'x', body: "30 path=p/b\n"}, a), Mismatch, "", "read in two ways"},
		{"tgz: pax character set", TarGz, tgz(pax(record("hdrcharset", "BINARY")), a), Unsupported, "", "names spelled differently"},
		{"tgz: global path", TarGz, tgz(rawTar{kind: 'g', body: record("path", "p/b")}, a), Mismatch, "", "renames everything in some"},
		{"tgz: pax at the end", TarGz, tgz(a, pax(record("path", "p/b"))), Mismatch, "", "describes nothing"},
		{"tgz: huge extended header", TarGz, tgz(rawTar{kind: 'x', size: "00010000000\x00"}), TooLarge, "", "over a megabyte"},
		{"tgz: base-256 size", TarGz, tgz(rawTar{name: "p/a", size: "\x80" + strings.Repeat("\x00", 10) + "\x01", body: "x"}), Unsupported, "p/a", "only for giants"},
		{"tgz: data after the end", TarGz, gzipped(join(plainTar(a), plainTar(rawTar{name: "p/evil"}))), Hidden, "", "GNU tar -i and others read on"},
		{"tgz: data after one zero block", TarGz, gzipped(join(a.bytes(), make([]byte, block), rawTar{name: "p/evil"}.bytes())), Hidden, "", "some stop at one block"},
		{"tgz: data after gzip", TarGz, append(tgz(a), "more"...), Hidden, "", "nobody shows it"},
		{"tgz: data after padding", TarGz, append(tgz(a), "\x00\x00more"...), Hidden, "", "nobody shows it"},
		{"tgz: gzip after padding", TarGz, join(tgz(a), []byte{0}, gzipped([]byte("x"))), Hidden, "", "read by some"},
		{"tgz: second member with a tar", TarGz, join(tgz(a), tgz(rawTar{name: "p/evil"})), Hidden, "", "after the end mark"},
		{"tgz: bomb", TarGz, gzipped(join(rawTar{name: "p/a", size: "07777777777\x00"}.bytes(), make([]byte, 3<<20))), Bomb, "", "out of proportion"},
		{"tgz: member goes on", TarGz, join(gzipped(a.bytes()), gzipped(join(rawTar{name: "p/evil"}.bytes(), make([]byte, 2*block)))), Hidden, "", "uv and cargo stop after the first member"},
		{"tgz: entry cut by a member", TarGz, join(gzipped(a.bytes()[:block]), gzipped(join(a.bytes()[block:], make([]byte, 2*block)))), Hidden, "", "uv and cargo stop after the first member"},
		{"tgz: link and file in two cases", TarGz, tgz(symlink("p/L", "q"), rawTar{name: "p/l", body: "x"}), BadLink, "p/l", "written through the link where case counts for nothing"},
		{"tgz: folder and link in two cases", TarGz, tgz(symlink("p/L", "q"), rawTar{name: "p/l/x"}), BadLink, "p/l", "written through the link where case counts for nothing"},
		{"tgz: link and folder in two Unicode forms", TarGz, tgz(symlink("p/\u00e9", "q"), rawTar{name: "p/e\u0301/x"}), BadLink, "p/é", "written through the link on macOS"},
		{"tgz: folder over a link", TarGz, tgz(symlink("p/l", "q"), rawTar{name: "p/l/", kind: '5'}), Duplicate, "p/l", "one path, two kinds"},
		{"tgz: link twice", TarGz, tgz(symlink("p/l", "q"), symlink("p/l", "r")), Duplicate, "p/l", "first or last wins"},
		{"tgz: file and folder", TarGz, tgz(a, rawTar{name: "p/a/", kind: '5'}), Duplicate, "p/a", "one path, two kinds"},
		{"tgz: PKG-INFO in two cases", TarGz, tgz(rawTar{name: "p/PKG-INFO"}, rawTar{name: "p/pkg-info"}), Duplicate, "p/pkg-info", "which one wins is chance"},
		{"tgz: Cargo.toml in two cases", TarGz, tgz(rawTar{name: "p/Cargo.toml"}, rawTar{name: "p/cargo.toml"}), Duplicate, "p/cargo.toml", "which one wins is chance"},
		{"tgz: hard link to itself", TarGz, tgz(rawTar{name: "p/h", link: "p/h", kind: '1'}), BadLink, "p/h", "no content"},
		{"tgz: hard link to a folder", TarGz, tgz(rawTar{name: "p/", kind: '5'}, rawTar{name: "p/h", link: "p", kind: '1'}), BadLink, "p/h", "no file"},
		{"tgz: hard link climbing", TarGz, tgz(a, rawTar{name: "p/h", link: "p/../../a", kind: '1'}), BadLink, "p/h", "content from this machine"},
		{"tgz: symlink to the folder above the root", TarGz, tgz(symlink("l", "..")), BadLink, "l", "leaves the root"},
		{"tgz: symlink with a control character", TarGz, tgz(symlink("p/l", "a\x1b[2J")), BadLink, "p/l", "hides in a terminal"},
		{"tgz: symlink not UTF-8", TarGz, tgz(symlink("p/l", "\xff")), BadLink, "p/l", "spelled differently everywhere"},
		{"tgz: GNU long link out", TarGz, tgz(rawTar{kind: 'K', body: "../../etc\x00"}, symlink("p/l", "a")), BadLink, "p/l", "leaves the root"},
		{"tgz: GNU long name climbs", TarGz, tgz(rawTar{kind: 'L', body: "../x\x00"}, a), BadName, "../x", "leaves the root"},
		{"tgz: GNU long name empty", TarGz, tgz(rawTar{kind: 'L', body: "\x00"}, a), Mismatch, "", "removes the name in some"},
		{"tgz: pax linkpath with NUL", TarGz, tgz(pax(record("linkpath", "a\x00/../../x")), symlink("p/l", "a")), BadName, "a\x00/../../x", "C readers stop there"},
		{"tgz: pax size larger", TarGz, tgz(pax(record("size", "600")), a), Mismatch, "p/a", "readers that obey it take headers for content"},
		{"tgz: pax size negative", TarGz, tgz(pax(record("size", "-1")), a), Mismatch, "p/a", "some read backwards"},
		{"tgz: pax sparse name", TarGz, tgz(pax(record("GNU.sparse.name", "evil")), a), Special, "", "a third name"},
		{"tgz: pax sparse map for all", TarGz, tgz(rawTar{kind: 'g', body: record("GNU.sparse.map", "0,1")}, a), Special, "", "put together differently"},
		{"tgz: pax holes", TarGz, tgz(pax(record("SUN.holesdata", "0 1")), a), Special, "", "put together differently"},
		{"tgz: pax real size", TarGz, tgz(pax(record("SCHILY.realsize", "9")), a), Special, "", "put together differently"},
		{"tgz: pax without a key", TarGz, tgz(pax("6 =xx\n"), a), Mismatch, "", "read in two ways"},
		{"tgz: pax length with zeros", TarGz, tgz(rawTar{kind: 'x', body: "012 path=p/b\n"}, a), Mismatch, "", "octal to some"},
		{"tgz: pax without a line's end", TarGz, tgz(rawTar{kind: 'x', body: "11 path=p/b"}, a), Mismatch, "", "read in two ways"},
		{"tgz: global size", TarGz, tgz(rawTar{kind: 'g', body: record("size", "1")}, a), Mismatch, "", "the next header is content to some"},
		{"tgz: global linkpath", TarGz, tgz(rawTar{kind: 'g', body: record("linkpath", "a")}, a), Mismatch, "", "all files are links to some"},
		{"tgz: global character set", TarGz, tgz(rawTar{kind: 'g', body: record("hdrcharset", "BINARY")}, a), Unsupported, "", "names spelled differently"},
		{"tgz: long name at the end", TarGz, tgz(a, rawTar{kind: 'L', body: "p/b\x00"}), Mismatch, "", "describes nothing"},
		{"tgz: volume header", TarGz, tgz(rawTar{name: "v", kind: 'V'}), Special, "v", "a file to some"},
		{"tgz: part of several", TarGz, tgz(rawTar{name: "p/a", kind: 'M'}), Special, "p/a", "the rest is elsewhere"},
		{"tgz: dumped folder", TarGz, tgz(rawTar{name: "p/", kind: 'D'}), Special, "p/", "a folder with content"},
		{"tgz: Sun's extended header", TarGz, tgz(rawTar{name: "p/x", kind: 'X', body: record("path", "../x")}, a), Special, "p/x", "pax to some, a file to others"},
		{"tgz: size negative", TarGz, tgz(rawTar{name: "p/a", size: "-0000000001\x00"}), Unsupported, "p/a", "read backwards"},
		{"tgz: size with a hole", TarGz, tgz(rawTar{name: "p/a", size: "00000\x0000001\x00", body: "x"}), Unsupported, "p/a", "read to the first NUL by some"},
		{"tgz: dot inside", TarGz, tgz(rawTar{name: "p/./a"}), BadName, "p/./a", "another spelling of p/a"},
		{"tgz: only dots", TarGz, tgz(rawTar{name: "../"}), BadName, "../", "the folder above"},
		{"tgz: drive letter", TarGz, tgz(rawTar{name: "c:/x"}), BadName, "c:/x", "leaves the root on Windows"},
		{"npm: two roots, one manifest", Tgz, tgz(rawTar{name: "package/package.json", body: "x"}, rawTar{name: "other/package.json", body: "y"}), Duplicate, "other/package.json", "npm drops the first folder whatever it is"},
		{"npm: two roots, one file", Tgz, tgz(rawTar{name: "package/a.js", body: "x"}, rawTar{name: "q/a.js", body: "y"}), Duplicate, "q/a.js", "npm drops the first folder whatever it is"},
		{"npm: two roots, manifest in two cases", Tgz, tgz(rawTar{name: "package/package.json", body: "x"}, rawTar{name: "q/Package.json", body: "y"}), Duplicate, "q/Package.json", "which one wins is chance"},
		{"tar: climbs", Tar, plainTar(rawTar{name: "../x"}), BadName, "../x", "leaves the root"},
		{"tar: data after the end", Tar, join(plainTar(a), []byte("more")), Hidden, "", "GNU tar -i reads on"},
		{"tar: link out", Tar, plainTar(symlink("l", "/etc")), BadLink, "l", "leaves the root"},
		{"gem: payload climbs", Gem, plainTar(rawTar{name: "data.tar.gz", body: string(tgz(rawTar{name: "../x"}))}), BadName, "data.tar.gz!../x", "what a gem installs is inside"},
		{"gem: payload in two members", Gem, plainTar(rawTar{name: "data.tar.gz", body: string(join(gzipped(a.bytes()), gzipped(plainTar(rawTar{name: "p/evil"}))))}), Hidden, "data.tar.gz", "what a gem installs is inside"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := walkBounded(t, tc.in, tc.format, hostileLimits)
			wantRefusal(t, err, tc.want, tc.why)
			if r, ok := errors.AsType[*Refusal](err); ok && r.Entry != tc.entry {
				t.Errorf("names %q, want %q: %v", r.Entry, tc.entry, err)
			}
		})
	}
}

// walkBounded walks and fails the test when that took too much memory.
func walkBounded(t *testing.T, in []byte, f Format, lim Limits) (Stats, error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stats, err := Walk(bytes.NewReader(in), int64(len(in)), f, lim, func(Entry) error { return nil })
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > mostAllocated {
		t.Errorf("walking %d bytes allocated %d, want at most %d", len(in), allocated, mostAllocated)
	}
	return stats, err
}

// TestHostileArchivesInside is the table of archives inside an honest one that
// are not seen to their end: the outermost is not refused, and what was not seen
// is told with the archive, the entry at fault and the reason.
func TestHostileArchivesInside(t *testing.T) {
	a := store("a", "content of a")
	within := func(name string, inner []byte) []byte {
		return zipOf(store(name, string(inner)), store("z", "after it"))
	}
	deep := zipOf(store("payload.py", "x"))
	for range UsualNested + 1 {
		deep = zipOf(store("in.zip", string(deep)))
	}
	for _, tc := range []struct {
		name  string
		in    []byte
		lim   Limits
		want  Reason
		entry string // Unseen.Entry
		why   string
	}{
		{"zip climbs", within("d.zip", zipOf(store("../x", "x"))), Limits{}, BadName, "d.zip!../x", "what unpacks it may write there"},
		{"zip absolute", within("d.zip", zipOf(store("/etc/x", "x"))), Limits{}, BadName, "d.zip!/etc/x", "what unpacks it may write there"},
		{"zip backslash", within("d.zip", zipOf(store(`..\x`, "x"))), Limits{}, BadName, `d.zip!..\x`, "what unpacks it may write there"},
		{"zip duplicate", within("d.zip", zipOf(a, a)), Limits{}, Duplicate, "d.zip!a", "the second may never be looked at"},
		{"zip local mismatch", within("d.zip", zipOf(rawEntry{name: "a", body: "x", local: func(h []byte) { h[lenLocal] = 'b' }})), Limits{}, Mismatch, "d.zip!a", "streaming readers see b"},
		{"zip local-only entry", within("d.zip", zipOf(a, rawEntry{name: "evil", body: "x", hidden: true})), Limits{}, Hidden, "d.zip", "streaming readers see it"},
		{"zip overlap", within("d.zip", zipOf(a, rawEntry{name: "a", body: "content of a", noLocal: true, central: func(h []byte) { h[lenCentral] = 'b' }})), Limits{}, Hidden, "d.zip!a", "one content many times"},
		{"zip two archives", within("d.zip", append(zipOf(a), zipOf(store("b", "x"))...)), Limits{}, Hidden, "d.zip", "which one is read?"},
		{"zip data after", within("d.zip", append(zipOf(a), "more"...)), Limits{}, Hidden, "d.zip", "something else as well"},
		{"zip encrypted", within("d.zip", zipOf(rawEntry{name: "a", body: "x", flags: flagEncrypted})), Limits{}, Encrypted, "d.zip!a", "cannot be looked at"},
		{"zip LZMA", within("d.zip", zipOf(rawEntry{name: "a", body: "x", method: 14})), Limits{}, Unsupported, "d.zip!a", "Python would unpack it"},
		{"zip symbolic link", within("d.zip", zipOf(rawEntry{name: "l", body: "/etc", attr: 0o120777 << 16})), Limits{}, BadLink, "d.zip!l", "some follow it"},
		{"zip device", within("d.zip", zipOf(rawEntry{name: "d", attr: 0o020600 << 16})), Limits{}, Special, "d.zip!d", "no business there"},
		{"zip second name", within("d.zip", zipOf(rawEntry{name: "a", body: "x", cextra: unicodeField("evil")})), Limits{}, Mismatch, "d.zip!a", "two names"},
		{"zip cut", within("d.zip", zipOf(a)[:40]), Limits{}, Unreadable, "d.zip", "a test's fixture, or hidden from us"},
		{"zip checksum", within("d.zip", zipOf(rawEntry{name: "a", body: "x", local: put32(14, 1), central: put32(16, 1)})), Limits{}, Unreadable, "d.zip", "others may not mind"},
		{"zip broken deflate", within("d.zip", zipOf(rawEntry{name: "a", body: "xyz", method: methodDeflate, packed: []byte("\xff\xff\xff")})), Limits{}, Unreadable, "d.zip", "others read up to there"},
		{"whatever it is called", within("logo.png", zipOf(store("../x", "x"))), Limits{}, BadName, "logo.png!../x", "bytes say what it is"},
		{"behind a picture", within("logo.png", append([]byte("\x89PNG\r\n\x1a\n picture "), zipOf(store("../x", "x"))...)), Limits{}, BadName, "logo.png!../x", "zips are read from their end"},
		{"behind a script", within("run", append([]byte("#!/usr/bin/env python3\n"), zipOf(a, a)...)), Limits{}, Duplicate, "run!a", "a zipapp runs"},
		{"behind a 7z", within("d.7z", append([]byte("7z\xbc\xaf\x27\x1c"), zipOf(store("../x", "x"))...)), Limits{}, BadName, "d.7z!../x", "not read as the one, but as the other"},
		{"behind a tar", within("d.tar", append(plainTar(rawTar{name: "a"}), zipOf(store("b", "x"))...)), Limits{}, Hidden, "d.tar", "two archives in one"},
		{"behind gzip", within("d.gz", append(gzipped([]byte("x")), zipOf(store("b", "x"))...)), Limits{}, Hidden, "d.gz", "two archives in one"},
		{"behind a picture, encrypted", within("logo.png", append([]byte("\x89PNG\r\n\x1a\n picture "), zipOf(rawEntry{name: "a", body: "x", flags: flagEncrypted})...)), Limits{}, Encrypted, "logo.png!a", "hidden twice"},
		{"tar climbs", within("d.tar", plainTar(rawTar{name: "../x"})), Limits{}, BadName, "d.tar!../x", "what unpacks it may write there"},
		{"tar device", within("d.tar", plainTar(rawTar{name: "d", kind: '3'})), Limits{}, Special, "d.tar!d", "no business there"},
		{"tar link out", within("d.tar", plainTar(rawTar{name: "l", link: "/etc", kind: '2'})), Limits{}, BadLink, "d.tar!l", "the oldest trick"},
		{"tar hard link out", within("d.tar", plainTar(rawTar{name: "h", link: "/etc/passwd", kind: '1'})), Limits{}, BadLink, "d.tar!h", "content from this machine"},
		{"tar sparse", within("d.tar", plainTar(rawTar{name: "d", kind: 'S'})), Limits{}, Special, "d.tar!d", "put together differently"},
		{"tar pax size", within("d.tar", plainTar(pax(record("size", "0")), rawTar{name: "a", body: "x"})), Limits{}, Mismatch, "d.tar!a", "content or header"},
		{"tar data after the end", within("d.tar", join(plainTar(rawTar{name: "a"}), plainTar(rawTar{name: "evil"}))), Limits{}, Hidden, "d.tar", "some read on"},
		{"tar cut", within("d.tar", rawTar{name: "a", body: strings.Repeat("x", 600)}.bytes()[:800]), Limits{}, Unreadable, "d.tar", "a test's fixture, or hidden from us"},
		{"tgz climbs", within("d.tgz", tgz(rawTar{name: "../x"})), Limits{}, BadName, "d.tgz!../x", "what unpacks it may write there"},
		{"tgz by another name", within("model.bin", tgz(rawTar{name: "../x"})), Limits{}, BadName, "model.bin!../x", "bytes say what it is"},
		{"gzip cut", within("d.gz", gzipped([]byte("text"))[:14]), Limits{}, Unreadable, "d.gz", "a test's fixture, or hidden from us"},
		{"gzip checksum", within("d.gz", append(gzipped([]byte("text"))[:24], make([]byte, 8)...)), Limits{}, Unreadable, "d.gz", "others may not mind"},
		{"gzip and more", within("d.gz", append(gzipped([]byte("text")), "more"...)), Limits{}, Hidden, "d.gz", "something else as well"},
		{"bzip2 broken", within("d.bz2", []byte("BZh91AY&SY this is none")), Limits{}, Unreadable, "d.bz2", "a test's fixture, or hidden from us"},
		{"xz", within("d.xz", []byte("\xfd7zXZ\x00 and so on")), Limits{}, Unread, "d.xz", "not read here, and told"},
		{"zstd", within("d.zst", []byte("\x28\xb5\x2f\xfd and so on")), Limits{}, Unread, "d.zst", "not read here, and told"},
		{"7z", within("d.7z", []byte("7z\xbc\xaf\x27\x1c and so on")), Limits{}, Unread, "d.7z", "not read here, and told"},
		{"rar", within("d.rar", []byte("Rar!\x1a\x07\x00 and so on")), Limits{}, Unread, "d.rar", "not read here, and told"},
		{"zip in gzip", within("d.gz", gzipped(zipOf(store("../x", "x")))), Limits{}, BadName, "d.gz!d!../x", "told at its depth"},
		{"zip in tar in zip", within("d.tar", plainTar(rawTar{name: "e.zip", body: string(zipOf(a, a))})), Limits{}, Duplicate, "d.tar!e.zip!a", "told at its depth"},
		{"xz in tgz", within("d.tgz", tgz(rawTar{name: "e.xz", body: "\xfd7zXZ\x00 and so on"})), Limits{}, Unread, "d.tgz!e.xz", "told at its depth"},
		{"too deep", deep, Limits{}, TooDeep, "in.zip!in.zip!in.zip!in.zip", "told, not opened"},
		{"too large to keep", within("d.zip", zipOf(store("a", strings.Repeat("x", 5000)))), Limits{Body: 4000}, TooLarge, "d.zip", "told, not opened"},
		{"too large to keep, behind a script", within("d", append([]byte(strings.Repeat("#", 5000)), zipOf(a)...)), Limits{Body: 4000}, TooLarge, "d", "told by its last bytes"},
		{"xz too large to keep", within("d.xz", []byte("\xfd7zXZ\x00"+strings.Repeat("x", 5000))), Limits{Body: 4000}, Unread, "d.xz", "told"},
		{"no room left", within("d.zip", zipOf(store("e.zip", string(zipOf(store("a", strings.Repeat("x", 3000))))))), Limits{Body: 4000, Head: 1000, Held: 4000}, TooLarge, "d.zip", "the archives around it take it"},
		{"bomb", within("d.gz", gzipped(make([]byte, 3<<20))), Limits{}, Bomb, "d.gz", "given up, and the outer archive goes on"},
		{"bomb in zip", within("d.zip", zipOf(rawEntry{name: "a", method: methodDeflate, central: put32(24, 1<<30)})), Limits{}, Bomb, "d.zip", "given up before it is unpacked"},
		{"bombs add up", within("d.zip", zipOf(store("e.gz", string(gzipped(make([]byte, 700<<10)))), store("f.gz", string(gzipped(make([]byte, 700<<10)))))), Limits{}, Bomb, "d.zip!f.gz", "one budget for all of them"},
		{"too many entries", within("d.zip", zipOf(store("a", ""), store("b", ""), store("c", ""))), Limits{Entries: 2}, TooLarge, "d.zip", "one budget for all of them"},
		{"a body that fills it all", within("d.gz", gzipped([]byte("\xfd7zXZ\x00"+strings.Repeat("x", 5000)))), Limits{Body: 4000}, Unread, "d.gz!d", "read past, and told"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lim := tc.lim
			lim.RatioFloor, lim.Nested = 1<<20, UsualNested
			stats, err := walkBounded(t, tc.in, Zip, lim)
			if err != nil {
				t.Fatalf("the outer archive: %v (%s)", err, tc.why)
			}
			if len(stats.Unseen) != 1 || stats.Unseen[0].Reason != tc.want || stats.Unseen[0].Entry != tc.entry {
				t.Fatalf("unseen %+v, want %s of %q (%s)", stats.Unseen, tc.want, tc.entry, tc.why)
			}
			if u := stats.Unseen[0]; !strings.HasPrefix(u.Entry, u.Archive) || u.Text == "" {
				t.Errorf("entry %q is not of archive %q, or nothing is said of it: %q", u.Entry, u.Archive, u.Text)
			}
		})
	}
}

// TestArchivesInsideAreShown is the table of honest ones, odd as some are: what
// lies in them is shown with its whole path, and nothing is told of.
func TestArchivesInsideAreShown(t *testing.T) {
	x := store("a", "x")
	inner := zipOf(x)
	bz2 := unbase64(t, bzipped)
	count := func(n int) []byte {
		out := inner
		for range n {
			out = zipOf(store("in.zip", string(out)))
		}
		return out
	}
	for _, tc := range []struct {
		name   string
		format Format
		in     []byte
		lim    Limits
		path   string // of the entry with content x
		inside string
		why    string
	}{
		{"wheel in wheel", Zip, zipOf(store("v/pip-1-py3-none-any.whl", string(inner))), Limits{}, "v/pip-1-py3-none-any.whl!a", "v/pip-1-py3-none-any.whl", "virtualenv has them"},
		{"zip by another name", Zip, zipOf(store("v/data", string(inner))), Limits{}, "v/data!a", "v/data", "bytes say what it is"},
		{"zip packed", Zip, zipOf(rawEntry{name: "d.zip", body: string(inner), method: methodDeflate}), Limits{}, "d.zip!a", "d.zip", ""},
		{"zipapp", Zip, zipOf(store("run", "#!/usr/bin/env python3\n"+string(inner))), Limits{}, "run!a", "run", "Python runs it"},
		{"zipapp that counts from its start", Zip, zipOf(store("run", string(rawZip{before: "#!/usr/bin/env python3\n", entries: []rawEntry{x}}.build()))), Limits{}, "run!a", "run", "Python runs it"},
		{"behind a program, zip64", Zip, zipOf(store("run", "MZ program "+string(rawZip{entries: []rawEntry{x}, end64: same, end: saturated}.build()))), Limits{}, "run!a", "run", "an installer"},
		{"behind a picture, and more after it", Zip, zipOf(store("i", "GIF89a "+string(inner)+"\x00\x00")), Limits{}, "i!a", "i", "Python opens it"},
		{"name of unknown encoding", Zip, zipOf(store("d.zip", string(zipOf(store("\xb0\xa1", "x"))))), Limits{}, "d.zip!\u00b0\u00a1", "d.zip", "many old zips have them"},
		{"folder twice", Zip, zipOf(store("d.jar", string(zipOf(store("m/", ""), store("m/", ""), x)))), Limits{}, "d.jar!a", "d.jar", "jars have them"},
		{"tar in zip", Zip, zipOf(store("d.tar", string(plainTar(rawTar{name: "p/a", body: "x"})))), Limits{}, "d.tar!p/a", "d.tar", ""},
		{"tgz in zip", Zip, zipOf(store("d.tgz", string(tgz(rawTar{name: "p/a", body: "x"})))), Limits{}, "d.tgz!p/a", "d.tgz", ""},
		{"tgz in members", Zip, zipOf(store("d.tgz", string(join(gzipped(rawTar{name: "p/a", body: "x"}.bytes()), gzipped(plainTar(rawTar{name: "p/b"})))))), Limits{}, "d.tgz!p/a", "d.tgz", "bgzip packs so"},
		{"npm's names in a tgz inside", Zip, zipOf(store("d.tgz", string(tgz(rawTar{name: "p/a", body: "x"}, rawTar{name: "q/a", body: "y"})))), Limits{}, "d.tgz!p/a", "d.tgz", "npm does not install it"},
		{"tar.bz2 in zip", Zip, zipOf(store("d", string(bz2))), Limits{}, "d!p/a", "d", ""},
		{"lone gzip", Zip, zipOf(store("data/d.json.gz", string(gzipped([]byte("x"))))), Limits{}, "data/d.json.gz!d.json", "data/d.json.gz", "botocore has hundreds"},
		{"lone gzip without an ending", Zip, zipOf(store("data/d", string(gzipped([]byte("x"))))), Limits{}, "data/d!content", "data/d", ""},
		{"zip in gzip", Zip, zipOf(store("d.zip.gz", string(gzipped(inner)))), Limits{}, "d.zip.gz!d.zip!a", "d.zip.gz!d.zip", ""},
		{"three deep", Zip, count(UsualNested), Limits{}, "in.zip!in.zip!in.zip!a", "in.zip!in.zip!in.zip", "the last that is opened"},
		{"zip in tgz", TarGz, tgz(rawTar{name: "p/d.zip", body: string(inner)}), Limits{}, "p/d.zip!a", "p/d.zip", ""},
		{"zip in tar", Tar, plainTar(rawTar{name: "p/d.zip", body: string(inner)}), Limits{}, "p/d.zip!a", "p/d.zip", ""},
		{"gem", Gem, plainTar(rawTar{name: "metadata.gz", body: string(gzipped([]byte("--- !ruby")))}, rawTar{name: "data.tar.gz", body: string(tgz(rawTar{name: "lib/a.rb", body: "x"}))}), Limits{}, "data.tar.gz!lib/a.rb", "data.tar.gz", "what a gem installs"},
		{"tgz larger than is kept", Zip, zipOf(store("d.tgz", string(tgz(rawTar{name: "p/a", body: "x"}, rawTar{name: "p/b", body: noise(5000)})))), Limits{Body: 4000, Head: 1000}, "d.tgz!p/a", "d.tgz", "read as a stream"},
		{"tar larger than is kept", Zip, zipOf(store("d.tar", string(plainTar(rawTar{name: "p/a", body: "x"}, rawTar{name: "p/b", body: noise(5000)})))), Limits{Body: 4000, Head: 1000}, "d.tar!p/a", "d.tar", "read as a stream"},
		{"empty zip beside", Zip, zipOf(store("e.zip", string(rawZip{}.build())), store("d.zip", string(inner))), Limits{}, "d.zip!a", "d.zip", "nothing in it"},
		{"signatures that are none", Zip, zipOf(store("t", "PK\x05\x06 is how a zip ends, and PK\x01\x02 begins an entry"), store("u", "BZh9 is no bzip2"), store("d.zip", string(inner))), Limits{}, "d.zip!a", "d.zip", "bytes by chance"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lim := tc.lim
			lim.Nested = UsualNested
			found := false
			stats, err := Walk(bytes.NewReader(tc.in), int64(len(tc.in)), tc.format, lim, func(e Entry) error {
				if found = found || e.Path == tc.path; e.Path == tc.path && (string(e.Body) != "x" || e.Inside != tc.inside) {
					t.Errorf("%q inside %q holds %q, want x inside %q", e.Path, e.Inside, e.Body, tc.inside)
				}
				return nil
			})
			if err != nil || len(stats.Unseen) != 0 || !found {
				t.Errorf("shown %t, %v, unseen %+v (%s)", found, err, stats.Unseen, tc.why)
			}
		})
	}
}

// noise is text that does not pack.
func noise(n int) string {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func TestWithoutNestedNothingInsideIsOpened(t *testing.T) {
	in := zipOf(store("d.zip", string(zipOf(store("../x", "x")))), store("e.xz", "\xfd7zXZ\x00 and so on"))
	stats, err := Walk(bytes.NewReader(in), int64(len(in)), Zip, Limits{}, func(Entry) error { return nil })
	if err != nil || stats.Entries != 2 || len(stats.Unseen) != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// TestDigestOfWhatIsReadAsAStream: whoever looks inside takes nothing from it.
func TestDigestOfWhatIsReadAsAStream(t *testing.T) {
	for _, tc := range []struct {
		name  string
		inner []byte
	}{
		{"honest", tgz(rawTar{name: "a", body: noise(5000)})},
		{"given up early", tgz(rawTar{name: "../a", body: noise(5000)})},
		{"broken", append(gzipped([]byte("x")), noise(5000)...)},
	} {
		in, seen := zipOf(store("d", string(tc.inner))), false
		_, err := Walk(bytes.NewReader(in), int64(len(in)), Zip, Limits{Body: 4000, Head: 1000, Nested: 1}, func(e Entry) error {
			if e.Inside == "" {
				seen = e.SHA256 == artifact.DigestOf(tc.inner) && e.Size == int64(len(tc.inner)) && e.Body == nil
			}
			return nil
		})
		if err != nil || !seen {
			t.Errorf("%s: whole %t, %v", tc.name, seen, err)
		}
	}
}

func TestErrorOfTheCallbackInsideComesBack(t *testing.T) {
	in := zipOf(store("d.zip", string(zipOf(store("a", "x")))), store("e.gz", string(gzipped([]byte("x")))))
	for _, at := range []string{"d.zip!a", "e.gz!e"} {
		_, err := Walk(bytes.NewReader(in), int64(len(in)), Zip, Limits{Nested: 1}, func(e Entry) error {
			if e.Path == at {
				return io.ErrClosedPipe
			}
			return nil
		})
		if err != io.ErrClosedPipe {
			t.Errorf("%s: got %v", at, err)
		}
	}
}

// TestManyUnseen: unread formats are counted beyond a number, others refuse.
func TestManyUnseen(t *testing.T) {
	many := func(content string) []byte {
		var entries []rawEntry
		for i := range mostUnseen + 5 {
			entries = append(entries, store(strconv.Itoa(i), content))
		}
		return zipOf(entries...)
	}
	in := many("\xfd7zXZ\x00")
	stats, err := Walk(bytes.NewReader(in), int64(len(in)), Zip, Limits{Nested: 1}, func(Entry) error { return nil })
	if err != nil || len(stats.Unseen) != mostUnseen || stats.MoreUnseen != 5 {
		t.Errorf("%d unseen and %d more, %v", len(stats.Unseen), stats.MoreUnseen, err)
	}
	in = many(string(zipOf(rawEntry{name: "a", body: "x", flags: flagEncrypted})))
	_, err = Walk(bytes.NewReader(in), int64(len(in)), Zip, Limits{Nested: 1}, func(Entry) error { return nil })
	wantRefusal(t, err, TooLarge, "somebody hides something")
}

// FuzzNested holds the walk of archives inside to three things: it ends within
// its limits, it never refuses the outermost archive for what lies in it, and the
// entry itself is shown whole.
func FuzzNested(f *testing.F) {
	f.Add(zipOf(store("a", "x"), rawEntry{name: "b/c", body: "yyyyyy", method: methodDeflate}))
	f.Add(append([]byte("#!/bin/sh\n"), zipOf(store("a", "x"))...))
	f.Add(rawZip{before: "#!/bin/sh\n", entries: []rawEntry{store("a", "x")}}.build())
	f.Add(plainTar(rawTar{name: "p/a", body: "x"}, rawTar{name: "p/l", link: "/etc", kind: '2'}))
	f.Add(tgz(rawTar{name: "p/d.zip", body: string(zipOf(store("a", "x")))}))
	f.Add(gzipped(gzipped(zipOf(store("a", "x")))))
	f.Fuzz(func(t *testing.T, inner []byte) {
		in := plainTar(rawTar{name: "p/d", body: string(inner)}, rawTar{name: "p/z", body: "after"})
		var whole, after bool
		lim := Limits{Nested: 2, Body: 1 << 16, Held: 1 << 17, Head: 1 << 10, Unpacked: 1 << 22, RatioFloor: 1 << 20}
		stats, err := Walk(bytes.NewReader(in), int64(len(in)), Tar, lim, func(e Entry) error {
			whole = whole || e.Path == "p/d" && e.SHA256 == artifact.DigestOf(inner)
			after = after || e.Path == "p/z" && string(e.Body) == "after"
			if len(e.Body) > lim.Body || len(e.Head) > lim.Head || (e.Inside != "") != strings.Contains(e.Path, "!") {
				t.Fatalf("%q inside %q with a body of %d bytes", e.Path, e.Inside, len(e.Body))
			}
			return nil
		})
		if err != nil || !whole || !after {
			t.Fatalf("%v, the archive was shown whole: %t, what comes after it: %t", err, whole, after)
		}
		if stats.Unpacked > 2*lim.Unpacked {
			t.Fatalf("unpacked %d bytes", stats.Unpacked)
		}
	})
}
