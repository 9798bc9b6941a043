package registry

import "runtime"

// WaitAhead returns when no look that was begun ahead goes on any more.
func (s *Shelf) WaitAhead() {
	for {
		s.ahead.mu.Lock()
		workers := s.ahead.workers
		s.ahead.mu.Unlock()
		if workers == 0 {
			return
		}
		runtime.Gosched()
	}
}
