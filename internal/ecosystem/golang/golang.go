// Package golang is Go's packaging world as the gate sees it: module paths and their
// versions, go.mod and what belongs to it, the module proxy and the checksum
// database, the closure, and the registry that the go command reads
// (https://go.dev/ref/mod). The formats have folders of their own below.
//
// It runs nothing of a module, and no go command but `go env`, to learn which
// checksum database this machine trusts.
//
// Names are exact: two module paths that differ in one capital letter are two
// modules. A version has one file, its zip, named after it: "v1.2.3.zip".
package golang

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/resolve"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/vulndb"
)

// Adapter is Go as the program wires it.
func Adapter() adapter.Adapter {
	return adapter.Adapter{
		Ecosystem: Ecosystem{}, Path: "go", Title: "Go",
		OpenUpstream: func(cfg adapter.UpstreamConfig) (ecosystem.Upstream, error) { return OpenUpstream(cfg) },
		Serve:        func(r adapter.Registry) http.Handler { return NewHandler(r) },
		Receive:      func(r adapter.Registry, desk ecosystem.Desk) adapter.Receiver { return NewUploads(r, desk) },
		Beside:       []adapter.Door{{Path: vulndb.Path, Serve: func(r adapter.Registry) http.Handler { return vulndb.New(r) }}},
		CollisionKey: CollisionKey,
		Discover: adapter.Discovery{
			Environment: []string{"GOPROXY"},
			Read:        firstProxy,
			Commands:    [][]string{{"go", "env", "GOPROXY"}},
		},
	}
}

// firstProxy is the first proxy of a GOPROXY list, "" where it names none.
func firstProxy(value string) string {
	for _, p := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '|' }) {
		switch p = strings.TrimSpace(p); p {
		case "direct", "off", "":
		default:
			return p
		}
	}
	return ""
}

// CollisionKey folds module paths that people mistake for one another: by case, by
// the separators - _ and ., and by a major version at the end.
func CollisionKey(name string) string {
	if prefix, _, ok := module.SplitPathVersion(name); ok {
		name = prefix
	}
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}

// Ecosystem implements ecosystem.Ecosystem for Go. The zero value is ready.
type Ecosystem struct{}

var _ ecosystem.Ecosystem = Ecosystem{}

// ID implements ecosystem.Ecosystem.
func (Ecosystem) ID() artifact.Ecosystem { return artifact.Golang }

// ParseName implements ecosystem.Ecosystem: a module path that can be fetched, as it
// is written.
func (Ecosystem) ParseName(s string) (artifact.Package, error) {
	if err := module.CheckPath(s); err != nil {
		return artifact.Package{}, fmt.Errorf("reading module path %.200q: %s", s, artifact.Untrusted(err.Error()))
	}
	return artifact.Package{Ecosystem: artifact.Golang, Name: s}, nil
}

// VersionKey implements ecosystem.Ecosystem: bytes.Compare on keys is the order of
// semantic versions.
func (Ecosystem) VersionKey(number string) ([]byte, error) {
	v, err := goversion.Parse(number)
	if err != nil {
		return nil, err
	}
	return goversion.Key(v), nil
}

// PreRelease implements ecosystem.Ecosystem: a pseudo-version is one too; what cannot
// be read counts as one.
func (Ecosystem) PreRelease(number string) bool {
	v, err := goversion.Parse(number)
	return err != nil || goversion.Pre(v)
}

// InRange implements ecosystem.Ecosystem with the ranges of package goversion.
func (Ecosystem) InRange(number, rng string) (bool, error) {
	r, err := goversion.ParseRange(rng)
	if err != nil {
		return false, err
	}
	v, err := goversion.Parse(number)
	if err != nil {
		return false, err
	}
	return r.Contains(v), nil
}

// Exact implements ecosystem.Ecosystem.
func (Ecosystem) Exact(number string) string { return "=" + number }

// Near implements ecosystem.Nearer: a go.mod asks for a version and takes a later
// one of the same module, which is of the same major version.
func (Ecosystem) Near(number string) string { return ">=" + number }

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

// Covers implements ecosystem.Locker: what stands in go.sum and vendor/modules.txt is
// read with the go.mod that they belong to.
func (Ecosystem) Covers(format, other string) bool {
	switch format {
	case manifest.GoMod:
		return other == manifest.GoSum || other == manifest.Modules
	case manifest.GoWork:
		return other == manifest.GoSum
	}
	return false
}

// InstallCommand implements ecosystem.Ecosystem: the list of proxies has nothing
// behind the gate, so that nothing goes around it.
func (Ecosystem) InstallCommand(base, format, _ string) string {
	switch format {
	case manifest.GoMod, manifest.GoSum, manifest.GoWork:
		return "GOPROXY=" + base + " go mod download"
	}
	return ""
}

// Resolve implements ecosystem.Ecosystem. Go's closure is the same for every target.
func (Ecosystem) Resolve(ctx context.Context, up ecosystem.Upstream, ms []*ecosystem.Manifest, _ []ecosystem.Target) ([]ecosystem.Resolved, error) {
	return resolve.Resolve(ctx, up, ms)
}
