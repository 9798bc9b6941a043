package bench

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a running server. Its figures come from /proc, so they are Linux's.
type process struct {
	b     *testing.B
	cmd   *exec.Cmd
	ended chan struct{}
}

// start runs a program, its standard error in a file. It ends with the benchmark.
func start(b *testing.B, dir string, env []string, cmd *exec.Cmd) *process {
	b.Helper()
	log, err := os.OpenFile(filepath.Join(dir, filepath.Base(cmd.Path)+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, log
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{b: b, cmd: cmd, ended: make(chan struct{})}
	b.Cleanup(p.stop)
	return p
}

// wait notes the end of the process; call it once, when nothing reads its output
// any more.
func (p *process) wait() {
	_ = p.cmd.Wait() // it was killed
	close(p.ended)
}

// stop ends the process the way a person does, and waits.
func (p *process) stop() { p.end(os.Interrupt) }

// kill ends it as a power cut does.
func (p *process) kill() { p.end(syscall.SIGKILL) }

func (p *process) end(how os.Signal) {
	const patience = 30 * time.Second
	if err := p.cmd.Process.Signal(how); errors.Is(err, os.ErrProcessDone) {
		<-p.ended
		return
	}
	timer := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.ended
}

// ticks is the kernel's unit in /proc/PID/stat: 100 a second on every Linux that
// Go runs on.
const ticks = 10 * time.Millisecond

// cpu is what the process used so far, and its children: those that ended, and
// those that run, as nginx's workers do.
func (p *process) cpu() time.Duration {
	p.b.Helper()
	pid := p.cmd.Process.Pid
	all := p.used(pid, true)
	for _, child := range p.children(pid) {
		all += p.used(child, false) // the gate's launcher has children of its own; those that ended count with it
	}
	return all
}

// children are the processes that one started and that run, by any of its threads.
func (p *process) children(pid int) []int {
	p.b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		p.b.Fatal(err)
	}
	var all []int
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // the thread ended; its children are another one's now
		}
		for _, child := range strings.Fields(string(text)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				p.b.Fatal(err)
			}
			all = append(all, n)
		}
	}
	return all
}

// own is what the process itself used so far, without its children.
func (p *process) own() time.Duration {
	p.b.Helper()
	return p.stat(p.cmd.Process.Pid, true, 2)
}

// used reads a process's time, with that of its children that ended. One that has
// ended since it was listed counts with its parent the next time.
func (p *process) used(pid int, must bool) time.Duration {
	p.b.Helper()
	return p.stat(pid, must, 4)
}

// stat adds up the first n of a process's times. Fields 14 to 17 of /proc/PID/stat
// are utime, stime, cutime, cstime (proc(5)); the name in field 2 may hold anything.
func (p *process) stat(pid int, must bool, n int) time.Duration {
	p.b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil && !must {
		return 0
	}
	if err != nil {
		p.b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var sum int64
	for _, f := range fields[11 : 11+n] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			p.b.Fatal(err)
		}
		sum += n
	}
	return time.Duration(sum) * ticks
}

// rss is the memory that the process itself has resident, in bytes.
func (p *process) rss() int64 {
	p.b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			if err != nil {
				p.b.Fatal(err)
			}
			return n << 10
		}
	}
	p.b.Fatal("the kernel does not say how much memory the process has")
	return 0
}

// served is a running `gatehouse serve`.
type served struct {
	*process
	url     string        // http://127.0.0.1:PORT
	started time.Duration // from exec to the line that says that it is ready
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// serve starts the gate over a data folder and waits until it is ready.
func serve(b *testing.B, gatehouse, data, config string) *served {
	b.Helper()
	const patience = 30 * time.Second
	cmd := exec.Command(gatehouse, "serve", "--listen", "127.0.0.1:0", "--data", data, "--config", config)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	s := &served{process: start(b, filepath.Dir(data), []string{"HOME=" + b.TempDir(), "PATH=" + os.Getenv("PATH")}, cmd)}
	timer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		s.url = address.FindString(lines.Text())
	}
	s.started = time.Since(began)
	timer.Stop()
	go func() {
		for lines.Scan() { // a full pipe would stop it
		}
		s.wait()
	}()
	if s.url == "" {
		log, _ := os.ReadFile(filepath.Join(filepath.Dir(data), filepath.Base(gatehouse)+".log"))
		b.Fatalf("gatehouse did not say where it listens:\n%s", log)
	}
	return s
}

// nginx serves the folder root with its ordinary settings: an access log, as the
// gate has one, sendfile, one worker for each core, and gzip_static for what is
// there compressed already.
func nginx(b *testing.B, program, root string) (p *process, url string) {
	b.Helper()
	dir := b.TempDir()
	port := freePort(b)
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off;
worker_processes auto;
pid %[1]s/pid;
error_log %[1]s/error.log;
events { worker_connections 512; }
http {
    access_log %[1]s/access.log;
    client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
    sendfile on; tcp_nopush on; keepalive_requests 1000000000; gzip_static on;
    server { listen 127.0.0.1:%[2]d; location / { root %[3]s; index index.html; default_type text/html; etag on; } }
}
`, dir, port, root)
	if os.Geteuid() == 0 {
		text = "user root;\n" + text // its workers read a folder that only its owner may
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	p = start(b, dir, os.Environ(), exec.Command(program, "-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log")))
	go p.wait()
	where := fmt.Sprintf("127.0.0.1:%d", port)
	for range 100 {
		select {
		case <-p.ended:
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			b.Fatalf("nginx ended:\n%s", log)
		case <-time.After(50 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", where); err == nil {
			c.Close()
			return p, "http://" + where
		}
	}
	b.Fatal("nginx does not answer")
	return nil, ""
}

// freePort is a port that nobody had a moment ago.
func freePort(b *testing.B) int {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
