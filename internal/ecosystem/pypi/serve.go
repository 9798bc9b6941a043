package pypi

import (
	"context"
	"net/http"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
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
	door   answer.Door
	pages  answer.Pages
	routes *http.ServeMux
	json   *http.ServeMux
}

// NewHandler makes the handler of one registry.
func NewHandler(r adapter.Registry) *Handler {
	h := &Handler{shelf: r.Shelf, door: answer.Door{Decision: r.Decision, Log: r.Log}, routes: http.NewServeMux()}
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
		h.door.Fault(w, r, "list packages", err)
		return
	}
	f, contentType := choose(r.Header.Get("Accept"))
	page, err := renderNames(names, f, contentType)
	if err != nil {
		h.door.Fault(w, r, "list packages", err)
		return
	}
	h.door.Page(w, r, page)
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
	if err != nil {
		h.door.Refuse(w, r, "serve index", err)
		return
	}
	h.door.Page(w, r, page)
}

// page gives the rendered listing, from the cache while it is still what the
// gate would say.
func (h *Handler) page(ctx context.Context, p artifact.Package, accept string) (*answer.Page, error) {
	l, err := h.shelf.Listing(ctx, p)
	if err != nil {
		return nil, err
	}
	f, contentType := choose(accept)
	return h.pages.Get(p.Name, contentType, l.Tag, func() (*answer.Page, error) { return render(l, f, contentType) })
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
		h.door.Refuse(w, r, "serve file", err)
		return
	}
	h.door.File(w, r, f)
}

func (h *Handler) serveMetadata(w http.ResponseWriter, r *http.Request, p artifact.Package, file string) {
	b, err := h.shelf.Metadata(r.Context(), p, file)
	if err != nil {
		h.door.Refuse(w, r, "serve metadata", err)
		return
	}
	h.door.Data(w, r, "application/octet-stream", b)
}
