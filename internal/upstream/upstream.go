// Package upstream finds the URL of an ecosystem's default index on the machine
// it runs on, because no registry's host name is written in this program. It
// asks, in this order: the environment variables that the ordinary clients read;
// the installed client's own answer, from an empty folder, so that no project's
// configuration has a say; and a library that knows the default.
//
// It is used once, at init or first start; what it finds becomes configuration.
// It never contacts the index it finds, except in CheckLoop, and never returns
// or prints a user or password that stands in a URL.
package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/google/osv-scalibr/clients/datasource"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// Limits of asking an installed client.
const (
	askTimeout = 10 * time.Second
	maxAnswer  = 64 << 10 // bytes of its output
	maxURL     = 2 << 10
)

// Errors; test with errors.Is.
var (
	// ErrNotFound: nothing on this machine knows a default upstream.
	ErrNotFound = errors.New("no default upstream found: configure its URL")
	// ErrLoop: the URL answers as a gatehouse.
	ErrLoop = errors.New("this URL is a gatehouse: an upstream must be another index")
)

// finder holds what Discover asks, so that tests can answer.
type finder struct {
	getenv func(string) string
	// run gives a program's standard output, run in an empty folder.
	run func(ctx context.Context, name string, args ...string) (string, error)
	// library gives the default that a library knows.
	library func(ctx context.Context) (string, error)
}

// Discover gives the default upstream's URL, without user and password, and in
// words how it was found. ErrNotFound when nothing knows one; a value that is
// set but not a URL is an error, not passed over.
func Discover(ctx context.Context, eco artifact.Ecosystem) (rawURL, how string, err error) {
	return finder{os.Getenv, runInEmptyFolder, libraryDefault}.discover(ctx, eco)
}

func (f finder) discover(ctx context.Context, eco artifact.Ecosystem) (rawURL, how string, err error) {
	if eco != artifact.PyPI {
		return "", "", fmt.Errorf("ecosystem %s: %w", eco, ErrNotFound)
	}
	for _, source := range []func(context.Context) (text, how string){f.fromEnvironment, f.fromPipConfig, f.fromPip, f.fromLibrary} {
		text, how := source(ctx)
		if err := ctx.Err(); err != nil {
			return "", "", err
		}
		if text == "" {
			continue
		}
		clean, hadUser, err := cleanURL(text)
		if err != nil {
			return "", "", fmt.Errorf("finding upstream: %s: %w", how, err)
		}
		if hadUser {
			how += "; its user and password were left out: configure them as a credential by reference"
		}
		return clean, how, nil
	}
	return "", "", ErrNotFound
}

// fromEnvironment reads the variables of pip and uv.
func (f finder) fromEnvironment(context.Context) (string, string) {
	for _, name := range []string{"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"} {
		v := strings.TrimSpace(f.getenv(name))
		if name == "UV_DEFAULT_INDEX" {
			v = withoutName(v)
		}
		if v != "" {
			return v, "environment variable " + name
		}
	}
	return "", ""
}

// withoutName takes the name off uv's "name=url".
func withoutName(v string) string {
	name, rest, ok := strings.Cut(v, "=")
	if ok && !strings.ContainsAny(name, ":/?") {
		return rest
	}
	return v
}

// fromPipConfig asks pip for its configuration: the user's and the system's,
// since pip knows none of a project.
func (f finder) fromPipConfig(ctx context.Context) (string, string) {
	for _, command := range [][]string{{"pip"}, {"pip3"}, {"python3", "-m", "pip"}} {
		args := append(command[1:len(command):len(command)], "config", "get", "global.index-url")
		out, err := f.run(ctx, command[0], args...)
		if errors.Is(err, exec.ErrNotFound) {
			continue
		}
		if err != nil {
			break // this is the client, and it has nothing configured
		}
		return firstLine(out), strings.Join(command, " ") + " config"
	}
	return "", ""
}

// fromPip asks pip for the default it is built with. -I keeps the environment
// and the user's folder from putting other code in pip's place.
func (f finder) fromPip(ctx context.Context) (string, string) {
	const ask = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
	out, err := f.run(ctx, "python3", "-I", "-c", ask)
	if err != nil {
		return "", ""
	}
	return firstLine(out), "pip's built-in default"
}

func (f finder) fromLibrary(ctx context.Context) (string, string) {
	v, err := f.library(ctx)
	if err != nil {
		return "", ""
	}
	return v, "the default of the osv-scalibr library"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

// cleanURL checks a found URL and takes user and password out of it. Its errors
// do not repeat the text.
func cleanURL(text string) (clean string, hadUser bool, err error) {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", false, errors.New("its value is not an absolute http or https URL")
	}
	hadUser = u.User != nil
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String(), hadUser, nil
}

// runInEmptyFolder runs a program with nothing around it that a project could
// have written, for a limited time.
func runInEmptyFolder(ctx context.Context, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "gatehouse-ask-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out := &cappedBuffer{left: maxAnswer, full: cancel}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdout = out
	cmd.WaitDelay = time.Second // a grandchild that keeps the pipe open does not keep us
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("asking %s: %w", name, err)
	}
	return out.b.String(), nil
}

// cappedBuffer ends a program that talks without end.
type cappedBuffer struct {
	b    bytes.Buffer // not embedded: its ReadFrom would go around the cap
	left int
	full func()
}

func (b *cappedBuffer) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		b.full()
		return 0, errors.New("too much output")
	}
	return b.b.Write(p)
}

// libraryDefault builds osv-scalibr's index client with its default, and reads
// the URL that it asks for off a transport that sends nothing.
func libraryDefault(ctx context.Context) (string, error) {
	const project = "gatehouse-probe"
	asked := &capture{}
	client, err := datasource.NewPyPIRegistryAPIClient("", "", &http.Client{Transport: asked})
	if err != nil {
		return "", err
	}
	if _, err := client.GetIndex(ctx, project); err == nil || asked.url == "" {
		return "", errors.New("the library asked for nothing")
	}
	base, ok := strings.CutSuffix(strings.TrimSuffix(asked.url, "/"), "/"+project)
	if !ok {
		return "", errors.New("the library's URL does not end in the project's name")
	}
	return base + "/", nil
}

// capture keeps the URL of a request and sends nothing.
type capture struct{ url string }

func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	c.url = r.URL.String()
	return nil, errors.New("captured, not sent")
}

// mark is the header by which every gatehouse answers.
const mark = "X-Gatehouse"

// CheckLoop asks an upstream's URL, and /healthz beside and above it, whether a
// gatehouse answers there: ErrLoop if so. If no place answers at all it gives
// the last error, and nothing is known; any other answer is fine.
func CheckLoop(ctx context.Context, client *fetch.Client, rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return errors.New("checking upstream: not a URL")
	}
	answered := false
	var last error
	for _, place := range []string{rawURL, u.ResolveReference(&url.URL{Path: "/healthz"}).String()} {
		_, header, body, err := fetch.Plain{Client: client}.Get(ctx, place, http.Header{"Accept": {"*/*"}}, 1<<20)
		if errors.Is(err, fetch.ErrTooLarge) {
			// Some indexes answer their root with a list of everything.
			answered = true
			continue
		}
		if err != nil {
			last = err
			continue
		}
		io.Copy(io.Discard, io.LimitReader(body, 4<<10))
		body.Close()
		answered = true
		if header.Get(mark) != "" {
			return ErrLoop
		}
	}
	if !answered {
		return fmt.Errorf("checking upstream: %w", last)
	}
	return nil
}

// Default gives the index that an unconfigured client of the ecosystem would ask,
// whatever this machine's environment and configuration say; ErrNotFound when
// nothing knows it.
func Default(ctx context.Context, eco artifact.Ecosystem) (string, error) {
	if eco != artifact.PyPI {
		return "", fmt.Errorf("ecosystem %s: %w", eco, ErrNotFound)
	}
	f := finder{os.Getenv, runInEmptyFolder, libraryDefault}
	for _, source := range []func(context.Context) (text, how string){f.fromPip, f.fromLibrary} {
		if text, _ := source(ctx); text != "" {
			clean, _, err := cleanURL(text)
			return clean, err
		}
	}
	return "", ErrNotFound
}
