// Package toolproxy is the only way out of the machine in which package sandbox
// runs a program of somebody else: CONNECT (RFC 9110, section 9.3.6) or plain HTTP
// to places that are named, and to nowhere else. Names are resolved here, not
// inside. It does not look into what is said to those places.
//
// It stands apart from package sandbox because every worker links that, and no
// worker has a use for HTTP.
package toolproxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"time"
)

// proxy is an http.Handler with a way to end what it hijacked.
type proxy struct {
	allowed   map[string]bool // host:port, lower case
	slots     chan struct{}
	dial      net.Dialer
	transport *http.Transport
	server    *http.Server

	mu      sync.Mutex
	tunnels map[net.Conn]bool
	closed  bool
}

const (
	mostTunnels   = 64               // connections at once
	mostTunnel    = 1 << 30          // bytes each way in one of them
	proxyPatience = 30 * time.Second // to connect, and for the head of a request or an answer
)

// Serve answers on a listening socket, until the returned function is called, which
// ends every connection. The file stays the caller's. It has the type that
// sandbox.Tool wants for Proxy.
func Serve(listening *os.File, places []string) (end func(), err error) {
	l, err := net.FileListener(listening)
	if err != nil {
		return nil, fmt.Errorf("serving the proxy: %w", err)
	}
	p := newProxy(places)
	go p.serve(l)
	return func() { l.Close(); p.close() }, nil
}

func newProxy(places []string) *proxy {
	p := &proxy{
		allowed: map[string]bool{}, slots: make(chan struct{}, mostTunnels),
		dial: net.Dialer{Timeout: proxyPatience}, tunnels: map[net.Conn]bool{},
	}
	for _, place := range places {
		p.allowed[strings.ToLower(place)] = true
	}
	p.transport = &http.Transport{DialContext: p.dial.DialContext, ResponseHeaderTimeout: proxyPatience, MaxResponseHeaderBytes: 64 << 10}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: proxyPatience, MaxHeaderBytes: 64 << 10}
	return p
}

func (p *proxy) serve(l net.Listener) { _ = p.server.Serve(l) } // ends with close

func (p *proxy) close() {
	_ = p.server.Close()
	p.transport.CloseIdleConnections()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.tunnels {
		c.Close()
	}
}

func (p *proxy) admits(place, defaultPort string) bool {
	if _, _, err := net.SplitHostPort(place); err != nil {
		place = net.JoinHostPort(place, defaultPort)
	}
	return p.allowed[strings.ToLower(place)]
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		http.Error(w, "too many connections at once", http.StatusServiceUnavailable)
		return
	}
	switch {
	case r.Method == http.MethodConnect && p.admits(r.Host, ""):
		p.tunnel(w, r)
	case r.Method != http.MethodConnect && r.URL.Scheme == "http" && p.admits(r.URL.Host, "80"):
		p.forward(w, r)
	default:
		http.Error(w, "this place is not in the scanner's network list", http.StatusForbidden)
	}
}

func (p *proxy) forward(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostTunnel)
	(&httputil.ReverseProxy{
		Rewrite:      func(pr *httputil.ProxyRequest) { pr.Out.Host = pr.In.URL.Host },
		Transport:    p.transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}).ServeHTTP(w, r)
}

func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	out, err := p.dial.DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, "the place does not answer", http.StatusBadGateway)
		return
	}
	defer out.Close()
	in, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	if !p.keep(in, out) {
		return
	}
	defer p.drop(in, out)
	if _, err := io.WriteString(in, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.Copy(out, io.LimitReader(rest, mostTunnel)) // an end of either side ends both
		if half, ok := out.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	_, _ = io.Copy(in, io.LimitReader(out, mostTunnel))
	in.Close()
	<-sent
}

// keep notes the connections of a tunnel, so that close ends them.
func (p *proxy) keep(cs ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range cs {
		p.tunnels[c] = true
	}
	return !p.closed
}

func (p *proxy) drop(cs ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range cs {
		delete(p.tunnels, c)
	}
}
