package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

// outgoing builds the one client that speaks to the outside, and each ecosystem
// with the upstreams that it reads through it. An upstream that nobody looked for yet
// is found when something of it is wanted.
func outgoing(ctx context.Context, cfg config.Config) (*fetch.Client, map[artifact.Ecosystem]gate.Peer, error) {
	fc := fetch.Config{UserAgent: "gatehouse/" + version, Proxy: http.ProxyFromEnvironment}
	secrets := credentials{references: map[string]string{}}
	fc.Credential = secrets.of
	own, err := packageGroups(cfg)
	if err != nil {
		return nil, nil, err
	}
	known := map[string]*url.URL{} // by the upstream's name: those whose address needs no looking for
	for _, u := range cfg.Outside() {
		address, err := knownAddress(cfg, u)
		if err != nil {
			return nil, nil, fmt.Errorf("upstream %s: %w", u.Name, err)
		}
		fc.Upstreams = append(fc.Upstreams, u.FileHosts...)
		if address != nil {
			known[u.Name] = address
		}
		if u.CA != "" {
			if fc.RootCAs, err = withCA(fc.RootCAs, u.CA); err != nil {
				return nil, nil, fmt.Errorf("upstream %s: %w", u.Name, err)
			}
		}
	}
	client, err := fetch.New(fc)
	if err != nil {
		return nil, nil, err
	}
	out := map[artifact.Ecosystem]gate.Peer{}
	for _, a := range all.List() {
		peer := gate.Peer{Ecosystem: a.Ecosystem, Path: a.Path, Named: map[string]func(context.Context) (ecosystem.Upstream, error){}}
		for _, u := range cfg.Outside() {
			if u.Ecosystem != string(a.ID()) {
				continue
			}
			o := &opening{cfg: cfg, adapter: a, client: client, secrets: &secrets, groups: own, upstream: &u}
			if address := known[u.Name]; address != nil {
				if o.opened, err = o.at(address); err != nil {
					return nil, nil, err
				}
			}
			peer.Named[u.Name] = o.open
			if peer.Open == nil {
				peer.Open = o.open
			}
		}
		if peer.Open == nil {
			peer.Open = (&opening{adapter: a}).open
		}
		out[a.ID()] = peer
	}
	return client, out, nil
}

// sourcesOf are where a registry takes the packages of each ecosystem from.
func sourcesOf(cfg config.Config, registry string) map[artifact.Ecosystem][]gate.Source {
	out := map[artifact.Ecosystem][]gate.Source{}
	for _, a := range all.List() {
		for _, s := range cfg.Sources(registry, string(a.ID())) {
			out[a.ID()] = append(out[a.ID()], gate.Source{
				Upstream: s.Upstream.Name, Registry: s.Registry, Own: s.Upstream.Origin == "internal", Claims: claims(a, s.Names),
			})
		}
	}
	return out
}

// claims says whether a name is one of an upstream's, as package groups compare them;
// nil where it has none of its own.
func claims(a adapter.Adapter, patterns []string) func(artifact.Package) bool {
	if len(patterns) == 0 {
		return nil
	}
	var globs []string
	for _, p := range patterns {
		globs = append(globs, globsOf(a, p)...)
	}
	return func(p artifact.Package) bool {
		return slices.ContainsFunc(globs, func(glob string) bool { return groups.Matches(glob, p.Name) })
	}
}

// refuses keeps names inside that the package groups keep there, and those with the
// upstreams that they belong to, whoever asks.
func refuses(cfg config.Config, a adapter.Adapter, own *groups.Groups, u config.Upstream) func(artifact.Package) error {
	its := claims(a, u.NamesIn(u.Ecosystem))
	var others []func(artifact.Package) bool
	for _, other := range cfg.Outside() {
		if c := claims(a, other.NamesIn(u.Ecosystem)); c != nil && other.Ecosystem == u.Ecosystem && other.Name != u.Name {
			others = append(others, c)
		}
	}
	way := groups.External
	if u.Origin == "internal" {
		way = groups.Internal
	}
	return func(p artifact.Package) error {
		if said := own.Of(p).Of(way); said.Rule != groups.Allow {
			return fmt.Errorf("%s: %w", said.Why, ecosystem.ErrNoPackage)
		}
		if its != nil && its(p) {
			return nil
		}
		if slices.ContainsFunc(others, func(claims func(artifact.Package) bool) bool { return claims(p) }) {
			return fmt.Errorf("%s is one of the names that belong to another upstream: %w", p.Name, ecosystem.ErrNoPackage)
		}
		return nil
	}
}

// opening finds and opens one ecosystem's upstream, once.
type opening struct {
	cfg      config.Config
	adapter  adapter.Adapter
	upstream *config.Upstream // nil: none is configured
	client   *fetch.Client
	secrets  *credentials
	groups   *groups.Groups

	mu     sync.Mutex
	opened ecosystem.Upstream
	off    *gate.Off
}

// open implements gate.Peer's Open. That there is none is remembered until the
// program ends: somebody may install a client meanwhile.
func (o *opening) open(ctx context.Context) (ecosystem.Upstream, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.opened != nil:
		return o.opened, nil
	case o.off != nil:
		return nil, o.off
	case o.upstream == nil:
		o.off = &gate.Off{Ecosystem: o.adapter.ID(), Why: "no upstream of it is configured; " + configureUpstream(o.adapter.ID())}
		return nil, o.off
	}
	address, err := addressOf(ctx, o.cfg, *o.upstream)
	if errors.Is(err, upstream.ErrNotFound) {
		o.off = &gate.Off{Ecosystem: o.adapter.ID(), Why: "nothing on this machine knows its upstream; " + configureUpstream(o.adapter.ID())}
		return nil, o.off
	} else if err != nil {
		return nil, fmt.Errorf("upstream %s: %w", o.upstream.Name, err)
	}
	up, err := o.at(address)
	o.opened = up
	return up, err
}

// at opens the upstream at its address.
func (o *opening) at(address *url.URL) (ecosystem.Upstream, error) {
	u := o.upstream
	hostPort, err := fetch.HostPort(address.String())
	if err == nil {
		err = o.client.Trust(hostPort, u.URL == auto)
	}
	if err != nil {
		return nil, fmt.Errorf("upstream %s: %w", u.Name, err)
	}
	o.secrets.put(address, u.Credential)
	up, err := o.adapter.OpenUpstream(adapter.UpstreamConfig{
		Name: u.Name, BaseURL: address.String(), Client: o.client, TTL: time.Duration(u.TTL), CacheDir: filepath.Join(o.cfg.Data, "cache", u.Name), Options: u.Options,
		Refuses: refuses(o.cfg, o.adapter, o.groups, *u),
	})
	if err != nil {
		return nil, fmt.Errorf("upstream %s: %w", u.Name, err)
	}
	return up, nil
}

// auto stands for the upstream that the installed client would use.
const auto = "auto"

// configureUpstream is what to do where none was found.
func configureUpstream(e artifact.Ecosystem) string {
	return fmt.Sprintf("write into the configuration, under upstreams: {name: %s, ecosystem: %s, url: https://...}", e, e)
}

// openAll finds every upstream now, all at once, and says which are off. Only an
// error that a person has to mend before anything is served is one.
func openAll(ctx context.Context, peers map[artifact.Ecosystem]gate.Peer, log *slog.Logger) (map[artifact.Ecosystem]*gate.Off, error) {
	ids := slices.Sorted(maps.Keys(peers))
	faults := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() { _, faults[i] = peers[id].All(ctx) })
	}
	wg.Wait()
	out := map[artifact.Ecosystem]*gate.Off{}
	for i, err := range faults {
		if off, ok := errors.AsType[*gate.Off](err); ok {
			log.InfoContext(ctx, "an ecosystem is off", "ecosystem", string(ids[i]), "why", off.Why)
			out[ids[i]], faults[i] = off, nil
		}
	}
	return out, errors.Join(faults...)
}

// credentials are references to secrets, by the origin that they are for.
type credentials struct {
	mu         sync.Mutex
	references map[string]string
}

func (c *credentials) put(address *url.URL, reference string) {
	if reference == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.references[fetch.Origin(address)] = reference
}

// of implements fetch.Config's Credential.
func (c *credentials) of(ctx context.Context, origin string) (fetch.Credential, error) {
	c.mu.Lock()
	reference, ok := c.references[origin]
	c.mu.Unlock()
	if !ok {
		return fetch.Credential{}, nil
	}
	s, err := secretref.Resolve(ctx, reference)
	if err != nil {
		return fetch.Credential{}, err
	}
	return credentialOf(s.Reveal()), nil
}

// credentialOf reads "user:password", or a token that is sent as Bearer.
func credentialOf(s string) fetch.Credential {
	if user, password, ok := strings.Cut(s, ":"); ok {
		return fetch.Credential{User: user, Secret: password}
	}
	return fetch.Credential{Secret: s}
}

// knownAddress is where an upstream is, as configured or as found before; nil where
// it has to be looked for. This gate itself is none: it would wait for its own
// answer.
func knownAddress(cfg config.Config, u config.Upstream) (*url.URL, error) {
	if u.URL != auto {
		address, err := url.Parse(u.URL)
		if err == nil && itself(cfg, address) {
			err = fmt.Errorf("%s is this gate itself; name the URL of another index", address)
		}
		return address, err
	}
	b, err := os.ReadFile(rememberedUpstream(cfg, u))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return url.Parse(strings.TrimSpace(string(b)))
}

func rememberedUpstream(cfg config.Config, u config.Upstream) string {
	return filepath.Join(cfg.Data, "upstream-"+u.Ecosystem)
}

// addressOf is knownAddress that looks for an address and remembers it.
// upstream.ErrNotFound where nothing here knows one.
func addressOf(ctx context.Context, cfg config.Config, u config.Upstream) (*url.URL, error) {
	address, err := knownAddress(cfg, u)
	if address != nil || err != nil {
		return address, err
	}
	found, how, err := upstream.Discover(ctx, adapterOf(artifact.Ecosystem(u.Ecosystem)).Discover)
	if err != nil {
		return nil, fmt.Errorf("%w; name it in the configuration: upstreams: [{name: %s, ecosystem: %s, url: ...}]", err, u.Ecosystem, u.Ecosystem)
	}
	if address, err = url.Parse(found); err != nil {
		return nil, err
	}
	if itself(cfg, address) {
		return nil, fmt.Errorf("%s (%s) is this gate itself: name another index in the configuration, upstreams: [{name: %s, ecosystem: %s, url: ...}], or take the gate out of the client once: gatehouse client setup CLIENT --undo", address, how, u.Ecosystem, u.Ecosystem)
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, err
	}
	return address, os.WriteFile(rememberedUpstream(cfg, u), []byte(found+"\n"), 0o600) // once: from then on clients may point here
}

// itself says whether an address is the gate's own.
func itself(cfg config.Config, address *url.URL) bool {
	own, err := url.Parse(cfg.URL())
	if err != nil {
		return false
	}
	listen := &url.URL{Scheme: own.Scheme, Host: cfg.Listen}
	return slices.ContainsFunc([]*url.URL{own, listen}, func(u *url.URL) bool {
		return fetch.Origin(u) == fetch.Origin(address) || u.Port() == address.Port() && loopback(u) && loopback(address)
	})
}

func loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func withCA(pool *x509.CertPool, file string) (*x509.CertPool, error) {
	if pool == nil {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, err
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("reading authorities: %s holds no PEM certificate", file)
	}
	return pool, nil
}
