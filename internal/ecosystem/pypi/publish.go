package pypi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Uploads takes files from twine, uv, poetry and flit for one registry: the
// legacy upload API, as the Python index documents it. Who may publish was
// settled before; what may be published the desk decides.
//
// Every answer carries its sentence in the reason phrase, which twine, poetry and
// flit print, and in the body, which uv prints. A form is read to its end before
// it is refused, up to a cap: a client that is cut off while it sends shows
// "connection reset" instead of the reason.
type Uploads struct {
	desk  ecosystem.Desk
	url   func(id string) string // of a decision's page
	log   *slog.Logger
	slots chan struct{}
	mux   *http.ServeMux
	alive time.Duration // between two signs of life to a client that waits
}

// uploadsAtOnce bounds what uploads under way cost together.
const uploadsAtOnce = 16

// NewUploads makes the receiver of one registry.
func NewUploads(desk ecosystem.Desk, url func(id string) string, log *slog.Logger) *Uploads {
	u := &Uploads{desk: desk, url: url, log: log, slots: make(chan struct{}, uploadsAtOnce), mux: http.NewServeMux(), alive: aliveEvery}
	u.mux.HandleFunc("GET /integrity/{name}/{number}/{file}/provenance", u.serveProvenance)
	return u
}

// Receive answers one upload.
func (u *Uploads) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	select {
	case u.slots <- struct{}{}:
		defer func() { <-u.slots }()
	default:
		w.Header().Set("Retry-After", "5")
		u.say(w, r, http.StatusServiceUnavailable, "gatehouse takes many uploads just now; try again in a moment")
		return
	}
	receipt, err := u.receive(w, r, by)
	answer.Drain(r)
	if err != nil {
		u.refuse(w, r, err)
		return
	}
	w.Header().Set("X-Gatehouse-Decision", receipt.Decision)
	done := "published " + receipt.File
	if receipt.Again {
		done = receipt.File + " was published before, with the same bytes"
	}
	for _, n := range receipt.Notes {
		done += "\nnote: " + artifact.Untrusted(n).String()
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = io.WriteString(w, done+"\n"+u.url(receipt.Decision)+"\n")
	u.written(r, err)
}

func (u *Uploads) receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
	ctx := r.Context()
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "send the form without Content-Encoding")
	}
	early := func(p artifact.Package) error { return u.desk.MayPublish(ctx, p, by) }
	f, err := readForm(ctx, r.Body, r.Header.Get("Content-Type"), early, u.desk.Keep)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	up, err := f.upload()
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	return u.waiting(w, r, func(ctx context.Context) (ecosystem.Receipt, error) { return u.desk.Publish(ctx, up, by) })
}

// aliveEvery is how often a client that waits hears that it is still worth it.
// Poetry gives up after 15 seconds of silence, and a large archive takes longer to
// scan; every client reads past "100 Continue" (RFC 9110, section 15.2.1).
const aliveEvery = 5 * time.Second

// waiting runs fn and keeps the client waiting for it. A client that goes away
// does not stop it: what was decided about the upload is recorded, and the next
// try finds it.
//
// HTTP/1.0 knows no such signs, and nginx 1.22 takes them and the answer for one
// answer without an end (measured): after one the connection is closed, so that
// what comes next is not waited for until it idles out.
func (u *Uploads) waiting(w http.ResponseWriter, r *http.Request, fn func(context.Context) (ecosystem.Receipt, error)) (ecosystem.Receipt, error) {
	ctx := r.Context()
	type result struct {
		receipt ecosystem.Receipt
		err     error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- result{err: fmt.Errorf("publishing: panic: %v", v)}
			}
		}()
		receipt, err := fn(context.WithoutCancel(ctx))
		done <- result{receipt, err}
	}()
	var alive <-chan time.Time
	if r.ProtoAtLeast(1, 1) {
		t := time.NewTicker(u.alive)
		defer t.Stop()
		alive = t.C
	}
	for signed := false; ; {
		select {
		case got := <-done:
			if signed {
				w.Header().Set("Connection", "close")
			}
			return got.receipt, got.err
		case <-alive:
			signed = true
			w.WriteHeader(http.StatusContinue)
		}
	}
}

// refuse answers what was not taken, in the client's words. Poetry and twine skip
// an upload that exists for "400" with "already exists"; nothing else may read so.
func (u *Uploads) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if no, ok := errors.AsType[*verdict.Refusal](err); ok {
		w.Header().Set("X-Gatehouse-Decision", no.Decision)
		u.say(w, r, http.StatusForbidden, answer.Refusal{Refusal: no, URL: u.url(no.Decision), Most: answer.MaxUploadPhrase}.Phrase())
		return
	}
	if no, ok := errors.AsType[*ecosystem.UploadError](err); ok {
		u.say(w, r, statusOf(no.Fault), no.Text)
		return
	}
	if errors.Is(err, blob.ErrFull) {
		u.log.ErrorContext(r.Context(), "cannot keep an upload", "err", err)
		u.say(w, r, http.StatusInsufficientStorage, "gatehouse has no room for this file; tell an admin")
		return
	}
	if r.Context().Err() == nil {
		u.log.ErrorContext(r.Context(), "cannot take an upload", "err", err)
	}
	w.Header().Set("Retry-After", "5")
	u.say(w, r, http.StatusServiceUnavailable, "gatehouse cannot take uploads now; try again")
}

func statusOf(f ecosystem.UploadFault) int {
	switch f {
	case ecosystem.UploadForbidden:
		return http.StatusForbidden
	case ecosystem.UploadTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// say answers with one sentence, in the reason phrase and as plain text.
func (u *Uploads) say(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	u.written(r, answer.Say(w, r, status, sentence))
}

func (u *Uploads) written(r *http.Request, err error) {
	if err != nil && r.Context().Err() == nil {
		u.log.DebugContext(r.Context(), "answer not delivered", "path", artifact.Untrusted(r.URL.Path).String(), "err", err)
	}
}

// ServeHTTP serves below /integrity/ what publishers sent with their files, as
// given (PEP 740): nobody has verified it, and its publisher says so. Mount it
// with its prefix stripped.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.mux.ServeHTTP(w, r) }

func (u *Uploads) serveProvenance(w http.ResponseWriter, r *http.Request) {
	p, err := Ecosystem{}.ParseName(r.PathValue("name"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	list, err := u.desk.Attestations(r.Context(), p, r.PathValue("file"))
	switch {
	case errors.Is(err, verdict.ErrNotFound), errors.Is(err, ecosystem.ErrNoPackage), err == nil && len(list) == 0:
		http.Error(w, "no file of that name is served here, or nothing was attested with it", http.StatusNotFound)
		return
	case err != nil:
		u.log.ErrorContext(r.Context(), "cannot answer", "what", "serve provenance", "err", err)
		u.written(r, answer.Wait(w, r, aliveEvery, "gatehouse cannot answer now; try again"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.pypi.integrity.v1+json")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	u.written(r, json.NewEncoder(w).Encode(provenanceOf(list)))
}

// provenance is the provenance object of PEP 740.
type provenance struct {
	Version int      `json:"version"`
	Bundles []bundle `json:"attestation_bundles"`
}

type bundle struct {
	Publisher    bundlePublisher   `json:"publisher"`
	Attestations []json.RawMessage `json:"attestations"`
}

// bundlePublisher says how little is known: whoever held a token sent them.
type bundlePublisher struct {
	Kind     string `json:"kind"`
	Verified bool   `json:"verified"`
}

func provenanceOf(list []json.RawMessage) provenance {
	return provenance{Version: 1, Bundles: []bundle{{bundlePublisher{Kind: "gatehouse-token"}, list}}}
}
