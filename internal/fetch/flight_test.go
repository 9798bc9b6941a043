package fetch

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestFlightOneCallersEndDoesNotDisturbTheOthers(t *testing.T) {
	var f Flight[int]
	started, finish := make(chan struct{}), make(chan struct{})
	run := func(ctx context.Context) (int, error) {
		close(started)
		select {
		case <-finish:
			return 7, nil
		case <-ctx.Done():
			return 0, errors.New("cancelled with a caller left")
		}
	}
	first, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := f.Do(first, "k", run); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled caller: %v, want context.Canceled", err)
		}
	})
	<-started
	c := f.join(t.Context(), "k", nil) // the second caller is in before the first leaves
	cancel()
	wg.Wait()
	close(finish)
	<-c.done
	if c.value != 7 || c.err != nil {
		t.Errorf("remaining caller: %d, %v; want 7", c.value, c.err)
	}
}

func TestFlightEndsWithItsLastCaller(t *testing.T) {
	var f Flight[int]
	started, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	_, err := f.Do(ctx, "k", func(ctx context.Context) (int, error) {
		close(started)
		<-ctx.Done()
		close(ended)
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v, want context.Canceled", err)
	}
	<-ended
	got, err := f.Do(t.Context(), "k", func(context.Context) (int, error) { return 3, nil })
	if got != 3 || err != nil {
		t.Errorf("a newcomer joined the dying call: %d, %v", got, err)
	}
}

func TestFlightPanicIsAFault(t *testing.T) {
	var f Flight[int]
	_, err := f.Do(t.Context(), "k", func(context.Context) (int, error) { panic("odd input") })
	if err == nil || !strings.Contains(err.Error(), "odd input") {
		t.Errorf("Do = %v, want the panic as an error", err)
	}
}
