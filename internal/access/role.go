// Package access answers who asks and whether they may. It knows three kinds of
// asker (a token's holder, the person who owns the data folder, and anonymous
// readers where the configuration lets them in), four roles, and one function,
// Authorize, that every door asks before it does anything.
//
// Roles, each with all that reader may:
//
//	reader     read indexes, files, decisions and reports; hand in a change and
//	           ask for an exception (neither lets anything in by itself)
//	publisher  also publish the company's own packages
//	approver   also waive, approve, and take waivers and approvals back; read the audit log
//	admin      everything, tokens, policy, origins and advisory feeds included
//
// A token is bound to registries; what belongs to no single registry (tokens,
// configuration, the audit log, a waiver for all registries) needs a token for
// all of them ("*").
//
// Tokens travel as HTTP Bearer or Basic credentials (RFC 6750, RFC 7617) or as
// cargo sends them, bare in Authorization
// (https://doc.rust-lang.org/cargo/reference/registry-web-api.html).
//
// It promises that a missing or bad credential is told apart from a refusal
// (ErrUnauthenticated, always 401, before any policy answer; verdict.ErrForbidden,
// 403), that a fault is neither, and that no error or log line holds a secret.
package access

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a principal may do. The zero Role may do nothing.
type Role string

// The roles; see the package comment for what each may.
const (
	Reader    Role = "reader"
	Publisher Role = "publisher"
	Approver  Role = "approver"
	Admin     Role = "admin"
)

var roles = []Role{Reader, Publisher, Approver, Admin}

// ParseRole reads a role's word.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(roles, r) {
		return r, nil
	}
	return "", fmt.Errorf("role %.40q is none of %s", s, join(roles))
}

// Act is something that a door can be asked to do.
type Act string

// The acts.
const (
	Read         Act = "read"       // indexes, files, decisions, reports
	Request      Act = "request"    // hand in a change or versions to look at
	Ask          Act = "ask"        // ask people for an exception
	Publish      Act = "publish"    // upload the company's own package
	Yank         Act = "yank"       // withdraw what was published, and take that back
	Delete       Act = "delete"     // delete what was published
	Waive        Act = "waive"      // give a waiver
	Approve      Act = "approve"    // turn a hold into admit
	Revoke       Act = "revoke"     // take a waiver or an approval back
	ReadAudit    Act = "read-audit" // who did what
	ManageTokens Act = "tokens"     // create, list and revoke tokens
	Configure    Act = "configure"  // policy, upstreams, origins, advisory feeds
)

// All is the registry scope that covers every registry.
const All = "*"

// Kind says how a principal is known. The zero Kind is nobody.
type Kind uint8

// The kinds of principal.
const (
	Nobody    Kind = iota
	Anonymous      // no credential, and the configuration lets such readers in
	Holder         // holds a valid token
	Local          // runs gatehouse on the data folder itself
)

// Principal is who asks. The zero Principal is nobody and may nothing.
type Principal struct {
	Kind       Kind
	Name       string   // who acts, in the audit log and where two people are required: one person's tokens share it
	Token      string   // the token's id; empty for other kinds
	Role       Role     // Holder only
	Registries []string // Holder only: names, or All
	Names      []string // Holder only: patterns of the names it may publish; none: every name
}

// LocalOperator is the person who runs gatehouse on the data folder: whoever
// can write that folder can do everything to it anyway.
func LocalOperator(name string) Principal { return Principal{Kind: Local, Name: name} }

// String names the principal for people and logs.
func (p Principal) String() string {
	switch p.Kind {
	case Anonymous:
		return "anonymous"
	case Local:
		return p.Name + " (on this machine)"
	case Holder:
		return fmt.Sprintf("%s (%s, token %s)", p.Name, p.Role, p.Token)
	}
	return "nobody"
}

// covers says whether the principal's tokens reach the registry; "" and All are
// reached only by those for all registries.
func (p Principal) covers(registry string) bool {
	if slices.Contains(p.Registries, All) {
		return true
	}
	return registry != "" && registry != All && slices.Contains(p.Registries, registry)
}

// either lists the roles of which one is enough.
func either(roles []Role) string {
	last := len(roles) - 1
	if last < 1 {
		return join(roles)
	}
	return join(roles[:last]) + " or " + string(roles[last])
}

func join[T ~string](words []T) string {
	s := make([]string, len(words))
	for i, w := range words {
		s[i] = string(w)
	}
	return strings.Join(s, ", ")
}
