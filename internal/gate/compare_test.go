package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func src(path, content string) verdict.Source {
	return verdict.Source{Path: path, Content: []byte(content)}
}

func TestOnlyAddedAndChangedLinesAreTaken(t *testing.T) {
	for _, tc := range []struct{ name, before, after, want, why string }{
		{"nothing", "a==1\n", "a==1\n", "admit: ", "nothing new"},
		{"a comment", "a==1\n", "# why\na==1  # pinned\n", "admit: ", "a line that moved asks for the same"},
		{"added", "a==1\n", "a==1\nb==1\n", "admit: b 1 admit, common 1 admit", "what b pulls in, too"},
		{"changed", "a==1\nb==1\n", "a==2\nb==1\n", "admit: a 2 admit", "b stands as it stood"},
		{"removed", "a==1\nb==1\n", "a==1\n", "admit: ", "nothing new"},
		{"a bound taken away", "b==1\ncommon<2\n", "b==1\n", "admit: common 1 admit", "whatever the line was about is looked at"},
		{"a bound taken away that held something back", "wide==1\ncommon<2\n", "wide==1\n", "admit: common 2 admit", "the closure has a version it did not have"},
		{"an option", "a==1\n", "--pre\na==1\n", "admit: a 1 admit", "an option speaks about every line"},
		{"before cannot be read", "a=1\n", "a==1\n", "admit: a 1 admit", "everything counts as new"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, "a 1", "a 2", "common 1", "common 2", "b 1 -> common<2", "wide 1 -> common")
			r := request("requirements.txt", tc.after)
			r.Before = []verdict.Source{src("requirements.txt", tc.before)}
			if got := said(w.admit(r)); got != tc.want {
				t.Errorf("got %s, want %s (%s)", got, tc.want, tc.why)
			}
		})
	}
}

func TestConstraintsOfAChange(t *testing.T) {
	w := newWorld(t, "a 1", "a 2")
	r := request("requirements.txt", "-c constraints.txt\na\n")
	r.Include = []verdict.Source{src("constraints.txt", "a<2\n")}
	if got := said(w.admit(r)); got != "admit: a 1 admit" {
		t.Errorf("with a constraint: %s", got)
	}
	r = request("requirements.txt", "-c constraints.txt\na\n")
	r.Include = []verdict.Source{src("constraints.txt", "b<2\n")}
	r.Before = []verdict.Source{src("requirements.txt", "-c constraints.txt\na\n"), src("constraints.txt", "a<2\n")}
	if got := said(w.admit(r)); got != "admit: a 2 admit" {
		t.Errorf("the constraint was taken away: %s, want a 2 looked at", got)
	}
}

func TestSeveralManifestsAndIncludedFiles(t *testing.T) {
	w := newWorld(t, "a 1", "b 1", "c 1")
	r := request("requirements.txt", "-r base.txt\nb==1\n", "docs/requirements.txt", "c==1\nb==1\n")
	r.Include = []verdict.Source{src("base.txt", "# the base\na==1\n")}
	out := w.admit(r)
	if got := said(out); got != "admit: a 1 admit, b 1 admit, c 1 admit" {
		t.Errorf("got %s", got)
	}
	if v := outcomeOf(t, out, "a 1"); v.File != "base.txt" || v.Line != 2 {
		t.Errorf("a is asked for at %s:%d", v.File, v.Line)
	}
	r = request("./requirements.txt", "a==1\n")
	r.Before = []verdict.Source{src("requirements.txt", "a==1\n")}
	if got := said(w.admit(r)); got != "admit: " {
		t.Errorf("./requirements.txt: %s, want nothing new", got)
	}
	// Outside the tree that came with the request there is nothing.
	r = request("requirements.txt", "-r ../../etc/passwd\na==1\n")
	if out := w.admit(r); out.Verdict == verdict.Admit {
		t.Errorf("an include outside: %s", said(out))
	}
}

func TestLinesThatStoodThereBeforeAreNotes(t *testing.T) {
	w := newWorld(t, "a 1", "b 1")
	line := "--extra-index-url http://other.invalid/simple\n"
	r := request("requirements.txt", "# moved\n"+line+"a==1\n")
	r.Before = []verdict.Source{src("requirements.txt", line)}
	out := w.admit(r)
	if got := said(out); got != "admit: a 1 admit" || out.Problems[0].Effect != verdict.EffectNote || out.Problems[0].Line != 2 {
		t.Errorf("%s, problems %+v", got, out.Problems)
	}
	r = request("requirements.txt", line+line+"a==1\n")
	r.Before = []verdict.Source{src("requirements.txt", line)}
	if out := w.admit(r); out.Verdict != verdict.Reject {
		t.Errorf("a second such line: %s", said(out))
	}
}

// pylock writes a lock with one wheel an entry.
func pylock(entries ...[3]string) string {
	var b strings.Builder
	b.WriteString("lock-version = \"1.0\"\ncreated-by = \"test\"\n")
	for _, e := range entries {
		b.WriteString("\n[[packages]]\nname = \"" + e[0] + "\"\nversion = \"" + e[1] + "\"\n")
		b.WriteString("wheels = [{name = \"" + e[0] + "-" + e[1] + "-py3-none-any.whl\", hashes = {sha256 = \"" + e[2] + "\"}}]\n")
	}
	return b.String()
}

func (w *world) sha(file string) string { return string(artifact.DigestOf(w.up.bytes[file])) }

func TestLocks(t *testing.T) {
	a, b := "a-1-py3-none-any.whl", "b-1-py3-none-any.whl"
	other := strings.Repeat("ab", 32)
	t.Run("honest", func(t *testing.T) {
		w := newWorld(t, "a 1", "b 1")
		if got := said(w.admit(request("pylock.toml", pylock([3]string{"a", "1", w.sha(a)}, [3]string{"b", "1", w.sha(b)})))); got != "admit: a 1 admit, b 1 admit" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("hash mismatch with the index is an integrity reject", func(t *testing.T) {
		w := newWorld(t, "a 1", "b 1")
		w.requirements("b==1")
		out := w.admit(request("pylock.toml", pylock([3]string{"a", "1", w.sha(a)}, [3]string{"b", "1", other})))
		if got := said(out); got != "reject: a 1 admit, b 1 reject" {
			t.Fatalf("got %s", got)
		}
		if r := outcomeOf(t, out, "b 1").Reasons[0]; r.Class != finding.Integrity {
			t.Errorf("reason %+v", r)
		}
		// A lock that lies takes nothing away from the others.
		if st, err := w.db.State(t.Context(), "main", pkg("b")); err != nil || len(st.AdmittedSince) != 1 || !gate.Serves(w.decision(b)) {
			t.Errorf("b is admitted in %v (%v)", st.AdmittedSince, err)
		}
	})
	t.Run("one of two locks lies", func(t *testing.T) {
		w := newWorld(t, "a 1")
		honest, lie := pylock([3]string{"a", "1", w.sha(a)}), pylock([3]string{"a", "1", other})
		for _, r := range []verdict.Request{request("pylock.toml", honest, "x/pylock.toml", lie), request("pylock.toml", lie, "x/pylock.toml", honest)} {
			if got := said(w.admit(r)); got != "reject: a 1 reject" {
				t.Errorf("got %s: what one of them met stays with the version", got)
			}
		}
	})
	t.Run("only changed entries", func(t *testing.T) {
		w := newWorld(t, "a 1", "b 1", "b 2")
		r := request("pylock.toml", pylock([3]string{"a", "1", w.sha(a)}, [3]string{"b", "2", w.sha("b-2-py3-none-any.whl")}))
		r.Before = []verdict.Source{src("pylock.toml", pylock([3]string{"a", "1", w.sha(a)}, [3]string{"b", "1", w.sha(b)}))}
		if got := said(w.admit(r)); got != "admit: b 2 admit" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a hash that was changed is a change", func(t *testing.T) {
		w := newWorld(t, "a 1")
		r := request("pylock.toml", pylock([3]string{"a", "1", other}))
		r.Before = []verdict.Source{src("pylock.toml", pylock([3]string{"a", "1", w.sha(a)}))}
		if got := said(w.admit(r)); got != "reject: a 1 reject" {
			t.Errorf("got %s: a swapped hash must be seen", got)
		}
	})
	t.Run("not in the index", func(t *testing.T) {
		w := newWorld(t, "a 1")
		if got := said(w.admit(request("pylock.toml", pylock([3]string{"a", "7", other})))); got != "hold: a 7 hold" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("beside its pyproject", func(t *testing.T) {
		w := newWorld(t, "a 1", "a 2")
		out := w.admit(request("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"a\"]\n", "pylock.toml", pylock([3]string{"a", "1", w.sha(a)})))
		if got := said(out); got != "admit: a 1 admit" {
			t.Errorf("got %s: the lock is the closure", got)
		}
	})
}

// Where the index tells no digest, only the bytes can be held against a hash.
func TestHashesOfAManifestAreHeldAgainstTheBytes(t *testing.T) {
	for _, tc := range []struct{ name, hash, want string }{
		{"right", "sha256:@", "admit: a 1 admit"},
		{"wrong", "sha256:" + strings.Repeat("ab", 32), "reject: a 1 reject"},
		{"of another kind", "sha512:" + strings.Repeat("ab", 64), "hold: a 1 hold"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, "a 1 nodigest")
			hash := strings.ReplaceAll(tc.hash, "@", w.sha("a-1-py3-none-any.whl"))
			out := w.requirements("a==1 --hash=" + hash)
			if got := said(out); got != tc.want {
				t.Errorf("got %s, want %s; problems %+v", got, tc.want, out.Problems)
			}
			if tc.name == "right" {
				return
			}
			out = w.requirements("a==1")
			if got := said(out); got != "admit: a 1 admit" {
				t.Errorf("the next one without a hash: %s: what one manifest demands binds no other", got)
			}
			w.requirements("a==1 --hash=" + hash)
			if st, err := w.db.State(t.Context(), "main", pkg("a")); err != nil || len(st.AdmittedSince) != 1 {
				t.Errorf("a manifest with that hash took the file from the others: admitted %v (%v)", st.AdmittedSince, err)
			}
		})
	}
}

func TestAVersionWithoutFilesIsNotAdmitted(t *testing.T) {
	w := newWorld(t, "a 1 tag=cp311-cp311-win_amd64")
	out := w.admit(request("pylock.toml", "lock-version = \"1.0\"\ncreated-by = \"test\"\n\n[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{name = \"a-1-cp311-cp311-win_amd64.whl\", url = \"http://files.invalid/x\", hashes = {sha256 = \""+w.sha("a-1-cp311-cp311-win_amd64.whl")+"\"}}]\n"))
	if out.Verdict == verdict.Admit {
		t.Errorf("got %s: nothing of it was looked at", said(out))
	}
}

func TestOutcomeListsAreEmptyNotNull(t *testing.T) {
	w := newWorld(t, "a 1")
	out := w.requirements("a==1")
	if out.Problems == nil || out.Versions == nil {
		t.Errorf("problems %v, versions %v", out.Problems, out.Versions)
	}
	for _, v := range out.Versions {
		if v.Via == nil || v.Reasons == nil || v.Files == nil {
			t.Errorf("%s: via %v, reasons %v, files %v", v.Version, v.Via, v.Reasons, v.Files)
		}
	}
}

// Two requirements on one line are two.
func TestPyprojectOnOneLine(t *testing.T) {
	w := newWorld(t, "a 1", "a 1.1", "b 1", "b 1.1")
	w.vuln("PYSEC-A", "a 1", finding.High, "1.1")
	w.vuln("PYSEC-B", "b 1", finding.High, "1.1")
	r := request("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"a==1\", \"b==1\"]\n")
	out := w.admit(r)
	for _, name := range []string{"a", "b"} {
		v := outcomeOf(t, out, name+" 1")
		if v.Asked != name+"==1" || v.Remedy == nil || v.Remedy.New != name+"==1.1" || !v.Remedy.Proved {
			t.Errorf("%s: asked %q, remedy %+v", name, v.Asked, v.Remedy)
		}
	}
	fixed, err := w.Fixed(t.Context(), r, out)
	if err != nil || len(fixed) != 1 || !strings.Contains(string(fixed[0].Content), `["a==1.1", "b==1.1"]`) {
		t.Errorf("fixed %q, %v", fixed, err)
	}
}

func TestViaNamesTheWay(t *testing.T) {
	w := newWorld(t, "top 1 -> mid", "mid 1 -> low", "low 1")
	w.malware("MAL-1", "low 1")
	v := outcomeOf(t, w.requirements("", "top==1"), "low 1")
	if v.Direct || v.Line != 2 || v.Asked != "top==1" || !slices.Equal(v.Via, []string{"pkg:pypi/top", "pkg:pypi/mid"}) {
		t.Errorf("outcome %+v", v)
	}
}
