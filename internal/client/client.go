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
	"syscall"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Limits of one question.
const (
	maxAnswer   = 256 << 20 // bytes
	tries       = 5
	longestWait = 30 * time.Second // between two tries, whatever the gate asks for
	perAnswer   = 2 * time.Minute
)

// ErrUnauthenticated says that the gate wants a token that it knows.
var ErrUnauthenticated = errors.New("token missing or not valid here")

// Client implements gate.Service over HTTP. It is safe for concurrent use.
type Client struct {
	base  string // without a slash at the end
	where string // for people
	token secretref.Secret
	http  *http.Client
	poll  time.Duration // how long one question about a running request waits
}

var _ gate.Service = (*Client)(nil)

// New speaks to the gate at a URL, or, where the text is an absolute path, at
// the socket there. token may be empty.
func New(at string, token secretref.Secret) (*Client, error) {
	c := &Client{where: at, token: token, poll: time.Second}
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
		err = fmt.Errorf("more than %d bytes", maxAnswer)
	}
	if err != nil {
		return -1, fmt.Errorf("reading the answer of %s: %w", c.where, err)
	}
	if resp.StatusCode >= 300 {
		return retryAfter(method, path, resp), c.refused(resp, b)
	}
	if out == nil {
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
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("no gate answers at %s; start one with: gatehouse serve (%w)", c.where, err)
	} else if err != nil {
		return nil, fmt.Errorf("asking %s: %w", c.where, err)
	}
	return resp, nil
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

// Admit implements gate.Service: it hands the request in and follows it. When
// ctx ends the gate goes on looking, and the error says where to see it.
func (c *Client) Admit(ctx context.Context, req verdict.Request, p gate.Progress) (verdict.Outcome, error) {
	var accepted struct{ Request, URL string }
	wish := map[string]any{
		"registry": req.Registry, "project": req.Project, "door": req.Door, "files": req.Files, "include": req.Include,
		"before": req.Before, "purls": req.Purls, "problems": req.Problems,
	}
	if err := c.do(ctx, http.MethodPost, "/api/v1/requests", wish, &accepted); err != nil {
		return verdict.Outcome{}, err
	}
	toldFirst := false
	for {
		st, err := c.state(ctx, accepted.Request, c.poll)
		if ctx.Err() != nil {
			return verdict.Outcome{}, fmt.Errorf("still looking; see %s (%w)", artifact.Untrusted(accepted.URL), ctx.Err())
		} else if errors.Is(err, verdict.ErrNotFound) {
			return verdict.Outcome{}, fmt.Errorf("%s no longer knows request %s: it was started again; ask again", c.where, artifact.Untrusted(accepted.Request))
		} else if err != nil {
			return verdict.Outcome{}, err
		}
		if st.Status == verdict.Done || st.Status == verdict.Failed {
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
