package advisory

import (
	"fmt"
	"slices"
	"strings"
)

// What may change in one step without a person's word (THREATS.md, Feeds).
const (
	// mostLostPercent of the live records may be lost or withdrawn.
	mostLostPercent = 1
	// mostMalwareLost malware records may be lost or withdrawn, and no more than
	// mostLostPercent of them.
	mostMalwareLost = 10
	// mostUnreadablePercent of a batch's records may be unreadable.
	mostUnreadablePercent = 1
)

// judge says why next may not replace prev without a person's word, "" when it
// may. elsewhere says that another feed in use still has an id alive: what moves
// from one source to another is not lost. prev is nil for a first batch.
func judge(prev, next manifest, elsewhere func(id string) bool) string {
	var had, hadMalware, lost, lostMalware int
	for id, e := range prev {
		if e.state != live {
			continue
		}
		gone := next[id].state != live && !elsewhere(id)
		had++
		lost += one(gone)
		hadMalware += one(e.malware)
		lostMalware += one(gone && e.malware)
	}
	bad := next.count(func(e entry) bool { return e.state == unreadable })
	switch {
	case lostMalware > mostMalwareLost || lostMalware*100 > hadMalware*mostLostPercent:
		return fmt.Sprintf("%d of %d malware records are gone or withdrawn", lostMalware, hadMalware)
	case lost*100 > had*mostLostPercent:
		return fmt.Sprintf("%d of %d records are gone or withdrawn", lost, had)
	case bad*100 > len(next)*mostUnreadablePercent:
		return fmt.Sprintf("%d of %d records cannot be read", bad, len(next))
	}
	return ""
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// disagreementReason says in one sentence that list and records differ.
func disagreementReason(ids []string) string {
	shown := ids[:min(3, len(ids))]
	more := ""
	if len(ids) > len(shown) {
		more = ", ..."
	}
	return fmt.Sprintf("modified_id.csv and the records disagree on %d ids (%s%s)", len(ids), strings.Join(slices.Clone(shown), ", "), more)
}
