package manifestfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

func reader(fsys fs.FS) *manifestfile.Reader {
	return &manifestfile.Reader{FS: fsys, Manifest: &ecosystem.Manifest{Path: "own"}, MaxFile: 8}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"own": "12345678", "long": "123456789", "sub/in": "x", "empty": ""} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"link": "own", "folder": "sub"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		path, content string
		err           error
		rule, why     string
	}{
		{"own", "12345678", nil, "", "up to the cap"},
		{"empty", "", nil, "", "nothing in it"},
		{"sub/in", "x", nil, "", "in a folder"},
		{"long", "", nil, manifestfile.RuleTooLarge, "a byte beyond the cap"},
		{"link", "", manifestfile.ErrSymlink, "", "a link inside the tree"},
		{"folder/in", "", manifestfile.ErrSymlink, "", "behind a linked folder"},
		{"sub", "", manifestfile.ErrNotRegular, "", "a folder"},
		{"gone", "", fs.ErrNotExist, "", "nothing there"},
		{"../own", "", fs.ErrInvalid, "", "climbs out"},
		{"/own", "", fs.ErrInvalid, "", "absolute"},
	} {
		b, err := reader(os.DirFS(dir)).Read(tc.path)
		bad, _ := errors.AsType[*manifestfile.Unusable](err)
		switch {
		case tc.rule != "" && (bad == nil || bad.Rule != tc.rule):
			t.Errorf("%s: %v, want %s", tc.why, err, tc.rule)
		case tc.rule == "" && !errors.Is(err, tc.err):
			t.Errorf("%s: %v, want %v", tc.why, err, tc.err)
		case string(b) != tc.content:
			t.Errorf("%s: read %q, want %q", tc.why, b, tc.content)
		}
	}
	r := reader(os.DirFS(dir))
	r.Manifest.Path = "link"
	if _, err := r.ReadOwn(); !strings.Contains(errorText(err), "symbolic link; give it the file itself") {
		t.Errorf("the manifest itself as a link: %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestCaps holds that what is read, required and reported is bounded, and that half a
// manifest is never given out.
func TestCaps(t *testing.T) {
	for why, over := range map[string]func(*manifestfile.Reader) error{
		"bytes in all": func(r *manifestfile.Reader) error {
			r.Bytes = manifestfile.MaxTotalBytes - 1
			_, err := r.Read("own")
			return err
		},
		"requirements": func(r *manifestfile.Reader) error {
			r.Manifest.Requirements = make([]ecosystem.Requirement, manifestfile.MaxRequirements)
			return r.Require(ecosystem.Requirement{})
		},
		"problems": func(r *manifestfile.Reader) error {
			r.Manifest.Requirements = make([]ecosystem.Requirement, 1)
			r.Manifest.Problems = make([]ecosystem.Problem, manifestfile.MaxProblems)
			return r.Reportf("rule", manifestfile.Note, finding.Location{}, "one too many")
		},
	} {
		r := reader(fstest.MapFS{"own": {Data: []byte("ab")}})
		m, err := r.Finish(over(r))
		if err != nil {
			t.Errorf("%s: %v", why, err)
			continue
		}
		last := m.Problems[len(m.Problems)-1]
		if last.Rule != manifestfile.RuleTooLarge || !last.Fatal || last.Effect != manifestfile.Hold || m.Requirements != nil {
			t.Errorf("%s: %+v with %d requirements", why, last, len(m.Requirements))
		}
	}
	fault := errors.New("the disk is gone")
	if m, err := reader(nil).Finish(fault); m != nil || !errors.Is(err, fault) {
		t.Errorf("a fault: %v, %v", m, err)
	}
}

// TestAddresses holds that no part of an address that could be a secret is shown.
func TestAddresses(t *testing.T) {
	for _, tc := range []struct{ address, origin, kept, why string }{
		{"https://h.invalid/a/b-1.tgz", "https://h.invalid", "https://h.invalid/a/b-1.tgz", "a plain one"},
		{"HTTPS://H.invalid:8443/x", "https://h.invalid:8443", "https://H.invalid:8443/x", "capitals and a port"},
		{"https://me:canary@h.invalid/x?t=canary#canary", "https://h.invalid", "https://h.invalid/x", "a password, a query, a fragment"},
		{"https://can ary@h.invalid", "an address", "", "does not parse"},
		{"https://h.invalid%2fcanary/", "an address", "", "an escape in the host"},
		{"mailto:canary@h.invalid", "an address", "", "no host"},
		{"me@h.invalid:canary", "an address", "", "the short form of ssh"},
		{"file:///tmp/canary", "a local path", "file:///tmp/canary", "a file"},
		{"../wheels", "a local path", "../wheels", "a path"},
		{"https:///x", "an address", "https:///x", "an empty host"},
	} {
		if got := manifestfile.Origin(tc.address); got != tc.origin {
			t.Errorf("%s: Origin(%q) = %q, want %q", tc.why, tc.address, got, tc.origin)
		}
		if got := manifestfile.WithoutSecrets(tc.address); got != tc.kept {
			t.Errorf("%s: WithoutSecrets(%q) = %q, want %q", tc.why, tc.address, got, tc.kept)
		}
	}
	for in, want := range map[string]string{
		"lodash": `"lodash"`, "@scope/name": `"@scope/name"`, "a\nb": `"a�b"`,
		"https://h.invalid": "(not shown: it holds an address)", "me@h.invalid": "(not shown: it holds an address)", "@a@b": "(not shown: it holds an address)",
	} {
		if got := manifestfile.Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}
