package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// targets turns an argument into what it names.
func (s *scanner) targets(ctx context.Context, arg string, groups []string) ([]group, error) {
	if strings.HasPrefix(arg, "pkg:") {
		v, err := artifact.ParsePurl(arg)
		if err != nil {
			return nil, err
		}
		if v.Number == "" {
			return nil, fmt.Errorf("%s has no version; write %s@VERSION", arg, arg)
		}
		g, err := s.versionGroup(ctx, v, nil)
		return []group{g}, err
	}
	st, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s; name an archive, a folder, a source file, a lock, or a package URL such as pkg:pypi/NAME@VERSION", arg)
	case err != nil:
		return nil, err
	case st.IsDir():
		return []group{s.localGroup(arg, true)}, nil
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", arg)
	case isManifest(filepath.ToSlash(arg)):
		return s.manifestGroups(ctx, arg, groups)
	}
	return []group{s.localGroup(arg, false)}, nil
}

// upstreamScan is what fetching needs: it lives for one command, with a folder of its
// own for what was fetched.
type upstreamScan struct {
	client    *fetch.Client
	peers     map[artifact.Ecosystem]gate.Peer
	snapshots *snapshots
	checks    []scan.VersionCheck
	fetch     *fetch.Quarantine
	blobs     *disk.Store
	dir       string
}

func (s *scanner) outgoing(ctx context.Context) (_ *upstreamScan, err error) {
	if s.fetched != nil {
		return s.fetched, nil
	}
	a := s.app
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil { // where the upstream's address and answers are kept
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	o := &upstreamScan{}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	if o.client, o.peers, err = outgoing(ctx, a.cfg); err != nil {
		return nil, err
	}
	if o.peers, err = readers(a.cfg, a.flags.registry, o.peers); err != nil {
		return nil, err
	}
	o.snapshots = openSnapshots(a.advisoryDir(), time.Duration(a.cfg.Advisories.MaxAge))
	if o.checks, err = checks(o.snapshots, a.cfg, s.rules); err != nil {
		return nil, err
	}
	if o.dir, err = os.MkdirTemp("", "gatehouse-scan-"); err != nil {
		return nil, err
	}
	if o.blobs, err = disk.Open(o.dir); err != nil {
		return nil, err
	}
	o.blobs.KeepFree(a.cfg.Storage.FreeFloor)
	o.fetch = fetch.NewQuarantine(fetch.QuarantineConfig{Client: o.client, Store: o.blobs, MaxFile: a.cfg.Limits.FileBytes, Progress: a.progress()})
	s.examiner.Advisories = o.snapshots.State
	s.fetched = o
	return o, nil
}

func (o *upstreamScan) close() {
	if o.client != nil {
		o.client.CloseIdle()
	}
	if o.snapshots != nil {
		_ = o.snapshots.Close() // only read
	}
	if o.dir != "" {
		_ = os.RemoveAll(o.dir) // in the system's temporary folder
	}
}

// versionGroup is a version of an upstream: the files named, or else all of them.
func (s *scanner) versionGroup(ctx context.Context, v artifact.Version, only []ecosystem.IndexFile) (group, error) {
	o, err := s.outgoing(ctx)
	if err != nil {
		return group{}, err
	}
	peer, ok := o.peers[v.Package.Ecosystem]
	if !ok {
		return group{}, fmt.Errorf("%s: this version fetches from no upstream of %s yet; scan a file of it that you have", v.Purl(), v.Package.Ecosystem)
	}
	x, err := indexOf(ctx, peer, v)
	if err != nil {
		return group{}, fmt.Errorf("%s: %w", v.Purl(), err)
	}
	var all []ecosystem.IndexFile
	for _, f := range x.Files {
		if x.Version(f) == v {
			all = append(all, f)
		}
	}
	if only == nil {
		only = all
	}
	if len(only) == 0 {
		return group{}, fmt.Errorf("the upstream has no file of %s", v.Purl())
	}
	return group{
		name: v.Purl(), version: v, checks: o.checks,
		target: scan.VersionTarget{Index: x, Files: all, Origin: x.Upstream},
		open:   func(ctx context.Context) ([]openFile, error) { return o.openAll(ctx, v, x, only) },
	}, nil
}

// indexOf reads the index of a version's package, with all that the upstream says of
// the version's files.
func indexOf(ctx context.Context, peer gate.Peer, v artifact.Version) (*ecosystem.Index, error) {
	up, err := peer.Outside(ctx)
	if err != nil {
		return nil, err
	}
	x, err := up.Index(ctx, v.Package)
	if err != nil {
		return nil, err
	}
	c, ok := up.(ecosystem.Completer)
	if !ok {
		return x, nil
	}
	var files []string
	for _, f := range x.Of(v.Number) {
		files = append(files, f.Name)
	}
	if len(files) == 0 {
		return x, nil
	}
	return c.Complete(ctx, x, files...)
}

func (o *upstreamScan) openAll(ctx context.Context, v artifact.Version, x *ecosystem.Index, files []ecosystem.IndexFile) ([]openFile, error) {
	var out []openFile
	for _, f := range files {
		sha, size, err := o.fetch.Fetch(ctx, f, x.Upstream)
		if err != nil {
			return out, err
		}
		opened, err := blobFiles(o.blobs)(ctx, sha)
		if err != nil {
			return out, err
		}
		out = append(out, openFile{
			File:   artifact.File{Version: v, Name: f.Name, Kind: f.Kind, SHA256: sha, Size: size, Uploaded: f.Uploaded, Origin: x.Upstream},
			opened: opened, shown: f.Name, close: opened.Close,
		})
	}
	return out, nil
}

// manifestGroups are the versions of a manifest's closure, with the files of each
// that would be installed.
func (s *scanner) manifestGroups(ctx context.Context, name string, only []string) ([]group, error) {
	a := s.app
	req := verdict.Request{Groups: only}
	if err := a.addFile(&req, name); err != nil {
		return nil, err
	}
	o, err := s.outgoing(ctx)
	if err != nil {
		return nil, err
	}
	ms, err := manifestsOf(peers(), gate.Tree(append(slices.Clone(req.Files), req.Include...)), req)
	if err != nil {
		return nil, err
	}
	var out []group
	for _, m := range ms {
		rs, err := resolveOne(ctx, o.peers[m.Ecosystem.ID()], m.Manifest, targetsOf(ctx, a.cfg))
		if err != nil {
			return nil, fmt.Errorf("resolving %s: %w", name, err)
		}
		for _, r := range rs {
			g, err := s.versionGroup(ctx, r.Version, r.Files)
			if err != nil {
				return nil, err
			}
			out = append(out, g)
		}
	}
	return out, nil
}

// baselineOf looks at an earlier version, so that what it does is not counted.
func (s *scanner) baselineOf(ctx context.Context, arg string) (*scan.Baseline, error) {
	groups, err := s.targets(ctx, arg, nil)
	if err != nil {
		return nil, err
	}
	if len(groups) != 1 {
		return nil, errors.New("name one archive, folder or purl")
	}
	s.app.progress().Step("looking at what --baseline names", 0, 0)
	files, err := groups[0].open(ctx)
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	looked, err := s.look(ctx, files)
	if err != nil {
		return nil, err
	}
	b := &scan.Baseline{Version: groups[0].version, Waived: map[string]bool{}}
	if b.Version.Number == "" {
		b.Version.Number = arg // for the findings' words
	}
	for _, x := range looked {
		b.Behaviours = append(b.Behaviours, &x.Behaviour)
	}
	return b, nil
}
