package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
)

func (a *app) backupCommand() *cobra.Command {
	var copied bool
	c := &cobra.Command{
		Use:   "backup DIR|FILE.tar",
		Short: "Back up everything, while the gate works",
		Long: `Copies the database as it is at one moment, then every stored file that it names,
each verified by its digest, then advisories, configuration and policies. A
manifest with the digest of everything comes last: a backup is whole, or it is
not there. "gatehouse serve" goes on meanwhile; it makes the backup itself.

A folder that holds a backup already is brought up to date: stored files that are
there are not copied again, and until the end the old backup stays as it was. On
the same file system they are hard-linked, which is quick and shares the disk
with the gate; --copy makes copies of their own. A FILE that ends in .tar is
written anew.

It has no credentials in it beyond the hashes of tokens: the configuration names
secrets by reference, and TLS keys are not taken along.

Exit codes: 0 done, 2 done without stored files that the gate itself has lost,
3 fault.`,
		Example: `  gatehouse backup /mnt/backup/gatehouse
  gatehouse backup /mnt/backup/gatehouse-$(date +%F).tar`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.flags.server != "" {
				return errors.New("a backup is made on the gate's own machine; run it there, without --server")
			}
			to, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			var got upkeep.BackedUp
			if err := a.housekeep(cmd.Context(), workBackup, backupWish{to, copied}, &got); err != nil {
				return err
			}
			if err := a.print(got, func(w io.Writer) error { return backedUpText(w, got) }); err != nil {
				return err
			}
			if got.Lost > 0 {
				return exit{exitHold}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&copied, "copy", false, "never hard-link stored files: the backup then shares none with the gate")
	return c
}

func backedUpText(w io.Writer, b upkeep.BackedUp) error {
	if _, err := fmt.Fprintf(w, "backed up to %s: %d blobs (%s) of which %d are new, and %d files\n", b.To, b.Blobs, megabytes(b.Bytes), b.Copied, b.Files); err != nil {
		return err
	}
	if b.Lost > 0 {
		if _, err := fmt.Fprintf(w, "%d blobs that rows name are lost here, and the backup is without them: see gatehouse doctor\n", b.Lost); err != nil {
			return err
		}
	}
	if b.Linked == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%d are linked and share the disk with the gate: copy the folder to another one\n", b.Linked)
	return err
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FROM",
		Short: "Make a data folder from a backup, after verifying all of it",
		Long: `Makes the data folder (--data, or the configured one) from a backup that
"gatehouse backup" made, a folder or a .tar file. Everything is copied beside it
first and verified: every file and stored blob by its digest, the database page by
page, every row against the blobs. Only then does it get its name. A data folder
that holds anything is refused.

The configuration and policies of that time are put into config/ in the data
folder; they are not in force until they are named with --config.

Exit codes: 0 restored, 3 fault; nothing is in place then.`,
		Example: `  gatehouse restore /mnt/backup/gatehouse --data /var/lib/gatehouse
  gatehouse serve --data /var/lib/gatehouse --config /var/lib/gatehouse/config/gatehouse.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tell := func(step string, done, total int64) { a.progress().Step(step, int(done), int(total)) }
			r, err := upkeep.Restore(cmd.Context(), args[0], a.cfg.Data, tell)
			a.progress().end()
			if err != nil {
				return err
			}
			return a.print(r, func(w io.Writer) error { return restoredText(w, r) })
		},
	}
}

func restoredText(w io.Writer, r upkeep.Restored) error {
	m := r.Manifest
	rows := "every row has its blob"
	if len(m.Lost) > 0 {
		rows = fmt.Sprintf("%d blobs were lost before the backup, as gatehouse doctor says", len(m.Lost))
	}
	if _, err := fmt.Fprintf(w, "restored %s as it was at %s (gatehouse %s, schema %d): %d blobs, %d files; %s\n",
		r.Data, m.Created.Format("2006-01-02 15:04:05 UTC"), artifact.Untrusted(m.Gatehouse), m.Schema, r.Blobs, len(m.Files), rows); err != nil {
		return err
	}
	if r.Config == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "the configuration of that time is in %s; to use it: gatehouse serve --data %s --config %s\n",
		r.Config, r.Data, filepath.Join(r.Config, "gatehouse.yaml"))
	return err
}
