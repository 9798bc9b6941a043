// Package maven is Java's packaging world as the gate sees it: the coordinates and
// versions of Maven, pom.xml and what Gradle writes about its dependencies, the
// repository's layout (https://maven.apache.org/repository/layout.html), the closure,
// and the registry that mvn and gradle read and deploy to. The formats have folders of
// their own below.
//
// It runs nothing of a project or an artifact: no mvn and no gradle, both of which run
// plugins that a project names.
//
// A package's identity here is group/artifact, as a purl has it; people read and write
// group:artifact. Names are exact: two that differ in one capital letter are two.
package maven

import (
	"context"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/resolve"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
)

// Adapter is Maven as the program wires it.
func Adapter() adapter.Adapter {
	return adapter.Adapter{
		Ecosystem: Ecosystem{}, Path: "maven", Title: "Maven",
		OpenUpstream: func(cfg adapter.UpstreamConfig) (ecosystem.Upstream, error) { return OpenUpstream(cfg) },
		Serve:        func(r adapter.Registry) http.Handler { return NewHandler(r) },
		Receive:      func(r adapter.Registry, desk ecosystem.Desk) adapter.Receiver { return NewUploads(r, desk) },
		CollisionKey: CollisionKey,
		Discover:     discovery(),
	}
}

// CollisionKey folds names that people, and file systems, mistake for one another: by
// case, and by how group and artifact are joined.
func CollisionKey(name string) string {
	return strings.Replace(strings.ToLower(name), ":", "/", 1)
}

// Ecosystem implements ecosystem.Ecosystem for Maven. The zero value is ready.
type Ecosystem struct{}

var (
	_ ecosystem.Ecosystem = Ecosystem{}
	_ ecosystem.Nearer    = Ecosystem{}
)

// ID implements ecosystem.Ecosystem.
func (Ecosystem) ID() artifact.Ecosystem { return artifact.Maven }

// ParseName implements ecosystem.Ecosystem: group:artifact or group/artifact.
func (Ecosystem) ParseName(s string) (artifact.Package, error) {
	n, err := coordinate.Parse(s)
	if err != nil {
		return artifact.Package{}, err
	}
	return n.Package(), nil
}

// VersionKey implements ecosystem.Ecosystem.
func (Ecosystem) VersionKey(number string) ([]byte, error) {
	v, err := version.Parse(number)
	if err != nil {
		return nil, err
	}
	return v.Key(), nil
}

// PreRelease implements ecosystem.Ecosystem; what cannot be read counts as one, and so
// does a build of a snapshot.
func (Ecosystem) PreRelease(number string) bool {
	v, err := version.Parse(number)
	_, build := version.ParseBuild(number)
	return err != nil || build || v.Pre()
}

// InRange implements ecosystem.Ecosystem with Maven's ranges: "[1,2)", and "1.0" for
// that version alone.
func (Ecosystem) InRange(number, rng string) (bool, error) {
	v, err := version.Parse(number)
	if err != nil {
		return false, err
	}
	r, err := version.ParseRange(rng)
	if err != nil {
		return false, err
	}
	return r.Contains(v), nil
}

// Exact implements ecosystem.Ecosystem.
func (Ecosystem) Exact(number string) string { return version.Exact(number) }

// Near implements ecosystem.Nearer: a pom names one version, and no range keeps a
// build reproducible.
func (Ecosystem) Near(number string) string { return number }

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

// InstallCommand implements ecosystem.Ecosystem. No option of mvn or gradle names a
// repository for one command: both read it from their configuration.
func (Ecosystem) InstallCommand(_, _, _ string) string { return "" }

// Resolve implements ecosystem.Ecosystem. The targets' systems count where profiles of
// poms ask for them.
func (Ecosystem) Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, targets []ecosystem.Target) ([]ecosystem.Resolved, error) {
	return resolve.Resolve(ctx, up, ms, targets)
}
