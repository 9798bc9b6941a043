package policy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// setting is one value of the file's settings map, a constant in conditions. Its
// kind follows from how it is written, so that a misspelt duration is an error
// where it stands and not a different kind of value.
type setting struct {
	name    string
	kind    string // as in messages
	written string
	line    int
	typ     *cel.Type
	value   ref.Val
}

// The kinds of setting, as messages name them.
const (
	kindDuration = "a duration such as 3d or 12h"
	kindSeverity = "a severity (none, low, medium, high, critical)"
	kindText     = "a text"
	kindNumber   = "a whole number"
	kindBool     = "true or false"
	kindTime     = "a time such as 2026-05-01T12:00:00Z"
	kindList     = "a list of texts"
)

var settingName = lazy.Regexp(`^[a-z][a-z0-9_]{0,40}$`)

// readSetting gives one setting from its YAML.
func readSetting(name string, n *yaml.Node) (setting, error) {
	s := setting{name: name, written: n.Value, line: n.Line}
	if !settingName().MatchString(name) {
		return s, fmt.Errorf("settings.%s: a setting's name is lower-case letters, digits and underscores", name)
	}
	switch {
	case n.Kind == yaml.SequenceNode:
		list, err := texts(n)
		if err != nil {
			return s, fmt.Errorf("settings.%s: %w", name, err)
		}
		s.kind, s.typ, s.value = kindList, cel.ListType(cel.StringType), types.NewStringList(types.DefaultTypeAdapter, list)
		s.written = "[" + strings.Join(list, ", ") + "]"
	case n.Kind != yaml.ScalarNode:
		return s, fmt.Errorf("settings.%s is neither a value nor a list of texts", name)
	case n.Tag == "!!bool":
		s.kind, s.typ, s.value = kindBool, cel.BoolType, types.Bool(n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
	case n.Tag == "!!int":
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return s, fmt.Errorf("settings.%s: %q is not a decimal number", name, n.Value)
		}
		s.kind, s.typ, s.value = kindNumber, cel.IntType, types.Int(v)
	case n.Tag == "!!timestamp":
		v, err := parseTime(n.Value)
		if err != nil {
			return s, fmt.Errorf("settings.%s must be %s, or a date", name, kindTime)
		}
		s.kind, s.typ, s.value = kindTime, cel.TimestampType, types.Timestamp{Time: v}
	case n.Tag != "!!str":
		return s, fmt.Errorf("settings.%s is empty or of a kind that settings do not have; write it in quotes", name)
	default:
		s.fromText(n.Value)
	}
	return s, nil
}

func (s *setting) fromText(text string) {
	if sev, err := finding.ParseSeverity(text); err == nil && sev != finding.Unknown {
		s.kind, s.typ, s.value = kindSeverity, cel.IntType, types.Int(sev)
		return
	}
	if d, err := ParseDuration(text); err == nil {
		s.kind, s.typ, s.value = kindDuration, cel.DurationType, types.Duration{Duration: d}
		return
	}
	s.kind, s.typ, s.value = kindText, cel.StringType, types.String(text)
}

// parseTime reads an RFC 3339 time, or a date, which is its midnight in UTC.
func parseTime(s string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, s)
}

// mergeSettings lays own settings over the default's. One that the default has
// keeps its kind.
func mergeSettings(def, own []setting) (merged []setting, problems []Problem) {
	written := map[string]setting{}
	for _, s := range own {
		written[s.name] = s
	}
	for _, d := range def {
		s, ok := written[d.name]
		delete(written, d.name)
		switch {
		case !ok:
			s = d
		case s.kind != d.kind:
			problems = append(problems, Problem{s.line, fmt.Sprintf("settings.%s must be %s, not %q", s.name, d.kind, s.written)})
			s = d
		}
		merged = append(merged, s)
	}
	for _, s := range own {
		if _, left := written[s.name]; left {
			merged = append(merged, s)
		}
	}
	return merged, problems
}

var days = lazy.Regexp(`^([0-9]{1,5})d`)

// ParseDuration reads "3d", "36h", "1d12h", "90m": Go's durations with days of
// 24 hours in front. It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	var total time.Duration
	if m := days().FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, fmt.Errorf("reading duration %.40q: %w", s, err)
		}
		total, s = time.Duration(n)*24*time.Hour, s[len(m[0]):]
		if s == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > math.MaxInt64-total {
		return 0, fmt.Errorf("%.40q is not %s", s, kindDuration)
	}
	return total + d, nil
}
