package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
)

// reportLink is one kept report on a page.
type reportLink struct {
	Format, Is, URL string
	Size            int64
}

func reportURL(id, format string) string { return "/api/v1/requests/" + id + "/reports/" + format }

// addReports links the reports that there are. That there are none now is shown
// and logged; the page says the same without them.
func (p *requestPage) addReports(c *call, id string) {
	kept, err := c.s.gate.Reports(c.r.Context(), id)
	switch {
	case errors.Is(err, gate.ErrNoReports):
		return
	case err != nil:
		c.s.cfg.Log.ErrorContext(c.r.Context(), "reports cannot be had", "request", id, "err", err)
		p.NoReport = "The reports of this request could not be written or read just now; the gate's log says why. Loading this page again tries again."
		return
	}
	for _, k := range kept {
		p.Reports = append(p.Reports, reportLink{Format: k.Format, Is: report.Format(k.Format).Is(), URL: reportURL(id, k.Format), Size: k.Size})
	}
}

// listReports lists the reports of a request that has ended.
func (s *Server) listReports(c *call) error {
	id := c.r.PathValue("id")
	if err := c.endedRequest(id); err != nil {
		return err
	}
	kept, err := s.gate.Reports(c.r.Context(), id)
	if err != nil {
		return err
	}
	type row struct {
		gate.KeptReport
		URL         string `json:"url"`
		ContentType string `json:"content_type"`
	}
	rows := []row{}
	for _, k := range kept {
		rows = append(rows, row{k, s.cfg.PublicURL + reportURL(id, k.Format), report.Format(k.Format).ContentType()})
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"request": id, "reports": rows})
}

// getReport gives one report as it is kept. A report is made of what strangers
// wrote: only the page is shown, confined to what it brought along; everything
// else is a file to save.
func (s *Server) getReport(c *call) error {
	id, name := c.r.PathValue("id"), c.r.PathValue("format")
	f, err := report.ParseFormat(name)
	if err != nil {
		return &badInput{http.StatusNotFound, "there is no format " + shown(name) + "; there are " + strings.Join(report.FormatNames(), ", ")}
	}
	if err := c.endedRequest(id); err != nil {
		return err
	}
	b, err := s.gate.Report(c.r.Context(), id, string(f))
	if err != nil {
		return err
	}
	h := c.w.Header()
	policy, disposition := "default-src 'none'; sandbox", "attachment"
	if f == report.FormatHTML {
		// The script copies commands and unfolds branches. Without an origin of its
		// own it could do nothing here even if it were another.
		policy, disposition = report.PagePolicy(b)+"; frame-ancestors 'none'; sandbox allow-scripts", "inline"
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Disposition", disposition+`; filename="`+f.FileName(id)+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
	write(c.w, http.StatusOK, f.ContentType(), b)
	return nil
}

// endedRequest says why there can be no report of a request: it is not there, is
// not the caller's to see, or has not ended.
func (c *call) endedRequest(id string) error {
	st, err := c.stateOf(id)
	if err != nil {
		return noSuch(err, "request", id)
	}
	if !st.Status.Ended() {
		return &badInput{http.StatusConflict, "the request has not ended; it is " + string(st.Status) + ". Ask again when it has: /api/v1/requests/" + st.Request + "?wait=60s"}
	}
	return nil
}
