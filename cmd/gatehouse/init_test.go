package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What packages of ours may allocate before main begins, bytes. Every command and
// every worker is a process that pays it: what is large is made when it is first
// asked for (package lazy, sync.OnceValue), or is a table that the compiler lays out.
const (
	mostInit    = 320 << 10 // all of them
	mostInitOne = 64 << 10  // one
)

var initLine = regexp.MustCompile(`(?m)^init github\.com/gatehouse-project/gatehouse/(internal/\S+) .*, (\d+) bytes, \d+ allocs$`)

// TestInit counts what the packages allocate when the program starts. It starts the
// test's own program, whose packages are those of gatehouse and some more.
func TestInit(t *testing.T) {
	c := exec.Command(os.Args[0], "-test.list", "^$")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := initLine.FindAllStringSubmatch(string(out), -1)
	if len(found) < 5 || !strings.Contains(string(out), "/internal/code/python ") {
		t.Fatalf("this test no longer sees what packages allocate:\n%s", out)
	}
	sum := 0
	for _, m := range found {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if sum += n; n > mostInitOne {
			t.Errorf("%s allocates %d bytes before main, at most %d are for one package: make it when it is first asked for", m[1], n, mostInitOne)
		}
	}
	if sum > mostInit {
		t.Errorf("our packages allocate %d bytes before main, at most %d are for all of them together", sum, mostInit)
	}
}
