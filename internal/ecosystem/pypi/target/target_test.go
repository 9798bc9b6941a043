package target

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		platform     string
		os           OS
		major, minor int
		arch, why    string
	}{
		{"linux", Manylinux, 2, 28, "x86_64", "uv's default"},
		{"macos", MacOS, 13, 0, "arm64", "uv's default"},
		{"windows", Windows, 0, 0, "amd64", "uv's default"},
		{"x86_64-unknown-linux-gnu", Manylinux, 2, 28, "x86_64", "a triple"},
		{"aarch64-unknown-linux-musl", Musllinux, 1, 2, "aarch64", "with the other C library"},
		{"riscv64-unknown-linux", Manylinux, 2, 39, "riscv64", "uv's own name"},
		{"x86_64-apple-darwin", MacOS, 13, 0, "x86_64", "Intel"},
		{"aarch64-apple-darwin", MacOS, 13, 0, "arm64", "Apple's own spelling comes out"},
		{"i686-pc-windows-msvc", Windows, 0, 0, "win32", "32 bits"},
		{"aarch64-pc-windows-msvc", Windows, 0, 0, "arm64", "ARM"},
		{"x86_64-manylinux_2_40", Manylinux, 2, 40, "x86_64", "uv's numbered form"},
		{"aarch64-manylinux2014", Manylinux, 2, 17, "aarch64", "an old name"},
		{"x86_64-musllinux_1_1", Musllinux, 1, 1, "x86_64", "musl, numbered"},
		{"arm64-macosx_14_0", MacOS, 14, 0, "arm64", "macOS, numbered"},
		{"x86_64-macos_10_9", MacOS, 10, 9, "x86_64", "without the x"},
		{"manylinux_2_17_x86_64", Manylinux, 2, 17, "x86_64", "a wheel's tag"},
		{"manylinux2014_aarch64", Manylinux, 2, 17, "aarch64", "an old one"},
		{"musllinux_1_2_x86_64", Musllinux, 1, 2, "x86_64", "musl's"},
		{"macosx_11_0_arm64", MacOS, 11, 0, "arm64", "macOS's"},
		{"win_amd64", Windows, 0, 0, "amd64", "Windows's"},
		{"win32", Windows, 0, 0, "win32", "and the old one"},
	} {
		got, err := Parse(ecosystem.Target{Python: "3.12.1", Platform: tc.platform})
		if err != nil || got.OS != tc.os || got.Major != tc.major || got.Minor != tc.minor || got.Arch != tc.arch || got.PythonMinor != 12 {
			t.Errorf("Parse(%q) = %+v, %v; want %+v (%s)", tc.platform, got, err, tc, tc.why)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ python, platform, why string }{
		{"3.11", "", "no platform"},
		{"3.11", "solaris", "not known"},
		{"3.11", "sparc-unknown-linux-gnu", "no wheels for it"},
		{"3.11", "x86_64-unknown-linux", "only riscv64 has that name"},
		{"3.11", "x86_64-manylinux_3_1", "no such glibc"},
		{"3.11", "x86_64-manylinux_2_100", "not within a hundred"},
		{"3.11", "x86_64-manylinux_2_+8", "a sign"},
		{"3.11", "x86_64-manylinux_2", "half a version"},
		{"3.11", "x86_64-musllinux_2_0", "no such musl"},
		{"3.11", "x86_64-macosx_9_0", "before Python's wheels"},
		{"3.11", "win_ia64", "no such wheel tag"},
		{"3.11", "arm64", "an architecture alone"},
		{"", "linux", "no Python"},
		{"3", "linux", "no minor version"},
		{"2.7.18", "linux", "Python 2"},
		{"4.0", "linux", "no such Python"},
		{"3.100", "linux", "no such Python"},
		{"3.18446744073709551616", "linux", "beyond 64 bits"},
		{"3.11.1.1", "linux", "four numbers"},
		{"1!3.11", "linux", "an epoch"},
		{"3.11.post1", "linux", "a post-release"},
		{"3.11+local", "linux", "a local build"},
		{"pypy3.11", "linux", "only CPython"},
	} {
		got, err := Parse(ecosystem.Target{Python: tc.python, Platform: tc.platform})
		if err == nil {
			t.Errorf("Parse(%q, %q) = %+v, want an error (%s)", tc.python, tc.platform, got, tc.why)
		}
	}
	_, err := Parse(ecosystem.Target{Python: "3.11", Platform: "\x1b[0m" + strings.Repeat("x", 500)})
	if err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v: want a short line without control characters", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("3.11.7", "x86_64-manylinux_2_28")
	f.Add("3.15.0rc1", "macosx_14_0_arm64")
	f.Fuzz(func(t *testing.T, python, platform string) {
		got, err := Parse(ecosystem.Target{Python: python, Platform: platform})
		if err == nil && (got.Arch == "" || got.OS == 0 || got.PythonMinor > maxPythonMinor || got.Minor > maxOSVersion || got.Major > maxOSVersion) {
			t.Fatalf("Parse(%q, %q) = %+v", python, platform, got)
		}
	})
}
