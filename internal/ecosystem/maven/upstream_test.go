package maven

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

var (
	demoPackage = artifact.Package{Ecosystem: artifact.Maven, Name: "org.example/demo"}
	start       = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	published   = start.AddDate(0, 0, -30)
)

const below = "/org/example/demo/"

func openAt(t *testing.T, base, dir string) *Upstream {
	t.Helper()
	host, err := fetch.HostPort(base)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{Upstreams: []string{host}, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	up, err := OpenUpstream(adapter.UpstreamConfig{Name: "stub", BaseURL: base, Client: client, CacheDir: dir, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	return up
}

func released(number string, change ...func(*stub.MavenVersion)) stub.MavenVersion {
	v := stub.MavenVersion{Group: "org.example", Artifact: "demo", Version: number, Published: published}
	for _, c := range change {
		c(&v)
	}
	return v
}

func index(t *testing.T, up *Upstream) *ecosystem.Index {
	t.Helper()
	x, err := up.Index(t.Context(), demoPackage)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func complete(t *testing.T, up *Upstream, files ...string) *ecosystem.Index {
	t.Helper()
	x, err := up.Complete(t.Context(), index(t, up), files...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func find(x *ecosystem.Index, name string) (ecosystem.IndexFile, bool) {
	i := slices.IndexFunc(x.Files, func(f ecosystem.IndexFile) bool { return f.Name == name })
	if i < 0 {
		return ecosystem.IndexFile{}, false
	}
	return x.Files[i], true
}

func TestIndexListsPoms(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	repo.Put(t, released("1.0"), released("1.1-SNAPSHOT"), released("1.1"))
	x := index(t, openAt(t, repo.URL()+"/", t.TempDir()))
	if len(x.Files) != 2 || x.Files[0].Name != "demo-1.0.pom" || x.Files[1].Number != "1.1" || x.Files[0].Kind != artifact.Asset || x.Dropped != 1 || x.Tags[tagRelease] != "1.1" {
		t.Errorf("%+v", x)
	}
	if want := repo.URL() + below + "1.0/demo-1.0.pom"; x.Files[0].URL != want {
		t.Errorf("URL %s, want %s", x.Files[0].URL, want)
	}
}

// TestComplete: what is learned of a file that somebody asks for, and that it stays known.
func TestComplete(t *testing.T) {
	repo, dir := stub.NewMavenRepo(t), t.TempDir()
	one := released("1.0")
	repo.Put(t, one, released("1.0-rc1"))
	jar := one.Jar(t)
	repo.PutFile(below+"1.0/demo-1.0-sources.jar", jar, published.Add(time.Hour))
	repo.PutFile(below+"1.0/demo-1.0.module", []byte("{}"), published)
	up := openAt(t, repo.URL(), dir)
	before := index(t, up)
	x := complete(t, up, "demo-1.0.jar")
	f, ok := find(x, "demo-1.0.jar")
	if !ok || f.Number != "1.0" || f.Kind != artifact.Jar || !f.Uploaded.Equal(published) || !slices.Equal(f.Digests, []string{"sha1:" + stub.MavenSum("sha1", jar)}) ||
		!f.HasMetadata || f.MetadataSHA256 != artifact.DigestOf(one.POM()) || f.URL != repo.URL()+below+"1.0/demo-1.0.jar" || x.Digest == before.Digest {
		t.Errorf("%+v in %s, before %s", f, x.Digest, before.Digest)
	}
	x = complete(t, up, "demo-1.0-sources.jar", "demo-1.0.module", "demo-1.0-none.jar", "demo-1.0.pom", "demo-1.0-rc1.jar", "demo-9.9.jar", "other-1.0.jar", "demo-1.0/../x.jar")
	if f, _ := find(x, "demo-1.0-sources.jar"); !f.Uploaded.Equal(published.Add(time.Hour)) {
		t.Errorf("a file that was added later is dated %s", f.Uploaded)
	}
	if f, _ := find(x, "demo-1.0.module"); f.Kind != artifact.Asset {
		t.Errorf("a module file is %s", f.Kind)
	}
	if f, _ := find(x, "demo-1.0.pom"); f.SHA256 != artifact.DigestOf(one.POM()) || len(f.Digests) != 1 {
		t.Errorf("a pom: %+v", f)
	}
	if f, _ := find(x, "demo-1.0-rc1.jar"); f.Number != "1.0-rc1" {
		t.Errorf("a jar of 1.0-rc1 is of %q", f.Number)
	}
	for _, absent := range []string{"demo-1.0-none.jar", "demo-9.9.jar", "other-1.0.jar", "demo-1.0/../x.jar"} {
		if f, ok := find(x, absent); ok {
			t.Errorf("%+v is listed", f)
		}
	}
	asked := len(repo.Requests())
	for _, again := range []*Upstream{up, openAt(t, repo.URL(), dir)} {
		if y := complete(t, again, "demo-1.0.jar", "demo-1.0.pom", "demo-1.0-sources.jar"); y.Digest != x.Digest || len(y.Files) != len(x.Files) {
			t.Errorf("again, or after a restart: %d files, want %d", len(y.Files), len(x.Files))
		}
	}
	if n := len(repo.Requests()); n != asked || repo.Asked(below+"1.0/demo-1.0.jar.sha1") != 1 || repo.Asked(below+"1.0/demo-1.0.jar") != 0 {
		t.Errorf("what is known was asked for again: %v", repo.Requests())
	}
	for _, path := range repo.Requests() {
		if strings.Contains(path, "9.9") || strings.Contains(path, "..") || strings.Contains(path, "other") {
			t.Errorf("asked for %s", path)
		}
	}
}

// TestChecksums: which of them a repository has.
func TestChecksums(t *testing.T) {
	jar := released("1.0").Jar(t)
	sum := func(algorithm string) string { return algorithm + ":" + stub.MavenSum(algorithm, jar) }
	for _, tc := range []struct {
		why  string
		sums []string
		want []string
	}{
		{"as Maven deploys", []string{"md5", "sha1"}, []string{sum("sha1")}},
		{"as gradle publishes", []string{"md5", "sha1", "sha256", "sha512"}, []string{sum("sha1"), sum("sha256")}},
		{"the strongest alone", []string{"sha512"}, []string{sum("sha512")}},
		{"none", []string{}, nil},
	} {
		repo := stub.NewMavenRepo(t)
		repo.Put(t, released("1.0", func(v *stub.MavenVersion) { v.Sums = tc.sums }))
		f, ok := find(complete(t, openAt(t, repo.URL(), t.TempDir()), "demo-1.0.jar"), "demo-1.0.jar")
		if !ok || !slices.Equal(f.Digests, tc.want) || !f.Uploaded.Equal(published) || (f.SHA256 != "") != slices.Contains(tc.sums, "sha256") {
			t.Errorf("%s: %+v", tc.why, f)
		}
	}
	repo := stub.NewMavenRepo(t)
	repo.Put(t, released("1.0"))
	repo.PutFile(below+"1.0/demo-1.0.jar.sha1", []byte("<!doctype html><title>Sign in</title>"), published)
	up := openAt(t, repo.URL(), t.TempDir())
	if x, err := up.Complete(t.Context(), index(t, up), "demo-1.0.jar"); !errors.Is(err, indexcache.ErrBadIndex) {
		t.Errorf("a login page in place of a checksum: %+v, %v", x, err)
	}
}

func TestParseChecksum(t *testing.T) {
	const sum = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	for text, want := range map[string]string{
		sum: sum, strings.ToUpper(sum) + "\n": sum, sum + "  demo-1.0.jar\n": sum, "SHA1(demo-1.0.jar)= " + sum: sum, "demo-1.0.jar: " + sum + " *": sum,
		"": "", "no checksum": "", sum[:39]: "", sum + "00": "", "d41d8cd98f00b204e9800998ecf8427e": "",
	} {
		if got, ok := parseChecksum("sha1", []byte(text)); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", text, got, ok)
		}
	}
}

// TestDates: whose word a date is, and what is asked for it where a whole package is
// listed.
func TestDates(t *testing.T) {
	undated := func(v *stub.MavenVersion) { v.NoTime, v.Published = true, time.Time{} }
	old := start.AddDate(-1, 0, 0)
	stamp := func(at time.Time, numbers ...string) []byte {
		return []byte("<metadata><versioning><versions><version>" + strings.Join(numbers, "</version><version>") + "</version></versions><lastUpdated>" + at.Format(stampLayout) + "</lastUpdated></versioning></metadata>")
	}
	repo, dir := stub.NewMavenRepo(t), t.TempDir()
	repo.Put(t, released("1.0"), released("2.0", undated))
	repo.PutFile(below+"maven-metadata.xml", stamp(start.AddDate(0, 0, -10), "1.0", "2.0"), time.Time{})
	up := openAt(t, repo.URL(), dir)
	if f, _ := find(index(t, up), "demo-1.0.pom"); !f.Uploaded.IsZero() {
		t.Errorf("a young list dates what was not asked for: %s", f.Uploaded)
	}
	x := complete(t, up)
	if f, _ := find(x, "demo-1.0.pom"); !f.Uploaded.Equal(published) {
		t.Errorf("1.0 is dated %s", f.Uploaded)
	}
	if f, _ := find(x, "demo-2.0.pom"); !f.Uploaded.Equal(start.AddDate(0, 0, -10)) {
		t.Errorf("what has no date is dated %s, want that of the list", f.Uploaded)
	}
	// A later list does not make it younger.
	repo.PutFile(below+"maven-metadata.xml", stamp(start, "1.0", "2.0"), time.Time{})
	if _, err := up.Refresh(t.Context(), demoPackage); err != nil {
		t.Fatal(err)
	}
	for _, again := range []*Upstream{up, openAt(t, repo.URL(), dir)} {
		if f, _ := find(index(t, again), "demo-2.0.pom"); !f.Uploaded.Equal(start.AddDate(0, 0, -10)) {
			t.Errorf("after a new release it is dated %s", f.Uploaded)
		}
	}

	settled := stub.NewMavenRepo(t)
	settled.Put(t, released("1.0", func(v *stub.MavenVersion) { v.Published = old }))
	up = openAt(t, settled.URL(), t.TempDir())
	if f, _ := find(complete(t, up), "demo-1.0.pom"); !f.Uploaded.Equal(old) || settled.Asked(below+"1.0/demo-1.0.pom") != 0 {
		t.Errorf("of an old list: %s, asked %v", f.Uploaded, settled.Requests())
	}

	none := stub.NewMavenRepo(t)
	none.Put(t, released("1.0", undated))
	none.PutFile(below+"maven-metadata.xml", []byte("<metadata><versioning><versions><version>1.0</version></versions></versioning></metadata>"), time.Time{})
	if f, ok := find(complete(t, openAt(t, none.URL(), t.TempDir()), "demo-1.0.jar"), "demo-1.0.jar"); !ok || !f.Uploaded.IsZero() {
		t.Errorf("nobody says when, and it is dated %s", f.Uploaded)
	}
}

// TestGone: a pom that is listed and not there is no file.
func TestGone(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	repo.Put(t, released("1.0"), released("1.1"))
	repo.Fail(below+"1.1/demo-1.1.pom", 404)
	up := openAt(t, repo.URL(), t.TempDir())
	if x := complete(t, up); len(x.Files) != 1 || x.Dropped != 1 {
		t.Errorf("%+v", x)
	}
	if _, err := up.Index(t.Context(), artifact.Package{Ecosystem: artifact.Maven, Name: "org.example/none"}); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("a package that is not there: %v", err)
	}
	repo.Fail(below+"1.0/demo-1.0.jar.sha1", 503)
	if _, err := up.Complete(t.Context(), index(t, up), "demo-1.0.jar"); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("no answer: %v", err)
	}
}

func TestMetadataOfAVersion(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	one := released("1.0", func(v *stub.MavenVersion) {
		v.Needs = []stub.MavenNeed{{Group: "org.example", Artifact: "dep", Version: "2"}}
	})
	repo.Put(t, one, released("1.1"), released("1.2"))
	repo.PutFile(below+"1.1/demo-1.1.pom", released("9.9").POM(), published)
	repo.PutFile(below+"1.2/demo-1.2.pom", []byte("<project"), published)
	up := openAt(t, repo.URL(), t.TempDir())
	x := complete(t, up, "demo-1.0.jar", "demo-1.0.pom")
	for _, name := range []string{"demo-1.0.jar", "demo-1.0.pom"} {
		f, _ := find(x, name)
		m, raw, err := up.Metadata(t.Context(), x, f)
		if err != nil || m.Name != "org.example/demo" || m.Version != "1.0" || !slices.Equal(m.RequiresDist, []string{"org.example:dep 2"}) || string(raw) != string(one.POM()) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for _, number := range []string{"1.1", "1.2"} {
		f, _ := find(x, "demo-"+number+".pom")
		if m, _, err := up.Metadata(t.Context(), x, f); !errors.Is(err, ecosystem.ErrBadMetadata) {
			t.Errorf("%s: %+v, %v", number, m, err)
		}
	}
	f, _ := find(x, "demo-1.0.pom")
	if b, ok := up.Held(t.Context(), x, f); !ok || string(b) != string(one.POM()) {
		t.Errorf("held: %t, %q", ok, b)
	}
	jar, _ := find(x, "demo-1.0.jar")
	if _, ok := up.Held(t.Context(), x, jar); ok || repo.Asked(below+"1.0/demo-1.0.pom") != 1 {
		t.Errorf("a jar is held: %t; the pom was asked for %d times", ok, repo.Asked(below+"1.0/demo-1.0.pom"))
	}
}

// TestPluginsOfAGroup: what mvn calls them by, and nothing else of the document.
func TestPluginsOfAGroup(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	repo.PutFile("/org/example/plugins/maven-metadata.xml", []byte("<metadata><groupId>evil</groupId><plugins><plugin><name>A</name><prefix>demo</prefix><artifactId>demo-maven-plugin</artifactId></plugin><plugin><prefix>../x</prefix><artifactId>y</artifactId></plugin></plugins></metadata>"), published)
	up := openAt(t, repo.URL(), t.TempDir())
	p := artifact.Package{Ecosystem: artifact.Maven, Name: "org.example/plugins"}
	b, err := up.Document(t.Context(), p, docPlugins)
	if err != nil || !strings.Contains(string(b), "<artifactId>demo-maven-plugin</artifactId>") || strings.Contains(string(b), "evil") || strings.Contains(string(b), "..") {
		t.Errorf("%s, %v", b, err)
	}
	for _, path := range []string{docOurs, "other"} {
		if _, err := up.Document(t.Context(), p, path); !errors.Is(err, ecosystem.ErrNoPackage) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if x, err := up.Index(t.Context(), p); err != nil || len(x.Files) != 0 {
		t.Errorf("its index: %+v, %v", x, err)
	}
}

// TestDamagedKnowledge: what was learned is asked for again.
func TestDamagedKnowledge(t *testing.T) {
	repo, dir := stub.NewMavenRepo(t), t.TempDir()
	repo.Put(t, released("1.0"))
	complete(t, openAt(t, repo.URL(), dir), "demo-1.0.jar")
	kept, err := filepath.Glob(filepath.Join(dir, "files", "*.json"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if err := os.WriteFile(kept[0], []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	up := openAt(t, repo.URL(), dir)
	if _, ok := find(index(t, up), "demo-1.0.jar"); ok {
		t.Error("it is known out of nothing")
	}
	if _, ok := find(complete(t, up, "demo-1.0.jar"), "demo-1.0.jar"); !ok {
		t.Error("it is not learned again")
	}
}

func TestOptions(t *testing.T) {
	if _, err := OpenUpstream(adapter.UpstreamConfig{Name: "stub", BaseURL: "http://repo.invalid", Options: map[string]string{"sumdb": "off"}}); err == nil {
		t.Error("an option that nobody knows is taken")
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte("<metadata><versioning><versions><version>1.0</version></versions><lastUpdated>20260102030405</lastUpdated></versioning></metadata>"))
	f.Add([]byte("<metadata><plugins><plugin><prefix>a</prefix><artifactId>b</artifactId></plugin></plugins></metadata>"))
	f.Add([]byte("<!doctype html>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIndex(demoPackage, nil, "", b)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, file := range x.Files {
			if seen[file.Name] || strings.ContainsAny(file.Name, "/\\ \n") || !isFileOf(coordinateOf(t), file.Number, file.Name) {
				t.Errorf("%q lists %+v", b, file)
			}
			seen[file.Name] = true
		}
	})
}

func FuzzChecksum(f *testing.F) {
	f.Add("sha1", []byte("da39a3ee5e6b4b0d3255bfef95601890afd80709"))
	f.Fuzz(func(t *testing.T, algorithm string, b []byte) {
		if sum, ok := parseChecksum(algorithm, b); ok && (len(sum) != 2*digestBytes[algorithm] || strings.Trim(sum, "0123456789abcdef") != "") {
			t.Errorf("%q has the %s %q", b, algorithm, sum)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("org/example/demo/1.0/demo-1.0.jar")
	f.Add("org/example/demo/maven-metadata.xml.sha1")
	f.Add("org/example/demo/1.0-SNAPSHOT/demo-1.0-20260102.030405-1.jar.md5")
	f.Fuzz(func(t *testing.T, path string) {
		q, err := parseRequest(path)
		if err != nil {
			return
		}
		if q.name.Check() != nil || strings.Contains(q.file, "/") || strings.Contains(q.file, "..") {
			t.Errorf("%q is %+v", path, q)
		}
	})
}

func coordinateOf(t *testing.T) coordinate.Name {
	n, err := coordinate.Of(demoPackage)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestListingCostsOneRequestAVersion, and what it learned is made whole when somebody
// asks for the file.
func TestListingCostsOneRequestAVersion(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	repo.Put(t, released("1.0"), released("1.1"))
	up := openAt(t, repo.URL(), t.TempDir())
	complete(t, up)
	if n := len(repo.Requests()); n != 3 {
		t.Errorf("asked for %q", repo.Requests())
	}
	f, _ := find(complete(t, up, "demo-1.1.pom"), "demo-1.1.pom")
	if len(f.Digests) != 1 || repo.Asked(below+"1.1/demo-1.1.pom") != 1 {
		t.Errorf("%+v, asked for %q", f, repo.Requests())
	}
}
