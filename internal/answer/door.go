package answer

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Door answers for a handler of one registry what every ecosystem answers alike.
// It is a value: copy it.
type Door struct {
	Decision func(id string) string // the address of a decision's page
	Log      *slog.Logger
	Plain    bool // refusals are plain text, for clients that print the body: go
}

// Refuse tells a client why it does not get what it asked for; what says what that
// was, for the log: "serve file". It takes every error of ecosystem.Shelf. A budget
// that is spent is no refusal of the file: 429 says that the same request passes
// later. A fault of ours answers 503, because after a 404 a client may go on to
// another index.
func (d Door) Refuse(w http.ResponseWriter, r *http.Request, what string, err error) {
	if no, ok := errors.AsType[*verdict.Refusal](err); ok {
		d.Written(r, Refuse(w, r, Refusal{Refusal: no, URL: d.Decision(no.Decision), Plain: d.Plain}))
		return
	}
	if wait, ok := errors.AsType[*ecosystem.Pending](err); ok {
		d.Written(r, Wait(w, r, wait.After, wait.Error()+"; "+wait.URL))
		return
	}
	if spent, ok := errors.AsType[*budget.Exhausted](err); ok {
		d.Written(r, TooMany(w, r, spent.After, spent.Error()))
		return
	}
	if errors.Is(err, blob.ErrFull) {
		// No Retry-After: a person has to make room first.
		d.Written(r, Wait(w, r, time.Hour, "gatehouse has no room to look at a new file; tell an admin (what was admitted is still served)"))
		return
	}
	if errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, verdict.ErrNotFound) {
		http.Error(w, "nothing of that name, here or upstream", http.StatusNotFound)
		return
	}
	d.Fault(w, r, what, err)
}

// Fault logs what went wrong here and answers that the client may try again.
func (d Door) Fault(w http.ResponseWriter, r *http.Request, what string, err error) {
	if r.Context().Err() != nil {
		return // the client went away
	}
	d.Log.ErrorContext(r.Context(), "cannot answer", "what", what, "path", artifact.Untrusted(r.URL.Path).String(), "err", err)
	d.Written(r, Wait(w, r, 5*time.Second, "gatehouse cannot answer now; try again"))
}

// File streams an admitted file, with the decision that admits it, and closes it.
func (d Door) File(w http.ResponseWriter, r *http.Request, f *ecosystem.Served) {
	defer f.Body.Close()
	w.Header().Set("X-Gatehouse-Decision", f.Decision)
	File(w, r, f.File.Name, f.File.SHA256, f.Body)
}

// Page answers with a rendered page.
func (d Door) Page(w http.ResponseWriter, r *http.Request, p *Page) { d.Written(r, p.Serve(w, r)) }

// Data answers with bytes that an outsider wrote, as metadata: nothing in them runs
// in a browser.
func (d Door) Data(w http.ResponseWriter, r *http.Request, contentType string, b []byte) {
	page, err := NewPage(contentType, "", b)
	if err != nil {
		d.Fault(w, r, "serve data", err)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox")
	d.Page(w, r, page)
}

// Written notes that an answer did not reach its client; nil is none.
func (d Door) Written(r *http.Request, err error) {
	if err != nil && r.Context().Err() == nil {
		d.Log.DebugContext(r.Context(), "answer not delivered", "path", artifact.Untrusted(r.URL.Path).String(), "err", err)
	}
}
