package advisory

import (
	"bytes"
	"cmp"
	"slices"
)

// How a span ends.
type spanEnd byte

const (
	exclusive spanEnd = iota // hi is the first version not covered
	inclusive                // hi is covered
	endless                  // no upper end; hi is empty
)

// A span is an interval of version keys. An empty lo lies before every version.
type span struct {
	lo, hi []byte
	kind   spanEnd
}

func (s span) has(key []byte) bool {
	if bytes.Compare(key, s.lo) < 0 {
		return false
	}
	switch s.kind {
	case endless:
		return true
	case inclusive:
		return bytes.Compare(key, s.hi) <= 0
	default:
		return bytes.Compare(key, s.hi) < 0
	}
}

// A coverage is the set of versions that something covers: sorted disjoint spans.
type coverage []span

func (c coverage) has(key []byte) bool {
	return slices.ContainsFunc(c, func(s span) bool { return s.has(key) })
}

func (c coverage) equal(d coverage) bool {
	return slices.EqualFunc(c, d, func(a, b span) bool {
		return a.kind == b.kind && bytes.Equal(a.lo, b.lo) && bytes.Equal(a.hi, b.hi)
	})
}

// union gives sorted disjoint spans that cover what any of lists covers.
func union(lists ...[]span) coverage {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b span) int {
		return cmp.Or(bytes.Compare(a.lo, b.lo), compareEnds(b, a))
	})
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && touches(out[n-1], s) {
			if compareEnds(s, out[n-1]) > 0 {
				out[n-1].hi, out[n-1].kind = s.hi, s.kind
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// touches says that nothing lies between a and b, where b does not start before a.
func touches(a, b span) bool {
	return a.kind == endless || bytes.Compare(b.lo, a.hi) <= 0
}

// compareEnds orders spans by where they end.
func compareEnds(a, b span) int {
	switch {
	case a.kind == endless && b.kind == endless:
		return 0
	case a.kind == endless:
		return 1
	case b.kind == endless:
		return -1
	}
	return cmp.Or(bytes.Compare(a.hi, b.hi), cmp.Compare(a.kind, b.kind))
}

// Kinds of event, in the order in which events of one version are applied. With
// "fixed" before "introduced" a range may end and start again at one version
// (introduced 0, fixed 2.0, introduced 2.0, fixed 2.11); with "last_affected"
// last, introduced and last_affected of one version cover just that version.
type eventKind byte

const (
	eventFixed eventKind = iota
	eventIntroduced
	eventLastAffected
	eventLimit
)

type event struct {
	kind eventKind
	bound
}

// readEvents reads the events of one range. sure is false when a bound is no
// version: an upper bound is then left out, a lower one lies before everything,
// and a limit is none. An event with an empty key means just that.
func readEvents(ws []wireEvent, key keyFunc) (events []event, sure bool) {
	sure = true
	add := func(kind eventKind, text string) {
		if text == "" {
			return
		}
		k, ok := key(text)
		switch {
		case kind == eventIntroduced && text == "0":
			k = nil
		case kind == eventLimit && text == "*":
			k = nil // the schema's word for "no limit"
		case !ok && (kind == eventIntroduced || kind == eventLimit):
			k, sure = nil, false
		case !ok:
			sure = false
			return
		}
		events = append(events, event{kind, bound{text, k}})
	}
	for _, w := range ws {
		add(eventIntroduced, w.Introduced)
		add(eventFixed, w.Fixed)
		add(eventLastAffected, w.LastAffected)
		add(eventLimit, w.Limit)
	}
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(bytes.Compare(a.key, b.key), cmp.Compare(a.kind, b.kind))
	})
	return events, sure
}

// spansOf evaluates sorted events as the schema's evaluation algorithm does,
// for all versions at once. A range that says only where it ends (the schema
// forbids that) starts with the first version.
func spansOf(events []event) []span {
	var out []span
	var lo []byte
	var limits []event
	open := !slices.ContainsFunc(events, func(e event) bool { return e.kind == eventIntroduced }) && len(events) > 0
	for _, e := range events {
		switch {
		case e.kind == eventLimit:
			limits = append(limits, e)
		case e.kind == eventIntroduced && !open:
			open, lo = true, e.key
		case e.kind == eventFixed && open:
			open = false
			out = append(out, span{lo: lo, hi: e.key, kind: exclusive})
		case e.kind == eventLastAffected && open:
			open = false
			out = append(out, span{lo: lo, hi: e.key, kind: inclusive})
		}
	}
	if open {
		out = append(out, span{lo: lo, kind: endless})
	}
	if len(limits) == 0 || limits[0].key == nil {
		return out
	}
	// A version below any of the limits is inside, so the highest one counts.
	return below(limits[len(limits)-1].key, out)
}

// below cuts spans off at limit.
func below(limit []byte, spans []span) []span {
	end := span{hi: limit, kind: exclusive}
	var out []span
	for _, s := range spans {
		if bytes.Compare(s.lo, limit) >= 0 {
			continue
		}
		if compareEnds(s, end) > 0 {
			s.hi, s.kind = limit, exclusive
		}
		out = append(out, s)
	}
	return out
}
