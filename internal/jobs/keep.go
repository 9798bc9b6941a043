package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LeaseTime is how long a job is held without a sign of life from its holder: a
// store that is busy for a while must not look like a holder that died.
const LeaseTime = time.Minute

// Keep runs work while it keeps renewing the lease on h. The context that work
// gets ends when ctx does, and with cause ErrLost when the job is no longer held:
// then work should stop, and what it still writes about the job is refused.
// Keep gives work's error, or ErrLost when that is why work ended.
func Keep(ctx context.Context, s Store, h Held, lease time.Duration, now func() time.Time, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := beat(beating, s, h, lease, now); err != nil {
			cancel(err)
		}
	}()
	defer func() {
		stop()
		<-ended
		cancel(nil)
	}()
	err := work(ctx)
	if err != nil && errors.Is(context.Cause(ctx), ErrLost) {
		return fmt.Errorf("%w (%w)", ErrLost, err)
	}
	return err
}

// beat renews the lease until ctx ends. A store that cannot be asked is asked
// again as long as the lease may still hold.
func beat(ctx context.Context, s Store, h Held, lease time.Duration, now func() time.Time) error {
	every := lease / 3
	lost := time.NewTimer(lease)
	defer lost.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-lost.C:
			return fmt.Errorf("%w: it could not be renewed for %v", ErrLost, lease)
		case <-tick.C:
			asking, cancel := context.WithTimeout(ctx, every)
			err := s.Renew(asking, h, now().Add(lease))
			cancel()
			if errors.Is(err, ErrLost) && ctx.Err() == nil {
				return err
			} else if err == nil {
				lost.Reset(lease)
			}
		}
	}
}
