package provenance_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	scanprovenance "github.com/gatehouse-project/gatehouse/internal/scan/provenance"
)

const wheel = "demo-1.1-py3-none-any.whl"

func by(repository, id, workflow string) provenance.Answer {
	return provenance.Answer{Attestations: []provenance.Attestation{{Kind: provenance.Build, Issuer: "i", Repository: repository, RepositoryID: id, Workflow: workflow}}}
}

func baseline(a ...provenance.Answer) *scan.Baseline {
	b := &scan.Baseline{Version: artifact.Version{Number: "1.0"}, AttestedIn: "1.0", Attested: map[string]provenance.Answer{}}
	for i, x := range a {
		b.Attested[string(rune('a'+i))] = x
	}
	return b
}

// target is a version with one file, looked at, that its index says is attested where
// an answer is given.
func target(b *scan.Baseline, a *provenance.Answer) scan.VersionTarget {
	t := scan.VersionTarget{
		Version: artifact.Version{Package: artifact.Package{Ecosystem: artifact.PyPI, Name: "demo"}, Number: "1.1"}, Baseline: b,
		Files: []ecosystem.IndexFile{{Name: wheel}}, Reports: map[string]*scan.Report{wheel: {}},
	}
	if a != nil {
		t.Files[0].Provenance = "https://up.invalid/p"
		t.Attested = map[string]provenance.Answer{wheel: *a}
	}
	return t
}

func TestCheck(t *testing.T) {
	acme, ada := by("https://f.invalid/acme/demo", "42", "w.yml"), provenance.Answer{Attestations: []provenance.Attestation{{Issuer: "i", Identity: "ada@acme.invalid"}}}
	forged := provenance.Answer{Problems: []provenance.Problem{{Rule: provenance.RuleInvalid, Text: "forged"}}}
	both := acme
	both.Problems = forged.Problems
	ptr := func(a provenance.Answer) *provenance.Answer { return &a }
	unseen := target(baseline(acme), nil)
	unseen.Reports = nil
	unread := target(nil, ptr(acme))
	unread.Attested = nil
	unreadAfter := target(baseline(acme), ptr(acme))
	unreadAfter.Attested = nil
	ours := target(baseline(acme), nil)
	ours.Internal = true
	hosted := target(baseline(acme), nil)
	hosted.Index = &ecosystem.Index{Upstream: artifact.Internal}
	for _, tc := range []struct {
		t    scan.VersionTarget
		want string
		why  string
	}{
		{target(nil, nil), "", "a package that attests nothing"},
		{target(baseline(), nil), "", "and never did"},
		{target(nil, ptr(acme)), "", "the first version"},
		{target(baseline(acme), ptr(acme)), "", "as before"},
		{target(baseline(ada), ptr(ada)), "", "by the same person"},
		{target(baseline(acme, by("https://f.invalid/acme/old", "", "w.yml")), ptr(acme)), "", "by one of those before"},
		{target(baseline(), ptr(acme)), "", "attested for the first time"},
		{unseen, "", "nobody looked at it yet"},
		{ours, "", "an internal name"},
		{hosted, "", "published here"},
		{target(baseline(acme), nil), "provenance-lost high", "attested no more"},
		{target(baseline(acme), ptr(provenance.Answer{Signatures: []provenance.RegistrySignature{{Key: "k"}}})), "provenance-lost high", "only the registry's signature is left"},
		{unreadAfter, "provenance-lost high", "it could not be read"},
		{unread, "provenance-unread none", "it could not be read, and nothing rests on it"},
		{target(baseline(acme), ptr(by("https://f.invalid/mallory/demo", "7", "w.yml"))), "provenance-changed high", "another repository"},
		{target(baseline(acme), ptr(by("https://f.invalid/acme/demo", "7", "w.yml"))), "provenance-changed high", "another repository of the name"},
		{target(baseline(acme), ptr(by("https://f.invalid/acme/new", "42", "w.yml"))), "", "the repository under a new name"},
		{target(baseline(by("https://f.invalid/acme/demo", "", "w.yml")), ptr(by("https://f.invalid/ACME/demo", "", "w.yml"))), "", "written otherwise"},
		{target(baseline(acme), ptr(by("https://f.invalid/acme/demo", "42", "x.yml"))), "provenance-changed high", "another workflow"},
		{target(baseline(acme), ptr(ada)), "provenance-changed high", "a person"},
		{target(baseline(ada), ptr(provenance.Answer{Attestations: []provenance.Attestation{{Issuer: "other", Identity: "ada@acme.invalid"}}})), "provenance-changed high", "somebody else vouches for the person"},
		{target(nil, ptr(forged)), "attestation-invalid critical", "forged"},
		{target(baseline(acme), ptr(both)), "attestation-invalid critical", "one good, one forged"},
		{target(baseline(forged), nil), "", "the version before has nothing that was verified"},
		{target(nil, ptr(provenance.Answer{Problems: []provenance.Problem{{Rule: provenance.RuleUnknownKey}, {Rule: provenance.RulePublisher}, {Rule: "of-later"}}})),
			"provenance-unknown-key high, provenance-other-publisher high, of-later critical", "doubts, and what only a later program knows"},
	} {
		fs, err := scanprovenance.New().Check(t.Context(), tc.t)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range fs {
			got = append(got, f.Rule+" "+f.Severity.String())
			if f.File != wheel || f.Severity == finding.Critical && f.Class != finding.Integrity {
				t.Errorf("%s: %+v", tc.why, f)
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
	}
}

// TestChangesAreToldApart: a waiver for one maker is none for another.
func TestChangesAreToldApart(t *testing.T) {
	fingerprint := func(repository string) string {
		a := by(repository, "", "w.yml")
		fs, err := scanprovenance.New().Check(t.Context(), target(baseline(by("https://f.invalid/acme/demo", "", "w.yml")), &a))
		if err != nil || len(fs) != 1 {
			t.Fatalf("%+v, %v", fs, err)
		}
		return fs[0].Fingerprint()
	}
	if fingerprint("https://f.invalid/a/b") == fingerprint("https://f.invalid/c/d") {
		t.Error("two repositories, one fingerprint")
	}
}

// TestRepositoryOfMetadata: what anybody can write is noted when it changes.
func TestRepositoryOfMetadata(t *testing.T) {
	a := by("https://f.invalid/acme/demo", "", "")
	for _, tc := range []struct {
		before   []string
		now      []artifact.Untrusted
		attested *provenance.Answer
		want     bool
		why      string
	}{
		{[]string{"github.com/acme/demo"}, []artifact.Untrusted{"https://github.com/acme/demo/issues", "https://acme.invalid"}, nil, false, "the same"},
		{[]string{"github.com/acme/demo"}, []artifact.Untrusted{"https://acme.invalid"}, nil, false, "none now"},
		{nil, []artifact.Untrusted{"https://github.com/acme/demo"}, nil, false, "none before"},
		{[]string{"github.com/acme/demo"}, []artifact.Untrusted{"git+https://github.com/mallory/demo.git"}, nil, true, "another"},
		{[]string{"github.com/acme/demo"}, []artifact.Untrusted{"https://github.com/mallory/demo", "https://github.com/acme/demo"}, nil, false, "another beside the same"},
		{[]string{"github.com/acme/demo"}, []artifact.Untrusted{"https://github.com/mallory/demo"}, &a, false, "who attests says it better"},
	} {
		b := baseline()
		b.Repositories = tc.before
		tt := target(b, tc.attested)
		tt.Metadata = &ecosystem.Metadata{HomePages: tc.now}
		fs, err := scanprovenance.New().Check(t.Context(), tt)
		if err != nil || (len(fs) == 1) != tc.want || tc.want && (fs[0].Rule != scanprovenance.RuleRepository || fs[0].Severity != finding.Low) {
			t.Errorf("%s: %+v, %v", tc.why, fs, err)
		}
	}
}

// TestTextIsSafe: what certificates and indexes say is printed by nobody as it is.
func TestTextIsSafe(t *testing.T) {
	a := by("https://f.invalid/\x1b[31m/\u202e", "", "w.yml")
	fs, err := scanprovenance.New().Check(t.Context(), target(baseline(by("\x1b]0;x", "", "")), &a))
	if err != nil || len(fs) != 1 || strings.ContainsAny(fs[0].Text, "\x1b\u202e") {
		t.Errorf("%+v, %v", fs, err)
	}
}
