package cargo

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
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
)

// Handler serves one registry to cargo: a sparse index, the crates and the reading
// half of the web API. Mount it with its prefix stripped.
//
// An index is never refused for a policy reason. What is refused stands in it as the
// registry presents it, by default as yanked, which cargo passes over where a
// requirement gives it the choice; the crate's own request answers with the reason,
// which cargo prints.
type Handler struct {
	shelf  ecosystem.Shelf
	reader func(context.Context) string
	door   answer.Door
	pages  answer.Pages
	// after is how waiting is done between two questions.
	after func(time.Duration) <-chan time.Time
}

// patience is how long a request for a crate waits for the first look at it. Cargo
// gives up after 30 seconds without a byte, and asks three times more after a 503.
const patience = 20 * time.Second

// askAgain is how soon it asks the gate again for a crate that is not in a queue yet.
// Cargo wants all crates of a lock at once, more than clients may wait for, and the
// last of them would wait for seconds after they were looked at.
const askAgain = 500 * time.Millisecond

// NewHandler makes the handler of one registry.
func NewHandler(r adapter.Registry) *Handler {
	return &Handler{shelf: r.Shelf, reader: r.Reader, door: answer.Door{Decision: r.Decision, Log: r.Log}, after: time.After}
}

const api = "api/v1/crates"

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.say(w, r, http.StatusMethodNotAllowed, "this is only read; crates are published with a token of role publisher")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	of, isAPI := strings.CutPrefix(path, api)
	switch parts := strings.Split(strings.Trim(of, "/"), "/"); {
	case path == "config.json":
		h.serveConfig(w, r)
	case path == "me":
		h.door.Data(w, r, plainText, []byte(howToToken+"\n"))
	case !isAPI:
		h.serveIndex(w, r, path)
	case of == "" || of == "/":
		h.serveSearch(w, r)
	case len(parts) == 2 && parts[1] == "owners" && record.ValidName(parts[0]):
		h.serveOwners(w, r, crate(parts[0]))
	case len(parts) == 3 && parts[2] == "download" && record.ValidName(parts[0]):
		h.serveCrate(w, r, crate(parts[0]), parts[1])
	default:
		h.say(w, r, http.StatusNotFound, "no such path")
	}
}

// howToToken says how a publisher gets in. There are no accounts.
const howToToken = "An admin of this gate makes tokens (gatehouse token create); give yours to cargo login"

// say answers with one sentence where cargo looks for it.
func (h *Handler) say(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	h.door.Written(r, answer.SayJSON(w, r, status, sentence))
}

// refuse answers an error of the shelf.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, what, of string, err error) {
	if errors.Is(err, ecosystem.ErrNoPackage) {
		h.say(w, r, http.StatusNotFound, artifact.Untrusted(of).String()+": no such crate or version, here or upstream")
		return
	}
	h.door.Refuse(w, r, what, err)
}

func (h *Handler) data(w http.ResponseWriter, r *http.Request, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		h.door.Fault(w, r, "serve data", err)
		return
	}
	h.door.Data(w, r, "application/json", append(b, '\n'))
}

// serveConfig says where the rest is. Cargo sends a token to a registry whose
// settings ask for it, and reads the settings with one only when it was not let in
// without: so the answer to somebody who is known is the one that asks.
func (h *Handler) serveConfig(w http.ResponseWriter, r *http.Request) {
	base := h.shelf.Base(artifact.Cargo)
	known := h.reader != nil && h.reader(r.Context()) != ""
	h.data(w, r, struct {
		Download string `json:"dl"`
		API      string `json:"api"`
		Auth     bool   `json:"auth-required,omitempty"`
	}{base + "/" + api, base, known})
}

func (h *Handler) serveIndex(w http.ResponseWriter, r *http.Request, path string) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if !record.ValidName(name) || name != strings.ToLower(name) || path != indexPath(name) {
		h.say(w, r, http.StatusNotFound, "no such path; an index has config.json and files such as se/rd/serde, in lower case")
		return
	}
	p := crate(name)
	l, err := h.shelf.Listing(r.Context(), p)
	if err != nil {
		h.refuse(w, r, "serve index", p.Name, err)
		return
	}
	page, err := h.pages.Get(p.Name, "", l.Tag, func() (*answer.Page, error) { return render(l) })
	if err != nil {
		h.door.Fault(w, r, "serve index", err)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	h.door.Page(w, r, page)
}

func (h *Handler) serveCrate(w http.ResponseWriter, r *http.Request, p artifact.Package, number string) {
	if _, err := semver.Parse(number); err != nil {
		h.say(w, r, http.StatusNotFound, "not a version: "+artifact.Untrusted(number).String())
		return
	}
	f, err := h.wait(r.Context(), p, fileName(p, number))
	if err != nil {
		h.refuse(w, r, "serve crate", p.Name+" "+number, err)
		return
	}
	h.door.File(w, r, f)
}

// wait asks for a file until it was looked at, for as long as cargo waits.
func (h *Handler) wait(ctx context.Context, p artifact.Package, name string) (*ecosystem.Served, error) {
	over := h.after(patience)
	for {
		f, err := h.shelf.File(ctx, p, name)
		pending, ok := errors.AsType[*ecosystem.Pending](err)
		if !ok {
			return f, err
		}
		select {
		case <-h.after(min(pending.After, askAgain)):
		case <-over:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// serveOwners says who may publish a crate: whoever has a token for it, and tokens
// are no list of people.
func (h *Handler) serveOwners(w http.ResponseWriter, r *http.Request, p artifact.Package) {
	if _, err := h.shelf.Listing(r.Context(), p); err != nil {
		h.refuse(w, r, "serve owners", p.Name, err)
		return
	}
	h.data(w, r, map[string][]struct{}{"users": {}})
}

// Limits of a search: each result asks for an index.
const (
	searchDefault = 10
	searchMost    = 50
)

type found struct {
	Name        string `json:"name"`
	Newest      string `json:"max_version"`
	Description string `json:"description"`
}

// serveSearch searches in the names that something was admitted of, which is what
// can be built without a wait. Nobody outside is asked.
func (h *Handler) serveSearch(w http.ResponseWriter, r *http.Request) {
	names, err := h.shelf.Names(r.Context(), artifact.Cargo)
	if err != nil {
		h.door.Fault(w, r, "search", err)
		return
	}
	names = matching(names, r.URL.Query().Get("q"))
	out := []found{}
	for _, name := range names[:min(len(names), perPage(r.URL.Query()))] {
		l, err := h.shelf.Listing(r.Context(), crate(name))
		if err != nil {
			continue // what cannot be listed now is no result
		}
		if newest, ok := newest(l); ok {
			out = append(out, found{Name: name, Newest: newest, Description: ""})
		}
	}
	h.data(w, r, map[string]any{"crates": out, "meta": map[string]int{"total": len(names)}})
}

func matching(names []string, query string) []string {
	words := strings.Fields(CollisionKey(query))
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		key := CollisionKey(n)
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(key, word) })
	})
}

func perPage(q url.Values) int {
	n, err := strconv.Atoi(q.Get("per_page"))
	if err != nil || n < 1 {
		return searchDefault
	}
	return min(n, searchMost)
}

// newest is the highest version that a listing offers, a release before a
// pre-release; false where it offers none.
func newest(l *ecosystem.Listing) (string, bool) {
	best, found := semver.Version{}, false
	for i, f := range l.Index.Files {
		v, err := semver.Parse(f.Number)
		if err != nil || f.Yanked || l.Marks[i].Refused {
			continue
		}
		if !found || cmp.Or(release(v)-release(best), semver.Compare(v, best)) > 0 {
			best, found = v, true
		}
	}
	return best.String(), found
}

func release(v semver.Version) int {
	if v.Pre == "" {
		return 1
	}
	return 0
}
