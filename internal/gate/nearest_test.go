package gate

import "testing"

func TestNearest(t *testing.T) {
	for _, tc := range []struct {
		n    int
		good func(int) bool
		want int
		asks int
		why  string
	}{
		{0, func(int) bool { return true }, -1, 0, "nothing to ask about"},
		{1, func(int) bool { return true }, 0, 1, "the first"},
		{1, func(int) bool { return false }, -1, 1, "the only one is bad"},
		{100, func(i int) bool { return i >= 37 }, 37, 12, "the lowest good one"},
		{100, func(i int) bool { return i == 99 }, 99, 16, "the last"},
		{100, func(int) bool { return false }, -1, 8, "none"},
	} {
		asked := 0
		last := -1
		got := nearest(tc.n, func(i int) bool {
			if i < 0 || i >= tc.n {
				t.Fatalf("asked about %d of %d", i, tc.n)
			}
			asked++
			if tc.good(i) {
				last = i
				return true
			}
			return false
		})
		if got != tc.want || asked > tc.asks || got != last {
			t.Errorf("nearest of %d = %d after %d asks, last good %d; want %d after at most %d (%s)", tc.n, got, asked, last, tc.want, tc.asks, tc.why)
		}
	}
}
