package stub

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// MavenRepo is a repository in Maven's layout on loopback
// (https://maven.apache.org/repository/layout.html). Its methods may be called while it
// is asked.
type MavenRepo struct {
	server *httptest.Server

	mu       sync.Mutex
	versions map[string][]MavenVersion // by group:artifact, in the order they came
	files    map[string]mavenFile      // by path
	faults   map[string]int            // status by path
	delay    time.Duration
	asked    map[string]int
}

type mavenFile struct {
	body []byte
	at   time.Time // zero: none
}

// MavenVersion is one version of an artifact to serve.
type MavenVersion struct {
	Group, Artifact, Version string
	Packaging                string // "" is jar; "pom" has no jar
	Needs                    []MavenNeed
	More                     string            // further elements of the pom
	Files                    map[string]string // of the jar, by path; the manifest comes by itself
	Published                time.Time         // Last-Modified of its files; zero: a year ago
	NoTime                   bool
	Sums                     []string // algorithms of the checksums beside each file; nil: sha1 and md5
}

// MavenNeed is a dependency: a version or a range.
type MavenNeed struct{ Group, Artifact, Version string }

// NewMavenRepo starts a repository. It ends with the test.
func NewMavenRepo(t testing.TB) *MavenRepo {
	m := &MavenRepo{versions: map[string][]MavenVersion{}, files: map[string]mavenFile{}, faults: map[string]int{}, asked: map[string]int{}}
	m.server = httptest.NewServer(m)
	t.Cleanup(m.server.Close)
	return m
}

// URL is the repository's address.
func (m *MavenRepo) URL() string { return m.server.URL }

// Put adds versions, or replaces them.
func (m *MavenRepo) Put(t testing.TB, vs ...MavenVersion) {
	t.Helper()
	for _, v := range vs {
		at := v.Published
		if at.IsZero() && !v.NoTime {
			at = time.Now().Add(-365 * 24 * time.Hour).UTC().Truncate(time.Second)
		}
		files := map[string][]byte{v.Path("pom"): v.POM()}
		if v.Packaging != "pom" {
			files[v.Path("jar")] = v.Jar(t)
		}
		m.mu.Lock()
		for path, body := range files {
			m.put(path, body, at, v.Sums)
		}
		m.versions[v.Group+":"+v.Artifact] = append(m.versions[v.Group+":"+v.Artifact], v)
		m.put(v.folder()+"maven-metadata.xml", MavenMetadata(m.versions[v.Group+":"+v.Artifact]...), at, v.Sums)
		m.mu.Unlock()
	}
}

// PutFile adds a file as it is, with its checksums; path begins with a slash.
func (m *MavenRepo) PutFile(path string, body []byte, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(path, body, at, nil)
}

func (m *MavenRepo) put(path string, body []byte, at time.Time, sums []string) {
	m.files[path] = mavenFile{body, at}
	if sums == nil {
		sums = []string{"sha1", "md5"}
	}
	for _, algorithm := range sums {
		m.files[path+"."+algorithm] = mavenFile{[]byte(MavenSum(algorithm, body)), at}
	}
}

// MavenSum is a checksum as it lies beside a file.
func MavenSum(algorithm string, b []byte) string {
	h := map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New, "sha256": sha256.New, "sha512": sha512.New}[algorithm]()
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

func (v MavenVersion) folder() string {
	return "/" + strings.ReplaceAll(v.Group, ".", "/") + "/" + v.Artifact + "/"
}

// Path is where a file of the version lies: "jar", "pom", "-sources.jar".
func (v MavenVersion) Path(ending string) string {
	if !strings.HasPrefix(ending, "-") {
		ending = "." + ending
	}
	return v.folder() + v.Version + "/" + v.Artifact + "-" + v.Version + ending
}

// POM is the version's pom.
func (v MavenVersion) POM() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>%s</groupId>\n  <artifactId>%s</artifactId>\n  <version>%s</version>\n  <packaging>%s</packaging>\n",
		text(v.Group), text(v.Artifact), text(v.Version), cmp.Or(v.Packaging, "jar"))
	if len(v.Needs) > 0 {
		b.WriteString("  <dependencies>\n")
		for _, n := range v.Needs {
			fmt.Fprintf(&b, "    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n", text(n.Group), text(n.Artifact), text(n.Version))
		}
		b.WriteString("  </dependencies>\n")
	}
	b.WriteString(v.More + "</project>\n")
	return []byte(b.String())
}

func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder never fails
	return b.String()
}

// Jar is the version's jar, with its pom where Maven puts it.
func (v MavenVersion) Jar(t testing.TB) []byte {
	t.Helper()
	files := map[string]string{"META-INF/maven/" + v.Group + "/" + v.Artifact + "/pom.xml": string(v.POM())}
	maps.Copy(files, v.Files)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, content string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		add(name, files[name])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// MavenMetadata lists versions as a maven-metadata.xml does.
func MavenMetadata(vs ...MavenVersion) []byte {
	var b strings.Builder
	newest := vs[len(vs)-1]
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n  <groupId>%s</groupId>\n  <artifactId>%s</artifactId>\n  <versioning>\n    <latest>%s</latest>\n    <release>%s</release>\n    <versions>\n",
		text(newest.Group), text(newest.Artifact), text(newest.Version), text(newest.Version))
	var updated time.Time
	for _, v := range vs {
		fmt.Fprintf(&b, "      <version>%s</version>\n", text(v.Version))
		if v.Published.After(updated) {
			updated = v.Published
		}
	}
	if updated.IsZero() {
		updated = time.Now()
	}
	fmt.Fprintf(&b, "    </versions>\n    <lastUpdated>%s</lastUpdated>\n  </versioning>\n</metadata>\n", updated.UTC().Format("20060102150405"))
	return []byte(b.String())
}

// Fail answers a path with a status; 0 ends that.
func (m *MavenRepo) Fail(path string, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults[path] = status
}

// Delay answers everything so much later.
func (m *MavenRepo) Delay(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delay = d
}

// Asked is how often a path was asked for.
func (m *MavenRepo) Asked(path string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked[path]
}

// Requests lists the paths that were asked for, sorted.
func (m *MavenRepo) Requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.asked))
}

// ServeHTTP implements http.Handler.
func (m *MavenRepo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.asked[r.URL.Path]++
	f, ok := m.files[r.URL.Path]
	status, delay := m.faults[r.URL.Path], m.delay
	m.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
		}
	}
	switch {
	case status != 0:
		w.WriteHeader(status)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", f.at, bytes.NewReader(f.body))
	}
}
