package licence

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

func TestOf(t *testing.T) {
	for _, tc := range []struct{ spdx, words, want, why string }{
		{"mit", "", "MIT", "a declared expression"},
		{"", "MIT License", "MIT", "the commonest wording"},
		{"", "The MIT License (MIT)", "MIT", "brackets"},
		{"", "License :: OSI Approved :: MIT License", "MIT", "a classifier"},
		{"", "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later", "or later"},
		{"", "License :: OSI Approved :: BSD License; License :: OSI Approved :: Apache Software License", "BSD-3-Clause AND Apache-2.0", "two classifiers: both"},
		{"", "Apache License, Version 2.0", "Apache-2.0", "punctuation"},
		{"", "Apache-2.0 OR BSD-2-Clause", "Apache-2.0 OR BSD-2-Clause", "an expression in the old field"},
		{"", "License :: OSI Approved :: BSD License, License :: OSI Approved :: MIT License", "BSD-3-Clause AND MIT", "commas between classifiers"},
		{"", "License :: OSI Approved :: MIT License; Other/Proprietary License", "License :: OSI Approved :: MIT License; Other/Proprietary License", "one of two is not known"},
		{"", "License :: OSI Approved :: Acme License, License :: OSI Approved :: MIT License", "License :: OSI Approved :: Acme License, License :: OSI Approved :: MIT License", "the same with a comma"},
		{"", "MIT, ISC", "MIT AND ISC", "a list"},
		{"", "BSD 3-Clause", "BSD-3-Clause", "digits"},
		{"", "GPLv2", "GPL-2.0-only", "no later"},
		{"", "Dual License", "Dual License", "two licences, not said which"},
		{"", "LICENSE.txt", "LICENSE.txt", "parses as an id and is none"},
		{"", "", "", "nothing"},
		{"not an (expression", "MIT", "MIT", "a bad expression does not hide the words"},
		{"", "see\nthe file", "see the file", "one line"},
	} {
		m := &ecosystem.Metadata{LicenceSPDX: tc.spdx, Licence: artifact.Untrusted(tc.words)}
		if got := Of(m); got != tc.want {
			t.Errorf("Of(%q, %q) = %q, want %q (%s)", tc.spdx, tc.words, got, tc.want, tc.why)
		}
	}
	if got := Of(&ecosystem.Metadata{Licence: artifact.Untrusted(strings.Repeat("é", 5000))}); len(got) > 210 {
		t.Errorf("a whole licence text gave %d bytes, want at most 210", len(got))
	}
}

func TestWordingsAreExpressions(t *testing.T) {
	for words, id := range wordings {
		e, err := spdx.Parse(id)
		if err != nil || !allKnown(e) || e.String() != id {
			t.Errorf("%q maps to %q, which is not a known expression: %v", words, id, err)
		}
		if simplify(words) != words {
			t.Errorf("wording %q can never be found: simplified it is %q", words, simplify(words))
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		m    *ecosystem.Metadata
		want string
		why  string
	}{
		{nil, "", "not read is not unknown"},
		{&ecosystem.Metadata{}, RuleUnknown, "read and empty"},
		{&ecosystem.Metadata{Licence: "ask me"}, RuleUnknown, "words nobody knows"},
		{&ecosystem.Metadata{LicenceSPDX: "MIT"}, "", "permissive"},
		{&ecosystem.Metadata{LicenceSPDX: "LGPL-3.0-only"}, "", "weak copyleft"},
		{&ecosystem.Metadata{LicenceSPDX: "AGPL-3.0-only"}, RuleStrongCopyleft, "strong"},
		{&ecosystem.Metadata{LicenceSPDX: "MIT OR GPL-3.0-only"}, "", "MIT may be chosen"},
		{&ecosystem.Metadata{LicenceSPDX: "MIT AND SSPL-1.0"}, RuleStrongCopyleft, "both bind"},
		{&ecosystem.Metadata{LicenceSPDX: "GPL-2.0-or-later WITH Bootloader-exception"}, "", "an exception for programs that use it"},
		{&ecosystem.Metadata{LicenceSPDX: "GPL-2.0-or-later WITH Bison-exception-2.2"}, RuleStrongCopyleft, "another exception"},
	} {
		v := artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "left-pad"}, Number: "1.4.0"}
		fs, err := New().Check(t.Context(), scan.VersionTarget{Version: v, Metadata: tc.m})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range fs {
			got += f.Rule
		}
		if got != tc.want {
			t.Errorf("%+v gave %q, want %q (%s)", tc.m, got, tc.want, tc.why)
		}
	}
}

// FuzzOf: the licence fields are the package author's text.
func FuzzOf(f *testing.F) {
	for _, s := range []string{"MIT", "MIT; BSD", "License :: OSI Approved :: MIT License, GPLv3", ";;,,", "\xff::("} {
		f.Add("", s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, expression, words string) {
		got := Of(&ecosystem.Metadata{LicenceSPDX: expression, Licence: artifact.Untrusted(words)})
		if e, err := spdx.Parse(got); err == nil && e.Satisfied(func(spdx.Licence) bool { return false }) {
			t.Errorf("%q, %q: %q is free of licences", expression, words, got)
		}
		if strings.ContainsAny(got, "\n\r") {
			t.Errorf("%q, %q: %q is more than one line", expression, words, got)
		}
	})
}
