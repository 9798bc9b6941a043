package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

// folder is a data folder with a configuration whose upstream is nobody. Its
// path is short: sockets have names of a hundred bytes.
func folder(t *testing.T) (data, conf string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conf = filepath.Join(dir, "gatehouse.yaml")
	const text = "upstreams: [{name: test, ecosystem: pypi, url: 'http://127.0.0.1:1/simple/'}]\nmatrix: {python: ['3.11.7'], platforms: [x86_64-manylinux_2_28]}\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "d"), conf
}

// lockedBuffer is written by a command while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// command runs one to its end.
func command(t *testing.T, data, conf string, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e lockedBuffer
	code = run(t.Context(), append([]string{"--data", data, "--config", conf}, args...), streams{in: strings.NewReader(""), out: &o, err: &e})
	return code, o.String(), e.String()
}

// TestServeWaitsForACommand: a gate that is started while a command has the data
// folder says so and begins when it has ended. A supervisor that starts it again
// and again would give up.
func TestServeWaitsForACommand(t *testing.T) {
	data, conf := exampleWorld(t, "")
	lock, err := store.Lock(data, "gatehouse admit")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	log, ended := &lockedBuffer{}, make(chan int, 1)
	go func() {
		defer w.Close()
		ended <- run(ctx, []string{"--data", data, "--config", conf, "serve", "--listen", "127.0.0.1:0"}, streams{in: strings.NewReader(""), out: w, err: log})
	}()
	until(t, "word of who has the data folder", func() bool {
		return strings.Contains(log.String(), "waiting for gatehouse admit") || len(ended) > 0
	})
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || !strings.HasPrefix(line, "gatehouse serves ") {
		t.Errorf("once the command has ended: %q, %v; %s", line, err, log)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("stopped with %d: %s", code, log)
	}
}

// serving starts `serve` and gives its address once it says that it is ready;
// stop ends it as SIGTERM does.
func startServe(t *testing.T, data, conf string, args ...string) (url string, log *lockedBuffer, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	log = &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"--data", data, "--config", conf, "serve", "--listen", "127.0.0.1:0"}, args...), streams{in: strings.NewReader(""), out: w, err: log})
		w.Close()
		ended <- code
	}()
	lines := bufio.NewReader(r)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("serve did not start: %v: %s", err, log)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "gatehouse serves ")
	if !ok || !strings.HasSuffix(url, "/pypi/simple/") {
		t.Fatalf("serve says %q", line)
	}
	var once sync.Once
	code := 0
	stop = func() int {
		once.Do(func() {
			cancel()
			rest, _ := io.ReadAll(lines)
			code = <-ended
			if len(rest) > 0 {
				t.Errorf("serve prints more than one line: %q", rest)
			}
		})
		return code
	}
	t.Cleanup(func() { stop() })
	return strings.TrimSuffix(url, "/pypi/simple/"), log, stop
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestServe from its first line to its end, with a second command beside it.
func TestServe(t *testing.T) {
	data, conf := folder(t)
	url, log, stop := startServe(t, data, conf, "--log-format", "json")
	if code, body := get(t, http.DefaultClient, url+"/healthz"); code != 200 || !strings.Contains(body, `"writable":true`) {
		t.Errorf("health: %d %s", code, body)
	}
	if st, err := os.Stat(filepath.Join(data, socketName)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", st, err)
	}
	// Another command on the same data folder goes through the socket.
	code, out, errs := command(t, data, conf, "requests", "--format", "json")
	var list struct{ Requests []any }
	if code != 0 || json.Unmarshal([]byte(out), &list) != nil || errs != "" {
		t.Errorf("requests beside a server: %d %q %q", code, out, errs)
	}
	// ... and one that cannot says who has it.
	if code, _, errs := command(t, data, conf, "serve", "--listen", "127.0.0.1:0"); code != exitFault || !strings.Contains(errs, "has data folder") {
		t.Errorf("a second server: %d %q", code, errs)
	}
	if code := stop(); code != 0 {
		t.Errorf("stopped with %d: %s", code, log)
	}
	if _, err := os.Stat(filepath.Join(data, socketName)); !os.IsNotExist(err) {
		t.Errorf("the socket stays: %v", err)
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a JSON log line: %q", line)
		}
	}
	if !strings.Contains(log.String(), `"path":"/healthz"`) {
		t.Errorf("no access log: %s", log)
	}
	// With the server gone the command opens the folder itself.
	if code, _, errs := command(t, data, conf, "requests"); code != 0 {
		t.Errorf("requests without a server: %d %q", code, errs)
	}
}

// TestWhatServeRefuses: what would not be safe, or not work, is said before a
// port is opened.
func TestWhatServeRefuses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	cert, key := certificate(t, t.TempDir(), "one")
	for _, tc := range []struct {
		args []string
		says string
	}{
		{[]string{"--listen", ln.Addr().String()}, "something listens on " + ln.Addr().String() + " already"},
		{[]string{"--listen", "0.0.0.0:0"}, "--public-url"},
		{[]string{"--listen", "[::]:0"}, "--public-url"},
		{[]string{"--listen", "nonsense"}, "HOST:PORT"},
		{[]string{"--listen", "0.0.0.0:0", "--public-url", "https://gate.example.invalid"}, "--tls-cert and --tls-key"},
		{[]string{"--listen", "0.0.0.0:0", "--public-url", "https://gate.example.invalid", "--tls-cert", cert}, "go together"},
		{[]string{"--listen", "0.0.0.0:0", "--public-url", "https://gate.example.invalid", "--tls-cert", cert, "--tls-key", key}, "no valid token"},
		{[]string{"--listen", "127.0.0.1:0", "--public-url", "gate.example.invalid"}, "--public-url"},
		{[]string{"--listen", "127.0.0.1:0", "--public-url", "https://gate.example.invalid/below"}, "--public-url"},
		{[]string{"--listen", "127.0.0.1:0", "--log-format", "xml"}, "xml"},
		{[]string{"--listen", "127.0.0.1:0", "--tls-cert", key, "--tls-key", cert}, "TLS certificate"},
	} {
		data, conf := folder(t)
		code, out, errs := command(t, data, conf, append([]string{"serve"}, tc.args...)...)
		if code != exitFault || out != "" || !strings.Contains(errs, tc.says) {
			t.Errorf("serve %v: %d %q %q, want %q", tc.args, code, out, errs, tc.says)
		}
	}
}

// TestBeyondLoopbackWithATokenAndTLS starts, and says 401 to whoever has none.
func TestBeyondLoopbackWithATokenAndTLS(t *testing.T) {
	data, conf := folder(t)
	if code, _, errs := command(t, data, conf, "token", "create", "--role", "reader", "--name", "ci"); code != 0 {
		t.Fatal(errs)
	}
	dir := t.TempDir()
	cert, key := certificate(t, dir, "one")
	free, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	url, _, _ := startServe(t, data, conf, "--listen", "0.0.0.0:"+port, "--public-url", "https://gate.example.invalid:"+port, "--tls-cert", cert, "--tls-key", key)
	if url != "https://gate.example.invalid:"+port {
		t.Errorf("serves %s", url)
	}
	roots := x509.NewCertPool()
	b, err := os.ReadFile(cert)
	if err != nil || !roots.AppendCertsFromPEM(b) {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", "127.0.0.1:"+port)
		},
	}}
	resp, err := c.Get(url + "/pypi/simple/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.ProtoMajor != 1 {
		t.Errorf("without a token: %s over %s; HTTP/2 has no reason phrases", resp.Status, resp.Proto)
	}
}

// certificate writes a self-signed pair.
func certificate(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	kb, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: kb}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestCertificatesAreReadAgain when they change; half a renewal changes nothing.
func TestCertificatesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir, "one")
	c := &certificates{cert: cert, key: key, log: slog.New(slog.DiscardHandler)}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	name := func() string {
		c.looked = time.Time{} // as if it had been a while
		pair, err := c.get(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.Subject.CommonName
	}
	if got := name(); got != "one" {
		t.Errorf("serves %s", got)
	}
	if err := os.WriteFile(key, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "one" {
		t.Errorf("with half a renewal it serves %s", got)
	}
	certificate(t, dir, "two")
	if got := name(); got != "two" {
		t.Errorf("after the renewal it serves %s", got)
	}
}

// TestServiceWaitsForAShortCommand says so once, and goes on when the folder is
// free.
func TestServiceWaitsForAShortCommand(t *testing.T) {
	data, conf := folder(t)
	lock, err := store.Lock(data, "gatehouse admit")
	if err != nil {
		t.Fatal(err)
	}
	var errs lockedBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"--data", data, "--config", conf, "requests"}, streams{in: strings.NewReader(""), out: io.Discard, err: &errs})
	}()
	want := fmt.Sprintf("gatehouse: waiting for gatehouse admit (pid %d), which has the data folder\n", os.Getpid())
	for errs.String() != want {
		select {
		case code := <-ended:
			t.Fatalf("it did not wait: %d %q", code, errs.String())
		default:
		}
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 || errs.String() != want {
		t.Errorf("afterwards: %d %q", code, errs.String())
	}
}

func TestOwnHosts(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	got := strings.Join(ownHosts(config.Config{Listen: ln.Addr().String()}, ln), " ")
	for _, want := range []string{"localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port} {
		if !strings.Contains(got, want) {
			t.Errorf("own hosts %q lack %s", got, want)
		}
	}
	if got := strings.Join(ownHosts(config.Config{Listen: "192.0.2.1:8484"}, ln), " "); strings.Contains(got, "localhost") {
		t.Errorf("beyond loopback, %q holds loopback names", got)
	}
}

// TestStrangersFillingTheRegistry: with anonymous readers from beyond this machine
// the pull door holds, unless the configuration says otherwise in so many words.
func TestStrangersFillingTheRegistry(t *testing.T) {
	for _, tc := range []struct {
		word      string
		strangers bool
		want      registry.Pull
	}{
		{"auto", false, registry.PullAdmit}, {"auto", true, registry.PullHold}, {"admit", true, registry.PullAdmit},
		{"hold", false, registry.PullHold}, {"off", true, registry.PullOff},
	} {
		if got := pullMode(tc.word, tc.strangers); got != tc.want {
			t.Errorf("pull: %s with strangers %t is %q, want %q", tc.word, tc.strangers, got, tc.want)
		}
	}
}
