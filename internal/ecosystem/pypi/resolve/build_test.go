package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// ways gives a closure with the way to each version: "a 1.0", "b 1.0 <a", and
// with * what is there for a build alone.
func ways(rs []ecosystem.Resolved, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, r := range rs {
		text := r.Version.String()
		if r.Build {
			text += "*"
		}
		for _, p := range r.Via {
			text += " <" + p.Name
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestBuilds(t *testing.T) {
	for _, tc := range []struct {
		why   string
		index []string
		lines []string
		want  string // a part of the error after "error: "
	}{
		{
			why:   "what a build needs, and what that needs",
			index: []string{"a 1.0 source build=hatchling>=1", "hatchling 1.2 -> pathspec", "pathspec 1.0"},
			lines: []string{"a"}, want: "a 1.0, hatchling 1.2* <a, pathspec 1.0* <a <hatchling",
		},
		{
			why:   "where a wheel is taken nothing is built",
			index: []string{"a 1.0 sdist build=evil", "evil 1.0"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "a wheel of another platform does not help",
			index: []string{"a 1.0 sdist wheel=cp311-cp311-win_amd64 build=flit-core", "flit-core 3.9"},
			lines: []string{"a"}, want: "a 1.0, flit-core 3.9* <a",
		},
		{
			why:   "a build does not narrow what runs, nor that the build",
			index: []string{"a 1.0 source build=tool<2 -> tool>=2", "tool 1.0", "tool 2.0"},
			lines: []string{"a"}, want: "a 1.0, tool 1.0* <a, tool 2.0 <a",
		},
		{
			why:   "each build is an environment of its own",
			index: []string{"a 1.0 source build=tool<2", "b 1.0 source build=tool>=2", "tool 1.0", "tool 2.0"},
			lines: []string{"a", "b"}, want: "a 1.0, b 1.0, tool 1.0* <a, tool 2.0* <b",
		},
		{
			why:   "constraints are for what runs",
			index: []string{"a 1.0 source build=tool", "tool 1.0", "tool 2.0"},
			lines: []string{"a", "-c tool<2"}, want: "a 1.0, tool 2.0* <a",
		},
		{
			why:   "what runs and builds counts as running",
			index: []string{"a 1.0 source build=tool", "b 1.0 -> tool", "tool 1.0"},
			lines: []string{"a", "b"}, want: "a 1.0, b 1.0, tool 1.0 <b",
		},
		{
			why:   "what is asked for counts as that",
			index: []string{"a 1.0 source build=tool", "tool 1.0"},
			lines: []string{"tool", "a"}, want: "a 1.0, tool 1.0",
		},
		{
			why:   "the way leads from the manifest's line through the sdist",
			index: []string{"top 1.0 -> a", "a 1.0 source build=tool", "tool 1.0"},
			lines: []string{"top"}, want: "a 1.0 <top, tool 1.0* <top <a, top 1.0",
		},
		{
			why:   "a build's need that is built itself",
			index: []string{"a 1.0 source build=b", "b 1.0 source build=c", "c 1.0"},
			lines: []string{"a"}, want: "a 1.0, b 1.0* <a, c 1.0* <a <b",
		},
		{
			why:   "markers are those of the target",
			index: []string{"a 1.0 source build=w;sys_platform=='win32' build=l;sys_platform=='linux'", "w 1", "l 1"},
			lines: []string{"a"}, want: "a 1.0, l 1* <a",
		},
		{
			why:   "extras of a build's need",
			index: []string{"a 1.0 source build=tool[x]", `tool 1.0 -> more ; extra == "x"`, "more 1.0"},
			lines: []string{"a"}, want: "a 1.0, more 1.0* <a <tool, tool 1.0* <a",
		},
		{
			why:   "what must come from source does so for builds too",
			index: []string{"a 1.0 source build=tool", "tool 1.0 sdist build=own", "own 1.0"},
			lines: []string{"--no-binary tool", "a"}, want: "a 1.0, own 1.0* <a <tool, tool 1.0* <a",
		},
		{
			why:   "the [project] table says what it needs where PKG-INFO does not",
			index: []string{"a 1.0 source project build=own -> b", "b 1.0", "own 1.0"},
			lines: []string{"a"}, want: "a 1.0, b 1.0 <a, own 1.0* <a",
		},
		{
			why:   "a circle of two builds",
			index: []string{"a 1.0 source build=b", "b 1.0 source build=a"},
			lines: []string{"a"}, want: "error: a 1.0: its build needs b 1.0: its build needs a 1.0: to build a-1.0.tar.gz it has to be there already (a 1.0 > b 1.0 > a 1.0)",
		},
		{
			why:   "a build that needs itself",
			index: []string{"a 1.0 source build=a"},
			lines: []string{"a"}, want: "error: to build a-1.0.tar.gz it has to be there already",
		},
		{
			why: "builds that need builds, without end",
			index: func() (out []string) {
				for i := range maxBuildDepth + 1 {
					out = append(out, fmt.Sprintf("p%d 1 source build=p%d", i, i+1))
				}
				return append(out, fmt.Sprintf("p%d 1", maxBuildDepth+1))
			}(),
			lines: []string{"p0"}, want: "error: more than 8 builds need one another",
		},
		{
			why:   "what a build needs is not there",
			index: []string{"a 1.0 source build=nobody"},
			lines: []string{"a"}, want: "error: a 1.0 comes as an sdist only, and its build cannot be provided for. No set of versions",
		},
		{
			why:   "or not together",
			index: []string{"a 1.0 source build=x build=y", "x 1 -> z<2", "y 1 -> z>=2", "z 1", "z 2"},
			lines: []string{"a"}, want: "error: its build cannot be provided for",
		},
		{
			why:   "or in no release",
			index: []string{"a 1.0 source build=tool", "tool 1.0 dynamic"},
			lines: []string{"a"}, want: "error: a 1.0: its build needs tool 1.0: its setup.py would have to run; bring a lock",
		},
		{
			why:   "a place that is not the index",
			index: []string{"a 1.0 source build=tool@https://files.invalid/tool.whl"},
			lines: []string{"a"}, want: "error: which is not in the index",
		},
		{
			why:   "what a build needs cannot be read",
			index: []string{"a 1.0 source nobuild"},
			lines: []string{"a"}, want: "error: nothing says what the build of a-1.0.tar.gz needs: its pyproject.toml cannot be read; take a version with a wheel",
		},
		{
			why:   "a release of the backend that looks elsewhere for requirements",
			index: []string{"a 1.0 source project build=setuptools<60 -> b", "b 1.0", "setuptools 59.8.0"},
			lines: []string{"a"}, want: "error: a-1.0.tar.gz is built with setuptools 59.8.0, which does not read the [project] table",
		},
		{
			why:   "a newer one does not",
			index: []string{"a 1.0 source project build=setuptools -> only-said-in-the-table", "only-said-in-the-table 1", "setuptools 80.0"},
			lines: []string{"a"}, want: "a 1.0, only-said-in-the-table 1 <a, setuptools 80.0* <a",
		},
	} {
		t.Run(tc.why, func(t *testing.T) {
			rs, err := resolveLines(t, newMemory(t, tc.index...), linux311, tc.lines...)
			got := ways(rs, err)
			if part, bad := strings.CutPrefix(tc.want, "error: "); bad {
				if err == nil || !strings.Contains(got, part) {
					t.Fatalf("got  %s\nwant %s", got, tc.want)
				}
				var u *ecosystem.Unknowable
				var c *ecosystem.Conflict
				switch {
				case errors.As(err, &u) && u.At.Line == 1:
				case errors.As(err, &c) && c.At.Line == 1:
				default:
					t.Errorf("error %T %v; want one with the manifest's line", err, err)
				}
				return
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestBuildsAreBelowTheirSdist(t *testing.T) {
	up := newMemory(t, "a 1.0 source build=tool -> b", "b 1.0", "tool 1.0 -> more", "more 1.0")
	rs, err := resolveLines(t, up, linux311, "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		var needs []string
		for _, v := range r.Needs {
			needs = append(needs, v.String())
		}
		want := map[string][]string{"a": {"b 1.0", "tool 1.0"}, "tool": {"more 1.0"}}[r.Version.Package.Name]
		if !slices.Equal(needs, want) {
			t.Errorf("%s needs %q, want %q: what is new is found by these edges", r.Version, needs, want)
		}
		if r.At.Line != 1 || len(r.Files) != 1 {
			t.Errorf("%s: at %v with %d files, want the manifest's line and one file", r.Version, r.At, len(r.Files))
		}
	}
}

func TestBuildsAreReadOnce(t *testing.T) {
	index := []string{"tool 1.0 source build=own", "own 1.0"}
	var lines []string
	for i := range 20 {
		index = append(index, fmt.Sprintf("p%d 1 source build=tool", i))
		lines = append(lines, fmt.Sprintf("p%d", i))
	}
	up := newMemory(t, index...)
	if _, err := resolveLines(t, up, linux311, lines...); err != nil {
		t.Fatal(err)
	}
	for name, n := range up.asked {
		if n != 1 {
			t.Errorf("%s was asked for %d times", name, n)
		}
	}
}

func TestTooManyBuilds(t *testing.T) {
	var index, lines []string
	for i := range maxBuilds + 1 {
		index = append(index, fmt.Sprintf("p%d 1 source", i))
		lines = append(lines, fmt.Sprintf("p%d", i))
	}
	if _, err := resolveLines(t, newMemory(t, index...), linux311, lines...); !errors.Is(err, ErrTooHard) {
		t.Errorf("got %v, want ErrTooHard", err)
	}
}

func TestUpstreamSilentAboutABuild(t *testing.T) {
	up := newMemory(t, "a 1.0 source build=tool", "tool 1.0")
	up.broken["tool"] = ecosystem.ErrUnreachable
	if _, err := resolveLines(t, up, linux311, "a"); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}

// entriesOf is a lock with one entry a line, "NAME VERSION", each direct.
func entriesOf(entries ...string) *ecosystem.Manifest {
	m := &ecosystem.Manifest{Path: "uv.lock", Format: "uv.lock", Locked: true}
	for i, e := range entries {
		name, number, _ := strings.Cut(e, " ")
		m.Requirements = append(m.Requirements, ecosystem.Requirement{
			Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number, Direct: true,
			At: finding.Location{File: m.Path, Line: i + 1},
		})
	}
	return m
}

func TestBuildsOfALock(t *testing.T) {
	for _, tc := range []struct {
		why   string
		index []string
		want  string
		found string // a part of the one finding of a
	}{
		{"what a build needs stands in no lock", []string{"a 1.0 source build=tool", "tool 1.0", "b 1.0"}, "a 1.0, b 1.0, tool 1.0* <a", ""},
		{"what the sdist needs at run time does", []string{"a 1.0 dynamic build=tool", "tool 1.0", "b 1.0"}, "a 1.0, b 1.0, tool 1.0* <a", ""},
		{"what cannot be known is said of the entry", []string{"a 1.0 source nobuild", "b 1.0"}, "a 1.0, b 1.0", "nothing says what the build of"},
		{"so is a build that nobody can provide for", []string{"a 1.0 source build=nobody", "b 1.0"}, "a 1.0, b 1.0", "cannot be provided for"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			rs, err := Resolve(context.Background(), newMemory(t, tc.index...), []*ecosystem.Manifest{entriesOf("a 1.0", "b 1.0")}, linux311)
			if got := ways(rs, err); got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
			fs := rs[0].Findings
			if len(fs) != min(len(tc.found), 1) || tc.found != "" && (fs[0].Rule != RuleLockBuild || fs[0].Class != finding.Fault || !strings.Contains(fs[0].Text, tc.found)) {
				t.Errorf("findings %+v, want %q", fs, tc.found)
			}
		})
	}
}
