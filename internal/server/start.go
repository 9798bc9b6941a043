package server

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// startPage says what this is, how to point a client at it, and what is going on.
func (s *Server) startPage(c *call) error {
	name := c.r.URL.Query().Get("registry")
	names := s.readable(c)
	if name == "" && len(names) > 0 {
		name = names[0]
	}
	name = cmp.Or(name, MainRegistry)
	if err := c.may(name); err != nil {
		return err
	}
	if err := s.known(name); err != nil {
		return err
	}
	ctx := c.r.Context()
	outs, err := s.gate.Outcomes(ctx, name, 10)
	if err != nil {
		return err
	}
	asks, err := s.gate.OpenAsks(ctx, name)
	if err != nil {
		return err
	}
	base, flags := s.cfg.PublicURL+"/registry/"+name, "--server "+s.cfg.PublicURL+" --registry "+name
	if name == MainRegistry {
		base, flags = s.cfg.PublicURL, "--server "+s.cfg.PublicURL
	}
	data := startPage{
		frame: s.pages.frame("Gatehouse"), Registry: name, Registries: names, Simple: base + "/pypi/simple/", Flags: flags,
		Requests: make([]requestRow, len(outs)), Asks: asks[:min(len(asks), 20)], MoreAsks: max(0, len(asks)-20),
		Advisories: s.gate.Advisories(), Version: s.cfg.Version, Observe: s.gate.Registries[name].Observe,
	}
	for i, o := range outs {
		data.Requests[i] = rowOf(o)
	}
	if !c.wantsPage() {
		return writeJSON(c.w, http.StatusOK, map[string]any{"gatehouse": s.cfg.Version, "registry": name, "index": data.Simple})
	}
	return s.pages.render(c, http.StatusOK, "start.html", data)
}

type startPage struct {
	frame
	Registry   string
	Registries []string
	Simple     string
	Flags      string // that name this gate and registry to a command on another machine
	Requests   []requestRow
	Asks       []gate.Ask
	MoreAsks   int
	Advisories gate.AdvisoryState
	Version    string
	Observe    bool
}

// requestRow is a request in the list.
type requestRow struct {
	ID, Class, Word              string
	Report                       string // address of the report to read; "" when there is none
	Versions, New, Refused, Held int
}

func rowOf(o verdict.Outcome) requestRow {
	r := requestRow{ID: o.Request, Class: o.Verdict.String(), Word: report.Word(o.Verdict), Versions: len(o.Versions)}
	switch o.Status {
	case verdict.Queued, verdict.Running:
		r.Class, r.Word = "running", "Looking"
	case verdict.Failed:
		r.Class, r.Word = "hold", "No answer"
	case verdict.Cancelled:
		r.Class, r.Word = "hold", "Cancelled"
	}
	if o.Status.Ended() {
		r.Report = reportURL(o.Request, string(report.FormatHTML))
	}
	for _, v := range o.Versions {
		if v.New {
			r.New++
		}
		switch v.Verdict {
		case verdict.Reject:
			r.Refused++
		case verdict.Hold:
			r.Held++
		}
	}
	return r
}

// readable lists the registries that the caller may read, main first.
func (s *Server) readable(c *call) []string {
	var names []string
	for name := range s.gate.Registries {
		if access.Authorize(c.who, access.Read, name) == nil {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(btoi(b == MainRegistry), btoi(a == MainRegistry)), cmp.Compare(a, b))
	})
	return names
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
