package config_test

import (
	"fmt"
	"testing"
)

func TestInternalNames(t *testing.T) {
	c, err := load(t, "internal_names: ['acme-*', 'npm:@acme/*', 'npm:exact', '*-acme', 'Corp.example/*', 'git.example/own/lib']\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		eco, name string
		want      bool
		why       string
	}{
		{"pypi", "acme-billing", true, "of every ecosystem"},
		{"npm", "acme-billing", true, "of every ecosystem"},
		{"npm", "@acme/x", true, "of its own"},
		{"npm", "@acme/x/y", true, "a star stands for slashes too"},
		{"pypi", "@acme/x", false, "of another one"},
		{"npm", "@acmes/x", false, "the slash is part of it"},
		{"npm", "exact", true, "no star"},
		{"npm", "exactly", false, "no star"},
		{"pypi", "our-acme", true, "a star first"},
		{"pypi", "acme", false, "nothing before the hyphen"},
		{"pypi", "xacme-y", false, "from the beginning"},
		{"npm", "@ACME/x", true, "another letter case is the same name to people, and to some registries"},
		{"golang", "corp.example/team", true, "a pattern in capitals"},
		{"golang", "corp.example/team/lib/v2/internal/x", true, "the go command asks for every folder below a module"},
		{"golang", "corp.example", true, "and for those above: /* says that nothing there is anybody else's"},
		{"golang", "corp.example.invalid/x", false, "the slash is part of it"},
		{"golang", "git.example/own/lib/sub", true, "below an exact name"},
		{"golang", "git.example/own", false, "above one there may be others"},
		{"golang", "git.example/own/library", false, "beside one"},
	} {
		got := false
		for _, n := range c.InternalNames() {
			got = got || n.Match(tc.eco, tc.name)
		}
		if got != tc.want {
			t.Errorf("%s %s is internal: %t, want %t (%s)", tc.eco, tc.name, got, tc.want, tc.why)
		}
	}
}

func TestHolds(t *testing.T) {
	for text, want := range map[string]string{
		"": "[pypi npm]",
		"registries: {main: {ecosystems: [npm]}}\n":                                      "[npm]",
		"registries: {main: {upstreams: [pypi]}}\n":                                      "[pypi]",
		"upstreams: [{name: a, ecosystem: npm}]\n":                                       "[npm]",
		"upstreams: [{name: a, ecosystem: npm}]\nregistries: {main: {upstreams: [a]}}\n": "[npm]",
	} {
		c, err := load(t, text)
		if got := fmt.Sprint(c.Holds("main")); err != nil || got != want {
			t.Errorf("%q: main holds %s, %v; want %s", text, got, err, want)
		}
	}
}
