// Package codetest writes facts down in one short line each, for the tables of the
// analysers' tests.
package codetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// Show gives one line a fact: kind, name, arguments in brackets, "<" and what
// reached it, "@" and scope, "~" and reach, "!" when disguised. Texts to be read in
// turn follow as "embed language: text".
func Show(f code.Facts) []string {
	var out []string
	for _, x := range f.Facts {
		out = append(out, Line(x))
	}
	for _, e := range f.Embedded {
		out = append(out, fmt.Sprintf("embed %s: %s", e.Language, e.Text))
	}
	return out
}

// Line is one fact.
func Line(x code.Fact) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(string(x.Kind) + " " + x.Name))
	if len(x.Args) > 0 {
		fmt.Fprintf(&b, " [%s]", strings.Join(x.Args, "|"))
	}
	if len(x.From) > 0 {
		b.WriteString(" <" + strings.Join(x.From, ","))
	}
	if x.Scope != "" {
		b.WriteString(" @" + x.Scope)
	}
	if x.Reach != "" {
		b.WriteString(" ~" + string(x.Reach))
	}
	if x.Disguised {
		b.WriteString(" !")
	}
	if x.Layer > 0 {
		fmt.Fprintf(&b, " layer%d", x.Layer)
	}
	return b.String()
}

// Lacks gives those of want that no line of got is; a want that starts with "no "
// is there when a line starts with the rest.
func Lacks(got, want []string) []string {
	var missing []string
	for _, w := range want {
		if rest, ok := strings.CutPrefix(w, "no "); ok {
			if slices.ContainsFunc(got, func(l string) bool { return strings.HasPrefix(l, rest) }) {
				missing = append(missing, w)
			}
		} else if !slices.Contains(got, w) {
			missing = append(missing, w)
		}
	}
	return missing
}
