package manifest

import (
	"errors"
	"path"

	"github.com/pelletier/go-toml/v2/unstable"
)

// configNames are what cargo reads of a project's own configuration
// (https://doc.rust-lang.org/cargo/reference/config.html), the older name first, as
// cargo has it where both are there.
var configNames = []string{".cargo/config", ".cargo/config.toml"}

// readConfiguration tells of what cargo's configuration beside and above the manifest
// says about where crates come from.
func (r *reader) readConfiguration() error {
	dir := path.Dir(r.m.Path)
	for range maxFolders {
		for _, name := range configNames {
			d, err := r.document(path.Join(dir, name))
			if fatal, ok := errors.AsType[*unusable](err); ok {
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

func (r *reader) configuration(d *document) error {
	sources := d.table(d.root, "source")
	if sources != nil {
		for _, f := range sources.fields {
			if f.val.kind != unstable.Table {
				d.wrongType(f.val, f.key, "a table")
				break
			}
			if err := r.source(d, f); err != nil {
				return err
			}
		}
	}
	if patch := d.root.get("patch"); patch != nil {
		if err := r.report(RuleSource, hold, d.place(patch.at), "cargo's configuration has other crates built in place of the registry's; take [patch] out, or have a person look at it"); err != nil {
			return err
		}
	}
	if paths := d.root.get("paths"); paths != nil {
		if err := r.report(RuleSource, hold, d.place(paths.at), "cargo's configuration has folders built in place of the registry's crates; take paths out, or have a person look at it"); err != nil {
			return err
		}
	}
	if registries := d.table(d.root, "registries"); registries != nil {
		for _, f := range registries.fields {
			if f.val.kind != unstable.Table {
				continue
			}
			if index := d.text(f.val, "index"); index != "" {
				if err := r.names(d.place(f.at), index, "names"); err != nil {
					return err
				}
			}
		}
	}
	return d.err
}

// source tells of one [source] table that names a place. One that only says which
// other takes its place leads nowhere by itself.
func (r *reader) source(d *document, f field) error {
	if at := d.text(f.val, "registry"); at != "" {
		return r.names(d.place(f.at), at, "takes crates from")
	}
	for _, key := range []string{"local-registry", "directory", "git"} {
		if v := f.val.get(key); v != nil {
			return r.report(RuleSource, hold, d.place(v.at), "cargo's configuration takes crates from a %s, which the gate does not look at; take it out, or have a person look at it", key)
		}
	}
	return d.err
}
