package registry

import (
	"sync"
	"time"
)

// A refusal that was logged is not logged again for a while.
const (
	saidFor  = 10 * time.Minute
	saidKept = 10_000 // refusals; a full memory begins anew
)

// said remembers which refusals were logged, by decision.
type said struct {
	mu   sync.Mutex
	rows map[string]*saying
}

type saying struct {
	at      time.Time
	repeats int // since then
}

// again counts a refusal and says whether to log it now, with how many there were
// since it was logged last.
func (s *said) again(decision string, now time.Time) (repeats int, log bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.rows[decision]
	if row != nil && now.Sub(row.at) < saidFor {
		row.repeats++
		return 0, false
	}
	if row != nil {
		repeats = row.repeats
	}
	if s.rows == nil || len(s.rows) >= saidKept {
		s.rows = map[string]*saying{}
	}
	s.rows[decision] = &saying{at: now}
	return repeats, true
}
