package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
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
	key       viewKey
	newest    string      // the newest version that is offered, pre-releases and yanked ones aside; "" when there is none
	recorded  atomic.Bool // its refusals are in the store
}

// ForResolver is the index with every refused file marked as yanked, the way
// clients see it.
func (v *View) ForResolver() *ecosystem.Index {
	x := *v.Index
	x.Files = make([]ecosystem.IndexFile, len(v.Index.Files))
	for i, f := range v.Index.Files {
		if !Offers(v.Decisions[i]) {
			f.Yanked, f.YankedReason = true, "[gatehouse]"
		}
		x.Files[i] = f
	}
	return &x
}

// Offers says whether a file is served or would be as soon as it was
// looked at: nothing but the missing look stands against it.
func Offers(d verdict.Decision) bool {
	if Serves(d) {
		return true
	}
	for _, r := range d.Reasons {
		if r.Effect != verdict.EffectNote && r.Effect != verdict.EffectAdmit && r.Rule != notLookedAtRule {
			return false
		}
	}
	return true
}

// viewKey is everything a View depends on beside the clock.
type viewKey struct {
	registry, index, policy, advisories, problem string
	generation                                   int64
}

const viewsKept = 4096

type viewCache struct {
	mu   sync.Mutex
	rows map[viewName]*View
}

type viewName struct {
	registry string
	pkg      artifact.Package
}

// View decides about every file of a package for one registry. The answer is
// kept until something it depends on changes or the earliest of its decisions
// ends.
func (g *Gate) View(ctx context.Context, registry string, p artifact.Package) (*View, error) {
	reg, err := g.registry(registry)
	if err != nil {
		return nil, err
	}
	peer, err := g.peer(p.Ecosystem)
	if err != nil {
		return nil, err
	}
	x, err := peer.Upstream.Index(ctx, p)
	if err != nil {
		return nil, err
	}
	gen, err := g.Store.Generation(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("reading generation: %w", err)
	}
	adv := g.Advisories()
	key := viewKey{reg.Name, string(x.Digest), reg.Policy.Digest(), adv.Snapshot, adv.Problem, gen}
	now := g.Now()
	name := viewName{reg.Name, p}
	if v := g.views.get(name, key, now); v != nil {
		return v, nil
	}
	v, err := g.decideIndex(ctx, reg, x, adv, now)
	if err != nil {
		return nil, err
	}
	v.key = key
	g.views.put(name, v)
	return v, nil
}

func (c *viewCache) get(n viewName, k viewKey, now time.Time) *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.rows[n]
	if v == nil || v.key != k || (!v.Until.IsZero() && !now.Before(v.Until)) {
		return nil
	}
	return v
}

func (c *viewCache) put(n viewName, v *View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil || len(c.rows) >= viewsKept {
		c.rows = map[viewName]*View{} // rare; rebuilding a view costs milliseconds
	}
	c.rows[n] = v
}

func (g *Gate) decideIndex(ctx context.Context, reg Registry, x *ecosystem.Index, adv AdvisoryState, now time.Time) (*View, error) {
	state, err := g.Store.State(ctx, reg.Name, x.Package)
	if err != nil {
		return nil, fmt.Errorf("reading what is known of %s: %w", x.Package, err)
	}
	versions := map[string]*versionFacts{}
	byNumber := map[string][]ecosystem.IndexFile{}
	for _, f := range x.Files {
		byNumber[f.Number] = append(byNumber[f.Number], f)
	}
	v := &View{Index: x, Decisions: make([]verdict.Decision, len(x.Files))}
	for i, f := range x.Files {
		vf := versions[f.Number]
		if vf == nil {
			vf = &versionFacts{version: x.Version(f), index: x, indexed: byNumber[f.Number], state: state, adv: adv}
			if err := g.gather(ctx, vf, now); err != nil {
				return nil, err
			}
			versions[f.Number] = vf
		}
		d := g.decideFile(reg, vf, f, now)
		v.Decisions[i] = d
		if !d.Until.IsZero() && (v.Until.IsZero() || d.Until.Before(v.Until)) {
			v.Until = d.Until
		}
	}
	v.newest, err = g.newest(v)
	return v, err
}

// newest finds the newest version of a view that a client may install.
func (g *Gate) newest(v *View) (string, error) {
	peer, err := g.peer(v.Index.Package.Ecosystem)
	if err != nil {
		return "", err
	}
	var best string
	var bestKey []byte
	for i, f := range v.Index.Files {
		if f.Yanked || f.Number == best || !Offers(v.Decisions[i]) || peer.PreRelease(f.Number) {
			continue
		}
		k, err := peer.VersionKey(f.Number)
		if err != nil {
			return "", err
		}
		if bytes.Compare(k, bestKey) > 0 {
			best, bestKey = f.Number, k
		}
	}
	return best, nil
}

// versionFacts are what is known about a version: by its upstream, by the
// checks, and by what the worker saw in those of its files that were fetched.
type versionFacts struct {
	version  artifact.Version
	index    *ecosystem.Index      // nil when the upstream has no such package any more
	indexed  []ecosystem.IndexFile // its files in the index
	state    PackageState          // of the package
	metadata *ecosystem.Metadata   // nil when nobody read it yet
	adv      AdvisoryState

	findings map[string][]finding.Finding // by file name; "" for all files
	evidence string                       // digest over findings and the revisions of the checks
	reports  map[string]*scan.Report      // by file name
	keys     map[string]string            // evidence keys, by file name
	looking  map[string][]finding.Finding // what went wrong while fetching and scanning, by file name
}

// gather reads the reports of the version's files and asks every version check.
// A check that fails becomes a fault finding and the decision holds.
func (g *Gate) gather(ctx context.Context, vf *versionFacts, now time.Time) error {
	vf.reports, vf.keys = map[string]*scan.Report{}, map[string]string{}
	for _, x := range vf.indexed {
		file, recorded := vf.state.Files[x.Name]
		if !recorded {
			continue
		}
		key := g.evidenceKey(file, x)
		report, err := g.Store.Evidence(ctx, key)
		if errors.Is(err, verdict.ErrNotFound) {
			continue
		} else if err != nil {
			return fmt.Errorf("reading evidence of %s: %w", file.Name, err)
		}
		vf.reports[x.Name], vf.keys[x.Name] = &report, key
		if vf.metadata == nil {
			vf.metadata = report.Metadata
		}
	}
	target := scan.VersionTarget{
		Version: vf.version, Index: vf.index, Files: vf.indexed, Metadata: vf.metadata, Reports: vf.reports,
		Internal: g.Internal(vf.version.Package), Origin: vf.state.Origin, Now: now,
	}
	vf.findings, vf.evidence = runChecks(ctx, g.Checks, target)
	return nil
}

// runChecks gives the findings by the file they are about ("" for all), and a
// digest that changes whenever one of them or a check's data does.
func runChecks(ctx context.Context, checks []scan.VersionCheck, t scan.VersionTarget) (map[string][]finding.Finding, string) {
	about := map[string][]finding.Finding{}
	revisions := make([]string, 0, len(checks))
	for _, c := range checks {
		fs, err := c.Check(ctx, t)
		if err != nil {
			fs = []finding.Finding{{Rule: "check-failed", Class: finding.Fault, Severity: finding.High,
				Text: fmt.Sprintf("the check %q could not look at %s: %v", c.Name(), t.Version, err)}}
		}
		for _, f := range fs {
			name := ""
			if slices.ContainsFunc(t.Files, func(x ecosystem.IndexFile) bool { return x.Name == f.Path }) {
				name = f.Path
			}
			about[name] = append(about[name], f)
		}
		revisions = append(revisions, c.Name()+"@"+c.Revision())
	}
	b, err := json.Marshal([]any{revisions, about})
	if err != nil {
		panic(err) // plain values only
	}
	return about, string(artifact.DigestOf(b))
}

// decideFile decides about one file of a version whose facts are gathered.
func (g *Gate) decideFile(reg Registry, vf *versionFacts, x ecosystem.IndexFile, now time.Time) verdict.Decision {
	d, err := Decide(reg.Policy, g.fileFacts(reg, vf, x), now)
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
		Findings: slices.Clone(vf.findings[""]), Origin: vf.state.Origin, Internal: g.Internal(vf.version.Package),
		Advisories: vf.adv, Waivers: vf.state.Waivers, Approvals: vf.state.Approvals[vf.version.Number],
		VersionEvidence: vf.evidence,
	}
	if vf.index != nil {
		f.UpstreamMetadata = vf.index.Digest
	}
	if m := vf.metadata; m != nil {
		if f.Licence = m.LicenceSPDX; f.Licence == "" {
			f.Licence = m.Licence.String()
		}
	}
	return f
}

func (g *Gate) fileFacts(reg Registry, vf *versionFacts, x ecosystem.IndexFile) Facts {
	f := g.commonFacts(reg, vf)
	f.Yanked, f.YankedReason = x.Yanked, x.YankedReason
	f.Findings = append(f.Findings, vf.findings[x.Name]...)
	file, recorded := vf.state.Files[x.Name]
	if !recorded {
		f.File = &artifact.File{Version: vf.version, Name: x.Name, Kind: x.Kind, Size: x.Size, Uploaded: x.Uploaded}
		return f
	}
	f.File, f.AdmittedSince = &file, vf.state.AdmittedSince[x.Name]
	if x.SHA256 != "" && x.SHA256 != file.SHA256 {
		f.Findings = append(f.Findings, changedBytes(file, x.SHA256))
	}
	if r := vf.reports[x.Name]; r != nil {
		f.Looked, f.FileEvidence = true, vf.keys[x.Name]
		f.Findings = append(f.Findings, r.Findings...)
	}
	return f
}

func changedBytes(f artifact.File, now artifact.Digest) finding.Finding {
	return finding.Finding{Rule: "upstream-changed-bytes", Class: finding.Integrity, Severity: finding.Critical,
		Text: fmt.Sprintf("%s had sha256 %s when it was first fetched; the upstream now says %s", f.Name, f.SHA256.Short(), now.Short())}
}

// evidenceKey covers every input of a worker's report: content, engine and
// scanner revisions, and the role that the bytes play.
func (g *Gate) evidenceKey(f artifact.File, x ecosystem.IndexFile) string {
	b, err := json.Marshal([]any{f.SHA256, g.Inspect.Revision(), f.Version.Purl(), f.Name, f.Kind, x.RequiresPython, x.MetadataSHA256})
	if err != nil {
		panic(err) // plain values only
	}
	return string(artifact.DigestOf(b))
}
