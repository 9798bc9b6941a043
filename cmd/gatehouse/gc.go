package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/upkeep"
)

func (a *app) gcCommand() *cobra.Command {
	var dry bool
	c := &cobra.Command{
		Use:   "gc",
		Short: "Remove what nobody needs: unnamed blobs, old rows, caches over their size",
		Long: `Removes bytes that no row names (a download that was interrupted, a report whose
time is over), rows past their retention, what unfinished writes left, cached
answers past their age or size, and old copies of the database. "gatehouse serve"
does the same by itself (upkeep.every); this is for now, or before a backup.

Nothing that a decision rests on is ever removed: files that were looked at,
evidence, decisions, waivers, approvals and the audit log stay. It may run while
everything else does.

Exit codes: 0 done, 3 fault.`,
		Example: `  gatehouse gc --dry-run
  gatehouse gc
  gatehouse gc --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var got upkeep.Collected
			if err := a.housekeep(cmd.Context(), workGC, gcWish{dry}, &got); err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) error { return collectedText(w, got) })
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "only count what would go")
	return c
}

func collectedText(w io.Writer, c upkeep.Collected) error {
	verb := "removed"
	if c.DryRun {
		verb = "would remove"
	}
	_, err := fmt.Fprintf(w, "%s %d of %d blobs (%s), %d pieces of scratch, %d cached answers, %d copies of the database\n"+
		"%s rows of %d pulls, %d jobs, %d requests, %d reports\n",
		verb, c.Blobs, c.Looked, megabytes(c.Bytes), c.Scratch, c.Cached, c.SchemaCopies,
		verb, c.Rows.Pulls, c.Rows.Jobs, c.Rows.Requests, c.Rows.Reports)
	return err
}

func (a *app) scrubCommand() *cobra.Command {
	var rate int64
	c := &cobra.Command{
		Use:   "scrub",
		Short: "Read every stored file again and compare it with its digest",
		Long: `Disks rot and people have editors. This reads every blob and compares it with
the digest that it is stored under. A damaged one is moved to blobs/damaged in
the data folder, said here and in the log as an error, and fetched again when
somebody asks for it: only the recorded bytes will do.

An interrupted scrub goes on where it stopped. "gatehouse serve" scrubs by itself
(upkeep.scrub_every, upkeep.scrub_rate).

Exit codes: 0 all sound, 1 damage was found and moved aside, 3 fault.`,
		Example: `  gatehouse scrub
  gatehouse scrub --rate 20000000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var got upkeep.Scrubbed
			if err := a.housekeep(cmd.Context(), workScrub, scrubWish{rate}, &got); err != nil {
				return err
			}
			if err := a.print(got, func(w io.Writer) error { return scrubbedText(w, got) }); err != nil {
				return err
			}
			if len(got.Damaged) > 0 {
				return exit{exitReject}
			}
			return nil
		},
	}
	c.Flags().Int64Var(&rate, "rate", 0, "bytes a second at most (default: as fast as it goes)")
	return c
}

func scrubbedText(w io.Writer, s upkeep.Scrubbed) error {
	if _, err := fmt.Fprintf(w, "read %d blobs (%s), %d damaged\n", s.Blobs, megabytes(s.Bytes), len(s.Damaged)); err != nil {
		return err
	}
	for _, d := range s.Damaged {
		if _, err := fmt.Fprintf(w, "damaged  %s  moved to %s\n", d.Digest, d.Aside); err != nil {
			return err
		}
	}
	return nil
}
