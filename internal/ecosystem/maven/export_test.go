package maven

import (
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// NewHandlerAfter is a Handler that waits as after says.
func NewHandlerAfter(r adapter.Registry, after func(time.Duration) <-chan time.Time) *Handler {
	h := NewHandler(r)
	h.after = after
	return h
}
