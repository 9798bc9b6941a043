package golang

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// Limits on what is read of an upstream.
const (
	maxListBytes = 8 << 20  // a version list
	maxListed    = 20_000   // versions of one module
	maxInfoBytes = 1 << 20  // an .info
	maxModBytes  = 16 << 20 // a .mod, as the go command has it
	// maxCompleted is how many versions of one module are asked about at once when
	// everything is wanted: the newest. The others have no date, and wait until
	// somebody asks for one of them.
	maxCompleted = 2_000
	atOnce       = 16 // requests for one module
	// newestVouched is how many of the newest versions the checksum database is asked
	// about when a whole list is completed: a forged date pays there.
	newestVouched = 3
)

// Upstream reads a module proxy (https://go.dev/ref/mod#goproxy-protocol) and the
// checksum database. It implements ecosystem.Upstream, ecosystem.Completer and
// ecosystem.Documents and is safe for concurrent use, in one process per CacheDir.
//
// The date of a version is the later of two: what its .info says, which its
// publisher chose, and when the gate last saw the database's log without the
// version's record (package sums). A gate that has seen no checkpoint yet has the
// .info's date alone.
type Upstream struct {
	*indexcache.Cache
	client *fetch.Client
	vouch  *voucher
	known  knowledge
}

var (
	_ ecosystem.Upstream  = (*Upstream)(nil)
	_ ecosystem.Completer = (*Upstream)(nil)
	_ ecosystem.Documents = (*Upstream)(nil)
)

// OpenUpstream makes an Upstream over BaseURL, as one element of GOPROXY names it.
// It knows the Options "sumdb", in the words of GOSUMDB, "off" to ask no database
// (for an internal upstream), and "checkpoints", a file of signed checkpoints that
// another gate has seen.
func OpenUpstream(cfg adapter.UpstreamConfig) (*Upstream, error) {
	cache, err := indexcache.Open(indexcache.Config{
		UpstreamConfig: cfg, Ecosystem: artifact.Golang, Check: checkPackage, Page: listURL, MaxBytes: maxListBytes, Parse: parseList,
	})
	if err != nil {
		return nil, err
	}
	vouch, err := newVoucher(cfg, cache)
	if err != nil {
		return nil, fmt.Errorf("upstream %s: %w", cfg.Name, err)
	}
	return &Upstream{Cache: cache, client: cfg.Client, vouch: vouch, known: newKnowledge(cfg.CacheDir)}, nil
}

// checkPackage keeps anything but a module path that can be fetched out of URLs.
func checkPackage(p artifact.Package) error {
	if err := module.CheckPath(p.Name); err != nil {
		return fmt.Errorf("reading versions of %.100q: not a module path", p.Name)
	}
	return nil
}

// listURL is where a module's versions are listed.
func listURL(base *url.URL, p artifact.Package) string {
	escaped, err := module.EscapePath(p.Name)
	if err != nil {
		escaped = "invalid" // checkPackage was asked before
	}
	return base.String() + escaped + "/@v/list"
}

// document is the URL of one document of a version.
func (u *Upstream) document(p artifact.Package, number, ext string) (string, error) {
	escaped, err := module.EscapeVersion(number)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(listURL(u.Base(), p), "list") + escaped + ext, nil
}

// fileName is the name of a version's zip among the files of its module.
func fileName(number string) string { return number + ".zip" }

// parseList reads a version list: one version a line, in no order. What is no
// version of the module is dropped.
func parseList(p artifact.Package, page *url.URL, _ string, body []byte) (*ecosystem.Index, error) {
	x := &ecosystem.Index{Package: p}
	base := strings.TrimSuffix(page.String(), "list")
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 64<<10)
	seen, versions := map[string]bool{}, 0
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) == 0 {
			continue
		}
		number := f[0]
		if semver.IsValid(number) {
			versions++
		}
		if !isVersion(p, number) || seen[number] {
			x.Dropped++
			continue
		}
		if len(seen) >= maxListed {
			return nil, fmt.Errorf("it lists more than %d versions", maxListed)
		}
		seen[strings.Clone(number)] = true
		x.Files = append(x.Files, zipFile(base, strings.Clone(number)))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the version list: %w", err)
	}
	if versions == 0 && x.Dropped > 0 {
		return nil, errors.New("it is no list of versions") // a login page, answered with 200
	}
	slices.SortFunc(x.Files, func(a, b ecosystem.IndexFile) int { return semver.Compare(a.Number, b.Number) })
	return x, nil
}

// isVersion says whether a number is one that the go command asks for of a module:
// spelled in the one way, and fitting the major version in the module's path.
func isVersion(p artifact.Package, number string) bool {
	v, err := goversion.Parse(number)
	return err == nil && v == number && module.Check(p.Name, number) == nil
}

func zipFile(base, number string) ecosystem.IndexFile {
	escaped, err := module.EscapeVersion(number)
	if err != nil {
		escaped = "invalid" // isVersion was asked before
	}
	return ecosystem.IndexFile{Name: fileName(number), Number: number, Kind: artifact.ModuleZip, URL: base + escaped + ".zip"}
}

// Index implements ecosystem.Upstream: the version list with all that was learned of
// its versions, and the versions without a tag that were asked for by name before. A
// module whose list is empty has the one version that the proxy calls its latest.
func (u *Upstream) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return u.complete(ctx, p, u.Cache.Index)
}

// Refresh is Index that asks the upstream, however fresh the known answer is.
func (u *Upstream) Refresh(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return u.complete(ctx, p, u.Cache.Refresh)
}

func (u *Upstream) complete(ctx context.Context, p artifact.Package, read func(context.Context, artifact.Package) (*ecosystem.Index, error)) (*ecosystem.Index, error) {
	x, err := read(ctx, p)
	if err != nil {
		return nil, err
	}
	known := u.known.of(p)
	if len(x.Files) == 0 && len(known.Versions) == 0 {
		if err := u.learnLatest(ctx, p); err != nil {
			return nil, err
		}
	}
	return u.describe(ctx, x), nil
}

// learnLatest asks for the version that the proxy has of a module without tags.
func (u *Upstream) learnLatest(ctx context.Context, p artifact.Package) error {
	address := strings.TrimSuffix(listURL(u.Base(), p), "@v/list") + "@latest"
	a, err := u.Cache.Document(ctx, indexcache.Document{URL: address, MaxBytes: maxInfoBytes})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return nil // a module without any version
	}
	if err != nil {
		return err
	}
	v, err := parseInfo(p, a.Body)
	if err != nil {
		return nil // what it calls the latest is no version of the module
	}
	u.known.learn(p, func(k *known) { k.Versions[v.Version] = v })
	return nil
}

// info is an .info document.
type info struct {
	Version string
	Time    time.Time
	Origin  json.RawMessage
}

// maxOrigin bounds what an .info says of where a version came from, in bytes.
const maxOrigin = 4 << 10

var errNotInfo = errors.New("it is no .info of a version of the module")

func parseInfo(p artifact.Package, body []byte) (record.Version, error) {
	var in info
	if err := json.Unmarshal(body, &in); err != nil {
		return record.Version{}, fmt.Errorf("%w: %w", errNotInfo, err)
	}
	if !isVersion(p, in.Version) {
		return record.Version{}, errNotInfo
	}
	v := record.Version{Version: in.Version, Time: in.Time.UTC()}
	var origin bytes.Buffer
	if len(in.Origin) > 0 && len(in.Origin) <= maxOrigin && json.Compact(&origin, in.Origin) == nil && origin.Bytes()[0] == '{' {
		v.Origin = origin.Bytes()
	}
	return v, nil
}

// describe gives x with all that is known of its module.
func (u *Upstream) describe(ctx context.Context, x *ecosystem.Index) *ecosystem.Index {
	state := u.vouch.state(ctx)
	return u.known.describe(x, state, func(number string) ecosystem.IndexFile {
		return zipFile(strings.TrimSuffix(listURL(u.Base(), x.Package), "list"), number)
	})
}

// Complete implements ecosystem.Completer. Of a named version it learns the .info and
// what the checksum database says; of a whole list the .info of its newest
// versions, what the database says of the newest few, and which versions are
// retracted.
func (u *Upstream) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	wanted, whole := u.wanted(x, files)
	if len(wanted) == 0 && !whole {
		return u.Index(ctx, x.Package) // x may be older than what was learned meanwhile
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	failed, learned := make([]error, len(wanted)), make([]func(*known), len(wanted)+1)
	for i, w := range wanted {
		g.Go(func() error {
			learned[i], failed[i] = u.learn(gctx, x.Package, w)
			return nil
		})
	}
	if whole {
		g.Go(func() error { learned[len(wanted)] = u.learnRetractions(gctx, x); return nil })
	}
	_ = g.Wait()                              // nothing in it fails the others
	u.known.learn(x.Package, func(k *known) { // all at once: each time is a file that is written
		for _, change := range learned {
			if change != nil {
				change(k)
			}
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	bad := slices.DeleteFunc(slices.Clone(failed), func(err error) bool { return err == nil })
	if len(bad) > 0 && len(bad) == len(wanted) {
		return nil, bad[0]
	}
	return u.Index(ctx, x.Package) // the plain list stands in memory; what x describes already is not described twice
}

// want is one version to learn of.
type want struct {
	number    string
	info, sum bool
	listed    bool
}

// wanted lists what is not known yet of the files named, or of the newest ones.
func (u *Upstream) wanted(x *ecosystem.Index, files []string) (out []want, whole bool) {
	known := u.known.of(x.Package)
	listed := map[string]bool{}
	for _, f := range x.Files {
		listed[f.Number] = true
	}
	add := func(number string, vouched bool) {
		v, ok := known.Versions[number]
		w := want{number: number, info: !ok || v.Time.IsZero(), sum: vouched && u.vouch.wants(known, v), listed: listed[number] && !known.guessed(number)}
		if w.info || w.sum {
			out = append(out, w)
		}
	}
	for _, f := range files {
		if number, ok := strings.CutSuffix(f, ".zip"); ok && isVersion(x.Package, number) {
			add(number, true)
		}
	}
	if len(files) > 0 {
		return out, false
	}
	newest := slices.SortedFunc(slices.Values(x.Files), func(a, b ecosystem.IndexFile) int { return semver.Compare(b.Number, a.Number) })
	releases := 0
	for i, f := range newest[:min(len(newest), maxCompleted)] {
		release := !goversion.Pre(f.Number)
		if release {
			releases++
		}
		add(f.Number, i == 0 || release && releases <= newestVouched)
	}
	return out, !known.asked(x)
}

// learn asks about one version, and gives what is then known; nil for nothing new.
// What only the database does not answer is no error: the version is then known
// without being vouched for.
func (u *Upstream) learn(ctx context.Context, p artifact.Package, w want) (func(*known), error) {
	var v record.Version
	if w.info {
		var err error
		v, err = u.readInfo(ctx, p, w)
		switch {
		case errors.Is(err, ecosystem.ErrNoPackage), errors.Is(err, errNotInfo), err == nil && v.Version != w.number:
			return nil, nil // it has no such version
		case err != nil:
			return nil, err
		}
	}
	var sum record.Sum
	if w.sum {
		var err error
		if sum, err = u.vouch.lookup(ctx, module.Version{Path: p.Name, Version: w.number}); err != nil {
			sum = record.Sum{} // it is told of there; the version waits until it answers
		}
	}
	return func(k *known) {
		now := k.Versions[w.number]
		if w.info {
			v.Sum = now.Sum
			now = v
		}
		if sum.State != record.Unknown {
			now.Sum, k.Database = sum, u.vouch.database()
		}
		k.Versions[w.number] = now
		if !w.listed {
			k.Guessed = append(k.Guessed, w.number)
		}
	}, nil
}

func (u *Upstream) readInfo(ctx context.Context, p artifact.Package, w want) (record.Version, error) {
	address, err := u.document(p, w.number, ".info")
	if err != nil {
		return record.Version{}, fmt.Errorf("%w: %w", errNotInfo, err)
	}
	a, err := u.Cache.Document(ctx, indexcache.Document{URL: address, MaxBytes: maxInfoBytes, Immutable: true, Guessed: !w.listed})
	if err != nil {
		return record.Version{}, err
	}
	return parseInfo(p, a.Body)
}

// learnRetractions reads, from the newest version's go.mod, which versions its
// author took back and whether the module is deprecated. That they cannot be read
// is no fault: they are notes of the author's.
func (u *Upstream) learnRetractions(ctx context.Context, x *ecosystem.Index) func(*known) {
	newest := newestOf(x)
	if newest == "" {
		return nil
	}
	b, err := u.readMod(ctx, x.Package, newest)
	if err != nil {
		return nil
	}
	f, err := modfile.ParseLax("go.mod", b, nil)
	if err != nil {
		return nil
	}
	return func(k *known) { k.author(newest, f) }
}

// newestOf is the version whose go.mod speaks for its module: the highest release,
// else the highest pre-release.
func newestOf(x *ecosystem.Index) string {
	var release, pre string
	for _, f := range x.Files {
		into := &release
		if goversion.Pre(f.Number) {
			into = &pre
		}
		if *into == "" || semver.Compare(f.Number, *into) > 0 {
			*into = f.Number
		}
	}
	if release != "" {
		return release
	}
	return pre
}
