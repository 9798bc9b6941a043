package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

const (
	maxText   = 2000 // bytes of one why or remedy as written
	mostItems = 5    // of a list in a text; the rest is counted
)

// template is a sentence with CEL expressions in braces: "{version} is {file.age}
// old". "{{" and "}}" stand for braces themselves.
type template struct{ parts []part }

// part is literal text, or a program whose value is shown.
type part struct {
	text    string
	program cel.Program
}

var printable = []*cel.Type{
	types.StringType, types.IntType, types.UintType, types.DoubleType, types.BoolType, types.DurationType, types.TimestampType,
	types.NewListType(types.StringType), versionType, fileType, findingType, provenanceType,
}

func newTemplate(e *cel.Env, s string) (template, error) {
	var t template
	if len(s) > maxText {
		return t, fmt.Errorf("longer than %d bytes", maxText)
	}
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			t.literal(s)
			break
		}
		t.literal(s[:i])
		if strings.HasPrefix(s[i:], "{{") || strings.HasPrefix(s[i:], "}}") {
			t.literal(s[i : i+1])
			s = s[i+2:]
			continue
		}
		if s[i] == '}' {
			return t, errors.New("a } without its {; write }} for the character itself")
		}
		end := strings.IndexAny(s[i+1:], "{}")
		if end < 0 || s[i+1+end] == '{' {
			return t, errors.New("a { is not closed; write {{ for the character itself")
		}
		p, err := program(e, s[i+1:i+1+end], printable...)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, part{program: p})
		s = s[i+end+2:]
	}
	return t, nil
}

func (t *template) literal(s string) {
	if s != "" {
		t.parts = append(t.parts, part{text: s})
	}
}

// render gives the sentence. Everything that came from outside is made safe for
// a terminal.
func render(sentence func() (template, error), f *facts) (string, error) {
	t, err := sentence()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.program == nil {
			b.WriteString(p.text)
			continue
		}
		v, _, err := p.program.Eval(f)
		if err != nil {
			return "", err
		}
		s, err := show(v)
		if err != nil {
			return "", err
		}
		b.WriteString(safe(s))
	}
	return b.String(), nil
}

// show writes a CEL value for people.
func show(v ref.Val) (string, error) {
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Int:
		return strconv.FormatInt(int64(v), 10), nil
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10), nil
	case types.Double:
		return strconv.FormatFloat(float64(v), 'g', -1, 64), nil
	case types.Bool:
		return strconv.FormatBool(bool(v)), nil
	case types.Duration:
		return durationWords(v.Duration), nil
	case types.Timestamp:
		return v.Time.UTC().Format("2 January 2006, 15:04 UTC"), nil
	case *subject:
		return v.String(), nil
	}
	list, err := v.ConvertToNative(stringSlice)
	if err != nil {
		return "", fmt.Errorf("writing a text: %w", err)
	}
	return listWords(list.([]string)), nil
}

func listWords(list []string) string {
	switch {
	case len(list) == 0:
		return "none"
	case len(list) > mostItems:
		return fmt.Sprintf("%s and %d more", strings.Join(list[:mostItems], ", "), len(list)-mostItems)
	}
	return strings.Join(list, ", ")
}

// durationWords rounds down to the largest unit that says enough: "3 days",
// "36 hours", "20 minutes".
func durationWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "less than no time" // a date in the future
	case d >= 2*day || d > 0 && d%day == 0:
		return count(int64(d/day), "day")
	case d >= time.Hour:
		return count(int64(d/time.Hour), "hour")
	}
	return count(int64(d/time.Minute), "minute")
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
