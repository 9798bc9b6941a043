package pypi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// The JSON API (as the Python index documents it) of a project and of one of its
// versions: what update bots read about releases, and what is known against a
// version. The same marks stand in it as in the simple index. The fields are
// those that clients were found to read; what the gate does not know is null.
type projectJSON struct {
	Info     infoJSON                     `json:"info"`
	Serial   int                          `json:"last_serial"`
	Releases map[string][]releaseFileJSON `json:"releases,omitempty"` // of a project alone
	URLs     []releaseFileJSON            `json:"urls"`
	// Vulnerabilities is null where they cannot be told, which is not none.
	Vulnerabilities []vulnerabilityJSON `json:"vulnerabilities"`
}

type infoJSON struct {
	Name              string            `json:"name"`
	Version           string            `json:"version"`
	Summary           string            `json:"summary"`
	Licence           string            `json:"license"`
	LicenceExpression *string           `json:"license_expression"`
	RequiresPython    *string           `json:"requires_python"`
	RequiresDist      []string          `json:"requires_dist"`
	ProvidesExtra     []string          `json:"provides_extra"`
	HomePage          string            `json:"home_page"`
	ProjectURLs       map[string]string `json:"project_urls"`
	ProjectURL        string            `json:"project_url"`
	PackageURL        string            `json:"package_url"`
	ReleaseURL        string            `json:"release_url"`
	Yanked            bool              `json:"yanked"`
	YankedReason      *string           `json:"yanked_reason"`
}

type releaseFileJSON struct {
	Filename       string            `json:"filename"`
	URL            string            `json:"url"`
	Digests        map[string]string `json:"digests"`
	Size           int64             `json:"size"`
	PackageType    string            `json:"packagetype"`
	PythonVersion  string            `json:"python_version"`
	RequiresPython *string           `json:"requires_python"`
	UploadTime     *string           `json:"upload_time"`
	UploadTimeISO  *string           `json:"upload_time_iso_8601"`
	Yanked         bool              `json:"yanked"`
	YankedReason   *string           `json:"yanked_reason"`
}

type vulnerabilityJSON struct {
	ID        string   `json:"id"`
	Aliases   []string `json:"aliases"`
	Summary   string   `json:"summary"`
	Details   string   `json:"details"`
	FixedIn   []string `json:"fixed_in"`
	Link      string   `json:"link"`
	Source    string   `json:"source"`
	Withdrawn *string  `json:"withdrawn"` // always null: what is withdrawn is not listed
}

// jsonRoutes are apart from the others because their patterns would overlap:
// /simple/json is the simple page of a project named json, and wins.
func (h *Handler) jsonRoutes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /{name}/json", h.serveProject)
	m.HandleFunc("GET /{name}/{version}/json", h.serveProject)
	return m
}

// asksJSON says whether a path belongs to the JSON API. No file is called json.
func asksJSON(path string) bool {
	return strings.HasSuffix(path, "/json") && !strings.HasPrefix(path, "/simple/")
}

// serveProject answers for a project, as its newest offered version, or for one
// version.
func (h *Handler) serveProject(w http.ResponseWriter, r *http.Request) {
	written, number := r.PathValue("name"), r.PathValue("version")
	p, err := Ecosystem{}.ParseName(written)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if pep503.Normalize(written) != written {
		to := "../" + p.Name + "/json"
		if number != "" {
			to = "../../" + p.Name + "/" + url.PathEscape(number) + "/json"
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	page, err := h.projectPage(r.Context(), p, number)
	if err != nil {
		h.door.Refuse(w, r, "serve project", err)
		return
	}
	h.door.Page(w, r, page)
}

func (h *Handler) projectPage(ctx context.Context, p artifact.Package, asked string) (*answer.Page, error) {
	l, err := h.shelf.Listing(ctx, p)
	if err != nil {
		return nil, err
	}
	number := newestOffered(l)
	if asked != "" {
		number = sameVersion(l.Index, asked)
	}
	if number == "" {
		return nil, fmt.Errorf("%s %q: %w", p, artifact.Untrusted(asked), verdict.ErrNotFound)
	}
	v := artifact.Version{Package: p, Number: number}
	known, err := h.shelf.Vulnerabilities(ctx, v)
	if err != nil && asked != "" {
		return nil, err // an auditor takes an empty list for "nothing known"
	}
	vulnerabilities, verr := vulnerabilitiesJSON(known, err)
	if verr != nil {
		return nil, verr
	}
	// The same listing can come with other records.
	tag := l.Tag + string(artifact.DigestOf(vulnerabilities))
	return h.pages.Get(p.Name, "json "+asked, tag, func() (*answer.Page, error) {
		// Whoever asks meanwhile waits for this one, so that its asker may not end it.
		return h.renderProject(context.WithoutCancel(ctx), l, v, asked == "", vulnerabilities)
	})
}

func vulnerabilitiesJSON(known []ecosystem.Vulnerability, unknown error) ([]byte, error) {
	if unknown != nil {
		return []byte("null"), nil
	}
	out := make([]vulnerabilityJSON, 0, len(known))
	for _, k := range known {
		source := "osv"
		if k.Malware {
			source = "malware"
		}
		out = append(out, vulnerabilityJSON{
			ID: k.ID, Aliases: orNone(k.Aliases), Summary: k.Text.String(), Details: k.Text.String(), FixedIn: orNone(k.Fixed), Link: k.URL, Source: source,
		})
	}
	return json.Marshal(out)
}

func orNone(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// newestOffered is the version that a project's page speaks of: the newest with a
// file that is neither refused nor yanked, releases before pre-releases; else the
// newest of all.
func newestOffered(l *ecosystem.Listing) string {
	var best string
	var bestKey []byte
	for i, f := range l.Index.Files {
		v, err := pep440.Parse(f.Number)
		if err != nil {
			continue
		}
		rank := byte(0)
		if !l.Marks[i].Refused && !f.Yanked {
			rank = 1
			if !v.Pre() {
				rank = 2
			}
		}
		if k := append([]byte{rank}, v.Key()...); bytes.Compare(k, bestKey) > 0 {
			best, bestKey = f.Number, k
		}
	}
	return best
}

// sameVersion is how the index spells a version; "" when it has none such.
func sameVersion(x *ecosystem.Index, asked string) string {
	want, err := pep440.Parse(asked)
	if err != nil {
		return ""
	}
	for _, f := range x.Files {
		if f.Number == asked {
			return asked
		}
		if v, err := pep440.Parse(f.Number); err == nil && pep440.Compare(v, want) == 0 {
			return f.Number
		}
	}
	return ""
}

// renderProject writes the answer; answer.Uncached when the version's own metadata
// could not be read just now.
func (h *Handler) renderProject(ctx context.Context, l *ecosystem.Listing, v artifact.Version, all bool, vulnerabilities []byte) (*answer.Page, error) {
	base := h.shelf.Base(artifact.PyPI)
	out := projectJSON{URLs: []releaseFileJSON{}}
	if all {
		out.Releases = map[string][]releaseFileJSON{}
	}
	info, complete := h.info(ctx, l, v, base)
	out.Info = info
	for i, f := range l.Index.Files {
		j := fileOf(base, v.Package, f, l.Marks[i])
		if all {
			out.Releases[f.Number] = append(out.Releases[f.Number], j)
		}
		if f.Number == v.Number {
			out.URLs = append(out.URLs, j)
		}
	}
	if err := json.Unmarshal(vulnerabilities, &out.Vulnerabilities); err != nil {
		return nil, fmt.Errorf("rendering project %s: %w", v.Package, err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("rendering project %s: %w", v.Package, err)
	}
	page, err := answer.NewPage("application/json", "", artifact.EscapeJSON(b.Bytes()))
	if err == nil && !complete {
		err = answer.Uncached
	}
	return page, err
}

func fileOf(base string, p artifact.Package, f ecosystem.IndexFile, m ecosystem.Mark) releaseFileJSON {
	j := releaseFileJSON{
		Filename: f.Name, URL: base + strings.TrimPrefix(fileURL(p, f.Name, m), "../.."), Digests: map[string]string{}, Size: f.Size,
		PackageType: "sdist", PythonVersion: "source", RequiresPython: some(f.RequiresPython),
	}
	if f.Kind == artifact.Wheel {
		j.PackageType, j.PythonVersion = "bdist_wheel", pythonTag(f.Name)
	}
	if f.SHA256 != "" {
		j.Digests["sha256"] = string(f.SHA256)
	}
	if !f.Uploaded.IsZero() {
		t := f.Uploaded.UTC()
		j.UploadTime, j.UploadTimeISO = some(t.Format("2006-01-02T15:04:05")), some(t.Format(uploadTime))
	}
	if reason, yanked := yankReason(f, m); yanked {
		j.Yanked, j.YankedReason = true, some(reason)
	}
	return j
}

// pythonTag is the third part from the end of a wheel's name.
func pythonTag(name string) string {
	parts := strings.Split(strings.TrimSuffix(name, ".whl"), "-")
	if len(parts) < 5 {
		return ""
	}
	return parts[len(parts)-3]
}

// some is a text that is there, nil for an empty one.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// info says what a version says about itself, as far as it can be read just now.
func (h *Handler) info(ctx context.Context, l *ecosystem.Listing, v artifact.Version, base string) (infoJSON, bool) {
	own := base + "/" + url.PathEscape(v.Package.Name)
	info := infoJSON{
		Name: v.Package.Name, Version: v.Number, PackageURL: own + "/json", ProjectURL: own + "/json",
		ReleaseURL: own + "/" + url.PathEscape(v.Number) + "/json", Yanked: true,
	}
	var from *ecosystem.IndexFile
	for i, f := range l.Index.Files {
		if f.Number != v.Number {
			continue
		}
		reason, yanked := yankReason(f, l.Marks[i])
		if !yanked {
			info.Yanked, info.YankedReason = false, nil
		} else if info.Yanked && info.YankedReason == nil {
			info.YankedReason = some(reason)
		}
		info.RequiresPython = some(f.RequiresPython)
		if from == nil || from.Kind != artifact.Wheel && f.Kind == artifact.Wheel {
			from = &l.Index.Files[i]
		}
	}
	if from == nil {
		return info, true
	}
	raw, err := h.shelf.Metadata(ctx, v.Package, from.Name)
	if err != nil {
		return info, false
	}
	m, err := metadata.Parse(raw)
	if err != nil {
		return info, true
	}
	info.Summary, info.Licence, info.LicenceExpression = m.Summary.String(), m.Licence.String(), some(m.LicenceSPDX)
	info.RequiresDist, info.ProvidesExtra = m.RequiresDist, m.Extras
	if m.RequiresPython != "" {
		info.RequiresPython = some(m.RequiresPython)
	}
	info.HomePage, info.ProjectURLs = projectURLs(raw)
	return info, true
}

// maxProjectURLs is how many of a version's own links are passed on.
const maxProjectURLs = 50

// projectURLs reads the links of core metadata with their labels: web addresses
// alone, because bots and people follow them.
func projectURLs(raw []byte) (home string, labelled map[string]string) {
	for line := range bytes.Lines(raw) {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break // the description
		}
		name, value, _ := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "home-page":
			home = webAddress(value)
		case "project-url":
			label, address, _ := strings.Cut(value, ",")
			if address = webAddress(strings.TrimSpace(address)); address == "" || len(labelled) >= maxProjectURLs {
				continue
			}
			if labelled == nil {
				labelled = map[string]string{}
			}
			labelled[artifact.Untrusted(strings.TrimSpace(label)).String()] = address
		}
	}
	return home, labelled
}

// webAddress is an address that a browser opens, "" for any other.
func webAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme) || u.Host == "" || u.User != nil || artifact.Untrusted(s).String() != s {
		return ""
	}
	return u.String()
}
