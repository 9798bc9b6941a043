package main

import "testing"

func TestMemoryLimitFollowsWhatIsInUse(t *testing.T) {
	const mb = 1 << 20
	for _, tc := range []struct {
		live uint64
		want int64
		why  string
	}{
		{0, 72 * mb, "nothing measured yet"},
		{2 * mb, 72 * mb, "an idle gate"},
		{42 * mb, 72 * mb, "large indexes are kept"},
		{43 * mb, 80 * mb, "a step more"},
		{400 * mb, 608 * mb, "a closure of a thousand versions is looked at: there is always room to work in"},
	} {
		if got := memoryLimit(tc.live); got != tc.want {
			t.Errorf("%d MB in use: %d MB, want %d MB (%s)", tc.live/mb, got/mb, tc.want/mb, tc.why)
		}
	}
}
