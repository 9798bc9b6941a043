package maven

import (
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

// NewHandlerAfter is a Handler that waits as after says.
func NewHandlerAfter(r adapter.Registry, after func(time.Duration) <-chan time.Time) *Handler {
	h := NewHandler(r)
	h.after = after
	return h
}

// BuildOf is buildOf.
func BuildOf(group, artifact, of, file string) string {
	return buildOf(coordinate.Name{Group: group, Artifact: artifact}, of, file)
}
