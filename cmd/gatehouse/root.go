package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Exit codes, the same for every command.
const (
	exitAdmit  = 0
	exitReject = 1
	exitHold   = 2
	exitFault  = 3
)

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is one run of the command line: its streams and the flags that every
// command has.
type app struct {
	streams
	flags struct {
		data, config, format, output, server, token, registry, project string
	}
	cfg  config.Config // loaded before a command runs
	line *progress     // nil until long work begins
}

// exit ends a command with a code; what there is to say was said.
type exit struct{ code int }

func (e exit) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// run is main without the process: it gives the exit code.
func run(ctx context.Context, args []string, s streams) int {
	a := &app{streams: s}
	root := a.command()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if e, ok := errors.AsType[exit](err); ok {
		return e.code
	}
	if err != nil && ctx.Err() != nil {
		fmt.Fprintf(s.err, "gatehouse: %s\n", a.interrupted(ctx))
		return exitFault
	}
	if err != nil {
		fmt.Fprintf(s.err, "gatehouse: %v\n", err)
		return exitFault
	}
	return exitAdmit
}

// interrupted says what is left of a command that a person ended: nothing, as an
// admission is published at its end and in one piece, unless a running gate was
// handed it.
func (a *app) interrupted(ctx context.Context) string {
	ctx = context.WithoutCancel(ctx)
	c := a.local(ctx)
	if c != nil {
		c.Close()
	}
	if c != nil || a.flags.server != "" {
		return "interrupted; the running gate goes on with what it was handed:  gatehouse requests"
	}
	return "interrupted; nothing was published"
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "A gate for packages: look at what a build is about to install, admit it or say what to change",
		Long: `Gatehouse stands between public package registries and your builds. It looks at
what a change to a manifest brings in, with everything that pulls in, admits what
is good to its own registry for pip, uv and poetry, and says of the rest which
line to change to what.

Start here:
  gatehouse demo                          see it work, on data of its own
  gatehouse advisories sync               fetch what is known to be vulnerable or malicious
  gatehouse audit requirements.txt        what is known against these versions
  gatehouse admit requirements.txt        look at everything new and decide
  gatehouse serve                         serve what was admitted to pip, uv and poetry
  gatehouse client setup pip              point pip at it

Every command takes --format json. Exit codes: 0 admit, 1 reject, 2 hold,
3 fault or wrong usage.`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if c.Annotations[onlyHelp] != "" {
				return nil
			}
			if err := a.load(); err != nil {
				return err
			}
			return a.checkFormat(c)
		},
	}
	f := root.PersistentFlags()
	f.StringVar(&a.flags.data, "data", "", "folder of the gate's data (default: GATEHOUSE_DATA, or gatehouse in the XDG data home)")
	f.StringVar(&a.flags.config, "config", "", "configuration file (default: GATEHOUSE_CONFIG, or gatehouse/gatehouse.yaml in your configuration folder, or none; of a gatehouse.yaml here only the matrix is read)")
	f.StringVar(&a.flags.format, "format", "text", "output format: text or json; admit, audit, diff, report and scan have more")
	f.StringVarP(&a.flags.output, "output", "o", "", "write the output to this file instead")
	f.StringVar(&a.flags.server, "server", "", "ask the running gate at this URL instead of the data folder (GATEHOUSE_SERVER)")
	f.StringVar(&a.flags.token, "token", "", "token for --server, by reference: env:NAME or file:PATH (default: env:GATEHOUSE_TOKEN when set)")
	f.StringVar(&a.flags.registry, "registry", "main", "the registry to decide for")
	f.StringVar(&a.flags.project, "project", "", "the project this is for, in reports and the log")
	root.CompletionOptions.HiddenDefaultCmd = true
	for _, c := range a.commands() {
		root.AddCommand(c)
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see: %s --help", err, c.CommandPath())
	})
	guide(root)
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", `{{if and .Runnable (not (index .Annotations "`+onlyHelp+`"))}}`, 1))
	return root
}

// onlyHelp marks a command of commands that runs only to say which there are.
const onlyHelp = "only-help"

// guide makes wrong usage of a command, and of those below it, say what is
// expected and where to read more.
func guide(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if check(c, args) == nil {
				return nil
			}
			return fmt.Errorf("write:  %s  (%d given); see: %s --help", strings.TrimSuffix(c.UseLine(), " [flags]"), len(args), c.CommandPath())
		}
	}
	if c.HasSubCommands() {
		c.Args = noSuchCommand
	}
	if c.HasSubCommands() && c.RunE == nil {
		c.Annotations = map[string]string{onlyHelp: "yes"}
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	for _, sub := range c.Commands() {
		guide(sub)
	}
}

// noSuchCommand refuses words that name no command, and suggests the nearest.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	meant := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		meant = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("there is no command %q%s see: %s --help", artifact.Untrusted(c.CommandPath()+" "+args[0]), cmp.Or(meant, ";"), c.CommandPath())
}

// load reads the configuration and lays the flags over it.
func (a *app) load() error {
	cfg, err := config.Load(a.flags.config, ecosystemIDs()...)
	if err != nil {
		return err
	}
	if _, err := packageGroups(cfg); err != nil { // what names are spelled like only the ecosystems know
		return fmt.Errorf("reading %s: %w", cmp.Or(cfg.File, "the configuration"), err)
	}
	if a.flags.data != "" {
		cfg.Data = a.flags.data
		cfg.Set("data", "flag --data")
	}
	if cfg.Data == "" {
		return errors.New("there is no home folder to keep data in: say --data DIR or set GATEHOUSE_DATA")
	}
	a.cfg = cfg
	if a.flags.server == "" {
		a.flags.server = os.Getenv("GATEHOUSE_SERVER")
	}
	if a.flags.token == "" && os.Getenv("GATEHOUSE_TOKEN") != "" {
		a.flags.token = "env:GATEHOUSE_TOKEN"
	}
	return nil
}

// print writes v as JSON, or by text, to where the output goes; a report in any
// of its formats.
func (a *app) print(v any, text func(io.Writer) error) error {
	if a.flags.format == "text" {
		return a.write(text)
	}
	return a.write(func(w io.Writer) error {
		if r, ok := v.(report.Report); ok {
			return report.Render(w, report.Format(a.flags.format), r)
		}
		return report.JSON(w, v)
	})
}

// write writes to where the output goes. A file is written whole or not at all.
func (a *app) write(write func(io.Writer) error) error {
	if a.flags.output == "" {
		return write(a.out)
	}
	f, err := os.CreateTemp(filepath.Dir(a.flags.output), ".gatehouse-*")
	if err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return os.Rename(f.Name(), a.flags.output)
}

// verdictExit turns an outcome into the exit code.
func verdictExit(o verdict.Outcome) error {
	switch {
	case o.Status != verdict.Done:
		return exit{exitFault}
	case o.Verdict == verdict.Admit:
		return nil
	case o.Verdict == verdict.Reject:
		return exit{exitReject}
	}
	return exit{exitHold}
}

// operator names the person at this keyboard, for the audit log.
func operator() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return "local:" + u.Username
	}
	return "local"
}
