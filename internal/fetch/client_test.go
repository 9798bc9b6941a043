package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/dns/dnsmessage"
)

// testConfig allows the given servers and never really sleeps.
func testConfig(servers ...*httptest.Server) Config {
	cfg := Config{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	for _, s := range servers {
		cfg.Upstreams = append(cfg.Upstreams, strings.TrimPrefix(strings.TrimPrefix(s.URL, "http://"), "https://"))
		if s.TLS != nil {
			if cfg.RootCAs == nil {
				cfg.RootCAs = x509.NewCertPool()
			}
			cfg.RootCAs.AddCert(s.Certificate())
		}
	}
	return cfg
}

func mustNew(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// nameServer answers every question with the next of its answers, the last one
// again and again.
func nameServer(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var mu sync.Mutex
	lookups := map[dnsmessage.Type]int{}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) != 1 {
				continue
			}
			mu.Lock()
			i := min(lookups[q.Questions[0].Type], len(answers)-1)
			lookups[q.Questions[0].Type]++
			mu.Unlock()
			conn.WriteTo(reply(q, netip.MustParseAddr(answers[i])), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func reply(q dnsmessage.Message, a netip.Addr) []byte {
	q.Response, q.Authoritative, q.RecursionAvailable = true, true, true
	q.Additionals = nil
	h := dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 0}
	switch {
	case q.Questions[0].Type == dnsmessage.TypeA && a.Is4():
		q.Answers = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AResource{A: a.As4()}}}
	case q.Questions[0].Type == dnsmessage.TypeAAAA && !a.Is4():
		q.Answers = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
	}
	b, err := q.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

func TestRebindingIsCheckedOnEveryDial(t *testing.T) {
	resolver := nameServer(t, "8.8.8.8", "127.0.0.1")
	first, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.invalid")
	if err != nil || first[0] != netip.MustParseAddr("8.8.8.8") {
		t.Fatalf("first look-up = %v, %v; the stub is broken", first, err)
	}
	c := mustNew(t, Config{Resolver: resolver})
	_, err = c.Get(t.Context(), Request{URL: "http://rebind.invalid/"})
	if !errors.Is(err, ErrBlockedAddress) || !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("after the name moved to loopback: %v, want ErrBlockedAddress for the IP", err)
	}
}

func TestAddressesThatAreNotPublic(t *testing.T) {
	for _, tc := range []struct{ addr, why string }{
		{"127.0.0.1", "loopback"},
		{"10.1.2.3", "private"},
		{"172.16.0.1", "private"},
		{"192.168.1.1", "private"},
		{"100.64.0.1", "carrier-grade NAT"},
		{"169.254.169.254", "metadata service"},
		{"0.0.0.0", "this host"},
		{"::1", "loopback"},
		{"::", "this host"},
		{"::ffff:127.0.0.1", "IPv4-mapped loopback"},
		{"::ffff:169.254.169.254", "IPv4-mapped metadata service"},
		{"64:ff9b::7f00:1", "NAT64 of loopback"},
		{"64:ff9b::a9fe:a9fe", "NAT64 of the metadata service"},
		{"64:ff9b:1::a9fe:a9fe", "local-use NAT64"},
		{"2002:7f00:1::", "6to4 of loopback"},
		{"fe80::1", "link-local"},
		{"fd00:ec2::254", "metadata service"},
		{"fc00::1", "unique local"},
	} {
		t.Run(tc.addr, func(t *testing.T) {
			byName := mustNew(t, Config{Resolver: nameServer(t, tc.addr)})
			literal := "http://" + net.JoinHostPort(tc.addr, "80") + "/"
			for _, u := range []string{"http://somewhere.invalid/", literal} {
				if _, err := byName.Get(t.Context(), Request{URL: u}); !errors.Is(err, ErrBlockedAddress) {
					t.Errorf("Get(%s) = %v, want ErrBlockedAddress (%s)", u, err, tc.why)
				}
			}
		})
	}
}

func TestMetadataServiceIsNoUpstream(t *testing.T) {
	for _, addr := range []string{"169.254.169.254", "fd00:ec2::254", "fe80::1", "100.100.100.200", "64:ff9b::a9fe:a9fe"} {
		c := mustNew(t, Config{Upstreams: []string{"index.invalid:8080"}, Resolver: nameServer(t, addr)})
		if _, err := c.Get(t.Context(), Request{URL: "http://index.invalid:8080/"}); !errors.Is(err, ErrBlockedAddress) {
			t.Errorf("upstream name that resolves to %s: %v, want ErrBlockedAddress", addr, err)
		}
	}
}

func TestPrivateAddressesPerUpstreamHostAndPortOnly(t *testing.T) {
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }
	up, other := serve(t, ok), serve(t, ok)
	c := mustNew(t, testConfig(up))
	if _, b, err := c.ReadAll(t.Context(), Request{URL: up.URL}); err != nil || string(b) != "ok" {
		t.Errorf("configured upstream on loopback: %q, %v", b, err)
	}
	if _, err := c.Get(t.Context(), Request{URL: other.URL}); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("another port of the same host: %v, want ErrBlockedAddress", err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(up.URL, "http://"))
	named := mustNew(t, Config{Upstreams: []string{"INDEX.invalid:" + port}, Resolver: nameServer(t, "127.0.0.1")})
	if _, b, err := named.ReadAll(t.Context(), Request{URL: "http://Index.invalid:" + port}); err != nil || string(b) != "ok" {
		t.Errorf("upstream by name, case aside: %q, %v", b, err)
	}
	if _, err := named.Get(t.Context(), Request{URL: "http://twin.invalid:" + port}); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("another name for the same address: %v, want ErrBlockedAddress", err)
	}
}

func TestHostsAtAMirrorsAddress(t *testing.T) {
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }
	mirror, other := serve(t, ok), serve(t, ok)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(mirror.URL, "http://"))
	_, elsewhere, _ := net.SplitHostPort(strings.TrimPrefix(other.URL, "http://"))
	cfg := Config{Upstreams: []string{"index.invalid:" + port}, Mirrors: []string{"index.invalid:" + port}, Resolver: nameServer(t, "127.0.0.1")}
	c := mustNew(t, cfg)
	if _, b, err := c.ReadAll(t.Context(), Request{URL: "http://files.invalid:" + port}); err != nil || string(b) != "ok" {
		t.Errorf("a file host at the mirror's own address: %q, %v", b, err)
	}
	if _, err := c.Get(t.Context(), Request{URL: "http://files.invalid:" + elsewhere}); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("another port of the mirror's machine: %v, want ErrBlockedAddress", err)
	}
	cfg.Mirrors = []string{"gone.test.invalid:" + port}
	cfg.Resolver = nameServer(t, "169.254.169.254")
	if _, err := mustNew(t, cfg).Get(t.Context(), Request{URL: "http://files.invalid:" + port}); !errors.Is(err, ErrBlockedAddress) {
		t.Errorf("a mirror whose name points at a metadata service: %v, want ErrBlockedAddress", err)
	}
}

func TestURLsThatAreNotFetched(t *testing.T) {
	c := mustNew(t, Config{})
	for _, tc := range []struct{ url, why string }{
		{"file:///etc/passwd", "not http"},
		{"ftp://host.invalid/", "not http"},
		{"http:opaque", "no host"},
		{"//host.invalid/", "no scheme"},
		{"http://user:canary@host.invalid/", "a password in a URL"},
		{"http://host.invalid/" + strings.Repeat("canary", 2000), "endless"},
		{"http://ho st.invalid/?canary", "not a URL"},
	} {
		_, err := c.Get(t.Context(), Request{URL: tc.url})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("Get(%.60s) = %v; want an error that does not repeat it (%s)", tc.url, err, tc.why)
		}
	}
}

func TestRedirectToMetadataAddress(t *testing.T) {
	for _, to := range []string{"http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/", "//169.254.169.254/x"} {
		up := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		if _, err := mustNew(t, testConfig(up)).Get(t.Context(), Request{URL: up.URL}); !errors.Is(err, ErrBlockedAddress) {
			t.Errorf("redirect to %s: %v, want ErrBlockedAddress", to, err)
		}
	}
}

func TestHTTPSNeverStepsDown(t *testing.T) {
	var reached atomic.Bool
	plain := serve(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL, http.StatusFound)
	}))
	t.Cleanup(secure.Close)
	_, err := mustNew(t, testConfig(secure, plain)).Get(t.Context(), Request{URL: secure.URL})
	if !errors.Is(err, ErrRedirect) || reached.Load() {
		t.Errorf("redirect from https to http: %v, reached %t; want ErrRedirect", err, reached.Load())
	}
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	var dials atomic.Int32
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	t.Cleanup(secure.Close)
	cfg := testConfig(secure)
	cfg.RootCAs = x509.NewCertPool()
	if _, err := mustNew(t, cfg).Get(t.Context(), Request{URL: secure.URL}); err == nil {
		t.Error("an unknown certificate was accepted")
	}
	if dials.Load() != 1 {
		t.Errorf("%d dials, want 1", dials.Load())
	}
}

func TestRedirectChains(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if n == 0 {
			fmt.Fprint(w, "arrived")
			return
		}
		http.Redirect(w, r, "/?n="+strconv.Itoa(n-1), http.StatusMovedPermanently)
	})
	c := mustNew(t, testConfig(up))
	if resp, b, err := c.ReadAll(t.Context(), Request{URL: up.URL + "/?n=5"}); err != nil || string(b) != "arrived" || resp.URL.RawQuery != "n=0" {
		t.Errorf("five redirects: %q, %v", b, err)
	}
	if _, err := c.Get(t.Context(), Request{URL: up.URL + "/?n=6"}); !errors.Is(err, ErrRedirect) {
		t.Errorf("six redirects: %v, want ErrRedirect", err)
	}
	for _, location := range []string{"", "http://[broken", "javascript:0", "http://u:canary@host.invalid/", "mailto:a@b.invalid"} {
		up := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
		_, err := mustNew(t, testConfig(up)).Get(t.Context(), Request{URL: up.URL})
		if !errors.Is(err, ErrRedirect) || strings.Contains(err.Error(), "canary") {
			t.Errorf("Location %q: %v, want ErrRedirect without secrets", location, err)
		}
	}
}

func TestCredentialsNeverCrossARedirect(t *testing.T) {
	var mu sync.Mutex
	seen := map[string][]string{}
	record := func(who string, next func() string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[who+r.URL.Path] = append(seen[who+r.URL.Path], r.Header.Get("Authorization")+r.Header.Get("Cookie"))
			mu.Unlock()
			if r.URL.Path == "/start" {
				http.Redirect(w, r, next(), http.StatusTemporaryRedirect)
			}
		}
	}
	var a, b *httptest.Server
	a = serve(t, record("a", func() string { return b.URL + "/end" }))
	b = serve(t, record("b", func() string { return a.URL + "/end" }))
	own := serve(t, record("own", func() string { return "/end" }))
	cfg := testConfig(a, b, own)
	cfg.Credential = func(_ context.Context, origin string) (Credential, error) {
		if origin == a.URL {
			return Credential{User: "u", Secret: "p"}, nil
		}
		if origin == own.URL {
			return Credential{Secret: "t"}, nil
		}
		return Credential{}, nil
	}
	c := mustNew(t, cfg)
	for _, s := range []*httptest.Server{a, b, own} {
		resp, err := c.Get(t.Context(), Request{URL: s.URL + "/start", Header: http.Header{"Cookie": {"c=1"}}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for where, want := range map[string]string{
		"a/start": "Basic dTpwc=1", "b/end": "", // a's credential does not reach b
		"b/start": "c=1", "a/end": "", // b cannot make us act as ourselves at a
		"own/start": "Bearer tc=1", "own/end": "", // nor a path of the origin itself
	} {
		if got := seen[where]; len(got) != 1 || got[0] != want {
			t.Errorf("%s saw %q, want [%q]", where, got, want)
		}
	}
}

func TestCredentialIsBoundToItsOrigin(t *testing.T) {
	for _, tc := range []struct{ url, want string }{
		{"HTTPS://Index.Invalid/simple/", "https://index.invalid:443"},
		{"http://index.invalid", "http://index.invalid:80"},
		{"https://index.invalid:8443/x", "https://index.invalid:8443"},
		{"http://[::1]:80/", "http://[::1]:80"},
	} {
		u, err := url.Parse(tc.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := Origin(u); got != tc.want {
			t.Errorf("Origin(%s) = %s, want %s", tc.url, got, tc.want)
		}
	}
}

func TestCredentialThatCannotBeResolvedEndsTheRequest(t *testing.T) {
	up := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked without its credential") })
	cfg := testConfig(up)
	cfg.Credential = func(context.Context, string) (Credential, error) { return Credential{}, errors.New("no such variable") }
	if _, err := mustNew(t, cfg).Get(t.Context(), Request{URL: up.URL}); !errors.Is(err, errCredential) {
		t.Errorf("Get = %v, want errCredential", err)
	}
}

func TestErrorsHoldNoSecrets(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	dead := serve(t, nil)
	cfg := testConfig(up, dead)
	dead.Close()
	cfg.Credential = func(context.Context, string) (Credential, error) {
		return Credential{User: "me", Secret: "canary"}, nil
	}
	c := mustNew(t, cfg)
	for _, base := range []string{up.URL, dead.URL} {
		_, err := c.Get(t.Context(), Request{URL: base + "/x?sig=canary"})
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "canary") {
			t.Errorf("Get = %v; want an error without the canary", err)
		}
	}
	if got := fmt.Sprintf("%v %+v %#v", Credential{Secret: "canary"}, Credential{Secret: "canary"}, Credential{Secret: "canary"}); strings.Contains(got, "canary") {
		t.Errorf("a credential prints its secret: %s", got)
	}
}

// raw answers with exactly these bytes and closes the connection.
func raw(t *testing.T, answer string) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, answer)
		conn.Close()
	})
}

func TestBodies(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tc := range []struct {
		name, answer string
		limit        int64
		body         string
		want         error
		why          string
	}{
		{"exact", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5, "hello", nil, "the limit itself is allowed"},
		{"length too long", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 100, "hello", ErrTruncated, "a lying Content-Length"},
		{"length too short", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello", 100, "hel", nil, "HTTP/1.1 ends the answer there; digest and size find it"},
		{"announced too large", "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\nhello", 100, "", ErrTooLarge, "refused before reading"},
		{"chunks", chunked + "5\r\nhello\r\n0\r\n\r\n", 5, "hello", nil, "no length announced"},
		{"chunks without end", chunked + "5\r\nhello\r\n", 100, "hello", ErrTruncated, "the last chunk is missing"},
		{"too many chunks", chunked + "5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", 9, "hello", ErrTooLarge, "found while reading"},
		{"until close", "HTTP/1.0 200 OK\r\n\r\nhello", 4, "", ErrTooLarge, "neither length nor chunks"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := raw(t, tc.answer)
			_, b, err := readPart(t, mustNew(t, testConfig(up)), Request{URL: up.URL, MaxBytes: tc.limit})
			if !errors.Is(err, tc.want) || (tc.want == nil && err != nil) {
				t.Errorf("error %v, want %v (%s)", err, tc.want, tc.why)
			}
			if tc.want == nil && b != tc.body || len(b) > int(tc.limit) {
				t.Errorf("body %q, want %q (%s)", b, tc.body, tc.why)
			}
		})
	}
}

// readPart gives what came of a body before its error.
func readPart(t *testing.T, c *Client, r Request) (*Response, string, error) {
	t.Helper()
	resp, err := c.Get(t.Context(), r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestContentEncodingIsUndoneOnceAndCapped(t *testing.T) {
	page := bytes.Repeat([]byte("page "), 1000)
	bomb := zipped(make([]byte, 4<<20))
	for _, tc := range []struct {
		name       string
		encoding   []string
		body       []byte
		compressed bool
		limit      int64
		got        []byte
		want       error
		why        string
	}{
		{"plain", nil, page, true, 1 << 20, page, nil, "a peer may ignore Accept-Encoding"},
		{"gzip", []string{"gzip"}, zipped(page), true, 1 << 20, page, nil, "as asked for"},
		{"x-gzip", []string{"X-GZip"}, zipped(page), true, 1 << 20, page, nil, "its old name"},
		{"bomb", []string{"gzip"}, bomb, true, 1 << 20, nil, ErrTooLarge, "4 MiB of zeros in 4 kB"},
		{"twice", []string{"gzip, gzip"}, zipped(zipped(page)), true, 1 << 20, nil, ErrEncoding, "one layer is all we asked for"},
		{"twice in two lines", []string{"gzip", "gzip"}, zipped(zipped(page)), true, 1 << 20, nil, ErrEncoding, "the same, disguised"},
		{"other", []string{"br"}, page, true, 1 << 20, nil, ErrEncoding, "not asked for"},
		{"not gzip", []string{"gzip"}, page, true, 1 << 20, nil, ErrEncoding, "the header lies"},
		{"cut", []string{"gzip"}, zipped(page)[:30], true, 1 << 20, nil, ErrTruncated, "half a stream"},
		{"empty", []string{"gzip"}, nil, true, 1 << 20, nil, ErrTruncated, "not even a header"},
		{"file", []string{"gzip"}, zipped(page), false, 1 << 20, zipped(page), nil, "a package's bytes are its bytes: servers mark .tar.gz so"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if want := map[bool]string{true: "gzip", false: "identity"}[tc.compressed]; r.Header.Get("Accept-Encoding") != want {
					t.Errorf("Accept-Encoding %q, want %q", r.Header.Get("Accept-Encoding"), want)
				}
				w.Header()["Content-Encoding"] = tc.encoding
				w.Header().Set("Content-Type", "text/plain")
				w.Write(tc.body)
			})
			_, b, err := readPart(t, mustNew(t, testConfig(up)), Request{URL: up.URL, MaxBytes: tc.limit, Compressed: tc.compressed})
			if !errors.Is(err, tc.want) || (tc.want == nil && (err != nil || b != string(tc.got))) {
				t.Errorf("got %d bytes, %v; want %d, %v (%s)", len(b), err, len(tc.got), tc.want, tc.why)
			}
			if int64(len(b)) > tc.limit {
				t.Errorf("%d bytes passed the limit of %d", len(b), tc.limit)
			}
		})
	}
}

func TestSlowLoris(t *testing.T) {
	t.Run("standing still", func(t *testing.T) {
		up := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "a little")
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		cfg := testConfig(up)
		cfg.IdleTimeout = 30 * time.Millisecond
		if _, b, err := readPart(t, mustNew(t, cfg), Request{URL: up.URL}); !errors.Is(err, ErrTooSlow) || b != "a little" {
			t.Errorf("body %q, %v; want ErrTooSlow", b, err)
		}
	})
	t.Run("dripping", func(t *testing.T) {
		var now atomic.Int64 // seconds; every look at the clock is a second later
		up := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, "."); err != nil {
					return
				}
				http.NewResponseController(w).Flush()
			}
		})
		cfg := testConfig(up)
		cfg.Now = func() time.Time { return time.Unix(now.Add(1), 0) }
		cfg.MinRate = 1 << 30
		if _, _, err := readPart(t, mustNew(t, cfg), Request{URL: up.URL}); !errors.Is(err, ErrTooSlow) {
			t.Errorf("%v, want ErrTooSlow", err)
		}
	})
	t.Run("no headers", func(t *testing.T) {
		up := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		cfg := testConfig(up)
		cfg.HeaderTimeout = 30 * time.Millisecond
		if _, err := mustNew(t, cfg).Get(t.Context(), Request{URL: up.URL}); err == nil {
			t.Error("a peer without headers was waited for")
		}
	})
}

func TestSlowReaderIsNotTheFaultOfThePeer(t *testing.T) {
	now := time.Unix(0, 0)
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	body := newPacedBody(ctx, stop, io.NopCloser(strings.NewReader("abcdef")), Config{
		Now: func() time.Time { return now }, IdleTimeout: time.Minute, MinRate: 1 << 20})
	for range 6 {
		now = now.Add(time.Hour) // spent outside Read
		if n, err := body.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
	}
}

func TestRetries(t *testing.T) {
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		answers []int // the last one again and again; 0 breaks the connection
		after   string
		tries   int
		pauses  []time.Duration
		code    int // of the final error; 0: none
		why     string
	}{
		{"once", []int{200}, "", 1, nil, 0, "nothing to repeat"},
		{"comes back", []int{503, 200}, "", 2, []time.Duration{187500 * time.Microsecond}, 0, "half of 250 ms and jitter 0.5 of the other half"},
		{"grows", []int{502, 504, 200}, "", 3, []time.Duration{187500 * time.Microsecond, 375 * time.Millisecond}, 0, "doubled"},
		{"gives up", []int{503}, "", 3, []time.Duration{187500 * time.Microsecond, 375 * time.Millisecond}, 503, "three attempts in all"},
		{"seconds", []int{429, 200}, "7", 2, []time.Duration{7 * time.Second}, 0, "Retry-After is honoured"},
		{"date", []int{429, 200}, date.Add(9 * time.Second).Format(http.TimeFormat), 2, []time.Duration{9 * time.Second}, 0, "its other form"},
		{"past date", []int{429, 200}, date.Add(-time.Hour).Format(http.TimeFormat), 2, []time.Duration{0}, 0, "not negative"},
		{"too long", []int{503, 200}, "86400", 2, []time.Duration{30 * time.Second}, 0, "a peer cannot park us for a day"},
		{"nonsense", []int{503, 200}, "soon", 2, []time.Duration{187500 * time.Microsecond}, 0, "as if it were not there"},
		{"not found", []int{404}, "", 1, nil, 404, "an answer, not a fault"},
		{"unauthorised", []int{401}, "", 1, nil, 401, "asking again does not help"},
		{"broken", []int{500}, "", 1, nil, 500, "its own fault, likely the same again"},
		{"connection", []int{0, 200}, "", 2, []time.Duration{187500 * time.Microsecond}, 0, "a connection that breaks before the headers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tries atomic.Int32
			up := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				code := tc.answers[min(int(tries.Add(1)), len(tc.answers))-1]
				if code == 0 {
					panic(http.ErrAbortHandler)
				}
				if tc.after != "" {
					w.Header().Set("Retry-After", tc.after)
				}
				w.WriteHeader(code)
			})
			var pauses []time.Duration
			cfg := testConfig(up)
			cfg.Now = func() time.Time { return date }
			cfg.Jitter = func() float64 { return 0.5 }
			cfg.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
			resp, err := mustNew(t, cfg).Get(t.Context(), Request{URL: up.URL})
			if err == nil {
				resp.Body.Close()
			}
			if tc.code == 0 && err != nil || tc.code != 0 && !IsStatus(err, tc.code) {
				t.Errorf("error %v, want code %d (%s)", err, tc.code, tc.why)
			}
			if int(tries.Load()) != tc.tries || fmt.Sprint(pauses) != fmt.Sprint(tc.pauses) {
				t.Errorf("%d tries with pauses %v, want %d with %v (%s)", tries.Load(), pauses, tc.tries, tc.pauses, tc.why)
			}
		})
	}
}

func TestCancelledWhilePausing(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	ctx, cancel := context.WithCancel(t.Context())
	cfg := testConfig(up)
	cfg.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return sleep(ctx, time.Hour) }
	if _, err := mustNew(t, cfg).Get(ctx, Request{URL: up.URL}); !errors.Is(err, context.Canceled) {
		t.Errorf("Get = %v, want context.Canceled", err)
	}
}

func TestProxyReachesAllowedHostsOnly(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.String())
		mu.Unlock()
		io.WriteString(w, "through")
	})
	at, _ := url.Parse(proxy.URL)
	c := mustNew(t, Config{
		Upstreams: []string{"index.invalid:80"}, FileHosts: []string{"files.invalid:80"},
		Proxy: func(*http.Request) (*url.URL, error) { return at, nil },
	})
	for _, u := range []string{"http://index.invalid/a", "http://files.invalid/b"} {
		if _, b, err := c.ReadAll(t.Context(), Request{URL: u}); err != nil || string(b) != "through" {
			t.Errorf("Get(%s) = %q, %v", u, b, err)
		}
	}
	for _, u := range []string{"http://evil.invalid/c", "http://169.254.169.254/d", "http://index.invalid:8080/e", proxy.URL} {
		if _, err := c.Get(t.Context(), Request{URL: u}); !errors.Is(err, ErrBlockedAddress) {
			t.Errorf("Get(%s) = %v, want ErrBlockedAddress", u, err)
		}
	}
	if len(asked) != 2 {
		t.Errorf("the proxy was asked for %v", asked)
	}
}

func TestPlain(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e"`)
		switch {
		case r.URL.Path == "/gone":
			w.WriteHeader(404)
		case r.Header.Get("If-None-Match") == `"e"`:
			w.WriteHeader(304)
		default:
			io.WriteString(w, "data")
		}
	})
	c := mustNew(t, testConfig(up))
	for _, tc := range []struct {
		path, match string
		code        int
		body        string
	}{{"/", "", 200, "data"}, {"/", `"e"`, 304, ""}, {"/gone", "", 404, ""}} {
		code, header, body, err := Plain{c}.Get(t.Context(), up.URL+tc.path, http.Header{"If-None-Match": {tc.match}}, 100)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(body)
		body.Close()
		if code != tc.code || string(b) != tc.body || header.Get("ETag") != `"e"` || err != nil {
			t.Errorf("%s %s: %d %q %v %v", tc.path, tc.match, code, b, header, err)
		}
	}
}

func TestUpstreamAddressesAreCheckedAtStart(t *testing.T) {
	for _, bad := range []string{"index.invalid", "http://index.invalid:80", "index.invalid:"} {
		if _, err := New(Config{Upstreams: []string{bad}}); err == nil {
			t.Errorf("New with upstream %q: want an error", bad)
		}
	}
	if got, err := HostPort("https://Index.invalid/simple"); err != nil || got != "index.invalid:443" {
		t.Errorf("HostPort = %s, %v", got, err)
	}
}

func FuzzRedirectTarget(f *testing.F) {
	for _, s := range []string{"/x", "//h.invalid", "http://h.invalid:80/", "https://u:p@h.invalid", "?q#f", "\x00", "javascript:0", "https:///", "//[::1%25eth0]/"} {
		f.Add(s)
	}
	from := &url.URL{Scheme: "https", Host: "index.invalid", Path: "/simple/"}
	f.Fuzz(func(t *testing.T, location string) {
		to, err := target(from, location)
		if err != nil {
			if !errors.Is(err, ErrRedirect) {
				t.Errorf("target(%q): %v", location, err)
			}
			return
		}
		if to.Scheme != "https" || to.User != nil || to.Hostname() == "" || to.Fragment != "" {
			t.Errorf("target(%q) = %s", location, to)
		}
	})
}
