package registry

import (
	"context"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
)

// Looks that begin before their file is asked for.
const (
	aheadQueue  = 256 // files that may wait; those above are looked at when they are asked for
	aheadAtOnce = 8   // looks at once: as many as downloads, more than there are cores to scan
)

// ahead looks at files that somebody is about to ask for, after everything that
// somebody waits for already. A client that resolves thirty packages reads their
// metadata one after another; by the time it wants the first file, that is
// scanned. It is a help only: what does not fit is left out, and what fails is
// looked at again when it is asked for.
type ahead struct {
	mu      sync.Mutex
	queue   []wish
	workers int
}

// wish is a file, and whose account pays for the look.
type wish struct {
	pkg     artifact.Package
	file    string
	account *budget.Account
}

func (a *ahead) add(s *Shelf, ctx context.Context, p artifact.Package, file string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) >= aheadQueue {
		return
	}
	for _, w := range a.queue {
		if w.pkg == p && w.file == file {
			return
		}
	}
	a.queue = append(a.queue, wish{p, file, budget.From(ctx)})
	if a.workers < aheadAtOnce {
		a.workers++
		go a.work(s)
	}
}

// work looks at what waits, and ends when nothing does.
func (a *ahead) work(s *Shelf) {
	for {
		a.mu.Lock()
		if len(a.queue) == 0 {
			a.workers--
			a.mu.Unlock()
			return
		}
		w := a.queue[0]
		a.queue = a.queue[1:]
		a.mu.Unlock()
		s.lookAhead(w)
	}
}

// lookAhead says nothing about what goes wrong: whoever asks for the file will.
func (s *Shelf) lookAhead(w wish) {
	ctx := jobs.WithPriority(budget.With(context.Background(), w.account), jobs.Background)
	v, i, err := s.find(ctx, w.pkg, w.file)
	if err != nil || !s.unlooked(v.Decisions[i]) {
		return
	}
	f := v.Index.Files[i]
	_ = s.Gate.AdmitFile(ctx, s.Registry, v.Index.Version(f), v.Index, f)
}
