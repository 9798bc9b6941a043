package golang

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
)

// Uploads takes module zips for one registry: PUT /MODULE/@v/VERSION.zip, escaped as
// in a request for it. Go has no protocol for publishing; the path is the one that
// serves it. `gatehouse module-zip` makes the zip from a tag of a git repository
// (https://go.dev/ref/mod#zip-files).
//
// Who may publish was settled before; what may be published the desk decides. That
// all of the zip lies below MODULE@VERSION/ is checked where it is opened.
type Uploads struct {
	*answer.Uploads
	desk ecosystem.Desk
	now  func() time.Time
}

// NewUploads makes the receiver of one registry.
func NewUploads(r adapter.Registry, desk ecosystem.Desk) *Uploads {
	return &Uploads{answer.NewUploads(answer.Door{Decision: r.Decision, Log: r.Log, Plain: true}), desk, time.Now}
}

// Patterns implements adapter.Receiver.
func (u *Uploads) Patterns() []string { return []string{"PUT /{path...}"} }

// ReadPatterns implements adapter.Receiver: what was published is read like any module.
func (u *Uploads) ReadPatterns() []string { return nil }

// ServeHTTP implements http.Handler; nothing is mounted here.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Receive answers one upload.
func (u *Uploads) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	u.Take(w, r, func() (ecosystem.Receipt, error) {
		up, err := u.read(r, by)
		if err != nil {
			return ecosystem.Receipt{}, err
		}
		return u.Waiting(w, r, func(ctx context.Context) (ecosystem.Receipt, error) { return u.desk.Publish(ctx, up, by) })
	}, nil)
}

// read keeps the zip of a request.
func (u *Uploads) read(r *http.Request, by ecosystem.Publisher) (ecosystem.Upload, error) {
	p, what, err := parseRequest(strings.TrimPrefix(r.URL.Path, "/"))
	number, ok := strings.CutSuffix(strings.TrimPrefix(what, "@v/"), ".zip")
	if err != nil || !ok || !isVersion(p, number) {
		return ecosystem.Upload{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "send a module's zip to MODULE/@v/VERSION.zip, made by gatehouse module-zip")
	}
	if err := u.desk.MayPublish(r.Context(), p, by); err != nil {
		return ecosystem.Upload{}, err
	}
	sha, size, err := u.desk.Keep(r.Context(), r.Body)
	if err != nil {
		return ecosystem.Upload{}, err
	}
	said := record.Version{Version: number, Time: u.now().UTC().Truncate(time.Second), Sum: record.Sum{State: record.Own}}
	out := ecosystem.Upload{Name: fileName(number), SHA256: sha, Size: size, Slot: fileName(number), Record: said.Bytes()}
	out.Version.Package, out.Version.Number, out.Kind = p, number, zipFile("", number).Kind
	return out, nil
}
