// Package audit runs `gatehouse audit` and osv-scanner
// (https://google.github.io/osv-scanner/usage/offline-mode/) over the same
// lockfiles and the same advisories, and says what each found and what it cost.
// Its test holds gatehouse to at least what osv-scanner reports; package bench
// prints the costs. osv-scanner runs offline, on a database that is written here
// from the very sources that gatehouse reads.
package audit

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ScannerModule is the version that is compared with: a newer one needs a newer
// Go than this module.
const ScannerModule = "github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.2.4"

// ScannerVariable names an osv-scanner that is here already.
const ScannerVariable = "GATEHOUSE_TEST_OSV_SCANNER"

// Scanner gives osv-scanner: the one that ScannerVariable names, else one that
// the go command builds into dir from the module proxy alone. That takes minutes
// once; go keeps what it compiled.
func Scanner(ctx context.Context, dir string) (string, error) {
	if path := os.Getenv(ScannerVariable); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	out, err := exec.CommandContext(ctx, "go", "env", "GOPROXY").Output()
	if err != nil {
		return "", fmt.Errorf("asking go for its proxy: %w", err)
	}
	c := exec.CommandContext(ctx, "go", "install", ScannerModule)
	c.Dir = dir
	proxy := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(string(out)), ",direct"), "|direct")
	c.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY="+proxy)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w\n%s\ninstall osv-scanner by other means and name it in %s", ScannerModule, err, out, ScannerVariable)
	}
	return filepath.Join(dir, "osv-scanner"), nil
}

// Cost is what a program used.
type Cost struct {
	CPU time.Duration // user and system
	RSS int64         // bytes at its peak
}

// starterVariable makes a test binary a small process that starts another.
const starterVariable = "GATEHOUSE_TEST_STARTER"

// Main is for TestMain, before anything else: Run needs it. Linux counts what a
// process used before exec as its own, so a program started by a large test would
// seem as large; it is therefore started by a fresh process, which is small.
func Main() {
	if os.Getenv(starterVariable) == "" {
		return
	}
	c := exec.Command(os.Args[1], os.Args[2:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	err := c.Run()
	if c.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(127)
	}
	u, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		os.Exit(127)
	}
	cost := Cost{CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime(), RSS: int64(u.Maxrss) << 10}
	if err := json.NewEncoder(os.NewFile(3, "cost")).Encode(cost); err != nil {
		os.Exit(127)
	}
	os.Exit(c.ProcessState.ExitCode())
}

// Run runs a program to its end and gives what it printed and used. Its exit code
// is an error only beyond most.
func Run(ctx context.Context, most int, env []string, name string, args ...string) ([]byte, Cost, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, Cost{}, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, Cost{}, err
	}
	defer r.Close()
	c := exec.CommandContext(ctx, self, append([]string{name}, args...)...)
	c.Env = append(append(os.Environ(), env...), starterVariable+"=1")
	c.ExtraFiles = []*os.File{w}
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err = c.Run()
	w.Close()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() >= 0 && exit.ExitCode() <= most {
		err = nil
	}
	if err != nil {
		return nil, Cost{}, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, said.Bytes())
	}
	var cost Cost
	if err := json.NewDecoder(r).Decode(&cost); err != nil {
		return nil, Cost{}, fmt.Errorf("%s: reading its cost: %w", filepath.Base(name), err)
	}
	return out.Bytes(), cost, nil
}

// Sources are the advisories to use: the folders under GATEHOUSE_TEST_ADVISORIES
// when it is set, else the few records of examples/advisories in the repository
// at root.
func Sources(root string) []string {
	if dir := os.Getenv("GATEHOUSE_TEST_ADVISORIES"); dir != "" {
		return []string{dir, filepath.Join(dir, "malicious")}
	}
	return []string{filepath.Join(root, "examples", "advisories")}
}

// Database writes the sources' Python records where osv-scanner looks for them
// when dir is its cache folder: osv-scanner/PyPI/all.zip.
func Database(dir string, sources []string) error {
	folder := filepath.Join(dir, "osv-scanner", "PyPI")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, "all.zip"))
	if err != nil {
		return err
	}
	defer f.Close()
	w := zip.NewWriter(f)
	n := 0
	for _, source := range sources {
		added, err := addRecords(w, filepath.Join(source, "PyPI"))
		if err != nil {
			return fmt.Errorf("reading advisories of %s: %w", source, err)
		}
		n += added
	}
	if n == 0 {
		return fmt.Errorf("no advisories in %v", sources)
	}
	return errors.Join(w.Close(), f.Close())
}

// addRecords copies records from a folder's all.zip, or from its JSON files.
func addRecords(w *zip.Writer, folder string) (n int, err error) {
	z, err := zip.OpenReader(filepath.Join(folder, "all.zip"))
	if err == nil {
		defer z.Close()
		for _, f := range z.File {
			if err := w.Copy(f); err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return n, err
		}
		out, err := w.Create(filepath.Base(name))
		if err != nil {
			return n, err
		}
		if _, err := io.Copy(out, bytes.NewReader(b)); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Found is one advisory about one version, with all of its ids.
type Found struct {
	Package, Version string // the normalised name
	IDs              []string
}

func (f Found) String() string {
	return fmt.Sprintf("%s %s: %s", f.Package, f.Version, strings.Join(f.IDs, " "))
}

// Covers says whether one of two speaks of a bug that the other is about.
func (f Found) Covers(g Found) bool {
	return f.Package == g.Package && f.Version == g.Version &&
		slices.ContainsFunc(f.IDs, func(id string) bool { return slices.Contains(g.IDs, id) })
}

// Missing lists what want has and got has not.
func Missing(want, got []Found) []Found {
	return slices.DeleteFunc(slices.Clone(want), func(w Found) bool { return slices.ContainsFunc(got, w.Covers) })
}

var separators = regexp.MustCompile(`[-_.]+`)

func normal(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// Gatehouse audits a manifest with the binary; data is its data folder, synced.
func Gatehouse(ctx context.Context, binary, data, lock string) ([]Found, Cost, error) {
	out, cost, err := Run(ctx, 1, nil, binary, "audit", "--data", data, "--format", "json", lock)
	if err != nil {
		return nil, cost, err
	}
	var report struct {
		Packages []struct {
			Purl       string
			Advisories []struct {
				ID      string
				Aliases []string
			}
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, cost, fmt.Errorf("reading what gatehouse audit printed: %w", err)
	}
	var found []Found
	for _, p := range report.Packages {
		name, version, _ := strings.Cut(strings.TrimPrefix(p.Purl, "pkg:pypi/"), "@")
		for _, a := range p.Advisories {
			found = append(found, Found{normal(name), version, append(a.Aliases, a.ID)})
		}
	}
	return found, cost, nil
}

// OSVScanner audits a manifest with osv-scanner; cache is a folder that Database
// wrote. The format is taken from the file's name.
func OSVScanner(ctx context.Context, scanner, cache, lock string) ([]Found, Cost, error) {
	env := []string{"OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=" + cache}
	out, cost, err := Run(ctx, 1, env, scanner, "scan", "source", "--offline", "--format", "json", "--lockfile", lock)
	if err != nil {
		return nil, cost, err
	}
	var report struct {
		Results []struct {
			Packages []struct {
				Package         struct{ Name, Version string }
				Vulnerabilities []struct {
					ID      string
					Aliases []string
				}
			}
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, cost, fmt.Errorf("reading what osv-scanner printed: %w", err)
	}
	var found []Found
	for _, r := range report.Results {
		for _, p := range r.Packages {
			for _, v := range p.Vulnerabilities {
				found = append(found, Found{normal(p.Package.Name), p.Package.Version, append(v.Aliases, v.ID)})
			}
		}
	}
	return found, cost, nil
}

// Lockfiles are the ten of bench/testdata, in the repository at root.
func Lockfiles(root string) ([]string, error) {
	var out []string
	for _, name := range []string{"requirements.txt", "uv.lock", "poetry.lock"} {
		found, err := filepath.Glob(filepath.Join(root, "bench", "testdata", "*", name))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	if len(out) != 10 {
		return nil, fmt.Errorf("bench/testdata has %d lockfiles, not ten", len(out))
	}
	slices.Sort(out)
	return out, nil
}
