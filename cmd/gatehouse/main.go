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
	"github.com/gatehouse-project/gatehouse/internal/scan/external"
	_ "github.com/gatehouse-project/gatehouse/internal/worker" // runs and ends here in a worker process, before anything else of this program
)

func main() {
	sandbox.MaybeTool(external.Tasks())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	sandbox.Stop()
	os.Exit(code)
}
