package manifest

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// parseCatalog reads a version catalog
// (https://docs.gradle.org/current/userguide/version_catalogs.html): its libraries, and
// its plugins by the artifact that Gradle finds them by.
func parseCatalog(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	d, err := document.TOML(r.Manifest.Path, b)
	if err != nil {
		return err
	}
	c := &catalog{reader: r, d: d, versions: d.Table(d.Root, "versions")}
	for _, section := range []struct {
		name string
		read func(document.Field) (group, artifact string)
	}{{"libraries", c.library}, {"plugins", c.plugin}} {
		t := d.Table(d.Root, section.name)
		if t == nil {
			continue
		}
		for _, f := range t.Fields {
			group, name := section.read(f)
			groups := []string{""}
			if section.name == "plugins" {
				groups = []string{GroupPlugin}
			}
			if err := c.add(f, group, name, groups); err != nil {
				return err
			}
		}
	}
	if d.Err != nil || len(r.Manifest.Requirements) == 0 {
		return d.Err
	}
	return r.Reportf(RuleApproximate, manifestfile.Note, finding.Location{File: r.Manifest.Path}, "a catalog is no lock: what Gradle builds with follows from its build scripts, which the gate does not run; the closure here is that of all its entries with the highest version of each. A gradle.lockfile says it exactly")
}

type catalog struct {
	*reader
	d        *document.Document
	versions *document.Value
}

// library is the group and the artifact of an entry: "g:a:v", or a table with module,
// or with group and name.
func (c *catalog) library(f document.Field) (group, name string) {
	if f.Value.Kind == document.String {
		parts := strings.SplitN(f.Value.Text, ":", 3)
		if len(parts) < 2 {
			return f.Value.Text, ""
		}
		return parts[0], parts[1]
	}
	if module := c.d.Text(f.Value, "module"); module != "" {
		group, name, _ = strings.Cut(module, ":")
		return group, name
	}
	return c.d.Text(f.Value, "group"), c.d.Text(f.Value, "name")
}

// plugin is the artifact by which Gradle finds a plugin: its marker
// (https://docs.gradle.org/current/userguide/plugins.html#sec:plugin_markers).
func (c *catalog) plugin(f document.Field) (group, name string) {
	id := f.Value.Text
	if f.Value.Kind == document.Table {
		id = c.d.Text(f.Value, "id")
	} else {
		id, _, _ = strings.Cut(id, ":")
	}
	return id, id + ".gradle.plugin"
}

func (c *catalog) add(f document.Field, group, name string, groups []string) error {
	at := c.d.Place(f.At)
	p, ok := pkg(group, name)
	if !ok {
		return c.Reportf(RuleBad, manifestfile.Hold, at, "the gate cannot read the entry %s: %s is no group and artifact; correct it", manifestfile.Quote(f.Key), manifestfile.Quote(group+":"+name))
	}
	number, ok := c.version(f)
	if !ok {
		return c.Reportf(RuleBad, manifestfile.Hold, at, "the entry %s has a version that the gate cannot read; correct it", manifestfile.Quote(f.Key))
	}
	if number == "" {
		return nil // a platform gives the version, and only where it is used
	}
	switch {
	case floats(number):
		if err := c.Reportf(RuleFloating, manifestfile.Hold, at, "%s is asked for as %s, which is another version from day to day; write the version", written(group, name), manifestfile.Quote(number)); err != nil {
			return err
		}
		number = ""
	case version.Snapshot(number):
		if err := c.Reportf(RuleSnapshot, manifestfile.Hold, at, "%s is asked for as the snapshot %s, whose bytes change under one name; take a release", written(group, name), manifestfile.Quote(number)); err != nil {
			return err
		}
	}
	if _, err := version.ParseRange(number); err != nil {
		return c.Reportf(RuleBad, manifestfile.Hold, at, "%s has a version that the gate cannot read: %s; correct it", written(group, name), manifestfile.Quote(number))
	}
	return c.Require(ecosystem.Requirement{Package: p, Written: written(group, name, number), Spec: number, At: at, Groups: groups, Direct: true})
}

// floats says whether Gradle takes whatever there is: latest.release, 1.+.
func floats(number string) bool {
	return strings.HasPrefix(number, "latest.") || strings.HasSuffix(number, "+") || version.Floating(number)
}

// version is that of an entry: in place, by reference, or a rich one, of which the
// strictest word counts.
func (c *catalog) version(f document.Field) (string, bool) {
	if f.Value.Kind == document.String {
		parts := strings.Split(f.Value.Text, ":")
		return parts[len(parts)-1], true
	}
	v := f.Value.Get("version")
	if v == nil {
		return "", true
	}
	if v.Kind == document.Table {
		if ref := c.d.Text(v, "ref"); ref != "" {
			if v = c.versions.Get(ref); v == nil {
				return "", false
			}
		}
	}
	if v.Kind == document.String {
		return v.Text, true
	}
	for _, word := range []string{"strictly", "prefer", "require"} {
		if s := c.d.Text(v, word); s != "" {
			if prefer := c.d.Text(v, "prefer"); prefer != "" {
				return prefer, true
			}
			return s, true
		}
	}
	return "", v.Kind == document.Table
}
