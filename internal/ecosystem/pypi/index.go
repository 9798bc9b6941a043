package pypi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// form is one of the two faces of the simple index.
type form int

const (
	formHTML form = iota // PEP 503
	formJSON             // PEP 691
)

// Media types of PEP 691.
const (
	typeJSON  = "application/vnd.pypi.simple.v1+json"
	typeHTML  = "application/vnd.pypi.simple.v1+html"
	typePlain = "text/html"
)

// choose picks the face for an Accept header (PEP 691, version and format
// selection). A client that names no type it knows gets HTML, which the oldest
// ones read. The second value is the Content-Type to answer with.
func choose(accept string) (form, string) {
	best, bestQ, f := typePlain, 0.0, formHTML
	for part := range strings.SplitSeq(accept, ",") {
		name, q := mediaType(part)
		switch name {
		case typeJSON, "application/vnd.pypi.simple.latest+json":
			if q > bestQ {
				best, bestQ, f = typeJSON, q, formJSON
			}
		case typeHTML, "application/vnd.pypi.simple.latest+html":
			if q > bestQ {
				best, bestQ, f = typeHTML, q, formHTML
			}
		case typePlain:
			if q > bestQ {
				best, bestQ, f = typePlain, q, formHTML
			}
		}
	}
	if f == formHTML {
		best += "; charset=utf-8"
	}
	return f, best
}

func mediaType(part string) (string, float64) {
	name, params, _ := strings.Cut(part, ";")
	q := 1.0
	for p := range strings.SplitSeq(params, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			if parsed, err := strconv.ParseFloat(v, 64); err == nil {
				q = parsed
			}
		}
	}
	return strings.ToLower(strings.TrimSpace(name)), q
}

// The JSON of PEP 691 with PEPs 592, 658, 700, 714, 740 and 792.
type jsonIndex struct {
	Meta     jsonMeta   `json:"meta"`
	Status   jsonStatus `json:"project-status,omitzero"`
	Name     string     `json:"name"`
	Versions []string   `json:"versions"`
	Files    []jsonFile `json:"files"`
}

type jsonMeta struct {
	APIVersion string `json:"api-version"`
}

type jsonStatus struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

type jsonFile struct {
	Filename       string            `json:"filename"`
	URL            string            `json:"url"`
	Hashes         map[string]string `json:"hashes"`
	RequiresPython string            `json:"requires-python,omitempty"`
	Size           int64             `json:"size"`
	UploadTime     string            `json:"upload-time,omitempty"`
	Yanked         any               `json:"yanked"` // false, true or the reason
	CoreMetadata   any               `json:"core-metadata"`
	DistInfo       any               `json:"dist-info-metadata"` // the name that pip before 23.3 reads
	Provenance     *string           `json:"provenance"`
}

// uploadTime is PEP 700's format.
const uploadTime = "2006-01-02T15:04:05.000000Z"

// fileURL is where a listing's file is, relative to the project page so
// that they hold behind any proxy and under any registry's path.
func fileURL(p artifact.Package, name string, m ecosystem.Mark) string {
	if m.Refused {
		return "../../blocked/" + m.Decision + "/" + url.PathEscape(p.Name) + "/" + url.PathEscape(name)
	}
	return "../../files/" + url.PathEscape(p.Name) + "/" + url.PathEscape(name)
}

// yankReason is what a client shows: ours first, the upstream's own words after.
func yankReason(f ecosystem.IndexFile, m ecosystem.Mark) (string, bool) {
	switch {
	case m.Refused && f.Yanked && f.YankedReason != "":
		return "[gatehouse] " + m.Why + " | " + f.YankedReason.String(), true
	case m.Refused:
		return "[gatehouse] " + m.Why, true
	case f.Yanked:
		return f.YankedReason.String(), true
	}
	return "", false
}

// render writes a listing in one form.
func render(l *ecosystem.Listing, f form, contentType string) (*answer.Page, error) {
	if f == formJSON {
		return renderJSON(l, contentType)
	}
	return renderHTML(l, contentType)
}

func renderJSON(l *ecosystem.Listing, contentType string) (*answer.Page, error) {
	x := l.Index
	out := jsonIndex{Meta: jsonMeta{APIVersion: "1.4"}, Name: x.Package.Name, Versions: []string{}, Files: make([]jsonFile, 0, len(x.Files))}
	if x.Status != "" {
		out.Status = jsonStatus{x.Status, x.Reason.String()}
	}
	seen := map[string]bool{}
	for i, f := range x.Files {
		if !seen[f.Number] {
			seen[f.Number] = true
			out.Versions = append(out.Versions, f.Number)
		}
		j := jsonOf(x.Package, f, l.Marks[i])
		if at := provenanceURL(x, f); at != "" {
			j.Provenance = &at
		}
		out.Files = append(out.Files, j)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("rendering index of %s: %w", x.Package, err)
	}
	return answer.NewPage(contentType, "Accept", artifact.EscapeJSON(b.Bytes()))
}

func jsonOf(p artifact.Package, f ecosystem.IndexFile, m ecosystem.Mark) jsonFile {
	j := jsonFile{
		Filename: f.Name, URL: fileURL(p, f.Name, m), Hashes: map[string]string{}, RequiresPython: f.RequiresPython,
		Size: f.Size, Yanked: false, CoreMetadata: false, DistInfo: false,
	}
	if f.SHA256 != "" {
		j.Hashes["sha256"] = string(f.SHA256)
	}
	if !f.Uploaded.IsZero() {
		j.UploadTime = f.Uploaded.UTC().Format(uploadTime)
	}
	if reason, yanked := yankReason(f, m); yanked {
		j.Yanked = true
		if reason != "" {
			j.Yanked = reason
		}
	}
	if f.Kind == artifact.Wheel {
		// Whether the upstream offers it or we read it out of the wheel, it is served.
		j.CoreMetadata, j.DistInfo = true, true
		if f.MetadataSHA256 != "" {
			h := map[string]string{"sha256": string(f.MetadataSHA256)}
			j.CoreMetadata, j.DistInfo = h, h
		}
	}
	return j
}

var pageHTML = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("simple").Parse(`<!DOCTYPE html>
<html>
<head>
<meta name="pypi:repository-version" content="1.4">
{{- if .Status}}
<meta name="pypi:project-status" content="{{.Status}}">
{{- if .Reason}}
<meta name="pypi:project-status-reason" content="{{.Reason}}">
{{- end}}
{{- end}}
<title>Links for {{.Name}}</title>
</head>
<body>
<h1>Links for {{.Name}}</h1>
{{- range .Files}}
<a href="{{.Href}}"
{{- if .RequiresPython}} data-requires-python="{{.RequiresPython}}"{{end}}
{{- if .Yanked}} data-yanked="{{.Reason}}"{{end}}
{{- if .Metadata}} data-core-metadata="{{.Metadata}}" data-dist-info-metadata="{{.Metadata}}"{{end}}
{{- if .Provenance}} data-provenance="{{.Provenance}}"{{end -}}
>{{.Name}}</a><br>
{{- end}}
</body>
</html>
`))
})

type htmlFile struct {
	Name, RequiresPython, Reason, Metadata, Provenance string
	Href                                               template.URL // built of escaped parts
	Yanked                                             bool
}

// provenanceURL is where the attestations of a file of ours are. What an upstream
// attests is about the upstream's index, and none of it is repeated here.
func provenanceURL(x *ecosystem.Index, f ecosystem.IndexFile) string {
	if x.Upstream != artifact.Internal {
		return ""
	}
	return f.Provenance
}

func renderHTML(l *ecosystem.Listing, contentType string) (*answer.Page, error) {
	files := make([]htmlFile, 0, len(l.Index.Files))
	for i, f := range l.Index.Files {
		href := fileURL(l.Index.Package, f.Name, l.Marks[i])
		if f.SHA256 != "" {
			href += "#sha256=" + string(f.SHA256)
		}
		h := htmlFile{Name: f.Name, Href: template.URL(href), RequiresPython: f.RequiresPython, Provenance: provenanceURL(l.Index, f)}
		h.Reason, h.Yanked = yankReason(f, l.Marks[i])
		if f.Kind == artifact.Wheel {
			h.Metadata = "true"
			if f.MetadataSHA256 != "" {
				h.Metadata = "sha256=" + string(f.MetadataSHA256)
			}
		}
		files = append(files, h)
	}
	var b bytes.Buffer
	err := pageHTML().Execute(&b, map[string]any{"Name": l.Index.Package.Name, "Status": l.Index.Status, "Reason": l.Index.Reason.String(), "Files": files})
	if err != nil {
		return nil, fmt.Errorf("rendering index of %s: %w", l.Index.Package, err)
	}
	return answer.NewPage(contentType, "Accept", b.Bytes())
}

// renderNames lists the projects of a registry.
func renderNames(names []string, f form, contentType string) (*answer.Page, error) {
	if f == formJSON {
		type project struct {
			Name string `json:"name"`
		}
		list := make([]project, 0, len(names))
		for _, n := range names {
			list = append(list, project{n})
		}
		b, err := json.Marshal(map[string]any{"meta": jsonMeta{APIVersion: "1.4"}, "projects": list})
		if err != nil {
			return nil, err
		}
		return answer.NewPage(contentType, "Accept", b)
	}
	var b bytes.Buffer
	if err := namesHTML().Execute(&b, names); err != nil {
		return nil, err
	}
	return answer.NewPage(contentType, "Accept", b.Bytes())
}

var namesHTML = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("names").Parse(`<!DOCTYPE html>
<html>
<head>
<meta name="pypi:repository-version" content="1.4">
<title>Simple index</title>
</head>
<body>
{{- range .}}
<a href="{{.}}/">{{.}}</a><br>
{{- end}}
</body>
</html>
`))
})
