package semver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	dsemver "deps.dev/util/semver"
	"github.com/google/osv-scalibr/semantic"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"1.2.3", "1.2.3", "plain"},
		{" v1.2.3 ", "1.2.3", "a v and spaces"},
		{"=v1.2.3", "1.2.3", "both marks"},
		{"1.2.3beta", "1.2.3-beta", "no dash, as old releases have it"},
		{"01.02.03", "1.2.3", "leading zeros"},
		{"1.2.3-01.a.x-y", "1.2.3-1.a.x-y", "identifiers"},
		{"1.2.3+b.1", "1.2.3+b.1", "build metadata"},
		{"1.2.3-0", "1.2.3-0", "the lowest pre-release"},
		{"1.2", "", "two numbers"},
		{"1.2.3.4", "", "four numbers"},
		{"1.2.3-", "", "a dash with nothing"},
		{"1.2.3-a..b", "", "an empty identifier"},
		{"1.2.3 4", "", "something behind"},
		{"9007199254740992.0.0", "", "beyond what JavaScript counts"},
		{"", "", "empty"},
		{"latest", "", "a tag"},
		{"1.2.3-" + strings.Repeat("a", 256), "", "too long"},
	} {
		v, err := Parse(tc.in)
		got := ""
		if err == nil {
			got = v.String()
		}
		if got != tc.want {
			t.Errorf("Parse(%q) = %q, %v; want %q (%s)", tc.in, got, err, tc.want, tc.why)
		}
	}
}

func randomVersion(r *rand.Rand) string {
	n := func() int { return []int{0, 1, 2, 10, 99, 1 << 40}[r.IntN(6)] }
	s := fmt.Sprintf("%d.%d.%d", n(), n(), n())
	for i := range r.IntN(4) {
		s += "-."[min(i, 1):][:1]
		s += []string{"0", "1", "2", "11", "alpha", "alpha-1", "b", "B", "rc", "x1", "1x", "-", "a-b"}[r.IntN(13)]
	}
	return s + []string{"", "", "+b1", "+b2"}[r.IntN(4)]
}

// TestOrder compares 100,000 pairs with what OSV's own tools say.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		a, b := randomVersion(r), randomVersion(r)
		if r.IntN(3) == 0 { // the same release, where only pre-releases tell
			x, _, _ := strings.Cut(a, "-")
			_, y, _ := strings.Cut(b, "-")
			b = strings.SplitN(x, "+", 2)[0] + "-0" + y
		}
		oracle, err := semantic.Parse(a, "npm")
		if err != nil {
			t.Fatal(err)
		}
		want, err := oracle.CompareStr(b)
		if err != nil {
			t.Fatal(err)
		}
		va, err1 := Parse(a)
		vb, err2 := Parse(b)
		if err1 != nil || err2 != nil {
			t.Fatalf("%s, %s: %v, %v", a, b, err1, err2)
		}
		if got, keys := Compare(va, vb), bytes.Compare(va.Key(), vb.Key()); got != want || keys != want {
			t.Fatalf("%s and %s: compared %d, keys %d, want %d", a, b, got, keys, want)
		}
	}
}

// TestRangesAreNodes holds ranges to answers that node-semver gave, loose.
func TestRangesAreNodes(t *testing.T) {
	f, err := os.Open("testdata/node-semver.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); lines++ {
		part := strings.Split(s.Text(), "\t")
		var text string
		if err := json.Unmarshal([]byte(part[0]), &text); err != nil {
			t.Fatal(err)
		}
		v, err := Parse(part[1])
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRange(text)
		got := "e"
		if err == nil {
			got = map[bool]string{true: "1", false: "0"}[r.Contains(v)]
		}
		if got != part[2] {
			t.Errorf("%q with %s: got %s, want %s (%v)", text, part[1], got, part[2], r)
		}
	}
	if lines < 3000 {
		t.Errorf("only %d lines were compared", lines)
	}
}

// TestRangesAreDepsDevs compares 100,000 ranges of the forms that people write
// with what the resolver's own library says.
func TestRangesAreDepsDevs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	n := func() string { return fmt.Sprint([]int{0, 1, 2, 3, 10}[r.IntN(5)]) }
	pre := func() string { return []string{"", "", "", "", "-alpha.1", "-beta", "-0"}[r.IntN(7)] }
	part := func() string {
		switch r.IntN(4) {
		case 0:
			return n()
		case 1:
			return n() + "." + n()
		case 2:
			return n() + "." + n() + ".x"
		}
		return n() + "." + n() + "." + n() + pre()
	}
	one := func() string {
		switch r.IntN(8) {
		case 0:
			return n() + "." + n() + "." + n() + " - " + n() + "." + n() + "." + n()
		case 1:
			return ">=" + part() + " <" + part()
		case 2:
			return "*"
		}
		return []string{"", "^", "~", ">=", "<=", "<", ">", "="}[r.IntN(8)] + part()
	}
	differ := 0
	for range 100_000 {
		text := one()
		for r.IntN(5) == 0 {
			text += " || " + one()
		}
		number := n() + "." + n() + "." + n() + pre()
		c, err := dsemver.NPM.ParseConstraint(text)
		if err != nil {
			continue // it refuses what can hold nothing
		}
		mine, err := ParseRange(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		v, err := Parse(number)
		if err != nil {
			t.Fatal(err)
		}
		if c.Match(number) == mine.Contains(v) {
			continue
		}
		// The library joins alternatives: a pre-release comes in by the bound of
		// another one, and "<1 || ^2" is taken for less than 2 at some places. node-semver's
		// own answers are the ones that count (TestRangesAreNodes).
		if differ++; !strings.Contains(text, "||") && !v.Pre() {
			t.Fatalf("%q with %s: got %t, the library says %t", text, number, mine.Contains(v), c.Match(number))
		}
	}
	t.Logf("%d of 100,000 differ", differ)
	if differ > 500 {
		t.Errorf("%d of 100,000 ranges differ", differ)
	}
}

func TestRange(t *testing.T) {
	for _, tc := range []struct {
		rng, number string
		in, bad     bool
		why         string
	}{
		{"", "1.0.0", true, false, "any"},
		{"*", "1.0.0-a", false, false, "a star holds no pre-release"},
		{"^1.2.3-a", "1.2.4-b", false, false, "of another release"},
		{"^1.2.3-a", "1.2.3-b", true, false, "of the release that is named"},
		{"1.x foo", "1.1.0", true, false, "what is nothing is dropped beside something"},
		{"latest", "", false, true, "a tag"},
		{"git+ssh://x", "", false, true, "an address"},
		{"1 || latest", "1.1.0", true, false, "an alternative that is nothing"},
		{strings.Repeat("1||", 6000), "", false, true, "too long"},
		{strings.Repeat("1 ", 5000), "", false, true, "too many parts"},
	} {
		r, err := ParseRange(tc.rng)
		if (err != nil) != tc.bad {
			t.Errorf("ParseRange(%.40q): %v; want an error %t (%s)", tc.rng, err, tc.bad, tc.why)
		}
		if tc.number == "" {
			continue
		}
		v, err := Parse(tc.number)
		if err != nil || r.Contains(v) != tc.in {
			t.Errorf("%q with %s: %t, %v; want %t (%s)", tc.rng, tc.number, r.Contains(v), err, tc.in, tc.why)
		}
	}
	if r, _ := ParseRange("=1.2.3"); !exactly(r, "1.2.3") {
		t.Error("=1.2.3 names one version")
	}
	if r, _ := ParseRange("^1.2.3"); exactly(r, "1.2.3") || r.Any() {
		t.Error("^1.2.3 names several")
	}
	if r, _ := ParseRange(" * "); !r.Any() {
		t.Error("a star asks for nothing")
	}
}

func exactly(r Range, want string) bool {
	v, ok := r.Exact()
	return ok && v.String() == want
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.2.3", "v1.2.3-a.1+b", "1.2.3beta", "1.2", "1.2.3--", "1.2.3-a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(v.String())
		if err != nil || Compare(v, again) != 0 || again.String() != v.String() {
			t.Fatalf("%q is %s, which reads as %s, %v", s, v, again, err)
		}
		r, err := ParseRange(v.String())
		if err != nil || !r.Contains(v) {
			t.Fatalf("%q: its own range does not hold it: %v", s, err)
		}
	})
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"^1", "~1.2 || >=3 <4", "1 - 2", "*", "<0.0.0-0", "> = 1", "^ 1.2.3-a", "x.1"} {
		f.Add(s, "1.2.3")
	}
	f.Fuzz(func(t *testing.T, s, number string) {
		r, err := ParseRange(s)
		if err != nil {
			return
		}
		if v, err := Parse(number); err == nil {
			both, err := ParseRange(s + " || " + s)
			if len(s) < 1000 && (err != nil || both.Contains(v) != r.Contains(v)) {
				t.Fatalf("%q twice is another range: %v", s, err)
			}
		}
	})
}
