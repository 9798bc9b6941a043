package resolve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

var linux311 = ecosystem.Target{Python: "3.11.7", Platform: "x86_64-manylinux_2_28"}

// memory is an upstream made of lines, one a version:
//
//	NAME VERSION [FLAG...] [-> REQUIREMENT & REQUIREMENT...]
//
// Without a flag the version has one wheel for every platform. Flags: yanked;
// py=SPECIFIERS; wheel=TAGS (may be repeated); sdist, also an sdist; source, only
// an sdist; dynamic, only an sdist whose files do not name its dependencies;
// build=REQUIREMENT (may be repeated), what a build of the sdist needs;
// project, a [project] table vouches instead of PKG-INFO; nobuild, what a build
// needs cannot be read; named=NAME, metadata of another name.
type memory struct {
	mu      sync.Mutex
	indexes map[string]*ecosystem.Index
	meta    map[string]ecosystem.Metadata // by file name
	broken  map[string]error              // by package or file name
	asked   map[string]int
}

func newMemory(t testing.TB, lines ...string) *memory {
	t.Helper()
	m := &memory{
		indexes: map[string]*ecosystem.Index{}, meta: map[string]ecosystem.Metadata{},
		broken: map[string]error{}, asked: map[string]int{},
	}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			m.add(t, line)
		}
	}
	return m
}

func (m *memory) add(t testing.TB, line string) {
	t.Helper()
	head, needs, _ := strings.Cut(line, "->")
	words := strings.Fields(head)
	if len(words) < 2 {
		t.Fatalf("line %q: want a name and a version", line)
	}
	name, number := words[0], words[1]
	meta := ecosystem.Metadata{Name: name, Version: number, MetadataFormat: "2.2"}
	for _, q := range strings.Split(needs, "&") {
		if q = strings.TrimSpace(q); q != "" {
			meta.RequiresDist = append(meta.RequiresDist, q)
		}
	}
	proto := ecosystem.IndexFile{Number: number, Kind: artifact.Wheel}
	src := &ecosystem.Source{Static: "PKG-INFO"}
	var tags []string
	sdist, wheels := false, true
	for _, flag := range words[2:] {
		key, value, _ := strings.Cut(flag, "=")
		switch key {
		case "yanked":
			proto.Yanked = true
		case "py":
			proto.RequiresPython = value
		case "wheel":
			tags = append(tags, value)
		case "sdist":
			sdist = true
		case "source":
			sdist, wheels = true, false
		case "dynamic":
			sdist, wheels = true, false
			src.Static, src.Why = "", "its setup.py would have to run"
		case "build":
			src.Build = append(src.Build, value)
		case "project":
			src.Static, src.RequiresDist, meta.RequiresDist = "pyproject.toml", meta.RequiresDist, []string{"only-the-table-counts"}
		case "nobuild":
			src.NoBuild = "its pyproject.toml cannot be read"
		case "named":
			meta.Name = value
		default:
			t.Fatalf("line %q: flag %q", line, flag)
		}
	}
	if wheels && len(tags) == 0 {
		tags = []string{"py3-none-any"}
	}
	x := m.indexes[name]
	if x == nil {
		x = &ecosystem.Index{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}}
		m.indexes[name] = x
	}
	put := func(file string, kind artifact.Kind) {
		f := proto
		f.Name, f.Kind, f.SHA256 = file, kind, artifact.DigestOf([]byte(file))
		x.Files = append(x.Files, f)
		m.meta[file] = meta
		if kind == artifact.Sdist {
			of := meta
			of.Source = src
			m.meta[file] = of
		}
	}
	under := strings.ReplaceAll(name, "-", "_")
	for _, tag := range tags {
		put(fmt.Sprintf("%s-%s-%s.whl", under, number, tag), artifact.Wheel)
	}
	if sdist {
		put(fmt.Sprintf("%s-%s.tar.gz", under, number), artifact.Sdist)
	}
}

func (m *memory) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[p.Name]++
	if err := m.broken[p.Name]; err != nil {
		return nil, err
	}
	x := m.indexes[p.Name]
	if x == nil {
		return nil, fmt.Errorf("%s: %w", p.Name, ecosystem.ErrNoPackage)
	}
	return x, nil
}

func (m *memory) Metadata(_ context.Context, _ *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[f.Name]++
	if err := m.broken[f.Name]; err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	meta, ok := m.meta[f.Name]
	if !ok {
		return meta, nil, errors.New("no such file")
	}
	return meta, []byte("raw"), nil
}

// manifest reads lines as of a requirements.txt. "-c X" is a constraint, "--pre",
// "--only-binary NAME", "--no-binary NAME", "--require-hashes" are options, and
// " --hash H" ends a requirement that gives a hash.
func manifest(t testing.TB, lines ...string) *ecosystem.Manifest {
	t.Helper()
	m := &ecosystem.Manifest{Path: "requirements.txt", Format: "requirements.txt"}
	for i, line := range lines {
		at := finding.Location{File: m.Path, Line: i + 1}
		option, value, _ := strings.Cut(line, " ")
		switch option {
		case "--pre":
			m.PreReleases = true
		case "--only-binary":
			m.OnlyBinary = append(m.OnlyBinary, value)
		case "--no-binary":
			m.NoBinary = append(m.NoBinary, value)
		case "--require-hashes":
			m.Hashed = true
		case "--requires-python":
			m.RequiresPython = value
		case "-c":
			q := requirementOf(t, value, at)
			q.Constraint = true
			m.Requirements = append(m.Requirements, q)
		default:
			m.Requirements = append(m.Requirements, requirementOf(t, line, at))
		}
	}
	return m
}

func requirementOf(t testing.TB, line string, at finding.Location) ecosystem.Requirement {
	t.Helper()
	words := strings.Split(line, " --hash ")
	q, err := pep508.ParseRequirement(words[0])
	if err != nil {
		t.Fatalf("line %q: %v", line, err)
	}
	out := ecosystem.Requirement{
		Package: artifact.Package{Ecosystem: artifact.PyPI, Name: pep503.Normalize(q.Name)},
		Written: words[0], Spec: q.Specifiers.String(), Hashes: words[1:], At: at,
	}
	for _, e := range q.Extras {
		out.Extras = append(out.Extras, pep503.Normalize(e))
	}
	if !q.Marker.Empty() {
		out.Marker = q.Marker.String()
	}
	return out
}

// answer gives the versions of a closure, "a 1.0, b 2.0", or the error's text.
func answer(rs []ecosystem.Resolved, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, r := range rs {
		out = append(out, r.Version.String())
	}
	return strings.Join(out, ", ")
}

func resolveLines(t testing.TB, up ecosystem.Upstream, target ecosystem.Target, lines ...string) ([]ecosystem.Resolved, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return Resolve(ctx, up, []*ecosystem.Manifest{manifest(t, lines...)}, target)
}

func sha(file string) string { return "sha256:" + string(artifact.DigestOf([]byte(file))) }

// sound says whether a closure is one: everything asked for and needed is there,
// in a version that every requirement allows.
func sound(m *memory, e *environment, wishes []wish, rs []ecosystem.Resolved) error {
	got := map[string]ecosystem.Resolved{}
	for _, r := range rs {
		if _, ok := got[r.Version.Package.Name]; ok {
			return fmt.Errorf("%s is there twice", r.Version.Package.Name)
		}
		if len(r.Files) != 1 {
			return fmt.Errorf("%s has %d files", r.Version, len(r.Files))
		}
		got[r.Version.Package.Name] = r
	}
	extras := map[string]map[string]bool{}
	var check func(who, name string, specs pep440.Specifiers, more []string) error
	visit := func(name, extra string) error {
		if extras[name] == nil {
			extras[name] = map[string]bool{}
		}
		if extras[name][extra] {
			return nil
		}
		extras[name][extra] = true
		for _, text := range m.meta[got[name].Files[0].Name].RequiresDist {
			q, err := pep508.ParseRequirement(text)
			if err != nil || !q.Marker.Eval(e.env, extra) {
				continue
			}
			if err := check(got[name].Version.String(), pep503.Normalize(q.Name), q.Specifiers, q.Extras); err != nil {
				return err
			}
		}
		return nil
	}
	check = func(who, name string, specs pep440.Specifiers, more []string) error {
		r, ok := got[name]
		if !ok {
			return fmt.Errorf("%s needs %s, which is not there", who, name)
		}
		v, err := pep440.Parse(r.Version.Number)
		if err != nil || !specs.Contains(v) {
			return fmt.Errorf("%s needs %s%s, and has %s", who, name, specs, r.Version.Number)
		}
		for _, x := range append([]string{""}, more...) {
			if err := visit(name, pep503.Normalize(x)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, w := range wishes {
		if w.Constraint {
			if r, ok := got[w.Package.Name]; ok {
				if v, err := pep440.Parse(r.Version.Number); err != nil || !w.specs.Contains(v) {
					return fmt.Errorf("%s is against constraint %s", r.Version, w.specs)
				}
			}
			continue
		}
		if err := check("the manifest", w.Package.Name, w.specs, w.Extras); err != nil {
			return err
		}
	}
	for name := range got {
		if extras[name] == nil {
			return fmt.Errorf("%s is there, and nothing needs it", name)
		}
	}
	return nil
}
