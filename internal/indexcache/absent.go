package indexcache

import (
	"container/list"
	"sync"
	"time"
)

// How long "no such thing" is believed: for a name that is asked for again and
// again, as an internal one that nobody declared is, longer each time.
const (
	absentFirst = 5 * time.Minute
	absentMost  = 40 * time.Minute
	absentKept  = 8192 // names; made-up ones push each other out and nothing else
)

// absent remembers the names that an upstream does not know, those that were
// asked for last. It is safe for concurrent use.
type absent struct {
	mu    sync.Mutex
	rows  map[string]*list.Element
	order list.List // of *absence, the last asked for first
}

type absence struct {
	name  string
	until time.Time
	pause time.Duration
}

// has says whether a name is still believed to be absent.
func (a *absent) has(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.rows[name]
	if e == nil {
		return false
	}
	a.order.MoveToFront(e)
	return now.Before(e.Value.(*absence).until)
}

// add takes the upstream's word that it has no such name.
func (a *absent) add(name string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.rows[name]; e != nil {
		row := e.Value.(*absence)
		row.pause = min(2*row.pause, absentMost)
		row.until = now.Add(row.pause)
		a.order.MoveToFront(e)
		return
	}
	if a.rows == nil {
		a.rows = map[string]*list.Element{}
	}
	a.rows[name] = a.order.PushFront(&absence{name, now.Add(absentFirst), absentFirst})
	if a.order.Len() > absentKept {
		last := a.order.Remove(a.order.Back()).(*absence)
		delete(a.rows, last.name)
	}
}

// remove forgets a name: it is there.
func (a *absent) remove(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.rows[name]; e != nil {
		a.order.Remove(e)
		delete(a.rows, name)
	}
}
