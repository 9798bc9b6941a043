package packument

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const small = `{
 "_id":"demo","_rev":"3-a","name":"demo","readme":"` + "long" + `",
 "dist-tags":{"latest":"1.1.0","next":"2.0.0-rc.1","odd":3},
 "versions":{
  "1.0.0":{"name":"demo","version":"1.0.0","_id":"demo@1.0.0","description":"a \"demo\"","readme":"no","devDependencies":{"mocha":"*"},
   "scripts":{"test":"mocha","postinstall":"true"},"_npmUser":{"name":"ann","email":"ann@example.invalid"},"maintainers":[{"name":"ann"}],
   "dependencies":{"left":"^1"},"bin":"cli.js","license":"MIT",
   "dist":{"tarball":"https://r.invalid/demo/-/demo-1.0.0.tgz","shasum":"da39","integrity":"sha512-AA==","npm-signature":"-----BEGIN","fileCount":2,
    "signatures":[{"keyid":"k","sig":"s"}],"attestations":{"url":"https://r.invalid/-/npm/v1/attestations/demo@1.0.0","provenance":{"predicateType":"p"}}}},
  "1.1.0":{"name":"demo","version":"1.1.0","deprecated":"use 2","scripts":{"test":"x"},"dist":{"tarball":"https://r.invalid/demo/-/demo-1.1.0.tgz"}},
  "1.2.0":{"name":"other","version":"1.2.0","dist":{}},
  "1.3.0":{"name":"demo","version":"9.9.9"},
  "1.4.0":null},
 "time":{"created":"2020-01-01T00:00:00.000Z","1.0.0":"2020-01-02T03:04:05.678Z","1.1.0":"yesterday"}}`

func TestRead(t *testing.T) {
	d, err := Read("demo", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"latest": "1.1.0", "next": "2.0.0-rc.1"}; !reflect.DeepEqual(d.Tags, want) {
		t.Errorf("tags: got %v, want %v", d.Tags, want)
	}
	if len(d.Versions) != 2 || d.Dropped != 3 || !d.Unpublished.IsZero() {
		t.Fatalf("got %d versions, %d dropped, unpublished %v; want 2, 3 (another name, another number, null), no", len(d.Versions), d.Dropped, d.Unpublished)
	}
	v := d.Versions[0]
	if v.Number != "1.0.0" || !v.Published.Equal(time.Date(2020, 1, 2, 3, 4, 5, 678e6, time.UTC)) || v.Tarball != "https://r.invalid/demo/-/demo-1.0.0.tgz" ||
		v.Integrity != "sha512-AA==" || v.Shasum != "da39" || v.Attestations != "https://r.invalid/-/npm/v1/attestations/demo@1.0.0" || v.Deprecated {
		t.Errorf("version 1.0.0: %+v", v)
	}
	want := `{"description":"a \"demo\"","scripts":{"postinstall":"true"},"_npmUser":{"name":"ann"},"dependencies":{"left":"^1"},"bin":"cli.js","license":"MIT",` +
		`"dist":{"shasum":"da39","integrity":"sha512-AA==","fileCount":2,"signatures":[{"keyid":"k","sig":"s"}],` +
		`"attestations":{"url":"https://r.invalid/-/npm/v1/attestations/demo@1.0.0","provenance":{"predicateType":"p"}}},"name":"demo","version":"1.0.0"}`
	if string(v.Record) != want {
		t.Errorf("record:\n got %s\nwant %s", v.Record, want)
	}
	v = d.Versions[1]
	if !v.Deprecated || v.Why != "use 2" || !v.Published.IsZero() || string(v.Record) != `{"dist":{},"name":"demo","version":"1.1.0"}` {
		t.Errorf("version 1.1.0: %+v with record %s; want it deprecated, without a date that can be read", v, v.Record)
	}
}

func TestReadUnpublished(t *testing.T) {
	d, err := Read("gone", []byte(`{"name":"gone","time":{"1.0.0":"2020-01-02T03:04:05Z","unpublished":{"name":"ann","time":"2021-01-02T03:04:05Z","versions":["1.0.0"]}}}`))
	if err != nil || len(d.Versions) != 0 || !d.Unpublished.Equal(time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestReadRefuses(t *testing.T) {
	many := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	for _, tc := range []struct {
		body, why string
		syntax    bool
	}{
		{``, "nothing", true}, {`[]`, "not an object", true}, {`{"name":"demo"}x`, "more after it", true},
		{`{"name":"demo",}`, "a comma too many", true}, {`{"name":"demo" "versions":{}}`, "a comma too few", true},
		{`{"a":01}`, "a number that is none", true}, {"{\"a\":\"\x01\"}", "a control character", true}, {`{"a":"\x"}`, "an escape that is none", true},
		{`{"a":` + many + `}`, "nested too deep", true}, {`{"a":tru}`, "a word cut short", true}, {`{"a":"`, "a string without an end", true},
		{`{"name":"other"}`, "about another package", false},
		{`{"versions":{"1.0.0":{"name":"demo","version":"1.0.0"},"1.0.0":{"name":"demo","version":"1.0.0"}}}`, "a version twice", false},
		{`{"versions":{"1.0.0":{"name":"demo","version":"1.0.0"}},"versions":{}}`, "its versions twice", false},
	} {
		_, err := Read("demo", []byte(tc.body))
		if !errors.Is(err, ErrBad) || errors.Is(err, ErrSyntax) != tc.syntax {
			t.Errorf("%.80s (%s): %v", tc.body, tc.why, err)
		}
	}
}

func TestReadLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"name":"demo","versions":{`)
	for i := range MaxVersions + 1 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"1.0.%d":{"name":"demo","version":"1.0.%d"}`, i, i)
	}
	b.WriteString(`}}`)
	if _, err := Read("demo", []byte(b.String())); !errors.Is(err, ErrBad) {
		t.Errorf("%d versions: %v", MaxVersions+1, err)
	}
	big := `{"versions":{"1.0.0":{"name":"demo","version":"1.0.0","dependencies":{"x":"` + strings.Repeat("y", MaxRecord) + `"}}}}`
	if d, err := Read("demo", []byte(big)); err != nil || d.Dropped != 1 || len(d.Versions) != 0 {
		t.Errorf("a manifest beyond the limit: %+v, %v; want it left out", d, err)
	}
}

func TestReadManifest(t *testing.T) {
	for _, tc := range []struct {
		body string
		want Manifest
		why  string
	}{
		{`{"name":"@s/demo","version":"1.0.0","bin":"./bin/cli.js","license":{"type":"MIT"},"repository":{"url":"git+https://r.invalid/x"},"homepage":"https://h.invalid"}`,
			Manifest{Name: "@s/demo", Version: "1.0.0", Licence: "MIT", LicenceSPDX: "MIT", Places: []string{"https://h.invalid", "git+https://r.invalid/x"},
				Bin: map[string]string{"demo": "bin/cli.js"}}, "a command named after the package, words as objects"},
		{`{"dependencies":{"a":" ^1 ","b":"2","n":1},"optionalDependencies":{"b":"2"},"peerDependencies":{"p":"*","q":"*"},"peerDependenciesMeta":{"q":{"optional":true}},"bundledDependencies":["a"]}`,
			Manifest{Dependencies: map[string]string{"a": "^1"}, Optional: map[string]string{"b": "2"}, Peers: map[string]string{"p": "*"},
				OptionalPeer: map[string]string{"q": "*"}, Bundled: []string{"a"}}, "what is optional is so once"},
		{`{"dependencies":["a@1","@s/b@^2","c"]}`, Manifest{Dependencies: map[string]string{"a": "1", "@s/b": "^2", "c": ""}}, "an array, as in 2011"},
		{`{"Dependencies":{"a":"1"},"NAME":"x"}`, Manifest{}, "keys count in their own case"},
		{`{"bin":{"../../x":"../../../y","z":""},"scripts":{"install":"a","Install":"b","test":"c","postinstall":7}}`,
			Manifest{Bin: map[string]string{"x": "y"}, Scripts: map[string]string{"install": "a"}}, "a command stays in its folder"},
		{`{"name":"a","name":"b","directories":{"bin":"tools"},"gypfile":false,"licenses":[{"type":"MIT"},"X"]}`,
			Manifest{Name: "b", BinFolder: "tools", NoGyp: true, Licence: "MIT, X"}, "the later of two counts"},
		{"\ufeff{}", Manifest{}, "a byte order mark"},
	} {
		got, err := ReadManifest([]byte(tc.body))
		if err != nil {
			t.Errorf("%s (%s): %v", tc.body, tc.why, err)
			continue
		}
		for _, m := range []*map[string]string{&got.Dependencies, &got.Optional, &got.Peers, &got.OptionalPeer, &got.Bin, &got.Scripts} {
			if len(*m) == 0 {
				*m = nil
			}
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s (%s):\n got %+v\nwant %+v", tc.body, tc.why, got, tc.want)
		}
	}
}

func TestMetadataNeeds(t *testing.T) {
	m, err := ReadManifest([]byte(`{"name":"demo","version":"1.0.0","dependencies":{"b":"^1","@s/a":"2"},"optionalDependencies":{"c":"3"},"peerDependencies":{"p":"*","q":"*"},"peerDependenciesMeta":{"q":{"optional":true}},"devDependencies":{"d":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Metadata().RequiresDist, []string{"@s/a@2", "b@^1", "c@3", "p@*"}; !reflect.DeepEqual(got, want) {
		t.Errorf("needs: got %q, want %q", got, want)
	}
}

// FuzzRead holds the reader against encoding/json: what it takes is JSON, and
// what it keeps is again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"name":"demo","versions":{"1":{"dist":{"signatures":[1e9,-0.5,"\u00e9\\"]},"scripts":{},"_npmUser":{"name":null}}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Read("demo", b)
		if err == nil && !json.Valid(b) {
			t.Errorf("took what is no JSON: %q", b)
		}
		if err != nil {
			if errors.Is(err, ErrSyntax) && json.Valid(b) && strings.HasPrefix(strings.TrimSpace(string(b)), "{") && !strings.Contains(err.Error(), "deeper") {
				t.Errorf("refused JSON: %v: %q", err, b)
			}
			return
		}
		for _, v := range d.Versions {
			if !json.Valid(v.Record) {
				t.Errorf("kept what is no JSON: %q of %q", v.Record, b)
			}
			m, err := ReadManifest(v.Record)
			if err != nil || m.Name != "demo" || m.Version != v.Number {
				t.Errorf("the record of %q reads as %+v, %v", v.Number, m, err)
			}
			if _, again, err := Record(v.Record); err != nil || string(again.Record) != string(v.Record) {
				t.Errorf("a record's record differs: %q, %q, %v", v.Record, again.Record, err)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var s strings.Builder
	s.WriteString(`{"name":"demo","versions":{`)
	for i := range 10_000 {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `"1.0.%d":{"name":"demo","version":"1.0.%d","readme":%q,"dependencies":{"a":"^1.0.0","b":"^2.0.0"},"devDependencies":{"mocha":"^1"},"dist":{"integrity":"sha512-%s==","tarball":"https://r.invalid/demo/-/demo-1.0.%d.tgz"}}`,
			i, i, strings.Repeat("read me ", 450), strings.Repeat("A", 86), i)
	}
	s.WriteString(`}}`)
	body := []byte(s.String())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read("demo", body); err != nil {
			b.Fatal(err)
		}
	}
}
