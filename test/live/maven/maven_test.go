//go:build live

// Package maven_test holds the closure of a pom to Maven's: what mvn's dependency plugin
// lists for real projects of a few hundred artifacts, read from the repository that the
// installed Maven asks. It needs the network and mvn.
package maven_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/resolve"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/upstream"
)

// treeGoal is the goal that lists what a project needs, without fetching it.
const treeGoal = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:tree"

func openUpstream(t *testing.T) ecosystem.Upstream {
	t.Helper()
	at, _, err := upstream.Discover(t.Context(), maven.Adapter().Discover)
	if err != nil {
		t.Fatal(err)
	}
	host, err := fetch.HostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{Upstreams: []string{host}})
	if err != nil {
		t.Fatal(err)
	}
	dir := os.Getenv("GATEHOUSE_LIVE_CACHE") // of earlier runs; "": nothing is known
	if dir == "" {
		dir = t.TempDir()
	}
	up, err := maven.OpenUpstream(adapter.UpstreamConfig{Name: "central", BaseURL: at, Client: client, CacheDir: dir, TTL: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return up
}

// bare answers what resolving reads, and leaves out what only a fetch needs.
type bare struct{ ecosystem.Upstream }

// TestClosures compares versions, and files by type and classifier, with mvn's tree.
func TestClosures(t *testing.T) {
	up := bare{openUpstream(t)}
	local := os.Getenv("GATEHOUSE_LIVE_REPOSITORY") // of earlier runs, for mvn
	if local == "" {
		local = t.TempDir()
	}
	projects, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil || len(projects) < 3 {
		t.Fatalf("%v, %v", projects, err)
	}
	for _, project := range projects {
		t.Run(filepath.Base(project), func(t *testing.T) {
			m, err := manifest.Parse(os.DirFS(project), "pom.xml")
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range m.Problems {
				t.Logf("%s %s: %s", p.Effect, p.At, p.Text)
			}
			began := time.Now()
			rs, err := resolve.Resolve(t.Context(), up, []*ecosystem.Manifest{m}, nil)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			var got []string
			builds := 0
			for _, r := range rs {
				if r.Build {
					builds++
					continue
				}
				got = append(got, coordinate.Display(r.Version.Package)+":"+r.Version.Number)
			}
			want := tree(t, project, local)
			slices.Sort(got)
			same := 0
			for _, v := range want {
				if slices.Contains(got, v) {
					same++
				} else {
					t.Errorf("mvn has %s", v)
				}
			}
			for _, v := range got {
				if !slices.Contains(want, v) {
					t.Errorf("mvn has no %s", v)
				}
			}
			if len(want) < 100 {
				t.Errorf("mvn lists %d artifacts: the project is too small to say anything", len(want))
			}
			t.Logf("%s: %d of %d as mvn dependency:tree, and %d for the build, %s", filepath.Base(project), same, len(want), builds, took.Round(time.Millisecond))
		})
	}
}

// tree is what mvn says, "group:artifact:version", sorted.
func tree(t *testing.T, project, local string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(project)); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "tree")
	cmd := exec.CommandContext(t.Context(), "mvn", "-B", "-q", "-Dmaven.repo.local="+local, treeGoal, "-DoutputFile="+out, "-DappendOutput=true")
	cmd.Dir = dir
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mvn: %v\n%s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		parts := strings.Split(strings.TrimLeft(line, `+-\| `), ":")
		if parts[0] == "invalid.example" || len(parts) < 5 {
			continue // a project of the build
		}
		// group:artifact:type[:classifier]:version:scope, and perhaps "(optional)"
		list = append(list, parts[0]+":"+parts[1]+":"+parts[len(parts)-2])
	}
	slices.Sort(list)
	return slices.Compact(list)
}
