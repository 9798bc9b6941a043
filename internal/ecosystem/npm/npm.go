// Package npm is JavaScript's packaging world as the gate sees it: names, versions
// (node-semver), manifests and locks of npm, pnpm, yarn and bun, the registry's
// packuments, and the closure. The formats have folders of their own below; this
// package joins them behind ecosystem.Ecosystem, reads the outside registry
// (upstream.go) and serves and receives packages (serve.go, publish.go).
//
// It never runs JavaScript, and nothing that a package or manifest configures.
package npm

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/resolve"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
)

// Adapter is npm as the program wires it.
func Adapter() adapter.Adapter {
	return adapter.Adapter{
		Ecosystem: Ecosystem{}, Path: "npm", Title: "npm",
		OpenUpstream: func(cfg adapter.UpstreamConfig) (ecosystem.Upstream, error) { return OpenUpstream(cfg) },
		Serve:        func(r adapter.Registry) http.Handler { return NewHandler(r) },
		Receive:      func(r adapter.Registry, desk ecosystem.Desk) adapter.Receiver { return NewUploads(r, desk) },
		CollisionKey: name.CollisionKey,
		Discover:     discovery(),
	}
}

// Ecosystem implements ecosystem.Ecosystem for npm. The zero value is ready.
type Ecosystem struct{}

var _ ecosystem.Ecosystem = Ecosystem{}

// ID implements ecosystem.Ecosystem.
func (Ecosystem) ID() artifact.Ecosystem { return artifact.NPM }

// ParseName reads a package's name, scoped or not. Capitals stay: the registry
// tells them apart.
func (Ecosystem) ParseName(s string) (artifact.Package, error) {
	n, err := name.Parse(s)
	if err != nil {
		return artifact.Package{}, err
	}
	return artifact.Package{Ecosystem: artifact.NPM, Name: n}, nil
}

// VersionKey implements ecosystem.Ecosystem: bytes.Compare on keys is the order of
// Semantic Versioning.
func (Ecosystem) VersionKey(number string) ([]byte, error) {
	v, err := semver.Parse(number)
	if err != nil {
		return nil, err
	}
	return v.Key(), nil
}

// PreRelease implements ecosystem.Ecosystem; what cannot be read counts as one.
func (Ecosystem) PreRelease(number string) bool {
	v, err := semver.Parse(number)
	return err != nil || v.Pre()
}

// InRange implements ecosystem.Ecosystem with the ranges of node-semver. A dist-tag
// is no range: which version it is only a packument says.
func (Ecosystem) InRange(number, rng string) (bool, error) {
	r, err := semver.ParseRange(rng)
	if err != nil {
		return false, fmt.Errorf("reading version range: %w", err)
	}
	v, err := semver.Parse(number)
	if err != nil {
		return false, err
	}
	return rng == "" || r.Contains(v), nil
}

// Exact implements ecosystem.Ecosystem.
func (Ecosystem) Exact(number string) string { return number }

// ManifestFormat implements ecosystem.Ecosystem.
func (Ecosystem) ManifestFormat(path string) string { return manifest.Format(path) }

// ParseManifest implements ecosystem.Ecosystem. The formats are told by name alone.
func (Ecosystem) ParseManifest(fsys fs.FS, path string) (*ecosystem.Manifest, error) {
	return manifest.Parse(fsys, path)
}

// EditRequirement implements ecosystem.Ecosystem.
func (Ecosystem) EditRequirement(content []byte, r ecosystem.Requirement, spec string) ([]byte, string, error) {
	return manifest.ReplaceRequirement(content, r, spec)
}

// Covers implements ecosystem.Locker: a lock speaks for its package.json and those of
// its workspaces, a package.json for those of its workspaces.
func (Ecosystem) Covers(format, other string) bool {
	return other == manifest.PackageJSON && manifest.Format(format) != ""
}

// ReadBy implements ecosystem.Gatherer: the clients' configuration.
func (Ecosystem) ReadBy(path string) []string { return manifest.ReadBy(path) }

// InstallCommand implements ecosystem.Ecosystem. It goes by the format alone, which
// does not tell yarn's two clients apart, and is for the folder of the manifest.
func (Ecosystem) InstallCommand(base, format, _ string) string {
	command := map[string]string{
		manifest.PackageJSON: "npm install", manifest.PackageLock: "npm ci", manifest.Shrinkwrap: "npm ci",
		manifest.PNPMLock: "pnpm install --frozen-lockfile", manifest.BunLock: "bun install --frozen-lockfile",
	}[format]
	if command == "" {
		return ""
	}
	return command + " --registry " + base + "/"
}

// Resolve implements ecosystem.Ecosystem.
func (Ecosystem) Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	return resolve.ResolveAll(ctx, up, ms, targets)
}
