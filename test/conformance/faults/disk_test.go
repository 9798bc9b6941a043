//go:build conformance

package faults_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/test/stub"
)

// TestFullDisk runs the gate on a file system of a few megabytes until it is full:
// new work is refused with the reason, and what was admitted goes on being served.
//
// The file system is a tmpfs in a mount namespace of the gate's own, which takes
// root or user namespaces.
func TestFullDisk(t *testing.T) {
	h := newHouse(t, "limits: {pull_wait: 20s}\nstorage: {free_floor: 1000000}\n")
	h.data = filepath.Join(h.dir, "small")
	if err := os.Mkdir(h.data, 0o700); err != nil {
		t.Fatal(err)
	}
	feed := filepath.Join(h.dir, "osv")
	p := h.upOn(t, 24<<20, feed)
	defer p.stop()
	client := &http.Client{}
	pull := func(name string, size int) (*http.Response, string, string) {
		t.Helper()
		module := strings.ReplaceAll(name, "-", "_") + ".py"
		file := h.upstream.Add(scantest.Wheel{Name: name, Version: "1.0", Files: map[string]string{module: "# " + noise(size)}}, stub.About{})
		resp, body := fetch(t, client, p.url+"/pypi/files/"+name+"/"+file)
		return resp, body, file
	}
	resp, body, first := pull("comes-first", 1000)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("with room: %s %.300s\n%s", resp.Status, body, p.text())
	}
	refused := false
	for i := range 40 {
		resp, body, _ := pull(fmt.Sprintf("fills-%d", i), 2<<20)
		if resp.StatusCode == http.StatusOK {
			continue
		}
		refused = true
		if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(resp.Status, "no room") {
			t.Errorf("on a full disk: %s\n%.300s\nwant 503 that says why", resp.Status, body)
		}
		break
	}
	if !refused {
		t.Fatal("40 files of 2 MB fit on 24 MB: this tests nothing")
	}
	if resp, body := fetch(t, client, p.url+"/pypi/files/comes-first/"+first); resp.StatusCode != http.StatusOK || stub.Digest([]byte(body)) != h.upstream.DigestOf(first) {
		t.Errorf("what was admitted, on a full disk: %s %.300s", resp.Status, body)
	}
	if resp, body := fetch(t, client, p.url+"/pypi/simple/comes-first/"); resp.StatusCode != http.StatusOK {
		t.Errorf("its index, on a full disk: %s %.300s", resp.Status, body)
	}
	if strings.Contains(p.text(), "panic") {
		t.Errorf("the gate panicked:\n%s", p.text())
	}
}

// upOn serves from a file system of so many bytes at the data folder.
func (h *house) upOn(t *testing.T, size int, feed string) *process {
	t.Helper()
	script := fmt.Sprintf(`set -e
mount -t tmpfs -o size=%d,mode=700 tmpfs "$DATA"
"$GATE" --data "$DATA" --config "$CONFIG" advisories sync --from "$FEED" >&2
exec "$GATE" --data "$DATA" --config "$CONFIG" serve --listen 127.0.0.1:0`, size)
	args := []string{"--mount", "--map-root-user", "sh", "-c", script}
	if os.Geteuid() == 0 {
		args = append([]string{"--mount"}, args[2:]...)
	}
	var errors bytes.Buffer
	probe := exec.Command("unshare", append(args[:len(args)-3:len(args)-3], "true")...)
	probe.Stderr = &errors
	if err := probe.Run(); err != nil {
		t.Fatalf("a file system of its own takes root, or user namespaces: %v %s", err, errors.String())
	}
	cmd := exec.Command("unshare", args...)
	cmd.Env = append(h.env(), "DATA="+h.data, "CONFIG="+h.config, "GATE="+binary, "FEED="+feed)
	p, ready := h.run(cmd)
	if !<-ready {
		t.Fatalf("the gate does not start:\n%s", p.text())
	}
	return p
}

// noise does not compress.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[x>>26]
	}
	return string(b)
}
