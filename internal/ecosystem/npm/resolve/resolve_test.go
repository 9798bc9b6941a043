package resolve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/manifest"
)

// registry is an upstream in memory: a version a line, "name 1.0.0 dep@range
// ?optional@range ^peer@range +bundled !deprecated >=18 latest".
type registry struct {
	mu    sync.Mutex
	asked map[string]int
	all   map[string]*ecosystem.Index
	down  string // a package that cannot be asked for
}

func registryOf(t *testing.T, lines string) *registry {
	t.Helper()
	r := &registry{asked: map[string]int{}, all: map[string]*ecosystem.Index{}}
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		words := strings.Fields(line)
		p, number := words[0], words[1]
		x := r.all[p]
		if x == nil {
			x = &ecosystem.Index{Package: artifact.Package{Ecosystem: artifact.NPM, Name: p}, Tags: map[string]string{}}
			r.all[p] = x
		}
		f := ecosystem.IndexFile{Name: p + "-" + number + ".tgz", Number: number, Kind: artifact.Tarball, URL: "https://up.invalid/" + p + "/-/" + p + "-" + number + ".tgz"}
		m := map[string]any{"name": p, "version": number}
		section := func(key, word string) {
			deps, _ := m[key].(map[string]string)
			if deps == nil {
				deps = map[string]string{}
			}
			at := strings.LastIndex(word, "@")
			if i := strings.Index(word, "@npm:"); i >= 0 {
				at = i
			}
			deps[word[:at]] = strings.ReplaceAll(word[at+1:], "_", " ")
			m[key] = deps
		}
		for _, w := range words[2:] {
			switch {
			case w == "!":
				f.Yanked = true
			case w == "bad":
				m["dependencies"] = 7
				f.Record = []byte("{")
			case strings.HasPrefix(w, "tag:"):
				x.Tags[w[4:]] = number
			case strings.HasPrefix(w, "sha512:"):
				f.Digests = []string{w}
			case strings.HasPrefix(w, "node:"):
				m["engines"] = map[string]string{"node": w[5:]}
			case w[0] == '?':
				section("optionalDependencies", w[1:])
			case w[0] == '^':
				section("peerDependencies", w[1:])
			case w[0] == '+':
				m["bundleDependencies"] = []string{w[1:]}
			default:
				section("dependencies", w)
			}
		}
		if f.Record == nil {
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			f.Record = b
		}
		x.Files = append(x.Files, f)
	}
	return r
}

func (r *registry) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[p.Name]++
	if p.Name == r.down {
		return nil, ecosystem.ErrUnreachable
	}
	if x, ok := r.all[p.Name]; ok {
		return x, nil
	}
	return nil, ecosystem.ErrNoPackage
}

func (r *registry) Metadata(context.Context, *ecosystem.Index, ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	return ecosystem.Metadata{}, nil, errors.New("nobody reads metadata here")
}

func parsed(t *testing.T, files ...string) *ecosystem.Manifest {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	m, err := manifest.Parse(fsys, files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Problems {
		if p.Fatal {
			t.Fatal(p.Text)
		}
	}
	return m
}

func numbers(rs []ecosystem.Resolved) string {
	var out []string
	for _, r := range rs {
		out = append(out, strings.Replace(r.Version.String(), " ", "@", 1))
	}
	return strings.Join(out, " ")
}

func TestClosure(t *testing.T) {
	for _, tc := range []struct{ name, registry, json, want, why string }{
		{"newest", "a 1.0.0\na 1.2.0\na 2.0.0", `{"dependencies":{"a":"^1"}}`, "a@1.2.0", "the newest in the range"},
		{"latest", "a 1.0.0\na 1.1.0 tag:latest\na 1.2.0", `{"dependencies":{"a":"^1"}}`, "a@1.1.0", "latest where it is in the range"},
		{"tag", "a 1.0.0\na 2.0.0-b.1 tag:next", `{"dependencies":{"a":"next"}}`, "a@2.0.0-b.1", "a tag by its name"},
		{"star takes a pre-release that is latest", "a 1.0.0-b tag:latest", `{"dependencies":{"a":"*"}}`, "a@1.0.0-b", "as npm does"},
		{"deprecated", "a 1.0.0\na 1.2.0 ! tag:latest", `{"dependencies":{"a":"^1"}}`, "a@1.0.0", "a refused version is passed over"},
		{"only deprecated", "a 1.0.0 !\na 1.2.0 !", `{"dependencies":{"a":"^1"}}`, "a@1.2.0", "unless there is no other"},
		{"nested", "a 1.0.0 c@^1\nb 1.0.0 c@^2\nc 1.0.0\nc 2.0.0", `{"dependencies":{"a":"1","b":"1"}}`, "a@1.0.0 b@1.0.0 c@1.0.0 c@2.0.0", "two versions of a name"},
		{"dedupe", "a 1.0.0 c@1.0.0\nb 1.0.0 c@^1\nc 1.0.0\nc 1.9.0", `{"dependencies":{"a":"1","b":"1"}}`, "a@1.0.0 b@1.0.0 c@1.0.0", "what is there already is taken"},
		{"peer", "a 1.0.0 ^p@^1\np 1.0.0", `{"dependencies":{"a":"1"}}`, "a@1.0.0 p@1.0.0", "peers are installed"},
		{"optional", "a 1.0.0 ?o@1 ?gone@1\no 1.0.0", `{"dependencies":{"a":"1"}}`, "a@1.0.0 o@1.0.0", "an optional one that does not exist is none"},
		{"bundled", "a 1.0.0 b@1 +b\nb 1.0.0", `{"dependencies":{"a":"1"}}`, "a@1.0.0", "a bundled one comes with the tarball"},
		{"alias", "a 1.0.0 old@npm:b@^1\nb 1.0.0\nb 2.0.0", `{"dependencies":{"a":"1","b":"2"}}`, "a@1.0.0 b@1.0.0 b@2.0.0", "an alias is the package it stands for"},
		{"cycle", "a 1.0.0 b@1\nb 1.0.0 a@1", `{"dependencies":{"a":"1"}}`, "a@1.0.0 b@1.0.0", "a cycle ends"},
		{"of itself", "a 2.0.0 b@1\nb 1.0.0 a@1\na 1.0.0 a@0\na 0.5.0", `{"dependencies":{"a":"2"}}`, "a@0.5.0 a@1.0.0 a@2.0.0 b@1.0.0", "an older version of the same package below"},
		{"override", "a 1.0.0 b@1\nb 1.0.0\nb 1.5.0", `{"dependencies":{"a":"1"},"overrides":{"b":"1.0.0"}}`, "a@1.0.0 b@1.0.0", "an override takes the place of a range"},
		{"dev and optional", "d 1.0.0\no 1.0.0", `{"devDependencies":{"d":"1"},"optionalDependencies":{"o":"1","none":"1"}}`, "d@1.0.0 o@1.0.0", "all sections"},
		{"unreadable", "a x\na 1.0.0", `{"dependencies":{"a":"*"}}`, "a@1.0.0", "what is no version is left out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := registryOf(t, tc.registry)
			rs, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{parsed(t, "package.json", tc.json)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := numbers(rs); got != tc.want {
				t.Errorf("got %s, want %s (%s)", got, tc.want, tc.why)
			}
			for _, r := range rs {
				if len(r.Files) != 1 || r.At.Line == 0 || r.Direct != (len(r.Via) == 0) {
					t.Errorf("half a version: %+v", r)
				}
			}
			for p, n := range up.asked {
				if n > 1 {
					t.Errorf("%s was asked for %d times", p, n)
				}
			}
		})
	}
}

func TestEngines(t *testing.T) {
	up := registryOf(t, "a 1.0.0 node:>=12\na 2.0.0 node:>=22")
	m := parsed(t, "package.json", `{"dependencies":{"a":">=1"}}`)
	for node, want := range map[string]string{"": "a@2.0.0", "20.1.0": "a@1.0.0", "22.1.0": "a@2.0.0", "10.0.0": "a@2.0.0"} {
		rs, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{m}, []ecosystem.Target{{Node: node}})
		if err != nil || numbers(rs) != want {
			t.Errorf("node %q: %s, %v; want %s", node, numbers(rs), err, want)
		}
	}
	rs, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{m}, []ecosystem.Target{{Node: "20.1.0"}, {Node: "22.1.0"}})
	if err != nil || numbers(rs) != "a@1.0.0 a@2.0.0" {
		t.Errorf("both: %s, %v", numbers(rs), err)
	}
}

func TestWorkspaces(t *testing.T) {
	up := registryOf(t, "a 1.0.0\na 2.0.0 b@1\nb 1.0.0")
	m := parsed(t, "package.json", `{"workspaces":["w/*"],"dependencies":{"a":"1","one":"1.0.0"}}`,
		"w/one/package.json", `{"name":"one","version":"1.0.0","dependencies":{"a":"2"}}`)
	rs, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{m}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := numbers(rs); got != "a@1.0.0 a@2.0.0 b@1.0.0" {
		t.Error(got)
	}
	if at := rs[1].At; !rs[1].Direct || at.File != "w/one/package.json" || at.Line != 1 {
		t.Errorf("the workspace's line: %+v", rs[1])
	}
	if b := rs[2]; b.Direct || len(b.Via) != 1 || b.Via[0].Name != "a" || b.At != rs[1].At || rs[1].Needs[0] != b.Version {
		t.Errorf("what it needs: %+v", b)
	}
}

func TestNoClosure(t *testing.T) {
	for _, tc := range []struct{ name, registry, json, says, why string }{
		{"no package", "a 1.0.0", `{"dependencies":{"b":"1"}}`, "no package b", "a name that is not there"},
		{"no version", "a 1.0.0", `{"dependencies":{"a":"2"}}`, "newest version is 1.0.0", "a range with nothing in it"},
		{"no tag", "a 1.0.0", `{"dependencies":{"a":"none"}}`, "No version of a", "a tag that is none"},
		{"below", "a 1.0.0 b@9\nb 1.0.0", `{"dependencies":{"a":"1"}}`, "a 1.0.0", "who asks is named"},
		{"optional of one only", "a 1.0.0 ?b@9\nc 1.0.0 b@9\nb 1.0.0", `{"dependencies":{"a":"1","c":"1"}}`, "c 1.0.0", "needed by one, optional for the other"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ResolveAll(t.Context(), registryOf(t, tc.registry), []*ecosystem.Manifest{parsed(t, "package.json", "{\n"+tc.json[1:])}, nil)
			c, ok := errors.AsType[*ecosystem.Conflict](err)
			if !ok || !strings.Contains(c.Report, tc.says) || c.At.Line != 2 {
				t.Errorf("got %+v, want %q (%s)", err, tc.says, tc.why)
			}
		})
	}
	for _, tc := range []struct{ name, registry, why string }{
		{"git", "a 1.0.0 g@git+https://h.invalid/x.git", "git"},
		{"address", "a 1.0.0 g@https://h.invalid/x.tgz", "a tarball"},
		{"bad record", "a 1.0.0 bad", "manifest"},
	} {
		_, err := ResolveAll(t.Context(), registryOf(t, tc.registry), []*ecosystem.Manifest{parsed(t, "package.json", `{"dependencies":{"a":"1"}}`)}, nil)
		if u, ok := errors.AsType[*ecosystem.Unknowable](err); !ok || u.Version.Package.Name != "a" || !strings.Contains(u.Why, tc.why) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
	up := registryOf(t, "a 1.0.0 b@1\nb 1.0.0")
	up.down = "b"
	if _, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{parsed(t, "package.json", `{"dependencies":{"a":"1"}}`)}, nil); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("a silent registry: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ResolveAll(ctx, up, []*ecosystem.Manifest{parsed(t, "package.json", `{"dependencies":{"a":"1"}}`)}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// TestTooMany: a tree without end is cut off.
func TestTooMany(t *testing.T) {
	var lines strings.Builder
	var deps []string
	for i := range 40 {
		for j := range 40 {
			fmt.Fprintf(&lines, "p%d %d.0.0", i, j)
			for k := range 12 {
				fmt.Fprintf(&lines, " p%d@%d.0.0", (i*7+j+k*3)%40, (i+j*5+k*11)%40)
			}
			lines.WriteByte('\n')
		}
		deps = append(deps, fmt.Sprintf("%q:%q", fmt.Sprintf("p%d", i), "1.0.0"))
	}
	_, err := ResolveAll(t.Context(), registryOf(t, lines.String()), []*ecosystem.Manifest{parsed(t, "package.json", `{"dependencies":{`+strings.Join(deps, ",")+`}}`)}, nil)
	if !errors.Is(err, ErrTooHard) {
		t.Errorf("got %v", err)
	}
}

const sha = "sha512:e70837c5f2bfeb7f69c0d6a3b6af3ad67f1a0ab1b1d6d5f6fb6d5f0a3f6d5c8ee70837c5f2bfeb7f69c0d6a3b6af3ad67f1a0ab1b1d6d5f6fb6d5f0a3f6d5c8e"

func TestLock(t *testing.T) {
	up := registryOf(t, "a 1.0.0 "+sha+"\nb 1.0.0 "+sha+"\nc 1.0.0")
	entry := func(p, host, hash string) ecosystem.Requirement {
		return ecosystem.Requirement{
			Package: artifact.Package{Ecosystem: artifact.NPM, Name: p}, Number: "1.0.0", Hashes: []string{hash},
			Files: []ecosystem.LockedFile{{URL: "https://" + host + "/" + p + "/-/" + p + "-1.0.0.tgz"}},
		}
	}
	for _, tc := range []struct {
		format string
		q      ecosystem.Requirement
		want   []string
		why    string
	}{
		{manifest.PackageLock, entry("a", "gate.invalid", sha), nil, "the gate's own host"},
		{manifest.PackageLock, entry("a", publicHost(), sha), nil, "npm goes to the registry that is set"},
		{manifest.PackageLock, entry("a", "other.invalid", sha), []string{RuleLockAddress}, "npm goes there"},
		{manifest.PackageLock, entry("a", "up.invalid", sha), []string{RuleLockAddress}, "and where the gate itself fetches from"},
		{manifest.YarnLock, entry("a", publicHost(), sha), []string{RuleLockAddress}, "yarn goes there"},
		{manifest.PackageLock, entry("b", "gate.invalid", "sha512:00"), []string{RuleLockHash}, "other bytes"},
		{manifest.PackageLock, entry("b", "gate.invalid", "sha1:00"), nil, "an algorithm that the registry does not name is held against the bytes later"},
		{manifest.PackageLock, entry("gone", "gate.invalid", sha), []string{RuleLockFile}, "a package that is not there"},
	} {
		m := &ecosystem.Manifest{Format: tc.format, Locked: true, OwnHost: "gate.invalid", Requirements: []ecosystem.Requirement{tc.q}}
		rs, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{m}, nil)
		if err != nil || len(rs) != 1 {
			t.Fatal(rs, err)
		}
		var got []string
		for _, f := range rs[0].Findings {
			got = append(got, f.Rule)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s with %s: %v, want %v (%s)", tc.format, tc.q.Files[0].URL, got, tc.want, tc.why)
		}
	}
	up.down = "c"
	m := &ecosystem.Manifest{Format: manifest.PackageLock, Locked: true, Requirements: []ecosystem.Requirement{entry("c", "x.invalid", sha)}}
	if _, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{m}, nil); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("a silent registry: %v", err)
	}
}

func TestLockWays(t *testing.T) {
	up := registryOf(t, "a 1.0.0\nb 1.0.0\nc 1.0.0")
	m := parsed(t, "package-lock.json", `{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},
		"node_modules/a":{"version":"1.0.0","dependencies":{"b":"1"}},"node_modules/b":{"version":"1.0.0","dependencies":{"c":"1"}},"node_modules/c":{"version":"1.0.0","dependencies":{"a":"1"}}}}`)
	rs, err := ResolveAll(t.Context(), up, []*ecosystem.Manifest{m}, nil)
	if err != nil || numbers(rs) != "a@1.0.0 b@1.0.0 c@1.0.0" {
		t.Fatal(numbers(rs), err)
	}
	if !rs[0].Direct || rs[2].Direct || len(rs[2].Via) != 2 || rs[2].At != rs[0].At || rs[2].Needs[0].Package.Name != "a" {
		t.Errorf("%+v", rs)
	}
}
