// Package resolve gives the closure of Go manifests without running the go command:
// what a locked one lists, and else minimal version selection over the requirement
// graph (https://go.dev/ref/mod#minimal-version-selection), pruned as the go command
// prunes it (https://go.dev/ref/mod#graph-pruning), with replace and exclude.
//
// It reads .mod files through an ecosystem.Upstream and nothing else, never answers
// with half a closure (a fault is an error), and its work is bounded. All functions
// are safe for concurrent use.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/manifest"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Rules of the findings that a lock can cause (ecosystem.Resolved.Findings).
const (
	// RuleLockHash: the checksum database has other bytes than go.sum says.
	RuleLockHash = "lock-hash-mismatch"
	// RuleLockFile: the upstream has no such version.
	RuleLockFile = "lock-file-missing"
)

const (
	atOnce      = 16     // requests at a time
	maxVersions = 50_000 // go.mod files that one closure reads
)

// Resolve gives the union of the closures of manifests, sorted by name and version.
// Errors: *ecosystem.Unknowable, and ecosystem.ErrNoPackage and
// ecosystem.ErrUnreachable wrapped.
func Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest) ([]ecosystem.Resolved, error) {
	var all []ecosystem.Resolved
	for _, m := range ms {
		var nodes []node
		var err error
		if m.Locked {
			nodes = locked(m)
		} else if nodes, err = selected(ctx, up, m); err != nil {
			return nil, err
		}
		rs, err := files(ctx, up, nodes)
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return ecosystem.UnionResolved(all, semver.Compare), nil
}

// node is one version of a closure before its file was looked up.
type node struct {
	v      module.Version
	direct bool
	via    []artifact.Package
	at     finding.Location
	hashes []string
	needs  []module.Version
}

// locked takes a lock at its word: of a module that it lists twice, the go command
// takes the higher version.
func locked(m *ecosystem.Manifest) []node {
	highest := map[string]string{}
	for _, q := range m.Requirements {
		if !q.Constraint && semver.Compare(q.Number, highest[q.Package.Name]) > 0 {
			highest[q.Package.Name] = q.Number
		}
	}
	var out []node
	for _, q := range m.Requirements {
		// A go.sum alone lists several versions of a module, and any may be built.
		if !q.Constraint && (m.Format != manifest.GoMod || q.Number == highest[q.Package.Name]) {
			out = append(out, node{v: module.Version{Path: q.Package.Name, Version: q.Number}, direct: q.Direct, at: q.At, hashes: q.Hashes})
		}
	}
	return out
}

// selected is minimal version selection over what an open manifest asks for.
func selected(ctx context.Context, up ecosystem.Upstream, m *ecosystem.Manifest) ([]node, error) {
	g := newGraph(ctx, up, m)
	if err := g.load(); err != nil {
		return nil, err
	}
	if m.Format == manifest.GoWork {
		if err := g.reload(); err != nil {
			return nil, err
		}
	}
	return g.buildList(), nil
}

// files looks the versions up in the index.
func files(ctx context.Context, up ecosystem.Upstream, nodes []node) ([]ecosystem.Resolved, error) {
	out := make([]ecosystem.Resolved, len(nodes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, n := range nodes {
		g.Go(func() (err error) {
			out[i], err = file(ctx, up, n)
			return err
		})
	}
	return out, g.Wait()
}

func file(ctx context.Context, up ecosystem.Upstream, n node) (ecosystem.Resolved, error) {
	p := goPackage(n.v.Path)
	r := ecosystem.Resolved{Version: artifact.Version{Package: p, Number: n.v.Version}, Direct: n.direct, Via: n.via, At: n.at, Hashes: n.hashes}
	for _, v := range n.needs {
		r.Needs = append(r.Needs, artifact.Version{Package: goPackage(v.Path), Number: v.Version})
	}
	x, err := up.Index(ctx, p)
	if err == nil {
		x, err = completed(ctx, up, x, n.v.Version)
	}
	if errors.Is(err, ecosystem.ErrNoPackage) {
		x, err = &ecosystem.Index{Package: p}, nil
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", r.Version, err)
	}
	r.Files = x.Of(n.v.Version)
	if len(r.Files) == 0 {
		r.Findings = append(r.Findings, finding.Finding{Rule: RuleLockFile, Class: finding.Fault, Severity: finding.High,
			Text: fmt.Sprintf("%s asks for %s, which the upstream does not have; take another version", n.at, r.Version)})
	}
	for _, f := range r.Files {
		if i := slices.IndexFunc(f.Digests, func(d string) bool { return strings.HasPrefix(d, "h1:") }); i >= 0 && len(n.hashes) > 0 && !slices.Contains(n.hashes, f.Digests[i]) {
			r.Findings = append(r.Findings, finding.Finding{Rule: RuleLockHash, Class: finding.Integrity, Severity: finding.High,
				Text: fmt.Sprintf("go.sum has %s with %s, the checksum database with %s; find out which bytes are the author's before anybody builds it", r.Version, short(n.hashes[0]), short(f.Digests[i]))})
		}
	}
	return r, nil
}

func short(hash string) string { return hash[:min(len(hash), 15)] }

// completed gives an index that says everything of a version, also of one without a
// tag, which no list has.
func completed(ctx context.Context, up ecosystem.Upstream, x *ecosystem.Index, number string) (*ecosystem.Index, error) {
	c, ok := up.(ecosystem.Completer)
	if !ok {
		return x, nil
	}
	return c.Complete(ctx, x, number+".zip")
}

func goPackage(path string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.Golang, Name: path}
}
