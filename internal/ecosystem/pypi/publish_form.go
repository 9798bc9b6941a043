package pypi

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
)

// Limits of an upload form, the file aside.
const (
	maxForm         = 16 << 20  // bytes of all fields with their headers
	maxFields       = 5000      // a package of 4,000 dependencies fits
	maxField        = 2 << 10   // bytes of a field that is read
	maxAttested     = 512 << 10 // bytes of the attestations
	maxAttestations = 16        // in one upload
)

// uploadForm is an upload as it was sent.
type uploadForm struct {
	fields map[string]string // those of formFields that were there
	file   string            // the file's name
	sha256 artifact.Digest
	size   int64
	md5    string // hex, of the bytes
	blake2 string
}

// formFields are read, each at most once; the number is how long one may be. All
// others describe the package, and the archive's own metadata does that.
var formFields = map[string]int{
	":action": maxField, "protocol_version": maxField, "name": maxField, "version": maxField, "filetype": maxField,
	"requires_python": maxField, "md5_digest": maxField, "sha256_digest": maxField, "blake2_256_digest": maxField,
	"attestations": maxAttested,
}

// What the reader of a form gives up with.
var (
	errFormCut   = errors.New("it ends in the middle; send it again")
	errFormLarge = fmt.Errorf("its fields have more than %d bytes together", maxForm)
)

// metered hands out at most left bytes.
type metered struct {
	r    io.Reader
	left int64
}

func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errFormLarge
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, err
}

// readForm reads a form of the upload API part by part. The file goes straight to
// keep while it is hashed; early is asked about the name before that, where the
// name comes first. What is wrong with the form is an *ecosystem.UploadError.
func readForm(ctx context.Context, body io.Reader, contentType string, early func(artifact.Package) error, keep func(context.Context, io.Reader) (artifact.Digest, int64, error)) (uploadForm, error) {
	f := uploadForm{fields: map[string]string{}}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return f, ecosystem.RefuseUpload(ecosystem.UploadBad, "send a form (multipart/form-data), as twine, uv, poetry and flit do")
	}
	meter := &metered{r: body, left: maxForm}
	parts := multipart.NewReader(meter, params["boundary"])
	for n := 0; ; n++ {
		part, err := parts.NextRawPart()
		if err == io.EOF && n > 0 { //nolint:errorlint // a form that was cut ends in one that wraps it
			return f, nil
		}
		if err != nil {
			return f, formError(err)
		}
		if n == maxFields {
			return f, ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "the form has more than %d fields", maxFields)
		}
		if err := f.part(ctx, part, meter, early, keep); err != nil {
			return f, formError(err)
		}
	}
}

// formError tells faults of ours, and errors that say what to do already, from
// a form that cannot be read.
func formError(err error) error {
	if _, ours := errors.AsType[*ecosystem.UploadError](err); ours {
		return err
	}
	switch {
	case errors.Is(err, blob.ErrFull), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errKeeping):
		return err
	case errors.Is(err, errFormLarge):
		return ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "the form is too large: %v", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errFormCut
	}
	return ecosystem.RefuseUpload(ecosystem.UploadBad, "the form cannot be read: %s", artifact.Untrusted(err.Error()))
}

// errKeeping marks a fault of the blob store.
var errKeeping = errors.New("keeping the file")

// part reads one part of the form. Its name and file name are taken as they
// stand: multipart's own reader cuts folders off, and a name with a folder is
// refused here.
func (f *uploadForm) part(ctx context.Context, part *multipart.Part, meter *metered, early func(artifact.Package) error, keep func(context.Context, io.Reader) (artifact.Digest, int64, error)) error {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return fmt.Errorf("a part has no readable Content-Disposition: %w", err)
	}
	name, file := params["name"], params["filename"]
	if name == "content" {
		return f.content(ctx, part, file, meter, early, keep)
	}
	most, wanted := formFields[name]
	if !wanted {
		_, err := io.Copy(io.Discard, part)
		return err
	}
	if _, twice := f.fields[name]; twice {
		return fmt.Errorf("the field %s stands in it twice", name)
	}
	b, err := io.ReadAll(io.LimitReader(part, int64(most)+1))
	if err != nil {
		return err
	}
	if len(b) > most {
		return ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "the form's field %s has more than %d bytes", name, most)
	}
	if name != "attestations" && !plainField(b) {
		return fmt.Errorf("the field %s holds characters that cannot be in one", name)
	}
	f.fields[name] = string(b)
	return nil
}

// plainField says that a value is printable ASCII, as every field is that this
// reads: no line break, nothing that a terminal obeys.
func plainField(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func (f *uploadForm) content(ctx context.Context, part io.Reader, file string, meter *metered, early func(artifact.Package) error, keep func(context.Context, io.Reader) (artifact.Digest, int64, error)) error {
	if f.file != "" {
		return errors.New("it has a second file; send one form for each")
	}
	if f.file = file; file == "" || len(file) > maxField || !plainField([]byte(file)) || strings.ContainsAny(file, `/\`) {
		return errors.New("the file has no name, or one that no distribution has")
	}
	if name := f.fields["name"]; name != "" {
		p, err := Ecosystem{}.ParseName(name)
		if err != nil {
			return err
		}
		if err := early(p); err != nil {
			return err
		}
	}
	left := meter.left
	meter.left = 1 << 62 // keep has a limit of its own
	old := md5.New()
	blake, err := blake2b.New256(nil)
	if err != nil {
		return err
	}
	source := &sourceError{r: part}
	f.sha256, f.size, err = keep(ctx, io.TeeReader(source, io.MultiWriter(old, blake)))
	meter.left = left
	switch {
	case source.err != nil:
		return source.err
	case errors.Is(err, blob.ErrTooLarge):
		return ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "%s is larger than this gate takes; an admin can raise limits.file_bytes", artifact.Untrusted(file))
	case err != nil:
		return fmt.Errorf("%w: %w", errKeeping, err)
	}
	f.md5, f.blake2 = hex.EncodeToString(old.Sum(nil)), hex.EncodeToString(blake.Sum(nil))
	return nil
}

// sourceError remembers what the client's side failed with, so that a full disk
// is not taken for a form that was cut.
type sourceError struct {
	r   io.Reader
	err error
}

func (s *sourceError) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // only the plain one ends a part
		s.err = err
	}
	return n, err
}

// upload holds the parts of a form against each other: name and version with the
// file's name, digests with the bytes.
func (f *uploadForm) upload() (ecosystem.Upload, error) {
	bad := func(format string, args ...any) (ecosystem.Upload, error) {
		return ecosystem.Upload{}, ecosystem.RefuseUpload(ecosystem.UploadBad, format, args...)
	}
	switch action := f.fields[":action"]; {
	case action == "submit" || action == "submit_pkg_info":
		return bad("names are not registered here; upload a file, and its name is yours")
	case action != "file_upload":
		return bad("the form's :action is not file_upload")
	case f.fields["protocol_version"] != "" && f.fields["protocol_version"] != "1":
		return bad("the form's protocol_version is not 1")
	case f.file == "":
		return bad("the form has no file in its field content")
	}
	p, err := Ecosystem{}.ParseName(f.fields["name"])
	if err != nil {
		return bad("the form's name cannot be used: %v", err)
	}
	named, err := dist.ParseFileName(artifact.File{Version: artifact.Version{Package: p}, Name: f.file})
	if err != nil {
		return bad("the file's name does not fit %s: %v", p.Name, err)
	}
	version, err := pep440.Parse(f.fields["version"])
	if err != nil {
		return bad("the form's version cannot be used: %v", err)
	}
	if number, err := pep440.Parse(named.Number); err != nil || pep440.Compare(version, number) != 0 || named.Name != p.Name {
		return bad("the form says %s %s and the file's name %s %s; build it again", p.Name, version, named.Name, named.Number)
	}
	if err := f.checkKind(named.Kind); err != nil {
		return bad("%v", err)
	}
	if err := f.checkDigests(); err != nil {
		return bad("%v", err)
	}
	u := ecosystem.Upload{
		Version: artifact.Version{Package: p, Number: named.Number}, Name: f.file, Kind: named.Kind, SHA256: f.sha256, Size: f.size,
		Slot: slot(named), RequiresPython: f.fields["requires_python"],
	}
	if u.Attestations, err = f.attestations(); err != nil {
		return bad("the attestations cannot be used: %v; send them again, or none", err)
	}
	return u, nil
}

// checkKind takes wheels and sdists, the latter in the form of PEP 625 or as zip,
// and asks that the form names what the file is.
func (f *uploadForm) checkKind(kind artifact.Kind) error {
	switch {
	case kind == artifact.Sdist && !strings.HasSuffix(f.file, ".tar.gz") && !strings.HasSuffix(f.file, ".zip"):
		return errors.New("an sdist ends in .tar.gz (or .zip); build it again with a current tool")
	case kind == artifact.Wheel && f.fields["filetype"] != "bdist_wheel", kind == artifact.Sdist && f.fields["filetype"] != "sdist":
		return fmt.Errorf("the form's filetype %q is not that of %s; wheels (bdist_wheel) and sdists (sdist) are taken", f.fields["filetype"], f.file)
	}
	return nil
}

// checkDigests compares what the client computed with the bytes that came. One
// that a proxy changed on the way must not become ours.
func (f *uploadForm) checkDigests() error {
	given := 0
	for _, d := range []struct{ field, have string }{
		{"sha256_digest", string(f.sha256)}, {"blake2_256_digest", f.blake2}, {"md5_digest", f.md5},
	} {
		want := f.fields[d.field]
		if want == "" {
			continue
		}
		if !strings.EqualFold(want, d.have) {
			return fmt.Errorf("the bytes that came have another %s than the form says; send them again", d.field)
		}
		if d.field != "md5_digest" {
			given++
		}
	}
	if given == 0 {
		return errors.New("the form has neither sha256_digest nor blake2_256_digest; send one")
	}
	return nil
}

// slot names what a version has once: one sdist, and one wheel for each build and
// set of tags, however its name is spelled.
func slot(p dist.Promise) string {
	if p.Kind == artifact.Sdist {
		return string(artifact.Sdist)
	}
	tags := make([]string, 0, len(p.Tags))
	for _, t := range p.Tags {
		tags = append(tags, t.String())
	}
	slices.Sort(tags)
	return string(artifact.Wheel) + " " + p.Build + " " + strings.Join(slices.Compact(tags), " ")
}

// attestations reads those that came with the file (PEP 740) as far as to know
// that they are about it. Whether they are true is not looked at.
func (f *uploadForm) attestations() ([]json.RawMessage, error) {
	text := f.fields["attestations"]
	if text == "" {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, errors.New("they are no JSON list")
	}
	if len(list) == 0 || len(list) > maxAttestations {
		return nil, fmt.Errorf("there are %d of them, and 1 to %d are taken", len(list), maxAttestations)
	}
	for i, raw := range list {
		if err := f.attested(raw); err != nil {
			return nil, fmt.Errorf("number %d %w", i+1, err)
		}
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, err
		}
		list[i] = b.Bytes()
	}
	return list, nil
}

func (f *uploadForm) attested(raw json.RawMessage) error {
	var a struct {
		Version              int                        `json:"version"`
		VerificationMaterial map[string]json.RawMessage `json:"verification_material"`
		Envelope             struct {
			Statement string `json:"statement"`
			Signature string `json:"signature"`
		} `json:"envelope"`
	}
	if err := json.Unmarshal(raw, &a); err != nil || a.Version != 1 || len(a.VerificationMaterial) == 0 || a.Envelope.Signature == "" {
		return errors.New("is no attestation of version 1")
	}
	b, err := base64.StdEncoding.DecodeString(a.Envelope.Statement)
	if err != nil {
		return errors.New("has a statement that is not base64")
	}
	var statement struct {
		Subject []struct {
			Name   string            `json:"name"`
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(b, &statement); err != nil || len(statement.Subject) != 1 {
		return errors.New("has a statement that is not about one file")
	}
	if s := statement.Subject[0]; s.Name != f.file || s.Digest["sha256"] != string(f.sha256) {
		return errors.New("is about another file")
	}
	return nil
}
