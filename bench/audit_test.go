// Package bench prints what gatehouse costs, beside its peers where they are
// here: processor time (user and system) and memory of real processes, and
// ratios, since a time on the wall of a shared machine says little. Nothing here
// passes or fails by a figure. Run it with `make bench`.
//
// It measures the binary that GATEHOUSE_TEST_BINARY names, or one built here;
// GATEHOUSE_TEST_ADVISORIES gives the full advisory data, and
// GATEHOUSE_TEST_OSV_SCANNER an osv-scanner to measure beside it.
package bench

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/test/live/audit"
)

const root = ".."

func TestMain(m *testing.M) {
	audit.Main()
	os.Exit(m.Run())
}

// binary is the gatehouse to measure, in full.
func binary(b *testing.B) string {
	b.Helper()
	if name := os.Getenv("GATEHOUSE_TEST_BINARY"); name != "" {
		return name
	}
	name := filepath.Join(b.TempDir(), "gatehouse")
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", name, "./cmd/gatehouse")
	c.Dir, c.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("building gatehouse: %v\n%s", err, out)
	}
	return name
}

// synced gives a data folder with advisories in it.
func synced(b *testing.B, gatehouse string, sources []string) string {
	b.Helper()
	data := b.TempDir()
	if _, _, err := audit.Run(b.Context(), 0, nil, gatehouse, syncArgs(data, sources)...); err != nil {
		b.Fatal(err)
	}
	return data
}

func syncArgs(data string, sources []string) []string {
	args := []string{"advisories", "sync", "--data", data}
	for _, s := range sources {
		args = append(args, "--from", s)
	}
	return args
}

// costs gathers runs of a program and reports their median, which a busy
// neighbour disturbs least.
type costs []audit.Cost

func (c costs) median() audit.Cost {
	cpu, rss := []time.Duration{}, []int64{}
	for _, x := range c {
		cpu, rss = append(cpu, x.CPU), append(rss, x.RSS)
	}
	slices.Sort(cpu)
	slices.Sort(rss)
	return audit.Cost{CPU: cpu[len(cpu)/2], RSS: rss[len(rss)/2]}
}

func (c costs) report(b *testing.B) {
	m := c.median()
	b.ReportMetric(ms(m), "cpu-ms/run")
	b.ReportMetric(float64(m.RSS)/1e6, "rss-MB")
	b.ReportMetric(0, "ns/op") // the wall's time says nothing here
}

func ms(c audit.Cost) float64 { return float64(c.CPU) / float64(time.Millisecond) }

// pin is one package of a lockfile.
type pin struct{ name, version string }

// pins gives 2,000 packages: those of testdata at their old versions, and names
// that nothing is known of.
func pins(b *testing.B) []pin {
	b.Helper()
	locks, err := audit.Lockfiles(root)
	if err != nil {
		b.Fatal(err)
	}
	seen := map[string]bool{}
	var out []pin
	for _, lock := range locks {
		content, err := os.ReadFile(lock)
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			name, rest, ok := strings.Cut(line, "==")
			if name = strings.ToLower(name); ok && !strings.ContainsAny(name, "[# ") && !seen[name] {
				seen[name] = true
				out = append(out, pin{name, strings.Fields(rest)[0]})
			}
		}
	}
	if len(out) < 30 {
		b.Fatalf("testdata has %d pinned packages", len(out))
	}
	for i := len(out); i < 2000; i++ {
		out = append(out, pin{fmt.Sprintf("inert-package-%d", i), fmt.Sprintf("%d.%d.%d", i%5, i%17, i%7)})
	}
	return out
}

// asRequirements writes pins with two hashes each, as pip-compile does.
func asRequirements(pins []pin) string {
	var s strings.Builder
	for _, p := range pins {
		fmt.Fprintf(&s, "%s==%s \\\n    --hash=sha256:%x \\\n    --hash=sha256:%x\n    # via -r requirements.in\n", p.name, p.version, sha256.Sum256([]byte(p.name)), sha256.Sum256([]byte(p.version)))
	}
	return s.String()
}

// asUVLock writes pins with three wheels each, as uv does.
func asUVLock(pins []pin) string {
	var s strings.Builder
	s.WriteString("version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n")
	for _, p := range pins {
		fmt.Fprintf(&s, "\n[[package]]\nname = %q\nversion = %q\nsource = { registry = \"https://index.invalid/simple\" }\nwheels = [\n", p.name, p.version)
		for _, platform := range []string{"manylinux_2_28_x86_64", "macosx_11_0_arm64", "win_amd64"} {
			file := fmt.Sprintf("%s-%s-cp311-cp311-%s.whl", p.name, p.version, platform)
			fmt.Fprintf(&s, "    { url = \"https://files.invalid/%s\", hash = \"sha256:%x\", size = 1000 },\n", file, sha256.Sum256([]byte(file)))
		}
		s.WriteString("]\n")
	}
	return s.String()
}

// BenchmarkAudit2000 audits a lockfile of 2,000 packages. The aim is at most
// 15 ms and 25 MB.
func BenchmarkAudit2000(b *testing.B) {
	gatehouse := binary(b)
	data, cache := synced(b, gatehouse, audited(b)), b.TempDir()
	scanner := os.Getenv(audit.ScannerVariable)
	if scanner == "" {
		b.Logf("osv-scanner is not measured beside: %s names none; to have one: GOBIN=$PWD/bin go install %s", audit.ScannerVariable, audit.ScannerModule)
	} else if err := audit.Database(cache, audit.Sources(root)); err != nil {
		b.Fatal(err)
	}
	for _, lock := range []struct {
		name  string
		write func([]pin) string
	}{{"requirements.txt", asRequirements}, {"uv.lock", asUVLock}} {
		name := filepath.Join(b.TempDir(), lock.name)
		if err := os.WriteFile(name, []byte(lock.write(pins(b))), 0o600); err != nil {
			b.Fatal(err)
		}
		var ours costs
		b.Run(lock.name+"/gatehouse", func(b *testing.B) {
			ours = audits(b, func() ([]audit.Found, audit.Cost, error) {
				return audit.Gatehouse(b.Context(), gatehouse, data, name)
			})
		})
		if scanner == "" || len(ours) == 0 {
			continue
		}
		b.Run(lock.name+"/osv-scanner", func(b *testing.B) {
			theirs := audits(b, func() ([]audit.Found, audit.Cost, error) {
				return audit.OSVScanner(b.Context(), scanner, cache, name)
			}).median()
			b.ReportMetric(ms(theirs)/ms(ours.median()), "x-our-cpu")
			b.ReportMetric(float64(theirs.RSS)/float64(ours.median().RSS), "x-our-rss")
		})
	}
}

// audits repeats an audit and reports what it cost and found.
func audits(b *testing.B, audit func() ([]audit.Found, audit.Cost, error)) costs {
	var runs costs
	found := 0
	for b.Loop() {
		f, cost, err := audit()
		if err != nil {
			b.Fatal(err)
		}
		runs, found = append(runs, cost), len(f)
	}
	runs.report(b)
	b.ReportMetric(float64(found), "advisories")
	return runs
}

// BenchmarkStart runs the command that does least. The binary's aim is at most
// 60 MB.
func BenchmarkStart(b *testing.B) {
	gatehouse := binary(b)
	st, err := os.Stat(gatehouse)
	if err != nil {
		b.Fatal(err)
	}
	var runs costs
	for b.Loop() {
		_, cost, err := audit.Run(b.Context(), 0, nil, gatehouse, "version")
		if err != nil {
			b.Fatal(err)
		}
		runs = append(runs, cost)
	}
	runs.report(b)
	b.ReportMetric(float64(st.Size())/1e6, "binary-MB")
}

// BenchmarkSync takes the advisories in, first into an empty folder and then
// again, when there is nothing new.
func BenchmarkSync(b *testing.B) {
	gatehouse, sources := binary(b), audited(b)
	run := func(b *testing.B, data string) audit.Cost {
		b.Helper()
		_, cost, err := audit.Run(b.Context(), 0, nil, gatehouse, syncArgs(data, sources)...)
		if err != nil {
			b.Fatal(err)
		}
		return cost
	}
	b.Run("first", func(b *testing.B) {
		var runs costs
		for b.Loop() {
			runs = append(runs, run(b, b.TempDir()))
		}
		runs.report(b)
	})
	b.Run("nothing new", func(b *testing.B) {
		data := synced(b, gatehouse, sources)
		var runs costs
		for b.Loop() {
			runs = append(runs, run(b, data))
		}
		runs.report(b)
	})
}
