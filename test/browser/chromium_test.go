//go:build conformance

package browser_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// patience is how long the browser may take for one thing.
const patience = 60 * time.Second

// chromium is a running headless browser, spoken to over the Chrome DevTools
// Protocol (https://chromedevtools.github.io/devtools-protocol/).
type chromium struct {
	t    *testing.T
	conn *websocket.Conn

	mu      sync.Mutex
	next    int
	answers map[int]chan answer
	pages   map[string]*page // by session
	ended   chan struct{}
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// find gives the browser's program: GATEHOUSE_TEST_BROWSER, or one of the usual
// names on PATH.
func find() (string, error) {
	if name := os.Getenv("GATEHOUSE_TEST_BROWSER"); name != "" {
		return exec.LookPath(name)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium here; install it (apt-get install chromium) or name it in GATEHOUSE_TEST_BROWSER")
}

var devTools = regexp.MustCompile(`ws://127\.0\.0\.1:\d+/devtools/browser/\S+`)

// launch starts a browser that ends with the test.
func launch(t *testing.T) *chromium {
	t.Helper()
	program, err := find()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--headless", "--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir=" + t.TempDir(), "--no-first-run", "--no-default-browser-check",
		"--disable-gpu", "--disable-extensions", "--disable-component-update", "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // it refuses to start for root otherwise
	}
	cmd := exec.Command(program, append(args, "about:blank")...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found, closed := make(chan string, 1), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(closed)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if at := devTools.FindString(lines.Text()); at != "" && len(found) == 0 {
				found <- at
			}
			if said.Len() < 4000 {
				said.WriteString(lines.Text() + "\n")
			}
		}
	}()
	c := &chromium{t: t, answers: map[int]chan answer{}, pages: map[string]*page{}, ended: make(chan struct{})}
	t.Cleanup(func() {
		if c.conn != nil {
			c.conn.Close()
			<-c.ended
		}
		cmd.Process.Kill()
		<-closed
		cmd.Wait()
	})
	select {
	case at := <-found:
		if c.conn, err = websocket.Dial(at, "", "http://127.0.0.1/"); err != nil {
			t.Fatal(err)
		}
	case <-closed:
		t.Fatalf("the browser ended at once:\n%s", said.String())
	case <-time.After(patience):
		t.Fatal("the browser does not say where it listens")
	}
	c.conn.MaxPayloadBytes = 128 << 20
	go c.read()
	return c
}

// read hands answers to who waits for them, and events to their pages.
func (c *chromium) read() {
	defer close(c.ended)
	for {
		var m struct {
			ID        int
			Method    string
			SessionID string `json:"sessionId"`
			Params    json.RawMessage
			answer
		}
		if err := websocket.JSON.Receive(c.conn, &m); err != nil {
			return
		}
		c.mu.Lock()
		wait, p := c.answers[m.ID], c.pages[m.SessionID]
		delete(c.answers, m.ID)
		c.mu.Unlock()
		switch {
		case m.ID != 0 && wait != nil:
			wait <- m.answer
		case m.Method != "" && p != nil:
			p.event(m.Method, m.Params)
		}
	}
}

// call asks the browser for something, in a page's session or "" for its own.
func (c *chromium) call(session, method string, params any) json.RawMessage {
	c.t.Helper()
	wait := make(chan answer, 1)
	c.mu.Lock()
	c.next++
	id := c.next
	c.answers[id] = wait
	c.mu.Unlock()
	m := map[string]any{"id": id, "method": method, "params": params}
	if params == nil {
		m["params"] = struct{}{}
	}
	if session != "" {
		m["sessionId"] = session
	}
	if err := websocket.JSON.Send(c.conn, m); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	select {
	case a := <-wait:
		if a.Error != nil {
			c.t.Fatalf("%s: %s", method, a.Error.Message)
		}
		return a.Result
	case <-c.ended:
		c.t.Fatalf("%s: the browser is gone", method)
	case <-time.After(patience):
		c.t.Fatalf("%s: no answer", method)
	}
	return nil
}

// page is one tab.
type page struct {
	*chromium
	session string
	loaded  chan struct{}

	mu       sync.Mutex
	errors   []string // what the console complained about
	requests []string // every address asked for
}

// open opens an address in a tab of its own and waits until it is there.
func (c *chromium) open(address string) *page {
	c.t.Helper()
	var target struct{ TargetID string }
	c.decode(c.call("", "Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	c.decode(c.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	p := &page{chromium: c, session: attached.SessionID, loaded: make(chan struct{}, 16)}
	c.mu.Lock()
	c.pages[p.session] = p
	c.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "DOM"} {
		p.do(domain+".enable", nil)
	}
	p.navigate(address)
	return p
}

func (p *page) navigate(address string) {
	p.t.Helper()
	var n struct{ ErrorText string }
	p.decode(p.do("Page.navigate", map[string]any{"url": address}), &n)
	if n.ErrorText != "" {
		p.t.Fatalf("%s: %s", address, n.ErrorText)
	}
	select {
	case <-p.loaded:
	case <-time.After(patience):
		p.t.Fatalf("%s does not load", address)
	}
}

func (p *page) do(method string, params any) json.RawMessage {
	p.t.Helper()
	return p.call(p.session, method, params)
}

func (c *chromium) decode(b json.RawMessage, v any) {
	c.t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		c.t.Fatalf("%v: %.300s", err, b)
	}
}

func (p *page) event(method string, params json.RawMessage) {
	var e struct {
		Type             string
		Args             []struct{ Value, Description any }
		Entry            struct{ Level, Text, URL string }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Request struct{ URL string }
	}
	if err := json.Unmarshal(params, &e); err != nil {
		e.Entry.Level, e.Entry.Text = "error", err.Error()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch method {
	case "Page.loadEventFired":
		p.loaded <- struct{}{}
	case "Log.entryAdded":
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.errors = append(p.errors, e.Entry.Text+" "+e.Entry.URL)
		}
	case "Runtime.exceptionThrown":
		p.errors = append(p.errors, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case "Runtime.consoleAPICalled":
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			p.errors = append(p.errors, fmt.Sprint(e.Args))
		}
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, e.Request.URL)
	}
}

// said gives what the console complained about and every address asked for.
func (p *page) said() (complaints, requests []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.errors...), append([]string(nil), p.requests...)
}

// eval computes an expression in the page, as a person's act, and reads its value
// into v. A promise is waited for.
func (p *page) eval(expression string, v any) {
	p.t.Helper()
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.decode(p.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}), &out)
	if out.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s %s", expression, out.ExceptionDetails.Text, out.ExceptionDetails.Exception.Description)
	}
	if v != nil {
		p.decode(out.Result.Value, v)
	}
}

// key presses a key and lets it go.
func (p *page) key(name, text string, code int) {
	p.t.Helper()
	down := map[string]any{"type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": code}
	if text != "" {
		down["text"] = text
	}
	p.do("Input.dispatchKeyEvent", down)
	p.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name, "code": name, "windowsVirtualKeyCode": code})
}

// width makes the window so many pixels wide.
func (p *page) width(pixels int) {
	p.t.Helper()
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": false})
}

// media shows the page as on "screen" or in "print", in "light" or "dark".
func (p *page) media(kind, scheme string) {
	p.t.Helper()
	p.do("Emulation.setEmulatedMedia", map[string]any{"media": kind, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
}
