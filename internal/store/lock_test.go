package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// holderDir makes a copy of this test binary take a folder and hold it.
const holderDir = "GATEHOUSE_LOCKTEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderDir); dir != "" {
		if _, err := Lock(dir, "gatehouse serve"); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {} // until killed
	}
	os.Exit(m.Run())
}

func TestLockIsExclusive(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	first, err := Lock(dir, "gatehouse\nserve")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir, "gatehouse admit")
	holder, typed := errors.AsType[*LockedError](err)
	if !errors.Is(err, ErrLocked) || !typed {
		t.Fatalf("a second Lock: %v, want ErrLocked", err)
	}
	if holder.PID != os.Getpid() || holder.Purpose != "gatehouse serve" || holder.Dir != dir {
		t.Errorf("holder %+v, want this process, on one line", holder)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir, "gatehouse admit")
	if err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockEndsWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), holderDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "held\n" {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	want := fmt.Sprintf("gatehouse serve (pid %d) has data folder %s", cmd.Process.Pid, dir)
	if _, err := Lock(dir, "gatehouse admit"); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), want) {
		t.Errorf("while another process has it: %v, want %q", err, want)
	}

	waited := make(chan error, 1)
	go func() {
		l, err := WaitLock(t.Context(), dir, "gatehouse admit")
		if err == nil {
			err = l.Unlock()
		}
		waited <- err
	}()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // says that it was killed
	if err := <-waited; err != nil {
		t.Errorf("waiting for a holder that was killed: %v", err)
	}
}

func TestWaitLockGivesUpWithItsContext(t *testing.T) {
	dir := t.TempDir()
	l, err := Lock(dir, "gatehouse serve")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := WaitLock(ctx, dir, "gatehouse admit"); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v, want ErrLocked, which says who has it", err)
	}
}

// TestLockFileTextIsNotBelieved: a name left by a crash, or written by somebody,
// holds nothing and breaks nothing.
func TestLockFileTextIsNotBelieved(t *testing.T) {
	for _, text := range []string{"", "1 gatehouse serve\n", "-5 x\n", "x\n", "12", strings.Repeat("9", 5000)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, lockName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Lock(dir, "me")
		if err != nil {
			t.Errorf("Lock with %.20q in the file: %v", text, err)
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, lockName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = Lock(dir, "you"); !errors.Is(err, ErrLocked) || len(err.Error()) > len(dir)*2+500 {
			t.Errorf("a second Lock with %.20q in the file: %v", text, err)
		}
		if err := l.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

func TestTimesKeepTheirMillisecond(t *testing.T) {
	at := time.Date(2026, 5, 3, 10, 30, 0, 123e6, time.FixedZone("", 7200))
	for _, tc := range []struct {
		in, want time.Time
		why      string
	}{
		{at, at.UTC(), "another zone"},
		{at.Add(999), at.UTC(), "less than a millisecond goes"},
		{time.Time{}, time.Time{}, "zero stays zero"},
		{time.Unix(0, 0), time.Unix(0, 0).UTC(), "1970 is a time"},
		{time.UnixMilli(-1), time.UnixMilli(-1).UTC(), "so is before"},
	} {
		if got := Time(Millis(tc.in)); got != tc.want {
			t.Errorf("Time(Millis(%v)) = %v, want %v (%s)", tc.in, got, tc.want, tc.why)
		}
	}
}

func TestLimit(t *testing.T) {
	for n, want := range map[int]int{-1: DefaultLimit, 0: DefaultLimit, 1: 1, MaxLimit: MaxLimit, 1 << 40: MaxLimit} {
		if got := Limit(n); got != want {
			t.Errorf("Limit(%d) = %d, want %d", n, got, want)
		}
	}
}
