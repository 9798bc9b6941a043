package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/sandbox"
)

// tellLayers logs, in one line, what holds back the processes that open
// archives, and refuses to go on without what the configuration demands.
func tellLayers(ctx context.Context, require []string, log *slog.Logger) error {
	layers, err := sandbox.Layers(ctx)
	if err != nil {
		return fmt.Errorf("%w; nothing could be opened: may this user start processes here?", err)
	}
	if missing := sandbox.Missing(layers, require); missing != "" {
		return fmt.Errorf("sandbox.require demands what this system does not give: %s; %s, or take it out of sandbox.require", missing, allowLayers)
	}
	on, off := splitLayers(layers)
	level := slog.LevelInfo
	if len(off) > 0 {
		level = slog.LevelWarn
	}
	log.Log(ctx, level, "archives are opened in a process of their own", "layers", strings.Join(on, ", "), "missing", strings.Join(off, ", "))
	return nil
}

// allowLayers is what gives a worker its layers.
const allowLayers = "allow unprivileged user namespaces and mounting in them for this user (in a container: a profile that allows them, and Landlock and seccomp)"

// splitLayers tells what is in force from what is not, and why not.
func splitLayers(layers []sandbox.Layer) (on, off []string) {
	for _, l := range layers {
		if l.InForce {
			on = append(on, l.Name)
		} else {
			off = append(off, l.Name+" ("+l.Why+")")
		}
	}
	return on, off
}
