package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
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
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	d, err := document.JSON(r.Manifest.Path, b)
	if err != nil {
		return err
	}
	r.Manifest.Locked, r.Manifest.Hashed = true, true
	l := &lock{reader: r, Document: d, name: PipfileLock, relock: "`pipenv lock`", hosts: map[string]int{}}
	p := &pipfileLock{lock: l, direct: l.direct()}
	meta := p.Table(p.Root, "_meta")
	if v := meta.Get("pipfile-spec"); v == nil || v.Text != "6" {
		return manifestfile.Syntax(finding.Location{File: r.Manifest.Path, Line: 1}, "this is no Pipfile.lock of pipfile-spec 6, the one that the gate reads; write it again with `pipenv lock`")
	}
	p.Manifest.RequiresPython = pythonRequired(l.Document, l.Table(meta, "requires"))
	for _, s := range p.Tables(meta, "sources") {
		if err := p.pipenvSource(p.Document, s, "the lock's source", "name the gate's registry as the [[source]] of the Pipfile and run `pipenv lock`"); err != nil {
			return err
		}
	}
	if len(d.Root.Fields) > maxGroups {
		return manifestfile.TooLarge(r.Manifest.Path, "it has more than %d categories", maxGroups)
	}
	for _, f := range d.Root.Fields {
		if f.Key == "_meta" {
			continue
		}
		t := p.Table(d.Root, f.Key)
		if t == nil {
			return p.Err
		}
		for _, e := range t.Fields {
			if err := p.entry(e, category(f.Key)); err != nil {
				return err
			}
		}
	}
	return p.Err
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

func (p *pipfileLock) entry(e document.Field, group string) error {
	t := e.Value
	if _, err := pep503.Parse(e.Key); err != nil {
		return p.bad(e.At, "%s is no package name; write the lock again with `pipenv lock`", manifestfile.Quote(e.Key))
	}
	if t.Kind != document.Table {
		return p.bad(e.At, "%s must be an object; write the lock again with `pipenv lock`", manifestfile.Quote(e.Key))
	}
	req := ecosystem.Requirement{Package: named(e.Key), Written: e.Key, At: p.Place(e.At), Groups: []string{group}}
	req.Direct = p.direct == nil || p.direct[group+" "+req.Package.Name]
	if rule, what := pipenvElsewhere(t); rule != "" {
		return p.foreign(e.At, req, rule, what)
	}
	written := p.Text(t, "version")
	if p.Err != nil {
		return p.Err
	}
	number := strings.TrimPrefix(written, "==")
	v, err := pep440.Parse(number)
	if err != nil || number == written {
		// pipenv locks for the platform it runs on and leaves the others' open.
		return p.Report(ecosystem.Problem{
			Rule: RuleLockOpen, Class: finding.Manifest, Effect: manifestfile.Hold, At: req.At,
			Text: fmt.Sprintf("the lock names no version of %s, so which one is installed where its marker holds is open; lock on that platform too", req.Package.Name),
		})
	}
	req.Number, req.Spec, req.Written = v.String(), "=="+v.String(), e.Key+"=="+number
	req.Extras = normalized(p.Texts(t, "extras"))
	if len(req.Extras) > pep508.MaxExtras {
		return manifestfile.TooLarge(p.Manifest.Path, "%s asks for more than %d extras", req.Package.Name, pep508.MaxExtras)
	}
	if p.Text(t, "markers") != "" {
		if req.Marker, err = p.markerText(t.Get("markers")); err != nil {
			return err
		}
	}
	if req.Hashes, err = p.hashes(t, req); err != nil {
		return err
	}
	return p.Require(req)
}

func (p *pipfileLock) hashes(t *document.Value, req ecosystem.Requirement) ([]string, error) {
	var out []string
	for _, v := range p.Strings(t, "hashes") {
		algorithm, digest, ok := strings.Cut(strings.ToLower(v.Text), ":")
		size := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
		if !ok || len(digest) != size || strings.Trim(digest, "0123456789abcdef") != "" {
			return nil, p.bad(v.At, "%s is no hash that pip takes; write the lock again with `pipenv lock`", manifestfile.Quote(v.Text))
		}
		out = append(out, algorithm+":"+digest)
	}
	if len(out) > 0 || p.Err != nil {
		return out, p.Err
	}
	return nil, p.Report(ecosystem.Problem{
		Rule: RuleLockNoHash, Class: finding.Manifest, Effect: manifestfile.Hold, At: req.At,
		Text: fmt.Sprintf("nothing in the lock vouches for the bytes of %s; write the lock again with `pipenv lock` against an index that gives hashes", req.Package.Name),
	})
}

// pipenvElsewhere says what an entry of a Pipfile or its lock comes from, if not
// from an index.
func pipenvElsewhere(t *document.Value) (rule, what string) {
	for _, vcs := range []string{"git", "hg", "svn", "bzr"} {
		if t.Get(vcs) != nil {
			return RuleVCS, "a version control address"
		}
	}
	for _, key := range []string{"file", "path", "uri"} {
		v := t.Get(key)
		if v == nil {
			continue
		}
		if s := scheme(v.Text); s != "" && s != "file" {
			return RuleURL, "a direct address (" + manifestfile.Origin(v.Text) + ")"
		}
		return RulePath, "a local path"
	}
	if v := t.Get("editable"); v != nil && v.Text == "true" {
		return RulePath, "an editable folder"
	}
	return "", ""
}

// variableInSource is how pipenv finds variables in a source's address.
var variableInSource = lazy.Regexp(`\$\{?[A-Za-z_]`)

// pipenvSource reports an index that a Pipfile or its lock names.
func (r *reader) pipenvSource(d *document.Document, s *document.Value, what, advice string) error {
	address, at := d.Text(s, "url"), d.Place(s.At)
	if d.Err != nil {
		return d.Err
	}
	if variableInSource().MatchString(address) {
		return r.Report(ecosystem.Problem{Rule: RuleVariable, Class: finding.Origin, Effect: manifestfile.Hold, At: at,
			Text: what + " is an address with a variable in it, whose value the gate does not know; " + advice})
	}
	if v := s.Get("verify_ssl"); v != nil && v.Kind == document.Bool && v.Text == "false" && scheme(address) == "https" {
		if err := r.Report(ecosystem.Problem{Rule: RuleTransport, Class: finding.Origin, Effect: manifestfile.Hold, At: at,
			Text: "verify_ssl = false lets pipenv accept a host without a valid certificate; remove it"}); err != nil {
			return err
		}
	}
	return r.Report(ecosystem.Problem{Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Reject, At: at, Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("%s leads pipenv to %s, around the gate; %s", what, manifestfile.Origin(address), advice)})
}

// pythonRequired turns [requires] into a specifier; "" when it says nothing that
// can be read.
func pythonRequired(d *document.Document, t *document.Value) string {
	if full := d.Text(t, "python_full_version"); full != "" {
		if v, err := pep440.Parse(full); err == nil {
			return "==" + v.String()
		}
	}
	if minor := d.Text(t, "python_version"); minor != "" {
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
	p := &pipfile{reader: r, Document: d}
	for _, s := range d.Tables(d.Root, "source") {
		if err := r.pipenvSource(d, s, "[[source]]", indexAdvice("pipenv")); err != nil {
			return err
		}
	}
	r.Manifest.RequiresPython = pythonRequired(d, d.Table(d.Root, "requires"))
	r.Manifest.PreReleases = d.Flag(d.Table(d.Root, "pipenv"), "allow_prereleases")
	if len(d.Root.Fields) > maxGroups {
		return manifestfile.TooLarge(r.Manifest.Path, "it has more than %d categories", maxGroups)
	}
	for _, f := range d.Root.Fields {
		if slices.Contains(notCategories, f.Key) || f.Value.Kind != document.Table {
			continue
		}
		for _, e := range f.Value.Fields {
			if err := p.entry(e, category(f.Key)); err != nil {
				return err
			}
		}
	}
	return d.Err
}

// notCategories are the tables of a Pipfile that hold no packages.
var notCategories = []string{"source", "requires", "pipenv", "scripts"}

type pipfile struct {
	*reader
	*document.Document
}

func (p *pipfile) entry(e document.Field, group string) error {
	if _, err := pep503.Parse(e.Key); err != nil {
		return manifestfile.Syntax(p.Place(e.At), "%s is no package name; correct it", manifestfile.Quote(e.Key))
	}
	req := ecosystem.Requirement{Package: named(e.Key), Groups: []string{group}, Direct: true, At: p.Place(e.At)}
	written := e.Value.Text
	switch e.Value.Kind {
	case document.String:
	case document.Table:
		if rule, what := pipenvElsewhere(e.Value); rule != "" {
			return p.Report(ecosystem.Problem{Rule: rule, Class: finding.Manifest, Effect: effectOf(rule), At: req.At,
				Text: fmt.Sprintf("pipenv takes %s from %s, which comes from no index, so the gate cannot look at it; pin a release, or publish it to the gate", req.Package.Name, what)})
		}
		written = p.Text(e.Value, "version")
		req.Extras = normalized(p.Texts(e.Value, "extras"))
		var err error
		if req.Marker, err = p.marker(e); err != nil {
			return err
		}
	default:
		return manifestfile.Syntax(p.Place(e.At), "%s must be a version or a table; correct it", manifestfile.Quote(e.Key))
	}
	if p.Err != nil {
		return p.Err
	}
	if len(req.Extras) > pep508.MaxExtras {
		return manifestfile.TooLarge(p.Manifest.Path, "%s asks for more than %d extras", req.Package.Name, pep508.MaxExtras)
	}
	spec := strings.TrimSpace(written)
	if spec == "*" {
		spec = ""
	}
	set, err := pep440.ParseSpecifiers(spec)
	if err != nil {
		return manifestfile.Syntax(p.Place(e.At), "%s is no version specifier; correct it", manifestfile.Quote(written))
	}
	req.Spec, req.Written = set.String(), e.Key+" "+written
	if v, ok := set.Exact(); ok && strings.HasPrefix(req.Spec, "==") {
		req.Number = v.String()
	}
	return p.Require(req)
}

// markerKeys are the variables of markers that a Pipfile takes as keys of a
// package, each with an operator and a value.
var markerKeys = []string{
	"os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release", "platform_system",
	"platform_version", "python_version", "python_full_version", "implementation_name", "implementation_version",
}

// marker joins markers and single variables, which must all hold.
func (p *pipfile) marker(e document.Field) (string, error) {
	var all []string
	if m := p.Text(e.Value, "markers"); m != "" {
		all = append(all, "("+m+")")
	}
	for _, key := range markerKeys {
		if condition := p.Text(e.Value, key); condition != "" {
			all = append(all, "("+key+" "+condition+")")
		}
	}
	if len(all) == 0 || p.Err != nil {
		return "", p.Err
	}
	m, err := pep508.ParseMarker(strings.Join(all, " and "))
	if err != nil {
		return "", manifestfile.Syntax(p.Place(e.At), "the markers of %s are none that the gate can read; correct them", manifestfile.Quote(e.Key))
	}
	return m.String(), nil
}
