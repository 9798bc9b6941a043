package manifest

import (
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// The rules of problems. They are stable: policies and waivers name them, and
// those that other ecosystems have as well mean the same there.
const (
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

// effectOf is what a requirement from elsewhere does: an address that clients fetch
// from, whatever registry is set, goes around the gate and is refused; what only
// cannot be looked at waits for a person.
func effectOf(rule string) string {
	if rule == RuleURL {
		return manifestfile.Reject
	}
	return manifestfile.Hold
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
