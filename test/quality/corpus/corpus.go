// Package corpus is the benign half of the quality measurement: releases of real
// packages that an honest gate must let through. list.tsv pins each by name,
// version, file and SHA-256; the files themselves are fetched when a measurement
// runs, kept in a cache folder and never committed.
//
// Only the ordinary clients fetch, one file at a time with a pause in between:
// `pip download` for wheels, PDM's finder for sdists (pip would run their build
// to learn their metadata) and `npm pack` for npm. No code of a package runs,
// and which index they ask is their own configuration, never written here.
//
// draw (see the folder) made the list; Draw says how the sample was taken, and a
// test holds the list to it.
package corpus

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Limits of the corpus: a file over MostBytes is left out of the list.
const (
	MostBytes = 65 << 20
	MostTotal = 900 << 20
)

// Pause is how long Fetch waits after each question to an index.
const Pause = 500 * time.Millisecond

// Why a release is in the corpus.
const (
	Sampled = "sampled" // drawn by seed from the most downloaded names
	Hard    = "hard"    // named because it does honestly what malware does
)

// Form is the kind of file.
const (
	Wheel   = "wheel"   // for CPython 3.12 on Linux x86-64, or pure
	Windows = "windows" // a wheel for CPython 3.12 on 64-bit Windows
	Sdist   = "sdist"
	Tgz     = "tgz" // npm
)

// Release is one file of one version of a package.
type Release struct {
	Ecosystem string // pypi or npm
	Name      string // as it is asked for
	Version   string
	Form      string
	File      string // its name in the cache folder
	SHA256    string
	Why       string
	Before    bool // listed as the version before another of the list
}

// Sealed says whether the release belongs to the half that is only measured,
// never looked at while rules are tuned. All releases of one name are in one half.
func (r Release) Sealed() bool {
	sum := sha256.Sum256([]byte(r.Ecosystem + " " + r.Name))
	return sum[0]&1 == 1
}

// Upgrade is two consecutive releases of one package in one form.
type Upgrade struct{ Old, New Release }

//go:embed list.tsv
var list []byte

// List gives the pinned releases in the order of list.tsv.
func List() ([]Release, error) { return parse(list) }

const columns = "ecosystem\tname\tversion\tform\tfile\tsha256\twhy\tbefore"

func parse(b []byte) ([]Release, error) {
	var out []Release
	s := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		if strings.HasPrefix(line, "#") || line == columns || line == "" {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 8 || len(f[5]) != 64 || f[4] != filepath.Base(f[4]) {
			return nil, fmt.Errorf("list.tsv line %d: want %q", n, columns)
		}
		out = append(out, Release{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7] == "yes"})
	}
	return out, s.Err()
}

// Format writes releases the way List reads them.
func Format(w io.Writer, releases []Release) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, columns)
	for _, r := range releases {
		before := "no"
		if r.Before {
			before = "yes"
		}
		fmt.Fprintln(b, strings.Join([]string{r.Ecosystem, r.Name, r.Version, r.Form, r.File, r.SHA256, r.Why, before}, "\t"))
	}
	return b.Flush()
}

// Upgrades pairs each release that is marked as coming before with the one it
// comes before.
func Upgrades(releases []Release) []Upgrade {
	var out []Upgrade
	for _, old := range releases {
		if !old.Before {
			continue
		}
		i := slices.IndexFunc(releases, func(r Release) bool {
			return !r.Before && r.Ecosystem == old.Ecosystem && r.Name == old.Name && r.Form == old.Form
		})
		if i >= 0 {
			out = append(out, Upgrade{old, releases[i]})
		}
	}
	return out
}

// Draw takes n of the first most names by a seed: the same seed, the same names.
func Draw(names []string, most, n int, seed uint64) []string {
	names = slices.Clone(names[:min(most, len(names))])
	rng := rand.New(rand.NewPCG(seed, seed))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:min(n, len(names))]
}

// Clients are the programs that fetch.
type Clients struct {
	Folder string // holds pip, and the python that pdm is installed for
	NPM    string
}

//go:embed sdist.py
var sdistScript string

// ErrOther is a file that is not the one of the list.
var ErrOther = errors.New("these are other bytes than the list pins")

// Fetch gives the path of a release in the cache folder and gets it first when
// it is not there. A file whose digest differs from the list's is an error and is
// not kept.
func (c Clients) Fetch(ctx context.Context, cache string, r Release) (string, error) {
	path := filepath.Join(cache, r.File)
	if sum, err := Digest(path); err == nil && sum == r.SHA256 {
		return path, nil
	}
	got, err := c.Get(ctx, cache, r.Form, r.Name, pin(r))
	if err != nil {
		return "", err
	}
	sum, err := Digest(got)
	if err != nil {
		return "", err
	}
	if sum != r.SHA256 || got != path {
		return "", errors.Join(fmt.Errorf("%s %s: got %s with SHA-256 %s: %w", r.Name, r.Version, filepath.Base(got), sum, ErrOther), os.Remove(got))
	}
	return path, nil
}

func pin(r Release) string {
	if r.Ecosystem == "npm" {
		return "@" + r.Version
	}
	return "==" + r.Version
}

// Get asks a client for the newest file of a form that the constraint allows,
// such as "==1.2", "<1.2" or "" for PyPI and "@1.2.0" or "@<1.2.0" for npm, and
// gives its path in the cache folder.
func (c Clients) Get(ctx context.Context, cache, form, name, constraint string) (string, error) {
	dir, err := os.MkdirTemp(cache, "get-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		return "", err
	}
	cmd := c.command(ctx, form, name+constraint, files, dir)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetching %s%s (%s): %w\n%s", name, constraint, form, err, out)
	}
	time.Sleep(Pause)
	entries, err := os.ReadDir(files)
	if err != nil {
		return "", err
	}
	if len(entries) != 1 {
		return "", fmt.Errorf("fetching %s%s (%s): got %d files, want one", name, constraint, form, len(entries))
	}
	to := filepath.Join(cache, entries[0].Name())
	return to, os.Rename(filepath.Join(files, entries[0].Name()), to)
}

func (c Clients) command(ctx context.Context, form, what, files, dir string) *exec.Cmd {
	switch form {
	case Tgz:
		return exec.CommandContext(ctx, c.NPM, "pack", "--silent", "--ignore-scripts", "--pack-destination", files, what)
	case Sdist:
		return exec.CommandContext(ctx, filepath.Join(c.Folder, "python"), "-I", "-c", sdistScript, what, files, filepath.Join(dir, "unpacked"))
	}
	args := []string{
		"download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--dest", files,
		"--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--abi", "abi3", "--abi", "none", "--platform", "any",
	}
	platforms := []string{"manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64", "linux_x86_64"}
	if form == Windows {
		platforms = []string{"win_amd64"}
	}
	for _, p := range platforms {
		args = append(args, "--platform", p)
	}
	return exec.CommandContext(ctx, filepath.Join(c.Folder, "pip"), append(args, what)...)
}

// environment is an empty home, and what this machine needs to reach its index.
func environment(home string) []string {
	env := []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TMPDIR=" + home}
	for _, key := range []string{
		"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
		"PIP_INDEX_URL", "PIP_CERT", "NPM_CONFIG_REGISTRY", "npm_config_registry", "NODE_EXTRA_CA_CERTS", "NPM_CONFIG_CAFILE", "npm_config_cafile",
	} {
		if v := os.Getenv(key); v != "" {
			env = append(env, key+"="+v)
		}
	}
	return env
}

// Digest is the SHA-256 of a file in hex.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
