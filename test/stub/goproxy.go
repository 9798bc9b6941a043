package stub

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
)

// GoDatabase is the name of the checksum database that a GoProxy passes on.
const GoDatabase = "sum.stub.invalid"

// GoProxy is a module proxy on loopback (https://go.dev/ref/mod#goproxy-protocol)
// with a checksum database of its own below /sumdb/. Its methods may be called while
// it is asked.
type GoProxy struct {
	server   *httptest.Server
	key      string
	database *sumdb.TestServer

	mu      sync.Mutex
	modules map[string]map[string]*goVersion // by path and version
	faults  map[string]int                   // status by path
	delay   time.Duration
	asked   map[string]int
}

type goVersion struct {
	zip, mod []byte
	time     time.Time // zero: none
	unlisted bool
	zipSum   string // what the database says
	modSum   string
}

// GoModule is one version of a module to serve.
type GoModule struct {
	Path, Version string
	GoMod         string            // the go.mod; "" for a module line alone
	Files         map[string]string // beside go.mod, by path in the module
	Time          time.Time         // of the .info; zero: a year ago
	NoTime        bool
	Unlisted      bool // in no list, as a commit without a tag
}

// NewGoProxy starts a proxy. It ends with the test.
func NewGoProxy(t testing.TB) *GoProxy {
	p := &GoProxy{modules: map[string]map[string]*goVersion{}, faults: map[string]int{}, asked: map[string]int{}}
	signer, verifier, err := note.GenerateKey(rand.Reader, GoDatabase)
	if err != nil {
		t.Fatal(err)
	}
	p.key = verifier
	p.database = sumdb.NewTestServer(signer, p.goSum)
	database := sumdb.NewServer(p.database)
	mux := http.NewServeMux()
	prefix := "/sumdb/" + GoDatabase
	for _, path := range sumdb.ServerPaths {
		mux.Handle(prefix+path, http.StripPrefix(prefix, database))
	}
	mux.HandleFunc(prefix+"/supported", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/", p.serve)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := p.count(r); status != 0 {
			w.WriteHeader(status)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

// URL is what a GOPROXY names.
func (p *GoProxy) URL() string { return p.server.URL }

// Key is the database's verifier key, as a GOSUMDB holds it.
func (p *GoProxy) Key() string { return p.key }

// SumDB is a GOSUMDB that asks the database at its own address.
func (p *GoProxy) SumDB() string { return p.key + " " + p.server.URL + "/sumdb/" + GoDatabase }

// Put adds versions, or replaces them. The database records each at once; what it
// said before it goes on saying.
func (p *GoProxy) Put(t testing.TB, ms ...GoModule) {
	t.Helper()
	for _, m := range ms {
		v := &goVersion{mod: []byte(cmp.Or(m.GoMod, "module "+m.Path+"\n")), time: m.Time, unlisted: m.Unlisted}
		if v.time.IsZero() && !m.NoTime {
			v.time = time.Now().Add(-365 * 24 * time.Hour).UTC().Truncate(time.Second)
		}
		var err error
		if v.zip, v.zipSum, err = goZip(m, v.mod); err == nil {
			v.modSum, err = modSum(v.mod)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		if p.modules[m.Path] == nil {
			p.modules[m.Path] = map[string]*goVersion{}
		}
		p.modules[m.Path][m.Version] = v
		p.mu.Unlock()
		if _, err := p.database.Lookup(t.Context(), module.Version{Path: m.Path, Version: m.Version}); err != nil {
			t.Fatal(err)
		}
	}
}

// Zip is the module's zip.
func (m GoModule) Zip(t testing.TB) []byte {
	t.Helper()
	b, _, err := goZip(m, []byte(cmp.Or(m.GoMod, "module "+m.Path+"\n")))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Sums are the module's lines of a go.sum.
func (m GoModule) Sums(t testing.TB) string {
	t.Helper()
	mod := []byte(cmp.Or(m.GoMod, "module "+m.Path+"\n"))
	_, zip, err := goZip(m, mod)
	if err != nil {
		t.Fatal(err)
	}
	of, err := modSum(mod)
	if err != nil {
		t.Fatal(err)
	}
	return m.Path + " " + m.Version + " " + zip + "\n" + m.Path + " " + m.Version + "/go.mod " + of + "\n"
}

func modSum(mod []byte) (string, error) {
	return dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(mod)), nil })
}

// goZip builds a module's zip and its h1 hash.
func goZip(m GoModule, mod []byte) (out []byte, sum string, err error) {
	files := map[string]string{}
	prefix := m.Path + "@" + m.Version + "/"
	for name, content := range m.Files {
		files[prefix+name] = content
	}
	files[prefix+"go.mod"] = string(mod)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, files[name])
		}
		if err != nil {
			return nil, "", err
		}
	}
	if err := z.Close(); err != nil {
		return nil, "", err
	}
	sum, err = dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(files[name])), nil })
	return b.Bytes(), sum, err
}

// Fail answers a path, or all that lies below it, with a status; 0 ends that.
func (p *GoProxy) Fail(path string, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[path] = status
}

// Delay answers everything so much later.
func (p *GoProxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Asked is how often a path was asked for.
func (p *GoProxy) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// Requests lists the paths that were asked for, sorted.
func (p *GoProxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.asked))
}

func (p *GoProxy) count(r *http.Request) int {
	p.mu.Lock()
	delay := p.delay
	p.asked[r.URL.Path]++
	status := 0
	for path, s := range p.faults {
		if strings.HasPrefix(r.URL.Path, path) {
			status = s
		}
	}
	p.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
		}
	}
	return status
}

// goSum is what the database records of a version when it is first asked.
func (p *GoProxy) goSum(path, version string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.modules[path][version]
	if v == nil {
		return nil, fmt.Errorf("%s@%s: %w", path, version, errNoVersion)
	}
	return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, v.zipSum, path, version, v.modSum), nil
}

var errNoVersion = fmt.Errorf("not found")

func (p *GoProxy) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	i := strings.LastIndex(path, "/@")
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	name, err := module.UnescapePath(path[:i])
	p.mu.Lock()
	versions := maps.Clone(p.modules[name])
	p.mu.Unlock()
	if err != nil || versions == nil {
		http.Error(w, "not found: "+name, http.StatusNotFound)
		return
	}
	what := path[i+1:]
	switch what {
	case "@v/list":
		for _, number := range slices.Sorted(maps.Keys(versions)) {
			if !versions[number].unlisted {
				fmt.Fprintln(w, number)
			}
		}
		return
	case "@latest":
		numbers := slices.Sorted(maps.Keys(versions))
		what = "@v/" + numbers[len(numbers)-1] + ".info"
	}
	escaped, ext := what[3:strings.LastIndexByte(what, '.')], what[strings.LastIndexByte(what, '.'):]
	number, err := module.UnescapeVersion(escaped)
	v := versions[number]
	if err != nil || v == nil {
		http.Error(w, "not found: "+name+"@"+escaped, http.StatusNotFound)
		return
	}
	switch ext {
	case ".info":
		b, _ := json.Marshal(struct {
			Version string
			Time    time.Time `json:",omitzero"`
		}{number, v.time})
		_, _ = w.Write(b)
	case ".mod":
		_, _ = w.Write(v.mod)
	case ".zip":
		_, _ = w.Write(v.zip)
	default:
		http.NotFound(w, r)
	}
}
