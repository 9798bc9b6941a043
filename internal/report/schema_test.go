package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gatehouse-project/gatehouse/internal/report"
)

// compile makes a schema of files, by the name that they call each other; the
// first is the one wanted.
func compile(t *testing.T, named ...[2]string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, n := range named {
		b, err := os.ReadFile(n[1])
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(n[0], doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(named[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var once struct {
	sarif, cdx     sync.Once
	sarifed, cdxed *jsonschema.Schema
}

// sarifSchema is the official one.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	once.sarif.Do(func() {
		once.sarifed = compile(t, [2]string{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", filepath.Join("testdata", "schema", "sarif-2.1.0.json")})
	})
	return once.sarifed
}

// cycloneDXSchema is the one that comes with the library.
func cycloneDXSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	once.cdx.Do(func() {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
		if err != nil {
			t.Fatal(err)
		}
		dir, base := filepath.Join(strings.TrimSpace(string(out)), "schema"), "http://cyclonedx.org/schema/"
		once.cdxed = compile(t,
			[2]string{base + "bom-1.6.schema.json", filepath.Join(dir, "bom-1.6.schema.json")},
			[2]string{base + "spdx.schema.json", filepath.Join(dir, "spdx.schema.json")},
			[2]string{base + "jsf-0.82.schema.json", filepath.Join(dir, "jsf-0.82.schemax.json")},
		)
	})
	return once.cdxed
}

func ownSchema(t *testing.T, of string) *jsonschema.Schema {
	t.Helper()
	b, err := report.Schema(of)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return compile(t, [2]string{"https://gatehouse.invalid/" + of, name})
}

func valid(t *testing.T, s *jsonschema.Schema, text string) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
}

// TestJSONIsWhatItsSchemaSays validates every outcome of the goldens, and what a
// schema must refuse: a schema that takes anything says nothing.
func TestJSONIsWhatItsSchemaSays(t *testing.T) {
	s := ownSchema(t, "request")
	render := func(r report.Report) string {
		var b bytes.Buffer
		if err := report.Render(&b, report.FormatJSON, r); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	good := render(sample())
	valid(t, s, good)
	for name, o := range goldens() {
		t.Run(name, func(t *testing.T) { valid(t, s, render(report.New(sample().Request, o, "1.4.0"))) })
	}
	for _, change := range [][2]string{{`"verdict": "reject"`, `"verdict": "perhaps"`}, {`"via": []`, `"via": null`}, {`"effect": "reject"`, `"effect": ""`}, {`"line": 3`, `"line": "3"`}, {`"generator"`, `"made_by"`}} {
		bad := strings.Replace(good, change[0], change[1], 1)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil || bad == good {
			t.Fatalf("%v: %v", change, err)
		}
		if s.Validate(doc) == nil {
			t.Errorf("the schema takes %s", change[1])
		}
	}
	audit := hostileAudit("plain")
	valid(t, ownSchema(t, "audit"), render(audit))
	if _, err := report.Schema("other"); err == nil {
		t.Error("a schema of something else")
	}
}

// The schema names every field that there is, so that it stays the documentation.
func TestSchemaNamesEveryField(t *testing.T) {
	b, err := report.Schema("request")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]json.RawMessage
		Defs       map[string]struct{ Properties map[string]json.RawMessage } `json:"$defs"`
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	r := hostile("plain")
	r.Outcome.Versions[1].Remedy = nil
	var out bytes.Buffer
	if err := report.Render(&out, report.FormatJSON, r); err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	known := func(where string, have map[string]any, properties map[string]json.RawMessage) {
		for k := range have {
			if _, ok := properties[k]; !ok {
				t.Errorf("%s: the schema does not name %q", where, k)
			}
		}
	}
	known("request", doc, schema.Properties)
	for _, p := range doc["problems"].([]any) {
		known("problem", p.(map[string]any), schema.Defs["problem"].Properties)
	}
	for _, v := range doc["versions"].([]any) {
		v := v.(map[string]any)
		known("version", v, schema.Defs["version"].Properties)
		if m, ok := v["remedy"].(map[string]any); ok {
			known("remedy", m, schema.Defs["remedy"].Properties)
		}
		for _, x := range v["reasons"].([]any) {
			known("reason", x.(map[string]any), schema.Defs["reason"].Properties)
		}
		for _, x := range v["files"].([]any) {
			known("file", x.(map[string]any), schema.Defs["file"].Properties)
		}
	}
}
