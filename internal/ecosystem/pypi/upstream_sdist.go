package pypi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/dist"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// sdistParts are the files of an sdist that say something about all of it, by
// their path in the archive: what is kept of it. Of setup.py only that it is
// there counts. nil stands for one that is too large.
type sdistParts map[string][]byte

// readSdist reads an sdist whole, because that a setup.py is not there shows only
// at its end, and because only then its digest says that these are the bytes
// which are fetched later. It gives its parts as they are kept.
func (u *Upstream) readSdist(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) ([]byte, error) {
	format, err := archive.FormatOf(f.Name)
	if err != nil {
		return nil, fmt.Errorf("%w: this kind of archive is not read", ErrBadMetadata)
	}
	file, size, err := u.spool(ctx, f)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	parts, err := partsOf(x, f, file, size, format)
	if err != nil {
		return nil, err
	}
	if f.HasMetadata && f.MetadataSHA256 == "" {
		if err := u.compareBeside(ctx, x, f, parts); err != nil {
			return nil, err
		}
	}
	kept, err := json.Marshal(parts)
	if err == nil && len(kept) > maxMetadata {
		err = fmt.Errorf("%w: what describes it is larger than %d bytes", ErrBadMetadata, maxMetadata)
	}
	return kept, err
}

// spool copies a file into a nameless one that the caller closes, and holds it to
// its digest.
func (u *Upstream) spool(ctx context.Context, f ecosystem.IndexFile) (*os.File, int64, error) {
	tooLarge := fmt.Errorf("%w: the archive is larger than %d bytes", ErrBadMetadata, maxMetadataFile)
	if f.Size > maxMetadataFile {
		return nil, 0, tooLarge
	}
	resp, err := u.client.Get(ctx, fetch.Request{URL: f.URL, MaxBytes: maxMetadataFile})
	if errors.Is(err, fetch.ErrTooLarge) {
		return nil, 0, tooLarge
	}
	if err != nil {
		return nil, 0, unreachable(ctx, err)
	}
	defer resp.Body.Close()
	file, err := nameless(u.dir)
	if err != nil {
		return nil, 0, err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, sum), resp.Body)
	got := artifact.Digest(hex.EncodeToString(sum.Sum(nil)))
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		err = tooLarge
	case err != nil:
		err = unreachable(ctx, err)
	case f.SHA256 != "" && got != f.SHA256:
		err = fmt.Errorf("%w: the archive's digest is %s, the index says %s", ErrWrongMetadata, got, f.SHA256)
	default:
		return file, size, nil
	}
	file.Close()
	return nil, 0, err
}

// nameless opens a file for what is read once.
func nameless(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, ".spool-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// partsOf walks an archive as the scanner does later: what two unpackers would
// see differently is refused here already.
func partsOf(x *ecosystem.Index, f ecosystem.IndexFile, r io.ReaderAt, size int64, format archive.Format) (sdistParts, error) {
	reader, err := sdistReader(x, f)
	if err != nil {
		return nil, err
	}
	parts := sdistParts{}
	limits := archive.Limits{Unpacked: maxUnpacked, Body: dist.MaxMetadata, Head: 1}
	_, err = archive.Walk(r, size, format, limits, func(e archive.Entry) error {
		if e.Mode.IsDir() {
			return nil
		}
		if dist.IsSourcePart(e.Path) {
			if e.Link != "" {
				return fmt.Errorf("%s is a link", artifact.Untrusted(e.Path))
			}
			parts[e.Path] = bytes.Clone(e.Body)
			if e.Size == 0 || strings.HasSuffix(e.Path, "/"+string(dist.SetupPy)) {
				parts[e.Path] = []byte{}
			}
		}
		reader.Add(e.Path, parts[e.Path])
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: reading its archive: %w", ErrBadMetadata, err)
	}
	for _, p := range reader.Finish().Problems {
		if p.Part == dist.Root && p.Path == "" {
			return nil, fmt.Errorf("%w: %s", ErrBadMetadata, p.Text)
		}
	}
	return parts, nil
}

func sdistReader(x *ecosystem.Index, f ecosystem.IndexFile) (*dist.Reader, error) {
	promise, err := dist.ParseFileName(artifact.File{Name: f.Name, Version: x.Version(f)})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadMetadata, err)
	}
	return dist.NewReader(promise), nil
}

// pkgInfo gives PKG-INFO, nil when there is none.
func (p sdistParts) pkgInfo() []byte {
	for path, body := range p {
		if strings.HasSuffix(path, "/PKG-INFO") {
			return body
		}
	}
	return nil
}

// compareBeside holds an archive to the metadata that the index serves beside it
// without saying its digest.
func (u *Upstream) compareBeside(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile, parts sdistParts) error {
	raw, err := u.besideFile(ctx, x, f)
	if err == nil && raw != nil && !bytes.Equal(raw, parts.pkgInfo()) {
		err = fmt.Errorf("%w: its PKG-INFO is not what the index serves for it", ErrWrongMetadata)
	}
	return err
}

// checkSdist reads the parts of an sdist, and holds its PKG-INFO to what
// checkMetadata does.
func checkSdist(x *ecosystem.Index, f ecosystem.IndexFile, kept []byte) (ecosystem.Metadata, []byte, error) {
	var parts sdistParts
	if err := json.Unmarshal(kept, &parts); err != nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("%w: reading what was kept of it: %w", ErrBadMetadata, err)
	}
	raw := parts.pkgInfo()
	if raw == nil {
		return ecosystem.Metadata{}, nil, fmt.Errorf("%w: the archive has no PKG-INFO, or a very large one", ErrBadMetadata)
	}
	m, _, err := checkMetadata(x, f, raw)
	if err != nil {
		return m, nil, err
	}
	reader, err := sdistReader(x, f)
	if err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	for path, body := range parts {
		reader.Add(path, body)
	}
	if c := reader.Finish(); c.Metadata != nil {
		m.Source = c.Metadata.Source
	}
	return m, raw, nil
}
