package stub

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Crate is one version of a crate to serve.
type Crate struct {
	Name, Version string
	Needs         []CrateNeed
	Features      map[string][]string
	Files         map[string]string // beside Cargo.toml, by path in the crate; none: an empty src/lib.rs
	Published     time.Time         // zero: a year ago
	NoTime        bool              // its line has no pubtime
	Yanked        bool
}

// CrateNeed is a dependency.
type CrateNeed struct {
	Name, Req string
	Kind      string // "": normal
	Optional  bool
}

// CratePath is where an index has a crate's file.
func CratePath(name string) string {
	name = strings.ToLower(name)
	switch len(name) {
	case 0, 1, 2:
		return fmt.Sprintf("%d/%s", len(name), name)
	case 3:
		return "3/" + name[:1] + "/" + name
	}
	return name[:2] + "/" + name[2:4] + "/" + name
}

// Manifest is the Cargo.toml that lies in the archive.
func (c Crate) Manifest() string {
	text := fmt.Sprintf("[package]\nname = %q\nversion = %q\nedition = \"2021\"\nlicense = \"MIT\"\ndescription = \"A crate of the stub.\"\n", c.Name, c.Version)
	for _, n := range c.Needs {
		text += fmt.Sprintf("\n[%s%s]\nversion = %q\noptional = %t\n", map[string]string{"build": "build-", "dev": "dev-"}[n.Kind]+"dependencies.", n.Name, n.Req, n.Optional)
	}
	if len(c.Features) > 0 {
		text += "\n[features]\n"
		for _, f := range slices.Sorted(maps.Keys(c.Features)) {
			text += fmt.Sprintf("%s = [%s]\n", f, tomlStrings(c.Features[f]))
		}
	}
	return text
}

func tomlStrings(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}

// Archive builds the .crate; the same crate gives the same bytes.
func (c Crate) Archive(t testing.TB) []byte {
	files := maps.Clone(c.Files)
	if files == nil {
		files = map[string]string{"src/lib.rs": ""}
	}
	if _, ok := files["Cargo.toml"]; !ok {
		files["Cargo.toml"] = c.Manifest()
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: c.Name + "-" + c.Version + "/" + name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatGNU}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// yearAgo is one moment: a line that says another one each time is another line.
var yearAgo = time.Now().AddDate(-1, 0, 0)

// Line is the crate's line of the index.
func (c Crate) Line(t testing.TB) string {
	deps := []map[string]any{}
	for _, n := range c.Needs {
		deps = append(deps, map[string]any{
			"name": n.Name, "req": n.Req, "features": []string{}, "optional": n.Optional, "default_features": true, "target": nil, "kind": cmp.Or(n.Kind, "normal"),
		})
	}
	line := map[string]any{
		"name": c.Name, "vers": c.Version, "deps": deps, "cksum": fmt.Sprintf("%x", sha256.Sum256(c.Archive(t))),
		"features": map[string][]string{}, "yanked": c.Yanked, "v": 2,
	}
	if len(c.Features) > 0 {
		line["features2"] = c.Features
	}
	if !c.NoTime {
		at := c.Published
		if at.IsZero() {
			at = yearAgo
		}
		line["pubtime"] = at.UTC().Format(time.RFC3339)
	}
	b, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// CargoIndex is a sparse index on loopback with the crates behind it
// (https://doc.rust-lang.org/cargo/reference/registry-index.html). Its methods may be
// called while it is asked.
type CargoIndex struct {
	server *httptest.Server
	t      testing.TB

	mu     sync.Mutex
	crates map[string][]Crate // by name
	faults map[string]int     // status by path
	delay  time.Duration
	asked  map[string]int
}

// NewCargoIndex starts an index. It ends with the test.
func NewCargoIndex(t testing.TB) *CargoIndex {
	x := &CargoIndex{t: t, crates: map[string][]Crate{}, faults: map[string]int{}, asked: map[string]int{}}
	x.server = httptest.NewServer(x)
	t.Cleanup(x.server.Close)
	return x
}

// URL is the index's address, without "sparse+".
func (x *CargoIndex) URL() string { return x.server.URL + "/" }

// Add puts crates into it.
func (x *CargoIndex) Add(crates ...Crate) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range crates {
		x.crates[c.Name] = append(x.crates[c.Name], c)
	}
}

// Fail makes a path answer a status, 0 to end that.
func (x *CargoIndex) Fail(path string, status int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults[path] = status
}

// Slow makes every answer wait.
func (x *CargoIndex) Slow(by time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.delay = by
}

// Asked says how often a path was asked for.
func (x *CargoIndex) Asked(path string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.asked[path]
}

// ServeHTTP implements http.Handler.
func (x *CargoIndex) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.asked[r.URL.Path]++
	status, delay := x.faults[r.URL.Path], x.delay
	body, ok := x.answer(r.URL.Path)
	x.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case status != 0:
		w.WriteHeader(status)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(body))))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}
}

func (x *CargoIndex) answer(path string) ([]byte, bool) {
	if path == "/config.json" {
		return []byte(`{"dl":"` + x.server.URL + `/crates/{crate}/{crate}-{version}.crate","api":"` + x.server.URL + `"}`), true
	}
	for name, versions := range x.crates {
		if path == "/"+CratePath(name) {
			var b strings.Builder
			for _, c := range versions {
				b.WriteString(c.Line(x.t) + "\n")
			}
			return []byte(b.String()), true
		}
		for _, c := range versions {
			if path == "/crates/"+name+"/"+name+"-"+c.Version+".crate" {
				return c.Archive(x.t), true
			}
		}
	}
	return nil, false
}
