// Package client speaks to a running gate: the same questions that gate.Service
// asks of this process's own, over the API of package server, at a URL with a
// token or at the socket in a data folder.
//
// It follows no redirect, so that the token reaches the gate that was named and
// nobody else, and it sends no token in the clear to another machine.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Limits of one question.
const (
	maxAnswer   = 256 << 20 // bytes
	tries       = 5
	longestWait = 30 * time.Second // between two tries, whatever the gate asks for
	perAnswer   = 2 * time.Minute
	comesBack   = 2 * time.Minute        // a gate that is started again
	between     = 250 * time.Millisecond // looks for it
)

// gone is an error of the line: nobody is there, or it was cut, and then the
// question may have arrived.
type gone struct {
	error
	cut bool
}

// Unwrap gives the cause.
func (g gone) Unwrap() error { return g.error }

// ErrUnauthenticated says that the gate wants a token that it knows.
var ErrUnauthenticated = errors.New("token missing or not valid here")

// Client implements gate.Service over HTTP. It is safe for concurrent use.
type Client struct {
	base  string // without a slash at the end
	where string // for people
	token secretref.Secret
	http  *http.Client
	poll  time.Duration // how long one question about a running request waits
	// patience is how long a gate that was there may be away.
	patience time.Duration
	met      atomic.Bool // a gate was there
}

var _ gate.Service = (*Client)(nil)

// New speaks to the gate at a URL, or, where the text is an absolute path, at
// the socket there. token may be empty.
func New(at string, token secretref.Secret) (*Client, error) {
	c := &Client{where: at, token: token, poll: time.Second, patience: comesBack}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
		ResponseHeaderTimeout: perAnswer, MaxResponseHeaderBytes: 64 << 10,
	}
	c.http = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if filepath.IsAbs(at) {
		c.base = "http://gatehouse.sock"
		t.Proxy = nil
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", at)
		}
		return c, nil
	}
	u, err := url.Parse(at)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return nil, fmt.Errorf("--server %q is no URL such as https://gate.example:8484", artifact.Untrusted(at))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("--server: leave user, query and fragment out; a token goes into --token, by reference")
	case u.Scheme == "http" && !token.IsZero() && !loopback(u.Hostname()):
		return nil, fmt.Errorf("--server %s: a token would travel in the clear; use https", at)
	}
	c.base = strings.TrimRight(at, "/")
	return c, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Answers says whether a gate is there.
func (c *Client) Answers(ctx context.Context) bool {
	resp, err := c.send(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return err == nil && resp.StatusCode == http.StatusOK && resp.Header.Get("X-Gatehouse") != ""
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// do asks one question and reads the answer into out, nil for none. A gate that
// is busy or cannot answer just now is asked again.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("asking %s: %w", c.where, err)
		}
	}
	for try := 1; ; try++ {
		after, err := c.once(ctx, method, path, body, out)
		if after < 0 || err == nil || try == tries {
			return err
		}
		select {
		case <-time.After(after):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// once asks once. With an error comes after how long asking again may help; a
// negative time says that it does not.
func (c *Client) once(ctx context.Context, method, path string, body []byte, out any) (time.Duration, error) {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return -1, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		return -1, fmt.Errorf("reading the answer of %s: more than %d bytes", c.where, maxAnswer)
	}
	if err != nil {
		return -1, gone{fmt.Errorf("reading the answer of %s: %w", c.where, err), true}
	}
	if resp.StatusCode >= 300 {
		return retryAfter(method, path, resp), c.refused(resp, b)
	}
	if out == nil {
		return 0, nil
	}
	if raw, ok := out.(*rawAnswer); ok {
		*raw = b
		return 0, nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return -1, fmt.Errorf("reading the answer of %s: %w; is that a gatehouse of this version?", c.where, err)
	}
	return 0, nil
}

func (c *Client) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", c.where, err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	resp, err := c.http.Do(req)
	if err == nil {
		c.met.Store(true)
		return resp, nil
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return nil, gone{fmt.Errorf("no gate answers at %s; start one with: gatehouse serve (%w)", c.where, err), false}
	}
	op, ok := errors.AsType[*net.OpError](err)
	return nil, gone{fmt.Errorf("asking %s: %w", c.where, err), !ok || op.Op != "dial"}
}

// retryAfter is how long to wait before asking again; negative where that would
// not help, or could do a person's act twice: a fault may come after the deed.
func retryAfter(method, path string, resp *http.Response) time.Duration {
	repeatable := method == http.MethodGet || path == "/api/v1/requests"
	if resp.StatusCode != http.StatusTooManyRequests && !(resp.StatusCode == http.StatusServiceUnavailable && repeatable) {
		return -1
	}
	s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || s < 0 {
		s = 1
	}
	return min(time.Duration(s)*time.Second, longestWait)
}

// refused turns an answer that is none into an error that callers can test.
func (c *Client) refused(resp *http.Response, b []byte) error {
	var p struct {
		Detail artifact.Untrusted `json:"detail"`
	}
	text := artifact.Untrusted(strings.TrimSpace(string(b)))
	if json.Unmarshal(b, &p) == nil && p.Detail != "" {
		text = p.Detail
	}
	said := cmp.Or(text.String(), resp.Status)
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		said = strings.TrimPrefix(said, "gatehouse: ")
		return fmt.Errorf("%w: %s; give one with --token env:NAME or file:/path", ErrUnauthenticated, said)
	case http.StatusForbidden:
		return remote{said, verdict.ErrForbidden}
	case http.StatusNotFound:
		return remote{said, verdict.ErrNotFound}
	case http.StatusConflict:
		return remote{said, verdict.ErrConflict}
	}
	return fmt.Errorf("%s: %s", c.where, said)
}

// remote is an error of the gate, in its words, that errors.Is tells apart here
// as there.
type remote struct {
	text string
	kind error
}

func (e remote) Error() string { return e.text }
func (e remote) Unwrap() error { return e.kind }

// state is a request as the API shows it.
type state struct {
	verdict.Outcome
	Registry string `json:"registry"`
	Progress *struct {
		Step  string `json:"step"`
		Done  int    `json:"done"`
		Total int    `json:"total"`
	} `json:"progress"`
}

// Admit implements gate.Service: it hands the request in and follows it, also
// over a restart of the gate, which goes on with what it took in. When ctx ends
// the gate goes on looking, and the error says where to see it.
func (c *Client) Admit(ctx context.Context, req verdict.Request, p gate.Progress) (verdict.Outcome, error) {
	accepted, err := c.handIn(ctx, req)
	if err != nil {
		return verdict.Outcome{}, err
	}
	toldFirst := false
	away := time.Time{} // since when the gate does not answer
	for {
		st, err := c.state(ctx, accepted.Request, c.poll)
		switch {
		case ctx.Err() != nil:
			return verdict.Outcome{}, fmt.Errorf("still looking; see %s or: gatehouse requests show %s (%w)", artifact.Untrusted(accepted.URL), artifact.Untrusted(accepted.Request), ctx.Err())
		case errors.Is(err, verdict.ErrNotFound):
			return verdict.Outcome{}, fmt.Errorf("%s does not know request %s, which it took in: is it the same gate? Ask again", c.where, artifact.Untrusted(accepted.Request))
		case isGone(err):
			if away.IsZero() {
				away = time.Now()
			}
			if time.Since(away) > c.patience {
				return verdict.Outcome{}, fmt.Errorf("the gate stopped while it looked and did not come back within %v. It keeps the request and goes on with it when it serves again; the answer is then at: gatehouse requests show %s (%w)",
					c.patience, artifact.Untrusted(accepted.Request), err)
			}
			p.Step("waiting for the gate to come back", 0, 0)
			pause(ctx, between)
			continue
		case err != nil:
			return verdict.Outcome{}, err
		}
		away = time.Time{}
		if st.Status.Ended() {
			return st.Outcome, nil
		}
		if st.Progress != nil {
			p.Step(artifact.Untrusted(st.Progress.Step).String(), st.Progress.Done, st.Progress.Total)
		}
		if len(st.Versions) > 0 && !toldFirst {
			toldFirst = true
			p.First(st.Versions)
		}
	}
}

// accepted is the answer to a request that was taken in.
type accepted struct{ Request, URL string }

// handIn hands a request in. It goes under an id of its own, so that sending it
// again when the answer was lost asks once.
func (c *Client) handIn(ctx context.Context, req verdict.Request) (accepted, error) {
	wish := map[string]any{
		"id": req.ID, "registry": req.Registry, "project": req.Project, "door": req.Door, "files": req.Files, "include": req.Include,
		"before": req.Before, "purls": req.Purls, "groups": req.Groups, "problems": req.Problems,
	}
	began := time.Now()
	for {
		var a accepted
		err := c.do(ctx, http.MethodPost, "/api/v1/requests", wish, &a)
		// Nobody there from the beginning is no restart.
		g, lost := errors.AsType[gone](err)
		restarts := lost && (g.cut || c.met.Load())
		if !restarts || req.ID == "" || ctx.Err() != nil || time.Since(began) > c.patience {
			return a, err
		}
		pause(ctx, between)
	}
}

func isGone(err error) bool {
	_, yes := errors.AsType[gone](err)
	return yes
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (c *Client) state(ctx context.Context, id string, wait time.Duration) (state, error) {
	path := "/api/v1/requests/" + url.PathEscape(id)
	if wait > 0 {
		path += "?wait=" + wait.String()
	}
	var st state
	err := c.do(ctx, http.MethodGet, path, nil, &st)
	named(st.Versions)
	return st, err
}

// named gives versions their names back, which travel as purls.
func named(vs []verdict.VersionOutcome) {
	for i := range vs {
		if v, err := artifact.ParsePurl(vs[i].Purl); err == nil {
			vs[i].Version = v
		}
	}
}

// Outcome implements gate.Service.
func (c *Client) Outcome(ctx context.Context, id string) (verdict.Outcome, error) {
	st, err := c.state(ctx, id, 0)
	return st.Outcome, err
}

// Outcomes implements gate.Service.
func (c *Client) Outcomes(ctx context.Context, registry string, limit int) ([]verdict.Outcome, error) {
	var out struct{ Requests []verdict.Outcome }
	q := url.Values{"registry": {registry}}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(min(limit, 100)))
	}
	err := c.do(ctx, http.MethodGet, "/api/v1/requests?"+q.Encode(), nil, &out)
	for _, o := range out.Requests {
		named(o.Versions)
	}
	return out.Requests, err
}

// Cancel implements gate.Service.
func (c *Client) Cancel(ctx context.Context, id, _ string) (verdict.Outcome, error) {
	var st state
	err := c.do(ctx, http.MethodPost, "/api/v1/requests/"+url.PathEscape(id)+"/cancel", struct{}{}, &st)
	return st.Outcome, err
}

// Jobs implements gate.Service.
func (c *Client) Jobs(ctx context.Context, s jobs.State, limit int) ([]jobs.Job, error) {
	var out struct{ Jobs []jobs.Job }
	q := url.Values{}
	if s != "" {
		q.Set("state", string(s))
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(min(limit, 100)))
	}
	err := c.do(ctx, http.MethodGet, "/api/v1/jobs?"+q.Encode(), nil, &out)
	return out.Jobs, err
}

// RestartJob implements gate.Service.
func (c *Client) RestartJob(ctx context.Context, id, _ string) (jobs.Job, error) {
	var j jobs.Job
	err := c.do(ctx, http.MethodPost, "/api/v1/jobs/"+url.PathEscape(id)+"/restart", struct{}{}, &j)
	return j, err
}

// Fixed implements gate.Service. The gate has the request and its outcome.
func (c *Client) Fixed(ctx context.Context, _ verdict.Request, o verdict.Outcome) ([]verdict.Source, error) {
	var out struct{ Files []verdict.Source }
	err := c.do(ctx, http.MethodPost, "/api/v1/requests/"+url.PathEscape(o.Request)+"/fixed", struct{}{}, &out)
	return out.Files, err
}

// Explain implements gate.Service.
func (c *Client) Explain(ctx context.Context, registry string, v artifact.Version) (gate.Explanation, error) {
	var e gate.Explanation
	q := url.Values{"registry": {registry}, "purl": {v.Purl()}}
	err := c.do(ctx, http.MethodGet, "/api/v1/explain?"+q.Encode(), nil, &e)
	for _, list := range [][]verdict.Decision{e.Now, e.History} {
		for i := range list {
			if v, err := artifact.ParsePurl(list[i].Purl); err == nil {
				list[i].Version = v
			}
		}
	}
	return e, err
}

// AskFor implements gate.Service.
func (c *Client) AskFor(ctx context.Context, _, object, reason, _ string) (gate.Ask, error) {
	var a gate.Ask
	err := c.do(ctx, http.MethodPost, "/api/v1/asks", map[string]string{"object": object, "reason": reason}, &a)
	return a, err
}

// OpenAsks implements gate.Service.
func (c *Client) OpenAsks(ctx context.Context, registry string) ([]gate.Ask, error) {
	var out struct{ Asks []gate.Ask }
	err := c.do(ctx, http.MethodGet, "/api/v1/asks?"+url.Values{"registry": {registry}}.Encode(), nil, &out)
	return out.Asks, err
}

// Waive implements gate.Service.
func (c *Client) Waive(ctx context.Context, w gate.WaiverWish) (verdict.Waiver, error) {
	var out verdict.Waiver
	err := c.do(ctx, http.MethodPost, "/api/v1/waivers", map[string]any{
		"registry": w.Registry, "purl": w.Package.Purl(), "range": w.Range, "rule": w.Rule, "advisories": w.Advisories,
		"until": w.Until, "reason": w.Reason, "waits": w.Waits,
	}, &out)
	out.Package = w.Package
	return out, err
}

// Waivers implements gate.Service.
func (c *Client) Waivers(ctx context.Context, registry string) ([]verdict.Waiver, error) {
	var out struct{ Waivers []verdict.Waiver }
	err := c.do(ctx, http.MethodGet, "/api/v1/waivers?"+url.Values{"registry": {registry}}.Encode(), nil, &out)
	for i := range out.Waivers {
		if v, err := artifact.ParsePurl(out.Waivers[i].Purl); err == nil {
			out.Waivers[i].Package = v.Package
		}
	}
	return out.Waivers, err
}

// Approve implements gate.Service.
func (c *Client) Approve(ctx context.Context, object, reason, _ string) ([]verdict.Approval, error) {
	var out struct{ Approvals []verdict.Approval }
	err := c.do(ctx, http.MethodPost, "/api/v1/approvals", map[string]string{"object": object, "reason": reason}, &out)
	for i := range out.Approvals {
		if v, err := artifact.ParsePurl(out.Approvals[i].Purl); err == nil {
			out.Approvals[i].Version = v
		}
	}
	return out.Approvals, err
}

// Revoke implements gate.Service.
func (c *Client) Revoke(ctx context.Context, id, _ string) error {
	return c.do(ctx, http.MethodPost, "/api/v1/revocations", map[string]string{"id": id}, nil)
}
