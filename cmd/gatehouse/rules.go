package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
)

func (a *app) rulesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "List, show and check the rules by which packages' code is judged",
		Long: `Rules say which behaviour of a package's code is of interest: one YAML file each,
with the reason, examples that it finds, and examples that it spares. Your own
come from the folder that the configuration names (rules: {folder: ...});
docs/detection.md shows how they are written.`,
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the rules that are in force", Args: cobra.NoArgs,
			Long: `List the rules that are in force: those that are built in, and those of the
configured folder. STRENGTH says what one match of a rule that is new in a version
counts for: weak is a note, strong holds, two strong ones of different groups
reject, proof rejects. Exit code 3 when the folder does not load.`,
			Example: `  gatehouse rules list
  gatehouse rules list --format json`,
			RunE: func(*cobra.Command, []string) error { return a.rulesList() },
		},
		&cobra.Command{
			Use: "show ID", Short: "Show one rule with its examples", Args: cobra.ExactArgs(1),
			Long:    `Show a rule as its author wrote it. Exit code 3 when there is none of that id.`,
			Example: `  gatehouse rules show decode-exec`,
			RunE:    func(_ *cobra.Command, args []string) error { return a.rulesShow(args[0]) },
		},
		&cobra.Command{
			Use: "check FOLDER", Short: "Say what is wrong with a folder of rules, and run their examples", Args: cobra.ExactArgs(1),
			Long: `Read every rule and list of a folder as the gate does when it starts, and run the
examples of each rule through the same analysers that look at packages. Nothing is
stored and nothing in the examples is run.

Exit codes: 0 when all of it would load, 3 when not.`,
			Example: `  gatehouse rules check /etc/gatehouse/rules`,
			RunE:    func(_ *cobra.Command, args []string) error { return a.rulesCheck(args[0]) },
		},
	)
	return c
}

// openRules gives the rules that are in force.
func openRules(cfg config.Config) (*malware.Rules, error) {
	if cfg.Rules.Folder == "" {
		return malware.Default(), nil
	}
	rs, err := malware.Default().With(os.DirFS(cfg.Rules.Folder))
	if err != nil {
		return nil, fmt.Errorf("rules.folder: %w; see: gatehouse rules check %s", err, cfg.Rules.Folder)
	}
	return rs, nil
}

func (a *app) rulesList() error {
	rs, err := openRules(a.cfg)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"digest": rs.Digest(), "rules": rs.All()}, func(to io.Writer) error {
		w := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "RULE\tSTRENGTH\tSCORE\tGROUP\tATT&CK\tTITLE")
		for _, r := range rs.All() {
			title := r.Title
			if r.Retired != "" {
				title = "(retired " + r.Retired + ") " + title
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", r.ID, r.Strength, r.Score, r.Group, strings.Join(r.Attack, ","), title)
		}
		return w.Flush()
	})
}

func (a *app) rulesShow(id string) error {
	rs, err := openRules(a.cfg)
	if err != nil {
		return err
	}
	r := rs.Rule(id)
	if r == nil {
		return fmt.Errorf("there is no rule %q; gatehouse rules list names them all", artifact.Untrusted(id))
	}
	source, ok := malware.Source(id)
	if !ok {
		if source, err = os.ReadFile(ruleFile(a.cfg, id)); err != nil {
			return fmt.Errorf("reading rule %s: %w", id, err)
		}
	}
	return a.print(map[string]any{"rule": r, "source": string(source)}, func(to io.Writer) error {
		_, err := to.Write(append(bytes.TrimRight(source, "\n"), '\n'))
		return err
	})
}

// ruleFile is where a rule of the configured folder stands.
func ruleFile(cfg config.Config, id string) string { return cfg.Rules.Folder + "/" + id + ".yaml" }

// ruleProblem is one thing that is wrong with a folder.
type ruleProblem struct {
	File string `json:"file"`
	Text string `json:"text"`
}

func (a *app) rulesCheck(folder string) error {
	rs, err := malware.Default().With(os.DirFS(folder))
	problems := problemsOf(folder, err)
	count := 0
	if rs != nil {
		count = len(rs.All()) - len(malware.Default().All())
	}
	err = a.print(map[string]any{"rules": count, "problems": problems}, func(w io.Writer) error {
		for _, p := range problems {
			if _, err := fmt.Fprintf(w, "%s: %s\n", p.File, p.Text); err != nil {
				return err
			}
		}
		if len(problems) == 0 {
			_, err := fmt.Fprintf(w, "%s: %s, and each example is found or spared as it says\n", folder, report.Count(count, "rule loads", "rules load"))
			return err
		}
		return nil
	})
	if err == nil && len(problems) > 0 {
		return exit{exitFault}
	}
	return err
}

// unknownKey is how the reader of YAML says that it does not know a key.
var unknownKey = lazy.Regexp(`field (\S+) not found in type \S+`)

// problemText says in one line what is wrong with a file.
func problemText(err error) string {
	text := strings.Join(strings.Fields(strings.Replace(err.Error(), "yaml: unmarshal errors:", "", 1)), " ")
	return artifact.Untrusted(unknownKey().ReplaceAllString(text, "there is no key $1 here; docs/detection.md lists them")).String()
}

// problemsOf takes a joined error apart by file. What is about none of them is about
// the folder.
func problemsOf(folder string, err error) []ruleProblem {
	out := []ruleProblem{}
	if err == nil {
		return out
	}
	all := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all = many.Unwrap()
	}
	for _, e := range all {
		if f, ok := errors.AsType[*malware.FileError](e); ok {
			out = append(out, ruleProblem{artifact.Untrusted(f.File).String(), problemText(f.Err)})
			continue
		}
		out = append(out, ruleProblem{folder, problemText(e)})
	}
	return out
}
