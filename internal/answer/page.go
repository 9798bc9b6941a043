package answer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Page is a rendered body with its compressed forms, made once and served many
// times. It is immutable and safe for concurrent use.
type Page struct {
	contentType, vary []string // headers
	plain             form     // its body is nil when the page is large: few clients want it, and they pay for it
	gzip, zstd        form     // their bodies are nil when there is no such form
}

// form is a page in one encoding, with the headers that go with it: as
// http.Header holds them, so that a request makes none.
type form struct {
	body                  []byte
	encoding, tag, length []string // encoding is nil for the plain form
}

const (
	compressFrom = 512      // bytes; below, compression costs more than it saves
	plainUpTo    = 64 << 10 // bytes; larger pages are kept compressed alone
	window       = 1 << 20  // bytes that zstd looks back; more would cost memory and hardly help
)

// NewPage compresses a body. vary names the request headers that chose it.
func NewPage(contentType, vary string, b []byte) (*Page, error) {
	tag := string(artifact.DigestOf(append([]byte(contentType+"\n"), b...))[:32])
	p := &Page{
		contentType: []string{contentType}, vary: []string{strings.Trim(vary+", Accept-Encoding", ", ")},
		plain: newForm(b, tag, ""),
	}
	if len(b) > plainUpTo {
		p.plain.body = nil
	} else {
		p.plain.body = bytes.Clone(b) // what it was rendered into is larger
	}
	if len(b) < compressFrom {
		return p, nil
	}
	zipped, err := gzipped(b)
	if err != nil {
		return nil, fmt.Errorf("compressing page: %w", err)
	}
	enc := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(enc)
	p.gzip, p.zstd = newForm(zipped, tag, "gzip"), newForm(bytes.Clone(enc.EncodeAll(b, nil)), tag, "zstd")
	return p, nil
}

func newForm(body []byte, tag, encoding string) form {
	f := form{body: body, tag: []string{`"` + tag + encoding + `"`}, length: []string{strconv.Itoa(len(body))}}
	if encoding != "" {
		f.encoding = []string{encoding}
	}
	return f
}

// What compresses and unpacks has tables of a megabyte, so it is used again.
var (
	encoders = sync.Pool{New: func() any {
		return must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true)))
	}}
	decoders = sync.Pool{New: func() any {
		return must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)))
	}}
	zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // options that are constants
	}
	return v
}

func gzipped(b []byte) ([]byte, error) {
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	var buf bytes.Buffer
	z.Reset(&buf)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(buf.Bytes()), nil
}

// Size is the memory that a page holds, in bytes.
func (p *Page) Size() int { return len(p.plain.body) + len(p.gzip.body) + len(p.zstd.body) }

// Serve answers GET and HEAD: the smallest form that the client takes, 304 when
// it has it.
func (p *Page) Serve(w http.ResponseWriter, r *http.Request) error {
	f := p.pick(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h["Content-Type"] = p.contentType
	h["Vary"] = p.vary
	h["Etag"] = f.tag
	h["Cache-Control"] = cachePrivately
	if matches(r.Header["If-None-Match"], f.tag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if f.encoding != nil {
		h["Content-Encoding"] = f.encoding
	}
	h["Content-Length"] = f.length
	if r.Method == http.MethodHead {
		return nil
	}
	if f.body == nil {
		return p.unpack(w)
	}
	_, err := w.Write(f.body)
	return err
}

var cachePrivately = []string{"private, no-cache"}

// unpack writes the plain form of a large page.
func (p *Page) unpack(w io.Writer) error {
	d := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(d)
	if err := d.Reset(bytes.NewReader(p.zstd.body)); err != nil {
		return fmt.Errorf("unpacking page: %w", err)
	}
	_, err := d.WriteTo(w)
	return errors.Join(err, d.Reset(nil)) // so that it holds no page
}

func (p *Page) pick(accepts string) *form {
	switch {
	case p.zstd.body != nil && Accepts(accepts, "zstd"):
		return &p.zstd
	case p.gzip.body != nil && Accepts(accepts, "gzip"):
		return &p.gzip
	}
	return &p.plain
}

// Accepts says whether an Accept-Encoding header takes a coding (RFC 9110,
// 12.5.3), with a quality above zero. The coding's own entry counts before "*".
func Accepts(header, coding string) bool {
	all := false
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, coding):
			return wanted(params)
		case name == "*":
			all = wanted(params)
		}
	}
	return all
}

func wanted(params string) bool {
	q, found := strings.CutPrefix(strings.TrimSpace(params), "q=")
	if !found {
		return true
	}
	v, err := strconv.ParseFloat(q, 64)
	return err == nil && v > 0
}

// matches implements If-None-Match's weak comparison.
func matches(headers []string, tag string) bool {
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
			if part == tag || part == "*" {
				return true
			}
		}
	}
	return false
}

// unquoted takes out what would end or escape in a quoted string.
var unquoted = strings.NewReplacer(`"`, "_", `\`, "_")

// File streams bytes as an attachment with ranges, conditions and HEAD. Nothing
// in it runs in a browser. sha names the bytes for the ETag.
func File(w http.ResponseWriter, r *http.Request, name string, sha artifact.Digest, body io.ReadSeeker) {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+artifact.Untrusted(unquoted.Replace(name)).Phrase(255)+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("ETag", `"`+string(sha)+`"`)
	h.Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", time.Time{}, body)
}
