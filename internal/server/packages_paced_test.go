package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// deadlines notes until when a body may be read.
type deadlines struct {
	http.ResponseWriter
	last  time.Time
	write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.last = t
	return nil
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.write = t
	return nil
}

// TestASignOfLifeIsGivenTimeToBeWritten: the listener's own deadline for an answer
// to begin is over while a large archive is scanned, and a write that fails takes
// the connection with it.
func TestASignOfLifeIsGivenTimeToBeWritten(t *testing.T) {
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	r := newRecorder(d)
	r.WriteHeader(http.StatusContinue)
	if left := time.Until(d.write); left <= 0 {
		t.Errorf("it has %s", left)
	}
	if !r.untouched() {
		t.Error("a sign of life counts as the answer")
	}
}

// TestAnUploadMayTakeLongAsLongAsItMoves: what has come earns time for the rest.
func TestAnUploadMayTakeLongAsLongAsItMoves(t *testing.T) {
	began := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	p := &paced{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", 10*minRate))), control: http.NewResponseController(d), began: began}
	buf := make([]byte, minRate)
	for i := range 10 {
		if _, err := io.ReadFull(p, buf); err != nil {
			t.Fatal(err)
		}
		if want := began.Add(bodyTimeout + time.Duration(i)*time.Second); !d.last.Equal(want) {
			t.Errorf("after %d seconds' worth of bytes the deadline is %s, want %s", i, d.last, want)
		}
	}
}
