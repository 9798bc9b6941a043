package pypi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// Limits of reading a file by ranges. The directory of the largest wheels is
// below 4 MiB.
const (
	remoteTail        = 128 << 10 // the first request: the end, and all of a small file
	remoteStep        = 128 << 10 // each further request, doubled every time
	maxRemoteStep     = 4 << 20
	maxRemoteRequests = 32
	maxRemoteBytes    = 16 << 20
)

// remoteFile reads a file through range requests (RFC 9110, section 14), or from
// a spooled copy when the server does not know them. One goroutine at a time.
type remoteFile struct {
	ctx      context.Context // of the one call that opened it
	client   *fetch.Client
	url      string
	size     int64
	parts    []remotePart
	requests int
	bytes    int64
	step     int64
	spool    *os.File
	err      error // the first fault of the connection, which zip would wrap
}

type remotePart struct {
	off  int64
	data []byte
}

// openRemote asks for the end of a file. tmp is where a server's whole answer is
// spooled.
func openRemote(ctx context.Context, client *fetch.Client, tmp string, f ecosystem.IndexFile) (*remoteFile, error) {
	r := &remoteFile{ctx: ctx, client: client, url: f.URL, step: remoteStep}
	resp, err := r.get("bytes=-"+strconv.Itoa(remoteTail), maxMetadataFile)
	if fetch.IsStatus(err, http.StatusRequestedRangeNotSatisfiable, http.StatusNotImplemented, http.StatusBadRequest) {
		resp, err = r.get("", maxMetadataFile) // a server that does not know ranges from the end
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.Status {
	case http.StatusPartialContent:
		err = r.first(resp)
	case http.StatusOK:
		err = r.spoolAll(resp, tmp)
	default:
		err = &fetch.ErrStatus{Code: resp.Status, Header: resp.Header, URL: fetch.Show(resp.URL)}
	}
	if err == nil && f.Size > 0 && r.size != f.Size {
		err = fmt.Errorf("%w: the file has %d bytes, the index says %d", ErrBadMetadata, r.size, f.Size)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *remoteFile) get(rng string, limit int64) (*fetch.Response, error) {
	if r.requests++; r.requests > maxRemoteRequests {
		return nil, fmt.Errorf("%w: more than %d range requests", ErrBadMetadata, maxRemoteRequests)
	}
	header := http.Header{}
	if rng != "" {
		header.Set("Range", rng)
	}
	return r.client.Get(r.ctx, fetch.Request{URL: r.url, Header: header, MaxBytes: limit})
}

// first takes the end of the file, and its size, from the first answer.
func (r *remoteFile) first(resp *fetch.Response) error {
	from, to, size, ok := contentRange(resp.Header.Get("Content-Range"))
	if !ok || to != size-1 || to-from >= remoteTail {
		return fmt.Errorf("%w: the server answered a range with %.60q", ErrBadMetadata, resp.Header.Get("Content-Range"))
	}
	r.size = size
	return r.keep(resp, from, to)
}

// keep reads the part [from, to] of an answer.
func (r *remoteFile) keep(resp *fetch.Response, from, to int64) error {
	n := to - from + 1
	if r.bytes += n; r.bytes > maxRemoteBytes {
		return fmt.Errorf("%w: more than %d bytes in ranges", ErrBadMetadata, maxRemoteBytes)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(resp.Body, data); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			err = fetch.ErrTruncated
		}
		return err
	}
	r.parts = append(r.parts, remotePart{from, data})
	return nil
}

// spoolAll keeps a whole answer in a nameless file.
func (r *remoteFile) spoolAll(resp *fetch.Response, tmp string) error {
	f, err := nameless(tmp)
	if err != nil {
		return err
	}
	r.spool = f
	r.size, err = io.Copy(f, resp.Body)
	return err
}

// ReadAt implements io.ReaderAt.
func (r *remoteFile) ReadAt(p []byte, off int64) (int, error) {
	if r.spool != nil {
		return r.spool.ReadAt(p, off)
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at < 0 || at >= r.size {
			return n, io.EOF
		}
		part := r.part(at)
		if part == nil {
			if err := r.load(at, int64(len(p)-n)); err != nil {
				if r.err == nil {
					r.err = err
				}
				return n, err
			}
			continue
		}
		n += copy(p[n:], part)
	}
	return n, nil
}

// part gives the bytes from at on that are here already, nil for none.
func (r *remoteFile) part(at int64) []byte {
	for _, p := range r.parts {
		if at >= p.off && at < p.off+int64(len(p.data)) {
			return p.data[at-p.off:]
		}
	}
	return nil
}

// load fetches at least need bytes from at on, up to what is here already.
func (r *remoteFile) load(at, need int64) error {
	end := min(r.size, at+max(need, r.step))
	for _, p := range r.parts {
		if p.off > at && p.off < end {
			end = p.off
		}
	}
	r.step = min(2*r.step, maxRemoteStep)
	resp, err := r.get(fmt.Sprintf("bytes=%d-%d", at, end-1), maxRemoteBytes)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	from, to, size, ok := contentRange(resp.Header.Get("Content-Range"))
	if resp.Status != http.StatusPartialContent || !ok || from != at || to < at || to >= end || size != r.size {
		return fmt.Errorf("%w: the server answered range %d-%d with %d %.60q", ErrBadMetadata, at, end-1, resp.Status, resp.Header.Get("Content-Range"))
	}
	return r.keep(resp, from, to)
}

// Close releases the spooled copy.
func (r *remoteFile) Close() error {
	if r.spool == nil {
		return nil
	}
	return r.spool.Close()
}

// contentRange reads "bytes 10-19/100".
func contentRange(s string) (from, to, size int64, ok bool) {
	s, isBytes := strings.CutPrefix(s, "bytes ")
	span, total, hasTotal := strings.Cut(s, "/")
	first, last, hasSpan := strings.Cut(span, "-")
	var errs [3]error
	from, errs[0] = strconv.ParseInt(first, 10, 64)
	to, errs[1] = strconv.ParseInt(last, 10, 64)
	size, errs[2] = strconv.ParseInt(total, 10, 64)
	ok = isBytes && hasTotal && hasSpan && errors.Join(errs[:]...) == nil && from >= 0 && from <= to && to < size
	return from, to, size, ok
}
