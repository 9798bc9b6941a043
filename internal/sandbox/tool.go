package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Tool is somebody else's program that looks at something, run by RunTool in a
// machine of its own: it sees system software, the folders named here, what it
// was given below ToolInput, and nothing else of this machine. The promise, on
// the only system that can keep it (Linux with user namespaces; ToolSupport
// says whether this one can):
//
//   - its own user, process, mount, IPC, host name and network namespaces, no
//     capabilities, no_new_privs, never the machine's root;
//   - no network, or exactly the named hosts: an empty network namespace, in
//     which the only address that answers is a proxy of the parent's that
//     connects to nothing else;
//   - the environment that is given, nothing inherited; an empty standard input;
//   - everything read-only but a private folder in memory, which is also the home
//     folder and the working folder, and gone afterwards;
//   - it ends with everything it started: a child left behind dies with it.
type Tool struct {
	// Command is the program, an absolute path, and its arguments.
	Command []string
	// Env is all of the environment beyond HOME, TMPDIR, PATH and LANG, as
	// "NAME=value".
	Env []string
	// Folders are shown to the program read-only at their own places: where it and
	// what it needs are installed. Absolute paths.
	Folders []string
	// Inputs are put below ToolInput before the program starts, read-only.
	Inputs []ToolFile
	// Prepare names a task (see MaybeTool) that may fill ToolInput further: it
	// runs first, in the same machine and under the same limits, with PrepareIn
	// as its descriptors, and must write below ToolInput only. "" for none.
	Prepare     string
	PrepareIn   []*os.File
	PrepareSpec []byte
	// Network lists the "host:port" places that the program may reach through the
	// proxy that HTTP_PROXY and HTTPS_PROXY name, and Proxy is who answers there:
	// it serves on a listening socket until end is called (toolproxy.Serve).
	Network []string
	Proxy   func(listening *os.File, places []string) (end func(), err error)
	// Output is a file below ToolScratch that holds the answer; "" for standard
	// output.
	Output string
	// Scratch is the folder of this machine in which the inputs are kept while the
	// program runs. Default: the system's.
	Scratch string
	Limits  ToolLimits
}

// ToolFile is one input: Data, or the content of File.
type ToolFile struct {
	Name string // a single path element
	Data []byte
	File *os.File // read at offsets; stays open
}

// Places in a tool's machine.
const (
	ToolInput   = "/in"
	ToolScratch = "/tmp"
)

// ToolLimits bound one run. A zero field stands for its default.
type ToolLimits struct {
	Wall      time.Duration // from start to end, preparing included; processor time of each process as well
	Memory    int64         // bytes resident in all its processes together, watched; also the data that each may map
	Output    int64         // bytes of the answer
	Files     int           // files and folders that it may make
	Disk      int64         // bytes that it may write; they are memory
	Processes int           // processes and threads at once
}

const (
	defaultToolWall      = 2 * time.Minute
	defaultToolMemory    = 2 << 30
	defaultToolOutput    = 16 << 20
	defaultToolFiles     = 10_000
	defaultToolDisk      = 256 << 20
	defaultToolProcesses = 256
)

func (l ToolLimits) withDefaults() ToolLimits {
	if l.Wall <= 0 {
		l.Wall = defaultToolWall
	}
	if l.Memory <= 0 {
		l.Memory = defaultToolMemory
	}
	if l.Output <= 0 {
		l.Output = defaultToolOutput
	}
	if l.Files <= 0 {
		l.Files = defaultToolFiles
	}
	if l.Disk <= 0 {
		l.Disk = defaultToolDisk
	}
	if l.Processes <= 0 {
		l.Processes = defaultToolProcesses
	}
	return l
}

// ToolResult is how a run ended whose program came to its own end.
type ToolResult struct {
	Exit   int
	Answer []byte // standard output, or the file that Tool.Output names (nil when it is not there)
	Stderr string // its first 64 KiB: untrusted
	Took   time.Duration
	CPU    time.Duration // of all its processes that were waited for
}

// Further kinds of failure that only tools have.
const (
	Processes Kind = "processes" // it started more than its limit
	Prepare   Kind = "prepare"   // its input could not be prepared
)

// ErrNoTools says that this machine cannot keep what Tool promises.
var ErrNoTools = errors.New("this machine cannot shut a program in: it needs Linux 5.12 or newer with user namespaces " +
	"(in a container: run it with user namespaces allowed and /proc unmasked)")

// ToolSupport starts an empty machine and says why that cannot be done here:
// an error that wraps ErrNoTools, with the step that was refused.
func ToolSupport(ctx context.Context) error {
	if toolsWork.Load() {
		return nil
	}
	_, err := RunTool(ctx, Tool{Limits: ToolLimits{Wall: 20 * time.Second}})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", ErrNoTools, err)
	}
	toolsWork.Store(err == nil)
	return err
}

// toolsWork remembers that ToolSupport found nothing missing.
var toolsWork atomic.Bool

func (t Tool) check() error {
	if len(t.Command) > 0 && !filepath.IsAbs(t.Command[0]) {
		return fmt.Errorf("the program %q is no absolute path", t.Command[0])
	}
	for _, f := range t.Folders {
		if !filepath.IsAbs(f) || filepath.Clean(f) == "/" {
			return fmt.Errorf("the folder %q is no absolute path below /", f)
		}
	}
	for _, in := range t.Inputs {
		if in.Name == "" || in.Name != filepath.Base(in.Name) || in.Name == "." || in.Name == ".." {
			return fmt.Errorf("the input %q is no file name", in.Name)
		}
	}
	if len(t.Network) > 0 && t.Proxy == nil {
		return errors.New("places are named and nobody leads there")
	}
	if t.Output != "" && filepath.Dir(t.Output) != ToolScratch {
		return fmt.Errorf("the answer %q is no file of %s", t.Output, ToolScratch)
	}
	return nil
}
