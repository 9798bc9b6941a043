package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/clientconfig"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARGUMENT...]",
		Short: "Run one command of a package client through the gate",
		Long: `Runs a command with its environment set so that pip, uv, npm, pnpm, yarn, bun, go,
cargo, mvn and gradle, and whatever it starts of them, fetch through the gate.
Nothing is written to anybody's configuration; variables that name further
indexes are taken out, and said. cargo, mvn and gradle take an argument instead of
a variable, so they are told only when they are the command itself.

The gate is that of --server, else the one that the configuration here describes.
--token is handed to the command by its environment and a file that is removed
afterwards; only a reader's token is.

Exit codes: that of the command; 3 when it was not started.`,
		Example: `  gatehouse run -- pip install requests
  gatehouse run --registry data -- npm ci
  gatehouse run --server https://gate.example.com --token env:READER_TOKEN -- cargo build`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("token") {
				a.flags.token = "" // GATEHOUSE_TOKEN is this command line's own
			}
			return a.runThrough(cmd.Context(), args)
		},
	}
}

func (a *app) runThrough(ctx context.Context, command []string) error {
	m, err := clientconfig.Here()
	if err != nil {
		return err
	}
	w := clientconfig.Wish{Gate: cmp.Or(a.flags.server, a.cfg.URL()), Registry: a.flags.registry}
	if err := gateAnswers(ctx, w.Gate); err != nil {
		return err
	}
	if w.Token, err = a.readerToken(ctx, "pip"); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "gatehouse-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	r, err := m.Once(w, command, scratch)
	if err != nil {
		return err
	}
	for _, name := range r.Unset {
		fmt.Fprintf(a.err, "gatehouse: %s leads around the gate and is left out for this command\n", name)
	}
	c := exec.CommandContext(ctx, r.Args[0], r.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = a.in, a.out, a.err
	c.Env = append(withoutVariables(os.Environ(), r.Unset), r.Set...)
	// A terminal sends its interrupt to both; the command decides what to do with it.
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	err = c.Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() > 0 {
		return exit{failed.ExitCode()}
	}
	if err != nil {
		return fmt.Errorf("running %s: %w", command[0], err)
	}
	return nil
}

func withoutVariables(env, names []string) []string {
	return slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(names, name)
	})
}

// gateAnswers spares people a client's own words for "nobody is there".
func gateAnswers(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/healthz", nil)
	if err != nil {
		return errors.New("the gate's address is no http or https URL")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no gate answers at %s; start it with:  gatehouse serve  (or name another one with --server)", base)
	}
	defer resp.Body.Close()
	if resp.Header.Get("X-Gatehouse") == "" {
		return fmt.Errorf("what answers at %s is no gatehouse; name the gate with --server", base)
	}
	return nil
}
