package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) resolveCommand() *cobra.Command {
	var python, platform, node string
	var groups []string
	c := &cobra.Command{
		Use:   "resolve FILE...",
		Short: "The closure of manifests, worked out without running package code",
		Long: `Prints every version that an installer would take for the manifests named, with
what they pull in, read from the upstream's index and metadata only. Nothing is
judged or admitted, and nothing but an sdist is fetched whole. What building an sdist
needs is in it too, marked (build).

Without --python, --platform and --node it is the union over the configured matrix
(by default the platform this runs on, the newest CPython, and no version of Node).

Exit codes: 0 resolved, 2 no closure exists or it cannot be known, 3 fault.`,
		Example: `  gatehouse resolve requirements.txt
  gatehouse resolve --python 3.11.7 --platform x86_64-manylinux_2_28 --format json pyproject.toml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resolve(cmd.Context(), args, groups, ecosystem.Target{Python: python, Platform: platform, Node: node})
		},
	}
	c.Flags().StringSliceVar(&groups, "group", nil, "look at these dependency groups and extras only; \"main\" is the project's own (default: all)")
	c.Flags().StringVar(&python, "python", "", "full version of Python, such as 3.11.7")
	c.Flags().StringVar(&platform, "platform", "", "platform, such as x86_64-manylinux_2_28, aarch64-apple-darwin, x86_64-pc-windows-msvc")
	c.Flags().StringVar(&node, "node", "", "full version of Node, such as 22.12.0: npm passes over versions that are not for it")
	return c
}

// resolution is the JSON of `gatehouse resolve`.
type resolution struct {
	Versions []string            `json:"versions"`
	Build    []string            `json:"build,omitempty"` // those of them that only building an sdist needs
	Problems []ecosystem.Problem `json:"problems,omitempty"`
}

func (a *app) resolve(ctx context.Context, args, groups []string, wish ecosystem.Target) error {
	targets := targetsOf(ctx, a.cfg)
	for i := range targets {
		targets[i].Python = cmp.Or(wish.Python, targets[i].Python)
		targets[i].Platform = cmp.Or(wish.Platform, targets[i].Platform)
		targets[i].Node = cmp.Or(wish.Node, targets[i].Node)
	}
	if wish.Python != "" && wish.Platform != "" && wish.Node != "" {
		targets = targets[:1]
	}
	req := verdict.Request{Groups: groups}
	if err := a.readArguments(&req, args); err != nil {
		return err
	}
	client, up, err := outgoing(ctx, a.cfg)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	if up, err = readers(a.cfg, a.flags.registry, up); err != nil {
		return err
	}
	out := resolution{Versions: []string{}}
	builds := map[string][]bool{} // by purl: whether each manifest has it for a build alone
	ms, err := manifestsOf(peers(), gate.Tree(append(slices.Clone(req.Files), req.Include...)), req)
	if err != nil {
		return err
	}
	for _, m := range ms {
		rs, err := resolveOne(ctx, up[m.Ecosystem.ID()], m.Manifest, slices.Compact(targets))
		out.Problems = append(out.Problems, m.Manifest.Problems...)
		if ctx.Err() != nil {
			return ctx.Err() // what could not be asked any more says nothing
		} else if c, ok := errors.AsType[*ecosystem.Conflict](err); ok {
			fmt.Fprintf(a.err, "%s: no set of versions satisfies it\n%s\n", m.Manifest.Path, c.Report)
			return exit{exitHold}
		} else if u, ok := errors.AsType[*ecosystem.Unknowable](err); ok {
			fmt.Fprintf(a.err, "%s: what %s needs cannot be known without running its code: %s\n", m.Manifest.Path, u.Version, u.Why)
			return exit{exitHold}
		} else if err != nil {
			return fmt.Errorf("resolving %s: %w", m.Manifest.Path, err)
		}
		for _, r := range rs {
			builds[r.Version.Purl()] = append(builds[r.Version.Purl()], r.Build)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(builds)) {
		out.Versions = append(out.Versions, p)
		if !slices.Contains(builds[p], false) {
			out.Build = append(out.Build, p)
		}
	}
	return a.print(out, func(w io.Writer) error {
		lines := slices.Clone(out.Versions)
		for i, p := range lines {
			if slices.Contains(out.Build, p) {
				lines[i] += " (build)"
			}
		}
		_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
		return err
	})
}

func resolveOne(ctx context.Context, p gate.Peer, m *ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	for _, pr := range m.Problems {
		if pr.Fatal {
			return nil, fmt.Errorf("%s: %s", pr.At, pr.Text)
		}
	}
	up, err := p.Outside(ctx)
	if err != nil {
		return nil, err
	}
	return p.Resolve(ctx, up, []*ecosystem.Manifest{m}, targets)
}
