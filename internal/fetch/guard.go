package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"code.dny.dev/ssrf"
)

// private are the networks where a configured upstream may live. Link-local ones
// are not among them: cloud metadata services answer there, and no index does.
var (
	private4 = []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"),
		// Set aside for examples and benchmarks (RFC 5737, RFC 2544): nothing public
		// lives there, and closed networks put mirrors there.
		netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"),
	}
	private6 = []netip.Prefix{
		netip.MustParsePrefix("::1/128"),
		netip.MustParsePrefix("fc00::/7"),
	}
	// metadata are metadata services inside the private ranges.
	metadata = []netip.Addr{
		netip.MustParseAddr("fd00:ec2::254"),
		netip.MustParseAddr("fd20:ce::254"),
		netip.MustParseAddr("100.100.100.200"),
	}
)

// A guard decides which addresses may be dialled. The decision is taken on the
// resolved address of every single dial, so a name that resolves differently
// the next time gains nothing.
type guard struct {
	mu        sync.RWMutex
	upstreams map[string]bool // "host:port", lower case
	mirrors   []string        // those of them whose address other hosts may share
	public    *ssrf.Guardian  // for everybody else: public addresses, ports 80 and 443
	private   *ssrf.Guardian  // for the upstreams
	dialer    net.Dialer
}

func newGuard(upstreams, mirrors []string, dialer net.Dialer) (*guard, error) {
	g := &guard{
		upstreams: map[string]bool{},
		public:    ssrf.New(),
		private: ssrf.New(ssrf.WithAnyPort(),
			ssrf.WithAllowedV4Prefixes(private4...), ssrf.WithAllowedV6Prefixes(private6...)),
		mirrors: mirrors,
		dialer:  dialer,
	}
	for _, hostPort := range upstreams {
		if err := g.trust(hostPort, false); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// trust adds an upstream.
func (g *guard) trust(hostPort string, mirror bool) error {
	if _, port, err := net.SplitHostPort(hostPort); err != nil || port == "" {
		return fmt.Errorf("upstream address %q: write it as host:port", hostPort)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upstreams[strings.ToLower(hostPort)] = true
	if mirror {
		g.mirrors = append(slices.Clone(g.mirrors), hostPort)
	}
	return nil
}

func (g *guard) trusts(hostPort string) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.upstreams[strings.ToLower(hostPort)]
}

func (g *guard) shared() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.mirrors
}

// dial connects to hostPort, which is still the name that was asked for.
func (g *guard) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	if g.trusts(hostPort) {
		return g.dialUnder(ctx, network, hostPort, g.private, nil)
	}
	conn, err := g.dialUnder(ctx, network, hostPort, g.public, nil)
	if !errors.Is(err, ErrBlockedAddress) || len(g.shared()) == 0 {
		return conn, err
	}
	shared, serr := g.dialUnder(ctx, network, hostPort, g.private, g.mirrorAddresses(ctx))
	if errors.Is(serr, ErrBlockedAddress) {
		return nil, err // the first refusal says more
	}
	return shared, serr
}

// dialUnder connects when the resolved address keeps the rules and, where only
// is not nil, is one of those.
func (g *guard) dialUnder(ctx context.Context, network, hostPort string, rules *ssrf.Guardian, only map[netip.AddrPort]bool) (net.Conn, error) {
	d := g.dialer
	d.Control = func(network, address string, c syscall.RawConn) error {
		if err := rules.Safe(network, address, c); err != nil {
			return blocked(hostPort, err)
		}
		at, err := netip.ParseAddrPort(address)
		switch {
		case err != nil || isMetadata(at.Addr()):
			return blocked(hostPort, fmt.Errorf("%s is a metadata service", address))
		case only != nil && !only[netip.AddrPortFrom(at.Addr().Unmap(), at.Port())]:
			return blocked(hostPort, fmt.Errorf("%s is no upstream's address", address))
		}
		return nil
	}
	return d.DialContext(ctx, network, hostPort)
}

// mirrorAddresses looks up where the mirrors are now. What cannot be found
// allows nothing.
func (g *guard) mirrorAddresses(ctx context.Context) map[netip.AddrPort]bool {
	out := map[netip.AddrPort]bool{}
	resolver := g.dialer.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	for _, hostPort := range g.shared() {
		host, portText, err := net.SplitHostPort(hostPort)
		port, perr := strconv.ParseUint(portText, 10, 16)
		if err != nil || perr != nil {
			continue
		}
		addrs, err := resolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			out[netip.AddrPortFrom(a.Unmap(), uint16(port))] = true
		}
	}
	return out
}

func blocked(hostPort string, why error) error {
	return fmt.Errorf("%w: %s: %w; name it as an upstream (host:port) if it is meant", ErrBlockedAddress, hostPort, why)
}

func isMetadata(a netip.Addr) bool {
	for _, m := range metadata {
		if a.Unmap() == m {
			return true
		}
	}
	return false
}

// Origin gives a URL's origin, "https://host:port", lower case and with the
// port always written. Credentials are bound to it.
func Origin(u *url.URL) string { return strings.ToLower(u.Scheme) + "://" + hostPort(u) }

// HostPort reads a configured URL into the form that Config.Upstreams takes.
func HostPort(rawURL string) (string, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return "", err
	}
	return hostPort(u), nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// parseURL accepts absolute http and https URLs without a user. Errors never
// repeat the text: it may hold a secret.
func parseURL(raw string) (*url.URL, error) {
	const longest = 8 << 10
	if len(raw) > longest {
		return nil, fmt.Errorf("URL of %d bytes is too long", len(raw))
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("text of %d bytes is not a URL", len(raw))
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("URL scheme %q is not http or https", u.Scheme)
	case u.User != nil:
		return nil, fmt.Errorf("URL for %s holds a user or password: configure them as a credential", u.Host)
	case u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("URL with scheme %q names no host", u.Scheme)
	}
	u.Host = strings.ToLower(u.Host)
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}
