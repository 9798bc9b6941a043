package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

func (a *app) packageCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "package",
		Short: "List, yank and delete the packages that are published here",
		Long: `Your own packages come in with twine, uv publish, poetry publish or flit publish
(docs/publish.md). These commands look after them. A yanked version stays, and
installers pass over it unless it is pinned. A deletion cannot be taken back:
nobody may use the file name, the version or the name again.

Over --server, yank and unyank need a token of role publisher whose names cover
the package, delete one of role admin.`,
	}
	c.AddCommand(a.packageList(), a.packageYank(), a.packageUnyank(), a.packageDelete())
	return c
}

func (a *app) packageList() *cobra.Command {
	return &cobra.Command{
		Use:   "list [PURL]",
		Short: "Which packages are published here, with today's verdict on each file",
		Example: `  gatehouse package list
  gatehouse package list pkg:pypi/acme-billing`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var p artifact.Package
			if len(args) == 1 {
				v, err := ownVersion(args[0])
				if err != nil {
					return err
				}
				p = v.Package
			}
			return a.withService(cmd.Context(), func(s gate.Service) error {
				list, err := s.Packages(cmd.Context(), a.flags.registry, p)
				if err != nil {
					return err
				}
				return a.print(map[string]any{"packages": list}, func(w io.Writer) error { return writePackages(w, list) })
			})
		},
	}
}

func writePackages(w io.Writer, list []gate.HostedPackage) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing is published in this registry yet; docs/publish.md says how")
		return err
	}
	for _, p := range list {
		if _, err := fmt.Fprintln(w, p.Purl); err != nil {
			return err
		}
		for _, f := range p.Files {
			if _, err := fmt.Fprintf(w, "  %-6s  %-48s  %s by %s%s\n", stateOf(f), artifact.Untrusted(f.Name), f.Uploaded.Format(time.DateOnly), artifact.Untrusted(f.Publisher), remarks(f)); err != nil {
				return err
			}
		}
	}
	return nil
}

func stateOf(f gate.HostedFile) string {
	if !f.Deleted.IsZero() {
		return "gone"
	}
	return cmp.Or(f.Verdict, "hold")
}

func remarks(f gate.HostedFile) string {
	var out []string
	if !f.Deleted.IsZero() {
		out = append(out, "deleted "+f.Deleted.Format(time.DateOnly))
	}
	if f.Yanked {
		out = append(out, strings.TrimSuffix("yanked: "+artifact.Untrusted(f.YankReason).String(), ": "))
	}
	if f.Verdict == "hold" || f.Verdict == "reject" {
		out = append(out, "decision "+f.Decision)
	}
	if len(out) == 0 {
		return ""
	}
	return "  (" + strings.Join(out, "; ") + ")"
}

func (a *app) packageYank() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:     "yank PURL --reason TEXT",
		Short:   "Withdraw a version: installers pass over it unless it is pinned",
		Example: `  gatehouse package yank pkg:pypi/acme-billing@1.2 --reason "loses invoices; use 1.3"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.actOn(cmd.Context(), args[0], gate.Act{Reason: reason}, "yanked", gate.Service.Yank)
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "what installers show beside the warning")
	return c
}

func (a *app) packageUnyank() *cobra.Command {
	return &cobra.Command{
		Use:     "unyank PURL",
		Short:   "Take a yank back",
		Example: `  gatehouse package unyank pkg:pypi/acme-billing@1.2`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.actOn(cmd.Context(), args[0], gate.Act{}, "unyanked", gate.Service.Unyank)
		},
	}
}

func (a *app) packageDelete() *cobra.Command {
	var act gate.Act
	c := &cobra.Command{
		Use:   "delete PURL --reason TEXT",
		Short: "Delete a version, one file, or a whole name, for good",
		Long: `Deletes all files of a version, with --file one of them, and with a PURL that has
no version the whole name. The bytes are removed by the next gc. What was deleted
stays taken: no upload may use that file name, version or name again, in any
registry of this gate.`,
		Example: `  gatehouse package delete pkg:pypi/acme-billing@1.2 --reason "holds a customer's data"
  gatehouse package delete pkg:pypi/acme-billing@1.2 --file acme_billing-1.2.tar.gz --reason "wrong build"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.actOn(cmd.Context(), args[0], act, "deleted", gate.Service.Delete)
		},
	}
	c.Flags().StringVar(&act.Reason, "reason", "", "why, for the audit log (required)")
	c.Flags().StringVar(&act.File, "file", "", "delete this file only")
	return c
}

// actOn does something to files of our own and says to how many.
func (a *app) actOn(ctx context.Context, purl string, act gate.Act, done string, do func(gate.Service, context.Context, gate.Act) (int, error)) error {
	v, err := ownVersion(purl)
	if err != nil {
		return err
	}
	act.Registry, act.Version, act.By = a.flags.registry, v, operator()
	return a.withService(ctx, func(s gate.Service) error {
		n, err := do(s, ctx, act)
		if err != nil {
			return err
		}
		return a.print(map[string]any{"purl": v.Purl(), "registry": act.Registry, "files": n}, func(w io.Writer) error {
			files := "files"
			if n == 1 {
				files = "file"
			}
			_, err := fmt.Fprintf(w, "%s %s in registry %s: %d %s\n", done, v.Purl(), act.Registry, n, files)
			return err
		})
	})
}

// ownVersion reads a purl of a package, with or without a version.
func ownVersion(purl string) (artifact.Version, error) {
	if !strings.HasPrefix(purl, "pkg:") {
		return artifact.Version{}, fmt.Errorf("%q is no package URL; write  pkg:pypi/NAME  or  pkg:pypi/NAME@VERSION", artifact.Untrusted(purl))
	}
	v, err := artifact.ParsePurl(purl)
	if err != nil {
		return v, err
	}
	eco, ok := peers()[v.Package.Ecosystem]
	if !ok {
		return v, fmt.Errorf("ecosystem %q is not served here", artifact.Untrusted(v.Package.Ecosystem))
	}
	v.Package, err = eco.ParseName(v.Package.Name)
	return v, err
}
