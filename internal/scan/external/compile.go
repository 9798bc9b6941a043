package external

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// What a scanner can get.
const (
	getsArchive      = "archive"
	getsFolder       = "folder"
	getsSBOM         = "sbom"
	getsRequirements = "requirements"
)

// compile fills in the preset, and refuses settings that contradict each other
// or that this machine has no program, secret or folder for. known are the ecosystems
// of this gate.
func compile(ctx context.Context, c config.Scanner, known map[artifact.Ecosystem]ecosystem.Ecosystem) (*Scanner, error) {
	c, err := withPreset(c)
	if err != nil {
		return nil, err
	}
	c = withDefaults(c)
	if err := check(c, known); err != nil {
		return nil, err
	}
	x := &Scanner{Scanner: c, digest: digestOf(c)}
	if x.program, err = findProgram(c.Command[0]); err != nil {
		return nil, err
	}
	if x.expressions, err = compileJSON(c); err != nil {
		return nil, err
	}
	for name, ref := range c.Secrets {
		if _, err := secretref.Resolve(ctx, ref); err != nil {
			return nil, fmt.Errorf("secrets.%s: %w", name, err)
		}
	}
	for _, f := range c.Folders {
		if st, err := os.Stat(f); !filepath.IsAbs(f) || err != nil || !st.IsDir() {
			return nil, fmt.Errorf("folders: %q is no folder here; write absolute paths", f)
		}
	}
	x.shown = append(installed(x.program), c.Folders...)
	return x, nil
}

func withDefaults(c config.Scanner) config.Scanner {
	if c.Program != "" && len(c.Command) > 0 {
		c.Command = append([]string{c.Program}, c.Command[1:]...)
	}
	if c.Program != "" && len(c.VersionCommand) > 0 {
		c.VersionCommand = append([]string{c.Program}, c.VersionCommand[1:]...)
	}
	if len(c.Command) > 0 {
		c.Command = append(slices.Clip(c.Command), c.Arguments...)
	}
	if len(c.ExitCodes) == 0 {
		c.ExitCodes = []int{0}
	}
	if c.Gets == getsRequirements && len(c.Ecosystems) == 0 {
		c.Ecosystems = []string{string(artifact.PyPI)}
	}
	if c.Limits.Time == 0 {
		c.Limits.Time = config.Duration(5 * time.Minute)
	}
	if c.Limits.Unpacked == 0 {
		c.Limits.Unpacked = 1 << 30
	}
	return c
}

var placeholder = lazy.Regexp(`\{[a-z_]+\}`)

// classes that a scanner may state. The others are the gate's own to know.
var classes = []finding.Class{finding.Vulnerability, finding.Honesty, finding.Malware, finding.Licence, finding.Provenance}

func check(c config.Scanner, known map[artifact.Ecosystem]ecosystem.Ecosystem) error {
	if len(c.Command) == 0 {
		return errors.New("command: say which program to run, or name a preset")
	}
	if err := checkGets(c); err != nil {
		return err
	}
	if !slices.Contains([]string{readsSARIF, readsCycloneDX, readsOSV, readsJSON}, c.Reads) {
		return fmt.Errorf("reads: %q is none of sarif, cyclonedx, osv, json", c.Reads)
	}
	if (c.Reads == readsJSON) != (c.JSON != nil) {
		return errors.New("json: its expressions belong to `reads: json`, and it needs them")
	}
	if !slices.Contains(classes, finding.Class(c.Class)) {
		return fmt.Errorf("class: %q is none of vulnerability, honesty, malware, licence, provenance", c.Class)
	}
	for word, ours := range c.Severity {
		if _, err := finding.ParseSeverity(ours); err != nil {
			return fmt.Errorf("severity.%s: %w", word, err)
		}
	}
	for _, code := range c.ExitCodes {
		if code < 0 || code > 255 {
			return fmt.Errorf("exit_codes: %d is none", code)
		}
	}
	for _, e := range c.Ecosystems {
		if _, ok := known[artifact.Ecosystem(e)]; !ok {
			return fmt.Errorf("ecosystems: %q is not served by this version; it serves %s", e, strings.Join(words(slices.Sorted(maps.Keys(known))), ", "))
		}
		if c.Gets == getsRequirements && e != string(artifact.PyPI) {
			return fmt.Errorf("ecosystems: %q has no requirements of pip's form; let the scanner get an sbom", e)
		}
	}
	return nil
}

func words(es []artifact.Ecosystem) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = string(e)
	}
	return out
}

func checkGets(c config.Scanner) error {
	if !slices.Contains([]string{getsArchive, getsFolder, getsSBOM, getsRequirements}, c.Gets) {
		return fmt.Errorf("gets: %q is none of archive, folder, sbom, requirements", c.Gets)
	}
	if c.Gets == getsArchive || c.Gets == getsFolder {
		why := ""
		switch {
		case len(c.Network) > 0:
			why = "network"
		case len(c.Secrets) > 0:
			why = "secrets"
		}
		if why != "" {
			return fmt.Errorf("gets: a scanner with %s never gets a package's bytes, which could make it give the one away to the other; let it get sbom or requirements, or take its %s away", why, why)
		}
	}
	used := false
	for _, word := range c.Command[1:] {
		for _, p := range placeholder().FindAllString(word, -1) {
			switch p {
			case "{" + c.Gets + "}":
				used = true
			case "{output}", "{empty}":
			default:
				return fmt.Errorf("command: %s stands for nothing here; a scanner that gets %s knows {%s}, {output} and {empty}", p, c.Gets, c.Gets)
			}
		}
	}
	if !used {
		return fmt.Errorf("command: {%s} is missing: the program would not know what to look at", c.Gets)
	}
	for _, word := range c.VersionCommand {
		if placeholder().MatchString(word) {
			return fmt.Errorf("version_command: it is given nothing, so %s stands for nothing", word)
		}
	}
	if len(c.VersionCommand) > 0 && c.VersionCommand[0] != c.Command[0] {
		return fmt.Errorf("version_command: it asks %s, and the command runs %s; write the same program", c.VersionCommand[0], c.Command[0])
	}
	return nil
}

// findProgram gives the absolute path of a program.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("program: %s is not installed here (%w); install it, or say where it is: `program: /path/to/%s`", name, err, filepath.Base(name))
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("program: %q: write an absolute path, or a name to look for on PATH", name)
	}
	return path, nil
}

// system are the folders that every tool sees anyway.
var system = []string{"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/", "/gnu/store/"}

func inSystem(path string) bool {
	return slices.ContainsFunc(system, func(s string) bool { return strings.HasPrefix(path+"/", s) })
}

// installed lists what a program needs to see of this machine beyond system
// software: itself, the Python environment or the node_modules that it is in, and
// the interpreter that the environment was made of.
func installed(program string) []string {
	paths := []string{program}
	if real, err := filepath.EvalSymlinks(program); err == nil && real != program {
		paths = append(paths, real)
	}
	var out []string
	add := func(path string) {
		if !inSystem(path) && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	for _, p := range paths {
		environment := filepath.Dir(filepath.Dir(p))
		home := pythonHome(environment)
		switch i := strings.LastIndex(p, "/node_modules/"); {
		case home != "":
			add(environment)
			add(home)
			if real, err := filepath.EvalSymlinks(filepath.Join(filepath.Dir(p), "python")); err == nil {
				add(filepath.Dir(filepath.Dir(real)))
			}
		case i >= 0:
			add(p[:i+len("/node_modules")])
		default:
			add(p)
		}
	}
	return slices.DeleteFunc(out, func(path string) bool { // a folder shows what is in it
		return slices.ContainsFunc(out, func(above string) bool { return strings.HasPrefix(path, above+"/") })
	})
}

// pythonHome is the installation that a virtual environment was made of; "" when
// dir is none (https://docs.python.org/3/library/venv.html).
func pythonHome(dir string) string {
	f, err := os.Open(filepath.Join(dir, "pyvenv.cfg"))
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if strings.TrimSpace(key) == "home" {
			return filepath.Dir(strings.TrimSpace(value))
		}
	}
	return ""
}

func (s *Scanner) limits() sandbox.ToolLimits {
	l := s.Limits
	return sandbox.ToolLimits{Wall: time.Duration(l.Time), Memory: l.Memory, Output: l.Output, Files: l.Files, Disk: l.Disk, Processes: l.Processes}
}

// askVersion runs the version command, with nothing to look at and no way out.
func (s *Scanner) askVersion(ctx context.Context, scratch string) (string, error) {
	if len(s.VersionCommand) == 0 {
		return "", nil
	}
	r, err := sandbox.RunTool(ctx, sandbox.Tool{
		Command: append([]string{s.program}, s.VersionCommand[1:]...), Env: s.environment(), Folders: s.shown, Scratch: scratch, Limits: s.limits(),
	})
	if err == nil && r.Exit != 0 {
		err = fmt.Errorf("exit code %d: %s", r.Exit, artifact.Untrusted(r.Stderr))
	}
	text := strings.TrimSpace(string(r.Answer))
	if err == nil && (text == "" || len(text) > 4096) {
		err = errors.New("it says none")
	}
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w; if what it needs is installed elsewhere, name that in `folders`", s.program, err)
	}
	return text, nil
}

func (s *Scanner) environment() []string {
	var out []string
	for name, value := range s.Environment {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}
