package resolve

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// chooser gives a number below n; from a random source or from fuzzed bytes.
type chooser func(n int) int

// randomIndex writes lines for newMemory, and requirement lines.
func randomIndex(choose chooser, names, versions int, flags bool) (index, lines []string) {
	requirement := func() string {
		name := fmt.Sprintf("p%d", choose(names+1)) // one too many: a package that does not exist
		if choose(8) != 0 && strings.HasSuffix(name, fmt.Sprint(names)) {
			name = "p0"
		}
		extra := [...]string{"", "", "", "[x]", "[y]", "[x,y]"}[choose(6)]
		op := [...]string{"", "", ">=", "<", "<=", "==", "!=", "~=", ">"}[choose(9)]
		if op == "" {
			return name + extra
		}
		suffix := [...]string{"0", "0", "1", "0rc1"}[choose(4)]
		return fmt.Sprintf("%s%s%s%d.%s", name, extra, op, 1+choose(versions), suffix)
	}
	for p := range names {
		for v := range 1 + choose(versions) {
			line := fmt.Sprintf("p%d %d.0", p, v+1)
			if choose(6) == 0 {
				line += "rc1"
			}
			if flags {
				line += [...]string{"", "", "", "", " yanked", " source", " py=>=3.12", " wheel=cp311-cp311-win_amd64", " sdist", " named=other"}[choose(10)]
			}
			var needs []string
			for range choose(3) {
				marker := [...]string{"", "", "", ` ; extra == "x"`, ` ; extra == "y"`, ` ; sys_platform == "win32"`}[choose(6)]
				needs = append(needs, requirement()+marker)
			}
			if len(needs) > 0 {
				line += " -> " + strings.Join(needs, " & ")
			}
			index = append(index, line)
		}
	}
	for range 1 + choose(3) {
		line := requirement()
		if choose(6) == 0 {
			line = "-c " + strings.NewReplacer("[x]", "", "[y]", "", "[x,y]", "").Replace(line)
		}
		lines = append(lines, line)
	}
	return index, lines
}

// whole tries every choice of versions; it says whether one is a closure.
func whole(t *testing.T, m *memory, e *environment, wishes []wish) bool {
	t.Helper()
	var names []string
	for name := range m.indexes {
		names = append(names, name)
	}
	var try func(i int, chosen []ecosystem.Resolved) bool
	try = func(i int, chosen []ecosystem.Resolved) bool {
		if i == len(names) {
			return sound(m, e, wishes, chosen) == nil
		}
		if try(i+1, chosen) {
			return true
		}
		for _, f := range m.indexes[names[i]].Files {
			r := ecosystem.Resolved{
				Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: names[i]}, Number: f.Number},
				Files:   []ecosystem.IndexFile{f},
			}
			if try(i+1, append(chosen[:len(chosen):len(chosen)], r)) {
				return true
			}
		}
		return false
	}
	return try(0, nil)
}

func TestResolveAgreesWithTryingEverything(t *testing.T) {
	solved, refused := 0, 0
	for seed := range uint64(500) {
		index, lines := randomIndex(rand.New(rand.NewPCG(seed, 3)).IntN, 4, 3, false)
		up := newMemory(t, index...)
		e, wishes := parsed(t, lines)
		rs, err := resolveLines(t, up, linux311, lines...)
		if err != nil {
			if _, ok := errors.AsType[*ecosystem.Conflict](err); !ok {
				t.Fatalf("seed %d: %v", seed, err)
			}
			refused++
			if whole(t, up, e, wishes) {
				t.Fatalf("seed %d: resolving %q with\n%s\nthere is a closure, and the answer is\n%v", seed, lines, strings.Join(index, "\n"), err)
			}
			continue
		}
		solved++
		if err := sound(up, e, wishes, rs); err != nil {
			t.Fatalf("seed %d: resolving %q with\n%s\ngot %s: %v", seed, lines, strings.Join(index, "\n"), answer(rs, nil), err)
		}
	}
	if solved < 100 || refused < 100 {
		t.Errorf("%d solved and %d refused: the indexes no longer test both", solved, refused)
	}
}

func parsed(t testing.TB, lines []string) (*environment, []wish) {
	t.Helper()
	m := manifest(t, lines...)
	e, err := newEnvironment(linux311, rulesOf([]*ecosystem.Manifest{m}))
	if err != nil {
		t.Fatal(err)
	}
	wishes, err := e.wishes([]*ecosystem.Manifest{m})
	if err != nil {
		t.Fatal(err)
	}
	return e, wishes
}

// FuzzResolve builds an index from the input: whatever it is, the answer is a
// sound closure or one of the documented errors, and the same every time.
func FuzzResolve(f *testing.F) {
	f.Add([]byte("a few bytes are enough to choose from"))
	f.Add([]byte{9, 1, 8, 2, 7, 3, 6, 4, 5, 5, 0, 200, 100, 50, 25, 12, 6, 3, 1})
	f.Add([]byte(strings.Repeat("\x01\x03\x02", 60)))
	f.Fuzz(func(t *testing.T, b []byte) {
		at := 0
		choose := func(n int) int {
			if len(b) == 0 {
				return 0
			}
			at++
			return (int(b[at%len(b)]) + at/len(b)) % n
		}
		index, lines := randomIndex(choose, 2+choose(7), 6, true)
		up := newMemory(t, index...)
		rs, err := resolveLines(t, up, linux311, lines...)
		again, err2 := resolveLines(t, up, linux311, lines...)
		if answer(rs, err) != answer(again, err2) {
			t.Fatalf("resolving %q with\n%s\ngot %s, then %s", lines, strings.Join(index, "\n"), answer(rs, err), answer(again, err2))
		}
		if err != nil {
			no, ok := errors.AsType[*ecosystem.Conflict](err)
			if !ok {
				t.Fatalf("resolving %q with\n%s\ngot %v, want a closure or a conflict", lines, strings.Join(index, "\n"), err)
			}
			if n := strings.Count(no.Report, "\n"); n > maxReportLines || n < 2 {
				t.Fatalf("resolving %q with\n%s\nthe report has %d lines:\n%s", lines, strings.Join(index, "\n"), n+1, no.Report)
			}
			return
		}
		e, wishes := parsed(t, lines)
		if err := sound(up, e, wishes, rs); err != nil {
			t.Fatalf("resolving %q with\n%s\ngot %s: %v", lines, strings.Join(index, "\n"), answer(rs, nil), err)
		}
	})
}
