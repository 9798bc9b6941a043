package manifest

import (
	"fmt"
	"strconv"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The rules of problems. They are stable: policies and waivers name them.
const (
	RuleSyntax     = "manifest-syntax"           // cannot be read; fatal
	RuleTooLarge   = "manifest-too-large"        // beyond a cap; fatal
	RuleInclude    = "manifest-include"          // a module of a go.work that cannot be read
	RuleReplace    = "go-replace"                // another module is built in a module's place
	RulePath       = "manifest-path-requirement" // a folder is built in a module's place
	RuleSumMissing = "lock-file-without-hash"    // go.sum says nothing about a module that go.mod lists
	RuleSumTwice   = "lock-hash-contradiction"   // go.sum says two things about one module
	RuleVendor     = "go-vendor-disagrees"       // vendor/modules.txt is not what go.mod says
	RuleVendored   = "go-vendored"               // code is built from the vendor folder
	RuleOldSum     = "go-sum-without-go-mod"     // a go.sum alone lists more than is built
)

// The default effects of problems (verdict.Effect's words; that package is not
// imported for two of them).
const (
	hold = "hold"
	note = "note"
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

// quote shows outside text in a message.
func quote(s string) string { return strconv.Quote(artifact.Untrusted(s).String()) }
