//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// serveProcess is the real program, serving in a process of its own until the
// test ends or kills it.
func serveProcess(t *testing.T, data, conf string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("gatehouse", "serve", "--data", data, "--config", conf, "--listen", "127.0.0.1:0")
	var log lockedBuffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // one that has ended is no matter
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "gatehouse serves ") {
		t.Fatalf("serve says %q (%v): %s", line, err, &log)
	}
	return cmd
}

// TestKilledServeLosesNoRequest: a gate that is killed in the middle of requests
// goes on with them when it serves again, those that ran and those that waited;
// and the commands that handed them in get their answers.
func TestKilledServeLosesNoRequest(t *testing.T) {
	dir, err := os.MkdirTemp("", "gh") // a socket's path has about 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	index := exampleIndex(t)
	conf, err := ownWorld(t, dir, index)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	const files = "/files/"
	index.Fault(files, stub.Fault{Delay: time.Hour})
	serve := serveProcess(t, data, conf)

	purls := []string{"pkg:pypi/six@1.16.0", "pkg:pypi/idna@3.10", "pkg:pypi/packaging@24.2"}
	type answer struct {
		code      int
		out, errs string
	}
	answers := make(chan answer, len(purls))
	for _, p := range purls {
		go func() {
			code, out, errs := command(t, data, conf, "admit", "--wait", "5m", "--format", "json", p)
			answers <- answer{code, out, errs}
		}()
	}
	listed := func() (out []verdict.Outcome) {
		code, text, errs := command(t, data, conf, "requests", "--format", "json")
		var list struct{ Requests []verdict.Outcome }
		if err := json.Unmarshal([]byte(text), &list); code != 0 || err != nil {
			t.Fatalf("requests: %d %s %v", code, errs, err)
		}
		return list.Requests
	}
	until(t, "request for a file", func() bool { return index.AskedBelow(files) >= 2 })
	until(t, "third request", func() bool { return len(listed()) == len(purls) })
	taken := map[string]verdict.Status{}
	statuses := map[verdict.Status]int{}
	for _, o := range listed() {
		taken[o.Request] = o.Status
		statuses[o.Status]++
	}
	if statuses[verdict.Running] != 2 || statuses[verdict.Queued] != 1 {
		t.Errorf("before the kill: %v, want two running and one queued", taken)
	}

	if err := serve.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	serve.Wait()
	index.Fault(files, stub.Fault{})
	serveProcess(t, data, conf)

	for range purls {
		a := <-answers
		var o verdict.Outcome
		if err := json.Unmarshal([]byte(a.out), &o); err != nil || a.code != exitAdmit || o.Verdict != verdict.Admit {
			t.Errorf("a command that waited over the restart: %d %q %q (%v)", a.code, a.out, a.errs, err)
		}
		if _, there := taken[o.Request]; !there {
			t.Errorf("it got the answer to request %s, which was not there before", o.Request)
		}
		delete(taken, o.Request)
		code, text, errs := command(t, data, conf, "requests", "show", o.Request)
		if code != exitAdmit || !strings.Contains(text, "ADMIT") {
			t.Errorf("requests show: %d %q %q", code, text, errs)
		}
	}
	for _, o := range listed() {
		if o.Status != verdict.Done {
			t.Errorf("request %s is %s", o.Request, o.Status)
		}
	}
}

// TestServeKilledAgainAndAgain: a gate that is killed at random points, while it
// takes requests in and works on them, ends with one answer to each that it took
// in.
func TestServeKilledAgainAndAgain(t *testing.T) {
	const kills, commands = 6, 12
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	index := stub.New(t)
	for i := range commands {
		index.Add(scantest.Wheel{Name: fmt.Sprint("pkg", i), Version: "1.0", License: "MIT"}, stub.About{})
	}
	conf, err := ownWorld(t, dir, index)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	serve := serveProcess(t, data, conf)
	type answer struct {
		code      int
		out, errs string
	}
	answers := make(chan answer, commands)
	for i := range commands {
		go func() {
			code, out, errs := command(t, data, conf, "admit", "--wait", "5m", "--format", "json", fmt.Sprintf("pkg:pypi/pkg%d@1.0", i))
			answers <- answer{code, out, errs}
		}()
	}
	for range kills {
		// Each request asks for an index and two files below; the point of the kill is
		// somewhere among what is still to come.
		at := index.AskedBelow("/") + mathrand.IntN(5)
		until(t, "question to the upstream", func() bool { return index.AskedBelow("/") >= at || len(answers) == commands })
		if err := serve.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		serve.Wait()
		serve = serveProcess(t, data, conf)
	}
	ids := map[string]bool{}
	for range commands {
		a := <-answers
		var o verdict.Outcome
		if err := json.Unmarshal([]byte(a.out), &o); err != nil || a.code != exitAdmit || o.Verdict != verdict.Admit || ids[o.Request] {
			t.Errorf("an answer: %d %q %q (%v)", a.code, a.out, a.errs, err)
		}
		ids[o.Request] = true
	}
	code, text, errs := command(t, data, conf, "requests", "--limit", "100", "--format", "json")
	var list struct{ Requests []verdict.Outcome }
	if err := json.Unmarshal([]byte(text), &list); code != 0 || err != nil || len(list.Requests) != commands {
		t.Errorf("%d requests were recorded, want %d (%s %v)", len(list.Requests), commands, errs, err)
	}
	for _, o := range list.Requests {
		if !ids[o.Request] || o.Status != verdict.Done {
			t.Errorf("request %s is %s; its answer was heard: %t", o.Request, o.Status, ids[o.Request])
		}
	}
}

// TestRequestsAndJobsOnTheCommandLine, against a gate that serves and without one.
func TestRequestsAndJobsOnTheCommandLine(t *testing.T) {
	dir, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	index := exampleIndex(t)
	conf, err := ownWorld(t, dir, index)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if code, _, errs := command(t, data, conf, "advisories", "sync"); code != 0 {
		t.Fatal(errs)
	}
	index.Fault("/files/", stub.Fault{Delay: time.Hour})
	_, _, stop := startServe(t, data, conf)
	ended := make(chan string)
	go func() {
		code, out, errs := command(t, data, conf, "admit", "pkg:pypi/six@1.16.0")
		ended <- fmt.Sprint(code, " ", out, errs)
	}()
	until(t, "request for a file", func() bool { return index.AskedBelow("/files/") > 0 })
	var list struct {
		Jobs []struct{ ID, Subject, State string }
	}
	_, text, errs := command(t, data, conf, "jobs", "list", "--format", "json", "--state", "running")
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Jobs) != 1 {
		t.Fatalf("running jobs: %q %q", text, errs)
	}
	id := list.Jobs[0].Subject
	if code, text, errs := command(t, data, conf, "requests", "show", id); code != exitHold || !strings.Contains(text, id+" is running") {
		t.Errorf("how far it is: %d %q %q", code, text, errs)
	}
	if code, text, errs := command(t, data, conf, "requests", "cancel", id); code != 0 || text != "cancelled "+id+"\n" {
		t.Errorf("cancelling: %d %q %q", code, text, errs)
	}
	if got := <-ended; !strings.HasPrefix(got, fmt.Sprint(exitFault)) || !strings.Contains(got, "cancelled by") {
		t.Errorf("who waited for it reads %q", got)
	}
	stop()
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"requests"}, 0, "cancelled"},
		{[]string{"requests", "show", id}, exitFault, "cancelled by"},
		{[]string{"requests", "cancel", id}, exitFault, "conflict"},
		{[]string{"requests", "cancel", "rnone"}, exitFault, `there is no request "rnone" here`},
		{[]string{"requests", "drop"}, exitFault, "there is no command"},
		{[]string{"jobs"}, 0, "restart"},
		{[]string{"jobs", "list"}, 0, list.Jobs[0].ID + "  cancelled"},
		{[]string{"jobs", "list", "--state", "dead"}, 0, "no such jobs"},
		{[]string{"jobs", "list", "--state", "lost"}, exitFault, "waiting running done dead cancelled"},
		{[]string{"jobs", "restart", list.Jobs[0].ID}, exitFault, "only a dead job"},
		{[]string{"jobs", "restart", "jnone"}, exitFault, `there is no job "jnone" here`},
	} {
		if code, text, errs := command(t, data, conf, tc.args...); code != tc.code || !strings.Contains(text+errs, tc.says) {
			t.Errorf("%v: %d %q %q, want %d and %q", tc.args, code, text, errs, tc.code, tc.says)
		}
	}
}
