package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/config"
)

// TestClientSetupWritesOnlyReadersTokens asks the gate itself what a token may.
func TestClientSetupWritesOnlyReadersTokens(t *testing.T) {
	d := servingGate(t)
	gate := d.inside(os.Stderr).local(t.Context())
	if gate == nil {
		t.Fatal("the gate does not answer at its socket")
	}
	defer gate.Close()
	for role, wanted := range map[access.Role]bool{access.Reader: true, access.Approver: false, access.Admin: false} {
		home := t.TempDir()
		for k, v := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": "", "NETRC": "", "PIP_CONFIG_FILE": ""} {
			t.Setenv(k, v)
		}
		secret, _, err := gate.Create(t.Context(), string(role), role, []string{access.All}, 0, "test")
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("CLIENT_TEST_TOKEN", secret.Reveal())
		var out bytes.Buffer
		a := d.inside(os.Stderr)
		a.out, a.flags.token = &out, "env:CLIENT_TEST_TOKEN"
		err = a.setupClient(t.Context(), "pip", false)
		if (err == nil) != wanted {
			t.Errorf("setup with the token of a %s: %v", role, err)
		}
		netrc, _ := os.ReadFile(filepath.Join(home, ".netrc"))
		if bytes.Contains(netrc, []byte(secret.Reveal())) != wanted {
			t.Errorf("the token of a %s and the netrc file: %q", role, netrc)
		}
		if _, err := os.Stat(filepath.Join(home, ".config", "pip", "pip.conf")); (err == nil) != wanted {
			t.Errorf("after the token of a %s, pip.conf: %v", role, err)
		}
		if strings.Contains(out.String(), secret.Reveal()) || (err != nil && strings.Contains(err.Error(), secret.Reveal())) {
			t.Errorf("the token of a %s is shown", role)
		}
	}
}

// TestClientSetupFirstRemembersTheUpstream: once pip names the gate, nobody could
// tell any more where packages really come from.
func TestClientSetupFirstRemembersTheUpstream(t *testing.T) {
	home, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	for k, v := range map[string]string{"HOME": home, "XDG_CONFIG_HOME": "", "PIP_CONFIG_FILE": "", "PIP_INDEX_URL": "https://index.invalid/simple/"} {
		t.Setenv(k, v)
	}
	var out bytes.Buffer
	a := &app{streams: streams{out: &out, err: os.Stderr}, cfg: config.Default(ecosystemIDs()...)}
	a.cfg.Data, a.flags.format = data, "text"
	if err := a.setupClient(t.Context(), "pip", true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("--print made the data folder")
	}
	if err := a.setupClient(t.Context(), "pip", false); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(data, "upstream-pypi"))
	if err != nil || strings.TrimSpace(string(b)) != "https://index.invalid/simple/" {
		t.Errorf("remembered %q, %v", b, err)
	}
	if !strings.Contains(out.String(), "PIP_INDEX_URL goes around the gate") {
		t.Errorf("does not warn of the variable:\n%s", out.String())
	}
}

// Clients that are set up for the gate name the gate. Where the data folder that
// remembered their index is gone, the gate would ask itself, and wait for ever.
func TestAGateIsNotItsOwnUpstream(t *testing.T) {
	cases := map[string]struct {
		url, pip string
		itself   bool
	}{
		"another index":              {"auto", "https://index.invalid/simple/", false},
		"the client's is this gate":  {"auto", "http://127.0.0.1:8484/pypi/simple/", true},
		"by another name":            {"auto", "http://localhost:8484/pypi/simple/", true},
		"by its public name":         {"auto", "https://gate.invalid/pypi/simple/", true},
		"another port of this host":  {"auto", "http://127.0.0.1:3141/company/simple/", false},
		"configured as its own":      {"http://127.0.0.1:8484/registry/x/pypi/simple/", "", true},
		"configured, another server": {"https://index.invalid/simple/", "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PIP_INDEX_URL", c.pip)
			cfg := config.Default(ecosystemIDs()...)
			cfg.Data, cfg.PublicURL = t.TempDir(), "https://gate.invalid"
			_, err := addressOf(t.Context(), cfg, config.Upstream{Name: "pypi", Ecosystem: "pypi", URL: c.url})
			if got := err != nil && strings.Contains(err.Error(), "is this gate itself"); got != c.itself || err != nil && !got {
				t.Errorf("%v, want an error %t", err, c.itself)
			}
			_, err = os.Stat(filepath.Join(cfg.Data, "upstream-pypi"))
			if remembered := err == nil; remembered != (c.url == "auto" && !c.itself) {
				t.Errorf("remembered: %t", remembered)
			}
		})
	}
}
