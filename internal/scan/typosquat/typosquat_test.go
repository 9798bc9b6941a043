package typosquat

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

var popular = build(popularNames(artifact.PyPI))

// ecosystems are those whose names are known, each with how many at least.
var ecosystems = map[artifact.Ecosystem]int{artifact.PyPI: 7900, artifact.NPM: 7900, artifact.Golang: 1200, artifact.Cargo: 1200, artifact.Maven: 1700}

func TestPopularListsAreWhatTheySay(t *testing.T) {
	for e := range New().names {
		if ecosystems[e] == 0 {
			t.Errorf("popular/%s.txt is of no ecosystem that these tests know", e)
		}
	}
	for e, least := range ecosystems {
		list := popularNames(e)
		if len(list) < least || len(list) > 1<<16-1 {
			t.Fatalf("%s: %d names", e, len(list))
		}
		seen := map[string]bool{}
		for _, name := range list {
			if seen[name] || name != strings.ToLower(name) || strings.ContainsAny(name, " \t#") {
				t.Errorf("%s: %q stands twice or is not as the lists have names", e, name)
			}
			seen[name] = true
		}
		text, err := lists.ReadFile("popular/" + string(e) + ".txt")
		if first, _, _ := strings.Cut(string(text), "\n"); err != nil || !strings.HasPrefix(first, "# ") || !strings.Contains(first, "in order, 2026-") {
			t.Errorf("popular/%s.txt must say what it is: %q %v", e, first, err)
		}
	}
}

func TestLookalike(t *testing.T) {
	for _, tc := range []struct{ name, want, why string }{
		{"reqeusts", "requests", "two letters swapped"},
		{"request", "requests", "a letter dropped"},
		{"requestss", "requests", "a letter repeated"},
		{"requezts", "requests", "a letter replaced"},
		{"requ3sts", "requests", "a digit for a letter"},
		{"reques-ts", "requests", "a separator added"},
		{"colourama", "colorama", "the other spelling"},
		{"crytograpyh", "cryptography", "two edits of a long name"},
		{"jeilyfish", "jellyfish", "i for l"},
		{"nurnpy", "numpy", "rn for m"},
		{"b0to3", "boto3", "0 for o"},
		{"beautifulsoup", "beautifulsoup4", "the number dropped"},
		{"dateutil", "python-dateutil", "a usual prefix dropped"},
		{"dateutil-python", "python-dateutil", "and put behind"},
		{"python3-dateutil", "python-dateutil", "or another one"},
		{"requests-py", "requests", "a usual suffix"},
		{"pythondateutil", "python-dateutil", "the separator dropped"},
		{"django-rest-framework", "djangorestframework", "separators added"},
		{"setup-tools", "setuptools", "a separator added"},
		{"charset-normaliser", "charset-normalizer", "one letter in one token"},
	} {
		got, ok := popular.lookalike(tc.name)
		if !ok || got.name != tc.want {
			t.Errorf("%q looks like %q, want %q (%s)", tc.name, got.name, tc.want, tc.why)
		}
	}
}

// TestOwnedNames: a name with an owner is told apart by whose it is.
func TestOwnedNames(t *testing.T) {
	check := New()
	for _, tc := range []struct {
		e               artifact.Ecosystem
		name, like, why string
	}{
		{artifact.NPM, "lodahs", "lodash", "two letters swapped"},
		{artifact.NPM, "types-node", "@types/node", "the scope written into the name"},
		{artifact.NPM, "@typess/node", "@types/node", "a letter more in the scope"},
		{artifact.NPM, "lodash.js", "lodash", "a usual suffix"},
		{artifact.NPM, "@acme/lodash", "", "a scope's own name for what is popular without one"},
		{artifact.NPM, "@babel/helper-acme", "", "a popular scope gives out its names itself"},
		{artifact.NPM, "acme-internal-widgets", "", "like nothing"},
		{artifact.Golang, "github.com/siruspen/logrus", "github.com/sirupsen/logrus", "letters swapped in the owner"},
		{artifact.Golang, "github.com/stretchr/testifyy", "", "the owner's own module"},
		{artifact.Golang, "githud.com/stretchr/testify", "github.com/stretchr/testify", "another host"},
		{artifact.Golang, "github.org/stretchr/testify", "github.com/stretchr/testify", "the host under another domain"},
		{artifact.Golang, "github.com/boltdb-go/bbolt", "", "like nothing that is popular"},
		{artifact.Golang, "github.com/google-go/uuid", "github.com/google/uuid", "a usual suffix of the owner"},
		{artifact.Golang, "github.com/acme/uuid", "", "somebody else's"},
		{artifact.Golang, "github.com/google/uuid/v9", "", "a later major version"},
		{artifact.Cargo, "parking-lott", "parking-lot", "a letter repeated"},
		{artifact.Cargo, "proc_marco2", "proc-macro2", "either separator"},
		{artifact.Cargo, "rust-tokio", "tokio", "a usual prefix"},
		{artifact.Cargo, "acme-billing", "", "like nothing"},
		{artifact.Maven, "org.fasterxml.jackson.core/jackson-databind", "com.fasterxml.jackson.core/jackson-databind", "the group under another domain"},
		{artifact.Maven, "com.fasterxmll.jackson.core/jackson-databind", "com.fasterxml.jackson.core/jackson-databind", "a letter more in the group"},
		{artifact.Maven, "com.google.guava/guava-acme", "", "the group gives out its names itself"},
		{artifact.Maven, "com.acme/guava", "", "somebody else's"},
	} {
		fs, err := check.Check(t.Context(), scan.VersionTarget{Version: artifact.Version{Package: artifact.Package{Ecosystem: tc.e, Name: tc.name}, Number: "1"}})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case tc.like == "" && len(fs) > 0:
			t.Errorf("%s (%s): %s", tc.name, tc.why, fs[0].Text)
		case tc.like != "" && (len(fs) != 1 || !strings.Contains(fs[0].Text, "popular "+tc.like+" (")):
			t.Errorf("%s (%s): %v, want it to look like %s", tc.name, tc.why, fs, tc.like)
		}
	}
}

func TestNotLookalike(t *testing.T) {
	for _, tc := range []struct{ name, why string }{
		{"requests", "is popular itself"},
		{"boto", "is popular itself, beside boto3"},
		{"django-acme-billing", "a family shares its first word"},
		{"types-acme", "a family"},
		{"acme-stubs", "a family"},
		{"pytest-acme", "a family"},
		{"pyqt7", "another generation"},
		{"beautifulsoup5", "another generation of a long name"},
		{"acme", "looks like nothing"},
		{"six2", "too short to say"},
		{"", "no name"},
		{strings.Repeat("requests", 100), "too long to look like anything"},
	} {
		if got, ok := popular.lookalike(tc.name); ok {
			t.Errorf("%q looks like %q (%s), want nothing (%s)", tc.name, got.name, got.how, tc.why)
		}
	}
}

// TestNoPopularNameIsALookalike: whoever is on the list is never accused.
func TestNoPopularNameIsALookalike(t *testing.T) {
	for e := range ecosystems {
		n := build(popularNames(e))
		for _, name := range n.popular {
			if got, ok := n.lookalike(name); ok {
				t.Errorf("%s: %q looks like %q", e, name, got.name)
			}
		}
	}
}

// TestEverySlipOfAPopularNameIsFound makes each single edit of the most popular
// names that are long enough and counts those that go unnoticed.
func TestEverySlipOfAPopularNameIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	missed, tried := 0, 0
	for _, name := range popular.popular[:500] {
		if strings.ContainsAny(name, "-"+digits) || len(name) < leastShort {
			continue
		}
		for range 20 {
			slip := oneEdit(random, name)
			if _, isPopular := popular.rank[slip]; isPopular || slip == name {
				continue
			}
			tried++
			if _, ok := popular.lookalike(slip); !ok {
				missed++
				t.Logf("%s for %s", slip, name)
			}
		}
	}
	if tried < 2000 || missed > 0 {
		t.Errorf("%d of %d slips missed", missed, tried)
	}
}

func oneEdit(random *rand.Rand, s string) string {
	b := []byte(s)
	i := random.IntN(len(b) - 1)
	letter := byte('a' + random.IntN(26))
	switch random.IntN(4) {
	case 0:
		b[i], b[i+1] = b[i+1], b[i]
	case 1:
		b[i] = letter
	case 2:
		b = slices.Delete(b, i, i+1)
	default:
		b = slices.Insert(b, i, letter)
	}
	return string(b)
}

// TestFamiliesDoNotExplode makes honest-looking members of the large families
// and bounds how many are taken for another member.
func TestFamiliesDoNotExplode(t *testing.T) {
	words := strings.Fields("billing invoices payments orders warehouse catalogue search tickets audit calendar kitchen weather library museum garden radio camera printer scanner ledger")
	hits := 0
	for _, family := range []string{"django-%s", "types-%s", "%s-stubs", "pytest-%s", "flask-%s", "mypy-boto3-%s", "apache-airflow-providers-%s", "sphinx-%s"} {
		for _, w := range words {
			if got, ok := popular.lookalike(fmt.Sprintf(family, w)); ok {
				hits++
				t.Logf(family+" looks like %s (%s)", w, got.name, got.how)
			}
		}
	}
	if hits > 1 {
		t.Errorf("%d of 160 made-up family members look like another", hits)
	}
}

// TestFalsePositives bounds how many honest names of the next ranks are taken for
// a more popular one. All that is found becomes a note, so 2% is bearable.
func TestFalsePositives(t *testing.T) {
	for e := range ecosystems {
		b, err := os.ReadFile("testdata/" + string(e) + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		n := build(popularNames(e))
		asked, hits := 0, 0
		for name := range strings.Lines(string(b)) {
			if name = strings.TrimSpace(name); name[0] == '#' {
				continue
			}
			asked++
			if got, ok := n.lookalike(name); ok {
				hits++
				t.Logf("%s looks like %s (%s)", name, got.name, got.how)
			}
		}
		t.Logf("%s: %d of %d", e, hits, asked)
		if asked < 600 || hits*50 > asked {
			t.Errorf("%s: %d of %d honest names look like another, want at most 2%%", e, hits, asked)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "abcd", 1}, {"abc", "xbc", 1},
		{"abcd", "badc", 2}, {"abc", "xyz", 3}, {"abc", "abcdefgh", 3}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := distance(tc.b, tc.a); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d: it must be symmetric", tc.b, tc.a, got, tc.want)
		}
	}
}

func TestCheck(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	index := func(age time.Duration, numbers ...string) *ecosystem.Index {
		x := &ecosystem.Index{}
		for _, n := range numbers {
			x.Files = append(x.Files, ecosystem.IndexFile{Number: n, Uploaded: now.Add(-age)})
		}
		return x
	}
	target := func(eco artifact.Ecosystem, name string, x *ecosystem.Index) scan.VersionTarget {
		return scan.VersionTarget{Version: artifact.Version{Package: artifact.Package{Ecosystem: eco, Name: name}, Number: "1"}, Index: x, Now: now}
	}
	internal := target(artifact.PyPI, "reqeusts", nil)
	internal.Internal = true
	for _, tc := range []struct {
		why  string
		t    scan.VersionTarget
		want finding.Severity
	}{
		{"many versions and old", target(artifact.PyPI, "reqeusts", index(time.Hour*24*365, "1", "2", "3", "4")), finding.Medium},
		{"few versions", target(artifact.PyPI, "reqeusts", index(time.Hour*24*365, "1", "2", "3")), finding.High},
		{"young", target(artifact.PyPI, "reqeusts", index(time.Hour*24*10, "1", "2", "3", "4")), finding.High},
		{"no index", target(artifact.PyPI, "reqeusts", nil), finding.Medium},
		{"an ecosystem whose names are not known", target("hex", "reqeusts", nil), finding.Unknown},
		{"an internal name", internal, finding.Unknown},
		{"the real one", target(artifact.PyPI, "requests", index(0, "1")), finding.Unknown},
	} {
		fs, err := New().Check(t.Context(), tc.t)
		if err != nil {
			t.Fatal(err)
		}
		if tc.want == finding.Unknown {
			if len(fs) != 0 {
				t.Errorf("%s: got %+v, want nothing", tc.why, fs)
			}
			continue
		}
		if len(fs) != 1 || fs[0].Severity != tc.want || fs[0].Class != finding.Name || fs[0].Rule != Rule || !strings.Contains(fs[0].Text, "requests") {
			t.Errorf("%s: got %+v, want one finding of severity %s that names requests", tc.why, fs, tc.want)
		}
	}
}

// FuzzLookalike: a name is text from outside; whatever it is, asking must not
// fail and must not accuse a popular name.
func FuzzLookalike(f *testing.F) {
	for _, s := range []string{"reqeusts", "", "-", "a--b", "\xff\x00", strings.Repeat("a", maxName), strings.Repeat("-", maxName)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := popular.lookalike(s)
		if ok && (got.name == s || popular.popular[got.rank] != got.name) {
			t.Fatalf("%q looks like %+v", s, got)
		}
	})
}

func BenchmarkLookalike(b *testing.B) {
	names := []string{"reqeusts", "acme-internal-billing", "django-acme", "left-pad", "a-rather-long-name-of-a-package-with-parts"}
	i := 0
	for b.Loop() {
		popular.lookalike(names[i%len(names)])
		i++
	}
}

func BenchmarkBuild(b *testing.B) {
	for e := range ecosystems {
		b.Run(string(e), func(b *testing.B) {
			for b.Loop() {
				build(popularNames(e))
			}
		})
	}
}
