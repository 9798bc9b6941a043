package sbom

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

var spdx2Specs = lazy.Regexp(`^SPDX-2\.[23]$`)

// readSPDX2 reads the packages of SPDX 2.2 and 2.3 in JSON.
func readSPDX2(s *source) (*list, error) {
	root, err := parseJSON(s)
	if err != nil {
		return nil, err
	}
	l := &list{spec: root.str("spdxVersion")}
	if !spdx2Specs().MatchString(l.spec) {
		return nil, s.broken(0, "this is no SPDX 2.2 or 2.3")
	}
	for _, id := range root.all("documentDescribes") {
		l.roots = append(l.roots, id.text)
	}
	for _, p := range root.all("packages") {
		if p.kind != '{' {
			return nil, s.broken(p.at, "a package must be an object")
		}
		if err := l.add(s, spdx2Package(p)); err != nil {
			return nil, err
		}
	}
	for _, r := range root.all("relationships") {
		if err := l.relate(r.str("spdxElementId"), r.str("relationshipType"), r.str("relatedSpdxElement")); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func spdx2Package(n *node) part {
	p := part{id: n.str("SPDXID"), at: n.at}
	for _, ref := range n.all("externalRefs") {
		if v := ref.get("referenceLocator"); ref.str("referenceType") == "purl" && v != nil && v.text != "" && p.purl == "" {
			p.purl, p.at = v.text, v.at
		}
	}
	for _, c := range n.all("checksums") {
		p.hashes = addHash(p.hashes, c.str("algorithm"), c.str("checksumValue"))
	}
	return p
}

// relate keeps the relationships that say who needs whom, whichever way round
// they are written, and what the document is about.
func (l *list) relate(from, kind, to string) error {
	switch kind {
	case "DESCRIBES":
		l.roots = append(l.roots, to)
	case "DESCRIBED_BY":
		l.roots = append(l.roots, from)
	case "DEPENDS_ON", "CONTAINS":
		return l.need(from, to)
	case "DEPENDENCY_OF", "BUILD_DEPENDENCY_OF", "DEV_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF",
		"TEST_DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "CONTAINED_BY":
		return l.need(to, from)
	}
	return nil
}

// readTags reads SPDX 2.2 and 2.3 as "Tag: value" lines, where <text> holds a value
// of several lines.
func readTags(s *source) (*list, error) {
	l := &list{}
	t := &tags{source: s, list: l}
	inText := false
	for at := 0; at < len(s.data); {
		line, _, _ := bytes.Cut(s.data[at:], []byte("\n"))
		start := at
		at += len(line) + 1
		if inText {
			inText = !bytes.Contains(line, []byte("</text>"))
			continue
		}
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		tag, value, ok := strings.Cut(text, ":")
		if !ok {
			return nil, s.broken(start, "this is no line of the form Tag: value")
		}
		value = strings.TrimSpace(value)
		if rest, opens := strings.CutPrefix(value, "<text>"); opens {
			inText = !strings.Contains(rest, "</text>")
			value = strings.TrimSuffix(rest, "</text>")
		}
		if err := t.line(tag, value, start); err != nil {
			return nil, err
		}
	}
	if inText {
		return nil, s.broken(len(s.data), "a <text> is never closed")
	}
	if !spdx2Specs().MatchString(l.spec) {
		return nil, s.broken(0, "this is no SPDX 2.2 or 2.3")
	}
	return l, t.end()
}

// tags is the reading of the lines: the package that they belong to, if any.
type tags struct {
	*source
	*list
	open *part
}

func (t *tags) line(tag, value string, at int) error {
	switch tag {
	case "SPDXVersion":
		t.spec = value
	case "PackageName":
		if err := t.end(); err != nil {
			return err
		}
		t.open = &part{at: at}
	case "FileName", "SnippetSPDXID", "LicenseID", "Annotator":
		return t.end()
	case "Relationship":
		words := strings.Fields(value)
		if len(words) != 3 {
			return t.broken(at, "a relationship is an id, a word and an id")
		}
		return t.relate(words[0], words[1], words[2])
	}
	if t.open == nil {
		return nil
	}
	switch tag {
	case "SPDXID":
		t.open.id = value
	case "ExternalRef":
		if words := strings.Fields(value); len(words) >= 3 && words[1] == "purl" && t.open.purl == "" {
			t.open.purl, t.open.at = words[2], at
		}
	case "PackageChecksum":
		algorithm, digest, _ := strings.Cut(value, ":")
		t.open.hashes = addHash(t.open.hashes, algorithm, digest)
	}
	return nil
}

func (t *tags) end() error {
	if t.open == nil {
		return nil
	}
	p := *t.open
	t.open = nil
	return t.add(t.source, p)
}

var spdx3Specs = lazy.Regexp(`^3\.0(?:\.[0-9]+)?$`)

// readSPDX3 reads the software packages of SPDX 3.0 in its one JSON-LD form: a
// graph of elements that name each other by id.
func readSPDX3(s *source) (*list, error) {
	root, err := parseJSON(s)
	if err != nil {
		return nil, err
	}
	l := &list{}
	for _, e := range root.all("@graph") {
		switch e.str("type") {
		case "CreationInfo":
			l.spec = e.str("specVersion")
		case "SpdxDocument", "software_Sbom":
			for _, r := range e.all("rootElement") {
				l.roots = append(l.roots, r.text)
			}
		case "software_Package":
			if err := l.add(s, spdx3Package(e)); err != nil {
				return nil, err
			}
		case "Relationship", "LifecycleScopedRelationship":
			if err := l.relate3(e); err != nil {
				return nil, err
			}
		}
	}
	if !spdx3Specs().MatchString(l.spec) {
		return nil, fmt.Errorf("this is no SPDX 3.0: its creation info has another version; write it again with its tool")
	}
	return l, nil
}

func (l *list) relate3(e *node) error {
	kind := e.str("relationshipType")
	if kind != "dependsOn" && kind != "contains" {
		return nil
	}
	for _, to := range e.all("to") {
		if err := l.need(e.str("from"), to.text); err != nil {
			return err
		}
	}
	return nil
}

func spdx3Package(n *node) part {
	p := part{id: n.str("spdxId"), at: n.at}
	if v := n.get("software_packageUrl"); v != nil && v.text != "" {
		p.purl, p.at = v.text, v.at
	}
	for _, x := range n.all("externalIdentifier") {
		v := x.get("identifier")
		if p.purl == "" && x.str("externalIdentifierType") == "packageUrl" && v != nil && v.text != "" {
			p.purl, p.at = v.text, v.at
		}
	}
	for _, h := range n.all("verifiedUsing") {
		p.hashes = addHash(p.hashes, h.str("algorithm"), h.str("hashValue"))
	}
	return p
}
