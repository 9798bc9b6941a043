package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

func (a *app) configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print every setting in force, and where each came from",
		Long: `Prints all settings as a file that --config would read again, with a comment
beside each value: the default, FILE:LINE, an environment variable, a flag, or the
project's own gatehouse.yaml. Credentials are references (env:NAME, file:PATH) and
are printed as such; their secrets are never read here.

A key that is no setting is an error that names the nearest one.

Exit codes: 0 printed, 3 the configuration cannot be used.`,
		Example: `  gatehouse config
  gatehouse config --config /etc/gatehouse.yaml
  gatehouse config --format json`,
		Args: cobra.NoArgs,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if a.flags.format == "yaml" {
				a.flags.format = "text" // which is YAML here
			}
			if err := a.load(); err != nil {
				return err
			}
			return a.checkFormat(c)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := foundUpstreams(a.cfg)
			if err != nil {
				return err
			}
			off, err := offEcosystems(cmd.Context(), a.cfg, found)
			if err != nil {
				return err
			}
			out := struct {
				File     string            `json:"file,omitempty"`
				Settings []config.Setting  `json:"settings"`
				Found    map[string]string `json:"found"`         // what "auto" stands for, by upstream
				Off      map[string]string `json:"off,omitempty"` // ecosystems that nothing is read of, and why
				Chains   []chain           `json:"chains"`        // where each registry takes packages from, where that is more than one place
			}{a.cfg.File, a.cfg.Settings(), found, off, chainsOf(a.cfg)}
			return a.print(out, func(w io.Writer) error {
				b, err := a.cfg.YAML()
				if err != nil {
					return err
				}
				for _, name := range slices.Sorted(maps.Keys(found)) {
					b = fmt.Appendf(b, "# auto of upstream %s is %s, as found on the first use\n", name, found[name])
				}
				for _, eco := range slices.Sorted(maps.Keys(off)) {
					b = fmt.Appendf(b, "# %s is off: %s\n", eco, off[eco])
				}
				for _, c := range out.Chains {
					b = fmt.Appendf(b, "# registry %s takes %s from %s\n", c.Registry, c.Ecosystem, strings.Join(c.Sources, ", then "))
				}
				_, err = w.Write(b)
				return err
			})
		},
	}
}

// chain is where a registry takes the packages of an ecosystem from, in order.
type chain struct {
	Registry  string   `json:"registry"`
	Ecosystem string   `json:"ecosystem"`
	Sources   []string `json:"sources"`
}

// chainsOf lists what is more than one upstream for all names.
func chainsOf(cfg config.Config) []chain {
	out := []chain{}
	for _, name := range slices.Sorted(maps.Keys(cfg.Registries)) {
		for _, eco := range ecosystemIDs() {
			c := chain{Registry: name, Ecosystem: string(eco)}
			plain := true
			for _, s := range cfg.Sources(name, string(eco)) {
				text := "upstream " + s.Upstream.Name
				if s.Registry != "" {
					text, plain = "registry "+s.Registry, false
				}
				if s.Upstream.Origin == "internal" {
					text, plain = text+" (the company's own)", false
				}
				if len(s.Names) > 0 {
					text, plain = text+" (for "+strings.Join(s.Names, ", ")+" alone)", false
				}
				c.Sources = append(c.Sources, text)
			}
			if len(c.Sources) > 1 || len(c.Sources) == 1 && !plain {
				out = append(out, c)
			}
		}
	}
	return out
}

// foundUpstreams gives the addresses that stand behind "auto", by upstream: those
// that were looked for already.
func foundUpstreams(cfg config.Config) (map[string]string, error) {
	found := map[string]string{}
	for _, u := range cfg.Outside() {
		if u.URL != auto {
			continue
		}
		address, err := knownAddress(cfg, u)
		if err != nil {
			return nil, fmt.Errorf("reading what was found: %w", err)
		}
		if address != nil {
			found[u.Name] = artifact.Untrusted(address.String()).String()
		}
	}
	return found, nil
}

// offEcosystems says which ecosystems a gate started now would read nothing of. It
// looks for upstreams as the gate would, and remembers nothing.
func offEcosystems(ctx context.Context, cfg config.Config, found map[string]string) (map[string]string, error) {
	off := map[string]string{}
	for _, eco := range ecosystemIDs() {
		of := slices.DeleteFunc(cfg.Outside(), func(u config.Upstream) bool { return u.Ecosystem != string(eco) })
		if len(of) == 0 {
			off[string(eco)] = "no upstream of it is configured; " + configureUpstream(eco)
			continue
		}
		if !slices.ContainsFunc(of, func(u config.Upstream) bool { return u.URL == auto && found[u.Name] == "" }) {
			continue
		}
		if _, _, err := upstream.Discover(ctx, adapterOf(eco).Discover); errors.Is(err, upstream.ErrNotFound) {
			off[string(eco)] = "nothing on this machine knows its upstream; " + configureUpstream(eco)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return off, nil
}
