package advisory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

const (
	// mostDelta records are fetched one by one; of more, all.zip is fetched.
	mostDelta = 200
	// parallelDelta of them at a time.
	parallelDelta = 8
)

// errAbsent says that a source answered and has nothing for an ecosystem.
var errAbsent = errors.New("the source has no such folder")

// A puller asks one source for one ecosystem.
type puller struct {
	*job
	src    source
	folder string
	eco    artifact.Ecosystem
	prev   feed
}

// An offer is what a source has.
type offer struct {
	same         bool // it is what prev has, or holds: only content is set
	content      content
	batch        *batch
	disagreement string // why list and records do not fit together; "" when they do
}

// pull asks for the list first, which costs nothing when it did not change, then
// for the records that differ from ours, or for all of them. Which ones differ is
// told by comparing the times record by record, never by the latest time seen:
// records may carry times of the future.
func (p *puller) pull(ctx context.Context) (offer, error) {
	known := p.prev.content
	if p.prev.Held != nil && p.prev.Held.Batch != "" {
		known = p.prev.Held.content
	}
	raw, etag, err := p.read(ctx, "modified_id.csv", p.trusted(known.ETag), maxList)
	switch {
	case errors.Is(err, errUnchanged):
		return offer{same: true, content: known}, nil
	case errors.Is(err, fs.ErrNotExist):
		return p.pullPlain(ctx)
	case err != nil:
		return offer{}, err
	}
	c := content{ETag: etag, List: string(artifact.DigestOf(raw))}
	if p.has(c.List) {
		return offer{same: true, content: c}, nil
	}
	list, err := parseList(raw)
	if err != nil {
		return offer{}, err
	}
	return p.pullRecords(ctx, c, list)
}

// has says that a list is the one of what is current, or of what is held for
// another reason than that list and records disagree: that may have healed.
func (p *puller) has(list string) bool {
	if p.prev.Batch != "" && p.prev.List == list {
		return true
	}
	h := p.prev.Held
	return h != nil && h.Batch != "" && h.List == list && !h.Disagree
}

// trusted gives the ETag to send: none when the list's being unchanged would not
// be enough.
func (p *puller) trusted(etag string) string {
	if h := p.prev.Held; h != nil && h.Disagree {
		return ""
	}
	return etag
}

func (p *puller) read(ctx context.Context, name, etag string, most int64) ([]byte, string, error) {
	body, newETag, err := p.src.open(ctx, p.folder+"/"+name, etag, most)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	b, err := readAll(body, most)
	if err != nil {
		return nil, "", fmt.Errorf("reading %s/%s: %w", p.folder, name, err)
	}
	return b, newETag, nil
}

// pullRecords gets the records of a list and keeps them as a batch.
func (p *puller) pullRecords(ctx context.Context, c content, list map[string]time.Time) (offer, error) {
	t, err := p.fetchRecords(ctx, list)
	if err != nil {
		return offer{}, err
	}
	defer func() { t.drop() }()
	b, err := readBatch(ctx, t.File, p.Names)
	if err != nil {
		return offer{}, err
	}
	// all.zip may lag behind the list: what the list has otherwise is asked for
	// singly, once. What the list does not have stays and is a disagreement.
	differ := disagreements(list, b.manifest)
	if late := listed(differ, list); len(late) > 0 && len(late) <= mostDelta {
		patched, err := p.delta(ctx, t.File, list, late)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return offer{}, err
		}
		if err == nil {
			t.drop()
			t = patched
			if b, err = readBatch(ctx, t.File, p.Names); err != nil {
				return offer{}, err
			}
			differ = disagreements(list, b.manifest)
		}
	}
	b.manifest.adopt(list)
	o := offer{content: c, batch: b}
	if len(differ) > 0 {
		o.disagreement = disagreementReason(differ)
	}
	return o, p.keep(t, &o)
}

// fetchRecords brings what the list has: the current batch with a few records
// replaced, where the source offers single ones, or all.zip.
func (p *puller) fetchRecords(ctx context.Context, list map[string]time.Time) (*temp, error) {
	before, err := p.manifest(p.prev.Batch)
	if err != nil {
		return nil, err
	}
	if differ := disagreements(list, before); before != nil && len(differ) <= mostDelta {
		base, err := p.openBatch(p.prev.Batch)
		if err != nil {
			return p.download(ctx) // what is damaged here is whole there
		}
		defer base.Close()
		t, err := p.delta(ctx, base, list, differ)
		if !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
	return p.download(ctx)
}

// listed gives the ids that a list has.
func listed(ids []string, list map[string]time.Time) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, ok := list[id]
		return !ok
	})
}

// keep makes the batch durable under its digest.
func (p *puller) keep(t *temp, o *offer) error {
	digest, err := digestOf(t.File)
	if err != nil {
		return err
	}
	o.content.Batch, o.content.Records = digest, len(o.batch.manifest)
	p.batches[digest] = o.batch
	if err := p.disk.put(manifestName(digest), o.batch.manifest.encode()); err != nil {
		return err
	}
	return t.keep(batchName(digest))
}

// download brings all.zip.
func (p *puller) download(ctx context.Context) (*temp, error) {
	body, _, err := p.src.open(ctx, p.folder+"/all.zip", "", maxZip)
	if err != nil {
		return nil, fmt.Errorf("fetching %s/all.zip: %w", p.folder, err)
	}
	defer body.Close()
	t, err := p.disk.temp()
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(t, io.LimitReader(body, maxZip+1))
	if err == nil && n > maxZip {
		err = fmt.Errorf("more than %d bytes", int64(maxZip))
	}
	if err != nil {
		t.drop()
		return nil, fmt.Errorf("fetching %s/all.zip: %w", p.folder, err)
	}
	return t, nil
}

// delta writes the batch in f again with the records named in differ as the
// source has them now; those that are not in the list go. It is fs.ErrNotExist
// when the source does not offer single records.
func (p *puller) delta(ctx context.Context, f *os.File, list map[string]time.Time, differ []string) (*temp, error) {
	changes := make([]change, len(differ))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelDelta)
	for i, id := range differ {
		changes[i].id = id
		if _, listed := list[id]; !listed {
			continue
		}
		g.Go(func() error {
			body, _, err := p.read(gctx, id+".json", "", maxRecord)
			changes[i].body = body
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	base, err := openZip(f)
	if err != nil {
		return nil, err
	}
	t, err := p.disk.temp()
	if err != nil {
		return nil, err
	}
	if err := writeBatch(t, base, changes); err != nil {
		t.drop()
		return nil, err
	}
	return t, nil
}

// pullPlain reads a folder that holds nothing but records.
func (p *puller) pullPlain(ctx context.Context) (offer, error) {
	dir, local := p.src.(folder)
	if !local {
		return offer{}, errAbsent
	}
	names, err := dir.plainRecords(p.folder)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(names) == 0) {
		return offer{}, errAbsent
	}
	if err != nil {
		return offer{}, err
	}
	if len(names) > maxRecords {
		return offer{}, fmt.Errorf("%d records, at most %d are read", len(names), maxRecords)
	}
	changes := make([]change, 0, len(names))
	var all bytes.Buffer
	for _, name := range names {
		body, _, err := p.read(ctx, name, "", maxRecord)
		if err != nil {
			return offer{}, err
		}
		fmt.Fprintf(&all, "%s %s\n", artifact.DigestOf(body), name)
		changes = append(changes, change{id: strings.TrimSuffix(name, ".json"), body: body})
	}
	c := content{List: string(artifact.DigestOf(all.Bytes()))}
	if p.has(c.List) {
		return offer{same: true, content: c}, nil
	}
	t, err := p.disk.temp()
	if err != nil {
		return offer{}, err
	}
	defer t.drop()
	if err := writeBatch(t, nil, changes); err != nil {
		return offer{}, err
	}
	b, err := readBatch(ctx, t.File, p.Names)
	if err != nil {
		return offer{}, err
	}
	o := offer{content: c, batch: b}
	return o, p.keep(t, &o)
}
