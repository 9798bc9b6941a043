package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

func (a *app) advisoriesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "advisories",
		Short: "Fetch and show what is known to be vulnerable or malicious",
		Long: `Advisories are records in OSV's format: known vulnerabilities and known malware.
Nothing new is admitted without them. The data lives in the data folder; a
running server notices when it was replaced.`,
	}
	c.AddCommand(a.advisoriesSync(), a.advisoriesStatus(), a.advisoriesAccept())
	return c
}

func (a *app) advisoriesSync() *cobra.Command {
	var from []string
	c := &cobra.Command{
		Use:   "sync",
		Short: "Bring the advisories up to date",
		Long: `Reads OSV's export layout (ECOSYSTEM/all.zip with ECOSYSTEM/modified_id.csv) from
each source, takes what changed, and replaces the data in one step.

A source that suddenly loses or withdraws more than 1% of its records, or whose
parts disagree, is set aside for a person: see "gatehouse advisories status" and
"gatehouse advisories accept". Exit codes: 0 done, 2 something waits for a
person, 3 a source could not be read.`,
		Example: `  gatehouse advisories sync
  gatehouse advisories sync --from /srv/osv --from /srv/osv/malicious`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.syncAdvisories(cmd.Context(), from, advisory.Sync)
		},
	}
	c.Flags().StringArrayVar(&from, "from", nil, "a source: URL, file URL or folder; repeatable (default: the configuration's, else OSV's public bucket)")
	return c
}

func (a *app) advisoriesAccept() *cobra.Command {
	return &cobra.Command{
		Use:   "accept",
		Short: "Take the data that was set aside, after a look at it",
		Long: `Takes what "gatehouse advisories sync" set aside because a source lost or withdrew
suspiciously much. "gatehouse advisories status" says what that was. Until then the
data from before stays in use.

Exit codes: 0 taken, 3 a source could not be read.`,
		Example: `  gatehouse advisories status
  gatehouse advisories accept`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.syncAdvisories(cmd.Context(), nil, advisory.Accept)
		},
	}
}

func (a *app) advisoriesStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say what advisory data is here and how old it is",
		Long: `Says which sources the data came from, how many records each has, when each was
last confirmed, and what was set aside for a person.

Exit codes: 0 the data can be relied on, 3 it is missing or too old: nothing new
is admitted then.`,
		Example: "  gatehouse advisories status",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.advisoryStatus() },
	}
}

type syncStep func(context.Context, advisory.Config) (advisory.Report, error)

func (a *app) syncAdvisories(ctx context.Context, from []string, step syncStep) error {
	client, err := fetch.New(fetch.Config{UserAgent: "gatehouse/" + version})
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	r, err := step(ctx, a.advisoryConfig(from, client))
	if err != nil {
		return err
	}
	out := syncReport{Report: r}
	if out.Namesakes, err = a.namesakes(); err != nil {
		return err
	}
	if err := a.print(out, func(w io.Writer) error { return errors.Join(writeSyncReport(w, r), writeNamesakes(w, out.Namesakes)) }); err != nil {
		return err
	}
	if err := r.Err(); err != nil {
		fmt.Fprintf(a.err, "gatehouse: %v\nA source that cannot be reached from here can be copied over as a folder:  gatehouse advisories sync --from DIR\n", err)
		return exit{exitFault}
	}
	if len(r.Held()) > 0 {
		return exit{exitHold}
	}
	return nil
}

// syncReport is what `advisories sync` shows.
type syncReport struct {
	advisory.Report
	Namesakes []advisory.Known `json:"namesakes"` // packages outside with names of ours
}

// namesakes are the packages of the data that is here whose names our patterns keep
// inside.
func (a *app) namesakes() ([]advisory.Known, error) {
	out := []advisory.Known{}
	own, err := packageGroups(a.cfg)
	if err != nil {
		return out, err
	}
	s := openSnapshots(a.advisoryDir(), time.Duration(a.cfg.Advisories.MaxAge))
	defer s.Close()
	if snap := s.Current(); snap != nil {
		found, err := namesakes(snap, own, nil)
		return append(out, found...), err
	}
	return out, nil
}

func writeNamesakes(w io.Writer, found []advisory.Known) error {
	if len(found) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "NOTICE   outside there is %s\n", listNamesakes(found))
	return err
}

func (a *app) advisoryConfig(from []string, client *fetch.Client) advisory.Config {
	if len(from) == 0 {
		from = a.cfg.Advisories.Sources
	}
	return advisory.Config{
		Dir: a.advisoryDir(), Sources: from, Ecosystems: a.advisedEcosystems(),
		Names: names(peers()), Get: fetch.Plain{Client: client},
	}
}

// advisedEcosystems are those that something is read of here: the configured ones.
// Audits of manifests need their advisories, whether an upstream was found or not.
func (a *app) advisedEcosystems() []artifact.Ecosystem {
	var out []artifact.Ecosystem
	for _, e := range ecosystemIDs() {
		if slices.ContainsFunc(a.cfg.Outside(), func(u config.Upstream) bool { return u.Ecosystem == string(e) }) {
			out = append(out, e)
		}
	}
	return out
}

func (a *app) advisoryDir() string { return filepath.Join(a.cfg.Data, "advisories") }

// advisoryState is what `advisories status` shows.
type advisoryState struct {
	advisory.Info
	AgeSeconds int64  `json:"age_seconds"`
	Problem    string `json:"problem,omitempty"`
	// Namesakes are packages outside with names of ours.
	Namesakes []advisory.Known `json:"namesakes"`
}

func (a *app) advisoryStatus() error {
	s := openSnapshots(a.advisoryDir(), time.Duration(a.cfg.Advisories.MaxAge))
	defer s.Close()
	st := advisoryState{Problem: s.State().Problem}
	if snap := s.Current(); snap != nil {
		st.Info, st.AgeSeconds = snap.Info(), int64(snap.Age(time.Now()).Seconds())
	}
	var err error
	if st.Namesakes, err = a.namesakes(); err != nil {
		return err
	}
	if err := a.print(st, func(w io.Writer) error { return errors.Join(writeStatus(w, st), writeNamesakes(w, st.Namesakes)) }); err != nil {
		return err
	}
	if st.Problem != "" {
		return exit{exitFault}
	}
	return nil
}

func writeSyncReport(w io.Writer, r advisory.Report) error {
	for _, f := range r.Feeds {
		fmt.Fprintf(w, "%-9s %s  %s: %d records", f.Outcome, f.Source, f.Ecosystem, f.Records)
		if f.Added+f.Removed > 0 {
			fmt.Fprintf(w, " (%d added, %d removed)", f.Added, f.Removed)
		}
		if f.Text != "" {
			fmt.Fprintf(w, "  %s", artifact.Untrusted(f.Text))
		}
		fmt.Fprintln(w)
	}
	if len(r.Held()) > 0 {
		fmt.Fprintln(w, "Look at what is held, then take it:  gatehouse advisories accept")
	}
	if r.Snapshot == "" {
		return nil // nothing was ever fetched
	}
	_, err := fmt.Fprintf(w, "snapshot %s\n", artifact.Digest(r.Snapshot).Short())
	return err
}

func writeStatus(w io.Writer, st advisoryState) error {
	if st.Problem != "" {
		fmt.Fprintf(w, "PROBLEM  %s\n", st.Problem)
	}
	if st.ID == "" {
		return nil
	}
	for _, e := range st.Ecosystems {
		fmt.Fprintf(w, "%s  %d records about %d packages, %d of them malware\n", e.Ecosystem, e.Records, e.Packages, e.Malware)
	}
	for _, f := range st.Feeds {
		confirmed := "never confirmed"
		if !f.Confirmed.IsZero() {
			confirmed = "confirmed " + f.Confirmed.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "  %s  %s: %d records, %s\n", f.Source, f.Ecosystem, f.Records, confirmed)
		if f.Held != nil {
			fmt.Fprintf(w, "    held since %s: %s; take it with: gatehouse advisories accept\n", f.Held.Since.UTC().Format(time.RFC3339), artifact.Untrusted(f.Held.Reason))
		}
	}
	confirmed := "oldest confirmation " + (time.Duration(st.AgeSeconds) * time.Second).String() + " ago"
	if slices.ContainsFunc(st.Feeds, func(f advisory.FeedInfo) bool { return f.Confirmed.IsZero() }) {
		confirmed = "one source was never confirmed"
	}
	_, err := fmt.Fprintf(w, "snapshot %s, %s\n", artifact.Digest(st.ID).Short(), confirmed)
	return err
}
