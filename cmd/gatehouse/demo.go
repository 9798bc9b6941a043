package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/examples"
	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) demoCommand() *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "See the gate work: refuse, remedy, admit, serve, install, on data of its own",
		Long: `Takes a small requirements.txt through the gate: an old Django is refused with its
advisories and what to take instead, the remedy is applied, the rest admitted,
served and installed with a real pip. It uses the defaults, whatever is configured
here, and a temporary folder that is removed at the end; --data keeps another one.

Then it keeps serving until Ctrl-C and says what to try. Nothing outside its
folder is changed.`,
		Example: `  gatehouse demo
  gatehouse demo --once
  gatehouse demo --data /tmp/gatehouse-look`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := config.Default(ecosystemIDs()...)
			if a.flags.config != "" {
				cfg = a.cfg
			}
			cfg.Data = a.flags.data
			d := &demo{streams: a.streams, cfg: cfg, once: once, install: pipInstall}
			return d.run(cmd.Context())
		},
	}
	c.Flags().BoolVar(&once, "once", false, "end after the installation; exit code 0 only when every step did what it should")
	return c
}

// Limits of the demo's own steps: it shall end well inside a minute.
const (
	demoSyncTime    = 15 * time.Second
	demoAdmitTime   = 2 * time.Minute
	demoInstallTime = 2 * time.Minute
)

// demo is one run. Every step is the command that a person would type, with the
// demo's own folder as its data.
type demo struct {
	streams
	cfg  config.Config
	once bool
	kept bool // the folder is the caller's
	self string
	ln   net.Listener // where the gate will listen
	// install installs a requirements file from an index with a real client;
	// errNoPip when there is none.
	install func(ctx context.Context, d *demo, index string) error
}

var errNoPip = errors.New("there is no python3 with venv and pip here")

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// step announces a command as a person would type it.
func (d *demo) step(what, command string) { d.say("\n== %s\n$ %s", what, command) }

func (d *demo) project() string  { return filepath.Join(d.cfg.Data, "project") }
func (d *demo) manifest() string { return filepath.Join(d.project(), "requirements.txt") }

func (d *demo) run(ctx context.Context) (err error) {
	d.self = ownCommand()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	defer d.ln.Close() // serve closes it first, unless it never came to that
	if !d.kept {
		defer func() {
			if rerr := os.RemoveAll(d.cfg.Data); rerr != nil {
				err = errors.Join(err, fmt.Errorf("removing the demo's data: %w", rerr))
			}
		}()
	}
	for _, step := range []func(context.Context) error{d.advisories, d.refused, d.remedied} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return d.served(ctx)
}

// prepare makes the folder, with the manifest in it, and chooses the address.
func (d *demo) prepare(ctx context.Context) error {
	d.kept = d.cfg.Data != ""
	var err error
	if d.kept {
		d.cfg.Data, err = filepath.Abs(d.cfg.Data)
	} else {
		d.cfg.Data, err = os.MkdirTemp("", "gatehouse-demo-")
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.project(), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(d.manifest(), examples.Requirements, 0o600); err != nil {
		return err
	}
	if d.ln, err = freeAddress(); err != nil {
		return err
	}
	d.cfg.Listen, d.cfg.PublicURL = d.ln.Addr().String(), ""
	if python := findPython(); python != "" {
		if number := askPython(ctx, python); number != "" {
			d.cfg.Matrix.Python = []string{number} // the one that will install
		}
	}
	d.say("gatehouse demo: data of its own in %s", d.cfg.Data)
	return nil
}

// freeAddress listens on the default address of a gate, or on any other when that
// is taken. It is held from the start, because the reports name it.
func freeAddress() (net.Listener, error) {
	for _, address := range []string{config.Default().Listen, "127.0.0.1:0"} {
		if ln, err := net.Listen("tcp", address); err == nil {
			return ln, nil
		}
	}
	return nil, errors.New("no port is free on 127.0.0.1")
}

// inside is the command line on the demo's data, whatever the environment and
// the folder it is started in say.
func (d *demo) inside(errors io.Writer) *app {
	in := &app{streams: streams{in: strings.NewReader(""), out: d.out, err: errors}, cfg: d.cfg}
	in.flags.format, in.flags.registry, in.flags.data = "text", "main", d.cfg.Data
	return in
}

func exitCode(err error) int {
	if e, ok := errors.AsType[exit](err); ok {
		return e.code
	} else if err != nil {
		return exitFault
	}
	return exitAdmit
}

// expect turns a step's end into an error unless it ended as it should.
func expect(what string, err error, want int) error {
	if got := exitCode(err); got != want {
		if _, silent := errors.AsType[exit](err); err == nil || silent {
			return fmt.Errorf("the demo stops: %s ended with exit code %d where %d was expected", what, got, want)
		}
		return fmt.Errorf("the demo stops: %s: %w", what, err)
	}
	return nil
}

// advisories fetches what is known, or takes the few examples that the binary
// holds.
func (d *demo) advisories(ctx context.Context) error {
	d.step("What is known to be vulnerable or malicious?", d.self+" advisories sync")
	short, cancel := context.WithTimeout(ctx, demoSyncTime)
	defer cancel()
	var said bytes.Buffer
	try := d.inside(io.Discard)
	try.out = &said
	err := try.syncAdvisories(short, nil, advisory.Sync)
	if ctx.Err() != nil {
		return ctx.Err()
	} else if err == nil {
		d.say("%s", strings.TrimSpace(said.String()))
		return nil
	}
	d.say("No source of advisories answers here; using the few examples that this program holds.")
	if err := os.RemoveAll(try.advisoryDir()); err != nil {
		return err
	}
	folder := filepath.Join(d.cfg.Data, "example-advisories")
	records, err := examples.Advisories()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil { // of a run before
		return err
	}
	if err := os.CopyFS(folder, records); err != nil {
		return fmt.Errorf("writing example advisories: %w", err)
	}
	d.say("$ %s advisories sync --from examples/advisories", d.self)
	return expect("advisories sync", d.inside(d.err).syncAdvisories(ctx, []string{folder}, advisory.Sync), exitAdmit)
}

// refused takes the manifest through the gate: it is meant to be rejected.
func (d *demo) refused(ctx context.Context) error {
	d.say("\nThe project's requirements.txt:")
	d.say("%s", indent(string(examples.Requirements)))
	d.step("May these be installed?", d.self+" admit requirements.txt")
	err := d.inside(d.err).admit(ctx, admitOptions{args: []string{d.manifest()}, wait: demoAdmitTime})
	return expect("admit", err, exitReject)
}

// remedied writes the remedy into the manifest and admits it again.
func (d *demo) remedied(ctx context.Context) error {
	d.step("Take the remedy, and ask again.", d.self+" admit --fix requirements.txt")
	err := d.inside(d.out).admit(ctx, admitOptions{args: []string{d.manifest()}, fix: true, wait: demoAdmitTime})
	return expect("admit --fix", err, exitAdmit)
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString("  " + line)
	}
	return strings.TrimRight(b.String(), "\n")
}

// served starts the gate, installs from it, and keeps serving.
func (d *demo) served(ctx context.Context) error {
	refused, err := d.refusedRequest(ctx)
	if err != nil {
		return err
	}
	d.step("Serve what was admitted, to pip, uv and poetry.", d.self+" serve --listen "+d.cfg.Listen)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended, err := d.serve(serving)
	if err != nil {
		return err
	}
	select {
	case <-ready:
	case err := <-ended:
		return fmt.Errorf("the demo stops: serve: %w", cmp.Or(err, errors.New("it ended")))
	}
	err = d.installed(ctx)
	if err == nil && !d.once {
		d.whatToTry(refused)
		select {
		case <-ctx.Done():
		case err := <-ended:
			return err
		}
	}
	stop()
	return errors.Join(err, <-ended)
}

// refusedRequest is the id of the request that was rejected.
func (d *demo) refusedRequest(ctx context.Context) (string, error) {
	svc, done, err := d.inside(d.err).service(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	outs, err := svc.Outcomes(ctx, "main", 10)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(outs, func(o verdict.Outcome) bool { return o.Verdict == verdict.Reject })
	if i < 0 {
		return "", errors.New("the demo stops: the rejected request was not recorded")
	}
	return outs[i].Request, nil
}

// serve runs the server until ctx ends. ready is closed once it answers; ended
// gives how it ended. Its log goes into the demo's folder.
func (d *demo) serve(ctx context.Context) (ready <-chan struct{}, ended <-chan error, err error) {
	log, err := os.OpenFile(filepath.Join(d.cfg.Data, "serve.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	in := d.inside(log)
	first := &firstWrite{w: d.out, done: make(chan struct{})}
	in.out = first
	end := make(chan error, 1)
	go func() {
		err := in.serve(ctx, serveOptions{logFormat: "text", ln: d.ln})
		end <- errors.Join(err, log.Close())
	}()
	return first.done, end, nil
}

// firstWrite tells when something is first written: serve writes its address
// when it is ready.
type firstWrite struct {
	w    io.Writer
	once sync.Once
	done chan struct{}
}

// Write implements io.Writer.
func (f *firstWrite) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	f.once.Do(func() { close(f.done) })
	return n, err
}

func (d *demo) index() string { return d.cfg.URL() + "/pypi/simple/" }

// installed installs from the gate. Not having a pip is no failure of the gate.
func (d *demo) installed(ctx context.Context) error {
	d.step("Install from the gate.", "python3 -m venv venv && venv/bin/pip install --index-url "+d.index()+" -r requirements.txt")
	ctx, cancel := context.WithTimeout(ctx, demoInstallTime)
	defer cancel()
	err := d.install(ctx, d, d.index())
	if errors.Is(err, errNoPip) {
		d.say("%v, so this was not run.", err)
		return nil
	} else if err != nil {
		return fmt.Errorf("the demo stops: installing from the gate: %w", err)
	}
	return nil
}

func findPython() string {
	for _, name := range []string{"python3", "python"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// pipInstall installs the manifest with pip in an environment of the demo's own.
// No configuration and no variable of the user's steers it, and it keeps no
// cache.
func pipInstall(ctx context.Context, d *demo, index string) error {
	python := findPython()
	if python == "" {
		return errNoPip
	}
	venv := filepath.Join(d.cfg.Data, "venv")
	if out, err := d.command(ctx, python, "-I", "-m", "venv", "--clear", venv).CombinedOutput(); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return fmt.Errorf("%w (%s)", errNoPip, strings.Join(strings.Fields(string(out)), " "))
	}
	bin := filepath.Join(venv, "bin", "python")
	if runtime.GOOS == "windows" {
		bin = filepath.Join(venv, "Scripts", "python.exe")
	}
	c := d.command(ctx, bin, "-I", "-m", "pip", "install", "--no-input", "--no-cache-dir", "--disable-pip-version-check",
		"--no-warn-script-location", "--progress-bar", "off", "--index-url", index, "-r", "requirements.txt")
	c.Stdout, c.Stderr = d.out, d.err
	return c.Run()
}

// command runs a client away from the user's settings: they could send it past
// the gate.
func (d *demo) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = d.project()
	for _, v := range os.Environ() {
		key, _, _ := strings.Cut(v, "=")
		if key = strings.ToUpper(key); !strings.HasPrefix(key, "PIP_") && !strings.HasPrefix(key, "PYTHON") && !strings.HasSuffix(key, "_PROXY") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "PIP_CONFIG_FILE="+os.DevNull)
	return c
}

// ownCommand is how a person starts this program again.
func ownCommand() string {
	self, err := os.Executable()
	if err != nil {
		return "gatehouse"
	}
	if strings.Contains(filepath.ToSlash(self), "/go-build") {
		return "go run ./cmd/gatehouse"
	}
	if onPath, err := exec.LookPath("gatehouse"); err == nil && sameFile(onPath, self) {
		return "gatehouse"
	}
	return self
}

func sameFile(a, b string) bool {
	x, xerr := os.Stat(a)
	y, yerr := os.Stat(b)
	return xerr == nil && yerr == nil && os.SameFile(x, y)
}

func (d *demo) whatToTry(refused string) {
	pip := filepath.Join(d.cfg.Data, "venv", "bin", "pip")
	if _, err := os.Stat(pip); err != nil {
		pip = "pip"
	}
	on := d.self + " --data " + d.cfg.Data
	d.say(`
It keeps serving; Ctrl-C ends it. In another terminal:

  see the refusal where a developer meets it
    %s install --index-url %s Django==2.2
  read why, and what to do, in a browser or here
    curl -s -H 'Accept: application/json' %s/d/%s
  what is known against a manifest, without the gate
    %s audit %s
  ask for an exception; answer it as an approver
    %s ask %s --reason "we need a week"
    %s requests --open
    %s waive pkg:pypi/django@2.2 --rule vulnerability-fixed --until %s --reason "a week"
  point your own pip here, and back
    %s client setup pip --server %s
    %s client setup pip --undo
`, pip, d.index(), d.cfg.URL(), refused, on, d.manifest(), on, refused, on, on,
		time.Now().AddDate(0, 0, 7).Format(time.DateOnly), d.self, d.cfg.URL(), d.self)
	if !d.kept {
		d.say("The folder %s goes when this ends; --data keeps one.", d.cfg.Data)
	}
}
