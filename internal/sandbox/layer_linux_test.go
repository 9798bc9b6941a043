package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Layers hide one another's holes, so each is taken alone here, in a process of
// its own, which says what it could do then: "" when the layer holds.
var alone = map[string]func() (could string, err error){
	LayerRoot: func() (string, error) {
		if err := emptyRoot(true); err != nil {
			return "", err
		}
		if entries, err := os.ReadDir("/"); err != nil || len(entries) > 0 {
			return fmt.Sprintf("list %d entries of the root, %v", len(entries), err), nil
		}
		if err := os.WriteFile("/made", nil, 0o600); !errors.Is(err, unix.EROFS) {
			return fmt.Sprintf("write: %v", err), nil
		}
		return couldRead(unix.ENOENT), nil
	},
	LayerLandlock: func() (string, error) {
		if err := errors.Join(noNewPrivileges(), onlyCgo(landlock())); err != nil {
			return "", err
		}
		if err := os.WriteFile("/tmp/made", nil, 0o600); !errors.Is(err, unix.EACCES) {
			return fmt.Sprintf("write: %v", err), nil
		}
		if err := exec.Command("/bin/true").Run(); !errors.Is(err, unix.EACCES) {
			return fmt.Sprintf("run a program: %v", err), nil
		}
		return couldRead(unix.EACCES), nil
	},
	LayerLandlockNetwork: func() (string, error) {
		if err := errors.Join(noNewPrivileges(), onlyCgo(landlock())); err != nil {
			return "", err
		}
		if err := landlockNetwork(nil); err != nil {
			return "", err
		}
		if _, err := net.DialTimeout("tcp", os.Args[3], time.Second); !errors.Is(err, unix.EACCES) {
			return fmt.Sprintf("connect: %v", err), nil
		}
		var plain net.ListenConfig
		plain.SetMultipathTCP(false) // which Landlock does not know; Go listens so by default
		if err := closed(plain.Listen(context.Background(), "tcp", "127.0.0.1:0")); !errors.Is(err, unix.EACCES) {
			return fmt.Sprintf("listen: %v", err), nil
		}
		return "", nil
	},
	LayerCapabilities: func() (string, error) {
		if err := dropCapabilities(); onlyCgo(err) != nil {
			return "", err
		}
		for _, thread := range threads() {
			for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
				if got := status(thread, set); strings.Trim(got, "0") != "" {
					return fmt.Sprintf("use %s %s in %s", set, got, thread), nil
				}
			}
		}
		return "", nil
	},
	LayerNoNewPrivileges: func() (string, error) {
		if err := noNewPrivileges(); err != nil {
			return "", err
		}
		for _, thread := range threads() {
			if got := status(thread, "NoNewPrivs"); got != "1" {
				return fmt.Sprintf("get rights in %s: %s", thread, got), nil
			}
		}
		return "", nil
	},
}

// onlyCgo forgives that a test built with cgo binds the one thread that tries.
func onlyCgo(err error) error {
	if why, ok := errors.AsType[lacking](err); ok && strings.Contains(string(why), "cgo") {
		return nil
	}
	return err
}

func couldRead(want error) string {
	if _, err := os.ReadFile("/etc/passwd"); !errors.Is(err, want) {
		return fmt.Sprintf("read: %v", err)
	}
	return ""
}

// threads are the folders of this process's threads; only the calling one's
// where cgo is linked in, for nobody promises more there.
func threads() []string {
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_GETPID, 0, 0, 0); errno == unix.ENOTSUP {
		return []string{"/proc/thread-self"}
	}
	all, err := filepath.Glob("/proc/self/task/*")
	if err != nil || len(all) < 2 {
		panic(fmt.Sprintf("one thread shows nothing: %v", err))
	}
	return all
}

func status(thread, field string) string {
	b, err := os.ReadFile(filepath.Join(thread, "status"))
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return "nothing"
}

// takeAlone is the child: the layer, what it could do, an address that answers.
func takeAlone(name string) {
	runtime.LockOSThread()
	could, err := alone[name]()
	if err != nil {
		could = "nothing was tried: " + err.Error()
	}
	fmt.Print(could)
	os.Exit(0)
}

func TestEachLayerAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name := range alone {
		t.Run(name, func(t *testing.T) {
			c := exec.Command(self, "layer", name, l.Addr().String())
			c.SysProcAttr = attributes(together)
			if name == LayerRoot || name == LayerCapabilities {
				c.SysProcAttr = attributes(apart)
			}
			out, err := c.CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("with nothing but %s the process could %s, %v", name, out, err)
			}
		})
	}
}
