package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Base implements ecosystem.Shelf.
func (s *Shelf) Base(e artifact.Ecosystem) string {
	return s.Gate.Base(s.Registry, e)
}

// Vulnerabilities implements ecosystem.Shelf. They are the reasons of the very
// decisions that serve and refuse the version's files, so the two cannot differ. A
// version without files, as one that the upstream took away, is asked about all
// the same: somebody has it installed. Clients ask about whole trees, private names
// and all: a package that the gate never heard of is looked up in the advisories, and
// its name tells nobody outside.
func (s *Shelf) Vulnerabilities(ctx context.Context, v artifact.Version) ([]ecosystem.Vulnerability, error) {
	if heard, err := s.Gate.Heard(ctx, v.Package); err != nil {
		return nil, err
	} else if !heard {
		return s.published(ctx, v)
	}
	view, err := s.Gate.VersionView(ctx, s.Registry, v)
	if errors.Is(err, ecosystem.ErrNoPackage) {
		return s.published(ctx, v)
	} else if err != nil {
		return nil, err
	}
	number := s.spelled(view.Index, v)
	if number == "" {
		return s.published(ctx, v)
	}
	out := []ecosystem.Vulnerability{}
	for i, f := range view.Index.Files {
		if f.Number != number {
			continue
		}
		for _, r := range view.Decisions[i].Reasons {
			if unknown(r) {
				return nil, fmt.Errorf("what is known against %s cannot be told: %s", v, r.Text)
			}
			if !known(r) || slices.ContainsFunc(out, func(x ecosystem.Vulnerability) bool { return x.ID == r.IDs[0] }) {
				continue
			}
			out = append(out, ecosystem.Vulnerability{
				ID: r.IDs[0], Aliases: slices.Clone(r.IDs[1:]), Fixed: slices.Clone(r.Fixed), Severity: r.Severity,
				Malware: r.Class == finding.Malware, Text: artifact.Untrusted(r.Text), URL: s.Gate.DecisionURL(view.Explained(i).ID),
			})
		}
	}
	return out, nil
}

// spelled is how an index writes a version's number; "" when it has none such.
func (s *Shelf) spelled(x *ecosystem.Index, v artifact.Version) string {
	if slices.ContainsFunc(x.Files, func(f ecosystem.IndexFile) bool { return f.Number == v.Number }) {
		return v.Number
	}
	peer := s.Gate.Peers[v.Package.Ecosystem]
	want, err := peer.VersionKey(v.Number)
	if err != nil {
		return ""
	}
	for _, f := range x.Files {
		if k, err := peer.VersionKey(f.Number); err == nil && bytes.Equal(k, want) {
			return f.Number
		}
	}
	return ""
}

// published is what the advisories say of a version that nothing was decided
// about.
func (s *Shelf) published(ctx context.Context, v artifact.Version) ([]ecosystem.Vulnerability, error) {
	known, err := s.Gate.Published(ctx, v)
	if err != nil {
		return nil, err
	}
	out := []ecosystem.Vulnerability{}
	for _, f := range known {
		out = append(out, ecosystem.Vulnerability{
			ID: f.IDs[0], Aliases: slices.Clone(f.IDs[1:]), Fixed: slices.Clone(f.Fixed), Severity: f.Severity,
			Malware: f.Class == finding.Malware, Text: artifact.Untrusted(f.Text), URL: s.Gate.PublicURL(),
		})
	}
	return out, nil
}

// known says that a reason is a published record that nobody waived.
func known(r verdict.Reason) bool {
	return len(r.IDs) > 0 && r.Waiver == "" && (r.Class == finding.Vulnerability || r.Class == finding.Malware)
}

// unknown says that the advisories were not looked at, or in data too old to be
// relied on: no list is then the truth, least of all an empty one.
func unknown(r verdict.Reason) bool {
	return r.Source == "advisories-unusable" || r.Source == "advisory-check-failed" || r.Rule == "policy-fault"
}
