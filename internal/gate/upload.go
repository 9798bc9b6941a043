package gate

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/groups"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Desk takes uploads for one registry: it implements ecosystem.Desk over a gate.
// Bytes come first, then one transaction makes the file ours, or leaves nothing.
type Desk struct {
	Registry string
	Gate     *Gate
	Put      func(ctx context.Context, r io.Reader, limit int64, want artifact.Digest) (artifact.Digest, int64, error) // into the blob store
	MaxFile  int64                                                                                                     // bytes
	// Outside says what is known outside by a name, or looks like it; "" for
	// nothing. It looks in data that is here and asks nobody.
	Outside func(p artifact.Package) (string, error)
	// Key is the ecosystem's collision key: names with one key look alike.
	Key func(p artifact.Package) string
}

var _ ecosystem.Desk = (*Desk)(nil)

// Keep implements ecosystem.Desk.
func (d *Desk) Keep(ctx context.Context, r io.Reader) (artifact.Digest, int64, error) {
	return d.Put(ctx, r, d.MaxFile, "")
}

// Attestations implements ecosystem.Desk.
func (d *Desk) Attestations(ctx context.Context, p artifact.Package, file string) ([]json.RawMessage, error) {
	return d.Gate.Attestations(ctx, d.Registry, p, file)
}

// Yank implements ecosystem.Desk.
func (d *Desk) Yank(ctx context.Context, v artifact.Version, reason string, undo bool, by ecosystem.Publisher) error {
	do := d.Gate.Yank
	if undo {
		do = d.Gate.Unyank
	}
	_, err := do(ctx, Act{Registry: d.Registry, Version: v, Reason: reason, By: by.Name, Names: by.Names})
	return refusedAct(err)
}

// Delete implements ecosystem.Desk.
func (d *Desk) Delete(ctx context.Context, v artifact.Version, reason string, by ecosystem.Publisher) error {
	if !by.Admin {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "deleting takes an admin, because what was deleted is never published again; deprecate or yank the version instead, or ask an admin")
	}
	_, err := d.Gate.Delete(ctx, Act{Registry: d.Registry, Version: v, Reason: reason, By: by.Name, Names: by.Names})
	return refusedAct(err)
}

// Published implements ecosystem.Desk.
func (d *Desk) Published(ctx context.Context, p artifact.Package, deleted bool) ([]string, error) {
	if d.Gate.Hosted == nil {
		return nil, errNoUploads
	}
	us, err := d.Gate.Hosted.rows.UploadsOf(ctx, d.Registry, p)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for _, u := range us {
		if number := u.File.Version.Number; (deleted || u.Deleted.IsZero()) && !seen[number] {
			seen[number] = true
			out = append(out, number)
		}
	}
	return out, nil
}

// Retire implements ecosystem.Desk.
func (d *Desk) Retire(ctx context.Context, v artifact.Version, why string, by ecosystem.Publisher) error {
	_, err := d.Gate.remove(ctx, Act{Registry: d.Registry, Version: v, Reason: why, By: by.Name, Names: by.Names}, "retire")
	return refusedAct(err)
}

// Tag implements ecosystem.Desk.
func (d *Desk) Tag(ctx context.Context, p artifact.Package, tag, number string, by ecosystem.Publisher) error {
	return refusedAct(d.Gate.Tag(ctx, Act{Registry: d.Registry, Version: artifact.Version{Package: p, Number: number}, By: by.Name, Names: by.Names}, tag))
}

// refusedAct is what a publisher's client is told of an act that was not done.
func refusedAct(err error) error {
	if wrong, ok := errors.AsType[*ActError](err); ok {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s", wrong.Error())
	}
	if errors.Is(err, verdict.ErrForbidden) {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s", err.Error())
	}
	return err
}

// MayPublish implements ecosystem.Desk. A name has one origin for ever. The package
// groups say which may be published; where only the root allows it, nobody named the
// name, and a new one that somebody outside has, or that looks like another, needs an
// admin.
func (d *Desk) MayPublish(ctx context.Context, p artifact.Package, by ecosystem.Publisher) error {
	if !by.May(p.Name) {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s may publish %s only; ask an admin for a token that covers %s", by.Name, strings.Join(by.Names, ", "), p.Name)
	}
	if d.Gate.Hosted == nil {
		return errNoUploads
	}
	have, err := d.Gate.Store.Origin(ctx, p)
	if err != nil && !errors.Is(err, verdict.ErrNotFound) {
		return err
	}
	if have != "" && have != artifact.Internal {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s comes from the upstream %s here, and a name has one origin for ever; choose another name", p.Name, artifact.Untrusted(have))
	}
	said := d.Gate.Groups.Of(p).Publish
	if said.Rule != groups.Allow {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s", notPublished(p, said))
	}
	if have == artifact.Internal {
		return nil
	}
	like, err := d.like(ctx, p, said.Literal())
	if err != nil {
		return err
	}
	if like != "" && !by.Admin {
		return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s is new here and %s; have an admin publish the first version, or declare internal_names", p.Name, like)
	}
	return nil
}

// notPublished says why a name may not be published, and what to do. Where it is the
// root that internal_names closed, they are the thing to look at.
func notPublished(p artifact.Package, said groups.Said) string {
	if said.From == groups.InternalNames && !said.Literal() {
		return p.Name + " matches none of the internal_names of this gate, and the package group " + said.Group + " then says publish: block; choose a name that does, or have it added there"
	}
	return p.Name + " may not be published here: " + said.Why + "; choose another name, or have the group changed"
}

// like says what a new name is known as, or could be mistaken for. A name that a
// package group names is meant: only names that this gate has count then.
func (d *Desk) like(ctx context.Context, p artifact.Package, meant bool) (string, error) {
	origins, err := d.Gate.Hosted.rows.Origins(ctx, p.Ecosystem)
	if err != nil {
		return "", err
	}
	key := d.Key(p)
	for _, name := range slices.Sorted(maps.Keys(origins)) {
		if meant && origins[name] == artifact.Internal {
			continue // acme-a.b and acme-ab are both ours
		}
		if d.Key(artifact.Package{Ecosystem: p.Ecosystem, Name: name}) == key {
			return "can be mistaken for " + artifact.Untrusted(name).String(), nil
		}
	}
	if meant {
		return "", nil
	}
	return d.Outside(p)
}

// Publish implements ecosystem.Desk: the checks of an upload, then the scanners
// and the policy that everything passes, then one transaction.
func (d *Desk) Publish(ctx context.Context, u ecosystem.Upload, by ecosystem.Publisher) (ecosystem.Receipt, error) {
	g := d.Gate
	reg, err := g.registry(d.Registry)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	peer, err := g.peerIn(reg, u.Version.Package.Ecosystem)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	if err := d.MayPublish(ctx, u.Version.Package, by); err != nil {
		return ecosystem.Receipt{}, err
	}
	if slices.ContainsFunc(u.Tags, func(tag string) bool { return tag == "" || len(tag) > maxTag }) {
		return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "a tag has 1 to %d bytes; publish under a shorter one", maxTag)
	}
	key, err := peer.VersionKey(u.Version.Number)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	now := g.Now().UTC().Truncate(time.Millisecond) // as the row will say
	row := Upload{
		Registry: d.Registry, VersionKey: hex.EncodeToString(key), Slot: u.Slot, Attested: len(u.Attestations) > 0, Publisher: by.Name,
		File:   artifact.File{Version: u.Version, Name: u.Name, Kind: u.Kind, SHA256: u.SHA256, Size: u.Size, Uploaded: now, Origin: artifact.Internal},
		Listed: Listed{Kind: u.Kind, SHA256: u.SHA256, Size: u.Size, Digests: u.Digests, Record: u.Record},
		Tags:   u.Tags,
	}
	again, err := d.known(ctx, row)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	if again {
		return d.again(ctx, row)
	}
	report, err := g.lookAtUpload(ctx, &row, u)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	row.Listed.Findings = g.checkDependencies(ctx, d.Registry, peer, *report.Metadata)
	dec, err := g.decideUpload(ctx, reg, row)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	return d.settle(ctx, row, u, report.RawMetadata, dec)
}

// settle records what was decided: what is rejected leaves its decision and a
// line of the audit log, the rest is ours from here on.
func (d *Desk) settle(ctx context.Context, row Upload, u ecosystem.Upload, metadata []byte, dec verdict.Decision) (ecosystem.Receipt, error) {
	g := d.Gate
	entry := AuditEntry{At: row.File.Uploaded, By: row.Publisher, Act: "publish", Object: row.File.Version.Purl() + " " + row.File.Name,
		Detail: "in " + d.Registry + ": " + dec.Verdict.String() + " by decision " + dec.ID}
	if dec.Verdict == verdict.Reject && !Serves(dec) {
		entry.Act = "publish-refused"
		if err := g.Store.PutDecisions(ctx, []verdict.Decision{dec}); err != nil {
			return ecosystem.Receipt{}, fmt.Errorf("recording refusal: %w", err)
		}
		if err := g.Store.Audit(ctx, entry); err != nil {
			return ecosystem.Receipt{}, err
		}
		return ecosystem.Receipt{}, refusalOfUpload(dec)
	}
	err := d.record(ctx, row, metadata, u.Attestations, dec, entry)
	switch {
	case errors.Is(err, ErrTaken):
		// Another upload of the same file was quicker.
		if again, err := d.known(ctx, row); err != nil || !again {
			return ecosystem.Receipt{}, cmp.Or(err, fmt.Errorf("recording upload: %w", ErrTaken))
		}
		return d.again(ctx, row)
	case errors.Is(err, ErrBurnt):
		return ecosystem.Receipt{}, burnt(row)
	case errors.Is(err, ErrManyTags):
		return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadBad, "%s", ErrManyTags.Error())
	case errors.Is(err, verdict.ErrConflict):
		if err := d.MayPublish(ctx, row.File.Version.Package, ecosystem.Publisher{Name: row.Publisher, Admin: true}); err != nil {
			return ecosystem.Receipt{}, err // it became an upstream's meanwhile
		}
		return ecosystem.Receipt{}, ecosystem.RefuseUpload(ecosystem.UploadExists, "File already exists: another registry of this gate has %s with other bytes; raise the version", row.File.Name)
	case err != nil:
		return ecosystem.Receipt{}, err
	}
	g.Log.Info("published", "decision", dec.ID, "version", dec.Purl, "file", dec.File, "registry", dec.Registry, "verdict", dec.Verdict.String(), "by", row.Publisher)
	if !Serves(dec) {
		return ecosystem.Receipt{}, refusalOfUpload(dec)
	}
	return ecosystem.Receipt{Version: row.File.Version, File: row.File.Name, Decision: dec.ID, Notes: notes(dec)}, nil
}

// record makes an upload public. The name is ours before its rows are there: who
// asks for it meanwhile finds nothing, and nobody outside is asked.
func (d *Desk) record(ctx context.Context, row Upload, metadata []byte, attestations []json.RawMessage, dec verdict.Decision, e AuditEntry) error {
	h, p := d.Gate.Hosted, row.File.Version.Package
	h.recording.Lock()
	defer h.recording.Unlock()
	// Asked again, now that nobody else records: another upload may have been quicker.
	if again, err := d.known(ctx, row); err != nil || again {
		return cmp.Or(err, ErrTaken)
	}
	had := h.has(p)
	h.claim(p)
	err := h.rows.PutUpload(ctx, row, metadata, attestations, dec, e)
	if err == nil || had {
		return err
	}
	origin, oerr := d.Gate.Store.Origin(ctx, p)
	if errors.Is(oerr, verdict.ErrNotFound) || oerr == nil && origin != artifact.Internal {
		h.unclaim(p)
	}
	return err
}

// known compares an upload with what is there. again says that it is these very
// bytes under that name.
func (d *Desk) known(ctx context.Context, row Upload) (again bool, err error) {
	g, v := d.Gate, row.File.Version
	us, err := g.Hosted.rows.UploadsOf(ctx, d.Registry, v.Package)
	if err != nil {
		return false, err
	}
	for _, u := range us {
		same := u.File.Name == row.File.Name || u.VersionKey == row.VersionKey && u.Slot == row.Slot
		switch {
		case same && !u.Deleted.IsZero():
			return false, burnt(row)
		case same && u.File.Name == row.File.Name && u.File.SHA256 == row.File.SHA256:
			return true, nil
		case same:
			return false, ecosystem.RefuseUpload(ecosystem.UploadExists, "File already exists: %s is here with other bytes (sha256 %s); raise the version",
				u.File.Name, u.File.SHA256.Short())
		case u.VersionKey == row.VersionKey && u.File.Version.Number != v.Number && u.Deleted.IsZero():
			return false, ecosystem.RefuseUpload(ecosystem.UploadBad, "version %s is published here as %s; spell it so", v.Number, u.File.Version.Number)
		}
	}
	if gone, err := g.Hosted.rows.Burnt(ctx, v.Package, row.VersionKey); err != nil || gone {
		return false, cmp.Or(err, burnt(row))
	}
	return false, nil
}

func burnt(row Upload) error {
	return ecosystem.RefuseUpload(ecosystem.UploadForbidden, "%s of %s was deleted here, and what was deleted is not used again; raise the version", row.File.Name, row.File.Version)
}

// again answers an upload of bytes that are here already by what is thought of
// them today: a client that lost the answer may ask twice.
func (d *Desk) again(ctx context.Context, row Upload) (ecosystem.Receipt, error) {
	v, err := d.Gate.View(ctx, d.Registry, row.File.Version.Package)
	if err != nil {
		return ecosystem.Receipt{}, err
	}
	i := slices.IndexFunc(v.Index.Files, func(f ecosystem.IndexFile) bool { return f.Name == row.File.Name })
	if i < 0 {
		return ecosystem.Receipt{}, fmt.Errorf("%s: %w", row.File.Name, verdict.ErrNotFound)
	}
	dec := v.Decisions[i]
	if !Serves(dec) {
		if err := d.Gate.Store.PutDecisions(ctx, []verdict.Decision{dec}); err != nil {
			return ecosystem.Receipt{}, fmt.Errorf("recording refusal: %w", err)
		}
		return ecosystem.Receipt{}, refusalOfUpload(dec)
	}
	return ecosystem.Receipt{Version: row.File.Version, File: row.File.Name, Decision: dec.ID, Again: true, Notes: notes(dec)}, nil
}

// lookAtUpload has the worker open the archive, and holds what is said inside
// against what the form and the name say. It completes the row.
func (g *Gate) lookAtUpload(ctx context.Context, row *Upload, u ecosystem.Upload) (scan.Report, error) {
	report, err := g.Inspect.Inspect(ctx, row.File, g.listedFile(*row), nil)
	if err != nil {
		return report, err
	}
	if report.Metadata == nil {
		report.Metadata = u.Metadata
	}
	if err := g.agrees(row.File, u, report); err != nil {
		return report, err
	}
	row.Listed.RequiresPython, row.Listed.Metadata = report.Metadata.RequiresPython, *report.Metadata
	if row.File.Kind == artifact.Wheel {
		row.Listed.MetadataSHA256 = artifact.DigestOf(report.RawMetadata)
	}
	key := g.evidenceKey(row.File, g.listedFile(*row))
	return report, g.keepReport(ctx, key, row.File, report)
}

// agrees says whether an archive is about the version that its name and the form
// name.
func (g *Gate) agrees(f artifact.File, u ecosystem.Upload, report scan.Report) error {
	m := report.Metadata
	if m == nil {
		why := "it holds no metadata"
		if i := slices.IndexFunc(report.Findings, func(x finding.Finding) bool { return x.Class == finding.Fault || x.Class == finding.Integrity }); i >= 0 {
			why = report.Findings[i].Text
		}
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s cannot be taken: %s; build it again", f.Name, why)
	}
	peer, err := g.peer(f.Version.Package.Ecosystem)
	if err != nil {
		return err
	}
	p, err := peer.ParseName(m.Name)
	if err != nil || p != f.Version.Package {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s says inside that it is %s; build it again", f.Name, artifact.Untrusted(m.Name))
	}
	inside, err := peer.VersionKey(m.Version)
	named, nerr := peer.VersionKey(f.Version.Number)
	if err != nil || nerr != nil || string(inside) != string(named) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s says inside that it is version %s; build it again", f.Name, artifact.Untrusted(m.Version))
	}
	if c, ok := peer.Ecosystem.(ecosystem.UploadChecker); ok {
		return c.CheckUpload(u, *m)
	}
	return nil
}

// decideUpload decides about a file as if it were recorded already: the same
// facts that a view of the registry gathers from then on.
func (g *Gate) decideUpload(ctx context.Context, reg Registry, row Upload) (verdict.Decision, error) {
	p := row.File.Version.Package
	state, err := g.Store.State(ctx, reg.Name, p)
	if err != nil {
		return verdict.Decision{}, fmt.Errorf("reading what is known of %s: %w", p, err)
	}
	have, err := g.hosted(ctx, reg.Name, p)
	if err != nil {
		return verdict.Decision{}, err
	}
	x := &ecosystem.Index{Package: p, Upstream: artifact.Internal, Fetched: row.File.Uploaded}
	if have.index != nil {
		x.Files = slices.Clone(have.index.Files)
	}
	file := g.listedFile(row)
	x.Files = append(x.Files, file)
	state.Origin = artifact.Internal
	if state.Files == nil {
		state.Files = map[string]artifact.File{}
	}
	state.Files[row.File.Name] = row.File
	vf := &versionFacts{
		version: row.File.Version, registry: reg.Name, index: x, indexed: x.Of(row.File.Version.Number), state: state, adv: g.Advisories(),
		published: maps.Clone(have.findings),
	}
	vf.published[row.File.Name] = row.Listed.Findings
	now := g.Now()
	if have.index != nil {
		if err := g.inherit(ctx, vf); err != nil {
			return verdict.Decision{}, err
		}
	}
	if err := g.gather(ctx, vf, now); err != nil {
		return verdict.Decision{}, err
	}
	return g.decideFile(reg, vf, file, now), nil
}

// Dependencies of one upload: how many are asked about, at once and for how long
// together. A publisher waits meanwhile, and poetry for 15 seconds only.
const (
	dependenciesAsked  = 500
	dependenciesAtOnce = 16
	dependenciesFor    = 8 * time.Second
	dependencyVersions = 3 // the newest in the range that are asked about one by one
)

// The rules of an upload's dependencies.
const (
	ruleDependencyMissing   = "dependency-missing"    // neither here nor upstream
	ruleDependencyRefused   = "dependency-refused"    // no version in the range is offered
	ruleDependencyOdd       = "dependency-unreadable" // a URL, or what cannot be read
	ruleDependencyUnchecked = "dependency-unchecked"  // could not be asked in time
)

// checkDependencies says which declared dependencies nobody could install from
// this registry today.
func (g *Gate) checkDependencies(ctx context.Context, registry string, peer Peer, m ecosystem.Metadata) []finding.Finding {
	needs := peer.Dependencies(m)
	ctx, cancel := context.WithTimeout(ctx, dependenciesFor)
	defer cancel()
	out := make([]finding.Finding, len(needs))
	parallel(ctx, dependenciesAtOnce, needs[:min(len(needs), dependenciesAsked)], func(ctx context.Context, i int, r ecosystem.Requirement) {
		out[i] = g.checkDependency(ctx, registry, peer, r)
	})
	out = slices.DeleteFunc(out, func(f finding.Finding) bool { return f.Rule == "" })
	if more := len(needs) - dependenciesAsked; more > 0 {
		out = append(out, dependencyFinding(ruleDependencyUnchecked, "", fmt.Sprintf("%d more dependencies were not compared with this registry", more)))
	}
	return slices.Clip(out)
}

func (g *Gate) checkDependency(ctx context.Context, registry string, peer Peer, r ecosystem.Requirement) finding.Finding {
	written := artifact.Untrusted(r.Written).String()
	if r.Package.Name == "" {
		return dependencyFinding(ruleDependencyOdd, written, "the dependency "+written+" names a URL or cannot be read; the gate follows neither")
	}
	v, err := g.View(ctx, registry, r.Package)
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return dependencyFinding(ruleDependencyMissing, written, "the dependency "+written+" is neither here nor upstream")
	} else if err != nil {
		return dependencyFinding(ruleDependencyUnchecked, written, "the dependency "+written+" could not be compared with this registry")
	}
	wanted := map[string]bool{}
	for i, f := range v.Index.Files {
		if in, err := peer.InRange(f.Number, r.Spec); f.Yanked || err != nil || !in {
			continue
		}
		if Offers(v.Decisions[i]) {
			return finding.Finding{}
		}
		wanted[f.Number] = true
	}
	// The plain index may leave out what would offer a version, as its date.
	numbers, _ := ascending(slices.Sorted(maps.Keys(wanted)), peer.VersionKey)
	for _, number := range slices.Backward(numbers[max(0, len(numbers)-dependencyVersions):]) {
		v, err := g.VersionView(ctx, registry, artifact.Version{Package: r.Package, Number: number})
		if err != nil {
			return dependencyFinding(ruleDependencyUnchecked, written, "the dependency "+written+" could not be compared with this registry")
		}
		if slices.Contains(v.offered(), number) {
			return finding.Finding{}
		}
	}
	return dependencyFinding(ruleDependencyRefused, written, "of the dependency "+written+" this registry offers no version")
}

func dependencyFinding(rule, written, text string) finding.Finding {
	// The path makes fingerprints differ: a waiver for one is none for another.
	return finding.Finding{Rule: rule, Class: finding.Manifest, Severity: finding.Medium, Text: text, Path: written}
}

// refusalOfUpload says why an upload is not served.
func refusalOfUpload(d verdict.Decision) error {
	why := foremost(d.Reasons)
	no := &verdict.Refusal{Version: d.Version, File: d.File, Verdict: d.Verdict, Rule: why.Rule, Decision: d.ID, Public: publicWhy(why, d.Reasons), Until: opensAt(d)}
	if d.Verdict == verdict.Hold {
		no.Public = "kept, not served: " + no.Public
		no.Next = "an approver may admit it"
	}
	return no
}

// notes are what a decision says beside its verdict.
func notes(d verdict.Decision) []string {
	var out []string
	for _, r := range d.Reasons {
		if !slices.Contains(out, r.Text) {
			out = append(out, r.Text)
		}
	}
	return out
}
