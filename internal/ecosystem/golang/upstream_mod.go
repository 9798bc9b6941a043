package golang

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/indexcache"
)

// Metadata implements ecosystem.Upstream: a version's go.mod, which the proxy serves
// beside the zip. RequiresDist are its requirements, "path version" each, and
// MetadataFormat its go directive. The raw bytes are a record.Metadata, with the
// .info where f says what it is. A go.mod that is not what the checksum database has
// is ecosystem.ErrBadMetadata.
func (u *Upstream) Metadata(ctx context.Context, x *ecosystem.Index, f ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	fail := func(err error) (ecosystem.Metadata, []byte, error) {
		return ecosystem.Metadata{}, nil, fmt.Errorf("reading go.mod of %s %s from %s: %w", artifact.Untrusted(x.Package.Name), artifact.Untrusted(f.Number), u.Name(), err)
	}
	if !isVersion(x.Package, f.Number) {
		return fail(ecosystem.ErrNoPackage)
	}
	b, err := u.readMod(ctx, x.Package, f.Number)
	if err != nil {
		return fail(err)
	}
	v := u.known.of(x.Package).Versions[f.Number]
	if v.Sum.State == record.Verified && v.Sum.Mod != modHash(b) {
		return fail(fmt.Errorf("%w: it is not the one that the checksum database has", ecosystem.ErrBadMetadata))
	}
	m, err := parseMod(b)
	if err != nil {
		return fail(fmt.Errorf("%w: %w", ecosystem.ErrBadMetadata, err))
	}
	m.Version = f.Number
	raw := record.Metadata{Mod: string(b)}
	if !v.Time.IsZero() {
		if raw.Info, err = v.Info(); err != nil {
			return fail(err)
		}
	}
	out, err := json.Marshal(raw)
	if err != nil {
		return fail(err)
	}
	return m, out, nil
}

// readMod reads a version's go.mod, which never changes.
func (u *Upstream) readMod(ctx context.Context, p artifact.Package, number string) ([]byte, error) {
	address, err := u.document(p, number, ".mod")
	if err != nil {
		return nil, ecosystem.ErrNoPackage
	}
	a, err := u.Cache.Document(ctx, indexcache.Document{URL: address, MaxBytes: maxModBytes, Immutable: true, Guessed: true})
	return a.Body, err
}

// parseMod reads a go.mod as the go command reads that of a dependency.
func parseMod(b []byte) (ecosystem.Metadata, error) {
	f, err := modfile.ParseLax("go.mod", b, nil)
	if err != nil {
		return ecosystem.Metadata{}, fmt.Errorf("reading go.mod: %s", artifact.Untrusted(err.Error()))
	}
	var m ecosystem.Metadata
	if f.Module != nil {
		m.Name = f.Module.Mod.Path
	}
	if f.Go != nil {
		m.MetadataFormat = f.Go.Version
	}
	for _, q := range f.Require {
		m.RequiresDist = append(m.RequiresDist, requirement(q.Mod))
	}
	return m, nil
}

// requirement spells one requirement in Metadata.RequiresDist.
func requirement(v module.Version) string { return v.Path + " " + v.Version }

// modHash is the h1 hash of a go.mod, as go.sum has it.
func modHash(b []byte) string {
	h, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil })
	if err != nil {
		panic(err) // a name without a line break, and bytes in memory
	}
	return h
}
