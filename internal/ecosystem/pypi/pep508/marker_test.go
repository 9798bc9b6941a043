package pep508

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

var linux = Environment{
	ImplementationName: "cpython", ImplementationVersion: "3.11.7", OSName: "posix", PlatformMachine: "x86_64",
	PlatformPythonImplementation: "CPython", PlatformSystem: "Linux", PythonFullVersion: "3.11.7", PythonVersion: "3.11", SysPlatform: "linux",
}

func TestEval(t *testing.T) {
	for _, tc := range []struct {
		marker, extra string
		want          bool
		why           string
	}{
		{`python_version >= "3.8"`, "", true, "versions, not text: 3.11 is after 3.8"},
		{`python_version < "3.8"`, "", false, "the same"},
		{`"3.8" <= python_version`, "", true, "the text may stand first"},
		{`python_version == "3.11.*"`, "", true, "a prefix"},
		{`python_version ~= "3.9"`, "", true, "compatible release"},
		{`python_full_version > "3.11"`, "", true, "3.11.7 is above 3.11"},
		{`python_full_version === "3.11.7"`, "", true, "arbitrary equality"},
		{`implementation_version != "3.11.7"`, "", false, "a version variable"},
		{`python_version in "3.10 3.11"`, "", true, "in looks for text"},
		{`python_version not in "2.7"`, "", true, "not in as well"},
		{`python_version == "3.10,3.11"`, "", false, "a comma makes no second clause"},
		{`python_version > "x"`, "", false, "no version: text has no order"},
		{`python_version != "x"`, "", true, "but it can differ"},
		{`"x" != python_version`, "", false, "on the left, what is no version satisfies nothing"},
		{`platform_release >= "5"`, "", false, "an empty release is no version"},
		{`sys_platform == "linux"`, "", true, "text"},
		{`sys_platform >= "linux"`, "", true, "or equal"},
		{`sys_platform < "z"`, "", false, "text has no order"},
		{`"inu" in sys_platform`, "", true, "part of a text"},
		{`sys.platform == "linux"`, "", true, "an old spelling"},
		{`python_implementation == "CPython"`, "", true, "another"},
		{`os_name == "nt" or python_version > "3" and sys_platform == "linux"`, "", true, "and binds closer than or"},
		{`(os_name == "nt" or python_version > "3") and sys_platform == "win32"`, "", false, "parentheses first"},
		{`extra == "dev-tools"`, "Dev_Tools", true, "extras are normalised"},
		{`extra == "DEV.tools"`, "dev-tools", true, "on both sides"},
		{`extra == "x"`, "", false, "no extra"},
		{`extra != "x"`, "", true, "the same"},
		{`"x" in extras`, "x", false, "the sets are for lock files"},
	} {
		m, err := ParseMarker(tc.marker)
		if err != nil {
			t.Errorf("%s: %v", tc.marker, err)
			continue
		}
		if got := m.Eval(linux, tc.extra); got != tc.want {
			t.Errorf("%s with extra %q: %v, want %v (%s)", tc.marker, tc.extra, got, tc.want, tc.why)
		}
	}
	var empty Marker
	if !empty.Eval(linux, "") || !empty.EvalLock(linux, nil, nil) || !empty.Empty() || empty.String() != "" {
		t.Error("the empty marker must always hold and print nothing")
	}
}

func TestEvalLock(t *testing.T) {
	for _, tc := range []struct {
		marker         string
		extras, groups []string
		want           bool
		why            string
	}{
		{`"dev" in dependency_groups`, nil, []string{"Dev"}, true, "group names are normalised"},
		{`"dev" in dependency_groups`, nil, nil, false, "not asked for"},
		{`"Web_App" in extras`, []string{"web.app"}, nil, true, "extras too, on both sides"},
		{`"x" not in extras`, []string{"y"}, nil, true, "not in"},
		{`"x" in extras or "y" in dependency_groups`, nil, []string{"y"}, true, "both sets"},
		{`"web" in extras and python_version < "3"`, []string{"web"}, nil, false, "with the environment"},
		{`"we" in extras`, []string{"web"}, nil, false, "a member, not part of one"},
		{`extra == "x"`, []string{"x"}, nil, false, "extra is empty in a lock file"},
	} {
		m, err := ParseMarker(tc.marker)
		if err != nil {
			t.Errorf("%s: %v", tc.marker, err)
			continue
		}
		if got := m.EvalLock(linux, tc.extras, tc.groups); got != tc.want {
			t.Errorf("%s with %v, %v: %v, want %v (%s)", tc.marker, tc.extras, tc.groups, got, tc.want, tc.why)
		}
	}
}

func TestParseMarkerRefuses(t *testing.T) {
	for _, tc := range []struct{ in, reason, why string }{
		{``, "expected a marker variable", "nothing"},
		{`()`, "expected a marker variable", "nothing in parentheses"},
		{`os_name == 'a' "b"`, "expected and, or", "more after it"},
		{`os_name == 'a')`, "expected and, or", "a closing parenthesis alone"},
		{`os_name 'a'`, "expected one of ==", "no operator"},
		{`os_name notin 'a'`, "expected one of ==", "not in is two words"},
		{`os_name not 'a'`, `expected "in"`, "half of them"},
		{`"a" == "a"`, "one side must be a marker variable", "no variable"},
		{`os_name == sys_platform`, "one side must be a quoted text", "installers disagree about two variables"},
		{`os_name == 'a\n'`, "backslash", "escapes mean different things to different installers"},
		{`os_name ~= "posix"`, "~= and === compare versions", "installers cannot evaluate it"},
		{`os_name === "posix"`, "~= and === compare versions", "nor this"},
		{`python_version ~= "3"`, "~= with two release numbers", "nor this"},
		{`extras == "x"`, "a set of names takes only", "sets have members"},
		{`extras in "x"`, "a set of names takes only", "the set stands on the right"},
		{`"x" < dependency_groups`, "a set of names takes only", "and has no order"},
		{`ｏs_name == "posix"`, "no such marker variable", "a letter of another width"},
		{`os_name == "posix" ａnd os_name == "posix"`, "expected and, or", "in a word too"},
	} {
		m, err := ParseMarker(tc.in)
		if err == nil || !strings.Contains(err.Error(), tc.reason) {
			t.Errorf("ParseMarker(%q) = %q, %v; want an error with %q (%s)", tc.in, m, err, tc.reason, tc.why)
		}
	}
}

// TestFor: what uv 0.13.9 answers for each name with --python-platform, read off
// from which of a set of probes it resolves.
func TestFor(t *testing.T) {
	for _, tc := range []struct{ python, platform, full, os, machine, system, sys string }{
		{"3.11", "linux", "3.11.0", "posix", "x86_64", "Linux", "linux"},
		{"3.11.7", "x86_64-manylinux_2_28", "3.11.7", "posix", "x86_64", "Linux", "linux"},
		{"3.11", "aarch64-unknown-linux-gnu", "3.11.0", "posix", "aarch64", "Linux", "linux"},
		{"3.11", "x86_64-unknown-linux-musl", "3.11.0", "posix", "x86_64", "Linux", "linux"},
		{"3.11", "macos", "3.11.0", "posix", "arm64", "Darwin", "darwin"},
		{"3.11", "x86_64-apple-darwin", "3.11.0", "posix", "x86_64", "Darwin", "darwin"},
		{"3.11", "windows", "3.11.0", "nt", "AMD64", "Windows", "win32"},
		{"3.11", "aarch64-pc-windows-msvc", "3.11.0", "nt", "ARM64", "Windows", "win32"},
		{"3.11", "i686-pc-windows-msvc", "3.11.0", "nt", "x86", "Windows", "win32"},
		{"3.15rc1", "linux", "3.15.0rc1", "posix", "x86_64", "Linux", "linux"},
	} {
		got, err := For(ecosystem.Target{Python: tc.python, Platform: tc.platform})
		version := strings.Join(strings.Split(tc.full, ".")[:2], ".")
		want := Environment{
			ImplementationName: "cpython", ImplementationVersion: tc.full, PlatformPythonImplementation: "CPython",
			PythonFullVersion: tc.full, PythonVersion: version,
			OSName: tc.os, PlatformMachine: tc.machine, PlatformSystem: tc.system, SysPlatform: tc.sys,
		}
		if err != nil || got != want {
			t.Errorf("For(%s, %s) = %+v, %v; want %+v", tc.python, tc.platform, got, err, want)
		}
	}
	if env, err := For(ecosystem.Target{Python: "3.11", Platform: "amiga"}); err == nil {
		t.Errorf("For(amiga) = %+v, want an error", env)
	}
}

func FuzzParseMarker(f *testing.F) {
	f.Add(`python_version >= "3.8" and (os_name == 'nt' or "x" in extras)`, "x")
	f.Add(`((sys.platform!="win32")) or platform_release ~= "5.1"`, "")
	f.Fuzz(func(t *testing.T, s, extra string) {
		m, err := ParseMarker(s)
		if err != nil {
			return
		}
		again, err := ParseMarker(m.String())
		if err != nil || again.String() != m.String() {
			t.Fatalf("%q reads as %q, which reads as %q, %v", s, m, again, err)
		}
		if m.Eval(linux, extra) != again.Eval(linux, extra) || m.EvalLock(linux, []string{extra}, nil) != again.EvalLock(linux, []string{extra}, nil) {
			t.Fatalf("%q and its text %q disagree", s, m)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	m, err := ParseMarker(`python_version >= "3.8" and (sys_platform == "win32" or extra == "dev")`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Eval(linux, "dev")
	}
}

func BenchmarkParseRequirement(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRequirement(`requests[socks]>=2.31,<3; python_version >= "3.8" and extra == "http"`); err != nil {
			b.Fatal(err)
		}
	}
}
