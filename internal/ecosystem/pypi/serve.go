package pypi

import (
	"container/list"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Handler serves one registry to pip, uv, poetry and their kin: the simple index
// in both forms (PEPs 503 and 691), files and their metadata (PEP 658). Mount it
// with its prefix stripped: it answers /simple/…, /files/…, /blocked/… and the JSON
// API (/NAME/json, /NAME/VERSION/json), and POST /osv/v1/query.
//
// An index is never refused for a policy reason, because pip then says only "no
// matching distribution"; the refused file stands in it as the registry presents
// it, by default marked as yanked (PEP 592), and its own request answers with the
// reason.
type Handler struct {
	shelf  ecosystem.Shelf
	url    func(id string) string // of a decision's page
	log    *slog.Logger
	pages  pageCache
	routes *http.ServeMux
	json   *http.ServeMux
}

// NewHandler makes the handler of one registry. url gives the address of a
// decision's page.
func NewHandler(shelf ecosystem.Shelf, url func(id string) string, log *slog.Logger) *Handler {
	h := &Handler{shelf: shelf, url: url, log: log, routes: http.NewServeMux()}
	h.routes.HandleFunc("GET /simple", redirectRoot)
	h.routes.HandleFunc("GET /simple/{$}", h.serveNames)
	h.routes.HandleFunc("GET /simple/{name}", h.redirect)
	h.routes.HandleFunc("GET /simple/{name}/{$}", h.serveIndex)
	h.routes.HandleFunc("GET /files/{name}/{file}", h.serveFile)
	h.routes.HandleFunc("GET /blocked/{decision}/{name}/{file}", h.serveFile)
	h.routes.HandleFunc("POST /osv/v1/query", h.answerQuery)
	h.json = h.jsonRoutes()
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if asksJSON(r.URL.Path) {
		h.json.ServeHTTP(w, r)
		return
	}
	h.routes.ServeHTTP(w, r)
}

// redirect adds the slash at the end, keeping the path relative so that it holds
// behind a proxy and under a prefix.
func (h *Handler) redirect(w http.ResponseWriter, r *http.Request) {
	p, err := Ecosystem{}.ParseName(r.PathValue("name"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Location", p.Name+"/")
	w.WriteHeader(http.StatusMovedPermanently)
}

// redirectRoot does the same for the list of names. ServeMux would by itself, but
// to a path that lacks the prefix this handler is mounted under.
func redirectRoot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", "simple/")
	w.WriteHeader(http.StatusMovedPermanently)
}

func (h *Handler) serveNames(w http.ResponseWriter, r *http.Request) {
	names, err := h.shelf.Names(r.Context(), artifact.PyPI)
	if err != nil {
		h.fault(w, r, "list packages", err)
		return
	}
	f, contentType := choose(r.Header.Get("Accept"))
	page, err := renderNames(names, f, contentType)
	if err != nil {
		h.fault(w, r, "list packages", err)
		return
	}
	h.written(r, page.Serve(w, r))
}

func (h *Handler) serveIndex(w http.ResponseWriter, r *http.Request) {
	written := r.PathValue("name")
	p, err := Ecosystem{}.ParseName(written)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if pep503.Normalize(written) != written {
		w.Header().Set("Location", "../"+p.Name+"/")
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	page, err := h.page(r.Context(), p, r.Header.Get("Accept"))
	if errors.Is(err, ecosystem.ErrNoPackage) {
		http.Error(w, "no package of that name, here or upstream", http.StatusNotFound)
		return
	} else if err != nil {
		h.refuse(w, r, "serve index", err)
		return
	}
	h.written(r, page.Serve(w, r))
}

// page gives the rendered listing, from the cache while it is still what the
// gate would say.
func (h *Handler) page(ctx context.Context, p artifact.Package, accept string) (*answer.Page, error) {
	l, err := h.shelf.Listing(ctx, p)
	if err != nil {
		return nil, err
	}
	f, contentType := choose(accept)
	key := pageKey{p.Name, contentType}
	if page := h.pages.get(key, l.Tag); page != nil {
		return page, nil
	}
	page, err := render(l, f, contentType)
	if err != nil {
		return nil, err
	}
	h.pages.put(key, l.Tag, page)
	return page, nil
}

// serveFile streams one admitted file, or its metadata. What the gate will not
// hand out answers 403 with the reason where each client shows it; a fault of
// ours answers 503, because after a 404 a client may go on to another index.
func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request) {
	p, err := Ecosystem{}.ParseName(r.PathValue("name"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	name := r.PathValue("file")
	if of, ok := strings.CutSuffix(name, ".metadata"); ok {
		h.serveMetadata(w, r, p, of)
		return
	}
	f, err := h.shelf.File(r.Context(), p, name)
	if err != nil {
		h.refuse(w, r, "serve file", err)
		return
	}
	defer f.Body.Close()
	w.Header().Set("X-Gatehouse-Decision", f.Decision)
	answer.File(w, r, f.File.Name, f.File.SHA256, f.Body)
}

func (h *Handler) serveMetadata(w http.ResponseWriter, r *http.Request, p artifact.Package, file string) {
	b, err := h.shelf.Metadata(r.Context(), p, file)
	if err != nil {
		h.refuse(w, r, "serve metadata", err)
		return
	}
	page, err := answer.NewPage("application/octet-stream", "", b)
	if err != nil {
		h.fault(w, r, "serve metadata", err)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox")
	h.written(r, page.Serve(w, r))
}

// refuse tells a client why it does not get what it asked for. A budget that is
// spent is no refusal of the file: 429 says that the same request passes later.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, what string, err error) {
	if no, ok := errors.AsType[*verdict.Refusal](err); ok {
		h.written(r, answer.Refuse(w, r, answer.Refusal{Refusal: no, URL: h.url(no.Decision)}))
		return
	}
	if wait, ok := errors.AsType[*ecosystem.Pending](err); ok {
		h.written(r, answer.Wait(w, r, wait.After, wait.Error()+"; "+wait.URL))
		return
	}
	if spent, ok := errors.AsType[*budget.Exhausted](err); ok {
		h.written(r, answer.TooMany(w, r, spent.After, spent.Error()))
		return
	}
	if errors.Is(err, blob.ErrFull) {
		// No Retry-After: a person has to make room first.
		h.written(r, answer.Wait(w, r, time.Hour, "gatehouse has no room to look at a new file; tell an admin (what was admitted is still served)"))
		return
	}
	if errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, verdict.ErrNotFound) {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	h.fault(w, r, what, err)
}

func (h *Handler) fault(w http.ResponseWriter, r *http.Request, what string, err error) {
	if r.Context().Err() != nil {
		return // the client went away
	}
	h.log.ErrorContext(r.Context(), "cannot answer", "what", what, "path", artifact.Untrusted(r.URL.Path).String(), "err", err)
	h.written(r, answer.Wait(w, r, 5*time.Second, "gatehouse cannot answer now; try again"))
}

func (h *Handler) written(r *http.Request, err error) {
	if err != nil && r.Context().Err() == nil {
		h.log.DebugContext(r.Context(), "answer not delivered", "path", artifact.Untrusted(r.URL.Path).String(), "err", err)
	}
}

// pageCache keeps rendered pages, the most recently used first, up to a number
// of bytes.
type pageCache struct {
	mu    sync.Mutex
	rows  map[pageKey]*list.Element
	order list.List
	bytes int
}

type pageKey struct{ name, contentType string }

type cachedPage struct {
	key  pageKey
	tag  string
	page *answer.Page
}

// maxPageBytes is what all rendered pages of one registry may hold together.
const maxPageBytes = 32 << 20

func (c *pageCache) get(k pageKey, tag string) *answer.Page {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.rows[k]
	if e == nil || e.Value.(*cachedPage).tag != tag {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedPage).page
}

func (c *pageCache) put(k pageKey, tag string, p *answer.Page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[pageKey]*list.Element{}
	}
	if old := c.rows[k]; old != nil {
		c.remove(old)
	}
	c.rows[k] = c.order.PushFront(&cachedPage{k, tag, p})
	c.bytes += p.Size()
	for c.bytes > maxPageBytes && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

func (c *pageCache) remove(e *list.Element) {
	row := c.order.Remove(e).(*cachedPage)
	delete(c.rows, row.key)
	c.bytes -= row.page.Size()
}
