package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/config"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/groups"
)

// TestGroupsInAnySpelling: a pattern keeps names inside however the ecosystem spells
// them when it compares them; one that never matched would let them all out.
func TestGroupsInAnySpelling(t *testing.T) {
	g, err := packageGroups(config.Config{Internal: []string{"acme_*", "pypi:Big.Corp-*", "npm:under_score", "golang:Git.Example/*", "cargo:house_*", "npm:@acme", "maven:com.house:*", "maven:com.house.*", "maven:org.mine", "maven:org.one:core"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		eco  artifact.Ecosystem
		name string
		want string
	}{
		{artifact.PyPI, "acme-billing", "ours"},
		{artifact.NPM, "acme_billing", "ours"},
		{artifact.NPM, "acme-billing", "alike"},
		{artifact.NPM, "Acme.Billing", "alike"},
		{artifact.PyPI, "big-corp-x", "ours"},
		{artifact.PyPI, "big-corporation", ""},
		{artifact.NPM, "under_score", "ours"},
		{artifact.NPM, "under-score", "alike"},
		{artifact.PyPI, "under-score", ""},
		{artifact.Golang, "git.example/team/lib", "ours"},
		{artifact.Golang, "git.example", "ours"},
		{artifact.Golang, "other.example/team/lib", ""},
		{artifact.Cargo, "house-keys", "alike"},
		{artifact.Cargo, "house_keys", "ours"},
		{artifact.Cargo, "HOUSE-keys", "alike"},
		{artifact.NPM, "@acme/x", "ours"},
		{artifact.NPM, "@acmes/x", ""},
		{artifact.Maven, "com.house/core", "ours"},
		{artifact.Maven, "com.house.billing/core", "ours"},
		{artifact.Maven, "com.houses/core", ""},
		{artifact.Maven, "org.mine/any", "ours"},
		{artifact.Maven, "org.mine.sub/any", ""},
		{artifact.Maven, "org.one/core", "ours"},
		{artifact.Maven, "org.one/other", ""},
	} {
		said := g.Of(artifact.Package{Ecosystem: tc.eco, Name: tc.name}).External
		got := ""
		if said.Rule == groups.Block {
			got = map[bool]string{true: "alike", false: "ours"}[said.Alike]
		}
		if got != tc.want {
			t.Errorf("%s %s: %q, want %q: %s", tc.eco, tc.name, got, tc.want, said.Why)
		}
	}
}

func TestGroupsThatNoNameCanMatch(t *testing.T) {
	for _, pattern := range []string{"pypi:@acme/*", "golang:@acme/*", "npm:acme/x/y"} {
		_, err := packageGroups(config.Config{PackageGroups: []config.PackageGroup{{Pattern: pattern, External: "block"}}})
		if err == nil || !strings.Contains(err.Error(), "can match it") {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	same := config.Config{Internal: []string{"pypi:Acme_x"}, PackageGroups: []config.PackageGroup{{Pattern: "pypi:acme-x", External: "allow"}}}
	if _, err := packageGroups(same); err == nil || !strings.Contains(err.Error(), "declared twice") {
		t.Errorf("one name in two spellings: %v", err)
	}
}

// TestUpstreamsRefuse what is kept inside, and what belongs to another one, whoever
// asks and in whatever registry.
func TestUpstreamsRefuse(t *testing.T) {
	devpi := config.Upstream{Name: "devpi", Ecosystem: "pypi", Names: []string{"House_*"}, Origin: "internal"}
	public := config.Upstream{Name: "public", Ecosystem: "pypi"}
	cfg := config.Config{Upstreams: []config.Upstream{devpi, public}, Internal: []string{"acme-*"}, PackageGroups: []config.PackageGroup{{Pattern: "secret", Internal: "block"}}}
	own, err := packageGroups(cfg)
	if err != nil {
		t.Fatal(err)
	}
	a := adapterOf(artifact.PyPI)
	for _, tc := range []struct {
		up   config.Upstream
		name string
		want string
	}{
		{public, "requests", ""},
		{public, "acme-x", "external: block"},
		{public, "acme1-x", ""},
		{public, "house-x", "belong to another upstream"},
		{public, "secret", ""},
		{devpi, "acme-x", ""},
		{devpi, "house-x", ""},
		{devpi, "secret", "internal: block"},
	} {
		err := refuses(cfg, a, own, tc.up)(artifact.Package{Ecosystem: artifact.PyPI, Name: tc.name})
		if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, ecosystem.ErrNoPackage) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s of %s: %v, want %q", tc.name, tc.up.Name, err, tc.want)
		}
	}
}

// TestReadingSeveral: without a gate the first that has a name is asked for all of it,
// what is claimed goes to whom it belongs, and a silent one is not passed over.
func TestReadingSeveral(t *testing.T) {
	first, second := &shelfOf{name: "first", has: map[string]bool{"both": true}}, &shelfOf{name: "second", has: map[string]bool{"both": true, "late": true, "mine": true}}
	open := func(u ecosystem.Upstream) func(context.Context) (ecosystem.Upstream, error) {
		return func(context.Context) (ecosystem.Upstream, error) { return u, nil }
	}
	peer := gate.Peer{Ecosystem: peers()[artifact.PyPI], Named: map[string]func(context.Context) (ecosystem.Upstream, error){"first": open(first), "second": open(second)}}
	r := &reading{peer: peer, sources: []gate.Source{{Upstream: "first"}, {Upstream: "second"}}}
	said := func(name string) string {
		x, err := r.Index(t.Context(), artifact.Package{Ecosystem: artifact.PyPI, Name: name})
		switch {
		case errors.Is(err, ecosystem.ErrNoPackage):
			return "none"
		case err != nil:
			return err.Error()
		}
		if _, _, err := r.Metadata(t.Context(), x, ecosystem.IndexFile{}); err != nil {
			return err.Error()
		}
		return x.Upstream
	}
	for name, want := range map[string]string{"both": "first", "late": "second", "nobody": "none"} {
		if got := said(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	r.sources[1].Claims = func(p artifact.Package) bool { return p.Name == "mine" || p.Name == "both" }
	for name, want := range map[string]string{"both": "second", "mine": "second", "late": "none"} {
		if got := said(name); got != want {
			t.Errorf("claimed %s: %s, want %s", name, got, want)
		}
	}
	r.sources[1].Claims, first.down = nil, ecosystem.ErrUnreachable
	if got := said("late"); got != ecosystem.ErrUnreachable.Error() {
		t.Errorf("with a silent one before it: %s", got)
	}
}

// shelfOf is an upstream that has some names.
type shelfOf struct {
	name string
	has  map[string]bool
	down error
}

func (s *shelfOf) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if s.down != nil {
		return nil, s.down
	}
	if !s.has[p.Name] {
		return nil, ecosystem.ErrNoPackage
	}
	return &ecosystem.Index{Package: p, Upstream: s.name}, nil
}

func (s *shelfOf) Metadata(_ context.Context, x *ecosystem.Index, _ ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	if x.Upstream != s.name {
		return ecosystem.Metadata{}, nil, errors.New("asked about another's file")
	}
	return ecosystem.Metadata{}, nil, nil
}
