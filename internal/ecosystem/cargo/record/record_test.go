package record_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
)

const (
	zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	line  = `{"name":"Demo","vers":"1.0.0","deps":[{"name":"a","req":"^1","features":["x"],"optional":true,"default_features":false,"target":null,"kind":"normal","package":"b"},{"name":"t","req":"*","features":[],"optional":false,"default_features":true,"target":"cfg(unix)","kind":"dev"}],"cksum":"` + zeros + `","features":{"x":[]},"features2":{"y":["dep:a"]},"yanked": false ,"links":null,"v":2,"pubtime":"2024-05-03T12:00:00Z","more":{"a":1}}`
)

func TestParse(t *testing.T) {
	l, err := record.Parse([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if l.Name != "Demo" || l.Number != "1.0.0" || len(l.Deps) != 2 || l.Deps[0].Crate() != "b" || l.Deps[0].Default || !l.Deps[0].Optional || l.Deps[1].Kind != record.Dev || !l.Published.Equal(time.Date(2024, 5, 3, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", l)
	}
	if m := l.Metadata(); len(m.RequiresDist) != 1 || m.RequiresDist[0] != "b ^1" {
		t.Errorf("%+v", m)
	}
	for _, tc := range []struct{ from, to, why string }{
		{`"name":"Demo"`, `"name":"../x"`, "a name that is none"},
		{`"vers":"1.0.0"`, `"vers":"1.0"`, "a version that is none"},
		{`"cksum":"` + zeros, `"cksum":"` + zeros[1:], "a checksum that is none"},
		{`"vers":"1.0.0"`, `"vers":"1.0.0","vers":"1.0.1"`, "two versions"},
		{`"name":"Demo"`, `"Name":"Demo"`, "keys are exact"},
		{`"v":2`, `"v":3`, "a form that cargo passes over"},
		{`"package":"b"`, `"package":"../b"`, "a dependency that is none"},
		{`"more":{"a":1}}`, `"more":{"a":1}} {}`, "something behind it"},
		{`"deps":[`, `"deps":{`, "no list"},
		{`"yanked": false`, `"yanked": "no"`, "no truth"},
	} {
		if got, err := record.Parse([]byte(strings.Replace(line, tc.from, tc.to, 1))); err == nil {
			t.Errorf("%s: %+v", tc.why, got)
		}
	}
}

func TestApply(t *testing.T) {
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	undated := strings.Replace(line, `,"pubtime":"2024-05-03T12:00:00Z"`, "", 1)
	for _, tc := range []struct {
		in     string
		change record.Change
		want   string
		why    string
	}{
		{line, record.Change{Published: at}, line, "nothing to change"},
		{line, record.Change{Yanked: true}, strings.Replace(line, "false ,", "true ,", 1), "yanked in its place"},
		{strings.Replace(line, "false ,", "true ,", 1), record.Change{}, line, "shown as it is decided"},
		{undated, record.Change{Published: at}, strings.TrimSuffix(undated, "}") + `,"pubtime":"2025-01-02T03:04:05Z"}`, "a date that the line lacks"},
		{line, record.Change{Yanked: true, Message: `"no"`}, strings.TrimSuffix(strings.Replace(line, "false ,", "true ,", 1), "}") + `,"yank_message":"\"no\""}`, "a reason"},
		{strings.Replace(line, `,"yanked": false `, "", 1), record.Change{Yanked: true}, strings.TrimSuffix(strings.Replace(line, `,"yanked": false `, "", 1), "}") + `,"yanked":true}`, "yanked where the line says nothing"},
	} {
		got, err := record.Apply([]byte(tc.in), tc.change)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", tc.why, err, got, tc.want)
		}
	}
}

func TestBytes(t *testing.T) {
	l, err := record.Parse([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := record.Parse(b)
	if err != nil || len(record.Compare(l, again)) != 0 {
		t.Errorf("%s: %v", b, err)
	}
}

func FuzzLine(f *testing.F) {
	f.Add(line)
	f.Fuzz(func(t *testing.T, s string) {
		l, err := record.Parse([]byte(s))
		if err != nil {
			return
		}
		for _, yanked := range []bool{true, false} {
			b, err := record.Apply([]byte(s), record.Change{Yanked: yanked, Published: time.Unix(1, 0), Message: "why"})
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			got, err := record.Parse(b)
			if err != nil || got.Yanked != yanked || got.Name != l.Name || got.Number != l.Number || got.Checksum != l.Checksum || got.Published.IsZero() {
				t.Errorf("%q became %q: %+v, %v", s, b, got, err)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add("[package]\nname=\"a\"\nversion=\"1.0.0\"\n[dependencies]\nb={version=\"1\",package=\"c\"}\n[target.x.build-dependencies]\nd=\"2\"")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := record.ReadManifest([]byte(s))
		if err == nil && len(record.Compare(m.Line, m.Line)) != 0 {
			t.Errorf("%q differs from itself", s)
		}
	})
}
