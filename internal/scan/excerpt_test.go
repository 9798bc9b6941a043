package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

func TestReadExcerpts(t *testing.T) {
	w := scantest.Wheel{Name: "demo", Version: "1.0", Files: map[string]string{
		"demo/a.py":  "one\ntwo\r\n\tthree\nfour\x1b[31m\nfive\nsix",
		"demo/b.py":  strings.Repeat("x", 1000) + "\n\xff\u202e",
		"demo/ok.py": "only",
	}}
	b := w.Build(t)
	read := func(spots ...scan.Spot) []scan.Excerpt {
		t.Helper()
		out, err := scan.ReadExcerpts(bytes.NewReader(b), int64(len(b)), w.FileName(), spots, archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, tc := range []struct {
		spot scan.Spot
		want string
		why  string
	}{
		{scan.Spot{Path: "demo/a.py", Line: 3}, "1 one|2 two|3     three|4 four\ufffd[31m|5 five", "two lines around, safe to print"},
		{scan.Spot{Path: "demo/a.py", Line: 1}, "1 one|2 two|3     three", "the first"},
		{scan.Spot{Path: "demo/a.py", Line: 6}, "4 four\ufffd[31m|5 five|6 six", "the last"},
		{scan.Spot{Path: "demo/a.py", Line: 99}, "", "beyond the end"},
		{scan.Spot{Path: "demo/gone.py", Line: 1}, "", "no such file"},
	} {
		out := read(tc.spot)
		var got []string
		for _, l := range out[0].Lines {
			got = append(got, fmt.Sprint(l.Number, " ", l.Text))
		}
		if len(out) != 1 || out[0].Spot != tc.spot || strings.Join(got, "|") != tc.want {
			t.Errorf("%v: %q, want %q (%s)", tc.spot, strings.Join(got, "|"), tc.want, tc.why)
		}
	}
	long := read(scan.Spot{Path: "demo/b.py", Line: 1})[0].Lines
	if len(long) != 2 || len(long[0].Text) != 300 || !utf8.ValidString(long[1].Text) || strings.Contains(long[1].Text, "\u202e") {
		t.Errorf("a long line and an odd one: %+v", long)
	}
	many := make([]scan.Spot, 1000)
	for i := range many {
		many[i] = scan.Spot{Path: "demo/ok.py", Line: 1}
	}
	if n := len(read(many...)); n != 200 {
		t.Errorf("%d excerpts, want the first 200", n)
	}
	if _, err := scan.ReadExcerpts(bytes.NewReader(b[:100]), 100, w.FileName(), many, archive.Limits{}); err == nil {
		t.Error("half an archive was read")
	}
}

// TestExcerptsInAWorker: the same by way of a worker process, and what it cannot read.
func TestExcerptsInAWorker(t *testing.T) {
	w := scantest.Wheel{Name: "demo", Version: "1.0", Files: map[string]string{"demo/a.py": "one\ntwo\n"}}
	inspector := scan.NewInspector(func(_ context.Context, d artifact.Digest) (*os.File, error) { return os.Open(string(d)) }, nil, 1, sandbox.Limits{})
	file := func(content []byte) artifact.File {
		t.Helper()
		name := filepath.Join(t.TempDir(), w.FileName())
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return artifact.File{Name: w.FileName(), SHA256: artifact.Digest(name)}
	}
	good := file(w.Build(t))
	out, err := inspector.Excerpts(t.Context(), good, []scan.Spot{{Path: "demo/a.py", Line: 2}, {Path: "demo/a.py", Line: 0}, {Path: strings.Repeat("p", 1000), Line: 1}})
	if err != nil || len(out) != 1 || len(out[0].Lines) != 3 || out[0].Lines[1].Text != "two" {
		t.Errorf("%+v, %v; want line 2 with those around it, and nothing for what is no place", out, err)
	}
	if out, err := inspector.Excerpts(t.Context(), good, nil); err != nil || out != nil {
		t.Errorf("nothing asked: %v, %v", out, err)
	}
	if _, err := inspector.Excerpts(t.Context(), file([]byte("no archive")), []scan.Spot{{Path: "a", Line: 1}}); !errors.Is(err, scan.ErrExcerpt) {
		t.Errorf("no archive: %v", err)
	}
}

func FuzzReadExcerpts(f *testing.F) {
	w := scantest.Wheel{Name: "demo", Version: "1.0", Files: map[string]string{"demo/a.py": "one\ntwo\nthree\n"}}
	f.Add(w.Build(f), w.FileName(), "demo/a.py", 2)
	s := scantest.Sdist{Name: "demo", Version: "1.0", Files: map[string]string{"a.py": "one\r\n\ttwo\u202e\n"}}
	f.Add(s.Build(f), s.FileName(), "demo-1.0/a.py", 1)
	f.Fuzz(func(t *testing.T, b []byte, name, path string, line int) {
		out, err := scan.ReadExcerpts(bytes.NewReader(b), int64(len(b)), name, []scan.Spot{{Path: path, Line: line}}, archive.Limits{})
		if err != nil {
			return
		}
		for _, l := range out[0].Lines {
			if l.Number < line-2 || l.Number > line+2 || !utf8.ValidString(l.Text) || strings.ContainsAny(l.Text, "\x1b\n\r\u202e") {
				t.Fatalf("line %d of %q: %d %q", line, path, l.Number, l.Text)
			}
		}
	})
}
