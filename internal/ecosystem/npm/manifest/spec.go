package manifest

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// wish is what a package.json asks of one name, taken apart as
// https://github.com/npm/npm-package-arg does, with the forms of the other
// clients.
type wish struct {
	name   string // of the package that comes, "" when it comes from no registry
	spec   string // a range or a tag, "" for any
	alias  bool   // the name that it is installed under is another one
	rule   string // why it does not come from the registry; "" when it does
	what   string // the same in words, without an article
	member bool   // it comes from the project's own tree (workspace:)
	named  string // the catalog that says the rest; see isCatalog
}

// isCatalog says that pnpm-workspace.yaml or the project's package.json has the spec.
func (w wish) isCatalog() bool { return w.named != "" }

var (
	forgeForm   = lazy.Regexp(`^[^@:/\s.~][^@:/\s]*/[^:/\s#]+(?:#.*)?$`)
	scpForm     = lazy.Regexp(`^[^@\s/]+@[^:\s/]+:.+`)
	windowsPath = lazy.Regexp(`^[A-Za-z]:[\\/]`)
	tagForm     = lazy.Regexp(`^[A-Za-z0-9_.!~*'()-]+$`)
)

// elsewhere are the forms that come from no registry, by what they begin with.
var elsewhere = []struct{ prefix, rule, what string }{
	{"git+", RuleVCS, "a git repository"}, {"git:", RuleVCS, "a git repository"}, {"git@", RuleVCS, "a git repository"},
	{"ssh:", RuleVCS, "a git repository"}, {"github:", RuleVCS, "a git repository"}, {"gitlab:", RuleVCS, "a git repository"},
	{"bitbucket:", RuleVCS, "a git repository"}, {"gist:", RuleVCS, "a git repository"}, {"hg+", RuleVCS, "a repository"}, {"svn+", RuleVCS, "a repository"},
	{"http:", RuleURL, "a tarball by its address"}, {"https:", RuleURL, "a tarball by its address"},
	{"file:", RulePath, "a local path"}, {"link:", RulePath, "a local path"}, {"portal:", RulePath, "a local path"},
	{"patch:", RulePath, "a package that a patch of the project changes"}, {"exec:", RulePath, "a program of the project that makes it"},
	{"./", RulePath, "a local path"}, {"../", RulePath, "a local path"}, {"/", RulePath, "a local path"}, {"~/", RulePath, "a local path"},
	{`.\`, RulePath, "a local path"}, {`..\`, RulePath, "a local path"},
	{"jsr:", RuleSource, "another registry (jsr)"}, {"vlt:", RuleSource, "another registry"}, {"root:", RulePath, "a local path"},
}

// readWish takes the value of a dependency apart.
func readWish(key, written string) wish {
	spec := strings.TrimSpace(written)
	lower := strings.ToLower(spec)
	switch {
	case strings.HasPrefix(lower, "workspace:"):
		return wish{name: key, member: true, spec: spec[len("workspace:"):]}
	case strings.HasPrefix(lower, "catalog:"):
		return wish{name: key, named: "catalog:" + spec[len("catalog:"):]}
	case strings.HasPrefix(lower, "npm:"):
		return readAlias(key, strings.TrimSpace(spec[len("npm:"):]))
	case spec == "." || spec == ".." || windowsPath().MatchString(spec):
		return wish{rule: RulePath, what: "a local path"}
	}
	for _, e := range elsewhere {
		if strings.HasPrefix(lower, e.prefix) {
			if isGitHost(e.rule, lower) {
				return wish{rule: RuleVCS, what: "a git repository"}
			}
			return wish{rule: e.rule, what: e.what}
		}
	}
	switch {
	case strings.HasSuffix(lower, ".tgz"), strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tar"):
		return wish{rule: RulePath, what: "a local path"}
	case forgeForm().MatchString(spec), scpForm().MatchString(spec):
		return wish{rule: RuleVCS, what: "a git repository"}
	case strings.Contains(spec, "/"):
		return wish{rule: RulePath, what: "a local path"}
	case isSpec(spec):
		return wish{name: key, spec: spec}
	}
	return wish{rule: RuleSource, what: "a form that the gate does not know"}
}

// isGitHost tells a repository from a tarball: clients clone an address that ends
// in .git.
func isGitHost(rule, lower string) bool {
	if rule != RuleURL {
		return false
	}
	u, err := url.Parse(lower)
	return err == nil && strings.HasSuffix(u.Path, ".git")
}

// isSpec says that a registry answers a text: a range or the name of a tag.
func isSpec(spec string) bool {
	return isRange(spec) || tagForm().MatchString(spec)
}

// readAlias reads what stands behind npm:, a name with a spec or, for some clients,
// the spec alone.
func readAlias(key, rest string) wish {
	target, spec := splitFirst(rest)
	if spec == "" && isRange(target) {
		return wish{name: key, spec: rest}
	}
	if !name.Valid(target) || !isSpec(spec) {
		return wish{rule: RuleSource, what: "a form that the gate does not know"}
	}
	return wish{name: target, spec: spec, alias: target != key}
}

// readBerryWish is readWish as yarn 2 and later do it: npm:latest is a tag there.
func readBerryWish(key, spec string) wish {
	if rest, ok := strings.CutPrefix(spec, "npm:"); ok && !strings.Contains(rest, "@") {
		return wish{name: key, spec: rest}
	}
	return readWish(key, spec)
}

func isRange(s string) bool {
	_, err := semver.ParseRange(s)
	return err == nil
}

// aliasEffect is what an alias does: under the name of another scope it may be
// meant to be taken for an internal package, and waits for a person.
func aliasEffect(alias, target string) string {
	a, _ := name.Split(alias)
	t, _ := name.Split(target)
	if a != t {
		return manifestfile.Hold
	}
	return manifestfile.Note
}

// shown is a spec for messages.
func shown(spec string) string { return artifact.Untrusted(spec).String() }

// Dependency reads one dependency of a published package: the package that a
// registry is asked for, and the range or tag. The error says in words what a
// dependency is that no registry answers for.
func Dependency(key, written string) (pkg, spec string, err error) {
	w := readWish(key, written)
	switch {
	case w.member || w.isCatalog():
		return "", "", fmt.Errorf("%s from the tree that it was made in", shown(key))
	case w.rule != "":
		return "", "", fmt.Errorf("%s from %s", shown(key), w.what)
	case !name.Valid(w.name):
		return "", "", fmt.Errorf("%s, which is no package name", manifestfile.Quote(w.name))
	}
	return w.name, w.spec, nil
}
