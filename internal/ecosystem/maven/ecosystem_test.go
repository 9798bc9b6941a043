package maven_test

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/ecosystemtest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

const group = "org.example"

// TestEcosystem runs the suite that every ecosystem passes.
func TestEcosystem(t *testing.T) {
	ecosystemtest.Run(t, ecosystemtest.Suite{
		Adapter: maven.Adapter(),
		Name:    func(s string) string { return group + ":" + s },
		Names: []ecosystemtest.Name{
			{Written: "org.example:demo", Want: "org.example/demo", Why: "as people write it"},
			{Written: "org.example/demo", Want: "org.example/demo", Why: "as a purl has it"},
			{Written: "org.example:Demo", Want: "org.example/Demo", Why: "capitals count"},
			{Written: "junit:junit", Want: "junit/junit", Why: "a group of one word"},
			{Written: "org.scala-lang:scala-library_2.13", Want: "org.scala-lang/scala-library_2.13", Why: "dashes, underscores and dots"},
			{Written: "demo", Want: "", Why: "an artifact without its group"},
			{Written: "org.example:demo:1.0", Want: "", Why: "a version is no name"},
			{Written: "org..example:demo", Want: "", Why: "an empty element"},
			{Written: "org.example:../demo", Want: "", Why: "it climbs out"},
			{Written: "org.example:d\u00e9mo", Want: "", Why: "ASCII alone"},
		},
		LookLike: [][2]string{{"org.example/Demo", "org.example/demo"}, {"org.example:demo", "org.example/demo"}},
		Differ:   [][2]string{{"org.example/demo", "org.example/demos"}, {"org.example/demo", "org.other/demo"}},
		Scalibr:  "Maven", Version: mavenVersion,
		Archive:       func(t testing.TB, r ecosystemtest.Release) []byte { return versionOf(r).Jar(t) },
		File:          func(r ecosystemtest.Release) string { return artifactOf(r.Name) + "-" + r.Number + ".jar" },
		Upstream:      repository,
		UpstreamIndex: metadataPath,
		UpstreamFile:  jarPath,
		Pages:         func(name string) []string { return []string{metadataPath(name)} },
		Download:      jarPath,
		Read:          readMetadata,
		Soft:          ecosystemtest.Gone,
		Undated:       true, // each file has its own date, in its headers: serve_test.go
		Manifest: func(needs []ecosystemtest.Need) ecosystemtest.File {
			text := "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>org.example</groupId>\n  <artifactId>own</artifactId>\n  <version>1.0</version>\n  <dependencies>\n"
			for _, n := range needs {
				text += fmt.Sprintf("    <dependency>\n      <groupId>%s</groupId>\n      <artifactId>%s</artifactId>\n      <version>%s</version>\n    </dependency>\n", group, artifactOf(n.Name), n.Least)
			}
			return ecosystemtest.File{Name: "pom.xml", Body: text + "  </dependencies>\n</project>\n"}
		},
		Lock: func(t testing.TB, rs []ecosystemtest.Release) ecosystemtest.File {
			text := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<verification-metadata>\n  <configuration>\n    <verify-metadata>false</verify-metadata>\n    <verify-signatures>false</verify-signatures>\n  </configuration>\n  <components>\n"
			for _, r := range rs {
				text += fmt.Sprintf("    <component group=%q name=%q version=%q>\n      <artifact name=%q>\n        <sha256 value=%q/>\n      </artifact>\n    </component>\n",
					group, artifactOf(r.Name), r.Number, artifactOf(r.Name)+"-"+r.Number+".jar", artifact.DigestOf(versionOf(r).Jar(t)))
			}
			return ecosystemtest.File{Name: "gradle/verification-metadata.xml", Body: text + "  </components>\n</verification-metadata>\n"}
		},
		// A pom names one version of each, and the nearest of two wins; of two as near the
		// first.
		Closure: []string{"demo 1.0.0", "left 1.0.0", "right 1.0.0", "base 1.1.0"},
		Before: func(t testing.TB, r ecosystemtest.Release) []ecosystemtest.Request {
			return []ecosystemtest.Request{{Method: http.MethodPut, Path: versionOf(r).Path("pom"), Body: versionOf(ecosystemtest.Release{Name: r.Name, Number: r.Number}).POM()}}
		},
		Publish: func(t testing.TB, r ecosystemtest.Release) ecosystemtest.Request {
			return ecosystemtest.Request{Method: http.MethodPut, Path: jarPath(r), Body: versionOf(r).Jar(t)}
		},
		Inside: func(r ecosystemtest.Release) (ecosystem.Metadata, []byte) {
			return ecosystem.Metadata{Name: r.Name, Version: r.Number}, versionOf(r).POM()
		},
		Other: http.StatusConflict,
	})
}

func artifactOf(name string) string {
	_, a, _ := strings.Cut(name, ":")
	return a
}

func versionOf(r ecosystemtest.Release) stub.MavenVersion {
	v := stub.MavenVersion{Group: group, Artifact: artifactOf(r.Name), Version: r.Number, Published: r.At, Files: map[string]string{"salt.txt": r.Salt}}
	for _, n := range r.Needs {
		v.Needs = append(v.Needs, stub.MavenNeed{Group: group, Artifact: artifactOf(n.Name), Version: n.Least})
	}
	return v
}

// metadataPath is where a client asks for a name, or for what is none.
func metadataPath(name string) string {
	g, a, ok := strings.Cut(name, ":")
	if !ok {
		return "/org/example/" + name + "/maven-metadata.xml"
	}
	return "/" + strings.ReplaceAll(g, ".", "/") + "/" + a + "/maven-metadata.xml"
}

func jarPath(r ecosystemtest.Release) string { return versionOf(r).Path("jar") }

// repository answers what a repository answers, with SHA-1 beside each file.
func repository(t testing.TB, have []ecosystemtest.Package, _, path string) (ecosystemtest.Reply, bool) {
	path, err := url.PathUnescape(path)
	if err != nil {
		return ecosystemtest.Reply{}, false
	}
	file, sum := strings.CutSuffix(path, ".sha1")
	for _, p := range have {
		var vs []stub.MavenVersion
		for _, r := range p.Releases {
			v := versionOf(r)
			vs = append(vs, v)
			var body []byte
			switch file {
			case v.Path("pom"):
				body = v.POM()
			case v.Path("jar"):
				body = v.Jar(t)
			default:
				continue
			}
			if sum {
				body = []byte(stub.MavenSum("sha1", body))
			}
			return ecosystemtest.Reply{ContentType: "application/octet-stream", Body: body, Modified: r.At}, true
		}
		if path == metadataPath(p.Name) {
			return ecosystemtest.Reply{ContentType: "text/xml", Body: append(stub.MavenMetadata(vs...), strings.Repeat("\n", p.Padding)...)}, true
		}
	}
	return ecosystemtest.Reply{}, false
}

// readMetadata reads a package's metadata as mvn does.
func readMetadata(t testing.TB, get func(string) ecosystemtest.Got, name string) []ecosystemtest.Seen {
	t.Helper()
	var out []ecosystemtest.Seen
	got := get(metadataPath(name))
	if got.Code != http.StatusOK {
		return nil
	}
	var m struct {
		Versions []string `xml:"versioning>versions>version"`
	}
	if err := xml.Unmarshal(got.Body, &m); err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Versions {
		out = append(out, ecosystemtest.Seen{Number: v, Shown: ecosystemtest.Plain})
	}
	return out
}

func mavenVersion(r *rand.Rand) string {
	v := fmt.Sprintf("%d.%d", r.IntN(2), r.IntN(3))
	if r.IntN(2) == 0 {
		v += fmt.Sprintf(".%d", r.IntN(12))
	}
	switch r.IntN(3) {
	case 0:
		v += []string{"-alpha", "-beta", "-milestone", "-rc", "-SNAPSHOT", "-ga", "-final", "-sp", "-xyz", "-jre"}[r.IntN(10)]
	case 1:
		v += []string{"-alpha-", "-beta-", "-m", "-rc", "-sp-", "-", ".Final"}[r.IntN(7)] + fmt.Sprint(r.IntN(12))
	}
	return v
}
