package manifest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

func TestReplaceRequirement(t *testing.T) {
	hash := " --hash=sha256:" + strings.Repeat("ab", 32)
	for _, tc := range []struct{ format, content, pkg, spec, want, why string }{
		{RequirementsTxt, "a\nDjango==2.2.0  # keep\nb\n", "django", "==2.2.28", "a\nDjango==2.2.28  # keep\nb\n", "spelling and comment stay"},
		{RequirementsTxt, "Django == 2.2.0\r\nb\r\n", "django", "==3", "Django ==3\r\nb\r\n", "line ends stay"},
		{RequirementsTxt, "a", "a", ">=1,<2", "a>=1,<2", "none before, no line end"},
		{RequirementsTxt, "a ; python_version<'3.9'", "a", "==1", "a==1 ; python_version<'3.9'", "none before, a marker"},
		{RequirementsTxt, "  A_b[x, y] (>=1,<2) ;os_name=='nt'\n", "a-b", "==1", "  A_b[x, y] ==1 ;os_name=='nt'\n", "extras stay, parentheses go"},
		{RequirementsTxt, "a[x] # c\n", "a", "==1", "a[x]==1 # c\n", "behind the extras"},
		{RequirementsTxt, "a==1", "a", "", "a", "taken away"},
		{RequirementsTxt, "a \\\n  ==1 \\\n  ; os_name=='nt'\nb\n", "a", "==2", "a \\\n  ==2 \\\n  ; os_name=='nt'\nb\n", "continued lines stay"},
		{RequirementsTxt, "a>=1, \\\n  <2\nb\n", "a", "==2", "a==2\nb\n", "a continued specifier becomes one"},
		{RequirementsTxt, "\ufeffa==1\n", "a", "==2", "\ufeffa==2\n", "a byte order mark stays"},
		{RequirementsTxt, "# é\na==1 --config-settings x=y\n", "a", "==2", "# é\na==2 --config-settings x=y\n", "options stay"},
		{RequirementsTxt, "a==1 \\\n   " + hash + " \\\n   " + hash + "\n    # via b\nc\n", "a", "==2", "a==2\n    # via b\nc\n", "hashes go"},
		{RequirementsTxt, "a==1" + hash + " --config-settings='x=y z'" + hash + "  # why\r\nc\r\n", "a", "==2", "a==2 --config-settings='x=y z'  # why\r\nc\r\n", "other options and the comment stay"},
		{PyprojectTOML, "[project]\ndependencies = [\n  \"Alpha[x]>=1,<2; python_version<'3.9'\", # c\n  'beta',\n]\n", "alpha", "==1.5", "[project]\ndependencies = [\n  \"Alpha[x]==1.5; python_version<'3.9'\", # c\n  'beta',\n]\n", "inside a string"},
		{PyprojectTOML, "[project]\ndependencies = [\"a\", 'beta']\n", "beta", ">=2", "[project]\ndependencies = [\"a\", 'beta>=2']\n", "a literal string"},
		{PyprojectTOML, "[project]\r\ndependencies = [\"a>=1; os_name == \\\"nt\\\"\"]\r\n", "a", "==2", "[project]\r\ndependencies = [\"a==2; os_name == \\\"nt\\\"\"]\r\n", "escapes behind it"},
		{PyprojectTOML, "[dependency-groups]\ndev = [\"\"\"a==1\"\"\"]\n", "a", "==2", "[dependency-groups]\ndev = [\"\"\"a==2\"\"\"]\n", "a long string"},
		{PyprojectTOML, "\ufeff[build-system]\nrequires = [\"a==1\"]\n", "a", "==2", "\ufeff[build-system]\nrequires = [\"a==2\"]\n", "a byte order mark stays"},
	} {
		m := parse(t, tc.format, tc.content)
		got, note, err := ReplaceRequirement([]byte(tc.content), requirementNamed(t, m, tc.pkg), tc.spec)
		if err != nil || string(got) != tc.want {
			t.Errorf("%q with %s (%s):\n got %q, %v\nwant %q", tc.content, tc.spec, tc.why, got, err, tc.want)
			continue
		}
		if had := strings.Contains(tc.content, "--hash"); had != (note != "") {
			t.Errorf("%q: note %q", tc.content, note)
		}
		sameButSpec(t, tc.content, m, parse(t, tc.format, string(got)), tc.pkg, tc.spec)
	}
}

func requirementNamed(t *testing.T, m *ecosystem.Manifest, pkg string) ecosystem.Requirement {
	t.Helper()
	for _, r := range m.Requirements {
		if r.Package.Name == pkg {
			return r
		}
	}
	t.Fatalf("%+v has no %s", m, pkg)
	return ecosystem.Requirement{}
}

// sameButSpec compares two manifests: only the specifiers and hashes of pkg may
// differ, and places.
func sameButSpec(t *testing.T, content string, before, after *ecosystem.Manifest, pkg, spec string) {
	t.Helper()
	if len(before.Requirements) != len(after.Requirements) {
		t.Errorf("%q: %d requirements became %d", content, len(before.Requirements), len(after.Requirements))
		return
	}
	for i, b := range before.Requirements {
		a := after.Requirements[i]
		if b.Package.Name == pkg {
			if a.Spec != spec || len(a.Hashes) > 0 {
				t.Errorf("%q: read again, %s has %q and %d hashes, want %q and none", content, pkg, a.Spec, len(a.Hashes), spec)
			}
			b.Spec, b.Written, b.Number, b.Hashes = a.Spec, a.Written, a.Number, a.Hashes
		}
		b.At, a.At = finding.Location{}, finding.Location{}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%q: read again, %+v became %+v", content, b, a)
		}
	}
}

func TestReplaceRefuses(t *testing.T) {
	for _, tc := range []struct{ format, content, edit, spec, want, why string }{
		{PyprojectTOML, "[project]\ndependencies = [\"a\"]\n", "[project]\ndependencies = [\"b\"]\n", "==2", "read the file again", "changed since"},
		{PyprojectTOML, "[project]\ndependencies = [\"\\u0061==1\"]\n", "[project]\ndependencies = [\"\\u0061==1\"]\n", "==2", "by hand", "written with escapes"},
		{RequirementsTxt, "a==1\n", "\na==1\n", "==2", "read the file again", "moved since"},
		{RequirementsTxt, "a==1\n", "a==3\n", "==2", "read the file again", "changed since"},
		{RequirementsTxt, "a==1\n", "a==1\n", "2", "", "no specifier"},
		{RequirementsTxt, "a==1\n", "a==1\n", "==2\nb", "", "a line more"},
		{RequirementsTxt, "a==1\n", "a==1\n", "==2;os_name=='nt'", "", "a marker more"},
	} {
		m := parse(t, tc.format, tc.content)
		got, _, err := ReplaceRequirement([]byte(tc.edit), requirementNamed(t, m, "a"), tc.spec)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %q with %q (%s): %q, %v, want an error that says %q", tc.format, tc.edit, tc.spec, tc.why, got, err, tc.want)
		}
	}
}

func TestAddConstraint(t *testing.T) {
	for _, tc := range []struct{ content, line, want, why string }{
		{"", "b==1", "b==1\n", "an empty file"},
		{"a\n", "b==1", "a\nb==1\n", "behind the last line"},
		{"a", "b==1", "a\nb==1\n", "which lacks its line end"},
		{"a\r\n", " b==1 ", "a\r\nb==1\r\n", "Windows line ends"},
		{"a \\\n", "b==1", "a \\\n\nb==1\n", "a continuation that nothing ends"},
		{"a \\", "b==1", "a \\\n\nb==1\n", "and without a line end"},
		{"a # --hash=x\n", "b ; os_name=='nt'", "a # --hash=x\nb ; os_name=='nt'\n", "a comment demands nothing"},
	} {
		got, err := AddConstraint([]byte(tc.content), tc.line)
		if err != nil || string(got) != tc.want {
			t.Errorf("AddConstraint(%q, %q) = %q, %v, want %q (%s)", tc.content, tc.line, got, err, tc.want, tc.why)
			continue
		}
		m := parse(t, RequirementsTxt, string(got))
		if n := len(m.Requirements); n == 0 || m.Requirements[n-1].Package.Name != "b" {
			t.Errorf("AddConstraint(%q, %q): read again it is %+v", tc.content, tc.line, m.Requirements)
		}
	}
	for _, tc := range []struct{ content, line, why string }{
		{"a\n", "b==1\nc", "two lines"},
		{"a\n", "-e .", "an option"},
		{"a\n", "b @ https://x.invalid/b.whl", "an address"},
		{"a\n", "", "nothing"},
		{"a\n", "b # c", "a comment"},
		{"--require-hashes\n", "b==1", "hashes are demanded"},
		{"a==1 \\\n --hash=sha256:" + strings.Repeat("0", 64) + "\n", "b==1", "hashes are demanded by one"},
		{"\xff\xfea\x00", "b==1", "UTF-16"},
	} {
		if got, err := AddConstraint([]byte(tc.content), tc.line); err == nil {
			t.Errorf("AddConstraint(%q, %q) = %q, want an error (%s)", tc.content, tc.line, got, tc.why)
		}
	}
}
