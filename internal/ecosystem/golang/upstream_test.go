package golang_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

const mod = "example.invalid/mod"

// clock is a time that a test moves.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Now().UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.ns.Add(int64(d)) }

type world struct {
	proxy *stub.GoProxy
	up    *golang.Upstream
	dir   string
	clock *clock
}

// newWorld is an upstream over a proxy whose database vouches for what it has.
func newWorld(t *testing.T) *world {
	w := &world{proxy: stub.NewGoProxy(t), dir: t.TempDir(), clock: newClock()}
	w.open(t, map[string]string{"sumdb": w.proxy.Key()})
	return w
}

func (w *world) open(t *testing.T, options map[string]string) {
	t.Helper()
	at, err := fetch.HostPort(w.proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Config{Upstreams: []string{at}, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.up, err = golang.OpenUpstream(adapter.UpstreamConfig{Name: "proxy", BaseURL: w.proxy.URL(), Client: client, CacheDir: w.dir, Now: w.clock.now, Options: options})
	if err != nil {
		t.Fatal(err)
	}
}

func pkg(name string) artifact.Package {
	return artifact.Package{Ecosystem: artifact.Golang, Name: name}
}

func (w *world) index(t *testing.T, name string) *ecosystem.Index {
	t.Helper()
	x, err := w.up.Index(t.Context(), pkg(name))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (w *world) complete(t *testing.T, x *ecosystem.Index, files ...string) *ecosystem.Index {
	t.Helper()
	full, err := w.up.Complete(t.Context(), x, files...)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

func numbers(x *ecosystem.Index) string {
	var out []string
	for _, f := range x.Files {
		out = append(out, f.Number)
	}
	return strings.Join(out, " ")
}

func known(t *testing.T, x *ecosystem.Index, number string) record.Version {
	t.Helper()
	v, err := record.Parse(x.Of(number)[0].Record)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestIndex(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.10.0"}, stub.GoModule{Path: mod, Version: "v1.9.0"},
		stub.GoModule{Path: mod, Version: "v1.11.0-rc.1"}, stub.GoModule{Path: mod, Version: "v2.0.0"})
	x := w.index(t, mod)
	if got := numbers(x); got != "v1.9.0 v1.10.0 v1.11.0-rc.1" || x.Dropped != 1 {
		t.Errorf("the index has %s, %d dropped; v2.0.0 is no version of a path without /v2", got, x.Dropped)
	}
	f := x.Files[1]
	if f.Name != "v1.10.0.zip" || f.Kind != artifact.ModuleZip || f.URL != w.proxy.URL()+"/"+mod+"/@v/v1.10.0.zip" || !f.Uploaded.IsZero() {
		t.Errorf("the file is %+v", f)
	}
	if n := len(w.proxy.Requests()); n != 1 {
		t.Errorf("an index costs %d requests: %v", n, w.proxy.Requests())
	}
	if _, err := w.up.Index(t.Context(), pkg("example.invalid/none")); !errors.Is(err, ecosystem.ErrNoPackage) {
		t.Errorf("what is not there: %v", err)
	}
	w.proxy.Fail("/example.invalid/broken", http.StatusBadGateway)
	if _, err := w.up.Index(t.Context(), pkg("example.invalid/broken")); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("what does not answer: %v", err)
	}
	for _, name := range []string{"../x", "example.invalid/@v", "", "nodot", "example.invalid//a"} {
		if _, err := w.up.Index(t.Context(), pkg(name)); err == nil || errors.Is(err, ecosystem.ErrNoPackage) {
			t.Errorf("%q was asked for: %v", name, err)
		}
	}
}

func TestCapitalsAreAnotherModule(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: "example.invalid/Mod", Version: "v1.0.0"}, stub.GoModule{Path: mod, Version: "v2.0.0+incompatible"})
	if got := numbers(w.index(t, "example.invalid/Mod")); got != "v1.0.0" {
		t.Errorf("got %s", got)
	}
	if got := numbers(w.index(t, mod)); got != "v2.0.0+incompatible" {
		t.Errorf("got %s", got)
	}
	if w.proxy.Asked("/example.invalid/!mod/@v/list") != 1 {
		t.Error(w.proxy.Requests())
	}
}

func TestCompleteOneVersion(t *testing.T) {
	w := newWorld(t)
	at := time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0", Time: at}, stub.GoModule{Path: mod, Version: "v1.1.0"})
	x := w.index(t, mod)
	full := w.complete(t, x, "v1.0.0.zip")
	f := full.Of("v1.0.0")[0]
	v := known(t, full, "v1.0.0")
	if !f.Uploaded.Equal(at) || v.Sum.State != record.Verified || !slices.Equal(f.Digests, []string{v.Sum.Zip}) || !strings.HasPrefix(v.Sum.Zip, "h1:") || !strings.HasPrefix(v.Sum.Mod, "h1:") {
		t.Errorf("it is known as %+v with %v", v, f.Digests)
	}
	if full.Digest == x.Digest {
		t.Error("the index says other things under the same digest")
	}
	if full.Of("v1.1.0")[0].Uploaded.IsZero() == false {
		t.Error("a version that nobody wanted was asked about")
	}
	asked := len(w.proxy.Requests())
	again := w.complete(t, full, "v1.0.0.zip")
	if again != full || len(w.proxy.Requests()) != asked {
		t.Error("what is known was asked for again")
	}
	if same := w.index(t, mod); same.Digest != full.Digest {
		t.Error("a later index does not say what was learned")
	}
	w.open(t, map[string]string{"sumdb": w.proxy.Key()}) // the gate starts again
	if same := w.index(t, mod); same.Digest != full.Digest || !same.Of("v1.0.0")[0].Uploaded.Equal(at) {
		t.Error("what was learned is lost with the process")
	}
	if w.proxy.Asked("/"+mod+"/@v/v1.0.0.info") != 1 {
		t.Error("an .info was asked for twice")
	}
}

// TestCompleteAnOlderIndex: of a hundred who ask at once some hold an index from
// before the others had learned what there is to learn; they get all of it too.
func TestCompleteAnOlderIndex(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
	older := w.index(t, mod)
	w.complete(t, older)
	for _, files := range [][]string{nil, {"v1.0.0.zip"}} {
		if x := w.complete(t, older, files...); x.Files[0].Uploaded.IsZero() {
			t.Errorf("completing %v of an older index gives a version without its date", files)
		}
	}
}

func TestCompleteEverything(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"}, stub.GoModule{Path: mod, Version: "v1.1.0"}, stub.GoModule{Path: mod, Version: "v1.2.0"},
		stub.GoModule{Path: mod, Version: "v1.3.0"}, stub.GoModule{Path: mod, Version: "v1.4.0", NoTime: true,
			GoMod: "// Deprecated: take another one\nmodule " + mod + "\n\nretract v1.1.0 // it loses data\n"})
	x := w.complete(t, w.index(t, mod))
	for _, f := range x.Files {
		if f.Uploaded.IsZero() != (f.Number == "v1.4.0") {
			t.Errorf("%s has the date %s", f.Number, f.Uploaded)
		}
		if f.Yanked != (f.Number == "v1.1.0") {
			t.Errorf("%s: retracted %t", f.Number, f.Yanked)
		}
	}
	if x.Of("v1.1.0")[0].YankedReason != "it loses data" || x.Status != "deprecated" || x.Reason != "take another one" {
		t.Errorf("the author's notes: %+v, %q %q", x.Of("v1.1.0")[0], x.Status, x.Reason)
	}
	looked := 0
	for _, r := range w.proxy.Requests() {
		if strings.Contains(r, "/lookup/") {
			looked++
		}
	}
	if looked != 3 {
		t.Errorf("the database was asked about %d versions, not the newest 3", looked)
	}
}

func TestVersionsWithoutATag(t *testing.T) {
	w := newWorld(t)
	const pseudo = "v0.0.0-20260503120000-0123456789ab"
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: pseudo, Unlisted: true})
	if got := numbers(w.index(t, mod)); got != pseudo {
		t.Errorf("a module without tags has %q", got)
	}
	w.proxy.Put(t, stub.GoModule{Path: "example.invalid/other", Version: "v1.0.0"}, stub.GoModule{Path: "example.invalid/other", Version: pseudo, Unlisted: true})
	x := w.index(t, "example.invalid/other")
	full := w.complete(t, x, pseudo+".zip")
	if got := numbers(full); got != "v1.0.0 "+pseudo {
		t.Errorf("asked for by name it has %q", got)
	}
	w.open(t, map[string]string{"sumdb": w.proxy.Key()})
	if got := numbers(w.index(t, "example.invalid/other")); got != "v1.0.0 "+pseudo {
		t.Errorf("later it has %q", got)
	}
	for _, name := range []string{"v1.9.9.zip", "master.zip", "v1.0.0", "../../x.zip", "v2.0.0.zip"} {
		if got := w.complete(t, x, name); len(got.Of("v1.0.0")) != 1 || len(got.Of(strings.TrimSuffix(name, ".zip"))) != 0 && name != "v1.0.0" {
			t.Errorf("%s: %s", name, numbers(got))
		}
	}
}

// TestForgedDates: a publisher writes the .info, and the log says better.
func TestForgedDates(t *testing.T) {
	w := newWorld(t)
	long := w.clock.now().Add(-1000 * 24 * time.Hour).UTC().Truncate(time.Second)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0", Time: long})
	first := w.complete(t, w.index(t, mod), "v1.0.0.zip")
	seen := w.clock.now()
	if f := first.Of("v1.0.0")[0]; !f.Uploaded.Equal(long) {
		t.Errorf("a gate that saw the log for the first time dates an old version %s", f.Uploaded)
	}
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.1.0", Time: long})
	w.clock.forward(48 * time.Hour)
	later := w.complete(t, w.index(t, mod), "v1.1.0.zip")
	if f := later.Of("v1.1.0")[0]; !f.Uploaded.Equal(seen) {
		t.Errorf("a version that the log did not have on %s, with an old .info, is of %s", seen, f.Uploaded)
	}
	if f := later.Of("v1.0.0")[0]; !f.Uploaded.Equal(long) {
		t.Error("the date of an old version moved")
	}
	// A gate that never saw the log believes the .info, unless it is given what another saw.
	checkpoints, err := filepath.Glob(filepath.Join(w.dir, "sumdb", "*", "checkpoints"))
	if err != nil || len(checkpoints) != 1 {
		t.Fatal(checkpoints, err)
	}
	seenByOther := filepath.Join(t.TempDir(), "seen")
	b, err := os.ReadFile(checkpoints[0])
	if err != nil || os.WriteFile(seenByOther, b, 0o600) != nil {
		t.Fatal(err)
	}
	w.dir = t.TempDir()
	w.open(t, map[string]string{"sumdb": w.proxy.Key()})
	if f := w.complete(t, w.index(t, mod), "v1.1.0.zip").Of("v1.1.0")[0]; !f.Uploaded.Equal(long) {
		t.Errorf("a fresh gate dates it %s", f.Uploaded)
	}
	w.dir = t.TempDir()
	w.open(t, map[string]string{"sumdb": w.proxy.Key(), "checkpoints": seenByOther})
	if f := w.complete(t, w.index(t, mod), "v1.1.0.zip").Of("v1.1.0")[0]; !f.Uploaded.Equal(later.Of("v1.1.0")[0].Uploaded) {
		t.Errorf("with another gate's checkpoints it is dated %s", f.Uploaded)
	}
}

func TestSumStates(t *testing.T) {
	for _, tc := range []struct {
		why     string
		options func(*stub.GoProxy) map[string]string
		break_  func(*stub.GoProxy)
		want    record.State
	}{
		{"the database vouches", func(p *stub.GoProxy) map[string]string { return map[string]string{"sumdb": p.Key()} }, nil, record.Verified},
		{"at its own address", func(p *stub.GoProxy) map[string]string { return map[string]string{"sumdb": p.SumDB()} },
			func(p *stub.GoProxy) { p.Fail("/sumdb/"+stub.GoDatabase+"/supported", 404) }, record.Verified},
		{"turned off", func(*stub.GoProxy) map[string]string { return map[string]string{"sumdb": "off"} }, nil, record.Off},
		{"it has no record", func(p *stub.GoProxy) map[string]string { return map[string]string{"sumdb": p.Key()} },
			func(p *stub.GoProxy) { p.Fail("/sumdb/"+stub.GoDatabase+"/lookup", 404) }, record.Absent},
		{"it is down", func(p *stub.GoProxy) map[string]string { return map[string]string{"sumdb": p.Key()} },
			func(p *stub.GoProxy) { p.Fail("/sumdb/"+stub.GoDatabase+"/lookup", 500) }, record.Unknown},
		{"its tiles are down", func(p *stub.GoProxy) map[string]string { return map[string]string{"sumdb": p.Key()} },
			func(p *stub.GoProxy) { p.Fail("/sumdb/"+stub.GoDatabase+"/tile", 500) }, record.Unknown},
		{"its log is signed by somebody else", func(*stub.GoProxy) map[string]string { return map[string]string{"sumdb": stub.NewGoProxy(t).Key()} }, nil, record.Unknown},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := &world{proxy: stub.NewGoProxy(t), dir: t.TempDir(), clock: newClock()}
			w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"}, stub.GoModule{Path: mod, Version: "v1.1.0"})
			w.open(t, tc.options(w.proxy))
			if tc.break_ != nil {
				tc.break_(w.proxy)
			}
			x := w.complete(t, w.index(t, mod), "v1.1.0.zip")
			if got := known(t, x, "v1.1.0").Sum.State; got != tc.want {
				t.Errorf("state %q, want %q", got, tc.want)
			}
			if x.Of("v1.1.0")[0].Uploaded.IsZero() {
				t.Error("the .info is lost with the database")
			}
		})
	}
}

// TestTheDatabaseIsAskedAgain: what did not answer once is asked when the pause is
// over, and then the record changes.
func TestTheDatabaseIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
	lookups := "/sumdb/" + stub.GoDatabase + "/lookup"
	w.proxy.Fail(lookups, 500)
	x := w.complete(t, w.index(t, mod), "v1.0.0.zip")
	w.complete(t, x, "v1.0.0.zip")
	if n := w.proxy.Asked(lookups + "/" + mod + "@v1.0.0"); n != 1 {
		t.Errorf("a silent database was asked %d times", n)
	}
	w.proxy.Fail(lookups, 0)
	w.clock.forward(time.Minute)
	if got := known(t, w.complete(t, x, "v1.0.0.zip"), "v1.0.0").Sum.State; got != record.Verified {
		t.Errorf("later it is %q", got)
	}
}

func TestOptions(t *testing.T) {
	for options, why := range map[string]string{"sumdb=not a host!": "write NAME", "sumdb=a+b+c": "sumdb", "other=x": "no option", "checkpoints=/nowhere/x": "checkpoints"} {
		name, value, _ := strings.Cut(options, "=")
		set := map[string]string{name: value}
		if name == "checkpoints" {
			set["sumdb"] = stub.NewGoProxy(t).Key()
		}
		_, err := golang.OpenUpstream(adapter.UpstreamConfig{Name: "proxy", BaseURL: "http://127.0.0.1:9", CacheDir: t.TempDir(), Options: set})
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	w := newWorld(t)
	const text = "module " + mod + "\n\ngo 1.20\n\nrequire (\n\texample.invalid/a v1.2.3\n\texample.invalid/B v0.0.0-20260503120000-0123456789ab // indirect\n)\n"
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0", GoMod: text})
	x := w.complete(t, w.index(t, mod), "v1.0.0.zip")
	m, raw, err := w.up.Metadata(t.Context(), x, x.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != mod || m.Version != "v1.0.0" || m.MetadataFormat != "1.20" || !slices.Equal(m.RequiresDist, []string{"example.invalid/a v1.2.3", "example.invalid/B v0.0.0-20260503120000-0123456789ab"}) {
		t.Errorf("%+v", m)
	}
	var both record.Metadata
	if err := json.Unmarshal(raw, &both); err != nil || both.Mod != text || !strings.Contains(string(both.Info), `"Version":"v1.0.0"`) {
		t.Errorf("%s, %v", raw, err)
	}
	deps := golang.Ecosystem{}.Dependencies(m)
	if len(deps) != 2 || deps[0].Package.Name != "example.invalid/a" || deps[0].Spec != ">=v1.2.3" || deps[1].Package.Name != "example.invalid/B" {
		t.Errorf("%+v", deps)
	}
}

// TestAForgedGoMod: the proxy serves another go.mod than the database has.
func TestAForgedGoMod(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
	x := w.complete(t, w.index(t, mod), "v1.0.0.zip")
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0", GoMod: "module " + mod + "\n\nrequire example.invalid/evil v1.0.0\n"})
	if _, _, err := w.up.Metadata(t.Context(), x, x.Files[0]); !errors.Is(err, ecosystem.ErrBadMetadata) {
		t.Errorf("it was taken: %v", err)
	}
}

func TestDocuments(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
	read := func(name, path string) ([]byte, error) { return w.up.Document(t.Context(), pkg(name), path) }
	db := "sumdb/" + stub.GoDatabase
	if b, err := read("", db+"/supported"); err != nil || len(b) != 0 {
		t.Errorf("supported: %q, %v", b, err)
	}
	b, err := read(mod, db+"/lookup/"+mod+"@v1.0.0")
	if err != nil || !strings.Contains(string(b), mod+" v1.0.0 h1:") || !strings.Contains(string(b), "go.sum database tree") {
		t.Errorf("lookup: %q, %v", b, err)
	}
	if b, err := read("", db+"/latest"); err != nil || !strings.Contains(string(b), "go.sum database tree") {
		t.Errorf("latest: %q, %v", b, err)
	}
	if b, err := read("", db+"/tile/8/0/000.p/1"); err != nil || len(b) != 32 {
		t.Errorf("tile: %q, %v", b, err)
	}
	for _, path := range []string{"sumdb/other.invalid/latest", db + "/lookup/" + mod + "@v9.9.9", db + "/tile/../../secret", db + "/admin", "x", db + "/lookup/example.invalid/other@v1.0.0"} {
		if _, err := read(mod, path); !errors.Is(err, ecosystem.ErrNoPackage) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b, err := read(mod, "query/v1.0.0"); err != nil || !strings.Contains(string(b), "v1.0.0") {
		t.Errorf("query: %q, %v", b, err)
	}
	before := w.proxy.Requests()
	for _, revision := range []string{"x%2f..%2f..%2fsecret", "v1.0.0.info#", "a b", "..", "x/y"} {
		if _, err := read(mod, "query/"+revision); !errors.Is(err, ecosystem.ErrNoPackage) {
			t.Errorf("revision %q: %v", revision, err)
		}
	}
	if after := w.proxy.Requests(); !slices.Equal(before, after) {
		t.Errorf("revisions that are none were asked for: %q", after)
	}
}

func TestSingleFlight(t *testing.T) {
	w := newWorld(t)
	w.proxy.Put(t, stub.GoModule{Path: mod, Version: "v1.0.0"})
	w.proxy.Delay(20 * time.Millisecond)
	done := make(chan error)
	for range 50 {
		go func() {
			x, err := w.up.Index(context.Background(), pkg(mod))
			if err == nil {
				_, err = w.up.Complete(context.Background(), x, "v1.0.0.zip")
			}
			done <- err
		}()
	}
	for range 50 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"/" + mod + "/@v/list", "/" + mod + "/@v/v1.0.0.info", "/sumdb/" + stub.GoDatabase + "/lookup/" + mod + "@v1.0.0"} {
		if n := w.proxy.Asked(path); n != 1 {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
}
