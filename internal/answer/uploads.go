package answer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// uploadsAtOnce bounds what uploads under way cost together.
const uploadsAtOnce = 16

// aliveEvery is how often a client that waits hears that it is still worth it.
// Poetry gives up after 15 seconds of silence, and a large archive takes longer to
// scan; every client reads past "100 Continue" (RFC 9110, section 15.2.1).
const aliveEvery = 5 * time.Second

// Uploads is the common half of a registry's receiver: how many uploads are under
// way at once, keeping a client that waits alive, refusals and faults as sentences.
//
// Every answer carries its sentence in the reason phrase, which twine, poetry, flit
// and Maven print, and in the body, which uv, npm and cargo print. A request is read
// to its end before it is refused, up to a cap: a client that is cut off while it
// sends shows "connection reset" instead of the reason.
type Uploads struct {
	Door
	// JSON answers with problem JSON, which has npm's and cargo's fields.
	JSON bool
	// Status gives the status of an upload that is not taken; nil: 403 for a name that
	// is not the publisher's, 413 for what is too large, else 400.
	Status func(ecosystem.UploadFault) int

	slots chan struct{}
	alive time.Duration // between two signs of life to a client that waits
}

// NewUploads makes the common half of one registry's receiver.
func NewUploads(d Door) *Uploads {
	return &Uploads{Door: d, slots: make(chan struct{}, uploadsAtOnce), alive: aliveEvery}
}

// Take answers one upload: take reads the request and publishes, in Waiting. done
// answers what was published, nil: in plain text what that was, the decision's notes
// and its address.
func (u *Uploads) Take(w http.ResponseWriter, r *http.Request, take func() (ecosystem.Receipt, error), done func(ecosystem.Receipt) error) {
	select {
	case u.slots <- struct{}{}:
		defer func() { <-u.slots }()
	default:
		w.Header().Set("Retry-After", "5")
		u.say(w, r, http.StatusServiceUnavailable, "gatehouse takes many uploads just now; try again in a moment")
		return
	}
	var receipt ecosystem.Receipt
	var err error
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		err = ecosystem.RefuseUpload(ecosystem.UploadBad, "send it without Content-Encoding")
	} else {
		receipt, err = take()
	}
	Drain(r)
	if err != nil {
		u.refuse(w, r, err)
		return
	}
	w.Header().Set("X-Gatehouse-Decision", receipt.Decision)
	if done == nil {
		done = func(receipt ecosystem.Receipt) error { return u.published(w, receipt) }
	}
	u.Written(r, done(receipt))
}

// published says what was published in plain text.
func (u *Uploads) published(w http.ResponseWriter, receipt ecosystem.Receipt) error {
	text := "published " + receipt.File
	if receipt.Again {
		text = receipt.File + " was published before, with the same bytes"
	}
	for _, n := range receipt.Notes {
		text += "\nnote: " + artifact.Untrusted(n).String()
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, text+"\n"+u.Decision(receipt.Decision)+"\n")
	return err
}

// Waiting runs fn and keeps the client waiting for it. A client that goes away
// does not stop it: what was decided about the upload is recorded, and the next
// try finds it.
//
// HTTP/1.0 knows no such signs, and nginx 1.22 takes them and the answer for one
// answer without an end (measured): after one the connection is closed, so that
// what comes next is not waited for until it idles out.
func (u *Uploads) Waiting(w http.ResponseWriter, r *http.Request, fn func(context.Context) (ecosystem.Receipt, error)) (ecosystem.Receipt, error) {
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
		u.say(w, r, http.StatusForbidden, Refusal{Refusal: no, URL: u.Decision(no.Decision), Most: MaxUploadPhrase}.Phrase())
		return
	}
	if no, ok := errors.AsType[*ecosystem.UploadError](err); ok {
		u.say(w, r, u.status(no.Fault), no.Text)
		return
	}
	if errors.Is(err, blob.ErrFull) {
		u.Log.ErrorContext(r.Context(), "cannot keep an upload", "err", err)
		u.say(w, r, http.StatusInsufficientStorage, "gatehouse has no room for this file; tell an admin")
		return
	}
	if r.Context().Err() == nil {
		u.Log.ErrorContext(r.Context(), "cannot take an upload", "err", err)
	}
	w.Header().Set("Retry-After", "5")
	u.say(w, r, http.StatusServiceUnavailable, "gatehouse cannot take uploads now; try again")
}

func (u *Uploads) status(f ecosystem.UploadFault) int {
	if u.Status != nil {
		return u.Status(f)
	}
	switch f {
	case ecosystem.UploadForbidden:
		return http.StatusForbidden
	case ecosystem.UploadTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// say answers with one sentence, in the reason phrase and in the body.
func (u *Uploads) say(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	if u.JSON {
		u.Written(r, SayJSON(w, r, status, sentence))
		return
	}
	u.Written(r, Say(w, r, status, sentence))
}
