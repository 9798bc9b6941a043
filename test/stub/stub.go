// Package stub is a package index on loopback, for tests that need an upstream:
// it serves the simple repository API in HTML and JSON (PEP 503 and PEP 691,
// https://packaging.python.org/en/latest/specifications/simple-repository-api/)
// with files that scantest built, says of them what a test tells it to say,
// breaks in the ways upstreams break, and counts what it was asked for.
//
// It knows no host but its own and never speaks to anybody.
package stub

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Built is a distribution to serve: a scantest.Wheel or a scantest.Sdist.
type Built interface {
	FileName() string
	MetadataBytes() []byte
	Build(testing.TB) []byte
}

// About is what the index says of a file. The zero value says that it was
// uploaded a year ago, and has its digest, its size and metadata beside it.
type About struct {
	Uploaded       time.Time
	NoDate         bool   // no upload-time at all
	Yanked         string // the reason; "" for a file that is not yanked
	RequiresPython string
	NoMetadata     bool  // no PEP 658 file beside it
	NoHash         bool  // no digest in the index
	Size           int64 // instead of the true one
}

// Fault is how the index answers for a path instead of well. Its parts may be
// combined; the zero value is no fault.
type Fault struct {
	Status int           // answer this, with no body
	Delay  time.Duration // before answering; the test's end cuts it short
	Length int64         // claim this Content-Length and end the answer early or cut it
	Body   []byte        // send these bytes instead
	Drip   time.Duration // send a file's bytes one by one, with so much time between
}

// Index is a running index. Its methods may be called while it is asked.
type Index struct {
	t      testing.TB
	addr   string
	done   chan struct{} // closed when the test ends
	server *http.Server

	mu       sync.Mutex
	projects map[string]*project // by normalised name
	faults   map[string]Fault    // by path, or the folder it is in
	asked    map[string]int      // by method and path: "GET /simple/demo/"
	htmlOnly bool
}

type project struct {
	status, reason string // PEP 792
	files          []*file
}

type file struct {
	name, requiresPython, yanked string
	body, metadata               []byte
	uploaded                     time.Time // zero: no date
	sha256                       string    // what the index says; "" for nothing
	size                         int64
	attested                     []byte // a provenance object (PEP 740); nil: none
}

// New starts an index. It ends with the test.
func New(t testing.TB) *Index {
	t.Helper()
	x := &Index{t: t, done: make(chan struct{}), projects: map[string]*project{}, faults: map[string]Fault{}, asked: map[string]int{}}
	x.listen("127.0.0.1:0")
	t.Cleanup(func() {
		close(x.done)
		x.Stop()
	})
	return x
}

// URL is the index's address, to be configured as an upstream.
func (x *Index) URL() string { return "http://" + x.addr + "/simple/" }

// FileURL is where a file is, as the index says it.
func (x *Index) FileURL(name string) string { return "http://" + x.addr + FilePath(name) }

// FilePath is the path that a file's requests are counted and faulted under.
func FilePath(name string) string { return "/files/" + name }

// Stop closes the listener and every connection: whoever asks now is refused.
func (x *Index) Stop() {
	x.mu.Lock()
	s := x.server
	x.server = nil
	x.mu.Unlock()
	if s != nil {
		s.Close()
	}
}

// Start listens again, at the address that it had.
func (x *Index) Start() {
	x.t.Helper()
	x.listen(x.addr)
}

func (x *Index) listen(addr string) {
	x.t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		x.t.Fatalf("starting stub index: %v", err)
	}
	s := &http.Server{Handler: x, ReadHeaderTimeout: 10 * time.Second}
	x.mu.Lock()
	x.addr, x.server = l.Addr().String(), s
	x.mu.Unlock()
	go s.Serve(l)
}

// Add puts a distribution into the index and gives its file name. One of the
// same name is replaced: that is how an upstream changes bytes.
func (x *Index) Add(b Built, a About) string {
	x.t.Helper()
	return x.AddBytes(b.FileName(), b.Build(x.t), b.MetadataBytes(), a)
}

// AddBytes is Add for bytes that nobody built.
func (x *Index) AddBytes(name string, body, metadata []byte, a About) string {
	f := &file{name: name, requiresPython: a.RequiresPython, yanked: a.Yanked, body: body, uploaded: a.Uploaded, sha256: Digest(body), size: int64(len(body))}
	switch {
	case a.NoDate:
		f.uploaded = time.Time{}
	case a.Uploaded.IsZero():
		f.uploaded = time.Now().AddDate(-1, 0, 0)
	}
	if !a.NoMetadata && strings.HasSuffix(name, ".whl") {
		f.metadata = metadata
	}
	if a.NoHash {
		f.sha256 = ""
	}
	if a.Size != 0 {
		f.size = a.Size
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.project(nameOf(name))
	for i, old := range p.files {
		if old.name == name {
			p.files[i] = f
			return name
		}
	}
	p.files = append(p.files, f)
	return name
}

// Remove takes a file out of the index and away.
func (x *Index) Remove(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.project(nameOf(name))
	for i, f := range p.files {
		if f.name == name {
			p.files = append(p.files[:i:i], p.files[i+1:]...)
			return
		}
	}
}

// DigestOf is the SHA-256 of a file's bytes; the test ends where there is none.
func (x *Index) DigestOf(name string) string {
	x.t.Helper()
	f, ok := x.find(name)
	if !ok {
		x.t.Fatalf("stub index: no file %s", name)
	}
	return Digest(f.body)
}

// Size is how many bytes a file has; the test ends where there is none.
func (x *Index) Size(name string) int64 {
	x.t.Helper()
	f, ok := x.find(name)
	if !ok {
		x.t.Fatalf("stub index: no file %s", name)
	}
	return int64(len(f.body))
}

// Swap changes the bytes that a file's request gets, while the index goes on
// saying what it said of the old ones.
func (x *Index) Swap(name string, body []byte) { x.Fault(FilePath(name), Fault{Body: body}) }

// SetStatus sets a project's status and reason (PEP 792).
func (x *Index) SetStatus(name, status, reason string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.project(normalize(name))
	p.status, p.reason = status, reason
}

// HTMLOnly makes the index one that knows no JSON.
func (x *Index) HTMLOnly(yes bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.htmlOnly = yes
}

// Fault sets how a path is answered, or everything below one that ends in a
// slash; the zero Fault takes it back. Of several that fit the longest counts.
func (x *Index) Fault(where string, f Fault) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if f.Status == 0 && f.Delay == 0 && f.Length == 0 && f.Body == nil && f.Drip == 0 {
		delete(x.faults, where)
		return
	}
	x.faults[where] = f
}

// Asked says how many requests of any method a path got.
func (x *Index) Asked(p string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for k, v := range x.asked {
		if _, have, _ := strings.Cut(k, " "); have == p {
			n += v
		}
	}
	return n
}

// AskedBelow says how many requests all paths with a prefix got.
func (x *Index) AskedBelow(prefix string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for k, v := range x.asked {
		if _, have, _ := strings.Cut(k, " "); strings.HasPrefix(have, prefix) {
			n += v
		}
	}
	return n
}

// Forget sets all counters to zero.
func (x *Index) Forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.asked)
}

// Digest is the SHA-256 of bytes as indexes write it.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// project gives or makes a project; the lock is held.
func (x *Index) project(name string) *project {
	p := x.projects[name]
	if p == nil {
		p = &project{}
		x.projects[name] = p
	}
	return p
}

var separators = regexp.MustCompile(`[-_.]+`)

func normalize(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// nameOf reads the project's name off a file name: scantest writes names without
// a hyphen, so it ends at the first.
func nameOf(fileName string) string {
	name, _, _ := strings.Cut(path.Base(fileName), "-")
	return normalize(name)
}

// ServeHTTP implements http.Handler.
func (x *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.asked[r.Method+" "+r.URL.Path]++
	fault := x.faultOf(r.URL.Path)
	x.mu.Unlock()
	if fault.Delay > 0 {
		timer := time.NewTimer(fault.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		case <-x.done:
			return
		}
	}
	if fault.Status != 0 {
		w.WriteHeader(fault.Status)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	x.serve(w, r, fault)
}

func (x *Index) faultOf(p string) Fault {
	var best string
	for where := range x.faults {
		fits := where == p || (strings.HasSuffix(where, "/") && strings.HasPrefix(p, where))
		if fits && len(where) > len(best) {
			best = where
		}
	}
	return x.faults[best]
}

func (x *Index) serve(w http.ResponseWriter, r *http.Request, fault Fault) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
		x.serveFile(w, r, name, fault)
		return
	}
	if object, ok := x.attestations(r.URL.Path); ok {
		w.Header().Set("Content-Type", "application/vnd.pypi.integrity.v1+json")
		write(w, r, object, fault)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/simple/")
	name, slash := strings.CutSuffix(name, "/")
	if !ok || name == "" || strings.Contains(name, "/") {
		http.NotFound(w, r)
		return
	}
	if normal := normalize(name); !slash || normal != name {
		http.Redirect(w, r, "/simple/"+normal+"/", http.StatusMovedPermanently)
		return
	}
	x.serveIndex(w, r, name, fault)
}

func (x *Index) serveFile(w http.ResponseWriter, r *http.Request, name string, fault Fault) {
	base, wantsMetadata := strings.CutSuffix(name, ".metadata")
	f, ok := x.find(base)
	if !ok || (wantsMetadata && f.metadata == nil) {
		http.NotFound(w, r)
		return
	}
	body := f.body
	if wantsMetadata {
		body = f.metadata
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	write(w, r, body, fault)
}

func (x *Index) find(name string) (file, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := x.projects[nameOf(name)]; p != nil {
		for _, f := range p.files {
			if f.name == name {
				return *f, true
			}
		}
	}
	return file{}, false
}

// write sends bytes, with the lies that a fault asks for.
func write(w http.ResponseWriter, r *http.Request, body []byte, fault Fault) {
	if fault.Body != nil {
		body = fault.Body
	}
	length := int64(len(body))
	if fault.Length != 0 {
		length = fault.Length
	}
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	if r.Method == http.MethodHead {
		return
	}
	// What is promised and not there ends the connection; what is there beyond the
	// promise is cut off by net/http. The client's verdict is what the test is about.
	body = body[:min(length, int64(len(body)))]
	if fault.Drip > 0 {
		drip(w, r, body, fault.Drip)
		return
	}
	w.Write(body)
}

// drip sends bytes one by one until the client has enough of it.
func drip(w http.ResponseWriter, r *http.Request, body []byte, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}
