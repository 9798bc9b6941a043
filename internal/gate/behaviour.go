package gate

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// ruleBehaviourUnknown: the rules of behaviour of today were not asked about a
// version yet, or about the one that it is compared with.
const ruleBehaviourUnknown = "behaviour-not-evaluated"

// behaviours keeps what was read of the store's rows: a view of a package reads all
// of its own again and again. Only what today's rules said is kept, and for a key
// that never changes.
type behaviours struct {
	mu    sync.Mutex
	rules string
	rows  map[string]*scan.Behaviour
	size  int // matches and capabilities in rows
}

// behavioursKept bounds the matches and capabilities that are kept, some hundred
// bytes each.
const behavioursKept = 100_000

func (c *behaviours) get(rules, key string) *scan.Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rules != rules {
		return nil
	}
	return c.rows[key]
}

func (c *behaviours) put(key string, b *scan.Behaviour) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := 1 + len(b.Matches) + len(b.Capabilities)
	if c.rows == nil || c.rules != b.Rules || c.size+size > behavioursKept {
		c.rows, c.rules, c.size = map[string]*scan.Behaviour{}, b.Rules, 0
	}
	c.rows[key] = b
	c.size += size
}

// behaviour gives what today's rules made of the facts kept for a look. nil with
// asked false: they were not asked yet. nil with asked true: there is nothing to
// ask them about, or there are no rules.
func (g *Gate) behaviour(ctx context.Context, key string) (b *scan.Behaviour, asked bool, err error) {
	if g.Behave == nil {
		return nil, true, nil
	}
	rules := g.Behave.Digest()
	if b := g.behaviours.get(rules, key); b != nil {
		return b, true, nil
	}
	got, err := g.Store.Behaviour(ctx, key)
	switch {
	case errors.Is(err, verdict.ErrNotFound):
		return nil, true, nil
	case err != nil:
		return nil, false, err
	case got.Rules != rules:
		return nil, false, nil
	}
	g.behaviours.put(key, &got)
	return &got, true, nil
}

// evaluate asks today's rules about the facts kept for a look, unless that was
// done. Nothing is unpacked for it.
func (g *Gate) evaluate(ctx context.Context, key string) error {
	if _, asked, err := g.behaviour(ctx, key); err != nil || asked {
		return err
	}
	b, err := g.judge(ctx, key)
	if err != nil {
		return err
	}
	if err := g.Store.PutBehaviours(ctx, []EvidencedBehaviour{b}, g.Now()); err != nil {
		return fmt.Errorf("recording behaviour: %w", err)
	}
	return nil
}

func (g *Gate) judge(ctx context.Context, key string) (EvidencedBehaviour, error) {
	files, err := g.Store.Code(ctx, key)
	if err != nil {
		return EvidencedBehaviour{}, fmt.Errorf("reading facts: %w", err)
	}
	rules := g.Behave.Digest() // before they are asked: what changes meanwhile is asked again
	b := g.Behave.Behaviour(files)
	b.Rules = rules
	return EvidencedBehaviour{Evidence: key, Behaviour: b}, nil
}

// evaluationsAtOnce is how many looks are judged again at once because somebody
// read about them. What is not begun for lack of a place is begun by the next
// reader, or by EvaluateAll.
const evaluationsAtOnce = 4

// evaluateLater begins to ask today's rules about looks that they were not asked
// about. Readers do not wait for it.
func (g *Gate) evaluateLater(ctx context.Context, keys []string) {
	mayBegin := func(others, _ int) error {
		if others >= evaluationsAtOnce {
			return ErrBusy
		}
		return nil
	}
	for _, key := range keys {
		_, err := g.evaluations.join(ctx, key, mayBegin, func(ctx context.Context, _ *work) error {
			err := g.evaluate(ctx, key)
			if err != nil {
				g.Log.WarnContext(ctx, "rules of behaviour could not be asked", "evidence", key, "err", err)
			}
			return err
		})
		if err != nil {
			return
		}
	}
}

// EvaluateAll asks today's rules about every look that they were not asked about:
// after an upgrade, or when rules were added. Nothing is unpacked. tell, which may
// be nil, hears how many were done. What cannot be judged is logged and passed
// over; it goes on holding what is new. An error means that the store failed or ctx
// ended.
func (g *Gate) EvaluateAll(ctx context.Context, tell func(done int)) error {
	if g.Behave == nil {
		return nil
	}
	const page = 32
	after, done := "", 0
	for {
		keys, err := g.Store.Unevaluated(ctx, g.Behave.Digest(), after, page)
		if err != nil || len(keys) == 0 {
			return err
		}
		var bs []EvidencedBehaviour
		for _, key := range keys {
			if err := ctx.Err(); err != nil {
				return err
			}
			b, err := g.judge(ctx, key)
			if err != nil {
				g.Log.WarnContext(ctx, "rules of behaviour could not be asked", "evidence", key, "err", err)
				continue
			}
			bs = append(bs, b)
		}
		if err := g.Store.PutBehaviours(ctx, bs, g.Now()); err != nil {
			return err
		}
		after, done = keys[len(keys)-1], done+len(keys)
		if tell != nil {
			tell(done)
		}
	}
}

// notEvaluated is what stands against a version while the rules were not asked: it
// holds what is new, and is a note where the file was admitted before.
func notEvaluated() finding.Finding {
	return finding.Finding{Rule: ruleBehaviourUnknown, Class: finding.Fault, Severity: finding.High,
		Text: "the rules about what packages do have changed and were not asked about this version, or the one before it, yet; they are being asked now"}
}
