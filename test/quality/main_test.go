package quality

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeVariable makes the test binary a scanner of a known quality.
const fakeVariable = "GATEHOUSE_TEST_FAKE_SCANNER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeVariable); kind != "" {
		os.Exit(fake(kind, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fake prints what a scanner would that knows the answers from the folders' names
// ("perfect"), that admits all ("blind") or that rejects all ("paranoid").
func fake(kind string, args []string) int {
	if kind == "broken" {
		return 3
	}
	if kind == "silent" {
		fmt.Println(`{"files": []}`)
		return 0
	}
	files := args[3:]
	if files[0] == "--baseline" {
		files = files[2:]
	}
	var out []Outcome
	for _, file := range files {
		out = append(out, judge(kind, file))
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"files": out}); err != nil {
		return 3
	}
	return 1
}

func judge(kind, file string) Outcome {
	honest := strings.HasPrefix(file, "twin-") || strings.HasPrefix(file, "row-honest-")
	o := Outcome{File: file, Verdict: "admit"}
	if kind == "paranoid" || kind == "perfect" && !honest {
		o.Verdict = "reject"
		o.Findings = []Finding{{Rule: "fake", Path: "x", Line: 1, Severity: "high"}}
	}
	return o
}

// binary is the gatehouse that is measured, in full.
func binary(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("GATEHOUSE_TEST_BINARY"); name != "" {
		return name
	}
	name := filepath.Join(t.TempDir(), "gatehouse")
	c := exec.Command("go", "build", "-trimpath", "-o", name, "./cmd/gatehouse")
	c.Dir, c.Env = filepath.Join("..", ".."), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("building gatehouse: %v\n%s", err, out)
	}
	return name
}

// scanner is the real program with an empty home.
func scanner(t *testing.T, dir string) Scanner {
	t.Helper()
	home := t.TempDir()
	return Scanner{Binary: binary(t), Dir: dir, Env: []string{
		"HOME=" + home, "GATEHOUSE_DATA=" + filepath.Join(home, "data"), "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "NO_COLOR=1", "TMPDIR=" + home,
	}}
}

func fakeScanner(t *testing.T, kind, dir string) Scanner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Scanner{Binary: self, Dir: dir, Env: append(os.Environ(), fmt.Sprintf("%s=%s", fakeVariable, kind))}
}
