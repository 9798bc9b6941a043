package observe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("status %d, %v", w.Code, err)
	}
	return string(b)
}

func TestMetricsSayWhatHappened(t *testing.T) {
	m := New("1.2.3")
	now := time.Unix(1_000_000, 0)
	asked := 0
	m.Watch(Sources{
		Advisories: func() (time.Duration, bool) { return time.Hour, true },
		Disk:       func() (int64, int64, error) { return 10, 100, nil },
		Blobs:      func() (int64, int64, error) { asked++; return 3, 4096, nil },
		Jobs: func(context.Context) ([]JobCount, error) {
			return []JobCount{{"waiting", 2, now.Add(-time.Minute)}, {"dead", 1, now.Add(-time.Hour)}}, nil
		},
		Now: func() time.Time { return now },
	})
	refused := verdict.Decision{Registry: "main", Verdict: verdict.Reject, Reasons: []verdict.Reason{
		{Class: finding.Licence, Effect: verdict.EffectNote}, {Class: finding.Age, Effect: verdict.EffectHold}, {Class: finding.Malware, Effect: verdict.EffectReject},
	}}
	m.Decided(refused)
	m.Decided(verdict.Decision{Registry: "main", Verdict: verdict.Admit, Reasons: []verdict.Reason{{Class: finding.Licence, Effect: verdict.EffectNote}}})
	m.Refused(refused)
	m.Request("GET /pypi/", 403, 20*time.Millisecond)
	m.Request("", 421, time.Millisecond)
	m.Looked(LookFault, time.Second)
	m.Fetched("x-1.whl", 1234, nil)
	m.Fetched("y-1.whl", 0, errors.New("no"))
	m.BudgetRefused("files")
	m.Upkeep("scrub", now, 2, nil)
	m.Upkeep("gc", now, 0, errors.New("disk"))
	m.Upkeep("gc", now, 0, context.Canceled)
	text := scrape(t, m)
	for _, want := range []string{
		`gatehouse_decisions_total{class="malware",registry="main",verdict="reject"} 1`,
		`gatehouse_decisions_total{class="none",registry="main",verdict="admit"} 1`,
		`gatehouse_refusals_total{class="malware",registry="main",verdict="reject"} 1`,
		`gatehouse_http_requests_total{route="GET /pypi/",status="403"} 1`,
		`gatehouse_http_requests_total{route="none",status="421"} 1`,
		`gatehouse_http_request_seconds_bucket{route="GET /pypi/",le="0.02"} 1`,
		`gatehouse_look_seconds_count{result="fault"} 1`,
		`gatehouse_fetched_bytes_total 1234`,
		`gatehouse_fetches_total{result="failed"} 1`,
		`gatehouse_budget_refused_total{kind="files"} 1`,
		`gatehouse_upkeep_runs_total{result="failed",run="gc"} 1`,
		`gatehouse_blobs_damaged_total 2`,
		`gatehouse_upkeep_last_success_timestamp_seconds{run="scrub"} 1e+06`,
		`# TYPE gatehouse_look_seconds histogram`,
		`gatehouse_build_info{version="1.2.3"} 1`,
		`gatehouse_advisories_age_seconds 3600`,
		`gatehouse_disk_free_bytes 10`,
		`gatehouse_blob_bytes 4096`,
		`gatehouse_jobs{state="dead"} 1`,
		`gatehouse_job_oldest_seconds{state="waiting"} 60`,
		`gatehouse_scrape_errors 0`,
		`# HELP gatehouse_jobs Jobs by state.`,
		`# TYPE gatehouse_jobs gauge`,
		`# TYPE gatehouse_goroutines gauge`,
		`# TYPE gatehouse_memory_bytes gauge`,
		`# TYPE go_goroutines gauge`,
		`# TYPE process_resident_memory_bytes gauge`,
		`promhttp_metric_handler_errors_total{cause="gathering"} 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is not in the answer", want)
		}
	}
	if strings.Contains(text, `job_oldest_seconds{state="dead"}`) {
		t.Error("a job that ended has an age")
	}
	for _, name := range []string{"x-1.whl", "y-1.whl"} {
		if strings.Contains(text, name) {
			t.Errorf("the file's name %s is in the answer", name)
		}
	}
	scrape(t, m)
	if asked != 1 {
		t.Errorf("the blob store was walked %d times in one minute, want once", asked)
	}
	now = now.Add(2 * time.Minute)
	scrape(t, m)
	if asked != 2 {
		t.Errorf("the blob store was walked %d times after two minutes, want twice", asked)
	}
}

func TestAMeasurementThatFailsIsCounted(t *testing.T) {
	m := New("dev")
	no := errors.New("no")
	m.Watch(Sources{
		Advisories: func() (time.Duration, bool) { return 0, false },
		Disk:       func() (int64, int64, error) { return 0, 0, no },
		Blobs:      func() (int64, int64, error) { return 0, 0, no },
		Jobs:       func(context.Context) ([]JobCount, error) { return nil, no },
		Now:        time.Now,
	})
	text := scrape(t, m)
	for want, there := range map[string]bool{"gatehouse_scrape_errors 3\n": true, "gatehouse_advisories_present 0\n": true, "disk_free_bytes": false, "blob_bytes": false, "advisories_age": false} {
		if strings.Contains(text, want) != there {
			t.Errorf("%q in the answer: %v, want %v", want, !there, there)
		}
	}
}

func TestNobodyCounting(t *testing.T) {
	var m *Metrics
	m.Request("x", 200, 0)
	m.Decided(verdict.Decision{})
	m.Refused(verdict.Decision{})
	m.Looked(LookClean, 0)
	m.Fetching("x", 0, 0)
	m.Fetched("x", 1, nil)
	m.BudgetRefused("x")
	m.Upkeep("gc", time.Time{}, 0, nil)
}

func TestEveryLineOfARequestHasItsID(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(Log(slog.NewTextHandler(&out, nil)))
	ctx, id := WithID(t.Context())
	_, other := WithID(t.Context())
	if id == other || len(id) < 10 {
		t.Errorf("ids %q and %q, want two long ones", id, other)
	}
	log.InfoContext(ctx, "one")
	log.With("a", 1).InfoContext(context.WithoutCancel(ctx), "after the answer")
	log.WithGroup("g").InfoContext(ctx, "three", "b", 2)
	log.Info("nobody's")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []bool{true, true, true, false} {
		if strings.Contains(lines[i], "http="+id) != want {
			t.Errorf("line %q has the id: %v, want %v", lines[i], !want, want)
		}
	}
}

// TestTheTextIsWellFormed: what a configuration calls its registries, and what is
// damaged on its way here, is escaped and neither ends the process nor adds a
// line of its own.
func TestTheTextIsWellFormed(t *testing.T) {
	m := New("a\"b\\c\nd")
	hostile := verdict.Decision{Registry: "x\"} 1\ngatehouse_scrape_errors 9\n#\\\xff", Verdict: verdict.Admit}
	m.Decided(hostile)
	m.Refused(hostile)
	m.Request("\xc3(", 200, 0)
	m.BudgetRefused("\xff")
	m.Upkeep("\xff", time.Unix(1, 0), -1, nil)
	m.Watch(Sources{
		Jobs: func(context.Context) ([]JobCount, error) { return []JobCount{{State: "\xff\"\n", Count: 1}}, nil },
		Now:  time.Now,
	})
	text := scrape(t, m)
	for _, want := range []string{
		`gatehouse_build_info{version="a\"b\\c\nd"} 1`,
		`gatehouse_decisions_total{class="none",registry="x\"} 1\ngatehouse_scrape_errors 9\n#\\�",verdict="admit"} 1`,
		`gatehouse_http_requests_total{route="�(",status="200"} 1`,
		`gatehouse_jobs{state="�\"\n"} 1`,
		`gatehouse_blobs_damaged_total 0`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("%s is not in the answer", want)
		}
	}
	if strings.Contains(text, "\ngatehouse_scrape_errors 9") {
		t.Error("a registry's name became a measurement")
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	if _, err := parser.TextToMetricFamilies(strings.NewReader(text)); err != nil {
		t.Errorf("the format's own parser does not read it: %v", err)
	}
}

// TestAValueTooManyIsOther: nothing that asks can fill the memory of what counts.
func TestAValueTooManyIsOther(t *testing.T) {
	m := New("dev")
	m.Request("first", 200, time.Millisecond)
	var all sync.WaitGroup
	for part := range 3 {
		all.Go(func() {
			for i := part; i < maxValues-1+500; i += 3 {
				m.Request("r"+strconv.Itoa(i), 200, time.Millisecond)
			}
		})
	}
	all.Wait()
	m.Request("first", 200, time.Millisecond)
	text := scrape(t, m)
	if n := strings.Count(text, "gatehouse_http_requests_total{"); n != maxValues+1 {
		t.Errorf("%d rows, want %d and one for all others", n, maxValues)
	}
	for _, want := range []string{
		`gatehouse_http_requests_total{route="other",status="200"} 500`,
		`gatehouse_http_request_seconds_count{route="other"} 500`,
		`gatehouse_http_requests_total{route="first",status="200"} 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is not in the answer", want)
		}
	}
}

// TestADefectCostsOnlyItself: what the library refuses to print is counted, and
// the rest is answered.
func TestADefectCostsOnlyItself(t *testing.T) {
	m := New("dev")
	m.Watch(Sources{
		Jobs: func(context.Context) ([]JobCount, error) { return []JobCount{{State: "dead"}, {State: "dead"}}, nil },
		Now:  time.Now,
	})
	if text := scrape(t, m); !strings.Contains(text, "\ngatehouse_build_info{version=\"dev\"} 1\n") {
		t.Errorf("the rest is not in the answer:\n%s", text)
	}
	if text, want := scrape(t, m), `promhttp_metric_handler_errors_total{cause="gathering"} 1`; !strings.Contains(text, want+"\n") {
		t.Errorf("%s is not in the next answer", want)
	}
}

// TestTwoGatesDoNotShareNumbers: each has its own, and what others in the same
// process count is not among them.
func TestTwoGatesDoNotShareNumbers(t *testing.T) {
	one, two := New("one"), New("two")
	others := prometheus.NewCounter(prometheus.CounterOpts{Name: "somebody_elses_total"})
	prometheus.MustRegister(others)
	t.Cleanup(func() { prometheus.Unregister(others) })
	one.BudgetRefused("files")
	text := scrape(t, two)
	for _, not := range []string{"budget_refused", `version="one"`, "somebody_elses_total"} {
		if strings.Contains(text, not) {
			t.Errorf("%s is in the answer", not)
		}
	}
}
