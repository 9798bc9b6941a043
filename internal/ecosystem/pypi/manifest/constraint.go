package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// errUnion says that a constraint allows ranges that PEP 440 specifiers, all of
// which must hold, cannot express.
var errUnion = errors.New("a choice of ranges (||) has no form that other tools read")

var (
	joinedOperator = lazy.Regexp(`(===|==|!=|~=|>=|<=|\^|~|>|<|=)\s+`)
	betweenClauses = lazy.Regexp(`\s*,\s*|\s+`)
)

// poetryConstraint turns poetry's version constraint into PEP 440 specifiers
// (https://python-poetry.org/docs/dependency-specification/): ^1.2 is >=1.2,<2.0,
// ~1.2 is >=1.2,<1.3, 1.* is ==1.*, 1.2 is ==1.2, * is anything.
func poetryConstraint(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > pep440.MaxSpecifiersText {
		return "", errors.New("it is too long")
	}
	if strings.Contains(text, "|") {
		return "", errUnion
	}
	text = joinedOperator().ReplaceAllString(text, "$1")
	var clauses []string
	for _, c := range betweenClauses().Split(text, -1) {
		spec, err := poetryClause(c)
		if err != nil {
			return "", err
		}
		if spec != "" {
			clauses = append(clauses, spec)
		}
	}
	set, err := pep440.ParseSpecifiers(strings.Join(clauses, ","))
	if err != nil {
		return "", err
	}
	return set.String(), nil
}

func poetryClause(c string) (string, error) {
	switch {
	case c == "" || c == "*" || c == "==*":
		return "", nil
	case strings.HasPrefix(c, "^"):
		return span(c[1:], caretEnd)
	case strings.HasPrefix(c, "~="):
		return c, nil
	case strings.HasPrefix(c, "~"):
		return span(c[1:], tildeEnd)
	case strings.HasPrefix(c, "=") && !strings.HasPrefix(c, "=="):
		c = c[1:]
	case strings.ContainsAny(c[:1], "=!<>"):
		return strings.ReplaceAll(c, ".*.*", ".*"), nil
	}
	return "==" + strings.ReplaceAll(c, ".*.*", ".*"), nil
}

// span gives the range from a version up to, and without, the one that end
// makes of its release.
func span(from string, end func([]uint64) []uint64) (string, error) {
	v, err := pep440.Parse(from)
	if err != nil {
		return "", err
	}
	base := v.Base().String()
	epoch, release, ok := strings.Cut(base, "!")
	if !ok {
		epoch, release = "", base
	} else {
		epoch += "!"
	}
	var numbers []uint64
	for _, part := range strings.Split(release, ".") {
		n, err := strconv.ParseUint(part, 10, 63)
		if err != nil {
			return "", fmt.Errorf("%s has a number that is too large", manifestfile.Quote(from))
		}
		numbers = append(numbers, n)
	}
	var upper []string
	for _, n := range end(numbers) {
		upper = append(upper, strconv.FormatUint(n, 10))
	}
	return ">=" + v.String() + ",<" + epoch + strings.Join(upper, "."), nil
}

// caretEnd raises the first number that is not zero, or the last one.
func caretEnd(release []uint64) []uint64 {
	i := 0
	for i < len(release)-1 && release[i] == 0 {
		i++
	}
	return raised(release, i)
}

// tildeEnd raises the second number, or the only one.
func tildeEnd(release []uint64) []uint64 {
	return raised(release, min(1, len(release)-1))
}

// raised adds one to the i-th number and clears those behind it.
func raised(release []uint64, i int) []uint64 {
	out := make([]uint64, len(release))
	copy(out, release[:i+1])
	out[i]++
	return out
}
