package pypi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

// project is what bots and auditors read of the JSON API.
type project struct {
	Info struct {
		Name, Version, Summary string
		HomePage               string            `json:"home_page"`
		RequiresDist           []string          `json:"requires_dist"`
		RequiresPython         *string           `json:"requires_python"`
		ProjectURLs            map[string]string `json:"project_urls"`
		Yanked                 bool
		YankedReason           *string `json:"yanked_reason"`
	}
	Releases map[string][]projectFile
	URLs     []projectFile

	Vulnerabilities *[]struct {
		ID, Summary, Link string
		Aliases           []string
		FixedIn           []string `json:"fixed_in"`
		Withdrawn         *string
	}
}

type projectFile struct {
	Filename, URL string
	Digests       map[string]string
	PackageType   string `json:"packagetype"`
	UploadTime    string `json:"upload_time"`
	UploadISO     string `json:"upload_time_iso_8601"`
	Size          int64
	Yanked        bool
	YankedReason  *string `json:"yanked_reason"`
}

func askProject(t *testing.T, site *httptest.Server, path string) project {
	t.Helper()
	a := ask(t, http.MethodGet, site.URL+"/pypi/"+path)
	var p project
	if err := json.Unmarshal(a.body, &p); a.StatusCode != http.StatusOK || err != nil {
		t.Fatalf("%s: %s %v\n%s", path, a.Status, err, a.body)
	}
	return p
}

// TestProjectJSON: a project speaks of its newest offered version, lists the
// refused ones with their marks, and names our own files.
func TestProjectJSON(t *testing.T) {
	w := servertest.New(t)
	const meta = "Metadata-Version: 2.1\nName: demo\nVersion: %\nSummary: tidy\x07 things\nHome-page: javascript:alert(1)\nProject-URL: Source, https://forge.invalid/demo\nProject-URL: Evil, javascript:alert(1)\nRequires-Dist: six>=1\nRequires-Python: >=3.8\n\nProject-URL: Body, https://body.invalid\n"
	for _, v := range []string{"1.0", "1.1", "2.0"} {
		w.Wheel(scantest.Wheel{Name: "demo", Version: v, Metadata: strings.ReplaceAll(meta, "%", v)})
	}
	w.Know("pkg:pypi/demo@2.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "2.1"))
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-2", finding.Low, "1.1"))
	s := site(t, w, "main")

	p := askProject(t, s, "demo/json")
	i := p.Info
	if i.Name != "demo" || i.Version != "1.1" || i.Summary != "tidy\uFFFD things" || i.HomePage != "" || i.Yanked || len(i.ProjectURLs) != 1 || i.ProjectURLs["Source"] != "https://forge.invalid/demo" || !slices.Equal(i.RequiresDist, []string{"six>=1"}) || *i.RequiresPython != ">=3.8" {
		t.Errorf("info %+v", i)
	}
	if len(p.Releases) != 3 || len(p.URLs) != 1 || p.Vulnerabilities == nil || len(*p.Vulnerabilities) != 0 {
		t.Errorf("got %+v", p)
	}
	good := p.URLs[0]
	if want := servertest.PublicURL + "/pypi/files/demo/demo-1.1-py3-none-any.whl"; good.URL != want || good.PackageType != "bdist_wheel" || good.Digests["sha256"] != string(artifact.DigestOf(w.Bytes(good.Filename))) || good.UploadISO == "" || !strings.HasPrefix(good.UploadISO, good.UploadTime) || good.Size == 0 {
		t.Errorf("file %+v", good)
	}
	refused := p.Releases["2.0"][0]
	if !refused.Yanked || !strings.HasPrefix(*refused.YankedReason, "[gatehouse] ") || !strings.Contains(refused.URL, "/blocked/") {
		t.Errorf("refused %+v", refused)
	}

	for _, spelled := range []string{"2.0", "2", "2.0.0"} {
		p = askProject(t, s, "demo/"+spelled+"/json")
		v := *p.Vulnerabilities
		if len(v) != 1 || v[0].ID != "PYSEC-2026-1" || !slices.Equal(v[0].FixedIn, []string{"2.1"}) || v[0].Withdrawn != nil || v[0].Aliases == nil || !strings.HasPrefix(v[0].Link, servertest.PublicURL+"/d/") || p.Releases != nil || !p.Info.Yanked || len(p.URLs) != 1 {
			t.Errorf("%s: %+v", spelled, p)
		}
	}
	if p = askProject(t, s, "demo/1.0/json"); len(*p.Vulnerabilities) != 1 || p.Info.Yanked {
		t.Errorf("what is noted only is listed too: %+v", p)
	}
}

// TestProjectJSONFollows: the answer is today's, whatever was answered before.
func TestProjectJSONFollows(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	s := site(t, w, "main")
	ids := func() []string {
		out := []string{}
		for _, v := range *askProject(t, s, "demo/1.0/json").Vulnerabilities {
			out = append(out, v.ID)
		}
		return out
	}
	if got := ids(); len(got) != 0 {
		t.Errorf("nothing is known yet: %v", got)
	}
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Low, "2.0"))
	if got := ids(); !slices.Equal(got, []string{"PYSEC-2026-1"}) {
		t.Errorf("a note is known: %v", got)
	}
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-2", finding.Critical, "2.0"))
	if got := ids(); !slices.Equal(got, []string{"PYSEC-2026-2"}) {
		t.Errorf("another: %v", got)
	}
	_, err := w.Gate.Waive(t.Context(), gate.WaiverWish{
		Registry: "main", Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Rule: "vulnerability-fixed", Until: w.Now().Add(time.Hour), Reason: "r", By: "ann",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(); len(got) != 0 {
		t.Errorf("waived: %v", got)
	}
	if other := askProject(t, site(t, w, "observing"), "demo/1.0/json"); len(*other.Vulnerabilities) != 1 {
		t.Errorf("the waiver reaches another registry: %+v", other)
	}
	w.Later(2 * time.Hour)
	if got := ids(); len(got) != 1 {
		t.Errorf("the waiver ended: %v", got)
	}
}

// TestNothingKnownIsNotNone: without advisories that can be relied on an auditor
// gets no list, and a bot its releases with null.
func TestNothingKnownIsNotNone(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Stale("the advisory data is 9 days old")
	s := site(t, w, "main")
	if a := ask(t, http.MethodGet, s.URL+"/pypi/demo/1.0/json"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one version: %s %s", a.Status, a.body)
	}
	if p := askProject(t, s, "demo/json"); p.Vulnerabilities != nil || len(p.Releases) != 1 {
		t.Errorf("the project: %+v", p)
	}
	for _, name := range []string{"demo", "gone"} {
		if a := query(t, s, `{"package": {"name": "`+name+`", "ecosystem": "PyPI"}, "version": "1.0"}`); a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("query for %s: %s %s", name, a.Status, a.body)
		}
	}
}

func TestProjectJSONPaths(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Wheel(scantest.Wheel{Name: "json", Version: "1.0"})
	w.Wheel(scantest.Wheel{Name: "files", Version: "1.0"})
	hidden := w.Gate.Registries["main"]
	hidden.Name, hidden.Present = "hiding", gate.Hide
	w.Gate.Registries["hiding"] = hidden
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "2.0"))
	main, hiding := site(t, w, "main"), site(t, w, "hiding")
	for _, tc := range []struct {
		site         *httptest.Server
		path, to     string
		status       int
		method, note string
	}{
		{main, "Demo/json", "../demo/json", 301, "GET", "another spelling"},
		{main, "De.mo/1.0/json", "../../de-mo/1.0/json", 301, "GET", "of a version too"},
		{main, "demo/9/json", "", 404, "GET", "no such version"},
		{main, "demo/x/json", "", 404, "GET", "no version"},
		{main, "gone/json", "", 404, "GET", "no such project"},
		{main, "-/json", "", 404, "GET", "no name"},
		{main, "simple/json", "json/", 301, "GET", "the simple page of json"},
		{main, "json/json", "", 200, "GET", "a project named json"},
		{main, "files/json", "", 200, "GET", "a project named files"},
		{main, "files/1.0/json", "", 200, "GET", "and its version"},
		{main, "demo/json", "", 405, "POST", "nothing to write"},
		{hiding, "demo/1.0/json", "", 404, "GET", "hidden"},
		{hiding, "demo/json", "", 404, "GET", "all hidden"},
	} {
		a := ask(t, tc.method, tc.site.URL+"/pypi/"+tc.path)
		if a.StatusCode != tc.status || a.Header.Get("Location") != tc.to {
			t.Errorf("%s %s (%s): %s to %q, want %d to %q", tc.method, tc.path, tc.note, a.Status, a.Header.Get("Location"), tc.status, tc.to)
		}
	}
	a := ask(t, http.MethodGet, main.URL+"/pypi/demo/json")
	if again := ask(t, http.MethodGet, main.URL+"/pypi/demo/json", "If-None-Match", a.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %s", again.Status)
	}
}

func query(t *testing.T, s *httptest.Server, body string) answered {
	t.Helper()
	r, err := s.Client().Post(s.URL+"/pypi/osv/v1/query", "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{r, b}
}

// TestQuery: OSV's question about one version, also of one that the upstream took
// away and somebody still has.
func TestQuery(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Know("pkg:pypi/demo@1.0", servertest.Vulnerable("PYSEC-2026-1", finding.High, "2.0"))
	w.Know("pkg:pypi/gone@3.0", servertest.Vulnerable("PYSEC-2026-3", finding.High))
	s := site(t, w, "main")
	for _, tc := range []struct {
		body, id, why string
		status        int
	}{
		{`{"package": {"name": "demo", "ecosystem": "PyPI"}, "version": "1.0"}`, "PYSEC-2026-1", "what is known", 200},
		{`{"package": {"name": "DEMO", "ecosystem": "PyPI"}, "version": "1.0.0"}`, "PYSEC-2026-1", "another spelling", 200},
		{`{"package": {"purl": "pkg:pypi/demo@1.0"}}`, "PYSEC-2026-1", "by purl", 200},
		{`{"package": {"name": "gone", "ecosystem": "PyPI"}, "version": "3.0"}`, "PYSEC-2026-3", "no more upstream", 200},
		{`{"package": {"name": "demo", "ecosystem": "PyPI"}, "version": "1.1"}`, "", "nothing known", 200},
		{`{"package": {"name": "demo", "ecosystem": "npm"}, "version": "1.0"}`, "", "another world", 400},
		{`{"package": {"purl": "pkg:npm/demo@1.0"}}`, "", "another world by purl", 400},
		{`{"package": {"name": "demo", "ecosystem": "PyPI"}}`, "", "no version", 400},
		{`{"commit": "0"}`, "", "a commit", 400},
		{`[]`, "", "no query", 400},
		{strings.Repeat(" ", 20<<10), "", "too long", 400},
	} {
		a := query(t, s, tc.body)
		if a.StatusCode != tc.status || tc.id != "" && !strings.Contains(string(a.body), `"id":"`+tc.id+`"`) || tc.id == "" && tc.status == 200 && string(a.body) != "{}" {
			t.Errorf("%.80s (%s): %s %s", tc.body, tc.why, a.Status, a.body)
		}
	}
}
