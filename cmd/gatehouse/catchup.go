package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// lookedWithName is where a serving gate notes which scanners all that is admitted
// was looked at with.
const lookedWithName = "looked-with"

// catchUp brings what is known of admitted packages up to date in the background: new
// rules of behaviour are asked about what was kept, and after an upgrade of the
// scanners the archives are looked at again, one at a time. What is admitted is
// served meanwhile.
func (e *engine) catchUp(ctx context.Context, log *slog.Logger) {
	if err := e.gate.EvaluateAll(ctx, func(done int) {
		log.InfoContext(ctx, "asking new rules of behaviour about what was seen", "done", done)
	}); err != nil {
		if ctx.Err() == nil {
			log.ErrorContext(ctx, "new rules of behaviour were not asked about everything; the next start goes on", "err", err)
		}
		return
	}
	name, now := filepath.Join(e.cfg.Data, lookedWithName), e.gate.Inspect.Revision()
	if was, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(was)) == now {
		return
	}
	looked := 0
	err := e.gate.LookAgain(ctx, func(v artifact.Version, file string) {
		looked++
		log.InfoContext(ctx, "looked at again with today's scanners", "version", v.String(), "file", file, "done", looked)
	})
	if err == nil {
		err = os.WriteFile(name, []byte(now+"\n"), 0o600)
	}
	if err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "not everything was looked at again; the next start goes on", "err", err)
	}
}
