package sums

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
)

// Setting is a checksum database as the go command's GOSUMDB names it.
type Setting struct {
	Name string
	Key  string // "" when it is not known
	URL  string // "" for https and the name
}

// Off is the setting that nobody is asked.
const Off = "off"

// ErrNoKey says that a database is named whose key is not known on this machine.
var ErrNoKey = errors.New("its key is not known here")

// ParseSetting reads "NAME", "NAME+HASH+KEY" or either with a URL behind it, as
// GOSUMDB has it (https://go.dev/ref/mod#environment-variables). A name alone has no
// key yet.
func ParseSetting(s string) (Setting, error) {
	f := strings.Fields(s)
	if len(f) == 0 || len(f) > 2 {
		return Setting{}, fmt.Errorf("reading sumdb %.100q: write NAME, NAME+HASH+KEY, either with a URL behind it, or off", s)
	}
	out := Setting{Name: f[0]}
	if strings.Contains(f[0], "+") {
		v, err := note.NewVerifier(f[0])
		if err != nil {
			return Setting{}, fmt.Errorf("reading sumdb %.100q: %w", s, err)
		}
		out.Name, out.Key = v.Name(), f[0]
	}
	if !validName(out.Name) {
		return Setting{}, fmt.Errorf("reading sumdb %.100q: the name is no host with an optional path", s)
	}
	if len(f) == 2 {
		u, err := url.Parse(f[1])
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
			return Setting{}, fmt.Errorf("reading sumdb: its address must be an http or https URL without user and query")
		}
		out.URL = strings.TrimRight(f[1], "/")
	}
	return out, nil
}

// validName keeps anything but a host, with a path or not, out of URLs and folders.
func validName(s string) bool {
	host, rest, path := strings.Cut(s, "/")
	return module.CheckPath(host) == nil && (!path || module.CheckPath(host+"/"+rest) == nil) || isLocal(host) && !path
}

func isLocal(host string) bool { return host == "localhost" }

const (
	askGo      = 10 * time.Second
	maxKeyFile = 64 << 10
)

// FromGo is what the go command of this machine would use: its GOSUMDB, and for a
// name alone the key that the command itself has, read from its source. It runs `go
// env` in an empty folder and nothing else. ErrNoKey says that there is no go, or
// that it does not know the key.
func FromGo(ctx context.Context) (string, error) {
	setting, err := goEnv(ctx, "GOSUMDB")
	if err != nil {
		return "", err
	}
	if setting == Off || setting == "" {
		return Off, nil
	}
	return setting, nil
}

// KeyFromGo gives the key that the installed go command has for a database.
func KeyFromGo(ctx context.Context, name string) (string, error) {
	root, err := goEnv(ctx, "GOROOT")
	if err != nil {
		return "", err
	}
	f, err := os.Open(filepath.Join(root, "src", "cmd", "go", "internal", "modfetch", "key.go"))
	if err != nil {
		return "", fmt.Errorf("checksum database %s: %w: %w", name, ErrNoKey, err)
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(&limited{f, maxKeyFile}); err != nil {
		return "", fmt.Errorf("checksum database %s: %w: %w", name, ErrNoKey, err)
	}
	found := regexp.MustCompile(`"` + regexp.QuoteMeta(name) + `"\s*:\s*"([^"\s]+)"`).FindSubmatch(b.Bytes())
	if found == nil {
		return "", fmt.Errorf("checksum database %s: %w", name, ErrNoKey)
	}
	v, err := note.NewVerifier(string(found[1]))
	if err != nil || v.Name() != name {
		return "", fmt.Errorf("checksum database %s: %w", name, ErrNoKey)
	}
	return string(found[1]), nil
}

// limited reads at most so many bytes and calls more an error.
type limited struct {
	f    *os.File
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if len(p) > l.left {
		p = p[:l.left]
	}
	if len(p) == 0 {
		return 0, errors.New("the file is too large")
	}
	n, err := l.f.Read(p)
	l.left -= n
	return n, err
}

func goEnv(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askGo)
	defer cancel()
	dir, err := os.MkdirTemp("", "gatehouse-go-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, "go", "env", name)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=local", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking the go command for %s: %w: %w", name, ErrNoKey, err)
	}
	return strings.TrimSpace(string(out)), nil
}
