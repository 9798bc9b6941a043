package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	deps "deps.dev/util/resolve"
	"deps.dev/util/resolve/dep"
	oracle "deps.dev/util/resolve/maven"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/resolve"
)

// universe is what a registry has: "a:1" in group g to what stands in its pom, in short
// (see inside). A value that begins with < is the pom itself.
type universe map[string]string

func (u universe) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x := &ecosystem.Index{Package: p}
	prefix := strings.TrimPrefix(p.Name, "g/") + ":"
	var keys []string
	for key := range u {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		name, number, _ := strings.Cut(key, ":")
		x.Files = append(x.Files, ecosystem.IndexFile{Name: name + "-" + number + ".pom", Number: number, Kind: artifact.Asset})
		if !strings.Contains(u[key], "packaging=pom") {
			for _, end := range []string{".jar", "-tests.jar"} {
				x.Files = append(x.Files, ecosystem.IndexFile{Name: name + "-" + number + end, Number: number, Kind: artifact.Jar, SHA256: artifact.DigestOf([]byte(key))})
			}
		}
	}
	if len(x.Files) == 0 {
		return nil, ecosystem.ErrNoPackage
	}
	return x, nil
}

func (u universe) Metadata(_ context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	name := strings.TrimPrefix(x.Package.Name, "g/")
	return ecosystem.Metadata{}, []byte(project(name, f.Number, u[name+":"+f.Number])), nil
}

// project is a pom of group g. Of the short words, "a:1" is a dependency, with further
// words after commas (test, provided, runtime, optional, a type, -x for an exclusion);
// "+a:1" is managed, "^a:1" the parent, "*a:1" imported, "!a:1" a plugin, "packaging=pom"
// and "moved=b:2" what they say.
func project(name, number, short string) string {
	if strings.HasPrefix(short, "<") {
		return short
	}
	var parent, wishes, managed, plugins, rest string
	for _, w := range strings.Fields(short) {
		switch {
		case w[0] == '^':
			n, v, _ := strings.Cut(w[1:], ":")
			parent = "<parent><groupId>g</groupId><artifactId>" + n + "</artifactId><version>" + v + "</version><relativePath/></parent>\n"
		case w[0] == '+':
			managed += dependency(w[1:])
		case w[0] == '*':
			managed += dependency(w[1:] + ",import,pom")
		case w[0] == '!':
			plugins += strings.ReplaceAll(dependency(w[1:]), "dependency>", "plugin>")
		case strings.HasPrefix(w, "packaging="):
			rest += "<packaging>" + w[10:] + "</packaging>"
		case strings.HasPrefix(w, "moved="):
			n, v, _ := strings.Cut(w[6:], ":")
			rest += "<distributionManagement><relocation><artifactId>" + n + "</artifactId><version>" + v + "</version></relocation></distributionManagement>"
		default:
			wishes += dependency(w)
		}
	}
	return "<project>" + parent + "<groupId>g</groupId><artifactId>" + name + "</artifactId><version>" + number + "</version>" + rest +
		"<dependencyManagement><dependencies>\n" + managed + "</dependencies></dependencyManagement><dependencies>\n" + wishes + "</dependencies><build><plugins>\n" + plugins + "</plugins></build></project>"
}

func dependency(short string) string {
	words := strings.Split(short, ",")
	if strings.HasPrefix(short, "[") || strings.Contains(words[0], ":[") { // a range has a comma of its own
		i := strings.IndexAny(short, "])")
		words = append([]string{short[:i+1]}, strings.Split(strings.TrimPrefix(short[i+1:], ","), ",")...)
	}
	name, number, _ := strings.Cut(words[0], ":")
	out := "<dependency><groupId>g</groupId><artifactId>" + name + "</artifactId>"
	if number != "" {
		out += "<version>" + number + "</version>"
	}
	exclusions := ""
	for _, w := range words[1:] {
		switch {
		case w == "optional":
			out += "<optional>true</optional>"
		case w == "test", w == "provided", w == "runtime", w == "import", w == "system":
			out += "<scope>" + w + "</scope>"
		case strings.HasPrefix(w, "-"):
			exclusions += "<exclusion><groupId>g</groupId><artifactId>" + w[1:] + "</artifactId></exclusion>"
		case w != "":
			out += "<type>" + w + "</type>"
		}
	}
	if exclusions != "" {
		out += "<exclusions>" + exclusions + "</exclusions>"
	}
	return out + "</dependency>\n"
}

func read(t testing.TB, files map[string]string) *ecosystem.Manifest {
	t.Helper()
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	for _, p := range []string{"pom.xml", "libs.versions.toml", "gradle.lockfile"} {
		if _, ok := files[p]; ok {
			m, err := manifest.Parse(tree, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range m.Problems {
				if p.Fatal {
					t.Fatal(p)
				}
			}
			return m
		}
	}
	t.Fatal("no manifest")
	return nil
}

func own(short string) map[string]string {
	return map[string]string{"pom.xml": project("own", "0", short)}
}

// show gives versions as "a:1", with the way to them behind <, ! for a direct one, b for
// one of the build alone, files where they are not pom and jar, and findings.
func show(rs []ecosystem.Resolved) string {
	var out []string
	for _, r := range rs {
		s := strings.TrimPrefix(r.Version.Package.Name, "g/") + ":" + r.Version.Number
		for _, p := range r.Via {
			s += "<" + strings.TrimPrefix(p.Name, "g/")
		}
		if r.Direct {
			s += "!"
		}
		if r.Build {
			s += "b"
		}
		var files []string
		for _, f := range r.Files {
			_, end, _ := strings.Cut(f.Name, r.Version.Number)
			files = append(files, end)
		}
		if got := strings.Join(files, ""); got != ".pom.jar" {
			s += "(" + got + ")"
		}
		for _, f := range r.Findings {
			s += " " + f.Rule
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestResolve(t *testing.T) {
	all := universe{
		"a:1": "b:1 c:1", "b:1": "d:1", "b:2": "d:2 e:1", "c:1": "b:2", "d:1": "", "d:2": "", "d:3": "", "e:1": "",
		"scopes:1": "d:1,test e:1,provided b:1,optional c:1,runtime",
		"old:1":    "moved=new:2", "new:2": "d:1", "new:3": "", "mover:1": "old:1",
		"child:1": "^top:1 d", "top:1": "packaging=pom *bom:1", "bom:1": "packaging=pom +d:3",
		"orphan:1": "^gone:1 d:1", "broken:1": "<project><a></project>",
		"range:1": "d:[1,3)", "high:1": "d:[3,)", "plug:1": "+d:3 b:1 e:1,provided", "given:1": "",
		"fat:1": "d:1", "tests:1": "d:1", "lost:1": "none:1", "floats:1": "d:RELEASE", "odd:1": "d:${v}", "loop:1": "loop2:1", "loop2:1": "loop:1", "moves:1": "moved=moves:1", "round:1": "moved=trip:1", "trip:1": "moved=round:1",
	}
	for _, tc := range []struct{ why, own, want string }{
		{"the nearest counts", "a:1 b:2", "a:1! b:2! c:1<a d:2<b e:1<b"},
		{"the first of a level counts", "a:1", "a:1! b:1<a c:1<a d:1<a<b"},
		{"its own word before all", "a:1 d:3", "a:1! b:1<a c:1<a d:3!"},
		{"scopes of others do not pass on", "scopes:1", "b:2<scopes<c c:1<scopes d:2<scopes<c<b e:1<scopes<c<b scopes:1!"},
		{"its own scopes do", "d:1,test e:1,provided b:1,optional", "b:1! d:1! e:1!"},
		{"what is managed holds for what is not its own", "+d:3 +b:2 a:1", "a:1! b:2<a c:1<a d:3<a<b e:1<a<b"},
		{"exclusions reach down", "a:1,-d", "a:1! b:1<a c:1<a"},
		{"all of them", "a:1,-*", "a:1!"},
		{"managed exclusions too", "+b:2,-d a:1", "a:1! b:2<a c:1<a e:1<a<b"},
		{"what has moved", "old:1", "d:1<new new:2!"},
		{"what has moved loses to what is nearer", "mover:1 new:3", "mover:1! new:3!"},
		{"parents and bills of materials are fetched", "child:1", "bom:1<childb(.pom) child:1! d:3<child top:1<childb(.pom)"},
		{"a project's own too", "^top:1 d", "bom:1!b(.pom) d:3! top:1!b(.pom)"},
		{"a parent that is nowhere", "orphan:1", "orphan:1! pom-unreadable"},
		{"a pom that is none", "broken:1", "broken:1! pom-unreadable"},
		{"a range", "range:1", "d:2<range range:1!"},
		{"a range before a nearer wish", "d:1 high:1", "d:3! high:1!"},
		{"ranges that exclude each other", "range:1 high:1", "conflict: No version of g:d"},
		{"another type is another file", "d:1 d:1,test-jar", "d:1!(.pom.jar-tests.jar)"},
		{"a type that the registry lacks", "d:1,zip", "d:1!(.pom) lock-file-missing"},
		{"a war holds what it needs", "fat:1,war", "fat:1!(.pom) lock-file-missing"},
		{"a plugin", "!plug:1 e:1", "b:1<plugb d:3<plug<bb e:1! plug:1!b"},
		{"a plugin that is needed at run time too", "!plug:1 b:1", "b:1! d:1<b d:3<plug<bb plug:1!b"},
		{"a plugin without a version", "!plug", "b:1<plugb d:3<plug<bb plug:1!b manifest-floating-version"},
		{"the latest", "d:LATEST", "d:3!"},
		{"the latest of another's", "floats:1", "d:3<floats floats:1!"},
		{"a package that is nowhere", "lost:1", "conflict: There is no g:none"},
		{"a version that is nowhere", "d:9", "conflict: There is no version 9 of g:d"},
		{"a version without value", "odd:1", "conflict: g:odd:1 asks for g:d"},
		{"its own version without value", "d:${v}", "conflict: the project asks for g:d"},
		{"a circle", "loop:1", "loop:1! loop2:1<loop"},
		{"what moves for ever", "round:1", "conflict: the project asks for g:round"},
		{"a parent of its own that is nowhere", "^gone:1 d:1", "conflict: What pom.xml means"},
		{"nothing", "", ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{read(t, own(tc.own))}, nil)
			got := show(rs)
			if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
				got = "conflict: " + c.Report
				if c.At.File != "pom.xml" || c.At.Line == 0 {
					t.Errorf("stands at %+v", c.At)
				}
				if !strings.HasPrefix(got, tc.want) {
					t.Errorf("got %s, want %s", got, tc.want)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
}

// legacy has what Maven 3 gives to plugins.
type legacy struct{ universe }

func (l legacy) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if p.Name == "org.codehaus.plexus/plexus-utils" {
		return &ecosystem.Index{Package: p, Files: []ecosystem.IndexFile{{Name: "plexus-utils-1.1.pom", Number: "1.1"}, {Name: "plexus-utils-1.1.jar", Number: "1.1"}}}, nil
	}
	return l.universe.Index(ctx, p)
}

func (l legacy) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	if x.Package.Name == "org.codehaus.plexus/plexus-utils" {
		return ecosystem.Metadata{}, []byte("<project><groupId>org.codehaus.plexus</groupId><artifactId>plexus-utils</artifactId><version>1.1</version></project>"), nil
	}
	return l.universe.Metadata(ctx, x, f)
}

// TestInjected: Maven adds to a plugin what was part of its core once.
func TestInjected(t *testing.T) {
	up := legacy{universe{"p:1": "", "a:1": ""}}
	rs, err := resolve.Resolve(t.Context(), up, []*ecosystem.Manifest{read(t, own("a:1 !p:1"))}, nil)
	if want := "a:1! p:1!b org.codehaus.plexus/plexus-utils:1.1<pb"; err != nil || show(rs) != want {
		t.Errorf("got %s, %v; want %s", show(rs), err, want)
	}
}

// TestModules: what is built together is not fetched, and what it needs is.
func TestModules(t *testing.T) {
	all := universe{"a:1": "d:1", "d:1": "", "d:2": "", "b:1": ""}
	files := map[string]string{
		"pom.xml":     strings.Replace(project("top", "0", "packaging=pom +d:2"), "</project>", "<modules><module>one</module><module>two</module></modules></project>", 1),
		"one/pom.xml": strings.Replace(project("one", "0", "^top:0 a:1"), "<relativePath/>", "", 1),
		"two/pom.xml": strings.Replace(project("two", "0", "^top:0 one:0 b:1"), "<relativePath/>", "", 1),
	}
	m := read(t, files)
	rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m}, nil)
	if want := "a:1! b:1! d:2<a"; err != nil || show(rs) != want {
		t.Errorf("got %s, %v; want %s", show(rs), err, want)
	}
	for _, r := range rs {
		if r.Version.Package.Name == "g/d" && r.At.File != "one/pom.xml" {
			t.Errorf("d stands at %s", r.At)
		}
	}
}

// TestSiblings: one module alone, which needs another of the same tree.
func TestSiblings(t *testing.T) {
	all := universe{"a:1": "d:1", "d:1": "", "d:2": "", "b:1": ""}
	top := strings.Replace(project("top", "0", "packaging=pom +d:2"), "</project>", "<modules><module>one</module><module>two</module></modules></project>", 1)
	files := fstest.MapFS{
		"pom.xml":     {Data: []byte(top), Mode: 0o644},
		"one/pom.xml": {Data: []byte(strings.Replace(project("one", "0", "^top:0 a:1"), "<relativePath/>", "", 1)), Mode: 0o644},
		"two/pom.xml": {Data: []byte(strings.Replace(project("two", "0", "^top:0 one:0 b:1"), "<relativePath/>", "", 1)), Mode: 0o644},
	}
	m, err := manifest.Parse(files, "two/pom.xml")
	if err != nil {
		t.Fatal(err)
	}
	rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m}, nil)
	if want := "a:1! b:1! d:2<a"; err != nil || show(rs) != want {
		t.Errorf("got %s, %v; want %s", show(rs), err, want)
	}
	for _, r := range rs {
		if r.At.File != "two/pom.xml" {
			t.Errorf("%s stands at %s", r.Version, r.At)
		}
	}
}

// TestGroups: what was left out is not resolved.
func TestGroups(t *testing.T) {
	all := universe{"a:1": "", "t:1": "", "p:1": ""}
	for group, want := range map[string]string{"main": "a:1!", "test": "t:1!", "plugin": "p:1!b"} {
		m := read(t, own("a:1 t:1,test !p:1"))
		m.Only([]string{group})
		if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m}, nil); err != nil || show(rs) != want {
			t.Errorf("%s: %s, %v; want %s", group, show(rs), err, want)
		}
	}
}

// TestTargets: a profile of another system's counts where that is a target.
func TestTargets(t *testing.T) {
	all := universe{"w:1": "", "l:1": "", "n:1": "<project><groupId>g</groupId><artifactId>n</artifactId><version>1</version><profiles><profile><activation><os><family>windows</family></os></activation><dependencies>" +
		dependency("w:1") + "</dependencies></profile><profile><activation><os><family>linux</family></os></activation><dependencies>" + dependency("l:1") + "</dependencies></profile></profiles></project>"}
	linux, windows := ecosystem.Target{Platform: "x86_64-manylinux_2_28"}, ecosystem.Target{Platform: "x86_64-pc-windows-msvc"}
	for _, tc := range []struct {
		targets []ecosystem.Target
		want    string
	}{{nil, "l:1<n n:1!"}, {[]ecosystem.Target{windows}, "n:1! w:1<n"}, {[]ecosystem.Target{linux, windows}, "l:1<n n:1! w:1<n"}} {
		if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{read(t, own("n:1"))}, tc.targets); err != nil || show(rs) != tc.want {
			t.Errorf("%v: %s, %v; want %s", tc.targets, show(rs), err, tc.want)
		}
	}
}

func TestOtherManifests(t *testing.T) {
	all := universe{"a:1": "d:1", "b:1": "d:2", "d:1": "", "d:2": "", "p.gradle.plugin:1": "packaging=pom a:1"}
	catalog := read(t, map[string]string{"libs.versions.toml": "[libraries]\na = \"g:a:1\"\nb = \"g:b:1\"\n"})
	if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{catalog}, nil); err != nil || show(rs) != "a:1! b:1! d:2<a" {
		t.Errorf("a catalog takes the highest: %s, %v", show(rs), err)
	}
	purl := &ecosystem.Manifest{Format: "purl", Requirements: []ecosystem.Requirement{{Package: artifact.Package{Ecosystem: artifact.Maven, Name: "g/p.gradle.plugin"}, Number: "1", Spec: "[1]", Direct: true}}}
	if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{purl}, nil); err != nil || show(rs) != "a:1<p.gradle.plugin d:1<p.gradle.plugin<a p.gradle.plugin:1!(.pom)" {
		t.Errorf("a purl: %s, %v", show(rs), err)
	}
	open := &ecosystem.Manifest{Format: "purl", Requirements: []ecosystem.Requirement{{Package: artifact.Package{Ecosystem: artifact.Maven, Name: "g/d"}, Direct: true}}}
	if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{open}, nil); err != nil || show(rs) != "d:2!" {
		t.Errorf("a purl without version: %s, %v", show(rs), err)
	}
	digest := string(artifact.DigestOf([]byte("a:1")))
	verified := func(sum string) string {
		return `<verification-metadata><components><component group="g" name="a" version="1"><artifact name="a-1.jar"><sha256 value="` + sum + `"/></artifact></component></components></verification-metadata>`
	}
	for sum, want := range map[string]string{digest: "a:1!(.jar) d:9!() lock-file-missing", strings.Repeat("0", 64): "a:1!(.jar) lock-hash-mismatch d:9!() lock-file-missing"} {
		m := read(t, map[string]string{"gradle.lockfile": "g:a:1=x\ng:d:9=x\n", "gradle/verification-metadata.xml": verified(sum)})
		if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{m}, nil); err != nil || show(rs) != want {
			t.Errorf("%s, %v; want %s", show(rs), err, want)
		}
	}
	plain := read(t, map[string]string{"gradle.lockfile": "g:a:1=x\n"})
	if rs, err := resolve.Resolve(t.Context(), all, []*ecosystem.Manifest{plain}, nil); err != nil || show(rs) != "a:1!" {
		t.Errorf("a lock without hashes: %s, %v", show(rs), err)
	}
}

// down answers for one package with a fault.
type down struct {
	universe
	name string
}

func (d down) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if p.Name == d.name {
		return nil, ecosystem.ErrUnreachable
	}
	return d.universe.Index(ctx, p)
}

// TestFaults: no half closure.
func TestFaults(t *testing.T) {
	all := universe{"a:1": "b:1 ^p:1", "b:1": "", "p:1": "packaging=pom"}
	for _, name := range []string{"g/a", "g/b", "g/p"} {
		if rs, err := resolve.Resolve(t.Context(), down{all, name}, []*ecosystem.Manifest{read(t, own("a:1"))}, nil); !errors.Is(err, ecosystem.ErrUnreachable) {
			t.Errorf("without %s: %s, %v", name, show(rs), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rs, err := resolve.Resolve(ctx, all, []*ecosystem.Manifest{read(t, own("a:1"))}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %s, %v", show(rs), err)
	}
}

// TestHostileGraphs end with an answer, and soon.
func TestHostileGraphs(t *testing.T) {
	wide := universe{}
	var all []string
	for i := range 1000 {
		wide[fmt.Sprintf("w%d:1", i)] = ""
		all = append(all, fmt.Sprintf("w%d:1", i))
	}
	wide["wide:1"] = strings.Join(all, " ")
	if rs, err := resolve.Resolve(t.Context(), wide, []*ecosystem.Manifest{read(t, own("wide:1"))}, nil); err != nil || len(rs) != 1001 {
		t.Errorf("wide: %d, %v", len(rs), err)
	}
	// Each of 100 needs all others: 10,000 wishes, of which 100 win.
	mesh := universe{}
	for i := range 100 {
		var needs []string
		for j := range 100 {
			needs = append(needs, fmt.Sprintf("m%d:%d", j, 1+(i+j)%3))
		}
		for v := range 3 {
			mesh[fmt.Sprintf("m%d:%d", i, v+1)] = strings.Join(needs, " ")
		}
	}
	if rs, err := resolve.Resolve(t.Context(), mesh, []*ecosystem.Manifest{read(t, own("m0:1"))}, nil); err != nil || len(rs) != 100 {
		t.Errorf("mesh: %d, %v", len(rs), err)
	}
	boms := universe{"bom:1": "packaging=pom *bom2:1", "bom2:1": "packaging=pom *bom:1", "a:1": "*bom:1 d:1", "d:1": ""}
	if rs, err := resolve.Resolve(t.Context(), boms, []*ecosystem.Manifest{read(t, own("a:1"))}, nil); err != nil || show(rs) != "a:1! pom-unreadable" {
		t.Errorf("bills of materials in a circle: %s, %v", show(rs), err)
	}
	parents := universe{"a:1": "^p:1", "p:1": "^q:1", "q:1": "^p:1"}
	if rs, err := resolve.Resolve(t.Context(), parents, []*ecosystem.Manifest{read(t, own("a:1"))}, nil); err != nil || show(rs) != "a:1! pom-unreadable" {
		t.Errorf("parents in a circle: %s, %v", show(rs), err)
	}
}

// TestAsDepsDev compares with deps.dev's resolver over made-up worlds, with exclusions,
// scopes and what the project manages.
func TestAsDepsDev(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	names := strings.Split("abcdefgh", "")
	wishes := func(most int, words ...string) []string {
		var out []string
		for _, i := range random.Perm(len(names))[:random.IntN(most)] {
			out = append(out, names[i]+":"+fmt.Sprint(1+random.IntN(3))+words[random.IntN(len(words))])
		}
		return out
	}
	for range 300 {
		u := universe{}
		for _, n := range names {
			for v := 1; v <= 3; v++ {
				u[fmt.Sprintf("%s:%d", n, v)] = strings.Join(wishes(4, "", "", ",test", ",provided", ",runtime", ",optional", ",-a,-b", ",-*"), " ")
			}
		}
		root := strings.Join(wishes(5, "", "", ",test", ",-c", ",provided"), " ")
		for _, w := range wishes(3, "") {
			root += " +" + w
		}
		rs, err := resolve.Resolve(t.Context(), u, []*ecosystem.Manifest{read(t, own(root))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rs {
			got = append(got, coordinate.Display(r.Version.Package)+":"+r.Version.Number)
		}
		if want := asDepsDev(t, u, root); !slices.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s\nfor %s\n%v", got, want, root, u)
		}
	}
}

func asDepsDev(t *testing.T, u universe, root string) []string {
	t.Helper()
	c := deps.NewLocalClient()
	key := func(name, number string, kind deps.VersionType) deps.VersionKey {
		return deps.VersionKey{PackageKey: deps.PackageKey{System: deps.Maven, Name: "g:" + name}, VersionType: kind, Version: number}
	}
	add := func(name, number, short string) {
		p, err := pom.Parse([]byte(project(name, number, short)))
		if err != nil {
			t.Fatal(err)
		}
		var rs []deps.RequirementVersion
		take := func(d pom.Dependency, origin string) {
			r := deps.RequirementVersion{VersionKey: key(d.Artifact, d.Version, deps.Requirement)}
			switch {
			case d.Scope == "test":
				r.Type.AddAttr(dep.Test, "")
			case d.Scope != "":
				r.Type.AddAttr(dep.Scope, d.Scope)
			}
			if d.Optional == "true" {
				r.Type.AddAttr(dep.Opt, "")
			}
			var excluded []string
			for _, x := range d.Exclusions {
				excluded = append(excluded, x.Group+":"+x.Artifact)
			}
			if len(excluded) > 0 {
				r.Type.AddAttr(dep.MavenExclusions, strings.Join(excluded, "|"))
			}
			if origin != "" {
				r.Type.AddAttr(dep.MavenDependencyOrigin, origin)
			}
			rs = append(rs, r)
		}
		for _, d := range p.Dependencies {
			take(d, "")
		}
		for _, d := range p.Managed {
			take(d, "management")
		}
		c.AddVersion(deps.Version{VersionKey: key(name, number, deps.Concrete)}, rs)
	}
	for _, k := range slices.Sorted(maps.Keys(u)) {
		name, number, _ := strings.Cut(k, ":")
		add(name, number, u[k])
	}
	add("own", "0", root)
	g, err := oracle.NewResolver(c).Resolve(t.Context(), key("own", "0", deps.Concrete))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range g.Nodes[1:] {
		out = append(out, n.Version.Name+":"+n.Version.Version)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
