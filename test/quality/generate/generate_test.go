package generate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
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

// TestSealedOnlyStaysSealed: what sealed.go adds is never in the tune half.
func TestSealedOnlyStaysSealed(t *testing.T) {
	n := 0
	for _, s := range All(Seed).Samples {
		shape := slices.ContainsFunc(sealedShapes, func(o shape) bool {
			return o.family == s.Family && o.name == s.Shape && o.lang.ecosystem() == s.Ecosystem
		}) ||
			slices.ContainsFunc(sealedOthers, func(o other) bool { return o.family == s.Family && o.name == s.Shape && o.ecosystem == s.Ecosystem })
		disguise := slices.ContainsFunc(sealedDisguises, func(d disguise) bool { return d.name == s.Disguise })
		if shape || disguise {
			n++
			if s.Split != Sealed {
				t.Errorf("%s is in the tune half", s.ID)
			}
		}
	}
	if n < 500 {
		t.Errorf("%d samples of the sealed half's own, want at least 500", n)
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
