package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gatehouse-project/gatehouse/internal/sandbox/toolproxy"
)

// fakeTool is what the test's own program does when it is started as a tool.
func fakeTool(act string, args []string) {
	do, ok := fakeTools[act]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such act")
		os.Exit(99)
	}
	do(args)
	os.Exit(0)
}

var fakeTools = map[string]func([]string){
	"answer": func(args []string) { fmt.Print(strings.Join(args, " ")); fmt.Fprint(os.Stderr, "a word aside") },
	"exit":   func([]string) { fmt.Print("{}"); os.Exit(7) },
	"crash":  func([]string) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
	"hang":   func([]string) { time.Sleep(time.Hour) },
	"burn":   func([]string) { burn(nil, nil) },
	"flood": func([]string) {
		line := strings.Repeat("x", 1<<12)
		for {
			fmt.Print(line)
		}
	},
	"whisper": func([]string) {
		line := strings.Repeat("x", 1<<12)
		for range 1 << 8 {
			fmt.Fprint(os.Stderr, line)
		}
	},
	"environ": func([]string) { fmt.Print(strings.Join(os.Environ(), "\n")) },
	"stdin":   func([]string) { b, err := io.ReadAll(os.Stdin); fmt.Print(len(b), err) },
	"read":    func(args []string) { b, err := os.ReadFile(args[0]); fmt.Print(string(b), err) },
	"try":     try,
	"fill":    fill,
	"many":    many,
	"child":   child,
	"forks":   forks,
	"output":  func(args []string) { fmt.Print("chatter"); mustDo(os.WriteFile(args[0], []byte(args[1]), 0o600)) },
	"link":    func(args []string) { mustDo(os.Symlink(args[1], args[0])) },
	"get":     get,
	"ping":    func(args []string) { get(args); time.Sleep(time.Hour) },
	"gate":    gate,
	"status":  func([]string) { b, _ := os.ReadFile("/proc/self/status"); fmt.Print(string(b)) },
	"list":    func(args []string) { es, err := os.ReadDir(args[0]); fmt.Print(es, err) },
	"forever": func([]string) {
		for {
			time.Sleep(time.Second)
		}
	},
}

func mustDo(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(98)
	}
}

// try does what a tool must not be able to and prints what it could.
func try(args []string) {
	input, secret := args[0], args[1]
	for name, do := range map[string]func() error{
		"write-input": func() error { return os.WriteFile(input, nil, 0o600) },
		"chmod-input": func() error { return os.Chmod(input, 0o777) },
		"add-input":   func() error { return os.WriteFile(filepath.Join(ToolInput, "new"), nil, 0o600) },
		"write-usr":   func() error { return os.WriteFile("/usr/x", nil, 0o600) },
		"write-root":  func() error { return os.WriteFile("/x", nil, 0o600) },
		"read-secret": func() error { _, err := os.ReadFile(secret); return err },
		"read-shadow": func() error { _, err := os.ReadFile("/etc/shadow"); return err },
		"remount":     func() error { return syscall.Mount("", "/usr", "", syscall.MS_REMOUNT|syscall.MS_BIND, "") },
		"mount":       func() error { return syscall.Mount("tmpfs", "/tmp", "tmpfs", 0, "") },
		"sysctl":      func() error { return os.WriteFile("/proc/sys/kernel/core_pattern", []byte("core"), 0o600) },
		"kill-init":   func() error { return syscall.Kill(1, syscall.SIGKILL) },
		"init-memory": func() error {
			f, err := os.OpenFile("/proc/1/mem", os.O_RDWR, 0)
			if err == nil {
				f.Close()
			}
			return err
		},
		"dial": func() error {
			c, err := net.DialTimeout("tcp", args[2], time.Second)
			if err == nil {
				c.Close()
			}
			return err
		},
		"resolve": func() error {
			_, err := net.LookupHost("gatehouse.invalid")
			if d, ok := errors.AsType[*net.DNSError](err); ok && d.IsNotFound {
				return err
			}
			return err
		},
		"setuid": func() error {
			if os.Getuid() == 0 {
				return errors.New("already")
			}
			return syscall.Setuid(0)
		},
		"raise-limits": func() error {
			return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1 << 19, Max: 1 << 19})
		},
		"hostname": func() error { return syscall.Sethostname([]byte("x")) },
		// Open to everybody without the filter.
		"namespace": func() error {
			c := exec.Command("/proc/self/exe", "tool", "exit")
			c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
			return c.Start()
		},
		"keys": func() error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, true); return err },
		"io_uring": func() error {
			var params [30]uint32
			return call(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)))
		},
		"userfaultfd": func() error { return call(unix.SYS_USERFAULTFD, 1) },
	} {
		if do() == nil && name != "kill-init" { // a signal to process 1 is dropped without a word
			fmt.Print(name, " ")
		}
	}
}

func fill([]string) {
	b := make([]byte, 1<<20)
	f, err := os.Create(filepath.Join(ToolScratch, "big"))
	mustDo(err)
	written := 0
	for err == nil {
		var n int
		n, err = f.Write(b)
		written += n
	}
	fmt.Print(written)
}

func many([]string) {
	made := 0
	for ; made < 1_000_000; made++ {
		if os.WriteFile(filepath.Join(toolWork, strconv.Itoa(made)), nil, 0o600) != nil {
			break
		}
	}
	fmt.Print(made)
}

// child leaves a process behind that holds the pipes and touches a file of its
// own for ever.
func child([]string) {
	self, err := os.Executable()
	mustDo(err)
	c := exec.Command(self, "tool", "forever")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	mustDo(c.Start())
	fmt.Print("done")
}

// forks starts processes until it may not.
func forks([]string) {
	self, err := os.Executable()
	mustDo(err)
	n := 0
	for ; n < 10_000 && exec.Command(self, "tool", "forever").Start() == nil; n++ {
	}
	fmt.Print(n)
	time.Sleep(time.Hour)
}

// get asks for each address through the proxy that the environment names.
func get(args []string) {
	at, err := url.Parse(os.Getenv("HTTP_PROXY"))
	mustDo(err)
	for _, address := range args {
		if place, ok := strings.CutPrefix(address, "connect:"); ok {
			c, err := net.Dial("tcp", at.Host)
			mustDo(err)
			fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", place, place)
			r := bufio.NewReader(c)
			resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
			mustDo(err)
			fmt.Print(resp.StatusCode)
			if resp.StatusCode == 200 {
				fmt.Fprintf(c, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")
				b, _ := io.ReadAll(r)
				fmt.Print(strings.HasSuffix(string(b), "hello"))
			}
			fmt.Print(" ")
			continue
		}
		client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at), DisableKeepAlives: true}}
		resp, err := client.Get(address)
		mustDo(err)
		b, _ := io.ReadAll(resp.Body)
		fmt.Print(resp.StatusCode, string(b) == "hello", " ")
	}
}

// gate is the parent of a tool, to be killed by the test: no tool itself.
func gate(args []string) {
	self, err := os.Executable()
	mustDo(err)
	_, err = RunTool(context.Background(), Tool{
		Command: []string{self, "tool", "ping", "connect:" + args[0]}, Folders: []string{self}, Network: args[:1], Proxy: toolproxy.Serve, Scratch: args[1],
	})
	mustDo(err)
}

func tool(t *testing.T, act string, args ...string) Tool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Tool{
		Command: append([]string{self, "tool", act}, args...), Folders: []string{self},
		Scratch: t.TempDir(), Limits: ToolLimits{Wall: time.Minute},
	}
}

func runFake(t *testing.T, x Tool) ToolResult {
	t.Helper()
	r, err := RunTool(t.Context(), x)
	if err != nil {
		t.Fatalf("%v; it said %q, %q", err, r.Answer, r.Stderr)
	}
	left, err := os.ReadDir(x.Scratch)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind in the scratch folder: %v, %v", left, err)
	}
	return r
}

func TestToolsAreSupportedHere(t *testing.T) {
	if err := ToolSupport(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestToolAnswers(t *testing.T) {
	r := runFake(t, tool(t, "answer", "two", "words"))
	if r.Exit != 0 || string(r.Answer) != "two words" || r.Stderr != "a word aside" || r.Took <= 0 || r.CPU <= 0 {
		t.Errorf("got %+v", r)
	}
	if r := runFake(t, tool(t, "exit")); r.Exit != 7 || string(r.Answer) != "{}" {
		t.Errorf("an exit code is an answer: got %+v", r)
	}
	if r := runFake(t, tool(t, "whisper")); len(r.Stderr) != mostErrors {
		t.Errorf("kept %d bytes of standard error", len(r.Stderr))
	}
	if r := runFake(t, tool(t, "stdin")); string(r.Answer) != "0 <nil>" {
		t.Errorf("standard input: %s", r.Answer)
	}
}

func TestToolReadsItsInput(t *testing.T) {
	x := tool(t, "read", ToolInput+"/given")
	x.Inputs = []ToolFile{{Name: "given", Data: []byte("data ")}}
	if r := runFake(t, x); string(r.Answer) != "data <nil>" {
		t.Errorf("got %q", r.Answer)
	}
	file := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(file, []byte("blob "), 0o400); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x.Inputs = []ToolFile{{Name: "given", File: f}}
	if r := runFake(t, x); string(r.Answer) != "blob <nil>" {
		t.Errorf("got %q", r.Answer)
	}
}

// TestToolCanDoNothingElse plants what must not be reached and counts what was.
func TestToolCanDoNothingElse(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("canary"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	x := tool(t, "try", ToolInput+"/given", secret, l.Addr().String())
	x.Inputs = []ToolFile{{Name: "given", Data: []byte("data")}}
	if r := runFake(t, x); r.Exit != 0 || len(r.Answer) != 0 {
		t.Errorf("it could: %s (exit %d, %s)", r.Answer, r.Exit, r.Stderr)
	}
	x.Network, x.Proxy = []string{"gatehouse.invalid:443"}, toolproxy.Serve // a way out opens no other one
	if r := runFake(t, x); r.Exit != 0 || len(r.Answer) != 0 {
		t.Errorf("with a named host it could: %s (exit %d, %s)", r.Answer, r.Exit, r.Stderr)
	}
}

func TestToolHasNoRights(t *testing.T) {
	status := string(runFake(t, tool(t, "status")).Answer)
	for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000"} {
		if !strings.Contains(status, want) {
			t.Errorf("want %q in\n%s", want, status)
		}
	}
	if os.Getuid() == 0 && !strings.Contains(status, "Uid:\t65534\t65534\t65534\t65534") {
		t.Errorf("it runs as root of the machine:\n%s", status)
	}
}

func TestToolSeesItsEnvironmentOnly(t *testing.T) {
	t.Setenv("GATEHOUSE_CANARY", "sings")
	x := tool(t, "environ")
	x.Env = []string{"TOKEN=given"}
	got := string(runFake(t, x).Answer)
	if strings.Contains(got, "sings") || strings.Contains(got, "PROXY") {
		t.Errorf("it sees\n%s", got)
	}
	for _, want := range []string{"TOKEN=given", "HOME=/tmp/home", "LANG=C.UTF-8", "TMPDIR=/tmp"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %s in\n%s", want, got)
		}
	}
}

func TestToolFailures(t *testing.T) {
	for _, tc := range []struct {
		act    string
		lim    ToolLimits
		kind   Kind
		detail string
		why    string
	}{
		{"crash", ToolLimits{}, Crash, "SIGKILL", "a signal is no answer"},
		{"hang", ToolLimits{Wall: 500 * time.Millisecond}, Timeout, "within", "the wall clock counts sleep"},
		{"burn", ToolLimits{Wall: time.Second}, Timeout, "", "and work"},
		{"flood", ToolLimits{Output: 1 << 16}, Output, "65536", "an answer is capped"},
	} {
		t.Run(tc.act, func(t *testing.T) {
			x := tool(t, tc.act)
			x.Limits = tc.lim
			_, err := RunTool(t.Context(), x)
			if f := mustFail(t, err, tc.kind); !strings.Contains(f.Detail, tc.detail) {
				t.Errorf("detail %q, want it to contain %q (%s)", f.Detail, tc.detail, tc.why)
			}
		})
	}
}

// TestToolForks: a fork bomb stops at the limit of processes and threads, of which
// every fake has several, and ends.
func TestToolForks(t *testing.T) {
	x := tool(t, "forks")
	x.Limits = ToolLimits{Processes: 60, Wall: 4 * time.Second}
	r, err := RunTool(t.Context(), x)
	mustFail(t, err, Timeout)
	if n, err := strconv.Atoi(string(r.Answer)); err != nil || n < 1 || n > 60 {
		t.Errorf("it started %q processes of 60", r.Answer)
	}
	if left := running(t, "forever"); left > 0 {
		t.Errorf("%d processes are left", left)
	}
}

// TestToolMemory: of one process, which may hit its own limit and die of that or be
// seen first, and of several that are each within it.
func TestToolMemory(t *testing.T) {
	shell := func(script string) Tool {
		return Tool{Command: []string{"/bin/sh", "-c", script}, Scratch: t.TempDir(), Limits: ToolLimits{Memory: 256 << 20, Wall: time.Minute}}
	}
	r, err := RunTool(t.Context(), shell("tail /dev/zero"))
	if f, ok := errors.AsType[*Failure](err); (!ok || f.Kind != Memory) && r.Exit == 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	hold := "dd if=/dev/zero of=/dev/null bs=100M count=1000000 & "
	_, err = RunTool(t.Context(), shell(strings.Repeat(hold, 4)+"wait"))
	if f := mustFail(t, err, Memory); !strings.Contains(f.Detail, "268435456") {
		t.Errorf("detail %q", f.Detail)
	}
}

func TestToolWritesWithinLimits(t *testing.T) {
	x := tool(t, "fill")
	x.Limits.Disk = 8 << 20
	if r := runFake(t, x); string(r.Answer) != strconv.Itoa(8<<20) {
		t.Errorf("it wrote %s bytes of %d", r.Answer, 8<<20)
	}
	x = tool(t, "many")
	x.Limits.Files = 50
	n, err := strconv.Atoi(string(runFake(t, x).Answer))
	if err != nil || n < 40 || n > 50 {
		t.Errorf("it made %d files of 50, %v", n, err)
	}
}

// TestToolTakesItsChildrenAlong: the pipes end, and nobody is left.
func TestToolTakesItsChildrenAlong(t *testing.T) {
	began := time.Now()
	if r := runFake(t, tool(t, "child")); string(r.Answer) != "done" {
		t.Errorf("got %+v", r)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it waited %s for a child that never ends", took)
	}
	if left := running(t, "forever"); left > 0 {
		t.Errorf("%d processes are left", left)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	if _, err := RunTool(ctx, tool(t, "hang")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left := running(t, "hang"); left > 0 {
		t.Errorf("%d processes are left", left)
	}
}

// TestToolDiesWithTheGate: also when the gate is killed and can tidy nothing.
func TestToolDiesWithTheGate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self, "tool", "gate", l.Addr().String(), t.TempDir())
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept() // the tool runs, and reaches us
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "HTTP/1.0 200 OK\r\n\r\nhello")
	c.Close()
	if running(t, "ping") == 0 {
		t.Error("the tool ended by itself: the test proves nothing")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	late := time.After(20 * time.Second)
	for tick := time.Tick(10 * time.Millisecond); running(t, "ping") > 0; {
		select {
		case <-tick:
		case <-late:
			t.Fatal("the tool lives on")
		}
	}
}

// running counts the processes of this machine that do the act.
func running(t *testing.T, act string) (n int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		b, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(b), "\x00tool\x00"+act+"\x00") {
			n++
		}
	}
	return n
}

func TestToolAnswersInAFile(t *testing.T) {
	x := tool(t, "output", ToolScratch+"/answer", "in the file")
	x.Output = ToolScratch + "/answer"
	if r := runFake(t, x); string(r.Answer) != "in the file" {
		t.Errorf("got %q", r.Answer)
	}
	x.Limits.Output = 5
	_, err := RunTool(t.Context(), x)
	mustFail(t, err, Output)
	x = tool(t, "answer", "nothing there")
	x.Output = ToolScratch + "/answer"
	if r := runFake(t, x); r.Answer != nil {
		t.Errorf("no file: got %q", r.Answer)
	}
	x = tool(t, "link", ToolScratch+"/answer", "/etc/passwd")
	x.Output = ToolScratch + "/answer"
	if r := runFake(t, x); r.Answer != nil {
		t.Errorf("a link is followed: %q", r.Answer)
	}
}

func TestToolIsPrepared(t *testing.T) {
	x := tool(t, "read", ToolInput+"/made")
	x.Prepare, x.PrepareSpec = "make", []byte("made here ")
	file := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(file, []byte("from a descriptor "), 0o400); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x.PrepareIn = []*os.File{f}
	if r := runFake(t, x); string(r.Answer) != "made here from a descriptor <nil>" {
		t.Errorf("got %q, %q", r.Answer, r.Stderr)
	}
	for _, task := range []string{"refuse", "panic", "none-such"} {
		x.Prepare = task
		_, err := RunTool(t.Context(), x)
		mustFail(t, err, Prepare)
	}
}

// makeInput is a task that prepares.
func makeInput(in []*os.File, spec []byte) ([]byte, error) {
	b, err := io.ReadAll(io.NewSectionReader(in[0], 0, 100))
	if err != nil {
		return nil, err
	}
	return nil, os.WriteFile(ToolInput+"/made", append(spec, b...), 0o644)
}

// TestToolReachesNamedHostsOnly: by name and port, as a tunnel and in plain HTTP.
func TestToolReachesNamedHostsOnly(t *testing.T) {
	serve := func() (place string) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	named, other := serve(), serve()
	x := tool(t, "get", "http://"+named+"/", "connect:"+named, "http://"+other+"/", "connect:"+other, "connect:"+named+"0")
	x.Network, x.Proxy = []string{named}, toolproxy.Serve
	if r := runFake(t, x); string(r.Answer) != "200 true 200true 403 false 403 403 " {
		t.Errorf("got %q, %q", r.Answer, r.Stderr)
	}
}

func TestToolThatIsNotThere(t *testing.T) {
	for _, tc := range []struct {
		x   Tool
		err string
		why string
	}{
		{Tool{Command: []string{"/usr/bin/gatehouse-none-such"}}, "no such file", "the program"},
		{Tool{Command: []string{"relative"}}, "no absolute path", "a relative path"},
		{Tool{Command: []string{"/usr/bin/true"}, Inputs: []ToolFile{{Name: "../x"}}}, "no file name", "an input elsewhere"},
		{Tool{Command: []string{"/usr/bin/true"}, Folders: []string{"/"}}, "below /", "the whole machine"},
		{Tool{Command: []string{"/usr/bin/true"}, Network: []string{"gatehouse.invalid:443"}}, "nobody leads", "a way out without a proxy"},
		{Tool{Command: []string{"/usr/bin/true"}, Output: "/etc/passwd"}, "no file of", "an answer elsewhere"},
	} {
		_, err := RunTool(t.Context(), tc.x)
		if _, failure := errors.AsType[*Failure](err); err == nil || failure || !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: got %v, want an error with %q", tc.why, err, tc.err)
		}
	}
}

func BenchmarkToolStart(b *testing.B) {
	for b.Loop() {
		if _, err := RunTool(b.Context(), Tool{Command: []string{"/usr/bin/true"}}); err != nil {
			b.Fatal(err)
		}
	}
}
