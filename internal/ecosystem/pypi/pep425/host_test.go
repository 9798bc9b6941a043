package pep425

import (
	"testing"
	"testing/fstest"
)

func TestHostOn(t *testing.T) {
	glibc := func(version string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("\x7fELF\x00\x00GNU C Library (Debian GLIBC " + version + "-9) stable release version " + version + ".\nCopyright\x00")}
	}
	plist := func(version string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("<dict>\n<key>ProductName</key>\n<string>macOS</string>\n<key>ProductVersion</key>\n\t<string>" + version + "</string>\n</dict>")}
	}
	const plistPath = "System/Library/CoreServices/SystemVersion.plist"
	for _, tc := range []struct {
		goos, goarch string
		root         fstest.MapFS
		want, why    string
	}{
		{"linux", "amd64", fstest.MapFS{"lib/x86_64-linux-gnu/libc.so.6": glibc("2.36")}, "x86_64-manylinux_2_36", "Debian's place"},
		{"linux", "arm64", fstest.MapFS{"lib64/libc.so.6": glibc("2.34")}, "aarch64-manylinux_2_34", "Fedora's"},
		{"linux", "arm", fstest.MapFS{"usr/lib/arm-linux-gnueabihf/libc.so.6": glibc("2.31")}, "armv7l-manylinux_2_31", "another triplet"},
		{"linux", "amd64", fstest.MapFS{"lib64/libc.so.6": {Data: []byte("stripped")}, "usr/lib/libc.so.6": glibc("2.40")}, "x86_64-manylinux_2_40", "a file without the text is passed over"},
		{"linux", "amd64", fstest.MapFS{"lib/ld-musl-x86_64.so.1": {}}, "x86_64-unknown-linux-musl", "Alpine"},
		{"linux", "amd64", fstest.MapFS{"lib/ld-musl-x86_64.so.1": {}, "lib/x86_64-linux-gnu/libc.so.6": glibc("2.36")}, "x86_64-manylinux_2_36", "musl installed beside glibc"},
		{"linux", "amd64", fstest.MapFS{}, "x86_64-unknown-linux-gnu", "nothing to read, as in an empty container"},
		{"darwin", "arm64", fstest.MapFS{plistPath: plist("14.4.1")}, "aarch64-macosx_14_4", "Apple's own file"},
		{"darwin", "amd64", fstest.MapFS{}, "x86_64-apple-darwin", "unreadable"},
		{"windows", "amd64", fstest.MapFS{}, "x86_64-pc-windows-msvc", "Windows"},
		{"linux", "mips64", fstest.MapFS{}, "mips64-unknown-linux-gnu", "an unknown processor keeps its name"},
	} {
		got := host(tc.goos, tc.goarch, tc.root)
		if got.Platform != tc.want || got.Python != NewestPython {
			t.Errorf("host(%s, %s) = %+v, want %s (%s)", tc.goos, tc.goarch, got, tc.want, tc.why)
			continue
		}
		if _, err := Supported(got); (err == nil) != (tc.goarch != "mips64") {
			t.Errorf("Supported(%+v): %v (%s)", got, err, tc.why)
		}
	}
}

func TestHostIsSupported(t *testing.T) {
	if _, err := Supported(Host()); err != nil {
		t.Errorf("this machine, %+v: %v", Host(), err)
	}
}
