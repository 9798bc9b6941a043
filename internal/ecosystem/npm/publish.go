package npm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Uploads takes packages from npm, pnpm, yarn and bun for one registry: publish,
// deprecate, dist-tags and unpublish, as npm's registry takes them. Who may publish
// was settled before; what may be published the desk decides.
//
// What the publisher's client says of a version has to be what package.json in its
// tarball says: the registry lists no manifest that installs something else. The
// digests that it lists are those of the bytes that came.
//
// It implements adapter.Receiver.
type Uploads struct {
	uploads *answer.Uploads
	desk    ecosystem.Desk
	reads   *Handler
}

var _ adapter.Receiver = (*Uploads)(nil)

// NewUploads makes the receiver of one registry.
func NewUploads(r adapter.Registry, desk ecosystem.Desk) *Uploads {
	u := &Uploads{uploads: answer.NewUploads(answer.Door{Decision: r.Decision, Log: r.Log}), desk: desk, reads: NewHandler(r)}
	u.uploads.JSON = true
	u.uploads.Status = statusOf
	return u
}

// statusOf is the status of an upload that is not taken. To 409 npm would answer by
// sending it once more.
func statusOf(f ecosystem.UploadFault) int {
	switch f {
	case ecosystem.UploadForbidden, ecosystem.UploadExists:
		return http.StatusForbidden
	case ecosystem.UploadTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// Patterns implements adapter.Receiver.
func (u *Uploads) Patterns() []string { return []string{"PUT /{path...}", "DELETE /{path...}"} }

// ReadPatterns implements adapter.Receiver: attestations that came here, and the
// doors to accounts, which there are none of.
func (u *Uploads) ReadPatterns() []string {
	return []string{"GET /-/npm/v1/attestations/{of...}", "PUT /-/user/{user...}", "DELETE /-/user/{user...}"}
}

// ServeHTTP implements adapter.Receiver, for ReadPatterns. Mount it with its prefix
// stripped.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := elements(r.URL)
	of, isAttestations := strings.CutPrefix(strings.Join(path, "/"), "-/npm/v1/attestations/")
	if !ok || !isAttestations {
		u.reads.ServeHTTP(w, r)
		return
	}
	u.serveAttestations(w, r, of)
}

// serveAttestations serves what came with a version of our own, as given: nobody
// has verified it. What an upstream says about its versions is passed on.
func (u *Uploads) serveAttestations(w http.ResponseWriter, r *http.Request, of string) {
	v, ok := parseVersion(of)
	if !ok {
		u.reads.notFound(w, r)
		return
	}
	list, err := u.desk.Attestations(r.Context(), v.Package, fileName(v.Package.Name, v.Number, ""))
	switch {
	case errors.Is(err, verdict.ErrNotFound), errors.Is(err, ecosystem.ErrNoPackage), err == nil && len(list) == 0:
		u.reads.serveAttestations(w, r, of)
		return
	case err != nil:
		u.uploads.Fault(w, r, "serve attestations", err)
		return
	}
	b, err := json.Marshal(map[string]any{"attestations": list})
	if err != nil {
		u.uploads.Fault(w, r, "serve attestations", err)
		return
	}
	u.uploads.Data(w, r, typeFull, artifact.EscapeJSON(b))
}

// attestation is one entry of that answer.
type attestation struct {
	PredicateType string          `json:"predicateType"`
	Bundle        json.RawMessage `json:"bundle"`
}

// provenanceType is what npm publish --provenance attests.
const provenanceType = "https://slsa.dev/provenance/v1"

// Receive answers one request to publish or change something. The mux that it is
// mounted in gives the path as {path...}.
func (u *Uploads) Receive(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) {
	act, ok := u.act(r)
	if !ok {
		answer.Drain(r)
		u.reads.notFound(w, r)
		return
	}
	u.uploads.Take(w, r, func() (ecosystem.Receipt, error) { return act(w, r, by) }, func(done ecosystem.Receipt) error {
		return say(w, done, u.uploads.Decision)
	})
}

type act func(http.ResponseWriter, *http.Request, ecosystem.Publisher) (ecosystem.Receipt, error)

// act finds what a request asks for:
//
//	PUT    /NAME                             publish, deprecate
//	PUT    /NAME/-rev/REV                    the same; npm unpublish sends it first
//	PUT    /-/package/NAME/dist-tags/TAG     and DELETE
//	DELETE /NAME/-rev/REV                    unpublish all of it
//	DELETE /NAME/-/FILE.tgz/-rev/REV         unpublish a version
func (u *Uploads) act(r *http.Request) (act, bool) {
	parts, ok := elements(&url.URL{Path: "/" + r.PathValue("path")})
	if !ok {
		return nil, false
	}
	if len(parts) >= 2 && parts[len(parts)-2] == "-rev" {
		parts = parts[:len(parts)-2]
		if len(parts) == 0 {
			return nil, false
		}
	} else if r.Method == http.MethodDelete && parts[0] != "-" {
		return nil, false // a deletion says which revision it has seen
	}
	if len(parts) == 5 && parts[0] == "-" && parts[1] == "package" && parts[3] == "dist-tags" && name.Valid(parts[2]) {
		return u.tag(npmPackage(parts[2]), parts[4]), true
	}
	switch p := npmPackage(parts[0]); {
	case !name.Valid(p.Name):
		return nil, false
	case len(parts) == 1 && r.Method == http.MethodPut:
		return u.put(p), true
	case len(parts) == 1:
		return u.remove(artifact.Version{Package: p}), true
	case len(parts) == 3 && parts[1] == "-" && r.Method == http.MethodDelete:
		_, base := name.Split(p.Name)
		number, ok := strings.CutPrefix(strings.TrimSuffix(parts[2], ".tgz"), base+"-")
		return u.remove(artifact.Version{Package: p, Number: number}), ok
	}
	return nil, false
}

func npmPackage(n string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.NPM, Name: n}
}

// say answers what was done. yarn reads JSON, npm shows the notice.
func say(w http.ResponseWriter, done ecosystem.Receipt, address func(id string) string) error {
	out := map[string]any{"ok": true, "success": true}
	if done.Decision != "" {
		out["decision"] = address(done.Decision)
	}
	var notes []string
	if done.Again {
		notes = append(notes, done.File+" was published before, with the same bytes")
	}
	for _, n := range done.Notes {
		notes = append(notes, artifact.Untrusted(n).String())
	}
	if len(notes) > 0 {
		out["notes"] = notes
		w.Header().Set("npm-notice", artifact.Untrusted(strings.Join(notes, "; ")).Phrase(answer.MaxUploadPhrase))
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeFull)
	_, err = w.Write(append(b, '\n'))
	return err
}

// put publishes a version, or changes what is said of those that are there.
func (u *Uploads) put(p artifact.Package) act {
	return func(w http.ResponseWriter, r *http.Request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
		ctx := r.Context()
		if err := u.desk.MayPublish(ctx, p, by); err != nil {
			return ecosystem.Receipt{}, err
		}
		b, err := readBody(ctx, r.Body, u.desk.Keep)
		if err != nil {
			return ecosystem.Receipt{}, err
		}
		if b.name != "" && b.name != p.Name {
			return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "what was sent is about %s, and the address about %s", artifact.Untrusted(b.name), p.Name)
		}
		if b.tarball == nil {
			return ecosystem.Receipt{}, u.deprecate(ctx, p, b, by)
		}
		up, err := b.upload(p)
		if err != nil {
			return ecosystem.Receipt{}, err
		}
		return u.uploads.Waiting(w, r, func(ctx context.Context) (ecosystem.Receipt, error) { return u.desk.Publish(ctx, up, by) })
	}
}

// upload checks that everything that was sent is about one and the same version.
func (b *body) upload(p artifact.Package) (ecosystem.Upload, error) {
	bad := func(format string, args ...any) (ecosystem.Upload, error) {
		return ecosystem.Upload{}, ecosystem.RefuseUpload(ecosystem.UploadBad, format, args...)
	}
	if err := name.New(p.Name); err != nil {
		return bad("%s; choose another name", err)
	}
	number, manifest, err := b.only()
	if err != nil {
		return bad("%s", err)
	}
	if v, err := semver.Parse(number); err != nil || v.String() != number {
		return bad("%q is no version as npm writes it; set it with npm version", artifact.Untrusted(number).String())
	}
	said, v, err := packument.Record(manifest)
	if err != nil {
		return bad("the manifest cannot be taken: %s", artifact.Untrusted(err.Error()))
	}
	if said != p.Name || v.Number != number {
		return bad("the manifest is about %s %s, and it was sent as %s %s", artifact.Untrusted(said), artifact.Untrusted(v.Number), p.Name, number)
	}
	if err := b.tarball.is(v); err != nil {
		return bad("%s; publish it again", err)
	}
	tags, err := b.tagged(number)
	if err != nil {
		return bad("%s", err)
	}
	record, err := b.tarball.record(v.Record)
	if err != nil {
		return ecosystem.Upload{}, err
	}
	up := ecosystem.Upload{
		Version: artifact.Version{Package: p, Number: number}, Name: fileName(p.Name, number, ""), Kind: artifact.Tarball,
		SHA256: b.tarball.sha256, Size: b.tarball.size, Slot: "tarball", Digests: b.tarball.digests(), Record: record, Tags: tags,
	}
	if b.bundle != nil {
		one, err := json.Marshal(attestation{provenanceType, b.bundle})
		if err != nil {
			return ecosystem.Upload{}, err
		}
		up.Attestations = []json.RawMessage{one}
	}
	return up, nil
}

// only is the one version that is published at a time.
func (b *body) only() (number string, manifest []byte, err error) {
	if b.versions == nil {
		return "", nil, errors.New("a tarball was sent without a manifest; publish with npm, pnpm, yarn or bun")
	}
	c := packument.NewCursor(b.versions)
	n := 0
	err = c.Object(func(key string) (err error) {
		n++
		number = key
		manifest, err = c.Value()
		return err
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("%d manifests were sent with one tarball; publish one version at a time", n)
	}
	return number, manifest, err
}

// is compares the bytes that came with what the manifest says of them.
func (t *attached) is(v packument.Version) error {
	is := append(t.digests(), "sha256:"+string(t.sha256))
	_, said := digests(v.Integrity, v.Shasum)
	for _, d := range said {
		algorithm, _, _ := strings.Cut(d, ":")
		if algorithm != "sha384" && !slices.Contains(is, d) { // which nobody publishes with
			return fmt.Errorf("the tarball is not the one that the manifest's %s is of", algorithm)
		}
	}
	return nil
}

// record is a manifest's record with what is known of the bytes in place of what
// was said of them.
func (t *attached) record(said []byte) ([]byte, error) {
	var w packument.Writer
	w.Open()
	c := packument.NewCursor(said)
	err := c.Object(func(key string) error {
		if key == "dist" || key == "_npmUser" {
			return nil
		}
		return w.Keep(c, key)
	})
	if err != nil {
		return nil, fmt.Errorf("recording manifest: %w", err)
	}
	w.Key("dist")
	w.Open()
	w.Text("integrity", t.integrity())
	w.Text("shasum", fmt.Sprintf("%x", t.sha1))
	w.Close()
	w.Close()
	return w.Bytes(), nil
}

// The longest tag, in bytes.
const maxTag = 64

// tagged are the tags that stand for the version from now on.
func (b *body) tagged(number string) ([]string, error) {
	var out []string
	for tag, to := range b.tags {
		if to != number {
			return nil, fmt.Errorf("the dist-tag %s is to stand for %s, and %s was sent", artifact.Untrusted(tag), artifact.Untrusted(to), number)
		}
		if err := checkTag(tag); err != nil {
			return nil, err
		}
		out = append(out, tag)
	}
	slices.Sort(out)
	return out, nil
}

// checkTag keeps out what could be taken for a range, as npm does, and what an
// address would escape.
func checkTag(tag string) error {
	if tag == "" || len(tag) > maxTag || url.PathEscape(tag) != tag || strings.ContainsAny(tag, "@/") {
		return fmt.Errorf("%q is no dist-tag: a word of at most %d characters", artifact.Untrusted(tag).String(), maxTag)
	}
	if _, err := semver.ParseRange(tag); err == nil {
		return fmt.Errorf("%q is no dist-tag, because it is a range of versions", artifact.Untrusted(tag).String())
	}
	return nil
}

// deprecate marks versions, or takes that back: npm sends the packument that it
// read, changed. Anything else that differs in it is no concern: it says what was
// read, and not what is wanted.
func (u *Uploads) deprecate(ctx context.Context, p artifact.Package, b *body, by ecosystem.Publisher) error {
	l, err := u.reads.shelf.Listing(ctx, p)
	if err != nil {
		return err
	}
	wanted, err := b.deprecations()
	if err != nil {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "what was sent cannot be read: %s", artifact.Untrusted(err.Error()))
	}
	for i, f := range l.Index.Files {
		why, there := wanted[f.Number]
		if !there || why == deprecation(f, l.Marks[i]) || strings.HasPrefix(why, mark) {
			continue // as it was read
		}
		v := l.Index.Version(f)
		if err := u.desk.Yank(ctx, v, why, why == "", by); err != nil {
			return fmt.Errorf("deprecating %s: %w", v, err)
		}
	}
	return nil
}

// deprecations are what the versions in a body say of theirs, "" for nothing.
func (b *body) deprecations() (map[string]string, error) {
	out := map[string]string{}
	if b.versions == nil {
		return out, nil
	}
	c := packument.NewCursor(b.versions)
	return out, c.Object(func(number string) error {
		if c.Is() != '{' || len(out) == packument.MaxVersions {
			return nil
		}
		out[number] = ""
		return c.Object(func(key string) error {
			if key != "deprecated" {
				return nil
			}
			why, _, err := c.Text()
			out[number] = why
			return err
		})
	})
}

// maxTagBody is the body of a request that sets a tag: a version's number.
const maxTagBody = 1 << 10

// tag makes a dist-tag stand for a version, or takes it away.
func (u *Uploads) tag(p artifact.Package, tag string) act {
	return func(_ http.ResponseWriter, r *http.Request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
		bad := func(format string, args ...any) (ecosystem.Receipt, error) {
			return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, format, args...)
		}
		if err := checkTag(tag); err != nil {
			return bad("%s", err)
		}
		number := ""
		if r.Method == http.MethodPut {
			b, err := io.ReadAll(io.LimitReader(r.Body, maxTagBody))
			if err != nil {
				return ecosystem.Receipt{}, fmt.Errorf("reading tag: %w", err)
			}
			if json.Unmarshal(b, &number) != nil || number == "" {
				return bad("send the version that %s is to stand for", tag)
			}
		} else if tag == "latest" {
			return bad("latest cannot be taken away; make it stand for another version")
		}
		err := u.desk.Tag(r.Context(), p, tag, number, by)
		if errors.Is(err, verdict.ErrNotFound) || errors.Is(err, ecosystem.ErrNoPackage) {
			return bad("of %s there is no such version or tag here: %s", p.Name, artifact.Untrusted(cmp.Or(number, tag)))
		}
		return ecosystem.Receipt{}, err
	}
}

// remove deletes a version, or the whole name.
func (u *Uploads) remove(v artifact.Version) act {
	return func(_ http.ResponseWriter, r *http.Request, by ecosystem.Publisher) (ecosystem.Receipt, error) {
		err := u.desk.Delete(r.Context(), v, "unpublished by its publisher's client", by)
		if errors.Is(err, verdict.ErrNotFound) || errors.Is(err, ecosystem.ErrNoPackage) {
			return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "%s is not published here", v)
		}
		return ecosystem.Receipt{}, err
	}
}

// AttestationsPath implements ecosystem.Attester.
func (Ecosystem) AttestationsPath(v artifact.Version, _ string) string { return attestationsPath(v) }

// CheckUpload implements ecosystem.UploadChecker: what the publisher's client says
// that a version needs is what package.json in the tarball says. The other members
// are compared by who looks into it.
func (Ecosystem) CheckUpload(u ecosystem.Upload, inside ecosystem.Metadata) error {
	said, err := packument.ReadManifest(u.Record)
	if err != nil {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "the manifest of %s cannot be read; publish it again", u.Version)
	}
	if !slices.Equal(said.Metadata().RequiresDist, inside.RequiresDist) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "package.json in the tarball of %s needs other packages than its manifest says; pack and publish it with the same package.json", u.Version)
	}
	return nil
}

var (
	_ ecosystem.Attester      = Ecosystem{}
	_ ecosystem.UploadChecker = Ecosystem{}
)
