package server

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// showRequest explains what came of a request.
func (s *Server) showRequest(c *call, id string) error {
	ctx := c.r.Context()
	st, err := s.stateOf(ctx, id)
	if err != nil {
		return noSuch(err, "decision or request", id)
	}
	if err := c.may(st.Registry); err != nil {
		return err
	}
	if !c.wantsPage() {
		return writeJSON(c.w, http.StatusOK, st)
	}
	asks, err := s.gate.OpenAsks(ctx, st.Registry)
	if err != nil {
		return err
	}
	page := s.requestPage(st)
	page.Asks = slices.DeleteFunc(asks, func(a gate.Ask) bool { return a.Decision != id })
	return s.pages.render(c, http.StatusOK, "request.html", page)
}

// requestPage is what the page of a request shows.
type requestPage struct {
	frame
	State    requestState
	Class    string
	Word     string
	Lead     string
	Percent  int // of the step under way
	Changes  []change
	Problems []verdict.Problem
	Tree     []*node
	Admitted int
	Do       []command
	Asks     []gate.Ask
}

// change is one line of a manifest that cannot stay as it is, with the versions
// that it pulls in and that are refused or held.
type change struct {
	File, Asked string
	Line        int
	Class, Word string
	Remedy      *verdict.Remedy
	Opens       string
	OpensAt     time.Time
	Versions    []versionView
}

type versionView struct {
	verdict.VersionOutcome
	Why, Notes []reasonView
}

// node is a version in the closure, with what it pulls in.
type node struct {
	verdict.VersionOutcome
	Word  string
	Needs []*node
	Worst verdict.Verdict // of it and all below
	seen  bool
}

// refreshEvery is how often the page of a request under way loads again.
const refreshEvery = 2

func (s *Server) requestPage(st requestState) *requestPage {
	p := &requestPage{State: st, Problems: st.Problems}
	if st.Status == verdict.Queued || st.Status == verdict.Running {
		p.frame = s.pages.frame("Looking at request " + st.Request)
		p.Refresh = refreshEvery
		p.Class, p.Word, p.Lead = "running", "Looking", "The gate is still looking. This page follows it."
		if st.Status == verdict.Queued {
			p.Word, p.Lead = "Waiting", "The gate is looking at other requests first. This page follows it."
		}
		if st.Progress != nil && st.Progress.Total > 0 {
			p.Percent = 100 * st.Progress.Done / st.Progress.Total
		}
	} else {
		p.Class, p.Word, p.Lead = st.Verdict.String(), word(st.Verdict), requestLead(st)
		if st.Status == verdict.Failed {
			p.Class, p.Word = "hold", "No answer"
		}
		p.frame = s.pages.frame(p.Word + ": request " + st.Request)
		if st.Verdict != verdict.Admit && st.Status == verdict.Done {
			p.Do = append(p.Do, command{"Cannot change it today? Ask for an exception", "gatehouse ask " + st.Request + reasonHere})
		}
	}
	for _, v := range st.Versions {
		if v.Verdict == verdict.Admit {
			p.Admitted++
		}
	}
	p.Changes = changes(s.gate.Now(), st.Versions)
	p.Tree = closure(st.Versions)
	return p
}

func requestLead(st requestState) string {
	refused, held := 0, 0
	for _, v := range st.Versions {
		switch v.Verdict {
		case verdict.Reject:
			refused++
		case verdict.Hold:
			held++
		}
	}
	all := plural(len(st.Versions), "version", "versions")
	switch {
	case st.Status == verdict.Failed:
		return "Nothing was decided. What stopped it is below."
	case st.Verdict == verdict.Admit:
		return "Everything in it was looked at and is ready to install."
	case refused > 0 && held > 0:
		return strconv.Itoa(refused) + " refused and " + strconv.Itoa(held) + " held, of " + all + "."
	case refused > 0:
		return strconv.Itoa(refused) + " of " + all + " refused."
	case held > 0:
		return strconv.Itoa(held) + " of " + all + " held."
	}
	return "What is wrong with the files themselves is below."
}

// changes groups what is not admitted by the manifest line that asks for it.
func changes(now time.Time, vs []verdict.VersionOutcome) []change {
	var out []change
	for _, v := range vs {
		if v.Verdict == verdict.Admit {
			continue
		}
		i := slices.IndexFunc(out, func(c change) bool { return c.File == v.File && c.Line == v.Line })
		if i < 0 || v.Line == 0 {
			out = append(out, change{File: v.File, Line: v.Line, Asked: v.Asked, Class: "hold"})
			i = len(out) - 1
		}
		c := &out[i]
		why, notes := reasonViews(v.Reasons)
		c.Versions = append(c.Versions, versionView{v, why, notes})
		if v.Verdict == verdict.Reject {
			c.Class = "reject"
		}
		c.Remedy = cmp.Or(c.Remedy, v.Remedy)
	}
	for i := range out {
		out[i].finish(now)
	}
	return out
}

func (c *change) finish(now time.Time) {
	c.Word = map[string]string{"reject": "Refused", "hold": "Held"}[c.Class]
	var last time.Time
	for _, v := range c.Versions {
		if v.Verdict == verdict.Reject || v.Until == nil {
			return
		}
		if v.Until.After(last) {
			last = *v.Until
		}
	}
	if last.After(now) {
		c.OpensAt, c.Opens = last, opensIn(now, last)
	}
}

// closure arranges versions below those that pull them in. Each is shown once,
// also where requirements go in circles.
func closure(vs []verdict.VersionOutcome) []*node {
	nodes := make([]*node, len(vs))
	byPackage := map[string]*node{}
	for i, v := range vs {
		nodes[i] = &node{VersionOutcome: v, Word: word(v.Verdict), Worst: v.Verdict}
		if p := packagePurl(v); byPackage[p] == nil {
			byPackage[p] = nodes[i]
		}
	}
	var roots []*node
	for _, n := range nodes {
		parent := (*node)(nil)
		if !n.Direct && len(n.Via) > 0 {
			parent = byPackage[n.Via[len(n.Via)-1]]
		}
		if parent == nil || parent == n {
			roots = append(roots, n)
		} else {
			parent.Needs = append(parent.Needs, n)
		}
	}
	for _, r := range roots {
		r.visit()
	}
	for _, n := range nodes {
		if !n.seen { // in a circle that no root leads to
			n.visit()
			roots = append(roots, n)
		}
	}
	return roots
}

// visit cuts what was seen already and sums up verdicts from below.
func (n *node) visit() {
	n.seen = true
	n.Needs = slices.DeleteFunc(n.Needs, func(m *node) bool {
		if m.seen {
			return true
		}
		m.visit()
		return false
	})
	for _, m := range n.Needs {
		n.Worst = verdict.Worse(n.Worst, m.Worst)
	}
}

// packagePurl is a version's purl without the version.
func packagePurl(v verdict.VersionOutcome) string {
	if p := v.Version.Package; p.Name != "" {
		return p.Purl()
	}
	parsed, err := artifact.ParsePurl(v.Purl)
	if err != nil {
		return v.Purl
	}
	return parsed.Package.Purl()
}

// Open says whether the branch is shown unfolded: where something below it is
// not admitted.
func (n *node) Open() bool { return n.Worst != verdict.Admit }

// Name is what people call the version.
func (n *node) Name() string {
	if n.Version.Package.Name != "" {
		return n.Version.String()
	}
	return n.Purl
}
