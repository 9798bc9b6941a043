package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) resolveCommand() *cobra.Command {
	var python, platform string
	c := &cobra.Command{
		Use:   "resolve FILE...",
		Short: "The closure of manifests, worked out without running package code",
		Long: `Prints every version that an installer would take for the manifests named, with
what they pull in, read from the upstream's index and metadata only. Nothing is
judged, fetched whole or admitted.

Without --python and --platform it is the union over the configured matrix (by
default the platform this runs on and the newest CPython).

Exit codes: 0 resolved, 2 no closure exists or it cannot be known, 3 fault.`,
		Example: `  gatehouse resolve requirements.txt
  gatehouse resolve --python 3.11.7 --platform x86_64-manylinux_2_28 --format json pyproject.toml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.resolve(cmd.Context(), args, python, platform) },
	}
	c.Flags().StringVar(&python, "python", "", "full version of Python, such as 3.11.7")
	c.Flags().StringVar(&platform, "platform", "", "platform, such as x86_64-manylinux_2_28, aarch64-apple-darwin, x86_64-pc-windows-msvc")
	return c
}

// resolution is the JSON of `gatehouse resolve`.
type resolution struct {
	Versions []string            `json:"versions"`
	Problems []ecosystem.Problem `json:"problems,omitempty"`
}

func (a *app) resolve(ctx context.Context, args []string, python, platform string) error {
	targets := targetsOf(ctx, a.cfg)
	for i := range targets {
		if python != "" {
			targets[i].Python = python
		}
		if platform != "" {
			targets[i].Platform = platform
		}
	}
	if python != "" && platform != "" {
		targets = targets[:1]
	}
	var req verdict.Request
	if err := a.readArguments(&req, args); err != nil {
		return err
	}
	client, up, err := outgoing(ctx, a.cfg)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	out := resolution{Versions: []string{}}
	for _, src := range req.Files {
		rs, problems, err := resolveOne(ctx, up, req, src, slices.Compact(targets))
		out.Problems = append(out.Problems, problems...)
		if ctx.Err() != nil {
			return ctx.Err() // what could not be asked any more says nothing
		} else if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
			fmt.Fprintf(a.err, "%s: no set of versions satisfies it\n%s\n", src.Path, c.Report)
			return exit{exitHold}
		} else if u, ok := errors.AsType[*ecosystem.Unknowable](err); ok {
			fmt.Fprintf(a.err, "%s: what %s needs cannot be known without running its code: %s\n", src.Path, u.Version, u.Why)
			return exit{exitHold}
		} else if err != nil {
			return fmt.Errorf("resolving %s: %w", src.Path, err)
		}
		for _, r := range rs {
			if p := r.Version.Purl(); !slices.Contains(out.Versions, p) {
				out.Versions = append(out.Versions, p)
			}
		}
	}
	slices.Sort(out.Versions)
	return a.print(out, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, strings.Join(out.Versions, "\n"))
		return err
	})
}

func resolveOne(ctx context.Context, up map[artifact.Ecosystem]gate.Peer, req verdict.Request, src verdict.Source, targets []ecosystem.Target) ([]ecosystem.Resolved, []ecosystem.Problem, error) {
	tree := gate.Tree(append(slices.Clone(req.Files), req.Include...))
	for _, p := range up {
		if p.ManifestFormat(cmp.Or(src.As, src.Path)) == "" {
			continue
		}
		m, err := p.ParseManifest(tree, src.Path)
		if err != nil {
			return nil, nil, err
		}
		for _, pr := range m.Problems {
			if pr.Fatal {
				return nil, m.Problems, fmt.Errorf("%s: %s", pr.At, pr.Text)
			}
		}
		rs, err := p.Resolve(ctx, p.Upstream, []*ecosystem.Manifest{m}, targets)
		return rs, m.Problems, err
	}
	return nil, nil, fmt.Errorf("%s is no manifest that this version knows", src.Path)
}
