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
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// escape is something that a worker must not be able to do.
type escape struct {
	name string
	try  func(spec string) error // nil: it could
	dies bool                    // the filter kills the worker for it
	why  string
}

// escapes are tried one to a worker, in TestEscapes. The spec names a folder of
// the parent with a file "canary" in it, and the parent's process number.
var escapes = []escape{
	{"read a file", func(string) error { _, err := os.ReadFile("/etc/passwd"); return err }, false, "no file is readable"},
	{"read the parent's file", func(s string) error { _, err := os.ReadFile(canary(s)); return err }, false, "nor one whose name is known"},
	{"look at a file", func(s string) error { _, err := os.Lstat(canary(s)); return err }, false, "nor its size"},
	{"read its own memory map", func(string) error { _, err := os.ReadFile("/proc/self/maps"); return err }, false, "there is no /proc"},
	{"read the parent's environment", func(s string) error { _, err := os.ReadFile("/proc/" + parent(s) + "/environ"); return err }, false, "secrets stand there"},
	{"list the root", func(string) error { _, err := os.ReadDir("/"); return err }, false, "nothing may be opened"},
	{"write a file", func(s string) error { return os.WriteFile(filepath.Join(folder(s), "made"), nil, 0o600) }, false, "nothing can be made"},
	{"change a file", func(s string) error { return os.WriteFile(canary(s), []byte("dead"), 0o600) }, false, "nothing can be changed"},
	{"remove a file", func(s string) error { return os.Remove(canary(s)) }, false, "nothing can be removed"},
	{"rename a file", func(s string) error { return os.Rename(canary(s), canary(s)+"2") }, false, "or moved"},
	{"make a folder", func(string) error { return os.Mkdir("/made", 0o700) }, false, "not even in its own root"},
	{"write to the input", func(string) error { _, err := unix.Pwrite(firstIn, []byte("dead"), 0); return err }, false, "the input was opened for writing by a careless parent"},
	{"cut the input", func(string) error { return unix.Ftruncate(firstIn, 0) }, false, "same"},
	{"move the input's position", func(string) error { _, err := unix.Seek(firstIn, 1, 0); return err }, false, "the parent shares it"},
	{"one descriptor more", func(string) error { _, err := unix.Dup(firstIn); return err }, false, "none beyond those it has"},
	{"a pipe", func(string) error { return unix.Pipe2(make([]int, 2), 0) }, false, "same"},
	{"a file in memory", func(string) error { _, err := unix.MemfdCreate("x", 0); return err }, true, "a program could be put there"},

	{"connect", func(s string) error { return closed(net.DialTimeout("tcp", "127.0.0.1:"+port(s), time.Second)) }, true, "no network"},
	{"bind a port", func(string) error { return closed(net.Listen("tcp", "127.0.0.1:0")) }, true, "none to wait on either"},
	{"a datagram", func(string) error { return closed(net.ListenPacket("udp", "127.0.0.1:0")) }, true, "nor without a connection"},
	{"a socket file", func(s string) error { return closed(net.Listen("unix", filepath.Join(folder(s), "s"))) }, true, "nor by a file"},
	{"an abstract socket", func(string) error { return closed(net.Listen("unix", "@gatehouse-test")) }, true, "nor by a name"},
	{"a socket pair", func(string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }, true, "nor with itself"},

	{"become another program", func(string) error { return syscall.Exec("/bin/true", []string{"true"}, nil) }, true, "no program starts"},
	{"become the input", func(string) error {
		none := []uintptr{0}
		return call(unix.SYS_EXECVEAT, firstIn, uintptr(unsafe.Pointer(new(byte))), uintptr(unsafe.Pointer(&none[0])), uintptr(unsafe.Pointer(&none[0])), unix.AT_EMPTY_PATH)
	}, true, "not even from a descriptor"},
	{"start a program", func(string) error { return exec.Command("/bin/true").Run() }, false, "looking for it fails"},
	{"fork", func(string) error { return call(unix.SYS_CLONE, uintptr(unix.SIGCHLD)) }, true, "one process"},
	{"fork in a namespace", func(string) error { return call(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD)) }, true, "same"},
	{"fork, the newer way", func(string) error {
		args := [11]uint64{4: uint64(unix.SIGCHLD)}
		return call(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args))
	}, false, "the filter cannot read the flags, so there is none"},
	{"ptrace the parent", func(s string) error { return syscall.PtraceAttach(atoi(parent(s))) }, true, "nobody is looked into"},
	{"read the parent's memory", func(s string) error {
		v := unix.RemoteIovec{Base: 0x400000, Len: 8}
		_, err := unix.ProcessVMReadv(atoi(parent(s)), []unix.Iovec{{Base: new(byte), Len: 1}}, []unix.RemoteIovec{v}, 0)
		return err
	}, true, "same"},
	{"kill the parent", func(s string) error { return syscall.Kill(atoi(parent(s)), syscall.SIGKILL) }, false, "no signal leaves"},
	{"kill everybody", func(string) error { return syscall.Kill(-1, syscall.SIGKILL) }, false, "same"},
	{"kill a thread of the parent", func(s string) error { return unix.Tgkill(atoi(parent(s)), atoi(parent(s)), unix.SIGKILL) }, false, "by its own call either"},
	{"be told of by a signal", func(s string) error { _, err := unix.FcntlInt(answerFD, unix.F_SETOWN, atoi(parent(s))); return err }, false, "a pipe sends SIGIO to whom one names"},
	{"open another process", func(s string) error { _, err := unix.PidfdOpen(atoi(parent(s)), 0); return err }, false, "same"},

	{"raise a limit", func(string) error {
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 100, Max: 100})
	}, false, "limits stay"},
	{"lower another's limit", func(s string) error {
		return unix.Prlimit(atoi(parent(s)), unix.RLIMIT_NOFILE, &unix.Rlimit{}, nil)
	}, false, "and touch nobody else"},
	{"be nice to itself", func(string) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -10) }, false, "no precedence"},
	{"become root", func(string) error { return syscall.Setresuid(0, 0, 0) }, false, "no other user"},
	{"take a capability", func(string) error {
		h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		return unix.Capset(&h, &[]unix.CapUserData{{Effective: 1 << unix.CAP_SYS_ADMIN, Permitted: 1 << unix.CAP_SYS_ADMIN}, {}}[0])
	}, false, "given up for good"},

	{"mount", func(string) error { return unix.Mount("tmpfs", "/", "tmpfs", 0, "") }, true, "the root stays empty"},
	{"unmount", func(string) error { return unix.Unmount("/", unix.MNT_DETACH) }, true, "same"},
	{"change the root", func(string) error { return unix.Chroot("/") }, true, "same"},
	{"a namespace", func(string) error { return unix.Unshare(unix.CLONE_NEWUSER | unix.CLONE_NEWNS) }, true, "rights come with one"},
	{"another's namespace", func(string) error { return unix.Setns(firstIn, 0) }, true, "same"},
	{"a file by its handle", func(string) error {
		_, err := unix.OpenByHandleAt(unix.AT_FDCWD, unix.NewFileHandle(1, make([]byte, 8)), 0)
		return err
	}, true, "a way around paths"},
	{"bpf", func(string) error { return call(unix.SYS_BPF, 0, 0, 0) }, true, "code for the kernel"},
	{"userfaultfd", func(string) error { return call(unix.SYS_USERFAULTFD, 0) }, true, "makes kernel faults exploitable"},
	{"io_uring", func(string) error { return call(unix.SYS_IO_URING_SETUP, 1, 0) }, true, "calls past the filter"},
	{"keys", func(string) error {
		_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
		return err
	}, true, "the parent's keys"},
	{"perf", func(string) error { _, err := unix.PerfEventOpen(&unix.PerfEventAttr{}, 0, -1, -1, 0); return err }, true, "looks into others"},
	{"type for the user", func(string) error {
		return call(unix.SYS_IOCTL, 0, unix.TIOCSTI, uintptr(unsafe.Pointer(new(byte))))
	}, false, "the terminal's next command"},
	{"new code", func(string) error {
		_, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	}, false, "no page is made executable"},
	{"turn data into code", func(string) error {
		b, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return err
		}
		return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
	}, false, "nor later"},
	{"the other table of calls", func(string) error { return call(otherCalls | unix.SYS_GETPID) }, true, "x32 has the same calls by other numbers"},
	{"loosen the filter", func(string) error { return call(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, 0) }, false, "it is there for good"},
}

const otherCalls = 0x40000000

// The parts of the spec.
func folder(spec string) string { return strings.Split(spec, "\n")[0] }
func parent(spec string) string { return strings.Split(spec, "\n")[1] }
func port(spec string) string   { return strings.Split(spec, "\n")[2] }
func canary(spec string) string { return filepath.Join(folder(spec), "canary") }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func call(trap uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := syscall.Syscall6(trap, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

func closed[C interface{ Close() error }](c C, err error) error {
	if err != nil {
		return err
	}
	return c.Close()
}

// escapeTasks are the attempts as tasks: "could" when it worked.
func escapeTasks() map[string]Task {
	tasks := map[string]Task{
		"thread bomb": threadBomb,
		"open more":   openMore,

		"read inherited": readInherited,
	}
	for _, e := range escapes {
		tasks["escape: "+e.name] = func(_ []*os.File, spec []byte) ([]byte, error) {
			if err := e.try(string(spec)); err != nil {
				return nil, fmt.Errorf("held back: %w", err)
			}
			return []byte("could"), nil
		}
	}
	return tasks
}

// threadBomb asks the runtime for threads until it has no more.
func threadBomb([]*os.File, []byte) ([]byte, error) {
	debug.SetMaxThreads(1 << 20)
	for range 20_000 {
		go func() {
			runtime.LockOSThread()
			select {}
		}()
		runtime.Gosched()
	}
	return []byte("could"), nil
}

// openMore counts how many descriptors it can have beyond those it was given.
func openMore([]*os.File, []byte) ([]byte, error) {
	var n int
	for range 100 {
		if _, err := unix.FcntlInt(answerFD, unix.F_DUPFD, 0); err == nil {
			n++
		}
		if _, err := unix.EpollCreate1(0); err == nil {
			n++
		}
	}
	return []byte(strconv.Itoa(n)), nil
}

func TestEscapes(t *testing.T) {
	testEscapes(t)
}

// TestEscapesWithoutNamespaces: Landlock and the filter hold on their own.
func TestEscapesWithoutNamespaces(t *testing.T) {
	refuseNamespaces(t)
	testEscapes(t)
}

func testEscapes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan struct{}, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
			accepted <- struct{}{}
		}
	}()
	dir := t.TempDir()
	in, err := os.Create(filepath.Join(dir, "input"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for _, f := range []string{in.Name(), filepath.Join(dir, "canary")} {
		if err := os.WriteFile(f, []byte("sings"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, listening, _ := net.SplitHostPort(l.Addr().String())
	spec := fmt.Sprintf("%s\n%d\n%s", dir, os.Getpid(), listening)
	slots := make(chan struct{}, 16) // a process with the race detector ends with a second's sleep
	var tried sync.WaitGroup
	for _, e := range escapes {
		slots <- struct{}{}
		tried.Go(func() { tryEscape(t, e, in, spec); <-slots })
	}
	tried.Wait()
	for _, name := range []string{"input", "canary"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != "sings" {
			t.Errorf("afterwards %s holds %q, %v", name, b, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("afterwards the folder holds %v, %v", entries, err)
	}
	select {
	case <-accepted:
		t.Error("a connection came out")
	default:
	}
}

func tryEscape(t *testing.T, e escape, in *os.File, spec string) {
	got, err := Run(t.Context(), "escape: "+e.name, []*os.File{in}, []byte(spec), Limits{})
	f, ok := errors.AsType[*Failure](err)
	switch {
	case !ok:
		t.Errorf("%s: the worker could: got %q, %v (%s)", e.name, got, err, e.why)
	case e.dies && (f.Kind != Crash || !strings.Contains(f.Detail, "nobody needs")):
		t.Errorf("%s: got %v, want it killed by the filter (%s)", e.name, f, e.why)
	case !e.dies && (f.Kind != Refused || !strings.Contains(f.Detail, "held back")):
		t.Errorf("%s: got %v, want an error (%s)", e.name, f, e.why)
	}
}

// readInherited reads from whatever descriptor there is beyond those given.
func readInherited([]*os.File, []byte) ([]byte, error) {
	var got []string
	for fd := firstIn; fd < 1024; fd++ {
		b := make([]byte, 10)
		if n, err := unix.Pread(fd, b, 0); err == nil {
			got = append(got, fmt.Sprintf("%d: %s", fd, b[:n]))
		}
	}
	return []byte("read: " + strings.Join(got, ", ")), nil
}

// TestNothingIsInherited: the program was started with a file open that was not
// meant for it. The test starts itself so, and that one starts a worker.
func TestNothingIsInherited(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, "inherit")
	c.ExtraFiles = []*os.File{nil, nil, nil, nil, nil, nil, secret}
	// Go's runtime holds files of its own: how many processors this group may use.
	if out, err := c.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "read:") || strings.Contains(string(out), "secret") {
		t.Errorf("the worker of a program with an open file said %q, %v", out, err)
	}
}

// inherit starts a worker and says what that inherited.
func inherit() {
	out, err := Run(context.Background(), "read inherited", nil, nil, Limits{})
	fmt.Print(string(out))
	if err != nil {
		fmt.Print(err)
	}
	os.Exit(0)
}

func TestThreadBomb(t *testing.T) {
	_, err := Run(t.Context(), "thread bomb", nil, nil, Limits{Memory: 128 << 20, Wall: 20 * time.Second})
	if f, ok := errors.AsType[*Failure](err); !ok || f.Kind == Refused {
		t.Errorf("got %v, want a failure", err)
	}
}

func TestNoMoreDescriptors(t *testing.T) {
	got, err := Run(t.Context(), "open more", nil, nil, Limits{})
	if err != nil || string(got) != "0" {
		t.Errorf("the worker opened %q more, %v", got, err)
	}
}
