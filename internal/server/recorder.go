package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// recorder notes what was answered, for the log, and ends answers that nobody
// takes: each write must be taken at minRate, after some grace.
type recorder struct {
	http.ResponseWriter
	control  *http.ResponseController
	status   int
	bytes    int64
	hijacked bool
}

const (
	writeGrace = 30 * time.Second
	minRate    = 8 << 10 // bytes a second
	copyAtOnce = 1 << 20 // so that a file's deadline moves with it
)

func newRecorder(w http.ResponseWriter) *recorder {
	return &recorder{ResponseWriter: w, control: http.NewResponseController(w)}
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	switch {
	case status < http.StatusOK: // no answer yet, but it has to reach somebody too
		r.giveTime(0)
	case r.status == 0:
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) begin(n int) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.giveTime(n)
}

// giveTime is how long the next n bytes may take.
func (r *recorder) giveTime(n int) {
	// Where there is no deadline to set (a test's recorder), there is no client to
	// be slow either.
	_ = r.control.SetWriteDeadline(time.Now().Add(writeGrace + time.Duration(n/minRate)*time.Second))
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.begin(len(p))
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the copy from file to socket inside the kernel, a part at a
// time.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	left, file := int64(1<<62), src
	if l, ok := src.(*io.LimitedReader); ok {
		left, file = l.N, l.R
	}
	var all int64
	for left > 0 {
		r.begin(copyAtOnce)
		part := &io.LimitedReader{R: file, N: min(left, copyAtOnce)}
		n, err := io.Copy(r.ResponseWriter, part)
		all, left, r.bytes = all+n, left-n, r.bytes+n
		if err != nil || part.N > 0 {
			return all, err
		}
	}
	return all, nil
}

// Hijack implements http.Hijacker: a refusal with a reason phrase of its own
// takes the connection over, and says through Answered what it wrote.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := r.control.Hijack()
	r.hijacked = err == nil
	return conn, rw, err
}

// Answered implements answer.Recorder.
func (r *recorder) Answered(status int, bytes int64) { r.status, r.bytes = status, bytes }

// untouched says whether an answer can still be chosen.
func (r *recorder) untouched() bool { return r.status == 0 && !r.hijacked }
