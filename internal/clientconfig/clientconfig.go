// Package clientconfig points package clients at a gate by changing their own
// user configuration, and takes exactly that back again.
//
// Every change is a plan first: old bytes, new bytes, what could still go around
// the gate. What is written stands between marks; a setting that was in the way
// is set aside as a comment, not lost. Undoing gives the file back byte for byte,
// comments, line breaks and a missing last one included. A file that cannot be
// read as its client reads it is refused and left alone.
//
// Where each client looks is what its documentation says:
//
//	pip     https://pip.pypa.io/en/stable/topics/configuration/
//	uv      https://docs.astral.sh/uv/concepts/configuration-files/
//	poetry  https://python-poetry.org/docs/repositories/
//	twine   https://packaging.python.org/en/latest/specifications/pypirc/
//	npm     https://github.com/npm/cli (npmrc, which pnpm reads too)
//	yarn    https://yarnpkg.com/configuration/yarnrc
//	bun     https://bun.sh/docs/runtime/bunfig
//	go      https://go.dev/ref/mod#environment-variables
//	cargo   https://doc.rust-lang.org/cargo/reference/source-replacement.html
//	mvn     https://maven.apache.org/guides/mini/guide-mirror-settings.html
//	gradle  https://docs.gradle.org/current/userguide/init_scripts.html
//
// It promises never to write a token anywhere but where the client itself keeps
// its secrets (netrc, .npmrc, cargo's credentials, Maven's servers), readable by
// its owner only, never to show one (Diff masks it), and never to follow a URL
// that it writes.
package clientconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// Clients lists the clients that can be set up.
func Clients() []string {
	return []string{"pip", "uv", "poetry", "twine", "npm", "pnpm", "yarn", "bun", "go", "cargo", "mvn", "gradle"}
}

// paths are where the clients' endpoints begin below a registry.
var paths = map[string]string{
	"pip": "pypi", "uv": "pypi", "poetry": "pypi", "twine": "pypi", "npm": "npm", "pnpm": "npm", "yarn": "npm", "bun": "npm",
	"go": "go", "cargo": "cargo", "mvn": "maven", "gradle": "maven",
}

// KeepsToken says whether a client has a place for a reader's token that setup
// writes to.
func KeepsToken(client string) bool {
	return client != "poetry" && client != "twine" && client != "gradle"
}

// Machine is where the clients keep their configuration.
type Machine struct {
	OS     string // as in runtime.GOOS
	Home   string
	Root   string // in front of system-wide paths such as /etc; empty for the real ones
	Getenv func(string) string
}

// Here is the machine that this runs on.
func Here() (Machine, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return Machine{}, fmt.Errorf("finding the home folder: %w", err)
	}
	return Machine{OS: runtime.GOOS, Home: home, Getenv: os.Getenv}, nil
}

// Wish is what a client shall be pointed at.
type Wish struct {
	Client   string
	Gate     string // the gate's public URL
	Registry string // "" or "main" for the default one
	// Token, when it is not empty, goes where the client keeps its secrets, for those
	// that KeepsToken names. The caller has made sure that it may read only.
	Token secretref.Secret
}

// Plan is what a setup or an undo would do.
type Plan struct {
	URL      string   // what the client will ask
	Changes  []Change // empty: there is nothing to change
	Commands []string // for a person to run, where a client has no user-level setting
	Notes    []string
	Warnings []string // what would go around the gate, or not work
}

// Change is one file before and after.
type Change struct {
	Path    string // links already followed
	Old     []byte
	New     []byte
	Existed bool
	Remove  bool // undoing a file that a setup made
	Private bool // holds a secret: readable by its owner only
}

// Setup plans to point a client at the gate. A client that is set up already
// gives a plan without changes.
func (m Machine) Setup(w Wish) (Plan, error) {
	path, ok := paths[w.Client]
	if !ok {
		return Plan{}, unknown(w.Client)
	}
	base, err := gateURL(w.Gate, w.Registry, path)
	if err != nil {
		return Plan{}, err
	}
	if err := plainToken(w.Token); err != nil {
		return Plan{}, err
	}
	switch w.Client {
	case "uv":
		return m.setupUv(base, w.Token)
	case "poetry":
		return setupPoetry(base, !w.Token.IsZero()), nil
	case "twine":
		return m.setupTwine(base)
	case "npm", "pnpm":
		return m.setupNpm(w.Client, base, w.Token)
	case "yarn":
		return m.setupYarn(base, w.Token)
	case "bun":
		return m.setupBun(base, w.Token)
	case "go":
		return m.setupGo(base, w.Token)
	case "cargo":
		return m.setupCargo(base, w.Token)
	case "mvn":
		return m.setupMaven(base, w.Token)
	case "gradle":
		return m.setupGradle(base)
	}
	return m.setupPip(base, w.Token)
}

// plainToken keeps out of configuration files what would end a value there.
func plainToken(token secretref.Secret) error {
	if token.IsZero() || !strings.ContainsFunc(token.Reveal(), func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("\"\\#<>&${}", r)
	}) {
		return nil
	}
	return errors.New("the token holds characters that a configuration file cannot; is it a gatehouse token?")
}

// Undo plans to take back what a setup of the client wrote.
func (m Machine) Undo(client string) (Plan, error) {
	switch client {
	case "pip":
		return m.undoPip()
	case "uv":
		return m.undoUv()
	case "poetry":
		return Plan{Commands: []string{"poetry source remove " + sourceName}, Notes: []string{poetryNote}}, nil
	case "twine":
		return m.undoTwine()
	case "npm", "pnpm":
		return m.undoNpm()
	case "yarn":
		return m.undoIn(m.yarnFile(), "")
	case "bun":
		return m.undoIn(m.bunFile(), "")
	case "go":
		return m.undoGo()
	case "cargo":
		return m.undoCargo()
	case "mvn":
		return m.undoMaven()
	case "gradle":
		return m.undoGradle()
	}
	return Plan{}, unknown(client)
}

func unknown(client string) error {
	return fmt.Errorf("%q is none of the clients %s", client, strings.Join(Clients(), ", "))
}

// sourceName is what clients that name their sources call the gate.
const sourceName = "gatehouse"

// gateURL is the base of a registry's endpoints for one ecosystem, with a slash at
// the end.
func gateURL(gate, registry, path string) (string, error) {
	u, err := url.Parse(strings.TrimRight(gate, "/"))
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return "", errors.New("the gate's address is no http or https URL")
	case u.User != nil:
		return "", errors.New("write no user or password into the gate's URL; hand in a token by --token")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the gate's URL has a query or fragment")
	}
	if registry == "" || registry == "main" {
		return u.String() + "/" + path + "/", nil
	}
	if len(registry) > longestName || !plainName().MatchString(registry) {
		return "", fmt.Errorf("%q is no registry name", registry)
	}
	return u.String() + "/registry/" + registry + "/" + path + "/", nil
}

// The length is no part of the form: a counted repeat costs every start of the
// program a fifth of a millisecond.
var plainName = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

const longestName = 100

// plainHTTP says whether a URL crosses a network without TLS.
func plainHTTP(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback())
}

// config is a folder of the user's settings on systems that follow XDG.
func (m Machine) config() string {
	if d := m.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(d) {
		return d
	}
	return filepath.Join(m.Home, ".config")
}

func (m Machine) appData() string {
	if d := m.Getenv("APPDATA"); d != "" {
		return d
	}
	return filepath.Join(m.Home, "AppData", "Roaming")
}

// systemConfigs are the XDG folders of system-wide settings.
func (m Machine) systemConfigs() []string {
	dirs := m.Getenv("XDG_CONFIG_DIRS")
	if dirs == "" {
		dirs = "/etc/xdg"
	}
	var out []string
	for _, d := range strings.Split(dirs, ":") {
		if filepath.IsAbs(d) {
			out = append(out, filepath.Join(m.Root, d))
		}
	}
	return append(out, filepath.Join(m.Root, "/etc"))
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// read gives a file, with links followed so that a linked dotfile stays a link.
func read(path string) (Change, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Change{}, fmt.Errorf("reading %s: %w", path, err)
	}
	c := Change{Path: path}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	} else if err != nil {
		return c, fmt.Errorf("reading %s: %w", path, err)
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return c, fmt.Errorf("reading %s: it is no regular file of at most %d bytes", path, maxFile)
	}
	c.Existed = true
	if c.Old, err = os.ReadFile(path); err != nil {
		return c, fmt.Errorf("reading %s: %w", path, err)
	}
	return c, nil
}

// change plans a file by fn, which gets the text with nothing of ours in it.
// fn gives nil for "it says so already, by the user's own hand".
func change(path string, fn func(t text, newFile bool) (*edit, error)) (Change, error) {
	c, err := read(path)
	if err != nil {
		return c, err
	}
	t, err := parseText(c.Old)
	if err != nil {
		return c, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	mine, created, err := t.undo()
	if err != nil {
		return c, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	if mine.marked() {
		return c, fmt.Errorf("reading %s: gatehouse marks inside others; repair it by hand", c.Path)
	}
	e, err := fn(mine, !c.Existed || created)
	if err != nil {
		return c, fmt.Errorf("reading %s: %w; nothing was changed", c.Path, err)
	}
	if e == nil {
		c.New = []byte(mine.String())
		return c, nil
	}
	e.newFile = !c.Existed || created
	c.New = []byte(mine.apply(*e).String())
	return c, nil
}

// undoChange plans to take everything of ours out of a file.
func undoChange(path string) (Change, error) {
	c, err := read(path)
	if err != nil {
		return c, err
	}
	t, err := parseText(c.Old)
	if err != nil {
		return c, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	mine, created, err := t.undo()
	if err != nil {
		return c, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	c.New = []byte(mine.String())
	c.Remove = created && len(mine) == 0
	return c, nil
}

func (c Change) none() bool { return bytes.Equal(c.Old, c.New) && !c.Remove }

// add takes a change into the plan, unless it changes nothing.
func (p *Plan) add(c Change) {
	if !c.none() {
		p.Changes = append(p.Changes, c)
	}
}

// What Diff must not show, ours or the user's own: passwords and tokens, and what
// stands before the host in the URLs of indexes.
var (
	secretValue = lazy.Regexp(`(?i)((?:password|account|token)["']?\s*[=:\s>]\s*)(?:"[^"\n]*"|'[^'\n]*'|\S+)`)
	secretURL   = lazy.Regexp(`(://)[^/\s"']+@`)
)

func masked(b []byte) []byte {
	return secretURL().ReplaceAll(secretValue().ReplaceAll(b, []byte("${1}****")), []byte("${1}****@"))
}

// Diff shows a change for a person, in the unified form. Passwords are masked.
func (c Change) Diff() string {
	before, after := masked(c.Old), masked(c.New)
	newName := c.Path
	if c.Remove {
		newName = "(removed)"
	}
	return string(diff.Diff(c.Path, before, newName, after))
}

// Apply writes a plan. Each file is replaced whole or not at all; a file that
// changed since it was planned is left alone and is an error.
func (p Plan) Apply() error {
	for _, c := range p.Changes {
		if err := c.apply(); err != nil {
			return fmt.Errorf("writing %s: %w", c.Path, err)
		}
	}
	return nil
}

func (c Change) apply() error {
	now, err := os.ReadFile(c.Path)
	if existed := err == nil; existed != c.Existed || (existed && !bytes.Equal(now, c.Old)) {
		return errors.New("it changed while this was being decided; run the command again")
	}
	if c.Remove {
		return os.Remove(c.Path)
	}
	mode := fs.FileMode(0o644)
	if c.Private {
		mode = 0o600
	}
	if st, err := os.Stat(c.Path); err == nil {
		mode = st.Mode().Perm()
	} else if err := os.MkdirAll(filepath.Dir(c.Path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.Path), ".gatehouse-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(c.New)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), c.Path)
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
