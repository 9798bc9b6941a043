package config

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// load reads a file with the given text, and nothing else of this machine.
func load(t *testing.T, text string) (Config, string, error) {
	t.Helper()
	t.Setenv("GATEHOUSE_DATA", "")
	t.Setenv("XDG_DATA_HOME", "/data")
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, "pypi", "npm")
	return c, file, err
}

func TestSettingsSayWhereTheyCameFrom(t *testing.T) {
	c, file, err := load(t, `listen: 127.0.0.1:9000
limits:
  scan_time: 2m
upstreams:
  - name: inside
    ecosystem: pypi
    url: http://127.0.0.1:3141/company/+simple/
    credential: env:DEVPI
registries:
  team: {enforce: observe}
`)
	if err != nil {
		t.Fatal(err)
	}
	c.Set("data", "flag --data")
	got := map[string]string{}
	for _, s := range c.Settings() {
		got[s.Path] = fmt.Sprint(s.Value, " from ", s.Source)
	}
	for path, want := range map[string]string{
		"listen":                  "127.0.0.1:9000 from " + file + ":1",
		"limits.scan_time":        "2m0s from " + file + ":3",
		"limits.pull_wait":        "25s from default",
		"upstreams[0].url":        "http://127.0.0.1:3141/company/+simple/ from " + file + ":7",
		"upstreams[0].credential": "env:DEVPI from " + file + ":8",
		"upstreams[0].ttl":        "5m0s from default",
		"registries.team.enforce": "observe from " + file + ":10",
		"registries.main.enforce": "on from default",
		"data":                    "/data/gatehouse from flag --data",
		"anonymous_read":          "<nil> from default",
		"retention.schema_copies": "2160h0m0s from default",
		"upstreams[0].file_hosts": "<nil> from default",
		"advisories.sources":      "<nil> from default",
		"metrics.anonymous":       "false from default",
		"storage.free_floor":      fmt.Sprint(256<<20, " from default"),
		"registries.team.pull":    "auto from default",
		"upstreams[0].ecosystem":  "pypi from " + file + ":6",
		"matrix.platforms":        "<nil> from default",
		"internal_names":          "<nil> from default",
		"trusted_proxies":         "<nil> from default",
		"upkeep.scrub_rate":       fmt.Sprint(16<<20, " from default"),
		"limits.file_bytes":       fmt.Sprint(2<<30, " from default"),
		"registries.main.policy":  " from default",
		"upstreams[0].name":       "inside from " + file + ":5",
		"four_eyes":               "false from default",
		"advisories.max_age":      "168h0m0s from default",
		"tls_cert":                " from default",
		"public_url":              " from default",
		"upstreams[0].ca":         " from default",
		"retention.requests":      "0s from default",
		"registries.team.policy":  " from default",
		"upkeep.blob_age":         "48h0m0s from default",
		"limits.request_bytes":    fmt.Sprint(32<<20, " from default"),
		"storage.cache_bytes":     fmt.Sprint(10<<30, " from default"),
		"matrix.python":           "<nil> from default",
		"limits.scan_memory":      fmt.Sprint(1<<30, " from default"),
		"registries.main.pull":    "auto from default",
		"metrics.listen":          " from default",
		"upkeep.every":            "6h0m0s from default",
		"retention.pulls":         "9600h0m0s from default",
		"tls_key":                 " from default",
	} {
		if got[path] != want {
			t.Errorf("%s: got %q, want %q", path, got[path], want)
		}
	}
}

// TestYAMLCanBeReadAgain writes the settings in force and reads them: the same
// values, with the source beside each.
func TestYAMLCanBeReadAgain(t *testing.T) {
	c, file, err := load(t, "internal_names: [acme-*]\nregistries: {team: {pull: hold}}\n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"internal_names: [acme-*] # " + file + ":1", "every: 6h0m0s # default"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%q is not in:\n%s", want, b)
		}
	}
	again, _, err := load(t, string(b))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, b)
	}
	for i, s := range again.Settings() {
		if was := c.Settings()[i]; was.Path != s.Path || fmt.Sprint(was.Value) != fmt.Sprint(s.Value) && fmt.Sprint(s.Value) != "[]" {
			t.Errorf("%s: %v became %v", was.Path, was.Value, s.Value)
		}
	}
}

func TestUnknownKeysNameTheNearest(t *testing.T) {
	for _, test := range []struct{ text, want, why string }{
		{"upstream: []", `line 1: the configuration has no setting "upstream"; did you mean "upstreams"?`, "a missing letter"},
		{"limits: {scan_tme: 1m}", `limits has no setting "scan_tme"; did you mean "scan_time"?`, "inside a section"},
		{"upstreams:\n- name: x\n  ecosystm: pypi", `line 3: upstreams[0] has no setting "ecosystm"; did you mean "ecosystem"?`, "inside a list"},
		{"registries: {main: {enforced: on}}", `registries.main has no setting "enforced"; did you mean "enforce"?`, "inside a map"},
		{"metrics: {qqq: 1}", `metrics has no setting "qqq"; there are anonymous, listen`, "nothing is near"},
		{"a: &a {b: *a}", `has no setting "a"`, "an alias that holds itself does not hang"},
		{"limits: &a\n  scan_time: *a", `is no time span`, "nor where a value is expected"},
	} {
		_, _, err := load(t, test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q: error %v, want %q", test.why, test.text, err, test.want)
		}
	}
}

func TestHousekeepingThatCouldNotBeEnforcedIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"upkeep: {every: 1s}":                    "upkeep.every",
		"upkeep: {blob_age: 1m}":                 "upkeep.blob_age",
		"upkeep: {scrub_every: 1m}":              "upkeep.scrub_every",
		"upkeep: {scrub_rate: 1}":                "upkeep.scrub_rate",
		"storage: {free_floor: -1}":              "storage",
		"metrics: {listen: nowhere}":             "metrics.listen",
		"metrics: {listen: \"0.0.0.0:9484\"}":    "loopback or private",
		"metrics: {listen: \"192.0.2.1:9484\"}":  "loopback or private",
		"metrics: {listen: \"gate.invalid:80\"}": "loopback or private",
	} {
		if _, _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %s", text, err, want)
		}
	}
	if _, _, err := load(t, `metrics: {listen: "10.1.2.3:9484"}`); err != nil {
		t.Errorf("a private address: %v", err)
	}
}

// TestEveryFieldIsPrintedAndDocumented walks the struct: each key is listed, and
// each has a comment in the source that says what it does.
func TestEveryFieldIsPrintedAndDocumented(t *testing.T) {
	full := reflect.New(reflect.TypeFor[Config]()).Elem()
	fill(full, 0)
	c := full.Interface().(Config)
	printed := map[string]bool{}
	for _, s := range c.Settings() {
		printed[s.Path] = true
	}
	docs := comments(t)
	var walk func(typ reflect.Type, path string)
	walk = func(typ reflect.Type, path string) {
		for isWrapped(typ) {
			if typ.Kind() == reflect.Map {
				path += ".x"
			} else if typ.Kind() == reflect.Slice {
				path += "[0]"
			}
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || isLeaf(typ) {
			if !printed[path] {
				t.Errorf("%s is not printed", path)
			}
			return
		}
		for _, f := range fieldsOf(typ) {
			sf := typ.FieldByIndex(f.index)
			if f.typ.Kind() != reflect.Struct && docs[typ.Name()+"."+sf.Name] == "" && docs[elem(f.typ).Name()] == "" {
				t.Errorf("%s.%s (%s) has no comment that says what it does", typ.Name(), sf.Name, join(path, f.key))
			}
			walk(f.typ, join(path, f.key))
		}
	}
	walk(reflect.TypeFor[Config](), "")
	if len(printed) < 40 {
		t.Errorf("only %d settings were found", len(printed))
	}
}

// isWrapped says whether the value is inside: a list or map of sections.
func isWrapped(t reflect.Type) bool {
	return !isLeaf(t) && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map)
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// fill gives every list and map one element, so that what is in it is printed.
func fill(v reflect.Value, depth int) {
	if depth > 8 || isLeaf(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x").Convert(v.Type().Key()), e)
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			fill(v.FieldByIndex(f.index), depth+1)
		}
	}
}

// comments reads the comment of each type and field of this package.
func comments(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if d, ok := n.(*ast.GenDecl); ok && len(d.Specs) == 1 {
				if s, ok := d.Specs[0].(*ast.TypeSpec); ok {
					out[s.Name.Name] = d.Doc.Text()
				}
			}
			s, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			st, ok := s.Type.(*ast.StructType)
			if !ok {
				return true
			}
			last := ""
			for _, fl := range st.Fields.List {
				text := fl.Doc.Text() + fl.Comment.Text()
				if text == "" && len(fl.Names) > 0 && strings.Contains(last, fl.Names[0].Name) {
					text = last // "TLSCert and TLSKey are ..."
				}
				for _, n := range fl.Names {
					out[s.Name.Name+"."+n.Name] = text
				}
				last = text
			}
			return true
		})
	}
	return out
}
