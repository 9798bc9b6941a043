package npm

import (
	"bufio"
	"context"
	"crypto/sha1" // npm's older digest, beside a strong one
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
)

// Limits of what npm sends: the tarball aside, whose limit is the desk's.
const (
	maxBody       = 64 << 20 // bytes of all that is kept; npm deprecate sends the whole packument back
	maxBundle     = 4 << 20  // bytes of a provenance bundle
	maxBodyKey    = 1 << 10  // bytes
	maxAttachment = 4        // attachments
)

// body is what npm sends to publish or change a package: a packument, with the
// tarball of its new version attached as base64.
type body struct {
	name     string
	tags     map[string]string
	versions []byte // JSON, nil where there is none
	tarball  *attached
	bundle   json.RawMessage // the attestation that came with it, as given
}

// attached is a tarball, which is in the blob store.
type attached struct {
	file   string // as the attachment is called
	sha256 artifact.Digest
	size   int64
	sha512 []byte
	sha1   []byte
	length int64 // as announced; -1 where it is not
}

type keep func(ctx context.Context, r io.Reader) (artifact.Digest, int64, error)

// readBody reads a body as it comes: a tarball goes through to keep without being
// held in memory, wherever it stands in the body.
func readBody(ctx context.Context, from io.Reader, keep keep) (*body, error) {
	r := &bodyReader{in: bufio.NewReaderSize(from, 64<<10), left: maxBody}
	b := &body{tags: map[string]string{}}
	err := r.object(func(key string) error {
		switch key {
		case "name":
			return r.text(&b.name)
		case "versions":
			if b.versions != nil {
				return errors.New("it lists its versions twice")
			}
			var err error
			b.versions, err = r.value()
			return err
		case "dist-tags":
			return r.texts(b.tags)
		case "_attachments":
			return r.attachments(ctx, b, keep)
		}
		return r.pass()
	})
	if err == nil {
		err = r.end()
	}
	if r.fault != nil { // ours, or the connection's: no word about the body
		return nil, r.fault
	}
	if err != nil {
		return nil, ecosystem.RefuseUpload(ecosystem.UploadBad, "what was sent cannot be read: %s; publish with npm, pnpm, yarn or bun", artifact.Untrusted(err.Error()))
	}
	return b, nil
}

// bodyReader reads JSON from a stream, front to back.
type bodyReader struct {
	in    *bufio.Reader
	left  int64 // bytes that may yet be kept in memory
	fault error // reading or keeping failed
}

var errCutShort = errors.New("it ends early")

// next is the next byte that is no white space, which stays there.
func (r *bodyReader) next() (byte, error) {
	for {
		c, err := r.byte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, r.in.UnreadByte()
		}
	}
}

func (r *bodyReader) byte() (byte, error) {
	c, err := r.in.ReadByte()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return 0, errCutShort
	}
	if err != nil {
		r.fault = fmt.Errorf("reading upload: %w", err)
	}
	return c, err
}

func (r *bodyReader) end() error {
	if _, err := r.next(); err == nil {
		return errors.New("something follows it")
	} else if !errors.Is(err, errCutShort) {
		return err
	}
	return nil
}

// object calls member for each member, which has to read its value.
func (r *bodyReader) object(member func(key string) error) error {
	if err := r.want('{'); err != nil {
		return err
	}
	if c, err := r.next(); err != nil || c == '}' {
		_, _ = r.in.ReadByte()
		return err
	}
	for {
		if c, err := r.next(); err != nil || c != '"' {
			return orWant(err, "a key")
		}
		raw, err := r.collect(nil, maxBodyKey)
		if err != nil {
			return err
		}
		var key string
		if json.Unmarshal(raw, &key) != nil {
			return errors.New("a key cannot be read")
		}
		if err := r.want(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		c, err := r.next()
		if err != nil {
			return err
		}
		_, _ = r.in.ReadByte() // it was read once
		switch c {
		case '}':
			return nil
		case ',':
		default:
			return errors.New("want a comma")
		}
	}
}

func orWant(err error, what string) error {
	if err != nil {
		return err
	}
	return errors.New("want " + what)
}

func (r *bodyReader) want(c byte) error {
	got, err := r.next()
	if err != nil || got != c {
		return orWant(err, strconv.QuoteRune(rune(c)))
	}
	_, err = r.in.ReadByte()
	return err
}

// value reads a value whole; it is checked to be JSON.
func (r *bodyReader) value() ([]byte, error) {
	raw, err := r.collect([]byte{}, r.left)
	if err != nil {
		return nil, err
	}
	r.left -= int64(len(raw))
	c := packument.NewCursor(raw)
	if _, err := c.Value(); err != nil {
		return nil, err
	}
	return raw, c.End()
}

// pass reads past a value that nobody asks about.
func (r *bodyReader) pass() error {
	_, err := r.value()
	return err
}

func (r *bodyReader) text(to *string) error {
	raw, err := r.value()
	if err != nil {
		return err
	}
	s, _, err := packument.NewCursor(raw).Text()
	*to = s
	return err
}

func (r *bodyReader) texts(to map[string]string) error {
	raw, err := r.value()
	if err != nil {
		return err
	}
	c := packument.NewCursor(raw)
	if c.Is() != '{' {
		return nil
	}
	return c.Object(func(key string) error {
		s, ok, err := c.Text()
		if ok {
			to[key] = s
		}
		return err
	})
}

// collect appends the bytes of the next value to b, at most so many. It counts
// brackets and strings; whether they make sense is checked by who reads it.
func (r *bodyReader) collect(b []byte, most int64) ([]byte, error) {
	if _, err := r.next(); err != nil {
		return nil, err
	}
	depth, inString, escaped := 0, false, false
	for {
		c, err := r.byte()
		if err != nil {
			return nil, err
		}
		if !inString && depth == 0 && len(b) > 0 && (c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			return b, r.in.UnreadByte() // a number or a word has ended
		}
		if b = append(b, c); int64(len(b)) > most {
			return nil, fmt.Errorf("a part of it is longer than %d bytes", most)
		}
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			if inString = !inString; !inString && depth == 0 {
				return b, nil
			}
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth <= 0 {
				return b, nil
			}
		}
	}
}

func (r *bodyReader) attachments(ctx context.Context, b *body, keep keep) error {
	n := 0
	return r.object(func(file string) error {
		if n++; n > maxAttachment {
			return fmt.Errorf("it has more than %d attachments", maxAttachment)
		}
		if strings.HasSuffix(file, ".sigstore") {
			return r.bundle(b)
		}
		if b.tarball != nil {
			return errors.New("it has two tarballs")
		}
		return r.tarball(ctx, b, file, keep)
	})
}

// bundle reads a provenance bundle, which is JSON inside a text.
func (r *bodyReader) bundle(b *body) error {
	return r.object(func(key string) error {
		if key != "data" {
			return r.pass()
		}
		if b.bundle != nil {
			return errors.New("it has two provenance bundles")
		}
		var text string
		if err := r.text(&text); err != nil {
			return err
		}
		if len(text) > maxBundle || !json.Valid([]byte(text)) {
			return errors.New("its provenance bundle is no JSON, or too long")
		}
		b.bundle = json.RawMessage(text)
		return nil
	})
}

func (r *bodyReader) tarball(ctx context.Context, b *body, file string, keep keep) error {
	t := &attached{file: file, length: -1}
	err := r.object(func(key string) error {
		switch key {
		case "data":
			if t.sha256 != "" {
				return errors.New("an attachment has two contents")
			}
			return r.content(ctx, t, keep)
		case "length":
			raw, err := r.value()
			if err != nil {
				return err
			}
			if t.length, err = strconv.ParseInt(string(raw), 10, 64); err != nil {
				return errors.New("an attachment's length is no number")
			}
			return nil
		}
		return r.pass()
	})
	switch {
	case err != nil:
		return err
	case t.sha256 == "":
		return errors.New("an attachment has no content")
	case t.length >= 0 && t.length != t.size:
		return fmt.Errorf("an attachment has %d bytes and is said to have %d", t.size, t.length)
	}
	b.tarball = t
	return nil
}

// content lets an attachment's bytes through to keep.
func (r *bodyReader) content(ctx context.Context, t *attached, keep keep) error {
	if err := r.want('"'); err != nil {
		return err
	}
	text := &textReader{from: r}
	strong, weak := sha512.New(), sha1.New()
	var err error
	t.sha256, t.size, err = keep(ctx, io.TeeReader(base64.NewDecoder(base64.StdEncoding, text), io.MultiWriter(strong, weak)))
	if text.err != nil {
		return text.err
	}
	var odd base64.CorruptInputError
	if errors.As(err, &odd) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("an attachment is not base64")
	}
	if err != nil {
		r.fault = err
		return err
	}
	t.sha512, t.sha1 = strong.Sum(nil), weak.Sum(nil)
	// What stands behind the padding is no part of any content.
	if n, err := io.Copy(io.Discard, text); err != nil || n > 0 {
		return orElse(text.err, "an attachment is not base64")
	}
	return nil
}

func orElse(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

// textReader reads a JSON string to its closing quote, which it takes too. base64
// needs no escape but that of a slash.
type textReader struct {
	from *bodyReader
	done bool
	err  error // what is wrong with the text
}

// Read implements io.Reader.
func (t *textReader) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n := 0
	for n < len(p) && !t.done {
		c, err := t.from.byte()
		if err == nil && c == '\\' {
			if c, err = t.from.byte(); err == nil && c != '/' {
				err = errors.New("an attachment is not base64")
			}
		} else if err == nil && c == '"' {
			t.done = true
			break
		} else if err == nil && c < ' ' {
			err = errors.New("an attachment is not base64")
		}
		if err != nil {
			t.err = err
			return n, err
		}
		p[n] = c
		n++
	}
	if n == 0 && t.done {
		return 0, io.EOF
	}
	return n, nil
}

// integrity is the tarball's digest as dist.integrity has it.
func (t *attached) integrity() string { return "sha512-" + base64.StdEncoding.EncodeToString(t.sha512) }

// digests are those of the tarball beside its SHA-256.
func (t *attached) digests() []string {
	return []string{"sha512:" + hex.EncodeToString(t.sha512), "sha1:" + hex.EncodeToString(t.sha1)}
}
