package gate

import (
	"bytes"
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// View is a package's index with today's decision about each file: what a
// client of the registry may read. Both the rendered index and the resolver of
// an admission look through it, so a range means the same to both.
type View struct {
	Index     *ecosystem.Index
	Decisions []verdict.Decision // one for each of Index.Files, same order
	Until     time.Time          // decide again from here on; zero: no end of its own
	Kept      atomic.Value       // what a reader made of the view, for as long as it is kept here
	key       viewKey
	once      sync.Once
	places    map[string]int // of files, by name; see place
	gone      map[string]bool
	newest    string             // the newest version that is offered, pre-releases and yanked ones aside; "" when there is none
	newestAt  time.Time          // when it came out; zero where nobody says
	present   Presentation       // of its registry
	recorded  []atomic.Bool      // for each file, whether its decision stands in the store (Record)
	recalled  []verdict.Decision // of files that were admitted until now
	like      []int              // for each file, the first of its version with the same answer

	lineage     lineage  // what later versions are compared with
	unevaluated []string // looks that today's rules of behaviour were not asked about, by evidence key
}

// ForResolver is the index the way clients see it: what is refused stands in it
// as the registry presents it. Under hard a resolver takes a refused version like
// any other, as a client would, and its admission is refused as the client's
// download would be.
func (v *View) ForResolver() *ecosystem.Index { return v.resolvable(true) }

// resolvable is the upstream's index, without what the upstream has no more;
// presented says whether refused files are shown as clients see them, or open.
func (v *View) resolvable(presented bool) *ecosystem.Index {
	x := *v.Index
	x.Files = make([]ecosystem.IndexFile, 0, len(v.Index.Files))
	for i, f := range v.Index.Files {
		if v.gone[f.Name] {
			continue
		}
		if presented && !Offers(v.Decisions[i]) {
			switch v.Presents(i) {
			case Hide:
				continue
			case Soft:
				f.Yanked, f.YankedReason = true, "[gatehouse]"
			}
		}
		x.Files = append(x.Files, f)
	}
	return &x
}

// Offers says whether a file is served or would be as soon as it was
// looked at: nothing but the missing look stands against it.
func Offers(d verdict.Decision) bool {
	if Serves(d) || d.Observed {
		return true
	}
	if len(d.Reasons) == 0 {
		return false // no decision at all
	}
	return !slices.ContainsFunc(d.Reasons, func(r verdict.Reason) bool { return blocks(r) && !unseen(r) })
}

// viewKey is everything a View depends on beside the clock.
type viewKey struct {
	registry, index, policy, rules, advisories, problem string
	generation                                          int64
	above                                               *View // of the registry that it is taken from
}

// filesKept is how many files the kept views may hold together: about a kilobyte
// each. Deciding again about one that was dropped costs 8 us a file.
const filesKept = 40_000

// viewCache keeps the views that were used last.
type viewCache struct {
	mu    sync.Mutex
	rows  map[viewName]*list.Element // of *keptView
	order list.List                  // the most recently used first
	files int
}

type keptView struct {
	name viewName
	view *View
}

type viewName struct {
	registry string
	pkg      artifact.Package
}

// View decides about every file of a package for one registry: those in the
// upstream's index, and those that were fetched once and are no more in it,
// which hold. The answer is kept until something it depends on changes or the
// earliest of its decisions ends.
//
// It says of each file what the index alone says. Where more costs a request for
// each file, FullView, VersionView and FileView make them.
func (g *Gate) View(ctx context.Context, registry string, p artifact.Package) (*View, error) {
	return g.view(ctx, registry, p, nil)
}

func (g *Gate) view(ctx context.Context, registry string, p artifact.Package, want wanted) (*View, error) {
	reg, err := g.registry(registry)
	if err != nil {
		return nil, err
	}
	peer, err := g.peerIn(reg, p.Ecosystem)
	if err != nil {
		return nil, err
	}
	x, above, missing := g.index(ctx, reg, peer, p, want)
	if errors.Is(missing, ecosystem.ErrNoPackage) {
		if nobody, ok := errors.AsType[*unasked](missing); ok && nobody.bound || g.Hosted.has(p) {
			return nil, missing
		}
		x = &ecosystem.Index{Package: p} // what was fetched of it may still be known
	} else if missing != nil {
		return nil, missing
	}
	gen, err := g.Store.Generation(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("reading generation: %w", err)
	}
	adv := g.Advisories()
	key := viewKey{reg.Name, string(x.Digest), reg.Policy.Digest(), g.rulesDigest(), adv.Snapshot, adv.Problem, gen, above}
	now := g.Now()
	name := viewName{reg.Name, p}
	if v := g.views.get(name, key, now); v != nil {
		return v, nil
	}
	// A hundred clients that install at once ask for the same view, which may be of
	// ten thousand files.
	return g.deciding.Do(ctx, fmt.Sprint(name, key), func(ctx context.Context) (*View, error) {
		if v := g.views.get(name, key, now); v != nil {
			return v, nil
		}
		v, err := g.decideIndex(ctx, reg, x, above, adv, now)
		if err != nil {
			return nil, err
		}
		if missing != nil && len(v.Index.Files) == 0 {
			return nil, missing
		}
		if err := g.recall(ctx, v); err != nil {
			return nil, err
		}
		v.key = key
		g.views.put(name, v)
		return v, nil
	})
}

// rulesDigest names the rules of behaviour; "" when there are none.
func (g *Gate) rulesDigest() string {
	if g.Behave == nil {
		return ""
	}
	return g.Behave.Digest()
}

// evaluatedView is View for those who can wait until today's rules were asked about
// all that was seen of a package.
func (g *Gate) evaluatedView(ctx context.Context, registry string, p artifact.Package) (*View, error) {
	v, err := g.View(ctx, registry, p)
	if err != nil || len(v.unevaluated) == 0 {
		return v, err
	}
	faults := make([]error, len(v.unevaluated))
	parallel(ctx, evaluationsAtOnce, v.unevaluated, func(ctx context.Context, i int, key string) { faults[i] = g.evaluate(ctx, key) })
	if err := errors.Join(faults...); err != nil {
		g.Log.WarnContext(ctx, "rules of behaviour could not be asked", "package", p.String(), "err", err)
	}
	return g.View(ctx, registry, p) // what could not be evaluated holds
}

// inherit finds what a version is compared with, once something of it was seen.
func (g *Gate) inherit(ctx context.Context, vf *versionFacts) error {
	seen := func(x ecosystem.IndexFile) bool { _, ok := vf.state.Files[x.Name]; return ok }
	if !slices.ContainsFunc(vf.indexed, seen) {
		return nil
	}
	if vf.index == nil {
		vf.alone = true
		return nil
	}
	peer, err := g.peer(vf.version.Package.Ecosystem)
	if err != nil {
		return err
	}
	key, err := peer.VersionKey(vf.version.Number)
	if err != nil {
		return nil // it has no place among the others
	}
	v, err := g.viewOf(ctx, vf.registry, vf.version)
	if err != nil {
		g.Log.WarnContext(ctx, "what a version is compared with could not be read", "version", vf.version.String(), "err", err)
		vf.alone = true
		return ctx.Err()
	}
	vf.base, vf.drift = v.lineage.before(key, vf.since(), g.Now())
	return nil
}

// recall records, before anybody sees the view, which files are no longer
// admitted. Otherwise the data that refuses them could be lost, and they would
// count as admitted before and go on being served.
func (g *Gate) recall(ctx context.Context, v *View) error {
	if len(v.recalled) == 0 {
		return nil
	}
	if err := g.Store.Publish(ctx, v.recalled); err != nil {
		return fmt.Errorf("recording recalls: %w", err)
	}
	for _, d := range v.recalled {
		g.Log.Warn("recalled", "decision", d.ID, "version", d.Purl, "file", d.File, "registry", d.Registry, "verdict", d.Verdict.String())
	}
	return nil
}

// Record makes the decision about the i-th file of a view stand in the store. It
// costs nothing where that was done before: a view is another one whenever
// anything about its package was written.
func (g *Gate) Record(ctx context.Context, v *View, i int) error {
	if v.recorded[i].Load() {
		return nil
	}
	if err := g.recordAbove(ctx, v.key.above, v.Decisions[i:i+1]); err != nil {
		return err
	}
	if err := g.Store.Publish(ctx, v.Decisions[i:i+1]); err != nil {
		return fmt.Errorf("recording decision: %w", err)
	}
	v.recorded[i].Store(true)
	return nil
}

func (c *viewCache) get(n viewName, k viewKey, now time.Time) *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.rows[n]
	if e == nil {
		return nil
	}
	v := e.Value.(*keptView).view
	if v.key != k || (!v.Until.IsZero() && !now.Before(v.Until)) {
		return nil
	}
	c.order.MoveToFront(e)
	return v
}

func (c *viewCache) put(n viewName, v *View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[viewName]*list.Element{}
	}
	if old := c.rows[n]; old != nil {
		c.remove(old)
	}
	c.rows[n] = c.order.PushFront(&keptView{n, v})
	c.files += v.weight()
	for c.files > filesKept && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

func (c *viewCache) remove(e *list.Element) {
	row := c.order.Remove(e).(*keptView)
	delete(c.rows, row.name)
	c.files -= row.view.weight()
}

// weight is what a view counts as among those that are kept: its files, and
// itself, because there are packages without any.
func (v *View) weight() int { return 1 + len(v.Decisions) }

func (g *Gate) decideIndex(ctx context.Context, reg Registry, x *ecosystem.Index, above *View, adv AdvisoryState, now time.Time) (*View, error) {
	state, err := g.Store.State(ctx, reg.Name, x.Package)
	if err != nil {
		return nil, fmt.Errorf("reading what is known of %s: %w", x.Package, err)
	}
	x, gone := withVanished(x, state)
	if above != nil {
		maps.Copy(gone, above.gone) // they stand in its index
	}
	versions := map[string]*versionFacts{}
	byNumber := map[string][]ecosystem.IndexFile{}
	for _, f := range x.Files {
		byNumber[f.Number] = append(byNumber[f.Number], f)
	}
	v := &View{Index: x, gone: gone, present: reg.Present, recorded: make([]atomic.Bool, len(x.Files)), Decisions: make([]verdict.Decision, len(x.Files)), like: make([]int, len(x.Files))}
	rules := reg.Policy.Batch()
	order, keys, err := g.decidingOrder(x, state)
	if err != nil {
		return nil, err
	}
	said := map[string]int{} // by version, the last file that had reasons of its own: most share them
	for _, i := range order {
		f := x.Files[i]
		vf := versions[f.Number]
		if vf == nil {
			vf = &versionFacts{version: x.Version(f), registry: reg.Name, index: x, indexed: byNumber[f.Number], state: state, adv: adv, rules: rules, above: above}
			if key := keys[f.Number]; key != nil {
				vf.base, vf.drift = v.lineage.before(key, vf.since(), now)
			}
			if err := g.gather(ctx, vf, now); err != nil {
				return nil, err
			}
			versions[f.Number] = vf
			v.unevaluated = append(v.unevaluated, vf.unevaluated...)
		}
		if gone[f.Name] {
			vf.add(f.Name, finding.Finding{Rule: "upstream-vanished", Class: finding.Fault, Severity: finding.High, Path: f.Name,
				Text: f.Name + " was fetched once, and the upstream has it no more; find out why before anybody uses it"})
		}
		d := g.decideFile(reg, vf, f, now)
		v.like[i] = i
		if first, ok := said[f.Number]; ok && sameAnswer(v.Decisions[first], d) {
			v.like[i], d.Reasons = first, v.Decisions[first].Reasons
		} else {
			said[f.Number] = i
		}
		v.Decisions[i] = d
		if d.TakesBack() && !state.AdmittedSince[f.Name].IsZero() {
			v.recalled = append(v.recalled, d)
		}
		if !d.Until.IsZero() && (v.Until.IsZero() || d.Until.Before(v.Until)) {
			v.Until = d.Until
		}
		if vf.decided(d); len(vf.decisions) == len(vf.indexed) && keys[f.Number] != nil {
			if a := vf.ancestorOf(keys[f.Number], gone); a != nil {
				v.lineage = append(v.lineage, a)
			}
		}
	}
	if above != nil && !above.Until.IsZero() && (v.Until.IsZero() || above.Until.Before(v.Until)) {
		v.Until = above.Until
	}
	g.evaluateLater(ctx, v.unevaluated)
	v.newest, v.newestAt, err = g.newest(v)
	return v, err
}

// decidingOrder lists the indexes of x's files so that each version is decided about
// after the lower ones, which it is compared with. Versions of which nothing was
// fetched come first, as they are; the keys are those of the others.
func (g *Gate) decidingOrder(x *ecosystem.Index, state PackageState) (order []int, keys map[string][]byte, err error) {
	peer, err := g.peer(x.Package.Ecosystem)
	if err != nil {
		return nil, nil, err
	}
	known := map[string]bool{}
	for _, f := range x.Files {
		if _, ok := state.Files[f.Name]; ok {
			known[f.Number] = true
		}
	}
	of := map[string][]int{}
	order = make([]int, 0, len(x.Files))
	for i, f := range x.Files {
		if known[f.Number] {
			of[f.Number] = append(of[f.Number], i)
		} else {
			order = append(order, i)
		}
	}
	numbers, keys := ascending(slices.Sorted(maps.Keys(known)), peer.VersionKey)
	for _, n := range numbers {
		order = append(order, of[n]...)
	}
	return order, keys, nil
}

// sameAnswer says whether two decisions differ in nothing but the file.
func sameAnswer(a, b verdict.Decision) bool {
	return a.Verdict == b.Verdict && a.Observed == b.Observed && a.Until.Equal(b.Until) && reflect.DeepEqual(a.Reasons, b.Reasons)
}

// Explained is the decision whose page explains the i-th file: its own, or that
// of another file of the version with the same answer. An index of ten thousand
// refused files has few different ones.
func (v *View) Explained(i int) verdict.Decision { return v.Decisions[v.like[i]] }

// withVanished adds the files of a package that were fetched from an upstream
// and are not in its index any more. From our own index files go by an act of
// ours, and what else is known of the name is another registry's.
func withVanished(x *ecosystem.Index, state PackageState) (*ecosystem.Index, map[string]bool) {
	if x.Upstream == artifact.Internal {
		return x, nil
	}
	there := make(map[string]bool, len(x.Files))
	for _, f := range x.Files {
		there[f.Name] = true
	}
	gone := map[string]bool{}
	var files []ecosystem.IndexFile
	for _, name := range slices.Sorted(maps.Keys(state.Files)) {
		if f := state.Files[name]; !there[name] {
			gone[name] = true
			files = append(files, ecosystem.IndexFile{Name: name, Number: f.Version.Number, Kind: f.Kind, SHA256: f.SHA256, Size: f.Size, Uploaded: f.Uploaded})
		}
	}
	if len(files) == 0 {
		return x, nil
	}
	all := *x
	if all.Upstream == "" {
		all.Upstream = state.Origin
	}
	all.Files = slices.Concat(x.Files, files)
	return &all, gone
}

// newest finds the newest version of a view that a client may install.
func (g *Gate) newest(v *View) (string, time.Time, error) {
	peer, err := g.peer(v.Index.Package.Ecosystem)
	if err != nil {
		return "", time.Time{}, err
	}
	var best string
	var at time.Time
	var bestKey []byte
	for i, f := range v.Index.Files {
		if f.Yanked || f.Number == best || !Offers(v.Decisions[i]) || peer.PreRelease(f.Number) {
			continue
		}
		k, err := peer.VersionKey(f.Number)
		if err != nil {
			continue // an upstream's odd version number must not take the others away
		}
		if bytes.Compare(k, bestKey) > 0 {
			best, at, bestKey = f.Number, f.Uploaded, k
		}
	}
	return best, at, nil
}

// versionFacts are what is known about a version: by its upstream, by the
// checks, and by what the worker saw in those of its files that were fetched.
type versionFacts struct {
	version  artifact.Version
	registry string
	index    *ecosystem.Index      // nil when the upstream has no such package any more
	indexed  []ecosystem.IndexFile // its files in the index
	state    PackageState          // of the package
	above    *View                 // of the registry that the index was taken from; nil when it was not
	metadata *ecosystem.Metadata   // nil when nobody read it yet
	adv      AdvisoryState
	rules    *policy.Batch // nil: the registry's policy

	findings map[string][]finding.Finding // of the checks, by file name; "" for all files
	failed   []finding.Finding            // the checks that could not answer
	evidence string                       // digest over both and the revisions of the checks
	reports  map[string]*scan.Report      // by file name
	keys     map[string]string            // evidence keys, by file name
	outdated map[string]bool              // files whose report is of earlier scanners, by name

	behave       bool                        // there are rules of behaviour
	behaviours   map[string]*scan.Behaviour  // what today's rules make of the reports, by file name
	unevaluated  []string                    // evidence that they were not asked about yet, by key
	base, drift  *ancestor                   // what it is compared with; nil when there is none
	alone        bool                        // what it would be compared with could not be read
	blind        bool                        // no facts were kept of a file that is up for admission
	decisions    map[string]verdict.Decision // by file name, once they were taken
	words, added []string                    // see can
	before       string

	// published is what was found when a file of ours is being uploaded, by file
	// name; nil: what was recorded then.
	published map[string][]finding.Finding
	met       map[string][]finding.Finding // on the way here: resolving, fetching, scanning; by file name, "" for all
}

func (vf *versionFacts) add(file string, f finding.Finding) {
	if vf.met == nil {
		vf.met = map[string][]finding.Finding{}
	}
	vf.met[file] = append(vf.met[file], f)
}

// gather reads the reports of the version's files and asks every version check.
// A check that fails becomes a fault finding and the decision holds.
func (g *Gate) gather(ctx context.Context, vf *versionFacts, now time.Time) error {
	vf.reports, vf.keys, vf.outdated = map[string]*scan.Report{}, map[string]string{}, map[string]bool{}
	vf.behave, vf.behaviours = g.Behave != nil, map[string]*scan.Behaviour{}
	for _, x := range vf.indexed {
		file, recorded := vf.state.Files[x.Name]
		if !recorded {
			continue
		}
		key := g.evidenceKey(file, x)
		report, err := g.Store.Evidence(ctx, key)
		if errors.Is(err, verdict.ErrNotFound) {
			if key, report, err = g.earlierEvidence(ctx, vf, file); err == nil {
				vf.outdated[x.Name] = true
			}
		}
		if errors.Is(err, verdict.ErrNotFound) {
			continue
		} else if err != nil {
			return fmt.Errorf("reading evidence of %s: %w", file.Name, err)
		}
		vf.reports[x.Name], vf.keys[x.Name] = &report, key
		if vf.metadata == nil {
			vf.metadata = report.Metadata
		}
		b, asked, err := g.behaviour(ctx, key)
		switch {
		case err != nil:
			return fmt.Errorf("reading what %s does: %w", file.Name, err)
		case !asked:
			vf.unevaluated = append(vf.unevaluated, key)
		case b != nil:
			vf.behaviours[x.Name] = b
		case vf.behave && vf.state.AdmittedSince[x.Name].IsZero():
			vf.blind = true
		}
	}
	target := scan.VersionTarget{
		Version: vf.version, Index: vf.index, Files: vf.indexed, Metadata: vf.metadata, Reports: vf.reports,
		Internal: g.ours(vf), Origin: vf.state.Origin, Now: now,
	}
	unknown := vf.behaviourUnknown()
	vf.words, vf.added, vf.before = vf.can()
	attested := ""
	target.Attested, attested = vf.attestedFiles()
	if !unknown {
		target.Behaviours = vf.behaviours
		if vf.base != nil {
			target.Baseline = vf.base.now
		}
		if vf.drift != nil {
			target.Drift = vf.drift.then
		}
	}
	vf.findings, vf.failed, vf.evidence = runChecks(ctx, g.Checks, target, vf.adv.Problem != "")
	if attested != "" {
		vf.evidence = string(artifact.DigestOf([]byte(vf.evidence + attested)))
	}
	if unknown {
		vf.failed = append(vf.failed, notEvaluated())
		vf.evidence = string(artifact.DigestOf([]byte(vf.evidence + ruleBehaviourUnknown)))
	}
	for _, f := range vf.failed {
		if f.Rule == ruleBehaviourUnknown {
			continue // being mended: whoever reads the view has the rules asked
		}
		g.Log.Warn("a check failed", "version", vf.version.String(), "rule", f.Rule, "err", f.Text)
	}
	if err := g.addPublished(ctx, vf); err != nil {
		return err
	}
	return ctx.Err() // a check that was interrupted said nothing
}

// behaviourUnknown says that today's rules were not asked about all that the version
// is judged by: its own files, and what it is compared with. Half of it would say
// that too much is new, or too little.
func (vf *versionFacts) behaviourUnknown() bool {
	if !vf.behave || len(vf.reports) == 0 {
		return false
	}
	fresh := len(vf.outdated) < len(vf.reports)
	for _, a := range []*ancestor{vf.base, vf.drift} {
		if a != nil && (a.unevaluated || a.outdated && fresh) {
			return true
		}
	}
	return vf.alone || vf.blind || len(vf.unevaluated) > 0
}

// decided remembers a decision about one of the version's files.
func (vf *versionFacts) decided(d verdict.Decision) {
	if vf.decisions == nil {
		vf.decisions = map[string]verdict.Decision{}
	}
	vf.decisions[d.File] = d
}

// earlierEvidence is what the worker saw in a file when it was admitted, with the
// scanners and the index's words of then. An upgrade of the gate must not take
// away what was admitted: that goes on being served, with a note, until somebody
// has it looked at again. Other files have none: ErrNotFound.
func (g *Gate) earlierEvidence(ctx context.Context, vf *versionFacts, f artifact.File) (string, scan.Report, error) {
	if vf.state.AdmittedSince[f.Name].IsZero() {
		return "", scan.Report{}, verdict.ErrNotFound
	}
	d, err := g.Store.LastAdmission(ctx, vf.registry, vf.version, f.Name)
	if err != nil {
		return "", scan.Report{}, err
	}
	if d.Inputs.FileSHA256 != f.SHA256 {
		return "", scan.Report{}, verdict.ErrNotFound
	}
	r, err := g.Store.Evidence(ctx, d.Inputs.FileEvidence)
	return d.Inputs.FileEvidence, r, err
}

// runChecks gives the findings by the file they are about ("" for all), what
// could not be checked, and a digest that changes whenever one of them or a
// check's data does.
// noData says that the gate knows of missing data already.
func runChecks(ctx context.Context, checks []scan.VersionCheck, t scan.VersionTarget, noData bool) (about map[string][]finding.Finding, failed []finding.Finding, digest string) {
	about = map[string][]finding.Finding{}
	revisions := make([]string, 0, len(checks))
	for _, c := range checks {
		fs, err := c.Check(ctx, t)
		if noData && errors.Is(err, scan.ErrNoData) {
			continue // every decision says so already, once
		}
		if err != nil {
			// A rule for each check: who approves that one failed has not approved that
			// another did.
			failed = append(failed, finding.Finding{Rule: c.Name() + "-check-failed", Class: finding.Fault, Severity: finding.High,
				Text: fmt.Sprintf("the check %q could not look at %s: %v", c.Name(), t.Version, artifact.Untrusted(err.Error()))})
			continue
		}
		for _, f := range fs {
			name := f.File
			if name == "" && slices.ContainsFunc(t.Files, func(x ecosystem.IndexFile) bool { return x.Name == f.Path }) {
				name = f.Path
			}
			about[name] = append(about[name], f)
		}
		revisions = append(revisions, c.Name()+"@"+c.Revision())
	}
	b, err := json.Marshal([]any{revisions, about, failed})
	if err != nil {
		panic(err) // plain values only
	}
	return about, failed, string(artifact.DigestOf(b))
}

// decideFile decides about one file of a version whose facts are gathered.
func (g *Gate) decideFile(reg Registry, vf *versionFacts, x ecosystem.IndexFile, now time.Time) verdict.Decision {
	var rules Rules = reg.Policy
	if vf.rules != nil {
		rules = vf.rules
	}
	d, err := Decide(rules, g.fileFacts(reg, vf, x), now)
	if err != nil {
		g.Log.Error("evaluating policy", "version", vf.version.String(), "file", x.Name, "err", err)
	}
	return d
}

// decideVersion decides about a version before any of its files was fetched, or
// when it has none.
func (g *Gate) decideVersion(reg Registry, vf *versionFacts, now time.Time) verdict.Decision {
	d, err := Decide(reg.Policy, g.commonFacts(reg, vf), now)
	if err != nil {
		g.Log.Error("evaluating policy", "version", vf.version.String(), "err", err)
	}
	return d
}

func (g *Gate) commonFacts(reg Registry, vf *versionFacts) Facts {
	f := Facts{
		Registry: reg.Name, Observe: reg.Observe, Version: vf.version,
		Findings: slices.Concat(vf.findings[""], vf.met[""]), Gaps: vf.failed, Origin: vf.state.Origin, Internal: g.ours(vf),
		Advisories: vf.adv, Waivers: vf.state.Waivers, Approvals: vf.state.Approvals[vf.version.Number],
		VersionEvidence: vf.evidence,
	}
	if vf.index != nil {
		f.UpstreamMetadata = vf.index.Digest
	}
	f.Baseline = vf.comparedWith()
	f.Capabilities, f.Added, f.ComparedWith = vf.words, vf.added, vf.before
	f.Licence = vf.licence()
	return f
}

// licence is what a version says of itself: an SPDX expression where it is one,
// else its own words; "" where nothing was read.
func (vf *versionFacts) licence() string {
	switch m := vf.metadata; {
	case m == nil:
		return ""
	case m.LicenceSPDX != "":
		return m.LicenceSPDX
	default:
		return m.Licence.String()
	}
}

func (g *Gate) fileFacts(reg Registry, vf *versionFacts, x ecosystem.IndexFile) Facts {
	f := g.commonFacts(reg, vf)
	f.Yanked, f.YankedReason = x.Yanked, x.YankedReason
	f.Above, f.AboveSays = saysAbove(vf.above, x.Name)
	f.Findings = slices.Concat(f.Findings, vf.findings[x.Name], vf.met[x.Name])
	f.Attested, f.Attests = vf.attested(x.Name), x.Provenance != ""
	file, recorded := vf.state.Files[x.Name]
	if !recorded {
		f.File = &artifact.File{Version: vf.version, Name: x.Name, Kind: x.Kind, Size: x.Size, Uploaded: x.Uploaded}
		return f
	}
	if file.Uploaded.IsZero() {
		file.Uploaded = x.Uploaded // the upstream did not say when it was fetched
	}
	f.File, f.AdmittedSince = &file, vf.state.AdmittedSince[x.Name]
	if x.SHA256 != "" && x.SHA256 != file.SHA256 {
		f.Findings = append(f.Findings, changedBytes(file, x.SHA256))
	}
	if r := vf.reports[x.Name]; r != nil {
		if _, wrong := demanded(x.Digests, r.Digests); wrong != "" {
			f.Findings = append(f.Findings, finding.Finding{Rule: "upstream-changed-bytes", Class: finding.Integrity, Severity: finding.Critical,
				Text: fmt.Sprintf("%s has %s; the upstream now names another", file.Name, shortHash(wrong))})
		}
		f.Looked, f.FileEvidence = true, vf.keys[x.Name]
		if vf.outdated[x.Name] {
			f.Findings = append(f.Findings, finding.Finding{Rule: ruleLookedBefore, Class: finding.Provenance, Severity: finding.None, Path: x.Name,
				Text: x.Name + " was looked at by earlier scanners; gatehouse admit " + vf.version.Purl() + " looks again"})
		}
		f.Findings = append(f.Findings, vf.compared(r.Findings)...)
	}
	return f
}

// compared is what was seen in a file, less what was in the version before it as
// well: a file that is run at every start and that was admitted then, to the byte.
func (vf *versionFacts) compared(fs []finding.Finding) []finding.Finding {
	out := slices.Clone(fs)
	for i, f := range out {
		if f.Class == finding.Honesty && vf.base.had(f) {
			out[i].Severity = min(f.Severity.Weight(), finding.Low)
			out[i].Text += ", the same as in " + artifact.Untrusted(vf.base.now.Version.Number).String()
		}
	}
	return out
}

func changedBytes(f artifact.File, now artifact.Digest) finding.Finding {
	return finding.Finding{Rule: "upstream-changed-bytes", Class: finding.Integrity, Severity: finding.Critical,
		Text: fmt.Sprintf("%s had sha256 %s when it was first fetched; the upstream now says %s", f.Name, f.SHA256.Short(), now.Short())}
}

// evidenceKey covers every input of a worker's report: content, engine and
// scanner revisions, and the role that the bytes play.
func (g *Gate) evidenceKey(f artifact.File, x ecosystem.IndexFile) string {
	inputs := []any{f.SHA256, g.Inspect.Revision(), f.Version.Purl(), f.Name, f.Kind, x.RequiresPython, x.MetadataSHA256}
	if len(x.Digests) > 0 || len(x.Record) > 0 {
		// Where an index says neither the key is what it was before they counted.
		inputs = append(inputs, x.Digests, artifact.DigestOf(x.Record))
	}
	b, err := json.Marshal(inputs)
	if err != nil {
		panic(err) // plain values only
	}
	return string(artifact.DigestOf(b))
}
