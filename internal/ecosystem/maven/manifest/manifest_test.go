package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/manifest"
)

func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, content := range files {
		out[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return out
}

func parse(t *testing.T, p string, files map[string]string) *ecosystem.Manifest {
	t.Helper()
	m, err := manifest.Parse(tree(files), p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// show gives requirements as "line group:artifact spec group…"; a managed one begins
// with a plus sign.
func show(m *ecosystem.Manifest) string {
	var out []string
	for _, q := range m.Requirements {
		s := fmt.Sprintf("%s:%d %s", q.At.File, q.At.Line, coordinate.Display(q.Package))
		s = strings.TrimPrefix(s, m.Path+":")
		if q.Spec != "" {
			s += " " + q.Spec
		}
		if g := strings.Join(q.Groups, ","); g != "" {
			s += " (" + g + ")"
		}
		if q.Constraint {
			s = "+" + s
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func problems(m *ecosystem.Manifest) string {
	var out []string
	for _, p := range m.Problems {
		s := fmt.Sprintf("%s:%d %s %s", p.At.File, p.At.Line, p.Effect, p.Rule)
		if p.Fatal {
			s += " fatal"
		}
		out = append(out, strings.TrimPrefix(s, m.Path+":"))
	}
	return strings.Join(out, "\n")
}

const app = `<project>
  <parent><groupId>g</groupId><artifactId>parent</artifactId><version>3</version></parent>
  <artifactId>app</artifactId>
  <properties><left>1.1</left></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>g</groupId><artifactId>bom</artifactId><version>5</version><type>pom</type><scope>import</scope></dependency>
    <dependency><groupId>g</groupId><artifactId>deep</artifactId><version>2</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>g</groupId><artifactId>left</artifactId><version>${left}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>g</groupId><artifactId>deep</artifactId><scope>test</scope></dependency>
  </dependencies>
  <build><plugins>
    <plugin><groupId>p</groupId><artifactId>run</artifactId><version>4</version>
      <dependencies>
        <dependency><groupId>p</groupId><artifactId>given</artifactId><version>1</version></dependency></dependencies></plugin>
  </plugins></build>
</project>
`

func TestPom(t *testing.T) {
	m := parse(t, "pom.xml", map[string]string{"pom.xml": app, ".mvn/extensions.xml": "<extensions>\n<extension><groupId>e</groupId><artifactId>x</artifactId><version>1</version></extension></extensions>"})
	want := `2 g:parent 3
10 g:left 1.1
11 g:managed
12 g:deep 2 (test)
6 g:bom 5
+7 g:deep 2
15 p:run 4 (plugin)
17 p:given 1 (plugin)
.mvn/extensions.xml:2 e:x 1 (plugin)`
	if got := show(m); got != want || problems(m) != "" || m.Locked || m.Format != manifest.PomXML {
		t.Errorf("got\n%s\nwant\n%s\n%s", got, want, problems(m))
	}
}

// TestTree: parents and modules that lie in the tree are read, others are not, and
// nothing outside is.
func TestTree(t *testing.T) {
	top := "<project><groupId>g</groupId><artifactId>top</artifactId><version>1</version>\n<modules><module>one</module>\n<module>gone</module>\n<module>../../out</module></modules>\n" +
		"<dependencies>\n<dependency><groupId>g</groupId><artifactId>every</artifactId><version>1</version></dependency></dependencies></project>"
	one := "<project><parent><groupId>g</groupId><artifactId>top</artifactId><version>1</version></parent><artifactId>one</artifactId>\n" +
		"<dependencies><dependency><groupId>g</groupId><artifactId>own</artifactId><version>${project.version}</version></dependency></dependencies></project>"
	m := parse(t, "pom.xml", map[string]string{"pom.xml": top, "one/pom.xml": one})
	if got, want := show(m), "6 g:every 1\none/pom.xml:2 g:own 1"; got != want || problems(m) != "3 hold manifest-include\n4 hold manifest-include" {
		t.Errorf("got\n%s\nwant\n%s\n%s", got, want, problems(m))
	}
	m = parse(t, "one/pom.xml", map[string]string{"pom.xml": top, "one/pom.xml": one})
	if got, want := show(m), "2 g:own 1\npom.xml:6 g:every 1"; got != want || problems(m) != "" {
		t.Errorf("a module alone: got\n%s\n%s", got, problems(m))
	}
	for why, parent := range map[string]string{"another project": strings.Replace(top, "<artifactId>top", "<artifactId>other", 1), "another version": strings.Replace(top, "<version>1", "<version>2", 1)} {
		m := parse(t, "one/pom.xml", map[string]string{"pom.xml": parent, "one/pom.xml": one})
		if got, want := show(m), "1 g:top 1\n2 g:own 1"; got != want {
			t.Errorf("%s lies where the parent is looked for: got\n%s", why, got)
		}
	}
	a := "<project><parent><groupId>g</groupId><artifactId>b</artifactId><version>1</version><relativePath>../b</relativePath></parent><artifactId>a</artifactId></project>"
	b := "<project><groupId>g</groupId><version>1</version><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version><relativePath>../a</relativePath></parent><artifactId>b</artifactId></project>"
	if m := parse(t, "a/pom.xml", map[string]string{"a/pom.xml": a, "b/pom.xml": b}); !strings.HasSuffix(problems(m), "manifest-syntax fatal") {
		t.Errorf("parents in a circle: %s", problems(m))
	}
	linked := tree(map[string]string{"pom.xml": top, "real/pom.xml": one})
	linked["one"] = &fstest.MapFile{Mode: 0o777 | 1<<27, Data: []byte("real")} // a symbolic link
	if m, err := manifest.Parse(linked, "pom.xml"); err != nil || strings.Contains(show(m), "own") {
		t.Errorf("a module behind a link is read: %s, %v", show(m), err)
	}
}

func TestFindings(t *testing.T) {
	in := func(inside string) string {
		return "<project><groupId>g</groupId><artifactId>x</artifactId><version>1</version>\n" + inside + "</project>"
	}
	dep := func(name, more string) string {
		return in("<dependencies>\n<dependency><groupId>g</groupId><artifactId>" + name + "</artifactId>" + more + "</dependency></dependencies>")
	}
	for _, tc := range []struct{ why, text, want string }{
		{"a file of the machine", dep("a", "<version>1</version><scope>system</scope><systemPath>/a.jar</systemPath>"), "3 hold manifest-path-requirement"},
		{"a snapshot", dep("a", "<version>1-SNAPSHOT</version>"), "3 hold manifest-snapshot"},
		{"the latest", dep("a", "<version>LATEST</version>"), "3 hold manifest-floating-version"},
		{"the latest release", dep("a", "<version>RELEASE</version>"), "3 hold manifest-floating-version"},
		{"a range", dep("a", "<version>[1,2)</version>"), "3 note manifest-range"},
		{"one version as a range", dep("a", "<version>[1]</version>"), ""},
		{"no version that can be read", dep("a", "<version>1/2</version>"), "3 hold manifest-requirement"},
		{"no name that can be read", dep("a/b", "<version>1</version>"), "3 hold manifest-requirement"},
		{"a property without a value", dep("${a}", "<version>1</version>"), "3 hold manifest-requirement"},
		{"a plugin without a version", in("<build><plugins>\n<plugin><groupId>p</groupId><artifactId>q</artifactId></plugin></plugins></build>"), "3 hold manifest-floating-version"},
		{"one that Maven brings", in("<build><plugins>\n<plugin><artifactId>maven-jar-plugin</artifactId></plugin></plugins></build>"), "3 note manifest-floating-version"},
		{"a repository", in("<repositories>\n<repository><id>r</id>\n<url>https://user:x@r.example.invalid/m2</url></repository></repositories>"), "4 hold manifest-index-option"},
		{"a repository in the open", in("<pluginRepositories>\n<pluginRepository><url>HTTP://r.example.invalid/m2</url></pluginRepository></pluginRepositories>"), "3 reject manifest-index-option"},
		{"a repository of a profile", in("<profiles>\n<profile><id>p</id><repositories>\n<repository><url>${x}</url></repository></repositories></profile></profiles>"), "4 hold manifest-index-option"},
		{"a profile that nobody knows of", in("<profiles>\n<profile><id>p</id><activation><property><name>ci</name></property></activation><dependencies>\n<dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency></dependencies></profile></profiles>"), "3 note manifest-profile"},
		{"no pom", "<html/>", "1 hold manifest-syntax fatal"},
		{"an entity", "<!DOCTYPE project><project/>", "1 hold manifest-syntax fatal"},
	} {
		m := parse(t, "pom.xml", map[string]string{"pom.xml": tc.text})
		if got := problems(m); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
		for _, p := range m.Problems {
			if strings.Contains(p.Text, "user") || strings.Contains(p.Text, "/m2") {
				t.Errorf("%s: the text shows an address: %s", tc.why, p.Text)
			}
			if p.Fatal && len(m.Requirements) > 0 {
				t.Errorf("%s: half a manifest", tc.why)
			}
		}
	}
	m := parse(t, "pom.xml", map[string]string{"pom.xml": in(""), ".mvn/maven.config": "-T1C\n-Pprod -s x.xml\n"})
	if got := problems(m); got != ".mvn/maven.config:2 note manifest-option\n.mvn/maven.config:2 note manifest-option" {
		t.Errorf("options: %q", got)
	}
}

const sum = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

const verification = `<?xml version="1.0" encoding="UTF-8"?>
<verification-metadata xmlns="https://schema.gradle.org/dependency-verification">
   <configuration>
      <verify-metadata>false</verify-metadata>
      <verify-signatures>true</verify-signatures>
      <trusted-artifacts>
         <trust group="trusted"/>
         <trust file=".*-sources[.]jar" regex="true"/>
      </trusted-artifacts>
      <ignored-keys><ignored-key id="ABCD" reason="gone"/></ignored-keys>
      <trusted-keys><trusted-key id="EF01" group="g"/></trusted-keys>
   </configuration>
   <components>
      <component group="g" name="a" version="1.0">
         <artifact name="a-1.0.jar">
            <sha256 value="` + sum + `" origin="x"><also-trust value="B` + "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" + `"/></sha256>
         </artifact>
         <artifact name="a-1.0.pom"><sha512 value="` + sum + sum + `"/></artifact>
      </component>
      <component group="g" name="weak" version="1">
         <artifact name="weak-1.jar"><sha1 value="` + "0123456789012345678901234567890123456789" + `"/></artifact>
         <artifact name="weak-1.pom"><pgp value="EF01"/></artifact>
      </component>
   </components>
</verification-metadata>`

func TestGradle(t *testing.T) {
	lock := "# This is a Gradle generated file\ng:a:1.0=compileClasspath,runtimeClasspath\ng:none:2=x\ntrusted:t:1=x\nempty=annotationProcessor\n"
	trust := "4 note lock-trusts-unseen\n7 note lock-trusts-unseen\n8 note lock-trusts-unseen\n10 note lock-trusts-unseen\n11 note lock-trusts-unseen\n21 note lock-weak-hash\n22 note lock-file-without-hash"
	m := parse(t, "app/gradle.lockfile", map[string]string{"app/gradle.lockfile": lock, "gradle/verification-metadata.xml": verification})
	if got, want := show(m), "2 g:a [1.0]\n3 g:none [2]\n4 trusted:t [1]"; got != want || !m.Locked {
		t.Errorf("got\n%s", got)
	}
	if got := problems(m); got != strings.ReplaceAll("X"+strings.ReplaceAll(trust, "\n", "\nX"), "X", "gradle/verification-metadata.xml:")+"\n3 note lock-file-without-hash" {
		t.Errorf("got\n%s", got)
	}
	a := m.Requirements[0]
	if len(a.Files) != 2 || string(a.Files[0].SHA256) != sum || a.Files[0].Digests[0] != "sha256:"+strings.Repeat("b", 64) || len(a.Hashes) != 3 || a.Number != "1.0" {
		t.Errorf("%+v", a)
	}
	m = parse(t, "gradle/verification-metadata.xml", map[string]string{"gradle/verification-metadata.xml": verification})
	if got, want := show(m), "14 g:a [1.0]\n20 g:weak [1]"; got != want || !m.Locked || problems(m) != trust+"\n0 note lock-lists-more-than-used" {
		t.Errorf("got\n%s\n%s", got, problems(m))
	}
	m = parse(t, "buildscript-gradle.lockfile", map[string]string{"buildscript-gradle.lockfile": "g:a:1=classpath\ng:s:1-SNAPSHOT=classpath\n"})
	if got, want := show(m), "1 g:a [1] (plugin)\n2 g:s [1-SNAPSHOT] (plugin)"; got != want || problems(m) != "2 hold manifest-snapshot" {
		t.Errorf("got\n%s\n%s", got, problems(m))
	}
	for why, text := range map[string]string{"no lock": "g:a:1\n", "two parts": "g:a=x\n", "a path": "g:../a:1=x\n", "a range": "g:a:[1,2)=x\n"} {
		if m := parse(t, "gradle.lockfile", map[string]string{"gradle.lockfile": text}); problems(m) != "1 hold manifest-syntax fatal" {
			t.Errorf("%s: %s", why, problems(m))
		}
	}
	for why, text := range map[string]string{
		"no hex": strings.Replace(verification, sum, "zz", 1), "a path": strings.Replace(verification, "a-1.0.jar", "../a-1.0.jar", 1),
		"no version": strings.Replace(verification, `version="1.0"`+">\n", ">\n", 1), "another document": "<project/>",
	} {
		if m := parse(t, "verification-metadata.xml", map[string]string{"verification-metadata.xml": text}); !strings.Contains(problems(m), "fatal") || len(m.Requirements) > 0 {
			t.Errorf("%s: %s\n%s", why, problems(m), show(m))
		}
	}
}

const catalog = `[versions]
spring = "6.1.0"
rich = { strictly = "[1,2)", prefer = "1.5" }

[libraries]
core = { module = "g:core", version.ref = "spring" }
plain = "g:plain:2.0"
split = { group = "g", name = "split", version = "3" }
rich = { module = "g:rich", version.ref = "rich" }
platform = { module = "g:platform" }
moving = "g:moving:latest.release"
lost = { module = "g:lost", version.ref = "none" }

[bundles]
all = ["core", "plain"]

[plugins]
boot = { id = "org.example.boot", version = "3.2" }
`

func TestCatalog(t *testing.T) {
	m := parse(t, "gradle/libs.versions.toml", map[string]string{"gradle/libs.versions.toml": catalog})
	want := "6 g:core 6.1.0\n7 g:plain 2.0\n8 g:split 3\n9 g:rich 1.5\n11 g:moving\n18 org.example.boot:org.example.boot.gradle.plugin 3.2 (plugin)"
	if got := show(m); got != want || problems(m) != "11 hold manifest-floating-version\n12 hold manifest-requirement\n0 note manifest-approximate" {
		t.Errorf("got\n%s\n%s", got, problems(m))
	}
	for _, text := range []string{"[libraries\n", "libraries = 1\n", "[libraries]\na = 1\n"} {
		if m := parse(t, "libs.versions.toml", map[string]string{"libs.versions.toml": text}); len(m.Problems) == 0 {
			t.Errorf("%q is read as nothing", text)
		}
	}
}

const spread = `<project><groupId>g</groupId><artifactId>x</artifactId><version>1</version>
<dependencies>
  <dependency>
    <groupId>g</groupId>
    <artifactId>a</artifactId>
  </dependency>
</dependencies></project>
`

func TestEdit(t *testing.T) {
	for _, tc := range []struct {
		why, file, content, name, spec string
		line                           int
		want                           string // instead of
		is                             string
	}{
		{"a version in its place", "pom.xml", app, "p/run", "[4.1]", 15, "<version>4</version>\n", "<version>4.1</version>\n"},
		{"a property", "pom.xml", app, "g/left", "1.2", 10, "<left>1.1</left>", "<left>1.2</left>"},
		{"a parent", "pom.xml", app, "g/parent", "3.1", 2, "<version>3</version>", "<version>3.1</version>"},
		{"what is managed", "pom.xml", app, "g/deep", "2.5", 7, "<version>2</version>", "<version>2.5</version>"},
		{"what a plugin is given", "pom.xml", app, "p/given", "1.1", 17, "<version>1</version>", "<version>1.1</version>"},
		{"a version that something else manages", "pom.xml", app, "g/managed", "2", 11, "<artifactId>managed</artifactId>", "<artifactId>managed</artifactId><version>2</version>"},
		{"on a line of its own", "pom.xml", spread, "g/a", "2", 3, "    <artifactId>a</artifactId>\n", "    <artifactId>a</artifactId>\n    <version>2</version>\n"},
		{"an entry of a catalog", "libs.versions.toml", catalog, "g/plain", "2.1", 7, "plain:2.0", "plain:2.1"},
		{"a reference", "libs.versions.toml", catalog, "g/core", "6.2.0", 6, `"6.1.0"`, `"6.2.0"`},
	} {
		m := parse(t, tc.file, map[string]string{tc.file: tc.content})
		found := false
		for _, q := range m.Requirements {
			if q.Package.Name != tc.name || q.At.Line != tc.line {
				continue
			}
			found = true
			got, _, err := manifest.ReplaceRequirement([]byte(tc.content), q, tc.spec)
			if want := strings.Replace(tc.content, tc.want, tc.is, 1); err != nil || string(got) != want {
				t.Errorf("%s: %v\n%s", tc.why, err, got)
			}
		}
		if !found {
			t.Errorf("%s: there is no %s in line %d:\n%s", tc.why, tc.name, tc.line, show(m))
		}
	}
	m := parse(t, "pom.xml", map[string]string{"pom.xml": app})
	for _, q := range m.Requirements {
		if _, _, err := manifest.ReplaceRequirement([]byte("<project/>"), q, "9"); err == nil {
			t.Errorf("%s was changed where it does not stand", q.Package)
		}
	}
	lock := parse(t, "gradle.lockfile", map[string]string{"gradle.lockfile": "g:a:1=x\n"})
	if _, _, err := manifest.ReplaceRequirement(nil, lock.Requirements[0], "2"); err == nil || !strings.Contains(err.Error(), "--update-locks g:a") {
		t.Errorf("a lock: %v", err)
	} else if _, ok := errors.AsType[*ecosystem.Relock](err); !ok {
		t.Errorf("a lock: %v", err)
	}
}

// TestSettings: what a line does not say itself makes every line count as changed.
func TestSettings(t *testing.T) {
	base := parse(t, "pom.xml", map[string]string{"pom.xml": app})
	if again := parse(t, "pom.xml", map[string]string{"pom.xml": "<!-- x -->\n" + app}); again.Settings != base.Settings || base.Settings == "" {
		t.Error("a line further down is another setting")
	}
	for why, text := range map[string]string{
		"another parent": strings.Replace(app, "<version>3</version>", "<version>4</version>", 1), "another property": strings.Replace(app, "<left>", "<v>1</v><left>", 1),
		"another import": strings.Replace(app, "<version>5</version>", "<version>6</version>", 1),
		"an exclusion":   strings.Replace(app, "<version>${left}</version>", "<version>${left}</version><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>", 1),
	} {
		if parse(t, "pom.xml", map[string]string{"pom.xml": text}).Settings == base.Settings {
			t.Errorf("%s is the same setting", why)
		}
	}
	if parse(t, "pom.xml", map[string]string{"pom.xml": strings.Replace(app, "<version>4</version>", "<version>4.1</version>", 1)}).Settings != base.Settings {
		t.Error("another version of one line is another setting of all")
	}
}

func TestFormat(t *testing.T) {
	for p, want := range map[string]string{
		"pom.xml": manifest.PomXML, "a/b/pom.xml": manifest.PomXML, "app-1.0.pom": manifest.PomXML, "gradle.lockfile": manifest.GradleLock, "buildscript-gradle.lockfile": manifest.GradleLock,
		"gradle/libs.versions.toml": manifest.Catalog, "gradle/verification-metadata.xml": manifest.Verification, ".mvn/extensions.xml": manifest.Extensions,
		"extensions.xml": "", "build.gradle": "", "pom.xml.bak": "", "": "",
	} {
		if got := manifest.Format(p); got != want {
			t.Errorf("%q: %q, want %q", p, got, want)
		}
	}
	if _, err := manifest.Parse(tree(nil), "build.gradle"); err == nil {
		t.Error("a build script is taken as a manifest")
	}
	if _, err := manifest.Parse(tree(nil), "pom.xml"); err == nil {
		t.Error("what is not there was read")
	}
}

// FuzzParse: any file of any name ends with requirements that name packages, or with
// problems, and every requirement that can be edited is edited in one place.
func FuzzParse(f *testing.F) {
	for name, s := range map[string]string{"pom.xml": app, "gradle.lockfile": "g:a:1=x\n", "libs.versions.toml": catalog, "verification-metadata.xml": verification, ".mvn/extensions.xml": "<extensions><extension/></extensions>"} {
		f.Add(name, []byte(s))
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if len(name) > 100 || manifest.Format(name) == "" {
			name = "pom.xml"
		}
		m, err := manifest.Parse(fstest.MapFS{name: {Data: content, Mode: 0o644}}, name)
		if err != nil {
			return
		}
		for _, q := range m.Requirements {
			if _, err := coordinate.Of(q.Package); err != nil || q.At.File == "" {
				t.Fatalf("%+v: %v", q, err)
			}
			if edited, _, err := manifest.ReplaceRequirement(content, q, "9.8.7"); err == nil {
				if _, err := manifest.Parse(fstest.MapFS{name: {Data: edited, Mode: 0o644}}, name); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
