package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How the garbage of a serving gate is collected.
const (
	heapPercent = 600      // what Go's GOGC means, while little is in use
	leastMemory = 72 << 20 // bytes that the process may always take before it collects more often
	memoryStep  = 8 << 20
	paceEvery   = time.Second
	restAfter   = 3 // times that nothing had to be collected, before what lies about is given back
)

// paceHeap collects garbage rarely while little is in use, and in time while much
// is, until ctx ends. Go's own pace is a share of what is in use: a gate that
// holds 2 MB would collect many times a second under load, and one that holds
// 50 MB lie about in 100. The limit is soft and follows what is in use, so a large
// closure makes no endless collecting. At rest the gate gives back what starting
// and serving left behind. Whoever sets GOGC or GOMEMLIMIT decides
// instead.
func paceHeap(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(heapPercent)
	now := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/cycles/automatic:gc-cycles"}}
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	limit, cycles, quiet := int64(0), uint64(0), 0
	for {
		metrics.Read(now)
		if l := memoryLimit(now[0].Value.Uint64()); l != limit {
			debug.SetMemoryLimit(l)
			limit = l
		}
		if n := now[1].Value.Uint64(); n != cycles {
			cycles, quiet = n, 0
		}
		if quiet++; quiet == restAfter { // once after each busy time
			debug.FreeOSMemory()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// memoryLimit is GOMEMLIMIT for so many bytes in use: half as much again and what
// the runtime needs itself, in steps, so that it stays while they hardly change.
func memoryLimit(live uint64) int64 {
	want := int64(live) + int64(live)/2 + memoryStep
	return max(leastMemory, (want+memoryStep-1)/memoryStep*memoryStep)
}
