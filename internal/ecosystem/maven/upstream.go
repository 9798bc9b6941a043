package maven

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// Limits on what is read of an upstream.
const (
	maxPomBytes      = 4 << 20
	maxChecksumBytes = 4 << 10
	// maxCompleted is how many versions of one package are asked about at once when
	// everything is wanted: the newest. The others have no date, and wait until somebody
	// asks for one of their files.
	maxCompleted = 500
	atOnce       = 16 // requests for one package
)

// settledAfter is how long ago a version has to be listed for the date of that list to
// stand for its own, as far as it is only listed. A file that is asked for has its own.
const settledAfter = 90 * 24 * time.Hour

// Upstream reads a repository in Maven's layout
// (https://maven.apache.org/repository/layout.html). It implements
// ecosystem.Upstream, ecosystem.Completer, ecosystem.Documents and ecosystem.Holder and
// is safe for concurrent use, in one process per CacheDir.
//
// A repository has no list of a version's files: a package's index has the poms, and
// any other file once somebody asked for it and the repository had it. The date of a
// file is the later of two: when its pom was last changed, and when the checksum beside
// it was, both by Last-Modified. Where the repository sends none, it is the date of the
// first list here that had the version (lastUpdated), than which no version in it is
// younger. The checksums that the repository has of it (SHA-1, SHA-256, SHA-512) are
// what its bytes are held against; signatures are not verified.
//
// What stands in no maven-metadata.xml does not exist here, and snapshots do not: their
// bytes change under one name.
type Upstream struct {
	*indexcache.Cache
	known knowledge
}

var (
	_ ecosystem.Upstream  = (*Upstream)(nil)
	_ ecosystem.Completer = (*Upstream)(nil)
	_ ecosystem.Documents = (*Upstream)(nil)
	_ ecosystem.Holder    = (*Upstream)(nil)
)

// OpenUpstream makes an Upstream over BaseURL, the address of a repository. It knows no
// Options.
func OpenUpstream(cfg adapter.UpstreamConfig) (*Upstream, error) {
	if len(cfg.Options) > 0 {
		return nil, fmt.Errorf("upstream %s: a Maven repository has no option %q", cfg.Name, slices.Sorted(maps.Keys(cfg.Options))[0])
	}
	cache, err := indexcache.Open(indexcache.Config{
		UpstreamConfig: cfg, Ecosystem: artifact.Maven, Check: checkPackage, Page: metadataURL, MaxBytes: maxMetadataBytes, Parse: parseIndex,
	})
	if err != nil {
		return nil, err
	}
	return &Upstream{Cache: cache, known: newKnowledge(cfg.CacheDir)}, nil
}

// checkPackage keeps anything but a name out of URLs and paths.
func checkPackage(p artifact.Package) error {
	_, err := coordinate.Of(p)
	return err
}

func metadataURL(base *url.URL, p artifact.Package) string {
	n, err := coordinate.Of(p)
	if err != nil {
		return base.String() + "invalid" // checkPackage was asked before
	}
	return address(base, n.Path(), metadataFile)
}

// Index implements ecosystem.Upstream: the versions with all that was learned of their
// files.
func (u *Upstream) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return u.describe(u.Cache.Index(ctx, p))
}

// Refresh is Index that asks the upstream, however fresh the known answer is.
func (u *Upstream) Refresh(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	return u.describe(u.Cache.Refresh(ctx, p))
}

func (u *Upstream) describe(x *ecosystem.Index, err error) (*ecosystem.Index, error) {
	if err != nil {
		return nil, err
	}
	n, err := coordinate.Of(x.Package)
	if err != nil {
		return nil, err
	}
	u.known.list(x)
	return u.known.describe(n, x, func(number, name string) string {
		return address(u.Base(), n.Path(), number, name)
	}), nil
}

// want is one file to learn of.
type want struct {
	number, name string
	listed       bool // it is a pom that the index lists
	dated        bool // its date is enough
}

// Complete implements ecosystem.Completer. Of a named file it learns whether the
// repository has it, its date and its checksums; of a whole package the dates of its
// newest poms, where the list itself is young.
func (u *Upstream) Complete(ctx context.Context, x *ecosystem.Index, files ...string) (*ecosystem.Index, error) {
	n, err := coordinate.Of(x.Package)
	if err != nil {
		return nil, err
	}
	wanted := u.wanted(n, x, files)
	if len(wanted) == 0 {
		return u.Index(ctx, x.Package) // x may be older than what was learned meanwhile
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	found, failed := make([]*fileFacts, len(wanted)), make([]error, len(wanted))
	for i, w := range wanted {
		g.Go(func() error {
			found[i], failed[i] = u.learn(gctx, n, w)
			return nil
		})
	}
	_ = g.Wait() // nothing in it fails the others
	u.known.learn(x.Package, func(k *known) {
		for i, w := range wanted {
			if found[i] != nil {
				k.Files[w.name] = *found[i]
			}
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if bad := slices.DeleteFunc(failed, func(err error) bool { return err == nil }); len(bad) == len(wanted) {
		return nil, bad[0]
	}
	return u.Index(ctx, x.Package)
}

// wanted lists what is not known yet of the files named, or of the newest poms.
func (u *Upstream) wanted(n coordinate.Name, x *ecosystem.Index, files []string) (out []want) {
	known := u.known.of(x.Package)
	if len(files) == 0 {
		for i := len(x.Files) - 1; i >= 0 && len(out) < maxCompleted; i-- {
			if f := x.Files[i]; f.Uploaded.IsZero() && f.Name == n.File(f.Number, "", pomExt) && !known.asked(f.Name) {
				out = append(out, want{number: f.Number, name: f.Name, listed: true, dated: true})
			}
		}
		return out
	}
	versions := map[string]bool{}
	for _, f := range x.Files {
		versions[f.Number] = true
	}
	for _, name := range files {
		if number, ok := fileOf(n, name, versions); ok && (!known.asked(name) || known.Files[name].Dated) {
			out = append(out, want{number: number, name: name, listed: name == n.File(number, "", pomExt)})
		}
	}
	return out
}

// learn asks about one file; nil for one that the repository does not have.
func (u *Upstream) learn(ctx context.Context, n coordinate.Name, w want) (*fileFacts, error) {
	var facts fileFacts
	var sums checksums
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		facts, err = u.learnPom(gctx, n, w.number)
		return err
	})
	if !w.dated {
		g.Go(func() (err error) {
			sums, err = u.learnChecksums(gctx, n, w)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	facts.Dated = w.dated
	if w.listed {
		if facts.Pom == "" {
			return &fileFacts{Absent: true}, nil // it is listed, and gone
		}
		facts.SHA256 = facts.Pom
	} else if !sums.there {
		return nil, nil
	}
	facts.Digests = sums.digests
	if sums.sha256 != "" && facts.SHA256 == "" {
		facts.SHA256 = sums.sha256
	}
	if !facts.Uploaded.IsZero() && sums.changed.After(facts.Uploaded) {
		facts.Uploaded = sums.changed
	}
	return &facts, nil
}

// learnPom reads a version's pom, for its date. A version without one has neither.
func (u *Upstream) learnPom(ctx context.Context, n coordinate.Name, number string) (fileFacts, error) {
	a, err := u.readPom(ctx, n, number)
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return fileFacts{}, nil
	}
	if err != nil {
		return fileFacts{}, err
	}
	return fileFacts{Uploaded: a.LastModified.UTC(), Pom: artifact.DigestOf(a.Body)}, nil
}

func (u *Upstream) readPom(ctx context.Context, n coordinate.Name, number string) (indexcache.Answer, error) {
	return u.Cache.Document(ctx, indexcache.Document{URL: address(u.Base(), n.Path(), number, n.File(number, "", pomExt)), MaxBytes: maxPomBytes, Immutable: true})
}

// checksums is what a repository says of a file's bytes.
type checksums struct {
	there   bool
	digests []string // as ecosystem.IndexFile.Digests
	sha256  artifact.Digest
	changed time.Time // the latest of the checksums' own dates; zero where none has one
}

// learnChecksums reads the checksums beside a file. SHA-1 and SHA-256 are asked for
// first, since nearly every repository has the one or the other; a file with neither
// may be there all the same.
func (u *Upstream) learnChecksums(ctx context.Context, n coordinate.Name, w want) (checksums, error) {
	at := address(u.Base(), n.Path(), w.number, w.name)
	var sums checksums
	found := make([]checksum, 2)
	g, gctx := errgroup.WithContext(ctx)
	for i, algorithm := range []string{"sha1", "sha256"} {
		g.Go(func() (err error) {
			found[i], err = u.readChecksum(gctx, at, algorithm, !w.listed)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return sums, err
	}
	if found[0].hex == "" && found[1].hex == "" {
		if !w.listed { // else its pom was asked for
			if there, err := u.isThere(ctx, at); err != nil || !there {
				return sums, err
			}
		}
		sums.there = true
		more, err := u.readChecksum(ctx, at, "sha512", false)
		if err != nil {
			return sums, err
		}
		found = append(found, more)
	}
	for _, c := range found {
		if c.hex == "" {
			continue
		}
		sums.there = true
		sums.digests = append(sums.digests, c.algorithm+":"+c.hex)
		if c.algorithm == "sha256" {
			sums.sha256 = artifact.Digest(c.hex)
		}
		if c.changed.After(sums.changed) {
			sums.changed = c.changed
		}
	}
	return sums, nil
}

// isThere asks for a file without reading it.
func (u *Upstream) isThere(ctx context.Context, at string) (bool, error) {
	_, err := u.Cache.Document(ctx, indexcache.Document{URL: at, MaxBytes: 1, Immutable: true, Guessed: true})
	switch {
	case errors.Is(err, ecosystem.ErrNoPackage):
		return false, nil
	case errors.Is(err, indexcache.ErrBadIndex):
		return true, nil // larger than that
	}
	return err == nil, err
}

// checksum is one that a repository has; hex is "" where it has none.
type checksum struct {
	algorithm, hex string
	changed        time.Time
}

func (u *Upstream) readChecksum(ctx context.Context, at, algorithm string, guessed bool) (checksum, error) {
	a, err := u.Cache.Document(ctx, indexcache.Document{URL: at + "." + algorithm, MaxBytes: maxChecksumBytes, Immutable: true, Guessed: guessed})
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return checksum{}, nil
	}
	if err != nil {
		return checksum{}, err
	}
	sum, ok := parseChecksum(algorithm, a.Body)
	if !ok {
		return checksum{}, fmt.Errorf("reading %s of a file from %s: %w: it is no checksum", algorithm, u.Name(), indexcache.ErrBadIndex)
	}
	return checksum{algorithm, sum, a.LastModified.UTC()}, nil
}

// digestBytes are the lengths of the digests that a repository may have.
var digestBytes = map[string]int{"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}

// parseChecksum finds the digest in a checksum's file: alone, as sha1sum writes it, or
// as openssl does. It is in lower case.
func parseChecksum(algorithm string, body []byte) (string, bool) {
	for word := range strings.FieldsFuncSeq(string(body), func(r rune) bool { return r <= ' ' || r == '=' }) {
		if b, err := hex.DecodeString(word); err == nil && len(b) == digestBytes[algorithm] {
			return strings.ToLower(word), true
		}
	}
	return "", false
}

// Metadata implements ecosystem.Upstream: a version's pom, whichever of its files f is,
// without what its parents say. The raw bytes are the pom's. One that is about another
// version, or is not what the repository's checksum says, is ecosystem.ErrBadMetadata.
func (u *Upstream) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	fail := func(err error) (ecosystem.Metadata, []byte, error) {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading pom of %s %s from %s: %w", artifact.Untrusted(coordinate.Display(x.Package)), artifact.Untrusted(f.Number), u.Name(), err)
	}
	n, err := coordinate.Of(x.Package)
	if err != nil || !isVersion(f.Number) {
		return fail(ecosystem.ErrNoPackage)
	}
	a, err := u.readPom(ctx, n, f.Number)
	if err != nil {
		return fail(err)
	}
	if f.MetadataSHA256 != "" && f.MetadataSHA256 != artifact.DigestOf(a.Body) {
		return fail(fmt.Errorf("%w: it is not the one that the index names", ecosystem.ErrBadMetadata))
	}
	m, err := pom.Metadata(a.Body)
	if err == nil && (m.Name != x.Package.Name || m.Version != f.Number) {
		err = errors.New("it is about another version")
	}
	if err != nil {
		return fail(fmt.Errorf("%w: %w", ecosystem.ErrBadMetadata, err))
	}
	return m, a.Body, nil
}

// Held implements ecosystem.Holder: a pom was read already for its version's date.
func (u *Upstream) Held(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, bool) {
	n, err := coordinate.Of(x.Package)
	if err != nil || f.Name != n.File(f.Number, "", pomExt) {
		return nil, false
	}
	a, err := u.readPom(ctx, n, f.Number)
	return a.Body, err == nil
}

// The documents of an upstream, by their path.
const (
	// docPlugins is a group's metadata: by which words mvn calls its plugins.
	docPlugins = "plugins"
	// docOurs is none. That it is asked for tells a name of our own from others,
	// without a word to anybody.
	docOurs = "ours"
)

// Document implements ecosystem.Documents: the plugins of the group that p's path
// names, as a maven-metadata.xml that says nothing else.
func (u *Upstream) Document(ctx context.Context, p artifact.Package, path string) ([]byte, error) {
	if path != docPlugins || checkPackage(p) != nil {
		return nil, ecosystem.ErrNoPackage
	}
	a, err := u.Cache.Document(ctx, indexcache.Document{URL: metadataURL(u.Base(), p), MaxBytes: maxMetadataBytes, Guessed: true})
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(a.Body)
	if err != nil || d.Plugins == nil {
		return nil, ecosystem.ErrNoPackage
	}
	out := document{Plugins: &[]pluginPrefix{}}
	for _, x := range (*d.Plugins)[:min(len(*d.Plugins), maxPlugins)] {
		x = pluginPrefix{trimmed(x.Name), trimmed(x.Prefix), trimmed(x.Artifact)}
		if coordinate.CheckWord(x.Prefix) == nil && coordinate.CheckWord(x.Artifact) == nil && x.Prefix != "" && x.Artifact != "" {
			*out.Plugins = append(*out.Plugins, x)
		}
	}
	return out.bytes()
}
