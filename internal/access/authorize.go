package access

import (
	"fmt"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// grant says who may do an act.
type grant struct {
	roles     []Role
	anonymous bool // also without a credential, where the configuration allows
	global    bool // belongs to no single registry: the scope must be All
}

var grants = map[Act]grant{
	Read:         {roles: roles, anonymous: true},
	Request:      {roles: roles},
	Ask:          {roles: roles},
	Publish:      {roles: []Role{Publisher, Admin}},
	Yank:         {roles: []Role{Publisher, Admin}},
	Delete:       {roles: []Role{Admin}},
	Waive:        {roles: []Role{Approver, Admin}},
	Approve:      {roles: []Role{Approver, Admin}},
	Revoke:       {roles: []Role{Approver, Admin}},
	ReadAudit:    {roles: []Role{Approver, Admin}, global: true},
	ManageTokens: {roles: []Role{Admin}, global: true},
	Configure:    {roles: []Role{Admin}, global: true},
}

// Authorize says whether p may do act in registry; nil means yes. A registry of
// "" or All means every registry. Without a credential that could allow it the
// error is ErrUnauthenticated (401: sending one may help); with one that does
// not, verdict.ErrForbidden (403). An act it does not know is forbidden to all.
func Authorize(p Principal, act Act, registry string) error {
	g, known := grants[act]
	if !known {
		return fmt.Errorf("%w: there is no act %.40q", verdict.ErrForbidden, string(act))
	}
	switch p.Kind {
	case Local:
		return nil
	case Anonymous:
		if g.anonymous {
			return nil
		}
		return fmt.Errorf("%w: %s needs one of role %s", ErrUnauthenticated, act, either(g.roles))
	case Holder:
		return g.allows(p, act, registry)
	}
	return ErrUnauthenticated
}

func (g grant) allows(p Principal, act Act, registry string) error {
	if !slices.Contains(g.roles, p.Role) {
		return fmt.Errorf("%w: %s needs role %s and %s's token is %s; ask an admin for such a token",
			verdict.ErrForbidden, act, either(g.roles), p.Name, p.Role)
	}
	if g.global {
		registry = All
	}
	if p.covers(registry) {
		return nil
	}
	where := "registry " + registry
	if registry == "" || registry == All {
		where = "all registries"
	}
	return fmt.Errorf("%w: %s in %s, and %s's token is for %s only; ask an admin for one that covers it",
		verdict.ErrForbidden, act, where, p.Name, join(p.Registries))
}
