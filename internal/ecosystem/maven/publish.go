package maven

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Uploads takes what mvn deploy and gradle publish send to one registry: a PUT for each
// file, one for each of its checksums, and in the end one for the metadata. Each file is
// looked at and decided about as it comes; the version is listed once its pom and what
// that says it is packed as are served. A checksum is compared with the file that came
// before it. Metadata is taken and left aside: it is made here of what is served.
//
// Who may publish was settled before; what may be published the desk decides.
type Uploads struct {
	*answer.Uploads
	desk      ecosystem.Desk
	shelf     ecosystem.Shelf
	snapshots int // builds of one snapshot that are kept; 0 takes none
	now       func() time.Time
}

var _ adapter.Receiver = (*Uploads)(nil)

// NewUploads makes the receiver of one registry.
func NewUploads(r adapter.Registry, desk ecosystem.Desk) *Uploads {
	u := &Uploads{answer.NewUploads(answer.Door{Decision: r.Decision, Log: r.Log}), desk, r.Shelf, r.Snapshots, time.Now}
	u.JSON = true // which is what Maven 4 prints
	u.Status = func(f ecosystem.UploadFault) int {
		switch f {
		case ecosystem.UploadExists:
			return http.StatusConflict
		case ecosystem.UploadForbidden:
			return http.StatusForbidden
		case ecosystem.UploadTooLarge:
			return http.StatusRequestEntityTooLarge
		}
		return http.StatusBadRequest
	}
	return u
}

// Patterns implements adapter.Receiver.
func (u *Uploads) Patterns() []string { return []string{"PUT /{path...}"} }

// ReadPatterns implements adapter.Receiver: what was published is read like anything.
func (u *Uploads) ReadPatterns() []string { return nil }

// ServeHTTP implements http.Handler; nothing is mounted here.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Receive answers one upload.
func (u *Uploads) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	q, err := parseRequest(strings.TrimPrefix(r.URL.Path, "/"))
	switch {
	case err != nil:
		err = ecosystem.RefuseUpload(ecosystem.UploadBad, "this is no path of a repository; deploy with mvn deploy or gradle publish")
	case strings.HasSuffix(q.version, snapshot):
		err = u.checkBuild(r, q)
	default:
		if b, ok := version.ParseBuild(q.version); ok {
			err = ecosystem.RefuseUpload(ecosystem.UploadBad, "%s is a build of a snapshot; its place is the folder %s", q.file, b.Snapshot)
		}
	}
	take := func() (ecosystem.Receipt, error) { return u.publish(w, r, q, by) }
	var done func(ecosystem.Receipt) error
	switch {
	case err != nil:
		take = func() (ecosystem.Receipt, error) { return ecosystem.Receipt{}, err }
	case q.file == metadataFile:
		take = func() (ecosystem.Receipt, error) {
			if q.version != "" {
				return ecosystem.Receipt{}, u.retire(r, q, by)
			}
			return ecosystem.Receipt{}, u.desk.MayPublish(r.Context(), q.name.Package(), by)
		}
		done = func(ecosystem.Receipt) error {
			return taken(w, "metadata is made here of what is served; what was sent is left aside")
		}
	case q.sum != "":
		take = func() (ecosystem.Receipt, error) { return ecosystem.Receipt{}, u.compare(r, q) }
		done = func(ecosystem.Receipt) error { return taken(w, "it is the checksum of what is served") }
	}
	u.Take(w, r, take, done)
}

// checkBuild says whether a file of a snapshot is taken, before any byte is read. Its
// metadata and checksums say nothing new.
func (u *Uploads) checkBuild(r *http.Request, q request) error {
	if q.file == metadataFile || q.sum != "" {
		return nil
	}
	have, err := u.desk.Published(r.Context(), q.name.Package(), true)
	if err != nil {
		return err
	}
	return u.mayBuild(q, have)
}

// taken answers what was only read.
func taken(w http.ResponseWriter, sentence string) error {
	w.Header().Set("Content-Type", plainText)
	_, err := io.WriteString(w, sentence+"\n")
	return err
}

// publish keeps the file of a request and publishes it.
func (u *Uploads) publish(w http.ResponseWriter, r *http.Request, q request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
	p := q.name.Package()
	if err := u.desk.MayPublish(r.Context(), p, by); err != nil {
		return ecosystem.Receipt{}, err
	}
	number := cmp.Or(q.build, q.version)
	body, record, err := readRecord(r.Body, q, number)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	sha, size, err := u.desk.Keep(r.Context(), body)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	up := ecosystem.Upload{
		Version: artifact.Version{Package: p, Number: number}, Name: q.file, Kind: kindOf(q.file), SHA256: sha, Size: size, Slot: q.file, Record: record,
		Metadata: &ecosystem.Metadata{Name: p.Name, Version: number},
	}
	return u.Waiting(w, r, func(ctx context.Context) (ecosystem.Receipt, error) { return u.desk.Publish(ctx, up, by) })
}

// readRecord reads a pom, for what our index says of the version from now on. Any other
// file comes back unread.
func readRecord(body io.Reader, q request, number string) (io.Reader, []byte, error) {
	if q.file != q.name.File(number, "", pomExt) {
		return body, nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, maxPomBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading upload: %w", err)
	}
	if len(b) > maxPomBytes {
		return nil, nil, ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "a pom may have %d MiB", maxPomBytes>>20)
	}
	project, err := pom.Parse(b)
	if err != nil {
		return nil, nil, ecosystem.RefuseUpload(ecosystem.UploadBad, "%s cannot be read as a pom: %s", q.file, artifact.Untrusted(err.Error()))
	}
	s := said{Packaging: project.Packaging}
	if s.Packaging == "" {
		s.Packaging = "jar"
	}
	record, err := json.Marshal(s)
	return bytes.NewReader(b), record, err
}

// compare holds a checksum against the file that is served.
func (u *Uploads) compare(r *http.Request, q request) error {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxChecksumBytes))
	if err != nil {
		return fmt.Errorf("reading upload: %w", err)
	}
	sum, ok := parseChecksum(q.sum, b)
	if !ok {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s.%s holds no checksum", q.file, q.sum)
	}
	f, err := u.shelf.File(r.Context(), q.name.Package(), q.file)
	if errors.Is(err, ecosystem.ErrNoPackage) || errors.Is(err, verdict.ErrNotFound) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s is not here; send the file before its checksum", q.file)
	}
	if err != nil {
		return err
	}
	defer f.Body.Close()
	h := newHashes()
	if _, err := io.Copy(h, f.Body); err != nil {
		return fmt.Errorf("reading %s: %w", q.file, err)
	}
	if is := h.sums()[q.sum]; is != sum {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s here has the %s %s, and not the one that was sent; it did not come whole", q.file, q.sum, is)
	}
	return nil
}
