package dist

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/metadata"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
)

// defaultBuild is what pip and uv install for a build that says nothing itself
// (PEP 517).
const defaultBuild = "setuptools>=40.8.0"

// source reads what the files beside PKG-INFO say about every wheel that is
// built from an sdist, and about building it.
func (r *Reader) source(root string, about ecosystem.Metadata) *ecosystem.Source {
	s := source{about: about}
	s.pyproject, s.projectErr = r.part(root, PyProject)
	s.buildErr = s.projectErr
	if s.pyproject != nil && s.projectErr == nil {
		s.build, s.buildErr = ParseBuildSystem(s.pyproject)
		s.project, s.projectErr = ParseProject(s.pyproject)
	}
	setupPy, err := r.part(root, SetupPy)
	s.setupPy = setupPy != nil || err != nil
	setupCfg, err := r.part(root, SetupCfg)
	s.setupCfg, s.configErr = setupCfg != nil || err != nil, err
	if setupCfg != nil {
		s.config, s.configErr = ParseSetupConfig(setupCfg)
	}
	s.conflicts()
	s.vouch()
	s.needs()
	return &s.out
}

// part gives a file, nil where there is none. One that is too large, or that
// only some file systems find under the name, is an error.
func (r *Reader) part(root string, part Part) ([]byte, error) {
	want := root + "/" + string(part)
	for path, body := range r.bodies {
		switch {
		case !strings.EqualFold(path, want):
		case path != want:
			return nil, fmt.Errorf("it is spelt %s", artifact.Untrusted(path))
		case body == nil:
			return nil, fmt.Errorf("it is larger than %d bytes", MaxSmall)
		}
	}
	return r.bodies[want], nil
}

type source struct {
	about     ecosystem.Metadata // PKG-INFO
	pyproject []byte             // nil when there is none, or it cannot be read
	setupPy   bool
	setupCfg  bool
	build     BuildSystem
	project   Project
	config    SetupConfig
	// Why a part says nothing.
	buildErr, projectErr, configErr error

	out ecosystem.Source
}

// conflicts compares the static parts with PKG-INFO. Of requirements only the
// names are compared: builds rewrite specifiers and markers honestly.
func (s *source) conflicts() {
	if s.project.Declared {
		s.compare("pyproject.toml", s.project.Name, s.project.Version)
		if s.projectUnsure() == "" {
			s.compareNeeds("pyproject.toml", s.project.RequiresDist, s.project.Extras)
		}
		return
	}
	s.compare("setup.cfg", s.config.Name, s.config.Version)
	if s.configUnsure() == "" {
		s.compareNeeds("setup.cfg", s.config.RequiresDist, s.config.Extras)
	}
}

// compareNeeds holds a file that vouches to what PKG-INFO says, where that says
// anything: older tools left requirements out of an sdist's.
func (s *source) compareNeeds(file string, requirements, extras []string) {
	if len(s.about.RequiresDist) > 0 || metadata.StaticDependencies(s.about) {
		if a, b := names(s.about.RequiresDist), names(requirements); !slices.Equal(a, b) {
			s.conflict("PKG-INFO names the requirements %s, %s %s", list(a), file, list(b))
		}
	}
	for _, extra := range s.about.Extras {
		if !slices.Contains(extras, extra) {
			s.conflict("PKG-INFO has an extra %s, %s has not", artifact.Untrusted(extra), file)
		}
	}
}

func (s *source) compare(file, name, version string) {
	if name != "" && name != pep503.Normalize(s.about.Name) {
		s.conflict("PKG-INFO is about %s, %s about %s", artifact.Untrusted(s.about.Name), file, name)
	}
	a, errA := pep440.Parse(s.about.Version)
	b, errB := pep440.Parse(version)
	if version != "" && (errA != nil || errB != nil || pep440.Compare(a, b) != 0) {
		s.conflict("PKG-INFO is about version %s, %s about version %s", artifact.Untrusted(s.about.Version), file, artifact.Untrusted(version))
	}
}

// mostConflicts are told; one is enough for everything that follows.
const mostConflicts = 10

func (s *source) conflict(format string, args ...any) {
	if len(s.out.Conflicts) < mostConflicts {
		s.out.Conflicts = append(s.out.Conflicts, fmt.Sprintf(format, args...))
	}
}

// names gives the normal names of requirements; what cannot be read stands for
// itself.
func names(requirements []string) []string {
	out := make([]string, 0, len(requirements))
	for _, text := range requirements {
		if q, err := pep508.ParseRequirement(text); err == nil {
			text = pep503.Normalize(q.Name)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// list shows a few names.
func list(names []string) string {
	const most = 8
	if len(names) == 0 {
		return "(none)"
	}
	shown := make([]string, min(len(names), most))
	for i := range shown {
		shown[i] = artifact.Untrusted(names[i]).String()
	}
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), len(names)-most)
	}
	return strings.Join(shown, ", ")
}

// vouch finds the file that says what every wheel needs: PKG-INFO since PEP 643,
// else [project] (PEP 621), else setup.cfg where no setup.py can add to it.
func (s *source) vouch() {
	if len(s.out.Conflicts) > 0 {
		s.out.Why = s.out.Conflicts[0]
		return
	}
	if metadata.StaticDependencies(s.about) {
		s.out.Static = pkgInfo
		return
	}
	if why := s.projectUnsure(); why == "" {
		s.take(string(PyProject), s.project.RequiresDist, s.project.RequiresPython)
		return
	} else if s.project.Declared || s.projectErr != nil {
		s.out.Why = why
		return
	}
	if why := s.configUnsure(); why != "" {
		s.out.Why = why
		return
	}
	s.take(string(SetupCfg), s.config.RequiresDist, s.config.RequiresPython)
}

func (s *source) take(file string, requirements []string, python string) {
	s.out.Static, s.out.RequiresDist, s.out.RequiresPython = file, requirements, python
	if python == "" {
		s.out.RequiresPython = s.about.RequiresPython
	}
}

// projectDynamic names a field of [project] that only the build knows.
func (s *source) projectDynamic() string {
	for _, field := range []string{"dependencies", "optional-dependencies", "requires-python"} {
		if slices.Contains(s.project.Dynamic, field) {
			return field
		}
	}
	return ""
}

func (s *source) projectUnsure() string {
	switch dynamic := s.projectDynamic(); {
	case s.projectErr != nil:
		return "its pyproject.toml cannot be read: " + artifact.Untrusted(s.projectErr.Error()).String()
	case !s.project.Declared:
		return "its pyproject.toml has no [project] table"
	case dynamic != "":
		return "its pyproject.toml leaves " + dynamic + " to the build"
	case !s.project.Written && s.setupPy:
		// Releases of setuptools differ in whether they then take setup.py's.
		return "its pyproject.toml does not write dependencies, and its setup.py may"
	case !s.project.Written && s.setupCfg && (s.configErr != nil || s.config.Elsewhere != "" || len(s.config.RequiresDist) > 0):
		return "its pyproject.toml does not write dependencies, and its setup.cfg may"
	}
	return ""
}

func (s *source) configUnsure() string {
	switch {
	case s.setupPy:
		return "its setup.py would have to run"
	case s.pyproject != nil && !s.setuptools():
		return "its build backend would have to run, because its pyproject.toml has no [project] table"
	case !s.setupCfg:
		return "none of its PKG-INFO, pyproject.toml and setup.cfg says it"
	case s.configErr != nil:
		return "its setup.cfg cannot be read: " + artifact.Untrusted(s.configErr.Error()).String()
	case s.config.Elsewhere != "":
		return "its setup.cfg does not say it: " + s.config.Elsewhere
	}
	return ""
}

// setuptools says whether the build backend is the one that reads setup.cfg.
func (s *source) setuptools() bool {
	return s.buildErr == nil && len(s.build.BackendPath) == 0 && (s.build.Backend == "" || s.build.Backend == "setuptools.build_meta")
}

// needs says what a build installs first: [build-system], and where setuptools
// may be the backend what setup.cfg asks for beside it. What a backend asks for
// by running is not here.
func (s *source) needs() {
	build, err := s.required()
	if err == nil && s.setupCfg && (s.setuptools() || strings.HasPrefix(s.build.Backend, "setuptools")) {
		err = s.configErr
		build = append(build, s.config.SetupRequires...)
	}
	for _, text := range build {
		if _, bad := pep508.ParseRequirement(text); bad != nil {
			err = errors.Join(err, bad)
		}
	}
	if err != nil {
		s.out.NoBuild = artifact.Untrusted(err.Error()).String()
		return
	}
	s.out.Build = build
}

func (s *source) required() ([]string, error) {
	switch {
	case s.buildErr != nil:
		return nil, fmt.Errorf("its pyproject.toml cannot be read: %w", s.buildErr)
	case s.build.Declared && s.build.Requires == nil:
		return nil, errors.New("the [build-system] of its pyproject.toml has no requires")
	case s.build.Declared:
		return slices.Clone(s.build.Requires), nil
	case s.pyproject == nil && !s.setupPy && !s.setupCfg:
		return nil, errors.New("it has neither pyproject.toml nor setup.py")
	}
	return []string{defaultBuild}, nil
}
