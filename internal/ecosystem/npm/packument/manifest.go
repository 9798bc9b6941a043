package packument

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

// Manifest is what a version says of itself that installing depends on: the same
// words whether a registry says them or package.json in the tarball does.
type Manifest struct {
	Name, Version string
	Description   string
	Licence       string   // as people read it
	LicenceSPDX   string   // where it is an expression of SPDX
	Places        []string // homepage, repository and bugs: addresses as written

	Dependencies map[string]string // without those that are optional
	Optional     map[string]string
	Peers        map[string]string // without those that are optional
	OptionalPeer map[string]string
	Bundled      []string          // sorted; "*" alone stands for all dependencies
	Bin          map[string]string // command -> path, "./" taken off
	BinFolder    string            // directories.bin: every file in it is a command
	Scripts      map[string]string // those that clients run of an installed package
	NoGyp        bool              // "gypfile": false, which keeps npm from building where a binding.gyp lies
}

// MaxManifest is how much of a package.json is read, in bytes.
const MaxManifest = 2 << 20

// mostDependencies is how many of one kind a manifest may have.
const mostDependencies = 10_000

// ReadManifest reads a version's manifest, its record or a package.json. Members of
// a type that clients pass over are passed over here; of a key that stands twice the
// later counts, as it does for clients.
func ReadManifest(b []byte) (Manifest, error) {
	if len(b) > MaxManifest {
		return Manifest{}, fmt.Errorf("%w: a manifest of more than %d bytes", ErrBad, MaxManifest)
	}
	b = []byte(strings.TrimPrefix(string(b), "\ufeff")) // npm takes it off
	r := manifestReader{c: NewCursor(b)}
	err := r.c.Object(r.member)
	if err == nil {
		err = r.c.End()
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	return r.finish(), nil
}

type manifestReader struct {
	c                                         *Cursor
	m                                         Manifest
	optional                                  map[string]bool // peers
	bin                                       string          // a path without a command: it is named after the package
	bundles                                   [2][]string     // bundleDependencies and its other spelling
	licence, licences, home, repository, bugs string
}

func (r *manifestReader) member(key string) (err error) {
	c, m := r.c, &r.m
	switch key {
	case "name":
		m.Name, _, err = c.Text()
	case "version":
		m.Version, _, err = c.Text()
	case "description":
		m.Description, _, err = c.Text()
		m.Description = cut(m.Description)
	case "license":
		r.licence, err = r.one("type")
	case "licenses":
		r.licences, err = r.list("type")
	case "homepage":
		r.home, _, err = c.Text()
	case "repository":
		r.repository, err = r.one("url")
	case "bugs":
		r.bugs, err = r.one("url")
	case "dependencies":
		m.Dependencies, err = r.dependencies()
	case "optionalDependencies":
		m.Optional, err = r.dependencies()
	case "peerDependencies":
		m.Peers, err = r.dependencies()
	case "peerDependenciesMeta":
		err = r.peersMeta()
	case "bundleDependencies":
		r.bundles[0], err = r.bundled()
	case "bundledDependencies":
		r.bundles[1], err = r.bundled()
	case "bin":
		err = r.readBin()
	case "directories":
		m.BinFolder, err = r.one("bin")
	case "scripts":
		err = r.scripts()
	case "gypfile":
		m.NoGyp = c.Is() == 'f'
	}
	return err
}

// one reads a text, or the text of one member of an object.
func (r *manifestReader) one(member string) (text string, err error) {
	switch r.c.Is() {
	case '"':
		text, _, err = r.c.Text()
	case '{':
		err = r.c.Object(func(key string) (err error) {
			if key == member {
				text, _, err = r.c.Text()
			}
			return err
		})
	}
	return cut(text), err
}

// list reads an array of what one reads, or one alone.
func (r *manifestReader) list(member string) (string, error) {
	if r.c.Is() != '[' {
		return r.one(member)
	}
	var all []string
	err := r.c.Array(func() error {
		s, err := r.one(member)
		if s != "" && len(all) < 20 {
			all = append(all, s)
		}
		return err
	})
	return strings.Join(all, ", "), err
}

// dependencies reads an object of ranges. An array of "name@range", which was good
// manners once, means the same.
func (r *manifestReader) dependencies() (map[string]string, error) {
	out := map[string]string{}
	add := func(name, spec string) error {
		if len(out) == mostDependencies {
			return fmt.Errorf("more than %d dependencies", mostDependencies)
		}
		out[name] = strings.Join(strings.Fields(spec), " ")
		return nil
	}
	switch r.c.Is() {
	case '{':
		return out, r.c.Object(func(key string) error {
			spec, ok, err := r.c.Text()
			if err != nil || !ok {
				return err
			}
			return add(key, spec)
		})
	case '[':
		return out, r.c.Array(func() error {
			s, ok, err := r.c.Text()
			if err != nil || !ok {
				return err
			}
			name, spec := s, ""
			if i := strings.IndexAny(s[min(1, len(s)):], "@ ><="); i >= 0 {
				name, spec = s[:i+1], strings.TrimPrefix(s[i+1:], "@")
			}
			return add(name, spec)
		})
	}
	return out, nil
}

func (r *manifestReader) peersMeta() error {
	r.optional = map[string]bool{}
	if r.c.Is() != '{' {
		return nil
	}
	return r.c.Object(func(peer string) error {
		if r.c.Is() != '{' {
			return nil
		}
		return r.c.Object(func(key string) error {
			if key == "optional" {
				r.optional[peer] = r.c.Is() == 't'
			}
			return nil
		})
	})
}

// bundled reads a list of names, or whether all are meant.
func (r *manifestReader) bundled() ([]string, error) {
	switch r.c.Is() {
	case 't':
		return []string{"*"}, nil
	case '[':
		var out []string
		err := r.c.Array(func() error {
			s, ok, err := r.c.Text()
			if ok && len(out) < mostDependencies {
				out = append(out, s)
			}
			return err
		})
		return out, err
	case '{': // an object of them meant its keys
		m, err := r.dependencies()
		return slices.Sorted(maps.Keys(m)), err
	}
	return nil, nil
}

func (r *manifestReader) readBin() (err error) {
	r.bin, r.m.Bin = "", map[string]string{}
	switch r.c.Is() {
	case '"':
		r.bin, _, err = r.c.Text()
	case '{':
		err = r.c.Object(func(key string) error {
			p, ok, err := r.c.Text()
			if ok && p != "" && len(r.m.Bin) < mostDependencies {
				r.m.Bin[path.Base("/"+strings.ReplaceAll(key, `\`, "/"))] = binPath(p)
			}
			return err
		})
	case '[':
		err = r.c.Array(func() error {
			p, ok, err := r.c.Text()
			if ok && p != "" && len(r.m.Bin) < mostDependencies {
				r.m.Bin[path.Base(p)] = binPath(p)
			}
			return err
		})
	}
	return err
}

// binPath is a command's path as npm stores it: below the package, whatever it
// climbs to.
func binPath(p string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(p, `\`, "/")), "/")
}

func (r *manifestReader) scripts() error {
	r.m.Scripts = map[string]string{}
	if r.c.Is() != '{' {
		return nil
	}
	return r.c.Object(func(key string) error {
		if !installScripts[key] {
			return nil
		}
		s, ok, err := r.c.Text()
		if ok && s != "" {
			r.m.Scripts[key] = s
		} else {
			delete(r.m.Scripts, key)
		}
		return err
	})
}

// finish puts together what several members say.
func (r *manifestReader) finish() Manifest {
	m := &r.m
	for name := range m.Optional { // it may stand in both, and is optional then
		delete(m.Dependencies, name)
	}
	m.OptionalPeer = map[string]string{}
	for name, spec := range m.Peers {
		if r.optional[name] {
			m.OptionalPeer[name] = spec
			delete(m.Peers, name)
		}
	}
	if r.bin != "" {
		m.Bin = map[string]string{path.Base("/" + m.Name): binPath(r.bin)}
	}
	m.Bundled = r.bundles[0]
	if m.Bundled == nil {
		m.Bundled = r.bundles[1]
	}
	slices.Sort(m.Bundled)
	m.Licence = r.licence
	if m.Licence == "" {
		m.Licence = r.licences
	}
	if _, err := spdx.Parse(m.Licence); err == nil {
		m.LicenceSPDX = m.Licence
	}
	for _, p := range []string{r.home, r.repository, r.bugs} {
		if p != "" && len(p) <= maxURL && !slices.Contains(m.Places, p) {
			m.Places = append(m.Places, p)
		}
	}
	return *m
}

// Metadata is the manifest in the words that all ecosystems share. RequiresDist has
// one dependency a line, "name@range", sorted: what is installed with it, those that
// are optional too, but no optional peers.
func (m Manifest) Metadata() ecosystem.Metadata {
	out := ecosystem.Metadata{
		Name: m.Name, Version: m.Version, Summary: artifact.Untrusted(m.Description),
		Licence: artifact.Untrusted(m.Licence), LicenceSPDX: m.LicenceSPDX,
	}
	for _, p := range m.Places {
		out.HomePages = append(out.HomePages, artifact.Untrusted(p))
	}
	needs := maps.Clone(m.Peers)
	if needs == nil {
		needs = map[string]string{}
	}
	maps.Copy(needs, m.Optional)
	maps.Copy(needs, m.Dependencies)
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		out.RequiresDist = append(out.RequiresDist, name+"@"+needs[name])
	}
	return out
}
