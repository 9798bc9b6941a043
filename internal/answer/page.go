package answer

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Page is a rendered body with its compressed forms, made once and served many
// times. It is immutable and safe for concurrent use.
type Page struct {
	contentType string
	tag         string
	vary        string
	plain       []byte // nil when there is a compressed form: few clients want it, and they pay for it
	size        int    // of the plain form
	gzip        []byte
	zstd        []byte
}

// Below this, compression costs more than it saves.
const compressFrom = 512

// NewPage compresses a body. vary names the request headers that chose it.
func NewPage(contentType, vary string, b []byte) (*Page, error) {
	p := &Page{contentType: contentType, vary: vary, plain: b, size: len(b), tag: string(artifact.DigestOf(append([]byte(contentType+"\n"), b...))[:32])}
	if len(b) < compressFrom {
		return p, nil
	}
	var err error
	if p.gzip, err = gzipped(b); err != nil {
		return nil, fmt.Errorf("compressing page: %w", err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compressing page: %w", err)
	}
	p.zstd, p.plain = enc.EncodeAll(b, nil), nil
	return p, enc.Close()
}

func gzipped(b []byte) ([]byte, error) {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// Size is the memory that a page holds, in bytes.
func (p *Page) Size() int { return len(p.plain) + len(p.gzip) + len(p.zstd) }

// Serve answers GET and HEAD: the smallest form that the client takes, 304 when
// it has it.
func (p *Page) Serve(w http.ResponseWriter, r *http.Request) error {
	body, encoding := p.pick(r.Header.Get("Accept-Encoding"))
	tag := `"` + p.tag + encoding + `"`
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	h.Set("Vary", strings.Trim(p.vary+", Accept-Encoding", ", "))
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	if body == nil {
		return p.servePlain(w, r)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body)
	return err
}

// servePlain unpacks the body for a client that takes no compression.
func (p *Page) servePlain(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Length", strconv.Itoa(p.size))
	if r.Method == http.MethodHead {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(p.gzip))
	if err != nil {
		return fmt.Errorf("unpacking page: %w", err)
	}
	_, err = io.Copy(w, z)
	return err
}

func (p *Page) pick(accepts string) ([]byte, string) {
	if p.zstd != nil && Accepts(accepts, "zstd") {
		return p.zstd, "zstd"
	}
	if p.gzip != nil && Accepts(accepts, "gzip") {
		return p.gzip, "gzip"
	}
	return p.plain, "" // nil: to be unpacked
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
