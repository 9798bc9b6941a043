package honesty

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

func TestWheelAgainstSdist(t *testing.T) {
	sources := func(kv ...string) map[string]artifact.Digest {
		m := map[string]artifact.Digest{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = artifact.DigestOf([]byte(kv[i+1]))
		}
		return m
	}
	for _, tc := range []struct {
		name         string
		wheel, sdist map[string]artifact.Digest
		partial      bool
		want         []string
		why          string
	}{
		{"same", sources("d/a.py", "1"), sources("d/a.py", "1", "setup.py", "2"), false, nil, "the sdist has more, as it should"},
		{"src layout", sources("d/a.py", "1"), sources("src/d/a.py", "1"), false, nil, "below a folder"},
		{"differs", sources("d/a.py", "1"), sources("src/d/a.py", "2"), false, []string{"wheel-sdist-mismatch honesty medium d/a.py"}, "other code"},
		{"one of two places", sources("d/a.py", "1"), sources("src/d/a.py", "2", "old/d/a.py", "1"), false, nil, "one of them is the one"},
		{"name alone is not a place", sources("d/a.py", "1"), sources("e/a.py", "1"), false, []string{"wheel-sdist-mismatch honesty low d/a.py"}, "another module"},
		{"generated", sources("d/_version.py", "1", "d/x_pb2.py", "1"), sources("d/_version.py", "2"), false, []string{"wheel-sdist-mismatch honesty low d/_version.py", "wheel-sdist-mismatch honesty low d/x_pb2.py"}, "builds write these"},
		{"only in the wheel", sources("d/a.py", "1"), sources("d/b.py", "1"), false, []string{"wheel-sdist-mismatch honesty low d/a.py"}, "noted"},
		{"partial sdist", sources("d/a.py", "1"), sources("d/b.py", "1"), true, nil, "it may be in the rest"},
		{"no sdist", sources("d/a.py", "1"), nil, false, nil, "nothing to compare with"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := WheelAgainstSdist(Summary{File: "w", Sources: tc.wheel}, Summary{File: "s", Sources: tc.sdist, Partial: tc.partial})
			wantFindings(t, got, tc.want, tc.why)
		})
	}
}

func TestManyDifferencesAreCounted(t *testing.T) {
	wheel, sdist := map[string]artifact.Digest{}, map[string]artifact.Digest{}
	for i := range 30 {
		p := fmt.Sprintf("f%02d.py", i)
		wheel[p], sdist[p] = artifact.DigestOf([]byte("1")), artifact.DigestOf([]byte("2"))
	}
	got := WheelAgainstSdist(Summary{File: "w", Sources: wheel}, Summary{File: "s", Sources: sdist})
	if len(got) != mostOfRule+1 || got[mostOfRule].Text != "10 more files of w are not the same files as in s" {
		t.Errorf("%d findings, the last %+v", len(got), got[len(got)-1])
	}
}

func TestLateFiles(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	file := func(name string, after time.Duration) ecosystem.IndexFile {
		return ecosystem.IndexFile{Name: name, Uploaded: day.Add(after)}
	}
	undated := ecosystem.IndexFile{Name: "undated"}
	for _, tc := range []struct {
		files []ecosystem.IndexFile
		want  []string
		why   string
	}{
		{nil, nil, "no files"},
		{[]ecosystem.IndexFile{file("a", 0), file("b", Grace)}, nil, "within the day"},
		{[]ecosystem.IndexFile{file("b", Grace+time.Second), file("a", 0)}, []string{"file-added-later honesty medium b"}, "whatever the order"},
		{[]ecosystem.IndexFile{undated, file("a", 0)}, nil, "no date, no statement"},
		{[]ecosystem.IndexFile{undated}, nil, "no dates at all"},
	} {
		wantFindings(t, LateFiles(tc.files), tc.want, tc.why)
	}
	if got := LateFiles([]ecosystem.IndexFile{file("a", 0), file("b", 30*24*time.Hour)}); !slices.Equal(brief(got), []string{"file-added-later honesty medium b"}) || got[0].Text != "b was added 30 days after the first file of its version" {
		t.Errorf("got %+v", got)
	}
}
