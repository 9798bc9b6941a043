package observe

import (
	"context"
	"crypto/rand"
	"log/slog"
)

type idKey struct{}

// WithID gives everything that is logged under the context an id of the HTTP
// request that caused it, a fresh one, and says which. It is made here and never
// taken from a header: what comes from outside would let a stranger write what
// others search for.
func WithID(ctx context.Context) (context.Context, string) {
	id := rand.Text()[:12]
	return context.WithValue(ctx, idKey{}, id), id
}

// Log adds the id of the HTTP request to each line that is logged for one, under
// the key "http". What goes on after the answer (a look that the client gave up
// on) keeps it, so that the line can still be joined to who asked.
func Log(to slog.Handler) slog.Handler { return joined{to} }

// joined is a slog.Handler.
type joined struct{ slog.Handler }

// Handle implements slog.Handler.
func (j joined) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(idKey{}).(string); ok {
		r = r.Clone()
		r.AddAttrs(slog.String("http", id))
	}
	return j.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (j joined) WithAttrs(attrs []slog.Attr) slog.Handler {
	return joined{j.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (j joined) WithGroup(name string) slog.Handler { return joined{j.Handler.WithGroup(name)} }
