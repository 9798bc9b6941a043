package report_test

import (
	"bytes"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact/hostiletest"
	"github.com/gatehouse-project/gatehouse/internal/report"
)

// FuzzReports puts any text into every place of a report where somebody outside
// can put one, and holds every format to what it promises.
func FuzzReports(f *testing.F) {
	for _, text := range hostiletest.Texts {
		if len(text.Text) < 1000 {
			f.Add(text.Text)
		}
	}
	f.Fuzz(func(t *testing.T, x string) {
		if len(x) > 2000 {
			return
		}
		for _, r := range []report.Report{hostile(x), hostileAudit(x)} {
			for _, format := range report.Formats() {
				var b bytes.Buffer
				if err := report.Render(&b, format, r); err != nil {
					t.Fatal(err)
				}
				checkHostile(t, format, b.String())
			}
		}
	})
}
