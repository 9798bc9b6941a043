package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// showDecision explains a decision, or a request, to a person or a program.
func (s *Server) showDecision(c *call) error {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	c.w.Header().Set("Vary", "Accept")
	d, err := s.gate.Store.Decision(ctx, id)
	if errors.Is(err, verdict.ErrNotFound) {
		return s.showRequest(c, id)
	} else if err != nil {
		return err
	}
	if err := c.may(d.Registry); err != nil {
		return err
	}
	c.w.Header().Set("X-Gatehouse-Decision", d.ID)
	page, err := s.decisionPage(ctx, c.who, d)
	if err != nil {
		return err
	}
	if !c.wantsPage() {
		return writeJSON(c.w, http.StatusOK, page.json())
	}
	return s.pages.render(c, http.StatusOK, "decision.html", page)
}

// decisionPage is what the page of a decision shows.
type decisionPage struct {
	frame
	Decision verdict.Decision
	URL      string
	Class    string // admit, hold, reject, for the style sheet
	Word     string
	Lead     string
	Now      *verdict.Decision // today's answer, when it is another one
	NowURL   string
	Checked  bool // today's answer is known
	Why      []report.ReasonView
	Notes    []report.ReasonView
	Closest  string // the next version above it that is offered
	Newest   string // the newest version that is offered
	Opens    string // in words; "" when it does not open by itself
	OpensAt  time.Time
	Ends     time.Time // an admission that ends by itself
	Do       []command // for the person who met it
	Approve  []command // for an approver
	Who      string    // who can approve
	People   []string
	Asks     []gate.Ask
	History  []verdict.Decision
	Made     []maker // who made the file, as it was verified
	Inputs   []input
	manifest string // the file that such a version is usually asked for in
}

// maker is one attestation for people.
type maker struct{ What, Who, Details string }

type input struct{ Name, Value string }

// decisionJSON is the same for programs.
type decisionJSON struct {
	verdict.Decision
	URL      string             `json:"url"`
	Now      *verdict.Decision  `json:"now,omitempty"`     // today's answer, when it is another one
	Closest  string             `json:"closest,omitempty"` // the next version above it that is offered
	Newest   string             `json:"newest,omitempty"`  // the newest version that is offered
	Commands []string           `json:"commands"`
	Who      string             `json:"who_can_approve,omitempty"`
	Asks     []gate.Ask         `json:"asks"`
	History  []verdict.Decision `json:"history"`
}

func (p *decisionPage) json() decisionJSON {
	j := decisionJSON{Decision: p.Decision, URL: p.URL, Now: p.Now, Closest: p.Closest, Newest: p.Newest, Commands: []string{}, Who: p.Who, Asks: orEmpty(p.Asks), History: orEmpty(p.History)}
	for _, c := range slices.Concat(p.Do, p.Approve) {
		j.Commands = append(j.Commands, c.Line)
	}
	return j
}

// lookAgain is how long a page may wait to learn today's answer; what was
// recorded is shown all the same.
const lookAgain = 3 * time.Second

func (s *Server) decisionPage(ctx context.Context, who access.Principal, d verdict.Decision) (*decisionPage, error) {
	p := &decisionPage{
		frame: s.pages.frame(report.Word(d.Verdict) + ": " + subject(d)), Decision: d, URL: s.gate.DecisionURL(d.ID),
		Class: d.Verdict.String(), Word: report.Word(d.Verdict), Lead: lead(d),
	}
	p.Why, p.Notes = report.Reasons(d.Reasons)
	if len(p.Why) > 1 { // beside a reason of its own, the missing look is only in the way
		p.Why = slices.DeleteFunc(p.Why, func(r report.ReasonView) bool { return r.Rule == notLookedAt })
	}
	s.today(ctx, p)
	p.opens(s.gate.Now())
	p.manifest = s.manifestOf(d)
	p.commands()
	if err := s.addPeople(ctx, who, p); err != nil {
		return nil, err
	}
	var err error
	if p.History, err = s.history(ctx, d); err != nil {
		return nil, err
	}
	if p.Made, err = s.makers(ctx, d); err != nil {
		return nil, err
	}
	p.Inputs = inputsOf(d.Inputs)
	return p, nil
}

// makers are those who attested a file, and the registry's keys that signed it.
func (s *Server) makers(ctx context.Context, d verdict.Decision) ([]maker, error) {
	if d.File == "" {
		return nil, nil
	}
	made, _, err := s.gate.ProvenanceOf(ctx, d.Registry, d.Version, d.File)
	if err != nil {
		return nil, err
	}
	var out []maker
	for _, a := range made.Attestations {
		what := "Published by"
		if a.Kind == provenance.Build {
			what = "Built by"
		}
		out = append(out, maker{what, a.Source(), a.Details()})
	}
	for _, sig := range made.Signatures {
		out = append(out, maker{What: "Signed by the registry with", Who: sig.Key})
	}
	return out, nil
}

// subject is what a decision is about: its file, where the name of that says of what
// it is. A Go module's zip is called v1.2.3.zip.
func subject(d verdict.Decision) string {
	if d.File != "" && !strings.HasPrefix(d.File, d.Version.Number) {
		return d.File
	}
	return d.Version.String()
}

func lead(d verdict.Decision) string {
	switch {
	case d.Observed && gate.Serves(d):
		return "The registry only observes: this is served, and would be refused if it did not."
	case d.Verdict == verdict.Admit:
		return "It was looked at and may be installed."
	case d.Observed:
		return "Nobody has looked at it yet, so it is not handed out. The registry only observes: once looked at it is served, and would be refused if the registry did more."
	case d.Verdict == verdict.Reject:
		return "The gate does not hand it out." + against(d.Reasons)
	case isUnseen(d):
		return "Nobody has looked at it yet; the gate hands out only what it has looked at."
	}
	return "It waits for a person or a date. Until then the gate does not hand it out."
}

// against sums up known vulnerabilities, which come in dozens.
func against(rs []verdict.Reason) string {
	all, high, unknown := 0, 0, 0
	for _, r := range rs {
		if r.Class != finding.Vulnerability || r.Effect == verdict.EffectNote || r.Effect == verdict.EffectAdmit {
			continue
		}
		all++
		switch {
		case r.Severity == finding.Unknown:
			unknown++
		case r.Severity >= finding.High:
			high++
		}
	}
	if all == 0 {
		return ""
	}
	text := " " + report.Count(all, "known vulnerability stands", "known vulnerabilities stand") + " against it"
	if high > 0 {
		text += fmt.Sprintf(", %d of high severity or above", high)
	}
	switch {
	case unknown == all:
		text += ", of unknown severity, which counts as high"
	case unknown > 0:
		text += fmt.Sprintf(", %d of unknown severity, which counts as high", unknown)
	}
	return text + "."
}

// notLookedAt is the gate's rule for files whose bytes nobody scanned.
const notLookedAt = "not-looked-at"

// isUnseen says whether only the missing look stands against a file.
func isUnseen(d verdict.Decision) bool { return d.File != "" && gate.Unseen(d) }

// today compares with what the gate would say now.
func (s *Server) today(ctx context.Context, p *decisionPage) {
	d := p.Decision
	if d.File == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookAgain)
	defer cancel()
	view, err := s.gate.View(ctx, d.Registry, d.Version.Package)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "deciding again for a page", "decision", d.ID, "err", err)
		return
	}
	for i, f := range view.Index.Files {
		if f.Name != d.File {
			continue
		}
		p.Checked = true
		if now := view.Decisions[i]; now.ID != d.ID {
			p.Now = &now
			// Its page has to be there for the link.
			if err := s.gate.Store.PutDecisions(ctx, []verdict.Decision{now}); err == nil {
				p.NowURL = "/d/" + now.ID
			}
		}
	}
	s.instead(p, view)
}

// instead finds the versions to take in place of a refused one: the closest
// above it, which changes least, and the newest.
func (s *Server) instead(p *decisionPage, view *gate.View) {
	d := p.Decision
	peer, ok := s.gate.Peers[d.Version.Package.Ecosystem]
	if !ok || d.Verdict == verdict.Admit || isUnseen(d) {
		return
	}
	own, err := peer.VersionKey(d.Version.Number)
	if err != nil {
		return
	}
	var closest, newest []byte
	for i, f := range view.Index.Files {
		if f.Yanked || f.Number == d.Version.Number || !gate.Offers(view.Decisions[i]) || peer.PreRelease(f.Number) {
			continue
		}
		k, err := peer.VersionKey(f.Number)
		if err != nil {
			continue
		}
		if bytes.Compare(k, own) > 0 && (closest == nil || bytes.Compare(k, closest) < 0) {
			closest, p.Closest = k, f.Number
		}
		if bytes.Compare(k, newest) > 0 {
			newest, p.Newest = k, f.Number
		}
	}
	if p.Newest == p.Closest {
		p.Newest = ""
	}
}

// Instead are the lines to write in a manifest in place of the refused one.
func (p *decisionPage) Instead() []command {
	var out []command
	add := func(number, what string) {
		if number != "" {
			v := artifact.Version{Package: p.Decision.Version.Package, Number: number}
			out = append(out, command{v.String() + ", " + what, requirement(v)})
		}
	}
	add(p.Closest, "the next version up that the gate hands out or would look at")
	add(p.Newest, "the newest that it hands out or would look at")
	return out
}

// requirement is a version as a manifest asks for it.
func requirement(v artifact.Version) string {
	if v.Package.Ecosystem == artifact.PyPI {
		return v.Package.Name + "==" + v.Number
	}
	return v.Purl()
}

// opens works out when a hold ends by itself: when every reason that holds has
// an end.
func (p *decisionPage) opens(now time.Time) {
	d := p.Decision
	if d.Verdict == verdict.Admit {
		p.Ends = d.Until
		return
	}
	var last time.Time
	for _, r := range p.Why {
		if r.Until.IsZero() {
			return
		}
		if r.Until.After(last) {
			last = r.Until
		}
	}
	if last.After(now) {
		p.OpensAt, p.Opens = last, report.OpensIn(now, last)
	}
}

// at names the registry to a command that takes another by itself.
func at(registry string) string {
	if registry == MainRegistry {
		return ""
	}
	return " --registry " + registry
}

const reasonHere = ` --reason "..."`

// usualManifests are what people call the file that they change.
var usualManifests = []string{"requirements.txt", "package.json", "go.mod", "Cargo.toml", "pom.xml"}

// manifestOf names the file that a version is usually asked for in.
func (s *Server) manifestOf(d verdict.Decision) string {
	v, err := artifact.ParsePurl(d.Purl)
	if err != nil {
		return "FILE"
	}
	e := s.gate.Peers[v.Package.Ecosystem].Ecosystem
	for _, name := range usualManifests {
		if e != nil && e.ManifestFormat(name) != "" {
			return name
		}
	}
	return "FILE"
}

// commands says what to type: first the one who met it, then an approver.
func (p *decisionPage) commands() {
	d := p.Decision
	if d.Verdict == verdict.Admit {
		return
	}
	if isUnseen(d) {
		p.Do = append(p.Do, command{"Have it looked at", "gatehouse admit " + d.Purl + at(d.Registry)})
		return
	}
	if p.Closest != "" && d.Verdict == verdict.Reject {
		p.Do = append(p.Do, command{"Let the gate find and prove the smallest change of your file", "gatehouse admit --fix " + p.manifest + at(d.Registry)})
	}
	if closed := p.closedClasses(); len(closed) > 0 {
		p.Who = "Nobody can waive this: it is about " + strings.Join(closed, " and ") + "."
		return
	}
	p.Do = append(p.Do, command{"Cannot change it today? Ask for an exception", "gatehouse ask " + d.ID + reasonHere})
	if d.Verdict == verdict.Hold {
		if d.Inputs.FileEvidence == "" { // only what was looked at can be approved
			p.Approve = append(p.Approve, command{"Have it looked at first", "gatehouse admit " + d.Purl + at(d.Registry)})
		}
		p.Who = "An approver of registry " + shown(d.Registry) + " can admit exactly these bytes."
		if slices.ContainsFunc(p.Why, func(r report.ReasonView) bool { return r.Class == finding.Fault }) {
			p.Who = "Two approvers of registry " + shown(d.Registry) + " can admit exactly these bytes: the gate could not look at all of them."
		}
		p.Approve = append(p.Approve, command{"Approve", "gatehouse approve " + d.ID + reasonHere})
		return
	}
	p.Who = "An approver of registry " + shown(d.Registry) + " can waive the rule for this version, until a date."
	for _, r := range p.rules() {
		p.Approve = append(p.Approve, command{"Waive " + r, fmt.Sprintf("gatehouse waive %s --rule %s --until DATE%s%s", d.Purl, r, reasonHere, at(d.Registry))})
	}
}

// closedClasses are the kinds of reason against which nobody can do anything.
func (p *decisionPage) closedClasses() []string {
	var out []string
	for _, r := range p.Why {
		if r.Class.Waivable() || r.Effect != verdict.EffectReject {
			continue
		}
		if w := classWord(r.Class); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func classWord(c finding.Class) string {
	switch c {
	case finding.Malware:
		return "known malware"
	case finding.Integrity:
		return "bytes that are not what was promised"
	case finding.Origin:
		return "a name that comes from the wrong place"
	}
	return "what could not be known"
}

// rules lists the policy's rules that refuse, once each.
func (p *decisionPage) rules() []string {
	var out []string
	for _, r := range p.Why {
		if r.Effect == verdict.EffectReject && !slices.Contains(out, r.Rule) {
			out = append(out, r.Rule)
		}
	}
	return out
}

// addPeople finds who asked for it, and, for those who have a token themselves,
// who can approve.
func (s *Server) addPeople(ctx context.Context, who access.Principal, p *decisionPage) error {
	asks, err := s.gate.OpenAsks(ctx, p.Decision.Registry)
	if err != nil {
		return err
	}
	for _, a := range asks {
		if a.Decision == p.Decision.ID || a.Purl == p.Decision.Purl {
			p.Asks = append(p.Asks, a)
		}
	}
	if who.Kind == access.Anonymous || len(p.Approve) == 0 {
		return nil
	}
	rows, err := s.cfg.Tokens.List(ctx)
	if err != nil {
		return err
	}
	now := s.gate.Now()
	for _, t := range rows {
		holder := access.Principal{Kind: access.Holder, Name: t.Name, Role: t.Role, Registries: t.Registries}
		usable := t.Revoked.IsZero() && t.Expires.After(now)
		if usable && access.Authorize(holder, access.Approve, p.Decision.Registry) == nil && !slices.Contains(p.People, t.Name) {
			p.People = append(p.People, t.Name)
		}
	}
	return nil
}

// history is what was decided about the same file before and after.
func (s *Server) history(ctx context.Context, d verdict.Decision) ([]verdict.Decision, error) {
	all, err := s.gate.Store.DecisionsOf(ctx, d.Registry, d.Version, 100)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(o verdict.Decision) bool { return o.File != d.File }), nil
}

// inputsOf lists everything the decision was computed from, so that anybody can
// compute it again.
func inputsOf(in verdict.Inputs) []input {
	all := []input{
		{"Taken", in.At.UTC().Format(time.RFC3339)},
		{"File (sha256)", string(in.FileSHA256)},
		{"Evidence about the file", in.FileEvidence},
		{"Evidence about the version", in.VersionEvidence},
		{"Upstream's answer (sha256)", string(in.UpstreamMetadata)},
		{"Baseline", in.Baseline},
		{"Policy", in.Policy},
		{"Advisories", in.AdvisorySnapshot},
		{"Origin", in.Origin},
		{"Decision in the registry that it is taken from", in.Above},
		{"Waivers", strings.Join(in.Waivers, ", ")},
		{"Approvals", strings.Join(in.Approvals, ", ")},
	}
	if in.AdvisoriesStale {
		all = append(all, input{"Advisory data", "was stale"})
	}
	return slices.DeleteFunc(all, func(i input) bool { return i.Value == "" })
}
