//go:build live

package resolve_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
)

// diskUpstream reads a PEP 691 index and keeps every answer in a folder, so that
// a second resolution shows the cost of resolving and spares the index.
type diskUpstream struct {
	simple string // ends in "/"
	dir    string
}

var errAbsent = errors.New("the upstream has no such page")

// maxPage bounds one answer.
const maxPage = 256 << 20

func (u diskUpstream) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	page := u.simple + p.Name + "/"
	b, err := u.get(ctx, page, "application/vnd.pypi.simple.v1+json")
	if errors.Is(err, errAbsent) {
		return nil, ecosystem.ErrNoPackage
	}
	if err != nil {
		return nil, err
	}
	var answer struct {
		Files []struct {
			Filename       string            `json:"filename"`
			URL            string            `json:"url"`
			Hashes         map[string]string `json:"hashes"`
			RequiresPython string            `json:"requires-python"`
			Yanked         any               `json:"yanked"`
			UploadTime     time.Time         `json:"upload-time"`
			Size           int64             `json:"size"`
		} `json:"files"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return nil, fmt.Errorf("reading %s: %w", page, err)
	}
	base, err := url.Parse(page)
	if err != nil {
		return nil, err
	}
	x := &ecosystem.Index{Package: p, Upstream: "live", Digest: artifact.DigestOf(b)}
	for _, f := range answer.Files {
		number, kind := fileVersion(f.Filename, p.Name)
		at, err := base.Parse(f.URL)
		if number == "" || err != nil {
			continue
		}
		x.Files = append(x.Files, ecosystem.IndexFile{
			Name: f.Filename, URL: at.String(), Number: number, Kind: kind,
			SHA256: artifact.Digest(f.Hashes["sha256"]), Size: f.Size, Uploaded: f.UploadTime,
			RequiresPython: f.RequiresPython, Yanked: f.Yanked != nil && f.Yanked != false,
		})
	}
	return x, nil
}

func fileVersion(name, project string) (string, artifact.Kind) {
	if strings.HasSuffix(name, ".whl") {
		w, err := pep425.ParseWheelName(name)
		if err != nil {
			return "", ""
		}
		return w.Number, artifact.Wheel
	}
	number, err := pep425.ParseSdistName(name, project)
	if err != nil {
		return "", ""
	}
	return number, artifact.Sdist
}

func (u diskUpstream) Metadata(ctx context.Context, _ *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	var b []byte
	var err error
	if f.Kind == artifact.Wheel {
		if b, err = u.get(ctx, f.URL+".metadata", ""); errors.Is(err, errAbsent) {
			b, err = u.metadataInside(ctx, f)
		}
	} else if b, err = u.get(ctx, f.URL, ""); err == nil {
		b, err = pkgInfo(b)
	}
	if err != nil {
		return ecosystem.Metadata{}, nil, err
	}
	m, err := metadata.Parse(b)
	if err != nil {
		err = fmt.Errorf("%w: %w", ecosystem.ErrBadMetadata, err)
	}
	return m, b, err
}

// metadataInside reads METADATA out of a wheel by range requests, for the newest
// files, for which the index does not serve it yet.
func (u diskUpstream) metadataInside(ctx context.Context, f ecosystem.IndexFile) ([]byte, error) {
	z, err := zip.NewReader(remoteFile{ctx, u, f}, f.Size)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name, err)
	}
	for _, e := range z.File {
		if strings.HasSuffix(e.Name, ".dist-info/METADATA") && strings.Count(e.Name, "/") == 1 {
			r, err := e.Open()
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(io.LimitReader(r, metadata.MaxHeaders))
		}
	}
	return nil, fmt.Errorf("reading %s: no METADATA", f.Name)
}

// remoteFile reads a file in blocks, each asked for once.
type remoteFile struct {
	ctx context.Context
	u   diskUpstream
	f   ecosystem.IndexFile
}

const block = 64 << 10

func (r remoteFile) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at >= r.f.Size {
			return n, io.EOF
		}
		// Blocks count from the end, where the directory is.
		i := (r.f.Size - 1 - at) / block
		from, to := max(0, r.f.Size-(i+1)*block), r.f.Size-i*block
		b, err := r.u.get(r.ctx, fmt.Sprintf("%s#%d-%d", r.f.URL, from, to-1), "")
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b[at-from:])
	}
	return n, nil
}

// pkgInfo finds the PKG-INFO at the root of a source archive.
func pkgInfo(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(io.LimitReader(z, 1<<30)); ; {
		h, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("%w: looking for PKG-INFO: %w", ecosystem.ErrBadMetadata, err)
		}
		if name := path.Clean(h.Name); path.Base(name) == "PKG-INFO" && strings.Count(name, "/") == 1 {
			return io.ReadAll(io.LimitReader(r, metadata.MaxHeaders))
		}
	}
}

func (u diskUpstream) get(ctx context.Context, at, accept string) ([]byte, error) {
	kept := filepath.Join(u.dir, string(artifact.DigestOf([]byte(at))))
	if b, err := os.ReadFile(kept); err == nil {
		if len(b) == 0 {
			return nil, errAbsent
		}
		return b, nil
	}
	b, err := ask(ctx, at, accept)
	if err != nil && !errors.Is(err, errAbsent) {
		return nil, fmt.Errorf("%w: %w", ecosystem.ErrUnreachable, err)
	}
	temp, err2 := os.CreateTemp(u.dir, "new-")
	if err2 != nil {
		return nil, err2
	}
	defer os.Remove(temp.Name())
	if _, err := temp.Write(b); err != nil {
		return nil, err
	}
	if err := temp.Close(); err != nil {
		return nil, err
	}
	if err := os.Rename(temp.Name(), kept); err != nil {
		return nil, err
	}
	return b, err
}

func ask(ctx context.Context, at, accept string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	if r.URL.Fragment != "" {
		r.Header.Set("Range", "bytes="+r.URL.Fragment)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK, http.StatusPartialContent:
	case http.StatusNotFound:
		return nil, errAbsent
	default:
		return nil, fmt.Errorf("asking %s: %s", at, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxPage))
}

// inMemory keeps what another upstream said, so that what is left to measure is
// the choosing.
type inMemory struct {
	ecosystem.Upstream
	indexes, metadata sync.Map
}

func (m *inMemory) Index(ctx context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if x, ok := m.indexes.Load(p); ok {
		return x.(*ecosystem.Index), nil
	}
	x, err := m.Upstream.Index(ctx, p)
	if err == nil {
		m.indexes.Store(p, x)
	}
	return x, err
}

func (m *inMemory) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	if got, ok := m.metadata.Load(f.URL); ok {
		return got.(ecosystem.Metadata), nil, nil
	}
	got, raw, err := m.Upstream.Metadata(ctx, x, f)
	if err == nil {
		m.metadata.Store(f.URL, got)
	}
	return got, raw, err
}
