package resolve

import "math/bits"

// set is a set of small numbers, a bit each. All sets of one package have the
// same length, so that the operations need not care for different ones. The
// functions that return a set return a new one; add alone changes its receiver.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

// fullSet holds 0 to n-1.
func fullSet(n int) set {
	s := newSet(n)
	for i := range s {
		s[i] = ^uint64(0)
	}
	if rest := n % 64; rest != 0 {
		s[len(s)-1] = 1<<rest - 1
	}
	return s
}

func single(n, i int) set {
	s := newSet(n)
	s.add(i)
	return s
}

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s set) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

func (s set) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// subsetOf says whether everything in s is in o.
func (s set) subsetOf(o set) bool {
	for i, w := range s {
		if w&^o[i] != 0 {
			return false
		}
	}
	return true
}

func (s set) disjoint(o set) bool {
	for i, w := range s {
		if w&o[i] != 0 {
			return false
		}
	}
	return true
}

func (s set) and(o set) set {
	out := make(set, len(s))
	for i, w := range s {
		out[i] = w & o[i]
	}
	return out
}

func (s set) or(o set) set {
	out := make(set, len(s))
	for i, w := range s {
		out[i] = w | o[i]
	}
	return out
}

// without is what is in s and not in o.
func (s set) without(o set) set {
	out := make(set, len(s))
	for i, w := range s {
		out[i] = w &^ o[i]
	}
	return out
}

// first gives the smallest member at or after i, -1 when there is none.
func (s set) first(i int) int {
	for w := i / 64; w < len(s); w++ {
		word := s[w]
		if w == i/64 {
			word &= ^uint64(0) << (i % 64)
		}
		if word != 0 {
			return w*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// key is a map key for the set's content.
func (s set) key() string {
	b := make([]byte, 0, len(s)*8)
	for _, w := range s {
		b = append(b, byte(w), byte(w>>8), byte(w>>16), byte(w>>24), byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56))
	}
	return string(b)
}
