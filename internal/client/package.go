package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

// Packages implements gate.Service.
func (c *Client) Packages(ctx context.Context, registry string, p artifact.Package) ([]gate.HostedPackage, error) {
	q := url.Values{"registry": {registry}}
	if p.Name != "" {
		q.Set("purl", p.Purl())
	}
	var out struct{ Packages []gate.HostedPackage }
	err := c.do(ctx, http.MethodGet, "/api/v1/packages?"+q.Encode(), nil, &out)
	return out.Packages, err
}

// Yank implements gate.Service.
func (c *Client) Yank(ctx context.Context, a gate.Act) (int, error) { return c.act(ctx, "yank", a) }

// Unyank implements gate.Service.
func (c *Client) Unyank(ctx context.Context, a gate.Act) (int, error) { return c.act(ctx, "unyank", a) }

// Delete implements gate.Service.
func (c *Client) Delete(ctx context.Context, a gate.Act) (int, error) { return c.act(ctx, "delete", a) }

func (c *Client) act(ctx context.Context, what string, a gate.Act) (int, error) {
	var out struct{ Files int }
	err := c.do(ctx, http.MethodPost, "/api/v1/packages/"+what, map[string]string{
		"registry": a.Registry, "purl": a.Version.Purl(), "file": a.File, "reason": a.Reason,
	}, &out)
	return out.Files, err
}
