package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

func (a *app) jobsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "jobs",
		Short: "List the gate's work, and have what it gave up tried again",
		Long: `Every request is looked at by a job, which outlives the process that runs it. A
job that fails is tried again after a growing pause; after six tries it is dead:
it stays, with what stopped it, until it is started again or its request is
cancelled.`,
	}
	c.AddCommand(a.jobsList(), a.jobsRestart())
	return c
}

func (a *app) jobsList() *cobra.Command {
	var state string
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List jobs, newest first",
		Example: `  gatehouse jobs list
  gatehouse jobs list --state dead
  gatehouse jobs list --state waiting --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := jobs.State(state)
			if s != "" && !slices.Contains(jobs.States, s) {
				return fmt.Errorf("--state %q is none of %v", state, jobs.States)
			}
			return a.withService(cmd.Context(), func(svc gate.Service) error {
				list, err := svc.Jobs(cmd.Context(), s, limit)
				if err != nil {
					return err
				}
				if list == nil {
					list = []jobs.Job{}
				}
				return a.print(map[string]any{"jobs": list}, func(w io.Writer) error { return writeJobs(w, list) })
			})
		},
	}
	c.Flags().StringVar(&state, "state", "", "only those: waiting, running, done, dead or cancelled")
	c.Flags().IntVar(&limit, "limit", 20, "how many jobs")
	return c
}

func writeJobs(w io.Writer, list []jobs.Job) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "there are no such jobs")
		return err
	}
	for _, j := range list {
		if _, err := fmt.Fprintf(w, "%s  %-9s  %s %s  %s  attempt %d", j.ID, j.State, artifact.Untrusted(j.Kind), artifact.Untrusted(j.Subject), artifact.Untrusted(j.Share), j.Attempt); err != nil {
			return err
		}
		if j.State == jobs.Waiting && j.Tries > 0 {
			fmt.Fprintf(w, ", again at %s", j.NotBefore.Format(time.RFC3339))
		}
		if j.Error != "" {
			fmt.Fprintf(w, "\n    %s", artifact.Untrusted(j.Error))
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) jobsRestart() *cobra.Command {
	return &cobra.Command{
		Use:   "restart ID",
		Short: "Have a dead job tried again",
		Long: `Has a job that the gate gave up tried again, with all its tries before it. The gate
that serves does it at once; without one it waits until a gate serves. Over
--server it needs an admin's token.`,
		Example: "  gatehouse jobs restart j3k7q2m9xw41",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				j, err := s.RestartJob(cmd.Context(), args[0], operator())
				if err != nil {
					return unknown(err, "job", args[0], "gatehouse jobs list")
				}
				return a.print(j, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "%s waits to be tried again\n", artifact.Untrusted(j.ID))
					return err
				})
			})
		},
	}
}
