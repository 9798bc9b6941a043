package clientconfig

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

const gate = "http://127.0.0.1:8484"

// machine is a home folder of the test's own.
func machine(t *testing.T, env map[string]string) Machine {
	t.Helper()
	dir := t.TempDir()
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Machine{OS: "linux", Home: real, Root: filepath.Join(real, "root"), Getenv: func(k string) string { return env[k] }}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// where each client's file is below a Linux home.
var files = map[string]string{
	"pip": ".config/pip/pip.conf", "uv": ".config/uv/uv.toml", "twine": ".pypirc", "npm": ".npmrc", "pnpm": ".npmrc", "yarn": ".yarnrc.yml",
	"bun": ".bunfig.toml", "go": ".config/go/env", "cargo": ".cargo/config.toml", "mvn": ".m2/settings.xml", "gradle": ".gradle/init.d/gatehouse.gradle",
}

// existing are configurations as people have them.
var existing = []struct{ client, name, content, why string }{
	{"pip", "empty", "", "an empty file stays one"},
	{"pip", "plain", "[global]\ntimeout = 60\n", "the section is there"},
	{"pip", "no newline", "[global]\ntimeout = 60", "a missing last line break stays missing"},
	{"pip", "header only", "[global]", "the block goes behind a line without a break"},
	{"pip", "crlf", "[global]\r\ntimeout = 60\r\n", "line breaks are the file's own"},
	{"pip", "crlf no newline", "[install]\r\nuser = true", "both at once"},
	{"pip", "comments", "# mine\n\n[global]\n; also mine\ntimeout = 60 ; not a comment\n\n# end\n", "comments stay where they are"},
	{"pip", "own index", "[global]\nindex-url = https://user:x@index.invalid/simple/\ntimeout = 5\n", "another index is set aside"},
	{"pip", "own index below", "[global]\nindex-url =\n    https://index.invalid/simple/\n\n    # why not\ntimeout = 5\n", "a value on the next line"},
	{"pip", "other spellings", "[global]\nIndex_URL: https://index.invalid/a\n--timeout = 3\n", "pip folds names"},
	{"pip", "pypi-url", "[global]\npypi-url = https://index.invalid/a\n", "an old name of the same option"},
	{"pip", "indented", "[global]\n  timeout = 5\n  retries = 2\n", "a line put before deeper ones must not swallow them"},
	{"pip", "indented header follows", "[global]\n  [install]\n  user = yes\n", "nor a deeper header"},
	{"pip", "multi value", "[global]\nextra-index-url =\n    https://one.invalid/\n    https://two.invalid/\n[install]\nfind-links = /srv\n", "values over several lines"},
	{"pip", "odd header", "[global] trailing\ntimeout=1\n[a]b]\nx=1\n", "what Python takes for a header"},
	{"pip", "no section for it", "[install]\nuser = true\n", "a section of our own"},
	{"uv", "empty", "", "an empty file stays one"},
	{"uv", "plain", "offline = false\n", "top-level keys"},
	{"uv", "no newline", "offline = false", "a missing last line break"},
	{"uv", "crlf", "offline = false\r\n[pip]\r\nno-build = true\r\n", "line breaks are the file's own"},
	{"uv", "own default", "[[index]]\nname = \"corp\"\nurl = \"https://index.invalid/simple\"\ndefault = true\n\n# cache\ncache-dir = \"/c\"\n", "a default index is set aside with what follows it in its table"},
	{"uv", "two indexes", "[[index]]\nname = \"torch\"\nurl = \"https://torch.invalid/\"\n\n[[index]]\nurl = \"https://d.invalid/\" # mine\ndefault = true", "only the default goes"},
	{"uv", "index-url", "# top\nindex-url = \"https://index.invalid/simple\"\nprerelease = \"allow\"\n", "the old name of the default"},
	{"uv", "multi-line value", "index-url = \"\"\"\nhttps://index.invalid/\"\"\"\nno-build-package = [\n  \"a\",\n  # why\n  \"b\",\n]\n", "values over several lines"},
	{"uv", "sub table", "[[index]]\nurl = \"https://d.invalid/\"\ndefault = true\n[index.x]\ny = 1\n[pip]\nno-build = true\n", "a table of the index goes with it"},
	{"twine", "empty", "", "an empty file stays one"},
	{"twine", "sections only", "[pypi]\nusername = __token__\npassword = x\n", "no list of servers yet"},
	{"twine", "distutils", "[distutils]\n[pypi]\nusername = u\n", "a section without the list"},
	{"twine", "one line", "[distutils]\nindex-servers = pypi corp\n\n[corp]\nrepository = https://up.invalid/\n", "the list on one line"},
	{"twine", "many lines", "[distutils]\nindex-servers =\n    pypi\n    corp\n[corp]\nrepository: https://up.invalid/", "the list on several, no last line break"},
	{"twine", "deep", "[distutils]\n   index-servers =\n       pypi", "an indented list at the end of the file"},
	{"npm", "empty", "", "an empty file stays one"},
	{"npm", "plain", "fund=false\n; mine\n# mine too", "a missing last line break stays missing"},
	{"npm", "own registry", "save-exact = true\nregistry = \"https://index.invalid/\"\r\nregistry=https://two.invalid/\n", "each is set aside"},
	{"npm", "section", "[x]\nregistry=https://index.invalid/\n", "what a section holds is no setting"},
	{"npm", "scope", "@acme:registry=https://index.invalid/\n//index.invalid/:_authToken=${TOKEN}\n", "a scope stays, and is warned of"},
	{"pnpm", "plain", "auto-install-peers=true\n", "the same file"},
	{"yarn", "empty", "", "an empty file stays one"},
	{"yarn", "plain", "nodeLinker: node-modules\n\nnpmScopes:\n  acme:\n    npmRegistryServer: https://index.invalid\n", "a nested key of the same name stays"},
	{"yarn", "own registry", "# mine\nnpmRegistryServer: \"https://index.invalid\" # corp\nenableTelemetry: false", "another registry is set aside"},
	{"bun", "empty", "", "an empty file stays one"},
	{"bun", "plain", "telemetry = false\n[install]\noptional = true", "the table is there, no last line break"},
	{"bun", "own registry", "[install]\nregistry = { url = \"https://index.invalid/\", token = \"x\" }\nexact = true\n[test]\ncoverage = true\n", "another registry is set aside"},
	{"bun", "dotted", "install.exact = true\ninstall.registry = \"https://index.invalid/\"\n", "a table by dotted keys cannot be opened again"},
	{"go", "empty", "", "an empty file stays one"},
	{"go", "plain", "GOFLAGS=-mod=mod\n# mine\nGOPROXY=https://index.invalid,direct\n", "another proxy is set aside"},
	{"cargo", "empty", "", "an empty file stays one"},
	{"cargo", "plain", "[build]\njobs = 2\n\n[registries.corp]\nindex = \"sparse+https://index.invalid/\"\n", "other registries stay"},
	{"cargo", "own source", "[source.crates-io]\nreplace-with = \"corp\" # mirror\n[source.corp]\nregistry = \"https://index.invalid\"", "another replacement is set aside"},
	{"mvn", "empty", "", "an empty file stays one"},
	{"mvn", "plain", "<settings>\n  <offline>false</offline>\n</settings>\n", "no mirrors yet"},
	{"mvn", "header", "<?xml version=\"1.0\"?>\r\n<settings xmlns=\"http://maven.invalid/SETTINGS\">\r\n  <servers>\r\n  </servers>\r\n</settings>", "line breaks are the file's own"},
	{"mvn", "own mirror", "<settings>\n  <mirrors>\n    <!-- corp -->\n    <mirror>\n      <id>corp</id>\n      <mirrorOf>*</mirrorOf>\n      <url>https://index.invalid/</url>\n    </mirror>\n  </mirrors>\n</settings>\n", "ours goes first"},
	{"twine", "list last", "[corp]\nrepository=https://up.invalid/\n[distutils]\nindex-servers=corp", "both blocks in one place"},
}

func TestSetupAndUndoGiveTheSameBytes(t *testing.T) {
	for _, tc := range existing {
		if tc.name == "dotted" {
			continue // refused, see TestRefusedFilesAreLeftAlone
		}
		t.Run(tc.client+"/"+tc.name, func(t *testing.T) {
			m := machine(t, nil)
			path := filepath.Join(m.Home, files[tc.client])
			put(t, path, tc.content)
			setup(t, m, tc.client, gate)
			first := get(t, path)
			if first == tc.content {
				t.Fatalf("setup changed nothing (%s)", tc.why)
			}
			if p, err := m.Setup(Wish{Client: tc.client, Gate: gate}); err != nil || len(p.Changes) != 0 {
				t.Errorf("a second setup: %d changes, %v; want none (%s)", len(p.Changes), err, tc.why)
			}
			setup(t, m, tc.client, "https://gate.invalid/")
			setup(t, m, tc.client, gate)
			if again := get(t, path); again != first {
				t.Errorf("to another gate and back:\n%s\nwant\n%s", again, first)
			}
			undo(t, m, tc.client)
			if got := get(t, path); got != tc.content {
				t.Errorf("after undo:\n%q\nwant\n%q (%s)", got, tc.content, tc.why)
			}
			if p, err := m.Undo(tc.client); err != nil || len(p.Changes) != 0 {
				t.Errorf("a second undo: %d changes, %v; want none", len(p.Changes), err)
			}
		})
	}
}

func setup(t *testing.T, m Machine, client, gate string) Plan {
	t.Helper()
	p, err := m.Setup(Wish{Client: client, Gate: gate})
	if err != nil {
		t.Fatalf("setup %s: %v", client, err)
	}
	if err := p.Apply(); err != nil {
		t.Fatalf("setup %s: %v", client, err)
	}
	return p
}

func undo(t *testing.T, m Machine, client string) {
	t.Helper()
	p, err := m.Undo(client)
	if err != nil {
		t.Fatalf("undo %s: %v", client, err)
	}
	if err := p.Apply(); err != nil {
		t.Fatalf("undo %s: %v", client, err)
	}
}

func TestNewFileIsMadeAndRemoved(t *testing.T) {
	for client, name := range files {
		m := machine(t, nil)
		path := filepath.Join(m.Home, name)
		setup(t, m, client, gate)
		if got := get(t, path); !strings.Contains(got, gate) {
			t.Errorf("%s: new file %q does not name the gate", client, got)
		}
		undo(t, m, client)
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: undo left %s (%v)", client, path, err)
		}
	}
}

func TestNewFileWithSomethingAddedSinceStays(t *testing.T) {
	m := machine(t, nil)
	path := filepath.Join(m.Home, files["pip"])
	setup(t, m, "pip", gate)
	put(t, path, get(t, path)+"[install]\nuser = yes\n")
	undo(t, m, "pip")
	if got := get(t, path); got != "[install]\nuser = yes\n" {
		t.Errorf("undo gave %q; want only what was added by hand", got)
	}
}

func TestWhatIsWritten(t *testing.T) {
	for _, tc := range []struct{ client, registry, want, why string }{
		{"pip", "", "[global]\nindex-url = http://127.0.0.1:8484/pypi/simple/\n", "the default registry has the short path"},
		{"pip", "main", "index-url = http://127.0.0.1:8484/pypi/simple/\n", "main is the default"},
		{"pip", "data", "index-url = http://127.0.0.1:8484/registry/data/pypi/simple/\n", "any other has its own"},
		{"uv", "", "[[index]]\nname = \"gatehouse\"\nurl = \"http://127.0.0.1:8484/pypi/simple/\"\ndefault = true\n", "an index that takes the default's place"},
		{"npm", "", "registry=http://127.0.0.1:8484/npm/\n", "npm's own key"},
		{"pnpm", "data", "registry=http://127.0.0.1:8484/registry/data/npm/\n", "pnpm reads the same file"},
		{"yarn", "", "npmRegistryServer: \"http://127.0.0.1:8484/npm/\"\nunsafeHttpWhitelist:\n  - \"127.0.0.1\"\n", "yarn speaks plain HTTP only with hosts it was told of"},
		{"bun", "", "[install]\nregistry = \"http://127.0.0.1:8484/npm/\"\n", "bun's own file"},
		{"go", "", "GOPROXY=http://127.0.0.1:8484/go\n", "one entry: go would go on to a second"},
		{"cargo", "", "[source.crates-io]\nreplace-with = \"gatehouse\"\n[registries.gatehouse]\nindex = \"sparse+http://127.0.0.1:8484/cargo/\"\n", "source replacement"},
		{"mvn", "", "<mirrorOf>*</mirrorOf>\n      <url>http://127.0.0.1:8484/maven/</url>", "a mirror of everything"},
		{"gradle", "data", "url = 'http://127.0.0.1:8484/registry/data/maven/'; allowInsecureProtocol = true", "gradle wants to be told about plain HTTP"},
		{"twine", "", "[distutils]\nindex-servers = pypi testpypi gatehouse\n[gatehouse]\nrepository = http://127.0.0.1:8484/pypi/legacy/\n", "twine's own two servers are kept"},
	} {
		m := machine(t, nil)
		p, err := m.Setup(Wish{Client: tc.client, Gate: gate, Registry: tc.registry})
		if err != nil || len(p.Changes) != 1 || !strings.Contains(string(p.Changes[0].New), tc.want) {
			t.Errorf("%s for %q: %+v, %v; want %q (%s)", tc.client, tc.registry, p, err, tc.want, tc.why)
		}
	}
}

func TestPoetryIsOnlyTold(t *testing.T) {
	m := machine(t, nil)
	p, err := m.Setup(Wish{Client: "poetry", Gate: gate, Token: secret(t)})
	if err != nil || len(p.Changes) != 0 {
		t.Fatalf("poetry: %d changes, %v; it has no user-level source", len(p.Changes), err)
	}
	got := strings.Join(p.Commands, "\n")
	if !strings.Contains(got, "poetry source add --priority=primary gatehouse http://127.0.0.1:8484/pypi/simple/") || strings.Contains(got, secret(t).Reveal()) {
		t.Errorf("commands are\n%s", got)
	}
}

func TestFilesThatAreLeftAlone(t *testing.T) {
	for _, tc := range []struct{ client, content, want, why string }{
		{"pip", "timeout = 1\n", "line 1", "no section: pip would not start"},
		{"pip", "[global]\n[global]\n", "line 2", "a section twice"},
		{"pip", "[global]\na=1\nA=2\n", "line 3", "an option twice"},
		{"pip", "[global]\nnonsense\n", "line 2", "no value"},
		{"pip", "\ufeff[global]\n", "byte order mark", "pip does not read it either"},
		{"pip", "[global]\rtimeout=1\n", "carriage return", "Python reads two lines"},
		{"pip", "[global]\n" + markBegin + "\nindex-url = x\n", "without its end", "a mark was damaged"},
		{"pip", "[global]\n" + markEnd + "\n", "without its beginning", "a mark was damaged"},
		{"pip", markAside + markAside + "x\n", "inside others", "marks within marks"},
		{"uv", "index = [{ url = \"https://i.invalid/\" }]\n", "by hand", "[[index]] cannot follow an inline list"},
		{"uv", "a = \n", "line 1", "no TOML"},
		{"uv", "[[index]]\nname = \"gatehouse\"\nurl = \"https://i.invalid/\"\n", "of its own", "the name is taken"},
		{"twine", "[gatehouse]\nrepository = https://i.invalid/\n", "of its own", "the name is taken"},
		{"twine", "[DISTUTILS\n", "line 1", "no header"},
		{"yarn", "unsafeHttpWhitelist:\n  - corp.invalid\n", "add it by hand", "a list cannot be written twice"},
		{"yarn", "a: [", "nothing was changed", "no YAML"},
		{"bun", "install.exact = true\n", "by hand", "a table by dotted keys cannot be opened again"},
		{"cargo", "source = { crates-io = { replace-with = \"corp\" } }\n", "by hand", "an inline table cannot be added to"},
		{"mvn", "<settings></settings>", "line of its own", "where would ours go"},
		{"mvn", "<settings>\n<mirrors/>\n</settings>\n", "line of its own", "an empty element"},
		{"mvn", "<settings>\n<a>\n</settings>\n", "no XML", "broken"},
		{"mvn", "<project>\n</project>\n", "no <settings>", "another file"},
		{"mvn", xmlBegin + "\n<settings>\n", "without its end", "a mark was damaged"},
		{"gradle", "println 1\n", "not written by gatehouse", "somebody else's script"},
	} {
		m := machine(t, nil)
		path := filepath.Join(m.Home, files[tc.client])
		put(t, path, tc.content)
		p, err := m.Setup(Wish{Client: tc.client, Gate: gate})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s %q: %v; want an error with %q and the path (%s)", tc.client, tc.content, err, tc.want, tc.why)
		}
		if len(p.Changes) != 0 || get(t, path) != tc.content {
			t.Errorf("%s %q: was touched", tc.client, tc.content)
		}
	}
}

func TestGateURLs(t *testing.T) {
	for _, tc := range []struct{ gate, registry, why string }{
		{"gate.example.invalid", "", "no scheme"},
		{"ftp://gate.invalid", "", "another scheme"},
		{"http://u:p@gate.invalid", "", "a password does not belong there"},
		{"http://gate.invalid/?x=1", "", "a query"},
		{"http://gate.invalid", "../x", "a path out of the registry"},
	} {
		if _, err := machine(t, nil).Setup(Wish{Client: "pip", Gate: tc.gate, Registry: tc.registry}); err == nil {
			t.Errorf("Setup for %q %q: no error (%s)", tc.gate, tc.registry, tc.why)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestWherePipLooks(t *testing.T) {
	m := machine(t, nil)
	library := filepath.Join(m.Home, "Library", "Application Support", "pip")
	for _, tc := range []struct {
		os   string
		env  map[string]string
		dir  string // made first
		want string
		why  string
	}{
		{"linux", nil, "", ".config/pip/pip.conf", "XDG's default"},
		{"linux", map[string]string{"XDG_CONFIG_HOME": m.Home + "/x"}, "", "x/pip/pip.conf", "XDG's variable"},
		{"linux", map[string]string{"PIP_CONFIG_FILE": m.Home + "/p.conf"}, "", "p.conf", "pip's variable"},
		{"linux", map[string]string{"PIP_CONFIG_FILE": "/dev/null"}, "", "", "pip reads nothing"},
		{"linux", map[string]string{"PIP_CONFIG_FILE": "p.conf"}, "", "", "relative to where pip starts"},
		{"darwin", nil, "", ".config/pip/pip.conf", "macOS without the folder"},
		{"darwin", nil, library, "Library/Application Support/pip/pip.conf", "macOS with it"},
		{"windows", map[string]string{"APPDATA": m.Home + "/Roaming"}, "", "Roaming/pip/pip.ini", "Windows"},
	} {
		if tc.dir != "" {
			if err := os.MkdirAll(tc.dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		m.OS, m.Getenv = tc.os, func(k string) string { return tc.env[k] }
		got, err := m.pipFile()
		if (err != nil) != (tc.want == "") || (err == nil && got != filepath.Join(m.Home, tc.want)) {
			t.Errorf("pip on %s with %v: %s, %v; want %s (%s)", tc.os, tc.env, got, err, tc.want, tc.why)
		}
	}
}

func TestWarningsNameWhatGoesAroundAndNoValue(t *testing.T) {
	const canary = "canary-password"
	for _, tc := range []struct {
		client string
		env    map[string]string
		file   string // below home
		body   string
		want   string // empty: no warning
		why    string
	}{
		{"pip", map[string]string{"PIP_INDEX_URL": "https://u:" + canary + "@i.invalid"}, "", "", "PIP_INDEX_URL", "the environment wins"},
		{"pip", map[string]string{"PIP_EXTRA_INDEX_URL": canary}, "", "", "PIP_EXTRA_INDEX_URL", "a second index"},
		{"pip", map[string]string{"PIP_INDEX_URL": gate + "/pypi/simple/"}, "", "", "", "the same address is no detour"},
		{"pip", nil, ".config/pip/pip.conf", "[global]\nextra-index-url = https://" + canary + "\n", "pip.conf:5: extra-index-url", "in the same file, at its line after the change"},
		{"pip", nil, ".config/pip/pip.conf", "[install]\nindex-url = https://" + canary + "\n", "in [install]", "a command's own section wins"},
		{"pip", nil, ".config/pip/pip.conf", "[global]\ntrusted-host = " + canary + "\n", "certificates", "trust without a check"},
		{"pip", nil, ".pip/pip.conf", "[global]\nfind-links = /" + canary + "\n", ".pip/pip.conf:2: find-links", "the legacy file is read as well"},
		{"pip", nil, ".pip/pip.conf", "[global]\nindex-url = https://" + canary + "\n", "", "overridden by ours"},
		{"pip", nil, "root/etc/pip.conf", "[install]\nindex-url = https://" + canary + "\n", "in [install]", "system-wide, for one command"},
		{"pip", map[string]string{"VIRTUAL_ENV": "venv"}, "venv/pip.conf", "[global]\nindex-url = https://" + canary + "\n", "pip.conf:2: index-url", "an environment's own file wins"},
		{"uv", map[string]string{"UV_DEFAULT_INDEX": canary}, "", "", "UV_DEFAULT_INDEX", "the environment wins"},
		{"uv", nil, ".config/uv/uv.toml", "[[index]]\nname = \"torch\"\nurl = \"https://" + canary + "\"\n", "the index \"torch\"", "another index goes first"},
		{"uv", nil, ".config/uv/uv.toml", "[pip]\nextra-index-url = [\"https://" + canary + "\"]\n", "in [pip]", "for `uv pip` alone"},
		{"uv", nil, "root/etc/xdg/uv/uv.toml", "find-links = [\"" + canary + "\"]\n", "find-links", "system-wide"},
		{"npm", nil, ".npmrc", "@acme:registry=https://" + canary + "/\n", ".npmrc:4: @acme:registry", "a scope of its own"},
		{"npm", map[string]string{"npm_config_registry": canary}, "", "", "npm_config_registry", "the environment wins"},
		{"npm", nil, ".npmrc", "strict-ssl=false\n", "certificates", "trust without a check"},
		{"yarn", map[string]string{"YARN_NPM_REGISTRY_SERVER": canary}, "", "", "YARN_NPM_REGISTRY_SERVER", "the environment wins"},
		{"yarn", nil, ".yarnrc.yml", "npmScopes:\n  acme:\n    npmRegistryServer: https://" + canary + "\n", "npmScopes", "a scope of its own"},
		{"bun", nil, ".bunfig.toml", "[install.scopes]\nacme = \"https://" + canary + "\"\n", "install.scopes", "a scope of its own"},
		{"go", map[string]string{"GOPROXY": canary}, "", "", "GOPROXY", "the environment wins"},
		{"go", nil, ".config/go/env", "GOPRIVATE=" + canary + ".invalid/*\n", "GOPRIVATE", "those modules come from anywhere"},
		{"cargo", nil, ".cargo/config.toml", "paths = [\"/" + canary + "\"]\n", "paths", "folders in the place of packages"},
		{"mvn", nil, ".m2/settings.xml", "<settings>\n<mirrors>\n<mirror><id>corp</id><mirrorOf>central</mirrorOf><url>https://" + canary + "/</url></mirror>\n</mirrors>\n</settings>\n", "the mirror corp", "a mirror of one repository goes first"},
		{"twine", map[string]string{"TWINE_REPOSITORY_URL": canary}, "", "", "TWINE_REPOSITORY_URL", "the environment wins"},
	} {
		m := machine(t, tc.env)
		if v := tc.env["VIRTUAL_ENV"]; v != "" {
			m.Getenv = func(k string) string { return map[string]string{"VIRTUAL_ENV": filepath.Join(m.Home, v)}[k] }
		}
		if tc.file != "" {
			put(t, filepath.Join(m.Home, tc.file), tc.body)
		}
		p, err := m.Setup(Wish{Client: tc.client, Gate: gate})
		if err != nil {
			t.Errorf("%s: %v (%s)", tc.client, err, tc.why)
			continue
		}
		got := strings.Join(p.Warnings, "\n")
		if (tc.want == "" && got != "") || !strings.Contains(got, tc.want) || strings.Contains(got, canary) {
			t.Errorf("%s: warnings %q; want %q and no value (%s)", tc.client, got, tc.want, tc.why)
		}
	}
}

func TestPlainHTTPBeyondLoopbackIsSaid(t *testing.T) {
	p, err := machine(t, nil).Setup(Wish{Client: "pip", Gate: "http://gate.invalid:8484"})
	if err != nil || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "TLS") {
		t.Errorf("warnings %q, %v; want one about TLS", p.Warnings, err)
	}
}

// secret is a text that is none, made at run time.
func secret(t *testing.T) secretref.Secret {
	t.Helper()
	t.Setenv("CLIENTCONFIG_TEST_TOKEN", "ght_"+strings.Repeat("x", 36))
	s, err := secretref.Resolve(context.Background(), "env:CLIENTCONFIG_TEST_TOKEN")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokenGoesIntoNetrcOnly(t *testing.T) {
	for _, before := range []string{"", "machine other.invalid\n  login me\n  password x\ndefault login a password b", "# mine\r\nmachine other.invalid login me password x\r\n"} {
		m := machine(t, nil)
		netrc := filepath.Join(m.Home, ".netrc")
		if before != "" {
			put(t, netrc, before)
		}
		s := secret(t)
		for _, client := range []string{"pip", "uv"} {
			p, err := m.Setup(Wish{Client: client, Gate: gate, Token: s})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range p.Changes {
				if strings.Contains(c.Diff(), s.Reveal()) {
					t.Errorf("the diff of %s shows the token:\n%s", c.Path, c.Diff())
				}
				if bytes.Contains(c.New, []byte(s.Reveal())) != (c.Path == netrc) {
					t.Errorf("the token and %s: in the netrc file only", c.Path)
				}
			}
			if err := p.Apply(); err != nil {
				t.Fatal(err)
			}
			if p, err := m.Setup(Wish{Client: client, Gate: gate, Token: s}); err != nil || len(p.Changes) != 0 {
				t.Errorf("a second setup of %s: %d changes, %v", client, len(p.Changes), err)
			}
		}
		got := get(t, netrc)
		if !strings.HasPrefix(got, "machine 127.0.0.1 login gatehouse-uv password ght_") || !strings.HasSuffix(got, before) {
			t.Errorf("netrc is %q; want our lines before %q", got, before)
		}
		if st, err := os.Stat(netrc); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("netrc's mode: %v, %v", st.Mode(), err)
		}
		undo(t, m, "pip")
		if got := get(t, netrc); strings.Count(got, "gatehouse-") != 1 {
			t.Errorf("undoing pip left %q; want uv's line", got)
		}
		undo(t, m, "uv")
		if before == "" {
			if _, err := os.Stat(netrc); !os.IsNotExist(err) {
				t.Errorf("undo left the netrc file it made: %v", err)
			}
		} else if got := get(t, netrc); got != before {
			t.Errorf("after undo %q, want %q", got, before)
		}
	}
}

// TestTokenGoesWhereTheClientKeepsSecrets: one file, its owner's alone, and no
// trace of it after an undo.
func TestTokenGoesWhereTheClientKeepsSecrets(t *testing.T) {
	for client, tc := range map[string]struct{ file, want string }{
		"npm":   {".npmrc", "//127.0.0.1:8484/npm/:_authToken="},
		"yarn":  {".yarnrc.yml", "npmAuthToken: "},
		"bun":   {".bunfig.toml", "token = "},
		"go":    {".netrc", "machine 127.0.0.1 login gatehouse-go password "},
		"cargo": {".cargo/credentials.toml", "token = "},
		"mvn":   {".m2/settings.xml", "<password>"},
	} {
		m := machine(t, nil)
		s := secret(t)
		p, err := m.Setup(Wish{Client: client, Gate: gate, Token: s})
		if err != nil {
			t.Fatal(client, err)
		}
		for _, c := range p.Changes {
			if strings.Contains(c.Diff(), s.Reveal()) {
				t.Errorf("%s: the diff of %s shows the token:\n%s", client, c.Path, c.Diff())
			}
		}
		if err := p.Apply(); err != nil {
			t.Fatal(client, err)
		}
		path := filepath.Join(m.Home, tc.file)
		if got := get(t, path); !strings.Contains(got, tc.want+s.Reveal()) && !strings.Contains(got, tc.want+`"`+s.Reveal()) {
			t.Errorf("%s: %s is\n%s\nwant %q before the token", client, tc.file, got, tc.want)
		}
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode of %s: %v, %v", client, tc.file, st.Mode(), err)
		}
		undo(t, m, client)
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: undo left %s: %v", client, tc.file, err)
		}
	}
	t.Setenv("CLIENTCONFIG_TEST_TOKEN", "a\nregistry=https://i.invalid/")
	odd, err := secretref.Resolve(context.Background(), "env:CLIENTCONFIG_TEST_TOKEN")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := machine(t, nil).Setup(Wish{Client: "npm", Gate: gate, Token: odd}); err == nil {
		t.Error("a token with a line break was taken")
	}
}

func TestDiffShowsNoPassword(t *testing.T) {
	const canary = "canary-password"
	for client, content := range map[string]string{
		"pip":   "[global]\nindex-url = https://u:" + canary + "@index.invalid/simple\nextra-index-url =\n  https://" + canary + "@other.invalid/\n",
		"uv":    "[[index]]\nurl = \"https://u:" + canary + "@index.invalid/\"\ndefault = true\n",
		"twine": "[distutils]\nindex-servers = corp\n[corp]\npassword: " + canary + "\nusername = u\n",
		"npm":   "//index.invalid/:_authToken=" + canary + "\n",
		"yarn":  "npmAuthToken: \"" + canary + "\"\n",
		"cargo": "[registries.corp]\ntoken = \"Bearer " + canary + "\"\n",
		"bun":   "[install]\nregistry = { url = \"https://index.invalid/\", token = \"" + canary + "\" }\n",
		"mvn":   "<settings>\n  <servers>\n    <server>\n      <password>" + canary + "</password>\n    </server>\n  </servers>\n</settings>\n",
	} {
		m := machine(t, nil)
		put(t, filepath.Join(m.Home, files[client]), content)
		p, err := m.Setup(Wish{Client: client, Gate: gate})
		if err != nil || len(p.Changes) != 1 {
			t.Fatalf("%s: %d changes, %v", client, len(p.Changes), err)
		}
		d := p.Changes[0].Diff()
		if strings.Contains(d, canary) || !strings.Contains(d, "****") {
			t.Errorf("%s: the diff is\n%s", client, d)
		}
		if !bytes.Contains(p.Changes[0].New, []byte(canary)) {
			t.Errorf("%s: the mask went into the file", client)
		}
	}
	c := Change{Path: ".netrc", Old: []byte("machine a login b password\n " + canary + "\n"), New: []byte("x\nmachine a login b password\n " + canary + "\n")}
	if strings.Contains(c.Diff(), canary) {
		t.Errorf("netrc over two lines: %s", c.Diff())
	}
}

func TestNetrcThatIsLeftAlone(t *testing.T) {
	for _, tc := range []struct {
		content string
		mode    fs.FileMode
		want    string
	}{
		{"machine 127.0.0.1 login me password x\n", 0o600, "line 1 has an entry"},
		{"machine a.invalid login b password c\nmachine\n 127.0.0.1 login me\n", 0o600, "line 3 has an entry"},
		{"machine a.invalid login b password c\n", 0o644, "chmod 600"},
	} {
		m := machine(t, nil)
		netrc := filepath.Join(m.Home, ".netrc")
		put(t, netrc, tc.content)
		if err := os.Chmod(netrc, tc.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Setup(Wish{Client: "pip", Gate: gate, Token: secret(t)}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("netrc %q: %v; want %q", tc.content, err, tc.want)
		}
	}
}

func TestLinkedFileStaysALink(t *testing.T) {
	m := machine(t, nil)
	path, target := filepath.Join(m.Home, files["pip"]), filepath.Join(m.Home, "dotfiles", "pip.conf")
	put(t, target, "[global]\n")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	setup(t, m, "pip", gate)
	if st, err := os.Lstat(path); err != nil || st.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%s is no link any more: %v, %v", path, st.Mode(), err)
	}
	if !strings.Contains(get(t, target), gate) {
		t.Errorf("the link's target was not changed")
	}
}

func TestChangedMeanwhileIsNotOverwritten(t *testing.T) {
	m := machine(t, nil)
	path := filepath.Join(m.Home, files["pip"])
	put(t, path, "[global]\n")
	p, err := m.Setup(Wish{Client: "pip", Gate: gate})
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, "[global]\ntimeout = 9\n")
	if err := p.Apply(); err == nil || get(t, path) != "[global]\ntimeout = 9\n" {
		t.Errorf("Apply over a changed file: %v, %q", err, get(t, path))
	}
}

// FuzzSetupUndo holds the package's promise for any file: refused, or changed in
// a way that undo takes back exactly.
func FuzzSetupUndo(f *testing.F) {
	for _, tc := range existing {
		f.Add([]byte(tc.content))
	}
	f.Add([]byte("[global]\n" + markBegin + "\nindex-url = x\n" + markEnd))
	edits := map[string]func(text, string) (*edit, error){
		"pip": editPip, "uv": editUv, "twine": editTwine, "go": editGo,
		"npm":  func(t text, a string) (*edit, error) { return editNpm(t, a, secretref.Secret{}) },
		"yarn": func(t text, a string) (*edit, error) { return editYarn(t, a, secretref.Secret{}) },
		"bun": func(t text, a string) (*edit, error) {
			return setTOML(t, []tomlSetting{{[]string{"install"}, "registry", quoted(a)}})
		},
		"cargo": func(t text, a string) (*edit, error) {
			return setTOML(t, []tomlSetting{{[]string{"source", "crates-io"}, "replace-with", quoted("gatehouse")}, {[]string{"registries", "gatehouse"}, "index", quoted(a)}})
		},
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		whole, err := parseText(content)
		if err != nil {
			return
		}
		base, _, err := whole.undo()
		if err != nil || base.marked() {
			return
		}
		for client, fn := range edits {
			e, err := fn(base, gate+"/pypi/simple/")
			if err != nil || e == nil {
				continue
			}
			changed := base.apply(*e)
			again, err := parseText([]byte(changed.String()))
			if err != nil {
				t.Fatalf("%s: the result of %q cannot be read: %v", client, content, err)
			}
			back, _, err := again.undo()
			if err != nil || back.String() != base.String() {
				t.Fatalf("%s: %q became %q and back %q (%v)", client, base, changed, back, err)
			}
		}
	})
}
