package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Caps on what git prints.
const (
	maxOutput   = 16 << 20 // a list of refs
	maxRecord   = 64 << 10 // one path with what stands before it
	maxMessage  = 4 << 10  // what it says on standard error
	maxRevision = 1 << 10
)

// repository is a git repository at, or above, a folder.
type repository struct{ dir string }

// environment is all that git gets of ours. What it would read from the user's
// or the machine's configuration is off; protocols are off, so that a missing
// object of a partial clone is an error and no command of the remote's
// configuration runs to fetch it (GIT_NO_LAZY_FETCH would do, but old gits do
// not know it).
func environment() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=" + os.DevNull, "GIT_OPTIONAL_LOCKS=0",
		"GIT_ALLOW_PROTOCOL=", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0",
	}
	if os.Getenv("GIT_QUARANTINE_PATH") == "" {
		return env
	}
	for _, k := range []string{"GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// command is git with the repository's power over it taken away. safe.directory
// is open because that is what makes another user's repository safe to read. The
// commit graph is a cache that the repository's owner could have written.
func (r repository) command(ctx context.Context, args ...string) *exec.Cmd {
	hard := []string{
		"-C", r.dir, "--no-pager", "--literal-pathspecs", "-c", "safe.directory=*", "-c", "core.fsmonitor=false",
		"-c", "core.hooksPath=" + os.DevNull, "-c", "core.commitGraph=false", "-c", "advice.graftFileDeprecated=false",
	}
	c := exec.CommandContext(ctx, "git", append(hard, args...)...)
	c.Env = environment()
	c.Stderr = &message{}
	c.WaitDelay = time.Second // a child of git's may hold the pipes
	return c
}

// message keeps the beginning of what git says.
type message struct{ bytes.Buffer }

func (m *message) Write(b []byte) (int, error) {
	m.Buffer.Write(b[:min(len(b), max(0, maxMessage-m.Len()))])
	return len(b), nil
}

// fault says how a command that has ended went wrong.
func fault(c *exec.Cmd, name string, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("running git %s: git is not in PATH; install it: %w", name, err)
	}
	said := artifact.Untrusted(strings.TrimSpace(c.Stderr.(*message).String()))
	return fmt.Errorf("running git %s: %w: %s", name, err, said)
}

// output gives what a command prints. The exit code 1 is an answer of git's; any
// other but 0 is an error.
func (r repository) output(ctx context.Context, args ...string) (out []byte, code int, err error) {
	err = r.stream(ctx, func(in *bufio.Reader) (err error) {
		if out, err = io.ReadAll(io.LimitReader(in, maxOutput+1)); len(out) > maxOutput {
			err = fmt.Errorf("it printed more than %d bytes", maxOutput)
		}
		return err
	}, args...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return out, 1, nil
	}
	return out, 0, err
}

// records gives each zero-terminated record that a command prints.
func (r repository) records(ctx context.Context, each func(string) error, args ...string) error {
	return r.stream(ctx, func(in *bufio.Reader) error {
		for {
			b, err := in.ReadSlice(0)
			if err == io.EOF && len(b) == 0 {
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading a path: %w", err)
			}
			if err := each(string(b[:len(b)-1])); err != nil {
				return err
			}
		}
	}, args...)
}

// stream runs a command and hands its output to read. When read fails, git is
// ended: it would wait for ever to write the rest.
func (r repository) stream(ctx context.Context, read func(*bufio.Reader) error, args ...string) error {
	c := r.command(ctx, args...)
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fault(c, args[0], err)
	}
	if err := read(bufio.NewReaderSize(out, maxRecord)); err != nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		return fault(c, args[0], err)
	}
	if err := c.Wait(); err != nil {
		return fault(c, args[0], err)
	}
	return nil
}

var (
	objectID = lazy.Regexp(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	zeroID   = lazy.Regexp(`^0{40}(0{24})?$`)
)

func isZero(id string) bool { return zeroID().MatchString(id) }

// commit resolves a revision to a commit's id.
func (r repository) commit(ctx context.Context, rev string) (string, error) {
	if rev == "" || len(rev) > maxRevision || strings.ContainsRune(rev, 0) {
		return "", fmt.Errorf("%.80q is no revision; name a commit", artifact.Untrusted(rev))
	}
	b, code, err := r.output(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(b))
	if code != 0 || !objectID().MatchString(id) {
		return "", fmt.Errorf("%q is no commit that this repository has; name one, or fetch it first", artifact.Untrusted(rev))
	}
	return id, nil
}

// objects reads blobs from one git cat-file --batch, each once, until close. It
// is for one goroutine.
type objects struct {
	c    *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	read map[string][]byte
	left int64
}

func (r repository) objects(ctx context.Context) (*objects, error) {
	c := r.command(ctx, "cat-file", "--batch")
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fault(c, "cat-file", err)
	}
	return &objects{c: c, in: in, out: bufio.NewReader(out), read: map[string][]byte{}, left: maxTotalBytes}, nil
}

// close ends the process. How it ended is of no interest: each answer was
// checked. Closing twice does nothing.
func (o *objects) close() {
	_ = o.in.Close()
	_ = o.c.Process.Kill()
	_ = o.c.Wait()
}

// blob gives a blob's bytes; false for one above the cap. After an error the
// process is of no more use.
func (o *objects) blob(id string) ([]byte, bool, error) {
	if b, ok := o.read[id]; ok {
		return b, b != nil, nil
	}
	b, err := o.ask(id)
	if err != nil {
		o.close() // what it said is whole only when it has ended
		return nil, false, fault(o.c, "cat-file", err)
	}
	o.read[id] = b
	if o.left -= int64(len(b)); o.left < 0 {
		return nil, false, fmt.Errorf("the manifests of the change are larger than %d MiB together; push it in parts", maxTotalBytes>>20)
	}
	return b, b != nil, nil
}

func (o *objects) ask(id string) ([]byte, error) {
	if !objectID().MatchString(id) {
		return nil, fmt.Errorf("%q is no object id", artifact.Untrusted(id))
	}
	if _, err := io.WriteString(o.in, id+"\n"); err != nil {
		return nil, err
	}
	return readBlob(o.out, id)
}

// readBlob reads one answer of git cat-file --batch, "<id> blob <size>\n<bytes>\n";
// of a blob above the cap it gives nil.
func readBlob(in *bufio.Reader, id string) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	f := strings.Fields(string(line))
	if len(f) != 3 || f[0] != id || f[1] != "blob" {
		return nil, fmt.Errorf("the object cannot be read: %q", artifact.Untrusted(strings.TrimSpace(string(line))))
	}
	size, err := strconv.ParseInt(f[2], 10, 63)
	if err != nil || size < 0 {
		return nil, fmt.Errorf("an object of %q bytes", artifact.Untrusted(f[2]))
	}
	if size > maxFileBytes {
		_, err := io.CopyN(io.Discard, in, size+1)
		return nil, err
	}
	b := make([]byte, size+1)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	return b[:size:size], nil
}
