package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/report"
)

// What only a build needs is said to be that wherever a person reads of it.
func TestBuildIsSaid(t *testing.T) {
	v := below(version("setuptools", "60.0", 1, hole("PYSEC-2025-49", finding.High)), "native==1.0", "pkg:pypi/native")
	r := small()
	for _, build := range []bool{true, false} {
		v.Build = build
		r.Outcome.Versions = append(r.Outcome.Versions[:0:0], version("native", "1.0", 1), v)
		var text bytes.Buffer
		if err := report.Text(&text, r.Outcome, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		html := render(t, report.FormatHTML, r)
		for _, c := range []struct{ where, got, want string }{
			{"text", text.String(), "-> setuptools 60.0 (build)"},
			{"the page's reasons", html, "pulled in for a build by native"},
			{"the page's closure", html, `<span class="small">build</span>`},
			{"JSON", render(t, report.FormatJSON, r), `"build": true`},
		} {
			if strings.Contains(c.got, c.want) != build {
				t.Errorf("%s: build %t, and %q is there %t", c.where, build, c.want, !build)
			}
		}
	}
}
