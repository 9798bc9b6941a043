//go:build conformance

// Package browser_test opens the pages that the real binary serves and writes in
// a real headless browser, and walks them as people do: with a keyboard, on a
// telephone, in the dark, on paper, without scripts. It needs
//
//	GATEHOUSE_TEST_BINARY   the built gatehouse, which `make conformance` sets
//	GATEHOUSE_TEST_BROWSER  a chromium; without it one is looked for on PATH
//
// What is missing fails.
package browser_test

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/clients"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

func TestMain(m *testing.M) {
	clients.Binary = os.Getenv("GATEHOUSE_TEST_BINARY")
	if st, err := os.Stat(clients.Binary); err != nil || !st.Mode().IsRegular() {
		fmt.Fprintf(os.Stderr, "%q is no program here; run: make conformance\n", clients.Binary)
		os.Exit(1)
	}
	if _, err := find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

//go:embed checks.js
var checks string

// shown is a gate with a request that has everything in it: refused with many
// advisories, held, deep, noted, admitted.
type shown struct {
	url   string            // of the gate
	pages map[string]string // by name
}

func show(t *testing.T) shown {
	t.Helper()
	up := stub.New(t)
	wheel := func(name, version string, about stub.About, requires ...string) {
		up.Add(scantest.Wheel{Name: name, Version: version, Requires: requires}, about)
	}
	wheel("webshop", "1.0", stub.About{})
	wheel("webshop", "1.9", stub.About{})
	wheel("tasks", "2.0", stub.About{}, "broker")
	wheel("broker", "3.0", stub.About{}, "wire")
	wheel("wire", "0.4", stub.About{}, "frames", "young")
	wheel("frames", "1.1", stub.About{})
	wheel("young", "0.1", stub.About{Uploaded: time.Now().Add(-time.Hour)})
	for i := range 30 {
		wheel(fmt.Sprintf("part%d", i), "1.0", stub.About{})
	}
	b := clients.NewBox(t)
	dir := t.TempDir()
	osv := filepath.Join(dir, "osv", "PyPI")
	if err := os.MkdirAll(osv, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		id := fmt.Sprintf("TEST-2026-%d", i+1)
		vector := []string{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N"}[i%2]
		record, err := json.Marshal(map[string]any{
			"schema_version": "1.6.0", "id": id, "modified": "2026-01-02T03:04:05Z", "summary": "a hole in the basket of the shop, number " + fmt.Sprint(i+1),
			"severity": []map[string]string{{"type": "CVSS_V3", "score": vector}},
			"affected": []map[string]any{{"package": map[string]string{"ecosystem": "PyPI", "name": "webshop"}, "ranges": []map[string]any{{"type": "ECOSYSTEM", "events": []map[string]string{{"introduced": "0"}, {"fixed": "1.9"}}}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(osv, id+".json"), record, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "gatehouse.yaml")
	text := fmt.Sprintf("upstreams: [{name: stub, ecosystem: pypi, url: %q, ttl: 1ms}]\nmatrix: {python: [\"3.12\"]}\nanonymous_read: true\n", up.URL())
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	run := func(args ...string) clients.Result {
		t.Helper()
		return b.Run(clients.Binary, append(args, "--data", data, "--config", config)...)
	}
	run("advisories", "sync", "--from", filepath.Dir(osv)).OK(t)
	manifest := []string{"# what the shop needs", "--extra-index-url https://other.example.invalid/simple", "webshop==1.0", "tasks>=2"}
	for i := range 30 {
		manifest = append(manifest, fmt.Sprintf("part%d==1.0", i))
	}
	b.Write("requirements.txt", strings.Join(manifest, "\n")+"\n")
	server := clients.Serve(t, b, "--data", data, "--config", config)
	r := run("admit", "--format", "json", "requirements.txt").Exits(t, 1)
	var out struct {
		Request  string
		Versions []struct{ Decision, Verdict string }
	}
	if err := json.Unmarshal([]byte(r.Stdout), &out); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	run("report", out.Request, "--format", "html", "-o", b.Path("report.html")).OK(t)
	run("audit", "requirements.txt", "--format", "html", "-o", b.Path("audit.html")).Exits(t, 1)
	return shown{url: server.URL, pages: map[string]string{
		"report as a file":  "file://" + b.Path("report.html"),
		"report as served":  server.URL + "/api/v1/requests/" + out.Request + "/reports/html",
		"audit as a file":   "file://" + b.Path("audit.html"),
		"page of a request": server.URL + "/d/" + out.Request,
		"page of a verdict": server.URL + "/d/" + out.Versions[0].Decision,
		"start page":        server.URL + "/",
	}}
}

// TestPages walks every page.
func TestPages(t *testing.T) {
	s := show(t)
	c := launch(t)
	for name, address := range s.pages {
		p := c.open(address)
		tab(t, name, p) // first: focus stays where it was
		look(t, name, p)
		if p.count("details") > 0 {
			fold(t, name, p)
		}
		if p.count("ul.tree details") > 0 {
			foldAll(t, name, p)
		}
		if strings.Contains(name, "page of a request") {
			c.call("", "Browser.grantPermissions", map[string]any{"origin": s.url, "permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"}})
		}
		if p.count("pre") > 0 {
			copyCommand(t, name, p)
		}
		onPaper(t, name, p)
		quiet(t, name, p, address, s.url)
		screenshot(t, name, p)
		withoutScripts(t, name, p, address)
	}
}

func (p *page) count(selector string) int {
	p.t.Helper()
	n := 0
	p.eval(fmt.Sprintf("document.querySelectorAll(%q).length", selector), &n)
	return n
}

// look checks what everybody must be able to read, in both schemes and three
// widths, folded and unfolded.
func look(t *testing.T, name string, p *page) {
	t.Helper()
	var papers []string
	for _, scheme := range []string{"light", "dark"} {
		p.media("screen", scheme)
		var paper string
		p.eval("getComputedStyle(document.body).backgroundColor", &paper)
		papers = append(papers, paper)
		for _, width := range []int{360, 768, 1280} {
			p.width(width)
			for _, open := range []string{"as it comes", "unfolded"} {
				if open == "unfolded" {
					p.eval("window.was = Array.from(document.querySelectorAll('details:not([open])')); was.forEach(d => d.open = true)", nil)
				}
				where := fmt.Sprintf("%s, %s, %d pixels, %s", name, scheme, width, open)
				var wide [2]float64
				p.eval("[document.documentElement.scrollWidth, window.innerWidth]", &wide)
				if wide[0] > wide[1] {
					var who []string
					p.eval("Array.from(document.querySelectorAll('body *')).filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 120))", &who)
					t.Errorf("%s: %v pixels wide: %q", where, wide[0], who)
				}
				var complaints []string
				p.eval(checks, &complaints)
				for _, c := range complaints {
					t.Errorf("%s: %s", where, c)
				}
			}
			p.eval("was.forEach(d => d.open = false)", nil)
		}
	}
	if papers[0] == papers[1] {
		t.Errorf("%s: light and dark are both %s", name, papers[0])
	}
	p.media("screen", "light")
}

// fold opens and closes something with the keyboard alone.
func fold(t *testing.T, name string, p *page) {
	t.Helper()
	p.eval("window.d = document.querySelector('details'); d.querySelector('summary').focus()", nil)
	var before, after, again bool
	p.eval("d.open", &before)
	p.key("Enter", "\r", 13)
	p.eval("d.open", &after)
	p.key(" ", " ", 32)
	p.eval("d.open", &again)
	if before == after || after == again {
		t.Errorf("%s: folding with the keyboard: %t, %t, %t", name, before, after, again)
	}
	var outline string
	p.eval("getComputedStyle(d.querySelector('summary')).outlineStyle", &outline)
	if outline == "none" {
		t.Errorf("%s: where the keyboard is cannot be seen", name)
	}
}

func foldAll(t *testing.T, name string, p *page) {
	t.Helper()
	for _, kind := range []string{"Unfold all", "Fold all"} {
		var left int
		p.eval(fmt.Sprintf(`Array.from(document.querySelectorAll("p.fold button")).find(b => b.textContent === %q).click();
			Array.from(document.querySelectorAll("ul.tree details")).filter(d => d.open !== %t).length`, kind, kind == "Unfold all"), &left)
		if left != 0 {
			t.Errorf("%s: %s leaves %d", name, kind, left)
		}
	}
}

// tab goes to the first thing that the keyboard reaches: past the top.
func tab(t *testing.T, name string, p *page) {
	t.Helper()
	p.do("Page.bringToFront", nil)
	var first struct {
		Href string
		Left float64
	}
	p.key("Tab", "", 9)
	p.eval("({href: document.activeElement.getAttribute('href') || document.activeElement.tagName, left: document.activeElement.getBoundingClientRect().left})", &first)
	if first.Href != "#main" || first.Left < 0 {
		t.Errorf("%s: the keyboard first reaches %+v, not a visible way to the content", name, first)
	}
}

// copyCommand presses a button and sees what it says.
func copyCommand(t *testing.T, name string, p *page) {
	t.Helper()
	p.do("Page.bringToFront", nil)
	p.eval("window.b = document.querySelector('.copyable > button'); b.focus()", nil)
	p.key("Enter", "\r", 13)
	var said string
	p.eval("new Promise(r => { const look = () => b.textContent === 'Copy' ? setTimeout(look, 20) : r(b.textContent); look(); })", &said)
	if said != "Copied" {
		t.Errorf("%s: the copy button says %q", name, said)
	}
	if name != "page of a request" {
		return
	}
	var got, want string
	p.eval("navigator.clipboard.readText()", &got)
	p.eval("b.parentElement.querySelector('pre').textContent", &want)
	if got != want || want == "" {
		t.Errorf("%s: %q was copied of %q", name, got, want)
	}
}

// onPaper: printed, nothing is folded, dark or a button.
func onPaper(t *testing.T, name string, p *page) {
	t.Helper()
	p.media("print", "dark")
	var left []string
	p.eval(`Array.from(document.querySelectorAll("button")).filter(e => e.checkVisibility()).map(() => "a button is printed")
		.concat(Array.from(document.querySelectorAll("details:not([open]) > :not(summary)")).filter(e => !e.checkVisibility() && e.textContent.trim()).map(e => "folded on paper: " + e.outerHTML.slice(0, 100)))
		.concat(getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)" ? [] : ["dark paper"])`, &left)
	for _, l := range left {
		t.Errorf("%s: %s", name, l)
	}
	p.media("screen", "light")
	var pdf struct{ Data string }
	p.decode(p.do("Page.printToPDF", map[string]any{"printBackground": false}), &pdf)
	b, err := base64.StdEncoding.DecodeString(pdf.Data)
	if err != nil || !strings.HasPrefix(string(b), "%PDF-") {
		t.Errorf("%s: not printed: %v", name, err)
	}
	folded := 0
	p.eval("document.querySelectorAll('details:not([open])').length", &folded)
	if p.count("ul.tree details") > 0 && folded == 0 {
		t.Errorf("%s: what was folded before printing is not afterwards", name)
	}
}

// quiet: the console complained about nothing, and nothing was asked of anybody
// else.
func quiet(t *testing.T, name string, p *page, address, gate string) {
	t.Helper()
	complaints, requests := p.said()
	for _, c := range complaints {
		t.Errorf("%s: the console says %s", name, c)
	}
	for _, r := range requests {
		if r != address && !strings.HasPrefix(r, gate+"/static/") {
			t.Errorf("%s: asked for %s", name, r)
		}
	}
	if len(requests) == 0 {
		t.Errorf("%s: no request was seen, not even its own", name)
	}
}

// withoutScripts: everything is there, only the buttons are not.
func withoutScripts(t *testing.T, name string, p *page, address string) {
	t.Helper()
	with := map[string]int{}
	for _, what := range []string{"details", "pre", "a", "h2"} {
		with[what] = p.count(what)
	}
	p.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	p.navigate(address)
	var doc struct{ Root struct{ NodeID int } }
	p.decode(p.do("DOM.getDocument", map[string]any{"depth": 0}), &doc)
	count := func(what string) int {
		var found struct{ NodeIDs []int }
		p.decode(p.do("DOM.querySelectorAll", map[string]any{"nodeId": doc.Root.NodeID, "selector": what}), &found)
		return len(found.NodeIDs)
	}
	for what, n := range with {
		if got := count(what); got != n {
			t.Errorf("%s: without scripts there are %d <%s>, with them %d", name, got, what, n)
		}
	}
	if n := count("button"); n != 0 {
		t.Errorf("%s: without scripts there are %d buttons that do nothing", name, n)
	}
	p.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": false})
}

// screenshot keeps pictures for a person to look at, in the folder that
// GATEHOUSE_TEST_SCREENSHOTS names.
func screenshot(t *testing.T, name string, p *page) {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{360, 768, 1280} {
			p.media("screen", scheme)
			p.width(width)
			var shot struct{ Data string }
			p.decode(p.do("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}), &shot)
			b, err := base64.StdEncoding.DecodeString(shot.Data)
			if err != nil {
				t.Fatal(err)
			}
			file := fmt.Sprintf("%s-%s-%d.png", strings.ReplaceAll(name, " ", "-"), scheme, width)
			if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestAPageCannotBeMadeToDoMore: a report that is not as it was written runs
// nothing, whatever is in it.
func TestAPageCannotBeMadeToDoMore(t *testing.T) {
	s := show(t)
	address := s.pages["report as served"]
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 10)
	evil := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked <- r.URL.Path })
	server := httptest.NewServer(evil)
	defer server.Close()
	elsewhere := server.URL
	changed := strings.Replace(string(page), "</main>", `<img src="`+elsewhere+`/img"><script>document.title = "ran"</script><script src="`+elsewhere+`/js"></script>
		<iframe src="`+elsewhere+`/frame"></iframe><link rel="stylesheet" href="`+elsewhere+`/css"><form action="`+elsewhere+`/form"></form><a onclick="document.title = 'ran'" id="evil">x</a></main>`, 1)
	file := filepath.Join(t.TempDir(), "changed.html")
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	p := launch(t).open("file://" + file)
	p.eval("document.getElementById('evil').click()", nil)
	var title string
	p.eval("document.title", &title)
	if title == "ran" {
		t.Error("a script that is not ours ran")
	}
	select {
	case path := <-asked:
		t.Errorf("%s was asked for", path)
	default:
	}
}
