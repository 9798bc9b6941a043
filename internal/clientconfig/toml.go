package clientconfig

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlSetting is a key of a table that shall have a value, written as in TOML.
type tomlSetting struct {
	table []string
	key   string
	value string
}

func (s tomlSetting) path() []string { return append(slices.Clone(s.table), s.key) }

// quoted writes a plain text as TOML.
func quoted(s string) string { return strconv.Quote(s) }

func readTOML(b []byte) (map[string]any, error) {
	all := map[string]any{}
	if err := toml.Unmarshal(b, &all); err != nil {
		return nil, tomlError(err)
	}
	return all, nil
}

// setTOML plans settings of a file, and sets aside what was there in their place.
// Nil where the file says all of it already.
func setTOML(t text, settings []tomlSetting) (*edit, error) {
	before, err := readTOML([]byte(t.String()))
	if err != nil {
		return nil, err
	}
	headers, values, err := findTOML(t)
	if err != nil {
		return nil, err
	}
	e := edit{blocks: map[int][]string{}, aside: map[int]bool{}}
	same := true
	for _, s := range settings {
		want, err := readTOML([]byte("value = " + s.value))
		if err != nil {
			return nil, err
		}
		same = same && reflect.DeepEqual(lookTOML(before, s.path()), want["value"])
		for _, v := range values {
			if slices.Equal(v.keys, s.path()) || len(v.keys) > len(s.path()) && slices.Equal(v.keys[:len(s.path())], s.path()) {
				v.span.setAside(e)
			}
		}
		line := s.key + " = " + s.value
		if at, ok := headers[strings.Join(s.table, ".")]; ok {
			e.blocks[at+1] = append(e.blocks[at+1], line)
			continue
		}
		head := "[" + strings.Join(s.table, ".") + "]"
		if i := slices.Index(e.blocks[len(t)], head); i >= 0 {
			e.blocks[len(t)] = slices.Insert(e.blocks[len(t)], i+1, line)
		} else {
			e.blocks[len(t)] = append(e.blocks[len(t)], head, line)
		}
	}
	if same {
		return nil, nil
	}
	return &e, checkTOML(before, t.apply(e), settings)
}

// checkTOML reads the result as a client will: ours is there, and nothing else
// moved.
func checkTOML(before map[string]any, result text, settings []tomlSetting) error {
	after, err := readTOML([]byte(result.String()))
	if err != nil {
		return fmt.Errorf("the setting cannot be added beside what is there (%w); add it by hand", err)
	}
	for _, s := range settings {
		want, err := readTOML([]byte("value = " + s.value))
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(lookTOML(after, s.path()), want["value"]) {
			return fmt.Errorf("%s cannot be set there; add it by hand", strings.Join(s.path(), "."))
		}
		dropTOML(before, s.path())
		dropTOML(after, s.path())
	}
	if !reflect.DeepEqual(before, after) {
		return errors.New("the setting cannot be added without changing another; add it by hand")
	}
	return nil
}

func lookTOML(all map[string]any, path []string) any {
	for _, k := range path[:len(path)-1] {
		next, ok := all[k].(map[string]any)
		if !ok {
			return nil
		}
		all = next
	}
	return all[path[len(path)-1]]
}

// dropTOML takes a setting out, and the tables that are empty then.
func dropTOML(all map[string]any, path []string) {
	if len(path) > 1 {
		next, ok := all[path[0]].(map[string]any)
		if !ok {
			return
		}
		if dropTOML(next, path[1:]); len(next) > 0 {
			return
		}
	}
	delete(all, path[0])
}

// tomlValue is a key with its whole path and the lines that it stands on.
type tomlValue struct {
	keys []string
	span span
}

// findTOML gives the line of each table's header, by its dotted name, and the
// place of each value. One ends where its last line is that is neither blank nor
// a comment before the next expression begins.
func findTOML(t text) (headers map[string]int, values []tomlValue, err error) {
	var p unstable.Parser
	data := []byte(t.String())
	p.Reset(data)
	headers = map[string]int{}
	var table []string
	open := -1
	end := func(line int) {
		if open < 0 {
			return
		}
		for line > values[open].span.from+1 && idle(t[line-1]) {
			line--
		}
		values[open].span.to, open = line, -1
	}
	for p.NextExpression() {
		n := p.Expression()
		if n.Kind != unstable.KeyValue && n.Kind != unstable.Table && n.Kind != unstable.ArrayTable {
			continue
		}
		keys, at := tomlKeys(n)
		line := bytes.Count(data[:at], []byte("\n"))
		end(line)
		switch n.Kind {
		case unstable.Table:
			table = keys
			headers[strings.Join(keys, ".")] = line
		case unstable.ArrayTable:
			table = append(keys, "[]") // nobody's path
		default:
			values = append(values, tomlValue{slices.Concat(table, keys), span{from: line}})
			open = len(values) - 1
		}
	}
	end(len(t))
	return headers, values, p.Error()
}
