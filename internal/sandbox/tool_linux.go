package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors of a tool's first process beyond the standard ones.
const (
	reportFD    = 3 // the report goes there
	leashFD     = 4 // a socket to the parent: carries the proxy's listener, and ends when the parent does
	firstToolIn = 5
)

// The program's home folder and working folder.
const (
	toolHome = ToolScratch + "/home"
	toolWork = ToolScratch + "/work"
)

// RunTool runs a program and gives its answer. A *Failure says that it ran and
// came to no end of its own; any other error that this machine could not run it.
// A Tool without a command runs nothing and shows that everything else works.
// When ctx ends, everything is killed and ctx's error comes back. Safe for
// concurrent use; how many run at once is the caller's to bound.
func RunTool(ctx context.Context, t Tool) (ToolResult, error) {
	if err := t.check(); err != nil {
		return ToolResult{}, fmt.Errorf("starting tool: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return ToolResult{}, err
	}
	t.Limits = t.Limits.withDefaults()
	dir, err := os.MkdirTemp(t.Scratch, "gatehouse-tool-")
	if err != nil {
		return ToolResult{}, fmt.Errorf("starting tool: %w", err)
	}
	defer os.RemoveAll(dir)
	r, err := runTool(ctx, dir, t)
	if ctx.Err() != nil {
		return ToolResult{}, ctx.Err()
	}
	return r, err
}

func runTool(ctx context.Context, dir string, t Tool) (ToolResult, error) {
	o, err := orderTool(dir, t)
	if err != nil {
		return ToolResult{}, fmt.Errorf("starting tool: %w", err)
	}
	bounded, cancel := context.WithTimeout(ctx, t.Limits.Wall)
	defer cancel()
	began := time.Now()
	p, err := startTool(bounded, o, t)
	if err != nil {
		return ToolResult{}, fmt.Errorf("starting tool: %w", err)
	}
	defer p.leash.Close()
	report := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(p.report, 2*t.Limits.Output+1<<20)) // a report cut short does not parse
		report <- b
	}()
	if len(t.Network) > 0 {
		end, err := leadOut(p.leash, t)
		if err == nil {
			defer end()
		} // else it died before: the report says why
	}
	waitErr := p.cmd.Wait()
	var said toolReport
	heard := json.Unmarshal(<-report, &said) == nil
	p.report.Close()
	result := ToolResult{Exit: said.Exit, Answer: p.stdout.buf, Stderr: p.stderr.String(), Took: time.Since(began), CPU: said.CPU}
	if t.Output != "" {
		result.Answer = said.Output
	}
	switch {
	case p.stdout.over || int64(len(result.Answer)) > t.Limits.Output:
		return result, &Failure{Output, fmt.Sprintf("more than %d bytes", t.Limits.Output)}
	case bounded.Err() != nil:
		return result, &Failure{Timeout, fmt.Sprintf("no answer within %s", t.Limits.Wall)}
	case !heard && waitErr != nil:
		return result, fmt.Errorf("running tool: its first process died: %w: %s", waitErr, oneLine(p.stderr.String()))
	case !heard:
		return result, errors.New("running tool: its first process gave no report")
	case said.Fault != "":
		return result, fmt.Errorf("running tool: %s", said.Fault)
	case said.Refused != "":
		return result, &Failure{Prepare, oneLine(said.Refused)}
	case said.Killed == Memory:
		return result, &Failure{Memory, fmt.Sprintf("it took more than %d bytes", t.Limits.Memory)}
	case said.Killed == Processes:
		return result, &Failure{Processes, fmt.Sprintf("it started more than %d processes", t.Limits.Processes)}
	case said.Signal == "SIGXCPU" || said.Signal == "SIGKILL" && said.CPU >= t.Limits.Wall/2:
		return result, &Failure{Timeout, fmt.Sprintf("it used %s of processor time", said.CPU.Round(time.Second))}
	case said.Signal != "":
		return result, &Failure{Crash, oneLine("killed by " + said.Signal + ": " + firstLine(result.Stderr))}
	}
	return result, nil
}

// orderTool lays out the folders on this machine.
func orderTool(dir string, t Tool) (toolOrders, error) {
	o := toolOrders{
		Root: filepath.Join(dir, "root"), Input: filepath.Join(dir, "in"), Command: t.Command, Env: t.Env, Folders: t.Folders,
		Prepare: t.Prepare, PrepareIn: len(t.PrepareIn), PrepareSpec: t.PrepareSpec,
		Proxy: len(t.Network) > 0, Output: t.Output, Limits: t.Limits,
	}
	if os.Getuid() == 0 {
		o.User = nobody // the machine's root runs nobody else's programs
	}
	for _, d := range []string{o.Root, o.Input} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return o, err
		}
	}
	if err := writeInputs(o.Input, t.Inputs); err != nil {
		return o, err
	}
	if o.User != 0 {
		return o, os.Chown(o.Input, o.User, o.User) // for Prepare
	}
	return o, nil
}

type toolProcess struct {
	cmd    *exec.Cmd
	stdout *gather
	stderr *tail
	report *os.File
	leash  *os.File
}

func startTool(ctx context.Context, o toolOrders, t Tool) (*toolProcess, error) {
	if err := keepInherited(); err != nil {
		return nil, err
	}
	orders, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	reportR, reportW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reportW.Close()
	leash, theirs, err := socketPair(unix.SOCK_STREAM)
	if err != nil {
		return nil, errors.Join(err, reportR.Close())
	}
	defer theirs.Close()
	c := exec.CommandContext(ctx, self)
	p := &toolProcess{cmd: c, stderr: &tail{most: mostErrors}, report: reportR, leash: leash}
	p.stdout = &gather{most: o.Limits.Output, full: func() { _ = killGroup(c.Process) }} // started: it writes
	c.Args, c.Env, c.Dir = []string{toolName}, []string{}, "/"
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(orders), p.stdout, p.stderr
	c.ExtraFiles = append([]*os.File{reportW, theirs}, t.PrepareIn...)
	c.SysProcAttr = toolAttributes()
	c.Cancel = func() error { return killGroup(c.Process) }
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, reportR.Close(), leash.Close())
	}
	return p, nil
}

func toolAttributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Setpgid: true,
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if os.Getuid() == 0 {
		a.UidMappings = append(a.UidMappings, syscall.SysProcIDMap{ContainerID: nobody, HostID: nobody, Size: 1})
		a.GidMappings = append(a.GidMappings, syscall.SysProcIDMap{ContainerID: nobody, HostID: nobody, Size: 1})
		a.GidMappingsEnableSetgroups = true // to give up root's further groups
	}
	return a
}

// leadOut takes the listening socket that was opened inside and has the proxy
// answer there: a socket stays in the network it was made in, whoever accepts
// from it.
func leadOut(leash *os.File, t Tool) (end func(), err error) {
	_, files, err := receive(leash, make([]byte, 1))
	defer closeAll(files)
	if err == nil && len(files) != 1 {
		err = errors.New("no listener came")
	}
	if err != nil {
		return nil, err
	}
	return t.Proxy(files[0], t.Network)
}

// toolName is argv[0] of the first process of a tool's machine.
const toolName = "gatehouse-tool"

// toolOrders is what that process is told, on standard input.
type toolOrders struct {
	Root        string // an empty folder that becomes the machine's root
	Input       string // the folder that becomes ToolInput
	Command     []string
	Env         []string
	Folders     []string
	Prepare     string
	PrepareIn   int
	PrepareSpec []byte
	Proxy       bool // hand a listener of the machine's loopback to the parent
	Output      string
	User        int // the user inside that the program runs as
	Limits      ToolLimits
}

// toolReport is what it says at the end.
type toolReport struct {
	Fault   string // this machine could not be set up
	Refused string // what Prepare had against the input
	Killed  Kind   // by its own watch
	Exit    int
	Signal  string
	CPU     time.Duration
	Output  []byte
}

// gather reads what a program writes, up to most bytes, and then calls full
// once; the rest is read and dropped, so that nobody blocks.
type gather struct {
	most int64
	full func()
	mu   sync.Mutex
	buf  []byte
	over bool
}

func (g *gather) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	room := g.most - int64(len(g.buf))
	if int64(len(p)) > room && !g.over {
		g.over = true
		g.full()
	}
	if room > 0 {
		g.buf = append(g.buf, p[:min(room, int64(len(p)))]...)
	}
	return len(p), nil
}

// writeInputs puts the inputs into dir.
func writeInputs(dir string, inputs []ToolFile) error {
	for _, in := range inputs {
		if err := writeInput(filepath.Join(dir, in.Name), in); err != nil {
			return fmt.Errorf("writing the input %s: %w", in.Name, err)
		}
	}
	return nil
}

func writeInput(path string, in ToolFile) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	var from io.Reader = strings.NewReader(string(in.Data))
	if in.File != nil {
		st, err := in.File.Stat()
		if err != nil {
			return errors.Join(err, to.Close())
		}
		from = io.NewSectionReader(in.File, 0, st.Size())
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
