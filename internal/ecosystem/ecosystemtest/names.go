package ecosystemtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/osv-scalibr/semantic"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// testNames: one identity however it is written, and nothing repaired.
func testNames(t *testing.T, s Suite) {
	refused, taken := 0, 0
	for _, tc := range s.Names {
		got, err := s.Adapter.ParseName(tc.Written)
		if tc.Want == "" {
			if refused++; err == nil {
				t.Errorf("%q is taken as %s; want it refused (%s)", tc.Written, got, tc.Why)
			}
			continue
		}
		taken++
		if err != nil || got.Name != tc.Want || got.Ecosystem != s.Adapter.ID() {
			t.Errorf("%q is %v, %v; want %s (%s)", tc.Written, got, err, tc.Want, tc.Why)
			continue
		}
		if again, err := s.Adapter.ParseName(got.Name); err != nil || again != got {
			t.Errorf("the identity of %q, %q, is %v, %v", tc.Written, got.Name, again, err)
		}
		v := artifact.Version{Package: got, Number: s.Number("1.0.0")}
		if back, err := artifact.ParsePurl(v.Purl()); err != nil || back != v {
			t.Errorf("%q has the purl %s, which reads as %v, %v", tc.Written, v.Purl(), back, err)
		}
	}
	if refused == 0 || taken == 0 {
		t.Error("the suite needs names of both sorts")
	}
	for _, bad := range []string{"", ".", "..", "a\x00b", "a\nb", "a b", "../a", "a\u202eb", "/a", "a/"} {
		if p, err := s.Adapter.ParseName(bad); err == nil {
			t.Errorf("%q is taken as %s", bad, p)
		}
	}
	for _, pair := range s.LookLike {
		if a, b := s.Adapter.CollisionKey(pair[0]), s.Adapter.CollisionKey(pair[1]); a != b {
			t.Errorf("%q and %q look alike, yet have the keys %q and %q", pair[0], pair[1], a, b)
		}
	}
	for _, pair := range s.Differ {
		if a, b := s.Adapter.CollisionKey(pair[0]), s.Adapter.CollisionKey(pair[1]); a == b {
			t.Errorf("%q and %q have one key %q", pair[0], pair[1], a)
		}
	}
}

// pairs is how many pairs of versions are compared.
const pairs = 100_000

// seed makes every run look at the same versions.
var seed = [32]byte{'g', 'a', 't', 'e'}

// keyed is a version with its key.
type keyed struct {
	number string
	key    []byte
}

func (s Suite) versions(t *testing.T, n int) []keyed {
	t.Helper()
	random := rand.New(rand.NewChaCha8(seed))
	out := make([]keyed, 0, n)
	for range n {
		number := s.Version(random)
		key, err := s.Adapter.VersionKey(number)
		if err != nil {
			t.Fatalf("the generated version %q cannot be read: %v", number, err)
		}
		out = append(out, keyed{number, key})
	}
	return out
}

// testOrder: keys are an order, equal for equal versions, and say the same as the
// ranges.
func testOrder(t *testing.T, s Suite) {
	vs := s.versions(t, 3*2000)
	equal := 0
	for i := 0; i+2 < len(vs); i += 3 {
		a, b, c := vs[i], vs[i+1], vs[i+2]
		ab, bc, ac := bytes.Compare(a.key, b.key), bytes.Compare(b.key, c.key), bytes.Compare(a.key, c.key)
		if ab <= 0 && bc <= 0 && ac > 0 || ab >= 0 && bc >= 0 && ac < 0 {
			t.Errorf("%s, %s, %s: compared as %d, %d, %d", a.number, b.number, c.number, ab, bc, ac)
		}
		if again, err := s.Adapter.VersionKey(a.number); err != nil || !bytes.Equal(again, a.key) {
			t.Errorf("%s has two keys", a.number)
		}
		in, err := s.Adapter.InRange(b.number, s.Adapter.Exact(a.number))
		if err != nil {
			t.Errorf("%s in %s: %v", b.number, s.Adapter.Exact(a.number), err)
		}
		if in && ab != 0 && !s.ExactHolds(a.number, b.number) {
			t.Errorf("%s is in %s, yet sorts elsewhere", b.number, s.Adapter.Exact(a.number))
		}
		if in, err := s.Adapter.InRange(a.number, s.Adapter.Exact(a.number)); err != nil || !in {
			t.Errorf("%s is not in %s: %v", a.number, s.Adapter.Exact(a.number), err)
		}
		if in, err := s.Adapter.InRange(a.number, ""); err != nil || !in {
			t.Errorf("%s is not in the range of everything: %v", a.number, err)
		}
		if ab == 0 && a.number != b.number {
			equal++
		}
	}
	t.Logf("%d of %d pairs were one version under two spellings", equal, len(vs)/3)
	for _, bad := range []string{"", " ", "a\x00b", "1\n2", "1.0\u202e"} {
		if key, err := s.Adapter.VersionKey(bad); err == nil {
			t.Errorf("%q is taken as a version with the key %x", bad, key)
		}
	}
}

// testScalibr compares the order with another implementation's.
func testScalibr(t *testing.T, s Suite) {
	vs := s.versions(t, 2*pairs)
	excepted := make([]int, len(s.Exceptions))
	wrong := 0
	for i := 0; i+1 < len(vs) && wrong < 20; i += 2 {
		a, b := vs[i], vs[i+1]
		if theirs, err := compareAsScalibr(s.Scalibr, a.number, b.number); err != nil {
			t.Errorf("%s and %s cannot be compared: %v", a.number, b.number, err)
			wrong++
		} else if ours := bytes.Compare(a.key, b.key); ours != theirs {
			at := slices.IndexFunc(s.Exceptions, func(e Exception) bool { return e.Match(a.number, b.number) || e.Match(b.number, a.number) })
			if at < 0 {
				t.Errorf("%s and %s: %d, scalibr says %d", a.number, b.number, ours, theirs)
				wrong++
				continue
			}
			excepted[at]++
		}
	}
	for i, e := range s.Exceptions {
		if excepted[i] == 0 {
			t.Errorf("an exception that no pair needs: %s", e.Why)
		}
		t.Logf("%d of %d pairs: %s", excepted[i], pairs, e.Why)
	}
}

// compareAsScalibr may meet a version that its parser does not foresee.
func compareAsScalibr(ecosystem, a, b string) (c int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	v, err := semantic.Parse(a, ecosystem)
	if err != nil {
		return 0, err
	}
	return v.CompareStr(b)
}
