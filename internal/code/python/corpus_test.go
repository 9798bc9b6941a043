package python

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkCorpus reads every Python file below the folder that PYTHON_CORPUS
// names (an installed Python's library is one), or else a megabyte of the
// snippets of this package's tests, and reports MB/s of source and the slowest file.
func BenchmarkCorpus(b *testing.B) {
	root := os.Getenv("PYTHON_CORPUS")
	var files [][]byte
	var names []string
	total := 0
	if root == "" {
		root = b.TempDir()
		var all strings.Builder
		for _, r := range rows(b) {
			all.WriteString(r.src)
		}
		src := strings.Repeat(all.String(), 1<<20/all.Len())
		if err := os.WriteFile(filepath.Join(root, "snippets.py"), []byte(src), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".py") {
			return err
		}
		src, err := os.ReadFile(path)
		files, names = append(files, src), append(names, path)
		total += len(src)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(total))
	var worst time.Duration
	slowest := ""
	facts := map[string]int{}
	for b.Loop() {
		for i, src := range files {
			start := time.Now()
			out := Analyze(src)
			if spent := time.Since(start); spent > worst {
				worst, slowest = spent, fmt.Sprintf("%s (%d bytes): %v", names[i], len(src), spent)
			}
			for _, f := range out.Facts {
				facts[string(f.Kind)]++
			}
		}
	}
	b.Logf("%d files, %.1f MB; slowest %s", len(files), float64(total)/1e6, slowest)
	b.Logf("facts over all rounds: %v", facts)
}
