package advisory

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// An index file, all numbers little-endian:
//
//	header    = magic, u32 format, u32 CRC-32C of the rest of the header,
//	            u64 size of the file, 5 x { u64 offset, u64 length, u32 CRC-32C }
//	sections  = meta (JSON), directory and blocks of the package table,
//	            directory and blocks of the id table
//
// Blocks carry their checksums in the directory, so theirs in the header is 0
// and not looked at. The package table maps ecosystem, NUL, name to groups; the
// id table maps every id to the package-table keys of the packages it is about.
const (
	indexMagic  = "ghadvidx"
	indexFormat = 1
	headerSize  = len(indexMagic) + 4 + 4 + 8 + sectionCount*sectionSize
	sectionSize = 8 + 8 + 4
)

const (
	sectionMeta = iota
	sectionPackageDirectory
	sectionPackageBlocks
	sectionIDDirectory
	sectionIDBlocks
	sectionCount
)

// EcosystemInfo counts what is known about one ecosystem.
type EcosystemInfo struct {
	Ecosystem  artifact.Ecosystem `json:"ecosystem"`
	Records    int                `json:"records"`    // live records, malware among them
	Malware    int                `json:"malware"`    // malware records
	Withdrawn  int                `json:"withdrawn"`  // records taken back, not matched
	Packages   int                `json:"packages"`   // packages with at least one live record
	Unreadable int                `json:"unreadable"` // records that could not be read, not matched
	Skipped    int                `json:"skipped"`    // affected entries without versions to compare (source commits only), and those of unknown ecosystems
	Loose      int                `json:"loose"`      // ranges with a bound that is no version
}

// meta is the index's JSON section.
type meta struct {
	Ecosystems []EcosystemInfo `json:"ecosystems"`
	// Probes are versions with the keys they had when the index was built. An
	// index whose keys the program no longer makes would match wrongly without a
	// sign; Open compares these and refuses it.
	Probes []probe `json:"probes"`
}

type probe struct {
	Ecosystem artifact.Ecosystem `json:"ecosystem"`
	Version   string             `json:"version"`
	Key       []byte             `json:"key"`
}

const probesPerEcosystem = 8

func packageKey(p artifact.Package) []byte { return appendPackageKey(nil, p) }

func appendPackageKey(b []byte, p artifact.Package) []byte {
	return append(append(append(b, p.Ecosystem...), 0), p.Name...)
}

func packageOf(key []byte) (artifact.Package, bool) {
	eco, name, ok := bytes.Cut(key, []byte{0})
	return artifact.Package{Ecosystem: artifact.Ecosystem(eco), Name: string(name)}, ok
}

// encodeIndex writes an index file's bytes. The same groups and counts give the
// same bytes.
func encodeIndex(groups map[artifact.Package][]group, infos []EcosystemInfo) ([]byte, error) {
	packages := slices.SortedFunc(maps.Keys(groups), func(a, b artifact.Package) int {
		return bytes.Compare(packageKey(a), packageKey(b))
	})
	m := meta{Ecosystems: countPackages(infos, packages), Probes: probesOf(packages, groups)}
	head, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing index: %w", err)
	}
	var pt, it tableWriter
	ids := map[string][]artifact.Package{}
	for _, p := range packages {
		pt.add(packageKey(p), appendGroups(nil, groups[p]))
		for _, g := range groups[p] {
			for _, id := range append([]string{g.match.ID}, g.match.Aliases...) {
				ids[id] = append(ids[id], p)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		it.add([]byte(id), appendPackages(nil, slices.Compact(ids[id])))
	}
	pt.flush()
	it.flush()
	return joinSections([sectionCount][]byte{head, pt.directory, pt.body, it.directory, it.body}), nil
}

func countPackages(infos []EcosystemInfo, packages []artifact.Package) []EcosystemInfo {
	infos = slices.Clone(infos)
	for i := range infos {
		infos[i].Packages = 0
		for _, p := range packages {
			if p.Ecosystem == infos[i].Ecosystem {
				infos[i].Packages++
			}
		}
	}
	slices.SortFunc(infos, func(a, b EcosystemInfo) int { return cmp.Compare(a.Ecosystem, b.Ecosystem) })
	return infos
}

// probesOf picks the first fixed versions of each ecosystem.
func probesOf(packages []artifact.Package, groups map[artifact.Package][]group) []probe {
	var out []probe
	have := map[artifact.Ecosystem]int{}
	for _, p := range packages {
		for _, g := range groups[p] {
			if have[p.Ecosystem] < probesPerEcosystem && len(g.fixed) > 0 {
				have[p.Ecosystem]++
				out = append(out, probe{p.Ecosystem, g.fixed[0].text, g.fixed[0].key})
			}
		}
	}
	return out
}

func joinSections(sections [sectionCount][]byte) []byte {
	size := headerSize
	var refs []byte
	for i, s := range sections {
		sum := crc32.Checksum(s, castagnoli)
		if i == sectionPackageBlocks || i == sectionIDBlocks {
			sum = 0
		}
		refs = binary.LittleEndian.AppendUint64(refs, uint64(size))
		refs = binary.LittleEndian.AppendUint64(refs, uint64(len(s)))
		refs = binary.LittleEndian.AppendUint32(refs, sum)
		size += len(s)
	}
	rest := append(binary.LittleEndian.AppendUint64(nil, uint64(size)), refs...)
	out := make([]byte, 0, size)
	out = append(out, indexMagic...)
	out = binary.LittleEndian.AppendUint32(out, indexFormat)
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(rest, castagnoli))
	out = append(out, rest...)
	for _, s := range sections {
		out = append(out, s...)
	}
	return out
}

// An index is an opened file: views into its bytes, which must outlive it.
type index struct {
	meta     meta
	packages *table
	ids      *table
}

// decodeIndex checks header, meta and directories; blocks are checked when read.
func decodeIndex(data []byte) (*index, error) {
	sections, err := cutSections(data)
	if err != nil {
		return nil, err
	}
	x := &index{}
	if err := json.Unmarshal(sections[sectionMeta], &x.meta); err != nil {
		return nil, fmt.Errorf("reading meta: %w", ErrCorrupt)
	}
	if x.packages, err = openTable(sections[sectionPackageDirectory], sections[sectionPackageBlocks]); err != nil {
		return nil, fmt.Errorf("packages: %w", err)
	}
	if x.ids, err = openTable(sections[sectionIDDirectory], sections[sectionIDBlocks]); err != nil {
		return nil, fmt.Errorf("ids: %w", err)
	}
	return x, nil
}

func cutSections(data []byte) ([sectionCount][]byte, error) {
	var sections [sectionCount][]byte
	if len(data) < headerSize || string(data[:len(indexMagic)]) != indexMagic {
		return sections, fmt.Errorf("reading header: not an index: %w", ErrCorrupt)
	}
	r := reader{b: data[len(indexMagic):headerSize]}
	if format := r.u32(); format != indexFormat {
		return sections, fmt.Errorf("reading header: format %d, want %d: %w", format, indexFormat, ErrCorrupt)
	}
	if r.u32() != crc32.Checksum(r.b, castagnoli) {
		return sections, fmt.Errorf("reading header: bad checksum: %w", ErrCorrupt)
	}
	if size := r.u64(); size != uint64(len(data)) {
		return sections, fmt.Errorf("reading header: the file has %d bytes, want %d: %w", len(data), size, ErrCorrupt)
	}
	for i := range sections {
		offset, length, sum := r.u64(), r.u64(), r.u32()
		if r.bad || offset > uint64(len(data)) || length > uint64(len(data))-offset {
			return sections, fmt.Errorf("reading header: section %d lies outside: %w", i, ErrCorrupt)
		}
		sections[i] = data[offset : offset+length : offset+length]
		if i == sectionPackageBlocks || i == sectionIDBlocks {
			continue
		}
		if crc32.Checksum(sections[i], castagnoli) != sum {
			return sections, fmt.Errorf("reading section %d: bad checksum: %w", i, ErrCorrupt)
		}
	}
	return sections, nil
}

// has says whether an ecosystem is in the index, with records or without.
func (x *index) has(eco artifact.Ecosystem) bool {
	return slices.ContainsFunc(x.meta.Ecosystems, func(e EcosystemInfo) bool { return e.Ecosystem == eco })
}

// checkKeys compares the probes with the keys that names gives now.
func (x *index) checkKeys(names Names) error {
	for _, p := range x.meta.Probes {
		key, err := names.Key(p.Ecosystem, p.Version)
		if err != nil || !bytes.Equal(key, p.Key) {
			return fmt.Errorf("the index was built with another order of %s versions; run gatehouse advisories sync", p.Ecosystem)
		}
	}
	return nil
}

// A group is written as its length and then: flags, severity, score in tenths,
// coverage, the malware's coverage when flagged, id, aliases, summary, fixed
// versions, published and modified in Unix milliseconds.
const (
	flagMalware    = 1 << iota // malware records are in the group
	flagAllMalware             // and cover the same versions
	flagPublished              // published is known
	flagModified               // modified is known
	scorePrecision = 10
)

func appendGroups(b []byte, gs []group) []byte {
	b = binary.AppendUvarint(b, uint64(len(gs)))
	for _, g := range gs {
		b = appendBytes(b, appendGroup(nil, g))
	}
	return b
}

func appendGroup(b []byte, g group) []byte {
	m, flags := g.match, byte(0)
	if len(g.malware) > 0 {
		flags |= flagMalware
		if g.malware.equal(g.covers) {
			flags |= flagAllMalware
		}
	}
	if !m.Published.IsZero() {
		flags |= flagPublished
	}
	if !m.Modified.IsZero() {
		flags |= flagModified
	}
	b = append(b, flags, byte(m.Severity), byte(math.Round(m.Score*scorePrecision)))
	b = appendCoverage(b, g.covers)
	if flags&flagMalware != 0 && flags&flagAllMalware == 0 {
		b = appendCoverage(b, g.malware)
	}
	b = appendBytes(b, m.ID)
	b = appendStrings(b, m.Aliases)
	b = appendBytes(b, string(m.Summary))
	b = binary.AppendUvarint(b, uint64(len(g.fixed)))
	for _, f := range g.fixed {
		b = appendBytes(appendBytes(b, f.text), f.key)
	}
	b = binary.AppendVarint(b, m.Published.UnixMilli())
	return binary.AppendVarint(b, m.Modified.UnixMilli())
}

func appendCoverage(b []byte, c coverage) []byte {
	b = binary.AppendUvarint(b, uint64(len(c)))
	for _, s := range c {
		b = appendBytes(append(b, byte(s.kind)), s.lo)
		if s.kind != endless {
			b = appendBytes(b, s.hi)
		}
	}
	return b
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendBytes(b, s)
	}
	return b
}

func appendPackages(b []byte, ps []artifact.Package) []byte {
	for _, p := range ps {
		b = appendBytes(b, packageKey(p))
	}
	return b
}

// A packedGroup is a group still in the file, read up to its coverage.
type packedGroup struct {
	flags    byte
	severity finding.Severity
	score    float64
	covered  bool // the version asked about is covered
	malware  bool // and by a malware record
	rest     reader
}

// readGroup reads the front of a group and tests a version against it.
func readGroup(b, key []byte) (packedGroup, bool) {
	r := reader{b: b}
	g := packedGroup{flags: r.byte(), severity: finding.Severity(r.byte())}
	g.score = float64(r.byte()) / scorePrecision
	g.covered = r.covers(key)
	switch {
	case g.flags&flagAllMalware != 0:
		g.malware = g.covered
	case g.flags&flagMalware != 0:
		g.malware = r.covers(key)
	}
	g.rest = r
	return g, !r.bad && g.severity >= finding.Unknown && g.severity <= finding.Critical
}

// covers reads a coverage and says whether it holds a version.
func (r *reader) covers(key []byte) bool {
	found := false
	for range r.count() {
		s := span{kind: spanEnd(r.byte()), lo: r.bytes()}
		if s.kind != endless {
			s.hi = r.bytes()
		}
		if r.bad || s.kind > endless {
			r.fail()
			return false
		}
		found = found || s.has(key)
	}
	return found && !r.bad
}

// match reads the rest of a group. Fixed versions at or below key are left out;
// a nil key keeps all.
func (g packedGroup) match(key []byte) (Match, bool) {
	r := g.rest
	m := Match{Severity: g.severity, Score: g.score, Malware: g.malware}
	m.ID = r.string()
	m.Aliases = make([]string, 0, r.count())
	for range cap(m.Aliases) {
		m.Aliases = append(m.Aliases, r.string())
	}
	m.Summary = artifact.Untrusted(r.string())
	for range r.count() {
		text, k := r.string(), r.bytes()
		if bytes.Compare(k, key) > 0 {
			m.Fixed = append(m.Fixed, text)
		}
	}
	published, modified := r.varint(), r.varint()
	if g.flags&flagPublished != 0 {
		m.Published = time.UnixMilli(published).UTC()
	}
	if g.flags&flagModified != 0 {
		m.Modified = time.UnixMilli(modified).UTC()
	}
	return m, !r.bad && len(r.b) == 0
}

// eachGroup hands out the groups of a package's value.
func eachGroup(value []byte, yield func(packed []byte) bool) error {
	r := reader{b: value}
	for range r.count() {
		packed := r.bytes()
		if r.bad || !yield(packed) {
			return ErrCorrupt
		}
	}
	if r.bad || len(r.b) != 0 {
		return ErrCorrupt
	}
	return nil
}
