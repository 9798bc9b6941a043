package maven_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// published adds to a desk what is there already.
type published struct {
	desk
	live, deleted []string
	retired       []string
}

func (d *published) Published(_ context.Context, _ artifact.Package, deleted bool) ([]string, error) {
	if deleted {
		return slices.Concat(d.deleted, d.live), nil
	}
	return d.live, nil
}

func (d *published) Retire(_ context.Context, v artifact.Version, _ string, _ ecosystem.Publisher) error {
	d.retired = append(d.retired, v.Number)
	return nil
}

func build(day, count int) string { return fmt.Sprintf("1.0-202601%02d.030405-%d", day, count) }

// TestBuilds: which files of a snapshot are taken, and under which number.
func TestBuilds(t *testing.T) {
	s := newShelf(t)
	const folder = "/org/example/demo/1.0-SNAPSHOT/"
	jar := s.bodies["demo-1.0.jar"]
	pom := stub.MavenVersion{Group: "org.example", Artifact: "demo", Version: "1.0-SNAPSHOT"}.POM()
	ahead := "1.0-" + time.Now().UTC().Add(48*time.Hour).Format("20060102.150405") + "-1"
	for _, tc := range []struct {
		why, file string
		body      []byte
		keep      int
		live      []string
		deleted   []string
		want      int
		published string
	}{
		{"a build's jar", "demo-" + build(2, 1) + ".jar", jar, 2, nil, nil, 200, build(2, 1) + " jar "},
		{"a build's pom", "demo-" + build(2, 1) + ".pom", pom, 2, nil, nil, 200, build(2, 1) + ` asset {"packaging":"jar"}`},
		{"a build's sources", "demo-" + build(2, 1) + "-sources.jar", jar, 2, nil, nil, 200, build(2, 1) + " jar "},
		{"a classifier that begins like a count", "demo-" + build(2, 1) + "-2.jar", jar, 2, nil, nil, 200, build(2, 1) + " jar "},
		{"another file of a build that newer ones follow", "demo-" + build(2, 1) + ".jar", jar, 2, []string{build(2, 1), build(3, 2), build(4, 3)}, nil, 200, build(2, 1) + " jar "},
		{"a build that fewer newer ones follow", "demo-" + build(2, 1) + ".jar", jar, 2, []string{build(4, 3)}, nil, 200, build(2, 1) + " jar "},
		{"a build that as many newer ones follow", "demo-" + build(2, 1) + ".jar", jar, 2, []string{build(4, 3)}, []string{build(3, 2)}, 409, ""},
		{"another snapshot's do not count", "demo-" + build(2, 1) + ".jar", jar, 2, []string{"1.1-20260104.030405-1", "1.1-20260105.030405-2", "2.0"}, nil, 200, build(2, 1) + " jar "},
		{"a build of tomorrow", "demo-" + ahead + ".jar", jar, 2, nil, nil, 400, ""},
		{"no build", "demo-1.0-SNAPSHOT.jar", jar, 2, nil, nil, 400, ""},
		{"a moment that was never", "demo-1.0-20261302.030405-1.jar", jar, 2, nil, nil, 400, ""},
		{"a build without a count", "demo-1.0-20260102.030405.jar", jar, 2, nil, nil, 400, ""},
		{"a count of nothing", "demo-1.0-20260102.030405-0.jar", jar, 2, nil, nil, 400, ""},
		{"another snapshot's build", "demo-1.1-20260102.030405-1.jar", jar, 2, nil, nil, 400, ""},
		{"the gate takes none", "demo-" + build(2, 1) + ".jar", jar, 0, nil, nil, 400, ""},
		{"metadata", "maven-metadata.xml", []byte("<metadata/>"), 2, nil, nil, 200, ""},
		{"its checksum", "maven-metadata.xml.sha1", []byte("x"), 2, nil, nil, 200, ""},
	} {
		d := &published{live: tc.live, deleted: tc.deleted}
		u := maven.NewUploads(adapter.Registry{Shelf: s, Decision: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler), Snapshots: tc.keep}, d)
		w := httptest.NewRecorder()
		u.Receive(w, httptest.NewRequest("PUT", folder+tc.file, bytes.NewReader(tc.body)), ecosystem.Publisher{Name: "ci"})
		if w.Code != tc.want {
			t.Errorf("%s: %d %s, want %d", tc.why, w.Code, w.Body, tc.want)
		}
		var got []string
		for _, up := range d.uploads {
			got = append(got, up.Version.Number+" "+string(up.Kind)+" "+string(up.Record))
			if up.Name != tc.file || up.Metadata.Version != up.Version.Number {
				t.Errorf("%s: %+v", tc.why, up)
			}
		}
		if strings.Join(got, "\n") != tc.published {
			t.Errorf("%s: published %q, want %q", tc.why, got, tc.published)
		}
	}
}

// TestReplaced: the end of a deploy takes away what is no longer kept.
func TestReplaced(t *testing.T) {
	whole := func(number string) []ecosystem.IndexFile {
		pom := indexFile("demo-"+number+".pom", number, artifact.Asset)
		pom.Record = []byte(`{"packaging":"jar"}`)
		return []ecosystem.IndexFile{pom, indexFile("demo-"+number+".jar", number, artifact.Jar)}
	}
	for _, tc := range []struct {
		why     string
		offered []int // days
		live    []int
		want    string
	}{
		{"as many as are kept", []int{1, 2}, []int{1, 2}, ""},
		{"one more", []int{1, 2, 3}, []int{1, 2, 3}, "1"},
		{"two more", []int{1, 2, 3, 4}, []int{1, 2, 3, 4}, "2 1"},
		{"what is not offered does not take the place of what is", []int{1, 2}, []int{1, 2, 3, 4}, ""},
		{"of what is not offered as many stay", []int{1, 2}, []int{1, 2, 3, 4, 5}, "3"},
		{"what is not offered and older goes", []int{2, 3}, []int{1, 2, 3}, "1"},
	} {
		s := newShelf(t)
		var files []ecosystem.IndexFile
		for _, day := range tc.offered {
			files = append(files, whole(build(day, 1))...)
		}
		s.list(artifact.Internal, nil, files...)
		d := &published{live: []string{"1.0", "1.1-20260101.030405-1"}}
		for _, day := range tc.live {
			d.live = append(d.live, build(day, 1))
		}
		u := maven.NewUploads(adapter.Registry{Shelf: s, Decision: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler), Snapshots: 2}, d)
		w := httptest.NewRecorder()
		u.Receive(w, httptest.NewRequest("PUT", "/org/example/demo/1.0-SNAPSHOT/maven-metadata.xml", strings.NewReader("<metadata/>")), ecosystem.Publisher{Name: "ci"})
		var want []string
		for _, day := range strings.Fields(tc.want) {
			want = append(want, "1.0-2026010"+day+".030405-1")
		}
		if w.Code != 200 || !slices.Equal(d.retired, want) {
			t.Errorf("%s: %d, retired %v, want %v", tc.why, w.Code, d.retired, want)
		}
	}
}

// snapshotDocument is a snapshot's own metadata, as mvn reads it.
type snapshotDocument struct {
	Version string   `xml:"version"`
	Latest  string   `xml:"versioning>latest"`
	Release string   `xml:"versioning>release"`
	All     []string `xml:"versioning>versions>version"`
	Stamp   string   `xml:"versioning>snapshot>timestamp"`
	Count   int      `xml:"versioning>snapshot>buildNumber"`
	Updated string   `xml:"versioning>lastUpdated"`
	Files   []struct {
		Classifier string `xml:"classifier"`
		Extension  string `xml:"extension"`
		Value      string `xml:"value"`
		Updated    string `xml:"updated"`
	} `xml:"versioning>snapshotVersions>snapshotVersion"`
}

func readSnapshot(t *testing.T, b []byte) snapshotDocument {
	t.Helper()
	var d snapshotDocument
	if err := xml.Unmarshal(b, &d); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return d
}

// TestSnapshotMetadata: which builds stand in it, and what a package's own says of a
// snapshot.
func TestSnapshotMetadata(t *testing.T) {
	s := newShelf(t)
	file := func(number, end string) ecosystem.IndexFile {
		f := indexFile("demo-"+number+end, number, artifact.Jar)
		if strings.HasSuffix(end, ".pom") {
			f.Kind, f.Record = artifact.Asset, []byte(`{"packaging":"jar"}`)
		}
		if strings.HasSuffix(end, ".asc") {
			f.Kind = artifact.Asset
		}
		return f
	}
	s.list(artifact.Internal, nil,
		file("0.9", ".pom"), file("0.9", ".jar"),
		file(build(3, 2), ".pom"), file(build(3, 2), ".jar"), file(build(3, 2), "-sources.jar"), file(build(3, 2), ".jar.asc"), file(build(3, 2), "-bin.tar.gz"), file(build(3, 2), "-scala-2.13.jar"),
		file(build(2, 1), ".pom"), file(build(2, 1), ".jar"), file(build(2, 1), "-old.jar"), file(build(2, 1), "-sources.jar"),
		file(build(4, 3), ".pom"), // its jar is on its way
		file(build(5, 4), ".pom"), file(build(5, 4), ".jar"),
	)
	s.ours[demo.Name] = true
	last := len(s.listing.Marks) - 1
	s.listing.Marks[last].Refused = true // the newest build's jar
	s.listing.Marks[4].Refused = true    // the sources of the one that is the newest then

	const path = "/org/example/demo/1.0-SNAPSHOT/maven-metadata.xml"
	w := s.ask(t, "GET", path)
	d := readSnapshot(t, w.Body.Bytes())
	if w.Code != 200 || d.Version != "1.0-SNAPSHOT" || d.Stamp != "20260103.030405" || d.Count != 2 || d.Updated != "20260103030405" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var got []string
	for _, f := range d.Files {
		got = append(got, strings.TrimSpace(f.Classifier+" "+f.Extension+" "+f.Value))
	}
	want := []string{
		"jar " + build(3, 2), "jar.asc " + build(3, 2), "pom " + build(3, 2), "bin tar.gz " + build(3, 2),
		"old jar " + build(2, 1), "scala-2.13 jar " + build(3, 2), "sources jar " + build(2, 1),
	}
	if !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if got := s.ask(t, "GET", path+".sha1"); got.Body.String() != stub.MavenSum("sha1", w.Body.Bytes()) {
		t.Errorf("its sha1 is %s", got.Body)
	}
	if got := s.ask(t, "HEAD", path); got.Code != 200 || got.Header().Get("Last-Modified") != "Sat, 03 Jan 2026 03:04:05 GMT" {
		t.Errorf("HEAD: %d %v", got.Code, got.Header())
	}
	all := readSnapshot(t, s.ask(t, "GET", "/org/example/demo/maven-metadata.xml").Body.Bytes())
	if !slices.Equal(all.All, []string{"0.9", "1.0-SNAPSHOT"}) || all.Latest != "1.0-SNAPSHOT" || all.Release != "0.9" {
		t.Errorf("the package's metadata: %+v", all)
	}
	if w := s.ask(t, "GET", "/org/example/demo/2.0-SNAPSHOT/maven-metadata.xml"); w.Code != 404 {
		t.Errorf("a snapshot without builds: %d", w.Code)
	}
	for name, number := range map[string]string{"demo-" + build(3, 2) + ".jar": build(3, 2), "demo-" + build(2, 1) + "-old.jar": build(2, 1)} {
		s.put(name, number, []byte("the bytes of "+name))
	}
	for path, want := range map[string]string{
		"demo-" + build(3, 2) + ".jar": "demo-" + build(3, 2) + ".jar",
		"demo-1.0-SNAPSHOT.jar":        "demo-" + build(3, 2) + ".jar",
		"demo-1.0-SNAPSHOT-old.jar":    "demo-" + build(2, 1) + "-old.jar",
	} {
		w := s.ask(t, "GET", "/org/example/demo/1.0-SNAPSHOT/"+path)
		if w.Code != 200 || w.Body.String() != "the bytes of "+want || s.ask(t, "GET", "/org/example/demo/1.0-SNAPSHOT/"+path+".sha1").Body.String() != stub.MavenSum("sha1", w.Body.Bytes()) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"demo-1.0-SNAPSHOT-none.jar", "demo-1.0-20260109.030405-9.jar", "demo-1.1-20260103.030405-2.jar"} {
		if w := s.ask(t, "GET", "/org/example/demo/1.0-SNAPSHOT/"+path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestSnapshotsThroughAGate: each build is looked at and decided about, the newest is
// what is had, old ones go, and nobody outside hears of it.
func TestSnapshotsThroughAGate(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	w := servertest.Over(t, maven.Adapter(), repo.URL(), nil)
	h, in := w.Handler("main"), w.Receiver("main")
	const folder = "/org/example/lib/1.0-SNAPSHOT/"
	put := func(path string, body []byte) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		in.Receive(rec, httptest.NewRequest(http.MethodPut, path, bytes.NewReader(body)), ecosystem.Publisher{Name: "ci"})
		return rec
	}
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec
	}
	jarOf := func(day int) []byte {
		return stub.MavenVersion{Group: "org.example", Artifact: "lib", Version: "1.0-SNAPSHOT", Files: map[string]string{"day.txt": fmt.Sprint(day)}}.Jar(t)
	}
	for day := 1; day <= servertest.Snapshots+2; day++ {
		name := folder + "lib-" + build(day, day)
		for _, f := range []struct {
			path string
			body []byte
		}{{name + ".pom", stub.MavenVersion{Group: "org.example", Artifact: "lib", Version: "1.0-SNAPSHOT"}.POM()}, {name + ".jar", jarOf(day)}, {folder + "maven-metadata.xml", []byte("<metadata/>")}} {
			if rec := put(f.path, f.body); rec.Code != 200 {
				t.Fatalf("PUT %s: %d %s", f.path, rec.Code, rec.Body)
			}
		}
		if got := get(folder + "lib-1.0-SNAPSHOT.jar"); got.Code != 200 || !bytes.Equal(got.Body.Bytes(), jarOf(day)) {
			t.Errorf("after build %d: %d", day, got.Code)
		}
	}
	d := readSnapshot(t, get(folder+"maven-metadata.xml").Body.Bytes())
	if d.Count != servertest.Snapshots+2 || len(d.Files) != 2 {
		t.Errorf("%+v", d)
	}
	for day, want := range map[int]int{1: 404, 2: 404, 3: 200, 5: 200} {
		if got := get(folder + "lib-" + build(day, day) + ".jar"); got.Code != want {
			t.Errorf("build %d: %d, want %d", day, got.Code, want)
		}
	}
	for _, tc := range []struct {
		why  string
		day  int
		want int
	}{{"a build that was taken away", 1, 403}, {"other bytes under a build's name", 5, 409}} {
		if rec := put(folder+"lib-"+build(tc.day, tc.day)+".jar", jarOf(9)); rec.Code != tc.want {
			t.Errorf("%s: %d %s, want %d", tc.why, rec.Code, rec.Body, tc.want)
		}
	}
	if rec := get("/org/somebody/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar"); rec.Code != 403 || !strings.Contains(rec.Body.String(), "snapshots from outside") {
		t.Errorf("a snapshot from outside: %d %s", rec.Code, rec.Body)
	}
	for _, path := range repo.Requests() {
		t.Errorf("outside was asked for %s", path)
	}
}

// FuzzSnapshotPath: what reads as a build of a snapshot is written so again.
func FuzzSnapshotPath(f *testing.F) {
	for _, seed := range []string{"demo-1.0-20260102.030405-1.jar", "demo-1.0-20260102.030405-1-2.jar.asc", "demo-1.0-SNAPSHOT.jar", "demo-1.0-20260102.030405-99999999999.jar", "demo-1.0--.-1.jar"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		number := maven.BuildOf("org.example", "demo", "1.0-SNAPSHOT", name)
		if number == "" {
			return
		}
		if !strings.HasPrefix(name, "demo-"+number) || !strings.HasPrefix(number, "1.0-") || strings.Contains(number, "/") {
			t.Errorf("%q is of build %q", name, number)
		}
	})
}
