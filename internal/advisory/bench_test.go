//go:build unix

package advisory

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// cpuPerOp reports the processor time of an operation: on a shared machine the
// clock on the wall says little.
func cpuPerOp(b *testing.B) (report func()) {
	start := cpuTime(b)
	return func() {
		b.ReportMetric(float64((cpuTime(b)-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// inventory gives n (package, version) pairs: a tenth of them of packages with
// advisories, as in a company's inventory.
func inventory(n *naive, size int) (packages []artifact.Package, versions []string) {
	r := rand.New(rand.NewPCG(5, 6))
	names := slices.Sorted(maps.Keys(n.by))
	for i := range size {
		name := fmt.Sprintf("clean-package-%d", r.IntN(200_000))
		if i%10 == 0 {
			name = names[r.IntN(len(names))]
		}
		packages = append(packages, pypi(name))
		versions = append(versions, fmt.Sprintf("%d.%d.%d", r.IntN(6), r.IntN(20), r.IntN(10)))
	}
	return packages, versions
}

func benchSnapshot(b *testing.B) (Config, *naive) {
	sources, _ := sourcesUnderTest(b)
	c := Config{Dir: b.TempDir(), Sources: sources, Names: pythonNames{}}
	if _, err := Sync(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	return c, newNaive(b, sources)
}

func BenchmarkMatchMillion(b *testing.B) {
	c, n := benchSnapshot(b)
	s, err := Open(c.Dir, c.Names)
	if err != nil {
		b.Fatal(err)
	}
	packages, versions := inventory(n, 1_000_000)
	b.ReportAllocs()
	defer cpuPerOp(b)()
	for b.Loop() {
		hits := 0
		for i, p := range packages {
			ms, err := s.Match(p, versions[i])
			if err != nil {
				b.Fatal(err)
			}
			hits += len(ms)
		}
		if hits == 0 {
			b.Fatal("nothing matched")
		}
	}
}

// BenchmarkAuditLock opens the snapshot and matches the 2,000 packages of a lock.
func BenchmarkAuditLock(b *testing.B) {
	c, n := benchSnapshot(b)
	packages, versions := inventory(n, 2000)
	b.ReportAllocs()
	defer cpuPerOp(b)()
	for b.Loop() {
		s, err := Open(c.Dir, c.Names)
		if err != nil {
			b.Fatal(err)
		}
		for i, p := range packages {
			if _, err := s.Match(p, versions[i]); err != nil {
				b.Fatal(err)
			}
		}
		s.Close()
	}
}

func BenchmarkOpen(b *testing.B) {
	c, _ := benchSnapshot(b)
	b.ReportAllocs()
	defer cpuPerOp(b)()
	for b.Loop() {
		s, err := Open(c.Dir, c.Names)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// BenchmarkParse reads all records of the first source; BenchmarkBuild makes the
// index of them.
func BenchmarkParse(b *testing.B) {
	f := firstZip(b)
	defer cpuPerOp(b)()
	for b.Loop() {
		if _, err := readBatch(b.Context(), f, pythonNames{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	batch1, err := readBatch(b.Context(), firstZip(b), pythonNames{})
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	defer cpuPerOp(b)()
	for b.Loop() {
		data, err := buildIndex(map[artifact.Ecosystem][]*batch{artifact.PyPI: {batch1}})
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "index-bytes")
}

func firstZip(b *testing.B) *os.File {
	sources, _ := sourcesUnderTest(b)
	f, err := os.Open(filepath.Join(sources[0], "PyPI", "all.zip"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return f
}
