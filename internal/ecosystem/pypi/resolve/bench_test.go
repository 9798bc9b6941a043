package resolve

import (
	"fmt"
	"testing"
)

// BenchmarkResolve resolves a closure of 200 packages, each with 200 versions,
// from an upstream in memory: the cost of choosing alone. Half of the newest
// versions are refused by others.
func BenchmarkResolve(b *testing.B) {
	const packages, versions = 200, 200
	var lines []string
	for p := range packages {
		for v := range versions {
			line := fmt.Sprintf("p%d 1.%d -> p%d>=1.%d & p%d<1.%d", p, v, (2*p+1)%packages, v/2, (2*p+2)%packages, versions-p%2)
			lines = append(lines, line)
		}
	}
	up := newMemory(b, lines...)
	for b.Loop() {
		rs, err := resolveLines(b, up, linux311, "p0")
		if err != nil || len(rs) < packages/2 {
			b.Fatalf("got %d versions, %v", len(rs), err)
		}
	}
}
