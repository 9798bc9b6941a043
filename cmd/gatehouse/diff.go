package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) diffCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff PURL_OLD PURL_NEW | diff ARCHIVE_OLD ARCHIVE_NEW",
		Short: "What changed between two versions of a package, for whoever has to judge it",
		Long: `Compares two versions, or two archives on this machine: what the code can do now and
could not, what runs at installation or at every start, files with their hashes, the
code around each thing that is new, what the versions say of themselves, and whether
somebody attested who built them.

Of a version one wheel and the source distribution are compared, where both have
them, and the other files are named; "gatehouse scan --baseline PURL_OLD PURL_NEW"
looks at every one. They are fetched from the configured upstream into quarantine and looked at as
for an admission; nothing is admitted by it. Archives on this machine are opened in
a worker process, and nothing is stored.

The verdict is what the policy makes of what is new, as if the old version were
trusted. Formats (--format): text, json, html.

Exit codes: 0 nothing new that matters, 2 something to look at, 1 to refuse, 3 fault.`,
		Example: `  gatehouse diff pkg:pypi/django@4.2.15 pkg:pypi/django@4.2.16
  gatehouse diff --format html -o diff.html pkg:pypi/django@4.2.15 pkg:pypi/django@4.2.16
  gatehouse diff old/demo-1.0.tar.gz new/demo-1.1.tar.gz`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.difference(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return a.showDifference(d)
		},
	}
	return takesFormats(c, string(report.FormatHTML))
}

func (a *app) difference(ctx context.Context, from, to string) (gate.Difference, error) {
	purls := strings.HasPrefix(from, "pkg:")
	if purls != strings.HasPrefix(to, "pkg:") {
		return gate.Difference{}, errors.New("give two package URLs, such as pkg:pypi/NAME@VERSION, or two archives on this machine")
	}
	if !purls {
		return a.diffArchives(ctx, from, to)
	}
	var versions [2]artifact.Version
	for i, s := range []string{from, to} {
		v, err := artifact.ParsePurl(s)
		if err == nil && v.Number == "" {
			err = fmt.Errorf("%s names no version; write:  %s@VERSION", artifact.Untrusted(s), artifact.Untrusted(s))
		}
		if err != nil {
			return gate.Difference{}, err
		}
		if _, ok := peers()[v.Package.Ecosystem]; !ok {
			return gate.Difference{}, fmt.Errorf("nothing of %s is fetched yet; compare two archives that you have: gatehouse diff OLD.tgz NEW.tgz", v.Package.Ecosystem)
		}
		if v.Package, _, err = packageRange(v.Package.Purl()); err != nil {
			return gate.Difference{}, err
		}
		versions[i] = v
	}
	if versions[0].Package != versions[1].Package {
		return gate.Difference{}, gate.TwoPackages(versions[0], versions[1])
	}
	var d gate.Difference
	err := a.withService(ctx, func(s gate.Service) (err error) {
		d, err = s.Difference(ctx, a.flags.registry, versions[0], versions[1])
		return err
	})
	return d, err
}

// diffArchives compares two archives on this machine. Nothing of a gate is needed for
// it but its rules and its policy.
func (a *app) diffArchives(ctx context.Context, from, to string) (gate.Difference, error) {
	rules, err := openRules(a.cfg)
	if err != nil {
		return gate.Difference{}, err
	}
	policy, err := openPolicy(a.cfg.Registries[a.flags.registry].Policy)
	if err != nil {
		return gate.Difference{}, err
	}
	worker := inspector(nil, a.cfg)
	var sides [2]gate.Side
	for i, name := range []string{from, to} {
		f, err := os.Open(name)
		if err != nil {
			return gate.Difference{}, fmt.Errorf("opening archive: %w", err)
		}
		defer f.Close()
		side, err := localSide(ctx, worker, rules, f, name)
		if err != nil {
			return gate.Difference{}, err
		}
		sides[i] = side
	}
	return gate.Differ(ctx, sides[0], sides[1], []scan.VersionCheck{malware.NewCheck(rules)}, policy, time.Now())
}

func localSide(ctx context.Context, worker *scan.Inspector, rules *malware.Rules, f *os.File, name string) (gate.Side, error) {
	st, err := f.Stat()
	if err != nil {
		return gate.Side{}, err
	}
	if !st.Mode().IsRegular() {
		return gate.Side{}, fmt.Errorf("%s is no archive; folders are compared by: gatehouse scan --baseline OLD NEW", artifact.Untrusted(name))
	}
	named, err := identified(openFile{opened: f}, filepath.Base(name))
	if err != nil {
		return gate.Side{}, fmt.Errorf("reading %s: %w", artifact.Untrusted(name), err)
	}
	file := named.File
	r, err := worker.InspectOpen(ctx, f, scan.FileTarget{File: file})
	if err != nil {
		return gate.Side{}, err
	}
	return gate.Side{Name: filepath.ToSlash(name), Files: []gate.SideFile{{
		File: file, Report: r, Behaviour: rules.Behaviour(r.Code),
		Excerpts: func(ctx context.Context, spots []scan.Spot) ([]scan.Excerpt, error) {
			return worker.ExcerptsOpen(ctx, f, file.Name, spots)
		},
	}}}, nil
}

func (a *app) showDifference(d gate.Difference) error {
	var err error
	if a.flags.format == string(report.FormatHTML) {
		err = a.write(func(w io.Writer) error { return report.DifferenceHTML(w, d, version) })
	} else {
		err = a.print(d, func(w io.Writer) error { return report.Difference(w, d) })
	}
	if err != nil {
		return err
	}
	switch d.Verdict {
	case verdict.Admit:
		return nil
	case verdict.Reject:
		return exit{exitReject}
	}
	return exit{exitHold}
}
