package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/test/quality/corpus"
	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// Upper is the upper end of Wilson's 95% interval for k of n: no k, however small,
// says that the true share is zero.
func Upper(k, n int) float64 {
	if n == 0 {
		return 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	return min(1, (p+z*z/(2*m)+z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m)))/(1+z*z/m))
}

// Lower is the lower end of Wilson's 95% interval for k of n.
func Lower(k, n int) float64 { return 1 - Upper(n-k, n) }

// Count is what was said about the samples of a family, or in a disguise.
type Count struct {
	Name                          string
	Malicious, Found, Rejected    int
	Twins, TwinsHeld, TwinsReject int
}

// Recall is the share of the malicious samples that were found.
func (c Count) Recall() float64 { return share(c.Found, c.Malicious) }

// Precision is the share of malicious ones among all that was found; a twin that
// is not admitted counts against it.
func (c Count) Precision() float64 {
	return share(c.Found, c.Found+c.TwinsHeld+c.TwinsReject)
}

func share(k, n int) float64 {
	if n == 0 {
		return 1
	}
	return float64(k) / float64(n)
}

// CountBy counts by what a function names, in the order of the names.
func CountBy(all []Judged, name func(generate.Sample) string) []Count {
	by := map[string]*Count{}
	for _, j := range all {
		c := by[name(j.Sample)]
		if c == nil {
			c = &Count{Name: name(j.Sample)}
			by[c.Name] = c
		}
		c.add(j)
	}
	var out []Count
	for _, c := range by {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (c *Count) add(j Judged) {
	if j.Label == generate.Benign {
		c.Twins++
		switch j.Outcome.Verdict {
		case "hold":
			c.TwinsHeld++
		case "reject":
			c.TwinsReject++
		}
		return
	}
	c.Malicious++
	if j.Found {
		c.Found++
	}
	if j.Outcome.Verdict == "reject" {
		c.Rejected++
	}
}

// Table writes counts as Markdown.
func Table(title string, counts []Count) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | malicious | found | rejected | recall | twins | held | rejected | precision |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n", title)
	for _, c := range append(counts, total(counts)) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %d | %d | %d | %s |\n", c.Name, c.Malicious, c.Found, c.Rejected, percent(c.Recall()), c.Twins, c.TwinsHeld, c.TwinsReject, percent(c.Precision()))
	}
	return b.String()
}

func total(counts []Count) Count {
	all := Count{Name: "**all**"}
	for _, c := range counts {
		all.Malicious += c.Malicious
		all.Found += c.Found
		all.Rejected += c.Rejected
		all.Twins += c.Twins
		all.TwinsHeld += c.TwinsHeld
		all.TwinsReject += c.TwinsReject
	}
	return all
}

// percent rounds down, so that 100% means all.
func percent(p float64) string { return fmt.Sprintf("%.1f%%", math.Floor(p*1000)/10) }

func family(s generate.Sample) string   { return s.Family }
func disguise(s generate.Sample) string { return s.Disguise }

// RowTable counts walked rows by kind.
func RowTable(rows []Walked) string {
	var b strings.Builder
	b.WriteString("| rows of versions | rows | right |\n|---|---:|---:|\n")
	for _, kind := range []string{"added", "repeated", "small-steps", "honest"} {
		n, right := 0, 0
		for _, w := range rows {
			if w.Kind == kind {
				n++
				if w.Right {
					right++
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d |\n", kind, n, right)
	}
	return b.String()
}

// Release is a release of the corpus and what was said about it; Before is empty
// for a full scan and names the older file for an upgrade.
type Release struct {
	corpus.Release
	Before  string
	Outcome Outcome
}

// CorpusTable counts what became of real releases.
func CorpusTable(all []Release) string {
	var b strings.Builder
	b.WriteString("| benign | files | held | rejected | not admitted | 95% upper bound |\n|---|---:|---:|---:|---:|---:|\n")
	line := func(name string, of func(Release) bool) {
		n, held, rejected := 0, 0, 0
		for _, r := range all {
			if !of(r) {
				continue
			}
			n++
			switch r.Outcome.Verdict {
			case "hold":
				held++
			case "reject":
				rejected++
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %s |\n", name, n, held, rejected, percent(share(held+rejected, max(n, 1))), percent(Upper(held+rejected, n)))
	}
	full := func(r Release) bool { return r.Before == "" }
	line("full scan, sampled", func(r Release) bool { return full(r) && r.Why == corpus.Sampled })
	line("full scan, hard", func(r Release) bool { return full(r) && r.Why == corpus.Hard })
	line("full scan, PyPI", func(r Release) bool { return full(r) && r.Ecosystem == "pypi" })
	line("full scan, npm", func(r Release) bool { return full(r) && r.Ecosystem == "npm" })
	line("full scan, all", full)
	line("upgrades", func(r Release) bool { return !full(r) })
	return b.String()
}

// HeldTable names every real release that is not admitted, with its findings.
func HeldTable(all []Release) string {
	var b strings.Builder
	b.WriteString("| release | verdict | findings |\n|---|---|---|\n")
	for _, r := range all {
		if r.Outcome.Verdict == "admit" {
			continue
		}
		name := r.File
		if r.Before != "" {
			name = r.Before + " → " + r.File
		}
		var why []string
		for _, f := range gravest(r.Outcome.Findings) {
			if w := cell(fmt.Sprintf("%s (%s) %s:%d", f.Rule, f.Severity, f.Path, f.Line)); !slices.Contains(why, w) && len(why) < 6 {
				why = append(why, w)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(name), r.Outcome.Verdict, strings.Join(why, "<br>"))
	}
	return b.String()
}

// gravest puts findings of the highest severity first.
func gravest(all []Finding) []Finding {
	order := []string{"critical", "high", "medium", "low", "none"}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity))
	})
	return all
}

// cell makes text of a package fit to stand in a table.
func cell(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, s)
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "@", "&#64;", "[", `\[`).Replace(s)
}
