package manifest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The rules of problems. They are stable: policies and waivers name them, and
// those that other ecosystems have as well mean the same there.
const (
	RuleSyntax     = "manifest-syntax"               // cannot be read; fatal
	RuleTooLarge   = "manifest-too-large"            // beyond a cap; fatal
	RuleIndex      = "manifest-index-option"         // names a registry
	RuleTransport  = "manifest-transport-option"     // weakens the way to the registry
	RuleVCS        = "manifest-vcs-requirement"      // git and the forges' short forms
	RuleURL        = "manifest-url-requirement"      // a tarball by its address
	RulePath       = "manifest-path-requirement"     // file:, link:, portal:, patch:, exec:
	RuleSource     = "manifest-source"               // a package is taken from elsewhere than the registry
	RuleAlias      = "manifest-alias"                // npm:other@1: another package under this name
	RuleConstraint = "manifest-constraint"           // a wish that the gate does not apply to the closure
	RuleDynamic    = "manifest-dynamic-dependencies" // a program of the project changes what is installed

	RuleLockIndex     = "lock-names-index"       // a lock names the registry that its files came from
	RuleLockSource    = "lock-source"            // a locked package does not come from a registry
	RuleLockNoHash    = "lock-file-without-hash" // a locked file that nothing vouches for
	RuleLockWeakHash  = "lock-weak-hash"         // nothing better than sha1 vouches for it
	RuleLockDisagrees = "lock-disagrees"         // two places of a lock say different things of one package
	RuleLockPatch     = "lock-patch"             // the project changes a package's code after fetching it
)

// The default effects of problems (verdict.Effect's words; that package is not
// imported for three of them).
const (
	reject = "reject"
	hold   = "hold"
	note   = "note"
)

// effectOf is what a requirement from elsewhere does: an address that clients fetch
// from, whatever registry is set, goes around the gate and is refused; what only
// cannot be looked at waits for a person.
func effectOf(rule string) string {
	if rule == RuleURL {
		return reject
	}
	return hold
}

// unusable is the one reason why a whole manifest cannot be used.
type unusable struct {
	rule string
	at   finding.Location
	text string
}

func (u *unusable) Error() string { return u.at.String() + ": " + u.text }

func (u *unusable) problem() ecosystem.Problem {
	return ecosystem.Problem{Rule: u.rule, Class: finding.Manifest, Text: u.text, At: u.at, Effect: hold, Fatal: true}
}

func syntax(at finding.Location, format string, args ...any) error {
	return &unusable{RuleSyntax, at, fmt.Sprintf(format, args...)}
}

func tooLarge(file string, format string, args ...any) error {
	return &unusable{RuleTooLarge, finding.Location{File: file}, "the file is too large: " + fmt.Sprintf(format, args...)}
}

// quote shows outside text in a message. Text that may hold an address with a
// password in it is not shown; a package's scope begins with its only @.
func quote(s string) string {
	if strings.Contains(strings.TrimPrefix(s, "@"), "@") || strings.Contains(s, "//") {
		return "(not shown: it holds an address)"
	}
	return strconv.Quote(artifact.Untrusted(s).String())
}

// isHost says that the host of a URL is one, with a port or without, and nothing
// that could be a secret.
func isHost(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) && strings.IndexByte(".-:[]", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// origin shows where an address leads: scheme and host, nothing that could hold
// a password or a token. "an address" when even that cannot be told.
func origin(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !isHost(u.Host) {
		return "an address"
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// withoutSecrets keeps an address as evidence: user name, password, query and
// fragment are dropped. What does not read as a URL is dropped whole.
func withoutSecrets(address string) string {
	if isPlain(address) {
		return strings.Clone(address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || !isHost(u.Host) {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// isPlain recognises, quickly, the addresses that nearly all locks have: no user
// name, port, query, fragment or escape in them.
func isPlain(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(address, "http://")
	}
	host, path, slash := strings.Cut(rest, "/")
	if !ok || !slash || host == "" {
		return false
	}
	for i := range len(host) {
		if !isWord(host[i]) && host[i] != '.' && host[i] != '-' {
			return false
		}
	}
	for i := range len(path) {
		if !isWord(path[i]) && strings.IndexByte("/.-+~@!", path[i]) < 0 {
			return false
		}
	}
	return true
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
