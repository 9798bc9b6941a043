package jobstest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Memory is a jobs.Store that forgets everything with the process.
type Memory struct {
	mu     sync.Mutex
	rows   []*row // by age
	turns  int
	broken []string // methods that fail
}

// Break makes methods fail from now on, these and no others.
func (m *Memory) Break(methods ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = methods
}

// ErrBroken is how a broken method fails.
var ErrBroken = errors.New("no disk")

var _ Store = (*Memory)(nil)

type row struct {
	jobs.Job
	turn int
}

// Close implements Store.
func (*Memory) Close() error { return nil }

func (m *Memory) enter(ctx context.Context, method string) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	if slices.Contains(m.broken, method) {
		m.mu.Unlock()
		return nil, ErrBroken
	}
	return m.mu.Unlock, nil
}

func live(s jobs.State) bool { return s == jobs.Waiting || s == jobs.Running }

func text(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// Enqueue implements jobs.Store.
func (m *Memory) Enqueue(ctx context.Context, n jobs.New) error {
	leave, err := m.enter(ctx, "Enqueue")
	if err != nil {
		return err
	}
	defer leave()
	if n.ID == "" || n.Kind == "" || n.Subject == "" || !text(n.Subject) || !text(n.Share) {
		return errors.New("no job")
	}
	all, share := 0, 0
	for _, r := range m.rows {
		if r.ID == n.ID || (r.Kind == n.Kind && r.Subject == n.Subject && live(r.State)) {
			return verdict.ErrConflict
		}
		if r.Kind == n.Kind && r.State == jobs.Waiting {
			all++
			if r.Share == n.Share {
				share++
			}
		}
	}
	switch {
	case n.Room.Share > 0 && share >= n.Room.Share:
		return &jobs.FullError{Share: n.Share, Most: n.Room.Share}
	case n.Room.Total > 0 && all >= n.Room.Total:
		return &jobs.FullError{Most: n.Room.Total}
	}
	r := &row{Job: jobs.Job{ID: n.ID, Kind: n.Kind, Subject: n.Subject, Share: n.Share, Priority: n.Priority, State: jobs.Waiting, NotBefore: n.Created, Created: n.Created}}
	if !n.Lease.IsZero() {
		m.take(r, n.Lease)
	}
	m.rows = append(m.rows, r)
	return nil
}

func (m *Memory) take(r *row, until time.Time) {
	m.turns++
	r.State, r.NotBefore, r.Lease, r.turn = jobs.Running, time.Time{}, until, m.turns
	r.Attempt++
	r.Tries++
}

// Claim implements jobs.Store.
func (m *Memory) Claim(ctx context.Context, kind string, now, until time.Time) (jobs.Job, bool, error) {
	leave, err := m.enter(ctx, "Claim")
	if err != nil {
		return jobs.Job{}, false, err
	}
	defer leave()
	var ready []*row
	running, turn := map[string]int{}, map[string]int{}
	for _, r := range m.rows {
		if r.Kind != kind {
			continue
		}
		if r.State == jobs.Running && !r.Lease.After(now) {
			r.State, r.Lease, r.NotBefore, r.Error = jobs.Waiting, time.Time{}, now, "its lease ran out"
		}
		turn[r.Share] = max(turn[r.Share], r.turn)
		if r.State == jobs.Running {
			running[r.Share]++
		}
		if r.State == jobs.Waiting && !r.NotBefore.After(now) {
			ready = append(ready, r)
		}
	}
	if len(ready) == 0 {
		return jobs.Job{}, false, nil
	}
	slices.SortStableFunc(ready, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), running[a.Share]-running[b.Share], turn[a.Share]-turn[b.Share])
	})
	m.take(ready[0], until)
	return ready[0].Job, true, nil
}

// held runs a change that only the holder of an attempt may make.
func (m *Memory) held(ctx context.Context, method string, h jobs.Held, states []jobs.State, change func(*row)) error {
	leave, err := m.enter(ctx, method)
	if err != nil {
		return err
	}
	defer leave()
	r := m.find(h.Job)
	if r == nil {
		return errors.Join(jobs.ErrLost, verdict.ErrNotFound)
	}
	if r.Attempt != h.Attempt || !slices.Contains(states, r.State) {
		return jobs.ErrLost
	}
	change(r)
	return nil
}

func (m *Memory) find(id string) *row {
	i := slices.IndexFunc(m.rows, func(r *row) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return m.rows[i]
}

var running = []jobs.State{jobs.Running}

// Renew implements jobs.Store.
func (m *Memory) Renew(ctx context.Context, h jobs.Held, until time.Time) error {
	return m.held(ctx, "Renew", h, running, func(r *row) { r.Lease = until })
}

// Finish implements jobs.Store.
func (m *Memory) Finish(ctx context.Context, h jobs.Held, at time.Time) error {
	return m.held(ctx, "Finish", h, []jobs.State{jobs.Running, jobs.Done}, func(r *row) {
		if r.State == jobs.Running {
			r.State, r.Lease, r.Finished, r.Error = jobs.Done, time.Time{}, at, ""
		}
	})
}

// Retry implements jobs.Store.
func (m *Memory) Retry(ctx context.Context, h jobs.Held, until time.Time, why string) error {
	return m.held(ctx, "Retry", h, running, func(r *row) {
		r.State, r.Lease, r.NotBefore, r.Error = jobs.Waiting, time.Time{}, until, why
	})
}

// Release implements jobs.Store.
func (m *Memory) Release(ctx context.Context, h jobs.Held, now time.Time) error {
	return m.held(ctx, "Release", h, running, func(r *row) {
		r.State, r.Lease, r.NotBefore = jobs.Waiting, time.Time{}, now
		r.Tries--
	})
}

// Bury implements jobs.Store.
func (m *Memory) Bury(ctx context.Context, h jobs.Held, at time.Time, why string) error {
	return m.held(ctx, "Bury", h, running, func(r *row) {
		r.State, r.Lease, r.Finished, r.Error = jobs.Dead, time.Time{}, at, why
	})
}

// Cancel implements jobs.Store.
func (m *Memory) Cancel(ctx context.Context, id string, at time.Time) error {
	leave, err := m.enter(ctx, "Cancel")
	if err != nil {
		return err
	}
	defer leave()
	r := m.find(id)
	switch {
	case r == nil:
		return verdict.ErrNotFound
	case r.State == jobs.Done || r.State == jobs.Cancelled:
		return verdict.ErrConflict
	}
	r.State, r.Lease, r.NotBefore, r.Finished = jobs.Cancelled, time.Time{}, time.Time{}, at
	return nil
}

// Restart implements jobs.Store.
func (m *Memory) Restart(ctx context.Context, id string, now time.Time) (jobs.Job, error) {
	leave, err := m.enter(ctx, "Restart")
	if err != nil {
		return jobs.Job{}, err
	}
	defer leave()
	r := m.find(id)
	if r == nil {
		return jobs.Job{}, verdict.ErrNotFound
	}
	other := slices.ContainsFunc(m.rows, func(o *row) bool { return o.Kind == r.Kind && o.Subject == r.Subject && live(o.State) })
	if r.State != jobs.Dead || other {
		return jobs.Job{}, verdict.ErrConflict
	}
	r.State, r.NotBefore, r.Tries, r.Finished = jobs.Waiting, now, 0, time.Time{}
	return r.Job, nil
}

// List implements jobs.Store.
func (m *Memory) List(ctx context.Context, f jobs.Filter) ([]jobs.Job, error) {
	leave, err := m.enter(ctx, "List")
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []jobs.Job
	for _, r := range slices.Backward(m.rows) {
		if (f.State == "" || r.State == f.State) && len(out) < cmp.Or(f.Limit, 50) {
			out = append(out, r.Job)
		}
	}
	return out, nil
}
