package advisory

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// An Export is every live record of one ecosystem, for whoever passes records on in
// the databases' own words. Which versions a record covers is read as matching reads
// it, so that what is passed on and what is matched are the same. It does not change
// and is safe for concurrent use; about half a kilobyte a record stays in memory.
type Export struct {
	ID      string // the snapshot's
	Records []Exported

	dir string
}

// Exported is one record.
type Exported struct {
	ID       string
	Aliases  []string
	Modified time.Time
	Entries  []Entry // one for each element of the record's "affected", in its order
	at       place
}

// Entry is what one element of "affected" is about.
type Entry struct {
	// Name is the package's as the record has it, "" where the element is about another
	// ecosystem.
	Name string
	// Package is zero where Name is none that the ecosystem knows; nothing is matched
	// by such an element.
	Package artifact.Package
	Covers  []Stretch // ascending, disjoint; none: no version that could be told
	// Told says that records of the same alias group which stand nearer to the ecosystem
	// cover all of these versions, and say more about them.
	Told bool
}

// Stretch is a run of versions, as the ecosystem writes them.
type Stretch struct {
	From string // the first one; "" from the beginning
	To   string // the first one that is no part of it; "" without an end
	Last bool   // To is a part of it, and the last one
}

// place is where a record's bytes lie: in a batch, which is a zip.
type place struct {
	batch        string // digest
	offset       int64  // of its data
	packed, size int64  // bytes
	method       uint16
	sum          uint32 // CRC-32 of the unpacked bytes
}

// Export reads all live records of an ecosystem, in the order of their ids. It reads
// the batches that the snapshot was built from; after another sync has replaced them
// the error is fs.ErrNotExist, and a new snapshot has to be opened. ErrNoData where
// nothing was synced for the ecosystem. Some hundred thousand records take some
// seconds.
func (s *Snapshot) Export(ctx context.Context, eco artifact.Ecosystem) (*Export, error) {
	m := s.mapped.Load()
	if m == nil {
		return nil, fmt.Errorf("reading advisory records: %w", fs.ErrClosed)
	}
	if !m.index.has(eco) {
		return nil, fmt.Errorf("reading advisory records: %w for %s; run gatehouse advisories sync", ErrNoData, eco)
	}
	newest := map[string]exporting{}
	for _, f := range s.feeds {
		if f.Ecosystem != eco || f.Batch == "" {
			continue
		}
		if err := s.exportBatch(ctx, eco, f.Batch, newest); err != nil {
			return nil, fmt.Errorf("reading advisory records of %s from %s: %w", eco, f.Source, err)
		}
	}
	out := &Export{ID: s.id, dir: s.dir}
	for _, x := range newest {
		if !x.record.withdrawn {
			out.Records = append(out.Records, x.Exported)
		}
	}
	slices.SortFunc(out.Records, func(a, b Exported) int { return cmp.Compare(a.ID, b.ID) })
	out.tell(eco, newest)
	return out, nil
}

// exporting is a record on its way.
type exporting struct {
	Exported
	record record
	covers []coverage // of each of Entries
}

// exportBatch adds a batch's records as mergeBatches does.
func (s *Snapshot) exportBatch(ctx context.Context, eco artifact.Ecosystem, digest string, into map[string]exporting) error {
	f, err := os.Open(filepath.Join(s.dir, batchName(digest)))
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := openZip(f)
	if err != nil {
		return err
	}
	for _, zf := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		x, err := readExported(zf, eco, s.names)
		if err != nil {
			continue // it is matched by nothing either
		}
		if x.at.offset, err = zf.DataOffset(); err != nil {
			return err
		}
		x.at.batch = digest
		if had, ok := into[x.ID]; !ok || x.record.modified.After(had.record.modified) {
			into[x.ID] = x
		}
	}
	return nil
}

func readExported(zf *zip.File, eco artifact.Ecosystem, names Names) (exporting, error) {
	b, err := readBody(zf)
	if err != nil {
		return exporting{}, err
	}
	r, err := parseNamed(b, strings.TrimSuffix(zf.Name, ".json"), names)
	if err != nil {
		return exporting{}, err
	}
	var w wireRecord
	if err := json.Unmarshal(b, &w); err != nil {
		return exporting{}, err
	}
	x := exporting{record: r, Exported: Exported{ID: r.id, Aliases: r.aliases, Modified: r.modified}}
	x.at = place{packed: int64(zf.CompressedSize64), size: int64(len(b)), method: zf.Method, sum: crc32.ChecksumIEEE(b)}
	for _, a := range w.Affected {
		e, c := exportEntry(a, eco, r.malware, names)
		x.Entries, x.covers = append(x.Entries, e), append(x.covers, c)
	}
	x.record.affected = nil // was read for its errors
	return x, nil
}

// exportEntry reads one element as matching does.
func exportEntry(a wireAffected, eco artifact.Ecosystem, malware bool, names Names) (Entry, coverage) {
	if in, ok := ecosystemOf(a.Package.Ecosystem); !ok || in != eco {
		return Entry{}, nil
	}
	e := Entry{Name: a.Package.Name}
	only := record{malware: malware}
	if err := only.readAffected(a, names); err != nil || len(only.affected) == 0 {
		if name, err := names.Normalize(eco, a.Package.Name); err == nil {
			e.Package = artifact.Package{Ecosystem: eco, Name: name}
		}
		return e, nil
	}
	e.Package = only.affected[0].pkg
	covers := only.affected[0].covers
	texts := a.ledBy(leadOf(eco)).texts(func(v string) ([]byte, bool) { return keyOf(names, eco, v) })
	for _, s := range covers {
		e.Covers = append(e.Covers, Stretch{From: texts[string(s.lo)], To: texts[string(s.hi)], Last: s.kind == inclusive})
	}
	return e, covers
}

// texts gives each version that an element names by its key.
func (w wireAffected) texts(key keyFunc) map[string]string {
	out := map[string]string{}
	add := func(v string) {
		if k, ok := key(v); ok && out[string(k)] == "" {
			out[string(k)] = v
		}
	}
	for _, x := range w.Ranges {
		for _, e := range x.Events {
			add(e.Introduced)
			add(e.Fixed)
			add(e.LastAffected)
			add(e.Limit)
		}
	}
	for _, v := range w.Versions {
		add(v)
	}
	return out
}

// tell marks the entries that nearer records of their alias group make needless. The
// ecosystem's own database and malware records always speak for themselves.
func (x *Export) tell(eco artifact.Ecosystem, of map[string]exporting) {
	live := make([]record, 0, len(x.Records))
	at := make(map[string]int, len(x.Records))
	for i, r := range x.Records {
		live, at[r.ID] = append(live, of[r.ID].record), i
	}
	for _, members := range aliasGroups(live) {
		slices.SortStableFunc(members, func(a, b *record) int { return cmp.Compare(rankOf(eco, a.id), rankOf(eco, b.id)) })
		said := map[artifact.Package]coverage{}
		for _, r := range members {
			entries, covers := x.Records[at[r.id]].Entries, of[r.id].covers
			for i := range entries {
				entries[i].Told = rankOf(eco, r.id) > rankHome && len(covers[i]) > 0 && said[entries[i].Package].holds(covers[i])
			}
			for i, c := range covers {
				said[entries[i].Package] = union(said[entries[i].Package], c)
			}
		}
	}
}

// holds says whether every version of d is one of c.
func (c coverage) holds(d coverage) bool {
	for _, s := range d {
		if !slices.ContainsFunc(c, func(t span) bool { return bytes.Compare(t.lo, s.lo) <= 0 && compareEnds(t, s) >= 0 }) {
			return false
		}
	}
	return true
}

// Body gives a record's own bytes: JSON in the OSV schema, at most maxRecord of them.
// fs.ErrNotExist when a sync has replaced the data meanwhile.
func (x *Export) Body(r Exported) ([]byte, error) {
	f, err := os.Open(filepath.Join(x.dir, batchName(r.at.batch)))
	if err != nil {
		return nil, fmt.Errorf("reading advisory %s: %w", r.ID, err)
	}
	defer f.Close()
	var in io.Reader = io.NewSectionReader(f, r.at.offset, r.at.packed)
	if r.at.method == zip.Deflate {
		d := flate.NewReader(in)
		defer d.Close()
		in = d
	}
	b, err := readAll(in, r.at.size)
	if err == nil && crc32.ChecksumIEEE(b) != r.at.sum {
		err = errors.New("the record is damaged; run gatehouse advisories sync")
	}
	if err != nil {
		return nil, fmt.Errorf("reading advisory %s: %w", r.ID, err)
	}
	return b, nil
}
