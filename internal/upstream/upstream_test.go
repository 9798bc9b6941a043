package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// stub is a finder with what it is asked to find: what Python's clients would use.
type stub struct {
	finder
	adapter.Discovery
}

func (s stub) discover(ctx context.Context) (string, string, error) {
	return s.finder.discover(ctx, s.Discovery)
}

// stubFinder answers from maps; a command that is not listed is not installed.
func stubFinder(env, commands map[string]string, library string) stub {
	f := finder{
		getenv: func(k string) string { return env[k] },
		run: func(_ context.Context, name string, args ...string) (string, error) {
			out, ok := commands[name+" "+strings.Join(args, " ")]
			if !ok {
				return "", exec.ErrNotFound
			}
			return out, nil
		},
	}
	get := []string{"config", "get", "global.index-url"}
	return stub{f, adapter.Discovery{
		Environment: []string{"PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"},
		Read: func(v string) string {
			if name, rest, ok := strings.Cut(v, "="); ok && !strings.Contains(name, ":") {
				return rest
			}
			return v
		},
		Commands: [][]string{append([]string{"pip"}, get...), append([]string{"pip3"}, get...), append([]string{"python3", "-m", "pip"}, get...)},
		Builtin:  [][]string{{"python3", "-I", "-c", "print(default)"}},
		Library: func(context.Context) (string, error) {
			if library == "" {
				return "", errors.New("library has none")
			}
			return library, nil
		},
	}}
}

const askPip = "python3 -I -c print(default)"

func TestDiscoverOrder(t *testing.T) {
	commands := map[string]string{
		"pip config get global.index-url": "https://config.invalid/simple\n",
		askPip:                            "https://builtin.invalid/simple\n",
	}
	only := func(k string) map[string]string { return map[string]string{k: commands[k]} }
	for _, tc := range []struct {
		name     string
		env      map[string]string
		commands map[string]string
		library  string
		url, how string
		why      string
	}{
		{"pip's variable", map[string]string{"PIP_INDEX_URL": "https://a.invalid/s", "UV_DEFAULT_INDEX": "https://b.invalid/s"}, commands, "https://l.invalid/", "https://a.invalid/s", "PIP_INDEX_URL", "environment first, pip's before uv's"},
		{"uv's variable", map[string]string{"UV_DEFAULT_INDEX": "https://b.invalid/s", "UV_INDEX_URL": "https://c.invalid/s"}, commands, "", "https://b.invalid/s", "UV_DEFAULT_INDEX", "the newer name first"},
		{"uv's named index", map[string]string{"UV_DEFAULT_INDEX": "corp=https://b.invalid/s?x=1"}, nil, "", "https://b.invalid/s", "UV_DEFAULT_INDEX", "name=url"},
		{"uv's old variable", map[string]string{"UV_INDEX_URL": " https://c.invalid/s "}, commands, "", "https://c.invalid/s", "UV_INDEX_URL", "the older name"},
		{"pip's configuration", nil, commands, "https://l.invalid/", "https://config.invalid/simple", "pip config", "what the client would use"},
		{"pip3", nil, map[string]string{"pip3 config get global.index-url": "https://config.invalid/3"}, "", "https://config.invalid/3", "pip3 config", "no pip without a number"},
		{"python -m pip", nil, map[string]string{"python3 -m pip config get global.index-url": "https://config.invalid/m"}, "", "https://config.invalid/m", "python3 -m pip config", "no pip command"},
		{"pip's own default", nil, only(askPip), "https://l.invalid/", "https://builtin.invalid/simple", "built-in", "pip without configuration"},
		{"library", nil, nil, "https://l.invalid/simple/", "https://l.invalid/simple/", "library", "no client installed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, how, err := stubFinder(tc.env, tc.commands, tc.library).discover(t.Context())
			if got != tc.url || !strings.Contains(how, tc.how) || err != nil {
				t.Errorf("discover = %q, %q, %v; want %q by %q (%s)", got, how, err, tc.url, tc.how, tc.why)
			}
		})
	}
}

func TestClientWithoutConfigurationIsAskedOnce(t *testing.T) {
	f := stubFinder(nil, nil, "https://l.invalid/")
	asked := 0
	f.run = func(context.Context, string, ...string) (string, error) {
		asked++
		return "", &exec.ExitError{}
	}
	if got, _, err := f.discover(t.Context()); got != "https://l.invalid/" || err != nil || asked != 2 {
		t.Errorf("discover = %q, %v after %d commands; want the library's after pip config and pip's default", got, err, asked)
	}
}

func TestDiscoverFailures(t *testing.T) {
	if _, _, err := stubFinder(nil, nil, "").discover(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing known: %v, want ErrNotFound", err)
	}
	if _, _, err := here.discover(t.Context(), adapter.Discovery{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("an ecosystem that names nothing to ask: %v, want ErrNotFound", err)
	}
	off := stubFinder(map[string]string{"PIP_INDEX_URL": "off"}, nil, "https://l.invalid/")
	off.Read = func(v string) string { return strings.TrimPrefix(v, "off") }
	if got, how, err := off.discover(t.Context()); got != "https://l.invalid/" || !strings.Contains(how, "library") || err != nil {
		t.Errorf("a value that says nothing: %q, %q, %v; want the next source", got, how, err)
	}
	list := stubFinder(nil, map[string]string{"pip config get global.index-url": "https://a.invalid/,direct\n"}, "")
	list.ReadAnswer = func(out string) string { first, _, _ := strings.Cut(out, ","); return first }
	if got, _, err := list.discover(t.Context()); got != "https://a.invalid/" || err != nil {
		t.Errorf("an answer in the client's own words: %q, %v", got, err)
	}
	for _, bad := range []string{"simple", "ftp://x.invalid/", "/etc/passwd", "https://", "https://canary:canary@ho st/", "https://x.invalid/" + strings.Repeat("canary", 1000)} {
		got, how, err := stubFinder(map[string]string{"PIP_INDEX_URL": bad}, nil, "https://l.invalid/").discover(t.Context())
		if err == nil || strings.Contains(err.Error()+got+how, "canary") {
			t.Errorf("PIP_INDEX_URL %.40q: %q, %v; want an error without the value", bad, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := stubFinder(nil, nil, "https://l.invalid/").discover(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestCredentialsInsideAURLStayOut(t *testing.T) {
	with := (&url.URL{Scheme: "https", Host: "a.invalid", Path: "/s", User: url.UserPassword("canary", "canary")}).String()
	got, how, err := stubFinder(map[string]string{"PIP_INDEX_URL": with + "?token=canary#canary"}, nil, "").discover(t.Context())
	if got != "https://a.invalid/s" || strings.Contains(how, "canary") || !strings.Contains(how, "credential") || err != nil {
		t.Errorf("discover = %q, %q, %v", got, how, err)
	}
}

// program writes an executable script and puts its folder first in PATH.
func program(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestClientsAreAskedInAnEmptyFolder(t *testing.T) {
	program(t, "asked-client", `test -z "$(ls -A)" && test "$PWD" = "$(pwd)" && pwd`)
	here := t.TempDir()
	if err := os.WriteFile(filepath.Join(here, "pip.conf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(here)
	out, err := runInEmptyFolder(t.Context(), "asked-client")
	if err != nil || strings.HasPrefix(firstLine(out), here) {
		t.Errorf("asked in %q, %v; want an empty folder elsewhere", out, err)
	}
	if _, err := os.Stat(firstLine(out)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestClientsThatMisbehave(t *testing.T) {
	program(t, "endless-client", `while :; do echo https://x.invalid/; done`)
	if _, err := runInEmptyFolder(t.Context(), "endless-client"); err == nil {
		t.Error("a client that talks without end was accepted")
	}
	program(t, "failing-client", `echo https://x.invalid/; exit 1`)
	if _, err := runInEmptyFolder(t.Context(), "failing-client"); err == nil {
		t.Error("a client that fails was believed")
	}
	program(t, "hanging-client", `exec sleep 600`)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := runInEmptyFolder(ctx, "hanging-client"); err == nil {
		t.Error("a client that hangs was waited for")
	}
}

func TestCheckLoop(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		want   error
		why    string
	}{
		{"an index", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }, nil, "no mark"},
		{"marked index", func(w http.ResponseWriter, r *http.Request) { w.Header().Set(mark, "1") }, ErrLoop, "our own page"},
		{"asks for a token", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(mark, "1")
			w.WriteHeader(401)
		}, ErrLoop, "a gatehouse that wants a token first"},
		{"marked health page", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/healthz" {
				w.Header().Set(mark, "1")
			}
			w.WriteHeader(404)
		}, ErrLoop, "behind a prefix that strips headers"},
		{"endless list", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999") }, nil, "an index may list everything"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := httptest.NewServer(tc.answer)
			defer s.Close()
			err := CheckLoop(t.Context(), clientFor(t, s.URL), s.URL+"/pypi/simple/")
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("CheckLoop = %v, want %v (%s)", err, tc.want, tc.why)
			}
		})
	}
	s := httptest.NewServer(nil)
	c := clientFor(t, s.URL)
	s.Close()
	if err := CheckLoop(t.Context(), c, s.URL); err == nil || errors.Is(err, ErrLoop) {
		t.Errorf("nobody answers: %v; want the connection's error", err)
	}
}

func clientFor(t *testing.T, rawURL string) *fetch.Client {
	t.Helper()
	hostPort, err := fetch.HostPort(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := fetch.New(fetch.Config{Upstreams: []string{hostPort}, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}
