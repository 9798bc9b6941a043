package pypi

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

var (
	demo     = artifact.Package{Ecosystem: artifact.PyPI, Name: "demo-pkg"}
	demoBase = &url.URL{Scheme: "https", Host: "index.invalid", Path: "/simple/demo-pkg/"}
	shaA     = strings.Repeat("a", 64)
	shaB     = strings.Repeat("b", 64)
)

// numbers lists an index's versions in the order of their first files.
func numbers(x *ecosystem.Index) []string {
	var out []string
	for _, f := range x.Files {
		if !slices.Contains(out, f.Number) {
			out = append(out, f.Number)
		}
	}
	return out
}

// pageJSON wraps file entries into a page.
func pageJSON(files ...string) string {
	return `{"meta":{"api-version":"1.4"},"name":"Demo.Pkg","files":[` + strings.Join(files, ",") + `]}`
}

func fileJSON(name, more string) string {
	return fmt.Sprintf(`{"filename":%q,"url":"https://files.invalid/%s","hashes":{"sha256":%q}%s}`, name, name, shaA, more)
}

func TestIndexJSON(t *testing.T) {
	body := `{"meta":{"api-version":"1.4","unknown":1},"name":"demo.PKG","versions":["1.0"],
	 "project-status":{"status":"archived","reason":"no \u001b[31mlonger"},
	 "files":[
	 {"filename":"demo_pkg-1.0-py3-none-any.whl","url":"../../files/demo_pkg-1.0-py3-none-any.whl#sha256=ff","hashes":{"sha256":"` + strings.ToUpper(shaA) + `","md5":"x"},
	  "requires-python":">=3.8","size":12,"upload-time":"2024-02-03T04:05:06.123456Z","yanked":"bad build",
	  "core-metadata":{"sha256":"` + shaB + `"},"dist-info-metadata":false,"gpg-sig":true,"provenance":"https://index.invalid/p"},
	 {"filename":"demo-pkg-1.0.tar.gz","url":"https://files.invalid/s","hashes":{},"requires-python":null,"size":null,"upload-time":null,"yanked":false,"dist-info-metadata":true,"provenance":null},
	 {"filename":"demo_pkg-1.1-py3-none-any.whl","url":"https://files.invalid/w","hashes":{"md5":"x"},"yanked":"","core-metadata":false}
	 ]}`
	x, err := parseIndex(demo, demoBase, upstreamJSON+"; charset=utf-8", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := []ecosystem.IndexFile{
		{Name: "demo_pkg-1.0-py3-none-any.whl", URL: "https://index.invalid/files/demo_pkg-1.0-py3-none-any.whl", Number: "1.0", Kind: artifact.Wheel,
			SHA256: artifact.Digest(shaA), Size: 12, Uploaded: time.Date(2024, 2, 3, 4, 5, 6, 123456000, time.UTC), RequiresPython: ">=3.8",
			Yanked: true, YankedReason: "bad build", HasMetadata: true, MetadataSHA256: artifact.Digest(shaB), Provenance: "https://index.invalid/p"},
		{Name: "demo-pkg-1.0.tar.gz", URL: "https://files.invalid/s", Number: "1.0", Kind: artifact.Sdist, HasMetadata: true},
		{Name: "demo_pkg-1.1-py3-none-any.whl", URL: "https://files.invalid/w", Number: "1.1", Kind: artifact.Wheel, Yanked: true},
	}
	if !reflect.DeepEqual(x.Files, want) {
		t.Errorf("files:\n got %+v\nwant %+v", x.Files, want)
	}
	if x.Status != "archived" || !strings.Contains(string(x.Reason), "longer") || x.Dropped != 0 {
		t.Errorf("status %q, reason %q, dropped %d", x.Status, x.Reason, x.Dropped)
	}
}

func TestIndexHTML(t *testing.T) {
	body := `<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.4">
	<meta name="pypi:project-status" content="quarantined"><meta name="pypi:project-status-reason" content="a &lt;reason&gt;">
	<base href="https://mirror.invalid/x/"></head><body><!-- <a href="demo_pkg-9-py3-none-any.whl">comment</a> -->
	<script>"<a href='demo_pkg-8-py3-none-any.whl'>"</script>
	<A HREF="demo_pkg-1.0-py3-none-any.whl#sha256=` + shaA + `" data-requires-python="&gt;=3.8" data-yanked="bad build" data-gpg-sig="true"
	  data-core-metadata="sha256=` + shaB + `" data-dist-info-metadata="false" data-provenance="/p">another text</A><br>
	<a href="/files/demo-pkg-1.0.tar.gz#md5=00&amp;egg=x" data-dist-info-metadata="true" data-yanked>demo</a>
	<a href="https://files.invalid/demo_pkg-1.1%2Blocal-py3-none-any.whl" data-core-metadata="false">local</a>
	<a>no link</a>`
	x, err := parseIndex(demo, demoBase, "text/html", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := []ecosystem.IndexFile{
		{Name: "demo_pkg-1.0-py3-none-any.whl", URL: "https://mirror.invalid/x/demo_pkg-1.0-py3-none-any.whl", Number: "1.0", Kind: artifact.Wheel,
			SHA256: artifact.Digest(shaA), RequiresPython: ">=3.8", Yanked: true, YankedReason: "bad build",
			HasMetadata: true, MetadataSHA256: artifact.Digest(shaB), Provenance: "https://mirror.invalid/p"},
		{Name: "demo-pkg-1.0.tar.gz", URL: "https://mirror.invalid/files/demo-pkg-1.0.tar.gz", Number: "1.0", Kind: artifact.Sdist, HasMetadata: true, Yanked: true},
		{Name: "demo_pkg-1.1+local-py3-none-any.whl", URL: "https://files.invalid/demo_pkg-1.1%2Blocal-py3-none-any.whl", Number: "1.1+local", Kind: artifact.Wheel},
	}
	if !reflect.DeepEqual(x.Files, want) {
		t.Errorf("files:\n got %+v\nwant %+v", x.Files, want)
	}
	if x.Status != "quarantined" || x.Reason != "a <reason>" || x.Dropped != 1 {
		t.Errorf("status %q, reason %q, dropped %d; want the link without href dropped", x.Status, x.Reason, x.Dropped)
	}
}

func TestEntriesThatAreDropped(t *testing.T) {
	good := fileJSON("demo_pkg-1.0-py3-none-any.whl", "")
	for _, tc := range []struct{ file, why string }{
		{fileJSON("other-1.0-py3-none-any.whl", ""), "another package's wheel"},
		{fileJSON("other-1.0.tar.gz", ""), "another package's sdist"},
		{fileJSON("demo_pkg_extra-1.0-py3-none-any.whl", ""), "a longer name"},
		{fileJSON("demo_pkg-1.0-py3.8.egg", ""), "an egg"},
		{fileJSON("demo_pkg-1.0.win32.exe", ""), "an installer"},
		{fileJSON("demo_pkg-1.0-1.noarch.rpm", ""), "an rpm"},
		{fileJSON("demo_pkg-1.0.win-amd64.zip", ""), "a dumb zip"},
		{fileJSON("../demo_pkg-1.1-py3-none-any.whl", ""), "a path"},
		{fileJSON("demo_pkg-one-py3-none-any.whl", ""), "not a version"},
		{fileJSON("", ""), "no name"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"","hashes":{}}`, "no URL"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"http://files.invalid/x","hashes":{}}`, "down from https"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"file:///etc/passwd","hashes":{}}`, "a file"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"javascript:0","hashes":{}}`, "a script"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"data:,x","hashes":{}}`, "data"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"https://user:p@files.invalid/","hashes":{}}`, "a user"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"https:///x","hashes":{}}`, "no host"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"https://files.invalid/` + strings.Repeat("x", maxURL) + `","hashes":{}}`, "endless"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"https://files.invalid/x","hashes":{"sha256":"zz"}}`, "a broken digest is not none"},
		{`{"filename":"demo_pkg-1.1-py3-none-any.whl","url":"https://files.invalid/x","hashes":{"sha256":""}}`, "an empty digest is not none"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"core-metadata":{"sha256":"zz"}`), "a broken metadata digest"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"core-metadata":[]`), "a wrong type"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"yanked":5`), "a wrong type"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"size":-1`), "a negative size"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"size":1e300`), "a huge size"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"size":9223372036854775807`), "a huge size"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"size":"12"`), "a size in words"},
		{fileJSON("demo_pkg-1.1-py3-none-any.whl", `,"requires-python":"`+strings.Repeat(">=3,", 1000)+`"`), "an endless specifier"},
		{`5`, "not an object"},
		{`[[[[]]]]`, "not an object"},
	} {
		x, err := parseIndex(demo, demoBase, upstreamJSON, []byte(pageJSON(good, tc.file)))
		if err != nil || len(x.Files) != 1 || x.Dropped != 1 {
			t.Errorf("%.100s: %+v, %v; want it dropped and the good one kept (%s)", tc.file, x, err, tc.why)
		}
	}
}

func TestDatesThatCannotBeReadAreMissing(t *testing.T) {
	for _, date := range []string{"", "yesterday", "2024-02-03", "2024-02-03T04:05:06", "99999-01-01T00:00:00Z"} {
		x, err := parseIndex(demo, demoBase, upstreamJSON, []byte(pageJSON(fileJSON("demo_pkg-1.0.tar.gz", `,"upload-time":"`+date+`"`))))
		if err != nil || len(x.Files) != 1 || !x.Files[0].Uploaded.IsZero() {
			t.Errorf("upload-time %q: %+v, %v; want a zero date", date, x, err)
		}
	}
}

func TestPagesThatAreNoIndex(t *testing.T) {
	mark := `<meta name="pypi:repository-version" content="1.0">`
	for _, tc := range []struct{ name, contentType, body, why string }{
		{"empty JSON", upstreamJSON, "", "nothing"},
		{"not JSON", upstreamJSON, "<html>", "an HTML page under the wrong type"},
		{"NaN", upstreamJSON, pageJSON(fileJSON("demo_pkg-1.0.tar.gz", `,"size":NaN`)), "no number of JSON"},
		{"cut", upstreamJSON, pageJSON(fileJSON("demo_pkg-1.0.tar.gz", ""))[:150], "half a page"},
		{"two", upstreamJSON, pageJSON() + pageJSON(), "data after the end"},
		{"other name", upstreamJSON, strings.Replace(pageJSON(), "Demo.Pkg", "other", 1), "another project's page"},
		{"no name", upstreamJSON, strings.Replace(pageJSON(), "Demo.Pkg", "", 1), "nobody's page"},
		{"no files", upstreamJSON, `{"meta":{"api-version":"1.0"},"name":"demo-pkg"}`, "an error object"},
		{"null files", upstreamJSON, `{"meta":{"api-version":"1.0"},"name":"demo-pkg","files":null}`, "no list"},
		{"files object", upstreamJSON, `{"meta":{"api-version":"1.0"},"name":"demo-pkg","files":{}}`, "no list"},
		{"version 2", upstreamJSON, `{"meta":{"api-version":"2.0"},"name":"demo-pkg","files":[]}`, "its meaning is not known"},
		{"version 2 type", "application/vnd.pypi.simple.v2+json", pageJSON(), "its meaning is not known"},
		{"deep", upstreamJSON, `{"meta":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, "nesting"},
		{"no type", "", pageJSON(), "no content type"},
		{"image", "image/png", pageJSON(), "another content type"},
		{"login form", "text/html", `<html><a href="/login">log in</a></html>`, "a proxy's page"},
		{"empty HTML", "text/html", "", "nothing"},
		{"HTML version 2", "text/html", strings.Replace(mark, "1.0", "2.0", 1), "its meaning is not known"},
		{"huge tag", "text/html", mark + "<a x='" + strings.Repeat("y", maxHTMLToken), "a tag without end"},
		{"many files", upstreamJSON, pageJSON(strings.TrimSuffix(strings.Repeat("{},", MaxIndexFiles+1), ",")), "more than the cap"},
		{"many links", "text/html", mark + strings.Repeat("<a>", 1_000_000), "10^6 links"},
		{"too large", upstreamJSON, strings.Repeat(" ", MaxIndexBytes+1), "more than the cap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if x, err := parseIndex(demo, demoBase, tc.contentType, []byte(tc.body)); err == nil {
				t.Errorf("got %v, want an error (%s)", x, tc.why)
			}
		})
	}
}

func TestOddPagesThatAreAnIndex(t *testing.T) {
	mark := `<meta name="pypi:repository-version" content="1.0">`
	for _, tc := range []struct{ name, contentType, body, why string }{
		{"no files JSON", upstreamJSON, pageJSON(), "a project without a release"},
		{"no files HTML", "text/html", mark, "the same"},
		{"deep HTML", upstreamHTML, mark + strings.Repeat("<div>", 300_000), "nesting costs nothing"},
		{"invalid UTF-8", "text/html", mark + "<a href='\xff\xfe' data-yanked='\xff'>\xff</a>", "bytes that are no text"},
		{"plain JSON type", "application/json", pageJSON(), "servers that do not know the type"},
	} {
		if x, err := parseIndex(demo, demoBase, tc.contentType, []byte(tc.body)); err != nil || len(x.Files) != 0 {
			t.Errorf("%s: %v, %v; want an index without files (%s)", tc.name, x, err, tc.why)
		}
	}
}

func TestEqualVersionsHaveOneNumber(t *testing.T) {
	at := func(s string) string { return `,"upload-time":"` + s + `"` }
	for _, tc := range []struct {
		name  string
		files []string
		want  string
		why   string
	}{
		{"upload order", []string{fileJSON("demo_pkg-2.2.0-py3-none-any.whl", at("2024-01-02T00:00:00Z")), fileJSON("demo-pkg-2.2.tar.gz", at("2024-01-01T00:00:00Z"))}, "[2.2]", "the first file's spelling"},
		{"known dates first", []string{fileJSON("demo-pkg-2.2.tar.gz", ""), fileJSON("demo_pkg-2.2.0-py3-none-any.whl", at("2024-01-02T00:00:00Z"))}, "[2.2.0]", "an unknown date is last"},
		{"no dates", []string{fileJSON("demo_pkg-2.2.0-py3-none-any.whl", ""), fileJSON("demo-pkg-2.2.tar.gz", "")}, "[2.2]", "by name: '-' comes before '_'"},
		{"other spellings", []string{fileJSON("demo-pkg-1.0RC1.tar.gz", ""), fileJSON("demo_pkg-1.0.0c1-py3-none-any.whl", "")}, "[1.0rc1]", "normal form first"},
		{"local differs", []string{fileJSON("demo-pkg-1.0.tar.gz", ""), fileJSON("demo_pkg-1.0+cpu-py3-none-any.whl", "")}, "[1.0 1.0+cpu]", "not equal"},
	} {
		backwards := slices.Clone(tc.files)
		slices.Reverse(backwards)
		for _, files := range [][]string{tc.files, backwards} {
			x, err := parseIndex(demo, demoBase, upstreamJSON, []byte(pageJSON(files...)))
			if err != nil {
				t.Fatal(err)
			}
			got := numbers(x)
			slices.Sort(got)
			if fmt.Sprint(got) != tc.want {
				t.Errorf("%s: numbers %v, want %s in any order of the page (%s)", tc.name, got, tc.want, tc.why)
			}
		}
	}
}

func TestOneNameTwoContents(t *testing.T) {
	a := fileJSON("demo-pkg-1.0.tar.gz", "")
	b := strings.Replace(a, shaA, shaB, 1)
	other := fileJSON("demo-pkg-1.1.tar.gz", "")
	for _, tc := range []struct {
		files   []string
		names   int
		dropped int
		why     string
	}{
		{[]string{a, a, other}, 2, 1, "listed twice, no contradiction"},
		{[]string{a, b, other}, 1, 2, "neither is believed"},
		{[]string{a, b, a, other}, 1, 3, "nor a third"},
	} {
		x, err := parseIndex(demo, demoBase, upstreamJSON, []byte(pageJSON(tc.files...)))
		if err != nil || len(x.Files) != tc.names || x.Dropped != tc.dropped {
			t.Errorf("%d files, %d dropped, %v; want %d and %d (%s)", len(x.Files), x.Dropped, err, tc.names, tc.dropped, tc.why)
		}
	}
}

// holds states what must be true of any index that comes out of any bytes.
func holds(t *testing.T, x *ecosystem.Index) {
	seen := map[string]bool{}
	for _, f := range x.Files {
		u, err := url.Parse(f.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			t.Errorf("URL %q", f.URL)
		}
		if seen[f.Name] || strings.ContainsAny(f.Name, "/\\\x00\n") || f.Number == "" || f.Size < 0 {
			t.Errorf("file %+v", f)
		}
		if _, err := artifact.ParseDigest(string(f.SHA256)); f.SHA256 != "" && err != nil {
			t.Errorf("digest %q", f.SHA256)
		}
		seen[f.Name] = true
	}
}

func FuzzIndexJSON(f *testing.F) {
	f.Add([]byte(pageJSON(fileJSON("demo_pkg-1.0-py3-none-any.whl", `,"yanked":"x","size":1,"core-metadata":{"sha256":"`+shaB+`"}`))))
	f.Add([]byte(pageJSON(fileJSON("demo-pkg-1.0.tar.gz", `,"upload-time":"2024-02-03T04:05:06Z","provenance":"/p"`), `{}`)))
	f.Add([]byte(`{"name":"demo-pkg","files":[[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if x, err := parseIndex(demo, demoBase, upstreamJSON, body); err == nil {
			holds(t, x)
		}
	})
}

func FuzzIndexHTML(f *testing.F) {
	f.Add([]byte(`<base href="//x.invalid/"><a href="demo_pkg-1.0-py3-none-any.whl#sha256=` + shaA + `" data-yanked data-core-metadata="true">x</a>`))
	f.Add([]byte(`<meta name="pypi:repository-version" content="1.0"><meta name=pypi:project-status content=x><a href=`))
	f.Add([]byte("<a href='https://files.invalid/demo-pkg-1.0.tar.gz'></a><title><a>\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if x, err := parseIndex(demo, demoBase, "text/html", body); err == nil {
			holds(t, x)
		}
	})
}

// BenchmarkIndexJSON reads a page as large as those of the busiest projects.
func BenchmarkIndexJSON(b *testing.B) {
	var entries []string
	for i := range 10_000 {
		entries = append(entries, fileJSON(fmt.Sprintf("demo_pkg-%d.%d-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", i/20, i%20),
			`,"requires-python":">=3.8","size":1234567,"upload-time":"2024-02-03T04:05:06.123456Z","yanked":false,"core-metadata":{"sha256":"`+shaB+`"}`))
	}
	body := []byte(pageJSON(entries...))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if x, err := parseIndex(demo, demoBase, upstreamJSON, body); err != nil || len(x.Files) != len(entries) {
			b.Fatal(err)
		}
	}
}
