package config_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	for text, want := range map[string]string{
		"": "[pypi npm]",
		"registries: {main: {ecosystems: [npm]}}\n":                                      "[npm]",
		"registries: {main: {upstreams: [pypi]}}\n":                                      "[pypi]",
		"upstreams: [{name: a, ecosystem: npm}]\n":                                       "[npm]",
		"upstreams: [{name: a, ecosystem: npm}]\nregistries: {main: {upstreams: [a]}}\n": "[npm]",
		"upstreams: [{name: a, ecosystem: npm}, {name: b, ecosystem: pypi}]\nregistries: {main: {upstreams: [b]}, team: {upstreams: [main, a]}}\n": "[pypi]",
	} {
		c, err := load(t, text)
		if got := fmt.Sprint(c.Holds("main")); err != nil || got != want {
			t.Errorf("%q: main holds %s, %v; want %s", text, got, err, want)
		}
	}
}

// TestSources: in the order that is written, registries by their own name or as an
// upstream with names, and without a word all that are outside.
func TestSources(t *testing.T) {
	c, err := load(t, `
upstreams:
  - {name: devpi, ecosystem: pypi, url: "http://127.0.0.1:1/a/", names: ["acme-*", "pypi:house"], origin: internal}
  - {name: public, ecosystem: pypi, url: "http://127.0.0.1:1/b/"}
  - {name: npm, ecosystem: npm, url: "http://127.0.0.1:2/"}
  - {name: shared, registry: main, names: ["npm:@acme/*"]}
registries:
  main: {upstreams: [npm, public]}
  team: {upstreams: [main, devpi]}
  tools: {upstreams: [shared], ecosystems: [npm]}
  all: {}
`)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"main pypi": "public", "main npm": "npm", "team pypi": "[main] devpi(acme-* house)", "team npm": "[main]",
		"tools npm": "[main](@acme/*)", "tools pypi": "", "all pypi": "devpi(acme-* house) public", "all npm": "npm",
	} {
		registry, eco, _ := strings.Cut(key, " ")
		var got []string
		for _, s := range c.Sources(registry, eco) {
			text := s.Upstream.Name
			if s.Registry != "" {
				text = "[" + s.Registry + "]"
			}
			if len(s.Names) > 0 {
				text += "(" + strings.Join(s.Names, " ") + ")"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", key, strings.Join(got, " "), want)
		}
	}
	if got := fmt.Sprint(c.Above("team"), c.Above("main")); got != "[main] []" {
		t.Errorf("above: %s", got)
	}
}

func TestSourcesThatCannotBe(t *testing.T) {
	two := "upstreams: [{name: a, ecosystem: pypi, url: 'http://127.0.0.1:1/'}, {name: s, registry: main}]\n"
	for _, tc := range []struct{ text, want, why string }{
		{"registries: {main: {upstreams: [main]}}\n", "in a circle (main -> main)", "itself"},
		{"registries: {main: {upstreams: [team]}, team: {upstreams: [tools, pypi]}, tools: {upstreams: [main]}}\n", "in a circle (main -> team -> tools -> main)", "a longer circle"},
		{two + "registries: {main: {upstreams: [s]}}\n", "in a circle (main -> main)", "itself under another name"},
		{"registries: {team: {upstreams: [mian]}}\n", `there is no upstream "mian"`, "a mistake"},
		{"registries: {team: {upstreams: [pypi, pypi]}}\n", "stands there twice", "twice"},
		{"upstreams: [{name: s, registry: mian}]\n", `there is no registry "mian"`, "a registry that is none"},
		{"upstreams: [{name: s, registry: main, url: 'http://127.0.0.1:1/'}]\n", "read from within", "a registry with a url"},
		{"upstreams: [{name: s, registry: main, origin: internal}]\n", "read from within", "a registry with an origin"},
		{"upstreams: [{name: a, ecosystem: pypi, origin: mine}]\n", "none of external, internal", "an origin that is none"},
		{"upstreams: [{name: a, ecosystem: pypi, names: ['*']}]\n", "is no pattern", "all names"},
		{"upstreams: [{name: a, ecosystem: pypi, names: ['a.*b']}]\n", "is no pattern", "a regular expression"},
		{"upstreams: [{name: a, ecosystem: pypi, names: ['npm:a']}]\n", "has no names of", "names of another ecosystem"},
		{"upstreams: [{name: a, ecosystem: pypi}, {name: b, ecosystem: pypi}]\n", "looked for already", "two that are looked for"},
		{"upstreams: [{name: a, ecosystem: pypi, url: 'http://127.0.0.1:1/a', credential: 'env:A'}, {name: b, ecosystem: pypi, url: 'http://127.0.0.1:1/b'}]\n", "give both the same", "two credentials for one host"},
		{"registries: {main: {ecosystems: [pypi]}, team: {upstreams: [main], ecosystems: [npm]}}\n", "holds nothing that team could read", "nothing in common"},
	} {
		if _, err := load(t, tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.why, err, tc.want)
		}
	}
}
