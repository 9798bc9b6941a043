package ecosystemtest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/groups"
)

// publish sends a release as a client does, and has the worker find in it what its
// archive says of itself.
func (v *site) publish(r Release, token string) Got {
	v.t.Helper()
	m, raw := v.s.Inside(r)
	v.Inside(v.s.File(r), m, raw)
	if v.s.Before != nil {
		for _, q := range v.s.Before(v.t, r) {
			v.send(q, token)
		}
	}
	return v.send(v.s.Publish(v.t, r), token)
}

func testPublish(t *testing.T, s Suite) {
	if s.Publish == nil {
		t.Log("nothing of this ecosystem is published here")
		return
	}
	v := open(t, s)
	token := v.Token("ci", access.Admin)
	r := s.release("acme-lib", "1.0.0")
	other := r
	other.Salt = "other bytes"
	malware := s.release("acme-lib", "6.6.6")
	v.See(s.File(malware), finding.Finding{Rule: "code-malware", Class: finding.Malware, Severity: finding.Critical, Text: "it sends secrets away"})
	for _, tc := range []struct {
		r     Release
		token string
		want  int
		why   string
	}{
		{r, "", http.StatusUnauthorized, "nobody"},
		{r, v.Token("eve", access.Reader), http.StatusForbidden, "a reader"},
		{r, token, s.New, "new"},
		{r, token, s.Again, "the same again"},
		{other, token, s.Other, "other bytes"},
		{malware, token, http.StatusForbidden, "what the policy rejects"},
	} {
		got := v.publish(tc.r, tc.token)
		if got.Code != tc.want {
			t.Errorf("%s: %s %s, want %d", tc.why, got.Status, got.Body, tc.want)
		}
		if tc.want >= 400 && tc.token != "" && strings.TrimSpace(strings.TrimPrefix(got.Status, http.StatusText(got.Code))) == "" && len(got.Body) == 0 {
			t.Errorf("%s: %s without a word", tc.why, got.Status)
		}
	}
	v.admitted(r)
	if got := shown(v.seen(r.Name), r.Number); got != Plain {
		t.Errorf("what was published is %s", got)
	}
	if got := shown(v.seen(r.Name), malware.Number); got != Gone {
		t.Errorf("what was rejected is %s", got)
	}
	if n := v.shop.askedFor(""); n != 0 {
		t.Errorf("the upstream was asked %d times about a package of our own: %v", n, v.shop.asked)
	}
}

// keptInside is a package group that keeps one name inside.
func keptInside(t *testing.T, s Suite, p artifact.Package) *groups.Groups {
	t.Helper()
	g, err := groups.New([]groups.Group{{
		Pattern: p.Name, From: "package_groups[0]", Ecosystems: map[artifact.Ecosystem][]string{p.Ecosystem: {p.Name}},
		Rules: [...]groups.Rule{groups.Publish: groups.Inherit, groups.External: groups.Block, groups.Internal: groups.Inherit},
	}}, func(p artifact.Package) string { return s.Adapter.CollisionKey(p.Name) })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// testOrigin: a name that is ours by pattern is never asked for outside, and a name
// belongs to who had it first.
func testOrigin(t *testing.T, s Suite) {
	inside := s.pkg("acme-secret", "1.0.0")
	outside := s.pkg("demo", "1.0.0")
	v := open(t, s, inside, outside)
	own := s.identity(t, inside.Name)
	v.Gate.Groups = keptInside(t, s, own)
	for _, path := range append(s.Pages(inside.Name), s.Download(inside.Releases[0])) {
		if got := v.page(http.MethodGet, path); got.Code == http.StatusOK {
			t.Errorf("%s: %s; nobody published it here", path, got.Status)
		}
	}
	if n := v.shop.askedFor("acme-secret"); n != 0 {
		t.Errorf("a name of our own was asked for outside %d times: %v", n, v.shop.asked)
	}
	v.admitted(outside.Releases[0])
	if s.Publish == nil {
		return
	}
	token := v.Token("ci", access.Admin)
	taken := s.release("demo", "9.0.0")
	if got := v.publish(taken, token); got.Code != s.Forbidden {
		t.Errorf("publishing under a name from outside: %s %s, want %d", got.Status, got.Body, s.Forbidden)
	}
	ours := s.release("acme-lib", "1.0.0")
	if got := v.publish(ours, token); got.Code != s.New {
		t.Fatalf("publishing: %s %s", got.Status, got.Body)
	}
	v.shop.change(func() { v.shop.packages = append(v.shop.packages, s.pkg("acme-lib", "9.9.9")) })
	v.Later(24 * time.Hour)
	v.admitted(ours)
	if got := shown(v.seen(ours.Name), s.Number("9.9.9")); got != Gone {
		t.Errorf("a version of somebody outside under our name is %s", got)
	}
	theirs := s.release("acme-lib", "9.9.9")
	if got := v.download(theirs); got.Code == http.StatusOK {
		t.Errorf("a version of somebody outside under our name: %s", got.Status)
	}
	if n := v.shop.askedFor("acme-lib"); n != 0 {
		t.Errorf("a name of our own was asked for outside %d times", n)
	}
}
