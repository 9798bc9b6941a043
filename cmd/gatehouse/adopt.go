package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) adoptCommand() *cobra.Command {
	var days int
	c := &cobra.Command{
		Use:   "adopt DIR...",
		Short: "Begin with what is in use today: admit it, and draft waivers for what the policy refuses",
		Long: `Finds every manifest and lockfile below the folders named and takes them through
the gate. What the policy admits is admitted. For what it would refuse, a waiver is
drafted that names the version, the rule and its advisories and ends on a date: it
has no effect until a person approves it, one by one, with "gatehouse approve".
What nobody may waive (known malware, broken integrity, a wrong origin, what could
not be read) is listed and stays refused.

Exit codes: 0 everything is admitted, 2 something waits for a person, 3 fault.`,
		Example: `  gatehouse adopt ~/src/shop ~/src/billing
  gatehouse requests --waivers`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.adopt(cmd.Context(), args, days) },
	}
	c.Flags().IntVar(&days, "days", 90, "how long the drafted waivers last")
	return c
}

// adoption is the JSON of `gatehouse adopt`.
type adoption struct {
	Outcome verdict.Outcome  `json:"outcome"`
	Waivers []verdict.Waiver `json:"waivers"` // drafted; without effect until approved
	Left    []string         `json:"left"`    // what no waiver can be drafted for, and why
}

func (a *app) adopt(ctx context.Context, dirs []string, days int) error {
	if days < 1 || time.Duration(days)*24*time.Hour > gate.LongestWaiver {
		return fmt.Errorf("--days %d: a waiver lasts from 1 to %d days", days, int(gate.LongestWaiver.Hours()/24))
	}
	req := verdict.Request{
		ID: gate.NewID('r'), Door: "cli", Registry: a.flags.registry, Project: a.flags.project, By: operator(), Created: time.Now().UTC(),
	}
	for _, dir := range dirs {
		if err := a.addManifests(&req, dir); err != nil {
			return fmt.Errorf("looking for manifests in %s: %w", dir, err)
		}
	}
	if len(req.Files) == 0 {
		return errors.New("no manifest or lockfile was found there")
	}
	return a.withService(ctx, func(s gate.Service) error {
		p := a.progress()
		out, err := s.Admit(ctx, req, p)
		p.end()
		if err != nil {
			return err
		}
		result := adoption{Outcome: out, Waivers: []verdict.Waiver{}, Left: []string{}}
		result.draft(ctx, s, a.flags.registry, time.Now().AddDate(0, 0, days))
		if err := a.print(result, result.text); err != nil {
			return err
		}
		switch {
		case out.Status != verdict.Done:
			return exit{exitFault}
		case out.Verdict != verdict.Admit:
			return exit{exitHold}
		}
		return nil
	})
}

// Folders that hold installed packages or other people's history, not manifests
// of the project.
var notSearched = []string{".git", ".hg", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox", ".nox"}

// addManifests adds every manifest below a folder. Links are not followed.
func (a *app) addManifests(req *verdict.Request, dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != dir && slices.Contains(notSearched, d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular() || !isManifest(filepath.ToSlash(name)):
			return nil
		}
		return a.addFile(req, name)
	})
}

// draft writes a waiver for every rule that refuses a version, as long as
// somebody may waive it.
func (r *adoption) draft(ctx context.Context, s gate.Service, registry string, until time.Time) {
	for _, v := range r.Outcome.Versions {
		if v.Verdict == verdict.Admit {
			continue
		}
		var rules []string
		for _, why := range v.Reasons {
			if why.Effect == verdict.EffectNote || why.Effect == verdict.EffectAdmit || slices.Contains(rules, why.Rule) {
				continue
			}
			rules = append(rules, why.Rule)
			if !why.Class.Waivable() {
				r.Left = append(r.Left, fmt.Sprintf("%s: %s (nobody can waive this)", v.Purl, artifact.Untrusted(why.Text)))
				continue
			}
			r.waive(ctx, s, registry, v.Purl, why.Rule, until)
		}
	}
}

func (r *adoption) waive(ctx context.Context, s gate.Service, registry, purl, rule string, until time.Time) {
	p, rng, err := packageRange(purl)
	if err == nil {
		var w verdict.Waiver
		w, err = s.Waive(ctx, gate.WaiverWish{
			Registry: registry, Package: p, Range: rng, Rule: rule, Until: until, By: operator(), Waits: true,
			Reason: "in use on the day gatehouse was introduced",
		})
		if err == nil {
			r.Waivers = append(r.Waivers, w)
			return
		}
	}
	r.Left = append(r.Left, fmt.Sprintf("%s: %s: no waiver could be drafted: %v", purl, rule, err))
}

func (r *adoption) text(w io.Writer) error {
	if err := report.Text(w, r.Outcome, report.TextOptions{Lines: 60, NoAll: true}); err != nil {
		return err
	}
	for _, v := range r.Waivers {
		if _, err := fmt.Fprintf(w, "drafted  gatehouse approve %s   %s %s: %s, until %s\n", v.ID, v.Purl, strings.Join(v.Versions, ","), v.Rule, v.Until.Format(time.DateOnly)); err != nil {
			return err
		}
	}
	for _, l := range r.Left {
		if _, err := fmt.Fprintf(w, "stays refused  %s\n", l); err != nil {
			return err
		}
	}
	return nil
}
