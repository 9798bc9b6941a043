package golang

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Handler serves one registry to the go command as a module proxy
// (https://go.dev/ref/mod#goproxy-protocol) with the checksum database below
// /sumdb/. Mount it with its prefix stripped.
//
// The go command goes on to the next proxy of its list after 404 and 410, and after
// nothing else where the list has commas. So those two answers say that something
// does not exist, here and outside, and never that it is refused: that is 403, with
// the reason as plain text, which the go command prints. It asks once: a zip that is
// being looked at is waited for (patience), since go build has no other way.
type Handler struct {
	shelf ecosystem.Shelf
	door  answer.Door
	pages answer.Pages
	// after is how waiting is done between two questions.
	after func(time.Duration) <-chan time.Time
}

// patience is how long a request for a zip waits for the first look at it, one last
// wait of the shelf aside: the server gives an answer two minutes to begin. What
// stands between may give less (nginx: 60 s by default, see docs/go.md).
const patience = 80 * time.Second

// NewHandler makes the handler of one registry.
func NewHandler(r adapter.Registry) *Handler {
	return &Handler{shelf: r.Shelf, door: answer.Door{Decision: r.Decision, Log: r.Log, Plain: true}, after: time.After}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a module proxy is only read", http.StatusMethodNotAllowed)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if strings.HasPrefix(path, "sumdb/") {
		h.serveSumDB(w, r, path)
		return
	}
	p, what, err := parseRequest(path)
	if err != nil {
		notFound(w, err.Error())
		return
	}
	switch {
	case what == "@latest":
		h.serveLatest(w, r, p)
	case what == "@v/list":
		h.serveList(w, r, p)
	default:
		h.serveVersion(w, r, p, strings.TrimPrefix(what, "@v/"))
	}
}

// parseRequest splits a path into a module and what is asked of it, and undoes the
// escaping of both (https://go.dev/ref/mod#goproxy-protocol): "!a" is "A".
func parseRequest(path string) (artifact.Package, string, error) {
	i := strings.LastIndex(path, "/@")
	if i < 0 {
		return artifact.Package{}, "", errors.New("no such path; a module proxy has MODULE/@v/list, MODULE/@v/VERSION.info, .mod and .zip, and MODULE/@latest")
	}
	name, err := module.UnescapePath(path[:i])
	if err != nil {
		return artifact.Package{}, "", fmt.Errorf("module path: %s", artifact.Untrusted(err.Error()))
	}
	what := path[i+1:]
	p := artifact.Package{Ecosystem: artifact.Golang, Name: name}
	if what == "@latest" || what == "@v/list" {
		return p, what, nil
	}
	escaped, ok := strings.CutPrefix(what, "@v/")
	dot := strings.LastIndexByte(escaped, '.')
	if !ok || dot < 0 {
		return artifact.Package{}, "", errors.New("no such path")
	}
	number, err := module.UnescapeVersion(escaped[:dot])
	if err != nil {
		return artifact.Package{}, "", fmt.Errorf("version: %s", artifact.Untrusted(err.Error()))
	}
	switch ext := escaped[dot:]; ext {
	case ".info", ".mod", ".zip":
		return p, "@v/" + number + ext, nil
	}
	return artifact.Package{}, "", errors.New("no such path")
}

// notFound is the answer after which the go command asks the next proxy.
func notFound(w http.ResponseWriter, why string) {
	http.Error(w, "not found: "+why, http.StatusNotFound)
}

// refuse answers an error of the shelf.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, what string, p artifact.Package, number string, err error) {
	if errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, verdict.ErrNotFound) {
		name := p.Name
		if number != "" {
			name += "@" + number
		}
		notFound(w, name+": no such version of a module, here or upstream")
		return
	}
	h.door.Refuse(w, r, what, err)
}

func (h *Handler) serveList(w http.ResponseWriter, r *http.Request, p artifact.Package) {
	l, err := h.shelf.Listing(r.Context(), p)
	if err != nil {
		h.refuse(w, r, "serve version list", p, "", err)
		return
	}
	page, err := h.pages.Get(p.Name, "list", l.Tag, func() (*answer.Page, error) { return renderList(l) })
	if err != nil {
		h.door.Fault(w, r, "serve version list", err)
		return
	}
	h.door.Page(w, r, page)
}

func (h *Handler) serveLatest(w http.ResponseWriter, r *http.Request, p artifact.Package) {
	l, err := h.shelf.Listing(r.Context(), p)
	if err != nil {
		h.refuse(w, r, "serve latest", p, "", err)
		return
	}
	f, ok := latest(l)
	switch {
	case ok:
		h.serveVersion(w, r, p, f.Number+".info")
	case len(l.Index.Files) == 0 && l.Hidden == 0:
		notFound(w, p.Name+": it has no version")
	default:
		why := "every version of " + p.Name + " is refused by this registry"
		if len(l.Marks) > 0 {
			why += "; the newest: " + l.Marks[len(l.Marks)-1].Why
		}
		w.Header().Set("Cache-Control", "no-store")
		h.door.Written(r, answer.Say(w, r, http.StatusForbidden, "blocked by gatehouse: "+why))
	}
}

// serveVersion answers for one version: its .info and .mod, which are data, also of
// one that is refused; its zip where it is admitted.
func (h *Handler) serveVersion(w http.ResponseWriter, r *http.Request, p artifact.Package, what string) {
	number, ext := what[:strings.LastIndexByte(what, '.')], what[strings.LastIndexByte(what, '.'):]
	if !isVersion(p, number) {
		h.serveQuery(w, r, p, number, ext)
		return
	}
	if ext == ".zip" {
		h.serveZip(w, r, p, number)
		return
	}
	b, err := h.shelf.Metadata(r.Context(), p, fileName(number))
	if err != nil {
		h.refuse(w, r, "serve "+ext, p, number, err)
		return
	}
	var m record.Metadata
	if err := json.Unmarshal(b, &m); err != nil {
		h.door.Fault(w, r, "serve "+ext, fmt.Errorf("reading what is known of %s@%s: %w", p.Name, number, err))
		return
	}
	if ext == ".mod" {
		h.door.Data(w, r, plainText, []byte(m.Mod))
		return
	}
	if len(m.Info) == 0 {
		h.door.Fault(w, r, "serve .info", fmt.Errorf("%s@%s: the upstream says nothing of it", p.Name, number))
		return
	}
	h.door.Data(w, r, "application/json", m.Info)
}

// serveQuery answers what version a branch or a commit is; which one that is the
// upstream says, and whether it is served is asked like for any other.
func (h *Handler) serveQuery(w http.ResponseWriter, r *http.Request, p artifact.Package, revision, ext string) {
	if ext != ".info" {
		notFound(w, p.Name+"@"+artifact.Untrusted(revision).String()+": not a version")
		return
	}
	b, err := h.shelf.Document(r.Context(), p, "query/"+revision)
	var v record.Version
	if err == nil {
		if v, err = parseInfo(p, b); err != nil {
			err = fmt.Errorf("%w: %w", ecosystem.ErrNoPackage, err)
		}
	}
	if errors.Is(err, verdict.ErrForbidden) { // a module of our own has the versions that were published
		err = ecosystem.ErrNoPackage
	}
	if err != nil {
		h.refuse(w, r, "serve query", p, artifact.Untrusted(revision).String(), err)
		return
	}
	h.serveVersion(w, r, p, v.Version+".info")
}

func (h *Handler) serveZip(w http.ResponseWriter, r *http.Request, p artifact.Package, number string) {
	f, err := h.wait(r.Context(), p, fileName(number))
	if err != nil {
		h.refuse(w, r, "serve zip", p, number, err)
		return
	}
	h.door.File(w, r, f)
}

// wait asks for a file until it was looked at, for as long as a client waits.
func (h *Handler) wait(ctx context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	over := h.after(patience)
	for {
		f, err := h.shelf.File(ctx, p, name)
		pending, ok := errors.AsType[*ecosystem.Pending](err)
		if !ok {
			return f, err
		}
		select {
		case <-h.after(pending.After):
		case <-over:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// serveSumDB passes the checksum database on. A name of our own is looked up nowhere.
func (h *Handler) serveSumDB(w http.ResponseWriter, r *http.Request, path string) {
	p := artifact.Package{Ecosystem: artifact.Golang}
	if _, lookup, ok := strings.Cut(path, "/lookup/"); ok {
		escaped, _, _ := strings.Cut(lookup, "@")
		name, err := module.UnescapePath(escaped)
		if err != nil {
			notFound(w, "module path: "+artifact.Untrusted(err.Error()).String())
			return
		}
		p.Name = name
	}
	b, err := h.shelf.Document(r.Context(), p, path)
	if errors.Is(err, verdict.ErrForbidden) {
		h.door.Written(r, answer.Say(w, r, http.StatusForbidden, p.Name+" is a module of our own and is looked up in no public database; set GONOSUMDB for it (docs/go.md)"))
		return
	}
	if errors.Is(err, ecosystem.ErrNoPackage) {
		notFound(w, "the checksum database has no such thing, or another one is passed on here")
		return
	}
	if err != nil {
		h.door.Refuse(w, r, "serve checksum database", err)
		return
	}
	h.door.Data(w, r, "application/octet-stream", b)
}
