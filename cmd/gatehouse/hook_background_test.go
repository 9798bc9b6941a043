//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// worker is a program that stands for `hook admit`: it reads its request, says
// that it has begun, and waits to be let go.
func worker(t *testing.T, answer string) (b *background, begun, letGo, finished string) {
	t.Helper()
	dir := t.TempDir()
	begun, letGo, finished = filepath.Join(dir, "begun"), filepath.Join(dir, "go"), filepath.Join(dir, "finished")
	for _, name := range []string{begun, letGo, finished} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\ncat > request\necho > begun\nread x < go\nprintf '%s' '" + answer + "'\necho > finished\n"
	program := filepath.Join(dir, "worker.sh")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ncd "+dir+"\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &background{program: program, url: "http://gate.invalid"}, begun, letGo, finished
}

func wait(t *testing.T, fifo string) {
	t.Helper()
	if _, err := os.ReadFile(fifo); err != nil {
		t.Fatal(err)
	}
}

func TestBackgroundGivesTheAnswer(t *testing.T) {
	b, begun, letGo, finished := worker(t, `{"outcome":{"request":"r9","status":"done","verdict":"reject"}}`)
	go func() {
		os.ReadFile(begun)
		os.WriteFile(letGo, []byte("x\n"), 0)
		os.ReadFile(finished)
	}()
	out, err := b.Admit(t.Context(), verdict.Request{ID: "r9"}, gate.Silent{})
	if err != nil || out.Verdict != verdict.Reject || out.Request != "r9" {
		t.Errorf("Admit: %+v, %v", out, err)
	}
}

func TestBackgroundOutlivesTheHook(t *testing.T) {
	b, begun, letGo, finished := worker(t, `{"outcome":{"request":"r9","status":"done","verdict":"admit"}}`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		os.ReadFile(begun)
		cancel()
	}()
	_, err := b.Admit(ctx, verdict.Request{ID: "r9"}, gate.Silent{})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "http://gate.invalid/d/r9") {
		t.Fatalf("Admit: %v; want the link", err)
	}
	// The process is still there and ends its work.
	if err := os.WriteFile(letGo, []byte("x\n"), 0); err != nil {
		t.Fatal(err)
	}
	wait(t, finished)
}

func TestBackgroundWithoutAnAnswerIsAFault(t *testing.T) {
	for _, tc := range []struct{ script, want string }{
		{"exit 3", "without an answer"},
		{"echo '{}'", "without an answer"},
		{"echo '{\"error\":\"the disk is full\"}'", "the disk is full"},
		{"echo '{\"outcome\":{\"status\":\"done\",\"verdict\":\"admit\"}}'; exit 1", "exit status 1"},
		{"echo '{\"outcome\":{\"verdict\":\"yes\"}}'", "without an answer"},
	} {
		program := filepath.Join(t.TempDir(), "worker.sh")
		if err := os.WriteFile(program, []byte("#!/bin/sh\ncat >/dev/null\n"+tc.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := (&background{program: program}).Admit(t.Context(), verdict.Request{}, gate.Silent{})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want an error with %q", tc.script, err, tc.want)
		}
	}
}
