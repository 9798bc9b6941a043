package config_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestGroups: internal_names are groups like any others, and close the root to
// publishers unless it says something itself.
func TestGroups(t *testing.T) {
	for _, tc := range []struct{ text, want, why string }{
		{"", "", "none"},
		{"internal_names: ['acme-*', 'npm:@acme/*']\n",
			"acme-* internal_names allow/block/; npm:@acme/* internal_names allow/block/; * internal_names block//", "the short way"},
		{"package_groups: [{pattern: 'npm:@acme/*', publish: allow, external: block}]\n",
			"npm:@acme/* package_groups[0] allow/block/", "the long way leaves the root alone"},
		{"package_groups: [{pattern: '*', external: block}]\ninternal_names: ['acme-*']\n",
			"* package_groups[0] block/block/; acme-* internal_names allow/block/", "a root without a word on publish"},
		{"package_groups: [{pattern: '*', publish: allow}]\ninternal_names: ['acme-*']\n",
			"* package_groups[0] allow//; acme-* internal_names allow/block/", "a root with one"},
	} {
		c, err := load(t, tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		var got []string
		for _, g := range c.Groups() {
			got = append(got, fmt.Sprintf("%s %s %s/%s/%s", g.Pattern, g.From, g.Publish, g.External, g.Internal))
		}
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s: got %s", tc.why, strings.Join(got, "; "))
		}
	}
}

func TestGroupsThatCannotBeEnforced(t *testing.T) {
	for _, tc := range []struct{ group, want, why string }{
		{"{external: block}", "needs a pattern", "no pattern"},
		{"{pattern: 'acme-*'}", "says nothing", "nothing said"},
		{"{pattern: 'acme-*', publish: inherit}", "says nothing", "nothing but inherit"},
		{"{pattern: '*', publish: inherit}", "nothing to inherit from", "the root"},
		{"{pattern: 'acme-*', publish: deny}", `publish: "deny" is none of allow, block, inherit`, "another word"},
		{"{pattern: '*-acme', external: block}", "is no pattern", "a star in front"},
		{"{pattern: 'acme-.*[0-9]', external: block}", "is no pattern", "a regular expression"},
		{"{pattern: 'acme-?', external: block}", "is no pattern", "a shell's pattern"},
		{"{pattern: 'npm:', external: block}", "is no pattern", "an ecosystem alone"},
		{"{pattern: 'conda:acme-*', external: block}", "no ecosystem that this version serves", "another world"},
		{"{pattern: 'acme-*', publsh: block}", `did you mean "publish"`, "a setting that is none"},
	} {
		if _, err := load(t, "package_groups: ["+tc.group+"]\n"); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.why, err, tc.want)
		}
	}
	for _, key := range []string{"package_groups: [{pattern: 'npm:@acme/*', external: block}]\n", "internal_names: ['npm:@acme/*']\n"} {
		if _, err := load(t, "upstreams: [{name: a, ecosystem: pypi}]\n"+key); err == nil || !strings.Contains(err.Error(), "nothing of npm comes in here") {
			t.Errorf("%s of an ecosystem that is off: %v", key, err)
		}
	}
}
