// Package record is what the gate keeps of a version of a crate beside its archive:
// its line of the index (https://doc.rust-lang.org/cargo/reference/registry-index.html)
// and the same facts as the Cargo.toml in its archive states them. The upstream keeps
// the line in ecosystem.IndexFile.Record byte for byte, and the honesty check holds
// the archive against it.
//
// It promises to read a line as cargo does: keys are exact, and a line that says one
// thing twice, or is of a newer form than cargo knows, says nothing. It keeps no
// state; everything is safe for concurrent use.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
)

// Limits on a line. The longest of the public index have some hundred kilobytes.
const (
	MaxLine    = 1 << 20 // bytes
	maxDeps    = 5_000
	maxSchema  = 2  // cargo passes over lines of a later form
	maxCrate   = 64 // characters of a name
	maxMembers = 64 // of a line or one dependency, unknown ones included
)

// The kinds of dependencies, as an index writes them.
const (
	Normal = "normal"
	Build  = "build"
	Dev    = "dev"
)

// ErrLine says that a text is no line of an index.
var ErrLine = errors.New("not a line of cargo's index")

// Line is what an index says of one version.
type Line struct {
	Name      string              `json:"name"` // as the index spells it
	Number    string              `json:"vers"`
	Deps      []Dependency        `json:"deps"`
	Checksum  artifact.Digest     `json:"cksum"`
	Features  map[string][]string `json:"features"`
	Yanked    bool                `json:"yanked"`
	Links     string              `json:"links,omitempty"`
	Schema    int                 `json:"v,omitempty"` // 0 stands for 1
	Features2 map[string][]string `json:"features2,omitempty"`
	Rust      string              `json:"rust_version,omitempty"`
	Published time.Time           `json:"-"` // pubtime; zero when the line has none
}

// Dependency is one of a version's.
type Dependency struct {
	Name     string   `json:"name"` // as the crate's own code calls it
	Req      string   `json:"req"`
	Features []string `json:"features"`
	Optional bool     `json:"optional"`
	Default  bool     `json:"default_features"`
	Target   string   `json:"target,omitempty"` // cfg(…) or a triple; "" for all
	Kind     string   `json:"kind"`
	Registry string   `json:"registry,omitempty"` // another registry's index; "" for the same
	Package  string   `json:"package,omitempty"`  // what it is called there, where that is not Name
}

// Crate is the name of the crate that a dependency is on.
func (d Dependency) Crate() string {
	if d.Package != "" {
		return d.Package
	}
	return d.Name
}

// ValidName says whether a text can be a crate's name.
func ValidName(s string) bool {
	if s == "" || len(s) > maxCrate || s[0] == '-' || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// Parse reads a line.
func Parse(b []byte) (Line, error) {
	var l Line
	if len(b) > MaxLine {
		return l, fmt.Errorf("%w: it is longer than %d bytes", ErrLine, MaxLine)
	}
	err := object(b, func(key string, m member) error {
		switch key {
		case "name":
			return json.Unmarshal(m.value, &l.Name)
		case "vers":
			return json.Unmarshal(m.value, &l.Number)
		case "deps":
			return array(m.value, func(v []byte) error {
				d, err := parseDependency(v)
				if l.Deps = append(l.Deps, d); len(l.Deps) > maxDeps {
					return fmt.Errorf("it has more than %d dependencies", maxDeps)
				}
				return err
			})
		case "cksum":
			return json.Unmarshal(m.value, &l.Checksum)
		case "features":
			return features(m.value, &l.Features)
		case "features2":
			return features(m.value, &l.Features2)
		case "yanked":
			return json.Unmarshal(m.value, &l.Yanked)
		case "links":
			return json.Unmarshal(m.value, &l.Links)
		case "v":
			return json.Unmarshal(m.value, &l.Schema)
		case "rust_version":
			return json.Unmarshal(m.value, &l.Rust)
		case "pubtime":
			l.Published = parseTime(m.value)
		}
		return nil
	})
	if err == nil {
		err = l.check()
	}
	if err != nil {
		return Line{}, fmt.Errorf("%w: %s", ErrLine, artifact.Untrusted(err.Error()))
	}
	return l, nil
}

// check holds what every client relies on.
func (l *Line) check() error {
	if !ValidName(l.Name) {
		return errors.New("its name is none")
	}
	if _, err := semver.Parse(l.Number); err != nil {
		return err
	}
	sum, err := artifact.ParseDigest(string(l.Checksum))
	if err != nil {
		return errors.New("its checksum is none")
	}
	l.Checksum = sum
	if l.Schema > maxSchema || l.Schema < 0 {
		return fmt.Errorf("it is of form %d", l.Schema)
	}
	for _, d := range l.Deps {
		if !ValidName(d.Crate()) {
			return errors.New("a dependency's name is none")
		}
	}
	return nil
}

func parseDependency(b []byte) (Dependency, error) {
	d := Dependency{Kind: Normal}
	err := object(b, func(key string, m member) error {
		switch key {
		case "name":
			return json.Unmarshal(m.value, &d.Name)
		case "req":
			return json.Unmarshal(m.value, &d.Req)
		case "features":
			return json.Unmarshal(m.value, &d.Features)
		case "optional":
			return json.Unmarshal(m.value, &d.Optional)
		case "default_features":
			return json.Unmarshal(m.value, &d.Default)
		case "target":
			return json.Unmarshal(m.value, &d.Target) // null leaves ""
		case "kind":
			return json.Unmarshal(m.value, &d.Kind) // null leaves normal
		case "registry":
			return json.Unmarshal(m.value, &d.Registry)
		case "package":
			return json.Unmarshal(m.value, &d.Package)
		}
		return nil
	})
	return d, err
}

func features(b []byte, into *map[string][]string) error {
	*into = map[string][]string{}
	return members(b, 1<<20, func(key string, m member) error {
		var values []string
		err := json.Unmarshal(m.value, &values)
		(*into)[key] = values
		return err
	})
}

// parseTime reads a date; what is none is not known.
func parseTime(b []byte) time.Time {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// member is a value with its place in the text.
type member struct {
	value      []byte
	begin, end int
}

// object calls each for every member of a JSON object, whose keys differ.
func object(b []byte, each func(key string, m member) error) error {
	return members(b, maxMembers, each)
}

func members(b []byte, most int, each func(key string, m member) error) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("it is no object")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if seen[key] || len(seen) == most {
			return fmt.Errorf("%.40q stands there twice, or there is too much", key)
		}
		seen[key] = true
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		end := int(dec.InputOffset())
		if err := each(key, member{raw, end - len(raw), end}); err != nil {
			return fmt.Errorf("%.40q: %w", key, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	// More is false at a bracket that closes nothing, too.
	if len(bytes.TrimSpace(b[dec.InputOffset():])) > 0 {
		return errors.New("something follows it")
	}
	return nil
}

func array(b []byte, each func(v []byte) error) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return errors.New("it is no array")
	}
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if err := each(raw); err != nil {
			return err
		}
	}
	return nil
}

// Change is what a registry says of a version in other words than its line.
type Change struct {
	Yanked    bool
	Published time.Time // added where the line has no pubtime; zero: nothing is added
	Message   string    // why it is shown as yanked, for people who read the line; "" for nothing
}

// Apply gives a line that Parse read as c has it: all else stays byte for byte.
func Apply(b []byte, c Change) ([]byte, error) {
	b = bytes.TrimSpace(b)
	var yanked *member
	dated, told := false, false
	said := false
	err := object(b, func(key string, m member) error {
		switch key {
		case "yanked":
			yanked = &m
			return json.Unmarshal(m.value, &said)
		case "pubtime":
			dated = !parseTime(m.value).IsZero()
		case "yank_message":
			told = true
		}
		return nil
	})
	if err != nil || len(b) == 0 || b[len(b)-1] != '}' {
		return nil, fmt.Errorf("%w: %v", ErrLine, err)
	}
	var more []byte
	if !dated && !c.Published.IsZero() {
		more = append(more, `,"pubtime":"`+c.Published.UTC().Format(time.RFC3339)+`"`...)
	}
	if c.Message != "" && !told {
		text, err := json.Marshal(c.Message)
		if err != nil {
			return nil, err
		}
		more = append(append(more, `,"yank_message":`...), text...)
	}
	if yanked == nil && c.Yanked {
		more = append(more, `,"yanked":true`...)
	}
	out := slices.Concat(b[:len(b)-1], more, []byte("}"))
	if yanked != nil && said != c.Yanked {
		out = slices.Concat(out[:yanked.begin], fmt.Append(nil, c.Yanked), out[yanked.end:])
	}
	return out, nil
}

// Bytes writes a line of our own.
func (l Line) Bytes() ([]byte, error) {
	if l.Deps == nil {
		l.Deps = []Dependency{}
	}
	if l.Features == nil {
		l.Features = map[string][]string{}
	}
	for i := range l.Deps {
		if l.Deps[i].Features == nil {
			l.Deps[i].Features = []string{}
		}
	}
	b, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("writing index line: %w", err)
	}
	return b, nil
}

// Metadata is a line in the words that all ecosystems share. What only the tests of
// the crate need is left out: nobody who depends on it gets it.
func (l Line) Metadata() ecosystem.Metadata {
	m := ecosystem.Metadata{Name: l.Name, Version: l.Number}
	for _, d := range l.Deps {
		if d.Kind == Dev {
			continue
		}
		if text := d.Crate() + " " + d.Req; !slices.Contains(m.RequiresDist, text) {
			m.RequiresDist = append(m.RequiresDist, text)
		}
	}
	for name := range l.Features {
		m.Extras = append(m.Extras, name)
	}
	slices.SortFunc(m.Extras, strings.Compare)
	return m
}

// SplitFeatures parts what older cargo reads of a crate's features from what only
// cargo since 1.60 does ("dep:name", "name?/feature"), which stands in features2.
func SplitFeatures(all map[string][]string) (old, newer map[string][]string) {
	old = map[string][]string{}
	for name, values := range all {
		if !slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, "dep:") || strings.Contains(v, "?/") }) {
			old[name] = values
			continue
		}
		if newer == nil {
			newer = map[string][]string{}
		}
		newer[name] = values
	}
	return old, newer
}
