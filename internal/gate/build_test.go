package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// sdistLock writes a lock with one sdist an entry.
func (w *world) sdistLock(names ...string) string {
	var b strings.Builder
	b.WriteString("lock-version = \"1.0\"\ncreated-by = \"test\"\n")
	for _, n := range names {
		file := n + "-1.tar.gz"
		fmt.Fprintf(&b, "\n[[packages]]\nname = %q\nversion = \"1\"\nsdist = {name = %q, hashes = {sha256 = %q}}\n", n, file, w.sha(file))
	}
	return b.String()
}

func TestWhatBuildsNeedIsLookedAt(t *testing.T) {
	releases := []string{"a 1 built=tool", "b 1 built=tool>=2", "tool 1", "tool 2 bad -> more", "more 1", "deep 1 -> b"}
	for _, tc := range []struct {
		name, before, after string
		want, why           string
	}{
		{"range", "", "a==1\n", "hold: tool 2 hold, a 1 admit, more 1 admit", "a build takes the newest as everybody does"},
		{"pinned for what runs", "", "a==1\ntool==1\n", "hold: tool 2 hold, a 1 admit, more 1 admit, tool 1 admit", "a build does not hear of it"},
		{"deeper", "", "deep==1\n", "hold: tool 2 hold, b 1 admit, deep 1 admit, more 1 admit", "at the line that brings the sdist"},
		{"unchanged", "a==1\n", "a==1\nmore==1\n", "admit: more 1 admit", "the change does not build"},
		{"added", "more==1\n", "more==1\na==1\n", "hold: tool 2 hold, a 1 admit, more 1 admit", "the change builds"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, releases...)
			r := request("requirements.txt", tc.after)
			if tc.before != "" {
				r.Before = []verdict.Source{src("requirements.txt", tc.before)}
			}
			out := w.admit(r)
			if got := sorted(out); got != sortedText(tc.want) {
				t.Fatalf("got %s, want %s (%s)", said(out), tc.want, tc.why)
			}
			for _, v := range out.Versions {
				if built := v.Version == vers("tool 2"); v.Build != (built || v.Version == vers("more 1") && !v.Direct) {
					t.Errorf("%s: build %t, via %v", v.Version, v.Build, v.Via)
				}
			}
		})
	}
}

func TestWhatBuildsOfALockNeedIsLookedAt(t *testing.T) {
	w := newWorld(t, "a 1 built=tool", "b 1 built=other", "tool 1 -> more", "more 1", "other 1")
	r := request("pylock.toml", w.sdistLock("a", "b"))
	r.Before = []verdict.Source{src("pylock.toml", w.sdistLock("b"))}
	out := w.admit(r)
	if got, want := sorted(out), sortedText("admit: a 1 admit, more 1 admit, tool 1 admit"); got != want {
		t.Errorf("got %s, want %s: what builds a is new, what builds b is not", got, want)
	}
}

// What a build of our own package brings comes from outside.
func TestWhatBuildsOfOurOwnNeedIsLookedAt(t *testing.T) {
	w, d := hosting(t)
	w.releases("setuptools 80 bad")
	wantAnswer(t, publish(t, d, w.sent(d, "acme-billing 1.0", artifact.Sdist, scantest.Sdist{Name: "acme-billing", Version: "1.0"}), ci), "published", "an sdist of ours")
	out := w.admit(request("requirements.txt", "acme-billing==1.0\n"))
	if got := sorted(out); !strings.Contains(got, "setuptools 80 hold") || !outcomeOf(t, out, "setuptools 80").Build {
		t.Errorf("got %s, problems %+v; want what builds it", got, out.Problems)
	}
}

// sorted is said without the order, which is that of verdicts.
func sorted(o verdict.Outcome) string { return sortedText(said(o)) }

func sortedText(s string) string {
	head, list, _ := strings.Cut(s, ": ")
	words := strings.Split(list, ", ")
	slices.Sort(words)
	return head + ": " + strings.Join(words, ", ")
}
