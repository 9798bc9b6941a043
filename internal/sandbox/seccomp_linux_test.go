//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// asked is struct seccomp_data as the virtual machine wants it: the kernel's
// filters read words of the machine, the package's read the network's.
func asked(machine, nr uint32, args ...uint64) []byte {
	b := make([]byte, offArguments+6*8)
	binary.BigEndian.PutUint32(b[offNumber:], nr)
	binary.BigEndian.PutUint32(b[offMachine:], machine)
	for i, a := range args {
		binary.BigEndian.PutUint32(b[offArguments+8*i:], uint32(a))
		binary.BigEndian.PutUint32(b[offArguments+8*i+4:], uint32(a>>32))
	}
	return b
}

func TestWorkerFilter(t *testing.T) {
	const own = 7
	vm, err := bpf.NewVM(workerFilter(own))
	if err != nil {
		t.Fatal(err)
	}
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD
	for _, tc := range []struct {
		machine uint32
		nr      uint32
		args    []uint64
		want    bpf.RetConstant
		why     string
	}{
		{auditMachine, unix.SYS_READ, []uint64{0, 1, 2}, letThrough, "reading is the work"},
		{auditMachine, unix.SYS_PREAD64, nil, letThrough, "at offsets"},
		{unix.AUDIT_ARCH_I386, unix.SYS_READ, nil, kill, "another machine has other numbers"},
		{0, unix.SYS_READ, nil, kill, "no machine"},
		{auditMachine, otherNumbers | unix.SYS_READ, nil, kill, "x32's read"},
		{auditMachine, otherNumbers | unix.SYS_EXECVE, nil, kill, "x32's execve"},
		{auditMachine, 0xffffffff, nil, kill, "no number"},
		{auditMachine, 0x3fffffff, nil, notAllowed, "a call that nobody knows yet"},
		{auditMachine, unix.SYS_OPENAT, nil, notAllowed, "a library may do without a file"},
		{auditMachine, unix.SYS_LSEEK, nil, notAllowed, "the parent shares the position"},
		{auditMachine, unix.SYS_EXECVE, nil, kill, "nobody who reads tries"},
		{auditMachine, unix.SYS_SOCKET, nil, kill, "same"},
		{auditMachine, unix.SYS_CLONE, []uint64{thread}, letThrough, "Go's threads"},
		{auditMachine, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, kill, "fork"},
		{auditMachine, unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_VFORK | uint64(unix.SIGCHLD)}, kill, "vfork"},
		{auditMachine, unix.SYS_CLONE, []uint64{thread | unix.CLONE_NEWNET}, kill, "a thread with a network"},
		{auditMachine, unix.SYS_CLONE, []uint64{unix.CLONE_THREAD << 32}, kill, "the kernel reads the lower half"},
		{auditMachine, unix.SYS_CLONE3, nil, notThere, "glibc then takes clone"},
		{auditMachine, unix.SYS_TGKILL, []uint64{own, 9, 23}, letThrough, "its own thread"},
		{auditMachine, unix.SYS_TGKILL, []uint64{own + 1, 9, 9}, notAllowed, "another process"},
		{auditMachine, unix.SYS_KILL, []uint64{own, 9}, notAllowed, "Go needs none"},
		{auditMachine, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, letThrough, "memory"},
		{auditMachine, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_EXEC}, notAllowed, "code"},
		{auditMachine, unix.SYS_MPROTECT, []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, notAllowed, "code"},
		{auditMachine, unix.SYS_FCNTL, []uint64{1, unix.F_GETFL}, letThrough, "os.NewFile asks"},
		{auditMachine, unix.SYS_FCNTL, []uint64{1, unix.F_SETOWN}, notAllowed, "signals by way of a pipe"},
		{auditMachine, unix.SYS_PRCTL, []uint64{unix.PR_SET_VMA}, letThrough, "Go names its memory"},
		{auditMachine, unix.SYS_PRCTL, []uint64{unix.PR_SET_DUMPABLE}, notAllowed, "nothing else"},
	} {
		got, err := vm.Run(asked(tc.machine, tc.nr, tc.args...))
		if err != nil || uint32(got) != tc.want.Val {
			t.Errorf("machine %#x, call %#x %v: got %#x, %v, want %#x (%s)", tc.machine, tc.nr, tc.args, uint32(got), err, tc.want.Val, tc.why)
		}
	}
}

// TestFilterListsAreApart: what stands in two lists has two meanings.
func TestFilterListsAreApart(t *testing.T) {
	all := slices.Concat(workerCalls, deadlyCalls, []uintptr{unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_TGKILL, unix.SYS_MMAP, unix.SYS_MPROTECT, unix.SYS_FCNTL, unix.SYS_PRCTL})
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			t.Errorf("call %d is listed twice", all[i])
		}
	}
}

func init() { alone[LayerSeccomp] = filterAlone }

// filterAlone binds threads that were there before.
func filterAlone() (could string, err error) {
	before := threads()
	if err := install([]bpf.Instruction{letThrough}); err != nil {
		return "", err
	}
	for _, thread := range before {
		if got := status(thread, "Seccomp"); got != "2" {
			return fmt.Sprintf("call what it likes from %s: %s", thread, got), nil
		}
	}
	return "", nil
}
