package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/git"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func (a *app) hookCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hook",
		Short: "Show the verdict in git push",
		Long: `Installs a pre-receive hook into a bare repository: whoever pushes a change to a
manifest sees in their terminal what the gate says of it.`,
	}
	c.AddCommand(a.hookInstall(), a.hookUninstall(), a.hookRunCommand(), a.hookAdmitCommand())
	return c
}

func (a *app) hookRunCommand() *cobra.Command {
	var refuse string
	var branches []string
	c := &cobra.Command{
		Use: "run", Hidden: true, Args: cobra.NoArgs,
		Short: "What the installed hook runs: reads \"OLD NEW REF\" lines on standard input",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkRefuse(refuse); err != nil {
				return err
			}
			h := &hook{
				dir: ".", refuse: refuse, branches: branches, w: a.err, after: time.After,
				request: verdict.Request{Door: "push", Registry: a.flags.registry, Project: a.flags.project, By: operator()},
				open:    a.hookGate,
			}
			if code := h.run(cmd.Context(), a.in); code != 0 {
				return exit{code}
			}
			return nil
		},
	}
	hookFlags(c, &refuse, &branches)
	return c
}

// How a hook treats what the gate does not admit.
const (
	refuseNothing = ""
	refuseReject  = "reject"
	refuseHold    = "hold" // rejects too
)

func hookFlags(c *cobra.Command, refuse *string, branches *[]string) {
	f := c.Flags()
	f.StringVar(refuse, "refuse", refuseNothing, "turn the push away when a version is rejected; with --refuse=hold also when one is held")
	f.Lookup("refuse").NoOptDefVal = refuseReject
	f.StringArrayVar(branches, "branch", nil, "only branches that match one of these patterns, such as main or release/* (default: all)")
}

func checkRefuse(s string) error {
	if s != refuseNothing && s != refuseReject && s != refuseHold {
		return fmt.Errorf("--refuse=%q is none of reject, hold", s)
	}
	return nil
}

// Limits of one push.
const (
	hookPatience = 60 * time.Second // then the pusher gets the link instead
	maxRefs      = 1000             // moved by one push
	maxLooks     = 20               // different changes to manifests in one push
	hookLines    = 25               // that the pusher sees
)

// admitter looks at a request. When ctx ends it goes on looking, and its error
// says where the answer will be.
type admitter interface {
	Admit(ctx context.Context, req verdict.Request, p gate.Progress) (verdict.Outcome, error)
}

// hook is one run of pre-receive.
type hook struct {
	dir      string // the repository
	refuse   string
	branches []string
	request  verdict.Request // what every request of this push shares
	w        io.Writer       // git shows it to the pusher
	after    func(time.Duration) <-chan time.Time
	// open reaches a gate. It is called only once there is something to look at:
	// most pushes touch no manifest and shall not notice that a gate is there.
	open func(context.Context) (admitter, func(), error)
}

// look is one change to manifests, and what came of it.
type look struct {
	refs []string // the branches that it is on, as pushed
	req  verdict.Request
	out  verdict.Outcome
	err  error
}

// run gives the hook's exit code: 0 lets the push through.
func (h *hook) run(ctx context.Context, in io.Reader) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timeout := h.after(hookPatience)
	tooLong := make(chan struct{})
	go func() {
		select {
		case <-timeout:
			close(tooLong)
			cancel()
		case <-ctx.Done():
		}
	}()
	looks, err := h.look(ctx, in)
	select {
	case <-tooLong:
		if err != nil {
			err = fmt.Errorf("the change could not be read within %v", hookPatience)
		}
	default:
	}
	if err != nil {
		return h.fault(err)
	}
	return h.report(looks)
}

// look finds what the push changes and has the gate look at it, one change after
// the other: what the first one fetched the next one finds.
func (h *hook) look(ctx context.Context, in io.Reader) ([]*look, error) {
	looks, err := h.changes(ctx, in)
	if err != nil || len(looks) == 0 {
		return nil, err
	}
	g, done, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	for _, l := range looks {
		l.out, l.err = g.Admit(ctx, l.req, gate.Silent{})
	}
	return looks, nil
}

// update is one line of pre-receive's input (githooks manual).
type update struct{ before, after, ref string }

var objectName = lazy.Regexp(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

func readUpdates(in io.Reader) ([]update, error) {
	s := bufio.NewScanner(io.LimitReader(in, 8<<20))
	var out []update
	for s.Scan() {
		f := strings.SplitN(s.Text(), " ", 3)
		if len(f) != 3 || !objectName().MatchString(f[0]) || !objectName().MatchString(f[1]) || f[2] == "" {
			return nil, fmt.Errorf("git handed in %q, which is no \"OLD NEW REF\"", artifact.Untrusted(s.Text()))
		}
		if out = append(out, update{f[0], f[1], f[2]}); len(out) > maxRefs {
			return nil, fmt.Errorf("the push moves more than %d refs; push fewer at once", maxRefs)
		}
	}
	return out, s.Err()
}

// wanted says whether an update can bring manifests: deletions cannot, and tags
// and notes are no branches that anybody builds from.
func (u update) wanted() bool {
	return strings.Trim(u.after, "0") != "" && strings.HasPrefix(u.ref, "refs/heads/")
}

// changes reads what each branch's move did to manifests. The same change on
// several branches is one.
func (h *hook) changes(ctx context.Context, in io.Reader) ([]*look, error) {
	updates, err := readUpdates(in)
	if err != nil {
		return nil, err
	}
	var looks []*look
	seen := map[string]*look{}
	for _, u := range updates {
		if !u.wanted() {
			continue
		}
		req, err := h.requestFor(ctx, u)
		if errors.Is(err, git.ErrNotWanted) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("reading what %s changes: %w", artifact.Untrusted(u.ref), err)
		}
		if len(req.Files)+len(req.Problems) == 0 {
			continue
		}
		key, err := contentKey(req)
		if err != nil {
			return nil, err
		}
		if l := seen[key]; l != nil {
			l.refs = append(l.refs, u.ref)
			continue
		}
		if len(looks) == maxLooks {
			return nil, fmt.Errorf("the push changes manifests on more than %d branches in different ways; push fewer at once", maxLooks)
		}
		l := &look{refs: []string{u.ref}, req: req}
		looks, seen[key] = append(looks, l), l
	}
	return looks, nil
}

func (h *hook) requestFor(ctx context.Context, u update) (verdict.Request, error) {
	c, err := git.Read(ctx, h.dir, git.Range{Old: u.before, New: u.after, Ref: u.ref, Branches: h.branches}, gitManifests())
	req := h.request
	req.ID, req.Created = gate.NewID('r'), time.Now().UTC()
	req.Files, req.Include, req.Before, req.Problems = c.After, c.Include, c.Before, c.Problems
	return req, err
}

// contentKey is the same for requests that ask the same.
func contentKey(req verdict.Request) (string, error) {
	b, err := json.Marshal([]any{req.Files, req.Include, req.Before, req.Problems})
	return string(artifact.DigestOf(b)), err
}

// fault is the answer when the gate has none.
func (h *hook) fault(err error) int {
	if h.refuse == refuseNothing {
		h.say("gatehouse: %s", oneLine(err))
		h.say("gatehouse: so nothing was looked at; the push goes through")
		return 0
	}
	h.say("gatehouse: %s", oneLine(err))
	h.say("gatehouse: so nothing was looked at; the push is refused. Try again")
	return 1
}

func oneLine(err error) string {
	return artifact.Untrusted(strings.Join(strings.Fields(err.Error()), " ")).String()
}

func (h *hook) say(format string, args ...any) { fmt.Fprintf(h.w, format+"\n", args...) }

// The ends that a look may have, worst first.
const (
	lookRejected = iota
	lookUnanswered
	lookHeld
	lookFine
)

func rank(l *look) int {
	switch {
	case l.err != nil || l.out.Status != verdict.Done:
		return lookUnanswered
	case l.out.Verdict == verdict.Reject:
		return lookRejected
	case l.out.Verdict == verdict.Admit:
		return lookFine
	}
	return lookHeld
}

// stops says whether a look turns the push away.
func (h *hook) stops(l *look) bool {
	switch rank(l) {
	case lookFine:
		return false
	case lookHeld:
		return h.refuse == refuseHold
	}
	return h.refuse != refuseNothing
}

// report shows every look inside the lines that there are, worst first.
func (h *hook) report(looks []*look) int {
	if len(looks) == 0 {
		return 0 // most pushes: nothing to say
	}
	slices.SortStableFunc(looks, func(a, b *look) int { return rank(a) - rank(b) })
	stopped := slices.ContainsFunc(looks, h.stops)
	const most = 3 // looks shown: with fewer lines than that leaves no report helps
	room, used, shown := hookLines-2, 0, 0
	for _, l := range looks[:min(len(looks), most)] {
		text := h.text(l, len(looks) > 1, room/min(len(looks), most))
		if used += strings.Count(text, "\n"); used > room && shown > 0 {
			break
		}
		io.WriteString(h.w, text)
		shown++
	}
	if rest := len(looks) - shown; rest > 0 {
		h.say("gatehouse: and %d more changes; see: gatehouse requests", rest)
	}
	switch {
	case stopped:
		h.say("gatehouse: the push is refused")
		return 1
	case rank(looks[0]) != lookFine:
		h.say("gatehouse: this is a report; the push goes through")
	}
	return 0
}

// text is one look in about lines lines.
func (h *hook) text(l *look, several bool, lines int) string {
	var b strings.Builder
	if several {
		more := ""
		if len(l.refs) > 1 {
			more = fmt.Sprintf(" and %d more", len(l.refs)-1)
		}
		fmt.Fprintf(&b, "%s%s\n", cut(artifact.Untrusted(strings.TrimPrefix(l.refs[0], "refs/heads/")).String(), 60), more)
		lines--
	}
	if l.err == nil {
		_ = report.Text(&b, l.out, report.TextOptions{Lines: lines, NoAll: true}) // a Builder never fails
		return b.String()
	}
	fmt.Fprintf(&b, "gatehouse: %s\n", oneLine(l.err))
	if h.refuse != refuseNothing && (errors.Is(l.err, context.Canceled) || errors.Is(l.err, context.DeadlineExceeded)) {
		b.WriteString("gatehouse: push again in a minute\n")
	}
	return b.String()
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// hookGate reaches the gate of --server or the one that serves here, or looks
// with a process of its own.
func (a *app) hookGate(ctx context.Context) (admitter, func(), error) {
	if a.flags.server != "" {
		c, err := a.remote(ctx)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}
	if c := a.local(ctx); c != nil {
		return c, c.Close, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this program: %w", err)
	}
	args := []string{"hook", "admit", "--data=" + a.cfg.Data}
	if a.cfg.File != "" {
		args = append(args, "--config="+a.cfg.File)
	}
	return &background{program: self, args: args, url: a.cfg.URL()}, func() {}, nil
}

// background looks at requests in a process that outlives this one, so that
// what a slow change brings is there when it is pushed again.
type background struct {
	program string
	args    []string
	url     string // of the gate's pages, once it serves
}

// maxAnswer is the largest outcome read from a process of ours.
const maxAnswer = 256 << 20

// Admit implements admitter.
func (b *background) Admit(ctx context.Context, req verdict.Request, _ gate.Progress) (verdict.Outcome, error) {
	in, err := json.Marshal(req)
	if err != nil {
		return verdict.Outcome{}, err
	}
	// Not CommandContext: the process goes on when the pusher stops waiting.
	c := exec.Command(b.program, b.args...)
	c.Stdin = bytes.NewReader(in)
	c.SysProcAttr = ownSession()
	// Its standard error is nowhere: git waits until nobody holds the hook's.
	out, err := c.StdoutPipe()
	if err != nil {
		return verdict.Outcome{}, err
	}
	if err := c.Start(); err != nil {
		return verdict.Outcome{}, fmt.Errorf("starting to look: %w", err)
	}
	type answer struct {
		out verdict.Outcome
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		o, err := readAnswer(out)
		answered <- answer{o, errors.Join(err, c.Wait())}
	}()
	select {
	case a := <-answered:
		return a.out, a.err
	case <-ctx.Done():
		return verdict.Outcome{}, fmt.Errorf("still looking; see %s/d/%s while the gate serves, or: gatehouse requests show %s (%w)", b.url, req.ID, req.ID, ctx.Err())
	}
}

// hookAnswer is what `hook admit` prints: an outcome, or why there is none.
type hookAnswer struct {
	Outcome *verdict.Outcome `json:"outcome"`
	Error   string           `json:"error"`
}

var errNoAnswer = errors.New("the gate ended without an answer")

func readAnswer(r io.Reader) (verdict.Outcome, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxAnswer))
	if err != nil {
		return verdict.Outcome{}, fmt.Errorf("reading the answer: %w", err)
	}
	var a hookAnswer
	if err := json.Unmarshal(b, &a); err != nil {
		return verdict.Outcome{}, errNoAnswer
	}
	if a.Error != "" {
		return verdict.Outcome{}, errors.New(a.Error)
	} else if a.Outcome == nil {
		return verdict.Outcome{}, errNoAnswer
	}
	return *a.Outcome, nil
}

func (a *app) hookAdmitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "admit", Hidden: true, Args: cobra.NoArgs,
		Short: "Looks at one request, in JSON on standard input, for a hook that may be gone by the end",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var answer hookAnswer
			out, err := a.admitForHook(cmd.Context())
			if err != nil {
				answer.Error = err.Error()
			} else {
				answer.Outcome = &out
			}
			return json.NewEncoder(a.out).Encode(answer)
		},
	}
}

// A look behind a hook may last this long, waiting for the data folder
// included.
const backgroundTime = 30 * time.Minute

// admitForHook looks at one request, here or with the gate that has come up
// meanwhile. The data folder is given back before the answer is written, because
// by then nobody may read it any more.
func (a *app) admitForHook(ctx context.Context) (verdict.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, backgroundTime)
	defer cancel()
	b, err := readCapped(a.in, maxAnswer)
	if err != nil {
		return verdict.Outcome{}, err
	}
	var req verdict.Request
	if err := json.Unmarshal(b, &req); err != nil {
		return verdict.Outcome{}, fmt.Errorf("reading request: %w", err)
	}
	g, done, err := a.service(ctx)
	if err != nil {
		return verdict.Outcome{}, err
	}
	defer done()
	return g.Admit(ctx, req, gate.Silent{})
}
