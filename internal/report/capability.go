package report

import (
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// canDo says in a line what the code of a version can do, and what of that is new:
// "exec, net; new since 1.3.0: exec". "" where nothing is known.
func canDo(v verdict.VersionOutcome) string {
	words, fresh := capabilityWords(v.Capabilities)
	if len(words) == 0 {
		return ""
	}
	can := strings.Join(words, ", ")
	if len(fresh) > 0 {
		can += fmt.Sprintf("; new since %s: %s", v.ComparedWith, strings.Join(fresh, ", "))
	}
	return can
}

func capabilityWords(cs []verdict.Capability) (words, fresh []string) {
	for _, c := range cs {
		words = append(words, c.Word)
		if c.New {
			fresh = append(fresh, c.Word)
		}
	}
	return words, fresh
}

// changedPowers says whether what a version can do belongs into a short report: its
// behaviour stands in the way, or it can do more than the version before it.
func changedPowers(v verdict.VersionOutcome) bool {
	for _, r := range v.Reasons {
		if r.Class == finding.Behaviour && blocks(r) {
			return true
		}
	}
	_, fresh := capabilityWords(v.Capabilities)
	return len(fresh) > 0
}

// evidence is the place of a capability for people.
func evidence(c verdict.Capability) string {
	at := c.Place.String()
	if c.Archive != "" {
		at = c.Archive + ", " + at
	}
	if c.Text != "" {
		at += ": " + c.Text
	}
	return at
}
