package maven

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMirrorIn(t *testing.T) {
	settings := func(mirrors ...string) []byte {
		var b strings.Builder
		b.WriteString("<settings><mirrors>")
		for _, m := range mirrors {
			of, url, _ := strings.Cut(m, " ")
			b.WriteString("<mirror><id>m</id><mirrorOf>" + of + "</mirrorOf><url>" + url + "</url></mirror>")
		}
		return []byte(b.String() + "</mirrors></settings>")
	}
	for _, tc := range []struct {
		settings []byte
		want     string
		why      string
	}{
		{settings("* http://all.invalid/"), "http://all.invalid/", "of everything"},
		{settings("external:* http://all.invalid/"), "http://all.invalid/", "of everything outside"},
		{settings("other http://other.invalid/", "central http://central.invalid/"), "http://central.invalid/", "of the central one"},
		{settings("a,central,b http://some.invalid/"), "http://some.invalid/", "of some"},
		{settings("*,!central http://others.invalid/"), "", "of all others"},
		{settings("external:http:* http://0.0.0.0/"), "", "the one that blocks plain HTTP"},
		{[]byte("<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror></mirrors></settings>"), "", "one that blocks everything"},
		{[]byte("<settings/>"), "", "none"},
		{[]byte("<settings"), "", "no XML"},
	} {
		if got := mirrorIn(tc.settings); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
}

// TestMirror: a person's settings go before those of the installation.
func TestMirror(t *testing.T) {
	home, maven := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	write := func(path, url string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>"+url+"</url></mirror></mirrors></settings>"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	version := "\x1b[1mApache Maven 3.9.16\x1b[m\nMaven home: " + maven + "\nJava version: 17\n"
	if got := mirror(version); got != "" {
		t.Errorf("nobody has settings: %q", got)
	}
	write(filepath.Join(maven, "conf", "settings.xml"), "http://company.invalid/")
	if got := mirror(version); got != "http://company.invalid/" {
		t.Errorf("the installation's: %q", got)
	}
	write(filepath.Join(home, ".m2", "settings.xml"), "http://person.invalid/")
	if got := mirror(version); got != "http://person.invalid/" {
		t.Errorf("a person's: %q", got)
	}
	if got := mirror("no such program"); got != "http://person.invalid/" {
		t.Errorf("without an installation: %q", got)
	}
}

func TestSuperRepository(t *testing.T) {
	jar := filepath.Join(t.TempDir(), "maven-model-builder.jar")
	f, err := os.Create(jar)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("org/apache/maven/model/" + superPOM)
	if err == nil {
		_, err = w.Write([]byte("<project><modelVersion>4.0.0</modelVersion><repositories><repository><id>other</id><url>http://other.invalid</url></repository><repository><id>central</id><url>http://central.invalid/maven2</url></repository></repositories></project>"))
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := superRepository(jar); err != nil || got != "http://central.invalid/maven2" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := superRepository(filepath.Join(t.TempDir(), "none.jar")); err == nil {
		t.Errorf("of no jar: %q", got)
	}
}

// TestLibraryDefault: the library's request is read and goes nowhere.
func TestLibraryDefault(t *testing.T) {
	if got, err := libraryDefault(context.Background()); err != nil || !strings.HasPrefix(got, "https://") || !strings.HasSuffix(got, "/") {
		t.Errorf("%q, %v", got, err)
	}
}
