package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/config"
)

// load reads a file in an empty folder with an environment of its own.
func load(t *testing.T, text string) (config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GATEHOUSE_CONFIG", "")
	t.Setenv("GATEHOUSE_DATA", "")
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "xdg"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("HOME", dir)
	if text == "" {
		return config.Load("", "pypi", "npm")
	}
	file := filepath.Join(dir, "other.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(file, "pypi", "npm")
}

func TestDefaultsWorkWithNoFile(t *testing.T) {
	c, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.File != "" || !strings.HasSuffix(c.Data, "xdg/gatehouse") || c.Listen != "127.0.0.1:8484" || !c.Loopback() || c.URL() != "http://127.0.0.1:8484" {
		t.Errorf("%+v", c)
	}
	if r := c.Registries["main"]; len(c.Registries) != 1 || r.Enforce != "on" || r.Pull != "auto" || r.Policy != "" {
		t.Errorf("registries %+v", c.Registries)
	}
	if len(c.Upstreams) != 2 || c.Upstreams[1].Name != "npm" || c.Upstreams[1].Ecosystem != "npm" || c.Upstreams[0].URL != "auto" || time.Duration(c.Upstreams[0].TTL) != 5*time.Minute {
		t.Errorf("upstreams %+v", c.Upstreams)
	}
	if time.Duration(c.Advisories.MaxAge) != 7*24*time.Hour || c.Limits.FileBytes <= 0 || c.Limits.ScanTime <= 0 || c.Limits.ScanMemory <= 0 || c.Limits.RequestBytes <= 0 || c.Limits.PullWait <= 0 {
		t.Errorf("limits %+v, advisories %+v", c.Limits, c.Advisories)
	}
}

func TestEverySettingThatCannotBeEnforcedIsAnError(t *testing.T) {
	for _, tc := range []struct{ text, says, why string }{
		{"dta: x\n", "dta", "an unknown key"},
		{"limits: {file_byte: 1}\n", "file_byte", "an unknown key below"},
		{"registries: {main: {enforcement: on}}\n", "enforcement", "an unknown key in a registry"},
		{"listen: [1]\n", "line 1", "not a text"},
		{"data: a\ndata: b\n", "data", "named twice"},
		{"listen: localhost\n", "listen", "no port"},
		{"registries: {}\n", "", "an empty map changes nothing"},
		{"registries: {main: {enforce: maybe}}\n", "enforce", "no such word"},
		{"registries: {main: {pull: yes please}}\n", "pull", "no such word"},
		{"upstreams: [{ecosystem: pypi}]\n", "name", "no name"},
		{"upstreams: [{name: internal, ecosystem: pypi}]\n", "internal", "the word has a meaning"},
		{"upstreams: [{name: a, ecosystem: conda}]\n", "it serves pypi, npm", "not served"},
		{"upstreams: [{name: a, ecosystem: npm, options: {registry: x}}]\n", "", "the ecosystem says which options it knows"},
		{"upstreams: [{name: a, ecosystem: npm, options: [x]}]\n", "line 1", "options are a map"},
		{"registries: {js: {ecosystems: [npm]}}\n", "", "a view of one ecosystem"},
		{"registries: {js: {ecosystems: [conda]}}\n", "it serves pypi, npm", "no such ecosystem"},
		{"registries: {js: {upstreams: [npm]}}\n", "", "a view of one upstream"},
		{"registries: {js: {upstreams: [other]}}\n", "no upstream", "no such upstream"},
		{"registries: {js: {upstreams: [pypi], ecosystems: [npm]}}\n", "pypi is of pypi", "an upstream that would not be read"},
		{"registries: {js: {upstreams: [npm], ecosystems: [npm, pypi]}}\n", "no upstream of pypi", "an ecosystem without an upstream"},
		{"upstreams: [{name: a, ecosystem: pypi}]\nregistries: {js: {ecosystems: [npm]}}\n", "no upstream of npm", "one that nothing is configured for"},
		{"internal_names: ['npm:@acme/*', 'acme-*']\n", "", "for one ecosystem and for all"},
		{"internal_names: ['conda:acme-*']\n", "no ecosystem that this version serves", "names of another world"},
		{"internal_names: ['npm:*']\n", "no pattern", "all of them"},
		{"internal_names: ['a*b*c*']\n", "no pattern", "too many stars"},
		{"upstreams: [{name: a, ecosystem: pypi}, {name: b, ecosystem: pypi}]\n", "one upstream", "two of one ecosystem"},
		{"upstreams: [{name: a, ecosystem: pypi, url: 'ftp://x.invalid/'}]\n", "url", "not http"},
		{"upstreams: [{name: a, ecosystem: pypi, url: 'http:///simple'}]\n", "url", "no host"},
		{"upstreams: [{name: a, ecosystem: pypi, url: 'https://u:p@x.invalid/'}]\n", "credential", "a secret in the URL"},
		{"upstreams: [{name: a, ecosystem: pypi, url: 'https://x.invalid/', credential: 'u:p@x'}]\n", "never the value", "a secret where its reference belongs"},
		{"public_url: 'https://u:p@x.invalid'\n", "public_url", "a secret in every link"},
		{"advisories: {sources: ['https://u:p@x.invalid/']}\n", "advisories.sources[0]", "a secret in a source"},
		{"internal_names: ['a[']\n", "internal_names", "no pattern"},
		{"trusted_proxies: [nonsense]\n", "trusted_proxies", "no address"},
		{"tls_cert: x.pem\n", "tls_key", "one without the other"},
		{"limits: {scan_time: 5}\n", "time span", "no unit"},
		{"limits: {scan_time: -5m}\n", "time span", "negative"},
		{"limits: {waiting: 0}\n", "limits.waiting", "a queue that takes nothing in"},
		{"limits: {waiting_per_project: -1}\n", "limits.waiting_per_project", "a queue that takes nothing in"},
		{"limits: {admissions: 0}\n", "limits.admissions", "nobody would look"},
		{"advisories: {max_age: soon}\n", "time span", "no time"},
		{"- a\n", "line 1", "no map"},
		{"data: x\na: b: c\n", "line 2", "no YAML"},
	} {
		c, err := load(t, tc.text)
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%q: %v (%s)", tc.text, err, tc.why)
		case tc.says != "" && err == nil:
			t.Errorf("%q: no error, %+v (%s)", tc.text, c, tc.why)
		case tc.says != "" && (!strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "other.yaml")):
			t.Errorf("%q: %v, want the file and %q (%s)", tc.text, err, tc.says, tc.why)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

// A file replaces single settings; lists it names replace the default list; maps
// are joined by key.
func TestWhatAFileReplaces(t *testing.T) {
	c, err := load(t, `
listen: 127.0.0.1:9000
limits: {scan_time: 1m}
upstreams: [{name: devpi, ecosystem: pypi, url: 'https://devpi.invalid/simple'}]
registries:
  lab: {enforce: observe}
`)
	if err != nil {
		t.Fatal(err)
	}
	d := config.Default("pypi", "npm")
	if c.Listen != "127.0.0.1:9000" || c.URL() != "http://127.0.0.1:9000" || time.Duration(c.Limits.ScanTime) != time.Minute || c.Limits.FileBytes != d.Limits.FileBytes {
		t.Errorf("listen %s, limits %+v", c.Listen, c.Limits)
	}
	if len(c.Upstreams) != 1 || c.Upstreams[0].Name != "devpi" || time.Duration(c.Upstreams[0].TTL) != 5*time.Minute {
		t.Errorf("upstreams %+v", c.Upstreams)
	}
	if lab := c.Registries["lab"]; lab.Enforce != "observe" || lab.Pull != "auto" {
		t.Errorf("registries %+v", c.Registries)
	}
	if _, ok := c.Registries["main"]; !ok {
		t.Errorf("registries %+v: the default one stays beside those of the file", c.Registries)
	}
	c, err = load(t, "registries: {main: {policy: p.yaml}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if m := c.Registries["main"]; m.Policy != "p.yaml" || m.Enforce != "on" || m.Pull != "auto" {
		t.Errorf("main %+v: what the file leaves out keeps its default", m)
	}
}

func TestWhereTheFileIsLookedFor(t *testing.T) {
	if _, err := load(t, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("gatehouse.yaml", []byte("listen: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("env.yaml", []byte("listen: 127.0.0.1:2\ndata: from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load("", "pypi", "npm"); err == nil || !strings.Contains(err.Error(), "--config gatehouse.yaml") {
		t.Errorf("a project's own file set where the gate listens: %+v, %v", c, err)
	}
	t.Setenv("GATEHOUSE_CONFIG", "env.yaml")
	if c, err := config.Load("", "pypi", "npm"); err != nil || c.Listen != "127.0.0.1:2" || c.Data != "from-file" {
		t.Errorf("GATEHOUSE_CONFIG: %+v, %v", c, err)
	}
	t.Setenv("GATEHOUSE_DATA", "from-env")
	if c, err := config.Load("", "pypi", "npm"); err != nil || c.Data != "from-env" {
		t.Errorf("GATEHOUSE_DATA is stronger than the file: %+v, %v", c, err)
	}
	if c, err := config.Load("gatehouse.yaml", "pypi", "npm"); err != nil || c.Listen != "127.0.0.1:1" {
		t.Errorf("a file that was named is stronger than the environment: %+v, %v", c, err)
	}
	if _, err := config.Load("not-there.yaml", "pypi", "npm"); err == nil {
		t.Error("a file that was named and is not there was no error")
	}
	t.Setenv("GATEHOUSE_CONFIG", "not-there.yaml")
	if _, err := config.Load("", "pypi", "npm"); err == nil {
		t.Error("GATEHOUSE_CONFIG names a file that is not there, and it was no error")
	}
}

func TestLoopback(t *testing.T) {
	for listen, want := range map[string]bool{"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, "127.9.9.9:1": true, "0.0.0.0:1": false, ":1": false, "10.0.0.1:1": false, "gate.invalid:1": false, "nonsense": false} {
		if got := (config.Config{Listen: listen}).Loopback(); got != want {
			t.Errorf("%q: %t, want %t", listen, got, want)
		}
	}
}

func TestURL(t *testing.T) {
	for want, c := range map[string]config.Config{
		"http://127.0.0.1:1":   {Listen: "127.0.0.1:1"},
		"https://127.0.0.1:1":  {Listen: "127.0.0.1:1", TLSCert: "c", TLSKey: "k"},
		"https://gate.invalid": {Listen: "127.0.0.1:1", PublicURL: "https://gate.invalid//"},
	} {
		if got := c.URL(); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
}

// TestAPushedConfigurationMayTightenNeverLoosen: what is checked out in the
// working directory says what the project is deployed to and nothing else.
func TestAPushedConfigurationMayTightenNeverLoosen(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Chdir(t.TempDir())
	for _, text := range []string{
		"registries: {main: {enforce: observe}}\n",
		"upstreams: [{name: pypi, ecosystem: pypi, url: 'http://127.0.0.1:1/', credential: 'env:CANARY'}]\n",
		"advisories: {sources: [/tmp]}\n", "data: /tmp/x\n", "matrix: {python: ['3.12.1']}\nlisten: 127.0.0.1:1\n",
	} {
		if err := os.WriteFile("gatehouse.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := config.Load("", "pypi", "npm"); err == nil {
			t.Errorf("%q was taken: %+v", text, c)
		}
		if _, err := config.Load("gatehouse.yaml", "pypi", "npm"); err != nil {
			t.Errorf("%q by --config: %v", text, err)
		}
	}
	if err := os.WriteFile("gatehouse.yaml", []byte("matrix: {python: ['3.12.1']}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load("", "pypi", "npm"); err != nil || !slices.Equal(c.Matrix.Python, []string{"3.12.1"}) {
		t.Errorf("the matrix: %+v, %v", c.Matrix, err)
	}
}

func TestTheUsersOwnFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("HOME", dir)
	t.Chdir(t.TempDir())
	own, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(own, "gatehouse"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "gatehouse", "gatehouse.yaml"), []byte("listen: 127.0.0.1:7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load("", "pypi", "npm"); err != nil || c.Listen != "127.0.0.1:7" {
		t.Errorf("Load = %+v, %v; want what the user's own file says", c, err)
	}
}
