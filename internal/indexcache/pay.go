package indexcache

import (
	"context"
	"errors"

	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// payForName takes what asking for a name that nothing is known of costs, and
// gives back the part for an unknown one once the upstream knows it.
func payForName(ctx context.Context) (itIsThere func(), err error) {
	a := budget.From(ctx)
	itIsThere, err = payForGuess(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Take(budget.Names, 1); err != nil {
		itIsThere()
		return nil, err
	}
	return itIsThere, nil
}

// payForGuess takes what asking for something that may not be there costs.
func payForGuess(ctx context.Context) (itIsThere func(), err error) {
	a := budget.From(ctx)
	if err := mayFetch(ctx); err != nil {
		return nil, err
	}
	if err := a.Take(budget.Unknown, 1); err != nil {
		return nil, err
	}
	return func() { a.Charge(budget.Unknown, -1) }, nil
}

// mayFetch says whether anything may be fetched at all for whoever asks; the bytes
// are charged as they come.
func mayFetch(ctx context.Context) error { return budget.From(ctx).Take(budget.Bytes, 0) }

// paid is f.Do for work that is paid for by whoever asks first. That their budget
// is spent is no matter of the others who asked meanwhile: they go on with one of
// their own.
func paid[T any](ctx context.Context, f *fetch.Flight[T], key string, fn func(context.Context) (T, error)) (T, error) {
	for {
		mine := false
		got, err := f.Do(ctx, key, func(ctx context.Context) (T, error) {
			mine = true // read only once the flight has landed
			return fn(ctx)
		})
		if _, spent := errors.AsType[*budget.Exhausted](err); !spent || mine {
			return got, err
		}
	}
}
