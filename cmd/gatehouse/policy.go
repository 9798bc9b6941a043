package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/policy"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Show, check and test policies",
		Long: `A policy is one YAML file of named rules with CEL conditions; docs/policy.md is
the cookbook. Without a file the default policy is in force.`,
	}
	c.AddCommand(
		&cobra.Command{
			Use: "show [FILE]", Short: "List the rules that are in force", Args: cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error { return a.policyShow(args) },
		},
		&cobra.Command{
			Use: "check FILE", Short: "Say what is wrong with a policy file, with its lines", Args: cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error { return a.policyCheck(args[0]) },
		},
		&cobra.Command{
			Use: "test [FILE]", Short: "Run the examples beside a policy's rules", Args: cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error { return a.policyTest(args) },
		},
	)
	return c
}

// namedPolicy is the file named, else the registry's, else the default.
func (a *app) namedPolicy(args []string) (*policy.Policy, error) {
	if len(args) == 1 {
		return openPolicy(args[0])
	}
	return openPolicy(a.cfg.Registries[a.flags.registry].Policy)
}

func (a *app) policyShow(args []string) error {
	p, err := a.namedPolicy(args)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"digest": p.Digest(), "rules": p.Rules()}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\npolicy %s\n", p.Explain(), p.Digest())
		return err
	})
}

func (a *app) policyCheck(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	problems := policy.Check(b)
	if problems == nil {
		problems = []policy.Problem{}
	}
	err = a.print(map[string]any{"problems": problems}, func(w io.Writer) error {
		for _, p := range problems {
			if _, err := fmt.Fprintf(w, "%s:%d: %s\n", file, p.Line, p.Text); err != nil {
				return err
			}
		}
		if len(problems) == 0 {
			_, err := fmt.Fprintf(w, "%s: no problem found\n", file)
			return err
		}
		return nil
	})
	if err == nil && len(problems) > 0 {
		return exit{exitFault}
	}
	return err
}

func (a *app) policyTest(args []string) error {
	p, err := a.namedPolicy(args)
	if err != nil {
		return err
	}
	results := policy.Test(p)
	failed := 0
	err = a.print(map[string]any{"results": results}, func(w io.Writer) error {
		for _, r := range results {
			if !r.OK {
				failed++
				fmt.Fprintf(w, "FAIL  %s (line %d): %s\n", r.Rule, r.Line, r.Text)
			}
		}
		_, err := fmt.Fprintf(w, "%d passed, %d failed\n", len(results)-failed, failed)
		return err
	})
	for _, r := range results {
		if !r.OK {
			return exit{exitReject}
		}
	}
	return err
}
