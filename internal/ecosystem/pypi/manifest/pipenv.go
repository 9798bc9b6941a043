package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// category is the group that a category of pipenv is. Its two oldest ones go by
// other names in the Pipfile than in the lock.
func category(written string) string {
	switch written {
	case "packages", "default":
		return ""
	case "dev-packages":
		return "develop"
	}
	return ecosystem.GroupName(written)
}

// parsePipfileLock reads Pipfile.lock, pipfile-spec 6 (https://pipenv.pypa.io/en/latest/pipfile.html).
//
// The lock holds hashes and no file names, and no word on who needs whom: what the
// project itself asks for is taken from the Pipfile beside it, and counts as all
// of it where there is none. pipenv installs from the indexes of the lock,
// whatever else is set, so each is a reject, unless it is the gate.
func parsePipfileLock(r *reader) error {
	b, err := r.readOwn()
	if err != nil {
		return err
	}
	d, err := parseJSON(r.m.Path, b)
	if err != nil {
		return err
	}
	r.m.Locked, r.m.Hashed = true, true
	l := &lock{reader: r, document: d, name: PipfileLock, relock: "`pipenv lock`", hosts: map[string]int{}}
	p := &pipfileLock{lock: l, direct: l.direct()}
	meta := p.table(p.root, "_meta")
	if v := meta.get("pipfile-spec"); v == nil || v.text != "6" {
		return syntax(finding.Location{File: r.m.Path, Line: 1}, "this is no Pipfile.lock of pipfile-spec 6, the one that the gate reads; write it again with `pipenv lock`")
	}
	p.m.RequiresPython = pythonRequired(l.document, l.table(meta, "requires"))
	for _, s := range p.tables(meta, "sources") {
		if err := p.pipenvSource(p.document, s, "the lock's source", "name the gate's registry as the [[source]] of the Pipfile and run `pipenv lock`"); err != nil {
			return err
		}
	}
	if len(d.root.fields) > maxGroups {
		return tooLarge(r.m.Path, "it has more than %d categories", maxGroups)
	}
	for _, f := range d.root.fields {
		if f.key == "_meta" {
			continue
		}
		t := p.table(d.root, f.key)
		if t == nil {
			return p.err
		}
		for _, e := range t.fields {
			if err := p.entry(e, category(f.key)); err != nil {
				return err
			}
		}
	}
	return p.err
}

type pipfileLock struct {
	*lock
	direct map[string]bool // "group name" of what the Pipfile asks for; nil when there is none
}

// direct reads the Pipfile beside the lock.
func (l *lock) direct() map[string]bool {
	roots := l.roots(Pipfile)
	if roots == nil {
		return nil
	}
	out := map[string]bool{}
	for _, r := range roots {
		for _, e := range r.edges {
			out[r.group+" "+e.pkg.Name] = true
		}
	}
	return out
}

func (p *pipfileLock) entry(e field, group string) error {
	t := e.val
	if _, err := pep503.Parse(e.key); err != nil {
		return p.bad(e.at, "%s is no package name; write the lock again with `pipenv lock`", quote(e.key))
	}
	if t.kind != unstable.Table {
		return p.bad(e.at, "%s must be an object; write the lock again with `pipenv lock`", quote(e.key))
	}
	req := ecosystem.Requirement{Package: named(e.key), Written: e.key, At: p.place(e.at), Groups: []string{group}}
	req.Direct = p.direct == nil || p.direct[group+" "+req.Package.Name]
	if rule, what := pipenvElsewhere(t); rule != "" {
		return p.foreign(e.at, req, rule, what)
	}
	written := p.text(t, "version")
	if p.err != nil {
		return p.err
	}
	number := strings.TrimPrefix(written, "==")
	v, err := pep440.Parse(number)
	if err != nil || number == written {
		// pipenv locks for the platform it runs on and leaves the others' open.
		return p.report(ecosystem.Problem{
			Rule: RuleLockOpen, Class: finding.Manifest, Effect: hold, At: req.At,
			Text: fmt.Sprintf("the lock names no version of %s, so which one is installed where its marker holds is open; lock on that platform too", req.Package.Name),
		})
	}
	req.Number, req.Spec, req.Written = v.String(), "=="+v.String(), e.key+"=="+number
	req.Extras = normalized(p.texts(t, "extras"))
	if len(req.Extras) > pep508.MaxExtras {
		return tooLarge(p.m.Path, "%s asks for more than %d extras", req.Package.Name, pep508.MaxExtras)
	}
	if p.text(t, "markers") != "" {
		if req.Marker, err = p.markerText(t.get("markers")); err != nil {
			return err
		}
	}
	if req.Hashes, err = p.hashes(t, req); err != nil {
		return err
	}
	return p.require(req)
}

func (p *pipfileLock) hashes(t *value, req ecosystem.Requirement) ([]string, error) {
	var out []string
	for _, v := range p.strings(t, "hashes") {
		algorithm, digest, ok := strings.Cut(strings.ToLower(v.text), ":")
		size := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
		if !ok || len(digest) != size || strings.Trim(digest, "0123456789abcdef") != "" {
			return nil, p.bad(v.at, "%s is no hash that pip takes; write the lock again with `pipenv lock`", quote(v.text))
		}
		out = append(out, algorithm+":"+digest)
	}
	if len(out) > 0 || p.err != nil {
		return out, p.err
	}
	return nil, p.report(ecosystem.Problem{
		Rule: RuleLockNoHash, Class: finding.Manifest, Effect: hold, At: req.At,
		Text: fmt.Sprintf("nothing in the lock vouches for the bytes of %s; write the lock again with `pipenv lock` against an index that gives hashes", req.Package.Name),
	})
}

// pipenvElsewhere says what an entry of a Pipfile or its lock comes from, if not
// from an index.
func pipenvElsewhere(t *value) (rule, what string) {
	for _, vcs := range []string{"git", "hg", "svn", "bzr"} {
		if t.get(vcs) != nil {
			return RuleVCS, "a version control address"
		}
	}
	for _, key := range []string{"file", "path", "uri"} {
		v := t.get(key)
		if v == nil {
			continue
		}
		if s := scheme(v.text); s != "" && s != "file" {
			return RuleURL, "a direct address (" + origin(v.text) + ")"
		}
		return RulePath, "a local path"
	}
	if v := t.get("editable"); v != nil && v.text == "true" {
		return RulePath, "an editable folder"
	}
	return "", ""
}

// variableInSource is how pipenv finds variables in a source's address.
var variableInSource = lazy.Regexp(`\$\{?[A-Za-z_]`)

// pipenvSource reports an index that a Pipfile or its lock names.
func (r *reader) pipenvSource(d *document, s *value, what, advice string) error {
	address, at := d.text(s, "url"), d.place(s.at)
	if d.err != nil {
		return d.err
	}
	if variableInSource().MatchString(address) {
		return r.report(ecosystem.Problem{Rule: RuleVariable, Class: finding.Origin, Effect: hold, At: at,
			Text: what + " is an address with a variable in it, whose value the gate does not know; " + advice})
	}
	if v := s.get("verify_ssl"); v != nil && v.kind == unstable.Bool && v.text == "false" && scheme(address) == "https" {
		if err := r.report(ecosystem.Problem{Rule: RuleTransport, Class: finding.Origin, Effect: hold, At: at,
			Text: "verify_ssl = false lets pipenv accept a host without a valid certificate; remove it"}); err != nil {
			return err
		}
	}
	return r.report(ecosystem.Problem{Rule: RuleIndex, Class: finding.Origin, Effect: reject, At: at, Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("%s leads pipenv to %s, around the gate; %s", what, origin(address), advice)})
}

// pythonRequired turns [requires] into a specifier; "" when it says nothing that
// can be read.
func pythonRequired(d *document, t *value) string {
	if full := d.text(t, "python_full_version"); full != "" {
		if v, err := pep440.Parse(full); err == nil {
			return "==" + v.String()
		}
	}
	if minor := d.text(t, "python_version"); minor != "" {
		if set, err := pep440.ParseSpecifiers("==" + minor + ".*"); err == nil {
			return set.String()
		}
	}
	return ""
}

// parsePipfile reads a Pipfile: its categories, each a table of packages, the
// sources and the Python version it asks for.
func parsePipfile(r *reader) error {
	d, err := r.toml()
	if err != nil {
		return err
	}
	p := &pipfile{reader: r, document: d}
	for _, s := range d.tables(d.root, "source") {
		if err := r.pipenvSource(d, s, "[[source]]", indexAdvice("pipenv")); err != nil {
			return err
		}
	}
	r.m.RequiresPython = pythonRequired(d, d.table(d.root, "requires"))
	r.m.PreReleases = d.flag(d.table(d.root, "pipenv"), "allow_prereleases")
	if len(d.root.fields) > maxGroups {
		return tooLarge(r.m.Path, "it has more than %d categories", maxGroups)
	}
	for _, f := range d.root.fields {
		if slices.Contains(notCategories, f.key) || f.val.kind != unstable.Table {
			continue
		}
		for _, e := range f.val.fields {
			if err := p.entry(e, category(f.key)); err != nil {
				return err
			}
		}
	}
	return d.err
}

// notCategories are the tables of a Pipfile that hold no packages.
var notCategories = []string{"source", "requires", "pipenv", "scripts"}

type pipfile struct {
	*reader
	*document
}

func (p *pipfile) entry(e field, group string) error {
	if _, err := pep503.Parse(e.key); err != nil {
		return syntax(p.place(e.at), "%s is no package name; correct it", quote(e.key))
	}
	req := ecosystem.Requirement{Package: named(e.key), Groups: []string{group}, Direct: true, At: p.place(e.at)}
	written := e.val.text
	switch e.val.kind {
	case unstable.String:
	case unstable.Table:
		if rule, what := pipenvElsewhere(e.val); rule != "" {
			return p.report(ecosystem.Problem{Rule: rule, Class: finding.Manifest, Effect: effectOf(rule), At: req.At,
				Text: fmt.Sprintf("pipenv takes %s from %s, which comes from no index, so the gate cannot look at it; pin a release, or publish it to the gate", req.Package.Name, what)})
		}
		written = p.text(e.val, "version")
		req.Extras = normalized(p.texts(e.val, "extras"))
		var err error
		if req.Marker, err = p.marker(e); err != nil {
			return err
		}
	default:
		return syntax(p.place(e.at), "%s must be a version or a table; correct it", quote(e.key))
	}
	if p.err != nil {
		return p.err
	}
	if len(req.Extras) > pep508.MaxExtras {
		return tooLarge(p.m.Path, "%s asks for more than %d extras", req.Package.Name, pep508.MaxExtras)
	}
	spec := strings.TrimSpace(written)
	if spec == "*" {
		spec = ""
	}
	set, err := pep440.ParseSpecifiers(spec)
	if err != nil {
		return syntax(p.place(e.at), "%s is no version specifier; correct it", quote(written))
	}
	req.Spec, req.Written = set.String(), e.key+" "+written
	if v, ok := set.Exact(); ok && strings.HasPrefix(req.Spec, "==") {
		req.Number = v.String()
	}
	return p.require(req)
}

// markerKeys are the variables of markers that a Pipfile takes as keys of a
// package, each with an operator and a value.
var markerKeys = []string{
	"os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release", "platform_system",
	"platform_version", "python_version", "python_full_version", "implementation_name", "implementation_version",
}

// marker joins markers and single variables, which must all hold.
func (p *pipfile) marker(e field) (string, error) {
	var all []string
	if m := p.text(e.val, "markers"); m != "" {
		all = append(all, "("+m+")")
	}
	for _, key := range markerKeys {
		if condition := p.text(e.val, key); condition != "" {
			all = append(all, "("+key+" "+condition+")")
		}
	}
	if len(all) == 0 || p.err != nil {
		return "", p.err
	}
	m, err := pep508.ParseMarker(strings.Join(all, " and "))
	if err != nil {
		return "", syntax(p.place(e.at), "the markers of %s are none that the gate can read; correct them", quote(e.key))
	}
	return m.String(), nil
}
