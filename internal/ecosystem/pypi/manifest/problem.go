package manifest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// The rules of problems. They are stable: policies and waivers name them.
const (
	RuleSyntax      = "manifest-syntax"               // cannot be read; fatal
	RuleTooLarge    = "manifest-too-large"            // beyond a cap; fatal
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

// The default effects of problems (verdict.Effect's words; that package is not
// imported for three of them).
const (
	reject = "reject"
	hold   = "hold"
	note   = "note"
)

// effectOf is what a requirement from elsewhere does: an address that clients fetch
// from, whatever index is set, goes around the gate and is refused; what only
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

// because gives a parser's message for a text, unless the text holds an
// address: a message may quote it, and an address may hold a password.
func because(text string, err error) string {
	if strings.ContainsAny(text, "@") || strings.Contains(text, "//") {
		return ""
	}
	return ": " + artifact.Untrusted(err.Error()).String()
}

// quote shows outside text in a message. Text that may hold an address with a
// password in it is not shown.
func quote(s string) string {
	if strings.ContainsAny(s, "@") || strings.Contains(s, "//") {
		return "(not shown: it holds an address)"
	}
	return strconv.Quote(artifact.Untrusted(s).String())
}

var hostForm = lazy.Regexp(`^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)

// origin shows where an address leads: scheme and host, nothing that could hold
// a password or a token. "an address" when even that cannot be told.
func origin(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil:
		return "an address"
	case u.Host != "" && hostForm().MatchString(u.Host):
		return strings.ToLower(u.Scheme + "://" + u.Host)
	case u.Scheme == "file" || u.Scheme == "" && u.Host == "":
		return "a local path"
	}
	return "an address"
}

// withoutSecrets keeps an address as evidence: user name, password, query and
// fragment are dropped. What does not read as a URL is dropped whole.
func withoutSecrets(address string) string {
	if isPlain(address) {
		return strings.Clone(address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.Host != "" && !hostForm().MatchString(u.Host) || u.Host == "" && strings.Contains(address, "@") {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// isPlain recognises, quickly, the addresses that nearly all files have: no user
// name, port, query, fragment or escape in them.
func isPlain(address string) bool {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return false
	}
	for i := range len(rest) {
		c := rest[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("/._-+~", c) < 0 {
			return false
		}
	}
	return schemeForm().MatchString(address[:len(address)-len(rest)-3])
}
