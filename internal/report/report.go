// Package report renders what came of a request, and audits, for people and
// machines: a page (HTML that needs nothing else), a comment for a pull request
// (Markdown), findings at manifest lines (SARIF 2.1.0,
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), a parts list
// with vulnerabilities (CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/), JSON
// with a schema, and text for a terminal or git's "remote:" lines. The pages of
// package server are put together from the same pieces.
//
// One value, Report, is all that a format sees, and the same Report always gives
// the same bytes. A Keeper renders the reports of a request once, when it ends,
// and keeps them.
//
// It decides nothing, runs nothing that is in a report and shows no credential.
// Text from outside reaches it already marked artifact.Untrusted or cleaned by the
// finding's author; it is escaped again here, by each format's own escaper,
// because a second cleaning is free and a missed first one is not.
package report

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Report is what every format is made of: what was asked, what came of it, by
// which program and when. The same Report gives the same bytes, whenever it is
// rendered.
type Report struct {
	Request   verdict.Request
	Outcome   verdict.Outcome
	Generator string    // the program's version: "1.4.0"
	At        time.Time // when the outcome was reached
	// Audit is set where nothing was decided: advisories were looked up for the
	// versions that manifests name, and the outcome says what is known of them.
	Audit *Audit
}

// New makes the report of a request that has ended. Credentials in addresses that
// a manifest brought along are cut out of every text.
func New(req verdict.Request, out verdict.Outcome, generator string) Report {
	at := out.Ended
	if at.IsZero() { // it ended before it was looked at
		at = req.Created
	}
	return Report{Request: req, Outcome: redacted(out), Generator: generator, At: at.UTC()}
}

// Format is one way to render a report.
type Format string

// The formats.
const (
	FormatHTML      Format = "html"
	FormatMarkdown  Format = "markdown"
	FormatSARIF     Format = "sarif"
	FormatCycloneDX Format = "cyclonedx"
	FormatJSON      Format = "json"
	FormatText      Format = "text"
)

// format is what is known of one.
type format struct {
	name                 Format
	render               func(io.Writer, Report) error
	contentType, ext, is string
}

// The texts of a pull request, a scanner's log and a parts list each have a
// media type and an ending of their own that tools go by.
var formats = []format{
	{FormatHTML, HTML, "text/html; charset=utf-8", ".html", "a page to read, print and pass on"},
	{FormatMarkdown, Markdown, "text/markdown; charset=utf-8", ".md", "a comment on a pull request"},
	{FormatSARIF, SARIF, "application/sarif+json", ".sarif", "findings at manifest lines, for code scanning"},
	{FormatCycloneDX, CycloneDX, "application/vnd.cyclonedx+json; version=1.6", ".cdx.json", "the parts list, with vulnerabilities"},
	{FormatJSON, jsonReport, "application/json", ".json", "everything, for programs"},
	{FormatText, textReportAll, "text/plain; charset=utf-8", ".txt", "everything, for a terminal"},
}

// Formats lists all formats, those for people first.
func Formats() []Format {
	out := make([]Format, len(formats))
	for i, f := range formats {
		out[i] = f.name
	}
	return out
}

// ParseFormat reads a format's name; the error names all of them.
func ParseFormat(s string) (Format, error) {
	if slices.Contains(Formats(), Format(s)) {
		return Format(s), nil
	}
	return "", fmt.Errorf("format %.40q is none of %s", s, strings.Join(FormatNames(), ", "))
}

// FormatNames lists the names of all formats.
func FormatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, string(f.name))
	}
	return names
}

func (f Format) known() format {
	i := slices.IndexFunc(formats, func(k format) bool { return k.name == f })
	if i < 0 {
		return format{name: f, contentType: "application/octet-stream", render: func(io.Writer, Report) error {
			return fmt.Errorf("format %.40q is none of %s", string(f), strings.Join(FormatNames(), ", "))
		}}
	}
	return formats[i]
}

// ContentType is the media type of the format.
func (f Format) ContentType() string { return f.known().contentType }

// Is says in a few words what the format is for.
func (f Format) Is() string { return f.known().is }

// FileName is what a report of the request is called as a file. Nothing that
// came from outside is in it.
func (f Format) FileName(request string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, request)
	return "gatehouse-" + name + f.known().ext
}

// Render writes a report in a format.
func Render(w io.Writer, f Format, r Report) error {
	if err := f.known().render(w, r); err != nil {
		return fmt.Errorf("rendering report as %s: %w", f, err)
	}
	return nil
}

func textReportAll(w io.Writer, r Report) error {
	if r.Audit != nil {
		return AuditText(w, *r.Audit)
	}
	return Text(w, r.Outcome, TextOptions{All: true, Width: 100})
}

func jsonReport(w io.Writer, r Report) error {
	if r.Audit != nil {
		return JSON(w, *r.Audit)
	}
	return JSON(w, r)
}

// decisionURL is where a decision explains itself; "" where the gate's own
// address is not known.
func (r Report) decisionURL(id string) string {
	base, ok := strings.CutSuffix(r.Outcome.DecisionURL, "/d/"+r.Outcome.Request)
	if !ok || id == "" || len(id) > 64 || url.PathEscape(id) != id || !(strings.HasPrefix(base, "http://") || strings.HasPrefix(base, "https://")) {
		return ""
	}
	return base + "/d/" + id
}
