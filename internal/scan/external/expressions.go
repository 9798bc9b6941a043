package external

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/gatehouse-project/gatehouse/internal/config"
)

// What reading one answer may cost.
const (
	mostExpression = 4096        // characters
	mostCost       = 200_000_000 // CEL's units, for one expression over a whole answer
	mostReading    = time.Minute
	mostItems      = 100_000
)

// expressions are the CEL expressions of config.ScannerJSON, ready to be asked.
// They are safe for concurrent use.
type expressions struct {
	complete, faults, items                          cel.Program
	rule, text, severity, ids, fixed, itemPath, line cel.Program // nil: not there
}

// compileJSON reads the expressions; nil where the answer has another form.
func compileJSON(c config.Scanner) (*expressions, error) {
	if c.JSON == nil {
		return nil, nil
	}
	env, err := cel.NewEnv(
		cel.Variable("out", cel.DynType), cel.Variable("name", cel.StringType), cel.Variable("version", cel.StringType),
		cel.Variable("file", cel.StringType), cel.Variable("input", cel.StringType),
		ext.Strings(), cel.OptionalTypes(), cel.ParserExpressionSizeLimit(mostExpression),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing expressions: %w", err)
	}
	ofItem, err := env.Extend(cel.Variable("item", cel.DynType))
	if err != nil {
		return nil, fmt.Errorf("preparing expressions: %w", err)
	}
	x, j := &expressions{}, *c.JSON
	for _, e := range []struct {
		name, text string
		env        *cel.Env
		to         *cel.Program
		needed     bool
		is         *cel.Type
	}{
		{"complete", j.Complete, env, &x.complete, true, cel.BoolType},
		{"faults", j.Faults, env, &x.faults, false, cel.ListType(cel.DynType)},
		{"items", j.Items, env, &x.items, true, cel.ListType(cel.DynType)},
		{"rule", j.Rule, ofItem, &x.rule, true, cel.StringType},
		{"text", j.Text, ofItem, &x.text, true, cel.StringType},
		{"severity", j.Severity, ofItem, &x.severity, false, cel.StringType},
		{"ids", j.IDs, ofItem, &x.ids, false, cel.ListType(cel.DynType)},
		{"fixed", j.Fixed, ofItem, &x.fixed, false, cel.ListType(cel.DynType)},
		{"path", j.Path, ofItem, &x.itemPath, false, cel.StringType},
		{"line", j.Line, ofItem, &x.line, false, cel.IntType},
	} {
		if e.text == "" && e.needed {
			return nil, fmt.Errorf("json.%s is missing", e.name)
		} else if e.text == "" {
			continue
		}
		ast, issues := e.env.Compile(e.text)
		if issues != nil && issues.Err() != nil {
			return nil, fmt.Errorf("json.%s: %w", e.name, issues.Err())
		}
		if t := ast.OutputType(); !t.IsExactType(cel.DynType) && !e.is.IsAssignableType(t) {
			return nil, fmt.Errorf("json.%s gives %s, and has to give %s", e.name, t, e.is)
		}
		if *e.to, err = e.env.Program(ast, cel.CostLimit(mostCost), cel.InterruptCheckFrequency(1000)); err != nil {
			return nil, fmt.Errorf("json.%s: %w", e.name, err)
		}
	}
	return x, nil
}

// read asks the expressions. Whatever one of them cannot answer makes the whole
// answer none.
func (x *expressions) read(b []byte, q question) (a answer, err error) {
	var out any
	if err := decode(b, &out); err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), mostReading)
	defer cancel()
	r := &asking{ctx: ctx, vars: map[string]any{
		"out": out, "name": q.file.Version.Package.Name, "version": q.file.Version.Number, "file": q.file.Name, "input": q.input,
	}}
	a.faults = r.texts("faults", x.faults)
	complete := ask[bool](r, "complete", x.complete)
	if r.err == nil && !complete {
		r.err = errors.New("its answer is not that of a whole look at what it was asked about (json.complete)")
	}
	items := r.list("items", x.items)
	if r.err == nil && len(items) > mostItems {
		r.err = fmt.Errorf("its answer has more than %d items", mostItems)
	}
	for _, i := range items {
		if r.err != nil {
			break
		}
		r.vars["item"] = i
		a.items = append(a.items, item{
			rule: ask[string](r, "rule", x.rule), text: ask[string](r, "text", x.text), severity: ask[string](r, "severity", x.severity),
			ids: r.texts("ids", x.ids), fixed: q.newer(r.texts("fixed", x.fixed)),
			path: ask[string](r, "path", x.itemPath), line: int(ask[int64](r, "line", x.line)),
		})
	}
	if r.err != nil {
		// Faults are the tool's own words for why the rest does not read.
		return answer{faults: a.faults}, r.err
	}
	return a, nil
}

// asking evaluates expressions until one fails.
type asking struct {
	ctx  context.Context //nolint:containedctx // lives for one answer
	vars map[string]any
	err  error
}

func (r *asking) value(name string, p cel.Program) ref.Val {
	if p == nil || r.err != nil {
		return nil
	}
	v, _, err := p.ContextEval(r.ctx, r.vars)
	if err != nil {
		r.err = fmt.Errorf("its answer does not read (json.%s: %w)", name, err)
		return nil
	}
	return v
}

func ask[T any](r *asking, name string, p cel.Program) (zero T) {
	v := r.value(name, p)
	if v == nil {
		return zero
	}
	native, err := v.ConvertToNative(reflect.TypeFor[T]())
	if t, ok := native.(T); ok && err == nil {
		return t
	}
	r.err = fmt.Errorf("its answer does not read (json.%s gives %s)", name, v.Type().TypeName())
	return zero
}

func (r *asking) list(name string, p cel.Program) []any {
	values := ask[[]ref.Val](r, name, p)
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

func (r *asking) texts(name string, p cel.Program) []string { return ask[[]string](r, name, p) }
