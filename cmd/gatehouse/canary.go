package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/server"
	"github.com/gatehouse-project/gatehouse/internal/store/sqlite"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// The canary is a wheel that lies about its own content: a file in it is not the
// one that its RECORD vouches for. Nothing in it does anything. A gate that works
// refuses it in every registry, whatever the policy says (class integrity).
const (
	canaryName     = "gatehouse-canary"
	canaryVersion  = "1.0"
	canaryFile     = "gatehouse_canary-1.0-py3-none-any.whl"
	canaryMetadata = "Metadata-Version: 2.1\nName: " + canaryName + "\nVersion: " + canaryVersion + "\n"
	canaryTime     = time.Minute
	maxCanary      = 1 << 20 // bytes of an answer about it
)

func canaryIdentity() artifact.Version {
	return artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: canaryName}, Number: canaryVersion}
}

// canaryWheel builds it.
func canaryWheel() ([]byte, error) {
	const info = "gatehouse_canary-1.0.dist-info/"
	files := []struct{ name, content string }{
		{"gatehouse_canary.py", "# A test file of gatehouse doctor. It does nothing.\n"},
		{info + "METADATA", canaryMetadata},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: gatehouse\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", "gatehouse_canary.py,sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,1\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// canaryUpstream is an index that has the canary and nothing else, and the
// fetcher that brings it.
type canaryUpstream struct {
	wheel []byte
	blobs *disk.Store
	now   time.Time
}

// Index implements ecosystem.Upstream.
func (u canaryUpstream) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if p.Name != canaryName {
		return nil, ecosystem.ErrNoPackage
	}
	return &ecosystem.Index{
		Package: p, Upstream: "canary", Digest: artifact.DigestOf(u.wheel), Fetched: u.now,
		Files: []ecosystem.IndexFile{{
			Name: canaryFile, URL: "http://canary.invalid/" + canaryFile, Number: canaryVersion, Kind: artifact.Wheel,
			SHA256: artifact.DigestOf(u.wheel), Size: int64(len(u.wheel)), Uploaded: u.now.AddDate(-1, 0, 0),
		}},
	}, nil
}

// Metadata implements ecosystem.Upstream.
func (u canaryUpstream) Metadata(context.Context, *ecosystem.Index, ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	return ecosystem.Metadata{Name: canaryName, Version: canaryVersion, MetadataFormat: "2.1"}, []byte(canaryMetadata), nil
}

// Fetch implements gate.Fetcher.
func (u canaryUpstream) Fetch(ctx context.Context, f ecosystem.IndexFile, _ string) (artifact.Digest, int64, error) {
	return u.blobs.Put(ctx, bytes.NewReader(u.wheel), f.Size, f.SHA256)
}

// canary hands the bad wheel to each registry, over HTTP, as a client would: a
// gate of its own on a temporary folder, with this gate's worker, scanners,
// checks, policies and advisories. Nothing of it is kept.
func (e *engine) canary(ctx context.Context) ([]upkeep.Check, error) {
	ctx, cancel := context.WithTimeout(ctx, canaryTime)
	defer cancel()
	dir, err := os.MkdirTemp(e.cfg.Data, ".canary-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(ctx, filepath.Join(dir, upkeep.DatabaseName))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	blobs, err := disk.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, err
	}
	wheel, err := canaryWheel()
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	up := canaryUpstream{wheel, blobs, time.Now()}
	g := &gate.Gate{
		Store: db, Queue: db.Jobs(), Fetch: up, Inspect: inspector(blobs, e.cfg),
		Peers:  map[artifact.Ecosystem]gate.Peer{artifact.PyPI: {Ecosystem: pypi.Ecosystem{}, Upstream: up}},
		Checks: e.gate.Checks, Registries: holdingAll(e.gate.Registries), Advisories: e.gate.Advisories,
		Now: time.Now, Log: quiet,
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	url := "http://" + ln.Addr().String()
	g.PublicURL = func() string { return url }
	defer g.Close()
	cfg := server.Config{Gate: g, Tokens: access.NewTokens(db, time.Now), PublicURL: url, AnonymousRead: true, MaxRequest: e.cfg.Limits.RequestBytes, Version: version, Log: quiet}
	names := slices.Sorted(maps.Keys(e.gate.Registries))
	for _, name := range names {
		shelf := &registry.Shelf{Registry: name, Gate: g, Store: db, Blobs: shelfBlobs{blobs}, Pull: registry.PullAdmit, Wait: canaryTime, Log: quiet}
		cfg.Registries = append(cfg.Registries, server.Registry{Name: name, Handlers: map[string]http.Handler{string(artifact.PyPI): pypi.NewHandler(adapter.Registry{Shelf: shelf, Decision: g.DecisionURL, Log: quiet})}})
	}
	s := server.New(cfg)
	defer s.Close(ctx)
	web := server.HTTP(s, quiet)
	defer web.Close()
	go web.Serve(ln) // ends with Close

	// Looked at first: while advisories are missing a client's question is not
	// looked into, and the rest of the gate shall be tried even so.
	x, err := up.Index(ctx, canaryIdentity().Package)
	if err != nil {
		return nil, err
	}
	if err := g.Look(ctx, canaryIdentity(), x, x.Files[0]); err != nil {
		return nil, fmt.Errorf("opening it: %w", err)
	}
	var out []upkeep.Check
	for _, name := range names {
		out = append(out, e.askForCanary(ctx, url, name, db))
	}
	return out, nil
}

// holdingAll is the registries with their policies, each holding the canary's
// ecosystem too.
func holdingAll(registries map[string]gate.Registry) map[string]gate.Registry {
	out := maps.Clone(registries)
	for name, r := range out {
		r.Holds = nil
		out[name] = r
	}
	return out
}

// askForCanary asks one registry for the bad wheel.
func (e *engine) askForCanary(ctx context.Context, url, name string, db *sqlite.DB) upkeep.Check {
	c := upkeep.Check{Name: "canary", State: upkeep.Fail}
	status, err := fetchCanary(ctx, url+"/registry/"+name+"/pypi/files/"+canaryName+"/"+canaryFile)
	if err != nil {
		c.Text, c.Next = fmt.Sprintf("registry %s could not be asked for the bad wheel: %v", name, err), "look at the checks below, and at the log"
		return c
	}
	ds, err := db.DecisionsOf(ctx, name, canaryIdentity(), 10)
	if err != nil {
		c.Text, c.Next = err.Error(), "look at the log"
		return c
	}
	found := slices.ContainsFunc(ds, func(d verdict.Decision) bool {
		return slices.ContainsFunc(d.Reasons, func(r verdict.Reason) bool {
			return r.Class == finding.Integrity && r.Effect == verdict.EffectReject
		})
	})
	switch observe := e.gate.Registries[name].Observe; {
	case found && status == http.StatusForbidden:
		c.State, c.Text = upkeep.OK, fmt.Sprintf("registry %s refuses a wheel that lies about its content: opened by the worker, rejected by the policy, 403 over HTTP", name)
	case found && observe && status == http.StatusOK:
		c.State, c.Text = upkeep.Warn, fmt.Sprintf("registry %s saw that the wheel lies, and served it: it only observes (enforce: observe)", name)
		c.Next = "set registries." + name + ".enforce to on when its reports hold no surprise"
	case found:
		c.Text, c.Next = fmt.Sprintf("registry %s rejected the bad wheel and answered %d", name, status), "a refusal is 403; this is a fault of gatehouse: report it"
	case status == http.StatusOK:
		c.Text, c.Next = fmt.Sprintf("registry %s SERVED a wheel that lies about its content", name), "take the gate out of service and report this"
	default:
		c.Text = fmt.Sprintf("registry %s answered %d without having seen that the wheel lies: nothing can be admitted", name, status)
		c.Next = "see the check of isolation: does the worker start? gatehouse admit pkg:pypi/NAME@VERSION says why it cannot look"
	}
	return c
}

func fetchCanary(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	t := &http.Transport{Proxy: nil} // loopback, whatever the environment says
	defer t.CloseIdleConnections()
	resp, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxCanary))
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}
