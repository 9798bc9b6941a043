package generate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeterministic: the same seed, the same bytes.
func TestDeterministic(t *testing.T) {
	a, b := All(Seed).Every(150), All(Seed).Every(150)
	for i := range a.Samples {
		x, y := a.Samples[i].make(), b.Samples[i].make()
		if x.file != y.file || !bytes.Equal(x.body, y.body) {
			t.Errorf("%s: made twice, it differs", a.Samples[i].ID)
		}
	}
}

// TestIDsAreUnique: a sample's folder is named by its id.
func TestIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	m := All(Seed)
	for _, s := range m.Samples {
		if seen[s.ID] {
			t.Errorf("%s twice", s.ID)
		}
		seen[s.ID] = true
	}
	for _, s := range m.Scenarios {
		if seen[s.ID] {
			t.Errorf("%s twice", s.ID)
		}
		seen[s.ID] = true
	}
}

// TestEveryFamilyIsInBothHalves: what is measured in the sealed half was there to
// be seen in the other, by other variants.
func TestEveryFamilyIsInBothHalves(t *testing.T) {
	halves := map[string]map[string]int{}
	for _, s := range All(Seed).Samples {
		if s.Label != Malicious && s.Family != aloneFamily {
			continue
		}
		if halves[s.Family] == nil {
			halves[s.Family] = map[string]int{}
		}
		halves[s.Family][s.Split]++
	}
	if len(halves) < 40 {
		t.Errorf("%d families, want at least 40", len(halves))
	}
	for family, n := range halves {
		if n[Sealed] == 0 || n[Tune] == 0 {
			t.Errorf("%s: %v; want some in both halves", family, n)
		}
	}
}

// TestSealedHalfIsItsOwn: what is in it has a shape or a disguise that the tune half
// does not have.
func TestSealedHalfIsItsOwn(t *testing.T) {
	m := All(Seed)
	shapes, disguises := map[string]bool{}, map[string]bool{}
	for _, s := range m.Half(Tune).Samples {
		shapes[id(s.Ecosystem, s.Family, s.Shape)] = true
		disguises[s.Disguise] = true
	}
	sealed := m.Half(Sealed)
	for _, s := range sealed.Samples {
		if shapes[id(s.Ecosystem, s.Family, s.Shape)] && disguises[s.Disguise] {
			t.Errorf("%s: its shape and its disguise are in the tune half too", s.ID)
		}
		if s.Opened {
			t.Errorf("%s is sealed, and was opened", s.ID)
		}
	}
	if n := len(sealed.Samples); n < 4000 || n > 8000 {
		t.Errorf("%d packages in the sealed half, want 4,000 to 8,000", n)
	}
	if len(sealed.Scenarios) < 100 {
		t.Errorf("%d rows of versions in the sealed half, want at least 100", len(sealed.Scenarios))
	}
}

// TestSealedHalfIsWide: each family is built in at least four new ways, each of
// which has an honest twin, and in disguises of this half's own.
func TestSealedHalfIsWide(t *testing.T) {
	m := All(Seed)
	old, families, disguises := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range m.Half(Tune).Samples {
		old[id(s.Ecosystem, s.Family, s.Shape)] = true
		families[s.Family] = true
		disguises[s.Disguise] = true
	}
	shapes, twins, own := map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]bool{}
	for _, s := range m.Half(Sealed).Samples {
		of := shapes
		if s.Label == Benign {
			of = twins
		}
		if of[s.Family] == nil {
			of[s.Family] = map[string]bool{}
		}
		if !old[id(s.Ecosystem, s.Family, s.Shape)] {
			of[s.Family][s.Ecosystem+" "+s.Shape] = true
		}
		if !disguises[s.Disguise] {
			own[s.Disguise] = true
		}
	}
	for family := range families {
		if family == aloneFamily {
			if len(twins[family]) < 20 {
				t.Errorf("%s: %d new shapes, want at least 20", family, len(twins[family]))
			}
			continue
		}
		if len(shapes[family]) < 4 || len(twins[family]) < 4 {
			t.Errorf("%s: %d new shapes, %d of them with a twin, want at least 4", family, len(shapes[family]), len(twins[family]))
		}
	}
	if len(own) < 20 {
		t.Errorf("%d disguises of its own, want at least 20", len(own))
	}
}

// TestUnopened: the part of the tune half that was never sealed stays what it was.
func TestUnopened(t *testing.T) {
	m := All(Seed).Half(Tune)
	u := m.Unopened()
	if len(m.Samples) < 20000 || len(u.Samples) < 5000 || len(u.Samples) > 7000 {
		t.Errorf("%d samples in the tune half, %d of them never sealed", len(m.Samples), len(u.Samples))
	}
	opened := map[string]bool{}
	for _, d := range slices.Concat(firstDisguises, secondDisguises, thirdDisguises) {
		opened[d.name] = true
	}
	for _, s := range u.Samples {
		if s.Opened || opened[s.Disguise] {
			t.Errorf("%s was in a sealed half", s.ID)
		}
	}
	if got := u.Every(41).Digest(); got != unopenedDigest {
		t.Errorf("what the ordinary tests measure is not what it was: %s, want %s", got, unopenedDigest)
	}
}

// unopenedDigest is the digest of the slice that the ordinary tests measure.
const unopenedDigest = "1a51631e2ed7c11030394cdca5b7f29ee5c161b97f84547342d9ab13586ad732"

// TestHonestRecordsAreTrue: a wheel's RECORD says what is in it, but where an attack
// is that it does not.
func TestHonestRecordsAreTrue(t *testing.T) {
	all := All(Seed)
	m := all.Every(40)
	for _, s := range all.Samples {
		if s.Family == "record-mismatch" {
			m.Samples = append(m.Samples, s)
		}
	}
	lies := 0
	for _, s := range m.Samples {
		b := s.make()
		if !strings.HasSuffix(b.file, ".whl") {
			continue
		}
		files, err := open(b)
		if err != nil {
			t.Fatalf("%s: %v", s.ID, err)
		}
		why := recordFault(files)
		switch {
		case s.Label == Malicious && s.Family == "record-mismatch":
			if lies++; why == "" {
				t.Errorf("%s: its RECORD is true", s.ID)
			}
		case why != "":
			t.Errorf("%s: %s", s.ID, why)
		}
	}
	if lies < 20 {
		t.Errorf("%d samples of record-mismatch, want at least 20", lies)
	}
}

// recordFault says what is wrong with the RECORD of a wheel.
func recordFault(files map[string]string) string {
	record, listed := "", map[string]string{}
	for name, text := range files {
		if !strings.HasSuffix(name, ".dist-info/RECORD") {
			continue
		}
		record = name
		for line := range strings.Lines(text) {
			path, rest, _ := strings.Cut(strings.TrimSpace(line), ",")
			listed[path] = rest
		}
	}
	if len(listed) != len(files) {
		return fmt.Sprintf("%d files, and %d in RECORD", len(files), len(listed))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		want := fmt.Sprintf("sha256=%s,%d", recordDigest(files[name]), len(files[name]))
		if name == record {
			want = ","
		}
		if listed[name] != want {
			return fmt.Sprintf("RECORD says %q about %s, want %q", listed[name], name, want)
		}
	}
	return ""
}

// sliceDigest is the digest of every tenth sample of the sealed half: what of
// SealedDigest is seen within seconds.
const sliceDigest = "d889b453717797168399ee4855dd6a01629a949ffabcd718acf2ff3285bf41c9"

// TestSealedSliceIsTheSame: see SealedDigest.
func TestSealedSliceIsTheSame(t *testing.T) {
	if got := All(Seed).Half(Sealed).Every(10).Digest(); got != sliceDigest {
		t.Errorf("the sealed half is another than the one that was written down, by a slice of it: %s, want %s; what is sealed stays as it is (SealedDigest)", got, sliceDigest)
	}
}

// TestDigestSeesEverything: one other byte in one package is another digest.
func TestDigestSeesEverything(t *testing.T) {
	sample := func(text string) Sample {
		return Sample{ID: "a", make: func() built { return built{"a.whl", []byte(text)} }}
	}
	row := func(text string) Scenario {
		return Scenario{ID: "r", make: []func() built{func() built { return built{"r.whl", []byte(text)} }}}
	}
	seen := map[string]string{}
	for why, m := range map[string]Manifest{
		"nothing": {}, "a sample": {Samples: []Sample{sample("x")}}, "another byte": {Samples: []Sample{sample("y")}},
		"twice":         {Samples: []Sample{sample("x"), sample("x")}},
		"a row":         {Scenarios: []Scenario{row("x")}},
		"another row":   {Scenarios: []Scenario{row("y")}},
		"both of them":  {Samples: []Sample{sample("x")}, Scenarios: []Scenario{row("x")}},
		"another label": {Samples: []Sample{{ID: "a", Label: Benign, make: sample("x").make}}},
	} {
		d := m.Digest()
		if before, ok := seen[d]; ok {
			t.Errorf("%s has the digest of: %s", why, before)
		}
		seen[d] = why
	}
}

// TestEveryMaliciousShapeHasATwin, at least undisguised.
func TestEveryMaliciousShapeHasATwin(t *testing.T) {
	twins := map[string]bool{}
	m := All(Seed)
	for _, s := range m.Samples {
		twins[s.TwinOf] = true
	}
	for _, s := range m.Samples {
		if s.Label == Malicious && s.Disguise == "none" && !twins[s.ID] {
			t.Errorf("%s has no honest twin", s.ID)
		}
	}
}

// TestArchivesAreWhole reads archives to their end; no mark may be left in them.
func TestArchivesAreWhole(t *testing.T) {
	m := All(Seed).Every(50)
	bodies := map[string]string{}
	for _, s := range m.Samples {
		b := s.make()
		files, err := open(b)
		if err != nil {
			t.Errorf("%s: %s: %v", s.ID, b.file, err)
			continue
		}
		if len(files) < 2 && s.Family != "empty-package" {
			t.Errorf("%s: %d files in it", s.ID, len(files))
		}
		bodies[s.ID] = string(b.body)
		for name, text := range files {
			if left := strings.Contains(text, "<%") && strings.Contains(text, "%>") || placeholder.MatchString(text); left {
				t.Errorf("%s: %s: a mark was left in it:\n%s", s.ID, name, text)
			}
		}
		if s.TwinOf != "" && bodies[s.TwinOf] == bodies[s.ID] {
			t.Errorf("%s is the same as what it is the twin of", s.ID)
		}
	}
	for _, s := range m.Scenarios {
		for i, f := range s.make {
			if _, err := open(f()); err != nil {
				t.Errorf("%s, version %d: %v", s.ID, i, err)
			}
		}
	}
}

// TestHostsAreInert reads every shape as it is undisguised.
func TestHostsAreInert(t *testing.T) {
	n := 0
	for _, s := range All(Seed).Samples {
		if s.Disguise != "none" {
			continue
		}
		files, err := open(s.make())
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			for _, host := range hostNames.FindAllStringSubmatch(text, -1) {
				if n++; !inertHost(host[1]) {
					t.Errorf("%s: %s names the host %s", s.ID, name, host[1])
				}
			}
		}
	}
	if n < 200 {
		t.Errorf("%d hosts seen, want at least 200", n)
	}
}

var (
	hostNames   = regexp.MustCompile(`(?i)\bhttps?://([a-z0-9][a-z0-9.-]*)`)
	placeholder = regexp.MustCompile(`\$(URL|HOST|ADDRESS|PORT|NAME|DOMAIN|DISCORD|TELEGRAM|SLACK|OAST|PIPE|POOL|COIN|METADATA)\b`)
)

// inertHost says whether nothing answers a name, or it answers with a path that it
// does not have: the services are named with the path "inert" alone.
func inertHost(host string) bool {
	for _, end := range []string{".invalid", "disc" + "ord.com", "tele" + "gram.org", "sl" + "ack.com", "paste" + "bin.com", "bit" + ".ly", "trans" + "fer.sh", "ng" + "rok-free.app", "oa" + "st.fun", "pipe" + "dream.net"} {
		if strings.HasSuffix(strings.ToLower(host), end) {
			return true
		}
	}
	return host == "localhost" || strings.HasPrefix(host, "192.0.2.") || strings.HasPrefix(host, "169.254.")
}

// open gives the texts of a package.
func open(b built) (map[string]string, error) {
	files := map[string]string{}
	switch {
	case strings.HasSuffix(b.file, ".whl"), strings.HasSuffix(b.file, ".zip"), strings.HasSuffix(b.file, ".jar"):
		z, err := zip.NewReader(bytes.NewReader(b.body), int64(len(b.body)))
		if err != nil {
			return nil, err
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			text, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			files[f.Name] = string(text)
		}
		return files, nil
	case strings.HasSuffix(b.file, ".gem"):
		outer, err := untar(bytes.NewReader(b.body))
		if err != nil {
			return nil, err
		}
		inner, err := gzip.NewReader(strings.NewReader(outer["data.tar.gz"]))
		if err != nil {
			return nil, fmt.Errorf("data.tar.gz: %w", err)
		}
		return untar(inner)
	}
	g, err := gzip.NewReader(bytes.NewReader(b.body))
	if err != nil {
		return nil, err
	}
	return untar(g)
}

func untar(r io.Reader) (map[string]string, error) {
	files := map[string]string{}
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if _, dup := files[h.Name]; dup {
			return nil, fmt.Errorf("%s twice", h.Name)
		}
		b, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		files[h.Name] = string(b)
	}
}
