package maven_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestPomsThroughAGate: a version that is a pom alone is looked at and decided about,
// and fetched once; the pom beside a jar is data, and looked at by nobody.
func TestPomsThroughAGate(t *testing.T) {
	repo := stub.NewMavenRepo(t)
	old, young := servertest.Start.AddDate(0, 0, -30), servertest.Start.Add(-time.Hour)
	parent := stub.MavenVersion{Group: "org.example", Artifact: "parent", Version: "1", Packaging: "pom", Published: old}
	next := stub.MavenVersion{Group: "org.example", Artifact: "parent", Version: "2", Packaging: "pom", Published: young}
	lib := stub.MavenVersion{Group: "org.example", Artifact: "lib", Version: "1", Published: young}
	forged := stub.MavenVersion{Group: "org.example", Artifact: "forged", Version: "1", Packaging: "pom", Published: old}
	repo.Put(t, parent, next, lib, forged)
	repo.PutFile(forged.Path("pom")+".sha1", []byte(stub.MavenSum("sha1", []byte("other bytes"))), old)
	w := servertest.Over(t, maven.Adapter(), repo.URL(), nil)
	h := w.Handler("main")
	for _, tc := range []struct {
		path     string
		want     int
		body     string
		inspects int64
		why      string
	}{
		{lib.Path("pom"), 200, string(lib.POM()), 0, "data, of a version that is too young"},
		{lib.Path("jar"), 403, "", 0, "its jar waits"},
		{parent.Path("pom"), 200, string(parent.POM()), 1, "a parent"},
		{parent.Path("pom") + ".sha256", 200, stub.MavenSum("sha256", parent.POM()), 1, "its checksum"},
		{next.Path("pom"), 403, "", 1, "a parent that is too young"},
		{forged.Path("pom"), 403, "", 1, "bytes that are not those of the checksum"},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, tc.path, nil))
		b, err := io.ReadAll(rec.Body)
		if err != nil || rec.Code != tc.want || tc.body != "" && string(b) != tc.body || w.Inspects.Load() != tc.inspects {
			t.Errorf("%s: %d after %d looks, want %d after %d: %s", tc.why, rec.Code, w.Inspects.Load(), tc.want, tc.inspects, b)
		}
	}
	for _, v := range []stub.MavenVersion{lib, parent, next} {
		if n := repo.Asked(v.Path("pom")); n != 1 {
			t.Errorf("%s was fetched %d times", v.Path("pom"), n)
		}
	}
}
