package access

import (
	"errors"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// TestAuthorizeMatrix writes the whole table out a second time: a change of
// grants must be made on purpose in both.
func TestAuthorizeMatrix(t *testing.T) {
	const (
		anon = 1 << iota
		reader
		publisher
		approver
		admin
	)
	tokens := reader | publisher | approver | admin
	want := map[Act]int{
		Read:         anon | tokens,
		Request:      tokens,
		Ask:          tokens,
		Publish:      publisher | admin,
		Waive:        approver | admin,
		Approve:      approver | admin,
		Revoke:       approver | admin,
		ReadAudit:    approver | admin,
		ManageTokens: admin,
		Configure:    admin,
		Yank:         publisher | admin,
		Delete:       admin,
		"demolish":   0, // no such act
		"":           0,
	}
	holder := func(r Role) Principal {
		return Principal{Kind: Holder, Name: "n", Token: "tok_1", Role: r, Registries: []string{All}}
	}
	principals := map[int]Principal{
		anon:      {Kind: Anonymous},
		reader:    holder(Reader),
		publisher: holder(Publisher),
		approver:  holder(Approver),
		admin:     holder(Admin),
	}
	for act := range grants {
		if _, listed := want[act]; !listed {
			t.Errorf("act %s is granted and not in this table", act)
		}
	}
	for act, who := range want {
		for bit, p := range principals {
			err := Authorize(p, act, "main")
			if (err == nil) != (who&bit != 0) {
				t.Errorf("Authorize(%s, %s) = %v, want allowed %v", p, act, err, who&bit != 0)
			}
			if err == nil {
				continue
			}
			_, known := grants[act]
			as := verdict.ErrForbidden
			if bit == anon && known {
				as = ErrUnauthenticated
			}
			if !errors.Is(err, as) {
				t.Errorf("Authorize(%s, %s) = %v, want %v", p, act, err, as)
			}
		}
		for _, nobody := range []Principal{{}, {Role: Admin, Registries: []string{All}}, {Kind: 99, Role: Admin, Registries: []string{All}}, holder(""), holder("root")} {
			if Authorize(nobody, act, "main") == nil {
				t.Errorf("Authorize(%+v, %s) allowed; a principal without kind or role may nothing", nobody, act)
			}
		}
	}
}

func TestAuthorizeScope(t *testing.T) {
	one := Principal{Kind: Holder, Name: "n", Role: Admin, Registries: []string{"main"}}
	all := Principal{Kind: Holder, Name: "n", Role: Admin, Registries: []string{All}}
	none := Principal{Kind: Holder, Name: "n", Role: Admin}
	local := LocalOperator("ada")
	for _, tc := range []struct {
		p        Principal
		act      Act
		registry string
		ok       bool
		why      string
	}{
		{one, Publish, "main", true, "its own registry"},
		{one, Publish, "other", false, "another registry"},
		{one, Read, "other", false, "reading is scoped as well"},
		{one, Publish, "", false, "no registry means every registry"},
		{one, Waive, All, false, "a waiver for all registries needs a token for all"},
		{one, ManageTokens, "main", false, "tokens belong to no registry: an admin of one must not make one for all"},
		{one, Configure, "main", false, "nor does configuration"},
		{one, ReadAudit, "main", false, "nor the audit log"},
		{none, Read, "main", false, "an empty scope covers nothing"},
		{none, Read, "", false, "not even nothing"},
		{all, Publish, "anything", true, "all is all"},
		{all, Waive, All, true, "and for all"},
		{all, ManageTokens, "", true, "a global act"},
		{local, Configure, "", true, "who owns the folder"},
		{local, "demolish", "", false, "an unknown act is nobody's"},
		{Principal{Kind: Holder, Name: "n", Role: Reader, Registries: []string{"*a"}}, Read, "ba", false, "names are no patterns"},
	} {
		if err := Authorize(tc.p, tc.act, tc.registry); (err == nil) != tc.ok {
			t.Errorf("Authorize(%s for %v, %s, %q) = %v, want ok %v (%s)", tc.p, tc.p.Registries, tc.act, tc.registry, err, tc.ok, tc.why)
		}
	}
}

func TestParseRole(t *testing.T) {
	for _, r := range roles {
		if got, err := ParseRole(string(r)); err != nil || got != r {
			t.Errorf("ParseRole(%q) = %q, %v", r, got, err)
		}
	}
	for _, s := range []string{"", "Admin", "admin ", "root"} {
		if got, err := ParseRole(s); err == nil || got != "" {
			t.Errorf("ParseRole(%q) = %q, %v, want an error and no role", s, got, err)
		}
	}
}
