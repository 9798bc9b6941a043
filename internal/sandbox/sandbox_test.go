package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	tasks := map[string]Task{
		"echo":    echo,
		"environ": func([]*os.File, []byte) ([]byte, error) { return []byte(strings.Join(os.Environ(), "\n")), nil },
		"read":    readInputs,
		"sleep":   func([]*os.File, []byte) ([]byte, error) { time.Sleep(time.Hour); return nil, nil },
		"burn":    burn,
		"bomb":    bomb,
		"panic":   func([]*os.File, []byte) ([]byte, error) { panic("what the test wants to see") },
		"flood":   func([]*os.File, []byte) ([]byte, error) { return make([]byte, 1<<20), nil },
		"exit":    func([]*os.File, []byte) ([]byte, error) { os.Exit(0); return nil, nil },
		"chatter": chatter,
		"refuse":  func([]*os.File, []byte) ([]byte, error) { return nil, errors.New("no\nthank you") },
		"make":    makeInput,
		"greet":   greet,
	}
	maps.Copy(tasks, escapeTasks())
	MaybeWorker(tasks)
	MaybeTool(tasks)
	if len(os.Args) > 2 && os.Args[1] == "tool" {
		fakeTool(os.Args[2], os.Args[3:])
	}
	if len(os.Args) == 2 && os.Args[1] == "inherit" {
		inherit()
	}
	if len(os.Args) == 2 && os.Args[1] == "orphan" {
		orphan()
	}
	if len(os.Args) == 4 && os.Args[1] == "layer" {
		takeAlone(os.Args[2])
	}
	os.Exit(m.Run())
}

func echo(_ []*os.File, spec []byte) ([]byte, error) { return spec, nil }

// chatter prints where an answer does not belong, more than is kept.
func chatter([]*os.File, []byte) ([]byte, error) {
	line := strings.Repeat("x", 1<<10) + "\n"
	for range 1 << 10 {
		fmt.Print(line)
		fmt.Fprint(os.Stderr, line)
	}
	return []byte("answer"), nil
}

// greet writes to its first input, a pipe, that it is there, and stays.
func greet(in []*os.File, _ []byte) ([]byte, error) {
	if _, err := in[0].WriteString("here"); err != nil {
		return nil, err
	}
	time.Sleep(time.Hour)
	return nil, nil
}

func readInputs(in []*os.File, _ []byte) ([]byte, error) {
	var all []byte
	for _, f := range in {
		b, err := io.ReadAll(io.NewSectionReader(f, 0, 100))
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

func burn([]*os.File, []byte) ([]byte, error) {
	for n := 0; ; n++ {
		if n < 0 {
			return nil, nil
		}
	}
}

var held [][]byte

func bomb([]*os.File, []byte) ([]byte, error) {
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		held = append(held, b)
	}
}

func mustFail(t *testing.T, err error, want Kind) *Failure {
	t.Helper()
	f, ok := errors.AsType[*Failure](err)
	if !ok || f.Kind != want {
		t.Fatalf("got error %v, want a failure of kind %q", err, want)
	}
	return f
}

func TestWorkerAnswers(t *testing.T) {
	got, err := Run(t.Context(), "echo", nil, []byte("spec"), Limits{})
	if err != nil || string(got) != "spec" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := Run(t.Context(), "chatter", nil, nil, Limits{}); err != nil || string(got) != "answer" {
		t.Errorf("a worker that prints elsewhere: got %q, %v", got, err)
	}
}

func TestWorkerReadsItsInputsOnly(t *testing.T) {
	var in []*os.File
	for _, content := range []string{"one ", "two"} {
		f, err := os.Create(filepath.Join(t.TempDir(), "in"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		in = append(in, f)
	}
	got, err := Run(t.Context(), "read", in, nil, Limits{})
	if err != nil || string(got) != "one two" {
		t.Errorf("got %q, %v", got, err)
	}
	if at, err := in[0].Seek(0, io.SeekCurrent); err != nil || at != 4 {
		t.Errorf("the parent's descriptor moved to %d, %v", at, err)
	}
}

func TestWorkerSeesNoEnvironment(t *testing.T) {
	t.Setenv("GATEHOUSE_CANARY", "sings")
	got, err := Run(t.Context(), "environ", nil, nil, Limits{})
	if err != nil || len(got) != 0 {
		t.Errorf("the worker sees %q, %v", got, err)
	}
}

func TestFailures(t *testing.T) {
	for _, tc := range []struct {
		task   string
		lim    Limits
		kind   Kind
		detail string
		why    string
	}{
		{"sleep", Limits{Wall: 200 * time.Millisecond}, Timeout, "within", "the wall clock counts sleep"},
		{"burn", Limits{CPU: time.Second}, Timeout, "processor", "the kernel counts work"},
		{"burn", Limits{Wall: 200 * time.Millisecond}, Timeout, "within", "the wall clock counts work too"},
		{"bomb", Limits{Memory: 128 << 20}, Memory, "134217728", "contained by RLIMIT_DATA"},
		{"panic", Limits{}, Crash, "what the test wants to see", "a panic is reported with its words"},
		{"flood", Limits{Output: 1000}, Output, "1000", "an answer is capped"},
		{"exit", Limits{}, Crash, "without an answer", "an end without an answer is no answer"},
		{"refuse", Limits{}, Refused, "no thank you", "a task's own error, in one line"},
		{"nothing", Limits{}, Crash, "no task", "an unknown task"},
	} {
		t.Run(tc.task, func(t *testing.T) {
			_, err := Run(t.Context(), tc.task, nil, nil, tc.lim)
			if f := mustFail(t, err, tc.kind); !strings.Contains(f.Detail, tc.detail) {
				t.Errorf("detail %q, want it to contain %q (%s)", f.Detail, tc.detail, tc.why)
			} else if strings.Contains(f.Detail, "goroutine") || strings.Contains(f.Detail, ".go:") {
				t.Errorf("detail %q shows a stack", f.Detail)
			}
		})
	}
}

func TestOutputAtItsLimit(t *testing.T) {
	got, err := Run(t.Context(), "flood", nil, nil, Limits{Output: 1 << 20})
	if err != nil || len(got) != 1<<20 {
		t.Errorf("an answer of exactly the limit: got %d bytes, %v", len(got), err)
	}
	_, err = Run(t.Context(), "flood", nil, nil, Limits{Output: 1<<20 - 1})
	mustFail(t, err, Output)
}

func TestCancelKillsTheWorker(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err := Run(ctx, "sleep", nil, nil, Limits{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if _, err := Run(ctx, "echo", nil, nil, Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("started after the end: %v", err)
	}
}

func TestLayersAreReported(t *testing.T) {
	layers, err := Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, l := range layers {
		if !slices.Contains(LayerNames(), l.Name) {
			t.Errorf("layer %q is not in the list of names", l.Name)
		}
		in[l.Name] = l.InForce
		if l.InForce == (l.Why != "") {
			t.Errorf("layer %+v: a reason belongs to what is missing, and only there", l)
		}
		t.Logf("%+v", l)
	}
	if runtime.GOOS == "linux" {
		for _, name := range []string{LayerMemory, LayerCPUTime, LayerDescriptors, LayerNoNewPrivileges, LayerCore, LayerFileSize, LayerSeccomp} {
			if !in[name] {
				t.Errorf("layer %q is not in force", name)
			}
		}
	}
}

// TestWithoutNamespaces is the worker where user namespaces are refused.
func TestWithoutNamespaces(t *testing.T) {
	refuseNamespaces(t)
	_, err := Run(t.Context(), "bomb", nil, nil, Limits{Memory: 128 << 20})
	mustFail(t, err, Memory)
	layers, err := Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && Missing(layers, []string{LayerNamespaces}) == "" {
		t.Error("without namespaces they are said to be in force")
	}
}

func TestWhatIsRequiredMustBeThere(t *testing.T) {
	if _, err := Run(t.Context(), "echo", nil, nil, Limits{Require: []string{"walls"}}); err == nil || !strings.Contains(err.Error(), "walls") {
		t.Errorf("a layer that nobody knows: got %v", err)
	}
	refuseNamespaces(t)
	_, err := Run(t.Context(), "echo", nil, nil, Limits{Require: []string{LayerDescriptors, LayerNamespaces}})
	if _, isFailure := errors.AsType[*Failure](err); err == nil || isFailure {
		t.Fatalf("got %v, want a fault: the input is not to blame", err)
	}
	if !strings.Contains(err.Error(), LayerNamespaces) || runtime.GOOS != "windows" && strings.Contains(err.Error(), LayerDescriptors) {
		t.Errorf("the error names something else than what is missing: %v", err)
	}
}

// TestManyAtOnce: each worker answers to whom asked it.
func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range 40 {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			want := strings.Repeat(fmt.Sprint(i), 1+i*5000) // past what a pipe holds
			if got, err := Run(t.Context(), "echo", nil, []byte(want), Limits{}); err != nil || string(got) != want {
				t.Errorf("worker %d: got %d bytes, %v; want %d", i, len(got), err, len(want))
			}
		})
	}
	all.Wait()
}

func TestStopIsNotTheEnd(t *testing.T) {
	for range 3 {
		Stop()
		if got, err := Run(t.Context(), "echo", nil, []byte("spec"), Limits{}); err != nil || string(got) != "spec" {
			t.Errorf("after Stop: got %q, %v", got, err)
		}
	}
}

func BenchmarkWorkerStart(b *testing.B) {
	for b.Loop() {
		if _, err := Run(b.Context(), "echo", nil, nil, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
