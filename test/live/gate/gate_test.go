//go:build live

// Package gate_test runs the built gatehouse against the public index that the
// installed pip uses, whose address is found and never written down: the
// promises that only real packages can hold it to. Each test asks for a handful
// of small packages. `make live` runs it.
package gate_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/gatehouse-project/gatehouse/test/clients"
)

func TestMain(m *testing.M) {
	if err := clients.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// newBox is a machine with an empty home that reaches the network the way this
// one does.
func newBox(t *testing.T) *clients.Box {
	t.Helper()
	b := clients.NewBox(t)
	for _, key := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "PIP_INDEX_URL"} {
		if v := os.Getenv(key); v != "" {
			b.Env = append(b.Env, key+"="+v)
		}
	}
	b.Env = append(b.Env, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Person", "GIT_AUTHOR_EMAIL=person@example.invalid", "GIT_COMMITTER_NAME=Person", "GIT_COMMITTER_EMAIL=person@example.invalid", "USER=person")
	bin := filepath.Join(b.Home, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(clients.Binary, filepath.Join(bin, "gatehouse")); err != nil {
		t.Fatal(err)
	}
	b.Env = append(b.Env, "PATH="+bin+":"+clients.Folder+":"+os.Getenv("PATH"))
	return b
}

// advisorySources are the full data where this machine has them, else the
// examples.
func advisorySources(t *testing.T) []string {
	t.Helper()
	if dir := os.Getenv("GATEHOUSE_TEST_ADVISORIES"); dir != "" {
		return []string{dir, filepath.Join(dir, "malicious")}
	}
	dir, err := filepath.Abs("../../../examples/advisories")
	if err != nil {
		t.Fatal(err)
	}
	return []string{dir}
}

// gatehouse runs the binary with the box's own data folder.
func gatehouse(b *clients.Box, args ...string) clients.Result {
	b.T.Helper()
	return b.Run(clients.Binary, args...)
}

func sync(b *clients.Box) {
	b.T.Helper()
	args := []string{"advisories", "sync"}
	for _, s := range advisorySources(b.T) {
		args = append(args, "--from", s)
	}
	gatehouse(b, args...).OK(b.T)
}

type outcome struct {
	Verdict  string `json:"verdict"`
	Took     int    `json:"took_ms"`
	Versions []struct {
		Purl    string `json:"purl"`
		Verdict string `json:"verdict"`
		Remedy  *struct {
			New    string `json:"new"`
			Proved bool   `json:"proved"`
		} `json:"remedy"`
		Reasons []struct {
			Effect string   `json:"effect"`
			IDs    []string `json:"ids"`
		} `json:"reasons"`
		Files []struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"files"`
	} `json:"versions"`
}

func read(t *testing.T, r clients.Result) outcome {
	t.Helper()
	var o outcome
	if err := json.Unmarshal([]byte(r.Stdout), &o); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return o
}

// TestOldDjango: the promise of the README, to the end.
func TestOldDjango(t *testing.T) {
	b := newBox(t)
	data := filepath.Join(b.Home, "data")
	b.Env = append(b.Env, "GATEHOUSE_DATA="+data)
	b.Write("gatehouse.yaml", fmt.Sprintf("matrix: {python: [%q]}\n", clients.PythonVersion))
	b.Write("requirements.txt", "# the shop\nDjango==2.2.0\n")
	sync(b)

	first := read(t, gatehouse(b, "admit", "--format", "json", "requirements.txt").Exits(t, 1))
	t.Logf("first verdict, index not known yet: %d ms", first.Took)
	ids := map[string]bool{}
	found := false
	for _, v := range first.Versions {
		if v.Purl != "pkg:pypi/django@2.2" {
			continue
		}
		found = true
		if v.Verdict != "reject" || v.Remedy == nil || !v.Remedy.Proved {
			t.Errorf("Django: verdict %s, remedy %+v; want a reject with a proved remedy", v.Verdict, v.Remedy)
		}
		for _, r := range v.Reasons {
			for _, id := range r.IDs {
				ids[id] = true
			}
		}
		for _, f := range v.Files {
			if f.SHA256 != "" {
				t.Errorf("%s was fetched", f.Name)
			}
		}
	}
	if !found || !ids["PYSEC-2020-35"] || len(ids) < 2 {
		t.Fatalf("want pkg:pypi/django@2.2 with PYSEC-2020-35 and others, got %v in %+v", ids, first)
	}
	noFileOf(t, data, "django")

	again := read(t, gatehouse(b, "admit", "--format", "json", "requirements.txt").Exits(t, 1))
	t.Logf("the same again: %d ms", again.Took)

	gatehouse(b, "admit", "--fix", "requirements.txt").OK(t).Says(t, "ADMIT")
	fixed := regexp.MustCompile(`(?m)^Django==(\S+)$`).FindStringSubmatch(b.Read("requirements.txt"))
	if fixed == nil || fixed[1] == "2.2.0" || !strings.HasPrefix(b.Read("requirements.txt"), "# the shop\n") {
		t.Fatalf("the fixed file is\n%s", b.Read("requirements.txt"))
	}
	t.Logf("the remedy: %s", fixed[0])

	server := clients.Serve(t, b)
	for _, c := range clients.All {
		t.Run(c.Name, func(t *testing.T) {
			machine := clients.NewBox(t)
			c.Install(machine, server.Index, "django=="+fixed[1]).OK(t)
			got := machine.Installed("django")
			if got == "" {
				got = machine.Installed("Django")
			}
			if got != fixed[1] {
				t.Errorf("installed django %q, want %s", got, fixed[1])
			}
			refused := clients.NewBox(t)
			c.Install(refused, server.Index, "django==2.2.0").Fails(t).Says(t, "blocked by gatehouse", server.URL+"/d/")
		})
	}
	noVersionOf(t, data, "django", "2.2")
}

// noFileOf asks that neither a row nor a blob of a package is in the data folder.
func noFileOf(t *testing.T, data, name string) {
	t.Helper()
	if n := count(t, data, `SELECT count(*) FROM file WHERE package = ?`, name); n != 0 {
		t.Errorf("%d files of %s are recorded, want none", n, name)
	}
	blobs := 0
	err := filepath.WalkDir(filepath.Join(data, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		sum := filepath.Base(filepath.Dir(path)) + d.Name()
		if count(t, data, `SELECT count(*) FROM report WHERE sha256 = ?`, sum) > 0 {
			return nil
		}
		if n := count(t, data, `SELECT count(*) FROM file WHERE sha256 = ?`, sum); n == 0 {
			t.Errorf("blob %s belongs to no file", sum)
		}
		blobs++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d blobs of other packages", blobs)
}

func noVersionOf(t *testing.T, data, name, number string) {
	t.Helper()
	if n := count(t, data, `SELECT count(*) FROM file WHERE package = ? AND number = ?`, name, number); n != 0 {
		t.Errorf("%d files of %s %s were fetched, want none", n, name, number)
	}
}

func count(t *testing.T, data, query string, args ...any) int {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "gatehouse.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDemo: one command on a bare machine.
func TestDemo(t *testing.T) {
	b := newBox(t)
	gatehouse(b, "demo", "--once").OK(t).Says(t, "REJECT", "change to: Django==", "ADMIT", "Successfully installed")
}

// TestFiveCommands: bad push, read, fix, push, install. What a person types must
// stand in what they have seen, or be git's own.
func TestFiveCommands(t *testing.T) {
	b := newBox(t)
	b.Env = append(b.Env, "GATEHOUSE_DATA="+filepath.Join(b.Home, "data"))
	sync(b)
	server := clients.Serve(t, b) // as whoever runs the gate has it
	sh := func(command string) clients.Result { return b.Run("/bin/sh", "-c", command) }
	sh("git init --quiet --bare ../shop.git && gatehouse hook install --repo-dir ../shop.git --refuse").OK(t)
	sh("git init --quiet --initial-branch main . && git remote add origin ../shop.git").OK(t)
	b.Write("requirements.txt", "Django==2.2.0\nidna==3.10\n")
	sh("git add requirements.txt && git commit --quiet -m first").OK(t)

	typed, seen := 0, ""
	person := func(command string) clients.Result {
		t.Helper()
		typed++
		r := sh(command)
		seen += r.Output
		t.Logf("%d. %s", typed, r)
		return r
	}
	person("git push origin main").Fails(t).Says(t, "REJECT", "Django==2.2.0", server.URL+"/d/")
	change := regexp.MustCompile(`change to: (Django==\S+)`).FindStringSubmatch(seen)
	if change == nil {
		t.Fatalf("the push does not say what to change the line to:\n%s", seen)
	}
	if fix := regexp.MustCompile(`gatehouse admit --fix requirements\.txt`).FindString(seen); fix != "" {
		person(fix).OK(t)
	} else {
		b.Write("requirements.txt", change[1]+"\nidna==3.10\n")
	}
	person("git commit --quiet -a -m fix").OK(t)
	person("git push origin main").OK(t).Says(t, "ADMIT")
	install := regexp.MustCompile(`pip install --index-url \S+ -r requirements\.txt`).FindString(seen)
	if install == "" {
		t.Fatalf("nothing that was seen says how to install what was admitted; want a line with pip install --index-url %s -r requirements.txt:\n%s", server.Index, seen)
	}
	b.Venv()
	person(strings.Replace(install, "pip install", "pip --python .venv/bin/python install", 1)).OK(t).Says(t, "Successfully installed")
	if typed > 5 {
		t.Errorf("it took %d commands, want at most 5", typed)
	}
}
