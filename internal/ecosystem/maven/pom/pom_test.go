package pom_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	deps "deps.dev/util/maven"

	"encoding/xml"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
)

const full = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <!-- a comment with <dependency> in it -->
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>invalid.example</groupId>
    <artifactId>parent</artifactId>
    <version>7</version>
  </parent>
  <artifactId>app</artifactId>
  <packaging>war</packaging>
  <name>App</name>
  <licenses><license><name>Apache-2.0</name></license><license><name>MIT</name></license></licenses>
  <scm><url>https://scm.example.invalid/app</url></scm>
  <properties>
    <left.version> 1.1.0 </left.version>
    <both>${left.version}-${project.artifactId}</both>
  </properties>
  <modules><module>one</module></modules>
  <distributionManagement><relocation><artifactId>other</artifactId></relocation></distributionManagement>
  <dependencies>
    <dependency>
      <groupId>invalid.example</groupId>
      <artifactId>left</artifactId>
      <version>
        ${left.version}
      </version>
      <type>test-jar</type><classifier>c</classifier><scope>runtime</scope><optional>true</optional>
      <exclusions><exclusion><groupId>a</groupId><artifactId>*</artifactId></exclusion></exclusions>
    </dependency>
  </dependencies>
  <build>
    <extensions><extension><groupId>invalid.example</groupId><artifactId>ext</artifactId><version>2</version></extension></extensions>
    <plugins>
      <plugin><artifactId>maven-jar-plugin</artifactId><version>3.0</version><configuration><a><b>c</b></a></configuration>
        <dependencies><dependency><groupId>g</groupId><artifactId>d</artifactId><version>1</version></dependency></dependencies></plugin>
    </plugins>
    <pluginManagement><plugins><plugin><groupId>x</groupId><artifactId>y</artifactId><version>1</version></plugin></plugins></pluginManagement>
  </build>
  <repositories><repository><id>r</id><url>http://repository.example.invalid/m2</url></repository></repositories>
  <profiles>
    <profile><id>p</id><activation><activeByDefault>true</activeByDefault><jdk>[1.8,)</jdk><os><family>unix</family></os>
      <property><name>!skip</name></property><file><missing>x</missing></file></activation>
      <dependencies><dependency><groupId>g</groupId><artifactId>q</artifactId><version>1</version></dependency></dependencies></profile>
  </profiles>
</project>`

func parse(t testing.TB, text string) *pom.Project {
	t.Helper()
	p, err := pom.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func TestParse(t *testing.T) {
	p := parse(t, full)
	d := p.Dependencies[0]
	for _, tc := range []struct {
		what      string
		got, want any
	}{
		{"parent", *p.Parent, pom.Parent{Group: "invalid.example", Artifact: "parent", Version: "7", RelativePath: "../pom.xml", Line: 5}},
		{"packaging", p.Packaging, "war"},
		{"licences", fmt.Sprint(p.Licences), "[Apache-2.0 MIT]"},
		{"properties", fmt.Sprint(p.Properties), "[{left.version 1.1.0 16} {both ${left.version}-${project.artifactId} 17}]"},
		{"modules", fmt.Sprint(p.Modules), "[{one 19}]"},
		{"relocation", *p.Relocation, pom.Relocation{Artifact: "other"}},
		{"dependency", fmt.Sprint(d.Group, d.Artifact, d.Version, d.Type, d.Classifier, d.Scope, d.Optional, d.Exclusions, d.Line), "invalid.exampleleft${left.version}test-jarcruntimetrue[{a *}] 22"},
		{"extension", p.Extensions[0].Artifact, "ext"},
		{"plugin", p.Plugins[0].Group + ":" + p.Plugins[0].Artifact + ":" + p.Plugins[0].Dependencies[0].Artifact, "org.apache.maven.plugins:maven-jar-plugin:d"},
		{"managed plugin", p.PluginsFor[0].Group, "x"},
		{"repository", p.Repositories[0].URL, "http://repository.example.invalid/m2"},
		{"profile", p.Profiles[0].Activation, pom.Activation{Default: true, JDK: "[1.8,)", OSFamily: "unix", Property: "!skip", FileMissing: "x"}},
		{"profile's dependency", p.Profiles[0].Dependencies[0].Artifact, "q"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %+v, want %+v", tc.what, tc.got, tc.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	m, err := pom.Metadata([]byte(full))
	if err != nil || m.Name != "invalid.example/app" || m.Version != "7" || m.LicenceSPDX != "Apache-2.0 OR MIT" || fmt.Sprint(m.RequiresDist) != "[g:q 1]" || m.HomePages[0] != "https://scm.example.invalid/app" {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = pom.Metadata([]byte(`<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><description>What
		it is</description><licenses><license><name>The best licence</name></license></licenses><dependencies>
		<dependency><groupId>g</groupId><artifactId>b</artifactId><version>[1,2)</version></dependency>
		<dependency><groupId>g</groupId><artifactId>t</artifactId><version>1</version><scope>test</scope></dependency>
		<dependency><groupId>g</groupId><artifactId>m</artifactId></dependency></dependencies>
		<dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>m</artifactId><version>${project.version}</version></dependency></dependencies></dependencyManagement></project>`))
	if err != nil || fmt.Sprint(m.RequiresDist) != "[g:b [1,2) g:m 1]" || m.Summary != "What it is" || m.Licence != "The best licence" || m.LicenceSPDX != "" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, bad := range []string{"<project/>", "<project><groupId>g</groupId><artifactId>../a</artifactId><version>1</version></project>", "<project><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version></project>"} {
		if m, err := pom.Metadata([]byte(bad)); err == nil {
			t.Errorf("%s: taken as %+v", bad, m)
		}
	}
}

// TestHostile: each is refused, at its line, and soon.
func TestHostile(t *testing.T) {
	laughs := `<?xml version="1.0"?><!DOCTYPE project [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><project><name>&b;</name></project>`
	for _, tc := range []struct{ why, text, want string }{
		{"an entity bomb", laughs, "document type"},
		{"an entity from elsewhere", `<!DOCTYPE project SYSTEM "file:///etc/passwd"><project/>`, "document type"},
		{"an entity of nobody's", "<project>\n<name>&x;</name></project>", "line 2"},
		{"ten megabytes", "<project>" + strings.Repeat("<a></a>", 10<<20/7) + "</project>", "8 MiB"},
		{"half a million elements", "<project>" + strings.Repeat("<a/>", 400_001) + "</project>", "elements"},
		{"depth", strings.Repeat("<project>", 101), "deep"},
		{"a hundred thousand dependencies", "<project><dependencies>" + strings.Repeat("<dependency/>", 100_000) + "</dependencies></project>", "50000"},
		{"too many in a profile", "<project><profiles><profile><dependencies>" + strings.Repeat("<dependency/>", 50_001) + "</dependencies></profile></profiles></project>", "50000"},
		{"two versions", "<project><version>1</version>\n<version>2</version></project>", "line 2: <version> stands twice"},
		{"two lists", "<project><dependencies/><dependencies/></project>", "twice"},
		{"something behind it", "<project/><project/>", "second document"},
		{"text behind it", "<project/>x", "outside"},
		{"not closed", "<project>\n<a>", "line 2"},
		{"crossed", "<project><a></project></a>", "element <a> closed by </project>"},
		{"another encoding", `<?xml version="1.0" encoding="UTF-16"?><project/>`, `"UTF-16"`},
		{"no XML", "name = 1", "outside"},
		{"nothing", "", "no element"},
		{"no pom", "<html/>", "<project>"},
		{"bytes that are no text", "<project>\xff\xfe</project>", "UTF-8"},
	} {
		p, err := pom.Parse([]byte(tc.text))
		if !errors.Is(err, pom.ErrSyntax) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, %v; want %q", tc.why, p, err, tc.want)
		}
	}
	for why, text := range map[string]string{
		"ISO-8859-1":          "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><project><name>caf\xe9</name></project>",
		"a byte order mark":   "\xef\xbb\xbf<project><name>café</name></project>",
		"an entity of HTML's": "<project><name>caf&eacute;</name></project>",
		"CDATA":               "<project><name><![CDATA[café]]></name></project>",
	} {
		if p := parse(t, text); p.Title != "café" {
			t.Errorf("%s: %q", why, p.Title)
		}
	}
}

// world are poms by "group:artifact:version".
type world map[string]string

func (w world) Pom(_ context.Context, c pom.Coordinate) (*pom.Project, error) {
	text, ok := w[c.String()]
	if !ok {
		return nil, fmt.Errorf("%s: %w", c, pom.ErrMissing)
	}
	return pom.Parse([]byte(text))
}

func (w world) Highest(context.Context, coordinate.Name, string) (string, error) { return "9", nil }

func (w world) Managed(ctx context.Context, c pom.Coordinate) (*pom.Model, error) {
	p, err := w.Pom(ctx, c)
	if err != nil {
		return nil, err
	}
	return pom.Effective(ctx, w, pom.Machine{}, pom.Origin{Project: p})
}

func effective(t *testing.T, w world, text string) *pom.Model {
	t.Helper()
	m, err := pom.Effective(t.Context(), w, pom.Machine{}, pom.Origin{Project: parse(t, text), File: "pom.xml"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func show(ds []pom.Dependency) string {
	var out []string
	for _, d := range ds {
		s := d.Artifact + ":" + d.Version
		if d.Scope != "" {
			s += ":" + d.Scope
		}
		for _, x := range d.Exclusions {
			s += "-" + x.Artifact
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// dep is a dependency in short: "artifact[:version[:scope[:type]]]".
func dep(short string) string {
	parts := append(strings.Split(short, ":"), "", "", "")
	out := "<dependency><groupId>g</groupId><artifactId>" + parts[0] + "</artifactId>"
	for i, name := range []string{"version", "scope", "type"} {
		if parts[i+1] != "" {
			out += "<" + name + ">" + parts[i+1] + "</" + name + ">"
		}
	}
	return out + "</dependency>"
}

func deps_(shorts string) string {
	var out strings.Builder
	for _, s := range strings.Fields(shorts) {
		out.WriteString(dep(s))
	}
	return "<dependencies>" + out.String() + "</dependencies>"
}

func managed(shorts string) string {
	return "<dependencyManagement>" + deps_(shorts) + "</dependencyManagement>"
}

func project(name, version string, inside ...string) string {
	return "<project><groupId>g</groupId><artifactId>" + name + "</artifactId><version>" + version + "</version>" + strings.Join(inside, "") + "</project>"
}

func parentOf(name, version string) string {
	return "<parent><groupId>g</groupId><artifactId>" + name + "</artifactId><version>" + version + "</version></parent>"
}

func TestEffective(t *testing.T) {
	w := world{
		"g:top:1":    project("top", "1", "<properties><v>1</v><w>${v}.5</w></properties>", managed("a:${w} b:${v}:test"), deps_("every:1")),
		"g:middle:1": "<project>" + parentOf("top", "1") + "<artifactId>middle</artifactId><properties><v>2</v></properties>" + deps_("mid:1") + "</project>",
		"g:bom:1":    "<project>" + parentOf("top", "1") + "<artifactId>bom</artifactId>" + managed("a:7 c:${project.version} d:bom bom2:1:import:pom") + "</project>",
		"g:bom2:1":   project("bom2", "1", managed("d:bom2 e:bom2")),
		"g:ranged:9": project("ranged", "9", managed("a:nine")),
	}
	for _, tc := range []struct{ why, pom, want string }{
		{"what a parent manages, with the child's properties", "<project>" + parentOf("middle", "1") + "<artifactId>x</artifactId>" + deps_("a b own:1") + "</project>", "a:2.5 b:2:test own:1 mid:1 every:1"},
		{"the child's word counts", "<project>" + parentOf("middle", "1") + "<artifactId>x</artifactId><properties><v>3</v></properties>" + managed("b:own") + deps_("a b:9 mid:2") + "</project>", "a:3.5 b:9 mid:2 every:1"},
		{"imports come after what is written, in order", project("x", "1", managed("a:own bom:1:import:pom bom2:1:import:pom"), deps_("a c d e")), "a:own c:1 d:bom e:bom2"},
		{"the first import counts", project("x", "1", managed("bom2:1:import:pom bom:1:import:pom"), deps_("d a b")), "d:bom2 a:7 b:1:test"},
		{"a range of parents", "<project>" + parentOf("ranged", "[1,10)") + "<artifactId>x</artifactId>" + deps_("a") + "</project>", "a:nine"},
		{"written twice", project("x", "1", deps_("a:1 b:1 a:2")), "a:2 b:1"},
		{"another type is another dependency", project("x", "1", managed("a:2::test-jar"), deps_("a a:::test-jar")), "a: a:2"},
		{"what has no value stays", project("x", "1", deps_("a:${none} b:${project.version}")), "a:${none} b:1"},
		{"a property that leads to itself", project("x", "1", "<properties><a>${b}</a><b>${a}</b></properties>", deps_("a:${a}")), "a:${a}"},
		{"own words before properties of their name", project("x", "1", "<properties><project.version>5</project.version><version>6</version></properties>", deps_("a:${project.version} b:${version} c:${pom.version}")), "a:1 b:6 c:1"},
		{"what a machine says", project("x", "1", deps_("a:${os.arch} b:${java.specification.version}")), "a:amd64 b:17"},
	} {
		if got := show(effective(t, w, tc.pom).Dependencies); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.why, got, tc.want)
		}
	}
	m := effective(t, w, project("x", "1", managed("bom:1:import:pom"), "<distributionManagement><relocation><groupId>h</groupId><version>2</version></relocation></distributionManagement>"))
	if fmt.Sprint(m.Imports) != "[g:bom:1 g:top:1 g:bom2:1]" || m.Relocation.String() != "h:x:2" || m.Managed[0].File != "pom.xml" {
		t.Errorf("imports %v, moved to %s, managed %+v", m.Imports, m.Relocation, m.Managed[0])
	}
	m = effective(t, w, "<project>"+parentOf("middle", "1")+"<artifactId>x</artifactId></project>")
	if m.String() != "g:x:1" || fmt.Sprint(m.Parents) != "[g:middle:1 g:top:1]" || m.Packaging != "jar" {
		t.Errorf("%s, parents %v, %s", m, m.Parents, m.Packaging)
	}
}

func TestPlugins(t *testing.T) {
	plugin := func(name, version, more string) string {
		if version != "" {
			version = "<version>" + version + "</version>"
		}
		return "<plugin><artifactId>" + name + "</artifactId>" + version + more + "</plugin>"
	}
	w := world{"g:top:1": project("top", "1", "<build><pluginManagement><plugins>", plugin("maven-jar-plugin", "3", ""), plugin("maven-war-plugin", "3", ""), plugin("p", "4", deps_("extra:1")),
		"</plugins></pluginManagement><plugins>", plugin("q", "1", ""), plugin("own", "1", "<inherited>false</inherited>"), "</plugins></build>")}
	m := effective(t, w, "<project>"+parentOf("top", "1")+"<artifactId>x</artifactId><build><plugins>"+plugin("p", "", deps_("given:1"))+plugin("q", "2", "")+plugin("none", "", "")+"</plugins></build></project>")
	var got []string
	for _, p := range slices.Concat(m.Plugins, m.Runs()) {
		got = append(got, p.Artifact+":"+p.Version+"("+show(p.Dependencies)+")")
	}
	if want := "q:2() p:4(given:1 extra:1) none:() maven-jar-plugin:3()"; strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestProfiles(t *testing.T) {
	for _, tc := range []struct {
		why, activation string
		machine         pom.Machine
		want            bool
	}{
		{"nothing", "", pom.Machine{}, false},
		{"by default", "<activeByDefault>true</activeByDefault>", pom.Machine{}, true},
		{"by default, and a condition that is not met", "<activeByDefault>true</activeByDefault><jdk>1.5</jdk>", pom.Machine{}, true},
		{"a Java that begins so", "<jdk>17</jdk>", pom.Machine{}, true},
		{"another", "<jdk>1.8</jdk>", pom.Machine{}, false},
		{"not that one", "<jdk>!1.8</jdk>", pom.Machine{}, true},
		{"a range", "<jdk>[9,18)</jdk>", pom.Machine{}, true},
		{"a range below", "<jdk>(,11)</jdk>", pom.Machine{}, false},
		{"a family", "<os><family>Unix</family></os>", pom.Machine{}, true},
		{"a family that is a name", "<os><family>Linux</family><arch>amd64</arch></os>", pom.Machine{}, true},
		{"another processor", "<os><family>Linux</family><arch>aarch64</arch></os>", pom.Machine{}, false},
		{"a mac is a unix", "<os><family>unix</family></os>", pom.MachineOf("aarch64-apple-darwin"), true},
		{"a mac", "<os><family>mac</family><arch>aarch64</arch></os>", pom.MachineOf("macos"), true},
		{"windows", "<os><family>windows</family><arch>amd64</arch></os>", pom.MachineOf("x86_64-pc-windows-msvc"), true},
		{"not windows", "<os><family>!windows</family></os>", pom.Machine{}, true},
		{"another linux", "<os><name>Linux</name><arch>aarch64</arch></os>", pom.MachineOf("aarch64-manylinux_2_28"), true},
		{"a property that nobody gives", "<property><name>release</name></property>", pom.Machine{}, false},
		{"the want of one", "<property><name>!release</name></property>", pom.Machine{}, true},
		{"another value than", "<property><name>x</name><value>!y</value></property>", pom.Machine{}, true},
		{"a property of every machine", "<property><name>os.arch</name><value>amd64</value></property>", pom.Machine{}, true},
		{"a file that is there", "<file><exists>${basedir}/src/here</exists></file>", pom.Machine{}, true},
		{"a file that is not", "<file><exists>gone</exists></file>", pom.Machine{}, false},
		{"the want of a file", "<file><missing>gone</missing></file>", pom.Machine{}, true},
		{"all have to hold", "<jdk>17</jdk><property><name>release</name></property>", pom.Machine{}, false},
	} {
		text := project("x", "1", "<profiles><profile><id>p</id><activation>"+tc.activation+"</activation><properties><v>p</v></properties>"+deps_("a:1")+"</profile></profiles>", "<properties><v>own</v></properties>", deps_("b:${v}"))
		m := pom.Written(tc.machine, pom.Origin{Project: parse(t, text), Exists: func(p string) bool { return p == "src/here" }})
		want := "b:own"
		if tc.want {
			want = "b:p a:1"
		}
		if got := show(m.Dependencies); got != want {
			t.Errorf("%s: %s, want %s", tc.why, got, want)
		}
	}
	two := project("x", "1", "<profiles><profile><activation><activeByDefault>true</activeByDefault></activation>", deps_("a:1"), "</profile><profile><activation><jdk>17</jdk></activation>", deps_("b:1"), "</profile></profiles>")
	if got := show(pom.Written(pom.Machine{}, pom.Origin{Project: parse(t, two)}).Dependencies); got != "b:1" {
		t.Errorf("a profile by default holds beside another that is met: %s", got)
	}
	missing := project("x", "1", "<profiles><profile><activation><file><missing>${basedir}/gone</missing></file></activation>", deps_("a:1"), "</profile></profiles>")
	if got := show(pom.Written(pom.Machine{}, pom.Origin{Project: parse(t, missing)}).Dependencies); got != "" {
		t.Errorf("a pom of a repository has no folder: %s", got)
	}
}

// TestBounds: circles, towers and growth end with an answer, and soon.
func TestBounds(t *testing.T) {
	circle := world{
		"g:a:1": "<project>" + parentOf("b", "1") + "<artifactId>a</artifactId></project>",
		"g:b:1": "<project>" + parentOf("a", "1") + "<artifactId>b</artifactId></project>",
	}
	tower := world{}
	for i := range 100 {
		tower[fmt.Sprintf("g:p%d:1", i)] = "<project>" + parentOf(fmt.Sprintf("p%d", i+1), "1") + fmt.Sprintf("<artifactId>p%d</artifactId></project>", i)
	}
	for why, tc := range map[string]struct {
		w    world
		text string
		want error
	}{
		"parents in a circle":       {circle, circle["g:a:1"], pom.ErrLineage},
		"a hundred parents":         {tower, tower["g:p0:1"], pom.ErrLineage},
		"a parent that is nowhere":  {world{}, "<project>" + parentOf("a", "1") + "<artifactId>x</artifactId></project>", pom.ErrMissing},
		"a parent that is a path":   {world{}, "<project>" + parentOf("../../etc", "1") + "<artifactId>x</artifactId></project>", pom.ErrLineage},
		"a parent without value":    {world{}, "<project>" + parentOf("a", "${v}") + "<artifactId>x</artifactId></project>", pom.ErrLineage},
		"an import that is nowhere": {world{}, project("x", "1", managed("bom:1:import:pom")), pom.ErrMissing},
		"an import without value":   {world{}, project("x", "1", managed("bom:${v}:import:pom")), pom.ErrLineage},
	} {
		if m, err := pom.Effective(t.Context(), tc.w, pom.Machine{}, pom.Origin{Project: parse(t, tc.text)}); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, %v", why, m, err)
		}
	}
	var doubling strings.Builder
	doubling.WriteString("<properties><p0>aaaaaaaaaa</p0>")
	for i := range 60 {
		fmt.Fprintf(&doubling, "<p%d>${p%d}${p%d}</p%d>", i+1, i, i, i+1)
	}
	doubling.WriteString("</properties>")
	m := effective(t, world{}, project("x", "1", doubling.String(), deps_("a:${p60} b:${p3}")))
	if d := m.Dependencies; len(d[0].Version) > 64<<10 || d[1].Version != strings.Repeat("a", 80) {
		t.Errorf("doubling properties: %d bytes, %q", len(d[0].Version), d[1].Version)
	}
	var chain strings.Builder
	chain.WriteString("<properties>")
	for i := range 10_000 {
		fmt.Fprintf(&chain, "<q%d>${q%d}</q%d>", i, i+1, i)
	}
	chain.WriteString("<q10000>1</q10000></properties>")
	if m := effective(t, world{}, project("x", "1", chain.String(), deps_("a:${q0} b:${q9990}"))); !strings.HasPrefix(m.Dependencies[0].Version, "${") || m.Dependencies[1].Version != "1" {
		t.Errorf("a chain of ten thousand properties: %s", show(m.Dependencies))
	}
}

// TestAsDepsDev compares with another implementation over made-up families of poms: a
// pom, its parents, and what they manage and import.
func TestAsDepsDev(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	list := func(versions ...string) string {
		var out []string
		for _, i := range random.Perm(5)[:random.IntN(5)] {
			out = append(out, string("abcde"[i])+":"+pick(versions...)+":"+pick("", "", "test", "runtime"))
		}
		return strings.Join(out, " ")
	}
	for range 300 {
		w := world{}
		names := []string{"x", "p1", "p2"}
		for i, n := range names {
			text := "<project>"
			if i+1 < len(names) {
				text += parentOf(names[i+1], "1") + "<artifactId>" + n + "</artifactId>"
			} else {
				text += "<groupId>g</groupId><artifactId>" + n + "</artifactId><version>1</version>"
			}
			property := pick("v1", "v2")
			text += "<properties><" + property + ">" + pick("5", "6", "x${project.version}") + "</" + property + "></properties>"
			if n == "p2" { // deps.dev leaves out what has no value
				text = strings.Replace(text, "<properties>", "<properties><v1>1</v1><v2>2</v2>", 1)
			}
			imports := ""
			if random.IntN(2) == 0 {
				imports = " " + pick("bom1", "bom2") + ":1:import:pom"
			}
			w["g:"+n+":1"] = text + managed(list("1", "2", "${v1}", "${v2}")+imports) + deps_(list("", "", "3", "${v1}")) + "</project>"
		}
		for _, n := range []string{"bom1", "bom2"} {
			w["g:"+n+":1"] = project(n, "1", managed(list("11", "12")))
		}
		got := show(effective(t, w, w["g:x:1"]).Dependencies)
		if want := asDepsDev(t, w); got != want {
			t.Fatalf("got  %s\nwant %s\n%s\n%s\n%s", got, want, w["g:x:1"], w["g:p1:1"], w["g:p2:1"])
		}
	}
}

func asDepsDev(t *testing.T, w world) string {
	t.Helper()
	read := func(name string) deps.Project {
		var p deps.Project
		if err := xml.Unmarshal([]byte(w["g:"+name+":1"]), &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := read("x")
	p.MergeParent(read("p1"))
	p.MergeParent(read("p2"))
	if err := p.Interpolate(); err != nil {
		t.Fatal(err)
	}
	p.ProcessDependencies(func(_, name, _ deps.String) (deps.DependencyManagement, error) {
		return read(string(name)).DependencyManagement, nil
	})
	var out []pom.Dependency
	for _, d := range p.Dependencies {
		out = append(out, pom.Dependency{Artifact: string(d.ArtifactID), Version: string(d.Version), Scope: string(d.Scope)})
	}
	return show(out)
}

// FuzzParse: whatever is read has bounds, and can be worked out.
func FuzzParse(f *testing.F) {
	for _, s := range []string{full, project("x", "1", managed("bom:1:import:pom"), deps_("a:${b}")), "<project><parent/><profiles><profile><activation><os/></activation></profile></profiles></project>", "<!DOCTYPE a>", "<a>&amp;</a>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := pom.Parse(b)
		if err != nil {
			if !errors.Is(err, pom.ErrSyntax) {
				t.Fatal(err)
			}
			return
		}
		pom.Written(pom.Machine{}, pom.Origin{Project: p, File: "pom.xml"})
		if _, err := pom.Effective(t.Context(), world{}, pom.Machine{}, pom.Origin{Project: p}); err != nil && !errors.Is(err, pom.ErrLineage) && !errors.Is(err, pom.ErrMissing) {
			t.Fatal(err)
		}
		if m, err := pom.Metadata(b); err == nil && (m.Name == "" || m.Version == "") {
			t.Fatalf("%+v", m)
		}
		root, err := pom.ReadXML(b)
		if err != nil {
			t.Fatal(err)
		}
		var walk func(*pom.Element)
		walk = func(e *pom.Element) {
			if e.Begin > e.End || e.End > len(b) || e.Begin < 0 || e.Line < 1 {
				t.Fatalf("%+v", e)
			}
			for _, c := range e.Children {
				walk(c)
			}
		}
		walk(root)
	})
}
