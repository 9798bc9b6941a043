package server

import (
	"net/http"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// showRequest explains what came of a request.
func (s *Server) showRequest(c *call, id string) error {
	ctx := c.r.Context()
	st, err := c.stateOf(id)
	if err != nil {
		return noSuch(err, "decision or request", id)
	}
	if !c.wantsPage() {
		return writeJSON(c.w, http.StatusOK, st)
	}
	req, _, err := s.gate.Request(ctx, id)
	if err != nil {
		return err
	}
	asks, err := s.gate.OpenAsks(ctx, st.Registry)
	if err != nil {
		return err
	}
	page := s.requestPage(req, st)
	page.Asks = slices.DeleteFunc(asks, func(a gate.Ask) bool { return a.Decision != id })
	if st.Status.Ended() {
		page.addReports(c, id)
	}
	return s.pages.render(c, http.StatusOK, "request.html", page)
}

// requestPage is what the page of a request shows: its report, and around it what
// changes after a report was made.
type requestPage struct {
	frame
	View     report.View
	State    requestState
	Looking  bool // it has not ended
	Word     string
	Class    string
	Lead     string
	Percent  int // of the step under way
	Do       []command
	Asks     []gate.Ask
	Reports  []reportLink
	NoReport string // why there are none
}

// refreshEvery is how often the page of a request under way loads again.
const refreshEvery = 2

func (s *Server) requestPage(req verdict.Request, st requestState) *requestPage {
	r := report.New(req, st.Outcome, s.cfg.Version)
	p := &requestPage{State: st, View: report.NewView(r, s.gate.Now())}
	if st.Status.Ended() {
		p.frame = s.pages.frame(p.View.Word + ": request " + st.Request)
		if ask := r.Ask(); ask != "" {
			p.Do = append(p.Do, command{"Ask for an exception", ask})
		}
		return p
	}
	p.frame, p.Refresh, p.Looking = s.pages.frame("Looking at request "+st.Request), refreshEvery, true
	p.Class, p.Word, p.Lead = "running", "Looking", "The gate is still looking. This page follows it."
	if st.Status == verdict.Queued {
		p.Word, p.Lead = "Waiting", "The gate is looking at other requests first. This page follows it."
	}
	if st.Progress != nil && st.Progress.Total > 0 {
		p.Percent = 100 * st.Progress.Done / st.Progress.Total
	}
	return p
}
