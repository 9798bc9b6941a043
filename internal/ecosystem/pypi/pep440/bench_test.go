package pep440

import "testing"

var sink int

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"2.31.0", "1.0.0rc1", "1!2.0.post3.dev4+cu121"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, _ := Parse(s)
				sink += len(v.text)
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	x, y := mustParse(b, "2.31.0"), mustParse(b, "2.31.1")
	for b.Loop() {
		sink += Compare(x, y)
	}
}

func BenchmarkContains(b *testing.B) {
	for _, s := range []string{">=1.21.1,<3", "~=2.31", "==2.*", "!=2.30,>2"} {
		b.Run(s, func(b *testing.B) {
			set, v := mustSpecifiers(b, s), mustParse(b, "2.31.0")
			b.ReportAllocs()
			for b.Loop() {
				if set.Contains(v) {
					sink++
				}
			}
		})
	}
}
