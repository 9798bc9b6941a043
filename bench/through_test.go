package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// How much each client installs.
const (
	wheels   = 40
	tarballs = 300
	modules  = 170
	crates   = 200
	jars     = 50
	herd     = 100 // clients that ask for one cold package at once
)

// patienceInstall is how long one client may take.
const patienceInstall = 5 * time.Minute

// trade is one ecosystem's way through the gate: an outside registry with packages in
// it, and how its client installs them from any address.
type trade struct {
	what     string // "npm ci of 300 packages"
	front    *front
	upstream string // the configuration's entry of the registry outside
	direct   string // where the client asks without a gate
	gate     string // the path below a gate's address where it asks
	install  func(home, registry string) *exec.Cmd
	prepare  func(home string) error // what the client has beforehand; nil: nothing

	// The herd's package, which nobody installs: its index and its file, below the gate's
	// address, and a part of every path of it outside.
	index, file, outside string
}

// BenchmarkThrough has the real clients of each ecosystem install from outside,
// through a gate that knows nothing yet, and through one that has looked at
// everything; and a herd ask for one package. It prints one table.
func BenchmarkThrough(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Fatal("the figures of a running server are read from /proc: run this on Linux")
	}
	g := newGround(b)
	t := &table{title: "at the start " + busy(b)}
	defer func() { // also after an error: what was measured is true
		t.title += ", at the end " + busy(b)
		t.print(os.Stdout)
	}()
	for _, eco := range []struct {
		name string
		make func(*testing.B) trade
	}{{"pypi", g.pip}, {"npm", g.npm}, {"golang", g.golang}, {"cargo", g.cargo}, {"maven", g.maven}} {
		b.Run(eco.name, func(b *testing.B) {
			tr := eco.make(b)
			for b.Loop() {
				g.installs(b, t, tr)
				g.herd(b, t, tr)
			}
			b.ReportMetric(0, "ns/op") // the table has the figures
		})
	}
}

func (g *ground) installs(b *testing.B, t *table, tr trade) {
	b.Helper()
	g.client(b, tr, tr.direct) // the stub makes its packages when it is first asked
	tr.front.forget()
	g.client(b, tr, tr.direct)
	said := tr.front.said()
	again := 0
	var directs, nears, colds, warms, clientCPU, coldCPU, coldOwn, warmCPU []float64
	for range rounds {
		direct := g.client(b, tr, tr.direct)
		tr.front.come(true)
		near := g.client(b, tr, tr.direct)
		tr.front.come(false)
		data, config := g.fresh(b, tr.upstream)
		s := serve(b, g.gatehouse, data, config)
		tr.front.forget()
		before, own := s.cpu(), s.own()
		cold := g.client(b, tr, s.url+tr.gate)
		between := s.cpu()
		coldOwn = append(coldOwn, (s.own() - own).Seconds())
		again = max(again, repeated(b, tr.front.counted()))
		warm := g.client(b, tr, s.url+tr.gate)
		directs, nears = append(directs, direct.wall), append(nears, near.wall/direct.wall)
		colds, warms = append(colds, cold.wall/direct.wall), append(warms, warm.wall/direct.wall)
		clientCPU = append(clientCPU, direct.cpu)
		coldCPU, warmCPU = append(coldCPU, (between-before).Seconds()), append(warmCPU, (s.cpu()-between).Seconds())
		b.Logf("%s: direct %.2f s, without latency %.2f s, cold %.2f s, warm %.2f s; CPU of the client direct %.2f s, cold %.2f s, warm %.2f s, of the gate and its workers %.2f s, of the gate %.2f s, warm %.2f s",
			tr.what, direct.wall, near.wall, cold.wall, warm.wall, direct.cpu, cold.cpu, warm.cpu, coldCPU[len(coldCPU)-1], coldOwn[len(coldOwn)-1], warmCPU[len(warmCPU)-1])
		s.stop()
	}
	t.note(tr.what+", direct", show(median(directs))+" s", "", said)
	t.note("  without latency, which no gate can better", "", "", show(median(nears))+"x")
	t.note(fmt.Sprintf("  CPU of the client, of %d cores", runtime.NumCPU()), "", "", show(median(clientCPU))+" s")
	t.add("  through the gate, scanned: cold, wall", "", "", median(colds), atMost, 1.2, "x")
	t.add("    documents that the gate asked for more than once", "", "", float64(again), atMost, 0, "")
	t.note("    CPU of the gate and its workers", "", "", show(median(coldCPU))+" s")
	t.note("    CPU of the gate itself", "", "", show(median(coldOwn))+" s")
	t.add("  warm, wall", "", "", median(warms), atMost, 0.6, "x")
	t.add("    CPU of the gate", "", "", median(warmCPU), atMost, 0.2, " s")
}

// repeated counts what a gate asked for more than once in one installation.
func repeated(b *testing.B, counted map[string]int) (n int) {
	b.Helper()
	for _, path := range slices.Sorted(maps.Keys(counted)) {
		if counted[path] > 1 {
			b.Logf("asked for %d times in one installation: %s", counted[path], path)
			n++
		}
	}
	return n
}

// client installs on a machine that has nothing yet.
func (g *ground) client(b *testing.B, tr trade, registry string) took {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patienceInstall)
	defer cancel()
	home := b.TempDir()
	if tr.prepare != nil {
		if err := tr.prepare(home); err != nil {
			b.Fatal(err)
		}
	}
	c := tr.install(home, registry)
	limited := exec.CommandContext(ctx, c.Path, c.Args[1:]...)
	limited.Dir, limited.Env = cmp.Or(c.Dir, home), append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}, c.Env...)
	began := time.Now()
	if out, err := limited.CombinedOutput(); err != nil {
		b.Fatalf("%s from %s: %v\n%s", tr.what, registry, err, out)
	}
	u := limited.ProcessState
	return took{time.Since(began).Seconds(), (u.UserTime() + u.SystemTime()).Seconds()}
}

// took is what a client needed, in seconds, its processes all counted.
type took struct{ wall, cpu float64 }

// herd has many clients ask for one package that nobody asked for before.
func (g *ground) herd(b *testing.B, t *table, tr trade) {
	b.Helper()
	data, config := g.fresh(b, tr.upstream)
	s := serve(b, g.gatehouse, data, config)
	tr.front.forget()
	good := together(b, s.url+tr.index) + together(b, s.url+tr.file)
	most, paths := 0, 0
	for path, n := range tr.front.counted() {
		if strings.Contains(path, tr.outside) {
			most, paths = max(most, n), paths+1
		}
	}
	t.add(fmt.Sprintf("  %d clients, one cold package: most upstream fetches of any of its %d documents", herd, paths), "", "", float64(most), atMost, 1, "")
	t.add("  answers 200, index and file", "", "", float64(good), atLeast, 2*herd, "")
	s.stop()
}

// together counts the clients of a herd that got a whole answer.
func together(b *testing.B, url string) int {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	var good atomic.Int64
	var wg sync.WaitGroup
	for range herd {
		wg.Go(func() {
			if _, body, err := get(ctx, url, "gzip"); err == nil && len(body) > 0 {
				good.Add(1)
			} else if err != nil {
				b.Logf("one of the herd: %v", err)
			}
		})
	}
	wg.Wait()
	return int(good.Load())
}

// upstream is an entry of the configuration.
func upstream(ecosystem, url, more string) string {
	return fmt.Sprintf("{name: stub-%s, ecosystem: %s, url: %q%s}", ecosystem, ecosystem, url, more)
}

// saveProject writes a file of a client's project, or of a made source of advisories.
func saveProject(b testing.TB, dir, name, text string) {
	b.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// pip installs wheels of three versions each, with no cache and no setting of its own.
func (g *ground) pip(b *testing.B) trade {
	pip := tool(b, "pip", "make clients", filepath.Join(root, ".clients", "bin"))
	x := stub.New(b)
	f := newFront(b, x.URL())
	var names []string
	for i := range wheels {
		name := fmt.Sprintf("benchwheel%02d", i)
		for v := range 3 {
			x.Add(scantest.Wheel{Name: name, Version: fmt.Sprintf("1.%d", v), RequiresPython: ">=3.8", Files: map[string]string{name + "/__init__.py": "", name + "/data.py": noise(300_000)}}, stub.About{})
		}
		names = append(names, name)
	}
	const lone = "benchherd"
	file := x.Add(scantest.Wheel{Name: lone, Version: "1", Files: map[string]string{lone + ".py": noise(300_000)}}, stub.About{})
	return trade{
		what: fmt.Sprintf("pip install of %d wheels", wheels), front: f,
		upstream: upstream("pypi", f.url(x.URL()), ""), direct: f.url(x.URL()), gate: "/pypi/simple/",
		index: "/pypi/simple/" + lone + "/", file: "/pypi/files/" + lone + "/" + file, outside: lone,
		install: func(home, registry string) *exec.Cmd {
			c := exec.Command(pip, append([]string{
				"install", "--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-compile", "--quiet",
				"--index-url", registry, "--target", filepath.Join(home, "site")}, names...)...)
			c.Env = []string{"PIP_CONFIG_FILE=" + os.DevNull, "PIP_ROOT_USER_ACTION=ignore"}
			return c
		},
	}
}

// npm installs what a lock says: the tarballs alone, each at the registry's own
// address.
func (g *ground) npm(b *testing.B) trade {
	npm := tool(b, "npm", "apt-get install npm")
	n := stub.NewNPM(b)
	f := newFront(b, n.URL())
	type locked struct {
		Version   string `json:"version"`
		Resolved  string `json:"resolved"`
		Integrity any    `json:"integrity"`
	}
	packages := map[string]locked{}
	needs := map[string]string{}
	put := func(name string, size int, seed uint64) locked {
		for _, old := range []string{"1.0.0", "1.1.0"} {
			n.Add(scantest.Tarball{Name: name, Version: old, Manifest: map[string]any{"license": "MIT"}}, stub.About{})
		}
		p := scantest.Tarball{Name: name, Version: "1.2.0", Files: javascript.sources(size, seed), Manifest: map[string]any{"license": "MIT"}}
		p.Files["index.js"] = "module.exports = 1\n"
		n.Add(p, stub.About{})
		dist := p.Registry(b, "")
		return locked{"1.2.0", name + "/-/" + p.FileName(), dist["integrity"]}
	}
	for i, size := range npmSpread.sizes(tarballs) {
		name := fmt.Sprintf("benchpackage%03d", i)
		packages[name], needs[name] = put(name, size, uint64(i)), "^1.0.0"
	}
	const lone = "benchherd"
	alone := put(lone, 100_000, tarballs)
	project := map[string]any{"name": "bench", "version": "1.0.0", "dependencies": needs}
	return trade{
		what: fmt.Sprintf("npm ci of %d packages", tarballs), front: f,
		upstream: upstream("npm", f.url(n.URL()), ""), direct: f.url(n.URL()), gate: "/npm/",
		index: "/npm/" + lone, file: "/npm/" + alone.Resolved, outside: "/" + lone,
		install: func(home, registry string) *exec.Cmd {
			all := map[string]any{"": project}
			for name, p := range packages {
				p.Resolved = registry + p.Resolved
				all["node_modules/"+name] = p
			}
			lock := map[string]any{"name": "bench", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": all}
			for name, v := range map[string]any{"package.json": project, "package-lock.json": lock} {
				text, err := json.Marshal(v)
				if err != nil {
					b.Fatal(err)
				}
				saveProject(b, home, name, string(text))
			}
			c := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--registry", registry)
			c.Env = []string{"NO_UPDATE_NOTIFIER=1", "npm_config_cache=" + filepath.Join(home, "cache")}
			return c
		},
	}
}

// golang downloads the modules that a go.mod lists, with its go.sum.
func (g *ground) golang(b *testing.B) trade {
	command := tool(b, "go", "install Go")
	p := stub.NewGoProxy(b)
	f := newFront(b, p.URL())
	var mod, sum strings.Builder
	mod.WriteString("module bench.invalid/own\n\ngo 1.24\n\nrequire (\n")
	put := func(path string, size int, seed uint64) stub.GoModule {
		m := stub.GoModule{Path: path, Version: "v1.2.0", GoMod: "module " + path + "\n\ngo 1.24\n", Files: golang.sources(size, seed)}
		p.Put(b, m, stub.GoModule{Path: path, Version: "v1.0.0"}, stub.GoModule{Path: path, Version: "v1.1.0"})
		return m
	}
	for i, size := range goSpread.sizes(modules) {
		m := put(fmt.Sprintf("bench.invalid/module%03d", i), size, uint64(i))
		fmt.Fprintf(&mod, "\t%s %s\n", m.Path, m.Version)
		sum.WriteString(m.Sums(b))
	}
	mod.WriteString(")\n")
	const lone = "bench.invalid/herd"
	put(lone, 100_000, modules)
	return trade{
		what: fmt.Sprintf("go mod download of %d modules", modules), front: f,
		upstream: upstream("golang", f.url(p.URL()), fmt.Sprintf(", options: {sumdb: %q}", p.Key())), direct: f.url(p.URL()), gate: "/go",
		index: "/go/" + lone + "/@v/list", file: "/go/" + lone + "/@v/v1.2.0.zip", outside: lone + "/",
		install: func(home, registry string) *exec.Cmd {
			saveProject(b, home, "project/go.mod", mod.String())
			saveProject(b, home, "project/go.sum", sum.String())
			saveProject(b, home, ".config/go/telemetry/mode", "off") // it would write after its end
			c := exec.Command(command, "mod", "download")
			c.Dir = filepath.Join(home, "project")
			c.Env = []string{"GOPROXY=" + registry, "GOSUMDB=" + p.Key(), "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOMODCACHE=" + filepath.Join(home, "mod"), "GOCACHE=" + filepath.Join(home, "build"), "GOENV=off"}
			return c
		},
	}
}

// cargo resolves and fetches a tree of crates, four below each.
func (g *ground) cargo(b *testing.B) trade {
	// What stands on the PATH may be a program that finds a toolchain by a home folder.
	sysroot, err := exec.Command(tool(b, "rustc", "apt-get install cargo"), "--print", "sysroot").Output()
	if err != nil {
		b.Fatal(err)
	}
	toolchain := filepath.Join(strings.TrimSpace(string(sysroot)), "bin")
	cargo := tool(b, "cargo", "apt-get install cargo", toolchain)
	x := stub.NewCargoIndex(b)
	f := newFront(b, x.URL())
	name := func(i int) string { return fmt.Sprintf("benchcrate%03d", i) }
	put := func(name string, size int, seed uint64, needs []stub.CrateNeed) {
		files := map[string]string{"src/lib.rs": ""}
		for path, text := range rust.sources(size, seed) {
			files["src/"+path] = text
		}
		for _, old := range []string{"1.0.0", "1.1.0"} {
			x.Add(stub.Crate{Name: name, Version: old, Needs: needs})
		}
		x.Add(stub.Crate{Name: name, Version: "1.2.0", Needs: needs, Files: files})
	}
	const below = 4
	for i, size := range cargoSpread.sizes(crates) {
		var needs []stub.CrateNeed
		for j := below*i + 1; j <= below*i+below && j < crates; j++ {
			needs = append(needs, stub.CrateNeed{Name: name(j), Req: "^1"})
		}
		put(name(i), size, uint64(i), needs)
	}
	const lone = "benchherd"
	put(lone, 100_000, crates, nil)
	return trade{
		what: fmt.Sprintf("cargo fetch of %d crates", crates), front: f,
		upstream: upstream("cargo", f.url(x.URL()), ""), direct: f.url(x.URL()), gate: "/cargo/",
		index: "/cargo/" + stub.CratePath(lone), file: "/cargo/api/v1/crates/" + lone + "/1.2.0/download", outside: lone,
		install: func(home, registry string) *exec.Cmd {
			saveProject(b, home, "Cargo.toml", "[package]\nname = \"bench\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\n[dependencies]\n"+name(0)+" = \"1\"\n")
			saveProject(b, home, "src/lib.rs", "")
			saveProject(b, home, "cargo/config.toml", "[source.crates-io]\nreplace-with = \"bench\"\n\n[source.bench]\nregistry = \"sparse+"+registry+"\"\n")
			c := exec.Command(cargo, "fetch")
			c.Env = []string{"CARGO_HOME=" + filepath.Join(home, "cargo"), "PATH=" + toolchain + string(os.PathListSeparator) + os.Getenv("PATH")}
			return c
		},
	}
}

// maven resolves a tree of artifacts, four below each, and fetches their jars, with
// the goal's own plugin there already.
func (g *ground) maven(b *testing.B) trade {
	mvn := tool(b, "mvn", "apt-get install maven")
	plugins := cmp.Or(os.Getenv("GATEHOUSE_TEST_MAVEN_CLIENTS"), filepath.Join(root, ".clients-maven"))
	plugins = filepath.Join(plugins, "repository")
	if _, err := os.Stat(plugins); err != nil {
		b.Fatalf("%s has Maven's own plugins, and is not here; to have it: make clients", plugins)
	}
	m := stub.NewMavenRepo(b)
	f := newFront(b, m.URL())
	const group = "invalid.bench"
	name := func(i int) string { return fmt.Sprintf("artifact%02d", i) }
	put := func(name string, size int, seed uint64, needs []stub.MavenNeed) stub.MavenVersion {
		v := stub.MavenVersion{Group: group, Artifact: name, Version: "1.2.0", Needs: needs, Files: map[string]string{}}
		for path, text := range class.sources(size, seed) {
			v.Files["invalid/bench/"+path] = text
		}
		m.Put(b, stub.MavenVersion{Group: group, Artifact: name, Version: "1.0.0"}, stub.MavenVersion{Group: group, Artifact: name, Version: "1.1.0"}, v)
		return v
	}
	const below = 4
	for i, size := range mavenSpread.sizes(jars) {
		var needs []stub.MavenNeed
		for j := below*i + 1; j <= below*i+below && j < jars; j++ {
			needs = append(needs, stub.MavenNeed{Group: group, Artifact: name(j), Version: "1.2.0"})
		}
		put(name(i), size, uint64(i), needs)
	}
	const lone = "benchherd"
	alone := put(lone, 100_000, jars, nil)
	return trade{
		what: fmt.Sprintf("mvn dependency:resolve of %d artifacts", jars), front: f,
		upstream: upstream("maven", f.url(m.URL()), ""), direct: f.url(m.URL()), gate: "/maven",
		index: "/maven/invalid/bench/" + lone + "/maven-metadata.xml", file: "/maven" + alone.Path("jar"), outside: lone,
		prepare: func(home string) error {
			return os.CopyFS(filepath.Join(home, "repository"), os.DirFS(plugins))
		},
		install: func(home, registry string) *exec.Cmd {
			saveProject(b, home, "settings.xml", "<settings><mirrors><mirror><id>bench</id><mirrorOf>*</mirrorOf><url>"+registry+"</url></mirror></mirrors></settings>")
			saveProject(b, home, "pom.xml", "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>invalid.own</groupId>\n  <artifactId>own</artifactId>\n  <version>1.0</version>\n  <dependencies>\n    <dependency><groupId>"+group+"</groupId><artifactId>"+name(0)+"</artifactId><version>1.2.0</version></dependency>\n  </dependencies>\n</project>\n")
			c := exec.Command(mvn, "-B", "-q", "--no-transfer-progress", "-s", filepath.Join(home, "settings.xml"), "-Dmaven.repo.local="+filepath.Join(home, "repository"), "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:resolve")
			c.Env = []string{"MAVEN_OPTS=-Duser.home=" + home, "JAVA_HOME=" + os.Getenv("JAVA_HOME")}
			return c
		},
	}
}
