package npm

import (
	"context"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// desk takes what a test publishes, and remembers what was done.
type desk struct {
	ecosystem.Desk // what only other ecosystems ask of one
	kept           string
	uploads        []ecosystem.Upload
	done           []string
	no             error // of MayPublish
	answer         error // of everything after
	proofs         []json.RawMessage
	receipt        ecosystem.Receipt
}

func (d *desk) MayPublish(context.Context, artifact.Package, ecosystem.Publisher) error { return d.no }

func (d *desk) Keep(_ context.Context, r io.Reader) (artifact.Digest, int64, error) {
	b, err := io.ReadAll(r)
	d.kept = string(b)
	return artifact.DigestOf(b), int64(len(b)), err
}

func (d *desk) Publish(_ context.Context, u ecosystem.Upload, _ ecosystem.Publisher) (ecosystem.Receipt, error) {
	d.uploads = append(d.uploads, u)
	return d.receipt, d.answer
}

func (d *desk) Yank(_ context.Context, v artifact.Version, why string, undo bool, _ ecosystem.Publisher) error {
	d.done = append(d.done, fmt.Sprintf("yank %s %q %t", v, why, undo))
	return d.answer
}

func (d *desk) Tag(_ context.Context, p artifact.Package, tag, number string, _ ecosystem.Publisher) error {
	d.done = append(d.done, fmt.Sprintf("tag %s %s %q", p.Name, tag, number))
	return d.answer
}

func (d *desk) Delete(_ context.Context, v artifact.Version, _ string, _ ecosystem.Publisher) error {
	d.done = append(d.done, fmt.Sprintf("delete %s %q", v.Package.Name, v.Number))
	return d.answer
}

func (d *desk) Attestations(context.Context, artifact.Package, string) ([]json.RawMessage, error) {
	return d.proofs, d.answer
}

// send mounts a receiver as the server does and asks it.
func send(t *testing.T, d *desk, s *shelf, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	u := NewUploads(adapter.Registry{Shelf: s, Decision: func(id string) string { return "https://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler)}, d)
	mux := http.NewServeMux()
	for _, p := range u.Patterns() {
		mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) { u.Receive(w, r, ecosystem.Publisher{Name: "ann"}) })
	}
	for _, p := range u.ReadPatterns() {
		mux.Handle(p, u)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

const content = "the tarball"

func integrityOf(s string) string {
	sum := sha512.Sum512([]byte(s))
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// publishBody is what npm sends. change may replace members.
func publishBody(change map[string]string) string {
	sum := sha1.Sum([]byte(content))
	m := map[string]string{
		"_id": `"@s/demo"`, "name": `"@s/demo"`, "dist-tags": `{"latest":"1.0.0"}`, "access": "null",
		"versions": `{"1.0.0":{"name":"@s/demo","version":"1.0.0","dependencies":{"left":"^1"},"readme":"long","_id":"@s/demo@1.0.0",
			"dist":{"integrity":"` + integrityOf(content) + `","shasum":"` + hex.EncodeToString(sum[:]) + `","tarball":"http://x.invalid/y.tgz","signatures":[1]}}}`,
		"_attachments": `{"@s/demo-1.0.0.tgz":{"content_type":"application/octet-stream","data":"` + base64.StdEncoding.EncodeToString([]byte(content)) + `","length":11}}`,
	}
	for k, v := range change {
		m[k] = v
	}
	var parts []string
	for _, k := range []string{"_id", "name", "_attachments", "dist-tags", "versions", "access"} { // yarn sends attachments first
		if m[k] != "" {
			parts = append(parts, fmt.Sprintf("%q: %s", k, m[k]))
		}
	}
	return "{" + strings.Join(parts, ",\n") + "}"
}

func TestPublish(t *testing.T) {
	d := &desk{receipt: ecosystem.Receipt{Decision: "8f3a", Notes: []string{"a note"}}}
	w := send(t, d, &shelf{}, "PUT", "/@s%2fdemo", publishBody(map[string]string{"_attachments": `{"@s/demo-1.0.0.tgz":{"data":"` + base64.StdEncoding.EncodeToString([]byte(content)) +
		`"},"@s/demo-1.0.0.sigstore":{"data":"{\"mediaType\":\"m\"}","length":17}}`}))
	if w.Code != 200 || w.Body.String() != `{"decision":"https://gate.invalid/d/8f3a","notes":["a note"],"ok":true,"success":true}`+"\n" || w.Header().Get("npm-notice") != "a note" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if d.kept != content || len(d.uploads) != 1 {
		t.Fatalf("kept %q, published %+v", d.kept, d.uploads)
	}
	u := d.uploads[0]
	strong, weak := sha512.Sum512([]byte(content)), sha1.Sum([]byte(content))
	want := ecosystem.Upload{
		Version: artifact.Version{Package: npmPackage("@s/demo"), Number: "1.0.0"}, Name: "demo-1.0.0.tgz", Kind: artifact.Tarball,
		SHA256: artifact.DigestOf([]byte(content)), Size: int64(len(content)), Slot: "tarball", Tags: []string{"latest"},
		Digests:      []string{"sha512:" + hex.EncodeToString(strong[:]), "sha1:" + hex.EncodeToString(weak[:])},
		Record:       []byte(`{"dependencies":{"left":"^1"},"name":"@s/demo","version":"1.0.0","dist":{"integrity":"` + integrityOf(content) + `","shasum":"` + hex.EncodeToString(weak[:]) + `"}}`),
		Attestations: []json.RawMessage{json.RawMessage(`{"predicateType":"https://slsa.dev/provenance/v1","bundle":{"mediaType":"m"}}`)},
	}
	if !reflect.DeepEqual(u, want) {
		t.Errorf("upload:\n got %+v\nwant %+v\n%s", u, want, u.Record)
	}
	if err := (Ecosystem{}).CheckUpload(u, ecosystem.Metadata{RequiresDist: []string{"left@^1"}}); err != nil {
		t.Errorf("an honest upload: %v", err)
	}
	if err := (Ecosystem{}).CheckUpload(u, ecosystem.Metadata{RequiresDist: []string{"evil@1", "left@^1"}}); err == nil {
		t.Error("a tarball that needs more than its manifest says was taken")
	}
}

func TestPublishRefuses(t *testing.T) {
	attach := func(file, data, more string) map[string]string {
		return map[string]string{"_attachments": `{"` + file + `":{"data":"` + data + `"` + more + `}}`}
	}
	good := base64.StdEncoding.EncodeToString([]byte(content))
	for _, tc := range []struct {
		change map[string]string
		says   string
		why    string
	}{
		{map[string]string{"name": `"other"`}, "about other", "another name than the address"},
		{attach("x.tgz", base64.StdEncoding.EncodeToString([]byte("other")), ""), "not the one that the manifest", "other bytes than the manifest's digests"},
		{attach("x.tgz", good, `,"length":12`), "is said to have 12", "another length"},
		{attach("x.tgz", "!!!!", ""), "not base64", "no base64"},
		{attach("x.tgz", good[:len(good)-3], ""), "not base64", "base64 cut short"},
		{attach("x.tgz", good+`","data":"`+good, ""), "two contents", "two contents"},
		{attach("x.tgz", good+`"},"y.tgz":{"data":"`+good, ""), "two tarballs", "two tarballs"},
		{attach("x.sigstore", "no json", ""), "no JSON", "a bundle that is none"},
		{map[string]string{"versions": `{"1.0.0":{"name":"@s/other","version":"1.0.0"}}`}, "the manifest is about @s/other", "a manifest about another"},
		{map[string]string{"versions": `{"1.0.0":{"name":"@s/demo","version":"2.0.0"}}`}, "the manifest is about", "about another version"},
		{map[string]string{"versions": `{"1.0.0":{},"1.0.1":{}}`}, "2 manifests", "two versions"},
		{map[string]string{"versions": `{"v1":{"name":"@s/demo","version":"v1"}}`}, "no version", "no version"},
		{map[string]string{"versions": ""}, "without a manifest", "no manifest"},
		{map[string]string{"dist-tags": `{"latest":"2.0.0"}`}, "dist-tag latest", "a tag for another version"},
		{map[string]string{"dist-tags": `{"1.x":"1.0.0"}`}, "no dist-tag", "a tag that is a range"},
		{map[string]string{"dist-tags": `{"a/b":"1.0.0"}`}, "no dist-tag", "a tag that is a path"},
		{map[string]string{"access": `null} {`}, "follows it", "more than one document"},
		{map[string]string{"access": `tru`}, "cannot be read", "no JSON"},
	} {
		d := &desk{}
		w := send(t, d, &shelf{}, "PUT", "/@s%2fdemo", publishBody(tc.change))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tc.says) || len(d.uploads) > 0 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s; want 400 with %q", tc.why, w.Code, w.Body, tc.says)
		}
	}
	for _, tc := range []struct {
		err    error
		status int
		says   string
	}{
		{ecosystem.RefuseUpload(ecosystem.UploadExists, "File already exists"), 403, "already exists"},
		{ecosystem.RefuseUpload(ecosystem.UploadTooLarge, "too large"), 413, "too large"},
		{&verdict.Refusal{Verdict: verdict.Hold, Decision: "8f3a", Public: "kept, not served: why"}, 403, "held by gatehouse: kept, not served: why; https://gate.invalid/d/8f3a"},
		{errors.New("the disk"), 503, "try again"},
	} {
		if w := send(t, &desk{answer: tc.err}, &shelf{}, "PUT", "/@s%2fdemo", publishBody(nil)); w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%v: %d %s", tc.err, w.Code, w.Body)
		}
	}
	no := &desk{no: ecosystem.RefuseUpload(ecosystem.UploadForbidden, "not yours")}
	if w := send(t, no, &shelf{}, "PUT", "/@s%2fdemo", publishBody(nil)); w.Code != 403 || no.kept != "" {
		t.Errorf("a name that is not theirs: %d, kept %q", w.Code, no.kept)
	}
	if w := send(t, &desk{}, &shelf{}, "PUT", "/Demo", strings.ReplaceAll(publishBody(nil), "@s/demo", "Demo")); w.Code != 400 || !strings.Contains(w.Body.String(), "capitals") {
		t.Errorf("a new name with capitals: %d %s", w.Code, w.Body)
	}
}

func TestDeprecateTagAndUnpublish(t *testing.T) {
	const was = `{"1.0.0":{"deprecated":"too old"},"1.1.0":{"deprecated":"[gatehouse] why | mine"},"1.2.0":{}}`
	for _, tc := range []struct {
		method, path, body string
		status             int
		want               []string
		why                string
	}{
		{"PUT", "/demo", `{"name":"demo","versions":` + was + `}`, 200, nil, "as it was read"},
		{"PUT", "/demo", `{"name":"demo","dist-tags":{"latest":"9.9.9"},"versions":{"1.0.0":{},"1.1.0":{"deprecated":"[gatehouse] why | mine"},"1.2.0":{"deprecated":"use 2"},"3.0.0":{"deprecated":"x"}}}`, 200,
			[]string{`yank demo 1.0.0 "" true`, `yank demo 1.2.0 "use 2" false`}, "one taken back, one new, one that is not there"},
		{"PUT", "/demo/-rev/1-a", `{"versions":{"1.0.0":{"deprecated":"too old"}}}`, 200, nil, "npm unpublish's first step"},
		{"PUT", "/demo", `{"versions":7}`, 400, nil, "no packument"},
		{"PUT", "/-/package/demo/dist-tags/next", `"1.2.0"`, 200, []string{`tag demo next "1.2.0"`}, "a tag"},
		{"PUT", "/-/package/@s%2fdemo/dist-tags/next", `"1.2.0"`, 200, []string{`tag @s/demo next "1.2.0"`}, "of a scope"},
		{"PUT", "/-/package/demo/dist-tags/next", `{}`, 400, nil, "for nothing"},
		{"PUT", "/-/package/demo/dist-tags/^1", `"1.2.0"`, 400, nil, "a tag that is a range"},
		{"DELETE", "/-/package/demo/dist-tags/next", "", 200, []string{`tag demo next ""`}, "taken away"},
		{"DELETE", "/-/package/demo/dist-tags/latest", "", 400, nil, "never latest"},
		{"DELETE", "/demo/-rev/1-a", "", 200, []string{`delete demo ""`}, "all of it"},
		{"DELETE", "/@s/demo/-/demo-1.0.0.tgz/-rev/1-a", "", 200, []string{`delete @s/demo "1.0.0"`}, "one version"},
		{"DELETE", "/demo", "", 404, nil, "a deletion says what it has seen"},
		{"DELETE", "/demo/-/other-1.0.0.tgz/-rev/1", "", 404, nil, "another package's file"},
		{"DELETE", "/-rev/1", "", 404, nil, "nothing"},
		{"PUT", "/-/user/org.couchdb.user:ann", "{}", 403, nil, "an account"},
		{"PUT", "/-/x/y", "{}", 404, nil, "nothing that npm asks for"},
	} {
		l := listed("demo", nil, "1.0.0~", "1.1.0!~", "1.2.0")
		d := &desk{}
		w := send(t, d, &shelf{listings: map[string]*ecosystem.Listing{"demo": l}}, tc.method, tc.path, tc.body)
		if w.Code != tc.status || !reflect.DeepEqual(d.done, tc.want) {
			t.Errorf("%s %s %s (%s): %d %s, did %q; want %d, %q", tc.method, tc.path, tc.body, tc.why, w.Code, w.Body, d.done, tc.status, tc.want)
		}
	}
	if w := send(t, &desk{answer: verdict.ErrNotFound}, &shelf{}, "PUT", "/-/package/demo/dist-tags/next", `"9.0.0"`); w.Code != 400 || !strings.Contains(w.Body.String(), "no such version") {
		t.Errorf("a tag for nothing: %d %s", w.Code, w.Body)
	}
}

func TestAttestationsOfOurs(t *testing.T) {
	ours := &desk{proofs: []json.RawMessage{json.RawMessage(`{"predicateType":"p"}`)}}
	if w := send(t, ours, &shelf{}, "GET", "/-/npm/v1/attestations/@s%2fdemo@1.0.0", ""); w.Code != 200 || w.Body.String() != `{"attestations":[{"predicateType":"p"}]}` {
		t.Errorf("ours: %d %s", w.Code, w.Body)
	}
	l := listed("demo", nil, "1.0.0")
	l.Index.Files[0].Provenance = "https://up.invalid/a"
	s := &shelf{listings: map[string]*ecosystem.Listing{"demo": l}, documents: map[string]string{"-/npm/v1/attestations/demo@1.0.0": `{"attestations":[7]}`}}
	if w := send(t, &desk{answer: ecosystem.ErrNoPackage}, s, "GET", "/-/npm/v1/attestations/demo@1.0.0", ""); w.Code != 200 || w.Body.String() != `{"attestations":[7]}` {
		t.Errorf("the upstream's: %d %s", w.Code, w.Body)
	}
}

func FuzzReadBody(f *testing.F) {
	f.Add(publishBody(nil))
	f.Add(`{"versions":{"1.0.0":{"deprecated":"x"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		d := &desk{}
		b, err := readBody(t.Context(), strings.NewReader(text), d.Keep)
		if err != nil {
			var no *ecosystem.UploadError
			if !errors.As(err, &no) {
				t.Errorf("a fault of ours for %q: %v", text, err)
			}
			return
		}
		if b.versions != nil && !json.Valid(b.versions) {
			t.Errorf("%q: versions %q", text, b.versions)
		}
		if b.tarball == nil {
			return
		}
		if int64(len(d.kept)) != b.tarball.size {
			t.Errorf("%q: kept %d bytes, said %d", text, len(d.kept), b.tarball.size)
		}
		if u, err := b.upload(npmPackage("@s/demo")); err == nil && (!json.Valid(u.Record) || u.Version.Number == "") {
			t.Errorf("%q: %+v", text, u)
		}
	})
}
