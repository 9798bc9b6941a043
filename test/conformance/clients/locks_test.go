//go:build conformance

package clients_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestLockURLs measures whether a client goes where a lock or a requirements
// file points, although an index of the company's own is set. Both indexes here
// are stubs: what is measured is the client, and no gate has a say in it. The
// table stands in docs/clients.md; a client that changes its mind fails here.
func TestLockURLs(t *testing.T) {
	for _, tc := range []struct {
		client, what string
		follows      bool
		run          func(b *box, foreign, company *stub.Index) result
	}{
		{"uv", "uv.lock, uv sync --frozen", true, func(b *box, foreign, company *stub.Index) result {
			lockWithUv(b, foreign, company)
			return b.Run("uv", "sync", "--frozen", "--no-python-downloads", "--python", clients.Python)
		}},
		{"uv", "uv.lock, uv sync --locked", false, func(b *box, foreign, company *stub.Index) result {
			lockWithUv(b, foreign, company)
			return b.Run("uv", "sync", "--locked", "--no-python-downloads", "--python", clients.Python)
		}},
		{"uv", "uv.lock, uv sync", false, func(b *box, foreign, company *stub.Index) result {
			lockWithUv(b, foreign, company)
			return b.Run("uv", "sync", "--no-python-downloads", "--python", clients.Python)
		}},
		{"uv", "uv.lock of the set index with a file's URL edited, uv sync", true, func(b *box, foreign, company *stub.Index) result {
			editLock(b, foreign, company)
			return b.Run("uv", "sync", "--no-python-downloads", "--python", clients.Python)
		}},
		{"uv", "uv.lock of the set index with a file's URL edited, uv sync --locked", true, func(b *box, foreign, company *stub.Index) result {
			editLock(b, foreign, company)
			return b.Run("uv", "sync", "--locked", "--no-python-downloads", "--python", clients.Python)
		}},
		{"uv", "uv.lock, uv export and uv pip install -r", false, func(b *box, foreign, company *stub.Index) result {
			lockWithUv(b, foreign, company)
			b.Run("uv", "export", "--frozen", "--no-python-downloads", "--python", clients.Python, "-o", "requirements.txt").OK(b.T)
			b.Venv()
			return b.Run("uv", "pip", "install", "--index-url", company.URL(), "-r", "requirements.txt")
		}},
		{"poetry", "poetry.lock of another source, poetry install", false, func(b *box, foreign, company *stub.Index) result {
			b.PoetryProject(foreign.URL(), "demo==1.0")
			b.Run("poetry", "lock").OK(b.T)
			b.Write("pyproject.toml", strings.ReplaceAll(b.Read("pyproject.toml"), foreign.URL(), company.URL()))
			forget(b, foreign)
			return b.Run("poetry", "install")
		}},
		{"poetry", "poetry.lock with the source's URL edited, poetry install", false, func(b *box, foreign, company *stub.Index) result {
			b.PoetryProject(company.URL(), "demo==1.0")
			b.Run("poetry", "lock").OK(b.T)
			b.Write("poetry.lock", strings.ReplaceAll(b.Read("poetry.lock"), strings.TrimSuffix(company.URL(), "/"), strings.TrimSuffix(foreign.URL(), "/")))
			forget(b, foreign)
			return b.Run("poetry", "install")
		}},
		{"poetry", "poetry.lock with a package of type url, poetry install", true, func(b *box, foreign, company *stub.Index) result {
			b.PoetryProject(company.URL(), "demo==1.0")
			b.Run("poetry", "lock").OK(b.T)
			lock := b.Read("poetry.lock")
			from := strings.Index(lock, "[package.source]")
			to := strings.Index(lock, "[metadata]")
			b.Write("poetry.lock", lock[:from]+fmt.Sprintf("[package.source]\ntype = \"url\"\nurl = %q\n\n", foreign.FileURL(demoWheel))+lock[to:])
			return b.Run("poetry", "install")
		}},
		{"pip", "--index-url line in requirements.txt, --index-url on the command line", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("requirements.txt", "--index-url "+foreign.URL()+"\ndemo==1.0\n")
			return pipInstall(b, company, "-r", "requirements.txt")
		}},
		{"pip", "--extra-index-url line in requirements.txt", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("requirements.txt", "--extra-index-url "+foreign.URL()+"\ndemo==1.0\n")
			return pipInstall(b, company, "-r", "requirements.txt")
		}},
		{"pip", "name @ URL in requirements.txt", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("requirements.txt", "demo @ "+foreign.FileURL(demoWheel)+"\n")
			return pipInstall(b, company, "-r", "requirements.txt")
		}},
		{"pip", "pylock.toml, pip install -r", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("pylock.toml", pylock(foreign))
			return pipInstall(b, company, "-r", "pylock.toml")
		}},
		{"uv", "pylock.toml, uv pip install -r", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("pylock.toml", pylock(foreign))
			b.Venv()
			return b.Run("uv", "pip", "install", "--index-url", company.URL(), "-r", "pylock.toml")
		}},
		{"uv", "--index-url line in requirements.txt, --index-url on the command line", false, func(b *box, foreign, company *stub.Index) result {
			b.Write("requirements.txt", "--index-url "+foreign.URL()+"\ndemo==1.0\n")
			b.Venv()
			return b.Run("uv", "pip", "install", "--index-url", company.URL(), "-r", "requirements.txt")
		}},
		{"uv", "--extra-index-url line in requirements.txt", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("requirements.txt", "--extra-index-url "+foreign.URL()+"\ndemo==1.0\n")
			b.Venv()
			return b.Run("uv", "pip", "install", "--index-url", company.URL(), "-r", "requirements.txt")
		}},
		{"uv", "name @ URL in requirements.txt", true, func(b *box, foreign, company *stub.Index) result {
			b.Write("requirements.txt", "demo @ "+foreign.FileURL(demoWheel)+"\n")
			b.Venv()
			return b.Run("uv", "pip", "install", "--index-url", company.URL(), "-r", "requirements.txt")
		}},
	} {
		t.Run(tc.client+" "+tc.what, func(t *testing.T) {
			foreign, company := stub.New(t), stub.New(t)
			for _, x := range []*stub.Index{foreign, company} {
				x.Add(scantest.Wheel{Name: "demo", Version: "1.0"}, stub.About{})
			}
			r := tc.run(newBox(t), foreign, company)
			asked := foreign.AskedBelow("/")
			if files := foreign.AskedBelow("/files/"); (asked > 0) != tc.follows {
				t.Errorf("%d requests to the lock's host, %d of them for files; want follows = %t\n%s", asked, files, tc.follows, r)
			}
			word := "stays with the index"
			if asked > 0 {
				word = fmt.Sprintf("FOLLOWS (%d requests there, %d to the index)", asked, company.AskedBelow("/"))
			}
			table.note(tc.client, "what follows a lock's URL: "+tc.what, fmt.Sprintf("exit %d: %s", r.Code, word))
		})
	}
}

// TestForeignURLs: what a client would follow, the gate refuses at its line, and
// never asks there itself.
func TestForeignURLs(t *testing.T) {
	g := newGate(t, settings{})
	g.upstream.Add(scantest.Wheel{Name: "demo", Version: "1.0"}, stub.About{})
	foreign := stub.New(t)
	foreign.Add(scantest.Wheel{Name: "demo", Version: "1.0"}, stub.About{})
	hash := foreign.DigestOf(demoWheel)
	const note, reject = 0, 1
	for _, tc := range []struct {
		code               int
		why, file, content string
	}{
		{reject, "pip and uv take it beside the index that is set", "requirements.txt", "--extra-index-url " + foreign.URL() + "\ndemo==1.0\n"},
		{reject, "pip takes it instead of the command line's", "requirements.txt", "--index-url " + foreign.URL() + "\ndemo==1.0\n"},
		{reject, "pip and uv fetch it from there", "requirements.txt", "demo @ " + foreign.FileURL(demoWheel) + "\n"},
		{reject, "pip and uv fetch it from there", "pylock.toml", pylock(foreign)},
		{note, "uv sync --frozen fetches it from there, uv sync locks again", "uv.lock", fmt.Sprintf(uvLock, foreign.URL(), foreign.FileURL(demoWheel), hash)},
		{reject, "uv sync fetches it from there, whatever the index", "uv.lock", fmt.Sprintf(uvLock, g.upstream.URL(), foreign.FileURL(demoWheel), hash)},
		{reject, "poetry install fetches it from there", "poetry.lock", fmt.Sprintf(poetryLock, demoWheel, hash, foreign.FileURL(demoWheel))},
	} {
		t.Run(tc.file+" "+tc.why, func(t *testing.T) {
			g.box.Write(tc.file, tc.content)
			r := g.cli("admit", tc.file).Exits(t, tc.code).Says(t, tc.file, "line ")
			table.add("gatehouse", "admit of what leads elsewhere: "+tc.why, r)
		})
		if err := os.Remove(g.box.Path(tc.file)); err != nil {
			t.Fatal(err)
		}
	}
	if n := foreign.AskedBelow("/"); n != 0 {
		t.Errorf("the gate sent %d requests to a host that a manifest names, want none", n)
	}
}

const uvLock = `version = 1
revision = 3
requires-python = ">=3.8"

[[package]]
name = "consumer"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "demo" }]

[package.metadata]
requires-dist = [{ name = "demo" }]

[[package]]
name = "demo"
version = "1.0"
source = { registry = %q }
wheels = [
    { url = %q, hash = "sha256:%s" },
]
`

const poetryLock = `[[package]]
name = "demo"
version = "1.0"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = [
    {file = %q, hash = "sha256:%s"},
]

[package.source]
type = "url"
url = %q

[metadata]
lock-version = "2.1"
python-versions = ">=3.8"
content-hash = "0000000000000000000000000000000000000000000000000000000000000000"
`

const demoWheel = "demo-1.0-py3-none-any.whl"

// lockWithUv locks against the foreign index, and then sets the company's.
func lockWithUv(b *box, foreign, company *stub.Index) {
	b.T.Helper()
	b.UvProject(foreign.URL(), "demo")
	b.Run("uv", "lock", "--no-python-downloads", "--python", clients.Python).OK(b.T)
	b.Write("pyproject.toml", strings.ReplaceAll(b.Read("pyproject.toml"), foreign.URL(), company.URL()))
	if !strings.Contains(b.Read("uv.lock"), hostOf(b.T, foreign)) {
		b.T.Fatalf("uv.lock does not name the index that it was made with:\n%s", b.Read("uv.lock"))
	}
	forget(b, foreign)
}

// editLock locks against the company's index, and then points one file's URL to
// the foreign one, as somebody would who wants other bytes installed.
func editLock(b *box, foreign, company *stub.Index) {
	b.T.Helper()
	b.UvProject(company.URL(), "demo")
	b.Run("uv", "lock", "--no-python-downloads", "--python", clients.Python).OK(b.T)
	b.Write("uv.lock", strings.ReplaceAll(b.Read("uv.lock"), company.FileURL(demoWheel), foreign.FileURL(demoWheel)))
	if !strings.Contains(b.Read("uv.lock"), foreign.FileURL(demoWheel)) {
		b.T.Fatalf("uv.lock has no file's URL to edit:\n%s", b.Read("uv.lock"))
	}
	forget(b, foreign)
}

// forget empties the caches, from which a client would answer, and the counters.
func forget(b *box, x *stub.Index) {
	b.T.Helper()
	if err := os.RemoveAll(filepath.Join(b.Home, ".cache")); err != nil {
		b.T.Fatal(err)
	}
	x.Forget()
}

func pipInstall(b *box, index *stub.Index, args ...string) result {
	b.T.Helper()
	b.Venv()
	return b.Run("pip", append([]string{"--python", b.Path(".venv/bin/python"), "install", "--index-url", index.URL()}, args...)...)
}

func hostOf(t *testing.T, x *stub.Index) string {
	t.Helper()
	u, err := url.Parse(x.URL())
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// pylock is a lock as PEP 751 has it, with one wheel at the foreign index.
func pylock(foreign *stub.Index) string {
	return fmt.Sprintf(`lock-version = "1.0"
created-by = "test"

[[packages]]
name = "demo"
version = "1.0"
index = %q

[[packages.wheels]]
name = %q
url = %q
hashes = {sha256 = %q}
`, foreign.URL(), demoWheel, foreign.FileURL(demoWheel), foreign.DigestOf(demoWheel))
}
