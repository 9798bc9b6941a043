//go:build live

// Package golang_test holds the closure of Go manifests to the go command's: minimal
// version selection over the real module graph of real projects, read through the
// proxy that the go command of this machine is set to. It needs the network and a go
// command.
package golang_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/resolve"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

func goSays(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -modcacherw", "GOTOOLCHAIN=local", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

func upstream(t *testing.T) ecosystem.Upstream {
	t.Helper()
	proxy := strings.FieldsFunc(goSays(t, "", "env", "GOPROXY"), func(r rune) bool { return r == ',' || r == '|' })[0]
	at, err := fetch.HostPort(proxy)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{Upstreams: []string{at}})
	if err != nil {
		t.Fatal(err)
	}
	up, err := golang.OpenUpstream(adapter.UpstreamConfig{Name: "proxy", BaseURL: proxy, Client: client, CacheDir: t.TempDir(), TTL: time.Hour, Options: map[string]string{"sumdb": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	return listless{up}
}

// listless gives no version list, which minimal version selection does not need: it
// spares the proxy a request for each of a thousand modules.
type listless struct{ ecosystem.Upstream }

func (listless) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return &ecosystem.Index{Package: p}, nil
}

// TestClosures compares with `go list -m all`: this repository, and two modules whose
// closures are larger.
func TestClosures(t *testing.T) {
	up := upstream(t)
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, project := range []string{"", "github.com/google/osv-scalibr", "github.com/google/go-containerregistry"} {
		name := project
		dir := t.TempDir()
		from := root
		if project == "" {
			name = "this repository"
		} else {
			from = goSays(t, root, "list", "-m", "-f", "{{.Dir}}", project)
		}
		t.Run(name, func(t *testing.T) {
			for _, file := range []string{"go.mod", "go.sum"} {
				b, err := os.ReadFile(filepath.Join(from, file))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m, err := manifest.Parse(os.DirFS(dir), "go.mod")
			if err != nil {
				t.Fatal(err)
			}
			locked := closure(t, up, m)
			m.Locked = false // the whole graph, as the go command lists it
			began := time.Now()
			got := closure(t, up, m)
			took := time.Since(began)
			want := strings.Split(goSays(t, dir, "list", "-m", "-f", "{{if not .Main}}{{with .Replace}}{{.Path}}@{{.Version}}{{else}}{{.Path}}@{{.Version}}{{end}}{{end}}", "all"), "\n")
			want = slices.DeleteFunc(want, func(s string) bool { return s == "" || strings.HasSuffix(s, "@") })
			slices.Sort(want)
			same := 0
			for _, v := range want {
				if slices.Contains(got, v) {
					same++
				} else {
					t.Errorf("go has %s", v)
				}
			}
			for _, v := range got {
				if !slices.Contains(want, v) {
					t.Errorf("go has no %s", v)
				}
			}
			for _, v := range locked {
				if !slices.Contains(want, v) {
					t.Errorf("go.mod lists %s, and go selects another", v)
				}
			}
			t.Logf("%s: %d of %d as go list -m all, %d that go.mod lists, %s", name, same, len(want), len(locked), took.Round(time.Millisecond))
		})
	}
}

func closure(t *testing.T, up ecosystem.Upstream, m *ecosystem.Manifest) []string {
	t.Helper()
	rs, err := resolve.Resolve(t.Context(), up, []*ecosystem.Manifest{m})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rs {
		out = append(out, r.Version.Package.Name+"@"+r.Version.Number)
	}
	slices.Sort(out)
	return out
}
