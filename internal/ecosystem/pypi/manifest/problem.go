package manifest

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// The rules of problems. They are stable: policies and waivers name them.
const (
	RuleIndex       = "manifest-index-option"         // names an index or a place with files
	RuleTransport   = "manifest-transport-option"     // weakens or turns off the way to the index
	RuleEditable    = "manifest-editable-requirement" // -e
	RuleVCS         = "manifest-vcs-requirement"      // git+, hg+, ...
	RuleURL         = "manifest-url-requirement"      // name @ url, or a bare URL
	RulePath        = "manifest-path-requirement"     // a folder or an archive beside the manifest
	RuleInclude     = "manifest-include"              // -r or -c that is not followed
	RuleVariable    = "manifest-environment-variable" // ${NAME}
	RuleOption      = "manifest-option"               // an option without effect on what the gate admits
	RuleHash        = "manifest-hash"                 // a digest is missing or cannot be one
	RuleLineBreak   = "manifest-hidden-line-break"    // pip breaks the line where editors do not
	RuleDynamic     = "manifest-dynamic-dependencies" // known only by running the build
	RuleSource      = "manifest-source"               // a package is taken from elsewhere than the registry
	RuleConstraint  = "manifest-constraint"           // a wish that has no PEP 440 form, or overrides others
	RuleLockIndex   = "lock-names-index"              // a lock names the index or host its files came from
	RuleLockSource  = "lock-source"                   // a locked package does not come from an index
	RuleLockNoHash  = "lock-file-without-hash"        // a locked file that nothing vouches for
	RuleLockNoFiles = "lock-without-files"            // a locked package without any file
	RuleLockOpen    = "lock-without-version"          // a package that the lock leaves open
	RuleAsksNothing = "manifest-asks-for-nothing"     // a constraints file by itself
)

// effectOf is what a requirement from elsewhere does: an address that clients fetch
// from, whatever index is set, goes around the gate and is refused; what only
// cannot be looked at waits for a person.
func effectOf(rule string) string {
	if rule == RuleURL {
		return manifestfile.Reject
	}
	return manifestfile.Hold
}

// because gives a parser's message for a text, unless the text holds an
// address: a message may quote it, and an address may hold a password.
func because(text string, err error) string {
	if strings.ContainsAny(text, "@") || strings.Contains(text, "//") {
		return ""
	}
	return ": " + artifact.Untrusted(err.Error()).String()
}
