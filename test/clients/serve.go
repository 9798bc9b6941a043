package clients

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running `gatehouse serve`.
type Server struct {
	URL   string // http://127.0.0.1:PORT
	Index string // of its main registry
	Log   *Log
	Stop  func() // ends it and waits; may be called twice
}

var addressLine = regexp.MustCompile(`https?://[0-9A-Za-z.:\[\]-]+:\d+`)

// Serve runs `gatehouse serve` with further arguments on a box, and waits for the
// one line that says where it is. It ends with the test, and its log is shown
// when that failed.
func Serve(t *testing.T, b *Box, args ...string) *Server {
	t.Helper()
	const ready, end = 30 * time.Second, 60 * time.Second
	s := &Server{Log: &Log{}}
	cmd := exec.Command(Binary, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = b.Work, b.Env, s.Log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if a := addressLine.FindString(lines.Text()); a != "" && len(found) == 0 {
				found <- a
			}
		}
	}()
	s.Stop = sync.OnceFunc(func() {
		cmd.Process.Signal(os.Interrupt)
		timer := time.AfterFunc(end, func() { cmd.Process.Kill() })
		defer timer.Stop()
		<-ended // all that it wrote is read before Wait closes the pipe
		cmd.Wait()
	})
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("the gate's log, requests aside:\n%s", s.Log.last(40, " msg=request "))
		}
	})
	select {
	case s.URL = <-found:
	case <-ended:
	case <-time.After(ready):
	}
	if s.URL == "" {
		t.Fatalf("the gate did not say where it listens:\n%s", s.Log)
	}
	s.Index = s.URL + "/pypi/simple/"
	return s
}

// Log is what a process writes while a test reads it.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (s *Log) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// String is all so far.
func (s *Log) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// last gives the last lines that do not hold a text.
func (s *Log) last(most int, but string) string {
	var out []string
	for line := range strings.Lines(s.String()) {
		if !strings.Contains(line, but) {
			out = append(out, line)
		}
	}
	return strings.Join(out[max(0, len(out)-most):], "")
}
