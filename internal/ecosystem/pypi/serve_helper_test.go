package pypi_test

import (
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
)

func newHandler(shelf ecosystem.Shelf, w *servertest.World) *pypi.Handler {
	return pypi.NewHandler(adapter.Registry{Shelf: shelf, Decision: w.Gate.DecisionURL, Log: w.Log})
}
