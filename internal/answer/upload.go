package answer

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// maxDrain is how much of a refused upload is read so that its client reads the
// answer; of a larger one the connection is closed.
const maxDrain = 64 << 20 // bytes

// Drain reads what is left of a request's body, and notes in r when that was all:
// only then can the connection be taken over for a reason phrase. Most clients
// read an answer only after they have sent everything.
func Drain(r *http.Request) {
	n, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
	if err == nil && n < maxDrain {
		r.Body = http.NoBody
	}
}

// Say answers an upload with one sentence: in plain text, and in the reason phrase
// where the connection allows it.
func Say(w http.ResponseWriter, r *http.Request, status int, sentence string) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	sentence = artifact.Untrusted(sentence).String()
	return withPhrase(w, r, status, artifact.Untrusted(sentence).Phrase(MaxUploadPhrase), []byte(sentence+"\n"))
}

// SayJSON is Say as problem JSON, with the fields that npm and cargo print.
func SayJSON(w http.ResponseWriter, r *http.Request, status int, sentence string) error {
	sentence = artifact.Untrusted(sentence).String()
	b, err := json.Marshal(struct {
		Status int      `json:"status"`
		Detail string   `json:"detail"`
		Error  string   `json:"error"`
		Errors []detail `json:"errors"`
	}{status, sentence, sentence, []detail{{sentence}}})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	phrase := artifact.Untrusted(sentence).Phrase(MaxUploadPhrase)
	h.Set("npm-notice", phrase)
	return withPhrase(w, r, status, phrase, b)
}

// MaxUploadPhrase is the longest reason phrase of an answer to an upload: twine
// and poetry print it whole, and it is all that they print.
const MaxUploadPhrase = 300
