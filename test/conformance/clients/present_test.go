//go:build conformance

package clients_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPresentations: what each client does with a refused version that the index
// marks, leaves out or lists like any other.
func TestPresentations(t *testing.T) {
	g := newGate(t, settings{
		yaml: "registries: {main: {}, hide: {present: hide}, hard: {present: hard}}\n",
		osv: []advisory{
			{id: "TEST-2026-1", name: "ranged", introduced: "2.0", fixed: "2.1"},
			{id: "MAL-2026-1", name: "taken-over", introduced: "1.1"},
		},
	})
	for _, v := range []string{"1.0", "1.1", "2.0"} {
		g.wheel("ranged", v, old)
	}
	for _, v := range []string{"1.0", "1.1"} {
		g.wheel("taken-over", v, old)
	}
	hide, hard := g.registry("hide"), g.registry("hard")

	each(t, "soft: a range whose newest is refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "ranged").OK(t)
		b.Wants("ranged", "1.1")
		return r
	})
	each(t, "hide: a range whose newest is refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hide, "ranged").OK(t)
		b.Wants("ranged", "1.1")
		return r
	})
	each(t, "hide: an exact pin of a refused version", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hide, "ranged==2.0").Fails(t).SaysNot(t, "blocked by gatehouse")
		b.Wants("ranged", "")
		return r
	})
	each(t, "hard: a range whose newest is refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hard, "ranged")
		refusedSays(t, g, r, "TEST-2026-1", "use 1.1")
		b.Wants("ranged", "")
		return r
	})
	each(t, "hard: a range that leaves the refused version out", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hard, "ranged<2").OK(t)
		b.Wants("ranged", "1.1")
		return r
	})
	each(t, "hard: an exact pin of a refused version", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hard, "ranged==2.0")
		refusedSays(t, g, r, "TEST-2026-1")
		return r
	})
	each(t, "hard: a range whose newest is known malware", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hard, "taken-over").OK(t)
		b.Wants("taken_over", "1.0")
		return r
	})
	// What a lock of yesterday names, whatever the index shows today.
	for _, index := range []string{g.Index, hide, hard} {
		file := strings.TrimSuffix(index, "simple/") + "files/ranged/ranged-2.0-py3-none-any.whl"
		if res, _ := g.ask("GET", file, ""); res.StatusCode != http.StatusForbidden || !strings.Contains(res.Status, "TEST-2026-1") {
			t.Errorf("%s: %s, want 403 with the reason", file, res.Status)
		}
		b := newBox(t)
		b.Venv()
		r := b.Run("pip", "--python", b.Path(".venv/bin/python"), "install", "--no-input", "--index-url", index, "ranged @ "+file)
		refusedSays(t, g, r, "TEST-2026-1")
	}
	// An admission means what the clients get.
	g.cli("admit", "--registry", "hide", g.requirements("ranged")).OK(t).Says(t, "ADMIT")
	g.cli("admit", "--registry", "hard", g.requirements("ranged")).Exits(t, 1).Says(t, "TEST-2026-1", "ranged")
	g.cli("admit", "--registry", "hard", g.requirements("taken-over")).OK(t)
}

// requirements writes a file into the gate's own box.
func (g *gate) requirements(line string) string {
	g.box.Write("requirements.txt", line+"\n")
	return "requirements.txt"
}

// TestPullModes: what each client does where nobody looks at what it asks for, and
// once somebody did.
func TestPullModes(t *testing.T) {
	g := newGate(t, settings{yaml: "registries: {main: {}, hold: {pull: hold}, closed: {pull: off}}\n"})
	g.wheel("good", "1.0", old)
	g.wheel("admitted", "1.0", old)
	g.wheel("admitted", "1.1", old)
	hold, closed := g.registry("hold"), g.registry("closed")
	each(t, "pull hold: a name that nobody looked at", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hold, "good").Fails(t)
		b.Wants("good", "")
		return r
	})
	each(t, "pull hold: an exact pin that nobody looked at", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hold, "good==1.0")
		heldSays(t, g, r, "ask the gate to admit")
		return r
	})
	each(t, "pull off: an exact pin that nobody looked at", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, closed, "good==1.0").Fails(t).SaysNot(t, "held by gatehouse")
		b.Wants("good", "")
		return r
	})
	for _, index := range []string{hold, closed} {
		file := strings.TrimSuffix(index, "simple/") + "files/good/good-1.0-py3-none-any.whl"
		if res, _ := g.ask("GET", file, ""); res.StatusCode != http.StatusForbidden || !strings.Contains(res.Status, "held by gatehouse") {
			t.Errorf("%s: %s, want 403 with the reason", file, res.Status)
		}
		if res, body := g.ask("GET", file+".metadata", ""); res.StatusCode != http.StatusOK || !strings.Contains(body, "Name: good") {
			t.Errorf("%s.metadata: %s", file, res.Status)
		}
	}
	for _, name := range []string{"hold", "closed"} {
		g.cli("admit", "--registry", name, g.requirements("admitted==1.0")).OK(t)
	}
	each(t, "pull hold: a range, once one version was admitted", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, hold, "admitted").OK(t)
		b.Wants("admitted", "1.0")
		return r
	})
	each(t, "pull off: a range, once one version was admitted", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, closed, "admitted").OK(t)
		b.Wants("admitted", "1.0")
		return r
	})
}

// TestSpentBudget: a client whose reader has had enough looked at for today fails
// with the reason, soon, and goes on getting what was admitted.
func TestSpentBudget(t *testing.T) {
	g := newGate(t, settings{yaml: "budgets: {address: {files: 1}}\n"})
	g.wheel("first", "1.0", old)
	g.wheel("second", "1.0", old)
	first := g.URL + "/pypi/files/first/first-1.0-py3-none-any.whl"
	if res, _ := g.ask("GET", first, ""); res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	each(t, "a budget that is spent", func(t *testing.T, c client, b *box) result {
		began := time.Now()
		r := c.Install(b, g.Index, "second==1.0").Fails(t).Says(t, "429", "spent until", "ask an admin to raise it")
		if took := time.Since(began); took > 90*time.Second {
			t.Errorf("it took %s to say so", took)
		}
		return r
	})
	each(t, "a budget that is spent, and what was admitted before", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "first").OK(t)
		b.Wants("first", "1.0")
		return r
	})
}

// TestSpentBudgetOfNames: the index itself cannot be had. pip says nothing of why.
func TestSpentBudgetOfNames(t *testing.T) {
	g := newGate(t, settings{yaml: "budgets: {address: {names: 0}}\n"})
	g.wheel("first", "1.0", old)
	each(t, "a budget of names that is spent", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "first==1.0").Fails(t)
		if c.Name != "pip" {
			r.Says(t, "429", "spent until", "ask an admin to raise it")
		}
		return r
	})
}
