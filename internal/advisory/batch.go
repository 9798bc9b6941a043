package advisory

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Limits on a batch: all records of one ecosystem. The largest known holds some
// hundred thousand records.
const (
	maxZip      = 2 << 30   // bytes of an all.zip
	maxUnpacked = 16 << 30  // bytes of all its records
	maxRecords  = 2_000_000 // records
	maxList     = 128 << 20 // bytes of a modified_id.csv
)

// A manifest says of each record of a batch what the feed checks and the next
// incremental sync need.
type manifest map[string]entry

type entry struct {
	modified time.Time
	state    recordState
	malware  bool
}

type recordState byte

const (
	live       recordState = 'l'
	withdrawn  recordState = 'w'
	unreadable recordState = 'u'
)

// A batch is the records of one ecosystem from one source. Records that cannot
// be read are in the manifest only.
type batch struct {
	records  []record
	manifest manifest
	trouble  string // the first unreadable record and why; "" when all could be read
}

// entryOf gives what a manifest says of a record that could be read.
func entryOf(r record) entry {
	e := entry{modified: r.modified, state: live, malware: r.malware}
	if r.withdrawn {
		e.state = withdrawn
	}
	return e
}

// readBatch reads a zip of records, each an entry <ID>.json at its top. A record
// that cannot be read is counted; a zip that is not what it should be is an error.
func readBatch(ctx context.Context, f *os.File, names Names) (*batch, error) {
	z, err := openZip(f)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	b := &batch{manifest: make(manifest, len(z.File)), records: make([]record, 0, len(z.File))}
	var troubles []string
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	const chunk = 256
	for files := range slices.Chunk(z.File, chunk) {
		g.Go(func() error {
			for _, zf := range files {
				if err := ctx.Err(); err != nil {
					return err
				}
				id := strings.TrimSuffix(zf.Name, ".json")
				r, err := readZipped(zf, id, names)
				mu.Lock()
				if err != nil {
					b.manifest[id] = entry{state: unreadable, malware: strings.HasPrefix(id, "MAL-")}
					troubles = append(troubles, fmt.Sprintf("%s: %v", id, err))
				} else {
					b.manifest[id] = entryOf(r)
					b.records = append(b.records, r)
				}
				mu.Unlock()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(b.records, func(x, y record) int { return strings.Compare(x.id, y.id) })
	if len(troubles) > 0 {
		b.trouble = slices.Min(troubles)
	}
	return b, nil
}

// openZip checks names and sizes before a byte is unpacked.
func openZip(f *os.File) (*zip.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("reading zip: %w", err)
	}
	if len(z.File) > maxRecords {
		return nil, fmt.Errorf("reading zip: %d entries, at most %d are read", len(z.File), maxRecords)
	}
	seen := make(map[string]bool, len(z.File))
	var total uint64
	for _, zf := range z.File {
		id, ok := strings.CutSuffix(zf.Name, ".json")
		if !ok || !validID(id) {
			return nil, fmt.Errorf("reading zip: entry %.80q is not an advisory id with .json", zf.Name)
		}
		if seen[id] {
			return nil, fmt.Errorf("reading zip: entry %s twice", zf.Name)
		}
		seen[id] = true
		if total += min(zf.UncompressedSize64, maxUnpacked); total > maxUnpacked {
			return nil, fmt.Errorf("reading zip: more than %d bytes unpacked", int64(maxUnpacked))
		}
	}
	return z, nil
}

func readZipped(zf *zip.File, id string, names Names) (record, error) {
	b, err := readBody(zf)
	if err != nil {
		return record{}, err
	}
	return parseNamed(b, id, names)
}

func readBody(zf *zip.File) ([]byte, error) {
	if zf.UncompressedSize64 > maxRecord {
		return nil, fmt.Errorf("record is larger than %d bytes", maxRecord)
	}
	rc, err := zf.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return readAll(rc, maxRecord)
}

// parseNamed reads a record that must have the id of its file.
func parseNamed(b []byte, id string, names Names) (record, error) {
	r, err := parseRecord(b, names)
	if err == nil && r.id != id {
		err = fmt.Errorf("the record inside is %s", r.id)
	}
	return r, err
}

// A change is one record of a batch to be written; nil bytes remove it.
type change struct {
	id   string
	body []byte
}

// writeBatch writes base (nil for none) with changes as a new zip. What does not
// change is copied compressed as it is.
func writeBatch(w io.Writer, base *zip.Reader, changes []change) error {
	changed := make(map[string]bool, len(changes))
	for _, c := range changes {
		changed[c.id+".json"] = true
	}
	buffered := bufio.NewWriterSize(w, 1<<20)
	z := zip.NewWriter(buffered)
	if base != nil {
		for _, zf := range base.File {
			if changed[zf.Name] {
				continue
			}
			if err := z.Copy(zf); err != nil {
				return err
			}
		}
	}
	for _, c := range changes {
		if c.body == nil {
			continue
		}
		e, err := z.Create(c.id + ".json")
		if err != nil {
			return err
		}
		if _, err := e.Write(c.body); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// parseList reads a modified_id.csv: lines of "time,id".
func parseList(b []byte) (map[string]time.Time, error) {
	out := make(map[string]time.Time, bytes.Count(b, []byte("\n")))
	n := 0
	for line := range bytes.Lines(b) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" {
			continue
		}
		when, id, ok := strings.Cut(text, ",")
		t, err := time.Parse(time.RFC3339, when)
		if !ok || err != nil || !validID(id) {
			return nil, fmt.Errorf("reading modified_id.csv: line %d: %.80q is not a time and an id", n, text)
		}
		if _, twice := out[id]; twice {
			return nil, fmt.Errorf("reading modified_id.csv: line %d: %s twice", n, id)
		}
		out[id] = t
	}
	if len(out) > maxRecords {
		return nil, fmt.Errorf("reading modified_id.csv: %d ids, at most %d are read", len(out), maxRecords)
	}
	return out, nil
}

// disagreements lists, sorted, the ids that list and manifest do not both have
// with one time, to the second: exporters round fractions differently.
func disagreements(list map[string]time.Time, m manifest) []string {
	var out []string
	for id, t := range list {
		e, ok := m[id]
		if !ok || (e.state != unreadable && !sameSecond(e.modified, t)) {
			out = append(out, id)
		}
	}
	for id := range m {
		if _, ok := list[id]; !ok {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// adopt gives the unreadable records the times of the list, so that the next
// sync sees whether they changed.
func (m manifest) adopt(list map[string]time.Time) {
	for id, e := range m {
		if e.state == unreadable {
			e.modified = list[id]
			m[id] = e
		}
	}
}

const manifestHeader = "gatehouse advisory ids 1\n"

// encode writes a manifest as lines of time, id, state and "malware" or "-".
func (m manifest) encode() []byte {
	var b bytes.Buffer
	b.WriteString(manifestHeader)
	for _, id := range slices.Sorted(maps.Keys(m)) {
		e := m[id]
		kind := "-"
		if e.malware {
			kind = "malware"
		}
		fmt.Fprintf(&b, "%d %s %c %s\n", e.modified.Unix(), id, e.state, kind)
	}
	return b.Bytes()
}

func parseManifest(b []byte) (manifest, error) {
	rest, ok := bytes.CutPrefix(b, []byte(manifestHeader))
	if !ok {
		return nil, errors.New("reading ids: not a list of ids")
	}
	m := make(manifest, bytes.Count(rest, []byte("\n")))
	for line := range bytes.Lines(rest) {
		f := strings.Fields(string(line))
		if len(f) != 4 {
			return nil, fmt.Errorf("reading ids: %.80q has not four fields", line)
		}
		seconds, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading ids: %w", err)
		}
		if !slices.Contains([]string{"l", "w", "u"}, f[2]) {
			return nil, fmt.Errorf("reading ids: %.80q has no known state", line)
		}
		m[f[1]] = entry{modified: time.Unix(seconds, 0).UTC(), state: recordState(f[2][0]), malware: f[3] == "malware"}
	}
	return m, nil
}

// count tells how many entries satisfy is.
func (m manifest) count(is func(entry) bool) int {
	n := 0
	for _, e := range m {
		if is(e) {
			n++
		}
	}
	return n
}

// mergeBatches gives each id once: the record that was modified last, of equals
// the one of the earlier source. A record of an earlier source that could not
// be read does not hide the later one.
func mergeBatches(batches []*batch) []record {
	at := map[string]int{}
	var out []record
	for _, b := range batches {
		for _, r := range b.records {
			i, ok := at[r.id]
			switch {
			case !ok:
				at[r.id] = len(out)
				out = append(out, r)
			case r.modified.After(out[i].modified):
				out[i] = r
			}
		}
	}
	slices.SortFunc(out, func(a, b record) int { return cmp.Compare(a.id, b.id) })
	return out
}
