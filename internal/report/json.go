package report

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// JSON writes v indented, with HTML characters as they are. The shapes are those
// of Report, verdict.Outcome and Audit; they are documented in docs/json.md, and
// Schema gives them as JSON Schema. Scripts read an outcome, so it has every key
// and its lists are never null.
func JSON(w io.Writer, v any) error {
	switch x := v.(type) {
	case verdict.Outcome:
		v = outcomeJSON(x)
	case Report:
		v = reportJSON{outcome: outcomeJSON(x.Outcome), Registry: x.Request.Registry, Project: x.Request.Project, Generator: "gatehouse " + x.Generator}
	}
	return writeJSON(w, v)
}

// writeJSON writes v indented. Characters that a terminal or an editor would
// obey, and what would end a script element, are escaped.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(artifact.EscapeJSON(b.Bytes()))
	return err
}

// reportJSON is an outcome with what it is about.
type reportJSON struct {
	outcome
	Registry  string `json:"registry"`
	Project   string `json:"project"`
	Generator string `json:"generator"`
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

		Capabilities []verdict.Capability `json:"capabilities"`
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
		p.Effect = effective(p.Effect)
		out.Problems = append(out.Problems, problem{Problem: p, File: p.File, Line: p.Line})
	}
	for _, v := range o.Versions {
		w := versionOutcome{VersionOutcome: v, Via: notNull(v.Via), Reasons: []reason{}, Files: notNull(v.Files), Capabilities: notNull(v.Capabilities)}
		for _, r := range v.Reasons {
			r.Effect = effective(r.Effect)
			w.Reasons = append(w.Reasons, reason{Reason: r, IDs: notNull(r.IDs), Fixed: notNull(r.Fixed), File: r.File, Line: r.Line})
		}
		out.Versions = append(out.Versions, w)
	}
	return out
}

// effective is an effect in one of the words that there are: what is not known
// holds.
func effective(e verdict.Effect) verdict.Effect {
	switch e {
	case verdict.EffectAdmit, verdict.EffectReject, verdict.EffectNote:
		return e
	}
	return verdict.EffectHold
}

func notNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
