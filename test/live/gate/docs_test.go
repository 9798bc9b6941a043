//go:build live

package gate_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/clients"
)

// TestDocs runs every command in the shell blocks of the two pages that a person
// starts with, in order and in one shell, on a copy of this repository with an
// empty home. The pages are taken as they are, but for two things: the gate's
// port is a free one, and the advisories come from where this machine has them.
func TestDocs(t *testing.T) {
	for _, tc := range []struct {
		page, in string
	}{
		{"install.md", "clone"}, // a clean clone
		{"first-hour.md", "."},
	} {
		t.Run(tc.page, func(t *testing.T) {
			b := newBox(t)
			if tc.in == "clone" {
				clone(t, b.Path("clone"))
				b.Env = append(b.Env, goCaches(t)...)
			}
			port := freePort(t)
			b.Env = append(b.Env, "GATEHOUSE_CONFIG="+b.Path("docs.yaml"))
			b.Write("docs.yaml", fmt.Sprintf("listen: 127.0.0.1:%s\nmatrix: {python: [%q]}\nadvisories: {sources: [%s]}\n", port, pathPython(t, b), strings.Join(advisorySources(t), ", ")))
			script := script(t, tc.page)
			b.Write("page.sh", strings.ReplaceAll(script, ":8484", ":"+port))
			b.Run("/bin/bash", "-c", "cd "+tc.in+" && exec bash "+b.Path("page.sh")).OK(t)
		})
	}
}

var (
	block   = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	expects = regexp.MustCompile(`\s+# exit (\d+).*$`)
)

// script makes a page's shell blocks one script that ends at the first command
// whose exit code is not what the page says.
func script(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	n := 0
	// What a page leaves running ends with it.
	out.WriteString("trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n")
	for _, b := range block.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(b[1]) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			n++
			want := "0"
			if m := expects.FindStringSubmatch(line); m != nil {
				want = m[1]
				line = expects.ReplaceAllString(line, "")
			}
			fmt.Fprintf(&out, "echo %s\n%s\ncode=$?\n[ $code -eq %s ] || { echo \"docs: exit $code, the page says %s\"; exit 99; }\n", quote("$ "+line), line, want, want)
		}
	}
	if n < 5 {
		t.Fatalf("found only %d commands in %s: are its blocks marked sh?", n, page)
	}
	return out.String()
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// clone copies what git would have of this working tree.
func clone(t *testing.T, to string) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("listing the repository's files: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// goCaches lets a build take modules and objects from where this test's own came
// from: an empty home has neither, and fetching them again proves nothing here.
func goCaches(t *testing.T) []string {
	t.Helper()
	keys := []string{"GOPROXY", "GOFLAGS", "GOMODCACHE", "GOCACHE"}
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"env"}, keys...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for i, v := range strings.SplitN(strings.TrimRight(string(out), "\n"), "\n", len(keys)) {
		env = append(env, keys[i]+"="+v)
	}
	return env
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// pathPython is the version of the python3 that the pages will call.
func pathPython(t *testing.T, b *clients.Box) string {
	t.Helper()
	r := b.Run("/bin/sh", "-c", `python3 -I -c "import platform; print(platform.python_version())"`).OK(t)
	return strings.TrimSpace(r.Stdout)
}
