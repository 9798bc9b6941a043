package stub

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	typeJSON = "application/vnd.pypi.simple.v1+json"
	typeHTML = "text/html; charset=utf-8"
)

// serveIndex answers with a project's page, in JSON where the client names it
// and this index knows it.
func (x *Index) serveIndex(w http.ResponseWriter, r *http.Request, name string, fault Fault) {
	x.mu.Lock()
	p := x.projects[name]
	if p == nil {
		x.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	contentType, body := typeHTML, x.html(name, p)
	if !x.htmlOnly && strings.Contains(r.Header.Get("Accept"), typeJSON) {
		contentType, body = typeJSON, x.json(name, p)
	}
	x.mu.Unlock()
	tag := `"` + Digest(body)[:16] + `"`
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Vary", "Accept")
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, r, body, fault)
}

// json is a page as PEP 691 has it, with PEPs 592, 658, 700, 714 and 792.
func (x *Index) json(name string, p *project) []byte {
	files := []map[string]any{}
	versions := []string{}
	seen := map[string]bool{}
	for _, f := range p.files {
		if v := versionOf(f.name); !seen[v] {
			seen[v] = true
			versions = append(versions, v)
		}
		files = append(files, x.fileJSON(f))
	}
	page := map[string]any{"meta": map[string]any{"api-version": "1.4"}, "name": name, "versions": versions, "files": files}
	if p.status != "" {
		page["project-status"] = map[string]string{"status": p.status, "reason": p.reason}
	}
	b, err := json.Marshal(page)
	if err != nil {
		panic(err) // plain values only
	}
	return b
}

func (x *Index) fileJSON(f *file) map[string]any {
	m := map[string]any{"filename": f.name, "url": x.FileURL(f.name), "hashes": map[string]string{}, "size": f.size, "yanked": false, "core-metadata": false}
	if f.sha256 != "" {
		m["hashes"] = map[string]string{"sha256": f.sha256}
	}
	if f.requiresPython != "" {
		m["requires-python"] = f.requiresPython
	}
	if f.yanked != "" {
		m["yanked"] = f.yanked
	}
	if !f.uploaded.IsZero() {
		m["upload-time"] = f.uploaded.UTC().Format(time.RFC3339Nano)
	}
	if f.metadata != nil {
		m["core-metadata"] = map[string]string{"sha256": Digest(f.metadata)}
	}
	if f.attested != nil {
		m["provenance"] = "http://" + x.addr + ProvenancePath(f.name)
	}
	return m
}

// html is a page as PEP 503 has it. It has neither dates nor sizes.
func (x *Index) html(name string, p *project) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html><head><meta name=\"pypi:repository-version\" content=\"1.4\">")
	if p.status != "" {
		b.WriteString(`<meta name="pypi:project-status" content=` + quoted(p.status) + `>`)
		b.WriteString(`<meta name="pypi:project-status-reason" content=` + quoted(p.reason) + `>`)
	}
	b.WriteString("<title>Links for " + html.EscapeString(name) + "</title></head><body>\n")
	for _, f := range p.files {
		b.WriteString("<a href=" + quoted(x.FileURL(f.name)+fragment(f.sha256)))
		if f.requiresPython != "" {
			b.WriteString(" data-requires-python=" + quoted(f.requiresPython))
		}
		if f.yanked != "" {
			b.WriteString(" data-yanked=" + quoted(f.yanked))
		}
		if f.metadata != nil {
			b.WriteString(" data-core-metadata=" + quoted("sha256="+Digest(f.metadata)))
		}
		b.WriteString(">" + html.EscapeString(f.name) + "</a><br>\n")
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}

func fragment(sha256 string) string {
	if sha256 == "" {
		return ""
	}
	return "#sha256=" + sha256
}

func quoted(s string) string { return strconv.Quote(html.EscapeString(s)) }

// versionOf reads the version off a file name that scantest made.
func versionOf(fileName string) string {
	rest := strings.TrimSuffix(strings.TrimSuffix(fileName, ".tar.gz"), ".zip")
	parts := strings.Split(rest, "-")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}
