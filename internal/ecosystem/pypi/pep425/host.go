package pep425

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// NewestPython is the newest stable CPython that this build knows of (November
// 2026, from uv 0.13.9's list of CPython builds). It is the default where nobody
// declared a Python; it moves with gatehouse's releases.
const NewestPython = "3.15.2"

// Host gives the running platform with NewestPython. Python is not run and no
// process is started: the C library's or system's version is read from its own
// files, and where that fails the answer is the platform's short name.
func Host() ecosystem.Target {
	return host(runtime.GOOS, runtime.GOARCH, os.DirFS("/"))
}

func host(goos, goarch string, root fs.FS) ecosystem.Target {
	arch := cmp.Or(archNames[goarch], goarch) // an unknown one is refused by Supported, by its name
	t := ecosystem.Target{Python: NewestPython}
	switch goos {
	case "darwin":
		t.Platform = arch + "-apple-darwin"
		if version := macVersion(root); version != "" {
			t.Platform = arch + "-macosx_" + version
		}
	case "windows":
		t.Platform = arch + "-pc-windows-msvc"
	default:
		t.Platform = linuxPlatform(root, arch)
	}
	return t
}

// archNames gives Python's names of Go's architectures.
var archNames = map[string]string{
	"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l",
	"ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64",
}

// Few commands ask, and the counted repeat is large: it is not made at every start.
var glibcBanner = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`GNU C Library[^\n]{0,200}release version 2\.([0-9]{1,2})`)
})

// linuxPlatform looks for glibc where distributions put it and reads the
// version that it would print when run. Without glibc but with musl's loader
// the system is a musl one.
func linuxPlatform(root fs.FS, arch string) string {
	for _, pattern := range []string{"lib64/libc.so.6", "lib/*-linux-gnu*/libc.so.6", "usr/lib64/libc.so.6", "usr/lib/*-linux-gnu*/libc.so.6", "usr/lib/libc.so.6", "lib/libc.so.6"} {
		paths, _ := fs.Glob(root, pattern) // the patterns are well formed
		for _, path := range paths {
			if m := glibcBanner().FindSubmatch(readHead(root, path)); m != nil {
				return fmt.Sprintf("%s-manylinux_2_%s", arch, bytes.TrimLeft(m[1], "0"))
			}
		}
	}
	if loaders, _ := fs.Glob(root, "lib/ld-musl-*.so.1"); len(loaders) > 0 {
		return arch + "-unknown-linux-musl"
	}
	return arch + "-unknown-linux-gnu"
}

var macProductVersion = lazy.Regexp(`<key>ProductVersion</key>\s*<string>([0-9]{1,2})\.([0-9]{1,2})`)

func macVersion(root fs.FS) string {
	m := macProductVersion().FindSubmatch(readHead(root, "System/Library/CoreServices/SystemVersion.plist"))
	if m == nil {
		return ""
	}
	return fmt.Sprintf("%s_%s", m[1], m[2])
}

// maxHostFile is more than any C library measures.
const maxHostFile = 32 << 20

// readHead gives up to maxHostFile bytes of a file, none when it cannot be read.
func readHead(root fs.FS, path string) []byte {
	f, err := root.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxHostFile))
	if err != nil {
		return nil
	}
	return b
}
