package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// lockName is the file in a data folder that its owner holds locked. It stays
// when the owner goes: removing a lock file lets two processes lock two files of
// the same name.
const lockName = "lock"

// ErrLocked says that another process has the data folder; the error is a
// *LockedError, which knows who.
var ErrLocked = errors.New("data folder in use")

// LockedError says who has a data folder.
type LockedError struct {
	Dir     string
	PID     int    // 0: the holder has not written it yet
	Purpose string // "gatehouse serve"; empty with PID 0
}

// Error implements error.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another process has data folder %s; wait for it or stop it", e.Dir)
	}
	return fmt.Sprintf("%s (pid %d) has data folder %s; wait for it, stop it, or use --server", e.Purpose, e.PID, e.Dir)
}

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// DataLock is one process's hold on a data folder.
type DataLock struct{ f *os.File }

// Lock takes a data folder, which it makes if needed, for this process. purpose
// ("gatehouse serve") is shown to whoever comes second and gets a *LockedError.
// The operating system ends the hold when the process ends, however it ends;
// what is written in the file is for people only and never believed.
func Lock(dir, purpose string) (*DataLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("locking data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking data folder: %w", err)
	}
	if err := take(f, dir, purpose); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking data folder: %w", err)
	}
	return &DataLock{f}, nil
}

// take locks the open file and writes who has it.
func take(f *os.File, dir, purpose string) error {
	got, err := tryLock(f)
	if err != nil {
		return err
	}
	if !got {
		pid, holder := readHolder(f)
		return &LockedError{Dir: dir, PID: pid, Purpose: holder}
	}
	return writeHolder(f, purpose)
}

// WaitLock is Lock that waits for its turn until ctx ends; the error is then the
// *LockedError of the last try.
func WaitLock(ctx context.Context, dir, purpose string) (*DataLock, error) {
	const between = 50 * time.Millisecond
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		l, err := Lock(dir, purpose)
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// Unlock gives the folder back. The holder's name goes first, so that nobody
// reads the name of one who has left.
func (l *DataLock) Unlock() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}

func writeHolder(f *os.File, purpose string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	purpose = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, purpose)
	_, err := f.WriteAt(fmt.Appendf(nil, "%d %s\n", os.Getpid(), purpose), 0)
	return err
}

// readHolder reads what the holder wrote, 0 and "" while it has not.
func readHolder(f *os.File) (int, string) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 300))
	if err != nil {
		return 0, ""
	}
	line, _, whole := strings.Cut(string(b), "\n")
	number, purpose, _ := strings.Cut(line, " ")
	pid, err := strconv.Atoi(number)
	if err != nil || !whole || pid <= 0 {
		return 0, ""
	}
	return pid, purpose
}
