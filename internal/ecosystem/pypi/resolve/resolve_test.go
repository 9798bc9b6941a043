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

func TestResolve(t *testing.T) {
	windows := ecosystem.Target{Python: "3.11.7", Platform: "win_amd64"}
	for _, tc := range []struct {
		why   string
		index []string
		lines []string
		on    ecosystem.Target
		want  string
	}{
		{
			why:   "the newest of each, and what they need",
			index: []string{"a 1.0", "a 1.10 -> b>=1", "a 1.9", "b 1.0", "b 2.0"},
			lines: []string{"a"}, want: "a 1.10, b 2.0",
		},
		{
			why:   "2.2 and 2.2.0 are one version, spelled as the index spells it",
			index: []string{"a 2.2"},
			lines: []string{"a==2.2.0"}, want: "a 2.2",
		},
		{
			why:   "a specifier excludes the newest",
			index: []string{"a 1.0", "a 2.0"},
			lines: []string{"a<2"}, want: "a 1.0",
		},
		{
			why: "an indirect requirement makes a direct one step back",
			index: []string{
				"a 1.0 -> c<2", "b 2.0 -> c>=2", "b 1.0 -> c>=1", "c 1.0", "c 2.0",
			},
			lines: []string{"a", "b"}, want: "a 1.0, b 1.0, c 1.0",
		},
		{
			why: "a diamond that only old versions close",
			index: []string{
				"a 3.0 -> d==3", "a 2.0 -> d==2", "b 3.0 -> d==2", "b 2.0 -> d==2", "d 2", "d 3",
			},
			lines: []string{"a", "b"}, want: "a 2.0, b 3.0, d 2",
		},
		{
			why: "the one refused again and again is decided first, instead of going down to a version that nobody wants",
			index: slices.Concat(
				[]string{"a 2.0", "a 1.0", "b 1.0"},
				numbered("b 2.%d -> a<2", 10),
			),
			lines: []string{"a", "b"}, want: "a 1.0, b 2.9",
		},
		{
			why:   "an extra adds requirements",
			index: []string{`a 1.0 -> b ; extra == "x" & c ; extra == "y"`, "b 1.0", "c 1.0"},
			lines: []string{"a[x]"}, want: "a 1.0, b 1.0",
		},
		{
			why:   "extras of extras, of the package itself",
			index: []string{`a 1.0 -> a[x,y] ; extra == "all" & b ; extra == "x" & c ; extra == "y"`, "b 1.0", "c 1.0"},
			lines: []string{"a[all]"}, want: "a 1.0, b 1.0, c 1.0",
		},
		{
			why:   "an extra that is not there adds nothing, as installers only warn",
			index: []string{"a 1.0"},
			lines: []string{"a[none]"}, want: "a 1.0",
		},
		{
			why: "a package and its extra are one version",
			index: []string{
				`a 2.0 -> b>=2 ; extra == "x"`, `a 1.0 -> b>=1 ; extra == "x"`, "b 1.0",
			},
			lines: []string{"a", "a[x]"}, want: "a 1.0, b 1.0",
		},
		{
			why:   "names and extras are compared in normal form",
			index: []string{`a-b 1.0 -> C_D ; extra == "Extra_One"`, "c-d 1.0"},
			lines: []string{"A.B[extra.one]"}, want: "a-b 1.0, c-d 1.0",
		},
		{
			why:   "markers are those of the target: Linux",
			index: []string{`a 1.0 -> w ; sys_platform == "win32" & l ; sys_platform == "linux"`, "w 1", "l 1"},
			lines: []string{"a"}, want: "a 1.0, l 1",
		},
		{
			why:   "markers are those of the target: Windows",
			index: []string{`a 1.0 -> w ; sys_platform == "win32" & l ; sys_platform == "linux"`, "w 1", "l 1"},
			lines: []string{"a"}, on: windows, want: "a 1.0, w 1",
		},
		{
			why:   "a manifest's marker",
			index: []string{"a 1.0", "b 1.0"},
			lines: []string{"a", `b ; python_version < "3.9"`}, want: "a 1.0",
		},
		{
			why:   "no pre-release while a release fits",
			index: []string{"a 1.0", "a 2.0rc1", "a 2.0.dev1"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "a pre-release when there is nothing else",
			index: []string{"a 2.0a1", "a 2.0rc1"},
			lines: []string{"a"}, want: "a 2.0rc1",
		},
		{
			why:   "a pre-release when nothing else fits",
			index: []string{"a 1.0", "a 2.0b1"},
			lines: []string{"a>=2.0a1"}, want: "a 2.0b1",
		},
		{
			why:   "a specifier that names a pre-release still prefers a release, as uv does",
			index: []string{"a 1.0", "a 2.0b1"},
			lines: []string{"a>=0.9rc1"}, want: "a 1.0",
		},
		{
			why:   "--pre lets pre-releases compete",
			index: []string{"a 1.0", "a 2.0b1"},
			lines: []string{"--pre", "a"}, want: "a 2.0b1",
		},
		{
			why:   "an indirect requirement may need a pre-release",
			index: []string{"a 1.0 -> b>=2.0b1", "b 1.0", "b 2.0b2"},
			lines: []string{"a"}, want: "a 1.0, b 2.0b2",
		},
		{
			why:   "yanked versions are skipped",
			index: []string{"a 1.0", "a 2.0 yanked"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "a pin takes a yanked version",
			index: []string{"a 1.0", "a 2.0 yanked"},
			lines: []string{"a==2.0"}, want: "a 2.0",
		},
		{
			why:   "=== is a pin too",
			index: []string{"a 1.0", "a 2.0 yanked"},
			lines: []string{"a===2.0"}, want: "a 2.0",
		},
		{
			why:   "a wildcard is no pin",
			index: []string{"a 2.0 yanked", "a 2.0.1"},
			lines: []string{"a==2.0.*"}, want: "a 2.0.1",
		},
		{
			why:   "a constraint that pins takes a yanked version",
			index: []string{"a 1.0", "a 2.0 yanked"},
			lines: []string{"a", "-c a==2.0"}, want: "a 2.0",
		},
		{
			why:   "a requirement that pins elsewhere allows it for all",
			index: []string{"a 1.0", "a 2.0 yanked", "b 1 -> a==2.0"},
			lines: []string{"a", "b"}, want: "a 2.0, b 1",
		},
		{
			why:   "Requires-Python of the file",
			index: []string{"a 1.0", "a 2.0 py=>=3.12", "a 1.5 py=>=3.8,<3.12"},
			lines: []string{"a"}, want: "a 1.5",
		},
		{
			why:   "upper bounds of Requires-Python count",
			index: []string{"a 1.0", "a 2.0 py=<3.11"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "a Requires-Python that is none is ignored, as pip does",
			index: []string{"a 1.0", "a 2.0 py=>=3.6.*.x"},
			lines: []string{"a"}, want: "a 2.0",
		},
		{
			why:   "no wheel for the target and no sdist: another version",
			index: []string{"a 1.0", "a 2.0 wheel=cp311-cp311-win_amd64"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "an sdist that vouches for its dependencies will do",
			index: []string{"a 1.0", "a 2.0 source -> b", "b 1.0"},
			lines: []string{"a"}, want: "a 2.0, b 1.0",
		},
		{
			why:   "--only-binary",
			index: []string{"a 1.0", "a 2.0 source"},
			lines: []string{"--only-binary :all:", "a"}, want: "a 1.0",
		},
		{
			why:   "--only-binary of another package",
			index: []string{"a 1.0", "a 2.0 source"},
			lines: []string{"--only-binary b", "a"}, want: "a 2.0",
		},
		{
			why:   "--no-binary",
			index: []string{"a 1.0 sdist", "a 2.0"},
			lines: []string{"--no-binary a", "a"}, want: "a 1.0",
		},
		{
			why:   "constraints narrow, and pull in nothing",
			index: []string{"a 1.0 -> b", "b 1.0", "b 2.0", "c 1.0"},
			lines: []string{"a", "-c b<2", "-c c==1.0"}, want: "a 1.0, b 1.0",
		},
		{
			why:   "a constraint whose marker does not hold",
			index: []string{"a 1.0", "a 2.0"},
			lines: []string{"a", `-c a<2 ; python_version < "3"`}, want: "a 2.0",
		},
		{
			why:   "hashes restrict what may be chosen",
			index: []string{"a 1.0", "a 2.0"},
			lines: []string{"a --hash " + sha("a-1.0-py3-none-any.whl")}, want: "a 1.0",
		},
		{
			why:   "a hash of another kind is for the fetch to check",
			index: []string{"a 1.0", "a 2.0"},
			lines: []string{"a --hash sha512:00"}, want: "a 2.0",
		},
		{
			why:   "cycles",
			index: []string{"a 1.0 -> b", "b 1.0 -> c", "c 1.0 -> a"},
			lines: []string{"a"}, want: "a 1.0, b 1.0, c 1.0",
		},
		{
			why:   "a version that needs another version of itself cannot be chosen",
			index: []string{"a 2.0 -> a<2", "a 1.0 -> a"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "a local version satisfies a pin without it",
			index: []string{"a 1.0", "a 1.0+cpu"},
			lines: []string{"a==1.0"}, want: "a 1.0+cpu",
		},
		{
			why:   "a version with metadata of another package is left out",
			index: []string{"a 1.0", "a 2.0 named=b"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "a version with a requirement that cannot be read is left out",
			index: []string{"a 1.0", "a 2.0 -> ??"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "an indirect package that does not exist rules its parent out",
			index: []string{"a 1.0", "a 2.0 -> ghost"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "versions that are none are not seen",
			index: []string{"a 1.0", "a 2004d-final-x"},
			lines: []string{"a"}, want: "a 1.0",
		},
		{
			why:   "an epoch beats all",
			index: []string{"a 2024.1", "a 1!1.0"},
			lines: []string{"a"}, want: "a 1!1.0",
		},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if tc.on == (ecosystem.Target{}) {
				tc.on = linux311
			}
			got := answer(resolveLines(t, newMemory(t, tc.index...), tc.on, tc.lines...))
			if got != tc.want {
				t.Errorf("resolving %q with\n%s\ngot  %s\nwant %s", tc.lines, strings.Join(tc.index, "\n"), got, tc.want)
			}
		})
	}
}

func numbered(format string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

func TestWhichFile(t *testing.T) {
	for _, tc := range []struct{ why, line, want string }{
		{"the best tag", "a 1 sdist wheel=py3-none-any wheel=cp311-cp311-manylinux_2_17_x86_64 wheel=cp311-cp311-win_amd64", "a-1-cp311-cp311-manylinux_2_17_x86_64.whl"},
		{"the newer platform of two", "a 1 wheel=cp311-cp311-manylinux_2_17_x86_64 wheel=cp311-cp311-manylinux_2_28_x86_64", "a-1-cp311-cp311-manylinux_2_28_x86_64.whl"},
		{"the higher build of two", "a 1 wheel=9-py3-none-any wheel=10-py3-none-any wheel=py3-none-any", "a-1-10-py3-none-any.whl"},
		{"a platform that is too new", "a 1 sdist wheel=cp311-cp311-manylinux_2_34_x86_64", "a-1.tar.gz"},
		{"abi3 of an older Python", "a 1 wheel=cp38-abi3-manylinux_2_17_x86_64 wheel=cp312-cp312-manylinux_2_17_x86_64", "a-1-cp38-abi3-manylinux_2_17_x86_64.whl"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			rs, err := resolveLines(t, newMemory(t, tc.line), linux311, "a")
			if err != nil || len(rs) != 1 || len(rs[0].Files) != 1 || rs[0].Files[0].Name != tc.want {
				t.Errorf("%s: got %v, %v, want %s", tc.line, rs, err, tc.want)
			}
		})
	}
}

func TestPartlyYanked(t *testing.T) {
	up := newMemory(t, "a 1 sdist")
	up.indexes["a"].Files[0].Yanked = true
	rs, err := resolveLines(t, up, linux311, "a")
	if err != nil || rs[0].Files[0].Name != "a-1.tar.gz" {
		t.Errorf("got %v, %v, want the file that is not yanked", rs, err)
	}
}

func TestTheWayToAPackage(t *testing.T) {
	up := newMemory(t, "a 1 -> b", "b 1 -> c", "c 1 -> d", "d 1", "e 1 -> d")
	rs, err := resolveLines(t, up, linux311, "a", "e")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rs {
		var via []string
		for _, p := range r.Via {
			via = append(via, p.Name)
		}
		got[r.Version.Package.Name] = fmt.Sprint(r.Direct, " ", strings.Join(via, ">"), " ", r.At, " ", r.Needs)
	}
	for name, want := range map[string]string{
		"a": "true  requirements.txt:1 [b 1]",
		"c": "false a>b requirements.txt:1 [d 1]",
		"d": "false e requirements.txt:2 []",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

func TestResolveAllIsTheUnion(t *testing.T) {
	up := newMemory(t,
		`a 2 py=>=3.10 wheel=cp311-cp311-manylinux_2_17_x86_64 wheel=cp311-cp311-win_amd64 -> w ; sys_platform == "win32"`,
		"a 1", "w 1", "b 1",
	)
	rs, err := ResolveAll(context.Background(), up, []*ecosystem.Manifest{manifest(t, "a", "b")}, []ecosystem.Target{
		linux311, {Python: "3.11", Platform: "windows"}, {Python: "3.9", Platform: "linux"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answer(rs, nil), "a 1, a 2, b 1, w 1"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	var files []string
	for _, f := range rs[1].Files {
		files = append(files, f.Name)
	}
	if want := []string{"a-2-cp311-cp311-manylinux_2_17_x86_64.whl", "a-2-cp311-cp311-win_amd64.whl"}; !slices.Equal(files, want) {
		t.Errorf("a 2: got files %v, want %v", files, want)
	}
	if len(rs[1].Needs) != 1 || rs[1].Needs[0].String() != "w 1" {
		t.Errorf("a 2: got needs %v, want what Windows adds", rs[1].Needs)
	}
	for name, n := range up.asked {
		if n != 1 {
			t.Errorf("%s was asked for %d times, want once for all targets", name, n)
		}
	}
}

func TestHashesAreHandedOn(t *testing.T) {
	h := sha("a-1-py3-none-any.whl")
	rs, err := resolveLines(t, newMemory(t, "a 1"), linux311, "a --hash "+h)
	if err != nil || !slices.Equal(rs[0].Hashes, []string{h}) {
		t.Errorf("got %v, %v, want the hash of the manifest", rs, err)
	}
}

func TestUnknowable(t *testing.T) {
	for _, tc := range []struct {
		why   string
		index []string
		lines []string
		want  []string
		line  int
	}{
		{
			"the newest version is an sdist with dynamic dependencies: no other is taken in its place",
			[]string{"a 1.0", "a 2.0 dynamic"}, []string{"b", "a"},
			[]string{"a 2.0", "its setup.py would have to run", "a==1.0"}, 2,
		},
		{
			"the line is that of the direct requirement",
			[]string{"b 1 -> c", "c 1 -> a", "a 2.0 dynamic"}, []string{"b"},
			[]string{"a 2.0", "no version that the other requirements allow has a wheel"}, 1,
		},
		{
			"only what the other requirements allow is proposed",
			[]string{"a 1.0", "a 2.0 dynamic", "b 1 -> a>=2"}, []string{"b"},
			[]string{"a 2.0", "no version that the other requirements allow has a wheel"}, 1,
		},
		{
			"a requirement with a URL is not followed",
			[]string{"a 1 -> x @ https://files.invalid/x.whl"}, []string{"a"},
			[]string{"a 1", "x @ https://files.invalid/x.whl", "not in the index"}, 1,
		},
	} {
		t.Run(tc.why, func(t *testing.T) {
			_, err := resolveLines(t, newMemory(t, append(tc.index, "b 0")...), linux311, tc.lines...)
			no, ok := errors.AsType[*ecosystem.Unknowable](err)
			if !ok {
				t.Fatalf("got %v, want *ecosystem.Unknowable", err)
			}
			for _, w := range tc.want {
				if !strings.Contains(no.Error(), w) {
					t.Errorf("got %q, want it to say %q", no.Error(), w)
				}
			}
			if no.At != (finding.Location{File: "requirements.txt", Line: tc.line}) {
				t.Errorf("got line %s, want %d", no.At, tc.line)
			}
		})
	}
}

func TestURLRequirementOfAnotherPlatformIsNoMatter(t *testing.T) {
	up := newMemory(t, `a 1 -> x @ https://files.invalid/x.whl ; sys_platform == "win32"`)
	if got := answer(resolveLines(t, up, linux311, "a")); got != "a 1" {
		t.Errorf("got %s, want a 1", got)
	}
}

// A fault is never an answer about another version.
func TestFaults(t *testing.T) {
	for _, tc := range []struct{ why, breaks string }{
		{"the index of a direct package", "a"},
		{"the index of an indirect one", "b"},
		{"metadata", "a-2-py3-none-any.whl"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			up := newMemory(t, "a 1", "a 2 -> b", "b 1")
			up.broken[tc.breaks] = fmt.Errorf("dial: %w", ecosystem.ErrUnreachable)
			rs, err := resolveLines(t, up, linux311, "a")
			if !errors.Is(err, ecosystem.ErrUnreachable) || rs != nil {
				t.Errorf("got %v, %v, want ErrUnreachable", rs, err)
			}
		})
	}
}

func TestMetadataThatCannotBeFetchedIsAFault(t *testing.T) {
	up := newMemory(t, "a 1", "a 2")
	up.broken["a-2-py3-none-any.whl"] = errors.New("status 404")
	if rs, err := resolveLines(t, up, linux311, "a"); err == nil {
		t.Errorf("got %v, want an error: nothing is known of a 2", rs)
	}
}

// What is there and is no metadata is left out, as installers do; an sdist without
// metadata would be built.
func TestBadMetadata(t *testing.T) {
	up := newMemory(t, "a 1", "a 2", "b 1", "b 2 source")
	for _, file := range []string{"a-2-py3-none-any.whl", "b-2.tar.gz"} {
		up.broken[file] = fmt.Errorf("line 3: %w", ecosystem.ErrBadMetadata)
	}
	if got := answer(resolveLines(t, up, linux311, "a")); got != "a 1" {
		t.Errorf("wheel: got %s, want a 1", got)
	}
	if _, err := resolveLines(t, up, linux311, "b"); !isUnknowable(err) {
		t.Errorf("sdist: got %v, want *ecosystem.Unknowable", err)
	}
}

func isUnknowable(err error) bool {
	_, ok := errors.AsType[*ecosystem.Unknowable](err)
	return ok
}

func TestUnknownTarget(t *testing.T) {
	for _, target := range []ecosystem.Target{{}, {Python: "3.11"}, {Python: "2.7", Platform: "linux"}, {Python: "3.11", Platform: "amiga"}} {
		if rs, err := resolveLines(t, newMemory(t, "a 1"), target, "a"); err == nil {
			t.Errorf("target %v: got %v, want an error", target, rs)
		}
	}
}

// A chain far longer than real closures resolves, and a longer one ends.
func TestHugeChains(t *testing.T) {
	chain := func(n int) *memory {
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf("p%d 1 -> p%d", i, i+1))
		}
		return newMemory(t, append(lines, fmt.Sprintf("p%d 1", n))...)
	}
	rs, err := resolveLines(t, chain(1500), linux311, "p0")
	if err != nil || len(rs) != 1501 {
		t.Fatalf("got %d versions, %v, want 1501", len(rs), err)
	}
	if _, err := resolveLines(t, chain(maxPackages+10), linux311, "p0"); !errors.Is(err, ErrTooHard) {
		t.Errorf("got %v, want ErrTooHard", err)
	}
}

func TestTooManyVersionsOrRequirements(t *testing.T) {
	many := newMemory(t, "a 0")
	for i := range maxVersions + 1 {
		f := many.indexes["a"].Files[0]
		f.Number = fmt.Sprint(i)
		many.indexes["a"].Files = append(many.indexes["a"].Files, f)
	}
	if _, err := resolveLines(t, many, linux311, "a"); !errors.Is(err, ErrTooHard) {
		t.Errorf("versions: got %v, want ErrTooHard", err)
	}
	long := newMemory(t, "a 1", "b 1")
	meta := long.meta["a-1-py3-none-any.whl"]
	meta.RequiresDist = slices.Repeat([]string{"b"}, maxRequires+1)
	long.meta["a-1-py3-none-any.whl"] = meta
	if _, err := resolveLines(t, long, linux311, "a"); !errors.Is(err, ErrTooHard) {
		t.Errorf("requirements: got %v, want ErrTooHard", err)
	}
}

func TestNoPackageIsToldApart(t *testing.T) {
	_, err := resolveLines(t, newMemory(t), linux311, "ghost")
	if _, ok := errors.AsType[*ecosystem.Conflict](err); !ok || !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("got %v, want a conflict that is ErrNoPackage", err)
	}
}

func TestStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Resolve(ctx, newMemory(t, "a 1"), []*ecosystem.Manifest{manifest(t, "a")}, linux311)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestManifestForAnotherPython(t *testing.T) {
	_, err := resolveLines(t, newMemory(t, "a 1"), linux311, "--requires-python >=3.12", "a")
	if no, ok := errors.AsType[*ecosystem.Conflict](err); !ok || !strings.Contains(no.Report, ">=3.12") {
		t.Errorf("got %v, want a conflict that names >=3.12", err)
	}
}

func TestPackagesAreOfPyPI(t *testing.T) {
	rs, err := resolveLines(t, newMemory(t, "a 1 -> b", "b 1"), linux311, "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if r.Version.Package.Ecosystem != artifact.PyPI {
			t.Errorf("%v: got ecosystem %q", r.Version, r.Version.Package.Ecosystem)
		}
	}
}
