//go:build conformance

package clients_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// decisionOf gives the id of the decision that keeps a version back now.
func (g *gate) decisionOf(purl string) string {
	g.t.Helper()
	r := g.cli("explain", "--format", "json", purl).OK(g.t)
	var e struct {
		Now []struct {
			ID string `json:"id"`
		} `json:"now"`
	}
	if err := json.Unmarshal([]byte(r.Stdout), &e); err != nil {
		g.t.Fatalf("%v\n%s", err, r)
	}
	if len(e.Now) == 0 {
		g.t.Fatalf("no decision about %s\n%s", purl, r)
	}
	return e.Now[0].ID
}

func idIn(t *testing.T, r result, list string) string {
	t.Helper()
	var one struct{ ID string }
	if list == "" {
		if err := json.Unmarshal([]byte(r.Stdout), &one); err != nil || one.ID == "" {
			t.Fatalf("no id (%v) in:\n%s", err, r)
		}
		return one.ID
	}
	var many map[string][]struct{ ID string }
	if err := json.Unmarshal([]byte(r.Stdout), &many); err != nil || len(many[list]) == 0 {
		t.Fatalf("no id below %s (%v) in:\n%s", list, err, r)
	}
	return many[list][0].ID
}

// TestPeople: what a person decides is what the next request gets.
func TestPeople(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "refused", introduced: "2.0", fixed: "2.1"}}})
	g.wheel("refused", "1.0", old)
	g.wheel("refused", "2.0", old)
	g.wheel("young", "1.0", old)
	g.wheel("young", "1.1", day)
	tomorrow := time.Now().Add(2 * day).UTC().Format(time.DateOnly)

	each(t, "refused, then waived, then revoked", func(t *testing.T, c client, b *box) result {
		refusedSays(t, g, c.Install(b, g.Index, "refused==2.0"), "TEST-2026-1")
		waived := g.cli("waive", "pkg:pypi/refused@2.0", "--rule", "vulnerability-fixed", "--until", tomorrow, "--reason", "test", "--format", "json").OK(t)
		c.Install(b, g.Index, "refused==2.0").OK(t)
		b.Wants("refused", "2.0")
		g.cli("revoke", idIn(t, waived, "")).OK(t)
		again := newBox(t)
		r := c.Install(again, g.Index, "refused==2.0")
		refusedSays(t, g, r, "TEST-2026-1")
		return r
	})
	each(t, "held, then approved, then revoked", func(t *testing.T, c client, b *box) result {
		heldSays(t, g, c.Install(b, g.Index, "young==1.1"))
		g.cli("admit", "pkg:pypi/young@1.1").Exits(t, 2) // an approval is of what was looked at
		approved := g.cli("approve", g.decisionOf("pkg:pypi/young@1.1"), "--reason", "looked at it", "--format", "json").OK(t)
		c.Install(b, g.Index, "young==1.1").OK(t)
		b.Wants("young", "1.1")
		g.cli("revoke", idIn(t, approved, "approvals")).OK(t)
		r := c.Install(newBox(t), g.Index, "young==1.1")
		heldSays(t, g, r)
		return r
	})
}

// TestTwoRegistries: one gate, three views of the same files.
func TestTwoRegistries(t *testing.T) {
	g := newGate(t, settings{
		osv: []advisory{{id: "TEST-2026-1", name: "refused", introduced: "2.0", fixed: "2.1"}, {id: "MAL-2026-1", name: "evil", introduced: "0"}},
		yaml: `registries:
  main: {}
  watch: {enforce: observe}
  strict: {policy: strict.yaml}
`,
		before: func(g *gate) {
			policy := filepath.Join(filepath.Dir(g.config), "strict.yaml")
			if err := os.WriteFile(policy, []byte("version: 1\nextends: default\nsettings: {min_age: 14d}\n"), 0o644); err != nil {
				g.t.Fatal(err)
			}
			text, err := os.ReadFile(g.config)
			if err != nil {
				g.t.Fatal(err)
			}
			if err := os.WriteFile(g.config, []byte(strings.ReplaceAll(string(text), "strict.yaml", policy)), 0o644); err != nil {
				g.t.Fatal(err)
			}
		},
	})
	g.wheel("refused", "1.0", old)
	g.wheel("refused", "2.0", old)
	g.wheel("evil", "1.0", old)
	g.wheel("week", "1.0", old)
	g.wheel("week", "1.1", 7*day)

	each(t, "registry that asks for 14 days: a version of 7", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.registry("strict"), "week").OK(t)
		b.Wants("week", "1.0")
		pinned := newBox(t)
		heldSays(t, g, c.Install(pinned, g.registry("strict"), "week==1.1"))
		return r
	})
	each(t, "main registry: a version of 7 days", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "week").OK(t)
		b.Wants("week", "1.1")
		return r
	})
	each(t, "observing registry: what would be refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.registry("watch"), "refused==2.0").OK(t)
		b.Wants("refused", "2.0")
		refusedSays(t, g, c.Install(newBox(t), g.Index, "refused==2.0"))
		return r
	})
	each(t, "observing registry: known malware", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.registry("watch"), "evil==1.0")
		refusedSays(t, g, r, "malware MAL-2026-1")
		return r
	})
	t.Run("the observed decision says what would have been", func(t *testing.T) {
		res, body := g.ask(http.MethodGet, g.registry("watch")+"refused/", typeJSON)
		if res.StatusCode != http.StatusOK {
			t.Fatal(res.Status)
		}
		r := g.cli("--registry", "watch", "explain", "pkg:pypi/refused@2.0").OK(t)
		r.Says(t, "TEST-2026-1")
		if !strings.Contains(body+r.Output, "would have been refused") {
			t.Errorf("neither the index nor explain says \"would have been refused\":\n%s\n%s", body, r)
		}
	})
}

// TestOutage: the upstream is gone, and the world with it.
func TestOutage(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "refused", introduced: "2.0", fixed: "2.1"}}})
	for _, v := range []string{"1.0", "1.1"} {
		g.wheel("kept", v, old)
	}
	g.wheel("refused", "1.0", old)
	g.wheel("refused", "2.0", old)
	g.wheel("unseen", "1.0", old)
	g.cli("admit", "pkg:pypi/kept@1.1", "pkg:pypi/refused@1.0").OK(t)
	if res, _ := g.ask(http.MethodGet, g.Index+"unseen/", typeJSON); res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	for _, state := range []string{"stopped", "stopped, and the gate started again"} {
		g.upstream.Stop()
		if state != "stopped" {
			g.Stop()
			g.start()
		}
		each(t, "upstream "+state+": what was admitted", func(t *testing.T, c client, b *box) result {
			r := c.Install(b, g.Index, "kept").OK(t)
			b.Wants("kept", "1.1")
			return r
		})
		each(t, "upstream "+state+": what is refused", func(t *testing.T, c client, b *box) result {
			r := c.Install(b, g.Index, "refused==2.0")
			refusedSays(t, g, r, "TEST-2026-1")
			return r
		})
		// A client would ask again for half a minute: what it is told is enough here.
		res, _ := g.ask(http.MethodGet, g.URL+"/pypi/files/unseen/unseen-1.0-py3-none-any.whl", "")
		if res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNotFound {
			t.Errorf("upstream %s: a file that was never looked at answers %s", state, res.Status)
		}
	}
	g.upstream.Start()
	each(t, "upstream back: what was never looked at", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "unseen==1.0").OK(t)
		b.Wants("unseen", "1.0")
		return r
	})
}
