package corpus

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func listed(t *testing.T) []Release {
	t.Helper()
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestListIsLargeEnough holds the list to what it promises.
func TestListIsLargeEnough(t *testing.T) {
	all := listed(t)
	n := map[string]int{}
	files := map[string]bool{}
	for _, r := range all {
		if files[r.File] {
			t.Errorf("%s is listed twice", r.File)
		}
		files[r.File] = true
		if !r.Before {
			n["releases"]++
			n[r.Ecosystem]++
			n[r.Why]++
		}
	}
	for _, u := range Upgrades(all) {
		n["upgrades"]++
		if u.Old.Sealed() {
			n["sealed upgrades"]++
		}
		if u.Old.Version == u.New.Version {
			t.Errorf("%s: an upgrade from %s to itself", u.Old.Name, u.Old.Version)
		}
	}
	for name, least := range map[string]int{"releases": 150, "pypi": 90, "npm": 60, Sampled: 80, Hard: 80, "upgrades": 60, "sealed upgrades": 20} {
		if n[name] < least {
			t.Errorf("%s: %d, want at least %d", name, n[name], least)
		}
	}
}

// TestListIsWhatWasDrawn: nothing is in the list that the seed did not draw, or
// that is not named as hard.
func TestListIsWhatWasDrawn(t *testing.T) {
	popular, err := os.ReadFile("../../../internal/scan/typosquat/popular/pypi.txt")
	if err != nil {
		t.Fatal(err)
	}
	wanted := Wanted(string(popular))
	found := 0
	for _, w := range wanted {
		if slices.ContainsFunc(listed(t), func(r Release) bool { return same(w, r) && !r.Before }) {
			found++
		}
	}
	if missing := len(wanted) - found; missing > 10 {
		t.Errorf("%d of the %d that were drawn or named are not in the list", missing, len(wanted))
	}
	for _, r := range listed(t) {
		if !slices.ContainsFunc(wanted, func(w Want) bool { return same(w, r) }) {
			t.Errorf("%s (%s, %s) is in the list and was not drawn", r.Name, r.Form, r.Why)
		}
	}
}

func same(w Want, r Release) bool {
	return w.Ecosystem == r.Ecosystem && w.Name == r.Name && w.Form == r.Form && w.Why == r.Why
}

func TestDraw(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	first := Draw(names, 4, 3, 1)
	if again := Draw(names, 4, 3, 1); !slices.Equal(first, again) {
		t.Errorf("the same seed drew %v and %v", first, again)
	}
	if len(first) != 3 || slices.Contains(first, "e") {
		t.Errorf("Draw of 3 of the first 4 = %v", first)
	}
	differs := false
	for seed := range uint64(20) {
		differs = differs || !slices.Equal(first, Draw(names, 4, 3, seed))
	}
	if !differs {
		t.Error("every seed draws the same")
	}
}

func TestFormatIsReadBack(t *testing.T) {
	var b bytes.Buffer
	if err := Format(&b, listed(t)); err != nil {
		t.Fatal(err)
	}
	again, err := parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again, listed(t)) {
		t.Error("what Format writes is read as something else")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, bad := range []string{
		"pypi\tx\t1\twheel\tx.whl\tshort\thard\tno\n",
		"pypi\tx\t1\twheel\n",
		"pypi\tx\t1\twheel\t../x.whl\t0000000000000000000000000000000000000000000000000000000000000000\thard\tno\n",
	} {
		if got, err := parse([]byte(bad)); err == nil {
			t.Errorf("parse(%q) = %v, want an error", bad, got)
		}
	}
}

// TestFetchTrustsOnlyTheDigest: a file of the right name in the cache with other
// bytes is fetched again, and one with the right bytes is not.
func TestFetchTrustsOnlyTheDigest(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.whl")
	if err := os.WriteFile(path, []byte("inert"), 0o644); err != nil {
		t.Fatal(err)
	}
	sum, err := Digest(path)
	if err != nil {
		t.Fatal(err)
	}
	none := Clients{Folder: filepath.Join(dir, "no-clients-here")}
	r := Release{Ecosystem: "pypi", Name: "x", Version: "1", Form: Wheel, File: "x.whl", SHA256: sum}
	if got, err := none.Fetch(t.Context(), dir, r); err != nil || got != path {
		t.Errorf("Fetch of a file that is there = %q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := none.Fetch(t.Context(), dir, r); err == nil {
		t.Errorf("Fetch took other bytes from the cache: %q", got)
	}
}

// TestSliceIsSmall: CI fetches a few small files of both ecosystems, upgrades
// among them.
func TestSliceIsSmall(t *testing.T) {
	slice := Slice(listed(t))
	n := map[string]int{}
	for _, r := range slice {
		n[r.Ecosystem]++
	}
	if len(slice) < 20 || len(slice) > 45 || n["pypi"] < 8 || n["npm"] < 8 || len(Upgrades(slice)) < 5 {
		t.Errorf("%d releases (%v) and %d upgrades", len(slice), n, len(Upgrades(slice)))
	}
}
