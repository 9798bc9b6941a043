package manifestfile

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The rules of problems that any manifest can have. They are stable: policies and
// waivers name them.
const (
	RuleSyntax   = "manifest-syntax"    // cannot be read; fatal
	RuleTooLarge = "manifest-too-large" // beyond a cap; fatal
)

// The default effects of problems (verdict.Effect's words; that package is not
// imported for three of them).
const (
	Reject = "reject"
	Hold   = "hold"
	Note   = "note"
)

// Unusable is the one reason why a whole manifest cannot be used.
type Unusable struct {
	Rule string
	At   finding.Location
	Text string // for people; text from outside in it was made harmless
}

func (u *Unusable) Error() string { return u.At.String() + ": " + u.Text }

func (u *Unusable) problem() ecosystem.Problem {
	return ecosystem.Problem{Rule: u.Rule, Class: finding.Manifest, Text: u.Text, At: u.At, Effect: Hold, Fatal: true}
}

// Syntax is an *Unusable for what cannot be read.
func Syntax(at finding.Location, format string, args ...any) error {
	return &Unusable{RuleSyntax, at, fmt.Sprintf(format, args...)}
}

// TooLarge is an *Unusable for what is beyond a cap.
func TooLarge(file, format string, args ...any) error {
	return &Unusable{RuleTooLarge, finding.Location{File: file}, "the file is too large: " + fmt.Sprintf(format, args...)}
}

// Quote shows outside text in a message. Text that may hold an address with a
// password in it is not shown; the @ that a scoped name of npm begins with is none.
func Quote(s string) string {
	if strings.Contains(strings.TrimPrefix(s, "@"), "@") || strings.Contains(s, "//") {
		return "(not shown: it holds an address)"
	}
	return strconv.Quote(artifact.Untrusted(s).String())
}

// Origin shows where an address leads: scheme and host, nothing that could hold a
// password or a token. "a local path" for a path or a file's address, and "an
// address" when even that cannot be told.
func Origin(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil:
		return "an address"
	case isHost(u.Host):
		return strings.ToLower(u.Scheme + "://" + u.Host)
	case u.Scheme == "file" || u.Scheme == "" && u.Host == "":
		return "a local path"
	}
	return "an address"
}

// isHost says that the host of a URL is one, with a port or without, and nothing
// that could be a secret.
func isHost(s string) bool { return s != "" && isWords(s, ".-:[]") }

// WithoutSecrets keeps an address as evidence: user name, password, query and fragment
// are dropped. What does not read as a URL, or a path, is dropped whole.
func WithoutSecrets(address string) string {
	if IsPlain(address) {
		return strings.Clone(address) // its document can go
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.Host != "" && !isHost(u.Host) || u.Host == "" && strings.Contains(address, "@") {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// IsPlain recognises, quickly, the addresses that nearly all locks have: http or https,
// and no user name, port, query, fragment or escape in them.
func IsPlain(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(address, "http://")
	}
	host, path, slash := strings.Cut(rest, "/")
	return ok && slash && host != "" && isWords(host, ".-") && isWords(path, "/.-+~@!")
}

// isWords says that s is of letters, digits, underscores and marks only.
func isWords(s, marks string) bool {
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}
