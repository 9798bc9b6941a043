package honesty_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/honesty"
)

// moduleZip is a zip of entries "name" to content, in order.
func moduleZip(t *testing.T, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e[0])
		if err == nil {
			_, err = io.WriteString(w, e[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// h1Of is what go.sum says of entries.
func h1Of(t *testing.T, entries ...[2]string) string {
	t.Helper()
	var names []string
	content := map[string]string{}
	for _, e := range entries {
		names, content[e[0]] = append(names, e[0]), e[1]
	}
	h, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content[name])), nil })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGoModules(t *testing.T) {
	const mod, number, at = "example.invalid/Mod", "v1.0.0", "example.invalid/Mod@v1.0.0/"
	goMod := [2]string{at + "go.mod", "module " + mod + "\n\ngo 1.20\n\nrequire example.invalid/a v1.2.3\n"}
	source := [2]string{at + "mod.go", "package mod\n"}
	good := [][2]string{goMod, source}
	verified := record.Sum{State: record.Verified, Zip: h1Of(t, good...), Mod: h1Of(t, [2]string{"go.mod", goMod[1]})}
	for _, tc := range []struct {
		why     string
		entries [][2]string
		sum     record.Sum
		want    []string
	}{
		{"as the database says", good, verified, nil},
		{"the order of entries does not count", [][2]string{source, goMod}, verified, nil},
		{"one byte more", [][2]string{goMod, {source[0], "package mod \n"}}, verified, []string{"go-sum-mismatch integrity critical"}},
		{"one file more", [][2]string{goMod, source, {at + "more.go", "package mod\n"}}, verified, []string{"go-sum-mismatch integrity critical"}},
		{"another go.mod", [][2]string{{at + "go.mod", "module " + mod + "\n"}, source}, verified, []string{"go-mod-mismatch integrity critical", "go-sum-mismatch integrity critical"}},
		{"nobody is asked", [][2]string{goMod}, record.Sum{State: record.Off}, []string{"sumdb-off honesty medium"}},
		{"nobody is asked, by assumption", [][2]string{goMod}, record.Sum{State: record.Assumed}, []string{"sumdb-off honesty medium"}},
		{"published here", [][2]string{goMod}, record.Sum{State: record.Own}, nil},
		{"the database has no record", good, record.Sum{State: record.Absent}, []string{"sumdb-unverified fault high"}},
		{"the database did not answer", good, record.Sum{}, []string{"sumdb-unverified fault high"}},
		{"no database is known", good, record.Sum{State: record.Keyless}, []string{"sumdb-unverified fault high"}},
		{"a state of tomorrow", good, record.Sum{State: "new"}, []string{"sumdb-unverified fault high"}},
		{"another module's files", [][2]string{goMod, {"example.invalid/mod@v1.0.0/mod.go", ""}}, record.Sum{State: record.Own}, []string{"go-zip-layout integrity high"}},
		{"two names that are one", [][2]string{goMod, {at + "A.go", ""}, {at + "a.go", ""}}, record.Sum{State: record.Own}, []string{"go-zip-layout integrity high"}},
		{"machine code that no compiler reads", [][2]string{goMod, {at + "x_amd64.syso", "\x7fELF"}}, record.Sum{State: record.Own}, []string{"go-native-object honesty medium"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			b := moduleZip(t, tc.entries...)
			v := record.Version{Version: number, Time: time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC), Sum: tc.sum}
			file := artifact.File{Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.Golang, Name: mod}, Number: number},
				Name: number + ".zip", Kind: artifact.ModuleZip, SHA256: artifact.DigestOf(b), Size: int64(len(b))}
			r := scan.Inspect(bytes.NewReader(b), int64(len(b)), scan.FileTarget{File: file, Record: v.Bytes()}, []scan.FileScanner{honesty.Scanner{}}, archive.Limits{})
			var got []string
			for _, f := range r.Findings {
				if f.Rule != scan.RuleOdd {
					got = append(got, fmt.Sprint(f.Rule, " ", f.Class, " ", f.Severity))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tc.want) {
				t.Errorf("found %q, want %q: %v", got, tc.want, r.Findings)
			}
			if tc.why != "as the database says" {
				return
			}
			var raw record.Metadata
			if err := json.Unmarshal(r.RawMetadata, &raw); err != nil || raw.Mod != goMod[1] || !strings.Contains(string(raw.Info), `"Time":"2026-05-03T12:00:00Z"`) {
				t.Errorf("metadata %s, %v", r.RawMetadata, err)
			}
			if m := r.Metadata; m == nil || m.Name != mod || m.Version != number || m.MetadataFormat != "1.20" || !slices.Equal(m.RequiresDist, []string{"example.invalid/a v1.2.3"}) {
				t.Errorf("metadata %+v", r.Metadata)
			}
		})
	}
}

// TestAZipThatIsNoModule is none of ours where nobody said that it is one.
func TestAZipThatIsNoModule(t *testing.T) {
	for name, want := range map[string]bool{"example.invalid/m@v1.0.0/go.mod": true, "docs/readme.txt": false, "a@b/c": false} {
		b := moduleZip(t, [2]string{name, "module example.invalid/m\n"})
		file := artifact.File{Name: "some.zip", SHA256: artifact.DigestOf(b), Size: int64(len(b))}
		r := scan.Inspect(bytes.NewReader(b), int64(len(b)), scan.FileTarget{File: file}, []scan.FileScanner{honesty.Scanner{}}, archive.Limits{})
		if (r.Metadata != nil) != want || want && len(r.Findings) > 0 {
			t.Errorf("%s: metadata %v, found %v", name, r.Metadata, r.Findings)
		}
	}
}
