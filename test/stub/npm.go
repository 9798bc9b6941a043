package stub

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

// NPM is a running npm registry: packuments and tarballs. Its methods may be called
// while it is asked. It ends with the test.
type NPM struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	byName map[string]*npmPackage
	files  map[string][]byte // by path
	said   map[string][]byte // attestations, by path
	asked  map[string]int    // by path
	delay  time.Duration     // before a tarball
}

type npmPackage struct {
	tags     map[string]string
	versions map[string]any
	time     map[string]string
}

// NewNPM starts a registry.
func NewNPM(t testing.TB) *NPM {
	t.Helper()
	n := &NPM{t: t, byName: map[string]*npmPackage{}, files: map[string][]byte{}, said: map[string][]byte{}, asked: map[string]int{}}
	n.server = httptest.NewServer(n)
	t.Cleanup(n.server.Close)
	return n
}

// URL is the registry's address, to be configured as an upstream.
func (n *NPM) URL() string { return n.server.URL + "/" }

// Add puts a version into the registry; the newest added stands behind latest. Of
// About it takes when it was uploaded, whether that is said, and its deprecation.
func (n *NPM) Add(p scantest.Tarball, a About) {
	n.t.Helper()
	body := p.Build(n.t)
	var inside struct{ Name, Version string }
	if err := json.Unmarshal(p.MetadataBytes(), &inside); err != nil {
		n.t.Fatal(err)
	}
	path := "/" + inside.Name + "/-/" + p.FileName()
	manifest := p.Registry(n.t, n.server.URL+path)
	if a.Yanked != "" {
		manifest["deprecated"] = a.Yanked
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	pkg := n.byName[inside.Name]
	if pkg == nil {
		pkg = &npmPackage{map[string]string{}, map[string]any{}, map[string]string{}}
		n.byName[inside.Name] = pkg
	}
	pkg.versions[inside.Version], pkg.tags["latest"] = manifest, inside.Version
	if !a.NoDate {
		if a.Uploaded.IsZero() {
			a.Uploaded = time.Now().AddDate(-1, 0, 0)
		}
		pkg.time[inside.Version] = a.Uploaded.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	n.files[path] = body
}

// Delay sets how long every tarball takes.
func (n *NPM) Delay(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delay = d
}

// Asked says how many requests a path got.
func (n *NPM) Asked(path string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[path]
}

// ServeHTTP implements http.Handler.
func (n *NPM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, err := url.PathUnescape(r.URL.EscapedPath())
	if err != nil {
		http.NotFound(w, r)
		return
	}
	n.mu.Lock()
	n.asked[path]++
	file, isFile := n.files[path]
	said := n.said[path]
	delay := n.delay
	var page []byte
	if pkg := n.byName[strings.TrimPrefix(path, "/")]; pkg != nil {
		page, err = json.Marshal(map[string]any{"name": strings.TrimPrefix(path, "/"), "dist-tags": pkg.tags, "versions": pkg.versions, "time": pkg.time})
	}
	n.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case isFile:
		select {
		case <-time.After(delay):
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(file)
		case <-r.Context().Done():
		}
	case said != nil:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(said)
	case page != nil:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(page)
	default:
		http.NotFound(w, r)
	}
}
