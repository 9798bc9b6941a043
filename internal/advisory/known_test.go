package advisory

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// record is about one package, malware or not.
func knownRecord(id, name string) string {
	return `{"id":"` + id + `","modified":"2020-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"` + name + `"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`
}

func TestEachKnown(t *testing.T) {
	var texts []string
	for i := range 500 { // more than a block
		texts = append(texts, knownRecord(fmt.Sprintf("PYSEC-2020-%d", i), fmt.Sprintf("other-%03d", i)))
	}
	texts = append(texts, knownRecord("MAL-2024-1", "Acme_Billing"), knownRecord("PYSEC-2024-2", "acme-billing"), knownRecord("PYSEC-2024-3", "acme-tools"))
	s := mustOpen(t, texts...)
	var got []string
	ours := func(p artifact.Package) bool { return strings.HasPrefix(p.Name, "acme-") }
	collect := func(k Known) bool {
		got = append(got, fmt.Sprint(k.Purl, k.Malware, k.IDs))
		return true
	}
	if err := s.EachKnown(ours, collect); err != nil {
		t.Fatal(err)
	}
	if want := "[pkg:pypi/acme-billingtrue [MAL-2024-1 PYSEC-2024-2] pkg:pypi/acme-toolsfalse [PYSEC-2024-3]]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	all := 0
	everything := func(artifact.Package) bool { return true }
	if err := s.EachKnown(everything, func(Known) bool { all++; return true }); err != nil || all != 502 {
		t.Errorf("%d packages, %v; want all 502", all, err)
	}
	all = 0
	if err := s.EachKnown(everything, func(Known) bool { all++; return all < 3 }); err != nil || all != 3 {
		t.Errorf("%d packages, %v; want no more than were wanted", all, err)
	}
	if k, ok, err := s.About(pypi("acme-billing")); !ok || err != nil || !k.Malware || k.IDs[0] != "MAL-2024-1" {
		t.Errorf("about one: %+v %t %v", k, ok, err)
	}
	if _, ok, err := s.About(pypi("acme-nothing")); ok || err != nil {
		t.Errorf("about none: %t %v", ok, err)
	}
	if _, _, err := s.About(artifact.Package{Ecosystem: artifact.NPM, Name: "x"}); !errors.Is(err, ErrNoData) {
		t.Errorf("another ecosystem: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.EachKnown(everything, collect); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, _, err := s.About(pypi("acme-billing")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestEachKnownOfADamagedIndex says so, and does not end early as if that were all.
func TestEachKnownOfADamagedIndex(t *testing.T) {
	data := indexBytes(t, knownRecord("MAL-2024-1", "acme-billing"))
	i := strings.Index(string(data), "MAL-2024-1") // in a block: what opening looks at holds no ids of records
	data[i] ^= 1
	s, err := openBytes(t, data)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.EachKnown(func(artifact.Package) bool { return true }, func(Known) bool { return true }); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}
