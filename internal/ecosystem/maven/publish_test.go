package maven_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// desk takes what it is given.
type desk struct {
	ecosystem.Desk
	forbidden map[string]bool
	fails     error
	kept      [][]byte
	uploads   []ecosystem.Upload
}

func (d *desk) MayPublish(_ context.Context, p artifact.Package, _ ecosystem.Publisher) error {
	if d.forbidden[p.Name] {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s is not yours", p.Name)
	}
	return nil
}

func (d *desk) Keep(_ context.Context, r io.Reader) (artifact.Digest, int64, error) {
	b, err := io.ReadAll(r)
	d.kept = append(d.kept, b)
	return artifact.DigestOf(b), int64(len(b)), err
}

func (d *desk) Publish(_ context.Context, u ecosystem.Upload, _ ecosystem.Publisher) (ecosystem.Receipt, error) {
	d.uploads = append(d.uploads, u)
	return ecosystem.Receipt{Version: u.Version, File: u.Name, Decision: "d"}, d.fails
}

func TestUploads(t *testing.T) {
	s := newShelf(t)
	jar := s.bodies["demo-1.0.jar"]
	pom := stub.MavenVersion{Group: "org.example", Artifact: "demo", Version: "1.0"}.POM()
	for _, tc := range []struct {
		why, path string
		body      []byte
		fails     error
		want      int
		published string // file, kind and record
	}{
		{"a jar", "/org/example/demo/1.0/demo-1.0.jar", jar, nil, 200, "demo-1.0.jar jar "},
		{"a pom", "/org/example/demo/1.0/demo-1.0.pom", pom, nil, 200, `demo-1.0.pom asset {"packaging":"jar"}`},
		{"sources", "/org/example/demo/1.0/demo-1.0-sources.jar", jar, nil, 200, "demo-1.0-sources.jar jar "},
		{"a signature", "/org/example/demo/1.0/demo-1.0.jar.asc", []byte("x"), nil, 200, "demo-1.0.jar.asc asset "},
		{"a pom that is none", "/org/example/demo/1.0/demo-1.0.pom", []byte("<html>"), nil, 400, ""},
		{"a pom without end", "/org/example/demo/1.0/demo-1.0.pom", bytes.Repeat([]byte(" "), 5<<20), nil, 413, ""},
		{"a checksum", "/org/example/demo/1.0/demo-1.0.jar.sha1", []byte(stub.MavenSum("sha1", jar)), nil, 200, ""},
		{"a wrong checksum", "/org/example/demo/1.0/demo-1.0.jar.md5", []byte(stub.MavenSum("md5", pom)), nil, 400, ""},
		{"no checksum", "/org/example/demo/1.0/demo-1.0.jar.sha512", []byte("x"), nil, 400, ""},
		{"a checksum of nothing", "/org/example/demo/9.0/demo-9.0.jar.sha1", []byte(stub.MavenSum("sha1", jar)), nil, 400, ""},
		{"metadata", "/org/example/demo/maven-metadata.xml", []byte("<metadata/>"), nil, 200, ""},
		{"its checksum", "/org/example/demo/maven-metadata.xml.sha1", []byte("x"), nil, 200, ""},
		{"metadata of somebody's", "/org/other/lib/maven-metadata.xml", []byte("<metadata/>"), nil, 403, ""},
		{"somebody's", "/org/other/lib/1.0/lib-1.0.jar", jar, nil, 403, ""},
		{"a build in a folder of its own", "/org/example/demo/1.0-20260102.030405-1/demo-1.0-20260102.030405-1.jar", jar, nil, 400, ""},
		{"no path", "/demo.jar", jar, nil, 400, ""},
		{"another artifact's file", "/org/example/demo/1.0/other-1.0.jar", jar, nil, 400, ""},
		{"it is there", "/org/example/demo/1.0/demo-1.0.jar", jar, ecosystem.RefuseUpload(ecosystem.UploadExists, "File already exists"), 409, "demo-1.0.jar jar "},
		{"a fault", "/org/example/demo/1.0/demo-1.0.jar", jar, errors.New("the disk is gone"), 503, "demo-1.0.jar jar "},
	} {
		d := &desk{forbidden: map[string]bool{"org.other/lib": true}, fails: tc.fails}
		u := maven.NewUploads(adapter.Registry{Shelf: s, Decision: func(id string) string { return "http://gate.invalid/d/" + id }, Log: slog.New(slog.DiscardHandler)}, d)
		w := httptest.NewRecorder()
		u.Receive(w, httptest.NewRequest("PUT", tc.path, bytes.NewReader(tc.body)), ecosystem.Publisher{Name: "ci"})
		if w.Code != tc.want {
			t.Errorf("%s: %d %s, want %d", tc.why, w.Code, w.Body, tc.want)
		}
		var published []string
		for i, up := range d.uploads {
			published = append(published, up.Name+" "+string(up.Kind)+" "+string(up.Record))
			if !bytes.Equal(d.kept[i], tc.body) || up.SHA256 != artifact.DigestOf(tc.body) || up.Version.Number != "1.0" || up.Metadata == nil || up.Metadata.Name != "org.example/demo" || up.Slot != up.Name {
				t.Errorf("%s: %+v", tc.why, up)
			}
		}
		if !slices.Equal(published, strings.Split(tc.published, "\n")) && !(tc.published == "" && len(published) == 0) {
			t.Errorf("%s: published %q, want %q", tc.why, published, tc.published)
		}
		if tc.want >= 400 && w.Code != 503 && !strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: Maven 3.9 prints no %s", tc.why, w.Header().Get("Content-Type"))
		}
	}
}
