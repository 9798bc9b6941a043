package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Mavens are the versions of Maven that the gate promises to serve, once FindMaven has
// found them.
var Mavens []MavenClient

// mavenFolder is where those lie that the machine's packages have not, with a local
// repository that holds what the goals of the tests need.
var mavenFolder string

// MavenClient is one Maven.
type MavenClient struct {
	Name    string // "3.8"
	program string
}

// The plugins that the local repository holds, by goal.
const (
	mavenDependency = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:"
	mavenDeploy     = "org.apache.maven.plugins:maven-deploy-plugin:3.1.2:"
)

// FindMaven reads GATEHOUSE_TEST_BINARY and GATEHOUSE_TEST_MAVEN_CLIENTS, and fails for
// anything that is missing. Call it from TestMain.
func FindMaven() error {
	Binary, mavenFolder = os.Getenv("GATEHOUSE_TEST_BINARY"), os.Getenv("GATEHOUSE_TEST_MAVEN_CLIENTS")
	system, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("mvn is not here (apt-get install maven): %w", err)
	}
	out, err := exec.Command(system, "-v").Output()
	if err != nil || !strings.Contains(string(out), "Apache Maven 3.8.") {
		return fmt.Errorf("%s is no Maven 3.8: %.60q, %v", system, out, err)
	}
	Mavens = []MavenClient{{"3.8", system}}
	for _, version := range []string{"3.9.16", "4.0.0-rc-5"} {
		name, _, _ := strings.Cut(version, ".0-rc")
		if strings.HasPrefix(version, "3.9") {
			name = "3.9"
		}
		Mavens = append(Mavens, MavenClient{name, filepath.Join(mavenFolder, "apache-maven-"+version, "bin", "mvn")})
	}
	for _, path := range []string{Binary, Mavens[1].program, Mavens[2].program, filepath.Join(mavenFolder, ".ready")} {
		if st, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || !st.Mode().IsRegular() {
			return fmt.Errorf("%q is no program here; run: make conformance", path)
		}
	}
	return nil
}

// MavenHome gives the box's person a local repository with the tests' plugins, and
// makes Java believe that their home is theirs: it goes by the machine's list of users.
func (b *Box) MavenHome() {
	b.T.Helper()
	m2 := filepath.Join(b.Home, ".m2")
	if err := os.MkdirAll(m2, 0o755); err != nil {
		b.T.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(m2, "repository"), os.DirFS(filepath.Join(mavenFolder, "repository"))); err != nil {
		b.T.Fatal(err)
	}
	// What is compiled for one second of work costs more than it saves.
	b.Env = append(b.Env, "MAVEN_OPTS=-Duser.home="+b.Home+" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "JAVA_HOME="+os.Getenv("JAVA_HOME"))
}

// Maven runs a Maven in the project.
func (b *Box) Maven(c MavenClient, args ...string) Result {
	b.T.Helper()
	return b.Run(c.program, append([]string{"-B", "--no-transfer-progress"}, args...)...)
}

// MavenResolve has a Maven resolve and fetch what the project's pom.xml needs.
func (b *Box) MavenResolve(c MavenClient, args ...string) Result {
	b.T.Helper()
	return b.Maven(c, append([]string{mavenDependency + "resolve"}, args...)...)
}

// MavenDeploy has a Maven deploy files of the project folder to a repository whose
// credentials settings.xml has under the id gatehouse.
func (b *Box) MavenDeploy(c MavenClient, url string, args ...string) Result {
	b.T.Helper()
	return b.Maven(c, append([]string{mavenDeploy + "deploy-file", "-Durl=" + url, "-DrepositoryId=gatehouse"}, args...)...)
}

// MavenForgets takes what was fetched of a group out of the local repository.
func (b *Box) MavenForgets(group string) {
	b.T.Helper()
	if err := os.RemoveAll(filepath.Join(b.Home, ".m2", "repository", strings.ReplaceAll(group, ".", "/"))); err != nil {
		b.T.Fatal(err)
	}
}

// MavenHas says whether a file of a group is in the local repository: its path below
// the group's folder.
func (b *Box) MavenHas(group, path string) bool {
	_, err := os.Stat(filepath.Join(b.Home, ".m2", "repository", strings.ReplaceAll(group, ".", "/"), path))
	return err == nil
}
