package pypi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Uploads takes files from twine, uv, poetry and flit for one registry: the
// legacy upload API, as the Python index documents it. Who may publish was
// settled before; what may be published the desk decides.
//
// It implements adapter.Receiver.
type Uploads struct {
	uploads *answer.Uploads
	desk    ecosystem.Desk
	mux     *http.ServeMux
}

var _ adapter.Receiver = (*Uploads)(nil)

const provenancePattern = "GET /integrity/{name}/{number}/{file}/provenance"

// NewUploads makes the receiver of one registry.
func NewUploads(r adapter.Registry, desk ecosystem.Desk) *Uploads {
	u := &Uploads{uploads: answer.NewUploads(answer.Door{Decision: r.Decision, Log: r.Log}), desk: desk, mux: http.NewServeMux()}
	u.mux.HandleFunc(provenancePattern, u.serveProvenance)
	return u
}

// Patterns implements adapter.Receiver.
func (u *Uploads) Patterns() []string { return []string{"POST /legacy", "POST /legacy/{$}"} }

// ReadPatterns implements adapter.Receiver.
func (u *Uploads) ReadPatterns() []string { return []string{provenancePattern} }

// Receive answers one upload.
func (u *Uploads) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	u.uploads.Take(w, r, func() (ecosystem.Receipt, error) { return u.receive(w, r, by) }, nil)
}

func (u *Uploads) receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
	ctx := r.Context()
	early := func(p artifact.Package) error { return u.desk.MayPublish(ctx, p, by) }
	f, err := readForm(ctx, r.Body, r.Header.Get("Content-Type"), early, u.desk.Keep)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	up, err := f.upload()
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	return u.uploads.Waiting(w, r, func(ctx context.Context) (ecosystem.Receipt, error) { return u.desk.Publish(ctx, up, by) })
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
		u.uploads.Fault(w, r, "serve provenance", err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.pypi.integrity.v1+json")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	u.uploads.Written(r, json.NewEncoder(w).Encode(provenanceObjectOf(list)))
}

// provenanceObject is the provenance object of PEP 740.
type provenanceObject struct {
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

func provenanceObjectOf(list []json.RawMessage) provenanceObject {
	return provenanceObject{Version: 1, Bundles: []bundle{{bundlePublisher{Kind: "gatehouse-token"}, list}}}
}
