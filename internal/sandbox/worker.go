package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// orders is what a worker is told about itself, in argv.
type orders struct {
	CPU    uint64 // seconds
	Memory uint64 // bytes
	Wall   time.Duration
	Inputs int
	Root   bool // its user is root outside

	Require []string
}

// grace is how much longer than the parent's clock the worker's own runs: it
// only matters when the parent was killed.
const grace = 10 * time.Second

func encodeOrders(l Limits, inputs int, far isolation) string {
	b, err := json.Marshal(orders{l.cpuSeconds(), uint64(l.Memory), l.Wall, inputs, os.Getuid() == 0 && far != stranger, l.Require})
	if err != nil {
		panic(err) // numbers and words only
	}
	return string(b)
}

// runtimeSettings are a worker's environment: what Go's runtime reads as it starts
// (https://pkg.go.dev/runtime#hdr-Environment_Variables), which costs nothing there,
// while each of these set later stops the process. The worker forgets them before
// anything else is done.
func runtimeSettings(l Limits) []string {
	return []string{
		"GOMAXPROCS=1", // one worker a core is the caller's plan; more threads would only fight
		"GOGC=400",     // which for most archives is never: it grows a little and ends
		"GOMEMLIMIT=" + strconv.FormatInt(l.Soft, 10),
		"GODEBUG=containermaxprocs=0,updatemaxprocs=0", // it need not ask how many processors there are
	}
}

// MaybeWorker does a task and exits when this process was started as a worker;
// else it returns at once. It must be called before anything else is done: the
// limits come first. A program does it in the init of a package that imports what
// the tasks need and nothing else (internal/worker), so that a worker does not wait
// until what the rest of the program links has been set up. Exit codes: 0 when it
// answered, 2 when it could not.
func MaybeWorker(tasks map[string]Task) {
	maybeLauncher()
	if len(os.Args) != 3 || os.Args[0] != workerName {
		return
	}
	os.Clearenv()
	if err := work(tasks); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}

func work(tasks map[string]Task) error {
	var o orders
	if err := json.Unmarshal([]byte(os.Args[2]), &o); err != nil {
		return fmt.Errorf("reading orders: %w", err)
	}
	time.AfterFunc(o.Wall+grace, func() { os.Exit(2) })
	layers, err := confine(o)
	if err != nil {
		return fmt.Errorf("confining the worker: %w", err)
	}
	task, ok := tasks[os.Args[1]]
	if os.Args[1] == probeTask {
		task, ok = probe(layers), true
	}
	if !ok {
		return fmt.Errorf("no task %q in this program", os.Args[1])
	}
	answer := os.NewFile(answerFD, "answer")
	if missing := Missing(layers, o.Require); missing != "" {
		_, err := answer.WriteString(string(lacks) + missing)
		return err
	}
	in := make([]*os.File, o.Inputs)
	for i := range in {
		in[i] = os.NewFile(uintptr(firstIn+i), fmt.Sprintf("input %d", i))
	}
	spec, err := io.ReadAll(io.LimitReader(os.Stdin, mostSpec))
	if err != nil {
		return fmt.Errorf("reading the specification: %w", err)
	}
	out, err := task(in, spec)
	head := []byte{answered}
	if err != nil {
		head, out = []byte{refused}, []byte(err.Error())
	}
	if _, err := answer.Write(head); err != nil {
		return fmt.Errorf("answering: %w", err)
	}
	if _, err := answer.Write(out); err != nil {
		return fmt.Errorf("answering: %w", err)
	}
	return nil
}
