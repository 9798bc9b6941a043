// Package pypi is Python's packaging world as the gate sees it: names (PEP 503),
// versions (PEP 440), manifests and locks, the upstream's index, and the
// closure. The formats have folders of their own below; this package joins them
// behind ecosystem.Ecosystem and reads the outside index (upstream.go).
//
// It never runs Python, and nothing that a package or manifest configures.
package pypi

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/resolve"
)

// Adapter gives Python's world to the program.
func Adapter() adapter.Adapter {
	return adapter.Adapter{
		Ecosystem: Ecosystem{}, Path: "pypi", Title: "PyPI",
		OpenUpstream: func(cfg adapter.UpstreamConfig) (ecosystem.Upstream, error) { return OpenUpstream(cfg) },
		Serve:        func(r adapter.Registry) http.Handler { return NewHandler(r) },
		Receive:      func(r adapter.Registry, desk ecosystem.Desk) adapter.Receiver { return NewUploads(r, desk) },
		CollisionKey: pep503.CollisionKey,
		Discover:     discovery(),
	}
}

// Ecosystem implements ecosystem.Ecosystem for PyPI. The zero value is ready.
type Ecosystem struct{}

var _ ecosystem.Ecosystem = Ecosystem{}

// ID implements ecosystem.Ecosystem.
func (Ecosystem) ID() artifact.Ecosystem { return artifact.PyPI }

// ParseName reads a project name into its PEP 503 normal form.
func (Ecosystem) ParseName(s string) (artifact.Package, error) {
	n, err := pep503.Parse(s)
	if err != nil {
		return artifact.Package{}, err
	}
	return artifact.Package{Ecosystem: artifact.PyPI, Name: n}, nil
}

// VersionKey implements ecosystem.Ecosystem: bytes.Compare on keys is PEP 440's
// order.
func (Ecosystem) VersionKey(number string) ([]byte, error) {
	v, err := pep440.Parse(number)
	if err != nil {
		return nil, err
	}
	return v.Key(), nil
}

// PreRelease implements ecosystem.Ecosystem; what cannot be read counts as one.
func (Ecosystem) PreRelease(number string) bool {
	v, err := pep440.Parse(number)
	return err != nil || v.Pre()
}

// InRange implements ecosystem.Ecosystem with PEP 440 specifiers.
func (Ecosystem) InRange(number, rng string) (bool, error) {
	s, err := pep440.ParseSpecifiers(rng)
	if err != nil {
		return false, fmt.Errorf("reading version range %q: %w", rng, err)
	}
	v, err := pep440.Parse(number)
	if err != nil {
		return false, err
	}
	return s.Contains(v), nil
}

// Exact implements ecosystem.Ecosystem.
func (Ecosystem) Exact(number string) string { return "==" + number }

// Public implements ecosystem.LocalBuilder: without PEP 440's local label.
func (Ecosystem) Public(number string) string {
	public, _, _ := strings.Cut(number, "+")
	return public
}

// Near implements ecosystem.Nearer: ~= where the number has the parts for it.
func (e Ecosystem) Near(number string) string {
	parts := strings.Split(number, ".")
	plain := !slices.ContainsFunc(parts, func(p string) bool { return strings.Trim(p, "0123456789") != "" })
	switch {
	case !plain:
		return e.Exact(number)
	case len(parts) < 2:
		return ">=" + number
	}
	return "~=" + number
}

// ManifestFormat implements ecosystem.Ecosystem.
func (Ecosystem) ManifestFormat(path string) string { return manifest.Format(path) }

// ParseManifest implements ecosystem.Ecosystem. Where a file's name says nothing
// its content does, and what neither tells is a requirements file.
func (Ecosystem) ParseManifest(fsys fs.FS, path string) (*ecosystem.Manifest, error) {
	return manifest.ParseAny(fsys, path)
}

// EditRequirement implements ecosystem.Ecosystem.
func (Ecosystem) EditRequirement(content []byte, r ecosystem.Requirement, spec string) ([]byte, string, error) {
	return manifest.ReplaceRequirement(content, r, spec)
}

// Covers implements ecosystem.Locker.
func (Ecosystem) Covers(format, other string) bool {
	return other != "" && manifest.LockOf(format) == other
}

// InstallCommand implements ecosystem.Ecosystem.
func (Ecosystem) InstallCommand(base, format, path string) string {
	switch format {
	case manifest.RequirementsTxt:
		return "pip install --index-url " + base + "/simple/ -r " + path
	case manifest.UVLock:
		return "uv sync --default-index " + base + "/simple/"
	}
	return ""
}

// Resolve implements ecosystem.Ecosystem.
func (Ecosystem) Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	return resolve.ResolveAll(ctx, up, ms, targets)
}
