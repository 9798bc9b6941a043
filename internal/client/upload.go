package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Uploaded is what a gate answered to a package that was sent to it.
type Uploaded struct {
	Status   int
	Decision string             // id; "" where none was taken
	Text     artifact.Untrusted // what it says, for a person
}

// maxUploadAnswer bounds that, in bytes.
const maxUploadAnswer = 64 << 10

// Upload sends a file of size bytes to a path of a registry, as its ecosystem's clients
// would. The gate looks at it before it answers, which takes as long as that takes. It
// is sent once; the same bytes may be sent again. A missing or wrong token is
// ErrUnauthenticated; what the gate says of the file is no error.
func (c *Client) Upload(ctx context.Context, path string, body io.Reader, size int64) (Uploaded, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, c.base+path, body)
	if err != nil {
		return Uploaded{}, fmt.Errorf("sending to %s: %w", c.where, err)
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Uploaded{}, fmt.Errorf("sending to %s: %w", c.where, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxUploadAnswer))
	if err != nil {
		return Uploaded{}, fmt.Errorf("sending to %s: %w", c.where, err)
	}
	text := artifact.Untrusted(strings.TrimSpace(string(b)))
	if resp.StatusCode == http.StatusUnauthorized {
		return Uploaded{}, fmt.Errorf("%s: %w: %s", c.where, ErrUnauthenticated, text)
	}
	return Uploaded{resp.StatusCode, resp.Header.Get("X-Gatehouse-Decision"), text}, nil
}
