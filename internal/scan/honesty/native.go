package honesty

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// nativeKind tells native code by its first bytes; "" for everything else.
func nativeKind(head []byte) string {
	if len(head) < 8 {
		return ""
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return "ELF"
	case bytes.HasPrefix(head, []byte("\x00asm")):
		return "WebAssembly"
	case bytes.HasPrefix(head, []byte("MZ")) && isPE(head):
		return "PE"
	}
	switch binary.BigEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe:
		return "Mach-O"
	case 0xcafebabe, 0xcafebabf, 0xbebafeca, 0xbfbafeca:
		// A Java class begins with the same bytes; its version is 45 and above,
		// while nobody puts so many architectures into one file.
		if n := binary.BigEndian.Uint32(head[4:]); n < 45 || binary.LittleEndian.Uint32(head[4:]) < 45 {
			return "Mach-O"
		}
	}
	return ""
}

// isPE follows the DOS header to the PE signature. One that lies beyond the
// head counts as PE: the two letters MZ begin few other files, and padding must
// not hide one.
func isPE(head []byte) bool {
	if len(head) < 0x40 {
		return false
	}
	at := uint64(binary.LittleEndian.Uint32(head[0x3c:]))
	if at+4 > uint64(len(head)) {
		return at < 1<<28 && len(head) >= 1<<10
	}
	return string(head[at:at+4]) == "PE\x00\x00"
}

// checkNative reports native code where the kind of archive promises none.
func (p *pass) checkNative(e scan.Entry) {
	kind := nativeKind(e.Head)
	if kind == "" || knownLauncher[e.SHA256] {
		return
	}
	switch {
	case p.promise.Kind == artifact.Sdist:
		p.add(RuleNativeInSdist, finding.Honesty, finding.Medium, e.Path, "%s is native code (%s) in a source distribution", safe(e.Path), kind)
	case p.promise.Pure():
		p.add(RuleNativeInPure, finding.Honesty, nativeSeverity(kind), e.Path, "%s is native code (%s) in a wheel that promises to run anywhere", safe(e.Path), kind)
	}
}

// nativeSeverity: launchers for Windows and WebAssembly for browsers are the two
// kinds that honest pure wheels carry.
func nativeSeverity(kind string) finding.Severity {
	if kind == "PE" || kind == "WebAssembly" {
		return finding.Medium
	}
	return finding.High
}

var cached = lazy.Regexp(`^(.+?)\.[A-Za-z0-9_-]+(?:\.opt-[A-Za-z0-9]+)?\.pyc$`)

// sourceOf gives the path of the source that a .pyc file was made from.
func sourceOf(pyc string) string {
	dir, name := "", pyc
	if i := strings.LastIndexByte(pyc, '/'); i >= 0 {
		dir, name = pyc[:i+1], pyc[i+1:]
	}
	if folder, ok := strings.CutSuffix(dir, "__pycache__/"); ok {
		if m := cached().FindStringSubmatch(name); m != nil {
			return folder + m[1] + ".py"
		}
	}
	return dir + strings.TrimSuffix(name, ".pyc") + ".py"
}

// checkBytecode reports compiled Python whose source is not beside it: nobody
// can read what it does.
func (p *pass) checkBytecode() {
	for path := range p.entries {
		if !strings.HasSuffix(path, ".pyc") {
			continue
		}
		if _, ok := p.entries[sourceOf(path)]; !ok {
			p.add(RuleBytecode, finding.Honesty, finding.Medium, path, "%s is compiled Python without its source", safe(path))
		}
	}
}
