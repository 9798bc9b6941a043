package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/client"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// repo is a bare repository and a clone to push from, without hooks.
type repo struct {
	t          *testing.T
	bare, work string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	dir := t.TempDir()
	r := &repo{t: t, bare: filepath.Join(dir, "bare.git"), work: filepath.Join(dir, "work")}
	r.git(dir, "init", "--quiet", "--bare", "--initial-branch=main", r.bare)
	r.git(dir, "init", "--quiet", "--initial-branch=main", r.work)
	r.git(r.work, "remote", "add", "origin", r.bare)
	return r
}

func (r *repo) git(dir string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), gitVariables()...)
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files (an empty content removes one, "-> x" makes a link) and
// gives the commit's id.
func (r *repo) commit(files ...string) string {
	r.t.Helper()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(r.work, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			r.t.Fatal(err)
		}
		err := os.RemoveAll(name)
		if target, link := strings.CutPrefix(files[i+1], "-> "); err == nil && link {
			err = os.Symlink(target, name)
		} else if err == nil && files[i+1] != "" {
			err = os.WriteFile(name, []byte(files[i+1]), 0o644)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	r.git(r.work, "add", "-A")
	r.git(r.work, "commit", "--quiet", "--allow-empty", "-m", "x")
	return r.git(r.work, "rev-parse", "HEAD")
}

// push moves a ref of the bare repository, as the push before did.
func (r *repo) push(ref string) { r.git(r.work, "push", "--quiet", "--force", "origin", "HEAD:"+ref) }

// offer brings a commit's objects into the bare repository without moving a
// branch, as git's quarantine does.
func (r *repo) offer() {
	r.git(r.work, "push", "--quiet", "--force", "origin", "HEAD:refs/offered/x")
}

const none = "0000000000000000000000000000000000000000"

// fake answers every request alike and remembers them.
type fake struct {
	out  verdict.Outcome
	err  error
	hold <-chan struct{} // waits for it, or for ctx
	reqs []verdict.Request
}

func (f *fake) Admit(ctx context.Context, req verdict.Request, _ gate.Progress) (verdict.Outcome, error) {
	f.reqs = append(f.reqs, req)
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return verdict.Outcome{}, fmt.Errorf("still looking; see http://gate.invalid/d/%s (%w)", req.ID, ctx.Err())
		}
	}
	return f.out, f.err
}

func outcome(v verdict.Verdict) verdict.Outcome {
	return verdict.Outcome{Request: "r1", Status: verdict.Done, Verdict: v, DecisionURL: "http://gate.invalid/d/r1"}
}

// hookOn is a hook on a repository that asks f, and where it writes. opened
// counts how often a gate was reached for.
func hookOn(dir string, f *fake) (h *hook, said *bytes.Buffer, opened *int) {
	said, opened = &bytes.Buffer{}, new(int)
	return &hook{
		dir: dir, w: said, after: func(time.Duration) <-chan time.Time { return nil },
		request: verdict.Request{Door: "push", Registry: "main", Project: "p"},
		open: func(context.Context) (admitter, func(), error) {
			*opened++
			return f, func() {}, nil
		},
	}, said, opened
}

func line(before, after, ref string) string { return before + " " + after + " " + ref + "\n" }

func paths(list []verdict.Source) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Path)
	}
	return strings.Join(out, " ")
}

func TestHookReadsWhatAPushChanges(t *testing.T) {
	const bad = "Django==2.2.0\n"
	for _, tc := range []struct {
		name     string
		push     func(r *repo) string // gives the hook's input
		branches []string
		want     []string // for each request: "AFTER|BEFORE|PROBLEMS"
		why      string
	}{
		{"added", func(r *repo) string {
			a := r.commit("README.md", "x")
			r.push("main")
			b := r.commit("requirements.txt", bad)
			r.offer()
			return line(a, b, "refs/heads/main")
		}, nil, []string{"requirements.txt||"}, "a manifest that was not there"},
		{"changed", func(r *repo) string {
			a := r.commit("requirements.txt", "idna==3.10\n")
			r.push("main")
			b := r.commit("requirements.txt", bad)
			r.offer()
			return line(a, b, "refs/heads/main")
		}, nil, []string{"requirements.txt|requirements.txt|"}, "before and after are both read"},
		{"nothing", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.push("main")
			b := r.commit("README.md", "x")
			r.offer()
			return line(a, b, "refs/heads/main")
		}, nil, nil, "no manifest is touched"},
		{"first push", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.offer()
			return line(none, a, "refs/heads/main")
		}, nil, []string{"requirements.txt||"}, "an empty repository: everything is new"},
		{"new branch", func(r *repo) string {
			r.commit("requirements.txt", bad)
			r.push("main")
			b := r.commit("README.md", "x")
			r.offer()
			return line(none, b, "refs/heads/topic")
		}, nil, nil, "what main has already is not new on a branch from it"},
		{"force push", func(r *repo) string {
			r.commit("README.md", "x")
			r.git(r.work, "tag", "root")
			a := r.commit("requirements.txt", "idna==3.10\n")
			r.push("main")
			r.git(r.work, "reset", "--quiet", "--hard", "root")
			b := r.commit("poetry.lock", "x", "requirements.txt", bad)
			r.offer()
			return line(a, b, "refs/heads/main")
		}, nil, []string{"poetry.lock requirements.txt|requirements.txt|"}, "compared with what was there, ancestor or not"},
		{"delete", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.push("old")
			return line(a, none, "refs/heads/old")
		}, nil, nil, "nothing is left to look at"},
		{"tag", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.offer()
			return line(none, a, "refs/tags/v1")
		}, nil, nil, "tags are ignored"},
		{"merge", func(r *repo) string {
			a := r.commit("requirements.txt", "idna==3.10\n")
			r.push("main")
			r.git(r.work, "checkout", "--quiet", "-b", "side")
			r.commit("lib/requirements-dev.txt", bad)
			r.git(r.work, "checkout", "--quiet", "main")
			r.commit("README.md", "x")
			r.git(r.work, "merge", "--quiet", "--no-edit", "side")
			b := r.git(r.work, "rev-parse", "HEAD")
			r.offer()
			return line(a, b, "refs/heads/main")
		}, nil, []string{"lib/requirements-dev.txt||"}, "what the other parent brings counts"},
		{"two refs alike", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.offer()
			return line(none, a, "refs/heads/one") + line(none, a, "refs/heads/two")
		}, nil, []string{"requirements.txt||"}, "the same change is looked at once"},
		{"two refs", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.offer()
			r.push("refs/offered/y")
			b := r.commit("requirements.txt", "six==1.16.0\n")
			r.offer()
			return line(none, a, "refs/heads/one") + line(none, b, "refs/heads/two")
		}, nil, []string{"requirements.txt||", "requirements.txt||"}, "two changes are two requests"},
		{"link", func(r *repo) string {
			a := r.commit("README.md", "x")
			r.push("main")
			b := r.commit("requirements.txt", "-> /etc/hostname")
			r.offer()
			return line(a, b, "refs/heads/main")
		}, nil, []string{"||requirements.txt"}, "a link is not followed but held"},
		{"odd names", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.offer()
			var in string
			for _, name := range []string{"-x", "--upload-pack=x", "ü/é", "a'b;$(touch canary)`x`", "refs/heads/x", "HEAD"} {
				in += line(none, a, "refs/heads/"+name)
			}
			return in
		}, nil, []string{"requirements.txt||"}, "names are data"},
		{"pattern", func(r *repo) string {
			a := r.commit("requirements.txt", bad)
			r.offer()
			r.push("refs/offered/y")
			b := r.commit("requirements.txt", "six==1.16.0\n")
			r.offer()
			return line(none, a, "refs/heads/topic") + line(none, b, "refs/heads/release/1/x")
		}, []string{"main", "release/*"}, []string{"requirements.txt||"}, "only the branches that are asked for"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRepo(t)
			in := tc.push(r)
			f := &fake{out: outcome(verdict.Admit)}
			h, said, opened := hookOn(r.bare, f)
			h.branches = tc.branches
			if code := h.run(t.Context(), strings.NewReader(in)); code != 0 {
				t.Fatalf("exit code %d: %s", code, said)
			}
			var got []string
			for _, req := range f.reqs {
				var problems []string
				for _, p := range req.Problems {
					problems = append(problems, p.File)
				}
				got = append(got, paths(req.Files)+"|"+paths(req.Before)+"|"+strings.Join(problems, " "))
				if req.Door != "push" || req.Project != "p" || req.ID == "" || req.Created.IsZero() {
					t.Errorf("request %+v lacks what every push has", req)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("requests %q, want %q (%s)", got, tc.want, tc.why)
			}
			if want := min(len(tc.want), 1); *opened != want {
				t.Errorf("a gate was reached for %d times, want %d", *opened, want)
			}
			if len(tc.want) == 0 && said.Len() > 0 {
				t.Errorf("said %q about nothing", said)
			}
		})
	}
}

// Nothing that the repository or what is pushed configures may run.
func TestHookRunsNothingOfTheRepository(t *testing.T) {
	r := newRepo(t)
	canary := filepath.Join(t.TempDir(), "canary")
	script := filepath.Join(t.TempDir(), "run.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch '"+canary+"'\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := r.commit("README.md", "x")
	r.push("main")
	after := r.commit("requirements.txt", "Django==2.2.0\n", ".gitattributes", "* filter=evil diff=evil merge=evil\n", ".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::"+script+"\n")
	r.offer()
	for _, key := range []string{
		"core.fsmonitor", "diff.external", "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
		"merge.evil.driver", "core.pager", "pager.diff-tree", "core.sshCommand", "core.editor", "core.gitProxy", "credential.helper", "uploadpack.packObjectsHook", "gpg.program",
		"alias.diff-tree", "alias.rev-parse",
	} {
		value := script
		if strings.HasPrefix(key, "alias.") {
			value = "!" + script
		}
		r.git(r.bare, "config", key, value)
	}
	r.git(r.bare, "config", "log.showSignature", "true")
	r.git(r.bare, "diff", "--ext-diff", before, after)
	if _, err := os.Stat(canary); err != nil {
		t.Fatalf("the canary does not sing when git is asked plainly, so this test would prove nothing: %v", err)
	}
	if err := os.Remove(canary); err != nil {
		t.Fatal(err)
	}
	f := &fake{out: outcome(verdict.Admit)}
	h, said, _ := hookOn(r.bare, f)
	if code := h.run(t.Context(), strings.NewReader(line(before, after, "refs/heads/main")+line(none, after, "refs/heads/x"))); code != 0 || len(f.reqs) == 0 {
		t.Fatalf("exit code %d, %d requests: %s", code, len(f.reqs), said)
	}
	if _, err := os.Stat(canary); err == nil {
		t.Error("a command of the repository's own configuration ran")
	}
}

func TestHookDecides(t *testing.T) {
	r := newRepo(t)
	after := r.commit("requirements.txt", "Django==2.2.0\n")
	r.offer()
	in := line(none, after, "refs/heads/main")
	failed := outcome(verdict.Hold)
	failed.Status = verdict.Failed
	failed.Problems = []verdict.Problem{{Class: finding.Fault, Effect: verdict.EffectHold, Fatal: true, Text: "the index does not answer"}}
	cannot := errors.New("no gate answers at http://gate.invalid")
	for _, tc := range []struct {
		why    string
		f      fake
		refuse string
		code   int
		says   string
	}{
		{"a report lets a reject through", fake{out: outcome(verdict.Reject)}, refuseNothing, 0, "this is a report"},
		{"a report lets a hold through", fake{out: outcome(verdict.Hold)}, refuseNothing, 0, "this is a report"},
		{"a report of nothing bad is short", fake{out: outcome(verdict.Admit)}, refuseNothing, 0, "ADMIT"},
		{"a report survives a fault", fake{err: cannot}, refuseNothing, 0, "no gate answers"},
		{"a report survives a request without an answer", fake{out: failed}, refuseNothing, 0, "the index does not answer"},
		{"refusing turns a reject away", fake{out: outcome(verdict.Reject)}, refuseReject, 1, "the push is refused"},
		{"refusing lets a hold through", fake{out: outcome(verdict.Hold)}, refuseReject, 0, "this is a report"},
		{"refusing lets what is good through", fake{out: outcome(verdict.Admit)}, refuseReject, 0, "ADMIT"},
		{"refusing fails closed on a fault", fake{err: cannot}, refuseReject, 1, "no gate answers"},
		{"refusing fails closed without an answer", fake{out: failed}, refuseReject, 1, "NO ANSWER"},
		{"refusing holds turns a hold away", fake{out: outcome(verdict.Hold)}, refuseHold, 1, "the push is refused"},
		{"refusing holds turns a reject away", fake{out: outcome(verdict.Reject)}, refuseHold, 1, "the push is refused"},
		{"an empty answer is none", fake{}, refuseReject, 1, "the push is refused"},
	} {
		h, said, _ := hookOn(r.bare, &tc.f)
		h.refuse = tc.refuse
		if code := h.run(t.Context(), strings.NewReader(in)); code != tc.code || !strings.Contains(said.String(), tc.says) {
			t.Errorf("%s: exit code %d, %q; want %d and %q", tc.why, code, said, tc.code, tc.says)
		}
	}
}

func TestHookFaultsBeforeTheGate(t *testing.T) {
	r := newRepo(t)
	after := r.commit("requirements.txt", "Django==2.2.0\n")
	r.offer()
	good := line(none, after, "refs/heads/main")
	many := strings.Repeat(line(none, none, "refs/heads/x"), maxRefs+1)
	for _, tc := range []struct{ why, dir, in, says string }{
		{"no line of git's", r.bare, "nonsense\n", "nonsense"},
		{"an option for an id", r.bare, "--output=x " + after + " refs/heads/x\n", "no \"OLD NEW REF\""},
		{"control characters in a name stay harmless", r.bare, "x \x1b[31m\n", "\ufffd[31m"},
		{"a commit that is not there", r.bare, line(none, strings.Repeat("1", 40), "refs/heads/x"), "no commit"},
		{"no repository", t.TempDir(), good, "reading what refs/heads/main changes"},
		{"too many refs", r.bare, many, "push fewer"},
	} {
		for refuse, want := range map[string]int{refuseNothing: 0, refuseReject: 1, refuseHold: 1} {
			h, said, opened := hookOn(tc.dir, &fake{})
			h.refuse = refuse
			if code := h.run(t.Context(), strings.NewReader(tc.in)); code != want || !strings.Contains(said.String(), tc.says) || *opened != 0 {
				t.Errorf("%s, refusing %q: exit code %d, %q; want %d and %q", tc.why, refuse, code, said, want, tc.says)
			}
		}
	}
}

func TestHookGivesUpAfterAMinute(t *testing.T) {
	r := newRepo(t)
	after := r.commit("requirements.txt", "Django==2.2.0\n")
	r.offer()
	for refuse, tc := range map[string]struct {
		code int
		says string
	}{
		refuseNothing: {0, "the push goes through"},
		refuseReject:  {1, "push again in a minute"},
		refuseHold:    {1, "push again in a minute"},
	} {
		never := make(chan struct{})
		timer := make(chan time.Time, 1)
		h, said, _ := hookOn(r.bare, &fake{hold: never})
		h.refuse = refuse
		h.after = func(d time.Duration) <-chan time.Time {
			if d != 60*time.Second {
				t.Errorf("patience is %v, want 60 s", d)
			}
			return timer
		}
		inner := h.open
		h.open = func(ctx context.Context) (admitter, func(), error) {
			timer <- time.Now() // the change was read; now the minute is over
			return inner(ctx)
		}
		code := h.run(t.Context(), strings.NewReader(line(none, after, "refs/heads/main")))
		if code != tc.code || !strings.Contains(said.String(), tc.says) || !strings.Contains(said.String(), "still looking; see http://gate.invalid/d/r") {
			t.Errorf("refusing %q: exit code %d, %q; want %d, %q and the link", refuse, code, said, tc.code, tc.says)
		}
	}
}

func TestHookStaysWithin25Lines(t *testing.T) {
	r := newRepo(t)
	var in string
	for i := range 9 {
		id := r.commit("requirements.txt", fmt.Sprintf("six==1.%d\n", i))
		r.push(fmt.Sprintf("refs/offered/%d", i))
		in += line(none, id, fmt.Sprintf("refs/heads/%s%d", strings.Repeat("long", 40), i))
	}
	out := outcome(verdict.Reject)
	for i := range 40 {
		out.Versions = append(out.Versions, verdict.VersionOutcome{
			Purl: fmt.Sprintf("pkg:pypi/p%d@1", i), Verdict: verdict.Reject, New: true, File: "requirements.txt", Line: i + 1, Asked: fmt.Sprintf("p%d==1", i),
			Reasons: []verdict.Reason{{Rule: "x", Effect: verdict.EffectReject, Text: strings.Repeat("because ", 40)}},
		})
	}
	h, said, _ := hookOn(r.bare, &fake{out: out})
	h.refuse = refuseReject
	if code := h.run(t.Context(), strings.NewReader(in)); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	lines := strings.Split(strings.TrimRight(said.String(), "\n"), "\n")
	if len(lines) > 25 {
		t.Errorf("%d lines, want at most 25:\n%s", len(lines), said)
	}
	for _, l := range lines {
		if len([]rune(l)) > 80 && !strings.Contains(l, "://") {
			t.Errorf("%d columns: %s", len([]rune(l)), l)
		}
	}
	if !strings.Contains(said.String(), "more changes") {
		t.Errorf("does not say that there is more:\n%s", said)
	}
}

func TestHookRefusesMoreChangesThanItLooksAt(t *testing.T) {
	r := newRepo(t)
	var in string
	for i := range maxLooks + 1 {
		id := r.commit("requirements.txt", fmt.Sprintf("six==1.%d\n", i))
		r.push(fmt.Sprintf("refs/offered/%d", i))
		in += line(none, id, fmt.Sprintf("refs/heads/%d", i))
	}
	h, said, opened := hookOn(r.bare, &fake{out: outcome(verdict.Admit)})
	h.refuse = refuseReject
	if code := h.run(t.Context(), strings.NewReader(in)); code != 1 || *opened != 0 || !strings.Contains(said.String(), "push fewer at once") {
		t.Errorf("exit code %d, opened %d: %s", code, *opened, said)
	}
}

// TestHookAsksTheServingGate has the request answered by the process that owns
// the data folder, over its socket.
func TestHookAsksTheServingGate(t *testing.T) {
	d := servingGate(t)
	ctx := t.Context()
	a := d.inside(os.Stderr)
	g, done, err := a.hookGate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done()
	if _, ok := g.(*client.Client); !ok {
		t.Fatalf("the hook asks a %T, want the gate that serves", g)
	}
	r := newRepo(t)
	after := r.commit("requirements.txt", "Django==2.2.0\n")
	r.offer()
	h, said, _ := hookOn(r.bare, nil)
	h.open, h.refuse = a.hookGate, refuseReject
	if code := h.run(ctx, strings.NewReader(line(none, after, "refs/heads/main"))); code != 1 || !strings.Contains(said.String(), "change to: Django==2.2.28") {
		t.Errorf("exit code %d, %s; want a refusal with its remedy", code, said)
	}
}

func FuzzReadUpdates(f *testing.F) {
	id := strings.Repeat("a", 40)
	f.Add(line(none, id, "refs/heads/main") + line(id, none, "refs/tags/x y"))
	f.Add("x\n")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := readUpdates(strings.NewReader(in))
		if err != nil {
			return
		}
		var back strings.Builder
		for _, u := range got {
			if !objectName().MatchString(u.before) || !objectName().MatchString(u.after) {
				t.Fatalf("%q is taken for an object", u)
			}
			back.WriteString(line(u.before, u.after, u.ref))
		}
		if len(got) > maxRefs || strings.TrimRight(back.String(), "\n") != strings.TrimRight(strings.ReplaceAll(in, "\r\n", "\n"), "\r\n") {
			t.Fatalf("%q was read as %q", in, back.String())
		}
	})
}

// TestPushPageRunsInItsScript keeps docs/push.md true: each of its commands is a
// line of the script that the tests run.
func TestPushPageRunsInItsScript(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "push.md"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join("testdata", "script", "push.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var run []string
	for l := range strings.Lines(string(script)) {
		run = append(run, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(l), "! "), "exec "))
	}
	commands := 0
	for _, block := range strings.Split(string(page), "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for l := range strings.Lines(block) {
			commands++
			if l = strings.TrimSpace(l); !slices.Contains(run, l) {
				t.Errorf("docs/push.md says %q, which no script runs", l)
			}
		}
	}
	if commands < 8 {
		t.Errorf("found only %d commands on the page", commands)
	}
}
