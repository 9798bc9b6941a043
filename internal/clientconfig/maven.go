package clientconfig

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// The marks of an XML file. Lines of ours stand between them and lie side by side
// with the user's elements; nothing is set aside, because the first mirror that
// fits is the one that Maven takes.
const (
	xmlBegin    = "<!-- >>> gatehouse client setup >>> -->"
	xmlBeginNew = "<!-- >>> gatehouse client setup, in a new file >>> -->"
	xmlEnd      = "<!-- <<< gatehouse client setup <<< -->"
)

func (m Machine) mavenFile() string { return filepath.Join(m.Home, ".m2", "settings.xml") }

// MavenSettings is a whole settings file with the gate as the mirror of every
// repository. The user and token are left out where the token is empty.
func MavenSettings(base string, token secretref.Secret) string {
	var b strings.Builder
	b.WriteString("<settings>\n")
	for _, l := range mavenServers(token) {
		b.WriteString("  " + l + "\n")
	}
	for _, l := range wrapped("mirrors", mavenMirror(base)) {
		b.WriteString("  " + l + "\n")
	}
	b.WriteString("</settings>\n")
	return b.String()
}

func mavenMirror(base string) []string {
	return []string{"<mirror>", "  <id>" + sourceName + "</id>", "  <mirrorOf>*</mirrorOf>", "  <url>" + base + "</url>", "</mirror>"}
}

func mavenServers(token secretref.Secret) []string {
	if token.IsZero() {
		return nil
	}
	return wrapped("servers", mavenServer(token))
}

func mavenServer(token secretref.Secret) []string {
	return []string{"<server>", "  <id>" + sourceName + "</id>", "  <username>token</username>", "  <password>" + token.Reveal() + "</password>", "</server>"}
}

func wrapped(element string, lines []string) []string {
	out := []string{"<" + element + ">"}
	for _, l := range lines {
		out = append(out, "  "+l)
	}
	return append(out, "</"+element+">")
}

func (m Machine) setupMaven(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: base}
	c, err := read(m.mavenFile())
	if err != nil {
		return p, err
	}
	t, err := parseText(c.Old)
	if err != nil {
		return p, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	mine, created, err := undoXML(t)
	if err != nil {
		return p, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	if len(mine) == 0 {
		begin := xmlBeginNew
		if c.Existed && !created {
			begin = xmlBegin
		}
		c.New = []byte(begin + "\n" + MavenSettings(base, token) + xmlEnd + "\n")
	} else {
		s, err := readSettings(mine)
		if err != nil {
			return p, fmt.Errorf("reading %s: %w; nothing was changed", c.Path, err)
		}
		if s.first == base && token.IsZero() {
			c.New = []byte(mine.String())
		} else if c.New, err = s.with(mine, base, token, created); err != nil {
			return p, fmt.Errorf("reading %s: %w; nothing was changed", c.Path, err)
		}
		for _, id := range s.others {
			p.Warnings = append(p.Warnings, c.Path+": the mirror "+id+" names one repository and goes before the gate; remove it")
		}
	}
	c.Private = !c.Existed || !token.IsZero()
	p.add(c)
	p.Notes = []string{"after an exception was given, run Maven once with -U: it remembers that a file was refused"}
	if plainHTTP(base) {
		p.Warnings = append(p.Warnings, "packages and tokens cross the network in plain HTTP, which Maven may refuse; let the gate serve TLS (tls_cert, tls_key)")
	}
	return p, nil
}

func (m Machine) undoMaven() (Plan, error) {
	var p Plan
	c, err := read(m.mavenFile())
	if err != nil {
		return p, err
	}
	t, err := parseText(c.Old)
	if err != nil {
		return p, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	mine, created, err := undoXML(t)
	if err != nil {
		return p, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	c.New = []byte(mine.String())
	c.Remove = created && len(mine) == 0
	p.add(c)
	return p, nil
}

// undoXML takes every block of ours out.
func undoXML(t text) (_ text, created bool, err error) {
	var out text
	open := -1
	for i, line := range t {
		switch s := strings.TrimSpace(line); {
		case s == xmlBegin || s == xmlBeginNew:
			if open >= 0 {
				return nil, false, fmt.Errorf("line %d: a gatehouse mark inside another that begins at line %d; repair it by hand", i+1, open+1)
			}
			open, created = i, created || s == xmlBeginNew
		case s == xmlEnd:
			if open < 0 {
				return nil, false, fmt.Errorf("line %d: a gatehouse end mark without its beginning; repair it by hand", i+1)
			}
			open = -1
		case open < 0:
			out = append(out, line)
		}
	}
	if open >= 0 {
		return nil, false, fmt.Errorf("line %d: a gatehouse mark without its end; repair it by hand", open+1)
	}
	return out, created, nil
}

// settings is what of a settings file matters here: the line after which ours may
// stand (-1: the element is not there), and the mirrors.
type settings struct {
	mirrors, servers, end int // lines, from 0: after <mirrors>, after <servers>, of </settings>
	first                 string
	others                []string // ids of mirrors of one repository, which go before "*"
}

// readSettings reads the file. Elements that ours must stand in begin and end on
// lines of their own, else it is refused.
func readSettings(t text) (settings, error) {
	s := settings{mirrors: -1, servers: -1, end: -1}
	data := []byte(t.String())
	d := xml.NewDecoder(bytes.NewReader(data))
	lineOf := func(at int64) int { return bytes.Count(data[:at], []byte("\n")) }
	var path []string
	var id, of, address string
	for {
		at := d.InputOffset()
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return s, fmt.Errorf("it is no XML: %w", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			alone := strings.TrimSpace(t[lineOf(at)]) == strings.TrimSpace(string(data[at:d.InputOffset()])) && !bytes.HasSuffix(data[at:d.InputOffset()], []byte("/>"))
			switch strings.Join(path, "/") {
			case "settings/mirrors":
				if s.mirrors = lineOf(d.InputOffset()); !alone {
					return s, errors.New("its <mirrors> does not stand on a line of its own; break the line, or add the mirror by hand")
				}
			case "settings/servers":
				if s.servers = lineOf(d.InputOffset()); !alone {
					return s, errors.New("its <servers> does not stand on a line of its own; break the line, or add the server by hand")
				}
			case "settings/mirrors/mirror":
				id, of, address = "", "", ""
			}
		case xml.EndElement:
			switch strings.Join(path, "/") {
			case "settings":
				if s.end = lineOf(at); strings.TrimSpace(t[s.end]) != "</settings>" {
					return s, errors.New("its </settings> does not stand on a line of its own; break the line, or add the mirror by hand")
				}
			case "settings/mirrors/mirror":
				if s.first == "" {
					s.first = address
				}
				if of != "*" && of != "" {
					s.others = append(s.others, id)
				}
			}
			path = path[:len(path)-1]
		case xml.CharData:
			switch strings.Join(path, "/") {
			case "settings/mirrors/mirror/id":
				id += strings.TrimSpace(string(tok))
			case "settings/mirrors/mirror/mirrorOf":
				of += strings.TrimSpace(string(tok))
			case "settings/mirrors/mirror/url":
				address += strings.TrimSpace(string(tok))
			}
		}
	}
	if s.end < 0 {
		return s, errors.New("it has no <settings>")
	}
	return s, nil
}

// with is the file with the gate as its first mirror.
func (s settings) with(t text, base string, token secretref.Secret, created bool) ([]byte, error) {
	blocks := map[int][]string{}
	add := func(element string, after int, lines []string) {
		if len(lines) == 0 {
			return
		}
		if after >= 0 {
			blocks[after+1] = append(blocks[after+1], lines...)
		} else {
			blocks[s.end] = append(blocks[s.end], wrapped(element, lines)...)
		}
	}
	if !token.IsZero() {
		add("servers", s.servers, mavenServer(token))
	}
	add("mirrors", s.mirrors, mavenMirror(base))
	begin, nl := xmlBegin, t.lineBreak()
	if created {
		begin = xmlBeginNew
	}
	var out strings.Builder
	for i, line := range t {
		if lines := blocks[i]; len(lines) > 0 {
			for _, l := range append(append([]string{begin}, lines...), xmlEnd) {
				out.WriteString("  " + l + nl)
			}
		}
		out.WriteString(line)
	}
	after, err := parseText([]byte(out.String()))
	if err != nil {
		return nil, err
	}
	if got, err := readSettings(after); err != nil || got.first != base {
		return nil, errors.New("the mirror cannot be added there; add it by hand")
	}
	return []byte(out.String()), nil
}
