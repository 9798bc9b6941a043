// Package git reads what a range of commits did to manifests, by git's own
// plumbing (git-rev-parse, git-diff-tree, git-ls-tree, git-cat-file, see
// https://git-scm.com/docs) and by nothing of the repository's: no hook, filter,
// pager, external diff, file system monitor or lazy fetch that its configuration
// names is run, replace refs and grafts do not count, nothing is checked out and
// nothing is written. It asks no network.
//
// Inside a pre-receive hook the pushed objects lie in a quarantine that git
// names by environment variables (githooks and git-receive-pack manuals). Those
// are passed on, no other variable of the caller's is.
//
// All functions are safe for concurrent use; they keep no state.
package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// ErrNotWanted says that the change is on no branch that was asked for.
var ErrNotWanted = errors.New("the change is on no branch that is looked at")

// Caps on what one change may bring. A larger one is an error; of a file above
// maxFileBytes the change says so in a Problem.
const (
	maxManifests  = 2000      // manifests that one change touches
	maxPaths      = 200_000   // paths of a tree that are, or may be part of, manifests
	maxFileBytes  = 10 << 20  // one manifest
	maxTotalBytes = 128 << 20 // all that is read, before and after
)

// Range is the change to look at: one ref's move from one commit to another. What
// counts is the difference between the two, whether or not one descends from the
// other (a force push, a merge).
type Range struct {
	Old string // revision; "" or an id of zeros for a new branch, which is compared with where it left the others
	New string // revision; an id of zeros for a deleted ref, which brings nothing
	Ref string // "refs/heads/main", as git tells a hook; "" when it is to be found from New
	// Branches are patterns of the branches that are looked at, see CheckPattern;
	// empty for all branches and other refs.
	Branches []string
}

// Change is what a range did to manifests. Paths are the repository's, and all
// lists are in their order.
type Change struct {
	After    []verdict.Source // manifests added or changed, themselves or in what they include, as they are now
	Before   []verdict.Source // the same as they were, with what they included then
	Include  []verdict.Source // what the manifests in After include, as it is now
	Problems []verdict.Problem
}

// ParseRange reads "OLD..NEW".
func ParseRange(s string) (Range, error) {
	before, after, ok := strings.Cut(s, "..")
	bad := func(rev string) bool {
		return rev == "" || strings.HasPrefix(rev, "-") || strings.HasPrefix(rev, ".") || strings.Contains(rev, "..")
	}
	if !ok || bad(before) || bad(after) {
		return Range{}, fmt.Errorf("%q is no range of commits; write OLD..NEW, with an OLD of 40 zeros for a new branch", artifact.Untrusted(s))
	}
	return Range{Old: before, New: after}, nil
}

// Manifests knows what manifests are; it reads nothing but what it is given. The
// functions are called by one goroutine.
type Manifests struct {
	// Format is that of the manifest at a path, "" for what is none, by its name.
	Format func(path string) string
	// ReadBy lists the formats of manifests that may be read with the file at a path, by
	// its name, beside what this package knows of requirements files. Nil: none are.
	ReadBy func(path string) []string
	// Reads lists the files that reading a manifest opens. It opens what it wants of a
	// tree, which has the manifests of a commit and what ReadBy knows. Nil: nothing but
	// what this package knows.
	Reads func(tree fs.FS, path string) []string
}

// is says whether a path is a manifest's.
func (m Manifests) is(p string) bool { return m.Format(p) != "" }

// parts says whether a path is no manifest's, or not only, and may be read with one.
func (m Manifests) parts(p string) []string {
	if m.ReadBy == nil {
		return nil
	}
	return m.ReadBy(p)
}

// matters says whether a path is looked at.
func (m Manifests) matters(p string) bool {
	return m.is(p) || includable(p) || len(m.parts(p)) > 0
}

// Read gives the manifests that a range changed, and what they are read with. A range
// that touches nothing that is one, or may be part of one, costs two look-ups and a
// diff.
//
// When patterns are given and the branch matches none, the error is
// ErrNotWanted; when it cannot be told which branch it is, another.
func Read(ctx context.Context, dir string, r Range, m Manifests) (Change, error) {
	c, err := repository{dir}.change(ctx, r, m)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("reading the range: %w", ctx.Err()) // not how git died of it
	}
	if err != nil {
		return Change{}, err
	}
	return c, nil
}

func (r repository) change(ctx context.Context, g Range, m Manifests) (Change, error) {
	if err := r.wanted(ctx, g); err != nil {
		return Change{}, err
	}
	if isZero(g.New) {
		return Change{}, nil
	}
	after, err := r.commit(ctx, g.New)
	if err != nil {
		return Change{}, err
	}
	before, err := r.base(ctx, g, after)
	if err != nil || before == after {
		return Change{}, err
	}
	rows, err := r.diff(ctx, before, after, m)
	if err != nil || len(rows) == 0 {
		return Change{}, err
	}
	files, err := r.tree(ctx, after, m)
	if err != nil {
		return Change{}, err
	}
	objects, err := r.objects(ctx)
	if err != nil {
		return Change{}, err
	}
	defer objects.close()
	c := comparison{rows: rows, manifests: m, after: newTree(files, objects, m), before: newTree(undo(files, rows), objects, m)}
	return c.change()
}

// row is one changed path; an id is "" where there is no regular file.
type row struct {
	path         string
	oldID, newID string
	newMode      string
}

func (w row) gone() bool { return w.newMode == "000000" }

// isFile says whether a mode, as git prints it, is a regular file's. Links and
// submodules are not followed.
func isFile(mode string) bool { return mode == "100644" || mode == "100755" }

// diff lists the paths that differ and matter: manifests, and what may be part of
// one. A rename is a path less and a path more.
func (r repository) diff(ctx context.Context, before, after string, m Manifests) ([]row, error) {
	var rows []row
	var meta []string
	err := r.records(ctx, func(s string) error {
		if meta == nil {
			if meta = strings.Fields(strings.TrimPrefix(s, ":")); len(meta) != 5 {
				return fmt.Errorf("unexpected line %q", artifact.Untrusted(s))
			}
			return nil
		}
		w := row{path: s, newMode: meta[1]}
		if isFile(meta[0]) {
			w.oldID = meta[2]
		}
		if isFile(meta[1]) {
			w.newID = meta[3]
		}
		meta = nil
		if m.matters(s) {
			rows = append(rows, w)
		}
		if len(rows) > maxPaths {
			return fmt.Errorf("more than %d manifests and text files differ", maxPaths)
		}
		return nil
	}, "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none", "--no-ext-diff", "--no-textconv", before, after)
	return rows, err
}

// tree gives the regular files of a commit that are, or may be part of,
// manifests, with their ids.
func (r repository) tree(ctx context.Context, commit string, m Manifests) (map[string]string, error) {
	files := map[string]string{}
	err := r.records(ctx, func(s string) error {
		meta, p, ok := strings.Cut(s, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 3 {
			return fmt.Errorf("unexpected line %q", artifact.Untrusted(s))
		}
		if !isFile(f[0]) || !m.matters(p) {
			return nil
		}
		if _, twice := files[p]; twice {
			return fmt.Errorf("the tree names %q twice, which git fsck calls an error; make the commit again", artifact.Untrusted(p))
		}
		if files[p] = f[2]; len(files) > maxPaths {
			return fmt.Errorf("the tree has more than %d manifests and text files", maxPaths)
		}
		return nil
	}, "ls-tree", "-r", "-z", "--full-tree", commit)
	return files, err
}

// undo gives the tree as it was before the rows.
func undo(files map[string]string, rows []row) map[string]string {
	before := maps.Clone(files)
	for _, w := range rows {
		if w.oldID == "" {
			delete(before, w.path)
		} else {
			before[w.path] = w.oldID
		}
	}
	return before
}

// comparison makes a Change of two trees and the rows between them.
type comparison struct {
	rows          []row
	manifests     Manifests
	after, before *tree
	out           Change
}

func (c *comparison) change() (Change, error) {
	roots, err := c.roots()
	if err != nil {
		return Change{}, err
	}
	if len(roots) > maxManifests {
		return Change{}, fmt.Errorf("the change touches %d manifests; at most %d are looked at in one; push it in parts", len(roots), maxManifests)
	}
	for _, p := range roots {
		s, ok, err := c.source(p)
		if err != nil {
			return Change{}, err
		}
		if ok {
			c.out.After = append(c.out.After, s)
		}
	}
	if err := c.include(roots); err != nil {
		return Change{}, err
	}
	return c.out, c.was(roots)
}

// roots are the manifests that changed, and those that are read, through any number
// of files, with something that did.
func (c *comparison) roots() ([]string, error) {
	roots, touched := map[string]bool{}, map[string]bool{}
	formats := map[string]bool{} // of manifests that may be read with what changed
	text := false                // or requirements files, whatever their format
	for _, w := range c.rows {
		parts := c.manifests.parts(w.path)
		for _, format := range parts {
			formats[format] = true
		}
		if text = text || includable(w.path); includable(w.path) || len(parts) > 0 {
			touched[w.path] = true
		}
		switch {
		case !c.manifests.is(w.path) || w.gone():
		case !fs.ValidPath(w.path):
			c.hold(w.path, "its path has bytes that are no UTF-8, or elements that a path must not have, so the gate does not read it; rename it")
		case w.newID == "":
			c.hold(w.path, "it is a link or submodule, which the gate does not follow; put the manifest itself there")
		default:
			roots[w.path] = true
		}
	}
	if len(touched) == 0 {
		return slices.Sorted(maps.Keys(roots)), nil
	}
	for p := range c.after.files {
		format := c.manifests.Format(p)
		if roots[p] || format == "" || !(text && includable(p) || formats[format]) || !fs.ValidPath(p) {
			continue
		}
		changed, err := c.readsAny(p, touched, formats[format])
		if err != nil {
			return nil, err
		}
		if changed {
			roots[p] = true
		}
	}
	return slices.Sorted(maps.Keys(roots)), nil
}

// readsAny says whether a manifest is read with one of the files, or was before. whole
// says that reading it has to tell: what a requirements file names costs less to see.
func (c *comparison) readsAny(p string, files map[string]bool, whole bool) (bool, error) {
	looks := []func(string) ([]string, error){c.after.names}
	if whole {
		looks = append(looks, c.after.opens, c.before.opens)
	}
	for _, look := range looks {
		reads, err := look(p)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(reads, func(q string) bool { return files[q] }) {
			return true, nil
		}
	}
	return false, nil
}

// include adds what the roots are read with, as it is now.
func (c *comparison) include(roots []string) error {
	with, err := c.readWith(c.after, roots)
	if err != nil {
		return err
	}
	for _, p := range with {
		if slices.Contains(roots, p) {
			continue
		}
		s, ok, err := c.source(p)
		if err != nil {
			return err
		}
		if ok {
			c.out.Include = append(c.out.Include, s)
		}
	}
	return nil
}

// was adds the roots as they were, with what they were read with. What was too
// large to be read counts as new.
func (c *comparison) was(roots []string) error {
	had := slices.DeleteFunc(slices.Clone(roots), func(p string) bool { return c.before.files[p] == "" })
	with, err := c.readWith(c.before, had)
	if err != nil {
		return err
	}
	for _, p := range with {
		b, ok, err := c.before.content(p)
		if err != nil {
			return err
		}
		if ok {
			c.out.Before = append(c.out.Before, verdict.Source{Path: p, Content: b})
		}
	}
	return nil
}

// readWith lists the roots and all the files of a tree that reading them may open:
// what they include, the members of a workspace, and the manifests beside them, which
// say what of a lock is direct.
func (c *comparison) readWith(t *tree, roots []string) ([]string, error) {
	with := map[string]bool{}
	folders := map[string]bool{}
	for _, p := range roots {
		with[p] = true
		if !includable(p) {
			folders[path.Dir(p)] = true
		}
		reads, err := t.reads(p)
		if err != nil {
			return nil, err
		}
		for _, q := range reads {
			with[q] = t.files[q] != ""
		}
	}
	for p := range t.files {
		if folders[path.Dir(p)] && c.manifests.is(p) && !includable(p) && fs.ValidPath(p) {
			with[p] = true
		}
	}
	maps.DeleteFunc(with, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(with)), nil
}

// source gives a file as it is now; of one that is too large, a problem.
func (c *comparison) source(p string) (verdict.Source, bool, error) {
	b, ok, err := c.after.content(p)
	if err == nil && !ok {
		c.hold(p, fmt.Sprintf("it is larger than the %d MiB that the gate reads; split it", maxFileBytes>>20))
	}
	return verdict.Source{Path: p, Content: b}, ok, err
}

func (c *comparison) hold(p, text string) {
	c.out.Problems = append(c.out.Problems, verdict.Problem{Class: finding.Manifest, Effect: verdict.EffectHold, File: p, Text: text})
}
