package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/upkeep"
)

// exampleWorld is a data folder and a configuration over the example index.
func exampleWorld(t *testing.T, settings string) (data, conf string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if conf, err = ownWorld(t, dir, exampleIndex(t)); err != nil {
		t.Fatal(err)
	}
	configure(t, conf, settings)
	data = filepath.Join(dir, "d")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	return data, conf
}

// configure adds lines to a configuration.
func configure(t *testing.T, conf, settings string) {
	t.Helper()
	b, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, append(b, settings...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// askURL asks for a page and gives what came.
func askURL(t *testing.T, url string) (status int, body string, h http.Header) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// fileURL is the address of a package's file.
func fileURL(base, name, file string) string {
	return base + "/pypi/files/" + name + "/" + file
}

func TestHousekeepingWhileServing(t *testing.T) {
	data, conf := exampleWorld(t, "")
	url, _, stop := startServe(t, data, conf)
	if status, body, _ := askURL(t, fileURL(url, "idna", "idna-3.10-py3-none-any.whl")); status != 200 {
		t.Fatalf("idna: %d %s", status, body)
	}
	to := filepath.Join(t.TempDir(), "b")
	for _, test := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"backup", to}, "backed up to", 0},
		{[]string{"backup", to + ".tar"}, "backed up to", 0},
		{[]string{"gc"}, "removed 0 of", 0},
		{[]string{"scrub"}, " 0 damaged", 0},
		{[]string{"doctor"}, "403 over HTTP", -1}, // how the sandbox stands is the machine's
		{[]string{"backup", filepath.Join(data, "inside")}, "", 3},
	} {
		code, out, errs := command(t, data, conf, test.args...)
		if !strings.Contains(out, test.want) || test.code >= 0 && code != test.code || test.code < 0 && code == exitFault {
			t.Errorf("%v: code %d, %s%s", test.args, code, out, errs)
		}
	}
	if status, body, _ := askURL(t, fileURL(url, "idna", "idna-3.10-py3-none-any.whl")); status != 200 {
		t.Errorf("afterwards: %d %s", status, body)
	}
	stop()
	for _, from := range []string{to, to + ".tar"} {
		again := filepath.Join(t.TempDir(), "d")
		if code, out, errs := command(t, again, conf, "restore", from); code != 0 || !strings.Contains(out, "every row has its blob") {
			t.Errorf("restore: code %d, %s%s", code, out, errs)
		}
	}
}

// TestAFullDisk: what was admitted is served, and nothing new is begun, at every
// door, in words that say why.
func TestAFullDisk(t *testing.T) {
	data, conf := exampleWorld(t, "")
	url, _, stop := startServe(t, data, conf)
	const seen, unseen = "idna-3.10-py3-none-any.whl", "six-1.16.0-py3-none-any.whl"
	if status, body, _ := askURL(t, fileURL(url, "idna", seen)); status != 200 {
		t.Fatalf("idna: %d %s", status, body)
	}
	stop()
	configure(t, conf, "storage: {free_floor: 9000000000000000000}\n")
	url, _, _ = startServe(t, data, conf)
	if status, body, _ := askURL(t, fileURL(url, "idna", seen)); status != 200 {
		t.Errorf("what was admitted: %d %s", status, body)
	}
	status, body, h := askURL(t, fileURL(url, "six", unseen))
	if status != 503 || !strings.Contains(body, "no room to look at a new file") || h.Get("Retry-After") != "" {
		t.Errorf("what is new: %d %q, Retry-After %q; want 503 that says why", status, body, h.Get("Retry-After"))
	}
	manifest := filepath.Join(t.TempDir(), "requirements.txt")
	if err := os.WriteFile(manifest, []byte("six==1.16.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, data, conf, "admit", manifest); code != exitFault || !strings.Contains(errs, "no room for new work") {
		t.Errorf("admit: code %d, %s; want a fault that says why", code, errs)
	}
	if code, out, _ := command(t, data, conf, "doctor"); code != exitFault || !regexp.MustCompile(`fail  disk .*are free\n.*free_floor`).MatchString(out) {
		t.Errorf("doctor: code %d\n%s", code, out)
	}
}

func TestMetricsNeedATokenOrAnAddressOfTheirOwn(t *testing.T) {
	data, conf := exampleWorld(t, "")
	url, _, stop := startServe(t, data, conf)
	metrics := url + "/metrics"
	if status, body, _ := askURL(t, metrics); status != 401 || strings.Contains(body, "gatehouse_build_info") {
		t.Errorf("without a token: %d %s", status, body)
	}
	if code, _, errs := command(t, data, conf, "token", "create", "--role", "approver", "--name", "scraper", "-o", conf+".token"); code != 0 {
		t.Fatal(errs)
	}
	secret, err := os.ReadFile(conf + ".token")
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.Fields(string(secret))[0])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(body), `gatehouse_http_requests_total{route="GET /metrics",status="401"} 1`) {
		t.Errorf("with a token: %d %s", resp.StatusCode, body)
	}
	stop()

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := ln.Addr().String()
	ln.Close()
	configure(t, conf, "metrics: {anonymous: true, listen: \""+own+"\"}\n")
	url, log, _ := startServe(t, data, conf)
	if status, _, _ := askURL(t, fileURL(url, "idna", "idna-3.10-py3-none-any.whl")); status != 200 {
		t.Fatalf("idna: %d", status)
	}
	_, _, h := askURL(t, fileURL(url, "django", "django-2.2-py3-none-any.whl"))
	for _, at := range []string{url + "/metrics", "http://" + own + "/metrics"} {
		status, body, _ := askURL(t, at)
		// A refusal takes its connection over, so it can be here before it is counted.
		for range 1000 {
			if strings.Contains(body, `route="/pypi/",status="403"`) {
				break
			}
			status, body, _ = askURL(t, at)
		}
		for _, want := range []string{
			`gatehouse_decisions_total{class="none",registry="main",verdict="admit"} `, `gatehouse_look_seconds_count{result="`, "gatehouse_fetches_total{result=\"ok\"} ",
			"gatehouse_advisories_age_seconds ", "gatehouse_blob_bytes ", "gatehouse_disk_free_bytes ", "gatehouse_scrape_errors 0\n", "gatehouse_build_info{version=",
			`gatehouse_refusals_total{class="vulnerability",registry="main",verdict="reject"} 1`,
			`gatehouse_http_requests_total{route="/pypi/",status="403"} 1`,
		} {
			if status != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: %d, no %s", at, status, want)
			}
		}
		if strings.Contains(body, "idna") || strings.Contains(strings.ToLower(body), "django") {
			t.Errorf("%s names a package", at)
		}
	}
	if status, _, _ := askURL(t, "http://"+own+"/pypi/simple/"); status != 404 {
		t.Errorf("the metrics' own address serves more: %d", status)
	}

	// Every line about the refusal is joined by the id that the answer carries.
	id := h.Get("X-Request-Id")
	lines := 0
	for line := range strings.Lines(log.String()) {
		if id != "" && strings.Contains(line, "http="+id) {
			lines++
			if strings.Contains(line, "msg=refused") && !strings.Contains(line, "decision=") {
				t.Errorf("a refusal without its decision: %s", line)
			}
		}
	}
	if lines < 2 {
		t.Errorf("%d lines have the id %q of the refused request, want its refusal and its answer:\n%s", lines, id, log.String())
	}
}

func TestPipsOwnWordIsRead(t *testing.T) {
	const gate = "http://127.0.0.1:8484/pypi/simple/"
	for list, want := range map[string]int{
		"global.index-url='" + gate + "'\n":                        0,
		"global.index-url='http://other.invalid/simple/'\n":        1,
		":env:.extra-index-url='http://other.invalid/simple/'\n":   1,
		"install.find-links='/srv/wheels'\nglobal.timeout='60'\n":  1,
		"global.trusted-host='x'\nglobal.index-url='" + gate + "'": 1,
		"": 0,
	} {
		got := pipBeside([]byte(list), gate)
		if len(got) != want || strings.Contains(strings.Join(got, ""), "other.invalid") {
			t.Errorf("%q: %q, want %d and no value of theirs", list, got, want)
		}
	}
}

func TestFilesThatNameAnotherPlace(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"requirements.txt":      "--index-url http://127.0.0.1:8484/pypi/simple/\nidna==3.10\n",
		"requirements-dev.txt":  "--extra-index-url http://other.invalid/simple/\nidna==3.10\n",
		"requirements-url.txt":  "idna @ http://other.invalid/idna-3.10-py3-none-any.whl\n",
		"requirements-good.txt": "idna==3.10\n",
		"notes.md":              "--index-url http://other.invalid/\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checks, err := checkFolder(dir, "http://127.0.0.1:8484")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, c := range checks {
		if c.State != upkeep.Fail || !strings.HasPrefix(c.Text, advisoryHere) || c.Next == "" {
			t.Errorf("%+v: want a failure that says what to do", c)
		}
		said[regexp.MustCompile(`[a-z-]+\.txt`).FindString(c.Text)] = true
	}
	if len(said) != 2 || !said["requirements-dev.txt"] || !said["requirements-url.txt"] {
		t.Errorf("said of %v, want the two that go elsewhere", said)
	}
}

// TestWhoMayKeepHouse: strangers and readers may not; an admin may from afar what
// touches nothing but the gate's own data.
func TestWhoMayKeepHouse(t *testing.T) {
	data, conf := exampleWorld(t, "")
	token := func(role string) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), role)
		if code, _, errs := command(t, data, conf, "token", "create", "--role", role, "--name", role, "-o", file); code != 0 {
			t.Fatal(errs)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(b))[0]
	}
	admin, approver := token("admin"), token("approver")
	url, _, _ := startServe(t, data, conf)
	for _, test := range []struct {
		work, token string
		want        int
		why         string
	}{
		{"gc", "", 401, "a stranger"},
		{"gc", approver, 403, "an approver"},
		{"gc", admin, 200, "an admin"},
		{"doctor", admin, 200, "an admin"},
		{"backup", admin, 403, "an admin from afar names no file of that machine"},
		{"format-disk", admin, 404, "there is no such work"},
	} {
		req, err := http.NewRequest(http.MethodPost, url+"/api/v1/upkeep/"+test.work, strings.NewReader(`{"to":"/tmp/elsewhere"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if test.token != "" {
			req.Header.Set("Authorization", "Bearer "+test.token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != test.want {
			t.Errorf("%s by %s: %d %s, want %d", test.work, test.why, resp.StatusCode, body, test.want)
		}
	}
	t.Setenv("GATEHOUSE_TEST_ADMIN", admin)
	if code, out, errs := command(t, data, conf, "gc", "--dry-run", "--server", url, "--token", "env:GATEHOUSE_TEST_ADMIN"); code != 0 || !strings.Contains(out, "would remove") {
		t.Errorf("from afar: code %d, %s%s", code, out, errs)
	}
	if code, _, errs := command(t, data, conf, "backup", "/tmp/x", "--server", url, "--token", "env:GATEHOUSE_TEST_ADMIN"); code != exitFault || !strings.Contains(errs, "own machine") {
		t.Errorf("a backup from afar: code %d, %s", code, errs)
	}
}
