package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Progress hears how far an admission is. Methods are called from several
// goroutines. Total is 0 while it is not known.
type Progress interface {
	Step(what string, done, total int)
	// First tells the verdict on facts about versions, before a byte is fetched.
	First(vs []verdict.VersionOutcome)
}

// Silent is a Progress that tells nobody.
type Silent struct{}

// Step implements Progress.
func (Silent) Step(string, int, int) {}

// First implements Progress.
func (Silent) First([]verdict.VersionOutcome) {}

// answer takes a request through the whole gate and records its outcome for the
// attempt that holds its job. It may run again for the same request: what was
// fetched and scanned is kept, decisions are the same until something they
// depend on changes. An error means that the gate could not answer now (store,
// cancelled context); whatever the world outside did wrong is in the outcome, as
// a problem or a reason.
func (g *Gate) answer(ctx context.Context, held jobs.Held, req verdict.Request, p Progress) (verdict.Outcome, error) {
	started := time.Now()
	reg, err := g.registry(req.Registry)
	if err != nil {
		return g.finish(ctx, held, g.unanswered(req.ID, verdict.Failed, err.Error()))
	}
	out := verdict.Outcome{Request: req.ID, DecisionURL: g.DecisionURL(req.ID), Status: verdict.Done, Versions: []verdict.VersionOutcome{}}
	out.Policy, out.AdvisorySnapshot = reg.Policy.Digest(), g.Advisories().Snapshot

	asked, problems := g.read(req)
	closure, more := g.resolve(ctx, reg, asked, p)
	out.Problems = append([]verdict.Problem{}, slices.Concat(req.Problems, problems, more)...) // an empty list, not null

	candidates, err := g.examine(ctx, reg, closure, lines(asked), p)
	if err != nil {
		return out, err
	}
	p.First(outcomes(candidates))
	g.lookAtAll(ctx, candidates, p)
	if err := ctx.Err(); err != nil {
		return out, err // what nobody waited for is not decided
	}
	if err := g.decide(ctx, reg, candidates); err != nil {
		return out, err
	}
	if err := g.publish(ctx, candidates); err != nil {
		return out, err
	}
	out.Versions = outcomes(candidates)
	g.addRemedies(ctx, reg, req, asked, out.Versions, p)
	if err := ctx.Err(); err != nil {
		return out, err // a remedy that was cut short is not the smallest
	}
	out.Verdict = sum(out)
	if slices.ContainsFunc(out.Problems, func(p verdict.Problem) bool { return p.Fatal }) {
		out.Status, out.Verdict = verdict.Failed, verdict.Worse(out.Verdict, verdict.Hold)
	}
	if out.Verdict == verdict.Admit {
		out.Install = g.installCommand(reg, asked)
	}
	out.Took = verdict.Milliseconds(time.Since(started).Milliseconds())
	return g.finish(ctx, held, out)
}

// finish records an outcome, also when nobody waits for it any more: the work is
// done.
func (g *Gate) finish(ctx context.Context, held jobs.Held, out verdict.Outcome) (verdict.Outcome, error) {
	out.Ended = g.Now().UTC()
	if err := g.Store.FinishRequest(context.WithoutCancel(ctx), held, out, out.Ended); err != nil {
		return out, fmt.Errorf("recording outcome: %w", err)
	}
	g.keepReports(ctx, out.Request)
	return out, nil
}

// unanswered is the outcome of a request that came to no decision. It holds.
func (g *Gate) unanswered(id string, s verdict.Status, why string) verdict.Outcome {
	return verdict.Outcome{
		Request: id, Status: s, Verdict: verdict.Hold, DecisionURL: g.DecisionURL(id), Versions: []verdict.VersionOutcome{},
		Problems: []verdict.Problem{{Class: finding.Fault, Effect: verdict.EffectHold, Fatal: true, Text: why}},
	}
}

// installCommand is how to install the one manifest of a request; "" where there
// are several or none.
func (g *Gate) installCommand(reg Registry, as []asked) string {
	if len(as) != 1 || !plainPath().MatchString(as[0].manifest.Path) {
		return ""
	}
	return as[0].peer.InstallCommand(g.Base(reg.Name, as[0].peer.ID()), as[0].manifest.Format, as[0].manifest.Path)
}

// candidate is one version of the closure on its way through the gate.
type candidate struct {
	ecosystem.Resolved
	asked     string // the manifest line's requirement as written
	facts     *versionFacts
	first     []verdict.Decision // by file, on facts about versions only
	decisions []verdict.Decision // by file, at the end
	isNew     bool
}

// examine gathers the facts of each version and takes the first verdict. No
// file is fetched for it.
func (g *Gate) examine(ctx context.Context, reg Registry, closure []ecosystem.Resolved, written map[finding.Location]string, p Progress) ([]*candidate, error) {
	cs := make([]*candidate, len(closure))
	faults := make([]error, len(closure))
	p.Step("checking versions", 0, len(closure))
	parallel(ctx, 16, closure, func(ctx context.Context, i int, r ecosystem.Resolved) {
		cs[i] = &candidate{Resolved: r, asked: written[r.At]}
		faults[i] = g.gatherCandidate(ctx, reg, cs[i])
	})
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for _, c := range cs {
		c.first = g.decideCandidate(reg, c)
		c.isNew = slices.ContainsFunc(c.Files, func(x ecosystem.IndexFile) bool {
			return c.facts.reports[x.Name] == nil || c.facts.state.AdmittedSince[x.Name].IsZero()
		}) || len(c.Files) == 0
	}
	return cs, nil
}

// gatherCandidate reads what is known about a candidate's version. That the
// upstream is silent about it is a finding; only our own store can fault.
func (g *Gate) gatherCandidate(ctx context.Context, reg Registry, c *candidate) error {
	peer, err := g.peer(c.Version.Package.Ecosystem)
	if err != nil {
		return err
	}
	state, err := g.Store.State(ctx, reg.Name, c.Version.Package)
	if err != nil {
		return fmt.Errorf("reading what is known of %s: %w", c.Version.Package, err)
	}
	vf := &versionFacts{version: c.Version, registry: reg.Name, indexed: c.Files, state: state, adv: g.Advisories()}
	c.facts = vf
	for _, f := range c.Findings {
		vf.add("", f)
	}
	if len(c.Files) == 0 && len(c.Findings) == 0 {
		vf.add("", finding.Finding{Rule: "no-file", Class: finding.Fault, Severity: finding.High,
			Text: fmt.Sprintf("the index has no file of %s that could be looked at", c.Version)})
	}
	x, above, err := g.index(ctx, reg, peer, c.Version.Package, c.wants())
	if err == nil {
		c.Files = completed(x, c.Files)
		vf.index, vf.above = x, above
		vf.indexed = x.Of(c.Version.Number)
		vf.metadata = g.cheapMetadata(ctx, peer, x, c.Files)
	} else {
		vf.add("", finding.Finding{Rule: "upstream-silent", Class: finding.Fault, Severity: finding.High,
			Text: fmt.Sprintf("the upstream could not be asked about %s: %v", c.Version, artifact.Untrusted(err.Error()))})
	}
	if err := g.inherit(ctx, vf); err != nil {
		return err
	}
	return g.gather(ctx, vf, g.Now())
}

// wants are the files that an installer would take, or all that the version has.
func (c *candidate) wants() wanted {
	if len(c.Files) > 0 {
		return named(namesOf(c.Files)...)
	}
	return numbered(c.Version.Number)
}

// compareHashes holds the bytes that were fetched against the hashes that the
// manifest demands. Where the index tells a digest the resolver has done so; a
// silent index, or a hash of another kind, leaves it to here.
func (c *candidate) compareHashes() {
	if len(c.Hashes) == 0 {
		return
	}
	for _, x := range c.Files {
		file, recorded := c.facts.state.Files[x.Name]
		if !recorded {
			continue
		}
		has := []string{"sha256:" + string(file.SHA256)}
		if r := c.facts.reports[x.Name]; r != nil {
			has = append(has, r.Digests...)
		}
		if len(has) == 1 {
			has = append(has, x.Digests...) // which the bytes were held against when they came
		}
		switch known, wrong := demanded(c.Hashes, has); {
		case wrong != "":
			c.facts.add(x.Name, finding.Finding{Rule: "manifest-hash-mismatch", Class: finding.Integrity, Severity: finding.Critical, Path: x.Name,
				Text: fmt.Sprintf("%s has %s, which is none of those that %s demands", x.Name, shortHash(wrong), c.At)})
		case !known:
			c.facts.add(x.Name, finding.Finding{Rule: "manifest-hash-unknown", Class: finding.Fault, Severity: finding.High, Path: x.Name,
				Text: fmt.Sprintf("%s: %s gives no hash that it could be compared with; write one of sha256", x.Name, c.At)})
		}
	}
}

// demanded compares what a manifest demands of a file with the digests that its
// bytes have, both as "algorithm:value". known says that they share an algorithm,
// wrong is a digest whose algorithm is demanded with other values alone.
func demanded(want, have []string) (known bool, wrong string) {
	for _, h := range have {
		algorithm, _, _ := strings.Cut(h, ":")
		if !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, algorithm+":") }) {
			continue
		}
		if known = true; !slices.Contains(want, h) {
			return true, h
		}
	}
	return known, ""
}

// shortHash is "sha256 1a2b3c4d5e6f", for people.
func shortHash(h string) string {
	algorithm, value, _ := strings.Cut(h, ":")
	return algorithm + " " + value[:min(len(value), 12)]
}

// cheapMetadata reads the licence and its like where that costs one small
// request. Not having it is no fault: the scanned file brings its own.
func (g *Gate) cheapMetadata(ctx context.Context, peer Peer, x *ecosystem.Index, files []ecosystem.IndexFile) *ecosystem.Metadata {
	for _, f := range files {
		if f.HasMetadata {
			up, err := peer.Called(ctx, x.Upstream)
			if err != nil {
				return nil
			}
			m, _, err := up.Metadata(ctx, x, f)
			if err != nil {
				return nil
			}
			return &m
		}
	}
	return nil
}

// decideCandidate decides about each file an installer would take, or about the
// version when there is none.
func (g *Gate) decideCandidate(reg Registry, c *candidate) []verdict.Decision {
	now := g.Now()
	if len(c.Files) == 0 {
		c.facts.findings[""] = append(c.facts.findings[""], finding.Finding{Rule: "no-usable-file", Class: finding.Fault, Severity: finding.High,
			Text: fmt.Sprintf("no file of %s that may be taken can be installed on the platforms looked at", c.Version)})
		return []verdict.Decision{g.decideVersion(reg, c.facts, now)}
	}
	ds := make([]verdict.Decision, len(c.Files))
	for i, x := range c.Files {
		ds[i] = g.decideFile(reg, c.facts, x, now)
	}
	return ds
}

// Fetching waits on the network, scanning on the processor; files are few and
// large enough that eight under way keep both busy.
const filesAtOnce = 8

// lookAtAll fetches and scans every file that the first verdict did not reject,
// or whose registry serves it even so.
func (g *Gate) lookAtAll(ctx context.Context, cs []*candidate, p Progress) {
	type wanted struct {
		c *candidate
		x ecosystem.IndexFile
	}
	var files []wanted
	for _, c := range cs {
		for i, x := range c.Files {
			if d := c.first[i]; (d.Verdict != verdict.Reject || d.Observed) && (c.facts.reports[x.Name] == nil || c.facts.outdated[x.Name] || g.unverified(c.facts, x)) {
				files = append(files, wanted{c, x})
			}
		}
	}
	var done atomic.Int64
	p.Step("fetching and scanning", 0, len(files))
	faults := make([]error, len(files))
	parallel(ctx, filesAtOnce, files, func(ctx context.Context, i int, w wanted) {
		faults[i] = g.Look(ctx, w.c.Version, w.c.facts.index, w.x)
		p.Step("fetching and scanning", int(done.Add(1)), len(files))
	})
	for i, err := range faults {
		if err != nil {
			files[i].c.facts.faults(files[i].x.Name, err)
		}
	}
}

// decide gathers the facts again, now with what the worker saw, and takes the
// final decision about each file.
func (g *Gate) decide(ctx context.Context, reg Registry, cs []*candidate) error {
	for _, c := range cs {
		state, err := g.Store.State(ctx, reg.Name, c.Version.Package)
		if err != nil {
			return fmt.Errorf("reading what is known of %s: %w", c.Version.Package, err)
		}
		before := c.facts
		c.facts = &versionFacts{
			registry: reg.Name,
			version:  before.version, index: before.index, indexed: before.indexed, state: state,
			metadata: before.metadata, adv: g.Advisories(), met: before.met,
		}
		if c.facts.above, err = g.refreshed(ctx, before.above, before.version); err != nil {
			return err
		}
		if err := g.inherit(ctx, c.facts); err != nil {
			return err
		}
		if err := g.gather(ctx, c.facts, g.Now()); err != nil {
			return err
		}
		c.compareHashes()
		c.decisions = g.decideCandidate(reg, c)
	}
	return nil
}

// publish makes the decisions public in one transaction. From here on the
// registry serves what was admitted. What this request alone met, such as a hash
// that its lock demands, is recorded for its reader and takes nothing away that
// others use: the registry's own decision stands.
func (g *Gate) publish(ctx context.Context, cs []*candidate) error {
	var public, private []verdict.Decision
	for _, c := range cs {
		for _, d := range c.decisions {
			if len(c.facts.met[""])+len(c.facts.met[d.File]) > 0 && d.Verdict != verdict.Admit {
				private = append(private, d)
			} else {
				public = append(public, d)
			}
		}
	}
	for _, c := range cs {
		if err := g.recordAbove(ctx, c.facts.above, c.decisions); err != nil {
			return err
		}
	}
	if err := g.Store.Publish(ctx, public); err != nil {
		return fmt.Errorf("publishing decisions: %w", err)
	}
	if err := g.Store.PutDecisions(ctx, private); err != nil {
		return fmt.Errorf("recording decisions: %w", err)
	}
	g.decided(ctx, slices.Concat(public, private)...)
	return nil
}

// decided logs and counts decisions once they are recorded: one line each.
func (g *Gate) decided(ctx context.Context, ds ...verdict.Decision) {
	for _, d := range ds {
		g.Metrics.Decided(d)
		g.Log.InfoContext(ctx, "decided", "decision", d.ID, "version", d.Purl, "file", d.File, "registry", d.Registry, "verdict", d.Verdict.String())
	}
}

// sum is a request's verdict: its worst.
func sum(o verdict.Outcome) verdict.Verdict {
	v := verdict.Admit
	for _, p := range o.Problems {
		v = verdict.Worse(v, verdict.Sum([]verdict.Reason{{Effect: p.Effect}}))
	}
	for _, w := range o.Versions {
		v = verdict.Worse(v, w.Verdict)
	}
	return v
}

// outcomes renders candidates for people, worst first, then direct ones, then
// by name.
func outcomes(cs []*candidate) []verdict.VersionOutcome {
	out := make([]verdict.VersionOutcome, 0, len(cs))
	for _, c := range cs {
		out = append(out, c.outcome())
	}
	slices.SortStableFunc(out, func(a, b verdict.VersionOutcome) int {
		return cmp.Or(rank(a.Verdict)-rank(b.Verdict), boolFirst(a.Direct, b.Direct), a.Line-b.Line, strings.Compare(a.Purl, b.Purl))
	})
	return out
}

func (c *candidate) outcome() verdict.VersionOutcome {
	ds := c.decisions
	if ds == nil {
		ds = onFacts(c.first)
	}
	o := verdict.VersionOutcome{
		Purl: c.Version.Purl(), Version: c.Version, Verdict: verdict.Admit, Direct: c.Direct, Build: c.Build, New: c.isNew,
		Via: []string{}, Reasons: []verdict.Reason{}, Files: []verdict.FileOutcome{}, File: c.At.File, Line: c.At.Line, Asked: c.asked, Licence: c.facts.licence(),
		Capabilities: c.facts.capabilities(), ComparedWith: c.facts.before,
	}
	for _, p := range c.Via {
		o.Via = append(o.Via, p.Purl())
	}
	for _, d := range ds {
		v := d.Verdict
		if Serves(d) {
			v = verdict.Admit
		}
		if worse := verdict.Worse(o.Verdict, v); worse != o.Verdict || o.Decision == "" {
			o.Verdict, o.Decision = worse, d.ID
		}
		if d.File != "" {
			o.Files = append(o.Files, verdict.FileOutcome{Name: d.File, SHA256: d.Inputs.FileSHA256, Size: c.facts.state.Files[d.File].Size, Verdict: v, Decision: d.ID, Provenance: c.facts.maker(d.File)})
		}
		for _, r := range d.Reasons {
			r.File, r.Line = c.At.File, c.At.Line
			if !slices.ContainsFunc(o.Reasons, func(have verdict.Reason) bool { return sameReason(have, r) }) {
				o.Reasons = append(o.Reasons, r)
			}
		}
	}
	o.Until = until(o.Verdict, ds)
	slices.SortStableFunc(o.Reasons, func(a, b verdict.Reason) int {
		return cmp.Or(effectRank(a.Effect)-effectRank(b.Effect), int(b.Severity.Weight())-int(a.Severity.Weight()))
	})
	return o
}

// onFacts are first decisions without the look that is still to come.
func onFacts(ds []verdict.Decision) []verdict.Decision {
	out := slices.Clone(ds)
	for i, d := range out {
		out[i].Reasons = slices.DeleteFunc(slices.Clone(d.Reasons), unseen)
		out[i].Verdict = verdict.Sum(out[i].Reasons)
	}
	return out
}

// until is when a version's held files have all opened by themselves, or when
// the first admission ends; nil when that is not known, or it is rejected.
func until(v verdict.Verdict, ds []verdict.Decision) *time.Time {
	var at time.Time
	for _, d := range ds {
		switch {
		case v == verdict.Admit && !d.Until.IsZero() && (at.IsZero() || d.Until.Before(at)):
			at = d.Until
		case v == verdict.Hold && !Serves(d):
			opens := opensAt(d)
			if opens.IsZero() {
				return nil
			}
			at = later(at, opens)
		}
	}
	if at.IsZero() {
		return nil
	}
	return &at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func sameReason(a, b verdict.Reason) bool {
	return a.Rule == b.Rule && a.Finding == b.Finding && a.Effect == b.Effect && slices.Equal(a.IDs, b.IDs) && (a.Finding != "" || a.Text == b.Text)
}

// faults turns an error met while looking at a file into a finding about it.
func (vf *versionFacts) faults(file string, err error) {
	f := finding.Finding{Rule: "could-not-look", Class: finding.Fault, Severity: finding.High, Path: file, Text: fmt.Sprintf("%s could not be fetched and scanned: %v", file, artifact.Untrusted(err.Error()))}
	if bad, ok := errors.AsType[*BadBytesError](err); ok {
		f = finding.Finding{Rule: bad.Rule, Class: finding.Integrity, Severity: finding.Critical, Path: file, Text: bad.Error()}
	}
	vf.add(file, f)
}

// BadBytesError says that bytes are not what somebody promised. A Fetcher
// returns it for a digest or size that differs; it rejects, where any other
// error holds.
type BadBytesError struct {
	Rule  string // "digest-mismatch", "upstream-changed-bytes"
	File  string
	Want  artifact.Digest
	Got   artifact.Digest // empty when it is not known
	Cause error           // may be nil
}

// Error implements error.
func (e *BadBytesError) Error() string {
	if e.Got == "" && e.Cause != nil {
		return fmt.Sprintf("%s is not what was promised: %v", e.File, e.Cause)
	}
	return fmt.Sprintf("%s should have sha256 %s; what arrived has %s", e.File, e.Want.Short(), e.Got.Short())
}

// Unwrap gives the cause.
func (e *BadBytesError) Unwrap() error { return e.Cause }
