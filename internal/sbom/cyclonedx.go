package sbom

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// cycloneDXSpecs are the versions of the specification that are read.
var cycloneDXSpecs = lazy.Regexp(`^1\.[2-7]$`)

// readCycloneDXJSON reads components, those inside them too, and dependencies. The
// component of the metadata is what the list is about and no part of it; the
// parts inside it are.
func readCycloneDXJSON(s *source) (*list, error) {
	root, err := parseJSON(s)
	if err != nil {
		return nil, err
	}
	l := &list{spec: root.str("specVersion")}
	if root.str("bomFormat") != "CycloneDX" || !cycloneDXSpecs().MatchString(l.spec) {
		return nil, s.broken(0, "this is no CycloneDX 1.2 to 1.7")
	}
	about := root.get("metadata").get("component")
	if id := about.str("bom-ref"); id != "" {
		l.roots = append(l.roots, id)
	}
	for _, cs := range [][]*node{about.all("components"), root.all("components")} {
		if err := l.cycloneDX(s, cs); err != nil {
			return nil, err
		}
	}
	for _, d := range root.all("dependencies") {
		for _, to := range d.all("dependsOn") {
			if err := l.need(d.str("ref"), to.text); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

func (l *list) cycloneDX(s *source, components []*node) error {
	for _, c := range components {
		if c.kind != '{' {
			return s.broken(c.at, "a component must be an object")
		}
		p := part{id: c.str("bom-ref"), at: c.at}
		if v := c.get("purl"); v != nil {
			if v.kind != 's' {
				return s.broken(v.at, "a purl must be a string")
			}
			p.purl, p.at = v.text, v.at
		}
		p.hashes = cycloneDXHashes(nil, c)
		for _, x := range c.all("externalReferences") {
			if x.str("type") == "distribution" {
				p.hashes = cycloneDXHashes(p.hashes, x)
			}
		}
		if err := l.add(s, p); err != nil {
			return err
		}
		if err := l.cycloneDX(s, c.all("components")); err != nil {
			return err
		}
	}
	return nil
}

func cycloneDXHashes(to []string, n *node) []string {
	for _, h := range n.all("hashes") {
		to = addHash(to, h.str("alg"), h.str("content"))
	}
	return to
}

// addHash keeps what an index can be compared with: SHA-256 alone.
func addHash(to []string, algorithm, digest string) []string {
	if strings.ReplaceAll(strings.ToLower(algorithm), "-", "") != "sha256" {
		return to
	}
	d, err := artifact.ParseDigest(strings.TrimSpace(digest))
	if err != nil {
		return to
	}
	h := "sha256:" + string(d)
	for _, old := range to {
		if old == h {
			return to
		}
	}
	return append(to, h)
}

var cycloneDXNamespace = lazy.Regexp(`^http://cyclonedx\.org/schema/bom/(1\.[2-7])$`)

// element is one element of XML with its place.
type element struct {
	name     string
	at       int
	attrs    []xml.Attr
	text     []byte
	children []*element
}

func (e *element) child(name string) *element {
	if e != nil {
		for _, c := range e.children {
			if c.name == name {
				return c
			}
		}
	}
	return nil
}

func (e *element) inside(name string) []*element {
	if c := e.child(name); c != nil {
		return c.children
	}
	return nil
}

func (e *element) attr(name string) string {
	if e != nil {
		for _, a := range e.attrs {
			if a.Name.Local == name {
				return a.Value
			}
		}
	}
	return ""
}

// readCycloneDXXML reads the same from XML. Document types are refused: nothing
// in a list needs entities of its own.
func readCycloneDXXML(s *source) (*list, error) {
	root, space, err := parseXML(s)
	if err != nil {
		return nil, err
	}
	m := cycloneDXNamespace().FindStringSubmatch(space)
	if root.name != "bom" || m == nil {
		return nil, s.broken(0, "this is no CycloneDX 1.2 to 1.7")
	}
	l := &list{spec: m[1]}
	about := root.child("metadata").child("component")
	if id := about.attr("bom-ref"); id != "" {
		l.roots = append(l.roots, id)
	}
	for _, cs := range [][]*element{about.inside("components"), root.inside("components")} {
		if err := l.cycloneDXElements(s, cs); err != nil {
			return nil, err
		}
	}
	for _, d := range root.inside("dependencies") {
		for _, to := range d.children {
			if err := l.need(d.attr("ref"), to.attr("ref")); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

func (l *list) cycloneDXElements(s *source, components []*element) error {
	for _, c := range components {
		if c.name != "component" {
			continue
		}
		p := part{id: c.attr("bom-ref"), at: c.at}
		if v := c.child("purl"); v != nil {
			p.purl, p.at = strings.TrimSpace(string(v.text)), v.at
		}
		for _, h := range c.inside("hashes") {
			p.hashes = addHash(p.hashes, h.attr("alg"), string(h.text))
		}
		for _, x := range c.inside("externalReferences") {
			if x.attr("type") != "distribution" {
				continue
			}
			for _, h := range x.inside("hashes") {
				p.hashes = addHash(p.hashes, h.attr("alg"), string(h.text))
			}
		}
		if err := l.add(s, p); err != nil {
			return err
		}
		if err := l.cycloneDXElements(s, c.inside("components")); err != nil {
			return err
		}
	}
	return nil
}

// parseXML builds the elements and gives the root's namespace.
func parseXML(s *source) (*element, string, error) {
	d := xml.NewDecoder(bytes.NewReader(s.data))
	var stack []*element
	var root *element
	space, left := "", maxNodes
	for {
		at := int(d.InputOffset())
		t, err := d.Token()
		if errors.Is(err, io.EOF) && len(stack) == 0 && root != nil {
			return root, space, nil
		}
		if err != nil {
			return nil, "", s.broken(at, "this is not XML: %s", artifact.Untrusted(err.Error()))
		}
		if left--; left < 0 {
			return nil, "", s.broken(at, "it holds more than the gate reads")
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, "", s.broken(at, "a document type stands in it")
		case xml.StartElement:
			e := &element{name: t.Name.Local, at: at, attrs: t.Attr}
			if left -= len(t.Attr); left < 0 || len(stack) > maxDepth {
				return nil, "", s.broken(at, "elements are nested more than %d deep", maxDepth)
			}
			switch {
			case len(stack) > 0:
				up := stack[len(stack)-1]
				up.children = append(up.children, e)
			case root != nil:
				return nil, "", s.broken(at, "a second document stands behind the first")
			default:
				root, space = e, t.Name.Space
			}
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 && len(stack[len(stack)-1].children) == 0 {
				in := stack[len(stack)-1]
				in.text = append(in.text, t...)
			}
		}
	}
}
