//go:build conformance

package clients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// pdmProject makes a project of pdm's with one source.
func pdmProject(b *box, index string, dependencies ...string) {
	b.T.Helper()
	deps, err := json.Marshal(append([]string{}, dependencies...))
	if err != nil {
		b.T.Fatal(err)
	}
	b.Write("pyproject.toml", "[project]\nname = \"consumer\"\nversion = \"1\"\nrequires-python = \">=3.9\"\ndependencies = "+string(deps)+
		"\n[tool.pdm]\ndistribution = false\n[[tool.pdm.source]]\nname = \"pypi\"\nurl = \""+index+"\"\nverify_ssl = false\n")
	b.Venv()
	pdm(b, "use", "-f", b.Path(".venv/bin/python")).OK(b.T)
}

func pdm(b *box, args ...string) result {
	b.Env = append(b.Env, "PDM_CHECK_UPDATE=false", "PDM_NON_INTERACTIVE=1")
	return b.Run("pdm", args...)
}

// pipenvProject makes a Pipfile with one source.
func pipenvProject(b *box, index string, packages string) {
	b.T.Helper()
	b.Write("Pipfile", "[[source]]\nurl = \""+index+"\"\nverify_ssl = false\nname = \"company\"\n\n[packages]\n"+packages+"\n")
}

func pipenv(b *box, args ...string) result {
	b.Env = append(b.Env, "PIPENV_VENV_IN_PROJECT=1", "PIPENV_NOSPIN=1", "CI=1", "PIPENV_PYTHON="+clients.Python, "PIPENV_IGNORE_VIRTUALENVS=1")
	return b.Run("pipenv", args...)
}

// elsewhereInLock puts another index's address into a lock that was made with one.
func elsewhereInLock(b *box, lock string, from, to *stub.Index) {
	b.T.Helper()
	text := b.Read(lock)
	if !strings.Contains(text, hostOf(b.T, from)) {
		b.T.Fatalf("%s does not name the index that it was made with:\n%s", lock, text)
	}
	b.Write(lock, strings.ReplaceAll(text, hostOf(b.T, from), hostOf(b.T, to)))
	to.Forget()
}

// TestLockURLsOfPDMAndPipenv measures what TestLockURLs does, for the two clients
// that take their index from the project alone.
func TestLockURLsOfPDMAndPipenv(t *testing.T) {
	for _, tc := range []struct {
		client, what string
		follows      bool
		run          func(b *box, foreign, company *stub.Index) result
	}{
		{"pdm", "pdm.lock with static URLs of another index, pdm sync", true, func(b *box, foreign, company *stub.Index) result {
			pdmProject(b, company.URL(), "demo")
			pdm(b, "lock", "--static-urls").OK(b.T)
			elsewhereInLock(b, "pdm.lock", company, foreign)
			return pdm(b, "sync")
		}},
		{"pdm", "pdm.lock with a package of its own URL, pdm sync", true, func(b *box, foreign, company *stub.Index) result {
			pdmProject(b, company.URL(), "demo")
			pdm(b, "lock").OK(b.T)
			b.Write("pdm.lock", strings.Replace(b.Read("pdm.lock"), "version = \"1.0\"\n", "version = \"1.0\"\nurl = \""+foreign.FileURL(demoWheel)+"\"\n", 1))
			return pdm(b, "sync")
		}},
		{"pdm", "pdm.lock without URLs, made with another source, pdm sync", false, func(b *box, foreign, company *stub.Index) result {
			pdmProject(b, foreign.URL(), "demo")
			pdm(b, "lock").OK(b.T)
			b.Write("pyproject.toml", strings.ReplaceAll(b.Read("pyproject.toml"), foreign.URL(), company.URL()))
			foreign.Forget()
			return pdm(b, "sync")
		}},
		{"pdm", "[[tool.pdm.source]] of another index, PDM_PYPI_URL set, pdm sync", true, func(b *box, foreign, company *stub.Index) result {
			pdmProject(b, foreign.URL(), "demo")
			pdm(b, "lock").OK(b.T)
			foreign.Forget()
			b.Env = append(b.Env, "PDM_PYPI_URL="+company.URL())
			return pdm(b, "sync")
		}},
		{"pipenv", "Pipfile.lock with another source than the Pipfile, pipenv sync", true, func(b *box, foreign, company *stub.Index) result {
			pipenvProject(b, company.URL(), `demo = "==1.0"`)
			pipenv(b, "lock").OK(b.T)
			elsewhereInLock(b, "Pipfile.lock", company, foreign)
			return pipenv(b, "sync")
		}},
		{"pipenv", "the same with PIPENV_PYPI_MIRROR and PIP_INDEX_URL set", true, func(b *box, foreign, company *stub.Index) result {
			pipenvProject(b, company.URL(), `demo = "==1.0"`)
			pipenv(b, "lock").OK(b.T)
			elsewhereInLock(b, "Pipfile.lock", company, foreign)
			b.Env = append(b.Env, "PIPENV_PYPI_MIRROR="+company.URL(), "PIP_INDEX_URL="+company.URL())
			return pipenv(b, "sync")
		}},
	} {
		t.Run(tc.client+" "+tc.what, func(t *testing.T) {
			foreign, company := stub.New(t), stub.New(t)
			for _, x := range []*stub.Index{foreign, company} {
				x.Add(scantest.Wheel{Name: "demo", Version: "1.0"}, stub.About{})
			}
			b := newBox(t)
			r := tc.run(b, foreign, company)
			if asked := foreign.AskedBelow("/"); (asked > 0) != tc.follows {
				t.Errorf("%d requests to the other host, %d to the index; want follows = %t\n%s", asked, company.AskedBelow("/"), tc.follows, r)
			}
			b.Wants("demo", "1.0")
			word := "stays with the index"
			if tc.follows {
				word = "FOLLOWS"
			}
			table.note(tc.client, "what follows a lock's URL: "+tc.what, fmt.Sprintf("exit %d: %s", r.Code, word))
		})
	}
}

// TestLocksOfPDMAndPipenv: locks that the two make through the gate are admitted,
// and the command that the gate names changes them.
func TestLocksOfPDMAndPipenv(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "demo", introduced: "0", fixed: "1.1"}}})
	for _, v := range []string{"1.0", "1.1"} {
		g.wheel("demo", v, 30*24*time.Hour)
	}
	for _, tc := range []struct {
		client, lock string
		make         func(b *box, spec string)
		run          func(b *box, args ...string) result
		command      string
	}{
		{"pdm", "pdm.lock", func(b *box, spec string) {
			pdmProject(b, g.Index, "demo"+spec)
			pdm(b, "lock").OK(b.T)
		}, pdm, "pdm add --no-sync 'demo==1.1'"},
		{"pipenv", "Pipfile.lock", func(b *box, spec string) {
			pipenvProject(b, g.Index, `demo = "`+spec+`"`)
			pipenv(b, "lock").OK(b.T)
		}, pipenv, "pipenv upgrade 'demo==1.1'"},
	} {
		t.Run(tc.client, func(t *testing.T) {
			b := g.box
			if err := os.RemoveAll(b.Path(".venv")); err != nil {
				t.Fatal(err)
			}
			tc.make(b, "==1.0")
			r := g.cli("admit", tc.lock).Exits(t, 1).Says(t, tc.command).SaysNot(t, "around the gate")
			table.add("gatehouse", "admit of a lock made by "+tc.client, r)
			program, rest, _ := strings.Cut(strings.ReplaceAll(tc.command, "'", ""), " ")
			if program != tc.client {
				t.Fatalf("the command is %s's", program)
			}
			tc.run(b, strings.Fields(rest)...).OK(t)
			if !strings.Contains(b.Read(tc.lock), "1.1") {
				t.Errorf("%s did not change the lock:\n%s", tc.command, b.Read(tc.lock))
			}
			g.cli("admit", tc.lock).OK(t)
			b.Venv()
			tc.run(b, "sync").OK(t)
			b.Wants("demo", "1.1")
		})
	}
}

// TestPipAudit: pip-audit's OSV service can be pointed at the gate, and says what
// the gate says. (Its other service has its address built in.)
func TestPipAudit(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "demo", introduced: "0", fixed: "1.1"}}})
	for _, v := range []string{"1.0", "1.1"} {
		g.wheel("demo", v, 30*24*time.Hour)
	}
	b := newBox(t)
	audit := func(line string) result {
		b.Write("requirements.txt", line+"\n")
		return b.Run("pip-audit", "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json", "-r", "requirements.txt",
			"-s", "osv", "--osv-url", g.URL+"/pypi/osv/v1/query")
	}
	r := audit("demo==1.0").Exits(t, 1)
	var out struct {
		Dependencies []struct {
			Name  string
			Vulns []struct {
				ID          string
				FixVersions []string `json:"fix_versions"`
			}
		}
	}
	if err := json.Unmarshal([]byte(r.Stdout), &out); err != nil || len(out.Dependencies) != 1 || len(out.Dependencies[0].Vulns) != 1 {
		t.Fatalf("%v\n%s", err, r)
	}
	if v := out.Dependencies[0].Vulns[0]; v.ID != "TEST-2026-1" || len(v.FixVersions) != 1 || v.FixVersions[0] != "1.1" {
		t.Errorf("got %+v", v)
	}
	table.add("pip-audit", "a version with an advisory", r)
	audit("demo==1.1").OK(t)

	// The same words as the JSON API's, which update bots read.
	response, body := g.ask(http.MethodGet, g.URL+"/pypi/demo/1.0/json", "")
	var p struct {
		Vulnerabilities []struct{ ID string }
		URLs            []struct{ URL string }
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil || len(p.Vulnerabilities) != 1 || p.Vulnerabilities[0].ID != "TEST-2026-1" {
		t.Fatalf("%s %v\n%s", response.Status, err, body)
	}
	if u, err := url.Parse(p.URLs[0].URL); err != nil || !u.IsAbs() {
		t.Errorf("the file's address is %q", p.URLs[0].URL)
	}
}

// TestGroupsThroughAServer: the groups asked for reach a running gate.
func TestGroupsThroughAServer(t *testing.T) {
	g := newGate(t, settings{osv: []advisory{{id: "TEST-2026-1", name: "bad", introduced: "0", fixed: "1.1"}}})
	g.wheel("demo", "1.0", 30*24*time.Hour)
	g.wheel("bad", "1.0", 30*24*time.Hour)
	g.wheel("bad", "1.1", 30*24*time.Hour)
	g.box.Write("pyproject.toml", "[project]\nname = \"consumer\"\nversion = \"1\"\ndependencies = [\"demo\"]\n[dependency-groups]\ntest = [\"bad==1.0\"]\n")
	g.cli("admit", "pyproject.toml").Exits(t, 1)
	g.cli("admit", "--group", "main", "pyproject.toml").OK(t).SaysNot(t, "bad")
	g.cli("admit", "--group", "test", "pyproject.toml").Exits(t, 1)
	g.cli("admit", "--group", "tset", "pyproject.toml").Exits(t, 3).Says(t, `no manifest has a group "tset"`)
}
