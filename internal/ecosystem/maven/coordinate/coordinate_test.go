package coordinate_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

func TestParse(t *testing.T) {
	for _, s := range []string{"org.example.tools:app", "org.example.tools/app"} {
		n, err := coordinate.Parse(s)
		if err != nil || n.String() != "org.example.tools:app" || n.Path() != "org/example/tools/app" || n.Package().Purl() != "pkg:maven/org.example.tools/app" {
			t.Errorf("%q: %s, %v", s, n, err)
		}
		back, err := coordinate.Of(n.Package())
		if err != nil || back != n || coordinate.Display(n.Package()) != n.String() {
			t.Errorf("%q: back as %s, %v", s, back, err)
		}
	}
	for _, s := range []string{"", ":", "a", "a:", ":a", "a:b:c", "a/b/c", "a..b:c", ".a:b", "a.:b", "a:..", "a:.", "../a:b", "a:b/../c", `a\b:c`, "a b:c", "a:b\n", "é:a", "${g}:a", strings.Repeat("a", 201) + ":b"} {
		if n, err := coordinate.Parse(s); err == nil {
			t.Errorf("%q is taken as %s", s, n)
		}
	}
	for _, p := range []artifact.Package{{}, {Ecosystem: artifact.NPM, Name: "@a/b"}, {Ecosystem: artifact.Maven, Name: "a"}, {Ecosystem: artifact.Maven, Name: "../a/b"}} {
		if n, err := coordinate.Of(p); err == nil {
			t.Errorf("%v is taken as %s", p, n)
		}
	}
}

func TestFiles(t *testing.T) {
	n := coordinate.Name{Group: "g", Artifact: "app"}
	if got := n.File("1.0", "", "jar") + " " + n.File("1.0", "sources", "jar"); got != "app-1.0.jar app-1.0-sources.jar" {
		t.Error(got)
	}
	for s, good := range map[string]bool{"1.0": true, "1.0-SNAPSHOT": true, "1.0+b~c_d": true, "": false, ".": false, "..": false, "1/2": false, "1 2": false, "${v}": false, "[1]": false, "a..b": false} {
		if err := coordinate.CheckVersion(s); (err == nil) != good {
			t.Errorf("version %q: %v", s, err)
		}
	}
	for s, good := range map[string]bool{"": true, "tests": true, "linux-x86_64": true, "tar.gz": true, "..": false, "a/b": false} {
		if err := coordinate.CheckWord(s); (err == nil) != good {
			t.Errorf("word %q: %v", s, err)
		}
	}
}

// FuzzParse: whatever is taken stays inside of a repository.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a:b", "org.example/app", "..:..", "a:b/../c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := coordinate.Parse(s)
		if err != nil {
			return
		}
		for part := range strings.SplitSeq(n.Path(), "/") {
			if part == "" || part == "." || part == ".." || strings.ContainsAny(part, `\:%`) {
				t.Fatalf("%q leads to %q", s, n.Path())
			}
		}
		if again, err := coordinate.Parse(n.Package().Name); err != nil || again != n {
			t.Fatalf("%q: %v, %v", s, again, err)
		}
	})
}
