package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/scan/external"
)

func (a *app) scannersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "scanners",
		Short: "List and try the external scanners that look at each new file",
		Long: `External scanners are programs of others, such as GuardDog, pip-audit, Bandit,
OSV-Scanner or Snyk, that look at each new file beside the gate's own scanners.
They are set in the configuration under scanners; docs/scanners.md shows how.`,
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the configured scanners with the versions that they say they are", Args: cobra.NoArgs,
			Long: `List the configured scanners, what each gets and may reach, and the version that
its tool says it is. A setting that this machine cannot enforce is an error here
as it is when the gate starts: exit code 3.`,
			RunE: func(c *cobra.Command, _ []string) error { return a.scannersList(c.Context()) },
		},
		&cobra.Command{
			Use: "test NAME [FILE|PURL]", Short: "Run one scanner and show what it got and what came of it", Args: cobra.RangeArgs(1, 2),
			Long: `Run one scanner as the gate would, over a wheel or sdist (FILE), over a version
(PURL, for scanners that get no bytes), or over a small sample. Nothing is stored.
It prints the command, what the program could see, and the findings that the gate
would keep.

Exit codes: 0 when it looked at all of it, 2 when it did not (such a file would be
held), 3 when it could not be run.`,
			Example: `  gatehouse scanners test bandit dist/demo-0.1.tar.gz
  gatehouse scanners test pip-audit pkg:pypi/django@2.2
  gatehouse scanners test guarddog`,
			RunE: func(c *cobra.Command, args []string) error { return a.scannersTest(c.Context(), args) },
		},
	)
	return c
}

// openScanners makes the configured scanners ready; what they are given is kept
// in the folder scratch while they run.
func openScanners(ctx context.Context, cfg config.Config, scratch string, open func(context.Context, artifact.Digest) (*os.File, error)) (*external.Set, error) {
	return external.New(ctx, cfg.Scanners, external.Options{Open: open, Ecosystems: peers(), Scratch: scratch, Runs: workers(), Now: time.Now})
}

// emptyScratch makes the folder for what scanners are given, without what an
// earlier process left there when it was killed. Only who holds the data folder
// may call it.
func emptyScratch(data string) (string, error) {
	dir := filepath.Join(data, "scratch")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return "", fmt.Errorf("making the folder for scanners: %w", err)
	}
	return dir, nil
}

// scannerSet is the scanners without a gate, beside one that may be running.
func (a *app) scannerSet(ctx context.Context) (*external.Set, error) {
	return openScanners(ctx, a.cfg, "", nil)
}

// scannerLine is one scanner in a list.
type scannerLine struct {
	Name       string   `json:"name"`
	Preset     string   `json:"preset,omitempty"`
	Program    string   `json:"program"`
	Version    string   `json:"version,omitempty"`
	Gets       string   `json:"gets"`
	Reads      string   `json:"reads"`
	Class      string   `json:"class"`
	Ecosystems []string `json:"ecosystems,omitempty"`
	Network    []string `json:"network,omitempty"`
	Secrets    []string `json:"secrets,omitempty"` // the variables' names
	Refresh    string   `json:"refresh,omitempty"`
}

func (a *app) scannersList(ctx context.Context) error {
	set, err := a.scannerSet(ctx)
	if err != nil {
		return err
	}
	lines := []scannerLine{}
	for _, s := range set.Scanners() {
		l := scannerLine{Name: s.Name, Preset: s.Preset, Program: s.ProgramPath(), Version: artifact.Untrusted(s.Version()).String(), Gets: s.Gets, Reads: s.Reads,
			Class: s.Class, Ecosystems: s.Ecosystems, Network: s.Network, Secrets: slices.Sorted(maps.Keys(s.Secrets))}
		if s.Refresh > 0 {
			l.Refresh = time.Duration(s.Refresh).String()
		}
		lines = append(lines, l)
	}
	return a.print(map[string]any{"scanners": lines}, func(to io.Writer) error {
		if len(lines) == 0 {
			_, err := fmt.Fprintln(to, "No external scanners are configured; docs/scanners.md shows how to add one.")
			return err
		}
		w := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "SCANNER\tGETS\tNETWORK\tREFRESH\tVERSION\tPROGRAM")
		for _, l := range lines {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Gets, cmp.Or(strings.Join(l.Network, ","), "off"), cmp.Or(l.Refresh, "-"), cmp.Or(shortVersion(l.Version), "-"), l.Program)
		}
		return w.Flush()
	})
}

// shortVersion is the beginning of a version text, up to the first number: tools
// add their Python's.
func shortVersion(s string) string {
	words := strings.Fields(strings.ReplaceAll(s, "\uFFFD", " "))
	i := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") })
	return strings.Join(words[:i+1], " ")
}

// scannerTest is what came of a try.
type scannerTest struct {
	Scanner string          `json:"scanner"`
	About   string          `json:"about"`   // the version's purl
	File    string          `json:"file"`    // its name
	Command []string        `json:"command"` // before paths are filled in
	Gets    string          `json:"gets"`
	Network []string        `json:"network"`
	Result  external.Result `json:"result"`
	Stderr  string          `json:"stderr,omitempty"`
}

func (a *app) scannersTest(ctx context.Context, args []string) error {
	set, err := a.scannerSet(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, s := range set.Scanners() {
		names = append(names, s.Name)
	}
	i := slices.Index(names, args[0])
	if i < 0 {
		return fmt.Errorf("no scanner %q is configured; there are: %s", artifact.Untrusted(args[0]), cmp.Or(strings.Join(names, ", "), "none"))
	}
	s := set.Scanners()[i]
	asked, done, err := a.asked(s, append(args, "")[1])
	if err != nil {
		return err
	}
	defer done()
	r, err := set.Run(ctx, s, asked)
	if err != nil {
		return err
	}
	t := scannerTest{Scanner: s.Name, About: asked.File.Version.Purl(), File: asked.File.Name, Command: append([]string{s.ProgramPath()}, s.Command[1:]...),
		Gets: s.Gets, Network: append([]string{}, s.Network...), Result: r, Stderr: artifact.Untrusted(r.Stderr).String()}
	if err := a.print(t, func(w io.Writer) error { return t.write(w) }); err != nil {
		return err
	}
	if r.Fault != "" {
		return exit{exitHold}
	}
	return nil
}

func (t scannerTest) write(w io.Writer) error {
	fmt.Fprintf(w, "command  %s\n", strings.Join(t.Command, " "))
	fmt.Fprintf(w, "gets     %s of %s\n", t.Gets, artifact.Untrusted(t.About))
	fmt.Fprintf(w, "network  %s\n", cmp.Or(strings.Join(t.Network, ", "), "off"))
	fmt.Fprintf(w, "ended    exit code %d after %s (%s of processor time)\n", t.Result.Exit, t.Result.Took.Round(time.Millisecond), t.Result.CPU.Round(time.Millisecond))
	if t.Result.Fault != "" && t.Stderr != "" {
		fmt.Fprintf(w, "stderr   %s\n", t.Stderr)
	}
	for _, f := range t.Result.Findings {
		at := ""
		if f.Path != "" {
			at = fmt.Sprintf("  %s:%d", f.Path, f.Line)
		}
		fmt.Fprintf(w, "%-8s %s%s\n         %s\n", f.Severity, f.Rule, at, f.Text)
	}
	end := fmt.Sprintf("It looked at all of it: %d findings.", len(t.Result.Findings))
	if t.Result.Fault != "" {
		end = "It did not look at all of it: such a file would be held."
	}
	_, err := fmt.Fprintln(w, end)
	return err
}

// asked is what a scanner is tried with: a file, a version, or a sample.
func (a *app) asked(s *external.Scanner, what string) (external.Asked, func(), error) {
	switch {
	case strings.HasPrefix(what, "pkg:") && s.GetsBytes():
		return external.Asked{}, nil, fmt.Errorf("%s gets a file: name an archive instead of %s", s.Name, artifact.Untrusted(what))
	case strings.HasPrefix(what, "pkg:"):
		v, err := artifact.ParsePurl(what)
		if err != nil || v.Number == "" {
			return external.Asked{}, nil, fmt.Errorf("%q is no purl with a version such as pkg:pypi/django@2.2", artifact.Untrusted(what))
		}
		return external.Asked{File: artifact.File{Version: v, Name: v.Package.Name, SHA256: artifact.DigestOf(nil)}}, func() {}, nil
	case what != "":
		return askedFile(s, what)
	}
	dir, err := os.MkdirTemp("", "gatehouse-sample-")
	if err != nil {
		return external.Asked{}, nil, err
	}
	done := func() { os.RemoveAll(dir) }
	path := filepath.Join(dir, "gatehouse_sample-1.0.tar.gz")
	b, err := sample()
	if err = errors.Join(err, os.WriteFile(path, b, 0o600)); err != nil {
		done()
		return external.Asked{}, nil, err
	}
	asked, _, err := askedFile(s, path)
	return asked, done, err
}

// askedFile is a file of this machine. Whose it is tells its name: NAME-VERSION and an
// ending, of the scanner's ecosystem where it has but one.
func askedFile(s *external.Scanner, path string) (external.Asked, func(), error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return external.Asked{}, nil, err
	}
	file := artifact.File{Name: filepath.Base(path), SHA256: artifact.DigestOf(b), Size: int64(len(b)), Kind: artifact.Asset}
	of := artifact.PyPI
	if len(s.Ecosystems) == 1 {
		of = artifact.Ecosystem(s.Ecosystems[0])
	}
	// A source archive's name does not say where the project's ends; the last
	// hyphen is where every tool of today puts it.
	written, _, _ := strings.Cut(file.Name, "-")
	if i := strings.LastIndex(file.Name, "-"); i > 0 && !strings.HasSuffix(file.Name, ".whl") {
		written = file.Name[:i]
		file.Version.Number = strings.TrimSuffix(strings.TrimSuffix(file.Name[i+1:], filepath.Ext(file.Name)), ".tar")
	}
	file.Version.Package, err = peers()[of].ParseName(written)
	if err != nil { // a module's or a group's is no file name
		file.Version.Package, err = peers()[of].ParseName("unnamed.invalid/" + written)
	}
	if err != nil {
		return external.Asked{}, nil, fmt.Errorf("%s: %w", artifact.Untrusted(file.Name), err)
	}
	if of == artifact.PyPI {
		promised, err := dist.ParseFileName(file)
		if err != nil {
			return external.Asked{}, nil, fmt.Errorf("%s: %w", artifact.Untrusted(file.Name), err)
		}
		file.Kind, file.Version.Number = promised.Kind, promised.Number
	}
	open := func(context.Context, artifact.Digest) (*os.File, error) { return os.Open(path) }
	return external.Asked{File: file, Open: open}, func() {}, nil
}

// sample is a source archive that a scanner finds nothing remarkable in.
func sample() ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	t := tar.NewWriter(z)
	for _, f := range []struct{ name, content string }{
		{"PKG-INFO", "Metadata-Version: 2.2\nName: gatehouse-sample\nVersion: 1.0\n"},
		{"gatehouse_sample.py", "def answer():\n    return 42\n"},
	} {
		if err := t.WriteHeader(&tar.Header{Name: "gatehouse_sample-1.0/" + f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(t, f.content); err != nil {
			return nil, err
		}
	}
	err := errors.Join(t.Close(), z.Close())
	return out.Bytes(), err
}
