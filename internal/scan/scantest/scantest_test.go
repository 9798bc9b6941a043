package scantest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestWheelIsHonestByDefault(t *testing.T) {
	w := Wheel{Name: "Demo.Thing", Version: "1.0", Requires: []string{"left>=1"}, Files: map[string]string{"demo/__init__.py": "x = 1\n", "a,b.txt": "c"}}
	if got, want := w.FileName(), "demo_thing-1.0-py3-none-any.whl"; got != want {
		t.Errorf("FileName() = %q, want %q", got, want)
	}
	b := w.Build(t)
	if !bytes.Equal(b, w.Build(t)) {
		t.Error("two builds of one wheel differ")
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	want := []string{"a,b.txt", "demo/__init__.py", "demo_thing-1.0.dist-info/METADATA", "demo_thing-1.0.dist-info/WHEEL", "demo_thing-1.0.dist-info/RECORD"}
	if !slices.Equal(names, want) {
		t.Errorf("entries %q, want %q", names, want)
	}
	f, err := z.Open("demo_thing-1.0.dist-info/RECORD")
	if err != nil {
		t.Fatal(err)
	}
	record, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`"a,b.txt",` + RecordHash("c") + ",1\n", "demo_thing-1.0.dist-info/RECORD,,\n"} {
		if !strings.Contains(string(record), line) {
			t.Errorf("RECORD has no line %q:\n%s", line, record)
		}
	}
}

func TestSdistIsHonestByDefault(t *testing.T) {
	s := Sdist{Name: "demo", Version: "1.0", Links: map[string]string{"README": "PKG-INFO"}}
	g, err := gzip.NewReader(bytes.NewReader(s.Build(t)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	want := []string{"demo-1.0/", "demo-1.0/PKG-INFO", "demo-1.0/demo.py", "demo-1.0/pyproject.toml", "demo-1.0/README"}
	if !slices.Equal(names, want) {
		t.Errorf("entries %q, want %q", names, want)
	}
}
