package pypi

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// Limits of reading metadata.
const (
	maxMetadata     = 8 << 20   // bytes of METADATA or PKG-INFO
	maxMetadataFile = 100 << 20 // bytes of a file that is read through for its metadata
	maxUnpacked     = 1 << 30   // bytes that an sdist may unpack to before its PKG-INFO comes
	maxTarEntries   = 200_000
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

// Metadata reads what a file says about itself: from the file beside it (PEP
// 658), else from inside it: of wheels and zips by ranges, of tars by reading up
// to PKG-INFO. What is read inside has not been checked against the file's
// digest, because the file was not read whole: it serves to resolve, and is
// compared with the archive after the fetch. The bytes are shared; do not write
// to them.
func (u *Upstream) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	raw, err := paid(ctx, &u.metadata, u.metadataPath(f)+"\n"+string(f.MetadataSHA256), func(ctx context.Context) ([]byte, error) {
		if raw := u.storedMetadata(f); raw != nil {
			return raw, nil
		}
		if err := budget.From(ctx).Take(budget.Bytes, 0); err != nil {
			return nil, err
		}
		raw, err := u.readMetadata(ctx, x, f)
		if err != nil {
			return nil, err
		}
		if _, err := checkMetadata(x, f, raw); err != nil {
			return nil, err
		}
		u.warn(x.Package, u.storeMetadata(f, raw))
		return raw, nil
	})
	if err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading metadata of %s from %s: %w", artifact.Untrusted(f.Name), u.cfg.Name, err)
	}
	m, err := checkMetadata(x, f, raw)
	if err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading metadata of %s from %s: %w", artifact.Untrusted(f.Name), u.cfg.Name, err)
	}
	return m, raw, nil
}

// checkMetadata parses metadata and holds it to its file's name, as installers
// do, and to the digest that the index announced, wherever it was read.
func checkMetadata(x *ecosystem.Index, f ecosystem.IndexFile, raw []byte) (ecosystem.Metadata, error) {
	if got := artifact.DigestOf(raw); f.MetadataSHA256 != "" && got != f.MetadataSHA256 {
		return ecosystem.Metadata{}, fmt.Errorf("%w: its digest is %s, the index says %s", ErrWrongMetadata, got, f.MetadataSHA256)
	}
	m, err := metadata.Parse(raw)
	if err != nil {
		return ecosystem.Metadata{}, fmt.Errorf("%w: %w", ErrBadMetadata, err)
	}
	if pep503.Normalize(m.Name) != x.Package.Name {
		return ecosystem.Metadata{}, fmt.Errorf("%w: it is about %.60q", ErrBadMetadata, m.Name)
	}
	said, err := pep440.Parse(m.Version)
	want, wantErr := pep440.Parse(f.Number)
	if err != nil || wantErr != nil || pep440.Compare(said, want) != 0 {
		return ecosystem.Metadata{}, fmt.Errorf("%w: it is about version %.60q, not %.60q", ErrBadMetadata, m.Version, f.Number)
	}
	return m, nil
}

func (u *Upstream) readMetadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, error) {
	raw, err := u.besideFile(ctx, x, f)
	if raw != nil || err != nil {
		return raw, err
	}
	switch {
	case f.Kind == artifact.Wheel:
		return u.fromZip(ctx, f, isWheelMetadata(x.Package.Name))
	case strings.HasSuffix(f.Name, ".zip"):
		return u.fromZip(ctx, f, isPkgInfo)
	default:
		return u.fromTar(ctx, f)
	}
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
	_, raw, err := u.cfg.Client.ReadAll(ctx, fetch.Request{URL: location, MaxBytes: maxMetadata})
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
	if _, err := checkMetadata(x, f, raw); err != nil {
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

// isPkgInfo accepts PKG-INFO in the one folder at the top.
func isPkgInfo(name string) bool {
	folder, file := path.Split(strings.TrimPrefix(name, "./"))
	return file == "PKG-INFO" && strings.Count(folder, "/") == 1 && folder != "/"
}

// fromZip reads one entry of a remote zip. A zip that has two of them would be
// read differently by different tools: it is refused.
func (u *Upstream) fromZip(ctx context.Context, f ecosystem.IndexFile, wanted func(string) bool) ([]byte, error) {
	r, err := openRemote(ctx, u.cfg.Client, u.cfg.CacheDir, f)
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

// fromTar streams an sdist and stops at its PKG-INFO.
func (u *Upstream) fromTar(ctx context.Context, f ecosystem.IndexFile) ([]byte, error) {
	unpack, err := unpacker(f.Name)
	if err != nil {
		return nil, err
	}
	resp, err := u.cfg.Client.Get(ctx, fetch.Request{URL: f.URL, MaxBytes: maxMetadataFile})
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer resp.Body.Close()
	body := &firstError{r: resp.Body}
	raw, err := readTarEntry(body, unpack)
	if body.err != nil {
		return nil, unreachable(ctx, body.err)
	}
	return raw, err
}

// firstError remembers a reader's own fault, which decoders wrap or replace.
type firstError struct {
	r   io.Reader
	err error
}

func (e *firstError) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF && e.err == nil {
		e.err = err
	}
	return n, err
}

// unpacker chooses a decoder by the file's ending. What it does not know holds.
func unpacker(name string) (func(io.Reader) (io.Reader, error), error) {
	switch {
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }, nil
	case strings.HasSuffix(name, ".tar.bz2"), strings.HasSuffix(name, ".tbz"):
		return func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }, nil
	case strings.HasSuffix(name, ".tar"):
		return func(r io.Reader) (io.Reader, error) { return r, nil }, nil
	}
	return nil, fmt.Errorf("%w: this kind of archive is not read", ErrBadMetadata)
}

func readTarEntry(r io.Reader, unpack func(io.Reader) (io.Reader, error)) ([]byte, error) {
	unpacked, err := unpack(r)
	if err != nil {
		return nil, fmt.Errorf("%w: unpacking its archive: %w", ErrBadMetadata, err)
	}
	t := tar.NewReader(io.LimitReader(unpacked, maxUnpacked))
	for range maxTarEntries {
		h, err := t.Next()
		if err == io.EOF {
			return nil, fmt.Errorf("%w: the archive has no PKG-INFO", ErrBadMetadata)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: reading its archive: %w", ErrBadMetadata, err)
		}
		if h.Typeflag == tar.TypeReg && isPkgInfo(h.Name) {
			return readEntry(t)
		}
	}
	return nil, fmt.Errorf("%w: no PKG-INFO among the first %d entries", ErrBadMetadata, maxTarEntries)
}
