package indexcache

import (
	"container/list"
	"sync"
	"weak"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// recent keeps parsed indexes in memory, the least recently used going first
// once their estimated size is over the limit. The newest always stays, however
// large. Safe for concurrent use.
type recent struct {
	mu     sync.Mutex
	limit  int
	bytes  int
	order  *list.List // of *kept, newest first
	byName map[string]*list.Element
	// dropped are those that had to go. An index that somebody else still holds, as
	// the gate does for what it decided about, is found again instead of parsed.
	dropped map[string]weakAnswer
}

type weakAnswer struct {
	state state
	index weak.Pointer[ecosystem.Index]
}

// maxDropped bounds the memory of what is gone.
const maxDropped = 4096

type kept struct {
	name   string
	answer *lastAnswer
	bytes  int
}

func newRecent(limit int) *recent {
	return &recent{limit: limit, order: list.New(), byName: map[string]*list.Element{}, dropped: map[string]weakAnswer{}}
}

func (r *recent) get(name string) *lastAnswer {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byName[name]
	if e == nil {
		return r.regain(name)
	}
	r.order.MoveToFront(e)
	return e.Value.(*kept).answer
}

// regain takes back an answer that was dropped while its index is still in use.
func (r *recent) regain(name string) *lastAnswer {
	w, ok := r.dropped[name]
	if !ok {
		return nil
	}
	x := w.index.Value()
	if x == nil {
		delete(r.dropped, name)
		return nil
	}
	a := &lastAnswer{state: w.state, index: x}
	r.keep(name, a)
	return a
}

func (r *recent) put(name string, a *lastAnswer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(name, a)
}

func (r *recent) keep(name string, a *lastAnswer) {
	r.drop(name)
	delete(r.dropped, name)
	k := &kept{name: name, answer: a, bytes: weigh(a.index)}
	r.byName[name] = r.order.PushFront(k)
	r.bytes += k.bytes
	for r.bytes > r.limit && r.order.Len() > 1 {
		oldest := r.order.Back().Value.(*kept)
		r.drop(oldest.name)
		if len(r.dropped) >= maxDropped {
			clear(r.dropped)
		}
		r.dropped[oldest.name] = weakAnswer{oldest.answer.state, weak.Make(oldest.answer.index)}
	}
}

func (r *recent) remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(name)
	delete(r.dropped, name)
}

func (r *recent) drop(name string) {
	e := r.byName[name]
	if e == nil {
		return
	}
	r.bytes -= e.Value.(*kept).bytes
	r.order.Remove(e)
	delete(r.byName, name)
}

// weigh estimates an index's memory: the fixed part of each file and its texts.
func weigh(x *ecosystem.Index) int {
	n := 512 + 64*len(x.Tags)
	for _, f := range x.Files {
		n += 256 + len(f.Name) + len(f.URL) + len(f.SHA256) + len(f.MetadataSHA256) +
			len(f.RequiresPython) + len(f.YankedReason) + len(f.Provenance) + len(f.Record)
		for _, d := range f.Digests {
			n += 16 + len(d)
		}
	}
	return n
}
