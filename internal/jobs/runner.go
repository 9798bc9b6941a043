package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Kind is how jobs of one kind are done.
type Kind struct {
	// Do does the work of one attempt and is idempotent. nil ends the job; an error
	// has it tried again. When its context ends it should return soon: what it leaves
	// undone is done by another attempt.
	Do    func(ctx context.Context, j Job) error
	Slots int // how many at once; at least one
}

// Config is what a Runner needs. Durations of zero are the defaults below.
type Config struct {
	Store  Store
	Kinds  map[string]Kind
	Now    func() time.Time
	Random func() float64 // in [0, 1): spreads the pauses between tries
	Log    *slog.Logger

	Lease time.Duration
	Poll  time.Duration
	Tries int
}

// The defaults of a Config.
const (
	PollTime = 5 * time.Second // between looks for jobs that nobody told of
	MaxTries = 6               // after that many failures a job is dead: about a minute of pauses
)

// The pauses between tries double from the first to the longest.
const (
	firstPause   = 2 * time.Second
	longestPause = 5 * time.Minute
)

// endTime is how long a job's end may take to write.
const endTime = 10 * time.Second

// Runner claims jobs and does them, a few of each kind at once. A panic in one is
// a fault of that job. Close it.
type Runner struct {
	cfg   Config
	wakes map[string]chan struct{} // by kind
	base  context.Context
	end   context.CancelCauseFunc
	loops sync.WaitGroup // they start attempts, and end first
	works sync.WaitGroup
	stop  chan struct{} // closed: nothing new is claimed

	mu      sync.Mutex
	closing bool
	cancels map[about]context.CancelCauseFunc // of what runs here
}

// about is what a live job is about: there is one of each.
type about struct{ kind, subject string }

// errClosing is why an attempt ends whose job is given back.
var errClosing = errors.New("the runner closes")

// Start makes a Runner and has it look for jobs.
func Start(c Config) *Runner {
	if c.Lease <= 0 {
		c.Lease = LeaseTime
	}
	if c.Poll <= 0 {
		c.Poll = PollTime
	}
	if c.Tries <= 0 {
		c.Tries = MaxTries
	}
	r := &Runner{cfg: c, wakes: map[string]chan struct{}{}, stop: make(chan struct{}), cancels: map[about]context.CancelCauseFunc{}}
	r.base, r.end = context.WithCancelCause(context.Background())
	for name := range c.Kinds {
		r.wakes[name] = make(chan struct{}, 1)
	}
	for name, k := range c.Kinds {
		r.loops.Go(func() { r.loop(name, k) })
	}
	return r
}

// Wake says that there may be something to claim. It never blocks.
func (r *Runner) Wake() {
	for _, w := range r.wakes {
		select {
		case w <- struct{}{}:
		default: // it is awake already
		}
	}
}

// Cancelled ends the attempt that runs here on a job that was cancelled, without
// waiting for its lease to say so.
func (r *Runner) Cancelled(kind, subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.cancels[about{kind, subject}]; cancel != nil {
		cancel(fmt.Errorf("%w: it was cancelled", ErrLost))
	}
}

// Close claims nothing more, waits for what runs until ctx ends, then cancels it
// and gives it back. It returns when nothing runs any more.
func (r *Runner) Close(ctx context.Context) {
	r.mu.Lock()
	was := r.closing
	r.closing = true
	r.mu.Unlock()
	if !was {
		close(r.stop)
	}
	ended := make(chan struct{})
	go func() {
		r.loops.Wait()
		r.works.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	r.end(errClosing)
	<-ended
}

// loop claims jobs of one kind whenever there is a place for one.
func (r *Runner) loop(name string, k Kind) {
	places := make(chan struct{}, max(1, k.Slots))
	poll := time.NewTicker(r.cfg.Poll)
	defer poll.Stop()
	for {
		select {
		case places <- struct{}{}:
		case <-r.stop:
			return
		}
		j, ok := r.claim(name)
		if ok {
			r.works.Go(func() {
				defer func() { <-places }()
				r.attempt(k, j)
			})
			continue
		}
		<-places
		select {
		case <-r.wakes[name]:
		case <-poll.C:
		case <-r.stop:
			return
		}
	}
}

func (r *Runner) claim(kind string) (Job, bool) {
	select {
	case <-r.stop:
		return Job{}, false
	default:
	}
	now := r.cfg.Now()
	j, ok, err := r.cfg.Store.Claim(r.base, kind, now, now.Add(r.cfg.Lease))
	if err != nil && r.base.Err() == nil {
		r.cfg.Log.Error("claiming a job", "kind", kind, "err", err)
	}
	return j, ok && err == nil
}

// attempt does the work of one attempt and writes how it ended.
func (r *Runner) attempt(k Kind, j Job) {
	log := r.cfg.Log.With("job", j.ID, "kind", j.Kind, "subject", j.Subject, "attempt", j.Attempt)
	if j.Tries > r.cfg.Tries {
		// Every try before this one ended without a word: whatever ended the process
		// must not do so for ever.
		r.write(log, "burying", func(ctx context.Context) error {
			return r.cfg.Store.Bury(ctx, j.Held(), r.cfg.Now(), "the process that did it ended every time")
		})
		return
	}
	ctx, cancel := context.WithCancelCause(WithPriority(r.base, j.Priority))
	defer cancel(nil)
	key := about{j.Kind, j.Subject}
	r.mu.Lock()
	r.cancels[key] = cancel
	r.mu.Unlock()
	err := Keep(ctx, r.cfg.Store, j.Held(), r.cfg.Lease, r.cfg.Now, func(ctx context.Context) error { return do(ctx, k, j, log) })
	cause := context.Cause(ctx)
	r.mu.Lock()
	delete(r.cancels, key)
	r.mu.Unlock()
	r.ended(log, j, err, cause)
}

// do has the work done; a panic in it is its fault.
func do(ctx context.Context, k Kind, j Job, log *slog.Logger) (err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic", "err", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return k.Do(ctx, j)
}

// ended writes how an attempt ended. cause is why it was cut short, nil when it
// was not.
func (r *Runner) ended(log *slog.Logger, j Job, err, cause error) {
	h := j.Held()
	switch {
	case err == nil:
		r.write(log, "finishing", func(ctx context.Context) error { return r.cfg.Store.Finish(ctx, h, r.cfg.Now()) })
	case errors.Is(err, ErrLost) || errors.Is(cause, ErrLost):
		log.Info("job taken away", "err", err)
	case errors.Is(cause, errClosing):
		log.Info("job given back")
		r.write(log, "giving back", func(ctx context.Context) error { return r.cfg.Store.Release(ctx, h, r.cfg.Now()) })
	case j.Tries >= r.cfg.Tries:
		log.Error("job is dead", "tries", j.Tries, "err", err)
		r.write(log, "burying", func(ctx context.Context) error { return r.cfg.Store.Bury(ctx, h, r.cfg.Now(), short(err)) })
	default:
		pause := r.pause(j.Tries)
		log.Warn("job failed", "tries", j.Tries, "again_in", pause, "err", err)
		r.write(log, "putting off", func(ctx context.Context) error {
			return r.cfg.Store.Retry(ctx, h, r.cfg.Now().Add(pause), short(err))
		})
		time.AfterFunc(pause, r.Wake)
	}
}

// write writes a job's end. When that fails the lease runs out, and another
// attempt follows.
func (r *Runner) write(log *slog.Logger, doing string, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err := f(ctx); errors.Is(err, ErrLost) {
		log.Info("job taken away", "err", err)
	} else if err != nil {
		log.Error(doing+" job", "err", err)
	}
}

// pause is how long to wait after so many tries: twice as long each time, half of
// it by chance, so that what failed together does not come back together.
func (r *Runner) pause(tries int) time.Duration {
	d := longestPause
	if shift := max(0, tries-1); shift < 16 {
		d = min(firstPause<<shift, longestPause)
	}
	return d/2 + time.Duration(r.cfg.Random()*float64(d/2))
}

// maxError is how many bytes of an error are kept.
const maxError = 2000

func short(err error) string {
	s := err.Error()
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), maxError)], ""), "\x00", "")
}
