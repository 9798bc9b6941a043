package manifest

import (
	"errors"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// configNames are what cargo reads of a project's own configuration
// (https://doc.rust-lang.org/cargo/reference/config.html), the older name first, as
// cargo has it where both are there.
var configNames = []string{".cargo/config", ".cargo/config.toml"}

// ReadBy lists the formats that may be read with the file at p, by its name: all for
// cargo's configuration, which holds for every folder below.
func ReadBy(p string) []string {
	for _, name := range configNames {
		if p == name || strings.HasSuffix(p, "/"+name) {
			return []string{CargoToml, CargoLock}
		}
	}
	return nil
}

// readConfiguration tells of what cargo's configuration beside and above the manifest
// says about where crates come from.
func (r *reader) readConfiguration() error {
	dir := path.Dir(r.Manifest.Path)
	for range maxFolders {
		for _, name := range configNames {
			d, err := r.document(path.Join(dir, name))
			if fatal, ok := errors.AsType[*manifestfile.Unusable](err); ok {
				return fatal
			}
			if err != nil {
				continue // it is not there
			}
			if err := r.configuration(d); err != nil {
				return err
			}
			break
		}
		if dir == "." {
			break
		}
		dir = path.Dir(dir)
	}
	return nil
}

func (r *reader) configuration(d *document.Document) error {
	sources := d.Table(d.Root, "source")
	if sources != nil {
		for _, f := range sources.Fields {
			if f.Value.Kind != document.Table {
				d.WrongType(f.Value, f.Key, "a table")
				break
			}
			if err := r.source(d, f); err != nil {
				return err
			}
		}
	}
	if patch := d.Root.Get("patch"); patch != nil {
		if err := r.Reportf(RuleSource, manifestfile.Hold, d.Place(patch.At), "cargo's configuration has other crates built in place of the registry's; take [patch] out, or have a person look at it"); err != nil {
			return err
		}
	}
	if paths := d.Root.Get("paths"); paths != nil {
		if err := r.Reportf(RuleSource, manifestfile.Hold, d.Place(paths.At), "cargo's configuration has folders built in place of the registry's crates; take paths out, or have a person look at it"); err != nil {
			return err
		}
	}
	if registries := d.Table(d.Root, "registries"); registries != nil {
		for _, f := range registries.Fields {
			if f.Value.Kind != document.Table {
				continue
			}
			if index := d.Text(f.Value, "index"); index != "" {
				if err := r.names(d.Place(f.At), index, "names"); err != nil {
					return err
				}
			}
		}
	}
	return d.Err
}

// source tells of one [source] table that names a place. One that only says which
// other takes its place leads nowhere by itself.
func (r *reader) source(d *document.Document, f document.Field) error {
	if at := d.Text(f.Value, "registry"); at != "" {
		return r.names(d.Place(f.At), at, "takes crates from")
	}
	for _, key := range []string{"local-registry", "directory", "git"} {
		if v := f.Value.Get(key); v != nil {
			return r.Reportf(RuleSource, manifestfile.Hold, d.Place(v.At), "cargo's configuration takes crates from a %s, which the gate does not look at; take it out, or have a person look at it", key)
		}
	}
	return d.Err
}
