package indexcache

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

type words struct {
	Said map[string]int `json:"said,omitempty"`
}

func noted(dir string, change ...func(*NotesConfig[words])) *Notes[words] {
	cfg := NotesConfig[words]{
		Dir: dir, Of: "package", MaxBytes: 1 << 10, MaxWeight: 10,
		Weight: func(w *words) int { return len(w.Said) + 1 },
		Copy: func(w *words) words {
			c := words{Said: map[string]int{}}
			maps.Copy(c.Said, w.Said)
			return c
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	return NewNotes(cfg)
}

func named(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.Maven, Name: name}
}

func say(n *Notes[words], name, word string) {
	n.Learn(named(name), func(w *words) bool { w.Said[word]++; return true })
}

func TestNotesOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	n := noted(dir)
	before := n.Note(named("Demo"))
	say(n, "Demo", "a")
	if len(before.Known.Said) != 0 {
		t.Error("what was given has changed")
	}
	now, again := n.Note(named("Demo")), noted(dir).Note(named("Demo"))
	if now.Known.Said["a"] != 1 || again.Known.Said["a"] != 1 || now.Digest != again.Digest || now.Digest == before.Digest {
		t.Errorf("before %+v, now %+v, after a restart %+v", before.Known, now.Known, again.Known)
	}
	if other := n.Note(named("demo")); len(other.Known.Said) != 0 {
		t.Errorf("another package knows %v", other.Known.Said)
	}
}

func TestNotesThatAreLeftAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	n := noted(dir)
	n.Learn(named("demo"), func(w *words) bool { w.Said["a"]++; return false })
	n.Learn(named("demo"), func(*words) bool { return true })
	if got := n.Note(named("demo")).Known.Said; len(got) != 0 {
		t.Errorf("known %v", got)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("on disk %v, %v", files, err)
	}
}

func TestDamagedNotesAreLearnedAgain(t *testing.T) {
	for why, content := range map[string]string{
		"no JSON": "{", "another shape": `{"said": 7}`, "too large": `{"said": {"` + string(make([]byte, 2<<10)) + `": 1}}`, "null": "null",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "demo.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		n := noted(dir)
		if got := n.Note(named("demo")).Known.Said; got == nil || len(got) != 0 {
			t.Errorf("%s: known %v", why, got)
		}
		say(n, "demo", "a")
		if got := noted(dir).Note(named("demo")).Known.Said; got["a"] != 1 {
			t.Errorf("%s: afterwards known %v", why, got)
		}
	}
}

// A disk that takes nothing: what is learned holds until the process ends.
func TestNotesNeedNoDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := noted(filepath.Join(file, "notes"))
	say(n, "demo", "a")
	if got := n.Note(named("demo")).Known.Said; got["a"] != 1 {
		t.Errorf("known %v", got)
	}
}

func TestNotesInMemoryAreBounded(t *testing.T) {
	n := noted(t.TempDir())
	for i := range 40 {
		say(n, fmt.Sprint("demo", i), "a")
		if n.weight > n.cfg.MaxWeight || len(n.kept) > n.cfg.MaxWeight {
			t.Fatalf("after %d packages: weight %d of %d packages", i+1, n.weight, len(n.kept))
		}
	}
	for i := range 40 {
		if got := n.Note(named(fmt.Sprint("demo", i))).Known.Said; got["a"] != 1 {
			t.Errorf("demo%d: known %v", i, got)
		}
	}
}

func TestNothingLearnedAtOnceIsLost(t *testing.T) {
	dir := t.TempDir()
	n := noted(dir, func(c *NotesConfig[words]) { c.MaxWeight = 3 })
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() { say(n, "demo", fmt.Sprint(i%4)) })
	}
	all.Wait()
	want := map[string]int{"0": 8, "1": 8, "2": 8, "3": 8}
	if got := noted(dir).Note(named("demo")).Known.Said; !maps.Equal(got, want) {
		t.Errorf("known %v, want %v", got, want)
	}
}

func TestWhatWasDescribedIsGivenAgain(t *testing.T) {
	n := noted(t.TempDir())
	made := 0
	describe := func() *ecosystem.Index { made++; return &ecosystem.Index{} }
	k := n.Note(named("demo"))
	first := k.Described("x", describe)
	if k.Described("x", describe) != first || made != 1 {
		t.Errorf("described %d times", made)
	}
	if k.Described("y", describe) == first || made != 2 {
		t.Errorf("another index: described %d times", made)
	}
	say(n, "demo", "a")
	if n.Note(named("demo")).Described("y", describe); made != 3 {
		t.Errorf("after something was learned: described %d times", made)
	}
}
