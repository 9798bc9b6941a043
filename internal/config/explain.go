package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Setting is one value in force and where it came from.
type Setting struct {
	Path   string `json:"path"`   // "limits.file_bytes", "upstreams[0].url", "registries.main.pull"
	Value  any    `json:"value"`  // credentials are references, never the secret
	Source string `json:"source"` // "default", "FILE:LINE", "environment NAME", "flag --NAME"
}

// fromDefault is the source of what nobody set.
const fromDefault = "default"

// Settings lists every value in force, in the order of the struct. It reads the
// struct's yaml tags, so that a new section is in it by itself.
func (c Config) Settings() []Setting {
	var out []Setting
	c.list(reflect.ValueOf(c), "", &out)
	return out
}

func (c Config) list(v reflect.Value, path string, out *[]Setting) {
	leaf := func() {
		*out = append(*out, Setting{Path: path, Value: plain(v), Source: c.source(path)})
	}
	if isLeaf(v.Type()) {
		leaf()
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			leaf()
			return
		}
		c.list(v.Elem(), path, out)
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			c.list(v.FieldByIndex(f.index), join(path, f.key), out)
		}
	case reflect.Map:
		if v.Len() == 0 {
			leaf()
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			c.list(v.MapIndex(k), join(path, k.String()), out)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			leaf()
		}
		for i := range v.Len() {
			c.list(v.Index(i), path+"["+strconv.Itoa(i)+"]", out)
		}
	default:
		leaf()
	}
}

// isLeaf says whether a value is written in one piece: one that reads itself
// from YAML, a scalar, a list of scalars.
func isLeaf(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		e := t.Elem()
		return e.Kind() != reflect.Struct && (e.Kind() != reflect.Pointer || e.Elem().Kind() != reflect.Struct) && isLeaf(e)
	case reflect.Struct:
		return false
	}
	return true
}

// plain is a value as JSON and YAML show it.
func plain(v reflect.Value) any {
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil() {
		return nil
	}
	if m, ok := v.Interface().(yaml.Marshaler); ok {
		if out, err := m.MarshalYAML(); err == nil {
			return out
		}
	}
	return v.Interface()
}

// field is one key of a section.
type field struct {
	key   string
	index []int
	typ   reflect.Type
}

// fieldsOf lists what a struct reads from YAML.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for f := range t.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || key == "-":
		case options == "inline":
			for _, in := range fieldsOf(f.Type) {
				out = append(out, field{in.key, append(slices.Clone(f.Index), in.index...), in.typ})
			}
		default:
			if key == "" {
				key = strings.ToLower(f.Name)
			}
			out = append(out, field{key, f.Index, f.Type})
		}
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// source says where the value at a path came from.
func (c Config) source(path string) string {
	if s, ok := c.from[path]; ok {
		return s
	}
	return fromDefault
}

// Set notes that a value was laid over the configuration, by a flag or the
// environment.
func (c *Config) Set(path, source string) {
	c.from = maps.Clone(c.from)
	if c.from == nil {
		c.from = map[string]string{}
	}
	c.from[path] = source
}

// note remembers the line of every value that a file sets.
func (c *Config) note(n *yaml.Node, path, file string, depth int) {
	if depth > maxDepth {
		return
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, child := range n.Content {
			c.note(child, path, file, depth+1)
		}
	case yaml.AliasNode:
		c.note(n.Alias, path, file, depth+1)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Value == "<<" {
				c.note(value, path, file, depth+1)
				continue
			}
			p := join(path, key.Value)
			c.Set(p, fmt.Sprintf("%s:%d", file, key.Line))
			c.note(value, p, file, depth+1)
		}
	case yaml.SequenceNode:
		for i, child := range n.Content {
			c.note(child, path+"["+strconv.Itoa(i)+"]", file, depth+1)
		}
	}
}

// maxDepth is how deep a file may nest: an alias may name what holds it.
const maxDepth = 20

// checkKeys refuses a key that is no setting, and names the nearest one. yaml's
// own check comes after it and knows no line to write instead.
func checkKeys(n *yaml.Node, t reflect.Type, path string, depth int) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if depth > maxDepth {
		return fmt.Errorf("line %d: nested too deep", n.Line)
	}
	switch {
	case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
		return checkKeys(n.Content[0], t, path, depth+1)
	case n.Kind == yaml.AliasNode:
		return checkKeys(n.Alias, t, path, depth+1)
	case isLeaf(t):
		return nil
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, child := range n.Content {
			if err := checkKeys(child, t.Elem(), path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
				return err
			}
		}
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := checkKey(n.Content[i], n.Content[i+1], t, path, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkKey(key, value *yaml.Node, t reflect.Type, path string, depth int) error {
	if key.Value == "<<" {
		return checkKeys(value, t, path, depth+1)
	}
	if t.Kind() == reflect.Map {
		return checkKeys(value, t.Elem(), join(path, key.Value), depth+1)
	}
	if t.Kind() != reflect.Struct {
		return nil // yaml says what is wrong with it
	}
	var names []string
	for _, f := range fieldsOf(t) {
		if f.key == key.Value {
			return checkKeys(value, f.typ, join(path, key.Value), depth+1)
		}
		names = append(names, f.key)
	}
	where := "the configuration"
	if path != "" {
		where = path
	}
	hint := "there are " + strings.Join(names, ", ")
	if near := nearest(key.Value, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("line %d: %s has no setting %.60q; %s", key.Line, where, key.Value, hint)
}

// nearest is the name that a person most likely meant; "" when none is near.
func nearest(word string, names []string) string {
	best, least := "", 1+max(1, len(word)/3)
	for _, name := range names {
		if d := distance(strings.ToLower(word), name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to put in, take out or change.
func distance(a, b string) int {
	if len(a) > 60 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// YAML writes the settings as a file that could be read again, each value with
// where it came from beside it.
func (c Config) YAML() ([]byte, error) {
	root := c.node(reflect.ValueOf(c), "")
	return yaml.Marshal(root)
}

func (c Config) node(v reflect.Value, path string) *yaml.Node {
	if !isLeaf(v.Type()) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				return c.node(v.Elem(), path)
			}
		case reflect.Struct:
			n := &yaml.Node{Kind: yaml.MappingNode}
			for _, f := range fieldsOf(v.Type()) {
				n.Content = append(n.Content, text(f.key), c.node(v.FieldByIndex(f.index), join(path, f.key)))
			}
			return n
		case reflect.Map:
			if v.Len() > 0 {
				n := &yaml.Node{Kind: yaml.MappingNode}
				keys := v.MapKeys()
				slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
				for _, k := range keys {
					n.Content = append(n.Content, text(k.String()), c.node(v.MapIndex(k), join(path, k.String())))
				}
				return n
			}
		case reflect.Slice:
			if v.Len() > 0 {
				n := &yaml.Node{Kind: yaml.SequenceNode}
				for i := range v.Len() {
					n.Content = append(n.Content, c.node(v.Index(i), path+"["+strconv.Itoa(i)+"]"))
				}
				return n
			}
		}
	}
	n := &yaml.Node{}
	if err := n.Encode(plain(v)); err != nil {
		n = text(fmt.Sprint(plain(v)))
	}
	if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode {
		n.Style = yaml.FlowStyle
	}
	n.LineComment = c.source(path)
	return n
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
