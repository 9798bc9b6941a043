package gate

import "github.com/gatehouse-project/gatehouse/internal/verdict"

// rank puts the worst first.
func rank(v verdict.Verdict) int {
	switch v {
	case verdict.Reject:
		return 0
	case verdict.Admit:
		return 2
	}
	return 1
}

func effectRank(e verdict.Effect) int {
	switch e {
	case verdict.EffectReject:
		return 0
	case verdict.EffectNote, verdict.EffectAdmit:
		return 2
	}
	return 1
}

func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
