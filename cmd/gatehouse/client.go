package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/clientconfig"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) clientCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "client",
		Short: "Point package clients at the gate, and back",
	}
	c.AddCommand(a.clientSetup())
	return c
}

func (a *app) clientSetup() *cobra.Command {
	var undo, only bool
	var address string
	c := &cobra.Command{
		Use:   "setup " + strings.Join(clientconfig.Clients(), "|"),
		Short: "Write the gate into a client's own user configuration, or take it out again",
		Long: `Shows the change and writes it into the user's own configuration:

  pip      pip.conf            npm, pnpm  ~/.npmrc (bun and yarn 1 read it too)
  uv       uv.toml             yarn       ~/.yarnrc.yml
  twine    ~/.pypirc           bun        ~/.bunfig.toml
  go       go's env file       cargo      ~/.cargo/config.toml
  mvn      ~/.m2/settings.xml  gradle     ~/.gradle/init.d/gatehouse.gradle

An index that was configured before is set aside as a comment. --undo gives the
file back byte for byte. Doing either twice changes nothing more. poetry has no
user-level setting for package sources; its command for each project is printed
instead. For one command only, see: gatehouse run --help.

The gate is that of --server (or --url), else the one that the configuration here
describes. With --token the token is written where the client keeps its secrets:
the netrc file for pip, uv and go, the same file for npm, yarn, bun and mvn,
credentials.toml for cargo; only a reader's token is. What would still go around
the gate (further indexes, environment variables) is listed.

Exit codes: 0 done, 3 the file cannot be changed safely; it is then left alone.`,
		Example: `  gatehouse client setup pip
  gatehouse client setup uv --print
  gatehouse client setup pip --server https://gate.example.com --token env:READER_TOKEN
  gatehouse client setup npm --url http://127.0.0.1:8484 --registry data
  gatehouse client setup pip --undo`,
		Args: cobra.ExactArgs(1), ValidArgs: clientconfig.Clients(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if undo {
				return a.undoClient(args[0], only)
			}
			a.flags.server = cmp.Or(address, a.flags.server)
			if !cmd.Flags().Changed("token") {
				a.flags.token = "" // GATEHOUSE_TOKEN is this command line's own
			}
			return a.setupClient(cmd.Context(), args[0], only)
		},
	}
	c.Flags().StringVar(&address, "url", "", "the gate's address; the same as --server")
	c.Flags().BoolVar(&undo, "undo", false, "take out exactly what a setup wrote")
	c.Flags().BoolVar(&only, "print", false, "show the change and write nothing")
	return c
}

func (a *app) setupClient(ctx context.Context, name string, only bool) error {
	m, err := clientconfig.Here()
	if err != nil {
		return err
	}
	w := clientconfig.Wish{Client: name, Gate: cmp.Or(a.flags.server, a.cfg.URL()), Registry: a.flags.registry}
	if w.Token, err = a.readerToken(ctx, name); err != nil {
		return err
	}
	p, err := m.Setup(w)
	if err != nil {
		return err
	}
	if !only && a.flags.server == "" && len(p.Changes) > 0 {
		p.Warnings = append(p.Warnings, a.rememberUpstreams(ctx)...)
	}
	return a.carryOut(p, only, name+" is set up already; nothing to change")
}

func (a *app) undoClient(name string, only bool) error {
	m, err := clientconfig.Here()
	if err != nil {
		return err
	}
	p, err := m.Undo(name)
	if err != nil {
		return err
	}
	return a.carryOut(p, only, "nothing of gatehouse's is in "+name+"'s configuration")
}

// rememberUpstreams finds the upstreams that are "auto" while the clients still
// say where they come from: after this setup they name the gate itself.
func (a *app) rememberUpstreams(ctx context.Context) []string {
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, u := range a.cfg.Outside() {
		if _, err := addressOf(ctx, a.cfg, u); err != nil {
			out = append(out, fmt.Sprintf("upstream %s: %v", u.Name, err))
		}
	}
	return out
}

// readerToken resolves --token for a client that keeps one, and makes sure that
// whoever finds it can do no more than read.
func (a *app) readerToken(ctx context.Context, name string) (secretref.Secret, error) {
	if a.flags.token == "" || name != "poetry" && !clientconfig.KeepsToken(name) {
		return secretref.Secret{}, nil
	}
	s, err := secretref.Resolve(ctx, a.flags.token)
	if err != nil {
		return s, fmt.Errorf("--token: %w", err)
	}
	if name == "poetry" {
		return s, nil // not written anywhere: poetry asks for it
	}
	more, err := a.mayMoreThanRead(ctx, s)
	if err != nil {
		return s, fmt.Errorf("asking the gate what the token may do: %w; nothing was written", err)
	}
	if more {
		return s, errors.New("this token may do more than read and is not written to a client's configuration; make one with: gatehouse token create --role reader")
	}
	return s, nil
}

// mayMoreThanRead tries the token on something that changes nothing: taking back
// what does not exist. A reader is turned away before anybody looks whether it
// does.
func (a *app) mayMoreThanRead(ctx context.Context, token secretref.Secret) (bool, error) {
	c, err := client.New(cmp.Or(a.flags.server, a.cfg.URL()), token)
	if err != nil {
		return true, err
	}
	defer c.Close()
	switch err := c.Revoke(ctx, "nothing-of-that-name", operator()); {
	case errors.Is(err, verdict.ErrForbidden):
		return false, nil
	case err == nil, errors.Is(err, verdict.ErrNotFound):
		return true, nil
	default:
		return true, err
	}
}

// clientPlan is what `client setup --format json` prints.
type clientPlan struct {
	URL      string       `json:"url,omitempty"`
	Written  bool         `json:"written"`
	Changes  []fileChange `json:"changes"`
	Commands []string     `json:"commands"`
	Notes    []string     `json:"notes"`
	Warnings []string     `json:"warnings"`
}

type fileChange struct {
	Path string `json:"path"`
	Diff string `json:"diff"`
}

// carryOut shows a plan, then writes it.
func (a *app) carryOut(p clientconfig.Plan, only bool, nothing string) error {
	shown := clientPlan{URL: p.URL, Changes: []fileChange{}, Commands: orNone(p.Commands), Notes: orNone(p.Notes), Warnings: orNone(p.Warnings)}
	for _, c := range p.Changes {
		shown.Changes = append(shown.Changes, fileChange{c.Path, c.Diff()})
	}
	if !only {
		if err := p.Apply(); err != nil {
			return err
		}
		shown.Written = len(p.Changes) > 0
	}
	return a.print(shown, func(w io.Writer) error { return writeClientPlan(w, shown, nothing) })
}

func orNone(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func writeClientPlan(w io.Writer, p clientPlan, nothing string) error {
	var b strings.Builder
	for _, c := range p.Changes {
		for line := range strings.Lines(c.Diff) {
			b.WriteString(artifact.Untrusted(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")).String() + "\n")
		}
	}
	switch {
	case len(p.Changes) == 0 && len(p.Commands) == 0:
		fmt.Fprintln(&b, nothing)
	case p.Written:
		fmt.Fprintln(&b, "written; take it back with --undo")
	case len(p.Changes) > 0:
		fmt.Fprintln(&b, "shown only; nothing was written")
	}
	for _, s := range p.Notes {
		fmt.Fprintln(&b, "note:", s)
	}
	for _, s := range p.Commands {
		fmt.Fprintln(&b, " ", s)
	}
	for _, s := range p.Warnings {
		fmt.Fprintln(&b, "WARNING:", artifact.Untrusted(s))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
