package clientconfig

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// uvFile is the user's uv.toml, or the one that UV_CONFIG_FILE puts in the place
// of all.
func (m Machine) uvFile() (string, error) {
	switch f := m.Getenv("UV_CONFIG_FILE"); {
	case filepath.IsAbs(f):
		return f, nil
	case f != "":
		return "", errors.New("UV_CONFIG_FILE is a relative path: which file uv reads depends on where it starts; make it absolute")
	}
	if m.OS == "windows" {
		return filepath.Join(m.appData(), "uv", "uv.toml"), nil
	}
	return filepath.Join(m.config(), "uv", "uv.toml"), nil
}

func (m Machine) setupUv(base string, token secretref.Secret) (Plan, error) {
	p := Plan{URL: base + "simple/"}
	path, err := m.uvFile()
	if err != nil {
		return p, err
	}
	c, err := change(path, func(t text, _ bool) (*edit, error) { return editUv(t, p.URL) })
	if err != nil {
		return p, err
	}
	p.add(c)
	p.Notes = []string{"an index that a project itself names still goes first; \"gatehouse admit\" reports such lines"}
	p.Warnings = m.uvWarnings(c, p.URL)
	return m.withNetrc(p, "uv", base, token)
}

func (m Machine) undoUv() (Plan, error) {
	path, err := m.uvFile()
	if err != nil {
		return Plan{}, err
	}
	return m.undoIn(path, "uv")
}

// uvSettings is the part of uv.toml that decides where packages come from
// (https://docs.astral.sh/uv/reference/settings/).
type uvSettings struct {
	Index []struct {
		Name    string `toml:"name"`
		URL     string `toml:"url"`
		Default bool   `toml:"default"`
	} `toml:"index"`
	IndexURL      string   `toml:"index-url"`
	ExtraIndexURL []string `toml:"extra-index-url"`
	FindLinks     []string `toml:"find-links"`
	Pip           struct {
		IndexURL      string   `toml:"index-url"`
		ExtraIndexURL []string `toml:"extra-index-url"`
		FindLinks     []string `toml:"find-links"`
	} `toml:"pip"`
}

func readUv(t text) (s uvSettings, all map[string]any, err error) {
	b := []byte(t.String())
	if err := toml.Unmarshal(b, &all); err != nil {
		return s, nil, tomlError(err)
	}
	if err := toml.Unmarshal(b, &s); err != nil {
		return s, nil, tomlError(err)
	}
	return s, all, nil
}

func tomlError(err error) error {
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		return fmt.Errorf("line %d: %s", line, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	return err
}

// editUv appends the gate as the default index and sets aside what was the
// default before.
func editUv(t text, address string) (*edit, error) {
	s, all, err := readUv(t)
	if err != nil {
		return nil, err
	}
	places, err := findUv(t)
	if err != nil {
		return nil, err
	}
	if len(places.indexes) != len(s.Index) {
		return nil, errors.New("its index list is not written as [[index]] tables; add the gate by hand: { name = \"gatehouse\", url = \"" + address + "\", default = true }")
	}
	e := edit{blocks: map[int][]string{}, aside: map[int]bool{}}
	var defaults []string
	for i, x := range s.Index {
		switch {
		case x.Default:
			defaults = append(defaults, x.URL)
			places.indexes[i].setAside(e)
		case x.Name == sourceName:
			return nil, fmt.Errorf("it has an index named %s of its own; rename or remove that first", sourceName)
		}
	}
	if s.IndexURL != "" {
		defaults = append(defaults, s.IndexURL)
		places.indexURL.setAside(e)
	}
	if len(defaults) == 1 && defaults[0] == address {
		return nil, nil
	}
	e.blocks[len(t)] = []string{"[[index]]", `name = "` + sourceName + `"`, `url = "` + address + `"`, "default = true"}
	return &e, checkUv(all, t.apply(e), address)
}

// checkUv reads the result as uv will: one default, ours, and nothing else
// changed.
func checkUv(before map[string]any, result text, address string) error {
	s, after, err := readUv(result)
	if err != nil {
		return fmt.Errorf("the result cannot be read: %w", err)
	}
	n := 0
	for _, x := range s.Index {
		if x.Default && x.URL == address {
			n++
		} else if x.Default {
			n = -len(s.Index)
		}
	}
	if n != 1 || s.IndexURL != "" || !reflect.DeepEqual(withoutDefault(before), withoutDefault(after)) {
		return errors.New("the gate cannot be made the default index without changing another setting; add it by hand")
	}
	return nil
}

// withoutDefault leaves out of a whole configuration what names the default.
func withoutDefault(all map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range all {
		if k == "index" || k == "index-url" {
			continue
		}
		out[k] = v
	}
	var rest []any
	list, _ := all["index"].([]any)
	for _, x := range list {
		if t, ok := x.(map[string]any); !ok || t["default"] != true {
			rest = append(rest, x)
		}
	}
	out["index"] = rest
	return out
}

// span is a run of lines [from, to).
type span struct{ from, to int }

func (s span) setAside(e edit) {
	for i := s.from; i < s.to; i++ {
		e.aside[i] = true
	}
}

// uvPlaces says on which lines the settings stand that may have to go.
type uvPlaces struct {
	indexes  []span // of each [[index]], in order
	indexURL span
}

// findUv walks the file's expressions. One ends where its last line is that is
// neither blank nor a comment before the next begins.
func findUv(t text) (uvPlaces, error) {
	var p unstable.Parser
	data := []byte(t.String())
	p.Reset(data)
	var out uvPlaces
	var open *span
	end := func(line int) {
		if open == nil {
			return
		}
		for line > open.from+1 && idle(t[line-1]) {
			line--
		}
		open.to, open = line, nil
	}
	top := true
	for p.NextExpression() {
		n := p.Expression()
		if n.Kind != unstable.KeyValue && n.Kind != unstable.Table && n.Kind != unstable.ArrayTable {
			continue
		}
		keys, at := tomlKeys(n)
		line := bytes.Count(data[:at], []byte("\n"))
		switch {
		case n.Kind == unstable.ArrayTable && slices.Equal(keys, []string{"index"}):
			end(line)
			out.indexes = append(out.indexes, span{from: line})
			open, top = &out.indexes[len(out.indexes)-1], false
		case n.Kind != unstable.KeyValue:
			top = false
			if keys[0] != "index" { // [index.x] belongs to the last [[index]]
				end(line)
			}
		case top:
			end(line)
			if slices.Equal(keys, []string{"index-url"}) {
				out.indexURL = span{from: line}
				open = &out.indexURL
			}
		}
	}
	end(len(t))
	return out, p.Error()
}

func tomlKeys(n *unstable.Node) (keys []string, at int) {
	for it := n.Key(); it.Next(); {
		k := it.Node()
		if len(keys) == 0 {
			at = int(k.Raw.Offset)
		}
		keys = append(keys, string(k.Data))
	}
	return keys, at
}

func idle(line string) bool {
	s := strings.TrimSpace(line)
	return s == "" || s[0] == '#'
}

func (m Machine) uvWarnings(c Change, address string) []string {
	out := uvBypasses(c.Path, c.New)
	if m.Getenv("UV_CONFIG_FILE") == "" && m.OS != "windows" {
		for _, d := range m.systemConfigs() {
			if other, err := read(filepath.Join(d, "uv", "uv.toml")); err == nil && other.Existed {
				out = append(out, uvBypasses(other.Path, other.Old)...)
				break // uv reads the first only
			}
		}
	}
	for _, name := range []string{"UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_CONFIG"} {
		if v := m.Getenv(name); v != "" && v != address {
			out = append(out, "the environment variable "+name+" goes around the gate; unset it")
		}
	}
	return out
}

func uvBypasses(path string, content []byte) []string {
	if len(content) == 0 {
		return nil
	}
	t, err := parseText(content)
	if err != nil {
		return []string{path + " cannot be read: " + err.Error()}
	}
	s, _, err := readUv(t)
	if err != nil {
		return []string{path + " cannot be read: " + err.Error()}
	}
	var out []string
	warn := func(what string, there bool) {
		if there {
			out = append(out, path+": "+what+" goes around the gate; remove it")
		}
	}
	for _, x := range s.Index {
		warn(fmt.Sprintf("the index %q", x.Name), !x.Default)
	}
	warn("extra-index-url", len(s.ExtraIndexURL) > 0)
	warn("find-links", len(s.FindLinks) > 0)
	warn("index-url in [pip]", s.Pip.IndexURL != "")
	warn("extra-index-url in [pip]", len(s.Pip.ExtraIndexURL) > 0)
	warn("find-links in [pip]", len(s.Pip.FindLinks) > 0)
	return out
}
