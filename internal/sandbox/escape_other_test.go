//go:build !linux

package sandbox

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func escapeTasks() map[string]Task { return map[string]Task{"escape": escape} }

// escape tries what a worker must not be able to do and answers with what it
// could.
func escape(_ []*os.File, spec []byte) ([]byte, error) {
	var done []string
	if f, err := os.Open("/dev/null"); err == nil {
		f.Close()
		done = append(done, "open")
	}
	if f, err := os.Create(string(spec)); err == nil {
		f.Close()
		done = append(done, "create")
	}
	if c, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		c.Close()
		done = append(done, "tcp")
	}
	if c, err := net.ListenPacket("udp", "127.0.0.1:0"); err == nil {
		c.Close()
		done = append(done, "udp")
	}
	if err := exec.Command("/bin/true").Run(); err == nil {
		done = append(done, "exec")
	}
	return []byte(strings.Join(done, " ")), nil
}

func TestWorkerCannotReachOut(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // no layer there closes this; Layers says so
	}
	got, err := Run(t.Context(), "escape", nil, []byte(filepath.Join(t.TempDir(), "made")), Limits{})
	if err != nil || len(got) != 0 {
		t.Errorf("the worker could %q, %v", got, err)
	}
}

// inherit: nothing here reads descriptors by their numbers.
func inherit() {}

// takeAlone: nothing here can be taken alone.
func takeAlone(string) {}
