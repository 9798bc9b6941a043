package git

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRead measures a change in a tree of 20,000 files; git's own processes
// are counted (CPU-ms/op).
func BenchmarkRead(b *testing.B) {
	r := newRepo(b)
	var files []string
	for i := range 20_000 {
		files = append(files, fmt.Sprintf("pkg%d/sub%d/file%d.go", i%20, i%400, i), fmt.Sprintf("package x // %d\n", i))
	}
	for i := range 20 {
		files = append(files, fmt.Sprintf("pkg%d/requirements.txt", i), "-r base.txt\n", fmt.Sprintf("pkg%d/base.txt", i), "a==1\n")
	}
	commits := []string{
		r.write(files...).commit(),
		r.write("pkg0/sub0/file0.go", "package y\n").commit(),
		r.write("pkg0/requirements.txt", "-r base.txt\nb==1\n").commit(),
		r.write("pkg1/base.txt", "a==2\n").commit(),
	}
	r.git("repack", "--quiet", "-a", "-d")
	for _, bench := range []struct {
		name string
		g    Range
	}{
		{"no manifest", Range{Old: commits[0], New: commits[1]}},
		{"one manifest", Range{Old: commits[1], New: commits[2]}},
		{"an included file", Range{Old: commits[2], New: commits[3]}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			start := cpu(b)
			for b.Loop() {
				if _, err := Read(b.Context(), r.dir, bench.g, manifests); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu(b)-start)/float64(b.N)/float64(time.Millisecond), "CPU-ms/op")
		})
	}
}

// cpu is what this process and its ended children used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
