package observe

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What a watch measures.
var (
	advisoriesPresent = measure("advisories_present", "1 when there is an advisory snapshot.")
	advisoriesAge     = measure("advisories_age_seconds", "Time since the advisory sources last confirmed that they are fresh.")
	diskFree          = measure("disk_free_bytes", "Free space on the disk of the data folder.")
	diskSize          = measure("disk_size_bytes", "Size of the disk of the data folder.")
	blobCount         = measure("blobs", "Blobs in the store.")
	blobBytes         = measure("blob_bytes", "Bytes in the blob store.")
	jobCount          = measure("jobs", "Jobs by state.", "state")
	jobOldest         = measure("job_oldest_seconds", "Age of the oldest job that is waiting or running, by state.", "state")
	memoryBytes       = measure("memory_bytes", "Memory that the program has from the system.")
	goroutines        = measure("goroutines", "Goroutines.")
	scrapeErrors      = measure("scrape_errors", "How many of these measurements failed this time.")
)

func measure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

// watch measures Sources for whoever asks. It is a prometheus.Collector.
type watch struct {
	Sources

	mu     sync.Mutex
	looked time.Time
	count  int64
	bytes  int64
	err    error
}

// Describe implements prometheus.Collector.
func (w *watch) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		advisoriesPresent, advisoriesAge, diskFree, diskSize, blobCount, blobBytes, jobCount, jobOldest, memoryBytes, goroutines, scrapeErrors,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What fails is left out and counted.
// The library does not say who asks, so an answer that nobody waits for any more
// ends with scrapeTime.
func (w *watch) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	failed := 0.0
	for _, part := range []func(context.Context, chan<- prometheus.Metric) error{w.advisories, w.disk, w.blobs, w.jobs} {
		if part(ctx, out) != nil {
			failed++
		}
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	send(out, memoryBytes, float64(mem.Sys-mem.HeapReleased))
	send(out, goroutines, float64(runtime.NumGoroutine()))
	send(out, scrapeErrors, failed)
}

func send(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (w *watch) advisories(_ context.Context, out chan<- prometheus.Metric) error {
	if w.Advisories == nil {
		return nil
	}
	age, there := w.Advisories()
	if !there {
		send(out, advisoriesPresent, 0)
		return nil
	}
	send(out, advisoriesPresent, 1)
	send(out, advisoriesAge, age.Seconds())
	return nil
}

func (w *watch) disk(_ context.Context, out chan<- prometheus.Metric) error {
	if w.Disk == nil {
		return nil
	}
	free, total, err := w.Disk()
	if err != nil {
		return err
	}
	send(out, diskFree, float64(free))
	send(out, diskSize, float64(total))
	return nil
}

// blobs walks the store at most once a minute.
func (w *watch) blobs(_ context.Context, out chan<- prometheus.Metric) error {
	if w.Blobs == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.Now(); w.looked.IsZero() || now.Sub(w.looked) >= blobsEvery {
		w.looked = now
		w.count, w.bytes, w.err = w.Blobs()
	}
	if w.err != nil {
		return w.err
	}
	send(out, blobCount, float64(w.count))
	send(out, blobBytes, float64(w.bytes))
	return nil
}

func (w *watch) jobs(ctx context.Context, out chan<- prometheus.Metric) error {
	if w.Jobs == nil {
		return nil
	}
	jobs, err := w.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		send(out, jobCount, float64(j.Count), valid(j.State))
		if j.State == "waiting" || j.State == "running" {
			send(out, jobOldest, w.Now().Sub(j.Oldest).Seconds(), j.State)
		}
	}
	return nil
}
