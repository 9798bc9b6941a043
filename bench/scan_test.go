package bench

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gatehouse-project/gatehouse/test/live/audit"
	"github.com/gatehouse-project/gatehouse/test/quality/corpus"
)

const scanMethod = `What a scan costs, beside GuardDog %s. Each row: one package, each program started
for it alone (gatehouse scan --format json FILE; guarddog %s scan FILE), one after the
other in this sitting; CPU is user and system time of the process and of all its
children, the median of %d to %d runs (GuardDog: of up to %d). "again" is what the same
package costs a process that is started already: one command that scans it %d times
more. RSS is the largest process of a scan, which is gatehouse itself or its worker.
Source is what has the suffix of a program's text; MB/s is of source, for one process.
GuardDog runs with its default settings, its sandbox and its offline fallback lists;
its start alone (guarddog --version) is %.0f ms of CPU, gatehouse's (gatehouse version) %.1f ms.`

const (
	littleSource = 1e6 // bytes of source up to which a package counts as small
	aimLittle    = 100 // times less CPU than GuardDog on those
	aimLarge     = 20  // and above
	aimWorker    = 60e6
	mostRuns     = 11 // of a small package
	leastRuns    = 3
	peerRuns     = 3
	againRuns    = 4
)

// BenchmarkScan prints what scans of real packages cost beside GuardDog. It
// fetches the packages once, into the folder that GATEHOUSE_TEST_CORPUS names.
func BenchmarkScan(b *testing.B) {
	gatehouse := binary(b)
	guarddog := tool(b, "guarddog", "make clients", filepath.Join(root, ".clients-scanners", "bin"))
	files := fetched(b)
	said, start, err := audit.Run(b.Context(), 0, nil, guarddog, "--version")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		t := &scanTable{}
		for i, p := range scanned {
			row := scanRow{release: p, file: files[i]}
			row.weigh(b)
			row.ours(b, gatehouse)
			row.theirs(b, guarddog)
			b.Logf("%s %s: %.1f ms, guarddog %.0f ms %s", p.Name, p.Form, ms(row.gate), ms(row.peer), row.refused) // a run takes minutes
			t.rows = append(t.rows, row)
		}
		t.all(b, gatehouse, files)
		var starts costs
		for range mostRuns {
			starts = append(starts, cost(b, 0, gatehouse, "version"))
		}
		fmt.Fprintf(os.Stdout, "\n"+scanMethod+"\nAt its end %s.\n", strings.TrimSpace(string(said)), "pypi|npm", leastRuns, mostRuns, peerRuns, againRuns, ms(start), ms(starts.median()), busy(b))
		t.print(os.Stdout)
	}
	b.ReportMetric(0, "ns/op") // the table has the figures
}

// fetched gives the path of every package, fetched when it is not there.
func fetched(b *testing.B) []string {
	b.Helper()
	cache := os.Getenv("GATEHOUSE_TEST_CORPUS")
	if cache == "" {
		b.Fatal("GATEHOUSE_TEST_CORPUS names no folder to keep packages in; run: make bench-scan")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		b.Fatal(err)
	}
	pip := tool(b, "pip", "make clients", filepath.Join(root, ".clients", "bin"))
	clients := corpus.Clients{Folder: filepath.Dir(pip), NPM: tool(b, "npm", "install Node.js")}
	var files []string
	for _, r := range scanned {
		file, err := clients.Fetch(b.Context(), cache, r)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// cost runs a program and gives what it used.
func cost(b *testing.B, most int, name string, args ...string) audit.Cost {
	b.Helper()
	_, c, err := audit.Run(b.Context(), most, nil, name, args...)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// scanRow is what is known of one package.
type scanRow struct {
	release          corpus.Release
	file             string
	packed           int64 // bytes
	source, unpacked int64
	gate, peer       audit.Cost
	again            time.Duration // CPU of one more scan in a process that did one
	refused          string        // why GuardDog did not look into the package; "" when it did
}

// small says whether the stricter aim holds.
func (r *scanRow) small() bool { return r.source <= littleSource }

func (r *scanRow) aim() float64 {
	if r.small() {
		return aimLittle
	}
	return aimLarge
}

func (r *scanRow) ratio() float64 { return float64(r.peer.CPU) / float64(r.gate.CPU) }

// compared gives the last columns of the table.
func (r *scanRow) compared() string {
	if r.refused != "" {
		return "refused it\t\t\t\t"
	}
	return fmt.Sprintf("%.0f\t%.0f\t%sx\t%.0fx\t%s", ms(r.peer), float64(r.peer.RSS)/1e6, show(r.ratio()), r.aim(), word(r.ratio() >= r.aim()))
}

// ours measures gatehouse. A scan that ends in a fault is no measurement.
func (r *scanRow) ours(b *testing.B, gatehouse string) {
	b.Helper()
	runs := max(leastRuns, min(mostRuns, int(20e6/max(r.unpacked, 1)))) | 1
	var once, more costs
	for range runs {
		once = append(once, cost(b, 2, gatehouse, "scan", "--format", "json", r.file))
	}
	args := append([]string{"scan", "--format", "json"}, slices.Repeat([]string{r.file}, againRuns+1)...)
	for range min(runs, leastRuns) {
		more = append(more, cost(b, 2, gatehouse, args...))
	}
	r.gate = once.median()
	r.again = (more.median().CPU - r.gate.CPU) / againRuns
}

// theirs measures GuardDog, and makes sure that it did look: it takes some honest
// archives for evasive ones.
func (r *scanRow) theirs(b *testing.B, guarddog string) {
	b.Helper()
	var runs costs
	for range peerRuns {
		out, c, err := audit.Run(b.Context(), 0, nil, guarddog, r.release.Ecosystem, "scan", "--output-format", "json", r.file)
		if err == nil {
			err = looked(out)
		}
		if err != nil {
			lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
			r.refused = lines[len(lines)-1]
			return
		}
		runs = append(runs, c)
		if c.CPU > 20*time.Second {
			break
		}
	}
	r.peer = runs.median()
}

// looked wants a report of GuardDog's with results and without errors.
func looked(out []byte) error {
	var said struct {
		Results map[string]any `json:"results"`
		Errors  map[string]any `json:"errors"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return fmt.Errorf("reading its report: %w", err)
	}
	if len(said.Results) == 0 || len(said.Errors) > 0 {
		return fmt.Errorf("it has %d results and errors %v", len(said.Results), said.Errors)
	}
	return nil
}

// suffixes are those of text that a program is made of.
var suffixes = []string{".py", ".pyi", ".pyx", ".pxd", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".sh", ".bash", ".ps1", ".rb", ".php", ".go", ".rs", ".c", ".h", ".cpp"}

// weigh counts the bytes of the package.
func (r *scanRow) weigh(b *testing.B) {
	b.Helper()
	st, err := os.Stat(r.file)
	if err != nil {
		b.Fatal(err)
	}
	r.packed = st.Size()
	add := func(name string, size int64) {
		r.unpacked += size
		if slices.Contains(suffixes, path.Ext(name)) {
			r.source += size
		}
	}
	if r.release.Form == corpus.Wheel {
		err = eachOfZip(r.file, add)
	} else {
		err = eachOfTar(r.file, add)
	}
	if err != nil {
		b.Fatal(err)
	}
}

func eachOfZip(file string, add func(string, int64)) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		add(f.Name, int64(f.UncompressedSize64))
	}
	return nil
}

func eachOfTar(file string, add func(string, int64)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	g, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for t := tar.NewReader(g); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		add(h.Name, h.Size)
	}
}

// scanTable is what BenchmarkScan prints.
type scanTable struct {
	rows     []scanRow
	together audit.Cost // all packages in one command
}

func (t *scanTable) all(b *testing.B, gatehouse string, files []string) {
	b.Helper()
	t.together = cost(b, 2, gatehouse, append([]string{"scan", "--format", "json"}, files...)...)
}

func (t *scanTable) print(w io.Writer) {
	slices.SortFunc(t.rows, func(a, b scanRow) int { return int(a.source - b.source) })
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\npackage\tpacked MB\tunpacked\tsource\tgatehouse ms\tagain ms\tMB/s\tRSS MB\tguarddog ms\tRSS MB\tless CPU\taim\t\t")
	for _, r := range t.rows {
		fmt.Fprintf(tw, "%s %s %s\t%s\t%s\t%s\t%.1f\t%.1f\t%s\t%.0f\t%s\t\n", r.release.Name, r.release.Version, r.release.Form,
			megabytes(r.packed), megabytes(r.unpacked), megabytes(r.source), ms(r.gate), float64(r.again)/float64(time.Millisecond), show(float64(r.source)/1e6/r.gate.CPU.Seconds()), float64(r.gate.RSS)/1e6, r.compared())
	}
	tw.Flush()
	t.sum(w)
}

// sum prints what the rows come to.
func (t *scanTable) sum(w io.Writer) {
	var ours, theirs time.Duration
	var largest int64
	logs := map[bool][]float64{}
	for _, r := range t.rows {
		ours, theirs = ours+r.gate.CPU, theirs+r.peer.CPU
		largest = max(largest, r.gate.RSS)
		if r.refused != "" {
			fmt.Fprintf(w, "\nguarddog refused %s: %s\n", r.release.File, r.refused)
			continue
		}
		logs[r.small()] = append(logs[r.small()], math.Log(r.ratio()))
	}
	fmt.Fprintf(w, "\nall in one command: %.0f ms, started one by one: %.0f ms; guarddog %.0f ms\n", ms(t.together), float64(ours)/1e6, float64(theirs)/1e6)
	fmt.Fprintf(w, "geometric mean of the ratios: %sx over all, %sx up to %s MB of source (aim %dx), %sx above (aim %dx)\n",
		show(geomean(slices.Concat(logs[true], logs[false]))), show(geomean(logs[true])), show(littleSource/1e6), aimLittle, show(geomean(logs[false])), aimLarge)
	fmt.Fprintf(w, "largest RSS: %.0f MB (aim %.0f MB) %s\n\n", float64(largest)/1e6, aimWorker/1e6, word(float64(largest) <= aimWorker))
}

func geomean(logs []float64) float64 {
	sum := 0.0
	for _, l := range logs {
		sum += l
	}
	return math.Exp(sum / float64(max(len(logs), 1)))
}

func megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 2, 64) }

func word(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}
