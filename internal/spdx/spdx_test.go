package spdx

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, want, why string }{
		{"MIT", "MIT", "one id"},
		{"mit or apache-2.0", "MIT OR Apache-2.0", "any case"},
		{"MIT AND (BSD-3-Clause OR ISC)", "MIT AND (BSD-3-Clause OR ISC)", "brackets that mean something stay"},
		{"(MIT) AND (ISC)", "MIT AND ISC", "brackets that mean nothing go"},
		{"MIT OR ISC AND 0BSD", "MIT OR ISC AND 0BSD", "AND binds tighter"},
		{"GPL-3.0", "GPL-3.0-only", "deprecated id"},
		{"GPL-2.0+", "GPL-2.0-or-later", "deprecated plus"},
		{"GPL-2.0-only+", "GPL-2.0-or-later", "plus on the current id"},
		{"MPL-1.1+", "MPL-1.1+", "plus elsewhere stays"},
		{"GPL-2.0-or-later WITH Classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0", "exception"},
		{"LicenseRef-Acme OR DocumentRef-x:LicenseRef-y", "LicenseRef-Acme OR DocumentRef-x:LicenseRef-y", "own references"},
	} {
		e, err := Parse(tc.in)
		if err != nil {
			t.Errorf("Parse(%q): %v (%s)", tc.in, err, tc.why)
			continue
		}
		if got := e.String(); got != tc.want {
			t.Errorf("Parse(%q) = %q, want %q (%s)", tc.in, got, tc.want, tc.why)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ in, why string }{
		{"", "nothing"},
		{"MIT AND", "a side is missing"},
		{"OR MIT", "starts with an operator"},
		{"(MIT", "not closed"},
		{"MIT)", "closed twice"},
		{"MIT ISC", "no operator"},
		{"MIT License", "words"},
		{"MIT WITH", "no exception"},
		{"MIT/ISC", "a slash is no operator"},
		{strings.Repeat("(", maxDepth+2) + "MIT" + strings.Repeat(")", maxDepth+2), "too deep"},
		{strings.Repeat("MIT OR ", maxText/7) + "MIT OR ISC", "too long"},
	} {
		if e, err := Parse(tc.in); !errors.Is(err, ErrExpression) {
			t.Errorf("Parse(%.40q) = %v, %v, want ErrExpression (%s)", tc.in, e, err, tc.why)
		}
	}
}

func TestAllowedAndDenied(t *testing.T) {
	for _, tc := range []struct {
		in              string
		list            []string
		allowed, denied bool
		why             string
	}{
		{"MIT", []string{"MIT"}, true, true, "the one id is listed"},
		{"MIT OR GPL-3.0-only", []string{"GPL-*"}, true, false, "the other side may be chosen"},
		{"MIT AND GPL-3.0-only", []string{"GPL-*"}, false, true, "both bind"},
		{"GPL-3.0-or-later", []string{"GPL-3.0"}, true, true, "a list may use the old id"},
		{"AGPL-3.0-only", []string{"GPL-*"}, false, false, "AGPL is not GPL"},
		{"(MIT OR ISC) AND AGPL-3.0", []string{"agpl-*"}, false, true, "any case"},
		{"MIT", nil, false, false, "an empty list says nothing"},
	} {
		e, err := Parse(tc.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Allowed(tc.list); got != tc.allowed {
			t.Errorf("%q allowed by %v: %v, want %v (%s)", tc.in, tc.list, got, tc.allowed, tc.why)
		}
		if got := e.Denied(tc.list); got != tc.denied {
			t.Errorf("%q denied by %v: %v, want %v (%s)", tc.in, tc.list, got, tc.denied, tc.why)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"MIT", "MIT AND (ISC OR GPL-2.0+ WITH x)", "((", "a OR b AND c OR d", "LicenseRef-\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(e.String())
		if err != nil {
			if len(e.String()) > maxText { // current forms are longer than deprecated ones
				return
			}
			t.Fatalf("%q was read as %q, which cannot be read: %v", s, e, err)
		}
		if again.String() != e.String() {
			t.Fatalf("%q: %q is read again as %q", s, e, again)
		}
		if !e.Satisfied(func(Licence) bool { return true }) || e.Satisfied(func(Licence) bool { return false }) {
			t.Fatalf("%q: satisfied must follow its leaves", s)
		}
	})
}
