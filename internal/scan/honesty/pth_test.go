package honesty

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/finding"
)

func TestJudgePth(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want finding.Severity
		line int
		why  string
	}{
		{"", finding.Low, 0, "empty"},
		{"# comment\n\nsrc\n", finding.Low, 3, "a folder beside it"},
		{"../elsewhere\n", finding.Medium, 1, "a folder outside"},
		{"/opt/x\n", finding.Medium, 1, "a folder outside"},
		{"import demo\n", finding.Medium, 1, "runs demo at every start"},
		{"import\tdemo\n", finding.Medium, 1, "a tab counts"},
		{"\xef\xbb\xbfimport demo\n", finding.Medium, 1, "site drops the mark"},
		{" import demo\n", finding.Low, 1, "a folder named so: site does not run it"},
		{"imported\n", finding.Low, 1, "a folder named so"},
		{"# import os; x\n", finding.Low, 0, "a comment"},
		{"src\nimport os; os.system('true')\n", finding.High, 2, "a statement behind the import"},
		{"src\rimport os; x\r", finding.High, 2, "old line ends"},
		{"src\fimport os; x", finding.High, 2, "splitlines splits there"},
		{"src\u2028import os; x", finding.High, 2, "and there"},
		{"import base64\n", finding.High, 1, "not what a start needs"},
		{"import demo," + strings.Repeat("a", 200) + "\n", finding.High, 1, "too long to read"},
		{"import sys, types, os;p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('demo',));evil()\n", finding.High, 1, "like setuptools' line, with more behind"},
	} {
		got := judgePth([]byte(tc.in))
		if got.severity != tc.want || got.line != tc.line {
			t.Errorf("judgePth(%q) = %v at line %d, want %v at %d (%s)", tc.in, got.severity, got.line, tc.want, tc.line, tc.why)
		}
	}
}

// TestNamespaceSkeleton holds the skeleton to its purpose: the name goes, all
// else stays.
func TestNamespaceSkeleton(t *testing.T) {
	line := func(name, pkg, tail string) string {
		return "p = f(*('" + strings.Join(strings.Split(name, "."), "', '") + "',));m = g('" + pkg + "')" + tail
	}
	if namespaceSkeleton(line("a", "a", "")) != namespaceSkeleton(line("bcd", "bcd", "")) {
		t.Error("two names give two skeletons")
	}
	for _, other := range []string{line("a", "b", ""), line("a", "a", ";evil()"), line("a", "a.b", "")} {
		if namespaceSkeleton(line("a", "a", "")) == namespaceSkeleton(other) {
			t.Errorf("%q has the skeleton of the honest line", other)
		}
	}
	if namespaceSkeleton("import a") != "" {
		t.Error("a line without the tuple has a skeleton")
	}
}

// FuzzJudgePth: no input makes it fail, and code behind an import is never low.
func FuzzJudgePth(f *testing.F) {
	f.Add("src\n")
	f.Add("import os;os.system('true')")
	f.Add("*('a', 'b',)\r\nimport x")
	f.Fuzz(func(t *testing.T, in string) {
		if got := judgePth([]byte(in + "\nimport a;b\n")); got.severity != finding.High {
			t.Errorf("judgePth(%q and a line that runs) = %+v", in, got)
		}
	})
}
