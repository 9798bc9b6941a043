package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
)

// moreFormats marks the commands whose --format takes more than text and json,
// with what it takes.
const moreFormats = "formats"

// takesFormats marks a command with them.
func takesFormats(c *cobra.Command, names ...string) *cobra.Command {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[moreFormats] = strings.Join(names, " ")
	return c
}

// takesEveryFormat marks a command that renders reports, and says so in its help.
func takesEveryFormat(c *cobra.Command) *cobra.Command {
	c.Long += "\n\nFormats (--format): " + strings.Join(report.FormatNames(), ", ") + "."
	return takesFormats(c, report.FormatNames()...)
}

func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "report ID | report schema [request | audit]",
		Short: "The report of a request: a page, a comment, SARIF, a parts list, JSON or text",
		Long: `Writes the report of a request that has ended, as the gate keeps it: an HTML page
to read and pass on, Markdown for a pull request, SARIF 2.1.0 for code scanning,
a CycloneDX 1.6 parts list, JSON or text. The id stands in every answer of
"gatehouse admit" and in "gatehouse requests".

"gatehouse report schema" prints the JSON Schema (draft 2020-12) of the JSON that
a request is answered with; "schema audit" that of "gatehouse audit".

Exit codes: 0 written, 3 fault or no such request.`,
		Example: `  gatehouse report r3k7q2m9xw41 --format html -o report.html
  gatehouse report r3k7q2m9xw41 --format sarif -o gatehouse.sarif
  gatehouse report schema > gatehouse.schema.json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "schema" {
				return a.schema(append(args[1:], "request")[0])
			}
			if len(args) > 1 {
				return errors.New("name one request; `gatehouse requests` lists them")
			}
			return a.withService(cmd.Context(), func(s gate.Service) error { return a.report(cmd.Context(), s, args[0]) })
		},
	}
	return takesEveryFormat(c)
}

func (a *app) report(ctx context.Context, s gate.Service, id string) error {
	b, err := s.Report(ctx, id, a.flags.format)
	if err != nil {
		if _, known := s.Outcome(ctx, id); known != nil {
			return unknown(known, "request", id, "gatehouse requests")
		}
		return err
	}
	return a.write(func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

func (a *app) schema(of string) error {
	b, err := report.Schema(of)
	if err != nil {
		return err
	}
	return a.write(func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// checkFormat refuses a --format that a command does not have.
func (a *app) checkFormat(c *cobra.Command) error {
	names := []string{"text", "json"}
	for _, n := range strings.Fields(c.Annotations[moreFormats]) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if !slices.Contains(names, a.flags.format) {
		return fmt.Errorf("--format %q is none of %s", artifact.Untrusted(a.flags.format), strings.Join(names, ", "))
	}
	return nil
}
