package server

import (
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TestSubjectSaysOfWhat: a page's heading names the package, whatever the file is
// called.
func TestSubjectSaysOfWhat(t *testing.T) {
	for _, tc := range []struct {
		eco                artifact.Ecosystem
		name, number, file string
		want               string
	}{
		{artifact.PyPI, "django", "2.2", "Django-2.2.tar.gz", "Django-2.2.tar.gz"},
		{artifact.NPM, "@acme/demo", "1.0.0", "demo-1.0.0.tgz", "demo-1.0.0.tgz"},
		{artifact.Golang, "example.invalid/demo", "v1.2.3", "v1.2.3.zip", "example.invalid/demo v1.2.3"},
		{artifact.PyPI, "django", "2.2", "", "django 2.2"},
	} {
		d := verdict.Decision{Version: artifact.Version{Package: artifact.Package{Ecosystem: tc.eco, Name: tc.name}, Number: tc.number}, File: tc.file}
		if got := subject(d); got != tc.want {
			t.Errorf("a decision about %s of %s %s is headed %q, want %q", tc.file, tc.name, tc.number, got, tc.want)
		}
	}
}
