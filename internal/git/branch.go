package git

import (
	"context"
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// maxTips is how many branches a new one is compared with, the newest first.
// With fewer, more counts as new; never less.
const maxTips = 1000

// CheckPattern says what is wrong with a pattern of branch names. A pattern is a
// branch's name in which a star stands for any run of characters, slashes too:
// "main", "release/*", "*-lts". "refs/heads/" may stand before it. Characters
// that no branch can have (git-check-ref-format manual) are errors, since such a
// pattern would never match.
func CheckPattern(pattern string) error {
	name := strings.TrimPrefix(pattern, headsPrefix)
	impossible := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?[\`, r) }
	if name == "" || strings.ContainsFunc(name, impossible) || strings.Contains(name, "..") || strings.Contains(name, "@{") ||
		strings.Contains(name, "//") || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.HasSuffix(name, ".lock") {
		return fmt.Errorf("%q matches no branch; write a branch's name, with * for any characters, such as release/*", artifact.Untrusted(pattern))
	}
	return nil
}

const headsPrefix = "refs/heads/"

// matchBranch says whether a branch, by its name without refs/heads/, matches a
// pattern.
func matchBranch(pattern, branch string) bool {
	parts := strings.Split(strings.TrimPrefix(pattern, headsPrefix), "*")
	last := len(parts) - 1
	if last == 0 {
		return branch == parts[0]
	}
	rest, ok := strings.CutPrefix(branch, parts[0])
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if !ok || i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return ok && strings.HasSuffix(rest, parts[last])
}

func matchesAny(patterns []string, branch string) bool {
	for _, p := range patterns {
		if matchBranch(p, branch) {
			return true
		}
	}
	return len(patterns) == 0
}

// wanted says ErrNotWanted when patterns are given and none matches the branch.
func (r repository) wanted(ctx context.Context, g Range) error {
	if len(g.Branches) == 0 {
		return nil
	}
	for _, p := range g.Branches {
		if err := CheckPattern(p); err != nil {
			return err
		}
	}
	ref := g.Ref
	if ref == "" {
		var err error
		if ref, err = r.branchOf(ctx, g.New); err != nil {
			return err
		}
	}
	if branch, ok := strings.CutPrefix(ref, headsPrefix); ok && matchesAny(g.Branches, branch) {
		return nil
	}
	return ErrNotWanted
}

// branchOf finds the branch that a revision names. One that names none, or a tag
// and a branch at once, is an error and not a branch that is not wanted: a tag
// that somebody pushed under a branch's name must not hide the branch.
func (r repository) branchOf(ctx context.Context, rev string) (string, error) {
	b, code, err := r.output(ctx, "rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options", rev)
	if err != nil {
		return "", err
	}
	ref := strings.TrimSuffix(string(b), "\n")
	if code != 0 || !strings.HasPrefix(ref, headsPrefix) || strings.Contains(ref, "\n") {
		return "", fmt.Errorf("%q names no branch, so it cannot be told whether the patterns of --branch take it; give the branch's name as NEW", artifact.Untrusted(rev))
	}
	return ref, nil
}

// base is the commit or tree to compare with. A new branch is compared with the
// point where it left the branches that are looked at, and with the empty tree
// when it shares nothing with them. What only branches hold that nobody looked
// at counts as new.
func (r repository) base(ctx context.Context, g Range, after string) (string, error) {
	if g.Old != "" && !isZero(g.Old) {
		return r.commit(ctx, g.Old)
	}
	tips, err := r.tips(ctx, g, after)
	if err != nil {
		return "", err
	}
	if len(tips) > 0 {
		b, code, err := r.output(ctx, append([]string{"merge-base", after}, tips...)...)
		if id := strings.TrimSpace(string(b)); err != nil || code == 0 && objectID().MatchString(id) {
			return id, err
		} else if code != 1 {
			return "", fmt.Errorf("git merge-base printed %q", artifact.Untrusted(id))
		}
	}
	return emptyTree(after), nil
}

// tips lists the commits of the other branches that are looked at. Without a
// ref's name a branch at the very commit may be the new one itself.
func (r repository) tips(ctx context.Context, g Range, after string) ([]string, error) {
	b, code, err := r.output(ctx, "for-each-ref", "--sort=-committerdate", "--format=%(objectname) %(refname)", headsPrefix)
	if err != nil || code != 0 {
		return nil, fmt.Errorf("listing branches: git for-each-ref ended with %d: %w", code, err)
	}
	var tips []string
	for line := range strings.Lines(string(b)) {
		id, ref, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		self := ref == g.Ref || g.Ref == "" && id == after
		if !self && len(tips) < maxTips && objectID().MatchString(id) && matchesAny(g.Branches, strings.TrimPrefix(ref, headsPrefix)) {
			tips = append(tips, id)
		}
	}
	return tips, nil
}

// emptyTree is the id of the tree without entries, in the hash of the id given.
// git knows both without having them.
func emptyTree(like string) string {
	if len(like) == 64 {
		return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
	}
	return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
}
