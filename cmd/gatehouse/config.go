package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
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
		RunE: func(*cobra.Command, []string) error {
			found, err := foundUpstreams(a.cfg)
			if err != nil {
				return err
			}
			out := struct {
				File     string            `json:"file,omitempty"`
				Settings []config.Setting  `json:"settings"`
				Found    map[string]string `json:"found"` // what "auto" stands for, by upstream
			}{a.cfg.File, a.cfg.Settings(), found}
			return a.print(out, func(w io.Writer) error {
				b, err := a.cfg.YAML()
				if err != nil {
					return err
				}
				for _, name := range slices.Sorted(maps.Keys(found)) {
					b = fmt.Appendf(b, "# auto of upstream %s is %s, as found on the first use\n", name, found[name])
				}
				_, err = w.Write(b)
				return err
			})
		},
	}
}

// foundUpstreams gives the addresses that stand behind "auto", by upstream: those
// that were looked for already.
func foundUpstreams(cfg config.Config) (map[string]string, error) {
	found := map[string]string{}
	for _, u := range cfg.Upstreams {
		if u.URL != "auto" {
			continue
		}
		switch b, err := os.ReadFile(filepath.Join(cfg.Data, "upstream-"+u.Ecosystem)); {
		case err == nil:
			found[u.Name] = artifact.Untrusted(strings.TrimSpace(string(b))).String()
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("reading what was found: %w", err)
		}
	}
	return found, nil
}
