//go:build !linux

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"time"
)

func maybeLauncher() {}

// Stop ends nothing: here each worker is a child of its own.
func Stop() {}

// runOnce starts a worker and sees it to its end. An error means that it did not
// start.
func runOnce(ctx context.Context, kill context.CancelFunc, l launch, in []*os.File, spec []byte, most int64) (*process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	answer, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	p := &process{errors: &tail{most: mostErrors}}
	c := exec.CommandContext(ctx, exe)
	c.Args, c.Env, c.Dir = l.Args, l.Env, string(os.PathSeparator)
	c.Stdin = bytes.NewReader(spec)
	c.Stderr = p.errors
	c.ExtraFiles = append([]*os.File{w}, in...)
	c.SysProcAttr = attributes(l.Far)
	c.Cancel = func() error { return killGroup(c.Process) }
	// A worker that is killed may leave pipes open only through a child it could
	// not have started; never wait for that.
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		answer.Close()
		return nil, err
	}
	w.Close()
	p.out, p.flooded, p.readErr = readAnswer(answer, most, kill)
	if err := c.Wait(); err != nil {
		state := c.ProcessState
		p.end = end{how: state.String(), killed: state.ExitCode() == -1, spent: state.UserTime() + state.SystemTime()}
		if errors.Is(err, exec.ErrWaitDelay) {
			p.end.how = "it left its pipes open"
		}
	}
	return p, nil
}
