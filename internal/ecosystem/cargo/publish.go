package cargo

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Uploads takes crates from cargo publish for one registry, and cargo yank with its
// --undo (https://doc.rust-lang.org/cargo/reference/registry-web-api.html). Who may
// publish was settled before; what may be published the desk decides.
//
// The line of the index is written here: of what cargo says about the crate, which
// has to be what Cargo.toml in the crate says (CheckUpload), and of the digest of the
// bytes that came. It implements adapter.Receiver.
type Uploads struct {
	uploads *answer.Uploads
	desk    ecosystem.Desk
}

var _ adapter.Receiver = (*Uploads)(nil)

// maxForm is the most that cargo says about a crate, in bytes: its readme is in it.
const maxForm = 8 << 20

// NewUploads makes the receiver of one registry.
func NewUploads(r adapter.Registry, desk ecosystem.Desk) *Uploads {
	u := &Uploads{uploads: answer.NewUploads(answer.Door{Decision: r.Decision, Log: r.Log}), desk: desk}
	u.uploads.JSON = true
	return u
}

// Patterns implements adapter.Receiver.
func (u *Uploads) Patterns() []string {
	return []string{
		"PUT /api/v1/crates/new", "DELETE /api/v1/crates/{crate}/{version}/yank", "PUT /api/v1/crates/{crate}/{version}/unyank",
		"PUT /api/v1/crates/{crate}/owners", "DELETE /api/v1/crates/{crate}/owners",
	}
}

// ReadPatterns implements adapter.Receiver: there are none.
func (u *Uploads) ReadPatterns() []string { return nil }

// ServeHTTP implements adapter.Receiver, for ReadPatterns.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// Receive answers one request to publish or change something.
func (u *Uploads) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	name, number := r.PathValue("crate"), r.PathValue("version")
	switch {
	case name == "":
		u.uploads.Take(w, r, func() (ecosystem.Receipt, error) { return u.publish(w, r, by) }, func(done ecosystem.Receipt) error { return u.published(w, done) })
	case number == "":
		u.uploads.Take(w, r, func() (ecosystem.Receipt, error) {
			return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadForbidden, "owners of %s are the people with a token for it; ask an admin for one (gatehouse token create)", artifact.Untrusted(name))
		}, nil)
	default:
		undo := r.Method == http.MethodPut
		u.uploads.Take(w, r, func() (ecosystem.Receipt, error) {
			return ecosystem.Receipt{}, u.yank(r.Context(), name, number, undo, by)
		},
			func(ecosystem.Receipt) error { return writeJSON(w, map[string]bool{"ok": true}) })
	}
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

// published answers what was published; cargo prints the warnings.
func (u *Uploads) published(w http.ResponseWriter, done ecosystem.Receipt) error {
	notes := []string{}
	if done.Again {
		notes = append(notes, done.File+" was published before, with the same bytes")
	}
	for _, n := range done.Notes {
		notes = append(notes, artifact.Untrusted(n).String())
	}
	if len(notes) > 0 && done.Decision != "" {
		notes = append(notes, u.uploads.Decision(done.Decision))
	}
	return writeJSON(w, map[string]any{"warnings": map[string][]string{"invalid_categories": {}, "invalid_badges": {}, "other": notes}})
}

func (u *Uploads) yank(ctx context.Context, name, number string, undo bool, by ecosystem.Publisher) error {
	_, err := semver.Parse(number)
	if err != nil || !record.ValidName(name) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s %s is no crate's version", artifact.Untrusted(name), artifact.Untrusted(number))
	}
	v := artifact.Version{Package: crate(name), Number: number}
	err = u.desk.Yank(ctx, v, "yanked by its publisher", undo, by)
	if errors.Is(err, verdict.ErrNotFound) || errors.Is(err, ecosystem.ErrNoPackage) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s is not published here", v)
	}
	return err
}

// publish reads a body: two parts, each after its length in four bytes.
func (u *Uploads) publish(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
	form, err := readForm(r.Body)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	line, err := form.line()
	if err != nil {
		return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "what cargo says of the crate cannot be taken: %s", artifact.Untrusted(err.Error()))
	}
	p := crate(line.Name)
	if err := u.desk.MayPublish(r.Context(), p, by); err != nil {
		return ecosystem.Receipt{}, err
	}
	sum, size, err := u.keep(r.Context(), r.Body)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	line.Checksum = sum
	b, err := line.Bytes()
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	if _, err := record.Parse(b); err != nil {
		return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "what cargo says of the crate cannot be taken: %s", artifact.Untrusted(err.Error()))
	}
	up := ecosystem.Upload{
		Version: artifact.Version{Package: p, Number: line.Number}, Name: fileName(p, line.Number), Kind: artifact.Crate,
		SHA256: sum, Size: size, Slot: "crate", Record: b,
	}
	return u.uploads.Waiting(w, r, func(ctx context.Context) (ecosystem.Receipt, error) { return u.desk.Publish(ctx, up, by) })
}

// readLength reads the length of the next part.
func readLength(r io.Reader) (int64, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, cut(err)
	}
	return int64(binary.LittleEndian.Uint32(b[:])), nil
}

// cut tells a body that ends early from a connection that failed.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "what was sent ends early; publish with cargo publish")
	}
	return fmt.Errorf("reading upload: %w", err)
}

// keep reads the second part, the crate, to the end of the body.
func (u *Uploads) keep(ctx context.Context, r io.Reader) (artifact.Digest, int64, error) {
	length, err := readLength(r)
	if err != nil {
		return "", 0, err
	}
	sum, size, err := u.desk.Keep(ctx, io.LimitReader(r, length))
	if err != nil {
		return "", 0, err
	}
	if size != length {
		return "", 0, cut(io.ErrUnexpectedEOF)
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n != 0 {
		return "", 0, ecosystem.RefuseUpload(ecosystem.UploadBad, "something follows the crate; publish with cargo publish")
	} else if !errors.Is(err, io.EOF) {
		return "", 0, fmt.Errorf("reading upload: %w", err)
	}
	return sum, size, nil
}

// form is what cargo says of a crate that it publishes.
type form struct {
	Name     string              `json:"name"`
	Number   string              `json:"vers"`
	Deps     []formDependency    `json:"deps"`
	Features map[string][]string `json:"features"`
	Links    string              `json:"links"`
	Rust     string              `json:"rust_version"`
}

type formDependency struct {
	Name     string   `json:"name"`
	Req      string   `json:"version_req"`
	Features []string `json:"features"`
	Optional bool     `json:"optional"`
	Default  bool     `json:"default_features"`
	Target   string   `json:"target"`
	Kind     string   `json:"kind"`
	Registry string   `json:"registry"`
	Explicit string   `json:"explicit_name_in_toml"`
}

func readForm(r io.Reader) (form, error) {
	length, err := readLength(r)
	if err != nil {
		return form{}, err
	}
	if length > maxForm {
		return form{}, ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "what is said about the crate is larger than %d MiB; shorten its readme", maxForm>>20)
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(r, b); err != nil {
		return form{}, cut(err)
	}
	return parseForm(b)
}

func parseForm(b []byte) (form, error) {
	var f form
	if err := json.Unmarshal(b, &f); err != nil {
		return form{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "what is said about the crate is not JSON as cargo writes it; publish with cargo publish")
	}
	return f, nil
}

// line is the version's line in the index, its checksum aside.
func (f form) line() (record.Line, error) {
	v, err := semver.Parse(f.Number)
	if err != nil {
		return record.Line{}, err
	}
	if !record.ValidName(f.Name) {
		return record.Line{}, errors.New("its name is no crate's: at most 64 letters, digits, - and _")
	}
	l := record.Line{Name: f.Name, Number: v.String(), Links: f.Links, Rust: f.Rust}
	for _, d := range f.Deps {
		if _, err := semver.ParseReq(d.Req); err != nil {
			return record.Line{}, fmt.Errorf("dependency on %s: %w", artifact.Untrusted(d.Name), err)
		}
		if !slices.Contains([]string{record.Normal, record.Build, record.Dev}, d.Kind) {
			return record.Line{}, fmt.Errorf("dependency on %s: of no known kind", artifact.Untrusted(d.Name))
		}
		dep := record.Dependency{Name: d.Name, Req: d.Req, Features: d.Features, Optional: d.Optional, Default: d.Default, Target: d.Target, Kind: d.Kind, Registry: d.Registry}
		if d.Explicit != "" {
			dep.Name, dep.Package = d.Explicit, d.Name
		}
		l.Deps = append(l.Deps, dep)
	}
	l.Features, l.Features2 = record.SplitFeatures(f.Features)
	if len(l.Features2) > 0 {
		l.Schema = 2
	}
	return l, nil
}

// CheckUpload implements ecosystem.UploadChecker: cargo writes the form and the
// Cargo.toml in the crate from one source, so they say the same. Others read the
// form, in the index, and the compiler reads Cargo.toml.
func (Ecosystem) CheckUpload(u ecosystem.Upload, inside ecosystem.Metadata) error {
	line, err := record.Parse(u.Record)
	if err != nil {
		return fmt.Errorf("checking %s: %w", u.Name, err)
	}
	if inside.Name != line.Name || inside.Version != line.Number {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "Cargo.toml in the crate is about %s %s, and it was sent as %s %s; publish with cargo publish", artifact.Untrusted(inside.Name), artifact.Untrusted(inside.Version), line.Name, line.Number)
	}
	said, is := slices.Sorted(slices.Values(canonical(line).RequiresDist)), slices.Sorted(slices.Values(inside.RequiresDist))
	if !slices.Equal(said, is) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "Cargo.toml in the crate has other dependencies than were sent with it; publish with cargo publish")
	}
	return nil
}

// canonical is a line's metadata with its requirements written in one way.
func canonical(l record.Line) ecosystem.Metadata {
	l.Deps = slices.Clone(l.Deps)
	for i := range l.Deps {
		l.Deps[i].Req = record.Canonical(l.Deps[i].Req)
	}
	return l.Metadata()
}
