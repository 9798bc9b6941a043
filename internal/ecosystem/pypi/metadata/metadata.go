// Package metadata reads Python core metadata, the METADATA of a wheel and the
// PKG-INFO of an sdist
// (https://packaging.python.org/en/latest/specifications/core-metadata/), as
// data: nothing is executed and no URL in it is followed.
//
// It promises never to drop a line that an installer might honour: headers that
// installers would read differently from one another (broken lines, a second
// Requires-Python) are an error, and what cannot be read holds.
package metadata

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// Limits. The largest header blocks published stay far below.
const (
	MaxHeaders  = 4 << 20  // bytes up to the blank line; the description after it is not read
	MaxLines    = 50000    // lines up to the blank line
	MaxRequires = 10000    // Requires-Dist fields
	MaxField    = 64 << 10 // bytes of a field that decides something
	maxDisplay  = 4 << 10  // bytes kept of one that is only shown: some projects paste a whole licence
	maxShown    = 64       // project URLs, and licence classifiers, kept
)

// Parse reads core metadata. The description, in the body or as a field, is
// ignored. Lines end in LF, CRLF or CR. Metadata-Version, Name and Version are
// required and valid; RequiresDist and RequiresPython come back as written, for
// the caller to parse.
func Parse(b []byte) (ecosystem.Metadata, error) {
	p := parser{seen: map[string]bool{}}
	if err := p.headers(b); err != nil {
		return ecosystem.Metadata{}, fmt.Errorf("reading metadata: %w", err)
	}
	if err := p.finish(); err != nil {
		return ecosystem.Metadata{}, fmt.Errorf("reading metadata: %w", err)
	}
	return p.out, nil
}

// StaticDependencies says whether an sdist's metadata vouches for its
// dependencies: since Metadata-Version 2.2 a field that is not named dynamic is
// the same in every wheel built from it (PEP 643).
func StaticDependencies(m ecosystem.Metadata) bool {
	major, minor, ok := formatVersion(m.MetadataFormat)
	if !ok || major < 2 || (major == 2 && minor < 2) {
		return false
	}
	for _, field := range m.Dynamic {
		switch strings.ToLower(field) {
		case "requires-dist", "provides-extra", "requires-python":
			return false
		}
	}
	return true
}

// A field is one header: "Name: value", its continuations joined by a space.
type field struct {
	name  string // lower case; "" before the first
	value []byte
	line  int
	kept  bool
}

type parser struct {
	out         ecosystem.Metadata
	seen        map[string]bool // fields that may stand once
	summary     string
	licence     string
	classifiers []string
}

// headers reads fields up to a blank line or the end. Installers disagree about
// a line that is neither a field nor a continuation (one takes it for the start
// of the body, another goes on), so it is an error here.
func (p *parser) headers(b []byte) error {
	var current field
	left := b
	for line := 1; ; line++ {
		if line > MaxLines || len(b)-len(left) > MaxHeaders {
			return fmt.Errorf("line %d: more than %d lines or %d bytes of headers", line, MaxLines, MaxHeaders)
		}
		var text []byte
		text, left = cutLine(left)
		if len(text) == 0 {
			return p.add(current)
		}
		if text[0] == ' ' || text[0] == '\t' {
			if current.name == "" {
				return fmt.Errorf("line %d: continues no field", line)
			}
			current.continueWith(text)
			continue
		}
		if err := p.add(current); err != nil {
			return err
		}
		var ok bool
		if current, ok = startField(text, line); !ok {
			return fmt.Errorf("line %d: not a header field: %.40q", line, text)
		}
	}
}

// cutLine gives the first line without its end, and the rest. A lone CR ends a
// line too, as it does for pip.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if bytes.HasPrefix(b[i:], []byte("\r\n")) {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

func startField(text []byte, line int) (field, bool) {
	name, value, ok := bytes.Cut(text, []byte{':'})
	if !ok || len(name) == 0 {
		return field{}, false
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return field{}, false
		}
	}
	f := field{name: strings.ToLower(string(name)), line: line}
	f.kept = keptFields[f.name]
	if f.kept {
		f.value = slices.Clip(bytes.Trim(value, " \t")) // a continuation must not write into the input
	}
	return f, true
}

func (f *field) continueWith(text []byte) {
	if !f.kept || len(f.value) > MaxField {
		return
	}
	f.value = append(append(f.value, ' '), bytes.Trim(text, " \t")...)
}

// keptFields are read; the rest, the description above all, is skipped unread.
var keptFields = map[string]bool{
	"metadata-version": true, "name": true, "version": true, "summary": true,
	"license": true, "license-expression": true, "classifier": true,
	"requires-python": true, "requires-dist": true, "provides-extra": true,
	"dynamic": true, "home-page": true, "project-url": true,
}

// single are fields whose repetition would let two readers see two versions or
// two sets of supported Pythons.
var single = map[string]bool{"metadata-version": true, "name": true, "version": true, "requires-python": true}

func (p *parser) add(f field) error {
	if !f.kept {
		return nil
	}
	f.value = bytes.Trim(f.value, " \t") // lines of nothing but space continue a field too
	if single[f.name] && p.seen[f.name] {
		return fmt.Errorf("line %d: a second %s", f.line, f.name)
	}
	p.seen[f.name] = true
	if display := displayFields[f.name]; display != nil {
		display(p, clip(f.value))
		return nil
	}
	if len(f.value) > MaxField {
		return fmt.Errorf("line %d: %s is longer than %d bytes", f.line, f.name, MaxField)
	}
	if !utf8.Valid(f.value) {
		return fmt.Errorf("line %d: %s is not UTF-8 text", f.line, f.name)
	}
	if err := p.set(f.name, string(f.value)); err != nil {
		return fmt.Errorf("line %d: %w", f.line, err)
	}
	return nil
}

// set keeps a field that the gate's answer depends on.
func (p *parser) set(name, value string) error {
	switch name {
	case "metadata-version":
		return p.setFormat(value)
	case "name":
		if _, err := pep503.Parse(value); err != nil {
			return err
		}
		p.out.Name = value
	case "version":
		if _, err := pep440.Parse(value); err != nil {
			return err
		}
		p.out.Version = value
	case "requires-python":
		p.out.RequiresPython = value
	case "requires-dist":
		if len(p.out.RequiresDist) == MaxRequires {
			return fmt.Errorf("more than %d requires-dist", MaxRequires)
		}
		p.out.RequiresDist = append(p.out.RequiresDist, value)
	case "provides-extra":
		if len(p.out.Extras) == MaxRequires {
			return fmt.Errorf("more than %d provides-extra", MaxRequires)
		}
		p.out.Extras = append(p.out.Extras, pep503.Normalize(value))
	case "dynamic":
		p.out.Dynamic = append(p.out.Dynamic, strings.ToLower(value))
	case "license-expression":
		if p.out.LicenceSPDX == "" {
			p.out.LicenceSPDX = value
		}
	}
	return nil
}

// setFormat refuses a major version that this reader does not know: its fields
// could mean something else.
func (p *parser) setFormat(value string) error {
	major, _, ok := formatVersion(value)
	if !ok || major < 1 || major > 2 {
		return fmt.Errorf("metadata-version %.20q is not one of 1.x and 2.x", value)
	}
	p.out.MetadataFormat = value
	return nil
}

func formatVersion(s string) (major, minor int, ok bool) {
	a, b, _ := strings.Cut(s, ".")
	first, errA := strconv.ParseUint(a, 10, 16)
	second, errB := strconv.ParseUint(b, 10, 16)
	return int(first), int(second), errA == nil && errB == nil
}

// displayFields are shown to people and decide nothing: what is not UTF-8 in
// them is replaced and what is long is cut, instead of making the file unreadable.
var displayFields = map[string]func(p *parser, text string){
	"summary": func(p *parser, text string) { setOnce(&p.summary, text) },
	"license": func(p *parser, text string) { setOnce(&p.licence, text) },
	"classifier": func(p *parser, text string) {
		words := strings.Split(text, " :: ")
		if words[0] == "License" && len(words) > 1 && len(p.classifiers) < maxShown {
			p.classifiers = append(p.classifiers, words[len(words)-1])
		}
	},
	"home-page": func(p *parser, text string) { p.addURL(text) },
	"project-url": func(p *parser, text string) {
		if _, url, ok := strings.Cut(text, ","); ok {
			p.addURL(strings.TrimSpace(url))
		}
	},
}

// setOnce keeps the first text that says something; old tools wrote UNKNOWN for nothing.
func setOnce(to *string, text string) {
	if *to == "" && text != "UNKNOWN" {
		*to = text
	}
}

func (p *parser) addURL(url string) {
	if url != "" && url != "UNKNOWN" && len(p.out.HomePages) < maxShown {
		p.out.HomePages = append(p.out.HomePages, artifact.Untrusted(url))
	}
}

// clip makes valid text of at most maxDisplay bytes and a replacement character.
func clip(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxDisplay)]), "\uFFFD")
}

func (p *parser) finish() error {
	for _, name := range []string{"metadata-version", "name", "version"} {
		if !p.seen[name] {
			return fmt.Errorf("no %s", name)
		}
	}
	p.out.Summary = artifact.Untrusted(p.summary)
	switch {
	case p.out.LicenceSPDX != "":
		p.out.Licence = artifact.Untrusted(p.out.LicenceSPDX)
	case p.licence != "":
		p.out.Licence = artifact.Untrusted(p.licence)
	default:
		p.out.Licence = artifact.Untrusted(strings.Join(p.classifiers, ", "))
	}
	return nil
}
