package advisory

import (
	"strings"

	cvss20 "github.com/pandatix/go-cvss/20"
	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss40 "github.com/pandatix/go-cvss/40"

	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// A rating is how bad something is said to be. The zero value is unknown.
type rating struct {
	severity finding.Severity
	score    float64 // 0 when severity comes from a word
}

// higher gives the worse of two ratings; a known one beats unknown.
func (r rating) higher(s rating) rating {
	if s.severity > r.severity || (s.severity == r.severity && s.score > r.score) {
		return s
	}
	return r
}

// rate reads a record's or an affected entry's severities: the newest CVSS
// version that can be read, else the database's own word, else unknown. Over an
// alias group the highest of these counts.
func rate(ws []wireSeverity, word string) rating {
	for _, kind := range []string{"CVSS_V4", "CVSS_V3", "CVSS_V2"} {
		var best rating
		for _, w := range ws {
			if w.Type == kind && len(w.Score) <= 512 {
				best = best.higher(rateVector(kind, w.Score))
			}
		}
		if best.severity != finding.Unknown {
			return best
		}
	}
	s, err := finding.ParseSeverity(word)
	if err != nil || word == "" {
		return rating{}
	}
	return rating{severity: s}
}

// rateVector gives the rating of a CVSS vector, unknown when it cannot be read.
func rateVector(kind, vector string) rating {
	switch {
	case kind == "CVSS_V4":
		if v, err := cvss40.ParseVector(vector); err == nil {
			return scored(v.Score())
		}
	case kind == "CVSS_V3" && strings.HasPrefix(vector, "CVSS:3.0/"):
		if v, err := cvss30.ParseVector(vector); err == nil {
			return scored(v.BaseScore())
		}
	case kind == "CVSS_V3":
		if v, err := cvss31.ParseVector(vector); err == nil {
			return scored(v.BaseScore())
		}
	case kind == "CVSS_V2":
		if v, err := cvss20.ParseVector(strings.Trim(vector, "()")); err == nil {
			return scored2(v.BaseScore())
		}
	}
	return rating{}
}

// scored applies the qualitative scale that CVSS 3.x and 4.0 share.
func scored(score float64) rating {
	switch {
	case score >= 9:
		return rating{finding.Critical, score}
	case score >= 7:
		return rating{finding.High, score}
	case score >= 4:
		return rating{finding.Medium, score}
	case score > 0:
		return rating{finding.Low, score}
	}
	return rating{finding.None, score}
}

// scored2 applies the NVD's scale for CVSS 2.0, which knows no critical.
func scored2(score float64) rating {
	r := scored(score)
	r.severity = min(r.severity, finding.High)
	return r
}
