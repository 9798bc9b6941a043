// Package sbom reads lists of parts as input: CycloneDX (https://cyclonedx.org/specification/overview/)
// in JSON and XML, 1.2 to 1.7, and SPDX (https://spdx.dev/use/specifications/) 2.2
// and 2.3 in JSON and as tags, and 3.0 as JSON-LD. It takes from them the package URLs
// with the place where each stands, the hashes beside them and who needs whom.
//
// What is not a package of a served ecosystem is counted and said, never dropped
// in silence. Nothing that a list names is opened or asked: no URL, no schema, no
// other document. Sizes, counts and depth are capped; beyond them, and for a
// document that is broken anywhere, Read gives an error and no half of a list.
//
// All functions are safe for concurrent use; they keep no state.
package sbom

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// The formats, as Detect gives them.
const (
	CycloneDXJSON = "cyclonedx-json"
	CycloneDXXML  = "cyclonedx-xml"
	SPDXJSON      = "spdx-json"
	SPDXTags      = "spdx-tags"
	SPDX3         = "spdx3-json"
)

// Limits on what is read. A document beyond one of them is refused whole.
const (
	maxBytes      = 64 << 20
	maxNodes      = 4_000_000 // values, names and elements
	maxDepth      = 128       // of values in values, and of components in components
	maxComponents = 200_000
	maxEdges      = 2_000_000
	maxHashes     = 64 // of one component
)

// Document is what a list says.
type Document struct {
	Format     string // one of the constants
	Spec       string // the specification's version as the document has it: "1.6", "SPDX-2.3"
	Components []Component
	// Unnamed counts the parts that have no package URL: files, operating systems,
	// the vendor's own parts. First says where the first stands.
	Unnamed int
	First   finding.Location
}

// Component is one part with a package URL.
type Component struct {
	Purl   string           // as written
	At     finding.Location // of the package URL
	Hashes []string         // "sha256:<hex>", lower case, of the part or of the file it was distributed as
	Direct bool             // what the list is about needs it itself, or nothing says otherwise
	Needs  []int            // places among Document.Components
}

// Detect says which format a file has, by its content and, where that says nothing,
// by its name; "" for what is no list of parts.
func Detect(name string, content []byte) string {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	start := byte(0)
	if t := bytes.TrimLeft(content, " \t\r\n"); len(t) > 0 {
		start = t[0]
	}
	for _, s := range signs {
		if (s.start == 0 || s.start == start) && s.sign().Match(content) {
			return s.format
		}
	}
	base := strings.ToLower(path.Base(name))
	for _, n := range names {
		if strings.HasSuffix(base, n.ending) && (n.ending[0] == '.' || base == n.ending) {
			return n.format
		}
	}
	return ""
}

// signs tell the formats by what stands somewhere in a document: tools write the
// parts of a JSON object in any order.
var signs = []struct {
	format string
	start  byte // the first character, white space aside; 0 for any
	sign   func() *regexp.Regexp
}{
	{CycloneDXJSON, '{', lazy.Regexp(`"bomFormat"\s*:\s*"CycloneDX"`)},
	{CycloneDXXML, '<', lazy.Regexp(`\sxmlns(?::\w+)?\s*=\s*["']http://cyclonedx\.org/schema/bom/`)},
	{SPDXJSON, '{', lazy.Regexp(`"spdxVersion"\s*:\s*"SPDX-2\.`)},
	{SPDX3, '{', lazy.Regexp(`"@context"\s*:\s*"[^"]*/spdx-context\.jsonld"`)},
	{SPDXTags, 0, lazy.Regexp(`\A(?:[ \t]*(?:#[^\n]*)?\n)*SPDXVersion:[ \t]*SPDX-2\.`)},
}

// names are how such files are called by custom; the content must keep what a
// name promises.
var names = []struct{ ending, format string }{
	{"bom.json", CycloneDXJSON}, {".cdx.json", CycloneDXJSON}, {"bom.xml", CycloneDXXML}, {".cdx.xml", CycloneDXXML},
	{".spdx.json", SPDXJSON}, {".spdx", SPDXTags},
}

// Read reads a document of the format that Detect says. Errors say where it is
// broken, in words for people.
func Read(name string, content []byte) (*Document, error) {
	if len(content) > maxBytes {
		return nil, fmt.Errorf("reading %s: it is larger than the %d MiB that the gate reads of a list of parts; split it", quote(name), maxBytes>>20)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	format := Detect(name, content)
	read, ok := map[string]func(*source) (*list, error){
		CycloneDXJSON: readCycloneDXJSON, CycloneDXXML: readCycloneDXXML, SPDXJSON: readSPDX2, SPDXTags: readTags, SPDX3: readSPDX3,
	}[format]
	if !ok {
		return nil, fmt.Errorf("reading %s: it is neither CycloneDX nor SPDX", quote(name))
	}
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("reading %s: it is not UTF-8; write it again with its tool", quote(name))
	}
	s := newSource(name, content)
	l, err := read(s)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(name), err)
	}
	d, err := l.document(s)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", quote(name), err)
	}
	d.Format = format
	return d, nil
}

// source is a document's text with its lines.
type source struct {
	name  string
	data  []byte
	lines []int // offset of each line's start
}

func newSource(name string, data []byte) *source {
	s := &source{name: name, data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// place gives the location of an offset. Columns count bytes of the line: a
// document may be one line of many megabytes.
func (s *source) place(at int) finding.Location {
	at = max(0, min(at, len(s.data)))
	line := sort.SearchInts(s.lines, at+1)
	return finding.Location{File: s.name, Line: line, Column: at - s.lines[line-1] + 1}
}

// broken says where a document cannot be read.
func (s *source) broken(at int, format string, args ...any) error {
	p := s.place(at)
	return fmt.Errorf("line %d: %s; write it again with its tool", p.Line, fmt.Sprintf(format, args...))
}

func quote(text string) string { return fmt.Sprintf("%q", artifact.Untrusted(text).String()) }

// list is a document on its way in: parts and edges by the document's own ids.
type list struct {
	spec  string
	parts []part
	edges []link
	roots []string // ids of what the list is about
}

// part is one component or package.
type part struct {
	id     string
	purl   string
	at     int // of the package URL, or of the part
	hashes []string
}

// link is one need.
type link struct{ from, to string }

func (l *list) add(s *source, p part) error {
	if len(l.parts) >= maxComponents {
		return fmt.Errorf("it has more than %d parts; split it", maxComponents)
	}
	if len(p.hashes) > maxHashes {
		return s.broken(p.at, "a part has more than %d hashes", maxHashes)
	}
	l.parts = append(l.parts, p)
	return nil
}

func (l *list) need(from, to string) error {
	if len(l.edges) >= maxEdges {
		return fmt.Errorf("it has more than %d dependencies; split it", maxEdges)
	}
	l.edges = append(l.edges, link{from, to})
	return nil
}

// document turns ids into places. What the list is about needs its direct parts;
// where the list does not say, those that no other part needs are direct.
func (l *list) document(s *source) (*Document, error) {
	d := &Document{Spec: l.spec}
	byID := map[string]int{}
	for _, p := range l.parts {
		if p.purl == "" {
			if d.Unnamed++; d.Unnamed == 1 {
				d.First = s.place(p.at)
			}
			continue
		}
		if p.id != "" {
			if _, twice := byID[p.id]; twice {
				return nil, s.broken(p.at, "the id %s is given to two parts", quote(p.id))
			}
			byID[p.id] = len(d.Components)
		}
		d.Components = append(d.Components, Component{Purl: p.purl, At: s.place(p.at), Hashes: p.hashes})
	}
	roots := map[string]bool{}
	for _, r := range l.roots {
		roots[r] = true
	}
	needed, told := make([]bool, len(d.Components)), false
	for _, e := range l.edges {
		to, there := byID[e.to]
		if !there || e.from == e.to {
			continue
		}
		if from, ok := byID[e.from]; ok {
			d.Components[from].Needs = append(d.Components[from].Needs, to)
			needed[to] = true
		}
		if roots[e.from] {
			d.Components[to].Direct, told = true, true
		}
	}
	if !told {
		for i := range d.Components {
			d.Components[i].Direct = !needed[i]
		}
	}
	return d, nil
}
