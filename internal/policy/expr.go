package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	celcommon "cel.dev/cel-go/common"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

const (
	maxExpression = 4096   // characters of one condition or placeholder
	maxNesting    = 40     // of a condition's syntax tree
	maxCost       = 50_000 // CEL cost units of one evaluation; the default's conditions take under 50
)

// compiled is what a rule's texts become, each when it is first asked for: most
// of the policy that is built in is never asked by a run that looks at one file.
type compiled struct {
	when   expression // nil: always
	until  expression // nil: never ends
	why    func() (template, error)
	remedy func() (template, error)
}

// expression is a condition or a time that compiles once.
type expression func() (cel.Program, error)

// check compiles everything and reports all that is wrong.
func (c compiled) check() (errs []error) {
	note := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	if c.when != nil {
		_, err := c.when()
		note("when", err)
	}
	if c.until != nil {
		_, err := c.until()
		note("until", err)
	}
	_, err := c.why()
	note("why", err)
	_, err = c.remedy()
	note("remedy", err)
	return errs
}

// compiler holds one CEL environment for each kind of rule. `finding` is known
// to finding rules only; `file` and `provenance` to finding and file rules, and in a
// finding rule they are empty where a version is decided about.
type compiler struct{ envs map[On]*cel.Env }

func newCompiler(settings []setting) (*compiler, error) {
	base, err := newEnv(settings)
	if err != nil {
		return nil, fmt.Errorf("preparing conditions: %w", err)
	}
	c := &compiler{envs: map[On]*cel.Env{OnVersion: base}}
	if c.envs[OnFile], err = base.Extend(cel.Variable("file", fileType), cel.Variable("provenance", provenanceType)); err != nil {
		return nil, fmt.Errorf("preparing conditions: %w", err)
	}
	if c.envs[OnFinding], err = c.envs[OnFile].Extend(cel.Variable("finding", findingType)); err != nil {
		return nil, fmt.Errorf("preparing conditions: %w", err)
	}
	return c, nil
}

func newEnv(settings []setting) (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(withoutTimeZones())),
		cel.CustomTypeProvider(provider{registry}),
		cel.ExtendedValidations(),
		cel.Variable("version", versionType),
		cel.Variable("registry", cel.StringType),
		cel.Variable("now", cel.TimestampType),
		licenceFunction("licence_allowed", (*spdx.Expression).Allowed),
		licenceFunction("licence_denied", (*spdx.Expression).Denied),
	}
	for s := finding.None; s <= finding.Critical; s++ {
		opts = append(opts, cel.Constant(strings.ToUpper(s.String()), cel.IntType, types.Int(s)))
	}
	for _, s := range settings {
		opts = append(opts, cel.Constant("settings."+s.name, s.typ, s.value))
	}
	return cel.NewCustomEnv(opts...)
}

// withoutTimeZones leaves out the functions that would read the machine's time
// zone files: the same policy must say the same everywhere. Without a zone they
// all speak of UTC.
func withoutTimeZones() *env.LibrarySubset {
	subset := env.NewLibrarySubset()
	for function, overload := range map[string]string{
		"getFullYear": "timestamp_to_year_with_tz", "getMonth": "timestamp_to_month_with_tz",
		"getDayOfYear": "timestamp_to_day_of_year_with_tz", "getDayOfMonth": "timestamp_to_day_of_month_with_tz",
		"getDate": "timestamp_to_day_of_month_1_based_with_tz", "getDayOfWeek": "timestamp_to_day_of_week_with_tz",
		"getHours": "timestamp_to_hours_with_tz", "getMinutes": "timestamp_to_minutes_with_tz",
		"getSeconds": "timestamp_to_seconds_tz", "getMilliseconds": "timestamp_to_milliseconds_with_tz",
	} {
		subset.AddExcludedFunctions(env.NewFunction(function, &env.Overload{ID: overload}))
	}
	return subset
}

// licenceFunction makes an SPDX question a CEL function of a licence and a list.
// What is not an expression is neither allowed nor denied by any list.
func licenceFunction(name string, answer func(*spdx.Expression, []string) bool) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_string_list", []*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType,
		cel.BinaryBinding(func(licence, list ref.Val) ref.Val {
			ids, err := list.ConvertToNative(stringSlice)
			if err != nil {
				return types.WrapErr(err)
			}
			e, err := spdx.Parse(string(licence.(types.String)))
			if err != nil {
				return types.False
			}
			return types.Bool(answer(e, ids.([]string)))
		})))
}

// rule makes the programs of a rule's texts, which are compiled when asked for.
func (c *compiler) rule(r *Rule) compiled {
	e := c.envs[r.On]
	later := func(text string, want *cel.Type) expression {
		if text == "" {
			return nil
		}
		return sync.OnceValues(func() (cel.Program, error) { return program(e, text, want) })
	}
	return compiled{
		when: later(r.When, types.BoolType), until: later(r.Until, types.TimestampType),
		why:    sync.OnceValues(func() (template, error) { return newTemplate(e, r.Why) }),
		remedy: sync.OnceValues(func() (template, error) { return newTemplate(e, r.Remedy) }),
	}
}

// program compiles one expression whose value is one of the wanted types.
func program(e *cel.Env, text string, want ...*cel.Type) (cel.Program, error) {
	ast, issues := compile(e, text)
	if issues.Err() != nil {
		return nil, fmt.Errorf("%q: %s", oneLine(text), plainTypes.Replace(issues.Errors()[0].Message))
	}
	if !oneOf(ast.OutputType(), want) {
		return nil, fmt.Errorf("%q is %s, not %s", oneLine(text), plainTypes.Replace(ast.OutputType().String()), plainTypes.Replace(want[0].String()))
	}
	p, err := e.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", oneLine(text), err)
	}
	return p, nil
}

// tree parses expressions. The library has two parsers for one grammar; cel.Env takes
// the one that decodes the tables of a generated grammar when it is first asked,
// which would cost every process more than all else that it asks of a policy. A
// test holds the two together.
var tree = sync.OnceValues(func() (*parser.Parser, error) {
	return parser.NewParser(parser.EnablePrattParser(true), parser.Macros(parser.AllMacros...),
		parser.ExpressionSizeCodePointLimit(maxExpression), parser.MaxRecursionDepth(maxNesting))
})

// compile is e.Compile.
func compile(e *cel.Env, text string) (*cel.Ast, *cel.Issues) {
	src := celcommon.NewTextSource(text)
	parsed := cel.ParsedExprToAstWithSource(nil, src) // empty, to be filled in
	p, err := tree()
	if err != nil {
		errs := celcommon.NewErrors(src)
		errs.ReportErrorString(celcommon.NoLocation, err.Error())
		return nil, cel.NewIssues(errs)
	}
	t, errs := p.Parse(src)
	if len(errs.GetErrors()) > 0 {
		return nil, cel.NewIssues(errs)
	}
	*parsed.NativeRep() = *t
	return e.Check(parsed)
}

// plainTypes takes the names of wire types out of CEL's messages.
var plainTypes = strings.NewReplacer("google.protobuf.Timestamp", "timestamp", "google.protobuf.Duration", "duration")

func oneOf(t *cel.Type, want []*cel.Type) bool {
	for _, w := range want {
		if t.IsExactType(w) {
			return true
		}
	}
	return false
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 120 {
		s = strings.ToValidUTF8(s[:120], "") + "…"
	}
	return s
}

var errNotBool = errors.New("a condition gave no boolean")

// holds evaluates a condition; nil is always true.
func holds(when expression, f *facts) (bool, error) {
	if when == nil {
		return true, nil
	}
	p, err := when()
	if err != nil {
		return false, err
	}
	v, _, err := p.Eval(f)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, errNotBool
	}
	return bool(b), nil
}

// moment evaluates an until; nil is the zero time.
func moment(until expression, f *facts) (time.Time, error) {
	if until == nil {
		return time.Time{}, nil
	}
	p, err := until()
	if err != nil {
		return time.Time{}, err
	}
	v, _, err := p.Eval(f)
	if err != nil {
		return time.Time{}, err
	}
	t, ok := v.(types.Timestamp)
	if !ok {
		return time.Time{}, errors.New("an until gave no timestamp")
	}
	return t.Time.UTC(), nil
}
