// Package workflow gives the facts of GitHub workflow and action files
// (https://docs.github.com/actions/reference/workflow-syntax-for-github-actions): the
// shapes by which a stranger's pull request or comment gets to run commands with a
// repository's rights, and the commands of the steps themselves, which are handed on
// to the reader of their shell.
//
// Files are read as YAML nodes; an alias is followed only as far as a budget of nodes
// goes, so that aliases of aliases cost nothing. It runs nothing and fetches nothing.
//
// Special names, all of the kind Hook: "pull_request_target-checkout" (Args: the
// trigger and the ref), "event-text-in-run" (Args: the expression), "unpinned-action"
// (Args: what uses says), "write-all" (Args: the permission), "id-token-write",
// "self-hosted-on-pull-request", "unsecure-commands", "action-main" (Args: the file
// that an action runs), "trigger" (Args: the event, for those that strangers cause).
// Secret has the name "all-secrets". A job's facts have its id as Scope.
package workflow

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

const (
	mostSource = 256 << 10 // bytes; no honest file comes near
	mostNodes  = 50000     // that are looked at, aliases followed
)

// Analyze gives the facts of one file.
func Analyze(src []byte) code.Facts {
	a := &analysis{out: code.NewCollector(code.Workflow, src), left: mostNodes}
	var doc yaml.Node
	switch {
	case len(src) > mostSource:
		a.out.Cut("the file is larger than a workflow can be")
	case yaml.Unmarshal(src, &doc) != nil:
		a.out.Unread("the file is no YAML")
	case len(doc.Content) > 0:
		a.file(doc.Content[0])
	}
	return a.out.Facts()
}

type analysis struct {
	out      *code.Collector
	left     int
	scope    string
	triggers []string
}

func (a *analysis) add(n *yaml.Node, k code.Kind, name string, args ...string) {
	a.out.Add(code.Fact{Kind: k, Name: name, Line: max(1, n.Line), Column: n.Column, Scope: a.scope, Args: args})
}

// follow resolves an alias, within the budget.
func (a *analysis) follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		if a.left--; a.left < 0 {
			return nil
		}
		n = n.Alias
	}
	if a.left--; a.left < 0 {
		a.out.Cut("the file has more nodes, or aliases of aliases, than are read")
		return nil
	}
	return n
}

// get is the value of a key; nil when there is none.
func (a *analysis) get(n *yaml.Node, key string) *yaml.Node {
	for k, v := range a.pairs(n) {
		if k.Value == key {
			return v
		}
	}
	return nil
}

// pairs are the keys and values of a mapping.
func (a *analysis) pairs(n *yaml.Node) func(func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		n := a.follow(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v := a.follow(n.Content[i+1])
			if v == nil {
				return
			}
			if !yield(n.Content[i], v) {
				return
			}
		}
	}
}

// items are the parts of a sequence, or the one scalar that stands for it.
func (a *analysis) items(n *yaml.Node) []*yaml.Node {
	n = a.follow(n)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode:
		return []*yaml.Node{n}
	case n.Kind != yaml.SequenceNode:
		return nil
	}
	var out []*yaml.Node
	for _, c := range n.Content {
		if c = a.follow(c); c == nil {
			break
		}
		out = append(out, c)
	}
	return out
}

func (a *analysis) file(root *yaml.Node) {
	on := a.get(root, "on")
	for _, n := range a.items(on) {
		a.trigger(n)
	}
	for k := range a.pairs(on) {
		a.trigger(k)
	}
	a.permissions(a.get(root, "permissions"))
	a.environment(a.get(root, "env"))
	for id, job := range a.pairs(a.get(root, "jobs")) {
		a.scope = id.Value
		a.job(job)
	}
	a.scope = ""
	if runs := a.get(root, "runs"); runs != nil {
		a.action(runs)
	}
}

// trigger keeps an event, and tells those that strangers cause with the rights of the repository.
func (a *analysis) trigger(n *yaml.Node) {
	a.triggers = append(a.triggers, n.Value)
	switch n.Value {
	case "pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment":
		a.add(n, code.Hook, "trigger", n.Value)
	}
}

func (a *analysis) permissions(n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Value == "write-all" {
		a.add(n, code.Hook, "write-all", n.Value)
	}
	for k, v := range a.pairs(n) {
		if k.Value == "id-token" && v.Value == "write" {
			a.add(k, code.Hook, "id-token-write")
		}
	}
}

func (a *analysis) environment(n *yaml.Node) {
	for k, v := range a.pairs(n) {
		if k.Value == "ACTIONS_ALLOW_UNSECURE_COMMANDS" && v.Value == "true" {
			a.add(k, code.Hook, "unsecure-commands")
		}
		a.secrets(v)
	}
}

// secrets: all of them are given away at once.
func (a *analysis) secrets(n *yaml.Node) {
	if s := strings.ToLower(strings.ReplaceAll(n.Value, " ", "")); strings.Contains(s, "tojson(secrets)") {
		a.add(n, code.Secret, "all-secrets")
	}
}

func (a *analysis) job(job *yaml.Node) {
	a.permissions(a.get(job, "permissions"))
	a.environment(a.get(job, "env"))
	if runner := a.get(job, "runs-on"); runner != nil {
		labels := a.items(runner)
		if l := a.get(runner, "labels"); l != nil {
			labels = a.items(l)
		}
		for _, n := range labels {
			if n.Value == "self-hosted" && (slices.Contains(a.triggers, "pull_request") || slices.Contains(a.triggers, "pull_request_target")) {
				a.add(n, code.Hook, "self-hosted-on-pull-request")
			}
		}
	}
	if uses := a.get(job, "uses"); uses != nil {
		a.uses(uses)
	}
	a.steps(a.get(job, "steps"))
}

// action reads what an action file runs.
func (a *analysis) action(runs *yaml.Node) {
	for _, key := range []string{"main", "pre", "post", "image"} {
		if n := a.get(runs, key); n != nil {
			a.add(n, code.Hook, "action-main", n.Value)
		}
	}
	a.steps(a.get(runs, "steps"))
}

func (a *analysis) steps(steps *yaml.Node) {
	var head *yaml.Node // of a checkout of what a stranger sent
	for _, step := range a.items(steps) {
		uses, run := a.get(step, "uses"), a.get(step, "run")
		with := a.get(step, "with")
		a.environment(a.get(step, "env"))
		for _, v := range a.pairs(with) {
			a.secrets(v)
		}
		if uses != nil {
			a.uses(uses)
			if ref := a.get(with, "ref"); ref != nil && strings.Contains(uses.Value, "checkout") && strangers().MatchString(ref.Value) {
				head = ref
			} else if head != nil {
				a.checkedOut(head)
			}
			if script := a.get(with, "script"); script != nil && strings.Contains(uses.Value, "github-script") {
				a.run(script, code.JavaScript)
			}
		}
		if run != nil {
			if head != nil {
				a.checkedOut(head)
			}
			if strangerCheckout().MatchString(run.Value) {
				a.checkedOut(run)
			}
			a.run(run, a.shell(step))
		}
	}
}

// checkedOut: code of a stranger is there when the step runs.
func (a *analysis) checkedOut(ref *yaml.Node) {
	for _, t := range a.triggers {
		if t == "pull_request_target" || t == "workflow_run" || t == "issue_comment" {
			a.add(ref, code.Hook, "pull_request_target-checkout", t, firstLine(ref.Value))
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

var (
	strangers        = lazy.Regexp(`github\.head_ref|github\.event\.pull_request\.head|github\.event\.workflow_run\.head|refs/pull/|github\.event\.(number|pull_request\.number|issue\.number)`)
	strangerCheckout = lazy.Regexp(`gh pr checkout|git (checkout|fetch|pull)[^\n]*(refs/pull|github\.head_ref|pull_request\.head)`)
	// eventText are the expressions that hold what a stranger wrote.
	eventText = lazy.Regexp(`\$\{\{[^}]*?(github\.event\.(issue|pull_request|discussion)\.(title|body)|github\.event\.(comment|review|review_comment)\.body|github\.event\.pull_request\.head\.(ref|label|repo\.default_branch)|github\.event\.(commits|head_commit)[\w.\[\]*]*\.(message|name|email)|github\.event\.pages[\w.\[\]*]*\.page_name|github\.event\.workflow_run\.(head_branch|head_commit\.message|display_title)|github\.head_ref)[^}]*\}\}`)
	sha       = lazy.Regexp(`@[0-9a-f]{40}([0-9a-f]{24})?$|@sha256:[0-9a-f]{64}$`)
)

// uses: an action that is named by a branch or tag is whatever that points at today.
func (a *analysis) uses(n *yaml.Node) {
	if n.Value == "" || strings.HasPrefix(n.Value, "./") || sha().MatchString(n.Value) {
		return
	}
	a.add(n, code.Hook, "unpinned-action", n.Value)
}

func (a *analysis) shell(step *yaml.Node) code.Language {
	n := a.get(step, "shell")
	switch {
	case n == nil:
		return code.Shell
	case strings.HasPrefix(n.Value, "pwsh"), strings.HasPrefix(n.Value, "powershell"):
		return code.PowerShell
	case strings.HasPrefix(n.Value, "cmd"):
		return code.Batch
	case strings.HasPrefix(n.Value, "python"):
		return code.Python
	case strings.HasPrefix(n.Value, "node"):
		return code.JavaScript
	}
	return code.Shell
}

// run hands a step's text on, and looks for what others write into it.
func (a *analysis) run(n *yaml.Node, l code.Language) {
	a.secrets(n)
	for _, m := range eventText().FindAllString(n.Value, 20) {
		a.add(n, code.Hook, "event-text-in-run", m)
	}
	in := code.Fact{Kind: code.Exec, Name: "run", Line: max(1, n.Line), Column: n.Column, Scope: a.scope, Args: []string{n.Value}}
	a.out.Add(in)
	a.out.Embed(code.Embedded{Language: l, Text: []byte(n.Value), In: in})
}
