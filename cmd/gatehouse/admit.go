package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/manifest"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/git"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/sbom"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) admitCommand() *cobra.Command {
	var o admitOptions
	c := &cobra.Command{
		Use:   "admit [FILE | PURL | -]...",
		Short: "Look at everything new in manifests or purls, decide, and publish what is good",
		Long: `Reads manifests and locks, a list of parts (CycloneDX, SPDX), package URLs, or any
of them on standard input as "-"; works out what they pull in for the platforms
the configuration names, judges every version, fetches and scans what was not
refused, and publishes what is good to the registry. Nothing that is fetched is
ever run.

  Python  requirements.txt, constraints, pyproject.toml, Pipfile, uv.lock,
          poetry.lock, pdm.lock, pylock.toml, Pipfile.lock
  npm     package.json, package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml,
          yarn.lock, bun.lock
  Go      go.mod, go.sum, go.work, vendor/modules.txt
  Cargo   Cargo.toml, Cargo.lock
  Maven   pom.xml, gradle.lockfile, libs.versions.toml, verification-metadata.xml

A constraints file by itself bounds versions and asks for nothing. All dependency
groups and extras are looked at; --group picks some, and "main" is what the
project itself needs. Findings about lines count whatever group they are in.

With --fix the lines of what was rejected are changed to the remedy that was
found and proved, and the files are admitted again.

With --repo-dir and --range every manifest that a range of commits changed is
looked at, and of each only what was added or changed.

Exit codes: 0 admitted, 1 rejected, 2 held, 3 fault or unusable input.`,
		Example: `  gatehouse admit requirements.txt
  gatehouse admit --fix requirements.txt
  gatehouse admit package-lock.json go.mod
  gatehouse admit --group main --group docs pyproject.toml
  gatehouse admit pkg:pypi/requests@2.32.3
  gatehouse admit app.cdx.json
  pip freeze | gatehouse admit -
  gatehouse admit --repo-dir . --range origin/main..HEAD`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			return a.admit(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.fix, "fix", false, "write the proved remedies into the files and admit again")
	f.BoolVar(&o.all, "all", false, "show every version and every note")
	f.DurationVar(&o.wait, "wait", 30*time.Minute, "how long to wait for the answer")
	f.StringSliceVar(&o.groups, "group", nil, "look at these dependency groups and extras only; \"main\" is the project's own (default: all)")
	f.StringVar(&o.repoDir, "repo-dir", "", "a git repository to read the manifests from")
	f.StringVar(&o.revs, "range", "", "the commits to look at, OLD..NEW")
	f.StringSliceVar(&o.branches, "branch", nil, "with --range: only when NEW is a branch that matches one of these patterns")
	return takesEveryFormat(c)
}

type admitOptions struct {
	args     []string
	groups   []string
	fix, all bool
	wait     time.Duration
	repoDir  string
	revs     string
	branches []string
}

func (a *app) admit(ctx context.Context, o admitOptions) error {
	req, err := a.admitRequest(ctx, o)
	if errors.Is(err, git.ErrNotWanted) {
		fmt.Fprintln(a.err, "gatehouse: the range is on no branch that --branch names: nothing to do")
		return nil
	} else if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	svc, done, err := a.service(ctx)
	if err != nil {
		return err
	}
	defer done()
	p := a.progress()
	out, err := svc.Admit(ctx, req, p)
	p.end()
	if errors.Is(err, context.DeadlineExceeded) {
		return a.noAnswerYet(svc, req.ID, o.wait)
	} else if err != nil {
		return err
	}
	if o.fix && out.Verdict == verdict.Reject {
		if out, err = a.fixAndAdmit(ctx, svc, req, out, o.args); err != nil {
			return err
		}
	}
	req.ID = out.Request
	if err := a.print(report.New(req, out, version), func(w io.Writer) error { return report.Text(w, out, report.TextOptions{All: o.all}) }); err != nil {
		return err
	}
	return verdictExit(out)
}

// noAnswerYet says what became of a request whose answer did not come in time. A
// running gate goes on with it; an engine of this process ends with it.
func (a *app) noAnswerYet(svc gate.Service, id string, waited time.Duration) error {
	if _, here := svc.(*gate.Gate); here {
		fmt.Fprintf(a.err, "gatehouse: no answer within %s; ask again with a longer --wait: what was fetched and scanned is kept\n", waited)
	} else {
		fmt.Fprintf(a.err, "gatehouse: still looking after %s; the gate goes on:  gatehouse requests show %s\n", waited, id)
	}
	return exit{exitHold}
}

func (a *app) admitRequest(ctx context.Context, o admitOptions) (verdict.Request, error) {
	req := verdict.Request{
		ID: gate.NewID('r'), Door: "cli", Registry: a.flags.registry, Project: a.flags.project, By: operator(), Created: time.Now().UTC(),
		Groups: o.groups,
	}
	if o.repoDir != "" || o.revs != "" {
		if len(o.args) > 0 || o.repoDir == "" || o.revs == "" {
			return req, errors.New("--repo-dir and --range go together, and without files")
		}
		r, err := git.ParseRange(o.revs)
		if err != nil {
			return req, err
		}
		r.Branches = o.branches
		return req, readChange(ctx, &req, o.repoDir, r)
	}
	if len(o.args) == 0 {
		return req, errors.New("name at least one manifest, purl, or - for standard input")
	}
	return req, a.readArguments(&req, o.args)
}

// readChange fills a request with what a range of commits changed.
func readChange(ctx context.Context, req *verdict.Request, dir string, r git.Range) error {
	c, err := git.Read(ctx, dir, r, gitManifests())
	req.Door = "push"
	req.Files, req.Include, req.Before, req.Problems = c.After, c.Include, c.Before, c.Problems
	return err
}

// isManifest says whether any ecosystem reads a path as a manifest.
func isManifest(p string) bool {
	for _, e := range peers() {
		if e.ManifestFormat(p) != "" {
			return true
		}
	}
	return false
}

// gitManifests is what all ecosystems together take for manifests.
func gitManifests() git.Manifests {
	known := peers()
	of := func(p string) ecosystem.Ecosystem {
		for _, e := range known {
			if e.ManifestFormat(p) != "" {
				return e
			}
		}
		return nil
	}
	return git.Manifests{
		Format: func(p string) string {
			if e := of(p); e != nil {
				return e.ManifestFormat(p)
			}
			return ""
		},
		ReadBy: func(p string) []string {
			var out []string
			for _, e := range known {
				if g, ok := e.(ecosystem.Gatherer); ok {
					out = append(out, g.ReadBy(p)...)
				}
			}
			return out
		},
		Reads: func(tree fs.FS, p string) []string {
			if e := of(p); e != nil {
				return ecosystem.Reads(e, tree, p)
			}
			return nil
		},
	}
}

// readArguments reads files, purls and standard input into the request. A
// file keeps the path it was named by; what reading it opens goes along, from the
// folder that this runs in downwards, or from the file's own where it lies outside.
func (a *app) readArguments(req *verdict.Request, args []string) error {
	for _, arg := range args {
		switch {
		case strings.HasPrefix(arg, "pkg:"):
			req.Purls = append(req.Purls, arg)
		case arg == "-":
			b, err := readCapped(a.in, a.cfg.Limits.RequestBytes)
			if err != nil {
				return fmt.Errorf("reading standard input: %w", err)
			}
			if err := addInput(req, b); err != nil {
				return err
			}
		default:
			if err := a.addFile(req, arg); err != nil {
				return err
			}
		}
	}
	return nil
}

// addInput takes standard input as what it looks like: purls, one a line, a list of
// parts, a lock, or else a requirements file.
func addInput(req *verdict.Request, b []byte) error {
	if !strings.HasPrefix(strings.TrimSpace(string(b)), "pkg:") {
		src := verdict.Source{Path: cmp.Or(manifest.FormatOf("", b), manifest.RequirementsTxt), Content: b}
		if sbom.Detect("", b) != "" {
			src.Path = "standard input"
		}
		req.Files = append(req.Files, src)
		return nil
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			req.Purls = append(req.Purls, line)
		}
	}
	return nil
}

func (a *app) addFile(req *verdict.Request, name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return noFile(name)
	} else if err != nil {
		return err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil {
		return err
	} else if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file; name the manifest inside it", name)
	}
	b, err := readCapped(f, a.cfg.Limits.RequestBytes)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	src := verdict.Source{Path: treePath(name), Content: b}
	if !isManifest(src.Path) && sbom.Detect(src.Path, b) == "" {
		src.As = "requirements.txt" // as pip install -r takes any file
	}
	req.Files = append(req.Files, src)
	return a.addIncludes(req, name, src)
}

// noFile says what to write instead of a name that is no file.
func noFile(name string) error {
	if pkg, number, ok := strings.Cut(name, "=="); ok {
		return fmt.Errorf("there is no file %s; for a single version write:  gatehouse admit pkg:pypi/%s@%s", name, pkg, number)
	}
	return fmt.Errorf("there is no file %s; name a manifest, a package URL such as pkg:pypi/NAME@VERSION, or - for standard input", name)
}

// treePath is a file's path in the request's tree: relative and inside it.
func treePath(name string) string {
	p := path.Clean(filepath.ToSlash(name))
	if filepath.IsAbs(name) || p == ".." || strings.HasPrefix(p, "../") {
		return path.Base(p)
	}
	return p
}

// treeFolder is the folder of the request's tree that a file is in: this one, and the
// file's own where it lies outside.
func treeFolder(name string) string {
	if treePath(name) == path.Clean(filepath.ToSlash(name)) {
		return "."
	}
	return filepath.Dir(name)
}

// maxIncludes is how many files are sent along because a manifest is read with them.
const maxIncludes = 10_000

// addIncludes sends along what reading a named file opens: what it includes, the sums
// and the vendor list of a go.mod, the members of a workspace. Links are not followed,
// and nothing outside of the folder is opened.
func (a *app) addIncludes(req *verdict.Request, name string, src verdict.Source) error {
	folder := treeFolder(name)
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, p := range readWith(root.FS(), src) {
		if named(*req, p) {
			continue
		}
		if len(req.Include) >= maxIncludes {
			return fmt.Errorf("%s is read with more than %d files; name its parts one by one", name, maxIncludes)
		}
		f, err := root.Open(filepath.FromSlash(p))
		if err != nil {
			return err
		}
		b, err := readCapped(f, a.cfg.Limits.RequestBytes)
		f.Close()
		if err != nil {
			return fmt.Errorf("reading %s: %w", filepath.Join(folder, filepath.FromSlash(p)), err)
		}
		req.Include = append(req.Include, verdict.Source{Path: p, Content: b})
	}
	return nil
}

// readWith lists what reading a file of a tree opens.
func readWith(tree fs.FS, src verdict.Source) []string {
	for _, e := range peers() {
		if e.ManifestFormat(cmp.Or(src.As, src.Path)) != "" {
			return ecosystem.Reads(e, tree, src.Path)
		}
	}
	return nil
}

func named(req verdict.Request, p string) bool {
	for _, s := range append(req.Files, req.Include...) {
		if s.Path == p {
			return true
		}
	}
	return false
}

// readCapped reads all of r, or fails when there is more than most bytes.
func readCapped(r io.Reader, most int64) ([]byte, error) {
	var b bytes.Buffer
	if f, ok := r.(*os.File); ok {
		if st, err := f.Stat(); err == nil {
			b.Grow(int(min(st.Size(), most)) + bytes.MinRead) // so that it does not grow on the way
		}
	}
	_, err := b.ReadFrom(io.LimitReader(r, most+1))
	if err == nil && int64(b.Len()) > most {
		err = fmt.Errorf("larger than %d bytes (limits.request_bytes)", most)
	}
	return b.Bytes(), err
}

// fixAndAdmit writes the proved remedies into the files named and admits them
// again.
func (a *app) fixAndAdmit(ctx context.Context, svc gate.Service, req verdict.Request, out verdict.Outcome, args []string) (verdict.Outcome, error) {
	fixed, err := svc.Fixed(ctx, req, out)
	if err != nil {
		return out, err
	}
	if len(fixed) == 0 {
		fmt.Fprintln(a.err, "gatehouse: no remedy could be proved; nothing was changed")
		return out, nil
	}
	onDisk := map[string]string{}
	for _, arg := range args {
		onDisk[treePath(arg)] = arg
		for _, s := range req.Include {
			place := filepath.Join(treeFolder(arg), filepath.FromSlash(s.Path))
			if _, err := os.Stat(place); err == nil {
				onDisk[s.Path] = place
			}
		}
	}
	for _, s := range fixed {
		name, ok := onDisk[s.Path]
		if !ok {
			continue
		}
		if err := writeWhole(name, s.Content); err != nil {
			return out, fmt.Errorf("writing %s: %w", name, err)
		}
		fmt.Fprintf(a.err, "gatehouse: changed %s\n", name)
		for i := range req.Files {
			if req.Files[i].Path == s.Path {
				req.Files[i].Content = s.Content
			}
		}
		for i := range req.Include {
			if req.Include[i].Path == s.Path {
				req.Include[i].Content = s.Content
			}
		}
	}
	for _, v := range out.Versions {
		if v.Remedy != nil && v.Remedy.Proved {
			fmt.Fprintf(a.err, "  line %d  %s  ->  %s\n", v.Remedy.Line, v.Remedy.Old, v.Remedy.New)
		}
	}
	req.ID, req.Created = gate.NewID('r'), time.Now().UTC()
	p := a.progress()
	defer p.end()
	return svc.Admit(ctx, req, p)
}

// writeWhole replaces a file by another of the same mode, whole or not at all.
func writeWhole(name string, b []byte) error {
	st, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".gatehouse-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Chmod(st.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
