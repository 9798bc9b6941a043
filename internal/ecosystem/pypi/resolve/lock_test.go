package resolve

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// entry makes a lock's entry for files by their names; "NAME!" locks other
// bytes than the index has.
func entry(name, number string, files ...string) ecosystem.Requirement {
	q := ecosystem.Requirement{
		Package: artifact.Package{Ecosystem: artifact.PyPI, Name: name}, Number: number,
		At: finding.Location{File: "uv.lock", Line: 7},
	}
	for _, f := range files {
		file, other := strings.CutSuffix(f, "!")
		l := ecosystem.LockedFile{Name: file, SHA256: artifact.DigestOf([]byte(file)), URL: "https://files.invalid/" + file}
		if other {
			l.SHA256 = artifact.DigestOf([]byte("other bytes"))
		}
		q.Files = append(q.Files, l)
	}
	return q
}

func lockOf(entries ...ecosystem.Requirement) *ecosystem.Manifest {
	return &ecosystem.Manifest{Path: "uv.lock", Format: "uv.lock", Locked: true, Requirements: entries}
}

func TestFromLock(t *testing.T) {
	index := []string{
		"a 1.0 sdist wheel=cp311-cp311-manylinux_2_17_x86_64 wheel=cp311-cp311-win_amd64 -> b>=99",
		"a 2.0", "b 2.0 yanked",
	}
	linux := "a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
	for _, tc := range []struct {
		why   string
		entry ecosystem.Requirement
		files string // space-separated
		rule  string
		class finding.Class
	}{
		{why: "the locked wheel of the target; a newer version and the metadata do not matter", entry: entry("a", "1.0", linux, "a-1.0-cp311-cp311-win_amd64.whl"), files: linux},
		{why: "only the sdist is locked", entry: entry("a", "1.0", "a-1.0.tar.gz"), files: "a-1.0.tar.gz"},
		{why: "a yanked version stays what the lock says", entry: entry("b", "2.0", "b-2.0-py3-none-any.whl"), files: "b-2.0-py3-none-any.whl"},
		{why: "no hash: all files are allowed", entry: entry("a", "1"), files: linux},
		{why: "other bytes under the name", entry: entry("a", "1.0", linux+"!"), rule: RuleLockHash, class: finding.Integrity},
		{why: "other bytes under one name, the other is still good", entry: entry("a", "1.0", linux+"!", "a-1.0.tar.gz"), files: "a-1.0.tar.gz", rule: RuleLockHash, class: finding.Integrity},
		{why: "a version that the index does not have", entry: entry("a", "3.0", "a-3.0.tar.gz"), rule: RuleLockFile, class: finding.Fault},
		{why: "a package that the index does not have", entry: entry("c", "3.0", "c-3.0.tar.gz"), rule: RuleLockFile, class: finding.Fault},
		{why: "no file for the target", entry: entry("a", "1.0", "a-1.0-cp311-cp311-win_amd64.whl"), rule: RuleLockFile, class: finding.Fault},
		{why: "a number that is none", entry: entry("a", "../1", "a-1.0.tar.gz"), rule: RuleLockFile, class: finding.Fault},
	} {
		t.Run(tc.why, func(t *testing.T) {
			rs, err := FromLock(context.Background(), newMemory(t, index...), lockOf(tc.entry), linux311)
			if err != nil || len(rs) != 1 {
				t.Fatalf("got %v, %v, want one entry", rs, err)
			}
			var files []string
			for _, f := range rs[0].Files {
				files = append(files, f.Name)
			}
			if got := strings.Join(files, " "); got != tc.files {
				t.Errorf("files: got %q, want %q", got, tc.files)
			}
			if tc.rule == "" && len(rs[0].Findings) > 0 {
				t.Fatalf("got findings %v, want none", rs[0].Findings)
			}
			if tc.rule != "" && (len(rs[0].Findings) == 0 || rs[0].Findings[0].Rule != tc.rule || rs[0].Findings[0].Class != tc.class) {
				t.Errorf("findings: got %v, want %s of class %s first", rs[0].Findings, tc.rule, tc.class)
			}
			if tc.files == "" && !hasFault(rs[0]) {
				t.Errorf("an entry without a file must have a finding that says so, got %v", rs[0].Findings)
			}
		})
	}
}

func hasFault(r ecosystem.Resolved) bool {
	for _, f := range r.Findings {
		if f.Rule == RuleLockFile {
			return true
		}
	}
	return false
}

func TestLockMarkers(t *testing.T) {
	for _, tc := range []struct {
		marker string
		want   bool
		why    string
	}{
		{"", true, "always"},
		{`sys_platform == "linux"`, true, "holds"},
		{`sys_platform == "win32"`, false, "does not hold"},
		{`extra == "dev"`, true, "an extra may be installed"},
		{`"test" in dependency_groups`, true, "a group may be installed"},
		{`"test" in extras and sys_platform == "win32"`, false, "no extra makes Linux Windows"},
		{`what is this`, true, "what cannot be read is looked at"},
	} {
		t.Run(tc.marker, func(t *testing.T) {
			q := entry("a", "1.0", "a-1.0-py3-none-any.whl")
			q.Marker = tc.marker
			rs, err := FromLock(context.Background(), newMemory(t, "a 1.0"), lockOf(q), linux311)
			if err != nil || (len(rs) == 1) != tc.want {
				t.Errorf("marker %q: got %v, %v, want applies=%v (%s)", tc.marker, rs, err, tc.want, tc.why)
			}
		})
	}
}

func TestLockGraph(t *testing.T) {
	direct := entry("a", "1", "a-1-py3-none-any.whl")
	direct.Direct, direct.Needs = true, []artifact.Package{{Ecosystem: artifact.PyPI, Name: "b"}}
	middle := entry("b", "1", "b-1-py3-none-any.whl")
	middle.At.Line, middle.Needs = 9, []artifact.Package{{Ecosystem: artifact.PyPI, Name: "c"}, {Ecosystem: artifact.PyPI, Name: "a"}}
	rs, err := FromLock(context.Background(), newMemory(t, "a 1", "b 1", "c 1"), lockOf(direct, middle, entry("c", "1")), linux311)
	if err != nil || len(rs) != 3 {
		t.Fatalf("got %v, %v", rs, err)
	}
	c := rs[2]
	if len(c.Via) != 2 || c.Via[0].Name != "a" || c.Via[1].Name != "b" || c.At.Line != 7 {
		t.Errorf("c: got via %v at %s, want a, b at the line of a", c.Via, c.At)
	}
	if len(rs[1].Needs) != 2 || rs[1].Needs[1].String() != "c 1" {
		t.Errorf("b: got needs %v, want a 1 and c 1", rs[1].Needs)
	}
}

func TestLockAndOpenManifestTogether(t *testing.T) {
	up := newMemory(t, "a 1", "a 2")
	rs, err := ResolveAll(context.Background(), up,
		[]*ecosystem.Manifest{lockOf(entry("a", "1", "a-1-py3-none-any.whl")), manifest(t, "a")},
		[]ecosystem.Target{linux311, {Python: "3.12", Platform: "windows"}})
	if got := answer(rs, err); got != "a 1, a 2" {
		t.Errorf("got %s, want the locked and the resolved version", got)
	}
}

// A target without a file does not spoil the other's.
func TestLockOfOnePlatformOnTwo(t *testing.T) {
	up := newMemory(t, "a 1 wheel=cp311-cp311-win_amd64")
	m := lockOf(entry("a", "1", "a-1-cp311-cp311-win_amd64.whl"))
	rs, err := ResolveAll(context.Background(), up, []*ecosystem.Manifest{m}, []ecosystem.Target{linux311, {Python: "3.11", Platform: "windows"}})
	if err != nil || len(rs) != 1 || len(rs[0].Files) != 1 || len(rs[0].Findings) != 0 {
		t.Errorf("got %+v, %v, want one file and no finding", rs, err)
	}
}

func TestLockWithUnreachableIndex(t *testing.T) {
	up := newMemory(t, "a 1")
	up.broken["a"] = ecosystem.ErrUnreachable
	rs, err := FromLock(context.Background(), up, lockOf(entry("a", "1")), linux311)
	if !errors.Is(err, ecosystem.ErrUnreachable) || len(rs) != 0 {
		t.Errorf("got %v, %v, want ErrUnreachable", rs, err)
	}
}

// TestAddressesInLocks: where a lock has a file fetched from, against where the
// index has it.
func TestAddressesInLocks(t *testing.T) {
	index := &release{files: []file{{IndexFile: ecosystem.IndexFile{Name: "a-1.whl", URL: "https://files.invalid/x/a-1.whl"}}}}
	for _, tc := range []struct {
		format, source, url string
		bad                 bool
		why                 string
	}{
		{"uv.lock", "https://index.invalid", "https://files.invalid/y/a-1.whl", false, "the index's own file host"},
		{"uv.lock", "https://index.invalid", "https://FILES.invalid/y/a-1.whl", false, "case aside"},
		{"uv.lock", "https://index.invalid", "https://evil.invalid/a-1.whl", true, "only the file's address was changed: uv sync fetches from there"},
		{"uv.lock", "https://other.invalid", "https://other.invalid/a-1.whl", false, "another index altogether: uv sync goes back to the one that is set"},
		{"uv.lock", "http://gate.invalid:8484", "http://gate.invalid:8484/pypi/files/a/a-1.whl", false, "made through the gate"},
		{"pylock.toml", "", "https://files.invalid/a-1.whl", true, "the index's own file host: pip and uv fetch from there, and not from the gate"},
		{"pylock.toml", "https://other.invalid", "https://other.invalid/a-1.whl", true, "pip and uv fetch from there, whatever the lock calls its index"},
		{"pylock.toml", "", "http://gate.invalid:8484/pypi/files/a/a-1.whl", false, "made through the gate"},
		{"poetry.lock", "", "", false, "a lock without addresses"},
	} {
		m := &ecosystem.Manifest{Format: tc.format, OwnHost: "gate.invalid:8484"}
		q := ecosystem.Requirement{Source: tc.source, Files: []ecosystem.LockedFile{{Name: "a-1.whl", URL: tc.url}}}
		if got := elsewhere(m, q, index); (len(got) > 0) != tc.bad {
			t.Errorf("%s from %q with %q: %v, want a finding: %t (%s)", tc.format, tc.source, tc.url, got, tc.bad, tc.why)
		}
	}
}
