package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// withService runs fn against the gate that the flags name.
func (a *app) withService(ctx context.Context, fn func(gate.Service) error) error {
	svc, done, err := a.service(ctx)
	if err != nil {
		return err
	}
	defer done()
	return fn(svc)
}

func (a *app) askCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:     "ask ID --reason TEXT",
		Short:   "Ask for an exception to a decision or a refused request",
		Long:    "Records that you want an exception and why. Nothing changes until an approver says yes:\n\"gatehouse requests --open\" lists what is asked, \"gatehouse approve\" and \"gatehouse waive\" answer.",
		Example: `  gatehouse ask r3k7q2m9xw41 --reason "the payment service cannot move before Friday"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				ask, err := s.AskFor(cmd.Context(), a.flags.registry, args[0], reason, operator())
				if err != nil {
					return err
				}
				return a.print(ask, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "asked as %s%s\n", ask.ID, strings.Join(answers(cmd.Context(), s, ask), "\n  "))
					return err
				})
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why (required)")
	return c
}

// answers tells what an approver may type to answer an ask: for what is held its
// approval, for what is refused a waiver of each rule. The first piece goes on the
// line that it begins, each other on a line of its own.
func answers(ctx context.Context, s gate.Service, ask gate.Ask) []string {
	const most = 12
	var out, closed []string
	held := false
	about, err := askedAbout(ctx, s, ask)
	for _, v := range about {
		held = held || v.Verdict == verdict.Hold
		if v.Verdict != verdict.Reject {
			continue
		}
		may, not := waives(v, ask.Registry)
		out, closed = append(out, may...), append(closed, not...)
	}
	if held || err != nil || len(about) == 0 { // what cannot be read now is read by approve
		out = append([]string{fmt.Sprintf("gatehouse approve %s --reason \"...\"", ask.ID)}, out...)
	}
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("… and %d more", len(out)-most))
	}
	if len(out) > 0 {
		out = append([]string{"; an approver answers with:"}, out...)
	} else {
		out = []string{""}
	}
	return append(out, closed[:min(len(closed), most)]...)
}

// askedAbout lists what is refused or held of what an ask is about.
func askedAbout(ctx context.Context, s gate.Service, ask gate.Ask) ([]verdict.VersionOutcome, error) {
	if ask.Purl == "" {
		o, err := s.Outcome(ctx, ask.Decision)
		return slices.DeleteFunc(o.Versions, func(v verdict.VersionOutcome) bool { return v.Verdict == verdict.Admit }), err
	}
	v, err := artifact.ParsePurl(ask.Purl)
	if err != nil {
		return nil, err
	}
	e, err := s.Explain(ctx, ask.Registry, v)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(e.Now, e.History)
	i := slices.IndexFunc(all, func(d verdict.Decision) bool { return d.ID == ask.Decision })
	if i < 0 {
		return nil, verdict.ErrNotFound
	}
	return []verdict.VersionOutcome{{Purl: all[i].Purl, Verdict: all[i].Verdict, Reasons: all[i].Reasons}}, nil
}

// waives gives the command that waives each rule that refuses a version, and
// what nobody can waive.
func waives(v verdict.VersionOutcome, registry string) (may, not []string) {
	at := ""
	if registry != "main" {
		at = " --registry " + artifact.Untrusted(registry).String()
	}
	var rules []string
	for _, r := range v.Reasons {
		if r.Effect != verdict.EffectReject || slices.Contains(rules, r.Rule) {
			continue
		}
		rules = append(rules, r.Rule)
		if r.Class.Waivable() {
			may = append(may, fmt.Sprintf("gatehouse waive %s --rule %s --until DATE --reason \"...\"%s", artifact.Untrusted(v.Purl), artifact.Untrusted(r.Rule), at))
		} else {
			not = append(not, fmt.Sprintf("nobody can waive %s of %s: %s", artifact.Untrusted(r.Rule), artifact.Untrusted(v.Purl), artifact.Untrusted(r.Text)))
		}
	}
	return may, not
}

func (a *app) waiveCommand() *cobra.Command {
	var w gate.WaiverWish
	var until string
	var everywhere bool
	c := &cobra.Command{
		Use:   "waive PURL | RANGE --rule ID --until DATE --reason TEXT",
		Short: "Accept what one rule says of a package, until a date",
		Long: `Turns what one rule finds in a package into a note, until a date. The waiver binds
to the versions known today and to the advisories (or findings) that the rule
speaks of today: a new advisory, or a new version, is not covered. Known malware,
broken integrity, a wrong origin and faults can never be waived.

A range is written as in a requirements file: "django>=2.2,<2.3".`,
		Example: `  gatehouse waive pkg:pypi/django@2.2.28 --rule vulnerability-fixed --until 2026-12-31 --reason "not reachable from outside"
  gatehouse waive "django>=2.2,<2.3" --rule vulnerability-fixed --advisory PYSEC-2020-35 --until 2026-12-31 --reason "..."`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := missing(map[string]string{"--rule ID": w.Rule, "--until DATE": until, "--reason TEXT": w.Reason})
			if err != nil {
				return err
			}
			if w.Package, w.Range, err = packageRange(args[0]); err != nil {
				return err
			}
			if w.Until, err = parseDate(until); err != nil {
				return err
			}
			w.Registry, w.By = a.flags.registry, operator()
			if everywhere {
				w.Registry = "*"
			}
			return a.withService(cmd.Context(), func(s gate.Service) error { return a.waive(cmd.Context(), s, w) })
		},
	}
	f := c.Flags()
	f.StringVar(&w.Rule, "rule", "", "the policy rule's id, as the report names it (required)")
	f.StringSliceVar(&w.Advisories, "advisory", nil, "only these advisories (default: all that the rule names today)")
	f.StringVar(&until, "until", "", "the waiver's last day in UTC, such as 2026-12-31, or a moment (required)")
	f.StringVar(&w.Reason, "reason", "", "why (required)")
	f.BoolVar(&w.Waits, "wait-for-approval", false, "record it without effect until an approver approves it (another person, where four_eyes is set)")
	f.BoolVar(&everywhere, "all-registries", false, "for every registry instead of --registry")
	return c
}

// missing names all that a waiver still needs, at once.
func missing(given map[string]string) error {
	var names []string
	for name, value := range given {
		if strings.TrimSpace(value) == "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("a waiver also needs %s, such as:\n  gatehouse waive pkg:pypi/django@2.2.28 --rule vulnerability-fixed --until 2026-12-31 --reason \"not reachable from outside\"\nThe report names the rule", strings.Join(names, ", "))
}

func (a *app) waive(ctx context.Context, s gate.Service, w gate.WaiverWish) error {
	out, err := s.Waive(ctx, w)
	if err != nil {
		return err
	}
	return a.print(out, func(to io.Writer) error {
		_, err := fmt.Fprintf(to, "waiver %s: %s of %s %s, until %s\n", out.ID, out.Rule, out.Purl, strings.Join(out.Versions, ", "), out.Until.Format(time.DateOnly))
		if out.Approver == "" {
			_, err = fmt.Fprintf(to, "it has no effect until it is approved:  gatehouse approve %s\n", out.ID)
		}
		return err
	})
}

// packageRange reads a purl, or a name with a range in the ecosystem's words.
func packageRange(s string) (artifact.Package, string, error) {
	if strings.HasPrefix(s, "pkg:") {
		v, err := artifact.ParsePurl(s)
		if err != nil {
			return artifact.Package{}, "", err
		}
		e, ok := peers()[v.Package.Ecosystem]
		if !ok {
			return artifact.Package{}, "", fmt.Errorf("%s: this version does not know that ecosystem", s)
		}
		p, err := e.ParseName(v.Package.Name)
		rng := ""
		if v.Number != "" {
			rng = e.Exact(v.Number)
		}
		return p, rng, err
	}
	name, rng := s, ""
	if i := strings.IndexAny(s, "=<>!~ "); i > 0 {
		name, rng = s[:i], strings.TrimSpace(s[i:])
	}
	p, err := peers()[artifact.PyPI].ParseName(name)
	return p, rng, err
}

// parseDate reads a day, which lasts until its end in UTC, or a moment.
func parseDate(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Second), nil // so that it reads as that day everywhere
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("--until %q is neither a date such as 2026-12-31 nor a moment such as 2026-12-31T12:00:00Z", s)
	}
	return t, nil
}

func (a *app) approveCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "approve ID --reason TEXT",
		Short: "Admit what is held: a decision, an ask, or a waiver that waits",
		Long: `Approves what was asked for. For a decision, every held file of its version that
was looked at is admitted; the approval is bound to exactly what was seen, and
lapses when that changes. A reject is not approved but waived. What could not be
read needs two approvers.`,
		Example: `  gatehouse approve a1b2c3 --reason "looked at the difference to 1.3.0"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				out, err := s.Approve(cmd.Context(), args[0], reason, operator())
				if err != nil {
					return err
				}
				return a.print(map[string]any{"approvals": out}, func(w io.Writer) error { return writeApprovals(w, args[0], out) })
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why (required unless the ask gives one)")
	return c
}

func writeApprovals(w io.Writer, object string, as []verdict.Approval) error {
	if len(as) == 0 {
		_, err := fmt.Fprintf(w, "approved %s\n", object)
		return err
	}
	for _, p := range as {
		if _, err := fmt.Fprintf(w, "approval %s: %s  %s\n", p.ID, p.Purl, artifact.Untrusted(p.File)); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) revokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Take back a waiver or an approval; it ends with the next read",
		Long: `Takes back what "gatehouse waive" or "gatehouse approve" gave. From the next read
on it has no effect; it stays in the records, with who took it back.
"gatehouse requests --waivers" and "gatehouse explain PURL" list the ids.`,
		Example: "  gatehouse revoke w3k7q2m9xw41",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), func(s gate.Service) error {
				if err := s.Revoke(cmd.Context(), args[0], operator()); err != nil {
					return err
				}
				return a.print(map[string]string{"revoked": args[0]}, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "revoked %s\n", artifact.Untrusted(args[0]))
					return err
				})
			})
		},
	}
}

func (a *app) listAsks(ctx context.Context, s gate.Service) error {
	asks, err := s.OpenAsks(ctx, a.flags.registry)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"asks": asks}, func(w io.Writer) error {
		for _, k := range asks {
			if _, err := fmt.Fprintf(w, "%s  %s  %s  by %s: %s\n", k.ID, k.Created.Format(time.DateOnly), artifact.Untrusted(cmp.Or(k.Purl, k.Decision)), artifact.Untrusted(k.By), artifact.Untrusted(k.Reason)); err != nil {
				return err
			}
		}
		if len(asks) == 0 {
			_, err := fmt.Fprintln(w, "nobody asks for anything")
			return err
		}
		return nil
	})
}

func (a *app) listWaivers(ctx context.Context, s gate.Service) error {
	ws, err := s.Waivers(ctx, a.flags.registry)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"waivers": ws}, func(w io.Writer) error {
		if len(ws) == 0 {
			_, err := fmt.Fprintln(w, "no waiver was given in this registry")
			return err
		}
		for _, v := range ws {
			if _, err := fmt.Fprintf(w, "%s  %-8s until %s  %s of %s %s  by %s: %s\n", v.ID, waiverState(v), v.Until.Format(time.DateOnly), v.Rule, v.Purl, strings.Join(v.Versions, ","), artifact.Untrusted(cmp.Or(v.Approver, v.Owner)), artifact.Untrusted(v.Reason)); err != nil {
				return err
			}
		}
		return nil
	})
}

func waiverState(w verdict.Waiver) string {
	switch {
	case !w.Revoked.IsZero():
		return "revoked"
	case w.Approver == "":
		return "waits"
	case !w.Until.After(time.Now()):
		return "ended"
	}
	return "in force"
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain PURL",
		Short: "Why a version is admitted, held or refused, and how that came to be",
		Long: `Decides about each file of the version as a client's request would now, and prints
every reason with the rule that it comes from, the waivers and approvals that bear
on it, when the answer changes by itself, and who made the file, where that was
attested and verified. It fetches no file.

It also says how the name comes in: its origin on record, the package groups that it
belongs to and what each says of publishing, of upstreams outside and of other
registries, and which upstreams are asked for it (docs/origins.md). A PURL without a
version is about that alone: nobody is asked for the name, and one that was never
seen is told what would happen.

Exit codes: 0 explained, 3 fault or no such version.`,
		Example: `  gatehouse explain pkg:pypi/django@2.2
  gatehouse explain pkg:npm/%40acme/billing
  gatehouse explain --registry production --format json pkg:pypi/django@2.2`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := purlOf(args[0])
			if err != nil {
				return err
			}
			if v.Package, _, err = packageRange(v.Package.Purl()); err != nil {
				return err
			}
			return a.withService(cmd.Context(), func(s gate.Service) error {
				e, err := s.Explain(cmd.Context(), a.flags.registry, v)
				if err != nil {
					return err
				}
				return a.print(e, func(w io.Writer) error { return writeExplanation(w, e) })
			})
		},
	}
}

// purlOf reads a purl, and says of anything else how to write it.
func purlOf(s string) (artifact.Version, error) {
	if !strings.HasPrefix(s, "pkg:") {
		name, number, _ := strings.Cut(s, "==")
		return artifact.Version{}, fmt.Errorf("%q is no package URL; write:  gatehouse explain pkg:pypi/%s@%s",
			artifact.Untrusted(s), artifact.Untrusted(strings.TrimSpace(name)), artifact.Untrusted(cmp.Or(strings.TrimSpace(number), "VERSION")))
	}
	return artifact.ParsePurl(s)
}

// writeControl says how a name comes in. What is the same for every name, because
// nobody set anything, is left out.
func writeControl(w io.Writer, c gate.NameControl) {
	set := func(l groups.Link) bool { return l.From != "default" }
	if slices.ContainsFunc(c.Chain, set) {
		for _, way := range []groups.Way{groups.Publish, groups.External, groups.Internal} {
			said := c.Of(way)
			fmt.Fprintf(w, "  %-8s %-5s %s\n", way, said.Rule, said.Why)
		}
		var chain []string
		for _, l := range c.Chain {
			chain = append(chain, fmt.Sprintf("%s (%s)", l.Pattern, l.From))
		}
		fmt.Fprintf(w, "  groups   %s\n", strings.Join(chain, " < "))
	}
	for _, s := range c.Sources {
		switch {
		case !s.Asked:
			fmt.Fprintf(w, "  %s is not asked: %s\n", s.Source, artifact.Untrusted(s.Why))
		case len(c.Sources) > 1:
			fmt.Fprintf(w, "  %s is asked\n", s.Source)
		}
	}
	if c.Outside != "" {
		fmt.Fprintf(w, "  NOTICE   %s\n", artifact.Untrusted(c.Outside))
	}
}

func writeExplanation(w io.Writer, e gate.Explanation) error {
	fmt.Fprintf(w, "%s in registry %s", e.Purl, e.Registry)
	if e.Origin != "" {
		fmt.Fprintf(w, ", from %s", artifact.Untrusted(e.Origin))
	}
	if e.Internal {
		fmt.Fprint(w, ", an internal name")
	}
	fmt.Fprintln(w)
	writeControl(w, e.Control)
	if e.Missing != "" {
		fmt.Fprintln(w, artifact.Untrusted(e.Missing))
	}
	for _, d := range e.Now {
		fmt.Fprintf(w, "%-7s %s  (decision %s)\n", strings.ToUpper(d.Verdict.String()), artifact.Untrusted(d.File), d.ID)
		if d.Observed {
			would := map[verdict.Verdict]string{verdict.Reject: "refused"}[d.Verdict]
			fmt.Fprintf(w, "  the registry only observes: it would have been %s, and is served\n", cmp.Or(would, "held"))
		}
		for _, r := range d.Reasons {
			fmt.Fprintf(w, "  %-6s %-22s %s\n", r.Effect, r.Rule, artifact.Untrusted(r.Text))
			if r.Remedy != "" && r.Effect != verdict.EffectNote {
				fmt.Fprintf(w, "         %s\n", artifact.Untrusted(r.Remedy))
			}
			if r.Class != "" && !r.Class.Waivable() && r.Effect != verdict.EffectNote && r.Class != finding.Fault {
				fmt.Fprintln(w, "         nobody can waive this")
			}
		}
		if !d.Until.IsZero() {
			fmt.Fprintf(w, "  decided again from %s on\n", d.Until.UTC().Format(time.RFC3339))
		}
		for _, p := range e.Provenance {
			if p.File == d.File {
				writeProvenance(w, p)
			}
		}
	}
	for _, v := range e.Waivers {
		fmt.Fprintf(w, "waiver %s %s, until %s: %s\n", v.ID, waiverState(v), v.Until.Format(time.DateOnly), artifact.Untrusted(v.Reason))
	}
	for _, p := range e.Approvals {
		fmt.Fprintf(w, "approval %s by %s: %s\n", p.ID, artifact.Untrusted(p.Approver), artifact.Untrusted(p.Reason))
	}
	if len(e.Now)+len(e.History) == 0 {
		return nil
	}
	decisions := "decisions"
	if len(e.History) == 1 {
		decisions = "decision"
	}
	_, err := fmt.Fprintf(w, "%d %s recorded (--format json lists them)\n", len(e.History), decisions)
	return err
}
