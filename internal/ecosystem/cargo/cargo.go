// Package cargo is Rust's packaging world as the gate sees it: crate names and
// versions, Cargo.toml and Cargo.lock, the sparse index
// (https://doc.rust-lang.org/cargo/reference/registry-index.html), the closure, and
// the registry that cargo reads and publishes to
// (https://doc.rust-lang.org/cargo/reference/registry-web-api.html). The formats have
// folders of their own below.
//
// It runs nothing of a crate: no build script, no procedural macro, and cargo itself
// only in an empty folder, to learn which index this machine asks (discover.go).
//
// A crate's identity here is its name in lower case: an index has one file for all
// spellings, and the request for it does not say which one was meant. So
// pkg:cargo/inflector is what the index spells Inflector. A dash and an underscore
// are two names that look alike, and cargo finds only the one that was written.
package cargo

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/resolve"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
)

// Adapter is Cargo as the program wires it.
func Adapter() adapter.Adapter {
	return adapter.Adapter{
		Ecosystem: Ecosystem{}, Path: "cargo", Title: "Cargo",
		OpenUpstream: func(cfg adapter.UpstreamConfig) (ecosystem.Upstream, error) { return OpenUpstream(cfg) },
		Serve:        func(r adapter.Registry) http.Handler { return NewHandler(r) },
		Receive:      func(r adapter.Registry, desk ecosystem.Desk) adapter.Receiver { return NewUploads(r, desk) },
		CollisionKey: CollisionKey,
		Discover:     discovery(),
	}
}

// CollisionKey folds names that people, and the public registry, mistake for one
// another: by case and by - and _.
func CollisionKey(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// Ecosystem implements ecosystem.Ecosystem for Cargo. The zero value is ready.
type Ecosystem struct{}

var (
	_ ecosystem.Ecosystem     = Ecosystem{}
	_ ecosystem.Nearer        = Ecosystem{}
	_ ecosystem.UploadChecker = Ecosystem{}
)

// ID implements ecosystem.Ecosystem.
func (Ecosystem) ID() artifact.Ecosystem { return artifact.Cargo }

// ParseName implements ecosystem.Ecosystem: at most 64 ASCII letters, digits, dashes
// and underscores, in lower case.
func (Ecosystem) ParseName(s string) (artifact.Package, error) {
	if !record.ValidName(s) {
		return artifact.Package{}, fmt.Errorf("reading crate name %.80q: it takes at most 64 letters, digits, - and _, and begins with a letter or _", artifact.Untrusted(s).String())
	}
	return crate(s), nil
}

// crate is the identity of a name.
func crate(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.Cargo, Name: strings.ToLower(name)}
}

// Covers implements ecosystem.Locker: a lock speaks for all of its workspace, and the
// workspace's root for the members.
func (Ecosystem) Covers(format, other string) bool {
	return other == manifest.CargoToml && (format == manifest.CargoLock || format == manifest.CargoToml)
}

// ReadBy implements ecosystem.Gatherer: cargo's configuration.
func (Ecosystem) ReadBy(path string) []string { return manifest.ReadBy(path) }

// VersionKey implements ecosystem.Ecosystem: bytes.Compare on keys is the order of
// Semantic Versioning. Build metadata is no part of it.
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
	return err != nil || v.Pre != ""
}

// InRange implements ecosystem.Ecosystem with cargo's requirements: "1.2" is "^1.2".
func (Ecosystem) InRange(number, rng string) (bool, error) {
	v, err := semver.Parse(number)
	if err != nil || rng == "" {
		return err == nil, err
	}
	r, err := semver.ParseReq(rng)
	if err != nil {
		return false, err
	}
	return r.Contains(v), nil
}

// Exact implements ecosystem.Ecosystem.
func (Ecosystem) Exact(number string) string { return "=" + number }

// Near implements ecosystem.Nearer.
func (Ecosystem) Near(number string) string { return "^" + number }

// ManifestFormat implements ecosystem.Ecosystem.
func (Ecosystem) ManifestFormat(path string) string { return manifest.Format(path) }

// ParseManifest implements ecosystem.Ecosystem.
func (Ecosystem) ParseManifest(fsys fs.FS, path string) (*ecosystem.Manifest, error) {
	return manifest.Parse(fsys, path)
}

// EditRequirement implements ecosystem.Ecosystem.
func (Ecosystem) EditRequirement(content []byte, r ecosystem.Requirement, spec string) ([]byte, string, error) {
	return manifest.ReplaceRequirement(content, r, spec)
}

// InstallCommand implements ecosystem.Ecosystem: what the public index is asked for
// comes from the gate instead, for this one command.
func (Ecosystem) InstallCommand(base, format, _ string) string {
	command := map[string]string{manifest.CargoToml: "cargo fetch", manifest.CargoLock: "cargo fetch --locked"}[format]
	if command == "" {
		return ""
	}
	return command + ` --config 'source.crates-io.replace-with="gatehouse"' --config 'source.gatehouse.registry="sparse+` + base + `/"'`
}

// Resolve implements ecosystem.Ecosystem. Cargo's closure is the same for every
// target: a lock is written for all of them.
func (Ecosystem) Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, _ []ecosystem.Target) ([]ecosystem.Resolved, error) {
	return resolve.Resolve(ctx, up, ms)
}
