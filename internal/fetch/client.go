package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What the Client promises, when the Config does not say otherwise.
const (
	DefaultDialTimeout   = 10 * time.Second
	DefaultHeaderTimeout = 30 * time.Second
	DefaultIdleTimeout   = 30 * time.Second // no byte for so long ends a body
	DefaultMinRate       = 1 << 10          // bytes a second, averaged over DefaultIdleTimeout
	DefaultMaxBytes      = 16 << 20         // body, where the Request sets no limit
	DefaultAttempts      = 3

	maxRedirects   = 5
	maxHeaderBytes = 128 << 10
	maxRetryAfter  = 30 * time.Second // what a peer may make us wait between attempts
	baseBackoff    = 250 * time.Millisecond
)

// Config sets up a Client. The zero Config works: it reaches public addresses
// only, without credentials, directly.
type Config struct {
	UserAgent string

	// Upstreams are the configured upstreams as "host:port" (see HostPort): they
	// may have private addresses and any port. Everything else is public, on
	// port 80 or 443.
	Upstreams []string

	// Mirrors are those of Upstreams whose address other hosts may share: a closed
	// network answers the index's name and its file hosts' names with the one
	// address of its mirror. A host that is no upstream may then be reached there,
	// and nowhere else that is private. Meant for an upstream that was found, not
	// configured; where one address serves other things too, leave it empty and
	// name the file hosts among Upstreams.
	Mirrors []string

	// Credential gives the resolved credential for an origin (see Origin); the
	// zero Credential for none. An error ends the request. Nil: no credentials.
	Credential func(ctx context.Context, origin string) (Credential, error)

	// Proxy chooses a forward proxy, as http.ProxyFromEnvironment does; nil goes
	// direct. Behind a proxy the target's address cannot be checked, so only
	// Upstreams and FileHosts ("host:port") may be asked for through one.
	Proxy     func(*http.Request) (*url.URL, error)
	FileHosts []string

	DialTimeout   time.Duration
	HeaderTimeout time.Duration
	IdleTimeout   time.Duration
	MinRate       int64 // bytes a second; the average over each IdleTimeout of waiting
	Attempts      int   // tries for one request, the first included

	RootCAs  *x509.CertPool // nil: the system's
	Resolver *net.Resolver  // nil: the system's

	Now    func() time.Time                                 // nil: time.Now
	Sleep  func(ctx context.Context, d time.Duration) error // nil: a timer; ends early with the context's error
	Jitter func() float64                                   // in [0,1); nil: random
}

// Credential authenticates to one origin. With a User it is Basic, without one
// the Secret is a bearer token. It does not print its secret.
type Credential struct {
	User   string
	Secret string
}

// String keeps the secret out of logs.
func (c Credential) String() string { return "credential(redacted)" }

// GoString keeps the secret out of %#v.
func (c Credential) GoString() string { return c.String() }

func (c Credential) authorization() string {
	switch {
	case c.User != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Secret))
	case c.Secret != "":
		return "Bearer " + c.Secret
	default:
		return ""
	}
}

// Client makes all outgoing requests. It is safe for concurrent use.
type Client struct {
	cfg     Config
	guard   *guard
	through *guard // what may be asked for through a proxy
	direct  *http.Transport
	proxied *http.Transport
}

// New builds a Client. It fails on an upstream or file host that is not written
// as host:port.
func New(cfg Config) (*Client, error) {
	setDefaults(&cfg)
	dialer := net.Dialer{Timeout: cfg.DialTimeout, KeepAlive: 30 * time.Second, Resolver: cfg.Resolver}
	g, err := newGuard(cfg.Upstreams, cfg.Mirrors, dialer)
	if err != nil {
		return nil, err
	}
	through, err := newGuard(append(append([]string(nil), cfg.Upstreams...), cfg.FileHosts...), cfg.Mirrors, dialer)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, guard: g, through: through}
	c.direct = c.transport()
	c.direct.DialContext = g.dial
	// This one only ever dials the proxy, which the operator chose.
	c.proxied = c.transport()
	c.proxied.Proxy = cfg.Proxy
	c.proxied.DialContext = dialer.DialContext
	return c, nil
}

// Trust adds an upstream that was found after the client was built, as if it had
// been among Config.Upstreams; a mirror among Config.Mirrors too.
func (c *Client) Trust(hostPort string, mirror bool) error {
	return cmp.Or(c.guard.trust(hostPort, mirror), c.through.trust(hostPort, mirror))
}

func setDefaults(cfg *Config) {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&cfg.DialTimeout, DefaultDialTimeout)
	def(&cfg.HeaderTimeout, DefaultHeaderTimeout)
	def(&cfg.IdleTimeout, DefaultIdleTimeout)
	if cfg.MinRate <= 0 {
		cfg.MinRate = DefaultMinRate
	}
	if cfg.Attempts <= 0 {
		cfg.Attempts = DefaultAttempts
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "gatehouse"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	if cfg.Jitter == nil {
		cfg.Jitter = rand.Float64
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Client) transport() *http.Transport {
	return &http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: c.cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    c.cfg.DialTimeout,
		ResponseHeaderTimeout:  c.cfg.HeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true, // decoded here, once and capped
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        60 * time.Second,
	}
}

// CloseIdle closes connections that wait for reuse.
func (c *Client) CloseIdle() {
	c.direct.CloseIdleConnections()
	c.proxied.CloseIdleConnections()
}

// Request is one GET.
type Request struct {
	URL    string
	Header http.Header
	// MaxBytes limits the body, as sent and as decoded; 0 is DefaultMaxBytes.
	MaxBytes int64
	// Compressed asks for gzip and decodes it. Leave it off for package files:
	// their bytes come as they are, whatever encoding the peer claims.
	Compressed bool
}

// Response is an answer whose headers have come. The caller closes Body.
type Response struct {
	Status int // 2xx or 304
	Header http.Header
	URL    *url.URL // after redirects
	Size   int64    // bytes announced for Body; -1 when not known
	// Body ends with io.EOF only when the whole answer came: else its error is
	// ErrTooLarge, ErrTruncated, ErrTooSlow, ErrEncoding or the connection's.
	Body io.ReadCloser
}

// Get asks once, and again after connection errors, 429, 502, 503 and 504, with
// growing, jittered pauses (Retry-After honoured up to 30 s). It follows at most
// five redirects. Statuses other than 2xx and 304 are *ErrStatus. ctx also ends
// the reading of the body.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	u, err := parseURL(r.URL)
	if err != nil {
		return nil, fmt.Errorf("fetching: %w", err)
	}
	for attempt := 1; ; attempt++ {
		resp, err := c.follow(ctx, u, r)
		if err == nil {
			return resp, nil
		}
		if attempt >= c.cfg.Attempts || ctx.Err() != nil || !worthRetrying(err) {
			return nil, fmt.Errorf("fetching %s: %w", Show(u), err)
		}
		if err := c.cfg.Sleep(ctx, c.pause(attempt, err)); err != nil {
			return nil, fmt.Errorf("fetching %s: %w", Show(u), err)
		}
	}
}

// ReadAll is Get with the whole body in memory.
func (c *Client) ReadAll(ctx context.Context, r Request) (*Response, []byte, error) {
	resp, err := c.Get(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("fetching %s: %w", Show(resp.URL), err)
	}
	return resp, b, nil
}

// Plain is a Client whose Get speaks in plain types, for packages that declare
// their own port instead of importing this one.
type Plain struct{ Client *Client }

// Get is Client.Get without compression. All statuses are answers here; other
// than 2xx and 304 they come without a body. The caller closes the body.
func (p Plain) Get(ctx context.Context, rawURL string, header http.Header, maxBytes int64) (int, http.Header, io.ReadCloser, error) {
	resp, err := p.Client.Get(ctx, Request{URL: rawURL, Header: header, MaxBytes: maxBytes})
	var status *ErrStatus
	if errors.As(err, &status) {
		return status.Code, status.Header, http.NoBody, nil
	}
	if err != nil {
		return 0, nil, nil, err
	}
	return resp.Status, resp.Header, resp.Body, nil
}

// Passing says whether an error of fetching may be another one the next time, as
// opposed to one that comes of what was asked for.
func Passing(err error) bool { return worthRetrying(err) }

// worthRetrying tells passing faults from decisions. A blocked address, a bad
// certificate or a refused redirect is the same the next time. Callers look at
// their context themselves: a dial's time-out also is a context.DeadlineExceeded.
func worthRetrying(err error) bool {
	var status *ErrStatus
	if errors.As(err, &status) {
		switch status.Code {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	for _, final := range []error{ErrBlockedAddress, ErrTooLarge, ErrRedirect, ErrEncoding, ErrDigestMismatch, errCredential} {
		if errors.Is(err, final) {
			return false
		}
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return false
	}
	var dns *net.DNSError
	return !errors.As(err, &dns) || !dns.IsNotFound
}

// pause is how long to wait before the next attempt: what the peer asks for,
// within reason, else between half and all of a delay that doubles.
func (c *Client) pause(attempt int, err error) time.Duration {
	var status *ErrStatus
	if errors.As(err, &status) {
		if d, ok := retryAfter(status.Header.Get("Retry-After"), c.cfg.Now()); ok {
			return min(d, maxRetryAfter)
		}
	}
	d := baseBackoff << min(attempt-1, 6)
	return d/2 + time.Duration(c.cfg.Jitter()*float64(d/2))
}

func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if s, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(s) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// errCredential marks a credential that could not be resolved.
var errCredential = errors.New("resolving credential")

// follow makes one attempt: the request and its redirects.
func (c *Client) follow(ctx context.Context, u *url.URL, r Request) (*Response, error) {
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if c.cfg.Credential != nil {
		cred, err := c.cfg.Credential(ctx, Origin(u))
		if err != nil {
			return nil, fmt.Errorf("%w for %s: %w", errCredential, Origin(u), err)
		}
		if a := cred.authorization(); a != "" {
			header.Set("Authorization", a)
		}
	}
	for range maxRedirects + 1 {
		resp, stop, err := c.send(ctx, u, header, r.Compressed)
		if err != nil {
			return nil, err
		}
		if !redirects(resp) {
			return c.answer(resp, stop, u, r)
		}
		discard(resp.Body, stop)
		next, err := target(u, resp.Header.Get("Location"))
		if err != nil {
			return nil, err
		}
		u = next
		// A credential does not cross a redirect, not even within its origin: who
		// can choose a path there could otherwise choose what we ask for as ourselves.
		for _, secret := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
			header.Del(secret)
		}
	}
	return nil, fmt.Errorf("%w: more than %d in a row", ErrRedirect, maxRedirects)
}

func redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// target resolves a redirect. https never steps down to http.
func target(from *url.URL, location string) (*url.URL, error) {
	ref, err := url.Parse(location)
	if err != nil || location == "" {
		return nil, fmt.Errorf("%w: %s names no usable URL", ErrRedirect, Show(from))
	}
	to, err := parseURL(from.ResolveReference(ref).String())
	if err != nil {
		return nil, fmt.Errorf("%w: from %s: %w", ErrRedirect, Show(from), err)
	}
	if from.Scheme == "https" && to.Scheme != "https" {
		return nil, fmt.Errorf("%w: from %s down to http", ErrRedirect, Show(from))
	}
	return to, nil
}

// send makes one exchange. stop ends it, with the reason that reading its body
// shall show; whoever gets a response calls stop once, with nil when all is well.
func (c *Client) send(ctx context.Context, u *url.URL, header http.Header, compressed bool) (*http.Response, context.CancelCauseFunc, error) {
	ctx, stop := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		stop(nil)
		return nil, nil, fmt.Errorf("making request for %s", Show(u))
	}
	req.Header = header.Clone()
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	req.Header.Set("Accept-Encoding", "identity")
	if compressed {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	transport, err := c.route(req)
	if err != nil {
		stop(nil)
		return nil, nil, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		cause := context.Cause(ctx)
		stop(nil)
		if cause != nil {
			return nil, nil, cause
		}
		return nil, nil, err
	}
	resp.Body = newPacedBody(ctx, stop, resp.Body, c.cfg)
	return resp, stop, nil
}

// route chooses the way out: through the proxy only for allow-listed hosts,
// because behind it nobody checks the address.
func (c *Client) route(req *http.Request) (*http.Transport, error) {
	if c.cfg.Proxy == nil {
		return c.direct, nil
	}
	proxy, err := c.cfg.Proxy(req)
	if err != nil {
		return nil, errors.New("choosing a proxy: the proxy setting of the environment is not a URL")
	}
	if proxy == nil {
		return c.direct, nil
	}
	if !c.through.trusts(hostPort(req.URL)) {
		return nil, fmt.Errorf("%w: %s is not an upstream or an allowed file host, and a proxy is set: allow it in the configuration", ErrBlockedAddress, hostPort(req.URL))
	}
	return c.proxied, nil
}

// answer turns a final http.Response into ours.
func (c *Client) answer(resp *http.Response, stop context.CancelCauseFunc, u *url.URL, r Request) (*Response, error) {
	if resp.StatusCode != http.StatusNotModified && (resp.StatusCode < 200 || resp.StatusCode > 299) {
		discard(resp.Body, stop)
		return nil, &ErrStatus{Code: resp.StatusCode, Header: resp.Header, URL: Show(u)}
	}
	limit := r.MaxBytes
	if limit <= 0 {
		limit = DefaultMaxBytes
	}
	if resp.ContentLength > limit {
		stop(nil)
		resp.Body.Close()
		return nil, fmt.Errorf("%w: %s announces %d bytes, limit %d", ErrTooLarge, Show(u), resp.ContentLength, limit)
	}
	body, size, err := decode(resp, limit, r.Compressed)
	if err != nil {
		stop(nil)
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %w", Show(u), err)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, URL: u, Size: size,
		Body: &closing{Reader: body, body: resp.Body, stop: stop}}, nil
}

// discard reads a little of an answer that nobody wants, so that its connection
// can be used again.
func discard(body io.ReadCloser, stop context.CancelCauseFunc) {
	io.CopyN(io.Discard, body, 4<<10)
	body.Close()
	stop(nil)
}

// closing ties a decoded body to the exchange it came from.
type closing struct {
	io.Reader
	body io.Closer
	stop context.CancelCauseFunc
}

func (c *closing) Close() error {
	err := c.body.Close()
	c.stop(nil)
	return err
}

// encodings reads a Content-Encoding header into its list.
func encodings(h http.Header) []string {
	var out []string
	for _, line := range h.Values("Content-Encoding") {
		for _, e := range strings.Split(line, ",") {
			if e = strings.ToLower(strings.TrimSpace(e)); e != "" && e != "identity" {
				out = append(out, e)
			}
		}
	}
	return out
}
