// Package answer writes HTTP answers the way package clients need them: a
// refusal whose reason shows in each client's own output, a file with ranges
// and conditions, a rendered page compressed once. It decides nothing.
//
// What clients show was measured (docs/clients.md): pip, uv, poetry, npm, yarn
// and Maven print the status line's reason phrase, go and cargo the body, npm
// and cargo their own JSON fields. One refusal carries the sentence in all of
// these places.
package answer

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// The most bytes of a reason phrase and of a refusal's body.
const (
	MaxPhrase = 120
	MaxBody   = 4 << 10
)

// Refusal is a refusal on its way to a client.
type Refusal struct {
	*verdict.Refusal
	URL  string // of the decision's page
	Most int    // bytes of the phrase; 0 is MaxPhrase
	// Plain makes the body one line of text in place of JSON, for clients that print
	// it as it is: go.
	Plain bool
}

// The least of the reason that is worth showing beside the rest, in bytes.
const leastReason = 24

// Phrase is the line for the status line: why, what to do, where to read more.
// The address is never cut: the words before it are, and where it alone is
// longer than that it stands alone.
func (r Refusal) Phrase() string {
	head := "held by gatehouse: "
	if r.Verdict == verdict.Reject {
		head = "blocked by gatehouse: "
	}
	head = ascii(head + r.Public)
	tail := "; " + ascii(r.URL)
	most := cmp.Or(r.Most, MaxPhrase)
	if next := "; " + ascii(r.Next); r.Next != "" && len(next)+len(tail)+leastReason <= most {
		tail = next + tail
	}
	room := most - len(tail)
	switch {
	case len(head) <= room:
		return head + tail
	case room < leastReason:
		return ascii(r.URL)
	}
	return head[:room-3] + "..." + tail
}

// ascii is a text as it may stand in a status line or header, whole.
func ascii(s string) string { return artifact.Untrusted(s).Phrase(len(s)) }

// body is RFC 9457 problem JSON, with npm's and cargo's fields beside.
type body struct {
	Type     string    `json:"type"`
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail"`
	Error    string    `json:"error"`
	Errors   []detail  `json:"errors"`
	Decision string    `json:"decision"`
	Rule     string    `json:"rule"`
	Purl     string    `json:"purl"`
	File     string    `json:"file,omitempty"`
	Verdict  string    `json:"verdict"`
	Expires  time.Time `json:"expires,omitzero"`
}

type detail struct {
	Detail string `json:"detail"`
}

// Refuse answers 403 with the reason wherever a client may look. Requests without
// a body, and those whose body was read to its end (Drain), get the reason phrase
// too, which net/http cannot set: the connection is taken over, answered by hand
// and closed. Where it cannot be taken over (HTTP/2), the
// rest stands as it is.
func Refuse(w http.ResponseWriter, r *http.Request, no Refusal) error {
	text := artifact.Untrusted(no.Public).String()
	if no.Next != "" {
		text += "; " + artifact.Untrusted(no.Next).String()
	}
	text += " (" + no.URL + ")"
	if no.Plain {
		return refuseInText(w, r, no, text)
	}
	b, err := json.Marshal(body{
		Type: no.URL, Title: "refused by gatehouse", Status: http.StatusForbidden, Detail: text, Error: text, Errors: []detail{{text}},
		Decision: no.Decision, Rule: no.Rule, Purl: no.Version.Purl(), File: no.File, Verdict: no.Verdict.String(), Expires: no.Until,
	})
	if err != nil {
		return err
	}
	if len(b) > MaxBody {
		b, err = json.Marshal(body{Type: no.URL, Title: "refused by gatehouse", Status: http.StatusForbidden, Detail: no.Phrase(), Error: no.Phrase(), Errors: []detail{{no.Phrase()}}})
		if err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("npm-notice", no.Phrase())
	h.Set("X-Gatehouse-Decision", no.Decision)
	return withPhrase(w, r, http.StatusForbidden, no.Phrase(), b)
}

func refuseInText(w http.ResponseWriter, r *http.Request, no Refusal, text string) error {
	if len(text) >= MaxBody {
		text = no.Phrase()
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Gatehouse-Decision", no.Decision)
	return withPhrase(w, r, http.StatusForbidden, no.Phrase(), []byte(text+"\n"))
}

// Recorder is a ResponseWriter that wants to know what was answered on a
// connection taken over from it, for the access log.
type Recorder interface {
	Answered(status int, bytes int64)
}

// withPhrase writes an answer with a reason phrase of its own.
func withPhrase(w http.ResponseWriter, r *http.Request, status int, phrase string, b []byte) error {
	h := w.Header()
	h.Set("Content-Length", strconv.Itoa(len(b)))
	// A body that nobody read would make closing the connection a reset, which
	// can destroy the answer before the client has read it; net/http drains it.
	if r.ProtoMajor != 1 || r.Body != http.NoBody {
		return plain(w, r, status, b)
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		return plain(w, r, status, b)
	} else if err != nil {
		return fmt.Errorf("taking over the connection: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if rec, ok := w.(Recorder); ok {
		rec.Answered(status, int64(len(b)))
	}
	return writeRaw(rw.Writer, r, status, phrase, h, b)
}

func writeRaw(w *bufio.Writer, r *http.Request, status int, phrase string, h http.Header, b []byte) error {
	if _, err := fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n", status, ascii(phrase)); err != nil {
		return err
	}
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if err := h.Write(w); err != nil {
		return err
	}
	if _, err := w.WriteString("\r\n"); err != nil {
		return err
	}
	if r.Method != http.MethodHead {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return w.Flush()
}

func plain(w http.ResponseWriter, r *http.Request, status int, b []byte) error {
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(b)
	return err
}

// Wait answers 503 with Retry-After: pip, uv and poetry ask again by themselves.
func Wait(w http.ResponseWriter, r *http.Request, after time.Duration, why string) error {
	return later(w, r, http.StatusServiceUnavailable, after, why)
}

// TooMany answers 429, with Retry-After where that is soon.
func TooMany(w http.ResponseWriter, r *http.Request, after time.Duration, why string) error {
	return later(w, r, http.StatusTooManyRequests, after, why)
}

// longestRetry is the longest Retry-After that is sent. pip and poetry do as it
// says, however long it is, without a word on the screen (measured): a build had
// better fail with the reason than stand still for hours.
const longestRetry = 2 * time.Minute

// RetryAfter sets the header when after is not too long.
func RetryAfter(h http.Header, after time.Duration) {
	if after <= longestRetry {
		h.Set("Retry-After", strconv.Itoa(max(1, int(after.Round(time.Second)/time.Second))))
	}
}

func later(w http.ResponseWriter, r *http.Request, status int, after time.Duration, why string) error {
	RetryAfter(w.Header(), after)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	why = strings.TrimSpace(artifact.Untrusted(why).String())
	return withPhrase(w, r, status, artifact.Untrusted(why).Phrase(MaxPhrase), []byte(why+"\n"))
}
