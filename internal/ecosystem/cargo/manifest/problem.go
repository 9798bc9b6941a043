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

// The rules of problems. They are stable: policies and waivers name them, and those
// that other ecosystems have as well mean the same there.
const (
	RuleSyntax   = "manifest-syntax"           // cannot be read; fatal
	RuleTooLarge = "manifest-too-large"        // beyond a cap; fatal
	RuleInclude  = "manifest-include"          // a member of a workspace that cannot be read
	RuleIndex    = "manifest-index-option"     // names a registry
	RuleVCS      = "manifest-vcs-requirement"  // git
	RulePath     = "manifest-path-requirement" // a folder outside of what the gate sees
	RuleSource   = "manifest-source"           // [patch], [replace], [source]: a crate is taken from elsewhere
	RuleBad      = "manifest-requirement"      // a dependency that the gate cannot read

	RuleLockIndex    = "lock-names-index"       // a lock names a registry
	RuleLockSource   = "lock-source"            // a locked crate does not come from a registry
	RuleLockNoHash   = "lock-file-without-hash" // a locked crate that nothing vouches for
	RuleLockUnlinked = "lock-disagrees"         // an edge of the lock leads nowhere
)

// The default effects of problems (verdict.Effect's words; that package is not
// imported for three of them).
const (
	reject = "reject"
	hold   = "hold"
	note   = "note"
)

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

// quote shows outside text in a message; text that may hold an address with a
// password in it is not shown.
func quote(s string) string {
	if strings.Contains(s, "@") || strings.Contains(s, "//") {
		return "(not shown: it holds an address)"
	}
	return strconv.Quote(artifact.Untrusted(s).String())
}

// origin shows where an address leads: scheme and host, nothing that could hold a
// password or a token. "an address" when even that cannot be told.
func origin(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !isHost(u.Host) {
		return "an address"
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// isHost says that the host of a URL is one, and nothing that could be a secret.
func isHost(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("_.-:[]", c) < 0 {
			return false
		}
	}
	return s != ""
}
