package honesty_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/honesty"
)

func mavenPOM(version, more string) string {
	return "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>demo</artifactId><version>" + version + "</version>" + more + "</project>"
}

func mavenNeeds(needs ...string) string {
	var b strings.Builder
	for _, n := range needs {
		f := append(strings.Split(n, " "), "compile")
		fmt.Fprintf(&b, "<dependency><groupId>org.example</groupId><artifactId>%s</artifactId><version>%s</version><scope>%s</scope></dependency>", f[0], f[1], f[2])
	}
	return "<dependencies>" + b.String() + "</dependencies>"
}

// see shows one file to the scanner, entry by entry, and gives its report.
func seeMaven(t *testing.T, target scan.FileTarget, entries ...[2]string) scan.Report {
	t.Helper()
	var r scan.Report
	p := honesty.Scanner{}.Begin(target)
	for _, e := range entries {
		r.Findings = append(r.Findings, p.Entry(scan.Entry{Path: e[0], Mode: 0o644, Size: int64(len(e[1])), Body: []byte(e[1])})...)
	}
	r.Findings = append(r.Findings, p.End()...)
	if d, ok := p.(scan.Describer); ok {
		d.Describe(&r)
	}
	return r
}

func mavenTarget(file string) scan.FileTarget {
	kind := artifact.Jar
	if !strings.HasSuffix(file, ".jar") {
		kind = artifact.Asset
	}
	v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.Maven, Name: "org.example/demo"}, Number: "1.0"}
	return scan.FileTarget{File: artifact.File{Version: v, Name: file, Kind: kind}}
}

func rulesOf(fs []finding.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%s %s %s", f.Rule, f.Class, f.Severity))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func TestMavenPoms(t *testing.T) {
	for _, tc := range []struct{ why, file, body, want string }{
		{"honest", "demo-1.0.pom", mavenPOM("1.0", ""), ""},
		{"another version", "demo-1.0.pom", mavenPOM("1.1", ""), "metadata-version-mismatch integrity high"},
		{"another artifact", "demo-1.0.pom", strings.Replace(mavenPOM("1.0", ""), ">demo<", ">evil<", 1), "metadata-name-mismatch integrity high"},
		{"its parent's group and version", "demo-1.0.pom", "<project><parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>1.0</version></parent><artifactId>demo</artifactId></project>", ""},
		{"no XML", "demo-1.0.pom", "<project", "archive-unreadable fault unknown"},
		{"empty", "demo-1.0.pom", "", "archive-unreadable fault unknown"},
		{"an honest module file", "demo-1.0.module", `{"component":{"group":"org.example","module":"demo","version":"1.0"},"variants":[{"files":[{"name":"demo-1.0.jar","url":"demo-1.0.jar"}]}]}`, ""},
		{"one variant of a module lies beside it", "demo-1.0.module", `{"component":{"url":"../../above/1.0/above-1.0.module","group":"org.example","module":"above","version":"1.0"}}`, ""},
		{"a module file of another version", "demo-1.0.module", `{"component":{"group":"org.example","module":"demo","version":"2.0"}}`, "metadata-version-mismatch integrity high"},
		{"a module file of another module", "demo-1.0.module", `{"component":{"group":"org.example","module":"evil","version":"1.0"}}`, "metadata-name-mismatch integrity high"},
		{"a module file that leads elsewhere", "demo-1.0.module", `{"component":{"group":"org.example","module":"demo","version":"1.0"},"variants":[{"files":[{"name":"x","url":"https://evil.invalid/x.jar"}]}]}`, "manifest-confusion honesty high"},
		{"no JSON", "demo-1.0.module", "{", "archive-unreadable fault unknown"},
		{"a signature", "demo-1.0.jar.asc", "-----BEGIN PGP SIGNATURE-----\n", ""},
	} {
		if got := rulesOf(seeMaven(t, mavenTarget(tc.file), [2]string{tc.file, tc.body}).Findings); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
	r := seeMaven(t, mavenTarget("demo-1.0.pom"), [2]string{"demo-1.0.pom", mavenPOM("1.0", mavenNeeds("dep 2"))})
	if r.Metadata == nil || r.Metadata.Name != "org.example/demo" || r.Metadata.Version != "1.0" || !slices.Equal(r.Metadata.RequiresDist, []string{"org.example:dep 2"}) || len(r.RawMetadata) == 0 {
		t.Errorf("a pom says of itself %+v", r.Metadata)
	}
}

// TestMavenSnapshots: a build of a snapshot of our own says inside that it is the
// snapshot, and nothing else; one that an upstream lists is a version like any.
func TestMavenSnapshots(t *testing.T) {
	const number, inside = "1.0-20260102.030405-6", "META-INF/maven/org.example/demo/pom.xml"
	module := func(version string) string {
		return `{"component":{"group":"org.example","module":"demo","version":"` + version + `"}}`
	}
	for _, tc := range []struct{ why, end, where, body, origin, want string }{
		{"a pom of the snapshot", ".pom", "", mavenPOM("1.0-SNAPSHOT", ""), artifact.Internal, ""},
		{"a pom of the build", ".pom", "", mavenPOM(number, ""), artifact.Internal, ""},
		{"a pom of another snapshot", ".pom", "", mavenPOM("1.1-SNAPSHOT", ""), artifact.Internal, "metadata-version-mismatch integrity high"},
		{"a pom of the release", ".pom", "", mavenPOM("1.0", ""), artifact.Internal, "metadata-version-mismatch integrity high"},
		{"a pom of an upstream's", ".pom", "", mavenPOM("1.0-SNAPSHOT", ""), "up", "metadata-version-mismatch integrity high"},
		{"a module file of the snapshot", ".module", "", module("1.0-SNAPSHOT"), artifact.Internal, ""},
		{"a module file of another", ".module", "", module("1.1-SNAPSHOT"), artifact.Internal, "metadata-version-mismatch integrity high"},
		{"a jar built as the snapshot", ".jar", inside, mavenPOM("1.0-SNAPSHOT", ""), artifact.Internal, ""},
		{"a jar built as another", ".jar", inside, mavenPOM("1.1-SNAPSHOT", ""), artifact.Internal, "manifest-confusion honesty medium"},
	} {
		target := mavenTarget("demo-" + number + tc.end)
		target.File.Version.Number, target.File.Origin = number, tc.origin
		where := tc.where
		if where == "" {
			where = target.File.Name
		}
		r := seeMaven(t, target, [2]string{where, tc.body})
		if got := rulesOf(r.Findings); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
		if tc.want == "" && tc.end != ".module" && (r.Metadata == nil || r.Metadata.Version != number) {
			t.Errorf("%s: it says of itself %+v", tc.why, r.Metadata)
		}
	}
}

func TestMavenJars(t *testing.T) {
	const own = "META-INF/maven/org.example/demo/pom.xml"
	parent := "<parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>1</version></parent>"
	for _, tc := range []struct{ why, beside, where, inside, want string }{
		{"the same", mavenPOM("1.0", mavenNeeds("dep 2")), own, mavenPOM("1.0", mavenNeeds("dep 2")), ""},
		{"no pom inside", mavenPOM("1.0", mavenNeeds("dep 2")), "", "", ""},
		{"nothing is said beside it", "", own, mavenPOM("1.0", mavenNeeds("dep 2")), ""},
		{"another's pom inside, as in a jar of many", mavenPOM("1.0", ""), "META-INF/maven/org.other/lib/pom.xml", mavenPOM("7", mavenNeeds("dep 2")), ""},
		{"the pom beside it needs more", mavenPOM("1.0", mavenNeeds("dep 2", "evil 1")), own, mavenPOM("1.0", mavenNeeds("dep 2")), "manifest-confusion honesty high"},
		{"what was for tests is needed now", mavenPOM("1.0", mavenNeeds("dep 2")), own, mavenPOM("1.0", mavenNeeds("dep 2 test")), "manifest-confusion honesty high"},
		{"what is for tests was left out", mavenPOM("1.0", mavenNeeds("dep 2")), own, mavenPOM("1.0", mavenNeeds("dep 2", "junit 4 test")), ""},
		{"another version is needed", mavenPOM("1.0", mavenNeeds("dep 3")), own, mavenPOM("1.0", mavenNeeds("dep 2")), "manifest-confusion honesty medium"},
		{"its version stood in a property", mavenPOM("1.0", mavenNeeds("dep 2")), own, mavenPOM("1.0", mavenNeeds("dep ${dep.version}")), ""},
		{"it was flattened", mavenPOM("1.0", mavenNeeds("dep 2", "from-parent 1")), own, mavenPOM("1.0", parent+mavenNeeds("dep 2")), "manifest-confusion honesty low"},
		{"built as another version", mavenPOM("1.0", ""), own, mavenPOM("1.1", ""), "manifest-confusion honesty medium"},
		{"built with a version from outside", mavenPOM("1.0", ""), own, mavenPOM("${revision}", ""), ""},
		{"a pom inside that cannot be read", mavenPOM("1.0", ""), own, "<project", "manifest-confusion honesty medium"},
	} {
		target := mavenTarget("demo-1.0.jar")
		if tc.beside != "" {
			target.IndexMetadata = []byte(tc.beside)
		}
		entries := [][2]string{{"org/example/Demo.class", "\xca\xfe\xba\xbe"}}
		if tc.where != "" {
			entries = append(entries, [2]string{tc.where, tc.inside})
		}
		if got := rulesOf(seeMaven(t, target, entries...).Findings); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
	target := mavenTarget("demo-1.0.jar")
	target.Digests = []string{"sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"}
	if got := rulesOf(seeMaven(t, target).Findings); got != "weak-digest honesty none" {
		t.Errorf("nothing better than a SHA-1: %q", got)
	}
	target.Digests = append(target.Digests, "sha512:00")
	if got := rulesOf(seeMaven(t, target).Findings); got != "" {
		t.Errorf("a SHA-512 beside it: %q", got)
	}
	target.IndexMetadata = []byte(mavenPOM("1.0", mavenNeeds("dep 2")))
	if m := seeMaven(t, target).Metadata; m == nil || m.Version != "1.0" || len(m.RequiresDist) != 1 {
		t.Errorf("a jar says of itself what its pom does: %+v", m)
	}
}

// TestMavenGuess: a jar that nobody said the package of.
func TestMavenGuess(t *testing.T) {
	target := scan.FileTarget{File: artifact.File{Name: "some.jar", Kind: artifact.Jar}}
	r := seeMaven(t, target, [2]string{"META-INF/maven/org.example/demo/pom.xml", mavenPOM("1.0", "")})
	if len(r.Findings) != 0 || r.Metadata == nil || r.Metadata.Name != "org.example/demo" {
		t.Errorf("%+v", r)
	}
	if r := seeMaven(t, target, [2]string{"a.class", ""}); len(r.Findings) != 0 || r.Metadata != nil {
		t.Errorf("a jar of nobody's: %+v", r)
	}
}
