package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// relockCommand is what brings a locked package to spec, in the words of the
// lock's own tool. A tool never goes against the project's own requirements, so
// where one of those is in the way the command changes it. No command installs
// anything: the new lock goes through the gate first.
//
// Where no single command does it, the line says in a shell comment what to
// change by hand before.
func relockCommand(content []byte, req ecosystem.Requirement, spec pep440.Specifiers) string {
	format := FormatOf(req.At.File, content)
	if format == PipfileLock {
		return pipenvRelock(content, req, spec)
	}
	d, err := document.TOML(req.At.File, content)
	if err != nil {
		d = &document.Document{Root: &document.Value{Kind: document.Table}} // it was read before; nothing is known of it now
	}
	switch format {
	case PDMLock:
		return pdmRelock(req, spec)
	case UVLock:
		return uvRelock(d, req, spec)
	case PoetryLock:
		return poetryRelock(d, req, spec)
	}
	// What a pylock.toml was made from is not written in it.
	return fmt.Sprintf("%s again, after changing the requirement on %s to %s", lockMaker(d), req.Package.Name, spec)
}

var toolName = lazy.Regexp(`^[A-Za-z][A-Za-z0-9._-]{0,31}$`)

// lockMaker names the tool that a pylock.toml says it was made by.
func lockMaker(d *document.Document) string {
	if name := d.Text(d.Root, "created-by"); toolName().MatchString(name) {
		return name
	}
	return "the tool that wrote " + PylockTOML
}

// pdmRelock: `pdm update` takes no version, and of what the project itself asks
// for `pdm add` writes the line again, whole. The lock does not tell whether a
// group is one for development, which pdm wants to be told.
func pdmRelock(req ecosystem.Requirement, spec pep440.Specifiers) string {
	if !req.Direct {
		return "pdm update --no-sync " + req.Package.Name
	}
	text := req.Package.Name
	if len(req.Extras) > 0 {
		text += "[" + strings.Join(req.Extras, ",") + "]"
	}
	word, ok := pep508Word(text+spec.String(), req.Marker)
	if !ok || firstGroup(req) != "" || len(req.Groups) > 1 {
		return byHand("pdm lock", req, spec)
	}
	return "pdm add --no-sync " + word
}

// pipenvRelock: `pipenv upgrade` writes the Pipfile's line again, without its
// marker. What only others need becomes a line of the Pipfile too: with --lock-only
// pipenv leaves such a package at its old version.
func pipenvRelock(content []byte, req ecosystem.Requirement, spec pep440.Specifiers) string {
	text := req.Package.Name
	if len(req.Extras) > 0 {
		text += "[" + strings.Join(req.Extras, ",") + "]"
	}
	word, ok := pep508Word(text+spec.String(), "")
	d, err := document.JSON(req.At.File, content)
	switch group := firstGroup(req); {
	case !ok, err != nil, req.Marker != "", group != "" && d.Root.Get(group) == nil:
	case group == "":
		return "pipenv upgrade " + word
	case group == "develop":
		return "pipenv upgrade --dev " + word
	default:
		return "pipenv upgrade --categories " + group + " " + word
	}
	return fmt.Sprintf("pipenv lock  # after changing %s to %s in %s", req.Package.Name, spec, Pipfile)
}

func byHand(lock string, req ecosystem.Requirement, spec pep440.Specifiers) string {
	return fmt.Sprintf("%s  # after changing %s to %s in %s", lock, req.Package.Name, spec, PyprojectTOML)
}

// wish is one requirement of the project itself, as uv.lock keeps it.
type wish struct {
	spec    string
	marker  string
	flags   string // which list of which project it stands in, for `uv add`
	noFlags bool   // it stands where `uv add` does not write
}

func uvRelock(d *document.Document, req ecosystem.Requirement, spec pep440.Specifiers) string {
	inTheWay := slices.DeleteFunc(uvWishes(d, req.Package), func(w wish) bool { return w.allows(spec) })
	switch {
	case len(inTheWay) == 0:
		pinned := req.Package.Name
		if v, ok := spec.Exact(); ok {
			pinned += "==" + v.String()
		}
		return "uv lock --upgrade-package " + shellWord(pinned)
	case len(inTheWay) > 1 || inTheWay[0].noFlags:
		return byHand("uv lock", req, spec)
	}
	w := inTheWay[0]
	// uv finds the line by name and marker, and keeps its extras.
	text, ok := pep508Word(req.Package.Name+spec.String(), w.marker)
	if !ok {
		return byHand("uv lock", req, spec)
	}
	return "uv add --no-sync " + w.flags + text
}

func (w wish) allows(spec pep440.Specifiers) bool {
	if w.spec == "" {
		return true
	}
	allowed, err := pep440.ParseSpecifiers(w.spec)
	v, ok := spec.Exact()
	return err == nil && ok && allowed.Contains(v)
}

var extraMarker = lazy.Regexp(`^extra == ['"]([^'"]*)['"]$`)

// uvWishes gives all that the projects of a uv.lock ask of a package, and the
// constraints and overrides on it.
func uvWishes(d *document.Document, pkg artifact.Package) []wish {
	var out []wish
	add := func(t *document.Value, key, flags string, noFlags bool) {
		for _, e := range d.Tables(t, key) {
			if pep503.Normalize(d.Text(e, "name")) != pkg.Name {
				continue
			}
			w := wish{spec: d.Text(e, "specifier"), marker: d.Text(e, "marker"), flags: flags, noFlags: noFlags}
			if m := extraMarker().FindStringSubmatch(w.marker); m != nil {
				w.marker, w.flags, w.noFlags = "", flags+"--optional "+m[1]+" ", noFlags || !isName(m[1])
			} else if strings.Contains(w.marker, "extra") {
				w.noFlags = true
			}
			out = append(out, w)
		}
	}
	eachGroup := func(t *document.Value, flags string, noFlags bool) {
		if t == nil {
			return
		}
		for _, f := range t.Fields {
			add(t, f.Key, flags+"--group "+f.Key+" ", noFlags || !isName(f.Key))
		}
	}
	manifest := d.Table(d.Root, "manifest")
	members := map[string]bool{}
	for _, m := range d.Texts(manifest, "members") {
		members[m] = true
	}
	add(manifest, "requirements", "", true)
	add(manifest, "constraints", "", true)
	add(manifest, "overrides", "", true)
	eachGroup(d.Table(manifest, "dependency-groups"), "", false)
	for _, p := range d.Tables(d.Root, "package") {
		s, name := d.Table(p, "source"), d.Text(p, "name")
		folder := cmp.Or(d.Text(s, "virtual"), d.Text(s, "editable"), d.Text(s, "directory"))
		if folder == "" {
			continue
		}
		flags, noFlags := "", false
		if folder != "." {
			flags, noFlags = "--package "+name+" ", !isName(name) || !members[name]
		}
		metadata := d.Table(p, "metadata")
		add(metadata, "requires-dist", flags, noFlags)
		eachGroup(d.Table(metadata, "requires-dev"), flags, noFlags)
	}
	return out
}

func poetryRelock(d *document.Document, req ecosystem.Requirement, spec pep440.Specifiers) string {
	if !req.Direct {
		return "poetry update --lock " + req.Package.Name // it takes no version; the newest that fits
	}
	var locked []*document.Value
	for _, t := range d.Tables(d.Root, "package") {
		if pep503.Normalize(d.Text(t, "name")) == req.Package.Name {
			locked = append(locked, t)
		}
	}
	if len(locked) != 1 || d.Flag(locked[0], "optional") {
		return byHand("poetry lock", req, spec)
	}
	group := firstGroup(req)
	switch groups := d.Texts(locked[0], "groups"); {
	case len(groups) > 1:
		return byHand("poetry lock", req, spec) // the lock does not tell which of them asks for it
	case len(groups) == 1:
		group = groups[0]
	}
	command, ok := poetryAdd(req, group, spec.String())
	if !ok {
		return byHand("poetry lock", req, spec)
	}
	return command
}

// poetryAdd is the command that changes a requirement where poetry keeps it. It
// says all of the requirement: poetry drops extras and a marker that are not said
// again. Not ok for what no command can say.
func poetryAdd(req ecosystem.Requirement, group, spec string) (command string, ok bool) {
	text := req.Package.Name
	if len(req.Extras) > 0 {
		text += "[" + strings.Join(req.Extras, ",") + "]"
	}
	word, ok := pep508Word(text+spec, req.Marker)
	if group == "" || group == "main" {
		return "poetry add --lock " + word, ok
	}
	return "poetry add --lock --group " + group + " " + word, ok && isName(group)
}

// poetryTableAdd is poetryAdd for a requirement of poetry's own tables in a
// pyproject.toml. Not ok for an optional package and one with several versions.
func poetryTableAdd(d *document.Document, poetry *document.Value, req ecosystem.Requirement, spec string) (command string, ok bool) {
	group, lists := firstGroup(req), []*document.Value{d.Table(poetry, "dependencies")}
	if group != "" {
		lists = []*document.Value{d.Table(poetry, "dev-dependencies")}
		if group != "dev" {
			lists = nil
		}
		if groups := d.Table(poetry, "group"); groups != nil {
			for _, f := range groups.Fields {
				if ecosystem.GroupName(f.Key) == firstGroup(req) {
					group, lists = f.Key, append(lists, d.Table(d.Table(groups, f.Key), "dependencies"))
				}
			}
		}
	}
	for _, deps := range lists {
		if deps == nil {
			continue
		}
		for _, f := range deps.Fields {
			if pep503.Normalize(f.Key) != req.Package.Name {
				continue
			}
			if f.Value.Kind == document.Array || f.Value.Kind == document.Table && d.Flag(f.Value, "optional") {
				return "", false
			}
			return poetryAdd(req, group, spec)
		}
	}
	return "", false // an optional one: its group is then an extra
}

// firstGroup is the group to name in a command: the main one where it is one of
// several.
func firstGroup(req ecosystem.Requirement) string {
	if len(req.Groups) == 0 || slices.Contains(req.Groups, "") {
		return ""
	}
	return req.Groups[0]
}

func isName(s string) bool {
	_, err := pep503.Parse(s)
	return err == nil
}

// pep508Word is a requirement as one word of a shell; not ok when it is none, as
// an extra or a marker can be written, or when it would end the quotes.
func pep508Word(text, marker string) (string, bool) {
	if marker != "" {
		m, err := pep508.ParseMarker(marker)
		if err != nil {
			return "", false
		}
		text += " ; " + m.String()
	}
	if d, err := parseDependency(text); err != nil || d.url != "" {
		return "", false
	}
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || c == '\'' {
			return "", false
		}
	}
	return "'" + text + "'", true
}

var plainWord = lazy.Regexp(`^[A-Za-z0-9=._+-]+$`)

// shellWord quotes a name with a version where a shell would read more into it,
// as into the mark of an epoch.
func shellWord(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return "'" + s + "'"
}
