package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// Difference implements gate.Service.
func (c *Client) Difference(ctx context.Context, registry string, from, to artifact.Version) (gate.Difference, error) {
	var d gate.Difference
	q := url.Values{"registry": {registry}, "from": {from.Purl()}, "to": {to.Purl()}}
	err := c.do(ctx, http.MethodGet, "/api/v1/differences?"+q.Encode(), nil, &d)
	return d, err
}
