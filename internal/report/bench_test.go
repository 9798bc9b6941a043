package report_test

import (
	"io"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/report"
)

// BenchmarkRender renders the sample, two hundred versions, in each format.
func BenchmarkRender(b *testing.B) {
	r := sample()
	for _, f := range report.Formats() {
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				if err := report.Render(io.Discard, f, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
