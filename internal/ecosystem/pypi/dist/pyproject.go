package dist

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// BuildSystem is the [build-system] table of an sdist's pyproject.toml (PEP 517,
// PEP 518).
type BuildSystem struct {
	Declared    bool     // the table is there
	Requires    []string // PEP 508; nil when the table has none, which is not the same as an empty list
	Backend     string
	BackendPath []string // in-tree folders the backend is imported from
}

// ParseBuildSystem reads pyproject.toml for its build system.
func ParseBuildSystem(b []byte) (BuildSystem, error) {
	doc, err := parseTOML(b)
	if err != nil {
		return BuildSystem{}, err
	}
	t, declared, err := doc.table("build-system")
	if err != nil || !declared {
		return BuildSystem{}, err
	}
	s := BuildSystem{Declared: true}
	var errs [3]error
	s.Requires, _, errs[0] = t.texts("requires")
	s.Backend, _, errs[1] = t.text("build-backend")
	s.BackendPath, _, errs[2] = t.texts("backend-path")
	if err := errors.Join(errs[:]...); err != nil {
		return BuildSystem{}, fmt.Errorf("reading pyproject.toml: [build-system]: %w", err)
	}
	return s, nil
}

// Project is the [project] table of an sdist's pyproject.toml (PEP 621): what
// its build may not change, but for what Dynamic lists.
type Project struct {
	Declared       bool     // the table is there
	Name           string   // normalised
	Version        string   // "" when dynamic
	Dynamic        []string // fields that the build fills in
	Written        bool     // dependencies is written, and not left out as empty
	RequiresDist   []string // dependencies and, with their extra in the marker, optional-dependencies
	RequiresPython string
	Extras         []string // normalised
}

// ParseProject reads pyproject.toml for its [project] table. It is strict: what
// a build would refuse, or what could be read in two ways, is an error.
func ParseProject(b []byte) (Project, error) {
	doc, err := parseTOML(b)
	if err != nil {
		return Project{}, err
	}
	t, declared, err := doc.table("project")
	if err != nil || !declared {
		return Project{}, err
	}
	p := Project{Declared: true}
	if err := p.read(t); err != nil {
		return Project{}, fmt.Errorf("reading pyproject.toml: [project]: %w", err)
	}
	return p, nil
}

func (p *Project) read(t table) error {
	name, _, err := t.text("name")
	if err != nil {
		return err
	}
	if p.Name, err = pep503.Parse(name); err != nil {
		return err
	}
	if p.Dynamic, _, err = t.texts("dynamic"); err != nil {
		return err
	}
	for _, field := range p.Dynamic {
		if t[field] != nil {
			return fmt.Errorf("%s is both written and dynamic", artifact.Untrusted(field))
		}
	}
	if err := p.readVersions(t); err != nil {
		return err
	}
	return p.readRequirements(t)
}

func (p *Project) readVersions(t table) error {
	version, written, err := t.text("version")
	switch {
	case err != nil:
		return err
	case written:
		if _, err := pep440.Parse(version); err != nil {
			return err
		}
		p.Version = version
	case !slices.Contains(p.Dynamic, "version"):
		return errors.New("version is neither written nor dynamic")
	}
	if p.RequiresPython, _, err = t.text("requires-python"); err != nil {
		return err
	}
	_, err = pep440.ParseSpecifiers(p.RequiresPython)
	return err
}

func (p *Project) readRequirements(t table) error {
	needs, written, err := t.texts("dependencies")
	if err != nil {
		return err
	}
	p.Written = written
	r := requires{}
	if err := r.add("", needs); err != nil {
		return err
	}
	optional, _, err := t.table("optional-dependencies")
	if err != nil {
		return err
	}
	for _, extra := range optional.keys() {
		needs, _, err := optional.texts(extra)
		if err == nil {
			err = r.add(extra, needs)
		}
		if err != nil {
			return fmt.Errorf("optional-dependencies: %w", err)
		}
	}
	p.RequiresDist, p.Extras = r.texts, r.extras
	return nil
}

// requires gathers requirements as metadata has them: the extra that asks for
// one is part of its marker.
type requires struct {
	texts  []string
	extras []string
}

func (r *requires) add(extra string, needs []string) error {
	if extra != "" {
		name, err := pep503.Parse(extra)
		if err != nil {
			return err
		}
		if slices.Contains(r.extras, name) {
			return fmt.Errorf("extra %s is there twice", name)
		}
		extra = name
		r.extras = append(r.extras, name)
	}
	for _, need := range needs {
		if len(r.texts) == metadata.MaxRequires || len(r.extras) > metadata.MaxRequires {
			return fmt.Errorf("more than %d requirements or extras", metadata.MaxRequires)
		}
		text, err := withExtra(need, extra)
		if err != nil {
			return err
		}
		r.texts = append(r.texts, text)
	}
	return nil
}

// withExtra gives a requirement the extra that asks for it. One whose own marker
// speaks of extras already is not for this place.
func withExtra(need, extra string) (string, error) {
	q, err := pep508.ParseRequirement(need)
	if err != nil {
		return "", err
	}
	marker := q.Marker.String()
	if strings.Contains(marker, "extra") {
		return "", fmt.Errorf("requirement %s names an extra in its marker", artifact.Untrusted(need))
	}
	text := q.Name
	if len(q.Extras) > 0 {
		text += "[" + strings.Join(q.Extras, ",") + "]"
	}
	if q.URL != "" {
		text += " @ " + q.URL + " "
	} else {
		text += q.Specifiers.String()
	}
	switch {
	case extra == "" && marker == "":
		return text, nil
	case extra == "":
		return text + "; " + marker, nil
	case marker == "":
		return fmt.Sprintf("%s; extra == %q", text, extra), nil
	}
	return fmt.Sprintf("%s; (%s) and extra == %q", text, marker, extra), nil
}

// table is a TOML table with its keys as written. The library's decoder into
// structs takes keys in any case, which Python's does not: [Build-System] beside
// [build-system] would hide what a build asks for.
type table map[string]any

func parseTOML(b []byte) (table, error) {
	if len(b) > MaxSmall {
		return nil, fmt.Errorf("reading pyproject.toml: it is larger than %d bytes", MaxSmall)
	}
	var doc map[string]any
	if err := toml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("reading pyproject.toml: %w", err)
	}
	return doc, nil
}

func (t table) keys() []string {
	out := make([]string, 0, len(t))
	for k := range t {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// table, text and texts give a key's value and whether it is there.
func (t table) table(key string) (table, bool, error) {
	v, there := t[key]
	if !there {
		return nil, false, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, true, fmt.Errorf("%s is not a table", artifact.Untrusted(key))
	}
	return m, true, nil
}

func (t table) text(key string) (string, bool, error) {
	v, there := t[key]
	if !there {
		return "", false, nil
	}
	s, ok := v.(string)
	if !ok {
		return "", true, fmt.Errorf("%s is not a string", artifact.Untrusted(key))
	}
	return s, true, nil
}

func (t table) texts(key string) ([]string, bool, error) {
	v, there := t[key]
	if !there {
		return nil, false, nil
	}
	list, ok := v.([]any)
	if !ok || len(list) > metadata.MaxRequires {
		return nil, true, fmt.Errorf("%s is not a list of at most %d strings", artifact.Untrusted(key), metadata.MaxRequires)
	}
	out := make([]string, len(list))
	for i, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, true, fmt.Errorf("%s is not a list of strings", artifact.Untrusted(key))
		}
		out[i] = s
	}
	return out, true, nil
}
