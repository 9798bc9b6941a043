package report

import (
	"encoding/json"
	"io"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// JSON writes v indented, with HTML characters as they are. The shapes are those
// of verdict.Outcome and Audit; they are documented in docs/json.md. Scripts
// read an outcome, so it has every key and its lists are never null.
func JSON(w io.Writer, v any) error {
	if o, ok := v.(verdict.Outcome); ok {
		v = outcomeJSON(o)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// The types below give the keys that the contract promises even when they are
// empty; the decision's own JSON leaves those out.
type (
	outcome struct {
		verdict.Outcome
		Problems []problem        `json:"problems"`
		Versions []versionOutcome `json:"versions"`
	}
	problem struct {
		verdict.Problem
		File string `json:"file"`
		Line int    `json:"line"`
	}
	versionOutcome struct {
		verdict.VersionOutcome
		Via     []string              `json:"via"`
		Reasons []reason              `json:"reasons"`
		Files   []verdict.FileOutcome `json:"files"`
	}
	reason struct {
		verdict.Reason
		IDs   []string `json:"ids"`
		Fixed []string `json:"fixed"`
		File  string   `json:"file"`
		Line  int      `json:"line"`
	}
)

func outcomeJSON(o verdict.Outcome) outcome {
	out := outcome{Outcome: o, Problems: []problem{}, Versions: []versionOutcome{}}
	for _, p := range o.Problems {
		out.Problems = append(out.Problems, problem{Problem: p, File: p.File, Line: p.Line})
	}
	for _, v := range o.Versions {
		w := versionOutcome{VersionOutcome: v, Via: notNull(v.Via), Reasons: []reason{}, Files: notNull(v.Files)}
		for _, r := range v.Reasons {
			w.Reasons = append(w.Reasons, reason{Reason: r, IDs: notNull(r.IDs), Fixed: notNull(r.Fixed), File: r.File, Line: r.Line})
		}
		out.Versions = append(out.Versions, w)
	}
	return out
}

func notNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
