package syntax

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkParse reads the standard library and the site-packages of the Python
// on PATH, or the folder that GATEHOUSE_TEST_CORPUS names.
func BenchmarkParse(b *testing.B) {
	files, size := corpus(b)
	b.Run("reused", func(b *testing.B) {
		var p Parser
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, f := range files {
				p.Parse(f)
			}
		}
	})
	b.Run("fresh", func(b *testing.B) {
		b.SetBytes(size)
		kept := 0
		for b.Loop() {
			kept = 0
			for _, f := range files {
				t := Parse(f)
				kept += cap(t.nodes)*32 + len(t.Src) + cap(t.lines)*4 + cap(t.Comments)*8
			}
		}
		b.ReportMetric(float64(kept)/float64(size), "kept-B/B")
	})
}

// corpus reads Python files, up to 64 MB of them.
func corpus(b *testing.B) (files [][]byte, size int64) {
	folder := os.Getenv("GATEHOUSE_TEST_CORPUS")
	if folder == "" {
		out, err := exec.Command("python3", "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))").Output()
		if err != nil {
			b.Fatalf("finding a corpus: %v; name a folder of Python files in GATEHOUSE_TEST_CORPUS", err)
		}
		folder = strings.TrimSpace(string(out))
	}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".py") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files, size = append(files, src), size+int64(len(src))
		if size > 64<<20 {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil || size == 0 {
		b.Fatalf("reading %s: %d bytes of Python, %v", folder, size, err)
	}
	return files, size
}
