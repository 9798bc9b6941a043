// Package observe tells people how the gate is doing: numbers in Prometheus'
// text format (https://prometheus.io/docs/instrumenting/exposition_formats/) and
// log lines that can be joined.
//
// Every label has few values that this program or its configuration chooses:
// routes, verdicts, classes, registries. A package's name, a version or an
// address is never one, because whoever asks for things could then fill the
// memory of whoever counts them.
package observe

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// namespace begins the name of each metric that is the gate's own; those of the
// Go runtime and of the process have the names that everybody knows.
const namespace = "gatehouse"

// Metrics counts. It is safe for concurrent use, and a nil one counts nothing.
type Metrics struct {
	requests, decisions, refusals, fetches, budgets, upkeep *prometheus.CounterVec
	duration, looks                                         *prometheus.HistogramVec
	upkeepAt                                                *prometheus.GaugeVec
	fetched, damaged                                        prometheus.Counter

	registry *prometheus.Registry // its own: the library's global one belongs to nobody
	handler  http.Handler
	watch    *watch
}

// New counts from zero.
func New(version string) *Metrics {
	reg := prometheus.NewRegistry()
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
			CounterOpts:    prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help},
			VariableLabels: bounded(labels),
		})
		reg.MustRegister(v)
		return v
	}
	histogram := func(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.V2.NewHistogramVec(prometheus.HistogramVecOpts{
			HistogramOpts:  prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: bounds},
			VariableLabels: bounded(labels),
		})
		reg.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{
			GaugeOpts:      prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help},
			VariableLabels: bounded(labels),
		})
		reg.MustRegister(v)
		return v
	}
	m := &Metrics{
		requests:  counter("http_requests_total", "HTTP requests by route and status.", "route", "status"),
		duration:  histogram("http_request_seconds", "How long answers took, their bodies included.", []float64{.001, .005, .02, .1, .5, 2, 10, 60}, "route"),
		decisions: counter("decisions_total", "Decisions taken, by verdict and the class of what settled it.", "registry", "verdict", "class"),
		refusals:  counter("refusals_total", "Files refused to clients, by verdict and the class of what settled it.", "registry", "verdict", "class"),
		looks:     histogram("look_seconds", "How long opening and scanning a file took, by result: clean, findings, fault.", []float64{.05, .2, 1, 5, 20, 60, 300}, "result"),
		fetched:   counter("fetched_bytes_total", "Bytes of package files brought into quarantine.").WithLabelValues(),
		fetches:   counter("fetches_total", "Package files fetched, by result: ok, failed.", "result"),
		budgets:   counter("budget_refused_total", "Requests turned away because a budget was used up, by kind.", "kind"),
		upkeep:    counter("upkeep_runs_total", "Runs of the housekeeping, by run and result: ok, failed.", "run", "result"),
		upkeepAt:  gauge("upkeep_last_success_timestamp_seconds", "When the housekeeping last ended well.", "run"),
		damaged:   counter("blobs_damaged_total", "Blobs that a scrub found damaged and moved aside.").WithLabelValues(),
		registry:  reg,
		watch:     &watch{},
	}
	gauge("build_info", "1, labelled with the version that runs.", "version").WithLabelValues(version).Set(1)
	reg.MustRegister(m.watch, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	// What cannot be gathered is left out and counted, in
	// promhttp_metric_handler_errors_total; the rest is still worth reading.
	m.handler = promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Registry: reg})
	return m
}

// maxValues is how many values one label of one metric has. They are chosen by
// this program and its configuration, so it is never met; if it were, further
// ones would share a value instead of filling the memory.
const maxValues = 200

// bounded makes labels whose values are valid and few. The library panics at a
// value that is not UTF-8, which no name in a configuration is worth.
func bounded(names []string) prometheus.ConstrainedLabels {
	labels := make(prometheus.ConstrainedLabels, len(names))
	for i, name := range names {
		labels[i] = prometheus.ConstrainedLabel{Name: name, Constraint: few()}
	}
	return labels
}

func few() prometheus.LabelConstraint {
	var mu sync.Mutex
	seen := map[string]bool{}
	return func(value string) string {
		value = valid(value)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case seen[value]:
		case len(seen) < maxValues:
			seen[value] = true
		default:
			return "other"
		}
		return value
	}
}

func valid(value string) string { return strings.ToValidUTF8(value, "\uFFFD") }

// ServeHTTP implements http.Handler: GET /metrics. Who may ask is the caller's
// to say.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	m.handler.ServeHTTP(w, r)
}

// Request counts an answered HTTP request. route is the pattern that it met in
// the server's table; "" for none.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// Decided counts a decision.
func (m *Metrics) Decided(d verdict.Decision) {
	if m == nil {
		return
	}
	m.decisions.WithLabelValues(d.Registry, d.Verdict.String(), settled(d)).Inc()
}

// Refused counts a file that a client was refused.
func (m *Metrics) Refused(d verdict.Decision) {
	if m == nil {
		return
	}
	m.refusals.WithLabelValues(d.Registry, d.Verdict.String(), settled(d)).Inc()
}

// settled is the class of the first reason that made the verdict what it is.
func settled(d verdict.Decision) string {
	for _, r := range d.Reasons {
		if verdict.Sum([]verdict.Reason{r}) == d.Verdict && d.Verdict != verdict.Admit {
			return string(r.Class)
		}
	}
	return "none"
}

// Results of a look.
const (
	LookClean    = "clean"
	LookFindings = "findings"
	LookFault    = "fault"
)

// Looked counts a file that was opened and scanned.
func (m *Metrics) Looked(result string, took time.Duration) {
	if m == nil {
		return
	}
	m.looks.WithLabelValues(result).Observe(took.Seconds())
}

// Fetching implements fetch.Progress; only what arrived is counted.
func (m *Metrics) Fetching(string, int64, int64) {}

// Fetched implements fetch.Progress.
func (m *Metrics) Fetched(_ string, size int64, err error) {
	if m == nil {
		return
	}
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.fetches.WithLabelValues(result).Inc()
	m.fetched.Add(float64(max(size, 0)))
}

// BudgetRefused counts a request that a budget turned away.
func (m *Metrics) BudgetRefused(kind string) {
	if m == nil {
		return
	}
	m.budgets.WithLabelValues(kind).Inc()
}

// Upkeep counts a run of the housekeeping that ended at a time; it is
// upkeep.Keeper's Done.
func (m *Metrics) Upkeep(run string, at time.Time, damaged int, err error) {
	if m == nil {
		return
	}
	result := "ok"
	switch {
	case errors.Is(err, context.Canceled):
		return
	case err != nil:
		result = "failed"
	default:
		m.upkeepAt.WithLabelValues(run).Set(float64(at.Unix()))
	}
	m.upkeep.WithLabelValues(run, result).Inc()
	m.damaged.Add(float64(max(damaged, 0)))
}

// Sources are asked each time somebody reads the metrics. A nil one, or one that
// fails, leaves its numbers out, and gatehouse_scrape_errors says so.
type Sources struct {
	Advisories func() (age time.Duration, there bool)
	Disk       func() (free, total int64, err error)
	Blobs      func() (count, bytes int64, err error) // may be expensive: it is asked at most every minute
	Jobs       func(context.Context) ([]JobCount, error)
	Now        func() time.Time
}

// JobCount says how many jobs are in a state, and since when the oldest is.
type JobCount struct {
	State  string
	Count  int64
	Oldest time.Time
}

// Watch adds what is measured when it is asked for. Call it before serving.
func (m *Metrics) Watch(s Sources) { m.watch.Sources = s }

// Limits of a measurement.
const (
	scrapeTime = 5 * time.Second
	blobsEvery = time.Minute
)
