package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

const maxSmallBody = 256 << 10 // bytes; of everything that people write by hand

// checkReason wants a text that somebody will read.
func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return bad("say why: give a reason")
	}
	if len(reason) > maxText {
		return bad("the reason is longer than %d bytes", maxText)
	}
	return nil
}

func (s *Server) createAsk(c *call) error {
	var in struct {
		Object string `json:"object"` // a decision's id, or a request's
		Reason string `json:"reason"`
	}
	if err := c.readJSON(&in, maxSmallBody); err != nil {
		return err
	}
	ctx := c.r.Context()
	name, err := s.registryOf(ctx, in.Object)
	if err != nil {
		return err
	}
	if err := cmp.Or(c.may(name), checkReason(in.Reason)); err != nil {
		return err
	}
	a, err := s.gate.AskFor(ctx, name, in.Object, in.Reason, c.who.Name)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusCreated, a)
}

// registryOf finds the registry of a decision or request.
func (s *Server) registryOf(ctx context.Context, id string) (string, error) {
	d, err := s.gate.Store.Decision(ctx, id)
	if err == nil {
		return d.Registry, nil
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return "", err
	}
	req, _, _, err := s.gate.Store.Request(ctx, id)
	if err != nil {
		return "", noSuch(err, "decision or request", id)
	}
	return req.Registry, nil
}

func (s *Server) listAsks(c *call) error {
	name, err := c.registry()
	if err != nil {
		return err
	}
	asks, err := s.gate.OpenAsks(c.r.Context(), name)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"asks": orEmpty(asks)})
}

// waiverWish is the body of POST /api/v1/waivers.
type waiverWish struct {
	Registry   string    `json:"registry"` // default main; "*" for all
	Purl       string    `json:"purl"`     // without a version
	Range      string    `json:"range"`    // in the ecosystem's words; "" for every version known today
	Rule       string    `json:"rule"`
	Advisories []string  `json:"advisories"`
	Until      time.Time `json:"until"`
	Reason     string    `json:"reason"`
	Waits      bool      `json:"waits"` // without effect until another person approves it
}

func (s *Server) createWaiver(c *call) error {
	var in waiverWish
	if err := c.readJSON(&in, maxSmallBody); err != nil {
		return err
	}
	in.Registry = cmp.Or(in.Registry, MainRegistry)
	if err := c.may(in.Registry); err != nil {
		return err
	}
	if in.Registry != access.All {
		if err := s.known(in.Registry); err != nil {
			return err
		}
	}
	wish, err := s.wish(in, c.who.Name)
	if err != nil {
		return err
	}
	w, err := s.gate.Waive(c.r.Context(), wish)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusCreated, w)
}

// wish checks what can be wrong with a waiver before the gate is asked.
func (s *Server) wish(in waiverWish, by string) (gate.WaiverWish, error) {
	out := gate.WaiverWish{
		Registry: in.Registry, Range: in.Range, Rule: in.Rule, Advisories: in.Advisories,
		Until: in.Until, Reason: in.Reason, By: by, Waits: in.Waits,
	}
	v, err := s.version(in.Purl)
	if err != nil {
		return out, err
	}
	out.Package = v.Package
	now := s.gate.Now()
	switch {
	case v.Number != "":
		return out, bad("give the purl without a version, and the versions as range")
	case in.Rule == "":
		return out, bad("name the rule, as the report does")
	case !in.Until.After(now):
		return out, bad("a waiver needs an end that still lies ahead")
	case in.Until.Sub(now) > gate.LongestWaiver:
		return out, bad("a waiver lasts %d days at most; give an earlier end", int(gate.LongestWaiver.Hours()/24))
	}
	// Any version will do to learn whether the range can be read.
	if _, err := s.gate.Peers[v.Package.Ecosystem].InRange("0", in.Range); err != nil {
		return out, bad("%s", shown(err.Error()))
	}
	return out, checkReason(in.Reason)
}

func (s *Server) listWaivers(c *call) error {
	name, err := c.registry()
	if err != nil {
		return err
	}
	ws, err := s.gate.Waivers(c.r.Context(), name)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"waivers": orEmpty(ws)})
}

func (s *Server) createApproval(c *call) error {
	var in struct {
		Object string `json:"object"` // a decision's id, an ask's, or a waiver's that waits
		Reason string `json:"reason"`
	}
	if err := c.readJSON(&in, maxSmallBody); err != nil {
		return err
	}
	ctx := c.r.Context()
	name, asked, err := s.approvable(ctx, in.Object)
	if err != nil {
		return err
	}
	if err := c.may(name); err != nil {
		return err
	}
	if !asked || in.Reason != "" { // an ask, or a waiver, brings its own reason
		if err := checkReason(in.Reason); err != nil {
			return err
		}
	}
	as, err := s.gate.Approve(ctx, in.Object, in.Reason, c.who.Name)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusCreated, map[string]any{"approvals": orEmpty(as)})
}

// approvable finds the registry of what is to be approved, and whether a reason
// was given when it was asked for.
func (s *Server) approvable(ctx context.Context, id string) (registry string, asked bool, err error) {
	w, err := s.gate.Store.Waiver(ctx, id)
	if err == nil {
		return w.Registry, true, nil
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return "", false, err
	}
	asks, err := s.gate.Store.Asks(ctx, "", true)
	if err != nil {
		return "", false, err
	}
	if i := slices.IndexFunc(asks, func(a gate.Ask) bool { return a.ID == id }); i >= 0 {
		// The decision says what the approval will be for, not the ask.
		name, err := s.registryOf(ctx, asks[i].Decision)
		return name, true, err
	}
	d, err := s.gate.Store.Decision(ctx, id)
	if err != nil {
		return "", false, noSuch(err, "decision, ask or waiver", id)
	}
	return d.Registry, false, nil
}

func (s *Server) createRevocation(c *call) error {
	var in struct {
		ID string `json:"id"` // a waiver's or an approval's
	}
	if err := c.readJSON(&in, maxSmallBody); err != nil {
		return err
	}
	ctx := c.r.Context()
	// The store finds an approval by its version only, so that taking one back
	// needs a token for all registries.
	name := access.All
	if w, err := s.gate.Store.Waiver(ctx, in.ID); err == nil {
		name = w.Registry
	} else if !errors.Is(err, verdict.ErrNotFound) {
		return err
	}
	if err := c.may(name); err != nil {
		return err
	}
	if err := s.gate.Revoke(ctx, in.ID, c.who.Name); err != nil {
		return noSuch(err, "waiver or approval", in.ID)
	}
	return writeJSON(c.w, http.StatusOK, map[string]string{"revoked": in.ID})
}

// token is a token as the API shows it: without its hash.
type token struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Role       access.Role `json:"role"`
	Registries []string    `json:"registries"`
	Names      []string    `json:"names,omitempty"` // patterns of what it may publish; none: every name
	CreatedBy  string      `json:"created_by"`
	Created    time.Time   `json:"created"`
	Expires    time.Time   `json:"expires"`
	Revoked    time.Time   `json:"revoked,omitzero"`
	RevokedBy  string      `json:"revoked_by,omitempty"`
	LastUsed   time.Time   `json:"last_used,omitzero"`
	Secret     string      `json:"secret,omitempty"` // in the answer to its creation only
}

func tokenOf(t access.Token) token {
	return token{t.ID, t.Name, t.Role, t.Registries, t.Names, t.CreatedBy, t.Created, t.Expires, t.Revoked, t.RevokedBy, t.LastUsed, ""}
}

func (s *Server) createToken(c *call) error {
	var in struct {
		Name       string      `json:"name"`
		Role       access.Role `json:"role"`
		Registries []string    `json:"registries"` // default all
		Names      []string    `json:"names"`      // patterns of what a publisher may publish
		TTL        string      `json:"ttl"`        // "720h"; default 90 days
	}
	if err := c.readJSON(&in, maxSmallBody); err != nil {
		return err
	}
	if err := c.may(access.All); err != nil {
		return err
	}
	if len(in.Registries) == 0 {
		in.Registries = []string{access.All}
	}
	for _, r := range in.Registries {
		if _, ok := s.gate.Registries[r]; !ok && r != access.All {
			return bad("no registry named %q is configured", shown(r))
		}
	}
	var ttl time.Duration
	if in.TTL != "" {
		var err error
		if ttl, err = time.ParseDuration(in.TTL); err != nil || ttl <= 0 {
			return bad("ttl %q is no time span such as 720h", shown(in.TTL))
		}
	}
	ctx := c.r.Context()
	secret, row, err := s.cfg.Tokens.Create(ctx, in.Name, in.Role, in.Registries, ttl, c.who.Name, in.Names...)
	if err != nil {
		return bad("%s", shown(err.Error()))
	}
	if err := s.audit(ctx, c.who, "token-create", row.ID, row.Name+" as "+string(row.Role)); err != nil {
		return err
	}
	out := tokenOf(row)
	out.Secret = secret.Reveal()
	return writeJSON(c.w, http.StatusCreated, out)
}

func (s *Server) audit(ctx context.Context, who access.Principal, act, object, detail string) error {
	return s.gate.Store.Audit(ctx, gate.AuditEntry{At: s.gate.Now(), By: who.Name, Act: act, Object: object, Detail: detail})
}

func (s *Server) listTokens(c *call) error {
	if err := c.may(access.All); err != nil {
		return err
	}
	rows, err := s.cfg.Tokens.List(c.r.Context())
	if err != nil {
		return err
	}
	out := make([]token, len(rows))
	for i, t := range rows {
		out[i] = tokenOf(t)
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"tokens": out})
}

func (s *Server) revokeToken(c *call) error {
	if err := c.may(access.All); err != nil {
		return err
	}
	ctx, id := c.r.Context(), c.r.PathValue("id")
	if err := s.cfg.Tokens.Revoke(ctx, id, c.who.Name); err != nil {
		return noSuch(err, "token", id)
	}
	if err := s.audit(ctx, c.who, "token-revoke", id, ""); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// healthState is what a monitor asks: can the gate decide, and can it write?
type healthState struct {
	OK         bool   `json:"ok"`
	Version    string `json:"version"`
	Advisories string `json:"advisories"`        // the snapshot in use, "" for none
	Problem    string `json:"problem,omitempty"` // why nothing new is admitted
	Writable   bool   `json:"writable"`          // of the data folder
	WriteFault string `json:"write_fault,omitempty"`
}

// health answers 200 while admitted packages can be served, which needs neither
// fresh advisories nor a disk with room; both show in the body.
func (s *Server) health(c *call) error {
	adv := s.gate.Advisories()
	h := healthState{Version: s.cfg.Version, Advisories: artifact.Digest(adv.Snapshot).Short(), Problem: adv.Problem, Writable: true}
	if s.cfg.Writable != nil {
		if err := s.cfg.Writable(); err != nil {
			s.cfg.Log.ErrorContext(c.r.Context(), "data folder cannot be written", "err", err)
			h.Writable, h.WriteFault = false, "the data folder cannot be written; see the gate's log"
		}
	}
	h.OK = h.Problem == "" && h.Writable
	return writeJSON(c.w, http.StatusOK, h)
}
