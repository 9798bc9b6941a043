package advisory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Config says what to sync and where to. Dir and Names are needed, Get for
// sources that are URLs.
type Config struct {
	// Dir is the folder of the snapshot, made when it does not exist. One process
	// at a time changes it (ErrBusy); any number read it.
	Dir string
	// Sources are https URLs, file URLs or folders laid out as OSV's export:
	// <ECOSYSTEM>/all.zip and <ECOSYSTEM>/modified_id.csv, with
	// <ECOSYSTEM>/<ID>.json for what changed where the source has it. In a folder
	// of this machine an ecosystem may also hold nothing but <ID>.json files.
	// Empty means DefaultSource. Of a record that several have, the one modified
	// last counts. A source named before and no more loses all its records, which
	// may need Accept.
	Sources []string
	// Ecosystems to keep; empty means all that Names knows.
	Ecosystems []artifact.Ecosystem
	Names      Names
	Get        Getter
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	crash func(step string) error // see disk
}

// Outcome says what became of one ecosystem of one source.
type Outcome string

// Outcomes.
const (
	Unchanged Outcome = "unchanged" // the source confirmed what we have
	Updated   Outcome = "updated"   // taken in
	Held      Outcome = "held"      // written aside until a person accepts it; what was current stays
	Failed    Outcome = "failed"    // could not be read; what was current stays and grows older
	Dropped   Outcome = "dropped"   // no longer configured; its records are gone
)

// Report tells what a sync did.
type Report struct {
	Snapshot string       `json:"snapshot"` // id of the current snapshot; "" when there is none
	Changed  bool         `json:"changed"`  // it is another one than before
	Feeds    []FeedReport `json:"feeds"`
	// Skipped lists ecosystems that sources could hold and that the program has no
	// version order for; they were not asked for.
	Skipped []artifact.Ecosystem `json:"skipped,omitempty"`
}

// FeedReport tells what became of one ecosystem of one source.
type FeedReport struct {
	Source     string             `json:"source"`
	Ecosystem  artifact.Ecosystem `json:"ecosystem"`
	Outcome    Outcome            `json:"outcome"`
	Records    int                `json:"records"`              // in what is current now
	Added      int                `json:"added,omitempty"`      // ids new in what was offered
	Removed    int                `json:"removed,omitempty"`    // ids no longer in it
	Unreadable int                `json:"unreadable,omitempty"` // records of it that could not be read
	Text       string             `json:"text,omitempty"`       // why it is held or failed, or the first unreadable record
	Err        error              `json:"-"`                    // for Failed
}

// Err joins what failed; nil when nothing did. Held is not a failure.
func (r Report) Err() error {
	var errs []error
	for _, f := range r.Feeds {
		if f.Outcome == Failed {
			errs = append(errs, fmt.Errorf("%s of %s: %w", f.Ecosystem, f.Source, f.Err))
		}
	}
	return errors.Join(errs...)
}

// Held lists what waits for a person.
func (r Report) Held() []FeedReport {
	return slices.DeleteFunc(slices.Clone(r.Feeds), func(f FeedReport) bool { return f.Outcome != Held })
}

// Sync brings the folder up to date with its sources. Feeds are independent: one
// that fails or is held leaves its part of the snapshot as it was, and the
// report says so. An error means that nothing new became current: the
// configuration is wrong, the folder is in use (ErrBusy) or cannot be written.
func Sync(ctx context.Context, c Config) (Report, error) {
	rep, err := c.run(ctx, (*job).sync)
	if err != nil {
		return rep, fmt.Errorf("syncing advisories: %w", err)
	}
	return rep, nil
}

// Accept makes current what a person looked at and accepts: every snapshot that
// is held. Nothing is fetched; Sources is not looked at. ErrNothingHeld when
// there is nothing.
func Accept(ctx context.Context, c Config) (Report, error) {
	rep, err := c.run(ctx, (*job).accept)
	if err != nil {
		return rep, fmt.Errorf("accepting advisories: %w", err)
	}
	return rep, nil
}

// A job is one Sync or Accept at work.
type job struct {
	Config
	disk    *disk
	old     state
	wanted  []osvFolder // what sources are asked for
	feeds   []feed      // what will be current, in order
	batches map[string]*batch
	report  Report
}

func (c Config) run(ctx context.Context, work func(*job, context.Context) error) (Report, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Names == nil || c.Dir == "" {
		return Report{}, errors.New("no folder or no names configured")
	}
	d, err := openDisk(c.Dir, c.crash)
	if err != nil {
		return Report{}, err
	}
	defer d.close()
	j := &job{Config: c, disk: d, batches: map[string]*batch{}}
	if j.old, err = readState(c.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Report{}, err
	}
	if err := work(j, ctx); err != nil {
		return j.report, err
	}
	return j.report, j.commit(ctx)
}

// sync asks every source for every ecosystem.
func (j *job) sync(ctx context.Context) error {
	if len(j.Sources) == 0 {
		j.Sources = []string{DefaultSource}
	}
	var err error
	if j.wanted, err = j.ecosystems(); err != nil {
		return err
	}
	sources, err := j.parseSources()
	if err != nil {
		return err
	}
	for i, src := range sources {
		if err := j.syncSource(ctx, src, j.Sources[i]); err != nil {
			return err
		}
	}
	return j.dropOthers()
}

// parseSources reads the configured sources and puts their names in order: each
// once, in one spelling.
func (j *job) parseSources() ([]source, error) {
	var sources []source
	var names []string
	for _, written := range j.Sources {
		src, name, err := parseSource(written, j.Get)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) {
			sources, names = append(sources, src), append(names, name)
		}
	}
	j.Sources = names
	return sources, nil
}

// ecosystems gives the folders to ask for.
func (j *job) ecosystems() ([]osvFolder, error) {
	wanted := j.Ecosystems
	if len(wanted) == 0 {
		for _, f := range osvFolders {
			wanted = append(wanted, f.eco)
		}
	}
	var out []osvFolder
	for _, eco := range wanted {
		f, err := folderOf(eco)
		if err != nil {
			return nil, err
		}
		if _, err := j.Names.Normalize(eco, "a"); errors.Is(err, errors.ErrUnsupported) {
			j.report.Skipped = append(j.report.Skipped, eco)
			continue
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, errors.New("none of the ecosystems has a version order here")
	}
	return out, nil
}

// syncSource asks one source. A source that has nothing at all for us and never
// had is a wrong address, which must not look like an empty one.
func (j *job) syncSource(ctx context.Context, src source, name string) error {
	found := false
	for _, f := range j.wanted {
		prev, used := j.oldFeed(name, f.eco)
		next, rep, err := j.pull(ctx, src, f, prev)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errAbsent) && !used {
			continue
		}
		found = true
		if err != nil {
			next, rep = prev, FeedReport{Outcome: Failed, Text: err.Error(), Err: err}
		}
		rep.Source, rep.Ecosystem, rep.Records = name, f.eco, next.Records
		j.feeds = append(j.feeds, next)
		j.report.Feeds = append(j.report.Feeds, rep)
	}
	if !found {
		return fmt.Errorf("advisory source %s holds no folder of an ecosystem, such as %s/modified_id.csv; check the address", name, j.wanted[0].name)
	}
	return nil
}

func (j *job) oldFeed(source string, eco artifact.Ecosystem) (feed, bool) {
	for _, f := range j.old.Feeds {
		if f.Source == source && f.Ecosystem == eco {
			return f, true
		}
	}
	return feed{Source: source, Ecosystem: eco}, false
}

// pull asks a source for one ecosystem and gives what the feed is after that.
func (j *job) pull(ctx context.Context, src source, f osvFolder, prev feed) (feed, FeedReport, error) {
	p := puller{job: j, src: src, folder: f.name, eco: f.eco, prev: prev}
	asked := j.Now()
	offer, err := p.pull(ctx)
	if err != nil {
		return feed{}, FeedReport{}, err
	}
	next := prev
	switch {
	case offer.same && prev.Held != nil && offer.content.List == prev.Held.List:
		h := *prev.Held
		h.Confirmed = asked
		next.Held = &h
		return next, FeedReport{Outcome: Held, Text: h.Reason}, nil
	case offer.same:
		// Also when it had offered something that is held, and took that back.
		next.Confirmed, next.Held, next.ETag = asked, nil, offer.content.ETag
		return next, FeedReport{Outcome: Unchanged}, nil
	}
	before, err := j.manifest(prev.Batch)
	if err != nil {
		return feed{}, FeedReport{}, err
	}
	rep := compare(before, offer.batch)
	reason := offer.disagreement
	if reason == "" {
		reason = judge(before, offer.batch.manifest, j.elsewhere(prev))
	}
	if reason != "" {
		h := &held{content: offer.content, Reason: reason, Disagree: offer.disagreement != "", Since: asked, Confirmed: asked}
		if prev.Held != nil && prev.Held.Batch != "" {
			h.Since = prev.Held.Since // as long as something waits
		}
		next.Held = h
		rep.Outcome, rep.Text = Held, reason
		return next, rep, nil
	}
	next.content, next.Confirmed, next.Held = offer.content, asked, nil
	return next, rep, nil
}

// compare counts what an offer changes.
func compare(before manifest, offer *batch) FeedReport {
	r := FeedReport{Outcome: Updated, Text: offer.trouble}
	for id, e := range offer.manifest {
		_, had := before[id]
		r.Added += one(!had)
		r.Unreadable += one(e.state == unreadable)
	}
	for id := range before {
		_, has := offer.manifest[id]
		r.Removed += one(!has)
	}
	return r
}

// manifest reads the manifest of a batch in the folder; nil for none.
func (j *job) manifest(digest string) (manifest, error) {
	if digest == "" {
		return nil, nil
	}
	if b := j.batches[digest]; b != nil {
		return b.manifest, nil
	}
	raw, err := os.ReadFile(j.disk.path(manifestName(digest)))
	if err != nil {
		return nil, err
	}
	return parseManifest(raw)
}

// elsewhere looks in what other feeds of the ecosystem will be current: those
// done already as they are now, the others as they were.
func (j *job) elsewhere(but feed) func(id string) bool {
	var others []manifest
	loaded := false
	return func(id string) bool {
		if !loaded {
			loaded = true
			for _, f := range j.outlook() {
				if f.Ecosystem != but.Ecosystem || f.Source == but.Source || !j.stays(f) {
					continue
				}
				// A manifest that cannot be read proves nothing: what it had counts as lost.
				if m, err := j.manifest(f.Batch); err == nil {
					others = append(others, m)
				}
			}
		}
		return slices.ContainsFunc(others, func(m manifest) bool { return m[id].state == live })
	}
}

// outlook gives the feeds done already and the old ones that are not.
func (j *job) outlook() []feed {
	out := slices.Clone(j.feeds)
	for _, f := range j.old.Feeds {
		if !slices.ContainsFunc(out, func(g feed) bool { return g.Source == f.Source && g.Ecosystem == f.Ecosystem }) {
			out = append(out, f)
		}
	}
	return out
}

// stays says that a feed is configured.
func (j *job) stays(f feed) bool {
	wanted := slices.ContainsFunc(j.wanted, func(o osvFolder) bool { return o.eco == f.Ecosystem })
	return wanted && slices.Contains(j.Sources, f.Source)
}

// dropOthers deals with feeds that are configured no more: they go when their
// records are elsewhere, and wait for a person otherwise.
func (j *job) dropOthers() error {
	for _, f := range j.outlook()[len(j.feeds):] {
		m, err := j.manifest(f.Batch)
		if err != nil {
			return err
		}
		rep := FeedReport{Source: f.Source, Ecosystem: f.Ecosystem, Outcome: Dropped}
		if reason := judge(m, nil, j.elsewhere(f)); reason != "" {
			now := j.Now()
			reason = "no longer configured: " + reason
			if f.Held == nil || f.Held.Batch != "" {
				f.Held = &held{Reason: reason, Since: now}
			}
			f.Held.Confirmed = now
			rep.Outcome, rep.Text, rep.Records = Held, reason, f.Records
			j.feeds = append(j.feeds, f)
		}
		j.report.Feeds = append(j.report.Feeds, rep)
	}
	return nil
}

// accept makes what is held current.
func (j *job) accept(context.Context) error {
	any := false
	for _, f := range j.old.Feeds {
		h := f.Held
		if h == nil {
			j.feeds = append(j.feeds, f)
			continue
		}
		any = true
		rep := FeedReport{Source: f.Source, Ecosystem: f.Ecosystem, Outcome: Dropped}
		if h.Batch != "" {
			f.content, f.Confirmed, f.Held = h.content, h.Confirmed, nil
			j.feeds = append(j.feeds, f)
			rep.Outcome, rep.Records = Updated, f.Records
		}
		j.report.Feeds = append(j.report.Feeds, rep)
	}
	if !any {
		return ErrNothingHeld
	}
	return nil
}

// commit makes the feeds current: the index first, the state that names it last.
// Until the state is renamed a reader sees the old snapshot.
func (j *job) commit(ctx context.Context) error {
	next := state{Feeds: j.feeds, Index: j.old.Index}
	if j.mustBuild() {
		var err error
		if next.Index, err = j.build(ctx); err != nil {
			return err
		}
	}
	if err := j.disk.putState(next); err != nil {
		return err
	}
	j.report.Snapshot, j.report.Changed = next.Index, next.Index != j.old.Index
	return j.disk.sweep(next)
}

// mustBuild says that the index is not that of the feeds, or not one that this
// program can use.
func (j *job) mustBuild() bool {
	inUse := func(feeds []feed) []string {
		var out []string
		for _, f := range feeds {
			out = append(out, string(f.Ecosystem)+" "+f.Batch)
		}
		return out
	}
	if !slices.Equal(inUse(j.feeds), inUse(j.old.Feeds)) {
		return true
	}
	if j.old.Index == "" {
		return slices.ContainsFunc(j.feeds, func(f feed) bool { return f.Batch != "" })
	}
	s, err := openIndex(j.disk.path(indexName(j.old.Index)), j.Names)
	if err != nil {
		return true
	}
	s.Close()
	return false
}

// build writes the index of the current batches and gives its digest, "" when
// there is no batch.
func (j *job) build(ctx context.Context) (string, error) {
	perEcosystem := map[artifact.Ecosystem][]*batch{}
	for _, f := range j.feeds {
		if f.Batch == "" {
			continue
		}
		b, err := j.load(ctx, f.Batch)
		if err != nil {
			return "", fmt.Errorf("reading records of %s from %s: %w", f.Ecosystem, f.Source, err)
		}
		perEcosystem[f.Ecosystem] = append(perEcosystem[f.Ecosystem], b)
	}
	if len(perEcosystem) == 0 {
		return "", nil
	}
	data, err := buildIndex(perEcosystem)
	if err != nil {
		return "", err
	}
	digest := string(artifact.DigestOf(data))
	return digest, j.disk.put(indexName(digest), data)
}

// load reads a batch of the folder, unless this job has it already.
func (j *job) load(ctx context.Context, digest string) (*batch, error) {
	if b := j.batches[digest]; b != nil {
		return b, nil
	}
	f, err := j.openBatch(digest)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBatch(ctx, f, j.Names)
}

// openBatch opens a batch of the folder and compares it with its name, so that
// damage on the disk does not pass for records that the source cannot write.
func (j *job) openBatch(digest string) (*os.File, error) {
	f, err := os.Open(j.disk.path(batchName(digest)))
	if err != nil {
		return nil, fmt.Errorf("%w; remove %s and sync again", err, j.disk.dir)
	}
	if got, err := digestOf(f); err != nil || got != digest {
		f.Close()
		return nil, errors.Join(err, fmt.Errorf("%s is damaged; remove %s and sync again", batchName(digest), j.disk.dir))
	}
	return f, nil
}

// buildIndex makes an index file's bytes of all batches.
func buildIndex(perEcosystem map[artifact.Ecosystem][]*batch) ([]byte, error) {
	var infos []EcosystemInfo
	var all []*batch
	inUse := map[artifact.Ecosystem]bool{}
	for _, eco := range slices.Sorted(maps.Keys(perEcosystem)) {
		inUse[eco] = true
		all = append(all, perEcosystem[eco]...)
		infos = append(infos, countRecords(eco, perEcosystem[eco]))
	}
	return encodeIndex(groupByPackage(mergeBatches(all), inUse), infos)
}

func countRecords(eco artifact.Ecosystem, batches []*batch) EcosystemInfo {
	info := EcosystemInfo{Ecosystem: eco}
	for _, r := range mergeBatches(batches) {
		if r.withdrawn {
			info.Withdrawn++
			continue
		}
		info.Records++
		info.Malware += one(r.malware)
		info.Skipped += r.foreign + r.opaque
		info.Loose += r.loose
	}
	for _, b := range batches {
		info.Unreadable += b.manifest.count(func(e entry) bool { return e.state == unreadable })
	}
	return info
}
