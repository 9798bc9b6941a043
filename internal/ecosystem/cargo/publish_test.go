package cargo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
)

// desk notes what it is asked to publish.
type desk struct {
	ecosystem.Desk
	kept []byte
	up   ecosystem.Upload
}

func (d *desk) MayPublish(context.Context, artifact.Package, ecosystem.Publisher) error { return nil }

func (d *desk) Keep(_ context.Context, r io.Reader) (artifact.Digest, int64, error) {
	b, err := io.ReadAll(r)
	d.kept = b
	return artifact.DigestOf(b), int64(len(b)), err
}

func (d *desk) Publish(_ context.Context, u ecosystem.Upload, _ ecosystem.Publisher) (ecosystem.Receipt, error) {
	d.up = u
	return ecosystem.Receipt{Version: u.Version, File: u.Name}, nil
}

// part is one part of a body after its length.
func part(s string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func publish(t testing.TB, body string) (*desk, *httptest.ResponseRecorder) {
	t.Helper()
	d := &desk{}
	u := NewUploads(adapter.Registry{Decision: func(id string) string { return id }, Log: slog.New(slog.DiscardHandler)}, d)
	w := httptest.NewRecorder()
	u.Receive(w, httptest.NewRequest(http.MethodPut, "/api/v1/crates/new", strings.NewReader(body)), ecosystem.Publisher{})
	return d, w
}

const honest = `{"name":"Acme-Lib","vers":"1.0.0","deps":[{"name":"real","version_req":"^1","features":["x"],"optional":true,"default_features":false,"target":null,"kind":"normal","registry":null,"explicit_name_in_toml":"alias"}],"features":{"a":["dep:alias"],"b":[]},"links":null,"rust_version":"1.70","readme":"text"}`

func TestPublish(t *testing.T) {
	d, w := publish(t, part(honest)+part("crate"))
	if w.Code != http.StatusOK || string(d.kept) != "crate" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	l, err := record.Parse(d.up.Record)
	if err != nil {
		t.Fatal(err)
	}
	dep := l.Deps[0]
	if l.Name != "Acme-Lib" || l.Checksum != artifact.DigestOf([]byte("crate")) || dep.Name != "alias" || dep.Crate() != "real" || dep.Default || !dep.Optional || l.Schema != 2 || len(l.Features) != 1 || len(l.Features2) != 1 || l.Rust != "1.70" {
		t.Errorf("%s", d.up.Record)
	}
	if d.up.Name != "acme-lib-1.0.0.crate" || d.up.Version.Package.Name != "acme-lib" || d.up.Kind != artifact.Crate {
		t.Errorf("%+v", d.up)
	}
	for _, tc := range []struct{ body, why string }{
		{"", "nothing"},
		{part(honest), "no crate"},
		{part(honest) + part("crate")[:6], "half a crate"},
		{part(honest) + part("crate") + "x", "something behind"},
		{part("{"), "no JSON"},
		{"\xff\xff\xff\xff", "a length of four gigabytes"},
		{part(strings.Replace(honest, "Acme-Lib", "../x", 1)) + part("crate"), "no name"},
		{part(strings.Replace(honest, "1.0.0", "1.0", 1)) + part("crate"), "no version"},
		{part(strings.Replace(honest, "^1", "latest", 1)) + part("crate"), "no requirement"},
		{part(strings.Replace(honest, `"normal"`, `"odd"`, 1)) + part("crate"), "no kind of dependency"},
		{part(strings.Replace(honest, `"real"`, `"../x"`, 1)) + part("crate"), "a dependency that is none"},
	} {
		if d, w := publish(t, tc.body); w.Code < 400 || w.Code >= 500 || d.up.Name != "" || !strings.Contains(w.Body.String(), `"errors":[{"detail":`) {
			t.Errorf("%s: %d %s", tc.why, w.Code, w.Body)
		}
	}
}

// TestCheckUpload: what was said of a crate is what Cargo.toml in it says.
func TestCheckUpload(t *testing.T) {
	d, _ := publish(t, part(honest)+part("crate"))
	good := ecosystem.Metadata{Name: "Acme-Lib", Version: "1.0.0", RequiresDist: []string{"real ^1"}}
	for _, tc := range []struct {
		change func(*ecosystem.Metadata)
		ok     bool
		why    string
	}{
		{func(*ecosystem.Metadata) {}, true, "as it was said"},
		{func(m *ecosystem.Metadata) { m.Name = "acme-lib" }, false, "another spelling"},
		{func(m *ecosystem.Metadata) { m.Version = "1.0.0+b" }, false, "another build"},
		{func(m *ecosystem.Metadata) { m.RequiresDist = nil }, false, "fewer dependencies"},
		{func(m *ecosystem.Metadata) { m.RequiresDist = []string{"real ^2"} }, false, "another requirement"},
		{func(m *ecosystem.Metadata) { m.RequiresDist = []string{"real ^1", "evil *"} }, false, "more dependencies"},
	} {
		inside := good
		tc.change(&inside)
		err := Ecosystem{}.CheckUpload(d.up, inside)
		if _, refused := errors.AsType[*ecosystem.UploadError](err); (err == nil) != tc.ok || refused == tc.ok {
			t.Errorf("%s: %v", tc.why, err)
		}
	}
}

func FuzzPublish(f *testing.F) {
	f.Add([]byte(part(honest) + part("crate")))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, w := publish(t, string(body))
		if w.Code >= 500 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
		if d.up.Name == "" {
			return
		}
		l, err := record.Parse(d.up.Record)
		if err != nil || l.Checksum != artifact.DigestOf(d.kept) || !bytes.HasSuffix(body, d.kept) {
			t.Errorf("%q was taken: %s, %v", body, d.up.Record, err)
		}
	})
}
