package clientconfig

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// gradleFile is an init script, which gradle runs before every build of the user.
// It is ours alone.
func (m Machine) gradleFile() string {
	home := filepath.Join(m.Home, ".gradle")
	if d := m.Getenv("GRADLE_USER_HOME"); filepath.IsAbs(d) {
		home = d
	}
	return filepath.Join(home, "init.d", "gatehouse.gradle")
}

const gradleMark = "// >>> gatehouse client setup, in a new file >>>\n"

// GradleScript puts the gate in the place of every repository that a build names:
// those of its plugins, of its settings and of its projects.
func GradleScript(address string) string {
	insecure := ""
	if strings.HasPrefix(address, "http://") {
		insecure = "; allowInsecureProtocol = true"
	}
	return `def gate = { repositories ->
    repositories.withType(ArtifactRepository).all { r ->
        if (r.name != 'gatehouse') { repositories.remove(r) }
    }
    if (repositories.findByName('gatehouse') == null) {
        repositories.maven { name = 'gatehouse'; url = '` + address + `'` + insecure + ` }
    }
}
beforeSettings { settings -> gate(settings.pluginManagement.repositories) }
settingsEvaluated { settings ->
    gate(settings.pluginManagement.repositories)
    gate(settings.dependencyResolutionManagement.repositories)
}
allprojects {
    gate(buildscript.repositories)
    gate(repositories)
}
`
}

func (m Machine) setupGradle(base string) (Plan, error) {
	p := Plan{URL: base, Notes: []string{"a build that names repositories of its own gets the gate in their place"}}
	c, err := read(m.gradleFile())
	if err != nil {
		return p, err
	}
	if c.Existed && !bytes.HasPrefix(c.Old, []byte(gradleMark)) {
		return p, fmt.Errorf("reading %s: it was not written by gatehouse; move it away first", c.Path)
	}
	c.New = []byte(gradleMark + GradleScript(base))
	p.add(c)
	return p, nil
}

func (m Machine) undoGradle() (Plan, error) {
	var p Plan
	c, err := read(m.gradleFile())
	if err != nil || !c.Existed {
		return p, err
	}
	if !bytes.HasPrefix(c.Old, []byte(gradleMark)) {
		return p, errors.New(c.Path + " was not written by gatehouse; nothing was changed")
	}
	c.Remove = true
	p.add(c)
	return p, nil
}
