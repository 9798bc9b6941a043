// Package quality measures how well gatehouse tells malicious packages from honest
// ones: what package generate writes, of which the answer is known, and the real
// releases of package corpus, all of which an honest gate lets through. It runs
// the built program as a person would (`gatehouse scan`) and judges
// what it prints; it never looks inside.
//
// `make quality` runs all of it and writes the tables of docs/quality.md;
// `make quality-corpus` runs the part of the corpus that CI measures. A small
// part of the generated packages is measured in the ordinary tests.
package quality

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/test/quality/generate"
)

// Scanner runs the program that is measured.
type Scanner struct {
	Binary string   // the built gatehouse, in full
	Env    []string // its whole environment
	Dir    string   // the folder that paths are below
}

// Finding is one thing that the program saw.
type Finding struct {
	Rule     string `json:"rule"`
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

// Outcome is what the program says about one file.
type Outcome struct {
	File     string    `json:"file"`
	Verdict  string    `json:"verdict"` // admit, hold or reject
	Findings []Finding `json:"findings"`
}

// rules are the rules of the findings, each once.
func (o Outcome) rules() []string {
	var out []string
	for _, f := range o.Findings {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	slices.Sort(out)
	return out
}

// batch is how many files one run of the program is given.
const batch = 100

// patience is how long one run may take.
const patience = 10 * time.Minute

// Scan gives the outcome of each path below Dir, in their order. A path that the
// program says nothing about is an error: silence is not a clean package.
func (s Scanner) Scan(ctx context.Context, paths []string) ([]Outcome, error) {
	out := make([]Outcome, 0, len(paths))
	for part := range slices.Chunk(paths, batch) {
		got, err := s.run(ctx, part)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// Upgrade gives the outcome of a file whose older version is admitted.
func (s Scanner) Upgrade(ctx context.Context, older, newer string) (Outcome, error) {
	got, err := s.run(ctx, []string{newer}, "--baseline", older)
	if err != nil {
		return Outcome{}, err
	}
	return got[0], nil
}

// run runs the program once and gives an outcome for each path.
func (s Scanner) run(ctx context.Context, paths []string, options ...string) ([]Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(ctx, s.Binary, slices.Concat([]string{"scan", "--format", "json"}, options, paths)...)
	c.Dir, c.Env = s.Dir, s.Env
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	// 1 and 2 are verdicts, 3 is a fault.
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && (exit.ExitCode() == 1 || exit.ExitCode() == 2) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("gatehouse scan %s and %d more: %w\n%s", paths[0], len(paths)-1, err, stderr.Bytes())
	}
	var report struct {
		Files []Outcome `json:"files"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		return nil, fmt.Errorf("reading what gatehouse scan printed: %w", err)
	}
	out := make([]Outcome, len(paths))
	for i, path := range paths {
		at := slices.IndexFunc(report.Files, func(o Outcome) bool { return o.File == filepath.ToSlash(path) })
		if at < 0 {
			return nil, fmt.Errorf("gatehouse scan says nothing about %s", path)
		}
		out[i] = report.Files[at]
		if !slices.Contains([]string{"admit", "hold", "reject"}, out[i].Verdict) {
			return nil, fmt.Errorf("gatehouse scan says %q about %s, which is no verdict", out[i].Verdict, path)
		}
	}
	return out, nil
}

// Judged is a generated sample and what was said about it.
type Judged struct {
	generate.Sample
	Outcome Outcome
	Found   bool // for malicious samples
}

// Generated scans what a manifest lists; the packages are below the scanner's Dir.
func (s Scanner) Generated(ctx context.Context, m generate.Manifest) ([]Judged, error) {
	paths := make([]string, len(m.Samples))
	for i, sample := range m.Samples {
		paths[i] = filepath.FromSlash(sample.File)
	}
	outcomes, err := s.Scan(ctx, paths)
	if err != nil {
		return nil, err
	}
	out := make([]Judged, len(outcomes))
	honest := map[string][]string{} // the rules that fire on the twins of a shape
	for i, sample := range m.Samples {
		out[i] = Judged{Sample: sample, Outcome: outcomes[i]}
		if sample.Label == generate.Benign {
			honest[shapeOf(sample)] = append(honest[shapeOf(sample)], outcomes[i].rules()...)
		}
	}
	for i := range out {
		out[i].Found = found(out[i], honest[shapeOf(out[i].Sample)])
	}
	return out, nil
}

func shapeOf(s generate.Sample) string { return s.Ecosystem + " " + s.Family + " " + s.Shape }

// found says whether a malicious sample was seen: it is not admitted, or, in a
// family that is no reason to hold, a rule names it that no twin of it sets off.
func found(j Judged, honest []string) bool {
	if j.Label != generate.Malicious {
		return false
	}
	if j.Outcome.Verdict != "admit" {
		return true
	}
	return j.Weak && slices.ContainsFunc(j.Outcome.rules(), func(rule string) bool { return !slices.Contains(honest, rule) })
}

// Walked is a row of versions and what became of it.
type Walked struct {
	generate.Scenario
	Right bool
	Why   string // what went wrong
}

// Rows walks rows of versions as a gate does: a version that is admitted is the
// baseline of the next, one that is not leaves the baseline where it was. The last
// version is compared with the first one too, as drift is.
func (s Scanner) Rows(ctx context.Context, m generate.Manifest) ([]Walked, error) {
	var out []Walked
	for _, sc := range m.Scenarios {
		w, err := s.walk(ctx, sc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sc.ID, err)
		}
		out = append(out, w)
	}
	return out, nil
}

func (s Scanner) walk(ctx context.Context, sc generate.Scenario) (Walked, error) {
	w := Walked{Scenario: sc, Right: true}
	baseline, held, admitted := sc.Files[0], false, false
	for i, file := range sc.Files[1:] {
		o, err := s.Upgrade(ctx, filepath.FromSlash(baseline), filepath.FromSlash(file))
		if err != nil {
			return w, err
		}
		switch {
		case o.Verdict == "admit":
			baseline = file
			admitted = admitted || i+1 >= sc.Payload
		case sc.Label == generate.Benign:
			return fail(w, "version %d is held: %s", i+1, strings.Join(o.rules(), ", ")), nil
		default:
			held = true
		}
	}
	if sc.Label == generate.Benign {
		return w, nil
	}
	if admitted && sc.Kind == "small-steps" { // each step passed: drift is the last chance
		o, err := s.Upgrade(ctx, filepath.FromSlash(sc.Files[0]), filepath.FromSlash(sc.Files[len(sc.Files)-1]))
		if err != nil {
			return w, err
		}
		if o.Verdict == "admit" {
			return fail(w, "all steps are admitted, and so is the last version compared with the first"), nil
		}
		return w, nil
	}
	if admitted || !held {
		return fail(w, "a version with the payload is admitted"), nil
	}
	return w, nil
}

func fail(w Walked, format string, args ...any) Walked {
	w.Right, w.Why = false, fmt.Sprintf(format, args...)
	return w
}
