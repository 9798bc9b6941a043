package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/clientconfig"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/manifest"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// advisoryHere is what a gate is that can be gone around.
const advisoryHere = "this gate is advisory here"

// examineClients looks at what the package clients of this machine ask, from the
// working directory.
func (a *app) examineClients(ctx context.Context) ([]upkeep.Check, error) {
	m, err := clientconfig.Here()
	if err != nil {
		return nil, err
	}
	gate := strings.TrimRight(a.flags.server, "/")
	if gate == "" {
		gate = a.cfg.URL()
	}
	out := []upkeep.Check{checkGateAnswers(ctx, gate)}
	installed := 0
	for _, name := range clientconfig.Clients() {
		if _, err := exec.LookPath(name); err != nil {
			continue
		}
		installed++
		out = append(out, a.checkClient(ctx, m, name, gate)...)
	}
	if installed == 0 {
		out = append(out, upkeep.Check{Name: "client", State: upkeep.OK, Text: "none of " + strings.Join(clientconfig.Clients(), ", ") + " is installed here"})
	}
	folder, err := checkFolder(".", gate)
	if err != nil {
		return nil, err
	}
	out = append(out, folder...)
	return append(out, checkWayAround(ctx)), nil
}

// checkGateAnswers asks the gate itself.
func checkGateAnswers(ctx context.Context, gate string) upkeep.Check {
	c := upkeep.Check{Name: "gate", State: upkeep.OK, Text: gate + " answers"}
	mark, err := ask(ctx, gate+"/healthz", true)
	switch {
	case err != nil:
		c.State, c.Text, c.Next = upkeep.Fail, gate+" does not answer: "+err.Error(), "is it the right address (--server), does it run, is there a proxy in between?"
	case !mark:
		c.State, c.Text, c.Next = upkeep.Fail, gate+" answers, and is no gatehouse", "name the gate: gatehouse doctor --client --server URL"
	}
	return c
}

// ask makes one harmless request and says whether a gatehouse answered. proxied:
// as the environment's proxy settings say.
func ask(ctx context.Context, url string, proxied bool) (gatehouse bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false, err
	}
	t := &http.Transport{DisableKeepAlives: true}
	if proxied {
		t.Proxy = http.ProxyFromEnvironment
	}
	resp, err := (&http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		return false, err
	}
	return resp.Header.Get("X-Gatehouse") != "", resp.Body.Close()
}

// checkClient reads a client's settings as `client setup` does, and for pip asks
// the installed one too, which reads more files than we know of.
func (a *app) checkClient(ctx context.Context, m clientconfig.Machine, name, gate string) []upkeep.Check {
	p, err := m.Setup(clientconfig.Wish{Client: name, Gate: gate, Registry: a.flags.registry})
	if err != nil {
		return []upkeep.Check{{Name: name, State: upkeep.Fail, Text: "its settings cannot be read: " + err.Error(), Next: "repair the file that it names"}}
	}
	var out []upkeep.Check
	around := func(text, next string) {
		out = append(out, upkeep.Check{Name: name, State: upkeep.Fail, Text: advisoryHere + ": " + text, Next: next})
	}
	switch {
	case len(p.Commands) > 0 && len(p.Changes) == 0:
		out = append(out, upkeep.Check{Name: name, State: upkeep.OK, Text: "is set up in each project; the files here are looked at below"})
	case len(p.Changes) > 0:
		around(name+"'s own settings do not name the gate", "gatehouse client setup "+name+" --server "+gate)
	}
	for _, w := range p.Warnings {
		around(w, "")
	}
	if name == "pip" {
		lines, err := pipEffective(ctx, p.URL)
		if err != nil {
			out = append(out, upkeep.Check{Name: name, State: upkeep.Warn, Text: "pip itself could not be asked what it reads: " + err.Error(), Next: "does this work: pip config list"})
		}
		for _, line := range lines {
			around("pip itself says "+line, "gatehouse client setup pip --server "+gate+", and remove what is beside it")
		}
	}
	if len(out) == 0 {
		out = append(out, upkeep.Check{Name: name, State: upkeep.OK, Text: "asks " + p.URL + " and nothing beside it"})
	}
	return out
}

// maxPipAnswer is how much of pip's own word is read.
const maxPipAnswer = 256 << 10

// pipEffective lists the settings in force by pip's own word (files and
// environment) that lead elsewhere. Values are left out: they may hold passwords.
func pipEffective(ctx context.Context, gate string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	c := exec.CommandContext(ctx, "pip", "config", "list", "--disable-pip-version-check")
	c.WaitDelay = time.Second
	out, err := c.Output()
	if err == nil && len(out) > maxPipAnswer {
		err = fmt.Errorf("its answer has more than %d bytes", maxPipAnswer)
	}
	if err != nil {
		return nil, err
	}
	return pipBeside(out, gate), nil
}

func pipBeside(list []byte, gate string) []string {
	var found []string
	for line := range bytes.Lines(list) {
		key, value, ok := strings.Cut(strings.TrimSpace(string(line)), "=")
		section, option, dotted := strings.Cut(key, ".")
		if !ok || !dotted || strings.Trim(value, `'"`) == gate {
			continue
		}
		switch option {
		case "index-url", "extra-index-url", "find-links", "trusted-host":
			found = append(found, fmt.Sprintf("%s is set in %s and is not the gate", option, artifact.Untrusted(strings.Trim(section, ":"))))
		}
	}
	return found
}

// Limits of the files here.
const (
	maxManifests    = 200
	maxManifestSize = 8 << 20
)

// beside are the problems of a manifest that name a place which clients may go to.
var beside = []string{
	manifest.RuleIndex, manifest.RuleTransport, manifest.RuleEditable, manifest.RuleVCS, manifest.RuleURL, manifest.RuleSource,
	manifest.RuleLockIndex, manifest.RuleLockSource,
}

// checkFolder reads the manifests and locks of a folder: what they name beside
// the index that is set is followed by some clients whatever is configured
// (docs/clients.md has the table).
func checkFolder(dir, gate string) ([]upkeep.Check, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []upkeep.Check
	eco, read := pypi.Ecosystem{}, 0
	for _, e := range entries {
		if !e.Type().IsRegular() || eco.ManifestFormat(e.Name()) == "" || read >= maxManifests {
			continue
		}
		if info, err := e.Info(); err != nil || info.Size() > maxManifestSize {
			continue
		}
		read++
		m, err := eco.ParseManifest(os.DirFS(dir), e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			out = append(out, upkeep.Check{Name: "files", State: upkeep.Warn, Text: e.Name() + " cannot be read: " + err.Error(), Next: "gatehouse audit " + e.Name()})
			continue
		}
		for _, p := range m.Problems {
			// Origin and manifest problems name a place; those that hold or reject are
			// followed by some client, the others are rewritten by it.
			if p.Effect == string(verdict.EffectNote) || !slices.Contains(beside, p.Rule) || p.Index.Below(gate) {
				continue
			}
			out = append(out, upkeep.Check{
				Name: "files", State: upkeep.Fail,
				Text: fmt.Sprintf("%s: %s:%d: %s", advisoryHere, p.At.File, p.At.Line, p.Text),
				Next: "gatehouse admit " + e.Name() + " says how to lock again through the gate",
			})
		}
	}
	return out, nil
}

// checkWayAround tries the index that an unconfigured client would ask, of those
// clients whose settings are looked at here. Where that can be reached, only the
// settings keep this machine to the gate.
func checkWayAround(ctx context.Context) upkeep.Check {
	c := upkeep.Check{Name: "network", State: upkeep.OK}
	address, err := upstream.Default(ctx, adapterOf(artifact.PyPI).Discover)
	if err != nil {
		c.State, c.Text, c.Next = upkeep.Warn, "which index lies beside the gate is not known here, so going around it was not tried", "install pip, or try by hand"
		return c
	}
	switch mark, err := ask(ctx, address, true); {
	case err != nil:
		c.Text = "the index that a client asks without settings cannot be reached from here"
	case mark:
		c.Text = "the index that a client asks without settings is a gatehouse"
	default:
		c.State = upkeep.Warn
		c.Text = advisoryHere + ": the index that a client asks without settings answers this machine, so a client that is set up otherwise, or not at all, goes around"
		c.Next = "let only the gate's machine out to package indexes, by firewall or proxy"
	}
	return c
}
