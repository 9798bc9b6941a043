package dist

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// SetupConfig is what an sdist's setup.cfg declares
// (https://setuptools.pypa.io/en/latest/userguide/declarative_config.html).
type SetupConfig struct {
	Name           string // normalised; "" when it is not written or comes from elsewhere
	Version        string // the same
	RequiresDist   []string
	RequiresPython string
	Extras         []string
	SetupRequires  []string // what a build needs beside [build-system]
	// Elsewhere says that the requirements are not written here but read by the
	// build from another place, and why; "" when they stand here.
	Elsewhere string
}

// maxOptions bounds the lines of one setup.cfg.
const maxOptions = 20_000

// ParseSetupConfig reads setup.cfg as Python's RawConfigParser does, and is an
// error where that is one. Values that setuptools takes from other places
// ("file:", "attr:") are not followed.
func ParseSetupConfig(b []byte) (SetupConfig, error) {
	ini, err := parseINI(b)
	if err == nil && len(ini["DEFAULT"]) > 0 {
		err = errors.New("its [DEFAULT] section is part of all others")
	}
	var c SetupConfig
	if err == nil {
		err = c.read(ini)
	}
	if err != nil {
		return SetupConfig{}, fmt.Errorf("reading setup.cfg: %w", err)
	}
	return c, nil
}

func (c *SetupConfig) read(ini map[string]map[string]string) error {
	about, options := ini["metadata"], ini["options"]
	// What is no name or no version is the build's to complain of.
	if name, err := pep503.Parse(about["name"]); err == nil && !directive(about["name"]) {
		c.Name = name
	}
	if _, err := pep440.Parse(about["version"]); err == nil {
		c.Version = about["version"]
	}
	var err error
	if c.SetupRequires, err = listed("setup_requires", options["setup_requires"]); err != nil {
		return err
	}
	for _, need := range c.SetupRequires {
		if _, err := pep508.ParseRequirement(need); err != nil {
			return err
		}
	}
	if misspelt := otherSpelling(options); misspelt != "" {
		// Releases of setuptools differ in whether they take it.
		return fmt.Errorf("the option %s is not spelt with underscores", artifact.Untrusted(misspelt))
	}
	if err := c.readRequirements(options, ini["options.extras_require"]); err != nil {
		c.Elsewhere, c.RequiresDist, c.Extras = err.Error(), nil, nil
	}
	return nil
}

// readRequirements is an error where the requirements do not stand in the file.
func (c *SetupConfig) readRequirements(options, extras map[string]string) error {
	c.RequiresPython = options["python_requires"]
	if _, err := pep440.ParseSpecifiers(c.RequiresPython); err != nil {
		return err
	}
	if options["extras_require"] != "" {
		return errors.New("extras_require is not a section")
	}
	var r requires
	needs, err := listed("install_requires", options["install_requires"])
	if err == nil {
		err = r.add("", needs)
	}
	if err != nil {
		return err
	}
	for _, extra := range slices.Sorted(maps.Keys(extras)) {
		needs, err := listed(extra, extras[extra])
		if err == nil {
			err = r.add(extra, needs)
		}
		if err != nil {
			return err
		}
	}
	c.RequiresDist, c.Extras = r.texts, r.extras
	return nil
}

// otherSpelling finds an option that some setuptools take for one that is read
// here.
func otherSpelling(options map[string]string) string {
	for key := range options {
		plain := strings.ReplaceAll(strings.ToLower(key), "-", "_")
		switch plain {
		case "setup_requires", "install_requires", "python_requires", "extras_require":
			if plain != key {
				return key
			}
		}
	}
	return ""
}

// directive says whether a value names the place where the value is.
func directive(value string) bool {
	word, _, ok := strings.Cut(value, ":")
	return ok && (word == "file" || word == "attr" || word == "find" || word == "find_namespace")
}

// listed reads a list of requirements: one a line, or on one line separated by
// semicolons, which markers have too: such a line is refused.
func listed(option, value string) ([]string, error) {
	switch {
	case directive(value):
		return nil, fmt.Errorf("%s is read from another place: %s", artifact.Untrusted(option), artifact.Untrusted(value))
	case !strings.Contains(value, "\n") && strings.Contains(value, ";"):
		return nil, fmt.Errorf("%s has a semicolon on its one line", artifact.Untrusted(option))
	}
	var out []string
	for line := range strings.SplitSeq(value, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			if len(out) == metadata.MaxRequires {
				return nil, fmt.Errorf("%s has more than %d lines", artifact.Untrusted(option), metadata.MaxRequires)
			}
			out = append(out, line)
		}
	}
	return out, nil
}

// parseINI reads sections of options: a line that begins with space continues
// the value above it when it is indented deeper than its key, lines that begin
// with # or ; are comments. Where Python stops, this does too.
func parseINI(b []byte) (map[string]map[string]string, error) {
	if len(b) > MaxSmall || !utf8.Valid(b) {
		return nil, fmt.Errorf("it is larger than %d bytes, or not UTF-8", MaxSmall)
	}
	p := iniParser{sections: map[string]map[string]string{}}
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n > maxOptions {
			return nil, fmt.Errorf("more than %d lines", maxOptions)
		}
		if strings.ContainsAny(string(bytes.TrimRight(line, "\r\n")), "\r\v\f\x1c\x1d\x1e\x1f\u0085\u2028\u2029\x00") {
			return nil, fmt.Errorf("line %d: a character that some readers take for the end of a line", n)
		}
		if err := p.line(string(bytes.TrimRight(line, "\r\n"))); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	p.end()
	return p.sections, nil
}

type iniParser struct {
	sections map[string]map[string]string
	section  map[string]string
	key      string
	value    []string // its lines so far; nil when no option is open
	indent   int      // of the key
}

func (p *iniParser) line(line string) error {
	text := strings.TrimSpace(line)
	if text != "" && (text[0] == '#' || text[0] == ';') {
		return nil
	}
	if text == "" {
		if p.value != nil {
			p.value = append(p.value, "")
		}
		return nil
	}
	indent := len(line) - len(strings.TrimLeftFunc(line, unicode.IsSpace))
	if strings.Trim(line[:indent], " \t") != "" {
		return errors.New("it is indented by something else than spaces and tabs")
	}
	if p.value != nil && indent > p.indent {
		p.value = append(p.value, text)
		return nil
	}
	p.end()
	p.indent = indent
	if text[0] == '[' {
		return p.begin(text)
	}
	if p.section == nil {
		return errors.New("an option before the first section")
	}
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		return errors.New("an option without a value")
	}
	key := strings.TrimSpace(text[:i])
	if _, twice := p.section[key]; twice || key == "" {
		return fmt.Errorf("option %s has no name, or is there twice", artifact.Untrusted(key))
	}
	p.section[key] = "" // so that a second one is seen while this is open
	p.key, p.value = key, []string{strings.TrimSpace(text[i+1:])}
	return nil
}

func (p *iniParser) begin(text string) error {
	i := strings.LastIndexByte(text, ']')
	if i < 1 {
		return errors.New("a section without its end")
	}
	name := text[1:i]
	if _, twice := p.sections[name]; twice || strings.TrimSpace(text[i+1:]) != "" {
		return fmt.Errorf("section %s is there twice, or more stands behind it", artifact.Untrusted(name))
	}
	p.section = map[string]string{}
	p.sections[name] = p.section
	return nil
}

// end takes the option that is open.
func (p *iniParser) end() {
	if p.value != nil {
		p.section[p.key] = strings.TrimRight(strings.Join(p.value, "\n"), "\n")
	}
	p.value = nil
}
