//go:build conformance

package clients_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

// front is an nginx before a gate.
type front struct {
	*gate
	URL, Index string
	ca         string // PEM file of the certificate that it shows; "" for plain HTTP
	address    string // of the gate behind it
}

// behind asks the gate itself, as nginx would.
func (f *front) behind(method, path string) (*http.Response, string) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, "http://"+f.address+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Host = strings.TrimPrefix(strings.TrimPrefix(f.URL, "https://"), "http://")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res, string(b)
}

// newFront starts nginx as docs/operations.md describes it: HTTP/1.1 behind it,
// the client's own Host before it; with tls it speaks HTTPS and HTTP/2.
func newFront(t *testing.T, s settings, tls bool) *front {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx = "/usr/sbin/nginx"; !executable(nginx) {
			t.Fatal("nginx is needed: apt-get install nginx-light")
		}
	}
	f := &front{}
	port := freePort(t)
	scheme, listen, certificate := "http", "", ""
	dir := t.TempDir()
	if tls {
		var chain, key string
		f.ca, chain, key = certificates(t, dir)
		scheme, listen = "https", " ssl http2"
		certificate = fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s;", chain, key)
	}
	f.URL = fmt.Sprintf("%s://localhost:%d", scheme, port)
	f.Index = f.URL + "/pypi/simple/"
	f.address = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	s.yaml += fmt.Sprintf("public_url: %s\ntrusted_proxies: [127.0.0.1]\n", f.URL)
	s.listen = f.address
	f.gate = newGate(t, s)
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen 127.0.0.1:%[2]d%[3]s; %[4]s
    client_max_body_size 0;
    location / {
      proxy_pass http://%[5]s;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Connection "";
      proxy_read_timeout 120s;
    }
  }
}
`, dir, port, listen, certificate, f.address)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-c", conf, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx: %s%s", out.String(), log)
		}
	})
	for range 200 { // until it listens
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
			return f
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
	return nil
}

func executable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// certificates makes an authority and a certificate of it for localhost, and
// gives the PEM files of the authority, the chain and its key.
func certificates(t *testing.T, dir string) (ca, chain, key string) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "made for a test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caKey, leafKey := newKey(t), newKey(t)
	caDER := sign(t, authority, authority, caKey, caKey)
	leafDER := sign(t, leaf, authority, leafKey, caKey)
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("ca.pem", "CERTIFICATE", caDER), write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "PRIVATE KEY", keyDER)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t *testing.T, c, parent *x509.Certificate, of, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, of.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestBehindNginx: what of an answer survives a proxy before the gate, over
// HTTP/1.1 and over HTTP/2, is what docs/clients.md says.
func TestBehindNginx(t *testing.T) {
	for _, over := range []struct {
		name string
		tls  bool
	}{{"nginx, HTTP/1.1", false}, {"nginx, HTTPS with HTTP/2", true}} {
		t.Run(over.name, func(t *testing.T) {
			f := newFront(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "ranged", introduced: "2.0", fixed: "2.1"}}}, over.tls)
			for _, v := range []string{"1.0", "1.1", "2.0"} {
				f.wheel("ranged", v, old)
			}
			trust := func(b *box) *box {
				if f.ca != "" {
					b.Env = append(b.Env, "SSL_CERT_FILE="+f.ca, "PIP_CERT="+f.ca, "REQUESTS_CA_BUNDLE="+f.ca)
				}
				return b
			}
			each(t, over.name+": a range whose newest is refused", func(t *testing.T, c client, b *box) result {
				r := c.Install(trust(b), f.Index, "ranged>=1.0").OK(t)
				b.Wants("ranged", "1.1")
				return r
			})
			each(t, over.name+": an exact pin of a refused version", func(t *testing.T, c client, b *box) result {
				r := c.Install(trust(b), f.Index, "ranged==2.0").Fails(t)
				b.Wants("ranged", "")
				// HTTP/2 has no reason phrase. pip and poetry speak HTTP/1.1 to everybody;
				// uv takes HTTP/2 where it is offered and shows the body's words instead.
				return r.Says(t, "TEST-2026-1")
			})
			if f.ca != "" {
				return
			}
			res, _ := f.ask(http.MethodGet, f.Index+"ranged/", "")
			if res.StatusCode != http.StatusOK || res.Header.Get("ETag") == "" || !strings.Contains(res.Header.Get("Vary"), "Accept") {
				t.Errorf("index through nginx: %s, ETag %q, Vary %q", res.Status, res.Header.Get("ETag"), res.Header.Get("Vary"))
			}
			res, body := f.ask(http.MethodGet, f.URL+"/pypi/files/ranged/ranged-2.0-py3-none-any.whl", "")
			if !strings.Contains(res.Status, "blocked by gatehouse") || !strings.Contains(body, f.URL+"/d/") {
				t.Errorf("a refusal through nginx: %q\n%s", res.Status, body)
			}
		})
	}
}

// TestPublishBehindNginx: uploads pass, and so does the reason of one that is
// refused where the client shows it.
func TestPublishBehindNginx(t *testing.T) {
	for _, over := range []struct {
		name string
		tls  bool
	}{{"nginx, HTTP/1.1", false}, {"nginx, HTTPS with HTTP/2", true}} {
		t.Run(over.name, func(t *testing.T) {
			var token string
			f := newFront(t, settings{yaml: "internal_names: [\"acme-*\"]\n", before: func(g *gate) {
				token = strings.TrimSpace(g.cli("token", "create", "--role", "publisher", "--name", "release").OK(g.t).Stdout)
			}}, over.tls)
			for _, c := range []struct {
				name string
				args func(file string) []string
			}{
				{"twine", func(file string) []string {
					return []string{"upload", "--non-interactive", "--disable-progress-bar", "--repository-url", f.URL + "/pypi/legacy/", "-u", "__token__", "-p", token, file}
				}},
				{"uv", func(file string) []string {
					return []string{"publish", "--publish-url", f.URL + "/pypi/legacy/", "--token", token, file}
				}},
			} {
				t.Run(c.name, func(t *testing.T) {
					b := newBox(t)
					if f.ca != "" {
						b.Env = append(b.Env, "SSL_CERT_FILE="+f.ca, "REQUESTS_CA_BUNDLE="+f.ca)
					}
					upload := func(name string) result {
						w := scantest.Wheel{Name: name, Version: "1.0"}
						b.Write(w.FileName(), string(w.Build(t)))
						return b.Run(c.name, c.args(w.FileName())...)
					}
					upload("acme-" + c.name).OK(t)
					if res, body := f.behind(http.MethodGet, "/pypi/simple/acme-"+c.name+"/"); res.StatusCode != http.StatusOK || !strings.Contains(body, "acme_"+c.name+"-1.0-py3-none-any.whl") {
						t.Errorf("after the upload: %s\n%s", res.Status, body)
					}
					r := upload("outside").Fails(t).Says(t, "internal_names").SaysNot(t, token)
					table.add(c.name, over.name+": publishing a name that is not ours", r)
				})
			}
		})
	}
}
