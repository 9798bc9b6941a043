package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// table is what make bench prints: each figure beside its peer's in the same run,
// and beside our own aim.
type table struct {
	title string
	rows  [][6]string
}

// better says on which side of an aim one wants to be.
type better string

const (
	atLeast better = ">="
	atMost  better = "<="
)

// add puts one figure in. peer is "" where there is nothing to compare with.
func (t *table) add(what, peer, ours string, figure float64, b better, aim float64, unit string) {
	met := figure <= aim
	if b == atLeast {
		met = figure >= aim
	}
	word := "met"
	if !met {
		word = "missed"
	}
	t.rows = append(t.rows, [6]string{what, peer, ours, show(figure) + unit, string(b) + " " + show(aim) + unit, word})
}

// note puts one in that has no aim of its own.
func (t *table) note(what, peer, ours, figure string) {
	t.rows = append(t.rows, [6]string{what, peer, ours, figure, "", ""})
}

// show keeps three digits that mean something.
func show(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.3g", f), ".0")
}

// print writes the table; missed aims are for a person to read, never an exit code.
func (t *table) print(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "\n%s\n\n", t.title)
	fmt.Fprintln(tw, "what\tpeer\tgatehouse\tfigure\taim\t")
	for _, r := range t.rows {
		fmt.Fprintln(tw, strings.TrimRight(strings.Join(r[:], "\t"), "\t"))
	}
	tw.Flush()
	fmt.Fprintln(w)
}

// median is the middle of an odd number of figures, which a busy neighbour
// disturbs least.
func median(fs []float64) float64 {
	fs = slices.Sorted(slices.Values(fs))
	return fs[len(fs)/2]
}
