// Package secretref turns a reference to a secret into the secret. Configuration
// never holds a credential, only where to find it:
//
//	env:NAME      the environment variable NAME
//	file:/path    the content of a file that others on the machine cannot read
//
// It promises never to print a value: not in an error (a reference that does not
// read as one is not quoted either, because people paste the secret itself), and
// not through a Secret that lands in a log, a report or a %+v.
package secretref

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxSecret is the most bytes a secret may have: a private key with its chain
// fits, a file named by mistake does not.
const maxSecret = 64 << 10

// known is what every error about an unreadable reference ends with.
const known = "write env:NAME or file:/path, never the value itself"

// ErrReference says that a text is not a reference to a secret. Its message
// does not repeat the text.
var ErrReference = errors.New("not a secret reference: " + known)

// Resolve fetches the secret that ref points to. A missing or empty secret is an
// error: nothing is more surprising than a password that silently is "". One
// trailing line break, which editors add, does not belong to the value.
func Resolve(ctx context.Context, ref string) (Secret, error) {
	if err := ctx.Err(); err != nil {
		return Secret{}, err
	}
	scheme, rest, found := strings.Cut(ref, ":")
	if !found {
		return Secret{}, ErrReference
	}
	switch scheme {
	case "env":
		return fromEnv(rest)
	case "file":
		return fromFile(rest)
	}
	return Secret{}, fmt.Errorf("unknown scheme before the colon: %w", ErrReference)
}

func fromEnv(name string) (Secret, error) {
	if !envName(name) {
		return Secret{}, fmt.Errorf("env: what follows is no variable name (letters, digits and _, at most 128): %w", ErrReference)
	}
	value := os.Getenv(name)
	if value == "" {
		return Secret{}, fmt.Errorf("env:%s is not set or empty; set it where gatehouse starts", name)
	}
	return parse("env:"+name, value)
}

func fromFile(path string) (Secret, error) {
	if !filepath.IsAbs(path) {
		return Secret{}, fmt.Errorf("file: needs an absolute path: %w", ErrReference)
	}
	path = filepath.Clean(path)
	value, err := readPrivate(path)
	if err != nil {
		return Secret{}, fmt.Errorf("reading secret file:%s: %w", path, err)
	}
	return parse("file:"+path, value)
}

// readPrivate reads a small regular file that not everybody may read. Symbolic
// links are followed (secret mounts are made of them); the mode that counts is
// that of the file opened.
func readPrivate(path string) (string, error) {
	// Asked before opening: opening a named pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return "", err
	}
	// Windows keeps who may read in access lists that the mode does not show.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o004 != 0 {
		return "", fmt.Errorf("everybody on this machine can read it (mode %04o); run: chmod o-r %q", info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	return string(b), nil
}

// parse makes the value a Secret; from names the reference for errors.
func parse(from, value string) (Secret, error) {
	if len(value) > maxSecret {
		return Secret{}, fmt.Errorf("%s is longer than %d bytes; it does not look like a secret", from, maxSecret)
	}
	value = strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
	if value == "" {
		return Secret{}, fmt.Errorf("%s is empty; put the secret there", from)
	}
	return New(value), nil
}

func envName(s string) bool {
	if s == "" || len(s) > 128 || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
