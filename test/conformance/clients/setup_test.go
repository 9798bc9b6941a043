//go:build conformance

package clients_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/test/clients"
)

// plain installs with nothing on the command line: where packages come from is
// what `gatehouse client setup` wrote.
var plain = map[string]func(b *box, requirement string) result{
	"pip": func(b *box, req string) result {
		b.Venv()
		return b.Run("pip", "--python", b.Path(".venv/bin/python"), "install", req)
	},
	"uv": func(b *box, req string) result {
		b.Venv()
		return b.Run("uv", "pip", "install", req)
	},
}

// TestClientSetup: one command, then plain pip and uv go through the gate; and
// back.
func TestClientSetup(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "demo", introduced: "2.0", fixed: "2.1"}}})
	g.wheel("demo", "1.0", old)
	g.wheel("demo", "2.0", old)
	for _, name := range []string{"pip", "uv"} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			file := filepath.Join(b.Home, ".config", name, map[string]string{"pip": "pip.conf", "uv": "uv.toml"}[name])
			before := map[string]string{"pip": "# mine\n[global]\ntimeout = 30\nindex-url = http://mirror.invalid/simple\n", "uv": "# mine\nindex-url = \"http://mirror.invalid/simple\"\n"}[name]
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
			setup := func(more ...string) result {
				return b.Run(clients.Binary, append([]string{"client", "setup", name, "--server", g.URL, "--data", g.data, "--config", g.config}, more...)...)
			}
			setup("--print").OK(t).Says(t, g.Index)
			if now, err := os.ReadFile(file); err != nil || string(now) != before {
				t.Fatalf("--print changed the file (%v):\n%s", err, now)
			}
			setup().OK(t)
			setup().OK(t) // again changes nothing more
			r := plain[name](b, "demo").OK(t)
			b.Wants("demo", "1.0")
			table.add(name, "plain install after client setup", r)
			again := newBox(t)
			again.Env = append(again.Env, "HOME="+b.Home)
			refused := plain[name](again, "demo==2.0")
			refusedSays(t, g, refused, "TEST-2026-1")
			setup("--undo").OK(t)
			if now, err := os.ReadFile(file); err != nil || string(now) != before {
				t.Errorf("--undo did not restore the file (%v), want\n%s\ngot\n%s", err, before, now)
			}
		})
	}
	t.Run("poetry", func(t *testing.T) {
		b := newBox(t)
		b.Write("pyproject.toml", "[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = \">=3.8\"\n")
		shown := b.Run(clients.Binary, "client", "setup", "poetry", "--server", g.URL, "--data", g.data, "--config", g.config).OK(t)
		// It prints the command for each project; that command is what is run here.
		ran := false
		for line := range strings.Lines(shown.Stdout) {
			if words := strings.Fields(line); len(words) > 2 && words[0] == "poetry" && words[1] == "source" {
				b.Run("poetry", words[1:]...).OK(t)
				ran = true
			}
		}
		if !ran {
			t.Fatalf("no poetry command is printed:\n%s", shown)
		}
		r := b.Run("poetry", "add", "demo@>=0").OK(t)
		b.Wants("demo", "1.0")
		table.add("poetry", "plain install after client setup", r)
	})
}

// TestAdmittedFile: what `gatehouse admit` says of a requirements file is what
// pip gets.
func TestAdmittedFile(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "demo", introduced: "1.1", fixed: "1.2"}}})
	for _, v := range []string{"1.0", "1.1", "1.2"} {
		g.wheel("demo", v, old)
	}
	g.wheel("other", "1.0", old)
	b := g.box
	b.Write("requirements.txt", "# ours\ndemo==1.1\nother>=1\n")
	install := func(b *box) result {
		b.Venv()
		return b.Run("pip", "--python", b.Path(".venv/bin/python"), "install", "--index-url", g.Index, "-r", "requirements.txt")
	}
	g.cli("admit", "requirements.txt").Exits(t, 1).Says(t, "line 2", "demo==1.1", "TEST-2026-1", "change to: demo==1.2", "gatehouse admit --fix requirements.txt")
	refusedSays(t, g, install(b), "TEST-2026-1")
	if n := g.upstream.Asked("/files/demo-1.1-py3-none-any.whl"); n != 0 {
		t.Errorf("the rejected file was fetched %d times, want never", n)
	}
	g.cli("admit", "--fix", "requirements.txt").OK(t).Says(t, "ADMIT")
	if got, want := b.Read("requirements.txt"), "# ours\ndemo==1.2\nother>=1\n"; got != want {
		t.Errorf("fixed file is %q, want %q", got, want)
	}
	g.upstream.Forget()
	r := install(b).OK(t)
	b.Wants("demo", "1.2")
	table.add("pip", "pip install -r of a file that was admitted", r)
	if n := g.upstream.AskedBelow("/files/"); n != 0 {
		t.Errorf("installing what was admitted asked the upstream for %d files, want none", n)
	}
	again := g.cli("admit", "requirements.txt").OK(t).Says(t, "nothing new")
	table.add("gatehouse", "admit again", again)
}

// TestTokens: a gate that nobody reads without a token.
func TestTokens(t *testing.T) {
	var token string
	g := newGate(t, settings{yaml: "anonymous_read: false\n", osv: []advisory{{id: "TEST-2026-1", name: "demo", introduced: "2.0", fixed: "2.1"}},
		before: func(g *gate) {
			token = strings.TrimSpace(g.cli("token", "create", "--role", "reader", "--name", "ci").OK(g.t).Stdout)
		}})
	g.wheel("demo", "1.0", old)
	g.wheel("demo", "2.0", old)
	res, body := g.ask(http.MethodGet, g.Index+"demo/", "")
	if res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Basic") || strings.Contains(body, "TEST-2026-1") {
		t.Errorf("without a token: %s, challenge %q\n%s", res.Status, res.Header.Get("WWW-Authenticate"), body)
	}
	each(t, "no token", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "demo").Fails(t).SaysNot(t, "blocked by gatehouse")
		b.Wants("demo", "")
		return r
	})
	each(t, "token in the index's URL", func(t *testing.T, c client, b *box) result {
		u, err := url.Parse(g.Index)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("ci", token)
		r := c.Install(b, u.String(), "demo").OK(t)
		b.Wants("demo", "1.0")
		return r
	})
	withNetrc := func(t *testing.T, b *box) {
		t.Helper()
		u, err := url.Parse(g.URL)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("machine %s login ci password %s\n", u.Hostname(), token)
		if err := os.WriteFile(filepath.Join(b.Home, ".netrc"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	each(t, "token in the netrc file", func(t *testing.T, c client, b *box) result {
		withNetrc(t, b)
		r := c.Install(b, g.Index, "demo").OK(t)
		b.Wants("demo", "1.0")
		return r
	})
	each(t, "with a token, a refused version", func(t *testing.T, c client, b *box) result {
		withNetrc(t, b)
		r := c.Install(b, g.Index, "demo==2.0")
		refusedSays(t, g, r, "TEST-2026-1")
		r.SaysNot(t, token)
		return r
	})
	t.Run("client setup writes a reader's token", func(t *testing.T) {
		b := newBox(t)
		b.Env = append(b.Env, "READER="+token)
		r := b.Run(clients.Binary, "client", "setup", "pip", "--server", g.URL, "--token", "env:READER", "--data", filepath.Join(b.Home, "data"), "--config", g.config).OK(t)
		r.SaysNot(t, token)
		installed := plain["pip"](b, "demo").OK(t)
		b.Wants("demo", "1.0")
		table.add("pip", "plain install after client setup with a token", installed)
	})
	if strings.Contains(g.Log.String(), token) {
		t.Error("the token stands in the gate's log")
	}
}
