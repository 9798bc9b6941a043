package javascript

import (
	"encoding/json"
	"strings"
)

// parseJSON gives the value of JSON.parse of a constant: arrays and objects of
// texts and numbers, of which tables for decoders are made.
func (a *analysis) parseJSON(s string, like *value) *value {
	if len(s) > 256<<10 || !a.budget.Take(len(s)) {
		return nil
	}
	var x any
	d := json.NewDecoder(strings.NewReader(s))
	if d.Decode(&x) != nil {
		return nil
	}
	var build func(x any, depth int) *value
	build = func(x any, depth int) *value {
		if depth > 20 {
			return unknown
		}
		switch x := x.(type) {
		case string:
			v := &value{kind: vString, s: x, from: like.from &^ fromLong, disguised: like.disguised}
			v.marks = a.marksOf(x)
			return v
		case float64:
			return number(x)
		case bool:
			return boolean(x)
		case nil:
			return undefined
		case []any:
			v := &value{kind: vArray}
			for _, it := range x {
				v.items = append(v.items, build(it, depth+1))
			}
			return v
		case map[string]any:
			v := newObject()
			for k, it := range x {
				v.setField(k, build(it, depth+1))
			}
			return v
		}
		return unknown
	}
	v := build(x, 0)
	c := *v
	c.from |= like.from &^ fromLong
	return &c
}
