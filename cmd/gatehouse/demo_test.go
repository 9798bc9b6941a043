package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

// page is a transcript that tells when a text appears in it.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
	mark string
	then func()
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	if p.then != nil && strings.Contains(p.text.String(), p.mark) {
		p.then()
		p.then = nil
	}
	return len(b), nil
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// newDemo is a demo against an index of the test's own, with no source of
// advisories, in a temporary folder that is watched. out is all it says.
func newDemo(t *testing.T) (d *demo, out *page, tmp string) {
	t.Helper()
	file, err := ownWorld(t, t.TempDir(), exampleIndex(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, ecosystemIDs()...)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = ""
	cfg.Advisories.Sources = []string{filepath.Join(t.TempDir(), "nobody")}
	if tmp, err = os.MkdirTemp("", "gh"); err != nil { // short: a socket's path has about 100 bytes
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	t.Setenv("TMPDIR", tmp)
	t.Setenv("PATH", "") // no python3: the fixed platform of the configuration stays
	out = &page{}
	return &demo{streams: streams{in: strings.NewReader(""), out: out, err: out}, cfg: cfg, once: true, install: installByHand}, out, tmp
}

// installByHand does what pip does first: read the index, fetch a file.
func installByHand(ctx context.Context, d *demo, index string) error {
	b, err := os.ReadFile(d.manifest())
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), "Django==2.2.28") {
		return fmt.Errorf("the manifest is %q", b)
	}
	for path, want := range map[string]int{
		"django/": http.StatusOK,
		"../files/django/" + scantest.Wheel{Name: "Django", Version: "2.2.28"}.FileName(): http.StatusOK,
		"../files/django/" + scantest.Wheel{Name: "Django", Version: "2.2"}.FileName():    http.StatusForbidden,
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, index+path, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want {
			return fmt.Errorf("%s answers %s, want %d", path, resp.Status, want)
		}
	}
	return nil
}

func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("the demo left %v in its temporary folder (%v)", entries, err)
	}
}

func TestDemoOnce(t *testing.T) {
	d, out, tmp := newDemo(t)
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	last := 0
	for _, want := range []string{
		"No source of advisories answers here", "7 records",
		"gatehouse admit requirements.txt", "REJECT", "requirements.txt: 1 of 6 new versions refused", "PYSEC-2019-13", "change to: Django==2.2.28",
		"gatehouse admit --fix requirements.txt", "Django==2.2.0  ->  Django==2.2.28", "ADMIT", "requirements.txt: 1 new version admitted",
		"gatehouse serve --listen 127.0.0.1:", "gatehouse serves http://127.0.0.1:",
		"pip install --index-url http://127.0.0.1:",
	} {
		at := strings.Index(out.String()[last:], want)
		if at < 0 {
			t.Fatalf("%q is missing, or out of order, in\n%s", want, out)
		}
		last += at
	}
	if strings.Contains(out.String(), "Ctrl-C") {
		t.Errorf("with --once it does not keep serving, but says\n%s", out)
	}
	empty(t, tmp)
}

func TestDemoServesUntilItIsEnded(t *testing.T) {
	d, out, tmp := newDemo(t)
	d.once = false
	d.install = func(context.Context, *demo, string) error { return errNoPip }
	ctx, cancel := context.WithCancel(t.Context())
	out.mark, out.then = "--data keeps one.", cancel
	if err := d.run(ctx); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	for _, want := range []string{"so this was not run", "/d/r", "client setup pip --server http://127.0.0.1:", "ask r", "--rule vulnerability-fixed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	empty(t, tmp)
}

func TestDemoKeepsAFolderThatIsNamed(t *testing.T) {
	d, out, _ := newDemo(t)
	dir, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	d.cfg.Data = dir
	install := d.install
	d.install = func(context.Context, *demo, string) error { return errors.New("exit status 1") }
	if err := d.run(t.Context()); err == nil || !strings.Contains(err.Error(), "installing from the gate: exit status 1") {
		t.Errorf("an installation that fails: %v\n%s", err, out)
	}
	d.install = install
	if err := d.run(t.Context()); err != nil { // again, on what the first run left
		t.Fatalf("demo: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "project", "requirements.txt")); err != nil {
		t.Errorf("--data keeps the folder: %v", err)
	}
}

func TestDemoEndsWhereAStepFails(t *testing.T) {
	for _, tc := range []struct {
		why   string
		spoil func(*demo)
		want  string
	}{
		{"no index", func(d *demo) { d.cfg.Upstreams[0].URL = "http://127.0.0.1:1/simple/" }, "admit ended with exit code 3 where 1"},
		{"no registry", func(d *demo) { d.cfg.Registries = nil }, "the demo stops"},
	} {
		d, out, tmp := newDemo(t)
		tc.spoil(d)
		if err := d.run(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q\n%s", tc.why, err, tc.want, out)
		}
		empty(t, tmp)
	}
}
