package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) requestsCommand() *cobra.Command {
	var open, waivers bool
	var limit int
	c := &cobra.Command{
		Use:   "requests",
		Short: "List what was asked of the gate, what people ask for, or the waivers",
		Long: `Lists the newest requests with their status: queued, running, done, failed or
cancelled. A request outlives the gate that took it in: what was queued or
running when the gate stopped goes on when it serves again.`,
		Example: `  gatehouse requests
  gatehouse requests --open
  gatehouse requests show r3k7q2m9xw41
  gatehouse requests cancel r3k7q2m9xw41`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				switch {
				case open:
					return a.listAsks(cmd.Context(), s)
				case waivers:
					return a.listWaivers(cmd.Context(), s)
				}
				return a.listOutcomes(cmd.Context(), s, limit)
			})
		},
	}
	c.Flags().BoolVar(&open, "open", false, "what people ask for and nobody answered yet")
	c.Flags().BoolVar(&waivers, "waivers", false, "the waivers given so far")
	c.Flags().IntVar(&limit, "limit", 20, "how many requests")
	c.AddCommand(a.requestsShow(), a.requestsCancel())
	return c
}

func (a *app) listOutcomes(ctx context.Context, s gate.Service, limit int) error {
	outs, err := s.Outcomes(ctx, a.flags.registry, limit)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"requests": outs}, func(w io.Writer) error {
		for _, o := range outs {
			if _, err := fmt.Fprintf(w, "%s  %-7s %-7s %d versions  %s\n", o.Request, o.Status, o.Verdict, len(o.Versions), o.DecisionURL); err != nil {
				return err
			}
		}
		return nil
	})
}

// unknown says of an id that nothing has where the ids are listed; any other
// error stays as it is.
func unknown(err error, what, id, list string) error {
	if !errors.Is(err, verdict.ErrNotFound) {
		return err
	}
	return fmt.Errorf("there is no %s %q here; these there are:  %s", what, artifact.Untrusted(id), list)
}

func (a *app) requestsShow() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Print the answer to a request, or how far it is",
		Long: `Prints what "gatehouse admit" would have printed, with the same exit codes; 2 as
long as there is no answer.`,
		Example: "  gatehouse requests show r3k7q2m9xw41",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				out, err := s.Outcome(cmd.Context(), args[0])
				if err != nil {
					return unknown(err, "request", args[0], "gatehouse requests")
				}
				if err := a.print(out, func(w io.Writer) error { return writeRequest(w, out, all) }); err != nil {
					return err
				}
				if !out.Status.Ended() {
					return exit{exitHold}
				}
				return verdictExit(out)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "show every version and every note")
	return c
}

func writeRequest(w io.Writer, out verdict.Outcome, all bool) error {
	if out.Status.Ended() {
		return report.Text(w, out, report.TextOptions{All: all})
	}
	_, err := fmt.Fprintf(w, "request %s is %s; there is no answer yet. A gate that serves goes on with it: %s\n", artifact.Untrusted(out.Request), out.Status, artifact.Untrusted(out.DecisionURL))
	return err
}

func (a *app) requestsCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel ID",
		Short: "Take back a request that has no answer yet",
		Long: `Takes back a request that is queued or running. Nothing is decided for it; what
was fetched and scanned is kept. Who asked may cancel, and so may approvers and
admins.`,
		Example: "  gatehouse requests cancel r3k7q2m9xw41",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				out, err := s.Cancel(cmd.Context(), args[0], operator())
				if err != nil {
					return unknown(err, "request", args[0], "gatehouse requests")
				}
				return a.print(out, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "cancelled %s\n", artifact.Untrusted(out.Request))
					return err
				})
			})
		},
	}
}
