package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// MaybeTool is the first process of a tool's machine, or what prepares its input by
// one of the tasks, when this process was started as one; else it returns at once.
// The program's main calls it before it does anything else.
func MaybeTool(tasks map[string]Task) {
	maybePreparer(tasks)
	maybeStarter()
	if len(os.Args) != 1 || os.Args[0] != toolName {
		return
	}
	// What prctl sets and what a child inherits belong to one thread.
	runtime.LockOSThread()
	for _, fd := range []int{reportFD, leashFD} {
		unix.CloseOnExec(fd)
	}
	report := os.NewFile(reportFD, "report")
	said, err := beTool()
	if err != nil {
		said.Fault = err.Error()
	}
	if err := json.NewEncoder(report).Encode(said); err != nil {
		os.Exit(2)
	}
	os.Exit(0) // and with process 1 every other one
}

func beTool() (toolReport, error) {
	var said toolReport
	var o toolOrders
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return said, fmt.Errorf("reading orders: %w", err)
	}
	m := &machine{orders: o, killed: make(chan Kind, 1)}
	steps := []struct {
		what string
		do   func() error
	}{
		{"hiding from the program", func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }},
		{"naming the machine", func() error { return unix.Sethostname([]byte("scanner")) }},
		{"mounting", m.mount},
		{"opening the way out", m.network},
		{"giving up rights", m.giveUp},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return said, fmt.Errorf("%s: %w", s.what, err)
		}
	}
	go m.obeyLeash()
	go m.watch()
	if o.Prepare != "" {
		if err := m.prepare(&said); err != nil || said.Refused != "" || said.Killed != "" {
			return said, err
		}
	}
	if err := readOnly(ToolInput, unix.MOUNT_ATTR_NOEXEC); err != nil {
		return said, fmt.Errorf("closing the input: %w", err)
	}
	if len(o.Command) == 0 {
		return said, nil
	}
	return said, m.run(&said)
}

// machine is what the first process keeps of what it set up.
type machine struct {
	orders toolOrders
	null   *os.File
	killed chan Kind // the watch's word, once
}

// Places that a tool sees of this machine: the system's software and the
// authorities that its programs trust, not the private keys beside them. Those
// that are not there are left out.
var systemFolders = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
	"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/pki/ca-trust", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem",
	"/etc/pki/tls/openssl.cnf", "/etc/ca-certificates", "/etc/crypto-policies", "/etc/alternatives",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/mime.types",
	"/nix/store", "/gnu/store",
}

var devices = []string{"null", "zero", "full", "random", "urandom"}

// mount builds the machine's root from nothing and moves into it.
func (m *machine) mount() error {
	root := m.orders.Root
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=1m,nr_inodes=4096"); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	if err := m.scratch(filepath.Join(root, ToolScratch)); err != nil {
		return fmt.Errorf("%s: %w", ToolScratch, err)
	}
	// A folder within another one, or within ToolScratch, is mounted after it.
	for _, place := range append(append([]string{}, systemFolders...), m.orders.Folders...) {
		if err := show(root, place); err != nil {
			return fmt.Errorf("showing %s: %w", place, err)
		}
	}
	if err := bind(m.orders.Input, filepath.Join(root, ToolInput)); err != nil {
		return fmt.Errorf("%s: %w", ToolInput, err)
	}
	for _, d := range devices {
		if err := bind("/dev/"+d, filepath.Join(root, "dev", d)); err != nil {
			return fmt.Errorf("/dev/%s: %w", d, err)
		}
	}
	if err := m.write(root); err != nil {
		return err
	}
	proc := filepath.Join(root, "proc")
	if err := errors.Join(os.Mkdir(proc, 0o755), unix.Mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "")); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if err := enter(root); err != nil {
		return err
	}
	var err error
	m.null, err = os.Open("/dev/null")
	return err
}

// scratch is the only place that the program can write to.
func (m *machine) scratch(dir string) error {
	l, user := m.orders.Limits, m.orders.User
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	// Ours are four of the inodes.
	options := fmt.Sprintf("mode=1777,size=%d,nr_inodes=%d", max(l.Disk, int64(os.Getpagesize())), l.Files+4)
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return err
	}
	for _, d := range []string{toolHome, toolWork} {
		d = filepath.Join(dir, filepath.Base(d))
		if err := errors.Join(os.Mkdir(d, 0o700), os.Chown(d, user, user)); err != nil {
			return err
		}
	}
	return nil
}

// write makes the few files that programs look for.
func (m *machine) write(root string) error {
	etc := filepath.Join(root, "etc")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"passwd": fmt.Sprintf("scanner:x:%d:%d::%s:/bin/false\n", m.orders.User, m.orders.User, toolHome),
		"group":  fmt.Sprintf("scanner:x:%d:\n", m.orders.User),
		"hosts":  "127.0.0.1 localhost scanner\n", "resolv.conf": "", "nsswitch.conf": "hosts: files\n",
	} {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return os.Symlink(ToolScratch, filepath.Join(root, "dev", "shm"))
}

// show puts a place of this machine at the same place below root, read-only. A
// symbolic link (/bin to usr/bin) stays one. What is not there is left out.
func show(root, place string) error {
	place = filepath.Clean(place)
	st, err := os.Lstat(place)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	at := filepath.Join(root, place)
	if _, err := os.Lstat(at); err == nil && st.Mode()&os.ModeSymlink != 0 {
		return nil // shown with a folder above it
	}
	if st.Mode()&os.ModeSymlink == 0 {
		if err := bind(place, at); err != nil {
			return err
		}
		return readOnly(at, unix.MOUNT_ATTR_NODEV)
	}
	target, err := os.Readlink(place)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.Symlink(target, at); err != nil {
		return err
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(place), target)
	}
	return show(root, target)
}

// bind mounts what is at from, with all that is mounted below it, at to.
func bind(from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(to); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if st.IsDir() {
			err = os.Mkdir(to, 0o755)
		} else {
			err = os.WriteFile(to, nil, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	return unix.MountSetattr(unix.AT_FDCWD, to, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID})
}

func readOnly(at string, more uint64) error {
	return unix.MountSetattr(unix.AT_FDCWD, at, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | more})
}

// enter makes root the root and lets go of everything else.
func enter(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	// The old root lies over the new one now.
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("letting go of the old root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	return unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}

// network brings the loopback up, opens a port there and gives it to the
// parent's proxy. Nothing else is in this network.
func (m *machine) network() error {
	if !m.orders.Proxy {
		return nil
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	if err := unix.Bind(s, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	if err := unix.Listen(s, mostWaiting); err != nil {
		return err
	}
	at, err := unix.Getsockname(s)
	if err != nil {
		return err
	}
	address := "http://127.0.0.1:" + strconv.Itoa(at.(*unix.SockaddrInet4).Port) // of that kind: see above
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		m.orders.Env = append(m.orders.Env, name+"="+address)
	}
	return unix.Sendmsg(leashFD, []byte{0}, unix.UnixRights(s), nil, 0)
}

// limitTool sets what a tool and its children may have. The space that a program
// may reserve is not limited: Node and Go reserve many times what they use. What
// it may map to write on is, and watch counts what is resident in all processes.
func limitTool(l ToolLimits) error {
	_, err := setLimits([]resource{
		{"core", unix.RLIMIT_CORE, 0},
		{"file-size", unix.RLIMIT_FSIZE, uint64(max(l.Disk, l.Output, mostPrepared))},
		{"cpu-time", unix.RLIMIT_CPU, uint64((l.Wall + time.Second - 1) / time.Second)},
		{"descriptors", unix.RLIMIT_NOFILE, 1024},
		{"process-count", unix.RLIMIT_NPROC, uint64(l.Processes)},
		{"memory", unix.RLIMIT_DATA, uint64(l.Memory)},
	})
	return err
}

// Bits of securebits(7): a program that runs as root inside gets no rights from
// that, which cannot be taken back.
const noRoot = 1<<0 | 1<<1

// giveUp makes sure that no program started from here has any right over the
// machine: the bounding set empties what root inside would get.
func (m *machine) giveUp() error {
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, noRoot, 0, 0, 0); err != nil {
		return fmt.Errorf("securebits: %w", err)
	}
	for c := uintptr(0); ; c++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) && c > 0 {
			break // past the last one that this kernel knows
		} else if err != nil {
			return fmt.Errorf("capability %d: %w", c, err)
		}
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// obeyLeash ends everything when the parent has gone.
func (m *machine) obeyLeash() {
	b := make([]byte, 1)
	for {
		_, err := unix.Read(leashFD, b)
		if err != unix.EINTR {
			os.Exit(2)
		}
	}
}

// mostWaiting is how many connections may wait for the proxy to take them.
const mostWaiting = 64

// mostPrepared is the largest file that a preparation may write, bytes.
const mostPrepared = 512 << 20

const watchEvery = 50 * time.Millisecond

// watch counts what all processes use and ends them when it is too much.
func (m *machine) watch() {
	for range time.Tick(watchEvery) {
		resident, processes := usage()
		var why Kind
		switch {
		case resident > m.orders.Limits.Memory:
			why = Memory
		case processes > m.orders.Limits.Processes:
			why = Processes
		default:
			continue
		}
		select {
		case m.killed <- why:
		default:
		}
		_ = unix.Kill(-1, unix.SIGKILL) // all but this process; ESRCH is as good
	}
}

// usage adds up the resident bytes and counts the processes beside this one. A
// page that two share counts twice.
func usage() (resident int64, processes int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 1 << 62, 0 // what cannot be watched may not run
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil || e.Name() == "1" {
			continue
		}
		processes++
		b, err := os.ReadFile("/proc/" + e.Name() + "/statm")
		fields := strings.Fields(string(b))
		if err != nil || len(fields) < 2 {
			continue // it ended meanwhile
		}
		pages, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel's own number
		resident += pages * int64(os.Getpagesize())
	}
	return resident, processes
}

// prepare runs the task that fills the input.
func (m *machine) prepare(said *toolReport) error {
	o := m.orders
	answer, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	specR, specW, err := os.Pipe()
	if err != nil {
		return err
	}
	files := []*os.File{specR, m.null, os.Stderr, theirs}
	for i := range o.PrepareIn {
		files = append(files, os.NewFile(uintptr(firstToolIn+i), "input"))
	}
	limits, err := json.Marshal(o.Limits)
	if err != nil {
		return err
	}
	pid, err := m.start([]string{preparerName, string(limits), o.Prepare, strconv.Itoa(o.PrepareIn)}, nil, files)
	theirs.Close()
	specR.Close()
	for _, f := range files[4:] {
		f.Close()
	}
	if err != nil {
		return fmt.Errorf("starting the preparation: %w", err)
	}
	go func() {
		_, _ = specW.Write(o.PrepareSpec) // it may end without reading
		specW.Close()
	}()
	words, _ := io.ReadAll(io.LimitReader(answer, mostErrors)) // an end without words is judged below
	state, err := m.wait(pid, said)
	if err != nil || said.Killed != "" {
		return err
	}
	switch {
	case len(words) > 0 && words[0] == refused:
		said.Refused = string(words[1:])
	case len(words) == 0 || words[0] != answered || !state.Exited() || state.ExitStatus() != 0:
		said.Refused = "what prepares it died"
	}
	return nil
}

// run is the program's own time.
func (m *machine) run(said *toolReport) error {
	o := m.orders
	env := append([]string{
		"HOME=" + toolHome, "TMPDIR=" + ToolScratch, "LANG=C.UTF-8", "LC_ALL=C.UTF-8",
		"PATH=" + filepath.Dir(o.Command[0]) + ":/usr/local/bin:/usr/bin:/bin",
	}, o.Env...)
	limits, err := json.Marshal(o.Limits)
	if err != nil {
		return err
	}
	refusal, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	pid, err := m.start(append([]string{starterName, string(limits)}, o.Command...), env, []*os.File{m.null, os.Stdout, os.Stderr, theirs})
	theirs.Close()
	if err != nil {
		return fmt.Errorf("starting %s: %w", filepath.Base(o.Command[0]), err)
	}
	why, err := io.ReadAll(io.LimitReader(refusal, mostErrors)) // ends when the program takes the starter's place
	if err != nil {
		return err
	}
	state, err := m.wait(pid, said)
	if err != nil {
		return err
	}
	if len(why) > 0 {
		return fmt.Errorf("starting %s: %s", filepath.Base(o.Command[0]), why)
	}
	said.Exit = state.ExitStatus()
	if state.Signaled() {
		said.Signal = unix.SignalName(state.Signal())
	}
	if o.Output == "" || said.Killed != "" || said.Signal != "" {
		return nil
	}
	_ = unix.Kill(-1, unix.SIGKILL) // nobody writes any more
	said.Output, err = readOutput(o.Output, o.Limits.Output)
	return err
}

// readOutput reads the file of the answer: nil when there is none that is one.
func readOutput(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil //nolint:nilerr // not there, or a link: no answer
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, most+1))
}

// start starts this program again, without any right, as a preparer or a starter.
func (m *machine) start(args, env []string, files []*os.File) (int, error) {
	fds := make([]uintptr, len(files))
	for i, f := range files {
		fds[i] = f.Fd()
	}
	attr := &syscall.ProcAttr{Dir: toolWork, Env: env, Files: fds, Sys: &syscall.SysProcAttr{Setpgid: true}}
	if m.orders.User != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: uint32(m.orders.User), Gid: uint32(m.orders.User), Groups: []uint32{}}
	}
	if attr.Env == nil {
		attr.Env = []string{}
	}
	return syscall.ForkExec("/proc/self/exe", args, attr)
}

// wait reaps whatever ends, as process 1 has to, until pid has.
func (m *machine) wait(pid int, said *toolReport) (syscall.WaitStatus, error) {
	for {
		var state syscall.WaitStatus
		var used syscall.Rusage
		got, err := syscall.Wait4(-1, &state, 0, &used)
		if err == syscall.EINTR {
			continue
		} else if err != nil {
			return state, fmt.Errorf("waiting: %w", err)
		}
		said.CPU += time.Duration(used.Utime.Nano() + used.Stime.Nano())
		if got != pid {
			continue
		}
		select {
		case said.Killed = <-m.killed:
		default:
		}
		return state, nil
	}
}

// argv[0] of the processes between the first one and the work: they set the
// limits, which would be too tight for the first process itself. The starter
// then becomes the tool, the preparer does its task.
const (
	preparerName = "gatehouse-prepare"
	starterName  = "gatehouse-start"
)

// maybeStarter becomes the tool when this process was started as one; else it
// returns at once. What keeps it from that goes to descriptor 3.
func maybeStarter() {
	if len(os.Args) < 3 || os.Args[0] != starterName {
		return
	}
	const refusalFD = 3
	unix.CloseOnExec(refusalFD)
	err := limitFrom(os.Args[1])
	if err == nil {
		err = syscall.Exec(os.Args[2], os.Args[2:], os.Environ())
	}
	fmt.Fprint(os.NewFile(refusalFD, "refusal"), err)
	os.Exit(2)
}

func limitFrom(orders string) error {
	var l ToolLimits
	if err := json.Unmarshal([]byte(orders), &l); err != nil {
		return fmt.Errorf("reading orders: %w", err)
	}
	// A kernel without filters still has the machine's walls: Tool promises those.
	if _, err := layerOf(LayerSeccomp, filterTool()); err != nil {
		return fmt.Errorf("filtering calls: %w", err)
	}
	return limitTool(l) // last: it may leave this process little
}

// maybePreparer does a task and exits when this process was started to prepare
// a tool's input.
func maybePreparer(tasks map[string]Task) {
	if len(os.Args) != 4 || os.Args[0] != preparerName {
		return
	}
	answer := os.NewFile(3, "answer")
	head := []byte{answered}
	err := limitFrom(os.Args[1])
	if err == nil {
		err = prepare(tasks)
	}
	if err != nil {
		head = append([]byte{refused}, err.Error()...)
	}
	if _, err := answer.Write(head); err != nil {
		os.Exit(2)
	}
	os.Exit(0)
}

func prepare(tasks map[string]Task) error {
	task, ok := tasks[os.Args[2]]
	n, err := strconv.Atoi(os.Args[3])
	if !ok || err != nil {
		return fmt.Errorf("no task %q in this program", os.Args[2])
	}
	var spec bytes.Buffer
	if _, err := io.Copy(&spec, io.LimitReader(os.Stdin, mostSpec)); err != nil {
		return err
	}
	in := make([]*os.File, n)
	for i := range in {
		in[i] = os.NewFile(uintptr(4+i), "input")
	}
	_, err = task(in, spec.Bytes())
	return err
}
