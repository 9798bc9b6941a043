package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// maxLine is the longest line of an answer: a result with everything in it.
const maxLine = 16 << 20

// Upkeep has the gate do a piece of housekeeping (gc, scrub, backup, doctor),
// tells how far it is, and reads its result into out. It is stopped when ctx ends.
func (c *Client) Upkeep(ctx context.Context, work string, wish, out any, tell func(step string, done, total int64)) error {
	body, err := json.Marshal(wish)
	if err != nil {
		return fmt.Errorf("asking %s: %w", c.where, err)
	}
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/upkeep/"+url.PathEscape(work), body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		if err != nil {
			return fmt.Errorf("reading the answer of %s: %w", c.where, err)
		}
		return c.refused(resp, b)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		var l struct {
			Step        string
			Done, Total int64
			Result      json.RawMessage
			Error       string
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("reading the answer of %s: %w; is that a gatehouse of this version?", c.where, err)
		}
		switch {
		case l.Error != "":
			return errors.New(artifact.Untrusted(l.Error).String())
		case l.Result != nil:
			return json.Unmarshal(l.Result, out)
		default:
			tell(artifact.Untrusted(l.Step).String(), l.Done, l.Total)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", c.where, err)
	}
	return fmt.Errorf("%s stopped before it had ended; ask again when it is back", c.where)
}
