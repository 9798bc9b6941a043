package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/registry"
)

// reading is the request's context with who reads, for the record of who has
// what, and with the account that pays for what they make the gate ask outside.
func (c *call) reading() context.Context {
	return registry.WithPuller(budget.With(c.r.Context(), c.account()), c.who.Name)
}

// account is nil for whoever owns the data folder.
func (c *call) account() *budget.Account {
	switch c.who.Kind {
	case access.Local:
		return nil
	case access.Holder:
		return c.s.cfg.Budgets.Reader(c.who.Name)
	}
	return c.s.cfg.Budgets.Address(c.s.address(c.r))
}

// address is where a request comes from: the other end of the connection, or,
// where that is one of our proxies, the last address in X-Forwarded-For that is
// none of them. What stands before that one anybody may have written. The invalid
// address when it cannot be told.
func (s *Server) address(r *http.Request) netip.Addr {
	at := addressOf(r.RemoteAddr)
	if !s.isProxy(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		from := addressOf(strings.TrimSpace(hop))
		if !from.IsValid() {
			return at // our proxy wrote no address there, so nobody can say what did
		}
		if at = from; !s.isProxy(at) {
			return at
		}
	}
	return at
}

func (s *Server) isProxy(a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// addressOf reads an address, with or without a port.
func addressOf(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}
