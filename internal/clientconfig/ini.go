package clientconfig

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// An ini is a file as Python's configparser reads it in its strict form
// (https://docs.python.org/3/library/configparser.html): what that refuses, or
// would read as something else, is refused here too.
type ini struct {
	sections []iniSection
	options  []iniOption
}

type iniSection struct {
	name string
	line int // of the header, from 0
}

type iniOption struct {
	section, name string
	value         string // its lines, trimmed and joined by a line break
	from, to      int    // lines [from, to), continuations included
	indent        string // what stands before the name
}

// parseINI reads a file. fold brings an option's name into its one form.
func parseINI(t text, fold func(string) string) (ini, error) {
	p := iniParser{fold: fold}
	for i, line := range t {
		if err := p.line(i, bare(line)); err != nil {
			return ini{}, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return p.ini, nil
}

type iniParser struct {
	ini
	fold     func(string) string
	indent   int  // of the last header or option
	inOption bool // the next deeper line continues the last option
}

func (p *iniParser) line(i int, s string) error {
	value := strings.TrimSpace(s)
	if value == "" || value[0] == '#' || value[0] == ';' {
		return nil
	}
	lead := s[:strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) })]
	indent := len([]rune(lead))
	if p.inOption && indent > p.indent {
		o := &p.options[len(p.options)-1]
		o.value, o.to = strings.TrimSpace(o.value+"\n"+value), i+1
		return nil
	}
	p.indent, p.inOption = indent, false
	if name, ok := header(value); ok {
		if slices.ContainsFunc(p.sections, func(x iniSection) bool { return x.name == name }) {
			return fmt.Errorf("a second section [%s]", name)
		}
		p.sections = append(p.sections, iniSection{name: name, line: i})
		return nil
	}
	if len(p.sections) == 0 {
		return fmt.Errorf("something before the first [section]")
	}
	return p.option(i, lead, value)
}

// header reads "[name]"; text after it is ignored, as Python does.
func header(s string) (string, bool) {
	end := strings.LastIndexByte(s, ']')
	if s[0] != '[' || end < 2 {
		return "", false
	}
	return s[1:end], true
}

func (p *iniParser) option(i int, lead, s string) error {
	at := strings.IndexAny(s, "=:")
	if at <= 0 || strings.TrimSpace(s[:at]) == "" {
		return fmt.Errorf("no \"name = value\"")
	}
	o := iniOption{
		section: p.sections[len(p.sections)-1].name, name: p.fold(strings.TrimSpace(s[:at])),
		value: strings.TrimSpace(s[at+1:]), from: i, to: i + 1, indent: lead,
	}
	if _, twice := p.find(o.section, o.name); twice {
		return fmt.Errorf("%s a second time in [%s]", o.name, o.section)
	}
	p.options = append(p.options, o)
	p.inOption = true
	return nil
}

func (f ini) find(section, name string) (iniOption, bool) {
	i := slices.IndexFunc(f.options, func(o iniOption) bool { return o.section == section && o.name == name })
	if i < 0 {
		return iniOption{}, false
	}
	return f.options[i], true
}

func (f ini) section(name string) (iniSection, bool) {
	i := slices.IndexFunc(f.sections, func(s iniSection) bool { return s.name == name })
	if i < 0 {
		return iniSection{}, false
	}
	return f.sections[i], true
}

// indentAfter is the indentation of the first line after i that means anything.
// A line put before it with the same indentation cannot swallow it as its
// continuation.
func indentAfter(t text, i int) string {
	for _, line := range t[i+1:] {
		s := strings.TrimSpace(line)
		if s != "" && s[0] != '#' && s[0] != ';' {
			return line[:strings.Index(line, s)]
		}
	}
	return ""
}

// without lists the options except those that skip names, without their places.
func (f ini) without(skip func(iniOption) bool) []iniOption {
	var out []iniOption
	for _, o := range f.options {
		if !skip(o) {
			out = append(out, iniOption{section: o.section, name: o.name, value: o.value})
		}
	}
	return out
}
