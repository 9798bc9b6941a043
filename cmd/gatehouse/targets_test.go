package main

import (
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// TestNodesAmongTargets: each version of Node is in one, and no target for Python goes.
func TestNodesAmongTargets(t *testing.T) {
	a, b := ecosystem.Target{Python: "3.11.7"}, ecosystem.Target{Python: "3.13.1"}
	for _, nodes := range [][]string{nil, {"20.1.0"}, {"20.1.0", "22.1.0"}, {"20.1.0", "22.1.0", "24.1.0"}} {
		got := withNodes([]ecosystem.Target{a, b}, nodes)
		for _, n := range nodes {
			if !slices.ContainsFunc(got, func(x ecosystem.Target) bool { return x.Node == n }) {
				t.Errorf("%q: none is for %s: %+v", nodes, n, got)
			}
		}
		for _, py := range []string{a.Python, b.Python} {
			if !slices.ContainsFunc(got, func(x ecosystem.Target) bool { return x.Python == py }) {
				t.Errorf("%q: none is for Python %s: %+v", nodes, py, got)
			}
		}
		if len(got) != max(2, len(nodes)) {
			t.Errorf("%q: %d targets", nodes, len(got))
		}
	}
}
