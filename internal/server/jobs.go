package server

import (
	"net/http"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

// listJobs shows the work of every registry, with what stopped it: that is for
// those who may read the audit log.
func (s *Server) listJobs(c *call) error {
	if err := c.may(access.All); err != nil {
		return err
	}
	state := jobs.State(c.r.URL.Query().Get("state"))
	if state != "" && !slices.Contains(jobs.States, state) {
		return bad("state=%s is none of %v", shown(string(state)), jobs.States)
	}
	limit, err := c.limit()
	if err != nil {
		return err
	}
	list, err := s.gate.Jobs(c.r.Context(), state, limit)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"jobs": orEmpty(list)})
}

// restartJob has a dead job tried again.
func (s *Server) restartJob(c *call) error {
	if err := c.may(access.All); err != nil {
		return err
	}
	id := c.r.PathValue("id")
	j, err := s.gate.RestartJob(c.r.Context(), id, c.who.Name)
	if err != nil {
		return noSuch(err, "job", id)
	}
	s.runner.Wake()
	return writeJSON(c.w, http.StatusOK, j)
}
