package honesty

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// What a Go module's zip promises: that all of it lies below MODULE@VERSION/
// (https://go.dev/ref/mod#zip-files), and by the checksum database what its files are.
// The go command checks the same, unless it was told to leave the database out, so the
// gate checks it for everybody. Nothing of a module runs when it is fetched; what no
// compiler reads is linked all the same (.syso).

// Rules of Go's module zips, in the groups of those that all ecosystems share.
const (
	RuleGoSum      = "go-sum-mismatch"
	RuleGoModSum   = "go-mod-mismatch"
	RuleGoLayout   = "go-zip-layout"
	RuleGoNative   = "go-native-object"
	RuleGoUnproved = "sumdb-unverified" // nobody has vouched for the bytes; class fault
	RuleGoUnasked  = "sumdb-off"        // nor was anybody asked to
)

func beginGo(t scan.FileTarget) scan.Pass {
	p := &goPass{target: t, hashes: map[string]string{}, folded: map[string]string{}}
	if len(t.Record) == 0 {
		return p // nobody said which version this is: read from a disk
	}
	v, err := record.Parse(t.Record)
	if err != nil {
		p.add(RuleGoUnproved, finding.Fault, finding.High, "", "what is known of the version cannot be read")
		return p
	}
	p.known = &v
	return p
}

// guessGo takes a zip whose entries turn out to lie below MODULE@VERSION/.
func guessGo(t scan.FileTarget) scan.Pass {
	if !strings.HasSuffix(t.File.Name, ".zip") {
		return nil
	}
	p := beginGo(t).(*goPass)
	p.unasked = true
	return p
}

// goPass sees one module zip.
type goPass struct {
	target  scan.FileTarget
	unasked bool            // nobody said that it is a module
	known   *record.Version // nil when nobody said
	prefix  string          // "module@version/", from the first entry
	hashes  map[string]string
	folded  map[string]string // names in lower case
	mod     []byte
	hasMod  bool
	told
}

// Entry implements scan.Pass.
func (p *goPass) Entry(e scan.Entry) []finding.Finding {
	if e.Inside != "" || e.Mode.IsDir() {
		return nil
	}
	if p.prefix == "" {
		p.prefix = p.expected(e.Path)
	}
	rest, ok := strings.CutPrefix(e.Path, p.prefix)
	if !ok || p.prefix == "" {
		p.add(RuleGoLayout, finding.Integrity, finding.High, e.Path, "%s lies outside of the folder that a module zip has; the go command refuses such a zip", safe(e.Path))
		return nil
	}
	if e.Link != "" || !e.Mode.IsRegular() && e.Mode.Type() != 0 {
		p.add(RuleGoLayout, finding.Integrity, finding.High, e.Path, "%s is no regular file; the go command refuses such a zip", safe(e.Path))
		return nil
	}
	p.hashes[e.Path] = string(e.SHA256)
	lower := strings.ToLower(e.Path)
	if other, twice := p.folded[lower]; twice {
		p.add(RuleGoLayout, finding.Integrity, finding.High, e.Path, "%s and %s are one file on some machines; the go command refuses such a zip", safe(e.Path), safe(other))
	}
	p.folded[lower] = e.Path
	if rest == "go.mod" {
		p.mod, p.hasMod = bytes.Clone(e.Body), true
	}
	if path.Ext(rest) == ".syso" {
		p.add(RuleGoNative, finding.Honesty, finding.Medium, e.Path, "%s is machine code that is linked into every program that uses its package, and no source of it is compiled", safe(e.Path))
	}
	return nil
}

// expected is the folder that everything lies in: the version's that was asked for,
// else the first entry's.
func (p *goPass) expected(first string) string {
	if v := p.target.File.Version; v.Package.Name != "" && v.Number != "" {
		return v.Package.Name + "@" + v.Number + "/"
	}
	at := strings.IndexByte(first, '@')
	if at < 0 {
		return ""
	}
	end := strings.IndexByte(first[at:], '/')
	if end < 0 || module.Check(first[:at], first[at+1:at+end]) != nil {
		return ""
	}
	return first[:at+end+1]
}

// End implements scan.Pass.
func (p *goPass) End() []finding.Finding {
	if p.unasked && (p.prefix == "" || len(p.hashes) == 0) {
		return nil // a zip, and no module's
	}
	if p.known != nil {
		p.checkSums(p.known.Sum)
	}
	return p.all()
}

// checkSums holds the zip against the checksum database's word.
func (p *goPass) checkSums(sum record.Sum) {
	switch sum.State {
	case record.Own:
		return
	case record.Off:
		p.askedNobody("its upstream's sumdb is off")
		return
	case record.Assumed:
		p.askedNobody("its upstream has an address of this network and passes none on, or GOSUMDB is off on the gate's machine; set the upstream's sumdb (docs/go.md)")
		return
	case record.Verified:
	case record.Absent:
		p.unproved("the checksum database has no record of it; for modules of your own set the upstream's sumdb to off")
		return
	case record.Keyless:
		p.unproved("no checksum database is known here; set the upstream's sumdb (docs/go.md)")
		return
	default:
		p.unproved("the checksum database did not answer; it is asked again with the next request")
		return
	}
	if got := hash1(p.hashes); got != sum.Zip {
		p.add(RuleGoSum, finding.Integrity, finding.Critical, "", "the zip's files are %s, and the checksum database has %s: these are not the bytes that everybody else has", got, safe(sum.Zip))
	}
	if p.hasMod {
		if got := hash1(map[string]string{"go.mod": p.hashes[p.prefix+"go.mod"]}); got != sum.Mod {
			p.add(RuleGoModSum, finding.Integrity, finding.Critical, p.prefix+"go.mod", "the zip's go.mod is %s, and the checksum database has %s", got, safe(sum.Mod))
		}
	}
}

// askedNobody is for a module whose upstream is trusted for its bytes: every decision
// about it says so.
func (p *goPass) askedNobody(why string) {
	p.add(RuleGoUnasked, finding.Honesty, finding.Medium, "", "no checksum database was asked about the bytes: %s", why)
}

func (p *goPass) unproved(why string) {
	p.add(RuleGoUnproved, finding.Fault, finding.High, "", "nobody has vouched for the bytes: %s", why)
}

// hash1 is dirhash.Hash1 of files whose sha256 is known in hex by name: the "h1:" of
// go.sum (https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash#Hash1).
func hash1(files map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s  %s\n", files[name], name)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Describe implements scan.Describer: what the zip says of itself is its folder's
// name and its go.mod.
func (p *goPass) Describe(r *scan.Report) {
	name, number, ok := strings.Cut(strings.TrimSuffix(p.prefix, "/"), "@")
	if !ok || len(p.hashes) == 0 {
		return
	}
	m := ecosystem.Metadata{Name: name, Version: number}
	raw := record.Metadata{Mod: "module " + modfile.AutoQuote(name) + "\n"}
	if p.hasMod {
		if p.mod == nil {
			return // larger than the worker keeps, and than the go command reads
		}
		f, err := modfile.ParseLax("go.mod", p.mod, nil)
		if err != nil {
			return // the go command reads it no better
		}
		raw.Mod = string(p.mod)
		if f.Go != nil {
			m.MetadataFormat = f.Go.Version
		}
		for _, q := range f.Require {
			m.RequiresDist = append(m.RequiresDist, q.Mod.Path+" "+q.Mod.Version)
		}
	}
	if p.known != nil {
		if info, err := p.known.Info(); err == nil {
			raw.Info = info
		}
	}
	if b, err := json.Marshal(raw); err == nil {
		r.Metadata, r.RawMetadata = &m, b
	}
}
