package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob/disk"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/all"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/upkeep"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

func (a *app) doctorCommand() *cobra.Command {
	var full, clients bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Does this gate do what it is there for? And do the clients here use it?",
		Long: `Looks at the gate: can it refuse a bad wheel (a built-in, inert one goes through
the worker, the policy and HTTP), how are archives isolated, are the advisories
fresh, do they speak of packages outside with names of ours, is there disk, is the clock right, do the upstreams answer, are there
tokens, when does the certificate end, do rows and stored files agree, who can
read the data folder. While "gatehouse serve" runs, it examines itself.

With --client it looks at this machine's pip, uv, poetry and twine instead: what
their settings, the environment and the files in the working directory let them
ask beside the gate, and whether this machine reaches another index at all. What
can be gone around is advice and not a gate; then it says so.

Exit codes: 0 all ok, 2 something to look at, 3 something does not work.`,
		Example: `  gatehouse doctor
  gatehouse doctor --full --format json
  gatehouse doctor --client --server https://gate.example:8484`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var checks []upkeep.Check
			var err error
			if clients {
				checks, err = a.examineClients(cmd.Context())
			} else {
				err = a.housekeep(cmd.Context(), workDoctor, doctorWish{full}, &checks)
			}
			if err != nil {
				return err
			}
			if err := a.print(map[string]any{"checks": checks, "state": upkeep.Worst(checks)}, func(w io.Writer) error { return checksText(w, checks) }); err != nil {
				return err
			}
			switch upkeep.Worst(checks) {
			case upkeep.OK:
				return nil
			case upkeep.Warn:
				return exit{exitHold}
			}
			return exit{exitFault}
		},
	}
	c.Flags().BoolVar(&full, "full", false, "read every stored file too, and check the whole database")
	c.Flags().BoolVar(&clients, "client", false, "examine the package clients of this machine")
	return c
}

func checksText(w io.Writer, checks []upkeep.Check) error {
	for _, c := range checks {
		if _, err := fmt.Fprintf(w, "%-4s  %-12s %s\n", c.State, c.Name, artifact.Untrusted(c.Text)); err != nil {
			return err
		}
		if c.Next == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-20s-> %s\n", "", artifact.Untrusted(c.Next)); err != nil {
			return err
		}
	}
	return nil
}

// What is near enough to worry.
const (
	endsSoon    = 14 * 24 * time.Hour // a certificate or the last token ends
	clockOff    = 2 * time.Minute     // against an upstream's clock
	clockBroken = 24 * time.Hour      // ages and cooldowns are wrong by so much
	slowDisk    = 250 * time.Millisecond
	probeSize   = 1 << 20
	probeTime   = 15 * time.Second
)

// examine looks at everything that this gate needs.
func (e *engine) examine(ctx context.Context, full bool, tell upkeep.Progress) []upkeep.Check {
	var out []upkeep.Check
	for _, part := range []struct {
		name string
		look func(context.Context) []upkeep.Check
	}{
		{"canary", e.checkCanary},
		{"isolation", e.checkIsolation},
		{"advisories", e.checkAdvisories},
		{"names", e.checkNamesakes},
		{"disk", e.checkDisk},
		{"upstream", e.checkUpstreams},
		{"registry", e.checkChains},
		{"token", e.checkTokenRows},
		{"tls", e.checkCertificate},
		{"store", func(ctx context.Context) []upkeep.Check { return e.checkStore(ctx, full) }},
		{"files", e.checkModes},
	} {
		tell("examining "+part.name, int64(len(out)), 0)
		out = append(out, part.look(ctx)...)
	}
	return out
}

func (e *engine) checkCanary(ctx context.Context) []upkeep.Check {
	checks, err := e.canary(ctx)
	if err != nil {
		return []upkeep.Check{{Name: "canary", State: upkeep.Fail, Text: "the bad wheel could not be tried: " + err.Error(), Next: "look at the checks below: isolation, disk, files"}}
	}
	return checks
}

func (e *engine) checkIsolation(ctx context.Context) []upkeep.Check {
	c := upkeep.Check{Name: "isolation", State: upkeep.OK}
	layers, err := sandbox.Layers(ctx)
	if err != nil {
		c.State, c.Text, c.Next = upkeep.Fail, "no worker starts, so nothing can be opened and nothing is admitted: "+err.Error(), "may this user start processes here? is there memory?"
		return []upkeep.Check{c}
	}
	on, off := splitLayers(layers)
	c.Text = "archives are opened in a process held back by " + strings.Join(on, ", ")
	if len(off) > 0 {
		c.State = upkeep.Warn
		c.Text += "; without " + strings.Join(off, ", ")
		c.Next = allowLayers + ", or accept fewer layers"
	}
	if missing := sandbox.Missing(layers, e.cfg.Sandbox.Require); missing != "" {
		c.State, c.Next = upkeep.Fail, allowLayers+", or take it out of sandbox.require, which demands "+missing
	}
	return []upkeep.Check{c}
}

func (e *engine) checkAdvisories(context.Context) []upkeep.Check {
	c := upkeep.Check{Name: "advisories", State: upkeep.OK}
	age, there := e.advisories.Age()
	maxAge := time.Duration(e.cfg.Advisories.MaxAge)
	switch problem := e.advisories.State().Problem; {
	case problem != "":
		c.State, c.Text, c.Next = upkeep.Fail, "nothing new is admitted: "+problem, "gatehouse advisories sync; then see why no timer does it"
	case there && age > maxAge/2:
		c.State, c.Text = upkeep.Warn, fmt.Sprintf("last confirmed %s ago; at %s nothing new is admitted", round(age), round(maxAge))
		c.Next = "run gatehouse advisories sync every hour"
	default:
		c.Text = fmt.Sprintf("last confirmed %s ago", round(age))
	}
	return []upkeep.Check{c}
}

// checkChains says where registries take packages from that read more than one place.
func (e *engine) checkChains(context.Context) []upkeep.Check {
	var out []upkeep.Check
	for _, c := range chainsOf(e.cfg) {
		out = append(out, upkeep.Check{Name: "registry", State: upkeep.OK, Text: fmt.Sprintf("%s takes %s from %s", c.Registry, c.Ecosystem, strings.Join(c.Sources, ", then "))})
	}
	return out
}

// round is a span as people say it.
func round(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return d.Round(time.Minute).String()
}

func (e *engine) checkDisk(context.Context) []upkeep.Check {
	c := upkeep.Check{Name: "disk", State: upkeep.OK}
	room, err := disk.Space(e.cfg.Data)
	if err != nil {
		return []upkeep.Check{{Name: "disk", State: upkeep.Fail, Text: err.Error(), Next: "can the data folder be reached?"}}
	}
	floor := e.cfg.Storage.FreeFloor
	c.Text = fmt.Sprintf("%s of %s are free", megabytes(room.Free), megabytes(room.Total))
	switch {
	case room.Free < floor:
		c.State, c.Next = upkeep.Fail, "new work is refused with 503 (storage.free_floor); make room: gatehouse gc, a larger disk"
	case room.Free < 4*floor || room.Free < room.Total/20:
		c.State, c.Next = upkeep.Warn, "make room before it is full: gatehouse gc, a larger disk"
	}
	took, err := writeProbe(e.cfg.Data)
	if err != nil {
		return []upkeep.Check{c, {Name: "disk", State: upkeep.Fail, Text: "the data folder cannot be written: " + err.Error(), Next: "is it mounted read-only? is it this user's?"}}
	}
	speed := upkeep.Check{Name: "disk", State: upkeep.OK, Text: fmt.Sprintf("1 MB is durable after %s", took.Round(time.Millisecond))}
	if took > slowDisk {
		speed.State, speed.Next = upkeep.Warn, "every admission waits for the disk; a local SSD serves best, a network disk worst"
	}
	return []upkeep.Check{c, speed}
}

// writeProbe measures how long a small file takes until it is durable.
func writeProbe(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	began := time.Now()
	_, err = f.Write(make([]byte, probeSize))
	err = errors.Join(err, f.Sync(), f.Close())
	return time.Since(began), err
}

func (e *engine) checkUpstreams(ctx context.Context) []upkeep.Check {
	var out []upkeep.Check
	for _, u := range e.cfg.Outside() {
		address, err := addressOf(ctx, e.cfg, u)
		if errors.Is(err, upstream.ErrNotFound) {
			// A machine without a client of the ecosystem is no broken one: it is off, and
			// whoever asks for it is told so.
			out = append(out, upkeep.Check{Name: "upstream", State: upkeep.Warn, Text: u.Ecosystem + " is off: nothing on this machine knows its index",
				Next: "when it is needed, write into the configuration, under upstreams: {name: " + u.Name + ", ecosystem: " + u.Ecosystem + ", url: https://...}"})
			continue
		}
		if err != nil {
			out = append(out, upkeep.Check{Name: "upstream", State: upkeep.Fail, Text: u.Name + " has no address: " + err.Error(), Next: "name it in the configuration: upstreams"})
			continue
		}
		out = append(out, e.checkUpstream(ctx, u.Name, address.String())...)
	}
	return append(out, e.cautions(ctx)...)
}

// cautions are what upstreams say of who vouches for what they serve.
func (e *engine) cautions(ctx context.Context) []upkeep.Check {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var out []upkeep.Check
	for _, a := range all.List() {
		ups, err := e.gate.Peers[a.ID()].All(ctx)
		if err != nil {
			continue // it is off, which was said
		}
		for _, up := range ups {
			c, ok := up.(interface {
				Caution(context.Context) (text, next string)
			})
			if !ok {
				continue
			}
			if text, next := c.Caution(ctx); text != "" {
				out = append(out, upkeep.Check{Name: "upstream", State: upkeep.Warn, Text: text, Next: next})
			}
		}
	}
	return out
}

func (e *engine) checkUpstream(ctx context.Context, name, address string) []upkeep.Check {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	c := upkeep.Check{Name: "upstream", State: upkeep.OK, Text: name + " answers"}
	err := upstream.CheckLoop(ctx, e.client, address)
	switch {
	case errors.Is(err, upstream.ErrLoop):
		c.State, c.Text, c.Next = upkeep.Fail, name+" is a gatehouse", "an upstream must be another index; see upstreams in gatehouse config"
		return []upkeep.Check{c}
	case err != nil:
		c.State, c.Text = upkeep.Warn, name+" does not answer: "+err.Error()
		c.Next = "what was admitted is still served, nothing new is found; is the network up, is a proxy needed (HTTPS_PROXY)?"
		return []upkeep.Check{c}
	}
	status, header, err := probe(ctx, e.client, strings.TrimRight(address, "/")+"/"+canaryName+"/")
	switch {
	case err != nil:
		c.State, c.Text = upkeep.Warn, name+" does not answer: "+err.Error()
		c.Next = "what was admitted is still served, nothing new is found; is the network up, is a proxy needed (HTTPS_PROXY)?"
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		c.State, c.Text = upkeep.Warn, fmt.Sprintf("%s does not let the gate in: %d %s", name, status, http.StatusText(status))
		c.Next = "what was admitted is still served, nothing new is found; see its credential in gatehouse config"
	case status >= 500:
		c.State, c.Text = upkeep.Warn, fmt.Sprintf("%s answers %d %s", name, status, http.StatusText(status))
		c.Next = "what was admitted is still served, nothing new is found; see whether it is down, or a proxy before it"
	}
	return []upkeep.Check{c, checkClock(name, header)}
}

// checkClock compares with the Date that an upstream's answer carries: ages and
// ends are computed with this machine's clock.
func checkClock(name string, header http.Header) upkeep.Check {
	c := upkeep.Check{Name: "clock", State: upkeep.OK}
	if header == nil {
		c.State, c.Text, c.Next = upkeep.Warn, "could not be compared with that of "+name, "is the machine's time kept by NTP?"
		return c
	}
	there, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		c.Text = name + " says no time to compare with"
		return c
	}
	off := time.Since(there).Abs()
	c.Text = fmt.Sprintf("within %s of that of %s", max(off.Round(time.Second), time.Second), name)
	if off > clockOff {
		c.State, c.Text, c.Next = upkeep.Warn, fmt.Sprintf("%s away from that of %s", round(off), name), "set the clock, and have NTP keep it: ages of files are computed with it"
	}
	if off > clockBroken {
		c.State = upkeep.Fail
	}
	return c
}

// probe asks for a page of a name that nobody has; a sound index says that there is
// none.
func probe(ctx context.Context, client *fetch.Client, url string) (int, http.Header, error) {
	resp, err := client.Get(ctx, fetch.Request{URL: url, MaxBytes: 1 << 20})
	if status, ok := errors.AsType[*fetch.ErrStatus](err); ok {
		return status.Code, status.Header, nil
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, resp.Header, resp.Body.Close()
}

func (e *engine) checkTokenRows(ctx context.Context) []upkeep.Check {
	c := upkeep.Check{Name: "token", State: upkeep.OK}
	rows, err := e.tokens.List(ctx)
	if err != nil {
		return []upkeep.Check{{Name: "token", State: upkeep.Fail, Text: err.Error(), Next: "gatehouse doctor --full checks the database"}}
	}
	valid, last := 0, time.Time{}
	for _, t := range rows {
		if t.Revoked.IsZero() && t.Expires.After(time.Now()) {
			valid++
			if t.Expires.After(last) {
				last = t.Expires
			}
		}
	}
	c.Text = fmt.Sprintf("%d valid", valid)
	switch {
	case valid == 0 && !e.cfg.Loopback():
		c.State, c.Next = upkeep.Fail, "the gate does not start beyond this machine without one: gatehouse token create --role admin --name NAME"
	case valid > 0 && time.Until(last) < endsSoon:
		c.State, c.Text = upkeep.Warn, fmt.Sprintf("%d valid, the last ends on %s", valid, last.UTC().Format(time.DateOnly))
		c.Next = "make the next one: gatehouse token create"
	}
	return []upkeep.Check{c}
}

func (e *engine) checkCertificate(context.Context) []upkeep.Check {
	if e.cfg.TLSCert == "" {
		if e.cfg.Loopback() || len(e.cfg.TrustedProxies) > 0 {
			return nil
		}
		return []upkeep.Check{{Name: "tls", State: upkeep.Fail, Text: "it listens beyond this machine without TLS", Next: "set tls_cert and tls_key, or trusted_proxies"}}
	}
	c := upkeep.Check{Name: "tls", State: upkeep.OK}
	pair, err := tls.LoadX509KeyPair(e.cfg.TLSCert, e.cfg.TLSKey)
	if err != nil {
		c.State, c.Text, c.Next = upkeep.Fail, err.Error(), "tls_cert is the certificate with its chain, tls_key its key, both PEM"
		return []upkeep.Check{c}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		c.State, c.Text, c.Next = upkeep.Fail, err.Error(), "make a new certificate"
		return []upkeep.Check{c}
	}
	c.Text = "the certificate is good until " + leaf.NotAfter.UTC().Format(time.DateOnly)
	switch left := time.Until(leaf.NotAfter); {
	case left < 0:
		c.State, c.Text, c.Next = upkeep.Fail, "the certificate ended on "+leaf.NotAfter.UTC().Format(time.DateOnly), "replace the file; the running gate reads it again by itself"
	case left < endsSoon:
		c.State, c.Next = upkeep.Warn, "renew it; the running gate reads the new file by itself"
	}
	return []upkeep.Check{c}
}

// checkStore looks at the database and whether rows and blobs agree.
func (e *engine) checkStore(ctx context.Context, full bool) []upkeep.Check {
	schema, err := e.store.Schema(ctx)
	if err != nil {
		return []upkeep.Check{{Name: "store", State: upkeep.Fail, Text: err.Error(), Next: "restore a backup: gatehouse restore"}}
	}
	out := []upkeep.Check{{Name: "store", State: upkeep.OK, Text: fmt.Sprintf("schema %d", schema)}}
	if full {
		if err := e.store.Check(ctx); err != nil {
			out[0].State, out[0].Text, out[0].Next = upkeep.Fail, err.Error(), "stop the gate and restore a backup: gatehouse restore"
		} else {
			out[0].Text += ", every page of it sound"
		}
	}
	c := upkeep.Check{Name: "blobs", State: upkeep.OK}
	r, err := e.keeper.Reconcile(ctx, full)
	switch {
	case err != nil:
		c.State, c.Text, c.Next = upkeep.Fail, err.Error(), "can the data folder be read?"
	case r.Lost > 0:
		c.State = upkeep.Fail
		c.Text = fmt.Sprintf("%d of %d that rows name are lost or damaged, the first is %s", r.Lost, r.Referenced, r.Missing[0])
		c.Next = "public ones are fetched again when asked for (gatehouse scrub moves damaged ones aside); packages of your own come from a backup only"
	case full:
		c.Text = fmt.Sprintf("%d that rows name are there, their bytes read and sound", r.Referenced)
	default:
		c.Text = fmt.Sprintf("%d that rows name are there (--full reads their bytes too)", r.Referenced)
	}
	return append(out, c)
}

// checkModes looks who else can read or change the data: whoever can write it
// decides what is admitted.
func (e *engine) checkModes(context.Context) []upkeep.Check {
	c := upkeep.Check{Name: "files", State: upkeep.OK, Text: "only their owner can open the data folder"}
	for _, name := range []string{"", upkeep.DatabaseName, "blobs", "advisories"} {
		path := filepath.Join(e.cfg.Data, name)
		info, err := os.Stat(path)
		if err != nil {
			continue // advisories may not be there yet
		}
		mode := info.Mode().Perm()
		switch {
		case mode&0o022 != 0:
			c.State, c.Text, c.Next = upkeep.Fail, fmt.Sprintf("others can change %s (mode %04o)", path, mode), "chmod -R go-w "+e.cfg.Data+", then see what they did: gatehouse doctor --full"
			return []upkeep.Check{c}
		case name == "" && mode&0o055 != 0 || name == upkeep.DatabaseName && mode&0o044 != 0:
			c.State, c.Text, c.Next = upkeep.Warn, fmt.Sprintf("others can read %s (mode %04o): token hashes and who asked for what", path, mode), "chmod 700 "+e.cfg.Data
		}
	}
	return []upkeep.Check{c}
}
