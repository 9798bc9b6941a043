//go:build conformance

package clients_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// refusedSays is what every client shows of a reject: that it is the gate, why,
// and where to read more.
func refusedSays(t *testing.T, g *gate, r result, why ...string) {
	t.Helper()
	r.Fails(t).Says(t, append([]string{"blocked by gatehouse", g.URL + "/d/"}, why...)...)
}

// heldSays is the same of a hold.
func heldSays(t *testing.T, g *gate, r result, why ...string) {
	t.Helper()
	r.Fails(t).Says(t, append([]string{"held by gatehouse", g.URL + "/d/"}, why...)...)
}

// TestInstall is what people do all day: names, ranges and pins, of good
// versions and others.
func TestInstall(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{
		{id: "TEST-2026-1", name: "ranged", introduced: "2.0", fixed: "2.1"},
		{id: "MAL-2026-1", name: "evil", introduced: "0"},
		{id: "TEST-2026-2", name: "nofix", introduced: "1.1"},
		{id: "TEST-2026-3", name: "deep", introduced: "0", fixed: "9"},
	}})
	for _, v := range []string{"1.0", "1.1"} {
		g.wheel("good", v, old)
		g.wheel("nofix", v, old)
	}
	for _, v := range []string{"1.0", "1.1", "2.0"} {
		g.wheel("ranged", v, old)
	}
	g.wheel("evil", "1.0", old)
	g.wheel("deep", "1.0", old)
	g.upstream.Add(scantest.Wheel{Name: "pulls-deep", Version: "1.0", Requires: []string{"deep"}}, stub.About{})
	g.upstream.Add(scantest.Wheel{Name: "pulls-good", Version: "1.0", Requires: []string{"good>=1.0"}}, stub.About{})
	g.wheel("released", "1.0", old)
	g.wheel("released", "1.1", day)
	// The same release a day apart around the cooldown of three days.
	g.wheel("edge", "1.0", old)
	g.wheel("edge", "1.1", 3*day+time.Hour)
	g.wheel("edge", "1.2", 3*day-time.Hour)
	g.wheel("new-name", "1.0", day)
	g.wheel("Odd.Spelling_Name", "1.0", old)

	each(t, "a good version by name", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "good").OK(t)
		b.Wants("good", "1.1")
		return r
	})
	each(t, "a good version by exact pin", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "good==1.0").OK(t)
		b.Wants("good", "1.0")
		return r
	})
	each(t, "a package with a dependency", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "pulls-good").OK(t)
		b.Wants("good", "1.1")
		return r
	})
	each(t, "a name written another way", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "odd_spelling.NAME").OK(t)
		b.Wants("odd_spelling_name", "1.0")
		return r
	})
	each(t, "a range whose newest is refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "ranged>=1.0").OK(t)
		b.Wants("ranged", "1.1")
		return r
	})
	each(t, "a range on the day of a release", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "released>=1.0").OK(t)
		b.Wants("released", "1.0")
		return r
	})
	each(t, "a range around the cooldown's end", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "edge").OK(t)
		b.Wants("edge", "1.1")
		return r
	})
	each(t, "an exact pin of a refused version", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "ranged==2.0")
		refusedSays(t, g, r, "TEST-2026-1", "use 1.1")
		b.Wants("ranged", "")
		return r
	})
	each(t, "an exact pin of a held version, without a fix", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "nofix==1.1")
		heldSays(t, g, r, "TEST-2026-2", "use 1.0")
		b.Wants("nofix", "")
		return r
	})
	each(t, "an exact pin of a held version, too young", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "released==1.1")
		heldSays(t, g, r, "use 1.0")
		b.Wants("released", "")
		return r
	})
	each(t, "a name of which nothing is old enough", func(t *testing.T, c client, b *box) result {
		// Only a pin makes the clients take a version that is marked.
		r := c.Install(b, g.Index, "new-name==1.0")
		heldSays(t, g, r, "opens "+time.Now().Add(2*day).UTC().Format(time.DateOnly))
		return r
	})
	each(t, "known malware", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "evil==1.0")
		refusedSays(t, g, r, "malware MAL-2026-1")
		b.Wants("evil", "")
		return r
	})
	each(t, "a dependency that is refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "pulls-deep").Fails(t)
		b.Wants("deep", "")
		return r
	})
	each(t, "a name that nobody has", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "no-such-package").Fails(t)
		return r.SaysNot(t, "blocked by gatehouse")
	})
	if n := g.upstream.Asked(stub.FilePath("evil-1.0-py3-none-any.whl")); n != 0 {
		t.Errorf("known malware was fetched %d times, want never", n)
	}
	for _, name := range []string{"ranged-2.0-py3-none-any.whl", "good-1.1-py3-none-any.whl"} {
		if n := g.upstream.Asked(stub.FilePath(name)); n > 1 {
			t.Errorf("%s was fetched %d times, want at most once", name, n)
		}
	}
}

// TestHashLocked: a lock made while everything was good, installed again after
// an advisory came out.
func TestHashLocked(t *testing.T) {
	g := newGate(t, settings{})
	g.wheel("locked", "1.0", old)
	name := g.wheel("locked", "1.1", old)
	locks := map[string]map[string]string{} // by client, then by file
	install := map[string]func(b *box) result{
		"pip": func(b *box) result {
			b.Venv()
			return b.Run("pip", "--python", b.Path(".venv/bin/python"), "install", "--index-url", g.Index, "--require-hashes", "-r", "requirements.txt")
		},
		"uv pip": func(b *box) result {
			b.Venv()
			return b.Run("uv", "pip", "install", "--index-url", g.Index, "--require-hashes", "-r", "requirements.txt")
		},
		"uv sync": func(b *box) result {
			return b.Run("uv", "sync", "--locked", "--no-python-downloads", "--python", clients.Python)
		},
		"uv sync --frozen": func(b *box) result {
			return b.Run("uv", "sync", "--frozen", "--no-python-downloads", "--python", clients.Python)
		},
		"poetry": func(b *box) result { return b.Run("poetry", "install") },
	}
	order := []string{"pip", "uv pip", "uv sync", "uv sync --frozen", "poetry"}
	for _, c := range order {
		t.Run(c, func(t *testing.T) {
			b := newBox(t)
			b.Write("requirements.txt", fmt.Sprintf("locked==1.1 --hash=sha256:%s\n", g.upstream.DigestOf(name)))
			switch {
			case strings.HasPrefix(c, "uv sync"):
				b.UvProject(g.Index, "locked==1.1")
				b.Run("uv", "lock", "--no-python-downloads", "--python", clients.Python).OK(t)
			case c == "poetry":
				b.PoetryProject(g.Index, "locked==1.1")
				b.Run("poetry", "lock").OK(t)
			}
			r := install[c](b).OK(t)
			b.Wants("locked", "1.1")
			table.add(c, "a lock with hashes, all good", r)
			locks[c] = b.Keep("requirements.txt", "pyproject.toml", "uv.lock", "poetry.lock")
		})
	}
	g.publish(advisory{id: "TEST-2026-9", name: "locked", introduced: "1.1", fixed: "1.2"})
	g.sync()
	for _, c := range order {
		t.Run(c+", after an advisory", func(t *testing.T) {
			b := newBox(t) // another machine, without caches
			for name, content := range locks[c] {
				b.Write(name, content)
			}
			r := install[c](b)
			refusedSays(t, g, r, "TEST-2026-9")
			b.Wants("locked", "")
			table.add(c, "a lock with hashes, refused since", r)
		})
	}
	each(t, "a range after its newest was refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "locked").OK(t)
		b.Wants("locked", "1.0")
		return r
	})
}

// TestChangedBytes: an upstream whose file is not what its index says.
func TestChangedBytes(t *testing.T) {
	g := newGate(t, settings{})
	name := g.wheel("swapped", "1.0", old)
	g.upstream.Swap(name, scantest.Wheel{Name: "swapped", Version: "1.0", Files: map[string]string{"swapped.py": "other = 1\n"}}.Build(t))
	short := g.wheel("short", "1.0", old)
	g.upstream.Fault(stub.FilePath(short), stub.Fault{Length: 1 << 20})
	each(t, "other bytes than the index promises", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "swapped==1.0")
		refusedSays(t, g, r)
		r.SaysNot(t, "was not looked at yet") // it was, and that is the point
		b.Wants("swapped", "")
		return r
	})
	each(t, "a file that ends early", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "short==1.0").Fails(t)
		b.Wants("short", "")
		return r
	})
}

// TestSdistOnly installs a package that has no wheel: the client builds it, with
// a backend that comes with it and needs nothing else.
func TestSdistOnly(t *testing.T) {
	g := newGate(t, settings{})
	g.upstream.Add(scantest.Sdist{Name: "source-only", Version: "1.0", Files: map[string]string{
		"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\n[project]\nname = \"source-only\"\nversion = \"1.0\"\n",
		"backend.py":     backend,
		"source_only.py": "",
	}}, stub.About{})
	each(t, "a package without a wheel", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, g.Index, "source-only").OK(t)
		b.Wants("source_only", "1.0")
		return r
	})
}

// backend is the smallest build backend: it packs one empty module.
const backend = `import os, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "source_only-1.0-py3-none-any.whl"
    info = "source_only-1.0.dist-info/"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as z:
        z.writestr("source_only.py", "")
        z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: source-only\nVersion: 1.0\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(info + "RECORD", "source_only.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n")
    return name
`

// TestPending: the first look at a file takes longer than a client is kept
// waiting. Each is told to come back, and how it takes that is measured here.
func TestPending(t *testing.T) {
	g := newGate(t, settings{yaml: "limits: {pull_wait: 50ms}\n"})
	for _, c := range clients.All {
		t.Run(c.Name, func(t *testing.T) {
			name := "slow-" + strings.ReplaceAll(c.Name, " ", "-")
			file := g.wheel(name, "1.0", old)
			g.upstream.Fault(stub.FilePath(file), stub.Fault{Delay: 2 * time.Second})
			b := newBox(t)
			began := time.Now()
			r := c.Install(b, g.Index, name+"==1.0")
			took := time.Since(began).Round(100 * time.Millisecond)
			asked := strings.Count(g.Log.String(), "path=/pypi/files/"+name+"/"+file+" ")
			if r.Code == 0 {
				b.Wants(strings.ReplaceAll(name, "-", "_"), "1.0")
			} else {
				r.Says(t, "ask again", g.URL+"/d/")
				// Coming back by hand works.
				c.Install(b, g.Index, name+"==1.0").OK(t)
			}
			table.note(c.Name, "a first look that takes 2 s (503 with Retry-After: 3)", fmt.Sprintf("exit %d: asked %d times in %s; %s", r.Code, asked, took, gist(r.Output)))
			if n := g.upstream.Asked(stub.FilePath(file)); n != 1 {
				t.Errorf("the upstream was asked for %s %d times, want once", file, n)
			}
		})
	}
}

// TestHTMLIndex: every client gets the page in HTML, as clients before PEP 691
// ask for it and as some proxies force it.
func TestHTMLIndex(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "ranged", introduced: "2.0", fixed: "2.1"}}})
	g.wheel("ranged", "1.0", old)
	g.wheel("ranged", "2.0", old)
	index := g.rewriting(func(r *http.Request) { r.Header.Set("Accept", "text/html") })
	each(t, "HTML index: a range whose newest is refused", func(t *testing.T, c client, b *box) result {
		r := c.Install(b, index, "ranged").OK(t)
		b.Wants("ranged", "1.0")
		return r
	})
	each(t, "HTML index: an exact pin of a refused version", func(t *testing.T, c client, b *box) result {
		// Go's proxy drops the reason phrase: what is left is the mark with its reason.
		r := c.Install(b, index, "ranged==2.0").Fails(t).Says(t, "TEST-2026-1", g.URL+"/d/")
		b.Wants("ranged", "")
		return r
	})
}

// rewriting puts a proxy before the gate that changes each request, and gives
// the index's address behind it.
func (g *gate) rewriting(change func(*http.Request)) string {
	g.t.Helper()
	to, err := url.Parse(g.URL)
	if err != nil {
		g.t.Fatal(err)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to) // and so the Host that the gate knows itself by
		change(p.Out)
	}})
	g.t.Cleanup(s.Close)
	return s.URL + "/pypi/simple/"
}
