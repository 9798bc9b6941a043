package pypi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/ecosystemtest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

// TestEcosystem runs the suite that every ecosystem passes.
func TestEcosystem(t *testing.T) {
	ecosystemtest.Run(t, ecosystemtest.Suite{
		Adapter: pypi.Adapter(),
		Names: []ecosystemtest.Name{
			{Written: "demo", Want: "demo", Why: "as it is"},
			{Written: "Demo.Pkg", Want: "demo-pkg", Why: "PEP 503: case and separators do not count"},
			{Written: "demo__-..pkg", Want: "demo-pkg", Why: "nor how many there are"},
			{Written: "0", Want: "0", Why: "one digit is enough"},
			{Written: "-demo", Want: "", Why: "no separator at the beginning"},
			{Written: "demo-", Want: "", Why: "nor at the end"},
			{Written: "d\u00e9mo", Want: "", Why: "ASCII alone"},
			{Written: "demo[extra]", Want: "", Why: "a requirement is no name"},
			{Written: strings.Repeat("a", 300), Want: "", Why: "longer than any index has"},
		},
		LookLike: [][2]string{{"Demo-Pkg", "demo_pkg"}, {"demo-pkg", "demopkg"}, {"l0gin", "1ogin"}, {"five5", "fives"}},
		Differ:   [][2]string{{"demo", "demos"}, {"left", "right"}},
		Scalibr:  "PyPI", Version: pep440Version,
		ExactHolds:    func(exact, other string) bool { return !strings.Contains(exact, "+") && strings.Contains(other, "+") },
		Archive:       func(t testing.TB, r ecosystemtest.Release) []byte { return wheelOf(r).Build(t) },
		File:          func(r ecosystemtest.Release) string { return wheelOf(r).FileName() },
		Upstream:      simpleIndex,
		UpstreamIndex: func(name string) string { return "/" + name + "/" },
		UpstreamFile:  func(r ecosystemtest.Release) string { return "/files/" + url.PathEscape(wheelOf(r).FileName()) },
		Pages:         func(name string) []string { return []string{"/simple/" + name + "/", "/" + name + "/json"} },
		Accept:        typeJSON,
		Download:      func(r ecosystemtest.Release) string { return "/files/" + r.Name + "/" + wheelOf(r).FileName() },
		Read:          readSimple,
		Manifest: func(needs []ecosystemtest.Need) ecosystemtest.File {
			return ecosystemtest.File{Name: "requirements.txt", Body: "# what we need\n" + strings.Join(requirements(needs), "\n") + "\n"}
		},
		Lock:    pylock,
		Closure: []string{"demo 1.0.0", "left 1.1.0", "right 1.0.0", "base 1.2.0"},
		Publish: uploadForm,
		Inside: func(r ecosystemtest.Release) (ecosystem.Metadata, []byte) {
			raw := wheelOf(r).MetadataBytes()
			m, err := metadata.Parse(raw)
			if err != nil {
				panic(err) // it was built here
			}
			return m, raw
		},
	})
}

func wheelOf(r ecosystemtest.Release) scantest.Wheel {
	return scantest.Wheel{Name: r.Name, Version: r.Number, Requires: requirements(r.Needs), Files: map[string]string{"module.py": "salt = '" + r.Salt + "'\n"}}
}

func requirements(needs []ecosystemtest.Need) []string {
	var out []string
	for _, n := range needs {
		out = append(out, n.Name+">="+n.Least)
	}
	return out
}

// simpleIndex is an index in JSON (PEP 691) with metadata beside the files.
func simpleIndex(t testing.TB, have []ecosystemtest.Package, base, path string) (ecosystemtest.Reply, bool) {
	for _, p := range have {
		if path == "/"+p.Name+"/" {
			return simplePage(t, p, base), true
		}
		for _, r := range p.Releases {
			w := wheelOf(r)
			switch path {
			case "/files/" + w.FileName():
				return ecosystemtest.Reply{ContentType: "application/octet-stream", Body: w.Build(t)}, true
			case "/files/" + w.FileName() + ".metadata":
				return ecosystemtest.Reply{ContentType: "application/octet-stream", Body: w.MetadataBytes()}, true
			}
		}
	}
	return ecosystemtest.Reply{}, false
}

func simplePage(t testing.TB, p ecosystemtest.Package, base string) ecosystemtest.Reply {
	t.Helper()
	files := []map[string]any{}
	for _, r := range p.Releases {
		w := wheelOf(r)
		b := w.Build(t)
		files = append(files, map[string]any{
			"filename": w.FileName(), "url": base + "/files/" + w.FileName(), "hashes": map[string]string{"sha256": string(artifact.DigestOf(b))},
			"size": len(b), "upload-time": r.At.Format(time.RFC3339), "core-metadata": map[string]string{"sha256": string(artifact.DigestOf(w.MetadataBytes()))},
		})
	}
	body, err := json.Marshal(map[string]any{
		"meta": map[string]string{"api-version": "1.4"}, "name": p.Name, "files": files, "padding": strings.Repeat("x", p.Padding),
	})
	if err != nil {
		t.Fatal(err)
	}
	return ecosystemtest.Reply{ContentType: typeJSON, Body: body}
}

func readSimple(t testing.TB, get func(string) ecosystemtest.Got, name string) []ecosystemtest.Seen {
	t.Helper()
	got := get("/simple/" + name + "/")
	var page struct {
		Files []struct {
			Filename   string
			Yanked     any
			UploadTime time.Time `json:"upload-time"`
		}
	}
	if err := json.Unmarshal(got.Body, &page); err != nil {
		t.Fatalf("%s: %v: %.200s", got.Status, err, got.Body)
	}
	var out []ecosystemtest.Seen
	for _, f := range page.Files {
		row := ecosystemtest.Seen{Number: strings.Split(f.Filename, "-")[1], Shown: ecosystemtest.Plain, At: f.UploadTime}
		if f.Yanked != false {
			row.Shown, row.Why = ecosystemtest.Marked, fmt.Sprint(f.Yanked)
		}
		out = append(out, row)
	}
	return out
}

// pylock is a lock as PEP 751 has it.
func pylock(t testing.TB, rs []ecosystemtest.Release) ecosystemtest.File {
	text := "lock-version = \"1.0\"\ncreated-by = \"test\"\n"
	for _, r := range rs {
		w := wheelOf(r)
		text += fmt.Sprintf("\n[[packages]]\nname = %q\nversion = %q\nwheels = [{ name = %q, url = \"https://files.invalid/%s\", hashes = { sha256 = %q } }]\n",
			r.Name, r.Number, w.FileName(), w.FileName(), artifact.DigestOf(w.Build(t)))
	}
	return ecosystemtest.File{Name: "pylock.toml", Body: text}
}

// uploadForm is what twine sends.
func uploadForm(t testing.TB, r ecosystemtest.Release) ecosystemtest.Request {
	t.Helper()
	w := wheelOf(r)
	b := w.Build(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{
		{":action", "file_upload"}, {"protocol_version", "1"}, {"metadata_version", "2.4"}, {"name", r.Name}, {"version", r.Number},
		{"filetype", "bdist_wheel"}, {"pyversion", "py3"}, {"sha256_digest", string(artifact.DigestOf(b))},
	} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("content", w.FileName())
	if err != nil {
		t.Fatal(err)
	}
	part.Write(b)
	form.Close()
	return ecosystemtest.Request{Method: "POST", Path: "/legacy/", Header: map[string]string{"Content-Type": form.FormDataContentType()}, Body: body.Bytes()}
}

// pep440Version makes up a version as PEP 440 has them, in any of its spellings.
func pep440Version(r *rand.Rand) string {
	var b strings.Builder
	pick := func(chance int, texts ...string) bool {
		if r.IntN(100) >= chance {
			return false
		}
		b.WriteString(texts[r.IntN(len(texts))])
		return true
	}
	number := func() { b.WriteString([]string{"0", "1", "2", "01", "10", "2026"}[r.IntN(6)]) }
	pick(10, "v", "V")
	pick(10, "1!", "0!")
	number()
	for range r.IntN(4) {
		b.WriteByte('.')
		number()
	}
	if pick(30, "a", "b", "rc", ".a", "-alpha", "_beta", "c", "pre", "preview", "RC", "-rc.") {
		if r.IntN(3) > 0 {
			number()
		}
	}
	if pick(20, ".post", "-post", "post", ".rev", "-r", "-") {
		number()
	}
	if pick(20, ".dev", "-dev", "dev", "_DEV") {
		if r.IntN(3) > 0 {
			number()
		}
	}
	if pick(15, "+local", "+1", "+ubuntu.1", "+Ubuntu-1", "+10", "+a.01") {
		pick(30, ".2", "_b")
	}
	return b.String()
}
