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
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// desk is a gate that takes what the test says.
type desk struct {
	ecosystem.Desk // what only other ecosystems ask of one
	kept           []byte
	keeps          int
	uploads        []ecosystem.Upload
	may            error
	keep           error
	answer         error
	receipt        ecosystem.Receipt
	proofs         []json.RawMessage
}

func (d *desk) MayPublish(context.Context, artifact.Package, ecosystem.Publisher) error { return d.may }

func (d *desk) Keep(_ context.Context, r io.Reader) (artifact.Digest, int64, error) {
	d.keeps++
	const limit = 1 << 20
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return "", 0, fmt.Errorf("reading what to store: %w", err)
	case len(b) > limit:
		return "", 0, fmt.Errorf("%w: limit", blob.ErrTooLarge)
	case d.keep != nil:
		return "", 0, d.keep
	}
	d.kept = b
	return artifact.DigestOf(b), int64(len(b)), nil
}

func (d *desk) Publish(_ context.Context, u ecosystem.Upload, _ ecosystem.Publisher) (ecosystem.Receipt, error) {
	d.uploads = append(d.uploads, u)
	return d.receipt, d.answer
}

func (d *desk) Delete(context.Context, artifact.Version, string, ecosystem.Publisher) error {
	return errors.New("not asked for here")
}
func (d *desk) Yank(context.Context, artifact.Version, string, bool, ecosystem.Publisher) error {
	return d.answer
}

func (d *desk) Tag(context.Context, artifact.Package, string, string, ecosystem.Publisher) error {
	return d.answer
}

func (d *desk) Attestations(context.Context, artifact.Package, string) ([]json.RawMessage, error) {
	return d.proofs, d.answer
}

// field is one part of a form; file makes it a file of that name.
type field struct{ name, value, file string }

const (
	wheelName = "acme_billing-1.0-py3-none-any.whl"
	content   = "the bytes of a wheel"
)

func blake(s string) string {
	sum := blake2b.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// sent is a form as twine sends it, with some fields changed, added or, for "-",
// left out.
func sent(changes ...field) []field {
	sum := md5.Sum([]byte(content))
	fields := []field{
		{":action", "file_upload", ""}, {"protocol_version", "1", ""}, {"metadata_version", "2.4", ""}, {"name", "acme-billing", ""}, {"version", "1.0", ""},
		{"filetype", "bdist_wheel", ""}, {"pyversion", "py3", ""}, {"requires_python", ">=3.8", ""}, {"classifiers", "A :: B", ""}, {"classifiers", "A :: C", ""},
		{"sha256_digest", string(artifact.DigestOf([]byte(content))), ""}, {"blake2_256_digest", blake(content), ""}, {"md5_digest", hex.EncodeToString(sum[:]), ""},
		{"content", content, wheelName},
	}
	for _, c := range changes {
		found := false
		for i := range fields {
			if fields[i].name == c.name && !found {
				fields[i], found = c, true
			}
		}
		if !found {
			fields = append([]field{c}, fields...)
		}
	}
	return fields
}

// encode writes the form. Names and values go in as they are: a quote or line
// break in one is the test's intention.
func encode(fields []field) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		if f.value == "-" {
			continue
		}
		h := textproto.MIMEHeader{}
		d := `form-data; name="` + f.name + `"`
		if f.file != "" {
			d += `; filename="` + f.file + `"`
		}
		h.Set("Content-Disposition", d)
		p, _ := w.CreatePart(h)
		io.WriteString(p, f.value)
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// receive sends a body to an upload handler and gives status and text.
func receive(d *desk, body []byte, contentType string) (int, string) {
	u := NewUploads(adapter.Registry{Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler)}, d)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/legacy/", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	u.Receive(w, r, ecosystem.Publisher{Name: "ci"})
	return w.Code, w.Body.String()
}

func TestUploadForm(t *testing.T) {
	d := &desk{receipt: ecosystem.Receipt{File: wheelName, Decision: "d1", Notes: []string{"a note"}}}
	body, contentType := encode(sent())
	code, text := receive(d, body, contentType)
	if code != http.StatusOK || text != "published "+wheelName+"\nnote: a note\nhttp://gate.invalid/d/d1\n" {
		t.Errorf("got %d %q", code, text)
	}
	want := ecosystem.Upload{
		Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "acme-billing"}, Number: "1.0"},
		Name:    wheelName, Kind: artifact.Wheel, SHA256: artifact.DigestOf([]byte(content)), Size: int64(len(content)), Slot: "wheel  py3-none-any", RequiresPython: ">=3.8",
	}
	if len(d.uploads) != 1 || fmt.Sprint(d.uploads[0]) != fmt.Sprint(want) || string(d.kept) != content {
		t.Errorf("got %+v, want %+v", d.uploads, want)
	}
}

// TestUploadFormsThatAreTaken: what clients differ in.
func TestUploadFormsThatAreTaken(t *testing.T) {
	last := sent()
	last = append(last[len(last)-1:], last[:len(last)-1]...)
	for why, fields := range map[string][]field{
		"flit: md5 and sha256, no pyversion":     sent(field{"blake2_256_digest", "-", ""}, field{"pyversion", "-", ""}),
		"only blake2":                            sent(field{"sha256_digest", "-", ""}, field{"md5_digest", "-", ""}),
		"digests in capitals":                    sent(field{"sha256_digest", strings.ToUpper(string(artifact.DigestOf([]byte(content)))), ""}),
		"the name in another spelling":           sent(field{"name", "Acme_Billing", ""}),
		"the version in another spelling":        sent(field{"version", "v1.0.0", ""}),
		"a file name in another spelling":        sent(field{"content", content, "Acme_Billing-1.0-py3-none-any.whl"}),
		"an sdist":                               sent(field{"content", content, "acme_billing-1.0.tar.gz"}, field{"filetype", "sdist", ""}),
		"an sdist of old tools":                  sent(field{"content", content, "acme-billing-1.0.zip"}, field{"filetype", "sdist", ""}),
		"the file first":                         last,
		"a signature, which nobody reads":        sent(field{"gpg_signature", "xyz", wheelName + ".asc"}),
		"a description of a megabyte":            sent(field{"description", strings.Repeat("x", 1<<20), ""}),
		"4,000 dependencies":                     append(make([]field, 4000), sent()...),
		"text of the world in what is not read":  sent(field{"author", "Zoë \u202e\x00\r\n", ""}),
		"an empty version of the protocol":       sent(field{"protocol_version", "", ""}),
		"a file of exactly the limit":            big(1 << 20),
		"a form with no requires_python":         sent(field{"requires_python", "-", ""}),
		"a wheel with a build number and tags":   sent(field{"content", content, "acme_billing-1.0-3-py2.py3-none-any.whl"}),
		"a local version, escaped in the file":   sent(field{"version", "1.0+cu12", ""}, field{"content", content, "acme_billing-1.0+cu12-py3-none-any.whl"}),
		"content before name and other metadata": last,
	} {
		d := &desk{}
		body, contentType := encode(fields)
		if code, text := receive(d, body, contentType); code != http.StatusOK || len(d.uploads) != 1 {
			t.Errorf("%s: %d %q", why, code, text)
		}
	}
}

// big is a form with a file of n bytes.
func big(n int) []field {
	file := strings.Repeat("x", n)
	return sent(field{"content", file, wheelName}, field{"sha256_digest", string(artifact.DigestOf([]byte(file))), ""}, field{"blake2_256_digest", "-", ""}, field{"md5_digest", "-", ""})
}

func TestUploadFormsThatAreRefused(t *testing.T) {
	attested := func(s string) []field { return sent(field{"attestations", s, ""}) }
	for _, tc := range []struct {
		fields []field
		code   int
		says   string
		kept   bool // the bytes were read into the store before it was clear
	}{
		{sent(field{":action", "submit", ""}), 400, "names are not registered here", true},
		{sent(field{":action", "doc_upload", ""}), 400, ":action is not file_upload", true},
		{sent(field{":action", "-", ""}), 400, ":action is not file_upload", true},
		{sent(field{"protocol_version", "2", ""}), 400, "protocol_version is not 1", true},
		{sent(field{"name", "-", ""}), 400, "the form's name cannot be used", true},
		{sent(field{"name", "acme billing", ""}), 400, "cannot be read", false},
		{sent(field{"name", "acme-bi\u202elling", ""}), 400, "the field name holds characters", false},
		{sent(field{"name", "acme\r\nSet-Cookie: x", ""}), 400, "the field name holds characters", false},
		{sent(field{"name", strings.Repeat("a", 3000), ""}), 413, "field name has more than 2048 bytes", false},
		{sent(field{"version", "1.0\x1b[31m", ""}), 400, "the field version holds characters", false},
		{sent(field{"version", "not a version", ""}), 400, "the form's version cannot be used", true},
		{sent(field{"version", "1.1", ""}), 400, "the form says acme-billing 1.1 and the file's name acme-billing 1.0", true},
		{sent(field{"name", "acme-other", ""}), 400, "the form says acme-other 1.0 and the file's name acme-billing 1.0", true},
		{sent(field{"filetype", "sdist", ""}), 400, "is not that of acme_billing", true},
		{sent(field{"filetype", "bdist_egg", ""}), 400, "is not that of acme_billing", true},
		{sent(field{"content", content, "acme_billing-1.0.egg"}), 400, "the file's name does not fit", true},
		{sent(field{"content", content, "acme_billing-1.0.tar.bz2"}, field{"filetype", "sdist", ""}), 400, "an sdist ends in .tar.gz", true},
		{sent(field{"content", content, "../acme_billing-1.0-py3-none-any.whl"}), 400, "the file has no name, or one that no distribution has", false},
		{sent(field{"content", content, `..\acme_billing-1.0-py3-none-any.whl`}), 400, "that no distribution has", false},
		{sent(field{"content", content, "/etc/passwd"}), 400, "that no distribution has", false},
		{sent(field{"content", content, "acme_billing-1.0-py3-none-any.whl\u202e"}), 400, "that no distribution has", false},
		{sent(field{"content", content, ""}), 400, "the file has no name", false},
		{sent(field{"content", "-", ""}), 400, "no file in its field content", false},
		{append(sent(), field{"content", content, wheelName}), 400, "it has a second file", true},
		{append([]field{{"name", "acme-first", ""}}, sent()...), 400, "the field name stands in it twice", false},
		{sent(field{"sha256_digest", strings.Repeat("0", 64), ""}), 400, "another sha256_digest than the form says", true},
		{sent(field{"blake2_256_digest", strings.Repeat("0", 64), ""}), 400, "another blake2_256_digest", true},
		{sent(field{"md5_digest", strings.Repeat("0", 32), ""}), 400, "another md5_digest", true},
		{sent(field{"sha256_digest", "-", ""}, field{"blake2_256_digest", "-", ""}), 400, "neither sha256_digest nor blake2_256_digest", true},
		{big(1<<20 + 1), 413, "is larger than this gate takes", false},
		{sent(field{"description", strings.Repeat("x", maxForm+1), ""}), 413, "more than 16777216 bytes together", false},
		{append(make([]field, 10000), sent()...), 413, "more than 5000 fields", false},
		{attested("{}"), 400, "they are no JSON list", true},
		{attested("[]"), 400, "there are 0 of them", true},
		{attested("[" + strings.Repeat("{},", 16) + "{}]"), 400, "there are 17 of them", true},
		{attested(`[{"version":2}]`), 400, "number 1 is no attestation of version 1", true},
		{attested(attestation(wheelName, "0000")), 400, "is about another file", true},
		{attested(strings.Replace(attestation(wheelName, string(artifact.DigestOf([]byte(content)))), `{"a":1}`, "null", 1)), 400, "is no attestation", true},
		{attested(attestation("other.whl", string(artifact.DigestOf([]byte(content))))), 400, "is about another file", true},
		{attested(strings.Repeat(" ", maxAttested+1)), 413, "field attestations has more than", false},
		{attested(strings.Repeat("[", 100_000)), 400, "they are no JSON list", true},
	} {
		d := &desk{}
		body, contentType := encode(tc.fields)
		code, text := receive(d, body, contentType)
		if code != tc.code || !strings.Contains(text, tc.says) || len(d.uploads) != 0 || (d.kept != nil) != tc.kept {
			t.Errorf("want %d %q, kept %v: got %d %q, kept %d bytes, published %d", tc.code, tc.says, tc.kept, code, text, len(d.kept), len(d.uploads))
		}
		if strings.Contains(strings.ToLower(text), "already exist") {
			t.Errorf("twine and poetry would skip this: %q", text)
		}
	}
}

func attestation(file, sha string) string {
	statement := fmt.Sprintf(`{"_type":"x","subject":[{"name":%q,"digest":{"sha256":%q}}]}`, file, sha)
	return fmt.Sprintf(`[{"version":1,"verification_material":{"a":1},"envelope":{"statement":%q,"signature":"AA=="}}]`, base64.StdEncoding.EncodeToString([]byte(statement)))
}

func TestUploadIsCut(t *testing.T) {
	body, contentType := encode(sent())
	for n := range len(body) - len("\r\n") { // without its very end a form is whole
		d := &desk{}
		if code, text := receive(d, body[:n], contentType); code != http.StatusBadRequest || len(d.uploads) != 0 {
			t.Fatalf("cut at %d of %d bytes: %d %q", n, len(body), code, text)
		}
	}
}

func TestUploadThatIsNoForm(t *testing.T) {
	body, contentType := encode(sent())
	for _, bad := range []string{"", "application/json", "multipart/form-data", "multipart/mixed; boundary=x", contentType[:len(contentType)-3] + "xyz"} {
		if code, text := receive(&desk{}, body, bad); code != http.StatusBadRequest {
			t.Errorf("%q: %d %q", bad, code, text)
		}
	}
}

// TestUploadAnswers: each outcome has the status and the words that clients act on.
func TestUploadAnswers(t *testing.T) {
	version := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "acme-billing"}, Number: "1.0"}
	refusal := func(v verdict.Verdict, why string) error {
		return &verdict.Refusal{Version: version, File: wheelName, Verdict: v, Decision: "d2", Public: why}
	}
	hostile := "x\r\nSet-Cookie: a\u202e" + strings.Repeat("y", 1000)
	for _, tc := range []struct {
		desk desk
		code int
		says string
		keep int
	}{
		{desk{answer: refusal(verdict.Reject, "malware MAL-1")}, 403, "blocked by gatehouse: malware MAL-1; http://gate.invalid/d/d2", 1},
		{desk{answer: refusal(verdict.Hold, "kept, not served: x")}, 403, "held by gatehouse: kept, not served: x; http://gate.invalid/d/d2", 1},
		{desk{answer: refusal(verdict.Reject, hostile)}, 403, "blocked by gatehouse: x??Set-Cookie: a?yyy", 1},
		{desk{answer: ecosystem.RefuseUpload(ecosystem.UploadExists, "File already exists: y")}, 400, "File already exists: y", 1},
		{desk{may: ecosystem.RefuseUpload(ecosystem.UploadForbidden, "not yours")}, 403, "not yours", 0},
		{desk{keep: blob.ErrFull}, 507, "no room", 1},
		{desk{keep: errors.New("the disk is gone")}, 503, "cannot take uploads now", 1},
		{desk{answer: errors.New("the store is gone")}, 503, "cannot take uploads now", 1},
		{desk{receipt: ecosystem.Receipt{File: wheelName, Again: true}}, 200, wheelName + " was published before, with the same bytes", 1},
	} {
		body, contentType := encode(sent())
		code, text := receive(&tc.desk, body, contentType)
		if code != tc.code || !strings.Contains(text, tc.says) || tc.desk.keeps != tc.keep {
			t.Errorf("want %d %q after %d kept: got %d %q after %d", tc.code, tc.says, tc.keep, code, text, tc.desk.keeps)
		}
		if strings.ContainsAny(strings.TrimSuffix(text, "\n"), "\r\u202e") {
			t.Errorf("%q holds what a terminal obeys", text)
		}
	}
}

func TestProvenance(t *testing.T) {
	given := json.RawMessage(`{"version":1,"x":"</script>"}`)
	for _, tc := range []struct {
		desk desk
		path string
		code int
		says string
	}{
		{desk{proofs: []json.RawMessage{given}}, "/integrity/acme-billing/1.0/x.whl/provenance", 200, `"publisher":{"kind":"gatehouse-token","verified":false}`},
		{desk{}, "/integrity/acme-billing/1.0/x.whl/provenance", 404, "nothing was attested"},
		{desk{answer: verdict.ErrNotFound}, "/integrity/acme-billing/1.0/x.whl/provenance", 404, "no file of that name"},
		{desk{answer: errors.New("store")}, "/integrity/acme-billing/1.0/x.whl/provenance", 503, "try again"},
		{desk{}, "/integrity/--/1.0/x.whl/provenance", 404, ""},
	} {
		u := NewUploads(adapter.Registry{Decision: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler)}, &tc.desk)
		w := httptest.NewRecorder()
		u.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.path, nil))
		if w.Code != tc.code || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s: %d %s, want %d %s", tc.path, w.Code, w.Body, tc.code, tc.says)
		}
	}
}

// FuzzUploadForm: whatever is sent, nothing is published that does not agree, and
// what is published has the digest of the bytes that were kept.
func FuzzUploadForm(f *testing.F) {
	body, contentType := encode(sent())
	f.Add(body, contentType)
	body, contentType = encode(sent(field{"attestations", attestation(wheelName, string(artifact.DigestOf([]byte(content)))), ""}))
	f.Add(body, contentType)
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=\"content\"; filename=\"a-1-py3-none-any.whl\"\r\n\r\nz\r\n--x--\r\n"), "multipart/form-data; boundary=x")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		d := &desk{}
		code, text := receive(d, body, contentType)
		if code != http.StatusOK && (text == "" || len(d.uploads) > 0) {
			t.Errorf("%d %q, published %d", code, text, len(d.uploads))
		}
		for _, u := range d.uploads {
			if u.SHA256 != artifact.DigestOf(d.kept) || u.Size != int64(len(d.kept)) || strings.ContainsAny(u.Name, "/\\\r\n") || u.Version.Package.Name == "" || u.Slot == "" {
				t.Errorf("published %+v of %d bytes", u, len(d.kept))
			}
		}
	})
}
