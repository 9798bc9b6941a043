package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	scanadvisory "github.com/gatehouse-project/gatehouse/internal/scan/advisory"
	"github.com/gatehouse-project/gatehouse/internal/scan/all"
	"github.com/gatehouse-project/gatehouse/internal/scan/honesty"
	"github.com/gatehouse-project/gatehouse/internal/scan/licence"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
	"github.com/gatehouse-project/gatehouse/internal/scan/origin"
	scanprovenance "github.com/gatehouse-project/gatehouse/internal/scan/provenance"
	"github.com/gatehouse-project/gatehouse/internal/scan/status"
	"github.com/gatehouse-project/gatehouse/internal/scan/typosquat"
)

// version is set when a release is built; see the Makefile.
var version = buildVersion()

func buildVersion() string {
	if i, ok := debug.ReadBuildInfo(); ok && i.Main.Version != "" && i.Main.Version != "(devel)" {
		return i.Main.Version
	}
	return "dev"
}

// commands lists the subcommands, in the order of --help.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.demoCommand(), a.auditCommand(), a.admitCommand(), a.adoptCommand(), a.resolveCommand(), a.serveCommand(),
		a.clientCommand(), a.runCommand(), a.hookCommand(), a.advisoriesCommand(),
		a.explainCommand(), a.scanCommand(), a.diffCommand(), a.requestsCommand(), a.jobsCommand(), a.reportCommand(), a.askCommand(), a.approveCommand(), a.waiveCommand(), a.revokeCommand(),
		a.policyCommand(), a.rulesCommand(), a.scannersCommand(), a.packageCommand(), a.moduleZipCommand(), a.publishModuleCommand(), a.tokenCommand(), a.versionCommand(),
		a.doctorCommand(), a.configCommand(), a.backupCommand(), a.restoreCommand(), a.gcCommand(), a.scrubCommand(),
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { _, err := fmt.Fprintln(a.out, "gatehouse", version); return err },
	}
}

// checks lists the version checks. They are asked at every decision.
func checks(s *snapshots, cfg config.Config, rules *malware.Rules) ([]scan.VersionCheck, error) {
	own, err := packageGroups(cfg)
	if err != nil {
		return nil, err
	}
	var ours []string // upstreams that are the company's own
	for _, u := range cfg.Outside() {
		if u.Origin == "internal" {
			ours = append(ours, u.Name)
		}
	}
	from, err := origin.New(own, ours)
	if err != nil {
		return nil, err
	}
	return []scan.VersionCheck{
		scanadvisory.New(s.Current), status.New(), from, typosquat.New(), licence.New(), honesty.Versions{}, scanprovenance.New(), malware.NewCheck(rules),
	}, nil
}

func inspector(blobs *disk.Store, cfg config.Config) *scan.Inspector {
	l := sandbox.Limits{
		Wall: time.Duration(cfg.Limits.ScanTime), CPU: time.Duration(cfg.Limits.ScanTime), Memory: cfg.Limits.ScanMemory,
		Require: cfg.Sandbox.Require,
	}
	return scan.NewInspector(blobFiles(blobs), all.FileScanners(), workers(), l)
}

// blobFiles opens blobs as the files that they are on this machine.
func blobFiles(blobs *disk.Store) func(context.Context, artifact.Digest) (*os.File, error) {
	return func(ctx context.Context, d artifact.Digest) (*os.File, error) {
		r, _, err := blobs.Open(ctx, d)
		if err != nil {
			return nil, err
		}
		f, ok := r.(*os.File)
		if !ok {
			return nil, fmt.Errorf("blob %s is no file of this machine", d.Short())
		}
		return f, nil
	}
}

// logger writes structured lines to standard error: warnings and worse for
// commands; `serve` says more.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

var pythonProgram = lazy.Regexp(`^python3(\.\d+)?$`)

// newestPython is the newest CPython among the programs on PATH, by their own
// word: python3 --version, asked in an empty folder without any configuration.
// "" when there is none.
func newestPython(ctx context.Context) string {
	best := ""
	var bestVersion pep440.Version
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !pythonProgram().MatchString(e.Name()) {
				continue
			}
			number := askPython(ctx, filepath.Join(dir, e.Name()))
			v, err := pep440.Parse(number)
			if err == nil && !v.Pre() && (best == "" || pep440.Compare(v, bestVersion) > 0) {
				best, bestVersion = number, v
			}
		}
	}
	return best
}

func askPython(ctx context.Context, program string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-I", "--version")
	c.Dir = os.TempDir()
	out, err := c.Output()
	if err != nil {
		return ""
	}
	number, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "Python ")
	if !ok {
		return ""
	}
	return number
}
