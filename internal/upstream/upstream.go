// Package upstream finds the URL of an ecosystem's default index on the machine
// it runs on, because no registry's host name is written in this program. It
// asks, in this order: the environment variables that the ordinary clients read;
// the installed client's own answer, from an empty folder, so that no project's
// configuration has a say; and a library that knows the default. Which those are
// each ecosystem says (adapter.Discovery).
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

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
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
}

// here asks this machine.
var here = finder{os.Getenv, runInEmptyFolder}

// Discover gives the default upstream's URL, without user and password, and in
// words how it was found. ErrNotFound when nothing knows one; a value that is
// set but not a URL is an error, not passed over.
func Discover(ctx context.Context, d adapter.Discovery) (rawURL, how string, err error) {
	return here.discover(ctx, d)
}

// Default gives the index that an unconfigured client of the ecosystem would ask,
// whatever this machine's environment and configuration say; ErrNotFound when
// nothing knows it.
func Default(ctx context.Context, d adapter.Discovery) (string, error) {
	d.Environment, d.Commands = nil, nil
	found, _, err := here.discover(ctx, d)
	return found, err
}

func (f finder) discover(ctx context.Context, d adapter.Discovery) (rawURL, how string, err error) {
	for _, source := range []func(context.Context, adapter.Discovery) (text, how string){f.fromEnvironment, f.fromClient, f.fromBuiltin, fromLibrary} {
		text, how := source(ctx, d)
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

// fromEnvironment reads the variables of the ordinary clients.
func (f finder) fromEnvironment(_ context.Context, d adapter.Discovery) (string, string) {
	for _, name := range d.Environment {
		if v := read(d, strings.TrimSpace(f.getenv(name))); v != "" {
			return v, "environment variable " + name
		}
	}
	return "", ""
}

func read(d adapter.Discovery, value string) string {
	if d.Read == nil || value == "" {
		return value
	}
	return d.Read(value)
}

// fromClient asks the installed client what it would use: the first that there is.
func (f finder) fromClient(ctx context.Context, d adapter.Discovery) (string, string) {
	for _, command := range d.Commands {
		out, err := f.run(ctx, command[0], command[1:]...)
		if errors.Is(err, exec.ErrNotFound) {
			continue
		}
		if err != nil {
			break // this is the client, and it has nothing configured
		}
		return answer(d, out), strings.Join(command, " ")
	}
	return "", ""
}

// fromBuiltin asks the client what it is built with.
func (f finder) fromBuiltin(ctx context.Context, d adapter.Discovery) (string, string) {
	for _, command := range d.Builtin {
		if out, err := f.run(ctx, command[0], command[1:]...); err == nil {
			return answer(d, out), "the built-in default of the client, by " + command[0]
		}
	}
	return "", ""
}

func answer(d adapter.Discovery, output string) string {
	if d.ReadAnswer != nil {
		return d.ReadAnswer(output)
	}
	return read(d, firstLine(output))
}

func fromLibrary(ctx context.Context, d adapter.Discovery) (string, string) {
	if d.Library == nil {
		return "", ""
	}
	v, err := d.Library(ctx)
	if err != nil {
		return "", ""
	}
	return v, "the default of a library"
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
	cmd.Env = append(os.Environ(), "PWD="+dir, "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PYTHONDONTWRITEBYTECODE=1", "NO_UPDATE_NOTIFIER=1", "GOTOOLCHAIN=local")
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
