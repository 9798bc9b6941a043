package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/store"
)

func (a *app) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Create, list and revoke tokens",
		Long: `A token lets a person or a machine speak to a running gate. Roles:

  reader     reads indexes, files and reports, hands in requests, asks for exceptions
  publisher  a reader who also publishes and yanks the gate's own packages
  approver   a reader who also waives, approves, revokes and reads the audit log
  admin      everything, tokens and deletions included

Only a hash is kept: the secret is shown once.`,
		Example: `  gatehouse token create --role reader --name ci --expires 720h
  gatehouse token list
  gatehouse token revoke tok_k3q9w2`,
	}
	c.AddCommand(a.tokenCreate(), a.tokenList(), a.tokenRevoke())
	return c
}

// tokens are those of a gate: of this process, or of one that runs.
type tokens interface {
	Create(ctx context.Context, name string, role access.Role, registries []string, ttl time.Duration, by string, publishes ...string) (secretref.Secret, access.Token, error)
	List(ctx context.Context) ([]access.Token, error)
	Revoke(ctx context.Context, id, by string) error
}

// remoteTokens are those of a running gate.
type remoteTokens struct{ *client.Client }

// Revoke ends a token; the client's own Revoke is about waivers.
func (r remoteTokens) Revoke(ctx context.Context, id, _ string) error { return r.RevokeToken(ctx, id) }

// withTokens runs fn on the tokens of the gate at --server; else of the one that
// serves this data folder, over its socket; else of the folder itself.
func (a *app) withTokens(ctx context.Context, fn func(tokens) error) error {
	if a.flags.server != "" {
		c, err := a.remote(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		return fn(remoteTokens{c})
	}
	e, err := openEngine(ctx, a.cfg, a.logger(), nil)
	if errors.Is(err, store.ErrLocked) {
		if c := a.local(ctx); c != nil {
			defer c.Close()
			return fn(remoteTokens{c})
		}
	}
	if err != nil {
		return err
	}
	defer e.Close()
	return fn(e.tokens)
}

// ownName is the person at this keyboard as a token may be named: with letters,
// digits and a few signs, a letter or digit first.
func ownName(user string) string {
	user = strings.TrimPrefix(user, "local:")
	user = user[strings.LastIndexByte(user, '\\')+1:] // DOMAIN\name
	name := strings.Map(func(r rune) rune {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("._@+-", r)) {
			return r
		}
		return '-'
	}, user)
	name = strings.TrimLeft(name, "._@+-")
	const most = 64
	return cmp.Or(name[:min(len(name), most)], "local")
}

func (a *app) tokenCreate() *cobra.Command {
	var role, name string
	var registries, names []string
	var ttl time.Duration
	c := &cobra.Command{
		Use:   "create --role ROLE",
		Short: "Make a token and show its secret once",
		Long: `Prints the secret, alone on its line, so that -o FILE keeps it in a file that only
you can read. Clients take it as a password with any user name; --token takes it
by reference. "gatehouse token --help" says what each role may do.`,
		Example: `  gatehouse token create --role reader --name ci --expires 720h
  gatehouse token create --role publisher --name team-billing --names 'acme-billing-*'
  gatehouse token create --role admin --name ops -o admin.token`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := access.ParseRole(role)
			if err != nil {
				return err
			}
			return a.withTokens(cmd.Context(), func(t tokens) error {
				secret, row, err := t.Create(cmd.Context(), name, r, registries, ttl, operator(), names...)
				if err != nil {
					return err
				}
				shown := map[string]any{"id": row.ID, "name": row.Name, "role": row.Role, "expires": row.Expires, "secret": secret.Reveal()}
				return a.print(shown, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "%s\n", secret.Reveal())
					fmt.Fprintf(a.err, "token %s for %s as %s, until %s; the line above is shown this once\n", row.ID, row.Name, row.Role, row.Expires.Format(time.DateOnly))
					return err
				})
			})
		},
	}
	f := c.Flags()
	f.StringVar(&role, "role", "", "reader, publisher, approver or admin (required)")
	f.StringVar(&name, "name", ownName(operator()), "who acts with it, in the audit log")
	f.StringSliceVar(&registries, "registries", []string{access.All}, "the registries it is good for; * for all")
	f.StringSliceVar(&names, "names", nil, "for a publisher: patterns of the names it may publish (default every name)")
	f.DurationVar(&ttl, "expires", access.DefaultTTL, "how long it is good for")
	return c
}

func (a *app) tokenList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tokens, never their secrets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withTokens(cmd.Context(), func(t tokens) error {
				rows, err := t.List(cmd.Context())
				if err != nil {
					return err
				}
				return a.print(map[string]any{"tokens": rows}, func(w io.Writer) error {
					for _, r := range rows {
						state := "until " + r.Expires.Format(time.DateOnly)
						if !r.Revoked.IsZero() {
							state = "revoked"
						}
						if len(r.Names) > 0 {
							state += "  for " + strings.Join(r.Names, ", ")
						}
						if _, err := fmt.Fprintf(w, "%s  %-9s %-20s %s\n", r.ID, r.Role, r.Name, state); err != nil {
							return err
						}
					}
					if len(rows) == 0 {
						_, err := fmt.Fprintln(w, "there are no tokens; make one with:  gatehouse token create --role ROLE --name NAME")
						return err
					}
					return nil
				})
			})
		},
	}
}

func (a *app) tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTokens(cmd.Context(), func(t tokens) error {
				if err := t.Revoke(cmd.Context(), args[0], operator()); err != nil {
					return unknown(err, "token", args[0], "gatehouse token list")
				}
				return a.print(map[string]string{"revoked": args[0]}, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "revoked %s\n", args[0])
					return err
				})
			})
		},
	}
}
