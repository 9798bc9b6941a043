package pep425

import (
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

func TestRank(t *testing.T) {
	for _, tc := range []struct {
		platform, better, worse, why string
	}{
		{"x86_64-manylinux_2_28", "cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_17_x86_64", "the newer C library"},
		{"x86_64-manylinux_2_28", "cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64", "a number before its old name"},
		{"x86_64-manylinux_2_28", "cp311-cp311-manylinux1_x86_64", "cp311-abi3-manylinux_2_28_x86_64", "the own ABI before the stable one"},
		{"x86_64-manylinux_2_28", "cp311-abi3-manylinux_2_5_x86_64", "cp310-abi3-manylinux_2_28_x86_64", "the newer stable ABI"},
		{"x86_64-manylinux_2_28", "cp32-abi3-manylinux_2_5_x86_64", "py3-none-manylinux_2_28_x86_64", "compiled for CPython before any Python"},
		{"x86_64-manylinux_2_28", "cp311-none-any", "py311-none-any", "CPython before any Python"},
		{"x86_64-manylinux_2_28", "py3-none-any", "py310-none-any", "3 before an older minor version"},
		{"x86_64-unknown-linux-musl", "cp311-cp311-musllinux_1_2_x86_64", "cp311-cp311-musllinux_1_1_x86_64", "musl"},
		{"macos", "cp311-cp311-macosx_13_0_arm64", "cp311-cp311-macosx_13_0_universal2", "the own processor first"},
		{"macos", "cp311-cp311-macosx_11_0_arm64", "cp311-cp311-macosx_10_9_universal2", "universal2 for an older system"},
		{"x86_64-apple-darwin", "cp311-cp311-macosx_10_9_intel", "cp311-cp311-macosx_10_9_universal2", "Intel's formats"},
		{"windows", "cp311-cp311-win_amd64", "py3-none-any", "Windows"},
	} {
		set := setFor(t, "3.11", tc.platform)
		better, okB := set.Rank(wheel(t, tc.better))
		worse, okW := set.Rank(wheel(t, tc.worse))
		if !okB || !okW || better >= worse {
			t.Errorf("%s: %s ranks %d %v, %s ranks %d %v; want the first better (%s)", tc.platform, tc.better, better, okB, tc.worse, worse, okW, tc.why)
		}
	}
}

func TestRankRefuses(t *testing.T) {
	for _, tc := range []struct{ python, platform, tags, why string }{
		{"3.11", "linux", "cp312-cp312-manylinux_2_28_x86_64", "another Python"},
		{"3.11", "linux", "cp311-cp311t-manylinux_2_28_x86_64", "a free-threaded one"},
		{"3.11", "linux", "cp312-abi3-manylinux_2_28_x86_64", "a newer stable ABI"},
		{"3.11", "linux", "cp311-cp311-manylinux_2_29_x86_64", "a newer C library"},
		{"3.11", "linux", "cp311-cp311-musllinux_1_2_x86_64", "another C library"},
		{"3.11", "linux", "cp311-cp311-manylinux_2_28_aarch64", "another processor"},
		{"3.11", "aarch64-manylinux_2_28", "cp311-cp311-manylinux2010_aarch64", "there was none for it"},
		{"3.11", "macos", "cp311-cp311-macosx_14_0_arm64", "a newer system"},
		{"3.11", "macos", "cp311-cp311-macosx_10_9_x86_64", "another processor"},
		{"3.11", "windows", "cp311-cp311-win32", "32 bits"},
		{"3.11", "linux", "py2-none-any", "Python 2"},
		{"3.11", "linux", "py312-none-any", "a newer Python"},
		{"3.11", "linux", "pp311-none-any", "another implementation"},
	} {
		if rank, ok := setFor(t, tc.python, tc.platform).Rank(wheel(t, tc.tags)); ok {
			t.Errorf("%s on %s: %s ranks %d, want none (%s)", tc.python, tc.platform, tc.tags, rank, tc.why)
		}
	}
	if _, ok := (Set{}).Rank(wheel(t, "py3-none-any")); ok {
		t.Error("the zero Set takes a wheel")
	}
}

func TestRankIsTheBestTags(t *testing.T) {
	set := setFor(t, "3.11", "linux")
	both, _ := set.Rank(wheel(t, "py2.py3-none-any"))
	one, _ := set.Rank(wheel(t, "py3-none-any"))
	if both != one {
		t.Errorf("py2.py3 ranks %d, py3 ranks %d; want the same", both, one)
	}
}

func TestSupportedStartsAndEnds(t *testing.T) {
	for _, tc := range []struct{ python, platform, first, last string }{
		{"3.11.7", "x86_64-manylinux_2_28", "cp311-cp311-linux_x86_64", "py30-none-any"},
		{"3.7", "linux", "cp37-cp37m-linux_x86_64", "py30-none-any"},
		{"3.14", "windows", "cp314-cp314-win_amd64", "py30-none-any"},
		{"3.12", "win32", "cp312-cp312-win32", "py30-none-any"},
	} {
		tags, err := Supported(ecosystem.Target{Python: tc.python, Platform: tc.platform})
		if err != nil || tags[0].String() != tc.first || tags[len(tags)-1].String() != tc.last {
			t.Errorf("Supported(%s, %s): %v ... %v, %v; want %s ... %s", tc.python, tc.platform, tags[0], tags[len(tags)-1], err, tc.first, tc.last)
		}
		sorted := slices.Clone(tags)
		slices.SortFunc(sorted, func(a, b Tag) int {
			return slices.Compare([]string{a.Python, a.ABI, a.Platform}, []string{b.Python, b.ABI, b.Platform})
		})
		if n := len(slices.Compact(sorted)); n != len(tags) {
			t.Errorf("Supported(%s, %s) repeats %d tags", tc.python, tc.platform, len(tags)-n)
		}
	}
	if tags, err := Supported(ecosystem.Target{Python: "3.11", Platform: "amiga"}); err == nil {
		t.Errorf("Supported(amiga) gives %d tags, want an error", len(tags))
	}
}

func setFor(t testing.TB, python, platform string) Set {
	t.Helper()
	tags, err := Supported(ecosystem.Target{Python: python, Platform: platform})
	if err != nil {
		t.Fatal(err)
	}
	return NewSet(tags)
}

func wheel(t testing.TB, tags string) Wheel {
	t.Helper()
	w, err := ParseWheelName("a-1-" + tags + ".whl")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func BenchmarkParseWheelName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseWheelName("numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRank(b *testing.B) {
	set := setFor(b, "3.11", "linux")
	w := wheel(b, "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64")
	b.ReportAllocs()
	for b.Loop() {
		set.Rank(w)
	}
}

func BenchmarkSupported(b *testing.B) {
	for b.Loop() {
		setFor(b, "3.11", "linux")
	}
}
