package stub

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

var upload = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func get(t *testing.T, url, accept string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestPagesInBothForms(t *testing.T) {
	x := New(t)
	wheel := scantest.Wheel{Name: "Demo.Thing", Version: "1.0"}
	x.Add(wheel, About{Uploaded: upload, Yanked: `broken "here"`, RequiresPython: ">=3.8"})
	x.Add(scantest.Sdist{Name: "Demo.Thing", Version: "1.0"}, About{NoDate: true, NoHash: true})
	x.SetStatus("demo_thing", "quarantined", "looked at")

	res, body := get(t, x.URL()+"demo-thing/", typeJSON+", text/html;q=0.1")
	if ct := res.Header.Get("Content-Type"); ct != typeJSON {
		t.Fatalf("content type %q, want JSON", ct)
	}
	var page struct {
		Versions []string          `json:"versions"`
		Status   map[string]string `json:"project-status"`
		Files    []struct {
			Filename, URL string
			Hashes        map[string]string
			Size          int64
			UploadTime    string `json:"upload-time"`
			Yanked        any
			CoreMetadata  any `json:"core-metadata"`
		}
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Files) != 2 || len(page.Versions) != 1 || page.Status["status"] != "quarantined" {
		t.Fatalf("page %s", body)
	}
	w, s := page.Files[0], page.Files[1]
	built := wheel.Build(t)
	if w.Hashes["sha256"] != Digest(built) || w.Size != int64(len(built)) || w.Yanked != `broken "here"` || w.UploadTime != "2026-05-01T12:00:00Z" {
		t.Errorf("wheel entry %+v", w)
	}
	if len(s.Hashes) != 0 || s.UploadTime != "" || s.CoreMetadata != false || s.Yanked != false {
		t.Errorf("sdist entry %+v", s)
	}

	for _, tc := range []struct {
		why, accept string
		htmlOnly    bool
	}{
		{"an old client asks for HTML", "text/html", false},
		{"the index knows no JSON", typeJSON, true},
	} {
		x.HTMLOnly(tc.htmlOnly)
		res, body := get(t, x.URL()+"demo-thing/", tc.accept)
		if ct := res.Header.Get("Content-Type"); ct != typeHTML {
			t.Errorf("content type %q, want HTML (%s)", ct, tc.why)
		}
		for _, want := range []string{"#sha256=" + Digest(built), `data-yanked="broken &#34;here&#34;"`, `data-requires-python="&gt;=3.8"`, "data-core-metadata"} {
			if !strings.Contains(body, want) {
				t.Errorf("page lacks %q (%s):\n%s", want, tc.why, body)
			}
		}
	}
}

func TestFilesMetadataAndCounters(t *testing.T) {
	x := New(t)
	wheel := scantest.Wheel{Name: "demo", Version: "1.0"}
	name := x.Add(wheel, About{})
	bare := x.Add(scantest.Wheel{Name: "demo", Version: "1.1"}, About{NoMetadata: true})
	if _, body := get(t, x.FileURL(name), ""); body != string(wheel.Build(t)) {
		t.Error("the file has other bytes than were built")
	}
	if _, body := get(t, x.FileURL(name)+".metadata", ""); body != string(wheel.MetadataBytes()) {
		t.Error("the metadata has other bytes than the wheel's")
	}
	if res, _ := get(t, x.FileURL(bare)+".metadata", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("metadata that is switched off answers %d", res.StatusCode)
	}
	if res, _ := get(t, x.URL()+"Demo", ""); res.Request.URL.Path != "/simple/demo/" {
		t.Errorf("an unusual spelling leads to %s", res.Request.URL.Path)
	}
	if got := x.Asked(FilePath(name)); got != 1 {
		t.Errorf("file asked for %d times, want 1", got)
	}
	if got := x.AskedBelow("/files/"); got != 3 {
		t.Errorf("files asked for %d times, want 3", got)
	}
	x.Forget()
	if got := x.AskedBelow("/"); got != 0 {
		t.Errorf("%d requests after Forget", got)
	}
	x.Remove(name)
	if res, _ := get(t, x.FileURL(name), ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("a removed file answers %d", res.StatusCode)
	}
}

func TestFaults(t *testing.T) {
	x := New(t)
	wheel := scantest.Wheel{Name: "demo", Version: "1.0"}
	name := x.Add(wheel, About{})

	x.Fault("/", Fault{Status: http.StatusBadGateway})
	x.Fault("/simple/", Fault{Status: http.StatusServiceUnavailable})
	if res, _ := get(t, x.URL()+"demo/", ""); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the longest prefix should count; status %d", res.StatusCode)
	}
	x.Fault("/simple/", Fault{})
	x.Fault("/", Fault{})

	x.Swap(name, []byte("other bytes"))
	if _, body := get(t, x.FileURL(name), ""); body != "other bytes" {
		t.Errorf("a swapped file has %q", body)
	}
	x.Fault(FilePath(name), Fault{Length: 1 << 20})
	res, err := http.Get(x.FileURL(name))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that promises more than it has ended with %v", err)
	}

	x.Fault(FilePath(name), Fault{})
	before := x.URL()
	x.Stop()
	if _, err := http.Get(x.URL() + "demo/"); err == nil {
		t.Error("a stopped index answered")
	}
	x.Start()
	if x.URL() != before {
		t.Errorf("started again at %s, was at %s", x.URL(), before)
	}
	if res, _ := get(t, x.FileURL(name), ""); res.StatusCode != http.StatusOK {
		t.Errorf("started again, it answers %d", res.StatusCode)
	}
}
