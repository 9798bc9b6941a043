package pypi

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// Limits of reading metadata.
const (
	maxMetadata     = 8 << 20   // bytes of METADATA, and of all that is kept of an sdist
	maxMetadataFile = 100 << 20 // bytes of a file that is read whole for its metadata
	maxUnpacked     = 1 << 30   // bytes that an sdist may unpack to
)

// Errors of reading metadata; test with errors.Is.
var (
	// ErrBadMetadata says that a file's metadata is missing, unreadable or about
	// something else. Installers pass over such a file.
	ErrBadMetadata = fmt.Errorf("file's %w", ecosystem.ErrBadMetadata)
	// ErrWrongMetadata says that it is not what the index announced: nobody may
	// pass over that in silence.
	ErrWrongMetadata = errors.New("file's metadata is not what the index announced")
)

// besideGivenUp is how many files in a row have no metadata beside them, where
// the index does not advertise it, before an upstream is asked no more. Some
// upstreams have it for all but their newest files.
const besideGivenUp = 3

// Metadata reads what a file says about itself. Of a wheel: from the file beside
// it (PEP 658), else from inside it by ranges; what is read inside has not been
// checked against the file's digest, because the file was not read whole: it
// serves to resolve, and is compared with the archive after the fetch. Of an
// sdist: from the whole archive, held to its digest (upstream_sdist.go), with
// its Source. The bytes are those of METADATA or PKG-INFO and shared; do not
// write to them.
func (u *Upstream) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	check := checkMetadata
	if f.Kind == artifact.Sdist {
		check = checkSdist
	}
	holds := func(kept []byte) error {
		_, _, err := check(x, f, kept)
		return err
	}
	kept, err := u.Derive(ctx, metadataKey(f), maxMetadata, holds, func(ctx context.Context) ([]byte, error) {
		return u.readMetadata(ctx, x, f)
	})
	var m ecosystem.Metadata
	var raw []byte
	if err == nil {
		m, raw, err = check(x, f, kept)
	}
	if err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading metadata of %s from %s: %w", artifact.Untrusted(f.Name), u.Name(), err)
	}
	return m, raw, nil
}

// metadataKey is what a file's metadata, and what else is kept of an sdist, is kept
// under: the file's digest, or its URL when the index gives none, and the digest
// that the index announces.
func metadataKey(f ecosystem.IndexFile) string {
	key := cmp.Or(string(f.SHA256), f.URL)
	if f.Kind == artifact.Sdist {
		key = "sdist " + key
	}
	return key + "\n" + string(f.MetadataSHA256)
}

// checkMetadata parses metadata and holds it to its file's name, as installers
// do, and to the digest that the index announced, wherever it was read.
func checkMetadata(x *ecosystem.Index, f ecosystem.IndexFile, raw []byte) (ecosystem.Metadata, []byte, error) {
	if got := artifact.DigestOf(raw); f.MetadataSHA256 != "" && got != f.MetadataSHA256 {
		return ecosystem.Metadata{}, nil, fmt.Errorf("%w: its digest is %s, the index says %s", ErrWrongMetadata, got, f.MetadataSHA256)
	}
	m, err := metadata.Parse(raw)
	if err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("%w: %w", ErrBadMetadata, err)
	}
	if pep503.Normalize(m.Name) != x.Package.Name {
		return ecosystem.Metadata{}, nil, fmt.Errorf("%w: it is about %.60q", ErrBadMetadata, m.Name)
	}
	said, err := pep440.Parse(m.Version)
	want, wantErr := pep440.Parse(f.Number)
	if err != nil || wantErr != nil || pep440.Compare(said, want) != 0 {
		return ecosystem.Metadata{}, nil, fmt.Errorf("%w: it is about version %.60q, not %.60q", ErrBadMetadata, m.Version, f.Number)
	}
	return m, raw, nil
}

func (u *Upstream) readMetadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, error) {
	if f.Kind == artifact.Sdist {
		return u.readSdist(ctx, x, f)
	}
	raw, err := u.besideFile(ctx, x, f)
	if raw != nil || err != nil {
		return raw, err
	}
	return u.fromZip(ctx, f, isWheelMetadata(x.Package.Name))
}

// besideFile asks for the metadata file beside f. nil bytes without an error say
// that there is none. Where the index does not advertise it, that is tried until
// several files in a row had none; an index that advertises it for other files
// means what it says.
func (u *Upstream) besideFile(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, error) {
	if !f.HasMetadata && (advertises(x) || u.besideMisses.Load() >= besideGivenUp) {
		return nil, nil
	}
	location, query, hasQuery := strings.Cut(f.URL, "?")
	location += ".metadata"
	if hasQuery {
		location += "?" + query
	}
	_, raw, err := u.client.ReadAll(ctx, fetch.Request{URL: location, MaxBytes: maxMetadata})
	var status *fetch.ErrStatus
	if errors.As(err, &status) && status.Code < 500 && status.Code != http.StatusTooManyRequests {
		if !f.HasMetadata {
			u.besideMisses.Add(1)
		}
		return nil, nil
	}
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if f.HasMetadata {
		return raw, nil
	}
	// Not advertised: some servers answer everything with a friendly page.
	if _, _, err := checkMetadata(x, f, raw); err != nil {
		u.besideMisses.Add(1)
		return nil, nil
	}
	u.besideMisses.Store(0)
	return raw, nil
}

func advertises(x *ecosystem.Index) bool {
	for _, f := range x.Files {
		if f.HasMetadata {
			return true
		}
	}
	return false
}

// unreachable tells an upstream that does not answer from one whose answer is of
// no use, and from a caller that went away.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if fetch.IsStatus(err, http.StatusNotFound, http.StatusGone) || errors.Is(err, fetch.ErrTooLarge) || errors.Is(err, ErrBadMetadata) || errors.Is(err, ErrWrongMetadata) {
		return err
	}
	return fmt.Errorf("%w: %w", ecosystem.ErrUnreachable, err)
}

// isWheelMetadata accepts METADATA in the dist-info folder of the package itself.
func isWheelMetadata(pkg string) func(string) bool {
	return func(name string) bool {
		folder, ok := strings.CutSuffix(name, ".dist-info/METADATA")
		if !ok || strings.Contains(folder, "/") {
			return false
		}
		project, _, ok := strings.Cut(folder, "-")
		return ok && pep503.Normalize(project) == pkg
	}
}

// fromZip reads one entry of a remote zip. A zip that has two of them would be
// read differently by different tools: it is refused.
func (u *Upstream) fromZip(ctx context.Context, f ecosystem.IndexFile, wanted func(string) bool) ([]byte, error) {
	r, err := openRemote(ctx, u.client, u.dir, f)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer r.Close()
	raw, err := readZipEntry(r, r.size, wanted)
	if r.err != nil {
		return nil, unreachable(ctx, r.err)
	}
	return raw, err
}

func readZipEntry(r io.ReaderAt, size int64, wanted func(string) bool) ([]byte, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: reading its zip directory: %w", ErrBadMetadata, err)
	}
	var found *zip.File
	for _, e := range z.File {
		if !wanted(e.Name) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%w: it stands in the zip more than once", ErrBadMetadata)
		}
		found = e
	}
	if found == nil {
		return nil, fmt.Errorf("%w: the zip has none", ErrBadMetadata)
	}
	entry, err := found.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: opening it in the zip: %w", ErrBadMetadata, err)
	}
	defer entry.Close()
	return readEntry(entry)
}

// readEntry reads a metadata file out of an archive.
func readEntry(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMetadata+1))
	if err != nil {
		return nil, fmt.Errorf("%w: unpacking it: %w", ErrBadMetadata, err)
	}
	if len(raw) > maxMetadata {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrBadMetadata, maxMetadata)
	}
	return raw, nil
}
