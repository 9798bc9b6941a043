package npm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Handler serves one registry to npm, pnpm, yarn and bun. Mount it with its prefix
// stripped: it answers /NAME, /NAME/VERSION, /NAME/-/FILE.tgz, the same below
// /blocked/DECISION, and what npm's registry has below /-/: ping, whoami, search,
// audits, keys and attestations.
//
// A packument is never refused for a policy reason. What is refused stands in it as
// the registry presents it, by default marked as deprecated, which clients pass over
// where a range gives them the choice, and no dist-tag stands for it; its tarball's
// own request answers with the reason. Tarballs are handed out as they came:
// signatures cover their digests.
type Handler struct {
	shelf  ecosystem.Shelf
	reader func(context.Context) string
	door   answer.Door
	pages  answer.Pages
}

// NewHandler makes the handler of one registry.
func NewHandler(r adapter.Registry) *Handler {
	return &Handler{shelf: r.Shelf, reader: r.Reader, door: answer.Door{Decision: r.Decision, Log: r.Log}}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := elements(r.URL)
	if !ok {
		h.notFound(w, r)
		return
	}
	if path[0] == "-" {
		h.serveService(w, r, strings.Join(path[1:], "/"))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.say(w, r, http.StatusMethodNotAllowed, "this registry takes no "+artifact.Untrusted(r.Method).String()+" here; packages are published with a token of role publisher")
		return
	}
	h.servePackage(w, r, path)
}

// elements are a path's elements, unescaped; a scope and its name are one.
func elements(u *url.URL) ([]string, bool) {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	out := make([]string, 0, len(parts))
	for _, part := range parts {
		text, err := url.PathUnescape(part)
		if err != nil || text == "" || text == "." || text == ".." {
			return nil, false
		}
		// "@s/p" came as "@s%2fp" or as two elements.
		if i := len(out) - 1; i >= 0 && strings.HasPrefix(out[i], "@") && !strings.Contains(out[i], "/") {
			out[i] += "/" + text
			continue
		}
		out = append(out, text)
	}
	return out, true
}

// blockedLength is how many elements the address of a refused tarball has:
// /blocked/DECISION/NAME/-/FILE. There may be a package called blocked too.
const blockedLength = 5

func (h *Handler) servePackage(w http.ResponseWriter, r *http.Request, path []string) {
	if path[0] == "blocked" && len(path) == blockedLength && path[3] == "-" {
		path = path[2:]
	}
	if !name.Valid(path[0]) {
		h.notFound(w, r)
		return
	}
	p := npmPackage(path[0])
	switch rest := path[1:]; {
	case len(rest) == 0:
		h.servePackument(w, r, p)
	case len(rest) == 1 && rest[0] != "-":
		h.serveVersion(w, r, p, rest[0])
	case len(rest) == 2 && rest[0] == "-":
		// Some registries repeat the scope before the file's name.
		h.serveFile(w, r, p, rest[1][strings.LastIndexByte(rest[1], '/')+1:])
	default:
		h.notFound(w, r)
	}
}

func (h *Handler) servePackument(w http.ResponseWriter, r *http.Request, p artifact.Package) {
	l, err := h.shelf.Listing(r.Context(), p)
	if err != nil {
		h.refuse(w, r, "serve packument", err)
		return
	}
	f, base := choose(r.Header.Get("Accept")), h.shelf.Base(artifact.NPM)
	page, err := h.pages.Get(p.Name, f.contentType(), l.Tag, func() (*answer.Page, error) { return render(l, base, f) })
	if err != nil {
		h.door.Fault(w, r, "serve packument", err)
		return
	}
	h.door.Page(w, r, page)
}

// serveVersion answers with one version's manifest, by number or tag.
func (h *Handler) serveVersion(w http.ResponseWriter, r *http.Request, p artifact.Package, number string) {
	l, err := h.shelf.Listing(r.Context(), p)
	if err != nil {
		h.refuse(w, r, "serve manifest", err)
		return
	}
	if to, ok := distTags(l)[number]; ok {
		number = to
	}
	i := slices.IndexFunc(l.Index.Files, func(f ecosystem.IndexFile) bool { return f.Number == number })
	if i < 0 {
		h.say(w, r, http.StatusNotFound, "version not found: "+artifact.Untrusted(number).String())
		return
	}
	page, err := renderVersion(l, i, h.shelf.Base(artifact.NPM))
	if err != nil {
		h.door.Fault(w, r, "serve manifest", err)
		return
	}
	h.door.Page(w, r, page)
}

func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request, p artifact.Package, file string) {
	f, err := h.shelf.File(r.Context(), p, file)
	if err != nil {
		h.refuse(w, r, "serve file", err)
		return
	}
	h.door.File(w, r, f)
}

// service is one thing below /-/.
type service struct {
	method string // GET answers HEAD too
	answer func(h *Handler, w http.ResponseWriter, r *http.Request)
}

var services = map[string]service{
	"ping":                            {http.MethodGet, (*Handler).servePing},
	"whoami":                          {http.MethodGet, (*Handler).serveWhoami},
	"v1/search":                       {http.MethodGet, (*Handler).serveSearch},
	"npm/v1/keys":                     {http.MethodGet, (*Handler).serveKeys},
	"v1/login":                        {http.MethodPost, (*Handler).explainLogin},
	"npm/v1/security/advisories/bulk": {http.MethodPost, (*Handler).answerBulk},
	"npm/v1/security/audits/quick":    {http.MethodPost, (*Handler).answerAudit},
	"npm/v1/security/audits":          {http.MethodPost, (*Handler).answerAudit},
}

func (h *Handler) serveService(w http.ResponseWriter, r *http.Request, what string) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if s, ok := services[what]; ok {
		if s.method != method {
			w.Header().Set("Allow", s.method)
			h.say(w, r, http.StatusMethodNotAllowed, "ask this with "+s.method)
			return
		}
		s.answer(h, w, r)
		return
	}
	of, isTags := strings.CutPrefix(what, "package/")
	tagged, isList := strings.CutSuffix(of, "/dist-tags")
	attested, isAttestations := strings.CutPrefix(what, "npm/v1/attestations/")
	switch {
	case isTags && isList && method == http.MethodGet && name.Valid(tagged):
		h.serveTags(w, r, npmPackage(tagged))
	case isAttestations && method == http.MethodGet:
		h.serveAttestations(w, r, attested)
	case strings.HasPrefix(what, "user/"), strings.HasPrefix(what, "npm/v1/tokens"), strings.HasPrefix(what, "npm/v1/user"):
		h.explainLogin(w, r)
	default:
		h.notFound(w, r)
	}
}

func (h *Handler) servePing(w http.ResponseWriter, r *http.Request) { h.data(w, r, struct{}{}) }

func (h *Handler) serveWhoami(w http.ResponseWriter, r *http.Request) {
	who := ""
	if h.reader != nil {
		who = h.reader(r.Context())
	}
	if who == "" {
		h.say(w, r, http.StatusUnauthorized, "nobody: this request came without a token. "+howToToken)
		return
	}
	h.data(w, r, map[string]string{"username": who})
}

// howToToken says how a client gets in. There are no passwords and no accounts.
const howToToken = "An admin of this gate makes tokens (gatehouse token create); put yours into .npmrc as //HOST/PATH/:_authToken=TOKEN"

func (h *Handler) explainLogin(w http.ResponseWriter, r *http.Request) {
	answer.Drain(r)
	h.say(w, r, http.StatusForbidden, "this registry has no accounts to log in to. "+howToToken)
}

func (h *Handler) serveTags(w http.ResponseWriter, r *http.Request, p artifact.Package) {
	l, err := h.shelf.Listing(r.Context(), p)
	if err != nil {
		h.refuse(w, r, "serve tags", err)
		return
	}
	h.data(w, r, distTags(l))
}

// serveKeys passes on the keys that the upstream says it signs with, for clients
// that verify what it signed. They are data: nothing here is verified with keys
// that come from where the signatures come from.
func (h *Handler) serveKeys(w http.ResponseWriter, r *http.Request) {
	b, err := h.shelf.Document(r.Context(), npmPackage(""), "-/npm/v1/keys")
	if errors.Is(err, ecosystem.ErrNoPackage) {
		h.say(w, r, http.StatusNotFound, "the upstream signs nothing")
		return
	}
	h.pass(w, r, "serve keys", b, err)
}

// serveAttestations passes on what the upstream says was attested about a version.
func (h *Handler) serveAttestations(w http.ResponseWriter, r *http.Request, of string) {
	v, ok := parseVersion(of)
	if !ok {
		h.notFound(w, r)
		return
	}
	l, err := h.shelf.Listing(r.Context(), v.Package)
	if err != nil {
		h.refuse(w, r, "serve attestations", err)
		return
	}
	if !slices.ContainsFunc(l.Index.Files, func(f ecosystem.IndexFile) bool { return f.Number == v.Number && f.Provenance != "" }) {
		h.say(w, r, http.StatusNotFound, "nothing is attested about "+v.String())
		return
	}
	b, err := h.shelf.Document(r.Context(), v.Package, "-/npm/v1/attestations/"+escapeName(v.Package.Name)+"@"+url.PathEscape(v.Number))
	h.pass(w, r, "serve attestations", b, err)
}

// parseVersion reads "@s/p@1.0.0".
func parseVersion(s string) (v artifact.Version, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i <= 0 || !name.Valid(s[:i]) {
		return v, false
	}
	return artifact.Version{Package: npmPackage(s[:i]), Number: s[i+1:]}, s[i+1:] != ""
}

// pass hands on an upstream's document, which has to be JSON.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, what string, b []byte, err error) {
	if err == nil {
		c := packument.NewCursor(b)
		if _, err = c.Value(); err == nil {
			err = c.End()
		}
	}
	if err != nil {
		h.refuse(w, r, what, err)
		return
	}
	h.door.Data(w, r, typeFull, artifact.EscapeJSON(b))
}

// Limits of a search: a page of results asks for as many packuments.
const (
	searchDefault = 20
	searchMost    = 50
)

// found is a result of a search, as npm's registry writes it.
type found struct {
	Package foundPackage `json:"package"`
	Score   foundScore   `json:"score"`
	Search  float64      `json:"searchScore"`
}

type foundPackage struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Description string            `json:"description"`
	Date        string            `json:"date,omitempty"`
	Links       map[string]string `json:"links"`
	Keywords    []string          `json:"keywords"`
	Publisher   map[string]string `json:"publisher"`
	Maintainers []struct{}        `json:"maintainers"`
}

type foundScore struct {
	Final  float64            `json:"final"`
	Detail map[string]float64 `json:"detail"`
}

// serveSearch searches in the names that something was admitted of, which is what
// can be installed without a wait. Nobody outside is asked.
func (h *Handler) serveSearch(w http.ResponseWriter, r *http.Request) {
	names, err := h.shelf.Names(r.Context(), artifact.NPM)
	if err != nil {
		h.door.Fault(w, r, "search", err)
		return
	}
	q := r.URL.Query()
	words := strings.Fields(strings.ToLower(q.Get("text")))
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		lower := strings.ToLower(n)
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(lower, word) })
	})
	total := len(names)
	names = names[min(count(q.Get("from"), 0, total), total):]
	names = names[:min(count(q.Get("size"), searchDefault, searchMost), len(names))]
	objects := []found{}
	for _, n := range names {
		if f, ok := h.found(r.Context(), n); ok {
			objects = append(objects, f)
		}
	}
	h.data(w, r, map[string]any{"objects": objects, "total": total})
}

// count reads a number of a query.
func count(s string, otherwise, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		n = otherwise
	}
	return min(n, most)
}

func (h *Handler) found(ctx context.Context, n string) (found, bool) {
	l, err := h.shelf.Listing(ctx, npmPackage(n))
	if err != nil || len(l.Index.Files) == 0 {
		return found{}, false
	}
	tags := distTags(l)
	i := slices.IndexFunc(l.Index.Files, func(f ecosystem.IndexFile) bool { return f.Number == tags["latest"] })
	if i < 0 {
		i = len(l.Index.Files) - 1
	}
	f := l.Index.Files[i]
	p := foundPackage{Name: n, Version: f.Number, Links: map[string]string{}, Keywords: []string{}, Publisher: map[string]string{}, Maintainers: []struct{}{}}
	if m, err := packument.ReadManifest(f.Record); err == nil {
		p.Description = artifact.Untrusted(m.Description).String()
	}
	if !f.Uploaded.IsZero() {
		p.Date = f.Uploaded.UTC().Format(stamp)
	}
	return found{p, foundScore{1, map[string]float64{"quality": 1, "popularity": 1, "maintenance": 1}}, 1}, true
}

// refuse answers an error of the shelf.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, what string, err error) {
	if errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, verdict.ErrNotFound) || errors.Is(err, verdict.ErrForbidden) {
		h.notFound(w, r) // forbidden is to ask outside about a name of our own
		return
	}
	h.door.Refuse(w, r, what, err)
}

func (h *Handler) notFound(w http.ResponseWriter, r *http.Request) {
	h.say(w, r, http.StatusNotFound, "nothing of that name, here or upstream")
}

// say answers with one sentence where npm reads it.
func (h *Handler) say(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	w.Header().Set("Content-Type", typeFull)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	b, err := json.Marshal(map[string]string{"error": artifact.Untrusted(sentence).String()})
	if err == nil {
		_, err = w.Write(append(b, '\n'))
	}
	h.door.Written(r, err)
}

// data answers with a value of our own as JSON.
func (h *Handler) data(w http.ResponseWriter, r *http.Request, v any) {
	b, err := json.Marshal(v)
	var page *answer.Page
	if err == nil {
		page, err = answer.NewPage(typeFull, "", artifact.EscapeJSON(b))
	}
	if err != nil {
		h.door.Fault(w, r, cmp.Or(strings.TrimPrefix(r.URL.Path, "/-/"), "answer"), err)
		return
	}
	h.door.Page(w, r, page)
}
