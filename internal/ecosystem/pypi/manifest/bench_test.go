package manifest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// lockOf writes a uv.lock of n packages with the given number of wheels each.
func lockOf(n, wheels int) []byte {
	var b strings.Builder
	b.WriteString("version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n\n")
	b.WriteString("[[package]]\nname = \"demo\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [\n    { name = \"p0\" },\n]\n\n")
	for i := range n {
		fmt.Fprintf(&b, "[[package]]\nname = \"p%d\"\nversion = \"1.%d\"\nsource = { registry = \"https://index.invalid/simple\" }\ndependencies = [\n    { name = \"p%d\" },\n    { name = \"p%d\", marker = \"sys_platform == 'win32'\" },\n]\nwheels = [\n", i, i, (i+1)%n, (i*7+3)%n)
		for w := range wheels {
			name := fmt.Sprintf("p%d-1.%d-cp3%d-cp3%d-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", i, i, w, w)
			fmt.Fprintf(&b, "    { url = \"https://files.invalid/packages/ab/cd/0123456789abcdef0123456789abcdef0123456789abcdef012345678901/%s\", hash = \"sha256:%064x\", size = %d, upload-time = \"2024-05-06T07:08:09Z\" },\n", name, i*100+w, 1000+w)
		}
		b.WriteString("]\n\n")
	}
	return []byte(b.String())
}

func BenchmarkUVLock(b *testing.B) {
	for _, wheels := range []int{2, 10} {
		lock := lockOf(2000, wheels)
		b.Run(fmt.Sprintf("2000x%d", wheels), func(b *testing.B) {
			b.SetBytes(int64(len(lock)))
			b.ReportAllocs()
			fsys := fstest.MapFS{"uv.lock": {Data: lock}}
			for b.Loop() {
				if _, err := Parse(fsys, "uv.lock"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRequirements(b *testing.B) {
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, "package-%d==1.%d ; python_version >= \"3.8\" \\\n    --hash=sha256:%064x\n    # via other\n", i, i, i)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	fsys := fstest.MapFS{"requirements.txt": {Data: []byte(text.String())}}
	for b.Loop() {
		if _, err := Parse(fsys, "requirements.txt"); err != nil {
			b.Fatal(err)
		}
	}
}
