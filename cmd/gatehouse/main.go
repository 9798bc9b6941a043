// Command gatehouse is a gate for packages: it stands between public registries
// and a company's builds, admits what was looked at and found good, and says of
// the rest what to change. `gatehouse --help` lists what it does.
//
// This package is the only place that knows every adapter: engine.go puts the
// parts together, each subcommand has a file of its own name.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/gatehouse-project/gatehouse/internal/sandbox"
)

func main() {
	sandbox.MaybeWorker(workerTasks())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}
