// Package worker makes a process of this program that was started to open an archive
// do that, and end, before the rest of the program is set up. Whoever imports it gets
// that; it offers nothing.
//
// A program's package variables are set up before main begins, those of a thousand
// packages here, most of them for other people's libraries that verify signatures,
// speak to databases and render pages. A worker lives for one archive of a few
// kilobytes and would spend more than half of its time on them. Go sets packages up in
// an order that is written down (https://go.dev/ref/spec#Program_initialization): of
// those whose imports are ready, the first by its path. So this package comes as soon
// as what it imports is ready. That is why it has an init with an effect, the only one
// in this repository, and why a test in internal/house says what it may import.
//
// It promises to do nothing at all in a process that was not started as a worker or
// as their launcher (package sandbox).
package worker

import (
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/all"
)

func init() { sandbox.MaybeWorker(scan.Tasks(all.FileScanners())) }
