package gate_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// remedied has a package bad with holes in 1.0 to 1.2, fixed in 1.3.
func remedied(t *testing.T, more ...string) *world {
	w := newWorld(t, "bad 0.9", "bad 1.0", "bad 1.1", "bad 1.2", "bad 1.3", "bad 1.4", "bad 2.0")
	w.vuln("PYSEC-1", "bad 1.0, 1.1, 1.2", finding.High, "1.3")
	w.releases(more...)
	return w
}

func TestRemedies(t *testing.T) {
	for _, tc := range []struct {
		name  string
		more  []string // releases
		with  func(*world)
		files []string // path, content...
		roots int      // how many of files are roots; the others are included
		want  []string // "version: New@File:Line", "version: unproved TEXT" or "version: none"
		fixed map[string]string
		why   string
	}{
		{name: "direct pin", files: []string{"requirements.txt", "# x\nBad==1.0  # keep\n"}, want: []string{"bad 1.0: Bad==1.3@requirements.txt:2"},
			fixed: map[string]string{"requirements.txt": "# x\nBad==1.3  # keep\n"}, why: "the next higher admissible version, all else byte for byte"},
		{name: "a young fix is none", with: func(w *world) {
			w.up.edit("bad", "bad-1.3-py3-none-any.whl", func(f *ecosystem.IndexFile) { f.Uploaded = today })
		}, files: []string{"requirements.txt", "bad==1.0\n"}, want: []string{"bad 1.0: bad==1.4@requirements.txt:1"}, why: "a remedy must itself be admissible"},
		{name: "a refused fix is none", with: func(w *world) { w.malware("MAL-1", "bad 1.3") },
			files: []string{"requirements.txt", "bad==1.0\n"}, want: []string{"bad 1.0: bad==1.4@requirements.txt:1"}, why: "as above"},
		{name: "only older ones", with: func(w *world) { w.malware("MAL-1", "bad 1.3, 1.4, 2.0") },
			files: []string{"requirements.txt", "bad==1.0\n"}, want: []string{"bad 1.0: bad==0.9@requirements.txt:1"}, why: "below, when there is nothing above"},
		{name: "nothing possible", with: func(w *world) { w.malware("MAL-1", "bad 0.9, 1.3, 1.4, 2.0") },
			files: []string{"requirements.txt", "bad==1.0\n"}, want: []string{"bad 1.0: none"}, fixed: map[string]string{}, why: "there is none"},
		{name: "range", files: []string{"requirements.txt", "bad>=1.0,<1.3\n"}, want: []string{"bad 1.2: bad~=1.3@requirements.txt:1"},
			fixed: map[string]string{"requirements.txt": "bad~=1.3\n"}, why: "a range stays one, and close"},
		{name: "transitive", more: []string{"app 1.0 -> bad==1.0", "app 1.1 -> bad==1.1", "app 1.2 -> bad>=1.3", "app 2.0 -> bad>=2"},
			files: []string{"requirements.txt", "app==1.0\n"}, want: []string{"bad 1.0: app==1.2@requirements.txt:1"}, fixed: map[string]string{"requirements.txt": "app==1.2\n"},
			why: "the direct line is bumped to the first version that pulls in a good one"},
		{name: "transitive under a range", more: []string{"app 0.1", "app 1.0 -> bad==1.0", "app 2.0 -> bad==1.3"},
			files: []string{"requirements.txt", "app>=1.0,<2\n"}, want: []string{"bad 1.0: app~=2.0@requirements.txt:1"}, why: "from the version that is there now, not from the oldest"},
		{name: "a good one between bad ones", more: []string{"app 1.0 -> bad==1.0", "app 1.1 -> bad==1.0", "app 1.2 -> bad==1.0", "app 1.3 -> bad==1.3", "app 1.4 -> bad==1.0", "app 1.5 -> bad==1.0"},
			files: []string{"requirements.txt", "app==1.0\n"}, want: []string{"bad 1.0: app==1.3@requirements.txt:1"}, why: "found although the steps of the search go over it"},
		{name: "transitive to a young one is none", more: []string{"app 1.0 -> bad==1.0", "app 1.1 -> bad==1.3", "app 1.2 -> bad==1.4"}, with: func(w *world) {
			w.up.edit("bad", "bad-1.3-py3-none-any.whl", func(f *ecosystem.IndexFile) { f.Uploaded = today })
		}, files: []string{"requirements.txt", "app==1.0\n"}, want: []string{"bad 1.0: app==1.2@requirements.txt:1"}, why: "what the remedy pulls in must be admissible too"},
		{name: "two lines", more: []string{"other 1.0", "other 1.1"}, with: func(w *world) { w.vuln("PYSEC-2", "other 1.0", finding.High, "1.1") },
			files: []string{"requirements.txt", "bad==1.0\nother==1.0\n"}, want: []string{"bad 1.0: bad==1.3@requirements.txt:1", "other 1.0: other==1.1@requirements.txt:2"},
			fixed: map[string]string{"requirements.txt": "bad==1.3\nother==1.1\n"}, why: "all changes together"},
		{name: "one of two has none", more: []string{"other 1.0"}, with: func(w *world) { w.malware("MAL-2", "other 1.0") },
			files: []string{"requirements.txt", "bad==1.0\nother==1.0\n"}, want: []string{"bad 1.0: bad==1.3@requirements.txt:1", "other 1.0: none"},
			fixed: map[string]string{"requirements.txt": "bad==1.3\nother==1.0\n"}, why: "what clears its own line is proved all the same"},
		{name: "two below one line", more: []string{"second 1.0", "second 1.1", "app 1.0 -> bad==1.0 & second==1.0", "app 1.1 -> bad==1.3 & second==1.0", "app 1.2 -> bad==1.3 & second==1.1"},
			with: func(w *world) { w.vuln("PYSEC-2", "second 1.0", finding.High, "1.1") }, files: []string{"requirements.txt", "app==1.0\n"},
			want: []string{"bad 1.0: app==1.2@requirements.txt:1", "second 1.0: app==1.2@requirements.txt:1"}, fixed: map[string]string{"requirements.txt": "app==1.2\n"}, why: "one fix, one line"},
		{name: "constraint", files: []string{"requirements.txt", "-c pins.txt\nbad\n", "pins.txt", "bad==1.0\n"}, roots: 1,
			want: []string{"bad 1.0: bad==1.3@pins.txt:1"}, fixed: map[string]string{"pins.txt": "bad==1.3\n"}, why: "the line that holds it back is the constraint"},
		{name: "constraint on what is pulled in", more: []string{"app 1.0 -> bad"}, files: []string{"requirements.txt", "-c pins.txt\napp==1.0\n", "pins.txt", "bad==1.1\n"}, roots: 1,
			want: []string{"bad 1.1: bad==1.3@pins.txt:1"}, fixed: map[string]string{"pins.txt": "bad==1.3\n"}, why: "not the direct line"},
		{name: "included", files: []string{"requirements.txt", "-r base.txt\n", "base.txt", "bad==1.0\n"}, roots: 1,
			want: []string{"bad 1.0: bad==1.3@base.txt:1"}, fixed: map[string]string{"base.txt": "bad==1.3\n"}, why: "in the file where the line stands"},
		{name: "pyproject", files: []string{"pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\n  \"bad[x]==1.0\",\n]\n"},
			want: []string{"bad 1.0: bad[x]==1.3@pyproject.toml:5"}, fixed: map[string]string{"pyproject.toml": "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\n  \"bad[x]==1.3\",\n]\n"}, why: "a string in TOML"},
		{name: "purl", files: nil, want: []string{"bad 1.0: pkg:pypi/bad@1.3@pkg:pypi/bad@1.0:0"}, fixed: map[string]string{}, why: "no file to change"},
		{name: "hashed", files: []string{"requirements.txt", "bad==1.0 --hash=sha256:@bad-1.0-py3-none-any.whl\n"},
			want: []string{"bad 1.0: unproved change to: bad==1.3 (the hashes"}, fixed: map[string]string{}, why: "new hashes are for a person (or pip-compile) to write"},
		{name: "hashed, with another line", more: []string{"other 1.0"}, files: []string{"requirements.txt", "bad==1.0 \\\n  --hash=sha256:@bad-1.0-py3-none-any.whl\nother==1.0 --hash=sha256:@other-1.0-py3-none-any.whl\n"},
			want: []string{"bad 1.0: unproved change to: bad==1.3 (the hashes"}, fixed: map[string]string{}, why: "the others' hashes still count"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := remedied(t, tc.more...)
			if tc.with != nil {
				tc.with(w)
			}
			r := purls("pkg:pypi/bad@1.0")
			if tc.files != nil {
				for i := 1; i < len(tc.files); i += 2 {
					for name := range w.up.bytes {
						tc.files[i] = strings.ReplaceAll(tc.files[i], "@"+name, w.sha(name))
					}
				}
				r = request(tc.files...)
				if tc.roots > 0 {
					r.Files, r.Include = r.Files[:tc.roots], r.Files[tc.roots:]
				}
			}
			out := w.admit(r)
			var got []string
			for _, v := range out.Versions {
				if v.Verdict == verdict.Reject {
					got = append(got, v.Version.String()+": "+remedyText(v.Remedy))
				}
			}
			for i, want := range tc.want {
				if i >= len(got) || !strings.HasPrefix(got[i], want) {
					t.Errorf("got %q, want %q (%s); %s %+v", got, tc.want, tc.why, said(out), out.Problems)
					return
				}
			}
			if tc.fixed == nil {
				return
			}
			fixed, err := w.Fixed(t.Context(), r, out)
			if err != nil || len(fixed) != len(tc.fixed) {
				t.Fatalf("fixed %q, %v", fixed, err)
			}
			for _, f := range fixed {
				if want := tc.fixed[f.Path]; string(f.Content) != want {
					t.Errorf("fixed %s: %q, want %q", f.Path, f.Content, want)
				}
			}
			// A proved remedy, applied, is admitted (unless another line has none).
			if len(fixed) > 0 && !strings.Contains(strings.Join(got, " "), "none") {
				again := r
				again.ID = request().ID
				for i := range again.Files {
					for _, f := range fixed {
						if again.Files[i].Path == f.Path {
							again.Files[i] = f
						}
					}
				}
				for i := range again.Include {
					for _, f := range fixed {
						if again.Include[i].Path == f.Path {
							again.Include[i] = f
						}
					}
				}
				if out := w.admit(again); out.Verdict != verdict.Admit {
					t.Errorf("applied: %s", said(out))
				}
			}
		})
	}
}

func remedyText(r *verdict.Remedy) string {
	switch {
	case r == nil:
		return "none"
	case !r.Proved:
		return "unproved " + r.Text
	}
	at := finding.Location{File: r.File, Line: r.Line}
	if r.Line == 0 {
		return r.New + "@" + r.File + ":0"
	}
	return r.New + "@" + at.String()
}

func TestARemedyOfALockIsItsToolsCommand(t *testing.T) {
	w := remedied(t, "app 1.0 -> bad==1.0", "other 1.0", "other 1.1")
	w.vuln("PYSEC-2", "other 1.0", finding.High, "1.1")
	lock := "version = 1\nrequires-python = \">=3.11\"\n\n[[package]]\nname = \"x\"\nversion = \"0\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"app\" }, { name = \"other\" }]\n"
	for _, e := range []struct{ name, version, deps string }{{"app", "1.0", "dependencies = [{ name = \"bad\" }]\n"}, {"bad", "1.0", ""}, {"other", "1.0", ""}} {
		file := e.name + "-" + e.version + "-py3-none-any.whl"
		lock += "\n[[package]]\nname = \"" + e.name + "\"\nversion = \"" + e.version + "\"\nsource = { registry = \"http://index.invalid/simple\" }\n" + e.deps +
			"wheels = [{ url = \"http://files.invalid/" + file + "\", hash = \"sha256:" + w.sha(file) + "\" }]\n"
	}
	r := request("uv.lock", lock)
	out := w.admit(r)
	for version, want := range map[string]string{"bad 1.0": "uv lock --upgrade-package bad==1.3", "other 1.0": "uv lock --upgrade-package other==1.1"} {
		m := outcomeOf(t, out, version).Remedy
		if m == nil || m.Command != want || m.Proved || m.Text != "run: "+want {
			t.Errorf("%s: remedy %+v, want %q", version, m, want)
		}
	}
	if fixed, err := w.Fixed(t.Context(), r, out); err != nil || len(fixed) != 0 {
		t.Errorf("a lock was changed: %q, %v", fixed, err)
	}
}

func TestOneLineInTwoManifestsIsChangedOnce(t *testing.T) {
	w := remedied(t, "other 1.0", "other 1.1")
	w.vuln("PYSEC-2", "other 1.0", finding.High, "1.1")
	r := request("requirements.txt", "-r base.txt\n", "dev-requirements.txt", "-r base.txt\nother==1.0\n")
	r.Include = []verdict.Source{src("base.txt", "bad==1.0\n")}
	fixed, err := w.Fixed(t.Context(), r, w.admit(r))
	if err != nil || len(fixed) != 2 || string(fixed[0].Content) != "bad==1.3\n" || string(fixed[1].Content) != "-r base.txt\nother==1.1\n" {
		t.Errorf("fixed %q, %v", fixed, err)
	}
}

func TestNoCommandForWhatCannotBePastedSafely(t *testing.T) {
	for path, want := range map[string]string{
		"requirements.txt": "gatehouse admit --fix requirements.txt", "a/requirements.txt": "gatehouse admit --fix a/requirements.txt",
		"$(touch x)/requirements.txt": "", "-r/requirements.txt": "",
	} {
		w := remedied(t)
		if m := outcomeOf(t, w.admit(request(path, "bad==1.0\n")), "bad 1.0").Remedy; m == nil || m.Command != want {
			t.Errorf("%s: remedy %+v, want command %q", path, m, want)
		}
	}
	w := remedied(t)
	r := request("requirements.txt", "bad==1.0\n")
	r.Door = "push"
	if m := outcomeOf(t, w.admit(r), "bad 1.0").Remedy; m == nil || m.Command != "" {
		t.Errorf("a push: remedy %+v", m)
	}
}
