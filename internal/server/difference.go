package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// differenceWait is how long one answer about a difference is waited for. The looks
// that it begins go on, so who asks again comes further.
const differenceWait = 90 * time.Second

// difference compares two versions. Files are fetched and looked at for it, so it is
// for whoever may hand in requests.
func (s *Server) difference(c *call) error {
	name, err := c.registry()
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	from, err := s.version(q.Get("from"))
	if err != nil {
		return err
	}
	to, err := s.version(q.Get("to"))
	if err != nil {
		return err
	}
	if from.Number == "" || to.Number == "" {
		return bad("name two versions: from=pkg:pypi/NAME@VERSION and to=pkg:pypi/NAME@VERSION")
	}
	if from.Package != to.Package {
		return bad("%s", gate.TwoPackages(from, to).Error())
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), differenceWait)
	defer cancel()
	d, err := s.gate.Difference(ctx, name, from, to)
	if errors.Is(err, context.DeadlineExceeded) {
		return &badInput{http.StatusServiceUnavailable, "the files are still being looked at; ask again in a moment"}
	}
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, d)
}
