package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// token is a token as the API shows it.
type token struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Role       access.Role `json:"role"`
	Registries []string    `json:"registries"`
	Names      []string    `json:"names"`
	CreatedBy  string      `json:"created_by"`
	Created    time.Time   `json:"created"`
	Expires    time.Time   `json:"expires"`
	Revoked    time.Time   `json:"revoked"`
	RevokedBy  string      `json:"revoked_by"`
	LastUsed   time.Time   `json:"last_used"`
	Secret     string      `json:"secret"`
}

func (t token) row() access.Token {
	return access.Token{
		ID: t.ID, Name: t.Name, Role: t.Role, Registries: t.Registries, Names: t.Names, CreatedBy: t.CreatedBy,
		Created: t.Created, Expires: t.Expires, Revoked: t.Revoked, RevokedBy: t.RevokedBy, LastUsed: t.LastUsed,
	}
}

// Create makes a token, as access.Tokens does; the caller acts by its own.
func (c *Client) Create(ctx context.Context, name string, role access.Role, registries []string, ttl time.Duration, _ string, publishes ...string) (secretref.Secret, access.Token, error) {
	in := map[string]any{"name": name, "role": role, "registries": registries}
	if ttl > 0 {
		in["ttl"] = ttl.String()
	}
	if len(publishes) > 0 {
		in["names"] = publishes
	}
	var out token
	if err := c.do(ctx, http.MethodPost, "/api/v1/tokens", in, &out); err != nil {
		return secretref.Secret{}, access.Token{}, err
	}
	return secretref.New(out.Secret), out.row(), nil
}

// List gives all tokens ever created, newest first, without their hashes.
func (c *Client) List(ctx context.Context) ([]access.Token, error) {
	var out struct{ Tokens []token }
	err := c.do(ctx, http.MethodGet, "/api/v1/tokens", nil, &out)
	rows := make([]access.Token, len(out.Tokens))
	for i, t := range out.Tokens {
		rows[i] = t.row()
	}
	return rows, err
}

// RevokeToken ends a token now.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/api/v1/tokens/"+url.PathEscape(id), nil, nil)
}
