//go:build linux && (amd64 || arm64)

package sandbox

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The filter decides on every system call by its number and its plain arguments
// (https://docs.kernel.org/userspace-api/seccomp_filter.html). A worker's lets
// through what Go's runtime and reading at offsets need. What it does not know
// fails with EPERM, because a library may try and do without; what nobody tries
// who only reads kills the worker, and its death is evidence.

// What a filter answers.
var (
	letThrough = bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
	kill       = bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}
	notAllowed = bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}
	notThere   = bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)}
)

// workerCalls are let through whatever their arguments are.
var workerCalls = append([]uintptr{
	unix.SYS_READ, unix.SYS_PREAD64, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FSTAT,
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK, unix.SYS_MREMAP,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
}, machineWorkerCalls...)

// deadlyCalls start programs, reach other processes, the network or files by
// other ways, or change the machine.
var deadlyCalls = append([]uintptr{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_MEMFD_CREATE, unix.SYS_PERSONALITY, unix.SYS_VMSPLICE,
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVMSG,
}, append(machineDeadlyCalls, privateCalls...)...)

// privateCalls are for those who run the machine, or look into others.
var privateCalls = []uintptr{
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_MOUNT_SETATTR,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_UNSHARE, unix.SYS_SETNS,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_FANOTIFY_INIT,
	unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT,
	unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_QUOTACTL,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
}

// newNamespaces are the flags that ask for a namespace.
const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// rule is what a filter answers to one call: then has to answer in every case.
type rule struct {
	nr   uintptr
	then []bpf.Instruction
}

func on(nr uintptr, then ...bpf.Instruction) rule { return rule{nr, then} }

// workerFilter is the program for the process pid.
func workerFilter(pid int) []bpf.Instruction {
	rules := []rule{
		// A thread, not a process: it has the same filter.
		on(unix.SYS_CLONE, argument(0),
			bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: unix.CLONE_THREAD, SkipTrue: 2},
			bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: newNamespaces, SkipTrue: 1},
			letThrough, kill),
		// Its flags stand in memory, which a filter does not see. glibc takes clone then.
		on(unix.SYS_CLONE3, notThere),
		// Signals among its own threads, which preempt goroutines.
		on(unix.SYS_TGKILL, only(0, uint32(pid))...),
		// No new code.
		on(unix.SYS_MMAP, without(2, unix.PROT_EXEC)...),
		on(unix.SYS_MPROTECT, without(2, unix.PROT_EXEC)...),
		on(unix.SYS_FCNTL, only(1, unix.F_GETFL, unix.F_GETFD)...),
		on(unix.SYS_PRCTL, only(0, unix.PR_SET_VMA)...), // Go names its memory
	}
	for _, nr := range workerCalls {
		rules = append(rules, on(nr, letThrough))
	}
	for _, nr := range deadlyCalls {
		rules = append(rules, on(nr, kill))
	}
	return filter(rules, notAllowed)
}

// toolFilter is for programs of others, of which nobody knows what they need:
// all but what looks into others, changes the machine or opens what kernels most
// often fail at. They are told EPERM and can go on.
func toolFilter() []bpf.Instruction {
	rules := []rule{
		on(unix.SYS_CLONE, without(0, newNamespaces)...),
		on(unix.SYS_CLONE3, notThere), // glibc then takes clone
		// Typing into the terminal of whoever started the gate.
		on(unix.SYS_IOCTL, argument(1),
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.TIOCSTI, SkipTrue: 1},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.TIOCLINUX, SkipFalse: 1},
			notAllowed, letThrough),
	}
	for _, nr := range privateCalls {
		rules = append(rules, on(nr, notAllowed))
	}
	return filter(rules, letThrough)
}

// filter refuses whoever speaks another machine's numbers, and decides on the
// others by the rules; otherwise is for what has none.
func filter(rules []rule, otherwise bpf.Instruction) []bpf.Instruction {
	slices.SortFunc(rules, func(a, b rule) int { return cmp.Compare(a.nr, b.nr) })
	return append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: offMachine, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditMachine, SkipTrue: 1},
		kill,
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: otherNumbers, SkipFalse: 1},
		kill,
	}, choose(rules, otherwise)...)
}

// choose finds the rule by halving: the kernel runs a new filter once for each
// call that it has, to remember the plain answers, and a long list makes a worker
// start noticeably later.
func choose(rules []rule, otherwise bpf.Instruction) []bpf.Instruction {
	if len(rules) > 4 {
		half := len(rules) / 2
		low, high := choose(rules[:half], otherwise), choose(rules[half:], otherwise)
		f := []bpf.Instruction{
			bpf.JumpIf{Cond: bpf.JumpLessThan, Val: uint32(rules[half].nr), SkipTrue: 1},
			bpf.Jump{Skip: uint32(len(low))},
		}
		return append(append(f, low...), high...)
	}
	var f []bpf.Instruction
	for _, r := range rules {
		f = append(f, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(r.nr), SkipFalse: uint8(len(r.then))})
		f = append(f, r.then...)
	}
	return append(f, otherwise)
}

// Where the kernel puts what a filter sees: struct seccomp_data.
const (
	offNumber    = 0
	offMachine   = 4
	offArguments = 16
)

// otherNumbers marks the numbers of x32 on amd64, a second table of the same
// calls. No other machine here has such numbers.
const otherNumbers = 0x40000000

// argument loads the lower half of an argument: both machines are little-endian.
func argument(n uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offArguments + 8*n, Size: 4} }

// only lets through these values of an argument that has 32 bits.
func only(n uint32, values ...uint32) []bpf.Instruction {
	f := []bpf.Instruction{argument(n)}
	for _, v := range values {
		f = append(f, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipFalse: 1}, letThrough)
	}
	return append(f, notAllowed)
}

// without lets through an argument that has none of the bits.
func without(n, bits uint32) []bpf.Instruction {
	return []bpf.Instruction{argument(n), bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: bits, SkipFalse: 1}, notAllowed, letThrough}
}

// filterCalls binds every thread of a worker to its filter, for good.
func filterCalls() error { return install(workerFilter(os.Getpid())) }

// filterTool binds the calling process and what it becomes or starts.
func filterTool() error { return install(toolFilter()) }

func install(filter []bpf.Instruction) error {
	raw, err := bpf.Assemble(filter)
	if err != nil {
		return fmt.Errorf("assembling the filter: %w", err)
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	// The kernel counts no_new_privs by thread, and asks the one that calls.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	other, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	if other != 0 {
		return fmt.Errorf("thread %d has a filter of its own", other)
	}
	return nil
}
