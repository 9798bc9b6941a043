package maven

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const plainText = "text/plain; charset=utf-8"

// Handler serves one registry to mvn and gradle as a repository
// (https://maven.apache.org/repository/layout.html). Mount it with its prefix stripped.
//
// What is refused is 403, with the sentence in the status line, which Maven 3.8 prints,
// and as problem JSON, which 3.9 and 4 do. 404 says that something does not exist:
// clients remember that for a day. Metadata is never refused for a policy reason: what
// is refused is left out of it, since it has no mark, and the file's own request says
// why. Every file has its checksums, made of the bytes that are served.
//
// The pom beside a jar is data as well, also of a version that is refused or that nobody
// looked at: clients read the poms of every version that anything asks for, and build
// with a few of them. What it needs is asked for here in its turn. A version that is a
// pom alone, as a parent or a bill of materials, is what is built with, and is looked at
// and decided about like any file.
type Handler struct {
	shelf ecosystem.Shelf
	door  answer.Door
	pages answer.Pages
	sums  sumCache
	// after is how waiting is done between two questions.
	after func(time.Duration) <-chan time.Time
}

// How long a request for a file waits for the first look at it: mvn gives an answer
// half an hour to begin, and 3.8 fails at once on a 503 (3.9 and 4 ask a few times more),
// so as long as the server gives it; gradle gives it 30 seconds.
const (
	patience       = 80 * time.Second
	patienceGradle = 20 * time.Second
)

// NewHandler makes the handler of one registry.
func NewHandler(r adapter.Registry) *Handler {
	return &Handler{shelf: r.Shelf, door: answer.Door{Decision: r.Decision, Log: r.Log}, after: time.After}
}

// request is what a path of a repository asks for.
type request struct {
	name    coordinate.Name // of a version's file, else what Folder reads as
	version string          // "" for metadata
	file    string
	sum     string // the algorithm of the checksum that is asked for; "" for the file itself
	build   string // the number of the build that a file of a snapshot is named after; "" where its name has the snapshot's
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a repository is only read; what is deployed needs a token of role publisher", http.StatusMethodNotAllowed)
		return
	}
	q, err := parseRequest(strings.TrimPrefix(r.URL.Path, "/"))
	switch {
	case err != nil:
		notFound(w, err.Error())
	case q.version == "":
		h.serveMetadata(w, r, q)
	case strings.HasSuffix(q.version, snapshot):
		h.serveSnapshot(w, r, q)
	default:
		h.serveFile(w, r, q)
	}
}

var errNoPath = errors.New("no such path; a repository has GROUP/ARTIFACT/VERSION/FILE and GROUP/ARTIFACT/" + metadataFile)

// parseRequest reads a path. Metadata of a group has the path of one of its artifacts'.
func parseRequest(at string) (request, error) {
	elements := strings.Split(at, "/")
	q := request{file: elements[len(elements)-1]}
	if ext := strings.TrimPrefix(path.Ext(q.file), "."); algorithms[ext] != nil {
		q.file, q.sum = strings.TrimSuffix(q.file, "."+ext), ext
	}
	folder := elements[:len(elements)-1]
	if q.file != metadataFile {
		if len(folder) < 3 {
			return request{}, errNoPath
		}
		q.version, folder = folder[len(folder)-1], folder[:len(folder)-1]
	} else if last := len(folder) - 1; last > 1 && strings.HasSuffix(folder[last], snapshot) {
		q.version, folder = folder[last], folder[:last]
	}
	if len(folder) < 2 {
		return request{}, errNoPath
	}
	q.name = coordinate.Name{Group: strings.Join(folder[:len(folder)-1], "."), Artifact: folder[len(folder)-1]}
	if err := q.name.Check(); err != nil {
		return request{}, err
	}
	if q.version != "" && coordinate.CheckVersion(q.version) != nil {
		return request{}, errNoPath
	}
	if q.version == "" || q.file == metadataFile {
		return q, nil
	}
	if q.build = buildOf(q.name, q.version, q.file); q.build == "" && !isFileOf(q.name, q.version, q.file) {
		return request{}, errNoPath
	}
	return q, nil
}

// notFound is the answer that clients remember.
func notFound(w http.ResponseWriter, why string) {
	http.Error(w, "not found: "+why, http.StatusNotFound)
}

// refuse answers an error of the shelf.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, what, of string, err error) {
	if errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, verdict.ErrNotFound) {
		notFound(w, of+" is neither here nor upstream")
		return
	}
	h.door.Refuse(w, r, what, err)
}

func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request, q request) {
	if q.file == q.name.File(q.version, "", pomExt) && !h.ours(r.Context(), q.name.Package()) && h.servePom(w, r, q) {
		return
	}
	h.serveFound(w, r, q, q.file, q.version)
}

// serveFound answers a request with a file of a version, which what is asked for may
// call otherwise.
func (h *Handler) serveFound(w http.ResponseWriter, r *http.Request, q request, name, number string) {
	f, err := h.wait(r, q.name.Package(), name)
	if err == nil && f.File.Version.Number != number {
		f.Body.Close()
		err = fmt.Errorf("%s lies elsewhere: %w", q.file, verdict.ErrNotFound)
	}
	if err != nil {
		h.refuse(w, r, "serve file", artifact.Untrusted(q.file).String(), err)
		return
	}
	sums, err := h.sums.of(f.File.SHA256, f.Body)
	if err != nil {
		f.Body.Close()
		h.door.Fault(w, r, "serve file", fmt.Errorf("reading %s: %w", f.File.Name, err))
		return
	}
	if q.sum != "" {
		f.Body.Close()
		w.Header().Set("X-Gatehouse-Decision", f.Decision)
		h.door.Data(w, r, plainText, []byte(sums[q.sum]))
		return
	}
	nameSums(w, sums)
	if unchanged(w, r, f.File.Uploaded) {
		f.Body.Close()
		return
	}
	h.door.File(w, r, f)
}

// servePom answers with a pom that is data; false where it is none, and the answer is
// that about a file.
func (h *Handler) servePom(w http.ResponseWriter, r *http.Request, q request) bool {
	b, err := h.shelf.Metadata(r.Context(), q.name.Package(), q.file)
	if err != nil {
		return false
	}
	p, err := pom.Parse(b)
	if err != nil || p.Packaging == pomExt {
		return false
	}
	sums := sumsOf(b)
	if q.sum != "" {
		h.door.Data(w, r, plainText, []byte(sums[q.sum]))
		return true
	}
	nameSums(w, sums)
	answer.File(w, r, q.file, artifact.Digest(sums["sha256"]), bytes.NewReader(b))
	return true
}

// nameSums gives a file's checksums with it: Maven from 3.9 on takes them from here and
// saves a request for each file.
func nameSums(w http.ResponseWriter, sums map[string]string) {
	w.Header().Set("X-Checksum-SHA1", sums["sha1"])
	w.Header().Set("X-Checksum-MD5", sums["md5"])
}

// unchanged names the date of a file, and answers a client that has it and does not go
// by ETag.
func unchanged(w http.ResponseWriter, r *http.Request, at time.Time) bool {
	if at.IsZero() {
		return false
	}
	w.Header().Set("Last-Modified", at.UTC().Format(http.TimeFormat))
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	if err != nil || r.Header.Get("If-None-Match") != "" || at.Truncate(time.Second).After(since) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// wait asks for a file until it was looked at, for as long as a client waits.
func (h *Handler) wait(r *http.Request, p artifact.Package, name string) (*ecosystem.Served, error) {
	long := patience
	if strings.HasPrefix(r.UserAgent(), "Gradle/") {
		long = patienceGradle
	}
	over := h.after(long)
	for {
		f, err := h.shelf.File(r.Context(), p, name)
		pending, ok := errors.AsType[*ecosystem.Pending](err)
		if !ok {
			return f, err
		}
		select {
		case <-h.after(pending.After):
		case <-over:
			return nil, err
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// serveMetadata answers with a package's versions, or where the path is a group's with
// its plugins. The two have one path: org/example/app is the package
// org.example:app, and the group org.example.app.
func (h *Handler) serveMetadata(w http.ResponseWriter, r *http.Request, q request) {
	p := q.name.Package()
	if h.ours(r.Context(), artifact.Package{Ecosystem: artifact.Maven, Name: q.name.Group + "." + q.name.Artifact + "/" + metadataFile}) && !h.ours(r.Context(), p) {
		notFound(w, q.name.Group+"."+q.name.Artifact+" is a group of our own, without plugins that are called by a word")
		return
	}
	l, err := h.shelf.Listing(r.Context(), p)
	if err == nil && len(l.Index.Files)+l.Hidden > 0 {
		h.serveVersions(w, r, q, l)
		return
	}
	if err != nil && !errors.Is(err, ecosystem.ErrNoPackage) && !errors.Is(err, verdict.ErrNotFound) {
		h.refuse(w, r, "serve metadata", q.name.String(), err)
		return
	}
	b, err := h.shelf.Document(r.Context(), p, docPlugins)
	if errors.Is(err, verdict.ErrForbidden) { // a name of our own, of which nothing is here
		err = ecosystem.ErrNoPackage
	}
	if err != nil {
		h.refuse(w, r, "serve metadata", q.name.String(), err)
		return
	}
	page, err := pageOf(b, q.sum)
	if err != nil {
		h.door.Fault(w, r, "serve metadata", err)
		return
	}
	h.door.Page(w, r, page)
}

// ours says whether a name is one of our own. Nobody outside is asked.
func (h *Handler) ours(ctx context.Context, p artifact.Package) bool {
	_, err := h.shelf.Document(ctx, p, docOurs)
	return errors.Is(err, verdict.ErrForbidden)
}

func (h *Handler) serveVersions(w http.ResponseWriter, r *http.Request, q request, l *ecosystem.Listing) {
	var updated time.Time
	page, err := h.pages.Get(q.name.Package().Name, q.sum, l.Tag, func() (*answer.Page, error) {
		b, _, err := render(q.name, l)
		if err != nil {
			return nil, err
		}
		return pageOf(b, q.sum)
	})
	if err != nil {
		h.door.Fault(w, r, "serve metadata", err)
		return
	}
	for i, f := range l.Index.Files {
		if !l.Marks[i].Refused && f.Uploaded.After(updated) {
			updated = f.Uploaded
		}
	}
	if !updated.IsZero() {
		w.Header().Set("Last-Modified", updated.UTC().Format(http.TimeFormat))
	}
	h.door.Page(w, r, page)
}
