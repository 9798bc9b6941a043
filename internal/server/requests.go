package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/access"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Limits of one request beside its bytes.
const (
	maxSources  = 5000
	maxPurls    = 10000
	maxGroups   = 256
	maxProblems = 1000
	maxText     = 4 << 10 // bytes of one text that a person writes
	maxWait     = time.Minute
	listDefault = 20
	listMost    = 100
)

// sources reads files as a list of {path, content} with the content in base64,
// or as an object of path to text.
type sources []verdict.Source

// UnmarshalJSON implements json.Unmarshaler.
func (s *sources) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '{' {
		texts := map[string]string{}
		if err := json.Unmarshal(b, &texts); err != nil {
			return err
		}
		for _, p := range slices.Sorted(maps.Keys(texts)) {
			*s = append(*s, verdict.Source{Path: p, Content: []byte(texts[p])})
		}
		return nil
	}
	return json.Unmarshal(b, (*[]verdict.Source)(s))
}

// requestWish is the body of POST /api/v1/requests.
type requestWish struct {
	ID       string            `json:"id"`       // of the sender's own making, so that sending it again asks once; "" for one of ours
	Registry string            `json:"registry"` // default main
	Project  string            `json:"project"`
	Door     string            `json:"door"` // cli, push or api (the default): shapes what the answer proposes
	Files    sources           `json:"files"`
	Include  sources           `json:"include"` // readable through -r and -c
	Before   sources           `json:"before"`  // the files as they were: what stood there is not new
	Purls    []string          `json:"purls"`
	Groups   []string          `json:"groups"`   // of the manifests, the dependency groups and extras to look at; none: all
	Problems []verdict.Problem `json:"problems"` // what the sender could not read; they can only worsen the verdict
}

func (s *Server) createRequest(c *call) error {
	var in requestWish
	// Base64 adds a third, JSON and paths a little.
	if err := c.readJSON(&in, c.s.cfg.MaxRequest/3*4+1<<20); err != nil {
		return err
	}
	in.Registry = cmp.Or(in.Registry, MainRegistry)
	if err := c.may(in.Registry); err != nil {
		return err
	}
	if err := c.s.check(in); err != nil {
		return err
	}
	req := verdict.Request{
		ID: cmp.Or(in.ID, gate.NewID('r')), Door: cmp.Or(in.Door, "api"), Registry: in.Registry, Project: in.Project, By: c.who.Name,
		Files: in.Files, Include: in.Include, Before: in.Before, Purls: in.Purls, Groups: in.Groups, Problems: in.Problems, Created: c.s.gate.Now().UTC(),
	}
	if err := c.submit(req); err != nil {
		return err
	}
	c.w.Header().Set("Location", "/api/v1/requests/"+req.ID)
	return writeJSON(c.w, http.StatusAccepted, map[string]string{"request": req.ID, "url": c.s.gate.DecisionURL(req.ID)})
}

// submit takes a request in. One that came under an id of its sender's own and
// is there already is the same one sent again, because its answer was lost.
func (c *call) submit(req verdict.Request) error {
	if c.s.cfg.Full != nil {
		if err := c.s.cfg.Full(); err != nil {
			return err
		}
	}
	err := c.s.gate.Submit(c.r.Context(), req, c.s.cfg.Room)
	if errors.Is(err, verdict.ErrConflict) {
		if there, _, _, err := c.s.gate.Store.Request(c.r.Context(), req.ID); err == nil && sameRequest(there, req) {
			return nil
		}
		return &badInput{http.StatusConflict, "there is another request of that id; leave \"id\" out and the gate gives one"}
	} else if err != nil {
		return err
	}
	c.s.runner.Wake()
	return nil
}

// sameRequest says whether the same asker asks the same.
func sameRequest(a, b verdict.Request) bool {
	b.Created = a.Created
	one, err := json.Marshal(a)
	two, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(one, two)
}

var requestID = lazy.Regexp(`^r[a-z2-7]{12}$`) // as gate.NewID makes them

// check refuses a request that could not be what its sender means.
func (s *Server) check(in requestWish) error {
	if err := s.known(in.Registry); err != nil {
		return err
	}
	all := slices.Concat(in.Files, in.Include, in.Before)
	switch {
	case in.ID != "" && !requestID().MatchString(in.ID):
		return bad("id %q is none: an r and twelve of a-z and 2-7", shown(in.ID))
	case len(in.Files)+len(in.Purls)+len(in.Problems) == 0:
		return bad("name files or purls to look at")
	case len(all) > maxSources || len(in.Purls) > maxPurls || len(in.Problems) > maxProblems:
		return bad("at most %d files, %d purls and %d problems in one request", maxSources, maxPurls, maxProblems)
	case len(in.Groups) > maxGroups:
		return bad("at most %d groups in one request", maxGroups)
	case !slices.Contains([]string{"", "api", "cli", "push"}, in.Door):
		return bad("door %q is none of api, cli, push", shown(in.Door))
	case len(in.Project) > maxText:
		return bad("project: at most %d bytes", maxText)
	}
	var size int64
	for _, f := range all {
		// The path is shown in reports; a name that a terminal obeys is no name.
		if !fs.ValidPath(f.Path) || f.Path == "." || shown(f.Path) != f.Path {
			return bad("path %q: give a relative, slash-separated path inside the tree", shown(f.Path))
		}
		size += int64(len(f.Content))
	}
	if size > s.cfg.MaxRequest {
		return &badInput{http.StatusRequestEntityTooLarge, "the files are larger than " + strconv.FormatInt(s.cfg.MaxRequest, 10) + " bytes together (limits.request_bytes)"}
	}
	for _, p := range in.Problems {
		if p.Effect != verdict.EffectNote && p.Effect != verdict.EffectHold && p.Effect != verdict.EffectReject {
			return bad("problem effect %q is none of note, hold, reject", shown(string(p.Effect)))
		}
	}
	return nil
}

// known says whether a registry of that name is configured.
func (s *Server) known(registry string) error {
	if _, ok := s.gate.Registries[registry]; !ok {
		return &gate.ErrNoRegistry{Name: registry}
	}
	return nil
}

// requestState is a request as the API shows it: its outcome, and how far it is
// while there is none.
type requestState struct {
	verdict.Outcome
	Registry string    `json:"registry"`
	URL      string    `json:"url"`
	Progress *progress `json:"progress,omitempty"`
}

func (s *Server) getRequest(c *call) error {
	wait, err := c.waitFor()
	if err != nil {
		return err
	}
	id := c.r.PathValue("id")
	st, err := c.stateOf(id)
	if err != nil {
		return noSuch(err, "request", id)
	}
	if wait > 0 && !st.Status.Ended() {
		if st, err = c.await(id, wait); err != nil {
			return err
		}
	}
	return writeJSON(c.w, http.StatusOK, st)
}

func (c *call) waitFor() (time.Duration, error) {
	text := c.r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, bad("wait=%s is no time span such as 30s", shown(text))
	}
	return min(d, maxWait), nil
}

// await gives a request once it has ended, or as it is after wait, or when nobody
// waits any more.
func (c *call) await(id string, wait time.Duration) (requestState, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		r := c.s.runs.enter(id) // before the look, so that no end is missed
		st, err := c.stateOf(id)
		over := err != nil || st.Status.Ended()
		if !over {
			select {
			case <-r.ended: // perhaps to be tried again
			case <-timer.C:
				over = true
			case <-c.r.Context().Done():
				over = true
			case <-c.s.closing:
				over = true
			}
		}
		c.s.runs.leave(id, r)
		if over {
			if err == nil && !st.Status.Ended() {
				return c.stateOf(id)
			}
			return st, err
		}
	}
}

// stateOf reads a request that the caller may see, with how far it is.
func (c *call) stateOf(id string) (requestState, error) {
	s := c.s
	o, registry, err := s.gate.OutcomeIn(c.r.Context(), id)
	if err != nil {
		return requestState{}, err
	}
	if err := c.may(registry); err != nil {
		return requestState{}, err
	}
	st := requestState{Outcome: o, Registry: registry, URL: s.gate.DecisionURL(id)}
	if r := s.runs.find(id); r != nil && o.Status == verdict.Running {
		p, first := r.soFar()
		if p.Step != "" {
			st.Progress = &p
		}
		if first != nil {
			st.Versions = first
		}
	}
	return st, nil
}

// cancelRequest takes back a request: who asked may, and who may answer for the
// registry.
func (s *Server) cancelRequest(c *call) error {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	req, _, err := s.gate.Request(ctx, id)
	if err != nil {
		return noSuch(err, "request", id)
	}
	if err := c.may(req.Registry); err != nil {
		return err
	}
	if req.By == "" || req.By != c.who.Name {
		if err := access.Authorize(c.who, access.Revoke, req.Registry); err != nil {
			return fmt.Errorf("cancelling what another one asked for: %w", err)
		}
	}
	_, err = s.gate.Cancel(ctx, id, c.who.Name)
	if errors.Is(err, verdict.ErrConflict) {
		return &badInput{http.StatusConflict, "the request has its outcome already; there is nothing to cancel"}
	} else if err != nil {
		return err
	}
	s.runner.Cancelled(gate.RequestJob, id)
	s.runs.end(id)
	st, err := c.stateOf(id)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, st)
}

func noSuch(err error, what, id string) error {
	if errors.Is(err, verdict.ErrNotFound) {
		return &badInput{http.StatusNotFound, "there is no " + what + " " + strconv.Quote(shown(id)) + " here"}
	}
	return err
}

func (s *Server) listRequests(c *call) error {
	name, err := c.registry()
	if err != nil {
		return err
	}
	limit, err := c.limit()
	if err != nil {
		return err
	}
	outs, err := s.gate.Outcomes(c.r.Context(), name, limit)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"requests": orEmpty(outs)})
}

// limit is how many rows a query asks for.
func (c *call) limit() (int, error) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return listDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > listMost {
		return 0, bad("limit=%s is no number from 1 to %d", shown(text), listMost)
	}
	return n, nil
}

// registry is the one that a query names, main by default, when the caller may.
func (c *call) registry() (string, error) {
	name := cmp.Or(c.r.URL.Query().Get("registry"), MainRegistry)
	if err := c.may(name); err != nil {
		return "", err
	}
	return name, c.s.known(name)
}

// fixRequest gives the request's files with its proved remedies applied. It
// changes nothing here.
func (s *Server) fixRequest(c *call) error {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	req, status, out, err := s.gate.Store.Request(ctx, id)
	if err != nil {
		return noSuch(err, "request", id)
	}
	if err := c.may(req.Registry); err != nil {
		return err
	}
	if status != verdict.Done {
		return &badInput{http.StatusConflict, "the request has no outcome to take remedies from; it is " + string(status)}
	}
	files, err := s.gate.Fixed(ctx, req, out)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, map[string]any{"files": orEmpty(files)})
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) getDecision(c *call) error {
	id := c.r.PathValue("id")
	d, err := s.gate.Store.Decision(c.r.Context(), id)
	if err != nil {
		return noSuch(err, "decision", id)
	}
	if err := c.may(d.Registry); err != nil {
		return err
	}
	c.w.Header().Set("X-Gatehouse-Decision", d.ID)
	return writeJSON(c.w, http.StatusOK, d)
}

func (s *Server) explain(c *call) error {
	name, err := c.registry()
	if err != nil {
		return err
	}
	v, err := s.version(c.r.URL.Query().Get("purl"))
	if err != nil {
		return err
	}
	e, err := s.gate.Explain(c.r.Context(), name, v)
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, e)
}

// version reads a purl whose ecosystem is served here.
func (s *Server) version(purl string) (artifact.Version, error) {
	if len(purl) > maxText || !utf8.ValidString(purl) || !strings.HasPrefix(purl, "pkg:") {
		return artifact.Version{}, bad("purl: give a package URL such as pkg:pypi/NAME")
	}
	v, err := artifact.ParsePurl(purl)
	if err != nil {
		return v, bad("%s", shown(err.Error()))
	}
	peer, ok := s.gate.Peers[v.Package.Ecosystem]
	if !ok {
		return v, bad("ecosystem %q is not served here", shown(string(v.Package.Ecosystem)))
	}
	if v.Package, err = peer.ParseName(v.Package.Name); err != nil {
		return v, bad("%s", shown(err.Error()))
	}
	if v.Number != "" {
		if _, err := peer.VersionKey(v.Number); err != nil {
			return v, bad("%s", shown(err.Error()))
		}
	}
	return v, nil
}
