package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// Reports implements gate.Service.
func (c *Client) Reports(ctx context.Context, id string) ([]gate.KeptReport, error) {
	var out struct{ Reports []gate.KeptReport }
	err := c.do(ctx, http.MethodGet, "/api/v1/requests/"+url.PathEscape(id)+"/reports", nil, &out)
	return out.Reports, err
}

// Report implements gate.Service. The bytes are as the gate keeps them.
func (c *Client) Report(ctx context.Context, id, format string) ([]byte, error) {
	var raw rawAnswer
	err := c.do(ctx, http.MethodGet, "/api/v1/requests/"+url.PathEscape(id)+"/reports/"+url.PathEscape(format), nil, &raw)
	return raw, err
}

// rawAnswer takes an answer as it is.
type rawAnswer []byte
