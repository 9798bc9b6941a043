package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/observe"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/server"
)

// socketName is where the commands on this machine speak to a serving gate.
const socketName = "gatehouse.sock"

func (a *app) serveCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve what was admitted to package clients, with the API and the pages",
		Long: `Serves the main registry below /pypi/simple/ and beside it one path for each other
ecosystem, every registry below /registry/NAME/, each of them as it stood at a
moment below /asof/2026-05-03T12:00:00Z/ before either, the page of every decision
at /d/ID, and the API that the other commands use with --server. An ecosystem whose
upstream nobody here knows is off: the log and gatehouse config say what to write.
It prints one line with its address when it is ready; the log goes to standard
error. On SIGTERM it stops taking requests and finishes what it has begun; what
takes longer, and what was under way when it was killed, goes on when it is
started again. While another command has the data folder it waits for its turn.

Beyond loopback it needs TLS (--tls-cert, --tls-key; read again when they change)
or trusted_proxies in the configuration, and at least one token; it does not
start otherwise. While it runs, the other commands on this machine reach it
through a socket in the data folder that only its owner can open.`,
		Example: `  gatehouse serve
  gatehouse serve --listen 127.0.0.1:0
  gatehouse serve --listen 0.0.0.0:8484 --public-url https://gate.example:8484 --tls-cert gate.pem --tls-key gate.key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "", "address to listen on (default 127.0.0.1:8484, or the configuration's)")
	f.StringVar(&o.publicURL, "public-url", "", "how clients reach it; links are made of it (default: the address)")
	f.StringVar(&o.cert, "tls-cert", "", "PEM file with the certificate and its chain")
	f.StringVar(&o.key, "tls-key", "", "PEM file with its key")
	f.BoolVar(&o.open, "insecure-open", false, "listen beyond loopback without TLS or tokens: whoever reaches the port reads everything, and anybody on the way can change it")
	f.StringVar(&o.logFormat, "log-format", "text", "log lines as text or json")
	return c
}

type serveOptions struct {
	listen, publicURL, cert, key string
	open                         bool
	logFormat                    string
	ln                           net.Listener // open already; nil: listen on the configured address
}

func (a *app) serve(ctx context.Context, o serveOptions) error {
	log, err := serveLog(a.err, o.logFormat)
	if err != nil {
		return err
	}
	slog.SetDefault(log) // of what has no logger handed in
	cfg, err := serveConfig(a.cfg, o)
	if err != nil {
		return err
	}
	ln := o.ln
	if ln == nil {
		if ln, err = listen(cfg.Listen); err != nil {
			return err
		}
	}
	defer ln.Close()
	if _, port, _ := net.SplitHostPort(cfg.Listen); port == "0" {
		cfg.Listen = ln.Addr().String()
	}
	go paceHeap(ctx)
	e, c, err := a.whenFree(ctx, func() (*engine, error) { return openEngine(ctx, cfg, log, nil) })
	if err != nil {
		return err
	}
	if c != nil {
		c.Close()
		return fmt.Errorf("another gatehouse serve has data folder %s; stop it, or name another one with --data", cfg.Data)
	}
	defer func() { a.closed(e.Close()) }()
	if err := e.checkTokens(ctx, o.open); err != nil {
		return err
	}
	if err := tellLayers(ctx, cfg.Sandbox.Require, log); err != nil {
		return err
	}
	s, err := e.newServing(ctx, ln, o.open, log)
	if err != nil {
		return err
	}
	if problem := e.advisories.State().Problem; problem != "" {
		log.WarnContext(ctx, "nothing new is admitted", "why", problem)
	}
	if _, err := fmt.Fprintf(a.out, "gatehouse serves %s\n", s.URL); err != nil {
		return err
	}
	return s.run(ctx)
}

func serveLog(w io.Writer, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(observe.Log(slog.NewTextHandler(w, nil))), nil
	case "json":
		return slog.New(observe.Log(slog.NewJSONHandler(w, nil))), nil
	}
	return nil, fmt.Errorf("--log-format %q is none of text, json", format)
}

// serveConfig lays the flags over the configuration and refuses what would not
// be safe.
func serveConfig(cfg config.Config, o serveOptions) (config.Config, error) {
	cfg.Listen = cmp.Or(o.listen, cfg.Listen)
	cfg.PublicURL = strings.TrimRight(cmp.Or(o.publicURL, cfg.PublicURL), "/")
	if o.cert != "" || o.key != "" {
		cfg.TLSCert, cfg.TLSKey = o.cert, o.key
	}
	if (cfg.TLSCert == "") != (cfg.TLSKey == "") {
		return cfg, errors.New("--tls-cert and --tls-key go together")
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return cfg, fmt.Errorf("--listen %q is no HOST:PORT such as 127.0.0.1:8484", cfg.Listen)
	}
	if cfg.PublicURL != "" {
		if u, err := url.Parse(cfg.PublicURL); err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
			return cfg, fmt.Errorf("--public-url %q is no address such as https://gate.example:8484", cfg.PublicURL)
		}
	} else if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return cfg, fmt.Errorf("--listen %s takes every address of this machine; say which one clients use: --public-url https://NAME:PORT", cfg.Listen)
	}
	if !cfg.Loopback() && !o.open && cfg.TLSCert == "" && len(cfg.TrustedProxies) == 0 {
		return cfg, fmt.Errorf("listening on %s reaches beyond this machine: give --tls-cert and --tls-key, or name trusted_proxies in the configuration (or say --insecure-open, and mean it)", cfg.Listen)
	}
	return cfg, nil
}

func listen(address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("something listens on %s already; stop it, or choose another address: gatehouse serve --listen 127.0.0.1:0", address)
	} else if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	return ln, nil
}

// checkTokens keeps a server that others reach from starting when nobody could
// prove who they are.
func (e *engine) checkTokens(ctx context.Context, open bool) error {
	if e.cfg.Loopback() || open {
		return nil
	}
	rows, err := e.tokens.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range rows {
		if t.Revoked.IsZero() && t.Expires.After(time.Now()) {
			return nil
		}
	}
	return fmt.Errorf("listening on %s reaches beyond this machine, and there is no valid token: make one first: gatehouse token create --role admin --name NAME", e.cfg.Listen)
}

// serving is a gate that answers on a listener and on its socket.
type serving struct {
	URL    string // of the main registry's index
	e      *engine
	server *server.Server
	log    *slog.Logger
	main   *http.Server
	local  *http.Server
	ln     net.Listener
	socket net.Listener // nil where there is none

	metrics   *http.Server // nil: they are on the main listener only
	metricsLn net.Listener
}

// newServing takes over ln, with TLS where the configuration says so.
func (e *engine) newServing(ctx context.Context, ln net.Listener, open bool, log *slog.Logger) (*serving, error) {
	s := &serving{e: e, log: log, ln: ln}
	if e.cfg.TLSCert != "" {
		certs := &certificates{cert: e.cfg.TLSCert, key: e.cfg.TLSKey, log: log}
		if err := certs.load(); err != nil {
			return nil, err
		}
		s.ln = tls.NewListener(ln, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certs.get, NextProtos: []string{"http/1.1"}})
	}
	off, err := openAll(ctx, e.gate.Peers, log)
	if err != nil {
		return nil, err
	}
	cfg, err := e.serverConfig(ln, open, off, log)
	if err != nil {
		return nil, err
	}
	if s.socket, err = listenLocal(e.cfg.Data); err != nil {
		return nil, err
	}
	if address := e.cfg.Metrics.Listen; address != "" {
		if s.metricsLn, err = net.Listen("tcp", address); err != nil {
			return nil, errors.Join(fmt.Errorf("listening for metrics: %w", err), s.socket.Close())
		}
		s.metrics = e.metricsServer(log)
	}
	s.server = server.New(cfg) // last: it begins to work
	s.main = server.HTTP(s.server, log)
	s.local = server.HTTP(s.server.Local(operator()), log)
	s.URL = e.cfg.URL() + "/pypi/simple/"
	if _, ok := e.cfg.Registries[server.MainRegistry]; !ok {
		s.URL = e.cfg.URL() + "/"
	}
	return s, nil
}

func (e *engine) serverConfig(ln net.Listener, open bool, off map[artifact.Ecosystem]*gate.Off, log *slog.Logger) (server.Config, error) {
	cfg := server.Config{
		Gate: e.gate, Tokens: e.tokens, PublicURL: e.cfg.URL(), Hosts: ownHosts(e.cfg, ln), MaxRequest: e.cfg.Limits.RequestBytes,
		Admissions: e.cfg.Limits.Admissions, Room: jobs.Room{Total: e.cfg.Limits.Waiting, Share: e.cfg.Limits.WaitingPerProject},
		Budgets: budgets(e.cfg.Budgets, e.metrics.BudgetRefused), AnonymousRead: e.cfg.Loopback() || open, Writable: writable(e.cfg.Data), Version: version, Log: log,
		Full: e.blobs.HasRoom, Upkeep: e.works(), Metrics: e.metrics, MetricsOpen: e.cfg.Metrics.Anonymous,
	}
	e.watchEngine()
	if e.cfg.AnonymousRead != nil {
		cfg.AnonymousRead = *e.cfg.AnonymousRead
	}
	for _, p := range e.cfg.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			ip, err := netip.ParseAddr(p)
			if err != nil {
				return cfg, fmt.Errorf("trusted_proxies: %q is no address or prefix", p)
			}
			prefix = netip.PrefixFrom(ip, ip.BitLen())
		}
		cfg.Proxies = append(cfg.Proxies, prefix)
	}
	for name := range e.cfg.Registries {
		shelf := &registry.Shelf{
			Registry: name, Gate: e.gate, Store: e.store, Blobs: shelfBlobs{e.blobs}, Pull: pullOf(e.cfg, name, cfg.AnonymousRead && !e.cfg.Loopback()),
			Wait: time.Duration(e.cfg.Limits.PullWait), Log: log, Export: e.advisories.Export,
		}
		cfg.Registries = append(cfg.Registries, e.serverRegistry(name, shelf, off, log))
	}
	return cfg, nil
}

// serverRegistry is one registry with the doors of every ecosystem that it holds.
func (e *engine) serverRegistry(name string, shelf *registry.Shelf, off map[artifact.Ecosystem]*gate.Off, log *slog.Logger) server.Registry {
	out := server.Registry{Name: name, Handlers: map[string]http.Handler{}, Uploads: map[string]adapter.Receiver{}, Off: map[string]string{}}
	today := shelf
	handlers := func(shelf ecosystem.Shelf) map[string]http.Handler {
		doors := map[string]http.Handler{}
		for _, a := range all.List() {
			if !e.gate.Holds(name, a.ID()) || off[a.ID()] != nil {
				continue
			}
			reg := adapter.Registry{Shelf: shelf, Decision: e.gate.DecisionURL, Log: log, Reader: registry.PullerFrom}
			// Of the past, too: what was there then is judged by what is known today.
			reg.Advisories = func(ctx context.Context) (*adapter.Advisories, error) { return today.Advisories(ctx, a.ID()) }
			doors[a.Path] = a.Serve(reg)
			for _, b := range a.Beside {
				doors[b.Path] = b.Serve(reg)
			}
		}
		return doors
	}
	out.Handlers = handlers(shelf)
	out.AsOf = func(at time.Time) map[string]http.Handler { return handlers(shelf.AsOf(at)) }
	desk := e.desk(name)
	for _, a := range all.List() {
		switch why := off[a.ID()]; {
		case why != nil:
			out.Off[a.Path] = why.Error()
		case out.Handlers[a.Path] == nil:
			out.Off[a.Path] = fmt.Sprintf("registry %s does not hold %s; see registries.%s in the configuration", name, a.Title, name)
		case a.Receive != nil:
			out.Uploads[a.Path] = a.Receive(adapter.Registry{Shelf: shelf, Decision: e.gate.DecisionURL, Log: log, Reader: registry.PullerFrom, Snapshots: e.cfg.Snapshots.Keep}, desk)
		}
		for _, b := range a.Beside {
			if why := out.Off[a.Path]; why != "" {
				out.Off[b.Path] = why
			}
		}
	}
	return out
}

// budgets are those of the configuration; refused is told of each that is spent.
func budgets(c config.Budgets, refused func(kind string)) *budget.Book {
	limits := func(b config.Budget) budget.Limits {
		return budget.Limits{Names: b.Names, Unknown: b.Unknown, Files: b.Files, Bytes: b.Bytes, ScanTime: time.Duration(b.ScanTime), Waits: b.Waits}
	}
	return budget.NewBook(budget.Config{Reader: limits(c.Reader), Address: limits(c.Address), Anonymous: limits(c.Anonymous), Waits: c.Waits, Refused: refused})
}

// pullOf is what a request for a file that nobody looked at does in a registry. One
// that reads another registry looks at nothing for which that one waits.
func pullOf(cfg config.Config, name string, strangers bool) registry.Pull {
	mode := pullMode(cfg.Registries[name].Pull, strangers)
	for _, above := range cfg.Above(name) {
		if mode == registry.PullAdmit {
			mode = pullMode(cfg.Registries[above].Pull, strangers)
		}
	}
	if mode == registry.PullOff && cfg.Registries[name].Pull != string(registry.PullOff) {
		return registry.PullHold // what that one leaves out is here for a person to ask for
	}
	return mode
}

// pullMode is what the configuration's word means for a registry that strangers
// can read, or not.
func pullMode(word string, strangers bool) registry.Pull {
	switch {
	case word != "auto":
		return registry.Pull(word)
	case strangers:
		return registry.PullHold
	}
	return registry.PullAdmit
}

// shelfBlobs opens blobs as a shelf wants them.
type shelfBlobs struct{ *disk.Store }

// Open implements registry.Blobs.
func (b shelfBlobs) Open(ctx context.Context, d artifact.Digest) (io.ReadSeekCloser, error) {
	r, _, err := b.Store.Open(ctx, d)
	return r, err
}

// ownHosts are the Host headers by which this listener is reached without a
// name of its own.
func ownHosts(cfg config.Config, ln net.Listener) []string {
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return nil
	}
	hosts := []string{cfg.Listen, ln.Addr().String()}
	if cfg.Loopback() {
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			hosts = append(hosts, net.JoinHostPort(name, port))
		}
	}
	return hosts
}

// writable says whether the data folder can be written. It tries at most every
// few seconds, because anybody may ask.
func writable(dir string) func() error {
	const every = 5 * time.Second
	var mu sync.Mutex
	var last time.Time
	var result error
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < every {
			return result
		}
		last = time.Now()
		f, err := os.CreateTemp(dir, ".writable-*")
		if err != nil {
			result = err
			return result
		}
		_, err = f.WriteString("x")
		result = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
		return result
	}
}

// listenLocal opens the socket in the data folder. It is made where nobody else
// can reach it and moved into place once only its owner may open it.
func listenLocal(data string) (net.Listener, error) {
	dir, err := os.MkdirTemp(data, ".s-*")
	if err != nil {
		return nil, fmt.Errorf("making the local socket: %w", err)
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", made)
	if err != nil {
		return nil, fmt.Errorf("making the local socket (is the path of the data folder very long?): %w", err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, filepath.Join(data, socketName))); err != nil {
		ln.Close()
		return nil, fmt.Errorf("making the local socket: %w", err)
	}
	return ln, nil
}

// How long a stopping gate gives answers, and admissions under way.
const (
	drainAnswers    = 20 * time.Second
	drainAdmissions = 20 * time.Second
)

// run answers until ctx ends, then finishes what has begun.
func (s *serving) run(ctx context.Context) error {
	ended := make(chan error, 3)
	go func() { ended <- s.main.Serve(s.ln) }()
	go func() { ended <- s.local.Serve(s.socket) }()
	if s.metrics != nil {
		go func() { ended <- s.metrics.Serve(s.metricsLn) }()
	}
	upkeep, stop := context.WithCancel(ctx)
	var kept sync.WaitGroup
	kept.Go(func() { s.e.keeper.Run(upkeep) })
	kept.Go(func() { s.e.catchUp(upkeep, s.log) })
	kept.Go(func() { s.e.watchNamesakes(upkeep, s.log) })
	defer kept.Wait()
	defer stop()
	var err error
	select {
	case err = <-ended:
		err = fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
		s.log.Info("stopping: finishing what has begun")
	}
	return errors.Join(err, s.close(context.WithoutCancel(ctx)))
}

func (s *serving) close(ctx context.Context) error {
	s.server.EndWaits()
	answers, cancel := context.WithTimeout(ctx, drainAnswers)
	defer cancel()
	err := errors.Join(s.main.Shutdown(answers), s.local.Shutdown(answers))
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("clients that were still reading are cut off")
		err = errors.Join(s.main.Close(), s.local.Close())
	}
	if s.metrics != nil {
		err = errors.Join(err, s.metrics.Close())
	}
	admissions, cancel := context.WithTimeout(ctx, drainAdmissions)
	defer cancel()
	s.server.Close(admissions)
	return errors.Join(err, os.Remove(filepath.Join(s.e.cfg.Data, socketName)))
}

// stamp is another value whenever a file was replaced; zero when it is not there.
type stamp struct{ changed, size int64 }

func stampOf(name string) stamp {
	st, err := os.Stat(name)
	if err != nil {
		return stamp{}
	}
	return stamp{st.ModTime().UnixNano(), st.Size()}
}

// certificates reads a pair of PEM files, and again when they have changed. A
// pair that cannot be read, such as one half of a renewal, leaves the last good
// one in use.
type certificates struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamps [2]stamp
	looked time.Time
}

const certificatesEvery = 5 * time.Second

func (c *certificates) load() error {
	stamps := c.stampsNow()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("reading the TLS certificate: %w", err)
	}
	c.pair, c.stamps, c.looked = &pair, stamps, time.Now()
	return nil
}

func (c *certificates) stampsNow() [2]stamp { return [2]stamp{stampOf(c.cert), stampOf(c.key)} }

func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < certificatesEvery {
		return c.pair, nil
	}
	c.looked = time.Now()
	if c.stampsNow() != c.stamps {
		if err := c.load(); err != nil {
			c.log.Warn("TLS certificate not replaced", "err", err)
		} else {
			c.log.Info("TLS certificate replaced")
		}
	}
	return c.pair, nil
}
