package manifest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

const sri = "sha512-5xoDfX+fL7faATnagmWPpbFtwh/R77WmMMqqHGS65C3vvB0YHrgF+B1YmZ3441tMj5n63k0212XNoJwzlhffQw=="

// npmLockOf writes a package-lock.json of n packages.
func npmLockOf(n int) []byte {
	var b strings.Builder
	b.WriteString("{\n  \"name\": \"demo\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\n      \"dependencies\": {\n        \"p0\": \"^1.0.0\"\n      }\n    }")
	for i := range n {
		fmt.Fprintf(&b, ",\n    \"node_modules/p%d\": {\n      \"version\": \"1.%d.0\",\n      \"resolved\": \"https://registry.invalid/p%d/-/p%d-1.%d.0.tgz\",\n      \"integrity\": \"%s\",\n      \"license\": \"MIT\",\n      \"dependencies\": {\n        \"p%d\": \"^1.0.0\",\n        \"p%d\": \"^1.0.0\"\n      },\n      \"engines\": {\n        \"node\": \">=8\"\n      }\n    }",
			i, i, i, i, i, sri, (i+1)%n, (i*7+3)%n+n)
	}
	b.WriteString("\n  }\n}\n")
	return []byte(b.String())
}

// pnpmLockOf writes a pnpm-lock.yaml of n packages.
func pnpmLockOf(n int) []byte {
	var b strings.Builder
	b.WriteString("lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      p0:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n")
	for i := range n {
		fmt.Fprintf(&b, "  p%d@1.%d.0:\n    resolution: {integrity: %s}\n    engines: {node: '>=8'}\n\n", i, i, sri)
	}
	b.WriteString("snapshots:\n\n")
	for i := range n {
		fmt.Fprintf(&b, "  p%d@1.%d.0:\n    dependencies:\n      p%d: 1.%d.0\n\n", i, i, (i+1)%n, (i+1)%n)
	}
	return []byte(b.String())
}

func yarnLockOf(n int) []byte {
	var b strings.Builder
	b.WriteString("# yarn lockfile v1\n\n\n")
	for i := range n {
		fmt.Fprintf(&b, "p%d@^1.0.0:\n  version \"1.%d.0\"\n  resolved \"https://registry.invalid/p%d/-/p%d-1.%d.0.tgz#0123456789012345678901234567890123456789\"\n  integrity %s\n  dependencies:\n    p%d \"^1.0.0\"\n\n", i, i, i, i, i, sri, (i+1)%n)
	}
	return []byte(b.String())
}

func bunLockOf(n int) []byte {
	var b strings.Builder
	b.WriteString("{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\n    \"\": {\n      \"dependencies\": {\n        \"p0\": \"^1.0.0\",\n      },\n    },\n  },\n  \"packages\": {\n")
	for i := range n {
		fmt.Fprintf(&b, "    \"p%d\": [\"p%d@1.%d.0\", \"\", { \"dependencies\": { \"p%d\": \"^1.0.0\" } }, \"%s\"],\n\n", i, i, i, (i+1)%n, sri)
	}
	b.WriteString("  }\n}\n")
	return []byte(b.String())
}

func BenchmarkLock(b *testing.B) {
	for _, tc := range []struct {
		format string
		lock   []byte
	}{{PackageLock, npmLockOf(2000)}, {PNPMLock, pnpmLockOf(2000)}, {YarnLock, yarnLockOf(2000)}, {BunLock, bunLockOf(2000)}} {
		b.Run(tc.format, func(b *testing.B) {
			b.SetBytes(int64(len(tc.lock)))
			b.ReportAllocs()
			fsys := fstest.MapFS{tc.format: {Data: tc.lock}}
			for b.Loop() {
				m, err := Parse(fsys, tc.format)
				if err != nil || len(m.Requirements) != 2000 {
					b.Fatal(len(m.Requirements), err, m.Problems)
				}
			}
		})
	}
}
