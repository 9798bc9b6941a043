package dist

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

func file(pkg, name string) artifact.File {
	return artifact.File{Name: name, Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: pkg}}}
}

func TestParseFileName(t *testing.T) {
	for _, tc := range []struct {
		pkg, name    string
		kind         artifact.Kind
		want, number string
		pure         bool
		why          string
	}{
		{"", "Demo_Thing-1.0-py2.py3-none-any.whl", artifact.Wheel, "demo-thing", "1.0", true, "a pure wheel"},
		{"", "demo-1.0-1-py3-none-manylinux_2_17_x86_64.whl", artifact.Wheel, "demo", "1.0", false, "a platform"},
		{"", "demo-1.0-cp311-abi3-any.whl", artifact.Wheel, "demo", "1.0", false, "an ABI"},
		{"demo-thing", "demo-thing-1.0.tar.gz", artifact.Sdist, "demo-thing", "1.0", false, "an old sdist name"},
		{"demo", "demo-1.0.zip", artifact.Sdist, "demo", "1.0", false, ""},
	} {
		p, err := ParseFileName(file(tc.pkg, tc.name))
		if err != nil || p.Kind != tc.kind || p.Name != tc.want || p.Number != tc.number || p.Pure() != tc.pure {
			t.Errorf("ParseFileName(%q) = %+v, %v (%s)", tc.name, p, err, tc.why)
		}
	}
	for _, name := range []string{"demo.whl", "demo-1.0.tar.gz", "x-1.0.exe"} {
		if p, err := ParseFileName(file("other", name)); err == nil {
			t.Errorf("ParseFileName(%q) = %+v, want an error", name, p)
		}
	}
}

const meta = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"

func read(t *testing.T, name string, files map[string]string) Contents {
	t.Helper()
	p, err := ParseFileName(file("demo", name))
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(p)
	for path, body := range files {
		b := []byte(body)
		r.Add(path, b)
		clear(b) // the reader must not keep the caller's bytes
	}
	return r.Finish()
}

func TestWheelContents(t *testing.T) {
	c := read(t, "demo-1.0-py3-none-any.whl", map[string]string{
		"demo.py": "", "demo-1.0.dist-info/METADATA": meta, "demo-1.0.dist-info/RECORD": "demo.py,,\n",
		"demo-1.0.dist-info/WHEEL":            "Wheel-Version: 1.0\nGenerator: g\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"demo-1.0.dist-info/entry_points.txt": "[x]\n", "demo/_vendor/x-1.dist-info/METADATA": "not this one",
	})
	if len(c.Problems) != 0 || c.Metadata == nil || c.Metadata.Name != "demo" || string(c.RawMetadata) != meta || len(c.Record) != 1 || string(c.EntryPoints) != "[x]\n" {
		t.Errorf("contents %+v", c)
	}
	if c.Wheel == nil || !c.Wheel.RootIsPurelib || c.Wheel.Generator != "g" || !slices.Equal(c.Wheel.Tags, []string{"py3-none-any"}) {
		t.Errorf("WHEEL %+v", c.Wheel)
	}
}

func TestSdistContents(t *testing.T) {
	c := read(t, "demo-1.0.tar.gz", map[string]string{
		"demo-1.0/PKG-INFO": meta, "demo-1.0/setup.py": "setup()", "demo-1.0/demo.egg-info/PKG-INFO": "not this one",
		"demo-1.0/pyproject.toml": "[build-system]\nrequires = [\"a>=1\"]\nbuild-backend = \"b\"\nbackend-path = [\".\"]\n",
	})
	if len(c.Problems) != 0 || c.Metadata == nil || string(c.RawMetadata) != meta || string(c.SetupPy) != "setup()" {
		t.Errorf("contents %+v", c)
	}
	if c.Build == nil || !c.Build.Declared || c.Build.Backend != "b" || !slices.Equal(c.Build.Requires, []string{"a>=1"}) || !slices.Equal(c.Build.BackendPath, []string{"."}) {
		t.Errorf("build system %+v", c.Build)
	}
}

func TestProblems(t *testing.T) {
	const info = "demo-1.0.dist-info/"
	whole := func(change map[string]string) map[string]string {
		m := map[string]string{info + "METADATA": meta, info + "RECORD": "", info + "WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n"}
		for k, v := range change {
			m[k] = v
		}
		return m
	}
	const wheel, sdist = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
	for _, tc := range []struct {
		name, file string
		in         map[string]string
		part       Part
		missing    bool
		text       string
	}{
		{"no dist-info", wheel, map[string]string{"demo.py": ""}, Root, true, "no .dist-info"},
		{"a file named so", wheel, map[string]string{"demo-1.0.dist-info": ""}, Root, true, "no .dist-info"},
		{"two", wheel, whole(map[string]string{"x-1.dist-info/x": ""}), Root, true, "second"},
		{"broken RECORD", wheel, whole(map[string]string{info + "RECORD": "a,b\n"}), Record, false, "line 1"},
		{"broken WHEEL", wheel, whole(map[string]string{info + "WHEEL": "Wheel-Version: 1.0\nTag\n"}), WheelFile, false, "line 2"},
		{"broken METADATA", wheel, whole(map[string]string{info + "METADATA": "x\n"}), Metadata, false, "cannot be read"},
		{"huge WHEEL", wheel, whole(map[string]string{info + "WHEEL": strings.Repeat("x", MaxSmall+1)}), WheelFile, false, "larger"},
		{"two roots", sdist, map[string]string{"demo-1.0/PKG-INFO": meta, "zz/x": ""}, Root, true, "one folder"},
		{"other root", sdist, map[string]string{"x-1.0/PKG-INFO": meta}, Root, true, "not named after"},
		{"no PKG-INFO", sdist, map[string]string{"demo-1.0/setup.py": ""}, Metadata, true, "missing"},
		{"broken pyproject.toml", sdist, map[string]string{"demo-1.0/PKG-INFO": meta, "demo-1.0/pyproject.toml": "["}, PyProject, false, "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := read(t, tc.file, tc.in)
			if !slices.ContainsFunc(c.Problems, func(p Problem) bool {
				return p.Part == tc.part && p.Missing == tc.missing && strings.Contains(p.Text, tc.text)
			}) {
				t.Errorf("problems %+v, want one of %q with %q", c.Problems, tc.part, tc.text)
			}
		})
	}
}

func TestParseRecord(t *testing.T) {
	const hash = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
	empty := artifact.DigestOf(nil)
	for _, tc := range []struct {
		in   string
		want RecordLine
		err  string
		why  string
	}{
		{"a.py," + hash + ",0\n", RecordLine{"a.py", "sha256", empty, 0, 1}, "", "as the format says"},
		{"a.py," + hash + "=,0\r\n", RecordLine{"a.py", "sha256", empty, 0, 1}, "", "padded, with CRLF"},
		{"\n\"a,b\",,\n", RecordLine{"a,b", "", "", -1, 2}, "", "quoted, nothing promised"},
		{"a.py,md5=x,1\n", RecordLine{"a.py", "md5", "", 1, 1}, "", "weak: for the scanner to say"},
		{"a.py\n", RecordLine{}, "line 1", "one column"},
		{"a.py,,\nb.py,sha256=AAAA,\n", RecordLine{}, "line 2: bad digest", "short digest"},
		{"a.py," + hash + "!,\n", RecordLine{}, "line 1: bad digest", "not base64"},
		{"a.py,sha256,\n", RecordLine{}, "bad hash", "no value"},
		{"a.py,,-1\n", RecordLine{}, "bad size", "negative"},
		{"a.py,,1e3\n", RecordLine{}, "bad size", "not a plain number"},
		{",,\n", RecordLine{}, "names no file", "no path"},
		{"\"a.py,,\n", RecordLine{}, "line ", "an open quote"},
	} {
		got, err := ParseRecord([]byte(tc.in))
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("ParseRecord(%q): error %v, want %q (%s)", tc.in, err, tc.err, tc.why)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0] != tc.want {
			t.Errorf("ParseRecord(%q) = %+v, %v; want %+v (%s)", tc.in, got, err, tc.want, tc.why)
		}
	}
	if got, err := ParseRecord(nil); got == nil || err != nil {
		t.Errorf("an empty RECORD: %v, %v", got, err)
	}
}

func TestParseWheelFile(t *testing.T) {
	w, err := ParseWheelFile([]byte("Wheel-Version: 1.0\r\nTag: py2.py3-none-any\r\nTag: PY3-none-any\r\nBuild: 1\r\n\r\nignored"))
	if err != nil || !slices.Equal(w.Tags, []string{"py2-none-any", "py3-none-any"}) || w.Build != "1" || w.RootIsPurelib {
		t.Errorf("got %+v, %v", w, err)
	}
	for _, bad := range []string{"", "Tag: py3-none-any\n", "Wheel-Version: 1.0\nTag: any\n", "Wheel-Version: 1.0\nWheel-Version: 2.0\n",
		"Wheel-Version: 1.0\nTag: " + strings.Repeat("a.", 3000) + "a-none-any\n"} {
		if w, err := ParseWheelFile([]byte(bad)); err == nil {
			t.Errorf("ParseWheelFile(%.60q) = %+v, want an error", bad, w)
		}
	}
}

func TestBuildSystemMayBeAbsent(t *testing.T) {
	if b, err := ParseBuildSystem([]byte("[tool.x]\ny = 1\n")); err != nil || b.Declared {
		t.Errorf("got %+v, %v", b, err)
	}
}

// FuzzParseRecord: no input makes it fail badly, every line names a file and
// comes in order.
func FuzzParseRecord(f *testing.F) {
	f.Add([]byte("a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nRECORD,,\n"))
	f.Add([]byte("\"a,\"\"b\",,12\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		lines, err := ParseRecord(in)
		if (lines == nil) != (err != nil) {
			t.Fatalf("lines %v with error %v", lines, err)
		}
		last := 0
		for _, l := range lines {
			if l.Path == "" || l.Line <= last || (l.SHA256 != "") != (l.Algorithm == "sha256") {
				t.Errorf("line %+v after line %d", l, last)
			}
			last = l.Line
		}
	})
}

// FuzzParseWheelFile: no input makes it fail badly.
func FuzzParseWheelFile(f *testing.F) {
	f.Add([]byte("Wheel-Version: 1.0\nTag: py3-none-any\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if w, err := ParseWheelFile(in); err == nil && (w.Version == "" || !slices.IsSorted(w.Tags)) {
			t.Errorf("got %+v", w)
		}
	})
}
