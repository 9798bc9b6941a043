// Package all lists the ecosystems that this program knows. Adding one costs its
// folder and one line here.
package all

import (
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
)

// List gives every ecosystem, in the order that people are shown them.
func List() []adapter.Adapter {
	return []adapter.Adapter{
		pypi.Adapter(),
		npm.Adapter(),
		golang.Adapter(),
		cargo.Adapter(),
		maven.Adapter(),
	}
}

// ByID gives them by id, as the gate looks them up.
func ByID() map[artifact.Ecosystem]ecosystem.Ecosystem {
	out := map[artifact.Ecosystem]ecosystem.Ecosystem{}
	for _, a := range List() {
		out[a.ID()] = a.Ecosystem
	}
	return out
}
