package gate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/provenance/provenancetest"
	"github.com/gatehouse-project/gatehouse/internal/provenance/verify"
	scanprovenance "github.com/gatehouse-project/gatehouse/internal/scan/provenance"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// attesting is an upstream that has attestations of some of its files.
type attesting struct {
	*memory
	mu     sync.Mutex
	claims map[string]provenance.Claims // by file name
	fails  error
	asked  int
}

func (a *attesting) Attestations(_ context.Context, _ *ecosystem.Index, f ecosystem.IndexFile) (provenance.Claims, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.Provenance == "" {
		return provenance.Claims{}, nil
	}
	a.asked++
	return a.claims[f.Name], a.fails
}

func (a *attesting) failing(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fails = err
}

// attestedWorld is a world whose upstream attests, by a Sigstore that it trusts.
type attestedWorld struct {
	*world
	up  *attesting
	sig *provenancetest.Sigstore
}

func newAttestedWorld(t *testing.T) *attestedWorld {
	t.Helper()
	w := &attestedWorld{world: newWorld(t), sig: provenancetest.New(t, today)}
	w.up = &attesting{memory: w.world.up, claims: map[string]provenance.Claims{}}
	v, err := verify.New(w.sig.TrustedRoot(), w.sig.NPMKeys())
	if err != nil {
		t.Fatal(err)
	}
	w.Gate.Provenance = v
	w.Peers = map[artifact.Ecosystem]gate.Peer{artifact.PyPI: {Ecosystem: pypi.Ecosystem{}, Upstream: w.up}}
	w.Checks = append(w.Checks, scanprovenance.New())
	return w
}

// acme is whose workflow releases demo.
var acme = provenancetest.Workflow("https://forge.invalid/acme/demo", "release.yml", "refs/tags/v1")

// attest has somebody attest a file that is released already.
func (w *attestedWorld) attest(version string, by provenancetest.Maker, flaw provenancetest.Flaw) {
	w.t.Helper()
	name, number, _ := strings.Cut(version, " ")
	file := name + "-" + number + "-py3-none-any.whl"
	digest := artifact.DigestOf(w.up.bytes[file])
	bundle := w.sig.Bundle(by, provenancetest.Uploaded, flaw, provenancetest.About(file, "sha256", string(digest)))
	w.up.mu.Lock()
	w.up.claims[file] = provenance.Claims{Bundles: []provenance.Bundle{{JSON: bundle}}}
	w.up.mu.Unlock()
	w.up.edit(name, file, func(f *ecosystem.IndexFile) { f.Provenance = "http://up.invalid/" + file })
}

// asked is what the gate says when somebody asks for a version.
func (w *attestedWorld) asks(version string) (verdict.Verdict, string) {
	w.t.Helper()
	o := w.admit(purls(vers(version).Purl()))
	v := outcomeOf(w.t, o, version)
	return v.Verdict, rules(v.Reasons)
}

func (w *attestedWorld) wants(version string, want verdict.Verdict, rule, why string) {
	w.t.Helper()
	got, reasons := w.asks(version)
	if got != want || rule == "" && reasons != "" || !strings.Contains(reasons, rule) {
		w.t.Errorf("%s: %s is %s (%s), want %s with %q", why, version, got, reasons, want, rule)
	}
}

func (w *attestedWorld) explain(version string) gate.Explanation {
	w.t.Helper()
	e, err := w.Explain(w.t.Context(), "main", vers(version))
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// TestProvenanceIsVerifiedAndShown: who made a version is known once it was looked at.
func TestProvenanceIsVerifiedAndShown(t *testing.T) {
	w := newAttestedWorld(t)
	w.releases("demo 1.0", "plain 1.0")
	w.attest("demo 1.0", acme, provenancetest.None)
	w.wants("demo 1.0", verdict.Admit, "", "attested by all the rules")
	w.wants("plain 1.0", verdict.Admit, "", "that nobody attests is nothing against it")
	e := w.explain("demo 1.0")
	if len(e.Provenance) != 1 || !e.Provenance[0].Verified || e.Provenance[0].Attestations[0].Repository != acme.Repository {
		t.Errorf("explained: %+v", e.Provenance)
	}
	if e := w.explain("plain 1.0"); len(e.Provenance) != 0 {
		t.Errorf("of what nobody attests: %+v", e.Provenance)
	}
	o := w.admit(purls("pkg:pypi/demo@1.0"))
	if f := outcomeOf(t, o, "demo 1.0").Files[0]; f.Provenance == nil || f.Provenance.Commit != acme.Commit {
		t.Errorf("in a report: %+v", f)
	}
	if b, err := json.Marshal(o); err != nil || !strings.Contains(string(b), `"provenance":{"kind":"publish"`) {
		t.Errorf("%s, %v", b, err)
	}
	if w.up.asked != 1 {
		t.Errorf("the upstream was asked %d times, want once", w.up.asked)
	}
}

// TestProvenanceRegression: what the version before had, the next one has to have.
func TestProvenanceRegression(t *testing.T) {
	renamed, moved := acme, acme
	renamed.Workflow = "other.yml"
	moved.Repository = "https://forge.invalid/mallory/demo"
	for _, tc := range []struct {
		by   *provenancetest.Maker
		flaw provenancetest.Flaw
		want verdict.Verdict
		rule string
		why  string
	}{
		{&acme, provenancetest.None, verdict.Admit, "", "the same workflow"},
		{nil, "", verdict.Hold, "provenance-regression hold", "nobody attests it"},
		{&moved, provenancetest.None, verdict.Hold, "provenance-regression hold", "another repository"},
		{&renamed, provenancetest.None, verdict.Hold, "provenance-regression hold", "another workflow"},
		{&provenancetest.Maker{Identity: "mallory@acme.invalid"}, provenancetest.None, verdict.Hold, "provenance-regression hold", "a person"},
		{&acme, provenancetest.OtherPayload, verdict.Reject, "integrity-mismatch reject", "forged"},
		{&acme, provenancetest.NoLog, verdict.Reject, "integrity-mismatch reject", "in no log"},
		{&acme, provenancetest.NoCertLog, verdict.Hold, "provenance-in-doubt hold", "keys that are not pinned"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newAttestedWorld(t)
			w.releases("demo 1.0", "demo 1.1")
			w.attest("demo 1.0", acme, provenancetest.None)
			w.wants("demo 1.0", verdict.Admit, "", "the first")
			if tc.by != nil {
				w.attest("demo 1.1", *tc.by, tc.flaw)
			}
			w.wants("demo 1.1", tc.want, tc.rule, tc.why)
			w.wants("demo 1.0", verdict.Admit, "", "what was admitted stays so")
		})
	}
}

// TestRepositoryThatMoved: a renamed repository keeps its number; one that was made
// anew under the name does not have it.
func TestRepositoryThatMoved(t *testing.T) {
	w := newAttestedWorld(t)
	w.releases("demo 1.0", "demo 1.1", "demo 1.2")
	first, renamed, anew := acme, acme, acme
	first.RepositoryID, renamed.RepositoryID, anew.RepositoryID = "42", "42", "43"
	renamed.Repository = "https://forge.invalid/acme/renamed"
	w.attest("demo 1.0", first, provenancetest.None)
	w.attest("demo 1.1", renamed, provenancetest.None)
	w.attest("demo 1.2", anew, provenancetest.None)
	w.wants("demo 1.0", verdict.Admit, "", "the first")
	w.wants("demo 1.1", verdict.Admit, "", "the same repository under another name")
	w.wants("demo 1.2", verdict.Hold, "provenance-regression hold", "another repository under the same name")
}

// TestWaivedLossSpeaksForNobody: who let one version through has not let the next one
// through.
func TestWaivedLossSpeaksForNobody(t *testing.T) {
	w := newAttestedWorld(t)
	w.releases("demo 1.0", "demo 1.1", "demo 1.2", "demo 1.3")
	w.attest("demo 1.0", acme, provenancetest.None)
	w.attest("demo 1.3", acme, provenancetest.None)
	w.wants("demo 1.0", verdict.Admit, "", "the first")
	w.wants("demo 1.1", verdict.Hold, "provenance-regression hold", "nobody attests it")
	d := w.decision("demo-1.1-py3-none-any.whl")
	if err := w.db.PutWaiver(t.Context(), verdict.Waiver{
		ID: "w1", Registry: "main", Package: pkg("demo"), Versions: []string{"1.1"}, Rule: "provenance-regression", Fingerprints: []string{d.Reasons[0].Finding},
		Reason: "they lost their runner", Owner: "ada", Approver: "bob", Created: today, Until: today.Add(30 * day),
	}); err != nil {
		t.Fatal(err)
	}
	w.wants("demo 1.1", verdict.Admit, "provenance-regression note", "waived")
	w.wants("demo 1.2", verdict.Hold, "provenance-regression hold", "nobody waived that of the next one")
	w.wants("demo 1.3", verdict.Admit, "", "attested again, as 1.0 was")
}

// TestAttestationsThatCannotBeRead: they hold where something rests on them, are noted
// elsewhere, and asked for again.
func TestAttestationsThatCannotBeRead(t *testing.T) {
	w := newAttestedWorld(t)
	w.releases("demo 1.0", "demo 1.1", "other 1.0")
	w.attest("demo 1.0", acme, provenancetest.None)
	w.attest("demo 1.1", acme, provenancetest.None)
	w.attest("other 1.0", acme, provenancetest.None)
	w.wants("demo 1.0", verdict.Admit, "", "the first")
	for _, down := range []error{ecosystem.ErrUnreachable, fmt.Errorf("garbage: %w", provenance.ErrDocument)} {
		w.up.failing(down)
		w.wants("demo 1.1", verdict.Hold, "provenance-regression hold", "the version before it is attested")
		w.wants("other 1.0", verdict.Admit, "provenance-unread note", "nothing rests on it")
	}
	w.policy(demanding)
	w.wants("other 1.0", verdict.Hold, "made-by-acme hold", "the policy demands it")
	w.up.failing(nil)
	w.wants("other 1.0", verdict.Admit, "", "read at last")
	w.wants("demo 1.1", verdict.Admit, "", "read at last")
}

const demanding = `
version: 1
extends: default
rules:
  - id: made-by-acme
    on: file
    class: provenance
    when: '!provenance.verified || !provenance.repository.startsWith("https://forge.invalid/acme/")'
    effect: hold
    why: "{file} was made by {provenance}, not by acme."
`

// TestPolicyDemandsProvenance: before a file was looked at the rule is not asked where
// the index names attestations, and is where it names none.
func TestPolicyDemandsProvenance(t *testing.T) {
	w := newAttestedWorld(t)
	w.policy(demanding)
	w.releases("demo 1.0", "demo 1.1", "demo 1.2")
	mallory := provenancetest.Workflow("https://forge.invalid/acme-evil/demo", "release.yml", "refs/heads/main")
	w.attest("demo 1.0", acme, provenancetest.None)
	w.attest("demo 1.2", mallory, provenancetest.None)
	for number, want := range map[string]string{"1.0": "not-looked-at hold", "1.1": "made-by-acme hold, not-looked-at hold", "1.2": "not-looked-at hold"} {
		if got := rules(w.decision("demo-" + number + "-py3-none-any.whl").Reasons); got != want {
			t.Errorf("%s, unseen: %s, want %s", number, got, want)
		}
	}
	w.wants("demo 1.0", verdict.Admit, "", "made by acme")
	w.wants("demo 1.1", verdict.Hold, "made-by-acme hold", "made by nobody who is named")
	w.wants("demo 1.2", verdict.Hold, "made-by-acme hold", "made by somebody else")
	if d := w.decision("demo-1.2-py3-none-any.whl"); !strings.Contains(fmt.Sprint(d.Reasons), "was made by https://forge.invalid/acme-evil/demo, not by acme") {
		t.Errorf("%+v", d.Reasons)
	}
}
