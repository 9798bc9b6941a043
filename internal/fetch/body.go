package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/gatehouse-project/gatehouse/internal/budget"
)

// decode caps a body as sent, undoes one gzip when it was asked for, and caps it
// again as decoded. size is what the peer announced, -1 when it did not or when
// that size is the compressed one.
func decode(resp *http.Response, limit int64, compressed bool) (body io.Reader, size int64, err error) {
	sent := &capped{r: resp.Body, left: limit, limit: limit}
	list := encodings(resp.Header)
	if !compressed || len(list) == 0 || resp.StatusCode == http.StatusNotModified {
		return sent, resp.ContentLength, nil
	}
	if len(list) > 1 || (list[0] != "gzip" && list[0] != "x-gzip") {
		return nil, 0, fmt.Errorf("%w: %.40q was not asked for", ErrEncoding, list)
	}
	z, err := gzip.NewReader(sent)
	if err != nil {
		return nil, 0, gzipError(err)
	}
	return &capped{r: gunzip{z}, left: limit, limit: limit}, -1, nil
}

// gunzip names the errors of a gzip stream.
type gunzip struct{ z *gzip.Reader }

func (g gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != nil && err != io.EOF {
		err = gzipError(err)
	}
	return n, err
}

func gzipError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return fmt.Errorf("%w: in the middle of its gzip", ErrTruncated)
	}
	for _, ours := range []error{ErrTooLarge, ErrTruncated, ErrTooSlow, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ours) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrEncoding, err)
}

// capped lets limit bytes through and fails at the next one.
type capped struct {
	r           io.Reader
	left, limit int64
}

func (c *capped) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	// One more than is left, to see whether the end follows.
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		c.left = 0
		return 0, fmt.Errorf("%w: limit %d bytes", ErrTooLarge, c.limit)
	}
	c.left -= int64(n)
	return n, err
}

// pacedBody ends a body that stands still or drips. Only time spent waiting in
// Read counts: a slow disk on our side is not the peer's fault.
type pacedBody struct {
	ctx    context.Context // of the exchange: its cause says why a read ended
	stop   context.CancelCauseFunc
	body   io.ReadCloser
	now    func() time.Time
	idle   time.Duration
	rate   int64
	timer  *time.Timer
	waited time.Duration
	got    int64
}

func newPacedBody(ctx context.Context, stop context.CancelCauseFunc, body io.ReadCloser, cfg Config) *pacedBody {
	return &pacedBody{ctx: ctx, stop: stop, body: body, now: cfg.Now, idle: cfg.IdleTimeout, rate: cfg.MinRate}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.timer == nil {
		b.timer = time.AfterFunc(b.idle, func() { b.stop(fmt.Errorf("%w: no byte in %s", ErrTooSlow, b.idle)) })
	} else {
		b.timer.Reset(b.idle)
	}
	start := b.now()
	n, err := b.body.Read(p)
	b.timer.Stop()
	b.waited += b.now().Sub(start)
	b.got += int64(n)
	budget.From(b.ctx).Charge(budget.Bytes, int64(n))
	switch {
	case err == io.EOF:
		return n, err
	case err != nil:
		return n, b.reason(err)
	}
	return n, b.pace()
}

// pace judges each window of waiting by its bytes.
func (b *pacedBody) pace() error {
	if b.waited < b.idle {
		return nil
	}
	if float64(b.got) < float64(b.rate)*b.waited.Seconds() {
		err := fmt.Errorf("%w: %d bytes in %s", ErrTooSlow, b.got, b.waited.Round(time.Millisecond))
		b.stop(err)
		return err
	}
	b.waited, b.got = 0, 0
	return nil
}

// reason prefers why the exchange was stopped to how the connection noticed.
func (b *pacedBody) reason(err error) error {
	if cause := context.Cause(b.ctx); cause != nil {
		return cause
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}

func (b *pacedBody) Close() error {
	if b.timer != nil {
		b.timer.Stop()
	}
	return b.body.Close()
}
